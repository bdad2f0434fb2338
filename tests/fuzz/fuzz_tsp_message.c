/* What is parsed is built again byte for byte; text lies inside the input. */
#include "fuzz.h"

#include "wire/tsp_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct omsp_tsp_message message;
    size_t need = 0;
    uint8_t *out;

    if (omsp_tsp_parse(data, size, &message) != OMSP_OK)
        return 0;
    if (message.type == OMSP_TSP_REMOTE_SDP || message.type == OMSP_TSP_LOCAL_SDP)
        FUZZ_CHECK(message.u.text.len > 0 && fuzz_inside(message.u.text, data, size));
    FUZZ_CHECK(omsp_tsp_build(&message, NULL, 0, &need) == OMSP_MORE && need == size);
    out = malloc(need);
    FUZZ_CHECK(out && omsp_tsp_build(&message, out, need, &need) == OMSP_OK);
    FUZZ_CHECK(need == size && memcmp(out, data, size) == 0);
    free(out);
    FUZZ_CHECK(omsp_tsp_status_to_wire(OMSP_STATUS_COUNT) == OMSP_TSP_IO);
    message.type = 0;
    FUZZ_CHECK(omsp_tsp_build(&message, NULL, 0, &need) == OMSP_INVALID);
    message.type = OMSP_TSP_REMOTE_SDP;
    message.u.text.len = 0;
    FUZZ_CHECK(omsp_tsp_build(&message, NULL, 0, &need) == OMSP_INVALID);
    message.type = OMSP_TSP_SECURITY;
    message.u.srtp = OMSP_TSP_SRTP_OFF + 1;
    FUZZ_CHECK(omsp_tsp_build(&message, NULL, 0, &need) == OMSP_INVALID);
    return 0;
}
