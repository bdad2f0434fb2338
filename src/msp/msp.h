/*
 * What the classes of this room share: who wraps what, how one finds another, who counts whom.
 *
 * Objects. A msp_address, msp_call, stream, terminal is a COM object around exactly one object of
 * the engine; it holds one engine reference. Streams and terminals are made when somebody asks (a
 * getter, an event) and are found again by the engine's id while they live (identity.c), so that a
 * client sees one interface pointer per thing for as long as it holds it.
 *
 * References (mspi.md 1.3):
 *   stream   -> call     strong, on the call's inner unknown, as long as the stream's object lives
 *   call     -> address  strong, on the address's inner unknown, until the call's destructor
 *   address  -> calls    weak (a list; the call's destructor takes itself off)
 *   call     -> streams  none: the engine's call keeps the engine's streams (media streams too)
 *   terminal -> address  none; msp_address_token's value only (get_AddressHandle)
 *   track    -> parent   none; the engine's track knows its parent
 *   sink's thread, connection points -> address  msp_address_try_ref when they need it
 * So no cycle exists, a standalone call that is released without Close dies, and an aggregated one
 * never counts its outer, which it asks as long as that is sure to be there (outer.h).
 *
 * Locks. The address's, the call's and the identity map's are leaves (under the address's a call
 * may be given one more reference): the engine is not called under them. It is called under the
 * address's listener_lock, the call's ended_lock, and the locks of delivery.c, terminal_sink.c,
 * media_host.c and engine_host.c, and may signal then, which is SetEvent or a leaf. Nothing foreign
 * is called under any lock of this room; the exceptions are told where they are (mst.h,
 * hosted_filter.h). All functions here may be called on any thread.
 *
 * Every method of every interface: pointers first (E_POINTER), outs cleared, then state
 * (E_UNEXPECTED), then values, then work.
 */
#ifndef OMSP_MSP_MSP_H
#define OMSP_MSP_MSP_H

#include "base/status.h"
#include "engine/engine.h"
#include "msp/tapi.h"

struct com_object;
struct msp_address; /* address.c */
struct msp_call;    /* call.c */
struct msp_sinks;   /* sinks.c */

/* ---- hresult.c ----------------------------------------------------------------------------- */

/* The one translation of the engine's answers (mspi.md 5); where one means something else at a
 * door, that door says so before it asks here (msp_fork_hresult). E_FAIL: no answer of the engine.
 */
HRESULT msp_hresult(enum omsp_status status);

/* ---- strings: text.c ----------------------------------------------------------------------- */

/* UTF-8 -> BSTR; NULL when out of memory. */
BSTR msp_bstr(const char *utf8);
/* False: there is a NUL inside. Who reads to the first one would lose the rest without a word. */
bool msp_is_whole(BSTR text);
/* UTF-16 -> UTF-8 by omsp_alloc; free with omsp_free. text NULL counts as "". NULL with *hr
 * E_INVALIDARG: a NUL inside, not UTF-16; with E_OUTOFMEMORY. Else *hr is S_OK; hr never NULL. */
char *msp_utf8(BSTR text, HRESULT *hr);
/* An optional argument: NULL and "" give *out NULL and S_OK. E_INVALIDARG: a NUL inside, not
 * UTF-16; E_OUTOFMEMORY. Free with omsp_free. */
HRESULT msp_optional_text(BSTR text, char **out);
/* Overwrites, then omsp_free. NULL is fine. */
void msp_secret_free(char *secret);
/* "{0CB9914C-79CD-47DC-ADB0-327F47CEFB20}": braces, upper case. NULL when out of memory. */
BSTR msp_guid_bstr(REFGUID guid);

/* ---- identity.c: one wrapper per engine object --------------------------------------------- */

/* Makes the wrapper of an id: returns S_OK with one reference in *out. Called with no lock held;
 * the wrapper's destructor calls msp_identity_forget(id, itself). */
typedef HRESULT (*msp_make_fn)(void *ctx, struct com_object **out);

