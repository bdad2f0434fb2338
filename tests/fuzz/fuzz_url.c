/* URLs from anywhere: the parts lie in the text, and what is signed for one is a URL again. */
#include "fuzz.h"

#include "wire/form.h"
#include "wire/url.h"

static void signs(const char *text, const struct omsp_url *url)
{
    size_t room = 3 * strlen(text) + 16;
    char *out = malloc(room);
    struct omsp_text made;
    struct omsp_url again;

    FUZZ_CHECK(out != NULL);
    omsp_text_init(&made, out, room);
    omsp_form_signed_url(&made, text);
    FUZZ_CHECK(!made.truncated && omsp_url_parse(out, &again) == OMSP_OK);
    FUZZ_CHECK(again.scheme == OMSP_SCHEME_WSS && !strcmp(again.host, url->host));
    FUZZ_CHECK(!again.has_query && again.path_len > 0 && again.path[0] == '/');
    FUZZ_CHECK(!again.port_given || again.port == url->port);
    FUZZ_CHECK(omsp_url_is_loopback(&again) == omsp_url_is_loopback(url));
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    struct omsp_url url;

    FUZZ_CHECK(text != NULL);
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    if (omsp_url_parse(text, &url) == OMSP_OK) {
        FUZZ_CHECK(fuzz_inside(omsp_span(url.path, url.path_len), text, strlen(text)));
        FUZZ_CHECK(url.host[0] && memchr(url.host, '\0', sizeof(url.host)));
        FUZZ_CHECK(!url.has_query || url.path[url.query_at] == '?');
        FUZZ_CHECK(!url.path_len || url.path[0] == '/' || url.path[0] == '?');
        FUZZ_CHECK((url.port != 0) == (url.scheme != OMSP_SCHEME_OTHER || url.port_given));
        signs(text, &url);
    }
    if (omsp_url_parse_user(text, &url) == OMSP_OK) {
        FUZZ_CHECK(!url.user.len || fuzz_inside(url.user, text, strlen(text)));
        FUZZ_CHECK(url.user.len || omsp_url_parse(text, &url) == OMSP_OK);
    } else {
        FUZZ_CHECK(omsp_url_parse(text, &url) != OMSP_OK);
    }
    free(text);
    return 0;
}
