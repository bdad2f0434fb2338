/*
 * How a call reaches its peer: binding, the peer's address, connecting and disconnecting, hardware
 * that carries the media instead, bytes for the TSP. Not here: SDP (call_sdp.c).
 */
#include "engine/call.h"

#include "base/alloc.h"
#include "engine/call_log.h"
#include "engine/fork_state.h"
#include "engine/session.h"

#include <string.h>

const struct omsp_stream_offers omsp_offers_all = {OMSP_OFFERED, OMSP_OFFERED, OMSP_OFFERED};

enum omsp_status omsp_call_set_transport(struct omsp_call *call, enum omsp_transport transport,
                                         struct omsp_stream_offers offers)
{
    enum omsp_status status = OMSP_OK;

    omsp_call_enter(call);
    if (call->shut) {
        status = OMSP_SHUTDOWN;
    } else if (call->state != OMSP_CALL_IDLE) {
        status = OMSP_WRONG_STATE;
    } else {
        call->transport = transport;
        call->offers = transport == OMSP_TRANSPORT_HARDWARE ? offers : omsp_offers_all;
        for (unsigned i = 0; i < call->stream_count; i++)
            if (call->streams[i]->media == OMSP_MEDIA_AUDIO) {
                call->streams[i]->fsm.offers = call->offers;
                omsp_stream_publish(call->streams[i]);
                omsp_substreams_offer(call->streams[i]);
            }
    }
    omsp_call_leave(call);
    return status;
}

enum omsp_status omsp_call_ensure_bound(struct omsp_call *call, struct omsp_addr *local,
                                        bool *fresh)
{
    struct omsp_session *session;
    struct omsp_addr bound_to;
    enum omsp_status status = OMSP_OK;
    bool bound;

    *fresh = false;
    omsp_call_enter(call);
    if (call->shut || call->address->shut)
        status = OMSP_SHUTDOWN;
    bound = call->session != NULL;
    if (!status && !bound)
        call->address->binding++;
    omsp_call_leave(call);
    if (status || bound)
        return status;
    status = omsp_session_create(call, local, &session);
    if (status) {
        session = NULL;
        omsp_log_refused(call, "the local address", status);
    }
    omsp_call_enter(call);
    /* Shutdown waits for this, and the engine with its workers for shutdown. */
    if (!--call->address->binding)
        omsp_cond_broadcast(&call->address->bound);
    if (status) {
        /* nothing to install */
    } else if (call->shut) {
        status = OMSP_SHUTDOWN;
    } else if (!call->session) {
        omsp_session_set_timeout(session, call->media_timeout_ms);
        omsp_session_set_interval(session, call->quality_interval_ms);
        call->session = session;
        session = NULL;
        *fresh = true;
        omsp_session_local(call->session, &bound_to);
        omsp_log_bound(call, &bound_to);
    }
    omsp_call_leave(call);
    if (session)
        omsp_session_end(session); /* somebody else was faster */
    return status;
}

enum omsp_status omsp_call_bind(struct omsp_call *call, struct omsp_addr *local)
{
    bool fresh;
    enum omsp_status status = omsp_call_ensure_bound(call, local, &fresh);

    return !status && !fresh ? OMSP_WRONG_STATE : status;
}

/* Address lock. Media streams that somebody started since the call was disconnected. A terminal's
 * come by themselves, with its streams. */
static void start_forks(struct omsp_call *call)
{
    for (unsigned i = 0; i < call->fork_count; i++) {
        struct omsp_stream *stream = call->forks[i];

        if (stream->fork->over && !stream->fork->of_terminal &&
            stream->fsm.desired != OMSP_WANT_STOP)
            omsp_fork_follow(stream);
    }
}

