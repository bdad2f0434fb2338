/*
 * The RTP session: what comes from the network into the render stream's terminals, and from the
 * capture stream's terminals to the network. Here its life, its timer and what control wants; what
 * arrives is session_receive.c's. Not here: what a packet is (media/), whether a stream runs
 * (stream.c).
 *
 * The worker enters by datagrams and one timer. Packets are sent under the session's lock: that is
 * what makes "after StopStream returned, no packet" true, and nobody but this call waits for it.
 */
#include "engine/session.h"

#include "base/alloc.h"
#include "base/arena.h"
#include "engine/session_state.h"

#include <stdio.h>
#include <string.h>

#define RTCP_BANDWIDTH 400 /* bytes a second: 5 % of 64 kbit/s */
#define RATE           8000
#define BIND_ATTEMPTS  32

static void on_closed(void *owner);
static void on_timer(struct omsp_timer *timer, uint64_t now_us);

static uint64_t now_of(struct omsp_session *session)
{
    return session->ports->now_us(session->ports->ctx);
}

/* ---- life ----------------------------------------------------------------------------------- */

static void free_session(struct omsp_session *session)
{
    struct omsp_call *call = session->call;

    omsp_timers_unreserve(&session->worker->timers, &session->timer);
    omsp_turn_cancel(&session->turn);
    omsp_session_free_voices(session);
    omsp_jitter_drop(session->jitter);
    omsp_session_srtp_destroy(session->srtp);
    omsp_lock_destroy(&session->lock);
    omsp_free(session); /* and the jitter buffer with it */
    omsp_call_release(call);
}

static enum omsp_status open_socket(struct omsp_session *session, struct omsp_addr *addr, bool rtcp,
                                    struct omsp_udp **out)
{
    struct omsp_udp init = {
        .owner = session,
        .on_datagram = rtcp ? omsp_session_on_rtcp : omsp_session_on_rtp,
        .on_error = omsp_session_on_error,
        .on_closed = on_closed,
    };
    struct omsp_net_loop *loop = session->worker->loop;
    enum omsp_status status;

    omsp_lock_acquire(&session->lock);
    session->open_sockets++;
    omsp_lock_release(&session->lock);
    status = loop->open(loop, &init, addr, out);
    if (status) {
        omsp_lock_acquire(&session->lock);
        session->open_sockets--;
        omsp_lock_release(&session->lock);
    }
    return status;
}

/* RFC 3550 11: RTP on an even port, RTCP on the next. */
static enum omsp_status bind_pair(struct omsp_session *session, struct omsp_addr *local)
{
    struct omsp_net_loop *loop = session->worker->loop;
    enum omsp_status status = OMSP_ADDRINUSE;

    for (int attempt = 0; attempt < BIND_ATTEMPTS; attempt++) {
        struct omsp_addr rtp_addr = *local, rtcp_addr = *local;
        struct omsp_udp *rtp, *rtcp;

        status = open_socket(session, &rtp_addr, false, &rtp);
        if (status)
            return status;
        rtcp_addr.port = (uint16_t)(rtp_addr.port + 1);
        if (!rtcp_addr.port || (!local->port && rtp_addr.port % 2))
            status = OMSP_ADDRINUSE;
        else
            status = open_socket(session, &rtcp_addr, true, &rtcp);
        if (!status) {
            omsp_lock_acquire(&session->lock);
            session->rtp = rtp;
            session->rtcp = rtcp;
            session->local = rtp_addr;
            omsp_lock_release(&session->lock);
            *local = rtp_addr;
            return OMSP_OK;
        }
        loop->close(rtp);
        if (status != OMSP_ADDRINUSE || local->port)
            return status;
    }
    return status;
}

/* The session and its jitter buffer. */
static struct omsp_session *lay_out(struct omsp_arena *arena)
{
    struct omsp_session *session = omsp_arena_cut(arena, sizeof(*session));
    struct omsp_jitter *jitter = omsp_arena_cut(arena, omsp_jitter_bytes());

    if (session)
        session->jitter = jitter;
    return session;
}

