/*
 * Connection points with any number of sinks, to be embedded in a com_object class.
 *
 *   struct my_object {
 *       struct com_object object;
 *       struct com_container container;    // IConnectionPointContainer
 *       struct com_point points[1];
 *   };
 *   COM_CONTAINER_VTABLE(container_vtable, struct my_object, container.iface);
 *   entries: COM_ENTRY(IID_IConnectionPointContainer, container_vtable)
 *   after com_object_create: com_point_init(&self->points[0], &IID_Sink, &self->object, &hooks);
 *                            com_container_init(&self->container, self->points, 1);
 *   destroy:                 com_point_fini(&self->points[0]);
 *
 * A point is an object with an identity of its own that lives exactly as long as the object it is
 * embedded in: its AddRef and Release count on that (on the outer of an aggregated one).
 *
 * Sinks are kept agile (com/agile.h): whoever delivers, in whatever apartment, fetches a pointer
 * with com_sink_get. No lock is held across a foreign call or a hook. Any thread.
 */
#ifndef OMSP_COM_CONNECTION_POINT_H
#define OMSP_COM_CONNECTION_POINT_H

#include "com/object.h"

#include <ocidl.h>

/* ---- sinks ---------------------------------------------------------------------------------- */

struct com_sink; /* one connection; counted, may outlive its point */

void com_sink_addref(struct com_sink *sink);
void com_sink_release(struct com_sink *sink); /* NULL is fine. The last one lets go of the sink */
/* A counted pointer of the point's IID for the calling thread. An error when the sink's apartment
 * is gone: the caller may then com_point_disconnect it. */
HRESULT com_sink_get(struct com_sink *sink, void **out);
DWORD com_sink_cookie(const struct com_sink *sink);
/* Of what com_sink_get answers: the point's, unless the adopt hook kept something else. */
const IID *com_sink_iid(const struct com_sink *sink);

/* ---- points --------------------------------------------------------------------------------- */

struct com_point_hooks {
    /* Before the connection becomes visible, on the thread of Advise. May keep `sink` with a
     * reference of its own (a delivery thread does) and store *context. A failure is Advise's
     * answer and unadvise is not called. */
    HRESULT (*advise)(struct com_object *owner, struct com_sink *sink, void **context);
    /* After the connection has gone, exactly once for each successful advise; on the thread of
     * Unadvise, com_point_disconnect, com_point_close or the owner's last release. That may be the
     * delivery thread itself, inside a call to the sink: it must not wait for that thread then. */
    void (*unadvise)(struct com_object *owner, struct com_sink *sink, void *context);
    /* What is kept of the object given to Advise, on that thread: a counted pointer of interface
     * **kept_iid, which lives for ever. For sinks whose own interface may have no proxy. A failure
     * is CONNECT_E_CANNOTCONNECT (E_OUTOFMEMORY stays). NULL: its interface of the point's IID. */
    HRESULT(*adopt)
    (struct com_object *owner, const IID *iid, IUnknown *given, const IID **kept_iid,
     IUnknown **kept);
};

struct com_point {
    IConnectionPoint iface;
    const IID *iid;                      /* of the sinks */
    struct com_object *owner;            /* no reference: the point is part of it */
    const struct com_point_hooks *hooks; /* may be NULL, each function too */
    IUnknown *ftm;                       /* made when first asked for */
    struct com_sink *volatile spare;     /* of the last that went: the next need not allocate */
    LONG last_cookie;                    /* counted up without the lock */
    SRWLOCK lock;                        /* leaf; guards what follows */
    struct com_sink **sinks;
    size_t count, room;
    volatile bool closed; /* read without the lock, too, to refuse early */
};

void com_point_init(struct com_point *point, const IID *iid, struct com_object *owner,
                    const struct com_point_hooks *hooks);
/* Disconnects every sink and refuses new ones (CONNECT_E_CANNOTCONNECT). For a shutdown; twice is
 * fine. */
void com_point_close(struct com_point *point);
/* com_point_close and memory; for destroy, also on a zeroed point. */
void com_point_fini(struct com_point *point);
/* As Unadvise: CONNECT_E_NOCONNECTION when there is no such cookie. */
HRESULT com_point_disconnect(struct com_point *point, DWORD cookie);
/* The sinks of now, each counted, in an array freed by com_sinks_free; *count may be 0 with *sinks
 * NULL. E_OUTOFMEMORY. */
HRESULT com_point_snapshot(struct com_point *point, struct com_sink ***sinks, size_t *count);
void com_sinks_free(struct com_sink **sinks, size_t count);

/* ---- the container -------------------------------------------------------------------------- */

struct com_container {
    IConnectionPointContainer iface; /* slot of the class */
    struct com_point *points;
    size_t count;
};

void com_container_init(struct com_container *container, struct com_point *points, size_t count);

HRESULT STDMETHODCALLTYPE com_container_EnumConnectionPoints(IConnectionPointContainer *iface,
                                                             IEnumConnectionPoints **out);
HRESULT STDMETHODCALLTYPE com_container_FindConnectionPoint(IConnectionPointContainer *iface,
                                                            REFIID iid, IConnectionPoint **out);

/* member: the path to the container's iface within type. */
#define COM_CONTAINER_VTABLE(name, type, member)                                                   \
    COM_VTABLE(name, IConnectionPointContainer, type, member, NULL,                                \
               COM_UNKNOWN_SLOTS(IConnectionPointContainer),                                       \
               .EnumConnectionPoints = com_container_EnumConnectionPoints,                         \
               .FindConnectionPoint = com_container_FindConnectionPoint)

#endif
