/* Sinks against the lives of others: Unadvise and Close from inside, storms, blocked sinks, the
 * end. */
#include "msp/sink_kit.h"

/* ---- from inside ----------------------------------------------------------------------------- */

struct self_unadvise {
    void *address;
    volatile LONG cookie;
    volatile LONG elapsed;
    HRESULT hr;
};

static void unadvise_self(struct sink *sink, IDispatch *event)
{
    struct self_unadvise *self = sink->ctx;
    ULONGLONG before = GetTickCount64();

    (void)event;
    self->hr = sink_unadvise(self->address, sink, (DWORD)self->cookie);
    self->elapsed = (LONG)(GetTickCount64() - before);
    sink->forbidden = 1;
}

START_TEST(a_sink_may_unadvise_itself_in_its_call)
{
    for (int single = 0; single < 2; single++) {
        struct self_unadvise self = {0};
        struct source source;
        struct sink sink;
        struct apartment apartment;

        source_begin(&source);
        sink_init(&sink);
        sink.inside = unadvise_self;
        sink.ctx = &self;
        self.address = source.media.msp;
        if (single) {
            apartment_begin(&apartment, source.media.msp, &sink);
            self.cookie = (LONG)apartment.cookie;
        } else {
            self.cookie = (LONG)sink_advise(source.media.msp, &sink);
        }
        toggle(&source, 3);
        sink_wait(&sink, 1);
        ck_assert_hr(self.hr, S_OK);
        ck_assert_int_lt(self.elapsed, MSP_SINK_PATIENCE_MS / 2);
        wait_connected(&source, 0);
        if (single) {
            apartment_end(&apartment);
            ck_assert_hr(apartment.unadvised, CONNECT_E_NOCONNECTION);
        }
        ck_assert_int_eq(sink.count, 1);
        source_end(&source);
        sink_fini(&sink);
    }
}
END_TEST

static void close_address(struct sink *sink, IDispatch *event)
{
    struct source *source = sink->ctx;

    (void)event;
    sink->inside = NULL;
    sink->answer = source->media.open->lpVtbl->Close(source->media.open);
}

START_TEST(a_sink_may_close_the_address_in_its_call)
{
    for (int single = 0; single < 2; single++) {
        struct source source;
        struct sink sink;
        struct apartment apartment;

        source_begin(&source);
        sink_init(&sink);
        sink.inside = close_address;
        sink.ctx = &source;
        sink.answer = E_FAIL;
        if (single)
            apartment_begin(&apartment, source.media.msp, &sink);
        else
            sink_advise(source.media.msp, &sink);
        ck_assert_hr(ITStream_StartStream(source.stream), S_OK);
        sink_wait(&sink, 1);
        ck_assert_hr(sink.answer, S_OK);
        ck_assert_hr(ITStream_StopStream(source.stream), E_UNEXPECTED);
        if (single) {
            apartment_end(&apartment);
            ck_assert_hr(apartment.unadvised, S_OK);
        }
        source_end(&source); /* and never unadvised otherwise: the address lets go */
        sink_fini(&sink);
    }
}
END_TEST

/* ---- unadvise against a storm ---------------------------------------------------------------- */

struct storm {
    struct source *source;
    _Atomic(LONG) stop;
};

static DWORD WINAPI storm_run(void *arg)
{
    struct storm *storm = arg;

    while (!storm->stop) {
        ITStream_StartStream(storm->source->stream);
        ITStream_StopStream(storm->source->stream);
    }
    return 0;
}

START_TEST(no_call_begins_after_unadvise_returned)
{
    enum { ROUNDS = 100 };
    static struct sink sinks[ROUNDS];
    struct source source;
    struct storm storm = {&source, 0};
    HANDLE thread;

    source_begin(&source);
    thread = CreateThread(NULL, 0, storm_run, &storm, 0, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        DWORD cookie;

        sink_init(&sinks[i]);
        sinks[i].scripted = i & 1;
        cookie = sink_advise(source.media.msp, &sinks[i]);
        sink_wait(&sinks[i], i % 5);
        ck_assert_hr(sink_unadvise(source.media.msp, &sinks[i], cookie), S_OK);
        sinks[i].forbidden = 1;
        ck_assert_int_eq(sinks[i].refs, 1);
    }
    storm.stop = 1;
    ck_assert_uint_eq(WaitForSingleObject(thread, SINK_WAIT_MS), WAIT_OBJECT_0);
    CloseHandle(thread);
    source_end(&source);
    for (int i = 0; i < ROUNDS; i++)
        sink_fini(&sinks[i]);
}
END_TEST

/* ---- around the address's life --------------------------------------------------------------- */

