/*
 * Calls of COM on the native stand-in, each choice a byte of the input: objects that came back,
 * methods by IDispatch with VARIANTs of every type (support/com_calls.h), TSP data, GetEvent, time
 * that passes in a simulation, allocations that fail, the end at any moment. An address lives as
 * TAPI makes it or as an application does. Laws, beside those of com_calls.h: ACTIVE and INACTIVE
 * of a stream alternate, GetEvent answers what is documented, out pointers are cleared by what
 * fails, and in the end no object, no memory and no handle is left.
 */
#include "fuzz.h"

#include "support/outer.h"
#include "support/suite.h"

#include "com/module.h"
#include "msp/address.h"
#include "msp/engine_host.h"
#include "msp/msp.h"
#include "openmsp/openmsp.h"
#include "sim/sim.h"
#include "support/com_calls.h"
#include "support/standin/standin.h"

#include "engine/engine.h"

#define STEPS   400
#define STREAMS 64

/* The headers have no macros for this one. */
#define MSP(method, address, ...) (address)->lpVtbl->method((address), ##__VA_ARGS__)

static struct omsp_sim *sim;

static const struct omsp_ports *ports(void)
{
    return omsp_sim_ports(sim);
}

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

static void tsp_data(struct life *life)
{
    struct omsp_span bytes = fuzz_bytes(&life->input, fuzz_u8(&life->input));
    BYTE *copy = malloc(bytes.len ? bytes.len : 1);

    FUZZ_CHECK(copy != NULL);
    if (bytes.len)
        memcpy(copy, bytes.ptr, bytes.len);
    MSP(ReceiveTSPData, life->msp, NULL, copy, (DWORD)bytes.len);
    free(copy);
}

static void step(struct life *life)
{
    static const DWORD rooms[] = {0, 4, sizeof(MSP_EVENT_INFO), sizeof(MSP_EVENT_INFO) + 8192};
    unsigned what = fuzz_u8(&life->input) % 32;

    switch (what) {
    case 0:
    case 1:
        omsp_engine_pump(life->engine, omsp_sim_now(sim) + fuzz_u8(&life->input) * 2000u);
        break;
    case 2:
    case 3:
        take_event(life, rooms[fuzz_u8(&life->input) % 4]);
        break;
    case 4:
        tsp_data(life);
        break;
    case 5:
        life->memory.left = fuzz_u8(&life->input) % 64;
        break;
    case 6:
        if (fuzz_u8(&life->input) % 64 == 0)
            MSP(Shutdown, life->msp);
        break;
    default:
        one_call(&life->play);
    }
    life->starved |= life->memory.failed;
}

/* ---- a life ---------------------------------------------------------------------------------- */

static void begin(struct life *life)
{
    static const struct omsp_engine_config config = {.manual = true};

    fuzz_memory_begin(&life->memory, -1);
    FUZZ_CHECK(omsp_sim_create(1, &sim) == OMSP_OK);
    CoInitializeEx(NULL, COINIT_MULTITHREADED);
    msp_engine_configure(ports, &config);
    FUZZ_CHECK(msp_engine_acquire(&life->engine) == S_OK);
    FUZZ_CHECK(msp_address_create(NULL, &IID_ITMSPAddress, (void **)&life->msp) == S_OK);
    life->open = kit_query(life->msp, &IID_IOpenMSPAddress);
    life->play.choose = choose;
    life->play.ctx = life;
    keep(&life->play, (IUnknown *)life->msp);
}

static void end(struct life *life, IUnknown *inner)
{
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
    omsp_engine_pump(life->engine, omsp_sim_now(sim) + 100000);
    kit_release(life->open);
    kit_release(life->msp);
    msp_engine_release();
    CoUninitialize();
    FUZZ_CHECK(com_module_references() == 0);
    FUZZ_CHECK(msp_engine_holds() == 0);
    omsp_sim_destroy(sim);
    fuzz_memory_end(&life->memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct life life = {.input = {data, size}};
    IOpenMSPCall *call = NULL;
    HANDLE event = CreateEventW(NULL, FALSE, FALSE, NULL);
    struct outer outer;
    bool tapi = fuzz_u8(&life.input) & 1;

    begin(&life);
    outer_init(&outer);
    if (tapi) {
        FUZZ_CHECK(MSP(Initialize, life.msp, (MSP_HANDLE)event) == S_OK);
        FUZZ_CHECK(MSP(CreateMSPCall, life.msp, (MSP_HANDLE)1, 0, TAPIMEDIATYPE_AUDIO, &outer.iface,
                       &outer.inner) == S_OK);
        keep(&life.play, &outer.iface);
    } else {
        FUZZ_CHECK(IOpenMSPAddress_Open(life.open) == S_OK);
    }
    if (SUCCEEDED(IOpenMSPAddress_CreateCall(life.open, TAPIMEDIATYPE_AUDIO, &call))) {
        keep(&life.play, (IUnknown *)call);
        kit_release(call);
    }
    for (unsigned i = 0; i < STEPS && fuzz_more(&life.input); i++)
        step(&life);
    life.memory.left = -1;
    if (tapi)
        MSP(ShutdownMSPCall, life.msp, outer.inner);
    end(&life, tapi ? outer.inner : NULL);
    CloseHandle(event);
    FUZZ_CHECK(outer.refs == 1);
    FUZZ_CHECK(standin_handles() == 0);
    return 0;
}
