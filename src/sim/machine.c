/*
 * The simulated machine's heart: clock, event heap, dice, failures asked for, and the bundle of
 * ports. Knows neither datagrams nor files, only when something is due. One thread.
 */
#include "sim/machine.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

/* ---- dice ---------------------------------------------------------------------------------- */

/* splitmix64's last step: makes neighbouring seeds far apart, and never 0. */
static void dice_seed(struct sim_dice *dice, uint64_t seed)
{
    seed += 0x9e3779b97f4a7c15u;
    seed = (seed ^ seed >> 30) * 0xbf58476d1ce4e5b9u;
    seed = (seed ^ seed >> 27) * 0x94d049bb133111ebu;
    dice->state = (seed ^ seed >> 31) | 1;
}

uint64_t sim_dice_next(struct sim_dice *dice)
{
    dice->state ^= dice->state >> 12;
    dice->state ^= dice->state << 25;
    dice->state ^= dice->state >> 27;
    return dice->state * 0x2545f4914f6cdd1du;
}

uint32_t sim_dice_upto(struct sim_dice *dice, uint32_t limit)
{
    return limit ? (uint32_t)((sim_dice_next(dice) >> 11) % ((uint64_t)limit + 1)) : 0;
}

bool sim_dice_hit(struct sim_dice *dice, uint32_t ppm)
{
    return ppm && (sim_dice_next(dice) >> 11) % 1000000 < ppm;
}

/* ---- events -------------------------------------------------------------------------------- */

