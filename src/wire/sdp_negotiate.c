/*
 * Offer and answer (RFC 3264) for one audio stream: what we say, and what both sides then do. Pure:
 * the call keeps the last description and passes it in. Text is sdp_parse.c's and sdp_write.c's.
 */
#include "wire/sdp.h"

#include "base/bytes.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define OUR_EVENTS 0xFFFFu /* 0-15: DTMF */
#define TEXT_MAX   3072    /* of what we write ourselves */

static bool local_ok(const struct omsp_sdp_local *local)
{
    if ((local->rtp.family != 4 && local->rtp.family != 6) || !local->rtp.port ||
        local->direction > OMSP_SDP_SENDRECV || !local->codec_count ||
        local->codec_count > OMSP_SDP_CODECS_MAX || local->telephone_event_type > 127)
        return false;
    for (unsigned i = 0; i < local->codec_count; i++) {
        if (local->codecs[i].type > 127 || (local->codecs[i].codec != OMSP_SDP_CODEC_PCMU &&
                                            local->codecs[i].codec != OMSP_SDP_CODEC_PCMA))
            return false;
    }
    if (local->crypto_count > OMSP_SDP_CRYPTO_MAX)
        return false;
    for (unsigned i = 0; i < local->crypto_count; i++) {
        if (local->crypto[i].suite >= OMSP_SDP_SUITES || local->crypto[i].mki_len)
            return false;
    }
    return local->security != OMSP_SDP_SECURITY_REQUIRED || local->crypto_count;
}

static bool local_has(const struct omsp_sdp_local *local, uint8_t codec)
{
    if (codec == OMSP_SDP_CODEC_TELEPHONE_EVENT)
        return local->telephone_event;
    for (unsigned i = 0; i < local->codec_count; i++) {
        if (local->codecs[i].codec == codec)
            return true;
    }
    return false;
}

static bool is_audio(uint8_t codec)
{
    return codec == OMSP_SDP_CODEC_PCMU || codec == OMSP_SDP_CODEC_PCMA;
}

static const struct omsp_sdp_payload *find_codec(const struct omsp_sdp_audio *audio, uint8_t codec)
{
    for (unsigned i = 0; i < audio->count; i++) {
        if (audio->payloads[i].codec == codec)
            return &audio->payloads[i];
    }
    return NULL;
}

/* ---- what we say ---------------------------------------------------------------------------- */

static void add_payload(struct omsp_sdp_audio *audio, uint8_t type, uint8_t codec)
{
    for (unsigned i = 0; i < audio->count; i++) {
        if (audio->payloads[i].type == type)
            return;
    }
    audio->payloads[audio->count].type = type;
    audio->payloads[audio->count++].codec = codec;
}

/* RFC 3264 8.3.2: a number keeps its meaning within a session. */
static uint8_t number_for(const struct omsp_sdp *prior, uint8_t codec, uint8_t wanted)
{
    const struct omsp_sdp_payload *before = prior ? find_codec(&prior->audio, codec) : NULL;

    return before ? before->type : wanted;
}

/* Everything but media lines and payloads. */
static void describe(const struct omsp_sdp_local *local, const struct omsp_sdp *prior,
                     struct omsp_sdp *sdp)
{
    struct omsp_sdp_audio *audio = &sdp->audio;

    if (prior)
        memcpy(sdp->session_id, prior->session_id, sizeof(sdp->session_id));
    else
        snprintf(sdp->session_id, sizeof(sdp->session_id), "%" PRIu64, local->session_id);
    sdp->version = prior ? prior->version : 1;
    sdp->origin = local->rtp;
    sdp->origin.port = 0;
    audio->rtp = local->rtp;
    audio->rtcp = local->rtp;
    audio->rtcp.port = local->rtcp_port ? local->rtcp_port : (uint16_t)(local->rtp.port + 1);
    audio->ptime_ms = local->ptime_ms ? local->ptime_ms : 20;
    audio->maxptime_ms = local->maxptime_ms;
    audio->events = OUR_EVENTS;
}

