/*
 * A call on real sockets under a flood: strangers of many addresses, the peer's own host among
 * them, send what looks like media and reports, with the peer's SSRC and with our own, cut short
 * and as long as it gets, while the peer speaks. What is heard are the peer's frames, one by one;
 * each stranger's packet is counted; nothing goes to a stranger. In bursts that a socket's buffer
 * holds, and each burst is waited for: what the system drops would say nothing about the call.
 * Whoever is not heard for OMSP_LATCH_SILENCE_US makes room for whoever comes next, which is the
 * rule: a run in which the machine was so slow that the peer may have been silent for so long is
 * void, and there is another.
 */
#include "support/net_rig.h"

#include "base/bytes.h"
#include "engine/engine.h"
#include "engine/samples.h"
#include "media/latch.h"
#include "media/rtcp.h"
#include "media/rtp.h"

#include <stdio.h>
#include <string.h>

#define FRAME 160
#ifdef _WIN32
#define FRAMES 100
#else
#define FRAMES 600
#endif
#define BURSTS    4
#define BURST     40
#define STRANGERS 8
#define PEER_SSRC 0x0A0B0C0Du
#define LONGEST   1400
#define RUNS      10

struct scene {
    struct net_rig rig;
    struct net_box peer, strangers[STRANGERS];
    bool same_host[STRANGERS]; /* as the peer, as far as receivers see */
    struct omsp_engine *engine;
    struct omsp_address *address;
    struct omsp_listener *listener;
    struct omsp_call *call;
    struct omsp_stream *render;
    struct omsp_terminal *ear;
    struct omsp_addr rtp, rtcp;
    unsigned said, heard, wrong;
    uint64_t refused;  /* packets that must have been */
    uint64_t reports;  /* from the peer's own machine, whose word counts whatever the port */
    uint64_t spoke_us; /* before what was said last; it is heard by the next catch_up */
    uint32_t seed;
    uint8_t part[FRAME];
    size_t part_len;
};

static uint32_t any(struct scene *scene)
{
    scene->seed = scene->seed * 1664525u + 1013904223u;
    return scene->seed >> 8;
}

static void nothing(void *ctx)
{
    (void)ctx;
}

static void scene_open(struct scene *scene)
{
    static const struct omsp_audio_format ulaw = {7, 1, 8000, 8};
    char sdp[2048];
    size_t need;

    memset(scene, 0, sizeof(*scene));
    scene->seed = 99;
    net_rig_up(&scene->rig, false);
    net_box_on_loopback(&scene->peer, &scene->rig);
    for (unsigned i = 0; i < STRANGERS; i++) {
        struct omsp_addr from = net_address("127.0.0.1:0");

        from.ip[3] = (uint8_t)(1 + i / 2); /* two of them share the peer's address */
        ck_assert_int_eq(net_box_open(&scene->strangers[i], &scene->rig, from), OMSP_OK);
        /* Wine sends from 127.0.0.1 whatever a socket is bound to. */
        ck_assert_int_eq(net_box_send(&scene->strangers[i], &scene->peer, "?", 1), OMSP_OK);
        net_pump(&scene->rig, &scene->peer.count, (int)i + 1, 10 * SECOND);
        ck_assert_int_eq(atomic_load(&scene->peer.count), i + 1);
        scene->same_host[i] = omsp_addr_same_ip(&scene->peer.from, &scene->peer.addr);
    }
    ck_assert_int_eq(omsp_engine_create(omsp_system_ports(), NULL, &scene->engine), OMSP_OK);
    ck_assert_int_eq(omsp_address_create(scene->engine, &scene->address), OMSP_OK);
    ck_assert_int_eq(omsp_address_listen(scene->address, nothing, NULL, &scene->listener), OMSP_OK);
    ck_assert_int_eq(omsp_call_create(scene->address, OMSP_MEDIA_AUDIO, 1, &scene->call), OMSP_OK);
    ck_assert_int_eq(omsp_call_set_media_timeout(scene->call, 0), OMSP_OK);
    scene->render = omsp_call_stream_at(scene->call, 1);
    ck_assert_int_eq(omsp_samples_create(scene->address, OMSP_RENDER, 4000, &scene->ear), OMSP_OK);
    ck_assert_int_eq(omsp_samples_set_format(scene->ear, &ulaw), OMSP_OK);
    ck_assert_int_eq(omsp_stream_select(scene->render, scene->ear), OMSP_OK);
    ck_assert_int_eq(omsp_call_local_sdp(scene->call, sdp, sizeof(sdp), &need), OMSP_OK);
    omsp_call_local_addr(scene->call, &scene->rtp);
    scene->rtcp = scene->rtp;
    scene->rtcp.port++;
    ck_assert_int_eq(omsp_call_set_peer(scene->call, &scene->peer.addr, 0), OMSP_OK);
}

