/*
 * What a packet of a call costs, counted and not timed, with real threads and sockets: no
 * allocation, neither where it is sent nor where it arrives. What media streams cost is in
 * test_fork_cost.c.
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

static void await_packets(struct pair *pair, uint64_t count)
{
    uint64_t give_up = omsp_engine_now_us(pair->engine) + WAIT_S * 1000000ull;
    struct omsp_call_stats stats;

    for (;;) {
        omsp_call_get_stats(pair->to, &stats);
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
    long before;

    pair_open(&pair);
    await_packets(&pair, WARM);
    before = omsp_test_allocations();
    ck_assert_int_gt(before, 0);
    await_packets(&pair, WARM + COUNTED);
    ck_assert_int_eq(omsp_test_allocations(), before);
    pair_close(&pair);
    ck_assert_int_eq(omsp_test_outstanding(), 0);
}
END_TEST

OMSP_SUITE("media_cost", TEST(packets_are_sent_and_taken_without_an_allocation))
