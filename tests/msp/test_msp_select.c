/* Selecting terminals on streams: who is refused and with what code, and who is found again. */
#include "msp/media_kit.h"

/* A terminal of an application: ITTerminal's pointer with ITTerminalControl behind it, or without.
 */
struct foreign {
    ITTerminal terminal;
    ITTerminalControl control;
    bool has_control;
    HRESULT answer;
    MSP_HANDLE token;
    LONG refs;
};

static HRESULT STDMETHODCALLTYPE foreign_query(ITTerminal *iface, REFIID iid, void **out)
{
    struct foreign *self = CONTAINING_RECORD(iface, struct foreign, terminal);

    *out = NULL;
    if (IsEqualIID(iid, &IID_IUnknown) || IsEqualIID(iid, &IID_ITTerminal))
        *out = &self->terminal;
    else if (self->has_control && IsEqualIID(iid, &IID_ITTerminalControl))
        *out = &self->control;
    else
        return E_NOINTERFACE;
    self->refs++;
    return S_OK;
}

static ULONG STDMETHODCALLTYPE foreign_add(ITTerminal *iface)
{
    return (ULONG)++CONTAINING_RECORD(iface, struct foreign, terminal)->refs;
}

static ULONG STDMETHODCALLTYPE foreign_release(ITTerminal *iface)
{
    return (ULONG)--CONTAINING_RECORD(iface, struct foreign, terminal)->refs;
}

static ULONG STDMETHODCALLTYPE control_release(ITTerminalControl *iface)
{
    return (ULONG)--CONTAINING_RECORD(iface, struct foreign, control)->refs;
}

static HRESULT STDMETHODCALLTYPE control_address(ITTerminalControl *iface, MSP_HANDLE *out)
{
    struct foreign *self = CONTAINING_RECORD(iface, struct foreign, control);

    *out = self->token;
    return self->answer;
}

/* It cannot say what it is, so nobody can host it. */
static HRESULT STDMETHODCALLTYPE foreign_direction(ITTerminal *iface, TERMINAL_DIRECTION *out)
{
    (void)iface, (void)out;
    return E_FAIL;
}

static ITTerminalVtbl foreign_vtable = {.QueryInterface = foreign_query,
                                        .AddRef = foreign_add,
                                        .Release = foreign_release,
                                        .get_Direction = foreign_direction};
static ITTerminalControlVtbl control_vtable = {.Release = control_release,
                                               .get_AddressHandle = control_address};

