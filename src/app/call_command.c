/*
 * `openmsp call`: creates the call as an application without TSP does, selects terminals on its
 * streams, connects, carries out the script, and tells what happened. Main thread.
 */
#include "app/call_command.h"

#include "app/describe.h"
#include "app/hosted_call.h"
#include "app/media.h"
#include "app/pcm.h"
#include "app/provider.h"
#include "app/report.h"
#include "app/sink.h"

#include <string.h>

#define EVENTS_QUIET_MS 100 /* after the end: no event for this long, and none will come */

struct call {
    struct provider provider;
    ITTAPIEventNotification *sink;
    HANDLE event_came;
    IConnectionPoint *point;
    DWORD cookie;
    struct hosted_call hosted;
    struct pcm_pipe *pcm[2];
};

#define RELEASE(pointer)                                                                           \
    do {                                                                                           \
        if (pointer)                                                                               \
            IUnknown_Release((IUnknown *)(pointer));                                               \
        (pointer) = NULL;                                                                          \
    } while (0)

/* ---- opening -------------------------------------------------------------------------------- */

static bool failed(HRESULT hr, const char *what, const wchar_t *subject)
{
    if (FAILED(hr))
        report_error(what, subject, hr);
    return FAILED(hr);
}

static bool connect(struct call *call, const struct options *options)
{
    if (options->peer)
        return !failed(hosted_call_connect(&call->hosted, options->peer, options->payload_type),
                       "--peer", options->peer);
    if (options->srtp &&
        failed(describe_srtp(call->hosted.call, options->srtp), "--srtp", options->srtp))
        return false;
    return !failed(describe_remote(call->hosted.call, options->remote_sdp), "--remote-sdp",
                   options->remote_sdp) &&
           (!options->local_sdp || !failed(describe_local(call->hosted.call, options->local_sdp),
                                           "--local-sdp", options->local_sdp));
}

/* Where to receive when nobody said: this machine, by the protocol that the far end has. */
static const wchar_t *default_local(const struct options *options)
{
    return options->peer && *options->peer == '[' ? L"[::1]" : L"127.0.0.1";
}

/* Everything up to the connected call; false: told why on standard error. */
static bool open_call(struct call *call, const struct options *options, HANDLE quit)
{
    const wchar_t *local = options->listen ? options->listen : default_local(options);

    if (failed(provider_open(&call->provider), "openmsp.dll cannot be loaded", NULL))
        return false;
    call->event_came = CreateEventW(NULL, FALSE, FALSE, NULL);
    if (failed(sink_create(call->event_came, &call->sink), "events", NULL) ||
        failed(sink_advise((IUnknown *)call->provider.address, call->sink, &call->point,
                           &call->cookie),
               "events", NULL))
        return false;
    if (!media_configure(call->provider.address, &options->media))
        return false;
    if (failed(hosted_call_open(&call->hosted, call->provider.address, local), "--listen", local))
        return false;
    if (options->play &&
        failed(hosted_call_play(&call->hosted, options->play), "--play", options->play))
        return false;
    if (options->record &&
        failed(hosted_call_record(&call->hosted, options->record), "--record", options->record))
        return false;
    if (options->mic && failed(hosted_call_device(&call->hosted, TD_CAPTURE, options->mic_name),
                               "--mic", options->mic_name))
        return false;
    if (options->speaker &&
        failed(hosted_call_device(&call->hosted, TD_RENDER, options->speaker_name), "--speaker",
               options->speaker_name))
        return false;
    if (options->stdin_pcm && failed(pcm_open(&call->hosted, TD_CAPTURE, (LONG)options->pcm_rate,
                                              quit, &call->pcm[TD_CAPTURE]),
                                     "--stdin-pcm", NULL))
        return false;
    if (options->stdout_pcm && failed(pcm_open(&call->hosted, TD_RENDER, (LONG)options->pcm_rate,
                                               quit, &call->pcm[TD_RENDER]),
                                      "--stdout-pcm", NULL))
        return false;
    hosted_call_tell_ready(&call->hosted);
    return media_serve(call->provider.address, &options->media) && connect(call, options) &&
           media_begin(call->hosted.call, &options->media);
}

/* Ends the media; what that brings about is still told. */
static void end_call(struct call *call)
{
    hosted_call_end(&call->hosted);
    for (int i = 0; i < 2; i++) {
        pcm_close(call->pcm[i]);
        call->pcm[i] = NULL;
    }
    while (call->point && WaitForSingleObject(call->event_came, EVENTS_QUIET_MS) == WAIT_OBJECT_0)
        ;
    if (call->point)
        sink_unadvise(call->point, call->cookie);
    call->point = NULL;
}

