/*
 * Secret calls (SRTP, keys in SDP), simulated: what both sides agree on and hear, what is on the
 * wire, and what becomes of packets that are forged, changed, replayed or plain. The far end is the
 * test's own, over the same ciphers; tests/interop has others.
 */
#include "support/call_rig.h"
#include "support/fork_rig.h"
#include "support/peer_words.h"
#include "support/suite.h"

#include "base/bytes.h"
#include "media/g711.h"
#include "media/rtcp.h"
#include "media/rtp.h"
#include "media/srtp.h"
#include "wire/sdp.h"

#include <stdio.h>
#include <string.h>

#define FRAME     PEER_FRAME
#define PEER      "10.0.0.2:5004"
#define STRANGER  "10.6.6.6:666"
#define PEER_SSRC 0x0A0B0C0Du
#define MAX_HEARD PEER_MAX_HEARD
#define SAID_MAX  4096

struct packet {
    _Alignas(8) uint8_t bytes[FRAME + 64];
    size_t len;
};

struct scene {
    struct rig rig;
    struct omsp_call *call;
    struct omsp_stream *render, *capture;
    struct omsp_terminal *recorder, *track, *player, *play_track;
    struct omsp_addr local, peer, stranger;
    struct omsp_sdp_crypto ours, theirs; /* what the far end knows of keys */
    unsigned version;
    struct omsp_srtp *out, *in; /* the far end's */
    uint32_t ssrc, own_ssrc;    /* the far end's; the call's, as it was seen */
    uint16_t first;
    unsigned said;
    struct packet sent[SAID_MAX];
    /* What left the machine. */
    unsigned understood, strange, reports, elsewhere;
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
    struct packet packet = {.len = len};

    if (!omsp_addr_same_ip(from, &scene->local))
        return;
    if (!omsp_addr_same_ip(to, &scene->peer))
        scene->elsewhere++;
    ck_assert_uint_le(len, sizeof(packet.bytes));
    memcpy(packet.bytes, data, len);
    if (omsp_rtp_classify(data, len) == OMSP_MUX_RTCP) {
        if (scene->in && !omsp_srtp_unprotect_rtcp(scene->in, packet.bytes, &packet.len))
            scene->reports++;
        else
            scene->strange++;
    } else if (scene->in && !omsp_srtp_unprotect(scene->in, packet.bytes, &packet.len)) {
        scene->understood++;
        scene->own_ssrc = omsp_be32(packet.bytes + 8);
    } else {
        scene->strange++;
    }
}

static struct omsp_srtp_key key_of(const struct omsp_sdp_crypto *crypto)
{
    struct omsp_srtp_key key = {.suite = OMSP_SRTP_AES128_SHA1_80};

    ck_assert_uint_eq(crypto->suite, OMSP_SDP_AES_CM_128_HMAC_SHA1_80);
    memcpy(key.bytes, crypto->key, sizeof(key.bytes));
    return key;
}

/* The far end's keys from now on; the old ones are gone. */
static void far_end_keys(struct scene *scene)
{
    struct omsp_srtp_key out = key_of(&scene->theirs), in = key_of(&scene->ours);

    omsp_srtp_destroy(scene->out);
    omsp_srtp_destroy(scene->in);
    ck_assert_int_eq(omsp_srtp_sender_create(&out, &scene->out), OMSP_OK);
    ck_assert_int_eq(omsp_srtp_receiver_create(&in, &scene->in), OMSP_OK);
}

static enum omsp_status offer_text(struct scene *scene, char *text, size_t room)
{
    struct omsp_text out;
    char ip[48];

    omsp_addr_ip_text(&scene->peer, ip, sizeof(ip));
    omsp_text_init(&out, text, room);
    omsp_text_printf(&out,
                     "v=0\r\no=- 9 %u IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\n"
                     "m=audio %u RTP/SAVP 0\r\na=crypto:",
                     ++scene->version, ip, ip, scene->peer.port);
    omsp_sdp_crypto_write(&scene->theirs, &out);
    omsp_text_puts(&out, "\r\n");
    return out.truncated ? OMSP_MORE : OMSP_OK;
}

