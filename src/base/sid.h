/*
 * Names of calls and streams for people and for REST: two capital letters that say what it is, and
 * 128 random bits as 32 lower-case hex digits ("CA0123...ef"). Pure; the random bytes are the
 * caller's (ports->random).
 */
#ifndef OMSP_BASE_SID_H
#define OMSP_BASE_SID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OMSP_SID_CHARS        34 /* without the terminator */
#define OMSP_SID_RANDOM_BYTES 16

/* prefix: two characters A-Z. Terminates. */
void omsp_sid_format(const char *prefix, const uint8_t random[OMSP_SID_RANDOM_BYTES],
                     char out[OMSP_SID_CHARS + 1]);

/* Is text[0..len) a SID with this prefix (NULL: with any)? Hex digits of either case are taken, for
 * people type them; the prefix must be exact. */
bool omsp_sid_is_valid(const char *text, size_t len, const char *prefix);

/* Two valid SIDs, ignoring the case of hex digits. False when either is not valid. */
bool omsp_sid_equal(const char *a, const char *b);

#endif
