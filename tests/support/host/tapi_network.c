/*
 * The network behind the stand-in's lines, and the TSP's part: who rings where, and what is said to
 * the MSPs of both ends. On the thread of whoever calls Connect, Answer or Disconnect; one at a
 * time. The TSP speaks first about a call, when it learns of it.
 */
#include "support/host/tapi_objects.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

static SRWLOCK network = SRWLOCK_INIT;
static CONDITION_VARIABLE moved = CONDITION_VARIABLE_INIT;

/* With the lock. */
static void move(struct tapi_call *call, CALL_STATE state, CALL_STATE_EVENT_CAUSE cause)
{
    call->state = state;
    tapi_post_state(call, state, cause);
    WakeAllConditionVariable(&moved);
}

static void hold(struct tapi_call *call)
{
    call->held = true;
    IUnknown_AddRef(&call->outer->iface);
}

/* ---- far ends -------------------------------------------------------------------------------- */

static struct tapi_address *line_of(struct tapi *tapi, const WCHAR *name)
{
    for (unsigned i = 0; i < TAPI_LINE_COUNT; i++)
        if (!_wcsicmp(tapi->lines[i]->line->name, name))
            return tapi->lines[i];
    return NULL;
}

/* "IP:PORT", a phone that takes what comes. */
static bool is_phone(const WCHAR *name, char *ip, unsigned *port)
{
    unsigned a, b, c, d;

    if (swscanf(name, L"%u.%u.%u.%u:%u", &a, &b, &c, &d, port) != 5)
        return false;
    sprintf(ip, "%u.%u.%u.%u", a & 255, b & 255, c & 255, d & 255);
    return true;
}

static void connect_phone(struct tapi_call *call, const char *ip, unsigned port)
{
    char answer[512], *offer;

    host_configure(&call->media, 20, 0);
    offer = host_local_sdp(&call->media);
    free(offer);
    sprintf(
        answer,
        "v=0\r\no=- 7 7 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio %u RTP/AVP 0 101\r\n"
        "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n",
        ip, ip, port);
    host_remote_sdp(&call->media, answer);
    host_tell(&call->media, OMSP_TSP_CONNECT, NULL, 0, OMSP_TSP_OK);
    move(call, CS_CONNECTED, CEC_NONE);
}

/* A new call at the other line, offered to who registered. */
static HRESULT ring(struct tapi_call *call, struct tapi_address *there)
{
    struct tapi_facts facts = {.kind = TE_CALLNOTIFICATION, .event = CNE_OWNER};
    struct tapi_call *incoming;
    HRESULT hr = tapi_call_create(there, call->types & there->media_types, L"", &incoming);

    if (FAILED(hr))
        return hr;
    hold(incoming);
    incoming->instance = there->instance;
    incoming->peer = call;
    call->peer = incoming;
    facts.call = (IUnknown *)(void *)&incoming->info;
    facts.code = incoming->instance;
    IUnknown_AddRef(facts.call);
    tapi_post(there->tapi, &facts);
    move(incoming, CS_OFFERING, CEC_NONE);
    IUnknown_Release(&incoming->outer->iface);
    return S_OK;
}

/* ---- what applications do -------------------------------------------------------------------- */

HRESULT tapi_network_dial(struct tapi_call *call)
{
    struct tapi *tapi = call->address->tapi;
    struct tapi_address *there = tapi ? line_of(tapi, call->destination) : NULL;
    HRESULT hr = S_OK;
    unsigned port;
    char ip[32];

    if (!tapi)
        return TAPI_E_NOT_INITIALIZED;
    AcquireSRWLockExclusive(&network);
    if (call->state != CS_IDLE) {
        hr = TAPI_E_INVALCALLSTATE;
    } else if (is_phone(call->destination, ip, &port)) {
        hold(call);
        move(call, CS_INPROGRESS, CEC_NONE);
        if (call->outer->inner)
            connect_phone(call, ip, port);
        else
            move(call, CS_CONNECTED, CEC_NONE);
    } else if (!there || there == call->address) {
        hr = TAPI_E_INVALADDRESS;
    } else {
        hold(call);
        move(call, CS_INPROGRESS, CEC_NONE);
        if (!there->owners || !(call->types & there->media_types) || FAILED(ring(call, there))) {
            move(call, CS_DISCONNECTED, CEC_DISCONNECT_NOANSWER);
            call->held = false;
            IUnknown_Release(&call->outer->iface);
        }
    }
    ReleaseSRWLockExclusive(&network);
    return hr;
}

