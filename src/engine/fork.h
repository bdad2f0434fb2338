/*
 * Media streams (spec: Twilio's Stream resource and Media Streams protocol): a stream of a call
 * whose audio goes to a WebSocket consumer. A fork is an omsp_stream like any other:
 * omsp_stream_start, _pause, _stop and the events of engine.h hold for it; this adds making,
 * finding and measuring.
 *
 * Choices where the contract is open (docs/choices.md lists them): Stop is final for a media
 * stream; starting a stopped one begins a new one with a new SID. RTP loss, sender silence, hold
 * and pause are told by a jump of the timestamp and never by made-up audio; timestamps are
 * multiples of 20 ms.
 */
#ifndef OMSP_ENGINE_FORK_H
#define OMSP_ENGINE_FORK_H

#include "engine/engine.h"
#include "media/stream_codec.h"

#define OMSP_TRACK_INBOUND  1u /* what the far end says */
#define OMSP_TRACK_OUTBOUND 2u /* what it hears */

#define OMSP_FORK_MAX_PARAMS     99
#define OMSP_CALL_MAX_TRACKS     4
#define OMSP_CALL_MAX_FORKS      64 /* remembered; of the stopped ones the oldest make room */
#define OMSP_FORK_MAX_RECONNECTS 100
#define OMSP_FORK_RECONNECTS_OFF (-1)
#define OMSP_FORK_NAME_MAX       255 /* bytes of UTF-8 */
#define OMSP_FORK_URL_MAX        4000

struct omsp_fork_param {
    const char *name, *value; /* UTF-8 */
};

struct omsp_fork_options { /* all strings UTF-8, copied; NULL where absent */
    const char *url;       /* wss://…, ws://… (loopback, or with allow_plain) */
    const char *name;      /* unique among the call's running forks */
    unsigned tracks;       /* OMSP_TRACK_* */
    const struct omsp_fork_param *params;
    unsigned param_count;
    const char *callback_url;  /* http(s) */
    bool callback_get;         /* else POST */
    bool bidirectional;        /* <Connect><Stream>: the consumer's audio is played into the call */
    const char *authorization; /* beyond Twilio: value of an Authorization header, or NULL */
    /* Beyond Twilio: of what is sent and taken; zeros: as the call says. */
    struct omsp_stream_format format;
    /* Beyond Twilio: a connection that broke after the stream had started is dialled again, so
     * often in a row; the SID and the media clock go on. At most OMSP_FORK_MAX_RECONNECTS; 0: as
     * the call says (omsp_call_set_reconnects); OMSP_FORK_RECONNECTS_OFF: never. Which ends pass,
     * and the waits: docs/choices.md. */
    int reconnects;
};

/* What all forks of an engine share; set before the first fork, strings copied. */
struct omsp_fork_settings {
    const char *account_sid; /* "AC…"; NULL: all zeros */
    const char *auth_token;  /* signs upgrades and callbacks; NULL: no signature */
    const char *ca_file;     /* private CA, or NULL */
    bool allow_plain;        /* ws:// and http:// to others than loopback */
    unsigned queue_ms;       /* audio kept for a slow consumer; 0: 1000 */
    unsigned connect_ms;     /* connect, TLS, upgrade; 0: 5000 */
    unsigned callback_ms;    /* one status callback; 0: 5000 */
    unsigned ping_ms;        /* 0: 20000; two unanswered: dead */
};
/* OMSP_NOMEM, OMSP_INVALID (no account SID). */
enum omsp_status omsp_engine_set_forks(struct omsp_engine *engine,
                                       const struct omsp_fork_settings *settings);

/* What the number means is in spec §2.9; 0: nothing happened. */
#define OMSP_FORK_TIMEOUT     31901
#define OMSP_FORK_REFUSED     31902
#define OMSP_FORK_BROKEN      31903
#define OMSP_FORK_TLS         31910
#define OMSP_FORK_HANDSHAKE   31920
#define OMSP_FORK_CLOSED      31921
#define OMSP_FORK_BAD_SCHEME  31922
#define OMSP_FORK_BAD_URL     31923
#define OMSP_FORK_PROTOCOL    31924
#define OMSP_FORK_OVERFLOW    31930
#define OMSP_FORK_BAD_TRACK   31941
#define OMSP_FORK_BAD_MESSAGE 31951

/* Makes the stream (NEW_STREAM event) and starts it when the call is connected. *error gets the
 * number of what is wrong with the options (may be NULL). OMSP_INVALID (*error 31922, 31923, 31941
 * or 0: name, parameters, callback, format), OMSP_EXISTS (one that is not stopped has the name, or
 * is bidirectional as this one), OMSP_FULL (more than four tracks), OMSP_WRONG_STATE (the call is
 * not connected), OMSP_NOTSUPPORTED (this build has no TCP), OMSP_SHUTDOWN, OMSP_NOMEM. */
enum omsp_status omsp_call_fork(struct omsp_call *call, const struct omsp_fork_options *options,
                                enum omsp_cause cause, int *error, struct omsp_stream **out);

/* What options.reconnects 0 means for this call's forks from now on; 0 (the default): off.
 * OMSP_INVALID: more than OMSP_FORK_MAX_RECONNECTS. */
enum omsp_status omsp_call_set_reconnects(struct omsp_call *call, unsigned reconnects);

/* What options.format of zeros means for this call's forks from now on; zeros (the default): µ-law.
 * OMSP_INVALID: there is no such format. */
enum omsp_status omsp_call_set_format(struct omsp_call *call,
                                      const struct omsp_stream_format *format);

