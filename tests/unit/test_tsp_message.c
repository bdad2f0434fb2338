/* The TSP's messages: golden bytes, every truncation, every wrong field, garbage, round trips. */
#include "support/suite.h"

#include "wire/tsp_message.h"

#include <stdlib.h>
#include <string.h>

static uint32_t seed = 7;

static uint32_t rnd(void)
{
    seed = seed * 1664525u + 1013904223u;
    return seed >> 8;
}

/* The header of a message of version 1, sequence 0x04030201. */
#define HEAD(type, size)                                                                           \
    'O', 'M', 'S', 'P', 1, 0, (type)&0xFF, (type) >> 8, (size)&0xFF, (size) >> 8, 0, 0, 1, 2, 3, 4

static const uint8_t configure_bytes[] = {
    HEAD(0x0001, 60),
    1,
    5, /* hardware; start and stop */
    30,
    0, /* ptime */
    0x88,
    0x13,
    0,
    0, /* 5000 ms */
    6,
    0, /* IPv6 */
    0x40,
    0x9C, /* port 40000 */
    0x20,
    0x01,
    0x0d,
    0xb8,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    1,
    3,
    0,
    0,
    0, /* scope */
    2,
    0,
    0,
    0, /* codecs: 8, 0 */
    8,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
};
static const uint8_t remote_sdp_bytes[] = {HEAD(0x0002, 22), 'v', '=', '0', '\r', '\n', ' '};
static const uint8_t connect_bytes[] = {HEAD(0x0003, 16)};
static const uint8_t disconnect_bytes[] = {HEAD(0x0004, 20), 2, 0, 0, 0};
static const uint8_t query_sdp_bytes[] = {HEAD(0x0005, 16)};
static const uint8_t query_stats_bytes[] = {HEAD(0x0006, 16)};
static const uint8_t query_sid_bytes[] = {HEAD(0x0007, 16)};
static const uint8_t stream_state_bytes[] = {HEAD(0x0008, 24), 1, 2, 0, 0, 18, 0, 0, 0};
static const uint8_t security_bytes[] = {HEAD(0x0009, 20), 1, 0, 0, 0};
static const uint8_t result_bytes[] = {HEAD(0x8001, 24), 1, 0, 0, 0, 16, 0, 0, 0};
static const uint8_t local_sdp_bytes[] = {HEAD(0x8002, 20), 'v', '=', 0xC3, 0xA9};
static const uint8_t stats_bytes[] = {HEAD(0x8003, 148),
                                      1,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0x80, /* packets_received: both halves */
                                      2,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      3,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      4,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      5,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      6,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      7,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      8,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      9,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      10,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      11,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      12,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      13,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      14,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      15,
                                      0,
                                      0,
                                      0,
                                      16,
                                      0,
                                      0,
                                      0,
                                      17,
                                      0,
                                      0,
                                      0,
                                      20,
                                      0,
                                      0,
                                      0,
                                      255,
                                      0,
                                      0,
                                      0};
static const uint8_t call_sid_bytes[] = {HEAD(0x8004, 52),
                                         'C',
                                         'A',
                                         '0',
                                         '0',
                                         '1',
                                         '1',
                                         '2',
                                         '2',
                                         '3',
                                         '3',
                                         '4',
                                         '4',
                                         '5',
                                         '5',
                                         '6',
                                         '6',
                                         '7',
                                         '7',
                                         '8',
                                         '8',
                                         '9',
                                         '9',
                                         'a',
                                         'a',
                                         'b',
                                         'b',
                                         'c',
                                         'c',
                                         'd',
                                         'd',
                                         'e',
                                         'e',
                                         'f',
                                         'f',
                                         0,
                                         0};
static const uint8_t stream_command_bytes[] = {HEAD(0x8005, 20), 0, 1, 0, 0};
static const uint8_t digit_bytes[] = {HEAD(0x8006, 20), 11, 0, 0, 0};

#define GOLDEN(name)                                                                               \
    {                                                                                              \
        name##_bytes, sizeof(name##_bytes)                                                         \
    }
