/*
 * What COM itself costs here (spec performance 2): making an object, dispatching a property by
 * number and by name, connecting a sink and firing many. Peers are what Wine has: quartz's factory
 * and its dispatch through a type library, netprofm's connection points. The sample class is that
 * of the COM room's own tests. Windows only; pinned by the script.
 */
#include "com/sample.c"

#include "bench/compare.h"
#include "com/connection_point.h"
#include "com/factory.h"
#include "msp/address.h"
#include "msp/engine_host.h"

#include <initguid.h>

#include <dshow.h>
#include <netlistmgr.h>
#include <stdio.h>
#include <stdlib.h>

static IClassFactory *quartz_factory, *our_factory;
static IDispatch *quartz_dispatch;
static DISPID quartz_id;
static WCHAR quartz_name[] = L"Rate", our_name[] = L"Value";
static ISample *sample;
static IConnectionPoint *netprofm_point, *our_point;

static void die(const char *what)
{
    fprintf(stderr, "%s failed\n", what);
    exit(1);
}

/* ---- objects -----------------------------------------------------------------------------------
 */

static void create_release(IClassFactory *factory, size_t times)
{
    IUnknown *made;

    while (times--) {
        if (IClassFactory_CreateInstance(factory, NULL, &IID_IUnknown, (void **)&made))
            die("CreateInstance");
        IUnknown_Release(made);
    }
}

static void ours_create(void *ctx, size_t times)
{
    (void)ctx;
    create_release(our_factory, times);
}

static void quartz_create(void *ctx, size_t times)
{
    (void)ctx;
    create_release(quartz_factory, times);
}

static void calloc_free(void *ctx, size_t times)
{
    (void)ctx;
    while (times--) {
        void *made = calloc(1, sizeof(struct msp_address));

        OMSP_BENCH_KEEP(made);
        free(made);
    }
}

/* ---- dispatch ----------------------------------------------------------------------------------
 */

static void property(IDispatch *object, DISPID id, size_t times)
{
    DISPPARAMS none = {NULL, NULL, 0, 0};
    VARIANT value;

    while (times--) {
        if (IDispatch_Invoke(object, id, &IID_NULL, 0, DISPATCH_PROPERTYGET, &none, &value, NULL,
                             NULL))
            die("Invoke");
        OMSP_BENCH_KEEP(&value);
    }
}

static void property_by_name(IDispatch *object, WCHAR *name, size_t times)
{
    DISPID id;

    while (times--) {
        if (IDispatch_GetIDsOfNames(object, &IID_NULL, &name, 1, 0, &id))
            die("GetIDsOfNames");
        property(object, id, 1);
    }
}

static void ours_invoke(void *ctx, size_t times)
{
    (void)ctx;
    property((IDispatch *)sample, ID_VALUE, times);
}

static void ours_invoke_by_name(void *ctx, size_t times)
{
    (void)ctx;
    property_by_name((IDispatch *)sample, our_name, times);
}

static void quartz_invoke(void *ctx, size_t times)
{
    (void)ctx;
    property(quartz_dispatch, quartz_id, times);
}

static void quartz_invoke_by_name(void *ctx, size_t times)
{
    (void)ctx;
    property_by_name(quartz_dispatch, quartz_name, times);
}

static void direct_call(void *ctx, size_t times)
{
    LONG value;

    (void)ctx;
    while (times--) {
        sample->lpVtbl->get_Value(sample, &value);
        OMSP_BENCH_KEEP(&value);
    }
}

/* ---- sinks -------------------------------------------------------------------------------------
 */

/* A sink that netprofm takes: it asks for the point's interface and is never called here. */
static HRESULT STDMETHODCALLTYPE any_query(IUnknown *iface, REFIID iid, void **out)
{
    (void)iid;
    *out = iface;
    return S_OK;
}

static ULONG STDMETHODCALLTYPE any_count(IUnknown *iface)
{
    (void)iface;
    return 1;
}

static IUnknownVtbl any_vtable = {any_query, any_count, any_count};
static IUnknown any_sink = {&any_vtable};

static void advise_unadvise(IConnectionPoint *point, IUnknown *sink, size_t times)
{
    DWORD cookie;

    while (times--) {
        if (IConnectionPoint_Advise(point, sink, &cookie) ||
            IConnectionPoint_Unadvise(point, cookie))
            die("Advise");
    }
}

