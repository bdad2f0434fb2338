/* Request targets from anywhere: what is taken has the parts that it must have, in UTF-8 and of
 * bounded length, and a query changes nothing; what is shown of one is plain text. */
#include "fuzz.h"

#include "base/utf.h"
#include "rest/route.h"

static void fits(const char *segment, bool wanted)
{
    size_t len = strnlen(segment, OMSP_ROUTE_SEGMENT_MAX + 1);

    FUZZ_CHECK(len <= OMSP_ROUTE_SEGMENT_MAX && (len > 0) == wanted);
    FUZZ_CHECK(omsp_utf8_is_valid(segment, len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *target = malloc(size + 3), shown[64];
    struct omsp_route route, again;
    size_t room = size ? 1 + data[0] % sizeof(shown) : 1;

    FUZZ_CHECK(target != NULL);
    if (size)
        memcpy(target, data, size);
    target[size] = '\0';
    if (omsp_route_parse(target, &route) == OMSP_OK) {
        fits(route.account, true);
        fits(route.call, true);
        fits(route.stream, route.kind == OMSP_ROUTE_STREAM);
        if (!strchr(target, '?')) {
            strcat(target, "?q");
            FUZZ_CHECK(omsp_route_parse(target, &again) == OMSP_OK);
            FUZZ_CHECK(again.kind == route.kind && again.suffix == route.suffix);
            FUZZ_CHECK(!strcmp(again.account, route.account) && !strcmp(again.call, route.call) &&
                       !strcmp(again.stream, route.stream));
        }
    }
    omsp_route_path(target, shown, room);
    FUZZ_CHECK(strnlen(shown, room) < room);
    for (const char *at = shown; *at; at++)
        FUZZ_CHECK(*at > 0x20 && *at < 0x7f);
    free(target);
    return 0;
}
