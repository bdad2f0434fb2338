/* The objects that sinks receive: members, DISPIDs, what is not there, references. */
#include "msp/media_kit.h"

#include "com/object.h"
#include "msp/call.h"
#include "msp/classes.h"

START_TEST(the_classes_are_well_formed)
{
    for (unsigned i = 0; i < MSP_EVENT_CLASS_COUNT; i++) {
        const char *wrong = com_class_check(msp_event_classes[i]);

        ck_assert_msg(!wrong, "%s: %s", msp_event_classes[i]->name, wrong);
    }
}
END_TEST

/* A call with its capture stream and a player's track, and the parts of an event about them. */
struct scene {
    struct media media;
    struct msp_address *address;
    IOpenMSPCall *call;
    ITStream *stream;
    ITTerminal *player, *track;
    struct msp_event_parts parts;
};

static void scene_begin(struct scene *scene)
{
    memset(scene, 0, sizeof(*scene));
    media_begin(&scene->media);
    scene->address = CONTAINING_RECORD(scene->media.msp, struct msp_address, msp);
    scene->call = media_call(&scene->media, TAPIMEDIATYPE_AUDIO);
    scene->stream = media_stream(scene->call, CAPTURE);
    scene->player = media_playing(&scene->media, L"events.wav", 80, &scene->track);
}

static struct omsp_event event_of(const struct scene *scene, enum omsp_event_kind kind, int type)
{
    struct omsp_terminal *player, *track;
    struct omsp_stream *stream;
    struct omsp_event event = {.kind = kind, .type = type};

    ck_assert_hr(msp_terminal_from_interface(scene->player, &player), S_OK);
    ck_assert_hr(msp_terminal_from_interface(scene->track, &track), S_OK);
    ck_assert_hr(msp_stream_from_interface((IUnknown *)scene->stream, &stream), S_OK);
    event.call =
        omsp_call_id(msp_call_engine(CONTAINING_RECORD(scene->call, struct msp_call, open)));
    if (kind == OMSP_EVENT_CALL)
        event.stream = omsp_stream_id(stream);
    event.terminal = omsp_terminal_id(kind == OMSP_EVENT_CALL ? track : player);
    event.track = omsp_terminal_id(track);
    omsp_stream_release(stream);
    omsp_terminal_release(track);
    omsp_terminal_release(player);
    return event;
}

/* Resolves and makes the object; the parts are given up, it must live by itself. */
static IDispatch *object_of(struct scene *scene, const struct omsp_event *event, TAPI_EVENT kind)
{
    struct msp_event_parts parts;
    TAPI_EVENT is = (TAPI_EVENT)0;
    IDispatch *object = NULL;

    ck_assert_hr(msp_event_resolve(scene->address, event, &parts), S_OK);
    ck_assert_hr(msp_event_object_create(scene->address, event, &parts, &is, &object), S_OK);
    msp_event_parts_clear(&parts);
    ck_assert_int_eq(is, kind);
    return object;
}

static void scene_end(struct scene *scene)
{
    kit_release(scene->track), kit_release(scene->player);
    kit_release(scene->stream), kit_release(scene->call);
    media_end(&scene->media);
    media_delete(L"events.wav");
}

static void check_same(void *given, void *expected)
{
    IUnknown *one = kit_query(given, &IID_IUnknown), *two = kit_query(expected, &IID_IUnknown);

    ck_assert_ptr_eq(one, two);
    kit_release(one), kit_release(two), kit_release(given);
}

static LONG get_long(IDispatch *object, DISPID id)
{
    DISPPARAMS none = {NULL, NULL, 0, 0};
    VARIANT result;

    VariantInit(&result);
    ck_assert_hr(IDispatch_Invoke(object, id, &IID_NULL, 0, DISPATCH_PROPERTYGET, &none, &result,
                                  NULL, NULL),
                 S_OK);
    ck_assert_int_eq(result.vt, VT_I4);
    return result.lVal;
}

static void check_object(IDispatch *object, DISPID id, void *expected)
{
    DISPPARAMS none = {NULL, NULL, 0, 0};
    VARIANT result;

    VariantInit(&result);
    ck_assert_hr(IDispatch_Invoke(object, id, &IID_NULL, 0, DISPATCH_PROPERTYGET, &none, &result,
                                  NULL, NULL),
                 S_OK);
    ck_assert_int_eq(result.vt, VT_DISPATCH);
    if (expected)
        check_same(result.pdispVal, expected);
    else
        ck_assert_ptr_null(result.pdispVal);
}

