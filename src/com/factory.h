/*
 * Class factories over a table of coclasses, and the bodies of DllGetClassObject and
 * DllCanUnloadNow (the latter is com_module_can_unload). The same table is registered by
 * com/registry.h.
 */
#ifndef OMSP_COM_FACTORY_H
#define OMSP_COM_FACTORY_H

#include <windows.h>
#include <ole2.h>
#include <stdbool.h>

struct com_coclass {
    const CLSID *clsid;
    /* Makes an object and answers the query for iid (com_object_create … com_object_finish). The
     * factory has checked: out not NULL, *out NULL, outer NULL unless aggregatable, and iid
     * IUnknown when there is an outer. */
    HRESULT (*create)(IUnknown *outer, REFIID iid, void **out);
    bool aggregatable;
    const WCHAR *description;        /* for people */
    const WCHAR *prog_id;            /* with version: "OpenMSP.Address.1"; may be NULL */
    const WCHAR *prog_id_no_version; /* "OpenMSP.Address"; may be NULL */
};

/* E_POINTER: out NULL. CLASS_E_CLASSNOTAVAILABLE: clsid not in the table. E_NOINTERFACE: iid is
 * neither IUnknown nor IClassFactory. The table must outlive the factories. E_OUTOFMEMORY. */
HRESULT com_factory_get(const struct com_coclass *table, size_t count, REFCLSID clsid, REFIID iid,
                        void **out);

#endif
