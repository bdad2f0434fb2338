/* What the receiver makes of a source: order, loss, duplicates, jumps, jitter, change of source. */
#include "support/suite.h"

#include "media/rtp_receiver.h"

#include <stdlib.h>
#include <string.h>

#define MS   1000u
#define SSRC 0x1000u
#define PEER 0x2000u

static struct omsp_rtp_receiver receiver;
static uint64_t now_us;

static void fresh(void)
{
    omsp_rtp_receiver_init(&receiver, 8000);
    omsp_rtp_receiver_set_own(&receiver, SSRC);
    now_us = 1000 * MS;
}

static struct omsp_rtp_arrival arrive_from(uint32_t ssrc, uint16_t seq)
{
    struct omsp_rtp_packet packet = {
        .seq = seq, .timestamp = seq * 160u, .ssrc = ssrc, .payload = {NULL, 160}};

    now_us += 20 * MS;
    return omsp_rtp_receiver_arrive(&receiver, &packet, true, now_us);
}

static enum omsp_rtp_verdict arrive(uint16_t seq)
{
    return arrive_from(PEER, seq).verdict;
}

static struct omsp_rtp_receiver_stats stats(void)
{
    struct omsp_rtp_receiver_stats out;

    omsp_rtp_receiver_get_stats(&receiver, &out);
    return out;
}

START_TEST(the_first_packet_is_usable_and_all_in_order_after_it)
{
    fresh();
    ck_assert_int_eq(arrive(40000), OMSP_RTP_FIRST);
    for (unsigned i = 1; i < 200000; i++) /* three wraps */
        ck_assert_int_eq(arrive((uint16_t)(40000 + i)), OMSP_RTP_IN_ORDER);
    ck_assert_uint_eq(stats().received, 200000);
    ck_assert_uint_eq(stats().octets, 200000 * 160);
    ck_assert_uint_eq(stats().lost, 0);
    ck_assert_uint_eq(stats().sources, 1);
}
END_TEST

START_TEST(extended_numbers_grow_over_the_wrap_and_reorder_across_it)
{
    uint64_t first;

    fresh();
    first = arrive_from(PEER, 65533).seq;
    ck_assert_uint_eq(arrive_from(PEER, 65534).seq, first + 1);
    ck_assert_uint_eq(arrive_from(PEER, 1).seq, first + 4);
    ck_assert_uint_eq(arrive_from(PEER, 65535).seq, first + 2);
    ck_assert_int_eq(arrive(65535), OMSP_RTP_DUPLICATE);
    ck_assert_uint_eq(arrive_from(PEER, 0).seq, first + 3);
    ck_assert_int_eq(arrive(2), OMSP_RTP_IN_ORDER);
    ck_assert_uint_eq(stats().lost, 0);
    ck_assert_uint_eq(stats().reordered, 2);
}
END_TEST

START_TEST(a_gap_is_loss_until_it_is_filled)
{
    struct omsp_rtp_arrival arrival;

    fresh();
    arrive(10);
    arrival = arrive_from(PEER, 14);
    ck_assert_int_eq(arrival.verdict, OMSP_RTP_GAP);
    ck_assert_uint_eq(arrival.missing, 3);
    ck_assert_uint_eq(stats().lost, 3);
    ck_assert_int_eq(arrive(12), OMSP_RTP_REORDERED);
    ck_assert_uint_eq(stats().lost, 2);
    ck_assert_int_eq(arrive(12), OMSP_RTP_DUPLICATE);
    ck_assert_uint_eq(stats().lost, 2);
    ck_assert_uint_eq(stats().received, 3);
    ck_assert_uint_eq(stats().duplicates, 1);
}
END_TEST

