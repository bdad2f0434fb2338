/* The messages of a media stream: texts as live captures have them, the fast media frame against
 * its plain twin, and what consumers say. */
#include "support/suite.h"

#include "base/alloc.h"
#include "wire/base64.h"
#include "wire/media_stream.h"
#include "wire/websocket.h"

#include <stdlib.h>
#include <string.h>

#define AC "AC0123456789abcdef0123456789abcdef"
#define CA "CAfedcba9876543210fedcba9876543210"
#define MZ "MZ00112233445566778899aabbccddeeff"

static char room[4096];
static struct omsp_text text;

static struct omsp_text *fresh(void)
{
    omsp_text_init(&text, room, sizeof(room));
    return &text;
}

/* ---- what we say ---------------------------------------------------------------------------- */

START_TEST(connected_has_no_number_and_no_sid)
{
    omsp_ms_put_connected(fresh());
    ck_assert_str_eq(room, "{\"event\":\"connected\",\"protocol\":\"Call\",\"version\":\"1.0.0\"}");
}
END_TEST

START_TEST(start_has_the_order_and_the_types_of_the_captures)
{
    static const struct omsp_ms_param params[] = {{"FirstName", "Jane"}, {"r", ""}};
    struct omsp_ms_start start = {AC, MZ,   CA, OMSP_MS_TRACK_INBOUND, "audio/x-mulaw", 8000,
                                  1,  NULL, 0};

    omsp_ms_put_start(fresh(), 1, &start);
    ck_assert_str_eq(room, "{\"event\":\"start\",\"sequenceNumber\":\"1\",\"start\":{"
                           "\"accountSid\":\"" AC "\",\"streamSid\":\"" MZ "\",\"callSid\":\"" CA
                           "\",\"tracks\":[\"inbound\"],\"mediaFormat\":{\"encoding\":"
                           "\"audio/x-mulaw\",\"sampleRate\":8000,\"channels\":1},"
                           "\"customParameters\":{}},\"streamSid\":\"" MZ "\"}");
    start.tracks = OMSP_MS_TRACK_INBOUND | OMSP_MS_TRACK_OUTBOUND;
    start.encoding = "audio/l16";
    start.rate = 24000;
    start.params = params;
    start.param_count = 2;
    omsp_ms_put_start(fresh(), UINT64_MAX, &start);
    ck_assert_str_eq(room, "{\"event\":\"start\",\"sequenceNumber\":\"18446744073709551615\","
                           "\"start\":{\"accountSid\":\"" AC "\",\"streamSid\":\"" MZ
                           "\",\"callSid\":\"" CA "\",\"tracks\":[\"inbound\",\"outbound\"],"
                           "\"mediaFormat\":{\"encoding\":\"audio/l16\",\"sampleRate\":24000,"
                           "\"channels\":1},\"customParameters\":{\"FirstName\":\"Jane\","
                           "\"r\":\"\"}},\"streamSid\":\"" MZ "\"}");
    start.tracks = OMSP_MS_TRACK_OUTBOUND;
    omsp_ms_put_start(fresh(), 1, &start);
    ck_assert_ptr_nonnull(strstr(room, "\"tracks\":[\"outbound\"],"));
}
END_TEST

START_TEST(strings_are_escaped_as_json_wants)
{
    static const struct omsp_ms_param params[] = {
        {"a\"b\\c/", "\b\t\n\f\r\x01\x1f\x7f gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80"}};
    struct omsp_ms_start start = {AC, MZ,     CA, OMSP_MS_TRACK_INBOUND, "audio/x-mulaw", 8000,
                                  1,  params, 1};

    omsp_ms_put_start(fresh(), 1, &start);
    ck_assert_ptr_nonnull(strstr(room, "{\"a\\\"b\\\\c/\":\"\\b\\t\\n\\f\\r\\u0001\\u001f\x7f "
                                       "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80\"}"));
    omsp_ms_put_mark(fresh(), 3, "a\0\"b", 4, MZ);
    ck_assert_ptr_nonnull(strstr(room, "\"name\":\"a\\u0000\\\"b\""));
}
END_TEST

