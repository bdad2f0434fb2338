/*
 * The media streaming terminal's object: ITTerminal with the faces of mst_format.c, mst_stream.c
 * and mst_samples.c on one identity. Stateless but for whom it joined: everything is in the queue,
 * which is the engine terminal's. Free-threaded.
 */
#include "msp/mst.h"

#include "com/dispatch.h"

COM_VTABLE(terminal_vtable, ITTerminal, struct mst_terminal, terminal, &msp_terminal_dispatch,
           COM_DISPATCH_SLOTS(ITTerminal), .get_Name = msp_terminal_get_name,
           .get_State = msp_terminal_get_state, .get_TerminalType = msp_terminal_get_type,
           .get_TerminalClass = msp_terminal_get_class,
           .get_MediaType = msp_terminal_get_media_type,
           .get_Direction = msp_terminal_get_direction);

static const struct com_entry entries[] = {
    COM_ENTRY(IID_ITTerminal, terminal_vtable),
    COM_ENTRY(IID_ITAMMediaFormat, mst_format_vtable),
    COM_ENTRY(IID_ITAllocatorProperties, mst_allocator_vtable),
    COM_ENTRY(IID_IMediaStream, mst_stream_vtable),
    COM_ENTRY(IID_IAudioMediaStream, mst_stream_vtable),
    COM_ENTRY(IID_IAMMediaStream, mst_am_vtable),
    COM_ENTRY(IID_IOpenMSPSamples, mst_samples_vtable),
    COM_ENTRY(IID_IOpenMSPSampleBytes, mst_bytes_vtable),
    COM_ENTRY(IID_IPin, mst_pin_vtable),
    COM_ENTRY(IID_ITTerminalControl, msp_terminal_control),
};

const struct com_class mst_class = {
    COM_CLASS("ITTerminal", struct mst_terminal, entries),
    .flags = COM_FTM | COM_SAFE | COM_MERGED,
    .destroy = msp_terminal_fini,
};

ITTerminal *mst_terminal_of(struct com_object *object)
{
    return &((struct mst_terminal *)object)->terminal;
}

void mst_bind(struct com_object *object)
{
    struct mst_terminal *self = (struct mst_terminal *)object;

    self->queue = omsp_samples_attachment(self->base.engine);
}

HRESULT mst_create(struct omsp_address *address, MSP_HANDLE token, TERMINAL_DIRECTION direction,
                   ITTerminal **out)
{
    struct omsp_terminal *terminal;
    HRESULT hr;

    if (direction != TD_CAPTURE && direction != TD_RENDER)
        return TAPI_E_INVALIDDIRECTION;
    hr = mst_queue_create(address, token, (enum omsp_direction)direction, &terminal);
    if (FAILED(hr))
        return hr;
    hr = msp_terminal_wrap(token, terminal, out);
    omsp_terminal_release(terminal);
    return hr;
}
