/* The media streaming terminal at work: audio through samples over RTP, every way to wait for an
 * update, and what becomes of samples when streams, calls and clients end. */
#include "msp/mst_kit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Writes this much of the tone as the SDK's sender does: allocate, fill, update, forget. */
static void send_tone(IMediaStream *stream, unsigned samples, DWORD *at)
{
    for (unsigned i = 0; i < samples; i++) {
        IStreamSample *sample = pair_sample(stream); /* waits for one when all are under way */
        DWORD size;
        BYTE *bytes = sample_data(sample, &size, NULL);

        tone_fill(bytes, size, at);
        sample_set_actual(sample, size);
        ck_assert(SUCCEEDED(IStreamSample_Update(sample, SSUPDATE_ASYNC, NULL, NULL, 0)));
        kit_release(sample);
    }
}

struct receiver {
    IMediaStream *stream;
    SHORT pcm[8000];
    DWORD count;
    HRESULT ended;
    STREAM_TIME next;
    bool joined; /* every sample's time begins where the last one ended */
};

/* The SDK's receiver: events for all samples, until there is enough or no more. */
static DWORD WINAPI receive(void *arg)
{
    struct receiver *receiver = arg;
    IStreamSample *samples[5];
    HANDLE events[COUNT(samples)];

    receiver->joined = true;
    for (size_t i = 0; i < COUNT(samples); i++) {
        events[i] = CreateEventW(NULL, FALSE, FALSE, NULL);
        samples[i] = pair_sample(receiver->stream);
        IStreamSample_Update(samples[i], 0, events[i], NULL, 0);
    }
    for (DWORD i = 0; receiver->count < COUNT(receiver->pcm); i++) {
        DWORD which = i % COUNT(samples);
        DWORD size, actual;
        STREAM_TIME start, end;
        BYTE *bytes;

        if (WaitForSingleObject(events[which], PATIENCE) != WAIT_OBJECT_0)
            break;
        receiver->ended = IStreamSample_CompletionStatus(samples[which], COMPSTAT_WAIT, 0);
        if (receiver->ended != S_OK)
            break;
        bytes = sample_data(samples[which], &size, &actual);
        if (actual > (COUNT(receiver->pcm) - receiver->count) * 2)
            actual = (DWORD)(COUNT(receiver->pcm) - receiver->count) * 2;
        memcpy(receiver->pcm + receiver->count, bytes, actual);
        IStreamSample_GetSampleTimes(samples[which], &start, &end, NULL);
        receiver->joined &= !receiver->count || start == receiver->next;
        receiver->next = end;
        receiver->count += actual / 2;
        IStreamSample_Update(samples[which], 0, events[which], NULL, 0);
    }
    for (size_t i = 0; i < COUNT(samples); i++) {
        IStreamSample_CompletionStatus(samples[i], COMPSTAT_ABORT | COMPSTAT_WAIT, INFINITE);
        IStreamSample_Release(samples[i]);
        CloseHandle(events[i]);
    }
    return 0;
}

START_TEST(a_tone_goes_from_samples_over_rtp_to_samples)
{
    static struct receiver receiver;
    struct mst_pair pair;
    IOpenMSPStatistics *statistics = NULL;
    HANDLE thread;
    double packets = 0, level, share;
    DWORD at = 0;

    pair_open(&pair);
    pair_connect(&pair);
    receiver.stream = pair.read;
    thread = CreateThread(NULL, 0, receive, &receiver, 0, NULL);
    while (WaitForSingleObject(thread, 0) == WAIT_TIMEOUT)
        send_tone(pair.write, 5, &at);
    CloseHandle(thread);
    ck_assert_uint_eq(receiver.count, COUNT(receiver.pcm));
    ck_assert(receiver.joined);
    share = tone_share(receiver.pcm + 2000, 6000, &level);
    ck_assert_msg(share > 0.95 && level > 8500 && level < 9500, "share %f, level %f", share, level);
    ck_assert_hr(IOpenMSPCall_get_Statistics(pair.b, &statistics), S_OK);
    ck_assert_hr(IOpenMSPStatistics_get_PacketsReceived(statistics, &packets), S_OK);
    ck_assert(packets >= 50);
    kit_release(statistics);
    pair_close(&pair);
}
END_TEST

