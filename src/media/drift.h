/*
 * Two clocks that should run alike and do not: from how much a buffer between them holds, by how
 * much to bend the conversion from one to the other so that it neither creeps full nor empty. How
 * much is right is another's matter: the first second after a (re)start says what it is. A
 * proportional-integral controller, critically damped, with a time constant of some ten seconds, so
 * that a jitter of single readings moves nothing that could be heard. No clock of its own; embedded
 * by its owner; never allocates.
 */
#ifndef OMSP_MEDIA_DRIFT_H
#define OMSP_MEDIA_DRIFT_H

#include <stdbool.h>
#include <stdint.h>

#define OMSP_DRIFT_MOST_PPM  2000
#define OMSP_DRIFT_PERIOD_US 1000000u /* between two corrections */

struct omsp_drift {
    int64_t low_us, high_us; /* what is right lies within */
    int64_t right_us;
    bool settled;      /* right_us is known */
    uint64_t since_us; /* of the first reading of this period; 0: none yet */
    int64_t sum_us;
    uint32_t readings;
    double held; /* ppm: the integral */
    int32_t ppm;
};

void omsp_drift_init(struct omsp_drift *drift, int64_t low_us, int64_t high_us);
/* The buffer was filled or emptied by other means: what is right is found out anew. What is known
 * of the clocks stays. */
void omsp_drift_restart(struct omsp_drift *drift);
/* level_us: what the buffer holds now. True: ppm is a new correction, by which whoever empties the
 * buffer should be the faster (positive), or who fills it the slower. */
bool omsp_drift_note(struct omsp_drift *drift, uint64_t now_us, int64_t level_us);

#endif