START_TEST(selection_refuses_in_the_documented_order)
{
    struct foreign foreign = {{&foreign_vtable}, {&control_vtable}, false, S_OK, NULL, 1};
    struct media media;
    IOpenMSPCall *call, *other;
    ITStream *capture, *render, *elsewhere;
    ITTerminal *player, *track, *recorder, *recording;

    media_begin(&media);
    call = media_call(&media, TAPIMEDIATYPE_AUDIO);
    other = media_call(&media, TAPIMEDIATYPE_AUDIO);
    capture = media_stream(call, CAPTURE);
    render = media_stream(call, RENDER);
    elsewhere = media_stream(other, CAPTURE);
    player = media_playing(&media, L"select.wav", 800, &track);
    recorder = media_recording(&media, L"select-out.wav", &recording);

    /* No ITTerminalControl; one that fails; another address's; nobody's, but not ours. */
    ck_assert_hr(ITStream_SelectTerminal(capture, &foreign.terminal), TAPI_E_INVALIDTERMINAL);
    foreign.has_control = true;
    foreign.answer = E_FAIL;
    ck_assert_hr(ITStream_SelectTerminal(capture, &foreign.terminal), TAPI_E_INVALIDTERMINAL);
    foreign.answer = S_OK;
    foreign.token = (MSP_HANDLE)(ULONG_PTR)0xdead;
    ck_assert_hr(ITStream_SelectTerminal(capture, &foreign.terminal), TAPI_E_INVALIDTERMINAL);
    foreign.token = NULL;
    ck_assert_hr(ITStream_SelectTerminal(capture, &foreign.terminal), TAPI_E_INVALIDTERMINAL);
    ck_assert_hr(ITStream_UnselectTerminal(capture, &foreign.terminal), TAPI_E_INVALIDTERMINAL);
    ck_assert_int_eq(foreign.refs, 1);

    /* A parent; the wrong direction; not selected; twice; on two streams. */
    ck_assert_hr(ITStream_SelectTerminal(capture, player), TAPI_E_INVALIDTERMINAL);
    ck_assert_hr(ITStream_SelectTerminal(render, track), TAPI_E_INVALIDTERMINAL);
    ck_assert_hr(ITStream_SelectTerminal(capture, recording), TAPI_E_INVALIDTERMINAL);
    ck_assert_hr(ITStream_UnselectTerminal(capture, track), TAPI_E_INVALIDTERMINAL);
    ck_assert_hr(ITStream_SelectTerminal(capture, track), S_OK);
    ck_assert_hr(ITStream_SelectTerminal(capture, track), TAPI_E_INVALIDTERMINAL);
    ck_assert_hr(ITStream_SelectTerminal(elsewhere, track), TAPI_E_TERMINALINUSE);
    ck_assert_hr(ITStream_UnselectTerminal(elsewhere, track), TAPI_E_INVALIDTERMINAL);
    ck_assert_hr(ITStream_UnselectTerminal(capture, track), S_OK);
    ck_assert_hr(ITStream_SelectTerminal(elsewhere, track), S_OK);

    kit_release(recording), kit_release(recorder), kit_release(track), kit_release(player);
    kit_release(elsewhere), kit_release(render), kit_release(capture);
    kit_release(other), kit_release(call);
    media_end(&media);
    media_delete(L"select.wav");
}
END_TEST

START_TEST(another_address_keeps_its_terminals)
{
    struct media media;
    ITMSPAddress *second;
    IOpenMSPAddress *second_open;
    IOpenMSPCall *call;
    ITStream *stream;
    ITTerminal *player, *track;

    media_begin(&media);
    second = kit_address();
    second_open = kit_query(second, &IID_IOpenMSPAddress);
    ck_assert_hr(second_open->lpVtbl->Open(second_open), S_OK);
    ck_assert_hr(second_open->lpVtbl->CreateCall(second_open, TAPIMEDIATYPE_AUDIO, &call), S_OK);
    stream = media_stream(call, CAPTURE);
    player = media_playing(&media, L"foreign.wav", 800, &track);
    ck_assert_hr(ITStream_SelectTerminal(stream, track), TAPI_E_INVALIDTERMINAL);
    kit_release(track), kit_release(player), kit_release(stream), kit_release(call);
    kit_release(second_open), kit_release(second);
    media_end(&media);
    media_delete(L"foreign.wav");
}
END_TEST

START_TEST(a_stream_takes_so_many_terminals_and_no_more)
{
    ITTerminal *recorders[OMSP_STREAM_MAX_TERMINALS + 1], *tracks[OMSP_STREAM_MAX_TERMINALS + 1];
    struct media media;
    IOpenMSPCall *call;
    ITStream *stream;
    VARIANT collection;
    IEnumTerminal *all;
    ITTerminal *found[OMSP_STREAM_MAX_TERMINALS];
    ULONG fetched;

    media_begin(&media);
    call = media_call(&media, TAPIMEDIATYPE_AUDIO);
    stream = media_stream(call, RENDER);
    for (unsigned i = 0; i <= OMSP_STREAM_MAX_TERMINALS; i++) {
        recorders[i] = media_recording(&media, L"many.wav", &tracks[i]);
        ck_assert_hr(ITStream_SelectTerminal(stream, tracks[i]),
                     i < OMSP_STREAM_MAX_TERMINALS ? S_OK : (HRESULT)TAPI_E_MAXTERMINALS);
    }
    ck_assert_hr(ITStream_EnumerateTerminals(stream, &all), S_OK);
    /* A snapshot: what is unselected now is in it still. */
    ck_assert_hr(ITStream_UnselectTerminal(stream, tracks[0]), S_OK);
    ck_assert_hr(IEnumTerminal_Next(all, OMSP_STREAM_MAX_TERMINALS, found, &fetched), S_OK);
    ck_assert_uint_eq(fetched, OMSP_STREAM_MAX_TERMINALS);
    for (unsigned i = 0; i < OMSP_STREAM_MAX_TERMINALS; i++) {
        ck_assert_ptr_eq(found[i], tracks[i]);
        kit_release(found[i]);
    }
    kit_release(all);
    ck_assert_hr(ITStream_get_Terminals(stream, &collection), S_OK);
    ck_assert_int_eq(collection.vt, VT_DISPATCH);
    VariantClear(&collection);
    for (unsigned i = 0; i <= OMSP_STREAM_MAX_TERMINALS; i++)
        kit_release(tracks[i]), kit_release(recorders[i]);
    kit_release(stream), kit_release(call);
    media_end(&media);
}
END_TEST

