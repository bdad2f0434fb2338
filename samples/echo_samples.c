/*
 * Says back what the far end says, through IOpenMSPSamples and IOpenMSPSampleBytes: the media
 * streaming terminal for those who do without DirectShow. Samples at 16 kHz, to show that the
 * terminal converts.
 *
 *   x86_64-w64-mingw32-gcc -DCOBJMACROS -DCINTERFACE -Iinclude samples/echo_samples.c \
 *       -o echo_samples.exe -lole32 -loleaut32 -luuid
 *   echo_samples.exe 127.0.0.1:30000 127.0.0.1:30002 5
 *
 * listens on the first address, talks to the second for so many seconds. openmsp.dll is registered,
 * or found as samples/receive.c says.
 */
#include "client.h"

#define RATE 16000

/* One terminal, selected; `news` is set when it can be read or written. */
struct end {
    ITTerminal *terminal;
    IOpenMSPSamples *samples;
    IOpenMSPSampleBytes *bytes;
    HANDLE news;
};

static void open_end(struct end *end, struct client *client, TERMINAL_DIRECTION direction)
{
    end->terminal = client_terminal(client, direction);
    must(ITTerminal_QueryInterface(end->terminal, &IID_IOpenMSPSamples, (void **)&end->samples),
         "IOpenMSPSamples");
    must(ITTerminal_QueryInterface(end->terminal, &IID_IOpenMSPSampleBytes, (void **)&end->bytes),
         "IOpenMSPSampleBytes");
    end->news = CreateEventW(NULL, FALSE, FALSE, NULL);
    must(end->news ? S_OK : E_OUTOFMEMORY, "event");
    must(IOpenMSPSamples_SetFormat(end->samples, RATE, 1, 16), "format");
    must(IOpenMSPSamples_SetNotificationEvent(end->samples, HandleToLong(end->news)), "event");
    must(ITStream_SelectTerminal(client->streams[direction], end->terminal), "select");
}

static void close_end(struct end *end)
{
    IOpenMSPSamples_SetNotificationEvent(end->samples, 0);
    IOpenMSPSamples_Release(end->samples);
    IOpenMSPSampleBytes_Release(end->bytes);
    ITTerminal_Release(end->terminal);
    CloseHandle(end->news);
}

static void say(struct end *to, const BYTE *bytes, ULONG count, ULONGLONG until)
{
    while (count && GetTickCount64() < until) {
        ULONG taken;

        must(IOpenMSPSampleBytes_Write(to->bytes, bytes, count, &taken), "write");
        bytes += taken;
        count -= taken;
        if (count)
            WaitForSingleObject(to->news, 100);
    }
}

static unsigned echo(struct end *from, struct end *to, DWORD ms)
{
    static const BYTE silence[RATE * 2 * 60 / 1000];
    ULONGLONG until = GetTickCount64() + ms;
    unsigned said = 0;

    /* In hand, so that it is not heard when this thread runs a little late. */
    say(to, silence, sizeof(silence), until);
    while (GetTickCount64() < until) {
        BYTE buffer[4096];
        ULONG count = 0;

        must(IOpenMSPSampleBytes_Read(from->bytes, buffer, sizeof(buffer), &count), "read");
        if (!count)
            WaitForSingleObject(from->news, 100);
        say(to, buffer, count, until);
        said += count / 2;
    }
    return said;
}

int main(int argc, char **argv)
{
    struct client client;
    struct end from, to;

    if (argc != 4) {
        fprintf(stderr, "usage: echo_samples LISTEN PEER SECONDS\n");
        return 2;
    }
    client_open(&client, argv[1]);
    open_end(&from, &client, TD_RENDER);
    open_end(&to, &client, TD_CAPTURE);
    client_connect(&client, argv[2]);
    printf("listening\n");
    fflush(stdout);
    printf("%u samples\n", echo(&from, &to, (DWORD)atoi(argv[3]) * 1000));
    close_end(&from);
    close_end(&to);
    client_close(&client);
    return 0;
}
