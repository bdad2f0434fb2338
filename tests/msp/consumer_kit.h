/*
 * A WebSocket consumer of media streams in the test's own process: a thread with a plain Winsock
 * socket that answers upgrades and keeps the messages of one connection after another.
 */
#ifndef OMSP_TESTS_MSP_CONSUMER_KIT_H
#define OMSP_TESTS_MSP_CONSUMER_KIT_H

#include <winsock2.h>

#include "msp/media_kit.h"

#include "port/crypto.h"
#include "wire/base64.h"
#include "wire/websocket.h"

#include <ws2tcpip.h>

#define CONSUMER_WAIT_MS  20000
#define CONSUMER_MESSAGES 2048

struct consumer {
    SOCKET listener;
    WCHAR url[64]; /* ws://127.0.0.1:PORT/listen */
    HANDLE thread;
    _Atomic(LONG) quit;
    _Atomic(LONG) drop;   /* hang up without a word: the end of TCP, and what came is read */
    _Atomic(LONG) refuse; /* answer 403 */
    volatile LONG connections, closes;
    SRWLOCK lock;
    char request[8192]; /* of the last upgrade */
    char *messages[CONSUMER_MESSAGES];
    unsigned count;
};

static inline void consumer_keep(struct consumer *consumer, const uint8_t *text, size_t len)
{
    AcquireSRWLockExclusive(&consumer->lock);
    if (consumer->count < CONSUMER_MESSAGES) {
        char *copy = malloc(len + 1);

        memcpy(copy, text, len);
        copy[len] = 0;
        consumer->messages[consumer->count++] = copy;
    }
    ReleaseSRWLockExclusive(&consumer->lock);
}

/* Some bytes, or what ends it: 0. Looks up now and then. */
static inline int consumer_receive(struct consumer *consumer, SOCKET socket, void *out, int room)
{
    for (;;) {
        fd_set set;
        struct timeval wait = {0, 20000};

        if (consumer->quit || consumer->drop)
            return 0;
        FD_ZERO(&set);
        FD_SET(socket, &set);
        if (select(0, &set, NULL, NULL, &wait) > 0)
            return recv(socket, out, room, 0);
    }
}

