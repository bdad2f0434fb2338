/* Reading and writing session descriptions. */
#include "support/suite.h"

#include "wire/sdp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct omsp_sdp parse(const char *text)
{
    struct omsp_sdp sdp;

    memset(&sdp, 0xEE, sizeof(sdp));
    ck_assert_msg(omsp_sdp_parse(text, strlen(text), OMSP_SDP_SECURITY_ALLOWED, &sdp) == OMSP_OK,
                  "%s", text);
    return sdp;
}

static void refused(const char *text)
{
    struct omsp_sdp sdp;

    ck_assert_msg(omsp_sdp_parse(text, strlen(text), OMSP_SDP_SECURITY_ALLOWED, &sdp) ==
                      OMSP_INVALID,
                  "%s", text);
}

static void is_addr(const struct omsp_addr *addr, const char *text)
{
    char got[64];

    omsp_addr_text(addr, got, sizeof(got));
    ck_assert_str_eq(got, text);
}

#define HEAD "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n"
#define CONN "c=IN IP4 192.0.2.1\r\nt=0 0\r\n"

/* The shape of a PBX: session level address, explicit static types, silence suppression, maxptime.
 */
static const char pbx[] = "v=0\r\n"
                          "o=root 1821325714 1821325714 IN IP4 198.51.100.7\r\n"
                          "s=A PBX 18.2.0\r\n"
                          "c=IN IP4 198.51.100.7\r\n"
                          "t=0 0\r\n"
                          "m=audio 14218 RTP/AVP 8 0 3 101\r\n"
                          "a=rtpmap:8 PCMA/8000\r\n"
                          "a=rtpmap:0 PCMU/8000\r\n"
                          "a=rtpmap:3 GSM/8000\r\n"
                          "a=rtpmap:101 telephone-event/8000\r\n"
                          "a=fmtp:101 0-16\r\n"
                          "a=silenceSupp:off - - - -\r\n"
                          "a=ptime:20\r\n"
                          "a=maxptime:150\r\n"
                          "a=sendrecv\r\n";

/* The shape of a switch: media level address, lower case names, a=rtcp, two event types, video. */
static const char media_switch[] = "v=0\r\n"
                                   "o=Switch 1700000000 1700000001 IN IP4 203.0.113.5\r\n"
                                   "s=Switch\r\n"
                                   "t=0 0\r\n"
                                   "m=audio 22904 RTP/AVP 102 9 0 8 103 101\r\n"
                                   "c=IN IP4 203.0.113.5\r\n"
                                   "a=rtpmap:102 opus/48000/2\r\n"
                                   "a=fmtp:102 useinbandfec=1; maxaveragebitrate=30000\r\n"
                                   "a=rtpmap:9 G722/8000\r\n"
                                   "a=rtpmap:103 telephone-event/48000\r\n"
                                   "a=fmtp:103 0-15\r\n"
                                   "a=rtpmap:101 telephone-event/8000\r\n"
                                   "a=fmtp:101 0-11,13\r\n"
                                   "a=rtcp:22911 IN IP4 203.0.113.6\r\n"
                                   "a=rtcp-mux\r\n"
                                   "a=ptime:30.0\r\n"
                                   "m=video 22950 RTP/AVP 96 97\r\n"
                                   "c=IN IP4 media.example.com\r\n"
                                   "b=AS:512\r\n"
                                   "a=rtpmap:96 H264/90000\r\n"
                                   "a=recvonly\r\n";

/* The shape of a soft phone: LF only, IPv6, AVPF with feedback and extensions, bandwidth. */
static const char soft_phone[] = "v=0\n"
                                 "o=alice 3903 2714 IN IP6 2001:db8::12\n"
                                 "s=Talk\n"
                                 "b=AS:380\n"
                                 "c=IN IP6 2001:db8::12\n"
                                 "t=0 0\n"
                                 "a=rtcp-xr:rcvr-rtt=all:10000 stat-summary=loss\n"
                                 "a=record:off\n"
                                 "a=recvonly\n"
                                 "m=audio 7078 RTP/AVPF 96 0 97\n"
                                 "a=fmtp:97 0-9\n"
                                 "a=rtpmap:96 pcma/8000/1\n"
                                 "a=rtpmap:97 Telephone-Event/8000\n"
                                 "a=rtcp-fb:* trr-int 5000\n"
                                 "m=text 0 RTP/AVP 98\n"
                                 "a=sendonly\n";

