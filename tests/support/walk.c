/*
 * The general allocation walk: what fails next, and what a run's end means. Not how a process is
 * made (walk_process.c). The parent has one thread; turns are taken by any thread of a child.
 */
#include "support/walk.h"

#include "support/stacks.h"

#include "base/status.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PASSED_ALL    0   /* and no allocation failed */
#define PASSED_TOLD   40  /* though one failed */
#define REFUSED       41  /* an assertion failed */
#define REPEATED      42  /* the call that was told was made again, and the test passed */
#define LATER         43  /* an assertion failed after that */
#define COST_OF_RUN   0.1 /* s, a process more */
#define AT_ONCE       1.0 /* s */
#define OUT_OF_MEMORY ((int32_t)0x8007000E) /* E_OUTOFMEMORY */
#define EXCEPTION     ((int32_t)0x80020009) /* DISP_E_EXCEPTION: what a script sees of it */
#define MAX_PLACES    4096
#define MAX_REFUSALS  1024
#define MAX_KNOWN     65536
#define TAIL          6000 /* bytes of a finding's output that are shown */

/* ---- in the child --------------------------------------------------------------------------- */

static bool in_child;
static _Atomic long left = -1, seen;
static _Atomic bool hit, repeated;
static double hit_at;
static const char *repeated_file;
static int repeated_line;
static bool counting;
static atomic_flag places_busy = ATOMIC_FLAG_INIT;
static unsigned long long places[MAX_PLACES];
static long place_first[MAX_PLACES];
static size_t place_count;

static void note_place(long number)
{
    unsigned long long place = omsp_walk_place();
    size_t i;

    while (atomic_flag_test_and_set(&places_busy)) {
    }
    for (i = 0; i < place_count && places[i] != place; i++) {
    }
    if (i == place_count && place_count < MAX_PLACES) {
        places[place_count] = place;
        place_first[place_count++] = number;
    }
    atomic_flag_clear(&places_busy);
}

bool omsp_walk_turn(void)
{
    if (!in_child)
        return true;
    if (counting) {
        note_place(atomic_fetch_add(&seen, 1));
        return true;
    }
    if (atomic_load(&left) < 0 || atomic_fetch_sub(&left, 1) != 0)
        return true;
    hit_at = omsp_walk_clock();
    omsp_walk_keep_stack();
    atomic_store(&hit, true);
    return false;
}

/* What took longer than AT_ONCE had waited for something, and would wait again. */
bool omsp_walk_again(const char *file, int line, long long answer)
{
    if (!in_child || counting || !atomic_load(&hit) || omsp_walk_clock() - hit_at > AT_ONCE)
        return false;
    if (answer != 0 && answer != OMSP_NOMEM && (int32_t)answer != OUT_OF_MEMORY &&
        (int32_t)answer != EXCEPTION)
        return false;
    if (atomic_exchange(&repeated, true))
        return false;
    repeated_file = file;
    repeated_line = line;
    return true;
}

/* Check's own, through the linker's --wrap: in a child no assertion unwinds anything, for the
 * thread may be another than the test's, and what the frames hold is still held. */
void __real__ck_assert_failed(const char *file, int line, const char *expr, const char *msg, ...);
void __wrap__ck_assert_failed(const char *file, int line, const char *expr, const char *msg, ...);

void __wrap__ck_assert_failed(const char *file, int line, const char *expr, const char *msg, ...)
{
    char text[1024] = "";
    va_list arguments;

    va_start(arguments, msg);
    if (msg)
        vsnprintf(text, sizeof(text), msg, arguments);
    va_end(arguments);
    if (!in_child && !omsp_suite_is_running()) { /* another thread, or process */
        printf("%s:%d: %s\n", file, line, *text ? text : expr);
        fflush(stdout);
        omsp_walk_exit(2);
    }
    if (in_child) {
        const char *slash = strrchr(file, '/');

        bool later = atomic_load(&repeated) && (repeated_line != line || repeated_file != file);

        printf("\nwalk-refused %s:%d %s\n", slash ? slash + 1 : file, line, *text ? text : expr);
        if (later)
            printf("repeated at %s:%d\n", repeated_file, repeated_line);
        omsp_walk_print_stack();
        fflush(stdout);
        omsp_walk_exit(later ? LATER : REFUSED);
    }
    if (msg)
        __real__ck_assert_failed(file, line, expr, "%s", text);
    __real__ck_assert_failed(file, line, expr, NULL);
}

static const struct omsp_test_entry *all_tests;

/* number < 0: nothing fails; says which allocations there are. */
static void child(size_t test, long number)
{
    in_child = true;
    counting = number < 0;
    omsp_stacks_watch();
    atomic_store(&left, number);
    (*all_tests[test].test)->fn(0);
    atomic_store(&left, -1);
    if (counting) {
        in_child = false;
        printf("\nwalk-places %ld", atomic_load(&seen));
        for (size_t i = 0; i < place_count; i++)
            printf(" %ld:%llx", place_first[i], places[i]);
        printf("\n");
    }
    fflush(stdout);
    exit(atomic_load(&repeated) ? REPEATED : atomic_load(&hit) ? PASSED_TOLD : PASSED_ALL);
}

