/*
 * The engine's own view of its objects. Nobody outside src/engine includes this.
 *
 * Locks, in order: address->lock (calls, streams, terminals' selection, state machines), then a
 * session's lock (media of one call), then leaves (address->listeners_lock, a mailbox's, a
 * runner's, a worker's, a file or samples terminal's, a device's and below that its echo path's). A
 * media worker takes session and leaf locks only; what it notices becomes a task of the control
 * runner, which takes the address lock.
 */
#ifndef OMSP_ENGINE_OBJECTS_H
#define OMSP_ENGINE_OBJECTS_H

#include "engine/engine.h"
#include "engine/fork.h"

#include "base/list.h"
#include "base/sid.h"
#include "core/queue.h"
#include "engine/mailbox.h"
#include "engine/runner.h"
#include "engine/tally.h"
#include "engine/worker.h"
#include "media/stream_codec.h"
#include "wire/sdp.h"

#include <stdatomic.h>

struct omsp_engine {
    _Atomic unsigned refs; /* the creator's and one per address, so that late callers find it */
    const struct omsp_ports *ports;
    struct omsp_engine_config config;
    struct omsp_lock workers_lock; /* leaf, but for a worker's load and timers: adding, choosing */
    struct omsp_worker workers[OMSP_MAX_WORKERS];
    _Atomic unsigned worker_count; /* made; never less until the end */
    unsigned worker_limit;         /* new sessions go to the first so many; workers_lock */
    struct omsp_runner control, disk;
    struct omsp_lock links_lock;    /* leaf: the pointer */
    struct omsp_links *links;       /* NULL until the first media stream */
    bool srtp_open;                 /* links_lock: the ciphers, with the first keys */
    struct omsp_devices *devices;   /* for life */
    struct omsp_lock registry_lock; /* before any address lock */
    struct omsp_link addresses;
    struct omsp_lock sids_lock;     /* leaf: who looks for a call waits for no address */
    struct omsp_link sids;          /* struct omsp_call.by_sid: all that are not shut down */
    struct omsp_lock later_lock;    /* leaf, but for worker 0's timers */
    struct omsp_link later;         /* struct omsp_listener.later, who asked first first */
    struct omsp_timer signal_later; /* worker 0's, of the first of these */
    _Atomic uint32_t next_id;
    _Atomic unsigned calls;
};

/* One queue and whom to wake for it. */
struct omsp_listener {
    struct omsp_link link;        /* address->listeners, listeners_lock */
    struct omsp_address *address; /* reference */
    struct omsp_mailbox *mailbox;
    struct omsp_lock signal_lock; /* held while the signal runs, so that close can wait for it */
    omsp_signal_fn signal;        /* NULL once closed; signal_lock */
    void *ctx;
    _Atomic bool due;       /* it is to be woken and was not yet */
    uint64_t signalled_us;  /* when it became due last; listeners_lock */
    struct omsp_link later; /* engine->later, while it waits for a signal; later_lock */
    uint64_t later_us;      /* when that one is due; later_lock */
    _Atomic unsigned refs;
};

struct omsp_fork;
struct omsp_device;

#define OMSP_MAX_DEVICES  64
#define OMSP_GONE_DEVICES 16

struct omsp_address {
    struct omsp_link registered; /* engine->addresses, registry_lock */
    unsigned devices_round;      /* registry_lock: the last that saw this address */
    struct omsp_engine *engine;
    _Atomic unsigned refs;
    struct omsp_lock lock;
    bool shut;
    unsigned binding; /* calls that are opening sockets just now, without the lock */
    struct omsp_cond bound;
    struct omsp_link calls; /* not shut down; the list holds a reference each */
    /* Static terminals, a reference each: those there are, once somebody asked; and the last of
     * those that went, so that the event about it still finds the terminal. */
    bool devices_listed, devices_short; /* short: for want of memory not all of them */
    struct omsp_device *devices[OMSP_MAX_DEVICES], *gone_devices[OMSP_GONE_DEVICES];
    unsigned device_count, gone_next;
    struct omsp_lock listeners_lock;
    struct omsp_link listeners;
    _Atomic bool signals_due;
    bool quiet; /* shut down: no signal comes later any more; engine->later_lock */
};

/* What may be set about a stream's audio (engine/quality.h). */
struct omsp_sound {
    unsigned volume, silence;
    struct omsp_gain_control *gain; /* NULL: none; the stream's own, run under the session lock */
};

struct omsp_session_source;
struct omsp_echo_path;

