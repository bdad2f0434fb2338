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

    SRWLOCK lock;
    /* What was set last; the engine is not asked for it. */
    uint8_t codecs[MSP_CALL_MAX_CODECS];
    unsigned codec_count;
    LONG ptime_ms, timeout_ms, reconnects;
    /* The media streams that it had when it was shut down, so that the events of their ends find
     * them as they find the call's own streams. ended_lock: before the engine's. */
    SRWLOCK ended_lock;
    struct omsp_stream *ended[OMSP_CALL_MAX_FORKS]; /* a reference each */
    unsigned ended_count;
    bool tsp_spoke; /* a TSP spoke first about this call: it may be spoken to (mspi.md 6.4) */
    /* ShutdownMSPCall was called: what its token stood for is going, so GetEvent tells nothing of
     * it any more, whoever still holds a stream and with it the call. Interlocked. */
    LONG forgotten;
};

/* outer NULL: standalone. *out: an inner reference. TAPI_E_INVALIDMEDIATYPE, E_UNEXPECTED,
 * E_OUTOFMEMORY. */
HRESULT msp_call_create(struct msp_address *address, MSP_HANDLE token, uint32_t media,
                        IUnknown *outer, struct msp_call **out);
/* ShutdownMSPCall, Close; false when it was already. */
bool msp_call_shut(struct msp_call *call);

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

/* tsp.c. E_INVALIDARG, E_OUTOFMEMORY, E_UNEXPECTED (shut down). */
HRESULT msp_tsp_receive(struct msp_call *call, const BYTE *data, DWORD size);
/* Is it a message for an MSP at all? E_INVALIDARG. */
HRESULT msp_tsp_check(const BYTE *data, DWORD size);
/* TSP_DATA as bytes: how many, and writes them. */
DWORD msp_tsp_event_size(const struct omsp_event *event);
void msp_tsp_event_write(const struct omsp_event *event, BYTE *out);
/* Tells the TSP of a digit, when it has spoken about this call. */
void msp_tsp_digit(struct msp_call *call, unsigned digit);
/* The engine's hook for hardware transport. */
enum omsp_status msp_tsp_hardware(void *ctx, struct omsp_call *call, enum omsp_direction direction,
                                  enum omsp_actual to);

/* call_media.c: methods of IOpenMSPCall. */
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

/* The engine's answer to making a media stream (openmsp.h). */
HRESULT msp_fork_hresult(enum omsp_status status);
/* "inbound_track" (also NULL, ""), "outbound_track", "both_tracks" -> OMSP_TRACK_*. E_INVALIDARG.
 */
HRESULT msp_fork_tracks(const char *track, unsigned *out);
/* NULL, "", "POST", "GET". E_INVALIDARG. */
HRESULT msp_fork_method(const char *method, bool *get);
/* The call's media streams, running or not, a reference each, in an array for omsp_free; *out NULL
 * when there are none. E_OUTOFMEMORY. */
HRESULT msp_call_forks(struct msp_call *call, struct omsp_stream ***out, unsigned *count);
void msp_call_forks_drop(struct omsp_stream **forks, unsigned count);

/* statistics.c */
HRESULT msp_statistics_create(struct omsp_call *call, IOpenMSPStatistics **out);

/* codec.c: "PCMU,PCMA" <-> payload types. */
HRESULT msp_codecs_parse(const WCHAR *names, uint8_t *types, unsigned *count);
BSTR msp_codecs_text(const uint8_t *types, unsigned count);

#endif
