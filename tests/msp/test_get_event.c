/* GetEvent's protocol, layouts and references; the event handle; the TSP's messages. */
#include "msp/kit.h"

#include "msp/engine_host.h"
#include "openmsp/openmsp_tsp.h"
#include "wire/tsp_message.h"

#define TOKEN ((MSP_HANDLE)(ULONG_PTR)0x1234)

struct bench {
    HANDLE event;
    ITMSPAddress *address;
    IUnknown *call;
};

static void open_bench(struct bench *bench)
{
    kit_begin();
    bench->event = kit_event();
    bench->address = kit_live(bench->event);
    bench->call = kit_call(bench->address, TAPIMEDIATYPE_AUDIO);
}

static void close_bench(struct bench *bench)
{
    if (bench->call)
        ck_assert_uint_eq(kit_release(bench->call), 0);
    bench->address->lpVtbl->Shutdown(bench->address);
    ck_assert_uint_eq(kit_release(bench->address), 0);
    CloseHandle(bench->event);
    kit_end();
}

static bool is_set(HANDLE event)
{
    return WaitForSingleObject(event, 0) == WAIT_OBJECT_0;
}

static HRESULT get(struct bench *bench, DWORD *size, void *buffer)
{
    return bench->address->lpVtbl->GetEvent(bench->address, size, buffer);
}

/* A message without body from the TSP. */
static HRESULT tell(struct bench *bench, unsigned type, unsigned long sequence)
{
    struct omsp_tsp_header header;

    OMSP_TSP_PUT32(header.magic, OMSP_TSP_MAGIC);
    OMSP_TSP_PUT16(header.version, OMSP_TSP_VERSION);
    OMSP_TSP_PUT16(header.type, type);
    OMSP_TSP_PUT32(header.size, sizeof(header));
    OMSP_TSP_PUT32(header.sequence, sequence);
    return bench->address->lpVtbl->ReceiveTSPData(bench->address, bench->call, (BYTE *)&header,
                                                  sizeof(header));
}

/* The next event, which must be TSP data; parsed. text points into the buffer, which lives until
 * the next call. */
static void expect_answer(struct bench *bench, struct omsp_tsp_message *out)
{
    static union {
        MSP_EVENT_INFO info;
        BYTE bytes[4096];
    } room;
    DWORD size = sizeof(room);

    ck_assert_hr(get(bench, &size, &room), S_OK);
    ck_assert_int_eq(room.info.Event, ME_TSP_DATA);
    ck_assert_ptr_eq(room.info.hCall, TOKEN);
    ck_assert_uint_eq(room.info.dwSize, size);
    ck_assert_int_eq(omsp_tsp_parse(room.bytes + offsetof(MSP_EVENT_INFO, MSP_TSP_DATA.pBuffer),
                                    room.info.MSP_TSP_DATA.dwBufferSize, out),
                     OMSP_OK);
    ck_assert(omsp_tsp_is_from_msp(out->type));
}

static void drop(void *iface)
{
    if (iface)
        kit_release(iface);
}

/* Takes what waits until TSP data comes; false: the queue is empty. */
static bool next_tsp_data(struct bench *bench, struct omsp_tsp_message *out)
{
    static union {
        MSP_EVENT_INFO info;
        BYTE bytes[4096];
    } room;
    DWORD size = sizeof(room);

    while (get(bench, &size, &room) == S_OK) {
        if (room.info.Event == ME_TSP_DATA) {
            ck_assert_int_eq(
                omsp_tsp_parse(room.bytes + offsetof(MSP_EVENT_INFO, MSP_TSP_DATA.pBuffer),
                               room.info.MSP_TSP_DATA.dwBufferSize, out),
                OMSP_OK);
            return true;
        }
        if (room.info.Event == ME_CALL_EVENT) {
            drop(room.info.MSP_CALL_EVENT_INFO.pStream);
            drop(room.info.MSP_CALL_EVENT_INFO.pTerminal);
        } else if (room.info.Event == ME_FILE_TERMINAL_EVENT) {
            drop(room.info.MSP_FILE_TERMINAL_EVENT_INFO.pParentFileTerminal);
            drop(room.info.MSP_FILE_TERMINAL_EVENT_INFO.pFileTrack);
        }
        size = sizeof(room);
    }
    return false;
}

START_TEST(empty_queue_is_no_event_and_leaves_size_alone)
{
    struct bench bench;
    MSP_EVENT_INFO info;
    DWORD size = 0;

    open_bench(&bench);
    ck_assert_hr(get(&bench, &size, NULL), TAPI_E_NOEVENT);
    ck_assert_uint_eq(size, 0);
    size = 7;
    ck_assert_hr(get(&bench, &size, &info), TAPI_E_NOEVENT);
    ck_assert_uint_eq(size, 7);
    ck_assert(!is_set(bench.event));
    close_bench(&bench);
}
END_TEST

