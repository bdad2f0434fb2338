/*
 * Memory that runs out around media: devices, bridges, media streaming, formats, substreams,
 * terminals of other makers, the TSP's data, and calls by Invoke. E_OUTOFMEMORY, nothing given,
 * nothing lost, and the same goes well afterwards.
 */
#include "msp/memory_scene.h"
#include "msp/third_party.h"

#include "openmsp/openmsp_tsp.h"

#define BRIDGE L"{BC2B8F77-5595-4B8C-868E-9162FE97A480}"
#define MST    L"{E2F7AEF7-4971-11D1-A671-006097C9A2E8}"

/* ---- terminals ------------------------------------------------------------------------------- */

static HRESULT make_terminal(struct scene *s, const WCHAR *class, TERMINAL_DIRECTION direction,
                             ITTerminal **out)
{
    BSTR text = SysAllocString(class);
    HRESULT hr;

    *out = NULL;
    if (!text)
        return E_OUTOFMEMORY;
    hr = ITTerminalSupport2_CreateTerminal(s->terminals, text, TAPIMEDIATYPE_AUDIO, direction, out);
    SysFreeString(text);
    return hr;
}

/* What one interface of a new terminal does. */
static HRESULT with_terminal(struct scene *s, const WCHAR *class, TERMINAL_DIRECTION direction,
                             REFIID iid, HRESULT (*body)(struct scene *s, void *iface))
{
    ITTerminal *terminal;
    void *iface;
    HRESULT hr = make_terminal(s, class, direction, &terminal);

    if (FAILED(hr)) {
        ck_assert_ptr_null(terminal);
        return hr;
    }
    hr = ITTerminal_QueryInterface(terminal, iid, &iface);
    if (SUCCEEDED(hr)) {
        hr = body(s, iface);
        IUnknown_Release((IUnknown *)iface);
    }
    ITTerminal_Release(terminal);
    return hr;
}

#define SCENE(name, expression)                                                                    \
    static HRESULT name(void *ctx, struct memory_answer *answer)                                   \
    {                                                                                              \
        (void)answer;                                                                              \
        return expression;                                                                         \
    }

static HRESULT bridge_body(struct scene *s, void *iface)
{
    ITMultiTrackTerminal *tracks = iface;
    IEnumTerminal *all = NULL;
    VARIANT list;
    HRESULT hr = ITMultiTrackTerminal_EnumerateTrackTerminals(tracks, &all);

    (void)s;
    if (FAILED(hr)) {
        ck_assert_ptr_null(all);
        return hr;
    }
    IEnumTerminal_Release(all);
    hr = ITMultiTrackTerminal_get_TrackTerminals(tracks, &list);
    VariantClear(&list);
    return hr;
}

SCENE(bridge, with_terminal(ctx, BRIDGE, TD_BIDIRECTIONAL, &IID_ITMultiTrackTerminal, bridge_body))

static HRESULT bridge_on_body(struct scene *s, IOpenMSPCall *made, ITStream *both[2])
{
    ITMultiTrackTerminal *tracks = NULL;
    ITTerminal *terminal, *ends[4] = {NULL};
    IEnumTerminal *all = NULL;
    ULONG count;
    HRESULT hr = make_terminal(s, BRIDGE, TD_BIDIRECTIONAL, &terminal);

    (void)made;
    if (FAILED(hr))
        return hr;
    hr = ITTerminal_QueryInterface(terminal, &IID_ITMultiTrackTerminal, (void **)&tracks);
    if (SUCCEEDED(hr)) {
        hr = ITMultiTrackTerminal_EnumerateTrackTerminals(tracks, &all);
        ITMultiTrackTerminal_Release(tracks);
    }
    if (SUCCEEDED(hr)) {
        hr = IEnumTerminal_Next(all, 4, ends, &count);
        IEnumTerminal_Release(all);
    }
    if (SUCCEEDED(hr))
        hr = select_one(both[RENDER], ends[0]);
    if (SUCCEEDED(hr))
        hr = select_one(both[CAPTURE], ends[1]);
    for (int i = 0; i < 4; i++)
        if (ends[i])
            ITTerminal_Release(ends[i]);
    ITTerminal_Release(terminal);
    return hr;
}