START_TEST(long_parameters_are_not_cut)
{
    char value[2001];
    struct omsp_ms_param param = {"n", value};
    struct omsp_ms_start start = {AC, MZ,     CA, OMSP_MS_TRACK_INBOUND, "audio/x-mulaw", 8000,
                                  1,  &param, 1};

    memset(value, 'v', 2000);
    value[2000] = '\0';
    omsp_ms_put_start(fresh(), 1, &start);
    ck_assert(!text.truncated);
    ck_assert_ptr_nonnull(strstr(room, value));
}
END_TEST

START_TEST(stop_mark_and_dtmf)
{
    omsp_ms_put_stop(fresh(), 5, AC, CA, MZ);
    ck_assert_str_eq(room, "{\"event\":\"stop\",\"sequenceNumber\":\"5\",\"stop\":{\"accountSid\":"
                           "\"" AC "\",\"callSid\":\"" CA "\"},\"streamSid\":\"" MZ "\"}");
    omsp_ms_put_mark(fresh(), 4, "my label", 8, MZ);
    ck_assert_str_eq(room, "{\"event\":\"mark\",\"sequenceNumber\":\"4\",\"mark\":{\"name\":"
                           "\"my label\"},\"streamSid\":\"" MZ "\"}");
    omsp_ms_put_dtmf(fresh(), 6, '#', MZ);
    ck_assert_str_eq(room, "{\"event\":\"dtmf\",\"sequenceNumber\":\"6\",\"dtmf\":{\"track\":"
                           "\"inbound_track\",\"digit\":\"#\"},\"streamSid\":\"" MZ "\"}");
}
END_TEST

/* ---- media ---------------------------------------------------------------------------------- */

START_TEST(media_has_the_order_of_the_captures)
{
    static const uint8_t payload[] = "foob";
    struct omsp_ms_media media = {OMSP_MS_TRACK_INBOUND, 2, 1, 171, omsp_span(payload, 4)};

    omsp_ms_put_media_plain(fresh(), &media, MZ);
    ck_assert_str_eq(room, "{\"event\":\"media\",\"sequenceNumber\":\"2\",\"media\":{\"track\":"
                           "\"inbound\",\"chunk\":\"1\",\"timestamp\":\"171\",\"payload\":"
                           "\"Zm9vYg==\"},\"streamSid\":\"" MZ "\"}");
    media.track = OMSP_MS_TRACK_OUTBOUND;
    omsp_ms_put_media_plain(fresh(), &media, MZ);
    ck_assert_ptr_nonnull(strstr(room, "{\"track\":\"outbound\",\"chunk\""));
}
END_TEST

/* The fast frame is header, then the plain text masked; and nothing is written behind it. */
static void twins_agree(const struct omsp_ms_media *media, const uint8_t mask[4])
{
    struct omsp_ms_template tmpl;
    uint8_t out[OMSP_MS_MEDIA_MAX + 16], header[OMSP_WS_HEADER_MAX];
    size_t len, header_len;

    omsp_ms_template_init(&tmpl, MZ);
    memset(out, 0x5a, sizeof(out));
    len = omsp_ms_put_media(&tmpl, media, mask, out);
    omsp_ms_put_media_plain(fresh(), media, MZ);
    ck_assert(!text.truncated && text.len > 0);
    header_len = omsp_ws_put_header(header, OMSP_WS_TEXT, text.len, mask);
    ck_assert_uint_eq(len, header_len + text.len);
    ck_assert_mem_eq(out, header, header_len);
    omsp_ws_mask(out + header_len, text.len, mask);
    ck_assert_mem_eq(out + header_len, room, text.len);
    for (size_t i = len; i < sizeof(out); i++)
        ck_assert_uint_eq(out[i], 0x5a);
}

static uint64_t random64(void)
{
    uint64_t value = 0;

    for (int i = 0; i < 5; i++)
        value = value << 15 ^ (uint64_t)rand();
    return value >> (rand() % 64);
}

