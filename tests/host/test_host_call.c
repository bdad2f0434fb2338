/*
 * A host as tapi3.dll is, and whole calls with real RTP on loopback: the TSP configures and
 * connects through messages, file terminals play and record, streams are started, paused and
 * stopped, and every change comes through GetEvent.
 */
#include "support/host.h"

#include <stdlib.h>
#include <string.h>

#define FRAME 160 /* samples */
#define BLOCK 80

static void stop_file(struct host *host, struct host_file *file)
{
    ck_assert_hr(ITMediaControl_Stop(file->control), S_OK);
    host_expect_file(host, file, TMS_IDLE, FTEC_NORMAL, S_OK);
}

/* Selected and started, the file event of it seen. */
static void start_file(struct host *host, struct host_file *file, ITStream *stream)
{
    if (stream)
        ck_assert_hr(ITStream_SelectTerminal(stream, file->track), S_OK);
    ck_assert_hr(ITMediaControl_Start(file->control), S_OK);
    host_expect_file(host, file, TMS_ACTIVE, FTEC_NORMAL, S_OK);
}

/* A stream that runs sends silence while its player has nothing: once that much of it came, all
 * that was said before has come. */
static void wait_for_silence(struct host_call *call)
{
    ULONGLONG give_up = GetTickCount64() + HOST_WAIT_MS;
    struct omsp_tsp_stats stats = host_stats(call);
    unsigned long long enough = HOST_COUNT(stats.frames_recorded) + 20;

    while (HOST_COUNT(stats.frames_recorded) < enough && GetTickCount64() < give_up)
        stats = host_stats(call);
    ck_assert(HOST_COUNT(stats.frames_recorded) >= enough);
}

/* All of it, without a change, between silence. Where the process stood still for a while the media
 * clock went on, and there is a gap in the middle; a gap may cost the blocks beside it. */
static void expect_heard(const WCHAR *name, const short *said, size_t samples)
{
    size_t count, at = 0, gaps = 0, missing = 0;
    short *heard = host_read_wav(name, &count);

    while (at < count && !heard[at])
        at++;
    for (size_t i = 0; i < samples; i += BLOCK) {
        size_t found = at;

        while (found + BLOCK <= count && memcmp(heard + found, said + i, BLOCK * sizeof(short)))
            found++;
        if (found + BLOCK > count) {
            missing++;
            continue;
        }
        gaps += found != at;
        at = found + BLOCK;
    }
    ck_assert_msg(missing <= 4 * gaps && gaps <= 8, "%u blocks of %u missing, %u gaps",
                  (unsigned)missing, (unsigned)(samples / BLOCK), (unsigned)gaps);
    for (; at < count; at++)
        ck_assert_int_eq(heard[at], 0);
    free(heard);
}

