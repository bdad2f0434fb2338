/*
 * A host as tapi3.dll is, on openmsp.dll's public interfaces only: it loads the DLL without
 * registration, aggregates the address and its calls under outers that count, waits on the event
 * handle and drains GetEvent until it fails, and keeps what came. The TSP's part is played too.
 * Windows only; failures are Check's.
 */
#ifndef OMSP_TESTS_SUPPORT_HOST_H
#define OMSP_TESTS_SUPPORT_HOST_H

#include "support/dll.h"
#include "support/host_wav.h"

#include <oleauto.h>
#include <ocidl.h>
#include <strmif.h>
#include <tapi3if.h>
#include <tapi3ds.h>
#include <tapi3err.h>
#include <msp.h>

#include "openmsp/openmsp.h"
#include "openmsp/openmsp_tsp.h"

#define HOST_WAIT_MS  60000 /* for anything that must happen */
#define HOST_CAPTURE  0
#define HOST_RENDER   1
#define HOST_PLAYER   L"{0CB9914C-79CD-47DC-ADB0-327F47CEFB20}"
#define HOST_RECORDER L"{521F3D06-C3D0-4511-8617-86B9A783DA77}"

/* What one MSP_EVENT_INFO said; its references have been released. */
struct host_event {
    MSP_EVENT kind;
    ULONG_PTR call;  /* hCall */
    int type, cause; /* of a call event; of a file event the state and its cause */
    int direction;   /* of the stream; -1: none */
    HRESULT error;
    const void *file; /* of a file event: the terminal; to be compared only */
    BYTE *data;       /* ME_TSP_DATA */
    DWORD size;
};

struct host {
    struct activation activation;
    bool activated;
    struct outer outer;
    /* NULL, or called for each event before its references are released; on the draining thread. */
    void (*on_event)(struct host *host, const MSP_EVENT_INFO *info);
    ITMSPAddress *address;
    ITTerminalSupport *terminals;
    IOpenMSPAddress *open;
    HANDLE event, stop, thread;
    SRWLOCK lock; /* guards what follows */
    CONDITION_VARIABLE came;
    struct host_event *events;
    size_t count, room;
    unsigned short_buffers; /* times GetEvent asked for a larger buffer */
    ULONG_PTR calls;        /* made so far */
};

struct host_call {
    struct host *host;
    ULONG_PTR token;
    struct outer outer;
    ITStreamControl *control;
    IOpenMSPCall *open;
    ITStream *streams[4];
    unsigned stream_count;
    unsigned long sequence;
    size_t seen[ME_TONE_TERMINAL_EVENT + 1]; /* by kind: where host_next goes on */
};

/* drains: a thread waits for events; else nobody reads them. */
struct host *host_open(bool drains);
/* The same without activation, for an outer with hooks and a host that sees its events: `dress`
 * sets them before the provider of this class is made. NULL: it cannot be made. */
struct host *host_open_as(REFCLSID clsid, void (*dress)(struct host *host, void *ctx), void *ctx);
/* Shutdown, and its own references; what others hold of the outer keeps it. */
void host_leave(struct host *host);
/* The outer's end: the provider's and all else. */
void host_free(struct host *host);
/* Shutdown, the last references; the outer must be back to its own one. Frees. */
void host_close(struct host *host);
/* The first part of it: Shutdown, and no thread reads any more. */
void host_shutdown(struct host *host);
/* Every event that waits now, kept like those of the thread; for hosts that do not drain. */
void host_drain(struct host *host);

struct host_call *host_call_open(struct host *host, DWORD media);
/* ShutdownMSPCall, the last references; the outer must be back to its own one. Frees. */
void host_call_close(struct host_call *call);
/* The second part of it, for a call that the address's Shutdown ended. */
void host_call_release(struct host_call *call);

/* The next event of that kind of this call, waited for. */
struct host_event host_next(struct host_call *call, MSP_EVENT kind);
/* The next call event is this one. */
void host_expect(struct host_call *call, int direction, MSP_CALL_EVENT type,
                 MSP_CALL_EVENT_CAUSE cause, HRESULT error);
/* The next file event of this terminal, of whatever call, from *seen on. */
struct host_event host_next_file(struct host *host, const void *terminal, size_t *seen);
/* Everything posted so far has come, and no call event is left. */
void host_expect_nothing(struct host_call *call);

/* ---- the TSP's part -------------------------------------------------------------------------- */

/* Sends a message; answers its sequence. */
unsigned long host_send(struct host_call *call, unsigned type, const void *body, DWORD size);
/* Sends it, waits for the answer, which is of this type; the event's data is this function's own
 * until the next call of it. */
struct host_event host_ask(struct host_call *call, unsigned type, const void *body, DWORD size,
                           unsigned answer);
/* As host_ask; the answer is RESULT with this status. */
void host_tell(struct host_call *call, unsigned type, const void *body, DWORD size,
               unsigned long status);
/* CONFIGURE: RTP, this packet time and media timeout, any local port. */
void host_configure(struct host_call *call, unsigned ptime_ms, unsigned long media_timeout_ms);
/* What QUERY_SDP answers; the caller frees. */
char *host_local_sdp(struct host_call *call);
void host_remote_sdp(struct host_call *call, const char *sdp);
/* Offer from a, answer from b, CONNECT on both. */
void host_connect(struct host_call *a, struct host_call *b);
struct omsp_tsp_stats host_stats(struct host_call *call);
#define HOST_COUNT(field)                                                                          \
    ((unsigned long long)OMSP_TSP_GET32_AT(field, 0) |                                             \
     (unsigned long long)OMSP_TSP_GET32_AT(field, 4) << 32)

/* ---- file terminals -------------------------------------------------------------------------- */

struct host_file {
    BSTR path;
    ITTerminal *terminal, *track;
    ITMediaControl *control;
    size_t seen;
};

/* Not started. name: in the temporary folder, a WAV there is for the player. */
void host_player(struct host *host, const WCHAR *name, struct host_file *file);
void host_recorder(struct host *host, const WCHAR *name, struct host_file *file);
/* Releases, and deletes the file. */
void host_file_close(struct host_file *file);
/* The next event of this file is that. */
void host_expect_file(struct host *host, struct host_file *file, TERMINAL_MEDIA_STATE state,
                      FT_STATE_EVENT_CAUSE cause, HRESULT error);

#endif
