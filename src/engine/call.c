/*
 * The call: its streams, their life and what is noticed about them. Not here: how it reaches its
 * peer (call_transport.c, call_sdp.c), the media (session.c).
 */
#include "engine/call.h"

#include "base/alloc.h"
#include "base/arena.h"
#include "engine/call_log.h"
#include "engine/fork_state.h"
#include "engine/quality.h"
#include "engine/session.h"

#include <string.h>

#define SUPPORTED_MEDIA  (OMSP_MEDIA_AUDIO | OMSP_MEDIA_VIDEO)
#define DEFAULT_PTIME_MS 20

static const struct omsp_stream_offers offers_none = {OMSP_OFFER_NOTIMPL, OMSP_OFFER_NOTIMPL,
                                                      OMSP_OFFER_NOTIMPL};

static void run_facts(struct omsp_task *task);

static void drop_streams(struct omsp_call *call)
{
    while (call->stream_count)
        omsp_stream_release(call->streams[--call->stream_count]);
}

static const struct {
    uint32_t media;
    enum omsp_direction direction;
} default_streams[OMSP_CALL_MAX_STREAMS] = {
    {OMSP_MEDIA_AUDIO, OMSP_CAPTURE},
    {OMSP_MEDIA_AUDIO, OMSP_RENDER},
    {OMSP_MEDIA_VIDEO, OMSP_CAPTURE},
    {OMSP_MEDIA_VIDEO, OMSP_RENDER},
};

/* The call and, in its block, its streams. */
static struct omsp_call *lay_out(struct omsp_arena *arena, uint32_t media,
                                 struct omsp_stream *streams[OMSP_CALL_MAX_STREAMS])
{
    struct omsp_call *call = omsp_arena_cut(arena, sizeof(*call));

    for (unsigned i = 0; i < OMSP_CALL_MAX_STREAMS; i++)
        streams[i] =
            media & default_streams[i].media ? omsp_arena_cut(arena, sizeof(*streams[i])) : NULL;
    return call;
}

static void init_streams(struct omsp_call *call,
                         struct omsp_stream *const streams[OMSP_CALL_MAX_STREAMS])
{
    for (unsigned i = 0; i < OMSP_CALL_MAX_STREAMS; i++) {
        uint32_t media = default_streams[i].media;

        if (!streams[i])
            continue;
        omsp_stream_init(streams[i], call, media, default_streams[i].direction,
                         media == OMSP_MEDIA_AUDIO ? omsp_offers_all : offers_none);
        call->streams[call->stream_count++] = streams[i];
    }
}

enum omsp_status omsp_call_create(struct omsp_address *address, uint32_t media, uint64_t token,
                                  struct omsp_call **out)
{
    struct omsp_engine *engine = address->engine;
    struct omsp_stream *streams[OMSP_CALL_MAX_STREAMS];
    struct omsp_arena arena;
    struct omsp_call *call;
    uint8_t random[16];
    enum omsp_status status;

