/*
 * Events as an application gets them (spec performance 2): posted inside, taken by
 * ITMSPAddress::GetEvent, with an auto-reset event for the edge. The peer is the filter graph of
 * quartz (IMediaEventSink::Notify, IMediaEvent::GetEvent), as Wine has it; the limit a ring in the
 * same process with as many SetEvent as must be. Windows only; pinned by the script.
 */
#include "bench/compare.h"

#include "base/alloc.h"
#include "engine/objects.h"
#include "engine/samples.h"
#include "msp/address.h"
#include "msp/engine_host.h"
#include "msp/msp.h"

#include <initguid.h>

#include <dshow.h>
#include <stdio.h>
#include <stdlib.h>

#define BURST 64
#define RING  128

static struct {
    ITMSPAddress *iface;
    struct omsp_address *engine;
    HANDLE event;
    struct omsp_call *call; /* by hardware that is always ready */
    struct omsp_stream *stream;
} ours;

static struct {
    IMediaEventSink *sink;
    IMediaEvent *events;
    IMediaControl *control;
} quartz;

static struct {
    struct omsp_event slots[RING];
    unsigned head, count;
    HANDLE event;
} ring;

static void die(const char *what)
{
    fprintf(stderr, "%s failed\n", what);
    exit(1);
}

/* ---- ours ------------------------------------------------------------------------------------ */

static void post(void)
{
    struct omsp_event event = {.kind = OMSP_EVENT_TSP_DATA};

    event.blob = omsp_alloc(sizeof(*event.blob) + 4);
    if (!event.blob)
        die("memory");
    event.blob->len = 4;
    event.call = omsp_call_id(ours.call);
    if (omsp_address_post(ours.engine, &event))
        die("post");
}

static void get(void)
{
    struct {
        MSP_EVENT_INFO info;
        BYTE room[64];
    } out;
    DWORD size = sizeof(out);

    out.info.dwSize = sizeof(out.info);
    if (ours.iface->lpVtbl->GetEvent(ours.iface, &size, (BYTE *)&out))
        die("GetEvent");
    OMSP_BENCH_KEEP(&out);
}

static void ours_one_by_one(void *ctx, size_t times)
{
    (void)ctx;
    while (times--) {
        post();
        omsp_address_signal(ours.engine);
        get();
    }
}

static void ours_in_bursts(void *ctx, size_t times)
{
    (void)ctx;
    for (size_t done = 0; done < times; done += BURST) {
        for (int i = 0; i < BURST; i++)
            post();
        omsp_address_signal(ours.engine);
        for (int i = 0; i < BURST; i++)
            get();
    }
}

static enum omsp_status at_once(void *ctx, struct omsp_call *call, enum omsp_direction direction,
                                enum omsp_actual to)
{
    (void)ctx;
    (void)call;
    (void)direction;
    (void)to;
    return OMSP_OK;
}

static void drain(void)
{
    MSP_EVENT_INFO info;
    DWORD size;

    do {
        size = sizeof(info);
    } while (ours.iface->lpVtbl->GetEvent(ours.iface, &size, (BYTE *)&info) == S_OK);
}

static void ours_start_stop(void *ctx, size_t times)
{
    (void)ctx;
    while (times--) {
        enum omsp_status started = omsp_stream_start(ours.stream, OMSP_CAUSE_LOCAL_REQUEST);
        enum omsp_status stopped = omsp_stream_stop(ours.stream, OMSP_CAUSE_LOCAL_REQUEST);

        if (started || stopped) {
            fprintf(stderr, "start %d, stop %d\n", started, stopped);
            die("start and stop");
        }
        if (times % 256 == 0)
            drain();
    }
}

static void ours_stop_again(void *ctx, size_t times)
{
    (void)ctx;
    while (times--)
        if (omsp_stream_stop(ours.stream, OMSP_CAUSE_LOCAL_REQUEST))
            die("stop");
}

/* ---- quartz ---------------------------------------------------------------------------------- */

static bool quartz_may_get(void)
{
    LONG code;
    LONG_PTR a, b;

    if (IMediaEvent_GetEvent(quartz.events, &code, &a, &b, 0))
        return false;
    IMediaEvent_FreeEventParams(quartz.events, code, a, b);
    return true;
}

static void quartz_get(void)
{
    if (!quartz_may_get())
        die("quartz GetEvent");
}

static void quartz_one_by_one(void *ctx, size_t times)
{
    (void)ctx;
    while (times--) {
        IMediaEventSink_Notify(quartz.sink, EC_USER, 1, 2);
        quartz_get();
    }
}

static void quartz_in_bursts(void *ctx, size_t times)
{
    (void)ctx;
    for (size_t done = 0; done < times; done += BURST) {
        for (int i = 0; i < BURST; i++)
            IMediaEventSink_Notify(quartz.sink, EC_USER, 1, 2);
        for (int i = 0; i < BURST; i++)
            quartz_get();
    }
}