START_TEST(two_calls_talk_through_messages_and_files)
{
    enum { SAMPLES = 96 * FRAME };
    static short said[2][SAMPLES];
    static const WCHAR *const said_names[] = {L"said-a.wav", L"said-b.wav"};
    static const WCHAR *const heard_names[] = {L"heard-by-b.wav", L"heard-by-a.wav"};
    struct host *host = host_open(true);
    struct host_call *calls[2];
    struct host_file players[2], recorders[2];

    for (unsigned i = 0; i < 2; i++) {
        calls[i] = host_call_open(host, TAPIMEDIATYPE_AUDIO);
        host_configure(calls[i], i ? 30 : 20, OMSP_TSP_KEEP_TIMEOUT);
        host_write_wav(said_names[i], i + 1, SAMPLES, said[i]);
        host_player(host, said_names[i], &players[i]);
        host_recorder(host, heard_names[i], &recorders[i]);
    }
    /* Selected before the call is connected: streams start by themselves then. */
    for (unsigned i = 0; i < 2; i++) {
        ck_assert_hr(ITStream_SelectTerminal(calls[i]->streams[HOST_CAPTURE], players[i].track),
                     S_OK);
        start_file(host, &recorders[1 - i], calls[i]->streams[HOST_RENDER]);
    }
    host_connect(calls[0], calls[1]);
    for (unsigned i = 0; i < 2; i++) {
        int first = host_next(calls[i], ME_CALL_EVENT).direction;

        calls[i]->seen[ME_CALL_EVENT] = 0;
        host_expect(calls[i], first, CALL_STREAM_ACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK);
        host_expect(calls[i], 1 - first, CALL_STREAM_ACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK);
        host_expect_nothing(calls[i]);
    }
    for (unsigned i = 0; i < 2; i++)
        start_file(host, &players[i], NULL);
    for (unsigned i = 0; i < 2; i++)
        host_expect_file(host, &players[i], TMS_IDLE, FTEC_END_OF_FILE, S_OK);
    for (unsigned i = 0; i < 2; i++)
        wait_for_silence(calls[i]);
    for (unsigned i = 0; i < 2; i++) {
        struct omsp_tsp_stats stats = host_stats(calls[i]);
        unsigned long long sent = HOST_COUNT(stats.packets_sent),
                           bytes = HOST_COUNT(stats.bytes_sent);

        /* Each sends the packets that the other one wishes (ptime of its description). */
        ck_assert_uint_eq(bytes, sent * (i ? 160 : 240));
        ck_assert_uint_eq(HOST_COUNT(stats.packets_lost), 0);
        ck_assert_uint_eq(HOST_COUNT(stats.packets_rejected), 0);
        ck_assert_uint_eq(OMSP_TSP_GET32(stats.ptime_ms), i ? 20 : 30);
        ck_assert_uint_eq(OMSP_TSP_GET32(stats.codec), 0);
        stop_file(host, &recorders[1 - i]);
    }
    expect_heard(heard_names[0], said[0], SAMPLES);
    expect_heard(heard_names[1], said[1], SAMPLES);

    /* The far end hangs up. */
    for (unsigned i = 0; i < 2; i++) {
        struct omsp_tsp_disconnect reason = {.reason = OMSP_TSP_REASON_REMOTE};
        int first;
        size_t seen;

        host_tell(calls[i], OMSP_TSP_DISCONNECT, &reason, sizeof(reason), OMSP_TSP_OK);
        seen = calls[i]->seen[ME_CALL_EVENT];
        first = host_next(calls[i], ME_CALL_EVENT).direction;
        calls[i]->seen[ME_CALL_EVENT] = seen;
        host_expect(calls[i], first, CALL_STREAM_INACTIVE, CALL_CAUSE_REMOTE_REQUEST, S_OK);
        host_expect(calls[i], 1 - first, CALL_STREAM_INACTIVE, CALL_CAUSE_REMOTE_REQUEST, S_OK);
        host_expect_nothing(calls[i]);
    }
    ck_assert_uint_gt(host->short_buffers, 0); /* the descriptions are longer than the structure */
    for (unsigned i = 0; i < 2; i++) {
        host_file_close(&players[i]);
        host_file_close(&recorders[i]);
        host_call_close(calls[i]);
    }
    host_close(host);
}
END_TEST

/* ---- the matrix ------------------------------------------------------------------------------ */

enum state { STOPPED, PAUSED, RUNNING };
enum method { START, PAUSE, STOP };

static HRESULT invoke(ITStream *stream, enum method method)
{
    return method == START   ? ITStream_StartStream(stream)
           : method == PAUSE ? ITStream_PauseStream(stream)
                             : ITStream_StopStream(stream);
}

/* Carries it out; the event of it, or none, as mspi.md 3.6 has it. */
static void step(struct host_call *call, int direction, enum state *state, enum method method)
{
    enum state to = method == START ? RUNNING : method == PAUSE ? PAUSED : STOPPED;

    ck_assert_hr(invoke(call->streams[direction], method), S_OK);
    if (to == RUNNING && *state != RUNNING)
        host_expect(call, direction, CALL_STREAM_ACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK);
    else if (to != RUNNING && *state == RUNNING)
        host_expect(call, direction, CALL_STREAM_INACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK);
    host_expect_nothing(call);
    *state = to;
}

