/* What parts of libspeexdsp call instead of calloc and free. */
#include "media/speex_memory.h"

#include "base/alloc.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define ALIGNMENT 16u /* as calloc's */

void *omsp_speex_calloc(size_t count, size_t size);
void omsp_speex_free(void *ptr);

/* Of who makes: they allocate when they are made, and then no more. */
static atomic_flag making = ATOMIC_FLAG_INIT;
static uint8_t *next;
static size_t left;

void *omsp_speex_calloc(size_t count, size_t size)
{
    size_t need = (count * size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    uint8_t *made = next;

    if (need > left)
        abort();
    next += need;
    left -= need;
    return made;
}

/* The block goes as a whole. */
void omsp_speex_free(void *ptr)
{
    (void)ptr;
}

enum omsp_status omsp_speex_make(size_t room, void (*make)(void *ctx), void *ctx, void **block)
{
    *block = omsp_zalloc(room);
    if (!*block)
        return OMSP_NOMEM;
    while (atomic_flag_test_and_set(&making))
        continue;
    next = *block;
    left = room;
    make(ctx);
    left = 0;
    atomic_flag_clear(&making);
    return OMSP_OK;
}
