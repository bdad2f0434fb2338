/* SRTP and SRTCP through our adapter: what the RFCs say the bytes are, and what is refused. The
 * expected packets were computed apart from libsrtp2, from the master keys of RFC 3711 B.3 and
 * RFC 6188 7.4 whose derived keys the RFCs print. */
#include "support/suite.h"

#include "base/bytes.h"
#include "media/srtp.h"

#include <string.h>

#define HEADER 12
#define ROOM   512

static const uint8_t key128[] = {0xE1, 0xF9, 0x7A, 0x0D, 0x3E, 0x01, 0x8B, 0xE0, 0xD6, 0x4F,
                                 0xA3, 0x2C, 0x06, 0xDE, 0x41, 0x39, 0x0E, 0xC6, 0x75, 0xAD,
                                 0x49, 0x8A, 0xFE, 0xEB, 0xB6, 0x96, 0x0B, 0x3A, 0xAB, 0xE6};
static const uint8_t key256[] = {
    0xf0, 0xf0, 0x49, 0x14, 0xb5, 0x13, 0xf2, 0x76, 0x3a, 0x1b, 0x1f, 0xa1, 0x30, 0xf1, 0x0e, 0x29,
    0x98, 0xf6, 0xf6, 0xe4, 0x3e, 0x43, 0x09, 0xd1, 0xe6, 0x22, 0xa0, 0xe3, 0x32, 0xb9, 0xf1, 0xb6,
    0x3b, 0x04, 0x80, 0x3d, 0xe5, 0x1e, 0xe7, 0xc9, 0x64, 0x23, 0xab, 0x5b, 0x78, 0xd2};

static struct omsp_srtp_key key_of(unsigned suite)
{
    struct omsp_srtp_key key = {.suite = (uint8_t)suite};

    if (omsp_srtp_key_bytes(suite) == sizeof(key128))
        memcpy(key.bytes, key128, sizeof(key128));
    else
        memcpy(key.bytes, key256, sizeof(key256));
    return key;
}

static struct omsp_srtp *sender_of(unsigned suite)
{
    struct omsp_srtp_key key = key_of(suite);
    struct omsp_srtp *srtp;

    ck_assert_int_eq(omsp_srtp_sender_create(&key, &srtp), OMSP_OK);
    return srtp;
}

static struct omsp_srtp *receiver_of(unsigned suite)
{
    struct omsp_srtp_key key = key_of(suite);
    struct omsp_srtp *srtp;

    ck_assert_int_eq(omsp_srtp_receiver_create(&key, &srtp), OMSP_OK);
    return srtp;
}

struct packet {
    _Alignas(8) uint8_t bytes[ROOM];
    size_t len;
};

static struct packet rtp(uint32_t ssrc, uint16_t seq, size_t payload)
{
    struct packet packet = {.len = HEADER + payload};

    packet.bytes[0] = 0x80;
    omsp_put_be16(packet.bytes + 2, seq);
    omsp_put_be32(packet.bytes + 4, seq * 160u);
    omsp_put_be32(packet.bytes + 8, ssrc);
    for (size_t i = 0; i < payload; i++)
        packet.bytes[HEADER + i] = (uint8_t)(seq + i);
    return packet;
}

static struct packet protect(struct omsp_srtp *srtp, struct packet plain)
{
    ck_assert_int_eq(omsp_srtp_protect(srtp, plain.bytes, &plain.len), OMSP_OK);
    return plain;
}

static struct packet from_hex(const char *hex)
{
    struct packet packet = {.len = strlen(hex) / 2};

    for (size_t i = 0; i < packet.len; i++) {
        char high = hex[2 * i], low = hex[2 * i + 1];

        packet.bytes[i] = (uint8_t)((high <= '9' ? high - '0' : high - 'a' + 10) << 4 |
                                    (low <= '9' ? low - '0' : low - 'a' + 10));
    }
    return packet;
}

static void is_packet(const struct packet *got, const struct packet *expected)
{
    ck_assert_uint_eq(got->len, expected->len);
    ck_assert_mem_eq(got->bytes, expected->bytes, expected->len);
}

