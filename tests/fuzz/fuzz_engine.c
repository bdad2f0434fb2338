/* A life of an engine with calls, streams, terminals, forks and faults, each choice a byte of the
 * input. Laws of support/year.h, which Check's assertions tell. */
#include "fuzz.h"

#include "support/year.h"

#define STEPS 120 /* some seconds with a sanitizer, where each is long */

struct choices {
    struct fuzz_input input;
    unsigned steps;
};

static uint32_t below(void *ctx, uint32_t bound)
{
    struct choices *choices = ctx;

    return (bound <= 256 ? fuzz_u8(&choices->input) : fuzz_u32(&choices->input)) % bound;
}

static bool more(void *ctx, uint64_t now_us)
{
    struct choices *choices = ctx;

    (void)now_us;
    return fuzz_more(&choices->input) && choices->steps++ < STEPS;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct choices choices = {.input = {data, size}};
    struct year_choices source = {below, more, &choices};
    struct year_counts counts = {0};

    year_live(&source, fuzz_u8(&choices.input), &counts);
    return 0;
}