/* Offers the far end's key and learns the call's. */
static void negotiate(struct scene *scene)
{
    struct omsp_sdp sdp;
    char text[2048];
    size_t need;

    ck_assert_int_eq(offer_text(scene, text, sizeof(text)), OMSP_OK);
    ck_assert_int_eq(omsp_call_set_remote_sdp(scene->call, text, strlen(text)), OMSP_OK);
    ck_assert_int_eq(omsp_call_local_sdp(scene->call, text, sizeof(text), &need), OMSP_OK);
    ck_assert_int_eq(omsp_sdp_parse(text, strlen(text), OMSP_SDP_SECURITY_REQUIRED, &sdp), OMSP_OK);
    ck_assert_uint_eq(sdp.audio.crypto_count, 1);
    ck_assert_uint_eq(sdp.audio.crypto[0].tag, scene->theirs.tag);
    scene->ours = sdp.audio.crypto[0];
}

static void scene_open(struct scene *scene, bool speaks)
{
    memset(scene, 0, sizeof(*scene));
    rig_open(&scene->rig, 11);
    ck_assert_int_eq(omsp_srtp_open(), OMSP_OK);
    scene->local = address("127.0.0.1:20000");
    scene->peer = address(PEER);
    scene->stranger = address(STRANGER);
    scene->ssrc = PEER_SSRC;
    scene->first = 65000;
    scene->theirs.tag = 3;
    memset(scene->theirs.key, 0x5A, OMSP_SDP_KEY_MAX);
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
    negotiate(scene);
    far_end_keys(scene);
}

static void scene_close(struct scene *scene)
{
    omsp_sim_set_tap(scene->rig.sim, NULL, NULL);
    if (scene->player) {
        omsp_terminal_release(scene->play_track);
        omsp_terminal_release(scene->player);
    }
    omsp_terminal_release(scene->track);
    omsp_terminal_release(scene->recorder);
    omsp_stream_release(scene->capture);
    omsp_stream_release(scene->render);
    omsp_call_release(scene->call);
    omsp_srtp_destroy(scene->out);
    omsp_srtp_destroy(scene->in);
    omsp_srtp_close();
    rig_close(&scene->rig);
}

static void inject(struct scene *scene, const struct omsp_addr *from, const struct packet *packet)
{
    ck_assert_int_eq(
        omsp_sim_inject(scene->rig.sim, from, &scene->local, packet->bytes, packet->len), OMSP_OK);
}

static struct packet plain_rtp(struct scene *scene)
{
    struct packet packet = {.len = OMSP_RTP_HEADER + FRAME};

    omsp_rtp_put_header(packet.bytes, false, OMSP_RTP_PCMU, (uint16_t)(scene->first + scene->said),
                        77u + scene->said * FRAME, scene->ssrc);
    for (unsigned i = 0; i < FRAME; i++)
        packet.bytes[OMSP_RTP_HEADER + i] = peer_code(scene->said, i);
    return packet;
}

/* The peer's next packet, made and kept and not sent. */
static const struct packet *next_packet(struct scene *scene)
{
    struct packet *packet = &scene->sent[scene->said % SAID_MAX];

    *packet = plain_rtp(scene);
    ck_assert_int_eq(omsp_srtp_protect(scene->out, packet->bytes, &packet->len), OMSP_OK);
    scene->said++;
    return packet;
}

static void peer_says(struct scene *scene, unsigned frames)
{
    while (frames--) {
        inject(scene, &scene->peer, next_packet(scene));
        rig_run(&scene->rig, 20);
    }
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
    ck_assert_uint_eq(stats_of(scene).packets_received, scene->said);
    ck_assert_uint_eq(stats_of(scene).packets_lost + stats_of(scene).packets_late, 0);
}

/* ---- what is agreed -------------------------------------------------------------------------- */

START_TEST(both_directions_are_secret_and_heard)
{
    static struct scene scene;
    struct omsp_call_stats stats;

    scene_open(&scene, true);
    peer_says(&scene, 600);
    stats = stats_of(&scene);
    ck_assert(stats.secure);
    ck_assert_str_eq(omsp_call_suite(scene.call), "AES_CM_128_HMAC_SHA1_80");
    ck_assert_uint_eq(stats.packets_rejected, 0);
    ck_assert_uint_ge(scene.understood, 590);
    ck_assert_uint_ge(scene.reports, 1);
    ck_assert_uint_eq(scene.strange + scene.elsewhere, 0);
    expect_peer_heard(&scene);
    scene_close(&scene);
}
END_TEST