static bool before(const struct sim_event *a, const struct sim_event *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static enum omsp_status push(struct omsp_sim *sim, const struct sim_event *event)
{
    size_t at = sim->events;

    if (sim->events == sim->heap_room) {
        size_t room = sim->heap_room ? sim->heap_room * 2 : 64;
        struct sim_event *heap = omsp_resize(sim->heap, room * sizeof(*heap));

        if (!heap)
            return OMSP_NOMEM;
        sim->heap = heap;
        sim->heap_room = room;
    }
    sim->events++;
    sim->heap[at] = *event;
    if (sim->heap[at].at < sim->now)
        sim->heap[at].at = sim->now; /* the past is now, behind what waits already */
    sim->heap[at].order = sim->order++;
    while (at && before(&sim->heap[at], &sim->heap[(at - 1) / 2])) {
        struct sim_event swap = sim->heap[at];

        sim->heap[at] = sim->heap[(at - 1) / 2];
        sim->heap[(at - 1) / 2] = swap;
        at = (at - 1) / 2;
    }
    return OMSP_OK;
}

static struct sim_event pop(struct omsp_sim *sim)
{
    struct sim_event top = sim->heap[0], last = sim->heap[--sim->events];
    size_t at = 0;

    for (;;) {
        size_t child = 2 * at + 1;

        if (child >= sim->events)
            break;
        if (child + 1 < sim->events && before(&sim->heap[child + 1], &sim->heap[child]))
            child++;
        if (!before(&sim->heap[child], &last))
            break;
        sim->heap[at] = sim->heap[child];
        at = child;
    }
    sim->heap[at] = last;
    return top;
}

static uint64_t next_event(const struct omsp_sim *sim)
{
    return sim->events ? sim->heap[0].at : UINT64_MAX;
}

enum omsp_status sim_push_arrival(struct omsp_sim *sim, uint64_t at, struct sim_packet *packet)
{
    struct sim_event event = {.at = at, .kind = SIM_ARRIVAL, .packet = packet};
    enum omsp_status status = push(sim, &event);

    if (status != OMSP_OK)
        omsp_free(packet);
    return status;
}

enum omsp_status sim_push_call(struct omsp_sim *sim, uint64_t at, omsp_sim_fn fn, omsp_sim_fn drop,
                               void *arg)
{
    struct sim_event event = {.at = at, .kind = SIM_CALL, .fn = fn, .drop = drop, .arg = arg};

    return push(sim, &event);
}

enum omsp_status omsp_sim_at(struct omsp_sim *sim, uint64_t t_us, omsp_sim_fn fn, void *arg)
{
    return sim_push_call(sim, t_us, fn, NULL, arg);
}

/* Runs all events that are due now. */
static void run_due(struct omsp_sim *sim)
{
    while (sim->events && sim->heap[0].at <= sim->now) {
        struct sim_event event = pop(sim);

        if (event.kind == SIM_ARRIVAL)
            sim_deliver(sim, event.packet);
        else
            event.fn(event.arg);
    }
}

void omsp_sim_run(struct omsp_sim *sim, uint64_t t_us)
{
    for (;;) {
        uint64_t next;

        run_due(sim);
        next = next_event(sim);
        if (next > t_us && sim->now >= t_us)
            return;
        if (next > t_us)
            next = t_us;
        if (next > sim->now)
            sim->now = next;
    }
}

void sim_wait(struct omsp_sim *sim, const void *who, bool (*has_work)(const void *who),
              uint64_t deadline_us)
{
    uint64_t began = sim->now;

    sim->pumped = who;
    sim->stirred = false;
    for (;;) {
        uint64_t next;

        run_due(sim);
        next = next_event(sim);
        if (next > deadline_us)
            next = deadline_us;
        if (has_work(who) || sim->stirred || sim->now >= deadline_us || next == UINT64_MAX)
            break;
        if (next > sim->now)
            sim->now = next;
    }
    if (sim->lateness_us && sim->now > began)
        omsp_sim_run(sim, sim->now + sim_dice_upto(&sim->net_dice, sim->lateness_us));
    sim->pumped = NULL;
}

void omsp_sim_set_lateness(struct omsp_sim *sim, uint32_t most_us)
{
    sim->lateness_us = most_us;
}

void sim_stir(struct omsp_sim *sim, const void *who)
{
    if (sim->pumped && sim->pumped != who)
        sim->stirred = true;
}

/* ---- failures ------------------------------------------------------------------------------ */

void omsp_sim_fail(struct omsp_sim *sim, enum omsp_sim_op op, uint64_t after, uint64_t count,
                   enum omsp_status status)
{
    struct sim_fault fault = {after, count, status};

    sim->faults[op] = fault;
}

enum omsp_status sim_fault(struct omsp_sim *sim, enum omsp_sim_op op)
{
    struct sim_fault *fault = &sim->faults[op];

    if (!fault->count)
        return OMSP_OK;
    if (fault->after) {
        fault->after--;
        return OMSP_OK;
    }
    if (fault->count != OMSP_SIM_FOR_EVER)
        fault->count--;
    return fault->status;
}

/* ---- the bundle ---------------------------------------------------------------------------- */

static uint64_t now_us(void *ctx)
{
    return omsp_sim_now(ctx);
}

static int64_t wall_us(void *ctx)
{
    const struct omsp_sim *sim = ctx;

    return (int64_t)sim->now + sim->wall_offset;
}

static void fill_random(void *ctx, void *out, size_t len)
{
    struct omsp_sim *sim = ctx;
    uint8_t *at = out;

    for (size_t i = 0; i < len; i++)
        at[i] = (uint8_t)(sim_dice_next(&sim->random_dice) >> 32);
}

uint64_t omsp_sim_now(const struct omsp_sim *sim)
{
    return sim->now;
}

void omsp_sim_set_wall(struct omsp_sim *sim, int64_t wall)
{
    sim->wall_offset = wall - (int64_t)sim->now;
}

const struct omsp_ports *omsp_sim_ports(struct omsp_sim *sim)
{
    return &sim->ports;
}

enum omsp_status omsp_sim_create(uint64_t seed, struct omsp_sim **out)
{
    struct omsp_sim *sim = omsp_zalloc(sizeof(*sim));

    if (!sim)
        return OMSP_NOMEM;
    sim->now = OMSP_SIM_START_US;
    omsp_sim_set_wall(sim, OMSP_SIM_START_WALL);
    dice_seed(&sim->net_dice, seed);
    dice_seed(&sim->random_dice, ~seed);
    sim->ports.ctx = sim;
    sim->ports.now_us = now_us;
    sim->ports.wall_us = wall_us;
    sim->ports.random = fill_random;
    sim->ports.loop_create = sim_loop_create;
    sim->ports.file.open = sim_file_open;
    sim->ports.file.ctx = sim;
    sim->ports.tcp_loop_create = sim_tcp_loop_create;
    sim->ports.http_create = sim_http_create;
    sim->ports.audio_create = sim_audio_create;
    omsp_list_init(&sim->devices);
    omsp_list_init(&sim->audios);
    omsp_list_init(&sim->loops);
    omsp_list_init(&sim->nodes);
    omsp_list_init(&sim->servers);
    omsp_list_init(&sim->requests);
    sim->disk_room = UINT64_MAX;
    sim_net_init(sim);
    *out = sim;
    return OMSP_OK;
}

void omsp_sim_destroy(struct omsp_sim *sim)
{
    if (!sim)
        return;
    if (!omsp_list_empty(&sim->loops) || sim->tcp_loops || sim->https ||
        !omsp_list_empty(&sim->audios))
        abort(); /* a loop would go on living on freed memory */
    for (size_t i = 0; i < sim->events; i++) {
        if (sim->heap[i].kind == SIM_ARRIVAL)
            omsp_free(sim->heap[i].packet);
        else if (sim->heap[i].drop)
            sim->heap[i].drop(sim->heap[i].arg);
    }
    sim_servers_clear(sim);
    sim_requests_clear(sim);
    sim_net_clear(sim);
    sim_devices_clear(sim);
    sim_files_clear(sim);
    omsp_free(sim->heap);
    omsp_free(sim);
}
