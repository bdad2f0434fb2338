/* What this process holds of the machine, for tests that want it to stay the same. */
#ifndef OMSP_TESTS_SUPPORT_PROCESS_USE_H
#define OMSP_TESTS_SUPPORT_PROCESS_USE_H

#include <stdint.h>

struct process_use {
    unsigned handles; /* or descriptors; 0: not known (Wine 8) */
    unsigned threads;
    uint64_t memory; /* bytes that are resident */
};

void process_use_now(struct process_use *out);

#endif
