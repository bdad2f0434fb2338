/*
 * The jitter buffer read in media time, by a small language, one statement per semicolon:
 *
 *   put 1 2 4      packets of 20 ms arrive now; timestamp = number * 160
 *   put 7@1000     with that timestamp; 7/80: of 80 bytes; 7/0: without audio; 7! with the marker
 *   late 3 | dup 3 | full 3 | stray 3   as put, and what put must answer
 *   next 1 L320 S800 R9 -   what reading gives: audio by number, lost and silent samples, audio
 * that does not join, and nothing more (the rest of a statement's packets must be read) wait 20 ms
 * pass deadline 60    ms from now; deadline 0: at once; deadline -: nothing held lost 2 packets
 * given up so far
 */
#include "support/suite.h"

#include "base/alloc.h"
#include "media/jitter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct script {
    struct omsp_jitter *jitter;
    uint64_t now_us;
    const char *text; /* for messages */
};

static struct omsp_jitter_packet packet_of(const char *word, uint8_t *bytes)
{
    struct omsp_jitter_packet packet = {.payload = bytes, .payload_len = 160};
    char *end;
    unsigned long number = strtoul(word, &end, 10);

    packet.seq = (uint16_t)number;
    packet.timestamp = (uint32_t)(number * 160);
    for (; *end;) {
        char mark = *end++;

        if (mark == '@')
            packet.timestamp = (uint32_t)strtoul(end, &end, 10);
        else if (mark == '/')
            packet.payload_len = strtoul(end, &end, 10);
        else if (mark == '!')
            packet.marker = true;
        else
            ck_abort_msg("what is %c in %s", mark, word);
    }
    memset(bytes, (int)(number & 0xFF), packet.payload_len);
    return packet;
}

static void put(struct script *script, const char *word, enum omsp_status wanted)
{
    uint8_t bytes[OMSP_JITTER_PAYLOAD_MAX + 1];
    struct omsp_jitter_packet packet = packet_of(word, bytes);
    enum omsp_status got = omsp_jitter_put(script->jitter, script->now_us, &packet);

    memset(bytes, 0xEE, sizeof(bytes));
    ck_assert_msg(got == wanted, "put %s: %s, not %s, in: %s", word, omsp_status_name(got),
                  omsp_status_name(wanted), script->text);
}

static void next(struct script *script, const char *word)
{
    struct omsp_jitter_frame frame;
    char got[32] = "-";

    if (omsp_jitter_next(script->jitter, script->now_us, &frame)) {
        if (frame.kind == OMSP_FRAME_AUDIO) {
            snprintf(got, sizeof(got), "%s%u", frame.restart ? "R" : "", (unsigned)frame.seq);
            for (uint32_t i = 0; i < frame.samples; i++)
                ck_assert_uint_eq(frame.payload[i], frame.seq & 0xFF);
        } else {
            snprintf(got, sizeof(got), "%c%u", frame.kind == OMSP_FRAME_LOST ? 'L' : 'S',
                     (unsigned)frame.samples);
        }
    }
    ck_assert_msg(strcmp(got, word) == 0, "next: %s, not %s, in: %s", got, word, script->text);
}

static void deadline(struct script *script, const char *word)
{
    uint64_t at = omsp_jitter_deadline(script->jitter);
    uint64_t wanted = *word == '-'             ? UINT64_MAX
                      : strcmp(word, "0") == 0 ? 0
                                               : script->now_us + strtoul(word, NULL, 10) * 1000;

    ck_assert_msg(at == wanted, "deadline %llu, not %s, in: %s", (unsigned long long)at, word,
                  script->text);
}

static void lost(struct script *script, const char *word)
{
    struct omsp_jitter_stats stats;

    omsp_jitter_get_stats(script->jitter, &stats);
    ck_assert_msg(stats.lost == strtoul(word, NULL, 10), "lost %u, not %s, in: %s",
                  (unsigned)stats.lost, word, script->text);
}

