/*
 * Which static terminals an address has. The device thread only says that something changed; the
 * control runner looks at the list and tells. Not here: what a device does (device.c).
 */
#include "engine/devices.h"

#include "base/alloc.h"
#include "engine/call_log.h"

#include <string.h>

#define AGAIN_US 500000
/* Where the system cannot say, which on a machine whose audio service is turned off lasts. */
#define UNKNOWN_US 5000000

_Static_assert(OMSP_ADDRESS_MAX_DEVICES == OMSP_MAX_DEVICES, "one number");

/* ---- the port ------------------------------------------------------------------------------- */

static void on_change(void *owner)
{
    struct omsp_devices *devices = owner;

    omsp_runner_post(&devices->engine->control, &devices->changed);
}

/* *out NULL: a machine without sound, or what audio_create answered, and the next one who asks
 * tries again. */
static enum omsp_status open_audio(struct omsp_devices *devices, struct omsp_audio **out)
{
    const struct omsp_ports *ports = devices->engine->ports;
    struct omsp_audio_watch watch = {devices, on_change};
    struct omsp_audio *audio;
    enum omsp_status status = OMSP_OK;

    omsp_lock_acquire(&devices->lock);
    if (!devices->audio && !devices->closed && ports->audio_create) {
        status = ports->audio_create(ports->ctx, &watch, &audio);
        if (!status)
            devices->audio = audio;
    }
    *out = devices->audio;
    omsp_lock_release(&devices->lock);
    return status;
}

struct omsp_audio *omsp_devices_audio(struct omsp_devices *devices)
{
    struct omsp_audio *audio;

    open_audio(devices, &audio);
    return audio;
}

/* ---- lists ---------------------------------------------------------------------------------- */

static void post(struct omsp_device *device, enum omsp_address_event type)
{
    struct omsp_terminal *terminal = omsp_device_terminal(device);
    struct omsp_event event = {
        .kind = OMSP_EVENT_ADDRESS, .type = type, .terminal = omsp_terminal_id(terminal)};

    omsp_log_device(omsp_device_name(terminal), type);
    omsp_address_post(terminal->address, &event);
}

/* Address lock. Into the ring of those that went; what it pushes out is for the caller to release
 * without the lock. */
static struct omsp_device *take_away(struct omsp_address *address, unsigned place)
{
    struct omsp_device *gone = address->devices[place];
    struct omsp_device **slot = &address->gone_devices[address->gone_next++ % OMSP_GONE_DEVICES];
    struct omsp_device *old = *slot;

    memmove(&address->devices[place], &address->devices[place + 1],
            (address->device_count - place - 1) * sizeof(address->devices[0]));
    address->device_count--;
    *slot = gone;
    return old;
}

static const struct omsp_audio_device *find(const struct omsp_audio_device *facts, unsigned count,
                                            const struct omsp_device *device)
{
    for (unsigned i = 0; i < count; i++)
        if (omsp_device_is(device, &facts[i]))
            return &facts[i];
    return NULL;
}

static bool has(const struct omsp_address *address, const struct omsp_audio_device *facts)
{
    for (unsigned i = 0; i < address->device_count; i++)
        if (omsp_device_is(address->devices[i], facts))
            return true;
    return false;
}

/* Address lock. Into the system's order: who could not be made at first may come late. */
static void put_in_order(struct omsp_address *address, const struct omsp_audio_device *facts,
                         unsigned count)
{
    unsigned place = 0;

    for (unsigned i = 0; i < count; i++) {
        for (unsigned j = place; j < address->device_count; j++) {
            struct omsp_device *device = address->devices[j];

            if (!omsp_device_is(device, &facts[i]))
                continue;
            memmove(&address->devices[place + 1], &address->devices[place],
                    (j - place) * sizeof(address->devices[0]));
            address->devices[place++] = device;
            break;
        }
    }
}

/* Address lock; refresh lock. What no longer is goes, what is new comes, in the list's order. tell:
 * the address had a list before. Answers what is to be released afterwards. A terminal that cannot
 * be made for want of memory is tried again soon, and when somebody asks. */
