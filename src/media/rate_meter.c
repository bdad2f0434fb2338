/* Bits a second by windows. A window ends with the first packet that no longer belongs to it, so
 * that packets at even distances are counted without a beat. */
#include "media/rate_meter.h"

void omsp_rate_meter_init(struct omsp_rate_meter *meter, uint64_t window_us)
{
    *meter = (struct omsp_rate_meter){.window_us = window_us};
}

static struct omsp_rate rate_of(const struct omsp_rate_meter *meter, uint64_t elapsed_us)
{
    struct omsp_rate rate = {0, 0};

    if (!meter->count || !elapsed_us)
        return rate;
    rate.bits_per_second = (uint32_t)(meter->bytes * 8 * 1000000 / elapsed_us);
    rate.interval_us = (uint32_t)(elapsed_us / meter->count);
    return rate;
}

void omsp_rate_meter_add(struct omsp_rate_meter *meter, uint64_t now_us, uint32_t bytes)
{
    uint64_t elapsed = now_us - meter->begin_us;

    if (!meter->begun || elapsed >= 2 * meter->window_us) {
        omsp_rate_meter_init(meter, meter->window_us);
        meter->begun = true;
        meter->begin_us = now_us;
    } else if (elapsed >= meter->window_us) {
        struct omsp_rate rate = rate_of(meter, elapsed);

        meter->bits_per_second = rate.bits_per_second;
        meter->interval_us = rate.interval_us;
        meter->known = true;
        meter->begin_us = now_us;
        meter->bytes = 0;
        meter->count = 0;
    }
    meter->bytes += bytes;
    meter->count++;
}

struct omsp_rate omsp_rate_meter_read(const struct omsp_rate_meter *meter, uint64_t now_us)
{
    uint64_t elapsed = now_us > meter->begin_us ? now_us - meter->begin_us : 0;
    struct omsp_rate rate = {0, 0};

    if (!meter->begun || elapsed >= 2 * meter->window_us)
        return rate;
    if (!meter->known || elapsed >= meter->window_us)
        return rate_of(meter, elapsed);
    rate.bits_per_second = meter->bits_per_second;
    rate.interval_us = meter->interval_us;
    return rate;
}