START_TEST(every_state_meets_every_method_with_its_event)
{
    static const enum method to_state[] = {[STOPPED] = STOP, [PAUSED] = PAUSE, [RUNNING] = START};
    struct host *host = host_open(true);
    struct host_call *a = host_call_open(host, TAPIMEDIATYPE_AUDIO);
    struct host_call *b = host_call_open(host, TAPIMEDIATYPE_AUDIO);
    struct host_file player, recorder;

    host_write_wav(L"matrix.wav", 3, 50 * FRAME, NULL);
    host_player(host, L"matrix.wav", &player);
    host_recorder(host, L"matrix-heard.wav", &recorder);
    host_configure(a, 20, 0);
    host_configure(b, 20, 0);
    host_connect(a, b);
    start_file(host, &recorder, a->streams[HOST_RENDER]);
    host_expect(a, HOST_RENDER, CALL_STREAM_ACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK);
    ck_assert_hr(ITStream_SelectTerminal(a->streams[HOST_CAPTURE], player.track), S_OK);
    host_expect(a, HOST_CAPTURE, CALL_STREAM_ACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK);
    for (int direction = HOST_CAPTURE; direction <= HOST_RENDER; direction++) {
        enum state state = RUNNING;

        for (int from = STOPPED; from <= RUNNING; from++)
            for (int method = START; method <= STOP; method++) {
                step(a, direction, &state, to_state[from]);
                step(a, direction, &state, (enum method)method);
            }
    }
    host_file_close(&player);
    host_file_close(&recorder);
    host_call_close(a);
    host_call_close(b);
    host_close(host);
}
END_TEST

START_TEST(stop_and_start_cycles_alternate_without_end)
{
    enum { CYCLES = 200 };
    struct host *host = host_open(true);
    struct host_call *a = host_call_open(host, TAPIMEDIATYPE_AUDIO);
    struct host_call *b = host_call_open(host, TAPIMEDIATYPE_AUDIO);
    struct host_file recorder;

    host_recorder(host, L"cycles.wav", &recorder);
    host_configure(a, 20, 0);
    host_configure(b, 20, 0);
    host_connect(a, b);
    start_file(host, &recorder, a->streams[HOST_RENDER]);
    host_expect(a, HOST_RENDER, CALL_STREAM_ACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK);
    for (int i = 0; i < CYCLES; i++) {
        ck_assert_hr(ITStream_StopStream(a->streams[HOST_RENDER]), S_OK);
        ck_assert_hr(ITStream_StartStream(a->streams[HOST_RENDER]), S_OK);
    }
    for (int i = 0; i < CYCLES; i++) {
        host_expect(a, HOST_RENDER, CALL_STREAM_INACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK);
        host_expect(a, HOST_RENDER, CALL_STREAM_ACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK);
    }
    host_expect_nothing(a);
    host_file_close(&recorder);
    host_call_close(a);
    host_call_close(b);
    host_close(host);
}
END_TEST

/* ---- the peer ---------------------------------------------------------------------------------
 */

START_TEST(silence_is_a_timeout_and_its_end_a_recovery)
{
    struct host *host = host_open(true);
    struct host_call *a = host_call_open(host, TAPIMEDIATYPE_AUDIO);
    struct host_call *b = host_call_open(host, TAPIMEDIATYPE_AUDIO);
    struct host_file player, recorder;

    host_write_wav(L"long.wav", 4, 6000 * FRAME, NULL); /* two minutes */
    host_player(host, L"long.wav", &player);
    host_recorder(host, L"long-heard.wav", &recorder);
    host_configure(a, 20, 0);
    host_configure(b, 20, 600);
    host_connect(a, b);
    start_file(host, &recorder, b->streams[HOST_RENDER]);
    host_expect(b, HOST_RENDER, CALL_STREAM_ACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK);
    start_file(host, &player, a->streams[HOST_CAPTURE]);
    for (int i = 0; i < 2; i++) {
        struct host_event event;

        ck_assert_hr(ITStream_StopStream(a->streams[HOST_CAPTURE]), S_OK);
        do { /* a loaded machine can be silent for that long by itself */
            event = host_next(b, ME_CALL_EVENT);
            ck_assert_int_eq(event.direction, HOST_RENDER);
            ck_assert_int_eq(event.cause, event.type == CALL_STREAM_INACTIVE
                                              ? CALL_CAUSE_MEDIA_TIMEOUT
                                              : CALL_CAUSE_MEDIA_RECOVERED);
        } while (event.type != CALL_STREAM_INACTIVE);
        ck_assert_hr(ITStream_StartStream(a->streams[HOST_CAPTURE]), S_OK);
        host_expect(b, HOST_RENDER, CALL_STREAM_ACTIVE, CALL_CAUSE_MEDIA_RECOVERED, S_OK);
    }
    host_file_close(&player);
    host_file_close(&recorder);
    host_call_close(a);
    host_call_close(b);
    host_close(host);
}
END_TEST

