/*
 * ITPluggableTerminalEventSink: what a hosted terminal that wants to tell something is given while
 * it is selected (mspi.md 4.5). It may be called on any thread, also from inside the terminal's
 * ConnectTerminal; what it is told goes into the address's queue and is delivered from there.
 */
#include "com/object.h"
#include "msp/engine_host.h"
#include "msp/terminal_event.h"

struct msp_terminal_sink {
    struct com_object object;
    ITPluggableTerminalEventSink sink;
    SRWLOCK lock;
    struct omsp_call *call;       /* a reference, and a hold on the engine; NULL: detached */
    struct omsp_address *address; /* the call's */
};

static HRESULT STDMETHODCALLTYPE sink_FireEvent(ITPluggableTerminalEventSink *iface,
                                                const MSP_EVENT_INFO *info)
{
    struct msp_terminal_sink *self = COM_SELF(iface, struct msp_terminal_sink, sink);
    HRESULT hr = TAPI_E_INVALIDSTREAM;
    MSP_EVENT_INFO oldest = {0};

    if (!info)
        return E_POINTER;
    /* Shared: a detach waits for it, and posting calls nobody. */
    AcquireSRWLockShared(&self->lock);
    if (self->call)
        hr = msp_terminal_event_post(self->call, self->address, info, &oldest);
    ReleaseSRWLockShared(&self->lock);
    msp_terminal_event_release(&oldest); /* the terminal's own code, which may unselect it */
    return hr;
}

COM_VTABLE(sink_vtable, ITPluggableTerminalEventSink, struct msp_terminal_sink, sink, NULL,
           COM_UNKNOWN_SLOTS(ITPluggableTerminalEventSink), .FireEvent = sink_FireEvent);

static const struct com_entry entries[] = {
    COM_ENTRY(IID_ITPluggableTerminalEventSink, sink_vtable)};

const struct com_class msp_terminal_sink_class = {
    COM_CLASS("ITPluggableTerminalEventSink", struct msp_terminal_sink, entries), .flags = COM_FTM};

HRESULT msp_terminal_sink_create(struct omsp_call *call, struct omsp_address *address,
                                 struct msp_terminal_sink **out)
{
    struct msp_terminal_sink *self;
    HRESULT hr = com_object_create(&msp_terminal_sink_class, NULL, (struct com_object **)&self);

    *out = NULL;
    if (FAILED(hr))
        return hr;
    InitializeSRWLock(&self->lock);
    self->call = call;
    self->address = address;
    omsp_call_ref(call);
    msp_engine_hold();
    *out = self;
    return S_OK;
}

ITPluggableTerminalEventSink *msp_terminal_sink_interface(struct msp_terminal_sink *sink)
{
    return &sink->sink;
}

void msp_terminal_sink_silence(struct msp_terminal_sink *sink)
{
    struct omsp_call *call;

    if (!sink)
        return;
    AcquireSRWLockExclusive(&sink->lock);
    call = sink->call;
    sink->call = NULL;
    ReleaseSRWLockExclusive(&sink->lock);
    if (call) {
        omsp_call_release(call);
        msp_engine_release();
    }
}

void msp_terminal_sink_detach(struct msp_terminal_sink *sink)
{
    msp_terminal_sink_silence(sink);
    if (sink)
        com_object_release(&sink->object);
}
