/*
 * One a=crypto line (RFC 4568 9.2). Pure; whoever calls owns the bytes, and the secrets in them.
 * Not here: which lines an answer picks (sdp_negotiate.c).
 */
#include "wire/sdp_crypto.h"

#include "base/bytes.h"
#include "wire/base64.h"

#include <string.h>

#define TAG_DIGITS     9
#define LIFETIME_POWER 48 /* RFC 4568 6.1: 2^48 packets are the most that a key is good for */
#define WINDOW_MIN     64 /* RFC 4568 6.3.7 */

struct words {
    const char *at;
    size_t len;
};

static const struct {
    const char *name;
    uint8_t bytes;
} suites[OMSP_SDP_SUITES] = {
    [OMSP_SDP_AES_CM_128_HMAC_SHA1_80] = {"AES_CM_128_HMAC_SHA1_80", 30},
    [OMSP_SDP_AES_CM_128_HMAC_SHA1_32] = {"AES_CM_128_HMAC_SHA1_32", 30},
    [OMSP_SDP_AES_256_CM_HMAC_SHA1_80] = {"AES_256_CM_HMAC_SHA1_80", 46},
    [OMSP_SDP_AES_256_CM_HMAC_SHA1_32] = {"AES_256_CM_HMAC_SHA1_32", 46},
};

const char *omsp_sdp_suite_name(unsigned suite)
{
    return suite < OMSP_SDP_SUITES ? suites[suite].name : NULL;
}

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool next_word(struct words *rest, struct words *word)
{
    while (rest->len && blank(*rest->at)) {
        rest->at++;
        rest->len--;
    }
    *word = (struct words){rest->at, 0};
    while (rest->len && !blank(*rest->at)) {
        rest->at++;
        rest->len--;
        word->len++;
    }
    return word->len > 0;
}

/* Up to the next `stop`, which is skipped; empty when nothing is left. */
static struct words cut(struct words *rest, char stop)
{
    const char *end = rest->len ? memchr(rest->at, stop, rest->len) : NULL;
    struct words piece = {rest->at, end ? (size_t)(end - rest->at) : rest->len};
    size_t skip = piece.len + (end ? 1 : 0);

