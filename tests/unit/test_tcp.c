/*
 * What port/tcp.h promises of plain connections, asked of the system's adapter and of the simulated
 * one with the same bodies. TLS: test_tls.c.
 */
#include "support/tcp_rig.h"

#include <stdlib.h>
#include <string.h>

/* ---- connecting ---------------------------------------------------------------------------- */

BOTH(what_an_echo_gets_comes_back)
{
    struct tcp_far far;
    struct tcp_box box;
    uint64_t before = tcp_now(rig);

    tcp_far_open(&far, rig, TCP_ECHO);
    tcp_box_open(&box, &far);
    ck_assert(box.tcp->send_anywhere);
    tcp_box_send(&box, "hello", 5);
    tcp_pump(rig, &box.got, 5, 5 * SECOND);
    ck_assert_str_eq(box.text, "hello");
    ck_assert(box.at >= before && box.at <= tcp_now(rig));
    tcp_box_close(&box);
    ck_assert_int_eq(atomic_load(&box.ended), 0);
    tcp_far_close(&far);
    ck_assert_int_eq(atomic_load(&far.accepted), 1);
}

static void ends_unopened(struct tcp_rig *rig, enum tcp_manner manner, enum omsp_tcp_end end,
                          unsigned timeout_ms, uint64_t earliest, uint64_t latest)
{
    struct tcp_far far;
    struct tcp_box box = {0};
    struct omsp_tcp_target target = {.host = "127.0.0.1", .timeout_ms = timeout_ms};
    uint64_t before, took;

    tcp_far_open(&far, rig, manner);
    target.port = far.port;
    before = tcp_now(rig);
    tcp_box_dial_to(&box, rig, &target);
    tcp_pump(rig, &box.ended, 1, 10 * SECOND);
    took = tcp_now(rig) - before;
    ck_assert_int_eq(atomic_load(&box.ended), 1);
    ck_assert_int_eq(box.end, end);
    ck_assert_int_eq(atomic_load(&box.opened), 0);
    ck_assert_msg(took >= earliest && took < latest, "%llu us", (unsigned long long)took);
    tcp_box_close(&box);
    tcp_far_close(&far);
}

BOTH(a_port_without_listener_is_refused)
{
    ends_unopened(rig, TCP_NOBODY, OMSP_TCP_REFUSED, 5000, 0, 4 * SECOND);
}

BOTH(who_does_not_answer_times_out)
{
    ends_unopened(rig, TCP_SILENT, OMSP_TCP_TIMEOUT, 300, 299000, SECOND);
}

BOTH(a_name_that_is_none_is_refused)
{
    static const char *const names[] = {"",      "a b",    "user@127.0.0.1", "127.0.0.1/x",
                                        "[::1]", "nobody#"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct omsp_tcp_target target = {.host = names[i], .port = 24000, .timeout_ms = 5000};
        struct tcp_box box = {0};

        tcp_box_dial_to(&box, rig, &target);
        tcp_pump(rig, &box.ended, 1, 5 * SECOND);
        ck_assert_int_eq(atomic_load(&box.ended), 1);
        ck_assert_int_eq(box.end, OMSP_TCP_REFUSED);
        tcp_box_close(&box);
    }
}

START_TEST(system_a_name_is_looked_up)
{
    struct tcp_rig rig;
    struct tcp_far far;
    struct tcp_box box = {0};
    struct omsp_tcp_target target = {.host = "localhost", .timeout_ms = 5000};

    tcp_rig_up(&rig, false);
    tcp_far_open(&far, &rig, TCP_ECHO);
    target.port = far.port;
    tcp_box_dial_to(&box, &rig, &target);
    tcp_pump(&rig, &box.opened, 1, 5 * SECOND);
    ck_assert_int_eq(atomic_load(&box.opened), 1);
    tcp_box_close(&box);
    tcp_far_close(&far);
    tcp_rig_down(&rig);
}
END_TEST

