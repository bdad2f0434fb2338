/*
 * Address and listeners: where events are queued and who is woken. Not here: what the events mean.
 */
#include "engine/objects.h"

#include "base/alloc.h"
#include "engine/devices.h"

#include <string.h>

enum omsp_status omsp_address_create(struct omsp_engine *engine, struct omsp_address **out)
{
    struct omsp_address *address = omsp_zalloc(sizeof(*address));

    if (!address)
        return OMSP_NOMEM;
    address->engine = engine;
    omsp_engine_ref(engine);
    omsp_cond_init(&address->bound);
    atomic_init(&address->refs, 1);
    atomic_init(&address->signals_due, false);
    omsp_lock_init(&address->lock);
    omsp_lock_init(&address->listeners_lock);
    omsp_list_init(&address->calls);
    omsp_list_init(&address->listeners);
    omsp_lock_acquire(&engine->registry_lock);
    omsp_list_insert(&engine->addresses, &address->registered);
    omsp_lock_release(&engine->registry_lock);
    *out = address;
    return OMSP_OK;
}

void omsp_address_ref(struct omsp_address *address)
{
    atomic_fetch_add(&address->refs, 1);
}

bool omsp_address_try_ref(struct omsp_address *address)
{
    unsigned refs = atomic_load(&address->refs);

    while (refs && !atomic_compare_exchange_weak(&address->refs, &refs, refs + 1))
        ;
    return refs != 0;
}

void omsp_address_release(struct omsp_address *address)
{
    if (!address || atomic_fetch_sub(&address->refs, 1) != 1)
        return;
    omsp_lock_acquire(&address->engine->registry_lock);
    omsp_list_remove(&address->registered);
    omsp_lock_release(&address->engine->registry_lock);
    omsp_lock_destroy(&address->listeners_lock);
    omsp_lock_destroy(&address->lock);
    omsp_cond_destroy(&address->bound);
    omsp_engine_unref(address->engine);
    omsp_free(address);
}

void omsp_address_shutdown(struct omsp_address *address)
{
    omsp_lock_acquire(&address->lock);
    address->shut = true;
    while (address->binding)
        omsp_cond_wait(&address->bound, &address->lock, UINT64_MAX);
    while (!omsp_list_empty(&address->calls)) {
        struct omsp_call *call = omsp_container(address->calls.next, struct omsp_call, link);

        omsp_call_ref(call);
        omsp_lock_release(&address->lock);
        omsp_call_shutdown(call);
        omsp_call_release(call);
        omsp_lock_acquire(&address->lock);
    }
    omsp_lock_release(&address->lock);
    omsp_devices_forget(address);

    omsp_lock_acquire(&address->engine->later_lock);
    address->quiet = true;
    omsp_lock_release(&address->engine->later_lock);
    omsp_lock_acquire(&address->listeners_lock);
    omsp_list_each(link, &address->listeners)
    {
        struct omsp_listener *listener = omsp_container(link, struct omsp_listener, link);

        omsp_mailbox_purge(listener->mailbox, 0);
    }
    omsp_lock_release(&address->listeners_lock);
}

/* ---- listeners ------------------------------------------------------------------------------ */

static void listener_release(struct omsp_listener *listener)
{
    if (atomic_fetch_sub(&listener->refs, 1) != 1)
        return;
    omsp_mailbox_destroy(listener->mailbox);
    omsp_lock_destroy(&listener->signal_lock);
    omsp_address_release(listener->address);
    omsp_free(listener);
}

enum omsp_status omsp_address_listen(struct omsp_address *address, omsp_signal_fn signal, void *ctx,
                                     struct omsp_listener **out)
{
    struct omsp_listener *listener = omsp_zalloc(sizeof(*listener));
    enum omsp_status status;

    if (!listener)
        return OMSP_NOMEM;
    status = omsp_mailbox_create(address->engine->config.queue_limit, &listener->mailbox);
    if (status) {
        omsp_free(listener);
        return status;
    }
    omsp_lock_init(&listener->signal_lock);
    omsp_list_init(&listener->later);
    listener->signal = signal;
    listener->ctx = ctx;
    listener->address = address;
    omsp_address_ref(address);
    atomic_init(&listener->refs, 1);
    atomic_init(&listener->due, false);
    omsp_lock_acquire(&address->listeners_lock);
    omsp_list_insert(&address->listeners, &listener->link);
    omsp_lock_release(&address->listeners_lock);
    *out = listener;
    return OMSP_OK;
}

unsigned omsp_address_listeners(struct omsp_address *address)
{
    unsigned count = 0;

    omsp_lock_acquire(&address->listeners_lock);
    omsp_list_each(link, &address->listeners)
    {
        count++;
    }
    omsp_lock_release(&address->listeners_lock);
    return count;
}

void omsp_listener_close(struct omsp_listener *listener)
{
    if (!listener)
        return;
    omsp_lock_acquire(&listener->address->listeners_lock);
    omsp_list_remove(&listener->link);
    omsp_lock_release(&listener->address->listeners_lock);
    omsp_lock_acquire(&listener->address->engine->later_lock);
    omsp_list_remove(&listener->later);
    omsp_lock_release(&listener->address->engine->later_lock);
    omsp_lock_acquire(&listener->signal_lock);
    listener->signal = NULL;
    omsp_lock_release(&listener->signal_lock);
    listener_release(listener);
}

enum omsp_status omsp_listener_take(struct omsp_listener *listener,
                                    bool (*fits)(void *ctx, const struct omsp_event *head),
                                    void *ctx, struct omsp_event *out)
{
    return omsp_mailbox_take(listener->mailbox, fits, ctx, out);
}

