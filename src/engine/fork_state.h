/*
 * A fork's own state, shared by its files: fork.c (life and state), fork_options.c (what may be
 * asked of one), fork_call.c (a call's, and the doors that make them), fork_terminal.c (a
 * terminal's), fork_info.c (what doors ask), fork_media.c (audio to frames to the socket),
 * fork_link.c (connection), fork_upgrade.c (what it begins with), fork_input.c (what comes on it),
 * fork_redial.c (when it is made anew), fork_callback.c (status callbacks), fork_play.c (what a
 * bidirectional consumer plays into the call).
 *
 * Locks: fork->lock is a leaf, below the session's. The link thread's fields are touched on the
 * link thread only.
 */
#ifndef OMSP_ENGINE_FORK_STATE_H
#define OMSP_ENGINE_FORK_STATE_H

#include "engine/fork.h"
#include "engine/links.h"
#include "engine/objects.h"
#include "engine/pcm_ring.h"
#include "wire/form.h"
#include "wire/media_stream.h"
#include "wire/url.h"
#include "wire/websocket.h"

#define OMSP_FORK_FRAME OMSP_STREAM_FRAME /* µ-law bytes of 20 ms */

/* One direction's audio on its way into frames. Session lock. */
struct omsp_fork_track {
    unsigned which;                      /* OMSP_TRACK_* */
    bool running;                        /* timestamps follow on from the last frame */
    unsigned fill;                       /* of `frame`, which comes in pieces */
    uint64_t timestamp_ms;               /* of the frame being filled, since the stream's start */
    uint64_t next_ms;                    /* never go back behind this */
    uint64_t origin_us;                  /* of the stream that next_ms belongs to */
    struct omsp_stream_encoder *encoder; /* NULL: payloads are the codes */
    uint64_t encoded_ms;                 /* the frame that follows on what it was given */
    uint8_t frame[OMSP_FORK_FRAME];
};

struct omsp_fork_frame {
    uint64_t timestamp_ms;
    uint16_t len;
    uint8_t track;
    uint8_t payload[]; /* omsp_stream_bytes_max */
};

/* A control message that waits for its turn; sequence numbers are given when it is made. */
struct omsp_fork_note {
    struct omsp_link link;
    size_t len;
    uint8_t bytes[]; /* a whole masked frame */
};

enum omsp_fork_event { OMSP_CALLBACK_STARTED, OMSP_CALLBACK_STOPPED, OMSP_CALLBACK_ERROR };
#define OMSP_FORK_MAX_CALLBACKS 16 /* that wait for the ones before them */

struct omsp_fork_callback {
    enum omsp_fork_event event;
    int error;
    int64_t at_us;
    char sid[OMSP_SID_CHARS + 1];
};

enum omsp_link_state {
    OMSP_LINK_IDLE,
    OMSP_LINK_DIALING,
    OMSP_LINK_UPGRADING,
    OMSP_LINK_OPEN,
    OMSP_LINK_CLOSING, /* stop and close were sent */
    OMSP_LINK_DEAD,    /* waits for on_closed */
    OMSP_LINK_WAITING, /* for the time of the next attempt: no connection */
};

struct omsp_fork {
    _Atomic unsigned refs;      /* stream, link thread's work under way, session's lists */
    struct omsp_links *links;   /* constant */
    struct omsp_call *call;     /* a reference, constant */
    struct omsp_stream *stream; /* address lock; NULL once the stream's object went */
    /* options, constant */
    char *url, *name, *callback_url, *authorization;
    struct omsp_ms_param *params;
    unsigned param_count;
    unsigned reconnects_max; /* set with the stream, under the address lock */
    bool callback_get, bidirectional;
    bool of_terminal; /* a WebSocket terminal's connection: tells no events of its own */
    struct omsp_stream_format format;

    /* address lock */
    bool over;                    /* its media stream ended: only a start, with a new SID, revives
                                     it */
    enum omsp_cause cause;        /* of the last start */
    struct omsp_websocket *owner; /* that terminal, while it may end it; no reference */
    unsigned gates;               /* of_terminal: tracks whose streams run */
    struct omsp_session_source *source; /* and whose the inbound one is; NULL: the stream's */

    unsigned tracks_wanted; /* constant, or of_terminal: changed under address and fork->lock, not
                               any more after `start` */

    /* session lock */
    unsigned flowing; /* tracks that the session feeds it with; 0: not in its list */
    struct omsp_session_source *heard; /* whose audio the inbound track is; NULL: the stream's */
    struct omsp_fork_track tracks[2];

