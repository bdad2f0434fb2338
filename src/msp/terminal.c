/*
 * What every terminal class has in common: ITTerminal's six properties, ITTerminalControl as far as
 * a terminal of this engine can speak it, wrapping and recognising. The classes themselves are the
 * other terminal_*.c. Free-threaded; no lock.
 */
#include "msp/terminal.h"

#include "com/dispatch.h"
#include "engine/device.h"
#include "msp/hosted.h"

static struct msp_terminal *of(void *iface)
{
    return (struct msp_terminal *)com_object_of(iface);
}

/* ---- ITTerminal ----------------------------------------------------------------------------- */

HRESULT STDMETHODCALLTYPE msp_terminal_get_name(ITTerminal *iface, BSTR *out)
{
    const WCHAR *name = L"";

    if (!out)
        return E_POINTER;
    switch (omsp_terminal_get_kind(of(iface)->engine)) {
    case OMSP_TERMINAL_FILE_PLAYER:
        name = L"File Playback Terminal";
        break;
    case OMSP_TERMINAL_FILE_RECORDER:
        name = L"File Recording Terminal";
        break;
    case OMSP_TERMINAL_TRACK:
        name = omsp_terminal_direction(of(iface)->engine) == OMSP_CAPTURE ? L"File Playback Track"
                                                                          : L"File Recording Track";
        break;
    case OMSP_TERMINAL_SAMPLES:
        name = L"Media Streaming Terminal";
        break;
    case OMSP_TERMINAL_WEBSOCKET:
        name = L"WebSocket Terminal";
        break;
    case OMSP_TERMINAL_DEVICE:
        *out = msp_bstr(omsp_device_name(of(iface)->engine));
        return *out ? S_OK : E_OUTOFMEMORY;
    case OMSP_TERMINAL_BRIDGE:
        name = L"Bridge Terminal";
        break;
    case OMSP_TERMINAL_BRIDGE_END:
        name = omsp_terminal_direction(of(iface)->engine) == OMSP_CAPTURE ? L"Bridge, speaking end"
                                                                          : L"Bridge, hearing end";
        break;
    }
    *out = SysAllocString(name);
    return *out ? S_OK : E_OUTOFMEMORY;
}

HRESULT STDMETHODCALLTYPE msp_terminal_get_state(ITTerminal *iface, TERMINAL_STATE *out)
{
    if (!out)
        return E_POINTER;
    *out = omsp_terminal_in_use(of(iface)->engine) ? TS_INUSE : TS_NOTINUSE;
    return S_OK;
}

HRESULT STDMETHODCALLTYPE msp_terminal_get_type(ITTerminal *iface, TERMINAL_TYPE *out)
{
    if (!out)
        return E_POINTER;
    *out =
        omsp_terminal_get_kind(of(iface)->engine) == OMSP_TERMINAL_DEVICE ? TT_STATIC : TT_DYNAMIC;
    return S_OK;
}

HRESULT STDMETHODCALLTYPE msp_terminal_get_class(ITTerminal *iface, BSTR *out)
{
    const CLSID *class = &CLSID_msp_file_playback;

    if (!out)
        return E_POINTER;
    switch (omsp_terminal_get_kind(of(iface)->engine)) {
    case OMSP_TERMINAL_FILE_PLAYER:
        break;
    case OMSP_TERMINAL_FILE_RECORDER:
        class = &CLSID_msp_file_recording;
        break;
    case OMSP_TERMINAL_TRACK:
        class = omsp_terminal_direction(of(iface)->engine) == OMSP_CAPTURE
                    ? &CLSID_msp_playback_track
                    : &CLSID_msp_file_track;
        break;
    case OMSP_TERMINAL_SAMPLES:
        class = &CLSID_msp_media_streaming;
        break;
    case OMSP_TERMINAL_WEBSOCKET:
        class = &CLSID_OpenMSPWebSocketTerminal;
        break;
    case OMSP_TERMINAL_DEVICE:
        class = omsp_terminal_direction(of(iface)->engine) == OMSP_CAPTURE ? &CLSID_msp_microphone
                                                                           : &CLSID_msp_speakers;
        break;
    case OMSP_TERMINAL_BRIDGE:
        class = &CLSID_OpenMSPBridgeTerminal;
        break;
    case OMSP_TERMINAL_BRIDGE_END:
        class = &CLSID_msp_bridge_end;
        break;
    }
    *out = msp_guid_bstr(class);
    return *out ? S_OK : E_OUTOFMEMORY;
}

