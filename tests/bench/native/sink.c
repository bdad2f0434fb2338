/* See sink.h. It reads and forgets; what it costs is nobody's. */
#include "bench/native/sink.h"

#include "port/crypto.h"
#include "wire/base64.h"
#include "wire/websocket.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static void die(const char *what)
{
    perror(what);
    exit(2);
}

struct sockaddr_in bench_sink_addr(uint16_t port)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(port)};

    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return addr;
}

void bench_sink_upgrade(int fd, char *request)
{
    char input[61], accepted[64] = "", reply[256];
    char *key = strcasestr(request, "sec-websocket-key:");
    uint8_t sum[OMSP_SHA1_BYTES];
    int len;

    if (!key)
        return;
    key += strlen("sec-websocket-key:");
    key += strspn(key, " ");
    key[strcspn(key, "\r\n")] = 0;
    omsp_ws_accept_input(key, input);
    omsp_sha1(input, strlen(input), sum);
    omsp_base64_encode(accepted, sum, sizeof(sum));
    accepted[OMSP_BASE64_CHARS(OMSP_SHA1_BYTES)] = 0;
    len = snprintf(reply, sizeof(reply),
                   "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                   "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                   accepted);
    if (send(fd, reply, (size_t)len, MSG_NOSIGNAL) != len)
        die("the upgrade's answer");
}

void bench_sink_run(uint16_t port, int fd)
{
    static char data[65537];
    struct sockaddr_in addr = bench_sink_addr(port);
    struct epoll_event events[64], watch = {.events = EPOLLIN};
    int epoll = epoll_create1(EPOLL_CLOEXEC), listener, on = 1;
    uint64_t ready = 1;

    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(listener, (struct sockaddr *)&addr, sizeof(addr)) || listen(listener, 1024))
        die("the sink's port");
    watch.data.fd = listener;
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &watch);
    if (write(fd, &ready, sizeof(ready)) != sizeof(ready))
        return;
    for (;;) {
        int count = epoll_wait(epoll, events, 64, -1);

        for (int e = 0; e < count; e++) {
            int sock = events[e].data.fd;
            ssize_t got;

            if (sock == listener) {
                watch.data.fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
                epoll_ctl(epoll, EPOLL_CTL_ADD, watch.data.fd, &watch);
                continue;
            }
            got = recv(sock, data, sizeof(data) - 1, 0);
            if (got <= 0) {
                close(sock);
                continue;
            }
            data[got] = 0;
            if (got > 4 && !memcmp(data, "GET ", 4))
                bench_sink_upgrade(sock, data);
        }
    }
}
