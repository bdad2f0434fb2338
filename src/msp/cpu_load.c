/*
 * The process's share of the processors, from the system's own counters. One base for the whole
 * process, since what is measured is the whole process; a leaf lock guards it.
 */
#include "msp/cpu_load.h"

#define LEAST_SPAN 2500000 /* of 100 ns: below it the counters' grain shows */

static struct {
    SRWLOCK lock;
    ULONGLONG wall, busy; /* 100 ns; where the span that is measured began */
    LONG last;
} base = {.lock = SRWLOCK_INIT};

static ULONGLONG number(FILETIME time)
{
    return (ULONGLONG)time.dwHighDateTime << 32 | time.dwLowDateTime;
}

LONG msp_cpu_load(void)
{
    FILETIME created, ended, kernel, user, now;
    ULONGLONG wall, busy;
    SYSTEM_INFO system;
    LONG load;

    if (!GetProcessTimes(GetCurrentProcess(), &created, &ended, &kernel, &user))
        return 0;
    GetSystemTimeAsFileTime(&now);
    GetSystemInfo(&system);
    wall = number(now);
    busy = number(kernel) + number(user);
    AcquireSRWLockExclusive(&base.lock);
    if (!base.wall)
        base.wall = number(created);
    /* The wall clock may have been set back. */
    if (wall < base.wall || busy < base.busy) {
        base.wall = wall;
        base.busy = busy;
    }
    if (wall - base.wall >= LEAST_SPAN) {
        ULONGLONG span = (wall - base.wall) * system.dwNumberOfProcessors;
        ULONGLONG percent = ((busy - base.busy) * 100 + span / 2) / span;

        base.last = percent < 100 ? (LONG)percent : 100;
        base.wall = wall;
        base.busy = busy;
    }
    load = base.last;
    ReleaseSRWLockExclusive(&base.lock);
    return load;
}
