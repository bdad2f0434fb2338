/*
 * Locks and conditions over slim reader/writer locks. Not recursive, nothing to free: destroy only
 * exists for the contract.
 */
#include "port/lock.h"

#include <windows.h>

_Static_assert(sizeof(SRWLOCK) == sizeof(void *), "SRWLOCK is a word");
_Static_assert(sizeof(CONDITION_VARIABLE) == sizeof(void *), "CONDITION_VARIABLE is a word");

static SRWLOCK *srw_of(struct omsp_lock *lock)
{
    return (SRWLOCK *)(void *)&lock->u.word;
}

static CONDITION_VARIABLE *cond_of(struct omsp_cond *cond)
{
    return (CONDITION_VARIABLE *)(void *)&cond->u.word;
}

void omsp_lock_init(struct omsp_lock *lock)
{
    InitializeSRWLock(srw_of(lock));
}

void omsp_lock_destroy(struct omsp_lock *lock)
{
    (void)lock;
}

void omsp_lock_acquire(struct omsp_lock *lock)
{
    AcquireSRWLockExclusive(srw_of(lock));
}

void omsp_lock_release(struct omsp_lock *lock)
{
    ReleaseSRWLockExclusive(srw_of(lock));
}

bool omsp_lock_try(struct omsp_lock *lock)
{
    return TryAcquireSRWLockExclusive(srw_of(lock));
}

void omsp_cond_init(struct omsp_cond *cond)
{
    InitializeConditionVariable(cond_of(cond));
}

void omsp_cond_destroy(struct omsp_cond *cond)
{
    (void)cond;
}

bool omsp_cond_wait(struct omsp_cond *cond, struct omsp_lock *lock, uint64_t timeout_us)
{
    DWORD ms = INFINITE;

    if (timeout_us != UINT64_MAX) {
        uint64_t rounded = timeout_us / 1000 + (timeout_us % 1000 != 0);

        ms = rounded < INFINITE ? (DWORD)rounded : INFINITE - 1;
    }
    return SleepConditionVariableSRW(cond_of(cond), srw_of(lock), ms, 0) != 0;
}

void omsp_cond_broadcast(struct omsp_cond *cond)
{
    WakeAllConditionVariable(cond_of(cond));
}
