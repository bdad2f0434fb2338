/* The frames a server sends: RFC 6455 5.7, cut anywhere, fragmented, wrong in every way. */
#include "support/suite.h"

#include "base/alloc.h"
#include "base/bytes.h"
#include "wire/websocket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What came out, as text: "T5:Hello;" a text message, B binary, P ping, O pong, C1000:why, !bad,
 * !big, !text, !mem. Long payloads are told by their length alone. */
static char heard[4096];

static void note(const struct omsp_ws_input *input)
{
    static const char *const errors[] = {
        [OMSP_WS_BAD] = "!bad;", [OMSP_WS_TOO_BIG] = "!big;", [OMSP_WS_BAD_TEXT] = "!text;"};
    char *at = heard + strlen(heard);
    size_t room = sizeof(heard) - (size_t)(at - heard);
    int len = (int)input->payload.len, shown = len > 32 ? 0 : len;
    const char *chars = (const char *)input->payload.ptr;

    ck_assert_uint_gt(room, 64);
    switch (input->event) {
    case OMSP_WS_NOTHING:
        return;
    case OMSP_WS_MESSAGE:
        snprintf(at, room, "%c%d:%.*s;", input->opcode == OMSP_WS_TEXT ? 'T' : 'B', len, shown,
                 chars);
        return;
    case OMSP_WS_GOT_PING:
    case OMSP_WS_GOT_PONG:
        snprintf(at, room, "%c%d:%.*s;", input->event == OMSP_WS_GOT_PING ? 'P' : 'O', len, shown,
                 chars);
        return;
    case OMSP_WS_GOT_CLOSE:
        snprintf(at, room, "C%u:%.*s;", input->close_code, shown, chars);
        return;
    case OMSP_WS_BAD:
    case OMSP_WS_TOO_BIG:
    case OMSP_WS_BAD_TEXT:
        snprintf(at, room, "%s", errors[input->event]);
        return;
    }
    ck_abort_msg("no such event");
}

/* In pieces of this many bytes, each in memory of its own that ends where the piece does. */
static enum omsp_status feed(struct omsp_ws_parser *parser, const void *bytes, size_t len,
                             size_t piece)
{
    for (size_t at = 0; at < len;) {
        size_t take = len - at < piece ? len - at : piece, done = 0;
        uint8_t *copy = malloc(take);
        enum omsp_status status = OMSP_OK;
        struct omsp_ws_input input;

        memcpy(copy, (const uint8_t *)bytes + at, take);
        do {
            size_t used = 0;

            status =
                omsp_ws_parser_feed(parser, omsp_span(copy + done, take - done), &used, &input);
            ck_assert_uint_le(used, take - done);
            if (status)
                break;
            ck_assert_msg(used || input.event, "neither bytes taken nor an event");
            done += used;
            note(&input);
        } while (done < take && !parser->dead);
        free(copy);
        if (status || parser->dead)
            return status;
        at += take;
    }
    return OMSP_OK;
}

/* What is heard must not depend on how the bytes are cut. */
static void hears(const void *bytes, size_t len, const char *expected)
{
    for (size_t piece = 1; piece <= len; piece = piece < 20 ? piece + 1 : piece * 2) {
        struct omsp_ws_parser parser;

        omsp_ws_parser_init(&parser);
        heard[0] = '\0';
        ck_assert_int_eq(feed(&parser, bytes, len, piece), OMSP_OK);
        ck_assert_msg(!strcmp(heard, expected), "in pieces of %u: '%s' instead of '%s'",
                      (unsigned)piece, heard, expected);
        omsp_ws_parser_free(&parser);
    }
    ck_assert_int_eq(omsp_test_outstanding(), 0);
}

#define HEARS(bytes, expected) hears(bytes, sizeof(bytes) - 1, expected)

START_TEST(the_examples_of_the_rfc)
{
    uint8_t binary[10 + 65536] = {0x82, 0x7e, 0x01, 0x00};

    HEARS("\x81\x05Hello", "T5:Hello;");
    HEARS("\x01\x03Hel\x80\x02lo", "T5:Hello;");
    HEARS("\x89\x05Hello\x8a\x05Hello", "P5:Hello;O5:Hello;");
    hears(binary, 4 + 256, "B256:;");
    memcpy(binary, "\x82\x7f\0\0\0\0\0\1\0\0", 10);
    hears(binary, 10 + 65536, "B65536:;");
}
END_TEST

START_TEST(empty_frames_are_frames)
{
    HEARS("\x81\0\x82\0\x89\0\x8a\0\x88\0", "T0:;B0:;P0:;O0:;C1005:;");
    HEARS("\x01\0\0\0\0\0\x80\0\x81\1x", "T0:;T1:x;");
}
END_TEST

START_TEST(control_frames_come_between_fragments)
{
    HEARS("\x01\2ab\x89\1?\0\2cd\x8a\0\x80\1e\x82\1f", "P1:?;O0:;T5:abcde;B1:f;");
    HEARS("\x01\2ab\x88\2\x03\xe8\x80\1c", "C1000:;");
}
END_TEST

