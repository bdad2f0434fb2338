// The application behind client.h. COM as the samples of TAPI 3 do it: interface pointers that are
// released by hand, a class that implements ITTAPIEventNotification, VARIANTs and BSTRs. Main
// thread; the sink is called on a thread of TAPI's.
#include "client.h"

#include <ole2.h>
#include <olectl.h>
#include <tapi3.h>

#include <new>

namespace
{

// In C++ mingw-w64 has these as names of classes for __uuidof only.
const WCHAR playback_terminal[] = L"{0CB9914C-79CD-47DC-ADB0-327F47CEFB20}";
const WCHAR recording_terminal[] = L"{521F3D06-C3D0-4511-8617-86B9A783DA77}";

template <class T> void Release(T *&pointer)
{
    if (pointer)
        pointer->Release();
    pointer = nullptr;
}

class CEventNotification : public ITTAPIEventNotification
{
  public:
    CEventNotification() = default;

    STDMETHODIMP QueryInterface(REFIID iid, void **out) override
    {
        if (iid == IID_IUnknown || iid == IID_ITTAPIEventNotification) {
            *out = static_cast<ITTAPIEventNotification *>(this);
            AddRef();
            return S_OK;
        }
        *out = nullptr;
        return E_NOINTERFACE;
    }
    STDMETHODIMP_(ULONG) AddRef() override
    {
        return static_cast<ULONG>(InterlockedIncrement(&m_refs));
    }
    STDMETHODIMP_(ULONG) Release() override
    {
        return static_cast<ULONG>(InterlockedDecrement(&m_refs));
    }
    STDMETHODIMP Event(TAPI_EVENT kind, IDispatch *event) override;

    client_heard m_heard = {};
    ITCallInfo *m_offered = nullptr;
    LONG m_refs = 1;
    LONG m_digits = 0;

  private:
    void OnNotification(ITCallNotificationEvent *event);
    void OnState(ITCallStateEvent *event);
    void OnMedia(ITCallMediaEvent *event);
    void OnFile(ITFileTerminalEvent *event);
    void OnPrivate(ITPrivateEvent *event);

