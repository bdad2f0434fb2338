/*
 * What a telephony service provider (TSP) and OpenMSP say to each other through LINE_SENDMSPDATA /
 * ITMSPAddress::ReceiveTSPData and ME_TSP_DATA / TSPI_lineReceiveMSPData.
 *
 * One buffer is one message: a header, then the body that its type names, and nothing behind it.
 * All numbers are unsigned and little-endian; the structs below are made of bytes alone, so they
 * have no padding, no alignment, no pointers, and the same layout for every compiler, 32 or 64
 * bits. Read and write their fields with the OMSP_TSP_GET and OMSP_TSP_PUT macros. Reserved bytes
 * are zero.
 *
 * Versions: there is exactly one layout for each (version, type). A receiver refuses any version it
 * does not know, any unknown type, a size other than the described one, reserved bytes that are not
 * zero and values outside the described range; OpenMSP answers E_INVALIDARG then and changes
 * nothing. So a new field or value means a new version, and a sender uses the lowest version that
 * can say what it means.
 *
 * Order: the TSP speaks first about a call (CONFIGURE, or any other message). Every message from
 * the TSP that ReceiveTSPData took (S_OK) is answered by exactly one message that repeats its
 * `sequence`: LOCAL_SDP, STATS or CALL_SID when it was a query that could be answered, RESULT in
 * all other cases. STREAM_STATE alone is not answered.
 *
 * This header needs nothing else and compiles as C89 and as C++.
 */
#ifndef OPENMSP_TSP_H
#define OPENMSP_TSP_H