START_TEST(what_waited_at_the_shutdown_is_delivered)
{
    struct source source;
    struct sink sink;
    DWORD cookie;

    source_begin(&source);
    sink_init(&sink);
    sink.gate = CreateEventW(NULL, TRUE, FALSE, NULL);
    cookie = sink_advise(source.media.msp, &sink);
    toggle(&source, 2);
    ck_assert_uint_eq(WaitForSingleObject(sink.entered, SINK_WAIT_MS), WAIT_OBJECT_0);
    ck_assert_hr(source.media.open->lpVtbl->Close(source.media.open), S_OK);
    ck_assert_int_eq(sink.count, 1);
    SetEvent(sink.gate);
    sink_wait(&sink, 4);
    expect_toggles(&sink, 0, 2);
    ck_assert_hr(sink_unadvise(source.media.msp, &sink, cookie), S_OK);
    CloseHandle(sink.gate);
    source_end(&source);
    sink_fini(&sink);
}
END_TEST

START_TEST(an_address_can_be_released_with_a_sink_that_blocks)
{
    struct source source;
    struct sink sink;
    ULONGLONG before;

    source_begin(&source);
    sink_init(&sink);
    sink.gate = CreateEventW(NULL, TRUE, FALSE, NULL);
    sink_advise(source.media.msp, &sink);
    ck_assert_hr(ITStream_StartStream(source.stream), S_OK);
    ck_assert_uint_eq(WaitForSingleObject(sink.entered, SINK_WAIT_MS), WAIT_OBJECT_0);
    before = GetTickCount64();
    ck_assert_hr(source.media.open->lpVtbl->Close(source.media.open), S_OK);
    kit_release(source.track), kit_release(source.player);
    kit_release(source.stream), kit_release(source.call);
    kit_release(source.media.terminals), kit_release(source.media.open);
    kit_release(source.media.msp);
    ck_assert_uint_lt(GetTickCount64() - before, 2000);
    SetEvent(sink.gate);
    kit_end(); /* the thread gave back what it held */
    media_delete(L"sinks.wav");
    sink_fini(&sink);
    CloseHandle(sink.gate);
}
END_TEST

START_TEST(advise_works_before_open_and_not_after_close)
{
    ITMSPAddress *msp;
    IOpenMSPAddress *open;
    IConnectionPoint *point;
    IOpenMSPCall *call;
    ITStream *stream;
    struct sink early, late;
    struct media media = {0};
    ITTerminal *player, *track;
    DWORD cookie, none = 7;

    kit_begin();
    msp = kit_address();
    open = kit_query(msp, &IID_IOpenMSPAddress);
    sink_init(&early), sink_init(&late);
    cookie = sink_advise(msp, &early);
    ck_assert_hr(open->lpVtbl->Open(open), S_OK);
    media.terminals = kit_query(msp, &IID_ITTerminalSupport);
    ck_assert_hr(open->lpVtbl->CreateCall(open, TAPIMEDIATYPE_AUDIO, &call), S_OK);
    stream = media_stream(call, CAPTURE);
    player = media_playing(&media, L"early.wav", 800, &track);
    ck_assert_hr(ITStream_SelectTerminal(stream, track), S_OK);
    media_connect(call);
    sink_wait(&early, 1);
    ck_assert_hr(open->lpVtbl->Close(open), S_OK);

    point = sink_point(msp, &IID_ITTAPIEventNotification);
    ck_assert_hr(IConnectionPoint_Advise(point, sink_unknown(&late), &none), E_UNEXPECTED);
    ck_assert_uint_eq(none, 0);
    ck_assert_hr(IConnectionPoint_Unadvise(point, cookie), S_OK);
    kit_release(point);
    kit_release(track), kit_release(player), kit_release(stream), kit_release(call);
    kit_release(media.terminals), kit_release(open), kit_release(msp);
    kit_end();
    media_delete(L"early.wav");
    sink_fini(&early), sink_fini(&late);
}
END_TEST

/* Of an Advise that Close overtakes: whoever begins to listen afterwards would hear nothing. */
START_TEST(who_listens_after_the_end_is_told)
{
    struct msp_delivery *late;
    struct com_sink **advised;
    struct msp_address *address;
    struct source source;
    struct sink sink;
    size_t count;

    source_begin(&source);
    sink_init(&sink);
    sink_advise(source.media.msp, &sink);
    address = CONTAINING_RECORD(source.media.msp, struct msp_address, msp);
    ck_assert_hr(com_point_snapshot(&address->sinks->points[0], &advised, &count), S_OK);
    ck_assert_uint_eq(count, 1);
    ck_assert_hr(msp_delivery_create(address->sinks, &address->sinks->points[0], advised[0], &late),
                 S_OK);
    ck_assert_hr(source.media.open->lpVtbl->Close(source.media.open), S_OK);
    ck_assert_hr(msp_delivery_listen(late, address), E_UNEXPECTED);
    ck_assert(!msp_delivery_listens(late));
    msp_delivery_stop(late, true);
    com_sinks_free(advised, count);
    source_end(&source);
    sink_fini(&sink);
}
END_TEST

