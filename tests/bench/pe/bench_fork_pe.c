/*
 * A media frame to a consumer as a Windows program (spec performance 3, "PE fork under Wine"): made
 * and sent through port/tcp.h against bare send() of as many bytes that lie ready; then with the
 * datagram that it came in received through port/net.h, against bare recv() and send(), and beside
 * it against what waiting for many sockets costs at the least, a bare receive at a completion port.
 * One process; a thread reads and forgets, and costs both sides the same. Windows only; pinned by
 * the script.
 */
#include <winsock2.h>

#include "bench/compare.h"

#include "port/ports.h"
#include "wire/media_stream.h"

#include <ws2tcpip.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRAME = 386, PACKET = 172 };

static const struct omsp_ports *ports;
static SOCKET listener, bare_stream, bare_in, sender;
static struct sockaddr_in listener_addr, bare_addr, our_addr;

static struct {
    struct omsp_tcp_loop *loop;
    struct omsp_tcp *tcp;
    struct omsp_net_loop *net;
    struct omsp_udp *udp;
    struct omsp_ms_template template;
    uint64_t sequence, forwarded;
    volatile LONG open;
} ours;

static void die(const char *what)
{
    fprintf(stderr, "%s failed\n", what);
    exit(1);
}

/* ---- who reads --------------------------------------------------------------------------------
 */

static DWORD WINAPI forget(void *ctx)
{
    SOCKET sock = (SOCKET)(ULONG_PTR)ctx;
    static char data[65536];

    while (recv(sock, data, sizeof(data), 0) > 0)
        ;
    return 0;
}

static DWORD WINAPI serve(void *ctx)
{
    SOCKET sock;

    (void)ctx;
    while ((sock = accept(listener, NULL, NULL)) != INVALID_SOCKET)
        CloseHandle(CreateThread(NULL, 0, forget, (void *)(ULONG_PTR)sock, 0, NULL));
    return 0;
}

static SOCKET bound(int type, struct sockaddr_in *addr)
{
    SOCKET sock = socket(AF_INET, type, 0);
    int len = sizeof(*addr);

    memset(addr, 0, sizeof(*addr));
    addr->sin_family = AF_INET;
    addr->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (sock == INVALID_SOCKET || bind(sock, (struct sockaddr *)addr, sizeof(*addr)) ||
        getsockname(sock, (struct sockaddr *)addr, &len))
        die("a socket");
    return sock;
}

/* ---- ours --------------------------------------------------------------------------------------
 */

static void on_open(void *owner)
{
    (void)owner;
    InterlockedExchange(&ours.open, 1);
}

static void on_end(void *owner, enum omsp_tcp_end end)
{
    (void)owner;
    (void)end;
    die("the connection");
}

static void on_bytes(void *owner, const uint8_t *data, size_t len, uint64_t now_us)
{
    (void)owner;
    (void)data;
    (void)len;
    (void)now_us;
}

static void on_room(void *owner)
{
    (void)owner;
}

static void send_frame(const uint8_t *payload)
{
    static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
    struct omsp_ms_media media = {OMSP_MS_TRACK_INBOUND, ++ours.sequence, ours.sequence,
                                  ours.sequence * 20, omsp_span(payload, 160)};
    uint8_t out[OMSP_MS_MEDIA_MAX];
    size_t len = omsp_ms_put_media(&ours.template, &media, mask, out), sent = 0;

    /* What finds no room is dropped here on both sides alike. */
    if (ours.tcp->loop->send(ours.tcp, out, len, &sent))
        die("our send");
}

static void on_datagram(void *owner, struct omsp_udp *udp, const struct omsp_addr *from,
                        const uint8_t *data, size_t len, uint64_t now_us)
{
    (void)owner;
    (void)udp;
    (void)from;
    (void)now_us;
    if (len == PACKET)
        send_frame(data + 12);
    ours.forwarded++;
}

static DWORD WINAPI run_loop(void *ctx)
{
    (void)ctx;
    for (;;)
        ours.loop->wait(ours.loop, UINT64_MAX);
    return 0;
}

static void open_ours(void)
{
    struct omsp_tcp init = {
        .on_open = on_open, .on_data = on_bytes, .on_writable = on_room, .on_end = on_end};
    struct omsp_tcp_target target = {
        .host = "127.0.0.1", .port = ntohs(listener_addr.sin_port), .timeout_ms = 10000};
    struct omsp_udp udp = {.on_datagram = on_datagram};
    struct omsp_addr local;

    omsp_ms_template_init(&ours.template, "MZ0123456789abcdef0123456789abcdef");
    ours.sequence = 1000;
    if (ports->tcp_loop_create(ports->ctx, &ours.loop) ||
        ours.loop->dial(ours.loop, &init, &target, &ours.tcp))
        die("dialling");
    CloseHandle(CreateThread(NULL, 0, run_loop, NULL, 0, NULL));
    while (!ours.open)
        SwitchToThread();
    omsp_addr_parse("127.0.0.1", &local);
    if (ports->loop_create(ports->ctx, &ours.net) ||
        ours.net->open(ours.net, &udp, &local, &ours.udp))
        die("our socket");
    our_addr = bare_addr;
    our_addr.sin_port = htons(local.port);
}

