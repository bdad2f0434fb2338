/*
 * SDP (RFC 8866) and its offer/answer model (RFC 3264) for calls with one audio stream over
 * RTP/AVP (RFC 3551) or, with keys in a=crypto (RFC 4568), RTP/SAVP: parse, write, negotiate. Pure
 * functions, no allocation, no I/O, any thread. Descriptions are plain structs that may be copied,
 * and with a=crypto hold secrets.
 */
#ifndef OMSP_WIRE_SDP_H
#define OMSP_WIRE_SDP_H

#include "base/status.h"
#include "port/net.h"
#include "wire/sdp_crypto.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OMSP_SDP_BYTES_MAX    16384 /* of text that is looked at */
#define OMSP_SDP_MEDIA_MAX    8     /* m-lines */
#define OMSP_SDP_PAYLOADS_MAX 32    /* formats of the audio m-line; more are not looked at */
#define OMSP_SDP_CRYPTO_MAX   4     /* usable a=crypto lines; more are not looked at */

/* SRTP: may it be, must it be, must it not? */
enum omsp_sdp_security {
    OMSP_SDP_SECURITY_ALLOWED, /* offers say RTP/AVP; of what is offered both are taken */
    OMSP_SDP_SECURITY_REQUIRED,
    OMSP_SDP_SECURITY_OFF,
};

enum omsp_sdp_codec {
    OMSP_SDP_CODEC_OTHER, /* not one of ours */
    OMSP_SDP_CODEC_PCMU,
    OMSP_SDP_CODEC_PCMA,
    OMSP_SDP_CODEC_TELEPHONE_EVENT, /* RFC 4733, at 8000 Hz */
};

struct omsp_sdp_payload {
    uint8_t type;  /* 0..127 */
    uint8_t codec; /* enum omsp_sdp_codec */
};

/* a=sendrecv & co. as bits, from the describer's own view. */
#define OMSP_SDP_INACTIVE 0u
#define OMSP_SDP_SENDONLY 1u
#define OMSP_SDP_RECVONLY 2u
#define OMSP_SDP_SENDRECV 3u

/* The audio m-line that counts: the first that is not disabled and RTP/AVP(F), or RTP/SAVP(F) with
 * a key that we can use, as security allows; else the first. */
struct omsp_sdp_audio {
    struct omsp_addr rtp;  /* family 0: no connection address given; port 0: disabled */
    struct omsp_addr rtcp; /* a=rtcp (RFC 3605), else rtp with the next port */
    bool avpf;             /* RTP/AVPF (RFC 4585) */
    bool savp;             /* RTP/SAVP (RFC 3711), RTP/SAVPF (RFC 5124) */
    bool rtcp_mux;         /* RFC 5761 */
    uint8_t direction;     /* OMSP_SDP_*, session level already applied */
    uint16_t ptime_ms;     /* 0: not given */
    uint16_t maxptime_ms;  /* 0: not given */
    uint32_t events;       /* telephone-event codes by bit, 0..31 (a=fmtp); 0-15 when not given */
    uint8_t count;
    struct omsp_sdp_payload payloads[OMSP_SDP_PAYLOADS_MAX]; /* in order of preference */
    uint8_t crypto_count;                                    /* 0 without savp */
    struct omsp_sdp_crypto crypto[OMSP_SDP_CRYPTO_MAX]; /* those that we can do, no tag twice */
};

/* Any m-line, enough to reject it in an answer in its place. */
struct omsp_sdp_media {
    char kind[16];   /* "audio", "video", "image", ... */
    char proto[32];  /* "RTP/AVP" */
    char format[32]; /* the first one; "0" when none was given */
    uint16_t port;
};

struct omsp_sdp {
    char session_id[24];     /* o=: decimal digits */
    uint64_t version;        /* o= */
    struct omsp_addr origin; /* o=; family 0: a name or nonsense, which is nobody's business */
    uint8_t media_count;
    int8_t audio_index; /* into media, -1: no audio at all */
    struct omsp_sdp_media media[OMSP_SDP_MEDIA_MAX];
    struct omsp_sdp_audio audio;
};

/* text: len bytes, need not be terminated; lines end in CRLF or LF. Unknown lines and attributes
 * are skipped. OMSP_INVALID: not SDP, malformed in what matters here, a NUL byte, too long, more
 * than OMSP_SDP_MEDIA_MAX m-lines, or a host name or multicast address in a c= line or a=rtcp that
 * counts for the audio (names are not resolved). a=crypto lines that are malformed or ask for what
 * we do not do are skipped. *out is filled on OMSP_OK only. */
enum omsp_status omsp_sdp_parse(const char *text, size_t len, enum omsp_sdp_security security,
                                struct omsp_sdp *out);

