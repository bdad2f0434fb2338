/*
 * The device thread over WASAPI, and which devices there are. All COM pointers are this thread's,
 * which is in the multithreaded apartment; what others want of it they post as a request and wait
 * for. Not here: one device's audio (audio_stream.c).
 */
#include <initguid.h>

#include "win/audio.h"
#include "win/win.h"

#include "base/alloc.h"

#include "port/lock.h"
#include "port/thread.h"

#include <functiondiscoverykeys_devpkey.h>
#include <mmsystem.h>
#include <stdlib.h>
#include <string.h>

#define MOST_STREAMS 60 /* what one wait can watch, and a few */
#define MOST_GONE    16
/* A device that says nothing for so long is asked whether it is still there. */
#define SILENT_MS 300
/* A device that broke though the system still lists it is tried again so often. */
#define PROBE_MS 2000

enum request_kind { WANT_LIST, WANT_OPEN, WANT_CLOSE };

/* On the stack of who waits. */
struct request {
    struct omsp_link link;
    enum request_kind kind;
    bool done;
    struct win_stream *stream; /* OPEN, CLOSE */
    enum omsp_status status;   /* OPEN */
    struct omsp_audio_device *out;
    unsigned room, count; /* LIST */
};

struct win_audio {
    struct omsp_audio base;
    IMMNotificationClient client; /* what the system tells changes to; not counted */
    struct omsp_audio_watch watch;
    struct omsp_thread *thread;
    HANDLE wake;
    volatile LONG changed, stopping;
    struct omsp_lock lock; /* requests */
    struct omsp_cond done;
    struct omsp_link requests;
    /* device thread */
    IMMDeviceEnumerator *devices; /* NULL: no sound on this machine */
    struct omsp_link streams;
    unsigned stream_count;
    WCHAR gone[MOST_GONE][OMSP_AUDIO_ID_ROOM]; /* broke, yet are listed; "": free */
    EDataFlow gone_flow[MOST_GONE];
    ULONGLONG probed;
};

/* ---- notifications: any thread of the system's ------------------------------------------------
 */

