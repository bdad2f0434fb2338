/*
 * libwebsockets as a peer, a program of its own: it sends what ours sends, the way its manual has
 * it (lws_write from the writable callback), over its plugin for libev, which serves many
 * connections better than its own poll().
 *
 *   lws_peer send PORT CONNECTIONS                    a byte on standard input: so many rounds
 *   lws_peer relay PORT CONNECTIONS FIRST ADDRESS     RTP in on every second port; a byte asks
 *
 * Standard output: "ready", then eight bytes for each byte of input, the number of frames sent.
 * One thread.
 */
#include <libwebsockets.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TICK_US = 20000, BEAT_US = 50000, PAYLOAD = 160, TEXT_MAX = 512, KEPT = 16 };

struct connection {
    struct lws *ws;
    unsigned kept, next; /* payloads that wait for the callback */
    uint8_t payload[KEPT][PAYLOAD];
    uint64_t sequence;
};

static struct connection *connections;
static struct lws_context *context;
static struct lws_vhost *vhost;
static lws_sorted_usec_list_t tick, beat;
static unsigned count, opened, rounds_left, port;
static uint64_t sent;
static int first_port;
static const char *relay_address;

static void die(const char *what)
{
    fprintf(stderr, "%s failed\n", what);
    exit(2);
}

static void answer(uint64_t value)
{
    if (write(1, &value, sizeof(value)) != sizeof(value))
        exit(0);
}

static void keep(struct connection *connection, const uint8_t *payload)
{
    if (connection->kept == KEPT)
        return;
    memcpy(connection->payload[(connection->next + connection->kept++) % KEPT], payload, PAYLOAD);
    lws_callback_on_writable(connection->ws);
}

static void send_kept(struct connection *connection)
{
    unsigned char text[LWS_PRE + TEXT_MAX];
    char base64[PAYLOAD * 4 / 3 + 8];
    int len;

    if (!connection->kept)
        return;
    lws_b64_encode_string((const char *)connection->payload[connection->next], PAYLOAD, base64,
                          sizeof(base64));
    connection->next = (connection->next + 1) % KEPT;
    connection->kept--;
    connection->sequence++;
    len = snprintf((char *)text + LWS_PRE, TEXT_MAX,
                   "{\"event\":\"media\",\"sequenceNumber\":\"%llu\",\"media\":{\"track\":"
                   "\"inbound\",\"chunk\":\"%llu\",\"timestamp\":\"%llu\",\"payload\":\"%s\"},"
                   "\"streamSid\":\"MZ0123456789abcdef0123456789abcdef\"}",
                   (unsigned long long)connection->sequence,
                   (unsigned long long)connection->sequence - 1,
                   (unsigned long long)connection->sequence * 20, base64);
    if (lws_write(connection->ws, text + LWS_PRE, (size_t)len, LWS_WRITE_TEXT) < len)
        die("lws_write");
    sent++;
    if (connection->kept)
        lws_callback_on_writable(connection->ws);
}

static void on_tick(lws_sorted_usec_list_t *sul)
{
    static uint8_t payload[PAYLOAD];

    if (!rounds_left) {
        answer(sent);
        sent = 0;
        return;
    }
    rounds_left--;
    payload[0]++;
    lws_sul_schedule(context, 0, sul, on_tick, TICK_US);
    for (unsigned i = 0; i < count; i++)
        keep(&connections[i], payload);
}

static void on_order(void)
{
    uint8_t order;

    if (read(0, &order, 1) != 1)
        exit(0);
    if (relay_address) {
        answer(sent);
        return;
    }
    rounds_left = order;
    on_tick(&tick);
}

static void dial(unsigned number)
{
    struct lws_client_connect_info info = {.context = context,
                                           .vhost = vhost,
                                           .address = "127.0.0.1",
                                           .port = (int)port,
                                           .path = "/",
                                           .host = "127.0.0.1",
                                           .origin = "127.0.0.1",
                                           .local_protocol_name = "frames",
                                           .userdata = &connections[number],
                                           .pwsi = &connections[number].ws};

    if (!lws_client_connect_via_info(&info))
        die("connecting");
}

