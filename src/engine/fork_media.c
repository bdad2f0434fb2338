/*
 * From audio to the consumer's socket: frames of exactly 20 ms on a media clock of their own, one
 * message and one send call a frame, sent from the media worker the moment it is whole. When the
 * socket does not take all, frames wait in a ring that is bounded by time, the oldest go first, and
 * the jump of the timestamp tells. Sequence numbers are given when a message is made, so that they
 * count what is sent.
 */
#include "engine/fork_state.h"

#include "base/alloc.h"
#include "media/g711.h"

#include <string.h>

#define FRAME_MS 20

/* ---- messages -------------------------------------------------------------------------------- */

void omsp_fork_next_mask(struct omsp_fork *fork, uint8_t mask[4])
{
    const struct omsp_ports *ports = fork->links->engine->ports;

    if (fork->mask_next == sizeof(fork->masks) / sizeof(fork->masks[0])) {
        ports->random(ports->ctx, fork->masks, sizeof(fork->masks));
        fork->mask_next = 0;
    }
    memcpy(mask, &fork->masks[fork->mask_next++], 4);
}

static bool has_room(const struct omsp_fork *fork)
{
    return fork->out_room - fork->out_len >= fork->media_room;
}

/* Behind what is there; there is room. */
static void make_media(struct omsp_fork *fork, unsigned track, uint64_t timestamp_ms,
                       struct omsp_span payload)
{
    struct omsp_ms_media media = {
        .track = track,
        .sequence = ++fork->sequence,
        .chunk = ++fork->chunk[track - 1],
        .timestamp_ms = timestamp_ms,
        .payload = payload,
    };
    uint8_t mask[4];

    omsp_fork_next_mask(fork, mask);
    fork->out_len += omsp_ms_put_media(&fork->tmpl, &media, mask, fork->out + fork->out_len);
    fork->frames_sent++;
}

/* What came of a send of all from *at on. True: all of it is gone. */
static bool took(struct omsp_fork *fork, enum omsp_status status, size_t sent, size_t len,
                 size_t *at)
{
    if (status) {
        fork->stalled = true; /* broken: its end is on the way */
        return false;
    }
    *at += sent;
    fork->bytes_sent += sent;
    fork->stalled = *at < len;
    return !fork->stalled;
}

static bool send_bytes(struct omsp_fork *fork, const uint8_t *bytes, size_t len, size_t *at)
{
    size_t sent = 0;
    enum omsp_status status = fork->tcp->loop->send(fork->tcp, bytes + *at, len - *at, &sent);

    return took(fork, status, sent, len, at);
}

static bool send_out(struct omsp_fork *fork)
{
    fork->gathered = false;
    if (fork->out_at < fork->out_len && !send_bytes(fork, fork->out, fork->out_len, &fork->out_at))
        return false;
    fork->out_at = fork->out_len = 0;
    return true;
}

static bool send_notes(struct omsp_fork *fork)
{
    while (!omsp_list_empty(&fork->notes)) {
        struct omsp_fork_note *note = omsp_container(fork->notes.next, struct omsp_fork_note, link);

        if (!send_bytes(fork, note->bytes, note->len, &fork->note_at))
            return false;
        if ((note->bytes[0] & 15) == OMSP_WS_PING)
            fork->ping_waits = false;
        omsp_list_remove(&note->link);
        omsp_free(note);
        fork->note_at = 0;
        fork->note_count--;
    }
    return true;
}

/* The n-th that waits. */
static struct omsp_fork_frame *queued(struct omsp_fork *fork, unsigned n)
{
    size_t place = (fork->queue_first + n) % fork->queue_room;

    return (struct omsp_fork_frame *)(void *)(fork->queue + place * fork->queue_stride);
}

static void drop_first(struct omsp_fork *fork)
{
    fork->queue_first = (fork->queue_first + 1) % fork->queue_room;
    fork->queue_fill--;
}

/* As many as go in one send. */
static void make_queued(struct omsp_fork *fork)
{
    while (fork->queue_fill && has_room(fork)) {
        const struct omsp_fork_frame *frame = queued(fork, 0);

        make_media(fork, frame->track, frame->timestamp_ms, omsp_span(frame->payload, frame->len));
        drop_first(fork);
    }
}

