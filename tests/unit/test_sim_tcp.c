/*
 * Simulated TCP beyond what port/tcp.h promises of every adapter (test_tcp.c): scripted dialling,
 * virtual time, windows, far ends that come and go, failures on demand.
 */
#include "support/suite.h"

#include "base/alloc.h"
#include "sim/sim_tcp.h"

#include <string.h>

struct scene {
    struct omsp_sim *sim;
    struct omsp_tcp_loop *loop;
    struct omsp_tcp *tcp;
    int opened, writable, ended, closed;
    enum omsp_tcp_end end;
    char got[64];
    size_t got_len;
    uint64_t opened_at, ended_at, got_at;

    enum omsp_sim_dial answer;
    uint64_t answer_delay;
    struct omsp_sim_peer *peer;
    int accepted, gone;
    char far_got[64];
    size_t far_len;
};

static void on_open(void *owner)
{
    struct scene *s = owner;

    s->opened++;
    s->opened_at = omsp_sim_now(s->sim);
}

static void on_data(void *owner, const uint8_t *data, size_t len, uint64_t now_us)
{
    struct scene *s = owner;

    ck_assert_uint_le(s->got_len + len, sizeof(s->got));
    memcpy(s->got + s->got_len, data, len);
    s->got_len += len;
    s->got_at = now_us;
}

static void on_writable(void *owner)
{
    ((struct scene *)owner)->writable++;
}

static void on_end(void *owner, enum omsp_tcp_end end)
{
    struct scene *s = owner;

    s->ended++;
    s->end = end;
    s->ended_at = omsp_sim_now(s->sim);
}

static void on_closed(void *owner)
{
    ((struct scene *)owner)->closed++;
}

static enum omsp_sim_dial on_dial(void *owner, const struct omsp_tcp_target *target,
                                  uint64_t *delay_us)
{
    struct scene *s = owner;

    ck_assert_str_eq(target->host, "peer.example");
    if (s->answer_delay)
        *delay_us = s->answer_delay;
    return s->answer;
}

static void on_accept(void *owner, struct omsp_sim_peer *peer)
{
    struct scene *s = owner;

    s->accepted++;
    s->peer = peer;
}

static void on_bytes(void *owner, struct omsp_sim_peer *peer, const uint8_t *data, size_t len)
{
    struct scene *s = owner;

    ck_assert_ptr_eq(peer, s->peer);
    ck_assert_uint_le(s->far_len + len, sizeof(s->far_got));
    memcpy(s->far_got + s->far_len, data, len);
    s->far_len += len;
}

static void on_gone(void *owner, struct omsp_sim_peer *peer)
{
    struct scene *s = owner;

    ck_assert_ptr_eq(peer, s->peer);
    s->gone++;
}

static void up(struct scene *s)
{
    const struct omsp_sim_server server = {.owner = s,
                                           .delay_us = 1000,
                                           .buffer = 10,
                                           .on_dial = on_dial,
                                           .on_accept = on_accept,
                                           .on_bytes = on_bytes,
                                           .on_gone = on_gone};
    const struct omsp_ports *ports;

    memset(s, 0, sizeof(*s));
    ck_assert_int_eq(omsp_sim_create(1, &s->sim), OMSP_OK);
    ports = omsp_sim_ports(s->sim);
    ck_assert_int_eq(ports->tcp_loop_create(ports->ctx, &s->loop), OMSP_OK);
    ck_assert_int_eq(omsp_sim_tcp_listen(s->sim, "peer.example", 443, &server), OMSP_OK);
}

static enum omsp_status dial(struct scene *s, const char *host, uint16_t port)
{
    const struct omsp_tcp init = {.owner = s,
                                  .on_open = on_open,
                                  .on_data = on_data,
                                  .on_writable = on_writable,
                                  .on_end = on_end,
                                  .on_closed = on_closed};
    const struct omsp_tcp_target target = {.host = host, .port = port, .timeout_ms = 5000};

    return s->loop->dial(s->loop, &init, &target, &s->tcp);
}

/* Everything that happens within this time. */
static void pass(struct scene *s, uint64_t us)
{
    uint64_t end = omsp_sim_now(s->sim) + us;

    do
        s->loop->wait(s->loop, end);
    while (omsp_sim_now(s->sim) < end);
}

