/*
 * What port/net.h promises, asked of the system's adapter and of the simulated one with the same
 * bodies. What happens "elsewhere" is another thread on the one and a scheduled callback on the
 * other.
 */
#include "support/suite.h"

#include "port/lock.h"
#include "port/ports.h"
#include "port/thread.h"
#include "sim/sim.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#ifdef _WIN32
#include <windows.h>
#else
#include <sys/resource.h>
#endif

#define SECOND 1000000u

struct rig {
    const struct omsp_ports *ports;
    struct omsp_net_loop *loop;
    struct omsp_sim *sim; /* NULL: the system's */
    struct omsp_thread *thread;
};

/* An owner of a socket. */
struct box {
    struct rig *rig;
    struct omsp_udp *udp;
    struct omsp_addr addr;
    atomic_int count; /* datagrams */
    int errors;
    atomic_int closed;
    int disorder;      /* datagrams whose number was not `count` */
    bool closes;       /* closes its socket in the callback */
    bool echoes;       /* sends back what came */
    struct box *opens; /* opens this one in the callback */
    struct omsp_addr from;
    uint8_t data[OMSP_UDP_MAX];
    size_t len;
    uint64_t at;
};

static void rig_up(struct rig *rig, bool simulated)
{
    memset(rig, 0, sizeof(*rig));
    if (simulated) {
        ck_assert_int_eq(omsp_sim_create(1, &rig->sim), OMSP_OK);
        rig->ports = omsp_sim_ports(rig->sim);
    } else {
        rig->ports = omsp_system_ports();
    }
    ck_assert_int_eq(rig->ports->loop_create(rig->ports->ctx, &rig->loop), OMSP_OK);
}

static void rig_down(struct rig *rig)
{
    rig->loop->destroy(rig->loop);
    omsp_sim_destroy(rig->sim);
}

static uint64_t now(struct rig *rig)
{
    return rig->ports->now_us(rig->ports->ctx);
}

/* Pumps until *value reaches target or the time is over. */
static void pump(struct rig *rig, const atomic_int *value, int target, uint64_t at_most_us)
{
    uint64_t end = now(rig) + at_most_us;

    while (atomic_load(value) < target && now(rig) < end)
        rig->loop->wait(rig->loop, end);
}

/* Starts fn elsewhere; with the simulation within the next wait. */
static void elsewhere(struct rig *rig, void (*fn)(void *arg), void *arg)
{
    if (rig->sim)
        ck_assert_int_eq(omsp_sim_at(rig->sim, now(rig) + 1000, fn, arg), OMSP_OK);
    else
        ck_assert_int_eq(omsp_thread_start(fn, arg, "elsewhere", &rig->thread), OMSP_OK);
}

static void elsewhere_ends(struct rig *rig)
{
    if (rig->thread)
        omsp_thread_join(rig->thread);
    rig->thread = NULL;
}

static struct omsp_addr address(const char *text)
{
    struct omsp_addr addr;

    ck_assert_int_eq(omsp_addr_parse(text, &addr), OMSP_OK);
    return addr;
}

static enum omsp_status box_open(struct box *box, struct rig *rig, struct omsp_addr addr);

static void on_datagram(void *owner, struct omsp_udp *udp, const struct omsp_addr *from,
                        const uint8_t *data, size_t len, uint64_t at)
{
    struct box *box = owner;

    if (len >= 2 && (data[0] | data[1] << 8) != atomic_load(&box->count))
        box->disorder++;
    box->from = *from;
    box->len = len;
    box->at = at;
    memcpy(box->data, data, len < sizeof(box->data) ? len : sizeof(box->data));
    if (box->echoes)
        ck_assert_int_eq(udp->loop->send(udp, from, data, len), OMSP_OK);
    if (box->opens)
        ck_assert_int_eq(box_open(box->opens, box->rig, address("127.0.0.1")), OMSP_OK);
    box->opens = NULL;
    atomic_fetch_add(&box->count, 1);
    if (box->closes)
        udp->loop->close(udp);
}

static void on_error(void *owner, struct omsp_udp *udp, enum omsp_status status)
{
    (void)udp;
    (void)status;
    ((struct box *)owner)->errors++;
}

