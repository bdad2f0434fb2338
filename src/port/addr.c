/* Reading and writing IP addresses with ports. Pure: no resolver, no system call. */
#include "port/net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Decimal port after the colon; digits only, 0..65535. */
static bool parse_port(const char *text, uint16_t *port)
{
    unsigned long value = 0;
    const char *p = text;

    if (!*p)
        return false;
    for (; *p; p++) {
        if (*p < '0' || *p > '9')
            return false;
        value = value * 10 + (unsigned long)(*p - '0');
        if (value > 65535)
            return false;
    }
    *port = (uint16_t)value;
    return true;
}

static bool parse_ip4(const char *text, size_t len, uint8_t out[4])
{
    size_t at = 0;

    for (int part = 0; part < 4; part++) {
        unsigned value = 0, digits = 0;

        while (at < len && text[at] >= '0' && text[at] <= '9' && digits < 3) {
            value = value * 10 + (unsigned)(text[at++] - '0');
            digits++;
        }
        /* No leading zeros: some read such a part as octal (RFC 6943 3.1.1). */
        if (!digits || value > 255 || (digits > 1 && text[at - digits] == '0'))
            return false;
        out[part] = (uint8_t)value;
        if (part < 3 && (at >= len || text[at++] != '.'))
            return false;
    }
    return at == len;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* RFC 4291 2.2: groups of hex, one "::", an IPv4 tail. */
static bool parse_ip6(const char *text, size_t len, uint8_t out[16])
{
    uint8_t head[16] = {0};
    size_t n = 0, gap = 17, at = 0;

    if (len >= 2 && text[0] == ':' && text[1] == ':') {
        gap = 0;
        at = 2;
    }
    while (at < len && n < 16) {
        size_t group = at;
        unsigned value = 0;
        int digits = 0;

        while (at < len && hex_digit(text[at]) >= 0 && digits < 5) {
            value = value << 4 | (unsigned)hex_digit(text[at++]);
            digits++;
        }
        if (at < len && text[at] == '.') {
            if (n > 12 || !parse_ip4(text + group, len - group, head + n))
                return false;
            n += 4;
            at = len;
            break;
        }
        if (!digits || digits > 4)
            return false;
        head[n++] = (uint8_t)(value >> 8);
        head[n++] = (uint8_t)value;
        if (at == len)
            break;
        if (text[at++] != ':')
            return false;
        if (at < len && text[at] == ':') {
            if (gap != 17)
                return false;
            gap = n;
            at++;
        } else if (at == len) {
            return false;
        }
    }
    if (at != len || (gap == 17 ? n != 16 : n > 14))
        return false;
    memset(out, 0, 16);
    if (gap == 17) {
        memcpy(out, head, 16);
    } else {
        memcpy(out, head, gap);
        memcpy(out + 16 - (n - gap), head + gap, n - gap);
    }
    return true;
}

enum omsp_status omsp_addr_parse(const char *text, struct omsp_addr *out)
{
    struct omsp_addr addr;
    const char *end;

    memset(&addr, 0, sizeof(addr));
    if (!text || !out)
        return OMSP_INVALID;
    if (text[0] == '[') {
        end = strchr(text, ']');
        if (!end || !parse_ip6(text + 1, (size_t)(end - text - 1), addr.ip))
            return OMSP_INVALID;
        addr.family = 6;
        end++;
        if (*end && (*end != ':' || !parse_port(end + 1, &addr.port)))
            return OMSP_INVALID;
    } else if (strchr(text, ':') && strchr(strchr(text, ':') + 1, ':')) {
        if (!parse_ip6(text, strlen(text), addr.ip))
            return OMSP_INVALID;
        addr.family = 6;
    } else {
        end = strchr(text, ':');
        if (!parse_ip4(text, end ? (size_t)(end - text) : strlen(text), addr.ip))
            return OMSP_INVALID;
        addr.family = 4;
        if (end && !parse_port(end + 1, &addr.port))
            return OMSP_INVALID;
    }
    *out = addr;
    return OMSP_OK;
}

/* RFC 5952: lower case, the longest run of zero groups shortened; an IPv4-mapped address shows the
 * IPv4 one. */
static void ip6_text(const uint8_t ip[16], char *out, size_t room)
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    int best = -1, best_len = 1;
    size_t at = 0;

    if (memcmp(ip, mapped, sizeof(mapped)) == 0) {
        snprintf(out, room, "::ffff:%u.%u.%u.%u", ip[12], ip[13], ip[14], ip[15]);
        return;
    }
    for (int i = 0; i < 8;) {
        int run = 0;

        while (i + run < 8 && !ip[2 * (i + run)] && !ip[2 * (i + run) + 1])
            run++;
        if (run > best_len) {
            best = i;
            best_len = run;
        }
        i += run ? run : 1;
    }
    if (room)
        out[0] = '\0';
    for (int i = 0; i < 8 && at < room;) {
        int n;

        if (i == best) {
            n = snprintf(out + at, room - at, "::");
            i += best_len;
        } else {
            const char *colon = (i && i != best + best_len) || (i && best < 0) ? ":" : "";

            n = snprintf(out + at, room - at, "%s%x", colon,
                         (unsigned)ip[2 * i] << 8 | ip[2 * i + 1]);
            i++;
        }
        at += n > 0 ? (size_t)n : 0;
    }
}

void omsp_addr_ip_text(const struct omsp_addr *addr, char *out, size_t room)
{
    if (!room)
        return;
    if (addr->family == 4)
        snprintf(out, room, "%u.%u.%u.%u", addr->ip[0], addr->ip[1], addr->ip[2], addr->ip[3]);
    else if (addr->family == 6)
        ip6_text(addr->ip, out, room);
    else
        out[0] = '\0';
}

void omsp_addr_text(const struct omsp_addr *addr, char *out, size_t room)
{
    char ip[48];

    if (!addr->family) {
        omsp_addr_ip_text(addr, out, room);
        return;
    }
    omsp_addr_ip_text(addr, ip, sizeof(ip));
    snprintf(out, room, addr->family == 6 ? "[%s]:%u" : "%s:%u", ip, (unsigned)addr->port);
}

bool omsp_addr_same_ip(const struct omsp_addr *a, const struct omsp_addr *b)
{
    return a->family == b->family && memcmp(a->ip, b->ip, sizeof(a->ip)) == 0;
}

bool omsp_addr_equal(const struct omsp_addr *a, const struct omsp_addr *b)
{
    return omsp_addr_same_ip(a, b) && a->port == b->port;
}
