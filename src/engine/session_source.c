/*
 * One source of a session heard apart from the others: a receiver, a jitter buffer and a
 * concealment of its own for each, bound to an SSRC as one is heard. Not here: the source that is
 * heard when nobody asked for more (session_receive.c), who asks (substream.c). Session lock.
 */
#include "engine/session_state.h"

#include "base/alloc.h"
#include "base/arena.h"

#define RATE      8000
#define SILENT_US OMSP_LATCH_SILENCE_US /* whoever is silent for longer makes room */

/* The source and its jitter buffer. */
static struct omsp_session_source *lay_out(struct omsp_arena *arena)
{
    struct omsp_session_source *source = omsp_arena_cut(arena, sizeof(*source));
    struct omsp_jitter *jitter = omsp_arena_cut(arena, omsp_jitter_bytes());

    if (source)
        source->jitter = jitter;
    return source;
}

enum omsp_status omsp_session_source_create(struct omsp_session_source **out)
{
    struct omsp_session_source *source;
    struct omsp_arena arena;
    enum omsp_status status;

    omsp_arena_begin(&arena);
    lay_out(&arena);
    status = omsp_arena_make(&arena);
    if (status)
        return status;
    source = lay_out(&arena);
    omsp_jitter_init(source->jitter);
    source->half.sound.volume = OMSP_VOLUME_SAME;
    omsp_rtp_receiver_init(&source->receiver, RATE);
    omsp_conceal_init(&source->conceal);
    *out = source;
    return OMSP_OK;
}

void omsp_session_source_destroy(struct omsp_session_source *source)
{
    if (!source)
        return;
    omsp_jitter_drop(source->jitter);
    omsp_free(source); /* and the jitter buffer with it */
}

/* ---- control -------------------------------------------------------------------------------- */

static unsigned place_of(const struct omsp_session *session,
                         const struct omsp_session_source *source)
{
    unsigned place = 0;

    while (place < session->source_count && session->sources[place] != source)
        place++;
    return place;
}

static bool attach(struct omsp_session *session, struct omsp_session_source *source)
{
    if (session->ending)
        return false;
    if (place_of(session, source) < session->source_count)
        return true;
    if (session->source_count == OMSP_STREAM_MAX_SUBSTREAMS)
        return false;
    session->sources[session->source_count++] = source;
    return true;
}

/* Of a source that goes on elsewhere nothing is missing here. */
static void pause_main(struct omsp_session *session, const struct omsp_session_source *source)
{
    if (source->bound)
        omsp_session_voice_left(session, source->ssrc);
    if (source->bound && session->receiver.has_source && session->receiver.ssrc == source->ssrc)
        omsp_rtp_receiver_pause(&session->receiver);
}

void omsp_session_take_source(struct omsp_session *session, struct omsp_session_source *source,
                              bool taken)
{
    omsp_lock_acquire(&session->lock);
    if (attach(session, source) && source->taken != taken) {
        source->taken = taken;
        if (taken)
            pause_main(session, source);
        else
            omsp_rtp_receiver_pause(&source->receiver);
    }
    omsp_lock_release(&session->lock);
}

void omsp_session_run_source(struct omsp_session *session, struct omsp_session_source *source,
                             bool running, struct omsp_terminal *const *terminals, unsigned count)
{
    struct omsp_session_half *half = &source->half;

    omsp_lock_acquire(&session->lock);
    if (attach(session, source)) {
        half->count = count;
        for (unsigned i = 0; i < count; i++)
            half->terminals[i] = terminals[i];
        if (running && !half->running) {
            omsp_jitter_reset(source->jitter);
            omsp_conceal_init(&source->conceal);
            half->restart = true;
        }
        half->running = running;
        omsp_session_rearm(session);
    }
    omsp_lock_release(&session->lock);
}

void omsp_session_count_receiver(const struct omsp_rtp_receiver *receiver,
                                 struct omsp_call_stats *out)
{
    struct omsp_rtp_receiver_stats received;

    omsp_rtp_receiver_get_stats(receiver, &received);
    out->packets_received += received.received;
    out->bytes_received += received.octets;
    out->packets_lost += received.lost;
    out->packets_duplicate += received.duplicates;
    out->packets_reordered += received.reordered;
}

void omsp_session_count_received(const struct omsp_rtp_receiver *receiver,
                                 const struct omsp_jitter *buffer, struct omsp_call_stats *out)
{
    struct omsp_jitter_stats jitter;

    omsp_session_count_receiver(receiver, out);
    omsp_jitter_get_stats(buffer, &jitter);
    out->packets_late += jitter.late;
}

static void add_stats(const struct omsp_session_source *source, struct omsp_call_stats *out)
{
    omsp_session_count_received(&source->receiver, source->jitter, out);
}

