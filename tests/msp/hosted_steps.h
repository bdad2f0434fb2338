/*
 * What an application may do with terminals of other makers, one step at a time, each choice from a
 * seed: by one thread or by several at once. Each step knows which HRESULTs TAPI documents for it,
 * and, while there is one thread only, what it must have done.
 */
#ifndef OMSP_TESTS_MSP_HOSTED_STEPS_H
#define OMSP_TESTS_MSP_HOSTED_STEPS_H

#include "msp/hosted_storm.h"

/* ---- steps: terminals ------------------------------------------------------------------------ */

static inline struct third_knobs *knobs_of(ITTerminal *terminal)
{
    return &THIRD_SELF(terminal, terminal)->filter->own;
}

static inline void turn(struct gust *gust, struct third_knobs *knobs)
{
    static const DWORD rates[] = {8000, 16000, 44100, 48000};

    /* What nobody converts seldom: DirectShow takes its time to find that out. */
    knobs->rate = any(gust, 30) ? rates[any(gust, 4)] : 6000;
    knobs->channels = any(gust, 4) ? 1 : 2;
    knobs->connect = any(gust, 8) ? S_OK : any(gust, 2) ? REFUSAL : TAPI_E_TERMINALINUSE;
    knobs->run = any(gust, 8) ? S_OK : VFW_E_NOT_PAUSED;
    knobs->tone_direction = any(gust, 8) ? TD_CAPTURE : (TERMINAL_DIRECTION)any(gust, 3);
    knobs->foreign_token = any(gust, 12) ? NULL : (MSP_HANDLE)(ULONG_PTR)0x4711;
    knobs->abort = !any(gust, 6);
}

static inline void step_create(struct gust *gust)
{
    static const WCHAR *const classes[] = {THIRD_TONE, THIRD_METER, THIRD_NOT_HERE,
                                           L"{6C0F2F0E-3C0B-4B7A-9C35-6F6E1D1B2CFF}"};
    struct storm *storm = gust->storm;
    unsigned which = any(gust, 2), wild = any(gust, 8);
    ITTerminal *terminal = NULL;
    BSTR class;
    HRESULT hr;

    if (!any(gust, 4)) { /* one that the application brings itself */
        terminal = &third_create(which == 0)->terminal;
    } else {
        class = SysAllocString(classes[wild ? which : any(gust, 4)]);
        InterlockedExchange(&third.initialize, any(gust, 8) ? S_OK : REFUSAL);
        hr = MUST(NULL,
                  ITTerminalSupport_CreateTerminal(
                      storm->media.terminals, class,
                      wild ? TAPIMEDIATYPE_AUDIO : (LONG)(1u << any(gust, 18)),
                      wild ? (which ? TD_RENDER : TD_CAPTURE) : (TERMINAL_DIRECTION)any(gust, 4),
                      &terminal),
                  REFUSAL, E_INVALIDARG, REGDB_E_CLASSNOTREG, TAPI_E_INVALIDTERMINALCLASS,
                  TAPI_E_INVALIDMEDIATYPE, TAPI_E_INVALIDDIRECTION, TAPI_E_TIMEOUT);
        SysFreeString(class);
        if ((hr == S_OK) != (terminal != NULL))
            wrong(storm, "CreateTerminal's result", hr);
    }
    if (!terminal)
        return;
    turn(gust, third_own(THIRD_SELF(terminal, terminal)));
    put_terminal(storm, any(gust, SEATS), terminal);
}

static inline bool third_is_held(struct third_terminal *terminal)
{
    ITPluggableTerminalEventSink *sink = third_sink(terminal);

    if (sink)
        kit_release(sink);
    return sink || third_graph(terminal);
}

static inline void step_turn(struct gust *gust)
{
    ITTerminal *terminal = take_terminal(gust->storm, any(gust, SEATS));

    if (!terminal)
        return;
    turn(gust, knobs_of(terminal));
    kit_release(terminal);
}

/* It tells something, as long as it has somebody to tell. */
static inline void step_fire(struct gust *gust)
{
    ITTerminal *terminal = take_terminal(gust->storm, any(gust, SEATS));
    ITPluggableTerminalEventSink *sink =
        terminal ? third_sink(THIRD_SELF(terminal, terminal)) : NULL;
    MSP_EVENT_INFO info = {.dwSize = sizeof(info), .Event = ME_PRIVATE_EVENT};

    if (sink) {
        info.MSP_PRIVATE_EVENT_INFO.pEvent = (IDispatch *)terminal;
        ITTerminal_AddRef(terminal);
        if (FAILED(MUST(NULL, sink->lpVtbl->FireEvent(sink, &info), TAPI_E_INVALIDSTREAM,
                        TAPI_E_CALLUNAVAIL)))
            kit_release(terminal);
        kit_release(sink);
    }
    if (terminal)
        kit_release(terminal);
}

