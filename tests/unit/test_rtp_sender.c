/* The sending half: numbering, media clock over pauses, marker, counts. */
#include "support/suite.h"

#include "media/rtp_sender.h"

#include <stdlib.h>
#include <string.h>

#define MS    1000u
#define FRAME 160u

static const uint8_t audio[FRAME] = {1, 2, 3};

static struct omsp_rtp_packet send_at(struct omsp_rtp_sender *sender, uint64_t now_us)
{
    static uint8_t out[OMSP_RTP_HEADER + FRAME];
    struct omsp_rtp_packet packet;
    size_t len;

    ck_assert_int_eq(omsp_rtp_sender_packet(sender, OMSP_RTP_PCMA, omsp_span(audio, FRAME), FRAME,
                                            now_us, out, sizeof(out), &len),
                     OMSP_OK);
    ck_assert_uint_eq(len, sizeof(out));
    ck_assert_int_eq(omsp_rtp_parse(out, len, &packet), OMSP_OK);
    ck_assert_uint_eq(packet.type, OMSP_RTP_PCMA);
    ck_assert_mem_eq(packet.payload.ptr, audio, FRAME);
    return packet;
}

START_TEST(numbers_and_timestamps_go_on_and_wrap)
{
    struct omsp_rtp_sender sender;

    omsp_rtp_sender_init(&sender, 8000, 77, 65534, 0xFFFFFF00u);
    for (unsigned i = 0; i < 5; i++) {
        /* The caller is late by up to 12 ms: the timestamps do not care. */
        struct omsp_rtp_packet p = send_at(&sender, 1000 * MS + i * 20 * MS + i % 4 * 4 * MS);

        ck_assert_uint_eq(p.seq, (uint16_t)(65534 + i));
        ck_assert_uint_eq(p.timestamp, 0xFFFFFF00u + i * FRAME);
        ck_assert_uint_eq(p.ssrc, 77);
        ck_assert_int_eq(p.marker, i == 0);
    }
    ck_assert_uint_eq(sender.packets, 5);
    ck_assert_uint_eq(sender.octets, 5 * FRAME);
}
END_TEST

START_TEST(after_a_pause_the_clock_has_gone_on_and_the_marker_is_set)
{
    struct omsp_rtp_sender sender;
    struct omsp_rtp_packet p;

    omsp_rtp_sender_init(&sender, 8000, 77, 0, 1000);
    send_at(&sender, 1000 * MS);
    send_at(&sender, 1020 * MS);
    omsp_rtp_sender_pause(&sender);
    omsp_rtp_sender_pause(&sender);
    p = send_at(&sender, 3540 * MS);
    ck_assert_uint_eq(p.ssrc, 77);
    ck_assert_uint_eq(p.seq, 2);
    ck_assert_uint_eq(p.timestamp, 1000 + 8 * 2540);
    ck_assert(p.marker);
    p = send_at(&sender, 3560 * MS);
    ck_assert_uint_eq(p.timestamp, 1000 + 8 * 2560);
    ck_assert(!p.marker);
}
END_TEST

START_TEST(a_restart_before_the_last_packet_is_over_does_not_overlap_it)
{
    struct omsp_rtp_sender sender;
    struct omsp_rtp_packet p;

    omsp_rtp_sender_init(&sender, 8000, 77, 0, 1000);
    send_at(&sender, 1000 * MS);
    omsp_rtp_sender_pause(&sender);
    p = send_at(&sender, 1005 * MS);
    ck_assert_uint_eq(p.timestamp, 1160);
    ck_assert(p.marker);
}
END_TEST

START_TEST(a_pause_before_the_first_packet_changes_nothing)
{
    struct omsp_rtp_sender sender;
    struct omsp_rtp_packet p;

    omsp_rtp_sender_init(&sender, 8000, 77, 9, 1000);
    omsp_rtp_sender_pause(&sender);
    p = send_at(&sender, 900000 * MS);
    ck_assert_uint_eq(p.timestamp, 1000);
    ck_assert_uint_eq(p.seq, 9);
    ck_assert(p.marker);
}
END_TEST

START_TEST(stop_and_start_without_limit_keeps_source_and_sequence)
{
    struct omsp_rtp_sender sender;
    uint64_t now = 5000 * MS;

    omsp_rtp_sender_init(&sender, 8000, 77, 0, 0);
    for (unsigned i = 0; i < 100000; i++, now += 1000 * MS) {
        struct omsp_rtp_packet p = send_at(&sender, now);

        ck_assert_uint_eq(p.seq, (uint16_t)i);
        ck_assert_uint_eq(p.timestamp, i * 8000u);
        ck_assert_uint_eq(p.ssrc, 77);
        ck_assert(p.marker);
        omsp_rtp_sender_pause(&sender);
    }
}
END_TEST

START_TEST(skipped_silence_moves_the_clock_and_sets_the_marker)
{
    struct omsp_rtp_sender sender;
    struct omsp_rtp_packet p;

    omsp_rtp_sender_init(&sender, 8000, 77, 0, 0);
    send_at(&sender, 1000 * MS);
    omsp_rtp_sender_skip(&sender, 400);
    p = send_at(&sender, 1070 * MS);
    ck_assert_uint_eq(p.timestamp, 560);
    ck_assert_uint_eq(p.seq, 1);
    ck_assert(p.marker);
    omsp_rtp_sender_skip(&sender, 800);
    omsp_rtp_sender_pause(&sender);
    p = send_at(&sender, 2000 * MS);
    ck_assert_uint_eq(p.timestamp, 8000);
}
END_TEST

