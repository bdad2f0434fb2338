/*
 * The buffers between our source and a render terminal of another maker, when its filter brings the
 * allocator: one that is slow, and one that has none to give.
 */
#include "msp/hosted_kit.h"

/* The system's, and what is watched of it. */
struct watched {
    IMemAllocator iface;
    IMemAllocator *inner;
    volatile LONG refs;
    bool dry;               /* nobody gets a buffer */
    HANDLE closed;          /* manual: no longer committed */
    volatile LONG asking;   /* calls of GetBuffer */
    volatile LONG given;    /* buffers in all */
    volatile LONG overtook; /* closed while it was about to give one */
};

static struct watched *watched_of(IMemAllocator *iface)
{
    return CONTAINING_RECORD(iface, struct watched, iface);
}

static HRESULT STDMETHODCALLTYPE watched_QueryInterface(IMemAllocator *iface, REFIID iid,
                                                        void **out)
{
    *out = NULL;
    if (!IsEqualIID(iid, &IID_IUnknown) && !IsEqualIID(iid, &IID_IMemAllocator))
        return E_NOINTERFACE;
    *out = iface;
    InterlockedIncrement(&watched_of(iface)->refs);
    return S_OK;
}

static ULONG STDMETHODCALLTYPE watched_AddRef(IMemAllocator *iface)
{
    return (ULONG)InterlockedIncrement(&watched_of(iface)->refs);
}

static ULONG STDMETHODCALLTYPE watched_Release(IMemAllocator *iface)
{
    return (ULONG)InterlockedDecrement(&watched_of(iface)->refs); /* the test's */
}

static HRESULT STDMETHODCALLTYPE watched_SetProperties(IMemAllocator *iface,
                                                       ALLOCATOR_PROPERTIES *wanted,
                                                       ALLOCATOR_PROPERTIES *got)
{
    return IMemAllocator_SetProperties(watched_of(iface)->inner, wanted, got);
}

static HRESULT STDMETHODCALLTYPE watched_GetProperties(IMemAllocator *iface,
                                                       ALLOCATOR_PROPERTIES *out)
{
    return IMemAllocator_GetProperties(watched_of(iface)->inner, out);
}

static HRESULT STDMETHODCALLTYPE watched_Commit(IMemAllocator *iface)
{
    ResetEvent(watched_of(iface)->closed);
    return IMemAllocator_Commit(watched_of(iface)->inner);
}

static HRESULT STDMETHODCALLTYPE watched_Decommit(IMemAllocator *iface)
{
    struct watched *self = watched_of(iface);

    if (self->asking && !self->dry)
        InterlockedIncrement(&self->overtook);
    SetEvent(self->closed);
    return IMemAllocator_Decommit(self->inner);
}

static HRESULT STDMETHODCALLTYPE watched_GetBuffer(IMemAllocator *iface, IMediaSample **out,
                                                   REFERENCE_TIME *begin, REFERENCE_TIME *end,
                                                   DWORD flags)
{
    struct watched *self = watched_of(iface);
    HRESULT hr = VFW_E_NOT_COMMITTED;

    InterlockedIncrement(&self->asking);
    /* Longer than the media needs: a stop nearly always comes while this is waiting. */
    WaitForSingleObject(self->closed, self->dry ? 60000 : 40);
    if (!self->dry)
        hr = IMemAllocator_GetBuffer(self->inner, out, begin, end, flags);
    if (SUCCEEDED(hr))
        InterlockedIncrement(&self->given);
    InterlockedDecrement(&self->asking);
    return hr;
}

static HRESULT STDMETHODCALLTYPE watched_ReleaseBuffer(IMemAllocator *iface, IMediaSample *sample)
{
    return IMemAllocator_ReleaseBuffer(watched_of(iface)->inner, sample);
}

