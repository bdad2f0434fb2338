/*
 * Sends on many plain connections at once, where the system has a cheaper way than one after the
 * other. Not what becomes of a connection by it (omsp_conn_sent). Any thread.
 *
 * All connections of a call to the system are held by their send_lock meanwhile. They are only
 * tried: one that another thread holds is sent on by itself afterwards, so that nobody ever waits
 * for one lock while holding another.
 */
#include "curl/tcp_conn.h"

static struct omsp_sender *take_sender(struct tcp_loop *loop)
{
    struct omsp_sender *sender = NULL;

    omsp_lock_acquire(&loop->senders_lock);
    if (loop->sender_count)
        sender = loop->senders[--loop->sender_count];
    omsp_lock_release(&loop->senders_lock);
    return sender ? sender : loop->os->sender_create();
}

static void give_back(struct tcp_loop *loop, struct omsp_sender *sender)
{
    bool kept = false;

    omsp_lock_acquire(&loop->senders_lock);
    if (loop->sender_count < SENDERS) {
        loop->senders[loop->sender_count++] = sender;
        kept = true;
    }
    omsp_lock_release(&loop->senders_lock);
    if (!kept)
        loop->os->sender_destroy(sender);
}

struct trial {
    const struct omsp_curl_os *os;
    bool worked;
};

static void try_sender(void *ctx)
{
    struct trial *trial = ctx;
    struct omsp_sender *sender = trial->os->sender_create();

    trial->worked = sender != NULL;
    if (sender)
        trial->os->sender_destroy(sender);
}

/* On a thread of its own: the system interrupts whoever made a ring once when the ring is taken
 * away, and calls of the application's thread, which made the engine, would be seen to fail by it.
 */
bool omsp_conn_may_send_many(struct tcp_loop *loop)
{
    struct trial trial = {loop->os, false};
    struct omsp_thread *thread;

    omsp_lock_init(&loop->senders_lock);
    if (loop->os->sender_create &&
        omsp_thread_start(try_sender, &trial, "omsp-trial", &thread) == OMSP_OK)
        omsp_thread_join(thread);
    return trial.worked;
}

void omsp_conn_drop_senders(struct tcp_loop *loop)
{
    while (loop->sender_count)
        loop->os->sender_destroy(loop->senders[--loop->sender_count]);
    omsp_lock_destroy(&loop->senders_lock);
}

static void send_singly(struct omsp_tcp_send *one)
{
    one->status = one->tcp->loop->send(one->tcp, one->data, one->len, &one->sent);
}

/* At most OMSP_SENDER_MAX. */
static void send_some(struct tcp_loop *loop, struct omsp_sender *sender,
                      struct omsp_tcp_send *sends, unsigned count)
{
    struct omsp_sock_send socks[OMSP_SENDER_MAX];
    struct omsp_tcp_send *of[OMSP_SENDER_MAX], *later[OMSP_SENDER_MAX];
    unsigned together = 0, left = 0;

    for (unsigned i = 0; i < count; i++) {
        struct tcp_conn *conn = (struct tcp_conn *)sends[i].tcp;

        sends[i].sent = 0;
        sends[i].status = OMSP_OK;
        if (!sends[i].len)
            continue;
        if (!omsp_lock_try(&conn->send_lock)) {
            later[left++] = &sends[i];
            continue;
        }
        if (!conn->open || atomic_load(&conn->closed)) {
            omsp_lock_release(&conn->send_lock);
            sends[i].status = OMSP_IO;
            continue;
        }
        of[together] = &sends[i];
        socks[together++] =
            (struct omsp_sock_send){.sock = conn->sock, .data = sends[i].data, .len = sends[i].len};
    }
    if (together)
        loop->os->sender_send(sender, socks, together);
    for (unsigned i = 0; i < together; i++) {
        struct tcp_conn *conn = (struct tcp_conn *)of[i]->tcp;

        of[i]->sent = socks[i].sent;
        of[i]->status = socks[i].failed ? OMSP_IO : OMSP_OK;
        omsp_conn_sent(loop, conn, of[i]->status, socks[i].sent, socks[i].len);
        omsp_lock_release(&conn->send_lock);
    }
    for (unsigned i = 0; i < left; i++)
        send_singly(later[i]);
}

void omsp_conn_send_many(struct omsp_tcp_loop *base, struct omsp_tcp_send *sends, unsigned count)
{
    struct tcp_loop *loop = (struct tcp_loop *)base;
    struct omsp_sender *sender = count > 1 ? take_sender(loop) : NULL;

    for (unsigned at = 0; sender && at < count; at += OMSP_SENDER_MAX)
        send_some(loop, sender, sends + at,
                  count - at < OMSP_SENDER_MAX ? count - at : OMSP_SENDER_MAX);
    for (unsigned i = 0; !sender && i < count; i++)
        send_singly(&sends[i]);
    if (sender)
        give_back(loop, sender);
}