START_TEST(a_pbx_is_understood)
{
    struct omsp_sdp sdp = parse(pbx);

    ck_assert_str_eq(sdp.session_id, "1821325714");
    ck_assert_uint_eq(sdp.version, 1821325714);
    is_addr(&sdp.origin, "198.51.100.7:0");
    ck_assert_int_eq(sdp.audio_index, 0);
    ck_assert_uint_eq(sdp.media_count, 1);
    is_addr(&sdp.audio.rtp, "198.51.100.7:14218");
    is_addr(&sdp.audio.rtcp, "198.51.100.7:14219");
    ck_assert(!sdp.audio.rtcp_mux && !sdp.audio.avpf);
    ck_assert_uint_eq(sdp.audio.direction, OMSP_SDP_SENDRECV);
    ck_assert_uint_eq(sdp.audio.count, 4);
    ck_assert_uint_eq(sdp.audio.payloads[0].type, 8);
    ck_assert_uint_eq(sdp.audio.payloads[0].codec, OMSP_SDP_CODEC_PCMA);
    ck_assert_uint_eq(sdp.audio.payloads[1].codec, OMSP_SDP_CODEC_PCMU);
    ck_assert_uint_eq(sdp.audio.payloads[2].type, 3);
    ck_assert_uint_eq(sdp.audio.payloads[2].codec, OMSP_SDP_CODEC_OTHER);
    ck_assert_uint_eq(sdp.audio.payloads[3].codec, OMSP_SDP_CODEC_TELEPHONE_EVENT);
    ck_assert_uint_eq(sdp.audio.events, 0x1FFFF);
    ck_assert_uint_eq(sdp.audio.ptime_ms, 20);
    ck_assert_uint_eq(sdp.audio.maxptime_ms, 150);
}
END_TEST

START_TEST(a_switch_is_understood)
{
    struct omsp_sdp sdp = parse(media_switch);

    ck_assert_uint_eq(sdp.media_count, 2);
    ck_assert_str_eq(sdp.media[1].kind, "video");
    ck_assert_str_eq(sdp.media[1].proto, "RTP/AVP");
    ck_assert_str_eq(sdp.media[1].format, "96");
    is_addr(&sdp.audio.rtp, "203.0.113.5:22904");
    is_addr(&sdp.audio.rtcp, "203.0.113.6:22911");
    ck_assert(sdp.audio.rtcp_mux);
    ck_assert_uint_eq(sdp.audio.ptime_ms, 30);
    ck_assert_uint_eq(sdp.audio.count, 6);
    ck_assert_uint_eq(sdp.audio.payloads[0].codec, OMSP_SDP_CODEC_OTHER);
    ck_assert_uint_eq(sdp.audio.payloads[2].codec, OMSP_SDP_CODEC_PCMU);
    ck_assert_uint_eq(sdp.audio.payloads[4].codec, OMSP_SDP_CODEC_OTHER);
    ck_assert_uint_eq(sdp.audio.payloads[5].codec, OMSP_SDP_CODEC_TELEPHONE_EVENT);
    ck_assert_uint_eq(sdp.audio.events, 0x2FFF);
    ck_assert_uint_eq(sdp.audio.direction, OMSP_SDP_SENDRECV);
}
END_TEST

START_TEST(a_soft_phone_is_understood)
{
    struct omsp_sdp sdp = parse(soft_phone);

    is_addr(&sdp.audio.rtp, "[2001:db8::12]:7078");
    is_addr(&sdp.audio.rtcp, "[2001:db8::12]:7079");
    ck_assert(sdp.audio.avpf);
    ck_assert_uint_eq(sdp.audio.direction, OMSP_SDP_RECVONLY);
    ck_assert_uint_eq(sdp.audio.payloads[0].codec, OMSP_SDP_CODEC_PCMA);
    ck_assert_uint_eq(sdp.audio.payloads[2].codec, OMSP_SDP_CODEC_TELEPHONE_EVENT);
    ck_assert_uint_eq(sdp.audio.events, 0x3FF);
    ck_assert_uint_eq(sdp.media[1].port, 0);
}
END_TEST

