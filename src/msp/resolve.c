/*
 * From the ids of an event to interface pointers. Looks at living wrappers first and makes new ones
 * where a client may see the object for the first time through the event. Any thread, no lock held.
 */
#include "engine/device.h"
#include "msp/address.h"
#include "msp/call.h"
#include "msp/hosted.h"

static void *counted(struct com_object *object, REFIID iid)
{
    void *out = NULL;

    if (object) {
        com_object_query(object, iid, &out);
        com_object_release(object);
    }
    return out;
}

static struct com_object *living(uint32_t id)
{
    struct com_object *object = NULL;

    if (id)
        msp_identity_get(id, NULL, NULL, &object);
    return object;
}

/* A reference, or NULL. */
static struct omsp_stream *find_ended(struct msp_call *call, uint32_t id)
{
    struct omsp_stream *found = NULL;

    AcquireSRWLockShared(&call->ended_lock);
    for (unsigned i = 0; i < call->ended_count && !found; i++)
        if (omsp_stream_id(call->ended[i]) == id)
            found = call->ended[i];
    if (found)
        omsp_stream_ref(found);
    ReleaseSRWLockShared(&call->ended_lock);
    return found;
}

static HRESULT find_stream(struct msp_call *call, uint32_t id, ITStream **out)
{
    struct omsp_stream **forks, *ended;
    unsigned count;
    HRESULT hr;

    for (unsigned i = 0; i < call->stream_count; i++)
        if (omsp_stream_id(call->streams[i]) == id)
            return msp_stream_wrap(call, call->streams[i], out);
    /* A media stream: one that a client holds, that the call has, or had when it was shut down. */
    *out = counted(living(id), &IID_ITStream);
    if (*out)
        return S_OK;
    hr = msp_call_forks(call, &forks, &count);
    if (FAILED(hr))
        return hr;
    hr = S_FALSE;
    for (unsigned i = 0; i < count && hr == S_FALSE; i++)
        if (omsp_stream_id(forks[i]) == id)
            hr = msp_stream_wrap(call, forks[i], out);
    msp_call_forks_drop(forks, count);
    ended = hr == S_FALSE ? find_ended(call, id) : NULL;
    if (ended) {
        hr = msp_stream_wrap(call, ended, out);
        omsp_stream_release(ended);
    }
    return hr;
}

/* Itself, or the file terminal whose track is on the stream. */
static HRESULT find_on(struct msp_call *call, struct omsp_stream *stream, uint32_t id,
                       ITTerminal **out)
{
    struct omsp_terminal *terminals[OMSP_STREAM_MAX_TERMINALS];
    unsigned count = omsp_stream_terminals(stream, terminals, OMSP_STREAM_MAX_TERMINALS);
    HRESULT hr = S_FALSE;

    if (count > OMSP_STREAM_MAX_TERMINALS)
        count = OMSP_STREAM_MAX_TERMINALS;
    for (unsigned i = 0; i < count; i++) {
        struct omsp_terminal *found = NULL;

        if (hr == S_FALSE && omsp_terminal_id(terminals[i]) == id) {
            found = terminals[i];
            omsp_terminal_ref(found);
        } else if (hr == S_FALSE && omsp_terminal_get_kind(terminals[i]) == OMSP_TERMINAL_TRACK) {
            found = omsp_track_parent(terminals[i]);
            if (found && omsp_terminal_id(found) != id) {
                omsp_terminal_release(found);
                found = NULL;
            }
        }
        if (found) {
            hr = msp_terminal_wrap(msp_address_token(call->address), found, out);
            omsp_terminal_release(found);
        }
        omsp_terminal_release(terminals[i]);
    }
    return hr;
}

/* A terminal that no client holds any more but that is still selected on one of the call's streams,
 * or on a substream. */
static HRESULT find_selected(struct msp_call *call, uint32_t id, ITTerminal **out)
{
    HRESULT hr = S_FALSE;

    for (unsigned i = 0; i < call->stream_count && hr == S_FALSE; i++) {
        struct omsp_stream *substreams[OMSP_STREAM_MAX_SUBSTREAMS];
        unsigned count =
            omsp_stream_substreams(call->streams[i], substreams, OMSP_STREAM_MAX_SUBSTREAMS);

        hr = find_on(call, call->streams[i], id, out);
        for (unsigned j = 0; j < count; j++) {
            if (hr == S_FALSE)
                hr = find_on(call, substreams[j], id, out);
            omsp_stream_release(substreams[j]);
        }
    }
    return hr;
}