static unsigned follow(struct omsp_address *address, const struct omsp_audio_device *facts,
                       unsigned count, bool tell, struct omsp_device **dropped)
{
    unsigned drops = 0;

    for (unsigned i = 0; i < address->device_count;) {
        struct omsp_device *device = address->devices[i];
        const struct omsp_audio_device *now = find(facts, count, device);
        struct omsp_device *old;

        if (now) {
            omsp_device_set_default(device, now->is_default);
            i++;
            continue;
        }
        omsp_device_set_default(device, false);
        old = take_away(address, i);
        if (old)
            dropped[drops++] = old;
        if (tell)
            post(device, OMSP_TERMINAL_UNAVAILABLE);
    }
    address->devices_short = false;
    for (unsigned i = 0; i < count && address->device_count < OMSP_MAX_DEVICES; i++) {
        struct omsp_device *device;

        if (has(address, &facts[i]))
            continue;
        if (omsp_device_create(address, &facts[i], &device) != OMSP_OK) {
            address->devices_short = true;
            continue;
        }
        address->devices[address->device_count++] = device;
        if (tell)
            post(device, OMSP_TERMINAL_AVAILABLE);
    }
    put_in_order(address, facts, count);
    return drops;
}

/* No lock held; refresh lock. True: memory ran out, and a list that was told of is short. */
static bool follow_one(struct omsp_address *address, const struct omsp_audio_device *facts,
                       unsigned count, bool first)
{
    struct omsp_device *dropped[OMSP_MAX_DEVICES];
    unsigned drops = 0;
    bool is_short;

    omsp_lock_acquire(&address->lock);
    if (!address->shut && (first || address->devices_listed)) {
        drops = follow(address, facts, count, address->devices_listed, dropped);
        address->devices_listed |= !address->devices_short;
    }
    is_short = !address->shut && address->devices_listed && address->devices_short;
    omsp_lock_release(&address->lock);
    omsp_address_signal(address);
    while (drops)
        omsp_terminal_release(omsp_device_terminal(dropped[--drops]));
    return is_short;
}

/* The next address that this round has not seen, with a reference. */
static struct omsp_address *next_address(struct omsp_engine *engine, unsigned round)
{
    struct omsp_address *found = NULL;

    omsp_lock_acquire(&engine->registry_lock);
    omsp_list_each(link, &engine->addresses)
    {
        struct omsp_address *address = omsp_container(link, struct omsp_address, registered);

        if (address->devices_round == round)
            continue;
        address->devices_round = round;
        if (omsp_address_try_ref(address)) {
            found = address;
            break;
        }
    }
    omsp_lock_release(&engine->registry_lock);
    return found;
}

/* No lock held. only: this address, listed or not; NULL: all that have a list. The port is fetched
 * under the lock that its end waits for. OMSP_NOMEM, OMSP_IO (the system cannot say), or as
 * open_audio: nobody could look, no list was touched. *is_short: some list that was told of is. */
static enum omsp_status refresh(struct omsp_devices *devices, struct omsp_address *only,
                                bool *is_short)
{
    struct omsp_audio_device *facts = NULL;
    struct omsp_address *address;
    struct omsp_audio *audio;
    enum omsp_status status;
    unsigned count = 0;

    *is_short = false;
    omsp_lock_acquire(&devices->refresh_lock);
    status = open_audio(devices, &audio);
    if (!status && audio) {
        facts = omsp_zalloc_array(OMSP_MAX_DEVICES, sizeof(*facts));
        if (!facts)
            status = OMSP_NOMEM;
    }
    if (status)
        goto done;
    if (facts)
        count = audio->list(audio, facts, OMSP_MAX_DEVICES);
    if (count == OMSP_AUDIO_NO_MEMORY || count == OMSP_AUDIO_UNKNOWN) {
        status = count == OMSP_AUDIO_NO_MEMORY ? OMSP_NOMEM : OMSP_IO;
        goto done;
    }
    if (count > OMSP_MAX_DEVICES)
        count = OMSP_MAX_DEVICES;
    if (only)
        *is_short = follow_one(only, facts, count, true);
    if (!only)
        devices->round++;
    while (!only && (address = next_address(devices->engine, devices->round))) {
        *is_short |= follow_one(address, facts, count, false);
        omsp_address_release(address);
    }
done:
    omsp_lock_release(&devices->refresh_lock);
    omsp_free(facts);
    return status;
}