START_TEST(size_query_short_and_exact_buffer)
{
    struct bench bench;
    BYTE buffer[256], before[256];
    DWORD size = 0, need;

    open_bench(&bench);
    ck_assert_hr(tell(&bench, OMSP_TSP_QUERY_SID, 5), S_OK);
    ck_assert(is_set(bench.event));
    ck_assert_hr(get(&bench, &size, NULL), TAPI_E_NOTENOUGHMEMORY);
    need = size;
    /* header 16 + sid 34 + 2 behind the union's start and dwBufferSize */
    ck_assert_uint_eq(need, offsetof(MSP_EVENT_INFO, MSP_TSP_DATA.pBuffer) + 52);
    ck_assert_uint_ge(need, sizeof(MSP_EVENT_INFO));

    memset(buffer, 0xee, sizeof(buffer));
    memcpy(before, buffer, sizeof(buffer));
    size = need - 1;
    ck_assert_hr(get(&bench, &size, buffer), TAPI_E_NOTENOUGHMEMORY);
    ck_assert_uint_eq(size, need);
    ck_assert(!memcmp(buffer, before, sizeof(buffer)));

    ck_assert_hr(get(&bench, &size, NULL), E_POINTER); /* large enough, but no buffer */
    ck_assert_uint_eq(size, need);
    ck_assert_hr(get(&bench, &size, buffer), S_OK);
    ck_assert_uint_eq(size, need);
    ck_assert_uint_eq(((MSP_EVENT_INFO *)(void *)buffer)->dwSize, need);
    ck_assert_int_eq(buffer[need], 0xee);
    size = sizeof(buffer);
    ck_assert_hr(get(&bench, &size, buffer), TAPI_E_NOEVENT);
    close_bench(&bench);
}
END_TEST

START_TEST(small_tsp_data_still_fills_the_structure)
{
    struct bench bench;
    union {
        MSP_EVENT_INFO info;
        BYTE bytes[64];
    } room;
    /* On x64 the answer fits the structure, on x86 it is longer. */
    DWORD need = offsetof(MSP_EVENT_INFO, MSP_TSP_DATA.pBuffer) + 24, size = sizeof(room);

    if (need < sizeof(MSP_EVENT_INFO))
        need = sizeof(MSP_EVENT_INFO);
    open_bench(&bench);
    ck_assert_hr(tell(&bench, OMSP_TSP_DISCONNECT, 1), E_INVALIDARG); /* has a body */
    ck_assert_hr(tell(&bench, OMSP_TSP_CONNECT, 1), S_OK);
    ck_assert_hr(get(&bench, &size, &room), S_OK);
    ck_assert_uint_eq(size, need);
    ck_assert_uint_eq(room.info.dwSize, need);
    ck_assert_uint_eq(room.info.MSP_TSP_DATA.dwBufferSize, 24);
    close_bench(&bench);
}
END_TEST

START_TEST(answers_come_first_in_first_out_and_signal_the_edge)
{
    struct bench bench;
    struct omsp_tsp_message message;

    open_bench(&bench);
    for (unsigned long i = 1; i <= 5; i++)
        ck_assert_hr(tell(&bench, OMSP_TSP_QUERY_SID, i), S_OK);
    ck_assert(is_set(bench.event));
    ck_assert(!is_set(bench.event));
    for (unsigned long i = 1; i <= 5; i++) {
        expect_answer(&bench, &message);
        ck_assert_uint_eq(message.type, OMSP_TSP_CALL_SID);
        ck_assert_uint_eq(message.sequence, i);
    }
    ck_assert_hr(tell(&bench, OMSP_TSP_QUERY_SID, 6), S_OK);
    ck_assert(is_set(bench.event));
    close_bench(&bench); /* undrained */
}
END_TEST

START_TEST(after_shutdown_the_handle_is_left_alone)
{
    struct bench bench;
    MSP_EVENT_INFO info;
    DWORD size = sizeof(info);

    open_bench(&bench);
    ck_assert_hr(tell(&bench, OMSP_TSP_QUERY_SID, 1), S_OK);
    ck_assert(is_set(bench.event));
    ck_assert_hr(bench.address->lpVtbl->Shutdown(bench.address), S_OK);
    ck_assert_hr(get(&bench, &size, &info), E_UNEXPECTED);
    ck_assert_hr(tell(&bench, OMSP_TSP_QUERY_SID, 2), E_UNEXPECTED);
    ck_assert(!is_set(bench.event));
    close_bench(&bench);
}
END_TEST