START_TEST(packets_from_before_the_first_move_the_beginning_back)
{
    fresh();
    ck_assert_int_eq(arrive(2), OMSP_RTP_FIRST);
    ck_assert_int_eq(arrive(65535), OMSP_RTP_REORDERED);
    ck_assert_uint_eq(stats().lost, 2);
    ck_assert_int_eq(arrive(0), OMSP_RTP_REORDERED);
    ck_assert_int_eq(arrive(1), OMSP_RTP_REORDERED);
    ck_assert_int_eq(arrive(1), OMSP_RTP_DUPLICATE);
    ck_assert_uint_eq(stats().lost, 0);
    ck_assert_uint_eq(stats().received, 4);
}
END_TEST

START_TEST(duplicates_are_known_99_packets_back)
{
    fresh();
    for (uint16_t s = 0; s < 300; s++) {
        if (s % 7)
            arrive(s);
    }
    for (uint16_t back = 0; back < 100; back++) {
        uint16_t s = (uint16_t)(299 - back);

        ck_assert_int_eq(arrive(s), s % 7 ? OMSP_RTP_DUPLICATE : OMSP_RTP_REORDERED);
    }
}
END_TEST

START_TEST(a_jump_needs_two_in_sequence)
{
    static const struct {
        uint16_t to;
        bool jump;
    } cases[] = {{1000 + 2999, false}, {1000 + 3000, true}, {50000, true},
                 {1000 - 200, true},   {1000 - 99, false},  {1000 + 32768, true}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fresh();
        for (uint16_t s = 995; s <= 1000; s++)
            arrive(s);
        if (!cases[i].jump) {
            ck_assert(omsp_rtp_usable(arrive(cases[i].to)));
            continue;
        }
        ck_assert_int_eq(arrive(cases[i].to), OMSP_RTP_HELD);
        ck_assert_int_eq(arrive((uint16_t)(cases[i].to + 1)), OMSP_RTP_RESYNC);
        ck_assert_int_eq(arrive((uint16_t)(cases[i].to + 2)), OMSP_RTP_IN_ORDER);
        ck_assert_int_eq(arrive(cases[i].to), OMSP_RTP_DUPLICATE); /* the held one had come */
        ck_assert_uint_eq(stats().lost, 0);
        ck_assert_uint_eq(stats().received, 9);
        ck_assert_uint_eq(stats().octets, 9 * 160);
        ck_assert_uint_eq(stats().resyncs, 1);
        ck_assert_uint_eq(stats().sources, 1);
    }
}
END_TEST

START_TEST(a_jump_to_zero_counts_the_held_one_at_65535)
{
    fresh();
    arrive(30000);
    ck_assert_int_eq(arrive(65535), OMSP_RTP_HELD);
    ck_assert_int_eq(arrive(0), OMSP_RTP_RESYNC);
    ck_assert_int_eq(arrive(65534), OMSP_RTP_REORDERED);
    ck_assert_uint_eq(stats().lost, 0);
}
END_TEST

START_TEST(a_hundred_back_is_a_jump)
{
    fresh();
    arrive(1000);
    ck_assert_int_eq(arrive(900), OMSP_RTP_HELD);
    ck_assert_int_eq(arrive(901), OMSP_RTP_REORDERED);
}
END_TEST

START_TEST(a_held_jump_is_forgotten_with_its_source)
{
    fresh();
    arrive(1);
    ck_assert_int_eq(arrive(30000), OMSP_RTP_HELD);
    omsp_rtp_receiver_pause(&receiver);
    arrive(1);
    ck_assert_int_eq(arrive(30001), OMSP_RTP_HELD);
    ck_assert_int_eq(arrive_from(0x3000, 1).verdict, OMSP_RTP_FIRST);
    ck_assert_int_eq(arrive_from(0x3000, 30002).verdict, OMSP_RTP_HELD);
}
END_TEST

