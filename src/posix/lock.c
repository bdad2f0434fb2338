/*
 * Locks and conditions over pthreads. Not recursive, and no fairness promised. A misuse that
 * pthreads can see (destroying a held lock, releasing another thread's) ends the process: going on
 * would hide a bug behind rarer ones.
 */
#include "port/lock.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

_Static_assert(sizeof(pthread_mutex_t) <= sizeof(struct omsp_lock), "room for the mutex");
_Static_assert(sizeof(pthread_cond_t) <= sizeof(struct omsp_cond), "room for the condition");
_Static_assert(_Alignof(pthread_mutex_t) <= _Alignof(struct omsp_lock), "alignment");
_Static_assert(_Alignof(pthread_cond_t) <= _Alignof(struct omsp_cond), "alignment");

/* Longer waits are cut to this, so that the sum with the clock fits a time_t of 32 bits. */
#define LONGEST_S 1000000000u

static pthread_mutex_t *mutex_of(struct omsp_lock *lock)
{
    return (pthread_mutex_t *)(void *)lock->u.bytes;
}

static pthread_cond_t *cond_of(struct omsp_cond *cond)
{
    return (pthread_cond_t *)(void *)cond->u.bytes;
}

static void must(int error)
{
    if (error)
        abort();
}

void omsp_lock_init(struct omsp_lock *lock)
{
    must(pthread_mutex_init(mutex_of(lock), NULL));
}

void omsp_lock_destroy(struct omsp_lock *lock)
{
    must(pthread_mutex_destroy(mutex_of(lock)));
}

void omsp_lock_acquire(struct omsp_lock *lock)
{
    must(pthread_mutex_lock(mutex_of(lock)));
}

void omsp_lock_release(struct omsp_lock *lock)
{
    must(pthread_mutex_unlock(mutex_of(lock)));
}

bool omsp_lock_try(struct omsp_lock *lock)
{
    int error = pthread_mutex_trylock(mutex_of(lock));

    must(error == EBUSY ? 0 : error);
    return !error;
}

void omsp_cond_init(struct omsp_cond *cond)
{
    pthread_condattr_t attr;

    must(pthread_condattr_init(&attr));
    /* The wall clock may jump; a wait must not. */
    must(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC));
    must(pthread_cond_init(cond_of(cond), &attr));
    pthread_condattr_destroy(&attr);
}

void omsp_cond_destroy(struct omsp_cond *cond)
{
    must(pthread_cond_destroy(cond_of(cond)));
}

bool omsp_cond_wait(struct omsp_cond *cond, struct omsp_lock *lock, uint64_t timeout_us)
{
    struct timespec until;
    uint64_t seconds = timeout_us / 1000000;
    int error;

    if (timeout_us == UINT64_MAX) {
        must(pthread_cond_wait(cond_of(cond), mutex_of(lock)));
        return true;
    }
    if (seconds > LONGEST_S)
        seconds = LONGEST_S;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)seconds;
    until.tv_nsec += (long)(timeout_us % 1000000) * 1000;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        until.tv_sec++;
    }
    error = pthread_cond_timedwait(cond_of(cond), mutex_of(lock), &until);
    if (error != ETIMEDOUT)
        must(error);
    return error == 0;
}

void omsp_cond_broadcast(struct omsp_cond *cond)
{
    must(pthread_cond_broadcast(cond_of(cond)));
}