struct omsp_stream {
    _Atomic unsigned refs;
    bool cut; /* from its call's or its fork's block, which goes later */
    uint32_t id;
    uint32_t media;
    enum omsp_direction direction;
    struct omsp_call *call;             /* reference, for life */
    struct omsp_fork *fork;             /* a media stream's own half (a reference), else NULL */
    struct omsp_stream *parent;         /* a substream's, a reference for life; else NULL */
    struct omsp_session_source *source; /* a substream's own */
    /* A bit for each of START, PAUSE, STOP that asks for what is so already. Written under the
     * address lock, read without: the answer was true while the question was asked. */
    _Atomic uint8_t idle;
    /* address lock from here; who changes what a stream offers or did publishes what is idle */
    struct omsp_stream_fsm fsm;
    struct omsp_terminal *terminals[OMSP_STREAM_MAX_TERMINALS]; /* a reference each */
    unsigned terminal_count;
    struct omsp_sound sound;
    struct omsp_echo_path *echo; /* a capture stream's that wants cancellation; else NULL */
    struct omsp_stream *substreams[OMSP_STREAM_MAX_SUBSTREAMS]; /* a reference each until shut */
    unsigned substream_count;
};

/* Address lock. */
void omsp_stream_publish(struct omsp_stream *stream);

#define OMSP_CALL_MAX_STREAMS 4
#define OMSP_CALL_MAX_CODECS  8

struct omsp_session;

struct omsp_call {
    struct omsp_link link;
    struct omsp_link by_sid; /* engine->sids, sids_lock; as long as in the address's list */
    _Atomic unsigned refs;
    uint32_t id;
    uint64_t token;
    uint32_t media;
    char sid[OMSP_SID_CHARS + 1];
    struct omsp_address *address;                       /* reference, for life */
    struct omsp_stream *streams[OMSP_CALL_MAX_STREAMS]; /* a reference each until shut down */
    unsigned stream_count;
    struct omsp_stream *forks[OMSP_CALL_MAX_FORKS]; /* oldest first, a reference each */
    unsigned fork_count;
    struct omsp_task facts; /* control runner: what the media worker noticed */
    /* address lock from here */
    bool shut;
    enum omsp_call_state state;
    bool negotiated; /* a session that was told where to send, or from whom to take */
    enum omsp_transport transport;
    struct omsp_stream_offers offers;
    omsp_hardware_fn hardware;
    void *hardware_ctx;
    struct omsp_session *session; /* NULL until bound; a reference */
    uint8_t codecs[OMSP_CALL_MAX_CODECS];
    unsigned codec_count;
    unsigned ptime_ms;
    unsigned media_timeout_ms;
    enum omsp_security security;
    unsigned reconnects;              /* of forks that do not say */
    struct omsp_stream_format format; /* likewise */
    unsigned quality_interval_ms;
    struct omsp_call_stats last_stats; /* once shut down */
    struct omsp_tally *recorded;       /* constant; samples that recorders wrote into files */
    /* SDP: what we offered or answered last */
    struct omsp_sdp_session *sdp;
};

struct omsp_jitter_packet;
struct omsp_sound;

/* What an element that gives or takes audio does. Samples are 16 bit, mono, 8 kHz. */
struct omsp_terminal_ops {
    /* Address lock. The terminal is about to carry media; OMSP_NODEVICE and others refuse.
     * OMSP_EMPTY: it has no part in this and stays away, which is no failure; not right after it
     * was selected. */
    enum omsp_status (*connect)(struct omsp_terminal *terminal);
    void (*disconnect)(struct omsp_terminal *terminal);
    /* Media worker, session lock. How many of count samples it had; the rest is silence. */
    size_t (*read)(struct omsp_terminal *terminal, int16_t *pcm, size_t count);
    /* Media worker, session lock. */
    void (*write)(struct omsp_terminal *terminal, const int16_t *pcm, size_t count);
    /* Instead of write, for what plays by a clock of its own: packets as they arrive, payload_type
     * 0 for mu-law and 1 for A-law. sound: what the stream makes of its audio. restart: what came
     * before does not join. Media worker, session lock. NULL: write is called. */
    void (*packet)(struct omsp_terminal *terminal, uint64_t now_us,
                   const struct omsp_jitter_packet *packet, const struct omsp_sound *sound,
                   bool restart);

    /* The rest may be NULL. All under the address lock. */
    /* In place of read and write, for one that gets its audio elsewhere: its stream runs, or not
     * any more. */
    void (*run)(struct omsp_terminal *terminal, bool running);
    /* What its stream wants, or the selection itself, may have changed. */
    void (*settle)(struct omsp_terminal *terminal);
    /* A terminal that may be on both streams of a call: what stands for it on one of them, which is
     * what the stream keeps and what the functions above are called with. */
    struct omsp_terminal *(*part)(struct omsp_terminal *terminal, enum omsp_direction direction);
    /* The last word on a selection that the rules of core/terminal.h allow. */
    enum omsp_status (*admit)(struct omsp_terminal *terminal, const struct omsp_stream *stream);
};

