/* Samples on standard input and output. Each pipe is its thread's and the main thread's together;
 * the one that reads standard input may be stuck there, and then ends with the process. */
#include "app/pcm.h"

#include <stdbool.h>
#include <stdlib.h>

#define CHUNK        4096 /* bytes, whole samples */
#define LOOK_MS      100  /* at least so often, whatever the event says */
#define END_GRACE_MS 500  /* for a read of standard input that is broken off */

struct pcm_pipe {
    IOpenMSPSamples *samples;
    IOpenMSPSampleBytes *bytes;
    HANDLE file, thread, moved, quit;
    volatile LONG ending;
};

static const wchar_t media_streaming_terminal[] = L"{E2F7AEF7-4971-11D1-A671-006097C9A2E8}";

/* False: no more is wanted. */
static bool write_all(struct pcm_pipe *pipe, const BYTE *bytes, DWORD count)
{
    while (count) {
        ULONG taken = 0;

        if (pipe->ending || FAILED(IOpenMSPSampleBytes_Write(pipe->bytes, bytes, count, &taken)))
            return false;
        bytes += taken;
        count -= taken;
        if (count)
            WaitForSingleObject(pipe->moved, LOOK_MS);
    }
    return true;
}

static DWORD WINAPI from_input(void *context)
{
    struct pcm_pipe *pipe = context;
    BYTE buffer[CHUNK];
    DWORD have = 0, got;

    CoInitializeEx(NULL, COINIT_MULTITHREADED);
    while (ReadFile(pipe->file, buffer + have, CHUNK - have, &got, NULL) && got) {
        have += got;
        if (!write_all(pipe, buffer, have & ~1u))
            break;
        if (have & 1)
            buffer[0] = buffer[have - 1]; /* half a sample waits for its other half */
        have &= 1;
    }
    if (!pipe->ending)
        IOpenMSPSamples_EndOfStream(pipe->samples);
    CoUninitialize();
    return 0;
}

static DWORD WINAPI to_output(void *context)
{
    struct pcm_pipe *pipe = context;
    BYTE buffer[CHUNK];

    CoInitializeEx(NULL, COINIT_MULTITHREADED);
    for (;;) {
        LONG last = pipe->ending;
        ULONG count = 0;
        DWORD written;

        if (FAILED(IOpenMSPSampleBytes_Read(pipe->bytes, buffer, CHUNK, &count)))
            count = 0;
        if (!count && last)
            break;
        if (!count)
            WaitForSingleObject(pipe->moved, LOOK_MS);
        for (ULONG done = 0; done < count; done += written)
            if (!WriteFile(pipe->file, buffer + done, count - done, &written, NULL) || !written) {
                SetEvent(pipe->quit);
                CoUninitialize();
                return 1;
            }
    }
    CoUninitialize();
    return 0;
}

static void destroy(struct pcm_pipe *pipe)
{
    if (pipe->samples) {
        IOpenMSPSamples_SetNotificationEvent(pipe->samples, 0);
        IOpenMSPSamples_Release(pipe->samples);
    }
    if (pipe->bytes)
        IOpenMSPSampleBytes_Release(pipe->bytes);
    if (pipe->thread)
        CloseHandle(pipe->thread);
    if (pipe->moved)
        CloseHandle(pipe->moved);
    free(pipe);
}

static HRESULT select_terminal(struct pcm_pipe *pipe, struct hosted_call *call,
                               TERMINAL_DIRECTION direction, LONG rate)
{
    BSTR name = SysAllocString(media_streaming_terminal);
    ITTerminalSupport *support;
    ITTerminal *terminal = NULL;
    HRESULT hr =
        IOpenMSPAddress_QueryInterface(call->address, &IID_ITTerminalSupport, (void **)&support);

    if (SUCCEEDED(hr)) {
        hr = ITTerminalSupport_CreateTerminal(support, name, TAPIMEDIATYPE_AUDIO, direction,
                                              &terminal);
        ITTerminalSupport_Release(support);
    }
    SysFreeString(name);
    if (SUCCEEDED(hr))
        hr = ITTerminal_QueryInterface(terminal, &IID_IOpenMSPSamples, (void **)&pipe->samples);
    if (SUCCEEDED(hr))
        hr = ITTerminal_QueryInterface(terminal, &IID_IOpenMSPSampleBytes, (void **)&pipe->bytes);
    if (SUCCEEDED(hr))
        hr = IOpenMSPSamples_SetFormat(pipe->samples, rate, 1, 16);
    if (SUCCEEDED(hr))
        hr = IOpenMSPSamples_SetNotificationEvent(pipe->samples, HandleToLong(pipe->moved));
    if (SUCCEEDED(hr))
        hr = ITStream_SelectTerminal(call->streams[direction], terminal);
    if (terminal)
        ITTerminal_Release(terminal);
    return hr;
}

HRESULT pcm_open(struct hosted_call *call, TERMINAL_DIRECTION direction, LONG rate, HANDLE quit,
                 struct pcm_pipe **out)
{
    struct pcm_pipe *pipe = calloc(1, sizeof(*pipe));
    bool input = direction == TD_CAPTURE;
    HRESULT hr;

    *out = NULL;
    if (!pipe)
        return E_OUTOFMEMORY;
    pipe->quit = quit;
    pipe->file = GetStdHandle(input ? STD_INPUT_HANDLE : STD_OUTPUT_HANDLE);
    pipe->moved = CreateEventW(NULL, FALSE, FALSE, NULL);
    hr = pipe->moved ? select_terminal(pipe, call, direction, rate)
                     : HRESULT_FROM_WIN32(GetLastError());
    if (SUCCEEDED(hr)) {
        pipe->thread = CreateThread(NULL, 0, input ? from_input : to_output, pipe, 0, NULL);
        if (!pipe->thread)
            hr = HRESULT_FROM_WIN32(GetLastError());
    }
    if (FAILED(hr))
        destroy(pipe);
    else
        *out = pipe;
    return hr;
}

void pcm_close(struct pcm_pipe *pipe)
{
    if (!pipe)
        return;
    InterlockedExchange(&pipe->ending, 1);
    SetEvent(pipe->moved);
    if (pipe->file == GetStdHandle(STD_INPUT_HANDLE)) {
        CancelSynchronousIo(pipe->thread);
        if (WaitForSingleObject(pipe->thread, END_GRACE_MS) != WAIT_OBJECT_0)
            return;
    } else {
        WaitForSingleObject(pipe->thread, INFINITE);
    }
    destroy(pipe);
}
