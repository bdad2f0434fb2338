/*
 * WebSocket terminals on a call's streams: which are selected where, and the media stream that each
 * of them has while it is. A selection waits for the call to be connected; one that lost its
 * consumer is not tried again before it is selected anew. Any thread; sockets_lock is held while
 * the engine is called, which never calls back into what takes it.
 */
#include "msp/websocket.h"

#include "engine/fork.h"
#include "msp/call.h"

static unsigned track_of(enum omsp_direction direction)
{
    return direction == OMSP_RENDER ? OMSP_TRACK_INBOUND : OMSP_TRACK_OUTBOUND;
}

/* Lock held. */
static struct msp_socket *find(struct msp_call *call, const struct msp_websocket *terminal)
{
    for (unsigned i = 0; i < MSP_CALL_MAX_SOCKETS; i++)
        if (call->sockets[i].terminal == terminal)
            return &call->sockets[i];
    return NULL;
}

static void stop(struct msp_socket *socket)
{
    if (!socket->stream)
        return;
    omsp_stream_stop(socket->stream, OMSP_CAUSE_LOCAL_REQUEST);
    omsp_stream_release(socket->stream);
    socket->stream = NULL;
}

/* Lock held. Ends the selection. */
static void clear(struct msp_socket *socket)
{
    stop(socket);
    msp_websocket_unclaim(socket->terminal);
    memset(socket, 0, sizeof(*socket));
}

/* Lock held. A media stream of the tracks selected now, when there is a call to take it from. */
static HRESULT start(struct msp_call *call, struct msp_socket *socket)
{
    HRESULT hr;

    stop(socket);
    if (omsp_call_get_state(call->engine) != OMSP_CALL_CONNECTED)
        return S_OK;
    hr = msp_websocket_start(socket->terminal, call, socket->tracks, &socket->stream);
    socket->tried = true;
    return hr;
}

/* Lock held. */
static HRESULT select_on(struct msp_call *call, unsigned track, struct msp_websocket *terminal)
{
    struct msp_socket *socket = find(call, terminal);
    unsigned before = socket ? socket->tracks : 0;
    HRESULT hr;

    if (before & track)
        return TAPI_E_TERMINALINUSE;
    if (!socket) {
        socket = find(call, NULL);
        if (!socket)
            return TAPI_E_MAXTERMINALS;
        if (!msp_websocket_claim(terminal))
            return TAPI_E_TERMINALINUSE;
        socket->terminal = terminal;
    }
    socket->tracks |= track;
    hr = start(call, socket);
    if (FAILED(hr)) {
        socket->tracks = before;
        if (before)
            start(call, socket); /* as it was */
        else
            clear(socket);
    }
    return hr;
}

HRESULT msp_call_select_socket(struct msp_call *call, enum omsp_direction direction,
                               struct msp_websocket *terminal)
{
    HRESULT hr;

    AcquireSRWLockExclusive(&call->sockets_lock);
    /* Asked under the lock, so that none is left behind by a shutdown. */
    hr = msp_call_is_shut(call) ? E_UNEXPECTED : select_on(call, track_of(direction), terminal);
    ReleaseSRWLockExclusive(&call->sockets_lock);
    return hr;
}

HRESULT msp_call_unselect_socket(struct msp_call *call, enum omsp_direction direction,
                                 struct msp_websocket *terminal)
{
    struct msp_socket *socket;
    HRESULT hr = TAPI_E_INVALIDTERMINAL;

    AcquireSRWLockExclusive(&call->sockets_lock);
    socket = find(call, terminal);
    if (socket && (socket->tracks & track_of(direction))) {
        socket->tracks &= ~track_of(direction);
        if (socket->tracks)
            start(call, socket);
        else
            clear(socket);
        hr = S_OK;
    }
    ReleaseSRWLockExclusive(&call->sockets_lock);
    return hr;
}

unsigned msp_call_sockets(struct msp_call *call, enum omsp_direction direction, ITTerminal **out)
{
    unsigned count = 0;

    AcquireSRWLockShared(&call->sockets_lock);
    for (unsigned i = 0; i < MSP_CALL_MAX_SOCKETS; i++)
        if (call->sockets[i].tracks & track_of(direction))
            out[count++] = msp_websocket_terminal(call->sockets[i].terminal);
    ReleaseSRWLockShared(&call->sockets_lock);
    return count;
}

void msp_call_connected(struct msp_call *call)
{
    AcquireSRWLockExclusive(&call->sockets_lock);
    for (unsigned i = 0; i < MSP_CALL_MAX_SOCKETS; i++)
        if (call->sockets[i].terminal && !call->sockets[i].tried)
            start(call, &call->sockets[i]);
    ReleaseSRWLockExclusive(&call->sockets_lock);
}

void msp_call_drop_sockets(struct msp_call *call)
{
    AcquireSRWLockExclusive(&call->sockets_lock);
    for (unsigned i = 0; i < MSP_CALL_MAX_SOCKETS; i++)
        if (call->sockets[i].terminal)
            clear(&call->sockets[i]);
    ReleaseSRWLockExclusive(&call->sockets_lock);
}
