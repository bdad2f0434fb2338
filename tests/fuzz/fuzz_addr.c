/* What is parsed is written and parsed again the same. */
#include "fuzz.h"

#include "port/net.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1), out[64], ip[64];
    struct omsp_addr addr, again;

    FUZZ_CHECK(text);
    memcpy(text, data, size);
    text[size] = '\0';
    if (omsp_addr_parse(text, &addr) == OMSP_OK) {
        FUZZ_CHECK(addr.family == 4 || addr.family == 6);
        omsp_addr_text(&addr, out, sizeof(out));
        FUZZ_CHECK(omsp_addr_parse(out, &again) == OMSP_OK && omsp_addr_equal(&addr, &again));
        omsp_addr_ip_text(&addr, ip, sizeof(ip));
        FUZZ_CHECK(omsp_addr_parse(ip, &again) == OMSP_OK && omsp_addr_same_ip(&addr, &again));
    }
    free(text);
    return 0;
}