START_TEST(a_call_media_event_tells_all)
{
    static const IID *const iids[] = {&IID_ITCallMediaEvent, &IID_IDispatch, &IID_IObjectSafety};
    struct scene scene;
    struct omsp_event event;
    IDispatch *object;
    ITCallMediaEvent *media;
    CALL_MEDIA_EVENT type;
    CALL_MEDIA_EVENT_CAUSE cause;
    ITCallInfo *info;
    ITTerminal *terminal;
    ITStream *stream;
    IMarshal *marshal;
    HRESULT error;

    scene_begin(&scene);
    event = event_of(&scene, OMSP_EVENT_CALL, OMSP_STREAM_FAIL);
    event.cause = OMSP_CAUSE_BAD_DEVICE;
    event.error = OMSP_NODEVICE;
    object = object_of(&scene, &event, TE_CALLMEDIA);
    kit_check_identity((IUnknown *)object, iids, 3);
    marshal = kit_query(object, &IID_IMarshal);
    kit_release(marshal);
    media = kit_query(object, &IID_ITCallMediaEvent);
    ck_assert_hr(ITCallMediaEvent_get_Event(media, &type), S_OK);
    ck_assert_int_eq(type, CME_STREAM_FAIL);
    ck_assert_hr(ITCallMediaEvent_get_Cause(media, &cause), S_OK);
    ck_assert_int_eq(cause, CMC_BAD_DEVICE);
    ck_assert_hr(ITCallMediaEvent_get_Error(media, &error), S_OK);
    ck_assert_hr(error, TAPI_E_NODEVICE);
    ck_assert_hr(ITCallMediaEvent_get_Call(media, &info), S_OK);
    check_same(info, scene.call);
    ck_assert_hr(ITCallMediaEvent_get_Stream(media, &stream), S_OK);
    check_same(stream, scene.stream);
    ck_assert_hr(ITCallMediaEvent_get_Terminal(media, &terminal), S_OK);
    check_same(terminal, scene.track);
    ck_assert_hr(ITCallMediaEvent_get_Event(media, NULL), E_POINTER);
    ck_assert_hr(ITCallMediaEvent_get_Cause(media, NULL), E_POINTER);
    ck_assert_hr(ITCallMediaEvent_get_Error(media, NULL), E_POINTER);
    ck_assert_hr(ITCallMediaEvent_get_Call(media, NULL), E_POINTER);
    ck_assert_hr(ITCallMediaEvent_get_Stream(media, NULL), E_POINTER);
    ck_assert_hr(ITCallMediaEvent_get_Terminal(media, NULL), E_POINTER);
    check_object(object, 1, scene.call);
    ck_assert_int_eq(get_long(object, 2), CME_STREAM_FAIL);
    ck_assert_int_eq(get_long(object, 3), (LONG)TAPI_E_NODEVICE);
    check_object(object, 4, scene.track);
    check_object(object, 5, scene.stream);
    ck_assert_int_eq(get_long(object, 6), CMC_BAD_DEVICE);
    kit_release(media), kit_release(object);
    scene_end(&scene);
}
END_TEST

START_TEST(a_terminal_that_is_not_there_is_nothing)
{
    struct scene scene;
    struct omsp_event event;
    IDispatch *object;
    ITCallMediaEvent *media;
    ITTerminal *terminal = (ITTerminal *)&scene;

    scene_begin(&scene);
    event = event_of(&scene, OMSP_EVENT_CALL, OMSP_STREAM_ACTIVE);
    event.terminal = 0;
    object = object_of(&scene, &event, TE_CALLMEDIA);
    media = kit_query(object, &IID_ITCallMediaEvent);
    ck_assert_hr(ITCallMediaEvent_get_Terminal(media, &terminal), S_OK);
    ck_assert_ptr_null(terminal);
    check_object(object, 4, NULL);
    kit_release(media), kit_release(object);
    scene_end(&scene);
}
END_TEST

START_TEST(an_event_keeps_what_it_tells_of)
{
    struct scene scene;
    struct omsp_event event;
    IDispatch *object;

    scene_begin(&scene);
    event = event_of(&scene, OMSP_EVENT_CALL, OMSP_STREAM_INACTIVE);
    object = object_of(&scene, &event, TE_CALLMEDIA);
    kit_release(scene.track), kit_release(scene.player);
    kit_release(scene.stream), kit_release(scene.call);
    ck_assert_hr(scene.media.open->lpVtbl->Close(scene.media.open), S_OK);
    kit_release(scene.media.terminals), kit_release(scene.media.open);
    kit_release(scene.media.msp);
    ck_assert_int_eq(get_long(object, 2), CME_STREAM_INACTIVE);
    kit_release(object);
    kit_end(); /* and with it all is gone */
    media_delete(L"events.wav");
}
END_TEST

