/*
 * The WebSocket terminal: ITTerminal and IOpenMSPWebSocketTerminal around the engine's (engine/
 * fork.h). Stateless: everything is the engine's. Free-threaded; no lock.
 */
#include "msp/terminal.h"

#include "base/alloc.h"
#include "com/dispatch.h"
#include "engine/fork.h"
#include "msp/call.h"
#include "msp/stream.h"

struct msp_websocket {
    struct msp_terminal base;
    ITTerminal terminal;
    IOpenMSPWebSocketTerminal socket;
};

static struct omsp_terminal *engine_of(void *iface)
{
    return ((struct msp_websocket *)com_object_of(iface))->base.engine;
}

static HRESULT get_text(IOpenMSPWebSocketTerminal *iface, enum omsp_websocket_text which, BSTR *out)
{
    char *text;
    HRESULT hr;

    if (!out)
        return E_POINTER;
    *out = NULL;
    hr = msp_hresult(omsp_websocket_get(engine_of(iface), which, &text));
    if (FAILED(hr))
        return hr;
    *out = msp_bstr(text ? text : "");
    omsp_free(text);
    return *out ? S_OK : E_OUTOFMEMORY;
}

static HRESULT put_text(IOpenMSPWebSocketTerminal *iface, enum omsp_websocket_text which,
                        BSTR value)
{
    char *text;
    HRESULT hr = msp_optional_text(value, &text);

    if (FAILED(hr))
        return hr;
    hr = msp_hresult(omsp_websocket_set(engine_of(iface), which, text));
    omsp_free(text);
    return hr;
}

#define TEXT_PROPERTY(property, which)                                                             \
    static HRESULT STDMETHODCALLTYPE socket_get_##property(IOpenMSPWebSocketTerminal *iface,       \
                                                           BSTR *out)                              \
    {                                                                                              \
        return get_text(iface, which, out);                                                        \
    }                                                                                              \
    static HRESULT STDMETHODCALLTYPE socket_put_##property(IOpenMSPWebSocketTerminal *iface,       \
                                                           BSTR value)                             \
    {                                                                                              \
        return put_text(iface, which, value);                                                      \
    }
TEXT_PROPERTY(Url, OMSP_WEBSOCKET_URL)
TEXT_PROPERTY(StreamName, OMSP_WEBSOCKET_NAME)
TEXT_PROPERTY(StatusCallback, OMSP_WEBSOCKET_CALLBACK)
TEXT_PROPERTY(StatusCallbackMethod, OMSP_WEBSOCKET_METHOD)
#undef TEXT_PROPERTY

static HRESULT STDMETHODCALLTYPE socket_AddParameter(IOpenMSPWebSocketTerminal *iface, BSTR name,
                                                     BSTR value)
{
    char *name_text, *value_text = NULL;
    HRESULT hr = msp_optional_text(name, &name_text);
    enum omsp_status status;

    if (SUCCEEDED(hr) && !name_text)
        hr = E_INVALIDARG;
    if (SUCCEEDED(hr))
        hr = msp_optional_text(value, &value_text);
    if (SUCCEEDED(hr)) {
        status =
            omsp_websocket_add_param(engine_of(iface), name_text, value_text ? value_text : "");
        hr = status == OMSP_FULL ? E_INVALIDARG : msp_hresult(status);
    }
    omsp_free(name_text);
    omsp_free(value_text);
    return hr;
}

static HRESULT STDMETHODCALLTYPE socket_get_MediaStream(IOpenMSPWebSocketTerminal *iface,
                                                        IOpenMSPMediaStream **out)
{
    struct com_object *call = NULL;
    struct omsp_stream *stream;
    HRESULT hr = TAPI_E_NOITEMS;
    uint32_t id;

    if (!out)
        return E_POINTER;
    *out = NULL;
    stream = omsp_websocket_stream(engine_of(iface), &id);
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
    if (!out)
        return E_POINTER;
    *out = msp_fork_hresult(omsp_websocket_last(engine_of(iface)));
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
           COM_DISPATCH_SLOTS(ITTerminal), .get_Name = msp_terminal_get_name,
           .get_State = msp_terminal_get_state, .get_TerminalType = msp_terminal_get_type,
           .get_TerminalClass = msp_terminal_get_class,
           .get_MediaType = msp_terminal_get_media_type,
           .get_Direction = msp_terminal_get_direction);

static const struct com_entry entries[] = {
    COM_ENTRY(IID_ITTerminal, terminal_vtable),
    COM_ENTRY(IID_IOpenMSPWebSocketTerminal, socket_vtable),
    COM_ENTRY(IID_ITTerminalControl, msp_terminal_control),
};

const struct com_class msp_websocket_class = {
    COM_CLASS("OpenMSP.WebSocketTerminal", struct msp_websocket, entries),
    .flags = COM_FTM | COM_SAFE | COM_MERGED,
    .destroy = msp_terminal_fini,
};

ITTerminal *msp_websocket_terminal(struct com_object *object)
{
    return &((struct msp_websocket *)object)->terminal;
}
