/*
 * What an application may do with terminals of other makers, one step at a time, each choice from a
 * seed: for sequences by one thread or by several at once. Steps run on any thread, so that what is
 * wrong is printed and counted here, and asserted by the test. The laws of one step are here, too:
 * which HRESULTs TAPI documents for it, and, while there is one thread only, what it must have
 * done.
 */
#ifndef OMSP_TESTS_MSP_HOSTED_STORM_H
#define OMSP_TESTS_MSP_HOSTED_STORM_H

#include "msp/hosted_kit.h"

#define SEATS 8
#define LINES 40
#define CALLS 8 /* that are made in one sequence, at most */

#define REFUSAL MAKE_HRESULT(1, FACILITY_ITF, 0x777) /* a terminal's own code */
#define QUICK   1000u                                /* ms: no bound of ours can have been over */

/* A stream or substream of some call of the sequence; kept to its end, closed calls' too. */
struct line {
    union {
        ITStream *stream;
        ITSubStream *substream;
        IUnknown *unknown;
    };
    bool sub, render;
    int parent;                           /* of a substream */
    LONG call;                            /* of which call: the how manieth */
    enum { QUIET, ACTIVE, PERHAPS } told; /* by order */
    volatile LONG shut;                   /* its call was closed, or it was removed */
    LONG selected;                        /* terminals, while there is one thread only */
};

struct seat {
    ITTerminal *terminal; /* a reference; NULL: free */
    int on;               /* line, while there is one thread only; -1: none */
};

struct storm {
    struct media media;
    unsigned threads;
    SRWLOCK lock; /* leaf: seats, calls, line_count */
    struct seat seats[SEATS];
    IOpenMSPCall *calls[2];
    int first[2]; /* line of a call's capture stream; the render stream's is the next */
    struct line lines[LINES];
    volatile LONG line_count, call_count, substream_count;
    volatile LONG shut; /* the address was closed */
    SRWLOCK order;      /* one thread at a time reads events, so that their order can be judged */
    volatile LONG wrong;
    volatile LONG selected, started, events, slow; /* how much happened */
};

/* One thread of it. */
struct gust {
    struct storm *storm;
    uint32_t seed;
    unsigned steps;
    HANDLE thread;
};

static inline unsigned any(struct gust *gust, unsigned count)
{
    gust->seed = gust->seed * 1664525u + 1013904223u;
    return (gust->seed >> 12) % count;
}

static inline void wrong(struct storm *storm, const char *what, HRESULT hr)
{
    printf("%s: 0x%08lx\n", what, (unsigned long)hr);
    InterlockedIncrement(&storm->wrong);
}

/* ---- documented ------------------------------------------------------------------------------ */

/* Closed by others at any moment; with one thread it is known whether. */
static inline bool may_be_shut(const struct storm *storm, const struct line *line)
{
    return storm->threads > 1 || storm->shut || (line && line->shut);
}

/* What a terminal, or DirectShow for it, answers in its own words. */
static inline bool is_theirs(HRESULT hr)
{
    return hr == REFUSAL || hr == (HRESULT)TAPI_E_INVALIDDIRECTION ||
           (HRESULT_FACILITY(hr) == FACILITY_ITF && HRESULT_CODE(hr) >= 0x200 &&
            HRESULT_CODE(hr) < 0x300);
}

/* codes: those beside S_OK, E_UNEXPECTED (shut) and, where theirs is said, a terminal's own; ends
 * with S_OK. */
static inline HRESULT must(struct storm *storm, const struct line *line, HRESULT hr,
                           const char *what, bool theirs, const HRESULT *codes)
{
    bool fine =
        hr == S_OK || (theirs && is_theirs(hr)) || (hr == E_UNEXPECTED && may_be_shut(storm, line));

    for (; *codes != S_OK; codes++)
        fine |= hr == *codes;
    if (!fine)
        wrong(storm, what, hr);
    return hr;
}

