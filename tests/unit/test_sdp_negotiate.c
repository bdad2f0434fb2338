/* Offer and answer: what we say and what both sides then do. */
#include "support/suite.h"

#include "wire/sdp.h"

#include <stdio.h>
#include <string.h>

static struct omsp_addr addr_of(const char *text)
{
    struct omsp_addr addr;

    ck_assert_int_eq(omsp_addr_parse(text, &addr), OMSP_OK);
    return addr;
}

static void is_addr(const struct omsp_addr *addr, const char *text)
{
    char got[64];

    omsp_addr_text(addr, got, sizeof(got));
    ck_assert_str_eq(got, text);
}

static struct omsp_sdp_local local_of(const char *rtp)
{
    struct omsp_sdp_local local = {.direction = OMSP_SDP_SENDRECV, .ptime_ms = 20};

    local.rtp = addr_of(rtp);
    local.rtcp_mux = true;
    local.codec_count = 2;
    local.codecs[0] = (struct omsp_sdp_payload){0, OMSP_SDP_CODEC_PCMU};
    local.codecs[1] = (struct omsp_sdp_payload){8, OMSP_SDP_CODEC_PCMA};
    local.telephone_event = true;
    local.session_id = 77;
    return local;
}

static struct omsp_sdp parse(const char *text)
{
    struct omsp_sdp sdp;

    ck_assert_msg(omsp_sdp_parse(text, strlen(text), OMSP_SDP_SECURITY_ALLOWED, &sdp) == OMSP_OK,
                  "%s", text);
    return sdp;
}

static void written_is(const struct omsp_sdp *sdp, const char *text)
{
    char out[2048];
    size_t need;

    ck_assert_int_eq(omsp_sdp_write(sdp, out, sizeof(out), &need), OMSP_OK);
    ck_assert_str_eq(out, text);
}

/* As if it had crossed the network. */
static struct omsp_sdp sent(const struct omsp_sdp *sdp)
{
    char out[2048];
    size_t need;

    ck_assert_int_eq(omsp_sdp_write(sdp, out, sizeof(out), &need), OMSP_OK);
    return parse(out);
}

/* A remote description around these media lines. */
static struct omsp_sdp remote_of(const char *lines)
{
    char text[2048];

    snprintf(text, sizeof(text),
             "v=0\r\no=r 5 5 IN IP4 198.51.100.9\r\ns=-\r\nc=IN IP4 198.51.100.9\r\nt=0 0\r\n%s",
             lines);
    return parse(text);
}

static struct omsp_sdp offer_of(const struct omsp_sdp_local *local, const struct omsp_sdp *prior)
{
    struct omsp_sdp offer;

    ck_assert_int_eq(omsp_sdp_make_offer(local, prior, &offer), OMSP_OK);
    return offer;
}

static struct omsp_sdp_agreed answer_to(const char *lines, struct omsp_sdp *answer)
{
    struct omsp_sdp_local local = local_of("192.0.2.1:4000");
    struct omsp_sdp offer = remote_of(lines), made;
    struct omsp_sdp_agreed agreed;

    ck_assert_msg(omsp_sdp_make_answer(&local, NULL, &offer, &made, &agreed) == OMSP_OK, "%s",
                  lines);
    if (answer)
        *answer = made;
    return agreed;
}

static struct omsp_sdp_agreed applied(const char *lines)
{
    struct omsp_sdp_local local = local_of("192.0.2.1:4000");
    struct omsp_sdp offer = offer_of(&local, NULL), answer = remote_of(lines);
    struct omsp_sdp_agreed agreed;

    ck_assert_msg(omsp_sdp_apply_answer(&local, &offer, &answer, &agreed) == OMSP_OK, "%s", lines);
    return agreed;
}

static void answer_fails(const char *lines, enum omsp_status wanted)
{
    struct omsp_sdp_local local = local_of("192.0.2.1:4000");
    struct omsp_sdp offer = remote_of(lines), answer = {.version = 123};
    struct omsp_sdp_agreed agreed = {.ptime_ms = 123};
    enum omsp_status status = omsp_sdp_make_answer(&local, NULL, &offer, &answer, &agreed);

    ck_assert_msg(status == wanted, "%s: %s", lines, omsp_status_name(status));
    ck_assert_uint_eq(answer.version, 123);
    ck_assert_uint_eq(agreed.ptime_ms, 123);
}

