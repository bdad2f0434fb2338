/* Blocks of several pieces. Whoever makes one owns it; nothing is shared. */
#include "base/arena.h"

#include "base/alloc.h"

#include <stdint.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define POISONS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POISONS 1
#endif
#endif

#ifdef POISONS
/* sanitizer/asan_interface.h, which is no header of C's. */
void __asan_poison_memory_region(const volatile void *from, size_t size);
void __asan_unpoison_memory_region(const volatile void *from, size_t size);
#define GAP        ((size_t)16)
#define TEXT_ALIGN ALIGN /* a poisoned granule has to end before a piece begins */
#else
#define __asan_poison_memory_region(from, size)   ((void)(from), (void)(size))
#define __asan_unpoison_memory_region(from, size) ((void)(from), (void)(size))
#define GAP                                       ((size_t)0)
#define TEXT_ALIGN                                ((size_t)1)
#endif

#define ALIGN (2 * sizeof(void *))

void omsp_arena_begin(struct omsp_arena *arena)
{
    memset(arena, 0, sizeof(*arena));
}

enum omsp_status omsp_arena_make(struct omsp_arena *arena)
{
    arena->block = arena->used != SIZE_MAX ? omsp_zalloc(arena->used) : NULL;
    if (!arena->block)
        return OMSP_NOMEM;
    arena->room = arena->used;
    arena->used = 0;
    __asan_poison_memory_region(arena->block, arena->room);
    return OMSP_OK;
}

static size_t plus(size_t a, size_t b)
{
    return a > SIZE_MAX - b ? SIZE_MAX : a + b;
}

/* align: a power of 2, at most ALIGN. What is too much to be counted stays too much. */
static void *cut(struct omsp_arena *arena, size_t size, size_t align)
{
    size_t most = arena->block ? arena->room : SIZE_MAX - ALIGN, from, end = SIZE_MAX;

    if (arena->used <= most) {
        from = (arena->used + align - 1) & ~(align - 1);
        end = plus(plus(from, size), GAP);
    }
    if (!arena->block)
        arena->used = end <= most ? end : SIZE_MAX;
    if (!arena->block || end > most)
        return NULL;
    arena->used = end;
    __asan_unpoison_memory_region(arena->block + from, size);
    return arena->block + from;
}

void *omsp_arena_cut(struct omsp_arena *arena, size_t size)
{
    return cut(arena, size, ALIGN);
}

void *omsp_arena_cut_array(struct omsp_arena *arena, size_t count, size_t size)
{
    return omsp_arena_cut(arena, size && count > SIZE_MAX / size ? SIZE_MAX : count * size);
}

char *omsp_arena_text(struct omsp_arena *arena, const char *text)
{
    size_t size = text ? strlen(text) + 1 : 0;
    char *copy = text ? cut(arena, size, TEXT_ALIGN) : NULL;

    if (copy)
        memcpy(copy, text, size);
    return copy;
}

void omsp_arena_retire(void *piece, size_t size)
{
    __asan_poison_memory_region(piece, size);
}
