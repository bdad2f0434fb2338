/*
 * A call on a hostile network: strangers flood it, spoof its peer, carry its numbers, send garbage,
 * and ask for reports. Simulated, so that every sample and every datagram can be counted. What is
 * recorded must be what the peer said, sample by sample, whatever else came.
 */
#include "support/call_rig.h"
#include "support/peer_words.h"
#include "support/suite.h"

#include "base/bytes.h"
#include "media/g711.h"
#include "media/rtcp.h"
#include "media/rtp.h"

#include <string.h>

#define FRAME     PEER_FRAME
#define PEER      "10.0.0.2:5004"
#define STRANGER  "10.6.6.6:666"
#define PEER_SSRC 0x0A0B0C0Du
#define MAX_HEARD PEER_MAX_HEARD
#define REPORTS   64

struct scene {
    struct rig rig;
    struct omsp_call *call;
    struct omsp_stream *render, *capture;
    struct omsp_terminal *recorder, *track, *player, *play_track;
    struct omsp_addr local, local_rtcp, peer;
    uint32_t seed, own_ssrc;
    unsigned said; /* packets of the peer */
    /* What left the machine, as the tap saw it. */
    unsigned reports, elsewhere, rtp;
    uint64_t report_at[REPORTS], report_bytes;
};

static struct omsp_addr address(const char *text)
{
    struct omsp_addr addr;

    ck_assert_int_eq(omsp_addr_parse(text, &addr), OMSP_OK);
    return addr;
}

static void watch(void *ctx, const struct omsp_addr *from, const struct omsp_addr *to,
                  const void *data, size_t len)
{
    struct scene *scene = ctx;
    const uint8_t *bytes = data;

    if (!omsp_addr_same_ip(from, &scene->local))
        return;
    if (!omsp_addr_same_ip(to, &scene->peer))
        scene->elsewhere++;
    if (omsp_rtp_classify(data, len) == OMSP_MUX_RTCP) {
        if (scene->reports < REPORTS)
            scene->report_at[scene->reports] = omsp_sim_now(scene->rig.sim);
        scene->reports++;
        scene->report_bytes += len;
    } else {
        scene->rtp++;
        scene->own_ssrc = omsp_be32(bytes + 8);
    }
}

/* told: the signalled peer. The call records, and speaks if it is to. */
static void scene_open(struct scene *scene, const char *told, bool speaks)
{
    struct omsp_addr peer = address(told);

    memset(scene, 0, sizeof(*scene));
    rig_open(&scene->rig, 11);
    scene->seed = 4711;
    scene->local = address("127.0.0.1:20000");
    scene->local_rtcp = address("127.0.0.1:20001");
    scene->peer = address(PEER);
    omsp_sim_set_tap(scene->rig.sim, watch, scene);
    scene->call = rig_call(&scene->rig);
    scene->capture = rig_stream(scene->call, OMSP_CAPTURE);
    scene->render = rig_stream(scene->call, OMSP_RENDER);
    scene->recorder = rig_recorder(&scene->rig, "out.wav", &scene->track);
    ck_assert_int_eq(omsp_call_bind(scene->call, &scene->local), OMSP_OK);
    ck_assert_int_eq(omsp_stream_select(scene->render, scene->track), OMSP_OK);
    if (speaks) {
        rig_put_tone(&scene->rig, "in.wav", MAX_HEARD, NULL);
        scene->player = rig_player(&scene->rig, "in.wav", &scene->play_track);
        ck_assert_int_eq(omsp_stream_select(scene->capture, scene->play_track), OMSP_OK);
    }
    ck_assert_int_eq(omsp_call_set_peer(scene->call, &peer, 0), OMSP_OK);
}

static void scene_close(struct scene *scene)
{
    if (scene->player) {
        omsp_terminal_release(scene->play_track);
        omsp_terminal_release(scene->player);
    }
    omsp_terminal_release(scene->track);
    omsp_terminal_release(scene->recorder);
    omsp_stream_release(scene->capture);
    omsp_stream_release(scene->render);
    omsp_call_release(scene->call);
    rig_close(&scene->rig);
}

static uint32_t any(struct scene *scene)
{
    scene->seed = scene->seed * 1664525 + 1013904223;
    return scene->seed >> 8;
}

