/*
 * What a packet and a call cost, counted and not timed, with real threads and sockets: no
 * allocation, neither where a packet is sent nor where it arrives; memory. What media streams cost
 * is in test_fork_cost.c.
 */
#include "support/suite.h"

#include "engine/engine.h"
#include "engine/samples.h"
#include "port/lock.h"

#include <string.h>

#define WARM    30
#define COUNTED 60
#define WAIT_S  60

struct pair {
    struct omsp_engine *engine;
    struct omsp_address *address;
    struct omsp_listener *listener;
    struct omsp_call *from, *to;
    struct omsp_lock lock;
    struct omsp_cond never;
};

static void nothing(void *ctx)
{
    (void)ctx;
}

/* A stream of the call with a samples terminal on it. */
static void give_terminal(struct pair *pair, struct omsp_call *call, enum omsp_direction direction)
{
    struct omsp_stream *stream = omsp_call_stream_at(call, direction == OMSP_CAPTURE ? 0 : 1);
    struct omsp_terminal *terminal;

    ck_assert_int_eq(omsp_stream_direction(stream), direction);
    ck_assert_int_eq(omsp_samples_create(pair->address, direction, 60, &terminal), OMSP_OK);
    ck_assert_int_eq(omsp_stream_select(stream, terminal), OMSP_OK);
    omsp_terminal_release(terminal);
    omsp_stream_release(stream);
}

static void describe(struct omsp_call *from, struct omsp_call *to)
{
    char sdp[2048];
    size_t need;

    ck_assert_int_eq(omsp_call_local_sdp(from, sdp, sizeof(sdp), &need), OMSP_OK);
    ck_assert_int_eq(omsp_call_set_remote_sdp(to, sdp, strlen(sdp)), OMSP_OK);
}

static void pair_open(struct pair *pair)
{
    memset(pair, 0, sizeof(*pair));
    omsp_lock_init(&pair->lock);
    omsp_cond_init(&pair->never);
    ck_assert_int_eq(omsp_engine_create(omsp_system_ports(), NULL, &pair->engine), OMSP_OK);
    ck_assert_int_eq(omsp_address_create(pair->engine, &pair->address), OMSP_OK);
    ck_assert_int_eq(omsp_address_listen(pair->address, nothing, NULL, &pair->listener), OMSP_OK);
    ck_assert_int_eq(omsp_call_create(pair->address, OMSP_MEDIA_AUDIO, 1, &pair->from), OMSP_OK);
    ck_assert_int_eq(omsp_call_create(pair->address, OMSP_MEDIA_AUDIO, 2, &pair->to), OMSP_OK);
    give_terminal(pair, pair->from, OMSP_CAPTURE);
    give_terminal(pair, pair->to, OMSP_RENDER);
    describe(pair->from, pair->to);
    describe(pair->to, pair->from);
}

static void pair_close(struct pair *pair)
{
    omsp_address_shutdown(pair->address);
    omsp_call_release(pair->from);
    omsp_call_release(pair->to);
    omsp_listener_close(pair->listener);
    omsp_engine_destroy(pair->engine);
    omsp_address_release(pair->address);
    omsp_cond_destroy(&pair->never);
    omsp_lock_destroy(&pair->lock);
}

static void await_packets(struct pair *pair, struct omsp_call *call, uint64_t count)
{
    uint64_t give_up = omsp_engine_now_us(pair->engine) + WAIT_S * 1000000ull;
    struct omsp_call_stats stats;

    for (;;) {
        omsp_call_get_stats(call, &stats);
        if (stats.packets_received >= count)
            return;
        ck_assert_msg(omsp_engine_now_us(pair->engine) < give_up, "%u packets came",
                      (unsigned)stats.packets_received);
        omsp_lock_acquire(&pair->lock);
        omsp_cond_wait(&pair->never, &pair->lock, 5000);
        omsp_lock_release(&pair->lock);
    }
}

START_TEST(packets_are_sent_and_taken_without_an_allocation)
{
    struct pair pair;
    long before, after;
    unsigned round = 0;

    pair_open(&pair);
    await_packets(&pair, pair.to, WARM);
    do { /* a machine that stood still makes the jitter buffer grow, once */
        before = omsp_test_allocations();
        ck_assert_int_gt(before, 0);
        await_packets(&pair, pair.to, WARM + ++round * COUNTED);
        after = omsp_test_allocations();
    } while (after != before && round < 3);
    ck_assert_int_eq(after, before);
    pair_close(&pair);
    ck_assert_int_eq(omsp_test_outstanding(), 0);
}
END_TEST

/* ---- memory --------------------------------------------------------------------------------- */

#define CALLS   5
#define PACKETS 40 /* each */

