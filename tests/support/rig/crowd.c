/* The laws of media streams, from the consumer's side (spec twilio-streams 2.2 to 2.4). */
#include "support/crowd.h"

#include "base/bytes.h"
#include "port/crypto.h"
#include "wire/base64.h"
#include "wire/websocket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void wrong(struct crowd_member *member, const char *what, uint64_t got, uint64_t wanted)
{
    if (!member->wrong[0])
        snprintf(member->wrong, sizeof(member->wrong), "%s: %llu, not %llu", what,
                 (unsigned long long)got, (unsigned long long)wanted);
}

/* The value behind "name":" as a number. */
static uint64_t number(struct crowd_member *member, const char *text, const char *name)
{
    char pattern[64];
    const char *at;

    snprintf(pattern, sizeof(pattern), "\"%s\":\"", name);
    at = strstr(text, pattern);
    if (!at) {
        wrong(member, name, 0, 1);
        return 0;
    }
    return strtoull(at + strlen(pattern), NULL, 10);
}

static void take_media(struct crowd_member *member, const char *text)
{
    int track = strstr(text, "\"track\":\"outbound\"") != NULL;
    uint64_t chunk = number(member, text, "chunk"), timestamp = number(member, text, "timestamp");

    if (chunk != ++member->chunk[track])
        wrong(member, "chunk", chunk, member->chunk[track]);
    if (timestamp % 20)
        wrong(member, "timestamp's grid", timestamp % 20, 0);
    if (!member->media[track]++)
        member->first[track] = timestamp;
    else if (timestamp < member->timestamp[track] + 20)
        wrong(member, "timestamp", timestamp, member->timestamp[track] + 20);
    else
        member->lost_ms += timestamp - member->timestamp[track] - 20;
    member->timestamp[track] = timestamp;
}

static void take_message(struct crowd_member *member, const char *text)
{
    static const char event[] = "{\"event\":\"";
    const char *kind = text + sizeof(event) - 1;
    uint64_t sequence;

    if (strncmp(text, event, sizeof(event) - 1) != 0)
        wrong(member, "no event", 0, 0);
    if (member->stopped)
        wrong(member, "messages behind stop", 1, 0);
    if (!strncmp(kind, "connected\"", 10)) {
        if (member->connected++)
            wrong(member, "connected", member->connected, 1);
        return;
    }
    sequence = number(member, text, "sequenceNumber");
    if (sequence != ++member->sequence)
        wrong(member, "sequenceNumber", sequence, member->sequence);
    if (!strncmp(kind, "start\"", 6)) {
        if (member->started++ || !member->connected)
            wrong(member, "start", member->started, 1);
    } else if (!strncmp(kind, "media\"", 6)) {
        if (!member->started)
            wrong(member, "media before start", 1, 0);
        take_media(member, text);
    } else if (!strncmp(kind, "stop\"", 5)) {
        member->stopped++;
    } else {
        member->others++;
    }
}

static size_t upgrade(struct crowd_member *member, char *reply, size_t room)
{
    static const char name[] = "sec-websocket-key: ";
    char key[OMSP_WS_KEY_CHARS + 1] = "", input[61], accept[64] = "";
    uint8_t digest[OMSP_SHA1_BYTES];
    const char *text = (const char *)member->bytes, *at = NULL;

    if (!strstr(text, "\r\n\r\n"))
        return 0;
    for (const char *p = text; *p && !at; p++) {
        size_t i = 0;

        while (name[i] && (p[i] | 32) == (name[i] | 32))
            i++;
        if (!name[i])
            at = p + i;
    }
    if (!at) {
        wrong(member, "no key", 0, 1);
        return 0;
    }
    memcpy(key, at, OMSP_WS_KEY_CHARS);
    omsp_ws_accept_input(key, input);
    omsp_sha1(input, strlen(input), digest);
    omsp_base64_encode(accept, digest, sizeof(digest));
    member->upgraded = true;
    member->len = 0;
    return (size_t)snprintf(reply, room,
                            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                            "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                            accept);
}

/* A frame from the front: its length, 0: more is needed. */
static size_t take_frame(struct crowd_member *member, char *reply, size_t *replied)
{
    uint8_t *p = member->bytes;
    size_t header = 6, len;
    uint8_t saved;

    if (member->len < 6)
        return 0;
    if (!(p[0] & 0x80) || !(p[1] & 0x80))
        wrong(member, "fragmented or not masked", p[0], p[1]);
    len = p[1] & 127;
    if (len == 126) {
        len = omsp_be16(p + 2);
        header = 8;
    }
    if (member->len < header + len)
        return 0;
    omsp_ws_mask(p + header, len, p + header - 4);
    saved = p[header + len];
    p[header + len] = 0;
    if ((p[0] & 15) == OMSP_WS_TEXT) {
        take_message(member, (const char *)p + header);
    } else if (((p[0] & 15) == OMSP_WS_CLOSE || (p[0] & 15) == OMSP_WS_PING) && len < 126) {
        reply[*replied] = (char)(0x80 | ((p[0] & 15) == OMSP_WS_CLOSE ? 8 : 10));
        reply[*replied + 1] = (char)len;
        memcpy(reply + *replied + 2, p + header, len);
        *replied += len + 2;
        member->closed |= (p[0] & 15) == OMSP_WS_CLOSE;
    }
    p[header + len] = saved;
    return header + len;
}

size_t crowd_take(struct crowd_member *member, const void *data, size_t len, char *reply,
                  size_t room)
{
    const uint8_t *from = data;
    size_t replied = 0, used;

    while (len && !member->closed) {
        size_t take = sizeof(member->bytes) - 1 - member->len;

        take = take < len ? take : len;
        if (!take) {
            wrong(member, "a message of bytes", member->len, 0);
            break;
        }
        memcpy(member->bytes + member->len, from, take);
        member->len += take;
        member->bytes[member->len] = 0;
        from += take;
        len -= take;
        if (!member->upgraded) {
            replied += upgrade(member, reply, room);
            continue;
        }
        while (!member->closed && replied + 130 < room &&
               (used = take_frame(member, reply, &replied)) > 0) {
            member->len -= used;
            memmove(member->bytes, member->bytes + used, member->len);
        }
    }
    return replied;
}

const char *crowd_verdict(const struct crowd_member *member)
{
    if (member->wrong[0])
        return member->wrong;
    if (member->connected != 1 || member->started != 1)
        return "not started once";
    if (member->stopped != 1 || !member->closed)
        return "not stopped once";
    return NULL;
}