    if (!media || (media & ~SUPPORTED_MEDIA))
        return OMSP_BAD_MEDIA;
    omsp_arena_begin(&arena);
    lay_out(&arena, media, streams);
    status = omsp_arena_make(&arena);
    if (status)
        return status;
    call = lay_out(&arena, media, streams);
    atomic_init(&call->refs, 1);
    omsp_list_init(&call->link);
    omsp_list_init(&call->by_sid);
    call->id = omsp_engine_new_id(engine);
    call->token = token;
    call->media = media;
    call->address = address;
    omsp_address_ref(address);
    call->codecs[0] = OMSP_TYPE_PCMU;
    call->codecs[1] = OMSP_TYPE_PCMA;
    call->codec_count = 2;
    call->ptime_ms = DEFAULT_PTIME_MS;
    call->media_timeout_ms = engine->config.media_timeout_ms;
    call->security = engine->config.security;
    call->quality_interval_ms = OMSP_QUALITY_INTERVAL_DEFAULT_MS;
    omsp_task_init(&call->facts, run_facts);
    engine->ports->random(engine->ports->ctx, random, sizeof(random));
    omsp_sid_format("CA", random, call->sid);
    init_streams(call, streams);
    call->recorded = omsp_tally_new();
    status = call->recorded ? OMSP_OK : OMSP_NOMEM;
    if (!status) {
        omsp_lock_acquire(&address->lock);
        if (address->shut) {
            status = OMSP_SHUTDOWN;
        } else {
            omsp_list_insert(&address->calls, &call->link);
            omsp_call_ref(call);
            omsp_lock_acquire(&engine->sids_lock);
            omsp_list_insert(&engine->sids, &call->by_sid);
            omsp_lock_release(&engine->sids_lock);
            atomic_fetch_add(&engine->calls, 1);
        }
        omsp_lock_release(&address->lock);
    }
    if (status) {
        drop_streams(call);
        omsp_call_release(call);
        return status;
    }
    *out = call;
    return OMSP_OK;
}

void omsp_call_ref(struct omsp_call *call)
{
    atomic_fetch_add(&call->refs, 1);
}

void omsp_call_release(struct omsp_call *call)
{
    if (!call || atomic_fetch_sub(&call->refs, 1) != 1)
        return;
    omsp_call_free_sdp(call);
    omsp_tally_release(call->recorded);
    omsp_address_release(call->address);
    omsp_free(call);
}

enum omsp_status omsp_call_shutdown_keeping(struct omsp_call *call,
                                            struct omsp_stream *forks[OMSP_CALL_MAX_FORKS],
                                            unsigned *count)
{
    struct omsp_address *address = call->address;
    struct omsp_stream *streams[OMSP_CALL_MAX_STREAMS];
    struct omsp_session *session;
    unsigned stream_count;

    *count = 0;
    omsp_lock_acquire(&address->lock);
    if (call->shut) {
        omsp_lock_release(&address->lock);
        return OMSP_SHUTDOWN;
    }
    for (unsigned i = 0; i < call->fork_count; i++)
        omsp_stream_shutdown(call->forks[i]);
    for (unsigned i = 0; i < call->stream_count; i++)
        omsp_stream_shutdown(call->streams[i]);
    call->shut = true;
    call->state = OMSP_CALL_DISCONNECTED;
    session = call->session;
    if (session)
        omsp_session_get_stats(session, &call->last_stats);
    call->session = NULL;
    stream_count = call->stream_count;
    *count = call->fork_count;
    memcpy(streams, call->streams, stream_count * sizeof(streams[0]));
    memcpy(forks, call->forks, *count * sizeof(forks[0]));
    call->stream_count = call->fork_count = 0;
    omsp_list_remove(&call->link);
    omsp_lock_acquire(&address->engine->sids_lock);
    omsp_list_remove(&call->by_sid);
    omsp_lock_release(&address->engine->sids_lock);
    omsp_lock_release(&address->lock);

    if (session)
        omsp_session_end(session);
    omsp_log_ended(call);
    omsp_address_signal(address);
    atomic_fetch_sub(&address->engine->calls, 1);
    while (stream_count)
        omsp_stream_release(streams[--stream_count]);
    omsp_call_release(call);
    return OMSP_OK;
}

enum omsp_status omsp_call_shutdown(struct omsp_call *call)
{
    struct omsp_stream *forks[OMSP_CALL_MAX_FORKS];
    unsigned count;
    enum omsp_status status = omsp_call_shutdown_keeping(call, forks, &count);

    while (count)
        omsp_stream_release(forks[--count]);
    return status;
}

void omsp_call_enter(struct omsp_call *call)
{
    omsp_lock_acquire(&call->address->lock);
}

void omsp_call_leave(struct omsp_call *call)
{
    struct omsp_address *address = call->address;

    if (call->session)
        omsp_session_flush(call->session);
    omsp_lock_release(&address->lock);
    omsp_address_signal(address);
}

