/*
 * Arrivals of one audio stream on kinds of networks, kept in tests/data/traces (make.py there says
 * what each is and how the files read), and the judge of what a jitter buffer made of them. For
 * tests and benchmarks; one thread.
 */
#ifndef OMSP_TESTS_SUPPORT_TRACE_H
#define OMSP_TESTS_SUPPORT_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRACE_PTIME_US 20000u
#define TRACE_SAMPLES  160u

struct trace_packet {
    uint32_t number;     /* in order of sending */
    uint32_t timestamp;  /* samples since the start: sent at timestamp * 125 us */
    uint64_t arrival_us; /* on the receiver's clock */
};

struct trace {
    struct trace_packet *packets; /* by arrival, lost ones left out */
    size_t count;
    size_t places;     /* of 20 ms each */
    int64_t *floor_us; /* by place: the least transit time within ten seconds of it */
    uint32_t *arrived; /* by place: how many of those before it arrive, */
    uint32_t *unsent;  /* and how many were never sent */
};

/* "wifi" and so on, the first `places` of it (0: all). False: there is no such file, or no memory.
 * trace_free in both cases. */
bool trace_load(struct trace *trace, const char *folder, const char *name, size_t places);
void trace_free(struct trace *trace);

/* What a listener got, in samples but for delay_us. */
struct trace_score {
    uint64_t played;
    double delay_us;  /* sum over what was played, beyond the fastest packets */
    int64_t late;     /* concealed (or thrown away at a pause) though the network lost nothing */
    uint64_t dropped; /* arrived and not played */
    uint64_t repeated;
};

/* Told everything in the order in which it is heard. */
struct trace_judge {
    const struct trace *trace;
    struct trace_score score;
    bool begun;
    uint32_t end; /* timestamp after what was played last */
    uint64_t made_up;
};

void trace_judge_init(struct trace_judge *judge, const struct trace *trace);
/* at_us: when the first sample is heard. */
void trace_judge_played(struct trace_judge *judge, uint64_t at_us, uint32_t timestamp,
                        uint32_t samples);
/* The player had nothing. */
void trace_judge_made_up(struct trace_judge *judge, uint32_t samples);
/* Nothing was missing; the player took its time. */
void trace_judge_repeated(struct trace_judge *judge, uint32_t samples);

/* Of the score: milliseconds; percent of what the network brought. */
double trace_delay_ms(const struct trace_score *score);
double trace_late_percent(const struct trace_score *score, const struct trace *trace);

#endif
