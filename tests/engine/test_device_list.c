/* Which static terminals there are, when memory runs out while the system's devices are looked at:
 * all of them or OMSP_NOMEM, and all of them when one asks again. */
#include "support/call_rig.h"
#include "support/suite.h"

#include "engine/device.h"
#include "sim/sim_audio.h"

#ifdef _WIN32
#include <initguid.h>

#include <mmdeviceapi.h>
#endif

static void plug(struct rig *rig, const char *id, enum omsp_audio_flow flow)
{
    struct omsp_sim_device device = {.id = id, .name = id, .flow = flow, .rate = 16000};

    ck_assert_int_eq(omsp_sim_audio_add(rig->sim, &device), OMSP_OK);
}

static void begin(struct rig *rig)
{
    struct omsp_terminal *devices[1];
    unsigned count;

    rig_open(rig, 1);
    plug(rig, "mic", OMSP_AUDIO_CAPTURE);
    plug(rig, "speaker", OMSP_AUDIO_RENDER);
    ck_assert_int_eq(omsp_address_devices(rig->address, devices, 0, &count), OMSP_OK);
    ck_assert_uint_eq(count, 2);
}

static void list_body(void *ctx)
{
    struct rig *rig = ctx;
    struct omsp_terminal *devices[OMSP_ADDRESS_MAX_DEVICES], *best = NULL;
    struct omsp_address *address;
    enum omsp_status status;
    unsigned count = 7;

    if (omsp_address_create(rig->engine, &address) != OMSP_OK) {
        ck_assert(omsp_test_alloc_failed());
        return;
    }
    status = omsp_address_default_device(address, OMSP_RENDER, &best);
    ck_assert_int_eq(status, omsp_test_alloc_failed() ? OMSP_NOMEM : OMSP_OK);
    omsp_terminal_release(best);
    status = omsp_address_devices(address, devices, OMSP_ADDRESS_MAX_DEVICES, &count);
    ck_assert_int_eq(status, OMSP_OK); /* nothing fails any more: all of them, in order */
    ck_assert_uint_eq(count, 4);
    ck_assert_str_eq(omsp_device_name(devices[0]), "mic");
    ck_assert_str_eq(omsp_device_name(devices[1]), "speaker");
    ck_assert_str_eq(omsp_device_name(devices[2]), "horn");
    ck_assert_str_eq(omsp_device_name(devices[3]), "ear");
    while (count)
        omsp_terminal_release(devices[--count]);
    omsp_address_shutdown(address);
    omsp_address_release(address);
}

START_TEST(a_list_is_whole_or_told_to_be_short_of_memory)
{
    struct rig rig;

    begin(&rig);
    plug(&rig, "horn", OMSP_AUDIO_RENDER);
    plug(&rig, "ear", OMSP_AUDIO_RENDER);
    rig_run(&rig, 20);
    ck_assert_int_ge(omsp_test_alloc_walk(list_body, &rig), 5);
    while ((int)rig_event(&rig).kind >= 0)
        ;
    rig_close(&rig);
}
END_TEST

/* A change that nobody had memory to look at is made good for by who asks next. */
START_TEST(a_change_without_memory_is_followed_later)
{
    struct omsp_terminal *devices[OMSP_ADDRESS_MAX_DEVICES];
    struct rig rig;
    unsigned count;

    begin(&rig);
    for (unsigned n = 0; n < 3; n++) { /* the list of facts, the terminal, nothing */
        char id[] = {'x', (char)('0' + n), 0};

        omsp_test_allow_alloc();
        plug(&rig, id, OMSP_AUDIO_RENDER);
        omsp_test_fail_alloc(n);
        rig_run(&rig, 20);
        omsp_test_allow_alloc();
        ck_assert_int_eq(omsp_address_devices(rig.address, devices, 0, &count), OMSP_OK);
        ck_assert_uint_eq(count, 3 + n);
        rig_run(&rig, 20);
        ck_assert_int_eq((int)rig_event(&rig).kind, OMSP_EVENT_ADDRESS);
        rig_expect_nothing(&rig);
    }
    rig_close(&rig);
}
END_TEST

START_TEST(a_change_without_memory_is_told_though_nobody_asks)
{
    struct rig rig;

    begin(&rig);
    for (unsigned n = 0; n < 2; n++) { /* the list of facts, the terminal */
        char id[] = {'x', (char)('0' + n), 0};

        plug(&rig, id, OMSP_AUDIO_RENDER);
        omsp_test_fail_alloc(n);
        rig_run(&rig, 20);
        ck_assert(omsp_test_alloc_failed());
        omsp_test_fail_alloc(n); /* still, at the next look */
        rig_run(&rig, 600);
        ck_assert(omsp_test_alloc_failed());
        omsp_test_allow_alloc();
        rig_expect_nothing(&rig);
        rig_run(&rig, 600);
        ck_assert_int_eq((int)rig_event(&rig).kind, OMSP_EVENT_ADDRESS);
        rig_run(&rig, 2000);
        rig_expect_nothing(&rig);
    }
    rig_close(&rig);
}
END_TEST

/* The first question of an address; to_fail below 0: with all memory. */
static void ask_system(struct omsp_engine *engine, long to_fail)
{
    struct omsp_terminal *devices[OMSP_ADDRESS_MAX_DEVICES];
    struct omsp_address *address;
    enum omsp_status status;
    unsigned count = 0;

    ck_assert_int_eq(omsp_address_create(engine, &address), OMSP_OK);
    if (to_fail >= 0)
        omsp_test_fail_alloc(to_fail);
    status = omsp_address_devices(address, devices, OMSP_ADDRESS_MAX_DEVICES, &count);
    ck_assert_int_eq(status, to_fail >= 0 ? OMSP_NOMEM : OMSP_OK);
    omsp_test_allow_alloc();
    while (status == OMSP_OK && count)
        omsp_terminal_release(devices[--count]);
    omsp_address_shutdown(address);
    omsp_address_release(address);
}