static void apply_fails(const char *lines, enum omsp_status wanted)
{
    struct omsp_sdp_local local = local_of("192.0.2.1:4000");
    struct omsp_sdp offer = offer_of(&local, NULL), answer = remote_of(lines);
    struct omsp_sdp_agreed agreed;
    enum omsp_status status = omsp_sdp_apply_answer(&local, &offer, &answer, &agreed);

    ck_assert_msg(status == wanted, "%s: %s", lines, omsp_status_name(status));
}

START_TEST(the_offer_says_what_we_can)
{
    struct omsp_sdp_local local = local_of("192.0.2.1:4000");
    struct omsp_sdp offer = offer_of(&local, NULL);

    written_is(&offer, "v=0\r\no=- 77 1 IN IP4 192.0.2.1\r\ns=OpenMSP\r\nc=IN IP4 192.0.2.1\r\n"
                       "t=0 0\r\nm=audio 4000 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\n"
                       "a=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
                       "a=fmtp:101 0-15\r\na=ptime:20\r\na=rtcp-mux\r\na=sendrecv\r\n");
    local = local_of("[2001:db8::5]:4000");
    local.rtcp_port = 4100;
    local.rtcp_mux = local.telephone_event = false;
    local.codecs[0].type = 96;
    local.maxptime_ms = 60;
    local.direction = OMSP_SDP_RECVONLY;
    offer = offer_of(&local, NULL);
    written_is(&offer, "v=0\r\no=- 77 1 IN IP6 2001:db8::5\r\ns=OpenMSP\r\n"
                       "c=IN IP6 2001:db8::5\r\nt=0 0\r\nm=audio 4000 RTP/AVP 96 8\r\n"
                       "a=rtpmap:96 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=ptime:20\r\n"
                       "a=maxptime:60\r\na=rtcp:4100\r\na=recvonly\r\n");
}
END_TEST

START_TEST(incomplete_capabilities_are_refused)
{
    struct omsp_sdp_local local = local_of("192.0.2.1:4000");
    struct omsp_sdp offer, none = {.audio_index = -1};

    local.codec_count = 0;
    ck_assert_int_eq(omsp_sdp_make_offer(&local, NULL, &offer), OMSP_INVALID);
    local = local_of("192.0.2.1");
    ck_assert_int_eq(omsp_sdp_make_offer(&local, NULL, &offer), OMSP_INVALID);
    local = local_of("192.0.2.1:4000");
    local.codecs[1].codec = OMSP_SDP_CODEC_TELEPHONE_EVENT;
    ck_assert_int_eq(omsp_sdp_make_offer(&local, NULL, &offer), OMSP_INVALID);
    local = local_of("192.0.2.1:4000");
    local.direction = 4;
    ck_assert_int_eq(omsp_sdp_make_offer(&local, NULL, &offer), OMSP_INVALID);
    local = local_of("192.0.2.1:4000");
    ck_assert_int_eq(omsp_sdp_make_offer(&local, &none, &offer), OMSP_INVALID);
}
END_TEST

START_TEST(both_sides_agree_on_the_same)
{
    struct omsp_sdp_local alice = local_of("192.0.2.1:4000"), bob = local_of("192.0.2.2:5000");
    struct omsp_sdp offer, answer, seen;
    struct omsp_sdp_agreed a, b;

    bob.codecs[0] = alice.codecs[1];
    bob.codecs[1] = alice.codecs[0];
    offer = offer_of(&alice, NULL);
    seen = sent(&offer);
    ck_assert_int_eq(omsp_sdp_make_answer(&bob, NULL, &seen, &answer, &b), OMSP_OK);
    seen = sent(&answer);
    ck_assert_int_eq(omsp_sdp_apply_answer(&alice, &offer, &seen, &a), OMSP_OK);
    is_addr(&a.peer_rtp, "192.0.2.2:5000");
    is_addr(&b.peer_rtp, "192.0.2.1:4000");
    ck_assert(a.rtcp_mux && b.rtcp_mux);
    is_addr(&a.peer_rtcp, "192.0.2.2:5000");
    /* The offer's order decides. */
    ck_assert_uint_eq(a.send_type, 0);
    ck_assert_uint_eq(b.send_type, 0);
    ck_assert_uint_eq(a.receive_count, 2);
    ck_assert_uint_eq(b.receive_count, 2);
    ck_assert(a.telephone_event && b.telephone_event);
    ck_assert_uint_eq(a.event_send_type, b.event_receive_type);
    ck_assert(a.may_send && a.may_receive && !a.on_hold);
    ck_assert(b.may_send && b.may_receive && !b.on_hold);
}
END_TEST

