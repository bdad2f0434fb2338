/*
 * What port/net.h promises of closing and waiting, asked of the system's adapter and of the
 * simulated one with the same bodies.
 */
#include "support/net_rig.h"

#include <string.h>

/* ---- closing ------------------------------------------------------------------------------- */

BOTH(closing_in_the_callback_ends_it_there)
{
    struct net_box a, b;

    net_box_on_loopback(&a, rig);
    net_box_on_loopback(&b, rig);
    b.closes = true;
    for (int i = 0; i < 10; i++)
        net_send_number(&a, &b, i);
    net_pump(rig, &b.closed, 1, 5 * SECOND);
    ck_assert_int_eq(atomic_load(&b.count), 1);
    ck_assert_int_eq(atomic_load(&b.closed), 1);
    net_box_close(&a);
    ck_assert_int_eq(atomic_load(&b.count), 1);
    ck_assert_int_eq(atomic_load(&b.closed), 1);
}

BOTH(what_came_before_the_close_is_not_handed_out_after_it)
{
    struct net_box a, b;

    net_box_on_loopback(&a, rig);
    net_box_on_loopback(&b, rig);
    net_send_number(&a, &b, 0);
    net_pump(rig, &b.count, 1, 5 * SECOND);
    for (int i = 1; i < 5; i++)
        net_send_number(&a, &b, i);
    if (rig->sim)
        omsp_sim_run(rig->sim, net_now(rig) + 1000);
    net_box_close(&b);
    ck_assert_int_eq(atomic_load(&b.count), 1);
    net_box_close(&a);
}

BOTH(a_callback_may_open_and_send)
{
    struct net_box a, b, c = {0};

    net_box_on_loopback(&a, rig);
    net_box_on_loopback(&b, rig);
    b.opens = &c;
    b.echoes = true;
    net_send_number(&a, &b, 0);
    net_pump(rig, &a.count, 1, 5 * SECOND);
    ck_assert_int_eq(atomic_load(&a.count), 1);
    ck_assert_ptr_nonnull(c.udp);
    net_send_number(&a, &c, 0);
    net_pump(rig, &c.count, 1, 5 * SECOND);
    ck_assert_int_eq(atomic_load(&c.count), 1);
    net_box_close(&a);
    net_box_close(&b);
    net_box_close(&c);
}

struct closer {
    struct net_box *box;
    atomic_int after; /* its count + 1, seen after close returned */
};

static void close_elsewhere(void *arg)
{
    struct closer *closer = arg;

    closer->box->rig->loop->close(closer->box->udp);
    atomic_store(&closer->after, atomic_load(&closer->box->count) + 1);
}

BOTH(closing_elsewhere_while_datagrams_flow)
{
    for (int round = 0; round < 30; round++) {
        struct closer closer;
        struct net_box a, b;
        int sent = 0;

        net_box_on_loopback(&a, rig);
        net_box_on_loopback(&b, rig);
        closer.box = &b;
        atomic_init(&closer.after, 0);
        net_elsewhere(rig, close_elsewhere, &closer);
        while (!atomic_load(&b.closed) && sent < 100000) {
            for (int i = 0; i < 5; i++, sent++)
                net_box_send(&a, &b, "x", 1);
            rig->loop->wait(rig->loop, net_now(rig) + 1000);
        }
        net_elsewhere_ends(rig);
        ck_assert_int_eq(atomic_load(&b.closed), 1);
        /* One callback may have been running; it counts after the fact. */
        ck_assert_int_le(atomic_load(&b.count), atomic_load(&closer.after));
        ck_assert_int_eq(b.errors, 0);
        net_box_close(&a);
    }
}

BOTH(an_address_is_free_when_close_returns)
{
    struct net_box a, b[2] = {{0}, {0}};

#ifdef _WIN32
    if (!rig->sim) /* the loop's thread has to close it: the case below */
        return;
#endif
    net_box_on_loopback(&b[0], rig);
    for (int round = 0; round < 100; round++) {
        struct net_box *old = &b[round % 2], *new = &b[1 - round % 2];

        rig->loop->close(old->udp);
        memset(new, 0, sizeof(*new));
        ck_assert_int_eq(net_box_open(new, rig, old->addr), OMSP_OK);
        net_pump(rig, &old->closed, 1, 5 * SECOND);
        ck_assert_int_eq(atomic_load(&old->closed), 1);
    }
    /* And it is the new one's: what comes is for it. */
    net_box_on_loopback(&a, rig);
    net_send_number(&a, &b[0], 0);
    net_pump(rig, &b[0].count, 1, 5 * SECOND);
    ck_assert_int_eq(atomic_load(&b[0].count), 1);
    ck_assert_int_eq(b[0].errors + b[1].errors, 0);
    net_box_close(&a);
    net_box_close(&b[0]);
}

struct mover {
    struct net_box *from, *to;
    enum omsp_status status;
    atomic_int done;
};

static void move_elsewhere(void *arg)
{
    struct mover *mover = arg;

    mover->from->rig->loop->close(mover->from->udp);
    mover->status = net_box_open(mover->to, mover->from->rig, mover->from->addr);
    atomic_store(&mover->done, 1);
}

