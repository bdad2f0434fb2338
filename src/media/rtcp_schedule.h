/*
 * When the next RTCP compound is due: RFC 3550 6.2, 6.3 and A.7 for a session of two, no IP
 * multicast. Randomness comes from outside. Owned by the session's lock; no clock, no allocation.
 */
#ifndef OMSP_MEDIA_RTCP_SCHEDULE_H
#define OMSP_MEDIA_RTCP_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OMSP_RTCP_MIN_US   5000000u /* RFC 3550 6.2 */
#define OMSP_RTCP_OVERHEAD 28u      /* IPv4 and UDP, counted into the average size (6.2) */

struct omsp_rtcp_load {
    unsigned members, senders; /* ourselves included; members >= 1, senders <= members */
    bool we_sent;              /* RTP since the second last report */
    bool initial;              /* no report sent yet: half the minimum */
    uint32_t bandwidth;        /* RTCP bytes a second: 5 % of the session's */
    uint32_t average;          /* compound size in bytes, overhead included */
};

/* The deterministic interval Td of 6.3.1, microseconds. bandwidth 0 gives the minimum. */
uint64_t omsp_rtcp_interval_us(const struct omsp_rtcp_load *load);
/* Td times [0.5, 1.5) by random, divided by e - 3/2 (6.3.1): what is really waited. */
uint64_t omsp_rtcp_randomise_us(uint64_t interval_us, uint32_t random);

struct omsp_rtcp_schedule {
    struct omsp_rtcp_load load;
    uint32_t average_16; /* average size in 1/16 byte */
    uint64_t due_us;     /* when to call omsp_rtcp_schedule_due */
    uint64_t last_us;    /* of the last report, or of the start */
};

/* bandwidth: RTCP bytes a second (G.711: 5 % of 8000 = 400). The first report is due after
 * 1.25 s..3.75 s / 1.22. */
void omsp_rtcp_schedule_init(struct omsp_rtcp_schedule *schedule, uint32_t bandwidth,
                             uint64_t now_us, uint32_t random);
/* True: send now and call _sent. False: not yet; due_us may have moved (timer reconsideration,
 * 6.3.6). */
bool omsp_rtcp_schedule_due(struct omsp_rtcp_schedule *schedule, uint64_t now_us, uint32_t random);
/* A compound of `bytes` went out; sets the next due_us. */
void omsp_rtcp_schedule_sent(struct omsp_rtcp_schedule *schedule, size_t bytes, uint64_t now_us,
                             uint32_t random);
/* A compound of `bytes` came in. */
void omsp_rtcp_schedule_received(struct omsp_rtcp_schedule *schedule, size_t bytes);
/* Who is there now. Does not move due_us: reconsideration does when it comes. */
void omsp_rtcp_schedule_members(struct omsp_rtcp_schedule *schedule, unsigned members,
                                unsigned senders, bool we_sent);

#endif