    template <class T>
    void With(IDispatch *event, REFIID iid, void (CEventNotification::*handle)(T *))
    {
        T *typed = nullptr;

        if (FAILED(event->QueryInterface(iid, reinterpret_cast<void **>(&typed)))) {
            InterlockedIncrement(&m_heard.odd);
            return;
        }
        (this->*handle)(typed);
        typed->Release();
    }
    void Expect(bool as_documented)
    {
        if (!as_documented)
            InterlockedIncrement(&m_heard.odd);
    }
};

STDMETHODIMP CEventNotification::Event(TAPI_EVENT kind, IDispatch *event)
{
    switch (kind) {
    case TE_CALLNOTIFICATION:
        With(event, IID_ITCallNotificationEvent, &CEventNotification::OnNotification);
        break;
    case TE_CALLSTATE:
        With(event, IID_ITCallStateEvent, &CEventNotification::OnState);
        break;
    case TE_CALLMEDIA:
        With(event, IID_ITCallMediaEvent, &CEventNotification::OnMedia);
        break;
    case TE_FILETERMINAL:
        With(event, IID_ITFileTerminalEvent, &CEventNotification::OnFile);
        break;
    case TE_PRIVATE:
        With(event, IID_ITPrivateEvent, &CEventNotification::OnPrivate);
        break;
    default:
        Expect(false); // the filter asked for nothing else
        break;
    }
    return S_OK;
}

void CEventNotification::OnNotification(ITCallNotificationEvent *event)
{
    ITCallInfo *call = nullptr;

    Expect(SUCCEEDED(event->get_Call(&call)) && call);
    call = static_cast<ITCallInfo *>(
        InterlockedExchangePointer(reinterpret_cast<void **>(&m_offered), call));
    ::Release(call);
    InterlockedIncrement(&m_heard.notifications);
}

void CEventNotification::OnState(ITCallStateEvent *event)
{
    ITCallInfo *call = nullptr;
    CALL_STATE state = CS_IDLE;

    Expect(SUCCEEDED(event->get_State(&state)));
    Expect(SUCCEEDED(event->get_Call(&call)) && call);
    ::Release(call);
    if (state == CS_OFFERING)
        InterlockedIncrement(&m_heard.offering);
    if (state == CS_CONNECTED)
        InterlockedIncrement(&m_heard.connected);
    if (state == CS_DISCONNECTED)
        InterlockedIncrement(&m_heard.disconnected);
}

void CEventNotification::OnMedia(ITCallMediaEvent *event)
{
    CALL_MEDIA_EVENT_CAUSE cause = CMC_UNKNOWN;
    CALL_MEDIA_EVENT what = CME_NEW_STREAM;
    ITTerminal *terminal = nullptr;
    ITCallInfo *call = nullptr;
    ITStream *stream = nullptr;
    HRESULT error = E_FAIL;

    Expect(SUCCEEDED(event->get_Event(&what)) && SUCCEEDED(event->get_Cause(&cause)));
    Expect(SUCCEEDED(event->get_Error(&error)) && error == S_OK);
    Expect(SUCCEEDED(event->get_Call(&call)) && call);
    Expect(SUCCEEDED(event->get_Stream(&stream)) && stream);
    Expect(SUCCEEDED(event->get_Terminal(&terminal)));
    ::Release(terminal);
    ::Release(stream);
    ::Release(call);
    if (what == CME_STREAM_ACTIVE)
        InterlockedIncrement(&m_heard.active);
    if (what == CME_STREAM_INACTIVE)
        InterlockedIncrement(&m_heard.inactive);
}

void CEventNotification::OnFile(ITFileTerminalEvent *event)
{
    TERMINAL_DIRECTION direction = TD_NONE;
    TERMINAL_MEDIA_STATE state = TMS_PAUSED;
    ITTerminal *terminal = nullptr;

    Expect(SUCCEEDED(event->get_State(&state)));
    Expect(SUCCEEDED(event->get_Terminal(&terminal)) && terminal);
    if (terminal)
        terminal->get_Direction(&direction);
    ::Release(terminal);
    if (direction == TD_CAPTURE)
        InterlockedIncrement(state == TMS_ACTIVE ? &m_heard.playing : &m_heard.played);
    else
        InterlockedIncrement(state == TMS_ACTIVE ? &m_heard.recording : &m_heard.recorded);
}

void CEventNotification::OnPrivate(ITPrivateEvent *event)
{
    ITDigitDetectionEvent *digit = nullptr;
    ITAddress *address = nullptr;
    IDispatch *object = nullptr;
    unsigned char which = 0;

    Expect(SUCCEEDED(event->get_Address(&address)) && address);
    Expect(SUCCEEDED(event->get_EventInterface(&object)) && object);
    if (object && SUCCEEDED(object->QueryInterface(IID_ITDigitDetectionEvent,
                                                   reinterpret_cast<void **>(&digit)))) {
        Expect(SUCCEEDED(digit->get_Digit(&which)));
        if (m_digits < 15)
            m_heard.digits[m_digits++] = which;
        digit->Release();
    }
    ::Release(object);
    ::Release(address);
    InterlockedIncrement(&m_heard.private_events);
}

} // namespace

// The application.
struct client {
    CEventNotification m_sink;
    ITTAPI *m_tapi = nullptr;
    IConnectionPoint *m_point = nullptr;
    DWORD m_cookie = 0;
    LONG m_registered = 0;
    ITAddress *m_address = nullptr;
    ITBasicCallControl *m_call = nullptr, *m_incoming = nullptr;
    ITTerminal *m_player = nullptr, *m_recorder = nullptr;
    client_failure *m_failure = nullptr;
    LONG m_statics = 0, m_streams = 0, m_selected = 0, m_calls = 0;

    bool Ok(HRESULT hr, int line)
    {
        if (FAILED(hr) && SUCCEEDED(m_failure->hr)) {
            m_failure->hr = hr;
            m_failure->line = line;
        }
        return SUCCEEDED(hr);
    }
    bool Open(const WCHAR *line);
    ITAddress *FindLine(const WCHAR *name);
    bool FindAudio();
    bool RegisterEvents();
    bool SelectOnCall(ITBasicCallControl *call, ITTerminal *terminal, TERMINAL_DIRECTION direction);
    bool ListTerminals();
    bool CreatePlayer(const WCHAR *file);
    bool CreateRecorder(ITAddress *address, const WCHAR *file);
    ITTerminal *CreateTerminal(ITAddress *address, const WCHAR *clazz,
                               TERMINAL_DIRECTION direction);
    ITTerminal *Track(ITTerminal *file);
    bool Control(ITTerminal *terminal, bool start);
    LONG CountCalls();
};