START_TEST(events_of_a_call_that_is_gone_are_dropped)
{
    struct bench bench;
    struct omsp_tsp_message message;
    MSP_EVENT_INFO info;
    DWORD size = sizeof(info);
    IUnknown *first;

    open_bench(&bench);
    ck_assert_hr(tell(&bench, OMSP_TSP_QUERY_SID, 1), S_OK);
    first = bench.call;
    bench.call = kit_call(bench.address, TAPIMEDIATYPE_AUDIO);
    ck_assert_hr(bench.address->lpVtbl->ShutdownMSPCall(bench.address, first), S_OK);
    ck_assert_uint_eq(kit_release(first), 0);
    ck_assert_hr(tell(&bench, OMSP_TSP_QUERY_SID, 2), S_OK);
    expect_answer(&bench, &message);
    ck_assert_uint_eq(message.sequence, 2);
    ck_assert_hr(get(&bench, &size, &info), TAPI_E_NOEVENT);
    close_bench(&bench);
}
END_TEST

/* The call has a peer, and one of its streams, which becomes the caller's, a terminal: the one
 * event that there is says that the stream is active. */
static ITStream *make_active(struct bench *bench)
{
    IOpenMSPCall *open = kit_query(bench->call, &IID_IOpenMSPCall);
    ITStreamControl *control = kit_query(bench->call, &IID_ITStreamControl);
    ITTerminalSupport *support = kit_query(bench->address, &IID_ITTerminalSupport);
    BSTR class = SysAllocString(L"{E2F7AEF7-4971-11D1-A671-006097C9A2E8}"),
         peer = SysAllocString(L"127.0.0.1:30998");
    IEnumStream *streams;
    ITStream *stream;
    ITTerminal *terminal;

    ck_assert_hr(support->lpVtbl->CreateTerminal(support, class, 8, TD_CAPTURE, &terminal), S_OK);
    ck_assert_hr(control->lpVtbl->EnumerateStreams(control, &streams), S_OK);
    ck_assert_hr(streams->lpVtbl->Next(streams, 1, &stream, NULL), S_OK);
    ck_assert_hr(stream->lpVtbl->SelectTerminal(stream, terminal), S_OK);
    ck_assert_hr(IOpenMSPCall_SetPeer(open, peer, 0), S_OK);
    kit_release(terminal), kit_release(streams), kit_release(support);
    kit_release(control), kit_release(open);
    SysFreeString(class);
    SysFreeString(peer);
    return stream;
}

/* Whoever holds a stream holds the call, but what its token stood for is gone. */
START_TEST(nothing_is_told_of_a_call_that_was_shut_down_though_its_stream_is_held)
{
    struct bench bench;
    ITStream *stream;
    MSP_EVENT_INFO info;
    DWORD size = sizeof(info);

    open_bench(&bench);
    stream = make_active(&bench);
    ck_assert_hr(get(&bench, &size, &info), S_OK);
    ck_assert_int_eq(info.MSP_CALL_EVENT_INFO.Type, CALL_STREAM_ACTIVE);
    drop(info.MSP_CALL_EVENT_INFO.pStream);
    drop(info.MSP_CALL_EVENT_INFO.pTerminal);
    ck_assert_hr(tell(&bench, OMSP_TSP_QUERY_SID, 1), S_OK); /* an answer that nobody takes */
    ck_assert_hr(bench.address->lpVtbl->ShutdownMSPCall(bench.address, bench.call), S_OK);
    size = sizeof(info);
    ck_assert_hr(get(&bench, &size, &info), TAPI_E_NOEVENT);
    ck_assert_hr(stream->lpVtbl->StartStream(stream), E_UNEXPECTED);
    kit_release(stream);
    close_bench(&bench);
}
END_TEST

/* What the application closed is still TAPI's call, whose token means nothing afterwards. */
START_TEST(a_call_that_its_application_closed_is_shut_down_by_tapi_all_the_same)
{
    struct bench bench;
    IOpenMSPCall *open;
    MSP_EVENT_INFO info;
    DWORD size = sizeof(info);

    open_bench(&bench);
    open = kit_query(bench.call, &IID_IOpenMSPCall);
    ck_assert_hr(tell(&bench, OMSP_TSP_QUERY_SID, 1), S_OK); /* an answer that nobody takes */
    ck_assert_hr(IOpenMSPCall_Close(open), S_OK);
    ck_assert_hr(tell(&bench, OMSP_TSP_QUERY_SID, 2), E_UNEXPECTED);
    ck_assert_hr(bench.address->lpVtbl->ShutdownMSPCall(bench.address, bench.call), S_OK);
    ck_assert_hr(bench.address->lpVtbl->ShutdownMSPCall(bench.address, bench.call), E_INVALIDARG);
    ck_assert_hr(tell(&bench, OMSP_TSP_QUERY_SID, 3), E_INVALIDARG);
    ck_assert_hr(get(&bench, &size, &info), TAPI_E_NOEVENT);
    kit_release(open);
    close_bench(&bench);
}
END_TEST