START_TEST(the_fast_media_frame_is_its_plain_twin_at_every_payload_size)
{
    static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
    uint8_t payload[OMSP_MS_PAYLOAD_MAX];

    for (size_t i = 0; i < sizeof(payload); i++)
        payload[i] = (uint8_t)(i * 37 + i / 256);
    for (size_t len = 0; len <= sizeof(payload); len++) {
        /* Memory that ends where the payload does. */
        uint8_t *copy = malloc(len ? len : 1);
        struct omsp_ms_media media = {1 + len % 2, len + 1, len + 2, len * 20, {copy, len}};

        memcpy(copy, payload, len);
        twins_agree(&media, mask);
        free(copy);
    }
}
END_TEST

START_TEST(the_fast_media_frame_is_its_plain_twin_at_every_length_of_number)
{
    static const uint8_t mask[4] = {1, 2, 3, 4};
    uint8_t payload[160];
    uint64_t power = 1;

    memset(payload, 0xff, sizeof(payload));
    for (int digits = 1; digits <= 20; digits++, power *= 10) {
        uint64_t edges[] = {power - 1, power, power + 1, power * 9 + (power - 1), 99 * power / 10};

        for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
            struct omsp_ms_media media = {OMSP_MS_TRACK_INBOUND, edges[i], 7, 7, {payload, 160}};

            twins_agree(&media, mask);
            media = (struct omsp_ms_media){OMSP_MS_TRACK_OUTBOUND, 7, edges[i], 7, {payload, 160}};
            twins_agree(&media, mask);
            media = (struct omsp_ms_media){OMSP_MS_TRACK_INBOUND, 7, 7, edges[i], {payload, 160}};
            twins_agree(&media, mask);
        }
    }
}
END_TEST

START_TEST(the_longest_media_frame_fits)
{
    static const uint8_t mask[4] = {0xff, 0, 0xff, 0};
    uint8_t payload[OMSP_MS_PAYLOAD_MAX];
    struct omsp_ms_media media = {
        OMSP_MS_TRACK_OUTBOUND, UINT64_MAX, UINT64_MAX, UINT64_MAX, {payload, sizeof(payload)}};

    memset(payload, 0xfb, sizeof(payload));
    twins_agree(&media, mask);
}
END_TEST

START_TEST(the_fast_media_frame_is_its_plain_twin_on_random_input)
{
    uint8_t payload[OMSP_MS_PAYLOAD_MAX];

    srand(5);
    for (int round = 0; round < 20000; round++) {
        uint8_t mask[4] = {(uint8_t)rand(), (uint8_t)rand(), (uint8_t)rand(), (uint8_t)rand()};
        struct omsp_ms_media media = {1u + (unsigned)(rand() & 1),
                                      random64(),
                                      random64(),
                                      random64(),
                                      {payload, (size_t)rand() % (sizeof(payload) + 1)}};

        for (size_t i = 0; i < media.payload.len; i++)
            payload[i] = (uint8_t)(rand() >> 3);
        twins_agree(&media, mask);
    }
}
END_TEST

START_TEST(a_payload_that_is_too_long_makes_nothing)
{
    static const uint8_t mask[4] = {0};
    uint8_t payload[OMSP_MS_PAYLOAD_MAX + 1] = {0}, out[OMSP_MS_MEDIA_MAX];
    struct omsp_ms_media media = {OMSP_MS_TRACK_INBOUND, 1, 1, 0, {payload, sizeof(payload)}};
    struct omsp_ms_template tmpl;

    omsp_ms_template_init(&tmpl, MZ);
    ck_assert_uint_eq(omsp_ms_put_media(&tmpl, &media, mask, out), 0);
    omsp_ms_put_media_plain(fresh(), &media, MZ);
    ck_assert_uint_eq(text.len, 0);
}
END_TEST

START_TEST(a_usual_frame_has_the_usual_size)
{
    static const uint8_t mask[4] = {9, 8, 7, 6};
    uint8_t payload[160] = {0}, out[OMSP_MS_MEDIA_MAX];
    struct omsp_ms_media media = {OMSP_MS_TRACK_INBOUND, 1000, 998, 19960, {payload, 160}};
    struct omsp_ms_template tmpl;
    size_t len;

    omsp_ms_template_init(&tmpl, MZ);
    omsp_test_fail_alloc(0);
    len = omsp_ms_put_media(&tmpl, &media, mask, out);
    ck_assert(!omsp_test_alloc_failed());
    omsp_test_allow_alloc();
    /* Contract 2.4: 370-390 bytes of JSON and 8 of header. */
    ck_assert_uint_ge(len, 370 + 8);
    ck_assert_uint_le(len, 390 + 8);
}
END_TEST

