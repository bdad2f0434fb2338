/*
 * Writing SDP (RFC 8866): one shape for offers and answers. Pure. What to say is decided in
 * sdp_negotiate.c.
 */
#include "wire/sdp.h"

#include "base/text.h"

#include <inttypes.h>

static void put_address(struct omsp_text *text, const struct omsp_addr *addr)
{
    char ip[48];

    omsp_addr_ip_text(addr, ip, sizeof(ip));
    omsp_text_printf(text, "IN IP%c %s", addr->family == 6 ? '6' : '4',
                     addr->family ? ip : "0.0.0.0");
}

static void put_events(struct omsp_text *text, uint32_t events)
{
    const char *comma = "";

    for (unsigned from = 0; from < 32; from++) {
        unsigned to = from;

        if (!(events >> from & 1))
            continue;
        while (to < 31 && events >> (to + 1) & 1)
            to++;
        omsp_text_printf(text, to > from ? "%s%u-%u" : "%s%u", comma, from, to);
        comma = ",";
        from = to;
    }
}

static void put_payload(struct omsp_text *text, const struct omsp_sdp_audio *audio,
                        const struct omsp_sdp_payload *payload)
{
    static const char *const names[] = {
        [OMSP_SDP_CODEC_PCMU] = "PCMU",
        [OMSP_SDP_CODEC_PCMA] = "PCMA",
        [OMSP_SDP_CODEC_TELEPHONE_EVENT] = "telephone-event",
    };

    if (payload->codec == OMSP_SDP_CODEC_OTHER || payload->codec > OMSP_SDP_CODEC_TELEPHONE_EVENT)
        return;
    omsp_text_printf(text, "a=rtpmap:%u %s/8000\r\n", payload->type, names[payload->codec]);
    if (payload->codec == OMSP_SDP_CODEC_TELEPHONE_EVENT && audio->events) {
        omsp_text_printf(text, "a=fmtp:%u ", payload->type);
        put_events(text, audio->events);
        omsp_text_puts(text, "\r\n");
    }
}

static void put_rtcp(struct omsp_text *text, const struct omsp_sdp_audio *audio)
{
    bool same_ip = omsp_addr_same_ip(&audio->rtcp, &audio->rtp);

    if (audio->rtcp.family && (!same_ip || audio->rtcp.port != audio->rtp.port + 1)) {
        omsp_text_printf(text, "a=rtcp:%u", audio->rtcp.port);
        if (!same_ip) {
            omsp_text_puts(text, " ");
            put_address(text, &audio->rtcp);
        }
        omsp_text_puts(text, "\r\n");
    }
    if (audio->rtcp_mux)
        omsp_text_puts(text, "a=rtcp-mux\r\n");
}

static void put_crypto(struct omsp_text *text, const struct omsp_sdp_audio *audio)
{
    for (unsigned i = 0; audio->savp && i < audio->crypto_count; i++) {
        omsp_text_puts(text, "a=crypto:");
        omsp_sdp_crypto_write(&audio->crypto[i], text);
        omsp_text_puts(text, "\r\n");
    }
}

static void put_audio(struct omsp_text *text, const struct omsp_sdp_audio *audio)
{
    static const char *const directions[] = {"inactive", "sendonly", "recvonly", "sendrecv"};

    for (unsigned i = 0; i < audio->count; i++)
        omsp_text_printf(text, " %u", audio->payloads[i].type);
    omsp_text_puts(text, audio->count ? "\r\n" : " 0\r\n");
    for (unsigned i = 0; i < audio->count; i++)
        put_payload(text, audio, &audio->payloads[i]);
    put_crypto(text, audio);
    if (audio->ptime_ms)
        omsp_text_printf(text, "a=ptime:%u\r\n", audio->ptime_ms);
    if (audio->maxptime_ms)
        omsp_text_printf(text, "a=maxptime:%u\r\n", audio->maxptime_ms);
    put_rtcp(text, audio);
    omsp_text_printf(text, "a=%s\r\n", directions[audio->direction & OMSP_SDP_SENDRECV]);
}

enum omsp_status omsp_sdp_write(const struct omsp_sdp *sdp, char *out, size_t room, size_t *need)
{
    struct omsp_text text;

    omsp_text_init(&text, out, room);
    omsp_text_printf(&text, "v=0\r\no=- %s %" PRIu64 " ", sdp->session_id, sdp->version);
    put_address(&text, &sdp->origin);
    omsp_text_puts(&text, "\r\ns=OpenMSP\r\nc=");
    put_address(&text, sdp->audio_index >= 0 ? &sdp->audio.rtp : &sdp->origin);
    omsp_text_puts(&text, "\r\nt=0 0\r\n");
    for (int i = 0; i < sdp->media_count; i++) {
        const struct omsp_sdp_media *media = &sdp->media[i];

        omsp_text_printf(&text, "m=%s %u %s", media->kind, media->port, media->proto);
        if (i == sdp->audio_index && media->port)
            put_audio(&text, &sdp->audio);
        else
            omsp_text_printf(&text, " %s\r\n", media->format);
    }
    *need = text.need + 1;
    return text.truncated || !room ? OMSP_MORE : OMSP_OK;
}
