/*
 * The RTP session of one call: two sockets, one sender, one receiver, on one worker. Control calls
 * it under the address lock (or none); the worker under the session's own.
 */
#ifndef OMSP_ENGINE_SESSION_H
#define OMSP_ENGINE_SESSION_H

#include "engine/objects.h"
#include "media/rate_meter.h"

#define OMSP_SESSION_MAX_TYPES 8

/* What negotiation came to. */
struct omsp_session_params {
    struct omsp_addr peer, peer_rtcp; /* family 0: not known yet, latched from what arrives */
    bool rtcp_mux;
    bool may_send, may_receive;
    uint8_t send_type; /* payload type number on the wire */
    bool send_alaw;
    struct {
        uint8_t type;
        bool alaw;
    } receive[OMSP_SESSION_MAX_TYPES];
    unsigned receive_count;
    int event_type; /* telephone-event payload type, -1: none */
    unsigned ptime_ms;
    struct omsp_session_srtp *srtp; /* NULL: plain RTP; taken over */
};

/* What the worker noticed, for the control runner. */
enum omsp_fact {
    OMSP_FACT_SILENT = 1, /* nothing arrived for the media timeout */
    OMSP_FACT_HEARD = 2,  /* it is back */
    OMSP_FACT_DIGITS = 4, /* see omsp_session_take_digit */
    OMSP_FACT_BROKEN = 8, /* receiving failed for good */
    OMSP_FACT_VOICE = 16, /* see omsp_session_add_voices */
};

/* Binds both sockets; no lock held. *local as omsp_call_bind. Holds a reference on the call until
 * it has ended. OMSP_NOMEM and the errors of binding. */
enum omsp_status omsp_session_create(struct omsp_call *call, struct omsp_addr *local,
                                     struct omsp_session **out);
/* Begins the end: sends BYE when connected, closes the sockets; the session frees itself on the
 * worker after their last callback. No fact and no packet after it returned. */
void omsp_session_end(struct omsp_session *session);

void omsp_session_apply(struct omsp_session *session, const struct omsp_session_params *params);
void omsp_session_set_timeout(struct omsp_session *session, unsigned ms);
/* After it returned with running false no packet of that direction is sent or delivered. The
 * terminals are the stream's own references, which outlive their presence here. */
void omsp_session_run(struct omsp_session *session, enum omsp_direction direction, bool running,
                      struct omsp_terminal *const *terminals, unsigned count);
/* A media stream hears these tracks of the call from now on; 0: it ends to. After it returned, no
 * audio of others is taken any more. source: whose audio the inbound track is, NULL: what the
 * render stream hears. */
struct omsp_session_source;
void omsp_session_feed(struct omsp_session *session, struct omsp_fork *fork, unsigned tracks,
                       struct omsp_session_source *source);
/* session_source.c: one of several sources, heard apart. OMSP_NOMEM. Destroyed once its session has
 * dropped it or never had it; NULL is fine. */
enum omsp_status omsp_session_source_create(struct omsp_session_source **out);
void omsp_session_source_destroy(struct omsp_session_source *source);
/* taken: only who runs this source hears it, nobody while nobody does. */
void omsp_session_take_source(struct omsp_session *session, struct omsp_session_source *source,
                              bool taken);
/* As omsp_session_run, of the one source. */
void omsp_session_run_source(struct omsp_session *session, struct omsp_session_source *source,
                             bool running, struct omsp_terminal *const *terminals, unsigned count);
void omsp_session_drop_source(struct omsp_session *session, struct omsp_session_source *source);
/* session_voices.c: the media worker will need memory for one more source that is heard with the
 * others. That there is none is no failure. */
void omsp_session_add_voices(struct omsp_session *session);
/* Wakes the worker if something above needs it. No lock held. */
void omsp_session_flush(struct omsp_session *session);

/* session_sound.c. */
struct omsp_session_heard {
    bool running;
    int codec;      /* 0 PCMU, 8 PCMA, -1: not connected */
    unsigned level; /* of the last 20 ms; 0 when they are long past */
    struct omsp_rate rate;
};
void omsp_session_set_sound(struct omsp_session *session, enum omsp_direction direction,
                            const struct omsp_sound *sound);
void omsp_session_set_interval(struct omsp_session *session, unsigned ms);
void omsp_session_measure(struct omsp_session *session, enum omsp_direction direction,
                          struct omsp_session_heard *out);

unsigned omsp_session_take_facts(struct omsp_session *session);
/* The next digit noticed, 0..15, or -1. */
int omsp_session_take_digit(struct omsp_session *session);
void omsp_session_local(struct omsp_session *session, struct omsp_addr *out);
void omsp_session_get_stats(struct omsp_session *session, struct omsp_call_stats *out);

#endif
