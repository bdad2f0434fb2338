/*
 * Telephone-events received (RFC 4733 2.3, 2.5.2): turns packets into "a digit began" and "it ended
 * after so long", each exactly once per key press, whatever was lost, repeated or reordered. Owned
 * by the session's lock; no clock, no allocation. Only the sixteen DTMF events are told.
 *
 * A press whose first packets were lost begins with the first one that comes. A press whose end
 * packets were all lost ends when the next press begins or OMSP_TELEPHONE_SILENCE_US after its last
 * packet. Long presses sent in segments (2.5.1.3) are one press. A sender that wrongly moves the
 * timestamp on with each update is understood: without marker, the same digit inside the time the
 * press covers already is the same press.
 */
#ifndef OMSP_MEDIA_TELEPHONE_EVENT_H
#define OMSP_MEDIA_TELEPHONE_EVENT_H

#include "base/bytes.h"
#include "base/status.h"

#define OMSP_TELEPHONE_SILENCE_US 200000u
#define OMSP_TELEPHONE_PACKED     4 /* events that one packet may carry (2.5.1.5) */
#define OMSP_TELEPHONE_NEWS       (2 * OMSP_TELEPHONE_PACKED + 1)

struct omsp_telephone_news {
    bool ended;     /* false: began */
    uint8_t digit;  /* 0..9, 10 *, 11 #, 12..15 A..D */
    uint8_t volume; /* -dBm0, 0..63, as first heard */
    uint32_t ticks; /* duration known so far, timestamp units */
    uint32_t duration_us;
    uint32_t timestamp; /* when it began */
};

struct omsp_telephone_press {
    uint8_t digit;
    uint32_t first;   /* timestamp of its beginning */
    uint32_t segment; /* timestamp of the segment last heard */
    uint32_t extent;  /* ticks from first to the end known */
    uint64_t heard_us;
};

struct omsp_telephone_event {
    uint32_t clock_rate;
    bool active;
    uint8_t volume;
    struct omsp_telephone_press press;   /* while active */
    struct omsp_telephone_press past[4]; /* ended ones, to know their echoes by */
    unsigned past_count, past_next;
    bool has_seq;
    uint16_t seq; /* newest heard */
    uint64_t seq_us;
    uint64_t digits;  /* presses told */
    uint64_t ignored; /* malformed packets; events that were too old to begin, or no DTMF */
};

/* clock_rate: of the payload type, > 0. */
void omsp_telephone_event_init(struct omsp_telephone_event *state, uint32_t clock_rate);

/* One payload. Writes at most OMSP_TELEPHONE_NEWS to news, in order, *count how many. OMSP_INVALID:
 * not 1..4 blocks of four bytes (nothing changed but `ignored`). */
enum omsp_status omsp_telephone_event_receive(struct omsp_telephone_event *state,
                                              struct omsp_span payload, uint32_t timestamp,
                                              bool marker, uint16_t seq, uint64_t now_us,
                                              struct omsp_telephone_news *news, unsigned *count);
/* True: a press ended by silence, *news says which. */
bool omsp_telephone_event_tick(struct omsp_telephone_event *state, uint64_t now_us,
                               struct omsp_telephone_news *news);
/* When to call tick; UINT64_MAX: no press is on. */
uint64_t omsp_telephone_event_deadline(const struct omsp_telephone_event *state);
/* A new source or a restart: forgets the past; true when a press was on, *news is its end. */
bool omsp_telephone_event_reset(struct omsp_telephone_event *state,
                                struct omsp_telephone_news *news);

/* '0'..'9', '*', '#', 'A'..'D'; digit <= 15. */
char omsp_telephone_event_char(uint8_t digit);

#endif