/* ---- steps: streams -------------------------------------------------------------------------- */

static inline HRESULT select_on(struct line *line, ITTerminal *terminal)
{
    return line->sub ? ITSubStream_SelectTerminal(line->substream, terminal)
                     : ITStream_SelectTerminal(line->stream, terminal);
}

static inline HRESULT unselect_on(struct line *line, ITTerminal *terminal)
{
    return line->sub ? ITSubStream_UnselectTerminal(line->substream, terminal)
                     : ITStream_UnselectTerminal(line->stream, terminal);
}

static inline HRESULT start_line(struct line *line)
{
    return line->sub ? ITSubStream_StartSubStream(line->substream)
                     : ITStream_StartStream(line->stream);
}

static inline HRESULT pause_line(struct line *line)
{
    return line->sub ? ITSubStream_PauseSubStream(line->substream)
                     : ITStream_PauseStream(line->stream);
}

static inline HRESULT stop_line(struct line *line)
{
    return line->sub ? ITSubStream_StopSubStream(line->substream)
                     : ITStream_StopStream(line->stream);
}

static inline void step_select(struct gust *gust)
{
    struct storm *storm = gust->storm;
    unsigned seat = any(gust, SEATS);
    ITTerminal *terminal = take_terminal(storm, seat);
    struct line *line;
    HRESULT hr;
    int at;

    if (!terminal)
        return;
    at = line_for(gust, THIRD_SELF(terminal, terminal));
    line = &storm->lines[at];
    hr = MUST_THEIRS(line, select_on(line, terminal), TAPI_E_INVALIDTERMINAL, TAPI_E_MAXTERMINALS,
                     TAPI_E_TERMINALINUSE, TAPI_E_TIMEOUT, TAPI_E_OPERATIONFAILED);
    if (hr == S_OK) {
        InterlockedIncrement(&storm->selected);
        if (storm->threads == 1 && storm->seats[seat].on >= 0)
            wrong(storm, "selected twice", hr);
        seat_moves(storm, seat, at);
    }
    kit_release(terminal);
}

static inline void step_unselect(struct gust *gust)
{
    struct storm *storm = gust->storm;
    unsigned seat = any(gust, SEATS);
    ITTerminal *terminal = take_terminal(storm, seat);
    bool known = storm->threads == 1;
    int at = known && any(gust, 2) && storm->seats[seat].on >= 0 ? storm->seats[seat].on
                                                                 : any_line(gust);
    struct line *line = &storm->lines[at];
    ULONGLONG began = GetTickCount64();
    HRESULT hr;

    if (!terminal)
        return;
    hr = MUST(line, unselect_on(line, terminal), TAPI_E_INVALIDTERMINAL, TAPI_E_TIMEOUT);
    if (known && hr != TAPI_E_TIMEOUT && !line->shut && !storm->shut &&
        (hr == S_OK) != (storm->seats[seat].on == at))
        wrong(storm, "UnselectTerminal of what is, or is not, selected", hr);
    if (hr == S_OK) {
        struct third_terminal *third_terminal = THIRD_SELF(terminal, terminal);

        seat_moves(storm, seat, -1);
        /* One that somebody has waited for in vain is not waited for again. */
        if (known && !storm->slow && GetTickCount64() - began < QUICK &&
            third_is_held(third_terminal))
            wrong(storm, "unselected, and not let go of", hr);
    }
    kit_release(terminal);
}

static inline void step_move(struct gust *gust)
{
    struct storm *storm = gust->storm;
    struct line *line = &storm->lines[any_line(gust)];

    switch (any(gust, 5)) {
    case 0:
    case 1:
        if (MUST_THEIRS(line, start_line(line), TAPI_E_TIMEOUT, TAPI_E_TERMINALINUSE,
                        TAPI_E_OPERATIONFAILED) == S_OK)
            InterlockedIncrement(&storm->started);
        break;
    case 2:
        MUST_THEIRS(line, pause_line(line), TAPI_E_TIMEOUT, TAPI_E_TERMINALINUSE,
                    TAPI_E_OPERATIONFAILED);
        break;
    default:
        MUST(line, stop_line(line), S_OK);
    }
}

