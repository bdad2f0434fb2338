/* The bounded text builder. No state of its own, no allocation. */
#include "base/text.h"

#include <stdio.h>
#include <string.h>

void omsp_text_init(struct omsp_text *text, char *storage, size_t room)
{
    text->data = storage;
    text->room = room;
    text->len = 0;
    text->need = 0;
    text->truncated = false;
    if (room)
        storage[0] = '\0';
}

void omsp_text_put(struct omsp_text *text, const char *chars, size_t len)
{
    size_t space = text->room ? text->room - 1 - text->len : 0;
    size_t fits = len < space ? len : space;

    text->need += len;
    if (fits < len)
        text->truncated = true;
    if (fits) {
        memcpy(text->data + text->len, chars, fits);
        text->len += fits;
        text->data[text->len] = '\0';
    }
}

void omsp_text_puts(struct omsp_text *text, const char *chars)
{
    omsp_text_put(text, chars, strlen(chars));
}

void omsp_text_printf(struct omsp_text *text, const char *format, ...)
{
    char line[1024];
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    if (n < 0)
        return;
    if ((size_t)n >= sizeof(line)) {
        text->truncated = true;
        n = (int)sizeof(line) - 1;
    }
    omsp_text_put(text, line, (size_t)n);
}
