/*
 * ITSubStream: one wrapper per substream of the engine, which is a stream itself, so that its
 * methods are a stream's (mspi.md 3.12). Free threaded, holds no lock; lives as long as somebody
 * holds it, also after it was removed (then only its parent is still told).
 */
#include "com/dispatch.h"
#include "com/object.h"
#include "msp/classes.h"
#include "msp/stream.h"
#include "msp/terminal.h"

struct msp_substream {
    struct com_object object;
    ITSubStream substream;
    struct msp_call *call;      /* inner reference */
    struct omsp_stream *engine; /* reference */
};

#define SELF(iface) COM_SELF(iface, struct msp_substream, substream)

static bool is_shut(const struct msp_substream *self)
{
    return msp_call_is_shut(self->call) || omsp_stream_is_shut(self->engine);
}

static HRESULT move(struct msp_substream *self,
                    enum omsp_status (*door)(struct omsp_stream *stream, enum omsp_cause cause))
{
    return is_shut(self) ? E_UNEXPECTED : msp_hresult(door(self->engine, OMSP_CAUSE_LOCAL_REQUEST));
}

static HRESULT STDMETHODCALLTYPE start(ITSubStream *iface)
{
    return move(SELF(iface), omsp_stream_start);
}

static HRESULT STDMETHODCALLTYPE pause_substream(ITSubStream *iface)
{
    return move(SELF(iface), omsp_stream_pause);
}

static HRESULT STDMETHODCALLTYPE stop(ITSubStream *iface)
{
    return move(SELF(iface), omsp_stream_stop);
}

/* Terminals of other makers are hosted on streams only. */
static HRESULT STDMETHODCALLTYPE select_terminal(ITSubStream *iface, ITTerminal *terminal)
{
    struct msp_substream *self = SELF(iface);
    struct omsp_terminal *engine = NULL;
    HRESULT hr;

    if (!terminal)
        return E_POINTER;
    if (is_shut(self))
        return E_UNEXPECTED;
    hr = msp_terminal_from_interface((IUnknown *)terminal, &engine);
    if (FAILED(hr))
        return TAPI_E_INVALIDTERMINAL;
    hr = msp_stream_check_address(self->call, terminal);
    if (SUCCEEDED(hr))
        hr = msp_hresult(omsp_stream_select(self->engine, engine));
    omsp_terminal_release(engine);
    return hr;
}

static HRESULT STDMETHODCALLTYPE unselect_terminal(ITSubStream *iface, ITTerminal *terminal)
{
    struct msp_substream *self = SELF(iface);
    struct omsp_terminal *engine = NULL;
    HRESULT hr;

    if (!terminal)
        return E_POINTER;
    if (is_shut(self))
        return E_UNEXPECTED;
    if (FAILED(msp_terminal_from_interface((IUnknown *)terminal, &engine)))
        return TAPI_E_INVALIDTERMINAL;
    hr = msp_hresult(omsp_stream_unselect(self->engine, engine));
    omsp_terminal_release(engine);
    return hr;
}

static HRESULT STDMETHODCALLTYPE enumerate_terminals(ITSubStream *iface, IEnumTerminal **out)
{
    struct msp_substream *self = SELF(iface);

    if (!out)
        return E_POINTER;
    *out = NULL;
    return is_shut(self) ? E_UNEXPECTED
                         : msp_stream_enumerate_terminals(self->call, self->engine, out);
}

static HRESULT STDMETHODCALLTYPE get_terminals(ITSubStream *iface, VARIANT *out)
{
    struct msp_substream *self = SELF(iface);

    if (!out)
        return E_POINTER;
    VariantInit(out);
    return is_shut(self) ? E_UNEXPECTED : msp_stream_list_terminals(self->call, self->engine, out);
}

static HRESULT STDMETHODCALLTYPE get_stream(ITSubStream *iface, ITStream **out)
{
    struct msp_substream *self = SELF(iface);

    if (!out)
        return E_POINTER;
    return msp_stream_wrap(self->call, omsp_stream_parent(self->engine), out);
}

static const struct com_member members[] = {
    COM_METHOD(ITSubStream, 1, StartSubStream),
    COM_METHOD(ITSubStream, 2, PauseSubStream),
    COM_METHOD(ITSubStream, 3, StopSubStream),
    COM_METHOD(ITSubStream, 4, SelectTerminal, COM_IN_OBJECT("pTerminal", &IID_ITTerminal)),
    COM_METHOD(ITSubStream, 5, UnselectTerminal, COM_IN_OBJECT("pTerminal", &IID_ITTerminal)),
    COM_METHOD(ITSubStream, 6, EnumerateTerminals, COM_RETVAL_UNKNOWN),
    COM_GET(ITSubStream, 7, Terminals, COM_RETVAL_VARIANT),
    COM_GET(ITSubStream, 8, Stream, COM_RETVAL_OBJECT),
};
static const struct com_dispatch dispatch =
    COM_DISPATCH_TABLE(&IID_ITSubStream, "ITSubStream", members);

COM_VTABLE(vtable, ITSubStream, struct msp_substream, substream, &dispatch,
           COM_DISPATCH_SLOTS(ITSubStream), .StartSubStream = start,
           .PauseSubStream = pause_substream, .StopSubStream = stop,
           .SelectTerminal = select_terminal, .UnselectTerminal = unselect_terminal,
           .EnumerateTerminals = enumerate_terminals, .get_Terminals = get_terminals,
           .get_Stream = get_stream);

static const struct com_entry entries[] = {COM_ENTRY(IID_ITSubStream, vtable)};

static void destroy(struct com_object *object)
{
    struct msp_substream *self = (struct msp_substream *)object;
    uint32_t id;

    if (!self->engine)
        return;
    id = omsp_stream_id(self->engine);
    omsp_stream_release(self->engine);
    msp_call_unref(self->call);
    msp_identity_forget(id, object);
}

const struct com_class msp_substream_class = {
    COM_CLASS("ITSubStream", struct msp_substream, entries), .flags = COM_FTM | COM_SAFE,
    .destroy = destroy};

struct making {
    struct msp_call *call;
    struct omsp_stream *engine;
};

static HRESULT make(void *ctx, struct com_object **out)
{
    const struct making *making = ctx;
    struct msp_substream *self;
    HRESULT hr = com_object_create(&msp_substream_class, NULL, (struct com_object **)&self);

    if (FAILED(hr))
        return hr;
    self->call = making->call;
    self->engine = making->engine;
    msp_call_ref(self->call);
    omsp_stream_ref(self->engine);
    *out = &self->object;
    return S_OK;
}

HRESULT msp_substream_wrap(struct msp_call *call, struct omsp_stream *substream, ITSubStream **out)
{
    struct making making = {call, substream};
    struct msp_substream *self;
    HRESULT hr =
        msp_identity_get(omsp_stream_id(substream), make, &making, (struct com_object **)&self);

    *out = hr == S_OK ? &self->substream : NULL;
    return hr;
}

HRESULT msp_substream_from_interface(IUnknown *unknown, struct omsp_stream **out)
{
    struct com_object *object;
    ITSubStream *substream;

    *out = NULL;
    if (FAILED(IUnknown_QueryInterface(unknown, &IID_ITSubStream, (void **)&substream)))
        return E_INVALIDARG;
    object = com_object_cast(&msp_substream_class, substream);
    if (object) {
        *out = ((struct msp_substream *)object)->engine;
        omsp_stream_ref(*out);
    }
    ITSubStream_Release(substream);
    return object ? S_OK : E_INVALIDARG;
}
