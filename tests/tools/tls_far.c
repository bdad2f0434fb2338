/*
 * The far ends of test_tls, test_fork_tls, test_fork_told, test_http, test_media_wss and
 * test_process_end: TLS servers with good and bad certificates and manners, small HTTP ones, one
 * that writes down what it is told, WebSocket consumers, and one that tells by another port whether
 * its connections have ended. Runs natively, also for tests under Wine; nothing of the code under
 * test is in it. A thread for each connection; ends by itself after so many seconds.
 *
 *   tls_far FOLDER SECONDS   FOLDER has NAME.pem and NAME.key; FOLDER/ports gets lines "name port",
 *                            FOLDER/told the fields of each request for /tell, a line each
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum manner {
    ECHO,
    BYE,
    RUDE,
    RESET,
    HOLD,
    MUTE,
    HTTP,
    WEBSOCKET,
    WATCH,  /* listens, and counts who came and who ended */
    COUNTS, /* tells these counts, and goes */
    /* Broken inside a record, behind a WebSocket's first ten media messages or the first bytes. */
    CUT,      /* half of it, and TCP ends in order */
    CUT_HARD, /* half of it, and a reset */
    GARBAGE,  /* all of it, but it is no TLS; and stays */
    /* The same with the server's first flight. */
    HELLO_CUT,
    HELLO_CUT_HARD,
    HELLO_GARBAGE,
};

struct server {
    const char *name, *cert; /* cert NULL: no TLS */
    enum manner manner;
    int fd;
    SSL_CTX *tls;
    bool websocket; /* for those that break */
};

struct line {
    const struct server *server;
    int fd;
    SSL *ssl;
};

static struct server servers[] = {
    {"good", "good", ECHO, -1, NULL, false},
    {"bye", "good", BYE, -1, NULL, false},
    {"rude", "good", RUDE, -1, NULL, false},
    {"reset", "good", RESET, -1, NULL, false},
    {"hold", "good", HOLD, -1, NULL, false},
    {"mute", NULL, MUTE, -1, NULL, false},
    {"wronghost", "wronghost", ECHO, -1, NULL, false},
    {"expired", "expired", ECHO, -1, NULL, false},
    {"selfsigned", "selfsigned", ECHO, -1, NULL, false},
    {"untrusted", "untrusted", ECHO, -1, NULL, false},
    {"otherhost", "otherhost", ECHO, -1, NULL, false},
    {"otherold", "otherold", ECHO, -1, NULL, false},
    {"https", "good", HTTP, -1, NULL, false},
    {"https-wronghost", "wronghost", HTTP, -1, NULL, false},
    {"https-untrusted", "untrusted", HTTP, -1, NULL, false},
    {"http", NULL, HTTP, -1, NULL, false},
    {"plain", NULL, ECHO, -1, NULL, false},
    {"wss", "good", WEBSOCKET, -1, NULL, true},
    {"wss-bye", "good", BYE, -1, NULL, true},
    {"wss-reset", "good", RESET, -1, NULL, true},
    {"cut", "good", CUT, -1, NULL, false},
    {"cut-hard", "good", CUT_HARD, -1, NULL, false},
    {"garbage", "good", GARBAGE, -1, NULL, false},
    {"wss-cut", "good", CUT, -1, NULL, true},
    {"wss-cut-hard", "good", CUT_HARD, -1, NULL, true},
    {"wss-garbage", "good", GARBAGE, -1, NULL, true},
    {"watch", NULL, WATCH, -1, NULL, false},
    {"counts", NULL, COUNTS, -1, NULL, false},
    {"hello-cut", "good", HELLO_CUT, -1, NULL, false},
    {"hello-cut-hard", "good", HELLO_CUT_HARD, -1, NULL, false},
    {"hello-garbage", "good", HELLO_GARBAGE, -1, NULL, false},
};

#define SERVERS (sizeof(servers) / sizeof(servers[0]))

static const char *folder;

static int get(struct line *line, char *data, int room)
{
    return line->ssl ? SSL_read(line->ssl, data, room) : (int)recv(line->fd, data, (size_t)room, 0);
}

static bool put(struct line *line, const char *data, int len)
{
    while (len > 0) {
        int n = line->ssl ? SSL_write(line->ssl, data, len)
                          : (int)send(line->fd, data, (size_t)len, MSG_NOSIGNAL);

        if (n <= 0)
            return false;
        data += n;
        len -= n;
    }
    return true;
}

