/*
 * A payload as base64, masked for a WebSocket frame, in one pass: twins for different processors,
 * equal in every bit. For media_frame.c, which uses the best that this processor has, and for tests
 * and benchmarks that compare the twins. Pure; any thread.
 */
#ifndef OMSP_WIRE_MEDIA_PAYLOAD_H
#define OMSP_WIRE_MEDIA_PAYLOAD_H

#include "base/cpu.h"

#include <stddef.h>
#include <stdint.h>

/* How far behind the characters a twin may write: the caller has something to put there later. */
#define OMSP_MS_PAYLOAD_SPILL 16

/* Writes OMSP_BASE64_CHARS(len) characters at out, XORed with the four bytes of mask over and over,
 * beginning with its lowest byte. Reads nothing outside in[0..len-1]. */
typedef void omsp_ms_payload_fn(uint8_t *out, const uint8_t *in, size_t len, uint32_t mask);

struct omsp_ms_payload_twin {
    const char *name;
    enum omsp_cpu_level level; /* what the processor must have */
    omsp_ms_payload_fn *put;
};

omsp_ms_payload_fn omsp_ms_put_payload;
/* Those that this processor can run, from the plain one (0) to the best; NULL after the last. */
const struct omsp_ms_payload_twin *omsp_ms_payload_twin(unsigned index);

omsp_ms_payload_fn omsp_ms_put_payload_plain;
#ifdef OMSP_CPU_X86
omsp_ms_payload_fn omsp_ms_put_payload_ssse3;
omsp_ms_payload_fn omsp_ms_put_payload_avx2;
#endif

#endif