static void statement(struct script *script, const char *verb, const char *word)
{
    if (strcmp(verb, "put") == 0)
        put(script, word, OMSP_OK);
    else if (strcmp(verb, "late") == 0)
        put(script, word, OMSP_TIMEOUT);
    else if (strcmp(verb, "dup") == 0)
        put(script, word, OMSP_EXISTS);
    else if (strcmp(verb, "full") == 0)
        put(script, word, OMSP_FULL);
    else if (strcmp(verb, "stray") == 0)
        put(script, word, OMSP_INVALID);
    else if (strcmp(verb, "next") == 0)
        next(script, word);
    else if (strcmp(verb, "wait") == 0)
        script->now_us += strtoul(word, NULL, 10) * 1000;
    else if (strcmp(verb, "deadline") == 0)
        deadline(script, word);
    else if (strcmp(verb, "lost") == 0)
        lost(script, word);
    else
        ck_abort_msg("what is %s", verb);
}

static struct omsp_jitter *make(const struct omsp_jitter_config *config)
{
    struct omsp_jitter *jitter = NULL;

    ck_assert_int_eq(omsp_jitter_create(config, &jitter), OMSP_OK);
    return jitter;
}

static void run_on(struct script *script, const char *text)
{
    char copy[1024];
    const char *verb = NULL;

    ck_assert_uint_lt(strlen(text), sizeof(copy));
    strcpy(copy, text);
    script->text = text;
    for (char *at = copy; *at;) {
        size_t len = strcspn(at, " ;");
        char stop = at[len];

        at[len] = '\0';
        if (!verb)
            verb = at;
        else if (len)
            statement(script, verb, at);
        if (stop == ';')
            verb = NULL;
        at += len + (stop ? 1 : 0);
        while (*at == ' ')
            at++;
    }
}

static void run_with(const struct omsp_jitter_config *config, const char *text)
{
    struct script script = {.jitter = make(config), .now_us = 5000000};

    run_on(&script, text);
    omsp_jitter_destroy(script.jitter);
}

static void run(const char *text)
{
    run_with(NULL, text);
}

START_TEST(in_order_packets_pass_at_once)
{
    run("put 1; next 1 -; deadline -; wait 20; put 2; next 2 -; put 3 4; deadline 0; next 3 4 -;"
        "deadline -; lost 0;");
}
END_TEST

START_TEST(a_gap_holds_until_the_missing_one_comes)
{
    run("put 1 2 4; next 1 2 -; deadline 60; wait 40; put 5; next -; deadline 20; put 3;"
        "deadline 0; next 3 4 5 -; deadline -; lost 0;");
}
END_TEST

START_TEST(a_gap_is_given_up_at_the_deadline_with_the_exact_duration)
{
    run("put 1; next 1; put 4; wait 59; next -; wait 1; next L320 4 -; lost 2; put 5; next 5 -;");
    run("put 1@0; next 1; put 3@640; wait 60; next L480 3 -;"); /* a longer one than those before */
    run("put 1@1000/240; next 1; put 3@1480/240; next -; wait 60; next L240 3 -;");
}
END_TEST

START_TEST(a_gap_is_given_up_after_enough_packets)
{
    struct omsp_jitter_config config;

    omsp_jitter_config_init(&config);
    config.hold_packets = 3;
    run_with(&config, "put 1; next 1; put 3 4; next -; put 5; deadline 0; next L160 3 4 5 -;");
}
END_TEST

START_TEST(no_hold_at_all_is_possible)
{
    struct omsp_jitter_config config;

    omsp_jitter_config_init(&config);
    config.hold_ms = 0;
    run_with(&config, "put 1; next 1; put 3; next L160 3 -; late 2;");
}
END_TEST

START_TEST(each_gap_waits_for_itself)
{
    run("put 1; next 1; put 3; wait 40; put 5; next -; wait 20; next L160 3 -; deadline 40;"
        "wait 39; next -; wait 1; next L160 5 -; lost 2;");
}
END_TEST

START_TEST(late_and_duplicate_packets_are_told_apart_and_never_delivered)
{
    run("put 1; next 1; dup 1; put 3; dup 3; wait 60; next L160 3; late 2; dup 3 1; next -;"
        "put 4; next 4 -;");
}
END_TEST