#define OK(call) Ok((call), __LINE__)

bool client::Open(const WCHAR *line)
{
    ITAddress *address;

    if (!OK(CoCreateInstance(CLSID_TAPI, nullptr, CLSCTX_INPROC_SERVER, IID_ITTAPI,
                             reinterpret_cast<void **>(&m_tapi))) ||
        !OK(m_tapi->Initialize()) || !RegisterEvents() || !FindAudio())
        return false;
    address = FindLine(line);
    if (!OK(address ? S_OK : TAPI_E_INVALADDRESS))
        return false;
    OK(m_tapi->RegisterCallNotifications(address, VARIANT_TRUE, VARIANT_TRUE, TAPIMEDIATYPE_AUDIO,
                                         7, &m_registered));
    address->Release();
    return SUCCEEDED(m_failure->hr);
}

bool client::RegisterEvents()
{
    IConnectionPointContainer *container;

    if (!OK(m_tapi->put_EventFilter(TE_CALLNOTIFICATION | TE_CALLSTATE | TE_CALLMEDIA |
                                    TE_FILETERMINAL | TE_PRIVATE)) ||
        !OK(m_tapi->QueryInterface(IID_IConnectionPointContainer,
                                   reinterpret_cast<void **>(&container))))
        return false;
    if (OK(container->FindConnectionPoint(IID_ITTAPIEventNotification, &m_point)))
        OK(m_point->Advise(static_cast<ITTAPIEventNotification *>(&m_sink), &m_cookie));
    container->Release();
    return m_cookie != 0;
}

// By the collection, as Visual Basic's and some C++ samples do.
ITAddress *client::FindLine(const WCHAR *name)
{
    ITCollection *collection = nullptr;
    ITAddress *found = nullptr;
    VARIANT list, item;
    LONG count = 0;

    VariantInit(&list);
    if (!OK(m_tapi->get_Addresses(&list)) || !OK(V_VT(&list) == VT_DISPATCH ? S_OK : E_FAIL))
        return nullptr;
    if (OK(V_DISPATCH(&list)->QueryInterface(IID_ITCollection,
                                             reinterpret_cast<void **>(&collection))) &&
        OK(collection->get_Count(&count)))
        for (LONG i = 1; i <= count && !found; i++) {
            BSTR is = nullptr;

            VariantInit(&item);
            if (!OK(collection->get_Item(i, &item)) ||
                !OK(V_DISPATCH(&item)->QueryInterface(IID_ITAddress,
                                                      reinterpret_cast<void **>(&found))) ||
                !OK(found->get_AddressName(&is)))
                break;
            if (lstrcmpW(is, name))
                Release(found);
            SysFreeString(is);
            VariantClear(&item);
        }
    Release(collection);
    VariantClear(&list);
    return found;
}

// By the enumerator: the first address that carries audio.
bool client::FindAudio()
{
    IEnumAddress *all;
    ITAddress *address;

    if (!OK(m_tapi->EnumerateAddresses(&all)))
        return false;
    while (!m_address && all->Next(1, &address, nullptr) == S_OK) {
        ITMediaSupport *support;
        VARIANT_BOOL can = VARIANT_FALSE;

        if (OK(address->QueryInterface(IID_ITMediaSupport, reinterpret_cast<void **>(&support)))) {
            OK(support->QueryMediaType(TAPIMEDIATYPE_AUDIO, &can));
            support->Release();
        }
        if (can == VARIANT_TRUE)
            m_address = address;
        else
            address->Release();
    }
    all->Release();
    return m_address != nullptr;
}

bool client::ListTerminals()
{
    ITTerminalSupport *support;
    IEnumTerminal *terminals;
    ITTerminal *terminal;

    if (!OK(m_address->QueryInterface(IID_ITTerminalSupport, reinterpret_cast<void **>(&support))))
        return false;
    if (OK(support->EnumerateStaticTerminals(&terminals))) {
        while (terminals->Next(1, &terminal, nullptr) == S_OK) {
            BSTR name = nullptr;

            OK(terminal->get_Name(&name));
            SysFreeString(name);
            terminal->Release();
            m_statics++;
        }
        terminals->Release();
    }
    support->Release();
    return SUCCEEDED(m_failure->hr);
}

