/* Two calls with each other, and terminals of another maker for their streams. */
#ifndef OMSP_TESTS_MSP_HOSTED_KIT_H
#define OMSP_TESTS_MSP_HOSTED_KIT_H

#include "msp/terminal_event.h"
#include "msp/third_party.h"

struct bench {
    struct media media;
    IOpenMSPCall *a, *b;
    ITStream *capture, *render; /* of a; of b */
};

static inline void listen_on(IOpenMSPCall *call)
{
    BSTR address = SysAllocString(L"127.0.0.1");

    ck_assert_hr(IOpenMSPCall_Listen(call, address), S_OK);
    SysFreeString(address);
}

static inline void connect_to(IOpenMSPCall *call, IOpenMSPCall *peer)
{
    BSTR address = NULL;

    ck_assert_hr(IOpenMSPCall_get_LocalAddress(peer, &address), S_OK);
    ck_assert_hr(IOpenMSPCall_SetPeer(call, address, 0), S_OK);
    SysFreeString(address);
}

static inline void connect_both(struct bench *bench)
{
    connect_to(bench->a, bench->b);
    connect_to(bench->b, bench->a);
}

/* The first graph of a session of Wine takes as long as it takes to load and set up what it needs;
 * what a terminal is given for its own is bounded. */
static inline void have_had_a_graph(void)
{
    static bool had;
    IMediaControl *control = NULL;

    if (had)
        return;
    ck_assert_hr(CoCreateInstance(&CLSID_FilterGraph, NULL, CLSCTX_INPROC_SERVER,
                                  &IID_IMediaControl, (void **)&control),
                 S_OK);
    IMediaControl_Run(control);
    IMediaControl_Stop(control);
    kit_release(control);
    had = true;
}

static inline void begin(struct bench *bench)
{
    media_begin(&bench->media);
    have_had_a_graph();
    third_begin();
    bench->a = media_call(&bench->media, TAPIMEDIATYPE_AUDIO);
    bench->b = media_call(&bench->media, TAPIMEDIATYPE_AUDIO);
    listen_on(bench->a);
    listen_on(bench->b);
    bench->capture = media_stream(bench->a, CAPTURE);
    bench->render = media_stream(bench->b, RENDER);
}

/* What the module has of it goes before UnselectTerminal answers; only on a machine so slow that it
 * was not waited for any more, a moment later. */
static inline ULONG third_let_go(ITStream *stream, struct third_terminal *terminal)
{
    ULONGLONG began = GetTickCount64(), give_up = began + 30000;

    ck_assert_hr(ITStream_UnselectTerminal(stream, &terminal->terminal), S_OK);
    if (GetTickCount64() - began > 1000)
        while (terminal->refs > 1 && GetTickCount64() < give_up)
            SwitchToThread();
    return third_release(terminal);
}

static inline void drop(MSP_EVENT_INFO *info)
{
    if (info->Event == ME_CALL_EVENT) {
        kit_release(info->MSP_CALL_EVENT_INFO.pStream);
        if (info->MSP_CALL_EVENT_INFO.pTerminal)
            kit_release(info->MSP_CALL_EVENT_INFO.pTerminal);
    } else {
        msp_terminal_event_release(info);
    }
}

static inline void end(struct bench *bench)
{
    MSP_EVENT_INFO info;

    while (media_event(&bench->media, &info))
        drop(&info);
    kit_release(bench->capture);
    kit_release(bench->render);
    kit_release(bench->a);
    kit_release(bench->b);
    ck_assert_hr(IOpenMSPAddress_Close(bench->media.open), S_OK);
    kit_release(bench->media.terminals);
    kit_release(bench->media.open);
    kit_release(bench->media.msp);
    third_end();
    kit_end();
}

static inline HRESULT create(struct bench *bench, const WCHAR *class, LONG media,
                             TERMINAL_DIRECTION direction, ITTerminal **out)
{
    BSTR text = SysAllocString(class);
    HRESULT hr =
        ITTerminalSupport_CreateTerminal(bench->media.terminals, text, media, direction, out);

    SysFreeString(text);
    return hr;
}

static inline ITTerminal *tone(struct bench *bench)
{
    ITTerminal *terminal = NULL;

    ck_assert_hr(create(bench, THIRD_TONE, TAPIMEDIATYPE_AUDIO, TD_CAPTURE, &terminal), S_OK);
    return terminal;
}

static inline ITTerminal *meter(struct bench *bench)
{
    ITTerminal *terminal = NULL;

    ck_assert_hr(create(bench, THIRD_METER, TAPIMEDIATYPE_AUDIO, TD_RENDER, &terminal), S_OK);
    return terminal;
}

static inline TERMINAL_STATE state_of(ITTerminal *terminal)
{
    TERMINAL_STATE state;

    ck_assert_hr(ITTerminal_get_State(terminal, &state), S_OK);
    return state;
}

/* The next call event, within a bound; its terminal is compared, not kept. */
static inline void expect(struct bench *bench, ITStream *stream, MSP_CALL_EVENT type,
                          MSP_CALL_EVENT_CAUSE cause, HRESULT error, ITTerminal *terminal)
{
    ULONGLONG give_up = GetTickCount64() + 20000;
    MSP_EVENT_INFO info;

    for (;;) {
        ck_assert_msg(GetTickCount64() < give_up, "no event %d", type);
        if (!media_event(&bench->media, &info)) {
            SwitchToThread();
            continue;
        }
        if (info.Event == ME_CALL_EVENT && info.MSP_CALL_EVENT_INFO.pStream == stream)
            break;
        drop(&info);
    }
    ck_assert_int_eq(info.MSP_CALL_EVENT_INFO.Type, type);
    ck_assert_int_eq(info.MSP_CALL_EVENT_INFO.Cause, cause);
    ck_assert_hr(info.MSP_CALL_EVENT_INFO.hrError, error);
    if (terminal)
        ck_assert_ptr_eq(info.MSP_CALL_EVENT_INFO.pTerminal, terminal);
    drop(&info);
}

#endif
