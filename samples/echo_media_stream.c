/*
 * Says back what the far end says, through DirectShow's multimedia streaming interfaces, as
 * programs written with TAPI's SDK do: IAMMultiMediaStream, IMediaStream, IStreamSample,
 * IMemoryData, with the media streaming terminal at their end and ITAllocatorProperties to have a
 * say about the buffers.
 *
 *   x86_64-w64-mingw32-gcc -DCOBJMACROS -DCINTERFACE -Iinclude samples/echo_media_stream.c \
 *       -o echo_media_stream.exe -lole32 -loleaut32 -lstrmiids -luuid
 *   echo_media_stream.exe 127.0.0.1:30000 127.0.0.1:30002 5
 *
 * listens on the first address, talks to the second for so many seconds. openmsp.dll is registered,
 * or found as samples/receive.c says.
 */
#include "client.h"

#include <amstream.h>
#include <control.h>
#include <mmstream.h>
#include <tapi3ds.h>

#define CUSHION 3
#define SAMPLES 5
#define SAMPLE_BYTES                                                                               \
    320 /* 20 ms of 16 bits at 8 kHz, which the terminal has unless told otherwise */

static const IID iid_allocator_properties = {
    0xc1bc3c90, 0xbcfe, 0x11d1, {0x97, 0x45, 0x00, 0xc0, 0x4f, 0xd9, 0x1a, 0xc0}};

struct sample {
    IStreamSample *sample;
    IMemoryData *memory;
    HANDLE event;
};

static void ask_for_buffers(ITTerminal *terminal)
{
    ALLOCATOR_PROPERTIES wanted = {SAMPLES, SAMPLE_BYTES, 1, 0};
    ITAllocatorProperties *allocator;

    must(ITTerminal_QueryInterface(terminal, &iid_allocator_properties, (void **)&allocator),
         "ITAllocatorProperties");
    must(ITAllocatorProperties_SetAllocatorProperties(allocator, &wanted), "buffers");
    ITAllocatorProperties_Release(allocator);
}

/* The terminal's IMediaStream as a multimedia stream knows it; itself on a Windows without one. */
static IMediaStream *join(ITTerminal *terminal, IAMMultiMediaStream **container)
{
    IMediaStream *stream;
    HRESULT hr = CoCreateInstance(&CLSID_AMMultiMediaStream, NULL, CLSCTX_INPROC_SERVER,
                                  &IID_IAMMultiMediaStream, (void **)container);

    if (hr == REGDB_E_CLASSNOTREG) {
        *container = NULL;
        must(ITTerminal_QueryInterface(terminal, &IID_IMediaStream, (void **)&stream),
             "IMediaStream");
        return stream;
    }
    must(hr, "IAMMultiMediaStream");
    must(IAMMultiMediaStream_Initialize(*container, STREAMTYPE_READ, 0, NULL), "initialize");
    must(IAMMultiMediaStream_AddMediaStream(*container, (IUnknown *)terminal, &MSPID_PrimaryAudio,
                                            0, NULL),
         "AddMediaStream");
    must(IAMMultiMediaStream_GetMediaStream(*container, &MSPID_PrimaryAudio, &stream),
         "GetMediaStream");
    return stream;
}

/* Takes it out again: a stream does not count on whom it joined. */
static void part(IMediaStream *stream, IAMMultiMediaStream *container)
{
    IAMMediaStream *am;

    if (!container)
        return;
    must(IMediaStream_QueryInterface(stream, &IID_IAMMediaStream, (void **)&am), "IAMMediaStream");
    IAMMediaStream_JoinAMMultiMediaStream(am, NULL);
    IAMMediaStream_Release(am);
    IAMMultiMediaStream_Release(container);
}

static void begin_reading(IMediaStream *stream, struct sample *sample)
{
    sample->event = CreateEventW(NULL, FALSE, FALSE, NULL);
    must(sample->event ? S_OK : E_OUTOFMEMORY, "event");
    must(IMediaStream_AllocateSample(stream, 0, &sample->sample), "AllocateSample");
    must(IStreamSample_QueryInterface(sample->sample, &IID_IMemoryData, (void **)&sample->memory),
         "IMemoryData");
    must(IStreamSample_Update(sample->sample, 0, sample->event, NULL, 0), "Update");
}

