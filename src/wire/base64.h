/* Base64 (RFC 4648 4), padded, no line breaks. Pure functions. */
#ifndef OMSP_WIRE_BASE64_H
#define OMSP_WIRE_BASE64_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

#define OMSP_BASE64_CHARS(bytes) (((bytes) + 2) / 3 * 4)

/* Writes OMSP_BASE64_CHARS(len) characters, no terminator. */
void omsp_base64_encode(char *out, const uint8_t *in, size_t len);
/* Strict: alphabet, padding, zero bits. *out_len <= room. OMSP_INVALID, OMSP_MORE (room). */
enum omsp_status omsp_base64_decode(const char *in, size_t len, uint8_t *out, size_t room,
                                    size_t *out_len);
/* The same, and text whose padding was left away as a whole (RFC 4648 3.2). */
enum omsp_status omsp_base64_decode_bare(const char *in, size_t len, uint8_t *out, size_t room,
                                         size_t *out_len);

#endif
