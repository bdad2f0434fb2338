/*
 * The facade that every door calls (msp/, rest/, tests). All functions may be called on any thread,
 * return without waiting for the network or the disk unless they say so, and never call back into
 * the caller except through `omsp_signal_fn`.
 *
 * Objects are counted: create and every function that answers an object give one reference, which
 * *_release gives back. A released object that is still in use inside (a call with streams running)
 * lives on until it is shut down. Ids are unique in the process and never 0; they are what events
 * carry.
 *
 * What answers a status may answer OMSP_NOMEM wherever it makes something, and OMSP_SHUTDOWN once
 * the call or the address was shut down; the other errors are named with each. On failure *out is
 * not written.
 */
#ifndef OMSP_ENGINE_ENGINE_H
#define OMSP_ENGINE_ENGINE_H

#include "base/sid.h"
#include "core/event.h"
#include "core/stream.h"
#include "core/terminal.h"
#include "port/ports.h"

#include <stdbool.h>

struct omsp_engine;
struct omsp_address;
struct omsp_listener;
struct omsp_call;
struct omsp_stream;
struct omsp_terminal;

/* ---- engine: one per process, threads and timers ------------------------------------------- */

/* Is a call's audio kept secret (SRTP and SRTCP with keys in SDP: RFC 3711, RFC 4568)? */
enum omsp_security {
    OMSP_SECURITY_ALLOWED,  /* if the peer offers it; our own offers are plain */
    OMSP_SECURITY_REQUIRED, /* or there is no call */
    OMSP_SECURITY_OFF,      /* never */
};

struct omsp_engine_config {
    unsigned workers;            /* media threads, 1..16; 0: see omsp_engine_set_workers */
    unsigned max_workers;        /* by need, with workers 0; 0: one for two processors */
    bool manual;                 /* no threads at all: omsp_engine_pump drives (simulation) */
    unsigned queue_limit;        /* events per listener before coalescing; 0: 1024 */
    unsigned media_timeout_ms;   /* no RTP for this long is MEDIA_TIMEOUT; 0: 5000 */
    enum omsp_security security; /* what calls begin with */
};

/* ports outlive the engine; config NULL: all defaults. OMSP_NOMEM, OMSP_FULL, OMSP_INVALID. */
enum omsp_status omsp_engine_create(const struct omsp_ports *ports,
                                    const struct omsp_engine_config *config,
                                    struct omsp_engine **out);
/* Joins the threads. Every address must have been shut down. Not under a lock, not from a signal.
 */
void omsp_engine_destroy(struct omsp_engine *engine);
/* Manual mode only: does what is due now, waits at most until deadline_us for more (in simulated
 * time the wait is the time's passing). */
void omsp_engine_pump(struct omsp_engine *engine, uint64_t deadline_us);
uint64_t omsp_engine_now_us(const struct omsp_engine *engine);

#define OMSP_MAX_WORKERS 16

/* Media threads among which new calls are shared by load, each to the one that moves the fewest
 * packets a second just then; a call stays where it began. 1..16: so many from now on; what is
 * there beyond serves its calls to their end. 0: one, and another one when a call comes while all
 * there are move OMSP_WORKER_FULL packets a second, up to one for two processors (in manual mode up
 * to one; or config.max_workers). OMSP_INVALID, OMSP_NOMEM, OMSP_FULL: it is as before. Any thread.
 */
#define OMSP_WORKER_FULL 5000u
enum omsp_status omsp_engine_set_workers(struct omsp_engine *engine, unsigned workers);
/* As was set, 0 for what is found by need; and how many there are now. */
unsigned omsp_engine_get_workers(struct omsp_engine *engine, unsigned *made);

struct omsp_engine_counters {
    uint64_t wakes; /* times a media worker woke */
    unsigned calls, threads;
};
struct omsp_worker_counters {
    uint64_t packets; /* received and sent, ever */
    uint64_t load;    /* a second, with what new calls are taken for */
    unsigned calls;   /* bound ones */
};
/* OMSP_NOTFOUND: not so many. */
enum omsp_status omsp_engine_worker_counters(struct omsp_engine *engine, unsigned worker,
                                             struct omsp_worker_counters *out);
