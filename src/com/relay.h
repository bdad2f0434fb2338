/*
 * A call into another apartment whose arguments cannot travel: an object of ours that stands there
 * is called by IDispatch, which every apartment has a proxy for, and told a number; what the number
 * stands for stays with the caller, who waits for the call's end.
 */
#ifndef OMSP_COM_RELAY_H
#define OMSP_COM_RELAY_H

#include <windows.h>
#include <ole2.h>
#include <stdbool.h>

/* Is this thread in a single-threaded apartment (or in none that is the multithreaded one)? */
bool com_in_sta(void);

/* Calls the relay behind `door` with what is at `request`, which lives until this returns. What
 * Invoke answers: the relay's own word, or RPC_E_* when its apartment is gone. */
HRESULT com_relay_send(IDispatch *door, void *request);
/* In the relay's Invoke: what was sent. DISP_E_*; E_UNEXPECTED: its caller gave up. */
HRESULT com_relay_arrived(DISPID id, WORD flags, const DISPPARAMS *params, void **request);

/* The rest of a relay's IDispatch: it has no names and no type. */
HRESULT STDMETHODCALLTYPE com_relay_type_count(IDispatch *iface, UINT *count);
HRESULT STDMETHODCALLTYPE com_relay_type(IDispatch *iface, UINT index, LCID lcid, ITypeInfo **out);
HRESULT STDMETHODCALLTYPE com_relay_names(IDispatch *iface, REFIID iid, LPOLESTR *names, UINT count,
                                          LCID lcid, DISPID *ids);

#endif
