/*
 * A class for the tests of the COM runtime: two dual interfaces (one of them answering for its
 * predecessor), one plain one, and connection points; and an outer object that counts.
 */
#ifndef OMSP_TESTS_COM_SAMPLE_H
#define OMSP_TESTS_COM_SAMPLE_H

#include "com/connection_point.h"
#include "com/dispatch.h"
#include "com/object.h"

typedef struct ISample ISample;
typedef struct ISampleVtbl {
    HRESULT(STDMETHODCALLTYPE *QueryInterface)(ISample *iface, REFIID iid, void **out);
    ULONG(STDMETHODCALLTYPE *AddRef)(ISample *iface);
    ULONG(STDMETHODCALLTYPE *Release)(ISample *iface);
    HRESULT(STDMETHODCALLTYPE *GetTypeInfoCount)(ISample *iface, UINT *count);
    HRESULT(STDMETHODCALLTYPE *GetTypeInfo)(ISample *iface, UINT index, LCID lcid, ITypeInfo **out);
    HRESULT(STDMETHODCALLTYPE *GetIDsOfNames)
    (ISample *iface, REFIID iid, LPOLESTR *names, UINT count, LCID lcid, DISPID *ids);
    HRESULT(STDMETHODCALLTYPE *Invoke)
    (ISample *iface, DISPID id, REFIID iid, LCID lcid, WORD flags, DISPPARAMS *params,
     VARIANT *result, EXCEPINFO *exception, UINT *arg_error);
    HRESULT(STDMETHODCALLTYPE *get_Value)(ISample *iface, LONG *value);
    HRESULT(STDMETHODCALLTYPE *put_Value)(ISample *iface, LONG value);
    HRESULT(STDMETHODCALLTYPE *Subtract)(ISample *iface, LONG a, LONG b, LONG *difference);
    HRESULT(STDMETHODCALLTYPE *Concat)(ISample *iface, BSTR a, BSTR b, BSTR *text);
    HRESULT(STDMETHODCALLTYPE *Not)(ISample *iface, VARIANT_BOOL b, VARIANT_BOOL *r);
    HRESULT(STDMETHODCALLTYPE *Echo)
    (ISample *iface, LONG before, VARIANT v, LONG after, VARIANT *r);
    HRESULT(STDMETHODCALLTYPE *Same)(ISample *iface, ISample *other, ISample **r);
    HRESULT(STDMETHODCALLTYPE *Outs)
    (ISample *iface, LONG *number, VARIANT_BOOL *flag, BSTR *text, VARIANT *any, ISample **object,
     IUnknown **unknown);
    HRESULT(STDMETHODCALLTYPE *Throw)(ISample *iface, LONG hr);
    HRESULT(STDMETHODCALLTYPE *Digits)
    (ISample *iface, LONG a, LONG b, LONG c, LONG d, LONG e, LONG f, LONG g, LONG *number);
    HRESULT(STDMETHODCALLTYPE *ByGuid)(ISample *iface, GUID guid);
    HRESULT(STDMETHODCALLTYPE *get_Words)(ISample *iface, VARIANT *words);
    HRESULT(STDMETHODCALLTYPE *Nothing)(ISample *iface);
} ISampleVtbl;
struct ISample {
    const ISampleVtbl *lpVtbl;
};

typedef struct IOther IOther;
typedef struct IOtherVtbl {
    HRESULT(STDMETHODCALLTYPE *QueryInterface)(IOther *iface, REFIID iid, void **out);
    ULONG(STDMETHODCALLTYPE *AddRef)(IOther *iface);
    ULONG(STDMETHODCALLTYPE *Release)(IOther *iface);
    HRESULT(STDMETHODCALLTYPE *GetTypeInfoCount)(IOther *iface, UINT *count);
    HRESULT(STDMETHODCALLTYPE *GetTypeInfo)(IOther *iface, UINT index, LCID lcid, ITypeInfo **out);
    HRESULT(STDMETHODCALLTYPE *GetIDsOfNames)
    (IOther *iface, REFIID iid, LPOLESTR *names, UINT count, LCID lcid, DISPID *ids);
    HRESULT(STDMETHODCALLTYPE *Invoke)
    (IOther *iface, DISPID id, REFIID iid, LCID lcid, WORD flags, DISPPARAMS *params,
     VARIANT *result, EXCEPINFO *exception, UINT *arg_error);
    HRESULT(STDMETHODCALLTYPE *get_Name)(IOther *iface, BSTR *name);
} IOtherVtbl;
struct IOther {
    const IOtherVtbl *lpVtbl;
};

typedef struct IPlain IPlain;
typedef struct IPlainVtbl {
    HRESULT(STDMETHODCALLTYPE *QueryInterface)(IPlain *iface, REFIID iid, void **out);
    ULONG(STDMETHODCALLTYPE *AddRef)(IPlain *iface);
    ULONG(STDMETHODCALLTYPE *Release)(IPlain *iface);
    HRESULT(STDMETHODCALLTYPE *Ping)(IPlain *iface, LONG *pong);
} IPlainVtbl;
struct IPlain {
    const IPlainVtbl *lpVtbl;
};

extern const IID IID_ISample, IID_ISampleOld, IID_IOther, IID_IPlain, IID_ITornOff, IID_IWords;
extern const CLSID CLSID_Sample;

extern const struct com_class sample_class;
extern const struct com_dispatch sample_dispatch;

/* Objects made from now on merge their dual interfaces' members (COM_MERGED). */
extern bool sample_merged;
/* A sample object; outer may be NULL. */
HRESULT sample_create(IUnknown *outer, REFIID iid, void **out);
/* The next creation fails with this after a storm of references on the half-made object. */
extern HRESULT sample_creation_result;
/* Objects destroyed so far. */
extern LONG sample_destroyed;
/* Calls of the connection hooks so far; the next advise answers sample_advise_result. */
extern LONG sample_advised, sample_unadvised;
extern HRESULT sample_advise_result;
struct com_point *sample_point(ISample *sample);

/* Its DISPIDs. */
enum {
    ID_VALUE = 0x10001,
    ID_SUBTRACT,
    ID_CONCAT,
    ID_NOT,
    ID_ECHO,
    ID_SAME,
    ID_OUTS,
    ID_THROW,
    ID_DIGITS,
    ID_BYGUID,
    ID_WORDS,
    ID_NOTHING = 0x2000c
};

/* A sample object of its own, and its last release. */
ISample *sample_make(void);
void sample_drop(ISample *sample);
HRESULT sample_id(ISample *sample, const WCHAR *name, DISPID *id);
/* Arguments in the order of the call, which DISPPARAMS has reversed. iface: a dual interface. */
HRESULT sample_invoke(void *iface, DISPID id, WORD flags, VARIANT *args, UINT count,
                      VARIANT *result, UINT *arg_error);
VARIANT of_long(LONG value);
VARIANT of_pointer(VARTYPE vt, void *pointer);

/* Aggregates a sample; answers IUnknown and IMarshal not itself, and all else by the inner one. */
struct outer {
    IUnknown iface;
    LONG refs, queries;
    LONG lowest; /* count ever seen after a Release */
    IUnknown *inner;
};
void outer_init(struct outer *outer);

#endif
