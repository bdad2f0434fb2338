/* The allocator port's default: the C library. The pointer is swapped only by tests. */
#include "base/alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void *libc_resize(void *ctx, void *ptr, size_t size)
{
    (void)ctx;
    return realloc(ptr, size);
}

static void libc_release(void *ctx, void *ptr)
{
    (void)ctx;
    free(ptr);
}

static const struct omsp_allocator libc_allocator = {libc_resize, libc_release, NULL};
static const struct omsp_allocator *current = &libc_allocator;

void omsp_allocator_set(const struct omsp_allocator *allocator)
{
    current = allocator ? allocator : &libc_allocator;
}

void *omsp_resize(void *ptr, size_t size)
{
    return current->resize(current->ctx, ptr, size ? size : 1);
}

void *omsp_alloc(size_t size)
{
    return omsp_resize(NULL, size);
}

void *omsp_zalloc(size_t size)
{
    void *ptr = omsp_alloc(size);
    if (ptr)
        memset(ptr, 0, size);
    return ptr;
}

void *omsp_zalloc_array(size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size)
        return NULL;
    return omsp_zalloc(count * size);
}

char *omsp_strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = omsp_alloc(size);
    if (copy)
        memcpy(copy, text, size);
    return copy;
}

void omsp_free(void *ptr)
{
    if (ptr)
        current->release(current->ctx, ptr);
}