static const struct {
    const uint8_t *bytes;
    size_t len;
} golden[] = {GOLDEN(configure),      GOLDEN(remote_sdp),  GOLDEN(connect),   GOLDEN(disconnect),
              GOLDEN(query_sdp),      GOLDEN(query_stats), GOLDEN(query_sid), GOLDEN(stream_state),
              GOLDEN(result),         GOLDEN(local_sdp),   GOLDEN(stats),     GOLDEN(call_sid),
              GOLDEN(stream_command), GOLDEN(digit),       GOLDEN(security)};
#define GOLDEN_COUNT (sizeof(golden) / sizeof(golden[0]))

static struct omsp_tsp_message parsed(const uint8_t *bytes, size_t len)
{
    struct omsp_tsp_message message;

    memset(&message, 0xEE, sizeof(message));
    ck_assert_int_eq(omsp_tsp_parse(bytes, len, &message), OMSP_OK);
    ck_assert_uint_eq(message.sequence, 0x04030201);
    return message;
}

START_TEST(golden_bytes_mean_what_the_header_says)
{
    struct omsp_tsp_message m = parsed(configure_bytes, sizeof(configure_bytes));

    ck_assert_uint_eq(m.type, OMSP_TSP_CONFIGURE);
    ck_assert_uint_eq(m.u.configure.transport, OMSP_TSP_TRANSPORT_HARDWARE);
    ck_assert_uint_eq(m.u.configure.offers, OMSP_TSP_OFFER_START | OMSP_TSP_OFFER_STOP);
    ck_assert_uint_eq(m.u.configure.ptime_ms, 30);
    ck_assert_uint_eq(m.u.configure.media_timeout_ms, 5000);
    ck_assert_uint_eq(m.u.configure.local.family, 6);
    ck_assert_uint_eq(m.u.configure.local.port, 40000);
    ck_assert_uint_eq(m.u.configure.local.scope, 3);
    ck_assert_uint_eq(m.u.configure.local.ip[0], 0x20);
    ck_assert_uint_eq(m.u.configure.local.ip[15], 1);
    ck_assert_uint_eq(m.u.configure.codec_count, 2);
    ck_assert_uint_eq(m.u.configure.codecs[0], 8);
    ck_assert_uint_eq(m.u.configure.codecs[1], 0);

    m = parsed(remote_sdp_bytes, sizeof(remote_sdp_bytes));
    ck_assert_uint_eq(m.type, OMSP_TSP_REMOTE_SDP);
    ck_assert_uint_eq(m.u.text.len, 6);
    ck_assert_mem_eq(m.u.text.ptr, "v=0\r\n ", 6);
    ck_assert_uint_eq(parsed(connect_bytes, sizeof(connect_bytes)).type, OMSP_TSP_CONNECT);
    ck_assert_uint_eq(parsed(security_bytes, sizeof(security_bytes)).u.srtp,
                      OMSP_TSP_SRTP_REQUIRED);
    ck_assert_uint_eq(parsed(disconnect_bytes, sizeof(disconnect_bytes)).u.reason,
                      OMSP_TSP_REASON_TIMEOUT);
    ck_assert_uint_eq(parsed(query_sdp_bytes, 16).type, OMSP_TSP_QUERY_SDP);
    ck_assert_uint_eq(parsed(query_stats_bytes, 16).type, OMSP_TSP_QUERY_STATS);
    ck_assert_uint_eq(parsed(query_sid_bytes, 16).type, OMSP_TSP_QUERY_SID);
    m = parsed(stream_state_bytes, sizeof(stream_state_bytes));
    ck_assert_uint_eq(m.u.stream_state.direction, OMSP_TSP_RENDER);
    ck_assert_uint_eq(m.u.stream_state.state, OMSP_TSP_RUNNING);
    ck_assert_int_eq(m.u.stream_state.status, OMSP_NODEVICE);
    m = parsed(result_bytes, sizeof(result_bytes));
    ck_assert_uint_eq(m.u.result.request, OMSP_TSP_CONFIGURE);
    ck_assert_int_eq(m.u.result.status, OMSP_ADDRINUSE);
    m = parsed(local_sdp_bytes, sizeof(local_sdp_bytes));
    ck_assert_uint_eq(m.u.text.len, 4);
    m = parsed(stats_bytes, sizeof(stats_bytes));
    ck_assert(m.u.stats.packets_received == 0x8000000000000001u);
    ck_assert_uint_eq(m.u.stats.bytes_received, 2);
    ck_assert_uint_eq(m.u.stats.packets_sent, 3);
    ck_assert_uint_eq(m.u.stats.bytes_sent, 4);
    ck_assert_uint_eq(m.u.stats.packets_lost, 5);
    ck_assert_uint_eq(m.u.stats.packets_late, 6);
    ck_assert_uint_eq(m.u.stats.packets_duplicate, 7);
    ck_assert_uint_eq(m.u.stats.packets_reordered, 8);
    ck_assert_uint_eq(m.u.stats.packets_rejected, 9);
    ck_assert_uint_eq(m.u.stats.reports_received, 10);
    ck_assert_uint_eq(m.u.stats.reports_sent, 11);
    ck_assert_uint_eq(m.u.stats.frames_recorded, 12);
    ck_assert_uint_eq(m.u.stats.frames_concealed, 13);
    ck_assert_uint_eq(m.u.stats.frames_played, 14);
    ck_assert_uint_eq(m.u.stats.jitter_us, 15);
    ck_assert_uint_eq(m.u.stats.round_trip_us, 16);
    ck_assert_uint_eq(m.u.stats.remote_lost, 17);
    ck_assert_uint_eq(m.u.stats.ptime_ms, 20);
    ck_assert_uint_eq(m.u.stats.codec, 255);
    m = parsed(call_sid_bytes, sizeof(call_sid_bytes));
    ck_assert_str_eq(m.u.sid, "CA00112233445566778899aabbccddeeff");
    m = parsed(stream_command_bytes, sizeof(stream_command_bytes));
    ck_assert_uint_eq(m.u.stream_command.direction, OMSP_TSP_CAPTURE);
    ck_assert_uint_eq(m.u.stream_command.to, OMSP_TSP_PAUSED);
    ck_assert_uint_eq(parsed(digit_bytes, sizeof(digit_bytes)).u.digit, 11);
}
END_TEST