void omsp_engine_get_counters(struct omsp_engine *engine, struct omsp_engine_counters *out);

/* ---- address ------------------------------------------------------------------------------- */

enum omsp_status omsp_address_create(struct omsp_engine *engine, struct omsp_address **out);
/* Shuts every call down, drops waiting events, detaches listeners. Further calls on it and on what
 * belongs to it answer OMSP_SHUTDOWN. Twice is fine. */
void omsp_address_shutdown(struct omsp_address *address);
void omsp_address_release(struct omsp_address *address);

/* Called when the listener's queue goes from empty to not empty, with an event that finds others
 * waiting when the last call was a second ago or more, and when omsp_listener_signal_later asked
 * for it; any thread. Only wake somebody: it must not block and must not call the engine. */
typedef void (*omsp_signal_fn)(void *ctx);

/* A listener is one event queue. Every event of the address goes to each listener there is. */
enum omsp_status omsp_address_listen(struct omsp_address *address, omsp_signal_fn signal, void *ctx,
                                     struct omsp_listener **out);
/* How many there are now: so often an event that is posted now can be taken. */
unsigned omsp_address_listeners(struct omsp_address *address);
/* When it returns no signal is running or will start. Never from inside a signal. */
void omsp_listener_close(struct omsp_listener *listener);
/* OMSP_EMPTY; OMSP_MORE: `fits` refused the head, which stays; OMSP_OK: *out is the caller's, blob
 * included. fits (NULL: all fit) runs under the queue's lock and must only compute. */
enum omsp_status omsp_listener_take(struct omsp_listener *listener,
                                    bool (*fits)(void *ctx, const struct omsp_event *head),
                                    void *ctx, struct omsp_event *out);
/* For who took an event and cannot hand it on yet, as without memory, of which this needs none: the
 * listener is signalled half a second from now, once, though nothing is posted; one signal for all
 * that ask before it. None after the address's shutdown. Any thread. */
void omsp_listener_signal_later(struct omsp_listener *listener);
struct omsp_queue_stats;
void omsp_listener_get_stats(struct omsp_listener *listener, struct omsp_queue_stats *out);

/* ---- call ---------------------------------------------------------------------------------- */

enum omsp_transport { OMSP_TRANSPORT_RTP, OMSP_TRANSPORT_HARDWARE };
enum omsp_call_state { OMSP_CALL_IDLE, OMSP_CALL_CONNECTED, OMSP_CALL_DISCONNECTED };

/* Makes the call with its default streams in the order audio capture, audio render, video capture,
 * video render, as media asks. Video streams answer OMSP_NOTIMPL to start, pause and stop. No
 * socket is opened yet. token: what the door knows the call by (hCall), given back by
 * omsp_call_token. OMSP_BAD_MEDIA (nothing supported or something unsupported asked),
 * OMSP_SHUTDOWN, OMSP_NOMEM. */
enum omsp_status omsp_call_create(struct omsp_address *address, uint32_t media, uint64_t token,
                                  struct omsp_call **out);
/* Stops and shuts every stream down, closes the sockets. No event of this call is queued after it
 * returned; those waiting stay. Twice: OMSP_SHUTDOWN. */
enum omsp_status omsp_call_shutdown(struct omsp_call *call);
void omsp_call_ref(struct omsp_call *call);
void omsp_call_release(struct omsp_call *call);
uint32_t omsp_call_id(const struct omsp_call *call);
uint64_t omsp_call_token(const struct omsp_call *call);
uint32_t omsp_call_media(const struct omsp_call *call);
const char *omsp_call_sid(const struct omsp_call *call); /* lives as long as the call */
enum omsp_call_state omsp_call_get_state(struct omsp_call *call);
bool omsp_call_is_shut(struct omsp_call *call);

/* Who carries the media. Before the first connect only, else OMSP_WRONG_STATE. `offers` counts for
 * OMSP_TRANSPORT_HARDWARE: what the TSP offers. */