    struct omsp_link due; /* its worker's thread: in the outbox, which then has a reference */

    struct omsp_lock lock; /* from here */
    bool want;             /* the link thread shall have it open */
    bool ready_due;        /* it was started: when it is open, or still is, the stream is told */
    bool used;             /* this SID was dialed already: the next start takes a new one */
    char sid[OMSP_SID_CHARS + 1];
    struct omsp_ms_template tmpl;
    struct omsp_tcp *tcp; /* NULL: no way to send */
    bool open;            /* start was queued: media may go */
    bool stalled;         /* the socket took less than all */
    uint64_t origin_us;   /* timestamp 0 */
    uint64_t sequence;    /* of the last message made */
    uint64_t chunk[2];
    uint8_t *out; /* messages that are made; from out_at on to be sent */
    size_t out_at, out_len, out_room;
    size_t media_room;      /* what one media message may need; constant */
    bool gathered;          /* some wait for the turn's end */
    struct omsp_link notes; /* control messages, before media */
    size_t note_at;         /* of the first, sent already */
    unsigned note_count;
    bool ping_waits;     /* one of them is a ping: nobody can have answered it */
    uint8_t *queue;      /* of struct omsp_fork_frame, made at the first shortage */
    size_t queue_stride; /* bytes from frame to frame */
    unsigned queue_room, queue_first, queue_fill;
    bool overflow_told;
    uint32_t masks[16];
    unsigned mask_next;
    enum omsp_fork_state state;
    int last_error;
    int64_t updated_us;
    uint64_t frames_sent, frames_dropped, bytes_sent, messages_received, messages_bad;
    uint64_t reconnects;
    bool redialing; /* between two connections of one SID: audio waits in the queue */
    uint32_t round_trip_us;
    struct omsp_fork_callback *callbacks; /* OMSP_FORK_MAX_CALLBACKS; NULL: nobody is told */
    unsigned callback_count;
    bool callback_busy, callbacks_muted;
    struct omsp_fork_callback callback_now; /* busy: the one under way; constant */
    struct omsp_link starved;               /* links' lock: it waits for memory */
    bool started_told;                      /* this SID's stream-started was queued */
    bool ended_told;                        /* and its terminal one */
    struct omsp_pcm_ring play;              /* bidirectional: what the consumer wants played */
    struct omsp_link marks;                 /* struct omsp_fork_mark, in order */
    size_t marks_size;                      /* bytes of them */
    uint64_t play_put, play_got;            /* samples since the start */
    bool marks_due;                         /* some were passed: the link thread echoes them */
    unsigned fresh; /* tracks whose next frame is the first that a consumer hears */

    /* link thread */
    struct omsp_link_task task;
    struct omsp_timer timer;
    struct omsp_timer callback_timer; /* never armed: its place says that a callback is under way */
    enum omsp_link_state link_state;
    struct omsp_tcp *dialed;
    uint64_t deadline_us; /* connect or close; 0: none */
    uint64_t ping_due_us, ping_sent_us;
    unsigned pings_unanswered;
    char key[OMSP_WS_KEY_CHARS + 1], accept[OMSP_WS_ACCEPT_CHARS + 1];
    uint8_t *response; /* the upgrade's answer that came in part, OMSP_WS_RESPONSE_MAX; or NULL */
    size_t response_len;
    struct omsp_ws_parser parser;
    int end_error;
    bool close_sent, bad_told;
    struct omsp_stream_decoder *decoder; /* bidirectional */
    bool redial_due;                     /* DEAD: goes on to WAITING */
    unsigned attempts;                   /* to dial again, in a row */
    uint64_t opened_us;                  /* the connection */
};

/* ---- fork.c ---------------------------------------------------------------------------------- */
void omsp_fork_ref(struct omsp_fork *fork);
void omsp_fork_unref(struct omsp_fork *fork);
/* How many of OMSP_TRACK_*. */
unsigned omsp_fork_tracks(unsigned tracks);
/* What a new fork is made of: all constant, and all in its block but the call. */
struct omsp_fork_blueprint {
    const struct omsp_fork_options *options;
    struct omsp_stream_format format; /* checked */
    bool of_terminal;
};
/* Any lock that is no leaf, or none. *out: the stream, whose fork has no reference but its; the
 * call does not know of it. OMSP_NOMEM. */
enum omsp_status omsp_fork_make(struct omsp_call *call, struct omsp_links *links,
                                const struct omsp_fork_blueprint *from, struct omsp_stream **out);