START_TEST(building_what_was_parsed_gives_the_same_bytes)
{
    for (size_t i = 0; i < GOLDEN_COUNT; i++) {
        struct omsp_tsp_message m = parsed(golden[i].bytes, golden[i].len);
        uint8_t out[256];
        size_t need = 0;

        memset(out, 0xAA, sizeof(out));
        for (size_t room = 0; room < golden[i].len; room++) {
            ck_assert_int_eq(omsp_tsp_build(&m, room ? out : NULL, room, &need), OMSP_MORE);
            ck_assert_uint_eq(need, golden[i].len);
            ck_assert_uint_eq(out[0], 0xAA);
        }
        ck_assert_int_eq(omsp_tsp_build(&m, out, golden[i].len, &need), OMSP_OK);
        ck_assert_uint_eq(need, golden[i].len);
        ck_assert_mem_eq(out, golden[i].bytes, need);
        ck_assert_uint_eq(out[need], 0xAA);
        ck_assert_int_eq(omsp_tsp_build(&m, out, sizeof(out), NULL), OMSP_OK);
    }
}
END_TEST

START_TEST(every_truncation_and_every_byte_too_many_is_refused)
{
    for (size_t i = 0; i < GOLDEN_COUNT; i++) {
        for (size_t len = 0; len <= golden[i].len + 4; len++) {
            uint8_t *copy = malloc(len ? len : 1); /* exact, for the sanitizer */
            struct omsp_tsp_message m;
            bool text = golden[i].bytes[6] == 2;

            memset(copy, 'x', len);
            memcpy(copy, golden[i].bytes, len < golden[i].len ? len : golden[i].len);
            if (len == golden[i].len) {
                free(copy);
                continue;
            }
            ck_assert_int_eq(omsp_tsp_parse(copy, len, &m), OMSP_INVALID);
            if (len >= 16 && !text) { /* and when the size says so too */
                omsp_put_le32(copy + 8, (uint32_t)len);
                ck_assert_int_eq(omsp_tsp_parse(copy, len, &m), OMSP_INVALID);
            }
            free(copy);
        }
    }
    ck_assert_int_eq(omsp_tsp_parse(NULL, 0, NULL), OMSP_INVALID);
    ck_assert_int_eq(omsp_tsp_parse(NULL, 16, NULL), OMSP_INVALID);
}
END_TEST

