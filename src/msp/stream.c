/*
 * ITStream, and what it has in common with ITSubStream: one wrapper per engine stream. It
 * translates arguments and answers; which state the stream is in, and what follows from it, is the
 * engine's business alone (core/stream.h). Free threaded, holds no lock; lives as long as somebody
 * holds it, also after its call was shut down (then properties that cannot change still answer,
 * everything else is E_UNEXPECTED).
 */
#include "com/dispatch.h"
#include "engine/fork.h"
#include "msp/call.h"
#include "msp/classes.h"
#include "msp/hosted.h"
#include "msp/interfaces.h"
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

/* Others may have a media stream's name and tracks by now (openmsp.h). */
static HRESULT answer(const struct msp_stream *self, enum omsp_status status)
{
    bool taken = status == OMSP_EXISTS || status == OMSP_FULL;

    return taken && omsp_stream_is_fork(self->engine) ? msp_fork_hresult(status)
                                                      : msp_hresult(status);
}

/* Terminals of other makers are connected before the engine is asked, and what they said is the
 * answer when the engine could not go on without them. */
static HRESULT move(struct msp_stream *self, enum omsp_input input,
                    enum omsp_status (*door)(struct omsp_stream *stream, enum omsp_cause cause))
{
    struct msp_hosted_door hosted;

    if (msp_stream_is_shut(self))
        return E_UNEXPECTED;
    msp_hosted_enter(&hosted, self->call, self->engine, input);
    return msp_hosted_leave(&hosted, answer(self, door(self->engine, OMSP_CAUSE_LOCAL_REQUEST)));
}

HRESULT msp_stream_start(struct msp_stream *self)
{
    return move(self, OMSP_IN_START, omsp_stream_start);
}

HRESULT msp_stream_pause(struct msp_stream *self)
{
    return move(self, OMSP_IN_PAUSE, omsp_stream_pause);
}

HRESULT msp_stream_stop(struct msp_stream *self)
{
    return move(self, OMSP_IN_STOP, omsp_stream_stop);
}

/* Check 4 of mspi.md 3.5 on a terminal of ours; 3 is the class's. */
static HRESULT check_address(struct msp_call *call, ITTerminal *terminal)
{
    ITTerminalControl *control;
    MSP_HANDLE token = NULL;
    HRESULT hr = ITTerminal_QueryInterface(terminal, &IID_ITTerminalControl, (void **)&control);

    if (FAILED(hr))
        return TAPI_E_INVALIDTERMINAL;
    hr = control->lpVtbl->get_AddressHandle(control, &token);
    control->lpVtbl->Release(control);
    return SUCCEEDED(hr) && (!token || token == msp_address_token(msp_call_address(call)))
               ? S_OK
               : TAPI_E_INVALIDTERMINAL;
}