/* ---- TSP ------------------------------------------------------------------------------------- */

static HRESULT send_message(struct bench *bench, const struct omsp_tsp_message *message)
{
    BYTE bytes[2048];
    size_t need;

    ck_assert_int_eq(omsp_tsp_build(message, bytes, sizeof(bytes), &need), OMSP_OK);
    return bench->address->lpVtbl->ReceiveTSPData(bench->address, bench->call, bytes, (DWORD)need);
}

START_TEST(tsp_configures_offers_and_asks)
{
    static const char sdp[] = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\n"
                              "t=0 0\r\nm=audio 30999 RTP/AVP 8\r\n";
    struct bench bench;
    struct omsp_tsp_message out, in;

    open_bench(&bench);
    memset(&out, 0, sizeof(out));
    out.type = OMSP_TSP_CONFIGURE;
    out.sequence = 11;
    out.u.configure.ptime_ms = 30;
    out.u.configure.media_timeout_ms = 1500;
    out.u.configure.codec_count = 1;
    out.u.configure.codecs[0] = 8;
    ck_assert_int_eq(omsp_addr_parse("127.0.0.1", &out.u.configure.local), OMSP_OK);
    ck_assert_hr(send_message(&bench, &out), S_OK);
    expect_answer(&bench, &in);
    ck_assert_uint_eq(in.type, OMSP_TSP_RESULT);
    ck_assert_uint_eq(in.sequence, 11);
    ck_assert_uint_eq(in.u.result.request, OMSP_TSP_CONFIGURE);
    ck_assert_int_eq(in.u.result.status, OMSP_OK);

    memset(&out, 0, sizeof(out));
    out.type = OMSP_TSP_REMOTE_SDP;
    out.sequence = 12;
    out.u.text = omsp_span_text(sdp);
    ck_assert_hr(send_message(&bench, &out), S_OK);
    expect_answer(&bench, &in);
    ck_assert_int_eq(in.u.result.status, OMSP_OK);

    ck_assert_hr(tell(&bench, OMSP_TSP_QUERY_SDP, 13), S_OK);
    expect_answer(&bench, &in);
    ck_assert_uint_eq(in.type, OMSP_TSP_LOCAL_SDP);
    ck_assert(in.u.text.len > 20 && !memcmp(in.u.text.ptr, "v=0\r\n", 5));

    ck_assert_hr(tell(&bench, OMSP_TSP_QUERY_STATS, 14), S_OK);
    expect_answer(&bench, &in);
    ck_assert_uint_eq(in.type, OMSP_TSP_STATS);
    ck_assert_uint_eq(in.u.stats.ptime_ms, 30);

    /* What fails in the engine is told by the answer. */
    out.u.text = omsp_span_text("this is no SDP");
    out.sequence = 15;
    ck_assert_hr(send_message(&bench, &out), S_OK);
    expect_answer(&bench, &in);
    ck_assert_uint_eq(in.type, OMSP_TSP_RESULT);
    ck_assert_int_ne(in.u.result.status, OMSP_OK);

    {
        IOpenMSPCall *open = kit_query(bench.call, &IID_IOpenMSPCall);
        BSTR codecs = NULL;
        LONG value = 0;

        ck_assert_hr(IOpenMSPCall_get_Codecs(open, &codecs), S_OK);
        ck_assert(!wcscmp(codecs, L"PCMA"));
        SysFreeString(codecs);
        ck_assert_hr(IOpenMSPCall_get_MediaTimeout(open, &value), S_OK);
        ck_assert_int_eq(value, 1500);
        ck_assert_hr(IOpenMSPCall_get_State(open, &value), S_OK);
        ck_assert_int_eq(value, CS_CONNECTED);
        kit_release(open);
    }
    memset(&out, 0, sizeof(out));
    out.type = OMSP_TSP_DISCONNECT;
    out.sequence = 16;
    ck_assert_hr(send_message(&bench, &out), S_OK);
    expect_answer(&bench, &in);
    ck_assert_int_eq(in.u.result.status, OMSP_OK);
    close_bench(&bench);
}
END_TEST

