/*
 * The simulated machine: time that passes only when somebody waits, a network with delay, jitter,
 * loss, duplication and reordering, files in memory, and failures on demand; sim_tcp.h and
 * sim_http.h have the far ends of connections and requests. Everything follows from the seed: same
 * seed and same calls, same trace.
 *
 * One thread only, for the simulation and all that runs on it (the engine in manual mode). No OS.
 *
 * Time: loop->wait runs what is due (datagrams, scheduled callbacks), and while there is nothing
 * for its loop sets the clock to the next event or the deadline, whichever is first. It returns
 * when its loop got something, at the deadline, or, so that loops pumped in turn each see the right
 * time, as soon as another loop got something. With no deadline and nothing to come it returns at
 * once and the time stands still.
 */
#ifndef OMSP_SIM_SIM_H
#define OMSP_SIM_SIM_H

#include "port/ports.h"

struct omsp_sim;

#define OMSP_SIM_START_US   1000000u           /* now_us of a new simulation */
#define OMSP_SIM_START_WALL 1767225600000000LL /* 2026-01-01 00:00 UTC */

/* OMSP_NOMEM. */
enum omsp_status omsp_sim_create(uint64_t seed, struct omsp_sim **out);
/* All loops (of both kinds), HTTP clients, audio ports and files must have been closed. NULL is
 * fine. */
void omsp_sim_destroy(struct omsp_sim *sim);
/* Lives as long as the simulation. */
const struct omsp_ports *omsp_sim_ports(struct omsp_sim *sim);

/* ---- time ---------------------------------------------------------------------------------- */

uint64_t omsp_sim_now(const struct omsp_sim *sim);
/* The wall clock jumps to this many µs since 1970 and runs on from there. */
void omsp_sim_set_wall(struct omsp_sim *sim, int64_t wall_us);
typedef void (*omsp_sim_fn)(void *arg);
/* fn(arg) runs inside the wait or omsp_sim_run that reaches t_us (now or past: the next one). It
 * may do anything but wait and destroy. Callbacks of the same time run in the order they were asked
 * for. OMSP_NOMEM. */
enum omsp_status omsp_sim_at(struct omsp_sim *sim, uint64_t t_us, omsp_sim_fn fn, void *arg);
/* Lets time pass until t_us without any loop: callbacks run, datagrams pile up in the sockets. */
void omsp_sim_run(struct omsp_sim *sim, uint64_t t_us);
/* From now on each wait in which time passes returns 0..this late, evenly, as on a machine that has
 * other work: what comes meanwhile piles up. 0, how it begins: at its time. */
void omsp_sim_set_lateness(struct omsp_sim *sim, uint32_t most_us);

/* ---- network ------------------------------------------------------------------------------- */

/* Another address of this machine, beside 127.0.0.0/8, ::1, 0.0.0.0 and ::; port ignored. OMSP_FULL
 * after OMSP_SIM_MAX_IPS. */
enum omsp_status omsp_sim_add_ip(struct omsp_sim *sim, const struct omsp_addr *ip);
#define OMSP_SIM_MAX_IPS 64

struct omsp_sim_link {
    uint32_t delay_us;      /* each datagram's; default 100 */
    uint32_t jitter_us;     /* plus 0..this, evenly; order on the link is kept */
    uint32_t loss_ppm;      /* chance in a million that a datagram is lost ... */
    uint32_t loss_burst;    /* ... with this many in a row; 0 and 1: singly */
    uint32_t duplicate_ppm; /* comes twice, the second time with a delay and jitter of its own */
    uint32_t reorder_ppm;   /* held back for ... */
    uint32_t reorder_us;    /* ... this much more, while others overtake it */
};

/* From now on datagrams from `from` to `to` (NULL: any; port 0: any port of that IP) travel so. Of
 * several that match the one set last counts; the same pair again replaces it. Datagrams under way
 * keep their times. OMSP_NOMEM. */
enum omsp_status omsp_sim_set_link(struct omsp_sim *sim, const struct omsp_addr *from,
                                   const struct omsp_addr *to, const struct omsp_sim_link *link);
/* A datagram from outside: goes through the link's rules as if `from` had sent it now. OMSP_NOMEM,
 * OMSP_INVALID (addresses of two families). */
enum omsp_status omsp_sim_inject(struct omsp_sim *sim, const struct omsp_addr *from,
                                 const struct omsp_addr *to, const void *data, size_t len);
/* Sees every datagram sent or injected before the link touches it; fn NULL: nobody. data is valid
 * during the call. Must only look. */
typedef void (*omsp_sim_tap_fn)(void *ctx, const struct omsp_addr *from, const struct omsp_addr *to,
                                const void *data, size_t len);
