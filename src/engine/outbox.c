/*
 * See outbox.h. A few forks at a time are locked, sent for in one call and unlocked. Their locks
 * are leaves, of which a thread has one: here they are only tried, so that nobody ever waits for
 * one of them while holding another. What somebody else holds is sent by itself afterwards.
 */
#include "engine/outbox.h"

#include "engine/fork_state.h"

#define TOGETHER 24 /* as many as port/tcp.h's adapters take in one call */

void omsp_outbox_init(struct omsp_outbox *outbox)
{
    omsp_list_init(&outbox->forks);
}

void omsp_outbox_put(struct omsp_outbox *outbox, struct omsp_fork *fork)
{
    if (!omsp_list_empty(&fork->due))
        return;
    omsp_fork_ref(fork);
    omsp_list_insert(&outbox->forks, &fork->due);
}

static struct omsp_fork *take(struct omsp_outbox *outbox)
{
    struct omsp_fork *fork;

    if (omsp_list_empty(&outbox->forks))
        return NULL;
    fork = omsp_container(outbox->forks.next, struct omsp_fork, due);
    omsp_list_remove(&fork->due);
    return fork;
}

static void send_singly(struct omsp_fork *fork)
{
    omsp_lock_acquire(&fork->lock);
    omsp_fork_pump(fork);
    omsp_lock_release(&fork->lock);
    omsp_fork_unref(fork);
}

/* As many as are sent for in one call. */
struct bundle {
    struct omsp_tcp_send sends[TOGETHER];
    struct omsp_fork *forks[TOGETHER]; /* locked, of sends */
    struct omsp_fork *busy[TOGETHER];  /* that somebody else holds */
    struct omsp_fork *done[TOGETHER];  /* that have nothing to send */
    unsigned count, busy_count, done_count;
};

static bool is_full(const struct bundle *bundle)
{
    return bundle->count + bundle->busy_count + bundle->done_count == TOGETHER;
}

static void add(struct bundle *bundle, struct omsp_fork *fork)
{
    if (!omsp_lock_try(&fork->lock)) {
        bundle->busy[bundle->busy_count++] = fork;
        return;
    }
    if (omsp_fork_offer(fork, &bundle->sends[bundle->count])) {
        bundle->forks[bundle->count++] = fork;
        return;
    }
    omsp_lock_release(&fork->lock);
    bundle->done[bundle->done_count++] = fork;
}

/* References go last, when no lock is held: one may be the last of a call. */
static void send_bundle(struct bundle *bundle)
{
    struct omsp_tcp_loop *loop = bundle->count ? bundle->sends[0].tcp->loop : NULL;

    if (loop)
        loop->send_many(loop, bundle->sends, bundle->count);
    for (unsigned i = 0; i < bundle->count; i++) {
        omsp_fork_offered(bundle->forks[i], &bundle->sends[i]);
        omsp_lock_release(&bundle->forks[i]->lock);
    }
    for (unsigned i = 0; i < bundle->count; i++)
        omsp_fork_unref(bundle->forks[i]);
    for (unsigned i = 0; i < bundle->done_count; i++)
        omsp_fork_unref(bundle->done[i]);
    for (unsigned i = 0; i < bundle->busy_count; i++)
        send_singly(bundle->busy[i]);
}

void omsp_outbox_send(struct omsp_outbox *outbox)
{
    struct omsp_fork *fork;

    while ((fork = take(outbox))) {
        struct bundle bundle;

        if (omsp_list_empty(&outbox->forks)) {
            send_singly(fork);
            return;
        }
        bundle.count = bundle.busy_count = bundle.done_count = 0;
        do
            add(&bundle, fork);
        while (!is_full(&bundle) && (fork = take(outbox)));
        send_bundle(&bundle);
    }
}
