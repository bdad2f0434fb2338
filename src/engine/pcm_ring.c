/* A ring of samples. No lock of its own. */
#include "engine/pcm_ring.h"

#include "base/alloc.h"

#include <string.h>

enum omsp_status omsp_pcm_ring_init(struct omsp_pcm_ring *ring, size_t room)
{
    ring->data = omsp_zalloc_array(room, sizeof(ring->data[0]));
    ring->room = ring->data ? room : 0;
    ring->first = ring->fill = 0;
    return ring->data ? OMSP_OK : OMSP_NOMEM;
}

void omsp_pcm_ring_free(struct omsp_pcm_ring *ring)
{
    omsp_free(ring->data);
    memset(ring, 0, sizeof(*ring));
}

void omsp_pcm_ring_clear(struct omsp_pcm_ring *ring)
{
    ring->first = ring->fill = 0;
}

/* place < 2 * room. */
static size_t around(const struct omsp_pcm_ring *ring, size_t place)
{
    return place < ring->room ? place : place - ring->room;
}

size_t omsp_pcm_ring_put(struct omsp_pcm_ring *ring, const int16_t *pcm, size_t count)
{
    size_t moved = 0;

    if (count > ring->room - ring->fill)
        count = ring->room - ring->fill;
    while (moved < count) {
        size_t at = around(ring, ring->first + ring->fill);
        size_t run = ring->room - at < count - moved ? ring->room - at : count - moved;

        if (pcm)
            memcpy(ring->data + at, pcm + moved, run * sizeof(pcm[0]));
        else
            memset(ring->data + at, 0, run * sizeof(ring->data[0]));
        ring->fill += run;
        moved += run;
    }
    return moved;
}

size_t omsp_pcm_ring_get(struct omsp_pcm_ring *ring, int16_t *pcm, size_t count)
{
    size_t moved = 0;

    if (count > ring->fill)
        count = ring->fill;
    while (moved < count) {
        size_t run =
            ring->room - ring->first < count - moved ? ring->room - ring->first : count - moved;

        if (pcm)
            memcpy(pcm + moved, ring->data + ring->first, run * sizeof(pcm[0]));
        ring->first = around(ring, ring->first + run);
        ring->fill -= run;
        moved += run;
    }
    return moved;
}
