/*
 * What this room needs of a system, given by posix/ and win/ as one table: sockets, waiting for
 * many of them, and how TLS is verified there.
 */
#ifndef OMSP_CURL_OS_H
#define OMSP_CURL_OS_H

#include "base/status.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct omsp_poller; /* opaque: a set of sockets that one thread waits for */
struct omsp_sender; /* opaque: sends of several sockets in one call; one thread at a time */

struct omsp_sock_send {
    curl_socket_t sock;
    const void *data;
    size_t len;
    size_t sent; /* out: as sock_send's, 0 when it failed */
    bool failed; /* out: sock_send would have answered OMSP_IO */
};

struct omsp_poll_event {
    void *data;   /* NULL: nothing happened but a wake */
    bool in, out; /* both on an error, ... */
    bool error;   /* ... which Wine's receiving does not always tell afterwards */
};

/* Whose certificate is looked at, and what came of it. Lives as long as the easy handle. */
struct omsp_tls_check {
    CURL *easy;
    const char *host;
    bool refused; /* win/'s own check said no: then curl's code is ABORTED_BY_CALLBACK */
};

/* What the system may hold of a connection that nobody reads, in bytes: left to itself it takes
 * megabytes, and a slow consumer of speech would hear of minutes ago. */
#define OMSP_TCP_SEND_ROOM 65536

/* ThreadSanitizer follows 64 locks of one thread; each send holds its connection's and its owner's.
 */
#define OMSP_SENDER_MAX 24

struct omsp_curl_os {
    uint64_t (*now_us)(void); /* struct omsp_ports.now_us */

    /* OMSP_NOMEM, OMSP_FULL, OMSP_IO. */
    enum omsp_status (*poller_create)(struct omsp_poller **out);
    /* Nobody else is in any of its functions, or will be. */
    void (*poller_destroy)(struct omsp_poller *poller);
    /* Adds the socket or changes what is wanted of it; level-triggered; data is not NULL. Any
     * thread. OMSP_NOMEM, OMSP_FULL, OMSP_IO; none for one that is watched and open. */
    enum omsp_status (*watch)(struct omsp_poller *poller, curl_socket_t sock, void *data, bool in,
                              bool out);
    /* No wait from now on tells of it; what the last one told may be in hand still. One that is not
     * watched, or with other data by now, is fine. The waiting thread alone. */
    void (*forget)(struct omsp_poller *poller, curl_socket_t sock, const void *data);
    /* At most max events (posix/: 64), none too, also before the deadline; that is on now_us's
     * scale, UINT64_MAX: none. */
    unsigned (*wait)(struct omsp_poller *poller, struct omsp_poll_event *events, unsigned max,
                     uint64_t deadline_us);
    void (*wake)(struct omsp_poller *poller); /* any thread; cheap when one is pending */

    /* Not inherited by child processes. CURL_SOCKET_BAD on failure. */
    curl_socket_t (*sock_open)(int family, int type, int protocol);
    void (*sock_close)(curl_socket_t sock);
    /* Another number for the same socket, to be closed by itself; CURL_SOCKET_BAD on failure. NULL:
     * a poller takes no harm from a number that was closed before it was forgotten, and perhaps
     * watched for another connection since. */
    curl_socket_t (*sock_share)(curl_socket_t sock);
    /* OMSP_OK (*got > 0), OMSP_EMPTY, OMSP_EOF, OMSP_IO. Never blocks; on Windows the socket itself
     * must be non-blocking, as curl's are, here and below. */
    enum omsp_status (*sock_recv)(curl_socket_t sock, void *data, size_t len, size_t *got);
    /* OMSP_OK, also with *sent < len when there is no room, or no memory in the system; OMSP_IO,
     * and *sent is left alone. Never blocks, no signal. */
    enum omsp_status (*sock_send)(curl_socket_t sock, const void *data, size_t len, size_t *sent);
    /* NULL, or NULL from it: not here, or not now. */
    struct omsp_sender *(*sender_create)(void);
    void (*sender_destroy)(struct omsp_sender *sender);
    /* sock_send for each of at most OMSP_SENDER_MAX sockets, all different. */
    void (*sender_send)(struct omsp_sender *sender, struct omsp_sock_send *sends, unsigned count);
    /* Would sending not wait? True on an error, too. */
    bool (*sock_writable)(curl_socket_t sock);
    /* After the end of what can be received: was it a reset, or anything else but the peer's
     * orderly end, after which sending still goes? */
    bool (*is_dead)(curl_socket_t sock);

    /* Has host, validity and trust verified: against ca_file alone (PEM) or, NULL, the system's
     * store. Sets options of `easy`, and answers their failure, which is one of memory; a ca_file
     * that is none fails each handshake. ca_file is copied, check is kept. */
    CURLcode (*verify)(CURL *easy, const char *ca_file, struct omsp_tls_check *check);
    /* A name is still being looked up on a thread of curl's own, which has been given up: the code
     * that it runs must stay in memory. */
    void (*stay_loaded)(void);
    /* Gives memory that was freed back to the system as far as it can; NULL: it goes back by
     * itself.
     */
    void (*trim)(void);
};

#endif
