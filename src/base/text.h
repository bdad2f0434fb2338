/*
 * A bounded text builder over the caller's storage: always NUL-terminated, never past the end; what
 * does not fit sets `truncated` and `need` keeps counting, so a caller can size a second try.
 */
#ifndef OMSP_BASE_TEXT_H
#define OMSP_BASE_TEXT_H

#include "base/format.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct omsp_text {
    char *data;  /* caller's storage, may be NULL when room is 0 */
    size_t room; /* bytes of storage, terminator included */
    size_t len;  /* characters stored, terminator excluded */
    size_t need; /* characters that would have been stored with endless room */
    bool truncated;
};

void omsp_text_init(struct omsp_text *text, char *storage, size_t room);
void omsp_text_put(struct omsp_text *text, const char *chars, size_t len);
void omsp_text_puts(struct omsp_text *text, const char *chars);
/* The whole of one call must expand to at most 1023 bytes; longer output is cut and marked. */
void omsp_text_printf(struct omsp_text *text, const char *format, ...) OMSP_FORMAT(2, 3);

#endif
