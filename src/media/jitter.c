/*
 * The jitter buffer's storage and order: where packets lie, which are duplicates, late or strays.
 * How they are read is in jitter_next.c and jitter_play.c. Owned by the session, under its lock.
 */
#include "media/jitter_store.h"

#include "base/alloc.h"

#include <string.h>

/* RFC 3550 A.1 */
#define MAX_DROPOUT  3000
#define MAX_MISORDER 100

/* The first room of a pool in media time: what waits behind an ordinary gap. */
#define FEW_CHUNKS 16u

void omsp_jitter_config_init(struct omsp_jitter_config *config)
{
    memset(config, 0, sizeof(*config));
    config->hold_ms = 60;
    config->hold_packets = 16;
    config->min_delay_ms = 10;
    config->max_delay_ms = 240;
    config->start_delay_ms = 60;
    config->late_per_thousand = 10;
}

static bool config_ok(const struct omsp_jitter_config *c)
{
    return c->hold_ms <= 1000 && c->hold_packets >= 1 && c->hold_packets <= 16 &&
           c->max_delay_ms >= 10 && c->max_delay_ms <= 400 && c->min_delay_ms <= c->max_delay_ms &&
           c->start_delay_ms <= c->max_delay_ms && c->late_per_thousand <= 200;
}

static uint64_t first_chunks(unsigned count)
{
    return ((uint64_t)1 << count) - 1;
}

/* What lies in the pool stays where it is in it. */
static bool grow(struct omsp_jitter *jitter, unsigned chunks)
{
    uint8_t *pool = omsp_resize(jitter->pool, chunks * OMSP_JITTER_CHUNK);

    if (!pool)
        return false;
    jitter->pool = pool;
    jitter->chunks_free |= first_chunks(chunks) & ~first_chunks(jitter->chunks);
    jitter->chunks = chunks;
    return true;
}

static void set_hold(struct omsp_jitter *jitter, const struct omsp_jitter_config *config)
{
    jitter->hold_us = (uint64_t)config->hold_ms * 1000;
    jitter->hold_packets = config->hold_packets;
}

enum omsp_status omsp_jitter_create(const struct omsp_jitter_config *config,
                                    struct omsp_jitter **out)
{
    struct omsp_jitter_config defaults;
    struct omsp_jitter *jitter;
    size_t playout_bytes;

    if (!config) {
        omsp_jitter_config_init(&defaults);
        config = &defaults;
    }
    if (!config_ok(config))
        return OMSP_INVALID;
    /* Both structs' sizes are multiples of their alignment, so each part starts aligned. */
    playout_bytes = config->playout ? sizeof(*jitter->playout) : 0;
    jitter = omsp_alloc(sizeof(*jitter) + playout_bytes);
    if (!jitter)
        return OMSP_NOMEM;
    memset(jitter, 0, sizeof(*jitter));
    set_hold(jitter, config);
    if (config->playout) {
        jitter->playout = (struct omsp_playout *)(void *)(jitter + 1);
        jitter->max_delay_us = config->max_delay_ms * 1000;
        omsp_playout_init(jitter->playout, config->min_delay_ms * 1000, jitter->max_delay_us,
                          config->start_delay_ms * 1000, config->late_per_thousand);
        /* All of it: each packet waits for its time here. */
        if (!grow(jitter, OMSP_JITTER_CHUNKS)) {
            omsp_free(jitter);
            return OMSP_NOMEM;
        }
    }
    omsp_jitter_reset(jitter);
    *out = jitter;
    return OMSP_OK;
}

void omsp_jitter_destroy(struct omsp_jitter *jitter)
{
    if (!jitter)
        return;
    omsp_jitter_drop(jitter);
    omsp_free(jitter);
}

size_t omsp_jitter_bytes(void)
{
    return sizeof(struct omsp_jitter);
}

void omsp_jitter_init(struct omsp_jitter *jitter)
{
    struct omsp_jitter_config defaults;

    omsp_jitter_config_init(&defaults);
    set_hold(jitter, &defaults);
    omsp_jitter_reset(jitter);
}

void omsp_jitter_drop(struct omsp_jitter *jitter)
{
    omsp_free(jitter->pool);
}

void omsp_jitter_swap(struct omsp_jitter *a, struct omsp_jitter *b)
{
    struct omsp_jitter was = *a;

    *a = *b;
    *b = was;
}

