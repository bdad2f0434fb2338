/* Outers that are asked for an interface of the whole, and their ends: nobody asks one that may be
 * gone. */
#include "msp/kit.h"

#include "msp/call.h"

/* Whoever aggregates is there until Shutdown has returned, and what an application leaked outlives
 * that: from then on nothing asks the outer. */
START_TEST(a_call_left_over_does_not_ask_for_an_outer_that_may_be_gone)
{
    HANDLE event;
    ITMSPAddress *address;
    IOpenMSPAddress *back;
    IOpenMSPCall *call;
    struct outer outer, outer_call;
    LONG asked;

    kit_begin();
    event = kit_event();
    outer_init(&outer);
    outer_init(&outer_call);
    ck_assert_hr(msp_address_create(&outer.iface, &IID_IUnknown, (void **)&outer.inner), S_OK);
    address = kit_query(outer.inner, &IID_ITMSPAddress);
    ck_assert_hr(address->lpVtbl->Initialize(address, (MSP_HANDLE)event), S_OK);
    ck_assert_hr(
        address->lpVtbl->CreateMSPCall(address, NULL, 0, 8, &outer_call.iface, &outer_call.inner),
        S_OK);
    call = kit_query(outer_call.inner, &IID_IOpenMSPCall);
    asked = outer.queries;
    ck_assert_hr(IOpenMSPCall_get_MSPAddress(call, &back), S_OK);
    ck_assert_int_eq(outer.queries, asked + 1);
    kit_release(back);
    ck_assert_hr(address->lpVtbl->Shutdown(address), S_OK);
    ck_assert_hr(IOpenMSPCall_get_MSPAddress(call, &back), E_UNEXPECTED);
    ck_assert_ptr_null(back);
    ck_assert_int_eq(outer.queries, asked + 1);
    kit_release(call);
    kit_release(outer_call.inner);
    address->lpVtbl->Release(address);
    kit_release(outer.inner);
    ck_assert_int_eq(outer.refs, 1);
    CloseHandle(event);
    kit_end();
}
END_TEST

/* A sink that is slow is told what waited after its address was shut down, when the outer may be
 * gone. */
START_TEST(an_event_told_late_does_not_ask_for_an_outer_that_may_be_gone)
{
    struct omsp_event event = {.kind = OMSP_EVENT_PRIVATE, .type = OMSP_PRIVATE_DIGIT};
    struct msp_event_parts none = {0};
    struct outer outer;
    ITMSPAddress *address;
    HANDLE signal;

    kit_begin();
    signal = kit_event();
    outer_init(&outer);
    ck_assert_hr(msp_address_create(&outer.iface, &IID_IUnknown, (void **)&outer.inner), S_OK);
    address = kit_query(outer.inner, &IID_ITMSPAddress);
    ck_assert_hr(address->lpVtbl->Initialize(address, (MSP_HANDLE)signal), S_OK);
    for (LONG late = 0; late < 2; late++) {
        LONG asked = outer.queries;
        ITPrivateEvent *told;
        ITAddress *back;
        IDispatch *object;
        TAPI_EVENT kind;

        if (late)
            ck_assert_hr(address->lpVtbl->Shutdown(address), S_OK);
        ck_assert_hr(msp_event_object_create(CONTAINING_RECORD(address, struct msp_address, msp),
                                             &event, &none, &kind, &object),
                     S_OK);
        ck_assert_int_eq(outer.queries, asked + !late);
        told = kit_query(object, &IID_ITPrivateEvent);
        ck_assert_hr(ITPrivateEvent_get_Address(told, &back), TAPI_E_NOTSUPPORTED);
        kit_release(told), kit_release(object);
    }
    address->lpVtbl->Release(address);
    kit_release(outer.inner);
    CloseHandle(signal);
    kit_end();
}
END_TEST

/* ---- an outer that is being asked when its owner ends us --------------------------------------
 */

#define HERE_MS  100 /* so long at least nobody has gone on */
#define ENDED_MS 20000

struct asked {
    struct outer outer;
    HANDLE begun, go_on;
    struct msp_address *address;
    struct msp_call *call;
    HRESULT hr;
};