void omsp_fork_pump(struct omsp_fork *fork)
{
    while (fork->tcp) {
        if (!send_out(fork) || !send_notes(fork))
            return;
        if (!fork->queue_fill || !fork->open)
            break;
        make_queued(fork);
    }
    fork->overflow_told = false;
}

enum omsp_status omsp_fork_note(struct omsp_fork *fork, enum omsp_ws_opcode opcode,
                                const void *data, size_t len)
{
    struct omsp_fork_note *note = omsp_alloc(sizeof(*note) + OMSP_WS_HEADER_MAX + len);
    uint8_t mask[4];
    size_t header;

    if (!note)
        return OMSP_NOMEM;
    omsp_fork_next_mask(fork, mask);
    header = omsp_ws_put_header(note->bytes, opcode, len, mask);
    if (len)
        memcpy(note->bytes + header, data, len);
    omsp_ws_mask(note->bytes + header, len, mask);
    note->len = header + len;
    omsp_list_insert(&fork->notes, &note->link);
    fork->note_count++;
    return OMSP_OK;
}

void omsp_fork_drop_queue(struct omsp_fork *fork)
{
    fork->frames_dropped += fork->queue_fill;
    fork->queue_fill = fork->queue_first = 0;
}

void omsp_fork_drop_notes(struct omsp_fork *fork)
{
    while (!omsp_list_empty(&fork->notes)) {
        struct omsp_fork_note *note = omsp_container(fork->notes.next, struct omsp_fork_note, link);

        omsp_list_remove(&note->link);
        omsp_free(note);
    }
    fork->note_at = 0;
    fork->note_count = 0;
    fork->ping_waits = false;
}

void omsp_fork_flush(struct omsp_fork *fork)
{
    bool here;

    omsp_lock_acquire(&fork->lock);
    here = fork->tcp && fork->tcp->send_anywhere;
    if (here)
        omsp_fork_pump(fork);
    omsp_lock_release(&fork->lock);
    if (!here)
        omsp_fork_kick(fork);
}

/* ---- frames -----------------------------------------------------------------------------------
 */

/* At the first shortage only: most streams never have one. */
static void make_queue(struct omsp_fork *fork)
{
    unsigned tracks = fork->tracks_wanted == (OMSP_TRACK_INBOUND | OMSP_TRACK_OUTBOUND) ? 2 : 1;
    unsigned room = fork->links->queue_ms / FRAME_MS * tracks;
    size_t stride =
        offsetof(struct omsp_fork_frame, payload) + omsp_stream_bytes_max(&fork->format);

    fork->queue_stride = (stride + 7) & ~(size_t)7;
    fork->queue = omsp_zalloc_array(room ? room : 1, fork->queue_stride);
    fork->queue_room = fork->queue ? (room ? room : 1) : 0;
}

static void enqueue(struct omsp_fork *fork, unsigned track, uint64_t timestamp_ms,
                    struct omsp_span payload)
{
    struct omsp_fork_frame *frame;

    if (!fork->queue)
        make_queue(fork);
    if (fork->queue_fill == fork->queue_room) {
        fork->frames_dropped++;
        if (!fork->overflow_told && !fork->redialing) {
            fork->overflow_told = true;
            fork->last_error = OMSP_FORK_OVERFLOW;
        }
        if (!fork->queue_room)
            return;
        drop_first(fork);
    }
    frame = queued(fork, fork->queue_fill++);
    frame->timestamp_ms = timestamp_ms;
    frame->track = (uint8_t)track;
    frame->len = (uint16_t)payload.len;
    memcpy(frame->payload, payload.ptr, payload.len);
}