/* By SID (hex digits of any case), else by the name of the newest fork that has it; a stopped one
 * is found as long as the call is not shut down. A reference, or NULL. */
struct omsp_stream *omsp_call_find_fork(struct omsp_call *call, const char *sid_or_name);
/* A call of this engine that is not shut down; a reference, or NULL. Waits for no address, and may
 * be asked under any lock that is no leaf. */
struct omsp_call *omsp_engine_find_call(struct omsp_engine *engine, const char *sid);

/* omsp_call_shutdown that hands over its references on the call's forks, stopped by it or before,
 * oldest first: for whoever has to tell of their ends afterwards. */
enum omsp_status omsp_call_shutdown_keeping(struct omsp_call *call,
                                            struct omsp_stream *forks[OMSP_CALL_MAX_FORKS],
                                            unsigned *count);

enum omsp_fork_state {
    OMSP_FORK_CONNECTING, /* again, too */
    OMSP_FORK_OPEN,
    OMSP_FORK_PAUSED,
    OMSP_FORK_STOPPED, /* for whatever reason; last_error tells */
};

struct omsp_fork_info {
    char sid[OMSP_SID_CHARS + 1];
    char call_sid[OMSP_SID_CHARS + 1];
    char name[OMSP_FORK_NAME_MAX + 1]; /* "" when it has none */
    char url[OMSP_FORK_URL_MAX + 1];
    unsigned tracks;
    bool bidirectional;
    struct omsp_stream_format format;
    bool of_terminal; /* a WebSocket terminal's connection, no stream of the call's own */
    enum omsp_fork_state state;
    int64_t updated_us; /* wall clock of the last change of state */
    int last_error;     /* 319xx, 0 */
    uint64_t frames_sent, frames_dropped, bytes_sent, messages_received, messages_bad;
    unsigned queue_ms;      /* audio waiting now */
    uint32_t round_trip_us; /* of the last ping; 0: unknown */
    uint64_t reconnects;    /* connections after the first */
};
/* OMSP_NOTSUPPORTED: not a fork. */
enum omsp_status omsp_stream_fork_info(struct omsp_stream *stream, struct omsp_fork_info *out);
bool omsp_stream_is_fork(const struct omsp_stream *stream);

/* ---- the WebSocket terminal ------------------------------------------------------------------ */

/* A terminal (audio, OMSP_BIDIRECTIONAL, OMSP_TERMINAL_WEBSOCKET) that sends a call's audio to a
 * consumer. It may be selected on the call's render stream (what arrives: the inbound track), on
 * its capture stream (what is sent: the outbound track), or on both: then they are tracks of one
 * connection, and no other call's streams. A track's audio flows while its stream runs; while the
 * stream is paused or held there is none and the timestamps jump. The connection is dialled when
 * the first of the streams starts (or pauses) in a connected call, lives while one of them is
 * wanted to run or pause, and ends with `stop` when all are stopped, unselected or disconnected;
 * each has a SID of its own. `start` names the tracks of all streams that it was selected on by
 * then; being connected to a stream whose track was not named makes a new connection in place of
 * the old. It is a media stream for REST and omsp_call_find_fork, but not listed by
 * omsp_call_stream_at, without events, and not to be started again.
 *
 * omsp_stream_select adds: options that omsp_call_fork calls OMSP_INVALID; OMSP_TERMINAL_IN_USE
 * (on another call); and, as a failure to connect (TERMINAL_FAIL), OMSP_EXISTS,
 * OMSP_MAX_TERMINALS (more than four tracks), OMSP_WRONG_STATE (no RTP). A connection that fails
 * later, or that the consumer closes, is a TERMINAL_FAIL of its streams; the terminal stays
 * selected and connects anew with the next start. One that was stopped by its SID stops the
 * streams on which no other terminal is, and is a TERMINAL_FAIL without error, with the cause of
 * the stop, on the others: these have no part in a next connection until they were stopped
 * themselves. OMSP_NOMEM. */
enum omsp_status omsp_websocket_create(struct omsp_address *address, struct omsp_terminal **out);

enum omsp_websocket_text {
    OMSP_WEBSOCKET_URL,
    OMSP_WEBSOCKET_NAME,
    OMSP_WEBSOCKET_CALLBACK,
    OMSP_WEBSOCKET_METHOD, /* of the callback: "POST", "GET"; none and "": POST */
    OMSP_WEBSOCKET_TEXTS
};
/* text NULL: none; copied, and checked when the terminal is selected. OMSP_WRONG_STATE while it is
 * selected, OMSP_NOMEM. */
enum omsp_status omsp_websocket_set(struct omsp_terminal *terminal, enum omsp_websocket_text which,
                                    const char *text);
/* *out for omsp_free; NULL: none. OMSP_NOMEM. */
enum omsp_status omsp_websocket_get(struct omsp_terminal *terminal, enum omsp_websocket_text which,
                                    char **out);
/* Copies. OMSP_FULL after 99, OMSP_WRONG_STATE while it is selected, OMSP_NOMEM. */
enum omsp_status omsp_websocket_add_param(struct omsp_terminal *terminal, const char *name,
                                          const char *value);
/* The connection made last, a reference, and its call's id; or NULL: none yet. */
struct omsp_stream *omsp_websocket_stream(struct omsp_terminal *terminal, uint32_t *call);
/* How the last try to make a connection went, or why that connection was lost. */
enum omsp_status omsp_websocket_last(struct omsp_terminal *terminal);

/* Up to room references to the call's forks, running or not, oldest first; answers how many. */
unsigned omsp_call_forks(struct omsp_call *call, struct omsp_stream **out, unsigned room);

#endif
