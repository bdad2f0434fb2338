/*
 * Objects: identity, aggregation, reference counts, the lazily made free-threaded marshaler, and
 * IObjectSafety. Not a registry of objects: nothing here knows which exist. No thread of its own;
 * an object's count is interlocked, its other members are set before it is shared.
 */
#include "com/object.h"

#include "base/alloc.h"
#include "com/dispatch.h"
#include "com/module.h"

#include <ole2.h>
#include <objidl.h>

const IID com_iid_agile_object = {
    0x94ea2b94, 0xe9cc, 0x49e0, {0xc0, 0xff, 0xee, 0x64, 0xca, 0x8f, 0x5b, 0x90}};

/* An object being destroyed counts from here, so that references taken and dropped by what it
 * releases do not destroy it again. */
enum { COM_DESTROYING = 0x40000000 };

enum {
    COM_SAFETY_SUPPORTED = INTERFACESAFE_FOR_UNTRUSTED_CALLER | INTERFACESAFE_FOR_UNTRUSTED_DATA
};

static const struct com_vtable_head *head_of(void *iface)
{
    return *(const struct com_vtable_head **)iface - 1;
}

static void *slot_of(struct com_object *object, const struct com_vtable_head *head)
{
    return (char *)object + head->offset;
}

struct com_object *com_object_of(void *iface)
{
    return (struct com_object *)((char *)iface - head_of(iface)->offset);
}

struct com_object *com_object_cast(const struct com_class *class, void *iface)
{
    if (!iface) {
        return NULL;
    }
    for (size_t i = 0; i < class->entry_count; i++) {
        if (*(const void **)iface == class->entries[i].head + 1) {
            return com_object_of(iface);
        }
    }
    return NULL;
}

/* ---- references ----------------------------------------------------------------------------- */

ULONG com_object_addref(struct com_object *object)
{
    return (ULONG)InterlockedIncrement(&object->refs);
}

bool com_object_try_addref(struct com_object *object)
{
    LONG refs = InterlockedCompareExchange(&object->refs, 0, 0);

    while (refs > 0 && refs < COM_DESTROYING / 2) {
        LONG seen = InterlockedCompareExchange(&object->refs, refs + 1, refs);

        if (seen == refs) {
            return true;
        }
        refs = seen;
    }
    return false;
}

static void object_destroy(struct com_object *object)
{
    object->refs = COM_DESTROYING;
    if (object->class->destroy) {
        object->class->destroy(object);
    }
    if (object->ftm) {
        IUnknown_Release(object->ftm);
    }
    omsp_free(object);
    com_module_release();
}

ULONG com_object_release(struct com_object *object)
{
    LONG refs = object ? InterlockedDecrement(&object->refs) : -1;

    if (refs == 0) {
        object_destroy(object);
    }
    return refs < 0 ? 0 : (ULONG)refs;
}

/* ---- queries -------------------------------------------------------------------------------- */

static HRESULT answer(struct com_object *object, void *slot, void **out)
{
    *out = slot;
    IUnknown_AddRef(object->outer);
    return S_OK;
}

HRESULT com_ftm_query(IUnknown *outer, IUnknown **ftm, void **out)
{
    IUnknown *made, *other;
    HRESULT hr;

    *out = NULL;
    made = InterlockedCompareExchangePointer((void *volatile *)ftm, NULL, NULL);
    if (!made) {
        hr = CoCreateFreeThreadedMarshaler(outer, &made);
        if (FAILED(hr)) {
            return hr;
        }
        other = InterlockedCompareExchangePointer((void *volatile *)ftm, made, NULL);
        if (other) { /* another thread was first */
            IUnknown_Release(made);
            made = other;
        }
    }
    return IUnknown_QueryInterface(made, &IID_IMarshal, out);
}

/* The first dual interface, else NULL. */
static const struct com_vtable_head *default_dual(const struct com_class *class)
{
    for (size_t i = 0; i < class->entry_count; i++) {
        if (class->entries[i].head->dispatch) {
            return class->entries[i].head;
        }
    }
    return NULL;
}