/* A machine without sound has an empty list, but only when somebody looked. */
START_TEST(the_systems_own_list_is_told_to_be_short_of_memory)
{
    struct omsp_engine *engine;

    if (!omsp_system_ports()->audio_create)
        return;
    ck_assert_int_eq(omsp_engine_create(omsp_system_ports(), NULL, &engine), OMSP_OK);
    ask_system(engine, -1);
    for (long n = 0; n < 3; n++) /* the engine's allocation, and the port's two */
        ask_system(engine, n);
    ask_system(engine, -1);
    omsp_engine_destroy(engine);
}
END_TEST

#ifdef _WIN32
static volatile LONG asked;

static HRESULT STDMETHODCALLTYPE factory_QueryInterface(IClassFactory *iface, REFIID iid,
                                                        void **out)
{
    if (!IsEqualIID(iid, &IID_IUnknown) && !IsEqualIID(iid, &IID_IClassFactory)) {
        *out = NULL;
        return E_NOINTERFACE;
    }
    *out = iface;
    return S_OK;
}

static ULONG STDMETHODCALLTYPE factory_count(IClassFactory *iface)
{
    (void)iface;
    return 1;
}

static HRESULT STDMETHODCALLTYPE factory_CreateInstance(IClassFactory *iface, IUnknown *outer,
                                                        REFIID iid, void **out)
{
    (void)iface, (void)outer, (void)iid;
    InterlockedIncrement(&asked);
    *out = NULL;
    return E_OUTOFMEMORY;
}

static HRESULT STDMETHODCALLTYPE factory_LockServer(IClassFactory *iface, BOOL lock)
{
    (void)iface, (void)lock;
    return S_OK;
}

/* In the place of Windows' own: it has no memory now. */
START_TEST(what_lists_the_systems_devices_is_asked_for_again)
{
    static IClassFactoryVtbl methods = {factory_QueryInterface, factory_count, factory_count,
                                        factory_CreateInstance, factory_LockServer};
    IClassFactory factory = {&methods};
    struct omsp_engine *engine;
    DWORD cookie;
    LONG before;

    ck_assert_int_eq(CoInitializeEx(NULL, COINIT_MULTITHREADED), S_OK);
    ck_assert_int_eq(CoRegisterClassObject(&CLSID_MMDeviceEnumerator, (IUnknown *)&factory,
                                           CLSCTX_INPROC_SERVER, REGCLS_MULTIPLEUSE, &cookie),
                     S_OK);
    asked = 0;
    ck_assert_int_eq(omsp_engine_create(omsp_system_ports(), NULL, &engine), OMSP_OK);
    ask_system(engine, -1);
    before = asked;
    ck_assert_int_gt(before, 0);
    ask_system(engine, -1);
    ck_assert_int_gt(asked, before);
    omsp_engine_destroy(engine);
    CoRevokeClassObject(cookie);
    CoUninitialize();
}
END_TEST
#define TEST_OF_WASAPI TEST(what_lists_the_systems_devices_is_asked_for_again),
#else
#define TEST_OF_WASAPI
#endif

/* Who asks while the address is being shut down. */
struct nosy {
    struct omsp_address *address;
    bool ask;
    enum omsp_status status;
    unsigned count;
};

static void ask_in_signal(void *ctx)
{
    struct omsp_terminal *devices[OMSP_ADDRESS_MAX_DEVICES];
    struct nosy *nosy = ctx;

    if (nosy->ask)
        nosy->status =
            omsp_address_devices(nosy->address, devices, OMSP_ADDRESS_MAX_DEVICES, &nosy->count);
    nosy->ask = false;
}

START_TEST(a_list_that_is_refused_leaves_no_reference)
{
    struct omsp_listener *listener;
    struct omsp_terminal *player, *track;
    struct omsp_stream *stream;
    struct omsp_call *a, *b;
    struct omsp_event event;
    struct nosy nosy;
    struct rig rig;

    begin(&rig);
    nosy = (struct nosy){.address = rig.address, .count = 7};
    ck_assert_int_eq(omsp_address_listen(rig.address, ask_in_signal, &nosy, &listener), OMSP_OK);
    rig_put_tone(&rig, "in.wav", 8000, NULL);
    a = rig_call(&rig);
    b = rig_call(&rig);
    stream = rig_stream(a, OMSP_CAPTURE);
    player = rig_player(&rig, "in.wav", &track);
    rig_connect(a, b);
    ck_assert_int_eq(omsp_stream_select(stream, track), OMSP_OK);
    while (omsp_listener_take(listener, NULL, NULL, &event) == OMSP_OK)
        ;
    nosy.ask = true; /* when it is told that the stream ends with its address */
    omsp_address_shutdown(rig.address);
    ck_assert(!nosy.ask);
    ck_assert_int_eq(nosy.status, OMSP_SHUTDOWN);
    ck_assert_uint_eq(nosy.count, 0);
    omsp_listener_close(listener);
    omsp_terminal_release(track);
    omsp_terminal_release(player);
    omsp_stream_release(stream);
    omsp_call_release(a);
    omsp_call_release(b);
    rig_close(&rig); /* which asks whether anything is left */
}
END_TEST

OMSP_SUITE("device_list", TEST(a_list_is_whole_or_told_to_be_short_of_memory),
           TEST(a_change_without_memory_is_followed_later),
           TEST(a_change_without_memory_is_told_though_nobody_asks),
           TEST(the_systems_own_list_is_told_to_be_short_of_memory),
           TEST_OF_WASAPI TEST(a_list_that_is_refused_leaves_no_reference))