START_TEST(the_first_packets_may_come_out_of_order_while_unread)
{
    run("put 5 4 6; next 4 5 6 -;");
    run("put 5; next 5; late 4; put 6; next 6 -;");
}
END_TEST

START_TEST(a_timestamp_jump_without_loss_is_silence)
{
    run("put 1; next 1; put 2@8320!; next S8000 2 -; put 3@8480; next 3 -; lost 0;");
}
END_TEST

START_TEST(a_jump_longer_than_ten_seconds_restarts)
{
    run("put 1@1000; next 1; put 2@81160; next S80000 2; put 3@161321; next R3 -;");
}
END_TEST

START_TEST(a_timestamp_going_back_restarts)
{
    run("put 1@100000; next 1; put 2@500; next R2; put 3@660; next 3 -;");
}
END_TEST

START_TEST(loss_before_a_pause_is_lost_first_then_silence)
{
    run("put 1@0; next 1; put 4@16000; wait 60; next L320 S15520 4 -;");
}
END_TEST

START_TEST(packets_without_audio_take_a_number_and_nothing_else)
{
    run("put 1; next 1; put 2/0@7 3/0@7; next -; deadline -; put 4@800; next S480 4 -; lost 0;"
        "put 6/0; wait 60; next -; lost 1; put 7@960; next 7 -;");
}
END_TEST

START_TEST(numbers_and_timestamps_wrap)
{
    run("put 65534@4294966976; next 65534; put 0@0; next -; put 65535@4294967136;"
        "next 65535 0 -; put 1@160; next 1; dup 65535; lost 0;");
    run("put 65535@4294967200; next 65535; put 2@384; wait 60; next L320 2 -;");
}
END_TEST

START_TEST(a_burst_of_loss_longer_than_the_buffer_is_one_gap)
{
    run("put 1; next 1; put 201; deadline 0; full 202; next L31840 201 -; lost 199; put 202;"
        "next 202 -;");
    run("put 1; next 1; put 3 101; next L160 3 L15520 101 -; late 50;");
}
END_TEST

START_TEST(a_packet_beyond_the_one_ahead_waits_outside)
{
    run("put 1; next 1; put 3 66; next L160 3 L9920 66 -; put 67; next 67 -;");
    run("put 1 2 66; full 67 66; next 1 2 L10080 66 -;");
}
END_TEST

START_TEST(one_far_off_packet_is_a_stray_two_are_a_restart)
{
    run("put 1; next 1; stray 20000; put 2; next 2; stray 20000; put 20001; next R20001;"
        "put 20002; next 20002 -;");
    run("put 20000; next 20000; stray 100; put 101; next R101 -; put 102; next 102;");
    run("put 1000; next 1000; late 950; stray 899;");
}
END_TEST

START_TEST(reset_begins_anew)
{
    struct script script = {.jitter = make(NULL), .now_us = 1};
    struct omsp_jitter_stats stats;

    run_on(&script, "put 1 3; next 1 -;");
    omsp_jitter_reset(script.jitter);
    run_on(
        &script,
        "deadline -; next -; put 3; next 3; put 500/480@7777; next L7137 500; put 501/0; next -;");
    omsp_jitter_get_stats(script.jitter, &stats);
    ck_assert_uint_eq(stats.received, 5);
    omsp_jitter_destroy(script.jitter);
}
END_TEST

START_TEST(reordering_is_counted)
{
    struct script script = {.jitter = make(NULL), .now_us = 1};
    struct omsp_jitter_stats stats;

    run_on(&script, "put 1 4 2 3 5; next 1 2 3 4 5 -;");
    omsp_jitter_get_stats(script.jitter, &stats);
    ck_assert_uint_eq(stats.reordered, 2);
    ck_assert_uint_eq(stats.received, 5);
    ck_assert_uint_eq(stats.held, 0);
    omsp_jitter_destroy(script.jitter);
}
END_TEST

START_TEST(payloads_of_every_size_keep_their_bytes)
{
    run("put 1/480@0; next 1; put 3/480@960 4/1@1440 5/161@1441 6/320@1602 7/160@1922; next -;"
        "put 2/480@480; next 2 3 4 5 6 7 -;");
    run("stray 1/481;");
}
END_TEST