/* Whoever is selected is listed, by the pointer that was given. */
static inline void step_look(struct gust *gust)
{
    struct storm *storm = gust->storm;
    struct line *line = &storm->lines[any_line(gust)];
    IEnumTerminal *all = NULL;
    ITTerminal *terminal;
    TERMINAL_STATE state;
    LONG count = 0;
    HRESULT hr = MUST(line,
                      line->sub ? ITSubStream_EnumerateTerminals(line->substream, &all)
                                : ITStream_EnumerateTerminals(line->stream, &all),
                      S_OK);

    if (hr != S_OK)
        return;
    while (IEnumTerminal_Next(all, 1, &terminal, NULL) == S_OK) {
        MUST(line, ITTerminal_get_State(terminal, &state), S_OK);
        count++;
        kit_release(terminal);
    }
    kit_release(all);
    if (storm->threads == 1 && count != line->selected)
        wrong(storm, "how many are listed", (HRESULT)count);
}

static inline void step_substream(struct gust *gust)
{
    struct storm *storm = gust->storm;
    int at = any_line(gust);
    struct line *line = &storm->lines[at], *parent = &storm->lines[line->sub ? line->parent : at];
    ITSubStreamControl *control = NULL;
    ITSubStream *made = NULL;

    if (FAILED(ITStream_QueryInterface(parent->stream, &IID_ITSubStreamControl, (void **)&control)))
        return; /* a capture stream */
    if (line->sub) {
        HRESULT hr =
            MUST(line, ITSubStreamControl_RemoveSubStream(control, line->substream), E_INVALIDARG);

        if (hr == S_OK)
            lines_end(storm, line->call, at);
    } else if (InterlockedIncrement(&storm->substream_count) <= LINES - 2 * CALLS) {
        HRESULT hr =
            MUST(line, ITSubStreamControl_CreateSubStream(control, &made), TAPI_E_MAXSTREAMS);

        if ((hr == S_OK) != (made != NULL))
            wrong(storm, "CreateSubStream's result", hr);
    }
    if (made) {
        AcquireSRWLockExclusive(&storm->lock);
        add_line(storm, made, at, line->call);
        if (line->shut)
            InterlockedExchange(&storm->lines[storm->line_count - 1].shut, 1);
        ReleaseSRWLockExclusive(&storm->lock);
    }
    kit_release(control);
}

/* ---- steps: calls ---------------------------------------------------------------------------- */

static inline void step_connect(struct gust *gust)
{
    struct storm *storm = gust->storm;

    for (unsigned side = 0; side < 2; side++) {
        IOpenMSPCall *call = take_call(storm, side), *peer = take_call(storm, !side);
        BSTR address = NULL;

        if (call && peer && any(gust, 8)) {
            if (MUST(NULL, IOpenMSPCall_get_LocalAddress(peer, &address), S_OK) == S_OK &&
                address && address[0])
                MUST(NULL, IOpenMSPCall_SetPeer(call, address, any(gust, 2) ? 0 : 8),
                     TAPI_E_RESOURCEUNAVAIL);
            SysFreeString(address);
        } else if (call) { /* before anybody told a peer, too */
            MUST(NULL, IOpenMSPCall_Connect(call), TAPI_E_WRONG_STATE);
        }
        if (call)
            kit_release(call);
        if (peer)
            kit_release(peer);
    }
}

/* Another codec, packet time or description while media flow; one that puts on hold, too. */
static inline void step_offer(struct gust *gust)
{
    static const WCHAR *const words[] = {L"sendrecv", L"sendonly", L"recvonly", L"inactive"};
    static const WCHAR *const codecs[] = {L"PCMU", L"PCMA", L"PCMA,PCMU", L"PCMU,PCMA"};
    unsigned side = any(gust, 2);
    IOpenMSPCall *call = take_call(gust->storm, side), *peer = take_call(gust->storm, !side);
    BSTR text = NULL;
    WCHAR sdp[400];

    if (call && peer) {
        switch (any(gust, 4)) {
        case 0:
            text = SysAllocString(codecs[any(gust, 4)]);
            MUST(NULL, IOpenMSPCall_put_Codecs(call, text), TAPI_E_RESOURCEUNAVAIL);
            break;
        case 1:
            MUST(NULL, IOpenMSPCall_put_PacketTime(call, (LONG)any(gust, 8) * 10), E_INVALIDARG);
            break;
        case 2:
            MUST(NULL, IOpenMSPCall_put_MediaTimeout(call, (LONG)any(gust, 3) * 100), S_OK);
            break;
        default:
            if (MUST(NULL, IOpenMSPCall_get_LocalAddress(peer, &text), S_OK) == S_OK && text &&
                wcschr(text, L':')) {
                _snwprintf(sdp, sizeof(sdp) / sizeof(sdp[0]),
                           L"v=0\r\no=- 1 %u IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\n"
                           L"t=0 0\r\nm=audio %ls RTP/AVP 0 8\r\na=%ls\r\n",
                           any(gust, 1000), wcschr(text, L':') + 1, words[any(gust, 4)]);
                SysFreeString(text);
                text = SysAllocString(sdp);
                MUST(NULL, IOpenMSPCall_put_RemoteDescription(call, text), E_INVALIDARG,
                     TAPI_E_RESOURCEUNAVAIL, TAPI_E_INVALIDMEDIATYPE);
            }
        }
        SysFreeString(text);
    }
    if (call)
        kit_release(call);
    if (peer)
        kit_release(peer);
}

