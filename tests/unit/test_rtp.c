/* RTP packets: bytes to view and back, hostile lengths, RTP told from RTCP. */
#include "support/suite.h"

#include "media/rtp.h"

#include <stdlib.h>
#include <string.h>

/* Two CSRC, an extension of one word, "hello", three bytes of padding. */
static const uint8_t full[] = {
    0xB2, 0x88, 0x12, 0x34, 0xDE, 0xAD, 0xBE, 0xEF, 0xCA, 0xFE, 0xBA, 0xBE, /* header */
    0,    0,    0,    1,    0xFF, 0,    0,    2,                            /* CSRC */
    0xBE, 0xDE, 0,    1,    0x10, 0x20, 0x30, 0x40,                         /* extension */
    'h',  'e',  'l',  'l',  'o',  9,    9,    3,                            /* payload, padding */
};

/* Its own heap block of exactly len bytes, so that a sanitizer sees the first byte too many. */
static enum omsp_status parse_exactly(const uint8_t *data, size_t len, struct omsp_rtp_packet *out)
{
    uint8_t *copy = malloc(len ? len : 1);
    enum omsp_status status;

    ck_assert_ptr_nonnull(copy);
    if (len)
        memcpy(copy, data, len);
    status = omsp_rtp_parse(copy, len, out);
    if (status == OMSP_OK) {
        const uint8_t *end = copy + len;
        unsigned sum = 0;

        ck_assert(out->payload.ptr >= copy && out->payload.ptr + out->payload.len <= end);
        ck_assert(out->csrc.ptr + out->csrc.len <= end);
        ck_assert(out->extension.ptr + out->extension.len <= out->payload.ptr);
        for (size_t i = 0; i < out->payload.len; i++)
            sum += out->payload.ptr[i];
        ck_assert_uint_le(sum, 255 * len);
    }
    free(copy);
    return status;
}

START_TEST(parses_every_field)
{
    struct omsp_rtp_packet p;

    ck_assert_int_eq(omsp_rtp_parse(full, sizeof(full), &p), OMSP_OK);
    ck_assert(p.marker);
    ck_assert_uint_eq(p.type, 8);
    ck_assert_uint_eq(p.seq, 0x1234);
    ck_assert_uint_eq(p.timestamp, 0xDEADBEEF);
    ck_assert_uint_eq(p.ssrc, 0xCAFEBABE);
    ck_assert_uint_eq(p.csrc.len, 8);
    ck_assert_uint_eq(omsp_be32(p.csrc.ptr + 4), 0xFF000002);
    ck_assert(p.has_extension);
    ck_assert_uint_eq(p.extension_id, 0xBEDE);
    ck_assert_uint_eq(p.extension.len, 4);
    ck_assert_uint_eq(p.extension.ptr[3], 0x40);
    ck_assert_uint_eq(p.payload.len, 5);
    ck_assert_mem_eq(p.payload.ptr, "hello", 5);
    ck_assert_uint_eq(p.padding, 3);
}
END_TEST

START_TEST(a_bare_header_has_an_empty_payload)
{
    static const uint8_t bare[12] = {0x80, 0x00, 0, 1};
    struct omsp_rtp_packet p;

    ck_assert_int_eq(omsp_rtp_parse(bare, sizeof(bare), &p), OMSP_OK);
    ck_assert(!p.marker);
    ck_assert(!p.has_extension);
    ck_assert_uint_eq(p.type, OMSP_RTP_PCMU);
    ck_assert_uint_eq(p.payload.len, 0);
    ck_assert_uint_eq(p.padding, 0);
}
END_TEST

START_TEST(refuses_what_is_cut_in_its_header)
{
    struct omsp_rtp_packet p;
    uint8_t plain[sizeof(full)];

    /* Without the padding bit, everything after the extension is payload: 28 bytes are needed. */
    memcpy(plain, full, sizeof(full));
    plain[0] &= (uint8_t)~0x20;
    for (size_t len = 0; len <= sizeof(full); len++)
        ck_assert_int_eq(parse_exactly(plain, len, &p), len < 28 ? OMSP_INVALID : OMSP_OK);
    /* With it, the last byte counts: 'h', 'e', ... and 9 are more than there is. */
    for (size_t len = 0; len < sizeof(full); len++)
        ck_assert_int_eq(parse_exactly(full, len, &p), OMSP_INVALID);
}
END_TEST

