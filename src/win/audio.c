/*
 * The device thread over WASAPI. All COM pointers are this thread's, which is in the multithreaded
 * apartment; what others want of it they ask at its desk (audio_desk.c). Not here: one device's
 * audio (audio_stream.c), what the system lists (audio_list.c).
 */
#include <initguid.h>

#include "win/audio_desk.h"
#include "win/win.h"

#include "base/alloc.h"

#include "port/thread.h"

#include <stdlib.h>
#include <string.h>

#define MOST_STREAMS 60 /* what one wait can watch, and a few */
#define MOST_GONE    16
/* A device that says nothing for so long is asked whether it is still there. */
#define SILENT_MS 300
/* A device that broke though the system still lists it is tried again so often, and being told of
 * changes where that failed. */
#define PROBE_MS 2000

struct win_audio {
    struct omsp_audio base;
    IMMNotificationClient client; /* what the system tells changes to; not counted */
    struct omsp_audio_watch watch;
    SRWLOCK telling; /* around the watch's call */
    bool quiet;      /* nobody to tell any more; telling */
    struct omsp_thread *thread;
    volatile LONG changed;
    struct win_desk desk;
    struct omsp_audio_device *known; /* the desk's lock: the last list, NULL: none yet */
    unsigned known_count;            /* its length */
    /* device thread */
    IMMDeviceEnumerator *devices; /* NULL: no sound on this machine, or none yet */
    HRESULT found;                /* what asking for it came to */
    bool registered;              /* the client, with it */
    bool missed;                  /* it could not be at first: nobody told what changed by then */
    ULONGLONG sought;
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
    SetEvent(audio->desk.wake);
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

static bool is_gone(void *ctx, const WCHAR *id)
{
    return gone_place(ctx, id) >= 0;
}

static void list(struct win_audio *audio, struct win_request *request)
{
    const struct win_listing listing = {audio->devices, is_gone, audio};
    unsigned captures = 0, renders = 0;

    if (audio->devices)
        request->status = win_list(&listing, eCapture, request->devices, request->room, &captures);
    else if (audio->found != REGDB_E_CLASSNOTREG) /* there is no such thing on this system */
        request->status = win_audio_status(audio->found);
    if (audio->devices && !request->status)
        request->status = win_list(&listing, eRender, request->devices + captures,
                                   request->room - captures, &renders);
    request->count = captures + renders;
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
    if (win_stream_enter(stream))
        stream->base.on_lost(stream->base.owner, OMSP_NODEVICE);
    win_stream_leave(stream);
    InterlockedExchange(&audio->changed, 1);
}

static void serve(struct win_audio *audio, struct win_stream *stream)
{
    if (!stream->lost && !win_stream_serve(stream))
        lose(audio, stream);
}

static void shut(struct win_audio *audio, struct win_stream *stream)
{
    omsp_list_remove(&stream->link);
    audio->stream_count--;
    win_stream_stop(stream);
}

/* What lists devices and tells of changes, neither of which may be to be had at once: for want of
 * memory, or of Windows' own audio service. */
static void find_devices(struct win_audio *audio)
{
    if (audio->registered)
        return;
    audio->sought = GetTickCount64();
    if (!audio->devices) {
        audio->found = CoCreateInstance(&CLSID_MMDeviceEnumerator, NULL, CLSCTX_INPROC_SERVER,
                                        &IID_IMMDeviceEnumerator, (void **)&audio->devices);
        if (FAILED(audio->found))
            audio->devices = NULL;
    }
    audio->registered =
        audio->devices && SUCCEEDED(IMMDeviceEnumerator_RegisterEndpointNotificationCallback(
                              audio->devices, &audio->client));
    if (audio->registered && audio->missed)
        InterlockedExchange(&audio->changed, 1);
    audio->missed = !audio->registered;
}

/* It lists, but tells no changes yet. */
static bool is_deaf(const struct win_audio *audio)
{
    return audio->devices && !audio->registered;
}

static void carry_out(struct win_audio *audio, struct win_request *request)
{
    struct win_stream *stream = request->stream;

    find_devices(audio);
    switch (request->want) {
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
        shut(audio, stream);
        break;
    }
}

static void free_stream(struct win_stream *stream)
{
    if (stream->event)
        CloseHandle(stream->event);
    omsp_free(stream->closing);
    omsp_free(stream);
}

static void free_request(struct win_request *request)
{
    omsp_free(request->devices);
    omsp_free(request);
}

/* What nobody waited for: undone, and freed. */
static void finish_left(struct win_audio *audio, struct win_request *request)
{
    if (request->want == WANT_OPEN && !request->status)
        shut(audio, request->stream);
    if (request->stream)
        free_stream(request->stream);
    free_request(request);
}

static void carry_out_all(struct win_audio *audio)
{
    struct win_request *request;

    while ((request = win_desk_take(&audio->desk))) {
        carry_out(audio, request);
        if (!win_desk_answer(&audio->desk, request))
            finish_left(audio, request);
    }
}

/* The handles of a wait; answers how many. The first is `wake`. */
static DWORD gather(struct win_audio *audio, HANDLE *handles, struct win_stream **streams)
{
    DWORD count = 0;

    streams[count] = NULL;
    handles[count++] = audio->desk.wake;
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
    else if (any_gone(audio) || is_deaf(audio))
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

static void tell(struct win_audio *audio)
{
    AcquireSRWLockExclusive(&audio->telling);
    if (!audio->quiet && audio->watch.on_change)
        audio->watch.on_change(audio->watch.owner);
    ReleaseSRWLockExclusive(&audio->telling);
}

static void free_audio(struct win_audio *audio)
{
    win_desk_fini(&audio->desk);
    omsp_free(audio->known);
    omsp_free(audio);
}

static void thread_main(void *arg)
{
    struct win_audio *audio = arg;
    bool initialised = SUCCEEDED(CoInitializeEx(NULL, COINIT_MULTITHREADED));

    SetThreadPriority(GetCurrentThread(), THREAD_PRIORITY_TIME_CRITICAL);
    find_devices(audio);
    carry_out_all(audio);
    win_desk_is_ready(&audio->desk);
    while (!win_desk_is_stopping(&audio->desk)) {
        carry_out_all(audio);
        if (any_gone(audio) && GetTickCount64() - audio->probed >= PROBE_MS)
            probe_gone(audio);
        if (is_deaf(audio) && GetTickCount64() - audio->sought >= PROBE_MS)
            find_devices(audio);
        if (InterlockedExchange(&audio->changed, 0))
            tell(audio);
        if (!win_desk_is_stopping(&audio->desk))
            wait_and_serve(audio);
    }
    carry_out_all(audio); /* what was left to it */
    if (audio->registered)
        IMMDeviceEnumerator_UnregisterEndpointNotificationCallback(audio->devices, &audio->client);
    if (audio->devices)
        IMMDeviceEnumerator_Release(audio->devices);
    if (initialised)
        CoUninitialize();
    if (!win_desk_end(&audio->desk))
        return; /* who destroys it frees it */
    omsp_thread_detach(audio->thread);
    free_audio(audio);
}

/* ---- the port: any thread ---------------------------------------------------------------------
 */

static struct win_audio *audio_of(struct omsp_audio *base)
{
    return (struct win_audio *)base;
}

static struct win_request *request_for(enum win_want want, struct win_stream *stream)
{
    struct win_request *request = omsp_zalloc(sizeof(*request));

    if (request) {
        request->want = want;
        request->stream = stream;
    }
    return request;
}

/* The last list that there was; if there was none nobody can say. */
static unsigned list_known(struct win_audio *audio, struct omsp_audio_device *out, unsigned room)
{
    unsigned count, answer;

    omsp_lock_acquire(&audio->desk.lock);
    count = audio->known_count;
    answer = audio->known ? count : OMSP_AUDIO_UNKNOWN;
    for (unsigned i = 0; i < count && i < room; i++)
        out[i] = audio->known[i];
    omsp_lock_release(&audio->desk.lock);
    return answer;
}

static unsigned audio_list(struct omsp_audio *base, struct omsp_audio_device *out, unsigned room)
{
    struct win_audio *audio = audio_of(base);
    struct win_request *request = request_for(WANT_LIST, NULL);
    struct omsp_audio_device *before;
    enum omsp_status status = OMSP_OK;
    enum win_asked asked;

    if (request)
        request->devices = omsp_zalloc_array(room + 1, sizeof(*request->devices));
    if (!request || !request->devices) {
        omsp_free(request);
        return OMSP_AUDIO_NO_MEMORY;
    }
    request->room = room;
    asked = win_desk_ask(&audio->desk, request);
    if (asked == ASKED_DONE)
        status = request->status;
    if (asked == ASKED_DONE && !status) {
        omsp_lock_acquire(&audio->desk.lock);
        before = audio->known;
        audio->known = request->devices;
        audio->known_count = request->count;
        omsp_lock_release(&audio->desk.lock);
        request->devices = before;
    }
    if (asked != ASKED_LEFT)
        free_request(request);
    if (status)
        return status == OMSP_NOMEM ? OMSP_AUDIO_NO_MEMORY : OMSP_AUDIO_UNKNOWN;
    return list_known(audio, out, room);
}

static enum omsp_status audio_open(struct omsp_audio *base, const char *id,
                                   const struct omsp_audio_stream *init,
                                   struct omsp_audio_stream **out)
{
    struct win_stream *stream = omsp_zalloc(sizeof(*stream));
    struct win_request *request = stream ? request_for(WANT_OPEN, stream) : NULL;
    struct win_request *closing = request ? request_for(WANT_CLOSE, stream) : NULL;
    enum omsp_status status = OMSP_TIMEOUT;
    enum win_asked asked;

    if (!closing) {
        omsp_free(request);
        omsp_free(stream);
        return OMSP_NOMEM;
    }
    InitializeSRWLock(&stream->calling);
    stream->closing = closing;
    stream->base = *init;
    stream->base.audio = base;
    stream->left = stream->right = OMSP_AUDIO_UNITY;
    stream->event = CreateEventW(NULL, FALSE, FALSE, NULL);
    if (!stream->event ||
        !MultiByteToWideChar(CP_UTF8, 0, id, -1, stream->id, OMSP_AUDIO_ID_ROOM)) {
        status = stream->event ? OMSP_NODEVICE : OMSP_FULL;
        free_request(request);
        free_stream(stream);
        return status;
    }
    stream->flow = win_flow_of(stream->id);
    asked = win_desk_ask(&audio_of(base)->desk, request);
    if (asked == ASKED_LEFT)
        return status;
    if (asked == ASKED_DONE)
        status = request->status;
    free_request(request);
    if (status) {
        free_stream(stream);
        return status;
    }
    *out = &stream->base;
    return OMSP_OK;
}

static void audio_close(struct omsp_audio_stream *base)
{
    struct win_stream *stream = (struct win_stream *)base;
    struct win_request *request = stream->closing;

    stream->closing = NULL;
    if (win_desk_ask(&audio_of(base->audio)->desk, request) == ASKED_LEFT)
        return;
    free_request(request);
    free_stream(stream);
}

static void audio_set_gain(struct omsp_audio_stream *base, uint32_t left, uint32_t right)
{
    struct win_stream *stream = (struct win_stream *)base;

    InterlockedExchange(&stream->left, (LONG)left);
    InterlockedExchange(&stream->right, (LONG)right);
}

static void audio_destroy(struct omsp_audio *base)
{
    struct win_audio *audio = audio_of(base);

    AcquireSRWLockExclusive(&audio->telling);
    audio->quiet = true;
    ReleaseSRWLockExclusive(&audio->telling);
    if (!win_desk_close(&audio->desk))
        return; /* it frees itself */
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
        .wave_id = win_wave_id,
        .destroy = audio_destroy,
    };
    struct win_audio *audio = omsp_zalloc(sizeof(*audio));
    enum omsp_status status;

    (void)ctx;
    if (!audio)
        return OMSP_NOMEM;
    audio->base = functions;
    audio->client.lpVtbl = &client_vtable;
    audio->watch = *watch;
    InitializeSRWLock(&audio->telling);
    omsp_list_init(&audio->streams);
    status = win_desk_init(&audio->desk);
    if (!status)
        status = omsp_thread_start(thread_main, audio, "omsp-device", &audio->thread);
    if (status) {
        free_audio(audio);
        return status;
    }
    *out = &audio->base;
    return OMSP_OK;
}
