/* Documents from anywhere: every stream that is told has what its verb needs, in UTF-8. */
#include "fuzz.h"

#include "base/utf.h"
#include "wire/twiml.h"

static void is_text(const char *text, bool needed)
{
    FUZZ_CHECK(text || !needed);
    FUZZ_CHECK(!text || omsp_utf8_is_valid(text, strlen(text)));
}

static enum omsp_status on_stream(void *ctx, const struct omsp_twiml_stream *stream)
{
    (void)ctx;
    is_text(stream->url, stream->verb != OMSP_TWIML_STOP);
    is_text(stream->name, stream->verb == OMSP_TWIML_STOP);
    is_text(stream->track, false);
    is_text(stream->status_callback, false);
    is_text(stream->status_callback_method, false);
    FUZZ_CHECK(stream->param_count <= 99);
    for (unsigned i = 0; i < stream->param_count; i++) {
        is_text(stream->params[i].name, true);
        is_text(stream->params[i].value, true);
    }
    return OMSP_OK;
}

static void on_other(void *ctx, const char *element)
{
    (void)ctx;
    is_text(element, true);
}

/* Says no to the second one: that is the answer, and nobody is asked again. */
static enum omsp_status one_only(void *ctx, const struct omsp_twiml_stream *stream)
{
    unsigned *asked = ctx;

    (void)stream;
    FUZZ_CHECK(*asked < 2);
    return ++*asked == 2 ? OMSP_FULL : OMSP_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct omsp_twiml_visitor visitor = {on_stream, on_other, NULL};
    enum omsp_status status = omsp_twiml_parse(omsp_span(data, size), &visitor), again;
    struct omsp_twiml_visitor strict = {one_only, on_other, NULL};
    struct fuzz_memory memory;
    unsigned asked = 0;

    FUZZ_CHECK(status == OMSP_OK || status == OMSP_INVALID);
    strict.ctx = &asked;
    again = omsp_twiml_parse(omsp_span(data, size), &strict);
    FUZZ_CHECK(again == (asked == 2 ? OMSP_FULL : status));
    for (long left = 0; left < 60; left += 1 + left / 4) { /* the parser's own, then ours */
        fuzz_memory_begin(&memory, left);
        again = omsp_twiml_parse(omsp_span(data, size), &visitor);
        FUZZ_CHECK(again == status || (again == OMSP_NOMEM && memory.failed) ||
                   (again == OMSP_INVALID && memory.failed));
        fuzz_memory_end(&memory);
    }
    return 0;
}