START_TEST(refuses_other_versions_and_bad_padding_and_writes_nothing)
{
    uint8_t bytes[sizeof(full)];
    struct omsp_rtp_packet p, before;

    memset(&p, 0x5C, sizeof(p));
    before = p;
    for (unsigned version = 0; version < 4; version++) {
        memcpy(bytes, full, sizeof(full));
        bytes[0] = (uint8_t)((bytes[0] & 0x3F) | version << 6);
        if (version != 2)
            ck_assert_int_eq(omsp_rtp_parse(bytes, sizeof(bytes), &p), OMSP_INVALID);
    }
    memcpy(bytes, full, sizeof(full));
    bytes[sizeof(full) - 1] = 0;
    ck_assert_int_eq(omsp_rtp_parse(bytes, sizeof(bytes), &p), OMSP_INVALID);
    bytes[sizeof(full) - 1] = 9;
    ck_assert_int_eq(omsp_rtp_parse(bytes, sizeof(bytes), &p), OMSP_INVALID);
    bytes[22] = 0xFF; /* extension of 65281 words */
    bytes[sizeof(full) - 1] = 1;
    ck_assert_int_eq(omsp_rtp_parse(bytes, sizeof(bytes), &p), OMSP_INVALID);
    ck_assert_mem_eq(&p, &before, sizeof(p));
    memcpy(bytes, full, sizeof(full));
    bytes[sizeof(full) - 1] = 8; /* all of it: legal, empty payload */
    ck_assert_int_eq(omsp_rtp_parse(bytes, sizeof(bytes), &p), OMSP_OK);
    ck_assert_uint_eq(p.payload.len, 0);
}
END_TEST

START_TEST(random_bytes_never_lead_outside)
{
    uint32_t x = 2463534242u;
    unsigned good = 0;

    for (int round = 0; round < 200000; round++) {
        uint8_t bytes[48];
        struct omsp_rtp_packet p;
        size_t len;

        for (size_t i = 0; i < sizeof(bytes); i++) {
            x ^= x << 13;
            x ^= x >> 17;
            x ^= x << 5;
            bytes[i] = (uint8_t)(x >> 11);
        }
        len = x % (sizeof(bytes) + 1);
        if (round & 1)
            bytes[0] = (uint8_t)(0x80 | (bytes[0] & 0x33));
        if (round & 2 && len > 22)
            bytes[14] = bytes[18] = 0;
        good += parse_exactly(bytes, len, &p) == OMSP_OK;
    }
    ck_assert_uint_gt(good, 1000);
}
END_TEST

START_TEST(tells_rtp_from_rtcp_on_one_port)
{
    for (unsigned second = 0; second < 256; second++) {
        uint8_t bytes[2] = {0x80, (uint8_t)second};

        ck_assert_int_eq(omsp_rtp_classify(bytes, 2),
                         second >= 192 && second <= 223 ? OMSP_MUX_RTCP : OMSP_MUX_RTP);
        bytes[0] = 0x00; /* STUN */
        ck_assert_int_eq(omsp_rtp_classify(bytes, 2), OMSP_MUX_OTHER);
        bytes[0] = 0x16; /* DTLS */
        ck_assert_int_eq(omsp_rtp_classify(bytes, 2), OMSP_MUX_OTHER);
    }
    ck_assert_int_eq(omsp_rtp_classify("\x80", 1), OMSP_MUX_OTHER);
    ck_assert_int_eq(omsp_rtp_classify("", 0), OMSP_MUX_OTHER);
}
END_TEST

OMSP_SUITE("rtp", TEST(parses_every_field), TEST(a_bare_header_has_an_empty_payload),
           TEST(refuses_what_is_cut_in_its_header),
           TEST(refuses_other_versions_and_bad_padding_and_writes_nothing),
           TEST(random_bytes_never_lead_outside), TEST(tells_rtp_from_rtcp_on_one_port))