START_TEST(sixteen_packets_of_sixty_ms_fit_behind_a_gap)
{
    char text[1024] = "put 1/480@0; next 1; put";
    char word[32];

    for (unsigned i = 3; i <= 18; i++) {
        snprintf(word, sizeof(word), " %u/480@%u", i, (i - 1) * 480);
        strcat(text, word);
    }
    strcat(text, "; next L480 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 -;");
    run(text);
}
END_TEST

START_TEST(a_reader_that_never_reads_fills_it_and_nothing_breaks)
{
    struct omsp_jitter *jitter = make(NULL);
    struct omsp_jitter_frame frame;
    uint8_t bytes[160] = {0};
    struct omsp_jitter_packet packet = {.payload = bytes, .payload_len = sizeof(bytes)};
    unsigned taken = 0, read = 0;

    for (unsigned i = 0; i < 200; i++) {
        packet.seq = (uint16_t)i;
        packet.timestamp = i * 160;
        if (omsp_jitter_put(jitter, i * 20000, &packet) == OMSP_OK)
            taken++;
    }
    while (omsp_jitter_next(jitter, 200 * 20000, &frame))
        read += frame.kind == OMSP_FRAME_AUDIO;
    ck_assert_uint_eq(taken, 56);
    ck_assert_uint_eq(read, taken);
    omsp_jitter_destroy(jitter);
}
END_TEST

/* Whatever comes in whatever order: media time never goes back without a restart, nothing is
 * delivered twice, and the reader is never left with something held and no deadline. */
START_TEST(random_traffic_keeps_the_promises)
{
    uint32_t seed = 1;

    for (unsigned round = 0; round < 200; round++) {
        struct omsp_jitter *jitter = make(NULL);
        uint64_t now = 0, delivered = 0;
        uint32_t expect = 0;
        bool timed = false;
        struct omsp_jitter_stats stats;

        for (unsigned i = 0; i < 500; i++) {
            uint8_t bytes[OMSP_JITTER_PAYLOAD_MAX] = {0};
            struct omsp_jitter_packet packet = {.payload = bytes};
            struct omsp_jitter_frame frame;

            seed = seed * 1103515245u + 12345u;
            packet.seq = (uint16_t)(65000 + i + (seed >> 16) % 7 - 3);
            packet.timestamp = (uint32_t)packet.seq * 160 + (seed >> 28 == 0 ? seed : 0);
            packet.payload_len = seed >> 20 & 7 ? 160 : (seed >> 8) % 481;
            if ((seed >> 24) % 50 == 0)
                packet.seq = (uint16_t)(seed >> 8);
            now += (seed >> 10) % 30000;
            (void)omsp_jitter_put(jitter, now, &packet);
            while (omsp_jitter_next(jitter, now, &frame)) {
                ck_assert_uint_gt(frame.samples, 0);
                ck_assert_uint_le(frame.samples, OMSP_JITTER_SILENCE_MAX);
                ck_assert(!timed || frame.timestamp == expect || frame.restart);
                expect = frame.timestamp + frame.samples;
                timed = true;
                delivered += frame.kind == OMSP_FRAME_AUDIO;
            }
            omsp_jitter_get_stats(jitter, &stats);
            ck_assert(stats.held == 0 || omsp_jitter_deadline(jitter) <= now + 60000);
            ck_assert(stats.held != 0 || omsp_jitter_deadline(jitter) == UINT64_MAX);
        }
        ck_assert_uint_le(delivered, stats.received);
        omsp_jitter_destroy(jitter);
    }
}
END_TEST

/* One packet of traffic that is in order mostly, and everything else now and then. */
static void random_packet(uint32_t *seed, uint16_t *seq, uint32_t *timestamp,
                          struct omsp_jitter_packet *packet)
{
    uint32_t r = *seed = *seed * 1103515245u + 12345u;
    unsigned event = r >> 24;