/* ---- facts ---------------------------------------------------------------------------------- */

static struct omsp_stream *find(struct omsp_call *call, uint32_t media,
                                enum omsp_direction direction)
{
    for (unsigned i = 0; i < call->stream_count; i++)
        if (call->streams[i]->media == media && call->streams[i]->direction == direction)
            return call->streams[i];
    return NULL;
}

void omsp_call_feed(struct omsp_call *call, enum omsp_direction direction, enum omsp_input input,
                    enum omsp_cause cause)
{
    struct omsp_stream *stream = find(call, OMSP_MEDIA_AUDIO, direction);

    if (stream)
        omsp_stream_input(stream, input, cause);
}

void omsp_call_break(struct omsp_call *call, enum omsp_direction direction, enum omsp_status why,
                     enum omsp_cause cause)
{
    struct omsp_stream *stream = find(call, OMSP_MEDIA_AUDIO, direction);

    if (stream)
        omsp_stream_break(stream, why, cause);
}

static void post_digits(struct omsp_call *call)
{
    struct omsp_stream *render = find(call, OMSP_MEDIA_AUDIO, OMSP_RENDER);
    int digit;

    while ((digit = omsp_session_take_digit(call->session)) >= 0) {
        struct omsp_event event = {
            .kind = OMSP_EVENT_PRIVATE,
            .type = OMSP_PRIVATE_DIGIT,
            .call = call->id,
            .stream = render ? render->id : 0,
            .detail = (uint32_t)digit,
        };

        omsp_address_post(call->address, &event);
        for (unsigned i = 0; i < call->fork_count; i++)
            omsp_fork_digit(call->forks[i]->fork, digit);
    }
}

static void run_facts(struct omsp_task *task)
{
    struct omsp_call *call = omsp_container(task, struct omsp_call, facts);

    omsp_call_enter(call);
    if (!call->shut && call->session) {
        unsigned facts = omsp_session_take_facts(call->session);

        if (facts & OMSP_FACT_SILENT)
            omsp_call_feed(call, OMSP_RENDER, OMSP_IN_SILENT, OMSP_CAUSE_MEDIA_TIMEOUT);
        if (facts & OMSP_FACT_HEARD)
            omsp_call_feed(call, OMSP_RENDER, OMSP_IN_HEARD, OMSP_CAUSE_MEDIA_RECOVERED);
        if (facts & OMSP_FACT_DIGITS)
            post_digits(call);
        if (facts & OMSP_FACT_VOICE)
            omsp_session_add_voices(call->session);
        if (facts & OMSP_FACT_BROKEN)
            omsp_call_break(call, OMSP_RENDER, OMSP_IO, OMSP_CAUSE_UNKNOWN);
    }
    omsp_call_leave(call);
    omsp_call_release(call);
}

/* ---- settings and facts --------------------------------------------------------------------- */

enum omsp_status omsp_call_set_codecs(struct omsp_call *call, const uint8_t *types, unsigned count)
{
    if (!count || count > OMSP_CALL_MAX_CODECS)
        return OMSP_INVALID;
    for (unsigned i = 0; i < count; i++)
        if (types[i] != OMSP_TYPE_PCMU && types[i] != OMSP_TYPE_PCMA)
            return OMSP_NO_CODEC;
    omsp_call_enter(call);
    memcpy(call->codecs, types, count);
    call->codec_count = count;
    omsp_call_leave(call);
    return OMSP_OK;
}

enum omsp_status omsp_call_set_ptime(struct omsp_call *call, unsigned ms)
{
    if (ms < 10 || ms > 60 || ms % 10)
        return OMSP_INVALID;
    omsp_call_enter(call);
    call->ptime_ms = ms;
    omsp_call_leave(call);
    return OMSP_OK;
}