START_TEST(hostile_tsp_data_is_invalid_and_unanswered)
{
    struct bench bench;
    struct omsp_tsp_message out;
    BYTE bytes[512];
    MSP_EVENT_INFO info;
    DWORD size = sizeof(info), seed = 12345;
    size_t need;

    open_bench(&bench);
    memset(&out, 0, sizeof(out));
    out.type = OMSP_TSP_CONFIGURE;
    ck_assert_int_eq(omsp_tsp_build(&out, bytes, sizeof(bytes), &need), OMSP_OK);
    for (DWORD len = 0; len < need; len++) {
        ck_assert_hr(bench.address->lpVtbl->ReceiveTSPData(bench.address, bench.call, bytes, len),
                     E_INVALIDARG);
        ck_assert_hr(bench.address->lpVtbl->ReceiveTSPData(bench.address, NULL, bytes, len),
                     E_INVALIDARG);
    }
    ck_assert_hr(
        bench.address->lpVtbl->ReceiveTSPData(bench.address, bench.call, bytes, (DWORD)need + 1),
        E_INVALIDARG);
    for (int round = 0; round < 2000; round++) {
        for (size_t i = 0; i < sizeof(bytes); i++) {
            seed = seed * 1103515245 + 12345;
            bytes[i] = (BYTE)(seed >> 16);
        }
        ck_assert_hr(bench.address->lpVtbl->ReceiveTSPData(bench.address, bench.call, bytes,
                                                           (seed >> 8) % sizeof(bytes)),
                     E_INVALIDARG);
    }
    /* A message that only we may send. */
    memset(&out, 0, sizeof(out));
    out.type = OMSP_TSP_DIGIT;
    ck_assert_hr(send_message(&bench, &out), E_INVALIDARG);
    ck_assert_hr(get(&bench, &size, &info), TAPI_E_NOEVENT);
    /* To the address: nothing to do, but sense. */
    ck_assert_hr(tell(&bench, OMSP_TSP_QUERY_SID, 1), S_OK);
    close_bench(&bench);
}
END_TEST

/* Start and Stop are the hardware's; it pauses nothing. */
static void let_hardware_carry(struct bench *bench)
{
    struct omsp_tsp_message out = {.type = OMSP_TSP_CONFIGURE, .sequence = 1}, in;

    out.u.configure.transport = OMSP_TSP_TRANSPORT_HARDWARE;
    out.u.configure.offers = OMSP_TSP_OFFER_START | OMSP_TSP_OFFER_STOP;
    out.u.configure.media_timeout_ms = OMSP_TSP_KEEP_TIMEOUT;
    ck_assert_hr(send_message(bench, &out), S_OK);
    expect_answer(bench, &in);
    ck_assert_int_eq(in.u.result.status, OMSP_OK);
}

START_TEST(hardware_is_told_to_move_and_unoffered_operations_are_refused)
{
    struct bench bench;
    struct omsp_tsp_message out, in;
    ITStreamControl *control;
    IEnumStream *streams;
    ITStream *capture, *render;
    ITTerminalSupport *support;
    ITMultiTrackTerminal *file;
    ITTerminal *recorder, *track;
    BSTR class = SysAllocString(L"{521F3D06-C3D0-4511-8617-86B9A783DA77}");
    bool moved = false, answered = false;

    open_bench(&bench);
    memset(&out, 0, sizeof(out));
    let_hardware_carry(&bench);

    control = kit_query(bench.call, &IID_ITStreamControl);
    ck_assert_hr(control->lpVtbl->EnumerateStreams(control, &streams), S_OK);
    ck_assert_hr(streams->lpVtbl->Next(streams, 1, &capture, NULL), S_OK);
    ck_assert_hr(capture->lpVtbl->PauseStream(capture), TAPI_E_NOTSUPPORTED);
    ck_assert_hr(capture->lpVtbl->StopStream(capture), S_OK);
    ck_assert_hr(capture->lpVtbl->StartStream(capture), S_OK);
    ck_assert_hr(streams->lpVtbl->Next(streams, 1, &render, NULL), S_OK);

    /* A terminal and the far end: the hardware must run, and tells when it does. */
    support = kit_query(bench.address, &IID_ITTerminalSupport);
    ck_assert_hr(support->lpVtbl->CreateTerminal(support, class, 8, TD_RENDER, &recorder), S_OK);
    file = kit_query(recorder, &IID_ITMultiTrackTerminal);
    ck_assert_hr(file->lpVtbl->CreateTrackTerminal(file, 8, TD_RENDER, &track), S_OK);
    ck_assert_hr(render->lpVtbl->SelectTerminal(render, track), S_OK);
    ck_assert_hr(tell(&bench, OMSP_TSP_CONNECT, 2), S_OK);
    while (next_tsp_data(&bench, &in)) {
        if (in.type == OMSP_TSP_RESULT && in.sequence == 2) {
            answered = true;
            ck_assert_int_eq(in.u.result.status, OMSP_OK);
        }
        if (in.type == OMSP_TSP_STREAM_COMMAND) {
            moved = true;
            ck_assert_uint_eq(in.u.stream_command.direction, OMSP_TSP_RENDER);
            ck_assert_uint_eq(in.u.stream_command.to, OMSP_TSP_RUNNING);
        }
    }
    ck_assert(answered && moved);
    memset(&out, 0, sizeof(out));
    out.type = OMSP_TSP_STREAM_STATE;
    out.u.stream_state.direction = OMSP_TSP_RENDER;
    out.u.stream_state.state = OMSP_TSP_RUNNING;
    ck_assert_hr(send_message(&bench, &out), S_OK);
    ck_assert(!next_tsp_data(&bench, &in)); /* not answered */
    ck_assert_hr(render->lpVtbl->StopStream(render), S_OK);
    for (moved = false; next_tsp_data(&bench, &in);)
        moved = moved ||
                (in.type == OMSP_TSP_STREAM_COMMAND && in.u.stream_command.to == OMSP_TSP_STOPPED);
    ck_assert(moved);
    SysFreeString(class);
    kit_release(track);
    kit_release(file);
    kit_release(recorder);
    kit_release(support);
    kit_release(render);
    kit_release(capture);
    kit_release(streams);
    kit_release(control);
    close_bench(&bench);
}
END_TEST