enum omsp_status omsp_call_set_transport(struct omsp_call *call, enum omsp_transport transport,
                                         struct omsp_stream_offers offers);

/* Binds RTP to *local (port 0: any even one) and RTCP to the next port; writes the real one back.
 * Without it the first need for a socket binds to 127.0.0.1 and any port.
 * OMSP_ADDRINUSE, OMSP_INVALID, OMSP_ACCESS, OMSP_WRONG_STATE (bound already), OMSP_SHUTDOWN. */
enum omsp_status omsp_call_bind(struct omsp_call *call, struct omsp_addr *local);

/* Payload types offered and accepted in order of preference: 0 (PCMU), 8 (PCMA); count 1..8.
 * OMSP_NO_CODEC for others, OMSP_INVALID (count). Default {0, 8}. */
enum omsp_status omsp_call_set_codecs(struct omsp_call *call, const uint8_t *types, unsigned count);
/* Packet time that we send, 10..60 ms in steps of 10. Default 20. OMSP_INVALID. */
enum omsp_status omsp_call_set_ptime(struct omsp_call *call, unsigned ms);
enum omsp_status omsp_call_set_media_timeout(struct omsp_call *call, unsigned ms); /* 0: never */
/* For descriptions from now on; default: the engine's. OMSP_INVALID. */
enum omsp_status omsp_call_set_security(struct omsp_call *call, enum omsp_security security);
enum omsp_security omsp_call_get_security(struct omsp_call *call);
/* The suite that protects the call's packets, as SDP calls it ("AES_CM_128_HMAC_SHA1_80"); "" while
 * they are plain. Static storage. */
const char *omsp_call_suite(struct omsp_call *call);

/* The remote description (SDP, UTF-8). The first of an offerer's call is the answer to our offer,
 * of an answerer's the offer; connects the call: streams that may run start by themselves. Later
 * ones re-negotiate (hold, codec, address, keys). OMSP_INVALID (no SDP, or audio at an address of
 * another family than the local one), OMSP_NO_CODEC, OMSP_BAD_MEDIA (no audio, or none that
 * omsp_call_set_security allows), and bind's errors. On failure nothing changed. */
enum omsp_status omsp_call_set_remote_sdp(struct omsp_call *call, const char *sdp, size_t len);
/* Our description: the offer while no remote one is known, else the answer. *need gets the bytes
 * with terminator; OMSP_MORE when room is less. May bind: bind's errors. */
enum omsp_status omsp_call_local_sdp(struct omsp_call *call, char *out, size_t room, size_t *need);
/* Without SDP: RTP goes to *peer (all zeros, with any port but 0: to whoever sends first) with
 * payload type `codec`; connects. OMSP_NO_CODEC; OMSP_INVALID (no address, no port, of another
 * family than the local one); bind's errors; OMSP_BAD_MEDIA: security is required, and there are no
 * keys. */
enum omsp_status omsp_call_set_peer(struct omsp_call *call, const struct omsp_addr *peer,
                                    uint8_t codec);
/* The TSP's word that the far end is (not) there; disconnect stops all streams with cause. Connect:
 * OMSP_WRONG_STATE (RTP, and no peer was told). */
enum omsp_status omsp_call_connect(struct omsp_call *call);
enum omsp_status omsp_call_disconnect(struct omsp_call *call, enum omsp_cause cause);

/* Queues bytes for the TSP (ME_TSP_DATA) for who listens to the address, whether the call was shut
 * down or not; copies. OMSP_NOMEM. */
enum omsp_status omsp_call_post_tsp_data(struct omsp_call *call, const void *data, uint32_t len);
/* The same of a short message, as two numbers that the door makes bytes of when it is taken
 * (core/event.h). It needs no memory while the listeners' queues have room. */
enum omsp_status omsp_call_post_tsp_words(struct omsp_call *call, uint16_t type, uint32_t sequence,
                                          uint32_t first, uint32_t second);
/* Queues what a terminal tells that is not the engine's (OMSP_PRIVATE_TERMINAL); detail is the
 * door's. OMSP_NOMEM, OMSP_SHUTDOWN. */
