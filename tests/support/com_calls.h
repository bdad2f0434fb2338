/*
 * Calls that no compiler checked, each choice from a seed or from a fuzzer's bytes: whatever
 * implements IDispatch is asked for every name of the contract with arguments of every type and
 * number. What comes back goes into the pool that the next calls are made on and given as
 * arguments. Check's assertions tell what is broken. Who includes it has Check, Windows' and TAPI's
 * headers, kit_release and ck_assert_hr.
 */
#ifndef OMSP_TESTS_SUPPORT_COM_CALLS_H
#define OMSP_TESTS_SUPPORT_COM_CALLS_H

#include <stdlib.h>
#include <string.h>

#define POOL     24
#define MAX_ARGS 8

struct play {
    uint32_t seed;                                 /* of the choices, when there is no source */
    unsigned (*choose)(void *ctx, unsigned count); /* below count */
    void *ctx;
    IUnknown *pool[POOL]; /* a reference each */
    unsigned long invoked, succeeded, refused, unknown;
};

static unsigned any(struct play *play, unsigned count)
{
    if (play->choose)
        return play->choose(play->ctx, count);
    play->seed = play->seed * 1664525u + 1013904223u;
    return (play->seed >> 12) % count;
}

static const WCHAR *const names[] = {
    /* Without what takes a handle of the process or waits as long as it is told to. */
    L"AddParameter",
    L"Address",
    L"Balance",
    L"Bidirectional",
    L"BitsPerSample",
    L"BufferMilliseconds",
    L"CLSID",
    L"Call",
    L"CallInfoLong",
    L"CallInfoString",
    L"CallState",
    L"Calls",
    L"Channels",
    L"Close",
    L"Codec",
    L"Codecs",
    L"Company",
    L"ConfigureMediaStreams",
    L"Connect",
    L"Connected",
    L"ControllingTerminal",
    L"Count",
    L"CreateCall",
    L"CreateMediaStream",
    L"CreateStream",
    L"CreateSubStream",
    L"CreateTerminal",
    L"CreateTrackTerminal",
    L"Direction",
    L"DirectionsInUse",
    L"Disconnect",
    L"Drop",
    L"DynamicTerminalClasses",
    L"Encoding",
    L"EndOfStream",
    L"EnumerateDynamicTerminalClasses",
    L"EnumerateStreams",
    L"EnumerateSubStreams",
    L"EnumerateTerminals",
    L"EventsWaiting",
    L"ExecuteTwiML",
    L"FileName",
    L"FindMediaStream",
    L"Format",
    L"GetDefaultStaticTerminal",
    L"IsFullDuplex",
    L"Item",
    L"LastError",
    L"Listen",
    L"LocalAddress",
    L"LocalDescription",
    L"MSPAddress",
    L"MaxReconnects",
    L"MediaState",
    L"MediaStream",
    L"MediaStreams",
    L"MediaTimeout",
    L"MediaType",
    L"MediaTypes",
    L"MediaTypesInUse",
    L"MediaWorkers",
    L"RestMaxWaiting",
    L"RestMaxPerAddress",
    L"Name",
    L"Open",
    L"PacketTime",
    L"Pause",
    L"PauseStream",
    L"PauseSubStream",
    L"PayloadType",
    L"PlayList",
    L"PluggableSuperclasses",
    L"PluggableTerminalClasses",
    L"Privilege",
    L"QueueMilliseconds",
    L"Read",
    L"ReadSamples",
    L"Reconnects",
    L"RemoteDescription",
    L"RemoveStream",
    L"RemoveSubStream",
    L"RemoveTrackTerminal",
    L"SampleRate",
    L"SelectTerminal",
    L"SetFormat",
    L"SetMediaFormat",
    L"SetPeer",
    L"Sid",
    L"Start",
    L"StartRest",
    L"StartStream",
    L"StartSubStream",
    L"State",
    L"StaticTerminals",
    L"Statistics",
    L"StatusCallback",
    L"StatusCallbackMethod",
    L"Stop",
    L"StopRest",
    L"StopStream",
    L"StopSubStream",
    L"Stream",
    L"StreamName",
    L"Streams",
    L"SubStreams",
    L"Terminal",
    L"TerminalClass",
    L"TerminalType",
    L"Terminals",
    L"Tracks",
    L"TrackTerminals",
    L"UnselectTerminal",
    L"Url",
    L"Version",
    L"Volume",
    L"WaveId",
    L"Write",
    L"_NewEnum",
    L"NoSuchName",
    L"",
};
#define NAMES (sizeof(names) / sizeof(names[0]))