START_TEST(a_selected_terminal_keeps_its_identity_while_somebody_holds_it)
{
    struct media media;
    IOpenMSPCall *call;
    ITStream *stream;
    ITTerminal *player, *track, *found;
    IEnumTerminal *all;

    media_begin(&media);
    call = media_call(&media, TAPIMEDIATYPE_AUDIO);
    stream = media_stream(call, CAPTURE);
    player = media_playing(&media, L"identity.wav", 800, &track);
    ck_assert_hr(ITStream_SelectTerminal(stream, track), S_OK);
    kit_release(track); /* nobody's now; it stays selected */
    ck_assert_hr(ITStream_EnumerateTerminals(stream, &all), S_OK);
    ck_assert_hr(IEnumTerminal_Next(all, 1, &found, NULL), S_OK);
    track = media_track(player);
    ck_assert_ptr_eq(found, track);
    ck_assert_hr(ITStream_UnselectTerminal(stream, found), S_OK);
    kit_release(found), kit_release(track), kit_release(all), kit_release(player);
    kit_release(stream), kit_release(call);
    media_end(&media);
    media_delete(L"identity.wav");
}
END_TEST

struct selecting {
    ITStream *stream;
    ITTerminal *track;
};

static void select_once(void *ctx)
{
    struct selecting *selecting = ctx;
    HRESULT hr = ITStream_SelectTerminal(selecting->stream, selecting->track);
    IEnumTerminal *all = NULL;

    if (FAILED(hr)) {
        ck_assert_hr(hr, E_OUTOFMEMORY);
        ck_assert(omsp_test_alloc_failed());
        return;
    }
    hr = ITStream_EnumerateTerminals(selecting->stream, &all);
    ck_assert_hr(hr, omsp_test_alloc_failed() ? E_OUTOFMEMORY : S_OK);
    if (all)
        kit_release(all);
    ck_assert_hr(ITStream_UnselectTerminal(selecting->stream, selecting->track), S_OK);
}

START_TEST(every_failing_allocation_of_a_selection_is_out_of_memory)
{
    struct selecting selecting;
    struct media media;
    IOpenMSPCall *call;
    ITTerminal *player;

    media_begin(&media);
    call = media_call(&media, TAPIMEDIATYPE_AUDIO);
    selecting.stream = media_stream(call, CAPTURE);
    player = media_playing(&media, L"select-memory.wav", 800, &selecting.track);
    select_once(&selecting);
    ck_assert_int_gt(omsp_test_alloc_walk(select_once, &selecting), 0);
    kit_release(selecting.track), kit_release(player);
    kit_release(selecting.stream), kit_release(call);
    media_end(&media);
    media_delete(L"select-memory.wav");
}
END_TEST

OMSP_SUITE("msp select", TEST(every_failing_allocation_of_a_selection_is_out_of_memory),
           TEST(selection_refuses_in_the_documented_order),
           TEST(another_address_keeps_its_terminals),
           TEST(a_stream_takes_so_many_terminals_and_no_more),
           TEST(a_selected_terminal_keeps_its_identity_while_somebody_holds_it))