enum omsp_status omsp_call_post_detail(struct omsp_call *call, uint32_t detail);
/* Hardware transport: the TSP tells how a stream command ended or that the hardware stopped by
 * itself. status OMSP_OK with the state, or why it failed. */
enum omsp_status omsp_call_hardware_report(struct omsp_call *call, enum omsp_direction direction,
                                           enum omsp_actual state, enum omsp_status status);
/* Hardware transport: called when the hardware must move; NULL: none. It runs under the address
 * lock: of the engine it may call omsp_call_post_tsp_* and what needs no lock (ids, token, sid),
 * nothing else. A failure is the answer of the door that asked. */
typedef enum omsp_status (*omsp_hardware_fn)(void *ctx, struct omsp_call *call,
                                             enum omsp_direction direction, enum omsp_actual to);
void omsp_call_set_hardware(struct omsp_call *call, omsp_hardware_fn fn, void *ctx);

struct omsp_call_stats {
    uint64_t packets_received, bytes_received; /* RTP payload bytes */
    uint64_t packets_sent, bytes_sent;
    uint64_t packets_lost, packets_late, packets_duplicate, packets_reordered;
    uint64_t packets_rejected;               /* not RTP, wrong source, unknown payload type; and: */
    uint64_t packets_forged;                 /* SRTP: not of who has the key */
    uint64_t packets_replayed;               /* SRTP: the number came before */
    uint64_t reports_received, reports_sent; /* RTCP compound packets */
    uint32_t jitter_us;                      /* RFC 3550 6.4.1 */
    uint32_t round_trip_us;                  /* from RTCP; 0: not known yet */
    uint32_t remote_lost;                    /* cumulative, as the peer reports */
    uint64_t frames_recorded;                /* 20 ms frames that recorders wrote into files */
    uint64_t frames_concealed;               /* handed to render terminals for lost ones */
    uint64_t frames_played;                  /* taken from capture terminals */
    bool secure;                             /* SRTP */
    uint8_t codec;                           /* payload type in use; 255: none yet */
    unsigned ptime_ms;
};
void omsp_call_get_stats(struct omsp_call *call, struct omsp_call_stats *out);
/* The bound RTP address; family 0 while unbound. */
void omsp_call_local_addr(struct omsp_call *call, struct omsp_addr *out);

/* ---- stream -------------------------------------------------------------------------------- */

unsigned omsp_call_stream_count(struct omsp_call *call);
/* index < count, in order of creation; a reference, or NULL. */
struct omsp_stream *omsp_call_stream_at(struct omsp_call *call, unsigned index);
void omsp_stream_ref(struct omsp_stream *stream);
void omsp_stream_release(struct omsp_stream *stream);
uint32_t omsp_stream_id(const struct omsp_stream *stream);
uint32_t omsp_stream_media(const struct omsp_stream *stream);
enum omsp_direction omsp_stream_direction(const struct omsp_stream *stream);
/* UTF-8, lives as long as the stream. */
const char *omsp_stream_name(const struct omsp_stream *stream);
enum omsp_actual omsp_stream_get_actual(struct omsp_stream *stream);
bool omsp_stream_is_shut(struct omsp_stream *stream);

/* StartStream, PauseStream, StopStream for every door; cause LOCAL_REQUEST or REMOTE_REQUEST
 * (REST). The event is queued before they return; after stop returned no packet and no event of
 * that stream follows. Errors: OMSP_SHUTDOWN, OMSP_NOTIMPL, OMSP_NOTSUPPORTED, and what the media
 * says; start and pause of a media stream that was stopped: omsp_call_fork's OMSP_EXISTS and
 * OMSP_FULL, and nothing is changed. */
enum omsp_status omsp_stream_start(struct omsp_stream *stream, enum omsp_cause cause);
enum omsp_status omsp_stream_pause(struct omsp_stream *stream, enum omsp_cause cause);
enum omsp_status omsp_stream_stop(struct omsp_stream *stream, enum omsp_cause cause);

