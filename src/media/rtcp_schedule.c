/*
 * The RTCP transmission interval in whole numbers. Decides when, never what. The session's lock
 * owns the schedule.
 */
#include "media/rtcp_schedule.h"

#include <string.h>

#define AVERAGE_INITIAL 128u /* a first guess of a compound with CNAME, overhead included */

uint64_t omsp_rtcp_interval_us(const struct omsp_rtcp_load *load)
{
    uint64_t minimum = load->initial ? OMSP_RTCP_MIN_US / 2 : OMSP_RTCP_MIN_US;
    uint64_t bandwidth_4 =
        4u * (uint64_t)load->bandwidth; /* quarters, to share without fractions */
    uint64_t n = load->members;
    uint64_t us;

    if (!load->bandwidth)
        return minimum;
    /* Few senders among many: they share a quarter, the receivers the rest (6.2). */
    if (load->senders * 4u <= load->members) {
        n = load->we_sent ? load->senders : load->members - load->senders;
        bandwidth_4 = (load->we_sent ? 1u : 3u) * (uint64_t)load->bandwidth;
    }
    us = n * load->average * 4000000u / bandwidth_4;
    return us < minimum ? minimum : us;
}

uint64_t omsp_rtcp_randomise_us(uint64_t interval_us, uint32_t random)
{
    /* interval * (0.5 + random / 2^32) / 1.21828, in 16 bit fractions so that days do not overflow
     */
    uint64_t factor = 32768u + (random >> 16);

    return (interval_us * factor >> 16) * 100000u / 121828u;
}

void omsp_rtcp_schedule_init(struct omsp_rtcp_schedule *schedule, uint32_t bandwidth,
                             uint64_t now_us, uint32_t random)
{
    memset(schedule, 0, sizeof(*schedule));
    schedule->load.members = 1;
    schedule->load.initial = true;
    schedule->load.bandwidth = bandwidth;
    schedule->load.average = AVERAGE_INITIAL;
    schedule->average_16 = AVERAGE_INITIAL * 16;
    schedule->last_us = now_us;
    schedule->due_us =
        now_us + omsp_rtcp_randomise_us(omsp_rtcp_interval_us(&schedule->load), random);
}

static void average(struct omsp_rtcp_schedule *schedule, size_t bytes)
{
    uint32_t size = bytes > UINT16_MAX ? UINT16_MAX : (uint32_t)bytes;

    /* avg = size/16 + avg*15/16 (6.3.3) */
    schedule->average_16 += size + OMSP_RTCP_OVERHEAD - (schedule->average_16 + 8) / 16;
    schedule->load.average = (schedule->average_16 + 8) / 16;
}

bool omsp_rtcp_schedule_due(struct omsp_rtcp_schedule *schedule, uint64_t now_us, uint32_t random)
{
    uint64_t again;

    if (now_us < schedule->due_us)
        return false;
    again =
        schedule->last_us + omsp_rtcp_randomise_us(omsp_rtcp_interval_us(&schedule->load), random);
    if (again > now_us) {
        schedule->due_us = again;
        return false;
    }
    return true;
}

void omsp_rtcp_schedule_sent(struct omsp_rtcp_schedule *schedule, size_t bytes, uint64_t now_us,
                             uint32_t random)
{
    average(schedule, bytes);
    schedule->load.initial = false;
    schedule->last_us = now_us;
    schedule->due_us =
        now_us + omsp_rtcp_randomise_us(omsp_rtcp_interval_us(&schedule->load), random);
}

void omsp_rtcp_schedule_received(struct omsp_rtcp_schedule *schedule, size_t bytes)
{
    average(schedule, bytes);
}

void omsp_rtcp_schedule_members(struct omsp_rtcp_schedule *schedule, unsigned members,
                                unsigned senders, bool we_sent)
{
    schedule->load.members = members ? members : 1;
    schedule->load.senders = senders > schedule->load.members ? schedule->load.members : senders;
    schedule->load.we_sent = we_sent;
}