/* What is told without being asked for is told later when there is no memory for it now, or the
 * system cannot say. */
static void look_again(struct omsp_devices *devices, uint64_t wait_us)
{
    const struct omsp_ports *ports = devices->engine->ports;
    struct omsp_worker *worker = &devices->engine->workers[0];

    omsp_lock_acquire(&devices->lock);
    if (!devices->quiet &&
        omsp_timers_arm(&worker->timers, &devices->again, ports->now_us(ports->ctx) + wait_us))
        omsp_worker_wake(worker);
    omsp_lock_release(&devices->lock);
}

static void on_again(struct omsp_timer *timer, uint64_t now_us)
{
    struct omsp_devices *devices = omsp_container(timer, struct omsp_devices, again);

    (void)now_us;
    on_change(devices);
}

static void run_changed(struct omsp_task *task)
{
    struct omsp_devices *devices = omsp_container(task, struct omsp_devices, changed);
    enum omsp_status status;
    bool is_short;

    atomic_store(&devices->missed, false);
    status = refresh(devices, NULL, &is_short);
    if (status)
        atomic_store(&devices->missed, true); /* whoever asks earlier makes good for it */
    if (is_short || atomic_load(&devices->missed))
        look_again(devices, status == OMSP_IO ? UNKNOWN_US : AGAIN_US);
}

void omsp_devices_quiet(struct omsp_devices *devices)
{
    omsp_lock_acquire(&devices->lock);
    devices->quiet = true;
    omsp_lock_release(&devices->lock);
}

void omsp_devices_forget(struct omsp_address *address)
{
    struct omsp_device *dropped[OMSP_MAX_DEVICES + OMSP_GONE_DEVICES];
    unsigned drops = 0;

    omsp_lock_acquire(&address->lock);
    while (address->device_count)
        dropped[drops++] = address->devices[--address->device_count];
    for (unsigned i = 0; i < OMSP_GONE_DEVICES; i++) {
        if (address->gone_devices[i])
            dropped[drops++] = address->gone_devices[i];
        address->gone_devices[i] = NULL;
    }
    omsp_lock_release(&address->lock);
    while (drops)
        omsp_terminal_release(omsp_device_terminal(dropped[--drops]));
}

/* ---- life ----------------------------------------------------------------------------------- */

enum omsp_status omsp_devices_create(struct omsp_engine *engine, struct omsp_devices **out)
{
    struct omsp_devices *devices = omsp_zalloc(sizeof(*devices));

    if (!devices)
        return OMSP_NOMEM;
    devices->engine = engine;
    devices->again.fire = on_again;
    /* The room that there is beside what is reserved. */
    if (omsp_timers_reserve(&engine->workers[0].timers)) {
        omsp_free(devices);
        return OMSP_NOMEM;
    }
    omsp_timers_unreserve(&engine->workers[0].timers, &devices->again);
    omsp_task_init(&devices->changed, run_changed);
    omsp_lock_init(&devices->refresh_lock);
    omsp_lock_init(&devices->lock);
    *out = devices;
    return OMSP_OK;
}

void omsp_devices_close(struct omsp_devices *devices)
{
    struct omsp_audio *audio;

    omsp_lock_acquire(&devices->refresh_lock); /* whoever is listing has its answer first */
    omsp_lock_acquire(&devices->lock);
    audio = devices->audio;
    devices->audio = NULL;
    devices->closed = true;
    omsp_lock_release(&devices->lock);
    omsp_lock_release(&devices->refresh_lock);
    if (audio)
        audio->destroy(audio);
}

