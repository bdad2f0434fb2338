/*
 * Where all threads of this process are, for a test that hangs where nobody can look: one line a
 * frame, "module base+offset", which addr2line or winedbg turn into lines.
 */
#ifndef OMSP_TESTS_SUPPORT_STACKS_H
#define OMSP_TESTS_SUPPORT_STACKS_H

#include <stdbool.h>
#include <stdio.h>

/* Prints them now, but for the calling thread; answers how many. Not from two threads at once. */
unsigned omsp_stacks_print(FILE *out);
#ifdef _WIN32
/* Those of another process's threads, by whatever on their stacks points into a program's code: for
 * one that does not end, which has no thread left to tell it. */
unsigned omsp_stacks_print_other(FILE *out, unsigned long process);
/* Is one thread left of that process, and inside of Wine, in no call that waits for anything? Wine
 * 8 ends threads in the middle of its server's calls, some of which it makes under the lock of its
 * address space: the process's last thread then waits for that lock for ever. */
bool omsp_stacks_hangs_in_wine(unsigned long process);
#endif
/* Prints them once on standard output when the process still runs after so many seconds:
 * $OMSP_STACKS_AFTER, else 120; 0: never. */
void omsp_stacks_watch(void);

#endif