START_TEST(a_file_event_tells_all)
{
    struct scene scene;
    struct omsp_event event;
    IDispatch *object;
    ITFileTerminalEvent *file;
    ITFileTrack *track;

    scene_begin(&scene);
    event = event_of(&scene, OMSP_EVENT_FILE, OMSP_MEDIA_IDLE);
    event.cause = OMSP_FILE_WRITE_ERROR;
    event.error = OMSP_NOSPACE;
    object = object_of(&scene, &event, TE_FILETERMINAL);
    file = kit_query(object, &IID_ITFileTerminalEvent);
    check_object(object, 1, scene.player);
    ck_assert_hr(ITFileTerminalEvent_get_Track(file, &track), S_OK);
    check_same(track, scene.track);
    check_object(object, 2, scene.track);
    check_object(object, 3, scene.call);
    ck_assert_int_eq(get_long(object, 4), TMS_IDLE);
    ck_assert_int_eq(get_long(object, 5), FTEC_WRITE_ERROR);
    ck_assert_int_eq(get_long(object, 6), HRESULT_FROM_WIN32(ERROR_DISK_FULL));
    ck_assert_hr(ITFileTerminalEvent_get_Terminal(file, NULL), E_POINTER);
    ck_assert_hr(ITFileTerminalEvent_get_Track(file, NULL), E_POINTER);
    ck_assert_hr(ITFileTerminalEvent_get_Call(file, NULL), E_POINTER);
    ck_assert_hr(ITFileTerminalEvent_get_State(file, NULL), E_POINTER);
    ck_assert_hr(ITFileTerminalEvent_get_Cause(file, NULL), E_POINTER);
    ck_assert_hr(ITFileTerminalEvent_get_Error(file, NULL), E_POINTER);
    kit_release(file), kit_release(object);
    scene_end(&scene);
}
END_TEST

START_TEST(a_file_event_without_call_has_none)
{
    struct scene scene;
    struct omsp_event event;
    IDispatch *object;
    ITFileTerminalEvent *file;
    ITCallInfo *info = (ITCallInfo *)&scene;

    scene_begin(&scene);
    event = event_of(&scene, OMSP_EVENT_FILE, OMSP_MEDIA_ACTIVE);
    event.call = 0;
    object = object_of(&scene, &event, TE_FILETERMINAL);
    file = kit_query(object, &IID_ITFileTerminalEvent);
    ck_assert_hr(ITFileTerminalEvent_get_Call(file, &info), TAPI_E_CALLUNAVAIL);
    ck_assert_ptr_null(info);
    kit_release(file), kit_release(object);
    scene_end(&scene);
}
END_TEST

START_TEST(a_private_event_carries_the_digit)
{
    static const char digits[] = "0123456789*#ABCD";
    struct scene scene;
    struct omsp_event event;
    ITAddress *address = (ITAddress *)&scene;
    ITCallHub *hub = (ITCallHub *)&scene;

    scene_begin(&scene);
    event = event_of(&scene, OMSP_EVENT_PRIVATE, OMSP_PRIVATE_DIGIT);
    event.at_us = 123456789;
    for (unsigned i = 0; i < 16; i++) {
        IDispatch *object, *extra = NULL;
        ITPrivateEvent *told;
        ITDigitDetectionEvent *digit;
        TAPI_DIGITMODE mode;
        unsigned char is = 0;
        LONG ticks;

        event.detail = i;
        object = object_of(&scene, &event, TE_PRIVATE);
        told = kit_query(object, &IID_ITPrivateEvent);
        check_object(object, 2, scene.call);
        ck_assert_int_eq(get_long(object, 4), OPENMSP_PRIVATE_DIGIT);
        ck_assert_hr(ITPrivateEvent_get_Address(told, &address), TAPI_E_NOTSUPPORTED);
        ck_assert_ptr_null(address);
        ck_assert_hr(ITPrivateEvent_get_CallHub(told, &hub), TAPI_E_NOTSUPPORTED);
        ck_assert_ptr_null(hub);
        ck_assert_hr(ITPrivateEvent_get_CallHub(told, NULL), E_POINTER);
        ck_assert_hr(ITPrivateEvent_get_EventInterface(told, &extra), S_OK);
        digit = kit_query(extra, &IID_ITDigitDetectionEvent);
        ck_assert_hr(ITDigitDetectionEvent_get_Digit(digit, &is), S_OK);
        ck_assert_int_eq(is, digits[i]);
        ck_assert_int_eq(get_long(extra, 2), digits[i]);
        ck_assert_hr(ITDigitDetectionEvent_get_DigitMode(digit, &mode), S_OK);
        ck_assert_int_eq(mode, 2);
        ck_assert_hr(ITDigitDetectionEvent_get_TickCount(digit, &ticks), S_OK);
        ck_assert_int_eq(ticks, 123456);
        check_object(extra, 1, scene.call);
        kit_release(digit), kit_release(extra), kit_release(told), kit_release(object);
    }
    scene_end(&scene);
}
END_TEST

