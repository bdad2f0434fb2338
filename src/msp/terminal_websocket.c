/*
 * The WebSocket terminal: ITTerminal and IOpenMSPWebSocketTerminal around the arguments of a media
 * stream. Which call it is on is call_sockets.c's business. Free-threaded; the one lock is a leaf
 * around its properties, which do not change while it is claimed.
 */
#include "msp/websocket.h"

#include "base/alloc.h"
#include "com/dispatch.h"
#include "engine/fork.h"
#include "msp/call.h"
#include "msp/engine_host.h"
#include "msp/stream.h"

struct msp_websocket {
    struct msp_terminal base; /* without a terminal of the engine */
    ITTerminal terminal;
    IOpenMSPWebSocketTerminal socket;
    volatile LONG claimed;
    SRWLOCK lock;
    char *url, *name, *callback, *method; /* NULL: not set */
    struct omsp_fork_param params[OMSP_FORK_MAX_PARAMS];
    unsigned param_count;
    struct omsp_stream *stream; /* made last; a reference, or NULL */
    uint32_t call;              /* its call's id */
    HRESULT result;             /* of the last try to make one */
};

static struct msp_websocket *of(void *iface)
{
    return (struct msp_websocket *)com_object_of(iface);
}

/* ---- ITTerminal ------------------------------------------------------------------------------ */

static HRESULT STDMETHODCALLTYPE terminal_get_Name(ITTerminal *iface, BSTR *out)
{
    (void)iface;
    if (!out)
        return E_POINTER;
    *out = SysAllocString(L"WebSocket Terminal");
    return *out ? S_OK : E_OUTOFMEMORY;
}

static HRESULT STDMETHODCALLTYPE terminal_get_State(ITTerminal *iface, TERMINAL_STATE *out)
{
    if (!out)
        return E_POINTER;
    *out = of(iface)->claimed ? TS_INUSE : TS_NOTINUSE;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE terminal_get_TerminalClass(ITTerminal *iface, BSTR *out)
{
    (void)iface;
    if (!out)
        return E_POINTER;
    *out = msp_guid_bstr(&CLSID_OpenMSPWebSocketTerminal);
    return *out ? S_OK : E_OUTOFMEMORY;
}

static HRESULT STDMETHODCALLTYPE terminal_get_MediaType(ITTerminal *iface, LONG *out)
{
    (void)iface;
    if (!out)
        return E_POINTER;
    *out = TAPIMEDIATYPE_AUDIO;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE terminal_get_Direction(ITTerminal *iface, TERMINAL_DIRECTION *out)
{
    (void)iface;
    if (!out)
        return E_POINTER;
    *out = TD_BIDIRECTIONAL;
    return S_OK;
}

/* ---- IOpenMSPWebSocketTerminal --------------------------------------------------------------- */

static HRESULT get_text(struct msp_websocket *self, char *const *text, BSTR *out)
{
    if (!out)
        return E_POINTER;
    AcquireSRWLockShared(&self->lock);
    *out = msp_bstr(*text ? *text : "");
    ReleaseSRWLockShared(&self->lock);
    return *out ? S_OK : E_OUTOFMEMORY;
}

static HRESULT put_text(struct msp_websocket *self, char **text, BSTR value)
{
    char *utf8, *old = NULL;
    HRESULT hr = msp_optional_text(value, &utf8);

    if (FAILED(hr))
        return hr;
    AcquireSRWLockExclusive(&self->lock);
    if (self->claimed) {
        old = utf8;
        hr = TAPI_E_WRONG_STATE;
    } else {
        old = *text;
        *text = utf8;
    }
    ReleaseSRWLockExclusive(&self->lock);
    omsp_free(old);
    return hr;
}

#define TEXT_PROPERTY(property, member)                                                            \
    static HRESULT STDMETHODCALLTYPE socket_get_##property(IOpenMSPWebSocketTerminal *iface,       \
                                                           BSTR *out)                              \
    {                                                                                              \
        return get_text(of(iface), &of(iface)->member, out);                                       \
    }                                                                                              \
    static HRESULT STDMETHODCALLTYPE socket_put_##property(IOpenMSPWebSocketTerminal *iface,       \
                                                           BSTR value)                             \
    {                                                                                              \
        return put_text(of(iface), &of(iface)->member, value);                                     \
    }
TEXT_PROPERTY(Url, url)
TEXT_PROPERTY(StreamName, name)
TEXT_PROPERTY(StatusCallback, callback)
TEXT_PROPERTY(StatusCallbackMethod, method)
#undef TEXT_PROPERTY

