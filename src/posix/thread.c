/*
 * Threads over pthreads. The block is shared by the thread and its owner and freed by whoever is
 * last, so that a detached thread can still be asked whether it is the current one.
 *
 * Our threads take no signals but those that a fault raises: a process that embeds us expects its
 * handlers to run on its own threads, and a write beyond RLIMIT_FSIZE must answer EFBIG, not
 * SIGXFSZ.
 */
#include "port/thread.h"

#include "base/alloc.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define NAME_ROOM 16 /* what Linux keeps, terminator included */

struct omsp_thread {
    omsp_thread_fn fn;
    void *arg;
    pthread_t handle; /* the starter's to use; the thread itself never reads it */
    atomic_int refs;
    char name[NAME_ROOM];
};

static _Thread_local const struct omsp_thread *current;

static void unref(struct omsp_thread *thread)
{
    if (atomic_fetch_sub(&thread->refs, 1) == 1)
        omsp_free(thread);
}

static void *run(void *arg)
{
    struct omsp_thread *thread = arg;

    current = thread;
    pthread_setname_np(pthread_self(), thread->name);
    thread->fn(thread->arg);
    current = NULL;
    unref(thread);
    return NULL;
}

static int create_masked(struct omsp_thread *thread)
{
    sigset_t mask, before;
    int error;

    sigfillset(&mask);
    sigdelset(&mask, SIGSEGV);
    sigdelset(&mask, SIGBUS);
    sigdelset(&mask, SIGFPE);
    sigdelset(&mask, SIGILL);
    sigdelset(&mask, SIGTRAP);
    sigdelset(&mask, SIGABRT);
    pthread_sigmask(SIG_SETMASK, &mask, &before);
    error = pthread_create(&thread->handle, NULL, run, thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

enum omsp_status omsp_thread_start(omsp_thread_fn fn, void *arg, const char *name,
                                   struct omsp_thread **out)
{
    struct omsp_thread *thread = omsp_zalloc(sizeof(*thread));
    int error;

    if (!thread)
        return OMSP_NOMEM;
    thread->fn = fn;
    thread->arg = arg;
    strncpy(thread->name, name, NAME_ROOM - 1);
    atomic_init(&thread->refs, 2);
    error = create_masked(thread);
    if (error) {
        omsp_free(thread);
        return error == ENOMEM ? OMSP_NOMEM : OMSP_FULL;
    }
    *out = thread;
    return OMSP_OK;
}

void omsp_thread_join(struct omsp_thread *thread)
{
    if (pthread_join(thread->handle, NULL))
        abort();
    unref(thread);
}

void omsp_thread_detach(struct omsp_thread *thread)
{
    if (pthread_detach(thread->handle))
        abort();
    unref(thread);
}

unsigned omsp_thread_processors(void)
{
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof(set), &set) ? 0 : CPU_COUNT(&set);

    return count > 0 ? (unsigned)count : 1;
}

bool omsp_thread_is_current(const struct omsp_thread *thread)
{
    return current == thread;
}