static void close_call(struct call *call)
{
    end_call(call);
    RELEASE(call->sink);
    hosted_call_close(&call->hosted);
    if (call->provider.address)
        provider_close(&call->provider);
    if (call->event_came)
        CloseHandle(call->event_came);
}

/* ---- running -------------------------------------------------------------------------------- */

static bool read_stats(struct call *call, struct report_stats *stats)
{
    IOpenMSPStatistics *from;

    memset(stats, 0, sizeof(*stats));
    if (FAILED(IOpenMSPCall_get_Statistics(call->hosted.call, &from)))
        return false;
    IOpenMSPStatistics_get_PacketsReceived(from, &stats->packets_received);
    IOpenMSPStatistics_get_BytesReceived(from, &stats->bytes_received);
    IOpenMSPStatistics_get_PacketsSent(from, &stats->packets_sent);
    IOpenMSPStatistics_get_BytesSent(from, &stats->bytes_sent);
    IOpenMSPStatistics_get_PacketsLost(from, &stats->packets_lost);
    IOpenMSPStatistics_get_PacketsLate(from, &stats->packets_late);
    IOpenMSPStatistics_get_PacketsDuplicate(from, &stats->packets_duplicate);
    IOpenMSPStatistics_get_PacketsReordered(from, &stats->packets_reordered);
    IOpenMSPStatistics_get_PacketsRejected(from, &stats->packets_rejected);
    IOpenMSPStatistics_get_PacketsForged(from, &stats->packets_forged);
    IOpenMSPStatistics_get_PacketsReplayed(from, &stats->packets_replayed);
    IOpenMSPStatistics_get_JitterMicroseconds(from, &stats->jitter_us);
    IOpenMSPStatistics_get_RoundTripMicroseconds(from, &stats->round_trip_us);
    IOpenMSPStatistics_get_FramesRecorded(from, &stats->frames_recorded);
    IOpenMSPStatistics_get_FramesConcealed(from, &stats->frames_concealed);
    IOpenMSPStatistics_get_FramesPlayed(from, &stats->frames_played);
    IOpenMSPStatistics_Release(from);
    return true;
}

static void do_step(struct call *call, const struct script_step *step)
{
    static const char *const names[] = {"capture", "render"};

    for (int i = 0; i < 2; i++) {
        HRESULT hr;

        if (!(step->stream & (i == TD_CAPTURE ? SCRIPT_CAPTURE : SCRIPT_RENDER)))
            continue;
        if (step->op == SCRIPT_START)
            hr = ITStream_StartStream(call->hosted.streams[i]);
        else if (step->op == SCRIPT_STOP)
            hr = ITStream_StopStream(call->hosted.streams[i]);
        else
            hr = ITStream_PauseStream(call->hosted.streams[i]);
        report_result(script_op_name(step->op), names[i], hr);
    }
}

/* Waits until `until` (tick count) with the meter going; true when told to quit. */
static bool wait_until(struct call *call, HANDLE quit, ULONGLONG began, ULONGLONG until)
{
    for (;;) {
        ULONGLONG now = GetTickCount64();
        struct report_stats stats;
        DWORD step = 1000;

        if (now >= until)
            return false;
        if (until - now < step)
            step = (DWORD)(until - now);
        if (WaitForSingleObject(quit, step) == WAIT_OBJECT_0)
            return true;
        if (read_stats(call, &stats))
            report_meter(&stats, (double)(GetTickCount64() - began) / 1000);
    }
}

static void run(struct call *call, const struct options *options, HANDLE quit)
{
    ULONGLONG began = GetTickCount64(), end = ~0ULL;

    if (options->seconds > 0)
        end = began + (ULONGLONG)(options->seconds * 1000);
    for (unsigned i = 0; i < options->script.count; i++) {
        const struct script_step *step = &options->script.steps[i];

        if (step->op == SCRIPT_QUIT)
            return;
        if (step->op == SCRIPT_WAIT) {
            ULONGLONG until = GetTickCount64() + step->wait_ms;

            if (wait_until(call, quit, began, until < end ? until : end) || GetTickCount64() >= end)
                return;
        } else {
            do_step(call, step);
        }
    }
    wait_until(call, quit, began, end);
}

int call_command(const struct options *options, HANDLE quit)
{
    struct call call;
    struct report_stats stats;
    bool ok;

    memset(&call, 0, sizeof(call));
    report_open(options->json, options->stdout_pcm);
    ok = open_call(&call, options, quit);
    if (ok)
        run(&call, options, quit);
    if (ok) {
        end_call(&call);
        if (read_stats(&call, &stats))
            report_stats(&stats);
    }
    close_call(&call);
    return ok ? 0 : 1;
}