/* The living wrapper of this id with one more reference, else a new one by `make`. When two threads
 * make one at the same time one of the two is released again. make NULL: only look;
 * S_FALSE and *out NULL when there is none. E_OUTOFMEMORY, make's errors. */
HRESULT msp_identity_get(uint32_t id, msp_make_fn make, void *ctx, struct com_object **out);
/* The same in two steps, for an engine object that shall not come to be when its wrapper cannot:
 * first whatever needs memory (E_OUTOFMEMORY), then what cannot fail. */
struct msp_identity_entry;
HRESULT msp_identity_prepare(struct msp_identity_entry **out);
void msp_identity_discard(struct msp_identity_entry *prepared);
/* Takes over both; answers the id's one wrapper, with the reference that `object` had or, when
 * another wrapper lives by now, with one on that. Called with no lock held. */
struct com_object *msp_identity_enter(struct msp_identity_entry *prepared, uint32_t id,
                                      struct com_object *object);
/* From the destructor. Does nothing when another wrapper has taken the place meanwhile. */
void msp_identity_forget(uint32_t id, struct com_object *object);

/* ---- address.c ----------------------------------------------------------------------------- */

/* Inner (non-delegating) references. */
void msp_address_ref(struct msp_address *address);
void msp_address_unref(struct msp_address *address);
/* False when the last reference is gone already: then leave it alone. */
bool msp_address_try_ref(struct msp_address *address);
/* The engine's address, valid as long as the caller holds an inner reference; NULL before
 * Initialize/Open and when they failed. After Shutdown it stays and answers OMSP_SHUTDOWN. */
struct omsp_address *msp_address_engine(struct msp_address *address);
/* What terminals of this address answer to get_AddressHandle. */
MSP_HANDLE msp_address_token(const struct msp_address *address);
/* Any interface of the whole: the outer is asked when there is one; one reference. Its own errors;
 * E_UNEXPECTED: there is one, the address was shut down, and it may be gone. *out NULL on failure.
 */
HRESULT msp_address_query(struct msp_address *address, REFIID iid, void **out);

/* ---- call.c -------------------------------------------------------------------------------- */

void msp_call_ref(struct msp_call *call); /* inner */
void msp_call_unref(struct msp_call *call);
struct omsp_call *msp_call_engine(const struct msp_call *call);    /* never NULL */
struct msp_address *msp_call_address(const struct msp_call *call); /* never NULL; not counted */
/* The living call with this engine id, inner reference taken, or NULL. */
struct msp_call *msp_call_from_id(struct msp_address *address, uint32_t id);
/* ITCallMediaEvent::get_Call: msp_call_query for ITCallInfo, which a standalone call has itself. */
HRESULT msp_call_get_info(struct msp_call *call, ITCallInfo **out);
/* Any interface of the call, of its outer when it has one; one reference. E_NOINTERFACE, the
 * outer's own errors; E_UNEXPECTED: one with an outer was shut down, and the outer may be gone. */
HRESULT msp_call_query(struct msp_call *call, REFIID iid, void **out);
/* After ShutdownMSPCall, Close, the address's Shutdown: what may change answers E_UNEXPECTED. */
bool msp_call_is_shut(struct msp_call *call);

/* ---- resolve.c: ids of an event to interfaces ---------------------------------------------- */

struct msp_event_parts {
    struct msp_call *call; /* inner reference, or NULL (address event) */
    ITStream *stream;      /* CALL; one reference each, or NULL */
    ITTerminal *terminal;  /* CALL (may be NULL), ADDRESS, FILE: the file terminal */
    ITFileTrack *track;    /* FILE; may be NULL */
};
/* S_FALSE: the call, stream or terminal that the event is about is gone, nobody can care: drop the
 * event. A call event whose terminal alone is gone is told without it. E_OUTOFMEMORY. On anything
 * but S_OK *out is empty. No lock is held. */
