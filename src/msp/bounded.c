/*
 * A thread for foreign code and a bound for who waits for it (bounded.h). Not here: what the work
 * is. The lock is a leaf; no code of others runs under it.
 */
#include "msp/bounded.h"

#include "com/module.h"

#include <objbase.h>

struct waiter {
    struct omsp_link link;
    unsigned round;
    HANDLE done;
};

HRESULT msp_bounded_init(struct msp_bounded *bounded, const struct msp_bounded_hooks *hooks,
                         void *owner)
{
    bounded->hooks = hooks;
    bounded->owner = owner;
    InitializeSRWLock(&bounded->lock);
    omsp_list_init(&bounded->waiters);
    bounded->wake = CreateEventW(NULL, FALSE, FALSE, NULL);
    return bounded->wake ? S_OK : E_OUTOFMEMORY;
}

void msp_bounded_fini(struct msp_bounded *bounded)
{
    if (bounded->wake)
        CloseHandle(bounded->wake);
}

static bool reached(unsigned done, unsigned round)
{
    return (int)(done - round) >= 0;
}

/* Lock held. */
static void finish(struct msp_bounded *bounded, unsigned round)
{
    bounded->done = round;
    bounded->stuck = false;
    omsp_list_each(link, &bounded->waiters)
    {
        struct waiter *waiter = omsp_container(link, struct waiter, link);

        if (reached(round, waiter->round))
            SetEvent(waiter->done);
    }
}

/* Until there is nothing to do. */
static void work(struct msp_bounded *bounded, bool may_stay)
{
    bool keep = false;

    for (;;) {
        unsigned round;

        AcquireSRWLockExclusive(&bounded->lock);
        round = bounded->asked;
        if (bounded->done == round && !(keep && may_stay)) {
            bounded->running = false;
            ReleaseSRWLockExclusive(&bounded->lock);
            return;
        }
        ReleaseSRWLockExclusive(&bounded->lock);
        if (bounded->done == round) {
            WaitForSingleObject(bounded->wake, INFINITE);
            continue;
        }
        keep = bounded->hooks->run(bounded->owner);
        AcquireSRWLockExclusive(&bounded->lock);
        finish(bounded, round);
        ReleaseSRWLockExclusive(&bounded->lock);
    }
}

static void thread_main(void *ctx)
{
    struct msp_bounded *bounded = ctx;
    bool initialised = SUCCEEDED(CoInitializeEx(NULL, COINIT_MULTITHREADED));

    work(bounded, true);
    bounded->hooks->unref(bounded->owner);
    if (initialised)
        CoUninitialize();
}

/* Asks; false: nobody does it, and the owner has a reference for who does. */
static bool begin(struct msp_bounded *bounded, unsigned *round)
{
    bool start;

    AcquireSRWLockExclusive(&bounded->lock);
    *round = ++bounded->asked;
    start = !bounded->running;
    bounded->running = true;
    ReleaseSRWLockExclusive(&bounded->lock);
    if (!start) {
        SetEvent(bounded->wake);
        return true;
    }
    bounded->hooks->ref(bounded->owner);
    return SUCCEEDED(com_module_thread(thread_main, bounded, NULL));
}

unsigned msp_bounded_ask(struct msp_bounded *bounded)
{
    unsigned round;

    if (!begin(bounded, &round)) {
        work(bounded, false);
        bounded->hooks->unref(bounded->owner);
    }
    return round;
}

bool msp_bounded_ask_thread(struct msp_bounded *bounded)
{
    unsigned round;

    if (begin(bounded, &round))
        return true;
    AcquireSRWLockExclusive(&bounded->lock);
    bounded->running = false;
    ReleaseSRWLockExclusive(&bounded->lock);
    bounded->hooks->unref(bounded->owner);
    return false;
}

/* True: signalled. In a single-threaded apartment calls are let in: the work may need them. */
static bool wait_for(HANDLE done, ULONGLONG until)
{
    ULONGLONG now = GetTickCount64();
    DWORD left = now < until ? (DWORD)(until - now) : 0, index;
    HRESULT hr = CoWaitForMultipleHandles(0, left, 1, &done, &index);

    if (hr == CO_E_NOTINITIALIZED)
        return WaitForSingleObject(done, left) == WAIT_OBJECT_0;
    return hr == S_OK;
}

bool msp_bounded_wait(struct msp_bounded *bounded, unsigned round, ULONGLONG until)
{
    struct waiter waiter = {.round = round};
    bool done, waits;

    AcquireSRWLockExclusive(&bounded->lock);
    done = reached(bounded->done, round);
    waits = !done && !bounded->stuck;
    if (waits) {
        waiter.done = CreateEventW(NULL, TRUE, FALSE, NULL);
        waits = waiter.done != NULL;
    }
    if (waits)
        omsp_list_insert(&bounded->waiters, &waiter.link);
    ReleaseSRWLockExclusive(&bounded->lock);
    if (!waits)
        return done;
    wait_for(waiter.done, until);
    AcquireSRWLockExclusive(&bounded->lock);
    omsp_list_remove(&waiter.link);
    done = reached(bounded->done, round);
    bounded->stuck |= !done;
    ReleaseSRWLockExclusive(&bounded->lock);
    CloseHandle(waiter.done);
    return done;
}
