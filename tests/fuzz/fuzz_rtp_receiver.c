/* Arrivals, reports, pauses: what RFC 3550 A.1 and A.3 count stays consistent. */
#include "fuzz.h"

#include "media/rtp_receiver.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    struct omsp_rtp_receiver receiver;
    struct omsp_rtp_receiver_stats stats;
    struct omsp_rtcp_block block;
    struct omsp_rtp_packet packet = {.seq = fuzz_u16(&input), .timestamp = fuzz_u32(&input)};
    uint64_t now = 1, arrivals = 0;

    omsp_rtp_receiver_init(&receiver, 8000);
    while (fuzz_more(&input)) {
        uint8_t op = fuzz_u8(&input);
        struct omsp_rtp_arrival arrival;

        now += (op >> 3 & 31) * 4000u;
        switch (op & 7) {
        case 0:
            packet.seq = fuzz_u16(&input);
            packet.timestamp = fuzz_u32(&input);
            break;
        case 1:
            packet.seq = (uint16_t)(packet.seq + (int8_t)fuzz_u8(&input));
            break;
        case 2:
            packet.ssrc = fuzz_u8(&input) % 4;
            break;
        case 3:
            if (omsp_rtp_receiver_report(&receiver, now, &block) == OMSP_OK)
                FUZZ_CHECK(block.lost >= -8388608 && block.lost <= 8388607);
            FUZZ_CHECK(omsp_rtp_receiver_report(&receiver, now, &block) == OMSP_EMPTY);
            continue;
        case 4:
            omsp_rtp_receiver_note_sr(&receiver, fuzz_u8(&input) % 4, fuzz_u32(&input), now);
            continue;
        case 5:
            if (op & 128)
                omsp_rtp_receiver_pause(&receiver);
            else
                omsp_rtp_receiver_set_own(&receiver, fuzz_u8(&input) % 4);
            continue;
        default:
            break;
        }
        packet.payload = omsp_span(NULL, 0);
        arrival = omsp_rtp_receiver_arrive(&receiver, &packet, op & 8, now);
        arrivals++;
        FUZZ_CHECK(arrival.verdict <= OMSP_RTP_LOOP);
        if (omsp_rtp_usable(arrival.verdict))
            FUZZ_CHECK((uint16_t)arrival.seq == packet.seq && arrival.seq > 0);
        FUZZ_CHECK((arrival.verdict == OMSP_RTP_GAP) == (arrival.missing > 0));
        omsp_rtp_receiver_get_stats(&receiver, &stats);
        FUZZ_CHECK(stats.received <= arrivals && stats.reordered <= arrivals);
        packet.seq++;
        packet.timestamp += 160;
    }
    return 0;
}
