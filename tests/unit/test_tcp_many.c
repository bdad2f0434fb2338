/*
 * Sends on many connections that go to the system together (port/tcp.h, send_many): each is what it
 * would have been alone. The same bodies are asked of the system's adapter and of the simulated
 * one; where there is no send_many, one send after the other has to do the same. How often the
 * system is called is counted where a single send would call it.
 */
#include "support/tcp_rig.h"

#include <string.h>

#define MANY 60

static atomic_int single_sends;

#ifndef _WIN32
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

ssize_t send(int fd, const void *data, size_t len, int flags)
{
    /* The far ends' own sends wait, ours never do. */
    if (flags & MSG_DONTWAIT && len > 0)
        atomic_fetch_add(&single_sends, 1);
    return syscall(SYS_sendto, fd, data, len, flags, NULL, 0);
}
#endif

static void send_all(struct tcp_rig *rig, struct omsp_tcp_send *sends, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        sends[i].sent = 77777;
        sends[i].status = OMSP_NOMEM;
    }
    if (rig->loop->send_many)
        rig->loop->send_many(rig->loop, sends, count);
    else
        for (unsigned i = 0; i < count; i++)
            sends[i].status =
                rig->loop->send(sends[i].tcp, sends[i].data, sends[i].len, &sends[i].sent);
}

static void open_all(struct tcp_rig *rig, struct tcp_box *boxes, unsigned count,
                     const struct tcp_far *far)
{
    memset(boxes, 0, count * sizeof(*boxes));
    for (unsigned i = 0; i < count; i++)
        tcp_box_dial(&boxes[i], far);
    for (unsigned i = 0; i < count; i++) {
        tcp_pump(rig, &boxes[i].opened, 1, 20 * SECOND);
        ck_assert_int_eq(atomic_load(&boxes[i].opened), 1);
    }
}

static void close_all(struct tcp_box *boxes, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        tcp_box_close(&boxes[i]);
}

BOTH(each_has_its_own_and_in_order)
{
    enum { ROUNDS = 20, LEN = 386 };
    static struct tcp_box boxes[MANY];
    static uint8_t data[MANY][LEN];
    struct omsp_tcp_send sends[MANY];
    struct tcp_far far;

    tcp_far_open(&far, rig, TCP_ECHO);
    open_all(rig, boxes, MANY, &far);
    atomic_store(&single_sends, 0);
    for (unsigned r = 0; r < ROUNDS; r++) {
        for (unsigned i = 0; i < MANY; i++) {
            /* Lengths differ, and one has nothing to say. */
            size_t len = i == 7 ? 0 : LEN - i;

            for (size_t k = 0; k < len; k++)
                data[i][k] = tcp_pattern(r * len + k);
            sends[i] = (struct omsp_tcp_send){.tcp = boxes[i].tcp, .data = data[i], .len = len};
        }
        send_all(rig, sends, MANY);
        for (unsigned i = 0; i < MANY; i++) {
            ck_assert_int_eq(sends[i].status, OMSP_OK);
            ck_assert_uint_eq(sends[i].sent, sends[i].len);
        }
    }
    for (unsigned i = 0; i < MANY; i++) {
        int whole = i == 7 ? 0 : (int)(ROUNDS * (LEN - i));

        tcp_pump(rig, &boxes[i].got, whole, 20 * SECOND);
        ck_assert_int_eq(atomic_load(&boxes[i].got), whole);
        ck_assert_int_eq(boxes[i].bad, 0);
        ck_assert_int_eq(atomic_load(&boxes[i].writable), 0);
    }
    if (!rig->sim && rig->loop->send_many)
        ck_assert_int_eq(atomic_load(&single_sends), 0);
    close_all(boxes, MANY);
    tcp_far_close(&far);
}

