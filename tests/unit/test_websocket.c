/* The opening handshake and the frames we send: RFC 6455 1.3, 5.7, the capture of the contract 2.1.
 */
#include "support/suite.h"

#include "port/crypto.h"
#include "wire/base64.h"
#include "wire/websocket.h"

#include <stdlib.h>
#include <string.h>

static const char key[] = "dGhlIHNhbXBsZSBub25jZQ==";
static const char accept_value[] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

START_TEST(the_request_is_that_of_the_capture)
{
    struct omsp_ws_upgrade upgrade = {"voice.example", omsp_span_text("/media"), key, "c2ln", NULL};
    char room[600];
    struct omsp_text text;

    omsp_text_init(&text, room, sizeof(room));
    omsp_ws_put_upgrade(&text, &upgrade);
    ck_assert_str_eq(room, "GET /media HTTP/1.1\r\n"
                           "Host: voice.example\r\n"
                           "User-Agent: Twilio.TmeWs/1.0\r\n"
                           "Connection: Upgrade\r\n"
                           "Upgrade: websocket\r\n"
                           "Sec-WebSocket-Version: 13\r\n"
                           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                           "X-Twilio-Signature: c2ln\r\n"
                           "Accept-Encoding: gzip\r\n\r\n");
}
END_TEST

START_TEST(a_path_always_begins_with_a_slash)
{
    static const struct {
        const char *path, *line;
    } rows[] = {{"", "GET / HTTP/1.1\r\n"},
                {"?a=b", "GET /?a=b HTTP/1.1\r\n"},
                {"/?a=b", "GET /?a=b HTTP/1.1\r\n"}};

    for (size_t i = 0; i < 3; i++) {
        struct omsp_ws_upgrade upgrade = {"[::1]:8080", omsp_span_text(rows[i].path), key, NULL,
                                          "Bearer t"};
        char room[600];
        struct omsp_text text;

        omsp_text_init(&text, room, sizeof(room));
        omsp_ws_put_upgrade(&text, &upgrade);
        ck_assert(!strncmp(room, rows[i].line, strlen(rows[i].line)));
        ck_assert_ptr_nonnull(strstr(room, "\r\nHost: [::1]:8080\r\n"));
        ck_assert_ptr_nonnull(strstr(room, "\r\nAuthorization: Bearer t\r\n"));
        ck_assert_ptr_null(strstr(room, "Signature"));
    }
}
END_TEST

START_TEST(the_accept_value_of_the_rfc_follows_from_its_key)
{
    char out[61], value[OMSP_WS_ACCEPT_CHARS + 1] = "";
    uint8_t digest[OMSP_SHA1_BYTES];

    omsp_ws_accept_input(key, out);
    ck_assert_str_eq(out, "dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    omsp_sha1(out, 60, digest);
    omsp_base64_encode(value, digest, sizeof(digest));
    ck_assert_str_eq(value, accept_value);
}
END_TEST

/* ---- response ------------------------------------------------------------------------------- */

#define STATUS_101 "HTTP/1.1 101 Switching Protocols\r\n"
#define UPGRADE    "Upgrade: websocket\r\n"
#define CONNECTION "Connection: Upgrade\r\n"
#define ACCEPT     "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
#define GOOD       STATUS_101 UPGRADE CONNECTION ACCEPT "\r\n"

static size_t used;
static int http_status;

/* From memory that ends where the text does, so that ASan sees a byte too far. */
static enum omsp_status check(const char *text, size_t len)
{
    char *copy = malloc(len ? len : 1);
    enum omsp_status status;

    memcpy(copy, text, len);
    used = 12345;
    http_status = 12345;
    status = omsp_ws_check_response(omsp_span(copy, len), accept_value, &used, &http_status);
    free(copy);
    return status;
}

START_TEST(a_right_answer_is_taken_and_what_follows_is_left)
{
    static const char *const good[] = {
        GOOD,
        STATUS_101 "upgrade: WebSocket\r\nCONNECTION:keep-alive ,\tuPgRaDe\r\n"
                   "sec-websocket-accept:s3pPLMBiTxaQ9kYGzzhZRbK+xOo=  \r\n\r\n",
        "HTTP/1.1 101\r\n" UPGRADE CONNECTION ACCEPT "\r\n",
        "HTTP/1.1 101 \r\n" UPGRADE CONNECTION ACCEPT "\r\n",
        STATUS_101 "Server: x\xe4\r\nDate:\r\n" ACCEPT CONNECTION UPGRADE "\r\n",
        STATUS_101 "Connection: close\r\n" CONNECTION UPGRADE ACCEPT "\r\n",
    };

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        char text[400];
        size_t len = strlen(good[i]);

        ck_assert_msg(check(good[i], len) == OMSP_OK, "refused: %s", good[i]);
        ck_assert_uint_eq(used, len);
        ck_assert_int_eq(http_status, 101);
        strcpy(text, good[i]);
        memcpy(text + len, "\x81\x00\r\n\r\n", 6);
        ck_assert_int_eq(check(text, len + 6), OMSP_OK);
        ck_assert_uint_eq(used, len);
    }
}
END_TEST

