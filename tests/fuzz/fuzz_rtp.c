/* What is parsed lies inside the input and survives building and parsing. */
#include "fuzz.h"

#include "media/rtp.h"

static bool same_bytes(struct omsp_span a, struct omsp_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct omsp_rtp_packet packet, again;
    uint8_t *out;
    size_t len = 0;

    (void)omsp_rtp_classify(data, size);
    if (omsp_rtp_parse(data, size, &packet) != OMSP_OK)
        return 0;
    FUZZ_CHECK(packet.type <= 127 && packet.csrc.len % 4 == 0 && packet.extension.len % 4 == 0);
    FUZZ_CHECK(fuzz_inside(packet.csrc, data, size) && fuzz_inside(packet.extension, data, size) &&
               fuzz_inside(packet.payload, data, size));
    FUZZ_CHECK(OMSP_RTP_HEADER + packet.csrc.len + (packet.has_extension ? 4 : 0) +
                   packet.extension.len + packet.payload.len + packet.padding ==
               size);
    FUZZ_CHECK(omsp_rtp_build(&packet, NULL, 0, &len) == OMSP_MORE && len == size);
    out = malloc(len);
    FUZZ_CHECK(out && omsp_rtp_build(&packet, out, len, &len) == OMSP_OK && len == size);
    FUZZ_CHECK(omsp_rtp_parse(out, len, &again) == OMSP_OK);
    FUZZ_CHECK(again.marker == packet.marker && again.type == packet.type &&
               again.seq == packet.seq && again.timestamp == packet.timestamp &&
               again.ssrc == packet.ssrc && again.has_extension == packet.has_extension &&
               again.extension_id == packet.extension_id && again.padding == packet.padding);
    FUZZ_CHECK(same_bytes(again.csrc, packet.csrc) &&
               same_bytes(again.extension, packet.extension) &&
               same_bytes(again.payload, packet.payload));
    free(out);
    return 0;
}