START_TEST(one_wild_packet_changes_nothing)
{
    fresh();
    arrive(1);
    for (uint16_t s = 2; s < 500; s += 2) {
        ck_assert_int_eq(arrive((uint16_t)(s + 20000 + s % 3 * 7000)), OMSP_RTP_HELD);
        ck_assert_int_eq(arrive(s), OMSP_RTP_IN_ORDER);
        ck_assert_int_eq(arrive((uint16_t)(s + 1)), OMSP_RTP_IN_ORDER);
    }
    ck_assert_uint_eq(stats().lost, 0);
    ck_assert_uint_eq(stats().resyncs, 0);
    ck_assert_uint_eq(stats().held, 249);
}
END_TEST

START_TEST(a_new_source_is_taken_at_once_and_told)
{
    struct omsp_rtp_arrival arrival;
    struct omsp_rtcp_block block;

    fresh();
    arrive(10);
    arrive(13);
    arrival = arrive_from(0x3000, 60000);
    ck_assert_int_eq(arrival.verdict, OMSP_RTP_FIRST);
    ck_assert(arrival.source_changed);
    ck_assert_uint_eq(arrival.former_ssrc, PEER);
    arrival = arrive_from(0x3000, 60001);
    ck_assert_int_eq(arrival.verdict, OMSP_RTP_IN_ORDER);
    ck_assert(!arrival.source_changed);
    ck_assert_uint_eq(stats().sources, 2);
    ck_assert_uint_eq(stats().lost, 2); /* the first one's stay counted */
    ck_assert_int_eq(omsp_rtp_receiver_report(&receiver, now_us, &block), OMSP_OK);
    ck_assert_uint_eq(block.ssrc, 0x3000);
    ck_assert_int_eq(block.lost, 0);
    ck_assert_uint_eq(block.highest, 60001);
}
END_TEST

START_TEST(late_packets_of_the_former_source_do_not_turn_back)
{
    fresh();
    arrive(10);
    arrive_from(0x3000, 1);
    ck_assert_int_eq(arrive(11), OMSP_RTP_HELD);
    ck_assert_int_eq(arrive_from(0x3000, 2).verdict, OMSP_RTP_IN_ORDER);
    ck_assert_int_eq(arrive(12), OMSP_RTP_HELD); /* in sequence, but the other is alive */
    ck_assert_int_eq(arrive_from(0x3000, 3).verdict, OMSP_RTP_IN_ORDER);
    ck_assert_uint_eq(stats().sources, 2);
}
END_TEST

START_TEST(a_former_source_that_goes_on_comes_back)
{
    fresh();
    arrive(10);
    arrive_from(0x3000, 1);
    ck_assert_int_eq(arrive(200), OMSP_RTP_HELD);
    ck_assert_int_eq(arrive(201), OMSP_RTP_FIRST); /* two of its own in sequence */
    ck_assert_uint_eq(stats().sources, 3);

    fresh();
    arrive(10);
    arrive_from(0x3000, 1);
    now_us += OMSP_RTP_HANDOVER_US; /* the present one fell silent */
    ck_assert_int_eq(arrive(200), OMSP_RTP_FIRST);

    fresh();
    arrive(10);
    arrive_from(0x3000, 1);
    for (unsigned i = 0; i < 101; i++)
        arrive_from(0x3000, (uint16_t)(2 + i));
    ck_assert_int_eq(arrive(200), OMSP_RTP_FIRST); /* two seconds on: a change like any other */
}
END_TEST

START_TEST(our_own_ssrc_is_a_collision_then_a_loop)
{
    struct omsp_rtp_arrival arrival;

    fresh();
    arrive(1);
    ck_assert_int_eq(arrive_from(SSRC, 2).verdict, OMSP_RTP_COLLISION);
    omsp_rtp_receiver_set_own(&receiver, SSRC + 1);
    ck_assert_int_eq(arrive_from(SSRC + 1, 3).verdict, OMSP_RTP_LOOP);
    arrival = arrive_from(SSRC, 4); /* it was another's after all */
    ck_assert_int_eq(arrival.verdict, OMSP_RTP_FIRST);
    ck_assert_uint_eq(stats().collisions, 2);

    fresh();
    omsp_rtp_receiver_set_own(&receiver, 5); /* changed for no collision */
    ck_assert_int_eq(arrive_from(5, 3).verdict, OMSP_RTP_COLLISION);
}
END_TEST

