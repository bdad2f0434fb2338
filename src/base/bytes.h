/*
 * Bytes that belong to somebody else, and readers and writers over them that cannot step outside.
 * A reader or writer that ran out stays failed and answers zeros: check `ok` once at the end.
 */
#ifndef OMSP_BASE_BYTES_H
#define OMSP_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct omsp_span {
    const uint8_t *ptr;
    size_t len;
};

static inline struct omsp_span omsp_span(const void *ptr, size_t len)
{
    struct omsp_span span = {(const uint8_t *)ptr, len};
    return span;
}

static inline struct omsp_span omsp_span_text(const char *text)
{
    return omsp_span(text, strlen(text));
}

static inline uint16_t omsp_be16(const uint8_t *p)
{
    return (uint16_t)((unsigned)p[0] << 8 | p[1]);
}
static inline uint32_t omsp_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}
static inline uint16_t omsp_le16(const uint8_t *p)
{
    return (uint16_t)(p[0] | (unsigned)p[1] << 8);
}
static inline uint32_t omsp_le32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}
static inline uint64_t omsp_le64(const uint8_t *p)
{
    return omsp_le32(p) | (uint64_t)omsp_le32(p + 4) << 32;
}
static inline void omsp_put_be16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}
static inline void omsp_put_be32(uint8_t *p, uint32_t v)
{
    omsp_put_be16(p, (uint16_t)(v >> 16));
    omsp_put_be16(p + 2, (uint16_t)v);
}
static inline void omsp_put_le16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}
static inline void omsp_put_le32(uint8_t *p, uint32_t v)
{
    omsp_put_le16(p, (uint16_t)v);
    omsp_put_le16(p + 2, (uint16_t)(v >> 16));
}
static inline void omsp_put_le64(uint8_t *p, uint64_t v)
{
    omsp_put_le32(p, (uint32_t)v);
    omsp_put_le32(p + 4, (uint32_t)(v >> 32));
}

/* Also when nobody reads it any more, which a compiler would take for needless. */
static inline void omsp_wipe(void *secret, size_t len)
{
    volatile uint8_t *p = (volatile uint8_t *)secret;

    while (len--)
        *p++ = 0;
}

#endif
