/*
 * The vector twins of base64 and mask against the plain one, and that one against base64.c and the
 * mask by themselves: every value of every six bits in every place, every length of a payload, from
 * memory that ends where the payload does.
 */
#include "support/suite.h"

#include "wire/base64.h"
#include "wire/media_payload.h"
#include "wire/media_stream.h"
#include "wire/websocket.h"

#include <stdlib.h>
#include <string.h>

#define ROOM (OMSP_BASE64_CHARS(OMSP_MS_PAYLOAD_MAX) + OMSP_MS_PAYLOAD_SPILL)

/* The payload lies in memory of its own; skew moves both sides off their alignment. */
static void twins_agree(const uint8_t *payload, size_t len, const uint8_t mask[4], size_t skew)
{
    uint8_t *in = malloc(len + skew + 1), expected[ROOM], out[ROOM + 34];
    size_t chars = OMSP_BASE64_CHARS(len);
    uint32_t word = omsp_le32(mask);

    memcpy(in + skew, payload, len);
    omsp_base64_encode((char *)expected, payload, len);
    omsp_ws_mask(expected, chars, mask);
    for (unsigned t = 0; omsp_ms_payload_twin(t); t++) {
        memset(out, 0x5a, sizeof(out));
        omsp_ms_payload_twin(t)->put(out + 1 + skew, in + skew, len, word);
        ck_assert_mem_eq(out + 1 + skew, expected, chars);
        for (size_t i = 0; i <= skew; i++)
            ck_assert_uint_eq(out[i], 0x5a);
        for (size_t i = 1 + skew + chars + OMSP_MS_PAYLOAD_SPILL; i < sizeof(out); i++)
            ck_assert_uint_eq(out[i], 0x5a);
    }
    memset(out, 0x5a, sizeof(out));
    omsp_ms_put_payload(out, in + skew, len, word);
    ck_assert_mem_eq(out, expected, chars);
    free(in);
}

static const uint8_t no_mask[4], mask_1[4] = {0x37, 0xfa, 0x21, 0x3d},
                                 all[4] = {255, 255, 255, 255};

START_TEST(every_length_is_as_base64_and_mask_one_after_the_other)
{
    uint8_t payload[OMSP_MS_PAYLOAD_MAX];
    uint32_t seed = 3;

    for (size_t i = 0; i < sizeof(payload); i++) {
        seed = seed * 1664525u + 1013904223u;
        payload[i] = (uint8_t)(seed >> 24);
    }
    for (size_t len = 0; len <= sizeof(payload); len++) {
        twins_agree(payload, len, mask_1, 0);
        twins_agree(payload, len, no_mask, len % 32);
    }
}
END_TEST

START_TEST(every_misalignment)
{
    uint8_t payload[200];

    memset(payload, 0xe7, sizeof(payload));
    for (size_t skew = 0; skew < 32; skew++)
        for (size_t len = 0; len <= 100; len++)
            twins_agree(payload, len, all, skew);
}
END_TEST

START_TEST(every_character_in_every_place)
{
    uint8_t payload[75];

    for (unsigned value = 0; value < 64; value++) {
        for (size_t place = 0; place < sizeof(payload) / 3 * 4; place++) {
            for (unsigned background = 0; background < 256; background += 255) {
                size_t first_bit = place * 6;

                memset(payload, (int)background, sizeof(payload));
                for (unsigned i = 0; i < 6; i++) {
                    size_t bit = first_bit + i;
                    uint8_t one = (uint8_t)(0x80u >> bit % 8);

                    payload[bit / 8] = (uint8_t)(payload[bit / 8] & ~one);
                    if (value >> (5 - i) & 1)
                        payload[bit / 8] |= one;
                }
                for (size_t cut = 0; cut < 3; cut++)
                    twins_agree(payload, sizeof(payload) - cut, mask_1, 0);
            }
        }
    }
}
END_TEST

/* Numbers are made by multiplications that are exact for four digits: all of them, in both halves
 * of eight. */
START_TEST(every_four_digits_in_a_frame_are_as_in_the_plain_message)
{
    static const char sid[] = "MZ0123456789abcdef0123456789abcdef";
    struct omsp_ms_template tmpl;
    uint8_t out[OMSP_MS_MEDIA_MAX];
    char room[OMSP_MS_MEDIA_MAX];

    omsp_ms_template_init(&tmpl, sid);
    for (uint64_t four = 0; four < 10000; four++) {
        struct omsp_ms_media media = {OMSP_MS_TRACK_INBOUND, four, four * 10000 + 9999 - four,
                                      four * 1000000000000 + four, omsp_span("", 0)};
        size_t len = omsp_ms_put_media(&tmpl, &media, no_mask, out);
        struct omsp_text text;

        omsp_text_init(&text, room, sizeof(room));
        omsp_ms_put_media_plain(&text, &media, sid);
        ck_assert_uint_eq(len, 8 + text.len);
        ck_assert_mem_eq(out + 8, room, text.len);
    }
}
END_TEST

START_TEST(the_list_of_twins_goes_as_far_as_the_processor)
{
    unsigned count = 0;

    ck_assert_str_eq(omsp_ms_payload_twin(0)->name, "plain");
    for (; omsp_ms_payload_twin(count); count++)
        ck_assert_int_le(omsp_ms_payload_twin(count)->level, omsp_cpu_level());
    ck_assert_ptr_null(omsp_ms_payload_twin(count + 1));
#ifdef OMSP_CPU_X86
    ck_assert_uint_eq(count, omsp_cpu_level() >= OMSP_CPU_AVX2    ? 3
                             : omsp_cpu_level() >= OMSP_CPU_SSSE3 ? 2
                                                                  : 1);
#else
    ck_assert_uint_eq(count, 1);
#endif
}
END_TEST

OMSP_SUITE("media_payload", TEST(every_length_is_as_base64_and_mask_one_after_the_other),
           TEST(every_misalignment), TEST(every_character_in_every_place),
           TEST(every_four_digits_in_a_frame_are_as_in_the_plain_message),
           TEST(the_list_of_twins_goes_as_far_as_the_processor))