static void take_packet(int fd, struct connection *connection)
{
    uint8_t packet[2048];

    if (read(fd, packet, sizeof(packet)) == 12 + PAYLOAD && packet[0] >> 6 == 2)
        keep(connection, packet + 12);
}

static void listen_rtp(void)
{
    for (unsigned i = 0; i < count; i++) {
        struct sockaddr_in addr = {.sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)(first_port + 2 * (int)i))};
        lws_adopt_desc_t rtp = {.vh = vhost,
                                .type = LWS_ADOPT_RAW_FILE_DESC,
                                .vh_prot_name = "rtp",
                                .opaque = &connections[i]};

        rtp.fd.filefd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (inet_pton(AF_INET, relay_address, &addr.sin_addr) != 1 ||
            bind(rtp.fd.filefd, (struct sockaddr *)&addr, sizeof(addr)) ||
            !lws_adopt_descriptor_vhost_via_info(&rtp))
            die("an RTP socket");
    }
}

static int on_frames(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                     size_t len)
{
    (void)wsi;
    (void)in;
    (void)len;
    if (reason == LWS_CALLBACK_CLIENT_ESTABLISHED) {
        if (++opened < count) {
            dial(opened);
            return 0;
        }
        if (relay_address)
            listen_rtp();
        if (write(1, "ready\n", 6) != 6)
            exit(0);
    } else if (reason == LWS_CALLBACK_CLIENT_WRITEABLE) {
        send_kept(user);
    } else if (reason == LWS_CALLBACK_CLIENT_CONNECTION_ERROR ||
               reason == LWS_CALLBACK_CLIENT_CLOSED) {
        die("a connection");
    }
    return 0;
}

static int on_rtp(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                  size_t len)
{
    (void)user;
    (void)in;
    (void)len;
    if (reason == LWS_CALLBACK_RAW_RX_FILE)
        take_packet(lws_get_socket_fd(wsi), lws_get_opaque_user_data(wsi));
    return 0;
}

static int on_control(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                      size_t len)
{
    (void)wsi;
    (void)user;
    (void)in;
    (void)len;
    if (reason == LWS_CALLBACK_RAW_RX_FILE)
        on_order();
    return 0;
}

/* libev's loop may sleep its longest, a minute, over what was asked for while it was busy. */
static void on_beat(lws_sorted_usec_list_t *sul)
{
    lws_sul_schedule(context, 0, sul, on_beat, BEAT_US);
}

int main(int argc, char **argv)
{
    static const struct lws_protocols protocols[] = {{.name = "frames", .callback = on_frames},
                                                     {.name = "rtp", .callback = on_rtp},
                                                     {.name = "control", .callback = on_control},
                                                     {.name = NULL}};
    struct lws_context_creation_info info = {.port = CONTEXT_PORT_NO_LISTEN,
                                             .protocols = protocols,
                                             .gid = (gid_t)-1,
                                             .uid = (uid_t)-1,
                                             .options = LWS_SERVER_OPTION_LIBEV |
                                                        LWS_SERVER_OPTION_EXPLICIT_VHOSTS};
    lws_sock_file_fd_type input = {.filefd = 0};

    if (argc < 4)
        die("reading the arguments");
    port = (unsigned)atoi(argv[2]);
    count = (unsigned)atoi(argv[3]);
    if (argc > 5) {
        first_port = atoi(argv[4]);
        relay_address = argv[5];
    }
    connections = calloc(count, sizeof(*connections));
    lws_set_log_level(0, NULL);
    context = lws_create_context(&info);
    if (!context) { /* no plugin for libev: its own poll() */
        info.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS;
        context = lws_create_context(&info);
    }
    if (!connections || !context || !(vhost = lws_create_vhost(context, &info)) ||
        !lws_adopt_descriptor_vhost(vhost, LWS_ADOPT_RAW_FILE_DESC, input, "control", NULL))
        die("libwebsockets");
    on_beat(&beat);
    dial(0);
    while (lws_service(context, 0) >= 0)
        ;
    return 0;
}
