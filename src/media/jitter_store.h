/*
 * What the three parts of the jitter buffer share: jitter.c (storage and order), jitter_next.c
 * (media time), jitter_play.c (playout). Nobody else includes this.
 */
#ifndef OMSP_MEDIA_JITTER_STORE_H
#define OMSP_MEDIA_JITTER_STORE_H

#include "media/jitter.h"
#include "media/playout.h"

/* Payloads lie in runs of chunks, so that 10 and 20 ms packets do not pay for the room of 60 ms
 * ones: 56 packets of 20 ms or 18 of 60 ms. In media time, where what comes in order is never
 * stored, the chunks are there from the first packet on that waits. */
#define OMSP_JITTER_CHUNK  160u
#define OMSP_JITTER_CHUNKS 56u

struct omsp_jitter_slot {
    uint64_t arrival_us;
    uint32_t seq; /* extended */
    uint32_t timestamp;
    uint16_t len;
    uint8_t chunk; /* the first one, meaningless when len is 0 */
    uint8_t payload_type;
    bool used, marker;
};

struct omsp_jitter {
    uint64_t hold_us;
    uint32_t hold_packets;
    uint32_t held;
    struct omsp_jitter_slot ahead; /* media time: beyond the slots until they are drained */

    /* order */
    bool started; /* next is valid */
    bool handed;  /* something was read since the start, so next cannot move back */
    bool bad_known;
    uint16_t bad_next; /* what would confirm a sequence restart */
    uint32_t next;     /* extended sequence number to be read next */
    uint32_t highest;
    uint64_t history; /* bit n: next-1-n was read (and not given up) */

    /* media time */
    bool timed;   /* expect is valid */
    bool restart; /* the next audio does not join */
    uint32_t expect;
    uint32_t lost_run; /* packets given up since the last audio */
    uint16_t last_len;

    struct omsp_playout *playout; /* NULL in media time */
    struct omsp_jitter_stats stats;

    /* playout; see jitter_play.c */
    uint32_t max_delay_us;
    bool playing, dry, ref_known;
    uint32_t ref_timestamp;
    int64_t ref_samples; /* ref_timestamp extended */
    uint32_t newest;     /* timestamp after the last audio there is */
    uint32_t offset;     /* samples already played of packet `next` */
    uint32_t stalled;    /* samples made up while media time stood still */
    uint32_t repeating;  /* samples still to be repeated */
    uint64_t pull_us;    /* when the device asked for this period */
    uint32_t period;     /* and for how much */
    uint32_t filled;     /* and how much of it was answered */
    uint32_t mended;     /* how many holes lately were filled after all, of 256 */
    uint32_t since_bent; /* samples played since some were left out or repeated */
    uint32_t watched;    /* samples played since the later of these began */
    int64_t least_us[2]; /* the least delay now and in the quarter of a second before */
    uint32_t skipped;    /* to be told with the next audio frame */

    uint64_t chunks_free; /* bit per chunk */
    unsigned chunks;      /* in the pool */
    uint8_t *pool;        /* NULL: none yet */
    struct omsp_jitter_slot slots[OMSP_JITTER_SLOTS];
};

static inline struct omsp_jitter_slot *omsp_jitter_slot(struct omsp_jitter *jitter, uint32_t seq)
{
    return &jitter->slots[seq % OMSP_JITTER_SLOTS];
}

static inline const uint8_t *omsp_jitter_payload(const struct omsp_jitter *jitter,
                                                 const struct omsp_jitter_slot *slot)
{
    return jitter->pool + slot->chunk * OMSP_JITTER_CHUNK;
}

/* The first packet. Far from 0, so that nothing ever extends below it. */
static inline void omsp_jitter_begin(struct omsp_jitter *jitter, uint16_t seq)
{
    jitter->started = true;
    jitter->next = jitter->highest = 0x10000u + seq;
}

/* The packet `next` was read. */
static inline void omsp_jitter_step(struct omsp_jitter *jitter)
{
    jitter->next++;
    jitter->history = jitter->history << 1 | 1;
    jitter->handed = true;
    jitter->offset = 0;
}

/* Frees the packet in slot `next` (its bytes stay until the next put) and steps over it. */
void omsp_jitter_consume(struct omsp_jitter *jitter);
/* Steps over the missing packets up to the first one that is there and counts them lost. There must
 * be one. */
void omsp_jitter_give_up(struct omsp_jitter *jitter);
/* A hole in the order was filled, or given up; a late packet makes up for its having been. */
static inline void omsp_jitter_note_hole(struct omsp_jitter *jitter, bool filled)
{
    if (filled)
        jitter->mended += (256 - jitter->mended) / 8;
    else
        jitter->mended -= jitter->mended / 8;
}

/* jitter_play.c's part of put and reset. */
void omsp_jitter_play_note(struct omsp_jitter *jitter, uint64_t now_us, uint32_t timestamp,
                           uint32_t samples);
void omsp_jitter_play_reset(struct omsp_jitter *jitter);
/* jitter_pace.c. At each piece of audio in slot `next`, before it is handed out: delay_us is its
 * delay by the clock, of which the device may be unsteady. Positive: so many samples are to be left
 * out there (and all are there); negative: repeated. */
int omsp_jitter_pace(struct omsp_jitter *jitter, const struct omsp_jitter_slot *slot,
                     int64_t delay_us, const struct omsp_jitter_ear *ear);
/* Playback has stopped: what was seen of the device's clock says nothing about how it goes on. */
void omsp_jitter_pace_anew(struct omsp_jitter *jitter);
/* The delay has grown by so many samples (or shrunk) otherwise than by the clock. */
void omsp_jitter_pace_shift(struct omsp_jitter *jitter, int32_t samples);

#endif