/* ---- what consumers say --------------------------------------------------------------------- */

static struct omsp_ms_message message;

/* From memory that ends where the text does. */
static enum omsp_status parse_bytes(const char *chars, size_t len)
{
    char *copy = malloc(len ? len : 1);
    enum omsp_status status;

    memcpy(copy, chars, len);
    memset(&message, 0x55, sizeof(message));
    status = omsp_ms_parse(omsp_span(copy, len), MZ, &message);
    free(copy);
    if (status) {
        ck_assert_ptr_null(message.payload);
        ck_assert_ptr_null(message.mark);
    }
    return status;
}

static enum omsp_status parse(const char *chars)
{
    return parse_bytes(chars, strlen(chars));
}

static void forget(void)
{
    omsp_free(message.payload);
    omsp_free(message.mark);
    ck_assert_int_eq(omsp_test_outstanding(), 0);
}

#define MEDIA "{\"event\":\"media\",\"streamSid\":\"" MZ "\",\"media\":{\"payload\":\"Zm9vYg==\"}}"
#define BARE  "{\"event\":\"media\",\"streamSid\":\"" MZ "\",\"media\":{\"payload\":\"Zm9vYg\"}}"
#define MARK  "{\"event\":\"mark\",\"streamSid\":\"" MZ "\",\"mark\":{\"name\":\"my label\"}}"
#define CLEAR "{\"event\":\"clear\",\"streamSid\":\"" MZ "\"}"

START_TEST(media_mark_and_clear_are_understood)
{
    ck_assert_int_eq(parse(MEDIA), OMSP_OK);
    ck_assert_int_eq(message.kind, OMSP_MS_MEDIA);
    ck_assert_uint_eq(message.payload_len, 4);
    ck_assert_mem_eq(message.payload, "foob", 4);
    ck_assert_ptr_null(message.mark);
    forget();
    ck_assert_int_eq(parse(BARE), OMSP_OK);
    ck_assert_uint_eq(message.payload_len, 4);
    ck_assert_mem_eq(message.payload, "foob", 4);
    forget();
    ck_assert_int_eq(parse(MARK), OMSP_OK);
    ck_assert_int_eq(message.kind, OMSP_MS_MARK);
    ck_assert_str_eq(message.mark, "my label");
    ck_assert_ptr_null(message.payload);
    forget();
    ck_assert_int_eq(parse(CLEAR), OMSP_OK);
    ck_assert_int_eq(message.kind, OMSP_MS_CLEAR);
    forget();
}
END_TEST

START_TEST(other_members_spaces_order_and_case_of_the_sid_do_not_matter)
{
    static const char *const good[] = {
        " \r\n\t{ \"streamSid\" : \"" MZ "\" , \"x\" : [1,{\"y\":null}] , \"event\":\"clear\" }\n ",
        "{\"event\":\"clear\",\"streamSid\":\"MZ00112233445566778899AABBCCDDEEFF\"}",
        "{\"event\":\"cl\\u0065ar\",\"streamSid\":\"" MZ "\"}",
        "{\"event\":\"mark\",\"streamSid\":\"" MZ
        "\",\"mark\":{\"name\":\"\"},\"sequenceNumber\":4}",
        "{\"event\":\"mark\",\"streamSid\":\"" MZ "\",\"mark\":{\"name\":\"\\\\u0000\"}}",
        "{\"event\":\"media\",\"streamSid\":\"" MZ "\",\"media\":{\"payload\":\"\"}}",
    };

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        ck_assert_msg(parse(good[i]) == OMSP_OK, "refused: %s", good[i]);
        forget();
    }
}
END_TEST