START_TEST(the_answer_takes_the_one_audio_and_rejects_the_rest_in_place)
{
    struct omsp_sdp answer;
    struct omsp_sdp_agreed agreed =
        answer_to("m=video 5000 RTP/AVP 96 97\r\na=rtpmap:96 H264/90000\r\n"
                  "m=audio 6000 RTP/AVP 9 8 97\r\na=rtpmap:97 telephone-event/8000\r\n"
                  "a=fmtp:97 0-11,16\r\nm=audio 7000 RTP/AVP 0\r\n"
                  "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n",
                  &answer);

    written_is(&answer, "v=0\r\no=- 77 1 IN IP4 192.0.2.1\r\ns=OpenMSP\r\nc=IN IP4 192.0.2.1\r\n"
                        "t=0 0\r\nm=video 0 RTP/AVP 96\r\nm=audio 4000 RTP/AVP 8 97\r\n"
                        "a=rtpmap:8 PCMA/8000\r\na=rtpmap:97 telephone-event/8000\r\n"
                        "a=fmtp:97 0-11\r\na=ptime:20\r\na=sendrecv\r\nm=audio 0 RTP/AVP 0\r\n"
                        "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n");
    is_addr(&agreed.peer_rtp, "198.51.100.9:6000");
    is_addr(&agreed.peer_rtcp, "198.51.100.9:6001");
    ck_assert_uint_eq(agreed.send_type, 8);
    ck_assert_uint_eq(agreed.send_codec, OMSP_SDP_CODEC_PCMA);
    ck_assert_uint_eq(agreed.receive_count, 1);
    ck_assert_uint_eq(agreed.event_send_type, 97);
    ck_assert_uint_eq(agreed.event_receive_type, 97);
}
END_TEST

START_TEST(dynamic_numbers_for_our_codecs_work_both_ways)
{
    struct omsp_sdp answer;
    struct omsp_sdp_agreed agreed =
        answer_to("m=audio 6000 RTP/AVPF 110 111\r\na=rtpmap:110 PCMA/8000\r\n"
                  "a=rtpmap:111 PCMU/8000\r\n",
                  &answer);

    ck_assert_uint_eq(agreed.send_type, 110);
    ck_assert_uint_eq(agreed.send_codec, OMSP_SDP_CODEC_PCMA);
    ck_assert_uint_eq(agreed.receive_count, 2);
    ck_assert_uint_eq(agreed.receive[1].type, 111);
    ck_assert_uint_eq(agreed.receive[1].codec, OMSP_SDP_CODEC_PCMU);
    ck_assert(!agreed.telephone_event);
    ck_assert_str_eq(answer.media[0].proto, "RTP/AVPF");
    /* A peer that answers with a number of its own is sent that, and sends ours. */
    agreed = applied("m=audio 6000 RTP/AVP 99 100\r\na=rtpmap:99 PCMA/8000\r\n"
                     "a=rtpmap:100 telephone-event/8000\r\n");
    ck_assert_uint_eq(agreed.send_type, 99);
    ck_assert_uint_eq(agreed.receive_count, 2);
    ck_assert_uint_eq(agreed.receive[0].type, 8);
    ck_assert_uint_eq(agreed.receive[1].type, 0);
    ck_assert_uint_eq(agreed.event_send_type, 100);
    ck_assert_uint_eq(agreed.event_receive_type, 101);
}
END_TEST

START_TEST(unusable_offers_are_told_apart)
{
    answer_fails("", OMSP_BAD_MEDIA);
    answer_fails("m=video 5000 RTP/AVP 31\r\n", OMSP_BAD_MEDIA);
    answer_fails("m=audio 0 RTP/AVP 0\r\n", OMSP_BAD_MEDIA);
    answer_fails("m=audio 6000 RTP/SAVP 0\r\n", OMSP_BAD_MEDIA);
    answer_fails("m=audio 6000 UDP/TLS/RTP/SAVPF 0\r\n", OMSP_BAD_MEDIA);
    answer_fails("m=audio 6000 RTP/AVP 3 9\r\n", OMSP_NO_CODEC);
    answer_fails("m=audio 6000 RTP/AVP\r\n", OMSP_NO_CODEC);
    answer_fails("m=audio 6000 RTP/AVP 101\r\na=rtpmap:101 telephone-event/8000\r\n",
                 OMSP_NO_CODEC);
}
END_TEST