static void inject(struct scene *scene, const struct omsp_addr *from, const struct omsp_addr *to,
                   const void *data, size_t len)
{
    ck_assert_int_eq(omsp_sim_inject(scene->rig.sim, from, to, data, len), OMSP_OK);
}

static void send_rtp(struct scene *scene, const struct omsp_addr *from, uint32_t ssrc, uint16_t seq,
                     uint32_t timestamp, const uint8_t *codes)
{
    uint8_t packet[OMSP_RTP_HEADER + FRAME];

    omsp_rtp_put_header(packet, false, OMSP_RTP_PCMU, seq, timestamp, ssrc);
    memcpy(packet + OMSP_RTP_HEADER, codes, FRAME);
    inject(scene, from, &scene->local, packet, sizeof(packet));
}

static void peer_says(struct scene *scene)
{
    uint8_t codes[FRAME];

    for (unsigned i = 0; i < FRAME; i++)
        codes[i] = peer_code(scene->said, i);
    send_rtp(scene, &scene->peer, PEER_SSRC, (uint16_t)(65000 + scene->said),
             77u + scene->said * FRAME, codes);
    scene->said++;
}

static void stranger_says(struct scene *scene, const struct omsp_addr *from, uint32_t ssrc)
{
    uint8_t codes[FRAME];

    memset(codes, 0x80, sizeof(codes)); /* as loud as it gets, and nothing the peer ever says */
    send_rtp(scene, from, ssrc, (uint16_t)any(scene), any(scene), codes);
}

static struct omsp_call_stats stats_of(struct scene *scene)
{
    struct omsp_call_stats stats;

    omsp_call_get_stats(scene->call, &stats);
    return stats;
}

/* The recording is the peer's words from the first to the last, and nothing between them. */
static void expect_peer_heard(struct scene *scene)
{
    rig_run(&scene->rig, 500);
    peer_is_heard(&scene->rig, scene->recorder, "out.wav", scene->said);
    ck_assert_uint_eq(stats_of(scene).frames_concealed, 0);
}

/* ---- floods ---------------------------------------------------------------------------------- */

START_TEST(a_flood_after_the_lock_is_counted_and_nothing_else)
{
    enum { FRAMES = 250, EACH = 400 };
    struct scene scene;
    struct omsp_addr from = address(STRANGER);
    struct omsp_call_stats stats;
    long before;

    scene_open(&scene, PEER, false);
    for (int i = 0; i < 10; i++) {
        peer_says(&scene);
        rig_run(&scene.rig, 20);
    }
    before = omsp_test_bytes();
    for (int i = 0; i < FRAMES; i++) {
        for (int k = 0; k < EACH; k++) {
            from.port = (uint16_t)(1024 + any(&scene) % 60000);
            from.ip[3] = (uint8_t)(3 + any(&scene) % 200);
            /* Every fourth one knows the peer's SSRC. */
            stranger_says(&scene, &from, k % 4 ? any(&scene) : PEER_SSRC);
        }
        peer_says(&scene);
        rig_run(&scene.rig, 20);
    }
    stats = stats_of(&scene);
    ck_assert_uint_eq(stats.packets_received, scene.said);
    ck_assert_uint_eq(stats.packets_rejected, (uint64_t)FRAMES * EACH);
    ck_assert_uint_eq(stats.packets_lost + stats.packets_late + stats.packets_duplicate, 0);
    expect_peer_heard(&scene);
    /* The simulated file and network have grown; 16 bytes kept of each packet would show. */
    ck_assert_msg(omsp_test_bytes() < before + 1500000, "%ld bytes became %ld", before,
                  omsp_test_bytes());
    ck_assert_uint_eq(scene.elsewhere, 0);
    scene_close(&scene);
}
END_TEST

/* The peer is signalled, but 20 strangers are there before it: its first packet ends that. */
START_TEST(strangers_before_the_peer_do_not_keep_it_out)
{
    struct scene scene;
    struct omsp_addr from = address(STRANGER);
    uint64_t rejected;

    scene_open(&scene, PEER, false);
    for (int i = 0; i < 1000; i++) {
        from.ip[3] = (uint8_t)(3 + i % 20);
        stranger_says(&scene, &from, 0x51000000u + (uint32_t)i % 20);
        rig_run(&scene.rig, 1);
    }
    rejected = stats_of(&scene).packets_rejected;
    ck_assert_uint_gt(rejected, 0);
    for (int i = 0; i < 100; i++) {
        peer_says(&scene);
        stranger_says(&scene, &from, 0x51000001u);
        rig_run(&scene.rig, 20);
    }
    ck_assert_uint_eq(stats_of(&scene).packets_rejected, rejected + 100);
    expect_peer_heard(&scene);
    scene_close(&scene);
}
END_TEST