static void connect_two(struct rig *rig, struct omsp_call *calls[2], enum omsp_security a,
                        enum omsp_security b)
{
    for (int i = 0; i < 2; i++) {
        calls[i] = rig_call(rig);
        ck_assert_int_eq(omsp_call_set_security(calls[i], i ? b : a), OMSP_OK);
        ck_assert_int_eq(omsp_call_get_security(calls[i]), i ? b : a);
    }
    rig_connect(calls[0], calls[1]);
}

START_TEST(our_own_offer_is_answered_and_both_hear)
{
    static int16_t source[8000 * 4], heard[8000 * 16];
    static uint8_t codes[8000 * 4];
    struct omsp_stream *capture, *render;
    struct omsp_terminal *recorder, *track, *player, *play_track;
    struct omsp_call_stats stats;
    struct omsp_call *calls[2];
    struct rig rig;
    size_t count, at = 0;

    rig_open(&rig, 3);
    connect_two(&rig, calls, OMSP_SECURITY_REQUIRED, OMSP_SECURITY_ALLOWED);
    capture = rig_stream(calls[0], OMSP_CAPTURE);
    render = rig_stream(calls[1], OMSP_RENDER);
    rig_put_tone(&rig, "in.wav", 8000 * 4, source);
    omsp_ulaw_encode(codes, source, 8000 * 4);
    recorder = rig_recorder(&rig, "out.wav", &track);
    player = rig_player(&rig, "in.wav", &play_track);
    ck_assert_int_eq(omsp_stream_select(render, track), OMSP_OK);
    ck_assert_int_eq(omsp_stream_select(capture, play_track), OMSP_OK);
    rig_run(&rig, 12000);
    for (int i = 0; i < 2; i++) {
        omsp_call_get_stats(calls[i], &stats);
        ck_assert(stats.secure);
        ck_assert_uint_eq(stats.packets_rejected, 0);
        ck_assert_uint_ge(stats.reports_received, 1);
        ck_assert_str_eq(omsp_call_suite(calls[i]), "AES_CM_128_HMAC_SHA1_80");
    }
    ck_assert_uint_ge(stats.packets_received, 190);
    ck_assert_int_eq(omsp_file_stop(recorder), OMSP_OK);
    count = rig_get_wav(&rig, "out.wav", heard, 8000 * 16);
    for (size_t i = 0; i < 8000 * 4; i++)
        source[i] = omsp_ulaw_to_linear(codes[i]);
    while (at + 8000 * 4 <= count && memcmp(heard + at, source, 500 * sizeof(source[0])) != 0)
        at++;
    ck_assert_uint_le(at + 8000 * 4, count);
    ck_assert_mem_eq(heard + at, source, sizeof(source));
    omsp_terminal_release(play_track);
    omsp_terminal_release(player);
    omsp_terminal_release(track);
    omsp_terminal_release(recorder);
    omsp_stream_release(capture);
    omsp_stream_release(render);
    omsp_call_release(calls[0]);
    omsp_call_release(calls[1]);
    rig_close(&rig);
}
END_TEST

START_TEST(a_call_is_plain_unless_somebody_asks)
{
    static const enum omsp_security pairs[][2] = {
        {OMSP_SECURITY_ALLOWED, OMSP_SECURITY_ALLOWED},
        {OMSP_SECURITY_OFF, OMSP_SECURITY_ALLOWED},
        {OMSP_SECURITY_ALLOWED, OMSP_SECURITY_OFF},
    };

    for (unsigned i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        struct omsp_call_stats stats;
        struct omsp_call *calls[2];
        struct rig rig;

        rig_open(&rig, 3);
        connect_two(&rig, calls, pairs[i][0], pairs[i][1]);
        omsp_call_get_stats(calls[1], &stats);
        ck_assert(!stats.secure);
        ck_assert_str_eq(omsp_call_suite(calls[0]), "");
        omsp_call_release(calls[0]);
        omsp_call_release(calls[1]);
        rig_close(&rig);
    }
}
END_TEST

