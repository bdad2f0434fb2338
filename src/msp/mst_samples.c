/*
 * The media streaming terminal for everybody else: IOpenMSPSamples (dual, for scripts too) and
 * IOpenMSPSampleBytes, straight on the engine's ring. Not here: IMediaStream's samples. Any thread.
 */
#include "msp/mst.h"

#include "base/alloc.h"
#include "com/dispatch.h"

#define MEANWHILE_US 40000u /* two packets */

static struct mst_terminal *of(IOpenMSPSamples *iface)
{
    return COM_SELF(iface, struct mst_terminal, samples);
}

static HRESULT hresult(enum omsp_status status)
{
    switch (status) {
    case OMSP_FULL:
    case OMSP_EMPTY:
        return S_OK;
    case OMSP_EOF:
        return TAPI_E_WRONG_STATE;
    default:
        return msp_hresult(status);
    }
}

static struct omsp_audio_format format_of(struct mst_terminal *self)
{
    struct omsp_audio_format format = {0};

    omsp_samples_get_format(self->base.engine, &format);
    return format;
}

/* ---- format ---------------------------------------------------------------------------------- */

#define FORMAT_NUMBER(property, member)                                                            \
    static HRESULT STDMETHODCALLTYPE samples_get_##property(IOpenMSPSamples *iface, LONG *out)     \
    {                                                                                              \
        if (!out)                                                                                  \
            return E_POINTER;                                                                      \
        *out = (LONG)format_of(of(iface)).member;                                                  \
        return S_OK;                                                                               \
    }
FORMAT_NUMBER(SampleRate, rate)
FORMAT_NUMBER(Channels, channels)
FORMAT_NUMBER(BitsPerSample, bits)
#undef FORMAT_NUMBER

static HRESULT STDMETHODCALLTYPE samples_SetFormat(IOpenMSPSamples *iface, LONG hertz,
                                                   LONG channels, LONG bits)
{
    struct omsp_audio_format format = {1, 0, 0, 0};

    if (hertz < 0 || channels < 0 || channels > 0xffff || bits < 0 || bits > 0xffff)
        return E_INVALIDARG;
    format.rate = (uint32_t)hertz;
    format.channels = (uint16_t)channels;
    format.bits = (uint16_t)bits;
    return mst_set_format(of(iface), &format);
}

/* ---- bytes ----------------------------------------------------------------------------------- */

static HRESULT STDMETHODCALLTYPE bytes_Write(IOpenMSPSampleBytes *iface, const BYTE *data,
                                             ULONG bytes, ULONG *taken)
{
    struct mst_terminal *self = COM_SELF(iface, struct mst_terminal, bytes);
    size_t used = 0;
    HRESULT hr;

    if (!taken || (!data && bytes))
        return E_POINTER;
    hr = hresult(omsp_samples_write(self->base.engine, data, bytes, &used));
    *taken = (ULONG)used;
    return hr;
}

static HRESULT STDMETHODCALLTYPE bytes_Read(IOpenMSPSampleBytes *iface, BYTE *data, ULONG room,
                                            ULONG *bytes)
{
    struct mst_terminal *self = COM_SELF(iface, struct mst_terminal, bytes);
    struct omsp_samples_chunk chunk;
    HRESULT hr;

    if (!bytes || !data)
        return E_POINTER;
    hr = hresult(omsp_samples_read(self->base.engine, data, room, &chunk));
    *bytes = (ULONG)chunk.bytes;
    return hr == S_OK && !chunk.bytes ? S_FALSE : hr;
}

MSP_VTABLE(mst_bytes_vtable, IOpenMSPSampleBytes, struct mst_terminal, bytes, NULL,
           COM_UNKNOWN_SLOTS(IOpenMSPSampleBytes), .Write = bytes_Write, .Read = bytes_Read);

/* ---- arrays ---------------------------------------------------------------------------------- */

/* The one-dimensional array in a VARIANT, however VBScript wraps it; NULL: none. A reference to a
 * reference is not legal. */
static SAFEARRAY *array_of(const VARIANT *from, VARTYPE *type)
{
    if (V_VT(from) == (VT_BYREF | VT_VARIANT) && V_VARIANTREF(from))
        from = V_VARIANTREF(from);
    if (!(V_VT(from) & VT_ARRAY) || !V_ARRAY(from)) /* the array, or where it is */
        return NULL;
    *type = V_VT(from) & VT_TYPEMASK;
    return V_VT(from) & VT_BYREF ? *V_ARRAYREF(from) : V_ARRAY(from);
}

