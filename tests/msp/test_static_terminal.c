/* Static terminals as a client of the address sees them, on devices that are the test's own. */
#include "msp/kit.h"

#include "msp/terminal.h"
#include "port/audio.h"

#include <string.h>

/* ---- the devices ----------------------------------------------------------------------------- */

static struct {
    struct omsp_audio port;
    struct omsp_audio_watch watch;
    struct omsp_audio_device list[4];
    unsigned count;
} world;
static SRWLOCK world_lock = SRWLOCK_INIT;

static unsigned fake_list(struct omsp_audio *audio, struct omsp_audio_device *out, unsigned room)
{
    unsigned count;

    (void)audio;
    AcquireSRWLockShared(&world_lock);
    count = world.count;
    for (unsigned i = 0; i < count && i < room; i++)
        out[i] = world.list[i];
    ReleaseSRWLockShared(&world_lock);
    return count;
}

static enum omsp_status fake_wave_id(struct omsp_audio *audio, const char *id, uint32_t *out)
{
    enum omsp_status status = OMSP_NODEVICE;

    (void)audio;
    AcquireSRWLockShared(&world_lock);
    for (unsigned i = 0; i < world.count; i++)
        if (!strcmp(world.list[i].id, id)) {
            *out = 40 + i;
            status = OMSP_OK;
        }
    ReleaseSRWLockShared(&world_lock);
    return status;
}

static void fake_destroy(struct omsp_audio *audio)
{
    (void)audio;
}

static enum omsp_status fake_create(void *ctx, const struct omsp_audio_watch *watch,
                                    struct omsp_audio **out)
{
    (void)ctx;
    world.watch = *watch;
    world.port.list = fake_list;
    world.port.wave_id = fake_wave_id;
    world.port.destroy = fake_destroy;
    *out = &world.port;
    return OMSP_OK;
}

static const struct omsp_ports *fake_ports(void)
{
    static struct omsp_ports ports;

    ports = *omsp_system_ports();
    ports.audio_create = fake_create;
    return &ports;
}

static void plug(const char *id, enum omsp_audio_flow flow)
{
    struct omsp_audio_device device = {.flow = flow, .is_default = !strncmp(id, "best", 4)};

    lstrcpyA(device.id, id);
    lstrcpyA(device.name, id);
    AcquireSRWLockExclusive(&world_lock);
    world.list[world.count++] = device;
    ReleaseSRWLockExclusive(&world_lock);
    if (world.watch.on_change)
        world.watch.on_change(world.watch.owner);
}

static void unplug_last(void)
{
    AcquireSRWLockExclusive(&world_lock);
    world.count--;
    ReleaseSRWLockExclusive(&world_lock);
    world.watch.on_change(world.watch.owner);
}

/* ---- the scene ------------------------------------------------------------------------------- */

struct scene {
    HANDLE event;
    ITMSPAddress *address;
    ITTerminalSupport *support;
};

static void begin(struct scene *scene)
{
    kit_begin();
    memset(&world, 0, sizeof(world));
    msp_engine_configure(fake_ports, NULL);
    plug("mic", OMSP_AUDIO_CAPTURE);
    plug("speaker", OMSP_AUDIO_RENDER);
    plug("best speaker", OMSP_AUDIO_RENDER);
    scene->event = kit_event();
    scene->address = kit_live(scene->event);
    scene->support = kit_query(scene->address, &IID_ITTerminalSupport);
}

static void end(struct scene *scene)
{
    kit_release(scene->support);
    ck_assert_hr(scene->address->lpVtbl->Shutdown(scene->address), S_OK);
    ck_assert_uint_eq(kit_release(scene->address), 0);
    CloseHandle(scene->event);
    world.watch.on_change = NULL;
    kit_end();
    msp_engine_configure(omsp_system_ports, NULL);
}

static ITTerminal *default_of(struct scene *scene, TERMINAL_DIRECTION direction)
{
    ITTerminal *terminal = NULL;

    ck_assert_hr(ITTerminalSupport_GetDefaultStaticTerminal(scene->support, TAPIMEDIATYPE_AUDIO,
                                                            direction, &terminal),
                 S_OK);
    return terminal;
}

