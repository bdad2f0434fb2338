/*
 * The bridge's two lanes: a ring that one call's media worker fills and another's empties. The two
 * have clocks of their own, so a lane begins with a little in hand, throws away what piles up, and
 * begins anew when it ran dry. Not here: mixing of several calls.
 *
 * The lane's lock is a leaf, taken under a session's lock; nothing is called under it.
 */
#include "engine/bridge.h"

#include "base/alloc.h"
#include "engine/objects.h"
#include "engine/pcm_ring.h"

#define RING_SAMPLES 2400 /* 300 ms; what is older is thrown away */
#define IN_HAND      160  /* 20 ms before the first is said: the next packet may be late by it */
#define MUCH         480  /* 60 ms that were never needed in a second are delay for nothing */
#define LOOK_READS   50

struct lane {
    _Atomic unsigned refs;
    struct omsp_lock lock;
    struct omsp_pcm_ring ring;
    bool heard, said; /* both ends connected, or it stays empty */
    bool flowing;
    size_t least; /* in the ring after a read, since the last look */
    unsigned reads;
};

struct end {
    struct omsp_terminal base;
    struct lane *lane; /* reference */
};

struct bridge {
    struct omsp_terminal base;
    struct end *ends[OMSP_BRIDGE_ENDS]; /* references */
};

/* ---- lane ------------------------------------------------------------------------------------ */

static struct lane *lane_new(void)
{
    struct lane *lane = omsp_zalloc(sizeof(*lane));

    if (!lane)
        return NULL;
    if (omsp_pcm_ring_init(&lane->ring, RING_SAMPLES)) {
        omsp_free(lane);
        return NULL;
    }
    atomic_init(&lane->refs, 1);
    omsp_lock_init(&lane->lock);
    return lane;
}

static void lane_release(struct lane *lane)
{
    if (!lane || atomic_fetch_sub(&lane->refs, 1) != 1)
        return;
    omsp_pcm_ring_free(&lane->ring);
    omsp_lock_destroy(&lane->lock);
    omsp_free(lane);
}

/* Lock. What was heard does not join what will be. */
static void begin(struct lane *lane)
{
    omsp_pcm_ring_clear(&lane->ring);
    lane->flowing = false;
    lane->least = SIZE_MAX;
    lane->reads = 0;
}

/* Lock. */
static void look(struct lane *lane)
{
    if (lane->ring.fill < lane->least)
        lane->least = lane->ring.fill;
    if (++lane->reads < LOOK_READS)
        return;
    if (lane->least > MUCH)
        omsp_pcm_ring_get(&lane->ring, NULL, lane->least - IN_HAND);
    lane->least = SIZE_MAX;
    lane->reads = 0;
}

/* ---- ends ------------------------------------------------------------------------------------ */

static struct lane *lane_of(struct omsp_terminal *terminal)
{
    return omsp_container(terminal, struct end, base)->lane;
}

static void set_connected(struct omsp_terminal *terminal, bool connected)
{
    struct lane *lane = lane_of(terminal);

    omsp_lock_acquire(&lane->lock);
    *(terminal->direction == OMSP_RENDER ? &lane->heard : &lane->said) = connected;
    begin(lane);
    omsp_lock_release(&lane->lock);
}

static enum omsp_status end_connect(struct omsp_terminal *terminal)
{
    set_connected(terminal, true);
    return OMSP_OK;
}

static void end_disconnect(struct omsp_terminal *terminal)
{
    set_connected(terminal, false);
}

static void end_write(struct omsp_terminal *terminal, const int16_t *pcm, size_t count)
{
    struct lane *lane = lane_of(terminal);
    size_t space;

    omsp_lock_acquire(&lane->lock);
    if (lane->heard && lane->said) {
        space = lane->ring.room - lane->ring.fill;
        if (count > space)
            omsp_pcm_ring_get(&lane->ring, NULL, count - space);
        omsp_pcm_ring_put(&lane->ring, pcm, count);
    }
    omsp_lock_release(&lane->lock);
}

static size_t end_read(struct omsp_terminal *terminal, int16_t *pcm, size_t count)
{
    struct lane *lane = lane_of(terminal);
    size_t got = 0;

    omsp_lock_acquire(&lane->lock);
    if (!lane->flowing && lane->ring.fill >= count + IN_HAND)
        lane->flowing = true;
    if (lane->flowing) {
        got = omsp_pcm_ring_get(&lane->ring, pcm, count);
        lane->flowing = got == count;
        look(lane);
    }
    omsp_lock_release(&lane->lock);
    return got;
}

static const struct omsp_terminal_ops end_ops = {
    .connect = end_connect,
    .disconnect = end_disconnect,
    .read = end_read,
    .write = end_write,
};

static void end_destroy(struct omsp_terminal *terminal)
{
    struct end *end = omsp_container(terminal, struct end, base);

    lane_release(end->lane);
    omsp_free(end);
}

static struct end *end_new(struct omsp_address *address, enum omsp_direction direction,
                           struct lane *lane)
{
    struct end *end = omsp_zalloc(sizeof(*end));

    if (!end)
        return NULL;
    omsp_terminal_init(&end->base, address, OMSP_TERMINAL_BRIDGE_END, direction, OMSP_MEDIA_AUDIO,
                       &end_ops, end_destroy);
    end->lane = lane;
    atomic_fetch_add(&lane->refs, 1);
    return end;
}

/* ---- bridge ---------------------------------------------------------------------------------- */

static void bridge_destroy(struct omsp_terminal *terminal)
{
    struct bridge *bridge = omsp_container(terminal, struct bridge, base);

    for (unsigned i = 0; i < OMSP_BRIDGE_ENDS; i++)
        if (bridge->ends[i])
            omsp_terminal_release(&bridge->ends[i]->base);
    omsp_free(bridge);
}

enum omsp_status omsp_bridge_create(struct omsp_address *address, struct omsp_terminal **out)
{
    struct bridge *bridge = omsp_zalloc(sizeof(*bridge));
    struct lane *lanes[2] = {lane_new(), lane_new()};
    enum omsp_status status = OMSP_OK;

    if (!bridge || !lanes[0] || !lanes[1]) {
        lane_release(lanes[0]);
        lane_release(lanes[1]);
        omsp_free(bridge);
        return OMSP_NOMEM;
    }
    omsp_terminal_init(&bridge->base, address, OMSP_TERMINAL_BRIDGE, OMSP_BIDIRECTIONAL,
                       OMSP_MEDIA_AUDIO, NULL, bridge_destroy);
    for (unsigned i = 0; i < OMSP_BRIDGE_ENDS; i++) {
        /* Render ends are 0 and 2, of lanes 0 and 1; capture ends 1 and 3, of lanes 1 and 0. */
        bridge->ends[i] =
            end_new(address, i % 2 ? OMSP_CAPTURE : OMSP_RENDER, lanes[i == 0 || i == 3 ? 0 : 1]);
        if (!bridge->ends[i])
            status = OMSP_NOMEM;
    }
    lane_release(lanes[0]);
    lane_release(lanes[1]);
    if (status)
        omsp_terminal_release(&bridge->base);
    else
        *out = &bridge->base;
    return status;
}

void omsp_bridge_ends(struct omsp_terminal *terminal, struct omsp_terminal *out[OMSP_BRIDGE_ENDS])
{
    struct bridge *bridge = omsp_container(terminal, struct bridge, base);

    for (unsigned i = 0; i < OMSP_BRIDGE_ENDS; i++) {
        out[i] = &bridge->ends[i]->base;
        omsp_terminal_ref(out[i]);
    }
}