struct omsp_terminal {
    _Atomic unsigned refs;
    uint32_t id;
    enum omsp_terminal_kind kind;
    enum omsp_direction direction;
    uint32_t media;
    const struct omsp_terminal_ops *ops;             /* NULL: carries no media itself */
    void (*destroy)(struct omsp_terminal *terminal); /* frees; no lock held */
    struct omsp_address *address;                    /* reference, for life */
    struct omsp_stream *selected_on; /* address lock; no reference: unselect clears it */
    struct omsp_terminal *kept;      /* address lock; the file terminal of a track that is selected,
                                        a reference: it goes on for as long */
    struct omsp_terminal *whole;     /* a part's, embedded in it: its references count; else NULL */
    _Atomic bool in_use;
};

/* What doors know of a terminal that a stream has. */
static inline struct omsp_terminal *omsp_terminal_whole(struct omsp_terminal *terminal)
{
    return terminal->whole ? terminal->whole : terminal;
}

void omsp_engine_ref(struct omsp_engine *engine);
void omsp_engine_unref(struct omsp_engine *engine);
/* The ciphers may be used from now on, until the engine's end. OMSP_NOMEM, OMSP_IO. */
enum omsp_status omsp_engine_open_srtp(struct omsp_engine *engine);
uint32_t omsp_engine_new_id(struct omsp_engine *engine);
/* For a new session: the one that does least. No lock held. */
struct omsp_worker *omsp_engine_pick_worker(struct omsp_engine *engine);

void omsp_address_ref(struct omsp_address *address);
/* False: the last reference is gone. Under the registry's lock. */
bool omsp_address_try_ref(struct omsp_address *address);
/* The timer's of listeners that asked for a signal later. Worker 0, no lock held. */
void omsp_address_signal_later(struct omsp_timer *timer, uint64_t now_us);
/* Queues for every listener; under any lock that is no leaf, or none. Takes event->blob. The caller
 * runs omsp_address_signal once it holds no lock. OMSP_NOMEM when a listener lost it. */
enum omsp_status omsp_address_post(struct omsp_address *address, const struct omsp_event *event);
void omsp_address_signal(struct omsp_address *address);

void omsp_terminal_init(struct omsp_terminal *terminal, struct omsp_address *address,
                        enum omsp_terminal_kind kind, enum omsp_direction direction, uint32_t media,
                        const struct omsp_terminal_ops *ops,
                        void (*destroy)(struct omsp_terminal *terminal));

/* Address lock. Runs one input through the stream's state machine, moves the media, queues events.
 */
enum omsp_status omsp_stream_input(struct omsp_stream *stream, enum omsp_input input,
                                   enum omsp_cause cause);
/* Address lock. The media of a running or paused stream failed by itself: STREAM_FAIL with why. */
enum omsp_status omsp_stream_break(struct omsp_stream *stream, enum omsp_status why,
                                   enum omsp_cause cause);
/* Address lock. A terminal that the stream has failed while it was connected: TERMINAL_FAIL, and
 * STREAM_FAIL when no other one works. It stays selected and is connected by the next start. */
void omsp_stream_lose_terminal(struct omsp_stream *stream, struct omsp_terminal *terminal,
                               enum omsp_status why);
/* Address lock. Ends the stream: terminals unselected in reverse order. */
void omsp_stream_shutdown(struct omsp_stream *stream);
/* Address lock. Queues an event about the stream. */
void omsp_stream_post(struct omsp_stream *stream, enum omsp_call_event type, enum omsp_cause cause,
                      enum omsp_status error, uint32_t terminal);
/* substream.c, address lock. The session hears (or not) a substream's source for these terminals.
 */
void omsp_substream_run(struct omsp_stream *stream, bool running,
                        struct omsp_terminal *const *terminals, unsigned count);
/* Tells the session whether anybody but the substream hears its source. */
void omsp_substream_settle(struct omsp_stream *stream);
/* After whatever may have changed what the parent wants or is ready for. */
void omsp_substreams_follow(struct omsp_stream *stream);
/* After the transport was set. */
void omsp_substreams_offer(struct omsp_stream *stream);
void omsp_substreams_shutdown(struct omsp_stream *stream);
struct omsp_stream *omsp_stream_new(struct omsp_call *call, uint32_t media,
                                    enum omsp_direction direction,
                                    struct omsp_stream_offers offers);
/* The same in zeroed memory of the call's block or of a fork's. */
void omsp_stream_init(struct omsp_stream *stream, struct omsp_call *call, uint32_t media,
                      enum omsp_direction direction, struct omsp_stream_offers offers);

#endif