START_TEST(what_is_no_such_message_is_refused)
{
#define EVENT(rest) "{\"event\":\"media\",\"streamSid\":\"" MZ "\"" rest "}"
    static const char *const bad[] = {
        "",
        " ",
        "x",
        "null",
        "[]",
        "\"clear\"",
        "1",
        "{}",
        "[" CLEAR "]",
        CLEAR "x",
        CLEAR CLEAR,
        "{\"event\":\"clear\"}",
        "{\"streamSid\":\"" MZ "\"}",
        "{\"event\":\"Clear\",\"streamSid\":\"" MZ "\"}",
        "{\"Event\":\"clear\",\"streamSid\":\"" MZ "\"}",
        "{\"event\":\"start\",\"streamSid\":\"" MZ "\"}",
        "{\"event\":\"\",\"streamSid\":\"" MZ "\"}",
        "{\"event\":1,\"streamSid\":\"" MZ "\"}",
        "{\"event\":[\"clear\"],\"streamSid\":\"" MZ "\"}",
        "{\"event\":\"clear\",\"streamSid\":\"\"}",
        "{\"event\":\"clear\",\"streamSid\":null}",
        "{\"event\":\"clear\",\"streamSid\":\"MZ00112233445566778899aabbccddeefe\"}",
        "{\"event\":\"clear\",\"streamSid\":\"mz00112233445566778899aabbccddeeff\"}",
        "{\"event\":\"clear\\u0000x\",\"streamSid\":\"" MZ "\"}",
        "{\"event\":\"clear\",\"streamSid\":\"" MZ "\\u0000\"}",
        EVENT(""),
        EVENT(",\"media\":null"),
        EVENT(",\"media\":\"Zg==\""),
        EVENT(",\"media\":[]"),
        EVENT(",\"media\":{}"),
        EVENT(",\"media\":{\"payload\":1}"),
        EVENT(",\"media\":{\"payload\":[\"Zg==\"]}"),
        EVENT(",\"media\":{\"payload\":\"Z\"}"),
        EVENT(",\"media\":{\"payload\":\"Zg=\"}"),
        EVENT(",\"media\":{\"payload\":\"Zh\"}"),
        EVENT(",\"media\":{\"payload\":\"Zg==Zg\"}"),
        EVENT(",\"media\":{\"payload\":\"Zm9vY\"}"),
        EVENT(",\"media\":{\"payload\":\"Zh==\"}"),
        EVENT(",\"media\":{\"payload\":\"Zg==\\n\"}"),
        EVENT(",\"payload\":\"Zg==\""),
        "{\"event\":\"mark\",\"streamSid\":\"" MZ "\"}",
        "{\"event\":\"mark\",\"streamSid\":\"" MZ "\",\"mark\":{}}",
        "{\"event\":\"mark\",\"streamSid\":\"" MZ "\",\"mark\":{\"name\":7}}",
        "{\"event\":\"mark\",\"streamSid\":\"" MZ "\",\"mark\":{\"name\":\"\xc3\"}}",
        "{\"event\":\"mark\",\"streamSid\":\"" MZ "\",\"mark\":{\"name\":\"a\\u0000b\"}}",
        "{\"event\":\"mark\",\"streamSid\":\"" MZ "\",\"mark\":{\"name\":\"\\ud800\"}}",
    };
#undef EVENT

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_msg(parse(bad[i]) == OMSP_INVALID, "taken: %s", bad[i]);
        ck_assert_int_eq(omsp_test_outstanding(), 0);
    }
    ck_assert_int_eq(parse_bytes(CLEAR "\0", sizeof(CLEAR)), OMSP_INVALID);
}
END_TEST

START_TEST(a_truncated_message_is_refused)
{
    static const char *const whole[] = {MEDIA, MARK, CLEAR};

    for (size_t i = 0; i < 3; i++)
        for (size_t len = 0; len < strlen(whole[i]); len++)
            ck_assert_int_eq(parse_bytes(whole[i], len), OMSP_INVALID);
    ck_assert_int_eq(omsp_test_outstanding(), 0);
}
END_TEST

