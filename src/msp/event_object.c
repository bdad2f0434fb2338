/*
 * The objects that a sink receives, which under tapi3.dll that library makes: ITCallMediaEvent,
 * ITFileTerminalEvent, ITASRTerminalEvent, ITTTSTerminalEvent, ITToneTerminalEvent, ITPrivateEvent,
 * ITAddressEvent (mspi.md 2.4, 2.5, 12), and the digit that a private event carries
 * (ITDigitDetectionEvent). Immutable after creation, therefore free-threaded
 * without a lock. Which interfaces they hold is decided by resolve.c, not here.
 *
 * Choices: a member that the event does not have (the terminal of most call events, the track of a
 * file event) is S_OK with NULL, which a script sees as Nothing. ITCallInfo is TAPI_E_CALLUNAVAIL
 * when the call is gone or its outer has none; ITAddress and ITCallHub are TAPI_E_NOTSUPPORTED
 * outside of tapi3.dll, whose objects they are.
 */
#include "com/dispatch.h"
#include "com/object.h"
#include "msp/classes.h"
#include "msp/msp.h"
#include "msp/terminal_event.h"

#include <tapi.h>

struct msp_event {
    struct com_object object;
    union { /* the one slot of the class */
        ITCallMediaEvent media;
        ITFileTerminalEvent file;
        ITASRTerminalEvent asr;
        ITTTSTerminalEvent tts;
        ITToneTerminalEvent tone;
        ITPrivateEvent private_event;
        ITAddressEvent address_event;
        ITDigitDetectionEvent digit;
        IDispatch dispatch;
    } slot;
    struct omsp_event event; /* without blob */
    bool foreign;            /* a terminal of another maker told it, */
    HRESULT told;            /* with this error */
    /* A reference each, or NULL. */
    ITCallInfo *call;
    ITAddress *address;
    ITStream *stream;
    ITTerminal *terminal;
    ITFileTrack *track;
    IDispatch *extra;
};

static const struct msp_event *of(void *iface)
{
    return COM_SELF(iface, struct msp_event, slot);
}

/* Hands a kept interface out; `none` when there is no such. */
static HRESULT give(void *kept, void **out, HRESULT none)
{
    if (!out)
        return E_POINTER;
    *out = kept;
    if (!kept)
        return none;
    IUnknown_AddRef((IUnknown *)kept);
    return S_OK;
}

#define GETTER(function, I, T, answer)                                                             \
    static HRESULT STDMETHODCALLTYPE function(I *iface, T *out)                                    \
    {                                                                                              \
        if (!out)                                                                                  \
            return E_POINTER;                                                                      \
        *out = (T)(answer);                                                                        \
        return S_OK;                                                                               \
    }
#define GIVER(function, I, T, member, none)                                                        \
    static HRESULT STDMETHODCALLTYPE function(I *iface, T **out)                                   \
    {                                                                                              \
        return give(of(iface)->member, (void **)out, none);                                        \
    }

static HRESULT error_of(const struct msp_event *self)
{
    return self->foreign ? self->told : msp_hresult(self->event.error);
}

/* ---- ITCallMediaEvent ----------------------------------------------------------------------- */

GIVER(media_call, ITCallMediaEvent, ITCallInfo, call, TAPI_E_CALLUNAVAIL)
GETTER(media_event, ITCallMediaEvent, CALL_MEDIA_EVENT, of(iface)->event.type)
GETTER(media_error, ITCallMediaEvent, HRESULT, msp_hresult(of(iface)->event.error))
GIVER(media_terminal, ITCallMediaEvent, ITTerminal, terminal, S_OK)
GIVER(media_stream, ITCallMediaEvent, ITStream, stream, S_OK)
GETTER(media_cause, ITCallMediaEvent, CALL_MEDIA_EVENT_CAUSE, of(iface)->event.cause)

static const struct com_member media_members[] = {
    COM_GET(ITCallMediaEvent, 1, Call, COM_RETVAL_OBJECT),
    COM_GET(ITCallMediaEvent, 2, Event, COM_RETVAL_LONG),
    COM_GET(ITCallMediaEvent, 3, Error, COM_RETVAL_LONG),
    COM_GET(ITCallMediaEvent, 4, Terminal, COM_RETVAL_OBJECT),
    COM_GET(ITCallMediaEvent, 5, Stream, COM_RETVAL_OBJECT),
    COM_GET(ITCallMediaEvent, 6, Cause, COM_RETVAL_LONG),
};
static const struct com_dispatch media_dispatch =
    COM_DISPATCH_TABLE(&IID_ITCallMediaEvent, "ITCallMediaEvent", media_members);
