/*
 * ITPluggableTerminalSuperclassInfo and ITPluggableTerminalClassInfo: one entry of the registry
 * each, as it was when asked for (mspi.md 3.13, 12). Immutable, therefore free-threaded without a
 * lock.
 */
#include "base/alloc.h"
#include "com/dispatch.h"
#include "msp/msp.h"
#include "msp/pluggable.h"

struct superclass_info {
    struct com_object object;
    ITPluggableTerminalSuperclassInfo info; /* slot */
    struct msp_pluggable_superclass is;
};

struct class_info {
    struct com_object object;
    ITPluggableTerminalClassInfo info; /* slot */
    struct msp_pluggable_class is;
};

/* A value that the registry does not have was never set. */
static HRESULT give_text(const WCHAR *text, BSTR *out)
{
    if (!out)
        return E_POINTER;
    *out = NULL;
    if (!text[0])
        return E_UNEXPECTED;
    *out = SysAllocString(text);
    return *out ? S_OK : E_OUTOFMEMORY;
}

static HRESULT give_guid(REFGUID guid, BSTR *out)
{
    if (!out)
        return E_POINTER;
    *out = msp_guid_bstr(guid);
    return *out ? S_OK : E_OUTOFMEMORY;
}

/* ---- superclass ------------------------------------------------------------------------------ */

static HRESULT STDMETHODCALLTYPE superclass_get_Name(ITPluggableTerminalSuperclassInfo *iface,
                                                     BSTR *out)
{
    return give_text(COM_SELF(iface, struct superclass_info, info)->is.name, out);
}

static HRESULT STDMETHODCALLTYPE superclass_get_CLSID(ITPluggableTerminalSuperclassInfo *iface,
                                                      BSTR *out)
{
    return give_guid(&COM_SELF(iface, struct superclass_info, info)->is.clsid, out);
}

static const struct com_member superclass_members[] = {
    COM_GET(ITPluggableTerminalSuperclassInfo, 1, Name, COM_RETVAL_BSTR),
    COM_GET(ITPluggableTerminalSuperclassInfo, 2, CLSID, COM_RETVAL_BSTR),
};
static const struct com_dispatch superclass_dispatch =
    COM_DISPATCH_TABLE(&IID_ITPluggableTerminalSuperclassInfo, "ITPluggableTerminalSuperclassInfo",
                       superclass_members);

COM_VTABLE(superclass_vtable, ITPluggableTerminalSuperclassInfo, struct superclass_info, info,
           &superclass_dispatch, COM_DISPATCH_SLOTS(ITPluggableTerminalSuperclassInfo),
           .get_Name = superclass_get_Name, .get_CLSID = superclass_get_CLSID);

static const struct com_entry superclass_entries[] = {
    COM_ENTRY(IID_ITPluggableTerminalSuperclassInfo, superclass_vtable)};

const struct com_class msp_superclass_info_class = {
    COM_CLASS("ITPluggableTerminalSuperclassInfo", struct superclass_info, superclass_entries),
    .flags = COM_FTM | COM_SAFE};

/* ---- class ----------------------------------------------------------------------------------- */

static const struct msp_pluggable_class *class_of(ITPluggableTerminalClassInfo *iface)
{
    return &COM_SELF(iface, struct class_info, info)->is;
}

static HRESULT STDMETHODCALLTYPE class_get_Name(ITPluggableTerminalClassInfo *iface, BSTR *out)
{
    return give_text(class_of(iface)->name, out);
}

static HRESULT STDMETHODCALLTYPE class_get_Company(ITPluggableTerminalClassInfo *iface, BSTR *out)
{
    return give_text(class_of(iface)->company, out);
}

static HRESULT STDMETHODCALLTYPE class_get_Version(ITPluggableTerminalClassInfo *iface, BSTR *out)
{
    return give_text(class_of(iface)->version, out);
}

static HRESULT STDMETHODCALLTYPE class_get_TerminalClass(ITPluggableTerminalClassInfo *iface,
                                                         BSTR *out)
{
    return give_guid(&class_of(iface)->terminal_class, out);
}

static HRESULT STDMETHODCALLTYPE class_get_CLSID(ITPluggableTerminalClassInfo *iface, BSTR *out)
{
    return give_guid(&class_of(iface)->clsid, out);
}

