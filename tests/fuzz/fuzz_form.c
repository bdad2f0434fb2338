/* Forms from anywhere: what is read is written and read to the same; signing loses no field. */
#include "fuzz.h"

#include "base/utf.h"
#include "wire/form.h"

#define ROOM 16

static void goes_round(struct omsp_form_field *fields, unsigned count, size_t size)
{
    size_t room = size * 3 + 2 * ROOM + 1;
    struct omsp_form_field again[ROOM];
    char *out = malloc(room);
    struct omsp_text text;
    unsigned count_again;

    FUZZ_CHECK(out != NULL);
    omsp_text_init(&text, out, room);
    omsp_form_signed_text(&text, "", fields, count);
    FUZZ_CHECK(!text.truncated && text.len <= size);

    omsp_text_init(&text, out, room);
    omsp_form_put(&text, fields, count);
    FUZZ_CHECK(!text.truncated);
    FUZZ_CHECK(omsp_form_parse(out, again, ROOM, &count_again) == OMSP_OK && count_again == count);
    for (unsigned i = 0; i < count; i++) {
        FUZZ_CHECK(!strcmp(fields[i].name, again[i].name));
        FUZZ_CHECK(!strcmp(fields[i].value, again[i].value));
        FUZZ_CHECK(i == 0 || strcmp(fields[i - 1].name, fields[i].name) <= 0);
    }
    free(out);
}

/* What is signed of an upgrade's URL is wss, with no default port. */
static void signs(const char *bytes, size_t size)
{
    size_t room = 3 * size + 64; /* of a URL all may be written as %XX */
    char *url = malloc(size + 64), *out = malloc(room);
    struct omsp_text text;

    FUZZ_CHECK(url && out);
    for (int i = 0; i < 2; i++) {
        sprintf(url, "%s://%s", i ? "wss" : "ws", bytes);
        omsp_text_init(&text, out, room);
        omsp_form_signed_url(&text, url);
        FUZZ_CHECK(!text.truncated && (!text.len || !memcmp(out, "wss://", 6)));
    }
    free(url);
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct omsp_form_field fields[ROOM];
    char *text = malloc(size + 1);
    enum omsp_status status;
    unsigned count;

    FUZZ_CHECK(text != NULL);
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    signs(text, size);
    status = omsp_form_parse(text, fields, ROOM, &count);
    FUZZ_CHECK(status == OMSP_OK || status == OMSP_INVALID || status == OMSP_FULL);
    FUZZ_CHECK(count <= ROOM && (status != OMSP_FULL || count == ROOM));
    for (unsigned i = 0; status == OMSP_OK && i < count; i++) {
        struct omsp_span name = omsp_span_text(fields[i].name);
        struct omsp_span value = omsp_span_text(fields[i].value);

        FUZZ_CHECK(fuzz_inside(name, text, size) && fuzz_inside(value, text, size));
        FUZZ_CHECK(omsp_utf8_is_valid(fields[i].name, name.len));
        FUZZ_CHECK(omsp_utf8_is_valid(fields[i].value, value.len));
    }
    if (status == OMSP_OK)
        goes_round(fields, count, size);
    free(text);
    return 0;
}