static void connected(struct scene *s)
{
    up(s);
    ck_assert_int_eq(dial(s, "peer.example", 443), OMSP_OK);
    pass(s, 2000);
    ck_assert_int_eq(s->opened, 1);
}

static void down(struct scene *s)
{
    if (s->tcp) {
        s->loop->close(s->tcp);
        pass(s, 10000);
        ck_assert_int_eq(s->closed, 1);
    }
    s->loop->destroy(s->loop);
    ck_assert_int_eq(s->gone, s->accepted);
    omsp_sim_destroy(s->sim);
    ck_assert_int_eq(omsp_test_outstanding(), 0);
}

static size_t send_text(struct scene *s, const char *text)
{
    size_t sent = 99;

    ck_assert_int_eq(s->loop->send(s->tcp, text, strlen(text), &sent), OMSP_OK);
    return sent;
}

START_TEST(opens_after_the_round_trip_and_never_inside_dial)
{
    struct scene s;

    up(&s);
    ck_assert_int_eq(dial(&s, "peer.example", 443), OMSP_OK);
    ck_assert_int_eq(s.opened, 0);
    pass(&s, 1999);
    ck_assert_int_eq(s.opened, 0);
    pass(&s, 1);
    ck_assert_int_eq(s.opened, 1);
    ck_assert_uint_eq(s.opened_at, OMSP_SIM_START_US + 2000);
    down(&s);
}
END_TEST

static void ends(const char *host, uint16_t port, enum omsp_sim_dial answer, uint64_t answer_delay,
                 enum omsp_tcp_end end, uint64_t after)
{
    struct scene s;

    up(&s);
    s.answer = answer;
    s.answer_delay = answer_delay;
    ck_assert_int_eq(dial(&s, host, port), OMSP_OK);
    pass(&s, 10000000);
    ck_assert_int_eq(s.opened, 0);
    ck_assert_int_eq(s.accepted, 0);
    ck_assert_int_eq(s.ended, 1);
    ck_assert_int_eq(s.end, end);
    ck_assert_uint_eq(s.ended_at - OMSP_SIM_START_US, after);
    down(&s);
}

START_TEST(dialling_ends_as_the_script_says)
{
    ends("peer.example", 443, OMSP_SIM_REFUSE, 0, OMSP_TCP_REFUSED, 2000);
    ends("peer.example", 443, OMSP_SIM_TLS_FAIL, 300000, OMSP_TCP_TLS, 300000);
    ends("peer.example", 443, OMSP_SIM_SILENT, 0, OMSP_TCP_TIMEOUT, 5000000);
    ends("peer.example", 443, OMSP_SIM_ACCEPT, 5000001, OMSP_TCP_TIMEOUT, 5000000);
    ends("peer.example", 444, OMSP_SIM_ACCEPT, 0, OMSP_TCP_REFUSED, 200);
    ends("nobody.example", 443, OMSP_SIM_ACCEPT, 0, OMSP_TCP_REFUSED, 200);
}
END_TEST

START_TEST(bytes_take_their_time_both_ways)
{
    struct scene s;

    connected(&s);
    ck_assert_uint_eq(send_text(&s, "hello"), 5);
    pass(&s, 999);
    ck_assert_uint_eq(s.far_len, 0);
    pass(&s, 1);
    ck_assert_uint_eq(s.far_len, 5);
    ck_assert_mem_eq(s.far_got, "hello", 5);
    ck_assert_int_eq(omsp_sim_peer_send(s.peer, "one", 3), OMSP_OK);
    ck_assert_int_eq(omsp_sim_peer_send(s.peer, "two", 3), OMSP_OK);
    pass(&s, 999);
    ck_assert_uint_eq(s.got_len, 0);
    pass(&s, 1);
    ck_assert_uint_eq(s.got_len, 6);
    ck_assert_mem_eq(s.got, "onetwo", 6);
    ck_assert_uint_eq(s.got_at, omsp_sim_now(s.sim));
    down(&s);
}
END_TEST

