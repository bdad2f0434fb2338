/*
 * The call's own state, for the files that implement its interfaces. The rest of the room uses
 * msp.h.
 */
#ifndef OMSP_MSP_CALL_H
#define OMSP_MSP_CALL_H

#include "base/list.h"
#include "com/object.h"
#include "engine/fork.h"
#include "msp/msp.h"
#include "msp/outer.h"
#include "msp/vtable.h"
#include "openmsp/openmsp.h"

#define MSP_CALL_MAX_STREAMS 4
#define MSP_CALL_MAX_CODECS  8

struct msp_call {
    struct com_object object;
    ITStreamControl control;
    IOpenMSPCall open;
    ITCallQualityControl quality;
    ITCallInfo info; /* answered by a call without outer only */

    /* Fixed from creation to destruction. */
    struct msp_address *address; /* inner reference */
    struct omsp_call *engine;
    struct omsp_stream *streams[MSP_CALL_MAX_STREAMS]; /* a reference each */
    unsigned stream_count;

    /* The address's lock. */
    struct omsp_link link;

    struct msp_outer outer; /* ends with the call */

    SRWLOCK lock; /* leaf: until ended_lock */
    /* What was set last; the engine is not asked for it. */
    uint8_t codecs[MSP_CALL_MAX_CODECS];
    unsigned codec_count;
    LONG ptime_ms, timeout_ms, reconnects;
    bool tsp_spoke; /* a TSP spoke first about this call: it may be spoken to (mspi.md 6.4) */
    /* The media streams that it had when it was shut down, so that the events of their ends find
     * them as they find the call's own streams. ended_lock: before the engine's. */
    SRWLOCK ended_lock;
    struct omsp_stream *ended[OMSP_CALL_MAX_FORKS]; /* a reference each */
    unsigned ended_count;
    /* ShutdownMSPCall was called: what its token stood for is going, so GetEvent tells nothing of
     * it any more, whoever still holds a stream and with it the call. Interlocked. */
    LONG forgotten;
};

/* outer NULL: standalone. *out: an inner reference; NULL on failure. TAPI_E_INVALIDMEDIATYPE,
 * E_UNEXPECTED (the address is not live), E_OUTOFMEMORY. */
HRESULT msp_call_create(struct msp_address *address, MSP_HANDLE token, uint32_t media,
                        IUnknown *outer, struct msp_call **out);
/* Ends it: ShutdownMSPCall, Close, the address's end; false when it was already. No lock is held.
 */
bool msp_call_shut(struct msp_call *call);
/* ShutdownMSPCall, before msp_call_shut; false when it was called already. */
bool msp_call_forget(struct msp_call *call);
bool msp_call_is_forgotten(struct msp_call *call);

/* The same as IOpenMSPCall's setters, for tsp.c; what was set is remembered for the getters. */
enum omsp_status msp_call_set_codecs(struct msp_call *call, const uint8_t *types, unsigned count);
enum omsp_status msp_call_set_ptime(struct msp_call *call, LONG milliseconds);
enum omsp_status msp_call_set_media_timeout(struct msp_call *call, LONG milliseconds);
/* Terminated UTF-8 for omsp_free; NULL on failure. */
enum omsp_status msp_call_local_sdp(struct msp_call *call, char **out);

extern const struct com_class msp_call_class;            /* standalone */
extern const struct com_class msp_call_aggregated_class; /* without ITCallInfo: the outer has it */

/* call_control.c, call_open.c, call_info.c, call_quality.c */
MSP_VTABLE_TYPE(ITCallQualityControl);
extern const struct msp_vtable_ITCallQualityControl msp_call_quality_vtable;
MSP_VTABLE_TYPE(ITStreamControl);
MSP_VTABLE_TYPE(IOpenMSPCall);
MSP_VTABLE_TYPE(ITCallInfo);
extern const struct msp_vtable_ITStreamControl msp_call_control_vtable;
extern const struct msp_vtable_IOpenMSPCall msp_call_open_vtable;
extern const struct msp_vtable_ITCallInfo msp_call_info_vtable;

/* dispatch_call.c */
extern const struct com_dispatch msp_dispatch_ITStreamControl;
extern const struct com_dispatch msp_dispatch_IOpenMSPCall;
extern const struct com_dispatch msp_dispatch_ITCallInfo;
extern const struct com_dispatch msp_dispatch_IOpenMSPStatistics;

