/*
 * An assertion that fails on a thread of a test's own: Check's way out is a jump to a frame on
 * another thread's stack, of which a 32-bit Windows program dies without a word (0xc0000029) and
 * others go on with whatever they find. The program starts itself again to see what a suite does.
 */
#include "support/suite.h"

#include "port/thread.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef _WIN32
#define popen           _popen
#define pclose          _pclose
#define EXIT_CODE(code) (code)
#else
#include <sys/wait.h>
#define EXIT_CODE(code) (WIFEXITED(code) ? WEXITSTATUS(code) : -1)
#endif

static const char *self;

static void wrong(void *arg)
{
    ck_assert_msg(arg != NULL, "said by another thread");
}

START_TEST(fails_elsewhere)
{
    struct omsp_thread *thread;

    ck_assert_int_eq(omsp_thread_start(wrong, NULL, "fails", &thread), OMSP_OK);
    omsp_thread_join(thread);
}
END_TEST

START_TEST(one_of_another_thread_is_told_and_ends_the_program)
{
    bool told = false, ended = false;
    char line[1024];
    FILE *out;
    int status;

    snprintf(line, sizeof(line), "\"%s\" --fails", self);
    out = popen(line, "r");
    ck_assert_ptr_nonnull(out);
    while (fgets(line, sizeof(line), out)) {
        told |= strstr(line, "test_assertion.c:") && strstr(line, "said by another thread");
        ended |= strncmp(line, "suite ", 6) == 0;
    }
    status = pclose(out);
    ck_assert_msg(told, "it was not told");
    ck_assert(!ended);
    ck_assert_int_eq(EXIT_CODE(status), 2);
}
END_TEST

int main(int argc, char **argv)
{
    static const struct omsp_test_entry fails[] = {TEST(fails_elsewhere)};
    static const struct omsp_test_entry tells[] = {
        TEST(one_of_another_thread_is_told_and_ends_the_program)};
    static char plain[2][32] = {"OMSP_WALK=", "OMSP_WALK_CHILD="}; /* which tells in its own way */

    self = argv[0];
    if (argc == 1)
        return omsp_suite_run("assertion", tells, 1);
    putenv(plain[0]);
    putenv(plain[1]);
    return omsp_suite_run("fails", fails, 1);
}
