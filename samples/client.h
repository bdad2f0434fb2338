/*
 * What the samples have in common: an application without a TSP, in C, on public headers only. A
 * program includes it once. Errors end the program with one line; Windows frees the rest.
 */
#ifndef OMSP_SAMPLES_CLIENT_H
#define OMSP_SAMPLES_CLIENT_H

#include <initguid.h>

#include "openmsp/openmsp.h"

#include <stdio.h>
#include <stdlib.h>
#include <strmif.h>
#include <tapi3if.h>

#define AUDIO 8 /* TAPIMEDIATYPE_AUDIO */

static const WCHAR media_streaming_terminal[] = L"{E2F7AEF7-4971-11D1-A671-006097C9A2E8}";

/* mingw-w64 has TAPI's GUIDs in no library. */
static const IID iid_terminal_support = {
    0xb1efc385, 0x9355, 0x11d0, {0x83, 0x5c, 0x00, 0xaa, 0x00, 0x3c, 0xca, 0xbd}};
static const IID iid_stream_control = {
    0xee3bd604, 0x3868, 0x11d2, {0xa0, 0x45, 0x00, 0xc0, 0x4f, 0xb6, 0x80, 0x9f}};

struct client {
    IOpenMSPAddress *address;
    IOpenMSPCall *call;
    ITStream *streams[2]; /* by TD_CAPTURE (to the far end), TD_RENDER (from it) */
};

static void must(HRESULT hr, const char *what)
{
    if (SUCCEEDED(hr))
        return;
    fprintf(stderr, "%s: 0x%08lx\n", what, (unsigned long)hr);
    exit(1);
}

static BSTR bstr(const char *text)
{
    int length = MultiByteToWideChar(CP_ACP, 0, text, -1, NULL, 0);
    BSTR out = length > 0 ? SysAllocStringLen(NULL, (UINT)length - 1) : NULL;

    must(out ? S_OK : E_OUTOFMEMORY, text);
    MultiByteToWideChar(CP_ACP, 0, text, -1, out, length);
    return out;
}

/* A call that listens, with its two audio streams. */
static void client_open(struct client *client, const char *listen)
{
    BSTR local = bstr(listen);
    ITStreamControl *control;
    IEnumStream *streams;
    ITStream *stream;

    memset(client, 0, sizeof(*client));
    must(CoInitializeEx(NULL, COINIT_MULTITHREADED), "COM");
    must(CoCreateInstance(&CLSID_OpenMSPAddress, NULL, CLSCTX_INPROC_SERVER, &IID_IOpenMSPAddress,
                          (void **)&client->address),
         "OpenMSP.Address");
    must(IOpenMSPAddress_Open(client->address), "open");
    must(IOpenMSPAddress_CreateCall(client->address, AUDIO, &client->call), "call");
    must(IOpenMSPCall_Listen(client->call, local), listen);
    must(IOpenMSPCall_QueryInterface(client->call, &iid_stream_control, (void **)&control),
         "streams");
    must(ITStreamControl_EnumerateStreams(control, &streams), "streams");
    while (IEnumStream_Next(streams, 1, &stream, NULL) == S_OK) {
        TERMINAL_DIRECTION direction;

        must(ITStream_get_Direction(stream, &direction), "direction");
        client->streams[direction == TD_RENDER] = stream;
    }
    IEnumStream_Release(streams);
    ITStreamControl_Release(control);
    SysFreeString(local);
}

/* A media streaming terminal for the stream of this direction. */
static ITTerminal *client_terminal(struct client *client, TERMINAL_DIRECTION direction)
{
    BSTR name = SysAllocString(media_streaming_terminal);
    ITTerminalSupport *support;
    ITTerminal *terminal;

    must(IOpenMSPAddress_QueryInterface(client->address, &iid_terminal_support, (void **)&support),
         "terminal support");
    must(ITTerminalSupport_CreateTerminal(support, name, AUDIO, direction, &terminal),
         "media streaming terminal");
    ITTerminalSupport_Release(support);
    SysFreeString(name);
    return terminal;
}

/* With its terminals selected the streams run from here on. */
static void client_connect(struct client *client, const char *peer)
{
    BSTR far_end = bstr(peer);

    must(IOpenMSPCall_SetPeer(client->call, far_end, 0), peer);
    SysFreeString(far_end);
}

static void client_close(struct client *client)
{
    IOpenMSPCall_Close(client->call);
    ITStream_Release(client->streams[0]);
    ITStream_Release(client->streams[1]);
    IOpenMSPCall_Release(client->call);
    IOpenMSPAddress_Close(client->address);
    IOpenMSPAddress_Release(client->address);
    CoUninitialize();
}

#endif
