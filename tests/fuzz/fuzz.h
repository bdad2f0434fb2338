/*
 * What fuzz targets share. A target is one file fuzz_<noun>.c with LLVMFuzzerTestOneInput;
 * libFuzzer drives it in OMSP_FUZZ builds, replay.c over tests/fuzz/corpus/<noun>/ in every build.
 * Targets check laws, not only that nothing crashes.
 */
#ifndef OMSP_TESTS_FUZZ_FUZZ_H
#define OMSP_TESTS_FUZZ_FUZZ_H

#include "base/alloc.h"
#include "base/bytes.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* data is exactly size bytes, so that a sanitizer sees a step outside. Answers 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Unlike assert(), also in release builds. */
#define FUZZ_CHECK(law)                                                                            \
    do {                                                                                           \
        if (!(law)) {                                                                              \
            fprintf(stderr, "%s:%d: broken law: %s\n", __FILE__, __LINE__, #law);                  \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* The input as a source of numbers for sequences of operations; zeros when it is used up. */
struct fuzz_input {
    const uint8_t *data;
    size_t len;
};

static inline bool fuzz_more(const struct fuzz_input *input)
{
    return input->len > 0;
}

static inline uint8_t fuzz_u8(struct fuzz_input *input)
{
    if (!input->len)
        return 0;
    input->len--;
    return *input->data++;
}

static inline uint16_t fuzz_u16(struct fuzz_input *input)
{
    uint16_t high = fuzz_u8(input);
    return (uint16_t)(high << 8 | fuzz_u8(input));
}

static inline uint32_t fuzz_u32(struct fuzz_input *input)
{
    uint32_t high = fuzz_u16(input);
    return high << 16 | fuzz_u16(input);
}

/* At most len bytes of it. */
static inline struct omsp_span fuzz_bytes(struct fuzz_input *input, size_t len)
{
    struct omsp_span span = omsp_span(input->data, len < input->len ? len : input->len);

    input->data += span.len;
    input->len -= span.len;
    return span;
}

/* ---- memory that runs out -------------------------------------------------------------------- */

struct fuzz_memory {
    atomic_long left; /* allocations until one fails, which happens once; negative: none does */
    atomic_bool failed;
    atomic_long outstanding;
    struct omsp_allocator allocator; /* in force until the end */
};

static inline void *fuzz_memory_resize(void *ctx, void *ptr, size_t size)
{
    struct fuzz_memory *memory = ctx;
    void *made;

    if (memory->left >= 0 && atomic_fetch_sub(&memory->left, 1) == 0) {
        memory->failed = true;
        return NULL;
    }
    made = realloc(ptr, size);
    if (made && !ptr)
        atomic_fetch_add(&memory->outstanding, 1);
    return made;
}

static inline void fuzz_memory_release(void *ctx, void *ptr)
{
    atomic_fetch_sub(&((struct fuzz_memory *)ctx)->outstanding, 1);
    free(ptr);
}

/* From here to fuzz_memory_end allocation number `left` (0: the next) fails; memory is the
 * caller's. */
static inline void fuzz_memory_begin(struct fuzz_memory *memory, long left)
{
    memory->left = left;
    memory->failed = false;
    memory->outstanding = 0;
    memory->allocator = (struct omsp_allocator){fuzz_memory_resize, fuzz_memory_release, memory};
    omsp_allocator_set(&memory->allocator);
}

/* Nothing may be outstanding. */
static inline void fuzz_memory_end(struct fuzz_memory *memory)
{
    FUZZ_CHECK(memory->outstanding == 0);
    omsp_allocator_set(NULL);
}

static inline bool fuzz_inside(struct omsp_span part, const void *whole, size_t len)
{
    const uint8_t *start = whole;

    return part.len == 0 ||
           (part.ptr >= start && part.len <= len && (size_t)(part.ptr - start) <= len - part.len);
}

#endif