    packet->seq = (*seq)++;
    packet->timestamp = *timestamp;
    packet->payload_type = (uint8_t)(r >> 16 & 1);
    packet->marker = (r >> 17 & 7) == 0;
    packet->payload_len = 160;
    if (event < 8)
        packet->seq = (uint16_t)(packet->seq + (r >> 8) % 5 - 2);
    else if (event < 10)
        *seq = (uint16_t)(*seq + (r >> 8) % 80); /* loss */
    else if (event < 12)
        packet->timestamp = *timestamp += (r >> 8) % 3 ? 160 : r;
    else if (event < 14)
        packet->payload_len = (r >> 8) % (OMSP_JITTER_PAYLOAD_MAX + 2);
    else if (event < 15)
        packet->seq = (uint16_t)(r >> 8);
    else if (event < 16)
        *seq = packet->seq; /* again */
    *timestamp += (uint32_t)packet->payload_len;
}

static void expect_same_frame(const struct omsp_jitter_frame *a, const struct omsp_jitter_frame *b)
{
    ck_assert_int_eq(a->kind, b->kind);
    ck_assert_uint_eq(a->samples, b->samples);
    ck_assert_uint_eq(a->timestamp, b->timestamp);
    ck_assert_uint_eq(a->lost_packets, b->lost_packets);
    ck_assert_uint_eq(a->skipped, b->skipped);
    ck_assert_int_eq(a->restart, b->restart);
    ck_assert_uint_eq(a->seq, b->seq);
    if (a->kind != OMSP_FRAME_AUDIO)
        return;
    ck_assert_uint_eq(a->payload_type, b->payload_type);
    ck_assert_int_eq(a->marker, b->marker);
    ck_assert_int_eq(memcmp(a->payload, b->payload, a->samples), 0);
}

static void expect_same_state(const struct omsp_jitter *a, const struct omsp_jitter *b)
{
    struct omsp_jitter_stats x, y;

    omsp_jitter_get_stats(a, &x);
    omsp_jitter_get_stats(b, &y);
    ck_assert_int_eq(memcmp(&x, &y, sizeof(x)), 0);
    ck_assert_uint_eq(omsp_jitter_deadline(a), omsp_jitter_deadline(b));
}

/* The short way and the long way beside each other, on the same traffic. */
START_TEST(the_short_way_is_the_long_way)
{
    unsigned passed = 0, waited = 0;
    uint32_t seed = 7;

    for (unsigned round = 0; round < 200; round++) {
        struct omsp_jitter *quick = make(NULL), *plain = make(NULL);
        uint16_t seq = (uint16_t)(65400 + round);
        uint32_t timestamp = 0u - round * 4000;
        uint64_t now = 1000;

        for (unsigned i = 0; i < 500; i++) {
            uint8_t bytes[OMSP_JITTER_PAYLOAD_MAX + 1];
            struct omsp_jitter_packet packet = {.payload = bytes};
            struct omsp_jitter_frame a, b;

            random_packet(&seed, &seq, &timestamp, &packet);
            memset(bytes, (int)i, sizeof(bytes));
            now += (seed >> 10) % 30000;
            if (seed % 400 == 0) {
                omsp_jitter_reset(quick);
                omsp_jitter_reset(plain);
            }
            if (omsp_jitter_pass(quick, &packet, &a)) {
                ck_assert_int_eq(omsp_jitter_put(plain, now, &packet), OMSP_OK);
                ck_assert(omsp_jitter_next(plain, now, &b));
                expect_same_frame(&a, &b);
                ck_assert(!omsp_jitter_next(plain, now, &b));
                passed++;
            } else {
                ck_assert_int_eq(omsp_jitter_put(quick, now, &packet),
                                 omsp_jitter_put(plain, now, &packet));
                while (omsp_jitter_next(plain, now, &b)) {
                    ck_assert(omsp_jitter_next(quick, now, &a));
                    expect_same_frame(&a, &b);
                }
                ck_assert(!omsp_jitter_next(quick, now, &a));
                waited++;
            }
            expect_same_state(quick, plain);
        }
        omsp_jitter_destroy(quick);
        omsp_jitter_destroy(plain);
    }
    ck_assert_uint_gt(passed, waited);
    ck_assert_uint_gt(waited, 1000);
}
END_TEST