/* None of it is asked for; and what is told is the RESULT and one command to the hardware. */
static void send_without_memory(struct bench *bench, uint16_t type, uint32_t sequence, uint8_t to)
{
    struct omsp_tsp_message out = {.type = type, .sequence = sequence}, in;
    unsigned results = 0, commands = 0;
    HRESULT hr;

    omsp_test_fail_alloc(0);
    hr = send_message(bench, &out);
    ck_assert(!omsp_test_alloc_failed());
    omsp_test_allow_alloc();
    ck_assert_hr(hr, S_OK);
    while (next_tsp_data(bench, &in)) {
        if (in.type == OMSP_TSP_RESULT) {
            results++;
            ck_assert_uint_eq(in.sequence, sequence);
            ck_assert_uint_eq(in.u.result.request, type);
            ck_assert_int_eq(in.u.result.status, OMSP_OK);
        } else {
            commands++;
            ck_assert_uint_eq(in.type, OMSP_TSP_STREAM_COMMAND);
            ck_assert_uint_eq(in.u.stream_command.direction, OMSP_TSP_RENDER);
            ck_assert_uint_eq(in.u.stream_command.to, to);
        }
    }
    ck_assert_uint_eq(results, 1);
    ck_assert_uint_eq(commands, 1);
}

START_TEST(hardware_is_moved_and_results_are_told_without_memory)
{
    struct bench bench;
    struct omsp_tsp_message out;
    ITStreamControl *control;
    IEnumStream *streams;
    ITStream *render;
    ITTerminalSupport *support;
    ITMultiTrackTerminal *file;
    ITTerminal *recorder, *track;
    BSTR class = SysAllocString(L"{521F3D06-C3D0-4511-8617-86B9A783DA77}");

    open_bench(&bench);
    memset(&out, 0, sizeof(out));
    let_hardware_carry(&bench);
    control = kit_query(bench.call, &IID_ITStreamControl);
    ck_assert_hr(control->lpVtbl->EnumerateStreams(control, &streams), S_OK);
    ck_assert_hr(streams->lpVtbl->Skip(streams, 1), S_OK);
    ck_assert_hr(streams->lpVtbl->Next(streams, 1, &render, NULL), S_OK);
    support = kit_query(bench.address, &IID_ITTerminalSupport);
    ck_assert_hr(support->lpVtbl->CreateTerminal(support, class, 8, TD_RENDER, &recorder), S_OK);
    file = kit_query(recorder, &IID_ITMultiTrackTerminal);
    ck_assert_hr(file->lpVtbl->CreateTrackTerminal(file, 8, TD_RENDER, &track), S_OK);
    ck_assert_hr(render->lpVtbl->SelectTerminal(render, track), S_OK);

    send_without_memory(&bench, OMSP_TSP_CONNECT, 2, OMSP_TSP_RUNNING);
    send_without_memory(&bench, OMSP_TSP_DISCONNECT, 3, OMSP_TSP_STOPPED);
    SysFreeString(class);
    kit_release(track);
    kit_release(file);
    kit_release(recorder);
    kit_release(support);
    kit_release(render);
    kit_release(streams);
    kit_release(control);
    close_bench(&bench);
}
END_TEST