static const WCHAR *const texts[] = {
    L"",
    L"x",
    L"127.0.0.1:0",
    L"127.0.0.1:30991",
    L"[::1]:0",
    L"nowhere:99999",
    L"both_tracks",
    L"inbound",
    L"PCMU",
    L"PCMA,PCMU",
    L"audio/x-l16",
    L"POST",
    L"com_calls.wav",
    L"missing/x.wav",
    L"ws://127.0.0.1:30997/x",
    L"wss://127.0.0.1:30997/x",
    L"http://127.0.0.1:30997/cb",
    L"AC0123456789abcdef0123456789abcdef",
    L"{0CB9914C-79CD-47DC-ADB0-327F47CEFB20}", /* a player of files, a recorder */
    L"{521F3D06-C3D0-4511-8617-86B9A783DA77}",
    L"{E2F7AEF7-4971-11D1-A671-006097C9A2E8}", /* media streaming */
    L"{AED6483E-3304-11D2-86F1-006008B0E5D2}", /* none of ours */
    L"{00000000-0000-0000-0000-000000000000}",
    L"{not a GUID}",
    L"<Response><Start><Stream url=\"ws://127.0.0.1:30997/t\" name=\"t\"/></Start></Response>",
    L"<Response><Stop><Stream name=\"t\"/></Stop></Response>",
    L"<Response>",
    (L"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
     L"m=audio 30992 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\n"),
};
#define TEXTS (sizeof(texts) / sizeof(texts[0]))

static const LONG numbers[] = {0,    1,     2,     3,     7,  8,  16,       20,      100,
                               8000, 16000, 48000, 65536, -1, -2, LONG_MAX, LONG_MIN};
#define NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

/* ---- arguments ------------------------------------------------------------------------------- */

static BSTR any_text(struct play *play)
{
    BSTR text;

    switch (any(play, 12)) {
    case 0:
        return NULL;
    case 1: /* long */
        text = SysAllocStringLen(NULL, 5000);
        for (int i = 0; text && i < 5000; i++)
            text[i] = L'a';
        return text;
    case 2: /* a zero inside, half a pair */
        return SysAllocStringLen(L"a\0b\xD800", 4);
    default:
        return SysAllocString(texts[any(play, TEXTS)]);
    }
}

static IUnknown *any_object(struct play *play)
{
    unsigned place = any(play, POOL);

    while (!play->pool[place]) /* the first two are always there */
        place = (place + 1) % POOL;
    IUnknown_AddRef(play->pool[place]);
    return play->pool[place];
}

static void any_array(struct play *play, VARIANT *out)
{
    VARTYPE kind = any(play, 2) ? VT_UI1 : VT_VARIANT;
    SAFEARRAY *array = SafeArrayCreateVector(kind, (LONG)any(play, 2), any(play, 40));

    if (!array)
        return;
    if (kind == VT_VARIANT)
        for (ULONG i = 0; i < array->rgsabound[0].cElements; i++) {
            VARIANT *slot = (VARIANT *)array->pvData + i;

            slot->vt = any(play, 4) ? VT_BSTR : VT_I4;
            if (slot->vt == VT_BSTR)
                slot->bstrVal = any_text(play);
        }
    out->vt = (VARTYPE)(VT_ARRAY | kind);
    out->parray = array;
}

