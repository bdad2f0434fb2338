/* The inside of the TCP adapter, shared by tcp_loop.c (the loop thread) and dialler.c (its own). */
#ifndef OMSP_CURL_TCP_CONN_H
#define OMSP_CURL_TCP_CONN_H

#include "curl/adapter.h"

#include "base/list.h"
#include "port/lock.h"
#include "port/thread.h"

#include <stdatomic.h>

#define SENDERS   8    /* that are kept: a thread that sends while all are in use makes its own */
#define TLS_CHUNK 4096 /* sent in one TLS record; fits wherever a socket calls itself writable */

struct tcp_loop {
    struct omsp_tcp_loop base;
    const struct omsp_curl_os *os;
    struct omsp_poller *poller;
    atomic_uint connections;
    struct omsp_lock lock;     /* of the four lists that follow and of stopping; a leaf */
    struct omsp_link fresh;    /* conn.link: to be dialled */
    struct omsp_link given_up; /* conn.close_link: closed while with the dialler */
    struct omsp_link dialled;  /* conn.link: back from the dialler, well or not */
    struct omsp_link closing;  /* conn.close_link */
    bool stopping;
    struct omsp_link
        more; /* conn.more_link: TLS may hold bytes, or an end, that no socket tells of */
    struct omsp_link paused; /* conn.pause_link: room was told of, and nothing taken */
    uint64_t resume_us;      /* when they are watched for room again */
    uint8_t data[65536];     /* what was read last */

    struct omsp_lock senders_lock;        /* a leaf */
    struct omsp_sender *senders[SENDERS]; /* that nobody uses now */
    unsigned sender_count;

    /* The dialler's. */
    struct omsp_poller *dial_poller;
    struct omsp_thread *thread;
    struct omsp_link active; /* conn.link */
    struct omsp_link dead;   /* struct watch.link, freed after each round */
    unsigned dialled_many;   /* since memory was last given back */
    uint64_t trim_at;        /* when it will be; UINT64_MAX: not yet */
};

struct tcp_conn {
    struct omsp_tcp base;
    struct omsp_link link, close_link, more_link, pause_link;
    atomic_bool closed;
    bool with_dialler; /* under the loop's lock */
    curl_socket_t sock;
    enum omsp_tcp_end end; /* what dialling came to; OMSP_TCP_OK: connected */

    /* Dialling; the dialler's, until it hands the connection over. */
    char *url, *ca_file, *host;
    unsigned timeout_ms;
    CURLM *multi; /* its own, so that it can change threads with the connection */
    CURL *easy;
    struct omsp_tls_check check;
    struct omsp_link watches; /* struct watch.link: the sockets that curl waits for */
    uint64_t timer_at;        /* when curl wants to be asked; UINT64_MAX: never */
    uint64_t ask_at;          /* when it is asked whatever it wants; UINT64_MAX: never */
    bool lost;                /* a socket, while it was asked last */
    bool aborted;             /* curl goes on with it no more, and says nothing */
    bool stolen;              /* the socket outlives the easy handle */

    /* Sending. Plain: any thread, under send_lock. TLS: the loop thread. */
    struct omsp_lock send_lock;
    bool open, shortage;
    bool took;          /* plain: something, since room was told of last */
    atomic_bool broken; /* the end that comes is no orderly one */
    bool ended;         /* on_end was called; loop thread */
    bool mute;          /* TLS: sending failed for good; loop thread */
    uint8_t *stuck; /* TLS: room for one chunk; OpenSSL wants an unfinished one again as it was */
    size_t stuck_len;
};

/* ---- tcp_loop.c ---- */

/* send_lock held, open. What came of a send of len bytes. */
void omsp_conn_sent(struct tcp_loop *loop, struct tcp_conn *conn, enum omsp_status status,
                    size_t sent, size_t len);

/* ---- tcp_many.c ---- */

/* struct omsp_tcp_loop.send_many */
void omsp_conn_send_many(struct omsp_tcp_loop *base, struct omsp_tcp_send *sends, unsigned count);
/* While the loop is made: false when there is nothing to be had of sends that go together. */
bool omsp_conn_may_send_many(struct tcp_loop *loop);
void omsp_conn_drop_senders(struct tcp_loop *loop);

/* ---- dialler.c ---- */

/* The dialler's thread; takes the loop. */
void omsp_dialler_run(void *arg);
/* Ends what there is of curl in a connection: socket too, unless stolen. */
void omsp_conn_drop_curl(struct tcp_conn *conn);

#endif