static void on_closed(void *owner)
{
    atomic_fetch_add(&((struct box *)owner)->closed, 1);
}

static enum omsp_status box_open(struct box *box, struct rig *rig, struct omsp_addr addr)
{
    struct omsp_udp init = {NULL, box, on_datagram, on_error, on_closed};
    enum omsp_status status;

    box->rig = rig;
    box->addr = addr;
    status = rig->loop->open(rig->loop, &init, &box->addr, &box->udp);
    return status;
}

static void box_on_loopback(struct box *box, struct rig *rig)
{
    memset(box, 0, sizeof(*box));
    ck_assert_int_eq(box_open(box, rig, address("127.0.0.1")), OMSP_OK);
}

static void box_close(struct box *box)
{
    box->rig->loop->close(box->udp);
    pump(box->rig, &box->closed, 1, 5 * SECOND);
    ck_assert_int_eq(atomic_load(&box->closed), 1);
    ck_assert_int_eq(box->errors, 0);
}

static enum omsp_status box_send(struct box *from, const struct box *to, const void *data,
                                 size_t len)
{
    return from->udp->loop->send(from->udp, &to->addr, data, len);
}

/* Its number first, for the receiver to check the order. */
static void send_number(struct box *from, const struct box *to, int number)
{
    uint8_t data[172] = {(uint8_t)number, (uint8_t)(number >> 8)};

    ck_assert_int_eq(box_send(from, to, data, sizeof(data)), OMSP_OK);
}