START_TEST(a_sample_without_flags_waits_and_one_with_them_does_not)
{
    struct mst_pair pair;
    IStreamSample *sample, *other;
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
    DWORD actual = 0, at = 0;

    pair_open(&pair);
    pair_connect(&pair);
    sample = pair_sample(pair.read);
    other = pair_sample(pair.read);
    ck_assert_hr(IStreamSample_CompletionStatus(sample, 0, 0), S_OK);
    /* The call sends silence while nobody writes: that is what arrives. */
    ck_assert_hr(IStreamSample_Update(sample, 0, NULL, NULL, 0), S_OK);
    sample_data(sample, NULL, &actual);
    ck_assert_uint_eq(actual, 320);
    /* Whatever has arrived is taken first; then updates are pending. */
    while (IStreamSample_Update(sample, SSUPDATE_ASYNC, NULL, NULL, 0) == S_OK)
        ;
    ck_assert_hr(IStreamSample_Update(sample, SSUPDATE_ASYNC, NULL, NULL, 0), MS_E_BUSY);
    ck_assert_hr(IStreamSample_SetSampleTimes(sample, &(STREAM_TIME){0}, &(STREAM_TIME){0}),
                 MS_E_BUSY);
    ck_assert_hr(IStreamSample_Update(other, 0, event, NULL, 0), MS_S_PENDING);
    ck_assert_hr(IStreamSample_CompletionStatus(other, COMPSTAT_NOUPDATEOK, 0), MS_S_NOUPDATE);
    ck_assert_uint_eq(WaitForSingleObject(event, 0), WAIT_OBJECT_0);
    ck_assert_hr(IStreamSample_CompletionStatus(sample, COMPSTAT_WAIT, PATIENCE), S_OK);
    ResetEvent(event);
    ck_assert(SUCCEEDED(IStreamSample_Update(other, 0, event, NULL, 0)));
    ck_assert_uint_eq(WaitForSingleObject(event, PATIENCE), WAIT_OBJECT_0);
    ck_assert_hr(IStreamSample_CompletionStatus(other, 0, 0), S_OK);
    while (IStreamSample_Update(other, SSUPDATE_ASYNC, NULL, NULL, 0) == S_OK)
        ;
    ck_assert_hr(IStreamSample_CompletionStatus(other, COMPSTAT_ABORT, 0), E_ABORT);
    kit_release(sample);
    kit_release(other);

    sample = pair_sample(pair.write);
    ck_assert_hr(IStreamSample_Update(sample, 0, NULL, NULL, 0), S_OK); /* nothing to send */
    tone_fill(sample_data(sample, NULL, NULL), 320, &at);
    sample_set_actual(sample, 320);
    for (int i = 0; i < 20; i++) /* more than the ring takes: some of them wait */
        ck_assert_hr(IStreamSample_Update(sample, 0, NULL, NULL, 0), S_OK);
    kit_release(sample);
    CloseHandle(event);
    pair_close(&pair);
}
END_TEST

static volatile LONG apc_calls;

static void CALLBACK on_apc(ULONG_PTR data)
{
    InterlockedExchangeAdd(&apc_calls, (LONG)data);
}

