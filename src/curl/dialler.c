/*
 * Connecting: names, TCP, TLS handshakes, on one thread for all connections of a loop, for a
 * handshake computes for milliseconds and many at once for seconds. Not a byte of the owner's is
 * sent or read here.
 *
 * Every connection has a multi handle of its own, watched through curl's socket interface: a handle
 * taken out of a multi loses its connection, so the multi moves to the loop thread with it (TLS),
 * or the bare socket does (plain) and nothing of curl is left.
 */
#include "curl/tcp_conn.h"

#include "base/alloc.h"
#include "curl/no_proxy.h"

#include <stdio.h>
#include <string.h>

#define EVENTS 64

#define READ_BUFFER 1024 /* curl's least; it is for transfers, and we have none */

/* A connection that is being made has some 40 KB of curl's. Of a hundred made side by side the C
 * library keeps the memory, for this thread alone, unless it is told otherwise. */
#define MANY    16
#define TRIM_US 1000000 /* after the last of many */

/* After a socket of curl's is gone: libcurl 7.88 opens that of the next address when it is asked
 * again, but arranges to be asked only when the time for this address is over, after seconds. */
#define NEXT_US 10000
/* Whatever else curl is asked: before Windows 10 2004 WSAPoll, which the poller there is, tells
 * nothing of an attempt that failed. */
#define ASK_US 250000

/*
 * One of a connection's sockets: both address families are tried at once. libcurl 7.88 closes the
 * socket of an attempt that failed, or is given up, before it says so, and not through
 * close_socket: by then its number may be anybody's, and a copy in a forked process may keep it in
 * an epoll. So the poller knows the socket by a number of our own, which lives until it is
 * forgotten.
 */
struct watch {
    struct omsp_link link; /* in tcp_conn.watches, then in tcp_loop.dead */
    struct tcp_conn *conn; /* NULL: dead */
    curl_socket_t sock;    /* curl's */
    curl_socket_t own;     /* the same socket; where numbers do no harm, the same number */
};

static struct tcp_loop *loop_of(const struct tcp_conn *conn)
{
    return (struct tcp_loop *)conn->base.loop;
}

/* ---- curl asks ----------------------------------------------------------------------------- */

static struct watch *find_watch(struct tcp_conn *conn, curl_socket_t sock)
{
    omsp_list_each(it, &conn->watches)
    {
        struct watch *watch = omsp_container(it, struct watch, link);

        if (watch->sock == sock)
            return watch;
    }
    return NULL;
}

/* Not with the number of a socket that curl has closed and not yet said so: it would take the new
 * one for the old and not have it watched. */
static curl_socket_t open_socket(void *clientp, curlsocktype purpose, struct curl_sockaddr *addr)
{
    struct tcp_conn *conn = clientp;
    const struct omsp_curl_os *os = loop_of(conn)->os;
    curl_socket_t sock = os->sock_open(addr->family, addr->socktype, addr->protocol);

    if (sock != CURL_SOCKET_BAD && find_watch(conn, sock)) {
        curl_socket_t other = open_socket(clientp, purpose, addr); /* while that number is taken */

        os->sock_close(sock);
        return other;
    }
    return sock;
}

static int close_socket(void *clientp, curl_socket_t sock)
{
    struct tcp_conn *conn = clientp;

    if (!conn->stolen || sock != conn->sock)
        loop_of(conn)->os->sock_close(sock);
    return 0;
}

static void unwatch(struct watch *watch)
{
    struct tcp_loop *loop = loop_of(watch->conn);

    loop->os->forget(loop->dial_poller, watch->own, watch);
    if (watch->own != watch->sock)
        loop->os->sock_close(watch->own);
    watch->conn = NULL;
    omsp_list_remove(&watch->link);
    omsp_list_insert(&loop->dead, &watch->link); /* an event of it may be in hand */
}

static struct watch *new_watch(struct tcp_conn *conn, curl_socket_t sock)
{
    const struct omsp_curl_os *os = loop_of(conn)->os;
    struct watch *watch = omsp_zalloc(sizeof(*watch));