enum omsp_status omsp_session_create(struct omsp_call *call, struct omsp_addr *local,
                                     struct omsp_session **out)
{
    struct omsp_engine *engine = call->address->engine;
    struct omsp_session *session;
    struct omsp_arena arena;
    uint8_t name[8];
    enum omsp_status status;

    omsp_arena_begin(&arena);
    lay_out(&arena);
    status = omsp_arena_make(&arena);
    if (status)
        return status;
    session = lay_out(&arena);
    session->ports = engine->ports;
    session->wall_ahead_us =
        session->ports->wall_us(session->ports->ctx) - (int64_t)now_of(session);
    session->worker = omsp_engine_pick_worker(engine);
    status = omsp_timers_reserve(&session->worker->timers);
    if (status) {
        omsp_free(session);
        return status;
    }
    omsp_jitter_init(session->jitter);
    session->call = call;
    omsp_call_ref(call);
    omsp_lock_init(&session->lock);
    session->timer.fire = on_timer;
    omsp_turn_init(&session->turn, omsp_session_end_turn);
    atomic_init(&session->facts, 0);
    atomic_init(&session->wake_due, false);
    session->event_type = -1;
    omsp_session_sound_init(session);
    omsp_latch_init(&session->latch, 0, 0);
    omsp_rtp_receiver_init(&session->receiver, RATE);
    omsp_telephone_event_init(&session->events, RATE);
    omsp_conceal_init(&session->conceal);
    omsp_rtp_sender_init(&session->sender, RATE, omsp_session_random32(session),
                         (uint16_t)omsp_session_random32(session), omsp_session_random32(session));
    omsp_rtp_receiver_set_own(&session->receiver, session->sender.ssrc);
    session->ports->random(session->ports->ctx, name, sizeof(name));
    for (size_t i = 0; i < sizeof(name); i++)
        snprintf(session->cname + 2 * i, 3, "%02x", name[i]);
    status = bind_pair(session, local);
    if (status) {
        omsp_session_end(session);
        return status;
    }
    *out = session;
    return OMSP_OK;
}

void omsp_session_end(struct omsp_session *session)
{
    struct omsp_udp *rtp, *rtcp;
    bool done;

    omsp_lock_acquire(&session->lock);
    if (session->connected)
        omsp_session_send_report(session, now_of(session), true);
    session->connected = session->send.running = session->receive.running = false;
    session->fork_count = 0;
    session->source_count = 0;
    session->ending = true;
    rtp = session->rtp;
    rtcp = session->rtcp;
    session->rtp = session->rtcp = NULL;
    done = session->open_sockets == 0;
    omsp_lock_release(&session->lock);
    if (rtp)
        rtp->loop->close(rtp);
    if (rtcp)
        rtcp->loop->close(rtcp);
    if (done)
        free_session(session); /* never had a socket, so the worker never saw it */
}

static void on_closed(void *owner)
{
    struct omsp_session *session = owner;
    bool done;

    omsp_lock_acquire(&session->lock);
    session->open_sockets--;
    done = session->ending && session->open_sockets == 0;
    omsp_lock_release(&session->lock);
    if (done)
        free_session(session);
}

/* ---- timer ---------------------------------------------------------------------------------- */

static uint64_t silence_due(const struct omsp_session *session)
{
    if (!session->receive.running || session->silent || !session->timeout_us)
        return UINT64_MAX;
    return session->heard_us + session->timeout_us;
}

static uint64_t next_due(const struct omsp_session *session)
{
    uint64_t due = silence_due(session);
    uint64_t other;

    if (omsp_session_speaks(session) && session->next_send_us < due)
        due = session->next_send_us;
    if (omsp_session_hears(session)) {
        other = omsp_session_mixes(session) ? omsp_session_mix_due(session)
                                            : omsp_jitter_deadline(session->jitter);
        if (other < due)
            due = other;
    }
    other = omsp_session_sources_due(session);
    if (other < due)
        due = other;
    other = omsp_telephone_event_deadline(&session->events);
    if (other < due)
        due = other;
    if (session->connected && session->reports.due_us < due)
        due = session->reports.due_us;
    return due;
}

/* A timer that is armed too early is left: it fires, finds nothing due and is armed anew. That is
 * cheaper than moving it with every packet. */