static IMemAllocatorVtbl watched_vtbl = {
    watched_QueryInterface, watched_AddRef,        watched_Release,
    watched_SetProperties,  watched_GetProperties, watched_Commit,
    watched_Decommit,       watched_GetBuffer,     watched_ReleaseBuffer,
};

static void watched_init(struct watched *self, bool dry)
{
    memset(self, 0, sizeof(*self));
    self->iface.lpVtbl = &watched_vtbl;
    self->refs = 1;
    self->dry = dry;
    self->closed = CreateEventW(NULL, TRUE, TRUE, NULL);
    ck_assert_hr(CoCreateInstance(&CLSID_MemoryAllocator, NULL, CLSCTX_INPROC_SERVER,
                                  &IID_IMemAllocator, (void **)&self->inner),
                 S_OK);
}

static void watched_fini(struct watched *self)
{
    ck_assert_int_eq(self->refs, 1);
    ck_assert_int_eq(self->asking, 0);
    IMemAllocator_Release(self->inner);
    CloseHandle(self->closed);
}

static void wait_until(volatile LONG *what, LONG atleast)
{
    ULONGLONG give_up = GetTickCount64() + 30000;

    while (*what < atleast && GetTickCount64() < give_up)
        SwitchToThread();
    ck_assert_int_ge(*what, atleast);
}

/* A tone goes through the call into a meter whose pin brings this allocator. */
static void open_scene(struct bench *bench, struct watched *watched, bool dry, ITTerminal **from,
                       ITTerminal **to)
{
    begin(bench);
    watched_init(watched, dry);
    third.allocator = &watched->iface;
    connect_both(bench);
    *from = tone(bench);
    *to = meter(bench);
    ck_assert_hr(ITStream_SelectTerminal(bench->capture, *from), S_OK);
    ck_assert_hr(ITStream_SelectTerminal(bench->render, *to), S_OK);
}

/* Only on a machine so slow that 40 ms became half a second nobody waits for who asks. */
static void stop(struct bench *bench, struct watched *watched)
{
    ULONGLONG began = GetTickCount64();

    InterlockedExchange(&watched->overtook, 0);
    ck_assert_hr(ITStream_StopStream(bench->render), S_OK);
    if (GetTickCount64() - began < 450)
        ck_assert_int_eq(watched->overtook, 0);
}

/* Wine 8's allocator closes a semaphore that the other is about to wait for: for ever, if the
 * number is somebody else's by then. */
START_TEST(a_stop_lets_who_is_being_given_a_buffer_have_it)
{
    struct bench bench;
    struct watched watched;
    ITTerminal *from, *to;

    open_scene(&bench, &watched, false, &from, &to);
    for (int i = 0; i < 3; i++) {
        wait_until(&watched.given, watched.given + 2);
        wait_until(&watched.asking, 1);
        stop(&bench, &watched);
        ck_assert_int_eq(state_of(to), TS_NOTINUSE);
        ck_assert_hr(ITStream_StartStream(bench.render), S_OK);
        ck_assert_int_eq(state_of(to), TS_INUSE);
    }
    kit_release(from), kit_release(to);
    end(&bench);
    watched_fini(&watched);
}
END_TEST

START_TEST(a_stop_ends_the_wait_for_a_buffer_that_never_comes)
{
    struct bench bench;
    struct watched watched;
    ITTerminal *from, *to;

    open_scene(&bench, &watched, true, &from, &to);
    wait_until(&watched.asking, 1);
    ck_assert_hr(ITStream_StopStream(bench.render), S_OK);
    ck_assert_int_eq(state_of(to), TS_NOTINUSE);
    ck_assert_int_eq(third.disconnected, 1);
    kit_release(from), kit_release(to);
    end(&bench);
    watched_fini(&watched);
}
END_TEST
OMSP_SUITE("hosted-buffers", TEST(a_stop_lets_who_is_being_given_a_buffer_have_it),
           TEST(a_stop_ends_the_wait_for_a_buffer_that_never_comes))