START_TEST(the_report_tells_the_clock_of_now_not_of_the_last_packet)
{
    struct omsp_rtp_sender sender;
    struct omsp_rtcp_sender_info info;

    omsp_rtp_sender_init(&sender, 8000, 77, 0, 5000);
    ck_assert_uint_eq(omsp_rtp_sender_clock(&sender, 123456), 5000);
    send_at(&sender, 1000 * MS);
    ck_assert_uint_eq(omsp_rtp_sender_clock(&sender, 1000 * MS), 5000);
    omsp_rtp_sender_info(&sender, 0x1122334455667788u, 1005 * MS, &info);
    ck_assert_uint_eq(info.timestamp, 5040);
    ck_assert(info.ntp == 0x1122334455667788u);
    ck_assert_uint_eq(info.packets, 1);
    ck_assert_uint_eq(info.octets, FRAME);
    omsp_rtp_sender_pause(&sender);
    ck_assert_uint_eq(omsp_rtp_sender_clock(&sender, 11000 * MS), 85000);
}
END_TEST

START_TEST(the_clock_follows_media_that_drifts)
{
    struct omsp_rtp_sender sender;
    uint64_t now = 1000 * MS;

    omsp_rtp_sender_init(&sender, 8000, 77, 0, 0);
    /* An hour of a device that is 100 ppm slow: 360 ms in the end. */
    for (unsigned i = 0; i < 180000; i++, now += 20002)
        send_at(&sender, now);
    ck_assert_int_le(abs((int)(omsp_rtp_sender_clock(&sender, now) - sender.next_timestamp)), 8);
}
END_TEST

START_TEST(a_new_ssrc_starts_the_report_again)
{
    struct omsp_rtp_sender sender;
    struct omsp_rtp_packet p;

    omsp_rtp_sender_init(&sender, 8000, 77, 0, 0);
    send_at(&sender, 1000 * MS);
    omsp_rtp_sender_set_ssrc(&sender, 78, 300, 40000);
    p = send_at(&sender, 1020 * MS);
    ck_assert_uint_eq(p.ssrc, 78);
    ck_assert_uint_eq(p.seq, 300);
    ck_assert_uint_eq(p.timestamp, 40000);
    ck_assert(p.marker);
    ck_assert_uint_eq(sender.packets, 1);
    ck_assert_uint_eq(sender.total_packets, 2);
    ck_assert_uint_eq(sender.total_octets, 2 * FRAME);
}
END_TEST

START_TEST(too_little_room_changes_nothing)
{
    struct omsp_rtp_sender sender, before;
    uint8_t out[OMSP_RTP_HEADER + FRAME];
    size_t len = 0;

    omsp_rtp_sender_init(&sender, 8000, 77, 0, 0);
    before = sender;
    ck_assert_int_eq(omsp_rtp_sender_packet(&sender, 0, omsp_span(audio, FRAME), FRAME, MS, out,
                                            sizeof(out) - 1, &len),
                     OMSP_MORE);
    ck_assert_uint_eq(len, sizeof(out));
    ck_assert_int_eq(omsp_rtp_sender_packet(&sender, 128, omsp_span(audio, FRAME), FRAME, MS, out,
                                            sizeof(out), &len),
                     OMSP_INVALID);
    ck_assert_mem_eq(&sender, &before, sizeof(sender));
}
END_TEST

START_TEST(a_payload_encoded_in_place_is_sent_as_it_is)
{
    struct omsp_rtp_sender sender;
    uint8_t out[OMSP_RTP_HEADER + FRAME];
    size_t len;

    omsp_rtp_sender_init(&sender, 8000, 77, 0, 0);
    memset(out, 0xD5, sizeof(out));
    ck_assert_int_eq(omsp_rtp_sender_packet(&sender, 8, omsp_span(out + OMSP_RTP_HEADER, FRAME),
                                            FRAME, MS, out, sizeof(out), &len),
                     OMSP_OK);
    ck_assert_uint_eq(out[0], 0x80);
    for (size_t i = OMSP_RTP_HEADER; i < len; i++)
        ck_assert_uint_eq(out[i], 0xD5);
}
END_TEST

OMSP_SUITE("rtp_sender", TEST(numbers_and_timestamps_go_on_and_wrap),
           TEST(after_a_pause_the_clock_has_gone_on_and_the_marker_is_set),
           TEST(a_restart_before_the_last_packet_is_over_does_not_overlap_it),
           TEST(a_pause_before_the_first_packet_changes_nothing),
           TEST(stop_and_start_without_limit_keeps_source_and_sequence),
           TEST(skipped_silence_moves_the_clock_and_sets_the_marker),
           TEST(the_report_tells_the_clock_of_now_not_of_the_last_packet),
           TEST(the_clock_follows_media_that_drifts), TEST(a_new_ssrc_starts_the_report_again),
           TEST(too_little_room_changes_nothing), TEST(a_payload_encoded_in_place_is_sent_as_it_is))