/* The same bytes in both directions. */
static void says(unsigned suite, const char *plain, const char *secret, bool rtcp)
{
    struct omsp_srtp *sender = sender_of(suite), *receiver = receiver_of(suite);
    struct packet packet = from_hex(plain), expected = from_hex(secret), original = packet;

    ck_assert_int_eq(rtcp ? omsp_srtp_protect_rtcp(sender, packet.bytes, &packet.len)
                          : omsp_srtp_protect(sender, packet.bytes, &packet.len),
                     OMSP_OK);
    is_packet(&packet, &expected);
    ck_assert_int_eq(rtcp ? omsp_srtp_unprotect_rtcp(receiver, packet.bytes, &packet.len)
                          : omsp_srtp_unprotect(receiver, packet.bytes, &packet.len),
                     OMSP_SRTP_GENUINE);
    is_packet(&packet, &original);
    omsp_srtp_destroy(sender);
    omsp_srtp_destroy(receiver);
}

#define RTP_PLAIN  "800f1234decafbadcafebabeabababababababababababababababab"
#define RTCP_PLAIN "81c8000bcafebabeabababababababababababababababab"

START_TEST(bytes_are_those_of_the_rfcs)
{
    ck_assert_int_eq(omsp_srtp_open(), OMSP_OK);
    says(OMSP_SRTP_AES128_SHA1_80, RTP_PLAIN,
         "800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb", false);
    says(OMSP_SRTP_AES128_SHA1_32, RTP_PLAIN,
         "800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc", false);
    says(OMSP_SRTP_AES256_SHA1_80, RTP_PLAIN,
         "800f1234decafbadcafebabef1d9de17ff251ff1aa007774b0b4b40da08d9d9a5b3a55d8873b", false);
    says(OMSP_SRTP_AES256_SHA1_32, RTP_PLAIN,
         "800f1234decafbadcafebabef1d9de17ff251ff1aa007774b0b4b40da08d9d9a", false);
    says(OMSP_SRTP_AES128_SHA1_80, RTCP_PLAIN,
         "81c8000bcafebabe7128035be487b9bdbef89041f977a5a880000001993e08cd54d6c1230798", true);
    says(OMSP_SRTP_AES128_SHA1_32, RTCP_PLAIN,
         "81c8000bcafebabe7128035be487b9bdbef89041f977a5a880000001993e08cd54d6c1230798", true);
    says(OMSP_SRTP_AES256_SHA1_80, RTCP_PLAIN,
         "81c8000bcafebabeb4d0e7a917d24b9faab9d3b6127b3ba680000001e04ac0ec2846f71bd31c", true);
    omsp_srtp_close();
}
END_TEST

START_TEST(a_changed_packet_is_forged_and_left_as_it_was)
{
    ck_assert_int_eq(omsp_srtp_open(), OMSP_OK);
    for (unsigned suite = 0; suite < OMSP_SRTP_SUITES; suite++) {
        struct omsp_srtp *sender = sender_of(suite), *receiver = receiver_of(suite);
        struct packet good = protect(sender, rtp(7, 1000, 160));

        for (size_t bit = 0; bit < good.len * 8; bit++) {
            struct packet bad = good, before;

            bad.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            before = bad;
            ck_assert_int_eq(omsp_srtp_unprotect(receiver, bad.bytes, &bad.len), OMSP_SRTP_FORGED);
            is_packet(&bad, &before);
        }
        for (size_t len = 0; len < good.len; len++) {
            struct packet cut = good;

            cut.len = len;
            ck_assert_int_eq(omsp_srtp_unprotect(receiver, cut.bytes, &cut.len), OMSP_SRTP_FORGED);
        }
        ck_assert_int_eq(omsp_srtp_unprotect(receiver, good.bytes, &good.len), OMSP_SRTP_GENUINE);
        omsp_srtp_destroy(sender);
        omsp_srtp_destroy(receiver);
    }
    omsp_srtp_close();
}
END_TEST

