/*
 * Our filter in a hosted terminal's graph: one pin, live, samples of a terminal of the engine. What
 * both kinds share is hosted_filter.c; the input pin with its transport is hosted_sink.c, the
 * output pin with its thread hosted_source.c. Private to the hosted_*.c files.
 *
 * The pin is part of the filter's object and counts on it, with an identity of its own. The graph,
 * the clock and the peer are called with no lock held, but for AddRef, and the graph's
 * QueryInterface, without which it might go away. `lock` is a leaf around the fields; the graph
 * does not change state and connections at the same time, so those two need no more than that.
 */
#ifndef OMSP_MSP_HOSTED_FILTER_H
#define OMSP_MSP_HOSTED_FILTER_H

#include "com/object.h"
#include "msp/hosted.h"

#include <control.h>
#include <strmif.h>
#include <uuids.h>
#include <vfwmsgs.h>

#define MSP_FILTER_RING_MS  200u /* of the samples terminal: what a stall may last */
#define MSP_FILTER_CHUNK_MS 20u

/* Formats that our pin offers, best first; it accepts others that the samples terminal takes. */
#define MSP_FILTER_FORMATS 8u
extern const struct omsp_audio_format msp_filter_formats[MSP_FILTER_FORMATS];

struct msp_filter_kind {
    PIN_DIRECTION direction;
    const WCHAR *name;
    const IPinVtbl *pin;
    const IMemInputPinVtbl *mem; /* NULL: no input pin */
    /* From STOPPED to PAUSED and back; NULL: nothing to do. */
    HRESULT (*activate)(struct msp_filter *self);
    void (*deactivate)(struct msp_filter *self);
};

struct msp_filter {
    struct com_object object;
    IBaseFilter filter; /* slot */
    IPin pin;
    IMemInputPin mem;
    const struct msp_filter_kind *kind;
    struct omsp_terminal *engine; /* counted */
    HANDLE wake;                  /* auto-reset: room, data, or a change of state */
    volatile LONG stopping;       /* STOPPED, or on the way */
    volatile LONG flushing;
    SRWLOCK lock;
    FILTER_STATE state;
    REFERENCE_TIME start;
    IFilterGraph *graph; /* not counted: DirectShow's rule */
    IReferenceClock *clock;
    WCHAR name[64];
    IPin *peer;
    struct omsp_audio_format format; /* while there is a peer */
    IMemAllocator *allocator;        /* source: of the connection */
    IMemInputPin *transport;         /* source: the peer's */
    HANDLE thread;                   /* source: while active */
    IEnumPins spare;                 /* hosted_pins.c */
    volatile LONG spare_refs, spare_at;
};

/* hosted_pins.c. A filter graph does not ask whether its filters could list their pins (Wine's
 * reads on through a NULL), so there is an enumerator that needs no memory. */
HRESULT msp_filter_enum_pins(struct msp_filter *self, IEnumPins **out);

/* One reference. E_OUTOFMEMORY. */
HRESULT msp_sink_create(struct omsp_terminal *engine, struct msp_filter **out);
HRESULT msp_source_create(struct omsp_terminal *engine, struct msp_filter **out);
HRESULT msp_filter_create(const struct msp_filter_kind *kind, struct omsp_terminal *engine,
                          struct msp_filter **out);
extern const struct com_class msp_filter_class;

struct msp_filter *msp_filter_of_pin(IPin *iface);
unsigned msp_filter_block(const struct omsp_audio_format *format); /* bytes */

/* Remembers a peer; counts it. VFW_E_ALREADY_CONNECTED. */
HRESULT msp_filter_join(struct msp_filter *self, IPin *peer,
                        const struct omsp_audio_format *format);
/* S_FALSE: there was none. */
HRESULT msp_filter_part(struct msp_filter *self);
FILTER_STATE msp_filter_state(struct msp_filter *self);
/* To whoever watches the graph. */
void msp_filter_notify(struct msp_filter *self, LONG code, LONG_PTR first, LONG_PTR second);

/* IPin's methods that both have. */
HRESULT STDMETHODCALLTYPE msp_pin_query(IPin *iface, REFIID iid, void **out);
ULONG STDMETHODCALLTYPE msp_pin_addref(IPin *iface);
ULONG STDMETHODCALLTYPE msp_pin_release(IPin *iface);
HRESULT STDMETHODCALLTYPE msp_pin_connected_to(IPin *iface, IPin **out);
HRESULT STDMETHODCALLTYPE msp_pin_media_type(IPin *iface, AM_MEDIA_TYPE *out);
HRESULT STDMETHODCALLTYPE msp_pin_info(IPin *iface, PIN_INFO *out);
HRESULT STDMETHODCALLTYPE msp_pin_direction(IPin *iface, PIN_DIRECTION *out);
HRESULT STDMETHODCALLTYPE msp_pin_id(IPin *iface, LPWSTR *out);
HRESULT STDMETHODCALLTYPE msp_pin_accept(IPin *iface, const AM_MEDIA_TYPE *type);
HRESULT STDMETHODCALLTYPE msp_pin_types(IPin *iface, IEnumMediaTypes **out);
HRESULT STDMETHODCALLTYPE msp_pin_internal(IPin *iface, IPin **pins, ULONG *count);
HRESULT STDMETHODCALLTYPE msp_pin_segment(IPin *iface, REFERENCE_TIME start, REFERENCE_TIME stop,
                                          double rate);

#endif
