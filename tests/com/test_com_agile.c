/* Sinks and other foreign pointers across apartments. */
#include "sample.c"
#include "sink.c"

#include "com/agile.h"

enum { PATIENCE_MS = 30000 };

/* A thread with a sink in an apartment of its own, connected to a point. */
struct home {
    DWORD model; /* COINIT_* */
    IConnectionPoint *point;
    struct sink sink;
    DWORD cookie, id;
    HRESULT advised;
    HANDLE ready, quit, thread;
};

static void pump_until(HANDLE event)
{
    DWORD woken;

    do {
        MSG message;

        woken = MsgWaitForMultipleObjects(1, &event, FALSE, PATIENCE_MS, QS_ALLINPUT);
        while (PeekMessageW(&message, NULL, 0, 0, PM_REMOVE)) {
            DispatchMessageW(&message);
        }
    } while (woken == WAIT_OBJECT_0 + 1);
    ck_assert_uint_eq(woken, WAIT_OBJECT_0);
}

static DWORD WINAPI home_main(void *param)
{
    struct home *home = param;

    CoInitializeEx(NULL, home->model);
    home->id = GetCurrentThreadId();
    home->advised =
        IConnectionPoint_Advise(home->point, (IUnknown *)&home->sink.iface, &home->cookie);
    SetEvent(home->ready);
    pump_until(home->quit);
    CoUninitialize();
    return 0;
}

static void home_open(struct home *home, ISample *sample, DWORD model, bool agile)
{
    memset(home, 0, sizeof(*home));
    home->model = model;
    home->point = &sample_point(sample)->iface;
    sink_init(&home->sink, agile);
    home->ready = CreateEventW(NULL, TRUE, FALSE, NULL);
    home->quit = CreateEventW(NULL, TRUE, FALSE, NULL);
    home->thread = CreateThread(NULL, 0, home_main, home, 0, NULL);
    ck_assert_uint_eq(WaitForSingleObject(home->ready, PATIENCE_MS), WAIT_OBJECT_0);
    ck_assert_int_eq(home->advised, S_OK);
}

static void home_close(struct home *home)
{
    SetEvent(home->quit);
    ck_assert_uint_eq(WaitForSingleObject(home->thread, PATIENCE_MS), WAIT_OBJECT_0);
    CloseHandle(home->thread);
    CloseHandle(home->ready);
    CloseHandle(home->quit);
}

static HRESULT fire(IDispatch *sink)
{
    DISPPARAMS none = {NULL, NULL, 0, 0};

    return IDispatch_Invoke(sink, 1, &IID_NULL, 0, DISPATCH_METHOD, &none, NULL, NULL, NULL);
}

/* What a delivery thread does: a snapshot, then each sink through a pointer for its apartment. */
struct delivery {
    ISample *sample;
    DWORD model;
    struct sink *sink;
    bool direct; /* the pointer was the sink itself */
    HRESULT hr;
};

static DWORD WINAPI deliver_main(void *param)
{
    struct delivery *delivery = param;
    struct com_sink **sinks;
    IDispatch *iface;
    size_t count;

    CoInitializeEx(NULL, delivery->model);
    ck_assert_int_eq(com_point_snapshot(sample_point(delivery->sample), &sinks, &count), S_OK);
    ck_assert_uint_eq(count, 1);
    delivery->hr = com_sink_get(sinks[0], (void **)&iface);
    if (SUCCEEDED(delivery->hr)) {
        delivery->direct = iface == &delivery->sink->iface;
        delivery->hr = fire(iface);
        IDispatch_Release(iface);
    }
    com_sinks_free(sinks, count);
    CoUninitialize();
    return 0;
}

static void deliver(struct delivery *delivery)
{
    HANDLE thread = CreateThread(NULL, 0, deliver_main, delivery, 0, NULL);

    ck_assert_uint_eq(WaitForSingleObject(thread, PATIENCE_MS), WAIT_OBJECT_0);
    CloseHandle(thread);
}

static void check_delivery(DWORD home_model, bool agile, DWORD model, bool direct)
{
    ISample *sample = sample_make();
    struct delivery delivery = {.sample = sample, .model = model};
    struct home home;

    home_open(&home, sample, home_model, agile);
    delivery.sink = &home.sink;
    deliver(&delivery);
    ck_assert_int_eq(delivery.hr, S_OK);
    ck_assert_int_eq(home.sink.calls, 1);
    ck_assert_int_eq(delivery.direct, direct);
    if (home_model == COINIT_APARTMENTTHREADED) {
        ck_assert_int_eq(home.sink.thread == home.id, !direct);
    }
    ck_assert_int_eq(IConnectionPoint_Unadvise(home.point, home.cookie), S_OK);
    home_close(&home);
    ck_assert_int_eq(home.sink.refs, 1);
    sample_drop(sample);
}

START_TEST(a_sink_in_a_single_threaded_apartment_is_called_on_its_thread)
{
    check_delivery(COINIT_APARTMENTTHREADED, false, COINIT_MULTITHREADED, false);
    check_delivery(COINIT_APARTMENTTHREADED, false, COINIT_APARTMENTTHREADED, false);
}
END_TEST

START_TEST(a_sink_in_the_multithreaded_apartment_is_called_directly_there)
{
    check_delivery(COINIT_MULTITHREADED, false, COINIT_MULTITHREADED, true);
    check_delivery(COINIT_MULTITHREADED, false, COINIT_APARTMENTTHREADED, false);
}
END_TEST

