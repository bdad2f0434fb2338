/* Values of a=crypto from anywhere: what is read is written and read to the same. */
#include "fuzz.h"

#include "wire/sdp_crypto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct omsp_sdp_crypto crypto, again;
    char out[512];
    struct omsp_text text;
    enum omsp_status status = omsp_sdp_crypto_parse((const char *)data, size, &crypto);

    FUZZ_CHECK(status == OMSP_OK || status == OMSP_INVALID || status == OMSP_NOTSUPPORTED);
    if (status)
        return 0;
    FUZZ_CHECK(omsp_sdp_suite_name(crypto.suite) && !omsp_sdp_suite_name(OMSP_SDP_SUITES));
    FUZZ_CHECK(crypto.tag <= 999999999 && crypto.mki_len <= OMSP_SDP_MKI_MAX);
    omsp_text_init(&text, out, sizeof(out));
    omsp_sdp_crypto_write(&crypto, &text);
    FUZZ_CHECK(!text.truncated);
    FUZZ_CHECK(omsp_sdp_crypto_parse(out, text.len, &again) == OMSP_OK);
    FUZZ_CHECK(again.tag == crypto.tag && omsp_sdp_crypto_same_key(&crypto, &again));
    again.key[0] ^= 1;
    FUZZ_CHECK(!omsp_sdp_crypto_same_key(&crypto, &again));
    return 0;
}
