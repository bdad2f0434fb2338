/*
 * What the fuzz targets of COM calls share: an address with a pool of its objects, and its events
 * with their laws. See fuzz_com.c.
 */
#ifndef OMSP_TESTS_FUZZ_COM_LIFE_H
#define OMSP_TESTS_FUZZ_COM_LIFE_H

#include "fuzz.h"

#include "support/suite.h"

#include <stdarg.h>

/* A broken law of Check's, too, ends the process as libFuzzer sees it. */
static inline void fuzz_refused(const char *file, int line, const char *law, ...)
{
    va_list arguments;
    const char *format;

    va_start(arguments, law);
    format = va_arg(arguments, const char *);
    fprintf(stderr, "%s:%d: broken law: %s\n", file, line, law);
    if (format)
        vfprintf(stderr, format, arguments);
    va_end(arguments);
    abort();
}
#undef _ck_assert_failed
#define _ck_assert_failed(...) fuzz_refused(__VA_ARGS__, NULL)

#include "support/outer.h"

#include "com/module.h"
#include "msp/address.h"
#include "msp/engine_host.h"
#include "msp/msp.h"
#include "openmsp/openmsp.h"
#include "openmsp/openmsp_tsp.h"
#include "support/com_calls.h"
#include "support/standin/standin.h"

#include "com_slots.h"

#define STREAMS 64

/* The headers have no macros for this one. */
#define MSP(method, address, ...) (address)->lpVtbl->method((address), ##__VA_ARGS__)

struct life {
    struct fuzz_input input;
    struct fuzz_memory memory;
    struct play play;
    struct omsp_engine *engine;
    ITMSPAddress *msp;
    IOpenMSPAddress *open;
    struct {
        ITStream *stream; /* counted, so that its address is nobody else's */
        bool active;
    } streams[STREAMS];
    unsigned stream_count;
    bool starved; /* an allocation failed: events may lack */
};

static unsigned choose(void *ctx, unsigned count)
{
    struct life *life = ctx;

    return (count <= 256 ? fuzz_u8(&life->input) : fuzz_u32(&life->input)) % count;
}

/* ---- events ---------------------------------------------------------------------------------- */

static void stream_moved(struct life *life, ITStream *stream, bool active)
{
    unsigned i = 0;

    while (i < life->stream_count && life->streams[i].stream != stream)
        i++;
    if (i == STREAMS)
        return;
    if (i == life->stream_count) {
        life->stream_count++;
        life->streams[i].stream = stream;
        life->streams[i].active = false;
        ITStream_AddRef(stream);
    }
    FUZZ_CHECK(life->starved || life->streams[i].active != active);
    life->streams[i].active = active;
}

static void drop_event(struct life *life, const MSP_EVENT_INFO *info)
{
    if (info->Event == ME_CALL_EVENT) {
        ITStream *stream = info->MSP_CALL_EVENT_INFO.pStream;

        if (stream && info->MSP_CALL_EVENT_INFO.Type == CALL_STREAM_ACTIVE)
            stream_moved(life, stream, true);
        if (stream && info->MSP_CALL_EVENT_INFO.Type == CALL_STREAM_INACTIVE)
            stream_moved(life, stream, false);
        if (info->MSP_CALL_EVENT_INFO.pTerminal)
            kit_release(info->MSP_CALL_EVENT_INFO.pTerminal);
        if (stream)
            kit_release(stream);
    } else if (info->Event == ME_ADDRESS_EVENT && info->MSP_ADDRESS_EVENT_INFO.pTerminal) {
        kit_release(info->MSP_ADDRESS_EVENT_INFO.pTerminal);
    } else if (info->Event == ME_FILE_TERMINAL_EVENT) {
        if (info->MSP_FILE_TERMINAL_EVENT_INFO.pParentFileTerminal)
            kit_release(info->MSP_FILE_TERMINAL_EVENT_INFO.pParentFileTerminal);
        if (info->MSP_FILE_TERMINAL_EVENT_INFO.pFileTrack)
            kit_release(info->MSP_FILE_TERMINAL_EVENT_INFO.pFileTrack);
    } else if (info->Event == ME_PRIVATE_EVENT && info->MSP_PRIVATE_EVENT_INFO.pEvent) {
        kit_release(info->MSP_PRIVATE_EVENT_INFO.pEvent);
    }
}

