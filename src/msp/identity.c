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

struct entry {
    struct entry *next;
    uint32_t id;
    struct com_object *object; /* weak */
};

static SRWLOCK table_lock = SRWLOCK_INIT;
static struct entry *buckets[MSP_BUCKETS];

static struct entry **bucket_of(uint32_t id)
{
    return &buckets[id & (MSP_BUCKETS - 1)];
}

/* Lock held. */
static struct entry *find(uint32_t id)
{
    for (struct entry *it = *bucket_of(id); it; it = it->next)
        if (it->id == id)
            return it;
    return NULL;
}

/* The living wrapper with one more reference, or NULL. */
static struct com_object *look(uint32_t id)
{
    struct com_object *object = NULL;
    struct entry *entry;

    AcquireSRWLockShared(&table_lock);
    entry = find(id);
    if (entry && com_object_try_addref(entry->object))
        object = entry->object;
    ReleaseSRWLockShared(&table_lock);
    return object;
}

/* Enters a new wrapper unless another one lives by now, which is answered with a reference. Takes
 * over `fresh` and the hold on the engine when it enters it. */
static struct com_object *enter(struct entry *fresh)
{
    struct com_object *other = NULL;
    struct entry *entry;

    AcquireSRWLockExclusive(&table_lock);
    entry = find(fresh->id);
    if (entry && com_object_try_addref(entry->object)) {
        other = entry->object;
    } else {
        /* A dying one may still be there; its destructor looks for itself and finds us before it.
         */
        fresh->next = *bucket_of(fresh->id);
        *bucket_of(fresh->id) = fresh;
    }
    ReleaseSRWLockExclusive(&table_lock);
    return other;
}

HRESULT msp_identity_get(uint32_t id, msp_make_fn make, void *ctx, struct com_object **out)
{
    struct com_object *object = look(id), *other;
    struct entry *fresh;
    HRESULT hr;

    *out = object;
    if (object)
        return S_OK;
    if (!make)
        return S_FALSE;
    fresh = omsp_zalloc(sizeof(*fresh));
    if (!fresh)
        return E_OUTOFMEMORY;
    hr = make(ctx, &object);
    if (FAILED(hr)) {
        omsp_free(fresh);
        return hr;
    }
    fresh->id = id;
    fresh->object = object;
    msp_engine_hold();
    other = enter(fresh);
    if (other) {
        msp_engine_release();
        omsp_free(fresh);
        com_object_release(object);
        object = other;
    }
    *out = object;
    return S_OK;
}

void msp_identity_forget(uint32_t id, struct com_object *object)
{
    struct entry *gone = NULL;

    AcquireSRWLockExclusive(&table_lock);
    for (struct entry **it = bucket_of(id); *it; it = &(*it)->next) {
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
