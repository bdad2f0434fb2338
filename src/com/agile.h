/*
 * An interface pointer of somebody else, kept so that it can be used from any apartment: a pointer
 * that is agile itself (IAgileObject, or the free-threaded marshaler) is kept as it is, any other
 * in the Global Interface Table. One that was given on a thread of the multithreaded apartment is
 * kept both ways, so that threads of that apartment need no proxy.
 */
#ifndef OMSP_COM_AGILE_H
#define OMSP_COM_AGILE_H

#include <windows.h>
#include <ole2.h>
#include <stdbool.h>

/* May this pointer of interface *iid be called from any apartment as it is? */
bool com_is_agile(IUnknown *iface, const IID *iid);

/* Is this thread in the multithreaded apartment, be it because no other was asked for? */
bool com_in_mta(void);

struct com_agile {
    const IID *iid;   /* of the kept interface */
    IUnknown *direct; /* counted; NULL when kept in the table only */
    bool mta_only;    /* direct is for threads of the multithreaded apartment */
    DWORD cookie;     /* of the table; 0: not there */
};

/* Keeps `iface`, which is a pointer of interface *iid valid on this thread (COM initialised). iid
 * must outlive the keeper. On failure nothing is kept. E_POINTER; what the table answers
 * (REGDB_E_IIDNOTREG: no proxy for the interface, and not in the multithreaded apartment;
 * CO_E_NOTINITIALIZED; E_OUTOFMEMORY). */
HRESULT com_agile_keep(struct com_agile *agile, const IID *iid, IUnknown *iface);
/* A counted pointer usable on the calling thread (a proxy when need be). E_UNEXPECTED: nothing
 * kept. RPC_E_WRONG_THREAD: an object of the multithreaded apartment whose interface has no proxy.
 * What the table answers when the object's apartment is gone. *out NULL on failure. */
HRESULT com_agile_get(const struct com_agile *agile, void **out);
/* Lets go, on any thread. Safe on a zeroed one and twice. */
void com_agile_drop(struct com_agile *agile);

#endif