static bool take_event(struct life *life, DWORD room)
{
    _Alignas(MSP_EVENT_INFO) BYTE buffer[sizeof(MSP_EVENT_INFO) + 8192];
    DWORD size = room;
    HRESULT hr = MSP(GetEvent, life->msp, &size, buffer);

    switch ((DWORD)hr) {
    case (DWORD)S_OK:
        FUZZ_CHECK(size <= room);
        drop_event(life, (MSP_EVENT_INFO *)buffer);
        return true;
    case (DWORD)TAPI_E_NOTENOUGHMEMORY:
        FUZZ_CHECK(size > room);
        return false;
    default:
        FUZZ_CHECK(hr == (HRESULT)TAPI_E_NOEVENT || hr == E_UNEXPECTED || hr == E_OUTOFMEMORY ||
                   hr == (HRESULT)TAPI_E_NOT_INITIALIZED || hr == (HRESULT)TAPI_E_WRONG_STATE);
        return false;
    }
}

/* ---- steps ----------------------------------------------------------------------------------- */

/* For a call mostly, and mostly of a form that is read. */
static void tsp_data(struct life *life)
{
    uint8_t how = fuzz_u8(&life->input);
    IUnknown *call = how & 1 ? any_object(&life->play) : NULL;
    struct omsp_span bytes = fuzz_bytes(&life->input, fuzz_u8(&life->input));
    size_t head = how & 2 ? sizeof(struct omsp_tsp_header) : 0, len = head + bytes.len;
    BYTE *copy = calloc(1, len + 1);

    FUZZ_CHECK(copy != NULL);
    if (bytes.len)
        memcpy(copy + head, bytes.ptr, bytes.len);
    if (head) {
        struct omsp_tsp_header *header = (struct omsp_tsp_header *)copy;

        OMSP_TSP_PUT32(header->magic, OMSP_TSP_MAGIC);
        OMSP_TSP_PUT16(header->version, OMSP_TSP_VERSION);
        OMSP_TSP_PUT16(header->type, (how >> 2) % 10u);
        OMSP_TSP_PUT32(header->size, (uint32_t)len);
    }
    ck_assert(com_is_documented(&IID_ITMSPAddress,
                                MSP(ReceiveTSPData, life->msp, call, copy, (DWORD)len)));
    free(copy);
    if (call)
        kit_release(call);
}

/* ---- steps with a purpose, which chance alone would seldom find -------------------------------
 */

/* Who of the pool has this interface, from any place on; NULL: nobody. */
static void *any_having(struct play *play, const IID *iid)
{
    unsigned first = any(play, POOL);
    void *out = NULL;

    for (unsigned i = 0; i < POOL && !out; i++) {
        IUnknown *object = play->pool[(first + i) % POOL];

        if (object && FAILED(IUnknown_QueryInterface(object, iid, &out)))
            out = NULL;
    }
    return out;
}

static void keep_all(struct play *play, IEnumUnknown *all)
{
    IUnknown *object;

    while (IEnumUnknown_Next(all, 1, &object, NULL) == S_OK) {
        keep(play, object);
        kit_release(object);
    }
    kit_release(all);
}

static void make_terminal(struct play *play)
{
    static const GUID *const classes[] = {
        &CLSID_msp_file_playback, &CLSID_msp_file_recording,       &CLSID_msp_media_streaming,
        &CLSID_msp_microphone,    &CLSID_OpenMSPWebSocketTerminal, &CLSID_OpenMSPBridgeTerminal,
        &CLSID_msp_speakers};
    ITTerminalSupport *support = any_having(play, &IID_ITTerminalSupport);
    ITTerminal *terminal = NULL;
    WCHAR name[40];
    BSTR text;

    if (!support)
        return;
    StringFromGUID2(classes[any(play, 7)], name, 40);
    text = SysAllocString(name);
    if (SUCCEEDED(ITTerminalSupport_CreateTerminal(support, text, TAPIMEDIATYPE_AUDIO,
                                                   (TERMINAL_DIRECTION)any(play, 4), &terminal))) {
        keep(play, (IUnknown *)terminal);
        kit_release(terminal);
    }
    SysFreeString(text);
    kit_release(support);
}

