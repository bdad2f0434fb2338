/*
 * The snapshot enumerator. The snapshot is shared by clones and immutable; the position is the
 * enumerator's own and locked, so that two threads never get the same element. Foreign calls (get:
 * AddRef, a proxy) are made outside the lock.
 */
#include "com/enumerator.h"

#include "base/alloc.h"
#include "com/object.h"
#include "com/variant.h"

#include <string.h>

/* The method order of TAPI's enumerators, which no system header has a neutral name for. */
typedef struct IEnumResetSkip IEnumResetSkip;
typedef struct IEnumResetSkipVtbl {
    HRESULT(STDMETHODCALLTYPE *QueryInterface)(IEnumResetSkip *iface, REFIID iid, void **out);
    ULONG(STDMETHODCALLTYPE *AddRef)(IEnumResetSkip *iface);
    ULONG(STDMETHODCALLTYPE *Release)(IEnumResetSkip *iface);
    HRESULT(STDMETHODCALLTYPE *Next)
    (IEnumResetSkip *iface, ULONG count, IUnknown **elements, ULONG *fetched);
    HRESULT(STDMETHODCALLTYPE *Reset)(IEnumResetSkip *iface);
    HRESULT(STDMETHODCALLTYPE *Skip)(IEnumResetSkip *iface, ULONG count);
    HRESULT(STDMETHODCALLTYPE *Clone)(IEnumResetSkip *iface, IEnumResetSkip **out);
} IEnumResetSkipVtbl;
struct IEnumResetSkip {
    const IEnumResetSkipVtbl *lpVtbl;
};

struct snapshot {
    LONG refs;
    size_t count;
    const struct com_enum_kind *kind;
    char items[];
};

struct enumerator {
    struct com_object object;
    union {
        IEnumUnknown skip_reset;
        IEnumResetSkip reset_skip;
    } iface;
    enum com_enum_order order;
    IID iid;
    struct snapshot *snapshot;
    SRWLOCK lock; /* guards next */
    size_t next;
};

/* ---- snapshots ------------------------------------------------------------------------------ */

static void snapshot_release(struct snapshot *snapshot)
{
    const struct com_enum_kind *kind;

    if (!snapshot || InterlockedDecrement(&snapshot->refs)) {
        return;
    }
    kind = snapshot->kind;
    for (size_t i = 0; kind->drop && i < snapshot->count; i++) {
        kind->drop(snapshot->items + i * kind->item_size);
    }
    omsp_free(snapshot);
}

static HRESULT snapshot_create(const struct com_enum_kind *kind, const void *items, size_t count,
                               struct snapshot **out)
{
    struct snapshot *snapshot;

    if (count > (SIZE_MAX - sizeof(*snapshot)) / kind->item_size) {
        return E_OUTOFMEMORY;
    }
    snapshot = omsp_zalloc(sizeof(*snapshot) + count * kind->item_size);
    if (!snapshot) {
        return E_OUTOFMEMORY;
    }
    snapshot->refs = 1;
    snapshot->kind = kind;
    for (; snapshot->count < count; snapshot->count++) {
        size_t at = snapshot->count * kind->item_size;
        HRESULT hr = kind->hold(snapshot->items + at, (const char *)items + at);

        if (FAILED(hr)) {
            snapshot_release(snapshot);
            return hr;
        }
    }
    *out = snapshot;
    return S_OK;
}

/* ---- methods -------------------------------------------------------------------------------- */

static HRESULT enumerator_make(REFIID iid, enum com_enum_order order, struct snapshot *snapshot,
                               size_t next, void **out);

static struct enumerator *enumerator_of(void *iface)
{
    return (struct enumerator *)com_object_of(iface);
}

/* Takes up to count items; answers how many, and the first one's index. */
static size_t take(struct enumerator *self, size_t count, size_t *first)
{
    size_t left;

    AcquireSRWLockExclusive(&self->lock);
    *first = self->next;
    left = self->snapshot->count - self->next;
    if (count > left) {
        count = left;
    }
    self->next += count;
    ReleaseSRWLockExclusive(&self->lock);
    return count;
}