BOTH(one_that_hangs_does_not_hold_up_others)
{
    struct tcp_far silent, echo;
    struct tcp_box slow[20], fast;
    uint64_t before;

    memset(slow, 0, sizeof(slow));
    tcp_far_open(&silent, rig, TCP_SILENT);
    for (int i = 0; i < 20; i++)
        tcp_box_dial(&slow[i], &silent);
    if (rig->sim) /* listens at the same port: take turns */
        tcp_idle(rig, 1000);
    tcp_far_open(&echo, rig, TCP_ECHO);
    before = tcp_now(rig);
    tcp_box_open(&fast, &echo);
    ck_assert_uint_lt(tcp_now(rig) - before, 2 * SECOND);
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(atomic_load(&slow[i].opened) + atomic_load(&slow[i].ended), 0);
        tcp_box_close(&slow[i]);
    }
    tcp_box_close(&fast);
    tcp_far_close(&echo);
    tcp_far_close(&silent);
}

BOTH(hundreds_live_side_by_side)
{
    static struct tcp_box boxes[300];
    struct tcp_far far;

    tcp_far_open(&far, rig, TCP_ECHO);
    memset(boxes, 0, sizeof(boxes));
    for (int i = 0; i < 300; i++)
        tcp_box_dial(&boxes[i], &far);
    for (int i = 0; i < 300; i++) {
        tcp_pump(rig, &boxes[i].opened, 1, 20 * SECOND);
        ck_assert_int_eq(atomic_load(&boxes[i].opened), 1);
    }
    for (int i = 0; i < 300; i++)
        tcp_box_send(&boxes[i], &i, sizeof(i));
    for (int i = 0; i < 300; i++) {
        tcp_pump(rig, &boxes[i].got, sizeof(i), 20 * SECOND);
        ck_assert_mem_eq(boxes[i].text, &i, sizeof(i));
    }
    for (int i = 0; i < 300; i++)
        tcp_box_close(&boxes[i]);
    tcp_far_close(&far);
}

/* ---- ending -------------------------------------------------------------------------------- */

BOTH(the_peers_last_words_come_before_its_orderly_end)
{
    struct tcp_far far;
    struct tcp_box box;
    size_t sent;

    tcp_far_open(&far, rig, TCP_BYE);
    tcp_box_open(&box, &far);
    tcp_box_send(&box, "x", 1);
    tcp_pump(rig, &box.ended, 1, 5 * SECOND);
    ck_assert_int_eq(atomic_load(&box.ended), 1);
    ck_assert_int_eq(box.end, OMSP_TCP_OK);
    ck_assert_str_eq(box.text, "bye");
    ck_assert_int_eq(rig->loop->send(box.tcp, "y", 1, &sent), OMSP_IO);
    tcp_idle(rig, 20000);
    tcp_box_close(&box);
    tcp_far_close(&far);
}

BOTH(a_reset_is_told_as_broken)
{
    struct tcp_far far;
    struct tcp_box box;

    tcp_far_open(&far, rig, TCP_RESET);
    tcp_box_open(&box, &far);
    tcp_box_send(&box, "x", 1);
    tcp_pump(rig, &box.ended, 1, 5 * SECOND);
    ck_assert_int_eq(atomic_load(&box.ended), 1);
    ck_assert_int_eq(box.end, OMSP_TCP_BROKEN);
    tcp_box_close(&box);
    tcp_far_close(&far);
}