/* Nothing was signalled, so whoever comes first is it: for good after five packets. */
START_TEST(an_unsignalled_source_is_latched_and_spoofers_of_its_address_are_rejected)
{
    static const char *const spoofed[] = {"10.0.0.2:5005", "10.0.0.2:6004", "10.0.0.3:5004",
                                          STRANGER};
    enum { FRAMES = 200 };
    struct scene scene;

    scene_open(&scene, "0.0.0.0:1", true);
    for (int i = 0; i < FRAMES; i++) {
        peer_says(&scene);
        rig_run(&scene.rig, 10);
        for (unsigned k = 0; i >= 5 && k < 4; k++) {
            struct omsp_addr from = address(spoofed[k]);

            stranger_says(&scene, &from, k % 2 ? PEER_SSRC : 0x66666666u);
            stranger_says(&scene, &from, k % 2 ? PEER_SSRC : 0x66666666u);
        }
        rig_run(&scene.rig, 10);
    }
    ck_assert_uint_eq(stats_of(&scene).packets_rejected, (FRAMES - 5) * 8);
    ck_assert_uint_eq(stats_of(&scene).packets_received, FRAMES);
    ck_assert_uint_eq(scene.elsewhere, 0); /* our media went to nobody else either */
    ck_assert_uint_ge(scene.rtp, FRAMES - 5);
    expect_peer_heard(&scene);
    scene_close(&scene);
}
END_TEST

/* ---- numbers --------------------------------------------------------------------------------- */

START_TEST(who_carries_our_own_ssrc_makes_us_choose_another_once)
{
    struct scene scene;
    uint32_t first, second;
    uint8_t codes[FRAME];
    unsigned sent;

    memset(codes, 0x80, sizeof(codes));
    scene_open(&scene, PEER, true);
    for (int i = 0; i < 10; i++) {
        peer_says(&scene);
        rig_run(&scene.rig, 20);
    }
    first = scene.own_ssrc;
    sent = scene.rtp;
    send_rtp(&scene, &scene.peer, first, 1, 160, codes);
    rig_run(&scene.rig, 20);
    second = scene.own_ssrc;
    ck_assert_uint_ne(second, first);
    /* A loop that plays everything back to us does not make us change for ever. */
    for (int i = 0; i < 1000; i++) {
        send_rtp(&scene, &scene.peer, scene.own_ssrc, (uint16_t)i, (uint32_t)i * FRAME, codes);
        if (i % 10 == 0) {
            peer_says(&scene);
            rig_run(&scene.rig, 20);
        }
    }
    ck_assert_uint_eq(scene.own_ssrc, second);
    ck_assert_uint_ge(scene.rtp - sent, 100); /* it spoke on, a packet each 20 ms */
    ck_assert_uint_le(scene.rtp - sent, 102);
    expect_peer_heard(&scene);
    scene_close(&scene);
}
END_TEST

START_TEST(a_stranger_with_our_own_ssrc_changes_nothing)
{
    struct scene scene;
    struct omsp_addr from = address(STRANGER);
    uint32_t first;

    scene_open(&scene, PEER, true);
    for (int i = 0; i < 10; i++) {
        peer_says(&scene);
        rig_run(&scene.rig, 20);
    }
    first = scene.own_ssrc;
    for (int i = 0; i < 100; i++) {
        stranger_says(&scene, &from, first);
        peer_says(&scene);
        rig_run(&scene.rig, 20);
    }
    ck_assert_uint_eq(scene.own_ssrc, first);
    ck_assert_uint_eq(stats_of(&scene).packets_rejected, 100);
    expect_peer_heard(&scene);
    scene_close(&scene);
}
END_TEST

/* ---- reports --------------------------------------------------------------------------------- */