static void quartz_run_stop(void *ctx, size_t times)
{
    (void)ctx;
    while (times--) {
        IMediaControl_Run(quartz.control);
        IMediaControl_Stop(quartz.control);
    }
}

/* ---- limits ---------------------------------------------------------------------------------- */

static void ring_put(void)
{
    ring.slots[(ring.head + ring.count) % RING].kind = OMSP_EVENT_TSP_DATA;
    if (!ring.count++)
        SetEvent(ring.event);
}

static void ring_get(void)
{
    OMSP_BENCH_KEEP(&ring.slots[ring.head]);
    ring.head = (ring.head + 1) % RING;
    ring.count--;
}

static void ring_one_by_one(void *ctx, size_t times)
{
    (void)ctx;
    while (times--) {
        ring_put();
        ring_get();
    }
}

static void ring_in_bursts(void *ctx, size_t times)
{
    (void)ctx;
    for (size_t done = 0; done < times; done += BURST) {
        for (int i = 0; i < BURST; i++)
            ring_put();
        for (int i = 0; i < BURST; i++)
            ring_get();
    }
}

static void two_set_events(void *ctx, size_t times)
{
    (void)ctx;
    while (times--) {
        SetEvent(ring.event);
        SetEvent(ring.event);
    }
}

/* ---- thread to thread: one posts when the other has taken -------------------------------------
 */

static struct {
    HANDLE taken;
    volatile LONG left;
    HANDLE wait;
    bool (*take)(void); /* false: the event was set and nothing there */
} relay;

static DWORD WINAPI relay_main(void *ctx)
{
    (void)ctx;
    while (relay.left > 0) {
        do {
            WaitForSingleObject(relay.wait, INFINITE);
        } while (!relay.take());
        relay.left--;
        SetEvent(relay.taken);
    }
    return 0;
}

static void relay_run(size_t times, HANDLE wait, void (*put)(void), bool (*take)(void))
{
    HANDLE thread;

    relay.left = (LONG)times;
    relay.wait = wait;
    relay.take = take;
    thread = CreateThread(NULL, 0, relay_main, NULL, 0, NULL);
    if (!thread)
        die("CreateThread");
    while (times--) {
        put();
        WaitForSingleObject(relay.taken, INFINITE);
    }
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
}

static void ours_post(void)
{
    post();
    omsp_address_signal(ours.engine);
}

static void quartz_post(void)
{
    IMediaEventSink_Notify(quartz.sink, EC_USER, 1, 2);
}

static bool ours_take(void)
{
    get();
    return true;
}

static bool ring_take(void)
{
    ring_get();
    return true;
}

static void ours_relay(void *ctx, size_t times)
{
    (void)ctx;
    relay_run(times, ours.event, ours_post, ours_take);
}

static void quartz_relay(void *ctx, size_t times)
{
    OAEVENT handle;

    (void)ctx;
    IMediaEvent_GetEventHandle(quartz.events, &handle);
    relay_run(times, (HANDLE)handle, quartz_post, quartz_may_get);
}

static void ring_relay(void *ctx, size_t times)
{
    (void)ctx;
    relay_run(times, ring.event, ring_put, ring_take);
}

/* ---- the queue without the signal --------------------------------------------------------------
 */

static struct node {
    struct node *next;
    struct omsp_event event;
} * list_first, **list_last = &list_first;
static CRITICAL_SECTION list_lock;
static struct omsp_mailbox *mailbox;

static void mailbox_post_take(void *ctx, size_t times)
{
    struct omsp_event event = {.kind = OMSP_EVENT_PRIVATE}, out;
    bool edge;

    (void)ctx;
    while (times--) {
        omsp_mailbox_post(mailbox, &event, &edge);
        omsp_mailbox_take(mailbox, NULL, NULL, &out);
        OMSP_BENCH_KEEP(&out);
    }
}

static void list_post_take(void *ctx, size_t times)
{
    (void)ctx;
    while (times--) {
        struct node *node = malloc(sizeof(*node));

        node->next = NULL;
        node->event.kind = OMSP_EVENT_PRIVATE;
        EnterCriticalSection(&list_lock);
        *list_last = node;
        list_last = &node->next;
        LeaveCriticalSection(&list_lock);
        EnterCriticalSection(&list_lock);
        node = list_first;
        list_first = node->next;
        if (!list_first)
            list_last = &list_first;
        LeaveCriticalSection(&list_lock);
        OMSP_BENCH_KEEP(node);
        free(node);
    }
}

static void slot_post_take(void *ctx, size_t times)
{
    static struct omsp_event event = {.kind = OMSP_EVENT_PRIVATE}, slots[RING], out;

    (void)ctx;
    while (times--) {
        slots[times % RING] = event;
        OMSP_BENCH_KEEP(slots);
        out = slots[times % RING];
        OMSP_BENCH_KEEP(&out);
    }
}

