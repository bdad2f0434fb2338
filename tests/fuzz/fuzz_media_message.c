/* What consumers say: nothing is left to free after a refusal, one for want of memory too, a mark
 * can be echoed and says the same. */
#include "fuzz.h"

#include "base/alloc.h"
#include "wire/media_stream.h"
#include "wire/websocket.h"

#define SID "MZ00112233445566778899aabbccddeeff"

static void echoes(const char *mark)
{
    size_t room = strlen(mark) * 6 + 256;
    char *out = malloc(room);
    struct omsp_ms_message again;
    struct omsp_text text;

    FUZZ_CHECK(out != NULL);
    omsp_text_init(&text, out, room);
    omsp_ms_put_mark(&text, UINT64_MAX, mark, strlen(mark), SID);
    FUZZ_CHECK(!text.truncated);
    if (text.len <= OMSP_WS_MESSAGE_MAX) {
        FUZZ_CHECK(omsp_ms_parse(omsp_span(out, text.len), SID, &again) == OMSP_OK);
        FUZZ_CHECK(again.kind == OMSP_MS_MARK && !strcmp(again.mark, mark));
        omsp_free(again.mark);
    }
    free(out);
}

/* cJSON's allocations, then ours. */
static void without_memory(struct omsp_span data, enum omsp_status status)
{
    struct omsp_ms_message message;
    struct fuzz_memory memory;
    bool failed = true;

    for (long left = 0; failed && left < 60; left += 1 + left / 4) {
        enum omsp_status again;

        fuzz_memory_begin(&memory, left);
        again = omsp_ms_parse(data, SID, &message);
        failed = memory.failed;
        FUZZ_CHECK(again == (failed ? OMSP_NOMEM : status));
        FUZZ_CHECK(!failed || (!message.payload && !message.mark));
        omsp_free(message.payload);
        omsp_free(message.mark);
        fuzz_memory_end(&memory);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct omsp_ms_message message;
    enum omsp_status status = omsp_ms_parse(omsp_span(data, size), SID, &message);

    FUZZ_CHECK(status == OMSP_OK || status == OMSP_INVALID);
    without_memory(omsp_span(data, size), status);
    if (status) {
        FUZZ_CHECK(!message.payload && !message.mark);
        return 0;
    }
    FUZZ_CHECK(message.payload_len <= size &&
               (message.payload != NULL) == (message.payload_len > 0));
    FUZZ_CHECK((message.mark != NULL) == (message.kind == OMSP_MS_MARK));
    FUZZ_CHECK(!message.payload || message.kind == OMSP_MS_MEDIA);
    if (message.mark)
        echoes(message.mark);
    omsp_free(message.payload);
    omsp_free(message.mark);
    return 0;
}
