/* Base64, both ways, by tables. Not base64url, not MIME's line breaks. Pure; any thread. */
#include "wire/base64.h"

#include <string.h>

#include <stdbool.h>

static const char alphabet[64] = {'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M',
                                  'N', 'O', 'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z',
                                  'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm',
                                  'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z',
                                  '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '+', '/'};

/* A character's value plus one; zero: not in the alphabet. */
static const uint8_t values[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64};

void omsp_base64_encode(char *out, const uint8_t *in, size_t len)
{
    size_t i = 0;

    for (; i + 3 <= len; i += 3) {
        uint32_t v = (uint32_t)in[i] << 16 | (uint32_t)in[i + 1] << 8 | in[i + 2];

        *out++ = alphabet[v >> 18];
        *out++ = alphabet[v >> 12 & 63];
        *out++ = alphabet[v >> 6 & 63];
        *out++ = alphabet[v & 63];
    }
    if (i < len) {
        bool two = len - i == 2;
        uint32_t v = (uint32_t)in[i] << 16 | (two ? (uint32_t)in[i + 1] << 8 : 0);

        *out++ = alphabet[v >> 18];
        *out++ = alphabet[v >> 12 & 63];
        *out++ = two ? alphabet[v >> 6 & 63] : '=';
        *out++ = '=';
    }
}

/* Four characters, the last `pads` of them '='; false when they are not base64. */
static bool decode_four(const char *in, unsigned pads, uint8_t out[3])
{
    uint32_t v = 0;

    for (unsigned i = 0; i < 4; i++) {
        uint8_t value = values[(uint8_t)in[i]];

        if (i >= 4 - pads)
            value = 1;
        else if (!value)
            return false;
        v = v << 6 | (uint32_t)(value - 1);
    }
    out[0] = (uint8_t)(v >> 16);
    out[1] = (uint8_t)(v >> 8);
    out[2] = (uint8_t)v;
    /* The bits that padding cuts off must be zero: one text for one value. */
    return (pads < 1 || out[2] == 0) && (pads < 2 || out[1] == 0);
}

enum omsp_status omsp_base64_decode(const char *in, size_t len, uint8_t *out, size_t room,
                                    size_t *out_len)
{
    unsigned pads;
    size_t need, done = 0;

    *out_len = 0;
    if (len % 4)
        return OMSP_INVALID;
    if (!len)
        return OMSP_OK;
    pads = in[len - 1] != '=' ? 0 : in[len - 2] != '=' ? 1 : 2;
    need = len / 4 * 3 - pads;
    if (need > room)
        return OMSP_MORE;
    for (size_t i = 0; i < len; i += 4) {
        bool last = i + 4 == len;
        uint8_t three[3];

        if (!decode_four(in + i, last ? pads : 0, three))
            return OMSP_INVALID;
        for (unsigned k = 0; k < (last ? 3 - pads : 3); k++)
            out[done++] = three[k];
    }
    *out_len = done;
    return OMSP_OK;
}

enum omsp_status omsp_base64_decode_bare(const char *in, size_t len, uint8_t *out, size_t room,
                                         size_t *out_len)
{
    char last[4] = {'=', '=', '=', '='};
    size_t rest = len % 4, more = 0;
    enum omsp_status status = omsp_base64_decode(in, len - rest, out, room, out_len);

    if (status || !rest)
        return status;
    memcpy(last, in + (len - rest), rest);
    /* Neither padded in part nor behind padding. */
    if (rest == 1 || last[rest - 1] == '=' || (len > rest && in[len - rest - 1] == '='))
        status = OMSP_INVALID;
    else
        status = omsp_base64_decode(last, 4, out + *out_len, room - *out_len, &more);
    *out_len = status ? 0 : *out_len + more;
    return status;
}
