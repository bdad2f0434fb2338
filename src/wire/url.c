/*
 * Splits a URL that we are to dial. Not a resolver, not a normaliser: what cannot be dialled as it
 * is written (a name outside ASCII, percent signs in a host, an IPv6 zone) is refused. Pure; any
 * thread.
 */
#include "wire/url.h"

#include "base/utf.h"

#include <string.h>

static const struct scheme_row {
    const char *name;
    enum omsp_scheme scheme;
    uint16_t port;
} schemes[] = {
    {"ws", OMSP_SCHEME_WS, 80},
    {"wss", OMSP_SCHEME_WSS, 443},
    {"http", OMSP_SCHEME_HTTP, 80},
    {"https", OMSP_SCHEME_HTTPS, 443},
};

/* By hand: <ctype.h> asks the locale. */
static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_letter(char c)
{
    return lower(c) >= 'a' && lower(c) <= 'z';
}

static bool has_bad_character(const char *text)
{
    for (; *text; text++)
        if ((uint8_t)*text <= ' ' || (uint8_t)*text == 0x7f)
            return true;
    return false;
}

/* RFC 3986 3.1; answers the characters of the scheme, 0 when there is none. */
static size_t read_scheme(const char *text, struct omsp_url *out)
{
    size_t len = 0;

    if (!is_letter(text[0]))
        return 0;
    while (is_letter(text[len]) || is_digit(text[len]) || (text[len] && strchr("+-.", text[len])))
        len++;
    if (text[len] != ':')
        return 0;
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        size_t k = 0;

        while (k < len && schemes[i].name[k] == lower(text[k]))
            k++;
        if (k == len && !schemes[i].name[k]) {
            out->scheme = schemes[i].scheme;
            out->port = schemes[i].port;
        }
    }
    return len;
}

static bool read_ipv4(const char *text, size_t len, uint8_t out[4])
{
    unsigned part = 0, value = 0, digits = 0;

    for (size_t i = 0; i <= len; i++) {
        if (i < len && is_digit(text[i])) {
            /* No leading zero: some resolvers read it as octal. */
            if (digits && value == 0)
                return false;
            value = value * 10 + (unsigned)(text[i] - '0');
            if (++digits > 3 || value > 255)
                return false;
        } else if ((i == len || text[i] == '.') && digits && part < 4) {
            out[part++] = (uint8_t)value;
            value = digits = 0;
        } else {
            return false;
        }
    }
    return part == 4;
}

int omsp_url_hex(char c)
{
    return is_digit(c) ? c - '0' : lower(c) >= 'a' && lower(c) <= 'f' ? lower(c) - 'a' + 10 : -1;
}

/* RFC 4291 2.2, without a zone. */
static bool read_ipv6(const char *text, size_t len, uint8_t out[16])
{
    size_t i = 0, at = 0, gap = 17;

    memset(out, 0, 16);
    if (len >= 2 && text[0] == ':' && text[1] == ':') {
        gap = 0;
        i = 2;
    }
    while (i < len) {
        unsigned value = 0, digits = 0;
        size_t start = i;

        while (i < len && omsp_url_hex(text[i]) >= 0 && digits < 4) {
            value = value << 4 | (unsigned)omsp_url_hex(text[i++]);
            digits++;
        }
        if (i < len && text[i] == '.') {
            if (at > 12 || !read_ipv4(text + start, len - start, out + at))
                return false;
            at += 4;
            break;
        }
        if (!digits || at > 14)
            return false;
        out[at++] = (uint8_t)(value >> 8);
        out[at++] = (uint8_t)value;
        if (i == len)
            break;
        if (text[i++] != ':' || i == len)
            return false;
        if (text[i] == ':') {
            if (gap <= 16)
                return false;
            gap = at;
            i++;
        }
    }
    if (gap > 16)
        return at == 16;
    if (at > 14)
        return false;
    memmove(out + 16 - (at - gap), out + gap, at - gap);
    memset(out + gap, 0, 16 - at);
    return true;
}

/* A name or an IPv4 address; labels are not empty, but one dot may end the name. */
static bool name_is_valid(const char *host, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char c = host[i];

        if (c == '.' ? i == 0 || host[i - 1] == '.'
                     : !is_letter(c) && !is_digit(c) && c != '-' && c != '_')
            return false;
    }
    return len > 0;
}

static bool read_host(const char *host, size_t len, struct omsp_url *out)
{
    uint8_t ip[16];

    if (len >= sizeof(out->host))
        return false;
    if (out->ipv6 ? !read_ipv6(host, len, ip) : !name_is_valid(host, len))
        return false;
    for (size_t i = 0; i < len; i++)
        out->host[i] = lower(host[i]);
    out->host[len] = '\0';
    return true;
}

