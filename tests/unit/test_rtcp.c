/* RTCP compound packets: golden bytes, hostile lengths, round trip, clocks. */
#include "support/suite.h"

#include "media/rtcp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* SR with one block, SDES with CNAME and NAME, APP, BYE with reason: as bytes on the wire. */
static const uint8_t golden[] = {
    0x81, 200,  0,    12,   0,    0,    0x10, 0x01, /* SR of 0x1001 */
    0x83, 0xAA, 0x7E, 0x80, 0x80, 0,    0,    0,    /* NTP 1970-01-01 plus half a second */
    0,    0,    0x1F, 0x40, 0,    0,    0,    50,   0,    0,    0x1F, 0x40, /* 8000, 50 packets,
                                                                               8000 octets */
    0,    0,    0x20, 0x02, 0x40, 0xFF, 0xFF, 0xFE, /* block of 0x2002, 1/4, -2 lost */
    0,    1,    0x12, 0x34, 0,    0,    0,    33,   0x11, 0x22, 0x33, 0x44, 0,
    1,    0x80, 0,    0x81, 202,  0,    4,    0,    0,    0x10, 0x01, 1,    3,
    'a',  '@',  'b',  2,    1,    'N',  0,    0,    0,    0,               /* SDES */
    0x81, 204,  0,    2,    0,    0,    0x10, 0x01, 'T',  'E',  'S',  'T', /* APP */
    0x81, 203,  0,    2,    0,    0,    0x10, 0x01, 3,    'b',  'y',  'e', /* BYE */
};

struct seen {
    char text[4096];
    size_t len;
    bool flood; /* garbage is not written down */
    unsigned calls;
};

static void note(struct seen *seen, const char *line)
{
    seen->calls++;
    if (!seen->flood)
        seen->len +=
            (size_t)snprintf(seen->text + seen->len, sizeof(seen->text) - seen->len, "%s", line);
    ck_assert_uint_lt(seen->len, sizeof(seen->text));
}

static void on_sender(void *ctx, uint32_t ssrc, const struct omsp_rtcp_sender_info *info)
{
    char line[128];

    snprintf(line, sizeof(line), "SR %x %08x.%08x %u %u %u\n", (unsigned)ssrc,
             (unsigned)(info->ntp >> 32), (unsigned)info->ntp, (unsigned)info->timestamp,
             (unsigned)info->packets, (unsigned)info->octets);
    note(ctx, line);
}

static void on_reporter(void *ctx, uint32_t ssrc, unsigned blocks)
{
    char line[64];

    snprintf(line, sizeof(line), "from %x %u\n", (unsigned)ssrc, blocks);
    note(ctx, line);
}

static void on_block(void *ctx, uint32_t reporter, const struct omsp_rtcp_block *b)
{
    char line[128];

    snprintf(line, sizeof(line), "block %x of %x %u %d %x %u %x %x\n", (unsigned)reporter,
             (unsigned)b->ssrc, b->fraction, (int)b->lost, (unsigned)b->highest,
             (unsigned)b->jitter, (unsigned)b->last_sr, (unsigned)b->delay);
    note(ctx, line);
}

static void on_sdes(void *ctx, uint32_t ssrc, uint8_t item, struct omsp_span text)
{
    char line[320];

    snprintf(line, sizeof(line), "sdes %x %u %.*s\n", (unsigned)ssrc, item, (int)text.len,
             (const char *)text.ptr);
    note(ctx, line);
}

static void on_bye(void *ctx, uint32_t ssrc, struct omsp_span reason)
{
    char line[320];

    snprintf(line, sizeof(line), "bye %x %.*s\n", (unsigned)ssrc, (int)reason.len,
             (const char *)reason.ptr);
    note(ctx, line);
}

static void on_other(void *ctx, uint8_t type, struct omsp_span packet)
{
    char line[64];
    unsigned sum = 0;

    for (size_t i = 0; i < packet.len; i++)
        sum += packet.ptr[i];
    snprintf(line, sizeof(line), "other %u %u %u\n", type, (unsigned)packet.len, sum);
    note(ctx, line);
}

/* From a heap block of exactly len bytes. */
static enum omsp_status parse(const uint8_t *data, size_t len, struct seen *seen)
{
    const struct omsp_rtcp_visitor visitor = {on_sender, on_reporter, on_block, on_sdes,
                                              on_bye,    on_other,    seen};
    uint8_t *copy = malloc(len ? len : 1);
    enum omsp_status status;

