/* What a suite that hangs tells of its threads. */
#include "support/stacks.h"
#include "support/suite.h"

#include "port/lock.h"
#include "port/thread.h"

#include <string.h>

static struct {
    struct omsp_lock lock;
    struct omsp_cond changed;
    bool there, go;
} meeting;

static void wait_inside(void *arg)
{
    (void)arg;
    omsp_lock_acquire(&meeting.lock);
    meeting.there = true;
    omsp_cond_broadcast(&meeting.changed);
    while (!meeting.go)
        omsp_cond_wait(&meeting.changed, &meeting.lock, UINT64_MAX);
    omsp_lock_release(&meeting.lock);
}

START_TEST(a_thread_that_waits_is_told)
{
    struct omsp_thread *thread;
    char line[512];
    unsigned threads = 0, frames = 0, said;
    FILE *out = tmpfile();

    ck_assert_ptr_nonnull(out);
    omsp_lock_init(&meeting.lock);
    omsp_cond_init(&meeting.changed);
    ck_assert_int_eq(omsp_thread_start(wait_inside, NULL, "waits", &thread), OMSP_OK);
    omsp_lock_acquire(&meeting.lock);
    while (!meeting.there)
        omsp_cond_wait(&meeting.changed, &meeting.lock, UINT64_MAX);
    omsp_lock_release(&meeting.lock);
    said = omsp_stacks_print(out);
    omsp_lock_acquire(&meeting.lock);
    meeting.go = true;
    omsp_cond_broadcast(&meeting.changed);
    omsp_lock_release(&meeting.lock);
    omsp_thread_join(thread);
#ifndef __SANITIZE_THREAD__ /* which keeps signals back from threads that wait */
    ck_assert_uint_ge(said, 1);
#endif
    fseek(out, 0, SEEK_SET);
    while (fgets(line, sizeof(line), out)) {
        threads += !strncmp(line, "thread ", 7);
        frames += strncmp(line, "thread ", 7) && strncmp(line, "module ", 7);
    }
    fclose(out);
    ck_assert_uint_ge(threads, said);
    ck_assert_uint_ge(frames, 3 * said);
    omsp_cond_destroy(&meeting.changed);
    omsp_lock_destroy(&meeting.lock);
}
END_TEST

OMSP_SUITE("stacks", TEST(a_thread_that_waits_is_told))
