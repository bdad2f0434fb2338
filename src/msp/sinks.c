/*
 * The connection points of an address: ITTAPIEventNotification and its dispatch twin (mspi.md 2.7).
 * Keeps no events and calls no sink; each advised sink has a delivery (delivery.c) with a queue and
 * a thread of its own, so none can harm another. Any thread; one lock, above those of deliveries.
 *
 * Every event of the address is delivered: there is no filter such as ITTAPI::put_EventFilter.
 */
#include "msp/sinks.h"

#include "base/alloc.h"
#include "msp/address.h"

enum { POINT_CUSTOM, POINT_DISPATCH };

/* ---- counting ------------------------------------------------------------------------------- */

void msp_sinks_ref(struct msp_sinks *sinks)
{
    InterlockedIncrement(&sinks->refs);
}

void msp_sinks_unref(struct msp_sinks *sinks)
{
    if (!InterlockedDecrement(&sinks->refs))
        omsp_free(sinks);
}

struct msp_address *msp_sinks_address(struct msp_sinks *sinks)
{
    struct msp_address *address;

    AcquireSRWLockShared(&sinks->lock);
    address = sinks->address;
    if (address && !msp_address_try_ref(address))
        address = NULL;
    ReleaseSRWLockShared(&sinks->lock);
    return address;
}

void msp_sinks_get_stats(struct msp_sinks *sinks, struct msp_sinks_stats *out)
{
    out->connected = 0;
    AcquireSRWLockShared(&sinks->lock);
    omsp_list_each(link, &sinks->deliveries) out->connected++;
    ReleaseSRWLockShared(&sinks->lock);
    out->delivered = (unsigned)InterlockedCompareExchange(&sinks->delivered, 0, 0);
    out->failed = (unsigned)InterlockedCompareExchange(&sinks->failed, 0, 0);
    out->dead = (unsigned)InterlockedCompareExchange(&sinks->dead, 0, 0);
    out->dropped = (unsigned)InterlockedCompareExchange(&sinks->dropped, 0, 0);
}

/* ---- advising ------------------------------------------------------------------------------- */

static void forget(struct msp_sinks *sinks, struct msp_delivery *delivery)
{
    AcquireSRWLockExclusive(&sinks->lock);
    omsp_list_remove(msp_delivery_link(delivery));
    ReleaseSRWLockExclusive(&sinks->lock);
}

/* The owner is the address: points are part of it for whoever holds one. */
static HRESULT advise(struct com_object *owner, struct com_sink *sink, int point, void **context)
{
    struct msp_address *address = (struct msp_address *)owner;
    struct msp_sinks *sinks = address->sinks;
    struct msp_delivery *delivery;
    bool dead;
    HRESULT hr;

    AcquireSRWLockShared(&address->lock);
    dead = address->state >= MSP_ADDRESS_ENDING;
    ReleaseSRWLockShared(&address->lock);
    if (dead)
        return E_UNEXPECTED;
    hr = msp_delivery_create(sinks, &sinks->points[point], sink, &delivery);
    if (FAILED(hr))
        return hr;
    AcquireSRWLockExclusive(&sinks->lock);
    omsp_list_insert(&sinks->deliveries, msp_delivery_link(delivery));
    ReleaseSRWLockExclusive(&sinks->lock);
    /* In the list before it asks for the engine, so that msp_sinks_attach sees it or it sees what
     * was attached; listening twice does nothing. */
    hr = msp_delivery_listen(delivery, address);
    if (FAILED(hr)) {
        forget(sinks, delivery);
        msp_delivery_stop(delivery, true);
        return hr;
    }
    *context = delivery;
    return S_OK;
}

static HRESULT advise_custom(struct com_object *owner, struct com_sink *sink, void **context)
{
    return advise(owner, sink, POINT_CUSTOM, context);
}

static HRESULT advise_dispatch(struct com_object *owner, struct com_sink *sink, void **context)
{
    return advise(owner, sink, POINT_DISPATCH, context);
}

static void unadvise(struct com_object *owner, struct com_sink *sink, void *context)
{
    struct msp_sinks *sinks = ((struct msp_address *)owner)->sinks;
    bool wait;

    (void)sink;
    forget(sinks, context);
    AcquireSRWLockShared(&sinks->lock);
    wait = !sinks->closing;
    ReleaseSRWLockShared(&sinks->lock);
    msp_delivery_stop(context, wait);
}

static const struct com_point_hooks custom_hooks = {
    .advise = advise_custom, .unadvise = unadvise, .adopt = msp_sink_adopt};
static const struct com_point_hooks dispatch_hooks = {
    .advise = advise_dispatch, .unadvise = unadvise, .adopt = msp_sink_adopt};

