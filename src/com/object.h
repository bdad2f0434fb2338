/*
 * What every COM class here is built on: one QueryInterface/AddRef/Release trio and one IDispatch
 * quartet serve every interface of every class, because a small header lies in memory in front of
 * every const vtable and says where in the object the interface's slot is.
 *
 *   struct msp_stream {
 *       struct com_object object;              // first, always
 *       ITStream stream;                       // a slot per vtable
 *       ...
 *   };
 *   COM_VTABLE(stream_vtable, ITStream, struct msp_stream, stream, &msp_dispatch_ITStream,
 *              COM_DISPATCH_SLOTS(ITStream), .get_MediaType = stream_get_MediaType, ...);
 *   static const struct com_entry entries[] = {COM_ENTRY(IID_ITStream, stream_vtable)};
 *   static const struct com_class stream_class = {COM_CLASS("Stream", struct msp_stream, entries),
 *                                                 .flags = COM_FTM | COM_SAFE,
 *                                                 .destroy = stream_destroy};
 *
 *   static HRESULT STDMETHODCALLTYPE stream_get_MediaType(ITStream *iface, LONG *out)
 *   {
 *       struct msp_stream *self = COM_SELF(iface, struct msp_stream, stream);
 *
 * All functions may be called on any thread. The source of the rules is mspi §7.1, §7.4, §7.5.
 */
#ifndef OMSP_COM_OBJECT_H
#define OMSP_COM_OBJECT_H

#include <windows.h>
#include <ole2.h>
#include <objsafe.h>
#include <stdbool.h>
#include <stddef.h>

struct com_class;
struct com_dispatch; /* com/dispatch.h */

/* ---- vtables -------------------------------------------------------------------------------- */

/* Lies directly in front of every vtable. */
struct com_vtable_head {
    const struct com_dispatch *dispatch; /* a dual interface's members; NULL: no dual interface */
    UINT32 offset;                       /* of the interface's slot from the start of the object */
    UINT32 slots;                        /* in the vtable, the first three included */
};

/* Defines the const vtable `name` of interface `I`, whose slot is `type`'s member `member`. `table`
 * is the dual interface's struct com_dispatch or NULL. The rest are designated initialisers. */
