/* The rig of the TCP tests: either adapter, boxes that own connections, simulated far ends. */
#include "support/tcp_rig.h"

#include <string.h>

void tcp_rig_up(struct tcp_rig *rig, bool simulated)
{
    memset(rig, 0, sizeof(*rig));
    if (simulated) {
        ck_assert_int_eq(omsp_sim_create(1, &rig->sim), OMSP_OK);
        omsp_sim_set_tcp_together(rig->sim, !omsp_test_sends_singly());
        rig->ports = omsp_sim_ports(rig->sim);
    } else {
        rig->ports = omsp_system_ports();
    }
    ck_assert_int_eq(rig->ports->tcp_loop_create(rig->ports->ctx, &rig->loop), OMSP_OK);
}

void tcp_rig_down(struct tcp_rig *rig)
{
    rig->loop->destroy(rig->loop);
    omsp_sim_destroy(rig->sim);
}

uint64_t tcp_now(struct tcp_rig *rig)
{
    return rig->ports->now_us(rig->ports->ctx);
}

void tcp_pump(struct tcp_rig *rig, const atomic_int *value, int target, uint64_t at_most_us)
{
    uint64_t end = tcp_now(rig) + at_most_us;

    while (atomic_load(value) < target && tcp_now(rig) < end)
        rig->loop->wait(rig->loop, end);
}

void tcp_idle(struct tcp_rig *rig, uint64_t us)
{
    uint64_t end = tcp_now(rig) + us;

    while (tcp_now(rig) < end)
        rig->loop->wait(rig->loop, end);
}

void tcp_elsewhere(struct tcp_rig *rig, void (*fn)(void *arg), void *arg)
{
    if (rig->sim)
        ck_assert_int_eq(omsp_sim_at(rig->sim, tcp_now(rig) + 1000, fn, arg), OMSP_OK);
    else
        ck_assert_int_eq(omsp_thread_start(fn, arg, "elsewhere", &rig->thread), OMSP_OK);
}

void tcp_elsewhere_ends(struct tcp_rig *rig)
{
    if (rig->thread)
        omsp_thread_join(rig->thread);
    rig->thread = NULL;
}

uint8_t tcp_pattern(size_t offset)
{
    return (uint8_t)(offset * 31 + (offset >> 8));
}

/* ---- simulated far ends -------------------------------------------------------------------- */

static enum omsp_sim_dial on_dial(void *owner, const struct omsp_tcp_target *target,
                                  uint64_t *delay_us)
{
    const struct tcp_far *far = owner;

    (void)target;
    (void)delay_us;
    return far->manner == TCP_SILENT   ? OMSP_SIM_SILENT
           : far->manner == TCP_NOBODY ? OMSP_SIM_REFUSE
                                       : OMSP_SIM_ACCEPT;
}

static void on_accept(void *owner, struct omsp_sim_peer *peer)
{
    struct tcp_far *far = owner;

    far->peer = peer;
    if (far->manner == TCP_HOLD && !atomic_load(&far->released))
        omsp_sim_peer_set_window(peer, 0);
    atomic_fetch_add(&far->accepted, 1);
}

static void on_bytes(void *owner, struct omsp_sim_peer *peer, const uint8_t *data, size_t len)
{
    struct tcp_far *far = owner;

    switch (far->manner) {
    case TCP_ECHO:
        ck_assert_int_eq(omsp_sim_peer_send(peer, data, len), OMSP_OK);
        break;
    case TCP_BYE:
        ck_assert_int_eq(omsp_sim_peer_send(peer, "bye", 3), OMSP_OK);
        ck_assert_int_eq(omsp_sim_peer_close(peer), OMSP_OK);
        break;
    case TCP_RESET:
        ck_assert_int_eq(omsp_sim_peer_break(peer), OMSP_OK);
        break;
    default:
        for (size_t i = 0; i < len; i++)
            if (data[i] != tcp_pattern((size_t)atomic_load(&far->bytes) + i))
                atomic_fetch_add(&far->bad, 1);
    }
    atomic_fetch_add(&far->bytes, (long long)len);
}

static void on_gone(void *owner, struct omsp_sim_peer *peer)
{
    struct tcp_far *far = owner;

    if (far->peer == peer)
        far->peer = NULL;
    atomic_fetch_add(&far->gone, 1);
}

void tcp_far_open(struct tcp_far *far, struct tcp_rig *rig, enum tcp_manner manner)
{
    const struct omsp_sim_server server = {.owner = far,
                                           .on_dial = on_dial,
                                           .on_accept = on_accept,
                                           .on_bytes = on_bytes,
                                           .on_gone = on_gone};

    memset(far, 0, sizeof(*far));
    far->rig = rig;
    far->manner = manner;
    far->port = 25000;
    if (rig->sim)
        ck_assert_int_eq(omsp_sim_tcp_listen(rig->sim, "127.0.0.1", far->port, &server), OMSP_OK);
    else
        tcp_far_listen(far);
}