SCENE(bridge_on, with_call(ctx, bridge_on_body))

static HRESULT sample_body(struct scene *s, void *iface)
{
    IMediaStream *stream = iface;
    IStreamSample *sample = NULL;
    HRESULT hr = IMediaStream_AllocateSample(stream, 0, &sample);

    (void)s;
    if (FAILED(hr)) {
        ck_assert_ptr_null(sample);
        return hr;
    }
    IStreamSample_Release(sample);
    return hr;
}

SCENE(sample, with_terminal(ctx, MST, TD_RENDER, &IID_IMediaStream, sample_body))

static HRESULT media_format_body(struct scene *s, void *iface)
{
    ITAMMediaFormat *format = iface;
    AM_MEDIA_TYPE *type = NULL;
    HRESULT hr = format->lpVtbl->get_MediaFormat(format, &type);

    (void)s;
    if (FAILED(hr)) {
        ck_assert_ptr_null(type);
        return hr;
    }
    hr = format->lpVtbl->put_MediaFormat(format, type);
    CoTaskMemFree(type->pbFormat);
    CoTaskMemFree(type);
    return hr;
}

SCENE(media_format, with_terminal(ctx, MST, TD_RENDER, &IID_ITAMMediaFormat, media_format_body))

static HRESULT samples_body(struct scene *s, void *iface)
{
    IOpenMSPSamples *samples = iface;
    VARIANT read;
    HRESULT hr = IOpenMSPSamples_put_BufferMilliseconds(samples, 300);

    (void)s;
    if (SUCCEEDED(hr))
        hr = IOpenMSPSamples_SetFormat(samples, 16000, 2, 16);
    if (FAILED(hr))
        return hr;
    VariantInit(&read);
    hr = IOpenMSPSamples_Read(samples, 320, &read);
    VariantClear(&read);
    return hr == (HRESULT)TAPI_E_WRONG_STATE ? S_OK : hr; /* it is on no stream */
}

SCENE(samples, with_terminal(ctx, MST, TD_RENDER, &IID_IOpenMSPSamples, samples_body))

static HRESULT mst_body(struct scene *s, IOpenMSPCall *made, ITStream *both[2])
{
    ITTerminal *terminal;
    HRESULT hr = make_terminal(s, MST, TD_CAPTURE, &terminal);

    (void)made;
    if (FAILED(hr))
        return hr;
    hr = select_one(both[CAPTURE], terminal);
    ITTerminal_Release(terminal);
    return hr;
}

SCENE(mst_on, with_call(ctx, mst_body))

START_TEST(terminals_of_ours)
{
    static const struct memory_walk walks[] = {
        {"a bridge and its tracks", bridge}, {"a bridge on both streams", bridge_on},
        {"AllocateSample", sample},          {"MediaFormat", media_format},
        {"IOpenMSPSamples", samples},        {"a media streaming terminal on a stream", mst_on},
    };

    walk_all(walks, COUNT(walks));
}
END_TEST

/* ---- formats and substreams ------------------------------------------------------------------ */

static HRESULT current_format(void *ctx, struct memory_answer *answer)
{
    struct scene *s = ctx;
    ITFormatControl *formats = kit_query(s->render, &IID_ITFormatControl);
    HRESULT hr = ITFormatControl_GetCurrentFormat(formats, &answer->type);

    ITFormatControl_Release(formats);
    return hr;
}

static HRESULT format_caps(void *ctx, struct memory_answer *answer)
{
    struct scene *s = ctx;
    ITFormatControl *formats = kit_query(s->render, &IID_ITFormatControl);
    TAPI_STREAM_CONFIG_CAPS caps;
    WINBOOL on;
    HRESULT hr = ITFormatControl_GetStreamCaps(formats, 0, &answer->type, &caps, &on);

    ITFormatControl_Release(formats);
    return hr;
}

