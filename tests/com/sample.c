/* See sample.h. Included by the test programs, for each is one source file. */
#include "sample.h"

#include "com/collection.h"
#include "support/suite.h"

#define SAMPLE_GUID(n)                                                                             \
    {                                                                                              \
        0x3d6f0a00 + (n), 0x52a1, 0x4c1e,                                                          \
        {                                                                                          \
            0x9b, 0x11, 0x6e, 0x0f, 0x5a, 0x77, 0x10, 0x01                                         \
        }                                                                                          \
    }
const IID IID_ISample = SAMPLE_GUID(1), IID_ISampleOld = SAMPLE_GUID(2),
          IID_IOther = SAMPLE_GUID(3), IID_IPlain = SAMPLE_GUID(4), IID_ITornOff = SAMPLE_GUID(5),
          IID_IWords = SAMPLE_GUID(6);
const CLSID CLSID_Sample = SAMPLE_GUID(7);

HRESULT sample_creation_result, sample_advise_result;
LONG sample_destroyed, sample_advised, sample_unadvised;

struct sample {
    struct com_object object;
    ISample sample;
    IOther other;
    IPlain plain;
    struct com_container container;
    struct com_point points[2];
    LONG value;
};

#define SELF COM_SELF(iface, struct sample, sample)

static HRESULT STDMETHODCALLTYPE sample_get_Value(ISample *iface, LONG *value)
{
    *value = SELF->value;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE sample_put_Value(ISample *iface, LONG value)
{
    SELF->value = value;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE sample_Subtract(ISample *iface, LONG a, LONG b, LONG *difference)
{
    (void)iface;
    *difference = a - b;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE sample_Concat(ISample *iface, BSTR a, BSTR b, BSTR *text)
{
    (void)iface;
    return VarBstrCat(a, b, text);
}

static HRESULT STDMETHODCALLTYPE sample_Not(ISample *iface, VARIANT_BOOL b, VARIANT_BOOL *r)
{
    (void)iface;
    *r = b ? VARIANT_FALSE : VARIANT_TRUE;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE sample_Echo(ISample *iface, LONG before, VARIANT v, LONG after,
                                             VARIANT *r)
{
    SELF->value = before * 10 + after;
    VariantInit(r);
    return VariantCopy(r, &v);
}

static HRESULT STDMETHODCALLTYPE sample_Same(ISample *iface, ISample *other, ISample **r)
{
    (void)iface;
    *r = other;
    if (other) {
        other->lpVtbl->AddRef(other);
    }
    return other ? S_OK : S_FALSE;
}

static HRESULT STDMETHODCALLTYPE sample_Outs(ISample *iface, LONG *number, VARIANT_BOOL *flag,
                                             BSTR *text, VARIANT *any, ISample **object,
                                             IUnknown **unknown)
{
    *number = 7;
    *flag = VARIANT_TRUE;
    *text = SysAllocString(L"text");
    V_VT(any) = VT_I2;
    V_I2(any) = 12;
    *object = iface;
    com_AddRef(iface);
    return com_QueryInterface(iface, &IID_IUnknown, (void **)unknown);
}

static HRESULT STDMETHODCALLTYPE sample_Throw(ISample *iface, LONG hr)
{
    (void)iface;
    return hr;
}

static HRESULT STDMETHODCALLTYPE sample_Digits(ISample *iface, LONG a, LONG b, LONG c, LONG d,
                                               LONG e, LONG f, LONG g, LONG *number)
{
    (void)iface;
    *number = ((((((a * 10 + b) * 10 + c) * 10 + d) * 10 + e) * 10 + f) * 10) + g;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE sample_ByGuid(ISample *iface, GUID guid)
{
    (void)iface;
    (void)guid;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE sample_get_Words(ISample *iface, VARIANT *words)
{
    static const WCHAR *const texts[] = {L"one", L"two", L"three"};

    (void)iface;
    return com_collection_variant_of_strings(&IID_IWords, texts, 3, words);
}

static HRESULT STDMETHODCALLTYPE sample_Nothing(ISample *iface)
{
    SELF->value++;
    return S_OK;
}

static const struct com_member sample_members[] = {
    COM_GET(ISample, 0x10001, Value, COM_RETVAL_LONG),
    COM_PUT(ISample, 0x10001, Value, COM_IN_LONG("NewValue")),
    COM_METHOD(ISample, 0x10002, Subtract, COM_IN_LONG("From"), COM_IN_LONG("What"),
               COM_RETVAL_LONG),
    COM_METHOD(ISample, 0x10003, Concat, COM_IN_BSTR("Left"), COM_IN_BSTR("Right"),
               COM_RETVAL_BSTR),
    COM_METHOD(ISample, 0x10004, Not, COM_IN_BOOL("b"), COM_RETVAL_BOOL),
    COM_METHOD(ISample, 0x10005, Echo, COM_IN_LONG("before"), COM_IN_VARIANT("v"),
               COM_IN_LONG("after"), COM_RETVAL_VARIANT),
    COM_METHOD(ISample, 0x10006, Same, COM_IN_OBJECT("other", &IID_ISample), COM_RETVAL_OBJECT),
    COM_METHOD(ISample, 0x10007, Outs, COM_OUT_LONG("number"), COM_OUT_BOOL("flag"),
               COM_OUT_BSTR("text"), COM_OUT_VARIANT("any"), COM_OUT_OBJECT("object"),
               COM_OUT_UNKNOWN("unknown")),
    COM_METHOD(ISample, 0x10008, Throw, COM_IN_LONG("hr")),
    COM_METHOD(ISample, 0x10009, Digits, COM_IN_LONG("a"), COM_IN_LONG("b"), COM_IN_LONG("c"),
               COM_IN_LONG("d"), COM_IN_LONG("e"), COM_IN_LONG("f"), COM_IN_LONG("g"),
               COM_RETVAL_LONG),
    COM_METHOD(ISample, 0x1000a, ByGuid, COM_IN_FOREIGN("guid")),
    COM_GET(ISample, 0x1000b, Words, COM_RETVAL_VARIANT),
    COM_METHOD(ISample, 0x2000c, Nothing), /* a gap before it */
};
const struct com_dispatch sample_dispatch =
    COM_DISPATCH_TABLE(&IID_ISample, "ISample", sample_members);

COM_VTABLE(sample_vtable, ISample, struct sample, sample, &sample_dispatch,
           COM_DISPATCH_SLOTS(ISample), .get_Value = sample_get_Value,
           .put_Value = sample_put_Value, .Subtract = sample_Subtract, .Concat = sample_Concat,
           .Not = sample_Not, .Echo = sample_Echo, .Same = sample_Same, .Outs = sample_Outs,
           .Throw = sample_Throw, .Digits = sample_Digits, .ByGuid = sample_ByGuid,
           .get_Words = sample_get_Words, .Nothing = sample_Nothing);

static HRESULT STDMETHODCALLTYPE other_get_Name(IOther *iface, BSTR *name)
{
    (void)iface;
    *name = SysAllocString(L"other");
    return *name ? S_OK : E_OUTOFMEMORY;
}

static const struct com_member other_members[] = {COM_GET(IOther, 1, Name, COM_RETVAL_BSTR)};
static const struct com_dispatch other_dispatch =
    COM_DISPATCH_TABLE(&IID_IOther, "IOther", other_members);

COM_VTABLE(other_vtable, IOther, struct sample, other, &other_dispatch, COM_DISPATCH_SLOTS(IOther),
           .get_Name = other_get_Name);

static HRESULT STDMETHODCALLTYPE plain_Ping(IPlain *iface, LONG *pong)
{
    *pong = COM_SELF(iface, struct sample, plain)->value;
    return S_OK;
}

COM_VTABLE(plain_vtable, IPlain, struct sample, plain, NULL, COM_UNKNOWN_SLOTS(IPlain),
           .Ping = plain_Ping);

COM_CONTAINER_VTABLE(container_vtable, struct sample, container.iface);

/* ---- the class ------------------------------------------------------------------------------ */

static HRESULT sample_advise(struct com_object *owner, struct com_sink *sink, void **context)
{
    (void)owner;
    ck_assert(com_sink_cookie(sink) != 0);
    *context = sink;
    if (SUCCEEDED(sample_advise_result)) {
        InterlockedIncrement(&sample_advised);
    }
    return sample_advise_result;
}

static void sample_unadvise(struct com_object *owner, struct com_sink *sink, void *context)
{
    (void)owner;
    ck_assert_ptr_eq(sink, context);
    InterlockedIncrement(&sample_unadvised);
}

static const struct com_point_hooks sample_hooks = {.advise = sample_advise,
                                                    .unadvise = sample_unadvise};

static void sample_destroy(struct com_object *object)
{
    struct sample *self = (struct sample *)object;

    /* What a destructor may provoke must not destroy twice. */
    com_object_addref(object);
    com_object_release(object);
    com_point_fini(&self->points[0]);
    com_point_fini(&self->points[1]);
    InterlockedIncrement(&sample_destroyed);
}

static HRESULT sample_query(struct com_object *object, REFIID iid, void **out)
{
    if (!IsEqualIID(iid, &IID_ITornOff)) {
        return E_NOINTERFACE;
    }
    *out = &((struct sample *)object)->plain;
    IUnknown_AddRef(object->outer);
    return S_OK;
}

static const struct com_entry sample_entries[] = {
    COM_ENTRY(IID_IPlain, plain_vtable),
    COM_ENTRY(IID_ISample, sample_vtable),
    COM_ENTRY(IID_ISampleOld, sample_vtable),
    COM_ENTRY(IID_IOther, other_vtable),
    COM_ENTRY(IID_IConnectionPointContainer, container_vtable),
};

const struct com_class sample_class = {COM_CLASS("Sample", struct sample, sample_entries),
                                       .flags = COM_FTM | COM_SAFE, .destroy = sample_destroy,
                                       .query = sample_query};

static const struct com_class merged_class = {COM_CLASS("Merged", struct sample, sample_entries),
                                              .flags = COM_FTM | COM_MERGED,
                                              .destroy = sample_destroy, .query = sample_query};

bool sample_merged;

HRESULT sample_create(IUnknown *outer, REFIID iid, void **out)
{
    struct com_object *object;
    struct sample *self;
    HRESULT hr = com_object_create(sample_merged ? &merged_class : &sample_class, outer, &object);

    if (FAILED(hr)) {
        return hr;
    }
    self = (struct sample *)object;
    self->value = 42;
    com_point_init(&self->points[0], &IID_IDispatch, object, &sample_hooks);
    com_point_init(&self->points[1], &IID_IPropertyNotifySink, object, NULL);
    com_container_init(&self->container, self->points, 2);
    for (int i = 0; i < 100; i++) { /* the storm: nothing of it may destroy the object */
        IUnknown *unknown;

        ck_assert_int_eq(com_object_query(object, &IID_ISample, (void **)&unknown), S_OK);
        IUnknown_AddRef(unknown);
        IUnknown_Release(unknown);
        IUnknown_Release(unknown);
        com_object_addref(object);
        com_object_release(object);
    }
    return com_object_finish(object, sample_creation_result, iid, out);
}

struct com_point *sample_point(ISample *iface)
{
    return &SELF->points[0];
}

/* ---- calls ----------------------------------------------------------------------------------- */

ISample *sample_make(void)
{
    ISample *sample;

    ck_assert_int_eq(sample_create(NULL, &IID_ISample, (void **)&sample), S_OK);
    return sample;
}

void sample_drop(ISample *sample)
{
    ck_assert_uint_eq(sample->lpVtbl->Release(sample), 0);
}

HRESULT sample_id(ISample *sample, const WCHAR *name, DISPID *id)
{
    LPOLESTR names[] = {(WCHAR *)(UINT_PTR)name};

    return sample->lpVtbl->GetIDsOfNames(sample, &IID_NULL, names, 1, 0, id);
}

HRESULT sample_invoke(void *iface, DISPID id, WORD flags, VARIANT *args, UINT count,
                      VARIANT *result, UINT *arg_error)
{
    VARIANT reversed[10];
    DISPPARAMS params = {reversed, NULL, count, 0};

    for (UINT i = 0; i < count; i++) {
        reversed[count - 1 - i] = args[i];
    }
    return IDispatch_Invoke((IDispatch *)iface, id, &IID_NULL, LOCALE_USER_DEFAULT, flags, &params,
                            result, NULL, arg_error);
}

VARIANT of_long(LONG value)
{
    VARIANT v;

    memset(&v, 0, sizeof(v));
    V_VT(&v) = VT_I4;
    V_I4(&v) = value;
    return v;
}

VARIANT of_pointer(VARTYPE vt, void *pointer)
{
    VARIANT v;

    memset(&v, 0, sizeof(v));
    V_VT(&v) = vt;
    V_BYREF(&v) = pointer;
    return v;
}

/* ---- an outer object ------------------------------------------------------------------------ */

static HRESULT STDMETHODCALLTYPE outer_QueryInterface(IUnknown *iface, REFIID iid, void **out)
{
    struct outer *outer = CONTAINING_RECORD(iface, struct outer, iface);

    outer->queries++;
    if (IsEqualIID(iid, &IID_IUnknown)) {
        *out = iface;
        InterlockedIncrement(&outer->refs);
        return S_OK;
    }
    *out = NULL;
    return outer->inner ? IUnknown_QueryInterface(outer->inner, iid, out) : E_NOINTERFACE;
}

static ULONG STDMETHODCALLTYPE outer_AddRef(IUnknown *iface)
{
    return (ULONG)InterlockedIncrement(&CONTAINING_RECORD(iface, struct outer, iface)->refs);
}

static ULONG STDMETHODCALLTYPE outer_Release(IUnknown *iface)
{
    struct outer *outer = CONTAINING_RECORD(iface, struct outer, iface);
    LONG refs = InterlockedDecrement(&outer->refs);

    if (refs < outer->lowest) {
        outer->lowest = refs;
    }
    return (ULONG)refs;
}

void outer_init(struct outer *outer)
{
    static IUnknownVtbl vtable = {outer_QueryInterface, outer_AddRef, outer_Release};

    *outer = (struct outer){{&vtable}, 1, 0, 1, NULL};
}