/* The description with its first "from" replaced. */
static char *changed(const char *sdp, const char *from, const char *to)
{
    const char *at = strstr(sdp, from);
    char *out = malloc(strlen(sdp) + strlen(to) + 1);

    ck_assert_msg(at != NULL, "no %s in %s", from, sdp);
    sprintf(out, "%.*s%s%s", (int)(at - sdp), sdp, to, at + strlen(from));
    return out;
}

START_TEST(hold_and_resume_are_the_peers_doing)
{
    struct host *host = host_open(true);
    struct host_call *a = host_call_open(host, TAPIMEDIATYPE_AUDIO);
    struct host_call *b = host_call_open(host, TAPIMEDIATYPE_AUDIO);
    struct host_file recorder;
    char *sdp, *held;

    host_recorder(host, L"hold.wav", &recorder);
    host_configure(a, 20, 0);
    host_configure(b, 20, 0);
    start_file(host, &recorder, b->streams[HOST_RENDER]);
    sdp = host_local_sdp(a);
    host_remote_sdp(b, sdp);
    host_expect(b, HOST_RENDER, CALL_STREAM_ACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK);
    held = strstr(sdp, "a=sendrecv") ? changed(sdp, "a=sendrecv", "a=inactive")
                                     : changed(sdp, "m=audio", "a=inactive\r\nm=audio");
    host_remote_sdp(b, held);
    host_expect(b, HOST_RENDER, CALL_STREAM_INACTIVE, CALL_CAUSE_REMOTE_REQUEST, S_OK);
    /* The application's word while held is remembered, and the peer cannot override a Stop. */
    ck_assert_hr(ITStream_StopStream(b->streams[HOST_RENDER]), S_OK);
    host_remote_sdp(b, sdp);
    host_expect_nothing(b);
    ck_assert_hr(ITStream_StartStream(b->streams[HOST_RENDER]), S_OK);
    host_expect(b, HOST_RENDER, CALL_STREAM_ACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK);
    host_remote_sdp(b, held);
    host_expect(b, HOST_RENDER, CALL_STREAM_INACTIVE, CALL_CAUSE_REMOTE_REQUEST, S_OK);
    host_remote_sdp(b, sdp);
    host_expect(b, HOST_RENDER, CALL_STREAM_ACTIVE, CALL_CAUSE_REMOTE_REQUEST, S_OK);
    host_expect_nothing(b);
    free(sdp);
    free(held);
    host_file_close(&recorder);
    host_call_close(a);
    host_call_close(b);
    host_close(host);
}
END_TEST

/* ---- what a transport does not do ------------------------------------------------------------ */

static void configure_hardware(struct host_call *call, unsigned offers)
{
    struct omsp_tsp_configure body;

    memset(&body, 0, sizeof(body));
    body.transport = OMSP_TSP_TRANSPORT_HARDWARE;
    body.offers = (unsigned char)offers;
    OMSP_TSP_PUT32(body.media_timeout_ms, OMSP_TSP_KEEP_TIMEOUT);
    host_tell(call, OMSP_TSP_CONFIGURE, &body, sizeof(body), OMSP_TSP_OK);
}

START_TEST(hardware_does_what_its_tsp_offers)
{
    struct host *host = host_open(true);

    for (unsigned offers = 0; offers < 8; offers++) {
        struct host_call *call = host_call_open(host, TAPIMEDIATYPE_AUDIO);

        configure_hardware(call, offers);
        for (int i = 0; i < 2; i++) {
            ck_assert_hr(ITStream_StartStream(call->streams[i]),
                         offers & OMSP_TSP_OFFER_START ? S_OK : TAPI_E_NOTSUPPORTED);
            ck_assert_hr(ITStream_PauseStream(call->streams[i]),
                         offers & OMSP_TSP_OFFER_PAUSE ? S_OK : TAPI_E_NOTSUPPORTED);
            ck_assert_hr(ITStream_StopStream(call->streams[i]),
                         offers & OMSP_TSP_OFFER_STOP ? S_OK : TAPI_E_NOTSUPPORTED);
        }
        host_expect_nothing(call);
        host_call_close(call);
    }
    host_close(host);
}
END_TEST

/* The next message to the TSP is this command; answers its sequence. */
static unsigned long expect_command(struct host_call *call, unsigned direction, unsigned to)
{
    struct host_event event = host_next(call, ME_TSP_DATA);
    const struct omsp_tsp_header *header = (const void *)event.data;
    const struct omsp_tsp_stream_command *command = (const void *)(header + 1);

    ck_assert_uint_eq(OMSP_TSP_GET16(header->type), OMSP_TSP_STREAM_COMMAND);
    ck_assert_uint_eq(event.size, sizeof(*header) + sizeof(*command));
    ck_assert_uint_eq(command->direction, direction);
    ck_assert_uint_eq(command->to, to);
    return OMSP_TSP_GET32(header->sequence);
}

