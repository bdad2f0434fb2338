/*
 * Which wrapper stands for which object of the engine. A weak, process-wide table: ids are unique
 * in the process while the engine lives, and every entry holds the engine (engine_host.c). Holds no
 * reference on wrappers; their destructors take themselves off. One leaf lock; any thread.
 */
#include "msp/msp.h"

#include "base/alloc.h"
#include "com/object.h"

#include "msp/engine_host.h"

#define MSP_BUCKETS 512 /* a power of two */

struct msp_identity_entry {
    struct msp_identity_entry *next;
    uint32_t id;
    struct com_object *object; /* weak */
};

static SRWLOCK table_lock = SRWLOCK_INIT;
static struct msp_identity_entry *buckets[MSP_BUCKETS];

static struct msp_identity_entry **bucket_of(uint32_t id)
{
    return &buckets[id & (MSP_BUCKETS - 1)];
}

/* Lock held. */
static struct msp_identity_entry *find(uint32_t id)
{
    for (struct msp_identity_entry *it = *bucket_of(id); it; it = it->next)
        if (it->id == id)
            return it;
    return NULL;
}

/* The living wrapper with one more reference, or NULL. */
static struct com_object *look(uint32_t id)
{
    struct com_object *object = NULL;
    struct msp_identity_entry *entry;

    AcquireSRWLockShared(&table_lock);
    entry = find(id);
    if (entry && com_object_try_addref(entry->object))
        object = entry->object;
    ReleaseSRWLockShared(&table_lock);
    return object;
}

HRESULT msp_identity_prepare(struct msp_identity_entry **out)
{
    *out = omsp_zalloc(sizeof(**out));
    return *out ? S_OK : E_OUTOFMEMORY;
}

void msp_identity_discard(struct msp_identity_entry *prepared)
{
    omsp_free(prepared);
}

struct com_object *msp_identity_enter(struct msp_identity_entry *prepared, uint32_t id,
                                      struct com_object *object)
{
    struct com_object *other = NULL;
    struct msp_identity_entry *entry;

    prepared->id = id;
    prepared->object = object;
    msp_engine_hold();
    AcquireSRWLockExclusive(&table_lock);
    entry = find(id);
    if (entry && com_object_try_addref(entry->object)) {
        other = entry->object;
    } else {
        /* A dying one may still be there; its destructor looks for itself and finds us before it.
         */
        prepared->next = *bucket_of(id);
        *bucket_of(id) = prepared;
    }
    ReleaseSRWLockExclusive(&table_lock);
    if (!other)
        return object;
    msp_engine_release();
    omsp_free(prepared);
    com_object_release(object);
    return other;
}

HRESULT msp_identity_get(uint32_t id, msp_make_fn make, void *ctx, struct com_object **out)
{
    struct msp_identity_entry *fresh;
    HRESULT hr;

    *out = look(id);
    if (*out)
        return S_OK;
    if (!make)
        return S_FALSE;
    hr = msp_identity_prepare(&fresh);
    if (FAILED(hr))
        return hr;
    hr = make(ctx, out);
    if (FAILED(hr)) {
        msp_identity_discard(fresh);
        *out = NULL;
        return hr;
    }
    *out = msp_identity_enter(fresh, id, *out);
    return S_OK;
}

void msp_identity_forget(uint32_t id, struct com_object *object)
{
    struct msp_identity_entry *gone = NULL;

    AcquireSRWLockExclusive(&table_lock);
    for (struct msp_identity_entry **it = bucket_of(id); *it; it = &(*it)->next) {
        if ((*it)->id == id && (*it)->object == object) {
            gone = *it;
            *it = gone->next;
            break;
        }
    }
    ReleaseSRWLockExclusive(&table_lock);
    if (gone) {
        omsp_free(gone);
        msp_engine_release();
    }
}