/* One argument; by reference it points to *behind, which is the caller's to clear. */
static void any_argument(struct play *play, VARIANT *out, VARIANT *behind)
{
    IUnknown *object;

    VariantInit(out);
    VariantInit(behind);
    switch (any(play, 16)) {
    case 0:
        break; /* VT_EMPTY */
    case 1:
        out->vt = VT_NULL;
        break;
    case 2:
        out->vt = VT_ERROR; /* left out */
        out->scode = DISP_E_PARAMNOTFOUND;
        break;
    case 3:
        out->vt = VT_BOOL;
        out->boolVal = any(play, 2) ? VARIANT_TRUE : VARIANT_FALSE;
        break;
    case 4:
        out->vt = VT_R8;
        out->dblVal = any(play, 2) ? 1e300 : 1.5;
        break;
    case 5:
        any_array(play, out);
        break;
    case 6:
    case 7:
    case 8:
        object = any_object(play);
        out->vt = VT_UNKNOWN;
        if (any(play, 3)) {
            out->vt = VT_DISPATCH;
            if (object &&
                FAILED(IUnknown_QueryInterface(object, &IID_IDispatch, (void **)&out->pdispVal)))
                out->pdispVal = NULL;
            if (object)
                kit_release(object);
        } else {
            out->punkVal = object;
        }
        break;
    case 9:
        any_argument(play, behind, out);
        if (behind->vt & VT_BYREF) /* no deeper than this */
            VariantInit(behind);
        VariantClear(out);
        out->vt = VT_BYREF | VT_VARIANT;
        out->pvarVal = behind;
        break;
    case 10:
        behind->vt = VT_I4;
        out->vt = VT_BYREF | VT_I4;
        out->plVal = &behind->lVal;
        break;
    case 11:
    case 12:
    case 13:
        out->vt = VT_BSTR;
        out->bstrVal = any_text(play);
        break;
    default:
        out->vt = any(play, 4) ? VT_I4 : VT_I2;
        if (out->vt == VT_I4)
            out->lVal = numbers[any(play, NUMBERS)];
        else
            out->iVal = (SHORT)numbers[any(play, NUMBERS)];
    }
}

/* ---- the pool -------------------------------------------------------------------------------- */

static void keep(struct play *play, IUnknown *object)
{
    unsigned place = 2 + any(play, POOL - 2);

    if (!object)
        return;
    for (unsigned i = 0; i < POOL; i++) /* free places first */
        if (!play->pool[i]) {
            place = i;
            break;
        }
    if (play->pool[place])
        kit_release(play->pool[place]);
    play->pool[place] = object;
    IUnknown_AddRef(object);
}

static void keep_variant(struct play *play, const VARIANT *value)
{
    if (value->vt == VT_DISPATCH || value->vt == VT_UNKNOWN)
        keep(play, value->punkVal);
}

/* What an argument pointed to may have been filled. */
static void clear(struct play *play, VARIANT *argument, VARIANT *behind)
{
    keep_variant(play, behind);
    VariantClear(behind);
    if (!(argument->vt & VT_BYREF))
        VariantClear(argument);
    VariantInit(argument);
}

/* ---- one call -------------------------------------------------------------------------------- */

static void same_object(IUnknown *a, IUnknown *b)
{
    IUnknown *one = NULL, *other = NULL;

    ck_assert_hr(IUnknown_QueryInterface(a, &IID_IUnknown, (void **)&one), S_OK);
    ck_assert_hr(IUnknown_QueryInterface(b, &IID_IUnknown, (void **)&other), S_OK);
    ck_assert_ptr_eq(one, other);
    kit_release(one);
    kit_release(other);
}

/* Once, with so many arguments. What is told as wrong is chosen anew by the caller. */
static HRESULT invoke_once(struct play *play, IDispatch *on, DISPID id, WORD kind, UINT count)
{
    VARIANT arguments[MAX_ARGS], behind[MAX_ARGS], result;
    DISPID put = DISPID_PROPERTYPUT;
    DISPPARAMS params = {.rgvarg = arguments, .cArgs = count};
    bool wants = any(play, 8) != 0;
    EXCEPINFO exception;
    UINT wrong = 99;
    HRESULT hr;

    if (kind & (DISPATCH_PROPERTYPUT | DISPATCH_PROPERTYPUTREF) && count && any(play, 8)) {
        params.cNamedArgs = 1;
        params.rgdispidNamedArgs = &put;
    }
    for (UINT i = 0; i < count; i++)
        any_argument(play, &arguments[i], &behind[i]);
    VariantInit(&result);
    memset(&exception, 0, sizeof(exception));
    for (unsigned attempt = 0;; attempt++) {
        hr = IDispatch_Invoke(on, id, &IID_NULL, LOCALE_USER_DEFAULT, kind, &params,
                              wants ? &result : NULL, &exception, &wrong);
        play->invoked++;
        if (hr != DISP_E_TYPEMISMATCH || attempt == 12)
            break;
        ck_assert_uint_lt(wrong, count); /* it says which */
        clear(play, &arguments[wrong], &behind[wrong]);
        any_argument(play, &arguments[wrong], &behind[wrong]);
    }
    if (SUCCEEDED(hr)) {
        play->succeeded++;
        keep_variant(play, &result);
    } else {
        play->refused++;
        ck_assert_int_eq(result.vt, VT_EMPTY);
        if (hr == DISP_E_EXCEPTION)
            ck_assert(FAILED(exception.scode) || exception.wCode);
    }
    SysFreeString(exception.bstrSource);
    SysFreeString(exception.bstrDescription);
    SysFreeString(exception.bstrHelpFile);
    for (UINT i = 0; i < count; i++)
        clear(play, &arguments[i], &behind[i]);
    VariantClear(&result);
    return hr;
}

