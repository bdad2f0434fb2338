/* What a suite that hangs tells of its threads. */
#include "support/stacks.h"
#include "support/suite.h"

#include "port/lock.h"
#include "port/thread.h"

#include <string.h>
#ifdef _WIN32
#include <windows.h>
#endif

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

#ifdef _WIN32
/* Until the parent ends it. */
static int child(const char *name)
{
    HANDLE there = OpenEventA(EVENT_MODIFY_STATE, FALSE, name);

    SetEvent(there);
    Sleep(INFINITE);
    return 0;
}

START_TEST(threads_of_another_process_are_told)
{
    STARTUPINFOA startup = {.cb = sizeof(startup)};
    char self[1024], command[1200], name[64], line[512];
    unsigned threads = 0, frames = 0, own = 0, said;
    PROCESS_INFORMATION process;
    HANDLE waited[2], there;
    FILE *out = tmpfile();

    ck_assert_ptr_nonnull(out);
    snprintf(name, sizeof(name), "omsp-stacks-%lu", GetCurrentProcessId());
    there = CreateEventA(NULL, TRUE, FALSE, name);
    ck_assert_uint_lt(GetModuleFileNameA(NULL, self, sizeof(self)), sizeof(self));
    snprintf(command, sizeof(command), "\"%s\" wait %s", self, name);
    ck_assert(CreateProcessA(self, command, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process));
    waited[0] = there;
    waited[1] = process.hProcess;
    ck_assert_uint_eq(WaitForMultipleObjects(2, waited, FALSE, 60000), WAIT_OBJECT_0);
    ck_assert(!omsp_stacks_hangs_in_wine(process.dwProcessId)); /* it waits */
    said = omsp_stacks_print_other(out, process.dwProcessId);
    TerminateProcess(process.hProcess, 0);
    CloseHandle(process.hThread);
    CloseHandle(process.hProcess);
    CloseHandle(there);
    fseek(out, 0, SEEK_SET);
    while (fgets(line, sizeof(line), out)) {
        threads += !strncmp(line, "thread ", 7);
        own += strstr(line, "test_stacks.exe+") != NULL;
        frames += strncmp(line, "  ", 2) == 0;
    }
    fclose(out);
    ck_assert_uint_ge(said, 1);
    ck_assert_uint_eq(threads, said);
    ck_assert_uint_ge(own, 1);
    ck_assert_uint_ge(frames, 3);
}
END_TEST

int main(int argc, char **argv)
{
    static const struct omsp_test_entry entries[] = {TEST(a_thread_that_waits_is_told),
                                                     TEST(threads_of_another_process_are_told)};

    return argc == 3 ? child(argv[2]) : omsp_suite_run("stacks", entries, 2);
}
#else
OMSP_SUITE("stacks", TEST(a_thread_that_waits_is_told))
#endif