static void ours_advise(void *ctx, size_t times)
{
    (void)ctx;
    advise_unadvise(our_point, &any_sink, times);
}

static void netprofm_advise(void *ctx, size_t times)
{
    (void)ctx;
    advise_unadvise(netprofm_point, &any_sink, times);
}

/* ---- set up ------------------------------------------------------------------------------------
 */

static void open_quartz(void)
{
    HMODULE module = LoadLibraryW(L"quartz.dll");
    HRESULT(WINAPI * get)
    (REFCLSID, REFIID, void **) =
        module ? (void *)GetProcAddress(module, "DllGetClassObject") : NULL;
    LPOLESTR names[] = {quartz_name};
    IUnknown *graph = NULL;

    if (!get || get(&CLSID_FilterGraph, &IID_IClassFactory, (void **)&quartz_factory)) {
        quartz_factory = NULL;
        return;
    }
    if (IClassFactory_CreateInstance(quartz_factory, NULL, &IID_IUnknown, (void **)&graph))
        return;
    if (IUnknown_QueryInterface(graph, &IID_IMediaPosition, (void **)&quartz_dispatch) ||
        IDispatch_GetIDsOfNames(quartz_dispatch, &IID_NULL, names, 1, 0, &quartz_id))
        quartz_dispatch = NULL;
    if (quartz_dispatch) {
        DISPPARAMS none = {NULL, NULL, 0, 0};
        VARIANT value;

        if (IDispatch_Invoke(quartz_dispatch, quartz_id, &IID_NULL, 0, DISPATCH_PROPERTYGET, &none,
                             &value, NULL, NULL))
            quartz_dispatch = NULL;
    }
}

static void open_netprofm(void)
{
    IConnectionPointContainer *container;
    IUnknown *manager;

    if (CoCreateInstance(&CLSID_NetworkListManager, NULL, CLSCTX_INPROC_SERVER, &IID_IUnknown,
                         (void **)&manager) ||
        IUnknown_QueryInterface(manager, &IID_IConnectionPointContainer, (void **)&container))
        return;
    if (IConnectionPointContainer_FindConnectionPoint(container, &IID_INetworkListManagerEvents,
                                                      &netprofm_point))
        netprofm_point = NULL;
}

static void open_ours(void)
{
    static const struct com_coclass class = {
        .clsid = &CLSID_Sample, .create = msp_address_create, .aggregatable = true};
    IConnectionPointContainer *container;

    msp_engine_configure(omsp_system_ports, NULL);
    if (sample_create(NULL, &IID_ISample, (void **)&sample) ||
        com_factory_get(&class, 1, &CLSID_Sample, &IID_IClassFactory, (void **)&our_factory) ||
        sample->lpVtbl->QueryInterface(sample, &IID_IConnectionPointContainer,
                                       (void **)&container) ||
        IConnectionPointContainer_FindConnectionPoint(container, &IID_IPropertyNotifySink,
                                                      &our_point))
        die("the sample");
}

int main(void)
{
    CoInitializeEx(NULL, COINIT_MULTITHREADED);
    open_ours();
    open_quartz();
    open_netprofm();
    omsp_bench_compare(&(struct omsp_bench){"com-create-release",
                                            {"ours", ours_create, NULL},
                                            {"quartz", quartz_factory ? quartz_create : NULL, NULL},
                                            {"calloc + free", calloc_free, NULL},
                                            50,
                                            0,
                                            0});
    omsp_bench_compare(
        &(struct omsp_bench){"com-invoke",
                             {"ours", ours_invoke, NULL},
                             {"quartz, type library", quartz_dispatch ? quartz_invoke : NULL, NULL},
                             {"direct call", direct_call, NULL},
                             5,
                             0,
                             0});
    omsp_bench_compare(&(struct omsp_bench){
        "com-invoke-by-name",
        {"ours", ours_invoke_by_name, NULL},
        {"quartz, type library", quartz_dispatch ? quartz_invoke_by_name : NULL, NULL},
        {"direct call", direct_call, NULL},
        8,
        0,
        0});
    omsp_bench_compare(
        &(struct omsp_bench){"com-advise-unadvise",
                             {"ours", ours_advise, NULL},
                             {"netprofm", netprofm_point ? netprofm_advise : NULL, NULL},
                             {NULL, NULL, NULL},
                             1,
                             0,
                             0});
    return 0;
}