static void end_reading(struct sample *sample)
{
    IStreamSample_CompletionStatus(sample->sample, COMPSTAT_ABORT | COMPSTAT_WAIT, INFINITE);
    IMemoryData_Release(sample->memory);
    IStreamSample_Release(sample->sample);
    CloseHandle(sample->event);
}

/* Sends a copy; waits as long as all samples of the stream are under way. */
static void say(IMediaStream *stream, const BYTE *bytes, DWORD count)
{
    IStreamSample *sample;
    IMemoryData *memory;
    DWORD room, actual;
    BYTE *buffer;

    must(IMediaStream_AllocateSample(stream, 0, &sample), "AllocateSample");
    must(IStreamSample_QueryInterface(sample, &IID_IMemoryData, (void **)&memory), "IMemoryData");
    must(IMemoryData_GetInfo(memory, &room, &buffer, &actual), "GetInfo");
    if (count > room)
        count = room;
    memcpy(buffer, bytes, count);
    must(IMemoryData_SetActual(memory, count), "SetActual");
    must(IStreamSample_Update(sample, SSUPDATE_ASYNC, NULL, NULL, 0), "Update");
    IMemoryData_Release(memory);
    IStreamSample_Release(sample); /* it is sent all the same */
}

static unsigned echo(IMediaStream *from, IMediaStream *to, DWORD ms)
{
    static const BYTE silence[SAMPLE_BYTES];
    struct sample samples[SAMPLES];
    ULONGLONG end = GetTickCount64() + ms;
    unsigned said = 0;

    /* In hand, so that it is not heard when this thread runs a little late. */
    for (int i = 0; i < CUSHION; i++)
        say(to, silence, SAMPLE_BYTES);
    for (int i = 0; i < SAMPLES; i++)
        begin_reading(from, &samples[i]);
    /* They are filled in the order in which they were given. */
    for (int i = 0; GetTickCount64() < end; i = (i + 1) % SAMPLES) {
        struct sample *sample = &samples[i];
        DWORD size, actual;
        BYTE *bytes;

        while (GetTickCount64() < end && WaitForSingleObject(sample->event, 100) == WAIT_TIMEOUT)
            ;
        if (IStreamSample_CompletionStatus(sample->sample, 0, 0) != S_OK)
            break; /* MS_S_PENDING when the time is over; MS_S_ENDOFSTREAM */
        must(IMemoryData_GetInfo(sample->memory, &size, &bytes, &actual), "GetInfo");
        say(to, bytes, actual);
        said += actual / 2;
        must(IStreamSample_Update(sample->sample, 0, sample->event, NULL, 0), "Update");
    }
    for (int i = 0; i < SAMPLES; i++)
        end_reading(&samples[i]);
    return said;
}

int main(int argc, char **argv)
{
    struct client client;
    IAMMultiMediaStream *container;
    ITTerminal *reader, *writer;
    IMediaStream *from, *to;

    if (argc != 4) {
        fprintf(stderr, "usage: echo_media_stream LISTEN PEER SECONDS\n");
        return 2;
    }
    client_open(&client, argv[1]);
    reader = client_terminal(&client, TD_RENDER);
    writer = client_terminal(&client, TD_CAPTURE);
    ask_for_buffers(reader);
    ask_for_buffers(writer);
    from = join(reader, &container);
    must(ITTerminal_QueryInterface(writer, &IID_IMediaStream, (void **)&to), "IMediaStream");
    must(ITStream_SelectTerminal(client.streams[TD_RENDER], reader), "select");
    must(ITStream_SelectTerminal(client.streams[TD_CAPTURE], writer), "select");
    client_connect(&client, argv[2]);
    printf("listening\n");
    fflush(stdout);
    printf("%u samples\n", echo(from, to, (DWORD)atoi(argv[3]) * 1000));

    part(from, container);
    IMediaStream_Release(from);
    IMediaStream_Release(to);
    ITTerminal_Release(reader);
    ITTerminal_Release(writer);
    client_close(&client);
    return 0;
}
