/*
 * Reading SDP (RFC 8866). Two walks over the text: the first finds the m-lines and which of them is
 * the audio that counts, the second reads what belongs to the session and to that one. Pure;
 * whoever calls owns the bytes. Not here: what two descriptions mean together (sdp_negotiate.c).
 */
#include "wire/sdp.h"

#include "base/bytes.h"

#include <string.h>

/* A piece of the text. */
struct piece {
    const char *at;
    size_t len;
};

static bool next_line(struct piece *rest, struct piece *line)
{
    const char *end;

    if (!rest->len)
        return false;
    end = memchr(rest->at, '\n', rest->len);
    line->at = rest->at;
    line->len = end ? (size_t)(end - rest->at) : rest->len;
    rest->at += line->len + (end ? 1 : 0);
    rest->len -= line->len + (end ? 1 : 0);
    while (line->len && (line->at[line->len - 1] == '\r' || line->at[line->len - 1] == ' '))
        line->len--;
    return true;
}

/* Up to the next `stop` (or the end), which is skipped; empty words do not count. */
static bool next_word(struct piece *rest, char stop, struct piece *word)
{
    while (rest->len && *rest->at == stop) {
        rest->at++;
        rest->len--;
    }
    word->at = rest->at;
    word->len = 0;
    while (rest->len && *rest->at != stop) {
        rest->at++;
        rest->len--;
        word->len++;
    }
    return word->len > 0;
}

static bool is(struct piece piece, const char *text)
{
    return piece.len == strlen(text) && memcmp(piece.at, text, piece.len) == 0;
}