/* The whole text, CRLF line ends. *need: bytes with terminator. OMSP_MORE when room is less (out
 * holds what fits, terminated). out NULL with room 0 asks for the size. */
enum omsp_status omsp_sdp_write(const struct omsp_sdp *sdp, char *out, size_t room, size_t *need);

/* ---- offer and answer ----------------------------------------------------------------------- */

#define OMSP_SDP_CODECS_MAX 8

/* What this side can and wants, at the time of one offer or answer. */
struct omsp_sdp_local {
    struct omsp_addr rtp; /* where we receive; family and port set */
    uint16_t rtcp_port;   /* 0: the next port */
    bool rtcp_mux;        /* offer it, and accept it when offered */
    uint8_t direction;    /* OMSP_SDP_*: what we want; SENDONLY or INACTIVE holds the peer */
    uint16_t ptime_ms;    /* what we like to receive, and send when the peer has no wish; 0: 20 */
    uint16_t maxptime_ms; /* 0: not said */
    uint8_t codec_count;  /* 1.. */
    struct omsp_sdp_payload
        codecs[OMSP_SDP_CODECS_MAX]; /* PCMU, PCMA, by preference; the type is
                                        what an offer calls it (0, 8, or dynamic) */
    bool telephone_event;
    uint8_t telephone_event_type; /* in offers; 0: 101 */
    uint64_t session_id;          /* o= of the first description; < 2^63 */
    enum omsp_sdp_security security;
    uint8_t crypto_count;                               /* at least 1 when security is REQUIRED */
    struct omsp_sdp_crypto crypto[OMSP_SDP_CRYPTO_MAX]; /* ours, by preference, no suite twice; tags
                                                           do not matter */
};

/* What both sides agreed on. */
struct omsp_sdp_agreed {
    struct omsp_addr peer_rtp;  /* with an unspecified IP on an old-style hold: may_send is false */
    struct omsp_addr peer_rtcp; /* equals peer_rtp with rtcp_mux */
    bool rtcp_mux;
    uint8_t send_type; /* payload type and codec to send */
    uint8_t send_codec;
    uint8_t receive_count;
    struct omsp_sdp_payload
        receive[OMSP_SDP_CODECS_MAX]; /* audio types to accept, preferred first */
    bool telephone_event;             /* both know it */
    uint8_t event_send_type, event_receive_type;
    unsigned ptime_ms;          /* to send: 10..60, a multiple of 10 */
    bool may_send, may_receive; /* this side */
    bool on_hold;               /* the peer does not want our media (sendonly, inactive, 0.0.0.0) */
    bool secure;                /* SRTP and SRTCP, with these: */
    struct omsp_sdp_crypto send_crypto, receive_crypto;
};

/* Our offer: RTP/SAVP when security is REQUIRED, or ALLOWED and prior has it. prior: what we
 * described last in this session, offer or answer (NULL: the first): its session id and rejected
 * m-lines are kept, and the version goes up by one exactly when the description differs. prior may
 * be == offer. OMSP_INVALID: local is incomplete. */
enum omsp_status omsp_sdp_make_offer(const struct omsp_sdp_local *local,
                                     const struct omsp_sdp *prior, struct omsp_sdp *offer);

/* Our answer to a remote offer, in the offer's order of m-lines and codecs (RFC 3264 6.1), with its
 * payload type numbers. All m-lines but the one audio are answered with port 0. Of the offered keys
 * the first counts whose suite is ours, too (RFC 4568 5.1.2).
 * OMSP_BAD_MEDIA: no usable audio (none, port 0, not RTP/AVP or the like, not what security wants,
 * no key that we could use); OMSP_NO_CODEC;
 * OMSP_INVALID: local incomplete, or no address in the offer. Outs are filled on OMSP_OK only;
 * prior may be == answer. */
enum omsp_status omsp_sdp_make_answer(const struct omsp_sdp_local *local,
                                      const struct omsp_sdp *prior, const struct omsp_sdp *offer,
                                      struct omsp_sdp *answer, struct omsp_sdp_agreed *agreed);

/* The remote answer to our offer. local: as for that offer (for the ptime when the peer has no
 * wish). We go on accepting every type we offered (RFC 3264 7). Errors as above; OMSP_BAD_MEDIA
 * also when the peer rejected the audio, or answers RTP/SAVP without exactly one key, by the tag
 * and suite of one that was offered (RFC 4568 5.1.3). */
enum omsp_status omsp_sdp_apply_answer(const struct omsp_sdp_local *local,
                                       const struct omsp_sdp *offer, const struct omsp_sdp *answer,
                                       struct omsp_sdp_agreed *agreed);

#endif