void omsp_call_apply(struct omsp_call *call, const struct omsp_session_params *params,
                     enum omsp_cause cause)
{
    call->state = OMSP_CALL_CONNECTED;
    call->negotiated = true;
    omsp_log_connected(call, params);
    omsp_session_apply(call->session, params);
    omsp_call_feed(call, OMSP_CAPTURE, params->may_send ? OMSP_IN_READY : OMSP_IN_NOT_READY, cause);
    omsp_call_feed(call, OMSP_RENDER, params->may_receive ? OMSP_IN_READY : OMSP_IN_NOT_READY,
                   cause);
    start_forks(call);
}

static bool is_unspecified(const struct omsp_addr *addr)
{
    static const uint8_t zero[sizeof(addr->ip)];

    return memcmp(addr->ip, zero, sizeof(zero)) == 0;
}

static const struct omsp_addr loopback = {.family = 4, .ip = {127, 0, 0, 1}};

bool omsp_call_can_reach(const struct omsp_call *call, const struct omsp_addr *peer)
{
    struct omsp_addr local = loopback; /* what the first need binds to */

    if (call->session)
        omsp_session_local(call->session, &local);
    return is_unspecified(peer) || peer->family == local.family;
}

/* Address lock. A peer that is told has no keys. */
static enum omsp_status may_have(const struct omsp_call *call, const struct omsp_addr *peer)
{
    if (call->shut)
        return OMSP_SHUTDOWN;
    if (!omsp_call_can_reach(call, peer))
        return OMSP_INVALID;
    return call->security == OMSP_SECURITY_REQUIRED ? OMSP_BAD_MEDIA : OMSP_OK;
}

enum omsp_status omsp_call_set_peer(struct omsp_call *call, const struct omsp_addr *peer,
                                    uint8_t codec)
{
    struct omsp_addr local = loopback;
    struct omsp_session_params params = {.peer = *peer, .peer_rtcp = *peer};
    enum omsp_status status;
    bool fresh;

    if (codec != OMSP_TYPE_PCMU && codec != OMSP_TYPE_PCMA)
        return OMSP_NO_CODEC;
    if (!peer->family || !peer->port)
        return OMSP_INVALID;
    omsp_call_enter(call);
    status = may_have(call, peer);
    omsp_call_leave(call);
    if (!status)
        status = omsp_call_ensure_bound(call, &local, &fresh);
    if (status)
        return status;
    params.peer_rtcp.port = (uint16_t)(peer->port + 1);
    if (is_unspecified(peer))
        params.peer.family = params.peer_rtcp.family = 0; /* whoever sends first */
    params.may_send = params.may_receive = true;
    params.send_type = codec;
    params.send_alaw = codec == OMSP_TYPE_PCMA;
    params.receive[0].type = OMSP_TYPE_PCMU;
    params.receive[1].type = OMSP_TYPE_PCMA;
    params.receive[1].alaw = true;
    params.receive_count = 2;
    params.event_type = 101; /* what everybody uses when nothing was negotiated */
    omsp_call_enter(call);
    status = may_have(call, peer);
    if (!status) {
        params.ptime_ms = call->ptime_ms;
        omsp_call_apply(call, &params, OMSP_CAUSE_LOCAL_REQUEST);
    }
    omsp_call_leave(call);
    return status;
}

enum omsp_status omsp_call_connect(struct omsp_call *call)
{
    enum omsp_status status = OMSP_OK;

    omsp_call_enter(call);
    if (call->shut) {
        status = OMSP_SHUTDOWN;
    } else if (call->transport == OMSP_TRANSPORT_RTP && !call->negotiated) {
        status = OMSP_WRONG_STATE; /* no remote description yet, and no peer */
    } else {
        call->state = OMSP_CALL_CONNECTED;
        omsp_call_feed(call, OMSP_CAPTURE, OMSP_IN_READY, OMSP_CAUSE_LOCAL_REQUEST);
        omsp_call_feed(call, OMSP_RENDER, OMSP_IN_READY, OMSP_CAUSE_LOCAL_REQUEST);
        start_forks(call);
    }
    omsp_call_leave(call);
    return status;
}

enum omsp_status omsp_call_disconnect(struct omsp_call *call, enum omsp_cause cause)
{
    enum omsp_status status = OMSP_OK;

