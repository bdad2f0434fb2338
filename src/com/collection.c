/*
 * The read-only Automation collection: an immutable array of VARIANTs, so it needs no lock and may
 * be used on any thread.
 */
#include "com/collection.h"

#include "base/alloc.h"
#include "com/dispatch.h"
#include "com/enumerator.h"
#include "com/object.h"
#include "com/variant.h"

/* The vtable every such collection has, whatever its IID. */
typedef struct ICollection ICollection;
typedef struct ICollectionVtbl {
    HRESULT(STDMETHODCALLTYPE *QueryInterface)(ICollection *iface, REFIID iid, void **out);
    ULONG(STDMETHODCALLTYPE *AddRef)(ICollection *iface);
    ULONG(STDMETHODCALLTYPE *Release)(ICollection *iface);
    HRESULT(STDMETHODCALLTYPE *GetTypeInfoCount)(ICollection *iface, UINT *count);
    HRESULT(STDMETHODCALLTYPE *GetTypeInfo)
    (ICollection *iface, UINT index, LCID lcid, ITypeInfo **out);
    HRESULT(STDMETHODCALLTYPE *GetIDsOfNames)
    (ICollection *iface, REFIID iid, LPOLESTR *names, UINT count, LCID lcid, DISPID *ids);
    HRESULT(STDMETHODCALLTYPE *Invoke)
    (ICollection *iface, DISPID id, REFIID iid, LCID lcid, WORD flags, DISPPARAMS *params,
     VARIANT *result, EXCEPINFO *exception, UINT *arg_error);
    HRESULT(STDMETHODCALLTYPE *get_Count)(ICollection *iface, LONG *count);
    HRESULT(STDMETHODCALLTYPE *get_Item)(ICollection *iface, LONG index, VARIANT *item);
    HRESULT(STDMETHODCALLTYPE *get__NewEnum)(ICollection *iface, IUnknown **out);
} ICollectionVtbl;
struct ICollection {
    const ICollectionVtbl *lpVtbl;
};

struct collection {
    struct com_object object;
    ICollection iface;
    const IID *iid;
    LONG count;
    VARIANT *items;
};

static HRESULT STDMETHODCALLTYPE collection_get_Count(ICollection *iface, LONG *count)
{
    if (!count) {
        return E_POINTER;
    }
    *count = COM_SELF(iface, struct collection, iface)->count;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE collection_get_Item(ICollection *iface, LONG index, VARIANT *item)
{
    struct collection *self = COM_SELF(iface, struct collection, iface);

    if (!item) {
        return E_POINTER;
    }
    VariantInit(item);
    if (index < 1 || index > self->count) {
        return E_INVALIDARG;
    }
    return com_variant_copy(item, &self->items[index - 1]);
}

static HRESULT STDMETHODCALLTYPE collection_get__NewEnum(ICollection *iface, IUnknown **out)
{
    struct collection *self = COM_SELF(iface, struct collection, iface);

    return com_enum_variants(self->items, (size_t)self->count, (void **)out);
}

static const struct com_member collection_members[] = {
    COM_GET(ICollection, DISPID_NEWENUM, _NewEnum, COM_RETVAL_UNKNOWN),
    COM_GET(ICollection, DISPID_VALUE, Item, COM_IN_LONG("Index"), COM_RETVAL_VARIANT),
    COM_GET(ICollection, 0x60020000, Count, COM_RETVAL_LONG),
};
static const struct com_dispatch collection_dispatch =
    COM_DISPATCH_TABLE(NULL, "Collection", collection_members);

COM_VTABLE(collection_vtable, ICollection, struct collection, iface, &collection_dispatch,
           COM_DISPATCH_SLOTS(ICollection), .get_Count = collection_get_Count,
           .get_Item = collection_get_Item, .get__NewEnum = collection_get__NewEnum);

/* ---- the class ------------------------------------------------------------------------------ */

static void collection_destroy(struct com_object *object)
{
    struct collection *self = (struct collection *)object;

    for (LONG i = 0; i < self->count; i++) {
        VariantClear(&self->items[i]);
    }
    omsp_free(self->items);
}

static HRESULT collection_query(struct com_object *object, REFIID iid, void **out)
{
    struct collection *self = (struct collection *)object;

    if (!IsEqualIID(iid, self->iid)) {
        return E_NOINTERFACE;
    }
    IUnknown_AddRef(object->outer);
    *out = &self->iface;
    return S_OK;
}

static const IID *collection_iid(struct com_object *object)
{
    return ((struct collection *)object)->iid;
}

static const struct com_entry collection_entries[] = {COM_ENTRY_RUNTIME(collection_vtable)};

static const struct com_class collection_class = {
    COM_CLASS("Collection", struct collection, collection_entries), .flags = COM_FTM | COM_SAFE,
    .destroy = collection_destroy, .query = collection_query, .dual_iid = collection_iid};

/* Element i as a VARIANT of its own, from whatever the creator was given. */
typedef HRESULT element_fn(const void *source, size_t i, VARIANT *element);

static HRESULT create(const IID *iid, const void *source, size_t count, element_fn *element,
                      void **out)
{
    struct com_object *object;
    struct collection *self;
    HRESULT hr;

    if (!out) {
        return E_POINTER;
    }
    *out = NULL;
    if (!source && count) {
        return E_POINTER;
    }
    if (count > LONG_MAX) {
        return E_OUTOFMEMORY;
    }
    hr = com_object_create(&collection_class, NULL, &object);
    if (FAILED(hr)) {
        return hr;
    }
    self = (struct collection *)object;
    self->iid = iid;
    if (count) {
        self->items = omsp_zalloc_array(count, sizeof(VARIANT));
        hr = self->items ? S_OK : E_OUTOFMEMORY;
    }
    for (size_t i = 0; SUCCEEDED(hr) && i < count; i++) {
        hr = element(source, i, &self->items[i]);
        self->count += SUCCEEDED(hr);
    }
    return com_object_finish(object, hr, iid, out);
}

static HRESULT element_of_object(const void *source, size_t i, VARIANT *element)
{
    IDispatch *dual = ((IDispatch *const *)source)[i];

    IDispatch_AddRef(dual);
    V_DISPATCH(element) = dual;
    V_VT(element) = VT_DISPATCH;
    return S_OK;
}

static HRESULT element_of_string(const void *source, size_t i, VARIANT *element)
{
    V_BSTR(element) = SysAllocString(((const WCHAR *const *)source)[i]);
    if (!V_BSTR(element)) {
        return E_OUTOFMEMORY;
    }
    V_VT(element) = VT_BSTR;
    return S_OK;
}

static HRESULT create_variant(const IID *iid, const void *source, size_t count, element_fn *element,
                              VARIANT *out)
{
    void *collection;
    HRESULT hr;

    if (!out) {
        return E_POINTER;
    }
    VariantInit(out);
    hr = create(iid, source, count, element, &collection);
    if (SUCCEEDED(hr)) {
        V_DISPATCH(out) = collection;
        V_VT(out) = VT_DISPATCH;
    }
    return hr;
}

HRESULT com_collection_variant_of_objects(const IID *iid, void *const *interfaces, size_t count,
                                          VARIANT *out)
{
    return create_variant(iid, interfaces, count, element_of_object, out);
}

HRESULT com_collection_variant_of_strings(const IID *iid, const WCHAR *const *strings, size_t count,
                                          VARIANT *out)
{
    return create_variant(iid, strings, count, element_of_string, out);
}
