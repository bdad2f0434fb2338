/*
 * The jitter buffer of one received audio stream (one SSRC): packets go in as they arrive, frames
 * come out in order. It can be read by two disciplines, one of them between resets:
 *
 *   - media time, "forward on arrival" (omsp_jitter_next): a packet is handed out the moment it is
 *     in order; only a gap makes the buffer hold, for a bounded time. For files and the network.
 *   - playout (omsp_jitter_play): the consumer pulls at its own clock and the buffer keeps an
 *     adaptive delay. For devices. Needs config.playout.
 *
 * Sequence numbers are extended here (RFC 3550 A.1), timestamps are compared modulo 2^32. One
 * timestamp unit is one sample and one payload byte (G.711). With playout all memory is allocated
 * at create; in media time what packets wait in is allocated when the first one waits and grows
 * once, from 2.5 to 9 KB, when many do. Not thread-safe: the lock of the session that owns it.
 */
#ifndef OMSP_MEDIA_JITTER_H
#define OMSP_MEDIA_JITTER_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OMSP_JITTER_PAYLOAD_MAX 480                     /* bytes: 60 ms at 8 kHz */
#define OMSP_JITTER_SLOTS       64                      /* packets, however small */
#define OMSP_JITTER_RATE        8000                    /* timestamp units per second */
#define OMSP_JITTER_SILENCE_MAX (10 * OMSP_JITTER_RATE) /* a longer timestamp jump is a restart */

struct omsp_jitter_config {
    unsigned hold_ms;           /* media time: longest wait for a missing packet, 0..1000 */
    unsigned hold_packets;      /* media time: packets behind the gap that end the wait, 1..16 */
    bool playout;               /* omsp_jitter_play will be used, not omsp_jitter_next */
    unsigned min_delay_ms;      /* playout: never aim below */
    unsigned max_delay_ms;      /* playout: never hold more; 10..400 */
    unsigned start_delay_ms;    /* playout: until jitter was measured */
    unsigned late_per_thousand; /* playout: packets later than the delay aimed at, 0..200; less than
                                   half of them will be too late */
};

/* hold 60 ms or 16 packets; delay 10..240 ms, 60 ms at the start, 10 of 1000 later. */
void omsp_jitter_config_init(struct omsp_jitter_config *config);

struct omsp_jitter;

/* config NULL: the defaults. OMSP_INVALID (a value out of its range), OMSP_NOMEM. At most 12 KB;
 * 2 KB in media time as long as all comes in order. */
enum omsp_status omsp_jitter_create(const struct omsp_jitter_config *config,
                                    struct omsp_jitter **out);
void omsp_jitter_destroy(struct omsp_jitter *jitter); /* NULL is fine */

/* One in media time, as the defaults have it, in zeroed memory that is the caller's and of so many
 * bytes, aligned as malloc aligns. drop frees what it took besides. */
size_t omsp_jitter_bytes(void);
void omsp_jitter_init(struct omsp_jitter *jitter);
void omsp_jitter_drop(struct omsp_jitter *jitter);
/* Each becomes what the other was, counters too. Both in media time; frames that were read go on
 * only until their next put or reset, wherever that is. */
void omsp_jitter_swap(struct omsp_jitter *a, struct omsp_jitter *b);

/* Forgets packets, order and delay (new SSRC, stream stopped); keeps configuration and counters. */
void omsp_jitter_reset(struct omsp_jitter *jitter);

/* What arrived. payload_len 0: a packet that takes a sequence number and carries no audio
 * (telephone-event, comfort noise); it is never handed out and its timestamp is not looked at. */
struct omsp_jitter_packet {
    uint16_t seq;
    uint32_t timestamp;
    uint8_t payload_type;
    bool marker;
    const uint8_t *payload; /* copied */
    size_t payload_len;
};

/* now_us: when it arrived, on the scale of all other now_us here, never going back.
 * OMSP_OK: taken; read on with next until it answers false.
 * OMSP_EXISTS: a duplicate; OMSP_TIMEOUT: late, its place was given up or its time has passed;
 * OMSP_FULL: no room (the consumer did not read) or memory.
 * OMSP_INVALID: payload too long, or a sequence number far off (RFC 3550 A.1: the second of two
 * such in order is taken as the sender's restart, which resets the buffer and counts what it held
 * as lost). All but OMSP_OK are counted, not stored. */