    omsp_call_enter(call);
    if (call->shut) {
        status = OMSP_SHUTDOWN;
    } else if (call->state == OMSP_CALL_CONNECTED) {
        call->state = OMSP_CALL_DISCONNECTED;
        omsp_call_feed(call, OMSP_CAPTURE, OMSP_IN_NOT_READY, cause);
        omsp_call_feed(call, OMSP_RENDER, OMSP_IN_NOT_READY, cause);
        /* The far end of a call is its media streams' end: a later connect starts those alone
         * that somebody has started again. */
        for (unsigned i = 0; i < call->fork_count; i++) {
            omsp_stream_input(call->forks[i], OMSP_IN_NOT_READY, cause);
            call->forks[i]->fsm.desired = OMSP_WANT_STOP;
            omsp_fork_follow(call->forks[i]);
        }
    }
    omsp_call_leave(call);
    return status;
}

static enum omsp_status post_to_tsp(struct omsp_call *call, const struct omsp_event *event)
{
    enum omsp_status status = omsp_address_post(call->address, event);

    omsp_address_signal(call->address);
    return status;
}

enum omsp_status omsp_call_post_tsp_data(struct omsp_call *call, const void *data, uint32_t len)
{
    struct omsp_event event = {.kind = OMSP_EVENT_TSP_DATA, .call = call->id};
    struct omsp_blob *blob = omsp_alloc(sizeof(*blob) + len);

    if (!blob)
        return OMSP_NOMEM;
    blob->len = len;
    memcpy(blob->data, data, len);
    event.blob = blob;
    return post_to_tsp(call, &event);
}

enum omsp_status omsp_call_post_tsp_words(struct omsp_call *call, uint16_t type, uint32_t sequence,
                                          uint32_t first, uint32_t second)
{
    struct omsp_event event = {.kind = OMSP_EVENT_TSP_DATA,
                               .type = type,
                               .call = call->id,
                               .words = {first, second},
                               .detail = sequence};

    return post_to_tsp(call, &event);
}

enum omsp_status omsp_call_post_detail(struct omsp_call *call, uint32_t detail)
{
    struct omsp_event event = {.kind = OMSP_EVENT_PRIVATE,
                               .type = OMSP_PRIVATE_TERMINAL,
                               .call = call->id,
                               .detail = detail};
    enum omsp_status status = OMSP_SHUTDOWN;

    omsp_call_enter(call); /* none after the call's end */
    if (!call->shut)
        status = omsp_address_post(call->address, &event);
    omsp_call_leave(call);
    return status;
}

void omsp_call_set_hardware(struct omsp_call *call, omsp_hardware_fn fn, void *ctx)
{
    omsp_call_enter(call);
    call->hardware = fn;
    call->hardware_ctx = ctx;
    omsp_call_leave(call);
}

enum omsp_status omsp_call_hardware_report(struct omsp_call *call, enum omsp_direction direction,
                                           enum omsp_actual state, enum omsp_status status)
{
    enum omsp_status answer = OMSP_OK;

    omsp_call_enter(call);
    if (call->shut)
        answer = OMSP_SHUTDOWN;
    else if (call->transport != OMSP_TRANSPORT_HARDWARE)
        answer = OMSP_WRONG_STATE;
    else if (direction != OMSP_CAPTURE && direction != OMSP_RENDER)
        answer = OMSP_BAD_DIRECTION;
    else if (status)
        omsp_call_break(call, direction, status, OMSP_CAUSE_BAD_DEVICE);
    else if (state == OMSP_RUNNING)
        omsp_call_feed(call, direction, OMSP_IN_READY, OMSP_CAUSE_REMOTE_REQUEST);
    else if (state == OMSP_STOPPED)
        omsp_call_feed(call, direction, OMSP_IN_NOT_READY, OMSP_CAUSE_REMOTE_REQUEST);
    omsp_call_leave(call);
    return answer;
}