START_TEST(what_security_forbids_is_refused_and_changes_nothing)
{
    struct omsp_addr peer = address(PEER), local = {.family = 4, .ip = {127, 0, 0, 1}};
    struct omsp_call *strict, *open;
    char text[2048], before[2048];
    struct rig rig;
    size_t need;

    rig_open(&rig, 3);
    strict = rig_call(&rig);
    open = rig_call(&rig);
    ck_assert_int_eq(omsp_call_set_security(strict, OMSP_SECURITY_REQUIRED), OMSP_OK);
    ck_assert_int_eq(omsp_call_set_security(strict, (enum omsp_security)3), OMSP_INVALID);
    ck_assert_int_eq(omsp_call_set_peer(strict, &peer, 0), OMSP_BAD_MEDIA);
    /* a plain offer */
    ck_assert_int_eq(omsp_call_local_sdp(open, text, sizeof(text), &need), OMSP_OK);
    ck_assert_int_eq(omsp_call_set_remote_sdp(strict, text, strlen(text)), OMSP_BAD_MEDIA);
    ck_assert_int_eq(omsp_call_get_state(strict), OMSP_CALL_IDLE);
    ck_assert_int_eq(omsp_call_bind(strict, &local), OMSP_OK); /* it was bound to nothing yet */
    /* its own offer, and a plain answer */
    ck_assert_int_eq(omsp_call_local_sdp(strict, before, sizeof(before), &need), OMSP_OK);
    ck_assert_ptr_nonnull(strstr(before, "RTP/SAVP"));
    ck_assert_int_eq(omsp_call_set_remote_sdp(strict, text, strlen(text)), OMSP_BAD_MEDIA);
    ck_assert_int_eq(omsp_call_get_state(strict), OMSP_CALL_IDLE);
    ck_assert_int_eq(omsp_call_local_sdp(strict, text, sizeof(text), &need), OMSP_OK);
    ck_assert_str_eq(text, before);
    omsp_call_release(open);
    /* a secret offer to who wants none */
    open = rig_call(&rig);
    ck_assert_int_eq(omsp_call_set_security(open, OMSP_SECURITY_OFF), OMSP_OK);
    ck_assert_int_eq(omsp_call_set_remote_sdp(open, before, strlen(before)), OMSP_BAD_MEDIA);
    ck_assert_int_eq(omsp_call_get_state(open), OMSP_CALL_IDLE);
    omsp_call_release(open);
    omsp_call_release(strict);
    rig_close(&rig);
}
END_TEST

START_TEST(an_answer_that_is_plain_says_not_used)
{
    struct omsp_call *strict, *open;
    struct omsp_stream *capture;
    char text[2048];
    struct rig rig;
    size_t need;

    rig_open(&rig, 3);
    strict = rig_call(&rig);
    open = rig_call(&rig);
    capture = rig_stream(strict, OMSP_CAPTURE);
    ck_assert_int_eq(omsp_call_set_security(strict, OMSP_SECURITY_REQUIRED), OMSP_OK);
    ck_assert_int_eq(omsp_call_local_sdp(open, text, sizeof(text), &need), OMSP_OK);
    ck_assert_int_eq(omsp_call_local_sdp(strict, NULL, 0, &need), OMSP_MORE);
    while (rig_event(&rig).kind != (enum omsp_event_kind) - 1)
        continue;
    ck_assert_int_eq(omsp_call_set_remote_sdp(strict, text, strlen(text)), OMSP_BAD_MEDIA);
    rig_expect_call(&rig, capture, OMSP_STREAM_NOT_USED, OMSP_CAUSE_REMOTE_REQUEST, OMSP_OK);
    omsp_stream_release(capture);
    omsp_call_release(open);
    omsp_call_release(strict);
    rig_close(&rig);
}
END_TEST