HRESULT msp_stream_select(struct msp_stream *self, ITTerminal *terminal)
{
    struct omsp_terminal *engine = NULL;
    enum omsp_status status;
    HRESULT hr;

    if (!terminal)
        return E_POINTER;
    if (msp_stream_is_shut(self))
        return E_UNEXPECTED;
    hr = msp_terminal_from_interface(terminal, &engine);
    if (FAILED(hr)) /* one that is not ours is hosted */
        return msp_hosted_select(self->call, self->engine, terminal);
    hr = check_address(self->call, terminal);
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

HRESULT msp_stream_unselect(struct msp_stream *self, ITTerminal *terminal)
{
    struct omsp_terminal *engine = NULL;
    HRESULT hr;

    if (!terminal)
        return E_POINTER;
    if (msp_stream_is_shut(self))
        return E_UNEXPECTED;
    if (FAILED(msp_terminal_from_interface(terminal, &engine)))
        return msp_hosted_unselect(self->engine, terminal);
    hr = msp_hresult(omsp_stream_unselect(self->engine, engine));
    omsp_terminal_release(engine);
    return hr;
}

/* The selected terminals of now. */
static HRESULT gather(struct msp_stream *self, struct msp_interfaces *all)
{
    struct omsp_terminal *engines[OMSP_STREAM_MAX_TERMINALS];
    unsigned count;
    HRESULT hr = msp_interfaces_room(all, OMSP_STREAM_MAX_TERMINALS);

    if (FAILED(hr))
        return hr;
    if (msp_stream_is_shut(self))
        return E_UNEXPECTED;
    count = omsp_stream_terminals(self->engine, engines, OMSP_STREAM_MAX_TERMINALS);
    if (count > OMSP_STREAM_MAX_TERMINALS)
        count = OMSP_STREAM_MAX_TERMINALS;
    hr = msp_terminals_wrap(msp_address_token(msp_call_address(self->call)), engines, count,
                            (ITTerminal **)all->items);
    all->count = SUCCEEDED(hr) ? count : 0;
    return hr;
}

HRESULT msp_stream_enumerate_terminals(struct msp_stream *self, IEnumTerminal **out)
{
    struct msp_interfaces all;

    if (!out)
        return E_POINTER;
    return msp_interfaces_enum(&all, gather(self, &all), &IID_IEnumTerminal, (void **)out);
}

HRESULT msp_stream_list_terminals(struct msp_stream *self, VARIANT *out)
{
    struct msp_interfaces all;

    if (!out)
        return E_POINTER;
    return msp_interfaces_list(&all, gather(self, &all), out);
}

/* ---- ITStream -------------------------------------------------------------------------------- */

static HRESULT STDMETHODCALLTYPE stream_StartStream(ITStream *iface)
{
    return msp_stream_start(SELF(iface));
}

static HRESULT STDMETHODCALLTYPE stream_PauseStream(ITStream *iface)
{
    return msp_stream_pause(SELF(iface));
}

static HRESULT STDMETHODCALLTYPE stream_StopStream(ITStream *iface)
{
    return msp_stream_stop(SELF(iface));
}

static HRESULT STDMETHODCALLTYPE stream_SelectTerminal(ITStream *iface, ITTerminal *terminal)
{
    return msp_stream_select(SELF(iface), terminal);
}

static HRESULT STDMETHODCALLTYPE stream_UnselectTerminal(ITStream *iface, ITTerminal *terminal)
{
    return msp_stream_unselect(SELF(iface), terminal);
}

static HRESULT STDMETHODCALLTYPE stream_EnumerateTerminals(ITStream *iface, IEnumTerminal **out)
{
    return msp_stream_enumerate_terminals(SELF(iface), out);
}

static HRESULT STDMETHODCALLTYPE stream_get_Terminals(ITStream *iface, VARIANT *out)
{
    return msp_stream_list_terminals(SELF(iface), out);
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
           .StartStream = stream_StartStream, .PauseStream = stream_PauseStream,
           .StopStream = stream_StopStream, .SelectTerminal = stream_SelectTerminal,
           .UnselectTerminal = stream_UnselectTerminal,
           .EnumerateTerminals = stream_EnumerateTerminals, .get_Terminals = stream_get_Terminals);

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

static const struct com_entry substream_entries[] = {
    COM_ENTRY(IID_ITSubStream, msp_substream_vtable)};

const struct com_class msp_substream_class = {
    COM_CLASS("ITSubStream", struct msp_stream, substream_entries), .flags = COM_FTM | COM_SAFE,
    .destroy = destroy};

struct making {
    struct msp_call *call;
    struct omsp_stream *engine;
};

static const struct com_class *class_of(const struct omsp_stream *engine)
{
    if (omsp_stream_is_fork(engine))
        return &msp_media_stream_class;
    if (omsp_stream_parent(engine))
        return &msp_substream_class;
    if (omsp_stream_media(engine) != OMSP_MEDIA_AUDIO)
        return &msp_video_stream_class;
    return omsp_stream_direction(engine) == OMSP_RENDER ? &msp_render_stream_class
                                                        : &msp_stream_class;
}

static void bind(struct msp_stream *self, struct msp_call *call, struct omsp_stream *engine)
{
    self->call = call;
    self->engine = engine;
    msp_call_ref(self->call);
    omsp_stream_ref(self->engine);
}

static HRESULT make(void *ctx, struct com_object **out)
{
    const struct making *making = ctx;
    struct msp_stream *self;
    HRESULT hr = com_object_create(class_of(making->engine), NULL, (struct com_object **)&self);

    if (FAILED(hr))
        return hr;
    bind(self, making->call, making->engine);
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

HRESULT msp_media_stream_create(struct msp_call *call, const struct omsp_fork_options *options,
                                IOpenMSPMediaStream **out)
{
    struct msp_identity_entry *place;
    struct omsp_stream *engine;
    struct msp_stream *self;
    HRESULT hr;

    *out = NULL;
    hr = msp_identity_prepare(&place);
    if (FAILED(hr))
        return hr;
    hr = com_object_create(&msp_media_stream_class, NULL, (struct com_object **)&self);
    if (FAILED(hr)) {
        msp_identity_discard(place);
        return hr;
    }
    hr = msp_fork_hresult(
        omsp_call_fork(call->engine, options, OMSP_CAUSE_LOCAL_REQUEST, NULL, &engine));
    if (FAILED(hr)) {
        msp_identity_discard(place);
        com_object_release(&self->object);
        return hr;
    }
    bind(self, call, engine);
    self = (struct msp_stream *)msp_identity_enter(place, omsp_stream_id(engine), &self->object);
    omsp_stream_release(engine);
    *out = &self->media;
    return S_OK;
}

HRESULT msp_substream_wrap(struct msp_call *call, struct omsp_stream *stream, ITSubStream **out)
{
    struct msp_stream *self;
    HRESULT hr = wrap(call, stream, &self);

    *out = hr == S_OK ? &self->substream : NULL;
    return hr;
}

/* The engine's stream of an object of one of these classes. */
static HRESULT engine_of(IUnknown *unknown, REFIID iid, const struct com_class *const *classes,
                         unsigned count, struct omsp_stream **out)
{
    struct com_object *object = NULL;
    IUnknown *iface;

    *out = NULL;
    if (!unknown || FAILED(IUnknown_QueryInterface(unknown, iid, (void **)&iface)))
        return E_INVALIDARG;
    for (unsigned i = 0; i < count && !object; i++)
        object = com_object_cast(classes[i], iface);
    if (object) {
        *out = ((struct msp_stream *)object)->engine;
        omsp_stream_ref(*out);
    }
    IUnknown_Release(iface);
    return object ? S_OK : E_INVALIDARG;
}

HRESULT msp_stream_from_interface(IUnknown *unknown, struct omsp_stream **out)
{
    static const struct com_class *const classes[] = {&msp_stream_class, &msp_render_stream_class,
                                                      &msp_media_stream_class};

    return engine_of(unknown, &IID_ITStream, classes, 3, out);
}

HRESULT msp_substream_from_interface(IUnknown *unknown, struct omsp_stream **out)
{
    static const struct com_class *const classes[] = {&msp_substream_class};

    return engine_of(unknown, &IID_ITSubStream, classes, 1, out);
}