static bool say(struct line *line, const char *text)
{
    return put(line, text, (int)strlen(text));
}

/* ---- HTTP ---------------------------------------------------------------------------------- */

static bool right_post(const char *head, const char *body)
{
    return strncmp(head, "POST ", 5) == 0 && strcmp(body, "a=1&b=%20") == 0 &&
           strstr(head, "Content-Type: application/x-www-form-urlencoded\r\n") &&
           strstr(head, "X-Test: yes\r\n") && strstr(head, "X-Other: a, b\r\n") &&
           !strstr(head, "Expect:");
}

/* The body, or what follows the question mark, in one write, for others write, too. */
static bool write_down(const char *path, const char *body)
{
    const char *fields = strchr(path, '?');
    char name[4096], text[8192];
    int fd, len;
    bool done;

    if (*body || !fields)
        len = snprintf(text, sizeof(text), "%s\n", body);
    else
        len = snprintf(text, sizeof(text), "%.*s\n", (int)strcspn(fields + 1, " "), fields + 1);
    snprintf(name, sizeof(name), "%s/told", folder);
    fd = open(name, O_WRONLY | O_APPEND | O_CREAT, 0644);
    done = fd >= 0 && len < (int)sizeof(text) && write(fd, text, (size_t)len) == len;
    if (fd >= 0)
        close(fd);
    return done;
}