/* What the VARIANT says of the elements must be what the array holds. */
static bool holds(SAFEARRAY *array, VARTYPE type)
{
    ULONG size = type == VT_VARIANT ? sizeof(VARIANT) : type == VT_I2 ? 2 : 1;

    return (type == VT_UI1 || type == VT_I2 || type == VT_VARIANT) &&
           SafeArrayGetElemsize(array) == size;
}

/* One number a sample, in the format's width. */
static HRESULT put_number(VARIANT *from, unsigned bits, BYTE *to)
{
    VARIANT number;
    HRESULT hr;

    VariantInit(&number);
    hr = VariantChangeTypeEx(&number, from, LOCALE_INVARIANT, 0, VT_I4);
    if (FAILED(hr))
        return hr == E_OUTOFMEMORY ? hr : E_INVALIDARG;
    if (bits == 8) {
        if (V_I4(&number) < 0 || V_I4(&number) > 255)
            return E_INVALIDARG;
        *to = (BYTE)V_I4(&number);
        return S_OK;
    }
    if (V_I4(&number) < -32768 || V_I4(&number) > 32767)
        return E_INVALIDARG;
    to[0] = (BYTE)V_I4(&number);
    to[1] = (BYTE)(V_I4(&number) >> 8);
    return S_OK;
}

static HRESULT write_numbers(struct mst_terminal *self, VARIANT *numbers, ULONG count, LONG *taken)
{
    unsigned bits = format_of(self).bits, width = bits / 8;
    BYTE *bytes = omsp_zalloc_array(count ? count : 1, width);
    HRESULT hr = bytes ? S_OK : E_OUTOFMEMORY;
    ULONG used = 0;

    for (ULONG i = 0; SUCCEEDED(hr) && i < count; i++)
        hr = put_number(&numbers[i], bits, bytes + (size_t)i * width);
    if (SUCCEEDED(hr))
        hr = bytes_Write(&self->bytes, bytes, count * width, &used);
    omsp_free(bytes);
    *taken = (LONG)(used / width);
    return hr;
}

static HRESULT STDMETHODCALLTYPE samples_Write(IOpenMSPSamples *iface, VARIANT data, LONG *taken)
{
    struct mst_terminal *self = of(iface);
    VARTYPE type = VT_EMPTY;
    SAFEARRAY *array = array_of(&data, &type);
    ULONG count, used = 0;
    void *elements;
    HRESULT hr;

    if (!taken)
        return E_POINTER;
    *taken = 0;
    if (!array || SafeArrayGetDim(array) != 1 || !holds(array, type) ||
        (type == VT_I2 && format_of(self).bits != 16))
        return E_INVALIDARG;
    count = array->rgsabound[0].cElements;
    if (count > MST_MAX_BUFFER)
        return E_INVALIDARG;
    hr = SafeArrayAccessData(array, &elements);
    if (FAILED(hr))
        return hr;
    if (type == VT_VARIANT) {
        hr = write_numbers(self, elements, count, taken);
    } else {
        ULONG width = type == VT_I2 ? 2 : 1;

        hr = bytes_Write(&self->bytes, elements, count * width, &used);
        *taken = (LONG)(used / width);
    }
    SafeArrayUnaccessData(array);
    return hr;
}

/* Of so many bytes, what a read may give: what waits now, and what may come meanwhile. */
static size_t worth(struct mst_terminal *self, size_t room)
{
    struct omsp_audio_format format = format_of(self);
    struct omsp_samples_stats stats;
    uint64_t blocks;

    omsp_samples_get_stats(self->base.engine, &stats);
    blocks = ((uint64_t)stats.buffered_us + MEANWHILE_US) * format.rate / 1000000;
    blocks *= format.channels * (format.bits / 8u);
    return blocks < room ? (size_t)blocks : room;
}

static void put_element(VARTYPE type, void *to, const BYTE *from, unsigned width)
{
    if (type == VT_UI1) {
        *(BYTE *)to = *from;
        return;
    }
    V_VT((VARIANT *)to) = VT_I4;
    V_I4((VARIANT *)to) = width == 1 ? *from : (SHORT)(from[0] | from[1] << 8);
}

/* At most this many bytes, as an array of VT_UI1 or of numbers of so many bytes each. All memory
 * comes first, for what was read waits nowhere any more: the array is cut to what came. */