/* Golden `bytes` with byte `at` set to `value`. */
static enum omsp_status with(const uint8_t *bytes, size_t len, size_t at, uint8_t value)
{
    uint8_t copy[256];
    struct omsp_tsp_message m, before;
    enum omsp_status status;

    memset(&m, 0x5A, sizeof(m));
    before = m;
    memcpy(copy, bytes, len);
    copy[at] = value;
    status = omsp_tsp_parse(copy, len, &m);
    if (status != OMSP_OK)
        ck_assert_mem_eq(&m, &before, sizeof(m)); /* untouched */
    return status;
}

START_TEST(every_value_of_every_header_byte_but_the_sequence_counts)
{
    for (size_t at = 0; at < 12; at++)
        for (int v = 0; v < 256; v++)
            if (v != digit_bytes[at] && !(at == 6 && v == OMSP_TSP_DISCONNECT))
                ck_assert_int_eq(with(digit_bytes, sizeof(digit_bytes), at, (uint8_t)v),
                                 OMSP_INVALID);
    for (size_t at = 12; at < 16; at++)
        for (int v = 0; v < 256; v++)
            ck_assert_int_eq(with(digit_bytes, sizeof(digit_bytes), at, (uint8_t)v), OMSP_OK);
}
END_TEST

/* How many values of byte `at` of the golden message are taken. */
static int taken(const uint8_t *bytes, size_t len, size_t at)
{
    int n = 0;

    for (int v = 0; v < 256; v++)
        n += with(bytes, len, at, (uint8_t)v) == OMSP_OK;
    return n;
}
#define TAKEN(name, at) taken(name##_bytes, sizeof(name##_bytes), 16 + (at))

START_TEST(fields_take_exactly_their_values)
{
    ck_assert_int_eq(TAKEN(configure, 0), 1); /* hardware, since offers are given */
    ck_assert_int_eq(TAKEN(configure, 1), 8); /* offers */
    ck_assert_int_eq(TAKEN(configure, 2), 7); /* ptime 0, 10 ... 60 */
    ck_assert_int_eq(TAKEN(configure, 3), 1);
    ck_assert_int_eq(TAKEN(configure, 4), 256); /* timeout */
    ck_assert_int_eq(TAKEN(configure, 8), 1);   /* family: the address is an IPv6 one */
    ck_assert_int_eq(TAKEN(configure, 9), 1);
    ck_assert_int_eq(TAKEN(configure, 10), 256);
    ck_assert_int_eq(TAKEN(configure, 20), 256);
    /* count: 2; 1 leaves a 0 unused; 3 would have 0 twice */
    ck_assert_int_eq(TAKEN(configure, 32), 2);
    ck_assert_int_eq(TAKEN(configure, 33), 1);
    ck_assert_int_eq(TAKEN(configure, 36), 127); /* first codec: all but the second, 0 */
    ck_assert_int_eq(TAKEN(configure, 38), 1);   /* an unused one */
    ck_assert_int_eq(TAKEN(security, 0), 3);
    ck_assert_int_eq(TAKEN(security, 1), 1);
    ck_assert_int_eq(TAKEN(disconnect, 0), 3);
    ck_assert_int_eq(TAKEN(disconnect, 1), 1);
    ck_assert_int_eq(TAKEN(stream_state, 0), 2);
    ck_assert_int_eq(TAKEN(stream_state, 1), 3);
    ck_assert_int_eq(TAKEN(stream_state, 2), 1);
    ck_assert_int_eq(TAKEN(stream_state, 4), OMSP_TSP_STATUS_COUNT);
    ck_assert_int_eq(TAKEN(stream_state, 5), 1);
    ck_assert_int_eq(TAKEN(result, 0), 7); /* every request but STREAM_STATE */
    ck_assert_int_eq(TAKEN(result, 1), 1);
    ck_assert_int_eq(TAKEN(result, 3), 1);
    ck_assert_int_eq(TAKEN(result, 4), OMSP_TSP_STATUS_COUNT);
    ck_assert_int_eq(TAKEN(stats, 0), 256);
    ck_assert_int_eq(TAKEN(call_sid, 0), 26);
    ck_assert_int_eq(TAKEN(call_sid, 2), 22);
    ck_assert_int_eq(TAKEN(call_sid, 34), 1);
    ck_assert_int_eq(TAKEN(stream_command, 0), 2);
    ck_assert_int_eq(TAKEN(stream_command, 1), 3);
    ck_assert_int_eq(TAKEN(stream_command, 3), 1);
    ck_assert_int_eq(TAKEN(digit, 0), 16);
    ck_assert_int_eq(TAKEN(digit, 2), 1);
    ck_assert_int_eq(TAKEN(remote_sdp, 0), 127); /* ASCII without NUL */
}
END_TEST

