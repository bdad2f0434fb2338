/*
 * Small rules of the provider's interface that a host depends on, each by itself: who speaks first,
 * what is ignored, what is refused with a code, what belongs to TAPI and not to us.
 */
#include "support/host.h"

#include <stdlib.h>
#include <string.h>

/* ---- the address ----------------------------------------------------------------------------- */

static DWORD drain_all(struct host *host)
{
    size_t before = host->count;

    host_drain(host);
    return (DWORD)(host->count - before);
}

START_TEST(a_manual_reset_event_serves_as_well)
{
    struct activation activation;
    struct host *host;
    struct host_call *call;
    ITMSPAddress *address;
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);

    activate(&activation);
    host = host_open(false);
    call = host_call_open(host, TAPIMEDIATYPE_AUDIO);
    address = host->address;
    /* A second address of the same provider, on an event that stays set until it is reset. */
    ck_assert_hr(CoCreateInstance(&CLSID_OpenMSPAddress, NULL, CLSCTX_INPROC_SERVER,
                                  &IID_ITMSPAddress, (void **)&address),
                 S_OK);
    ck_assert_hr(address->lpVtbl->Initialize(address, (MSP_HANDLE)event), S_OK);
    for (int round = 0; round < 3; round++) {
        struct omsp_tsp_header header;
        struct outer outer;
        BYTE bytes[256];
        DWORD size = sizeof(bytes);

        outer_init(&outer);
        ck_assert_hr(address->lpVtbl->CreateMSPCall(address, (MSP_HANDLE)0x99, 0,
                                                    TAPIMEDIATYPE_AUDIO, &outer.iface,
                                                    &outer.inner),
                     S_OK);
        OMSP_TSP_PUT32(header.magic, OMSP_TSP_MAGIC);
        OMSP_TSP_PUT16(header.version, OMSP_TSP_VERSION);
        OMSP_TSP_PUT16(header.type, OMSP_TSP_QUERY_SID);
        OMSP_TSP_PUT32(header.size, sizeof(header));
        OMSP_TSP_PUT32(header.sequence, round);
        ck_assert_hr(
            address->lpVtbl->ReceiveTSPData(address, outer.inner, (BYTE *)&header, sizeof(header)),
            S_OK);
        ck_assert_uint_eq(WaitForSingleObject(event, 0), WAIT_OBJECT_0);
        ck_assert_uint_eq(WaitForSingleObject(event, 0), WAIT_OBJECT_0); /* nobody resets it */
        ResetEvent(event); /* as who waits on such an event does, before it drains */
        ck_assert_hr(address->lpVtbl->GetEvent(address, &size, bytes), S_OK);
        ck_assert_hr(address->lpVtbl->GetEvent(address, &size, bytes), TAPI_E_NOEVENT);
        ck_assert_uint_eq(WaitForSingleObject(event, 0), WAIT_TIMEOUT);
        ck_assert_hr(address->lpVtbl->ShutdownMSPCall(address, outer.inner), S_OK);
        kit_release(outer.inner);
    }
    ck_assert_hr(address->lpVtbl->Shutdown(address), S_OK);
    ck_assert_uint_eq(kit_release(address), 0);
    ck_assert(SetEvent(event) && ResetEvent(event)); /* open still: it is ours */
    CloseHandle(event);
    host_call_close(call);
    host_close(host);
    deactivate(&activation);
}
END_TEST

START_TEST(initialize_and_shutdown_without_a_call_are_cheap)
{
    ULONGLONG before = GetTickCount64();

    for (int i = 0; i < 20; i++)
        host_close(host_open(false));
    ck_assert_uint_lt(GetTickCount64() - before, 20 * 500);
}
END_TEST

/* ---- calls and the TSP ----------------------------------------------------------------------- */

START_TEST(a_call_is_made_whatever_is_reserved)
{
    static const DWORD values[] = {0, 1, 0x80000000, 0xFFFFFFFF};
    struct host *host = host_open(true);

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        struct outer outer;

        outer_init(&outer);
        ck_assert_hr(host->address->lpVtbl->CreateMSPCall(host->address, (MSP_HANDLE)0x99,
                                                          values[i], TAPIMEDIATYPE_AUDIO,
                                                          &outer.iface, &outer.inner),
                     S_OK);
        ck_assert_int_eq(outer.refs, 1);
        ck_assert_hr(host->address->lpVtbl->ShutdownMSPCall(host->address, outer.inner), S_OK);
        ck_assert_uint_eq(kit_release(outer.inner), 0);
    }
    host_close(host);
}
END_TEST

