/*
 * A system that has no memory for what is sent, though the socket itself has room and says so all
 * the time: what it takes to wait for memory must not be a whole processor.
 */
#include "support/tcp_rig.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_bool is_short;
static atomic_int refused;

ssize_t send(int fd, const void *data, size_t len, int flags)
{
    /* The far ends' own sends wait, ours never do. */
    if (atomic_load(&is_short) && flags & MSG_DONTWAIT && len > 0) {
        atomic_fetch_add(&refused, 1);
        errno = ENOBUFS;
        return -1;
    }
    return syscall(SYS_sendto, fd, data, len, flags, NULL, 0);
}

/* As whoever has something to say does when it is told of room. */
static void send_again(void *owner)
{
    struct tcp_box *box = owner;
    size_t sent;

    ck_assert_int_eq(box->rig->loop->send(box->tcp, "\0", 1, &sent), OMSP_OK);
    atomic_fetch_add(&box->writable, 1);
}

static void begin(struct tcp_box *box, struct tcp_far *far, struct tcp_rig *rig)
{
    struct omsp_tcp_target target = {.host = "127.0.0.1", .timeout_ms = 5000};
    struct omsp_tcp init;
    size_t sent;

    tcp_rig_up(rig, false);
    tcp_far_open(far, rig, TCP_ECHO);
    tcp_box_init(box, rig, &init);
    init.on_writable = send_again;
    target.port = far->port;
    ck_assert_int_eq(rig->loop->dial(rig->loop, &init, &target, &box->tcp), OMSP_OK);
    tcp_pump(rig, &box->opened, 1, 5 * SECOND);
    ck_assert_int_eq(atomic_load(&box->opened), 1);
    atomic_store(&is_short, true);
    ck_assert_int_eq(rig->loop->send(box->tcp, "\0", 1, &sent), OMSP_OK);
    ck_assert_uint_eq(sent, 0);
}

static void end(struct tcp_box *box, struct tcp_far *far, struct tcp_rig *rig)
{
    tcp_box_close(box);
    atomic_store(&is_short, false);
    tcp_far_close(far);
    tcp_rig_down(rig);
}

START_TEST(a_system_without_memory_is_not_asked_all_the_time)
{
    struct tcp_box box = {0};
    struct tcp_rig rig;
    struct tcp_far far;

    begin(&box, &far, &rig);
    tcp_idle(&rig, SECOND / 2);
    ck_assert_int_ge(atomic_load(&refused), 2); /* asked again, but */
    ck_assert_int_le(atomic_load(&refused), 60);
    ck_assert_int_eq(atomic_load(&box.ended), 0);
    atomic_store(&is_short, false);
    tcp_pump(&rig, &box.got, 1, 5 * SECOND);
    ck_assert_int_ge(atomic_load(&box.got), 1);
    end(&box, &far, &rig);
}
END_TEST

START_TEST(what_waits_for_memory_can_be_closed)
{
    struct tcp_box box = {0};
    struct tcp_rig rig;
    struct tcp_far far;

    begin(&box, &far, &rig);
    tcp_pump(&rig, &box.writable, 2, 5 * SECOND);
    ck_assert_int_ge(atomic_load(&box.writable), 2);
    end(&box, &far, &rig);
}
END_TEST

OMSP_SUITE("tcp_shortage", TEST(a_system_without_memory_is_not_asked_all_the_time),
           TEST(what_waits_for_memory_can_be_closed))