static bool starts(struct piece piece, const char *text, struct piece *rest)
{
    size_t len = strlen(text);

    if (piece.len < len || memcmp(piece.at, text, len) != 0)
        return false;
    rest->at = piece.at + len;
    rest->len = piece.len - len;
    return true;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_any_case(struct piece piece, const char *lower_text)
{
    if (piece.len != strlen(lower_text))
        return false;
    for (size_t i = 0; i < piece.len; i++) {
        if (lower(piece.at[i]) != lower_text[i])
            return false;
    }
    return true;
}

/* Decimal digits and nothing else, at most max. */
static bool number(struct piece piece, uint64_t max, uint64_t *out)
{
    uint64_t value = 0;

    if (!piece.len)
        return false;
    for (size_t i = 0; i < piece.len; i++) {
        unsigned digit = (unsigned)(piece.at[i] - '0');

        if (piece.at[i] < '0' || digit > 9 || value > (max - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

/* Printable, no control characters: it may be written into an answer. */
static bool copy_word(struct piece piece, char *out, size_t room)
{
    if (piece.len >= room)
        return false;
    for (size_t i = 0; i < piece.len; i++) {
        if ((unsigned char)piece.at[i] <= ' ' || piece.at[i] == 0x7F)
            return false;
    }
    memcpy(out, piece.at, piece.len);
    out[piece.len] = '\0';
    return true;
}

static bool multicast(const struct omsp_addr *addr)
{
    return addr->family == 4 ? (addr->ip[0] & 0xF0) == 0xE0 : addr->ip[0] == 0xFF;
}

/* "IN IP4 192.0.2.1", a TTL behind it cut off. False: a name, multicast, nonsense. */
static bool address(struct piece text, struct omsp_addr *out)
{
    struct piece net, type, ip, bare;
    struct omsp_addr addr;
    char copy[64];

    if (!next_word(&text, ' ', &net) || !is(net, "IN") || !next_word(&text, ' ', &type) ||
        !next_word(&text, ' ', &ip) || !next_word(&ip, '/', &bare) ||
        !copy_word(bare, copy, sizeof(copy)))
        return false;
    /* The address alone: no port, no brackets. */
    if (is(type, "IP4") ? strchr(copy, ':') != NULL : !is(type, "IP6") || copy[0] == '[')
        return false;
    if (omsp_addr_parse(copy, &addr) || addr.family != (is(type, "IP4") ? 4 : 6) ||
        multicast(&addr))
        return false;
    *out = addr;
    return true;
}

/* o=<user> <id> <version> <net> <type> <address> */
static bool origin(struct piece text, struct omsp_sdp *out)
{
    struct piece user, id, version;

    if (!next_word(&text, ' ', &user) || !next_word(&text, ' ', &id) ||
        !copy_word(id, out->session_id, sizeof(out->session_id)) ||
        !next_word(&text, ' ', &version) || !number(version, UINT64_MAX, &out->version))
        return false;
    if (!address(text, &out->origin))
        memset(&out->origin, 0, sizeof(out->origin));
    return true;
}

/* m=<kind> <port>[/<count>] <proto> <format>... ; what is left of text are the formats. */
static bool media_line(struct piece *text, struct omsp_sdp_media *out)
{
    struct piece kind, port, first, proto, format, formats;
    uint64_t value;

    if (!next_word(text, ' ', &kind) || !copy_word(kind, out->kind, sizeof(out->kind)) ||
        !next_word(text, ' ', &port) || !next_word(&port, '/', &first) ||
        !number(first, 65535, &value) || !next_word(text, ' ', &proto) ||
        !copy_word(proto, out->proto, sizeof(out->proto)))
        return false;
    out->port = (uint16_t)value;
    formats = *text;
    strcpy(out->format, "0");
    return !next_word(&formats, ' ', &format) ||
           copy_word(format, out->format, sizeof(out->format));
}

static bool plain(const char *proto)
{
    return strcmp(proto, "RTP/AVP") == 0 || strcmp(proto, "RTP/AVPF") == 0;
}

static bool secure(const char *proto)
{
    return strcmp(proto, "RTP/SAVP") == 0 || strcmp(proto, "RTP/SAVPF") == 0;
}

/* As far as the m-line tells: RTP/SAVP also wants a key. */
static bool usable(const struct omsp_sdp_media *media, enum omsp_sdp_security security, bool keyed)
{
    return media->port && strcmp(media->kind, "audio") == 0 &&
           ((security != OMSP_SDP_SECURITY_REQUIRED && plain(media->proto)) ||
            (security != OMSP_SDP_SECURITY_OFF && keyed && secure(media->proto)));
}

static bool keyed(struct piece text)
{
    struct omsp_sdp_crypto crypto;
    bool good = omsp_sdp_crypto_parse(text.at, text.len, &crypto) == OMSP_OK;

    omsp_wipe(&crypto, sizeof(crypto));
    return good;
}

/* The first walk: syntax of the lines, v=, o=, all m=. */
static bool outline(struct piece text, enum omsp_sdp_security security, struct omsp_sdp *out)
{
    bool have_version = false, have_origin = false, have_usable = false;
    struct piece line, rest;

    out->audio_index = -1;
    while (next_line(&text, &line)) {
        struct omsp_sdp_media *media = &out->media[out->media_count];

        if (!line.len)
            continue;
        if (line.len < 2 || line.at[1] != '=')
            return false;
        if (!have_version) {
            if (!is(line, "v=0"))
                return false;
            have_version = true;
        } else if (starts(line, "o=", &rest)) {
            if (have_origin || !origin(rest, out))
                return false;
            have_origin = true;
        } else if (starts(line, "m=", &rest)) {
            if (out->media_count == OMSP_SDP_MEDIA_MAX || !media_line(&rest, media))
                return false;
            if (strcmp(media->kind, "audio") == 0 &&
                (out->audio_index < 0 || (!have_usable && usable(media, security, false)))) {
                out->audio_index = (int8_t)out->media_count;
                have_usable = usable(media, security, false);
            }
            out->media_count++;
        } else if (!have_usable && out->media_count && starts(line, "a=crypto:", &rest) &&
                   usable(media - 1, security, true) && keyed(rest)) {
            out->audio_index = (int8_t)(out->media_count - 1);
            have_usable = true;
        }
    }
    return have_version && have_origin;
}

/* RFC 3551 table 4. */
static uint8_t static_codec(uint64_t type)
{
    return type == 0 ? OMSP_SDP_CODEC_PCMU : type == 8 ? OMSP_SDP_CODEC_PCMA : OMSP_SDP_CODEC_OTHER;
}

static struct omsp_sdp_payload *payload_of(struct omsp_sdp_audio *audio, struct piece type)
{
    uint64_t value;

    if (!number(type, 127, &value))
        return NULL;
    for (unsigned i = 0; i < audio->count; i++) {
        if (audio->payloads[i].type == value)
            return &audio->payloads[i];
    }
    return NULL;
}

static void payloads(struct piece formats, struct omsp_sdp_audio *audio)
{
    struct piece word;
    uint64_t type;

    while (next_word(&formats, ' ', &word) && audio->count < OMSP_SDP_PAYLOADS_MAX) {
        if (!number(word, 127, &type) || payload_of(audio, word))
            continue;
        audio->payloads[audio->count].type = (uint8_t)type;
        audio->payloads[audio->count++].codec = static_codec(type);
    }
}

/* a=rtpmap:<type> <name>/<rate>[/<channels>] */
static void rtpmap(struct piece text, struct omsp_sdp_audio *audio)
{
    struct omsp_sdp_payload *payload;
    struct piece type, map, name, rate, channels;

    if (!next_word(&text, ' ', &type))
        return;
    payload = payload_of(audio, type);
    if (!payload)
        return;
    payload->codec = OMSP_SDP_CODEC_OTHER;
    if (!next_word(&text, ' ', &map) || !next_word(&map, '/', &name) ||
        !next_word(&map, '/', &rate) || !is(rate, "8000") ||
        (next_word(&map, '/', &channels) && !is(channels, "1")))
        return;
    if (is_any_case(name, "pcmu"))
        payload->codec = OMSP_SDP_CODEC_PCMU;
    else if (is_any_case(name, "pcma"))
        payload->codec = OMSP_SDP_CODEC_PCMA;
    else if (is_any_case(name, "telephone-event"))
        payload->codec = OMSP_SDP_CODEC_TELEPHONE_EVENT;
}

/* a=fmtp:<type> 0-15,66 (RFC 4733 2.4.1); codes above 31 are of no interest here. */
static void fmtp(struct piece text, struct omsp_sdp_audio *audio)
{
    struct piece type, range, low, high;
    struct omsp_sdp_payload *payload;
    uint32_t events = 0;

    if (!next_word(&text, ' ', &type))
        return;
    payload = payload_of(audio, type);
    if (!payload || payload->codec != OMSP_SDP_CODEC_TELEPHONE_EVENT)
        return;
    while (next_word(&text, ',', &range)) {
        uint64_t from, to;

        while (range.len && *range.at == ' ') {
            range.at++;
            range.len--;
        }
        if (!next_word(&range, '-', &low) || !number(low, 255, &from))
            return;
        to = from;
        if (next_word(&range, '-', &high) && !number(high, 255, &to))
            return;
        for (uint64_t code = from; code <= to && code < 32; code++)
            events |= (uint32_t)1 << code;
    }
    audio->events = events;
}

/* "20" or "20.0" */
static uint16_t milliseconds(struct piece text)
{
    struct piece whole;
    uint64_t value;

    if (!next_word(&text, '.', &whole) || !number(whole, 65535, &value))
        return 0;
    return (uint16_t)value;
}

static bool direction(struct piece text, uint8_t *out)
{
    static const char *const names[] = {"inactive", "sendonly", "recvonly", "sendrecv"};

    for (uint8_t i = 0; i < 4; i++) {
        if (is(text, names[i])) {
            *out = i;
            return true;
        }
    }
    return false;
}

/* RFC 3605: a=rtcp:<port> [<net> <type> <address>] */
static bool rtcp(struct piece text, struct omsp_sdp_audio *audio)
{
    struct piece port;
    uint64_t value;

    if (!next_word(&text, ' ', &port) || !number(port, 65535, &value) || !value)
        return false;
    memset(&audio->rtcp, 0, sizeof(audio->rtcp));
    if (text.len && !address(text, &audio->rtcp))
        return false;
    audio->rtcp.port = (uint16_t)value;
    return true;
}

/* A line that is no use to us is as if it were not there, and so is a tag's second one. */
static void crypto(struct piece text, struct omsp_sdp_audio *audio)
{
    struct omsp_sdp_crypto one;

    if (audio->crypto_count == OMSP_SDP_CRYPTO_MAX ||
        omsp_sdp_crypto_parse(text.at, text.len, &one))
        return;
    for (unsigned i = 0; i < audio->crypto_count; i++)
        if (audio->crypto[i].tag == one.tag)
            return;
    audio->crypto[audio->crypto_count++] = one;
}

/* What the second walk keeps until its end. */
struct walk {
    struct omsp_sdp_audio *audio;
    struct omsp_addr connection[2]; /* session's, audio's */
    bool given[2], good[2];
    bool rtcp_bad;
};

static void attribute(struct walk *walk, struct piece text)
{
    struct omsp_sdp_audio *audio = walk->audio;
    struct piece rest;

    if (direction(text, &audio->direction))
        return;
    if (starts(text, "rtpmap:", &rest))
        rtpmap(rest, audio);
    else if (starts(text, "ptime:", &rest))
        audio->ptime_ms = milliseconds(rest);
    else if (starts(text, "maxptime:", &rest))
        audio->maxptime_ms = milliseconds(rest);
    else if (is(text, "rtcp-mux"))
        audio->rtcp_mux = true;
    else if (starts(text, "crypto:", &rest))
        crypto(rest, audio);
    else if (starts(text, "rtcp:", &rest))
        walk->rtcp_bad |= !rtcp(rest, audio);
}

static void line_of_interest(struct walk *walk, bool session, struct piece line)
{
    unsigned level = session ? 0 : 1;
    struct piece rest;

    if (starts(line, "c=", &rest) && !walk->given[level]) {
        walk->given[level] = true;
        walk->good[level] = address(rest, &walk->connection[level]);
    } else if (starts(line, "a=", &rest)) {
        if (session)
            direction(rest, &walk->audio->direction);
        else
            attribute(walk, rest);
    }
}

/* The second walk; fmtps: only those, because they may stand before their rtpmap. */
static void details(struct piece text, const struct omsp_sdp *sdp, struct walk *walk, bool fmtps)
{
    struct piece line, rest;
    int media = -1;

    while (next_line(&text, &line)) {
        if (starts(line, "m=", &rest))
            media++;
        else if (fmtps && media == sdp->audio_index && starts(line, "a=fmtp:", &rest))
            fmtp(rest, walk->audio);
        else if (!fmtps && (media < 0 || media == sdp->audio_index))
            line_of_interest(walk, media < 0, line);
        if (!fmtps && media == sdp->audio_index && starts(line, "m=", &rest)) {
            struct omsp_sdp_media again;

            media_line(&rest, &again);
            payloads(rest, walk->audio);
        }
    }
}

static bool finish(const struct walk *walk, const struct omsp_sdp_media *media)
{
    struct omsp_sdp_audio *audio = walk->audio;
    unsigned level = walk->given[1] ? 1 : 0;

    audio->savp = secure(media->proto);
    audio->avpf = strcmp(media->proto, "RTP/AVPF") == 0 || strcmp(media->proto, "RTP/SAVPF") == 0;
    if (!audio->savp)
        audio->crypto_count = 0; /* RFC 4568 5: it means something with RTP/SAVP alone */
    if (walk->given[level] && walk->good[level])
        audio->rtp = walk->connection[level];
    audio->rtp.port = media->port;
    /* A rejected stream's addresses are nobody's business. */
    if (media->port && ((walk->given[level] && !walk->good[level]) || walk->rtcp_bad))
        return false;
    if (!audio->rtcp.family) {
        uint16_t port = audio->rtcp.port;

        audio->rtcp = audio->rtp;
        audio->rtcp.port = port ? port : (uint16_t)(media->port ? media->port + 1 : 0);
    }
    return true;
}

enum omsp_status omsp_sdp_parse(const char *text, size_t len, enum omsp_sdp_security security,
                                struct omsp_sdp *out)
{
    struct piece all = {text, len};
    struct omsp_sdp sdp;
    struct walk walk;

    if (!text || len > OMSP_SDP_BYTES_MAX || memchr(text, '\0', len))
        return OMSP_INVALID;
    memset(&sdp, 0, sizeof(sdp));
    memset(&walk, 0, sizeof(walk));
    if (!outline(all, security, &sdp))
        return OMSP_INVALID;
    if (sdp.audio_index >= 0) {
        sdp.audio.direction = OMSP_SDP_SENDRECV;
        sdp.audio.events = 0xFFFF;
        walk.audio = &sdp.audio;
        details(all, &sdp, &walk, false);
        details(all, &sdp, &walk, true);
        if (!finish(&walk, &sdp.media[sdp.audio_index]))
            return OMSP_INVALID;
    }
    *out = sdp;
    return OMSP_OK;
}
