/* Key presses from RFC 4733 packets: told exactly once, whatever the network does. */
#include "support/suite.h"

#include "media/telephone_event.h"

#include <stdlib.h>
#include <string.h>

#define MS   1000u
#define STEP 160u

static struct omsp_telephone_event state;
static char told[65536]; /* "5" began, "." ended */
static size_t told_len;
static struct omsp_telephone_news last;

static void fresh(void)
{
    omsp_telephone_event_init(&state, 8000);
    told_len = 0;
    told[0] = '\0';
}

static void tell(const struct omsp_telephone_news *news)
{
    last = *news;
    ck_assert_uint_lt(told_len, sizeof(told) - 1);
    told[told_len++] = news->ended ? '.' : omsp_telephone_event_char(news->digit);
    told[told_len] = '\0';
}

static void receive(unsigned digit, bool end, unsigned duration, uint32_t timestamp, bool marker,
                    uint16_t seq, uint64_t now_us)
{
    const uint8_t payload[] = {(uint8_t)digit, (uint8_t)(end << 7 | 10), (uint8_t)(duration >> 8),
                               (uint8_t)duration};
    struct omsp_telephone_news news[OMSP_TELEPHONE_NEWS];
    unsigned count;

    ck_assert_int_eq(omsp_telephone_event_receive(&state, omsp_span(payload, 4), timestamp, marker,
                                                  seq, now_us, news, &count),
                     OMSP_OK);
    for (unsigned i = 0; i < count; i++)
        tell(&news[i]);
}

static void tick(uint64_t now_us)
{
    struct omsp_telephone_news news;

    if (omsp_telephone_event_tick(&state, now_us, &news))
        tell(&news);
}

/* A press as a good sender has it: updates each 20 ms, the end three times. Packet i goes through
 * when bit i of `through` is set. */
struct press {
    unsigned digit, updates;
    uint32_t timestamp;
    uint16_t seq;
    uint64_t now_us;
};

static void run(const struct press *press, uint32_t through)
{
    for (unsigned i = 0; i < press->updates + 2; i++) {
        unsigned number = i < press->updates ? i : press->updates - 1;

        if (through >> i & 1)
            receive(press->digit, i + 1 >= press->updates, (number + 1) * STEP, press->timestamp,
                    i == 0, (uint16_t)(press->seq + i), press->now_us + i * 20 * MS);
    }
}

START_TEST(a_press_begins_and_ends_once)
{
    const struct press press = {5, 6, 0xFFFFFF00u, 65533, 1000 * MS};

    fresh();
    receive(5, false, STEP, 0xFFFFFF00u, true, 65533, 1000 * MS);
    ck_assert_str_eq(told, "5");
    ck_assert_uint_eq(last.volume, 10);
    ck_assert_uint_eq(last.timestamp, 0xFFFFFF00u);
    run(&press, ~0u);
    ck_assert_str_eq(told, "5.");
    ck_assert(last.ended);
    ck_assert_uint_eq(last.digit, 5);
    ck_assert_uint_eq(last.ticks, 6 * STEP);
    ck_assert_uint_eq(last.duration_us, 120 * MS);
    ck_assert_uint_eq(state.digits, 1);
    ck_assert_uint_eq(state.ignored, 0);
}
END_TEST

START_TEST(all_sixteen_keys)
{
    fresh();
    for (unsigned d = 0; d < 16; d++) {
        const struct press press = {d, 4, 1000 + d * 2000, (uint16_t)(d * 50),
                                    1000 * MS + d * 250 * MS};

        run(&press, ~0u);
    }
    ck_assert_str_eq(told, "0.1.2.3.4.5.6.7.8.9.*.#.A.B.C.D.");
}
END_TEST

START_TEST(other_events_are_no_digits)
{
    fresh();
    for (unsigned event = 16; event < 256; event++)
        receive(event, event & 1, 400, 5000 + event, true, (uint16_t)event, 1000 * MS);
    ck_assert_str_eq(told, "");
    ck_assert_uint_eq(state.ignored, 240);
}
END_TEST