    ck_assert_ptr_nonnull(copy);
    if (len)
        memcpy(copy, data, len);
    seen->len = seen->calls = 0;
    seen->text[0] = '\0';
    status = omsp_rtcp_parse(copy, len, &visitor);
    free(copy);
    return status;
}

START_TEST(a_compound_is_visited_in_order)
{
    static struct seen seen;

    ck_assert_int_eq(parse(golden, sizeof(golden), &seen), OMSP_OK);
    ck_assert_str_eq(seen.text, "SR 1001 83aa7e80.80000000 8000 50 8000\n"
                                "from 1001 1\n"
                                "block 1001 of 2002 64 -2 11234 33 11223344 18000\n"
                                "sdes 1001 1 a@b\n"
                                "sdes 1001 2 N\n"
                                "other 204 12 672\n"
                                "bye 1001 bye\n");
}
END_TEST

START_TEST(nobody_needs_to_listen)
{
    static const struct omsp_rtcp_visitor deaf;

    ck_assert_int_eq(omsp_rtcp_parse(golden, sizeof(golden), &deaf), OMSP_OK);
}
END_TEST

START_TEST(cut_anywhere_but_between_packets_nothing_is_visited)
{
    static struct seen seen;

    for (size_t len = 0; len < sizeof(golden); len++) {
        bool between = len == 52 || len == 72 || len == 84;

        ck_assert_int_eq(parse(golden, len, &seen), between ? OMSP_OK : OMSP_INVALID);
        ck_assert_int_eq(seen.calls > 0, between);
    }
}
END_TEST

START_TEST(every_single_changed_byte_is_survived)
{
    static struct seen seen;

    for (size_t at = 0; at < sizeof(golden); at++) {
        for (unsigned value = 0; value < 256; value++) {
            uint8_t bytes[sizeof(golden)];

            memcpy(bytes, golden, sizeof(golden));
            bytes[at] = (uint8_t)value;
            if (parse(bytes, sizeof(bytes), &seen) != OMSP_OK)
                ck_assert_uint_eq(seen.calls, 0);
        }
    }
}
END_TEST

static void refused(const uint8_t *bytes, size_t len)
{
    static struct seen seen;

    ck_assert_int_eq(parse(bytes, len, &seen), OMSP_INVALID);
    ck_assert_uint_eq(seen.calls, 0);
}

static unsigned accepted(const uint8_t *bytes, size_t len)
{
    static struct seen seen;

    ck_assert_int_eq(parse(bytes, len, &seen), OMSP_OK);
    return seen.calls;
}

START_TEST(hostile_lengths_and_counts_are_refused)
{
    /* Counts that need more than there is. */
    refused((const uint8_t[]){0x81, 201, 0, 1, 0, 0, 0, 1}, 8);
    refused((const uint8_t[]){0x80, 200, 0, 1, 0, 0, 0, 1}, 8);
    refused((const uint8_t[]){0x80, 201, 0, 0, 0x80, 201, 0, 0}, 8);
    refused((const uint8_t[]){0x80, 201, 0, 1, 0, 0, 0, 1, 0x82, 203, 0, 1, 0, 0, 0, 1}, 16);
    refused((const uint8_t[]){0x80, 201, 0, 1, 0, 0, 0, 1, 0x82, 202, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0},
            20);
    /* An SDES item, and a BYE reason, that leave their packet. */
    refused(
        (const uint8_t[]){0x80, 201, 0, 1, 0, 0, 0, 1, 0x81, 202, 0, 2, 0, 0, 0, 1, 1, 3, 'a', 0},
        20);
    refused(
        (const uint8_t[]){0x80, 201, 0, 1, 0, 0, 0, 1, 0x81, 202, 0, 2, 0, 0, 0, 1, 1, 1, 'a', 9},
        20);
    refused((const uint8_t[]){0x80, 201, 0, 1, 0, 0, 0, 1, 0x81, 203, 0, 2, 0, 0, 0, 1, 4, 1, 2, 3},
            20);
    /* A chunk without the zero that ends it. */
    refused(
        (const uint8_t[]){0x80, 201, 0, 1, 0, 0, 0, 1, 0x81, 202, 0, 2, 0, 0, 0, 1, 1, 2, 'a', 'b'},
        20);
    /* Longer than the datagram; first packet no report; another version, first and later. */
    refused((const uint8_t[]){0x80, 201, 0xFF, 0xFF, 0, 0, 0, 1}, 8);
    refused((const uint8_t[]){0x81, 203, 0, 1, 0, 0, 0, 1}, 8);
    refused((const uint8_t[]){0x40, 201, 0, 1, 0, 0, 0, 1}, 8);
    refused((const uint8_t[]){0x80, 201, 0, 1, 0, 0, 0, 1, 0x41, 203, 0, 1, 0, 0, 0, 1}, 16);
    /* Padding: none in front, at most what there is, whole words, not zero. */
    refused((const uint8_t[]){0xA0, 201, 0, 2, 0, 0, 0, 1, 0, 0, 0, 4, 0x80, 201, 0, 1, 0, 0, 0, 1},
            20);
    refused((const uint8_t[]){0xA0, 201, 0, 2, 0, 0, 0, 1, 0, 0, 0, 12}, 12);
    refused((const uint8_t[]){0xA0, 201, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3}, 12);
    refused((const uint8_t[]){0xA0, 201, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0}, 12);
    refused((const uint8_t[]){0xA0, 201, 0, 2, 0, 0, 0, 1, 0, 0, 0, 8}, 12);
}
END_TEST