static void check_name(ITTerminal *terminal, const WCHAR *expected)
{
    BSTR name = NULL;

    ck_assert_hr(ITTerminal_get_Name(terminal, &name), S_OK);
    ck_assert_int_eq(wcscmp(name, expected), 0);
    SysFreeString(name);
}

/* ---- tests ----------------------------------------------------------------------------------- */

START_TEST(the_class_is_well_formed)
{
    const char *wrong = com_class_check(&msp_device_class);

    ck_assert_msg(!wrong, "%s", wrong ? wrong : "");
}
END_TEST

START_TEST(devices_are_listed_as_collection_and_enumerator)
{
    static const WCHAR *const names[] = {L"mic", L"speaker", L"best speaker"};
    struct scene scene;
    IEnumTerminal *list;
    ITCollection *collection;
    ITTerminal *terminal;
    VARIANT variant;
    LONG count;

    begin(&scene);
    ck_assert_hr(ITTerminalSupport_EnumerateStaticTerminals(scene.support, NULL), E_POINTER);
    ck_assert_hr(ITTerminalSupport_get_StaticTerminals(scene.support, NULL), E_POINTER);
    ck_assert_hr(ITTerminalSupport_EnumerateStaticTerminals(scene.support, &list), S_OK);
    ck_assert_hr(ITTerminalSupport_get_StaticTerminals(scene.support, &variant), S_OK);
    ck_assert_int_eq(V_VT(&variant), VT_DISPATCH);
    collection = kit_query(V_DISPATCH(&variant), &IID_ITCollection);
    VariantClear(&variant);
    ck_assert_hr(ITCollection_get_Count(collection, &count), S_OK);
    ck_assert_int_eq(count, 3);
    for (LONG i = 0; i < 3; i++) {
        IUnknown *one, *other;

        ck_assert_hr(IEnumTerminal_Next(list, 1, &terminal, NULL), S_OK);
        check_name(terminal, names[i]);
        ck_assert_hr(ITCollection_get_Item(collection, i + 1, &variant), S_OK);
        one = kit_query(terminal, &IID_IUnknown);
        other = kit_query(V_DISPATCH(&variant), &IID_IUnknown);
        ck_assert_ptr_eq(one, other);
        kit_release(one);
        kit_release(other);
        VariantClear(&variant);
        kit_release(terminal);
    }
    ck_assert_hr(IEnumTerminal_Next(list, 1, &terminal, NULL), S_FALSE);
    kit_release(list);
    kit_release(collection);
    end(&scene);
}
END_TEST

START_TEST(a_static_terminal_tells_what_it_is)
{
    static const IID *const iids[] = {&IID_ITTerminal,
                                      &IID_ITBasicAudioTerminal,
                                      &IID_ITStaticAudioTerminal,
                                      &IID_ITTerminalControl,
                                      &IID_IDispatch,
                                      &IID_IObjectSafety,
                                      &IID_IMarshal};
    static const WCHAR *const classes[] = {L"{AAF578EF-DC70-11D0-8ED3-00C04FB6809F}",
                                           L"{AAF578F0-DC70-11D0-8ED3-00C04FB6809F}"};
    struct scene scene;

    begin(&scene);
    for (int direction = TD_CAPTURE; direction <= TD_RENDER; direction++) {
        ITTerminal *terminal = default_of(&scene, (TERMINAL_DIRECTION)direction);
        TERMINAL_DIRECTION its;
        TERMINAL_STATE state;
        TERMINAL_TYPE type;
        LONG media;
        BSTR text;

        check_name(terminal, direction == TD_CAPTURE ? L"mic" : L"best speaker");
        kit_check_identity((IUnknown *)terminal, iids, sizeof(iids) / sizeof(iids[0]) - 1);
        ck_assert_hr(ITTerminal_get_TerminalType(terminal, &type), S_OK);
        ck_assert_int_eq(type, TT_STATIC);
        ck_assert_hr(ITTerminal_get_State(terminal, &state), S_OK);
        ck_assert_int_eq(state, TS_NOTINUSE);
        ck_assert_hr(ITTerminal_get_Direction(terminal, &its), S_OK);
        ck_assert_int_eq(its, direction);
        ck_assert_hr(ITTerminal_get_MediaType(terminal, &media), S_OK);
        ck_assert_int_eq(media, TAPIMEDIATYPE_AUDIO);
        ck_assert_hr(ITTerminal_get_TerminalClass(terminal, &text), S_OK);
        ck_assert_int_eq(wcscmp(text, classes[direction]), 0);
        SysFreeString(text);
        kit_release(terminal);
    }
    end(&scene);
}
END_TEST