void omsp_jitter_reset(struct omsp_jitter *jitter)
{
    for (unsigned i = 0; i < OMSP_JITTER_SLOTS; i++)
        jitter->slots[i].used = false;
    jitter->ahead.used = false;
    jitter->chunks_free = first_chunks(jitter->chunks);
    jitter->held = 0;
    jitter->started = jitter->handed = jitter->bad_known = false;
    jitter->timed = jitter->restart = false;
    jitter->history = 0;
    jitter->lost_run = 0;
    jitter->last_len = 0;
    if (jitter->playout)
        omsp_jitter_play_reset(jitter);
}

/* The sender began anew: what is held has no successor any more. */
static void restart(struct omsp_jitter *jitter)
{
    jitter->stats.lost += jitter->held;
    jitter->stats.restarts++;
    omsp_jitter_reset(jitter);
    jitter->restart = true;
}

static unsigned chunks_of(size_t len)
{
    return (unsigned)((len + OMSP_JITTER_CHUNK - 1) / OMSP_JITTER_CHUNK);
}

static uint64_t run_mask(const struct omsp_jitter_slot *slot)
{
    return first_chunks(chunks_of(slot->len)) << slot->chunk;
}

/* A run of free chunks for len bytes, or false. */
static bool find_run(const struct omsp_jitter *jitter, size_t len, uint8_t *first)
{
    uint64_t starts = jitter->chunks_free;

    for (unsigned n = chunks_of(len); n > 1; n--)
        starts &= jitter->chunks_free >> (n - 1);
    if (!starts)
        return false;
    *first = (uint8_t)__builtin_ctzll(starts);
    return true;
}

/* As find_run, with more room for it when there is less than may be. */
static bool find_room(struct omsp_jitter *jitter, size_t len, uint8_t *first)
{
    while (!find_run(jitter, len, first))
        if (jitter->chunks == OMSP_JITTER_CHUNKS ||
            !grow(jitter, jitter->chunks ? OMSP_JITTER_CHUNKS : FEW_CHUNKS))
            return false;
    return true;
}

static void release_slot(struct omsp_jitter *jitter, struct omsp_jitter_slot *slot)
{
    if (slot->len)
        jitter->chunks_free |= run_mask(slot);
    slot->used = false;
}

void omsp_jitter_consume(struct omsp_jitter *jitter)
{
    release_slot(jitter, omsp_jitter_slot(jitter, jitter->next));
    jitter->held--;
    omsp_jitter_step(jitter);
}

void omsp_jitter_give_up(struct omsp_jitter *jitter)
{
    uint32_t missing = 0;

    if (jitter->held) {
        while (!omsp_jitter_slot(jitter, jitter->next + missing)->used)
            missing++;
    } else {
        missing = jitter->ahead.seq - jitter->next;
        *omsp_jitter_slot(jitter, jitter->ahead.seq) = jitter->ahead;
        jitter->ahead.used = false;
        jitter->held = 1;
    }
    jitter->history = missing < 64 ? jitter->history << missing : 0;
    jitter->next += missing;
    jitter->lost_run += missing;
    jitter->stats.lost += missing;
    omsp_jitter_note_hole(jitter, false);
    jitter->handed = true;
    jitter->offset = 0;
}

/* Too old to be stored: told apart for the statistics. How late it is counts for the delay. */
static enum omsp_status refuse_old(struct omsp_jitter *jitter, uint32_t back, uint64_t now_us,
                                   const struct omsp_jitter_packet *packet)
{
    if (back <= 64 && jitter->history >> (back - 1) & 1) {
        jitter->stats.duplicate++;
        return OMSP_EXISTS;
    }
    jitter->stats.late++;
    omsp_jitter_note_hole(jitter, true);
    if (jitter->playout && packet->payload_len)
        omsp_jitter_play_note(jitter, now_us, packet->timestamp, (uint32_t)packet->payload_len);
    return OMSP_TIMEOUT;
}

/* Far off: RFC 3550 A.1 believes it when the next one follows. True: it did, start over. */
static bool stray(struct omsp_jitter *jitter, uint16_t seq)
{
    if (jitter->bad_known && seq == jitter->bad_next) {
        restart(jitter);
        return true;
    }
    jitter->bad_known = true;
    jitter->bad_next = (uint16_t)(seq + 1);
    jitter->stats.stray++;
    return false;
}