START_TEST(a_changed_report_is_forged)
{
    struct omsp_srtp *sender, *receiver;
    struct packet good = from_hex(RTCP_PLAIN);

    ck_assert_int_eq(omsp_srtp_open(), OMSP_OK);
    sender = sender_of(0);
    receiver = receiver_of(0);
    ck_assert_int_eq(omsp_srtp_protect_rtcp(sender, good.bytes, &good.len), OMSP_OK);
    for (size_t bit = 0; bit < good.len * 8; bit++) {
        struct packet bad = good;

        bad.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        ck_assert_int_eq(omsp_srtp_unprotect_rtcp(receiver, bad.bytes, &bad.len), OMSP_SRTP_FORGED);
    }
    for (size_t len = 0; len < good.len; len++) {
        struct packet cut = good;

        cut.len = len;
        ck_assert_int_eq(omsp_srtp_unprotect_rtcp(receiver, cut.bytes, &cut.len), OMSP_SRTP_FORGED);
    }
    for (int again = 0; again < 3; again++) {
        struct packet copy = good;

        ck_assert_int_eq(omsp_srtp_unprotect_rtcp(receiver, copy.bytes, &copy.len),
                         again ? OMSP_SRTP_REPLAYED : OMSP_SRTP_GENUINE);
    }
    omsp_srtp_destroy(sender);
    omsp_srtp_destroy(receiver);
    omsp_srtp_close();
}
END_TEST

START_TEST(plain_packets_and_those_of_another_key_are_forged)
{
    struct omsp_srtp_key other = key_of(0);
    struct omsp_srtp *receiver, *stranger;
    struct packet packet = rtp(7, 1, 160), report = from_hex(RTCP_PLAIN);

    ck_assert_int_eq(omsp_srtp_open(), OMSP_OK);
    receiver = receiver_of(0);
    ck_assert_int_eq(omsp_srtp_unprotect(receiver, packet.bytes, &packet.len), OMSP_SRTP_FORGED);
    ck_assert_int_eq(omsp_srtp_unprotect_rtcp(receiver, report.bytes, &report.len),
                     OMSP_SRTP_FORGED);
    other.bytes[3] ^= 1;
    ck_assert_int_eq(omsp_srtp_sender_create(&other, &stranger), OMSP_OK);
    packet = protect(stranger, packet);
    ck_assert_int_eq(omsp_srtp_unprotect(receiver, packet.bytes, &packet.len), OMSP_SRTP_FORGED);
    omsp_srtp_destroy(stranger);
    omsp_srtp_destroy(receiver);
    omsp_srtp_close();
}
END_TEST

/* Ten rollovers, a loss and some disorder at each; and whatever came is refused afterwards. */
START_TEST(rollovers_are_followed_and_every_replay_is_refused)
{
    static struct packet kept[64];
    struct omsp_srtp *sender, *receiver;
    unsigned refused = 0;
    uint32_t ssrc = 0, rollover = 0;

    ck_assert_int_eq(omsp_srtp_open(), OMSP_OK);
    sender = sender_of(0);
    receiver = receiver_of(0);
    for (unsigned i = 0; i < 10 * 65536u; i++) {
        struct packet plain = rtp(7, (uint16_t)(30000 + i), 8), secret = protect(sender, plain);

        kept[i % 64] = secret;
        if (i % 1000 == 999)
            continue; /* lost */
        ck_assert_int_eq(omsp_srtp_unprotect(receiver, secret.bytes, &secret.len),
                         OMSP_SRTP_GENUINE);
        is_packet(&secret, &plain);
        if (i >= 64 && i % 10 == 3) { /* not one that was lost */
            struct packet again = kept[(i - 10 * (i / 10 % 6)) % 64];

            ck_assert_int_eq(omsp_srtp_unprotect(receiver, again.bytes, &again.len),
                             OMSP_SRTP_REPLAYED);
            refused++;
        }
    }
    ck_assert_uint_gt(refused, 60000);
    ck_assert_int_eq(omsp_srtp_last_source(receiver, &ssrc, &rollover), OMSP_OK);
    ck_assert_uint_eq(ssrc, 7);
    ck_assert_uint_eq(rollover, 10);
    omsp_srtp_destroy(sender);
    omsp_srtp_destroy(receiver);
    omsp_srtp_close();
}
END_TEST

