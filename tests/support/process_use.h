/* What this process holds of the machine, for tests that want it to stay the same. */
#ifndef OMSP_TESTS_SUPPORT_PROCESS_USE_H
#define OMSP_TESTS_SUPPORT_PROCESS_USE_H

#include <stdbool.h>
#include <stdint.h>

struct process_use {
    unsigned handles; /* or descriptors; 0: not known, which no system here answers. Under Wine
                       * without keys of the registry that Wine itself does not close */
    unsigned threads;
    uint64_t memory; /* bytes that are resident */
};

void process_use_now(struct process_use *out);
/* Waits for as long as this, until no more handles and threads are held than then: threads end by
 * themselves. *out is what is held in the end; false: more, or nothing is known. */
bool process_use_returns(const struct process_use *then, unsigned ms, struct process_use *out);

#endif