START_TEST(a_text_character_may_be_split_over_fragments)
{
    HEARS("\x01\1\xe2\0\1\x82\x80\1\xac", "T3:\xe2\x82\xac;");
    HEARS("\x01\1\xe2\0\1\x82\x80\0", "!text;");
}
END_TEST

START_TEST(what_is_not_utf8_is_no_text)
{
    HEARS("\x81\2\xc0\xaf", "!text;");
    HEARS("\x81\3\xed\xa0\x80\x81\1x", "!text;");
    HEARS("\x82\3\xed\xa0\x80", "B3:\xed\xa0\x80;");
}
END_TEST

START_TEST(a_close_tells_code_and_reason_and_ends_the_hearing)
{
    HEARS("\x88\2\x03\xe8", "C1000:;");
    HEARS("\x88\x05\x03\xf0"
          "bad\x81\2hi\xff\xff\xff",
          "C1008:bad;");
    HEARS("\x88\2\x13\x87", "C4999:;");
}
END_TEST

START_TEST(close_codes_that_may_not_be_sent_are_refused)
{
    for (unsigned code = 0; code <= 65535; code++) {
        uint8_t frame[4] = {0x88, 2, (uint8_t)(code >> 8), (uint8_t)code};
        struct omsp_ws_parser parser;
        struct omsp_ws_input input;
        size_t used;
        bool good =
            (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) ||
            (code >= 3000 && code < 5000);

        omsp_ws_parser_init(&parser);
        ck_assert_int_eq(omsp_ws_parser_feed(&parser, omsp_span(frame, 4), &used, &input), OMSP_OK);
        ck_assert_int_eq(input.event, good ? OMSP_WS_GOT_CLOSE : OMSP_WS_BAD);
        ck_assert_uint_eq(used, 4);
        if (good)
            ck_assert_uint_eq(input.close_code, code);
        omsp_ws_parser_free(&parser);
    }
    HEARS("\x88\1\x03", "!bad;");
    HEARS("\x88\4\x03\xe8\xc3(", "!bad;");
}
END_TEST

START_TEST(protocol_errors_are_told_at_their_first_two_bytes)
{
    static const char *const masked = "\x81\x80";

    HEARS("\xc1\0", "!bad;");
    HEARS("\xa1\0", "!bad;");
    HEARS("\x91\0", "!bad;");
    HEARS("\x83\0", "!bad;");
    HEARS("\x87\0", "!bad;");
    HEARS("\x8b\0", "!bad;");
    HEARS("\x8f\0", "!bad;");
    HEARS("\x09\0", "!bad;");
    HEARS("\x08\0", "!bad;");
    HEARS("\x89\x7e", "!bad;");
    HEARS("\x88\x7f", "!bad;");
    HEARS("\x80\0", "!bad;");
    HEARS("\0\0", "!bad;");
    HEARS("\x01\0\x81\0", "!bad;");
    HEARS("\x01\0\x02\0", "!bad;");
    HEARS("\x81\0\x80\0", "T0:;!bad;");
    hears(masked, 2, "!bad;");
}
END_TEST

START_TEST(lengths_that_are_not_minimal_are_refused)
{
    HEARS("\x81\x7e\0\x7d", "!bad;");
    HEARS("\x82\x7f\0\0\0\0\0\0\xff\xff", "!bad;");
    HEARS("\x82\x7f\x80\0\0\0\0\1\0\0", "!bad;");
}
END_TEST

START_TEST(a_message_that_is_too_big_is_told_before_it_is_there)
{
    ck_assert_int_eq(OMSP_WS_MESSAGE_MAX, 0x100000);
    HEARS("\x82\x7f\0\0\0\0\0\x10\0\1", "!big;");
    HEARS("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", "!big;");
    HEARS("\x02\1x\x80\x7f\0\0\0\0\0\x10\0\0", "!big;");
}
END_TEST

START_TEST(fragments_add_up_to_the_bound_and_no_further)
{
    enum { HALF = OMSP_WS_MESSAGE_MAX / 2, FRAME = 10 + HALF };
    static uint8_t bytes[2 * FRAME + 3];
    uint8_t *second = bytes + FRAME, *third = second + FRAME;
    char whole[32];

    memset(bytes, 0, sizeof(bytes));
    snprintf(whole, sizeof(whole), "B%d:;", OMSP_WS_MESSAGE_MAX);
    bytes[0] = 0x02;
    bytes[1] = second[1] = 0x7f;
    omsp_put_be32(bytes + 6, HALF);
    omsp_put_be32(second + 6, HALF);
    memcpy(third, "\x80\0", 2);
    hears(bytes, sizeof(bytes) - 1, whole);
    memcpy(third, "\x80\1!", 3);
    hears(bytes, sizeof(bytes), "!big;");
}
END_TEST