/* Every subset of the packets of two presses of the same key, the network losing the rest. */
START_TEST(any_loss_tells_each_press_heard_exactly_once)
{
    for (uint32_t through = 0; through < 1u << 14; through++) {
        const struct press one = {7, 5, 3000, 65530, 1000 * MS};
        const struct press two = {7, 5, 3000 + 5 * STEP + 320, 3, 1160 * MS};
        uint32_t first = through & 0x7F, second = through >> 7;

        fresh();
        run(&one, first);
        run(&two, second);
        tick(1160 * MS + 140 * MS + OMSP_TELEPHONE_SILENCE_US);
        /* Without its marker and with nothing known of the end of the first, the second still is
         * another press: it begins after what the first covered. */
        ck_assert_str_eq(told, first && second ? "7.7." : first || second ? "7." : "");
    }
}
END_TEST

START_TEST(duplicates_and_reordering_inside_a_press_change_nothing)
{
    static const unsigned order[] = {2, 0, 1, 1, 2, 4, 3, 6, 5, 4, 0, 7, 7, 1, 6};

    fresh();
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        unsigned n = order[i];

        receive(3, n >= 5, (n < 5 ? n + 1 : 6) * STEP, 9000, n == 0, (uint16_t)(100 + n),
                1000 * MS + i * 20 * MS);
    }
    ck_assert_str_eq(told, "3.");
    ck_assert_uint_eq(last.ticks, 6 * STEP);
}
END_TEST

START_TEST(a_late_packet_of_the_press_before_is_its_echo)
{
    fresh();
    receive(1, false, 160, 1000, true, 10, 1000 * MS);
    receive(1, true, 480, 1000, false, 12, 1040 * MS);
    receive(2, false, 160, 2000, true, 15, 1100 * MS);
    receive(1, false, 320, 1000, false, 11, 1101 * MS); /* reordered */
    receive(1, true, 480, 1000, false, 14, 1102 * MS);  /* repeated end */
    receive(2, true, 320, 2000, false, 16, 1120 * MS);
    receive(9, true, 320, 500, true, 9, 1121 * MS); /* a whole press overtaken: too late */
    ck_assert_str_eq(told, "1.2.");
    ck_assert_uint_eq(state.ignored, 1);
}
END_TEST

START_TEST(a_lost_end_is_made_good_by_silence)
{
    fresh();
    receive(4, false, 160, 1000, true, 10, 1000 * MS);
    receive(4, false, 320, 1000, false, 11, 1020 * MS);
    ck_assert(omsp_telephone_event_deadline(&state) == 1020 * MS + OMSP_TELEPHONE_SILENCE_US);
    tick(1020 * MS + OMSP_TELEPHONE_SILENCE_US - 1);
    ck_assert_str_eq(told, "4");
    tick(1020 * MS + OMSP_TELEPHONE_SILENCE_US);
    ck_assert_str_eq(told, "4.");
    ck_assert_uint_eq(last.ticks, 320);
    ck_assert(omsp_telephone_event_deadline(&state) == UINT64_MAX);
    tick(9999 * MS);
    /* The network was only slow: still the same press. */
    receive(4, false, 3200, 1000, false, 29, 1400 * MS);
    receive(4, true, 3360, 1000, false, 30, 1420 * MS);
    ck_assert_str_eq(told, "4.");
}
END_TEST

START_TEST(a_lost_end_is_made_good_by_the_next_press)
{
    fresh();
    receive(4, false, 160, 1000, true, 10, 1000 * MS);
    receive(6, true, 640, 2000, false, 15, 1100 * MS); /* its beginning was lost */
    ck_assert_str_eq(told, "4.6.");
    ck_assert_uint_eq(last.ticks, 640);
}
END_TEST