/* Address lock. Carries the stream's actual and desired state to the link and the session. */
void omsp_fork_follow(struct omsp_stream *stream);
/* Any lock that is no leaf. Makes the link thread when there is none yet. */
enum omsp_status omsp_engine_get_links(struct omsp_engine *engine, struct omsp_links **out);
/* Link thread, no lock held: it is open / it ended (error 0: as ordered, and perhaps started again
 * since, which is then carried out). */
void omsp_fork_opened(struct omsp_fork *fork);
void omsp_fork_ended(struct omsp_fork *fork, int error);

/* ---- fork_options.c -------------------------------------------------------------------------- */
/* Any lock or none. OMSP_INVALID, with *error as omsp_call_fork. */
enum omsp_status omsp_fork_check_options(const struct omsp_links *links,
                                         const struct omsp_fork_options *options, int *error);

/* ---- fork_call.c: address lock --------------------------------------------------------------- */
/* May one more with these options run? replaced: the terminal whose connection is to be replaced,
 * or NULL. OMSP_EXISTS, OMSP_FULL, as omsp_call_fork. */
enum omsp_status omsp_fork_check_room(struct omsp_call *call,
                                      const struct omsp_fork_options *options,
                                      const struct omsp_websocket *replaced);
/* Of one that was stopped: others may have its name, its tracks, or speak by now. OMSP_EXISTS,
 * OMSP_FULL, as omsp_call_fork. */
enum omsp_status omsp_fork_may_start(const struct omsp_stream *stream);
/* A terminal's connection, as omsp_call_fork; it is the caller's to end. The tracks and name of one
 * that the same terminal has now are counted as gone. */
enum omsp_status omsp_fork_open(struct omsp_call *call, const struct omsp_fork_options *options,
                                const struct omsp_websocket *owner, struct omsp_stream **out);

/* ---- fork_terminal.c: address lock ----------------------------------------------------------- */
/* OMSP_OK when `start` names the track or will do, OMSP_WRONG_STATE when it was sent without,
 * OMSP_FULL, OMSP_NOMEM. */
enum omsp_status omsp_fork_add_track(struct omsp_fork *fork, unsigned track);
/* The tracks whose audio may go, and whose the inbound one is (NULL: the render stream's, else a
 * substream's). */
void omsp_fork_set_gates(struct omsp_fork *fork, unsigned gates,
                         struct omsp_session_source *source);
/* The tracks that a fork which runs is fed with; of any fork. */
unsigned omsp_fork_flow(const struct omsp_fork *fork);

/* ---- fork_media.c: session lock -------------------------------------------------------------- */
/* codes: µ-law, in media order. now_us for where a new run of audio begins. True: frames were
 * gathered, so that those of both tracks go in one send; they want omsp_fork_send_gathered when
 * the worker's turn is over. */
bool omsp_fork_audio(struct omsp_fork *fork, unsigned track, const uint8_t *codes, size_t count,
                     uint64_t now_us);
/* So many samples were lost or never sent: the timestamp jumps. Answers likewise. */
bool omsp_fork_gap(struct omsp_fork *fork, unsigned track, uint64_t samples);
void omsp_fork_send_gathered(struct omsp_fork *fork);
/* At the worker's turn's end, on its thread: sends what was gathered, or answers true: it shall go
 * together with what others have (engine/outbox.h). */
bool omsp_fork_end_turn(struct omsp_fork *fork);
/* fork->lock held from the one to the other, no lock else. False: there is nothing (any more).
 * Afterwards status and sent are there. */
bool omsp_fork_offer(struct omsp_fork *fork, struct omsp_tcp_send *send);
void omsp_fork_offered(struct omsp_fork *fork, const struct omsp_tcp_send *send);
/* What follows does not join what was; a frame that was begun is filled with silence and sent, with
 * what was gathered. */
void omsp_fork_break(struct omsp_fork *fork, unsigned track);

/* fork->lock held. Sends what waits as far as the socket takes it. */
void omsp_fork_pump(struct omsp_fork *fork);
/* fork->lock held. Queues a control message (payload is masked here). OMSP_NOMEM. */
enum omsp_status omsp_fork_note(struct omsp_fork *fork, enum omsp_ws_opcode opcode,
                                const void *data, size_t len);
/* fork->lock held. */
void omsp_fork_drop_queue(struct omsp_fork *fork);
void omsp_fork_drop_notes(struct omsp_fork *fork);
/* No lock held: what was queued gets on its way, here or on the link thread. */
void omsp_fork_flush(struct omsp_fork *fork);
void omsp_fork_next_mask(struct omsp_fork *fork, uint8_t mask[4]);