COM_VTABLE(media_vtable, ITCallMediaEvent, struct msp_event, slot.media, &media_dispatch,
           COM_DISPATCH_SLOTS(ITCallMediaEvent), .get_Call = media_call, .get_Event = media_event,
           .get_Error = media_error, .get_Terminal = media_terminal, .get_Stream = media_stream,
           .get_Cause = media_cause);

/* ---- ITFileTerminalEvent -------------------------------------------------------------------- */

GIVER(file_terminal, ITFileTerminalEvent, ITTerminal, terminal, S_OK)
GIVER(file_track, ITFileTerminalEvent, ITFileTrack, track, S_OK)
GIVER(file_call, ITFileTerminalEvent, ITCallInfo, call, TAPI_E_CALLUNAVAIL)
GETTER(file_state, ITFileTerminalEvent, TERMINAL_MEDIA_STATE, of(iface)->event.type)
GETTER(file_cause, ITFileTerminalEvent, FT_STATE_EVENT_CAUSE, of(iface)->event.cause)
GETTER(file_error, ITFileTerminalEvent, HRESULT, error_of(of(iface)))

static const struct com_member file_members[] = {
    COM_GET(ITFileTerminalEvent, 1, Terminal, COM_RETVAL_OBJECT),
    COM_GET(ITFileTerminalEvent, 2, Track, COM_RETVAL_OBJECT),
    COM_GET(ITFileTerminalEvent, 3, Call, COM_RETVAL_OBJECT),
    COM_GET(ITFileTerminalEvent, 4, State, COM_RETVAL_LONG),
    COM_GET(ITFileTerminalEvent, 5, Cause, COM_RETVAL_LONG),
    COM_GET(ITFileTerminalEvent, 6, Error, COM_RETVAL_LONG),
};
static const struct com_dispatch file_dispatch =
    COM_DISPATCH_TABLE(&IID_ITFileTerminalEvent, "ITFileTerminalEvent", file_members);
COM_VTABLE(file_vtable, ITFileTerminalEvent, struct msp_event, slot.file, &file_dispatch,
           COM_DISPATCH_SLOTS(ITFileTerminalEvent), .get_Terminal = file_terminal,
           .get_Track = file_track, .get_Call = file_call, .get_State = file_state,
           .get_Cause = file_cause, .get_Error = file_error);

/* ---- ITASRTerminalEvent, ITTTSTerminalEvent, ITToneTerminalEvent: alike -----------------------
 */

