/*
 * What port/net.h promises of opening, sending and receiving, asked of the system's adapter and of
 * the simulated one with the same bodies.
 */
#include "support/net_rig.h"

#include <stdio.h>
#include <string.h>
#ifdef _WIN32
#include <windows.h>
#else
#include <sys/resource.h>
#endif

/* ---- opening ------------------------------------------------------------------------------- */

BOTH(port_0_is_replaced_by_the_real_one)
{
    struct net_box a, b;

    net_box_on_loopback(&a, rig);
    net_box_on_loopback(&b, rig);
    ck_assert_uint_ne(a.addr.port, 0);
    ck_assert_uint_ne(b.addr.port, 0);
    ck_assert_uint_ne(a.addr.port, b.addr.port);
    ck_assert_uint_eq(a.addr.family, 4);
    ck_assert_uint_eq(a.addr.ip[0], 127);
    net_box_close(&a);
    net_box_close(&b);
}

BOTH(an_address_in_use_is_refused)
{
    struct net_box a, b = {0};
    struct omsp_addr any;

    net_box_on_loopback(&a, rig);
    ck_assert_int_eq(net_box_open(&b, rig, a.addr), OMSP_ADDRINUSE);
    any = net_address("0.0.0.0");
    any.port = a.addr.port;
    ck_assert_int_eq(net_box_open(&b, rig, any), OMSP_ADDRINUSE);
    ck_assert_ptr_null(b.udp);
    net_box_close(&a);
}

/* Wine 8 binds UDP to any address whatsoever; Windows does not. */
static bool binds_anything(const struct net_rig *rig)
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
    struct net_box box = {0};
    struct omsp_addr none = {0};
    enum omsp_status status = net_box_open(&box, rig, net_address("192.0.2.1"));

    if (status == OMSP_OK && binds_anything(rig))
        net_box_close(&box);
    else
        ck_assert_int_eq(status, OMSP_INVALID);
    ck_assert_int_eq(net_box_open(&box, rig, none), OMSP_INVALID);
    none.family = 5;
    ck_assert_int_eq(net_box_open(&box, rig, none), OMSP_INVALID);
}

BOTH(an_address_is_free_again_once_closed)
{
    struct net_box a, b = {0};

    net_box_on_loopback(&a, rig);
    for (int i = 0; i < 20; i++) {
        net_box_close(&a);
        memset(&b, 0, sizeof(b));
        ck_assert_int_eq(net_box_open(&b, rig, a.addr), OMSP_OK);
        a = b;
        a.udp->owner = &a; /* nothing was sent: no callback runs meanwhile */
    }
    net_box_close(&a);
}

BOTH(closing_at_once_after_opening_is_fine)
{
    struct net_box a;

    for (int i = 0; i < 20; i++) {
        net_box_on_loopback(&a, rig);
        net_box_close(&a);
    }
}

BOTH(hundreds_of_sockets_live_side_by_side)
{
    static struct net_box boxes[300];
    struct net_box sender;

    net_box_on_loopback(&sender, rig);
    for (int i = 0; i < 300; i++)
        net_box_on_loopback(&boxes[i], rig);
    for (int i = 0; i < 300; i++)
        net_send_number(&sender, &boxes[i], 0);
    for (int i = 0; i < 300; i++) {
        net_pump(rig, &boxes[i].count, 1, 5 * SECOND);
        ck_assert_int_eq(atomic_load(&boxes[i].count), 1);
    }
    for (int i = 0; i < 300; i++)
        rig->loop->close(boxes[i].udp);
    for (int i = 0; i < 300; i++) {
        net_pump(rig, &boxes[i].closed, 1, 5 * SECOND);
        ck_assert_int_eq(atomic_load(&boxes[i].closed), 1);
    }
    net_box_close(&sender);
}

/* ---- sending and receiving ----------------------------------------------------------------- */

BOTH(a_datagram_comes_with_its_bytes_and_source)
{
    struct net_box a, b;
    uint64_t before = net_now(rig);

    net_box_on_loopback(&a, rig);
    net_box_on_loopback(&b, rig);
    ck_assert_int_eq(net_box_send(&a, &b, "\0\0hello", 7), OMSP_OK);
    net_pump(rig, &b.count, 1, 5 * SECOND);
    ck_assert_int_eq(atomic_load(&b.count), 1);
    ck_assert_uint_eq(b.len, 7);
    ck_assert_mem_eq(b.data, "\0\0hello", 7);
    ck_assert(omsp_addr_equal(&b.from, &a.addr));
    ck_assert(b.at >= before && b.at <= net_now(rig));
    ck_assert_int_eq(atomic_load(&a.count), 0);
    net_box_close(&a);
    net_box_close(&b);
}