/* ---- in the parent -------------------------------------------------------------------------- */

struct tally {
    long runs, passed, repeated, refused, later, found, left_out;
    struct {
        char what[256], without[192];
        long times;
        bool later; /* after a call was repeated */
    } refusals[MAX_REFUSALS];
    size_t refusal_count;
};

static struct tally tally;
static bool briefly;
static unsigned long long known[MAX_KNOWN]; /* places that an earlier test tried */
static size_t known_count;
static double deadline;
static unsigned patience; /* seconds; of the test that is walked */
static char output_name[64];

static long setting(const char *name, long otherwise)
{
    const char *text = getenv(name);

    return text && *text ? atol(text) : otherwise;
}

/* The child's output; the caller frees it. */
static char *read_output(void)
{
    FILE *file = fopen(output_name, "rb");
    char *text = NULL;
    size_t size = 0, got;

    if (!file)
        return NULL;
    do {
        char *more = realloc(text, size + 65537);

        if (!more)
            break;
        text = more;
        got = fread(text + size, 1, 65536, file);
        size += got;
        text[size] = 0;
        for (size_t i = size - got; i < size; i++) /* as text */
            if (!text[i])
                text[i] = ' ';
    } while (got);
    fclose(file);
    return text;
}

/* One entry for each place in the tests and what had no memory: with the values of the first time.
 */
static void note_refusal(const char *text, bool later)
{
    const char *line = text ? strstr(text, "walk-refused ") : NULL,
               *stack = text ? strstr(text, "walk-without ") : NULL;
    char without[sizeof(tally.refusals[0].without)] = "";
    size_t i, place;

    line = line ? line + 13 : "(nothing said)";
    if (stack)
        snprintf(without, sizeof(without), "%.*s", (int)strcspn(stack + 13, "\r\n"), stack + 13);
    place = strcspn(line, " \r\n") + 1;
    for (i = 0; i < tally.refusal_count && (tally.refusals[i].later != later ||
                                            strncmp(tally.refusals[i].what, line, place) != 0 ||
                                            strcmp(tally.refusals[i].without, without) != 0);
         i++) {
    }
    if (i == MAX_REFUSALS)
        return;
    if (i == tally.refusal_count) {
        snprintf(tally.refusals[i].what, sizeof(tally.refusals[i].what), "%.*s",
                 (int)strcspn(line, "\r\n"), line);
        strcpy(tally.refusals[i].without, without);
        tally.refusals[i].later = later;
        tally.refusal_count++;
    }
    tally.refusals[i].times++;
}

static bool reported(const char *text)
{
    return text && (strstr(text, "runtime error: ") || strstr(text, "ERROR: AddressSanitizer") ||
                    strstr(text, "ERROR: LeakSanitizer"));
}

/* One run. False: no allocation failed any more. */
static bool run_one(size_t test, long number)
{
    const char *name = (*all_tests[test].test)->name;
    int status = omsp_walk_process(child, test, number, output_name, patience);
    bool passed = status == PASSED_ALL || status == PASSED_TOLD;
    bool failed = status == REFUSED || status == LATER;
    char *text = passed || status == REPEATED ? NULL : read_output();

    tally.runs++;
    if ((passed || failed || status == REPEATED) && !reported(text)) {
        tally.passed += passed;
        tally.repeated += status == REPEATED;
        tally.refused += status == REFUSED;
        tally.later += status == LATER;
        if (failed)
            note_refusal(text, status == LATER);
        if (failed && setting("OMSP_WALK_SHOW", 0))
            printf("%s %s, allocation %ld\n%s\n", status == LATER ? "LATER" : "REFUSED", name,
                   number, text ? text : "");
    } else {
        size_t size = text ? strlen(text) : 0;

        tally.found++;
        printf("FOUND %s, allocation %ld: %s (%d)\n%s\n", name, number,
               status == -2 ? "does not end" : "crashed, or a report", status,
               text ? text + (size > TAIL ? size - TAIL : 0) : "");
        fflush(stdout);
    }
    free(text);
    return status != PASSED_ALL;
}

static bool in_time(void)
{
    return deadline <= 0 || omsp_walk_clock() < deadline;
}

/* Has this place its turn? Briefly: once in the whole suite. */
static bool is_new(unsigned long long place)
{
    for (size_t i = 0; briefly && i < known_count; i++) {
        if (known[i] == place)
            return false;
    }
    return true;
}

/* Which allocations of a test shall fail: the first ones, and the first of each place beyond. */
struct wanted {
    long number;
    unsigned long long place; /* 0: not known */
};

