/*
 * The inside of the connection points: one delivery per advised sink, which is one listener of the
 * engine's address and one thread. Private to sinks.c, delivery.c, sink_relay.c and their tests.
 */
#ifndef OMSP_MSP_SINKS_H
#define OMSP_MSP_SINKS_H

#include "base/list.h"
#include "com/connection_point.h"
#include "msp/msp.h"

/* Counted: by the address (until msp_sinks_destroy) and by each delivery, which may outlive it. */
struct msp_sinks {
    LONG refs;
    struct com_container container; /* its two functions are used, its slot is not */
    struct com_point points[2];     /* custom, dispatch */
    SRWLOCK lock; /* address, deliveries, closing; try_ref and a delivery's lock under it */
    struct msp_address *address; /* weak; NULL once it is being destroyed */
    struct omsp_link deliveries;
    bool closing; /* the address dies: wait for nobody */
    LONG delivered, failed, dead, dropped;
};

struct msp_sinks_stats {
    unsigned connected; /* sinks now */
    unsigned delivered; /* Event calls that answered success */
    unsigned failed;    /* Event calls that failed, and events that could not be made */
    unsigned dead;      /* sinks unadvised because their apartment or process is gone */
    unsigned dropped;   /* events not delivered because the sink was unadvised before its turn */
};
void msp_sinks_get_stats(struct msp_sinks *sinks, struct msp_sinks_stats *out);

void msp_sinks_ref(struct msp_sinks *sinks);
void msp_sinks_unref(struct msp_sinks *sinks);
/* The address with an inner reference, or NULL when it is going. */
struct msp_address *msp_sinks_address(struct msp_sinks *sinks);

/* ---- delivery.c ---------------------------------------------------------------------------- */

struct msp_delivery;

/* Starts the thread; *out: the caller's reference, for msp_delivery_stop. `point` lives as long as
 * sinks. E_OUTOFMEMORY, com_module_thread's errors. */
HRESULT msp_delivery_create(struct msp_sinks *sinks, struct com_point *point, struct com_sink *sink,
                            struct msp_delivery **out);
/* Listens now unless it does, or did; S_OK also when the engine's address is still to come.
 * E_UNEXPECTED: it was shut down; E_OUTOFMEMORY. */
HRESULT msp_delivery_listen(struct msp_delivery *delivery, struct msp_address *address);
/* Is there something to drain? */
bool msp_delivery_listens(struct msp_delivery *delivery);
/* Stops listening; what waited is resolved here, on the caller's thread, and delivered yet. What
 * there is no memory for is counted as failed. */
void msp_delivery_drain(struct msp_delivery *delivery, struct msp_address *address);
/* No new Event call begins after this returned. wait: also lets a running one end, for at most
 * MSP_SINK_PATIENCE_MS, unless this is called from inside it; on a single-threaded apartment
 * incoming calls are served meanwhile. Gives the caller's reference up. */
void msp_delivery_stop(struct msp_delivery *delivery, bool wait);
#define MSP_SINK_PATIENCE_MS 1000
/* How soon an event is tried again for which there was no memory. */
#define MSP_SINK_AGAIN_MS 500
/* Does this call come from inside this sink's Event, through whatever apartments? */
bool msp_delivery_inside(struct msp_delivery *delivery);

void msp_delivery_ref(struct msp_delivery *delivery);
void msp_delivery_unref(struct msp_delivery *delivery);
struct omsp_link *msp_delivery_link(struct msp_delivery *delivery); /* sinks' lock */
struct msp_delivery *msp_delivery_from_link(struct omsp_link *link);

/* ---- sink_relay.c -------------------------------------------------------------------------- */

/* The hook of com_point_hooks that decides what is kept of a sink; on its thread. What the sink's
 * QueryInterface answers, E_OUTOFMEMORY; *kept is nothing then. */
HRESULT msp_sink_adopt(struct com_object *owner, const IID *iid, IUnknown *given,
                       const IID **kept_iid, IUnknown **kept);
/* Calls Event on what was kept, no lock held: its answer, com_relay_send's. */
HRESULT msp_sink_call(const IID *kept_iid, void *kept, TAPI_EVENT kind, IDispatch *event);

#endif