HRESULT com_object_query(struct com_object *object, REFIID iid, void **out)
{
    const struct com_class *class = object->class;
    const struct com_vtable_head *dual;

    if (!out) {
        return E_POINTER;
    }
    *out = NULL;
    if (IsEqualIID(iid, &IID_IUnknown)) {
        com_object_addref(object);
        *out = &object->inner;
        return S_OK;
    }
    for (size_t i = 0; i < class->entry_count; i++) {
        if (class->entries[i].iid && IsEqualIID(iid, class->entries[i].iid)) {
            return answer(object, slot_of(object, class->entries[i].head), out);
        }
    }
    if (IsEqualIID(iid, &IID_IDispatch) && (dual = default_dual(class)) != NULL) {
        return answer(object, slot_of(object, dual), out);
    }
    if ((class->flags & COM_SAFE) && IsEqualIID(iid, &IID_IObjectSafety)) {
        return answer(object, &object->object_safety, out);
    }
    if (class->flags & COM_FTM) {
        if (IsEqualIID(iid, &IID_IMarshal)) {
            return com_ftm_query(object->outer, &object->ftm, out);
        }
        /* A marker without methods: any slot that delegates will do. */
        if (IsEqualIID(iid, &com_iid_agile_object) && class->entry_count) {
            return answer(object, slot_of(object, class->entries[0].head), out);
        }
    }
    return class->query ? class->query(object, iid, out) : E_NOINTERFACE;
}

HRESULT STDMETHODCALLTYPE com_QueryInterface(void *iface, REFIID iid, void **out)
{
    return IUnknown_QueryInterface(com_object_of(iface)->outer, iid, out);
}

ULONG STDMETHODCALLTYPE com_AddRef(void *iface)
{
    return IUnknown_AddRef(com_object_of(iface)->outer);
}

ULONG STDMETHODCALLTYPE com_Release(void *iface)
{
    return IUnknown_Release(com_object_of(iface)->outer);
}

static HRESULT STDMETHODCALLTYPE inner_QueryInterface(IUnknown *iface, REFIID iid, void **out)
{
    return com_object_query(COM_SELF(iface, struct com_object, inner), iid, out);
}

static ULONG STDMETHODCALLTYPE inner_AddRef(IUnknown *iface)
{
    return com_object_addref(COM_SELF(iface, struct com_object, inner));
}

static ULONG STDMETHODCALLTYPE inner_Release(IUnknown *iface)
{
    return com_object_release(COM_SELF(iface, struct com_object, inner));
}

COM_VTABLE(inner_vtable, IUnknown, struct com_object, inner, NULL,
           .QueryInterface = inner_QueryInterface, .AddRef = inner_AddRef,
           .Release = inner_Release);

/* ---- IObjectSafety (mspi §7.4) -------------------------------------------------------------- */

/* Does this object, not its outer, have the interface? */
static HRESULT supports(struct com_object *object, REFIID iid)
{
    void *iface;
    HRESULT hr = com_object_query(object, iid, &iface);

    if (SUCCEEDED(hr)) {
        IUnknown_Release((IUnknown *)iface);
    }
    return hr;
}

static HRESULT STDMETHODCALLTYPE safety_get(IObjectSafety *iface, REFIID iid, DWORD *supported,
                                            DWORD *enabled)
{
    struct com_object *object = COM_SELF(iface, struct com_object, object_safety);
    HRESULT hr;

    if (!supported || !enabled) {
        return E_POINTER;
    }
    *supported = *enabled = 0;
    hr = supports(object, iid);
    if (SUCCEEDED(hr)) {
        *supported = COM_SAFETY_SUPPORTED;
        *enabled = (DWORD)InterlockedCompareExchange(&object->safety, 0, 0);
    }
    return hr;
}

static HRESULT STDMETHODCALLTYPE safety_set(IObjectSafety *iface, REFIID iid, DWORD mask,
                                            DWORD enabled)
{
    struct com_object *object = COM_SELF(iface, struct com_object, object_safety);
    HRESULT hr = supports(object, iid);
    LONG before, after;

    if (FAILED(hr)) {
        return hr;
    }
    if (mask & ~(DWORD)COM_SAFETY_SUPPORTED) {
        return E_FAIL;
    }
    do {
        before = object->safety;
        after = (LONG)(((DWORD)before & ~mask) | (enabled & mask));
    } while (InterlockedCompareExchange(&object->safety, after, before) != before);
    return S_OK;
}

COM_VTABLE(safety_vtable, IObjectSafety, struct com_object, object_safety, NULL,
           COM_UNKNOWN_SLOTS(IObjectSafety), .GetInterfaceSafetyOptions = safety_get,
           .SetInterfaceSafetyOptions = safety_set);

