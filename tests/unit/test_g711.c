/*
 * G.711 over every input there is, against three oracles that share no code with it: libspandsp
 * where it is installed, a table made from it (data/g711_oracle.h) everywhere, and the rule by
 * which the ITU-T tool (G.191) finds a code, written down here as arithmetic on decision values.
 */
#include "support/suite.h"

#include "data/g711_oracle.h"
#include "media/g711.h"

#include <string.h>

#ifdef OMSP_HAVE_SPANDSP
#include <spandsp.h>
#endif

#define SAMPLES 65536

static int16_t samples[SAMPLES];
static uint8_t codes[256];

static void fill(void)
{
    for (int i = 0; i < SAMPLES; i++)
        samples[i] = (int16_t)(i - 32768);
    for (int c = 0; c < 256; c++)
        codes[c] = (uint8_t)c;
}

struct law {
    void (*encode)(uint8_t *out, const int16_t *in, size_t n);
    void (*decode)(int16_t *out, const uint8_t *in, size_t n);
    void (*convert)(uint8_t *out, const uint8_t *in, size_t n); /* to the other; or NULL */
    uint8_t (*from_linear)(int16_t sample);
    int16_t (*to_linear)(uint8_t code);
    const struct g711_row *oracle;
    uint32_t hash;
};

static const struct law laws[] = {
    {omsp_ulaw_encode, omsp_ulaw_decode, NULL, omsp_ulaw_from_linear, omsp_ulaw_to_linear,
     g711_ulaw, g711_ulaw_hash},
    {omsp_alaw_encode, omsp_alaw_decode, omsp_alaw_to_ulaw, omsp_alaw_from_linear,
     omsp_alaw_to_linear, g711_alaw, g711_alaw_hash},
};

START_TEST(every_sample_and_code_is_as_the_table_says)
{
    fill();
    for (int l = 0; l < 2; l++) {
        const struct law *law = &laws[l];
        static uint8_t out[SAMPLES];
        uint32_t hash = 2166136261u;
        int row = -1;

        law->encode(out, samples, SAMPLES);
        for (int i = 0; i < SAMPLES; i++) {
            if (row < 255 && law->oracle[row + 1].lowest == samples[i])
                row++;
            ck_assert_int_eq(out[i], law->oracle[row].code);
            ck_assert_int_eq(law->from_linear(samples[i]), out[i]);
            hash = (hash ^ out[i]) * 16777619u;
        }
        ck_assert_int_eq(row, 255);
        ck_assert_uint_eq(hash, law->hash);
        for (row = 0; row < 256; row++) {
            uint8_t code = (uint8_t)law->oracle[row].code, other;
            int16_t linear;

            law->decode(&linear, &code, 1);
            ck_assert_int_eq(linear, law->oracle[row].linear);
            ck_assert_int_eq(law->to_linear(code), linear);
            if (law->convert) {
                law->convert(&other, &code, 1);
                ck_assert_int_eq(other, law->oracle[row].other);
            }
        }
    }
}
END_TEST

#ifdef OMSP_HAVE_SPANDSP
START_TEST(every_sample_and_code_is_as_spandsp_does)
{
    static const int modes[] = {G711_ULAW, G711_ALAW};
    static uint8_t ours[SAMPLES], theirs[SAMPLES];
    static int16_t our_linear[256], their_linear[256];

    fill();
    for (int l = 0; l < 2; l++) {
        g711_state_t *state = g711_init(NULL, modes[l]);

        ck_assert_int_eq(g711_encode(state, theirs, samples, SAMPLES), SAMPLES);
        laws[l].encode(ours, samples, SAMPLES);
        ck_assert_mem_eq(ours, theirs, SAMPLES);
        ck_assert_int_eq(g711_decode(state, their_linear, codes, 256), 256);
        laws[l].decode(our_linear, codes, 256);
        ck_assert_mem_eq(our_linear, their_linear, sizeof(our_linear));
        if (laws[l].convert) {
            ck_assert_int_eq(g711_transcode(state, theirs, codes, 256), 256);
            laws[l].convert(ours, codes, 256);
            ck_assert_mem_eq(ours, theirs, 256);
        }
        g711_free(state);
    }
}
END_TEST
#endif

/* The decision values of G.711 in 16 bit samples: code n of a sign covers low[n]..low[n + 1] - 1.
 */
static void decision_values(int *low, bool ulaw)
{
    int n = 0, at = 0;

    for (int segment = 0; segment < 8; segment++) {
        int step = ulaw ? 8 << segment : segment < 2 ? 16 : 16 << (segment - 1);

        for (int i = 0; i < 16; i++) {
            low[n] = at;
            /* The first step of µ-law is half as wide: it is shared with the other sign. */
            at += ulaw && n == 0 ? 4 : step;
            n++;
        }
    }
}