/* Puts back what could not be delivered, unless another thread has gone on from there. */
static void give_back(struct enumerator *self, size_t from, size_t to)
{
    AcquireSRWLockExclusive(&self->lock);
    if (self->next == to) {
        self->next = from;
    }
    ReleaseSRWLockExclusive(&self->lock);
}

/* Delivers up to *count elements; *count becomes how many. A failure only when none. */
static HRESULT deliver(struct enumerator *self, ULONG *count, char *to)
{
    const struct com_enum_kind *kind = self->snapshot->kind;
    ULONG done = 0;
    size_t first, taken;

    while (done < *count && (taken = take(self, *count - done, &first)) != 0) {
        for (size_t i = first; i < first + taken; i++) {
            HRESULT hr = kind->get(to, self->snapshot->items + i * kind->item_size);

            if (hr == S_OK) {
                to += kind->element_size;
                done++;
                continue;
            }
            memset(to, 0, kind->element_size);
            if (FAILED(hr)) {
                give_back(self, i, first + taken);
                *count = done;
                return done ? S_FALSE : hr;
            }
        }
    }
    first = *count;
    *count = done;
    return done == first ? S_OK : S_FALSE;
}

static HRESULT STDMETHODCALLTYPE enum_Next(void *iface, ULONG count, void *elements, ULONG *fetched)
{
    struct enumerator *self = enumerator_of(iface);
    size_t size = self->snapshot->kind->element_size;
    HRESULT hr;

    if (fetched) {
        *fetched = 0;
    }
    if ((!fetched && count != 1) || (!elements && count)) {
        return E_POINTER;
    }
    if (count > SIZE_MAX / size) {
        return E_INVALIDARG;
    }
    if (count) {
        memset(elements, 0, count * size);
    }
    hr = deliver(self, &count, elements);
    if (fetched) {
        *fetched = count;
    }
    return hr;
}

static HRESULT STDMETHODCALLTYPE enum_Skip(void *iface, ULONG count)
{
    size_t first;

    return take(enumerator_of(iface), count, &first) == count ? S_OK : S_FALSE;
}