START_TEST(the_short_way_is_not_for_playout)
{
    uint8_t bytes[160] = {0};
    struct omsp_jitter_packet packet = {.seq = 1, .payload = bytes, .payload_len = sizeof(bytes)};
    struct omsp_jitter_config config;
    struct omsp_jitter_frame frame;
    struct omsp_jitter *jitter;

    omsp_jitter_config_init(&config);
    config.playout = true;
    jitter = make(&config);
    ck_assert(!omsp_jitter_pass(jitter, &packet, &frame));
    omsp_jitter_destroy(jitter);
}
END_TEST

START_TEST(bad_configurations_are_refused)
{
    struct omsp_jitter_config config;
    struct omsp_jitter *jitter = NULL;

    omsp_jitter_config_init(&config);
    config.hold_packets = 0;
    ck_assert_int_eq(omsp_jitter_create(&config, &jitter), OMSP_INVALID);
    omsp_jitter_config_init(&config);
    config.hold_ms = 1001;
    ck_assert_int_eq(omsp_jitter_create(&config, &jitter), OMSP_INVALID);
    omsp_jitter_config_init(&config);
    config.min_delay_ms = config.max_delay_ms + 1;
    ck_assert_int_eq(omsp_jitter_create(&config, &jitter), OMSP_INVALID);
    ck_assert_ptr_null(jitter);
    omsp_jitter_destroy(NULL);
}
END_TEST

START_TEST(it_takes_at_most_12_kb_and_all_at_once_for_playout)
{
    long before = omsp_test_bytes(), allocations;
    struct omsp_jitter_config config;
    struct omsp_jitter *jitter;
    uint8_t bytes[OMSP_JITTER_PAYLOAD_MAX] = {0};

    omsp_jitter_config_init(&config);
    config.playout = true;
    jitter = make(&config);
    ck_assert_int_gt(omsp_test_bytes() - before, OMSP_JITTER_SLOTS * 100);
    ck_assert_int_le(omsp_test_bytes() - before, 12 * 1024);
    allocations = omsp_test_allocations();
    for (unsigned i = 0; i < 60; i++) {
        struct omsp_jitter_packet packet = {
            .seq = (uint16_t)i, .timestamp = i * 480, .payload = bytes, .payload_len = 480};

        (void)omsp_jitter_put(jitter, i * 1000, &packet);
    }
    ck_assert_int_eq(omsp_test_allocations(), allocations);
    omsp_jitter_destroy(jitter);
}
END_TEST

/* Longer and longer bursts behind a gap: none, one, one more, and never again. */
START_TEST(media_time_takes_memory_when_packets_wait)
{
    static const struct {
        unsigned burst;
        long bytes, allocations;
    } steps[] = {{0, 2048, 0}, {3, 5 * 1024, 1}, {15, 12 * 1024, 2}, {15, 12 * 1024, 2}};
    long before = omsp_test_bytes(), allocations;
    struct omsp_jitter *jitter = make(NULL);
    uint8_t bytes[320] = {0};
    uint16_t seq = 0;

    allocations = omsp_test_allocations();
    for (size_t step = 0; step < sizeof(steps) / sizeof(steps[0]); step++) {
        for (unsigned i = 0; i < 20 + steps[step].burst; i++) {
            struct omsp_jitter_packet packet = {.payload = bytes, .payload_len = sizeof(bytes)};
            struct omsp_jitter_frame frame;

            /* The burst first, what it waits for last, then in order. */
            packet.seq = (uint16_t)(i < steps[step].burst    ? seq + 1 + i
                                    : i == steps[step].burst ? seq
                                                             : seq + i);
            packet.timestamp = packet.seq * 320u;
            if (omsp_jitter_pass(jitter, &packet, &frame))
                continue;
            ck_assert_int_eq(omsp_jitter_put(jitter, 1000, &packet), OMSP_OK);
            while (omsp_jitter_next(jitter, 1000, &frame))
                ck_assert_int_eq(frame.kind, OMSP_FRAME_AUDIO);
        }
        seq = (uint16_t)(seq + 20 + steps[step].burst);
        ck_assert_int_le(omsp_test_bytes() - before, steps[step].bytes);
        ck_assert_int_eq(omsp_test_allocations() - allocations, steps[step].allocations);
    }
    omsp_jitter_destroy(jitter);
}
END_TEST