static void name_media(struct omsp_sdp_media *media, const struct omsp_sdp_audio *audio)
{
    strcpy(media->kind, "audio");
    strcpy(media->proto, audio->savp   ? audio->avpf ? "RTP/SAVPF" : "RTP/SAVP"
                         : audio->avpf ? "RTP/AVPF"
                                       : "RTP/AVP");
    snprintf(media->format, sizeof(media->format), "%u", audio->payloads[0].type);
    media->port = audio->rtp.port;
}

/* All keys that we would use, tagged by their order. */
static void offer_crypto(const struct omsp_sdp_local *local, const struct omsp_sdp *prior,
                         struct omsp_sdp_audio *audio)
{
    audio->savp = local->security == OMSP_SDP_SECURITY_REQUIRED ||
                  (local->security == OMSP_SDP_SECURITY_ALLOWED && prior && prior->audio.savp);
    for (unsigned i = 0; audio->savp && i < local->crypto_count; i++) {
        audio->crypto[i] = local->crypto[i];
        audio->crypto[i].tag = i + 1;
        audio->crypto_count = (uint8_t)(i + 1);
    }
}

/* The version counts what is said, so what is said is compared. */
static void count_version(const struct omsp_sdp *prior, struct omsp_sdp *sdp)
{
    char before[TEXT_MAX], after[TEXT_MAX];
    size_t need;

    if (!prior)
        return;
    if (omsp_sdp_write(prior, before, sizeof(before), &need) ||
        omsp_sdp_write(sdp, after, sizeof(after), &need) || strcmp(before, after) != 0)
        sdp->version++;
    omsp_wipe(before, sizeof(before));
    omsp_wipe(after, sizeof(after));
}

enum omsp_status omsp_sdp_make_offer(const struct omsp_sdp_local *local,
                                     const struct omsp_sdp *prior, struct omsp_sdp *offer)
{
    struct omsp_sdp made;

    if (!local_ok(local) ||
        (prior && (prior->audio_index < 0 || prior->audio_index >= prior->media_count)))
        return OMSP_INVALID;
    memset(&made, 0, sizeof(made));
    describe(local, prior, &made);
    made.audio.direction = local->direction;
    made.audio.rtcp_mux = local->rtcp_mux;
    made.audio.avpf = prior && prior->audio.avpf;
    offer_crypto(local, prior, &made.audio);
    for (unsigned i = 0; i < local->codec_count; i++)
        add_payload(&made.audio, number_for(prior, local->codecs[i].codec, local->codecs[i].type),
                    local->codecs[i].codec);
    if (local->telephone_event)
        add_payload(&made.audio,
                    number_for(prior, OMSP_SDP_CODEC_TELEPHONE_EVENT,
                               local->telephone_event_type ? local->telephone_event_type : 101),
                    OMSP_SDP_CODEC_TELEPHONE_EVENT);
    made.media_count = 1;
    if (prior) {
        memcpy(made.media, prior->media, sizeof(made.media));
        made.media_count = prior->media_count;
        made.audio_index = prior->audio_index;
    }
    name_media(&made.media[made.audio_index], &made.audio);
    count_version(prior, &made);
    *offer = made;
    return OMSP_OK;
}

/* ---- what both then do ---------------------------------------------------------------------- */

static bool unspecified(const struct omsp_addr *addr)
{
    static const uint8_t zeros[16];

    return memcmp(addr->ip, zeros, sizeof(zeros)) == 0;
}

/* Their direction from our side; to 0.0.0.0 (RFC 3264 8.4) nothing can be sent. */
static uint8_t mirrored(const struct omsp_sdp_audio *remote)
{
    uint8_t ours = OMSP_SDP_INACTIVE;

    if (remote->direction & OMSP_SDP_SENDONLY)
        ours |= OMSP_SDP_RECVONLY;
    if (remote->direction & OMSP_SDP_RECVONLY && !unspecified(&remote->rtp))
        ours |= OMSP_SDP_SENDONLY;
    return ours;
}