void omsp_session_rearm(struct omsp_session *session)
{
    uint64_t due = next_due(session);

    if (due == UINT64_MAX || session->ending)
        return;
    if (session->timer_armed && session->timer_due_us <= due)
        return;
    session->timer_armed = true;
    session->timer_due_us = due;
    if (omsp_timers_arm(&session->worker->timers, &session->timer, due))
        atomic_store(&session->wake_due, true);
}

void omsp_session_flush(struct omsp_session *session)
{
    if (atomic_load_explicit(&session->wake_due, memory_order_relaxed) &&
        atomic_exchange(&session->wake_due, false))
        omsp_worker_wake(session->worker);
}

void omsp_session_notice(struct omsp_session *session, unsigned facts)
{
    struct omsp_call *call = session->call;

    atomic_fetch_or(&session->facts, facts);
    omsp_call_ref(call);
    if (omsp_runner_post(&call->address->engine->control, &call->facts) != OMSP_POSTED)
        omsp_call_release(call); /* never the last: the session has one */
}

static void on_timer(struct omsp_timer *timer, uint64_t now_us)
{
    struct omsp_session *session = omsp_container(timer, struct omsp_session, timer);
    struct omsp_telephone_news news;

    omsp_lock_acquire(&session->lock);
    session->timer_armed = false;
    if (!session->ending) {
        if (omsp_session_speaks(session))
            omsp_session_send_due(session, now_us);
        if (omsp_session_hears(session))
            omsp_session_deliver(session, now_us);
        omsp_session_deliver_sources(session, now_us);
        omsp_telephone_event_tick(&session->events, now_us, &news);
        if (silence_due(session) <= now_us) {
            session->silent = true;
            omsp_session_notice(session, OMSP_FACT_SILENT);
        }
        if (session->connected && session->reports.due_us <= now_us &&
            omsp_rtcp_schedule_due(&session->reports, now_us, omsp_session_random32(session)))
            omsp_session_send_report(session, now_us, false);
        omsp_session_rearm(session);
    }
    omsp_lock_release(&session->lock);
}

/* ---- control -------------------------------------------------------------------------------- */

static void begin_sending(struct omsp_session *session, uint64_t now_us)
{
    session->next_send_us = now_us;
    omsp_rtp_sender_pause(&session->sender);
}

static void stop_sending(struct omsp_session *session)
{
    omsp_rtp_sender_pause(&session->sender);
    omsp_session_break_forks(session, NULL, OMSP_TRACK_OUTBOUND);
}

/* After what decides whether anybody speaks was changed. */
static void follow_speakers(struct omsp_session *session, bool spoke, uint64_t now_us)
{
    if (!spoke && omsp_session_speaks(session))
        begin_sending(session, now_us);
    else if (spoke && !omsp_session_speaks(session))
        stop_sending(session);
}

void omsp_session_apply(struct omsp_session *session, const struct omsp_session_params *params)
{
    uint64_t now = now_of(session);
    struct omsp_latch_key key;
    bool spoke;

    omsp_lock_acquire(&session->lock);
    spoke = omsp_session_speaks(session);
    if (!omsp_addr_equal(&params->peer, &session->signalled)) {
        session->signalled = params->peer;
        session->peer = params->peer;
        omsp_session_latch_key(&params->peer, &key);
        omsp_latch_set_peer(&session->latch, &key, now);
    }
    if (omsp_session_srtp_replace(session, params->srtp, now))
        omsp_session_new_ssrc(session);
    session->peer_rtcp = params->rtcp_mux ? session->peer : params->peer_rtcp;
    session->rtcp_mux = params->rtcp_mux;
    session->send_type = params->send_type;
    session->send_alaw = params->send_alaw;
    memset(session->types, OMSP_TYPE_UNKNOWN, sizeof(session->types));
    for (unsigned i = 0; i < params->receive_count; i++)
        if (params->receive[i].type < 128)
            session->types[params->receive[i].type] =
                params->receive[i].alaw ? OMSP_TYPE_ALAW : OMSP_TYPE_ULAW;
    session->event_type = params->event_type;
    if (!params->may_receive)
        omsp_rtp_receiver_pause(&session->receiver); /* what it does not send now is not lost */
    if (!params->may_receive)
        omsp_session_pause_voices(session);
    for (unsigned i = 0; !params->may_receive && i < session->source_count; i++)
        omsp_rtp_receiver_pause(&session->sources[i]->receiver);
    session->ptime_ms = params->ptime_ms;
    session->may_send = params->may_send;
    follow_speakers(session, spoke, now);
    if (!session->connected) {
        session->connected = true;
        omsp_rtcp_schedule_init(&session->reports, RTCP_BANDWIDTH, now,
                                omsp_session_random32(session));
    }
    omsp_session_rearm(session);
    omsp_lock_release(&session->lock);
}