static HRESULT read_array(struct mst_terminal *self, size_t room, VARTYPE type, unsigned width,
                          VARIANT *out)
{
    SAFEARRAY *array = NULL;
    HRESULT hr = E_OUTOFMEMORY;
    ULONG got = 0;
    BYTE *bytes;

    VariantInit(out);
    if (!room || room > MST_MAX_BUFFER)
        return E_INVALIDARG;
    room = worth(self, room);
    bytes = omsp_alloc(room);
    if (bytes)
        array = SafeArrayCreateVector(type, 0, (ULONG)(room / width));
    if (array)
        hr = bytes_Read(&self->bytes, bytes, (ULONG)room, &got);
    if (SUCCEEDED(hr)) {
        for (ULONG i = 0; i < got / width; i++)
            put_element(type, (BYTE *)array->pvData + (size_t)i * array->cbElements,
                        bytes + (size_t)i * width, width);
        array->rgsabound[0].cElements = got / width;
        V_VT(out) = VT_ARRAY | type;
        V_ARRAY(out) = array;
    } else if (array) {
        SafeArrayDestroy(array);
    }
    omsp_free(bytes);
    return FAILED(hr) ? hr : S_OK;
}

static HRESULT STDMETHODCALLTYPE samples_Read(IOpenMSPSamples *iface, LONG room, VARIANT *out)
{
    if (!out)
        return E_POINTER;
    return read_array(of(iface), room > 0 ? (size_t)room : 0, VT_UI1, 1, out);
}

static HRESULT STDMETHODCALLTYPE samples_ReadSamples(IOpenMSPSamples *iface, LONG samples,
                                                     VARIANT *out)
{
    unsigned width = format_of(of(iface)).bits / 8u;

    if (!out)
        return E_POINTER;
    return read_array(of(iface), samples > 0 ? (size_t)samples * width : 0, VT_VARIANT, width, out);
}

/* ---- state ----------------------------------------------------------------------------------- */

static struct omsp_samples_stats stats_of(IOpenMSPSamples *iface)
{
    struct omsp_samples_stats stats;

    omsp_samples_get_stats(of(iface)->base.engine, &stats);
    return stats;
}