START_TEST(the_media_level_wins_over_the_session_level)
{
    struct omsp_sdp sdp = parse(HEAD "c=IN IP4 192.0.2.9\r\na=sendonly\r\n"
                                     "m=audio 4000 RTP/AVP 0\r\nc=IN IP4 192.0.2.10\r\na=inactive");

    is_addr(&sdp.audio.rtp, "192.0.2.10:4000");
    ck_assert_uint_eq(sdp.audio.direction, OMSP_SDP_INACTIVE);
    sdp = parse(HEAD "c=IN IP4 no.such.name\r\nm=audio 4000 RTP/AVP 0\r\nc=IN IP4 192.0.2.10\r\n");
    is_addr(&sdp.audio.rtp, "192.0.2.10:4000");
}
END_TEST

START_TEST(the_first_usable_audio_is_the_one)
{
    struct omsp_sdp sdp =
        parse(HEAD CONN "m=video 5000 RTP/AVP 31\r\nm=audio 4000 RTP/SAVP 0\r\na=sendonly\r\n"
                        "m=audio 0 RTP/AVP 8\r\na=inactive\r\nm=audio 6000 RTP/AVP 8 0\r\n"
                        "a=recvonly\r\nm=audio 7000 RTP/AVP 0\r\na=sendonly\r\n");

    ck_assert_int_eq(sdp.audio_index, 3);
    is_addr(&sdp.audio.rtp, "192.0.2.1:6000");
    ck_assert_uint_eq(sdp.audio.count, 2);
    ck_assert_uint_eq(sdp.audio.direction, OMSP_SDP_RECVONLY);
    ck_assert_uint_eq(sdp.media_count, 5);
    sdp = parse(HEAD CONN "m=audio 0 RTP/AVP 0\r\nm=audio 4000 RTP/SAVP 8\r\n");
    ck_assert_int_eq(sdp.audio_index, 0);
    sdp = parse(HEAD CONN "m=image 5000 udptl t38\r\n");
    ck_assert_int_eq(sdp.audio_index, -1);
    sdp = parse(HEAD CONN);
    ck_assert_uint_eq(sdp.media_count, 0);
}
END_TEST

START_TEST(static_types_need_no_rtpmap_and_dynamic_ones_do)
{
    struct omsp_sdp sdp = parse(HEAD CONN "m=audio 4000/2 RTP/AVP 0 8 96 97 98 99\r\n"
                                          "a=rtpmap:96 PCMU/8000\r\na=rtpmap:97 PCMA/16000\r\n"
                                          "a=rtpmap:98 pcma/8000/2\r\na=rtpmap:0 PCMU/8000/1\r\n"
                                          "a=rtpmap:8 MYSTERY/8000\r\na=rtpmap:44 PCMU/8000\r\n");
    static const uint8_t codecs[] = {
        OMSP_SDP_CODEC_PCMU,  OMSP_SDP_CODEC_OTHER, OMSP_SDP_CODEC_PCMU,
        OMSP_SDP_CODEC_OTHER, OMSP_SDP_CODEC_OTHER, OMSP_SDP_CODEC_OTHER,
    };

    ck_assert_uint_eq(sdp.audio.count, 6);
    for (unsigned i = 0; i < 6; i++)
        ck_assert_msg(sdp.audio.payloads[i].codec == codecs[i], "payload %u", i);
}
END_TEST

START_TEST(an_old_style_hold_keeps_its_address)
{
    struct omsp_sdp sdp = parse(HEAD "c=IN IP4 0.0.0.0\r\nm=audio 4000 RTP/AVP 0\r\n");

    is_addr(&sdp.audio.rtp, "0.0.0.0:4000");
}
END_TEST