/* tsp.c. data, which stays the caller's: copied or done with on return. E_UNEXPECTED: shut down.
 * E_INVALIDARG: no message from a TSP. E_OUTOFMEMORY: for the answer, and nothing is told. Of
 * STREAM_STATE alone, which is not answered: TAPI_E_WRONG_STATE: the transport is no hardware. */
HRESULT msp_tsp_receive(struct msp_call *call, const BYTE *data, DWORD size);
/* Is it a message for an MSP at all? E_INVALIDARG. */
HRESULT msp_tsp_check(const BYTE *data, DWORD size);
/* TSP_DATA as bytes: how many, and writes them. */
DWORD msp_tsp_event_size(const struct omsp_event *event);
void msp_tsp_event_write(const struct omsp_event *event, BYTE *out);
/* Tells the TSP of a digit, when it has spoken about this call; without memory not. */
void msp_tsp_digit(struct msp_call *call, unsigned digit);
/* The engine's hook for hardware transport, under its lock (omsp_hardware_fn). */
enum omsp_status msp_tsp_hardware(void *ctx, struct omsp_call *call, enum omsp_direction direction,
                                  enum omsp_actual to);

/* call_media.c, call_security.c: methods of IOpenMSPCall, with openmsp.h's contracts. */
HRESULT STDMETHODCALLTYPE msp_call_create_media_stream(IOpenMSPCall *iface, BSTR url, BSTR name,
                                                       BSTR track, VARIANT parameters,
                                                       BSTR callback, BSTR callback_method,
                                                       IOpenMSPMediaStream **out);
HRESULT STDMETHODCALLTYPE msp_call_find_media_stream(IOpenMSPCall *iface, BSTR sid_or_name,
                                                     IOpenMSPMediaStream **out);
HRESULT STDMETHODCALLTYPE msp_call_media_streams(IOpenMSPCall *iface, VARIANT *out);
HRESULT STDMETHODCALLTYPE msp_call_get_reconnects(IOpenMSPCall *iface, LONG *out);
HRESULT STDMETHODCALLTYPE msp_call_put_reconnects(IOpenMSPCall *iface, LONG count);
HRESULT STDMETHODCALLTYPE msp_call_get_srtp(IOpenMSPCall *iface, BSTR *out);
HRESULT STDMETHODCALLTYPE msp_call_put_srtp(IOpenMSPCall *iface, BSTR word);
HRESULT STDMETHODCALLTYPE msp_call_get_srtp_suite(IOpenMSPCall *iface, BSTR *out);
HRESULT STDMETHODCALLTYPE msp_call_set_media_format(IOpenMSPCall *iface, BSTR encoding, LONG rate);
/* call_twiml.c */
HRESULT STDMETHODCALLTYPE msp_call_execute_twiml(IOpenMSPCall *iface, BSTR document);

/* The engine's answer to making a media stream (openmsp.h): TAPI_E_INUSE, TAPI_E_MAXSTREAMS,
 * TAPI_E_INVALCALLSTATE for its own three, else as msp_hresult. */
HRESULT msp_fork_hresult(enum omsp_status status);
/* "inbound_track" (also NULL, ""), "outbound_track", "both_tracks" -> OMSP_TRACK_*. E_INVALIDARG.
 */
HRESULT msp_fork_tracks(const char *track, unsigned *out);
/* NULL, "", "POST", "GET". E_INVALIDARG. */
HRESULT msp_fork_method(const char *method, bool *get);
/* The call's media streams, running or not, a reference each, in an array for msp_call_forks_drop,
 * also when there are none. E_OUTOFMEMORY, *out NULL. */
HRESULT msp_call_forks(struct msp_call *call, struct omsp_stream ***out, unsigned *count);
void msp_call_forks_drop(struct omsp_stream **forks, unsigned count);

/* statistics.c. Of now, also of a call that was shut down. E_OUTOFMEMORY. */
HRESULT msp_statistics_create(struct omsp_call *call, IOpenMSPStatistics **out);

/* codec.c: "PCMU,PCMA" <-> payload types, of which there are no more than MSP_CALL_MAX_CODECS.
 * E_INVALIDARG: NULL, an empty name, one twice; TAPI_E_RESOURCEUNAVAIL: one that we do not have. */
HRESULT msp_codecs_parse(const WCHAR *names, uint8_t *types, unsigned *count);
/* "?" for a type without name; NULL when out of memory. */
BSTR msp_codecs_text(const uint8_t *types, unsigned count);

#endif
