/* The task thread. Its lock is a leaf: tasks run without it. */
#include "engine/runner.h"

#include "port/thread.h"

void omsp_task_init(struct omsp_task *task, void (*run)(struct omsp_task *task))
{
    omsp_list_init(&task->link);
    task->waiting = false;
    task->run = run;
}

/* Lock held; answers NULL when nothing waits. */
static struct omsp_task *pop(struct omsp_runner *runner)
{
    struct omsp_task *task;

    if (omsp_list_empty(&runner->tasks))
        return NULL;
    task = omsp_container(runner->tasks.next, struct omsp_task, link);
    omsp_list_remove(&task->link);
    task->waiting = false;
    return task;
}

static void runner_main(void *arg)
{
    struct omsp_runner *runner = arg;

    omsp_lock_acquire(&runner->lock);
    for (;;) {
        struct omsp_task *task = pop(runner);

        if (task) {
            omsp_lock_release(&runner->lock);
            task->run(task);
            omsp_lock_acquire(&runner->lock);
        } else if (runner->stopping) {
            runner->closed = true;
            break;
        } else {
            omsp_cond_wait(&runner->cond, &runner->lock, UINT64_MAX);
        }
    }
    omsp_lock_release(&runner->lock);
}

enum omsp_status omsp_runner_init(struct omsp_runner *runner, const char *name, bool manual)
{
    enum omsp_status status = OMSP_OK;

    omsp_lock_init(&runner->lock);
    omsp_cond_init(&runner->cond);
    omsp_list_init(&runner->tasks);
    runner->thread = NULL;
    runner->stopping = runner->closed = false;
    if (!manual)
        status = omsp_thread_start(runner_main, runner, name, &runner->thread);
    if (status) {
        omsp_cond_destroy(&runner->cond);
        omsp_lock_destroy(&runner->lock);
    }
    return status;
}

void omsp_runner_stop(struct omsp_runner *runner)
{
    if (runner->thread) {
        omsp_lock_acquire(&runner->lock);
        runner->stopping = true;
        omsp_cond_broadcast(&runner->cond);
        omsp_lock_release(&runner->lock);
        omsp_thread_join(runner->thread);
        runner->thread = NULL;
        return;
    }
    for (bool closed = false; !closed;) {
        omsp_runner_drain(runner);
        omsp_lock_acquire(&runner->lock);
        closed = runner->closed = omsp_list_empty(&runner->tasks);
        omsp_lock_release(&runner->lock);
    }
}

void omsp_runner_destroy(struct omsp_runner *runner)
{
    omsp_cond_destroy(&runner->cond);
    omsp_lock_destroy(&runner->lock);
}

enum omsp_posted omsp_runner_post(struct omsp_runner *runner, struct omsp_task *task)
{
    enum omsp_posted posted = OMSP_POSTED_ALREADY;

    omsp_lock_acquire(&runner->lock);
    if (runner->closed) {
        posted = OMSP_POST_CLOSED;
    } else if (!task->waiting) {
        task->waiting = true;
        posted = OMSP_POSTED;
        if (omsp_list_empty(&runner->tasks))
            omsp_cond_broadcast(&runner->cond);
        omsp_list_insert(&runner->tasks, &task->link);
    }
    omsp_lock_release(&runner->lock);
    return posted;
}

bool omsp_runner_drain(struct omsp_runner *runner)
{
    bool any = false;

    for (;;) {
        struct omsp_task *task;

        omsp_lock_acquire(&runner->lock);
        task = pop(runner);
        omsp_lock_release(&runner->lock);
        if (!task)
            return any;
        task->run(task);
        any = true;
    }
}