START_TEST(the_address_is_clean)
{
    struct omsp_tsp_message m = parsed(configure_bytes, sizeof(configure_bytes));
    uint8_t out[64];

    m.u.configure.local.family = 4;
    ck_assert_int_eq(omsp_tsp_build(&m, out, sizeof(out), NULL), OMSP_INVALID); /* 16 bytes of ip */
    memset(m.u.configure.local.ip + 4, 0, 12);
    ck_assert_int_eq(omsp_tsp_build(&m, out, sizeof(out), NULL), OMSP_INVALID); /* scope */
    m.u.configure.local.scope = 0;
    ck_assert_int_eq(omsp_tsp_build(&m, out, sizeof(out), NULL), OMSP_OK);
    m.u.configure.local.family = 0;
    ck_assert_int_eq(omsp_tsp_build(&m, out, sizeof(out), NULL), OMSP_INVALID); /* ip */
    memset(m.u.configure.local.ip, 0, 16);
    ck_assert_int_eq(omsp_tsp_build(&m, out, sizeof(out), NULL), OMSP_INVALID); /* port */
    m.u.configure.local.port = 0;
    ck_assert_int_eq(omsp_tsp_build(&m, out, sizeof(out), NULL), OMSP_OK);
    m.u.configure.transport = OMSP_TSP_TRANSPORT_RTP;
    ck_assert_int_eq(omsp_tsp_build(&m, out, sizeof(out), NULL), OMSP_INVALID); /* offers */
    m.u.configure.offers = 0;
    ck_assert_int_eq(omsp_tsp_build(&m, out, sizeof(out), NULL), OMSP_OK);
    m.u.configure.codec_count = 9;
    ck_assert_int_eq(omsp_tsp_build(&m, out, sizeof(out), NULL), OMSP_INVALID);
}
END_TEST

START_TEST(text_is_utf8_without_nul_and_bounded)
{
    struct omsp_tsp_message m = {.type = OMSP_TSP_REMOTE_SDP}, back;
    size_t room = OMSP_TSP_MAX_TEXT + 17, need;
    char *text = malloc(room);
    uint8_t *out = malloc(room);

    memset(text, 's', room);
    m.u.text = omsp_span(text, OMSP_TSP_MAX_TEXT);
    ck_assert_int_eq(omsp_tsp_build(&m, out, room, &need), OMSP_OK);
    ck_assert_int_eq(omsp_tsp_parse(out, need, &back), OMSP_OK);
    ck_assert_uint_eq(back.u.text.len, OMSP_TSP_MAX_TEXT);
    m.u.text.len++;
    ck_assert_int_eq(omsp_tsp_build(&m, out, room, &need), OMSP_INVALID);
    omsp_put_le32(out + 8, (uint32_t)room);
    out[room - 1] = 's';
    ck_assert_int_eq(omsp_tsp_parse(out, room, &back), OMSP_INVALID);
    m.u.text.len = 0;
    ck_assert_int_eq(omsp_tsp_build(&m, out, room, &need), OMSP_INVALID);
    m.u.text = omsp_span("a\0b", 3);
    ck_assert_int_eq(omsp_tsp_build(&m, out, room, &need), OMSP_INVALID);
    m.u.text = omsp_span("ab\0", 3);
    ck_assert_int_eq(omsp_tsp_build(&m, out, room, &need), OMSP_INVALID);
    m.u.text = omsp_span("a\xC3", 2);
    ck_assert_int_eq(omsp_tsp_build(&m, out, room, &need), OMSP_INVALID);
    free(text);
    free(out);
}
END_TEST