START_TEST(every_call_has_keys_of_its_own)
{
    char first[2048], second[2048];
    struct rig rig;
    size_t need;

    rig_open(&rig, 3);
    for (int i = 0; i < 2; i++) {
        struct omsp_call *call = rig_call(&rig);
        char *text = i ? second : first;

        ck_assert_int_eq(omsp_call_set_security(call, OMSP_SECURITY_REQUIRED), OMSP_OK);
        ck_assert_int_eq(omsp_call_local_sdp(call, text, 2048, &need), OMSP_OK);
        omsp_call_release(call);
    }
    for (char *a = first; (a = strstr(a, "inline:")) != NULL; a += 47) {
        char key[48] = {0};

        memcpy(key, a, 47);
        ck_assert_ptr_null(strstr(second, key));
        ck_assert_ptr_null(strstr(a + 47, key));
    }
    rig_close(&rig);
}
END_TEST

/* ---- what is not genuine --------------------------------------------------------------------- */

START_TEST(forged_changed_plain_and_foreign_packets_are_counted_and_nothing_else)
{
    static struct scene scene;
    unsigned bad = 0, good;

    scene_open(&scene, true);
    peer_says(&scene, 10);
    for (int i = 0; i < 200; i++) {
        struct packet packet = plain_rtp(&scene), changed;

        inject(&scene, &scene.peer, &packet); /* what comes next, and not secret */
        inject(&scene, &scene.stranger, &packet);
        changed = *next_packet(&scene);
        changed.bytes[(size_t)i % changed.len] ^= (uint8_t)(1u << i % 8);
        inject(&scene, &scene.peer, &changed);
        inject(&scene, &scene.stranger, &changed);
        changed.len -= 1 + (size_t)i % 30;
        inject(&scene, &scene.peer, &changed);
        bad += 5;
        inject(&scene, &scene.peer, &scene.sent[(scene.said - 1) % SAID_MAX]);
        rig_run(&scene.rig, 20);
    }
    good = scene.understood;
    /* A number changed to one that was heard says of itself that it is a replay. */
    ck_assert_uint_ge(stats_of(&scene).packets_forged, bad - 16);
    ck_assert_uint_eq(stats_of(&scene).packets_forged + stats_of(&scene).packets_replayed, bad);
    ck_assert_uint_eq(stats_of(&scene).packets_rejected, bad);
    ck_assert_uint_ge(good, 200);
    ck_assert_uint_eq(scene.elsewhere + scene.strange, 0);
    expect_peer_heard(&scene);
    scene_close(&scene);
}
END_TEST

START_TEST(a_hundred_thousand_replays_are_refused)
{
    enum { ROUNDS = 100, EACH = 1000 };
    static struct scene scene;
    long before;

    scene_open(&scene, false);
    peer_says(&scene, 200);
    before = omsp_test_bytes();
    for (int i = 0; i < ROUNDS; i++) {
        for (int k = 0; k < EACH; k++)
            inject(&scene, k % 2 ? &scene.peer : &scene.stranger,
                   &scene.sent[(unsigned)(i * 7 + k) % scene.said % SAID_MAX]);
        peer_says(&scene, 1);
    }
    ck_assert_uint_eq(stats_of(&scene).packets_replayed, ROUNDS * EACH);
    ck_assert_uint_eq(stats_of(&scene).packets_forged, 0);
    ck_assert_uint_eq(stats_of(&scene).packets_duplicate, 0);
    /* The simulated network and file take some; 16 bytes kept of each would show. */
    ck_assert_msg(omsp_test_bytes() < before + 1500000, "%ld bytes became %ld", before,
                  omsp_test_bytes());
    expect_peer_heard(&scene);
    scene_close(&scene);
}
END_TEST

/* An observer with a faster way: its copies come first, the originals are replays. */
START_TEST(faster_copies_from_elsewhere_neither_mute_nor_divert)
{
    static struct scene scene;

    scene_open(&scene, true);
    peer_says(&scene, 20);
    for (int i = 0; i < 100; i++) {
        const struct packet *packet = next_packet(&scene);

        inject(&scene, &scene.stranger, packet);
        inject(&scene, &scene.peer, packet);
        rig_run(&scene.rig, 20);
    }
    ck_assert_uint_eq(stats_of(&scene).packets_replayed, 100);
    ck_assert_uint_eq(scene.elsewhere, 0);
    expect_peer_heard(&scene);
    scene_close(&scene);
}
END_TEST

