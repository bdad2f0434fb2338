/* One block for several pieces: what is cut, what is refused, what a sanitizer sees. */
#include "support/suite.h"

#include "base/alloc.h"
#include "base/arena.h"

#include <stdint.h>
#include <string.h>

#define SEED 0x5ab5u

struct pieces {
    uint64_t *numbers;
    char *first, *none, *second;
    uint8_t *bytes;
    struct {
        void *a, *b;
    } * pairs;
};

static void lay_out(struct omsp_arena *arena, struct pieces *out)
{
    out->numbers = omsp_arena_cut(arena, 3 * sizeof(out->numbers[0]));
    out->first = omsp_arena_text(arena, "one");
    out->none = omsp_arena_text(arena, NULL);
    out->second = omsp_arena_text(arena, "");
    out->bytes = omsp_arena_cut(arena, 5);
    out->pairs = omsp_arena_cut_array(arena, 2, sizeof(out->pairs[0]));
}

static enum omsp_status make(struct pieces *out)
{
    struct omsp_arena arena;
    enum omsp_status status;

    omsp_arena_begin(&arena);
    lay_out(&arena, out);
    ck_assert(!out->numbers && !out->first && !out->second && !out->bytes && !out->pairs);
    status = omsp_arena_make(&arena);
    if (status)
        return status;
    lay_out(&arena, out);
    ck_assert_uint_eq(arena.used, arena.room);
    ck_assert_ptr_null(omsp_arena_cut(&arena, 1));
    ck_assert_ptr_null(omsp_arena_text(&arena, ""));
    return status;
}

START_TEST(pieces_are_cut_from_one_block_that_the_first_one_frees)
{
    long allocations = omsp_test_allocations(), outstanding = omsp_test_outstanding();
    struct pieces p;

    ck_assert_int_eq(make(&p), OMSP_OK);
    ck_assert_int_eq(omsp_test_allocations() - allocations, 1);
    ck_assert_int_eq(omsp_test_outstanding() - outstanding, 1);
    ck_assert_str_eq(p.first, "one");
    ck_assert_ptr_null(p.none);
    ck_assert_str_eq(p.second, "");
    for (unsigned i = 0; i < 3; i++)
        ck_assert_uint_eq(p.numbers[i], 0);
    for (unsigned i = 0; i < 5; i++)
        ck_assert_uint_eq(p.bytes[i], 0);
    ck_assert(!p.pairs[0].a && !p.pairs[1].b);
    ck_assert_uint_eq((uintptr_t)p.numbers % (2 * sizeof(void *)), 0);
    ck_assert_uint_eq((uintptr_t)p.bytes % (2 * sizeof(void *)), 0);
    ck_assert_uint_eq((uintptr_t)p.pairs % (2 * sizeof(void *)), 0);
    omsp_free(p.numbers);
    ck_assert_int_eq(omsp_test_outstanding(), outstanding);
}
END_TEST

/* Of random sizes and texts, each written to its last byte: none is another's, none is lost. */
START_TEST(pieces_do_not_overlap)
{
    uint32_t random = SEED;

    for (unsigned turn = 0; turn < 200; turn++) {
        static const char text[] = "0123456789abcdefghijklmnopqrstuvwxyz";
        unsigned count = 1 + turn % 17;
        size_t sizes[17];
        uint8_t *pieces[17];
        struct omsp_arena arena;

        for (unsigned i = 0; i < count; i++) {
            random = random * 1664525 + 1013904223;
            sizes[i] = 1 + (random >> 24) % 36;
        }
        omsp_arena_begin(&arena);
        for (unsigned pass = 0; pass < 2; pass++) {
            for (unsigned i = 0; i < count; i++)
                pieces[i] = i && sizes[i] % 2
                                ? (uint8_t *)omsp_arena_text(&arena, text + 37 - sizes[i])
                                : omsp_arena_cut(&arena, sizes[i]);
            if (!pass)
                ck_assert_int_eq(omsp_arena_make(&arena), OMSP_OK);
        }
        for (unsigned i = 0; i < count; i++)
            memset(pieces[i], (int)(i + 1), sizes[i]);
        for (unsigned i = 0; i < count; i++)
            for (size_t at = 0; at < sizes[i]; at++)
                ck_assert_uint_eq(pieces[i][at], i + 1);
        omsp_free(pieces[0]);
    }
}
END_TEST

START_TEST(sizes_that_no_block_has_are_no_memory)
{
    static const size_t sizes[][2] = {
        {SIZE_MAX, 0}, {SIZE_MAX - 1, 1}, {SIZE_MAX / 2, SIZE_MAX / 2 + 1}, {0, SIZE_MAX - 15}};
    long allocations = omsp_test_allocations();
    struct omsp_arena arena;

    for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        omsp_arena_begin(&arena);
        omsp_arena_cut(&arena, 64);
        omsp_arena_cut(&arena, sizes[i][0]);
        omsp_arena_cut(&arena, sizes[i][1]);
        omsp_arena_text(&arena, "after");
        ck_assert_int_eq(omsp_arena_make(&arena), OMSP_NOMEM);
    }
    omsp_arena_begin(&arena);
    omsp_arena_cut_array(&arena, SIZE_MAX / 2, 3);
    omsp_arena_cut(&arena, 64);
    ck_assert_int_eq(omsp_arena_make(&arena), OMSP_NOMEM);
    ck_assert_int_eq(omsp_test_allocations(), allocations);
}
END_TEST

static void walk_body(void *ctx)
{
    struct pieces p;
    enum omsp_status status = make(&p);

    (void)ctx;
    ck_assert_int_eq(status, omsp_test_alloc_failed() ? OMSP_NOMEM : OMSP_OK);
    if (!status)
        omsp_free(p.numbers);
}

START_TEST(without_memory_there_is_no_block)
{
    ck_assert_int_eq(omsp_test_alloc_walk(walk_body, NULL), 1);
}
END_TEST

#ifdef __SANITIZE_ADDRESS__
int __asan_address_is_poisoned(const volatile void *address);

START_TEST(a_sanitizer_sees_an_overrun_of_any_piece)
{
    struct pieces p;

    ck_assert_int_eq(make(&p), OMSP_OK);
    ck_assert(!__asan_address_is_poisoned(p.numbers + 2));
    ck_assert(__asan_address_is_poisoned(p.numbers + 3));
    ck_assert(!__asan_address_is_poisoned(p.first + 3));
    ck_assert(__asan_address_is_poisoned(p.first + 4));
    ck_assert(__asan_address_is_poisoned(p.first - 1));
    ck_assert(__asan_address_is_poisoned(p.second + 1));
    ck_assert(!__asan_address_is_poisoned(p.bytes + 4));
    ck_assert(__asan_address_is_poisoned(p.bytes + 5));
    ck_assert(__asan_address_is_poisoned(p.pairs + 2));
    omsp_arena_retire(p.bytes, 5);
    ck_assert(__asan_address_is_poisoned(p.bytes));
    ck_assert(!__asan_address_is_poisoned(p.pairs));
    omsp_free(p.numbers);
}
END_TEST
#define SANITIZED , TEST(a_sanitizer_sees_an_overrun_of_any_piece)
#else
#define SANITIZED
#endif

OMSP_SUITE("arena", TEST(pieces_are_cut_from_one_block_that_the_first_one_frees),
           TEST(pieces_do_not_overlap), TEST(sizes_that_no_block_has_are_no_memory),
           TEST(without_memory_there_is_no_block) SANITIZED)