START_TEST(volume_and_balance_keep_to_their_ranges)
{
    struct scene scene;
    ITTerminal *terminal;
    ITBasicAudioTerminal *audio;
    LONG value;

    begin(&scene);
    terminal = default_of(&scene, TD_RENDER);
    audio = kit_query(terminal, &IID_ITBasicAudioTerminal);
    ck_assert_hr(ITBasicAudioTerminal_get_Volume(audio, NULL), E_POINTER);
    ck_assert_hr(ITBasicAudioTerminal_get_Volume(audio, &value), S_OK);
    ck_assert_int_eq(value, 0xffff);
    ck_assert_hr(ITBasicAudioTerminal_put_Volume(audio, 0x10000), E_INVALIDARG);
    ck_assert_hr(ITBasicAudioTerminal_put_Volume(audio, -1), E_INVALIDARG);
    ck_assert_hr(ITBasicAudioTerminal_put_Volume(audio, 0), S_OK);
    ck_assert_hr(ITBasicAudioTerminal_get_Volume(audio, &value), S_OK);
    ck_assert_int_eq(value, 0);
    ck_assert_hr(ITBasicAudioTerminal_put_Balance(audio, -10001), E_INVALIDARG);
    ck_assert_hr(ITBasicAudioTerminal_put_Balance(audio, 10001), E_INVALIDARG);
    ck_assert_hr(ITBasicAudioTerminal_put_Balance(audio, -10000), S_OK);
    ck_assert_hr(ITBasicAudioTerminal_get_Balance(audio, &value), S_OK);
    ck_assert_int_eq(value, -10000);
    ck_assert_hr(ITBasicAudioTerminal_get_Balance(audio, NULL), E_POINTER);
    kit_release(audio);
    kit_release(terminal);

    terminal = default_of(&scene, TD_CAPTURE);
    audio = kit_query(terminal, &IID_ITBasicAudioTerminal);
    ck_assert_hr(ITBasicAudioTerminal_put_Volume(audio, 0x7fff), S_OK);
    ck_assert_hr(ITBasicAudioTerminal_put_Balance(audio, 0), E_NOTIMPL);
    ck_assert_hr(ITBasicAudioTerminal_get_Balance(audio, &value), E_NOTIMPL);
    kit_release(audio);
    kit_release(terminal);
    end(&scene);
}
END_TEST

START_TEST(a_device_has_a_wave_number_until_it_goes)
{
    struct scene scene;
    ITTerminal *terminal;
    ITStaticAudioTerminal *wave;
    LONG number;

    begin(&scene);
    terminal = default_of(&scene, TD_RENDER);
    wave = kit_query(terminal, &IID_ITStaticAudioTerminal);
    ck_assert_hr(ITStaticAudioTerminal_get_WaveId(wave, NULL), E_POINTER);
    ck_assert_hr(ITStaticAudioTerminal_get_WaveId(wave, &number), S_OK);
    ck_assert_int_eq(number, 42);
    unplug_last();
    ck_assert_hr(ITStaticAudioTerminal_get_WaveId(wave, &number), E_UNEXPECTED);
    kit_release(wave);
    kit_release(terminal);
    end(&scene);
}
END_TEST

START_TEST(duplex_is_known_when_there_is_a_device_in_each_direction)
{
    struct scene scene;
    ITLegacyWaveSupport *legacy;
    FULLDUPLEX_SUPPORT support;

    begin(&scene);
    legacy = kit_query(scene.address, &IID_ITLegacyWaveSupport);
    ck_assert_hr(ITLegacyWaveSupport_IsFullDuplex(legacy, NULL), E_POINTER);
    ck_assert_hr(ITLegacyWaveSupport_IsFullDuplex(legacy, &support), S_OK);
    ck_assert_int_eq(support, FDS_SUPPORTED);
    kit_release(legacy);
    end(&scene);

    begin(&scene);
    world.count = 1;
    legacy = kit_query(scene.address, &IID_ITLegacyWaveSupport);
    ck_assert_hr(ITLegacyWaveSupport_IsFullDuplex(legacy, &support), S_OK);
    ck_assert_int_eq(support, FDS_UNKNOWN);
    kit_release(legacy);
    end(&scene);
}
END_TEST

