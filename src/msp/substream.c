/*
 * ITSubStream: a stream's methods for one that has a parent (mspi.md 3.12). The object, its life
 * and what the methods do are stream.c's. Any thread.
 */
#include "com/dispatch.h"
#include "msp/stream.h"

#define SELF(iface) COM_SELF(iface, struct msp_stream, substream)

static HRESULT STDMETHODCALLTYPE start(ITSubStream *iface)
{
    return msp_stream_start(SELF(iface));
}

static HRESULT STDMETHODCALLTYPE pause_substream(ITSubStream *iface)
{
    return msp_stream_pause(SELF(iface));
}

static HRESULT STDMETHODCALLTYPE stop(ITSubStream *iface)
{
    return msp_stream_stop(SELF(iface));
}

static HRESULT STDMETHODCALLTYPE select_terminal(ITSubStream *iface, ITTerminal *terminal)
{
    return msp_stream_select(SELF(iface), terminal);
}

static HRESULT STDMETHODCALLTYPE unselect_terminal(ITSubStream *iface, ITTerminal *terminal)
{
    return msp_stream_unselect(SELF(iface), terminal);
}

static HRESULT STDMETHODCALLTYPE enumerate_terminals(ITSubStream *iface, IEnumTerminal **out)
{
    return msp_stream_enumerate_terminals(SELF(iface), out);
}

static HRESULT STDMETHODCALLTYPE get_terminals(ITSubStream *iface, VARIANT *out)
{
    return msp_stream_list_terminals(SELF(iface), out);
}

static HRESULT STDMETHODCALLTYPE get_stream(ITSubStream *iface, ITStream **out)
{
    struct msp_stream *self = SELF(iface);

    if (!out)
        return E_POINTER;
    return msp_stream_wrap(self->call, omsp_stream_parent(self->engine), out);
}

static const struct com_member members[] = {
    COM_METHOD(ITSubStream, 1, StartSubStream),
    COM_METHOD(ITSubStream, 2, PauseSubStream),
    COM_METHOD(ITSubStream, 3, StopSubStream),
    COM_METHOD(ITSubStream, 4, SelectTerminal, COM_IN_OBJECT("pTerminal", &IID_ITTerminal)),
    COM_METHOD(ITSubStream, 5, UnselectTerminal, COM_IN_OBJECT("pTerminal", &IID_ITTerminal)),
    COM_METHOD(ITSubStream, 6, EnumerateTerminals, COM_RETVAL_UNKNOWN),
    COM_GET(ITSubStream, 7, Terminals, COM_RETVAL_VARIANT),
    COM_GET(ITSubStream, 8, Stream, COM_RETVAL_OBJECT),
};
static const struct com_dispatch dispatch =
    COM_DISPATCH_TABLE(&IID_ITSubStream, "ITSubStream", members);

MSP_VTABLE(msp_substream_vtable, ITSubStream, struct msp_stream, substream, &dispatch,
           COM_DISPATCH_SLOTS(ITSubStream), .StartSubStream = start,
           .PauseSubStream = pause_substream, .StopSubStream = stop,
           .SelectTerminal = select_terminal, .UnselectTerminal = unselect_terminal,
           .EnumerateTerminals = enumerate_terminals, .get_Terminals = get_terminals,
           .get_Stream = get_stream);