/* ---- fork_link.c: link thread ---------------------------------------------------------------- */
void omsp_fork_link_init(struct omsp_fork *fork);
/* Any thread, under any lock but the links': the link thread looks at the fork. */
void omsp_fork_kick(struct omsp_fork *fork);
/* Ends the connection, or what is to become one, for good: the stream ended with this number (of
 * one that is being closed: with what begin_close was given). Nothing where there is none. */
void omsp_fork_finish(struct omsp_fork *fork, int error);
/* An end that may pass: the connection is made anew when that is wanted and not yet given up. */
void omsp_fork_lose(struct omsp_fork *fork, int error);
/* Says goodbye and waits for the consumer's, bounded. code: our close; stop: with the stop message.
 */
void omsp_fork_begin_close(struct omsp_fork *fork, uint16_t code, bool stop, int error);
/* fork->lock held. Queues a close frame, once a connection. */
void omsp_fork_note_close(struct omsp_fork *fork, uint16_t code);

/* ---- fork_input.c: link thread --------------------------------------------------------------- */
/* What came on a connection that is open or being closed; afterwards it may be neither. */
void omsp_fork_input(struct omsp_fork *fork, struct omsp_span bytes);

/* ---- fork_upgrade.c: link thread ------------------------------------------------------------- */
/* The request, with the key that its answer is held against. OMSP_INVALID (no URL, or the request
 * would be too long), OMSP_NOMEM. */
enum omsp_status omsp_fork_upgrade(struct omsp_fork *fork, struct omsp_fork_note **out);
/* What came of the answer. OMSP_OK: upgraded, *bytes are what came behind it; OMSP_MORE: it is kept
 * until the rest comes, *bytes is empty; OMSP_INVALID as omsp_ws_check_response, with
 * *http_status; OMSP_NOMEM. */
enum omsp_status omsp_fork_answer(struct omsp_fork *fork, struct omsp_span *bytes,
                                  int *http_status);
void omsp_fork_drop_answer(struct omsp_fork *fork);
/* fork->lock held. Queues the first two messages, before which and between which nothing goes.
 * OMSP_NOMEM. */
enum omsp_status omsp_fork_note_start(struct omsp_fork *fork);

/* ---- fork_redial.c: link thread -------------------------------------------------------------- */
/* Is a close code, an HTTP answer, one that another attempt may get round? */
bool omsp_fork_close_passes(uint16_t code);
bool omsp_fork_answer_passes(int http_status);
/* Whether one attempt more is allowed; then it is counted. */
bool omsp_fork_may_redial(struct omsp_fork *fork, uint64_t now_us);
/* How long to wait before it. */
uint64_t omsp_fork_redial_wait(struct omsp_fork *fork);

/* ---- fork_callback.c ------------------------------------------------------------------------- */
/* fork->lock held. Queues a callback; the sender runs on omsp_fork_send_callbacks. */
void omsp_fork_tell(struct omsp_fork *fork, enum omsp_fork_event event, int error);
/* No lock held. */
void omsp_fork_send_callbacks(struct omsp_fork *fork);
/* struct omsp_timer.fire of omsp_links.retry. */
void omsp_fork_retry_callbacks(struct omsp_timer *timer, uint64_t now_us);

/* ---- fork_play.c ----------------------------------------------------------------------------- */
/* Link thread. What a consumer said on a bidirectional stream. */
void omsp_fork_heard(struct omsp_fork *fork, struct omsp_span text);
/* Link thread. Those that were passed are told, as far as the socket has room. */
void omsp_fork_echo_marks(struct omsp_fork *fork);
/* Session lock. Samples to be mixed into what is sent; answers how many there were. */
size_t omsp_fork_read(struct omsp_fork *fork, int16_t *pcm, size_t count);
/* Any lock but the fork's. A key was pressed at the far end, 0..15: a dtmf message. */
void omsp_fork_digit(struct omsp_fork *fork, int digit);
/* Link thread, or who alone has it: what waits is not played, and gives its memory back. */
void omsp_fork_play_drop(struct omsp_fork *fork);

/* ---- terminal_websocket.c: address lock ------------------------------------------------------ */
/* The connection failed by itself. */
void omsp_websocket_lost(struct omsp_websocket *socket, enum omsp_status why);
/* Somebody stopped it by another door than the terminal's streams. */
void omsp_websocket_let_go(struct omsp_websocket *socket, enum omsp_cause cause);

#endif
