#include "core/evict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#define FILES_MAX 24

static uint64_t random_state = 2026;

static uint64_t next_random(uint64_t below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % below;
}

/* The words of the header, one file at a time. */
static int64_t reference(struct evict_file *files, size_t count, int64_t quota_bytes)
{
    int64_t left = 0;
    for (size_t i = 0; i < count; i++) {
        files[i].chosen = false;
        left += files[i].bytes;
    }
    while (left > quota_bytes) {
        struct evict_file *worst = NULL;
        for (size_t i = 0; i < count; i++) {
            struct evict_file *file = &files[i];
            if (file->needed || file->chosen)
                continue;
            if (!worst || file->used_ms < worst->used_ms ||
                (file->used_ms == worst->used_ms && file->bytes > worst->bytes))
                worst = file;
        }
        if (!worst)
            break;
        worst->chosen = true;
        left -= worst->bytes;
    }
    return left;
}

static void assert_as_reference(const struct evict_file *files, size_t count, int64_t quota_bytes)
{
    struct evict_file wanted[FILES_MAX], found[FILES_MAX];
    memcpy(wanted, files, count * sizeof *files);
    memcpy(found, files, count * sizeof *files);
    int64_t left = reference(wanted, count, quota_bytes);
    assert_int_equal(evict_choose(found, count, quota_bytes), left);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(found[i].chosen, wanted[i].chosen);
        assert_true(found[i].bytes == files[i].bytes && found[i].used_ms == files[i].used_ms &&
                    found[i].needed == files[i].needed);
    }
}

/* Few sizes and times, so that many are alike; each quota that makes a difference. */
static void agrees_with_the_words(void **state)
{
    (void)state;
    for (int round = 0; round < 4000; round++) {
        struct evict_file files[FILES_MAX];
        size_t count = next_random(FILES_MAX + 1);
        uint64_t sizes = 1 + next_random(12), times = 1 + next_random(8);
        int64_t total = 0;
        for (size_t i = 0; i < count; i++) {
            files[i] = (struct evict_file){
                .bytes = (int64_t)next_random(sizes),
                .used_ms = (int64_t)next_random(times) - 3,
                .needed = next_random(4) == 0,
                .chosen = next_random(2) == 0,
            };
            total += files[i].bytes;
        }
        for (int64_t quota = -1; quota <= total + 1; quota += 1 + (int64_t)next_random(5))
            assert_as_reference(files, count, quota);
    }
}

static void real_sizes(void **state)
{
    (void)state;
    for (int round = 0; round < 2000; round++) {
        struct evict_file files[FILES_MAX];
        int64_t total = 0;
        for (size_t i = 0; i < FILES_MAX; i++) {
            files[i] = (struct evict_file){
                .bytes = (int64_t)next_random(UINT64_C(1) << 40),
                .used_ms = INT64_C(1795424400000) + (int64_t)next_random(UINT64_C(86400000) * 30),
                .needed = next_random(3) == 0,
            };
            total += files[i].bytes;
        }
        assert_as_reference(files, FILES_MAX, (int64_t)next_random((uint64_t)total));
    }
}

static void the_longest_unused_go_first(void **state)
{
    (void)state;
    struct evict_file files[] = {{.bytes = 10, .used_ms = 3},
                                 {.bytes = 10, .used_ms = 1, .needed = true},
                                 {.bytes = 5, .used_ms = 2},
                                 {.bytes = 10, .used_ms = 2}};
    assert_int_equal(evict_choose(files, 4, 35), 35);
    assert_false(files[0].chosen || files[1].chosen || files[2].chosen || files[3].chosen);
    assert_int_equal(evict_choose(files, 4, 34), 25);
    assert_true(files[3].chosen && !files[0].chosen && !files[1].chosen && !files[2].chosen);
    assert_int_equal(evict_choose(files, 4, 24), 20);
    assert_true(files[3].chosen && files[2].chosen && !files[0].chosen && !files[1].chosen);
    assert_int_equal(evict_choose(files, 4, 0), 10);
    assert_true(files[0].chosen && files[2].chosen && files[3].chosen && !files[1].chosen);
}

static void strange_numbers_are_borne(void **state)
{
    (void)state;
    struct evict_file files[] = {{.bytes = INT64_MAX, .used_ms = INT64_MIN},
                                 {.bytes = INT64_MAX, .used_ms = INT64_MAX},
                                 {.bytes = -5, .used_ms = 0},
                                 {.bytes = INT64_MIN, .used_ms = INT64_MIN, .needed = true},
                                 {.bytes = 7, .used_ms = 0}};
    assert_int_equal(evict_choose(NULL, 0, 0), 0);
    assert_int_equal(evict_choose(NULL, 0, -1), 0);
    assert_int_equal(evict_choose(files, 5, 7), 0);
    assert_true(files[0].chosen && files[1].chosen && files[4].chosen && !files[3].chosen);
    assert_int_equal(evict_choose(files, 5, INT64_MIN), 0);
    assert_true(files[1].chosen && !files[3].chosen);
    /* Neither of the largest fits. */
    assert_int_equal(evict_choose(files, 2, INT64_MAX - 1), 0);
    files[1].needed = true;
    assert_int_equal(evict_choose(files, 2, 0), INT64_MAX);
    assert_true(files[0].chosen && !files[1].chosen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_words),
        cmocka_unit_test(real_sizes),
        cmocka_unit_test(the_longest_unused_go_first),
        cmocka_unit_test(strange_numbers_are_borne),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
