/*
 * What keeps the DLL in memory: objects, LockServer locks and threads.
 */
#ifndef OMSP_COM_MODULE_H
#define OMSP_COM_MODULE_H

#include <windows.h>

/* Objects and locks alive. com_object_create and class factories count for themselves. */
void com_module_addref(void);
void com_module_release(void);
LONG com_module_references(void);
/* DllCanUnloadNow: S_OK when nothing is alive, else S_FALSE. */
HRESULT com_module_can_unload(void);

/* The module this code is linked into, without a reference. */
HMODULE com_module_handle(void);

/* Starts a thread that holds a reference of the module's file in memory until it has returned, and
 * leaves by FreeLibraryAndExitThread. It does not count in com_module_references: a thread that
 * works for an object holds that object. *thread: a handle the caller closes; may be NULL when
 * nobody joins. run initialises COM for itself. E_OUTOFMEMORY, HRESULT_FROM_WIN32. */
HRESULT com_module_thread(void (*run)(void *ctx), void *ctx, HANDLE *thread);

#endif
