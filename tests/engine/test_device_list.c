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

static unsigned device_count(struct omsp_address *address)
{
    struct omsp_terminal *devices[1];
    unsigned count = 99;

    ck_assert_int_eq(omsp_address_devices(address, devices, 0, &count), OMSP_OK);
    return count;
}

START_TEST(a_list_stays_while_the_system_cannot_say)
{
    struct omsp_event event;
    struct rig rig;

    begin(&rig);
    omsp_sim_audio_set_unknown(rig.sim, true);
    plug(&rig, "horn", OMSP_AUDIO_RENDER);
    rig_run(&rig, 20000);
    rig_expect_nothing(&rig);
    ck_assert_uint_eq(device_count(rig.address), 2);
    omsp_sim_audio_set_unknown(rig.sim, false);
    rig_run(&rig, 6000); /* nobody asks, and nobody tells */
    event = rig_event(&rig);
    ck_assert_int_eq((int)event.kind, OMSP_EVENT_ADDRESS);
    ck_assert_int_eq(event.type, OMSP_TERMINAL_AVAILABLE);
    rig_expect_nothing(&rig);
    ck_assert_uint_eq(device_count(rig.address), 3);
    rig_close(&rig);
}
END_TEST

/* A service that starts before the system's own of sound. */
START_TEST(what_the_system_cannot_say_at_first_is_told_when_it_can)
{
    struct rig rig;

    rig_open(&rig, 1);
    omsp_sim_audio_set_unknown(rig.sim, true);
    plug(&rig, "mic", OMSP_AUDIO_CAPTURE);
    ck_assert_uint_eq(device_count(rig.address), 0);
    ck_assert_uint_eq(device_count(rig.address), 0);
    rig_run(&rig, 20000);
    rig_expect_nothing(&rig);
    omsp_sim_audio_set_unknown(rig.sim, false);
    rig_run(&rig, 6000);
    ck_assert_int_eq(rig_event(&rig).type, OMSP_TERMINAL_AVAILABLE);
    ck_assert_uint_eq(device_count(rig.address), 1);
    rig_expect_nothing(&rig);
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
/* In the place of Windows' own: what lists devices, of which there is one speaker, and what makes
 * it. Nothing is counted; the device thread calls. */
static volatile LONG asked;
static volatile HRESULT made, listing, registering; /* what each comes to */
static volatile LONG registrations;
static volatile UINT speakers;
static HANDLE hanging; /* what listing waits for; NULL: nothing */

static ULONG STDMETHODCALLTYPE uncounted(void *iface)
{
    (void)iface;
    return 1;
}

static HRESULT STDMETHODCALLTYPE no_other(void *iface, REFIID iid, void **out)
{
    (void)iface, (void)iid;
    *out = NULL;
    return E_NOINTERFACE;
}

static HRESULT STDMETHODCALLTYPE device_Activate(IMMDevice *iface, REFIID iid, DWORD context,
                                                 PROPVARIANT *params, void **out)
{
    (void)context, (void)params;
    return no_other(iface, iid, out);
}

static HRESULT STDMETHODCALLTYPE device_OpenPropertyStore(IMMDevice *iface, DWORD access,
                                                          IPropertyStore **out)
{
    (void)access;
    return no_other(iface, &IID_IUnknown, (void **)out);
}

static HRESULT STDMETHODCALLTYPE device_GetId(IMMDevice *iface, WCHAR **out)
{
    static const WCHAR id[] = L"{0.0.0.00000000}.{speaker}";

    (void)iface;
    *out = CoTaskMemAlloc(sizeof(id));
    if (!*out)
        return E_OUTOFMEMORY;
    memcpy(*out, id, sizeof(id));
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE device_GetState(IMMDevice *iface, DWORD *out)
{
    (void)iface;
    *out = DEVICE_STATE_ACTIVE;
    return S_OK;
}

static IMMDeviceVtbl device_methods = {
    (void *)no_other,         (void *)uncounted, (void *)uncounted, device_Activate,
    device_OpenPropertyStore, device_GetId,      device_GetState,
};
static IMMDevice speaker = {&device_methods};

static HRESULT STDMETHODCALLTYPE collection_GetCount(IMMDeviceCollection *iface, UINT *out);
static HRESULT STDMETHODCALLTYPE collection_Item(IMMDeviceCollection *iface, UINT place,
                                                 IMMDevice **out)
{
    (void)iface, (void)place;
    *out = &speaker;
    return S_OK;
}

static IMMDeviceCollectionVtbl collection_methods = {
    (void *)no_other, (void *)uncounted, (void *)uncounted, collection_GetCount, collection_Item,
};
static IMMDeviceCollection captures = {&collection_methods}, renders = {&collection_methods};

static HRESULT STDMETHODCALLTYPE collection_GetCount(IMMDeviceCollection *iface, UINT *out)
{
    *out = iface == &renders ? speakers : 0;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE lister_EnumAudioEndpoints(IMMDeviceEnumerator *iface,
                                                           EDataFlow flow, DWORD states,
                                                           IMMDeviceCollection **out)
{
    (void)iface, (void)states;
    if (hanging)
        WaitForSingleObject(hanging, 60000);
    *out = flow == eRender ? &renders : &captures;
    return flow == eRender ? listing : S_OK;
}

static HRESULT STDMETHODCALLTYPE lister_GetDefaultAudioEndpoint(IMMDeviceEnumerator *iface,
                                                                EDataFlow flow, ERole role,
                                                                IMMDevice **out)
{
    (void)iface, (void)role;
    *out = &speaker;
    return flow == eRender ? S_OK : HRESULT_FROM_WIN32(ERROR_NOT_FOUND);
}

static HRESULT STDMETHODCALLTYPE lister_GetDevice(IMMDeviceEnumerator *iface, const WCHAR *id,
                                                  IMMDevice **out)
{
    (void)iface, (void)id;
    *out = &speaker;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE lister_Register(IMMDeviceEnumerator *iface,
                                                 IMMNotificationClient *client)
{
    (void)iface, (void)client;
    if (SUCCEEDED(registering))
        InterlockedIncrement(&registrations);
    return registering;
}

static HRESULT STDMETHODCALLTYPE lister_Unregister(IMMDeviceEnumerator *iface,
                                                   IMMNotificationClient *client)
{
    (void)iface, (void)client;
    InterlockedDecrement(&registrations);
    return S_OK;
}

static IMMDeviceEnumeratorVtbl lister_methods = {
    (void *)no_other,
    (void *)uncounted,
    (void *)uncounted,
    lister_EnumAudioEndpoints,
    lister_GetDefaultAudioEndpoint,
    lister_GetDevice,
    lister_Register,
    lister_Unregister,
};
static IMMDeviceEnumerator lister = {&lister_methods};

static HRESULT STDMETHODCALLTYPE factory_QueryInterface(IClassFactory *iface, REFIID iid,
                                                        void **out)
{
    if (!IsEqualIID(iid, &IID_IUnknown) && !IsEqualIID(iid, &IID_IClassFactory))
        return no_other(iface, iid, out);
    *out = iface;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE factory_CreateInstance(IClassFactory *iface, IUnknown *outer,
                                                        REFIID iid, void **out)
{
    (void)iface, (void)outer, (void)iid;
    InterlockedIncrement(&asked);
    *out = SUCCEEDED(made) ? &lister : NULL;
    return made;
}

static HRESULT STDMETHODCALLTYPE factory_LockServer(IClassFactory *iface, BOOL lock)
{
    (void)iface, (void)lock;
    return S_OK;
}

static IClassFactoryVtbl factory_methods = {
    factory_QueryInterface, (void *)uncounted,  (void *)uncounted,
    factory_CreateInstance, factory_LockServer,
};
static IClassFactory factory = {&factory_methods};

/* An engine and an address of such a system. */
struct fake {
    DWORD cookie;
    struct omsp_engine *engine;
    struct omsp_address *address;
    struct omsp_listener *listener;
    HANDLE told;
};

static void on_signal(void *ctx)
{
    SetEvent(((struct fake *)ctx)->told);
}

static DWORD begin_class(void)
{
    DWORD cookie;

    asked = registrations = 0;
    speakers = 1;
    ck_assert_int_eq(CoInitializeEx(NULL, COINIT_MULTITHREADED), S_OK);
    ck_assert_int_eq(CoRegisterClassObject(&CLSID_MMDeviceEnumerator, (IUnknown *)&factory,
                                           CLSCTX_INPROC_SERVER, REGCLS_MULTIPLEUSE, &cookie),
                     S_OK);
    return cookie;
}

static void end_class(DWORD cookie)
{
    ck_assert_int_eq(registrations, 0);
    CoRevokeClassObject(cookie);
    CoUninitialize();
}

static void open_fake(struct fake *fake)
{
    fake->told = CreateEventW(NULL, FALSE, FALSE, NULL);
    fake->cookie = begin_class();
    ck_assert_int_eq(omsp_engine_create(omsp_system_ports(), NULL, &fake->engine), OMSP_OK);
    ck_assert_int_eq(omsp_address_create(fake->engine, &fake->address), OMSP_OK);
    ck_assert_int_eq(omsp_address_listen(fake->address, on_signal, fake, &fake->listener), OMSP_OK);
}

/* The next event, which has half a minute to come. */
static enum omsp_address_event next_told(struct fake *fake)
{
    struct omsp_event event;

    while (omsp_listener_take(fake->listener, NULL, NULL, &event) != OMSP_OK)
        ck_assert_int_eq(WaitForSingleObject(fake->told, 30000), WAIT_OBJECT_0);
    ck_assert_int_eq((int)event.kind, OMSP_EVENT_ADDRESS);
    return event.type;
}

static void close_fake(struct fake *fake)
{
    struct omsp_event event;

    ck_assert_int_ne(omsp_listener_take(fake->listener, NULL, NULL, &event), OMSP_OK);
    omsp_listener_close(fake->listener);
    omsp_address_shutdown(fake->address);
    omsp_address_release(fake->address);
    omsp_engine_destroy(fake->engine);
    end_class(fake->cookie);
    CloseHandle(fake->told);
}

START_TEST(what_lists_the_systems_devices_is_asked_for_again)
{
    struct omsp_terminal *devices[1];
    struct fake fake;
    unsigned count;
    LONG before;

    made = E_OUTOFMEMORY;
    listing = registering = S_OK;
    open_fake(&fake);
    for (int n = 0; n < 2; n++) {
        before = asked;
        ck_assert_int_eq(omsp_address_devices(fake.address, devices, 0, &count), OMSP_NOMEM);
        ck_assert_int_gt(asked, before);
    }
    made = HRESULT_FROM_WIN32(ERROR_SERVICE_NOT_ACTIVE);
    before = asked;
    ck_assert_uint_eq(device_count(fake.address), 0);
    ck_assert_int_gt(asked, before);
    made = S_OK;
    ck_assert_int_eq(next_told(&fake), OMSP_TERMINAL_AVAILABLE);
    ck_assert_uint_eq(device_count(fake.address), 1);
    close_fake(&fake);
}
END_TEST

START_TEST(a_system_without_a_lister_of_devices_has_none)
{
    struct fake fake;

    made = REGDB_E_CLASSNOTREG;
    open_fake(&fake);
    ck_assert_uint_eq(device_count(fake.address), 0);
    close_fake(&fake);
}
END_TEST

START_TEST(a_system_that_cannot_list_its_devices_has_not_lost_them)
{
    struct omsp_terminal *devices[1];
    struct omsp_address *late;
    struct fake fake;
    unsigned count;

    made = listing = registering = S_OK;
    open_fake(&fake);
    ck_assert_uint_eq(device_count(fake.address), 1);
    listing = HRESULT_FROM_WIN32(ERROR_SERVICE_NOT_ACTIVE);
    ck_assert_int_eq(omsp_address_create(fake.engine, &late), OMSP_OK);
    ck_assert_uint_eq(device_count(late), 0);
    ck_assert_uint_eq(device_count(fake.address), 1); /* looks for all, since that one could not */
    listing = E_OUTOFMEMORY;
    ck_assert_int_eq(omsp_address_devices(late, devices, 0, &count), OMSP_NOMEM);
    listing = S_OK;
    ck_assert_uint_eq(device_count(late), 1);
    omsp_address_shutdown(late);
    omsp_address_release(late);
    close_fake(&fake);
}
END_TEST

/* And what changed meanwhile is told. */
START_TEST(a_system_that_tells_no_changes_is_asked_to_until_it_does)
{
    struct fake fake;

    made = listing = S_OK;
    registering = E_OUTOFMEMORY;
    open_fake(&fake);
    speakers = 0;
    ck_assert_uint_eq(device_count(fake.address), 0);
    ck_assert_int_eq(registrations, 0);
    speakers = 1;
    registering = S_OK;
    ck_assert_int_eq(next_told(&fake), OMSP_TERMINAL_AVAILABLE); /* though nobody asks */
    ck_assert_int_eq(registrations, 1);
    close_fake(&fake);
}
END_TEST

static void no_change(void *owner)
{
    (void)owner;
}

/* The port's own answers, for an engine would take seconds more. */
START_TEST(a_system_that_hangs_at_its_first_list_has_not_said_that_there_is_nothing)
{
    const struct omsp_ports *ports = omsp_system_ports();
    struct omsp_audio_watch watch = {NULL, no_change};
    struct omsp_audio_stream nobody = {0}, *stream;
    struct omsp_audio_device found[2];
    ULONGLONG give_up = GetTickCount64() + 30000;
    struct omsp_audio *audio;
    unsigned count;
    DWORD cookie;

    made = listing = registering = S_OK;
    hanging = CreateEventW(NULL, TRUE, FALSE, NULL);
    cookie = begin_class();
    ck_assert_int_eq(ports->audio_create(ports->ctx, &watch, &audio), OMSP_OK);
    /* Where the system was there once less time is given to it. */
    ck_assert_int_ne(audio->open(audio, "{0.0.0.00000000}.{nobody}", &nobody, &stream), OMSP_OK);
    ck_assert_uint_eq(audio->list(audio, found, 2), OMSP_AUDIO_UNKNOWN);
    ck_assert_uint_eq(audio->list(audio, found, 2), OMSP_AUDIO_UNKNOWN); /* as is known already */
    SetEvent(hanging);
    do
        count = audio->list(audio, found, 2);
    while (count == OMSP_AUDIO_UNKNOWN && GetTickCount64() < give_up);
    ck_assert_uint_eq(count, 1);
    audio->destroy(audio);
    end_class(cookie);
    CloseHandle(hanging);
    hanging = NULL;
}
END_TEST

#define TESTS_OF_WASAPI                                                                            \
    TEST(what_lists_the_systems_devices_is_asked_for_again),                                       \
        TEST(a_system_without_a_lister_of_devices_has_none),                                       \
        TEST(a_system_that_cannot_list_its_devices_has_not_lost_them),                             \
        TEST(a_system_that_tells_no_changes_is_asked_to_until_it_does),                            \
        TEST(a_system_that_hangs_at_its_first_list_has_not_said_that_there_is_nothing),
#else
#define TESTS_OF_WASAPI
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
           TEST(a_list_stays_while_the_system_cannot_say),
           TEST(what_the_system_cannot_say_at_first_is_told_when_it_can),
           TESTS_OF_WASAPI TEST(a_list_that_is_refused_leaves_no_reference))
