/*
 * Receives a call into a WAV file: the whole of what an application without a TSP needs, in C, on
 * public headers only.
 *
 *   x86_64-w64-mingw32-gcc -DCOBJMACROS -DCINTERFACE -Iinclude samples/receive.c -o receive.exe \
 *       -lole32 -loleaut32 -luuid
 *   receive.exe 127.0.0.1:30000 127.0.0.1:30002 heard.wav 5
 *
 * openmsp.dll is registered, or receive.exe.manifest is a copy of openmsp-client.manifest and
 * openmsp.dll and openmsp.dll.manifest lie beside the program.
 */
#include <initguid.h>

#include "openmsp/openmsp.h"

#include <stdio.h>
#include <stdlib.h>
#include <tapi3if.h>

/* mingw-w64 has TAPI's GUIDs in no library. */
const IID IID_ITTerminalSupport = {
    0xb1efc385, 0x9355, 0x11d0, {0x83, 0x5c, 0x00, 0xaa, 0x00, 0x3c, 0xca, 0xbd}};
const IID IID_ITStreamControl = {
    0xee3bd604, 0x3868, 0x11d2, {0xa0, 0x45, 0x00, 0xc0, 0x4f, 0xb6, 0x80, 0x9f}};
const IID IID_ITMediaRecord = {
    0xf5dd4592, 0x5476, 0x4cc1, {0x9d, 0x4d, 0xfa, 0xd3, 0xee, 0xfe, 0x7d, 0xb2}};
const IID IID_ITMediaControl = {
    0xc445dde8, 0x5199, 0x4bc7, {0x98, 0x07, 0x5f, 0xfb, 0x92, 0xe4, 0x2e, 0x09}};
const IID IID_ITMultiTrackTerminal = {
    0xfe040091, 0xade8, 0x4072, {0x95, 0xc9, 0xbf, 0x7d, 0xe8, 0xc5, 0x4b, 0x44}};

static const WCHAR file_recording_terminal[] = L"{521F3D06-C3D0-4511-8617-86B9A783DA77}";

/* One line and out: Windows frees the rest. */
static void must(HRESULT hr, const char *what)
{
    if (SUCCEEDED(hr))
        return;
    fprintf(stderr, "receive: %s: 0x%08lx\n", what, (unsigned long)hr);
    exit(1);
}

static BSTR bstr(const char *text)
{
    int length = MultiByteToWideChar(CP_ACP, 0, text, -1, NULL, 0);
    BSTR out = length > 0 ? SysAllocStringLen(NULL, (UINT)length - 1) : NULL;

    if (out)
        MultiByteToWideChar(CP_ACP, 0, text, -1, out, length);
    return out;
}

/* The call's audio render stream: what comes from the network. */
static ITStream *render_stream(IOpenMSPCall *call)
{
    ITStreamControl *control;
    IEnumStream *streams;
    ITStream *stream = NULL;

    must(IOpenMSPCall_QueryInterface(call, &IID_ITStreamControl, (void **)&control), "call");
    must(ITStreamControl_EnumerateStreams(control, &streams), "streams");
    while (IEnumStream_Next(streams, 1, &stream, NULL) == S_OK) {
        TERMINAL_DIRECTION direction;

        must(ITStream_get_Direction(stream, &direction), "direction");
        if (direction == TD_RENDER)
            break;
        ITStream_Release(stream);
        stream = NULL;
    }
    IEnumStream_Release(streams);
    ITStreamControl_Release(control);
    return stream;
}

/* A recorder for that file, its one track selected on the stream. */
static ITMediaControl *record(IOpenMSPAddress *address, ITStream *stream, const char *file)
{
    BSTR class = SysAllocString(file_recording_terminal), name = bstr(file);
    ITTerminalSupport *support;
    ITTerminal *terminal, *track;
    ITMultiTrackTerminal *tracks;
    ITMediaRecord *recorder;
    ITMediaControl *control;

    must(IOpenMSPAddress_QueryInterface(address, &IID_ITTerminalSupport, (void **)&support),
         "terminal support");
    must(ITTerminalSupport_CreateTerminal(support, class, 8, TD_RENDER, &terminal), "recorder");
    must(ITTerminal_QueryInterface(terminal, &IID_ITMediaRecord, (void **)&recorder), "recorder");
    must(ITMediaRecord_put_FileName(recorder, name), file);
    must(ITTerminal_QueryInterface(terminal, &IID_ITMultiTrackTerminal, (void **)&tracks),
         "tracks");
    must(ITMultiTrackTerminal_CreateTrackTerminal(tracks, 8, TD_RENDER, &track), "track");
    must(ITStream_SelectTerminal(stream, track), "select");
    must(ITTerminal_QueryInterface(terminal, &IID_ITMediaControl, (void **)&control), "control");
    ITTerminal_Release(track);
    ITMultiTrackTerminal_Release(tracks);
    ITMediaRecord_Release(recorder);
    ITTerminal_Release(terminal);
    ITTerminalSupport_Release(support);
    SysFreeString(class);
    SysFreeString(name);
    return control;
}

int main(int argc, char **argv)
{
    IOpenMSPAddress *address;
    IOpenMSPCall *call;
    IOpenMSPStatistics *statistics;
    ITStream *stream;
    ITMediaControl *recorder;
    BSTR listen, peer;
    double packets = 0;

    if (argc != 5) {
        fprintf(stderr, "usage: receive LISTEN PEER FILE.wav SECONDS\n");
        return 2;
    }
    listen = bstr(argv[1]);
    peer = bstr(argv[2]);
    must(CoInitializeEx(NULL, COINIT_MULTITHREADED), "COM");
    must(CoCreateInstance(&CLSID_OpenMSPAddress, NULL, CLSCTX_INPROC_SERVER, &IID_IOpenMSPAddress,
                          (void **)&address),
         "OpenMSP.Address");
    must(IOpenMSPAddress_Open(address), "open");
    must(IOpenMSPAddress_CreateCall(address, 8, &call), "call");
    must(IOpenMSPCall_Listen(call, listen), argv[1]);
    stream = render_stream(call);
    must(stream ? S_OK : E_FAIL, "render stream");
    recorder = record(address, stream, argv[3]);
    must(ITMediaControl_Start(recorder), argv[3]);
    must(IOpenMSPCall_SetPeer(call, peer, 0), argv[2]);
    Sleep((DWORD)atoi(argv[4]) * 1000);
    must(IOpenMSPCall_get_Statistics(call, &statistics), "statistics");
    IOpenMSPStatistics_get_PacketsReceived(statistics, &packets);
    printf("%.0f packets\n", packets);
    must(ITMediaControl_Stop(recorder), "stop");

    IOpenMSPStatistics_Release(statistics);
    ITMediaControl_Release(recorder);
    ITStream_Release(stream);
    IOpenMSPCall_Close(call);
    IOpenMSPCall_Release(call);
    IOpenMSPAddress_Close(address);
    IOpenMSPAddress_Release(address);
    SysFreeString(listen);
    SysFreeString(peer);
    CoUninitialize();
    return 0;
}
