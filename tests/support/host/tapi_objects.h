/*
 * What the files of the stand-in share. Interfaces of its own are faces: a table of slots and the
 * outer that counts and answers for all of an object. Events and the like, which are not
 * aggregated, have an outer without inner. Slots are void pointers, so that one function serves
 * every table; each has the calling convention and the arguments of its method.
 */
#ifndef OMSP_TESTS_SUPPORT_TAPI_OBJECTS_H
#define OMSP_TESTS_SUPPORT_TAPI_OBJECTS_H

#include "support/host.h"
#include "support/tapi.h"

struct face {
    void *const *slots;
    struct outer *outer;
};

HRESULT WINAPI face_query(struct face *face, REFIID iid, void **out);
ULONG WINAPI face_add(struct face *face);
ULONG WINAPI face_release(struct face *face);
HRESULT WINAPI face_type_count(struct face *face, UINT *count);
/* E_NOTIMPL by number of 32-bit words of arguments, the pointer included. */
HRESULT WINAPI not_1(void *a);
HRESULT WINAPI not_2(void *a, void *b);
HRESULT WINAPI not_3(void *a, void *b, void *c);
HRESULT WINAPI not_4(void *a, void *b, void *c, void *d);
HRESULT WINAPI not_6(void *a, void *b, void *c, void *d, void *e, void *f);
HRESULT WINAPI not_9(void *a, void *b, void *c, void *d, void *e, void *f, void *g, void *h,
                     void *i);

#define FACE_UNKNOWN  face_query, face_add, face_release
#define FACE_DISPATCH FACE_UNKNOWN, face_type_count, not_4, not_6, not_9

struct tapi;
struct tapi_address;

struct tapi_call {
    struct host_call media; /* what the TSP's part talks through; its outer is `outer` below */
    struct outer *outer;    /* media.outer */
    bool has_msp;
    struct face control, info; /* ITBasicCallControl2, ITCallInfo */
    struct tapi_address *address;
    struct tapi_call *next; /* tapi's lock */
    /* The network's lock. */
    CALL_STATE state;
    struct tapi_call *peer; /* not counted; both ends let go at the disconnect */
    bool held;              /* TAPI's own reference, from the first signal to the disconnect */
    WCHAR destination[64];
    LONG types, instance;
};

struct tapi_address {
    struct host *host; /* NULL: no MSP */
    struct outer bare; /* then */
    struct outer *outer;
    struct face address, media; /* ITAddress, ITMediaSupport */
    struct tapi *tapi;          /* not counted; NULL after its Shutdown */
    const struct tapi_line *line;
    LONG owners, media_types, instance; /* RegisterCallNotifications */
};

/* What a TSP says of a line. */
struct tapi_line {
    const WCHAR *name;
    LONG media;
    const CLSID *msp; /* TSPI_lineMSPIdentify; NULL: no MSP */
};

struct tapi_sink;

struct tapi {
    struct outer outer;
    struct face face, container, points[2];
    bool initialized, ended;
    struct tapi_address *lines[TAPI_LINE_COUNT];
    LONG filter;
    SRWLOCK lock; /* calls, sinks, events; a leaf */
    CONDITION_VARIABLE came;
    struct tapi_call *calls;
    struct tapi_sink *sinks;
    struct tapi_event *first, *last; /* not delivered yet */
    bool stop;
    HANDLE thread;
    DWORD thread_id;
    DWORD cookies;
    ULONG_PTR tokens;
};

extern LONG tapi_object_count;

/* ---- tapi_object.c --------------------------------------------------------------------------- */
HRESULT tapi_create(REFIID iid, void **out);
HRESULT tapi_mapper_create(REFIID iid, void **out);
/* The living call of this token with one more reference, or NULL. */
struct tapi_call *tapi_find_call(struct tapi *tapi, ULONG_PTR token);
void tapi_unlist(struct tapi *tapi, struct tapi_call *call);
#define TAPI_MAX_CALLS 64
/* The living calls of this address with one more reference each, at most TAPI_MAX_CALLS. */
ULONG tapi_hold_calls(struct tapi *tapi, const struct tapi_address *address,
                      struct tapi_call **out);

/* ---- tapi_list.c ----------------------------------------------------------------------------- */
/* members: interface pointers, of what the enumerator or collection gives out; counted by it. out:
 * IEnumXxx **, or a VARIANT of ITCollection. E_POINTER. */
HRESULT tapi_enumerate(const IID *iid, void *const *members, ULONG count, void *out);
HRESULT tapi_collection(void *const *members, ULONG count, VARIANT *out);

/* ---- tapi_address.c -------------------------------------------------------------------------- */
extern const struct tapi_line tapi_lines[TAPI_LINE_COUNT];
struct tapi_address *tapi_address_create(struct tapi *tapi, const struct tapi_line *line);
/* The end of the TAPI object: the MSP's Shutdown and TAPI's own reference. */
void tapi_address_leave(struct tapi_address *address);

/* ---- tapi_call.c ----------------------------------------------------------------------------- */
/* One reference. TAPI_E_INVALIDMEDIATYPE, the MSP's codes. */
HRESULT tapi_call_create(struct tapi_address *address, LONG types, const WCHAR *destination,
                         struct tapi_call **out);
#define TAPI_CALL_OF(control_)                                                                     \
    CONTAINING_RECORD((struct face *)(void *)(control_), struct tapi_call, control)

/* ---- tapi_network.c: lines, and their TSP ---------------------------------------------------- */
HRESULT tapi_network_dial(struct tapi_call *call);
HRESULT tapi_network_answer(struct tapi_call *call);
HRESULT tapi_network_hang_up(struct tapi_call *call, CALL_STATE_EVENT_CAUSE cause);
/* Waits until it is connected or over. */
CALL_STATE tapi_network_wait(struct tapi_call *call);
CALL_STATE tapi_network_state(struct tapi_call *call);

/* ---- tapi_event.c ---------------------------------------------------------------------------- */
/* What ITTAPIEventNotification::Event gets. The references in it are taken over; what the filter
 * does not want is dropped. */
struct tapi_facts {
    TAPI_EVENT kind;
    IUnknown *call;              /* any interface of the call, or NULL */
    IUnknown *terminal, *second; /* second: stream or track */
    IDispatch *extra;            /* of a private event */
    struct tapi_address *address;
    LONG event, cause, code;
    HRESULT error;
};
void tapi_post(struct tapi *tapi, const struct tapi_facts *facts);
void tapi_post_state(struct tapi_call *call, CALL_STATE state, CALL_STATE_EVENT_CAUSE cause);
/* The MSP's event to TAPI's: host.on_event of an address. */
void tapi_translate(struct host *host, const MSP_EVENT_INFO *info);
DWORD WINAPI tapi_deliver(void *tapi);
void tapi_drop_events(struct tapi *tapi);

/* ---- tapi_sinks.c ---------------------------------------------------------------------------- */
struct tapi_sink {
    struct tapi_sink *next;
    DWORD cookie;
    LONG refs;                       /* tapi's lock */
    ITTAPIEventNotification *custom; /* either of the two */
    IDispatch *script;
};
void tapi_points_init(struct tapi *tapi);
void tapi_points_close(struct tapi *tapi);
/* Calls every sink. */
void tapi_sinks_call(struct tapi *tapi, TAPI_EVENT kind, IDispatch *event);

#endif
