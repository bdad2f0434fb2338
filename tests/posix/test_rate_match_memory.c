/* A conversion that is to be bent when there is no memory for it goes on as it was, and is bent
 * when there is: libspeexdsp's own enlarging of its tables is what fails here. */
#include "support/suite.h"

#include "media/rate_match.h"

#include <math.h>
#include <stdlib.h>

static bool failing;

/* A sanitizer's, where there is one; else the C library's. It is called before a sanitizer is
 * ready, for dlsym and for being watched itself. */
extern void *__interceptor_realloc(void *ptr, size_t size) __attribute__((weak));
extern void *__libc_realloc(void *ptr, size_t size);

__attribute__((no_sanitize("thread"))) void *realloc(void *ptr, size_t size)
{
    if (failing)
        return NULL;
    return __interceptor_realloc ? __interceptor_realloc(ptr, size) : __libc_realloc(ptr, size);
}

/* The loudest of a tenth of a second, of what was as loud as 10000 before. */
static int loudest(struct omsp_rate_match *match, unsigned *at, size_t *count)
{
    int most = 0;

    *count = 0;
    for (unsigned i = 0; i < 10; i++) {
        int16_t in[80], out[1000];
        size_t used, got;

        for (unsigned k = 0; k < 80; k++)
            in[k] = (int16_t)lrint(10000 * sin((*at)++ * 0.35));
        got = omsp_rate_match_process(match, in, 80, &used, out, 1000);
        ck_assert_uint_eq(used, 80);
        for (size_t k = 0; k < got; k++)
            most = abs(out[k]) > most ? abs(out[k]) : most;
        *count += got;
    }
    return most;
}

START_TEST(a_bend_without_memory_changes_nothing_and_is_made_up_for)
{
    struct omsp_rate_match *match;
    unsigned at = 0;
    size_t count;

    ck_assert_int_eq(omsp_rate_match_create(8000, 48000, &match), OMSP_OK);
    loudest(match, &at, &count);
    failing = true;
    omsp_rate_match_bend(match, 5000);
    failing = false;
    ck_assert_int_ge(loudest(match, &at, &count), 9000);
    ck_assert_uint_ge(count, 4790); /* not bent */
    ck_assert_uint_eq(omsp_rate_match_need(match, 4800), 800);
    omsp_rate_match_bend(match, 5000);
    loudest(match, &at, &count); /* with what is in the filter still */
    ck_assert_int_ge(loudest(match, &at, &count), 9000);
    ck_assert_uint_le(count, 4790);
    ck_assert_uint_eq(omsp_rate_match_need(match, 4800), 804);
    omsp_rate_match_destroy(match);
}
END_TEST

OMSP_SUITE("rate_match_memory", TEST(a_bend_without_memory_changes_nothing_and_is_made_up_for))