void omsp_sim_set_tap(struct omsp_sim *sim, omsp_sim_tap_fn fn, void *ctx);
/* What a socket holds at most until it is read, in bytes of payload plus 512 each; what comes then
 * is lost. Default 1 MiB. */
void omsp_sim_set_receive_buffer(struct omsp_sim *sim, size_t bytes);
/* Receiving on this socket breaks for good: on_error(status) at its loop's next wait. */
void omsp_sim_break_socket(struct omsp_udp *udp, enum omsp_status status);
/* The same of the one that hears what comes to this address. OMSP_NOTFOUND. */
enum omsp_status omsp_sim_break_at(struct omsp_sim *sim, const struct omsp_addr *where,
                                   enum omsp_status status);

struct omsp_sim_counters {
    uint64_t sent;       /* send and inject that were taken */
    uint64_t lost;       /* by loss_ppm */
    uint64_t duplicated; /* extra copies */
    uint64_t reordered;  /* held back */
    uint64_t delivered;  /* handed to on_datagram */
    uint64_t unheard;    /* came to an address without a socket */
    uint64_t overflowed; /* the socket's buffer was full, or the datagram over OMSP_UDP_MAX */
};
void omsp_sim_get_counters(const struct omsp_sim *sim, struct omsp_sim_counters *out);

/* ---- failures ------------------------------------------------------------------------------ */

enum omsp_sim_op {
    OMSP_SIM_LOOP_CREATE,
    OMSP_SIM_OPEN, /* loop->open */
    OMSP_SIM_SEND,
    OMSP_SIM_FILE_OPEN,
    OMSP_SIM_FILE_READ,
    OMSP_SIM_FILE_WRITE,
    OMSP_SIM_FILE_SIZE,
    OMSP_SIM_FILE_FLUSH,
    OMSP_SIM_FILE_CLOSE, /* the file is closed all the same */
    OMSP_SIM_TCP_LOOP_CREATE,
    OMSP_SIM_DIAL,
    OMSP_SIM_TCP_SEND, /* nothing is taken; the connection itself stays as it is */
    OMSP_SIM_HTTP_CREATE,
    OMSP_SIM_HTTP_SEND,
    OMSP_SIM_AUDIO_CREATE,
    OMSP_SIM_AUDIO_OPEN,
    OMSP_SIM_OPS
};
#define OMSP_SIM_FOR_EVER UINT64_MAX
/* The next `after` calls of op go through, then `count` answer status and do nothing, then all is
 * well again. Replaces what was asked for this op before; count 0 takes it back. */
void omsp_sim_fail(struct omsp_sim *sim, enum omsp_sim_op op, uint64_t after, uint64_t count,
                   enum omsp_status status);

/* ---- files --------------------------------------------------------------------------------- */

/* Names are compared byte for byte; there are no folders but those made here. A file outlives its
 * handles and goes with the simulation. */

/* Makes or replaces a file. OMSP_NOMEM. */
enum omsp_status omsp_sim_file_put(struct omsp_sim *sim, const char *path, const void *data,
                                   size_t len);
/* The bytes as they are now, valid until the file next changes. OMSP_NOTFOUND. */
enum omsp_status omsp_sim_file_get(struct omsp_sim *sim, const char *path, const uint8_t **data,
                                   size_t *len);
/* Cuts the file, open handles or not: a short file. No effect when it is not longer. OMSP_NOTFOUND.
 */
enum omsp_status omsp_sim_file_cut(struct omsp_sim *sim, const char *path, size_t len);
/* Opening it, either way, answers OMSP_ACCESS. OMSP_NOMEM. */
enum omsp_status omsp_sim_make_folder(struct omsp_sim *sim, const char *path);
/* OMSP_FILE_CREATE answers OMSP_ACCESS while set; with `hidden` reading too. OMSP_NOTFOUND. */
enum omsp_status omsp_sim_file_protect(struct omsp_sim *sim, const char *path, bool protect,
                                       bool hidden);
/* Reading or writing (op: OMSP_SIM_FILE_READ, OMSP_SIM_FILE_WRITE) a byte at or beyond this offset
 * fails with status; UINT64_MAX: never. A write stores what lies before it. OMSP_NOTFOUND. */
enum omsp_status omsp_sim_file_fail_from(struct omsp_sim *sim, const char *path,
                                         enum omsp_sim_op op, uint64_t offset,
                                         enum omsp_status status);
/* Files may grow by this many bytes in all, then writes answer OMSP_NOSPACE after storing what
 * fits; emptying a file gives its bytes back. UINT64_MAX (default): endless. */
void omsp_sim_set_disk_room(struct omsp_sim *sim, uint64_t bytes);
uint64_t omsp_sim_get_disk_room(const struct omsp_sim *sim);

#endif