/* The next ADDRESS event; its terminal is the caller's. */
static ITTerminal *take_event(struct scene *scene, MSP_ADDRESS_EVENT type)
{
    MSP_EVENT_INFO info;
    DWORD size = sizeof(info);

    ck_assert_uint_eq(WaitForSingleObject(scene->event, 20000), WAIT_OBJECT_0);
    ck_assert_hr(scene->address->lpVtbl->GetEvent(scene->address, &size, (byte *)&info), S_OK);
    ck_assert_int_eq(info.Event, ME_ADDRESS_EVENT);
    ck_assert_ptr_null((void *)(ULONG_PTR)info.hCall);
    ck_assert_int_eq(info.MSP_ADDRESS_EVENT_INFO.Type, type);
    ck_assert_ptr_nonnull(info.MSP_ADDRESS_EVENT_INFO.pTerminal);
    return info.MSP_ADDRESS_EVENT_INFO.pTerminal;
}

START_TEST(arrivals_and_removals_are_address_events_with_their_terminal)
{
    struct scene scene;
    ITTerminal *before, *told, *again;
    MSP_EVENT_INFO info;
    DWORD size = sizeof(info);

    begin(&scene);
    plug("unasked", OMSP_AUDIO_CAPTURE); /* no list was made: nothing to tell */
    ck_assert_hr(scene.address->lpVtbl->GetEvent(scene.address, &size, (byte *)&info),
                 TAPI_E_NOEVENT);
    before = default_of(&scene, TD_CAPTURE);
    unplug_last();
    told = take_event(&scene, ADDRESS_TERMINAL_UNAVAILABLE);
    check_name(told, L"unasked");
    kit_release(told);
    plug("unasked", OMSP_AUDIO_CAPTURE);
    again = take_event(&scene, ADDRESS_TERMINAL_AVAILABLE);
    check_name(again, L"unasked");
    kit_release(again);
    kit_release(before);
    end(&scene);
}
END_TEST

START_TEST(a_static_terminal_is_selected_on_its_streams_only)
{
    struct scene scene;
    ITTerminal *mic, *speaker;
    ITStreamControl *control;
    IEnumStream *streams;
    ITStream *capture, *render;
    IUnknown *call;

    begin(&scene);
    mic = default_of(&scene, TD_CAPTURE);
    speaker = default_of(&scene, TD_RENDER);
    call = kit_standalone(scene.address, TAPIMEDIATYPE_AUDIO);
    control = kit_query(call, &IID_ITStreamControl);
    ck_assert_hr(ITStreamControl_EnumerateStreams(control, &streams), S_OK);
    ck_assert_hr(IEnumStream_Next(streams, 1, &capture, NULL), S_OK);
    ck_assert_hr(IEnumStream_Next(streams, 1, &render, NULL), S_OK);
    ck_assert_hr(ITStream_SelectTerminal(capture, speaker), TAPI_E_INVALIDTERMINAL);
    ck_assert_hr(ITStream_SelectTerminal(capture, mic), S_OK);
    ck_assert_hr(ITStream_SelectTerminal(render, speaker), S_OK);
    ck_assert_hr(ITStream_SelectTerminal(capture, mic), TAPI_E_INVALIDTERMINAL);
    ck_assert_hr(ITStream_UnselectTerminal(capture, mic), S_OK);
    ck_assert_hr(ITStream_UnselectTerminal(capture, mic), TAPI_E_INVALIDTERMINAL);
    kit_release(capture);
    kit_release(render);
    kit_release(streams);
    kit_release(control);
    kit_release(call);
    kit_release(mic);
    kit_release(speaker);
    end(&scene);
}
END_TEST

OMSP_SUITE("static_terminal", TEST(the_class_is_well_formed),
           TEST(devices_are_listed_as_collection_and_enumerator),
           TEST(a_static_terminal_tells_what_it_is), TEST(volume_and_balance_keep_to_their_ranges),
           TEST(a_device_has_a_wave_number_until_it_goes),
           TEST(duplex_is_known_when_there_is_a_device_in_each_direction),
           TEST(arrivals_and_removals_are_address_events_with_their_terminal),
           TEST(a_static_terminal_is_selected_on_its_streams_only))