BOTH(sending_into_a_reset_is_told_as_broken_and_raises_no_signal)
{
    struct tcp_far far;
    struct tcp_box box;
    enum omsp_status status = OMSP_OK;
    uint64_t end;
    size_t sent;

    tcp_far_open(&far, rig, TCP_RESET);
    tcp_box_open(&box, &far);
    tcp_box_send(&box, "x", 1);
    end = tcp_now(rig) + 5 * SECOND;
    /* Nobody waits meanwhile: sending meets the reset first. */
    while (status == OMSP_OK && tcp_now(rig) < end) {
        if (rig->sim)
            omsp_sim_run(rig->sim, tcp_now(rig) + 100);
        status = rig->loop->send(box.tcp, "y", 1, &sent);
    }
    ck_assert_int_eq(status, OMSP_IO);
    tcp_pump(rig, &box.ended, 1, 5 * SECOND);
    ck_assert_int_eq(atomic_load(&box.ended), 1);
    ck_assert_int_eq(box.end, OMSP_TCP_BROKEN);
    tcp_box_close(&box);
    tcp_far_close(&far);
}

BOTH(closing_is_noticed_by_the_peer_behind_the_bytes)
{
    struct tcp_far far;
    struct tcp_box box;
    uint8_t data[1000];

    tcp_far_open(&far, rig, TCP_HOLD);
    tcp_far_release(&far);
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = tcp_pattern(i);
    tcp_box_open(&box, &far);
    tcp_box_send(&box, data, sizeof(data));
    tcp_box_close(&box);
    tcp_pump(rig, &far.gone, 1, rig->sim ? SECOND : 0);
    for (uint64_t end = tcp_now(rig) + 5 * SECOND; !atomic_load(&far.gone) && tcp_now(rig) < end;)
        tcp_idle(rig, 1000);
    ck_assert_int_eq(atomic_load(&far.gone), 1);
    ck_assert_int_eq(atomic_load(&far.bytes), sizeof(data));
    ck_assert_int_eq(atomic_load(&far.bad), 0);
    tcp_far_close(&far);
}

BOTH(closing_while_dialling_tells_nothing_but_closed)
{
    struct tcp_far silent;

    tcp_far_open(&silent, rig, TCP_SILENT);
    for (int i = 0; i < 10; i++) {
        struct tcp_box box = {0};

        tcp_box_dial(&box, &silent);
        if (i % 2)
            tcp_idle(rig, 2000);
        tcp_box_close(&box);
        ck_assert_int_eq(atomic_load(&box.opened) + atomic_load(&box.ended), 0);
    }
    tcp_far_close(&silent);
}

BOTH(a_send_after_close_is_refused_and_reaches_nobody)
{
    struct tcp_far far;
    struct tcp_box box;
    size_t sent = 1;

    tcp_far_open(&far, rig, TCP_ECHO);
    tcp_box_open(&box, &far);
    box.closing = true;
    rig->loop->close(box.tcp);
    ck_assert_int_eq(rig->loop->send(box.tcp, "late", 4, &sent), OMSP_IO);
    ck_assert_uint_eq(sent, 0);
    tcp_pump(rig, &box.closed, 1, 5 * SECOND);
    ck_assert_int_eq(atomic_load(&box.closed), 1);
    tcp_pump(rig, &far.gone, 1, 5 * SECOND);
    ck_assert_int_eq(atomic_load(&far.gone), 1);
    ck_assert_int_eq(atomic_load(&far.bytes), 0);
    tcp_far_close(&far);
}

BOTH(callbacks_may_close)
{
    struct tcp_far echo, bye;
    struct tcp_box box = {.closes_on_open = true};

    tcp_far_open(&echo, rig, TCP_ECHO);
    tcp_box_dial(&box, &echo);
    tcp_pump(rig, &box.closed, 1, 5 * SECOND);
    ck_assert_int_eq(atomic_load(&box.opened), 1);
    tcp_box_close(&box);

    tcp_box_open(&box, &echo);
    box.closes_on_data = true;
    tcp_box_send(&box, "x", 1);
    tcp_pump(rig, &box.closed, 1, 5 * SECOND);
    ck_assert_int_eq(atomic_load(&box.got), 1);
    tcp_box_close(&box);
    tcp_far_close(&echo);

    tcp_far_open(&bye, rig, TCP_BYE);
    tcp_box_open(&box, &bye);
    box.closes_on_end = true;
    tcp_box_send(&box, "x", 1);
    tcp_pump(rig, &box.closed, 1, 5 * SECOND);
    ck_assert_int_eq(atomic_load(&box.ended), 1);
    tcp_box_close(&box);
    tcp_far_close(&bye);
}