static inline void step_disconnect(struct gust *gust)
{
    IOpenMSPCall *call = take_call(gust->storm, any(gust, 2));

    if (!call)
        return;
    MUST(NULL, IOpenMSPCall_Disconnect(call), TAPI_E_WRONG_STATE);
    kit_release(call);
}

/* A call in the place of the one that was there, which is closed, or only let go of. */
static inline void new_call(struct gust *gust, unsigned side)
{
    struct storm *storm = gust->storm;
    LONG number = InterlockedIncrement(&storm->call_count) - 1, was = -1;
    IOpenMSPCall *call = NULL, *before;
    BSTR address = SysAllocString(L"127.0.0.1");
    ITStream *streams[2];
    int first;

    if (number < CALLS)
        MUST(NULL, IOpenMSPAddress_CreateCall(storm->media.open, TAPIMEDIATYPE_AUDIO, &call), S_OK);
    if (!call) {
        SysFreeString(address);
        return;
    }
    MUST(NULL, IOpenMSPCall_Listen(call, address), S_OK);
    SysFreeString(address);
    for (ULONG i = 0; i < 2; i++) {
        ITStreamControl *control = kit_query(call, &IID_ITStreamControl);
        IEnumStream *all = NULL;

        streams[i] = NULL;
        if (MUST(NULL, ITStreamControl_EnumerateStreams(control, &all), S_OK) == S_OK) {
            if (i)
                IEnumStream_Skip(all, i);
            IEnumStream_Next(all, 1, &streams[i], NULL);
            kit_release(all);
        }
        kit_release(control);
    }
    if (!streams[0] || !streams[1]) { /* closed already */
        for (int i = 0; i < 2; i++)
            if (streams[i])
                kit_release(streams[i]);
        kit_release(call);
        return;
    }
    AcquireSRWLockExclusive(&storm->lock);
    before = storm->calls[side];
    if (before)
        was = storm->lines[storm->first[side]].call;
    storm->calls[side] = call;
    first = add_line(storm, streams[0], -1, number);
    storm->lines[add_line(storm, streams[1], -1, number)].render = true;
    storm->first[side] = first;
    ReleaseSRWLockExclusive(&storm->lock);
    if (!before)
        return;
    if (any(gust, 4)) {
        for (unsigned again = 1 + any(gust, 2); again; again--)
            MUST(NULL, IOpenMSPCall_Close(before), S_OK);
        lines_end(storm, was, -1);
    }
    kit_release(before);
}

static inline void close_address(struct gust *gust)
{
    struct storm *storm = gust->storm;

    InterlockedExchange(&storm->shut, 1);
    MUST(NULL, IOpenMSPAddress_Close(storm->media.open), S_OK);
    for (int i = 0; storm->threads == 1 && i < SEATS; i++)
        storm->seats[i].on = -1;
}

/* ---- a step ---------------------------------------------------------------------------------- */

static inline void step(struct gust *gust)
{
    ULONGLONG began = GetTickCount64();
    unsigned kind = any(gust, 40);

    if (kind < 6)
        step_create(gust);
    else if (kind < 16)
        step_select(gust);
    else if (kind < 20)
        step_unselect(gust);
    else if (kind < 26)
        step_move(gust);
    else if (kind < 29)
        step_substream(gust);
    else if (kind < 31)
        step_connect(gust);
    else if (kind < 33)
        step_offer(gust);
    else if (kind < 34)
        step_disconnect(gust);
    else if (kind < 35)
        step_turn(gust);
    else if (kind < 36)
        step_fire(gust);
    else if (kind < 37)
        drain(gust->storm);
    else if (kind < 38)
        step_look(gust);
    else if (kind < 39)
        put_terminal(gust->storm, any(gust, SEATS), NULL);
    else if (any(gust, 4))
        new_call(gust, any(gust, 2));
    else if (!any(gust, 8))
        close_address(gust);
    if (GetTickCount64() - began > QUICK)
        InterlockedIncrement(&gust->storm->slow);
}

#endif
