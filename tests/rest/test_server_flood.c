/*
 * The Stream resource besieged: more connections than it takes that are left half-way, and
 * requests that hide a second one behind framing that two readers could take differently. What is
 * hidden is never carried out, and who comes properly is served in the end.
 */
#include "support/rest_rig.h"

#include <stdio.h>
#include <string.h>

#define CREATE "Url=wss%3A%2F%2Fh"
#define HEAD   "POST " REST_STREAMS ".json HTTP/1.1\r\nHost: h\r\nAuthorization: " REST_BASIC "\r\n"
/* What a smuggler wants to be taken for a request of its own: a stream would be made. */
#define HIDDEN                                                                                     \
    HEAD "Content-Type: " REST_FORM "\r\nContent-Length: 11\r\n\r\n"                               \
         "Url=wss://h"

#define WAVES   3
#define AT_ONCE 48 /* three times what the server takes */

static struct rest_rig rig;

/* ---- half-open connections ------------------------------------------------------------------- */

START_TEST(half_open_connections_beyond_the_limit)
{
    static const char *const starts[] = {"", "P", "POST / HTTP/1.1\r\n", HEAD,
                                         HEAD "Content-Type: " REST_FORM
                                              "\r\nContent-Length: 100\r\n\r\nUrl=wss"};
    static struct http_client open[AT_ONCE];
    long before = omsp_test_outstanding();

    rest_rig_init(&rig);
    rig.config.max_connections = AT_ONCE / 3;
    rig.config.request_ms = 500;
    rig.config.idle_ms = 500;
    rig.config.rate_per_s = 1000000;
    rest_rig_start(&rig);
    for (int wave = 0; wave < WAVES; wave++) {
        for (int i = 0; i < AT_ONCE; i++) {
            http_open(&open[i], omsp_rest_address(rig.server));
            http_puts(&open[i], starts[i % 5]);
        }
        for (int i = 0; i < AT_ONCE; i++)
            http_close(&open[i]);
        /* The queue is first in, first out: the good one was behind all of them. */
        http_close(&rig.client);
        http_open(&rig.client, omsp_rest_address(rig.server));
        rest_expect_raw(&rig, HEAD "Content-Length: 0\r\n\r\n", 400, 20001);
    }
    for (int i = 0; i < AT_ONCE; i++) {
        http_open(&open[i], omsp_rest_address(rig.server));
        http_puts(&open[i], starts[i % 5]);
    }
    /* These stay and never say more: their deadlines make room. */
    http_close(&rig.client);
    http_open(&rig.client, omsp_rest_address(rig.server));
    rest_expect(&rig, "POST", REST_STREAMS ".json", CREATE, 200, "\"in-progress\"");
    for (int i = 0; i < AT_ONCE; i++) { /* each was told that its time is over, or just ended */
        ck_assert(http_ends(&open[i]));
        http_close(&open[i]);
    }
    ck_assert_uint_eq(rig.stream_count, 1);
    rest_rig_end(&rig);
    ck_assert_int_eq(omsp_test_outstanding(), before);
}
END_TEST

/* ---- smuggling ------------------------------------------------------------------------------- */

/* The first answer's status; how many more came before the connection ended, or 0 when it stays. */
static int ask(const char *bytes, size_t len, int *more)
{
    struct http_answer answer;
    int status = 0;

    *more = 0;
    http_close(&rig.client);
    http_open(&rig.client, omsp_rest_address(rig.server));
    http_send(&rig.client, bytes, len);
    if (!http_read(&rig.client, &answer, false))
        return 0;
    status = answer.status;
    while (!http_has(&answer, "Connection", "close")) {
        http_free(&answer);
        if (!http_read(&rig.client, &answer, false))
            return status;
        ++*more;
    }
    http_free(&answer);
    ck_assert(http_ends(&rig.client));
    return status;
}

#define FORM "Content-Type: " REST_FORM "\r\n"

