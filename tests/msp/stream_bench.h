/*
 * Two connected calls, one of which plays, and a consumer: what the suites of media streams begin
 * with.
 */
#ifndef OMSP_TESTS_MSP_STREAM_BENCH_H
#define OMSP_TESTS_MSP_STREAM_BENCH_H

#include "msp/consumer_kit.h"

/* Two calls that talk to each other; b plays silence, a's audio is what is streamed. */
struct bench {
    struct media media;
    struct consumer consumer;
    IOpenMSPCall *a, *b;
    ITStream *playing;
    ITTerminal *player, *track;
    bool closed; /* the address: no events any more */
};

static inline void connect_to(IOpenMSPCall *call, IOpenMSPCall *peer)
{
    BSTR address = NULL;

    ck_assert_hr(IOpenMSPCall_get_LocalAddress(peer, &address), S_OK);
    ck_assert_hr(IOpenMSPCall_SetPeer(call, address, 0), S_OK);
    SysFreeString(address);
}

static inline void listen_on(IOpenMSPCall *call)
{
    BSTR address = SysAllocString(L"127.0.0.1");

    ck_assert_hr(IOpenMSPCall_Listen(call, address), S_OK);
    SysFreeString(address);
}

static inline void drain(struct bench *bench)
{
    MSP_EVENT_INFO info;

    while (!bench->closed && media_event(&bench->media, &info)) {
        if (info.Event == ME_CALL_EVENT) {
            kit_release(info.MSP_CALL_EVENT_INFO.pStream);
            if (info.MSP_CALL_EVENT_INFO.pTerminal)
                kit_release(info.MSP_CALL_EVENT_INFO.pTerminal);
        } else if (info.Event == ME_FILE_TERMINAL_EVENT) {
            if (info.MSP_FILE_TERMINAL_EVENT_INFO.pParentFileTerminal)
                kit_release(info.MSP_FILE_TERMINAL_EVENT_INFO.pParentFileTerminal);
            if (info.MSP_FILE_TERMINAL_EVENT_INFO.pFileTrack)
                kit_release(info.MSP_FILE_TERMINAL_EVENT_INFO.pFileTrack);
        }
    }
}

static inline void open_bench(struct bench *bench)
{
    ITMediaControl *control;

    bench->closed = false;
    media_begin(&bench->media);
    consumer_begin(&bench->consumer);
    bench->a = media_call(&bench->media, TAPIMEDIATYPE_AUDIO);
    bench->b = media_call(&bench->media, TAPIMEDIATYPE_AUDIO);
    listen_on(bench->a);
    listen_on(bench->b);
    bench->playing = media_stream(bench->b, CAPTURE);
    bench->player = media_playing(&bench->media, L"stream.wav", 8000 * 60, &bench->track);
    ck_assert_hr(ITStream_SelectTerminal(bench->playing, bench->track), S_OK);
    control = kit_query(bench->player, &IID_ITMediaControl);
    ck_assert_hr(ITMediaControl_Start(control), S_OK);
    kit_release(control);
    connect_to(bench->a, bench->b);
    connect_to(bench->b, bench->a);
    drain(bench);
}

/* Everything but what kit_end checks. */
static inline void close_bench_keeping(struct bench *bench)
{
    drain(bench);
    kit_release(bench->track);
    kit_release(bench->player);
    kit_release(bench->playing);
    kit_release(bench->a);
    kit_release(bench->b);
    ck_assert_hr(IOpenMSPAddress_Close(bench->media.open), S_OK);
    kit_release(bench->media.terminals);
    kit_release(bench->media.open);
    kit_release(bench->media.msp);
}

static inline void end_bench(struct bench *bench)
{
    kit_end();
    consumer_end(&bench->consumer);
    media_delete(L"stream.wav");
}

static inline void close_bench(struct bench *bench)
{
    close_bench_keeping(bench);
    end_bench(bench);
}

/* The next event of this stream, whatever others there are; within a bound. terminal NULL:
 * any, and any error. */
static inline void await_terminal_event(struct bench *bench, void *stream, MSP_CALL_EVENT type,
                                        MSP_CALL_EVENT_CAUSE cause, HRESULT error,
                                        ITTerminal *terminal)
{
    ULONGLONG give_up = GetTickCount64() + CONSUMER_WAIT_MS;
    ITStream *wanted = kit_query(stream, &IID_ITStream);

    for (;;) {
        MSP_EVENT_INFO info = {0};
        bool right = false;

        ck_assert_msg(GetTickCount64() < give_up, "no event %d of the stream", type);
        if (!media_event(&bench->media, &info)) {
            SwitchToThread();
            continue;
        }
        if (info.Event == ME_CALL_EVENT) {
            right = info.MSP_CALL_EVENT_INFO.pStream == wanted;
            if (right && terminal)
                ck_assert_ptr_eq(info.MSP_CALL_EVENT_INFO.pTerminal, terminal);
            kit_release(info.MSP_CALL_EVENT_INFO.pStream);
            if (info.MSP_CALL_EVENT_INFO.pTerminal)
                kit_release(info.MSP_CALL_EVENT_INFO.pTerminal);
        }
        if (right) {
            ck_assert_int_eq(info.MSP_CALL_EVENT_INFO.Type, type);
            ck_assert_int_eq(info.MSP_CALL_EVENT_INFO.Cause, cause);
            if (terminal)
                ck_assert_hr(info.MSP_CALL_EVENT_INFO.hrError, error);
            break;
        }
    }
    kit_release(wanted);
}

static inline void await_event(struct bench *bench, void *stream, MSP_CALL_EVENT type,
                               MSP_CALL_EVENT_CAUSE cause)
{
    await_terminal_event(bench, stream, type, cause, S_OK, NULL);
}

#endif