START_TEST(a_source_can_be_resumed_under_a_new_key)
{
    struct omsp_srtp_key key = key_of(0);
    struct omsp_srtp *sender, *fresh, *resumed;
    struct packet packet = {.len = 0};

    ck_assert_int_eq(omsp_srtp_open(), OMSP_OK);
    sender = sender_of(0);
    fresh = receiver_of(0);
    ck_assert_int_eq(omsp_srtp_receiver_resume(&key, 7, 2, &resumed), OMSP_OK);
    for (unsigned i = 0; i < 2 * 65536u + 10; i++)
        packet = protect(sender, rtp(7, (uint16_t)i, 20));
    ck_assert_int_eq(omsp_srtp_unprotect(fresh, packet.bytes, &packet.len), OMSP_SRTP_FORGED);
    ck_assert_int_eq(omsp_srtp_unprotect(resumed, packet.bytes, &packet.len), OMSP_SRTP_GENUINE);
    omsp_srtp_destroy(sender);
    omsp_srtp_destroy(fresh);
    omsp_srtp_destroy(resumed);
    omsp_srtp_close();
}
END_TEST

/* The index lies between what is authenticated and the tag. */
START_TEST(a_master_key_index_is_wanted_where_it_was_announced)
{
    struct omsp_srtp_key key = key_of(0);
    struct omsp_srtp *sender, *receiver;
    struct packet plain = rtp(7, 1, 160), secret, marked, wrong;

    key.mki_len = 4;
    memcpy(key.mki, "\0\0\0\1", 4);
    ck_assert_int_eq(omsp_srtp_open(), OMSP_OK);
    sender = sender_of(0);
    ck_assert_int_eq(omsp_srtp_receiver_create(&key, &receiver), OMSP_OK);
    secret = protect(sender, plain);
    marked = secret;
    memcpy(marked.bytes + plain.len, key.mki, 4);
    memcpy(marked.bytes + plain.len + 4, secret.bytes + plain.len, 10);
    marked.len += 4;
    wrong = marked;
    wrong.bytes[plain.len + 3] = 2;
    ck_assert_int_eq(omsp_srtp_unprotect(receiver, secret.bytes, &secret.len), OMSP_SRTP_FORGED);
    ck_assert_int_eq(omsp_srtp_unprotect(receiver, wrong.bytes, &wrong.len), OMSP_SRTP_FORGED);
    ck_assert_int_eq(omsp_srtp_unprotect(receiver, marked.bytes, &marked.len), OMSP_SRTP_GENUINE);
    is_packet(&marked, &plain);
    omsp_srtp_destroy(sender);
    omsp_srtp_destroy(receiver);
    omsp_srtp_close();
}
END_TEST

START_TEST(sources_are_learnt_when_genuine_and_are_bounded)
{
    static struct packet kept[OMSP_SRTP_SOURCES_MAX];
    struct omsp_srtp *sender, *receiver;
    long before;

    ck_assert_int_eq(omsp_srtp_open(), OMSP_OK);
    sender = sender_of(0);
    receiver = receiver_of(0);
    before = omsp_test_allocations();
    for (uint32_t ssrc = 0; ssrc < 10000; ssrc++) {
        struct packet forged = rtp(ssrc, 1, 160);

        ck_assert_int_eq(omsp_srtp_unprotect(receiver, forged.bytes, &forged.len),
                         OMSP_SRTP_FORGED);
    }
    ck_assert_int_eq(omsp_test_allocations(), before);
    for (uint32_t ssrc = 0; ssrc <= OMSP_SRTP_SOURCES_MAX; ssrc++) {
        struct packet packet = protect(sender, rtp(ssrc, 1, 160));

        if (ssrc < OMSP_SRTP_SOURCES_MAX)
            kept[ssrc] = packet;
        ck_assert_int_eq(omsp_srtp_unprotect(receiver, packet.bytes, &packet.len),
                         ssrc < OMSP_SRTP_SOURCES_MAX ? OMSP_SRTP_GENUINE : OMSP_SRTP_REFUSED);
    }
    for (unsigned i = 0; i < OMSP_SRTP_SOURCES_MAX; i++)
        ck_assert_int_eq(omsp_srtp_unprotect(receiver, kept[i].bytes, &kept[i].len),
                         OMSP_SRTP_REPLAYED);
    omsp_srtp_destroy(sender);
    omsp_srtp_destroy(receiver);
    omsp_srtp_close();
}
END_TEST