static HRESULT notice(IMMNotificationClient *iface)
{
    struct win_audio *audio = CONTAINING_RECORD(iface, struct win_audio, client);

    InterlockedExchange(&audio->changed, 1);
    SetEvent(audio->wake);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE client_QueryInterface(IMMNotificationClient *iface, REFIID iid,
                                                       void **out)
{
    bool known = IsEqualIID(iid, &IID_IUnknown) || IsEqualIID(iid, &IID_IMMNotificationClient);

    *out = known ? iface : NULL;
    return known ? S_OK : E_NOINTERFACE;
}

static ULONG STDMETHODCALLTYPE client_count(IMMNotificationClient *iface)
{
    (void)iface;
    return 1; /* it lives until it was unregistered */
}

static HRESULT STDMETHODCALLTYPE client_OnDeviceStateChanged(IMMNotificationClient *iface,
                                                             LPCWSTR id, DWORD state)
{
    (void)id, (void)state;
    return notice(iface);
}

static HRESULT STDMETHODCALLTYPE client_OnDevice(IMMNotificationClient *iface, LPCWSTR id)
{
    (void)id;
    return notice(iface);
}

static HRESULT STDMETHODCALLTYPE client_OnDefaultDeviceChanged(IMMNotificationClient *iface,
                                                               EDataFlow flow, ERole role,
                                                               LPCWSTR id)
{
    (void)flow, (void)role, (void)id;
    return notice(iface);
}

static HRESULT STDMETHODCALLTYPE client_OnPropertyValueChanged(IMMNotificationClient *iface,
                                                               LPCWSTR id, const PROPERTYKEY key)
{
    (void)iface, (void)id, (void)key;
    return S_OK;
}

static IMMNotificationClientVtbl client_vtable = {
    .QueryInterface = client_QueryInterface,
    .AddRef = client_count,
    .Release = client_count,
    .OnDeviceStateChanged = client_OnDeviceStateChanged,
    .OnDeviceAdded = client_OnDevice,
    .OnDeviceRemoved = client_OnDevice,
    .OnDefaultDeviceChanged = client_OnDefaultDeviceChanged,
    .OnPropertyValueChanged = client_OnPropertyValueChanged,
};

/* ---- the list: device thread ------------------------------------------------------------------
 */

static int gone_place(const struct win_audio *audio, const WCHAR *id)
{
    for (int i = 0; i < MOST_GONE; i++)
        if (audio->gone[i][0] && !wcscmp(audio->gone[i], id))
            return i;
    return -1;
}

static void name_of(IMMDevice *device, char *out)
{
    IPropertyStore *store;
    PROPVARIANT value;

    lstrcpyA(out, "Audio device");
    if (FAILED(IMMDevice_OpenPropertyStore(device, STGM_READ, &store)))
        return;
    PropVariantInit(&value);
    if (SUCCEEDED(IPropertyStore_GetValue(store, &PKEY_Device_FriendlyName, &value)) &&
        value.vt == VT_LPWSTR &&
        !WideCharToMultiByte(CP_UTF8, 0, value.pwszVal, -1, out, OMSP_AUDIO_NAME_ROOM, NULL, NULL))
        lstrcpyA(out, "Audio device"); /* longer than anybody would read */
    PropVariantClear(&value);
    IPropertyStore_Release(store);
}

/* False: not one to show. */
static bool describe(struct win_audio *audio, IMMDevice *device, EDataFlow flow,
                     const WCHAR *default_id, struct omsp_audio_device *out)
{
    WCHAR *id;
    bool shown;

    if (FAILED(IMMDevice_GetId(device, &id)))
        return false;
    memset(out, 0, sizeof(*out));
    out->flow = flow == eRender ? OMSP_AUDIO_RENDER : OMSP_AUDIO_CAPTURE;
    out->is_default = default_id && !wcscmp(default_id, id);
    shown = gone_place(audio, id) < 0 &&
            WideCharToMultiByte(CP_UTF8, 0, id, -1, out->id, OMSP_AUDIO_ID_ROOM, NULL, NULL) != 0;
    CoTaskMemFree(id);
    if (shown)
        name_of(device, out->name);
    return shown;
}

static WCHAR *default_id(struct win_audio *audio, EDataFlow flow)
{
    IMMDevice *device;
    WCHAR *id = NULL;

    if (FAILED(IMMDeviceEnumerator_GetDefaultAudioEndpoint(audio->devices, flow, eCommunications,
                                                           &device)))
        return NULL;
    if (FAILED(IMMDevice_GetId(device, &id)))
        id = NULL;
    IMMDevice_Release(device);
    return id;
}

static unsigned list_flow(struct win_audio *audio, EDataFlow flow, struct omsp_audio_device *out,
                          unsigned room)
{
    IMMDeviceCollection *all;
    UINT there = 0;
    unsigned count = 0;
    WCHAR *preferred;

    if (FAILED(IMMDeviceEnumerator_EnumAudioEndpoints(audio->devices, flow, DEVICE_STATE_ACTIVE,
                                                      &all)))
        return 0;
    preferred = default_id(audio, flow);
    IMMDeviceCollection_GetCount(all, &there);
    for (UINT i = 0; i < there && count < room; i++) {
        IMMDevice *device;

        if (FAILED(IMMDeviceCollection_Item(all, i, &device)))
            continue;
        if (describe(audio, device, flow, preferred, &out[count]))
            count++;
        IMMDevice_Release(device);
    }
    CoTaskMemFree(preferred);
    IMMDeviceCollection_Release(all);
    return count;
}

static void list(struct win_audio *audio, struct request *request)
{
    request->count = 0;
    if (!audio->devices)
        return;
    request->count = list_flow(audio, eCapture, request->out, request->room);
    request->count +=
        list_flow(audio, eRender, request->out + request->count, request->room - request->count);
}

/* ---- devices that broke: device thread --------------------------------------------------------
 */

static void remember_gone(struct win_audio *audio, const struct win_stream *stream)
{
    if (gone_place(audio, stream->id) >= 0)
        return;
    for (int i = 0; i < MOST_GONE; i++)
        if (!audio->gone[i][0]) {
            lstrcpynW(audio->gone[i], stream->id, OMSP_AUDIO_ID_ROOM);
            audio->gone_flow[i] = stream->flow;
            audio->probed = GetTickCount64();
            return;
        }
}

static bool any_gone(const struct win_audio *audio)
{
    for (int i = 0; i < MOST_GONE; i++)
        if (audio->gone[i][0])
            return true;
    return false;
}

static bool is_active(struct win_audio *audio, const WCHAR *id)
{
    IMMDevice *device;
    DWORD state = 0;

    if (FAILED(IMMDeviceEnumerator_GetDevice(audio->devices, id, &device)))
        return false;
    IMMDevice_GetState(device, &state);
    IMMDevice_Release(device);
    return state == DEVICE_STATE_ACTIVE;
}

/* Once the system no longer lists it as active, it is the system's list that counts again. */
static void probe_gone(struct win_audio *audio)
{
    audio->probed = GetTickCount64();
    for (int i = 0; i < MOST_GONE; i++) {
        struct win_stream trial = {.flow = audio->gone_flow[i]};

        if (!audio->gone[i][0])
            continue;
        if (!is_active(audio, audio->gone[i])) {
            audio->gone[i][0] = 0;
            continue;
        }
        lstrcpynW(trial.id, audio->gone[i], OMSP_AUDIO_ID_ROOM);
        trial.event = CreateEventW(NULL, FALSE, FALSE, NULL);
        if (trial.event && win_stream_start(&trial, audio->devices) == OMSP_OK) {
            win_stream_stop(&trial);
            audio->gone[i][0] = 0;
            InterlockedExchange(&audio->changed, 1);
        }
        if (trial.event)
            CloseHandle(trial.event);
    }
}

/* ---- the thread -------------------------------------------------------------------------------
 */

static void lose(struct win_audio *audio, struct win_stream *stream)
{
    win_stream_stop(stream);
    /* The system takes a stream away also when the device only got another format. */
    if (win_stream_start(stream, audio->devices) == OMSP_OK)
        return;
    stream->lost = true;
    remember_gone(audio, stream);
    stream->base.on_lost(stream->base.owner, OMSP_NODEVICE);
    InterlockedExchange(&audio->changed, 1);
}

static void serve(struct win_audio *audio, struct win_stream *stream)
{
    if (!stream->lost && !win_stream_serve(stream))
        lose(audio, stream);
}

static void carry_out(struct win_audio *audio, struct request *request)
{
    struct win_stream *stream = request->stream;

    switch (request->kind) {
    case WANT_LIST:
        list(audio, request);
        break;
    case WANT_OPEN:
        if (!audio->devices || gone_place(audio, stream->id) >= 0)
            request->status = OMSP_NODEVICE;
        else if (audio->stream_count == MOST_STREAMS)
            request->status = OMSP_FULL;
        else
            request->status = win_stream_start(stream, audio->devices);
        if (!request->status) {
            omsp_list_insert(&audio->streams, &stream->link);
            audio->stream_count++;
            serve(audio, stream);
        }
        break;
    case WANT_CLOSE:
        omsp_list_remove(&stream->link);
        audio->stream_count--;
        win_stream_stop(stream);
        break;
    }
}

static void carry_out_all(struct win_audio *audio)
{
    omsp_lock_acquire(&audio->lock);
    while (!omsp_list_empty(&audio->requests)) {
        struct request *request = omsp_container(audio->requests.next, struct request, link);

        omsp_list_remove(&request->link);
        omsp_lock_release(&audio->lock);
        carry_out(audio, request);
        omsp_lock_acquire(&audio->lock);
        request->done = true;
        omsp_cond_broadcast(&audio->done);
    }
    omsp_lock_release(&audio->lock);
}

/* The handles of a wait; answers how many. The first is `wake`. */
static DWORD gather(struct win_audio *audio, HANDLE *handles, struct win_stream **streams)
{
    DWORD count = 0;

    streams[count] = NULL;
    handles[count++] = audio->wake;
    omsp_list_each(it, &audio->streams)
    {
        struct win_stream *stream = omsp_container(it, struct win_stream, link);

        if (!stream->lost) {
            streams[count] = stream;
            handles[count++] = stream->event;
        }
    }
    return count;
}

static void wait_and_serve(struct win_audio *audio)
{
    HANDLE handles[MOST_STREAMS + 1];
    struct win_stream *streams[MOST_STREAMS + 1];
    DWORD count = gather(audio, handles, streams), timeout = INFINITE, which;
    ULONGLONG now;

    if (count > 1)
        timeout = SILENT_MS;
    else if (any_gone(audio))
        timeout = PROBE_MS;
    which = WaitForMultipleObjects(count, handles, FALSE, timeout);
    now = GetTickCount64();
    /* One wait tells of one event: those behind it are looked at, or the first would starve them.
     */
    for (DWORD i = 1; i < count; i++)
        if (which - WAIT_OBJECT_0 == i || WaitForSingleObject(handles[i], 0) == WAIT_OBJECT_0 ||
            now - streams[i]->served >= SILENT_MS)
            serve(audio, streams[i]);
}

static void thread_main(void *arg)
{
    struct win_audio *audio = arg;
    bool initialised = SUCCEEDED(CoInitializeEx(NULL, COINIT_MULTITHREADED));

    SetThreadPriority(GetCurrentThread(), THREAD_PRIORITY_TIME_CRITICAL);
    if (FAILED(CoCreateInstance(&CLSID_MMDeviceEnumerator, NULL, CLSCTX_ALL,
                                &IID_IMMDeviceEnumerator, (void **)&audio->devices)))
        audio->devices = NULL;
    if (audio->devices)
        IMMDeviceEnumerator_RegisterEndpointNotificationCallback(audio->devices, &audio->client);
    while (!audio->stopping) {
        carry_out_all(audio);
        if (any_gone(audio) && GetTickCount64() - audio->probed >= PROBE_MS)
            probe_gone(audio);
        if (InterlockedExchange(&audio->changed, 0) && audio->watch.on_change)
            audio->watch.on_change(audio->watch.owner);
        if (!audio->stopping)
            wait_and_serve(audio);
    }
    if (audio->devices) {
        IMMDeviceEnumerator_UnregisterEndpointNotificationCallback(audio->devices, &audio->client);
        IMMDeviceEnumerator_Release(audio->devices);
    }
    if (initialised)
        CoUninitialize();
}

/* ---- the port: any thread ---------------------------------------------------------------------
 */

static struct win_audio *audio_of(struct omsp_audio *base)
{
    return (struct win_audio *)base;
}

static void ask(struct win_audio *audio, struct request *request)
{
    omsp_lock_acquire(&audio->lock);
    omsp_list_insert(&audio->requests, &request->link);
    SetEvent(audio->wake);
    while (!request->done)
        omsp_cond_wait(&audio->done, &audio->lock, UINT64_MAX);
    omsp_lock_release(&audio->lock);
}

static unsigned audio_list(struct omsp_audio *base, struct omsp_audio_device *out, unsigned room)
{
    struct request request = {.kind = WANT_LIST, .out = out, .room = room};

    ask(audio_of(base), &request);
    return request.count;
}

static void free_stream(struct win_stream *stream)
{
    if (stream->event)
        CloseHandle(stream->event);
    omsp_free(stream);
}

/* Endpoint ids begin with "{0.0.0." or "{0.0.1.": which side they are on. */
static EDataFlow flow_of(const struct omsp_audio_stream *init, const WCHAR *id)
{
    (void)init;
    return wcsncmp(id, L"{0.0.1.", 7) ? eRender : eCapture;
}

static enum omsp_status audio_open(struct omsp_audio *base, const char *id,
                                   const struct omsp_audio_stream *init,
                                   struct omsp_audio_stream **out)
{
    struct win_stream *stream = omsp_zalloc(sizeof(*stream));
    struct request request = {.kind = WANT_OPEN, .stream = stream};

    if (!stream)
        return OMSP_NOMEM;
    stream->base = *init;
    stream->base.audio = base;
    stream->left = stream->right = OMSP_AUDIO_UNITY;
    stream->event = CreateEventW(NULL, FALSE, FALSE, NULL);
    if (!MultiByteToWideChar(CP_UTF8, 0, id, -1, stream->id, OMSP_AUDIO_ID_ROOM) ||
        !stream->event) {
        free_stream(stream);
        return OMSP_NODEVICE;
    }
    stream->flow = flow_of(init, stream->id);
    ask(audio_of(base), &request);
    if (request.status) {
        free_stream(stream);
        return request.status;
    }
    *out = &stream->base;
    return OMSP_OK;
}

static void audio_close(struct omsp_audio_stream *base)
{
    struct win_stream *stream = (struct win_stream *)base;
    struct request request = {.kind = WANT_CLOSE, .stream = stream};

    ask(audio_of(base->audio), &request);
    free_stream(stream);
}

static void audio_set_gain(struct omsp_audio_stream *base, uint32_t left, uint32_t right)
{
    struct win_stream *stream = (struct win_stream *)base;

    InterlockedExchange(&stream->left, (LONG)left);
    InterlockedExchange(&stream->right, (LONG)right);
}

/* mmddk.h has these; it is a driver's header. */
#ifndef DRV_QUERYFUNCTIONINSTANCEID
#define DRV_QUERYFUNCTIONINSTANCEID     (DRV_RESERVED + 17)
#define DRV_QUERYFUNCTIONINSTANCEIDSIZE (DRV_RESERVED + 18)
#endif

static enum omsp_status audio_wave_id(struct omsp_audio *base, const char *id, uint32_t *out)
{
    WCHAR wanted[OMSP_AUDIO_ID_ROOM], found[OMSP_AUDIO_ID_ROOM];
    bool render;
    UINT count;

    (void)base;
    if (!MultiByteToWideChar(CP_UTF8, 0, id, -1, wanted, OMSP_AUDIO_ID_ROOM))
        return OMSP_NODEVICE;
    render = flow_of(NULL, wanted) == eRender;
    count = render ? waveOutGetNumDevs() : waveInGetNumDevs();
    for (UINT i = 0; i < count; i++) {
        DWORD_PTR to = (DWORD_PTR)found, room = sizeof(found);
        MMRESULT result;

        memset(found, 0, sizeof(found));
        if (render)
            result = waveOutMessage((HWAVEOUT)(UINT_PTR)i, DRV_QUERYFUNCTIONINSTANCEID, to, room);
        else
            result = waveInMessage((HWAVEIN)(UINT_PTR)i, DRV_QUERYFUNCTIONINSTANCEID, to, room);
        if (result == MMSYSERR_NOERROR && !wcscmp(found, wanted)) {
            *out = i;
            return OMSP_OK;
        }
    }
    return OMSP_NODEVICE;
}

static void free_audio(struct win_audio *audio)
{
    if (audio->wake)
        CloseHandle(audio->wake);
    omsp_cond_destroy(&audio->done);
    omsp_lock_destroy(&audio->lock);
    omsp_free(audio);
}

static void audio_destroy(struct omsp_audio *base)
{
    struct win_audio *audio = audio_of(base);

    InterlockedExchange(&audio->stopping, 1);
    SetEvent(audio->wake);
    omsp_thread_join(audio->thread);
    if (!omsp_list_empty(&audio->streams))
        abort(); /* a caller's bug */
    free_audio(audio);
}

enum omsp_status omsp_win_audio_create(void *ctx, const struct omsp_audio_watch *watch,
                                       struct omsp_audio **out)
{
    static const struct omsp_audio functions = {
        .list = audio_list,
        .open = audio_open,
        .close = audio_close,
        .set_gain = audio_set_gain,
        .wave_id = audio_wave_id,
        .destroy = audio_destroy,
    };
    struct win_audio *audio = omsp_zalloc(sizeof(*audio));
    enum omsp_status status = OMSP_FULL;

    (void)ctx;
    if (!audio)
        return OMSP_NOMEM;
    audio->base = functions;
    audio->client.lpVtbl = &client_vtable;
    audio->watch = *watch;
    omsp_lock_init(&audio->lock);
    omsp_cond_init(&audio->done);
    omsp_list_init(&audio->requests);
    omsp_list_init(&audio->streams);
    audio->wake = CreateEventW(NULL, FALSE, FALSE, NULL);
    if (audio->wake)
        status = omsp_thread_start(thread_main, audio, "omsp-device", &audio->thread);
    if (status) {
        free_audio(audio);
        return status;
    }
    *out = &audio->base;
    return OMSP_OK;
}
