/*
 * The common half of file terminals: life, ITMediaControl's states, FILE events. Not here: bytes of
 * files (file_player.c, file_recorder.c).
 */
#include "engine/file_core.h"

#include "base/alloc.h"
#include "engine/call_log.h"
#include "engine/file_kinds.h"

#include <string.h>

static void run_disk(struct omsp_task *task);
static void run_news(struct omsp_task *task);
static void run_retirement(struct omsp_task *task);
static void run_burial(struct omsp_task *task);

void omsp_file_core_init(struct omsp_file_core *core, struct omsp_address *address,
                         const struct omsp_file_kind *kind)
{
    atomic_init(&core->refs, 1);
    core->kind = kind;
    core->address = address;
    omsp_address_ref(address);
    omsp_task_init(&core->disk, run_disk);
    omsp_task_init(&core->news, run_news);
    omsp_task_init(&core->retirement, run_retirement);
    omsp_task_init(&core->burial, run_burial);
    omsp_lock_init(&core->io);
    omsp_lock_init(&core->lock);
    core->state = OMSP_MEDIA_IDLE;
}

static void core_free(struct omsp_file_core *core)
{
    struct omsp_address *address = core->address;

    omsp_lock_acquire(&core->io);
    core->kind->close(core);
    omsp_lock_release(&core->io);
    omsp_lock_destroy(&core->lock);
    omsp_lock_destroy(&core->io);
    omsp_file_names_release(core->names);
    core->kind->free(core); /* frees core itself, which its kind allocated */
    omsp_address_release(address);
}

static void run_burial(struct omsp_task *task)
{
    core_free(omsp_container(task, struct omsp_file_core, burial));
}

/* The last reference may go under any lock and on any thread; finishing the file is the disk's. */
void omsp_file_core_release(struct omsp_file_core *core)
{
    if (atomic_fetch_sub(&core->refs, 1) != 1)
        return;
    if (omsp_runner_post(&core->address->engine->disk, &core->burial) == OMSP_POST_CLOSED)
        core_free(core);
}

static void post_task(struct omsp_runner *runner, struct omsp_file_core *core,
                      struct omsp_task *task)
{
    atomic_fetch_add(&core->refs, 1);
    if (omsp_runner_post(runner, task) != OMSP_POSTED)
        atomic_fetch_sub(&core->refs, 1); /* never the last: the caller has one */
}

void omsp_file_core_kick(struct omsp_file_core *core)
{
    post_task(&core->address->engine->disk, core, &core->disk);
}

void omsp_file_core_ended(struct omsp_file_core *core, int cause, enum omsp_status error)
{
    core->state = OMSP_MEDIA_IDLE;
    core->news_due = true;
    core->news_cause = cause;
    core->news_error = error;
    post_task(&core->address->engine->control, core, &core->news);
}

static void run_disk(struct omsp_task *task)
{
    struct omsp_file_core *core = omsp_container(task, struct omsp_file_core, disk);
    enum omsp_media_state state;
    enum omsp_status status = OMSP_OK;

    omsp_lock_acquire(&core->io);
    omsp_lock_acquire(&core->lock);
    state = core->state;
    omsp_lock_release(&core->lock);
    if (state != OMSP_MEDIA_IDLE)
        status = core->kind->work(core);
    if (status) {
        omsp_lock_acquire(&core->lock);
        if (core->state != OMSP_MEDIA_IDLE)
            omsp_file_core_ended(core, core->kind->error_cause, status);
        omsp_lock_release(&core->lock);
    }
    if (status || state == OMSP_MEDIA_IDLE)
        core->kind->close(core);
    omsp_lock_release(&core->io);
    omsp_file_core_release(core);
}

/* ---- events --------------------------------------------------------------------------------- */

/* Address lock held: which call this is about is known by the streams that the tracks are on. */
static void post_state(struct omsp_file_core *core, enum omsp_media_state state, int cause,
                       enum omsp_status error)
{
    struct omsp_event event = {
        .kind = OMSP_EVENT_FILE,
        .type = state,
        .cause = cause,
        .error = error,
        .terminal = core->parent_id,
    };
    struct omsp_stream *stream = NULL;