enum omsp_status omsp_jitter_put(struct omsp_jitter *jitter, uint64_t now_us,
                                 const struct omsp_jitter_packet *packet);

enum omsp_frame_kind {
    OMSP_FRAME_AUDIO,   /* payload */
    OMSP_FRAME_LOST,    /* this much was lost, or is not here in time: conceal it */
    OMSP_FRAME_SILENCE, /* the sender sent nothing for so long (or has not begun) */
    OMSP_FRAME_REPEAT,  /* playout: nothing is missing; repeat this much of what was played last */
};

struct omsp_jitter_frame {
    enum omsp_frame_kind kind;
    uint32_t samples;       /* media duration, > 0 */
    uint32_t timestamp;     /* of the first sample; playout: meaningless in what was made up */
    const uint8_t *payload; /* AUDIO: `samples` bytes, valid until the next put or reset */
    uint8_t payload_type;   /* AUDIO */
    bool marker;            /* AUDIO: the start of a talkspurt */
    bool restart;           /* AUDIO: media time jumped here; what is before does not join */
    uint16_t seq;           /* AUDIO */
    uint32_t lost_packets;  /* LOST, media time: how many */
    uint32_t skipped;       /* playout: samples left out right before this frame to shorten the
                               delay: join the two smoothly (omsp_conceal_cut) */
};

/* Media time, the short way: as omsp_jitter_put and omsp_jitter_next until it answers false, of a
 * packet that is in order by number and timestamp while nothing is held. True: *frame is all that
 * there is, its payload the packet's own. False: nothing was done, go the long way. */
bool omsp_jitter_pass(struct omsp_jitter *jitter, const struct omsp_jitter_packet *packet,
                      struct omsp_jitter_frame *frame);

/* Media time. True: *frame is next; call again. False: nothing now; *frame untouched. LOST has
 * exactly the missing duration by timestamps, SILENCE that of a timestamp jump between two packets
 * in sequence; both at most OMSP_JITTER_SILENCE_MAX. */
bool omsp_jitter_next(struct omsp_jitter *jitter, uint64_t now_us, struct omsp_jitter_frame *frame);
/* Media time: when to call omsp_jitter_next though nothing arrived; 0: at once; UINT64_MAX: nothing
 * is held. */
uint64_t omsp_jitter_deadline(const struct omsp_jitter *jitter);

/* What the one who plays knows of the sound. spare: how many samples, at most `most`, could be left
 * out or repeated unheard here and now: all of them where it is quiet, the pitch period where there
 * is one, 0: none. Asked only when it would be of use. */
struct omsp_jitter_ear {
    unsigned (*spare)(void *ctx, unsigned most);
    void *ctx;
};

/* Playout. Always answers a frame of 1..samples samples; call again for the rest of the period,
 * with the same now_us: when the device asked for it. What was answered has been played when it is
 * called again. ear NULL: nothing is known of the sound. samples > 0. */
void omsp_jitter_play(struct omsp_jitter *jitter, uint64_t now_us, uint32_t samples,
                      const struct omsp_jitter_ear *ear, struct omsp_jitter_frame *frame);

struct omsp_jitter_stats {
    uint64_t received; /* taken */
    uint64_t lost;     /* packets given up */
    uint64_t late;     /* came after that */
    uint64_t duplicate;
    uint64_t reordered;                     /* came after a later one, but in time */
    uint64_t full;                          /* no room */
    uint64_t stray;                         /* far off sequence numbers, too long payloads */
    uint64_t restarts;                      /* timestamp or sequence jumps */
    uint64_t lost_samples, silence_samples; /* handed out as LOST and SILENCE */
    uint64_t underruns;        /* playout: times the next packet was not there in time */
    uint64_t skipped_samples;  /* playout: left out to shorten the delay */
    uint64_t repeated_samples; /* playout: handed out as REPEAT to lengthen it */
    uint32_t held;             /* packets inside now */
    uint32_t delay_us;         /* playout: between the fastest packets' arrival and play, now */
    uint32_t target_us;        /* playout: what it aims at */
};
void omsp_jitter_get_stats(const struct omsp_jitter *jitter, struct omsp_jitter_stats *out);

#endif