START_TEST(odd_but_legal_compounds_are_accepted)
{
    ck_assert_uint_eq(accepted((const uint8_t[]){0x80, 201, 0, 1, 0, 0, 0, 1}, 8), 1);
    /* Padding at the end; profile-specific words; an empty SDES and BYE; an unknown type. */
    ck_assert_uint_eq(accepted((const uint8_t[]){0xA0, 201, 0, 2, 0, 0, 0, 1, 0, 0, 0, 4}, 12), 1);
    ck_assert_uint_eq(accepted((const uint8_t[]){0x80, 201, 0, 2, 0, 0, 0, 1, 9, 9, 9, 9}, 12), 1);
    ck_assert_uint_eq(
        accepted((const uint8_t[]){0x80, 201, 0, 1, 0, 0, 0, 1, 0x80, 202, 0, 0, 0x80, 203, 0, 0},
                 16),
        1);
    ck_assert_uint_eq(accepted((const uint8_t[]){0x80, 201, 0, 1, 0, 0, 0, 1, 0x9F, 207, 0, 0}, 12),
                      2);
    /* Two who leave, no reason; an SDES chunk without items. */
    ck_assert_uint_eq(accepted((const uint8_t[]){0x80, 201, 0, 1, 0, 0, 0, 1, 0x82, 203,
                                                 0,    2,   0, 0, 0, 1, 0, 0, 0,    2},
                               20),
                      3);
    ck_assert_uint_eq(accepted((const uint8_t[]){0x80, 201, 0, 1, 0, 0, 0, 1, 0x81, 202,
                                                 0,    2,   0, 0, 0, 1, 0, 0, 0,    0},
                               20),
                      1);
}
END_TEST

START_TEST(random_bytes_are_survived)
{
    static struct seen seen = {.flood = true};
    uint32_t x = 2463534242u;
    unsigned good = 0;

    for (int round = 0; round < 200000; round++) {
        uint8_t bytes[64];
        size_t len;

        for (size_t i = 0; i < sizeof(bytes); i++) {
            x ^= x << 13;
            x ^= x >> 17;
            x ^= x << 5;
            bytes[i] = (uint8_t)(x >> 9);
        }
        len = x % 17 * 4;
        if (round % 8) { /* let the frame stand, so that the inside is reached */
            size_t first = 2 + round % 3, rest = len / 4;

            bytes[0] = 0x80;
            bytes[1] = 201;
            bytes[2] = 0;
            bytes[3] = (uint8_t)(first - 1);
            if (rest > first) {
                bytes[first * 4] = (uint8_t)(0x80 | (bytes[first * 4] & 3));
                bytes[first * 4 + 1] = (uint8_t)(200 + bytes[first * 4 + 1] % 6);
                bytes[first * 4 + 2] = 0;
                bytes[first * 4 + 3] = (uint8_t)(rest - first - 1);
            }
        }
        good += parse(bytes, len, &seen) == OMSP_OK;
        if (!good)
            ck_assert_uint_eq(seen.calls, 0);
    }
    ck_assert_uint_gt(good, 10000);
}
END_TEST

