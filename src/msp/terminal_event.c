/*
 * The table of events of terminals that wait for their listeners. Any thread; foreign interfaces
 * are released without the lock.
 */
#include "msp/terminal_event.h"

#include "base/alloc.h"
#include "base/list.h"

#define MAX_WAITING 256u

struct waiting {
    struct omsp_link link;
    uint32_t detail;
    unsigned takers; /* that have not taken it yet */
    const struct omsp_address *address;
    MSP_EVENT_INFO info;
};

static SRWLOCK lock = SRWLOCK_INIT;
static struct omsp_link all = {&all, &all}; /* oldest first */
static unsigned count;
static uint32_t last;

/* The interfaces that an event of this kind carries; room for two. False: not a terminal's kind. */
static bool carried(MSP_EVENT_INFO *info, IUnknown ***out)
{
    out[0] = out[1] = NULL;
    switch (info->Event) {
    case ME_PRIVATE_EVENT:
        out[0] = (IUnknown **)&info->MSP_PRIVATE_EVENT_INFO.pEvent;
        return true;
    case ME_FILE_TERMINAL_EVENT:
        out[0] = (IUnknown **)&info->MSP_FILE_TERMINAL_EVENT_INFO.pParentFileTerminal;
        out[1] = (IUnknown **)&info->MSP_FILE_TERMINAL_EVENT_INFO.pFileTrack;
        return true;
    case ME_ASR_TERMINAL_EVENT:
        out[0] = (IUnknown **)&info->MSP_ASR_TERMINAL_EVENT_INFO.pASRTerminal;
        return true;
    case ME_TTS_TERMINAL_EVENT:
        out[0] = (IUnknown **)&info->MSP_TTS_TERMINAL_EVENT_INFO.pTTSTerminal;
        return true;
    case ME_TONE_TERMINAL_EVENT:
        out[0] = (IUnknown **)&info->MSP_TONE_TERMINAL_EVENT_INFO.pToneTerminal;
        return true;
    default:
        return false;
    }
}

static void addref(MSP_EVENT_INFO *info)
{
    IUnknown **members[2];

    carried(info, members);
    for (unsigned i = 0; i < 2; i++)
        if (members[i] && *members[i])
            IUnknown_AddRef(*members[i]);
}

void msp_terminal_event_release(MSP_EVENT_INFO *info)
{
    IUnknown **members[2];

    carried(info, members);
    for (unsigned i = 0; i < 2; i++)
        if (members[i] && *members[i])
            IUnknown_Release(*members[i]);
}

static void give_back(struct waiting *waiting)
{
    if (waiting) {
        msp_terminal_event_release(&waiting->info);
        omsp_free(waiting);
    }
}

/* Lock held. */
static struct waiting *find(uint32_t detail)
{
    omsp_list_each(link, &all)
    {
        struct waiting *waiting = omsp_container(link, struct waiting, link);

        if (waiting->detail == detail)
            return waiting;
    }
    return NULL;
}

/* Lock held. */
static struct waiting *take_out(struct waiting *waiting)
{
    if (waiting) {
        omsp_list_remove(&waiting->link);
        count--;
    }
    return waiting;
}

HRESULT msp_terminal_event_post(struct omsp_call *call, struct omsp_address *address,
                                const MSP_EVENT_INFO *info, MSP_EVENT_INFO *oldest)
{
    struct waiting *waiting = omsp_zalloc(sizeof(*waiting)), *pushed = NULL;
    IUnknown **members[2];
    enum omsp_status status;
    uint32_t detail;

    memset(oldest, 0, sizeof(*oldest));
    if (!waiting)
        return E_OUTOFMEMORY;
    waiting->info = *info;
    waiting->address = address;
    waiting->takers = omsp_address_listeners(address);
    if (!carried(&waiting->info, members)) {
        omsp_free(waiting);
        return E_INVALIDARG;
    }
    AcquireSRWLockExclusive(&lock);
    detail = waiting->detail = ++last;
    omsp_list_insert(&all, &waiting->link);
    if (++count > MAX_WAITING)
        pushed = take_out(omsp_container(all.next, struct waiting, link));
    ReleaseSRWLockExclusive(&lock);
    if (pushed)
        *oldest = pushed->info;
    omsp_free(pushed);
    status = omsp_call_post_detail(call, detail);
    if (status == OMSP_OK)
        return S_OK;
    AcquireSRWLockExclusive(&lock);
    waiting = take_out(find(detail));
    ReleaseSRWLockExclusive(&lock);
    if (!waiting) /* the address ended meanwhile, or too much waits: they were given back */
        return S_OK;
    omsp_free(waiting); /* its references stay the terminal's */
    return status == OMSP_NOMEM ? E_OUTOFMEMORY : TAPI_E_CALLUNAVAIL;
}

bool msp_terminal_event_look(uint32_t detail, MSP_EVENT *out)
{
    const struct waiting *waiting;

    AcquireSRWLockShared(&lock);
    waiting = find(detail);
    if (waiting)
        *out = waiting->info.Event;
    ReleaseSRWLockShared(&lock);
    return waiting != NULL;
}

bool msp_terminal_event_take(uint32_t detail, MSP_EVENT_INFO *out)
{
    struct waiting *waiting, *done = NULL;

    AcquireSRWLockExclusive(&lock);
    waiting = find(detail);
    if (waiting) {
        *out = waiting->info;
        if (waiting->takers > 1) {
            waiting->takers--;
            addref(out); /* counting up is safe anywhere */
        } else {
            done = take_out(waiting); /* the last gets the references themselves */
        }
    }
    ReleaseSRWLockExclusive(&lock);
    omsp_free(done);
    return waiting != NULL;
}

void msp_terminal_event_forget(const struct omsp_address *address)
{
    struct waiting *waiting;

    do {
        waiting = NULL;
        AcquireSRWLockExclusive(&lock);
        omsp_list_each(link, &all)
        {
            waiting = omsp_container(link, struct waiting, link);
            if (waiting->address == address)
                break;
            waiting = NULL;
        }
        take_out(waiting);
        ReleaseSRWLockExclusive(&lock);
        give_back(waiting);
    } while (waiting);
}