static HRESULT STDMETHODCALLTYPE enum_Reset(void *iface)
{
    struct enumerator *self = enumerator_of(iface);

    AcquireSRWLockExclusive(&self->lock);
    self->next = 0;
    ReleaseSRWLockExclusive(&self->lock);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE enum_Clone(void *iface, void **out)
{
    struct enumerator *self = enumerator_of(iface);
    size_t next;

    if (!out) {
        return E_POINTER;
    }
    *out = NULL;
    AcquireSRWLockExclusive(&self->lock);
    next = self->next;
    ReleaseSRWLockExclusive(&self->lock);
    InterlockedIncrement(&self->snapshot->refs);
    return enumerator_make(&self->iid, self->order, self->snapshot, next, out);
}

#define ENUM_SLOTS(I)                                                                              \
    COM_UNKNOWN_SLOTS(I),                                                                          \
        .Next = (HRESULT(STDMETHODCALLTYPE *)(I *, ULONG, IUnknown **, ULONG *))enum_Next,         \
        .Skip = (HRESULT(STDMETHODCALLTYPE *)(I *, ULONG))enum_Skip,                               \
        .Reset = (HRESULT(STDMETHODCALLTYPE *)(I *))enum_Reset,                                    \
        .Clone = (HRESULT(STDMETHODCALLTYPE *)(I *, I **))enum_Clone

COM_VTABLE(skip_reset_vtable, IEnumUnknown, struct enumerator, iface.skip_reset, NULL,
           ENUM_SLOTS(IEnumUnknown));
COM_VTABLE(reset_skip_vtable, IEnumResetSkip, struct enumerator, iface.reset_skip, NULL,
           ENUM_SLOTS(IEnumResetSkip));

/* ---- the class ------------------------------------------------------------------------------ */

static void enumerator_destroy(struct com_object *object)
{
    snapshot_release(((struct enumerator *)object)->snapshot);
}

static HRESULT enumerator_query(struct com_object *object, REFIID iid, void **out)
{
    struct enumerator *self = (struct enumerator *)object;

    if (!IsEqualIID(iid, &self->iid)) {
        return E_NOINTERFACE;
    }
    IUnknown_AddRef(object->outer);
    *out = &self->iface;
    return S_OK;
}

static const struct com_entry skip_reset_entries[] = {COM_ENTRY_RUNTIME(skip_reset_vtable)};
static const struct com_entry reset_skip_entries[] = {COM_ENTRY_RUNTIME(reset_skip_vtable)};

static const struct com_class classes[] = {
    [COM_ENUM_SKIP_RESET] = {COM_CLASS("Enumerator", struct enumerator, skip_reset_entries),
                             .flags = COM_FTM, .destroy = enumerator_destroy,
                             .query = enumerator_query},
    [COM_ENUM_RESET_SKIP] = {COM_CLASS("Enumerator", struct enumerator, reset_skip_entries),
                             .flags = COM_FTM, .destroy = enumerator_destroy,
                             .query = enumerator_query},
};

/* Takes over the caller's reference of the snapshot. */
static HRESULT enumerator_make(REFIID iid, enum com_enum_order order, struct snapshot *snapshot,
                               size_t next, void **out)
{
    struct com_object *object;
    struct enumerator *self;
    HRESULT hr = com_object_create(&classes[order], NULL, &object);

    if (FAILED(hr)) {
        snapshot_release(snapshot);
        return hr;
    }
    self = (struct enumerator *)object;
    self->order = order;
    self->iid = *iid;
    self->snapshot = snapshot;
    self->next = next;
    InitializeSRWLock(&self->lock);
    return com_object_finish(object, S_OK, iid, out);
}

HRESULT com_enum_create(REFIID iid, enum com_enum_order order, const struct com_enum_kind *kind,
                        const void *items, size_t count, void **out)
{
    struct snapshot *snapshot;
    HRESULT hr;

    if (!out) {
        return E_POINTER;
    }
    *out = NULL;
    if (!items && count) {
        return E_POINTER;
    }
    hr = snapshot_create(kind, items, count, &snapshot);
    return FAILED(hr) ? hr : enumerator_make(iid, order, snapshot, 0, out);
}

/* ---- the usual kinds of element -------------------------------------------------------------- */

static HRESULT interface_copy(void *to, const void *from)
{
    IUnknown *iface = *(IUnknown *const *)from;

    IUnknown_AddRef(iface);
    *(IUnknown **)to = iface;
    return S_OK;
}

static void interface_drop(void *item)
{
    IUnknown_Release(*(IUnknown **)item);
}

static HRESULT guid_copy(void *to, const void *from)
{
    memcpy(to, from, sizeof(GUID));
    return S_OK;
}

static HRESULT variant_copy(void *to, const void *from)
{
    return com_variant_copy((VARIANT *)to, (const VARIANT *)from);
}

static void variant_drop(void *item)
{
    VariantClear((VARIANT *)item);
}

HRESULT com_enum_interfaces(REFIID iid, enum com_enum_order order, void *const *items, size_t count,
                            void **out)
{
    static const struct com_enum_kind kind = {sizeof(void *), sizeof(void *), interface_copy,
                                              interface_drop, interface_copy};

    return com_enum_create(iid, order, &kind, items, count, out);
}

HRESULT com_enum_guids(REFIID iid, enum com_enum_order order, const GUID *items, size_t count,
                       void **out)
{
    static const struct com_enum_kind kind = {sizeof(GUID), sizeof(GUID), guid_copy, NULL,
                                              guid_copy};

    return com_enum_create(iid, order, &kind, items, count, out);
}

HRESULT com_enum_variants(const VARIANT *items, size_t count, void **out)
{
    static const struct com_enum_kind kind = {sizeof(VARIANT), sizeof(VARIANT), variant_copy,
                                              variant_drop, variant_copy};

    return com_enum_create(&IID_IEnumVARIANT, COM_ENUM_SKIP_RESET, &kind, items, count, out);
}