/* ---- much data ----------------------------------------------------------------------------- */

BOTH(megabytes_go_there_and_back_unharmed)
{
    const size_t size = 3000000;
    uint8_t *data = malloc(size);
    struct tcp_far far;
    struct tcp_box box;

    ck_assert_ptr_nonnull(data);
    for (size_t i = 0; i < size; i++)
        data[i] = tcp_pattern(i);
    tcp_far_open(&far, rig, TCP_ECHO);
    tcp_box_open(&box, &far);
    tcp_box_send(&box, data, size);
    tcp_pump(rig, &box.got, (int)size, 30 * SECOND);
    ck_assert_int_eq(atomic_load(&box.got), (int)size);
    ck_assert_int_eq(box.bad, 0);
    tcp_box_close(&box);
    tcp_far_close(&far);
    free(data);
}

BOTH(a_peer_that_does_not_read_gets_what_fits_and_room_is_told_once)
{
    static uint8_t data[65536];
    struct tcp_far far;
    struct tcp_box box;
    size_t total = 0, sent;
    int before;

    tcp_far_open(&far, rig, TCP_HOLD);
    tcp_box_open(&box, &far);
    do {
        for (size_t i = 0; i < sizeof(data); i++)
            data[i] = tcp_pattern(total + i);
        ck_assert_int_eq(rig->loop->send(box.tcp, data, sizeof(data), &sent), OMSP_OK);
        total += sent;
        ck_assert_uint_lt(total, 100000000);
    } while (sent == sizeof(data));
    /* The systems buffers may still grow or move on to the peer's for a moment. */
    tcp_idle(rig, 300000);
    do {
        before = atomic_load(&box.writable);
        for (size_t i = 0; i < sizeof(data); i++)
            data[i] = tcp_pattern(total + i);
        ck_assert_int_eq(rig->loop->send(box.tcp, data, sizeof(data), &sent), OMSP_OK);
        total += sent;
        tcp_idle(rig, 300000);
    } while (sent == sizeof(data) || atomic_load(&box.writable) != before);
    tcp_far_release(&far);
    tcp_pump(rig, &box.writable, before + 1, 10 * SECOND);
    for (uint64_t end = tcp_now(rig) + 10 * SECOND;
         (size_t)atomic_load(&far.bytes) < total && tcp_now(rig) < end;)
        tcp_idle(rig, 10000);
    ck_assert_uint_eq((size_t)atomic_load(&far.bytes), total);
    ck_assert_int_eq(atomic_load(&far.bad), 0);
    ck_assert_int_eq(atomic_load(&box.writable), before + 1);
    tcp_box_close(&box);
    tcp_far_close(&far);
}

/* ---- threads ------------------------------------------------------------------------------- */

struct sender {
    struct tcp_box *box;
    atomic_bool stop;
    atomic_int rounds;
    enum omsp_status status;
};

static void send_on(void *arg)
{
    struct sender *sender = arg;

    while (!atomic_load(&sender->stop)) {
        uint8_t data[500];
        size_t sent;

        memset(data, 7, sizeof(data));
        sender->status = sender->box->rig->loop->send(sender->box->tcp, data, sizeof(data), &sent);
        ck_assert(sender->status == OMSP_OK || sender->status == OMSP_IO);
        atomic_fetch_add(&sender->rounds, 1);
    }
}

