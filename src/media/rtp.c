/*
 * RTP packets: bytes to a view and back (RFC 3550 5.1). No state and no judgement of sequence or
 * source: that is media/rtp_receiver.c. Any thread.
 */
#include "media/rtp.h"

#define VERSION_2     0x80u
#define HAS_PADDING   0x20u
#define HAS_EXTENSION 0x10u

enum omsp_status omsp_rtp_parse(const void *data, size_t len, struct omsp_rtp_packet *out)
{
    const uint8_t *bytes = data;
    struct omsp_rtp_packet packet = {0};
    size_t at = OMSP_RTP_HEADER, end = len;

    if (len < OMSP_RTP_HEADER || (bytes[0] & 0xC0) != VERSION_2)
        return OMSP_INVALID;
    packet.marker = bytes[1] & 0x80;
    packet.type = bytes[1] & 0x7F;
    packet.seq = omsp_be16(bytes + 2);
    packet.timestamp = omsp_be32(bytes + 4);
    packet.ssrc = omsp_be32(bytes + 8);

    packet.csrc = omsp_span(bytes + at, 4u * (bytes[0] & 0x0F));
    if (packet.csrc.len > end - at)
        return OMSP_INVALID;
    at += packet.csrc.len;

    packet.extension = omsp_span(bytes + at, 0);
    if (bytes[0] & HAS_EXTENSION) {
        if (end - at < 4)
            return OMSP_INVALID;
        packet.has_extension = true;
        packet.extension_id = omsp_be16(bytes + at);
        packet.extension = omsp_span(bytes + at + 4, 4u * omsp_be16(bytes + at + 2));
        at += 4;
        if (packet.extension.len > end - at)
            return OMSP_INVALID;
        at += packet.extension.len;
    }
    if (bytes[0] & HAS_PADDING) {
        packet.padding = bytes[len - 1];
        if (!packet.padding || packet.padding > end - at)
            return OMSP_INVALID;
        end -= packet.padding;
    }
    packet.payload = omsp_span(bytes + at, end - at);
    *out = packet;
    return OMSP_OK;
}

void omsp_rtp_put_header(uint8_t out[OMSP_RTP_HEADER], bool marker, uint8_t type, uint16_t seq,
                         uint32_t timestamp, uint32_t ssrc)
{
    out[0] = VERSION_2;
    out[1] = (uint8_t)((marker ? 0x80u : 0) | (type & 0x7Fu));
    omsp_put_be16(out + 2, seq);
    omsp_put_be32(out + 4, timestamp);
    omsp_put_be32(out + 8, ssrc);
}

enum omsp_mux omsp_rtp_classify(const void *data, size_t len)
{
    const uint8_t *bytes = data;

    if (len < 2 || (bytes[0] & 0xC0) != VERSION_2)
        return OMSP_MUX_OTHER;
    return bytes[1] >= 192 && bytes[1] <= 223 ? OMSP_MUX_RTCP : OMSP_MUX_RTP;
}