/* Answers whether it opened at once, with that allocation and all later ones failing. */
static bool open_without_memory(long number)
{
    struct media media = {0};
    struct sink sinks[2];
    DWORD cookies[2];
    IOpenMSPAddress *open;
    IOpenMSPCall *call;
    ITStream *stream;
    ITTerminal *player, *track;
    HRESULT hr;

    media.msp = kit_address();
    open = kit_query(media.msp, &IID_IOpenMSPAddress);
    for (int i = 0; i < 2; i++) {
        sink_init(&sinks[i]);
        cookies[i] = sink_advise(media.msp, &sinks[i]);
    }
    omsp_test_fail_allocs_from(number);
    hr = open->lpVtbl->Open(open);
    omsp_test_allow_alloc();
    if (FAILED(hr)) {
        ck_assert_hr(hr, E_OUTOFMEMORY);
        ck_assert_hr(open->lpVtbl->Open(open), S_OK);
    }
    media.terminals = kit_query(media.msp, &IID_ITTerminalSupport);
    ck_assert_hr(open->lpVtbl->CreateCall(open, TAPIMEDIATYPE_AUDIO, &call), S_OK);
    stream = media_stream(call, CAPTURE);
    player = media_playing(&media, L"opened.wav", 800, &track);
    ck_assert_hr(ITStream_SelectTerminal(stream, track), S_OK);
    media_connect(call);
    for (int i = 0; i < 2; i++) {
        sink_wait(&sinks[i], 1);
        ck_assert_hr(sink_unadvise(media.msp, &sinks[i], cookies[i]), S_OK);
    }
    ck_assert_hr(open->lpVtbl->Close(open), S_OK);
    kit_release(track), kit_release(player), kit_release(stream), kit_release(call);
    kit_release(media.terminals), kit_release(open), kit_release(media.msp);
    sink_fini(&sinks[0]), sink_fini(&sinks[1]);
    media_delete(L"opened.wav");
    return SUCCEEDED(hr);
}

START_TEST(an_open_without_memory_leaves_no_sink_deaf)
{
    long failed = 0;

    kit_begin();
    while (!open_without_memory(failed))
        failed++;
    kit_end();
    ck_assert_int_gt(failed, 2);
}
END_TEST

START_TEST(the_points_say_who_they_are)
{
    struct source source;
    struct sink sink;
    IConnectionPointContainer *container, *back;
    IEnumConnectionPoints *all;
    IConnectionPoint *point;
    IUnknown *one, *two;
    ULONG fetched;
    DWORD cookie = 7;
    IID iid;

    source_begin(&source);
    sink_init(&sink);
    sink.scripted = true; /* has no ITTAPIEventNotification */
    container = kit_query(source.media.msp, &IID_IConnectionPointContainer);
    ck_assert_hr(IConnectionPointContainer_FindConnectionPoint(container, &IID_ITStream, &point),
                 CONNECT_E_NOCONNECTION);
    ck_assert_ptr_null(point);
    ck_assert_hr(IConnectionPointContainer_EnumConnectionPoints(container, &all), S_OK);
    for (int i = 0; i < 2; i++) {
        ck_assert_hr(IEnumConnectionPoints_Next(all, 1, &point, &fetched), S_OK);
        ck_assert_hr(IConnectionPoint_GetConnectionInterface(point, &iid), S_OK);
        ck_assert(IsEqualIID(&iid, i ? &DIID_ITTAPIDispatchEventNotification
                                     : &IID_ITTAPIEventNotification));
        ck_assert_hr(IConnectionPoint_GetConnectionPointContainer(point, &back), S_OK);
        one = kit_query(back, &IID_IUnknown);
        two = kit_query(container, &IID_IUnknown);
        ck_assert_ptr_eq(one, two);
        ck_assert_hr(IConnectionPoint_Advise(point, NULL, &cookie), E_POINTER);
        ck_assert_hr(IConnectionPoint_Advise(point, sink_unknown(&sink), NULL), E_POINTER);
        ck_assert_hr(IConnectionPoint_Unadvise(point, 4711), CONNECT_E_NOCONNECTION);
        if (!i)
            ck_assert_hr(IConnectionPoint_Advise(point, sink_unknown(&sink), &cookie),
                         CONNECT_E_CANNOTCONNECT);
        kit_release(one), kit_release(two), kit_release(back), kit_release(point);
    }
    ck_assert_hr(IEnumConnectionPoints_Next(all, 1, &point, &fetched), S_FALSE);
    kit_release(all), kit_release(container);
    source_end(&source);
    sink_fini(&sink);
}
END_TEST

OMSP_SUITE("msp sink life", TEST_ON_WINDOWS(a_sink_may_unadvise_itself_in_its_call),
           TEST_ON_WINDOWS(a_sink_may_close_the_address_in_its_call),
           TEST(no_call_begins_after_unadvise_returned),
           TEST(what_waited_at_the_shutdown_is_delivered),
           TEST(an_address_can_be_released_with_a_sink_that_blocks),
           TEST(advise_works_before_open_and_not_after_close),
           TEST(who_listens_after_the_end_is_told),
           TEST(an_open_without_memory_leaves_no_sink_deaf), TEST(the_points_say_who_they_are))