START_TEST(a_forged_goodbye_or_report_is_not_heard)
{
    static struct scene scene;
    struct omsp_rtcp_compound compound = {
        .ssrc = PEER_SSRC, .cname = omsp_span_text("x"), .bye = true};
    struct packet plain = {.len = 0}, secret;
    struct omsp_addr control;

    scene_open(&scene, false);
    control = scene.local;
    control.port++;
    peer_says(&scene, 10);
    ck_assert_int_eq(omsp_rtcp_build(&compound, plain.bytes, sizeof(plain.bytes), &plain.len),
                     OMSP_OK);
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(
            omsp_sim_inject(scene.rig.sim, &scene.peer, &control, plain.bytes, plain.len), OMSP_OK);
    rig_run(&scene.rig, 20);
    ck_assert_uint_eq(stats_of(&scene).packets_forged, 10);
    ck_assert_uint_eq(stats_of(&scene).reports_received, 0);
    compound.bye = false;
    ck_assert_int_eq(omsp_rtcp_build(&compound, plain.bytes, sizeof(plain.bytes), &plain.len),
                     OMSP_OK);
    secret = plain;
    ck_assert_int_eq(omsp_srtp_protect_rtcp(scene.out, secret.bytes, &secret.len), OMSP_OK);
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(
            omsp_sim_inject(scene.rig.sim, &scene.peer, &control, secret.bytes, secret.len),
            OMSP_OK);
    rig_run(&scene.rig, 20);
    ck_assert_uint_eq(stats_of(&scene).packets_replayed, 9);
    ck_assert_uint_eq(stats_of(&scene).reports_received, 1);
    scene_close(&scene);
}
END_TEST

/* ---- over time ------------------------------------------------------------------------------- */

START_TEST(the_rollover_counter_is_followed_for_an_hour)
{
    enum { HOUR = 180000, LOST = (HOUR + 496) / 997 };
    static struct scene scene;
    struct omsp_call_stats stats;

    scene_open(&scene, true);
    for (unsigned i = 0; i < HOUR; i++)
        if (i % 997 == 500) {
            next_packet(&scene); /* lost */
            rig_run(&scene.rig, 20);
        } else {
            peer_says(&scene, 1);
        }
    stats = stats_of(&scene);
    ck_assert_uint_eq(stats.packets_received, HOUR - LOST);
    ck_assert_uint_eq(stats.packets_lost, LOST);
    ck_assert_uint_eq(stats.packets_rejected, 0);
    ck_assert_uint_ge(scene.understood, HOUR - 100);
    ck_assert_uint_eq(scene.strange, 0);
    scene_close(&scene);
}
END_TEST

START_TEST(a_new_source_of_the_peer_is_heard_under_the_same_key)
{
    static struct scene scene;

    scene_open(&scene, false);
    peer_says(&scene, 100);
    rig_run(&scene.rig, 200);
    scene.ssrc++;
    scene.first = 12;
    peer_says(&scene, 100);
    ck_assert_uint_eq(stats_of(&scene).packets_received, 200);
    ck_assert_uint_eq(stats_of(&scene).packets_rejected, 0);
    inject(&scene, &scene.peer, &scene.sent[50]);
    rig_run(&scene.rig, 20);
    ck_assert_uint_eq(stats_of(&scene).packets_replayed, 1);
    scene_close(&scene);
}
END_TEST

START_TEST(the_same_offer_again_changes_no_key)
{
    static struct scene scene;
    struct omsp_sdp_crypto ours;
    uint32_t ssrc;

    scene_open(&scene, true);
    peer_says(&scene, 100);
    ours = scene.ours;
    ssrc = scene.own_ssrc;
    negotiate(&scene);
    ck_assert(omsp_sdp_crypto_same_key(&ours, &scene.ours));
    peer_says(&scene, 100);
    ck_assert_uint_eq(scene.own_ssrc, ssrc);
    ck_assert_uint_eq(scene.strange, 0);
    inject(&scene, &scene.peer, &scene.sent[50]); /* from before */
    rig_run(&scene.rig, 20);
    ck_assert_uint_eq(stats_of(&scene).packets_replayed, 1);
    expect_peer_heard(&scene);
    scene_close(&scene);
}
END_TEST

