/*
 * The rules of which terminal may go on which stream (spec/mspi.md 3.5), as pure functions.
 */
#ifndef OMSP_CORE_TERMINAL_H
#define OMSP_CORE_TERMINAL_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

/* TAPIMEDIATYPE_* */
#define OMSP_MEDIA_AUDIO      0x8u
#define OMSP_MEDIA_DATAMODEM  0x10u
#define OMSP_MEDIA_G3FAX      0x20u
#define OMSP_MEDIA_VIDEO      0x8000u
#define OMSP_MEDIA_MULTITRACK 0x10000u
#define OMSP_MEDIA_KNOWN                                                                           \
    (OMSP_MEDIA_AUDIO | OMSP_MEDIA_DATAMODEM | OMSP_MEDIA_G3FAX | OMSP_MEDIA_VIDEO |               \
     OMSP_MEDIA_MULTITRACK)

/* TERMINAL_DIRECTION */
enum omsp_direction {
    OMSP_CAPTURE = 0, /* local -> network */
    OMSP_RENDER = 1,  /* network -> local */
    OMSP_BIDIRECTIONAL = 2,
    OMSP_MIXED = 3,
    OMSP_NO_DIRECTION = 4,
};

struct omsp_terminal_facts {
    uint32_t media; /* one or more OMSP_MEDIA_* */
    enum omsp_direction direction;
    uint64_t owner_token; /* address token, 0: an application's own */
    bool selected_here;
    bool selected_elsewhere;
};

struct omsp_stream_facts {
    uint32_t media;
    enum omsp_direction direction;
    uint64_t owner_token;
    unsigned selected, capacity;
    bool shut;
};

/* In the order of the table in 3.5: OMSP_SHUTDOWN, OMSP_BAD_TERMINAL (foreign, media, direction,
 * already here), OMSP_MAX_TERMINALS, OMSP_TERMINAL_IN_USE. */
enum omsp_status omsp_terminal_may_select(const struct omsp_stream_facts *stream,
                                          const struct omsp_terminal_facts *terminal);

/* Exactly one known bit. */
bool omsp_media_is_single(uint32_t media);
/* At least one known bit, no unknown one. */
bool omsp_media_is_valid(uint32_t media);

#endif
