/*
 * The address's own state, for the files that implement its interfaces. The rest of the room uses
 * msp.h.
 */
#ifndef OMSP_MSP_ADDRESS_H
#define OMSP_MSP_ADDRESS_H

#include "base/list.h"
#include "com/object.h"
#include "msp/msp.h"
#include "msp/outer.h"
#include "msp/vtable.h"
#include "openmsp/openmsp.h"

/* created -> (Initialize, Open) starting -> live -> (Shutdown, Close) ending -> dead; a failed
 * start goes back to created (mspi.md 2.1). */
enum msp_address_state {
    MSP_ADDRESS_CREATED,
    MSP_ADDRESS_STARTING,
    MSP_ADDRESS_LIVE,
    MSP_ADDRESS_ENDING, /* it is being shut down */
    MSP_ADDRESS_DEAD,
};

/* Where a call comes from: its thread, and what COM hands on with it through apartments. */
struct msp_stop_place {
    DWORD thread_id;
    GUID logical_id; /* GUID_NULL: not known */
};

struct msp_address {
    struct com_object object;
    ITMSPAddress msp;
    ITTerminalSupport2 terminals;
    IOpenMSPAddress open;
    IConnectionPointContainer container;
    ITLegacyWaveSupport legacy;

    struct msp_sinks *sinks; /* for life */
    struct msp_outer outer;

    SRWLOCK lock; /* state, engine, calls, pending, stop */
    enum msp_address_state state;
    struct omsp_address *engine; /* from the start that succeeded until the destructor */
    struct omsp_link calls;      /* msp_call.link; weak */
    struct omsp_event pending;   /* taken from the queue, not delivered for want of memory */
    bool has_pending;
    struct msp_stop_place stopper; /* who shuts it down */
    struct omsp_link stop_waiters; /* who else asked for it meanwhile */

    /* Held shared while the listener is used, so that Shutdown can wait for users, and while who
     * does not know the address to be live uses `engine`, for a start that fails takes it back;
     * above `lock`, a delivery's and the engine's. */
    SRWLOCK listener_lock;
    struct omsp_listener *listener; /* GetEvent's queue */
    HANDLE event;                   /* TAPI's, never closed; fixed while the listener lives */
};

HRESULT msp_address_create(IUnknown *outer, REFIID iid, void **out);

/* E_UNEXPECTED unless live. */
HRESULT msp_address_check_live(struct msp_address *address);
/* Initialize and Open (event NULL). E_UNEXPECTED: not CREATED; msp_engine_acquire's errors,
 * E_OUTOFMEMORY, and it can be tried again then. */
HRESULT msp_address_start(struct msp_address *address, HANDLE event);
/* Shutdown and Close. One that is asked for while another is under way returns when that one is
 * done (in a single-threaded apartment calls are let in meanwhile), but waits no longer than
 * MSP_STOP_PATIENCE_MS, and not at all when it comes from within it or from a sink. S_OK, also
 * after that; E_UNEXPECTED: never started. No lock is held. */
#define MSP_STOP_PATIENCE_MS 10000
HRESULT msp_address_stop(struct msp_address *address);
/* The call that `unknown` is an interface pointer of, inner reference taken; NULL: none of this
 * address's, or shut down (one of TAPI's: by TAPI). Never looks at what the pointer points to. */
struct msp_call *msp_address_find_call(struct msp_address *address, const void *unknown);
/* The calls that msp_address_find_call finds, each with an inner reference, oldest first, in an
 * array for omsp_free. *out may be NULL with *count 0. E_OUTOFMEMORY. */
HRESULT msp_address_calls(struct msp_address *address, struct msp_call ***out, size_t *count);

extern const struct com_class msp_address_class;

/* address_msp.c, address_terminals.c, address_open.c */
MSP_VTABLE_TYPE(ITMSPAddress);
MSP_VTABLE_TYPE(ITTerminalSupport2);
MSP_VTABLE_TYPE(IOpenMSPAddress);
extern const struct msp_vtable_ITMSPAddress msp_address_msp_vtable;
extern const struct msp_vtable_ITTerminalSupport2 msp_address_terminals_vtable;
extern const struct msp_vtable_IOpenMSPAddress msp_address_open_vtable;

/* dispatch_address.c */
extern const struct com_dispatch msp_dispatch_ITTerminalSupport2;
extern const struct com_dispatch msp_dispatch_IOpenMSPAddress;

/* address_media.c: methods of IOpenMSPAddress, with openmsp.h's contracts. */
HRESULT STDMETHODCALLTYPE msp_address_configure_media(IOpenMSPAddress *iface, BSTR account,
                                                      BSTR token, BSTR ca_file, VARIANT_BOOL plain);
HRESULT STDMETHODCALLTYPE msp_address_start_rest(IOpenMSPAddress *iface, BSTR listen, BSTR keys,
                                                 LONG options, BSTR *out);
HRESULT STDMETHODCALLTYPE msp_address_stop_rest(IOpenMSPAddress *iface);
HRESULT STDMETHODCALLTYPE msp_address_get_rest_waiting(IOpenMSPAddress *iface, LONG *out);
HRESULT STDMETHODCALLTYPE msp_address_put_rest_waiting(IOpenMSPAddress *iface, LONG connections);
HRESULT STDMETHODCALLTYPE msp_address_get_rest_per_address(IOpenMSPAddress *iface, LONG *out);
HRESULT STDMETHODCALLTYPE msp_address_put_rest_per_address(IOpenMSPAddress *iface,
                                                           LONG connections);

/* address_devices.c: static terminals, and ITLegacyWaveSupport (mspi.md 3.13, 3.16). E_POINTER,
 * E_UNEXPECTED, E_OUTOFMEMORY; the last also E_INVALIDARG, TAPI_E_NOITEMS. */
HRESULT msp_address_static_collection(struct msp_address *address, VARIANT *out);
HRESULT msp_address_static_enum(struct msp_address *address, IEnumTerminal **out);
HRESULT msp_address_default_static(struct msp_address *address, LONG media,
                                   TERMINAL_DIRECTION direction, ITTerminal **out);
MSP_VTABLE_TYPE(ITLegacyWaveSupport);
extern const struct msp_vtable_ITLegacyWaveSupport msp_address_legacy_vtable;

/* GetEvent's work (address_event.c, mspi.md 2.2). E_POINTER, E_UNEXPECTED (not live),
 * TAPI_E_NOEVENT, TAPI_E_NOTENOUGHMEMORY (*size is what the head needs); E_OUTOFMEMORY: the event
 * stays the head, buffer may be zeroed, and the event handle is signalled half a second later. */
HRESULT msp_address_get_event(struct msp_address *address, DWORD *size, BYTE *buffer);

#endif