/* ---- interfaces in events -------------------------------------------------------------------- */

START_TEST(call_events_carry_counted_interfaces_that_are_the_streams_own)
{
    struct bench bench;
    IOpenMSPCall *open;
    ITTerminalSupport *support;
    ITMultiTrackTerminal *file;
    ITStreamControl *control;
    IEnumStream *enumerator;
    ITStream *streams[2];
    ITTerminal *recorder, *track;
    MSP_EVENT_INFO info;
    DWORD size = sizeof(info);
    BSTR class = SysAllocString(L"{521F3D06-C3D0-4511-8617-86B9A783DA77}"),
         peer = SysAllocString(L"127.0.0.1:30998");
    ULONG fetched;
    HRESULT hr;

    open_bench(&bench);
    open = kit_query(bench.call, &IID_IOpenMSPCall);
    control = kit_query(bench.call, &IID_ITStreamControl);
    support = kit_query(bench.address, &IID_ITTerminalSupport);
    ck_assert_hr(support->lpVtbl->CreateTerminal(support, class, 8, TD_RENDER, &recorder), S_OK);
    file = kit_query(recorder, &IID_ITMultiTrackTerminal);
    ck_assert_hr(file->lpVtbl->CreateTrackTerminal(file, 8, TD_RENDER, &track), S_OK);
    ck_assert_hr(control->lpVtbl->EnumerateStreams(control, &enumerator), S_OK);
    ck_assert_hr(enumerator->lpVtbl->Next(enumerator, 2, streams, &fetched), S_OK);
    ck_assert_hr(streams[1]->lpVtbl->SelectTerminal(streams[1], track), S_OK);
    ck_assert_hr(IOpenMSPCall_SetPeer(open, peer, 0), S_OK);

    /* Other events may stand in between. */
    for (;;) {
        size = sizeof(info);
        hr = get(&bench, &size, &info);
        ck_assert_hr(hr, S_OK);
        ck_assert_uint_eq(size, sizeof(info));
        ck_assert_uint_eq(info.dwSize, sizeof(info));
        if (info.Event == ME_CALL_EVENT)
            break;
        ck_assert_int_eq(info.Event, ME_FILE_TERMINAL_EVENT);
        if (info.MSP_FILE_TERMINAL_EVENT_INFO.pParentFileTerminal)
            kit_release(info.MSP_FILE_TERMINAL_EVENT_INFO.pParentFileTerminal);
        if (info.MSP_FILE_TERMINAL_EVENT_INFO.pFileTrack)
            kit_release(info.MSP_FILE_TERMINAL_EVENT_INFO.pFileTrack);
    }
    ck_assert_ptr_eq(info.hCall, TOKEN);
    ck_assert_int_eq(info.MSP_CALL_EVENT_INFO.Type, CALL_STREAM_ACTIVE);
    ck_assert_int_eq(info.MSP_CALL_EVENT_INFO.Cause, CALL_CAUSE_LOCAL_REQUEST);
    ck_assert_hr(info.MSP_CALL_EVENT_INFO.hrError, S_OK);
    ck_assert_ptr_eq(info.MSP_CALL_EVENT_INFO.pStream, streams[1]);
    kit_release(info.MSP_CALL_EVENT_INFO.pStream);
    if (info.MSP_CALL_EVENT_INFO.pTerminal)
        kit_release(info.MSP_CALL_EVENT_INFO.pTerminal);

    ck_assert_hr(streams[1]->lpVtbl->StopStream(streams[1]), S_OK);
    size = sizeof(info);
    ck_assert_hr(get(&bench, &size, &info), S_OK);
    ck_assert_int_eq(info.MSP_CALL_EVENT_INFO.Type, CALL_STREAM_INACTIVE);
    ck_assert_ptr_eq(info.MSP_CALL_EVENT_INFO.pStream, streams[1]);
    kit_release(info.MSP_CALL_EVENT_INFO.pStream);
    if (info.MSP_CALL_EVENT_INFO.pTerminal)
        kit_release(info.MSP_CALL_EVENT_INFO.pTerminal);

    /* One that stays undelivered must not leak either. */
    ck_assert_hr(streams[1]->lpVtbl->StartStream(streams[1]), S_OK);
    kit_release(track);
    kit_release(file);
    kit_release(recorder);
    kit_release(streams[0]);
    kit_release(streams[1]);
    kit_release(enumerator);
    kit_release(support);
    kit_release(control);
    kit_release(open);
    SysFreeString(class);
    SysFreeString(peer);
    close_bench(&bench);
}
END_TEST