HRESULT STDMETHODCALLTYPE msp_terminal_get_media_type(ITTerminal *iface, LONG *out)
{
    if (!out)
        return E_POINTER;
    *out = (LONG)omsp_terminal_media(of(iface)->engine);
    return S_OK;
}

HRESULT STDMETHODCALLTYPE msp_terminal_get_direction(ITTerminal *iface, TERMINAL_DIRECTION *out)
{
    if (!out)
        return E_POINTER;
    *out = (TERMINAL_DIRECTION)omsp_terminal_direction(of(iface)->engine);
    return S_OK;
}

static const struct com_member members[] = {
    COM_GET(ITTerminal, 1, Name, COM_RETVAL_BSTR),
    COM_GET(ITTerminal, 2, State, COM_RETVAL_LONG),
    COM_GET(ITTerminal, 3, TerminalType, COM_RETVAL_LONG),
    COM_GET(ITTerminal, 4, TerminalClass, COM_RETVAL_BSTR),
    COM_GET(ITTerminal, 5, MediaType, COM_RETVAL_LONG),
    COM_GET(ITTerminal, 6, Direction, COM_RETVAL_LONG),
};
const struct com_dispatch msp_terminal_dispatch =
    COM_DISPATCH_TABLE(&IID_ITTerminal, "ITTerminal", members);

/* ---- ITTerminalControl ---------------------------------------------------------------------- */

static HRESULT STDMETHODCALLTYPE control_get_address(ITTerminalControl *iface, MSP_HANDLE *out)
{
    if (!out)
        return E_POINTER;
    *out = of(iface)->token;
    return S_OK;
}

/* A terminal of this engine has no DirectShow filter in it, so there are no pins to hand out, to
 * connect or to run; only an MSP of another maker would ask. */
static HRESULT STDMETHODCALLTYPE control_connect(ITTerminalControl *iface, IGraphBuilder *graph,
                                                 DWORD direction, DWORD *count, IPin **pins)
{
    (void)iface, (void)direction, (void)pins;
    if (!graph || !count)
        return E_POINTER;
    *count = 0;
    return E_NOTIMPL;
}

static HRESULT STDMETHODCALLTYPE control_nothing(ITTerminalControl *iface)
{
    (void)iface;
    return E_NOTIMPL;
}

static HRESULT STDMETHODCALLTYPE control_disconnect(ITTerminalControl *iface, IGraphBuilder *graph,
                                                    DWORD reserved)
{
    (void)iface, (void)reserved;
    /* It is in no graph: nothing to disconnect is success (mspi.md 3.15). */
    return graph ? S_OK : E_POINTER;
}

/* By hand what COM_VTABLE makes, for it is shared by classes in other files. */
const struct msp_control_vtable msp_terminal_control = {
    .head = {NULL, offsetof(struct msp_terminal, control),
             sizeof(ITTerminalControlVtbl) / sizeof(void *)},
    .vtbl = {COM_UNKNOWN_SLOTS(ITTerminalControl), .get_AddressHandle = control_get_address,
             .ConnectTerminal = control_connect, .CompleteConnectTerminal = control_nothing,
             .DisconnectTerminal = control_disconnect, .RunRenderFilter = control_nothing,
             .StopRenderFilter = control_nothing},
};

/* ---- wrapping ------------------------------------------------------------------------------- */

HRESULT msp_terminal_make(const struct com_class *class, const struct msp_terminal_making *making,
                          struct com_object **out)
{
    struct msp_terminal *self;
    HRESULT hr = com_object_create(class, NULL, (struct com_object **)&self);

    if (FAILED(hr))
        return hr;
    self->token = making->token;
    self->engine = making->engine;
    omsp_terminal_ref(self->engine);
    *out = &self->object;
    return S_OK;
}