/* One substream from its making to its removal, with what it has. */
static HRESULT substream_scene(void *ctx, struct memory_answer *answer)
{
    struct scene *s = ctx;
    ITSubStreamControl *control = kit_query(s->render, &IID_ITSubStreamControl);
    ITSubStream *made = NULL;
    IEnumSubStream *all = NULL;
    IEnumTerminal *terminals = NULL;
    ITStream *parent = NULL;
    VARIANT list;
    HRESULT hr = ITSubStreamControl_CreateSubStream(control, &made);

    (void)answer;
    VariantInit(&list);
    if (FAILED(hr)) {
        ck_assert_ptr_null(made);
        ITSubStreamControl_Release(control);
        return hr;
    }
    hr = ITSubStreamControl_EnumerateSubStreams(control, &all);
    ck_assert_int_eq(SUCCEEDED(hr), all != NULL);
    if (SUCCEEDED(hr))
        hr = ITSubStreamControl_get_SubStreams(control, &list);
    VariantClear(&list);
    if (SUCCEEDED(hr))
        hr = ITSubStream_EnumerateTerminals(made, &terminals);
    ck_assert_int_eq(SUCCEEDED(hr), terminals != NULL);
    if (SUCCEEDED(hr))
        hr = ITSubStream_get_Terminals(made, &list);
    VariantClear(&list);
    if (SUCCEEDED(hr))
        hr = ITSubStream_get_Stream(made, &parent);
    if (SUCCEEDED(hr))
        hr = ITSubStream_StartSubStream(made);
    if (parent)
        ITStream_Release(parent);
    if (terminals)
        IEnumTerminal_Release(terminals);
    if (all)
        IEnumSubStream_Release(all);
    ck_assert_hr(ITSubStreamControl_RemoveSubStream(control, made), S_OK);
    ITSubStream_Release(made);
    ITSubStreamControl_Release(control);
    return hr;
}

START_TEST(formats_and_substreams)
{
    static const struct memory_walk walks[] = {
        {"GetCurrentFormat", current_format},
        {"GetStreamCaps", format_caps},
        {"a substream", substream_scene},
    };

    walk_all(walks, COUNT(walks));
}
END_TEST

/* ---- the TSP's data, and Invoke -------------------------------------------------------------- */

static HRESULT tell(ITMSPAddress *msp, IUnknown *call, unsigned type)
{
    struct omsp_tsp_header header;

    OMSP_TSP_PUT32(header.magic, OMSP_TSP_MAGIC);
    OMSP_TSP_PUT16(header.version, OMSP_TSP_VERSION);
    OMSP_TSP_PUT16(header.type, type);
    OMSP_TSP_PUT32(header.size, sizeof(header));
    OMSP_TSP_PUT32(header.sequence, 1);
    return msp->lpVtbl->ReceiveTSPData(msp, call, (BYTE *)&header, sizeof(header));
}

static HRESULT tsp_scene(void *ctx, struct memory_answer *answer)
{
    static const unsigned types[] = {OMSP_TSP_QUERY_SID, OMSP_TSP_QUERY_STATS, OMSP_TSP_CONNECT,
                                     OMSP_TSP_QUERY_SDP};
    struct scene *s = ctx;
    ITMSPAddress *msp = s->media.msp;
    struct outer outer;
    IUnknown *made = NULL;
    HRESULT hr;

    (void)answer;
    outer_init(&outer);
    hr = msp->lpVtbl->CreateMSPCall(msp, (MSP_HANDLE)(ULONG_PTR)0x77, 0, TAPIMEDIATYPE_AUDIO,
                                    &outer.iface, &made);
    for (size_t i = 0; i < COUNT(types) && SUCCEEDED(hr); i++)
        hr = tell(msp, made, types[i]);
    if (made) {
        ck_assert_hr(msp->lpVtbl->ShutdownMSPCall(msp, made), S_OK);
        kit_release(made);
    }
    return hr;
}