/* Errors of omsp_terminal_may_select, then of the automatic start (terminal unselected again). */
enum omsp_status omsp_stream_select(struct omsp_stream *stream, struct omsp_terminal *terminal);
/* OMSP_BAD_TERMINAL when it is not selected here. */
enum omsp_status omsp_stream_unselect(struct omsp_stream *stream, struct omsp_terminal *terminal);
/* Where this input (OMSP_IN_START, OMSP_IN_PAUSE, OMSP_IN_SELECT, OMSP_IN_READY) would take the
 * stream if it came now; nothing changes. For OMSP_IN_SELECT also what omsp_stream_select would
 * refuse the terminal for. */
enum omsp_status omsp_stream_foresee(struct omsp_stream *stream, enum omsp_input input,
                                     struct omsp_terminal *terminal, enum omsp_actual *to);
/* A connected terminal broke by itself: TERMINAL_FAIL, cause BAD_DEVICE when why is OMSP_NODEVICE,
 * else CONNECT_FAIL; and STREAM_FAIL when no other carries on. It stays selected.
 * OMSP_WRONG_STATE: it is not connected. */
enum omsp_status omsp_terminal_break(struct omsp_terminal *terminal, enum omsp_status why);
/* Up to room references into out; answers how many are selected. */
unsigned omsp_stream_terminals(struct omsp_stream *stream, struct omsp_terminal **out,
                               unsigned room);
#define OMSP_STREAM_MAX_TERMINALS 8

/* A substream is a stream of its own for one remote source (SSRC) of an audio render stream; start,
 * pause, stop, select, unselect and what asks about terminals are those above. It is bound to the
 * next source heard that no other substream has, in the order of their making; when that source
 * says BYE or is silent for 3 s, to the next new one. A source is heard by its substream's
 * terminals alone, by nobody while that one is paused or stopped, and by the stream's own terminals
 * as ever while its substream has none and is not paused or stopped. It runs only while the stream
 * is wanted running. Of its events TERMINAL_FAIL alone is told, as the stream's.
 * OMSP_NOTSUPPORTED (not an audio render stream of a call), OMSP_FULL (8, or hardware transport),
 * OMSP_SHUTDOWN, OMSP_NOMEM. */
enum omsp_status omsp_stream_create_substream(struct omsp_stream *stream, struct omsp_stream **out);
/* Ends it and unselects its terminals. OMSP_INVALID: not one of this stream's. */
enum omsp_status omsp_stream_remove_substream(struct omsp_stream *stream,
                                              struct omsp_stream *substream);
/* Up to room references into out, in order of creation; answers how many there are. */
unsigned omsp_stream_substreams(struct omsp_stream *stream, struct omsp_stream **out,
                                unsigned room);
/* Not counted, lives as long as the substream; NULL: it is none. */
struct omsp_stream *omsp_stream_parent(const struct omsp_stream *substream);
#define OMSP_STREAM_MAX_SUBSTREAMS 8

/* ---- terminals ----------------------------------------------------------------------------- */

enum omsp_terminal_kind {
    OMSP_TERMINAL_FILE_PLAYER,   /* multitrack parent; never itself on a stream */
    OMSP_TERMINAL_FILE_RECORDER, /* multitrack parent */
    OMSP_TERMINAL_TRACK,         /* of one of these */
    OMSP_TERMINAL_SAMPLES,       /* the program itself: engine/samples.h */
    OMSP_TERMINAL_WEBSOCKET,     /* a consumer of media streams: engine/fork.h */
    OMSP_TERMINAL_DEVICE,        /* static: an audio device (engine/device.h) */
    OMSP_TERMINAL_BRIDGE,        /* parent of four ends: engine/bridge.h */
    OMSP_TERMINAL_BRIDGE_END,
};

void omsp_terminal_ref(struct omsp_terminal *terminal);
void omsp_terminal_release(struct omsp_terminal *terminal);
uint32_t omsp_terminal_id(const struct omsp_terminal *terminal);
enum omsp_terminal_kind omsp_terminal_get_kind(const struct omsp_terminal *terminal);
enum omsp_direction omsp_terminal_direction(const struct omsp_terminal *terminal);
uint32_t omsp_terminal_media(const struct omsp_terminal *terminal);
bool omsp_terminal_in_use(struct omsp_terminal *terminal); /* connected: TS_INUSE */