#ifdef __cplusplus
extern "C" {
#endif

#define OMSP_TSP_MAGIC   0x50534D4FUL /* the bytes 'O' 'M' 'S' 'P' */
#define OMSP_TSP_VERSION 1

/* The longest text (SDP) a message may carry, in bytes. */
#define OMSP_TSP_MAX_TEXT 65535UL

/* ---- fields -------------------------------------------------------------------------------- */

/* `field` is an array of unsigned char; `i` is where in it (0 but for 64-bit fields: 0 is the low
 * half, 4 the high one). */
#define OMSP_TSP_GET16_AT(field, i)                                                                \
    ((unsigned int)(field)[(i)] | ((unsigned int)(field)[(i) + 1] << 8))
#define OMSP_TSP_GET32_AT(field, i)                                                                \
    ((unsigned long)(field)[(i)] | ((unsigned long)(field)[(i) + 1] << 8) |                        \
     ((unsigned long)(field)[(i) + 2] << 16) | ((unsigned long)(field)[(i) + 3] << 24))
#define OMSP_TSP_PUT16_AT(field, i, value)                                                         \
    ((field)[(i)] = (unsigned char)((value)&0xFFU),                                                \
     (field)[(i) + 1] = (unsigned char)(((value) >> 8) & 0xFFU))
#define OMSP_TSP_PUT32_AT(field, i, value)                                                         \
    ((field)[(i)] = (unsigned char)((value)&0xFFUL),                                               \
     (field)[(i) + 1] = (unsigned char)(((value) >> 8) & 0xFFUL),                                  \
     (field)[(i) + 2] = (unsigned char)(((value) >> 16) & 0xFFUL),                                 \
     (field)[(i) + 3] = (unsigned char)(((value) >> 24) & 0xFFUL))

#define OMSP_TSP_GET16(field)        OMSP_TSP_GET16_AT(field, 0)
#define OMSP_TSP_GET32(field)        OMSP_TSP_GET32_AT(field, 0)
#define OMSP_TSP_PUT16(field, value) OMSP_TSP_PUT16_AT(field, 0, value)
#define OMSP_TSP_PUT32(field, value) OMSP_TSP_PUT32_AT(field, 0, value)

/* ---- header -------------------------------------------------------------------------------- */

struct omsp_tsp_header {
    unsigned char magic[4];   /* OMSP_TSP_MAGIC */
    unsigned char version[2]; /* OMSP_TSP_VERSION */
    unsigned char type[2];    /* OMSP_TSP_* below */
    unsigned char size[4];    /* of the whole message in bytes, this header included */
    unsigned char
        sequence[4]; /* TSP -> MSP: the TSP's choice; MSP -> TSP: that of the message which
                        is answered, or for DIGIT and STREAM_COMMAND the MSP's own count */
};

/* TSP -> MSP */
#define OMSP_TSP_CONFIGURE    0x0001 /* omsp_tsp_configure */
#define OMSP_TSP_REMOTE_SDP   0x0002 /* text */
#define OMSP_TSP_CONNECT      0x0003 /* no body; REMOTE_SDP connects by itself */
#define OMSP_TSP_DISCONNECT   0x0004 /* omsp_tsp_disconnect */
#define OMSP_TSP_QUERY_SDP    0x0005 /* no body; answered by LOCAL_SDP */
#define OMSP_TSP_QUERY_STATS  0x0006 /* no body; answered by STATS */
#define OMSP_TSP_QUERY_SID    0x0007 /* no body; answered by CALL_SID */
#define OMSP_TSP_STREAM_STATE 0x0008 /* omsp_tsp_stream_state */
#define OMSP_TSP_SECURITY     0x0009 /* omsp_tsp_security */

/* MSP -> TSP: bit 15 is set */
#define OMSP_TSP_FROM_MSP       0x8000
#define OMSP_TSP_RESULT         0x8001 /* omsp_tsp_result */
#define OMSP_TSP_LOCAL_SDP      0x8002 /* text */
#define OMSP_TSP_STATS          0x8003 /* omsp_tsp_stats */
#define OMSP_TSP_CALL_SID       0x8004 /* omsp_tsp_call_sid */
#define OMSP_TSP_STREAM_COMMAND 0x8005 /* omsp_tsp_stream_command */
#define OMSP_TSP_DIGIT          0x8006 /* omsp_tsp_digit */

/* "text": size - sizeof(header) bytes of UTF-8, 1 to OMSP_TSP_MAX_TEXT of them, no NUL and none
 * behind it. */

/* ---- values -------------------------------------------------------------------------------- */

/* RESULT of REMOTE_SDP: OMSP_TSP_INVALID (no SDP), _NO_CODEC, _BAD_MEDIA (no audio, or none that
 * SECURITY allows), and those of a local address (omsp_tsp_configure). RESULT of CONNECT:
 * OMSP_TSP_WRONG_STATE when the transport is RTP and no peer is known. */

/* Who carries the media. */
#define OMSP_TSP_TRANSPORT_RTP      0
#define OMSP_TSP_TRANSPORT_HARDWARE 1

/* Operations that the TSP's hardware offers, as bits. */
#define OMSP_TSP_OFFER_START 1
#define OMSP_TSP_OFFER_PAUSE 2
#define OMSP_TSP_OFFER_STOP  4

/* TERMINAL_DIRECTION's numbers. */
#define OMSP_TSP_CAPTURE 0 /* local -> network */
#define OMSP_TSP_RENDER  1 /* network -> local */

#define OMSP_TSP_STOPPED 0
#define OMSP_TSP_PAUSED  1
#define OMSP_TSP_RUNNING 2

#define OMSP_TSP_REASON_REMOTE  0 /* the far end hung up */
#define OMSP_TSP_REASON_LOCAL   1 /* we did */
#define OMSP_TSP_REASON_TIMEOUT 2 /* nobody did: the connection was given up */

#define OMSP_TSP_KEEP_TIMEOUT 0xFFFFFFFFUL

/* SRTP with keys in SDP (RFC 4568): if the far end offers it; or there is no call; never. */
#define OMSP_TSP_SRTP_ALLOWED  0
#define OMSP_TSP_SRTP_REQUIRED 1
#define OMSP_TSP_SRTP_OFF      2

/* How something ended: `status` of RESULT and STREAM_STATE. */
#define OMSP_TSP_OK              0
#define OMSP_TSP_NOMEM           1  /* out of memory */
#define OMSP_TSP_INVALID         2  /* malformed (an SDP, an address) */
#define OMSP_TSP_MORE            3  /* a larger buffer is needed */
#define OMSP_TSP_EMPTY           4  /* nothing there */
#define OMSP_TSP_FULL            5  /* no room left */
#define OMSP_TSP_NOTFOUND        6  /* not found */
#define OMSP_TSP_EXISTS          7  /* already there */
#define OMSP_TSP_SHUTDOWN        8  /* the call was shut down */
#define OMSP_TSP_NOTSUPPORTED    9  /* not supported */
#define OMSP_TSP_NOTIMPL         10 /* not implemented by this transport */
#define OMSP_TSP_TIMEOUT         11 /* timed out */
#define OMSP_TSP_IO              12 /* input/output error */
#define OMSP_TSP_EOF             13 /* end of data */
#define OMSP_TSP_NOSPACE         14 /* no space left on device */
#define OMSP_TSP_ACCESS          15 /* access denied */
#define OMSP_TSP_ADDRINUSE       16 /* address already in use */
#define OMSP_TSP_UNREACHABLE     17 /* unreachable or refused */
#define OMSP_TSP_NODEVICE        18 /* no such device, or it is gone */
#define OMSP_TSP_BAD_MEDIA       19 /* media type not allowed */
#define OMSP_TSP_BAD_DIRECTION   20 /* direction not allowed */
#define OMSP_TSP_BAD_TERMINAL    21 /* terminal not usable */
#define OMSP_TSP_BAD_CLASS       22 /* unknown terminal class */
#define OMSP_TSP_MAX_STREAMS     23 /* no further streams allowed */
#define OMSP_TSP_MAX_TERMINALS   24 /* no further terminals allowed */
#define OMSP_TSP_TERMINAL_IN_USE 25 /* terminal is in use elsewhere */
#define OMSP_TSP_NO_TERMINAL     26 /* no terminal selected */
#define OMSP_TSP_NO_FORMAT       27 /* no format set */
#define OMSP_TSP_WRONG_STATE     28 /* not possible in this state */
#define OMSP_TSP_NO_CODEC        29 /* no codec in common */
#define OMSP_TSP_STATUS_COUNT    30

/* ---- bodies, TSP -> MSP -------------------------------------------------------------------- */

struct omsp_tsp_addr {
    unsigned char family; /* 4, 6, or 0: none, and then all else is zero */
    unsigned char reserved;
    unsigned char port[2];  /* 0: any */
    unsigned char ip[16];   /* network order; IPv4 uses the first four, the rest is zero */
    unsigned char scope[4]; /* IPv6 scope id, else 0 */
};

/* Before the first CONNECT or REMOTE_SDP, else OMSP_TSP_WRONG_STATE. Done in the order transport,
 * codecs, ptime_ms, media_timeout_ms, local; RESULT tells what one of them was refused for
 * (OMSP_TSP_NO_CODEC; of local OMSP_TSP_ADDRINUSE, _INVALID, _ACCESS, _WRONG_STATE when there is
 * one), and those before it hold. */
struct omsp_tsp_configure {
    unsigned char transport;   /* OMSP_TSP_TRANSPORT_* */
    unsigned char offers;      /* OMSP_TSP_OFFER_* bits; must be 0 for RTP, which does all */
    unsigned char ptime_ms[2]; /* packet time to send: 10, 20 ... 60; 0: keep */
    unsigned char media_timeout_ms[4]; /* no RTP for this long is MEDIA_TIMEOUT; 0: never;
                                          at most 2147483647; OMSP_TSP_KEEP_TIMEOUT:
                                          keep */
    struct omsp_tsp_addr local;        /* where to bind RTP; RTCP is on the next port; family 0:
                                          leave it to the MSP */
    unsigned char codec_count;         /* 0: keep; at most 8 */
    unsigned char reserved[3];
    unsigned char codecs[8]; /* RTP payload types in order of preference, no two equal,
                                at most 127; unused ones are 0 */
};

struct omsp_tsp_disconnect {
    unsigned char reason; /* OMSP_TSP_REASON_* */
    unsigned char reserved[3];
};

/* The TSP's hardware did what a STREAM_COMMAND asked (sequence: the command's), or moved by itself
 * (sequence 0). */
struct omsp_tsp_stream_state {
    unsigned char direction; /* OMSP_TSP_CAPTURE or OMSP_TSP_RENDER */
    unsigned char state;     /* what it is now */
    unsigned char reserved[2];
    unsigned char status[4]; /* OMSP_TSP_OK, or why the command failed or the media broke */
};

/* What holds for descriptions from now on; without it OMSP_TSP_SRTP_ALLOWED. */
struct omsp_tsp_security {
    unsigned char srtp; /* OMSP_TSP_SRTP_* */
    unsigned char reserved[3];
};

/* ---- bodies, MSP -> TSP -------------------------------------------------------------------- */

struct omsp_tsp_result {
    unsigned char request[2]; /* the type that is answered */
    unsigned char reserved[2];
    unsigned char status[4];
};

struct omsp_tsp_stats {
    unsigned char packets_received[8];
    unsigned char bytes_received[8]; /* RTP payload */
    unsigned char packets_sent[8];
    unsigned char bytes_sent[8];
    unsigned char packets_lost[8];
    unsigned char packets_late[8];
    unsigned char packets_duplicate[8];
    unsigned char packets_reordered[8];
    unsigned char packets_rejected[8]; /* not RTP, wrong source, unknown payload type, SRTP that is
                                          forged or replayed */
    unsigned char reports_received[8]; /* RTCP compound packets */
    unsigned char reports_sent[8];
    unsigned char frames_recorded[8];  /* 20 ms frames that recorders wrote */
    unsigned char frames_concealed[8]; /* made up for lost ones */
    unsigned char frames_played[8];    /* taken from capture terminals */
    unsigned char jitter_us[4];        /* RFC 3550 6.4.1 */
    unsigned char round_trip_us[4];    /* 0: not known yet */
    unsigned char remote_lost[4];      /* cumulative, as the peer reports */
    unsigned char ptime_ms[4];
    unsigned char codec[4]; /* payload type in use; 255: none yet */
};

struct omsp_tsp_call_sid {
    unsigned char sid[34]; /* ASCII: two capital letters, 32 hex digits; no NUL */
    unsigned char reserved[2];
};

/* Hardware transport only: move. */
struct omsp_tsp_stream_command {
    unsigned char direction;
    unsigned char to; /* OMSP_TSP_STOPPED, OMSP_TSP_PAUSED, OMSP_TSP_RUNNING */
    unsigned char reserved[2];
};

/* A telephone-event began (RFC 4733 3.2): 0-9, 10 is '*', 11 '#', 12-15 are A-D. */
struct omsp_tsp_digit {
    unsigned char digit;
    unsigned char reserved[3];
};

#ifdef __cplusplus
}
#endif

#endif