static inline bool consumer_upgrade(struct consumer *consumer, SOCKET socket)
{
    static const char name[] = "sec-websocket-key: ";
    char request[8192], input[61], accept[OMSP_WS_ACCEPT_CHARS + 1] = "", reply[256];
    char key[OMSP_WS_KEY_CHARS + 1] = "";
    uint8_t digest[OMSP_SHA1_BYTES];
    const char *at = NULL;
    int len = 0, got;

    request[0] = 0;
    while (!strstr(request, "\r\n\r\n")) {
        got = consumer_receive(consumer, socket, request + len, (int)sizeof(request) - 1 - len);
        if (got <= 0)
            return false;
        len += got;
        request[len] = 0;
    }
    for (const char *p = request; *p && !at; p++)
        if (!_strnicmp(p, name, sizeof(name) - 1))
            at = p + sizeof(name) - 1;
    if (!at)
        return false;
    AcquireSRWLockExclusive(&consumer->lock);
    memcpy(consumer->request, request, sizeof(request));
    ReleaseSRWLockExclusive(&consumer->lock);
    memcpy(key, at, OMSP_WS_KEY_CHARS);
    omsp_ws_accept_input(key, input);
    omsp_sha1(input, strlen(input), digest);
    omsp_base64_encode(accept, digest, sizeof(digest));
    if (consumer->refuse)
        snprintf(reply, sizeof(reply), "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    else
        snprintf(reply, sizeof(reply),
                 "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                 "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                 accept);
    send(socket, reply, (int)strlen(reply), 0);
    return !consumer->refuse;
}

/* One frame from bytes[0..len): its length, 0: more is needed. *over after a close frame. */
static inline size_t consumer_frame(struct consumer *consumer, SOCKET socket, uint8_t *bytes,
                                    size_t len, bool *over)
{
    size_t header = 6, payload;

    if (len < 6)
        return 0;
    payload = bytes[1] & 127;
    if (payload == 126) {
        header = 8;
        payload = (size_t)bytes[2] << 8 | bytes[3];
    }
    if (len < header + payload)
        return 0;
    omsp_ws_mask(bytes + header, payload, bytes + header - 4);
    if ((bytes[0] & 15) == OMSP_WS_TEXT) {
        consumer_keep(consumer, bytes + header, payload);
    } else if ((bytes[0] & 15) == OMSP_WS_CLOSE) {
        char answer[4] = {(char)0x88, 2, (char)bytes[header], (char)bytes[header + 1]};

        InterlockedIncrement(&consumer->closes);
        send(socket, answer, payload >= 2 ? 4 : 0, 0);
        *over = true;
    }
    return header + payload;
}

/* Closing with bytes unread would be a reset. */
static inline void consumer_drop(struct consumer *consumer, SOCKET socket)
{
    char lost[4096];
    fd_set set;

    shutdown(socket, SD_SEND);
    while (!consumer->quit) {
        struct timeval wait = {0, 20000};

        FD_ZERO(&set);
        FD_SET(socket, &set);
        if (select(0, &set, NULL, NULL, &wait) > 0 && recv(socket, lost, sizeof(lost), 0) <= 0)
            return;
    }
}

static inline void consumer_connection(struct consumer *consumer, SOCKET socket)
{
    static uint8_t bytes[1 << 16];
    size_t len = 0;
    bool over = false;

    if (!consumer_upgrade(consumer, socket))
        return;
    InterlockedIncrement(&consumer->connections);
    while (!over) {
        int got = consumer_receive(consumer, socket, bytes + len, (int)(sizeof(bytes) - len));
        size_t used;

        if (got <= 0) {
            if (consumer->drop)
                consumer_drop(consumer, socket);
            return;
        }
        len += (size_t)got;
        while (!over && (used = consumer_frame(consumer, socket, bytes, len, &over)) > 0) {
            memmove(bytes, bytes + used, len - used);
            len -= used;
        }
    }
}

static DWORD WINAPI consumer_run(void *ctx)
{
    struct consumer *consumer = ctx;

    while (!consumer->quit) {
        fd_set set;
        struct timeval wait = {0, 20000};
        SOCKET socket;

        FD_ZERO(&set);
        FD_SET(consumer->listener, &set);
        if (select(0, &set, NULL, NULL, &wait) <= 0)
            continue;
        socket = accept(consumer->listener, NULL, NULL);
        if (socket == INVALID_SOCKET)
            continue;
        consumer_connection(consumer, socket);
        closesocket(socket);
    }
    return 0;
}

static inline void consumer_begin(struct consumer *consumer)
{
    struct sockaddr_in addr = {.sin_family = AF_INET};
    WSADATA data;
    USHORT port = (USHORT)(21000 + GetCurrentProcessId() % 1000);

    memset(consumer, 0, sizeof(*consumer));
    InitializeSRWLock(&consumer->lock);
    ck_assert_int_eq(WSAStartup(MAKEWORD(2, 2), &data), 0);
    consumer->listener = socket(AF_INET, SOCK_STREAM, 0);
    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    do {
        ck_assert_uint_lt(port, 32000);
        addr.sin_port = htons(++port);
    } while (bind(consumer->listener, (struct sockaddr *)&addr, sizeof(addr)));
    ck_assert_int_eq(listen(consumer->listener, 8), 0);
    _snwprintf(consumer->url, 64, L"ws://127.0.0.1:%u/listen", port);
    consumer->thread = CreateThread(NULL, 0, consumer_run, consumer, 0, NULL);
    ck_assert_ptr_nonnull(consumer->thread);
}

static inline void consumer_end(struct consumer *consumer)
{
    consumer->quit = 1;
    ck_assert_uint_eq(WaitForSingleObject(consumer->thread, CONSUMER_WAIT_MS), WAIT_OBJECT_0);
    CloseHandle(consumer->thread);
    closesocket(consumer->listener);
    for (unsigned i = 0; i < consumer->count; i++)
        free(consumer->messages[i]);
    WSACleanup();
}

/* How many messages so far contain text. */
static inline unsigned consumer_count(struct consumer *consumer, const char *text)
{
    unsigned count = 0;

    AcquireSRWLockShared(&consumer->lock);
    for (unsigned i = 0; i < consumer->count; i++)
        count += strstr(consumer->messages[i], text) != NULL;
    ReleaseSRWLockShared(&consumer->lock);
    return count;
}

static inline void consumer_await(struct consumer *consumer, const char *text, unsigned count)
{
    ULONGLONG give_up = GetTickCount64() + CONSUMER_WAIT_MS;

    while (consumer_count(consumer, text) < count) {
        ck_assert_msg(GetTickCount64() < give_up, "%u messages with %s, not %u",
                      consumer_count(consumer, text), text, count);
        SwitchToThread();
    }
}

#endif
