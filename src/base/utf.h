/*
 * UTF-8 to UTF-16 and back (Unicode 15 chapter 3.9, tables 3-5 and 3-7): no overlong forms, no
 * surrogates in UTF-8, nothing above U+10FFFF. Pure; any thread. Lengths are explicit; NUL is a
 * character like any other and nothing is terminated: give the length with the terminator to have
 * it converted too.
 */
#ifndef OMSP_BASE_UTF_H
#define OMSP_BASE_UTF_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum omsp_utf_policy {
    OMSP_UTF_STRICT,  /* ill-formed input is OMSP_INVALID */
    OMSP_UTF_REPLACE, /* each maximal ill-formed part becomes one U+FFFD (Unicode 3.9, "Best
                         Practices for Using U+FFFD"); never fails for its input */
};

/* *need (may be NULL): units of the whole result, also for OMSP_MORE; 0 for OMSP_INVALID.
 * OMSP_MORE: room (in units) is less; out holds as many whole characters as fit (may be NULL when
 * room is 0). OMSP_INVALID: out's contents are undefined within room. Input and output must not
 * overlap. */
enum omsp_status omsp_utf8_to_utf16(const char *utf8, size_t len, enum omsp_utf_policy policy,
                                    uint16_t *out, size_t room, size_t *need);

/* The same with bytes for units. A lone surrogate is ill-formed. */
enum omsp_status omsp_utf16_to_utf8(const uint16_t *utf16, size_t len, enum omsp_utf_policy policy,
                                    char *out, size_t room, size_t *need);

bool omsp_utf8_is_valid(const char *utf8, size_t len);

#endif
