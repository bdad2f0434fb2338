/*
 * Lines of the log about calls. Words only: it decides nothing, keeps nothing, and takes no lock.
 */
#include "engine/call_log.h"

#include "base/log.h"
#include "engine/call.h"
#include "engine/fork_state.h"
#include "engine/session.h"

#include <inttypes.h>

enum { ADDRESS_TEXT = 64 };

static const char *pick(const char *const *names, int count, int value)
{
    return value >= 0 && value < count ? names[value] : "?";
}

#define PICK(names, value) pick(names, (int)(sizeof(names) / sizeof((names)[0])), value)

static const char *codec_name(bool alaw)
{
    return alaw ? "PCMA" : "PCMU";
}

void omsp_log_bound(const struct omsp_call *call, const struct omsp_addr *local)
{
    char text[ADDRESS_TEXT];

    if (!omsp_log_wants(OMSP_LOG_INFO))
        return;
    omsp_addr_text(local, text, sizeof(text));
    omsp_log(OMSP_LOG_INFO, "%s: listens on %s", call->sid, text);
}

void omsp_log_connected(const struct omsp_call *call, const struct omsp_session_params *params)
{
    char text[ADDRESS_TEXT];

    if (!omsp_log_wants(OMSP_LOG_INFO))
        return;
    omsp_addr_text(&params->peer, text, sizeof(text));
    omsp_log(OMSP_LOG_INFO, "%s: connected to %s, %s, %u ms, %s%s%s", call->sid,
             params->peer.family ? text : "whoever sends first", codec_name(params->send_alaw),
             params->ptime_ms, params->srtp ? "SRTP" : "RTP",
             params->may_send ? "" : ", not sending", params->may_receive ? "" : ", not receiving");
}

void omsp_log_refused(const struct omsp_call *call, const char *what, enum omsp_status why)
{
    omsp_log(OMSP_LOG_WARNING, "%s: %s is refused: %s", call->sid, what, omsp_status_name(why));
}

void omsp_log_ended(const struct omsp_call *call)
{
    const struct omsp_call_stats *stats = &call->last_stats;

    omsp_log(OMSP_LOG_INFO,
             "%s: ended; received %" PRIu64 ", lost %" PRIu64 ", late %" PRIu64
             ", rejected %" PRIu64 ", sent %" PRIu64,
             call->sid, stats->packets_received, stats->packets_lost, stats->packets_late,
             stats->packets_rejected, stats->packets_sent);
}

void omsp_log_stream(const struct omsp_stream *stream, const struct omsp_event *event)
{
    static const char *const types[] = {"new",      "failed", "a terminal failed",
                                        "not used", "active", "inactive"};
    static const char *const causes[] = {
        "unknown",        "bad device",    "connecting failed", "local request",
        "remote request", "media timeout", "media recovered",   "quality of service"};
    bool bad = event->error != OMSP_OK;

    if (!omsp_log_wants(bad ? OMSP_LOG_WARNING : OMSP_LOG_INFO))
        return;
    omsp_log(bad ? OMSP_LOG_WARNING : OMSP_LOG_INFO, "%s: stream %" PRIu32 " (%s) %s, %s%s%s",
             stream->call->sid, event->stream,
             stream->fork ? stream->fork->sid : omsp_stream_name(stream), PICK(types, event->type),
             PICK(causes, event->cause), bad ? ": " : "",
             bad ? omsp_status_name(event->error) : "");
}

void omsp_log_file(const struct omsp_stream *stream, const struct omsp_event *event)
{
    static const char *const states[] = {"idle", "active", "paused"};
    static const char *const causes[] = {"as asked", "end of file", "read error", "write error"};
    bool bad = event->error != OMSP_OK;

    if (!omsp_log_wants(bad ? OMSP_LOG_WARNING : OMSP_LOG_INFO))
        return;
    omsp_log(bad ? OMSP_LOG_WARNING : OMSP_LOG_INFO, "%s: file terminal %" PRIu32 " %s, %s%s%s",
             stream ? stream->call->sid : "no call", event->terminal, PICK(states, event->type),
             PICK(causes, event->cause), bad ? ": " : "",
             bad ? omsp_status_name(event->error) : "");
}

void omsp_log_device(const char *name, enum omsp_address_event type)
{
    omsp_log(OMSP_LOG_INFO, "device %s: %s", name,
             type == OMSP_TERMINAL_AVAILABLE ? "there" : "gone");
}