static HRESULT STDMETHODCALLTYPE socket_AddParameter(IOpenMSPWebSocketTerminal *iface, BSTR name,
                                                     BSTR value)
{
    struct msp_websocket *self = of(iface);
    char *name_text, *value_text = NULL;
    HRESULT hr = msp_optional_text(name, &name_text);

    if (SUCCEEDED(hr) && !name_text)
        hr = E_INVALIDARG;
    if (SUCCEEDED(hr))
        hr = msp_optional_text(value, &value_text);
    if (SUCCEEDED(hr) && !value_text) {
        value_text = omsp_strdup("");
        if (!value_text)
            hr = E_OUTOFMEMORY;
    }
    AcquireSRWLockExclusive(&self->lock);
    if (SUCCEEDED(hr) && self->claimed)
        hr = TAPI_E_WRONG_STATE;
    if (SUCCEEDED(hr) && self->param_count == OMSP_FORK_MAX_PARAMS)
        hr = E_INVALIDARG;
    if (SUCCEEDED(hr)) {
        self->params[self->param_count].name = name_text;
        self->params[self->param_count++].value = value_text;
        name_text = value_text = NULL;
    }
    ReleaseSRWLockExclusive(&self->lock);
    omsp_free(name_text);
    omsp_free(value_text);
    return hr;
}

static HRESULT STDMETHODCALLTYPE socket_get_MediaStream(IOpenMSPWebSocketTerminal *iface,
                                                        IOpenMSPMediaStream **out)
{
    struct msp_websocket *self = of(iface);
    struct omsp_stream *stream;
    struct com_object *call = NULL;
    uint32_t id;
    HRESULT hr = TAPI_E_NOITEMS;

    if (!out)
        return E_POINTER;
    *out = NULL;
    AcquireSRWLockShared(&self->lock);
    stream = self->stream;
    id = self->call;
    if (stream)
        omsp_stream_ref(stream);
    ReleaseSRWLockShared(&self->lock);
    if (!stream)
        return TAPI_E_NOITEMS;
    if (msp_identity_get(id, NULL, NULL, &call) == S_OK) {
        hr = msp_media_stream_wrap((struct msp_call *)call, stream, out);
        com_object_release(call);
    }
    omsp_stream_release(stream);
    return hr;
}

static HRESULT STDMETHODCALLTYPE socket_get_LastResult(IOpenMSPWebSocketTerminal *iface, LONG *out)
{
    struct msp_websocket *self = of(iface);

    if (!out)
        return E_POINTER;
    AcquireSRWLockShared(&self->lock);
    *out = self->result;
    ReleaseSRWLockShared(&self->lock);
    return S_OK;
}

static const struct com_member members[] = {
    COM_GET(IOpenMSPWebSocketTerminal, 0x00f30001, Url, COM_RETVAL_BSTR),
    COM_PUT(IOpenMSPWebSocketTerminal, 0x00f30001, Url, COM_IN_BSTR("url")),
    COM_GET(IOpenMSPWebSocketTerminal, 0x00f30002, StreamName, COM_RETVAL_BSTR),
    COM_PUT(IOpenMSPWebSocketTerminal, 0x00f30002, StreamName, COM_IN_BSTR("name")),
    COM_GET(IOpenMSPWebSocketTerminal, 0x00f30003, StatusCallback, COM_RETVAL_BSTR),
    COM_PUT(IOpenMSPWebSocketTerminal, 0x00f30003, StatusCallback, COM_IN_BSTR("url")),
    COM_GET(IOpenMSPWebSocketTerminal, 0x00f30004, StatusCallbackMethod, COM_RETVAL_BSTR),
    COM_PUT(IOpenMSPWebSocketTerminal, 0x00f30004, StatusCallbackMethod, COM_IN_BSTR("method")),
    COM_METHOD(IOpenMSPWebSocketTerminal, 0x00f30005, AddParameter, COM_IN_BSTR("name"),
               COM_IN_BSTR("value")),
    COM_GET(IOpenMSPWebSocketTerminal, 0x00f30006, MediaStream, COM_RETVAL_OBJECT),
    COM_GET(IOpenMSPWebSocketTerminal, 0x00f30007, LastResult, COM_RETVAL_LONG),
};
const struct com_dispatch msp_dispatch_IOpenMSPWebSocketTerminal =
    COM_DISPATCH_TABLE(&IID_IOpenMSPWebSocketTerminal, "IOpenMSPWebSocketTerminal", members);

COM_VTABLE(socket_vtable, IOpenMSPWebSocketTerminal, struct msp_websocket, socket,
           &msp_dispatch_IOpenMSPWebSocketTerminal, COM_DISPATCH_SLOTS(IOpenMSPWebSocketTerminal),
           .get_Url = socket_get_Url, .put_Url = socket_put_Url,
           .get_StreamName = socket_get_StreamName, .put_StreamName = socket_put_StreamName,
           .get_StatusCallback = socket_get_StatusCallback,
           .put_StatusCallback = socket_put_StatusCallback,
           .get_StatusCallbackMethod = socket_get_StatusCallbackMethod,
           .put_StatusCallbackMethod = socket_put_StatusCallbackMethod,
           .AddParameter = socket_AddParameter, .get_MediaStream = socket_get_MediaStream,
           .get_LastResult = socket_get_LastResult);