START_TEST(the_tsp_speaks_first)
{
    struct host *host = host_open(false);
    struct host_call *call = host_call_open(host, TAPIMEDIATYPE_AUDIO);
    struct host_file recorder;

    host_recorder(host, L"first.wav", &recorder);
    ck_assert_hr(ITStream_SelectTerminal(call->streams[HOST_RENDER], recorder.track), S_OK);
    for (int i = 0; i < 2; i++) {
        ck_assert_hr(ITStream_StartStream(call->streams[i]), S_OK);
        ck_assert_hr(ITStream_PauseStream(call->streams[i]), S_OK);
        ck_assert_hr(ITStream_StopStream(call->streams[i]), S_OK);
    }
    ck_assert_uint_eq(drain_all(host), 0);
    host_send(call, OMSP_TSP_QUERY_SID, NULL, 0);
    ck_assert_uint_eq(drain_all(host), 1);
    host_file_close(&recorder);
    host_call_close(call);
    host_close(host);
}
END_TEST

/* A message without body. */
static void message(struct omsp_tsp_header *header, unsigned type, unsigned long sequence)
{
    OMSP_TSP_PUT32(header->magic, OMSP_TSP_MAGIC);
    OMSP_TSP_PUT16(header->version, OMSP_TSP_VERSION);
    OMSP_TSP_PUT16(header->type, type);
    OMSP_TSP_PUT32(header->size, sizeof(*header));
    OMSP_TSP_PUT32(header->sequence, sequence);
}

START_TEST(tsp_data_without_a_call_is_accepted)
{
    struct host *host = host_open(false);
    struct omsp_tsp_header header;

    message(&header, OMSP_TSP_QUERY_SID, 1);
    ck_assert_hr(
        host->address->lpVtbl->ReceiveTSPData(host->address, NULL, (BYTE *)&header, sizeof(header)),
        S_OK);
    ck_assert_uint_eq(drain_all(host), 0); /* there is no call to answer about */
    host_close(host);
}
END_TEST