/* What the samples of a file or track are. */
struct omsp_audio_format {
    uint16_t tag;      /* WAVE_FORMAT_PCM 1, ALAW 6, MULAW 7 */
    uint16_t channels; /* 1..8 */
    uint32_t rate;     /* Hz */
    uint16_t bits;     /* per sample: 8 or 16 */
};

enum omsp_status omsp_file_player_create(struct omsp_address *address, struct omsp_terminal **out);
enum omsp_status omsp_file_recorder_create(struct omsp_address *address,
                                           struct omsp_terminal **out);

/* Player: UTF-8 paths played one after the other; opens and checks each (blocks on the disk) and
 * makes the track. OMSP_WRONG_STATE unless idle; OMSP_NOTFOUND, OMSP_ACCESS, OMSP_INVALID (no WAV),
 * OMSP_NO_FORMAT (WAV of a format not supported). */
enum omsp_status omsp_file_player_set_list(struct omsp_terminal *player, const char *const *paths,
                                           unsigned count);
/* Recorder: the file is made at the first start (blocks on the disk then). OMSP_WRONG_STATE unless
 * idle. */
enum omsp_status omsp_file_recorder_set_name(struct omsp_terminal *recorder, const char *path);
/* The player's list, or the recorder's name: never changed, shared. */
struct omsp_file_names {
    _Atomic unsigned refs;
    unsigned count; /* at least one */
    char *paths[];  /* UTF-8 */
};
/* A reference; NULL while there is none. Any thread. */
struct omsp_file_names *omsp_file_get_names(struct omsp_terminal *parent);
void omsp_file_names_release(struct omsp_file_names *names); /* NULL is fine */

/* ITMediaControl. Every transition queues a FILE event with FILE_NORMAL. OMSP_WRONG_STATE (pause
 * while idle, start without file); start of a recorder: file errors. */
enum omsp_status omsp_file_start(struct omsp_terminal *parent);
enum omsp_status omsp_file_stop(struct omsp_terminal *parent);
enum omsp_status omsp_file_pause(struct omsp_terminal *parent);
enum omsp_media_state omsp_file_state(struct omsp_terminal *parent);

unsigned omsp_file_tracks(struct omsp_terminal *parent, struct omsp_terminal **out, unsigned room);
#define OMSP_FILE_MAX_TRACKS 8
/* Recorder only (player: OMSP_NOTSUPPORTED); direction OMSP_RENDER, media audio. OMSP_FULL. */
enum omsp_status omsp_file_create_track(struct omsp_terminal *parent, uint32_t media,
                                        enum omsp_direction direction, struct omsp_terminal **out);
/* OMSP_NOTSUPPORTED (player), OMSP_TERMINAL_IN_USE (selected), OMSP_INVALID (not its track). */
enum omsp_status omsp_file_remove_track(struct omsp_terminal *parent, struct omsp_terminal *track);
/* A reference to the parent, or NULL when it is gone or the track was removed from it. While the
 * track is on a stream the parent is there. */
struct omsp_terminal *omsp_track_parent(struct omsp_terminal *track);
/* OMSP_NO_FORMAT while none. */
enum omsp_status omsp_track_get_format(struct omsp_terminal *track, struct omsp_audio_format *out);
/* Recorder's tracks, while idle; all tracks of one file share it. With one channel all tracks are
 * mixed; with more each track has its own by the order in which they were made (when there are more
 * tracks than channels, in turns), and a track that is alone fills all. OMSP_NOTSUPPORTED,
 * OMSP_NO_FORMAT (not one that can be written), OMSP_WRONG_STATE. Default PCM 16 bit 8000 Hz with a
 * channel for each track that there is at the start. */
enum omsp_status omsp_track_set_format(struct omsp_terminal *track,
                                       const struct omsp_audio_format *format);

#endif
