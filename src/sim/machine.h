/* The inside of the simulation, shared by its files; nobody else includes it. */
#ifndef OMSP_SIM_MACHINE_H
#define OMSP_SIM_MACHINE_H

#include "sim/sim.h"
#include "sim/sim_audio.h"
#include "sim/sim_http.h"
#include "sim/sim_tcp.h"

#include "base/list.h"

#define SIM_BUCKETS 256 /* sockets by port */

/* Events are a heap ordered by (at, order), so that equal times keep the order of asking. */
enum sim_event_kind { SIM_CALL, SIM_ARRIVAL };

struct sim_event {
    uint64_t at, order;
    enum sim_event_kind kind;
    omsp_sim_fn fn;   /* SIM_CALL */
    omsp_sim_fn drop; /* called instead of fn when the simulation ends first; or NULL */
    void *arg;
    struct sim_packet *packet; /* SIM_ARRIVAL; owned */
};

struct sim_packet {
    struct omsp_addr from, to;
    struct omsp_link link; /* in sim_loop.waiting, once it has come */
    struct sim_udp *udp;   /* whose it is then */
    size_t len;
    uint8_t data[];
};

struct sim_rule {
    struct omsp_addr from, to;
    bool any_from, any_to;
    struct omsp_sim_link link;
    uint64_t last;    /* arrival of the last datagram that kept its order */
    uint32_t to_lose; /* rest of a burst */
};

struct sim_fault {
    uint64_t after, count;
    enum omsp_status status;
};

/* xorshift64*: one each for the network and for ports.random, so that neither shifts the other. */
struct sim_dice {
    uint64_t state;
};

struct sim_node {
    struct omsp_link link; /* in omsp_sim.nodes */
    char *path;
    bool folder, protect, hidden;
    uint8_t *data;
    size_t len, room;
    unsigned handles;
    uint64_t read_limit, write_limit;
    enum omsp_status read_status, write_status;
};

struct omsp_sim {
    struct omsp_ports ports;
    uint64_t now, order;
    int64_t wall_offset;
    uint32_t lateness_us;
    struct sim_dice net_dice, random_dice;
    struct sim_event *heap;
    size_t events, heap_room;
    struct omsp_link loops; /* struct sim_loop.link */
    const void *pumped;     /* the loop, of either kind, that is waiting now */
    bool stirred;           /* another loop than the pumped one got something */
    struct sim_rule fallback, *rules;
    size_t rule_count;
    struct omsp_addr ips[OMSP_SIM_MAX_IPS];
    unsigned ip_count;
    uint16_t next_port;
    struct omsp_link buckets[SIM_BUCKETS]; /* struct sim_udp.bucket */
    size_t receive_buffer;
    omsp_sim_tap_fn tap;
    void *tap_ctx;
    struct omsp_sim_counters counters;
    struct sim_fault faults[OMSP_SIM_OPS];
    struct omsp_link nodes; /* struct sim_node.link */
    uint64_t disk_room;
    struct omsp_link servers; /* struct sim_server.link */
    unsigned tcp_loops, https;
    size_t tcp_grain; /* 0: any */
    bool tcp_singly;
    struct omsp_link requests; /* struct sim_request.link */
    size_t request_count;
    omsp_sim_http_fn http_fn;
    void *http_ctx;
    struct omsp_link devices; /* struct sim_device.link, in order of plugging in */
    bool devices_unknown;     /* omsp_sim_audio_set_unknown */
    struct omsp_link audios;  /* struct sim_audio.link */
    omsp_sim_say_fn say;
    omsp_sim_hear_fn hear;
    void *people;
};

/* machine.c */
uint64_t sim_dice_next(struct sim_dice *dice);
/* 0..limit, both included. */
uint32_t sim_dice_upto(struct sim_dice *dice, uint32_t limit);
bool sim_dice_hit(struct sim_dice *dice, uint32_t ppm);
/* Takes the packet over, on failure too (frees it). */
enum omsp_status sim_push_arrival(struct omsp_sim *sim, uint64_t at, struct sim_packet *packet);
/* As omsp_sim_at; drop(arg) is called instead of fn(arg) when the simulation ends first. */
enum omsp_status sim_push_call(struct omsp_sim *sim, uint64_t at, omsp_sim_fn fn, omsp_sim_fn drop,
                               void *arg);
/* Lets time pass for the loop `who`, of either kind, until has_work(who), the deadline, another
 * loop's work, or, with neither deadline nor events, not at all. */
void sim_wait(struct omsp_sim *sim, const void *who, bool (*has_work)(const void *who),
              uint64_t deadline_us);
/* The loop `who` got something to do: another one's wait ends. */
void sim_stir(struct omsp_sim *sim, const void *who);
/* OMSP_OK: go on. */
enum omsp_status sim_fault(struct omsp_sim *sim, enum omsp_sim_op op);

/* net.c */
void sim_net_init(struct omsp_sim *sim);
void sim_net_clear(struct omsp_sim *sim);
bool sim_is_wildcard(const struct omsp_addr *addr);
bool sim_is_local(const struct omsp_sim *sim, const struct omsp_addr *addr);
/* The address that a datagram to `to` leaves from; port stays. */
void sim_pick_source(const struct omsp_sim *sim, const struct omsp_addr *to,
                     struct omsp_addr *from);
/* Onto the link. OMSP_NOMEM. */
enum omsp_status sim_net_send(struct omsp_sim *sim, const struct omsp_addr *from,
                              const struct omsp_addr *to, const void *data, size_t len);

/* loop.c */
enum omsp_status sim_loop_create(void *ctx, struct omsp_net_loop **out);
/* A datagram has come to `packet->to`; takes it over. */
void sim_deliver(struct omsp_sim *sim, struct sim_packet *packet);

/* tcp_loop.c */
enum omsp_status sim_tcp_loop_create(void *ctx, struct omsp_tcp_loop **out);

/* tcp_peer.c */
void sim_servers_clear(struct omsp_sim *sim);

/* http.c */
enum omsp_status sim_http_create(void *ctx, struct omsp_http **out);
void sim_requests_clear(struct omsp_sim *sim);

/* audio.c */
enum omsp_status sim_audio_create(void *ctx, const struct omsp_audio_watch *watch,
                                  struct omsp_audio **out);
void sim_devices_clear(struct omsp_sim *sim);

/* file.c */
enum omsp_status sim_file_open(void *ctx, const char *path, enum omsp_file_mode mode,
                               struct omsp_file **out);
void sim_files_clear(struct omsp_sim *sim);

#endif