void msp_terminal_fini(struct com_object *object)
{
    struct msp_terminal *self = (struct msp_terminal *)object;

    uint32_t id;

    if (!self->engine)
        return;
    /* The identity map's entry holds the engine itself, so it goes last. */
    id = omsp_terminal_id(self->engine);
    omsp_terminal_release(self->engine);
    msp_identity_forget(id, object);
}

static const struct com_class *class_of(const struct omsp_terminal *engine)
{
    switch (omsp_terminal_get_kind(engine)) {
    case OMSP_TERMINAL_FILE_PLAYER:
        return &msp_player_class;
    case OMSP_TERMINAL_FILE_RECORDER:
        return &msp_recorder_class;
    case OMSP_TERMINAL_BRIDGE:
        return &msp_bridge_class;
    case OMSP_TERMINAL_BRIDGE_END:
        return &msp_bridge_end_class;
    case OMSP_TERMINAL_SAMPLES:
        return &mst_class;
    case OMSP_TERMINAL_TRACK:
        break;
    case OMSP_TERMINAL_DEVICE:
        return &msp_device_class;
    case OMSP_TERMINAL_WEBSOCKET:
        return &msp_websocket_class;
    }
    return &msp_track_class;
}

/* Every class around a terminal of the engine, and its ITTerminal. */
static const struct {
    const struct com_class *class;
    ITTerminal *(*slot)(struct com_object *object);
} wrappers[] = {
    {&msp_track_class, msp_track_terminal},         {&msp_player_class, msp_file_terminal},
    {&msp_recorder_class, msp_file_terminal},       {&msp_device_class, msp_device_terminal},
    {&msp_bridge_class, msp_bridge_terminal},       {&msp_bridge_end_class, msp_bridge_terminal},
    {&msp_websocket_class, msp_websocket_terminal}, {&mst_class, mst_terminal_of},
};

#define WRAPPERS (sizeof(wrappers) / sizeof(wrappers[0]))

static HRESULT make(void *ctx, struct com_object **out)
{
    const struct msp_terminal_making *making = ctx;
    HRESULT hr = msp_terminal_make(class_of(making->engine), making, out);

    if (SUCCEEDED(hr) && (*out)->class == &mst_class)
        mst_bind(*out);
    if (SUCCEEDED(hr) && (*out)->class == &msp_track_class)
        msp_track_bind(*out);
    return hr;
}

HRESULT msp_terminal_wrap(MSP_HANDLE token, struct omsp_terminal *terminal, ITTerminal **out)
{
    struct msp_terminal_making making = {token, terminal};
    struct com_object *object;
    HRESULT hr;

    *out = msp_hosted_terminal(omsp_terminal_id(terminal));
    if (*out)
        return S_OK;
    hr = msp_identity_get(omsp_terminal_id(terminal), make, &making, &object);
    if (hr != S_OK)
        return hr;
    for (size_t i = 0; i < WRAPPERS; i++)
        if (object->class == wrappers[i].class)
            *out = wrappers[i].slot(object);
    return S_OK;
}

HRESULT msp_terminal_from_interface(ITTerminal *terminal, struct omsp_terminal **out)
{
    struct com_object *object = NULL;

    *out = NULL;
    for (size_t i = 0; i < WRAPPERS && !object; i++)
        object = com_object_cast(wrappers[i].class, terminal);
    if (!object)
        return TAPI_E_INVALIDTERMINAL;
    *out = ((struct msp_terminal *)object)->engine;
    omsp_terminal_ref(*out);
    return S_OK;
}

HRESULT msp_terminals_wrap(MSP_HANDLE token, struct omsp_terminal **engines, unsigned count,
                           ITTerminal **out)
{
    unsigned done = 0;
    HRESULT hr = S_OK;

    for (unsigned i = 0; i < count; i++) {
        if (SUCCEEDED(hr)) {
            hr = msp_terminal_wrap(token, engines[i], &out[done]);
            if (SUCCEEDED(hr))
                done++;
        }
        omsp_terminal_release(engines[i]);
    }
    if (FAILED(hr))
        msp_terminals_drop(out, done);
    return hr;
}

void msp_terminals_drop(ITTerminal **terminals, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        ITTerminal_Release(terminals[i]);
}