static void scene_close(struct scene *scene)
{
    omsp_address_shutdown(scene->address);
    omsp_terminal_release(scene->ear);
    omsp_stream_release(scene->render);
    omsp_call_release(scene->call);
    omsp_listener_close(scene->listener);
    omsp_address_release(scene->address);
    omsp_engine_destroy(scene->engine);
    net_box_close(&scene->peer);
    for (unsigned i = 0; i < STRANGERS; i++)
        net_box_close(&scene->strangers[i]);
    net_rig_down(&scene->rig);
}

static void send_from(struct scene *scene, struct net_box *box, const struct omsp_addr *to,
                      const void *data, size_t len)
{
    enum omsp_status status;

    do
        status = scene->rig.loop->send(box->udp, to, data, len);
    while (status == OMSP_FULL); /* our own buffer */
    ck_assert_int_eq(status, OMSP_OK);
}

/* ---- what is said and heard ------------------------------------------------------------------ */

/* Never silence (0xff, 0x7f), and every frame carries its number. */
static uint8_t code_at(unsigned frame, unsigned i)
{
    return i < 2 ? (uint8_t)(0x10 + (frame >> (6 * i)) % 64)
                 : (uint8_t)(0x10 + ((frame * FRAME + i) * 2654435761u >> 24) % 0x60);
}

static void peer_says(struct scene *scene)
{
    uint8_t packet[OMSP_RTP_HEADER + FRAME];

    omsp_rtp_put_header(packet, false, OMSP_RTP_PCMU, (uint16_t)(65500 + scene->said),
                        77u + scene->said * FRAME, PEER_SSRC);
    for (unsigned i = 0; i < FRAME; i++)
        packet[OMSP_RTP_HEADER + i] = code_at(scene->said, i);
    scene->spoke_us = net_now(&scene->rig);
    send_from(scene, &scene->peer, &scene->rtp, packet, sizeof(packet));
    scene->said++;
}

static void hear(struct scene *scene)
{
    uint8_t bytes[FRAME * 10];
    struct omsp_samples_chunk chunk;

    while (omsp_samples_read(scene->ear, bytes, sizeof(bytes), &chunk) == OMSP_OK)
        for (unsigned i = 0; i < chunk.bytes; i++) {
            if (!scene->part_len && (bytes[i] == 0xff || bytes[i] == 0x7f))
                continue; /* silence before the first word */
            scene->part[scene->part_len++] = bytes[i];
            if (scene->part_len < FRAME)
                continue;
            scene->part_len = 0;
            for (unsigned k = 0; k < FRAME; k++)
                if (scene->part[k] != code_at(scene->heard, k)) {
                    scene->wrong++;
                    break;
                }
            scene->heard++;
        }
}

static void stranger_sends(struct scene *scene)
{
    uint8_t packet[LONGEST];
    size_t len = OMSP_RTP_HEADER + FRAME;
    unsigned who = any(scene) % STRANGERS;
    const struct omsp_addr *to = &scene->rtp;

    memset(packet, 0x80, sizeof(packet)); /* as loud as it gets */
    omsp_rtp_put_header(packet, false, OMSP_RTP_PCMU, (uint16_t)any(scene), any(scene),
                        any(scene) % 3 ? any(scene) : PEER_SSRC);
    switch (any(scene) % 8) {
    case 0: /* cut short */
        len = 1 + any(scene) % (OMSP_RTP_HEADER - 1);
        break;
    case 1:
        len = LONGEST;
        break;
    case 2: /* a report of its own, and a BYE for the peer */
    case 3: {
        struct omsp_rtcp_compound compound = {.ssrc = any(scene) % 2 ? any(scene) : PEER_SSRC,
                                              .cname = omsp_span_text("stranger"),
                                              .bye = any(scene) % 2};

        ck_assert_int_eq(omsp_rtcp_build(&compound, packet, sizeof(packet), &len), OMSP_OK);
        to = &scene->rtcp;
        break;
    }
    default:
        break;
    }
    send_from(scene, &scene->strangers[who], to, packet, len);
    if (to == &scene->rtcp && scene->same_host[who])
        scene->reports++;
    else
        scene->refused++;
}