/* A frame of the track in the stream's format: the codes themselves, or what is then in room. */
static struct omsp_span encode(struct omsp_fork *fork, struct omsp_fork_track *track,
                               const uint8_t *codes, uint64_t timestamp_ms,
                               uint8_t room[OMSP_STREAM_BYTES_MAX])
{
    bool joins = timestamp_ms == track->encoded_ms;

    if (!track->encoder)
        return omsp_span(codes, OMSP_FORK_FRAME);
    if (fork->fresh & track->which)
        omsp_stream_encoder_reset(track->encoder);
    fork->fresh &= ~track->which;
    track->encoded_ms = timestamp_ms + FRAME_MS;
    return omsp_span(room, omsp_stream_encode(track->encoder, codes, joins, room));
}

/* fork->lock held. What is made goes behind what was gathered before; false: the socket is short.
 */
static bool make_now(struct omsp_fork *fork, unsigned track, uint64_t timestamp_ms,
                     struct omsp_span payload)
{
    if (fork->stalled || !omsp_list_empty(&fork->notes) || fork->queue_fill)
        return false;
    if (!has_room(fork) && !send_out(fork))
        return false;
    make_media(fork, track, timestamp_ms, payload);
    return true;
}

/* What became of a frame: it is on its way, or somebody has to see to that. */
enum handed { DONE, AT_END, ON_LINK_THREAD };

/* Is it of use to wait for the turn's end? Two tracks go in one send, and what many streams have
 * goes together where the system has a way for that. */
static bool gains(const struct omsp_fork *fork)
{
    return omsp_fork_tracks(fork->tracks_wanted) == 2 ||
           (fork->tcp && fork->tcp->send_anywhere && fork->tcp->loop->send_many);
}

/* fork->lock held. gather: at the turn's end, when that gains anything. */
static enum handed hand_over(struct omsp_fork *fork, struct omsp_fork_track *track,
                             const uint8_t *codes, uint64_t timestamp_ms, bool gather)
{
    uint8_t room[OMSP_STREAM_BYTES_MAX];
    struct omsp_span payload;

    if (!fork->open && !fork->redialing)
        return DONE;
    payload = encode(fork, track, codes, timestamp_ms, room);
    if (!payload.len) {
        fork->frames_dropped++;
        return DONE;
    }
    gather &= gains(fork);
    if (fork->open && fork->tcp && fork->tcp->send_anywhere &&
        make_now(fork, track->which, timestamp_ms, payload)) {
        if (gather)
            fork->gathered = true;
        else
            send_out(fork);
        return gather ? AT_END : DONE;
    }
    enqueue(fork, track->which, timestamp_ms, payload);
    if (!fork->open || !fork->tcp || fork->tcp->send_anywhere || fork->stalled)
        return DONE;
    if (gather)
        fork->gathered = true;
    return gather ? AT_END : ON_LINK_THREAD;
}

/* codes: a frame, the track's own or where it lies whole. True: AT_END. */
static bool emit(struct omsp_fork *fork, struct omsp_fork_track *track, const uint8_t *codes,
                 bool gather)
{
    uint64_t timestamp_ms = track->timestamp_ms;
    enum handed handed;

    track->fill = 0;
    track->timestamp_ms += FRAME_MS;
    track->next_ms = track->timestamp_ms;
    omsp_lock_acquire(&fork->lock);
    handed = hand_over(fork, track, codes, timestamp_ms, gather);
    omsp_lock_release(&fork->lock);
    if (handed == ON_LINK_THREAD)
        omsp_fork_kick(fork);
    return handed == AT_END;
}

void omsp_fork_send_gathered(struct omsp_fork *fork)
{
    bool due, here;

    omsp_lock_acquire(&fork->lock);
    due = fork->gathered;
    fork->gathered = false;
    here = fork->tcp && fork->tcp->send_anywhere;
    if (due && here)
        omsp_fork_pump(fork);
    omsp_lock_release(&fork->lock);
    if (due && !here)
        omsp_fork_kick(fork);
}

bool omsp_fork_end_turn(struct omsp_fork *fork)
{
    bool together;

    /* It stays marked: who stops the stream before the outbox is sent sends it himself, for nothing
     * may go once he has returned. */
    omsp_lock_acquire(&fork->lock);
    together =
        fork->gathered && fork->tcp && fork->tcp->send_anywhere && fork->tcp->loop->send_many;
    omsp_lock_release(&fork->lock);
    if (!together)
        omsp_fork_send_gathered(fork);
    return together;
}