START_TEST(a_hidden_request_is_never_carried_out)
{
    static const struct {
        const char *name, *bytes;
        int status; /* 408: more was waited for, in vain */
    } rows[] = {
#define ROW(name, headers, body, status) {name, HEAD FORM headers "\r\n" body, status}
        ROW("CL.TE", "Content-Length: 400\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n" HIDDEN,
            400),
        ROW("TE.CL", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n" HIDDEN,
            400),
        ROW("two lengths", "Content-Length: 0\r\nContent-Length: 400\r\n", HIDDEN, 400),
        ROW("a list of lengths", "Content-Length: 0, 0\r\n", HIDDEN, 400),
        ROW("a length with a sign", "Content-Length: +0\r\n", HIDDEN, 400),
        ROW("a length in hexadecimal", "Content-Length: 0x0\r\n", HIDDEN, 400),
        ROW("a length and more", "Content-Length: 0 400\r\n", HIDDEN, 400),
        ROW("TE with a space before the colon",
            "Transfer-Encoding : chunked\r\nContent-Length: 400\r\n", "0\r\n\r\n" HIDDEN, 400),
        ROW("TE with a tab before the colon", "Transfer-Encoding\t: chunked\r\n",
            "0\r\n\r\n" HIDDEN, 400),
        ROW("TE with a vertical tab",
            "Transfer-Encoding: \x0b"
            "chunked\r\n",
            "0\r\n\r\n" HIDDEN, 501),
        ROW("TE of an unknown kind", "Transfer-Encoding: xchunked\r\n", "0\r\n\r\n" HIDDEN, 501),
        ROW("TE twice in one", "Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n" HIDDEN, 501),
        ROW("TE folded beside CL", "Transfer-Encoding:\r\n chunked\r\nContent-Length: 400\r\n",
            "0\r\n\r\n" HIDDEN, 408),
        ROW("TE in a fold of another",
            "X: y\r\n Transfer-Encoding: chunked\r\n"
            "Content-Length: 0\r\nConnection: close\r\n",
            HIDDEN, 400),
        ROW("CL folded", "Content-Length:\r\n 0\r\nContent-Length: 400\r\n", HIDDEN, 408),
        ROW("bare LF before TE", "X: y\nTransfer-Encoding: chunked\r\nContent-Length: 400\r\n",
            "0\r\n\r\n" HIDDEN, 400),
        ROW("bare CR before TE",
            "X: y\rTransfer-Encoding: chunked\r\nContent-Length: 0\r\n"
            "Connection: close\r\n",
            HIDDEN, 400),
        ROW("a chunk size with a sign", "Transfer-Encoding: chunked\r\n", "-1\r\n\r\n" HIDDEN, 400),
        ROW("a chunk size in C's manner", "Transfer-Encoding: chunked\r\n", "0x0\r\n\r\n" HIDDEN,
            400),
        ROW("a chunk size beyond 64 bits", "Transfer-Encoding: chunked\r\n",
            "10000000000000000\r\n\r\n" HIDDEN, 413),
        ROW("a chunk longer than its size", "Transfer-Encoding: chunked\r\n",
            "1\r\nUrl\r\n0\r\n\r\n" HIDDEN, 400),
    };

    rest_rig_init(&rig);
    rig.config.request_ms = 400;
    rig.config.idle_ms = 200;
    rest_rig_start(&rig);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int more, status = ask(rows[i].bytes, strlen(rows[i].bytes), &more);

        ck_assert_msg(status == rows[i].status && !more, "%s: %d and %d more", rows[i].name, status,
                      more);
        ck_assert_msg(rig.stream_count == 0, "%s made a stream", rows[i].name);
    }
    http_close(&rig.client);
    http_open(&rig.client, omsp_rest_address(rig.server));
    rest_expect(&rig, "POST", REST_STREAMS ".json", CREATE, 200, "\"in-progress\"");
    rest_rig_end(&rig);
}
END_TEST

/* ---- the end --------------------------------------------------------------------------------- */

#define STAY 16
#ifdef _WIN32
#define STOPS 10
#else
#define STOPS 40
#endif

/* libmicrohttpd 0.9.75 answers what it cannot read by itself, and takes it for granted that this
 * answer is there, which it is not while the daemon is being stopped. */
START_TEST(a_stop_among_requests_that_nobody_can_read)
{
    static struct http_client open[STAY];

    for (int n = 0; n < STOPS; n++) {
        rest_rig_init(&rig);
        rig.config.max_connections = 2 * STAY;
        rig.config.rate_per_s = 1000000;
        rest_rig_start(&rig);
        for (int i = 0; i < STAY; i++) {
            struct http_answer answer;

            http_open(&open[i], omsp_rest_address(rig.server));
            http_puts(&open[i], "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
            ck_assert(http_read(&open[i], &answer, false));
            ck_assert_int_eq(answer.status, 401);
            http_free(&answer);
        }
        for (int i = 0; i < STAY; i++)
            http_puts(&open[i], "GET / HTTP/1.1\r\nHost\r\n\r\n");
        rest_rig_end(&rig);
        for (int i = 0; i < STAY; i++)
            http_close(&open[i]);
    }
}
END_TEST

OMSP_SUITE("rest_server_flood", TEST(half_open_connections_beyond_the_limit),
           TEST(a_hidden_request_is_never_carried_out),
           TEST(a_stop_among_requests_that_nobody_can_read))
