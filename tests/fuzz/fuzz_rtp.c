/* What is parsed lies where it belongs in the input, and written again it is the input. */
#include "fuzz.h"

#include "base/bytes.h"
#include "media/rtp.h"

/* RFC 3550 5.1 and 5.3.1, and what padding held. */
static void write(const struct omsp_rtp_packet *packet, const uint8_t *data, uint8_t *out,
                  size_t size)
{
    uint8_t *at = out + OMSP_RTP_HEADER;

    omsp_rtp_put_header(out, packet->marker, packet->type, packet->seq, packet->timestamp,
                        packet->ssrc);
    out[0] |= (uint8_t)(packet->csrc.len / 4 | (packet->has_extension ? 0x10 : 0) |
                        (packet->padding ? 0x20 : 0));
    memcpy(at, data + (at - out), packet->csrc.len);
    at += packet->csrc.len;
    if (packet->has_extension) {
        omsp_put_be16(at, packet->extension_id);
        omsp_put_be16(at + 2, (uint16_t)(packet->extension.len / 4));
        memcpy(at + 4, data + (at + 4 - out), packet->extension.len);
        at += 4 + packet->extension.len;
    }
    memcpy(at, data + (at - out), size - (size_t)(at - out));
    if (packet->padding)
        out[size - 1] = packet->padding;
}

static bool lies_at(struct omsp_span span, const uint8_t *at)
{
    return !span.len || span.ptr == at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct omsp_rtp_packet packet;
    uint8_t *out;

    (void)omsp_rtp_classify(data, size);
    if (omsp_rtp_parse(data, size, &packet) != OMSP_OK)
        return 0;
    FUZZ_CHECK(packet.type <= 127 && packet.csrc.len % 4 == 0 && packet.extension.len % 4 == 0);
    FUZZ_CHECK(fuzz_inside(packet.csrc, data, size) && fuzz_inside(packet.extension, data, size) &&
               fuzz_inside(packet.payload, data, size));
    FUZZ_CHECK(OMSP_RTP_HEADER + packet.csrc.len + (packet.has_extension ? 4 : 0) +
                   packet.extension.len + packet.payload.len + packet.padding ==
               size);
    FUZZ_CHECK(lies_at(packet.csrc, data + OMSP_RTP_HEADER) &&
               lies_at(packet.extension, data + OMSP_RTP_HEADER + packet.csrc.len + 4) &&
               lies_at(packet.payload, data + size - packet.padding - packet.payload.len));
    out = malloc(size);
    FUZZ_CHECK(out);
    write(&packet, data, out, size);
    FUZZ_CHECK(!memcmp(out, data, size));
    free(out);
    return 0;
}
