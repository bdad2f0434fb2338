/*
 * Foreign interface pointers made usable in any apartment. Not a cache: each keeper has one table
 * entry. The Global Interface Table is asked for at each use, as it is a singleton of the process
 * and nothing of it may be released at unload.
 */
#include "com/agile.h"

#include "com/object.h"

#include <cguid.h>
#include <objidl.h>

static bool marshals_free_threaded(IUnknown *iface, const IID *iid)
{
    IMarshal *marshal;
    CLSID clsid;
    HRESULT hr;

    if (FAILED(IUnknown_QueryInterface(iface, &IID_IMarshal, (void **)&marshal))) {
        return false;
    }
    hr = IMarshal_GetUnmarshalClass(marshal, iid, iface, MSHCTX_INPROC, NULL, MSHLFLAGS_NORMAL,
                                    &clsid);
    IMarshal_Release(marshal);
    return SUCCEEDED(hr) && IsEqualCLSID(&clsid, &CLSID_InProcFreeMarshaler);
}

bool com_is_agile(IUnknown *iface, const IID *iid)
{
    IUnknown *marker;

    if (SUCCEEDED(IUnknown_QueryInterface(iface, &com_iid_agile_object, (void **)&marker))) {
        IUnknown_Release(marker);
        return true;
    }
    return marshals_free_threaded(iface, iid);
}

static HRESULT table_get(IGlobalInterfaceTable **table)
{
    return CoCreateInstance(&CLSID_StdGlobalInterfaceTable, NULL, CLSCTX_INPROC_SERVER,
                            &IID_IGlobalInterfaceTable, (void **)table);
}

bool com_in_mta(void)
{
    APTTYPE type;
    APTTYPEQUALIFIER qualifier;

    return SUCCEEDED(CoGetApartmentType(&type, &qualifier)) && type == APTTYPE_MTA;
}

HRESULT com_agile_keep(struct com_agile *agile, const IID *iid, IUnknown *iface)
{
    IGlobalInterfaceTable *table;
    bool direct, mta_only = false;
    DWORD cookie = 0;

    *agile = (struct com_agile){0};
    if (!iface) {
        return E_POINTER;
    }
    direct = com_is_agile(iface, iid);
    if (!direct) {
        HRESULT hr = table_get(&table);

        if (SUCCEEDED(hr)) {
            hr = IGlobalInterfaceTable_RegisterInterfaceInGlobal(table, iface, iid, &cookie);
            IGlobalInterfaceTable_Release(table);
        }
        direct = mta_only = com_in_mta();
        if (FAILED(hr)) {
            cookie = 0;
            if (!mta_only) {
                return hr;
            }
        }
    }
    if (direct) {
        IUnknown_AddRef(iface);
    }
    *agile = (struct com_agile){iid, direct ? iface : NULL, mta_only, cookie};
    return S_OK;
}

HRESULT com_agile_get(const struct com_agile *agile, void **out)
{
    IGlobalInterfaceTable *table;
    HRESULT hr;

    *out = NULL;
    if (agile->direct && (!agile->mta_only || com_in_mta())) {
        IUnknown_AddRef(agile->direct);
        *out = agile->direct;
        return S_OK;
    }
    if (!agile->cookie) {
        return agile->direct ? RPC_E_WRONG_THREAD : E_UNEXPECTED;
    }
    hr = table_get(&table);
    if (FAILED(hr)) {
        return hr;
    }
    hr = IGlobalInterfaceTable_GetInterfaceFromGlobal(table, agile->cookie, agile->iid, out);
    IGlobalInterfaceTable_Release(table);
    if (FAILED(hr)) {
        *out = NULL;
    }
    return hr;
}

void com_agile_drop(struct com_agile *agile)
{
    struct com_agile dropped = *agile;
    IGlobalInterfaceTable *table;

    *agile = (struct com_agile){0};
    if (dropped.cookie) {
        HRESULT hr = table_get(&table), init = E_FAIL;

        if (FAILED(hr)) { /* the last release may come on a thread without COM */
            init = CoInitializeEx(NULL, COINIT_MULTITHREADED);
            hr = table_get(&table);
        }
        if (SUCCEEDED(hr)) {
            IGlobalInterfaceTable_RevokeInterfaceFromGlobal(table, dropped.cookie);
            IGlobalInterfaceTable_Release(table);
        }
        if (SUCCEEDED(init)) {
            CoUninitialize();
        }
    }
    if (dropped.direct) {
        IUnknown_Release(dropped.direct);
    }
}