/* A file's name for a terminal of files, and its tracks. */
static void give_file(struct play *play)
{
    ITMediaPlayback *playback = any_having(play, &IID_ITMediaPlayback);
    ITMediaRecord *record = playback ? NULL : any_having(play, &IID_ITMediaRecord);
    ITMultiTrackTerminal *tracks = NULL;
    IEnumTerminal *all = NULL;
    ITTerminal *track;
    VARIANT list;

    list.vt = VT_BSTR;
    list.bstrVal = SysAllocString(any(play, 4) ? L"com_calls.wav" : L"missing/x.wav");
    if (playback) {
        ITMediaPlayback_put_PlayList(playback, list);
        IUnknown_QueryInterface(playback, &IID_ITMultiTrackTerminal, (void **)&tracks);
        kit_release(playback);
    } else if (record) {
        ITMediaRecord_put_FileName(record, list.bstrVal);
        IUnknown_QueryInterface(record, &IID_ITMultiTrackTerminal, (void **)&tracks);
        kit_release(record);
    }
    SysFreeString(list.bstrVal);
    if (!tracks)
        return;
    if (record && SUCCEEDED(ITMultiTrackTerminal_CreateTrackTerminal(tracks, TAPIMEDIATYPE_AUDIO,
                                                                     TD_RENDER, &track))) {
        keep(play, (IUnknown *)track);
        kit_release(track);
    }
    if (playback && SUCCEEDED(ITMultiTrackTerminal_EnumerateTrackTerminals(tracks, &all)))
        keep_all(play, (IEnumUnknown *)all);
    kit_release(tracks);
}

static void list_streams(struct play *play)
{
    ITStreamControl *control = any_having(play, &IID_ITStreamControl);
    IEnumStream *all = NULL;

    if (!control)
        return;
    if (SUCCEEDED(ITStreamControl_EnumerateStreams(control, &all)))
        keep_all(play, (IEnumUnknown *)all);
    kit_release(control);
}

static void select_terminal(struct play *play)
{
    ITTerminal *terminal = any_having(play, &IID_ITTerminal);
    ITStream *stream = any_having(play, &IID_ITStream);

    if (terminal && stream)
        ck_assert(com_is_documented(&IID_ITStream, ITStream_SelectTerminal(stream, terminal)));
    if (terminal)
        kit_release(terminal);
    if (stream)
        kit_release(stream);
}

/* Calls that hear themselves: media flows. */
static void connect_call(struct play *play)
{
    IOpenMSPCall *call = any_having(play, &IID_IOpenMSPCall);
    BSTR own = NULL;

    if (!call)
        return;
    if (any(play, 4)) {
        if (SUCCEEDED(IOpenMSPCall_get_LocalDescription(call, &own)))
            IOpenMSPCall_put_RemoteDescription(call, own);
    } else {
        own = any_text(play);
        IOpenMSPCall_SetPeer(call, own, any(play, 2) ? 0 : 8);
    }
    SysFreeString(own);
    kit_release(call);
}

/* Two events of a stream that has a terminal in a connected call. */
static void toggle(struct play *play)
{
    ITStream *stream = any_having(play, &IID_ITStream);

    if (!stream)
        return;
    ITStream_StartStream(stream);
    if (any(play, 2))
        ITStream_StopStream(stream);
    kit_release(stream);
}

static void make_media_stream(struct play *play)
{
    IOpenMSPCall *call = any_having(play, &IID_IOpenMSPCall);
    IOpenMSPMediaStream *stream = NULL;
    VARIANT none;
    BSTR url;

    if (!call)
        return;
    VariantInit(&none);
    url = SysAllocString(L"ws://127.0.0.1:30997/x");
    if (SUCCEEDED(
            IOpenMSPCall_CreateMediaStream(call, url, NULL, NULL, none, NULL, NULL, &stream))) {
        keep(play, (IUnknown *)stream);
        kit_release(stream);
    }
    SysFreeString(url);
    kit_release(call);
}

static void make_sample(struct play *play)
{
    IAudioMediaStream *stream = any_having(play, &IID_IAudioMediaStream);
    IStreamSample *sample = NULL;

    if (!stream)
        return;
    if (SUCCEEDED(IAudioMediaStream_AllocateSample(stream, 0, &sample))) {
        if (any(play, 2))
            IStreamSample_Update(sample, SSUPDATE_ASYNC, NULL, NULL, 0);
        keep(play, (IUnknown *)sample);
        kit_release(sample);
    }
    kit_release(stream);
}

static void with_purpose(struct play *play)
{
    static void (*const purposes[])(struct play *) = {make_terminal,     give_file,    list_streams,
                                                      select_terminal,   connect_call, toggle,
                                                      make_media_stream, make_sample};

    purposes[any(play, 8)](play);
}