static HRESULT STDMETHODCALLTYPE samples_get_BufferedMilliseconds(IOpenMSPSamples *iface, LONG *out)
{
    if (!out)
        return E_POINTER;
    *out = (LONG)(stats_of(iface).buffered_us / 1000);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE samples_get_BufferMilliseconds(IOpenMSPSamples *iface, LONG *out)
{
    if (!out)
        return E_POINTER;
    *out = (LONG)stats_of(iface).ring_ms;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE samples_put_BufferMilliseconds(IOpenMSPSamples *iface, LONG value)
{
    enum omsp_status status =
        value < 0 ? OMSP_INVALID : omsp_samples_set_ring(of(iface)->base.engine, (unsigned)value);

    return status == OMSP_WRONG_STATE ? VFW_E_ALREADY_CONNECTED : msp_hresult(status);
}

static HRESULT STDMETHODCALLTYPE samples_Wait(IOpenMSPSamples *iface, LONG milliseconds,
                                              VARIANT_BOOL *ready)
{
    struct mst_queue *queue = of(iface)->queue;
    ULONGLONG until = mst_until(milliseconds < 0 ? INFINITE : (DWORD)milliseconds);
    bool done = false, time = true;

    if (!ready)
        return E_POINTER;
    AcquireSRWLockExclusive(&queue->lock);
    while (!done && time) {
        struct omsp_samples_stats stats = stats_of(iface);

        done =
            !stats.connected || (mst_queue_writes(queue) ? stats.buffered_us < stats.ring_ms * 1000
                                                         : stats.buffered_us > 0);
        if (!done)
            time = mst_queue_wait(queue, until);
    }
    ReleaseSRWLockExclusive(&queue->lock);
    *ready = done ? VARIANT_TRUE : VARIANT_FALSE;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE samples_EndOfStream(IOpenMSPSamples *iface)
{
    return msp_hresult(omsp_samples_end(of(iface)->base.engine));
}

static HRESULT STDMETHODCALLTYPE samples_Drop(IOpenMSPSamples *iface)
{
    return msp_hresult(omsp_samples_drop(of(iface)->base.engine));
}

static HRESULT STDMETHODCALLTYPE samples_get_Connected(IOpenMSPSamples *iface, VARIANT_BOOL *out)
{
    if (!out)
        return E_POINTER;
    *out = stats_of(iface).connected ? VARIANT_TRUE : VARIANT_FALSE;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE samples_get_Overruns(IOpenMSPSamples *iface, double *out)
{
    if (!out)
        return E_POINTER;
    *out = (double)stats_of(iface).overruns;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE samples_get_Underruns(IOpenMSPSamples *iface, double *out)
{
    if (!out)
        return E_POINTER;
    *out = (double)stats_of(iface).underruns;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE samples_SetNotificationEvent(IOpenMSPSamples *iface, LONG event)
{
    struct mst_queue *queue = of(iface)->queue;

    AcquireSRWLockExclusive(&queue->lock);
    queue->event = LongToHandle(event);
    ReleaseSRWLockExclusive(&queue->lock);
    return S_OK;
}

/* ---- tables ---------------------------------------------------------------------------------- */

static const struct com_member members[] = {
    COM_GET(IOpenMSPSamples, 0x00f40001, SampleRate, COM_RETVAL_LONG),
    COM_GET(IOpenMSPSamples, 0x00f40002, Channels, COM_RETVAL_LONG),
    COM_GET(IOpenMSPSamples, 0x00f40003, BitsPerSample, COM_RETVAL_LONG),
    COM_METHOD(IOpenMSPSamples, 0x00f40004, SetFormat, COM_IN_LONG("hertz"),
               COM_IN_LONG("channels"), COM_IN_LONG("bits")),
    COM_METHOD(IOpenMSPSamples, 0x00f40005, Write, COM_IN_VARIANT("data"), COM_RETVAL_LONG),
    COM_METHOD(IOpenMSPSamples, 0x00f40006, Read, COM_IN_LONG("bytes"), COM_RETVAL_VARIANT),
    COM_METHOD(IOpenMSPSamples, 0x00f40007, ReadSamples, COM_IN_LONG("samples"),
               COM_RETVAL_VARIANT),
    COM_GET(IOpenMSPSamples, 0x00f40008, BufferedMilliseconds, COM_RETVAL_LONG),
    COM_GET(IOpenMSPSamples, 0x00f40009, BufferMilliseconds, COM_RETVAL_LONG),
    COM_PUT(IOpenMSPSamples, 0x00f40009, BufferMilliseconds, COM_IN_LONG("milliseconds")),
    COM_METHOD(IOpenMSPSamples, 0x00f4000a, Wait, COM_IN_LONG("milliseconds"), COM_RETVAL_BOOL),
    COM_METHOD(IOpenMSPSamples, 0x00f4000b, EndOfStream),
    COM_METHOD(IOpenMSPSamples, 0x00f4000c, Drop),
    COM_GET(IOpenMSPSamples, 0x00f4000d, Connected, COM_RETVAL_BOOL),
    COM_GET(IOpenMSPSamples, 0x00f4000e, Overruns, COM_RETVAL_DOUBLE),
    COM_GET(IOpenMSPSamples, 0x00f4000f, Underruns, COM_RETVAL_DOUBLE),
    COM_METHOD(IOpenMSPSamples, 0x00f40010, SetNotificationEvent, COM_IN_LONG("event")),
};
const struct com_dispatch msp_dispatch_IOpenMSPSamples =
    COM_DISPATCH_TABLE(&IID_IOpenMSPSamples, "IOpenMSPSamples", members);

MSP_VTABLE(mst_samples_vtable, IOpenMSPSamples, struct mst_terminal, samples,
           &msp_dispatch_IOpenMSPSamples, COM_DISPATCH_SLOTS(IOpenMSPSamples),
           .get_SampleRate = samples_get_SampleRate, .get_Channels = samples_get_Channels,
           .get_BitsPerSample = samples_get_BitsPerSample, .SetFormat = samples_SetFormat,
           .Write = samples_Write, .Read = samples_Read, .ReadSamples = samples_ReadSamples,
           .get_BufferedMilliseconds = samples_get_BufferedMilliseconds,
           .get_BufferMilliseconds = samples_get_BufferMilliseconds,
           .put_BufferMilliseconds = samples_put_BufferMilliseconds, .Wait = samples_Wait,
           .EndOfStream = samples_EndOfStream, .Drop = samples_Drop,
           .get_Connected = samples_get_Connected, .get_Overruns = samples_get_Overruns,
           .get_Underruns = samples_get_Underruns,
           .SetNotificationEvent = samples_SetNotificationEvent);
