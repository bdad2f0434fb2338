/*
 * The RTP packet of RFC 3550 5.1 as a view over somebody's bytes, and the way back. Pure functions:
 * any thread, no allocation.
 */
#ifndef OMSP_MEDIA_RTP_H
#define OMSP_MEDIA_RTP_H

#include "base/bytes.h"
#include "base/status.h"

#define OMSP_RTP_HEADER   12 /* bytes, without CSRC and extension */
#define OMSP_RTP_MAX_CSRC 15
#define OMSP_RTP_PCMU     0 /* static payload types, RFC 3551 6 */
#define OMSP_RTP_PCMA     8
#define OMSP_RTP_CN       13

struct omsp_rtp_packet {
    bool marker;
    uint8_t type; /* payload type, 0..127 */
    uint16_t seq;
    uint32_t timestamp;
    uint32_t ssrc;
    struct omsp_span csrc; /* 4 bytes each, network order; len 0: none */
    bool has_extension;
    uint16_t extension_id;      /* "defined by profile" */
    struct omsp_span extension; /* a multiple of 4 bytes, may be empty */
    struct omsp_span payload;   /* without padding; may be empty */
    uint8_t padding;            /* bytes of padding, its count octet included; 0: none */
};

/* The spans of *out point into data. OMSP_INVALID (nothing written): not version 2, a CSRC list,
 * extension or padding that does not fit in len, or a padding count of 0. */
enum omsp_status omsp_rtp_parse(const void *data, size_t len, struct omsp_rtp_packet *out);

/* The 12 fixed bytes for a packet without CSRC, extension and padding. type <= 127. */
void omsp_rtp_put_header(uint8_t out[OMSP_RTP_HEADER], bool marker, uint8_t type, uint16_t seq,
                         uint32_t timestamp, uint32_t ssrc);

/* What shares one port (RFC 5761 4, RFC 7983): told by the first two bytes alone, nothing is
 * validated. RTCP takes the packet types 192..223, so RTP cannot use payload types 64..95 there. */
enum omsp_mux { OMSP_MUX_OTHER, OMSP_MUX_RTP, OMSP_MUX_RTCP };
enum omsp_mux omsp_rtp_classify(const void *data, size_t len);

#endif