/* Before anything was read an earlier packet may still become the first. */
static bool move_start_back(struct omsp_jitter *jitter, uint32_t back)
{
    if (jitter->handed || jitter->highest - jitter->next + back >= OMSP_JITTER_SLOTS)
        return false;
    jitter->next -= back;
    return true;
}

static enum omsp_status no_room(struct omsp_jitter *jitter)
{
    jitter->stats.full++;
    return OMSP_FULL;
}

static enum omsp_status store(struct omsp_jitter *jitter, struct omsp_jitter_slot *slot,
                              uint32_t seq, uint64_t now_us,
                              const struct omsp_jitter_packet *packet)
{
    uint8_t chunk = 0;

    /* A device that stopped pulling must find what is newest when it comes back. */
    while (packet->payload_len && !find_room(jitter, packet->payload_len, &chunk)) {
        if (!jitter->playout || !jitter->held)
            return no_room(jitter);
        if (!omsp_jitter_slot(jitter, jitter->next)->used)
            omsp_jitter_give_up(jitter);
        if (jitter->next == seq || (int32_t)(seq - jitter->next) < 0)
            return no_room(jitter);
        omsp_jitter_consume(jitter);
        jitter->stats.lost++;
    }
    slot->arrival_us = now_us;
    slot->seq = seq;
    slot->timestamp = packet->timestamp;
    slot->len = (uint16_t)packet->payload_len;
    slot->chunk = chunk;
    slot->payload_type = packet->payload_type;
    slot->marker = packet->marker;
    slot->used = true;
    if (slot->len) {
        memcpy(jitter->pool + chunk * OMSP_JITTER_CHUNK, packet->payload, slot->len);
        jitter->chunks_free &= ~run_mask(slot);
    }
    if (slot != &jitter->ahead)
        jitter->held++;
    if ((int32_t)(seq - jitter->highest) < 0) {
        jitter->stats.reordered++;
        omsp_jitter_note_hole(jitter, true);
    } else {
        jitter->highest = seq;
    }
    jitter->stats.received++;
    if (jitter->playout && slot->len)
        omsp_jitter_play_note(jitter, now_us, packet->timestamp, slot->len);
    return OMSP_OK;
}

enum omsp_status omsp_jitter_put(struct omsp_jitter *jitter, uint64_t now_us,
                                 const struct omsp_jitter_packet *packet)
{
    struct omsp_jitter_slot *slot;
    uint32_t seq;
    int diff = jitter->started ? (int16_t)(packet->seq - (uint16_t)jitter->next) : 0;

    if (packet->payload_len > OMSP_JITTER_PAYLOAD_MAX) {
        jitter->stats.stray++;
        return OMSP_INVALID;
    }
    if ((diff < -MAX_MISORDER || diff >= MAX_DROPOUT) && !stray(jitter, packet->seq))
        return OMSP_INVALID;
    if (jitter->started && jitter->playout && diff >= OMSP_JITTER_SLOTS)
        restart(jitter); /* longer than any delay: a device has nothing left to play anyway */
    jitter->bad_known = false;
    if (!jitter->started) {
        omsp_jitter_begin(jitter, packet->seq);
        diff = 0;
    }
    if (diff < 0 && !move_start_back(jitter, (uint32_t)-diff))
        return refuse_old(jitter, (uint32_t)-diff, now_us, packet);
    seq = diff < 0 ? jitter->next : jitter->next + (uint32_t)diff;
    if (jitter->ahead.used && (int32_t)(seq - jitter->ahead.seq) >= 0)
        return no_room(jitter);
    if (diff >= OMSP_JITTER_SLOTS) {
        slot = &jitter->ahead;
        if (slot->used)
            return no_room(jitter);
    } else {
        slot = omsp_jitter_slot(jitter, seq);
        if (slot->used) {
            jitter->stats.duplicate++;
            return OMSP_EXISTS;
        }
    }
    return store(jitter, slot, seq, now_us, packet);
}

void omsp_jitter_get_stats(const struct omsp_jitter *jitter, struct omsp_jitter_stats *out)
{
    *out = jitter->stats;
    out->held = jitter->held + (jitter->ahead.used ? 1 : 0);
    if (jitter->playout)
        out->target_us = omsp_playout_target_us(jitter->playout);
}
