/*
 * The call: its life and references. What its interfaces do lies in the other call_*.c; what a TSP
 * says to it in tsp.c. Any thread.
 */
#include "msp/call.h"

#include "msp/address.h"
#include "msp/hosted.h"

void msp_call_ref(struct msp_call *call)
{
    com_object_addref(&call->object);
}

void msp_call_unref(struct msp_call *call)
{
    com_object_release(&call->object);
}

struct omsp_call *msp_call_engine(const struct msp_call *call)
{
    return call->engine;
}

struct msp_address *msp_call_address(const struct msp_call *call)
{
    return call->address;
}

bool msp_call_is_shut(struct msp_call *call)
{
    return omsp_call_is_shut(call->engine);
}

bool msp_call_forget(struct msp_call *call)
{
    return !InterlockedExchange(&call->forgotten, 1);
}

bool msp_call_is_forgotten(struct msp_call *call)
{
    return InterlockedCompareExchange(&call->forgotten, 0, 0) != 0;
}

struct msp_call *msp_call_from_id(struct msp_address *address, uint32_t id)
{
    struct msp_call *found = NULL;
    struct com_object *object;

    if (msp_identity_get(id, NULL, NULL, &object) != S_OK)
        return NULL;
    if (object->class == &msp_call_class || object->class == &msp_call_aggregated_class)
        found = (struct msp_call *)object;
    if (found && found->address == address)
        return found;
    com_object_release(object);
    return NULL;
}

static bool is_standalone(const struct msp_call *call)
{
    return call->object.class == &msp_call_class;
}

HRESULT msp_call_query(struct msp_call *call, REFIID iid, void **out)
{
    *out = NULL;
    /* An outer is there until ShutdownMSPCall returned; later our pointer to it means nothing. */
    if (!is_standalone(call) && msp_call_is_shut(call))
        return E_UNEXPECTED;
    return msp_outer_query(&call->outer, &call->object, iid, out);
}

HRESULT msp_call_get_info(struct msp_call *call, ITCallInfo **out)
{
    return msp_call_query(call, &IID_ITCallInfo, (void **)out);
}

/* ---- life ------------------------------------------------------------------------------------ */

static void unlink_call(struct msp_call *call)
{
    AcquireSRWLockExclusive(&call->address->lock);
    omsp_list_remove(&call->link);
    ReleaseSRWLockExclusive(&call->address->lock);
}

bool msp_call_shut(struct msp_call *call)
{
    bool first;

    struct omsp_stream *forks[OMSP_CALL_MAX_FORKS];
    unsigned count;

    /* One that its application closed is still TAPI's, who names it once more. */
    if (is_standalone(call) || msp_call_is_forgotten(call))
        unlink_call(call);
    /* Held until they are entered: whoever reads an event of the shutdown looks here after it. */
    AcquireSRWLockExclusive(&call->ended_lock);
    first = omsp_call_shutdown_keeping(call->engine, forks, &count) == OMSP_OK;
    if (first) {
        memcpy(call->ended, forks, count * sizeof(forks[0]));
        call->ended_count = count;
    }
    ReleaseSRWLockExclusive(&call->ended_lock);
    msp_outer_end(&call->outer);
    msp_hosted_drop(call, NULL);
    return first;
}

static void call_destroy(struct com_object *object)
{
    struct msp_call *self = (struct msp_call *)object;

    if (self->engine) {
        msp_call_shut(self);
        unlink_call(self);
        msp_identity_forget(omsp_call_id(self->engine), object);
        for (unsigned i = 0; i < self->stream_count; i++)
            omsp_stream_release(self->streams[i]);
        for (unsigned i = 0; i < self->ended_count; i++)
            omsp_stream_release(self->ended[i]);
        omsp_call_set_hardware(self->engine, NULL, NULL);
        omsp_call_release(self->engine);
    }
    if (self->address)
        msp_address_unref(self->address);
}

static const struct com_entry standalone_entries[] = {
    COM_ENTRY(IID_ITStreamControl, msp_call_control_vtable),
    COM_ENTRY(IID_IOpenMSPCall, msp_call_open_vtable),
    COM_ENTRY(IID_ITCallQualityControl, msp_call_quality_vtable),
    COM_ENTRY(IID_ITCallInfo, msp_call_info_vtable),
};

static const struct com_entry aggregated_entries[] = {
    COM_ENTRY(IID_ITStreamControl, msp_call_control_vtable),
    COM_ENTRY(IID_IOpenMSPCall, msp_call_open_vtable),
    COM_ENTRY(IID_ITCallQualityControl, msp_call_quality_vtable),
};

const struct com_class msp_call_class = {
    COM_CLASS("OpenMSP.Call", struct msp_call, standalone_entries),
    .flags = COM_FTM | COM_SAFE | COM_MERGED,
    .destroy = call_destroy,
};

const struct com_class msp_call_aggregated_class = {
    COM_CLASS("OpenMSP.Call", struct msp_call, aggregated_entries),
    .flags = COM_FTM | COM_SAFE | COM_MERGED,
    .destroy = call_destroy,
};

static HRESULT make_self(void *ctx, struct com_object **out)
{
    struct com_object *object = ctx;

    com_object_addref(object);
    *out = object;
    return S_OK;
}

static HRESULT construct(struct msp_call *self, struct msp_address *address, MSP_HANDLE token,
                         uint32_t media)
{
    struct omsp_address *engine = msp_address_engine(address);
    struct com_object *same;
    bool live;
    HRESULT hr;

    InitializeSRWLock(&self->lock);
    InitializeSRWLock(&self->ended_lock);
    msp_outer_init(&self->outer);
    omsp_list_init(&self->link);
    msp_address_ref(address);
    self->address = address;
    self->codecs[1] = 8;
    self->codec_count = 2;
    self->ptime_ms = 20;
    self->timeout_ms = 5000;
    if (!engine)
        return E_UNEXPECTED;
    hr = msp_hresult(omsp_call_create(engine, media, (uint64_t)(ULONG_PTR)token, &self->engine));
    if (FAILED(hr))
        return hr;
    omsp_call_set_hardware(self->engine, msp_tsp_hardware, NULL);
    while (self->stream_count < MSP_CALL_MAX_STREAMS) {
        struct omsp_stream *stream = omsp_call_stream_at(self->engine, self->stream_count);

        if (!stream)
            break;
        self->streams[self->stream_count++] = stream;
    }
    hr = msp_identity_get(omsp_call_id(self->engine), make_self, &self->object, &same);
    if (FAILED(hr))
        return hr;
    com_object_release(same);

    AcquireSRWLockExclusive(&address->lock);
    live = address->state == MSP_ADDRESS_LIVE;
    if (live)
        omsp_list_insert(&address->calls, &self->link);
    ReleaseSRWLockExclusive(&address->lock);
    return live ? S_OK : E_UNEXPECTED;
}

HRESULT msp_call_create(struct msp_address *address, MSP_HANDLE token, uint32_t media,
                        IUnknown *outer, struct msp_call **out)
{
    struct com_object *object;
    HRESULT hr =
        com_object_create(outer ? &msp_call_aggregated_class : &msp_call_class, outer, &object);

    *out = NULL;
    if (FAILED(hr))
        return hr;
    hr = construct((struct msp_call *)object, address, token, media);
    if (FAILED(hr)) {
        com_object_release(object);
        return hr;
    }
    *out = (struct msp_call *)object;
    return S_OK;
}