/* A receiver report with this many blocks about us. */
static size_t make_report(struct scene *scene, uint8_t *out, size_t room, unsigned blocks, bool bye)
{
    struct omsp_rtcp_block block[OMSP_RTCP_MAX_BLOCKS] = {{0}};
    struct omsp_rtcp_sender_info info = {.ntp = (uint64_t)any(scene) << 32, .packets = 1};
    struct omsp_rtcp_compound compound = {
        .ssrc = any(scene),
        .sender = blocks % 2 ? &info : NULL,
        .blocks = block,
        .count = blocks,
        .cname = omsp_span_text("stranger"),
        .bye = bye,
    };
    size_t len;

    for (unsigned i = 0; i < blocks; i++) {
        block[i].ssrc = i ? any(scene) : scene->own_ssrc;
        block[i].lost = 424242;
    }
    ck_assert_int_eq(omsp_rtcp_build(&compound, out, room, &len), OMSP_OK);
    return len;
}

/* RFC 3550 6.3.1: the interval of 5 s (half of that before the first) times [0.5, 1.5) by 1.21828
 * is the least that may lie between two reports. */
static void expect_allowed(const struct scene *scene, uint64_t began)
{
    const uint64_t least = 5000000u / 2 * 100000u / 121828u;

    ck_assert_uint_le(scene->reports, REPORTS);
    ck_assert_uint_ge(scene->report_at[0] - began, least / 2);
    for (unsigned i = 1; i < scene->reports; i++)
        ck_assert_msg(scene->report_at[i] - scene->report_at[i - 1] >= least, "report %u", i);
}

/* Half a minute of reports from there, beside a peer that speaks. */
static void report_flood(struct scene *scene, const struct omsp_addr *from, unsigned each)
{
    uint8_t packet[OMSP_UDP_MAX];
    uint64_t began = omsp_sim_now(scene->rig.sim);

    for (int i = 0; i < 1500; i++) { /* 30 s */
        peer_says(scene);
        for (unsigned k = 0; k < each; k++) {
            size_t len = make_report(scene, packet, sizeof(packet), any(scene) % 32, k % 8 == 7);

            inject(scene, from, &scene->local_rtcp, packet, len);
        }
        rig_run(&scene->rig, 20);
    }
    expect_allowed(scene, began);
}

START_TEST(reports_by_the_hundred_thousand_bring_no_report_more)
{
    struct scene scene;
    struct omsp_addr rtcp = address("10.0.0.2:5005");
    struct omsp_call_stats stats;

    scene_open(&scene, PEER, true);
    report_flood(&scene, &rtcp, 67);
    stats = stats_of(&scene);
    ck_assert_uint_eq(stats.reports_received, 1500 * 67);
    ck_assert_uint_eq(stats.packets_rejected, 0);
    ck_assert_uint_ge(scene.reports, 2); /* none is held back for ever either */
    ck_assert_uint_le(scene.report_bytes, 30 * 400);
    ck_assert_uint_eq(scene.elsewhere, 0);
    scene_close(&scene);
}
END_TEST

START_TEST(a_strangers_reports_are_rejected_and_never_answered)
{
    struct scene scene;
    struct omsp_addr from = address(STRANGER);
    struct omsp_call_stats stats;

    scene_open(&scene, PEER, true);
    report_flood(&scene, &from, 67);
    stats = stats_of(&scene);
    ck_assert_uint_eq(stats.reports_received, 0);
    ck_assert_uint_eq(stats.packets_rejected, 1500 * 67);
    ck_assert_uint_eq(stats.remote_lost, 0);
    ck_assert_uint_ge(scene.reports, 2);
    ck_assert_uint_eq(scene.elsewhere, 0);
    scene_close(&scene);
}
END_TEST