void tcp_far_release(struct tcp_far *far)
{
    atomic_store(&far->released, true);
    if (far->peer)
        omsp_sim_peer_set_window(far->peer, SIZE_MAX);
}

void tcp_far_close(struct tcp_far *far)
{
    if (!far->rig->sim)
        tcp_far_unlisten(far);
    else
        tcp_idle(far->rig, 10000); /* farewells that are under way */
}

/* ---- boxes --------------------------------------------------------------------------------- */

static void note(struct tcp_box *box)
{
    if (box->closing || atomic_load(&box->ended))
        box->after++;
}

static void close_now(struct tcp_box *box, bool wanted)
{
    if (!wanted)
        return;
    box->closing = true;
    box->rig->loop->close(box->tcp);
}

static void on_open(void *owner)
{
    struct tcp_box *box = owner;

    note(box);
    atomic_fetch_add(&box->opened, 1);
    close_now(box, box->closes_on_open);
}

static void on_data(void *owner, const uint8_t *data, size_t len, uint64_t now_us)
{
    struct tcp_box *box = owner;
    size_t have = (size_t)atomic_load(&box->got);

    note(box);
    ck_assert_uint_gt(len, 0);
    for (size_t i = 0; i < len; i++) {
        if (data[i] != tcp_pattern(have + i))
            box->bad++;
        if (have + i < sizeof(box->text) - 1)
            box->text[have + i] = (char)data[i];
    }
    box->at = now_us;
    atomic_fetch_add(&box->got, (int)len);
    close_now(box, box->closes_on_data);
}

static void on_writable(void *owner)
{
    struct tcp_box *box = owner;

    note(box);
    atomic_fetch_add(&box->writable, 1);
}

static void on_end(void *owner, enum omsp_tcp_end end)
{
    struct tcp_box *box = owner;

    note(box);
    box->end = end;
    atomic_fetch_add(&box->ended, 1);
    close_now(box, box->closes_on_end);
}

static void on_closed(void *owner)
{
    atomic_fetch_add(&((struct tcp_box *)owner)->closed, 1);
}

void tcp_box_init(struct tcp_box *box, struct tcp_rig *rig, struct omsp_tcp *init)
{
    const struct omsp_tcp made = {.owner = box,
                                  .on_open = on_open,
                                  .on_data = on_data,
                                  .on_writable = on_writable,
                                  .on_end = on_end,
                                  .on_closed = on_closed};

    box->rig = rig;
    *init = made;
}

void tcp_box_dial_to(struct tcp_box *box, struct tcp_rig *rig, const struct omsp_tcp_target *target)
{
    struct omsp_tcp init;

    tcp_box_init(box, rig, &init);
    ck_assert_int_eq(rig->loop->dial(rig->loop, &init, target, &box->tcp), OMSP_OK);
}

void tcp_box_dial(struct tcp_box *box, const struct tcp_far *far)
{
    const struct omsp_tcp_target target = {
        .host = "127.0.0.1", .port = far->port, .timeout_ms = 5000};

    tcp_box_dial_to(box, far->rig, &target);
}

void tcp_box_open(struct tcp_box *box, const struct tcp_far *far)
{
    memset(box, 0, sizeof(*box));
    tcp_box_dial(box, far);
    tcp_pump(box->rig, &box->opened, 1, 5 * SECOND);
    ck_assert_int_eq(atomic_load(&box->opened), 1);
}

void tcp_box_close(struct tcp_box *box)
{
    close_now(box, !box->closing);
    tcp_pump(box->rig, &box->closed, 1, 5 * SECOND);
    ck_assert_int_eq(atomic_load(&box->closed), 1);
    ck_assert_int_eq(box->after, 0);
    ck_assert_int_le(atomic_load(&box->ended), 1);
}

void tcp_box_send(struct tcp_box *box, const void *data, size_t len)
{
    const uint8_t *at = data;

    while (len) {
        int writable = atomic_load(&box->writable);
        size_t sent = 0;

        ck_assert_int_eq(box->rig->loop->send(box->tcp, at, len, &sent), OMSP_OK);
        at += sent;
        len -= sent;
        if (!len)
            break;
        tcp_pump(box->rig, &box->writable, writable + 1, 10 * SECOND);
        ck_assert_int_eq(atomic_load(&box->writable), writable + 1);
    }
}