#define CODES(...) ((const HRESULT[]){__VA_ARGS__, S_OK})
#define MUST(line, expression, ...)                                                                \
    must(gust->storm, line, expression, #expression, false, CODES(__VA_ARGS__))
#define MUST_THEIRS(line, expression, ...)                                                         \
    must(gust->storm, line, expression, #expression, true, CODES(__VA_ARGS__))

/* ---- events ---------------------------------------------------------------------------------- */

/* ACTIVE and INACTIVE alternate; a STREAM_FAIL may stand for the latter (core/stream.h). */
static inline void judge(struct storm *storm, const MSP_EVENT_INFO *info)
{
    struct line *line = NULL;
    HRESULT error = info->MSP_CALL_EVENT_INFO.hrError;
    LONG count = storm->line_count;

    for (LONG i = 0; i < count; i++)
        if (storm->lines[i].stream == info->MSP_CALL_EVENT_INFO.pStream && !storm->lines[i].sub)
            line = &storm->lines[i];
    if (!line) {
        wrong(storm, "an event of no stream", error);
        return;
    }
    switch (info->MSP_CALL_EVENT_INFO.Type) {
    case CALL_STREAM_ACTIVE:
        if (line->told == ACTIVE || error != S_OK)
            wrong(storm, "ACTIVE twice", error);
        line->told = ACTIVE;
        break;
    case CALL_STREAM_INACTIVE:
        if (line->told == QUIET || error != S_OK)
            wrong(storm, "INACTIVE twice", error);
        line->told = QUIET;
        break;
    case CALL_STREAM_FAIL:
        if (line->told == ACTIVE)
            line->told = PERHAPS;
        /* fallthrough */
    case CALL_TERMINAL_FAIL:
        if (error != TAPI_E_OPERATIONFAILED && error != TAPI_E_TIMEOUT &&
            error != TAPI_E_TERMINALINUSE && error != E_ACCESSDENIED)
            wrong(storm, "FAIL", error);
        break;
    default:
        wrong(storm, "an event that nobody knows", error);
    }
}

static inline void drain(struct storm *storm)
{
    ITMSPAddress *address = storm->media.msp;
    union {
        MSP_EVENT_INFO info;
        BYTE bytes[4096];
    } event;

    AcquireSRWLockExclusive(&storm->order);
    for (;;) {
        DWORD size = sizeof(event);
        HRESULT hr = address->lpVtbl->GetEvent(address, &size, event.bytes);

        if (hr != S_OK) {
            if (hr != (HRESULT)TAPI_E_NOEVENT && !(hr == E_UNEXPECTED && storm->shut))
                wrong(storm, "GetEvent", hr);
            break;
        }
        InterlockedIncrement(&storm->events);
        if (event.info.Event == ME_CALL_EVENT)
            judge(storm, &event.info);
        drop(&event.info);
    }
    ReleaseSRWLockExclusive(&storm->order);
}

/* ---- what there is --------------------------------------------------------------------------- */

/* With a reference, or NULL. */
static inline ITTerminal *take_terminal(struct storm *storm, unsigned seat)
{
    ITTerminal *terminal;

    AcquireSRWLockShared(&storm->lock);
    terminal = storm->seats[seat].terminal;
    if (terminal)
        ITTerminal_AddRef(terminal);
    ReleaseSRWLockShared(&storm->lock);
    return terminal;
}

/* Takes the reference over; what sat there may still be selected. */
static inline void put_terminal(struct storm *storm, unsigned seat, ITTerminal *terminal)
{
    ITTerminal *before;

    AcquireSRWLockExclusive(&storm->lock);
    before = storm->seats[seat].terminal;
    storm->seats[seat].terminal = terminal;
    storm->seats[seat].on = -1;
    ReleaseSRWLockExclusive(&storm->lock);
    if (before)
        kit_release(before);
}

static inline IOpenMSPCall *take_call(struct storm *storm, unsigned side)
{
    IOpenMSPCall *call;

    AcquireSRWLockShared(&storm->lock);
    call = storm->calls[side];
    if (call)
        IOpenMSPCall_AddRef(call);
    ReleaseSRWLockShared(&storm->lock);
    return call;
}

/* Mostly a stream of a call that is there, else any that there ever was. */
static inline int any_line(struct gust *gust)
{
    struct storm *storm = gust->storm;
    int index;

    AcquireSRWLockShared(&storm->lock);
    index = any(gust, 3) ? storm->first[any(gust, 2)] + (int)any(gust, 2)
                         : (int)any(gust, (unsigned)storm->line_count);
    ReleaseSRWLockShared(&storm->lock);
    return index;
}

static inline int add_line(struct storm *storm, void *stream, int parent, LONG call)
{
    struct line *line = &storm->lines[storm->line_count];

    line->unknown = stream;
    line->sub = line->render = parent >= 0;
    line->parent = parent;
    line->call = call;
    return (int)InterlockedIncrement(&storm->line_count) - 1;
}

/* Mostly the stream that goes the terminal's way; a call's two are neighbours. */
static inline int line_for(struct gust *gust, const struct third_terminal *terminal)
{
    int at = any_line(gust);
    const struct line *line = &gust->storm->lines[at];

    if (!any(gust, 8) || line->sub || line->render != terminal->tone)
        return at;
    return line->render ? at - 1 : at + 1;
}

static inline void seat_moves(struct storm *storm, unsigned seat, int line)
{
    struct seat *self = &storm->seats[seat];

    if (storm->threads > 1)
        return;
    if (self->on >= 0)
        storm->lines[self->on].selected--;
    self->on = line;
    if (line >= 0)
        storm->lines[line].selected++;
}

/* All of them of this call, or this one alone when it is a substream, end. */
static inline void lines_end(struct storm *storm, LONG call, int only)
{
    AcquireSRWLockShared(&storm->lock);
    for (int i = 0; i < storm->line_count; i++)
        if (only < 0 ? storm->lines[i].call == call : i == only)
            InterlockedExchange(&storm->lines[i].shut, 1);
    ReleaseSRWLockShared(&storm->lock);
    for (int i = 0; storm->threads == 1 && i < SEATS; i++)
        if (storm->seats[i].on >= 0 && storm->lines[storm->seats[i].on].shut)
            storm->seats[i].on = -1;
}

#endif