START_TEST(after_a_pause_any_number_is_the_first)
{
    struct omsp_rtp_arrival arrival;
    struct omsp_rtcp_block block;

    fresh();
    arrive(10);
    arrive(12);
    omsp_rtp_receiver_pause(&receiver);
    omsp_rtp_receiver_pause(&receiver);
    ck_assert_uint_eq(stats().lost, 1);
    now_us += 60000 * MS;
    arrival = arrive_from(PEER, 3010);
    ck_assert_int_eq(arrival.verdict, OMSP_RTP_FIRST);
    ck_assert(!arrival.source_changed);
    ck_assert_uint_eq(stats().lost, 1);
    ck_assert_uint_eq(stats().sources, 1);
    /* The report of that source goes on, it does not begin again. */
    ck_assert_int_eq(omsp_rtp_receiver_report(&receiver, now_us, &block), OMSP_OK);
    ck_assert_int_eq(block.lost, 1);
    ck_assert_uint_eq(block.fraction, 256 / 4);

    omsp_rtp_receiver_pause(&receiver);
    arrival = arrive_from(0x3000, 9);
    ck_assert_int_eq(arrival.verdict, OMSP_RTP_FIRST);
    ck_assert(arrival.source_changed);
    ck_assert_uint_eq(stats().jitter_us, 0);
}
END_TEST

START_TEST(reports_are_as_rfc_3550_counts)
{
    struct omsp_rtcp_block block;

    fresh();
    ck_assert_int_eq(omsp_rtp_receiver_report(&receiver, now_us, &block), OMSP_EMPTY);
    for (uint16_t s = 65500; s != 100; s++) { /* 136 expected, every fourth lost */
        if (s % 4)
            arrive(s);
    }
    ck_assert_int_eq(omsp_rtp_receiver_report(&receiver, now_us, &block), OMSP_OK);
    ck_assert_uint_eq(block.ssrc, PEER);
    ck_assert_int_eq(block.lost, 33); /* 65500 itself is before the first that came */
    ck_assert_uint_eq(block.fraction, 33 * 256 / 135);
    ck_assert_uint_eq(block.highest, 65536 + 99);
    ck_assert_uint_eq(block.last_sr, 0);
    ck_assert_uint_eq(block.delay, 0);

    ck_assert_int_eq(omsp_rtp_receiver_report(&receiver, now_us, &block), OMSP_EMPTY);
    for (int i = 0; i < 5; i++) /* duplicates make up for loss, and more */
        arrive(99);
    arrive(100);
    ck_assert_int_eq(omsp_rtp_receiver_report(&receiver, now_us, &block), OMSP_OK);
    ck_assert_int_eq(block.lost, 28);
    ck_assert_uint_eq(block.fraction, 0);
    ck_assert_uint_eq(block.highest, 65536 + 100);
    for (int i = 0; i < 50; i++)
        arrive(100);
    ck_assert_int_eq(omsp_rtp_receiver_report(&receiver, now_us, &block), OMSP_OK);
    ck_assert_int_eq(block.lost, -22);
    ck_assert_uint_eq(stats().lost, 33); /* ours is exact */
}
END_TEST

START_TEST(reports_tell_when_the_last_sender_report_came)
{
    struct omsp_rtcp_block block;

    fresh();
    omsp_rtp_receiver_note_sr(&receiver, PEER, 0x0123456789ABCDEFu, now_us); /* before any RTP */
    arrive(1);
    now_us += 1500 * MS - 20 * MS;
    ck_assert_int_eq(omsp_rtp_receiver_report(&receiver, now_us, &block), OMSP_OK);
    ck_assert_uint_eq(block.last_sr, 0x456789AB);
    ck_assert_uint_eq(block.delay, 65536 * 3 / 2);
    omsp_rtp_receiver_note_sr(&receiver, 0x9999, 0x0123456789ABCDEFu, now_us);
    arrive(2);
    ck_assert_int_eq(omsp_rtp_receiver_report(&receiver, now_us, &block), OMSP_OK);
    ck_assert_uint_eq(block.last_sr, 0); /* another's */
}
END_TEST