START_TEST(build_writes_the_bytes_of_the_rfc)
{
    static const uint8_t expected[] = {
        0x81, 200, 0,    12,   0,    0,    0x10, 0x01, 0x83, 0xAA, 0x7E, 0x80, 0x80, 0,
        0,    0,   0,    0,    0x1F, 0x40, 0,    0,    0,    50,   0,    0,    0x1F, 0x40,
        0,    0,   0x20, 0x02, 0x40, 0xFF, 0xFF, 0xFE, 0,    1,    0x12, 0x34, 0,    0,
        0,    33,  0x11, 0x22, 0x33, 0x44, 0,    1,    0x80, 0,    0x81, 202,  0,    3,
        0,    0,   0x10, 0x01, 1,    3,    'a',  '@',  'b',  0,    0,    0,    0x81, 203,
        0,    2,   0,    0,    0x10, 0x01, 3,    'b',  'y',  'e',
    };
    const struct omsp_rtcp_sender_info info = {0x83AA7E8080000000u, 8000, 50, 8000};
    const struct omsp_rtcp_block block = {0x2002, 64, -2, 0x11234, 33, 0x11223344, 0x18000};
    const struct omsp_rtcp_compound compound = {
        0x1001, &info, &block, 1, omsp_span_text("a@b"), true, omsp_span_text("bye")};
    uint8_t out[sizeof(expected)];
    size_t len;

    for (size_t room = 0; room < sizeof(expected); room++) {
        memset(out, 0x77, sizeof(out));
        ck_assert_int_eq(omsp_rtcp_build(&compound, out, room, &len), OMSP_MORE);
        ck_assert_uint_eq(len, sizeof(expected));
        for (size_t i = 0; i < sizeof(out); i++)
            ck_assert_uint_eq(out[i], 0x77);
    }
    ck_assert_int_eq(omsp_rtcp_build(&compound, out, sizeof(out), &len), OMSP_OK);
    ck_assert_uint_eq(len, sizeof(expected));
    ck_assert_mem_eq(out, expected, sizeof(expected));
}
END_TEST

START_TEST(what_is_built_parses_for_all_sizes)
{
    static struct seen seen = {.flood = true};
    static struct omsp_rtcp_block blocks[OMSP_RTCP_MAX_BLOCKS];
    static uint8_t out[2048];
    const struct omsp_rtcp_sender_info info = {1, 2, 3, 4};
    char text[256];
    size_t len;

    memset(text, 'x', sizeof(text));
    for (unsigned cname = 1; cname <= 255; cname++) {
        for (unsigned i = 0; i < 4; i++) {
            unsigned count = cname % 32;
            unsigned reason = i & 2 ? (cname * 7) % 256 : 0;
            const struct omsp_rtcp_compound compound = {
                7,     i & 1 ? &info : NULL,   blocks, count, omsp_span(text, cname),
                i & 2, omsp_span(text, reason)};

            ck_assert_int_eq(omsp_rtcp_build(&compound, out, sizeof(out), &len), OMSP_OK);
            ck_assert_uint_eq(len % 4, 0);
            ck_assert_int_eq(parse(out, len, &seen), OMSP_OK);
            ck_assert_uint_eq(seen.calls, 1u + (i & 1) + count + 1 + (i >> 1));
        }
    }
}
END_TEST

static void note_lost(void *ctx, uint32_t reporter, const struct omsp_rtcp_block *block)
{
    (void)reporter;
    *(int32_t *)ctx = block->lost;
}

START_TEST(cumulative_loss_is_clamped_to_24_bits)
{
    static const int32_t in[] = {0,         -1,        0x7FFFFF,  0x800000,
                                 INT32_MAX, -0x800000, -0x800001, INT32_MIN};
    static const int32_t back[] = {0,        -1,        0x7FFFFF,  0x7FFFFF,
                                   0x7FFFFF, -0x800000, -0x800000, -0x800000};

    for (size_t i = 0; i < sizeof(in) / sizeof(in[0]); i++) {
        struct omsp_rtcp_block block = {.lost = in[i]};
        const struct omsp_rtcp_compound compound = {
            .blocks = &block, .count = 1, .cname = omsp_span_text("c")};
        int32_t lost = 99;
        const struct omsp_rtcp_visitor visitor = {.block = note_lost, .ctx = &lost};
        uint8_t out[64];
        size_t len;

        ck_assert_int_eq(omsp_rtcp_build(&compound, out, sizeof(out), &len), OMSP_OK);
        ck_assert_int_eq(omsp_rtcp_parse(out, len, &visitor), OMSP_OK);
        ck_assert_int_eq(lost, back[i]);
    }
}
END_TEST

