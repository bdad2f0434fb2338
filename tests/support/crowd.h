/*
 * One consumer of many: the far end of a media stream's connection as a machine over bytes, for
 * tests with hundreds of them. It answers the upgrade, pings and closes, and holds every message
 * against the protocol's laws: order, numbering, exact steps of the media clock. No sockets.
 */
#ifndef OMSP_TESTS_SUPPORT_CROWD_H
#define OMSP_TESTS_SUPPORT_CROWD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CROWD_REPLY 512

struct crowd_member {
    uint8_t bytes[4096];
    size_t len;
    bool upgraded, closed; /* closed: our close was said */
    unsigned connected, started, stopped, media[2], others;
    uint64_t sequence, chunk[2], timestamp[2], first[2]; /* the last ones; first: timestamps */
    uint64_t lost_ms;                                    /* sum of the jumps of both clocks */
    char wrong[128];                                     /* the first law that was broken */
};

/* Bytes came; answers how many bytes of reply are to be sent. */
size_t crowd_take(struct crowd_member *member, const void *data, size_t len, char *reply,
                  size_t room);
/* Started and stopped in order, and nothing wrong in between; else a sentence. */
const char *crowd_verdict(const struct crowd_member *member);

#endif
