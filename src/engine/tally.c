/* The shared counter's life. Any thread; no lock. */
#include "engine/tally.h"

#include "base/alloc.h"

struct omsp_tally *omsp_tally_new(void)
{
    struct omsp_tally *tally = omsp_zalloc(sizeof(*tally));

    if (!tally)
        return NULL;
    atomic_init(&tally->refs, 1);
    atomic_init(&tally->count, 0);
    return tally;
}

void omsp_tally_ref(struct omsp_tally *tally)
{
    atomic_fetch_add(&tally->refs, 1);
}

void omsp_tally_release(struct omsp_tally *tally)
{
    if (tally && atomic_fetch_sub(&tally->refs, 1) == 1)
        omsp_free(tally);
}
