/*
 * Slim locks and condition variables over futexes: no memory, nothing to be destroyed, zero is the
 * start, as on Windows. Their words are atomics, so that ThreadSanitizer sees what they order.
 */
#include "support/standin/standin.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define WRITER  0x80000000u
#define WAITING 0x40000000u

static void futex_wait(unsigned *word, unsigned seen, DWORD ms)
{
    struct timespec span = {ms / 1000, (long)(ms % 1000) * 1000000};

    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, seen, ms == INFINITE ? NULL : &span, NULL, 0);
}

static void futex_wake(unsigned *word, int count)
{
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

static unsigned load(unsigned *word)
{
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static bool change(unsigned *word, unsigned from, unsigned to)
{
    return __atomic_compare_exchange_n(word, &from, to, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

/* Once more, after the state has changed. */
static void wait_for_change(unsigned *word, unsigned seen)
{
    if ((seen & WAITING) || change(word, seen, seen | WAITING))
        futex_wait(word, seen | WAITING, INFINITE);
}

VOID WINAPI InitializeSRWLock(PSRWLOCK lock)
{
    lock->Ptr = NULL;
}

VOID WINAPI AcquireSRWLockExclusive(PSRWLOCK lock)
{
    unsigned *word = (unsigned *)&lock->Ptr;

    for (;;) {
        unsigned seen = load(word);

        if (!(seen & ~WAITING)) {
            if (change(word, seen, seen | WRITER))
                return;
        } else {
            wait_for_change(word, seen);
        }
    }
}

BOOLEAN WINAPI TryAcquireSRWLockExclusive(PSRWLOCK lock)
{
    return change((unsigned *)&lock->Ptr, 0, WRITER);
}

/* Who waits goes first: a writer is not kept out for ever. */
VOID WINAPI AcquireSRWLockShared(PSRWLOCK lock)
{
    unsigned *word = (unsigned *)&lock->Ptr;

    for (;;) {
        unsigned seen = load(word);

        if (!(seen & (WRITER | WAITING))) {
            if (change(word, seen, seen + 1))
                return;
        } else {
            wait_for_change(word, seen);
        }
    }
}

VOID WINAPI ReleaseSRWLockExclusive(PSRWLOCK lock)
{
    unsigned *word = (unsigned *)&lock->Ptr;
    unsigned seen = __atomic_exchange_n(word, 0, __ATOMIC_ACQ_REL);

    if (!(seen & WRITER))
        abort(); /* it was not held */
    if (seen & WAITING)
        futex_wake(word, INT_MAX);
}

VOID WINAPI ReleaseSRWLockShared(PSRWLOCK lock)
{
    unsigned *word = (unsigned *)&lock->Ptr;

    for (;;) {
        unsigned seen = load(word), left = seen - 1;

        if ((seen & WRITER) || !(seen & ~WAITING))
            abort(); /* it was not held */
        if (left == WAITING)
            left = 0;
        if (!change(word, seen, left))
            continue;
        if (!left && (seen & WAITING))
            futex_wake(word, INT_MAX);
        return;
    }
}

VOID WINAPI InitializeConditionVariable(PCONDITION_VARIABLE condition)
{
    condition->Ptr = NULL;
}

BOOL WINAPI SleepConditionVariableSRW(PCONDITION_VARIABLE condition, PSRWLOCK lock, DWORD ms,
                                      ULONG flags)
{
    unsigned *word = (unsigned *)&condition->Ptr, seen = load(word);
    UINT64 until = standin_now_us() + (UINT64)ms * 1000;
    bool shared = flags & CONDITION_VARIABLE_LOCKMODE_SHARED;
    bool woken;

    if (shared)
        ReleaseSRWLockShared(lock);
    else
        ReleaseSRWLockExclusive(lock);
    futex_wait(word, seen, ms);
    woken = load(word) != seen || ms == INFINITE || standin_now_us() < until;
    if (shared)
        AcquireSRWLockShared(lock);
    else
        AcquireSRWLockExclusive(lock);
    if (!woken)
        SetLastError(ERROR_TIMEOUT);
    return woken;
}

static void wake(PCONDITION_VARIABLE condition, int count)
{
    unsigned *word = (unsigned *)&condition->Ptr;

    __atomic_add_fetch(word, 1, __ATOMIC_ACQ_REL);
    futex_wake(word, count);
}

VOID WINAPI WakeConditionVariable(PCONDITION_VARIABLE condition)
{
    wake(condition, 1);
}

VOID WINAPI WakeAllConditionVariable(PCONDITION_VARIABLE condition)
{
    wake(condition, INT_MAX);
}

BOOL WINAPI InitOnceExecuteOnce(PINIT_ONCE once, PINIT_ONCE_FN make, PVOID parameter,
                                PVOID *context)
{
    static SRWLOCK lock = SRWLOCK_INIT;
    BOOL done = TRUE;

    AcquireSRWLockExclusive(&lock);
    if (!once->Ptr) {
        done = make(once, parameter, context);
        once->Ptr = done ? (PVOID)1 : NULL;
    }
    ReleaseSRWLockExclusive(&lock);
    return done;
}