START_TEST(an_apc_comes_to_the_thread_that_updated)
{
    ULONGLONG until = GetTickCount64() + PATIENCE;
    struct mst_pair pair;
    IStreamSample *sample;

    pair_open(&pair);
    pair_connect(&pair);
    sample = pair_sample(pair.read);
    apc_calls = 0;
    while (IStreamSample_Update(sample, 0, NULL, on_apc, 7) == S_OK)
        ; /* at once: no APC */
    ck_assert_int_eq(apc_calls, 0);
    while (!apc_calls && GetTickCount64() < until)
        SleepEx(100, TRUE);
    ck_assert_int_eq(apc_calls, 7);
    ck_assert_hr(IStreamSample_CompletionStatus(sample, 0, 0), S_OK);
    kit_release(sample);
    pair_close(&pair);
}
END_TEST

START_TEST(a_continuous_update_goes_on_until_it_is_asked_about)
{
    HANDLE event = CreateEventW(NULL, FALSE, FALSE, NULL);
    struct mst_pair pair;
    IStreamSample *sample;
    STREAM_TIME first, later;

    pair_open(&pair);
    pair_connect(&pair);
    sample = pair_sample(pair.read);
    ck_assert_hr(IStreamSample_Update(sample, SSUPDATE_CONTINUOUS, event, NULL, 0), MS_S_PENDING);
    ck_assert_uint_eq(WaitForSingleObject(event, PATIENCE), WAIT_OBJECT_0);
    ck_assert_hr(IStreamSample_GetSampleTimes(sample, &first, NULL, NULL), S_OK);
    for (int i = 0; i < 3; i++)
        ck_assert_uint_eq(WaitForSingleObject(event, PATIENCE), WAIT_OBJECT_0);
    ck_assert_hr(IStreamSample_GetSampleTimes(sample, &later, NULL, NULL), S_OK);
    ck_assert_int_gt(later, first);
    ck_assert_hr(IStreamSample_CompletionStatus(sample, COMPSTAT_WAIT, PATIENCE), S_OK);
    ResetEvent(event);
    ck_assert_uint_eq(WaitForSingleObject(event, 100), WAIT_TIMEOUT);
    kit_release(sample);
    CloseHandle(event);
    pair_close(&pair);
}
END_TEST

START_TEST(a_sample_that_is_sent_again_and_again_is_not_given_out_meanwhile)
{
    HANDLE event = CreateEventW(NULL, FALSE, FALSE, NULL);
    struct mst_pair pair;
    IStreamSample *sample, *other;

    pair_open(&pair);
    pair_connect(&pair);
    sample = pair_sample(pair.write);
    sample_set_actual(sample, 320);
    ck_assert_hr(IStreamSample_Update(sample, SSUPDATE_CONTINUOUS, event, NULL, 0), MS_S_PENDING);
    ck_assert_uint_eq(WaitForSingleObject(event, PATIENCE), WAIT_OBJECT_0);
    other = pair_sample(pair.write);
    ck_assert_ptr_ne(other, sample);
    ck_assert_hr(IStreamSample_CompletionStatus(sample, COMPSTAT_WAIT, PATIENCE), S_OK);
    kit_release(other);
    kit_release(sample);
    CloseHandle(event);
    pair_close(&pair);
}
END_TEST

START_TEST(a_released_sample_needs_the_clients_buffer_no_more)
{
    enum { BYTES = 8000, LOUD = 8000 }; /* 500 ms: more than the ring holds */
    static struct receiver receiver;
    SHORT *loud = malloc(BYTES);
    IMemoryData *memory;
    struct mst_pair pair;
    IStreamSample *sample;
    DWORD heard = 0;

    for (size_t i = 0; i < BYTES / sizeof(*loud); i++)
        loud[i] = LOUD;
    pair_open(&pair);
    pair_connect(&pair);
    sample = pair_sample(pair.write);
    memory = kit_query(sample, &IID_IMemoryData);
    ck_assert_hr(IMemoryData_SetBuffer(memory, BYTES, (BYTE *)loud, 0), S_OK);
    ck_assert_hr(IMemoryData_SetActual(memory, BYTES), S_OK);
    kit_release(memory);
    ck_assert_hr(IStreamSample_Update(sample, SSUPDATE_ASYNC, NULL, NULL, 0), MS_S_PENDING);
    ck_assert_uint_eq(kit_release(sample), 0);
    memset(loud, 0, BYTES);
    free(loud);
    receiver.stream = pair.read;
    receive(&receiver);
    for (DWORD i = 0; i < receiver.count; i++)
        heard += receiver.pcm[i] > LOUD / 2;
    ck_assert_uint_gt(heard, BYTES / sizeof(*loud) / 2); /* the loopback may lose some */
    pair_close(&pair);
}
END_TEST