static void create_body(void *ctx)
{
    struct omsp_jitter *jitter = NULL;
    enum omsp_status status = omsp_jitter_create(ctx, &jitter);

    ck_assert_int_eq(status, omsp_test_alloc_failed() ? OMSP_NOMEM : OMSP_OK);
    omsp_jitter_destroy(jitter);
}

/* What finds no memory to wait in is not here, as if it had been lost. */
static void wait_body(void *ctx)
{
    uint8_t bytes[160] = {0};
    struct omsp_jitter_packet packet = {.payload = bytes, .payload_len = sizeof(bytes)};
    struct omsp_jitter *jitter = NULL;
    struct omsp_jitter_stats stats;
    unsigned full = 0;

    (void)ctx;
    if (omsp_jitter_create(NULL, &jitter))
        return;
    for (unsigned i = 0; i < 41; i++) {
        enum omsp_status status;

        packet.seq = (uint16_t)(i + (i > 0)); /* 1 never comes */
        packet.timestamp = packet.seq * 160u;
        status = omsp_jitter_put(jitter, 0, &packet);
        ck_assert(status == OMSP_OK || (status == OMSP_FULL && omsp_test_alloc_failed()));
        full += status == OMSP_FULL;
    }
    omsp_jitter_get_stats(jitter, &stats);
    ck_assert_uint_eq(stats.full, full);
    ck_assert_uint_eq(stats.held, 41 - full);
    omsp_jitter_destroy(jitter);
}

START_TEST(out_of_memory_is_told)
{
    struct omsp_jitter_config config;

    ck_assert_int_eq(omsp_test_alloc_walk(create_body, NULL), 1);
    omsp_jitter_config_init(&config);
    config.playout = true;
    ck_assert_int_eq(omsp_test_alloc_walk(create_body, &config), 2);
    ck_assert_int_eq(omsp_test_alloc_walk(wait_body, NULL), 3);
}
END_TEST

OMSP_SUITE("jitter", TEST(in_order_packets_pass_at_once),
           TEST(a_gap_holds_until_the_missing_one_comes),
           TEST(a_gap_is_given_up_at_the_deadline_with_the_exact_duration),
           TEST(a_gap_is_given_up_after_enough_packets), TEST(no_hold_at_all_is_possible),
           TEST(each_gap_waits_for_itself),
           TEST(late_and_duplicate_packets_are_told_apart_and_never_delivered),
           TEST(the_first_packets_may_come_out_of_order_while_unread),
           TEST(a_timestamp_jump_without_loss_is_silence),
           TEST(a_jump_longer_than_ten_seconds_restarts), TEST(a_timestamp_going_back_restarts),
           TEST(loss_before_a_pause_is_lost_first_then_silence),
           TEST(packets_without_audio_take_a_number_and_nothing_else),
           TEST(numbers_and_timestamps_wrap),
           TEST(a_burst_of_loss_longer_than_the_buffer_is_one_gap),
           TEST(a_packet_beyond_the_one_ahead_waits_outside),
           TEST(one_far_off_packet_is_a_stray_two_are_a_restart), TEST(reset_begins_anew),
           TEST(reordering_is_counted), TEST(payloads_of_every_size_keep_their_bytes),
           TEST(sixteen_packets_of_sixty_ms_fit_behind_a_gap),
           TEST(a_reader_that_never_reads_fills_it_and_nothing_breaks),
           TEST(random_traffic_keeps_the_promises), TEST(the_short_way_is_the_long_way),
           TEST(the_short_way_is_not_for_playout), TEST(bad_configurations_are_refused),
           TEST(out_of_memory_is_told), TEST(it_takes_at_most_12_kb_and_all_at_once_for_playout),
           TEST(media_time_takes_memory_when_packets_wait))