START_TEST(nothing_is_sent_twice_under_one_number)
{
    struct omsp_srtp *sender;
    struct packet packet = rtp(7, 1, 160);

    ck_assert_int_eq(omsp_srtp_open(), OMSP_OK);
    sender = sender_of(0);
    protect(sender, packet);
    ck_assert_int_eq(omsp_srtp_protect(sender, packet.bytes, &packet.len), OMSP_IO);
    packet.len = HEADER - 1;
    ck_assert_int_eq(omsp_srtp_protect(sender, packet.bytes, &packet.len), OMSP_IO);
    omsp_srtp_destroy(sender);
    omsp_srtp_close();
}
END_TEST

START_TEST(a_key_that_is_none_is_refused)
{
    struct omsp_srtp_key key = key_of(0);
    struct omsp_srtp *srtp = NULL;

    ck_assert_int_eq(omsp_srtp_open(), OMSP_OK);
    key.suite = OMSP_SRTP_SUITES;
    ck_assert_int_eq(omsp_srtp_receiver_create(&key, &srtp), OMSP_INVALID);
    key.suite = 0;
    key.mki_len = OMSP_SRTP_MKI_MAX + 1;
    ck_assert_int_eq(omsp_srtp_receiver_create(&key, &srtp), OMSP_INVALID);
    key.mki_len = 1;
    ck_assert_int_eq(omsp_srtp_sender_create(&key, &srtp), OMSP_INVALID);
    ck_assert_ptr_null(srtp);
    ck_assert_uint_eq(omsp_srtp_key_bytes(OMSP_SRTP_SUITES), 0);
    omsp_srtp_close();
}
END_TEST

/* Opens twice, as two engines would. */
static void in_scarcity(void *ctx)
{
    struct omsp_srtp_key key = key_of(0);
    struct omsp_srtp *sender = NULL, *receiver = NULL, *resumed = NULL;
    enum omsp_status status = omsp_srtp_open();

    (void)ctx;
    if (status) {
        ck_assert_int_eq(status, OMSP_NOMEM);
        return;
    }
    ck_assert_int_eq(omsp_srtp_open(), OMSP_OK);
    status = omsp_srtp_sender_create(&key, &sender);
    if (!status)
        status = omsp_srtp_receiver_create(&key, &receiver);
    if (!status)
        status = omsp_srtp_receiver_resume(&key, 9, 1, &resumed);
    if (!status) {
        struct packet packet = rtp(7, 1, 160);

        status = omsp_srtp_protect(sender, packet.bytes, &packet.len);
        if (!status && omsp_srtp_unprotect(receiver, packet.bytes, &packet.len)) {
            ck_assert_msg(omsp_test_alloc_failed(), "refused though there was memory");
            status = OMSP_NOMEM;
        }
    }
    if (status)
        ck_assert_int_eq(status, OMSP_NOMEM);
    omsp_srtp_destroy(sender);
    omsp_srtp_destroy(receiver);
    omsp_srtp_destroy(resumed);
    omsp_srtp_close();
    omsp_srtp_close();
}

START_TEST(every_allocation_may_fail)
{
    ck_assert_int_gt(omsp_test_alloc_walk(in_scarcity, NULL), 10);
}
END_TEST

OMSP_SUITE("srtp", TEST(bytes_are_those_of_the_rfcs),
           TEST(a_changed_packet_is_forged_and_left_as_it_was), TEST(a_changed_report_is_forged),
           TEST(plain_packets_and_those_of_another_key_are_forged),
           TEST(rollovers_are_followed_and_every_replay_is_refused),
           TEST(a_source_can_be_resumed_under_a_new_key),
           TEST(a_master_key_index_is_wanted_where_it_was_announced),
           TEST(sources_are_learnt_when_genuine_and_are_bounded),
           TEST(nothing_is_sent_twice_under_one_number), TEST(a_key_that_is_none_is_refused),
           TEST(every_allocation_may_fail))