static void ours_send(void *ctx, size_t times)
{
    static uint8_t payload[160];

    (void)ctx;
    while (times--)
        send_frame(payload);
}

static void ours_forward(void *ctx, size_t times)
{
    static char packet[PACKET] = "\x80";

    (void)ctx;
    while (times--) {
        uint64_t next = ours.forwarded + 1;

        sendto(sender, packet, PACKET, 0, (struct sockaddr *)&our_addr, sizeof(our_addr));
        while (ours.forwarded < next)
            ours.net->wait(ours.net, UINT64_MAX);
    }
}

/* ---- the limit ---------------------------------------------------------------------------------
 */

static void bare_send(void *ctx, size_t times)
{
    static char ready[FRAME];

    (void)ctx;
    while (times--)
        send(bare_stream, ready, FRAME, 0);
}

static void bare_forward(void *ctx, size_t times)
{
    static char packet[PACKET] = "\x80", got[2048];

    (void)ctx;
    while (times--) {
        sendto(sender, packet, PACKET, 0, (struct sockaddr *)&bare_addr, sizeof(bare_addr));
        if (recv(bare_in, got, sizeof(got), 0) != PACKET)
            die("a bare recv");
        bare_send(NULL, 1);
    }
}

/* As above, but a receive is asked for before the datagram comes and ends at a completion port. */
static struct {
    SOCKET in;
    HANDLE port;
    struct sockaddr_in addr;
    OVERLAPPED receive;
    char data[2048];
} at_port;

static void ask_at_port(void)
{
    WSABUF room = {sizeof(at_port.data), at_port.data};
    DWORD flags = 0;

    memset(&at_port.receive, 0, sizeof(at_port.receive));
    if (WSARecvFrom(at_port.in, &room, 1, NULL, &flags, NULL, NULL, &at_port.receive, NULL) &&
        WSAGetLastError() != WSA_IO_PENDING)
        die("asking at a port");
}

static void open_port(void)
{
    at_port.in = bound(SOCK_DGRAM, &at_port.addr);
    at_port.port = CreateIoCompletionPort((HANDLE)at_port.in, NULL, 1, 1);
    if (!at_port.port)
        die("a port");
    ask_at_port();
}

static void port_forward(void *ctx, size_t times)
{
    static char packet[PACKET] = "\x80";

    (void)ctx;
    while (times--) {
        OVERLAPPED *done;
        ULONG_PTR key;
        DWORD len;

        sendto(sender, packet, PACKET, 0, (struct sockaddr *)&at_port.addr, sizeof(at_port.addr));
        if (!GetQueuedCompletionStatus(at_port.port, &len, &key, &done, INFINITE) || len != PACKET)
            die("a receive at a port");
        bare_send(NULL, 1);
        ask_at_port();
    }
}

int main(void)
{
    struct sockaddr_in any;
    WSADATA data;
    BOOL on = TRUE;

    WSAStartup(MAKEWORD(2, 2), &data);
    ports = omsp_system_ports();
    listener = bound(SOCK_STREAM, &listener_addr);
    if (listen(listener, 8))
        die("listening");
    CloseHandle(CreateThread(NULL, 0, serve, NULL, 0, NULL));
    bare_stream = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(bare_stream, (struct sockaddr *)&listener_addr, sizeof(listener_addr)))
        die("connecting");
    setsockopt(bare_stream, IPPROTO_TCP, TCP_NODELAY, (char *)&on, sizeof(on));
    bare_in = bound(SOCK_DGRAM, &bare_addr);
    sender = bound(SOCK_DGRAM, &any);
    open_ours();
    omsp_bench_compare(&(struct omsp_bench){.name = "pe-fork-send",
                                            .ours = {"ours", ours_send, NULL},
                                            .limit = {"bare send", bare_send, NULL},
                                            .times_limit = 1.02});
    omsp_bench_compare(&(struct omsp_bench){.name = "pe-fork-receive-send",
                                            .ours = {"ours", ours_forward, NULL},
                                            .limit = {"bare recv + send", bare_forward, NULL},
                                            .times_limit = 1.02});
    open_port();
    omsp_bench_compare(
        &(struct omsp_bench){.name = "pe-fork-receive-send-port",
                             .ours = {"ours", ours_forward, NULL},
                             .limit = {"bare completion port + send", port_forward, NULL},
                             .times_limit = 1.02});
    return 0;
}
