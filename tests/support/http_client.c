/* The byte-level HTTP client of tests. One thread's at a time. */
#include "support/http_client.h"

#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef _WIN32
#include <winsock2.h>
#include <ws2tcpip.h>
#define NO_SIGNAL 0
#else
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#define NO_SIGNAL      MSG_NOSIGNAL
#define closesocket(s) close(s)
#endif

bool http_open_from(struct http_client *client, const char *address, const uint8_t from[4])
{
    struct sockaddr_in to = {0}, at = {0};
    const char *colon = strchr(address, ':');
#ifdef _WIN32
    WSADATA data;
    DWORD limit = 10000;
    SOCKET made;

    ck_assert_int_eq(WSAStartup(MAKEWORD(2, 2), &data), 0);
#else
    struct timeval limit = {10, 0};
    int made;
#endif
    memset(client, 0, sizeof(*client));
    ck_assert_ptr_nonnull(colon);
    to.sin_family = at.sin_family = AF_INET;
    to.sin_port = htons((uint16_t)atoi(colon + 1));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    made = socket(AF_INET, SOCK_STREAM, 0);
    client->socket = (intptr_t)made;
    if (client->socket == -1)
        return false;
    setsockopt(made, SOL_SOCKET, SO_RCVTIMEO, (const void *)&limit, sizeof(limit));
    setsockopt(made, SOL_SOCKET, SO_SNDTIMEO, (const void *)&limit, sizeof(limit));
    if (from[0]) {
        memcpy(&at.sin_addr, from, 4);
#ifdef IP_BIND_ADDRESS_NO_PORT
        { /* the port is chosen at connect: one address has as many as there are to each server */
            int one = 1;

            setsockopt(made, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
        }
#endif
        if (bind(made, (struct sockaddr *)&at, sizeof(at)) != 0)
            return false;
    }
    return connect(made, (struct sockaddr *)&to, sizeof(to)) == 0;
}

void http_open(struct http_client *client, const char *address)
{
    static const uint8_t any[4];

    ck_assert(http_open_from(client, address, any));
}

bool http_has_ended(struct http_client *client)
{
    char unread[512];
    long got;

#ifdef _WIN32
    u_long one = 1, none = 0;

    ioctlsocket(client->socket, (long)FIONBIO, &one);
    while ((got = recv(client->socket, unread, sizeof(unread), 0)) > 0)
        ;
    got = got < 0 && WSAGetLastError() == WSAEWOULDBLOCK ? 1 : got;
    ioctlsocket(client->socket, (long)FIONBIO, &none);
#else
    while ((got = recv(client->socket, unread, sizeof(unread), MSG_DONTWAIT)) > 0)
        ;
    got = got < 0 && errno == EAGAIN ? 1 : got;
#endif
    return got <= 0;
}

uint16_t http_mute_server(intptr_t *out)
{
    struct sockaddr_in at = {0};
    socklen_t len = sizeof(at);

    *out = (intptr_t)socket(AF_INET, SOCK_STREAM, 0);
    ck_assert(*out != -1);
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ck_assert_int_eq(bind(*out, (struct sockaddr *)&at, sizeof(at)), 0);
    ck_assert_int_eq(listen(*out, 16), 0);
    ck_assert_int_eq(getsockname(*out, (struct sockaddr *)&at, &len), 0);
    return ntohs(at.sin_port);
}

void http_mute_close(intptr_t socket_)
{
    closesocket(socket_);
}

void http_close(struct http_client *client)
{
    closesocket(client->socket);
    free(client->bytes);
    client->bytes = NULL;
}

bool http_send(struct http_client *client, const void *bytes, size_t len)
{
    const char *p = bytes;

    while (len) {
        long sent = (long)send(client->socket, p, (int)len, NO_SIGNAL);

        if (sent <= 0)
            return false;
        p += sent;
        len -= (size_t)sent;
    }
    return true;
}

bool http_puts(struct http_client *client, const char *text)
{
    return http_send(client, text, strlen(text));
}

/* False at the end of the connection or of our patience. */
static bool read_more(struct http_client *client)
{
    long got;

    if (client->room - client->len < 4097) {
        client->room = client->room ? 2 * client->room : 16384;
        client->bytes = realloc(client->bytes, client->room);
        ck_assert_ptr_nonnull(client->bytes);
    }
    got = (long)recv(client->socket, client->bytes + client->len, 4096, 0);
    if (got <= 0) {
#ifdef _WIN32
        client->ended = got == 0 || WSAGetLastError() != WSAETIMEDOUT;
#else
        client->ended = got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
#endif
        return false;
    }
    client->len += (size_t)got;
    client->bytes[client->len] = 0;
    return true;
}

static char *copy_of(const char *bytes, size_t len)
{
    char *copy = malloc(len + 1);

    ck_assert_ptr_nonnull(copy);
    memcpy(copy, bytes, len);
    copy[len] = 0;
    return copy;
}

/* The value of the line with this name in head; *len its length. */
static const char *find(const char *head, const char *name, size_t *len)
{
    size_t name_len = strlen(name);

    for (const char *line = strstr(head, "\r\n"); line; line = strstr(line + 2, "\r\n")) {
        const char *value = line + 2 + name_len;

        if (strncmp(line + 2, name, name_len) != 0 || *value != ':')
            continue;
        value += 1 + strspn(value + 1, " ");
        *len = strcspn(value, "\r");
        return value;
    }
    return NULL;
}

bool http_has(const struct http_answer *answer, const char *name, const char *value)
{
    size_t len;
    const char *found = find(answer->head, name, &len);

    return found && (!value || (strlen(value) == len && memcmp(found, value, len) == 0));
}

bool http_read(struct http_client *client, struct http_answer *answer, bool no_body)
{
    char *end;
    const char *length;
    size_t head, body = 0, unused;

    memset(answer, 0, sizeof(*answer));
    while (!client->len || !(end = strstr(client->bytes, "\r\n\r\n")))
        if (!read_more(client))
            return false;
    head = (size_t)(end - client->bytes) + 4;
    answer->head = copy_of(client->bytes, head);
    ck_assert_int_eq(sscanf(answer->head, "HTTP/1.%*d %d", &answer->status), 1);
    length = find(answer->head, "Content-Length", &unused);
    if (length && !no_body && answer->status != 204)
        body = (size_t)strtoul(length, NULL, 10);
    while (client->len < head + body)
        if (!read_more(client)) {
            http_free(answer);
            return false;
        }
    answer->body = copy_of(client->bytes + head, body);
    answer->body_len = body;
    client->len -= head + body;
    memmove(client->bytes, client->bytes + head + body, client->len);
    client->bytes[client->len] = 0;
    return true;
}

void http_free(struct http_answer *answer)
{
    free(answer->head);
    free(answer->body);
    memset(answer, 0, sizeof(*answer));
}

bool http_ends(struct http_client *client)
{
    while (read_more(client))
        ;
    return client->ended;
}