enum omsp_status omsp_call_set_media_timeout(struct omsp_call *call, unsigned ms)
{
    omsp_call_enter(call);
    call->media_timeout_ms = ms;
    if (call->session)
        omsp_session_set_timeout(call->session, ms);
    omsp_call_leave(call);
    return OMSP_OK;
}

enum omsp_status omsp_call_set_security(struct omsp_call *call, enum omsp_security security)
{
    if ((unsigned)security > OMSP_SECURITY_OFF)
        return OMSP_INVALID;
    omsp_call_enter(call);
    call->security = security;
    omsp_call_leave(call);
    return OMSP_OK;
}

enum omsp_security omsp_call_get_security(struct omsp_call *call)
{
    enum omsp_security security;

    omsp_call_enter(call);
    security = call->security;
    omsp_call_leave(call);
    return security;
}

void omsp_call_get_stats(struct omsp_call *call, struct omsp_call_stats *out)
{
    memset(out, 0, sizeof(*out));
    out->codec = 255;
    omsp_call_enter(call);
    out->ptime_ms = call->ptime_ms;
    if (call->session)
        omsp_session_get_stats(call->session, out);
    else if (call->shut)
        *out = call->last_stats; /* statistics are asked for after the end, too */
    out->frames_recorded = atomic_load(&call->recorded->count) / 160;
    omsp_call_leave(call);
}

void omsp_call_local_addr(struct omsp_call *call, struct omsp_addr *out)
{
    memset(out, 0, sizeof(*out));
    omsp_call_enter(call);
    if (call->session)
        omsp_session_local(call->session, out);
    omsp_call_leave(call);
}

uint32_t omsp_call_id(const struct omsp_call *call)
{
    return call->id;
}

uint64_t omsp_call_token(const struct omsp_call *call)
{
    return call->token;
}

uint32_t omsp_call_media(const struct omsp_call *call)
{
    return call->media;
}

const char *omsp_call_sid(const struct omsp_call *call)
{
    return call->sid;
}

enum omsp_call_state omsp_call_get_state(struct omsp_call *call)
{
    enum omsp_call_state state;

    omsp_call_enter(call);
    state = call->state;
    omsp_call_leave(call);
    return state;
}

bool omsp_call_is_shut(struct omsp_call *call)
{
    bool shut;

    omsp_call_enter(call);
    shut = call->shut;
    omsp_call_leave(call);
    return shut;
}

/* Address lock. Media streams are listed while they are not over, terminals' never. */
static struct omsp_stream *listed(struct omsp_call *call, unsigned index, unsigned *count)
{
    struct omsp_stream *found = index < call->stream_count ? call->streams[index] : NULL;

    *count = call->stream_count;
    for (unsigned i = 0; i < call->fork_count; i++) {
        if (call->forks[i]->fork->over || call->forks[i]->fork->of_terminal)
            continue;
        if (*count == index)
            found = call->forks[i];
        ++*count;
    }
    return found;
}

unsigned omsp_call_stream_count(struct omsp_call *call)
{
    unsigned count;

    omsp_call_enter(call);
    listed(call, 0, &count);
    omsp_call_leave(call);
    return count;
}

struct omsp_stream *omsp_call_stream_at(struct omsp_call *call, unsigned index)
{
    struct omsp_stream *stream;
    unsigned count;

    omsp_call_enter(call);
    stream = listed(call, index, &count);
    if (stream)
        omsp_stream_ref(stream);
    omsp_call_leave(call);
    return stream;
}

struct omsp_call *omsp_engine_find_call(struct omsp_engine *engine, const char *sid)
{
    struct omsp_call *found = NULL;

    omsp_lock_acquire(&engine->sids_lock);
    omsp_list_each(link, &engine->sids)
    {
        struct omsp_call *call = omsp_container(link, struct omsp_call, by_sid);

        if (!omsp_sid_equal(call->sid, sid))
            continue;
        omsp_call_ref(call); /* its address's list has one */
        found = call;
        break;
    }
    omsp_lock_release(&engine->sids_lock);
    return found;
}