/* The only event there is: nothing that comes behind it wakes anybody. */
START_TEST(an_event_without_memory_is_signalled_again)
{
    struct bench bench;
    MSP_EVENT_INFO info;
    DWORD size = sizeof(info);

    open_bench(&bench);
    kit_release(make_active(&bench)); /* so that the event has to make it */
    for (int i = 0; i < 3; i++) {
        ck_assert_uint_eq(WaitForSingleObject(bench.event, 20000), WAIT_OBJECT_0);
        ResetEvent(bench.event);
        omsp_test_fail_allocs_from(0);
        ck_assert_hr(get(&bench, &size, &info), E_OUTOFMEMORY);
        omsp_test_allow_alloc();
    }
    ck_assert_uint_eq(WaitForSingleObject(bench.event, 20000), WAIT_OBJECT_0);
    ck_assert_hr(get(&bench, &size, &info), S_OK);
    ck_assert_int_eq(info.Event, ME_CALL_EVENT);
    ck_assert_int_eq(info.MSP_CALL_EVENT_INFO.Type, CALL_STREAM_ACTIVE);
    drop(info.MSP_CALL_EVENT_INFO.pStream);
    drop(info.MSP_CALL_EVENT_INFO.pTerminal);
    close_bench(&bench);
}
END_TEST

/* ---- races ----------------------------------------------------------------------------------- */

struct race {
    struct bench *bench;
    _Atomic(LONG) stop;
};

static DWORD WINAPI drain(void *arg)
{
    struct race *race = arg;

    while (!race->stop) {
        union {
            MSP_EVENT_INFO info;
            BYTE bytes[256];
        } room;
        DWORD size = sizeof(room);
        HRESULT hr = get(race->bench, &size, &room);

        ck_assert(hr == S_OK || hr == TAPI_E_NOEVENT || hr == E_UNEXPECTED);
    }
    return 0;
}

static DWORD WINAPI speak(void *arg)
{
    struct race *race = arg;

    while (!race->stop) {
        HRESULT hr = tell(race->bench, OMSP_TSP_QUERY_SID, 9);

        ck_assert(hr == S_OK || hr == E_UNEXPECTED || hr == E_INVALIDARG);
    }
    return 0;
}

START_TEST(shutdown_races_with_posting_and_draining)
{
    for (int round = 0; round < 20; round++) {
        struct bench bench;
        struct race race = {&bench, 0};
        HANDLE threads[3];

        open_bench(&bench);
        threads[0] = CreateThread(NULL, 0, drain, &race, 0, NULL);
        threads[1] = CreateThread(NULL, 0, speak, &race, 0, NULL);
        threads[2] = CreateThread(NULL, 0, speak, &race, 0, NULL);
        for (int i = 0; i < 50; i++)
            tell(&bench, OMSP_TSP_QUERY_SID, 1);
        if (round % 2)
            ck_assert_hr(bench.address->lpVtbl->ShutdownMSPCall(bench.address, bench.call), S_OK);
        ck_assert_hr(bench.address->lpVtbl->Shutdown(bench.address), S_OK);
        ResetEvent(bench.event);
        SwitchToThread();
        ck_assert(!is_set(bench.event));
        race.stop = 1;
        ck_assert_uint_eq(WaitForMultipleObjects(3, threads, TRUE, 30000), WAIT_OBJECT_0);
        for (int i = 0; i < 3; i++)
            CloseHandle(threads[i]);
        close_bench(&bench);
    }
}
END_TEST

OMSP_SUITE("get_event", TEST(empty_queue_is_no_event_and_leaves_size_alone),
           TEST(size_query_short_and_exact_buffer), TEST(small_tsp_data_still_fills_the_structure),
           TEST(answers_come_first_in_first_out_and_signal_the_edge),
           TEST(after_shutdown_the_handle_is_left_alone),
           TEST(events_of_a_call_that_is_gone_are_dropped),
           TEST(nothing_is_told_of_a_call_that_was_shut_down_though_its_stream_is_held),
           TEST(a_call_that_its_application_closed_is_shut_down_by_tapi_all_the_same),
           TEST(tsp_configures_offers_and_asks), TEST(hostile_tsp_data_is_invalid_and_unanswered),
           TEST(hardware_is_told_to_move_and_unoffered_operations_are_refused),
           TEST(hardware_is_moved_and_results_are_told_without_memory),
           TEST(call_events_carry_counted_interfaces_that_are_the_streams_own),
           TEST(an_event_without_memory_is_signalled_again),
           TEST(shutdown_races_with_posting_and_draining))
