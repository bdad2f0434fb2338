/*
 * The bridge terminal and its ends. The bridge is a multitrack terminal that nobody records: its
 * four tracks are what is selected, a render and a capture one on each of two calls
 * (engine/bridge.h). Stateless: everything is the engine's. Free-threaded; no lock.
 */
#include "msp/terminal.h"

#include "com/collection.h"
#include "com/dispatch.h"
#include "com/enumerator.h"
#include "engine/bridge.h"

struct msp_bridge {
    struct msp_terminal base;
    ITTerminal terminal;
    ITMultiTrackTerminal tracks; /* answered by the bridge's class */
};

static struct omsp_terminal *engine_of(void *iface)
{
    return ((struct msp_bridge *)com_object_of(iface))->base.engine;
}

/* ---- ITMultiTrackTerminal -------------------------------------------------------------------- */

static HRESULT wrapped_ends(ITMultiTrackTerminal *iface, ITTerminal *out[OMSP_BRIDGE_ENDS])
{
    struct omsp_terminal *ends[OMSP_BRIDGE_ENDS];

    omsp_bridge_ends(engine_of(iface), ends);
    return msp_terminals_wrap(((struct msp_bridge *)com_object_of(iface))->base.token, ends,
                              OMSP_BRIDGE_ENDS, out);
}

static HRESULT STDMETHODCALLTYPE get_tracks(ITMultiTrackTerminal *iface, VARIANT *out)
{
    ITTerminal *ends[OMSP_BRIDGE_ENDS];
    HRESULT hr;

    if (!out)
        return E_POINTER;
    VariantInit(out);
    hr = wrapped_ends(iface, ends);
    if (FAILED(hr))
        return hr;
    hr = com_collection_variant_of_objects(&IID_ITCollection, (void *const *)ends, OMSP_BRIDGE_ENDS,
                                           out);
    msp_terminals_drop(ends, OMSP_BRIDGE_ENDS);
    return hr;
}

static HRESULT STDMETHODCALLTYPE enumerate_tracks(ITMultiTrackTerminal *iface, IEnumTerminal **out)
{
    ITTerminal *ends[OMSP_BRIDGE_ENDS];
    HRESULT hr;

    if (!out)
        return E_POINTER;
    *out = NULL;
    hr = wrapped_ends(iface, ends);
    if (FAILED(hr))
        return hr;
    hr = com_enum_interfaces(&IID_IEnumTerminal, COM_ENUM_RESET_SKIP, (void *const *)ends,
                             OMSP_BRIDGE_ENDS, (void **)out);
    msp_terminals_drop(ends, OMSP_BRIDGE_ENDS);
    return hr;
}

static HRESULT STDMETHODCALLTYPE create_track(ITMultiTrackTerminal *iface, LONG media,
                                              TERMINAL_DIRECTION direction, ITTerminal **out)
{
    (void)iface, (void)media, (void)direction;
    if (!out)
        return E_POINTER;
    *out = NULL;
    return TAPI_E_NOTSUPPORTED; /* it has the four that it has */
}

static HRESULT STDMETHODCALLTYPE remove_track(ITMultiTrackTerminal *iface, ITTerminal *terminal)
{
    (void)iface;
    return terminal ? TAPI_E_NOTSUPPORTED : E_POINTER;
}

static void in_use(void *iface, LONG *media, TERMINAL_DIRECTION *direction)
{
    struct omsp_terminal *ends[OMSP_BRIDGE_ENDS];

    *media = 0;
    *direction = TD_NONE;
    omsp_bridge_ends(engine_of(iface), ends);
    for (unsigned i = 0; i < OMSP_BRIDGE_ENDS; i++) {
        if (omsp_terminal_in_use(ends[i])) {
            TERMINAL_DIRECTION mine = (TERMINAL_DIRECTION)omsp_terminal_direction(ends[i]);

            *media = TAPIMEDIATYPE_AUDIO;
            *direction = *direction == TD_NONE || *direction == mine ? mine : TD_MULTITRACK_MIXED;
        }
        omsp_terminal_release(ends[i]);
    }
}

static HRESULT STDMETHODCALLTYPE get_media_in_use(ITMultiTrackTerminal *iface, LONG *out)
{
    TERMINAL_DIRECTION direction;

    if (!out)
        return E_POINTER;
    in_use(iface, out, &direction);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE get_directions_in_use(ITMultiTrackTerminal *iface,
                                                       TERMINAL_DIRECTION *out)
{
    LONG media;

    if (!out)
        return E_POINTER;
    in_use(iface, &media, out);
    return S_OK;
}

/* The bridge is in use when one of its ends is. */
static HRESULT STDMETHODCALLTYPE get_state(ITTerminal *iface, TERMINAL_STATE *out)
{
    TERMINAL_DIRECTION direction;
    LONG media;

    if (!out)
        return E_POINTER;
    in_use(iface, &media, &direction);
    *out = media ? TS_INUSE : TS_NOTINUSE;
    return S_OK;
}

/* ---- tables ---------------------------------------------------------------------------------- */

COM_VTABLE(bridge_vtable, ITTerminal, struct msp_bridge, terminal, &msp_terminal_dispatch,
           COM_DISPATCH_SLOTS(ITTerminal), .get_Name = msp_terminal_get_name,
           .get_State = get_state, .get_TerminalType = msp_terminal_get_type,
           .get_TerminalClass = msp_terminal_get_class,
           .get_MediaType = msp_terminal_get_media_type,
           .get_Direction = msp_terminal_get_direction);
COM_VTABLE(end_vtable, ITTerminal, struct msp_bridge, terminal, &msp_terminal_dispatch,
           COM_DISPATCH_SLOTS(ITTerminal), .get_Name = msp_terminal_get_name,
           .get_State = msp_terminal_get_state, .get_TerminalType = msp_terminal_get_type,
           .get_TerminalClass = msp_terminal_get_class,
           .get_MediaType = msp_terminal_get_media_type,
           .get_Direction = msp_terminal_get_direction);
COM_VTABLE(tracks_vtable, ITMultiTrackTerminal, struct msp_bridge, tracks, &msp_multitrack_dispatch,
           COM_DISPATCH_SLOTS(ITMultiTrackTerminal), .get_TrackTerminals = get_tracks,
           .EnumerateTrackTerminals = enumerate_tracks, .CreateTrackTerminal = create_track,
           .get_MediaTypesInUse = get_media_in_use, .get_DirectionsInUse = get_directions_in_use,
           .RemoveTrackTerminal = remove_track);

static const struct com_entry bridge_entries[] = {
    COM_ENTRY(IID_ITTerminal, bridge_vtable),
    COM_ENTRY(IID_ITMultiTrackTerminal, tracks_vtable),
    COM_ENTRY(IID_ITTerminalControl, msp_terminal_control),
};
static const struct com_entry end_entries[] = {
    COM_ENTRY(IID_ITTerminal, end_vtable),
    COM_ENTRY(IID_ITTerminalControl, msp_terminal_control),
};

const struct com_class msp_bridge_class = {
    COM_CLASS("OpenMSP.Bridge", struct msp_bridge, bridge_entries),
    .flags = COM_FTM | COM_SAFE | COM_MERGED,
    .destroy = msp_terminal_fini,
};
const struct com_class msp_bridge_end_class = {
    COM_CLASS("ITTerminal", struct msp_bridge, end_entries),
    .flags = COM_FTM | COM_SAFE,
    .destroy = msp_terminal_fini,
};

ITTerminal *msp_bridge_terminal(struct com_object *object)
{
    return &((struct msp_bridge *)object)->terminal;
}
