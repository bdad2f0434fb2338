/*
 * What every Check program here shares: one main, no fork (Wine has none; sanitizers and debuggers
 * like it better), a non-zero exit on any failure and on any crash, and an allocator that can fail
 * and counts what is outstanding.
 *
 *   OMSP_SUITE("rtp", TEST(parses_golden), TEST(refuses_truncated))
 */
#ifndef OMSP_TESTS_SUPPORT_SUITE_H
#define OMSP_TESTS_SUPPORT_SUITE_H

#ifdef _WIN32
#include <stdint.h> /* before check.h, whose own fallbacks would clash */
#endif
#include <check.h>
#include <stdbool.h>
#include <stddef.h>

/* Check writes to a file at every assertion that holds, for the parent of a forked test to know how
 * far it came. Nothing is forked here, and tables are checked by the million: leave it out. */
#define _mark_point(file, line) ((void)0)

/* In a run of the allocation walk (walk.h): was what an assertion looked at answered by a call that
 * has just told that memory ran out? Then, once, the same call is made again: it and the rest of
 * the test must do as if nothing had happened. */
bool omsp_walk_again(const char *file, int line, long long answer);

#undef ck_assert
#define ck_assert(expr)                                                                            \
    ck_assert_msg((expr) || (omsp_walk_again(__FILE__, __LINE__, 0) && (expr)),                    \
                  "Assertion '%s' failed", #expr)

#undef ck_assert_int_eq
#define ck_assert_int_eq(X, Y)                                                                     \
    do {                                                                                           \
        intmax_t _ck_x = (X);                                                                      \
        intmax_t _ck_y = (Y);                                                                      \
        if (_ck_x != _ck_y && _ck_x != 0 && omsp_walk_again(__FILE__, __LINE__, _ck_x))            \
            _ck_x = (X);                                                                           \
        ck_assert_msg(_ck_x == _ck_y, "Assertion '%s' failed: %s == %jd, %s == %jd", #X " == " #Y, \
                      #X, _ck_x, #Y, _ck_y);                                                       \
    } while (0)

#undef ck_assert_ptr_nonnull
#define ck_assert_ptr_nonnull(X)                                                                   \
    do {                                                                                           \
        const void *_ck_x = (X);                                                                   \
        if (!_ck_x && omsp_walk_again(__FILE__, __LINE__, 0))                                      \
            _ck_x = (X);                                                                           \
        ck_assert_msg(_ck_x != NULL, "Assertion '%s' failed", #X " != NULL");                      \
    } while (0)

struct omsp_test_entry {
    const TTest *const *test; /* START_TEST's variable */
    bool skipped;
};

#define TEST(name)                                                                                 \
    {                                                                                              \
        &name, false                                                                               \
    }

/* Needs what the native stand-in for Windows does not have. */
#ifdef OMSP_STANDIN
#define TEST_ON_WINDOWS(name)                                                                      \
    {                                                                                              \
        &name, true                                                                                \
    }
#else
#define TEST_ON_WINDOWS(name) TEST(name)
#endif

int omsp_suite_run(const char *name, const struct omsp_test_entry *tests, size_t count);

/* Is this its thread, between its beginning and its end? Elsewhere a failed assertion says so and
 * ends the process by 2: Check would jump to the runner's frame, on the stack of another thread. */
bool omsp_suite_is_running(void);

#define OMSP_SUITE(name, ...)                                                                      \
    int main(void)                                                                                 \
    {                                                                                              \
        static const struct omsp_test_entry entries[] = {__VA_ARGS__};                             \
        return omsp_suite_run(name, entries, sizeof(entries) / sizeof(entries[0]));                \
    }

/* Is this the run of the suite on a system that has no way for sends to go together? The system's
 * adapter looks at OMSP_IO_URING=0 itself; simulated systems are told. */
bool omsp_test_sends_singly(void);

/* For the random choices of a storm: number, or with OMSP_SEED=n in the environment another one for
 * each n, to look where the suite as it stands does not. */
unsigned omsp_test_seed(unsigned number);

/* ---- allocation walk ------------------------------------------------------------------------ */

/* Lets the allocation with this number (0: the next one) fail. */
void omsp_test_fail_alloc(long number);
/* That one and every later one; for one thread, for those of two at once may pass. */
void omsp_test_fail_allocs_from(long number);
/* Back to never failing. */
void omsp_test_allow_alloc(void);
/* Did an allocation fail since omsp_test_fail_alloc? */
bool omsp_test_alloc_failed(void);
/* Allocations through omsp_alloc & co. not yet freed. */
long omsp_test_outstanding(void);
/* How often memory was asked for by omsp_alloc & co. since the program began. */
long omsp_test_allocations(void);
/* Bytes of what is outstanding, as the C library rounds them up. */
long omsp_test_bytes(void);

/* For allocators of others that a test brings into the walk: it is this one's turn; false: it must
 * fail. */
bool omsp_test_alloc_turn(void);
/* The native stand-in's task memory: strings, arrays, copies of VARIANTs. In each kind of walk it
 * has its turn; spied: whose spy it is has asked omsp_test_alloc_turn itself. False: it must fail.
 */
bool omsp_test_task_turn(bool spied);

/* Runs body(ctx) again and again, with allocation 0, 1, 2, … failing, until a run in which none
 * failed; after each, nothing may be outstanding beyond what was before. Returns how many runs
 * failed an allocation. body asserts for itself what a failed allocation must answer:
 * omsp_test_alloc_failed() tells whether one did. */
long omsp_test_alloc_walk(void (*body)(void *ctx), void *ctx);

#endif