static HRESULT invoke(IDispatch *dispatch, const WCHAR *name, VARIANT *result)
{
    WCHAR *names[] = {(WCHAR *)name};
    DISPPARAMS none = {0};
    EXCEPINFO exception = {0};
    DISPID id;
    HRESULT hr = IDispatch_GetIDsOfNames(dispatch, &IID_NULL, names, 1, LOCALE_USER_DEFAULT, &id);

    if (FAILED(hr))
        return hr;
    hr = IDispatch_Invoke(dispatch, id, &IID_NULL, LOCALE_USER_DEFAULT,
                          DISPATCH_METHOD | DISPATCH_PROPERTYGET, &none, result, &exception, NULL);
    if (hr == DISP_E_EXCEPTION)
        hr = exception.scode;
    SysFreeString(exception.bstrSource);
    SysFreeString(exception.bstrDescription);
    SysFreeString(exception.bstrHelpFile);
    return hr;
}

WALKED(invoke_sid, invoke((IDispatch *)s->call, L"sid", &answer->variant))
WALKED(invoke_statistics, invoke((IDispatch *)s->call, L"Statistics", &answer->variant))
WALKED(invoke_name, invoke((IDispatch *)s->render, L"NAME", &answer->variant))
WALKED(invoke_terminals, invoke((IDispatch *)s->render, L"Terminals", &answer->variant))
WALKED(invoke_enum, invoke((IDispatch *)s->render, L"EnumerateTerminals", &answer->variant))
WALKED(invoke_new_enum, invoke((IDispatch *)s->collection, L"_NewEnum", &answer->variant))

START_TEST(tsp_data_and_invoke)
{
    static const struct memory_walk walks[] = {
        {"ReceiveTSPData", tsp_scene},
        {"Invoke Sid", invoke_sid},
        {"Invoke Statistics", invoke_statistics},
        {"Invoke Name", invoke_name},
        {"Invoke Terminals", invoke_terminals},
        {"Invoke EnumerateTerminals", invoke_enum},
        {"Invoke _NewEnum", invoke_new_enum},
    };

    walk_all(walks, COUNT(walks));
}
END_TEST

/* ---- terminals of other makers --------------------------------------------------------------- */

static struct third_terminal *foreign;

static HRESULT foreign_body(struct scene *s, IOpenMSPCall *made, ITStream *both[2])
{
    (void)s, (void)made;
    return select_one(both[CAPTURE], &foreign->terminal);
}

SCENE(foreign_scene, with_call(ctx, foreign_body))

static HRESULT foreign_substream(struct scene *s, IOpenMSPCall *made, ITStream *both[2])
{
    ITSubStreamControl *control;
    ITSubStream *sub = NULL;
    HRESULT hr = ITStream_QueryInterface(both[RENDER], &IID_ITSubStreamControl, (void **)&control);

    (void)s, (void)made;
    if (FAILED(hr))
        return hr;
    hr = ITSubStreamControl_CreateSubStream(control, &sub);
    if (SUCCEEDED(hr)) {
        hr = ITSubStream_SelectTerminal(sub, &foreign->terminal);
        ITSubStreamControl_RemoveSubStream(control, sub);
        ITSubStream_Release(sub);
    }
    ITSubStreamControl_Release(control);
    return hr;
}

SCENE(foreign_substream_scene, with_call(ctx, foreign_substream))

START_TEST(terminals_of_other_makers)
{
    static const struct memory_walk tone[] = {{"a foreign terminal", foreign_scene}};
    static const struct memory_walk meter[] = {
        {"a foreign terminal on a substream", foreign_substream_scene}};

    struct scene scene;

    third_reset();
    open_scene(&scene);
    scene.spy->thread = 0; /* what COM gives one thread, another one gives back */
    foreign = third_create(true);
    ck_assert_int_ge(memory_walk(scene.spy, &tone[0], &scene, settle), 10);
    ck_assert_uint_eq(third_release(foreign), 0);
    foreign = third_create(false);
    ck_assert_int_ge(memory_walk(scene.spy, &meter[0], &scene, settle), 10);
    ck_assert_uint_eq(third_release(foreign), 0);
    close_scene(&scene);
}
END_TEST

OMSP_SUITE("msp memory media", TEST(terminals_of_ours), TEST(formats_and_substreams),
           TEST(tsp_data_and_invoke), TEST_ON_WINDOWS(terminals_of_other_makers))