/* The body of a test for either adapter. */
#define BOTH(name)                                                                                 \
    static void name(struct rig *rig);                                                             \
    START_TEST(system_##name)                                                                      \
    {                                                                                              \
        struct rig rig;                                                                            \
        rig_up(&rig, false);                                                                       \
        name(&rig);                                                                                \
        rig_down(&rig);                                                                            \
    }                                                                                              \
    END_TEST                                                                                       \
    START_TEST(sim_##name)                                                                         \
    {                                                                                              \
        struct rig rig;                                                                            \
        rig_up(&rig, true);                                                                        \
        name(&rig);                                                                                \
        rig_down(&rig);                                                                            \
    }                                                                                              \
    END_TEST                                                                                       \
    static void name(struct rig *rig)

/* ---- opening ------------------------------------------------------------------------------- */

BOTH(port_0_is_replaced_by_the_real_one)
{
    struct box a, b;

    box_on_loopback(&a, rig);
    box_on_loopback(&b, rig);
    ck_assert_uint_ne(a.addr.port, 0);
    ck_assert_uint_ne(b.addr.port, 0);
    ck_assert_uint_ne(a.addr.port, b.addr.port);
    ck_assert_uint_eq(a.addr.family, 4);
    ck_assert_uint_eq(a.addr.ip[0], 127);
    box_close(&a);
    box_close(&b);
}

BOTH(an_address_in_use_is_refused)
{
    struct box a, b = {0};
    struct omsp_addr any;

    box_on_loopback(&a, rig);
    ck_assert_int_eq(box_open(&b, rig, a.addr), OMSP_ADDRINUSE);
    any = address("0.0.0.0");
    any.port = a.addr.port;
    ck_assert_int_eq(box_open(&b, rig, any), OMSP_ADDRINUSE);
    ck_assert_ptr_null(b.udp);
    box_close(&a);
}

/* Wine 8 binds UDP to any address whatsoever; Windows does not. */
static bool binds_anything(const struct rig *rig)
{
#ifdef _WIN32
    return !rig->sim && GetProcAddress(GetModuleHandleA("ntdll.dll"), "wine_get_version");
#else
    (void)rig;
    return false;
#endif
}

BOTH(an_address_that_is_not_ours_is_invalid)
{
    struct box box = {0};
    struct omsp_addr none = {0};
    enum omsp_status status = box_open(&box, rig, address("192.0.2.1"));

    if (status == OMSP_OK && binds_anything(rig))
        box_close(&box);
    else
        ck_assert_int_eq(status, OMSP_INVALID);
    ck_assert_int_eq(box_open(&box, rig, none), OMSP_INVALID);
    none.family = 5;
    ck_assert_int_eq(box_open(&box, rig, none), OMSP_INVALID);
}

BOTH(an_address_is_free_again_once_closed)
{
    struct box a, b = {0};

    box_on_loopback(&a, rig);
    for (int i = 0; i < 20; i++) {
        box_close(&a);
        memset(&b, 0, sizeof(b));
        ck_assert_int_eq(box_open(&b, rig, a.addr), OMSP_OK);
        a = b;
        a.udp->owner = &a; /* nothing was sent: no callback runs meanwhile */
    }
    box_close(&a);
}

BOTH(closing_at_once_after_opening_is_fine)
{
    struct box a;

    for (int i = 0; i < 20; i++) {
        box_on_loopback(&a, rig);
        box_close(&a);
    }
}

BOTH(hundreds_of_sockets_live_side_by_side)
{
    static struct box boxes[300];
    struct box sender;

    box_on_loopback(&sender, rig);
    for (int i = 0; i < 300; i++)
        box_on_loopback(&boxes[i], rig);
    for (int i = 0; i < 300; i++)
        send_number(&sender, &boxes[i], 0);
    for (int i = 0; i < 300; i++) {
        pump(rig, &boxes[i].count, 1, 5 * SECOND);
        ck_assert_int_eq(atomic_load(&boxes[i].count), 1);
    }
    for (int i = 0; i < 300; i++)
        rig->loop->close(boxes[i].udp);
    for (int i = 0; i < 300; i++) {
        pump(rig, &boxes[i].closed, 1, 5 * SECOND);
        ck_assert_int_eq(atomic_load(&boxes[i].closed), 1);
    }
    box_close(&sender);
}

/* ---- sending and receiving ----------------------------------------------------------------- */

BOTH(a_datagram_comes_with_its_bytes_and_source)
{
    struct box a, b;
    uint64_t before = now(rig);

    box_on_loopback(&a, rig);
    box_on_loopback(&b, rig);
    ck_assert_int_eq(box_send(&a, &b, "\0\0hello", 7), OMSP_OK);
    pump(rig, &b.count, 1, 5 * SECOND);
    ck_assert_int_eq(atomic_load(&b.count), 1);
    ck_assert_uint_eq(b.len, 7);
    ck_assert_mem_eq(b.data, "\0\0hello", 7);
    ck_assert(omsp_addr_equal(&b.from, &a.addr));
    ck_assert(b.at >= before && b.at <= now(rig));
    ck_assert_int_eq(atomic_load(&a.count), 0);
    box_close(&a);
    box_close(&b);
}

BOTH(an_empty_datagram_comes)
{
    struct box a, b;

    box_on_loopback(&a, rig);
    box_on_loopback(&b, rig);
    b.len = 99;
    ck_assert_int_eq(box_send(&a, &b, "", 0), OMSP_OK);
    pump(rig, &b.count, 1, 5 * SECOND);
    ck_assert_int_eq(atomic_load(&b.count), 1);
    ck_assert_uint_eq(b.len, 0);
    /* And the socket still listens. */
    send_number(&a, &b, 1);
    pump(rig, &b.count, 2, 5 * SECOND);
    ck_assert_int_eq(atomic_load(&b.count), 2);
    box_close(&a);
    box_close(&b);
}

BOTH(the_longest_comes_and_a_longer_one_is_dropped)
{
    static uint8_t data[70000];
    struct box a, b;

    box_on_loopback(&a, rig);
    box_on_loopback(&b, rig);
    for (int round = 0; round < 3; round++) {
        atomic_store(&b.count, 0);
        memset(data, 0, sizeof(data));
        data[OMSP_UDP_MAX - 1] = 77;
        ck_assert_int_eq(box_send(&a, &b, data, OMSP_UDP_MAX), OMSP_OK);
        ck_assert_int_eq(box_send(&a, &b, data, OMSP_UDP_MAX + 1), OMSP_OK);
        ck_assert_int_eq(box_send(&a, &b, data, 20000), OMSP_OK);
        pump(rig, &b.count, 1, 5 * SECOND);
        ck_assert_uint_eq(b.len, OMSP_UDP_MAX);
        ck_assert_uint_eq(b.data[OMSP_UDP_MAX - 1], 77);
        send_number(&a, &b, 1);
        pump(rig, &b.count, 2, 5 * SECOND);
        ck_assert_int_eq(atomic_load(&b.count), 2);
        ck_assert_uint_eq(b.len, 172);
    }
    ck_assert_int_eq(box_send(&a, &b, data, sizeof(data)), OMSP_IO);
    box_close(&a);
    box_close(&b);
}

BOTH(each_socket_gets_its_own)
{
    struct box a, b, c;

    box_on_loopback(&a, rig);
    box_on_loopback(&b, rig);
    box_on_loopback(&c, rig);
    b.echoes = c.echoes = true;
    for (int i = 0; i < 10; i++) {
        send_number(&a, &b, i);
        pump(rig, &a.count, 2 * i + 1, 5 * SECOND);
        send_number(&a, &c, i);
        pump(rig, &a.count, 2 * i + 2, 5 * SECOND);
    }
    ck_assert_int_eq(atomic_load(&a.count), 20);
    ck_assert_int_eq(atomic_load(&b.count), 10);
    ck_assert_int_eq(atomic_load(&c.count), 10);
    ck_assert_int_eq(b.disorder + c.disorder, 0);
    box_close(&a);
    box_close(&b);
    box_close(&c);
}

BOTH(a_burst_comes_whole_and_in_order)
{
    struct box a, b;
    int sent = 0;

    box_on_loopback(&a, rig);
    box_on_loopback(&b, rig);
    /* In parts that fit even a receive buffer that the system would not raise. */
    for (int part = 0; part < 5; part++) {
        for (int i = 0; i < 200; i++)
            send_number(&a, &b, sent++);
        pump(rig, &b.count, sent, 10 * SECOND);
    }
    ck_assert_int_eq(atomic_load(&b.count), 1000);
    ck_assert_int_eq(b.disorder, 0);
    box_close(&a);
    box_close(&b);
}

BOTH(a_port_nobody_listens_at_harms_nothing)
{
    struct box a, b, gone;
    int sent = 0;

    box_on_loopback(&a, rig);
    box_on_loopback(&b, rig);
    box_on_loopback(&gone, rig);
    box_close(&gone);
    for (int i = 0; i < 20; i++) {
        enum omsp_status status = box_send(&a, &gone, "x", 1);

        ck_assert(status == OMSP_OK || status == OMSP_UNREACHABLE);
        send_number(&b, &a, sent++);
        pump(rig, &a.count, sent, 5 * SECOND);
        ck_assert_int_eq(atomic_load(&a.count), sent);
    }
    ck_assert_int_eq(a.errors, 0);
    box_close(&a);
    box_close(&b);
}

BOTH(the_other_family_is_unreachable)
{
    struct omsp_addr six = address("[::1]:20000");
    struct box a;

    box_on_loopback(&a, rig);
    ck_assert_int_eq(a.udp->loop->send(a.udp, &six, "x", 1), OMSP_UNREACHABLE);
    box_close(&a);
}

/* Is there an IPv6 loopback to test with? A machine without one says OMSP_INVALID, and only that.
 */
static bool has_ip6(struct rig *rig)
{
    struct box box = {0};
    enum omsp_status status = box_open(&box, rig, address("::1"));

    if (status == OMSP_OK)
        box_close(&box);
    else
        ck_assert_int_eq(status, OMSP_INVALID);
    ck_assert(status == OMSP_OK || !rig->sim);
    if (status != OMSP_OK)
        printf("no IPv6 loopback here\n");
    return status == OMSP_OK;
}

BOTH(ip6_loopback_carries_datagrams)
{
    struct box a = {0}, b = {0};

    if (!has_ip6(rig))
        return;
    ck_assert_int_eq(box_open(&a, rig, address("::1")), OMSP_OK);
    ck_assert_int_eq(box_open(&b, rig, address("::1")), OMSP_OK);
    b.echoes = true;
    send_number(&a, &b, 0);
    pump(rig, &a.count, 1, 5 * SECOND);
    ck_assert_int_eq(atomic_load(&a.count), 1);
    ck_assert(omsp_addr_equal(&a.from, &b.addr));
    ck_assert(omsp_addr_equal(&b.from, &a.addr));
    ck_assert_int_eq(a.disorder + b.disorder, 0);
    box_close(&a);
    box_close(&b);
}

BOTH(ip4_and_ip6_share_a_port_number)
{
    struct omsp_addr any = address("::");
    struct box four, six = {0};

    if (!has_ip6(rig))
        return;
    box_on_loopback(&four, rig);
    any.port = four.addr.port;
    ck_assert_int_eq(box_open(&six, rig, any), OMSP_OK);
    send_number(&four, &four, 0);
    pump(rig, &four.count, 1, 5 * SECOND);
    ck_assert_int_eq(atomic_load(&four.count), 1);
    ck_assert_int_eq(atomic_load(&six.count), 0);
    box_close(&four);
    box_close(&six);
}

/* ---- closing ------------------------------------------------------------------------------- */

BOTH(closing_in_the_callback_ends_it_there)
{
    struct box a, b;

    box_on_loopback(&a, rig);
    box_on_loopback(&b, rig);
    b.closes = true;
    for (int i = 0; i < 10; i++)
        send_number(&a, &b, i);
    pump(rig, &b.closed, 1, 5 * SECOND);
    ck_assert_int_eq(atomic_load(&b.count), 1);
    ck_assert_int_eq(atomic_load(&b.closed), 1);
    box_close(&a);
    ck_assert_int_eq(atomic_load(&b.count), 1);
    ck_assert_int_eq(atomic_load(&b.closed), 1);
}

BOTH(what_came_before_the_close_is_not_handed_out_after_it)
{
    struct box a, b;

    box_on_loopback(&a, rig);
    box_on_loopback(&b, rig);
    send_number(&a, &b, 0);
    pump(rig, &b.count, 1, 5 * SECOND);
    for (int i = 1; i < 5; i++)
        send_number(&a, &b, i);
    if (rig->sim)
        omsp_sim_run(rig->sim, now(rig) + 1000);
    box_close(&b);
    ck_assert_int_eq(atomic_load(&b.count), 1);
    box_close(&a);
}

BOTH(a_callback_may_open_and_send)
{
    struct box a, b, c = {0};

    box_on_loopback(&a, rig);
    box_on_loopback(&b, rig);
    b.opens = &c;
    b.echoes = true;
    send_number(&a, &b, 0);
    pump(rig, &a.count, 1, 5 * SECOND);
    ck_assert_int_eq(atomic_load(&a.count), 1);
    ck_assert_ptr_nonnull(c.udp);
    send_number(&a, &c, 0);
    pump(rig, &c.count, 1, 5 * SECOND);
    ck_assert_int_eq(atomic_load(&c.count), 1);
    box_close(&a);
    box_close(&b);
    box_close(&c);
}

struct closer {
    struct box *box;
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
        struct box a, b;
        int sent = 0;

        box_on_loopback(&a, rig);
        box_on_loopback(&b, rig);
        closer.box = &b;
        atomic_init(&closer.after, 0);
        elsewhere(rig, close_elsewhere, &closer);
        while (!atomic_load(&b.closed) && sent < 100000) {
            for (int i = 0; i < 5; i++, sent++)
                box_send(&a, &b, "x", 1);
            rig->loop->wait(rig->loop, now(rig) + 1000);
        }
        elsewhere_ends(rig);
        ck_assert_int_eq(atomic_load(&b.closed), 1);
        /* One callback may have been running; it counts after the fact. */
        ck_assert_int_le(atomic_load(&b.count), atomic_load(&closer.after));
        ck_assert_int_eq(b.errors, 0);
        box_close(&a);
    }
}

static void open_elsewhere(void *arg)
{
    struct box *box = arg;

    box_on_loopback(box, box->rig);
}

BOTH(a_socket_outlives_the_thread_that_opened_it)
{
    struct box a, b;

    box_on_loopback(&a, rig);
    memset(&b, 0, sizeof(b));
    b.rig = rig;
    elsewhere(rig, open_elsewhere, &b);
    if (rig->sim)
        rig->loop->wait(rig->loop, now(rig) + 2000);
    elsewhere_ends(rig);
    send_number(&a, &b, 0);
    pump(rig, &b.count, 1, 5 * SECOND);
    ck_assert_int_eq(atomic_load(&b.count), 1);
    box_close(&a);
    box_close(&b);
}

static void wait_elsewhere(void *arg)
{
    struct rig *rig = arg;

    if (!rig->sim) /* a scheduled callback must not wait */
        rig->loop->wait(rig->loop, now(rig) + 5000);
}

BOTH(a_loop_may_change_its_thread)
{
    struct box a, b;

    box_on_loopback(&a, rig);
    box_on_loopback(&b, rig);
    for (int i = 0; i < 5; i++) {
        elsewhere(rig, wait_elsewhere, rig);
        elsewhere_ends(rig);
        send_number(&a, &b, i);
        pump(rig, &b.count, i + 1, 5 * SECOND);
        ck_assert_int_eq(atomic_load(&b.count), i + 1);
    }
    ck_assert_int_eq(b.errors, 0);
    box_close(&a);
    box_close(&b);
}

/* ---- waiting ------------------------------------------------------------------------------- */

struct waker {
    struct rig *rig;
    uint64_t at;
};

static void wake_elsewhere(void *arg)
{
    struct waker *waker = arg;

    waker->at = now(waker->rig);
    waker->rig->loop->wake(waker->rig->loop);
}

BOTH(a_wake_from_elsewhere_ends_the_wait_soon)
{
    uint64_t worst = 0;

    for (int i = 0; i < 50; i++) {
        struct waker waker = {rig, 0};
        uint64_t woke;

        elsewhere(rig, wake_elsewhere, &waker);
        rig->loop->wait(rig->loop, UINT64_MAX);
        woke = now(rig);
        elsewhere_ends(rig);
        ck_assert_uint_ne(waker.at, 0);
        ck_assert(woke >= waker.at || !rig->sim);
        if (woke > waker.at && woke - waker.at > worst)
            worst = woke - waker.at;
    }
    ck_assert_msg(worst < SECOND / 2, "a wake took %u us", (unsigned)worst);
}

BOTH(wakes_before_the_wait_count_as_one)
{
    uint64_t start = now(rig);
    int returns = 0;

    for (int i = 0; i < 1000; i++)
        rig->loop->wake(rig->loop);
    rig->loop->wait(rig->loop, UINT64_MAX);
    ck_assert(now(rig) - start < SECOND);
    start = now(rig);
    while (now(rig) < start + 20000) {
        rig->loop->wait(rig->loop, start + 20000);
        returns++;
    }
    ck_assert_int_le(returns, 2);
}

BOTH(a_deadline_is_kept)
{
    static const uint32_t waits_us[] = {0, 300, 1000, 2500, 20000, 33333};

    for (size_t i = 0; i < sizeof(waits_us) / sizeof(waits_us[0]); i++) {
        uint64_t deadline = now(rig) + waits_us[i], ended;

        rig->loop->wait(rig->loop, deadline);
        ended = now(rig);
        ck_assert_msg(ended >= deadline, "%u us early", (unsigned)(deadline - ended));
        ck_assert_msg(ended < deadline + SECOND / 4, "%u us late", (unsigned)(ended - deadline));
        ck_assert(!rig->sim || ended == deadline);
    }
    /* One that has passed. */
    rig->loop->wait(rig->loop, 1);
}

/* ---- what fails ---------------------------------------------------------------------------- */

static void live_once(struct rig *rig)
{
    struct omsp_net_loop *loop = NULL;
    struct omsp_addr addr = address("127.0.0.1");
    struct box box = {.rig = rig};
    struct omsp_udp init = {NULL, &box, on_datagram, on_error, on_closed};
    enum omsp_status status = rig->ports->loop_create(rig->ports->ctx, &loop);

    if (status != OMSP_OK) {
        ck_assert_int_eq(status, OMSP_NOMEM);
        ck_assert_ptr_null(loop);
        return;
    }
    status = loop->open(loop, &init, &addr, &box.udp);
    if (status != OMSP_OK) {
        ck_assert_int_eq(status, OMSP_NOMEM);
        ck_assert_uint_eq(addr.port, 0);
    } else {
        status = loop->send(box.udp, &addr, "x", 1);
        ck_assert(status == OMSP_OK || status == OMSP_FULL);
        loop->close(box.udp);
        for (int i = 0; i < 1000 && !atomic_load(&box.closed); i++)
            loop->wait(loop, now(rig) + 100000);
        ck_assert_int_eq(atomic_load(&box.closed), 1);
    }
    loop->destroy(loop);
}

static void system_walk(void *ctx)
{
    struct rig rig = {.ports = omsp_system_ports()};

    (void)ctx;
    live_once(&rig);
}

static void sim_walk(void *ctx)
{
    struct rig rig = {0};

    (void)ctx;
    if (omsp_sim_create(1, &rig.sim) != OMSP_OK) {
        ck_assert(omsp_test_alloc_failed());
        return;
    }
    rig.ports = omsp_sim_ports(rig.sim);
    live_once(&rig);
    omsp_sim_destroy(rig.sim);
}

START_TEST(running_out_of_memory_leaks_nothing)
{
    ck_assert_int_ge(omsp_test_alloc_walk(system_walk, NULL), 2);
    ck_assert_int_ge(omsp_test_alloc_walk(sim_walk, NULL), 4);
}
END_TEST

#ifndef _WIN32
START_TEST(no_more_descriptors_is_full)
{
    struct rlimit before, low;
    struct box kept[64] = {0};
    struct rig rig;
    enum omsp_status status = OMSP_OK;
    int opened = 0;

    rig_up(&rig, false);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    low = before;
    low.rlim_cur = 32;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &low), 0);
    while (opened < 64 && status == OMSP_OK) {
        status = box_open(&kept[opened], &rig, address("127.0.0.1"));
        opened += status == OMSP_OK;
    }
    setrlimit(RLIMIT_NOFILE, &before);
    ck_assert_int_eq(status, OMSP_FULL);
    while (opened--)
        box_close(&kept[opened]);
    rig_down(&rig);
}
END_TEST
#endif