// A terminal goes on calls of the address that made it.
ITTerminal *client::CreateTerminal(ITAddress *address, const WCHAR *clazz,
                                   TERMINAL_DIRECTION direction)
{
    ITTerminalSupport *support;
    ITTerminal *terminal = nullptr;
    BSTR name = SysAllocString(clazz);

    if (OK(address->QueryInterface(IID_ITTerminalSupport, reinterpret_cast<void **>(&support)))) {
        OK(support->CreateTerminal(name, TAPIMEDIATYPE_AUDIO, direction, &terminal));
        support->Release();
    }
    SysFreeString(name);
    return terminal;
}

bool client::CreatePlayer(const WCHAR *file)
{
    ITMediaPlayback *playback;
    VARIANT list, element;
    SAFEARRAY *names;
    LONG at = 0;

    m_player = CreateTerminal(m_address, playback_terminal, TD_CAPTURE);
    if (!m_player ||
        !OK(m_player->QueryInterface(IID_ITMediaPlayback, reinterpret_cast<void **>(&playback))))
        return false;
    names = SafeArrayCreateVector(VT_VARIANT, 0, 1);
    V_VT(&element) = VT_BSTR;
    V_BSTR(&element) = SysAllocString(file);
    SafeArrayPutElement(names, &at, &element);
    VariantClear(&element);
    V_VT(&list) = VT_ARRAY | VT_VARIANT;
    V_ARRAY(&list) = names;
    OK(playback->put_PlayList(list));
    SafeArrayDestroy(names);
    playback->Release();
    return SUCCEEDED(m_failure->hr);
}

bool client::CreateRecorder(ITAddress *address, const WCHAR *file)
{
    ITMultiTrackTerminal *tracks;
    ITMediaRecord *record;
    ITTerminal *track;
    BSTR name;

    m_recorder = CreateTerminal(address, recording_terminal, TD_RENDER);
    if (!m_recorder ||
        !OK(m_recorder->QueryInterface(IID_ITMediaRecord, reinterpret_cast<void **>(&record))))
        return false;
    name = SysAllocString(file);
    OK(record->put_FileName(name));
    SysFreeString(name);
    record->Release();
    if (!OK(m_recorder->QueryInterface(IID_ITMultiTrackTerminal,
                                       reinterpret_cast<void **>(&tracks))))
        return false;
    if (OK(tracks->CreateTrackTerminal(TAPIMEDIATYPE_AUDIO, TD_RENDER, &track)))
        track->Release();
    tracks->Release();
    return SUCCEEDED(m_failure->hr);
}

// A file terminal's own track, which is what carries media.
ITTerminal *client::Track(ITTerminal *file)
{
    ITMultiTrackTerminal *tracks;
    IEnumTerminal *list;
    ITTerminal *track = nullptr;

    if (!OK(file->QueryInterface(IID_ITMultiTrackTerminal, reinterpret_cast<void **>(&tracks))))
        return nullptr;
    if (OK(tracks->EnumerateTrackTerminals(&list))) {
        if (list->Next(1, &track, nullptr) != S_OK)
            track = nullptr;
        list->Release();
    }
    tracks->Release();
    return track;
}

// Every stream of the call is looked at; the terminal goes on the one of its medium and direction.
bool client::SelectOnCall(ITBasicCallControl *call, ITTerminal *terminal,
                          TERMINAL_DIRECTION direction)
{
    ITStreamControl *control;
    IEnumStream *streams;
    ITTerminal *track;
    ITStream *stream;

    if (!OK(call->QueryInterface(IID_ITStreamControl, reinterpret_cast<void **>(&control))))
        return false;
    track = Track(terminal);
    if (OK(track ? S_OK : E_UNEXPECTED) && OK(control->EnumerateStreams(&streams))) {
        while (streams->Next(1, &stream, nullptr) == S_OK) {
            TERMINAL_DIRECTION is = TD_NONE;
            LONG media = 0;

            OK(stream->get_MediaType(&media));
            OK(stream->get_Direction(&is));
            if (media == TAPIMEDIATYPE_AUDIO && is == direction &&
                OK(stream->SelectTerminal(track)))
                m_selected++;
            stream->Release();
            m_streams++;
        }
        streams->Release();
    }
    Release(track);
    control->Release();
    return SUCCEEDED(m_failure->hr);
}

