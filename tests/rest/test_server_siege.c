/*
 * The Stream resource under siege: thousands of connections that send nothing, a part of a request,
 * a byte now and then, or stay after an answer, and that come again when they are sent away. Who
 * comes properly meanwhile is answered at once, and the server holds no more than it may.
 */
#include "support/process_use.h"
#include "support/rest_rig.h"

#include "port/ports.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifndef _WIN32
#include <sys/resource.h>
#endif

#define HEAD   "POST " REST_STREAMS ".json HTTP/1.1\r\nHost: h\r\nAuthorization: " REST_BASIC "\r\n"
#define FORM   "Content-Type: " REST_FORM "\r\n"
#define CREATE "Url=wss%3A%2F%2Fh"

#ifdef _WIN32
#define BESIEGERS 600
#define WAITING   200
#else
#define BESIEGERS 10000
#define WAITING   0 /* the default, 1024 */
#endif
#define ROUNDS 60
/* Of the well-behaved one, on a loaded machine; all deadlines are far longer. */
#define PROMPT_US 3000000

static struct rest_rig rig;

static uint64_t now_us(void)
{
    const struct omsp_ports *ports = omsp_system_ports();

    return ports->now_us(ports->ctx);
}

static struct omsp_rest_counts counts(void)
{
    struct omsp_rest_counts out;

    omsp_rest_counts(rig.server, &out);
    return out;
}

/* A new connection, one request, its answer; how long that took. */
static uint64_t serve_one(void)
{
    uint64_t began = now_us();

    http_close(&rig.client);
    http_open(&rig.client, omsp_rest_address(rig.server));
    rest_expect_raw(&rig, HEAD "Content-Length: 0\r\n\r\n", 400, 20001);
    return now_us() - began;
}

/* ---- thousands ------------------------------------------------------------------------------- */

static const char *const starts[] = {
    "",
    "P",
    "POST / HTTP/1.1\r\n",
    HEAD,
    HEAD FORM "Content-Length: 100\r\n\r\nUrl=wss",
    HEAD FORM "Transfer-Encoding: chunked\r\n\r\n7\r\nUrl=",
    HEAD FORM "Content-Length: 100000\r\n\r\nUrl=wss",
    "GET / HTTP/1.1\r\nHost: h\r\n\r\n", /* it is told 401, and stays */
    HEAD FORM "Content-Length: 100\r\nExpect: 100-continue\r\n\r\n",
};
#define KINDS (sizeof(starts) / sizeof(starts[0]))

static bool besiege(struct http_client *one, unsigned i)
{
    uint8_t from[4] = {127, 0, (uint8_t)(1 + i % 50), (uint8_t)(1 + i % 200)};

    if (!http_open_from(one, omsp_rest_address(rig.server), from))
        return false;
    http_puts(one, starts[i % KINDS]);
    return true;
}

/* Connections that this process may hold beside what else it needs. */
static unsigned affordable(unsigned wanted)
{
#ifndef _WIN32
    struct rlimit limit;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < wanted + 1500)
        wanted = (unsigned)limit.rlim_cur - 1500;
#endif
    return wanted;
}

START_TEST(ten_thousand_hold_the_door)
{
    unsigned count = affordable(BESIEGERS), again = 0;
    struct http_client *all = calloc(count, sizeof(*all));
    struct process_use before, during;
    struct omsp_rest_counts at;
    uint64_t worst = 0, took;
    long outstanding = omsp_test_outstanding(), held;

    ck_assert_ptr_nonnull(all);
    rest_rig_init(&rig);
    rig.config.rate_per_s = 1000000;
    rig.config.request_ms = 60000; /* no deadline makes room */
    rig.config.max_waiting = WAITING;
    rest_rig_start(&rig);
    serve_one();
    process_use_now(&before);
    held = omsp_test_bytes();
    for (unsigned i = 0; i < count; i++) {
        ck_assert_msg(besiege(&all[i], i), "connection %u", i);
        if (i % 500 == 0 && (took = serve_one()) > worst)
            worst = took;
    }
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = round; i < count; i += ROUNDS) {
            if (http_has_ended(&all[i])) {
                http_close(&all[i]);
                ck_assert_msg(besiege(&all[i], i + round), "connection %u, again", i);
                again++;
            } else {
                http_puts(&all[i], "x");
            }
        }
        took = serve_one();
        worst = took > worst ? took : worst;
    }
    process_use_now(&during);
    at = counts();
    printf("%u besiegers, %u came again: accepted %llu, let in %llu, evicted %llu, refused %llu; "
           "waiting %u, open %u; the worst answer after %llu us; threads %u -> %u, "
           "memory %llu -> %llu KiB\n",
           count, again, (unsigned long long)at.accepted, (unsigned long long)at.let_in,
           (unsigned long long)at.evicted, (unsigned long long)at.refused, at.waiting, at.open,
           (unsigned long long)worst, before.threads, during.threads,
           (unsigned long long)before.memory / 1024, (unsigned long long)during.memory / 1024);
    ck_assert_uint_lt(worst, PROMPT_US);
    ck_assert_uint_le(at.waiting, WAITING ? WAITING : 1024);
    ck_assert_uint_le(at.open, 64);
    ck_assert_uint_ge(at.accepted, ROUNDS + count + again);
    ck_assert_uint_gt(at.evicted, count / 2);
    ck_assert_uint_eq(during.threads, before.threads);
    if (before.handles) /* the besiegers' ends are this process's too */
        ck_assert_uint_le(during.handles, before.handles + count + at.waiting + at.open + 64);
    /* A request's header and body have their block; beyond that nothing is kept for anybody. */
    ck_assert_int_lt(omsp_test_bytes() - held, 1024 * 1024);
