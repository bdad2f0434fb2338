/*
 * Devices that are pulled out while they run, and devices that do not come back from being closed
 * while the address is shut down, once and once more.
 */
#include "msp/media_kit.h"
#include "msp/sink_kit.h"

#include "port/audio.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PATIENCE     30000
#define AT_MOST_MS   2000

/* ---- devices that are pulled out ------------------------------------------------------------- */

/* Two devices of the test's own that open, and are silent. */
static struct {
    struct omsp_audio port;
    struct omsp_audio_watch watch;
    bool there;
    struct omsp_audio_stream *streams[2]; /* open ones */
    HANDLE closing, gate;                 /* not NULL: set while one is closed, which waits */
} sound;

static const struct omsp_audio_device devices[] = {
    {.id = "mic", .name = "mic", .flow = OMSP_AUDIO_CAPTURE, .is_default = true},
    {.id = "speaker", .name = "speaker", .flow = OMSP_AUDIO_RENDER, .is_default = true}};

static unsigned sound_list(struct omsp_audio *audio, struct omsp_audio_device *out, unsigned room)
{
    (void)audio;
    for (unsigned i = 0; sound.there && i < COUNT(devices) && i < room; i++)
        out[i] = devices[i];
    return sound.there ? COUNT(devices) : 0;
}

static enum omsp_status sound_open(struct omsp_audio *audio, const char *id,
                                   const struct omsp_audio_stream *init,
                                   struct omsp_audio_stream **out)
{
    struct omsp_audio_stream *stream;

    if (!sound.there)
        return OMSP_NODEVICE;
    stream = malloc(sizeof(*stream));
    ck_assert_ptr_nonnull(stream);
    *stream = *init;
    stream->audio = audio;
    stream->rate = 8000;
    sound.streams[strcmp(id, "mic") != 0] = stream;
    *out = stream;
    return OMSP_OK;
}

static void sound_close(struct omsp_audio_stream *stream)
{
    if (sound.gate) {
        SetEvent(sound.closing);
        WaitForSingleObject(sound.gate, PATIENCE);
    }
    for (int i = 0; i < 2; i++)
        if (sound.streams[i] == stream)
            sound.streams[i] = NULL;
    free(stream);
}

static void sound_gain(struct omsp_audio_stream *stream, uint32_t left, uint32_t right)
{
    (void)stream, (void)left, (void)right;
}

static void sound_destroy(struct omsp_audio *audio)
{
    (void)audio;
}

static enum omsp_status sound_create(void *ctx, const struct omsp_audio_watch *watch,
                                     struct omsp_audio **out)
{
    (void)ctx;
    sound.watch = *watch;
    sound.port = (struct omsp_audio){.list = sound_list,
                                     .open = sound_open,
                                     .close = sound_close,
                                     .set_gain = sound_gain,
                                     .destroy = sound_destroy};
    *out = &sound.port;
    return OMSP_OK;
}

static const struct omsp_ports *sound_ports(void)
{
    static struct omsp_ports ports;

    ports = *omsp_system_ports();
    ports.audio_create = sound_create;
    return &ports;
}

/* media_begin on a machine with these two. */
static void sound_begin(struct media *media)
{
    media_begin(media);
    memset(&sound, 0, sizeof(sound));
    sound.there = true;
    msp_engine_configure(sound_ports, NULL);
    kit_release(media->terminals), kit_release(media->open), kit_release(media->msp);
    media->msp = kit_address();
    media->open = kit_query(media->msp, &IID_IOpenMSPAddress);
    media->terminals = kit_query(media->msp, &IID_ITTerminalSupport);
    ck_assert_hr(media->open->lpVtbl->Open(media->open), S_OK);
}

static ITTerminal *default_device(struct media *media, TERMINAL_DIRECTION direction)
{
    ITTerminal *terminal = NULL;

    ck_assert_hr(ITTerminalSupport_GetDefaultStaticTerminal(media->terminals, TAPIMEDIATYPE_AUDIO,
                                                            direction, &terminal),
                 S_OK);
    return terminal;
}

/* The next event, waited for, as the application's list of what it was told. */
static MSP_EVENT_INFO await_event(struct media *media)
{
    ULONGLONG give_up = GetTickCount64() + PATIENCE;
    MSP_EVENT_INFO info = {0};

    while (!media_event(media, &info)) {
        ck_assert_msg(GetTickCount64() < give_up, "no event");
        Sleep(1);
    }
    return info;
}

