/*
 * The allocator port. Everything portable allocates here and nowhere else, so that a test can let
 * the n-th allocation fail and count what is outstanding.
 */
#ifndef OMSP_BASE_ALLOC_H
#define OMSP_BASE_ALLOC_H

#include <stddef.h>

struct omsp_allocator {
    /* As realloc(): ptr NULL allocates, returns NULL on failure and leaves ptr alone. size > 0. */
    void *(*resize)(void *ctx, void *ptr, size_t size);
    /* ptr is never NULL here. */
    void (*release)(void *ctx, void *ptr);
    void *ctx;
};

/* Replaces the process-wide allocator; NULL restores the C library's. Call only while nothing of
 * the previous one is outstanding and no other thread is inside the library. */
void omsp_allocator_set(const struct omsp_allocator *allocator);

/* All return NULL when out of memory or when count*size overflows. */
void *omsp_alloc(size_t size);                      /* contents undefined */
void *omsp_zalloc(size_t size);                     /* zeroed */
void *omsp_zalloc_array(size_t count, size_t size); /* zeroed */
void *omsp_resize(void *ptr, size_t size);
char *omsp_strdup(const char *text); /* text non-NULL */
void omsp_free(void *ptr);           /* NULL is fine */

#endif
