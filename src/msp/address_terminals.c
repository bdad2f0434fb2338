/*
 * ITTerminalSupport and ITTerminalSupport2 of the address (mspi.md 3.13): static terminals are
 * address_devices.c's; dynamic ones are ours and those that the registry knows (pluggable.h). Any
 * thread.
 */
#include "msp/address.h"

#include "com/collection.h"
#include "com/enumerator.h"
#include "engine/bridge.h"
#include "engine/fork.h"
#include "msp/pluggable.h"
#include "msp/terminal.h"

static struct msp_address *self_of(ITTerminalSupport2 *iface)
{
    return COM_SELF(iface, struct msp_address, terminals);
}

/* What each dynamic class is made by and for which direction; TD_NONE: either. */
static const struct dynamic_class {
    const CLSID *clsid;
    TERMINAL_DIRECTION direction;
    /* NULL: media streaming, whose terminal_mst.c makes it with its queue. */
    enum omsp_status (*create)(struct omsp_address *address, struct omsp_terminal **out);
} dynamic_classes[] = {
    {&CLSID_msp_file_playback, TD_CAPTURE, omsp_file_player_create},
    {&CLSID_msp_file_recording, TD_RENDER, omsp_file_recorder_create},
    {&CLSID_OpenMSPWebSocketTerminal, TD_BIDIRECTIONAL, omsp_websocket_create},
    {&CLSID_OpenMSPBridgeTerminal, TD_BIDIRECTIONAL, omsp_bridge_create},
    {&CLSID_msp_media_streaming, TD_NONE, NULL},
};

#define DYNAMIC_CLASSES (sizeof(dynamic_classes) / sizeof(dynamic_classes[0]))

/* ---- static terminals ------------------------------------------------------------------------ */

static HRESULT STDMETHODCALLTYPE terminals_get_StaticTerminals(ITTerminalSupport2 *iface,
                                                               VARIANT *out)
{
    return msp_address_static_collection(self_of(iface), out);
}

static HRESULT STDMETHODCALLTYPE terminals_EnumerateStaticTerminals(ITTerminalSupport2 *iface,
                                                                    IEnumTerminal **out)
{
    return msp_address_static_enum(self_of(iface), out);
}

static HRESULT STDMETHODCALLTYPE terminals_GetDefaultStaticTerminal(ITTerminalSupport2 *iface,
                                                                    __LONG32 media,
                                                                    TERMINAL_DIRECTION direction,
                                                                    ITTerminal **out)
{
    return msp_address_default_static(self_of(iface), media, direction, out);
}

/* ---- dynamic terminals ----------------------------------------------------------------------- */

static HRESULT STDMETHODCALLTYPE terminals_get_DynamicTerminalClasses(ITTerminalSupport2 *iface,
                                                                      VARIANT *out)
{
    BSTR names[DYNAMIC_CLASSES] = {NULL};
    HRESULT hr;

    if (!out)
        return E_POINTER;
    VariantInit(out);
    hr = msp_address_check_live(self_of(iface));
    for (size_t i = 0; SUCCEEDED(hr) && i < DYNAMIC_CLASSES; i++) {
        names[i] = msp_guid_bstr(dynamic_classes[i].clsid);
        if (!names[i])
            hr = E_OUTOFMEMORY;
    }
    if (SUCCEEDED(hr))
        hr = com_collection_variant_of_strings(&IID_ITCollection, (const WCHAR *const *)names,
                                               DYNAMIC_CLASSES, out);
    for (size_t i = 0; i < DYNAMIC_CLASSES; i++)
        SysFreeString(names[i]);
    return hr;
}

static HRESULT STDMETHODCALLTYPE
terminals_EnumerateDynamicTerminalClasses(ITTerminalSupport2 *iface, IEnumTerminalClass **out)
{
    GUID classes[DYNAMIC_CLASSES];
    HRESULT hr;

    if (!out)
        return E_POINTER;
    *out = NULL;
    hr = msp_address_check_live(self_of(iface));
    if (FAILED(hr))
        return hr;
    for (size_t i = 0; i < DYNAMIC_CLASSES; i++)
        classes[i] = *dynamic_classes[i].clsid;
    return com_enum_guids(&IID_IEnumTerminalClass, COM_ENUM_RESET_SKIP, classes, DYNAMIC_CLASSES,
                          (void **)out);
}

static const struct dynamic_class *find_class(REFCLSID clsid)
{
    for (size_t i = 0; i < DYNAMIC_CLASSES; i++)
        if (IsEqualCLSID(clsid, dynamic_classes[i].clsid))
            return &dynamic_classes[i];
    return NULL;
}