HRESULT msp_event_resolve(struct msp_address *address, const struct omsp_event *event,
                          struct msp_event_parts *out);
void msp_event_parts_clear(struct msp_event_parts *parts);

/* ---- streams and terminals (stream.c, terminal*.c) ------------------------------------------ */

/* The object of the engine's stream, made or found; *out is one reference for the caller. The
 * caller keeps its own reference on `stream` (the wrapper takes one). E_OUTOFMEMORY. */
HRESULT msp_stream_wrap(struct msp_call *call, struct omsp_stream *stream, ITStream **out);
/* Our stream, of whatever call, behind an interface, which is asked for its ITStream: an engine
 * reference. E_INVALIDARG: not one of ours, NULL. */
HRESULT msp_stream_from_interface(IUnknown *unknown, struct omsp_stream **out);

/* The object of the engine's terminal, made or found; of one that hosts another maker's, that one.
 * *out is one reference for the caller, who keeps his own on `terminal`; NULL on failure. token: of
 * the address that made it. E_OUTOFMEMORY. */
HRESULT msp_terminal_wrap(MSP_HANDLE token, struct omsp_terminal *terminal, ITTerminal **out);
/* Our terminal behind an interface, as an engine reference. TAPI_E_INVALIDTERMINAL: not ours, which
 * is seen without a call of it. */
HRESULT msp_terminal_from_interface(ITTerminal *terminal, struct omsp_terminal **out);

/* ---- event objects and sinks (event_object.c, sinks.c) -------------------------------------- */

/* The object that a sink receives: ITCallMediaEvent, ITFileTerminalEvent, ITPrivateEvent,
 * ITAddressEvent, and what terminals of other makers tell besides (terminal_event.h); *kind is its
 * TAPI_EVENT. Takes references on what it needs from parts, which stay the caller's. S_FALSE: what
 * a terminal told was given back meanwhile; E_INVALIDARG: the TSP's event, which is for no sink;
 * E_OUTOFMEMORY. *out NULL but on S_OK. No lock is held: outers are asked. */
HRESULT msp_event_object_create(struct msp_address *address, const struct omsp_event *event,
                                const struct msp_event_parts *parts, TAPI_EVENT *kind,
                                IDispatch **out);
/* What GetEvent puts into MSP_PRIVATE_EVENT_INFO.pEvent, the ITPrivateEvent's EventInterface: of a
 * digit ITDigitDetectionEvent, without its call; else NULL and S_OK. E_OUTOFMEMORY. */
HRESULT msp_private_object_create(const struct omsp_event *event, IDispatch **out);

/* The connection points of one address; made in the address's constructor, before it is shared.
 * Keeps `address` weakly: msp_sinks_destroy ends that. E_OUTOFMEMORY. */
HRESULT msp_sinks_create(struct msp_address *address, struct msp_sinks **out);
/* Once the engine's address exists (Initialize/Open): sinks advised before begin to listen. On
 * failure some may: msp_sinks_detach ends that. E_OUTOFMEMORY. */
HRESULT msp_sinks_attach(struct msp_sinks *sinks);
/* Shutdown: what waits is delivered as far as the sinks take it, nothing new is. Does not wait for
 * a sink that blocks. No lock is held by the caller. Twice is fine. */
void msp_sinks_detach(struct msp_sinks *sinks);
/* Does this call come from inside a sink's Event, through whatever apartments? No lock held. */
bool msp_sinks_inside(struct msp_sinks *sinks);
/* The address's destructor. Advised sinks are let go of, possibly later by their own threads. */
void msp_sinks_destroy(struct msp_sinks *sinks);
/* IConnectionPointContainer's two methods. CONNECT_E_NOCONNECTION for an unknown iid;
 * E_OUTOFMEMORY. */
HRESULT msp_sinks_find(struct msp_sinks *sinks, REFIID iid, IConnectionPoint **out);
HRESULT msp_sinks_enum(struct msp_sinks *sinks, IEnumConnectionPoints **out);

#endif