    omsp_lock_acquire(&core->lock);
    for (unsigned i = 0; i < core->track_count && !stream; i++) {
        stream = core->tracks[i]->base.selected_on;
        event.track = core->tracks[i]->base.id;
        if (stream) {
            event.call = stream->call->id;
            event.stream = stream->id;
        }
    }
    omsp_lock_release(&core->lock);
    omsp_log_file(stream, &event);
    omsp_address_post(core->address, &event);
}

static void tell_state(struct omsp_file_core *core, enum omsp_media_state state, int cause,
                       enum omsp_status error)
{
    omsp_lock_acquire(&core->address->lock);
    if (!core->address->shut)
        post_state(core, state, cause, error);
    omsp_lock_release(&core->address->lock);
    omsp_address_signal(core->address);
}

/* The address lock from before it looks: what the application asked for meanwhile is told behind
 * it, or, when it was first, instead of it. */
static void run_news(struct omsp_task *task)
{
    struct omsp_file_core *core = omsp_container(task, struct omsp_file_core, news);
    struct omsp_address *address = core->address;
    enum omsp_status error;
    bool due;
    int cause;

    omsp_lock_acquire(&address->lock);
    omsp_lock_acquire(&core->lock);
    due = core->news_due;
    core->news_due = false;
    cause = core->news_cause;
    error = core->news_error;
    omsp_lock_release(&core->lock);
    if (due && !address->shut)
        post_state(core, OMSP_MEDIA_IDLE, cause, error);
    omsp_lock_release(&address->lock);
    omsp_address_signal(address);
    if (due)
        omsp_file_core_kick(core); /* closes the file */
    omsp_file_core_release(core);
}

/* ---- ITMediaControl ------------------------------------------------------------------------- */

struct omsp_file_core *omsp_file_core_of(struct omsp_terminal *terminal)
{
    if (terminal->kind == OMSP_TERMINAL_TRACK)
        return omsp_container(terminal, struct omsp_file_track, base)->core;
    return omsp_container(terminal, struct omsp_file_parent, base)->core;
}

bool omsp_file_is_player(const struct omsp_terminal *parent)
{
    return parent->kind == OMSP_TERMINAL_FILE_PLAYER;
}

static bool address_is_shut(struct omsp_address *address)
{
    bool shut;

    omsp_lock_acquire(&address->lock);
    shut = address->shut;
    omsp_lock_release(&address->lock);
    return shut;
}

static enum omsp_media_state get_state(struct omsp_file_core *core)
{
    enum omsp_media_state state;

    omsp_lock_acquire(&core->lock);
    state = core->state;
    omsp_lock_release(&core->lock);
    return state;
}

/* io held. An end that was noticed but not told yet is overtaken by what the application asks. */
static void set_state(struct omsp_file_core *core, enum omsp_media_state state)
{
    omsp_lock_acquire(&core->lock);
    core->state = state;
    core->news_due = false;
    omsp_lock_release(&core->lock);
}

enum omsp_status omsp_file_start(struct omsp_terminal *parent)
{
    struct omsp_file_core *core = omsp_file_core_of(parent);
    enum omsp_status status = OMSP_OK;
    enum omsp_media_state before;

    if (address_is_shut(core->address))
        return OMSP_SHUTDOWN;
    omsp_lock_acquire(&core->io);
    before = get_state(core);
    if (before == OMSP_MEDIA_IDLE) {
        core->kind->close(core);
        status = core->kind->open(core);
        if (status)
            core->kind->close(core);
    }
    if (!status && before != OMSP_MEDIA_ACTIVE) {
        set_state(core, OMSP_MEDIA_ACTIVE);
        tell_state(core, OMSP_MEDIA_ACTIVE, OMSP_FILE_NORMAL, OMSP_OK);
    }
    omsp_lock_release(&core->io);
    return status;
}

enum omsp_status omsp_file_pause(struct omsp_terminal *parent)
{
    struct omsp_file_core *core = omsp_file_core_of(parent);
    enum omsp_status status = OMSP_OK;
    enum omsp_media_state before;

    if (address_is_shut(core->address))
        return OMSP_SHUTDOWN;
    omsp_lock_acquire(&core->io);
    before = get_state(core);
    if (before == OMSP_MEDIA_IDLE) {
        status = OMSP_WRONG_STATE;
    } else if (before == OMSP_MEDIA_ACTIVE) {
        set_state(core, OMSP_MEDIA_PAUSED);
        tell_state(core, OMSP_MEDIA_PAUSED, OMSP_FILE_NORMAL, OMSP_OK);
        omsp_file_core_kick(core);
    }
    omsp_lock_release(&core->io);
    return status;
}