BOTH(who_has_no_room_takes_what_fits_and_is_told_of_room_once)
{
    enum { SLOW = 3, ALL = 6 };           /* every second one */
    unsigned count = rig->sim ? 1 : SLOW; /* a simulated far end releases its last one */
    static uint8_t data[ALL][20000];
    static struct tcp_box slow[SLOW], quick[SLOW];
    struct omsp_tcp_send sends[ALL];
    size_t total[ALL] = {0}, sum = 0;
    struct tcp_far hold, echo;
    bool full = false;

    tcp_far_open(&hold, rig, TCP_HOLD);
    open_all(rig, slow, count, &hold);
    if (rig->sim) /* listens at the same port: take turns */
        tcp_idle(rig, 1000);
    tcp_far_open(&echo, rig, TCP_ECHO);
    open_all(rig, quick, count, &echo);
    for (unsigned round = 0; !full; round++) {
        ck_assert_uint_lt(round, 10000);
        for (unsigned i = 0; i < 2 * count; i++) {
            for (size_t k = 0; k < sizeof(data[i]); k++)
                data[i][k] = tcp_pattern(total[i] + k);
            sends[i] = (struct omsp_tcp_send){
                .tcp = i % 2 ? quick[i / 2].tcp : slow[i / 2].tcp,
                .data = data[i],
                .len = i % 2 ? 100 : sizeof(data[i]),
            };
        }
        send_all(rig, sends, 2 * count);
        full = true;
        for (unsigned i = 0; i < 2 * count; i++) {
            ck_assert_int_eq(sends[i].status, OMSP_OK);
            ck_assert_uint_le(sends[i].sent, sends[i].len);
            if (i % 2)
                ck_assert_uint_eq(sends[i].sent, sends[i].len);
            else
                full &= sends[i].sent == 0; /* nothing fits any more: no error */
            total[i] += sends[i].sent;
        }
        for (unsigned i = 0; i < count; i++) /* they are read, and their room does not run out */
            tcp_pump(rig, &quick[i].got, (int)total[2 * i + 1], 10 * SECOND);
    }
    for (unsigned i = 0; i < count; i++) {
        ck_assert_int_eq(quick[i].bad, 0);
        ck_assert_int_eq(atomic_load(&quick[i].got), (int)total[2 * i + 1]);
        ck_assert_int_eq(atomic_load(&quick[i].writable), 0);
        sum += total[2 * i];
    }
    tcp_far_release(&hold);
    for (unsigned i = 0; i < count; i++) {
        tcp_pump(rig, &slow[i].writable, 1, 10 * SECOND);
        ck_assert_int_ge(atomic_load(&slow[i].writable), 1);
    }
    for (uint64_t end = tcp_now(rig) + 10 * SECOND;
         (size_t)atomic_load(&hold.bytes) < sum && tcp_now(rig) < end;)
        tcp_idle(rig, 10000);
    ck_assert_uint_eq((size_t)atomic_load(&hold.bytes), sum);
    close_all(slow, count);
    close_all(quick, count);
    tcp_far_close(&echo);
    tcp_far_close(&hold);
}

BOTH(one_that_broke_says_so_and_harms_nobody)
{
    static struct tcp_box good[8], bad;
    struct omsp_tcp_send sends[9];
    struct tcp_far reset, echo;
    int expected = 0;

    tcp_far_open(&reset, rig, TCP_RESET);
    tcp_box_open(&bad, &reset);
    if (rig->sim) /* listens at the same port: take turns */
        tcp_idle(rig, 1000);
    tcp_far_open(&echo, rig, TCP_ECHO);
    open_all(rig, good, 8, &echo);
    /* The first round has the peer reset it; later ones find it broken, at last. */
    for (unsigned round = 0; round < 50; round++) {
        for (unsigned i = 0; i < 9; i++)
            sends[i] = (struct omsp_tcp_send){.tcp = i < 4   ? good[i].tcp
                                                     : i > 4 ? good[i - 1].tcp
                                                             : bad.tcp,
                                              .data = "0123456789",
                                              .len = 10};
        send_all(rig, sends, 9);
        expected += 10;
        for (unsigned i = 0; i < 9; i++)
            if (i != 4) {
                ck_assert_int_eq(sends[i].status, OMSP_OK);
                ck_assert_uint_eq(sends[i].sent, 10);
            }
        for (unsigned i = 0; i < 8; i++) {
            tcp_pump(rig, &good[i].got, expected, 10 * SECOND);
            ck_assert_int_eq(atomic_load(&good[i].got), expected);
        }
        if (sends[4].status != OMSP_OK)
            break;
        tcp_idle(rig, 1000);
    }
    tcp_pump(rig, &bad.ended, 1, 10 * SECOND);
    ck_assert_int_eq(bad.end, OMSP_TCP_BROKEN);
    ck_assert_int_eq(rig->loop->send_many ? sends[4].status : OMSP_IO, OMSP_IO);
    ck_assert_uint_eq(sends[4].sent, 0);
    tcp_box_close(&bad);
    close_all(good, 8);
    tcp_far_close(&echo);
    tcp_far_close(&reset);
}