START_TEST(an_offer_without_an_address_is_invalid)
{
    struct omsp_sdp_local local = local_of("192.0.2.1:4000");
    struct omsp_sdp offer = parse("v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\nm=audio 4000 RTP/AVP 0\r\n");
    struct omsp_sdp answer;
    struct omsp_sdp_agreed agreed;

    ck_assert_int_eq(omsp_sdp_make_answer(&local, NULL, &offer, &answer, &agreed), OMSP_INVALID);
}
END_TEST

START_TEST(unusable_answers_are_told_apart)
{
    apply_fails("m=audio 0 RTP/AVP 0\r\n", OMSP_BAD_MEDIA);
    apply_fails("m=video 6000 RTP/AVP 31\r\n", OMSP_BAD_MEDIA);
    apply_fails("m=audio 6000 RTP/SAVP 0\r\n", OMSP_BAD_MEDIA);
    apply_fails("m=audio 6000 RTP/AVP 9\r\n", OMSP_NO_CODEC);
    apply_fails("m=audio 6000 RTP/AVP 0\r\nm=video 0 RTP/AVP 31\r\n", OMSP_INVALID);
    apply_fails("", OMSP_BAD_MEDIA);
}
END_TEST

/* From our side of a sendrecv: what each of the peer's words lets us do. */
START_TEST(directions_are_mirrored)
{
    static const struct {
        const char *word;
        bool may_send, may_receive, on_hold;
        uint8_t answered;
    } cases[] = {
        {"sendrecv", true, true, false, OMSP_SDP_SENDRECV},
        {"sendonly", false, true, true, OMSP_SDP_RECVONLY},
        {"recvonly", true, false, false, OMSP_SDP_SENDONLY},
        {"inactive", false, false, true, OMSP_SDP_INACTIVE},
    };

    for (unsigned i = 0; i < 4; i++) {
        char lines[128];
        struct omsp_sdp answer;
        struct omsp_sdp_agreed agreed;

        snprintf(lines, sizeof(lines), "m=audio 6000 RTP/AVP 0\r\na=%s\r\n", cases[i].word);
        agreed = answer_to(lines, &answer);
        ck_assert_int_eq(agreed.may_send, cases[i].may_send);
        ck_assert_int_eq(agreed.may_receive, cases[i].may_receive);
        ck_assert_int_eq(agreed.on_hold, cases[i].on_hold);
        ck_assert_uint_eq(answer.audio.direction, cases[i].answered);
        agreed = applied(lines);
        ck_assert_int_eq(agreed.may_send, cases[i].may_send);
        ck_assert_int_eq(agreed.may_receive, cases[i].may_receive);
        ck_assert_int_eq(agreed.on_hold, cases[i].on_hold);
    }
}
END_TEST

/* Every pair: nobody sends what the other does not want. */
START_TEST(all_pairs_of_directions_fit_together)
{
    for (uint8_t mine = 0; mine < 4; mine++) {
        for (uint8_t theirs = 0; theirs < 4; theirs++) {
            struct omsp_sdp_local a = local_of("192.0.2.1:4000"), b = local_of("192.0.2.2:5000");
            struct omsp_sdp offer, answer, seen;
            struct omsp_sdp_agreed x, y;

            a.direction = mine;
            b.direction = theirs;
            offer = offer_of(&a, NULL);
            seen = sent(&offer);
            ck_assert_int_eq(omsp_sdp_make_answer(&b, NULL, &seen, &answer, &y), OMSP_OK);
            seen = sent(&answer);
            ck_assert_int_eq(omsp_sdp_apply_answer(&a, &offer, &seen, &x), OMSP_OK);
            ck_assert_int_eq(x.may_send, y.may_receive);
            ck_assert_int_eq(x.may_receive, y.may_send);
            ck_assert_int_eq(x.may_send, mine & 1 && theirs & 2);
            ck_assert_int_eq(x.may_receive, mine & 2 && theirs & 1);
        }
    }
}
END_TEST

