/* The shared main of Check programs, and the failing, counting allocator. */
#include "support/suite.h"

#include "support/stacks.h"
#include "support/walk.h"

#include "base/alloc.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <malloc.h>
#ifdef _WIN32
#include <windows.h>
#define malloc_usable_size _msize
#endif

static _Atomic long outstanding, bytes, asked;
static _Atomic long countdown = -1;
static _Atomic bool failed, from_then_on;

bool omsp_test_sends_singly(void)
{
    const char *word = getenv("OMSP_IO_URING");

    return word && word[0] == '0';
}

unsigned omsp_test_seed(unsigned number)
{
    const char *text = getenv("OMSP_SEED");

    return number + (text ? (unsigned)strtoul(text, NULL, 10) * 2654435761u : 0);
}

bool omsp_test_alloc_turn(void)
{
    if (atomic_load(&countdown) < 0 || atomic_fetch_sub(&countdown, 1) != 0)
        return true;
    if (atomic_load(&from_then_on))
        atomic_store(&countdown, 0);
    atomic_store(&failed, true);
    return false;
}

bool omsp_test_task_turn(bool spied)
{
    return (spied || omsp_test_alloc_turn()) && omsp_walk_turn();
}

static void *counting_resize(void *ctx, void *ptr, size_t size)
{
    long had = ptr ? (long)malloc_usable_size(ptr) : 0;
    void *made;

    (void)ctx;
    atomic_fetch_add(&asked, 1);
    if (!omsp_test_alloc_turn() || !omsp_walk_turn())
        return NULL;
    made = realloc(ptr, size);
    if (made && !ptr)
        atomic_fetch_add(&outstanding, 1);
    if (made)
        atomic_fetch_add(&bytes, (long)malloc_usable_size(made) - had);
    return made;
}

static void counting_release(void *ctx, void *ptr)
{
    (void)ctx;
    atomic_fetch_sub(&outstanding, 1);
    atomic_fetch_sub(&bytes, (long)malloc_usable_size(ptr));
    free(ptr);
}

static const struct omsp_allocator counting = {counting_resize, counting_release, NULL};

void omsp_test_fail_alloc(long number)
{
    atomic_store(&failed, false);
    atomic_store(&from_then_on, false);
    atomic_store(&countdown, number);
}

void omsp_test_fail_allocs_from(long number)
{
    atomic_store(&failed, false);
    atomic_store(&from_then_on, true);
    atomic_store(&countdown, number);
}

void omsp_test_allow_alloc(void)
{
    atomic_store(&countdown, -1);
}

bool omsp_test_alloc_failed(void)
{
    return atomic_load(&failed);
}

long omsp_test_outstanding(void)
{
    return atomic_load(&outstanding);
}

long omsp_test_allocations(void)
{
    return atomic_load(&asked);
}

long omsp_test_bytes(void)
{
    return atomic_load(&bytes);
}

long omsp_test_alloc_walk(void (*body)(void *ctx), void *ctx)
{
    long before = omsp_test_outstanding();

    for (long n = 0;; n++) {
        bool hit;

        ck_assert_msg(n < 100000, "the allocation walk does not end");
        omsp_test_fail_alloc(n);
        body(ctx);
        hit = omsp_test_alloc_failed();
        omsp_test_allow_alloc();
        ck_assert_msg(omsp_test_outstanding() == before, "failing allocation %ld leaked %ld", n,
                      omsp_test_outstanding() - before);
        if (!hit)
            return n;
    }
}

#ifdef _WIN32
static LONG WINAPI on_crash(EXCEPTION_POINTERS *info)
{
    printf("crashed: exception 0x%08lx at %p\n",
           (unsigned long)info->ExceptionRecord->ExceptionCode,
           info->ExceptionRecord->ExceptionAddress);
    fflush(stdout);
    TerminateProcess(GetCurrentProcess(), 99);
    return EXCEPTION_EXECUTE_HANDLER;
}
#endif

static _Thread_local bool running;

bool omsp_suite_is_running(void)
{
    return running;
}

int omsp_suite_run(const char *name, const struct omsp_test_entry *tests, size_t count)
{
    Suite *suite;
    SRunner *runner;
    int bad;

#ifdef _WIN32
    SetUnhandledExceptionFilter(on_crash);
#endif
    omsp_allocator_set(&counting);
    if (omsp_walk_wanted())
        return omsp_walk_main(name, tests, count);
    suite = suite_create(name);
    omsp_stacks_watch();
    for (size_t i = 0; i < count; i++) {
        const TTest *test = *tests[i].test;
        TCase *tcase;

        if (tests[i].skipped) {
            printf("skipped here: %s\n", test->name);
            continue;
        }
        tcase = tcase_create(test->name);
        tcase_set_timeout(tcase, 0);
        tcase_add_test(tcase, test);
        suite_add_tcase(suite, tcase);
    }
    runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    running = true;
    srunner_run_all(runner, CK_NORMAL);
    running = false;
    bad = srunner_ntests_failed(runner);
    /* A line that only a run to the end prints: whoever reads the output requires it. */
    printf("suite %s: %d passed, %d failed\n", name, srunner_ntests_run(runner) - bad, bad);
    fflush(stdout);
    srunner_free(runner);
    return bad ? 1 : 0;
}