#define TEST_BOTH(name) TEST(system_##name), TEST(sim_##name)

OMSP_SUITE(
    "net_loop", TEST_BOTH(port_0_is_replaced_by_the_real_one),
    TEST_BOTH(an_address_in_use_is_refused), TEST_BOTH(an_address_that_is_not_ours_is_invalid),
    TEST_BOTH(an_address_is_free_again_once_closed),
    TEST_BOTH(closing_at_once_after_opening_is_fine),
    TEST_BOTH(hundreds_of_sockets_live_side_by_side),
    TEST_BOTH(a_datagram_comes_with_its_bytes_and_source), TEST_BOTH(an_empty_datagram_comes),
    TEST_BOTH(the_longest_comes_and_a_longer_one_is_dropped), TEST_BOTH(each_socket_gets_its_own),
    TEST_BOTH(a_burst_comes_whole_and_in_order), TEST_BOTH(a_port_nobody_listens_at_harms_nothing),
    TEST_BOTH(the_other_family_is_unreachable), TEST_BOTH(ip6_loopback_carries_datagrams),
    TEST_BOTH(ip4_and_ip6_share_a_port_number), TEST_BOTH(closing_in_the_callback_ends_it_there),
    TEST_BOTH(what_came_before_the_close_is_not_handed_out_after_it),
    TEST_BOTH(a_callback_may_open_and_send), TEST_BOTH(closing_elsewhere_while_datagrams_flow),
    TEST_BOTH(a_socket_outlives_the_thread_that_opened_it), TEST_BOTH(a_loop_may_change_its_thread),
    TEST_BOTH(a_wake_from_elsewhere_ends_the_wait_soon),
    TEST_BOTH(wakes_before_the_wait_count_as_one), TEST_BOTH(a_deadline_is_kept),
    TEST(running_out_of_memory_leaks_nothing)
#ifndef _WIN32
        ,
    TEST(no_more_descriptors_is_full)
#endif
)