#define COM_VTABLE(name, I, type, member, table, ...)                                              \
    _Static_assert(_Generic(((type *)0)->member, I : 1, default : 0),                              \
                   "the slot is not of the vtable's interface");                                   \
    static const struct {                                                                          \
        struct com_vtable_head head;                                                               \
        I##Vtbl vtbl;                                                                              \
    } name = {{(table), offsetof(type, member), sizeof(I##Vtbl) / sizeof(void *)}, {__VA_ARGS__}}

/* The shared trio and quartet as initialisers of I's vtable. */
#define COM_UNKNOWN_SLOTS(I)                                                                       \
    .QueryInterface = (HRESULT(STDMETHODCALLTYPE *)(I *, REFIID, void **))com_QueryInterface,      \
    .AddRef = (ULONG(STDMETHODCALLTYPE *)(I *))com_AddRef,                                         \
    .Release = (ULONG(STDMETHODCALLTYPE *)(I *))com_Release
#define COM_DISPATCH_SLOTS(I)                                                                      \
    COM_UNKNOWN_SLOTS(I),                                                                          \
        .GetTypeInfoCount = (HRESULT(STDMETHODCALLTYPE *)(I *, UINT *))com_GetTypeInfoCount,       \
        .GetTypeInfo =                                                                             \
            (HRESULT(STDMETHODCALLTYPE *)(I *, UINT, LCID, ITypeInfo **))com_GetTypeInfo,          \
        .GetIDsOfNames = (HRESULT(STDMETHODCALLTYPE *)(I *, REFIID, LPOLESTR *, UINT, LCID,        \
                                                       DISPID *))com_GetIDsOfNames,                \
        .Invoke = (HRESULT(STDMETHODCALLTYPE *)(I *, DISPID, REFIID, LCID, WORD, DISPPARAMS *,     \
                                                VARIANT *, EXCEPINFO *, UINT *))com_Invoke

/* The functions behind these slots. `iface` is a pointer to a slot whose vtable COM_VTABLE made.
 * The trio delegates to the outer unknown of an aggregated object. */
HRESULT STDMETHODCALLTYPE com_QueryInterface(void *iface, REFIID iid, void **out);
ULONG STDMETHODCALLTYPE com_AddRef(void *iface);
ULONG STDMETHODCALLTYPE com_Release(void *iface);
HRESULT STDMETHODCALLTYPE com_GetTypeInfoCount(void *iface, UINT *count);
HRESULT STDMETHODCALLTYPE com_GetTypeInfo(void *iface, UINT index, LCID lcid, ITypeInfo **out);
HRESULT STDMETHODCALLTYPE com_GetIDsOfNames(void *iface, REFIID iid, LPOLESTR *names, UINT count,
                                            LCID lcid, DISPID *ids);
HRESULT STDMETHODCALLTYPE com_Invoke(void *iface, DISPID id, REFIID iid, LCID lcid, WORD flags,
                                     DISPPARAMS *params, VARIANT *result, EXCEPINFO *exception,
                                     UINT *arg_error);

/* ---- objects -------------------------------------------------------------------------------- */

/* The first member of every object. Only com/ writes to it. */
struct com_object {
    IUnknown inner;                /* non-delegating; never hand it out but to who aggregates */
    const struct com_class *class; /* never NULL */
    IUnknown *outer;               /* the controlling unknown; &inner when not aggregated. No
                                      reference: an inner object never counts on its outer */
    LONG refs;                     /* of the inner unknown */
    LONG safety;                   /* INTERFACESAFE_* now enabled */
    IUnknown *ftm;                 /* the free-threaded marshaler's inner unknown, made when first
                                      asked for */
    IObjectSafety object_safety;   /* slot; answered when the class says COM_SAFE */
};

/* The object a slot belongs to, from its compile-time place. */
#define COM_SELF(iface, type, member) CONTAINING_RECORD(iface, type, member)
/* The same from the vtable's header, when only the runtime type is known. iface must be ours. */
struct com_object *com_object_of(void *iface);
/* iface as an object of that class, or NULL if it is none (a foreign object, a proxy, a pointer of
 * another class, NULL). Looks at nothing but the vtable pointer; takes no reference. */
struct com_object *com_object_cast(const struct com_class *class, void *iface);

/* ---- classes -------------------------------------------------------------------------------- */

/* One IID and the vtable that answers it. Several IIDs may name one vtable (a later interface
 * answers for its predecessor, mspi §7.6). */
struct com_entry {
    const IID *iid; /* NULL: known only at run time, the class's query hook answers it */
    const struct com_vtable_head *head;
};
#define COM_ENTRY(iid, table)                                                                      \
    {                                                                                              \
        &(iid), &(table).head                                                                      \
    }
#define COM_ENTRY_RUNTIME(table)                                                                   \
    {                                                                                              \
        NULL, &(table).head                                                                        \
    }

enum com_class_flags {
    COM_FTM = 1,  /* aggregates the free-threaded marshaler: answers IMarshal and IAgileObject */
    COM_SAFE = 2, /* answers IObjectSafety */
    /* The IDispatch of each dual interface answers for the names and DISPIDs of all of the class's
     * dual interfaces, whose DISPIDs are disjoint; its own come first. */
    COM_MERGED = 4,
};

struct com_class {
    const char *name; /* for messages; also EXCEPINFO's source */
    size_t size;      /* of the whole object, bytes */
    /* IUnknown, IDispatch, IMarshal, IObjectSafety are not listed: IDispatch is answered by the
     * first entry whose vtable is dual. */
    const struct com_entry *entries;
    size_t entry_count;
    unsigned flags; /* enum com_class_flags */
    /* The only clean-up path: releases what the object holds, not its memory. Called once, on the
     * thread of the last release, also for an object whose construction failed half-way (members
     * still zero). References taken and dropped on the object meanwhile are harmless. May be NULL.
     */
    void (*destroy)(struct com_object *object);
    /* Asked for an IID nobody above answered (tear-offs, IIDs known only at run time). Answers
     * S_OK and a counted pointer whose IUnknown delegates to object->outer, or E_NOINTERFACE. *out
     * is NULL on entry. May be NULL. */
    HRESULT (*query)(struct com_object *object, REFIID iid, void **out);
    /* The IID of the dual interface when its com_dispatch leaves it open (collections). May be
     * NULL. */
    const IID *(*dual_iid)(struct com_object *object);
};
#define COM_CLASS(class_name, type, table)                                                         \
    .name = (class_name), .size = sizeof(type), .entries = (table),                                \
    .entry_count = sizeof(table) / sizeof((table)[0])

/* Makes an object: zeroed memory, slots filled in, one inner reference that is the caller's, so
 * that nothing done during construction can destroy it. Holds the module until destroyed. `outer`
 * is the controlling unknown or NULL. *object is set last and only on S_OK.
 * E_OUTOFMEMORY. */
HRESULT com_object_create(const struct com_class *class, IUnknown *outer,
                          struct com_object **object);

/* Ends construction: with hr a success, answers the non-delegating query for iid; in any case drops
 * the caller's reference of com_object_create, so that a failure destroys the object. *out is NULL
 * on failure. E_POINTER: out NULL. CLASS_E_NOAGGREGATION: aggregated, and iid is not IUnknown. */
HRESULT com_object_finish(struct com_object *object, HRESULT hr, REFIID iid, void **out);

/* Non-delegating: for references between our own objects (mspi §1.3). */
ULONG com_object_addref(struct com_object *object);
ULONG com_object_release(struct com_object *object); /* NULL is fine: 0 */
/* A reference unless the last one is gone already, for weak references: whoever holds one keeps the
 * memory valid meanwhile (its destructor takes itself off under the same lock). */
bool com_object_try_addref(struct com_object *object);
HRESULT com_object_query(struct com_object *object, REFIID iid, void **out);

/* Answers IMarshal of the free-threaded marshaler that `outer` aggregates, made when *ftm is NULL
 * (safe when two threads do so at once); who owns *ftm releases it. For objects with an identity of
 * their own that are no com_object. E_OUTOFMEMORY. */
HRESULT com_ftm_query(IUnknown *outer, IUnknown **ftm, void **out);
/* IAgileObject, which not every libuuid has. */
extern const IID com_iid_agile_object;

/* What is wrong with a class, in words (an empty vtable slot, a slot outside of the object, an
 * unsorted dispatch table, …), or NULL when all is well. For tests. */
const char *com_class_check(const struct com_class *class);

#endif