START_TEST(an_agile_sink_is_called_directly_everywhere)
{
    check_delivery(COINIT_APARTMENTTHREADED, true, COINIT_MULTITHREADED, true);
    check_delivery(COINIT_APARTMENTTHREADED, true, COINIT_APARTMENTTHREADED, true);
    check_delivery(COINIT_MULTITHREADED, true, COINIT_APARTMENTTHREADED, true);
}
END_TEST

START_TEST(a_sink_whose_apartment_died_is_an_error_and_can_be_disconnected)
{
    ISample *sample = sample_make();
    struct delivery delivery = {.sample = sample, .model = COINIT_MULTITHREADED};
    LONG unadvised = sample_unadvised;
    IEnumConnections *connections;
    CONNECTDATA data;
    struct home home;

    home_open(&home, sample, COINIT_APARTMENTTHREADED, false);
    home_close(&home); /* without Unadvise */
    delivery.sink = &home.sink;
    deliver(&delivery);
    ck_assert(FAILED(delivery.hr));
    ck_assert_int_eq(home.sink.calls, 0);
    /* Nor is it enumerated. */
    CoInitializeEx(NULL, COINIT_MULTITHREADED);
    ck_assert_int_eq(IConnectionPoint_EnumConnections(home.point, &connections), S_OK);
    ck_assert_int_eq(IEnumConnections_Next(connections, 1, &data, NULL), S_FALSE);
    ck_assert_ptr_null(data.pUnk);
    IEnumConnections_Release(connections);
    ck_assert_int_eq(com_point_disconnect(sample_point(sample), home.cookie), S_OK);
    ck_assert_int_eq(sample_unadvised, unadvised + 1);
    CoUninitialize();
    sample_drop(sample);
}
END_TEST

/* ---- com_agile itself ------------------------------------------------------------------------ */

START_TEST(one_of_our_objects_is_kept_as_it_is)
{
    struct com_agile agile;
    ISample *sample = sample_make();
    void *back;

    ck_assert_int_eq(com_agile_keep(&agile, &IID_ISample, (IUnknown *)sample), S_OK);
    ck_assert_ptr_eq(agile.direct, sample);
    ck_assert_uint_eq(agile.cookie, 0);
    ck_assert_int_eq(com_agile_get(&agile, &back), S_OK);
    ck_assert_ptr_eq(back, sample);
    IUnknown_Release((IUnknown *)back);
    com_agile_drop(&agile);
    com_agile_drop(&agile);
    ck_assert_int_eq(com_agile_get(&agile, &back), E_UNEXPECTED);
    ck_assert_ptr_null(back);
    ck_assert_int_eq(com_agile_keep(&agile, &IID_ISample, NULL), E_POINTER);
    sample_drop(sample);
}
END_TEST

static DWORD WINAPI get_in_sta(void *param)
{
    HRESULT hr;
    void *back;

    CoInitializeEx(NULL, COINIT_APARTMENTTHREADED);
    hr = com_agile_get(param, &back);
    ck_assert_ptr_null(back);
    CoUninitialize();
    return (DWORD)hr;
}

START_TEST(an_interface_without_a_proxy_stays_in_the_multithreaded_apartment)
{
    struct com_agile agile;
    struct sink sink; /* pretends to be an IPlain, which nothing can marshal */
    HANDLE thread;
    DWORD answer;
    void *back;

    sink_init(&sink, false);
    CoInitializeEx(NULL, COINIT_MULTITHREADED);
    ck_assert_int_eq(com_agile_keep(&agile, &IID_IPlain, (IUnknown *)&sink.iface), S_OK);
    ck_assert_int_eq(com_agile_get(&agile, &back), S_OK);
    ck_assert_ptr_eq(back, &sink.iface);
    IUnknown_Release((IUnknown *)back);
    thread = CreateThread(NULL, 0, get_in_sta, &agile, 0, NULL);
    ck_assert_uint_eq(WaitForSingleObject(thread, PATIENCE_MS), WAIT_OBJECT_0);
    GetExitCodeThread(thread, &answer);
    CloseHandle(thread);
    ck_assert_int_eq((HRESULT)answer, RPC_E_WRONG_THREAD);
    com_agile_drop(&agile);
    ck_assert_int_eq(sink.refs, 1);
    CoUninitialize();

    CoInitializeEx(NULL, COINIT_APARTMENTTHREADED);
    ck_assert(FAILED(com_agile_keep(&agile, &IID_IPlain, (IUnknown *)&sink.iface)));
    ck_assert_int_eq(com_agile_get(&agile, &back), E_UNEXPECTED);
    CoUninitialize();
    ck_assert_int_eq(sink.refs, 1);
}
END_TEST

OMSP_SUITE("com_agile",
           TEST_ON_WINDOWS(a_sink_in_a_single_threaded_apartment_is_called_on_its_thread),
           TEST_ON_WINDOWS(a_sink_in_the_multithreaded_apartment_is_called_directly_there),
           TEST(an_agile_sink_is_called_directly_everywhere),
           TEST(a_sink_whose_apartment_died_is_an_error_and_can_be_disconnected),
           TEST(one_of_our_objects_is_kept_as_it_is),
           TEST(an_interface_without_a_proxy_stays_in_the_multithreaded_apartment))
