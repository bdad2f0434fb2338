/*
 * Form fields, out and in, and what Twilio's signature is taken of. Not the digest (port/crypto.h),
 * not multipart bodies. Pure; any thread; no allocation.
 */
#include "wire/form.h"

#include "base/utf.h"
#include "wire/url.h"

/* ---- out ------------------------------------------------------------------------------------ */

/* RFC 3986 2.3; by hand, for <ctype.h> asks the locale. */
static bool is_unreserved(uint8_t c)
{
    uint8_t lower = c | 0x20;

    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

void omsp_form_escape(struct omsp_text *text, const char *value)
{
    static const char digits[] = "0123456789ABCDEF";

    while (*value) {
        size_t plain = 0;

        while (is_unreserved((uint8_t)value[plain]))
            plain++;
        omsp_text_put(text, value, plain);
        value += plain;
        if (*value) {
            uint8_t c = (uint8_t)*value++;
            char escape[3] = {'%', digits[c >> 4], digits[c & 15]};

            omsp_text_put(text, escape, 3);
        }
    }
}

void omsp_form_put(struct omsp_text *text, const struct omsp_form_field *fields, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (i)
            omsp_text_puts(text, "&");
        omsp_form_escape(text, fields[i].name);
        omsp_text_puts(text, "=");
        omsp_form_escape(text, fields[i].value);
    }
}

/* ---- in ------------------------------------------------------------------------------------- */

/* From `from` to `to`, over itself, and terminates: what is decoded is never longer. */
static bool decode(char *from, const char *to)
{
    char *out = from, *start = from;

    while (from < to) {
        if (*from == '%') {
            int high = to - from < 3 ? -1 : omsp_url_hex(from[1]),
                low = high < 0 ? -1 : omsp_url_hex(from[2]);

            if (low < 0 || (high | low) == 0)
                return false;
            *out++ = (char)(high << 4 | low);
            from += 3;
        } else {
            *out++ = *from == '+' ? ' ' : *from;
            from++;
        }
    }
    *out = '\0';
    return omsp_utf8_is_valid(start, (size_t)(out - start));
}

enum omsp_status omsp_form_parse(char *text, struct omsp_form_field *fields, unsigned room,
                                 unsigned *count)
{
    *count = 0;
    while (*text) {
        size_t len = strcspn(text, "&");
        char *end = text + len, *equals = memchr(text, '=', len);
        bool last = *end == '\0';

        if (len) {
            if (*count == room)
                return OMSP_FULL;
            fields[*count].name = text;
            fields[*count].value = equals ? equals + 1 : end;
            /* The value first: to terminate the name overwrites '='. */
            if ((equals && !decode(equals + 1, end)) || !decode(text, equals ? equals : end))
                return OMSP_INVALID;
            if (!equals)
                fields[*count].value = text + strlen(text);
            ++*count;
        }
        text = last ? end : end + 1;
    }
    return OMSP_OK;
}

/* ---- signatures ----------------------------------------------------------------------------- */

static int compare(const struct omsp_form_field *a, const struct omsp_form_field *b)
{
    int by_name = strcmp(a->name, b->name);

    return by_name ? by_name : strcmp(a->value, b->value);
}

/* By insertion: there are few, and qsort may allocate. */
static void sort(struct omsp_form_field *fields, unsigned count)
{
    for (unsigned i = 1; i < count; i++) {
        struct omsp_form_field field = fields[i];
        unsigned at = i;

        for (; at > 0 && compare(&field, &fields[at - 1]) < 0; at--)
            fields[at] = fields[at - 1];
        fields[at] = field;
    }
}

void omsp_form_signed_text(struct omsp_text *text, const char *url, struct omsp_form_field *fields,
                           unsigned count)
{
    omsp_text_puts(text, url);
    sort(fields, count);
    for (unsigned i = 0; i < count; i++) {
        if (i && !compare(&fields[i], &fields[i - 1]))
            continue;
        omsp_text_puts(text, fields[i].name);
        omsp_text_puts(text, fields[i].value);
    }
}

void omsp_form_signed_url(struct omsp_text *text, const char *ws_url)
{
    struct omsp_url url;

    if (omsp_url_parse(ws_url, &url))
        return;
    omsp_text_puts(text, "wss://");
    omsp_url_put_host(text, &url);
    if (url.port_given && url.port != 443 && !(url.scheme == OMSP_SCHEME_WS && url.port == 80))
        omsp_text_printf(text, ":%u", (unsigned)url.port);
    omsp_url_put_path(text, &url, false);
}
