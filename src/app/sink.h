/*
 * The program's event sink: an ITTAPIEventNotification that reports each event. Its methods come on
 * the provider's delivery thread; it lives in the program's MTA.
 */
#ifndef OMSP_APP_SINK_H
#define OMSP_APP_SINK_H

#include "app/tapi.h"

/* One reference on *out is the caller's. came: auto-reset event set with each event, which must
 * outlive the sink. E_OUTOFMEMORY. */
HRESULT sink_create(HANDLE came, ITTAPIEventNotification **out);
/* Advises on object's connection point; undone by sink_unadvise, which takes *point over. On
 * failure *point is NULL, and the error the provider's. */
HRESULT sink_advise(IUnknown *object, ITTAPIEventNotification *sink, IConnectionPoint **point,
                    DWORD *cookie);
void sink_unadvise(IConnectionPoint *point, DWORD cookie);

#endif