START_TEST(build_refuses_what_does_not_fit_the_format)
{
    struct omsp_rtcp_compound compound = {.cname = omsp_span_text("c"), .count = 32};
    uint8_t out[1200];
    static const char text[256] = "x";
    size_t len;

    ck_assert_int_eq(omsp_rtcp_build(&compound, out, sizeof(out), &len), OMSP_INVALID);
    compound.count = 0;
    compound.cname.len = 0;
    ck_assert_int_eq(omsp_rtcp_build(&compound, out, sizeof(out), &len), OMSP_INVALID);
    compound.cname = omsp_span(text, 256);
    ck_assert_int_eq(omsp_rtcp_build(&compound, out, sizeof(out), &len), OMSP_INVALID);
    compound.cname.len = 255;
    compound.reason = omsp_span(text, 256);
    ck_assert_int_eq(omsp_rtcp_build(&compound, out, sizeof(out), &len), OMSP_INVALID);
    compound.reason.len = 0;
    ck_assert_int_eq(omsp_rtcp_build(&compound, out, sizeof(out), &len), OMSP_OK);
}
END_TEST

static int64_t unix_us_of(uint64_t ntp)
{
    uint64_t micros = ((ntp & 0xffffffff) * 1000000 + 0x80000000) >> 32;

    return ((int64_t)(ntp >> 32) - 2208988800) * 1000000 + (int64_t)micros;
}

START_TEST(ntp_time_keeps_every_microsecond_of_unix_time)
{
    /* 1900-01-01 to 1970-01-01 are 2208988800 s (RFC 868). */
    ck_assert(omsp_ntp_from_unix_us(0) == 2208988800ull << 32);
    ck_assert(omsp_ntp_from_unix_us(500000) == (2208988800ull << 32 | 0x80000000u));
    ck_assert(omsp_ntp_from_unix_us(-500000) == (2208988799ull << 32 | 0x80000000u));
    ck_assert(omsp_ntp_from_unix_us(999999) < omsp_ntp_from_unix_us(1000000));
    for (int64_t us = -3000000; us < 3000000; us += 7)
        ck_assert_int_eq(unix_us_of(omsp_ntp_from_unix_us(us)), us);
    for (int64_t us = 1700000000000000; us < 1700000003000000; us += 7)
        ck_assert_int_eq(unix_us_of(omsp_ntp_from_unix_us(us)), us);
    ck_assert_uint_eq(omsp_ntp_middle(0x1122334455667788u), 0x33445566);
    ck_assert_uint_eq(omsp_ntp_short_from_us(1500000), 0x18000);
    ck_assert_uint_eq(omsp_ntp_short_from_us(65535999999u), 0xFFFFFFFF);
    ck_assert_uint_eq(omsp_ntp_short_from_us(UINT64_MAX), 0xFFFFFFFF);
    ck_assert_uint_eq(omsp_ntp_short_to_us(0x18000), 1500000);
}
END_TEST

START_TEST(round_trip_is_the_example_of_the_rfc)
{
    /* RFC 3550 figure 2: A 0xb710:8000, LSR 0xb705:2000, DLSR 5.25 s: 6.125 s. */
    ck_assert_uint_eq(omsp_rtcp_round_trip_us(0xB7108000u, 0xB7052000u, 0x00054000u), 6125000);
    /* No report yet; clocks that make it negative; less than can be told; over the wrap. */
    ck_assert_uint_eq(omsp_rtcp_round_trip_us(0xB7108000u, 0, 0), 0);
    ck_assert_uint_eq(omsp_rtcp_round_trip_us(1000, 1000, 2), 0);
    ck_assert_uint_eq(omsp_rtcp_round_trip_us(1002, 1000, 2), 1);
    ck_assert_uint_eq(omsp_rtcp_round_trip_us(0x00004000u, 0xFFFFC000u, 0), 500000);
    ck_assert_uint_eq(omsp_rtcp_round_trip_us(0x7FFFFFFFu, 1, 0), UINT32_MAX);
}
END_TEST

OMSP_SUITE("rtcp", TEST(a_compound_is_visited_in_order), TEST(nobody_needs_to_listen),
           TEST(cut_anywhere_but_between_packets_nothing_is_visited),
           TEST(every_single_changed_byte_is_survived),
           TEST(hostile_lengths_and_counts_are_refused), TEST(odd_but_legal_compounds_are_accepted),
           TEST(random_bytes_are_survived), TEST(build_writes_the_bytes_of_the_rfc),
           TEST(what_is_built_parses_for_all_sizes), TEST(cumulative_loss_is_clamped_to_24_bits),
           TEST(build_refuses_what_does_not_fit_the_format),
           TEST(ntp_time_keeps_every_microsecond_of_unix_time),
           TEST(round_trip_is_the_example_of_the_rfc))
