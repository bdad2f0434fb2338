/*
 * Models of networks, by a generator with a fixed seed. No measurement of a real one: what counts
 * is that everybody gets the same packets. One thread.
 */
#include "bench/trace.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

struct network {
    enum trace_kind kind;
    uint64_t seed;
    bool losing;           /* Gilbert: in the bad state */
    uint64_t busy_until;   /* when what stops the link just now is over */
    uint64_t next_trouble; /* when the next of these begins */
    uint64_t last_arrival;
    int64_t queue_us; /* DSL: what waits in the modem */
};

static uint32_t draw(struct network *net, uint32_t below)
{
    net->seed = net->seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((net->seed >> 33) % below);
}

/* Roughly exponential with this mean, by halves: integers only. */
static uint32_t draw_tail(struct network *net, uint32_t mean)
{
    uint32_t half_life = mean * 693 / 1000, sum = 0;

    while (draw(net, 2) && sum < 20 * mean)
        sum += half_life;
    return sum + draw(net, half_life + 1);
}

/* Gilbert's two states; 1 % on the whole, 2.5 in a row on average. */
static bool gilbert(struct network *net)
{
    net->losing = net->losing ? draw(net, 1000) >= 400 : draw(net, 10000) < 40;
    return net->losing;
}

/* The link stands still from time to time; true while it does. */
static bool trouble(struct network *net, uint64_t now, uint32_t every_us, uint32_t least_us,
                    uint32_t spread_us)
{
    if (!net->next_trouble)
        net->next_trouble = now + draw(net, 2 * every_us);
    if (now >= net->next_trouble && now >= net->busy_until) {
        net->busy_until = now + least_us + draw(net, spread_us);
        net->next_trouble = net->busy_until + every_us / 2 + draw(net, every_us);
    }
    return now < net->busy_until;
}

/* When a packet sent at `now` comes, or 0: never. Order is kept, as links do. */
static uint64_t carry(struct network *net, uint64_t now)
{
    uint64_t arrival = now + 20000;
    bool lost = false;

    switch (net->kind) {
    case TRACE_WIFI:
    case TRACE_DTX:
        lost = gilbert(net);
        arrival += draw_tail(net, net->kind == TRACE_WIFI ? 14000 : 5000);
        if (trouble(net, now, net->kind == TRACE_WIFI ? 3000000 : 8000000, 30000, 110000))
            arrival = net->busy_until + 20000;
        break;
    case TRACE_LTE:
        lost = draw(net, 1000) < 2;
        arrival += 1000 * draw(net, 9);
        if (trouble(net, now, 15000000, 60000, 90000))
            arrival = net->busy_until + 20000;
        break;
    case TRACE_DSL:
        /* While the upload lasts, packets of 12 ms come faster than they go. */
        if (trouble(net, now, 20000000, 2000000, 4000000))
            net->queue_us += 1200 + draw(net, 1600);
        else
            net->queue_us -= 6000;
        if (net->queue_us > 180000) {
            net->queue_us = 180000;
            lost = draw(net, 100) < 3;
        }
        if (net->queue_us < 0)
            net->queue_us = 0;
        arrival += (uint64_t)net->queue_us + (net->queue_us ? draw(net, 12000) : draw(net, 1500));
        break;
    default:
        break;
    }
    if (lost)
        return 0;
    if (arrival < net->last_arrival + 200)
        arrival = net->last_arrival + 200;
    net->last_arrival = arrival;
    return arrival;
}

const char *trace_name(enum trace_kind kind)
{
    static const char *const names[] = {"wifi", "lte", "dsl", "dtx"};

    return names[kind];
}

size_t trace_make(enum trace_kind kind, unsigned seconds, struct trace_packet **out)
{
    struct network net = {.kind = kind, .seed = 20240 + (uint64_t)kind};
    size_t sent = (size_t)seconds * 1000000 / TRACE_PTIME_US, count = 0;
    struct trace_packet *packets = calloc(sent, sizeof(*packets));
    uint32_t number = 0, switch_at = 0;
    bool speaking = false;

    if (!packets) {
        fprintf(stderr, "no memory for a trace\n");
        exit(2);
    }
    for (uint32_t i = 0; i < sent; i++) {
        uint64_t arrival;

        if (kind == TRACE_DTX && i >= switch_at) {
            speaking = !speaking;
            switch_at = i + (speaking ? 50 + draw(&net, 100) : 25 + draw(&net, 125));
        }
        if (kind == TRACE_DTX && !speaking)
            continue;
        arrival = carry(&net, (uint64_t)i * TRACE_PTIME_US);
        if (arrival)
            packets[count++] = (struct trace_packet){number, i * TRACE_SAMPLES, arrival};
        number++;
    }
    *out = packets;
    return count;
}

int64_t trace_floor_us(const struct trace_packet *packets, size_t count)
{
    int64_t least = INT64_MAX;

    for (size_t i = 0; i < count; i++) {
        int64_t transit = (int64_t)packets[i].arrival_us - (int64_t)packets[i].timestamp * 125;

        if (transit < least)
            least = transit;
    }
    return least;
}
