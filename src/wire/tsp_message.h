/*
 * The messages of include/openmsp/openmsp_tsp.h as values: bytes to struct and back. Pure; any
 * thread; allocates nothing. Both directions are parsed, because the other end (a TSP, a test) uses
 * this too: a receiver asks omsp_tsp_is_from_msp() for the ones that are not meant for it.
 */
#ifndef OMSP_WIRE_TSP_MESSAGE_H
#define OMSP_WIRE_TSP_MESSAGE_H

#include "base/bytes.h"
#include "base/status.h"
#include "openmsp/openmsp_tsp.h"
#include "port/net.h"

#define OMSP_TSP_MAX_CODECS 8
#define OMSP_TSP_SID_CHARS  34

/* X(width in bits, name): every number of STATS in the order of the wire. The engine's
 * struct omsp_call_stats has the same names; copy with this list. */
#define OMSP_TSP_STATS_LIST(X)                                                                     \
    X(64, packets_received)                                                                        \
    X(64, bytes_received)                                                                          \
    X(64, packets_sent)                                                                            \
    X(64, bytes_sent)                                                                              \
    X(64, packets_lost)                                                                            \
    X(64, packets_late)                                                                            \
    X(64, packets_duplicate)                                                                       \
    X(64, packets_reordered)                                                                       \
    X(64, packets_rejected)                                                                        \
    X(64, reports_received)                                                                        \
    X(64, reports_sent)                                                                            \
    X(64, frames_recorded)                                                                         \
    X(64, frames_concealed)                                                                        \
    X(64, frames_played)                                                                           \
    X(32, jitter_us)                                                                               \
    X(32, round_trip_us)                                                                           \
    X(32, remote_lost)                                                                             \
    X(32, ptime_ms)                                                                                \
    X(32, codec)

struct omsp_tsp_stats_values {
#define OMSP_TSP_STATS_FIELD(bits, name) uint##bits##_t name;
    OMSP_TSP_STATS_LIST(OMSP_TSP_STATS_FIELD)
#undef OMSP_TSP_STATS_FIELD
};

/* Which member of `u` counts is said behind each; the other types have none. */
struct omsp_tsp_message {
    uint16_t type; /* OMSP_TSP_CONFIGURE ... OMSP_TSP_DIGIT */
    uint32_t sequence;
    union {
        struct {
            uint8_t transport;         /* OMSP_TSP_TRANSPORT_* */
            uint8_t offers;            /* OMSP_TSP_OFFER_* */
            uint16_t ptime_ms;         /* 0: keep */
            uint32_t media_timeout_ms; /* 0: never; OMSP_TSP_KEEP_TIMEOUT: keep */
            struct omsp_addr local;    /* family 0: none */
            uint8_t codec_count;       /* 0: keep */
            uint8_t codecs[OMSP_TSP_MAX_CODECS];
        } configure;
        struct omsp_span text; /* REMOTE_SDP, LOCAL_SDP; after parsing it points into the input */
        uint8_t reason;        /* DISCONNECT */
        uint8_t srtp;          /* SECURITY */
        struct {
            uint8_t direction, state;
            enum omsp_status status;
        } stream_state;
        struct {
            uint16_t request;
            enum omsp_status status;
        } result;
        struct omsp_tsp_stats_values stats;
        char sid[OMSP_TSP_SID_CHARS + 1]; /* CALL_SID; terminated */
        struct {
            uint8_t direction, to;
        } stream_command;
        uint8_t digit;
    } u;
};

/* The whole of data is one message and valid in everything that the public header demands, or
 * OMSP_INVALID and *out is untouched. */
enum omsp_status omsp_tsp_parse(const void *data, size_t len, struct omsp_tsp_message *out);

/* The inverse: what it makes, omsp_tsp_parse takes. *need (may be NULL) gets the bytes. OMSP_MORE:
 * room is less (out may be NULL when room is 0); OMSP_INVALID: no such message, as parse would say.
 * On failure nothing is written to out. */
enum omsp_status omsp_tsp_build(const struct omsp_tsp_message *message, void *out, size_t room,
                                size_t *need);

static inline bool omsp_tsp_is_from_msp(uint16_t type)
{
    return (type & OMSP_TSP_FROM_MSP) != 0;
}

/* The stable numbers of the wire. A status that the wire has no number for is OMSP_TSP_IO. */
uint32_t omsp_tsp_status_to_wire(enum omsp_status status);
/* OMSP_INVALID: no such number; *out untouched. */
enum omsp_status omsp_tsp_status_from_wire(uint32_t code, enum omsp_status *out);

#endif