START_TEST(big_messages_are_taken_up_to_the_bound)
{
    static const char start[] =
        "{\"event\":\"media\",\"streamSid\":\"" MZ "\",\"media\":{\"payload\":\"";
    size_t len = OMSP_WS_MESSAGE_MAX, payload = (len - (sizeof(start) - 1) - 3) / 4 * 4;
    char *big = malloc(len + 1);

    memset(big, ' ', len + 1);
    memcpy(big, start, sizeof(start) - 1);
    memset(big + sizeof(start) - 1, 'A', payload);
    memcpy(big + sizeof(start) - 1 + payload, "\"}}", 3);
    ck_assert_int_eq(parse_bytes(big, len), OMSP_OK);
    ck_assert_uint_eq(message.payload_len, payload / 4 * 3);
    forget();
    ck_assert_int_eq(parse_bytes(big, len + 1), OMSP_INVALID);
    /* Deep nesting ends in a refusal, not in the stack. */
    memset(big, '[', len);
    ck_assert_int_eq(parse_bytes(big, len), OMSP_INVALID);
    for (size_t i = 0; i + 5 <= len; i += 5)
        memcpy(big + i, "{\"a\":", 5);
    ck_assert_int_eq(parse_bytes(big, len), OMSP_INVALID);
    free(big);
    ck_assert_int_eq(omsp_test_outstanding(), 0);
}
END_TEST

static void walk(void *ctx)
{
    enum omsp_status status = omsp_ms_parse(omsp_span_text(ctx), MZ, &message);

    ck_assert_int_eq(status, omsp_test_alloc_failed() ? OMSP_NOMEM : OMSP_OK);
    omsp_free(message.payload);
    omsp_free(message.mark);
}

START_TEST(each_failing_allocation_is_told_and_leaks_nothing)
{
    char media[] = MEDIA, mark[] = MARK, clear[] = CLEAR;

    /* More than the one of our own: cJSON's are under the same allocator. */
    ck_assert_int_gt(omsp_test_alloc_walk(walk, media), 5);
    ck_assert_int_gt(omsp_test_alloc_walk(walk, mark), 5);
    ck_assert_int_gt(omsp_test_alloc_walk(walk, clear), 3);
}
END_TEST

START_TEST(random_changes_of_a_message_do_no_harm)
{
    static const char *const whole[] = {MEDIA, MARK, CLEAR};
    static const char likely[] = "{}[]\",:\\u0e-+.=/ \xc3\xff";

    srand(6);
    for (int round = 0; round < 60000; round++) {
        const char *from = whole[round % 3];
        size_t len = strlen(from);
        char changed[200];

        memcpy(changed, from, len);
        for (int n = rand() % 4; n >= 0; n--)
            changed[(size_t)rand() % len] =
                rand() & 1 ? (char)rand() : likely[(size_t)rand() % (sizeof(likely) - 1)];
        if (!parse_bytes(changed, len - (rand() % 8 ? 0 : (size_t)rand() % len)))
            forget();
    }
    ck_assert_int_eq(omsp_test_outstanding(), 0);
}
END_TEST

OMSP_SUITE("media_stream", TEST(connected_has_no_number_and_no_sid),
           TEST(start_has_the_order_and_the_types_of_the_captures),
           TEST(strings_are_escaped_as_json_wants), TEST(long_parameters_are_not_cut),
           TEST(stop_mark_and_dtmf), TEST(media_has_the_order_of_the_captures),
           TEST(the_fast_media_frame_is_its_plain_twin_at_every_payload_size),
           TEST(the_fast_media_frame_is_its_plain_twin_at_every_length_of_number),
           TEST(the_longest_media_frame_fits),
           TEST(the_fast_media_frame_is_its_plain_twin_on_random_input),
           TEST(a_payload_that_is_too_long_makes_nothing), TEST(a_usual_frame_has_the_usual_size),
           TEST(media_mark_and_clear_are_understood),
           TEST(other_members_spaces_order_and_case_of_the_sid_do_not_matter),
           TEST(what_is_no_such_message_is_refused), TEST(a_truncated_message_is_refused),
           TEST(big_messages_are_taken_up_to_the_bound),
           TEST(each_failing_allocation_is_told_and_leaks_nothing),
           TEST(random_changes_of_a_message_do_no_harm))