static void timed(uint16_t seq, uint32_t timestamp, uint64_t at_us, bool counts)
{
    struct omsp_rtp_packet packet = {.seq = seq, .timestamp = timestamp, .ssrc = PEER};

    omsp_rtp_receiver_arrive(&receiver, &packet, counts, at_us);
}

START_TEST(jitter_is_that_of_appendix_a8)
{
    double jitter = 0, transit = 0;
    uint32_t x = 88172645u;

    fresh();
    for (unsigned i = 0; i < 3000; i++) {
        uint64_t at = 10000000 + i * 20000;
        double t;

        x = x * 1664525u + 1013904223u;
        at += (x >> 20) * 10; /* up to 41 ms late */
        timed((uint16_t)i, 0xFFFFF000u + i * 160, at, true);
        t = (double)at * 8 / 1000 - i * 160.0;
        if (i)
            jitter += ((t > transit ? t - transit : transit - t) - jitter) / 16;
        transit = t;
    }
    ck_assert_int_le(abs((int)stats().jitter_us - (int)(jitter * 125)), 125); /* one unit */
    ck_assert_uint_gt(stats().jitter_us, 5000);
}
END_TEST

START_TEST(an_even_stream_has_no_jitter_whatever_its_clock_starts_at)
{
    fresh();
    for (unsigned i = 0; i < 500; i++)
        timed((uint16_t)i, 0xFFFFFF00u + i * 160, 7777777 + i * 20000, true);
    ck_assert_uint_eq(stats().jitter_us, 0);
    /* Telephone-events share a timestamp: asked not to count, they do not. */
    for (unsigned i = 500; i < 550; i++)
        timed((uint16_t)i, 0xFFFFFF00u + 500 * 160, 7777777 + i * 20000, false);
    timed(550, 0xFFFFFF00u + 550 * 160, 7777777 + 550 * 20000, true);
    ck_assert_uint_eq(stats().jitter_us, 0);
    /* A new timestamp base under the same SSRC is no jitter either. */
    timed(551, 12345, 7777777 + 551 * 20000, true);
    timed(552, 12345 + 160, 7777777 + 552 * 20000, true);
    ck_assert_uint_eq(stats().jitter_us, 0);
}
END_TEST

/* A network that loses, repeats and delays, and a plain list of what really went through it. */
START_TEST(counters_are_exact_over_a_random_network)
{
    enum { COUNT = 60000, DELAY = 20 };
    static uint8_t copies[COUNT];
    static uint32_t queue[COUNT * 2 + DELAY * 2];
    uint32_t x = 123456789u;

    for (unsigned round = 0; round < 8; round++) {
        unsigned length = 0, unique = 0, duplicates = 0, usable = 0, top = 0, lost = 0;
        uint16_t start = (uint16_t)(round * 9001u);

        memset(copies, 0, sizeof(copies));
        for (unsigned i = 0; i < COUNT; i++) {
            unsigned times;

            x = x * 1664525u + 1013904223u;
            times = (x >> 24) < 12 ? 0 : (x >> 24) > 250 ? 2 : 1;
            while (times--)
                queue[length++] = i;
        }
        for (unsigned i = 0; i + DELAY < length; i++) { /* move some back by up to DELAY places */
            x = x * 1664525u + 1013904223u;
            if ((x >> 24) < 30) {
                unsigned to = i + (x >> 8) % DELAY;
                uint32_t moved = queue[i];

                memmove(queue + i, queue + i + 1, (to - i) * sizeof(queue[0]));
                queue[to] = moved;
            }
        }
        fresh();
        for (unsigned i = 0; i < length; i++) {
            bool known = copies[queue[i]];
            enum omsp_rtp_verdict verdict = arrive((uint16_t)(start + queue[i]));

            copies[queue[i]] = 1;
            ck_assert_int_eq(verdict == OMSP_RTP_DUPLICATE, known);
            ck_assert_int_eq(omsp_rtp_usable(verdict), !known);
            usable += omsp_rtp_usable(verdict);
            duplicates += known;
            top = queue[i] > top ? queue[i] : top;
        }
        for (unsigned i = 0, begun = 0; i <= top; i++) {
            begun |= copies[i];
            unique += copies[i];
            lost += begun && !copies[i];
        }
        ck_assert_uint_eq(usable, unique);
        ck_assert_uint_eq(stats().received, unique);
        ck_assert_uint_eq(stats().duplicates, duplicates);
        ck_assert_uint_eq(stats().lost, lost);
        ck_assert_uint_gt(stats().reordered, 1000);
        ck_assert_uint_eq(stats().held, 0);
    }
}
END_TEST