void omsp_listener_get_stats(struct omsp_listener *listener, struct omsp_queue_stats *out)
{
    omsp_mailbox_get_stats(listener->mailbox, out);
}

/* ---- posting -------------------------------------------------------------------------------- */

static struct omsp_blob *blob_copy(const struct omsp_blob *blob)
{
    struct omsp_blob *copy = omsp_alloc(sizeof(*copy) + blob->len);

    if (copy) {
        copy->len = blob->len;
        memcpy(copy->data, blob->data, blob->len);
    }
    return copy;
}

#define SIGNAL_AGAIN_US 1000000

/* own: takes the blob itself, else a copy of it. */
static enum omsp_status post_one(struct omsp_listener *listener, const struct omsp_event *event,
                                 bool own)
{
    struct omsp_event copy = *event;
    enum omsp_status status;
    bool edge;

    if (event->blob && !own) {
        copy.blob = blob_copy(event->blob);
        if (!copy.blob)
            return OMSP_NOMEM;
    }
    status = omsp_mailbox_post(listener->mailbox, &copy, &edge);
    /* Who waits for a manual-reset event and resets it too late has lost a wake-up; it is not the
     * last one. */
    if (edge || event->at_us - listener->signalled_us >= SIGNAL_AGAIN_US) {
        listener->signalled_us = event->at_us;
        atomic_store(&listener->due, true);
        atomic_store(&listener->address->signals_due, true);
    }
    return status;
}

enum omsp_status omsp_address_post(struct omsp_address *address, const struct omsp_event *event)
{
    struct omsp_event stamped = *event;
    enum omsp_status status = OMSP_OK;

    stamped.at_us = omsp_engine_now_us(address->engine);
    omsp_lock_acquire(&address->listeners_lock);
    omsp_list_each(link, &address->listeners)
    {
        bool last = link->next == &address->listeners;
        enum omsp_status one =
            post_one(omsp_container(link, struct omsp_listener, link), &stamped, last);

        if (one)
            status = one;
        if (last)
            stamped.blob = NULL;
    }
    omsp_lock_release(&address->listeners_lock);
    omsp_free(stamped.blob); /* nobody listens */
    return status;
}

/* The next listener that waits for its wake-up, with a reference. */
static struct omsp_listener *next_due(struct omsp_address *address)
{
    struct omsp_listener *found = NULL;

    omsp_lock_acquire(&address->listeners_lock);
    omsp_list_each(link, &address->listeners)
    {
        struct omsp_listener *listener = omsp_container(link, struct omsp_listener, link);

        if (atomic_exchange(&listener->due, false)) {
            atomic_fetch_add(&listener->refs, 1);
            found = listener;
            break;
        }
    }
    omsp_lock_release(&address->listeners_lock);
    return found;
}

/* The caller's reference goes with it. */
static void call_signal(struct omsp_listener *listener)
{
    omsp_lock_acquire(&listener->signal_lock);
    if (listener->signal)
        listener->signal(listener->ctx);
    omsp_lock_release(&listener->signal_lock);
    listener_release(listener);
}

void omsp_address_signal(struct omsp_address *address)
{
    struct omsp_listener *listener;

    /* Read first: whoever set it under the lock comes here too, and mostly nobody did. */
    if (!atomic_load_explicit(&address->signals_due, memory_order_relaxed) ||
        !atomic_exchange(&address->signals_due, false))
        return;
    while ((listener = next_due(address)))
        call_signal(listener);
}

/* ---- signals that come later ---------------------------------------------------------------- */

#define LATER_US 500000

/* later_lock. The heap has room for it at any time. */
static void arm_later(struct omsp_engine *engine)
{
    struct omsp_worker *worker = &engine->workers[0];
    struct omsp_listener *first = omsp_container(engine->later.next, struct omsp_listener, later);

    if (omsp_timers_arm(&worker->timers, &engine->signal_later, first->later_us))
        omsp_worker_wake(worker);
}

void omsp_listener_signal_later(struct omsp_listener *listener)
{
    struct omsp_engine *engine = listener->address->engine;

    omsp_lock_acquire(&engine->later_lock);
    if (!listener->address->quiet && omsp_list_empty(&listener->later)) {
        listener->later_us = omsp_engine_now_us(engine) + LATER_US;
        omsp_list_insert(&engine->later, &listener->later);
        if (engine->later.next == &listener->later)
            arm_later(engine);
    }
    omsp_lock_release(&engine->later_lock);
}

/* The next one that is due, with a reference; NULL: none, and the timer is set for whoever waits.
 * Whoever is in the list was not closed. */
static struct omsp_listener *next_late(struct omsp_engine *engine, uint64_t now_us)
{
    struct omsp_listener *found = NULL;

    omsp_lock_acquire(&engine->later_lock);
    while (!found && !omsp_list_empty(&engine->later)) {
        struct omsp_listener *first =
            omsp_container(engine->later.next, struct omsp_listener, later);

        if (first->later_us > now_us) {
            arm_later(engine);
            break;
        }
        omsp_list_remove(&first->later);
        if (first->address->quiet)
            continue;
        atomic_fetch_add(&first->refs, 1);
        found = first;
    }
    omsp_lock_release(&engine->later_lock);
    return found;
}

void omsp_address_signal_later(struct omsp_timer *timer, uint64_t now_us)
{
    struct omsp_engine *engine = omsp_container(timer, struct omsp_engine, signal_later);
    struct omsp_listener *listener;

    while ((listener = next_late(engine, now_us)))
        call_signal(listener);
}