    if (!watch)
        return NULL;
    watch->own = os->sock_share ? os->sock_share(sock) : sock;
    if (watch->own == CURL_SOCKET_BAD) {
        omsp_free(watch);
        return NULL;
    }
    watch->conn = conn;
    watch->sock = sock;
    omsp_list_init(&watch->link);
    omsp_list_insert(&conn->watches, &watch->link);
    return watch;
}

static int watch_socket(CURL *easy, curl_socket_t sock, int what, void *clientp, void *socketp)
{
    struct tcp_conn *conn = clientp;
    struct tcp_loop *loop = loop_of(conn);
    struct watch *watch = find_watch(conn, sock);

    (void)easy;
    (void)socketp;
    if (what == CURL_POLL_REMOVE) {
        if (watch)
            unwatch(watch);
        conn->lost = true;
        return 0;
    }
    if (!watch)
        watch = new_watch(conn, sock);
    return watch && loop->os->watch(loop->dial_poller, watch->own, watch, what & CURL_POLL_IN,
                                    what & CURL_POLL_OUT) == OMSP_OK
               ? 0
               : -1;
}

static int set_timer(CURLM *multi, long ms, void *clientp)
{
    struct tcp_conn *conn = clientp;

    (void)multi;
    conn->timer_at = ms < 0 ? UINT64_MAX : loop_of(conn)->os->now_us() + (uint64_t)ms * 1000;
    return 0;
}

/* ---- beginning and ending ------------------------------------------------------------------ */

void omsp_conn_drop_curl(struct tcp_conn *conn)
{
    if (conn->multi && conn->easy)
        curl_multi_remove_handle(conn->multi, conn->easy);
    curl_easy_cleanup(conn->easy);
    curl_multi_cleanup(conn->multi);
    conn->easy = NULL;
    conn->multi = NULL;
}

static CURLcode set_options(struct tcp_conn *conn)
{
    CURL *easy = conn->easy;
    CURLcode code = CURLE_OK;

    conn->check.easy = easy;
    conn->check.host = conn->host;
#define SET(option, value) code = code ? code : curl_easy_setopt(easy, option, value)
    SET(CURLOPT_URL, conn->url);
    SET(CURLOPT_CONNECT_ONLY, 1L);
    SET(CURLOPT_BUFFERSIZE, (long)READ_BUFFER);
    SET(CURLOPT_NOSIGNAL, 1L);
    code = code ? code : omsp_curl_no_proxy(easy);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1); /* or ALPN might choose HTTP/2 */
    /* Not TIMEOUT_MS, which would count on while the connection is used. */
    SET(CURLOPT_CONNECTTIMEOUT_MS, conn->timeout_ms ? (long)conn->timeout_ms : 1L);
    SET(CURLOPT_QUICK_EXIT, 1L); /* giving up does not wait for a name server */
    SET(CURLOPT_TCP_NODELAY, 1L);
    SET(CURLOPT_TCP_KEEPALIVE, 1L);
    SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(CURLOPT_OPENSOCKETDATA, conn);
    SET(CURLOPT_CLOSESOCKETFUNCTION, close_socket);
    SET(CURLOPT_CLOSESOCKETDATA, conn);
    SET(CURLOPT_PRIVATE, conn);
#undef SET
    return code ? code : loop_of(conn)->os->verify(easy, conn->ca_file, &conn->check);
}

static bool begin(struct tcp_conn *conn)
{
    conn->timer_at = conn->ask_at = UINT64_MAX;
    conn->easy = curl_easy_init();
    conn->multi = curl_multi_init();
    return conn->easy && conn->multi && set_options(conn) == CURLE_OK &&
           curl_multi_setopt(conn->multi, CURLMOPT_SOCKETFUNCTION, watch_socket) == CURLM_OK &&
           curl_multi_setopt(conn->multi, CURLMOPT_SOCKETDATA, conn) == CURLM_OK &&
           curl_multi_setopt(conn->multi, CURLMOPT_TIMERFUNCTION, set_timer) == CURLM_OK &&
           curl_multi_setopt(conn->multi, CURLMOPT_TIMERDATA, conn) == CURLM_OK &&
           curl_multi_add_handle(conn->multi, conn->easy) == CURLM_OK;
}