struct caller {
    struct omsp_net_loop *loop;
    struct omsp_udp *udp;
    struct omsp_addr addr;
    bool closed;
};

static void on_caller_closed(void *owner)
{
    ((struct caller *)owner)->closed = true;
}

static void ignore_datagram(void *owner, struct omsp_udp *udp, const struct omsp_addr *from,
                            const uint8_t *data, size_t len, uint64_t now_us)
{
    (void)owner, (void)udp, (void)from, (void)data, (void)len, (void)now_us;
}

static void caller_open(struct caller *caller)
{
    const struct omsp_ports *ports = omsp_system_ports();
    struct omsp_udp init = {
        .owner = caller, .on_datagram = ignore_datagram, .on_closed = on_caller_closed};

    caller->closed = false;
    ck_assert_int_eq(omsp_addr_parse("127.0.0.1", &caller->addr), OMSP_OK);
    ck_assert_int_eq(ports->loop_create(ports->ctx, &caller->loop), OMSP_OK);
    ck_assert_int_eq(caller->loop->open(caller->loop, &init, &caller->addr, &caller->udp), OMSP_OK);
}

static void caller_close(struct caller *caller)
{
    caller->loop->close(caller->udp);
    while (!caller->closed)
        caller->loop->wait(caller->loop, UINT64_MAX);
    caller->loop->destroy(caller->loop);
}

static void caller_say(struct caller *caller, const struct omsp_addr *to, unsigned number)
{
    uint8_t packet[172] = {0x80};

    packet[2] = (uint8_t)(number >> 8);
    packet[3] = (uint8_t)number;
    packet[5] = (uint8_t)(number * 160 >> 16);
    packet[6] = (uint8_t)(number * 160 >> 8);
    packet[7] = (uint8_t)(number * 160);
    packet[11] = 7;
    ck_assert_int_eq(caller->loop->send(caller->udp, to, packet, sizeof(packet)), OMSP_OK);
}

/* A call that hears the caller; its packets come in pairs of which the second is first. */
static struct omsp_call *open_hearing(struct pair *pair, struct caller *caller, unsigned token)
{
    struct omsp_addr local;
    struct omsp_call *call;

    ck_assert_int_eq(omsp_addr_parse("127.0.0.1", &local), OMSP_OK);
    ck_assert_int_eq(omsp_call_create(pair->address, OMSP_MEDIA_AUDIO, token, &call), OMSP_OK);
    give_terminal(pair, call, OMSP_RENDER);
    ck_assert_int_eq(omsp_call_bind(call, &local), OMSP_OK);
    ck_assert_int_eq(omsp_call_set_peer(call, &caller->addr, 0), OMSP_OK);
    for (unsigned i = 0; i < PACKETS; i++) {
        caller_say(caller, &local, i ^ 1);
        await_packets(pair, call, i + 1);
    }
    return call;
}

/* The bytes of each: itself, its streams, its terminal and what its packets wait in; measured on
 * calls that are not the first, which brings what all share. */
static long bytes_of_receiving_calls(void)
{
    struct omsp_call *calls[CALLS];
    struct caller caller;
    struct pair pair;
    long before = 0, each;

    pair_open(&pair);
    caller_open(&caller);
    for (unsigned i = 0; i < CALLS; i++) {
        calls[i] = open_hearing(&pair, &caller, 10 + i);
        if (!i)
            before = omsp_test_bytes();
    }
    each = (omsp_test_bytes() - before) / (CALLS - 1);
    for (unsigned i = 0; i < CALLS; i++) {
        struct omsp_call_stats stats;

        omsp_call_get_stats(calls[i], &stats);
        ck_assert_uint_eq(stats.packets_received, PACKETS);
        ck_assert_uint_ge(stats.packets_reordered, PACKETS / 2 - 1);
    }
    caller_close(&caller);
    omsp_address_shutdown(pair.address);
    for (unsigned i = 0; i < CALLS; i++)
        omsp_call_release(calls[i]);
    pair_close(&pair);
    ck_assert_int_eq(omsp_test_outstanding(), 0);
    return each;
}

START_TEST(a_receiving_call_takes_at_most_16_kib)
{
    long each = 0;

    /* A machine that stood still makes them hold more packets. */
    for (unsigned round = 0; round < 3 && (each == 0 || each > 16 * 1024); round++)
        each = bytes_of_receiving_calls();
    ck_assert_int_gt(each, 4096);
    ck_assert_msg(each <= 16 * 1024, "%ld bytes", each);
}
END_TEST

OMSP_SUITE("media_cost", TEST(packets_are_sent_and_taken_without_an_allocation),
           TEST(a_receiving_call_takes_at_most_16_kib))
