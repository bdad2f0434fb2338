/*
 * Locks and conditions. Bound at link time (posix/ or win/): they sit in every path and a table of
 * function pointers would cost more than the lock. Not recursive. The simulated build uses
 * posix/'s.
 */
#ifndef OMSP_PORT_LOCK_H
#define OMSP_PORT_LOCK_H

#include <stdbool.h>
#include <stdint.h>

struct omsp_lock {
    union {
        void *word;              /* SRWLOCK */
        unsigned char bytes[48]; /* pthread_mutex_t */
        long long align;
    } u;
};

struct omsp_cond {
    union {
        void *word;              /* CONDITION_VARIABLE */
        unsigned char bytes[64]; /* pthread_cond_t on CLOCK_MONOTONIC */
        long long align;
    } u;
};

void omsp_lock_init(struct omsp_lock *lock);
void omsp_lock_destroy(struct omsp_lock *lock);
void omsp_lock_acquire(struct omsp_lock *lock);
void omsp_lock_release(struct omsp_lock *lock);
/* True: it was free and is held now. Never waits. */
bool omsp_lock_try(struct omsp_lock *lock);

void omsp_cond_init(struct omsp_cond *cond);
void omsp_cond_destroy(struct omsp_cond *cond);
/* Waits at most timeout_us (UINT64_MAX: for ever); may wake for no reason. False on timeout. */
bool omsp_cond_wait(struct omsp_cond *cond, struct omsp_lock *lock, uint64_t timeout_us);
void omsp_cond_broadcast(struct omsp_cond *cond);

#endif