START_TEST(an_address_of_zeros_is_a_hold)
{
    struct omsp_sdp answer;
    struct omsp_sdp_agreed agreed =
        answer_to("m=audio 6000 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n", &answer);

    ck_assert(!agreed.may_send && agreed.may_receive && agreed.on_hold);
    ck_assert_uint_eq(answer.audio.direction, OMSP_SDP_RECVONLY);
    agreed = applied("m=audio 6000 RTP/AVP 0\r\nc=IN IP6 ::\r\n");
    ck_assert(!agreed.may_send && agreed.may_receive && agreed.on_hold);
}
END_TEST

START_TEST(the_peers_packet_time_is_sent_within_reason)
{
    static const struct {
        const char *lines;
        unsigned ms;
    } cases[] = {
        {"", 20},
        {"a=ptime:30\r\n", 30},
        {"a=ptime:5\r\n", 10},
        {"a=ptime:35\r\n", 30},
        {"a=ptime:200\r\n", 60},
        {"a=maxptime:10\r\n", 10},
        {"a=ptime:60\r\na=maxptime:40\r\n", 40},
        {"a=maxptime:3\r\n", 10},
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char lines[128];

        snprintf(lines, sizeof(lines), "m=audio 6000 RTP/AVP 0\r\n%s", cases[i].lines);
        ck_assert_uint_eq(answer_to(lines, NULL).ptime_ms, cases[i].ms);
        ck_assert_uint_eq(applied(lines).ptime_ms, cases[i].ms);
    }
}
END_TEST

START_TEST(rtcp_goes_where_it_was_said)
{
    struct omsp_sdp_local local = local_of("192.0.2.1:4000");
    struct omsp_sdp offer =
        remote_of("m=audio 6000 RTP/AVP 0\r\na=rtcp:6100 IN IP4 198.51.100.10\r\na=rtcp-mux\r\n");
    struct omsp_sdp answer;
    struct omsp_sdp_agreed agreed;

    ck_assert_int_eq(omsp_sdp_make_answer(&local, NULL, &offer, &answer, &agreed), OMSP_OK);
    ck_assert(agreed.rtcp_mux && answer.audio.rtcp_mux);
    is_addr(&agreed.peer_rtcp, "198.51.100.9:6000");
    local.rtcp_mux = false;
    ck_assert_int_eq(omsp_sdp_make_answer(&local, NULL, &offer, &answer, &agreed), OMSP_OK);
    ck_assert(!agreed.rtcp_mux && !answer.audio.rtcp_mux);
    is_addr(&agreed.peer_rtcp, "198.51.100.10:6100");
    agreed = answer_to("m=audio 6000 RTP/AVP 0\r\n", &answer);
    ck_assert(!agreed.rtcp_mux && !answer.audio.rtcp_mux);
    agreed = applied("m=audio 6000 RTP/AVP 0\r\n");
    ck_assert(!agreed.rtcp_mux);
    is_addr(&agreed.peer_rtcp, "198.51.100.9:6001");
}
END_TEST

START_TEST(the_version_counts_our_changes_only)
{
    struct omsp_sdp_local local = local_of("192.0.2.1:4000");
    struct omsp_sdp ours = offer_of(&local, NULL), remote;
    struct omsp_sdp_agreed agreed;

    ck_assert_uint_eq(ours.version, 1);
    ours = offer_of(&local, &ours);
    ck_assert_uint_eq(ours.version, 1);
    local.direction = OMSP_SDP_SENDONLY; /* hold */
    ours = offer_of(&local, &ours);
    ck_assert_uint_eq(ours.version, 2);
    local.direction = OMSP_SDP_SENDRECV; /* resume */
    local.session_id = 12345;
    ours = offer_of(&local, &ours);
    ck_assert_uint_eq(ours.version, 3);
    ck_assert_str_eq(ours.session_id, "77");
    local.rtp.port = 4002;
    ours = offer_of(&local, &ours);
    ck_assert_uint_eq(ours.version, 4);
    /* The peer's re-offer that changes nothing on our side. */
    remote = remote_of("m=audio 6000 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\n"
                       "a=fmtp:101 0-15\r\na=rtcp-mux\r\n");
    ck_assert_int_eq(omsp_sdp_make_answer(&local, &ours, &remote, &ours, &agreed), OMSP_OK);
    ck_assert_uint_eq(ours.version, 4);
    remote.audio.rtp.port = 6002;
    ck_assert_int_eq(omsp_sdp_make_answer(&local, &ours, &remote, &ours, &agreed), OMSP_OK);
    ck_assert_uint_eq(ours.version, 4);
    is_addr(&agreed.peer_rtp, "198.51.100.9:6002");
    /* And one that does: it holds us. */
    remote.audio.direction = OMSP_SDP_SENDONLY;
    ck_assert_int_eq(omsp_sdp_make_answer(&local, &ours, &remote, &ours, &agreed), OMSP_OK);
    ck_assert_uint_eq(ours.version, 5);
    ck_assert(agreed.on_hold);
}
END_TEST