/* ---- birth ---------------------------------------------------------------------------------- */

static void set_slot(struct com_object *object, const struct com_vtable_head *head)
{
    *(const void **)slot_of(object, head) = head + 1;
}

HRESULT com_object_create(const struct com_class *class, IUnknown *outer, struct com_object **out)
{
    struct com_object *object = omsp_zalloc(class->size);

    *out = NULL;
    if (!object) {
        return E_OUTOFMEMORY;
    }
    com_module_addref();
    object->class = class;
    object->outer = outer ? outer : &object->inner;
    object->refs = 1;
    set_slot(object, &inner_vtable.head);
    set_slot(object, &safety_vtable.head);
    for (size_t i = 0; i < class->entry_count; i++) {
        set_slot(object, class->entries[i].head);
    }
    *out = object;
    return S_OK;
}

HRESULT com_object_finish(struct com_object *object, HRESULT hr, REFIID iid, void **out)
{
    if (out) {
        *out = NULL;
    }
    if (SUCCEEDED(hr)) {
        if (!out) {
            hr = E_POINTER;
        } else if (object->outer != &object->inner && !IsEqualIID(iid, &IID_IUnknown)) {
            hr = CLASS_E_NOAGGREGATION;
        } else {
            hr = com_object_query(object, iid, out);
        }
    }
    com_object_release(object);
    return hr;
}

/* ---- self-check ----------------------------------------------------------------------------- */

static const char *head_check(const struct com_class *class, const struct com_vtable_head *head)
{
    const void *const *slots = (const void *const *)(head + 1);

    if (head->offset < sizeof(struct com_object) || head->offset % sizeof(void *) ||
        head->offset + sizeof(void *) > class->size) {
        return "a slot lies outside of the object";
    }
    if (head->slots < 3 || (head->dispatch && head->slots < 7)) {
        return "a vtable is too short";
    }
    for (UINT32 i = 0; i < head->slots; i++) {
        if (!slots[i]) {
            return "a vtable has an empty slot";
        }
    }
    if (slots[0] != (const void *)com_QueryInterface || slots[1] != (const void *)com_AddRef ||
        slots[2] != (const void *)com_Release) {
        return "a vtable does not begin with the shared trio";
    }
    if (!head->dispatch) {
        return NULL;
    }
    if (slots[6] != (const void *)com_Invoke) {
        return "a dual vtable does not have the shared Invoke";
    }
    if (!head->dispatch->iid && !class->dual_iid) {
        return "a dual interface has no IID";
    }
    return com_dispatch_check(head->dispatch, head->slots);
}

/* Do two dual interfaces of a merged class use one DISPID? The later interface of a pair may extend
 * the earlier one in the same vtable, which is one table then. */
static bool dispids_clash(const struct com_dispatch *a, const struct com_dispatch *b)
{
    for (unsigned i = 0; i < a->count; i++) {
        for (unsigned j = 0; j < b->count; j++) {
            if (a->members[i].id == b->members[j].id) {
                return true;
            }
        }
    }
    return false;
}

static const char *pair_check(const struct com_class *class, const struct com_entry *a,
                              const struct com_entry *b)
{
    if (a->iid && b->iid && IsEqualIID(a->iid, b->iid)) {
        return "an IID is listed twice";
    }
    if (a->head == b->head) {
        return NULL;
    }
    if (a->head->offset == b->head->offset) {
        return "two vtables share a slot";
    }
    if ((class->flags & COM_MERGED) && a->head->dispatch && b->head->dispatch &&
        dispids_clash(a->head->dispatch, b->head->dispatch)) {
        return "a merged class has a DISPID twice";
    }
    return NULL;
}

const char *com_class_check(const struct com_class *class)
{
    if (!class->name || class->size < sizeof(struct com_object) || !class->entries) {
        return "a class without name, size or entries";
    }
    for (size_t i = 0; i < class->entry_count; i++) {
        const struct com_entry *entry = &class->entries[i];
        const char *problem = head_check(class, entry->head);

        if (problem) {
            return problem;
        }
        if (!entry->iid && !class->query) {
            return "an entry has neither an IID nor a query hook";
        }
        for (size_t j = 0; j < i && !problem; j++) {
            problem = pair_check(class, entry, &class->entries[j]);
        }
        if (problem) {
            return problem;
        }
    }
    return NULL;
}
