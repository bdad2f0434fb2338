/*
 * Writes g711_oracle.h from libspandsp, an implementation of G.711 that shares nothing with ours:
 *
 *   cc make_g711_oracle.c -lspandsp -o make && ./make > g711_oracle.h
 *
 * So that the PE tests, for which there is no spandsp, are held against the same oracle.
 */
#include <spandsp.h>

#include <stdint.h>
#include <stdio.h>

static void table(const char *name, int law)
{
    g711_state_t *state = g711_init(NULL, law);
    uint32_t hash = 2166136261u;
    int previous = -1;

    printf("static const struct g711_row %s[256] = {\n", name);
    for (int sample = -32768; sample <= 32767; sample++) {
        int16_t in = (int16_t)sample, linear;
        uint8_t code, other;

        g711_encode(state, &code, &in, 1);
        hash = (hash ^ code) * 16777619u;
        if (code == previous)
            continue;
        previous = code;
        g711_decode(state, &linear, &code, 1);
        other = law == G711_ULAW ? ulaw_to_alaw(code) : alaw_to_ulaw(code);
        printf("    {%d, 0x%02X, %d, 0x%02X},\n", sample, code, linear, other);
    }
    printf("};\n#define %s_hash 0x%08XU\n\n", name, (unsigned)hash);
    g711_free(state);
}

int main(void)
{
    puts("/* Written by make_g711_oracle.c from libspandsp. A row: the lowest sample that gets "
         "this code,");
    puts(" * the code, what it decodes to, the code in the other law. Codes change at these "
         "samples and");
    puts(" * nowhere else; *_hash is FNV-1a over the codes of all samples from -32768 up. */");
    puts("struct g711_row {\n    int lowest, code, linear, other;\n};\n");
    table("g711_ulaw", G711_ULAW);
    table("g711_alaw", G711_ALAW);
    return 0;
}