static void expect_failure(struct media *media, MSP_CALL_EVENT type, ITStream *stream,
                           ITTerminal *terminal)
{
    MSP_EVENT_INFO info = await_event(media);

    ck_assert_int_eq(info.Event, ME_CALL_EVENT);
    ck_assert_int_eq(info.MSP_CALL_EVENT_INFO.Type, type);
    ck_assert_int_eq(info.MSP_CALL_EVENT_INFO.Cause, CALL_CAUSE_BAD_DEVICE);
    ck_assert_hr(info.MSP_CALL_EVENT_INFO.hrError, TAPI_E_NODEVICE);
    ck_assert_ptr_eq(info.MSP_CALL_EVENT_INFO.pStream, stream);
    ck_assert_ptr_eq(info.MSP_CALL_EVENT_INFO.pTerminal, terminal);
    kit_release(info.MSP_CALL_EVENT_INFO.pStream);
    kit_release(info.MSP_CALL_EVENT_INFO.pTerminal);
}

START_TEST(a_device_pulled_out_while_it_runs_is_told_and_may_come_back)
{
    struct media media;
    IOpenMSPCall *call;
    ITStream *streams[2];
    ITTerminal *terminals[2], *back;
    int gone[2] = {0, 0};

    sound_begin(&media);
    call = media_call(&media, TAPIMEDIATYPE_AUDIO);
    for (ULONG i = CAPTURE; i <= RENDER; i++) {
        streams[i] = media_stream(call, i);
        terminals[i] = default_device(&media, i == CAPTURE ? TD_CAPTURE : TD_RENDER);
        ck_assert_hr(ITStream_SelectTerminal(streams[i], terminals[i]), S_OK);
    }
    media_connect(call);
    for (int i = 0; i < 2; i++)
        media_expect(&media, streams[i], CALL_STREAM_ACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK);
    ck_assert_ptr_nonnull(sound.streams[0]);
    ck_assert_ptr_nonnull(sound.streams[1]);

    sound.there = false;
    for (int i = 0; i < 2; i++) {
        struct omsp_audio_stream *stream = sound.streams[i];

        stream->on_lost(stream->owner, OMSP_NODEVICE);
        expect_failure(&media, CALL_TERMINAL_FAIL, streams[i], terminals[i]);
        expect_failure(&media, CALL_STREAM_FAIL, streams[i], terminals[i]);
        ck_assert_int_eq(media_state(terminals[i]), TS_NOTINUSE);
    }
    sound.watch.on_change(sound.watch.owner);
    for (int i = 0; i < 2; i++) {
        MSP_EVENT_INFO info = await_event(&media);

        ck_assert_int_eq(info.Event, ME_ADDRESS_EVENT);
        ck_assert_int_eq(info.MSP_ADDRESS_EVENT_INFO.Type, ADDRESS_TERMINAL_UNAVAILABLE);
        gone[info.MSP_ADDRESS_EVENT_INFO.pTerminal == terminals[1]]++;
        kit_release(info.MSP_ADDRESS_EVENT_INFO.pTerminal);
    }
    ck_assert(gone[0] == 1 && gone[1] == 1);
    /* It is tried, and found to be gone; the stream is there all the same. */
    ck_assert_hr(ITStream_StartStream(streams[CAPTURE]), TAPI_E_NODEVICE);
    expect_failure(&media, CALL_TERMINAL_FAIL, streams[CAPTURE], terminals[CAPTURE]);
    expect_failure(&media, CALL_STREAM_FAIL, streams[CAPTURE], terminals[CAPTURE]);
    ck_assert_hr(ITStream_UnselectTerminal(streams[CAPTURE], terminals[CAPTURE]), S_OK);

    sound.there = true;
    sound.watch.on_change(sound.watch.owner);
    for (int i = 0; i < 2; i++) {
        MSP_EVENT_INFO info = await_event(&media);

        ck_assert_int_eq(info.Event, ME_ADDRESS_EVENT);
        ck_assert_int_eq(info.MSP_ADDRESS_EVENT_INFO.Type, ADDRESS_TERMINAL_AVAILABLE);
        kit_release(info.MSP_ADDRESS_EVENT_INFO.pTerminal);
    }
    back = default_device(&media, TD_CAPTURE);
    ck_assert_ptr_ne(back, terminals[CAPTURE]);
    ck_assert_hr(ITStream_SelectTerminal(streams[CAPTURE], back), S_OK);
    media_expect(&media, streams[CAPTURE], CALL_STREAM_ACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK);
    kit_release(back);
    for (int i = 0; i < 2; i++)
        kit_release(streams[i]), kit_release(terminals[i]);
    kit_release(call);
    media_end(&media);
    ck_assert_ptr_null(sound.streams[0]);
    ck_assert_ptr_null(sound.streams[1]);
}
END_TEST

/* ---- an end that a device holds up ------------------------------------------------------------
 */

struct held {
    struct media media;
    IOpenMSPCall *call;
    ITStream *stream;
    ITTerminal *terminal;
    HANDLE first; /* a thread inside Shutdown */
};

static DWORD WINAPI shut(void *arg)
{
    ITMSPAddress *msp = arg;
    HRESULT hr = msp->lpVtbl->Shutdown(msp);

    return hr == S_OK ? msp_engine_holds() : 0;
}