static void *slow_own(struct outer *outer, REFIID iid)
{
    struct asked *asked = CONTAINING_RECORD(outer, struct asked, outer);

    if (!IsEqualIID(iid, &IID_ITAddress) && !IsEqualIID(iid, &IID_ITCallInfo))
        return NULL;
    SetEvent(asked->begun);
    WaitForSingleObject(asked->go_on, ENDED_MS);
    return outer;
}

static DWORD WINAPI ask(void *arg)
{
    struct asked *asked = arg;
    void *out = NULL;

    asked->hr = asked->call ? msp_call_query(asked->call, &IID_ITCallInfo, &out)
                            : msp_address_query(asked->address, &IID_ITAddress, &out);
    if (SUCCEEDED(asked->hr))
        kit_release(out);
    return 0;
}

static DWORD WINAPI end(void *arg)
{
    struct asked *asked = arg;
    ITMSPAddress *msp = &asked->address->msp;

    if (asked->call)
        asked->hr = msp->lpVtbl->ShutdownMSPCall(msp, asked->outer.inner);
    else
        asked->hr = msp->lpVtbl->Shutdown(msp);
    return 0;
}

/* Ends while the outer is asked. */
static void end_while_asked(struct asked *asked)
{
    struct asked ending = *asked;
    HANDLE asker, ender;

    asked->begun = CreateEventW(NULL, TRUE, FALSE, NULL);
    asked->go_on = CreateEventW(NULL, TRUE, FALSE, NULL);
    asked->outer.own = slow_own;
    asker = CreateThread(NULL, 0, ask, asked, 0, NULL);
    ck_assert_uint_eq(WaitForSingleObject(asked->begun, ENDED_MS), WAIT_OBJECT_0);
    ender = CreateThread(NULL, 0, end, &ending, 0, NULL);
    ck_assert_uint_eq(WaitForSingleObject(ender, HERE_MS), WAIT_TIMEOUT);
    SetEvent(asked->go_on);
    ck_assert_uint_eq(WaitForSingleObject(asker, ENDED_MS), WAIT_OBJECT_0);
    ck_assert_uint_eq(WaitForSingleObject(ender, ENDED_MS), WAIT_OBJECT_0);
    ck_assert_hr(asked->hr, S_OK);
    ck_assert_hr(ending.hr, S_OK);
    asked->outer.own = NULL;
    CloseHandle(asker), CloseHandle(ender);
    CloseHandle(asked->begun), CloseHandle(asked->go_on);
}

START_TEST(who_ends_us_waits_for_who_asks_its_outer)
{
    struct asked whole = {0}, part = {0};
    ITMSPAddress *address;
    HANDLE event;

    kit_begin();
    event = kit_event();
    outer_init(&whole.outer);
    outer_init(&part.outer);
    ck_assert_hr(msp_address_create(&whole.outer.iface, &IID_IUnknown, (void **)&whole.outer.inner),
                 S_OK);
    address = kit_query(whole.outer.inner, &IID_ITMSPAddress);
    whole.address = part.address = CONTAINING_RECORD(address, struct msp_address, msp);
    ck_assert_hr(address->lpVtbl->Initialize(address, (MSP_HANDLE)event), S_OK);
    ck_assert_hr(
        address->lpVtbl->CreateMSPCall(address, NULL, 0, 8, &part.outer.iface, &part.outer.inner),
        S_OK);
    part.call = CONTAINING_RECORD(part.outer.inner, struct msp_call, object.inner);
    end_while_asked(&part);
    end_while_asked(&whole);
    ask(&part);
    ck_assert_hr(part.hr, E_UNEXPECTED);
    ask(&whole);
    ck_assert_hr(whole.hr, E_UNEXPECTED);
    kit_release(part.outer.inner);
    address->lpVtbl->Release(address);
    kit_release(whole.outer.inner);
    ck_assert_int_eq(part.outer.refs, 1);
    ck_assert_int_eq(whole.outer.refs, 1);
    CloseHandle(event);
    kit_end();
}
END_TEST

OMSP_SUITE("outer", TEST(a_call_left_over_does_not_ask_for_an_outer_that_may_be_gone),
           TEST(an_event_told_late_does_not_ask_for_an_outer_that_may_be_gone),
           TEST(who_ends_us_waits_for_who_asks_its_outer))