static bool answer(struct line *line, const char *head, const char *body, int number)
{
    const char *path = strchr(head, ' ');
    char text[256];
    int status = 404;

    if (!path)
        return false;
    path++;
    if (strncmp(path, "/slow", 5) == 0) {
        sleep(20);
        return false;
    }
    if (strncmp(path, "/drop", 5) == 0)
        return false;
    if (strncmp(path, "/half", 5) == 0) {
        say(line, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
        sleep(20);
        return false;
    }
    if (strncmp(path, "/cut", 4) == 0) {
        say(line, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
        return false;
    }
    if (strncmp(path, "/endless", 8) == 0) {
        say(line, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        while (say(line, "10\r\n0123456789abcdef\r\n"))
            ;
        return false;
    }
    if (strncmp(path, "/redirect", 9) == 0)
        return say(line,
                   "HTTP/1.1 302 Found\r\nLocation: /status/200\r\nContent-Length: 0\r\n\r\n");
    if (strncmp(path, "/status/", 8) == 0)
        status = atoi(path + 8);
    else if (strncmp(path, "/number", 7) == 0)
        status = 200 + number;
    else if (strncmp(path, "/tell", 5) == 0)
        status = write_down(path, body) ? 200 : 500;
    else if (strncmp(path, "/post?x=1 ", 10) == 0)
        status = right_post(head, body) ? 200 : 400;
    else if (strncmp(path, "/get?x=1 ", 9) == 0)
        status = strncmp(head, "GET ", 4) == 0 && !*body ? 200 : 400;
    snprintf(text, sizeof(text), "HTTP/1.1 %d X\r\nContent-Length: 2\r\n\r\nok", status);
    return say(line, text);
}

static void serve_http(struct line *line)
{
    char data[16384];
    int have = 0;

    for (int number = 0;; number++) {
        char *end, *at, saved;
        long body = 0;

        for (;;) {
            int n;

            data[have] = 0;
            end = strstr(data, "\r\n\r\n");
            at = strstr(data, "Content-Length: ");
            body = end && at && at < end ? atol(at + 16) : 0;
            if (end && have >= end + 4 - data + body)
                break;
            n = get(line, data + have, (int)sizeof(data) - 1 - have);
            if (n <= 0)
                return;
            have += n;
        }
        at = end + 4 + body;
        saved = *at;
        *at = 0;
        end[2] = 0;
        if (!answer(line, data, end + 4, number))
            return;
        *at = saved;
        have -= (int)(at - data);
        memmove(data, at, (size_t)have);
    }
}

/* ---- breaking ------------------------------------------------------------------------------ */

static void reset(struct line *line)
{
    struct linger hard = {1, 0};

    setsockopt(line->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
}

static void send_raw(struct line *line, const void *data, size_t len)
{
    if (send(line->fd, data, len, MSG_NOSIGNAL) != (ssize_t)len)
        fprintf(stderr, "%s: not taken\n", line->server->name);
}

/* Until the other side goes, so that closing is no reset. */
static void outlast(struct line *line)
{
    struct timeval most = {20, 0};
    char data[16384];

    setsockopt(line->fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof(most));
    while (recv(line->fd, data, sizeof(data), 0) > 0)
        ;
}

/* Half of what is in the BIO, or as much of something else behind the record's header. */
static void break_off(struct line *line, BIO *whole, enum manner how)
{
    unsigned char *data;
    long len = BIO_get_mem_data(whole, &data);

    if (len < 6)
        return;
    if (how == GARBAGE) {
        for (long i = 5; i < len; i++)
            data[i] = (unsigned char)(i * 37 + 11);
        send_raw(line, data, (size_t)len);
        outlast(line);
        return;
    }
    send_raw(line, data, (size_t)len / 2);
    if (how == CUT_HARD) {
        usleep(100000); /* the half comes before the reset */
        reset(line);
        return;
    }
    shutdown(line->fd, SHUT_WR);
    outlast(line);
}

/* The text is in a record that never comes whole. */
static void say_broken(struct line *line, const char *text)
{
    BIO *whole = BIO_new(BIO_s_mem());

    SSL_set0_wbio(line->ssl, whole);
    SSL_write(line->ssl, text, (int)strlen(text));
    break_off(line, whole, line->server->manner);
}

static void break_hello(struct line *line)
{
    struct timeval soon = {0, 100000};
    BIO *whole = BIO_new(BIO_s_mem());

    SSL_set0_wbio(line->ssl, whole);
    setsockopt(line->fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon));
    while (BIO_ctrl_pending(whole) == 0)
        if (SSL_get_error(line->ssl, SSL_accept(line->ssl)) != SSL_ERROR_WANT_READ)
            break;
    break_off(line, whole,
              line->server->manner == HELLO_CUT        ? CUT
              : line->server->manner == HELLO_CUT_HARD ? CUT_HARD
                                                       : GARBAGE);
}

/* ---- bytes --------------------------------------------------------------------------------- */

static void serve_bytes(struct line *line)
{
    char data[16384];
    int n;

    if (line->server->manner == HOLD)
        sleep(1);
    while ((n = get(line, data, sizeof(data))) > 0) {
        switch (line->server->manner) {
        case BYE:
            say(line, "bye");
            SSL_shutdown(line->ssl);
            return;
        case RUDE:
            say(line, "bye");
            return;
        case RESET:
            reset(line);
            return;
        case CUT:
        case CUT_HARD:
        case GARBAGE:
            say_broken(line, "never to be read");
            return;
        default:
            if (!put(line, data, n))
                return;
        }
    }
}

/* ---- WebSocket ----------------------------------------------------------------------------- */

static bool upgrade(struct line *line)
{
    static const char name[] = "sec-websocket-key: ",
                      guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    char data[8192], key[128], reply[256];
    unsigned char digest[EVP_MAX_MD_SIZE], accept[64];
    const char *at = NULL;
    unsigned digest_len;
    int have = 0, n;

    do {
        n = get(line, data + have, (int)sizeof(data) - 1 - have);
        if (n <= 0)
            return false;
        have += n;
        data[have] = 0;
    } while (!strstr(data, "\r\n\r\n"));
    for (const char *p = data; *p && !at; p++)
        if (strncasecmp(p, name, sizeof(name) - 1) == 0)
            at = p + sizeof(name) - 1;
    if (!at || strcspn(at, "\r") != 24)
        return false;
    snprintf(key, sizeof(key), "%.24s%s", at, guid);
    EVP_Digest(key, strlen(key), digest, &digest_len, EVP_sha1(), NULL);
    EVP_EncodeBlock(accept, digest, (int)digest_len);
    snprintf(reply, sizeof(reply),
             "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Accept: %s\r\n\r\n",
             (const char *)accept);
    return say(line, reply);
}

static bool read_all(struct line *line, unsigned char *data, int len)
{
    while (len > 0) {
        int n = get(line, (char *)data, len);

        if (n <= 0)
            return false;
        data += n;
        len -= n;
    }
    return true;
}

/* After the tenth media message it says how many there were, or ends in its manner; after the stop,
 * that it came. A close is answered. */
static void serve_websocket(struct line *line)
{
    static const char ten[] = "\x81\x03"
                              "ten",
                      stop[] = "\x81\x04"
                               "stop",
                      bye[] = "\x88\x02\x03\xe8";
    unsigned char head[8], body[4096];
    int media = 0;

    if (!upgrade(line))
        return;
    while (read_all(line, head, 2)) {
        int len = head[1] & 127;

        if (len == 126 && !read_all(line, head, 2))
            return;
        if (len == 126)
            len = head[0] << 8 | head[1];
        if (len >= (int)sizeof(body) || !read_all(line, head + 4, 4) || !read_all(line, body, len))
            return;
        for (int i = 0; i < len; i++)
            body[i] ^= head[4 + i % 4];
        body[len] = 0;
        if (strncmp((char *)body, "{\"event\":\"media\"", 16) == 0 && ++media == 10) {
            switch (line->server->manner) {
            case WEBSOCKET:
                put(line, ten, 5);
                break;
            case BYE:
                put(line, bye, 4);
                break;
            case RESET:
                reset(line);
                return;
            default:
                say_broken(line, ten);
                return;
            }
        }
        if (strncmp((char *)body, "{\"event\":\"stop\"", 15) == 0)
            put(line, stop, 6);
        if (len != 2 || body[0] != 3 || body[1] != 0xe8)
            continue;
        if (line->server->manner == BYE) { /* it was our farewell that is answered */
            SSL_shutdown(line->ssl);
            return;
        }
        put(line, bye, 4);
    }
}

/* ---- watching ------------------------------------------------------------------------------ */

#define MOST_WATCHED 1024

static atomic_uint came, ended;
static atomic_uint watched[MOST_WATCHED]; /* the other side's port and ours; 0: it ended */

static void watch(struct line *line)
{
    struct sockaddr_in there, here;
    socklen_t size = sizeof(there);
    unsigned place = atomic_fetch_add(&came, 1) % MOST_WATCHED;
    char data[4096];

    getpeername(line->fd, (struct sockaddr *)&there, &size);
    getsockname(line->fd, (struct sockaddr *)&here, &size);
    atomic_store(&watched[place], (unsigned)ntohs(there.sin_port) << 16 | ntohs(here.sin_port));
    while (recv(line->fd, data, sizeof(data), 0) > 0)
        ;
    atomic_store(&watched[place], 0);
    atomic_fetch_add(&ended, 1); /* in order or by a reset */
}

/* The socket of this machine with these ports, as the system numbers it; 0: none that anybody has.
 */
static unsigned long socket_number(unsigned local, unsigned remote)
{
    FILE *table = fopen("/proc/net/tcp", "r");
    unsigned long number = 0, have;
    char row[512];
    unsigned from, to;

    while (table && !number && fgets(row, sizeof(row), table))
        if (sscanf(row, " %*d: %*x:%x %*x:%x %*x %*s %*s %*s %*d %*d %lu", &from, &to, &have) ==
                3 &&
            from == local && to == remote)
            number = have;
    if (table)
        fclose(table);
    return number;
}

/* Does this process have the socket? */
static bool has_socket(const char *pid, const char *wanted)
{
    char path[300], name[600], target[64];
    const struct dirent *entry;
    bool found = false;
    DIR *entries;

    snprintf(path, sizeof(path), "/proc/%s/fd", pid);
    entries = opendir(path);
    while (entries && !found && (entry = readdir(entries))) {
        ssize_t len;

        snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
        len = readlink(name, target, sizeof(target) - 1);
        target[len > 0 ? len : 0] = 0;
        found = !strcmp(target, wanted);
    }
    if (entries)
        closedir(entries);
    return found;
}

static bool is_wineserver(const char *pid)
{
    char path[300], name[32] = "";
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%s/comm", pid);
    file = fopen(path, "r");
    if (file && !fgets(name, sizeof(name), file))
        name[0] = 0;
    if (file)
        fclose(file);
    return !strncmp(name, "wineserver", 10);
}

/* Has Wine's server this end of the connection, and nobody else? */
static bool is_kept(unsigned ports)
{
    unsigned long number = socket_number(ports >> 16, ports & 0xffff);
    const struct dirent *entry;
    bool server = false, other = false;
    char wanted[64];
    DIR *entries;

    snprintf(wanted, sizeof(wanted), "socket:[%lu]", number);
    entries = number ? opendir("/proc") : NULL;
    while (entries && (entry = readdir(entries)))
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
            has_socket(entry->d_name, wanted)) {
            bool is = is_wineserver(entry->d_name);

            server |= is;
            other |= !is;
        }
    if (entries)
        closedir(entries);
    return server && !other;
}

/* "CAME ENDED KEPT": connections in all, those that ended, and of the others those that nobody has
 * at their other end but Wine's server. */
static void tell_counts(struct line *line)
{
    char text[64];
    unsigned kept = 0;

    for (unsigned i = 0; i < MOST_WATCHED; i++) {
        unsigned ports = atomic_load(&watched[i]);

        kept += ports && is_kept(ports);
    }
    snprintf(text, sizeof(text), "%u %u %u\n", atomic_load(&came), atomic_load(&ended), kept);
    say(line, text);
}

static void serve_one(struct line *line)
{
    if (line->server->manner == WATCH)
        watch(line);
    else if (line->server->manner == COUNTS)
        tell_counts(line);
    else if (line->server->websocket)
        serve_websocket(line);
    else if (line->server->manner == HTTP)
        serve_http(line);
    else
        serve_bytes(line);
}

static void *serve(void *arg)
{
    struct line line = *(struct line *)arg;

    free(arg);
    if (line.server->manner == MUTE) {
        sleep(20);
    } else if (line.server->tls) {
        line.ssl = SSL_new(line.server->tls);
        SSL_set_fd(line.ssl, line.fd);
        if (line.server->manner >= HELLO_CUT)
            break_hello(&line);
        else if (SSL_accept(line.ssl) == 1)
            serve_one(&line);
    } else {
        serve_one(&line);
    }
    SSL_free(line.ssl);
    ERR_clear_error();
    close(line.fd);
    return NULL;
}

static void *accept_all(void *arg)
{
    const struct server *server = arg;
    pthread_attr_t small;

    pthread_attr_init(&small);
    pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&small, 262144);
    for (;;) {
        int fd = accept(server->fd, NULL, NULL);
        struct line *line = calloc(1, sizeof(*line));
        pthread_t thread;

        if (fd < 0 || !line)
            exit(1);
        line->server = server;
        line->fd = fd;
        if (pthread_create(&thread, &small, serve, line))
            exit(1);
    }
}

/* ---- start --------------------------------------------------------------------------------- */

/* Below Linux's ephemeral ports. */
static int listen_somewhere(struct server *server)
{
    static int next;
    struct sockaddr_in addr = {.sin_family = AF_INET};

    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (!next)
        next = getpid() % 1500;
    server->fd = socket(AF_INET, SOCK_STREAM, 0);
    for (int tries = 0; tries < 1900; tries++) {
        int port = 30000 + next++ % 1900;

        addr.sin_port = htons((uint16_t)port);
        if (bind(server->fd, (struct sockaddr *)&addr, sizeof(addr)) == 0 &&
            listen(server->fd, 1024) == 0)
            return port;
    }
    return 0;
}

static bool load(struct server *server)
{
    char cert[4096], key[4096];

    if (!server->cert)
        return true;
    snprintf(cert, sizeof(cert), "%s/%s.pem", folder, server->cert);
    snprintf(key, sizeof(key), "%s/%s.key", folder, server->cert);
    server->tls = SSL_CTX_new(TLS_server_method());
    return server->tls && SSL_CTX_use_certificate_chain_file(server->tls, cert) == 1 &&
           SSL_CTX_use_PrivateKey_file(server->tls, key, SSL_FILETYPE_PEM) == 1;
}

int main(int argc, char **argv)
{
    char path[4096], made[4200];
    FILE *ports;

    if (argc != 3)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    alarm((unsigned)atoi(argv[2])); /* whoever started it may be gone */
    folder = argv[1];
    snprintf(path, sizeof(path), "%s/ports", folder);
    snprintf(made, sizeof(made), "%s.new", path);
    ports = fopen(made, "w");
    if (!ports)
        return 1;
    for (size_t i = 0; i < SERVERS; i++) {
        int port = listen_somewhere(&servers[i]);
        pthread_t thread;

        if (!port || !load(&servers[i]) || pthread_create(&thread, NULL, accept_all, &servers[i]))
            return 1;
        fprintf(ports, "%s %d\n", servers[i].name, port);
    }
    if (fclose(ports) || rename(made, path))
        return 1;
    for (;;)
        pause();
}