BOTH(an_empty_datagram_comes)
{
    struct net_box a, b;

    net_box_on_loopback(&a, rig);
    net_box_on_loopback(&b, rig);
    b.len = 99;
    ck_assert_int_eq(net_box_send(&a, &b, "", 0), OMSP_OK);
    net_pump(rig, &b.count, 1, 5 * SECOND);
    ck_assert_int_eq(atomic_load(&b.count), 1);
    ck_assert_uint_eq(b.len, 0);
    /* And the socket still listens. */
    net_send_number(&a, &b, 1);
    net_pump(rig, &b.count, 2, 5 * SECOND);
    ck_assert_int_eq(atomic_load(&b.count), 2);
    net_box_close(&a);
    net_box_close(&b);
}

BOTH(the_longest_comes_and_a_longer_one_is_dropped)
{
    static uint8_t data[70000];
    struct net_box a, b;

    net_box_on_loopback(&a, rig);
    net_box_on_loopback(&b, rig);
    for (int round = 0; round < 3; round++) {
        atomic_store(&b.count, 0);
        memset(data, 0, sizeof(data));
        data[OMSP_UDP_MAX - 1] = 77;
        ck_assert_int_eq(net_box_send(&a, &b, data, OMSP_UDP_MAX), OMSP_OK);
        ck_assert_int_eq(net_box_send(&a, &b, data, OMSP_UDP_MAX + 1), OMSP_OK);
        ck_assert_int_eq(net_box_send(&a, &b, data, 20000), OMSP_OK);
        net_pump(rig, &b.count, 1, 5 * SECOND);
        ck_assert_uint_eq(b.len, OMSP_UDP_MAX);
        ck_assert_uint_eq(b.data[OMSP_UDP_MAX - 1], 77);
        net_send_number(&a, &b, 1);
        net_pump(rig, &b.count, 2, 5 * SECOND);
        ck_assert_int_eq(atomic_load(&b.count), 2);
        ck_assert_uint_eq(b.len, 172);
    }
    ck_assert_int_eq(net_box_send(&a, &b, data, sizeof(data)), OMSP_IO);
    net_box_close(&a);
    net_box_close(&b);
}

BOTH(each_socket_gets_its_own)
{
    struct net_box a, b, c;

    net_box_on_loopback(&a, rig);
    net_box_on_loopback(&b, rig);
    net_box_on_loopback(&c, rig);
    b.echoes = c.echoes = true;
    for (int i = 0; i < 10; i++) {
        net_send_number(&a, &b, i);
        net_pump(rig, &a.count, 2 * i + 1, 5 * SECOND);
        net_send_number(&a, &c, i);
        net_pump(rig, &a.count, 2 * i + 2, 5 * SECOND);
    }
    ck_assert_int_eq(atomic_load(&a.count), 20);
    ck_assert_int_eq(atomic_load(&b.count), 10);
    ck_assert_int_eq(atomic_load(&c.count), 10);
    ck_assert_int_eq(b.disorder + c.disorder, 0);
    net_box_close(&a);
    net_box_close(&b);
    net_box_close(&c);
}

BOTH(a_burst_comes_whole_and_in_order)
{
    struct net_box a, b;
    int sent = 0;

    net_box_on_loopback(&a, rig);
    net_box_on_loopback(&b, rig);
    /* In parts that fit even a receive buffer that the system would not raise. */
    for (int part = 0; part < 5; part++) {
        for (int i = 0; i < 200; i++)
            net_send_number(&a, &b, sent++);
        net_pump(rig, &b.count, sent, 10 * SECOND);
    }
    ck_assert_int_eq(atomic_load(&b.count), 1000);
    ck_assert_int_eq(b.disorder, 0);
    net_box_close(&a);
    net_box_close(&b);
}

BOTH(a_port_nobody_listens_at_harms_nothing)
{
    struct net_box a, b, gone;
    int sent = 0;

    net_box_on_loopback(&a, rig);
    net_box_on_loopback(&b, rig);
    net_box_on_loopback(&gone, rig);
    net_box_close(&gone);
    for (int i = 0; i < 20; i++) {
        enum omsp_status status = net_box_send(&a, &gone, "x", 1);

        ck_assert(status == OMSP_OK || status == OMSP_UNREACHABLE);
        net_send_number(&b, &a, sent++);
        net_pump(rig, &a.count, sent, 5 * SECOND);
        ck_assert_int_eq(atomic_load(&a.count), sent);
    }
    ck_assert_int_eq(a.errors, 0);
    net_box_close(&a);
    net_box_close(&b);
}

BOTH(the_other_family_is_unreachable)
{
    struct omsp_addr six = net_address("[::1]:20000");
    struct net_box a;

    net_box_on_loopback(&a, rig);
    ck_assert_int_eq(a.udp->loop->send(a.udp, &six, "x", 1), OMSP_UNREACHABLE);
    net_box_close(&a);
}