/* Until the call has seen all that was sent to it. since_us: before the last words of the peer that
 * were heard before. False: it may have been silent for too long meanwhile. */
static bool catch_up(struct scene *scene, uint64_t since_us)
{
    uint64_t give_up = net_now(&scene->rig) + 20 * SECOND;
    struct omsp_call_stats stats;

    do {
        omsp_call_get_stats(scene->call, &stats);
        hear(scene);
        if (net_now(&scene->rig) - since_us >= OMSP_LATCH_SILENCE_US)
            return false;
    } while ((stats.packets_received < scene->said || stats.packets_rejected < scene->refused ||
              stats.reports_received < scene->reports) &&
             net_now(&scene->rig) < give_up);
    ck_assert_uint_eq(stats.packets_received, scene->said);
    ck_assert_uint_eq(stats.packets_rejected, scene->refused);
    ck_assert_uint_eq(stats.reports_received, scene->reports);
    return true;
}

/* False: void. */
static bool be_flooded(struct scene *scene, long *before)
{
    uint64_t since_us;

    for (int i = 0; i < 10; i++) {
        peer_says(scene);
        if (!catch_up(scene, scene->spoke_us))
            return false;
    }
    *before = omsp_test_bytes();
    for (int i = 0; i < FRAMES; i++) {
        for (int burst = 0; burst < BURSTS; burst++) {
            since_us = scene->spoke_us;
            for (int k = 0; k < BURST; k++)
                stranger_sends(scene);
            if (burst == BURSTS / 2)
                peer_says(scene);
            if (!catch_up(scene, since_us))
                return false;
        }
    }
    return true;
}

START_TEST(a_call_under_a_flood_hears_its_peer_and_answers_nobody_else)
{
    static struct scene scene;
    struct omsp_call_stats stats;
    uint64_t began, give_up;
    unsigned runs = 1;
    long before;

    for (;; runs++) {
        scene_open(&scene);
        began = net_now(&scene.rig);
        if (be_flooded(&scene, &before))
            break;
        ck_assert_msg(runs < RUNS, "too slow a machine: %u times the peer was not heard", runs);
        scene_close(&scene);
    }
    omsp_call_get_stats(scene.call, &stats);
    ck_assert_uint_eq(stats.packets_lost + stats.packets_late + stats.packets_duplicate, 0);
    ck_assert_uint_eq(stats.frames_concealed, 0);
    give_up = net_now(&scene.rig) + 10 * SECOND;
    while (scene.heard < scene.said && net_now(&scene.rig) < give_up)
        hear(&scene);
    ck_assert_uint_eq(scene.heard, scene.said);
    ck_assert_uint_eq(scene.wrong, 0);
    ck_assert_int_lt(omsp_test_bytes() - before, 65536);
    for (unsigned i = 0; i < STRANGERS; i++)
        ck_assert_int_eq(atomic_load(&scene.strangers[i].count), 0);
    /* No more reports than RFC 3550 6.3.1 allows without a flood. */
    omsp_call_get_stats(scene.call, &stats);
    ck_assert_uint_le(stats.reports_sent, 1 + (net_now(&scene.rig) - began) / 1000000);
    printf("%u frames between %llu packets and %llu reports of strangers\n", scene.said,
           (unsigned long long)scene.refused, (unsigned long long)scene.reports);
    scene_close(&scene);
}
END_TEST

OMSP_SUITE("flood", TEST(a_call_under_a_flood_hears_its_peer_and_answers_nobody_else))