bool client::Control(ITTerminal *terminal, bool start)
{
    ITMediaControl *control;

    if (!OK(terminal->QueryInterface(IID_ITMediaControl, reinterpret_cast<void **>(&control))))
        return false;
    OK(start ? control->Start() : control->Stop());
    control->Release();
    return SUCCEEDED(m_failure->hr);
}

LONG client::CountCalls()
{
    ITCallInfo *calls[4] = {};
    IEnumCall *list;
    ULONG count = 0;

    if (!OK(m_address->EnumerateCalls(&list)))
        return -1;
    OK(list->Next(4, calls, &count));
    for (ULONG i = 0; i < count; i++)
        calls[i]->Release();
    list->Release();
    return static_cast<LONG>(count);
}

struct client *client_open(const WCHAR *line, client_failure *failure)
{
    client *self = new (std::nothrow) client;

    *failure = {};
    if (!self)
        return nullptr;
    self->m_failure = failure;
    if (self->Open(line))
        return self;
    client_close(self);
    return nullptr;
}

BOOL client_call(client *self, const WCHAR *destination, const WCHAR *play)
{
    BSTR to = SysAllocString(destination);
    bool ok = self->OK(self->m_address->CreateCall(to, LINEADDRESSTYPE_IPADDRESS,
                                                   TAPIMEDIATYPE_AUDIO, &self->m_call));

    SysFreeString(to);
    ok = ok && self->ListTerminals() && self->CreatePlayer(play) &&
         self->SelectOnCall(self->m_call, self->m_player, TD_CAPTURE);
    self->m_calls = self->CountCalls();
    return ok && self->OK(self->m_call->Connect(VARIANT_TRUE));
}

BOOL client_answer(client *self, const WCHAR *record)
{
    ITCallInfo *info = static_cast<ITCallInfo *>(
        InterlockedExchangePointer(reinterpret_cast<void **>(&self->m_sink.m_offered), nullptr));
    CALL_STATE state = CS_IDLE;
    ITAddress *address = nullptr;
    bool ok;

    if (!self->OK(info ? S_OK : TAPI_E_CALLUNAVAIL))
        return FALSE;
    self->OK(info->get_CallState(&state));
    self->OK(state == CS_OFFERING ? S_OK : TAPI_E_INVALCALLSTATE);
    self->OK(
        info->QueryInterface(IID_ITBasicCallControl, reinterpret_cast<void **>(&self->m_incoming)));
    self->OK(info->get_Address(&address));
    info->Release();
    ok = self->m_incoming && address && self->CreateRecorder(address, record) &&
         self->SelectOnCall(self->m_incoming, self->m_recorder, TD_RENDER) &&
         self->OK(self->m_incoming->Answer());
    Release(address);
    return ok;
}

BOOL client_start(client *self, BOOL player)
{
    return self->Control(player ? self->m_player : self->m_recorder, true);
}

BOOL client_stop(client *self, BOOL player)
{
    return self->Control(player ? self->m_player : self->m_recorder, false);
}

BOOL client_hang_up(client *self)
{
    return self->OK(self->m_call->Disconnect(DC_NORMAL));
}

void client_listen(client *self, struct client_heard *out)
{
    *out = self->m_sink.m_heard;
}

void client_counted(client *self, LONG *static_terminals, LONG *streams, LONG *selected,
                    LONG *calls)
{
    *static_terminals = self->m_statics;
    *streams = self->m_streams;
    *selected = self->m_selected;
    *calls = self->m_calls;
}

void *client_outgoing(client *self)
{
    return self->m_call;
}

LONG client_close(client *self)
{
    LONG left;

    Release(self->m_player);
    Release(self->m_recorder);
    Release(self->m_incoming);
    Release(self->m_call);
    Release(self->m_sink.m_offered);
    if (self->m_registered)
        self->m_tapi->UnregisterNotifications(self->m_registered);
    Release(self->m_address);
    if (self->m_point)
        self->m_point->Unadvise(self->m_cookie);
    Release(self->m_point);
    if (self->m_tapi)
        self->m_tapi->Shutdown();
    Release(self->m_tapi);
    left = self->m_sink.m_refs - 1;
    delete self;
    return left;
}
