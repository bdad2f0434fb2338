/* Create requests from anywhere: what is read lies in the form, within the bounds; what is not is a
 * refusal of the client's that says why. */
#include "fuzz.h"

#include "rest/create_form.h"

#define FIELDS 256

static bool in_form(const char *part, const char *text, size_t size)
{
    return !part || (part >= text && part < text + size + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct omsp_create_form form;
    static struct omsp_form_field fields[FIELDS];
    unsigned flags = size ? data[0] & 3 : 0, count = 0;
    size_t len = size ? size - 1 : 0;
    char *text = malloc(len + 1);
    struct omsp_rest_error error;

    FUZZ_CHECK(text != NULL);
    if (len)
        memcpy(text, data + 1, len);
    text[len] = '\0';
    memset(&error, 0, sizeof(error));
    if (omsp_form_parse(text, fields, FIELDS, &count) == OMSP_OK) {
        if (omsp_create_form_read(fields, count, flags, &form, &error) == OMSP_OK) {
            const struct omsp_fork_options *options = &form.options;

            FUZZ_CHECK(options->url &&
                       strnlen(options->url, OMSP_FORK_URL_MAX + 1) <= OMSP_FORK_URL_MAX);
            FUZZ_CHECK(options->param_count <= OMSP_FORK_MAX_PARAMS);
            FUZZ_CHECK(in_form(options->name, text, len));
            FUZZ_CHECK(options->tracks >= 1 && options->tracks <= 3);
            FUZZ_CHECK(options->reconnects <= OMSP_FORK_MAX_RECONNECTS);
            for (unsigned i = 0; i < options->param_count; i++)
                FUZZ_CHECK(options->params[i].name && options->params[i].value);
            FUZZ_CHECK(!form.query_cut || !strchr(options->url, '?'));
            if (!(flags & OMSP_CREATE_EXTENSIONS))
                FUZZ_CHECK(!options->authorization && options->reconnects == 0);
        } else {
            FUZZ_CHECK(error.status >= 400 && error.status < 500);
            FUZZ_CHECK(error.message[0] &&
                       strnlen(error.message, sizeof(error.message)) <= OMSP_REST_MESSAGE_MAX);
        }
    }
    free(text);
    return 0;
}
