/* Clock drift, controlled away. Arithmetic only. */
#include "media/drift.h"

#include <string.h>

/* The buffer is an integrator: a clock that is off by 1 ppm moves it by 1 us a second. With a
 * proportional part of P ppm/us and P * P / 4 for the integral one per second, both poles lie at
 * P / 2 per second. */
#define PROPORTIONAL 0.15
#define INTEGRAL     (PROPORTIONAL * PROPORTIONAL / 4)
/* After a standstill one reading says nothing about the time before. */
#define STANDSTILL_S 5

static void begin_period(struct omsp_drift *drift, uint64_t since_us)
{
    drift->since_us = since_us;
    drift->sum_us = 0;
    drift->readings = 0;
}

void omsp_drift_init(struct omsp_drift *drift, int64_t low_us, int64_t high_us)
{
    memset(drift, 0, sizeof(*drift));
    drift->low_us = low_us;
    drift->high_us = high_us;
}

void omsp_drift_restart(struct omsp_drift *drift)
{
    drift->settled = false;
    begin_period(drift, 0);
}

static double limit(double ppm)
{
    if (ppm > OMSP_DRIFT_MOST_PPM)
        return OMSP_DRIFT_MOST_PPM;
    return ppm < -OMSP_DRIFT_MOST_PPM ? -OMSP_DRIFT_MOST_PPM : ppm;
}

static void settle(struct omsp_drift *drift, int64_t level_us)
{
    drift->right_us = level_us;
    if (level_us < drift->low_us)
        drift->right_us = drift->low_us;
    if (level_us > drift->high_us)
        drift->right_us = drift->high_us;
    drift->settled = true;
}

bool omsp_drift_note(struct omsp_drift *drift, uint64_t now_us, int64_t level_us)
{
    double over, seconds;
    int64_t mean_us;

    if (!drift->since_us)
        begin_period(drift, now_us);
    drift->sum_us += level_us;
    drift->readings++;
    if (now_us - drift->since_us < OMSP_DRIFT_PERIOD_US)
        return false;
    mean_us = drift->sum_us / (int64_t)drift->readings;
    seconds = (double)(now_us - drift->since_us) / 1e6;
    begin_period(drift, now_us);
    if (!drift->settled) {
        settle(drift, mean_us);
        return false;
    }
    over = (double)(mean_us - drift->right_us);
    if (seconds < STANDSTILL_S)
        drift->held = limit(drift->held + INTEGRAL * over * seconds);
    drift->ppm = (int32_t)limit(drift->held + PROPORTIONAL * over);
    return true;
}
