/*
 * IClassFactory for any coclass of a table. A factory is a counted object; LockServer locks count
 * on the module. Used on any thread.
 */
#include "com/factory.h"

#include "com/module.h"
#include "com/object.h"

struct factory {
    struct com_object object;
    IClassFactory iface;
    const struct com_coclass *coclass;
};

static HRESULT STDMETHODCALLTYPE factory_CreateInstance(IClassFactory *iface, IUnknown *outer,
                                                        REFIID iid, void **out)
{
    const struct com_coclass *coclass = COM_SELF(iface, struct factory, iface)->coclass;

    if (!out) {
        return E_POINTER;
    }
    *out = NULL;
    /* Only the non-delegating unknown can be handed to who aggregates (mspi §7.1). */
    if (outer && (!coclass->aggregatable || !IsEqualIID(iid, &IID_IUnknown))) {
        return CLASS_E_NOAGGREGATION;
    }
    return coclass->create(outer, iid, out);
}

static HRESULT STDMETHODCALLTYPE factory_LockServer(IClassFactory *iface, BOOL lock)
{
    (void)iface;
    if (lock) {
        com_module_addref();
    } else {
        com_module_release();
    }
    return S_OK;
}

COM_VTABLE(factory_vtable, IClassFactory, struct factory, iface, NULL,
           COM_UNKNOWN_SLOTS(IClassFactory), .CreateInstance = factory_CreateInstance,
           .LockServer = factory_LockServer);

static const struct com_entry factory_entries[] = {COM_ENTRY(IID_IClassFactory, factory_vtable)};

static const struct com_class factory_class = {
    COM_CLASS("ClassFactory", struct factory, factory_entries), .flags = COM_FTM};

HRESULT com_factory_get(const struct com_coclass *table, size_t count, REFCLSID clsid, REFIID iid,
                        void **out)
{
    if (!out) {
        return E_POINTER;
    }
    *out = NULL;
    for (size_t i = 0; i < count; i++) {
        struct com_object *object;
        HRESULT hr;

        if (!IsEqualCLSID(clsid, table[i].clsid)) {
            continue;
        }
        hr = com_object_create(&factory_class, NULL, &object);
        if (FAILED(hr)) {
            return hr;
        }
        ((struct factory *)object)->coclass = &table[i];
        return com_object_finish(object, S_OK, iid, out);
    }
    return CLASS_E_CLASSNOTAVAILABLE;
}
