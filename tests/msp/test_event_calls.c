/*
 * What events and first steps ask of the system, counted where they do: this program has four of
 * kernel32's functions in place of its import, and hands each call on. Runs of the test thread;
 * signals come on it, too.
 */
#include "msp/kit.h"

#include "openmsp/openmsp_tsp.h"

#include <stdatomic.h>

static atomic_int signals, made;

static FARPROC real(const char *name)
{
    FARPROC found = GetProcAddress(GetModuleHandleA("kernel32.dll"), name);

    if (!found)
        abort();
    return found;
}

#define REAL(type, name) ((type)(void *)real(name))

static BOOL WINAPI count_signal(HANDLE event)
{
    atomic_fetch_add(&signals, 1);
    return REAL(BOOL(WINAPI *)(HANDLE), "SetEvent")(event);
}

static HANDLE WINAPI count_event(SECURITY_ATTRIBUTES *security, BOOL manual, BOOL state,
                                 const WCHAR *name)
{
    typedef HANDLE(WINAPI * create_fn)(SECURITY_ATTRIBUTES *, BOOL, BOOL, const WCHAR *);

    atomic_fetch_add(&made, 1);
    return REAL(create_fn, "CreateEventW")(security, manual, state, name);
}

static HANDLE WINAPI count_thread(SECURITY_ATTRIBUTES *security, SIZE_T stack,
                                  LPTHREAD_START_ROUTINE start, void *arg, DWORD flags, DWORD *id)
{
    typedef HANDLE(WINAPI * create_fn)(SECURITY_ATTRIBUTES *, SIZE_T, LPTHREAD_START_ROUTINE,
                                       void *, DWORD, DWORD *);

    atomic_fetch_add(&made, 1);
    return REAL(create_fn, "CreateThread")(security, stack, start, arg, flags, id);
}

static HANDLE WINAPI count_port(HANDLE file, HANDLE port, ULONG_PTR key, DWORD threads)
{
    typedef HANDLE(WINAPI * create_fn)(HANDLE, HANDLE, ULONG_PTR, DWORD);

    atomic_fetch_add(&made, 1);
    return REAL(create_fn, "CreateIoCompletionPort")(file, port, key, threads);
}

#ifdef _WIN64
#define IMPORT(name, bytes) __asm__("__imp_" #name)
#else
#define IMPORT(name, bytes) __asm__("__imp__" #name "@" #bytes)
#endif
extern void *signal_import IMPORT(SetEvent, 4);
extern void *event_import IMPORT(CreateEventW, 16);
extern void *thread_import IMPORT(CreateThread, 24);
extern void *port_import IMPORT(CreateIoCompletionPort, 16);
void *signal_import = (void *)count_signal, *event_import = (void *)count_event;
void *thread_import = (void *)count_thread, *port_import = (void *)count_port;

/* ---- the tests --------------------------------------------------------------------------------
 */

START_TEST(an_address_that_was_never_used_made_nothing_of_the_system_s)
{
    ITMSPAddress *address;
    int before;

    kit_begin();
    before = atomic_load(&made);
    for (int i = 0; i < 100; i++) {
        address = kit_address();
        ck_assert_uint_eq(kit_release(address), 0);
    }
    ck_assert_int_eq(atomic_load(&made), before);
    kit_end();
}
END_TEST

static void query(ITMSPAddress *address, IUnknown *call, unsigned long sequence)
{
    struct omsp_tsp_header header;

    OMSP_TSP_PUT32(header.magic, OMSP_TSP_MAGIC);
    OMSP_TSP_PUT16(header.version, OMSP_TSP_VERSION);
    OMSP_TSP_PUT16(header.type, OMSP_TSP_QUERY_SID);
    OMSP_TSP_PUT32(header.size, sizeof(header));
    OMSP_TSP_PUT32(header.sequence, sequence);
    ck_assert_hr(address->lpVtbl->ReceiveTSPData(address, call, (BYTE *)&header, sizeof(header)),
                 S_OK);
}

static unsigned take_all(ITMSPAddress *address)
{
    union {
        MSP_EVENT_INFO info;
        BYTE bytes[4096];
    } room;
    unsigned count = 0;
    DWORD size = sizeof(room);

    while (address->lpVtbl->GetEvent(address, &size, (BYTE *)&room) == S_OK) {
        ck_assert_int_eq(room.info.Event, ME_TSP_DATA);
        size = sizeof(room);
        count++;
    }
    return count;
}

START_TEST(a_burst_is_one_set_event)
{
    static const unsigned bursts[] = {1, 2, 64, 256, 257, 700};
    ITMSPAddress *address;
    unsigned long sequence = 0;
    HANDLE event;
    IUnknown *call;
    int made_before;

    kit_begin();
    event = kit_event();
    made_before = atomic_load(&made);
    address = kit_live(event);
    ck_assert_int_gt(atomic_load(&made), made_before); /* now there are threads */
    call = kit_call(address, TAPIMEDIATYPE_AUDIO);
    ck_assert_uint_eq(take_all(address), 0);
    made_before = atomic_load(&made);
    for (size_t i = 0; i < sizeof(bursts) / sizeof(bursts[0]); i++) {
        int before = atomic_load(&signals);

        for (unsigned n = 0; n < bursts[i]; n++)
            query(address, call, ++sequence);
        ck_assert_int_eq(atomic_load(&signals), before + 1);
        ck_assert_uint_eq(take_all(address), bursts[i]);
        ck_assert_int_eq(atomic_load(&signals), before + 1);
    }
    ck_assert_int_eq(atomic_load(&made), made_before);
    ck_assert_uint_eq(kit_release(call), 0);
    address->lpVtbl->Shutdown(address);
    ck_assert_uint_eq(kit_release(address), 0);
    CloseHandle(event);
    kit_end();
}
END_TEST

OMSP_SUITE("event_calls", TEST(an_address_that_was_never_used_made_nothing_of_the_system_s),
           TEST(a_burst_is_one_set_event))