COM_VTABLE(terminal_vtable, ITTerminal, struct msp_websocket, terminal, &msp_terminal_dispatch,
           COM_DISPATCH_SLOTS(ITTerminal), .get_Name = terminal_get_Name,
           .get_State = terminal_get_State, .get_TerminalType = msp_terminal_get_type,
           .get_TerminalClass = terminal_get_TerminalClass, .get_MediaType = terminal_get_MediaType,
           .get_Direction = terminal_get_Direction);

static const struct com_entry entries[] = {
    COM_ENTRY(IID_ITTerminal, terminal_vtable),
    COM_ENTRY(IID_IOpenMSPWebSocketTerminal, socket_vtable),
    COM_ENTRY(IID_ITTerminalControl, msp_terminal_control),
};

static void destroy(struct com_object *object)
{
    struct msp_websocket *self = (struct msp_websocket *)object;

    for (unsigned i = 0; i < self->param_count; i++) {
        omsp_free((char *)self->params[i].name);
        omsp_free((char *)self->params[i].value);
    }
    omsp_free(self->url);
    omsp_free(self->name);
    omsp_free(self->callback);
    omsp_free(self->method);
    if (self->stream) {
        omsp_stream_release(self->stream);
        msp_engine_release();
    }
}

const struct com_class msp_websocket_class = {
    COM_CLASS("OpenMSP.WebSocketTerminal", struct msp_websocket, entries),
    .flags = COM_FTM | COM_SAFE | COM_MERGED,
    .destroy = destroy,
};

/* ---- for the room ---------------------------------------------------------------------------- */

HRESULT msp_websocket_create(MSP_HANDLE token, ITTerminal **out)
{
    struct msp_websocket *self;
    HRESULT hr = com_object_create(&msp_websocket_class, NULL, (struct com_object **)&self);

    if (FAILED(hr))
        return hr;
    InitializeSRWLock(&self->lock);
    self->base.token = token;
    return com_object_finish(&self->base.object, S_OK, &IID_ITTerminal, (void **)out);
}

struct msp_websocket *msp_websocket_from(ITTerminal *terminal)
{
    struct com_object *object;
    ITTerminal *own;

    if (FAILED(ITTerminal_QueryInterface(terminal, &IID_ITTerminal, (void **)&own)))
        return NULL;
    object = com_object_cast(&msp_websocket_class, own);
    if (object)
        com_object_addref(object);
    ITTerminal_Release(own);
    return (struct msp_websocket *)object;
}

void msp_websocket_release(struct msp_websocket *socket)
{
    com_object_release(&socket->base.object);
}

ITTerminal *msp_websocket_terminal(struct msp_websocket *socket)
{
    com_object_addref(&socket->base.object);
    return &socket->terminal;
}

bool msp_websocket_claim(struct msp_websocket *socket)
{
    bool mine;

    AcquireSRWLockExclusive(&socket->lock);
    mine = !socket->claimed;
    socket->claimed = 1;
    ReleaseSRWLockExclusive(&socket->lock);
    if (mine)
        com_object_addref(&socket->base.object);
    return mine;
}

void msp_websocket_unclaim(struct msp_websocket *socket)
{
    AcquireSRWLockExclusive(&socket->lock);
    socket->claimed = 0;
    ReleaseSRWLockExclusive(&socket->lock);
    com_object_release(&socket->base.object);
}

HRESULT msp_websocket_start(struct msp_websocket *socket, struct msp_call *call, unsigned tracks,
                            struct omsp_stream **out)
{
    struct omsp_fork_options options = {
        .url = socket->url,
        .name = socket->name,
        .tracks = tracks,
        .params = socket->params,
        .param_count = socket->param_count,
        .callback_url = socket->callback,
    };
    struct omsp_stream *before = NULL;
    HRESULT hr = msp_fork_method(socket->method, &options.callback_get);

    *out = NULL;
    if (SUCCEEDED(hr) && !socket->url)
        hr = E_INVALIDARG;
    if (SUCCEEDED(hr))
        hr = msp_fork_hresult(
            omsp_call_fork(msp_call_engine(call), &options, OMSP_CAUSE_LOCAL_REQUEST, NULL, out));
    AcquireSRWLockExclusive(&socket->lock);
    socket->result = hr;
    if (SUCCEEDED(hr)) {
        before = socket->stream;
        socket->stream = *out;
        socket->call = omsp_call_id(msp_call_engine(call));
        omsp_stream_ref(*out);
        if (!before)
            msp_engine_hold(); /* as long as there is a stream; the call holds it, too */
    }
    ReleaseSRWLockExclusive(&socket->lock);
    if (before)
        omsp_stream_release(before);
    return hr;
}