START_TEST(names_and_multicast_are_refused_where_they_count)
{
    refused(HEAD "c=IN IP4 host.example.com\r\nm=audio 4000 RTP/AVP 0\r\n");
    refused(HEAD "c=IN IP4 224.2.1.1/127/3\r\nm=audio 4000 RTP/AVP 0\r\n");
    refused(HEAD "c=IN IP6 ff15::101/3\r\nm=audio 4000 RTP/AVP 0\r\n");
    refused(HEAD "c=IN IP4 2001:db8::1\r\nm=audio 4000 RTP/AVP 0\r\n");
    refused(HEAD "c=IN IP6 192.0.2.1\r\nm=audio 4000 RTP/AVP 0\r\n");
    refused(HEAD "c=IN IP4 192.0.2.1:5000\r\nm=audio 4000 RTP/AVP 0\r\n");
    refused(HEAD "c=IN IP6 [2001:db8::1]:7\r\nm=audio 4000 RTP/AVP 0\r\n");
    refused(HEAD "c=IN IP4\r\nm=audio 4000 RTP/AVP 0\r\n");
    refused(HEAD "c=ATM IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 0\r\n");
    refused(HEAD CONN "m=audio 4000 RTP/AVP 0\r\na=rtcp:5000 IN IP4 a.name\r\n");
    refused(HEAD CONN "m=audio 4000 RTP/AVP 0\r\na=rtcp:0\r\n");
    refused(HEAD CONN "m=audio 4000 RTP/AVP 0\r\na=rtcp:99999\r\n");
    parse(HEAD "c=IN IP4 host.example.com\r\nm=audio 0 RTP/AVP 0\r\n");
    parse(HEAD "c=IN IP4 192.0.2.1/127\r\nm=audio 4000 RTP/AVP 0\r\n");
}
END_TEST

START_TEST(no_address_at_all_is_told_by_its_family)
{
    struct omsp_sdp sdp = parse(HEAD "m=audio 4000 RTP/AVP 0\r\n");

    ck_assert_uint_eq(sdp.audio.rtp.family, 0);
}
END_TEST

START_TEST(what_is_no_description_is_refused)
{
    char big[OMSP_SDP_BYTES_MAX + 2];
    struct omsp_sdp sdp;

    refused("");
    refused("hello");
    refused("v=1\r\no=- 1 1 IN IP4 192.0.2.1\r\n");
    refused("o=- 1 1 IN IP4 192.0.2.1\r\nv=0\r\n");
    refused("v=0\r\ns=-\r\n");
    refused("v=0\r\no=- 1\r\n");
    refused("v=0\r\no=- 1 x IN IP4 192.0.2.1\r\n");
    refused("v=0\r\no=- 1 18446744073709551616 IN IP4 192.0.2.1\r\n");
    refused("v=0\r\no=- 123456789012345678901234 1 IN IP4 192.0.2.1\r\n");
    refused(HEAD HEAD);
    refused(HEAD CONN "m=audio\r\n");
    refused(HEAD CONN "m=audio 65536 RTP/AVP 0\r\n");
    refused(HEAD CONN "m=audio -1 RTP/AVP 0\r\n");
    refused(HEAD CONN "m=audio 4000\r\n");
    refused(HEAD CONN "m=averyverylongkindofmedia 4000 RTP/AVP 0\r\n");
    refused(HEAD CONN "m=au\tdio 4000 RTP/AVP 0\r\n");
    refused(HEAD CONN "no equals sign\r\n");
    refused(HEAD CONN "m=a 1 b c\nm=a 1 b c\nm=a 1 b c\nm=a 1 b c\nm=a 1 b c\nm=a 1 b c\n"
                      "m=a 1 b c\nm=a 1 b c\nm=a 1 b c\n");
    ck_assert_int_eq(omsp_sdp_parse(pbx, sizeof(pbx), OMSP_SDP_SECURITY_ALLOWED, &sdp),
                     OMSP_INVALID); /* with the NUL */
    ck_assert_int_eq(omsp_sdp_parse(NULL, 0, OMSP_SDP_SECURITY_ALLOWED, &sdp), OMSP_INVALID);
    memset(big, '\n', sizeof(big));
    memcpy(big, HEAD, strlen(HEAD));
    ck_assert_int_eq(omsp_sdp_parse(big, OMSP_SDP_BYTES_MAX, OMSP_SDP_SECURITY_ALLOWED, &sdp),
                     OMSP_OK);
    ck_assert_int_eq(omsp_sdp_parse(big, OMSP_SDP_BYTES_MAX + 1, OMSP_SDP_SECURITY_ALLOWED, &sdp),
                     OMSP_INVALID);
}
END_TEST