    rest->at += skip;
    rest->len -= skip;
    return piece;
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* Literal text of a grammar has no case (RFC 5234 2.3). */
static bool starts(struct words *word, const char *text)
{
    size_t len = strlen(text);

    if (word->len < len)
        return false;
    for (size_t i = 0; i < len; i++)
        if (upper(word->at[i]) != upper(text[i]))
            return false;
    word->at += len;
    word->len -= len;
    return true;
}

static bool number(struct words digits, uint64_t max, uint64_t *out)
{
    uint64_t value = 0;

    for (size_t i = 0; i < digits.len; i++) {
        unsigned digit = (unsigned)(digits.at[i] - '0');

        if (digit > 9 || value > (max - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = value;
    return digits.len > 0;
}

static bool lifetime(struct words text)
{
    uint64_t value;

    if (starts(&text, "2^"))
        return number(text, LIFETIME_POWER, &value);
    return number(text, (uint64_t)1 << LIFETIME_POWER, &value) && value;
}

/* "1:4": the value, and how many bytes it has on the wire. */
static enum omsp_status index_of(struct words text, struct omsp_sdp_crypto *out)
{
    struct words digits = cut(&text, ':');
    uint64_t value, bytes;

    if (!number(text, OMSP_SDP_MKI_MAX, &bytes) || !bytes)
        return OMSP_INVALID;
    for (size_t i = 0; i < digits.len; i++)
        if (digits.at[i] < '0' || digits.at[i] > '9')
            return OMSP_INVALID;
    if (!digits.len)
        return OMSP_INVALID;
    if (!number(digits, UINT32_MAX, &value))
        return OMSP_NOTSUPPORTED;
    if (bytes < 4 && value >> 8 * bytes)
        return OMSP_INVALID;
    out->mki = (uint32_t)value;
    out->mki_len = (uint8_t)bytes;
    return OMSP_OK;
}

/* Padded or not: there are those who leave the padding of 46 bytes away. */
static bool key_salt(struct words text, struct omsp_sdp_crypto *out)
{
    char padded[OMSP_BASE64_CHARS(OMSP_SDP_KEY_MAX)];
    size_t want = suites[out->suite].bytes, chars = OMSP_BASE64_CHARS(want), got;
    enum omsp_status status;

    if (text.len > chars || text.len < chars - 2)
        return false;
    memcpy(padded, text.at, text.len);
    memset(padded + text.len, '=', chars - text.len);
    status = omsp_base64_decode(padded, chars, out->key, sizeof(out->key), &got);
    omsp_wipe(padded, sizeof(padded));
    return !status && got == want;
}

/* inline:<key and salt>["|" lifetime]["|" MKI ":" length] */
static enum omsp_status key_params(struct words text, struct omsp_sdp_crypto *out)
{
    struct words first = cut(&text, ';'), part;
    bool lived = false;

    if (!starts(&first, "inline:"))
        return OMSP_INVALID;
    if (text.len)
        return OMSP_NOTSUPPORTED; /* several keys, told apart by their MKIs */
    if (!key_salt(cut(&first, '|'), out))
        return OMSP_INVALID;
    while (first.len) {
        part = cut(&first, '|');
        if (part.len && memchr(part.at, ':', part.len)) {
            enum omsp_status status = out->mki_len ? OMSP_INVALID : index_of(part, out);

            if (status)
                return status;
        } else if (lived || out->mki_len || !lifetime(part)) {
            return OMSP_INVALID;
        }
        lived = true;
    }
    return OMSP_OK;
}

static enum omsp_status session_param(struct words text)
{
    uint64_t value;

    if (*text.at == '-')
        return text.len > 1 ? OMSP_OK : OMSP_INVALID;
    if (starts(&text, "WSH="))
        return number(text, UINT32_MAX, &value) && value >= WINDOW_MIN ? OMSP_OK : OMSP_INVALID;
    return OMSP_NOTSUPPORTED;
}

static bool suite_of(struct words word, uint8_t *out)
{
    for (uint8_t i = 0; i < OMSP_SDP_SUITES; i++) {
        struct words rest = word;

        if (starts(&rest, suites[i].name) && !rest.len) {
            *out = i;
            return true;
        }
    }
    return false;
}

static enum omsp_status parse(struct words rest, struct omsp_sdp_crypto *crypto)
{
    struct words tag, suite, keys, param;
    enum omsp_status status;
    uint64_t value;

    if (!rest.len || blank(*rest.at) || !next_word(&rest, &tag) || tag.len > TAG_DIGITS ||
        !number(tag, UINT32_MAX, &value) || !next_word(&rest, &suite) || !next_word(&rest, &keys))
        return OMSP_INVALID;
    crypto->tag = (uint32_t)value;
    if (!suite_of(suite, &crypto->suite))
        return OMSP_NOTSUPPORTED;
    status = key_params(keys, crypto);
    while (!status && next_word(&rest, &param))
        status = session_param(param);
    return status;
}

enum omsp_status omsp_sdp_crypto_parse(const char *text, size_t len, struct omsp_sdp_crypto *out)
{
    struct omsp_sdp_crypto crypto;
    enum omsp_status status;

    memset(&crypto, 0, sizeof(crypto));
    status = parse((struct words){text, len}, &crypto);
    if (!status)
        *out = crypto;
    omsp_wipe(&crypto, sizeof(crypto));
    return status;
}

void omsp_sdp_crypto_write(const struct omsp_sdp_crypto *crypto, struct omsp_text *out)
{
    char chars[OMSP_BASE64_CHARS(OMSP_SDP_KEY_MAX) + 1];
    size_t bytes = suites[crypto->suite].bytes;

    omsp_base64_encode(chars, crypto->key, bytes);
    chars[OMSP_BASE64_CHARS(bytes)] = '\0';
    omsp_text_printf(out, "%u %s inline:%s", (unsigned)crypto->tag, suites[crypto->suite].name,
                     chars);
    if (crypto->mki_len)
        omsp_text_printf(out, "|%u:%u", (unsigned)crypto->mki, crypto->mki_len);
    omsp_wipe(chars, sizeof(chars));
}

bool omsp_sdp_crypto_same_key(const struct omsp_sdp_crypto *a, const struct omsp_sdp_crypto *b)
{
    return a->suite == b->suite && a->mki_len == b->mki_len && a->mki == b->mki &&
           memcmp(a->key, b->key, suites[a->suite].bytes) == 0;
}