/* Mostly with as many arguments as it wants, which is found out by asking. */
static void invoke(struct play *play, IDispatch *on, DISPID id)
{
    static const WORD kinds[] = {DISPATCH_METHOD, DISPATCH_PROPERTYGET, DISPATCH_PROPERTYPUT,
                                 DISPATCH_PROPERTYPUTREF, 0};
    WORD kind = any(play, 3)   ? (WORD)(DISPATCH_METHOD | DISPATCH_PROPERTYGET)
                : any(play, 4) ? DISPATCH_PROPERTYPUT
                               : kinds[any(play, 5)];
    UINT count = kind == DISPATCH_PROPERTYPUT ? 1 : 0;

    if (!any(play, 8)) {
        invoke_once(play, on, id, kind, any(play, MAX_ARGS));
        return;
    }
    while (count < MAX_ARGS && invoke_once(play, on, id, kind, count) == DISP_E_BADPARAMCOUNT)
        count++;
}

/* Collections give their items to whoever enumerates. */
static void enumerate(struct play *play, IUnknown *object)
{
    IEnumVARIANT *all = NULL;
    VARIANT item;

    if (FAILED(IUnknown_QueryInterface(object, &IID_IEnumVARIANT, (void **)&all)))
        return;
    IEnumVARIANT_Reset(all);
    VariantInit(&item);
    while (IEnumVARIANT_Next(all, 1, &item, NULL) == S_OK) {
        keep_variant(play, &item);
        VariantClear(&item);
    }
    kit_release(all);
}

static const GUID *const faces[] = {
    &IID_ITStreamControl,      &IID_ITStream,       &IID_ITTerminalSupport,   &IID_ITTerminal,
    &IID_ITMultiTrackTerminal, &IID_ITMediaControl, &IID_ITMediaPlayback,     &IID_ITMediaRecord,
    &IID_IOpenMSPAddress,      &IID_IOpenMSPCall,   &IID_IOpenMSPMediaStream, &IID_IDispatch,
    &IID_ISupportErrorInfo};
#define FACES (sizeof(faces) / sizeof(faces[0]))

/* An end seldom: much has to happen before. */
static LPOLESTR any_name(struct play *play)
{
    const WCHAR *name = names[any(play, NAMES)];

    if (!wcscmp(name, L"Close") && any(play, 20))
        name = names[any(play, NAMES)];
    return (LPOLESTR)name;
}

static void one_call(struct play *play)
{
    IUnknown *object = any_object(play);
    LPOLESTR asked = any_name(play);
    IDispatch *on = NULL;
    DISPID id = 0;
    HRESULT hr;

    enumerate(play, object);
    hr = IUnknown_QueryInterface(object, faces[any(play, FACES)], (void **)&on);
    if (FAILED(hr)) {
        ck_assert_ptr_null(on);
        hr = IUnknown_QueryInterface(object, &IID_IDispatch, (void **)&on);
    }
    if (SUCCEEDED(hr)) {
        IDispatch *dispatch = NULL;

        same_object(object, (IUnknown *)on);
        hr = IDispatch_QueryInterface(on, &IID_IDispatch, (void **)&dispatch);
        kit_release(on);
        if (SUCCEEDED(hr)) {
            for (unsigned tries = 0; tries < 12; tries++) {
                hr = IDispatch_GetIDsOfNames(dispatch, &IID_NULL, &asked, 1, LOCALE_USER_DEFAULT,
                                             &id);
                ck_assert(hr == S_OK || hr == DISP_E_UNKNOWNNAME);
                if (hr == S_OK)
                    break;
                play->unknown++;
                asked = any_name(play);
            }
            if (hr == S_OK || !any(play, 20))
                invoke(play, dispatch, hr == S_OK ? id : (DISPID)any(play, 0x20000));
            kit_release(dispatch);
        }
    }
    if (!any(play, 40)) { /* now and then something goes */
        unsigned place = 2 + any(play, POOL - 2);

        if (play->pool[place]) {
            kit_release(play->pool[place]);
            play->pool[place] = NULL;
        }
    }
    kit_release(object);
}

#endif