/* Data of the client's own, who updates the sample that is about to be updated. */
struct own_data {
    IAudioData iface;
    LONG refs;
    IStreamSample *sample;
    HRESULT answer;
    BYTE bytes[32000]; /* 2 s: more than waits to be read, so that no update ends at once */
};

static HRESULT STDMETHODCALLTYPE own_QueryInterface(IAudioData *iface, REFIID iid, void **out)
{
    (void)iid;
    *out = iface;
    IAudioData_AddRef(iface);
    return S_OK;
}

static ULONG STDMETHODCALLTYPE own_AddRef(IAudioData *iface)
{
    return (ULONG)InterlockedIncrement(&CONTAINING_RECORD(iface, struct own_data, iface)->refs);
}

static ULONG STDMETHODCALLTYPE own_Release(IAudioData *iface)
{
    return (ULONG)InterlockedDecrement(&CONTAINING_RECORD(iface, struct own_data, iface)->refs);
}

static LONG right_calls, wrong_calls;

static void CALLBACK right(ULONG_PTR ctx)
{
    (void)ctx;
    right_calls++;
}

static void CALLBACK wrong(ULONG_PTR ctx)
{
    (void)ctx;
    wrong_calls++;
}

static HRESULT STDMETHODCALLTYPE own_GetInfo(IAudioData *iface, DWORD *size, BYTE **bytes,
                                             DWORD *actual)
{
    struct own_data *self = CONTAINING_RECORD(iface, struct own_data, iface);
    IStreamSample *sample = self->sample;

    self->sample = NULL;
    if (sample)
        self->answer = IStreamSample_Update(sample, 0, NULL, right, 0);
    *size = sizeof(self->bytes);
    *bytes = self->bytes;
    *actual = 0;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE own_SetActual(IAudioData *iface, DWORD actual)
{
    (void)iface, (void)actual;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE own_GetFormat(IAudioData *iface, WAVEFORMATEX *out)
{
    (void)iface;
    *out = (WAVEFORMATEX){1, 1, 8000, 16000, 2, 16, 0};
    return S_OK;
}

START_TEST(an_update_that_is_refused_changes_nothing_of_the_one_under_way)
{
    static IAudioDataVtbl vtable = {.QueryInterface = own_QueryInterface,
                                    .AddRef = own_AddRef,
                                    .Release = own_Release,
                                    .GetInfo = own_GetInfo,
                                    .SetActual = own_SetActual,
                                    .GetFormat = own_GetFormat};
    static struct own_data data;
    ULONGLONG until = GetTickCount64() + PATIENCE;
    IAudioMediaStream *stream;
    IAudioStreamSample *audio;
    IStreamSample *sample;
    struct mst_pair pair;

    data =
        (struct own_data){.iface = {&vtable}, .refs = 1}; /* static: a failure leaves it in use */
    right_calls = wrong_calls = 0;
    pair_open(&pair);
    pair_connect(&pair);
    stream = kit_query(pair.read, &IID_IAudioMediaStream);
    ck_assert_hr(IAudioMediaStream_CreateSample(stream, &data.iface, 0, &audio), S_OK);
    data.sample = sample = kit_query(audio, &IID_IStreamSample);
    ck_assert_hr(IStreamSample_Update(sample, 0, NULL, wrong, 0), MS_E_BUSY);
    ck_assert_hr(data.answer, MS_S_PENDING);
    while (!right_calls && !wrong_calls && GetTickCount64() < until)
        SleepEx(10, TRUE);
    ck_assert_int_eq(right_calls, 1);
    ck_assert_int_eq(wrong_calls, 0);
    kit_release(sample);
    kit_release(audio);
    kit_release(stream);
    ck_assert_int_eq(data.refs, 1);
    pair_close(&pair);
}
END_TEST

START_TEST(writers_get_their_samples_back_and_wait_for_them)
{
    ALLOCATOR_PROPERTIES two = {2, 3200, 1, 0}; /* 200 ms each: longer than the ring */
    struct mst_pair pair;
    ITAllocatorProperties *allocator;
    IStreamSample *samples[2], *again;

    pair_open(&pair);
    allocator = kit_query(pair.writer, &IID_ITAllocatorProperties);
    ck_assert_hr(ITAllocatorProperties_SetAllocatorProperties(allocator, &two), S_OK);
    kit_release(allocator);
    pair_connect(&pair);
    for (size_t i = 0; i < 2; i++) {
        samples[i] = pair_sample(pair.write);
        sample_set_actual(samples[i], 3200);
    }
    for (size_t i = 0; i < 2; i++)
        ck_assert_hr(IStreamSample_Update(samples[i], SSUPDATE_ASYNC, NULL, NULL, 0), MS_S_PENDING);
    again = pair_sample(pair.write); /* once the first has been sent */
    ck_assert_ptr_eq(again, samples[0]);
    ck_assert_hr(IStreamSample_CompletionStatus(samples[0], 0, 0), S_OK);
    kit_release(again);
    ck_assert_hr(IStreamSample_CompletionStatus(samples[1], COMPSTAT_WAIT, PATIENCE), S_OK);
    ck_assert_hr(IMediaStream_SendEndOfStream(pair.write, 0), S_OK);
    ck_assert_hr(IStreamSample_Update(samples[1], SSUPDATE_ASYNC, NULL, NULL, 0), MS_S_ENDOFSTREAM);
    kit_release(samples[0]);
    kit_release(samples[1]);
    pair_close(&pair);
}
END_TEST

struct waiter {
    IStreamSample *sample;
    IMediaStream *stream;
    HRESULT result;
    HANDLE ready;
};

static DWORD WINAPI wait_for_update(void *arg)
{
    struct waiter *waiter = arg;

    SetEvent(waiter->ready);
    do
        waiter->result = IStreamSample_Update(waiter->sample, 0, NULL, NULL, 0);
    while (waiter->result == S_OK);
    return 0;
}

static DWORD WINAPI wait_for_sample(void *arg)
{
    struct waiter *waiter = arg;

    SetEvent(waiter->ready);
    for (;;) {
        IStreamSample *sample;

        waiter->result = IMediaStream_AllocateSample(waiter->stream, 0, &sample);
        if (FAILED(waiter->result))
            return 0;
        sample_set_actual(sample, 320);
        IStreamSample_Update(sample, SSUPDATE_ASYNC, NULL, NULL, 0);
        IStreamSample_Release(sample);
    }
}

static HANDLE begin(DWORD(WINAPI *run)(void *), struct waiter *waiter)
{
    HANDLE thread;

    waiter->ready = CreateEventW(NULL, TRUE, FALSE, NULL);
    thread = CreateThread(NULL, 0, run, waiter, 0, NULL);
    ck_assert_uint_eq(WaitForSingleObject(waiter->ready, PATIENCE), WAIT_OBJECT_0);
    return thread;
}

static void end(HANDLE thread, struct waiter *waiter)
{
    ck_assert_uint_eq(WaitForSingleObject(thread, PATIENCE), WAIT_OBJECT_0);
    CloseHandle(thread);
    CloseHandle(waiter->ready);
}

START_TEST(a_stop_ends_every_wait_with_its_code)
{
    struct mst_pair pair;
    struct waiter reader = {0}, writer = {0};
    HANDLE threads[2], event = CreateEventW(NULL, TRUE, FALSE, NULL);
    IStreamSample *sample;
    BYTE big[32000];
    IMemoryData *memory;
    DWORD actual = 0;

    pair_open(&pair);
    pair_connect(&pair);
    reader.sample = pair_sample(pair.read);
    writer.stream = pair.write;
    threads[0] = begin(wait_for_update, &reader);
    threads[1] = begin(wait_for_sample, &writer);
    ck_assert_hr(ITStream_StopStream(pair.out), S_OK);
    end(threads[1], &writer);
    ck_assert(writer.result == VFW_E_NOT_COMMITTED);
    ck_assert_hr(ITStream_StopStream(pair.in), S_OK);
    end(threads[0], &reader);
    ck_assert(reader.result == E_ABORT || reader.result == VFW_E_NOT_COMMITTED);
    ck_assert_hr(IStreamSample_Update(reader.sample, 0, NULL, NULL, 0), VFW_E_NOT_COMMITTED);

    /* One that had got something keeps it; one behind it got nothing. */
    ck_assert_hr(ITStream_StartStream(pair.out), S_OK);
    ck_assert_hr(ITStream_StartStream(pair.in), S_OK);
    sample = pair_sample(pair.read);
    memory = kit_query(sample, &IID_IMemoryData);
    ck_assert_hr(IMemoryData_SetBuffer(memory, sizeof(big), big, 0), S_OK);
    ck_assert_hr(IStreamSample_Update(reader.sample, 0, NULL, NULL, 0), S_OK); /* it flows */
    ck_assert_hr(IStreamSample_Update(sample, 0, event, NULL, 0), MS_S_PENDING);
    ck_assert_hr(IStreamSample_Update(reader.sample, SSUPDATE_ASYNC, NULL, NULL, 0), MS_S_PENDING);
    ck_assert_uint_eq(WaitForSingleObject(event, 200), WAIT_TIMEOUT);
    ck_assert_hr(ITStream_StopStream(pair.in), S_OK);
    ck_assert_uint_eq(WaitForSingleObject(event, PATIENCE), WAIT_OBJECT_0);
    ck_assert_hr(IStreamSample_CompletionStatus(sample, COMPSTAT_WAIT, PATIENCE), S_OK);
    ck_assert_hr(IMemoryData_GetInfo(memory, NULL, NULL, &actual), S_OK);
    ck_assert_uint_gt(actual, 0);
    ck_assert_uint_lt(actual, sizeof(big));
    ck_assert_hr(IStreamSample_CompletionStatus(reader.sample, COMPSTAT_WAIT, PATIENCE), E_ABORT);
    kit_release(memory);
    kit_release(sample);
    kit_release(reader.sample);
    CloseHandle(event);
    pair_close(&pair);
}
END_TEST

START_TEST(what_is_read_from_one_call_can_be_written_to_another_without_copying)
{
    struct mst_pair pair;
    IStreamSample *heard, *said = NULL;

    pair_open(&pair);
    pair_connect(&pair);
    heard = pair_sample(pair.read);
    ck_assert_hr(IMediaStream_CreateSharedSample(pair.write, heard, 0, &said), S_OK);
    for (int i = 0; i < 10; i++) {
        DWORD actual = 0;

        ck_assert_hr(IStreamSample_Update(heard, 0, NULL, NULL, 0), S_OK);
        sample_data(heard, NULL, &actual);
        ck_assert_uint_eq(actual, 320);
        ck_assert_hr(IStreamSample_Update(said, 0, NULL, NULL, 0), S_OK);
    }
    kit_release(heard);
    kit_release(said);
    pair_close(&pair);
}
END_TEST

static DWORD WINAPI use_after_close(void *arg)
{
    struct waiter *waiter = arg;
    IMemoryData *memory = NULL;
    IStreamSample *sample = NULL;
    STREAM_TYPE type;

    CoInitializeEx(NULL, COINIT_MULTITHREADED);
    waiter->result = IStreamSample_Update(waiter->sample, 0, NULL, NULL, 0);
    IStreamSample_CompletionStatus(waiter->sample, COMPSTAT_WAIT, PATIENCE);
    IMediaStream_GetInformation(waiter->stream, NULL, &type);
    IMediaStream_SendEndOfStream(waiter->stream, 0);
    if (SUCCEEDED(IMediaStream_AllocateSample(waiter->stream, 0, &sample)))
        IStreamSample_Release(sample);
    if (SUCCEEDED(IStreamSample_QueryInterface(waiter->sample, &IID_IMemoryData, (void **)&memory)))
        IMemoryData_Release(memory);
    CoUninitialize();
    SetEvent(waiter->ready);
    return 0;
}

START_TEST(samples_that_a_client_forgot_survive_the_shutdown_harmlessly)
{
    struct mst_pair pair;
    IStreamSample *leaked[6];
    struct waiter late = {0}, waiting = {0};
    HANDLE thread, blocked;
    ULONGLONG began;

    pair_open(&pair);
    pair_connect(&pair);
    for (size_t i = 0; i < COUNT(leaked); i++) {
        leaked[i] = pair_sample(i % 2 ? pair.read : pair.write);
        if (!(i % 2))
            sample_set_actual(leaked[i], 320);
        ck_assert(SUCCEEDED(IStreamSample_Update(leaked[i], SSUPDATE_ASYNC, NULL, NULL, 0)));
    }
    waiting.sample = pair_sample(pair.read);
    blocked = begin(wait_for_update, &waiting);
    late.stream = pair.write;
    IMediaStream_AddRef(late.stream);
    kit_release(pair.write);
    kit_release(pair.read);
    kit_release(pair.writer);
    kit_release(pair.reader);
    kit_release(pair.out);
    kit_release(pair.in);
    began = GetTickCount64();
    ck_assert_hr(pair.media.open->lpVtbl->Close(pair.media.open), S_OK);
    ck_assert_uint_lt(GetTickCount64() - began, 2000);
    end(blocked, &waiting);
    ck_assert(waiting.result == E_ABORT || waiting.result == VFW_E_NOT_COMMITTED);
    for (size_t i = 0; i < COUNT(leaked); i++) {
        HRESULT hr = IStreamSample_CompletionStatus(leaked[i], COMPSTAT_WAIT, PATIENCE);

        ck_assert(hr == S_OK || hr == E_ABORT);
    }
    late.sample = leaked[0];
    thread = begin(use_after_close, &late);
    end(thread, &late);
    ck_assert(late.result == VFW_E_NOT_COMMITTED);
    kit_release(waiting.sample);
    for (size_t i = 0; i < COUNT(leaked); i++)
        kit_release(leaked[i]);
    kit_release(late.stream);
    kit_release(pair.a);
    kit_release(pair.b);
    kit_release(pair.media.terminals);
    kit_release(pair.media.open);
    kit_release(pair.media.msp);
    kit_end();
}
END_TEST

OMSP_SUITE("mst_media", TEST(a_tone_goes_from_samples_over_rtp_to_samples),
           TEST(a_sample_without_flags_waits_and_one_with_them_does_not),
           TEST(an_apc_comes_to_the_thread_that_updated),
           TEST(a_continuous_update_goes_on_until_it_is_asked_about),
           TEST(a_sample_that_is_sent_again_and_again_is_not_given_out_meanwhile),
           TEST(a_released_sample_needs_the_clients_buffer_no_more),
           TEST(an_update_that_is_refused_changes_nothing_of_the_one_under_way),
           TEST(writers_get_their_samples_back_and_wait_for_them),
           TEST(a_stop_ends_every_wait_with_its_code),
           TEST(what_is_read_from_one_call_can_be_written_to_another_without_copying),
           TEST(samples_that_a_client_forgot_survive_the_shutdown_harmlessly))