START_TEST(the_tsps_buffer_is_copied_and_left_alone)
{
    struct host *host = host_open(false);
    struct host_call *call = host_call_open(host, TAPIMEDIATYPE_AUDIO);
    SYSTEM_INFO system;
    BYTE *page, *at;
    DWORD before;

    GetSystemInfo(&system);
    /* At the end of a page that can only be read, the next one not even that: who frees it, writes
     * into it or reads behind it crashes. */
    page = VirtualAlloc(NULL, 2 * system.dwPageSize, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    ck_assert_ptr_nonnull(page);
    at = page + system.dwPageSize - sizeof(struct omsp_tsp_header);
    message((struct omsp_tsp_header *)(void *)at, OMSP_TSP_QUERY_SID, 77);
    ck_assert(VirtualProtect(page + system.dwPageSize, system.dwPageSize, PAGE_NOACCESS, &before));
    ck_assert(VirtualProtect(page, system.dwPageSize, PAGE_READONLY, &before));
    ck_assert_hr(host->address->lpVtbl->ReceiveTSPData(host->address, call->outer.inner, at,
                                                       sizeof(struct omsp_tsp_header)),
                 S_OK);
    ck_assert(
        VirtualFree(page, 0, MEM_RELEASE)); /* ours still; gone before the answer is fetched */
    ck_assert_uint_eq(drain_all(host), 1);
    ck_assert_uint_eq(
        OMSP_TSP_GET32(((struct omsp_tsp_header *)(void *)host->events[0].data)->sequence), 77);
    host_call_close(call);
    host_close(host);
}
END_TEST

/* ---- aggregation ----------------------------------------------------------------------------- */

/* An outer that asks back at every turn, as one that creates its inner in a constructor may. */
static LONG storms;

static HRESULT STDMETHODCALLTYPE stormy_query(IUnknown *iface, REFIID iid, void **out)
{
    struct outer *self = CONTAINING_RECORD(iface, struct outer, iface);

    for (int i = 0; i < 3; i++) {
        InterlockedIncrement(&self->refs);
        InterlockedDecrement(&self->refs);
    }
    InterlockedIncrement(&storms);
    return outer_QueryInterface(iface, iid, out);
}

START_TEST(an_outer_that_counts_back_and_forth_loses_nothing)
{
    struct activation activation;
    IUnknownVtbl vtable = {stormy_query, outer_AddRef, outer_Release};
    struct outer outer, call;
    ITMSPAddress *address;
    ITStreamControl *control;
    HANDLE event = kit_event();

    activate(&activation);
    outer_init(&outer), outer_init(&call);
    outer.iface.lpVtbl = call.iface.lpVtbl = &vtable;
    ck_assert_hr(CoCreateInstance(&CLSID_OpenMSPAddress, &outer.iface, CLSCTX_INPROC_SERVER,
                                  &IID_IUnknown, (void **)&outer.inner),
                 S_OK);
    ck_assert_int_eq(outer.refs, 1);
    address = kit_query(&outer.iface, &IID_ITMSPAddress);
    ck_assert_hr(address->lpVtbl->Initialize(address, (MSP_HANDLE)event), S_OK);
    ck_assert_hr(address->lpVtbl->CreateMSPCall(address, (MSP_HANDLE)0x99, 0, TAPIMEDIATYPE_AUDIO,
                                                &call.iface, &call.inner),
                 S_OK);
    ck_assert_int_eq(call.refs, 1);
    for (int i = 0; i < 1000; i++) {
        control = kit_query(&call.iface, &IID_ITStreamControl);
        ITStreamControl_AddRef(control);
        ITStreamControl_Release(control);
        kit_release(kit_query(control, &IID_IDispatch));
        kit_release(control);
    }
    ck_assert_int_eq(call.refs, 1);
    ck_assert_int_gt(storms, 2000);
    ck_assert_hr(address->lpVtbl->ShutdownMSPCall(address, call.inner), S_OK);
    ck_assert_uint_eq(kit_release(call.inner), 0);
    ck_assert_hr(address->lpVtbl->Shutdown(address), S_OK);
    kit_release(address);
    ck_assert_int_eq(outer.refs, 1);
    ck_assert_uint_eq(kit_release(outer.inner), 0);
    CloseHandle(event);
    deactivate(&activation);
}
END_TEST

START_TEST(tapis_own_interfaces_are_not_answered_for)
{
    static const IID *const of_call[] = {&IID_ITBasicCallControl, &IID_ITBasicCallControl2,
                                         &IID_ITCallInfo, &IID_ITLegacyCallMediaControl,
                                         &IID_ITTAPI};
    static const IID *const of_address[] = {&IID_ITAddress, &IID_ITMediaSupport, &IID_ITTAPI,
                                            &IID_ITLegacyAddressMediaControl};
    struct host *host = host_open(true);
    struct host_call *call = host_call_open(host, TAPIMEDIATYPE_AUDIO);

    for (size_t i = 0; i < sizeof(of_call) / sizeof(of_call[0]); i++) {
        void *none = &none;

        ck_assert_hr(IUnknown_QueryInterface(call->outer.inner, of_call[i], &none), E_NOINTERFACE);
        ck_assert_ptr_null(none);
    }
    for (size_t i = 0; i < sizeof(of_address) / sizeof(of_address[0]); i++) {
        void *none = &none;

        ck_assert_hr(IUnknown_QueryInterface(host->outer.inner, of_address[i], &none),
                     E_NOINTERFACE);
        ck_assert_ptr_null(none);
    }
    host_call_close(call);
    host_close(host);
}
END_TEST

/* ---- terminals and streams ------------------------------------------------------------------- */

START_TEST(a_video_window_is_refused_with_a_code)
{
    static const WCHAR *const classes[] = {
        L"{F7438990-D6EB-11D0-82A6-00AA00B5CA1B}",  /* a video window */
        L"{AAF578EC-DC70-11D0-8ED3-00C04FB6809F}"}; /* a camera, which is no dynamic one */
    struct host *host = host_open(true);

    for (int i = 0; i < 2; i++) {
        BSTR class = SysAllocString(classes[i]);
        ITTerminal *terminal = (void *)host;

        ck_assert_hr(ITTerminalSupport_CreateTerminal(host->terminals, class, TAPIMEDIATYPE_VIDEO,
                                                      TD_RENDER, &terminal),
                     TAPI_E_INVALIDTERMINALCLASS);
        ck_assert_ptr_null(terminal);
        SysFreeString(class);
    }
    host_close(host);
}
END_TEST

START_TEST(audio_is_no_video)
{
    struct host *host = host_open(true);
    struct host_call *call = host_call_open(host, TAPIMEDIATYPE_AUDIO | TAPIMEDIATYPE_VIDEO);
    struct host_file player, recorder;

    host_write_wav(L"no-video.wav", 7, 800, NULL);
    host_player(host, L"no-video.wav", &player);
    host_recorder(host, L"no-video-out.wav", &recorder);
    ck_assert_hr(ITStream_SelectTerminal(call->streams[2], player.track), TAPI_E_INVALIDTERMINAL);
    ck_assert_hr(ITStream_SelectTerminal(call->streams[3], recorder.track), TAPI_E_INVALIDTERMINAL);
    ck_assert_hr(ITStream_SelectTerminal(call->streams[0], player.track), S_OK);
    ck_assert_hr(ITStream_SelectTerminal(call->streams[1], recorder.track), S_OK);
    host_file_close(&player);
    host_file_close(&recorder);
    host_call_close(call);
    host_close(host);
}
END_TEST

/* A published client takes render for the first stream and capture for the second. */
START_TEST(a_client_that_expects_another_order_meets_a_code)
{
    struct host *host = host_open(true);
    struct host_call *call = host_call_open(host, TAPIMEDIATYPE_AUDIO);
    struct host_file player, recorder;

    host_write_wav(L"order.wav", 8, 800, NULL);
    host_player(host, L"order.wav", &player);
    host_recorder(host, L"order-out.wav", &recorder);
    ck_assert_hr(ITStream_SelectTerminal(call->streams[0], recorder.track), TAPI_E_INVALIDTERMINAL);
    ck_assert_hr(ITStream_SelectTerminal(call->streams[1], player.track), TAPI_E_INVALIDTERMINAL);
    ck_assert_hr(ITStream_UnselectTerminal(call->streams[0], recorder.track),
                 TAPI_E_INVALIDTERMINAL);
    ck_assert_hr(ITStream_StartStream(call->streams[0]), S_OK);
    host_expect_nothing(call);
    host_file_close(&player);
    host_file_close(&recorder);
    host_call_close(call);
    host_close(host);
}
END_TEST

START_TEST(the_others_go_on_when_one_of_two_is_unselected)
{
    struct host *host = host_open(true);
    struct host_call *a = host_call_open(host, TAPIMEDIATYPE_AUDIO);
    struct host_call *b = host_call_open(host, TAPIMEDIATYPE_AUDIO);
    struct host_file first, second;
    TERMINAL_STATE state;

    host_recorder(host, L"one-of-two.wav", &first);
    host_recorder(host, L"two-of-two.wav", &second);
    ck_assert_hr(ITStream_SelectTerminal(a->streams[HOST_RENDER], first.track), S_OK);
    ck_assert_hr(ITStream_SelectTerminal(a->streams[HOST_RENDER], second.track), S_OK);
    host_configure(a, 20, 0);
    host_configure(b, 20, 0);
    host_connect(a, b);
    host_expect(a, HOST_RENDER, CALL_STREAM_ACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK);
    ck_assert_hr(ITStream_UnselectTerminal(a->streams[HOST_RENDER], first.track), S_OK);
    host_expect_nothing(a);
    ck_assert_hr(ITTerminal_get_State(first.track, &state), S_OK);
    ck_assert_int_eq(state, TS_NOTINUSE);
    ck_assert_hr(ITTerminal_get_State(second.track, &state), S_OK);
    ck_assert_int_eq(state, TS_INUSE);
    ck_assert_hr(ITStream_UnselectTerminal(a->streams[HOST_RENDER], second.track), S_OK);
    host_expect(a, HOST_RENDER, CALL_STREAM_INACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK);
    host_expect_nothing(a);
    host_file_close(&first);
    host_file_close(&second);
    host_call_close(a);
    host_call_close(b);
    host_close(host);
}
END_TEST

START_TEST(a_stream_that_the_peer_rejects_is_not_used)
{
    static const char answer[] = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\n"
                                 "t=0 0\r\nm=audio 0 RTP/AVP 0\r\n";
    struct host *host = host_open(true);
    struct host_call *call = host_call_open(host, TAPIMEDIATYPE_AUDIO | TAPIMEDIATYPE_VIDEO);

    host_configure(call, 20, 0);
    free(host_local_sdp(call)); /* our offer */
    host_tell(call, OMSP_TSP_REMOTE_SDP, answer, sizeof(answer) - 1, OMSP_TSP_BAD_MEDIA);
    host_expect(call, HOST_CAPTURE, CALL_STREAM_NOT_USED, CALL_CAUSE_REMOTE_REQUEST, S_OK);
    host_expect(call, HOST_RENDER, CALL_STREAM_NOT_USED, CALL_CAUSE_REMOTE_REQUEST, S_OK);
    host_expect_nothing(call);
    host_call_close(call);
    host_close(host);
}
END_TEST

/* Waits until this many more frames were recorded of what came. */
static void hear(struct host_call *call, unsigned long long more)
{
    ULONGLONG give_up = GetTickCount64() + HOST_WAIT_MS;
    struct omsp_tsp_stats stats = host_stats(call);
    unsigned long long enough = HOST_COUNT(stats.frames_recorded) + more;

    while (HOST_COUNT(stats.frames_recorded) < enough && GetTickCount64() < give_up)
        stats = host_stats(call);
    ck_assert(HOST_COUNT(stats.frames_recorded) >= enough);
}

START_TEST(a_paused_stream_sends_nothing_and_keeps_its_terminal)
{
    struct host *host = host_open(true);
    struct host_call *a = host_call_open(host, TAPIMEDIATYPE_AUDIO);
    struct host_call *b = host_call_open(host, TAPIMEDIATYPE_AUDIO);
    struct host_file players[2], recorder;
    struct omsp_tsp_stats stats;
    unsigned long long sent, codec_sent;
    TERMINAL_STATE state;

    host_write_wav(L"pause-a.wav", 21, 80000, NULL);
    host_write_wav(L"pause-b.wav", 22, 80000, NULL);
    host_player(host, L"pause-a.wav", &players[0]);
    host_player(host, L"pause-b.wav", &players[1]);
    host_recorder(host, L"pause-out.wav", &recorder);
    ck_assert_hr(ITStream_SelectTerminal(a->streams[HOST_CAPTURE], players[0].track), S_OK);
    ck_assert_hr(ITStream_SelectTerminal(b->streams[HOST_CAPTURE], players[1].track), S_OK);
    ck_assert_hr(ITStream_SelectTerminal(a->streams[HOST_RENDER], recorder.track), S_OK);
    ck_assert_hr(ITMediaControl_Start(recorder.control), S_OK);
    host_configure(a, 20, 0);
    host_configure(b, 20, 0);
    host_connect(a, b);
    hear(a, 5);
    ck_assert_hr(ITStream_PauseStream(a->streams[HOST_CAPTURE]), S_OK);
    stats = host_stats(a);
    sent = HOST_COUNT(stats.packets_sent);
    codec_sent = HOST_COUNT(stats.bytes_sent);
    hear(a, 20); /* the other direction goes on, and shows that time passed */
    stats = host_stats(a);
    ck_assert_msg(HOST_COUNT(stats.packets_sent) <= sent + 1, "%llu packets became %llu", sent,
                  HOST_COUNT(stats.packets_sent));
    ck_assert_hr(ITTerminal_get_State(players[0].track, &state), S_OK);
    ck_assert_int_eq(state, TS_INUSE);
    ck_assert_hr(ITStream_StartStream(a->streams[HOST_CAPTURE]), S_OK);
    hear(a, 20);
    stats = host_stats(a);
    ck_assert(HOST_COUNT(stats.bytes_sent) > codec_sent + 160);
    host_file_close(&players[0]);
    host_file_close(&players[1]);
    host_file_close(&recorder);
    host_call_close(a);
    host_call_close(b);
    host_close(host);
}
END_TEST

OMSP_SUITE("host-rules", TEST(a_stream_that_the_peer_rejects_is_not_used),
           TEST(a_paused_stream_sends_nothing_and_keeps_its_terminal),
           TEST(a_manual_reset_event_serves_as_well),
           TEST(initialize_and_shutdown_without_a_call_are_cheap),
           TEST(a_call_is_made_whatever_is_reserved), TEST(the_tsp_speaks_first),
           TEST(tsp_data_without_a_call_is_accepted),
           TEST(the_tsps_buffer_is_copied_and_left_alone),
           TEST(an_outer_that_counts_back_and_forth_loses_nothing),
           TEST(tapis_own_interfaces_are_not_answered_for),
           TEST(a_video_window_is_refused_with_a_code), TEST(audio_is_no_video),
           TEST(a_client_that_expects_another_order_meets_a_code),
           TEST(the_others_go_on_when_one_of_two_is_unselected))