enum omsp_status omsp_file_stop(struct omsp_terminal *parent)
{
    struct omsp_file_core *core = omsp_file_core_of(parent);
    enum omsp_status status = OMSP_OK;

    omsp_lock_acquire(&core->io);
    if (get_state(core) != OMSP_MEDIA_IDLE) {
        set_state(core, OMSP_MEDIA_IDLE);
        status = core->kind->close(core);
        tell_state(core, OMSP_MEDIA_IDLE, status ? core->kind->error_cause : OMSP_FILE_NORMAL,
                   status);
    }
    omsp_lock_release(&core->io);
    return status;
}

enum omsp_media_state omsp_file_state(struct omsp_terminal *parent)
{
    return get_state(omsp_file_core_of(parent));
}

/* ---- names ---------------------------------------------------------------------------------- */

void omsp_file_core_set_names(struct omsp_file_core *core, struct omsp_file_names *names)
{
    struct omsp_file_names *old;

    omsp_lock_acquire(&core->lock);
    old = core->names;
    core->names = names;
    omsp_lock_release(&core->lock);
    omsp_file_names_release(old);
}

struct omsp_file_names *omsp_file_get_names(struct omsp_terminal *parent)
{
    struct omsp_file_core *core = omsp_file_core_of(parent);
    struct omsp_file_names *names;

    omsp_lock_acquire(&core->lock);
    names = core->names;
    if (names)
        omsp_file_names_ref(names);
    omsp_lock_release(&core->lock);
    return names;
}

/* ---- tracks --------------------------------------------------------------------------------- */

static void destroy_track(struct omsp_terminal *terminal)
{
    struct omsp_file_track *track = omsp_container(terminal, struct omsp_file_track, base);
    struct omsp_file_core *core = track->core;

    omsp_pcm_ring_free(&track->ring);
    omsp_tally_release(track->tally);
    omsp_free(track);
    omsp_file_core_release(core);
}

/* Finishes the file, to which the tracks may have something to add, and lets them go. */
static void retire(struct omsp_file_core *core)
{
    struct omsp_file_track *tracks[OMSP_FILE_MAX_TRACKS];
    unsigned count;

    omsp_lock_acquire(&core->io);
    core->kind->close(core);
    omsp_lock_release(&core->io);
    omsp_lock_acquire(&core->lock);
    count = core->track_count;
    memcpy(tracks, core->tracks, sizeof(tracks));
    core->track_count = 0;
    omsp_lock_release(&core->lock);
    while (count)
        omsp_terminal_release(&tracks[--count]->base);
    omsp_file_core_release(core);
}

static void run_retirement(struct omsp_task *task)
{
    retire(omsp_container(task, struct omsp_file_core, retirement));
}

/* Nobody has it any more and none of its tracks is on a stream. */
static void destroy_parent(struct omsp_terminal *terminal)
{
    struct omsp_file_parent *parent = omsp_container(terminal, struct omsp_file_parent, base);
    struct omsp_file_core *core = parent->core;

    omsp_lock_acquire(&core->lock);
    core->parent = NULL;
    core->state = OMSP_MEDIA_IDLE;
    core->news_due = false;
    omsp_lock_release(&core->lock);
    omsp_free(parent);
    if (omsp_runner_post(&core->address->engine->disk, &core->retirement) == OMSP_POST_CLOSED)
        retire(core);
}

enum omsp_status omsp_file_parent_new(struct omsp_file_core *core, enum omsp_terminal_kind kind,
                                      enum omsp_direction direction, struct omsp_terminal **out)
{
    struct omsp_file_parent *parent = omsp_zalloc(sizeof(*parent));

    if (!parent)
        return OMSP_NOMEM;
    omsp_terminal_init(&parent->base, core->address, kind, direction, OMSP_MEDIA_AUDIO, NULL,
                       destroy_parent);
    parent->core = core;
    core->parent = parent;
    core->parent_id = parent->base.id;
    *out = &parent->base;
    return OMSP_OK;
}

/* Core's lock. The lowest number that no track has. */
static unsigned free_place(const struct omsp_file_core *core)
{
    unsigned taken = 0, place = 0;

    for (unsigned i = 0; i < core->track_count; i++)
        taken |= 1u << core->tracks[i]->place;
    while (taken & 1u << place)
        place++;
    return place;
}