/* Where RTP and RTCP share a port (RFC 5761) the same holds. */
START_TEST(a_strangers_reports_on_a_shared_port_are_rejected_too)
{
    static const char remote[] = "v=0\r\no=- 1 1 IN IP4 10.0.0.2\r\ns=-\r\nc=IN IP4 10.0.0.2\r\n"
                                 "t=0 0\r\nm=audio 5004 RTP/AVP 0\r\na=rtcp-mux\r\n";
    enum { MANY = 1000 };
    struct scene scene;
    struct omsp_addr from = address(STRANGER);
    struct omsp_call_stats stats;
    uint8_t packet[OMSP_UDP_MAX];
    char answer[2048];
    size_t need;

    scene_open(&scene, PEER, true);
    ck_assert_int_eq(omsp_call_set_remote_sdp(scene.call, remote, strlen(remote)), OMSP_OK);
    ck_assert_int_eq(omsp_call_local_sdp(scene.call, answer, sizeof(answer), &need), OMSP_OK);
    ck_assert_ptr_nonnull(strstr(answer, "rtcp-mux"));
    for (int i = 0; i < 10; i++) {
        peer_says(&scene);
        rig_run(&scene.rig, 20);
    }
    for (int i = 0; i < MANY; i++)
        inject(&scene, &from, &scene.local, packet,
               make_report(&scene, packet, sizeof(packet), 1, i % 2));
    rig_run(&scene.rig, 20);
    stats = stats_of(&scene);
    ck_assert_uint_eq(stats.reports_received, 0);
    ck_assert_uint_eq(stats.packets_rejected, MANY);
    ck_assert_uint_eq(stats.remote_lost, 0);
    /* The peer's own are heard. */
    inject(&scene, &scene.peer, &scene.local, packet,
           make_report(&scene, packet, sizeof(packet), 1, false));
    rig_run(&scene.rig, 20);
    stats = stats_of(&scene);
    ck_assert_uint_eq(stats.reports_received, 1);
    ck_assert_uint_eq(stats.remote_lost, 424242);
    ck_assert_uint_eq(scene.elsewhere, 0);
    scene_close(&scene);
}
END_TEST

/* ---- garbage --------------------------------------------------------------------------------- */

/* From the peer's own address, where no latch helps: random bytes, and its packets cut and bent. */
START_TEST(garbage_by_the_hundred_thousand_is_counted_and_survived)
{
    enum { FRAMES = 250, EACH = 400 };
    struct scene scene;
    struct omsp_call_stats stats;
    long before;

    scene_open(&scene, PEER, false);
    for (int i = 0; i < 10; i++) {
        peer_says(&scene);
        rig_run(&scene.rig, 20);
    }
    before = omsp_test_bytes();
    for (int i = 0; i < FRAMES; i++) {
        for (int k = 0; k < EACH; k++) {
            uint8_t bytes[256];
            size_t len = any(&scene) % sizeof(bytes);

            for (size_t n = 0; n < len; n++)
                bytes[n] = (uint8_t)any(&scene);
            if (k % 4 == 0 && len >= 12) {
                /* A right header but for a payload type that nobody agreed. */
                omsp_rtp_put_header(bytes, false, 96 + k % 5, (uint16_t)k, 1, PEER_SSRC);
            } else if (k % 4 == 1) {
                omsp_rtp_put_header(bytes, false, 0, (uint16_t)k, 1, PEER_SSRC);
                len = (size_t)k % 12; /* truncated */
            } else if (len) {
                bytes[0] &= 0x7f; /* version 0 or 1 */
            }
            inject(&scene, &scene.peer, k % 8 == 7 ? &scene.local_rtcp : &scene.local, bytes, len);
        }
        peer_says(&scene);
        rig_run(&scene.rig, 20);
    }
    stats = stats_of(&scene);
    ck_assert_uint_eq(stats.packets_received, scene.said);
    ck_assert_uint_eq(stats.packets_rejected, (uint64_t)FRAMES * EACH);
    ck_assert_uint_eq(stats.reports_received, 0);
    expect_peer_heard(&scene);
    ck_assert_msg(omsp_test_bytes() < before + 1500000, "%ld bytes became %ld", before,
                  omsp_test_bytes());
    scene_close(&scene);
}
END_TEST

OMSP_SUITE("hostile", TEST(a_flood_after_the_lock_is_counted_and_nothing_else),
           TEST(strangers_before_the_peer_do_not_keep_it_out),
           TEST(an_unsignalled_source_is_latched_and_spoofers_of_its_address_are_rejected),
           TEST(who_carries_our_own_ssrc_makes_us_choose_another_once),
           TEST(a_stranger_with_our_own_ssrc_changes_nothing),
           TEST(reports_by_the_hundred_thousand_bring_no_report_more),
           TEST(a_strangers_reports_are_rejected_and_never_answered),
           TEST(a_strangers_reports_on_a_shared_port_are_rejected_too),
           TEST(garbage_by_the_hundred_thousand_is_counted_and_survived))