/* Of what methods are given as buffers and as arrays of numbers. */
static void fill_buffer(struct life *life)
{
    struct omsp_span bytes = fuzz_bytes(&life->input, fuzz_u8(&life->input));

    memset(slot_buffer, 0, 256);
    if (bytes.len)
        memcpy(slot_buffer, bytes.ptr, bytes.len);
}

/* ---- a life ---------------------------------------------------------------------------------- */

struct life_world {
    const struct omsp_ports *(*ports)(void);
    const struct omsp_engine_config *config;
    void (*begin)(struct life *life); /* after memory began to count */
    void (*step)(struct life *life);
    void (*settle)(struct life *life); /* after Shutdown, while the engine is there */
    void (*end)(struct life *life);    /* behind the engine, before memory is counted */
};

static void life_begin(struct life *life, const struct life_world *world)
{
    fuzz_memory_begin(&life->memory, -1);
    world->begin(life);
    com_foreign_init(&slot_foreign);
    CoInitializeEx(NULL, COINIT_MULTITHREADED);
    msp_engine_configure(world->ports, world->config);
    FUZZ_CHECK(msp_engine_acquire(&life->engine) == S_OK);
    FUZZ_CHECK(msp_address_create(NULL, &IID_ITMSPAddress, (void **)&life->msp) == S_OK);
    life->open = kit_query(life->msp, &IID_IOpenMSPAddress);
    life->play.choose = choose;
    life->play.ctx = life;
    keep(&life->play, (IUnknown *)life->msp);
}

static void life_end(struct life *life, const struct life_world *world, IUnknown *inner)
{
    ULONGLONG give_up = GetTickCount64() + 10000;

    life->memory.left = -1;
    for (unsigned i = 0; i < POOL; i++)
        if (life->play.pool[i])
            kit_release(life->play.pool[i]);
    while (take_event(life, sizeof(MSP_EVENT_INFO) + 8192))
        ;
    for (unsigned i = 0; i < life->stream_count; i++)
        kit_release(life->streams[i].stream);
    if (inner)
        kit_release(inner);
    MSP(Shutdown, life->msp);
    world->settle(life);
    kit_release(life->open);
    kit_release(life->msp);
    msp_engine_release();
    world->end(life);
    /* Threads of sinks let go of what they hold a little later. */
    while ((com_module_references() || msp_engine_holds() || life->memory.outstanding) &&
           GetTickCount64() < give_up)
        SwitchToThread();
    CoUninitialize();
    FUZZ_CHECK(com_module_references() == 0);
    FUZZ_CHECK(msp_engine_holds() == 0);
    FUZZ_CHECK(slot_foreign.refs == 1);
    fuzz_memory_end(&life->memory);
}

static void life_run(struct life *life, const struct life_world *world, unsigned steps)
{
    IOpenMSPCall *call = NULL;
    HANDLE event = CreateEventW(NULL, FALSE, FALSE, NULL);
    struct outer outer;
    bool tapi = fuzz_u8(&life->input) & 1;

    slot_event = event;
    life_begin(life, world);
    outer_init(&outer);
    if (tapi) {
        FUZZ_CHECK(MSP(Initialize, life->msp, (MSP_HANDLE)event) == S_OK);
        FUZZ_CHECK(MSP(CreateMSPCall, life->msp, (MSP_HANDLE)1, 0, TAPIMEDIATYPE_AUDIO,
                       &outer.iface, &outer.inner) == S_OK);
        keep(&life->play, &outer.iface);
    } else {
        FUZZ_CHECK(IOpenMSPAddress_Open(life->open) == S_OK);
    }
    if (SUCCEEDED(IOpenMSPAddress_CreateCall(life->open, TAPIMEDIATYPE_AUDIO, &call))) {
        keep(&life->play, (IUnknown *)call);
        kit_release(call);
    }
    for (unsigned i = 0; i < steps && fuzz_more(&life->input); i++) {
        world->step(life);
        life->starved |= life->memory.failed;
    }
    life->memory.left = -1;
    if (tapi)
        MSP(ShutdownMSPCall, life->msp, outer.inner);
    life_end(life, world, tapi ? outer.inner : NULL);
    CloseHandle(event);
    FUZZ_CHECK(outer.refs == 1);
}

#endif