START_TEST(each_status_has_one_number_of_its_own)
{
    enum omsp_status status;

    for (uint32_t code = 0; code < OMSP_TSP_STATUS_COUNT; code++) {
        ck_assert_int_eq(omsp_tsp_status_from_wire(code, &status), OMSP_OK);
        ck_assert_uint_eq(omsp_tsp_status_to_wire(status), code);
    }
    for (int s = 0; s < OMSP_STATUS_COUNT; s++) {
        ck_assert_int_eq(
            omsp_tsp_status_from_wire(omsp_tsp_status_to_wire((enum omsp_status)s), &status),
            OMSP_OK);
        ck_assert_int_eq(status, s); /* a new status without a number fails here */
    }
    ck_assert_uint_eq(omsp_tsp_status_to_wire((enum omsp_status)4711), OMSP_TSP_IO);
    status = OMSP_EOF;
    ck_assert_int_eq(omsp_tsp_status_from_wire(OMSP_TSP_STATUS_COUNT, &status), OMSP_INVALID);
    ck_assert_int_eq(omsp_tsp_status_from_wire(0xFFFFFFFFu, &status), OMSP_INVALID);
    ck_assert_int_eq(status, OMSP_EOF);
}
END_TEST

START_TEST(garbage_is_refused_or_built_again_the_same)
{
    unsigned valid = 0;

    for (int round = 0; round < 300000; round++) {
        const uint8_t *from = golden[rnd() % GOLDEN_COUNT].bytes;
        size_t len = omsp_le16(from + 8);
        uint8_t *copy, out[256];
        struct omsp_tsp_message m;
        size_t need;

        if (rnd() % 4 == 0)
            len = rnd() % 200;
        copy = malloc(len ? len : 1);
        for (size_t i = 0; i < len; i++)
            copy[i] = (uint8_t)(rnd() % 3 ? 0 : rnd());
        if (len >= 16 && rnd() % 8) {
            memcpy(copy, from, 16);
            omsp_put_le32(copy + 8, (uint32_t)len);
        }
        if (omsp_tsp_parse(copy, len, &m) == OMSP_OK) {
            valid++;
            ck_assert_int_eq(omsp_tsp_build(&m, out, sizeof(out), &need), OMSP_OK);
            ck_assert_uint_eq(need, len);
            ck_assert_mem_eq(out, copy, len);
        }
        free(copy);
    }
    ck_assert_uint_gt(valid, 1000); /* else the round trip was not tried */
}
END_TEST

START_TEST(unknown_types_cannot_be_built)
{
    struct omsp_tsp_message m = {.type = 10};
    uint8_t out[64];

    ck_assert_int_eq(omsp_tsp_build(&m, out, sizeof(out), NULL), OMSP_INVALID);
    ck_assert(omsp_tsp_is_from_msp(OMSP_TSP_DIGIT));
    ck_assert(!omsp_tsp_is_from_msp(OMSP_TSP_STREAM_STATE));
}
END_TEST

START_TEST(layouts_have_no_padding_and_the_macros_agree)
{
    struct omsp_tsp_header header;

    ck_assert_uint_eq(sizeof(struct omsp_tsp_header), 16);
    ck_assert_uint_eq(sizeof(struct omsp_tsp_configure), 44);
    ck_assert_uint_eq(sizeof(struct omsp_tsp_stats), 132);
    ck_assert_uint_eq(sizeof(struct omsp_tsp_call_sid), 36);
    OMSP_TSP_PUT32(header.size, 0x12345678UL);
    OMSP_TSP_PUT16(header.type, 0x8006);
    ck_assert_uint_eq(omsp_le32(header.size), 0x12345678);
    ck_assert_uint_eq(omsp_le16(header.type), 0x8006);
    ck_assert_uint_eq(OMSP_TSP_GET32(header.size), 0x12345678UL);
    ck_assert_uint_eq(OMSP_TSP_GET16(header.type), 0x8006);
}
END_TEST

OMSP_SUITE("tsp_message", TEST(golden_bytes_mean_what_the_header_says),
           TEST(building_what_was_parsed_gives_the_same_bytes),
           TEST(every_truncation_and_every_byte_too_many_is_refused),
           TEST(every_value_of_every_header_byte_but_the_sequence_counts),
           TEST(fields_take_exactly_their_values), TEST(the_address_is_clean),
           TEST(text_is_utf8_without_nul_and_bounded), TEST(each_status_has_one_number_of_its_own),
           TEST(garbage_is_refused_or_built_again_the_same), TEST(unknown_types_cannot_be_built),
           TEST(layouts_have_no_padding_and_the_macros_agree))