#define TERMINAL_EVENT(name, I)                                                                    \
    GIVER(name##_terminal, I, ITTerminal, terminal, S_OK)                                          \
    GIVER(name##_call, I, ITCallInfo, call, TAPI_E_CALLUNAVAIL)                                    \
    GETTER(name##_error, I, HRESULT, error_of(of(iface)))                                          \
    static const struct com_member name##_members[] = {                                            \
        COM_GET(I, 1, Terminal, COM_RETVAL_OBJECT),                                                \
        COM_GET(I, 2, Call, COM_RETVAL_OBJECT),                                                    \
        COM_GET(I, 3, Error, COM_RETVAL_LONG),                                                     \
    };                                                                                             \
    static const struct com_dispatch name##_dispatch =                                             \
        COM_DISPATCH_TABLE(&IID_##I, #I, name##_members);                                          \
    COM_VTABLE(name##_vtable, I, struct msp_event, slot.name, &name##_dispatch,                    \
               COM_DISPATCH_SLOTS(I), .get_Terminal = name##_terminal, .get_Call = name##_call,    \
               .get_Error = name##_error)

TERMINAL_EVENT(asr, ITASRTerminalEvent);
TERMINAL_EVENT(tts, ITTTSTerminalEvent);
TERMINAL_EVENT(tone, ITToneTerminalEvent);

/* ---- ITPrivateEvent ------------------------------------------------------------------------- */

GIVER(private_address, ITPrivateEvent, ITAddress, address, TAPI_E_NOTSUPPORTED)
GIVER(private_call, ITPrivateEvent, ITCallInfo, call, TAPI_E_CALLUNAVAIL)
GETTER(private_code, ITPrivateEvent, LONG, of(iface)->event.type)
GIVER(private_interface, ITPrivateEvent, IDispatch, extra, S_OK)

static HRESULT STDMETHODCALLTYPE private_hub(ITPrivateEvent *iface, ITCallHub **out)
{
    (void)iface;
    return give(NULL, (void **)out, TAPI_E_NOTSUPPORTED);
}

static const struct com_member private_members[] = {
    COM_GET(ITPrivateEvent, 1, Address, COM_RETVAL_OBJECT),
    COM_GET(ITPrivateEvent, 2, Call, COM_RETVAL_OBJECT),
    COM_GET(ITPrivateEvent, 3, CallHub, COM_RETVAL_OBJECT),
    COM_GET(ITPrivateEvent, 4, EventCode, COM_RETVAL_LONG),
    COM_GET(ITPrivateEvent, 5, EventInterface, COM_RETVAL_OBJECT),
};
static const struct com_dispatch private_dispatch =
    COM_DISPATCH_TABLE(&IID_ITPrivateEvent, "ITPrivateEvent", private_members);
COM_VTABLE(private_vtable, ITPrivateEvent, struct msp_event, slot.private_event, &private_dispatch,
           COM_DISPATCH_SLOTS(ITPrivateEvent), .get_Address = private_address,
           .get_Call = private_call, .get_CallHub = private_hub, .get_EventCode = private_code,
           .get_EventInterface = private_interface);

/* ---- ITAddressEvent ------------------------------------------------------------------------- */

GIVER(address_address, ITAddressEvent, ITAddress, address, TAPI_E_NOTSUPPORTED)
GETTER(address_event, ITAddressEvent, ADDRESS_EVENT,
       of(iface)->event.type == OMSP_TERMINAL_AVAILABLE ? AE_NEWTERMINAL : AE_REMOVETERMINAL)
GIVER(address_terminal, ITAddressEvent, ITTerminal, terminal, S_OK)

static const struct com_member address_members[] = {
    COM_GET(ITAddressEvent, 1, Address, COM_RETVAL_OBJECT),
    COM_GET(ITAddressEvent, 2, Event, COM_RETVAL_LONG),
    COM_GET(ITAddressEvent, 3, Terminal, COM_RETVAL_OBJECT),
};
static const struct com_dispatch address_dispatch =
    COM_DISPATCH_TABLE(&IID_ITAddressEvent, "ITAddressEvent", address_members);
COM_VTABLE(address_vtable, ITAddressEvent, struct msp_event, slot.address_event, &address_dispatch,
           COM_DISPATCH_SLOTS(ITAddressEvent), .get_Address = address_address,
           .get_Event = address_event, .get_Terminal = address_terminal);

/* ---- ITDigitDetectionEvent: what a private event's EventInterface is for a digit --------------
 */

GIVER(digit_call, ITDigitDetectionEvent, ITCallInfo, call, TAPI_E_CALLUNAVAIL)
GETTER(digit_digit, ITDigitDetectionEvent, unsigned char,
       "0123456789*#ABCD"[of(iface)->event.detail & 15])
GETTER(digit_mode, ITDigitDetectionEvent, TAPI_DIGITMODE, ((void)iface, LINEDIGITMODE_DTMF))
GETTER(digit_ticks, ITDigitDetectionEvent, LONG, of(iface)->event.at_us / 1000)

static HRESULT STDMETHODCALLTYPE digit_instance(ITDigitDetectionEvent *iface, LONG *out)
{
    (void)iface;
    if (!out)
        return E_POINTER;
    *out = 0; /* of ITTAPI::RegisterCallNotifications, which there is none of here */
    return S_OK;
}

static const struct com_member digit_members[] = {
    COM_GET(ITDigitDetectionEvent, 1, Call, COM_RETVAL_OBJECT),
    COM_GET(ITDigitDetectionEvent, 2, Digit, COM_RETVAL_LONG),
    COM_GET(ITDigitDetectionEvent, 3, DigitMode, COM_RETVAL_LONG),
    COM_GET(ITDigitDetectionEvent, 4, TickCount, COM_RETVAL_LONG),
    COM_GET(ITDigitDetectionEvent, 5, CallbackInstance, COM_RETVAL_LONG),
};
static const struct com_dispatch digit_dispatch =
    COM_DISPATCH_TABLE(&IID_ITDigitDetectionEvent, "ITDigitDetectionEvent", digit_members);
COM_VTABLE(digit_vtable, ITDigitDetectionEvent, struct msp_event, slot.digit, &digit_dispatch,
           COM_DISPATCH_SLOTS(ITDigitDetectionEvent), .get_Call = digit_call,
           .get_Digit = digit_digit, .get_DigitMode = digit_mode, .get_TickCount = digit_ticks,
           .get_CallbackInstance = digit_instance);

/* ---- creation ------------------------------------------------------------------------------- */

static void drop(void *kept)
{
    if (kept)
        IUnknown_Release((IUnknown *)kept);
}

static void destroy(struct com_object *object)
{
    struct msp_event *self = (struct msp_event *)object;

    drop(self->call);
    drop(self->address);
    drop(self->stream);
    drop(self->terminal);
    drop(self->track);
    drop(self->extra);
}

#define CLASS(name, I, table)                                                                      \
    static const struct com_entry name##_entries[] = {COM_ENTRY(IID_##I, table)};                  \
    static const struct com_class name##_class = {COM_CLASS(#I, struct msp_event, name##_entries), \
                                                  .flags = COM_FTM | COM_SAFE, .destroy = destroy}
CLASS(media, ITCallMediaEvent, media_vtable);
CLASS(file, ITFileTerminalEvent, file_vtable);
CLASS(asr, ITASRTerminalEvent, asr_vtable);
CLASS(tts, ITTTSTerminalEvent, tts_vtable);
CLASS(tone, ITToneTerminalEvent, tone_vtable);
CLASS(private, ITPrivateEvent, private_vtable);
CLASS(address, ITAddressEvent, address_vtable);
CLASS(digit, ITDigitDetectionEvent, digit_vtable);

const struct com_class *const msp_event_classes[MSP_EVENT_CLASS_COUNT] = {
    &media_class, &file_class,    &asr_class,     &tts_class,
    &tone_class,  &private_class, &address_class, &digit_class};

static HRESULT create(const struct com_class *class, const struct omsp_event *event,
                      struct msp_event **out)
{
    HRESULT hr = com_object_create(class, NULL, (struct com_object **)out);

    if (FAILED(hr))
        return hr;
    (*out)->event = *event;
    (*out)->event.blob = NULL;
    return S_OK;
}

static HRESULT digit_create(const struct omsp_event *event, ITCallInfo *call, IDispatch **out)
{
    struct msp_event *self;
    HRESULT hr = create(&digit_class, event, &self);

    if (FAILED(hr))
        return hr;
    self->call = call;
    if (call)
        ITCallInfo_AddRef(call);
    *out = &self->slot.dispatch;
    return S_OK;
}

HRESULT msp_private_object_create(const struct omsp_event *event, IDispatch **out)
{
    *out = NULL;
    return event->type == OMSP_PRIVATE_DIGIT ? digit_create(event, NULL, out) : S_OK;
}

static const struct com_class *class_of(const struct omsp_event *event, TAPI_EVENT *kind)
{
    switch (event->kind) {
    case OMSP_EVENT_CALL:
        *kind = TE_CALLMEDIA;
        return &media_class;
    case OMSP_EVENT_FILE:
        *kind = TE_FILETERMINAL;
        return &file_class;
    case OMSP_EVENT_PRIVATE:
        *kind = TE_PRIVATE;
        return &private_class;
    case OMSP_EVENT_ADDRESS:
        *kind = TE_ADDRESS;
        return &address_class;
    case OMSP_EVENT_TSP_DATA:
        break;
    }
    return NULL; /* for the TSP; no application sees it */
}

/* What a foreign outer answers may be a success without a pointer: count it as nothing. */
static void keep_foreign(struct msp_event *self, struct msp_address *address, struct msp_call *call)
{
    if (call && FAILED(msp_call_get_info(call, &self->call)))
        self->call = NULL;
    if (self->object.class == &private_class || self->object.class == &address_class)
        if (FAILED(msp_address_query(address, &IID_ITAddress, (void **)&self->address)))
            self->address = NULL;
}

/* Which object tells what a terminal of another maker told. */
static const struct com_class *class_of_told(MSP_EVENT told, TAPI_EVENT *kind)
{
    switch (told) {
    case ME_FILE_TERMINAL_EVENT:
        *kind = TE_FILETERMINAL;
        return &file_class;
    case ME_ASR_TERMINAL_EVENT:
        *kind = TE_ASRTERMINAL;
        return &asr_class;
    case ME_TTS_TERMINAL_EVENT:
        *kind = TE_TTSTERMINAL;
        return &tts_class;
    case ME_TONE_TERMINAL_EVENT:
        *kind = TE_TONETERMINAL;
        return &tone_class;
    default:
        *kind = TE_PRIVATE;
        return &private_class;
    }
}

/* Takes its references over. */
static void take_told(struct msp_event *self, const MSP_EVENT_INFO *told)
{
    self->foreign = true;
    switch (told->Event) {
    case ME_FILE_TERMINAL_EVENT:
        self->event.type = told->MSP_FILE_TERMINAL_EVENT_INFO.TerminalMediaState;
        self->event.cause = (int)told->MSP_FILE_TERMINAL_EVENT_INFO.ftecEventCause;
        self->told = told->MSP_FILE_TERMINAL_EVENT_INFO.hrErrorCode;
        self->terminal = told->MSP_FILE_TERMINAL_EVENT_INFO.pParentFileTerminal;
        self->track = told->MSP_FILE_TERMINAL_EVENT_INFO.pFileTrack;
        break;
    case ME_ASR_TERMINAL_EVENT:
        self->told = told->MSP_ASR_TERMINAL_EVENT_INFO.hrErrorCode;
        self->terminal = told->MSP_ASR_TERMINAL_EVENT_INFO.pASRTerminal;
        break;
    case ME_TTS_TERMINAL_EVENT:
        self->told = told->MSP_TTS_TERMINAL_EVENT_INFO.hrErrorCode;
        self->terminal = told->MSP_TTS_TERMINAL_EVENT_INFO.pTTSTerminal;
        break;
    case ME_TONE_TERMINAL_EVENT:
        self->told = told->MSP_TONE_TERMINAL_EVENT_INFO.hrErrorCode;
        self->terminal = told->MSP_TONE_TERMINAL_EVENT_INFO.pToneTerminal;
        break;
    default:
        self->event.type = told->MSP_PRIVATE_EVENT_INFO.lEventCode;
        self->extra = told->MSP_PRIVATE_EVENT_INFO.pEvent;
        break;
    }
}

static HRESULT create_told(struct msp_address *address, const struct omsp_event *event,
                           const struct msp_event_parts *parts, TAPI_EVENT *kind, IDispatch **out)
{
    struct msp_event *self;
    MSP_EVENT_INFO told;
    HRESULT hr;

    if (!msp_terminal_event_look(event->detail, &told.Event))
        return S_FALSE;
    hr = create(class_of_told(told.Event, kind), event, &self);
    if (FAILED(hr))
        return hr; /* it waits on */
    if (!msp_terminal_event_take(event->detail, &told)) {
        com_object_release(&self->object);
        return S_FALSE;
    }
    keep_foreign(self, address, parts->call);
    take_told(self, &told);
    *out = &self->slot.dispatch;
    return S_OK;
}

HRESULT msp_event_object_create(struct msp_address *address, const struct omsp_event *event,
                                const struct msp_event_parts *parts, TAPI_EVENT *kind,
                                IDispatch **out)
{
    const struct com_class *class = class_of(event, kind);
    struct msp_event *self;
    HRESULT hr;

    *out = NULL;
    if (!class)
        return E_INVALIDARG;
    if (class == &private_class && event->type == OMSP_PRIVATE_TERMINAL)
        return create_told(address, event, parts, kind, out);
    hr = create(class, event, &self);
    if (FAILED(hr))
        return hr;
    keep_foreign(self, address, parts->call);
    self->stream = parts->stream;
    self->terminal = parts->terminal;
    self->track = parts->track;
    if (self->stream)
        ITStream_AddRef(self->stream);
    if (self->terminal)
        ITTerminal_AddRef(self->terminal);
    if (self->track)
        ITFileTrack_AddRef(self->track);
    if (class == &private_class && event->type == OMSP_PRIVATE_DIGIT)
        hr = digit_create(event, self->call, &self->extra);
    if (FAILED(hr)) {
        com_object_release(&self->object);
        return hr;
    }
    *out = &self->slot.dispatch;
    return S_OK;
}