START_TEST(broken_details_are_survived)
{
    struct omsp_sdp sdp =
        parse(HEAD CONN "m=audio 4000 RTP/AVP 0 x 300 -5 0 101\r\n"
                        "a=rtpmap:\r\na=rtpmap:0\r\na=rtpmap:101 telephone-event/"
                        "8000\r\na=fmtp:101 5-,x\r\na=ptime:abc\r\na=maxptime:\r\n"
                        "a=ptime:99999999999999\r\na=\r\na=unknown\r\ny=what\r\n"
                        "\r\na=recvonly   \r\n\r\n");

    ck_assert_uint_eq(sdp.audio.count, 2);
    ck_assert_uint_eq(sdp.audio.payloads[0].codec, OMSP_SDP_CODEC_OTHER);
    ck_assert_uint_eq(sdp.audio.ptime_ms, 0);
    ck_assert_uint_eq(sdp.audio.events, 0xFFFF);
    ck_assert_uint_eq(sdp.audio.direction, OMSP_SDP_RECVONLY);
}
END_TEST

START_TEST(more_payloads_than_fit_are_not_looked_at)
{
    char text[1024] = HEAD CONN "m=audio 4000 RTP/AVP";

    for (unsigned i = 0; i < 100; i++)
        sprintf(text + strlen(text), " %u", 127 - i);
    ck_assert_uint_eq(parse(text).audio.count, OMSP_SDP_PAYLOADS_MAX);
}
END_TEST

START_TEST(a_description_cut_anywhere_is_read_or_refused)
{
    static const char *const texts[] = {pbx, media_switch, soft_phone};

    for (unsigned t = 0; t < 3; t++) {
        for (size_t len = 0; len <= strlen(texts[t]); len++) {
            char *copy = malloc(len + 1); /* of the exact size, for the sanitizer */
            struct omsp_sdp sdp;
            enum omsp_status status;

            memcpy(copy, texts[t], len);
            copy = realloc(copy, len ? len : 1);
            status = omsp_sdp_parse(copy, len, OMSP_SDP_SECURITY_ALLOWED, &sdp);
            ck_assert(status == OMSP_OK || status == OMSP_INVALID);
            free(copy);
        }
    }
}
END_TEST

START_TEST(a_description_with_any_bytes_changed_is_read_or_refused_and_written_again)
{
    uint32_t seed = 7;

    for (unsigned round = 0; round < 20000; round++) {
        char copy[sizeof(media_switch)], out[4096];
        struct omsp_sdp sdp;
        size_t need;

        memcpy(copy, media_switch, sizeof(copy));
        for (unsigned hits = 0; hits < 1 + round % 5; hits++) {
            seed = seed * 1103515245u + 12345u;
            copy[(seed >> 8) % (sizeof(copy) - 1)] =
                seed >> 31 ? (char)(seed >> 3) : "=: /\r\n0-9,"[(seed >> 3) % 11];
        }
        if (omsp_sdp_parse(copy, sizeof(copy) - 1, OMSP_SDP_SECURITY_ALLOWED, &sdp))
            continue;
        ck_assert_int_eq(omsp_sdp_write(&sdp, out, sizeof(out), &need), OMSP_OK);
        ck_assert_uint_eq(need, strlen(out) + 1);
        if (!sdp.audio.rtp.family || !sdp.media[sdp.audio_index].port)
            continue;
        ck_assert_msg(omsp_sdp_parse(out, strlen(out), OMSP_SDP_SECURITY_ALLOWED, &sdp) == OMSP_OK,
                      "%s\n->\n%s", copy, out);
    }
}
END_TEST

