/*
 * The session's own state, shared by its files: session.c (life, timer, control),
 * session_receive.c (what arrives), session_source.c (sources heard apart),
 * session_voices.c (sources heard together),
 * session_media.c (audio in and out), session_rtcp.c (reports), session_srtp.c (secrecy).
 * Everything but what is marked is the session lock's.
 */
#ifndef OMSP_ENGINE_SESSION_STATE_H
#define OMSP_ENGINE_SESSION_STATE_H

#include "engine/fork_state.h"
#include "engine/session.h"
#include "engine/session_srtp.h"
#include "media/conceal.h"
#include "media/jitter.h"
#include "media/latch.h"
#include "media/rate_meter.h"
#include "media/rtcp_schedule.h"
#include "media/rtp_receiver.h"
#include "media/rtp_sender.h"
#include "media/telephone_event.h"
#include "media/volume.h"

#define OMSP_SESSION_DIGITS 16
#define OMSP_SESSION_VOICES 8   /* sources that are mixed */
#define OMSP_SOUND_SAMPLES  160 /* 20 ms: what a level is of */

enum omsp_type_codec { OMSP_TYPE_UNKNOWN = 0, OMSP_TYPE_ULAW, OMSP_TYPE_ALAW };

/* One direction: who gives or takes its audio while it runs. */
struct omsp_session_half {
    bool running;
    bool restart; /* receiving: what players by their own clock have does not join what comes */
    unsigned count;
    struct omsp_terminal *terminals[OMSP_STREAM_MAX_TERMINALS];
    struct omsp_sound sound;
    /* What it handed out or said last: the newest of what that one put out; or (NULL) a copy,
     * where there is room for one, else the sum of its squares alone. */
    const struct omsp_conceal *last_of;
    int16_t *last_room; /* OMSP_SOUND_SAMPLES, or NULL; constant */
    uint64_t last_energy;
    size_t last_count;
    uint64_t last_us;
    struct omsp_rate_meter rate;
};

/* A source that is heard apart from the others. */
struct omsp_session_source {
    struct omsp_session_half half; /* who hears it */
    bool taken;                    /* nobody else hears it */
    bool bound, left;              /* to ssrc; which said BYE */
    uint32_t ssrc;
    uint64_t heard_us;
    struct omsp_rtp_receiver receiver; /* counts while it is taken */
    struct omsp_jitter *jitter;
    struct omsp_conceal conceal;
};

struct omsp_session_mix;
struct omsp_session_voice;

struct omsp_session {
    /* First what each packet touches, so that it lies in few cache lines, which an adapter may ask
     * for while it receives. */
    struct omsp_lock lock;
    bool ending, connected, rtcp_mux;
    bool may_send; /* as agreed: what nobody says then is not sent for the forks alone either */
    bool silent;
    bool passed; /* the last packet went the short way: nothing is due sooner for it */
    bool timer_armed;
    uint8_t heard_type;         /* enum omsp_type_codec of the last audio packet */
    struct omsp_worker *worker; /* constant */
    struct omsp_jitter *jitter;
    struct omsp_session_mix *mix;                  /* NULL until a second source is heard */
    struct omsp_fork *forks[OMSP_CALL_MAX_TRACKS]; /* that hear us; theirs is the reference */
    unsigned fork_count, source_count;
    int event_type;
    uint64_t heard_us;
    struct omsp_latch latch;
    struct omsp_rtp_receiver receiver;
    struct omsp_session_half receive;

    const struct omsp_ports *ports; /* constant */
    int64_t wall_ahead_us;          /* of the steady clock, when the session began; constant */
    struct omsp_call *call;         /* constant; a reference until freed */
    struct omsp_timer timer;        /* worker's lock */
    struct omsp_turn turn;          /* worker's thread: sends what forks gathered */
    _Atomic unsigned facts;         /* enum omsp_fact */
    _Atomic bool wake_due;

