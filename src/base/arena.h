/*
 * One block for all that lives as long as its first piece: one allocation, one free, no header
 * between. The steps are written once, in a function that is run twice: before make() they are
 * counted, after it they are cut, zeroed, from the block that make() took.
 *
 *     omsp_arena_begin(&arena);
 *     lay_out(&arena, ...);                every piece is NULL
 *     status = omsp_arena_make(&arena);    the one allocation
 *     thing = lay_out(&arena, ...);        the same steps: the pieces
 *     ...
 *     omsp_free(thing);                    the first piece is the block
 *
 * Under AddressSanitizer there is poisoned room between the pieces and behind the last one, so that
 * an overrun is seen where it happens; elsewhere a piece begins where the one before ends.
 * An arena is used while the block is made and then forgotten. Not thread-safe; no clock, no lock.
 */
#ifndef OMSP_BASE_ARENA_H
#define OMSP_BASE_ARENA_H

#include "base/status.h"

#include <stddef.h>

struct omsp_arena {
    unsigned char *block; /* NULL: counting */
    size_t used, room;
};

/* Counting starts. */
void omsp_arena_begin(struct omsp_arena *arena);
/* OMSP_NOMEM (also when the sum overflows): there is no block, and the arena still counts. */
enum omsp_status omsp_arena_make(struct omsp_arena *arena);

/* Aligned as malloc aligns. NULL while counting, or for more than was counted. */
void *omsp_arena_cut(struct omsp_arena *arena, size_t size);
void *omsp_arena_cut_array(struct omsp_arena *arena, size_t count, size_t size);
/* A copy; text NULL: NULL, and nothing is cut. */
char *omsp_arena_text(struct omsp_arena *arena, const char *text);

/* A piece is dead before its block is: AddressSanitizer reports who still touches it. */
void omsp_arena_retire(void *piece, size_t size);

#endif