START_TEST(writing_gives_the_expected_text)
{
    static const char wanted[] = "v=0\r\no=- 42 3 IN IP4 192.0.2.1\r\ns=OpenMSP\r\n"
                                 "c=IN IP4 192.0.2.1\r\nt=0 0\r\n"
                                 "m=video 0 RTP/AVP 31\r\n"
                                 "m=audio 4000 RTP/AVP 0 8 101 9\r\n"
                                 "a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
                                 "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-11,13,15\r\n"
                                 "a=ptime:20\r\na=maxptime:60\r\n"
                                 "a=rtcp:4010 IN IP6 2001:db8::1\r\na=rtcp-mux\r\na=sendonly\r\n";
    struct omsp_sdp sdp = {.session_id = "42", .version = 3, .media_count = 2, .audio_index = 1};
    char out[1024];
    size_t need = 0;

    omsp_addr_parse("192.0.2.1", &sdp.origin);
    omsp_addr_parse("192.0.2.1:4000", &sdp.audio.rtp);
    omsp_addr_parse("[2001:db8::1]:4010", &sdp.audio.rtcp);
    strcpy(sdp.media[0].kind, "video");
    strcpy(sdp.media[0].proto, "RTP/AVP");
    strcpy(sdp.media[0].format, "31");
    strcpy(sdp.media[1].kind, "audio");
    strcpy(sdp.media[1].proto, "RTP/AVP");
    sdp.media[1].port = 4000;
    sdp.audio.rtcp_mux = true;
    sdp.audio.direction = OMSP_SDP_SENDONLY;
    sdp.audio.ptime_ms = 20;
    sdp.audio.maxptime_ms = 60;
    sdp.audio.events = 0xAFFF;
    sdp.audio.count = 4;
    sdp.audio.payloads[0] = (struct omsp_sdp_payload){0, OMSP_SDP_CODEC_PCMU};
    sdp.audio.payloads[1] = (struct omsp_sdp_payload){8, OMSP_SDP_CODEC_PCMA};
    sdp.audio.payloads[2] = (struct omsp_sdp_payload){101, OMSP_SDP_CODEC_TELEPHONE_EVENT};
    sdp.audio.payloads[3] = (struct omsp_sdp_payload){9, OMSP_SDP_CODEC_OTHER};
    ck_assert_int_eq(omsp_sdp_write(&sdp, out, sizeof(out), &need), OMSP_OK);
    ck_assert_str_eq(out, wanted);
    ck_assert_uint_eq(need, sizeof(wanted));
    ck_assert_int_eq(omsp_sdp_write(&sdp, NULL, 0, &need), OMSP_MORE);
    ck_assert_uint_eq(need, sizeof(wanted));
    ck_assert_int_eq(omsp_sdp_write(&sdp, out, need, &need), OMSP_OK);
    for (size_t room = 1; room < need; room++) {
        ck_assert_int_eq(omsp_sdp_write(&sdp, out, room, &need), OMSP_MORE);
        ck_assert_uint_eq(strlen(out), room - 1);
    }
}
END_TEST

START_TEST(what_is_written_reads_back_the_same)
{
    static const char *const texts[] = {pbx, media_switch, soft_phone};

    for (unsigned t = 0; t < 3; t++) {
        struct omsp_sdp first = parse(texts[t]), second;
        char out[2048], again[2048];
        size_t need;

        ck_assert_int_eq(omsp_sdp_write(&first, out, sizeof(out), &need), OMSP_OK);
        second = parse(out);
        ck_assert_int_eq(omsp_sdp_write(&second, again, sizeof(again), &need), OMSP_OK);
        ck_assert_str_eq(out, again);
        ck_assert_uint_eq(first.audio.count, second.audio.count);
        ck_assert(omsp_addr_equal(&first.audio.rtcp, &second.audio.rtcp));
        ck_assert_uint_eq(first.audio.events, second.audio.events);
        ck_assert_uint_eq(first.audio.direction, second.audio.direction);
    }
}
END_TEST

OMSP_SUITE("sdp", TEST(a_pbx_is_understood), TEST(a_switch_is_understood),
           TEST(a_soft_phone_is_understood), TEST(the_media_level_wins_over_the_session_level),
           TEST(the_first_usable_audio_is_the_one),
           TEST(static_types_need_no_rtpmap_and_dynamic_ones_do),
           TEST(an_old_style_hold_keeps_its_address),
           TEST(names_and_multicast_are_refused_where_they_count),
           TEST(no_address_at_all_is_told_by_its_family), TEST(what_is_no_description_is_refused),
           TEST(broken_details_are_survived), TEST(more_payloads_than_fit_are_not_looked_at),
           TEST(a_description_cut_anywhere_is_read_or_refused),
           TEST(a_description_with_any_bytes_changed_is_read_or_refused_and_written_again),
           TEST(writing_gives_the_expected_text), TEST(what_is_written_reads_back_the_same))
