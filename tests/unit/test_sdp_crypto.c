/* a=crypto (RFC 4568): lines, descriptions with them, and what offer and answer agree on. */
#include "support/suite.h"

#include "wire/sdp.h"

#include <stdio.h>
#include <string.h>

#define KEY30 "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz" /* of RFC 4568's example */
#define KEY46 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLQ=="
#define LINE  "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY30
#define HEAD  "v=0\r\no=- 7 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"
#define SAVP  HEAD "m=audio 6000 RTP/SAVP 0\r\n"
#define C80   "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" KEY30 "\r\n"
#define C32   "a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:" KEY30 "\r\n"

static enum omsp_status status_of(const char *line)
{
    struct omsp_sdp_crypto crypto;

    return omsp_sdp_crypto_parse(line, strlen(line), &crypto);
}

static struct omsp_sdp_crypto parsed(const char *line)
{
    struct omsp_sdp_crypto crypto;

    ck_assert_msg(omsp_sdp_crypto_parse(line, strlen(line), &crypto) == OMSP_OK, "%s", line);
    return crypto;
}

static void writes(const struct omsp_sdp_crypto *crypto, const char *line)
{
    struct omsp_text text;
    char out[512];

    omsp_text_init(&text, out, sizeof(out));
    omsp_sdp_crypto_write(crypto, &text);
    ck_assert_str_eq(out, line);
}

START_TEST(a_line_is_read_and_written)
{
    struct omsp_sdp_crypto crypto = parsed(LINE "|2^20|1:4");

    ck_assert_uint_eq(crypto.tag, 1);
    ck_assert_uint_eq(crypto.suite, OMSP_SDP_AES_CM_128_HMAC_SHA1_80);
    ck_assert_uint_eq(crypto.mki, 1);
    ck_assert_uint_eq(crypto.mki_len, 4);
    ck_assert_mem_eq(crypto.key, "YS___semctl () {\t220;}\n}\nunless", 30);
    writes(&crypto, LINE "|1:4");
    crypto = parsed(LINE);
    ck_assert_uint_eq(crypto.mki_len, 0);
    writes(&crypto, LINE);
    crypto = parsed("999999999 AES_256_CM_HMAC_SHA1_32 inline:" KEY46);
    ck_assert_uint_eq(crypto.tag, 999999999);
    ck_assert_uint_eq(crypto.suite, OMSP_SDP_AES_256_CM_HMAC_SHA1_32);
    for (unsigned i = 0; i < 46; i++)
        ck_assert_uint_eq(crypto.key[i], i);
    writes(&crypto, "999999999 AES_256_CM_HMAC_SHA1_32 inline:" KEY46);
}
END_TEST