START_TEST(a_long_press_in_segments_is_one)
{
    uint32_t timestamp = 1000;
    uint16_t seq = 1;
    uint64_t now = 1000 * MS;

    fresh();
    for (unsigned segment = 0; segment < 3; segment++) {
        for (unsigned duration = 400; duration < 0xFFFF; duration += 400, now += 50 * MS)
            receive(8, false, duration, timestamp, segment == 0 && duration == 400, seq++, now);
        if (segment != 1) /* the last of one segment is lost */
            receive(8, false, 0xFFFF, timestamp, false, seq, now);
        seq++;
        now += 50 * MS;
        timestamp += 0xFFFF;
    }
    receive(8, true, 800, timestamp, false, seq, now);
    ck_assert_str_eq(told, "8.");
    ck_assert_uint_eq(last.ticks, 3 * 0xFFFF + 800);
    ck_assert_uint_eq(last.timestamp, 1000);
}
END_TEST

START_TEST(a_sender_that_moves_the_timestamp_is_understood)
{
    fresh();
    for (unsigned i = 0; i < 8; i++)
        receive(5, i >= 5, (i + 1) * STEP, 1000 + i * STEP, i == 0, (uint16_t)(50 + i),
                1000 * MS + i * 20 * MS);
    ck_assert_str_eq(told, "5.");
    receive(5, false, STEP, 9000, true, 90, 2000 * MS);
    ck_assert_str_eq(told, "5.5");
}
END_TEST

START_TEST(numbers_that_wrap_over_a_long_call_do_not_hide_a_digit)
{
    fresh();
    receive(1, true, 400, 1000, true, 100, 1000 * MS);
    /* 11 minutes and 40000 packets later, which looks like 25536 back. */
    receive(2, true, 400, 6000000, true, (uint16_t)(100 + 40000), 800000 * MS);
    ck_assert_str_eq(told, "1.2.");
    /* The same key at the same timestamp an age later is another press. */
    receive(1, true, 400, 1000, true, 3, 900000 * MS);
    ck_assert_str_eq(told, "1.2.1.");
}
END_TEST

START_TEST(packed_events_are_told_in_order)
{
    const uint8_t payload[] = {1, 0x8A, 1, 0x90, 1, 0x8A, 1, 0x90, 200, 0, 0, 80, 11, 0x0A, 0, 80};
    struct omsp_telephone_news news[OMSP_TELEPHONE_NEWS];
    unsigned count;

    fresh();
    receive(9, false, 160, 100, true, 1, 1000 * MS);
    for (unsigned i = 0; i < 3; i++) { /* and repeated */
        ck_assert_int_eq(omsp_telephone_event_receive(&state, omsp_span(payload, 16), 1000, false,
                                                      (uint16_t)(2 + i), 1020 * MS, news, &count),
                         OMSP_OK);
        for (unsigned n = 0; n < count; n++)
            tell(&news[n]);
    }
    ck_assert_str_eq(told, "9.1.1.#");
    ck_assert_uint_eq(last.timestamp, 1000 + 400 + 400 + 80);
}
END_TEST

START_TEST(a_packet_may_tell_the_most_news)
{
    const uint8_t payload[] = {1, 0x80, 0, 80, 2, 0x80, 0, 80, 3, 0x80, 0, 80, 4, 0x80, 0, 80};
    struct omsp_telephone_news news[OMSP_TELEPHONE_NEWS];
    unsigned count;

    fresh();
    receive(9, false, 160, 100, true, 1, 1000 * MS);
    ck_assert_int_eq(omsp_telephone_event_receive(&state, omsp_span(payload, 16), 1000, true, 2,
                                                  1020 * MS, news, &count),
                     OMSP_OK);
    ck_assert_uint_eq(count, OMSP_TELEPHONE_NEWS);
}
END_TEST