    unsigned open_sockets; /* until their on_closed */
    struct omsp_udp *rtp, *rtcp;
    struct omsp_session_srtp *srtp; /* NULL: plain RTP */
    struct omsp_addr local, signalled, peer, peer_rtcp;
    uint64_t timer_due_us;

    bool send_alaw;
    uint8_t send_type;
    uint8_t types[128]; /* enum omsp_type_codec by payload type */
    unsigned ptime_ms;

    struct omsp_session_half send;
    int16_t
        said[OMSP_SOUND_SAMPLES]; /* send.last_room: nobody else has it, and it is every frame */
    struct omsp_session_source *sources[OMSP_STREAM_MAX_SUBSTREAMS]; /* substreams own them */
    struct omsp_call_stats gone; /* what sources counted that are no more */
    struct omsp_conceal conceal;
    struct omsp_telephone_event events;
    uint8_t digits[OMSP_SESSION_DIGITS];
    unsigned digit_first, digit_count;
    uint64_t timeout_us;

    struct omsp_rtp_sender sender;
    uint64_t next_send_us;

    struct omsp_rtcp_schedule reports;
    char cname[17];
    uint32_t round_trip_us, remote_lost, reported_packets;
    uint64_t reports_received, reports_sent, rejected, forged, replayed;
    uint64_t samples_concealed, samples_played;
};

/* -1: not one of the agreed audio types, else 0 for mu-law, 1 for A-law. */
static inline int omsp_session_type(const struct omsp_session *session, uint8_t type)
{
    return (int)session->types[type & 127] - 1;
}

/* For the session's sockets. */
void omsp_session_on_rtp(void *owner, struct omsp_udp *udp, const struct omsp_addr *from,
                         const uint8_t *data, size_t len, uint64_t now_us);
void omsp_session_on_rtcp(void *owner, struct omsp_udp *udp, const struct omsp_addr *from,
                          const uint8_t *data, size_t len, uint64_t now_us);
void omsp_session_on_error(void *owner, struct omsp_udp *udp, enum omsp_status status);

void omsp_session_latch_key(const struct omsp_addr *addr, struct omsp_latch_key *key);
uint32_t omsp_session_random32(struct omsp_session *session);
/* A new SSRC of our own, with sequence and media clock anew. */
void omsp_session_new_ssrc(struct omsp_session *session);
/* Does anybody want what arrives? A terminal, or a media stream of the inbound track. */
bool omsp_session_hears(const struct omsp_session *session);
/* Has anybody something to say? A terminal, or a bidirectional media stream. */
bool omsp_session_speaks(const struct omsp_session *session);
/* For the session's turn. */
void omsp_session_end_turn(struct omsp_turn *turn);
/* What the forks hear of one direction, or of one source, does not join what they heard before. */
void omsp_session_break_forks(struct omsp_session *session,
                              const struct omsp_session_source *source, unsigned track);
/* A frame that came, for those who hear that source (NULL: the stream). */
void omsp_session_fork_frame(struct omsp_session *session, const struct omsp_session_source *source,
                             const struct omsp_jitter_frame *frame, uint64_t now_us);

/* All with the session's lock held. */
/* The timer, when something is due before it fires. */
void omsp_session_rearm(struct omsp_session *session);
/* Tells the control runner, once it gets to it. */
void omsp_session_notice(struct omsp_session *session, unsigned facts);
void omsp_session_sound_init(struct omsp_session *session);
/* Gives a frame its volume and keeps it for who asks how loud it is. from: who put these samples
 * out last and lives as long as the half, so that what needs no shaping is not kept twice; or NULL.
 */
void omsp_session_shape(struct omsp_session_half *half, const struct omsp_conceal *from,
                        int16_t *pcm, size_t count, uint64_t now_us);
void omsp_session_send_due(struct omsp_session *session, uint64_t now_us);
void omsp_session_deliver(struct omsp_session *session, uint64_t now_us);
/* A packet of audio, or one that takes a number only, came. */
void omsp_session_hear(struct omsp_session *session, const struct omsp_jitter_packet *packet,
                       uint64_t now_us);
