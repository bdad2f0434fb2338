/*
 * What a queue carries: ids, never pointers to objects (the one pointer, `blob`, is the event's own
 * bytes). Numbers are those of MSP_EVENT, MSP_CALL_EVENT and MSP_CALL_EVENT_CAUSE
 * (spec/mspi.md 2.4, 2.5), so that the doors translate nothing.
 */
#ifndef OMSP_CORE_EVENT_H
#define OMSP_CORE_EVENT_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

enum omsp_event_kind {
    OMSP_EVENT_ADDRESS = 0,
    OMSP_EVENT_CALL = 1,
    OMSP_EVENT_TSP_DATA = 2,
    OMSP_EVENT_PRIVATE = 3,
    OMSP_EVENT_FILE = 6,
};

enum omsp_address_event { OMSP_TERMINAL_AVAILABLE = 0, OMSP_TERMINAL_UNAVAILABLE = 1 };

enum omsp_call_event {
    OMSP_NEW_STREAM = 0,
    OMSP_STREAM_FAIL = 1,
    OMSP_TERMINAL_FAIL = 2,
    OMSP_STREAM_NOT_USED = 3,
    OMSP_STREAM_ACTIVE = 4,
    OMSP_STREAM_INACTIVE = 5,
};

enum omsp_cause {
    OMSP_CAUSE_UNKNOWN = 0,
    OMSP_CAUSE_BAD_DEVICE = 1,
    OMSP_CAUSE_CONNECT_FAIL = 2,
    OMSP_CAUSE_LOCAL_REQUEST = 3,
    OMSP_CAUSE_REMOTE_REQUEST = 4,
    OMSP_CAUSE_MEDIA_TIMEOUT = 5,
    OMSP_CAUSE_MEDIA_RECOVERED = 6,
    OMSP_CAUSE_QUALITY_OF_SERVICE = 7,
};

/* TERMINAL_MEDIA_STATE and FT_STATE_EVENT_CAUSE. */
enum omsp_media_state { OMSP_MEDIA_IDLE = 0, OMSP_MEDIA_ACTIVE = 1, OMSP_MEDIA_PAUSED = 2 };
enum omsp_file_cause {
    OMSP_FILE_NORMAL = 0,
    OMSP_FILE_END = 1,
    OMSP_FILE_READ_ERROR = 2,
    OMSP_FILE_WRITE_ERROR = 3,
};

/* Codes of OMSP_EVENT_PRIVATE (lEventCode of ITPrivateEvent). */
enum omsp_private_code {
    OMSP_PRIVATE_TERMINAL = -1, /* a terminal of another maker has something to tell: `detail` is
                                  what the door knows it by, which has its code, too */
    OMSP_PRIVATE_DIGIT = 1,     /* a telephone-event began; `detail` is 0..15 (RFC 4733 3.2) */
};

/* Bytes owned by whoever holds the pointer; freed by omsp_free. */
struct omsp_blob {
    uint32_t len;
    uint8_t data[];
};

struct omsp_event {
    enum omsp_event_kind kind;
    int type;               /* omsp_call_event, omsp_address_event, omsp_media_state (FILE), or
                               omsp_private_code */
    int cause;              /* omsp_cause, or omsp_file_cause (FILE) */
    enum omsp_status error; /* OMSP_OK for what is no failure */
    uint32_t call;          /* 0: none */
    union {
        struct {
            uint32_t stream, terminal, track; /* 0: none */
        };
        uint32_t words[2]; /* of a short message to the TSP */
    };
    uint32_t detail;
    uint64_t at_us; /* monotonic time of posting */
    /* TSP_DATA only, else NULL. TSP_DATA without one is a short message, which needs no memory:
     * `type`, `detail` and `words` are its type, sequence and numbers. */
    struct omsp_blob *blob;
};

#endif