static size_t choose(const char *at, long all, long allocations, struct wanted *wanted)
{
    size_t count = 0;
    long first = all < allocations ? all : allocations;

    for (long n = 0; n < first; n++)
        wanted[count++] = (struct wanted){n, 0};
    while (*at == ' ') {
        char *end;
        long n = strtol(at, &end, 10);
        unsigned long long place = strtoull(end + 1, &end, 16);

        at = end;
        if (n >= first && is_new(place))
            wanted[count++] = (struct wanted){n, place};
    }
    return count;
}

/* How many runs of so long each this test may have; of what is left in all, when there is a
 * deadline, so much that those behind it have as much. */
static size_t most_runs(double took, size_t tests_left)
{
    long points = setting("OMSP_WALK_POINTS", 0);
    double affordable = (double)SIZE_MAX;

    if (deadline > 0)
        affordable = (deadline - omsp_walk_clock()) / (double)tests_left / (took + COST_OF_RUN);
    if (points > 0 && (double)points < affordable)
        return (size_t)points;
    return affordable < 1 ? 1 : affordable < 1e9 ? (size_t)affordable : SIZE_MAX;
}

static void walk_test(size_t test, long all, size_t tests_left)
{
    const char *name = (*all_tests[test].test)->name;
    double begun = omsp_walk_clock(), took;
    struct tally *before = malloc(sizeof(*before)) /* too large for the stack */;
    int status = omsp_walk_process(child, test, -1, output_name, 1000);
    char *text = read_output(), *at = text ? strstr(text, "walk-places ") : NULL;
    struct wanted *wanted;
    long allocations;
    size_t count, most;

    if (status != PASSED_ALL || !at || !before) {
        printf("FOUND %s does not pass as it is (%d)\n%s\n", name, status, text ? text : "");
        tally.found++;
        free(before);
        free(text);
        return;
    }
    *before = tally;
    took = omsp_walk_clock() - begun;
    allocations = strtol(at + 12, &at, 10);
    patience = (unsigned)(setting("OMSP_WALK_HANG", 170) + 10 * took);
    wanted = calloc((size_t)all + MAX_PLACES, sizeof(*wanted));
    count = wanted ? choose(at, all, allocations, wanted) : 0;
    most = most_runs(took, tests_left);
    if (most > count)
        most = count;
    for (size_t i = 0; i < most && (i == 0 || in_time()); i++) {
        struct wanted *this = &wanted[i * count / most];

        if (this->place && known_count < MAX_KNOWN)
            known[known_count++] = this->place;
        run_one(test, this->number);
    }
    tally.left_out += (long)count - (tally.runs - before->runs);
    free(wanted);
    free(text);
    printf("  %s: %ld allocations, %zu to try, %ld runs, %ld passed, %ld repeated, %ld refused, "
           "%ld later, %ld found; %.1f s\n",
           name, allocations, count, tally.runs - before->runs, tally.passed - before->passed,
           tally.repeated - before->repeated, tally.refused - before->refused,
           tally.later - before->later, tally.found - before->found, omsp_walk_clock() - begun);
    fflush(stdout);
    free(before);
}

bool omsp_walk_wanted(void)
{
    size_t test;
    long number;

    return setting("OMSP_WALK", 0) || omsp_walk_is_child(&test, &number);
}

int omsp_walk_main(const char *name, const struct omsp_test_entry *tests, size_t count)
{
    long seconds = setting("OMSP_WALK_SECONDS", 0), number, walked = 0;
    const char *only = getenv("OMSP_WALK_ONLY");
    size_t test;

    all_tests = tests;
    briefly = setting("OMSP_WALK_BRIEF", 0) != 0;
    if (omsp_walk_is_child(&test, &number) && test < count)
        child(test, number);
    deadline = seconds ? omsp_walk_clock() + (double)seconds : 0;
    snprintf(output_name, sizeof(output_name), "walk-%.32s-%d.out", name, (int)getpid());
    for (size_t i = 0; i < count; i++) {
        if (tests[i].skipped || (only && *only && !strstr((*tests[i].test)->name, only)))
            continue;
        walk_test(i, briefly ? 0 : setting("OMSP_WALK_ALL", 500), count - i);
        walked++;
    }
    remove(output_name);
    for (size_t i = 0; i < tally.refusal_count; i++)
        printf("%s %ld times: %s%s%s\n", tally.refusals[i].later ? "later" : "refused",
               tally.refusals[i].times, tally.refusals[i].what,
               *tally.refusals[i].without ? "\n    without memory: " : "",
               tally.refusals[i].without);
    printf("walk %s: %ld tests, %ld runs, %ld passed, %ld repeated, %ld refused, %ld later, "
           "%ld left out, %ld found\n",
           name, walked, tally.runs, tally.passed, tally.repeated, tally.refused, tally.later,
           tally.left_out, tally.found);
    fflush(stdout);
    return tally.found != 0;
}