#ifndef __SANITIZE_THREAD__ /* which keeps its own notes about memory */
    ck_assert_uint_lt(during.memory, before.memory + 128u * 1024 * 1024);
#endif
    for (unsigned i = 0; i < count; i++)
        http_close(&all[i]);
    rest_expect(&rig, "POST", REST_STREAMS ".json", CREATE, 200, "\"in-progress\"");
    ck_assert_uint_eq(rig.stream_count, 1);
    rest_rig_end(&rig);
    free(all);
    ck_assert_int_eq(omsp_test_outstanding(), outstanding);
}
END_TEST

/* ---- one thing at a time --------------------------------------------------------------------- */

/* Those that stop half-way and go used to be kept until their deadline. */
START_TEST(who_stops_half_way_and_goes_takes_no_place)
{
    struct http_client one;

    rest_rig_init(&rig);
    rig.config.max_connections = 4;
    rig.config.request_ms = 60000;
    rest_rig_start(&rig);
    for (unsigned i = 0; i < 5 * KINDS; i++) {
        ck_assert(besiege(&one, i));
        http_close(&one);
    }
    ck_assert_uint_lt(serve_one(), PROMPT_US);
    rest_rig_end(&rig);
}
END_TEST

START_TEST(who_stays_after_an_answer_leaves_room)
{
    struct http_client kept[16];
    unsigned stayed = 0;

    rest_rig_init(&rig);
    rig.config.max_connections = 8;
    rest_rig_start(&rig);
    for (unsigned i = 0; i < 16; i++) {
        struct http_answer answer;

        http_open(&kept[i], omsp_rest_address(rig.server));
        http_puts(&kept[i], "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        ck_assert(http_read(&kept[i], &answer, false));
        ck_assert_int_eq(answer.status, 401);
        stayed += !http_has(&answer, "Connection", "close");
        http_free(&answer);
    }
    ck_assert_uint_eq(stayed, 4);
    ck_assert_uint_lt(serve_one(), PROMPT_US);
    for (unsigned i = 0; i < 16; i++)
        http_close(&kept[i]);
    rest_rig_end(&rig);
}
END_TEST

START_TEST(long_requests_leave_room)
{
    struct http_client longs[16];
    struct http_answer answer;

    rest_rig_init(&rig);
    rig.config.max_connections = 8; /* so two of them at once */
    rest_rig_start(&rig);
    for (unsigned i = 0; i < 16; i++) {
        http_open(&longs[i], omsp_rest_address(rig.server));
        http_puts(&longs[i], HEAD FORM "Transfer-Encoding: chunked\r\n\r\n");
    }
    ck_assert_uint_lt(serve_one(), PROMPT_US);
    ck_assert_uint_le(counts().open, 3);
    for (unsigned i = 0; i < 16; i++) { /* each has its turn */
        http_puts(&longs[i], "0\r\n\r\n");
        ck_assert(http_read(&longs[i], &answer, false));
        ck_assert_int_eq(answer.status, 400);
        http_free(&answer);
        http_close(&longs[i]);
    }
    rest_rig_end(&rig);
}
END_TEST

/* A length whose value stands on the next line is one all the same to the library, which then waits
 * for a body that never comes. */
START_TEST(a_folded_length_holds_no_place)
{
    static const char *const folds[] = {
        "Content-Length:\r\n 400\r\n\r\n",
        "Content-Length:\n\t400\n\n",
        "Content-Length:\r\n 0\r\nContent-Length: 400\r\n\r\n",
    };
    struct http_client many[16];

    rest_rig_init(&rig);
    rig.config.max_connections = 8;
    rig.config.request_ms = 60000;
    rest_rig_start(&rig);
    for (unsigned i = 0; i < 16; i++) {
        http_open(&many[i], omsp_rest_address(rig.server));
        http_puts(&many[i], HEAD FORM);
        http_puts(&many[i], folds[i % 3]);
    }
    ck_assert_uint_lt(serve_one(), PROMPT_US);
    for (unsigned i = 0; i < 16; i++)
        http_close(&many[i]);
    rest_rig_end(&rig);
}
END_TEST

/* Who is let in when there is no memory for it is sent away, and who waited behind it has its place
 * at once, not when somebody else comes or goes. */
START_TEST(a_place_that_could_not_be_taken_is_the_next_ones)
{
    struct http_client first, second;
    struct http_answer answer;
    uint64_t began;

    rest_rig_init(&rig);
    rig.config.max_connections = 1;
    rig.config.request_ms = rig.config.idle_ms = 60000;
    rest_rig_start(&rig);
    serve_one(); /* and stays, in the only place */
    http_open(&first, omsp_rest_address(rig.server));
    http_puts(&first, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    http_open(&second, omsp_rest_address(rig.server));
    http_puts(&second, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    for (began = now_us(); counts().waiting < 2;)
        ck_assert_uint_lt(now_us() - began, 20000000);
    omsp_test_fail_alloc(0);
    http_close(&rig.client);
    ck_assert(http_ends(&first));
    ck_assert(omsp_test_alloc_failed());
    ck_assert(http_read(&second, &answer, false));
    ck_assert_int_eq(answer.status, 401);
    http_free(&answer);
    omsp_test_allow_alloc();
    http_close(&first);
    http_close(&second);
    rest_rig_end(&rig);
}
END_TEST

START_TEST(a_request_in_single_bytes_is_served)
{
    static const char whole[] = HEAD FORM "Content-Length: 17\r\n\r\n" CREATE;

    rest_rig_init(&rig);
    rest_rig_start(&rig);
    for (const char *p = whole; *p; p++)
        http_send(&rig.client, p, 1);
    rest_expect_raw(&rig, "", 200, 0);
    ck_assert_uint_eq(rig.stream_count, 1);
    rest_rig_end(&rig);
}
END_TEST

START_TEST(one_address_has_its_limit)
{
    static const uint8_t other[4] = {127, 0, 0, 2};
    struct http_client many[20];
    struct http_answer answer;
    unsigned refused = 0;

    rest_rig_init(&rig);
    rig.config.max_per_address = 8;
    rest_rig_start(&rig);
    for (unsigned i = 0; i < 20; i++)
        ck_assert(http_open_from(&many[i], omsp_rest_address(rig.server), other));
    for (unsigned i = 8; i < 20; i++) /* in turn: those before it came before it */
        refused += http_ends(&many[i]);
    ck_assert_uint_eq(refused, 12);
    ck_assert_uint_eq(counts().refused, 12);
    ck_assert_uint_lt(serve_one(), PROMPT_US);
    for (unsigned i = 0; i < 8; i++) {
        http_puts(&many[i], "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        ck_assert(http_read(&many[i], &answer, false));
        ck_assert_int_eq(answer.status, 401);
        http_free(&answer);
        ck_assert(http_ends(&many[i]));
    }
    for (unsigned i = 0; i < 20; i++)
        http_close(&many[i]);
    for (unsigned i = 0; i < 100; i++) { /* now there is room, as soon as the server has seen it */
        ck_assert(http_open_from(&many[0], omsp_rest_address(rig.server), other));
        http_puts(&many[0], "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        if (http_read(&many[0], &answer, false))
            break;
        http_close(&many[0]);
    }
    ck_assert_int_eq(answer.status, 401);
    http_free(&answer);
    http_close(&many[0]);
    rest_rig_end(&rig);
}
END_TEST

OMSP_SUITE("rest_server_siege", TEST(ten_thousand_hold_the_door),
           TEST(who_stops_half_way_and_goes_takes_no_place),
           TEST(who_stays_after_an_answer_leaves_room), TEST(long_requests_leave_room),
           TEST(a_folded_length_holds_no_place),
           TEST(a_place_that_could_not_be_taken_is_the_next_ones),
           TEST(a_request_in_single_bytes_is_served), TEST(one_address_has_its_limit))