static bool read_port(const char *text, size_t len, struct omsp_url *out)
{
    uint32_t port = 0;

    if (len < 1 || len > 5)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (!is_digit(text[i]))
            return false;
        port = port * 10 + (uint32_t)(text[i] - '0');
    }
    if (port == 0 || port > 65535)
        return false;
    out->port = (uint16_t)port;
    out->port_given = true;
    return true;
}

/* RFC 3986 3.2.1; what else people write there, parsers read in more than one way. */
static bool user_is_valid(struct omsp_span user)
{
    for (size_t i = 0; i < user.len; i++) {
        char c = (char)user.ptr[i];

        if (c == '%') {
            if (user.len - i < 3 || omsp_url_hex((char)user.ptr[i + 1]) < 0 ||
                omsp_url_hex((char)user.ptr[i + 2]) < 0)
                return false;
        } else if (!c || (!is_letter(c) && !is_digit(c) && !strchr("-._~!$&'()*+,;=:", c))) {
            return false;
        }
    }
    return user.len > 0;
}

/* user@[host] or user@host, and :port, RFC 3986 3.2. Where no user is looked for, name_is_valid
 * refuses it: '@' is in no name. */
static bool read_authority(const char *text, size_t len, bool with_user, struct omsp_url *out)
{
    const char *at = with_user ? memchr(text, '@', len) : NULL;
    size_t end, host_len;

    if (at) {
        out->user = omsp_span(text, (size_t)(at - text));
        if (!user_is_valid(out->user))
            return false;
        len -= out->user.len + 1;
        text = at + 1;
    }
    if (len && text[0] == '[') {
        const char *bracket = memchr(text, ']', len);

        if (!bracket)
            return false;
        out->ipv6 = true;
        host_len = (size_t)(bracket - text) - 1;
        end = host_len + 2;
        text++;
        len--;
        end--;
    } else {
        const char *colon = memchr(text, ':', len);

        host_len = end = colon ? (size_t)(colon - text) : len;
    }
    if (!read_host(text, host_len, out))
        return false;
    if (end == len)
        return true;
    return text[end] == ':' && read_port(text + end + 1, len - end - 1, out);
}

static enum omsp_status parse(const char *text, bool with_user, struct omsp_url *out)
{
    struct omsp_url url;
    const char *question;
    size_t len;

    memset(&url, 0, sizeof(url));
    if (has_bad_character(text) || !omsp_utf8_is_valid(text, strlen(text)))
        return OMSP_INVALID;
    len = read_scheme(text, &url);
    if (!len || strncmp(text + len, "://", 3))
        return OMSP_INVALID;
    text += len + 3;
    len = strcspn(text, "/?#");
    if (!read_authority(text, len, with_user, &url))
        return OMSP_INVALID;
    url.path = text + len;
    url.path_len = strcspn(url.path, "#");
    question = memchr(url.path, '?', url.path_len);
    url.has_query = question != NULL;
    url.query_at = question ? (size_t)(question - url.path) : 0;
    *out = url;
    return OMSP_OK;
}

enum omsp_status omsp_url_parse(const char *text, struct omsp_url *out)
{
    return parse(text, false, out);
}

enum omsp_status omsp_url_parse_user(const char *text, struct omsp_url *out)
{
    return parse(text, true, out);
}

void omsp_url_put_host(struct omsp_text *text, const struct omsp_url *url)
{
    omsp_text_printf(text, url->ipv6 ? "[%s]" : "%s", url->host);
}

void omsp_url_put_path(struct omsp_text *text, const struct omsp_url *url, bool query)
{
    size_t len = url->has_query && !query ? url->query_at : url->path_len, plain = 0;

    if (!len || url->path[0] != '/')
        omsp_text_puts(text, "/");
    for (size_t i = 0; i < len; i++) {
        if ((uint8_t)url->path[i] < 0x80)
            continue;
        omsp_text_put(text, url->path + plain, i - plain);
        omsp_text_printf(text, "%%%02X", (unsigned)(uint8_t)url->path[i]);
        plain = i + 1;
    }
    omsp_text_put(text, url->path + plain, len - plain);
}

bool omsp_url_is_loopback(const struct omsp_url *url)
{
    static const uint8_t one[16] = {[15] = 1};
    uint8_t ip[16];
    size_t len = strlen(url->host);

    if (url->ipv6)
        return read_ipv6(url->host, len, ip) && !memcmp(ip, one, sizeof(one));
    return !strcmp(url->host, "localhost") || (read_ipv4(url->host, len, ip) && ip[0] == 127);
}