/* The remote's wish (RFC 8866 6.4), else ours, as far as it can be done. */
static unsigned send_ptime(const struct omsp_sdp_local *local, const struct omsp_sdp_audio *remote)
{
    unsigned ms = remote->ptime_ms ? remote->ptime_ms : local->ptime_ms ? local->ptime_ms : 20;

    if (remote->maxptime_ms && ms > remote->maxptime_ms)
        ms = remote->maxptime_ms;
    ms -= ms % 10;
    return ms < 10 ? 10 : ms > 60 ? 60 : ms;
}

/* Everything but on_hold and what is zero by itself. */
static void agree(const struct omsp_sdp_local *local, const struct omsp_sdp_audio *ours,
                  const struct omsp_sdp_audio *remote, uint8_t direction,
                  const struct omsp_sdp_payload *send, struct omsp_sdp_agreed *agreed)
{
    const struct omsp_sdp_payload *our_event = find_codec(ours, OMSP_SDP_CODEC_TELEPHONE_EVENT);
    const struct omsp_sdp_payload *event = find_codec(remote, OMSP_SDP_CODEC_TELEPHONE_EVENT);

    agreed->rtcp_mux = ours->rtcp_mux && remote->rtcp_mux;
    agreed->peer_rtp = remote->rtp;
    agreed->peer_rtcp = agreed->rtcp_mux ? remote->rtp : remote->rtcp;
    agreed->send_type = send->type;
    agreed->send_codec = send->codec;
    if (our_event && event) {
        agreed->telephone_event = true;
        agreed->event_send_type = event->type;
        agreed->event_receive_type = our_event->type;
    }
    /* First what the peer will most likely send: the codec that we send. */
    for (unsigned pass = 0; pass < 2; pass++) {
        for (unsigned i = 0; i < ours->count; i++) {
            const struct omsp_sdp_payload *payload = &ours->payloads[i];

            if (is_audio(payload->codec) && (payload->codec == send->codec) == (pass == 0) &&
                agreed->receive_count < OMSP_SDP_CODECS_MAX)
                agreed->receive[agreed->receive_count++] = *payload;
        }
    }
    agreed->ptime_ms = send_ptime(local, remote);
    agreed->may_send = direction & OMSP_SDP_SENDONLY;
    agreed->may_receive = direction & OMSP_SDP_RECVONLY;
}

static enum omsp_status check_remote(const struct omsp_sdp_local *local,
                                     const struct omsp_sdp *remote)
{
    const struct omsp_sdp_media *media;

    if (remote->audio_index < 0 || remote->audio_index >= remote->media_count)
        return OMSP_BAD_MEDIA;
    media = &remote->media[remote->audio_index];
    if (!media->port ||
        (!remote->audio.savp && strcmp(media->proto, "RTP/AVP") != 0 &&
         strcmp(media->proto, "RTP/AVPF") != 0) ||
        (remote->audio.savp && local->security == OMSP_SDP_SECURITY_OFF) ||
        (!remote->audio.savp && local->security == OMSP_SDP_SECURITY_REQUIRED))
        return OMSP_BAD_MEDIA;
    return remote->audio.rtp.family ? OMSP_OK : OMSP_INVALID;
}

/* The first of theirs that we know, and our key for it under their tag. */
static bool answer_crypto(const struct omsp_sdp_local *local, const struct omsp_sdp_audio *remote,
                          struct omsp_sdp_audio *ours, struct omsp_sdp_agreed *agreed)
{
    for (unsigned i = 0; i < remote->crypto_count; i++) {
        for (unsigned k = 0; k < local->crypto_count; k++) {
            if (local->crypto[k].suite != remote->crypto[i].suite)
                continue;
            ours->crypto[0] = local->crypto[k];
            ours->crypto[0].tag = remote->crypto[i].tag;
            ours->crypto_count = 1;
            agreed->secure = true;
            agreed->send_crypto = ours->crypto[0];
            agreed->receive_crypto = remote->crypto[i];
            return true;
        }
    }
    return false;
}

enum omsp_status omsp_sdp_make_answer(const struct omsp_sdp_local *local,
                                      const struct omsp_sdp *prior, const struct omsp_sdp *offer,
                                      struct omsp_sdp *answer, struct omsp_sdp_agreed *agreed)
{
    enum omsp_status status = local_ok(local) ? check_remote(local, offer) : OMSP_INVALID;
    const struct omsp_sdp_audio *remote = &offer->audio;
    const struct omsp_sdp_payload *send = NULL;
    unsigned audio_types = 0;
    struct omsp_sdp_agreed both;
    struct omsp_sdp made;