HRESULT tapi_network_answer(struct tapi_call *call)
{
    HRESULT hr = S_OK;

    AcquireSRWLockExclusive(&network);
    if (call->state != CS_OFFERING || !call->peer) {
        hr = TAPI_E_INVALCALLSTATE;
    } else {
        struct tapi_call *caller = call->peer;

        if (call->outer->inner && caller->outer->inner) {
            host_configure(&caller->media, 20, 0);
            host_configure(&call->media, 20, 0);
            host_connect(&caller->media, &call->media);
        }
        move(caller, CS_CONNECTED, CEC_NONE);
        move(call, CS_CONNECTED, CEC_NONE);
    }
    ReleaseSRWLockExclusive(&network);
    return hr;
}

static void end(struct tapi_call *call, CALL_STATE_EVENT_CAUSE cause, unsigned reason)
{
    bool was_up = call->state == CS_CONNECTED;

    call->peer = NULL;
    if (was_up && call->outer->inner) {
        struct omsp_tsp_disconnect body = {.reason = (unsigned char)reason};

        host_tell(&call->media, OMSP_TSP_DISCONNECT, &body, sizeof(body), OMSP_TSP_OK);
    }
    move(call, CS_DISCONNECTED, cause);
}

HRESULT tapi_network_hang_up(struct tapi_call *call, CALL_STATE_EVENT_CAUSE cause)
{
    struct tapi_call *ended[2] = {NULL, NULL};
    HRESULT hr = S_OK;

    AcquireSRWLockExclusive(&network);
    if (!call->held) {
        hr = call->state == CS_DISCONNECTED ? S_OK : TAPI_E_INVALCALLSTATE;
    } else {
        ended[0] = call;
        ended[1] = call->peer;
        end(call, cause, OMSP_TSP_REASON_LOCAL);
        if (ended[1])
            end(ended[1], CEC_DISCONNECT_NORMAL, OMSP_TSP_REASON_REMOTE);
        for (int i = 0; i < 2; i++)
            if (ended[i])
                ended[i]->held = false;
    }
    ReleaseSRWLockExclusive(&network);
    for (int i = 0; i < 2; i++) /* perhaps the last ones */
        if (ended[i])
            IUnknown_Release(&ended[i]->outer->iface);
    return hr;
}

CALL_STATE tapi_network_wait(struct tapi_call *call)
{
    CALL_STATE state;

    AcquireSRWLockExclusive(&network);
    while (call->state != CS_CONNECTED && call->state != CS_DISCONNECTED)
        if (!SleepConditionVariableSRW(&moved, &network, HOST_WAIT_MS, 0))
            break;
    state = call->state;
    ReleaseSRWLockExclusive(&network);
    return state;
}

CALL_STATE tapi_network_state(struct tapi_call *call)
{
    CALL_STATE state;

    AcquireSRWLockShared(&network);
    state = call->state;
    ReleaseSRWLockShared(&network);
    return state;
}

unsigned tapi_media_port(ITBasicCallControl *control)
{
    struct tapi_call *call = TAPI_CALL_OF(control);
    char *sdp, *line;
    unsigned port = 0;

    AcquireSRWLockExclusive(&network);
    sdp = host_local_sdp(&call->media);
    ReleaseSRWLockExclusive(&network);
    line = strstr(sdp, "m=audio ");
    ck_assert_ptr_nonnull(line);
    ck_assert_int_eq(sscanf(line, "m=audio %u", &port), 1);
    free(sdp);
    return port;
}
