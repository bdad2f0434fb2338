/* An IDispatch sink for tests: counts its calls and notes their thread. Included, as sample.c is.
 */
#ifndef OMSP_TESTS_COM_SINK_C
#define OMSP_TESTS_COM_SINK_C

struct sink {
    IDispatch iface;
    LONG refs, calls;
    bool agile;   /* says so by IAgileObject */
    DWORD thread; /* of the last call */
};

static HRESULT STDMETHODCALLTYPE sink_QueryInterface(IDispatch *iface, REFIID iid, void **out)
{
    struct sink *sink = CONTAINING_RECORD(iface, struct sink, iface);

    *out = NULL;
    if (IsEqualIID(iid, &IID_IUnknown) || IsEqualIID(iid, &IID_IDispatch) ||
        (sink->agile && IsEqualIID(iid, &com_iid_agile_object))) {
        *out = iface;
        InterlockedIncrement(&sink->refs);
    }
    return *out ? S_OK : E_NOINTERFACE;
}

static ULONG STDMETHODCALLTYPE sink_AddRef(IDispatch *iface)
{
    return (ULONG)InterlockedIncrement(&CONTAINING_RECORD(iface, struct sink, iface)->refs);
}

static ULONG STDMETHODCALLTYPE sink_Release(IDispatch *iface)
{
    return (ULONG)InterlockedDecrement(&CONTAINING_RECORD(iface, struct sink, iface)->refs);
}

static HRESULT STDMETHODCALLTYPE sink_GetTypeInfoCount(IDispatch *iface, UINT *count)
{
    (void)iface;
    *count = 0;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE sink_GetTypeInfo(IDispatch *iface, UINT index, LCID lcid,
                                                  ITypeInfo **out)
{
    (void)iface;
    (void)index;
    (void)lcid;
    *out = NULL;
    return E_NOTIMPL;
}

static HRESULT STDMETHODCALLTYPE sink_GetIDsOfNames(IDispatch *iface, REFIID iid, LPOLESTR *names,
                                                    UINT count, LCID lcid, DISPID *ids)
{
    (void)iface;
    (void)iid;
    (void)names;
    (void)count;
    (void)lcid;
    (void)ids;
    return DISP_E_UNKNOWNNAME;
}

static HRESULT STDMETHODCALLTYPE sink_Invoke(IDispatch *iface, DISPID id, REFIID iid, LCID lcid,
                                             WORD flags, DISPPARAMS *params, VARIANT *result,
                                             EXCEPINFO *exception, UINT *arg_error)
{
    struct sink *sink = CONTAINING_RECORD(iface, struct sink, iface);

    (void)id;
    (void)iid;
    (void)lcid;
    (void)flags;
    (void)params;
    (void)result;
    (void)exception;
    (void)arg_error;
    sink->thread = GetCurrentThreadId();
    InterlockedIncrement(&sink->calls);
    return S_OK;
}

static void sink_init(struct sink *sink, bool agile)
{
    static IDispatchVtbl vtable = {
        sink_QueryInterface, sink_AddRef,        sink_Release, sink_GetTypeInfoCount,
        sink_GetTypeInfo,    sink_GetIDsOfNames, sink_Invoke};

    *sink = (struct sink){{&vtable}, 1, 0, agile, 0};
}

#endif