static HRESULT STDMETHODCALLTYPE class_get_Direction(ITPluggableTerminalClassInfo *iface,
                                                     TERMINAL_DIRECTION *out)
{
    if (!out)
        return E_POINTER;
    *out = class_of(iface)->direction;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE class_get_MediaTypes(ITPluggableTerminalClassInfo *iface,
                                                      __LONG32 *out)
{
    if (!out)
        return E_POINTER;
    *out = class_of(iface)->media;
    return S_OK;
}

static const struct com_member class_members[] = {
    COM_GET(ITPluggableTerminalClassInfo, 1, Name, COM_RETVAL_BSTR),
    COM_GET(ITPluggableTerminalClassInfo, 2, Company, COM_RETVAL_BSTR),
    COM_GET(ITPluggableTerminalClassInfo, 3, Version, COM_RETVAL_BSTR),
    COM_GET(ITPluggableTerminalClassInfo, 4, TerminalClass, COM_RETVAL_BSTR),
    COM_GET(ITPluggableTerminalClassInfo, 5, CLSID, COM_RETVAL_BSTR),
    COM_GET(ITPluggableTerminalClassInfo, 6, Direction, COM_RETVAL_LONG),
    COM_GET(ITPluggableTerminalClassInfo, 7, MediaTypes, COM_RETVAL_LONG),
};
static const struct com_dispatch class_dispatch = COM_DISPATCH_TABLE(
    &IID_ITPluggableTerminalClassInfo, "ITPluggableTerminalClassInfo", class_members);

COM_VTABLE(class_vtable, ITPluggableTerminalClassInfo, struct class_info, info, &class_dispatch,
           COM_DISPATCH_SLOTS(ITPluggableTerminalClassInfo), .get_Name = class_get_Name,
           .get_Company = class_get_Company, .get_Version = class_get_Version,
           .get_TerminalClass = class_get_TerminalClass, .get_CLSID = class_get_CLSID,
           .get_Direction = class_get_Direction, .get_MediaTypes = class_get_MediaTypes);

static const struct com_entry class_entries[] = {
    COM_ENTRY(IID_ITPluggableTerminalClassInfo, class_vtable)};

const struct com_class msp_class_info_class = {
    COM_CLASS("ITPluggableTerminalClassInfo", struct class_info, class_entries),
    .flags = COM_FTM | COM_SAFE};

/* ---- arrays of them -------------------------------------------------------------------------- */

static HRESULT make_superclass(const void *is, void **out)
{
    struct superclass_info *self;
    HRESULT hr = com_object_create(&msp_superclass_info_class, NULL, (struct com_object **)&self);

    if (FAILED(hr))
        return hr;
    self->is = *(const struct msp_pluggable_superclass *)is;
    return com_object_finish(&self->object, S_OK, &IID_ITPluggableTerminalSuperclassInfo, out);
}

static HRESULT make_class(const void *is, void **out)
{
    struct class_info *self;
    HRESULT hr = com_object_create(&msp_class_info_class, NULL, (struct com_object **)&self);

    if (FAILED(hr))
        return hr;
    self->is = *(const struct msp_pluggable_class *)is;
    return com_object_finish(&self->object, S_OK, &IID_ITPluggableTerminalClassInfo, out);
}

void msp_pluggable_drop(void **infos, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        IUnknown_Release((IUnknown *)infos[i]);
    omsp_free(infos);
}

/* Takes items. */
static HRESULT make_all(void *items, size_t size, unsigned count,
                        HRESULT (*make)(const void *is, void **out), void ***out, unsigned *made)
{
    void **infos = count ? omsp_zalloc_array(count, sizeof(*infos)) : NULL;
    HRESULT hr = count && !infos ? E_OUTOFMEMORY : S_OK;
    unsigned done = 0;

    while (SUCCEEDED(hr) && done < count) {
        hr = make((const char *)items + done * size, &infos[done]);
        done += SUCCEEDED(hr);
    }
    omsp_free(items);
    if (FAILED(hr)) {
        msp_pluggable_drop(infos, done);
        infos = NULL;
        done = 0;
    }
    *out = infos;
    *made = done;
    return hr;
}

HRESULT msp_pluggable_superclass_infos(void ***out, unsigned *count)
{
    struct msp_pluggable_superclass *items;
    unsigned found;
    HRESULT hr = msp_pluggable_superclasses(&items, &found);

    *out = NULL;
    *count = 0;
    return SUCCEEDED(hr) ? make_all(items, sizeof(*items), found, make_superclass, out, count) : hr;
}

HRESULT msp_pluggable_class_infos(const CLSID *superclass, LONG media, void ***out, unsigned *count)
{
    struct msp_pluggable_class *items;
    unsigned found;
    HRESULT hr = msp_pluggable_classes(superclass, media, &items, &found);

    *out = NULL;
    *count = 0;
    return SUCCEEDED(hr) ? make_all(items, sizeof(*items), found, make_class, out, count) : hr;
}