static HANDLE shut_elsewhere(struct held *held)
{
    HANDLE thread = CreateThread(NULL, 0, shut, held->media.msp, 0, NULL);

    ck_assert_ptr_nonnull(thread);
    return thread;
}

/* The thread ended and what it saw then is so still: nothing was let go afterwards. */
static void expect_shut(HANDLE thread)
{
    DWORD holds;

    ck_assert_uint_eq(WaitForSingleObject(thread, PATIENCE), WAIT_OBJECT_0);
    GetExitCodeThread(thread, &holds);
    ck_assert_uint_eq(holds, msp_engine_holds());
    CloseHandle(thread);
}

static void held_begin(struct held *held)
{
    sound_begin(&held->media);
    held->call = media_call(&held->media, TAPIMEDIATYPE_AUDIO);
    held->stream = media_stream(held->call, RENDER);
    held->terminal = default_device(&held->media, TD_RENDER);
    ck_assert_hr(ITStream_SelectTerminal(held->stream, held->terminal), S_OK);
    media_connect(held->call);
    sound.closing = CreateEventW(NULL, TRUE, FALSE, NULL);
    sound.gate = CreateEventW(NULL, TRUE, FALSE, NULL);
}

static void held_shut(struct held *held)
{
    held->first = shut_elsewhere(held);
    ck_assert_uint_eq(WaitForSingleObject(sound.closing, PATIENCE), WAIT_OBJECT_0);
}

static void held_end(struct held *held)
{
    expect_shut(held->first);
    CloseHandle(sound.closing), CloseHandle(sound.gate);
    sound.gate = NULL;
    kit_release(held->terminal), kit_release(held->stream), kit_release(held->call);
    media_end(&held->media);
}

START_TEST(a_second_shutdown_waits_for_the_first)
{
    struct held held;
    HANDLE second;

    held_begin(&held);
    media_expect(&held.media, held.stream, CALL_STREAM_ACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK);
    held_shut(&held);
    second = shut_elsewhere(&held);
    ck_assert_uint_eq(WaitForSingleObject(second, 100), WAIT_TIMEOUT);
    SetEvent(sound.gate);
    expect_shut(second);
    held_end(&held);
}
END_TEST

START_TEST(a_second_shutdown_does_not_wait_for_ever)
{
    struct held held;
    HANDLE second;
    ULONGLONG began;

    held_begin(&held);
    media_expect(&held.media, held.stream, CALL_STREAM_ACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK);
    held_shut(&held);
    began = GetTickCount64();
    second = shut_elsewhere(&held);
    ck_assert_uint_eq(WaitForSingleObject(second, PATIENCE), WAIT_OBJECT_0);
    ck_assert_uint_ge(GetTickCount64() - began, MSP_STOP_PATIENCE_MS - 100);
    CloseHandle(second);
    SetEvent(sound.gate);
    held_end(&held);
}
END_TEST

static void shut_inside(struct sink *sink, IDispatch *event)
{
    ITMSPAddress *msp = sink->ctx;

    (void)event;
    sink->inside = NULL;
    sink->answer = msp->lpVtbl->Shutdown(msp);
}

/* The first may wait for the sink to come back. */
START_TEST(a_shutdown_from_a_sink_waits_for_no_other)
{
    struct held held;
    struct sink sink;
    ULONGLONG began;

    held_begin(&held);
    sink_init(&sink);
    sink.gate = CreateEventW(NULL, TRUE, FALSE, NULL);
    sink.inside = shut_inside;
    sink.ctx = held.media.msp;
    sink.answer = E_FAIL;
    sink_advise(held.media.msp, &sink);
    ck_assert_hr(ITStream_PauseStream(held.stream), S_OK);
    ck_assert_uint_eq(WaitForSingleObject(sink.entered, PATIENCE), WAIT_OBJECT_0);
    held_shut(&held);
    began = GetTickCount64();
    SetEvent(sink.gate);
    ck_assert_uint_eq(WaitForSingleObject(sink.came, PATIENCE), WAIT_OBJECT_0);
    ck_assert_uint_lt(GetTickCount64() - began, AT_MOST_MS);
    ck_assert_hr(sink.answer, S_OK);
    ck_assert_uint_eq(WaitForSingleObject(held.first, 0), WAIT_TIMEOUT);
    SetEvent(sound.gate);
    held_end(&held);
    sink_fini(&sink);
    CloseHandle(sink.gate);
}
END_TEST

OMSP_SUITE("device_faults", TEST(a_device_pulled_out_while_it_runs_is_told_and_may_come_back),
           TEST(a_second_shutdown_waits_for_the_first),
           TEST(a_second_shutdown_does_not_wait_for_ever),
           TEST(a_shutdown_from_a_sink_waits_for_no_other))