/* Packets of the key before are on their way while the new one is agreed on. */
START_TEST(a_new_key_takes_over_without_a_gap)
{
    static struct scene scene;
    struct packet on_the_way[5], late;
    struct omsp_sdp_crypto ours;
    uint32_t ssrc;

    scene_open(&scene, true);
    peer_says(&scene, 100);
    ours = scene.ours;
    ssrc = scene.own_ssrc;
    for (int i = 0; i < 5; i++)
        on_the_way[i] = *next_packet(&scene);
    scene.theirs.key[7] ^= 1;
    negotiate(&scene);
    ck_assert(!omsp_sdp_crypto_same_key(&ours, &scene.ours));
    for (int i = 0; i < 5; i++) {
        inject(&scene, &scene.peer, &on_the_way[i]);
        rig_run(&scene.rig, 20);
    }
    late = scene.sent[40];
    scene.strange = 0; /* of the key that the far end did not have yet */
    far_end_keys(&scene);
    peer_says(&scene, 50);
    ck_assert_uint_ne(scene.own_ssrc, ssrc);
    ck_assert_uint_eq(scene.strange, 0);
    inject(&scene, &scene.peer, &late);
    rig_run(&scene.rig, 20);
    ck_assert_uint_eq(stats_of(&scene).packets_rejected, 1);
    peer_says(&scene, 100);
    inject(&scene, &scene.peer, &late); /* the key is forgotten by now */
    rig_run(&scene.rig, 20);
    ck_assert_uint_eq(stats_of(&scene).packets_rejected, 2);
    expect_peer_heard(&scene);
    scene_close(&scene);
}
END_TEST

/* After rollovers there are far ends that go on counting under a new key, as the RFC has it, and
 * such that begin anew. Either is understood. */
static void rekey_after_rollover(bool goes_on)
{
    static struct scene scene;
    struct omsp_call_stats stats;
    unsigned said;

    scene_open(&scene, false);
    peer_says(&scene, 2000); /* past 65535 */
    scene.theirs.key[7] ^= 1;
    negotiate(&scene);
    if (goes_on) {
        struct omsp_srtp_key out = key_of(&scene.theirs);

        omsp_srtp_destroy(scene.out);
        ck_assert_int_eq(omsp_srtp_receiver_resume(&out, scene.ssrc, 1, &scene.out), OMSP_OK);
    } else {
        far_end_keys(&scene);
    }
    said = scene.said;
    peer_says(&scene, 200);
    stats = stats_of(&scene);
    ck_assert_uint_eq(stats.packets_received, said + 200);
    ck_assert_uint_eq(stats.packets_rejected, 0);
    inject(&scene, &scene.peer, &scene.sent[said + 100]);
    rig_run(&scene.rig, 20);
    ck_assert_uint_eq(stats_of(&scene).packets_replayed, 1);
    scene_close(&scene);
}

START_TEST(after_a_new_key_the_counter_may_go_on)
{
    rekey_after_rollover(true);
}
END_TEST

START_TEST(after_a_new_key_the_counter_may_begin_anew)
{
    rekey_after_rollover(false);
}
END_TEST

START_TEST(a_secret_call_may_become_plain_and_secret_again)
{
    static const char plain[] = "v=0\r\no=- 9 50 IN IP4 10.0.0.2\r\ns=-\r\nc=IN IP4 10.0.0.2\r\n"
                                "t=0 0\r\nm=audio 5004 RTP/AVP 0\r\n";
    static struct scene scene;
    struct packet packet;

    scene_open(&scene, false);
    peer_says(&scene, 10);
    ck_assert_int_eq(omsp_call_set_security(scene.call, OMSP_SECURITY_REQUIRED), OMSP_OK);
    ck_assert_int_eq(omsp_call_set_remote_sdp(scene.call, plain, strlen(plain)), OMSP_BAD_MEDIA);
    peer_says(&scene, 10);
    ck_assert_int_eq(omsp_call_set_security(scene.call, OMSP_SECURITY_ALLOWED), OMSP_OK);
    ck_assert_int_eq(omsp_call_set_remote_sdp(scene.call, plain, strlen(plain)), OMSP_OK);
    ck_assert(!stats_of(&scene).secure);
    packet = plain_rtp(&scene);
    inject(&scene, &scene.peer, &packet);
    rig_run(&scene.rig, 20);
    scene.said++;
    negotiate(&scene);
    far_end_keys(&scene);
    peer_says(&scene, 10);
    ck_assert_uint_eq(stats_of(&scene).packets_rejected, 0);
    expect_peer_heard(&scene);
    scene_close(&scene);
}
END_TEST

