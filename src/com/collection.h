/*
 * A read-only Automation collection over a snapshot: Count (DISPID 0x60020000), Item (DISPID_VALUE,
 * 1-based), _NewEnum (DISPID_NEWENUM), in this vtable order after IDispatch. Which interface it is
 * is said by an IID. Elements are VT_DISPATCH or VT_BSTR. Answers IObjectSafety; free-threaded.
 * Item out of range: E_INVALIDARG with VT_EMPTY. Source: mspi §3.2.
 */
#ifndef OMSP_COM_COLLECTION_H
#define OMSP_COM_COLLECTION_H

#include <windows.h>
#include <ole2.h>

/* As a VARIANT of VT_DISPATCH, which is what property getters answer. iid must live for ever.
 * interfaces: pointers to dual interfaces, none NULL, each AddRef'ed; a script sees that
 * interface's members. *out is initialised, never cleared, for it is [out]: a counted pointer of
 * that interface (which is also an IDispatch), VT_EMPTY on failure. E_POINTER; E_OUTOFMEMORY. */
HRESULT com_collection_variant_of_objects(const IID *iid, void *const *interfaces, size_t count,
                                          VARIANT *out);
/* The same of strings, which are copied. */
HRESULT com_collection_variant_of_strings(const IID *iid, const WCHAR *const *strings, size_t count,
                                          VARIANT *out);

#endif