static HRESULT find_terminal(struct msp_call *call, uint32_t id, ITTerminal **out)
{
    *out = counted(living(id), &IID_ITTerminal);
    if (!*out)
        *out = msp_hosted_terminal(id);
    if (*out)
        return S_OK;
    return call && id ? find_selected(call, id, out) : S_FALSE;
}

/* What an address event is about: perhaps nobody has seen that terminal yet. */
static HRESULT find_static(struct msp_address *address, uint32_t id, ITTerminal **out)
{
    struct omsp_address *engine;
    struct omsp_terminal *device = NULL;
    HRESULT hr = find_terminal(NULL, id, out);

    if (hr != S_FALSE)
        return hr;
    AcquireSRWLockShared(&address->listener_lock);
    engine = msp_address_engine(address);
    if (engine)
        device = omsp_address_find_device(engine, id);
    ReleaseSRWLockShared(&address->listener_lock);
    if (!device)
        return S_FALSE;
    hr = msp_terminal_wrap(msp_address_token(address), device, out);
    omsp_terminal_release(device);
    return hr;
}

/* Who holds a track alone has its file terminal, too. */
static HRESULT parent_of(ITTerminal *terminal, ITTerminal **out)
{
    ITFileTrack *track;
    HRESULT hr = ITTerminal_QueryInterface(terminal, &IID_ITFileTrack, (void **)&track);

    if (FAILED(hr))
        return S_FALSE;
    hr = ITFileTrack_get_ControllingTerminal(track, out);
    ITFileTrack_Release(track);
    return hr == TAPI_E_INVALIDTERMINAL ? S_FALSE : hr;
}

static HRESULT resolve_file(const struct omsp_event *event, struct msp_event_parts *parts)
{
    ITTerminal *track = NULL;
    HRESULT hr = find_terminal(parts->call, event->track, &track), found;

    if (FAILED(hr))
        return hr;
    found = find_terminal(parts->call, event->terminal, &parts->terminal);
    if (found == S_FALSE && track)
        found = parent_of(track, &parts->terminal);
    if (found != S_OK) {
        if (track)
            ITTerminal_Release(track);
        return found;
    }
    if (track) {
        ITTerminal_QueryInterface(track, &IID_ITFileTrack, (void **)&parts->track);
        ITTerminal_Release(track);
    }
    return S_OK;
}

static HRESULT resolve_call(const struct omsp_event *event, struct msp_event_parts *parts)
{
    HRESULT hr = find_stream(parts->call, event->stream, &parts->stream);

    if (hr != S_OK)
        return hr;
    hr = find_terminal(parts->call, event->terminal, &parts->terminal);
    return FAILED(hr) ? hr : S_OK; /* without terminal when it is gone */
}

HRESULT msp_event_resolve(struct msp_address *address, const struct omsp_event *event,
                          struct msp_event_parts *out)
{
    HRESULT hr = S_OK;

    memset(out, 0, sizeof(*out));
    if (event->call) {
        out->call = msp_call_from_id(address, event->call);
        if (!out->call && event->kind != OMSP_EVENT_FILE)
            return S_FALSE;
    }
    switch (event->kind) {
    case OMSP_EVENT_CALL:
        hr = out->call ? resolve_call(event, out) : S_FALSE;
        break;
    case OMSP_EVENT_FILE:
        hr = resolve_file(event, out);
        break;
    case OMSP_EVENT_ADDRESS:
        hr = find_static(address, event->terminal, &out->terminal);
        break;
    case OMSP_EVENT_TSP_DATA:
    case OMSP_EVENT_PRIVATE:
        break;
    }
    if (hr != S_OK)
        msp_event_parts_clear(out);
    return hr;
}

void msp_event_parts_clear(struct msp_event_parts *parts)
{
    if (parts->stream)
        ITStream_Release(parts->stream);
    if (parts->terminal)
        ITTerminal_Release(parts->terminal);
    if (parts->track)
        ITFileTrack_Release(parts->track);
    if (parts->call)
        msp_call_unref(parts->call);
    memset(parts, 0, sizeof(*parts));
}