static void lock_unlock(void *ctx, size_t times)
{
    (void)ctx;
    while (times--) {
        EnterCriticalSection(&list_lock);
        LeaveCriticalSection(&list_lock);
    }
}

/* ---- set up ------------------------------------------------------------------------------------
 */

static struct omsp_bench_side peer_side(void (*run)(void *ctx, size_t times))
{
    return (struct omsp_bench_side){"quartz", quartz.events ? run : NULL, NULL};
}

static void open_ours(void)
{
    struct omsp_stream_offers offers = {OMSP_OFFERED, OMSP_OFFERED, OMSP_OFFERED};
    struct omsp_terminal *terminal;
    struct msp_address *address;
    struct msp_call **calls;
    IUnknown *unknown;
    size_t count;

    msp_engine_configure(omsp_system_ports, NULL);
    ours.event = CreateEventW(NULL, FALSE, FALSE, NULL);
    if (msp_address_create(NULL, &IID_ITMSPAddress, (void **)&ours.iface) ||
        ours.iface->lpVtbl->Initialize(ours.iface, (MSP_HANDLE)ours.event))
        die("the address");
    address = CONTAINING_RECORD(ours.iface, struct msp_address, msp);
    ours.engine = address->engine;
    if (ours.iface->lpVtbl->CreateMSPCall(ours.iface, (MSP_HANDLE)(ULONG_PTR)1, 0, OMSP_MEDIA_AUDIO,
                                          NULL, &unknown) ||
        msp_address_calls(address, &calls, &count) || count != 1)
        die("the call");
    ours.call = msp_call_engine(calls[0]);
    if (omsp_call_set_transport(ours.call, OMSP_TRANSPORT_HARDWARE, offers))
        die("the call");
    omsp_call_set_hardware(ours.call, at_once, NULL);
    ours.stream = omsp_call_stream_at(ours.call, 1);
    if (omsp_samples_create(ours.engine, OMSP_RENDER, 0, &terminal) ||
        omsp_stream_select(ours.stream, terminal) || omsp_call_connect(ours.call))
        die("connect");
    drain(); /* what waits already would hide every edge */
}

static void open_quartz(void)
{
    IUnknown *graph = NULL;

    if (CoCreateInstance(&CLSID_FilterGraph, NULL, CLSCTX_INPROC_SERVER, &IID_IUnknown,
                         (void **)&graph))
        return;
    if (IUnknown_QueryInterface(graph, &IID_IMediaEventSink, (void **)&quartz.sink) ||
        IUnknown_QueryInterface(graph, &IID_IMediaControl, (void **)&quartz.control) ||
        IUnknown_QueryInterface(graph, &IID_IMediaEvent, (void **)&quartz.events))
        quartz.events = NULL;
    IUnknown_Release(graph);
}

int main(void)
{
    CoInitializeEx(NULL, COINIT_MULTITHREADED);
    InitializeCriticalSection(&list_lock);
    ring.event = CreateEventW(NULL, FALSE, FALSE, NULL);
    relay.taken = CreateEventW(NULL, FALSE, FALSE, NULL);
    if (omsp_mailbox_create(1024, &mailbox))
        die("the mailbox");
    open_ours();
    open_quartz();
    omsp_bench_compare(&(struct omsp_bench){"event-post-get",
                                            {"ours", ours_one_by_one, NULL},
                                            peer_side(quartz_one_by_one),
                                            {"ring + SetEvent", ring_one_by_one, NULL},
                                            1.9,
                                            1.1,
                                            0});
    omsp_bench_compare(&(struct omsp_bench){"event-burst-64",
                                            {"ours", ours_in_bursts, NULL},
                                            peer_side(quartz_in_bursts),
                                            {"ring, one SetEvent", ring_in_bursts, NULL},
                                            100,
                                            0,
                                            0});
    omsp_bench_compare(&(struct omsp_bench){"event-queue",
                                            {"ours", mailbox_post_take, NULL},
                                            {"malloc + CRITICAL_SECTION", list_post_take, NULL},
                                            {"ring", slot_post_take, NULL},
                                            4,
                                            0,
                                            16});
    omsp_bench_compare(&(struct omsp_bench){"event-thread-to-thread",
                                            {"ours", ours_relay, NULL},
                                            peer_side(quartz_relay),
                                            {"ring + events", ring_relay, NULL},
                                            1 / 0.65,
                                            0,
                                            0});
    omsp_bench_compare(&(struct omsp_bench){"stream-start-stop",
                                            {"ours", ours_start_stop, NULL},
                                            peer_side(quartz_run_stop),
                                            {"two SetEvent", two_set_events, NULL},
                                            0,
                                            1.1,
                                            0});
    omsp_bench_compare(&(struct omsp_bench){"stream-redundant-stop",
                                            {"ours", ours_stop_again, NULL},
                                            {NULL, NULL, NULL},
                                            {"lock + unlock", lock_unlock, NULL},
                                            0,
                                            0,
                                            20});
    return 0;
}