void omsp_devices_destroy(struct omsp_devices *devices)
{
    if (!devices)
        return;
    omsp_lock_destroy(&devices->lock);
    omsp_lock_destroy(&devices->refresh_lock);
    omsp_free(devices);
}

/* ---- doors ---------------------------------------------------------------------------------- */

/* The system cannot say: the address has no devices, and is told of those that there turn out to
 * be. A list that it had stays. */
static void begin_empty(struct omsp_address *address)
{
    omsp_lock_acquire(&address->lock);
    address->devices_listed = true;
    omsp_lock_release(&address->lock);
    atomic_store(&address->engine->devices->missed, true);
    look_again(address->engine->devices, UNKNOWN_US);
}

/* Makes sure that the address has a list of all there are. OMSP_NOMEM. Where the system's sound
 * cannot be had at all there are none, but that is no list: it may be had when one asks again. */
static enum omsp_status listed(struct omsp_address *address)
{
    struct omsp_devices *devices = address->engine->devices;
    enum omsp_status status = OMSP_OK;
    bool listed, is_short;

    if (atomic_exchange(&devices->missed, false))
        status = refresh(devices, NULL, &is_short);
    if (status)
        atomic_store(&devices->missed, true);
    if (status == OMSP_NOMEM)
        return OMSP_NOMEM;
    omsp_lock_acquire(&address->lock);
    listed = (address->devices_listed && !address->devices_short) || address->shut;
    omsp_lock_release(&address->lock);
    if (listed)
        return OMSP_OK;
    status = refresh(devices, address, &is_short);
    if (status == OMSP_IO)
        begin_empty(address);
    if (status)
        return status == OMSP_NOMEM ? OMSP_NOMEM : OMSP_OK;
    omsp_lock_acquire(&address->lock);
    if (address->devices_short && !address->shut)
        status = OMSP_NOMEM;
    omsp_lock_release(&address->lock);
    return status;
}

enum omsp_status omsp_address_devices(struct omsp_address *address, struct omsp_terminal **out,
                                      unsigned room, unsigned *count)
{
    enum omsp_status status = listed(address);

    *count = 0;
    if (status)
        return status;
    omsp_lock_acquire(&address->lock);
    if (address->shut) /* though its devices may be there yet */
        status = OMSP_SHUTDOWN;
    else
        *count = address->device_count;
    for (unsigned i = 0; i < *count && i < room; i++) {
        out[i] = omsp_device_terminal(address->devices[i]);
        omsp_terminal_ref(out[i]);
    }
    omsp_lock_release(&address->lock);
    return status;
}

enum omsp_status omsp_address_default_device(struct omsp_address *address,
                                             enum omsp_direction direction,
                                             struct omsp_terminal **out)
{
    struct omsp_device *best = NULL;
    enum omsp_status status = listed(address);

    if (status)
        return status;
    status = OMSP_NODEVICE;
    omsp_lock_acquire(&address->lock);
    for (unsigned i = 0; i < address->device_count; i++) {
        struct omsp_device *device = address->devices[i];

        if (omsp_terminal_direction(omsp_device_terminal(device)) == direction &&
            (!best || (omsp_device_is_default(device) && !omsp_device_is_default(best))))
            best = device;
    }
    if (address->shut) {
        status = OMSP_SHUTDOWN;
    } else if (best) {
        *out = omsp_device_terminal(best);
        omsp_terminal_ref(*out);
        status = OMSP_OK;
    }
    omsp_lock_release(&address->lock);
    return status;
}

struct omsp_terminal *omsp_address_find_device(struct omsp_address *address, uint32_t id)
{
    struct omsp_terminal *found = NULL;

    omsp_lock_acquire(&address->lock);
    for (unsigned i = 0; i < address->device_count + OMSP_GONE_DEVICES; i++) {
        struct omsp_device *device = i < address->device_count
                                         ? address->devices[i]
                                         : address->gone_devices[i - address->device_count];

        if (device && omsp_terminal_id(omsp_device_terminal(device)) == id)
            found = omsp_device_terminal(device);
    }
    if (found)
        omsp_terminal_ref(found);
    omsp_lock_release(&address->lock);
    return found;
}