START_TEST(the_dead_stay_dead)
{
    struct omsp_ws_parser parser;
    struct omsp_ws_input input;
    size_t used;

    omsp_ws_parser_init(&parser);
    heard[0] = '\0';
    ck_assert_int_eq(feed(&parser, "\x83\0", 2, 2), OMSP_OK);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(omsp_ws_parser_feed(&parser, omsp_span("\x81\0", 2), &used, &input),
                         OMSP_OK);
        ck_assert_int_eq(input.event, OMSP_WS_BAD);
        ck_assert_uint_eq(used, 2);
    }
    omsp_ws_parser_free(&parser);
}
END_TEST

START_TEST(truncated_frames_tell_nothing)
{
    static const char bytes[] = "\x01\3Hel\x80\2lo";

    for (size_t len = 0; len < sizeof(bytes) - 1; len++)
        hears(bytes, len, "");
}
END_TEST

START_TEST(a_big_buffer_is_not_kept)
{
    uint8_t big[10 + 65536] = {0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0};
    struct omsp_ws_parser parser;

    omsp_ws_parser_init(&parser);
    heard[0] = '\0';
    ck_assert_int_eq(feed(&parser, big, sizeof(big), sizeof(big)), OMSP_OK);
    ck_assert_int_eq(feed(&parser, "\x81\1x", 3, 3), OMSP_OK);
    ck_assert_str_eq(heard, "B65536:;T1:x;");
    ck_assert_uint_le(parser.message_room, 8192);
    omsp_ws_parser_free(&parser);
}
END_TEST

START_TEST(small_messages_cost_one_allocation_in_all)
{
    struct omsp_ws_parser parser;

    omsp_ws_parser_init(&parser);
    heard[0] = '\0';
    ck_assert_int_eq(feed(&parser, "\x81\1x", 3, 3), OMSP_OK);
    omsp_test_fail_alloc(0);
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(feed(&parser, "\x81\4mark\x89\1x", 9, 9), OMSP_OK);
    ck_assert(!omsp_test_alloc_failed());
    omsp_test_allow_alloc();
    omsp_ws_parser_free(&parser);
}
END_TEST

static void walk(void *ctx)
{
    struct omsp_ws_parser parser;
    enum omsp_status status;
    uint8_t bytes[2 + 100 + 4 + 2000] = {0x02, 100};

    (void)ctx;
    memcpy(bytes + 102, "\x80\x7e\x07\xd0", 4);
    omsp_ws_parser_init(&parser);
    heard[0] = '\0';
    status = feed(&parser, bytes, sizeof(bytes), 700);
    ck_assert_int_eq(status, omsp_test_alloc_failed() ? OMSP_NOMEM : OMSP_OK);
    ck_assert_str_eq(heard, status ? "" : "B2100:;");
    if (status) {
        struct omsp_ws_input input;
        size_t used;

        ck_assert_int_eq(omsp_ws_parser_feed(&parser, omsp_span("x", 1), &used, &input), OMSP_OK);
        ck_assert_int_eq(input.event, OMSP_WS_BAD);
    }
    omsp_ws_parser_free(&parser);
}

START_TEST(each_failing_allocation_is_told)
{
    ck_assert_int_ge(omsp_test_alloc_walk(walk, NULL), 2);
}
END_TEST

START_TEST(random_bytes_do_no_harm)
{
    static const uint8_t starts[] = {0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0x88, 0x89, 0x8a, 0xff};

    srand(4);
    for (int round = 0; round < 30000; round++) {
        struct omsp_ws_parser parser;
        uint8_t bytes[64];
        size_t len = (size_t)rand() % sizeof(bytes);

        for (size_t i = 0; i < len; i++)
            bytes[i] = rand() % 3 ? (uint8_t)(rand() % 4) : starts[(size_t)rand() % sizeof(starts)];
        omsp_ws_parser_init(&parser);
        heard[0] = '\0';
        ck_assert_int_eq(feed(&parser, bytes, len, 1 + (size_t)rand() % 9), OMSP_OK);
        omsp_ws_parser_free(&parser);
    }
    ck_assert_int_eq(omsp_test_outstanding(), 0);
}
END_TEST

OMSP_SUITE("websocket_parser", TEST(the_examples_of_the_rfc), TEST(empty_frames_are_frames),
           TEST(control_frames_come_between_fragments),
           TEST(a_text_character_may_be_split_over_fragments), TEST(what_is_not_utf8_is_no_text),
           TEST(a_close_tells_code_and_reason_and_ends_the_hearing),
           TEST(close_codes_that_may_not_be_sent_are_refused),
           TEST(protocol_errors_are_told_at_their_first_two_bytes),
           TEST(lengths_that_are_not_minimal_are_refused),
           TEST(a_message_that_is_too_big_is_told_before_it_is_there),
           TEST(fragments_add_up_to_the_bound_and_no_further), TEST(the_dead_stay_dead),
           TEST(truncated_frames_tell_nothing), TEST(a_big_buffer_is_not_kept),
           TEST(small_messages_cost_one_allocation_in_all), TEST(each_failing_allocation_is_told),
           TEST(random_bytes_do_no_harm))