START_TEST(a_new_offer_keeps_rejected_lines_and_numbers)
{
    struct omsp_sdp_local local = local_of("192.0.2.1:4000");
    struct omsp_sdp remote = remote_of("m=video 5000 RTP/AVP 96\r\nm=audio 6000 RTP/AVPF 0 110\r\n"
                                       "a=rtpmap:110 telephone-event/8000\r\na=rtcp-mux\r\n");
    struct omsp_sdp ours;
    struct omsp_sdp_agreed agreed;

    ck_assert_int_eq(omsp_sdp_make_answer(&local, NULL, &remote, &ours, &agreed), OMSP_OK);
    local.direction = OMSP_SDP_INACTIVE;
    ours = offer_of(&local, &ours);
    written_is(&ours, "v=0\r\no=- 77 2 IN IP4 192.0.2.1\r\ns=OpenMSP\r\nc=IN IP4 192.0.2.1\r\n"
                      "t=0 0\r\nm=video 0 RTP/AVP 96\r\nm=audio 4000 RTP/AVPF 0 8 110\r\n"
                      "a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
                      "a=rtpmap:110 telephone-event/8000\r\na=fmtp:110 0-15\r\na=ptime:20\r\n"
                      "a=rtcp-mux\r\na=inactive\r\n");
}
END_TEST

START_TEST(a_codec_change_by_re_offer_is_followed)
{
    struct omsp_sdp answer;
    struct omsp_sdp_agreed agreed = answer_to("m=audio 6000 RTP/AVP 0 8\r\n", &answer);
    struct omsp_sdp_local local = local_of("192.0.2.1:4000");
    struct omsp_sdp again = remote_of("m=audio 6000 RTP/AVP 8 0\r\n");

    ck_assert_uint_eq(agreed.send_type, 0);
    ck_assert_int_eq(omsp_sdp_make_answer(&local, &answer, &again, &answer, &agreed), OMSP_OK);
    ck_assert_uint_eq(agreed.send_type, 8);
    ck_assert_uint_eq(agreed.receive[0].type, 8);
    ck_assert_uint_eq(answer.version, 2);
}
END_TEST

START_TEST(one_codec_under_many_numbers_stays_bounded)
{
    char lines[2048] = "m=audio 6000 RTP/AVP";
    struct omsp_sdp answer;
    struct omsp_sdp_agreed agreed;

    for (unsigned i = 96; i < 116; i++)
        snprintf(lines + strlen(lines), 8, " %u", i);
    strcat(lines, "\r\n");
    for (unsigned i = 96; i < 116; i++)
        snprintf(lines + strlen(lines), 32, "a=rtpmap:%u PCMU/8000\r\n", i);
    agreed = answer_to(lines, &answer);
    ck_assert_uint_eq(agreed.receive_count, OMSP_SDP_CODECS_MAX);
    ck_assert_uint_eq(answer.audio.count, OMSP_SDP_CODECS_MAX);
}
END_TEST

OMSP_SUITE("sdp_negotiate", TEST(the_offer_says_what_we_can),
           TEST(incomplete_capabilities_are_refused), TEST(both_sides_agree_on_the_same),
           TEST(the_answer_takes_the_one_audio_and_rejects_the_rest_in_place),
           TEST(dynamic_numbers_for_our_codecs_work_both_ways),
           TEST(unusable_offers_are_told_apart), TEST(an_offer_without_an_address_is_invalid),
           TEST(unusable_answers_are_told_apart), TEST(directions_are_mirrored),
           TEST(all_pairs_of_directions_fit_together), TEST(an_address_of_zeros_is_a_hold),
           TEST(the_peers_packet_time_is_sent_within_reason), TEST(rtcp_goes_where_it_was_said),
           TEST(the_version_counts_our_changes_only),
           TEST(a_new_offer_keeps_rejected_lines_and_numbers),
           TEST(a_codec_change_by_re_offer_is_followed),
           TEST(one_codec_under_many_numbers_stays_bounded))