static HRESULT STDMETHODCALLTYPE terminals_CreateTerminal(ITTerminalSupport2 *iface, BSTR text,
                                                          __LONG32 media,
                                                          TERMINAL_DIRECTION direction,
                                                          ITTerminal **out)
{
    struct msp_address *self = self_of(iface);
    const struct dynamic_class *class;
    struct omsp_terminal *terminal;
    CLSID clsid;
    HRESULT hr;

    if (!out)
        return E_POINTER;
    *out = NULL;
    hr = msp_address_check_live(self);
    if (FAILED(hr))
        return hr;
    /* IIDFromString takes GUIDs only, CLSIDFromString ProgIDs too. */
    if (!text || FAILED(IIDFromString(text, &clsid)))
        return E_INVALIDARG;
    if (!omsp_media_is_valid((uint32_t)media))
        return E_INVALIDARG;
    if ((unsigned)direction > TD_NONE)
        return E_INVALIDARG;
    class = find_class(&clsid);
    if (!class)
        return msp_pluggable_create(&clsid, media, direction, msp_address_token(self), out);
    if (!(media & (TAPIMEDIATYPE_AUDIO | TAPIMEDIATYPE_MULTITRACK)))
        return TAPI_E_INVALIDMEDIATYPE;
    if (class->clsid == &CLSID_msp_media_streaming)
        return mst_create(msp_address_engine(self), msp_address_token(self), direction, out);
    if (direction != class->direction)
        return TAPI_E_INVALIDDIRECTION;
    hr = msp_hresult(class->create(msp_address_engine(self), &terminal));
    if (FAILED(hr))
        return hr;
    hr = msp_terminal_wrap(msp_address_token(self), terminal, out);
    omsp_terminal_release(terminal);
    return hr;
}

/* ---- pluggable terminals --------------------------------------------------------------------- */

static HRESULT STDMETHODCALLTYPE terminals_get_PluggableSuperclasses(ITTerminalSupport2 *iface,
                                                                     VARIANT *out)
{
    void **infos;
    unsigned count;
    HRESULT hr;

    if (!out)
        return E_POINTER;
    VariantInit(out);
    hr = msp_address_check_live(self_of(iface));
    if (SUCCEEDED(hr))
        hr = msp_pluggable_superclass_infos(&infos, &count);
    if (FAILED(hr))
        return hr;
    hr = com_collection_variant_of_objects(&IID_ITCollection, infos, count, out);
    msp_pluggable_drop(infos, count);
    return hr;
}

static HRESULT STDMETHODCALLTYPE terminals_EnumeratePluggableSuperclasses(
    ITTerminalSupport2 *iface, IEnumPluggableSuperclassInfo **out)
{
    void **infos;
    unsigned count;
    HRESULT hr;

    if (!out)
        return E_POINTER;
    *out = NULL;
    hr = msp_address_check_live(self_of(iface));
    if (SUCCEEDED(hr))
        hr = msp_pluggable_superclass_infos(&infos, &count);
    if (FAILED(hr))
        return hr;
    hr = com_enum_interfaces(&IID_IEnumPluggableSuperclassInfo, COM_ENUM_RESET_SKIP, infos, count,
                             (void **)out);
    msp_pluggable_drop(infos, count);
    return hr;
}

static HRESULT STDMETHODCALLTYPE terminals_get_PluggableTerminalClasses(ITTerminalSupport2 *iface,
                                                                        BSTR superclass,
                                                                        __LONG32 media,
                                                                        VARIANT *out)
{
    void **infos;
    unsigned count;
    CLSID clsid;
    HRESULT hr;

    if (!out)
        return E_POINTER;
    VariantInit(out);
    hr = msp_address_check_live(self_of(iface));
    if (FAILED(hr))
        return hr;
    if (!superclass || FAILED(IIDFromString(superclass, &clsid)) ||
        !omsp_media_is_valid((uint32_t)media))
        return E_INVALIDARG;
    hr = msp_pluggable_class_infos(&clsid, media, &infos, &count);
    if (FAILED(hr))
        return hr;
    hr = com_collection_variant_of_objects(&IID_ITCollection, infos, count, out);
    msp_pluggable_drop(infos, count);
    return hr;
}

static HRESULT STDMETHODCALLTYPE
terminals_EnumeratePluggableTerminalClasses(ITTerminalSupport2 *iface, CLSID superclass,
                                            __LONG32 media, IEnumPluggableTerminalClassInfo **out)
{
    void **infos;
    unsigned count;
    HRESULT hr;

    if (!out)
        return E_POINTER;
    *out = NULL;
    hr = msp_address_check_live(self_of(iface));
    if (SUCCEEDED(hr) && !omsp_media_is_valid((uint32_t)media))
        hr = E_INVALIDARG;
    if (SUCCEEDED(hr))
        hr = msp_pluggable_class_infos(&superclass, media, &infos, &count);
    if (FAILED(hr))
        return hr;
    hr = com_enum_interfaces(&IID_IEnumPluggableTerminalClassInfo, COM_ENUM_RESET_SKIP, infos,
                             count, (void **)out);
    msp_pluggable_drop(infos, count);
    return hr;
}

MSP_VTABLE(msp_address_terminals_vtable, ITTerminalSupport2, struct msp_address, terminals,
           &msp_dispatch_ITTerminalSupport2, COM_DISPATCH_SLOTS(ITTerminalSupport2),
           .get_StaticTerminals = terminals_get_StaticTerminals,
           .EnumerateStaticTerminals = terminals_EnumerateStaticTerminals,
           .get_DynamicTerminalClasses = terminals_get_DynamicTerminalClasses,
           .EnumerateDynamicTerminalClasses = terminals_EnumerateDynamicTerminalClasses,
           .CreateTerminal = terminals_CreateTerminal,
           .GetDefaultStaticTerminal = terminals_GetDefaultStaticTerminal,
           .get_PluggableSuperclasses = terminals_get_PluggableSuperclasses,
           .EnumeratePluggableSuperclasses = terminals_EnumeratePluggableSuperclasses,
           .get_PluggableTerminalClasses = terminals_get_PluggableTerminalClasses,
           .EnumeratePluggableTerminalClasses = terminals_EnumeratePluggableTerminalClasses);