BOTH(an_address_moves_elsewhere_while_datagrams_flow)
{
    for (int round = 0; round < 30; round++) {
        struct net_box a, b, c = {0};
        struct mover mover = {&b, &c, OMSP_OK, 0};
        int sent = 0;

        net_box_on_loopback(&a, rig);
        net_box_on_loopback(&b, rig);
        net_elsewhere(rig, move_elsewhere, &mover);
        while (!(atomic_load(&mover.done) && atomic_load(&b.closed)) && sent < 1000000) {
            for (int i = 0; i < 5; i++, sent++)
                net_box_send(&a, &b, "x", 1);
            rig->loop->wait(rig->loop, net_now(rig) + 1000);
        }
        net_elsewhere_ends(rig);
        ck_assert_int_eq(atomic_load(&b.closed), 1);
        ck_assert_int_eq(mover.status, OMSP_OK);
        ck_assert_int_eq(b.errors + c.errors, 0);
        net_box_close(&a);
        net_box_close(&c);
    }
}

static void open_elsewhere(void *arg)
{
    struct net_box *box = arg;

    net_box_on_loopback(box, box->rig);
}

BOTH(a_socket_outlives_the_thread_that_opened_it)
{
    struct net_box a, b;

    net_box_on_loopback(&a, rig);
    memset(&b, 0, sizeof(b));
    b.rig = rig;
    net_elsewhere(rig, open_elsewhere, &b);
    if (rig->sim)
        rig->loop->wait(rig->loop, net_now(rig) + 2000);
    net_elsewhere_ends(rig);
    net_send_number(&a, &b, 0);
    net_pump(rig, &b.count, 1, 5 * SECOND);
    ck_assert_int_eq(atomic_load(&b.count), 1);
    net_box_close(&a);
    net_box_close(&b);
}

static void wait_elsewhere(void *arg)
{
    struct net_rig *rig = arg;

    if (!rig->sim) /* a scheduled callback must not wait */
        rig->loop->wait(rig->loop, net_now(rig) + 5000);
}

BOTH(a_loop_may_change_its_thread)
{
    struct net_box a, b;

    net_box_on_loopback(&a, rig);
    net_box_on_loopback(&b, rig);
    for (int i = 0; i < 5; i++) {
        net_elsewhere(rig, wait_elsewhere, rig);
        net_elsewhere_ends(rig);
        net_send_number(&a, &b, i);
        net_pump(rig, &b.count, i + 1, 5 * SECOND);
        ck_assert_int_eq(atomic_load(&b.count), i + 1);
    }
    ck_assert_int_eq(b.errors, 0);
    net_box_close(&a);
    net_box_close(&b);
}

/* ---- waiting ------------------------------------------------------------------------------- */

struct waker {
    struct net_rig *rig;
    uint64_t at;
};

static void wake_elsewhere(void *arg)
{
    struct waker *waker = arg;

    waker->at = net_now(waker->rig);
    waker->rig->loop->wake(waker->rig->loop);
}

BOTH(a_wake_from_elsewhere_ends_the_wait_soon)
{
    uint64_t worst = 0;

    for (int i = 0; i < 50; i++) {
        struct waker waker = {rig, 0};
        uint64_t woke;

        net_elsewhere(rig, wake_elsewhere, &waker);
        rig->loop->wait(rig->loop, UINT64_MAX);
        woke = net_now(rig);
        net_elsewhere_ends(rig);
        ck_assert_uint_ne(waker.at, 0);
        ck_assert(woke >= waker.at || !rig->sim);
        if (woke > waker.at && woke - waker.at > worst)
            worst = woke - waker.at;
    }
    ck_assert_msg(worst < SECOND / 2, "a wake took %u us", (unsigned)worst);
}

BOTH(wakes_before_the_wait_count_as_one)
{
    uint64_t start = net_now(rig);
    int returns = 0;

    for (int i = 0; i < 1000; i++)
        rig->loop->wake(rig->loop);
    rig->loop->wait(rig->loop, UINT64_MAX);
    ck_assert(net_now(rig) - start < SECOND);
    start = net_now(rig);
    while (net_now(rig) < start + 20000) {
        rig->loop->wait(rig->loop, start + 20000);
        returns++;
    }
    ck_assert_int_le(returns, 2);
}

BOTH(a_deadline_is_kept)
{
    static const uint32_t waits_us[] = {0, 300, 1000, 2500, 20000, 33333};

    for (size_t i = 0; i < sizeof(waits_us) / sizeof(waits_us[0]); i++) {
        uint64_t deadline = net_now(rig) + waits_us[i], ended;

        rig->loop->wait(rig->loop, deadline);
        ended = net_now(rig);
        ck_assert_msg(ended >= deadline, "%u us early", (unsigned)(deadline - ended));
        ck_assert_msg(ended < deadline + SECOND / 4, "%u us late", (unsigned)(ended - deadline));
        ck_assert(!rig->sim || ended == deadline);
    }
    /* One that has passed. */
    rig->loop->wait(rig->loop, 1);
}

OMSP_SUITE("net_close", TEST_BOTH(closing_in_the_callback_ends_it_there),
           TEST_BOTH(what_came_before_the_close_is_not_handed_out_after_it),
           TEST_BOTH(a_callback_may_open_and_send),
           TEST_BOTH(closing_elsewhere_while_datagrams_flow),
           TEST_BOTH(an_address_is_free_when_close_returns),
           TEST_BOTH(an_address_moves_elsewhere_while_datagrams_flow),
           TEST_BOTH(a_socket_outlives_the_thread_that_opened_it),
           TEST_BOTH(a_loop_may_change_its_thread),
           TEST_BOTH(a_wake_from_elsewhere_ends_the_wait_soon),
           TEST_BOTH(wakes_before_the_wait_count_as_one), TEST_BOTH(a_deadline_is_kept))