static enum omsp_tcp_end end_of(const struct tcp_conn *conn, CURLcode code)
{
    switch (code) {
    case CURLE_OK:
        return OMSP_TCP_OK;
    case CURLE_OPERATION_TIMEDOUT:
        return OMSP_TCP_TIMEOUT;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_URL_MALFORMAT:
        return OMSP_TCP_REFUSED;
    case CURLE_OUT_OF_MEMORY:
        return OMSP_TCP_BROKEN;
    default:
        /* Before the handshake nothing but the above can happen. */
        return conn->base.send_anywhere ? OMSP_TCP_BROKEN : OMSP_TCP_TLS;
    }
}

/* Is curl's resolver still at work? Then its thread is left behind. */
static void mind_resolver(struct tcp_conn *conn)
{
    curl_off_t looked_up = 0;

    if (!conn->easy)
        return;
    curl_easy_getinfo(conn->easy, CURLINFO_NAMELOOKUP_TIME_T, &looked_up);
    if (!looked_up)
        loop_of(conn)->os->stay_loaded();
}

/* Nothing that curl does with the connection from here on is this thread's. */
static void leave_curl(struct tcp_conn *conn)
{
    omsp_list_each_safe(it, &conn->watches) unwatch(omsp_container(it, struct watch, link));
    if (!conn->multi)
        return;
    curl_multi_setopt(conn->multi, CURLMOPT_SOCKETFUNCTION, NULL);
    curl_multi_setopt(conn->multi, CURLMOPT_TIMERFUNCTION, NULL);
}

/* Gives the connection back to the loop. */
static void finish(struct tcp_conn *conn, enum omsp_tcp_end end)
{
    struct tcp_loop *loop = loop_of(conn);

    conn->end = end;
    if (end == OMSP_TCP_OK &&
        (curl_easy_getinfo(conn->easy, CURLINFO_ACTIVESOCKET, &conn->sock) != CURLE_OK ||
         conn->sock == CURL_SOCKET_BAD))
        conn->end = OMSP_TCP_BROKEN;
    if (conn->end == OMSP_TCP_TIMEOUT)
        mind_resolver(conn);
    leave_curl(conn);
    if (conn->end != OMSP_TCP_OK || conn->base.send_anywhere) {
        conn->stolen = conn->end == OMSP_TCP_OK;
        omsp_conn_drop_curl(conn);
    }
    omsp_lock_acquire(&loop->lock);
    conn->with_dialler = false;
    omsp_list_remove(&conn->close_link);
    omsp_list_remove(&conn->link);
    omsp_list_insert(&loop->dialled, &conn->link);
    loop->os->wake(loop->poller);
    omsp_lock_release(&loop->lock);
    if (++loop->dialled_many >= MANY && loop->os->trim)
        loop->trim_at = loop->os->now_us() + TRIM_US;
}

/* ---- the thread ---------------------------------------------------------------------------- */

static struct tcp_conn *take_given_up(struct tcp_loop *loop)
{
    struct tcp_conn *conn = NULL;

    omsp_lock_acquire(&loop->lock);
    if (!omsp_list_empty(&loop->given_up)) {
        conn = omsp_container(loop->given_up.next, struct tcp_conn, close_link);
        omsp_list_remove(&conn->close_link);
    }
    omsp_lock_release(&loop->lock);
    return conn;
}

static struct tcp_conn *take_fresh(struct tcp_loop *loop)
{
    struct tcp_conn *conn = NULL;

    omsp_lock_acquire(&loop->lock);
    if (!omsp_list_empty(&loop->fresh)) {
        conn = omsp_container(loop->fresh.next, struct tcp_conn, link);
        omsp_list_remove(&conn->link);
        omsp_list_insert(&loop->active, &conn->link);
    }
    omsp_lock_release(&loop->lock);
    return conn;
}