START_TEST(a_truncated_answer_wants_more)
{
    for (size_t len = 0; len < sizeof(GOOD) - 1; len++) {
        ck_assert_int_eq(check(GOOD, len), OMSP_MORE);
        ck_assert_uint_eq(used, 0);
    }
}
END_TEST

START_TEST(any_other_answer_is_refused)
{
    static const char *const bad[] = {
        STATUS_101 "\r\n",
        STATUS_101 CONNECTION ACCEPT "\r\n",
        STATUS_101 UPGRADE ACCEPT "\r\n",
        STATUS_101 UPGRADE CONNECTION "\r\n",
        STATUS_101 UPGRADE CONNECTION "Sec-WebSocket-Accept: t3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
        STATUS_101 UPGRADE CONNECTION "Sec-WebSocket-Accept: S3PPLMBITXAQ9KYGZZHZRBK+XOO=\r\n\r\n",
        STATUS_101 UPGRADE CONNECTION "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo\r\n\r\n",
        STATUS_101 UPGRADE CONNECTION "Sec-WebSocket-Accept:\r\n\r\n",
        STATUS_101 UPGRADE CONNECTION ACCEPT ACCEPT "\r\n",
        STATUS_101 "Upgrade: websocket, h2c\r\n" CONNECTION ACCEPT "\r\n",
        STATUS_101 "Upgrade: websockets\r\n" CONNECTION ACCEPT "\r\n",
        STATUS_101 UPGRADE "Connection: keep-alive\r\n" ACCEPT "\r\n",
        STATUS_101 UPGRADE "Connection: upgraded\r\n" ACCEPT "\r\n",
        STATUS_101 UPGRADE CONNECTION ACCEPT "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
        STATUS_101 UPGRADE CONNECTION ACCEPT "sec-websocket-protocol: audio\r\n\r\n",
        STATUS_101 UPGRADE CONNECTION ACCEPT "Bad Name: x\r\n\r\n",
        STATUS_101 UPGRADE CONNECTION ACCEPT "Name : x\r\n\r\n",
        STATUS_101 UPGRADE CONNECTION ACCEPT ": x\r\n\r\n",
        STATUS_101 UPGRADE CONNECTION ACCEPT "no colon\r\n\r\n",
        STATUS_101 UPGRADE CONNECTION ACCEPT " folded: x\r\n\r\n",
        STATUS_101 UPGRADE CONNECTION ACCEPT "X: a\nY: b\r\n\r\n",
        STATUS_101 UPGRADE CONNECTION ACCEPT "X: a\rb\r\n\r\n",
        STATUS_101 UPGRADE CONNECTION ACCEPT "X: \x7f\r\n\r\n",
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_msg(check(bad[i], strlen(bad[i])) == OMSP_INVALID, "taken: %s", bad[i]);
        ck_assert_int_eq(http_status, 101);
        ck_assert_uint_eq(used, 0);
    }
    ck_assert_int_eq(check(STATUS_101 "X: a\0b\r\n", sizeof(STATUS_101 "X: a\0b\r\n") - 1),
                     OMSP_INVALID);
}
END_TEST

START_TEST(a_status_line_is_judged_as_soon_as_it_is_there)
{
    static const struct {
        const char *text;
        int status;
    } rows[] = {
        {"HTTP/1.1 200 OK\r\n", 200},
        {"HTTP/1.1 301 Moved\r\nLocation: ws://x\r\n\r\n", 301},
        {"HTTP/1.1 403\r\n", 403},
        {"HTTP/1.0 101 Switching\r\n", 101},
        {"HTTP/1.1 100 Go on\r\n", 100},
        {"HTTP/1.1 999 ?\r\n", 999},
        {"HTTP/1.1 1010 ?\r\n", 0},
        {"HTTP/1.1 10\r\n", 0},
        {"HTTP/1.1  101 x\r\n", 0},
        {"HTTP/1.1 abc x\r\n", 0},
        {"HTTP/1.1 010 x\r\n", 0},
        {"HTTP/1.x 101 x\r\n", 0},
        {"HTTP/2", 0},
        {"HTTP/2 101\r\n", 0},
        {"\r\n", 0},
        {"x", 0},
        {"\x81\x02hi", 0},
        {"HTTPS", 0},
        {"http/1.1 101 x\r\n", 0},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ck_assert_msg(check(rows[i].text, strlen(rows[i].text)) == OMSP_INVALID, "%s",
                      rows[i].text);
        ck_assert_int_eq(http_status, rows[i].status);
        ck_assert_uint_eq(used, 0);
    }
}
END_TEST

