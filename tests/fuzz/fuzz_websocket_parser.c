/* Frames from a server: the events do not depend on how the bytes are cut. The first byte says how.
 */
#include "fuzz.h"

#include "wire/websocket.h"

/* A digest of all events (FNV-1a). */
static uint64_t mix(uint64_t hash, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ at[i]) * 1099511628211u;
    return hash;
}

static uint64_t hear(const uint8_t *data, size_t size, size_t piece)
{
    uint64_t hash = 14695981039346656037u;
    struct omsp_ws_parser parser;
    bool closed = false;

    omsp_ws_parser_init(&parser);
    for (size_t at = 0; at < size && !parser.dead;) {
        size_t used, take = size - at < piece ? size - at : piece;
        struct omsp_ws_input input;

        FUZZ_CHECK(omsp_ws_parser_feed(&parser, omsp_span(data + at, take), &used, &input) ==
                   OMSP_OK);
        FUZZ_CHECK(used <= take && (used > 0 || input.event != OMSP_WS_NOTHING));
        FUZZ_CHECK(input.event != OMSP_WS_NOTHING || used == take);
        FUZZ_CHECK(!closed || input.event == OMSP_WS_NOTHING);
        FUZZ_CHECK(input.payload.len <= OMSP_WS_MESSAGE_MAX);
        FUZZ_CHECK(parser.message_len <= parser.message_room &&
                   parser.message_room <= 2 * OMSP_WS_MESSAGE_MAX);
        at += used;
        closed = closed || input.event == OMSP_WS_GOT_CLOSE;
        if (input.event == OMSP_WS_NOTHING)
            continue;
        hash = mix(hash, &input.event, sizeof(input.event));
        hash = mix(hash, &input.opcode, sizeof(input.opcode));
        hash = mix(hash, &input.close_code, sizeof(input.close_code));
        hash = mix(hash, &input.payload.len, sizeof(input.payload.len));
        hash = mix(hash, input.payload.ptr, input.payload.len);
    }
    omsp_ws_parser_free(&parser);
    return hash;
}

/* Memory ends: NOMEM once, dead from then on, nothing left behind. */
static void runs_out(const uint8_t *data, size_t size, long left)
{
    struct omsp_ws_parser parser;
    struct omsp_ws_input input;
    struct fuzz_memory memory;
    size_t at = 0, used;

    fuzz_memory_begin(&memory, left);
    omsp_ws_parser_init(&parser);
    while (at < size) {
        enum omsp_status status =
            omsp_ws_parser_feed(&parser, omsp_span(data + at, size - at), &used, &input);

        FUZZ_CHECK(memory.failed == (status == OMSP_NOMEM));
        if (status) {
            FUZZ_CHECK(!omsp_ws_parser_feed(&parser, omsp_span(data, size), &used, &input));
            FUZZ_CHECK(used == size && input.event == OMSP_WS_BAD);
            break;
        }
        if (input.event == OMSP_WS_BAD || input.event == OMSP_WS_TOO_BIG ||
            input.event == OMSP_WS_BAD_TEXT)
            break;
        at += used;
    }
    omsp_ws_parser_free(&parser);
    fuzz_memory_end(&memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t whole;

    if (size < 1)
        return 0;
    whole = hear(data + 1, size - 1, SIZE_MAX);
    FUZZ_CHECK(hear(data + 1, size - 1, 1) == whole);
    FUZZ_CHECK(hear(data + 1, size - 1, 2u + data[0]) == whole);
    runs_out(data + 1, size - 1, data[0] % 3);
    return 0;
}
