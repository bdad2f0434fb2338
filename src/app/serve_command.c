/*
 * `openmsp serve`: makes the calls, connects them, starts the REST server, and tells what happens
 * until told to quit. Main thread; one more reads standard input.
 */
#include "app/serve_command.h"

#include "app/hosted_call.h"
#include "app/media.h"
#include "app/provider.h"
#include "app/report.h"
#include "app/sink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVENTS_QUIET_MS 100 /* after the end: no event for this long, and none will come */
/* Where the calls send until somebody sends to them (symmetric RTP). */
#define DISCARD L"0.0.0.0:9"

struct host {
    struct provider provider;
    ITTAPIEventNotification *sink;
    HANDLE event_came;
    IConnectionPoint *point;
    DWORD cookie;
    struct hosted_call *calls;
    unsigned count;
};

static bool failed(HRESULT hr, const char *what, const wchar_t *subject)
{
    if (FAILED(hr))
        report_error(what, subject, hr);
    return FAILED(hr);
}

static bool open_call(struct host *host, const struct options *options)
{
    struct hosted_call *call = &host->calls[host->count];
    wchar_t local[80];

    _snwprintf(local, 80, L"%.64ls:%u", options->listen ? options->listen : L"127.0.0.1",
               options->first_port + 2 * host->count);
    host->count++;
    if (failed(hosted_call_open(call, host->provider.address, local), "--rtp-ports", local))
        return false;
    if (options->play && failed(hosted_call_play(call, options->play), "--play", options->play))
        return false;
    if (failed(hosted_call_connect(call, DISCARD, options->payload_type), "no call", local))
        return false;
    hosted_call_tell_ready(call);
    return true;
}

/* False: told why on standard error. */
static bool open_host(struct host *host, const struct options *options)
{
    if (failed(provider_open(&host->provider), "openmsp.dll cannot be loaded", NULL))
        return false;
    host->event_came = CreateEventW(NULL, FALSE, FALSE, NULL);
    if (failed(sink_create(host->event_came, &host->sink), "events", NULL) ||
        failed(sink_advise((IUnknown *)host->provider.address, host->sink, &host->point,
                           &host->cookie),
               "events", NULL))
        return false;
    if (!media_configure(host->provider.address, &options->media))
        return false;
    host->calls = calloc(options->calls, sizeof(*host->calls));
    if (failed(host->calls ? S_OK : E_OUTOFMEMORY, "--calls", NULL))
        return false;
    while (host->count < options->calls)
        if (!open_call(host, options))
            return false;
    for (unsigned i = 0; i < host->count; i++)
        if (!media_begin(host->calls[i].call, &options->media))
            return false;
    return media_serve(host->provider.address, &options->media);
}

static void close_host(struct host *host)
{
    if (host->provider.address)
        IOpenMSPAddress_StopRest(host->provider.address);
    for (unsigned i = 0; i < host->count; i++)
        if (host->calls[i].call)
            IOpenMSPCall_Disconnect(host->calls[i].call);
    while (host->point && WaitForSingleObject(host->event_came, EVENTS_QUIET_MS) == WAIT_OBJECT_0)
        ;
    if (host->point)
        sink_unadvise(host->point, host->cookie);
    if (host->sink)
        ITTAPIEventNotification_Release(host->sink);
    for (unsigned i = 0; i < host->count; i++)
        hosted_call_close(&host->calls[i]);
    free(host->calls);
    if (host->provider.address)
        provider_close(&host->provider);
    if (host->event_came)
        CloseHandle(host->event_came);
}

/* Ends with the process, for a read of standard input cannot be broken off everywhere. The end of
 * the input means nothing: services have none. */
static DWORD WINAPI read_input(void *quit)
{
    char line[64];

    while (fgets(line, sizeof(line), stdin))
        if (!strcmp(line, "quit\n") || !strcmp(line, "quit\r\n"))
            SetEvent(quit);
    return 0;
}

int serve_command(const struct options *options, HANDLE quit)
{
    struct host host;
    HANDLE reader;
    bool ok;

    memset(&host, 0, sizeof(host));
    report_open(options->json, false);
    reader = CreateThread(NULL, 0, read_input, quit, 0, NULL);
    if (reader)
        CloseHandle(reader);
    ok = open_host(&host, options);
    if (ok)
        WaitForSingleObject(quit, INFINITE);
    close_host(&host);
    return ok ? 0 : 1;
}