START_TEST(a_header_is_taken_up_to_its_bound_and_no_further)
{
    static const char start[] = STATUS_101 UPGRADE CONNECTION ACCEPT "X: ";
    char text[OMSP_WS_RESPONSE_MAX + 8];
    size_t len = sizeof(start) - 1;

    memset(text, 'x', sizeof(text));
    memcpy(text, start, len);
    ck_assert_int_eq(check(text, OMSP_WS_RESPONSE_MAX - 1), OMSP_MORE);
    ck_assert_int_eq(check(text, OMSP_WS_RESPONSE_MAX), OMSP_INVALID);
    memcpy(text + OMSP_WS_RESPONSE_MAX - 4, "\r\n\r\n", 4);
    ck_assert_int_eq(check(text, sizeof(text)), OMSP_OK);
    ck_assert_uint_eq(used, OMSP_WS_RESPONSE_MAX);
    memcpy(text + OMSP_WS_RESPONSE_MAX - 4, "x\r\n\r\n", 5);
    ck_assert_int_eq(check(text, sizeof(text)), OMSP_INVALID);
}
END_TEST

START_TEST(random_changes_of_an_answer_do_no_harm)
{
    srand(3);
    for (int round = 0; round < 100000; round++) {
        char text[sizeof(GOOD)] = GOOD;
        enum omsp_status status;

        for (int n = rand() % 4; n >= 0; n--)
            text[(size_t)rand() % (sizeof(GOOD) - 1)] = (char)rand();
        status = check(text, (size_t)rand() % sizeof(GOOD));
        ck_assert(status == OMSP_OK || status == OMSP_MORE || status == OMSP_INVALID);
    }
}
END_TEST

/* ---- frames out ----------------------------------------------------------------------------- */

START_TEST(the_masked_hello_of_the_rfc)
{
    static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
    static const uint8_t golden[] = {0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d,
                                     0x7f, 0x9f, 0x4d, 0x51, 0x58};
    uint8_t frame[OMSP_WS_HEADER_MAX + 5];
    size_t len = omsp_ws_put_header(frame, OMSP_WS_TEXT, 5, mask);

    ck_assert_uint_eq(len, 6);
    memcpy(frame + len, "Hello", 5);
    omsp_ws_mask(frame + len, 5, mask);
    ck_assert_mem_eq(frame, golden, sizeof(golden));
}
END_TEST

START_TEST(each_length_has_its_shortest_header)
{
    static const uint8_t mask[4] = {1, 2, 3, 4};
    static const struct {
        uint64_t len;
        size_t size;
        uint8_t head[14];
    } rows[] = {
        {0, 6, {0x8a, 0x80, 1, 2, 3, 4}},
        {125, 6, {0x8a, 0xfd, 1, 2, 3, 4}},
        {126, 8, {0x8a, 0xfe, 0, 126, 1, 2, 3, 4}},
        {256, 8, {0x8a, 0xfe, 1, 0, 1, 2, 3, 4}},
        {65535, 8, {0x8a, 0xfe, 255, 255, 1, 2, 3, 4}},
        {65536, 14, {0x8a, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 1, 2, 3, 4}},
        {0x123456789a, 14, {0x8a, 0xff, 0, 0, 0, 0x12, 0x34, 0x56, 0x78, 0x9a, 1, 2, 3, 4}},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t out[OMSP_WS_HEADER_MAX];

        ck_assert_uint_eq(omsp_ws_put_header(out, OMSP_WS_PONG, rows[i].len, mask), rows[i].size);
        ck_assert_mem_eq(out, rows[i].head, rows[i].size);
    }
}
END_TEST

START_TEST(masking_is_xor_with_the_mask_over_and_over)
{
    static const uint8_t mask[4] = {0xa5, 0x00, 0xff, 0x3c};

    for (size_t len = 0; len < 40; len++) {
        for (size_t offset = 0; offset < 4; offset++) {
            uint8_t data[64];

            for (size_t i = 0; i < sizeof(data); i++)
                data[i] = (uint8_t)i;
            omsp_ws_mask(data + offset, len, mask);
            for (size_t i = 0; i < sizeof(data); i++) {
                bool inside = i >= offset && i < offset + len;

                ck_assert_uint_eq(data[i], inside ? (uint8_t)(i ^ mask[(i - offset) % 4]) : i);
            }
        }
    }
}
END_TEST

OMSP_SUITE("websocket", TEST(the_request_is_that_of_the_capture),
           TEST(a_path_always_begins_with_a_slash),
           TEST(the_accept_value_of_the_rfc_follows_from_its_key),
           TEST(a_right_answer_is_taken_and_what_follows_is_left),
           TEST(a_truncated_answer_wants_more), TEST(any_other_answer_is_refused),
           TEST(a_status_line_is_judged_as_soon_as_it_is_there),
           TEST(a_header_is_taken_up_to_its_bound_and_no_further),
           TEST(random_changes_of_an_answer_do_no_harm), TEST(the_masked_hello_of_the_rfc),
           TEST(each_length_has_its_shortest_header),
           TEST(masking_is_xor_with_the_mask_over_and_over))