static int g191(int sample, const int *low, bool ulaw)
{
    int magnitude = sample < 0 ? ~sample : sample, n = 127;

    while (n && magnitude < low[n])
        n--;
    if (ulaw)
        return (sample < 0 ? 0x7F : 0xFF) - n;
    return (n | (sample < 0 ? 0 : 0x80)) ^ 0x55;
}

START_TEST(it_agrees_with_g191_but_on_negative_decision_values_of_ulaw)
{
    int low[128], differing = 0;

    decision_values(low, false);
    for (int s = -32768; s <= 32767; s++)
        ck_assert_int_eq(omsp_alaw_from_linear((int16_t)s), g191(s, low, false));

    decision_values(low, true);
    for (int s = -32768; s <= 32767; s++) {
        int ours = omsp_ulaw_from_linear((int16_t)s), theirs = g191(s, low, true);
        int n = 0;

        if (ours == theirs)
            continue;
        /* Exactly on a decision value: spandsp has it above, the tool below. */
        differing++;
        ck_assert_int_lt(s, 0);
        ck_assert_int_eq(ours + 1, theirs);
        while (n < 128 && low[n] != -s)
            n++;
        ck_assert_int_lt(n, 128);
    }
    ck_assert_int_eq(differing, 127);
}
END_TEST

START_TEST(known_values)
{
    static const int16_t in[] = {0, -1, 3, 4, -4, 32767, -32768, 32635, -32635, 1000, -1000};
    static const uint8_t ulaw[] = {0xFF, 0x7F, 0xFF, 0xFE, 0x7E, 0x80,
                                   0x00, 0x80, 0x00, 0xCE, 0x4E};
    static const uint8_t alaw[] = {0xD5, 0x55, 0xD5, 0xD5, 0x55, 0xAA,
                                   0x2A, 0xAA, 0x2A, 0xFA, 0x7A};
    uint8_t out[sizeof(ulaw)];

    omsp_ulaw_encode(out, in, sizeof(ulaw));
    ck_assert_mem_eq(out, ulaw, sizeof(ulaw));
    omsp_alaw_encode(out, in, sizeof(alaw));
    ck_assert_mem_eq(out, alaw, sizeof(alaw));
    ck_assert_int_eq(omsp_ulaw_to_linear(OMSP_ULAW_SILENCE), 0);
    ck_assert_int_eq(omsp_ulaw_to_linear(0x7F), 0);
    ck_assert_int_eq(omsp_ulaw_to_linear(0x80), 32124);
    ck_assert_int_eq(omsp_ulaw_to_linear(0x00), -32124);
    ck_assert_int_eq(omsp_alaw_to_linear(OMSP_ALAW_SILENCE), 8);
    ck_assert_int_eq(omsp_alaw_to_linear(0x2A), -32256);
}
END_TEST

START_TEST(a_second_pass_changes_nothing)
{
    for (int l = 0; l < 2; l++) {
        for (int c = 0; c < 256; c++) {
            int16_t linear = laws[l].to_linear((uint8_t)c);

            ck_assert_int_eq(laws[l].to_linear(laws[l].from_linear(linear)), linear);
        }
    }
}
END_TEST

START_TEST(blocks_write_exactly_n_and_convert_in_place)
{
    uint8_t out[34], expected[256];
    int16_t linear[34];

    fill();
    for (int l = 0; l < 2; l++) {
        for (size_t n = 0; n <= 32; n++) {
            memset(out, 0xA5, sizeof(out));
            laws[l].encode(out + 1, samples + 1000, n);
            ck_assert_int_eq(out[0], 0xA5);
            ck_assert_int_eq(out[n + 1], 0xA5);
            for (size_t i = 0; i < n; i++)
                ck_assert_int_eq(out[1 + i], laws[l].from_linear(samples[1000 + i]));
            memset(linear, 0x5A, sizeof(linear));
            laws[l].decode(linear + 1, codes, n);
            ck_assert_int_eq(linear[0], 0x5A5A);
            ck_assert_int_eq(linear[n + 1], 0x5A5A);
        }
        if (!laws[l].convert)
            continue;
        laws[l].convert(expected, codes, 256);
        laws[l].convert(codes, codes, 256);
        ck_assert_mem_eq(codes, expected, 256);
        fill();
    }
}
END_TEST

OMSP_SUITE("g711", TEST(every_sample_and_code_is_as_the_table_says),
#ifdef OMSP_HAVE_SPANDSP
           TEST(every_sample_and_code_is_as_spandsp_does),
#endif
           TEST(it_agrees_with_g191_but_on_negative_decision_values_of_ulaw), TEST(known_values),
           TEST(a_second_pass_changes_nothing), TEST(blocks_write_exactly_n_and_convert_in_place))
