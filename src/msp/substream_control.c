/*
 * ITSubStreamControl of an audio render stream (mspi.md 3.12): making, ending and listing its
 * substreams. Which source a substream gets is the engine's business. Any thread.
 */
#include "com/dispatch.h"
#include "msp/hosted.h"
#include "msp/interfaces.h"
#include "msp/stream.h"

static struct msp_stream *self_of(ITSubStreamControl *iface)
{
    return COM_SELF(iface, struct msp_stream, substreams);
}

static HRESULT STDMETHODCALLTYPE control_create(ITSubStreamControl *iface, ITSubStream **out)
{
    struct msp_stream *self = self_of(iface);
    struct omsp_stream *substream;
    enum omsp_status status;
    HRESULT hr;

    if (!out)
        return E_POINTER;
    *out = NULL;
    if (msp_stream_is_shut(self))
        return E_UNEXPECTED;
    status = omsp_stream_create_substream(self->engine, &substream);
    if (status)
        return status == OMSP_FULL ? TAPI_E_MAXSTREAMS : msp_hresult(status);
    hr = msp_substream_wrap(self->call, substream, out);
    if (FAILED(hr))
        omsp_stream_remove_substream(self->engine, substream);
    omsp_stream_release(substream);
    return hr;
}

static HRESULT STDMETHODCALLTYPE control_remove(ITSubStreamControl *iface, ITSubStream *substream)
{
    struct msp_stream *self = self_of(iface);
    struct omsp_stream *engine;
    HRESULT hr;

    if (!substream)
        return E_INVALIDARG;
    if (msp_stream_is_shut(self))
        return E_UNEXPECTED;
    hr = msp_substream_from_interface((IUnknown *)substream, &engine);
    if (FAILED(hr))
        return E_INVALIDARG;
    hr = msp_hresult(omsp_stream_remove_substream(self->engine, engine));
    if (SUCCEEDED(hr))
        msp_hosted_drop(self->call, engine);
    omsp_stream_release(engine);
    return hr;
}

static HRESULT gather(struct msp_stream *self, struct msp_interfaces *all)
{
    struct omsp_stream *engines[OMSP_STREAM_MAX_SUBSTREAMS];
    unsigned count;
    HRESULT hr = msp_interfaces_room(all, OMSP_STREAM_MAX_SUBSTREAMS);

    if (FAILED(hr))
        return hr;
    if (msp_stream_is_shut(self))
        return E_UNEXPECTED;
    count = omsp_stream_substreams(self->engine, engines, OMSP_STREAM_MAX_SUBSTREAMS);
    for (unsigned i = 0; i < count; i++) {
        if (SUCCEEDED(hr))
            hr = msp_substream_wrap(self->call, engines[i], (ITSubStream **)&all->items[i]);
        if (SUCCEEDED(hr))
            all->count++;
        omsp_stream_release(engines[i]);
    }
    return hr;
}

static HRESULT STDMETHODCALLTYPE control_enumerate(ITSubStreamControl *iface, IEnumSubStream **out)
{
    struct msp_interfaces all;

    if (!out)
        return E_POINTER;
    return msp_interfaces_enum(&all, gather(self_of(iface), &all), &IID_IEnumSubStream,
                               (void **)out);
}

static HRESULT STDMETHODCALLTYPE control_list(ITSubStreamControl *iface, VARIANT *out)
{
    struct msp_interfaces all;

    if (!out)
        return E_POINTER;
    return msp_interfaces_list(&all, gather(self_of(iface), &all), out);
}

static const struct com_member members[] = {
    COM_METHOD(ITSubStreamControl, 1, CreateSubStream, COM_RETVAL_OBJECT),
    COM_METHOD(ITSubStreamControl, 2, RemoveSubStream,
               COM_IN_OBJECT("pSubStream", &IID_ITSubStream)),
    COM_METHOD(ITSubStreamControl, 3, EnumerateSubStreams, COM_RETVAL_UNKNOWN),
    COM_GET(ITSubStreamControl, 4, SubStreams, COM_RETVAL_VARIANT),
};
static const struct com_dispatch dispatch =
    COM_DISPATCH_TABLE(&IID_ITSubStreamControl, "ITSubStreamControl", members);

MSP_VTABLE(msp_substream_control_vtable, ITSubStreamControl, struct msp_stream, substreams,
           &dispatch, COM_DISPATCH_SLOTS(ITSubStreamControl), .CreateSubStream = control_create,
           .RemoveSubStream = control_remove, .EnumerateSubStreams = control_enumerate,
           .get_SubStreams = control_list);