bool omsp_fork_offer(struct omsp_fork *fork, struct omsp_tcp_send *send)
{
    if (!fork->tcp || fork->stalled || fork->out_at == fork->out_len)
        return false; /* somebody else sent it, waits for room with it, or dropped it */
    fork->gathered = false;
    *send = (struct omsp_tcp_send){
        .tcp = fork->tcp, .data = fork->out + fork->out_at, .len = fork->out_len - fork->out_at};
    return true;
}

void omsp_fork_offered(struct omsp_fork *fork, const struct omsp_tcp_send *send)
{
    if (took(fork, send->status, send->sent, fork->out_len, &fork->out_at))
        omsp_fork_pump(fork);
}

static struct omsp_fork_track *track_of(struct omsp_fork *fork, unsigned which)
{
    return &fork->tracks[which - 1];
}

/* Where in the stream's time the audio that begins now belongs: the grid is 20 ms, so that both
 * tracks and every run of audio step alike. */
static void begin(struct omsp_fork *fork, struct omsp_fork_track *track, uint64_t now_us)
{
    uint64_t origin, at;

    omsp_lock_acquire(&fork->lock);
    origin = fork->origin_us;
    omsp_lock_release(&fork->lock);
    if (track->origin_us != origin) { /* a new SID begins at nought */
        track->origin_us = origin;
        track->next_ms = 0;
    }
    at = now_us > origin ? (now_us - origin) / 1000 / FRAME_MS * FRAME_MS : 0;
    track->timestamp_ms = at > track->next_ms ? at : track->next_ms;
    track->fill = 0;
    track->running = true;
}

bool omsp_fork_audio(struct omsp_fork *fork, unsigned which, const uint8_t *codes, size_t count,
                     uint64_t now_us)
{
    struct omsp_fork_track *track = track_of(fork, which);
    bool gathered = false;

    if (!track->running)
        begin(fork, track, now_us);
    while (count) {
        size_t room = OMSP_FORK_FRAME - track->fill;
        size_t take = count < room ? count : room;

        if (take == OMSP_FORK_FRAME) { /* as of a packet of 20 ms, always */
            gathered |= emit(fork, track, codes, true);
        } else {
            memcpy(track->frame + track->fill, codes, take);
            track->fill += (unsigned)take;
            if (track->fill == OMSP_FORK_FRAME)
                gathered |= emit(fork, track, track->frame, true);
        }
        codes += take;
        count -= take;
    }
    return gathered;
}

static void pad(struct omsp_fork_track *track, size_t count)
{
    memset(track->frame + track->fill, OMSP_ULAW_SILENCE, count);
    track->fill += (unsigned)count;
}

bool omsp_fork_gap(struct omsp_fork *fork, unsigned which, uint64_t samples)
{
    struct omsp_fork_track *track = track_of(fork, which);
    bool gathered = false;

    if (!track->running)
        return false;
    /* Only what is needed to end the frame under way and to begin the next on the grid is filled.
     */
    if (track->fill) {
        uint64_t room = OMSP_FORK_FRAME - track->fill;
        uint64_t take = samples < room ? samples : room;

        pad(track, (size_t)take);
        samples -= take;
        if (track->fill == OMSP_FORK_FRAME)
            gathered = emit(fork, track, track->frame, true);
    }
    if (!samples)
        return gathered;
    track->timestamp_ms += samples / OMSP_FORK_FRAME * FRAME_MS;
    pad(track, (size_t)(samples % OMSP_FORK_FRAME));
    return gathered;
}

void omsp_fork_break(struct omsp_fork *fork, unsigned which)
{
    struct omsp_fork_track *track = track_of(fork, which);

    /* The end of what was heard is not kept back for want of a full frame. */
    if (track->running && track->fill) {
        pad(track, OMSP_FORK_FRAME - track->fill);
        emit(fork, track, track->frame, false);
    }
    track->running = false;
    track->fill = 0;
    omsp_fork_send_gathered(fork);
}