START_TEST(a_closed_window_fills_the_buffer_and_an_open_one_makes_it_writable_once)
{
    struct scene s;

    connected(&s);
    omsp_sim_peer_set_window(s.peer, 3);
    ck_assert_uint_eq(send_text(&s, "0123456"), 7);
    ck_assert_uint_eq(send_text(&s, "789abc"), 3);
    ck_assert_uint_eq(send_text(&s, "abc"), 0);
    ck_assert_int_eq(s.writable, 0);
    pass(&s, 1000);
    ck_assert_uint_eq(s.far_len, 3);
    ck_assert_uint_eq(omsp_sim_peer_unread(s.peer), 7);
    pass(&s, 1000000);
    ck_assert_int_eq(s.writable, 1);
    ck_assert_uint_eq(send_text(&s, "abcdef"), 3);
    pass(&s, 1000000);
    ck_assert_int_eq(s.writable, 1);
    omsp_sim_peer_set_window(s.peer, SIZE_MAX);
    ck_assert_uint_eq(omsp_sim_peer_unread(s.peer), 0);
    pass(&s, 1);
    ck_assert_int_eq(s.writable, 2);
    pass(&s, 1000000);
    ck_assert_int_eq(s.writable, 2);
    ck_assert_uint_eq(s.far_len, 13);
    ck_assert_mem_eq(s.far_got, "0123456789abc", 13);
    down(&s);
}
END_TEST

START_TEST(an_orderly_close_comes_behind_the_bytes)
{
    struct scene s;

    connected(&s);
    ck_assert_int_eq(omsp_sim_peer_send(s.peer, "bye", 3), OMSP_OK);
    ck_assert_int_eq(omsp_sim_peer_close(s.peer), OMSP_OK);
    ck_assert_int_eq(omsp_sim_peer_send(s.peer, "no more", 7), OMSP_OK);
    ck_assert_uint_eq(send_text(&s, "still"), 5);
    pass(&s, 1000);
    ck_assert_uint_eq(s.got_len, 3);
    ck_assert_int_eq(s.ended, 1);
    ck_assert_int_eq(s.end, OMSP_TCP_OK);
    ck_assert_uint_eq(s.far_len, 5);
    ck_assert_int_eq(s.gone, 0);
    down(&s);
}
END_TEST

START_TEST(a_reset_takes_what_was_not_told_along)
{
    struct scene s;
    size_t sent;

    connected(&s);
    ck_assert_int_eq(omsp_sim_peer_send(s.peer, "lost", 4), OMSP_OK);
    ck_assert_int_eq(omsp_sim_peer_break(s.peer), OMSP_OK);
    ck_assert_uint_eq(send_text(&s, "unread"), 6);
    omsp_sim_run(s.sim, omsp_sim_now(s.sim) + 1000);
    ck_assert_int_eq(s.loop->send(s.tcp, "x", 1, &sent), OMSP_IO);
    pass(&s, 1000);
    ck_assert_uint_eq(s.got_len, 0);
    ck_assert_uint_eq(s.far_len, 0);
    ck_assert_int_eq(s.ended, 1);
    ck_assert_int_eq(s.end, OMSP_TCP_BROKEN);
    down(&s);
}
END_TEST

START_TEST(nothing_is_told_after_close_and_the_peer_learns_of_it)
{
    struct scene s;

    connected(&s);
    ck_assert_int_eq(omsp_sim_peer_send(s.peer, "late", 4), OMSP_OK);
    ck_assert_uint_eq(send_text(&s, "last"), 4);
    omsp_sim_run(s.sim, omsp_sim_now(s.sim) + 1000);
    s.loop->close(s.tcp);
    ck_assert_int_eq(s.closed, 0);
    s.loop->wait(s.loop, 0);
    ck_assert_int_eq(s.closed, 1);
    ck_assert_uint_eq(s.got_len, 0);
    ck_assert_int_eq(s.gone, 0);
    pass(&s, 1000);
    ck_assert_int_eq(s.gone, 1);
    ck_assert_uint_eq(s.far_len, 4);
    s.tcp = NULL;
    down(&s);
}
END_TEST

START_TEST(closing_while_dialling_reaches_nobody)
{
    struct scene s;

    up(&s);
    ck_assert_int_eq(dial(&s, "peer.example", 443), OMSP_OK);
    down(&s);
    ck_assert_int_eq(s.accepted, 0);
    ck_assert_int_eq(s.opened + s.ended, 0);
}
END_TEST

START_TEST(what_is_under_way_goes_with_the_simulation)
{
    struct scene s;

    connected(&s);
    ck_assert_uint_eq(send_text(&s, "on the wire"), 10);
    ck_assert_int_eq(omsp_sim_peer_send(s.peer, "here too", 8), OMSP_OK);
    s.loop->close(s.tcp);
    s.loop->wait(s.loop, 0);
    ck_assert_int_eq(s.closed, 1);
    s.loop->destroy(s.loop);
    omsp_sim_destroy(s.sim);
    ck_assert_int_eq(s.gone, 0);
    ck_assert_int_eq(omsp_test_outstanding(), 0);
}
END_TEST

