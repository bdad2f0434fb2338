/*
 * Sends on several sockets that go to the system in one call, by io_uring. Each is asked not to
 * wait, so the kernel carries all of them out before the call returns: nothing is ever under way
 * between two calls, no buffer is lent, and a ring may change threads.
 *
 * What it saves is what a system call costs beside its work, and above all that whoever reads is
 * not woken between one send and the next. Containers often forbid io_uring, old kernels lack what
 * is asked for here (5.18), OMSP_IO_URING=0 in the environment says no: then there is no sender.
 */
#include "posix/posix.h"

#ifdef OMSP_URING

#include "base/alloc.h"

#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct omsp_sender {
    struct io_uring ring;
    bool broken; /* the ring is gone */
};

static bool is_forbidden(void)
{
    const char *word = getenv("OMSP_IO_URING");

    return word && !strcmp(word, "0");
}

struct omsp_sender *omsp_posix_sender_create(void)
{
    /* A send that fails does not keep those behind it from being tried. */
    struct io_uring_params params = {.flags = IORING_SETUP_SUBMIT_ALL};
    struct omsp_sender *sender = is_forbidden() ? NULL : omsp_zalloc(sizeof(*sender));

    if (sender && io_uring_queue_init_params(OMSP_SENDER_MAX, &sender->ring, &params)) {
        omsp_free(sender);
        sender = NULL;
    }
    return sender;
}

void omsp_posix_sender_destroy(struct omsp_sender *sender)
{
    if (!sender->broken)
        io_uring_queue_exit(&sender->ring);
    omsp_free(sender);
}

static void send_singly(struct omsp_sock_send *one)
{
    one->failed = omsp_posix_sock_send(one->sock, one->data, one->len, &one->sent) != OMSP_OK;
}

/* As omsp_posix_sock_send judges it. */
static void settle(struct omsp_sock_send *one, int result)
{
    if (result >= 0)
        one->sent = (size_t)result;
    else if (result == -EINTR)
        send_singly(one);
    else
        one->failed =
            result != -EAGAIN && result != -EWOULDBLOCK && result != -ENOBUFS && result != -ENOMEM;
}

/* Answers how many came. */
static unsigned reap(struct omsp_sender *sender, struct omsp_sock_send *sends)
{
    struct io_uring_cqe *cqe;
    unsigned head, count = 0;

    io_uring_for_each_cqe(&sender->ring, head, cqe)
    {
        settle(&sends[cqe->user_data], cqe->res);
        count++;
    }
    io_uring_cq_advance(&sender->ring, count);
    return count;
}

/* The system took no more than a part: what it did not take goes without the ring from now on. */
static void give_up(struct omsp_sender *sender, struct omsp_sock_send *sends, unsigned count,
                    unsigned done)
{
    unsigned taken = count - io_uring_sq_ready(&sender->ring);
    struct io_uring_cqe *cqe;

    while (done < taken && !io_uring_wait_cqe(&sender->ring, &cqe))
        done += reap(sender, sends);
    for (unsigned i = 0; i < taken && done < taken; i++)
        sends[i].failed |= !sends[i].sent; /* nobody knows what became of it: the connection ends */
    for (unsigned i = taken; i < count; i++)
        send_singly(&sends[i]);
    io_uring_queue_exit(&sender->ring);
    sender->broken = true;
}

void omsp_posix_sender_send(struct omsp_sender *sender, struct omsp_sock_send *sends,
                            unsigned count)
{
    unsigned done = 0;

    for (unsigned i = 0; i < count; i++) {
        sends[i].sent = 0;
        sends[i].failed = false;
    }
    if (count == 1 || sender->broken) {
        for (unsigned i = 0; i < count; i++)
            send_singly(&sends[i]);
        return;
    }
    for (unsigned i = 0; i < count; i++) {
        struct io_uring_sqe *sqe = io_uring_get_sqe(&sender->ring);

        io_uring_prep_send(sqe, sends[i].sock, sends[i].data, sends[i].len,
                           MSG_DONTWAIT | MSG_NOSIGNAL);
        sqe->user_data = i;
    }
    while (done < count) {
        int result = io_uring_submit_and_wait(&sender->ring, count - done);

        done += reap(sender, sends);
        if (result < 0 && result != -EINTR) {
            give_up(sender, sends, count, done);
            return;
        }
    }
}

#endif
