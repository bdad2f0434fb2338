/*
 * The general allocation walk: a suite's program run with OMSP_WALK=1 repeats each of its tests
 * with one allocation failing, in a process of its own each time, and judges what becomes of it.
 *
 * What can become of a run:
 *
 *   passed    the test did not need that memory, or expects the answer
 *   repeated  an assertion saw a call tell that memory ran out (OMSP_NOMEM, E_OUTOFMEMORY, NULL or
 *             false), the same call was made once more, and then the test passed to its end: the
 *             answer was the defined one and the objects are usable
 *   refused   an assertion failed otherwise: the answer came from elsewhere (a helper of the test
 *             that had put it aside, a thread, an event)
 *   later     an assertion failed after a call had been repeated: for people to look at
 *   found     a crash, a sanitizer's report, memory that nobody can reach any more - looked for
 *             where an assertion failed, too -, or a process that does not end
 *
 * The assertions that failed are listed, with the functions that had no memory.
 *
 *   OMSP_WALK_ONLY=text    only tests whose name has this in it
 *   OMSP_WALK_ALL=number   so many allocations of each test fail, the first ones (500); beyond, one
 *                          for each place (stack of calls) that allocates
 *   OMSP_WALK_BRIEF=1      each place once in the whole suite, not in each test
 *   OMSP_WALK_POINTS=n     at most so many runs of each test, spread over what there is to try (no
 *                          limit)
 *   OMSP_WALK_SECONDS=n    so long in all: each test has its share of what is left, and tries what
 *                          its time allows, spread likewise (no limit)
 *   OMSP_WALK_SHOW=1       prints what each run said in which an assertion failed
 *   OMSP_WALK_HANG=n       a process that still runs after this (170), and ten times what the test
 *                          takes, does not end
 */
#ifndef OMSP_TESTS_SUPPORT_WALK_H
#define OMSP_TESTS_SUPPORT_WALK_H

#include "support/suite.h"

/* Was this program asked to walk, or started as one run of a walk? */
bool omsp_walk_wanted(void);
/* The walk, or the one run. Answers the program's exit status: 0 nothing found. */
int omsp_walk_main(const char *name, const struct omsp_test_entry *tests, size_t count);
/* Asked at each allocation, from any thread: false: it must fail. */
bool omsp_walk_turn(void);

/* ---- what differs between systems (walk_process.c) ------------------------------------------ */

/* Runs child(test, number) in a process of its own, its output in the file. Answers its exit
 * status, -1 when it crashed and -2 when it was ended after so many seconds. */
int omsp_walk_process(void (*child)(size_t test, long number), size_t test, long number,
                      const char *output, unsigned seconds);
/* Is this process such a one by being started anew (Windows)? */
bool omsp_walk_is_child(size_t *test, long *number);
/* A number for the stack of calls that led here, without the innermost frames. */
unsigned long long omsp_walk_place(void);
/* Keeps the stack of calls that led here, and prints its functions as a line "walk-without", the
 * innermost one first; on Windows neither. */
void omsp_walk_keep_stack(void);
void omsp_walk_print_stack(void);
/* Ends this process at once; with a report and another status when memory is out of reach. */
_Noreturn void omsp_walk_exit(int status);
/* Seconds by a clock that is not set. */
double omsp_walk_clock(void);

#endif