static void report_state(struct host_call *call, unsigned direction, unsigned state,
                         unsigned long status)
{
    struct omsp_tsp_stream_state body;

    memset(&body, 0, sizeof(body));
    body.direction = (unsigned char)direction;
    body.state = (unsigned char)state;
    OMSP_TSP_PUT32(body.status, status);
    host_send(call, OMSP_TSP_STREAM_STATE, &body, sizeof(body));
}

START_TEST(hardware_is_commanded_and_its_failure_told)
{
    struct host *host = host_open(true);
    struct host_call *call = host_call_open(host, TAPIMEDIATYPE_AUDIO);
    struct host_file recorder;
    ITStream *render = call->streams[HOST_RENDER];

    host_recorder(host, L"hardware.wav", &recorder);
    configure_hardware(call, OMSP_TSP_OFFER_START | OMSP_TSP_OFFER_STOP);
    host_tell(call, OMSP_TSP_CONNECT, NULL, 0, OMSP_TSP_OK);
    ck_assert_hr(ITStream_SelectTerminal(render, recorder.track), S_OK);
    expect_command(call, OMSP_TSP_RENDER, OMSP_TSP_RUNNING);
    host_expect(call, HOST_RENDER, CALL_STREAM_ACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK);
    ck_assert_hr(ITStream_PauseStream(render), TAPI_E_NOTSUPPORTED);
    ck_assert_hr(ITStream_StopStream(render), S_OK);
    expect_command(call, OMSP_TSP_RENDER, OMSP_TSP_STOPPED);
    host_expect(call, HOST_RENDER, CALL_STREAM_INACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK);
    ck_assert_hr(ITStream_StartStream(render), S_OK);
    expect_command(call, OMSP_TSP_RENDER, OMSP_TSP_RUNNING);
    host_expect(call, HOST_RENDER, CALL_STREAM_ACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK);
    report_state(call, OMSP_TSP_RENDER, OMSP_TSP_STOPPED, OMSP_TSP_NODEVICE);
    host_expect(call, HOST_RENDER, CALL_TERMINAL_FAIL, CALL_CAUSE_BAD_DEVICE, TAPI_E_NODEVICE);
    host_expect(call, HOST_RENDER, CALL_STREAM_FAIL, CALL_CAUSE_BAD_DEVICE, TAPI_E_NODEVICE);
    host_expect_nothing(call);
    host_file_close(&recorder);
    host_call_close(call);
    host_close(host);
}
END_TEST

START_TEST(video_is_not_implemented_and_audio_beside_it_is)
{
    struct host *host = host_open(true);
    struct host_call *call = host_call_open(host, TAPIMEDIATYPE_AUDIO | TAPIMEDIATYPE_VIDEO);

    ck_assert_uint_eq(call->stream_count, 4);
    for (int i = 0; i < 4; i++) {
        LONG type;
        HRESULT expected;

        ck_assert_hr(ITStream_get_MediaType(call->streams[i], &type), S_OK);
        ck_assert_int_eq(type, i < 2 ? TAPIMEDIATYPE_AUDIO : TAPIMEDIATYPE_VIDEO);
        expected = i < 2 ? S_OK : E_NOTIMPL;
        ck_assert_hr(ITStream_StartStream(call->streams[i]), expected);
        ck_assert_hr(ITStream_PauseStream(call->streams[i]), expected);
        ck_assert_hr(ITStream_StopStream(call->streams[i]), expected);
    }
    host_expect_nothing(call);
    host_call_close(call);
    host_close(host);
}
END_TEST

OMSP_SUITE("host-call", TEST(two_calls_talk_through_messages_and_files),
           TEST(every_state_meets_every_method_with_its_event),
           TEST(stop_and_start_cycles_alternate_without_end),
           TEST(silence_is_a_timeout_and_its_end_a_recovery),
           TEST(hold_and_resume_are_the_peers_doing), TEST(hardware_does_what_its_tsp_offers),
           TEST(hardware_is_commanded_and_its_failure_told),
           TEST(video_is_not_implemented_and_audio_beside_it_is))