START_TEST(what_get_event_hands_out_for_a_digit_has_no_call)
{
    struct omsp_event event = {
        .kind = OMSP_EVENT_PRIVATE, .type = OMSP_PRIVATE_DIGIT, .detail = 11};
    IDispatch *object = NULL;
    ITDigitDetectionEvent *digit;
    ITCallInfo *info;

    kit_begin();
    ck_assert_hr(msp_private_object_create(&event, &object), S_OK);
    digit = kit_query(object, &IID_ITDigitDetectionEvent);
    ck_assert_int_eq(get_long(object, 2), '#');
    ck_assert_hr(ITDigitDetectionEvent_get_Call(digit, &info), TAPI_E_CALLUNAVAIL);
    kit_release(digit), kit_release(object);
    event.type = 99; /* of no kind that carries something */
    ck_assert_hr(msp_private_object_create(&event, &object), S_OK);
    ck_assert_ptr_null(object);
    kit_end();
}
END_TEST

START_TEST(an_address_event_tells_the_terminal)
{
    struct scene scene;
    struct omsp_event event;
    ITAddress *address = (ITAddress *)&scene;

    scene_begin(&scene);
    for (int type = OMSP_TERMINAL_AVAILABLE; type <= OMSP_TERMINAL_UNAVAILABLE; type++) {
        IDispatch *object;
        ITAddressEvent *told;

        event = event_of(&scene, OMSP_EVENT_ADDRESS, type);
        event.call = 0;
        object = object_of(&scene, &event, TE_ADDRESS);
        told = kit_query(object, &IID_ITAddressEvent);
        ck_assert_hr(ITAddressEvent_get_Address(told, &address), TAPI_E_NOTSUPPORTED);
        ck_assert_ptr_null(address);
        ck_assert_int_eq(get_long(object, 2),
                         type == OMSP_TERMINAL_AVAILABLE ? AE_NEWTERMINAL : AE_REMOVETERMINAL);
        check_object(object, 3, scene.player);
        kit_release(told), kit_release(object);
    }
    scene_end(&scene);
}
END_TEST

START_TEST(events_of_the_tsp_and_of_what_is_gone_make_no_object)
{
    struct scene scene;
    struct msp_event_parts parts = {0};
    struct omsp_event event;
    IDispatch *object = (IDispatch *)&scene;
    TAPI_EVENT kind;

    scene_begin(&scene);
    event = event_of(&scene, OMSP_EVENT_TSP_DATA, 0);
    ck_assert_hr(msp_event_object_create(scene.address, &event, &parts, &kind, &object),
                 E_INVALIDARG);
    ck_assert_ptr_null(object);
    event = event_of(&scene, OMSP_EVENT_CALL, OMSP_STREAM_ACTIVE);
    event.call = 0x7fffffff;
    ck_assert_hr(msp_event_resolve(scene.address, &event, &parts), S_FALSE);
    ck_assert_ptr_null(parts.call);
    scene_end(&scene);
}
END_TEST

static void create_body(void *ctx)
{
    struct scene *scene = ctx;
    struct omsp_event event = event_of(scene, OMSP_EVENT_PRIVATE, OMSP_PRIVATE_DIGIT);
    struct msp_event_parts parts;
    IDispatch *object = NULL;
    TAPI_EVENT kind;
    HRESULT hr = msp_event_resolve(scene->address, &event, &parts);

    if (hr == S_OK) {
        hr = msp_event_object_create(scene->address, &event, &parts, &kind, &object);
        msp_event_parts_clear(&parts);
    }
    ck_assert_hr(hr, omsp_test_alloc_failed() ? E_OUTOFMEMORY : S_OK);
    if (object)
        kit_release(object);
}

START_TEST(every_failing_allocation_is_told_and_leaks_nothing)
{
    struct scene scene;

    scene_begin(&scene);
    ck_assert_int_ge(omsp_test_alloc_walk(create_body, &scene), 2);
    scene_end(&scene);
}
END_TEST

OMSP_SUITE("msp events", TEST(the_classes_are_well_formed), TEST(a_call_media_event_tells_all),
           TEST(a_terminal_that_is_not_there_is_nothing), TEST(an_event_keeps_what_it_tells_of),
           TEST(a_file_event_tells_all), TEST(a_file_event_without_call_has_none),
           TEST(a_private_event_carries_the_digit),
           TEST(what_get_event_hands_out_for_a_digit_has_no_call),
           TEST(an_address_event_tells_the_terminal),
           TEST(events_of_the_tsp_and_of_what_is_gone_make_no_object),
           TEST(every_failing_allocation_is_told_and_leaks_nothing))