/* Hands what arrived to terminals that play by their own clock. */
void omsp_session_play(struct omsp_session *session, struct omsp_session_half *half,
                       uint64_t now_us, const struct omsp_jitter_packet *packet);
/* Decodes a frame, or makes up what is missing, for the terminals of a half that runs. */
void omsp_session_hand_out(struct omsp_session *session, struct omsp_session_half *half,
                           struct omsp_conceal *conceal, const struct omsp_jitter_frame *frame,
                           uint64_t now_us);

/* session_source.c. Whose packet this is, binding one that is free; NULL: everybody's. */
struct omsp_session_source *omsp_session_source_of(struct omsp_session *session, uint32_t ssrc,
                                                   uint64_t now_us);
void omsp_session_source_audio(struct omsp_session *session, struct omsp_session_source *source,
                               const struct omsp_jitter_packet *put,
                               const struct omsp_rtp_arrival *arrival, uint64_t now_us);
void omsp_session_deliver_sources(struct omsp_session *session, uint64_t now_us);
uint64_t omsp_session_sources_due(const struct omsp_session *session);
void omsp_session_source_left(struct omsp_session *session, uint32_t ssrc);
/* Adds what they counted, also those that are gone. */
void omsp_session_add_sources(const struct omsp_session *session, struct omsp_call_stats *out);

/* Decoded already, and as mu-law for who wants that. */
void omsp_session_hand_out_mix(struct omsp_session *session, int16_t *pcm, const uint8_t *codes,
                               size_t count, uint16_t seq, uint32_t timestamp, uint64_t now_us);

/* session_voices.c. Several sources that the stream's own terminals hear together. */
void omsp_session_free_voices(struct omsp_session *session);
bool omsp_session_mixes(const struct omsp_session *session);
/* Whose packet this is, who is nobody's alone: *voice, or NULL: the session's own. Answers who
 * judges it; NULL: there are too many sources. */
struct omsp_rtp_receiver *omsp_session_voice_of(struct omsp_session *session, uint32_t ssrc,
                                                uint64_t now_us, struct omsp_session_voice **voice);
/* The session's receiver holds a packet of the source before the present one. True: that one goes
 * on, and now has a voice. */
bool omsp_session_rival(struct omsp_session *session, const struct omsp_rtp_packet *packet,
                        uint64_t now_us);
/* voice NULL: the session's own, while there is a mix. */
void omsp_session_voice_audio(struct omsp_session *session, struct omsp_session_voice *voice,
                              const struct omsp_jitter_packet *packet,
                              const struct omsp_rtp_arrival *arrival, uint64_t now_us);
void omsp_session_deliver_mix(struct omsp_session *session, uint64_t now_us);
uint64_t omsp_session_mix_due(const struct omsp_session *session);
/* It said BYE, or a substream has it now. */
void omsp_session_voice_left(struct omsp_session *session, uint32_t ssrc);
void omsp_session_pause_voices(struct omsp_session *session);
/* Nobody heard them for a while. */
void omsp_session_end_mix(struct omsp_session *session);
/* At most OMSP_SESSION_VOICES - 1. */
unsigned omsp_session_report_voices(struct omsp_session *session, uint64_t now_us,
                                    struct omsp_rtcp_block *out);
void omsp_session_voices_sr(struct omsp_session *session, uint32_t ssrc, uint64_t ntp,
                            uint64_t now_us);
void omsp_session_count_voices(const struct omsp_session *session, struct omsp_call_stats *out);
/* Adds what one source's receiver, and what its receiver and buffer saw. */
void omsp_session_count_receiver(const struct omsp_rtp_receiver *receiver,
                                 struct omsp_call_stats *out);
void omsp_session_count_received(const struct omsp_rtp_receiver *receiver,
                                 const struct omsp_jitter *buffer, struct omsp_call_stats *out);

void omsp_session_send_report(struct omsp_session *session, uint64_t now_us, bool bye);
void omsp_session_receive_report(struct omsp_session *session, const uint8_t *data, size_t len,
                                 uint64_t now_us);

#endif