/* Is there an IPv6 loopback to test with? A machine without one says OMSP_INVALID, and only that.
 */
static bool has_ip6(struct net_rig *rig)
{
    struct net_box box = {0};
    enum omsp_status status = net_box_open(&box, rig, net_address("::1"));

    if (status == OMSP_OK)
        net_box_close(&box);
    else
        ck_assert_int_eq(status, OMSP_INVALID);
    ck_assert(status == OMSP_OK || !rig->sim);
    if (status != OMSP_OK)
        printf("no IPv6 loopback here\n");
    return status == OMSP_OK;
}

BOTH(ip6_loopback_carries_datagrams)
{
    struct net_box a = {0}, b = {0};

    if (!has_ip6(rig))
        return;
    ck_assert_int_eq(net_box_open(&a, rig, net_address("::1")), OMSP_OK);
    ck_assert_int_eq(net_box_open(&b, rig, net_address("::1")), OMSP_OK);
    b.echoes = true;
    net_send_number(&a, &b, 0);
    net_pump(rig, &a.count, 1, 5 * SECOND);
    ck_assert_int_eq(atomic_load(&a.count), 1);
    ck_assert(omsp_addr_equal(&a.from, &b.addr));
    ck_assert(omsp_addr_equal(&b.from, &a.addr));
    ck_assert_int_eq(a.disorder + b.disorder, 0);
    net_box_close(&a);
    net_box_close(&b);
}

BOTH(ip4_and_ip6_share_a_port_number)
{
    struct omsp_addr any = net_address("::");
    struct net_box four, six = {0};

    if (!has_ip6(rig))
        return;
    net_box_on_loopback(&four, rig);
    any.port = four.addr.port;
    ck_assert_int_eq(net_box_open(&six, rig, any), OMSP_OK);
    net_send_number(&four, &four, 0);
    net_pump(rig, &four.count, 1, 5 * SECOND);
    ck_assert_int_eq(atomic_load(&four.count), 1);
    ck_assert_int_eq(atomic_load(&six.count), 0);
    net_box_close(&four);
    net_box_close(&six);
}

/* ---- what fails ---------------------------------------------------------------------------- */

static void live_once(struct net_rig *rig)
{
    struct omsp_net_loop *loop = NULL;
    struct omsp_addr addr = net_address("127.0.0.1");
    struct net_box box = {.rig = rig};
    enum omsp_status status = rig->ports->loop_create(rig->ports->ctx, &loop);
    struct omsp_udp init;

    net_box_init(&box, &init);
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
            loop->wait(loop, net_now(rig) + 100000);
        ck_assert_int_eq(atomic_load(&box.closed), 1);
    }
    loop->destroy(loop);
}

static void system_walk(void *ctx)
{
    struct net_rig rig = {.ports = omsp_system_ports()};

    (void)ctx;
    live_once(&rig);
}

static void sim_walk(void *ctx)
{
    struct net_rig rig = {0};

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
    struct net_box kept[64] = {0};
    struct net_rig rig;
    enum omsp_status status = OMSP_OK;
    int opened = 0;

    net_rig_up(&rig, false);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    low = before;
    low.rlim_cur = 32;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &low), 0);
    while (opened < 64 && status == OMSP_OK) {
        status = net_box_open(&kept[opened], &rig, net_address("127.0.0.1"));
        opened += status == OMSP_OK;
    }
    setrlimit(RLIMIT_NOFILE, &before);
    ck_assert_int_eq(status, OMSP_FULL);
    while (opened--)
        net_box_close(&kept[opened]);
    net_rig_down(&rig);
}
END_TEST
#endif

OMSP_SUITE("net_loop", TEST_BOTH(port_0_is_replaced_by_the_real_one),
           TEST_BOTH(an_address_in_use_is_refused),
           TEST_BOTH(an_address_that_is_not_ours_is_invalid),
           TEST_BOTH(an_address_is_free_again_once_closed),
           TEST_BOTH(closing_at_once_after_opening_is_fine),
           TEST_BOTH(hundreds_of_sockets_live_side_by_side),
           TEST_BOTH(a_datagram_comes_with_its_bytes_and_source),
           TEST_BOTH(an_empty_datagram_comes),
           TEST_BOTH(the_longest_comes_and_a_longer_one_is_dropped),
           TEST_BOTH(each_socket_gets_its_own), TEST_BOTH(a_burst_comes_whole_and_in_order),
           TEST_BOTH(a_port_nobody_listens_at_harms_nothing),
           TEST_BOTH(the_other_family_is_unreachable), TEST_BOTH(ip6_loopback_carries_datagrams),
           TEST_BOTH(ip4_and_ip6_share_a_port_number), TEST(running_out_of_memory_leaks_nothing)
#ifndef _WIN32
                                                           ,
           TEST(no_more_descriptors_is_full)
#endif
)