START_TEST(what_peers_write_differently_is_understood)
{
    static const char *const lines[] = {
        LINE "|2^48",
        LINE "|1",
        LINE "|281474976710656",
        LINE "|1:1",
        LINE "|4294967295:4",
        LINE "|4294967295:128",
        LINE "|2^31|255:1",
        LINE " WSH=64",
        LINE "  WSH=4000 -FUTURE=1 ",
        LINE "\t-KDR=3",
        "1  aes_cm_128_hmac_sha1_80\tINLINE:" KEY30,
        "3 AES_256_CM_HMAC_SHA1_80 "
        "inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLQ",
    };

    for (unsigned i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        ck_assert_msg(status_of(lines[i]) == OMSP_OK, "%s", lines[i]);
}
END_TEST

START_TEST(malformed_lines_are_refused)
{
    static const char *const lines[] = {
        "",
        " ",
        "1",
        "1 AES_CM_128_HMAC_SHA1_80",
        "1 AES_CM_128_HMAC_SHA1_80 ",
        " " LINE,
        "x AES_CM_128_HMAC_SHA1_80 inline:" KEY30,
        "-1 AES_CM_128_HMAC_SHA1_80 inline:" KEY30,
        "1000000000 AES_CM_128_HMAC_SHA1_80 inline:" KEY30,
        "1 AES_CM_128_HMAC_SHA1_80 inline:",
        "1 AES_CM_128_HMAC_SHA1_80 inline",
        "1 AES_CM_128_HMAC_SHA1_80 uri:" KEY30,
        "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY46,
        "1 AES_256_CM_HMAC_SHA1_80 inline:" KEY30,
        "1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGV",
        "1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubG==",
        "1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVzA",
        "1 AES_CM_128_HMAC_SHA1_80 inline:!VNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz",
        LINE "|0",
        LINE "|2^49",
        LINE "|2^",
        LINE "|281474976710657",
        LINE "|99999999999999999999999",
        LINE "|soon",
        LINE "||1:4",
        LINE "|1:0",
        LINE "|1:129",
        LINE "|1:",
        LINE "|:4",
        LINE "|a:4",
        LINE "|256:1",
        LINE "|1:4|2^20",
        LINE "|1:4|2:4",
        LINE "|2^20|2^20",
        LINE "|2^20|1:4|x",
        LINE " WSH=63",
        LINE " WSH=",
        LINE " WSH=big",
        LINE " -",
    };

    for (unsigned i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        ck_assert_msg(status_of(lines[i]) == OMSP_INVALID, "%s: %d", lines[i], status_of(lines[i]));
}
END_TEST

START_TEST(what_we_do_not_do_is_told_apart)
{
    static const char *const lines[] = {
        "1 F8_128_HMAC_SHA1_80 inline:" KEY30,
        "1 AEAD_AES_256_GCM inline:" KEY30,
        "1 AES_CM_128_HMAC_SHA1_8 inline:" KEY30,
        "1 AES_CM_128_HMAC_SHA1_800 inline:" KEY30,
        LINE "|2^20|1:4;inline:" KEY30 "|2^20|2:4",
        LINE "|4294967296:8",
        LINE " KDR=0",
        LINE " UNENCRYPTED_SRTP",
        LINE " UNENCRYPTED_SRTCP",
        LINE " UNAUTHENTICATED_SRTP",
        LINE " FEC_ORDER=FEC_SRTP",
        LINE " FEC_KEY=inline:" KEY30,
        LINE " FUTURE=1",
    };

    for (unsigned i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        ck_assert_msg(status_of(lines[i]) == OMSP_NOTSUPPORTED, "%s: %d", lines[i],
                      status_of(lines[i]));
}
END_TEST

START_TEST(a_line_cut_anywhere_is_none_or_a_smaller_one)
{
    const char *line = LINE "|2^20|1:4 WSH=128";

    for (size_t len = 0; len <= strlen(line); len++) {
        struct omsp_sdp_crypto crypto;
        char copy[128];

        memcpy(copy, line, len); /* at the end of its storage, for the sanitizer */
        if (omsp_sdp_crypto_parse(copy, len, &crypto) == OMSP_OK)
            ck_assert_uint_ge(len, strlen(LINE));
    }
}
END_TEST

/* ---- descriptions --------------------------------------------------------------------------- */

static struct omsp_sdp sdp_of(const char *text, enum omsp_sdp_security security)
{
    struct omsp_sdp sdp;

    ck_assert_msg(omsp_sdp_parse(text, strlen(text), security, &sdp) == OMSP_OK, "%s", text);
    return sdp;
}

START_TEST(usable_lines_are_kept_and_others_are_not_there)
{
    struct omsp_sdp sdp =
        sdp_of(SAVP "a=crypto:1 AEAD_AES_256_GCM inline:" KEY46 "\r\n"
                    "a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:" KEY30 " UNENCRYPTED_SRTP\r\n"
                    "a=crypto:3 AES_CM_128_HMAC_SHA1_80 nonsense\r\n"
                    "a=crypto:4 AES_CM_128_HMAC_SHA1_32 inline:" KEY30 "\r\n"
                    "a=crypto:4 AES_CM_128_HMAC_SHA1_80 inline:" KEY30 "\r\n"
                    "a=crypto:5 AES_CM_128_HMAC_SHA1_80 inline:" KEY30 "\r\n",
               OMSP_SDP_SECURITY_ALLOWED);

    ck_assert(sdp.audio.savp);
    ck_assert_uint_eq(sdp.audio.crypto_count, 2);
    ck_assert_uint_eq(sdp.audio.crypto[0].tag, 4);
    ck_assert_uint_eq(sdp.audio.crypto[0].suite, OMSP_SDP_AES_CM_128_HMAC_SHA1_32);
    ck_assert_uint_eq(sdp.audio.crypto[1].tag, 5);
    /* Of the session, or of another m-line, or with RTP/AVP, they mean nothing. */
    sdp = sdp_of(HEAD C80 "m=video 5000 RTP/SAVP 31\r\n" C80 "m=audio 6000 RTP/AVP 0\r\n" C80,
                 OMSP_SDP_SECURITY_ALLOWED);
    ck_assert(!sdp.audio.savp);
    ck_assert_uint_eq(sdp.audio.crypto_count, 0);
}
END_TEST

START_TEST(no_more_lines_than_there_is_room_are_looked_at)
{
    char text[16384] = SAVP;

    for (unsigned i = 1; i < 100; i++)
        snprintf(text + strlen(text), 128, "a=crypto:%u AES_CM_128_HMAC_SHA1_80 inline:%s\r\n", i,
                 KEY30);
    ck_assert_uint_eq(sdp_of(text, OMSP_SDP_SECURITY_ALLOWED).audio.crypto_count,
                      OMSP_SDP_CRYPTO_MAX);
}
END_TEST

START_TEST(the_audio_that_counts_is_the_first_that_security_likes)
{
    const char *both = HEAD "m=audio 4000 RTP/SAVP 0\r\n" C80 "m=audio 6000 RTP/AVP 0\r\n";
    const char *other = HEAD "m=audio 4000 RTP/AVP 0\r\nm=audio 6000 RTP/SAVPF 0\r\n" C80;
    const char *strange = HEAD "m=audio 4000 RTP/SAVP 0\r\n"
                               "a=crypto:1 AEAD_AES_256_GCM inline:" KEY46 "\r\n"
                               "m=audio 6000 RTP/AVP 0\r\n";

    ck_assert_int_eq(sdp_of(both, OMSP_SDP_SECURITY_ALLOWED).audio_index, 0);
    ck_assert_int_eq(sdp_of(both, OMSP_SDP_SECURITY_REQUIRED).audio_index, 0);
    ck_assert_int_eq(sdp_of(both, OMSP_SDP_SECURITY_OFF).audio_index, 1);
    ck_assert_int_eq(sdp_of(other, OMSP_SDP_SECURITY_ALLOWED).audio_index, 0);
    ck_assert_int_eq(sdp_of(other, OMSP_SDP_SECURITY_REQUIRED).audio_index, 1);
    ck_assert(sdp_of(other, OMSP_SDP_SECURITY_REQUIRED).audio.avpf);
    ck_assert(sdp_of(other, OMSP_SDP_SECURITY_REQUIRED).audio.savp);
    ck_assert_int_eq(sdp_of(strange, OMSP_SDP_SECURITY_ALLOWED).audio_index, 1);
}
END_TEST

/* ---- offer and answer ----------------------------------------------------------------------- */

static struct omsp_sdp_local local_of(enum omsp_sdp_security security)
{
    struct omsp_sdp_local local = {.direction = OMSP_SDP_SENDRECV, .ptime_ms = 20};

    ck_assert_int_eq(omsp_addr_parse("192.0.2.1:4000", &local.rtp), OMSP_OK);
    local.codec_count = 1;
    local.codecs[0] = (struct omsp_sdp_payload){0, OMSP_SDP_CODEC_PCMU};
    local.session_id = 77;
    local.security = security;
    local.crypto_count = 3;
    local.crypto[0].suite = OMSP_SDP_AES_CM_128_HMAC_SHA1_80;
    local.crypto[1].suite = OMSP_SDP_AES_256_CM_HMAC_SHA1_80;
    local.crypto[2].suite = OMSP_SDP_AES_CM_128_HMAC_SHA1_32;
    for (unsigned i = 0; i < 3; i++)
        memset(local.crypto[i].key, 'a' + (int)i, OMSP_SDP_KEY_MAX);
    return local;
}

static enum omsp_status answer(enum omsp_sdp_security security, const char *text,
                               struct omsp_sdp *answer, struct omsp_sdp_agreed *agreed)
{
    struct omsp_sdp_local local = local_of(security);
    struct omsp_sdp offer = sdp_of(text, security);

    return omsp_sdp_make_answer(&local, NULL, &offer, answer, agreed);
}

START_TEST(an_offer_says_what_security_asks_for)
{
    struct omsp_sdp_local local = local_of(OMSP_SDP_SECURITY_REQUIRED);
    struct omsp_sdp offer, again;
    char text[2048];
    size_t need;

    ck_assert_int_eq(omsp_sdp_make_offer(&local, NULL, &offer), OMSP_OK);
    ck_assert_int_eq(omsp_sdp_write(&offer, text, sizeof(text), &need), OMSP_OK);
    ck_assert_ptr_nonnull(strstr(text, "m=audio 4000 RTP/SAVP 0\r\n"));
    ck_assert_ptr_nonnull(strstr(text, "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:YWFh"));
    ck_assert_ptr_nonnull(strstr(text, "a=crypto:2 AES_256_CM_HMAC_SHA1_80 inline:YmJi"));
    ck_assert_ptr_nonnull(strstr(text, "a=crypto:3 AES_CM_128_HMAC_SHA1_32 inline:Y2Nj"));
    /* What was said once is said again, and a new key is a new version. */
    local.security = OMSP_SDP_SECURITY_ALLOWED;
    ck_assert_int_eq(omsp_sdp_make_offer(&local, &offer, &again), OMSP_OK);
    ck_assert(again.audio.savp);
    ck_assert_uint_eq(again.version, offer.version);
    local.crypto[0].key[0]++;
    ck_assert_int_eq(omsp_sdp_make_offer(&local, &offer, &again), OMSP_OK);
    ck_assert_uint_eq(again.version, offer.version + 1);
    local.security = OMSP_SDP_SECURITY_OFF;
    ck_assert_int_eq(omsp_sdp_make_offer(&local, &offer, &again), OMSP_OK);
    ck_assert(!again.audio.savp);
    local.security = OMSP_SDP_SECURITY_ALLOWED;
    ck_assert_int_eq(omsp_sdp_make_offer(&local, NULL, &again), OMSP_OK);
    ck_assert_int_eq(omsp_sdp_write(&again, text, sizeof(text), &need), OMSP_OK);
    ck_assert_ptr_nonnull(strstr(text, "m=audio 4000 RTP/AVP 0\r\n"));
    ck_assert_ptr_null(strstr(text, "crypto"));
    local.security = OMSP_SDP_SECURITY_REQUIRED;
    local.crypto_count = 0;
    ck_assert_int_eq(omsp_sdp_make_offer(&local, NULL, &again), OMSP_INVALID);
}
END_TEST

START_TEST(the_answer_takes_the_offers_first_suite_that_is_ours)
{
    struct omsp_sdp said;
    struct omsp_sdp_agreed agreed;

    ck_assert_int_eq(answer(OMSP_SDP_SECURITY_ALLOWED,
                            SAVP "a=crypto:7 AES_256_CM_HMAC_SHA1_32 inline:" KEY46 "\r\n" C32 C80,
                            &said, &agreed),
                     OMSP_OK);
    ck_assert(said.audio.savp);
    ck_assert_str_eq(said.media[0].proto, "RTP/SAVP");
    ck_assert_uint_eq(said.audio.crypto_count, 1);
    ck_assert_uint_eq(said.audio.crypto[0].tag, 2);
    ck_assert(agreed.secure);
    ck_assert_uint_eq(agreed.send_crypto.suite, OMSP_SDP_AES_CM_128_HMAC_SHA1_32);
    ck_assert_uint_eq(agreed.send_crypto.key[0], 'c');
    ck_assert_uint_eq(agreed.receive_crypto.key[0], 'Y');
    ck_assert_int_eq(answer(OMSP_SDP_SECURITY_REQUIRED, SAVP C80, &said, &agreed), OMSP_OK);
    ck_assert(agreed.secure);
    ck_assert_int_eq(
        answer(OMSP_SDP_SECURITY_ALLOWED, HEAD "m=audio 6000 RTP/AVP 0\r\n", &said, &agreed),
        OMSP_OK);
    ck_assert(!agreed.secure && !said.audio.savp && !said.audio.crypto_count);
}
END_TEST

START_TEST(an_offer_that_security_does_not_like_is_refused)
{
    struct omsp_sdp said;
    struct omsp_sdp_agreed agreed;

    ck_assert_int_eq(answer(OMSP_SDP_SECURITY_OFF, SAVP C80, &said, &agreed), OMSP_BAD_MEDIA);
    ck_assert_int_eq(
        answer(OMSP_SDP_SECURITY_REQUIRED, HEAD "m=audio 6000 RTP/AVP 0\r\n" C80, &said, &agreed),
        OMSP_BAD_MEDIA);
    ck_assert_int_eq(answer(OMSP_SDP_SECURITY_ALLOWED, SAVP, &said, &agreed), OMSP_BAD_MEDIA);
    ck_assert_int_eq(answer(OMSP_SDP_SECURITY_ALLOWED,
                            SAVP "a=crypto:1 AES_256_CM_HMAC_SHA1_32 inline:" KEY46 "\r\n", &said,
                            &agreed),
                     OMSP_BAD_MEDIA);
}
END_TEST

static enum omsp_status apply(enum omsp_sdp_security security, const char *text,
                              struct omsp_sdp_agreed *agreed)
{
    struct omsp_sdp_local local = local_of(security);
    struct omsp_sdp offer, remote = sdp_of(text, security);

    ck_assert_int_eq(omsp_sdp_make_offer(&local, NULL, &offer), OMSP_OK);
    return omsp_sdp_apply_answer(&local, &offer, &remote, agreed);
}

START_TEST(an_answer_must_take_one_of_our_keys)
{
    struct omsp_sdp_agreed agreed;

    ck_assert_int_eq(apply(OMSP_SDP_SECURITY_REQUIRED, SAVP C80, &agreed), OMSP_OK);
    ck_assert(agreed.secure);
    ck_assert_uint_eq(agreed.send_crypto.key[0], 'a');
    ck_assert_uint_eq(agreed.receive_crypto.key[0], 'Y');
    ck_assert_int_eq(apply(OMSP_SDP_SECURITY_REQUIRED,
                           SAVP "a=crypto:3 AES_CM_128_HMAC_SHA1_32 inline:" KEY30 "\r\n", &agreed),
                     OMSP_OK);
    ck_assert_uint_eq(agreed.send_crypto.key[0], 'c');
    /* another tag's suite, no tag of ours, two, none */
    ck_assert_int_eq(apply(OMSP_SDP_SECURITY_REQUIRED, SAVP C32, &agreed), OMSP_BAD_MEDIA);
    ck_assert_int_eq(apply(OMSP_SDP_SECURITY_REQUIRED,
                           SAVP "a=crypto:4 AES_CM_128_HMAC_SHA1_32 inline:" KEY30 "\r\n", &agreed),
                     OMSP_BAD_MEDIA);
    ck_assert_int_eq(apply(OMSP_SDP_SECURITY_REQUIRED,
                           SAVP C80 "a=crypto:3 AES_CM_128_HMAC_SHA1_32 inline:" KEY30 "\r\n",
                           &agreed),
                     OMSP_BAD_MEDIA);
    ck_assert_int_eq(apply(OMSP_SDP_SECURITY_REQUIRED, SAVP, &agreed), OMSP_BAD_MEDIA);
    /* Neither side changes what the m-line is. */
    ck_assert_int_eq(
        apply(OMSP_SDP_SECURITY_REQUIRED, HEAD "m=audio 6000 RTP/AVP 0\r\n" C80, &agreed),
        OMSP_BAD_MEDIA);
    ck_assert_int_eq(apply(OMSP_SDP_SECURITY_ALLOWED, SAVP C80, &agreed), OMSP_BAD_MEDIA);
}
END_TEST

START_TEST(both_sides_agree_on_the_same_keys)
{
    struct omsp_sdp_local caller = local_of(OMSP_SDP_SECURITY_REQUIRED);
    struct omsp_sdp_local callee = local_of(OMSP_SDP_SECURITY_ALLOWED);
    struct omsp_sdp_agreed ours, theirs;
    struct omsp_sdp offer, said;
    char text[2048];
    size_t need;

    callee.crypto[0].key[5] = 'x';
    ck_assert_int_eq(omsp_sdp_make_offer(&caller, NULL, &offer), OMSP_OK);
    ck_assert_int_eq(omsp_sdp_write(&offer, text, sizeof(text), &need), OMSP_OK);
    said = sdp_of(text, OMSP_SDP_SECURITY_ALLOWED);
    ck_assert_int_eq(omsp_sdp_make_answer(&callee, NULL, &said, &said, &theirs), OMSP_OK);
    ck_assert_int_eq(omsp_sdp_write(&said, text, sizeof(text), &need), OMSP_OK);
    said = sdp_of(text, OMSP_SDP_SECURITY_REQUIRED);
    ck_assert_int_eq(omsp_sdp_apply_answer(&caller, &offer, &said, &ours), OMSP_OK);
    ck_assert(omsp_sdp_crypto_same_key(&ours.send_crypto, &theirs.receive_crypto));
    ck_assert(omsp_sdp_crypto_same_key(&theirs.send_crypto, &ours.receive_crypto));
    ck_assert(!omsp_sdp_crypto_same_key(&ours.send_crypto, &ours.receive_crypto));
}
END_TEST

OMSP_SUITE("sdp_crypto", TEST(a_line_is_read_and_written),
           TEST(what_peers_write_differently_is_understood), TEST(malformed_lines_are_refused),
           TEST(what_we_do_not_do_is_told_apart),
           TEST(a_line_cut_anywhere_is_none_or_a_smaller_one),
           TEST(usable_lines_are_kept_and_others_are_not_there),
           TEST(no_more_lines_than_there_is_room_are_looked_at),
           TEST(the_audio_that_counts_is_the_first_that_security_likes),
           TEST(an_offer_says_what_security_asks_for),
           TEST(the_answer_takes_the_offers_first_suite_that_is_ours),
           TEST(an_offer_that_security_does_not_like_is_refused),
           TEST(an_answer_must_take_one_of_our_keys), TEST(both_sides_agree_on_the_same_keys))