/* ---- threads ------------------------------------------------------------------------------- */

struct sender {
    struct tcp_rig *rig;
    struct tcp_box *boxes;
    unsigned count;
    atomic_bool stop;
    atomic_int rounds;
    atomic_llong sent;
};

static void send_on(void *arg)
{
    struct sender *sender = arg;
    struct omsp_tcp_send sends[MANY];
    uint8_t data[300];

    memset(data, 7, sizeof(data));
    while (!atomic_load(&sender->stop)) {
        for (unsigned i = 0; i < sender->count; i++)
            sends[i] = (struct omsp_tcp_send){
                .tcp = sender->boxes[i].tcp, .data = data, .len = sizeof(data)};
        send_all(sender->rig, sends, sender->count);
        for (unsigned i = 0; i < sender->count; i++) {
            ck_assert(sends[i].status == OMSP_OK || sends[i].status == OMSP_IO);
            atomic_fetch_add(&sender->sent, (long long)sends[i].sent);
        }
        atomic_fetch_add(&sender->rounds, 1);
    }
}

START_TEST(closing_while_another_thread_sends_to_many_is_safe)
{
    static struct tcp_box boxes[30];
    struct tcp_rig rig;
    struct tcp_far far;

    tcp_rig_up(&rig, false);
    tcp_far_open(&far, &rig, TCP_ECHO);
    for (int i = 0; i < 10; i++) {
        struct sender sender = {.rig = &rig, .boxes = boxes, .count = 30};
        struct omsp_thread *thread;

        open_all(&rig, boxes, 30, &far);
        ck_assert_int_eq(omsp_thread_start(send_on, &sender, "sender", &thread), OMSP_OK);
        tcp_pump(&rig, &sender.rounds, 5 + i, 10 * SECOND);
        for (int k = 0; k < 30; k += 3) {
            boxes[k].closing = true;
            rig.loop->close(boxes[k].tcp);
        }
        /* The sender is somewhere inside; it stops before the loop thread frees. */
        atomic_store(&sender.stop, true);
        omsp_thread_join(thread);
        close_all(boxes, 30);
    }
    tcp_far_close(&far);
    tcp_rig_down(&rig);
}
END_TEST

/* Three threads over the same connections: what one holds, another sends on by itself. */
START_TEST(threads_that_send_to_the_same_ones_lose_nothing)
{
    static struct tcp_box boxes[20];
    struct sender senders[3] = {0};
    struct omsp_thread *threads[3];
    struct tcp_rig rig;
    struct tcp_far far;
    long long sent = 0, got = 0;

    tcp_rig_up(&rig, false);
    tcp_far_open(&far, &rig, TCP_ECHO);
    open_all(&rig, boxes, 20, &far);
    for (int t = 0; t < 3; t++) {
        senders[t] = (struct sender){.rig = &rig, .boxes = boxes, .count = t ? 20 : 1};
        ck_assert_int_eq(omsp_thread_start(send_on, &senders[t], "sender", &threads[t]), OMSP_OK);
    }
    for (int t = 0; t < 3; t++)
        tcp_pump(&rig, &senders[t].rounds, 200, 20 * SECOND);
    for (int t = 0; t < 3; t++)
        atomic_store(&senders[t].stop, true);
    for (int t = 0; t < 3; t++) {
        omsp_thread_join(threads[t]);
        sent += atomic_load(&senders[t].sent);
    }
    for (uint64_t end = tcp_now(&rig) + 20 * SECOND; got < sent && tcp_now(&rig) < end;) {
        got = 0;
        for (int i = 0; i < 20; i++)
            got += atomic_load(&boxes[i].got);
        tcp_idle(&rig, 5000);
    }
    ck_assert_int_eq(got, sent);
    close_all(boxes, 20);
    tcp_far_close(&far);
    tcp_rig_down(&rig);
}
END_TEST

OMSP_SUITE("tcp_many", TEST_BOTH(each_has_its_own_and_in_order),
           TEST_BOTH(who_has_no_room_takes_what_fits_and_is_told_of_room_once),
           TEST_BOTH(one_that_broke_says_so_and_harms_nobody),
           TEST(closing_while_another_thread_sends_to_many_is_safe),
           TEST(threads_that_send_to_the_same_ones_lose_nothing))