void omsp_session_drop_source(struct omsp_session *session, struct omsp_session_source *source)
{
    unsigned place;

    omsp_lock_acquire(&session->lock);
    place = place_of(session, source);
    if (place < session->source_count) {
        add_stats(source, &session->gone);
        for (unsigned i = 0; i < session->fork_count; i++)
            if (session->forks[i]->heard == source)
                session->forks[i]->flowing &= ~(unsigned)OMSP_TRACK_INBOUND;
        session->source_count--;
        for (; place < session->source_count; place++) /* the order is who is bound first */
            session->sources[place] = session->sources[place + 1];
    }
    omsp_lock_release(&session->lock);
}

void omsp_session_add_sources(const struct omsp_session *session, struct omsp_call_stats *out)
{
    out->packets_received += session->gone.packets_received;
    out->bytes_received += session->gone.bytes_received;
    out->packets_lost += session->gone.packets_lost;
    out->packets_late += session->gone.packets_late;
    out->packets_duplicate += session->gone.packets_duplicate;
    out->packets_reordered += session->gone.packets_reordered;
    for (unsigned i = 0; i < session->source_count; i++)
        add_stats(session->sources[i], out);
}

/* ---- media worker --------------------------------------------------------------------------- */

/* Who would rather be bound to a source not heard before: one that never was bound, in the order
 * of their making, then the one whose own source left or fell silent, the longest ago. */
static struct omsp_session_source *free_one(struct omsp_session *session, uint64_t now_us)
{
    struct omsp_session_source *found = NULL;

    for (unsigned i = 0; i < session->source_count; i++) {
        struct omsp_session_source *source = session->sources[i];

        if (!source->bound)
            return source;
        if ((source->left || now_us >= source->heard_us + SILENT_US) &&
            (!found || source->heard_us < found->heard_us))
            found = source;
    }
    return found;
}

struct omsp_session_source *omsp_session_source_of(struct omsp_session *session, uint32_t ssrc,
                                                   uint64_t now_us)
{
    struct omsp_session_source *source = NULL;

    if (!session->source_count || ssrc == session->sender.ssrc)
        return NULL;
    for (unsigned i = 0; i < session->source_count; i++)
        if (session->sources[i]->bound && session->sources[i]->ssrc == ssrc)
            source = session->sources[i];
    if (!source) {
        source = free_one(session, now_us);
        if (!source)
            return NULL;
        source->bound = true;
        source->ssrc = ssrc;
        if (source->taken)
            pause_main(session, source);
    }
    source->left = false;
    source->heard_us = now_us;
    return source->taken ? source : NULL;
}

static void deliver(struct omsp_session *session, struct omsp_session_source *source,
                    uint64_t now_us)
{
    struct omsp_jitter_frame frame;

    while (omsp_jitter_next(source->jitter, now_us, &frame)) {
        if (session->fork_count)
            omsp_session_fork_frame(session, source, &frame, now_us);
        omsp_session_hand_out(session, &source->half, &source->conceal, &frame, now_us);
    }
}

void omsp_session_source_audio(struct omsp_session *session, struct omsp_session_source *source,
                               const struct omsp_jitter_packet *put,
                               const struct omsp_rtp_arrival *arrival, uint64_t now_us)
{
    if (!source->half.running)
        return;
    if (arrival->verdict == OMSP_RTP_FIRST || arrival->verdict == OMSP_RTP_RESYNC) {
        omsp_jitter_reset(source->jitter);
        omsp_session_break_forks(session, source, OMSP_TRACK_INBOUND);
        source->half.restart = true;
    }
    omsp_session_play(session, &source->half, now_us, put);
    omsp_jitter_put(source->jitter, now_us, put);
    deliver(session, source, now_us);
}

void omsp_session_deliver_sources(struct omsp_session *session, uint64_t now_us)
{
    for (unsigned i = 0; i < session->source_count; i++)
        if (session->sources[i]->half.running)
            deliver(session, session->sources[i], now_us);
}

uint64_t omsp_session_sources_due(const struct omsp_session *session)
{
    uint64_t due = UINT64_MAX;

    for (unsigned i = 0; i < session->source_count; i++) {
        uint64_t other = session->sources[i]->half.running
                             ? omsp_jitter_deadline(session->sources[i]->jitter)
                             : UINT64_MAX;

        if (other < due)
            due = other;
    }
    return due;
}

void omsp_session_source_left(struct omsp_session *session, uint32_t ssrc)
{
    for (unsigned i = 0; i < session->source_count; i++)
        if (session->sources[i]->bound && session->sources[i]->ssrc == ssrc)
            session->sources[i]->left = true;
}