void omsp_session_set_timeout(struct omsp_session *session, unsigned ms)
{
    omsp_lock_acquire(&session->lock);
    session->timeout_us = (uint64_t)ms * 1000;
    omsp_session_rearm(session);
    omsp_lock_release(&session->lock);
}

static void hear_anew(struct omsp_session *session)
{
    omsp_jitter_reset(session->jitter);
    omsp_session_end_mix(session);
}

void omsp_session_run(struct omsp_session *session, enum omsp_direction direction, bool running,
                      struct omsp_terminal *const *terminals, unsigned count)
{
    struct omsp_session_half *half = direction == OMSP_CAPTURE ? &session->send : &session->receive;
    uint64_t now = now_of(session);

    omsp_lock_acquire(&session->lock);
    half->count = count;
    for (unsigned i = 0; i < count; i++)
        half->terminals[i] = terminals[i];
    if (half->running != running) {
        bool before =
            direction == OMSP_CAPTURE ? omsp_session_speaks(session) : omsp_session_hears(session);

        half->running = running;
        if (direction == OMSP_CAPTURE) {
            if (!before)
                begin_sending(session, now);
            else if (!omsp_session_speaks(session))
                stop_sending(session);
        } else {
            /* What supervision noticed was about the run before. */
            atomic_fetch_and(&session->facts, ~(unsigned)(OMSP_FACT_SILENT | OMSP_FACT_HEARD));
            session->silent = false;
            session->heard_us = now;
            if (!before)
                hear_anew(session);
            omsp_conceal_init(&session->conceal);
            half->restart = true;
        }
    }
    omsp_session_rearm(session);
    omsp_lock_release(&session->lock);
}

void omsp_session_feed(struct omsp_session *session, struct omsp_fork *fork, unsigned tracks,
                       struct omsp_session_source *source)
{
    uint64_t now = now_of(session);
    bool heard, spoke;
    unsigned place = 0;

    omsp_lock_acquire(&session->lock);
    heard = omsp_session_hears(session);
    spoke = omsp_session_speaks(session);
    while (place < session->fork_count && session->forks[place] != fork)
        place++;
    if (tracks && place == session->fork_count && place < OMSP_CALL_MAX_TRACKS)
        session->forks[session->fork_count++] = fork;
    else if (!tracks && place < session->fork_count)
        session->forks[place] = session->forks[--session->fork_count];
    for (unsigned track = OMSP_TRACK_INBOUND; track <= OMSP_TRACK_OUTBOUND; track <<= 1)
        if ((fork->flowing ^ tracks) & track ||
            (track == OMSP_TRACK_INBOUND && fork->heard != source))
            omsp_fork_break(fork, track);
    fork->flowing = tracks;
    fork->heard = source;
    if (!heard && omsp_session_hears(session))
        hear_anew(session);
    follow_speakers(session, spoke, now);
    omsp_session_rearm(session);
    omsp_lock_release(&session->lock);
}

unsigned omsp_session_take_facts(struct omsp_session *session)
{
    return atomic_exchange(&session->facts, 0);
}

int omsp_session_take_digit(struct omsp_session *session)
{
    int digit = -1;

    omsp_lock_acquire(&session->lock);
    if (session->digit_count) {
        digit = session->digits[session->digit_first];
        session->digit_first = (session->digit_first + 1) % OMSP_SESSION_DIGITS;
        session->digit_count--;
    }
    omsp_lock_release(&session->lock);
    return digit;
}

void omsp_session_local(struct omsp_session *session, struct omsp_addr *out)
{
    omsp_lock_acquire(&session->lock);
    *out = session->local;
    omsp_lock_release(&session->lock);
}