START_TEST(random_garbage_keeps_the_books_balanced)
{
    uint32_t x = 362436069u;
    uint64_t packets = 0;

    fresh();
    for (unsigned i = 0; i < 500000; i++) {
        struct omsp_rtp_packet packet = {0};
        struct omsp_rtp_receiver_stats s;
        struct omsp_rtcp_block block;

        x = x * 1664525u + 1013904223u;
        packet.seq = (uint16_t)(x >> 16);
        packet.timestamp = x * 7u;
        packet.ssrc = 0xFFEu + (x >> 28); /* our own among them */
        if (x & 0x100)
            packet.seq = (uint16_t)(i + (x >> 12) % 200);
        now_us += (x >> 10) % 40000;
        omsp_rtp_receiver_arrive(&receiver, &packet, x & 1, now_us);
        packets++;
        if (x % 64 == 0)
            omsp_rtp_receiver_pause(&receiver);
        if (x % 32 == 0)
            omsp_rtp_receiver_report(&receiver, now_us, &block);
        s = stats();
        ck_assert_uint_eq(s.received + s.duplicates + s.held + s.collisions - s.resyncs, packets);
        ck_assert_uint_lt(s.lost, packets * OMSP_RTP_MAX_DROPOUT);
    }
    ck_assert_uint_gt(stats().resyncs + stats().reordered, 10);
}
END_TEST

OMSP_SUITE("rtp_receiver", TEST(the_first_packet_is_usable_and_all_in_order_after_it),
           TEST(extended_numbers_grow_over_the_wrap_and_reorder_across_it),
           TEST(a_gap_is_loss_until_it_is_filled),
           TEST(packets_from_before_the_first_move_the_beginning_back),
           TEST(duplicates_are_known_99_packets_back), TEST(a_jump_needs_two_in_sequence),
           TEST(a_jump_to_zero_counts_the_held_one_at_65535), TEST(a_hundred_back_is_a_jump),
           TEST(a_held_jump_is_forgotten_with_its_source), TEST(one_wild_packet_changes_nothing),
           TEST(a_new_source_is_taken_at_once_and_told),
           TEST(late_packets_of_the_former_source_do_not_turn_back),
           TEST(a_former_source_that_goes_on_comes_back),
           TEST(our_own_ssrc_is_a_collision_then_a_loop),
           TEST(after_a_pause_any_number_is_the_first), TEST(reports_are_as_rfc_3550_counts),
           TEST(reports_tell_when_the_last_sender_report_came), TEST(jitter_is_that_of_appendix_a8),
           TEST(an_even_stream_has_no_jitter_whatever_its_clock_starts_at),
           TEST(counters_are_exact_over_a_random_network),
           TEST(random_garbage_keeps_the_books_balanced))