/* ---- the address's side --------------------------------------------------------------------- */

HRESULT msp_sinks_create(struct msp_address *address, struct msp_sinks **out)
{
    struct msp_sinks *sinks = omsp_zalloc(sizeof(*sinks));
    struct com_object *owner = &address->object;

    *out = NULL;
    if (!sinks)
        return E_OUTOFMEMORY;
    sinks->refs = 1;
    sinks->address = address;
    InitializeSRWLock(&sinks->lock);
    omsp_list_init(&sinks->deliveries);
    com_point_init(&sinks->points[POINT_CUSTOM], &IID_ITTAPIEventNotification, owner,
                   &custom_hooks);
    com_point_init(&sinks->points[POINT_DISPATCH], &DIID_ITTAPIDispatchEventNotification, owner,
                   &dispatch_hooks);
    com_container_init(&sinks->container, sinks->points, 2);
    *out = sinks;
    return S_OK;
}

/* The deliveries of now, each counted, in an array for omsp_free. */
static HRESULT snapshot(struct msp_sinks *sinks, struct msp_delivery ***out, size_t *count)
{
    size_t n = 0;

    *out = NULL;
    *count = 0;
    AcquireSRWLockShared(&sinks->lock);
    omsp_list_each(link, &sinks->deliveries) n++;
    if (n)
        *out = omsp_zalloc_array(n, sizeof(**out));
    if (*out) {
        omsp_list_each(link, &sinks->deliveries)
        {
            struct msp_delivery *delivery = msp_delivery_from_link(link);

            msp_delivery_ref(delivery);
            (*out)[(*count)++] = delivery;
        }
    }
    ReleaseSRWLockShared(&sinks->lock);
    return n && !*out ? E_OUTOFMEMORY : S_OK;
}

HRESULT msp_sinks_attach(struct msp_sinks *sinks)
{
    struct msp_address *address = msp_sinks_address(sinks);
    struct msp_delivery **deliveries;
    size_t count;
    HRESULT hr = snapshot(sinks, &deliveries, &count);

    for (size_t i = 0; i < count; i++) {
        if (address && SUCCEEDED(hr))
            hr = msp_delivery_listen(deliveries[i], address);
        msp_delivery_unref(deliveries[i]);
    }
    omsp_free(deliveries);
    if (address)
        msp_address_unref(address);
    return hr;
}

/* One that listens, counted; NULL: none does. */
static struct msp_delivery *find_listening(struct msp_sinks *sinks)
{
    struct msp_delivery *found = NULL;

    AcquireSRWLockShared(&sinks->lock);
    omsp_list_each(link, &sinks->deliveries)
    {
        struct msp_delivery *delivery = msp_delivery_from_link(link);

        if (msp_delivery_listens(delivery)) {
            msp_delivery_ref(delivery);
            found = delivery;
            break;
        }
    }
    ReleaseSRWLockShared(&sinks->lock);
    return found;
}

void msp_sinks_detach(struct msp_sinks *sinks)
{
    struct msp_address *address = msp_sinks_address(sinks);
    struct msp_delivery *delivery;

    if (!address)
        return;
    /* One at a time, so that no memory is needed. */
    while ((delivery = find_listening(sinks))) {
        msp_delivery_drain(delivery, address);
        msp_delivery_unref(delivery);
    }
    msp_address_unref(address);
}

bool msp_sinks_inside(struct msp_sinks *sinks)
{
    bool inside = false;

    AcquireSRWLockShared(&sinks->lock);
    omsp_list_each(link, &sinks->deliveries)
    {
        inside |= msp_delivery_inside(msp_delivery_from_link(link));
    }
    ReleaseSRWLockShared(&sinks->lock);
    return inside;
}

void msp_sinks_destroy(struct msp_sinks *sinks)
{
    if (!sinks)
        return;
    AcquireSRWLockExclusive(&sinks->lock);
    sinks->address = NULL;
    sinks->closing = true;
    ReleaseSRWLockExclusive(&sinks->lock);
    com_point_fini(&sinks->points[POINT_CUSTOM]);
    com_point_fini(&sinks->points[POINT_DISPATCH]);
    msp_sinks_unref(sinks);
}

HRESULT msp_sinks_find(struct msp_sinks *sinks, REFIID iid, IConnectionPoint **out)
{
    return com_container_FindConnectionPoint(&sinks->container.iface, iid, out);
}

HRESULT msp_sinks_enum(struct msp_sinks *sinks, IEnumConnectionPoints **out)
{
    return com_container_EnumConnectionPoints(&sinks->container.iface, out);
}