    if (status)
        return status;
    memset(&made, 0, sizeof(made));
    memset(&both, 0, sizeof(both));
    describe(local, prior, &made);
    for (unsigned i = 0; i < remote->count; i++) {
        const struct omsp_sdp_payload *payload = &remote->payloads[i];

        if (!local_has(local, payload->codec))
            continue;
        /* One telephone-event is enough; audio under several numbers may come under each. */
        if (is_audio(payload->codec) ? audio_types++ >= OMSP_SDP_CODECS_MAX
                                     : find_codec(&made.audio, payload->codec) != NULL)
            continue;
        add_payload(&made.audio, payload->type, payload->codec);
        if (!send && is_audio(payload->codec))
            send = payload;
    }
    if (!send)
        return OMSP_NO_CODEC;
    made.audio.savp = remote->savp;
    if (remote->savp && !answer_crypto(local, remote, &made.audio, &both))
        return OMSP_BAD_MEDIA;
    made.audio.direction = local->direction & mirrored(remote);
    made.audio.rtcp_mux = local->rtcp_mux && remote->rtcp_mux;
    made.audio.avpf = remote->avpf;
    made.audio.events = remote->events & OUR_EVENTS;
    made.audio_index = offer->audio_index;
    made.media_count = offer->media_count;
    memcpy(made.media, offer->media, sizeof(made.media));
    for (unsigned i = 0; i < made.media_count; i++)
        made.media[i].port = 0;
    name_media(&made.media[made.audio_index], &made.audio);
    count_version(prior, &made);
    agree(local, &made.audio, remote, made.audio.direction, send, &both);
    both.on_hold = !(remote->direction & OMSP_SDP_RECVONLY) || unspecified(&remote->rtp);
    *agreed = both;
    *answer = made;
    return OMSP_OK;
}

/* One of ours, by tag and suite, and nothing else. */
static bool take_crypto(const struct omsp_sdp_audio *ours, const struct omsp_sdp_audio *remote,
                        struct omsp_sdp_agreed *agreed)
{
    if (remote->crypto_count != 1)
        return false;
    for (unsigned i = 0; i < ours->crypto_count; i++) {
        if (ours->crypto[i].tag != remote->crypto[0].tag ||
            ours->crypto[i].suite != remote->crypto[0].suite)
            continue;
        agreed->secure = true;
        agreed->send_crypto = ours->crypto[i];
        agreed->receive_crypto = remote->crypto[0];
        return true;
    }
    return false;
}

enum omsp_status omsp_sdp_apply_answer(const struct omsp_sdp_local *local,
                                       const struct omsp_sdp *offer, const struct omsp_sdp *answer,
                                       struct omsp_sdp_agreed *agreed)
{
    enum omsp_status status = local_ok(local) ? check_remote(local, answer) : OMSP_INVALID;
    const struct omsp_sdp_audio *ours = &offer->audio, *remote = &answer->audio;
    const struct omsp_sdp_payload *send = NULL;
    struct omsp_sdp_agreed both;

    if (status)
        return status;
    if (answer->media_count != offer->media_count || answer->audio_index != offer->audio_index)
        return OMSP_INVALID;
    for (unsigned i = 0; i < remote->count && !send; i++) {
        if (is_audio(remote->payloads[i].codec) && find_codec(ours, remote->payloads[i].codec))
            send = &remote->payloads[i];
    }
    if (!send)
        return OMSP_NO_CODEC;
    memset(&both, 0, sizeof(both));
    if (ours->savp != remote->savp || (ours->savp && !take_crypto(ours, remote, &both)))
        return OMSP_BAD_MEDIA;
    agree(local, ours, remote, ours->direction & mirrored(remote), send, &both);
    both.on_hold = ours->direction & OMSP_SDP_SENDONLY && !both.may_send;
    *agreed = both;
    return OMSP_OK;
}