START_TEST(system_closing_while_another_thread_sends_is_safe)
{
    struct tcp_rig rig;
    struct tcp_far far;

    tcp_rig_up(&rig, false);
    tcp_far_open(&far, &rig, TCP_ECHO);
    for (int i = 0; i < 20; i++) {
        struct tcp_box box;
        struct sender sender = {.box = &box};
        struct omsp_thread *thread;

        tcp_box_open(&box, &far);
        ck_assert_int_eq(omsp_thread_start(send_on, &sender, "sender", &thread), OMSP_OK);
        tcp_pump(&rig, &sender.rounds, 10 + i, 5 * SECOND);
        box.closing = true;
        rig.loop->close(box.tcp);
        /* The sender is somewhere inside; it stops before the loop thread frees. */
        atomic_store(&sender.stop, true);
        omsp_thread_join(thread);
        tcp_box_close(&box);
    }
    tcp_far_close(&far);
    tcp_rig_down(&rig);
}
END_TEST

START_TEST(system_closing_on_another_thread_races_the_end)
{
    struct tcp_rig rig;
    struct tcp_far far;

    tcp_rig_up(&rig, false);
    tcp_far_open(&far, &rig, TCP_BYE);
    for (int i = 0; i < 50; i++) {
        struct tcp_box box;

        tcp_box_open(&box, &far);
        tcp_box_send(&box, "x", 1);
        ck_assert_int_eq(
            omsp_thread_start((omsp_thread_fn)rig.loop->close, box.tcp, "closer", &rig.thread),
            OMSP_OK);
        tcp_pump(&rig, &box.closed, 1, 5 * SECOND);
        ck_assert_int_eq(atomic_load(&box.closed), 1);
        tcp_elsewhere_ends(&rig);
    }
    tcp_far_close(&far);
    tcp_rig_down(&rig);
}
END_TEST

START_TEST(system_sends_of_two_threads_do_not_mix_within_a_call)
{
    struct tcp_rig rig;
    struct tcp_far far;
    struct tcp_box box;
    struct sender sender = {.box = &box};
    struct omsp_thread *thread;

    tcp_rig_up(&rig, false);
    tcp_far_open(&far, &rig, TCP_HOLD);
    tcp_far_release(&far);
    tcp_box_open(&box, &far);
    ck_assert_int_eq(omsp_thread_start(send_on, &sender, "sender", &thread), OMSP_OK);
    for (int i = 0; i < 200; i++) {
        size_t sent;

        ck_assert_int_eq(rig.loop->send(box.tcp, "abc", 3, &sent), OMSP_OK);
        rig.loop->wait(rig.loop, 0);
    }
    atomic_store(&sender.stop, true);
    omsp_thread_join(thread);
    ck_assert_int_eq(sender.status, OMSP_OK);
    tcp_box_close(&box);
    tcp_far_close(&far);
    tcp_rig_down(&rig);
}
END_TEST

OMSP_SUITE("tcp", TEST_BOTH(what_an_echo_gets_comes_back),
           TEST_BOTH(a_port_without_listener_is_refused), TEST_BOTH(who_does_not_answer_times_out),
           TEST_BOTH(a_name_that_is_none_is_refused), TEST(system_a_name_is_looked_up),
           TEST_BOTH(one_that_hangs_does_not_hold_up_others), TEST_BOTH(hundreds_live_side_by_side),
           TEST_BOTH(the_peers_last_words_come_before_its_orderly_end),
           TEST_BOTH(a_reset_is_told_as_broken),
           TEST_BOTH(sending_into_a_reset_is_told_as_broken_and_raises_no_signal),
           TEST_BOTH(closing_is_noticed_by_the_peer_behind_the_bytes),
           TEST_BOTH(closing_while_dialling_tells_nothing_but_closed),
           TEST_BOTH(a_send_after_close_is_refused_and_reaches_nobody),
           TEST_BOTH(callbacks_may_close), TEST_BOTH(megabytes_go_there_and_back_unharmed),
           TEST_BOTH(a_peer_that_does_not_read_gets_what_fits_and_room_is_told_once),
           TEST(system_closing_while_another_thread_sends_is_safe),
           TEST(system_closing_on_another_thread_races_the_end),
           TEST(system_sends_of_two_threads_do_not_mix_within_a_call))