START_TEST(payloads_of_other_lengths_are_refused)
{
    static const uint8_t bytes[32] = {1, 0x80, 1, 0};
    struct omsp_telephone_news news[OMSP_TELEPHONE_NEWS];

    fresh();
    for (size_t len = 0; len <= sizeof(bytes); len++) {
        bool good = len && len % 4 == 0 && len <= 16;
        uint8_t *copy = malloc(len ? len : 1);
        unsigned count = 99;

        ck_assert_ptr_nonnull(copy);
        memcpy(copy, bytes, len);
        ck_assert_int_eq(omsp_telephone_event_receive(&state, omsp_span(copy, len), 1, true,
                                                      (uint16_t)len, MS, news, &count),
                         good ? OMSP_OK : OMSP_INVALID);
        if (!good)
            ck_assert_uint_eq(count, 0);
        free(copy);
    }
}
END_TEST

START_TEST(reset_ends_what_is_on_and_forgets)
{
    struct omsp_telephone_news news;

    fresh();
    receive(4, false, 160, 1000, true, 40000, 1000 * MS);
    ck_assert(omsp_telephone_event_reset(&state, &news));
    ck_assert(news.ended);
    ck_assert_uint_eq(news.digit, 4);
    ck_assert(!omsp_telephone_event_reset(&state, &news));
    receive(4, true, 160, 1000, true, 39000, 1001 * MS); /* a new source, same numbers by chance */
    ck_assert_str_eq(told, "44.");
}
END_TEST

START_TEST(garbage_tells_beginnings_and_ends_in_turn)
{
    uint32_t x = 88172645u;
    uint64_t now = 1000 * MS;

    fresh();
    for (unsigned i = 0; i < 300000; i++) {
        uint8_t payload[16];
        struct omsp_telephone_news news[OMSP_TELEPHONE_NEWS];
        unsigned count;

        for (size_t b = 0; b < sizeof(payload); b++) {
            x ^= x << 13;
            x ^= x >> 17;
            x ^= x << 5;
            payload[b] = (uint8_t)(x >> 9);
        }
        payload[0] &= 0x13;
        now += x % 30000;
        told_len = 0;
        if (state.active)
            told[told_len++] = '+';
        if (omsp_telephone_event_tick(&state, now, &news[0]))
            tell(&news[0]);
        ck_assert_int_eq(omsp_telephone_event_receive(&state, omsp_span(payload, 4 + x % 4 * 4),
                                                      x % 3 ? x : i * 300, x & 8,
                                                      (uint16_t)(x >> 16), now, news, &count),
                         OMSP_OK);
        ck_assert_uint_le(count, OMSP_TELEPHONE_NEWS);
        for (unsigned n = 0; n < count; n++)
            tell(&news[n]);
        for (size_t n = 1; n < told_len; n++)
            ck_assert_int_ne(told[n] == '.', told[n - 1] == '.');
        ck_assert_int_eq(state.active, told_len && told[told_len - 1] != '.');
    }
    ck_assert_uint_gt(state.digits, 1000);
}
END_TEST

OMSP_SUITE("telephone_event", TEST(a_press_begins_and_ends_once), TEST(all_sixteen_keys),
           TEST(other_events_are_no_digits), TEST(any_loss_tells_each_press_heard_exactly_once),
           TEST(duplicates_and_reordering_inside_a_press_change_nothing),
           TEST(a_late_packet_of_the_press_before_is_its_echo),
           TEST(a_lost_end_is_made_good_by_silence),
           TEST(a_lost_end_is_made_good_by_the_next_press), TEST(a_long_press_in_segments_is_one),
           TEST(a_sender_that_moves_the_timestamp_is_understood),
           TEST(numbers_that_wrap_over_a_long_call_do_not_hide_a_digit),
           TEST(packed_events_are_told_in_order), TEST(a_packet_may_tell_the_most_news),
           TEST(payloads_of_other_lengths_are_refused), TEST(reset_ends_what_is_on_and_forgets),
           TEST(garbage_tells_beginnings_and_ends_in_turn))