enum omsp_status omsp_file_track_new(struct omsp_file_core *core, enum omsp_direction direction,
                                     const struct omsp_terminal_ops *ops, size_t ring_samples,
                                     struct omsp_file_track **out)
{
    struct omsp_file_track *track = omsp_zalloc(sizeof(*track));
    enum omsp_status status = OMSP_OK;

    if (!track)
        return OMSP_NOMEM;
    if (ring_samples)
        status = omsp_pcm_ring_init(&track->ring, ring_samples);
    if (status) {
        omsp_free(track);
        return status;
    }
    omsp_terminal_init(&track->base, core->address, OMSP_TERMINAL_TRACK, direction,
                       OMSP_MEDIA_AUDIO, ops, destroy_track);
    track->core = core;
    atomic_fetch_add(&core->refs, 1);
    omsp_lock_acquire(&core->lock);
    if (core->track_count == OMSP_FILE_MAX_TRACKS) {
        status = OMSP_FULL;
    } else {
        track->place = free_place(core);
        core->tracks[core->track_count++] = track;
    }
    omsp_lock_release(&core->lock);
    if (status) {
        omsp_terminal_release(&track->base);
        return status;
    }
    *out = track;
    return OMSP_OK;
}

unsigned omsp_file_tracks(struct omsp_terminal *parent, struct omsp_terminal **out, unsigned room)
{
    struct omsp_file_core *core = omsp_file_core_of(parent);
    unsigned count;

    omsp_lock_acquire(&core->lock);
    count = core->track_count;
    for (unsigned i = 0; i < count && i < room; i++) {
        out[i] = &core->tracks[i]->base;
        omsp_terminal_ref(out[i]);
    }
    omsp_lock_release(&core->lock);
    return count;
}

enum omsp_status omsp_file_remove_track(struct omsp_terminal *parent, struct omsp_terminal *track)
{
    struct omsp_file_core *core = omsp_file_core_of(parent);
    enum omsp_status status = OMSP_INVALID;

    if (omsp_file_is_player(parent))
        return OMSP_NOTSUPPORTED;
    omsp_lock_acquire(&core->address->lock);
    omsp_lock_acquire(&core->lock);
    for (unsigned i = 0; i < core->track_count; i++) {
        if (&core->tracks[i]->base != track)
            continue;
        if (track->selected_on) {
            status = OMSP_TERMINAL_IN_USE;
        } else {
            core->track_count--;
            memmove(&core->tracks[i], &core->tracks[i + 1],
                    (core->track_count - i) * sizeof(core->tracks[0]));
            status = OMSP_OK;
        }
        break;
    }
    omsp_lock_release(&core->lock);
    omsp_lock_release(&core->address->lock);
    if (!status)
        omsp_terminal_release(track);
    return status;
}

/* Core's lock. */
static bool has_track(const struct omsp_file_core *core, const struct omsp_terminal *track)
{
    for (unsigned i = 0; i < core->track_count; i++)
        if (&core->tracks[i]->base == track)
            return true;
    return false;
}

struct omsp_terminal *omsp_track_parent(struct omsp_terminal *track)
{
    struct omsp_file_core *core = omsp_file_core_of(track);
    struct omsp_terminal *parent = NULL;

    omsp_lock_acquire(&core->lock);
    if (core->parent && has_track(core, track)) {
        unsigned refs = atomic_load(&core->parent->base.refs);

        /* A parent whose last reference is just going is gone. */
        while (refs && !atomic_compare_exchange_weak(&core->parent->base.refs, &refs, refs + 1))
            ;
        if (refs)
            parent = &core->parent->base;
    }
    omsp_lock_release(&core->lock);
    return parent;
}

enum omsp_status omsp_track_get_format(struct omsp_terminal *track, struct omsp_audio_format *out)
{
    struct omsp_file_core *core = omsp_file_core_of(track);

    return track->direction == OMSP_CAPTURE ? omsp_file_player_format(core, out)
                                            : omsp_file_recorder_get_format(core, out);
}

enum omsp_status omsp_track_set_format(struct omsp_terminal *track,
                                       const struct omsp_audio_format *format)
{
    if (track->direction == OMSP_CAPTURE)
        return OMSP_NOTSUPPORTED;
    return omsp_file_recorder_set_format(omsp_file_core_of(track), format);
}
