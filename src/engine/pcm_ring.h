/* A ring of 16-bit samples under its owner's lock. */
#ifndef OMSP_ENGINE_PCM_RING_H
#define OMSP_ENGINE_PCM_RING_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

struct omsp_pcm_ring {
    int16_t *data;
    size_t room, first, fill; /* samples */
};

/* OMSP_NOMEM. */
enum omsp_status omsp_pcm_ring_init(struct omsp_pcm_ring *ring, size_t room);
void omsp_pcm_ring_free(struct omsp_pcm_ring *ring);
void omsp_pcm_ring_clear(struct omsp_pcm_ring *ring);
/* Both answer how many were moved. pcm NULL: zeros are put, or samples are thrown away. */
size_t omsp_pcm_ring_put(struct omsp_pcm_ring *ring, const int16_t *pcm, size_t count);
size_t omsp_pcm_ring_get(struct omsp_pcm_ring *ring, int16_t *pcm, size_t count);

#endif