/* ---- media streams --------------------------------------------------------------------------- */

START_TEST(media_streams_hear_what_was_said)
{
    static struct fixture f;
    struct omsp_call_stats stats;
    unsigned media = 0;

    open_fixture(&f, 8000);
    ck_assert_int_eq(omsp_call_set_security(f.a, OMSP_SECURITY_REQUIRED), OMSP_OK);
    connect_fixture(&f);
    start_audio(&f);
    fork_call(&f, OMSP_TRACK_INBOUND, NULL, NULL);
    rig_run(&f.rig, 1500);
    omsp_call_get_stats(f.b, &stats);
    ck_assert(stats.secure);
    ck_assert_uint_eq(stats.packets_rejected, 0);
    for (unsigned i = 0; i < f.consumer.count; i++)
        media += is_media(&f.consumer.messages[i]);
    ck_assert_uint_ge(media, 50);
    close_fixture(&f);
}
END_TEST

/* ---- memory ---------------------------------------------------------------------------------- */

static void in_scarcity(void *ctx)
{
    struct scene *scene = ctx;
    struct omsp_call *call;
    enum omsp_status status;
    char text[2048];
    size_t need;

    status = omsp_call_create(scene->rig.address, OMSP_MEDIA_AUDIO, 0, &call);
    if (status) {
        ck_assert_int_eq(status, OMSP_NOMEM);
        return;
    }
    ck_assert_int_eq(offer_text(scene, text, sizeof(text)), OMSP_OK);
    status = omsp_call_set_remote_sdp(call, text, strlen(text));
    ck_assert(status == OMSP_OK || omsp_test_alloc_failed());
    if (!status)
        status = omsp_call_local_sdp(call, text, sizeof(text), &need);
    if (status)
        ck_assert_int_eq(status, OMSP_NOMEM);
    omsp_call_shutdown(call);
    omsp_call_release(call);
    rig_run(&scene->rig, 20);
    while (rig_event(&scene->rig).kind != (enum omsp_event_kind) - 1)
        continue;
}

START_TEST(every_allocation_of_a_secret_call_may_fail)
{
    static struct scene scene;

    scene_open(&scene, false);
    in_scarcity(&scene); /* what is made once and kept */
    ck_assert_int_gt(omsp_test_alloc_walk(in_scarcity, &scene), 20);
    scene_close(&scene);
}
END_TEST

OMSP_SUITE("secure", TEST(both_directions_are_secret_and_heard),
           TEST(our_own_offer_is_answered_and_both_hear),
           TEST(a_call_is_plain_unless_somebody_asks),
           TEST(what_security_forbids_is_refused_and_changes_nothing),
           TEST(an_answer_that_is_plain_says_not_used), TEST(every_call_has_keys_of_its_own),
           TEST(forged_changed_plain_and_foreign_packets_are_counted_and_nothing_else),
           TEST(a_hundred_thousand_replays_are_refused),
           TEST(faster_copies_from_elsewhere_neither_mute_nor_divert),
           TEST(a_forged_goodbye_or_report_is_not_heard),
           TEST(the_rollover_counter_is_followed_for_an_hour),
           TEST(a_new_source_of_the_peer_is_heard_under_the_same_key),
           TEST(the_same_offer_again_changes_no_key), TEST(a_new_key_takes_over_without_a_gap),
           TEST(after_a_new_key_the_counter_may_go_on),
           TEST(after_a_new_key_the_counter_may_begin_anew),
           TEST(a_secret_call_may_become_plain_and_secret_again),
           TEST(media_streams_hear_what_was_said), TEST(every_allocation_of_a_secret_call_may_fail))
