/*
 * ITStream: one wrapper per engine stream. It translates arguments and answers; which state the
 * stream is in, and what follows from it, is the engine's business alone (core/stream.h). Free
 * threaded, holds no lock; lives as long as somebody holds it, also after its call was shut down
 * (then properties that cannot change still answer, everything else is E_UNEXPECTED).
 */
#include "com/collection.h"
#include "com/dispatch.h"
#include "com/enumerator.h"
#include "engine/fork.h"
#include "msp/call.h"
#include "msp/classes.h"
#include "msp/hosted.h"
#include "msp/stream.h"
#include "msp/terminal.h"

#define SELF(iface) COM_SELF(iface, struct msp_stream, stream)

bool msp_stream_is_shut(const struct msp_stream *self)
{
    return msp_call_is_shut(self->call) || omsp_stream_is_shut(self->engine);
}

static HRESULT STDMETHODCALLTYPE get_media_type(ITStream *iface, LONG *out)
{
    if (!out)
        return E_POINTER;
    *out = (LONG)omsp_stream_media(SELF(iface)->engine);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE get_direction(ITStream *iface, TERMINAL_DIRECTION *out)
{
    if (!out)
        return E_POINTER;
    *out = (TERMINAL_DIRECTION)omsp_stream_direction(SELF(iface)->engine);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE get_name(ITStream *iface, BSTR *out)
{
    if (!out)
        return E_POINTER;
    *out = msp_bstr(omsp_stream_name(SELF(iface)->engine));
    return *out ? S_OK : E_OUTOFMEMORY;
}

/* Terminals of other makers are connected before the engine is asked, and what they said is the
 * answer when the engine could not go on without them. */
static HRESULT move(struct msp_stream *self, enum omsp_input input,
                    enum omsp_status (*door)(struct omsp_stream *stream, enum omsp_cause cause))
{
    HRESULT hosted, hr;

    if (msp_stream_is_shut(self))
        return E_UNEXPECTED;
    hosted = input == OMSP_IN_STOP ? S_FALSE : msp_hosted_prepare(self->call, self->engine, input);
    hr = msp_hresult(door(self->engine, OMSP_CAUSE_LOCAL_REQUEST));
    msp_hosted_settle(self->call);
    return FAILED(hr) && FAILED(hosted) ? hosted : hr;
}

static HRESULT STDMETHODCALLTYPE start(ITStream *iface)
{
    return move(SELF(iface), OMSP_IN_START, omsp_stream_start);
}

static HRESULT STDMETHODCALLTYPE pause_stream(ITStream *iface)
{
    return move(SELF(iface), OMSP_IN_PAUSE, omsp_stream_pause);
}

static HRESULT STDMETHODCALLTYPE stop(ITStream *iface)
{
    return move(SELF(iface), OMSP_IN_STOP, omsp_stream_stop);
}

/* Checks 3 and 4 of mspi.md 3.5, on whatever the application gave; *out is counted. */
static HRESULT control_of(struct msp_call *call, ITTerminal *terminal, ITTerminalControl **out)
{
    MSP_HANDLE token = NULL;
    HRESULT hr;

    *out = NULL;
    hr = ITTerminal_QueryInterface(terminal, &IID_ITTerminalControl, (void **)out);
    if (FAILED(hr) || !*out)
        return TAPI_E_INVALIDTERMINAL;
    hr = (*out)->lpVtbl->get_AddressHandle(*out, &token);
    if (SUCCEEDED(hr) && (!token || token == msp_address_token(msp_call_address(call))))
        return S_OK;
    (*out)->lpVtbl->Release(*out);
    *out = NULL;
    return TAPI_E_INVALIDTERMINAL;
}

HRESULT msp_stream_check_address(struct msp_call *call, ITTerminal *terminal)
{
    ITTerminalControl *control;
    HRESULT hr = control_of(call, terminal, &control);

    if (SUCCEEDED(hr))
        control->lpVtbl->Release(control);
    return hr;
}

/* One that is not ours is hosted, on the streams that carry media themselves. */
static HRESULT select_foreign(struct msp_stream *self, ITTerminal *terminal)
{
    ITTerminalControl *control;
    HRESULT hr = control_of(self->call, terminal, &control);

    if (FAILED(hr))
        return hr;
    hr = omsp_stream_is_fork(self->engine)
             ? TAPI_E_INVALIDTERMINAL
             : msp_hosted_select(self->call, self->engine, terminal, control);
    control->lpVtbl->Release(control);
    return hr;
}

static HRESULT STDMETHODCALLTYPE select_terminal(ITStream *iface, ITTerminal *terminal)
{
    struct msp_stream *self = SELF(iface);
    struct omsp_terminal *engine = NULL;
    enum omsp_status status;
    HRESULT hr;

    if (!terminal)
        return E_POINTER;
    if (msp_stream_is_shut(self))
        return E_UNEXPECTED;
    hr = msp_terminal_from_interface((IUnknown *)terminal, &engine);
    if (FAILED(hr))
        return select_foreign(self, terminal);
    hr = msp_stream_check_address(self->call, terminal);
    /* A file terminal's tracks go on streams, never the terminal itself (mspi.md 4.3 b): the engine
     * refuses it. */
    if (SUCCEEDED(hr)) {
        status = omsp_stream_select(self->engine, engine);
        hr = omsp_terminal_get_kind(engine) == OMSP_TERMINAL_WEBSOCKET ? msp_fork_hresult(status)
                                                                       : msp_hresult(status);
    }
    omsp_terminal_release(engine);
    return hr;
}

static HRESULT STDMETHODCALLTYPE unselect_terminal(ITStream *iface, ITTerminal *terminal)
{
    struct msp_stream *self = SELF(iface);
    struct omsp_terminal *engine = NULL;
    HRESULT hr;

    if (!terminal)
        return E_POINTER;
    if (msp_stream_is_shut(self))
        return E_UNEXPECTED;
    if (FAILED(msp_terminal_from_interface((IUnknown *)terminal, &engine)))
        return msp_hosted_unselect(self->engine, terminal);
    hr = msp_hresult(omsp_stream_unselect(self->engine, engine));
    omsp_terminal_release(engine);
    return hr;
}

/* The selected terminals of now; *count interfaces, each counted. */
static HRESULT selected(struct msp_call *call, struct omsp_stream *engine,
                        ITTerminal *out[OMSP_STREAM_MAX_TERMINALS], unsigned *count)
{
    struct omsp_terminal *engines[OMSP_STREAM_MAX_TERMINALS];
    unsigned n = omsp_stream_terminals(engine, engines, OMSP_STREAM_MAX_TERMINALS);

    if (n > OMSP_STREAM_MAX_TERMINALS)
        n = OMSP_STREAM_MAX_TERMINALS;
    *count = n;
    return msp_terminals_wrap(msp_address_token(msp_call_address(call)), engines, n, out);
}

HRESULT msp_stream_enumerate_terminals(struct msp_call *call, struct omsp_stream *engine,
                                       IEnumTerminal **out)
{
    ITTerminal *terminals[OMSP_STREAM_MAX_TERMINALS];
    unsigned count;
    HRESULT hr = selected(call, engine, terminals, &count);

    if (FAILED(hr))
        return hr;
    hr = com_enum_interfaces(&IID_IEnumTerminal, COM_ENUM_RESET_SKIP, (void *const *)terminals,
                             count, (void **)out);
    msp_terminals_drop(terminals, count);
    return hr;
}

HRESULT msp_stream_list_terminals(struct msp_call *call, struct omsp_stream *engine, VARIANT *out)
{
    ITTerminal *terminals[OMSP_STREAM_MAX_TERMINALS];
    unsigned count;
    HRESULT hr = selected(call, engine, terminals, &count);

    if (FAILED(hr))
        return hr;
    hr = com_collection_variant_of_objects(&IID_ITCollection, (void *const *)terminals, count, out);
    msp_terminals_drop(terminals, count);
    return hr;
}

static HRESULT STDMETHODCALLTYPE enumerate_terminals(ITStream *iface, IEnumTerminal **out)
{
    struct msp_stream *self = SELF(iface);

    if (!out)
        return E_POINTER;
    *out = NULL;
    if (msp_stream_is_shut(self))
        return E_UNEXPECTED;
    return msp_stream_enumerate_terminals(self->call, self->engine, out);
}

static HRESULT STDMETHODCALLTYPE get_terminals(ITStream *iface, VARIANT *out)
{
    struct msp_stream *self = SELF(iface);

    if (!out)
        return E_POINTER;
    VariantInit(out);
    if (msp_stream_is_shut(self))
        return E_UNEXPECTED;
    return msp_stream_list_terminals(self->call, self->engine, out);
}

static const struct com_member members[] = {
    COM_GET(ITStream, 1, MediaType, COM_RETVAL_LONG),
    COM_GET(ITStream, 2, Direction, COM_RETVAL_LONG),
    COM_GET(ITStream, 3, Name, COM_RETVAL_BSTR),
    COM_METHOD(ITStream, 4, StartStream),
    COM_METHOD(ITStream, 5, PauseStream),
    COM_METHOD(ITStream, 6, StopStream),
    COM_METHOD(ITStream, 7, SelectTerminal, COM_IN_OBJECT("pTerminal", &IID_ITTerminal)),
    COM_METHOD(ITStream, 8, UnselectTerminal, COM_IN_OBJECT("pTerminal", &IID_ITTerminal)),
    COM_METHOD(ITStream, 9, EnumerateTerminals, COM_RETVAL_UNKNOWN),
    COM_GET(ITStream, 10, Terminals, COM_RETVAL_VARIANT),
};
static const struct com_dispatch dispatch = COM_DISPATCH_TABLE(&IID_ITStream, "ITStream", members);

COM_VTABLE(vtable, ITStream, struct msp_stream, stream, &dispatch, COM_DISPATCH_SLOTS(ITStream),
           .get_MediaType = get_media_type, .get_Direction = get_direction, .get_Name = get_name,
           .StartStream = start, .PauseStream = pause_stream, .StopStream = stop,
           .SelectTerminal = select_terminal, .UnselectTerminal = unselect_terminal,
           .EnumerateTerminals = enumerate_terminals, .get_Terminals = get_terminals);

static const struct com_entry entries[] = {
    COM_ENTRY(IID_ITStream, vtable),
    COM_ENTRY(IID_ITStreamQualityControl, msp_stream_quality_vtable),
    COM_ENTRY(IID_ITAudioSettings, msp_stream_audio_vtable),
    COM_ENTRY(IID_ITAudioDeviceControl, msp_stream_device_vtable),
    COM_ENTRY(IID_ITFormatControl, msp_stream_format_vtable),
};

static void destroy(struct com_object *object)
{
    struct msp_stream *self = (struct msp_stream *)object;

    uint32_t id;

    if (!self->engine)
        return;
    /* The identity map's entry holds the engine itself, so it goes last. */
    id = omsp_stream_id(self->engine);
    omsp_stream_release(self->engine);
    msp_call_unref(self->call);
    msp_identity_forget(id, object);
}

const struct com_class msp_stream_class = {COM_CLASS("ITStream", struct msp_stream, entries),
                                           .flags = COM_FTM | COM_SAFE, .destroy = destroy};

/* What arrives may come from several sources. */
static const struct com_entry render_entries[] = {
    COM_ENTRY(IID_ITStream, vtable),
    COM_ENTRY(IID_ITStreamQualityControl, msp_stream_quality_vtable),
    COM_ENTRY(IID_ITAudioSettings, msp_stream_audio_vtable),
    COM_ENTRY(IID_ITAudioDeviceControl, msp_stream_device_vtable),
    COM_ENTRY(IID_ITFormatControl, msp_stream_format_vtable),
    COM_ENTRY(IID_ITSubStreamControl, msp_substream_control_vtable),
};

const struct com_class msp_render_stream_class = {
    COM_CLASS("ITStream", struct msp_stream, render_entries), .flags = COM_FTM | COM_SAFE,
    .destroy = destroy};

/* Of video nothing is carried, so that there is nothing to tell of its quality. */
static const struct com_entry video_entries[] = {COM_ENTRY(IID_ITStream, vtable)};

const struct com_class msp_video_stream_class = {
    COM_CLASS("ITStream", struct msp_stream, video_entries), .flags = COM_FTM | COM_SAFE,
    .destroy = destroy};

static const struct com_entry media_entries[] = {
    COM_ENTRY(IID_ITStream, vtable),
    COM_ENTRY(IID_IOpenMSPMediaStream, msp_media_stream_vtable),
};

const struct com_class msp_media_stream_class = {
    COM_CLASS("OpenMSP.MediaStream", struct msp_stream, media_entries),
    .flags = COM_FTM | COM_SAFE | COM_MERGED,
    .destroy = destroy,
};

struct making {
    struct msp_call *call;
    struct omsp_stream *engine;
};

static const struct com_class *class_of(const struct omsp_stream *engine)
{
    if (omsp_stream_is_fork(engine))
        return &msp_media_stream_class;
    if (omsp_stream_media(engine) != OMSP_MEDIA_AUDIO)
        return &msp_video_stream_class;
    return omsp_stream_direction(engine) == OMSP_RENDER ? &msp_render_stream_class
                                                        : &msp_stream_class;
}

static HRESULT make(void *ctx, struct com_object **out)
{
    const struct making *making = ctx;
    struct msp_stream *self;
    HRESULT hr = com_object_create(class_of(making->engine), NULL, (struct com_object **)&self);

    if (FAILED(hr))
        return hr;
    self->call = making->call;
    self->engine = making->engine;
    msp_call_ref(self->call);
    omsp_stream_ref(self->engine);
    *out = &self->object;
    return S_OK;
}

static HRESULT wrap(struct msp_call *call, struct omsp_stream *stream, struct msp_stream **out)
{
    struct making making = {call, stream};

    return msp_identity_get(omsp_stream_id(stream), make, &making, (struct com_object **)out);
}

HRESULT msp_stream_wrap(struct msp_call *call, struct omsp_stream *stream, ITStream **out)
{
    struct msp_stream *self;
    HRESULT hr = wrap(call, stream, &self);

    *out = hr == S_OK ? &self->stream : NULL;
    return hr;
}

HRESULT msp_media_stream_wrap(struct msp_call *call, struct omsp_stream *stream,
                              IOpenMSPMediaStream **out)
{
    struct msp_stream *self;
    HRESULT hr = wrap(call, stream, &self);

    *out = hr == S_OK ? &self->media : NULL;
    return hr;
}

HRESULT msp_stream_from_interface(IUnknown *unknown, struct omsp_stream **out)
{
    struct com_object *object;
    ITStream *stream;

    *out = NULL;
    if (!unknown || FAILED(IUnknown_QueryInterface(unknown, &IID_ITStream, (void **)&stream)))
        return E_INVALIDARG;
    object = com_object_cast(&msp_stream_class, stream);
    if (!object)
        object = com_object_cast(&msp_render_stream_class, stream);
    if (!object)
        object = com_object_cast(&msp_media_stream_class, stream);
    if (object) {
        *out = ((struct msp_stream *)object)->engine;
        omsp_stream_ref(*out);
    }
    ITStream_Release(stream);
    return object ? S_OK : E_INVALIDARG;
}