START_TEST(failures_come_on_demand)
{
    struct scene s;
    struct omsp_tcp_loop *loop;
    size_t sent = 7;

    connected(&s);
    omsp_sim_fail(s.sim, OMSP_SIM_TCP_SEND, 0, 1, OMSP_IO);
    ck_assert_int_eq(s.loop->send(s.tcp, "x", 1, &sent), OMSP_IO);
    ck_assert_uint_eq(sent, 0);
    ck_assert_uint_eq(send_text(&s, "x"), 1);
    omsp_sim_fail(s.sim, OMSP_SIM_TCP_LOOP_CREATE, 0, 1, OMSP_FULL);
    ck_assert_int_eq(omsp_sim_ports(s.sim)->tcp_loop_create(omsp_sim_ports(s.sim)->ctx, &loop),
                     OMSP_FULL);
    down(&s);
    up(&s);
    omsp_sim_fail(s.sim, OMSP_SIM_DIAL, 0, 1, OMSP_NOMEM);
    ck_assert_int_eq(dial(&s, "peer.example", 443), OMSP_NOMEM);
    down(&s);
}
END_TEST

START_TEST(unlistening_refuses_and_lets_connections_live)
{
    struct scene s;
    struct omsp_tcp *first;

    connected(&s);
    first = s.tcp;
    omsp_sim_tcp_unlisten(s.sim, "peer.example", 443);
    ck_assert_int_eq(dial(&s, "peer.example", 443), OMSP_OK);
    pass(&s, 1000);
    ck_assert_int_eq(s.end, OMSP_TCP_REFUSED);
    s.loop->close(s.tcp);
    pass(&s, 1000);
    ck_assert_int_eq(s.closed, 1);
    s.closed = 0;
    s.tcp = first;
    ck_assert_uint_eq(send_text(&s, "alive"), 5);
    pass(&s, 1000);
    ck_assert_uint_eq(s.far_len, 5);
    down(&s);
}
END_TEST

static void walk(void *ctx)
{
    struct scene *s = ctx;
    size_t sent;

    s->opened = s->closed = s->accepted = s->gone = 0;
    s->got_len = s->far_len = 0;
    s->peer = NULL;
    if (dial(s, "peer.example", 443) != OMSP_OK) {
        ck_assert(omsp_test_alloc_failed());
        return;
    }
    pass(s, 2000);
    ck_assert_int_eq(s->opened, 1);
    ck_assert_int_eq(s->loop->send(s->tcp, "abc", 3, &sent), OMSP_OK);
    pass(s, 2000);
    ck_assert_uint_eq(s->far_len, sent);
    if (!sent) {
        ck_assert(omsp_test_alloc_failed());
        ck_assert_int_ge(s->writable, 1);
    }
    if (omsp_sim_peer_send(s->peer, "abc", 3) != OMSP_OK)
        ck_assert(omsp_test_alloc_failed());
    s->loop->close(s->tcp);
    pass(s, 2000);
    ck_assert_int_eq(s->closed, 1);
    ck_assert_int_eq(s->gone, 1);
}

START_TEST(every_allocation_may_fail)
{
    struct scene s;

    up(&s);
    walk(&s); /* the simulation's own heap is there from now on */
    ck_assert_int_ge(omsp_test_alloc_walk(walk, &s), 4);
    s.tcp = NULL;
    down(&s);
}
END_TEST

OMSP_SUITE("sim_tcp", TEST(opens_after_the_round_trip_and_never_inside_dial),
           TEST(dialling_ends_as_the_script_says), TEST(bytes_take_their_time_both_ways),
           TEST(a_closed_window_fills_the_buffer_and_an_open_one_makes_it_writable_once),
           TEST(an_orderly_close_comes_behind_the_bytes),
           TEST(a_reset_takes_what_was_not_told_along),
           TEST(nothing_is_told_after_close_and_the_peer_learns_of_it),
           TEST(closing_while_dialling_reaches_nobody),
           TEST(what_is_under_way_goes_with_the_simulation), TEST(failures_come_on_demand),
           TEST(unlistening_refuses_and_lets_connections_live), TEST(every_allocation_may_fail))
