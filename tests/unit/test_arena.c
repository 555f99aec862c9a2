#include "core/arena.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdalign.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void gives_zeroed_aligned_memory(void **state)
{
    (void)state;
    struct arena arena = {.blocks = NULL};
    for (size_t size = 1; size < 40; size++) {
        unsigned char *bytes = arena_alloc(&arena, 3, size);
        assert_non_null(bytes);
        assert_int_equal((uintptr_t)bytes % alignof(max_align_t), 0);
        for (size_t i = 0; i < 3 * size; i++)
            assert_int_equal(bytes[i], 0);
        memset(bytes, 0xa5, 3 * size);
    }
    arena_finish(&arena);
}

static void pieces_do_not_overlap(void **state)
{
    (void)state;
    struct arena arena = {.blocks = NULL};
    unsigned char *pieces[300];
    /* Across many blocks, small ones and ones larger than a block. */
    for (size_t i = 0; i < 300; i++) {
        size_t size = i % 50 ? 1 + i : 40000;
        pieces[i] = arena_alloc(&arena, size, 1);
        assert_non_null(pieces[i]);
        memset(pieces[i], (int)(i % 251), size);
    }
    for (size_t i = 0; i < 300; i++) {
        size_t size = i % 50 ? 1 + i : 40000;
        for (size_t k = 0; k < size; k++)
            assert_int_equal(pieces[i][k], i % 251);
    }
    arena_finish(&arena);
}

static void nothing_is_a_valid_piece(void **state)
{
    (void)state;
    struct arena arena = {.blocks = NULL};
    assert_non_null(arena_alloc(&arena, 0, 8));
    assert_non_null(arena_alloc(&arena, 8, 0));
    assert_string_equal(arena_copy(&arena, "", 0), "");
    arena_finish(&arena);
}

static void refuses_what_overflows(void **state)
{
    (void)state;
    struct arena arena = {.blocks = NULL};
    assert_null(arena_alloc(&arena, SIZE_MAX, 2));
    assert_null(arena_alloc(&arena, SIZE_MAX / 2 + 1, 2));
    assert_null(arena_alloc(&arena, 1, SIZE_MAX));
    assert_null(arena_alloc(&arena, SIZE_MAX, 1));
    assert_null(arena_copy(&arena, "x", SIZE_MAX));
    assert_int_equal(arena.used_bytes, 0);
    arena_finish(&arena);
}

static void keeps_to_its_limit(void **state)
{
    (void)state;
    const size_t step = alignof(max_align_t);
    struct arena arena = {.limit_bytes = 4 * step};
    assert_non_null(arena_alloc(&arena, 3, step));
    assert_null(arena_alloc(&arena, 2, step));
    assert_int_equal(arena.used_bytes, 3 * step);
    /* A refusal takes nothing: what is left can still be had, to the last byte. */
    assert_non_null(arena_alloc(&arena, 1, step));
    assert_null(arena_alloc(&arena, 1, 1));
    assert_null(arena_copy(&arena, "x", 1));
    arena_finish(&arena);
}

static void copies_bytes_and_ends_them(void **state)
{
    (void)state;
    struct arena arena = {.blocks = NULL};
    const char bytes[] = {'d', 'u', '\0', 'c', 'k'};
    const char *copy = arena_copy(&arena, bytes, sizeof bytes);
    assert_non_null(copy);
    assert_memory_equal(copy, bytes, sizeof bytes);
    assert_int_equal(copy[sizeof bytes], '\0');
    arena_finish(&arena);
}

static void is_empty_and_usable_after_finish(void **state)
{
    (void)state;
    struct arena arena = {.limit_bytes = 1000};
    arena_finish(&arena);
    assert_non_null(arena_alloc(&arena, 1000 / 16, 16));
    arena_finish(&arena);
    assert_null(arena.blocks);
    assert_int_equal(arena.used_bytes, 0);
    assert_non_null(arena_alloc(&arena, 1000 / 16, 16));
    arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_zeroed_aligned_memory),
        cmocka_unit_test(pieces_do_not_overlap),
        cmocka_unit_test(nothing_is_a_valid_piece),
        cmocka_unit_test(refuses_what_overflows),
        cmocka_unit_test(keeps_to_its_limit),
        cmocka_unit_test(copies_bytes_and_ends_them),
        cmocka_unit_test(is_empty_and_usable_after_finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