/* What others left for us. False: it is over. */
static bool take_orders(struct tcp_loop *loop)
{
    struct tcp_conn *conn;
    bool stopping;

    while ((conn = take_fresh(loop)) != NULL) {
        if (atomic_load(&conn->closed) || !begin(conn))
            finish(conn, OMSP_TCP_BROKEN);
    }
    while ((conn = take_given_up(loop)) != NULL) {
        mind_resolver(conn);
        finish(conn, OMSP_TCP_BROKEN);
    }
    omsp_lock_acquire(&loop->lock);
    stopping = loop->stopping;
    omsp_lock_release(&loop->lock);
    return !stopping;
}

/* What came of asking curl. A socket that could not be watched, for want of memory, ends all of
 * curl's work on the connection without a message. It may have further events in this round, so
 * that it is collected later. */
static void asked(struct tcp_conn *conn, CURLMcode code)
{
    bool soon = conn->lost || omsp_list_empty(&conn->watches);
    uint64_t again = loop_of(conn)->os->now_us() + (soon ? NEXT_US : ASK_US);

    if (code != CURLM_OK)
        conn->aborted = true;
    else if (again < conn->ask_at)
        conn->ask_at = again;
    conn->lost = false;
}

static void act(struct tcp_conn *conn, curl_socket_t sock, int what)
{
    int running;

    if (!conn->aborted)
        asked(conn, curl_multi_socket_action(conn->multi, sock, what, &running));
}

/* Whatever curl waits for. There is one transfer in a multi handle, so that what made this function
 * deprecated, its cost with many, does not matter. */
static void act_at_all(struct tcp_conn *conn)
{
    CURLMcode code;
    int running;

    if (conn->aborted)
        return;
    CURL_IGNORE_DEPRECATION(code = curl_multi_socket_all(conn->multi, &running);)
    asked(conn, code);
}

static void wait_and_act(struct tcp_loop *loop)
{
    struct omsp_poll_event events[EVENTS];
    uint64_t deadline = loop->trim_at;
    unsigned count;

    omsp_list_each(it, &loop->active)
    {
        const struct tcp_conn *conn = omsp_container(it, struct tcp_conn, link);

        if (conn->timer_at < deadline)
            deadline = conn->timer_at;
        if (conn->ask_at < deadline)
            deadline = conn->ask_at;
    }
    count = loop->os->wait(loop->dial_poller, events, EVENTS, deadline);
    for (unsigned i = 0; i < count; i++) {
        struct watch *watch = events[i].data;

        if (watch && watch->conn) /* else it was forgotten within this round */
            act(watch->conn, watch->sock,
                (events[i].in ? CURL_CSELECT_IN : 0) | (events[i].out ? CURL_CSELECT_OUT : 0));
    }
}

static void run_timers(struct tcp_loop *loop)
{
    uint64_t now = loop->os->now_us();

    omsp_list_each(it, &loop->active)
    {
        struct tcp_conn *conn = omsp_container(it, struct tcp_conn, link);

        if (conn->timer_at <= now) {
            conn->timer_at = UINT64_MAX; /* curl sets the next one */
            act(conn, CURL_SOCKET_TIMEOUT, 0);
        }
        if (conn->ask_at <= now) {
            conn->ask_at = UINT64_MAX;
            act_at_all(conn);
        }
    }
    if (loop->trim_at <= now) {
        loop->trim_at = UINT64_MAX;
        loop->dialled_many = 0;
        loop->os->trim();
    }
}

static void collect(struct tcp_loop *loop)
{
    omsp_list_each_safe(it, &loop->active)
    {
        struct tcp_conn *conn = omsp_container(it, struct tcp_conn, link);
        int left;
        const CURLMsg *message = curl_multi_info_read(conn->multi, &left);

        if (message && message->msg == CURLMSG_DONE)
            finish(conn, end_of(conn, message->data.result));
        else if (conn->aborted)
            finish(conn, OMSP_TCP_BROKEN);
    }
    omsp_list_each_safe(dead, &loop->dead)
    {
        omsp_list_remove(dead);
        omsp_free(omsp_container(dead, struct watch, link));
    }
}

void omsp_dialler_run(void *arg)
{
    struct tcp_loop *loop = arg;

    loop->trim_at = UINT64_MAX;
    while (take_orders(loop)) {
        run_timers(loop);
        collect(loop);
        wait_and_act(loop);
    }
    collect(loop);
}
