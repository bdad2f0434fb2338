/*
 * A thread that runs tasks one after the other: the engine has one for control (state changes that
 * media workers noticed) and one for the disk. Tasks are intrusive: posting allocates nothing and
 * posting one that waits already changes nothing.
 */
#ifndef OMSP_ENGINE_RUNNER_H
#define OMSP_ENGINE_RUNNER_H

#include "base/list.h"
#include "base/status.h"
#include "port/lock.h"

#include <stdbool.h>

struct omsp_thread;

struct omsp_task {
    struct omsp_link link;
    bool waiting; /* runner's lock */
    /* On the runner's thread, no lock held. The task may be posted again from here. */
    void (*run)(struct omsp_task *task);
};

struct omsp_runner {
    struct omsp_lock lock;
    struct omsp_cond cond;
    struct omsp_link tasks;
    struct omsp_thread *thread; /* NULL: manual, omsp_runner_drain does the work */
    bool stopping;
    bool closed; /* nobody will run tasks any more */
};

enum omsp_posted {
    OMSP_POSTED,         /* it will run */
    OMSP_POSTED_ALREADY, /* it was waiting: the owner keeps the reference that it meant to hand over
                          */
    OMSP_POST_CLOSED,    /* it will never run, likewise */
};

void omsp_task_init(struct omsp_task *task, void (*run)(struct omsp_task *task));
/* manual: no thread. OMSP_NOMEM, OMSP_FULL. */
enum omsp_status omsp_runner_init(struct omsp_runner *runner, const char *name, bool manual);
/* Runs what waits, ends the thread and takes no more tasks. */
void omsp_runner_stop(struct omsp_runner *runner);
/* Stopped. */
void omsp_runner_destroy(struct omsp_runner *runner);
/* Any thread, under any lock but the runner's own. */
enum omsp_posted omsp_runner_post(struct omsp_runner *runner, struct omsp_task *task);
/* Manual mode: runs what waits; true if there was anything. */
bool omsp_runner_drain(struct omsp_runner *runner);

#endif
