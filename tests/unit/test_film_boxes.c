#include "core/film_boxes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

struct file {
    const uint8_t *bytes;
    size_t size;
    int reads;
};

static bool look(void *context, uint64_t at, uint8_t *bytes, size_t count)
{
    struct file *file = context;
    assert_in_range(count, 1, FILM_BOXES_PART_BYTES_MAX);
    file->reads++;
    if (at > file->size || count > file->size - at)
        return false;
    memcpy(bytes, file->bytes + at, count);
    return true;
}

/* The boxes of a stretch, as "type at-end" and how the walk ended. */
static const char *walk(const char *bytes, size_t size, uint64_t from, uint64_t to, int most)
{
    static char text[256];
    static const char *const ends[] = {[FILM_BOXES_END] = "end",
                                       [FILM_BOXES_INVALID] = "invalid",
                                       [FILM_BOXES_UNREAD] = "unread",
                                       [FILM_BOXES_TOO_MANY] = "too many"};
    struct file file = {(const uint8_t *)bytes, size, 0};
    struct film_boxes boxes = {.read = look, .context = &file, .left = most};
    struct film_boxes_span span = {from, to};
    struct film_box box;
    enum film_boxes_result result;
    int used = 0;
    while ((result = film_boxes_next(&boxes, &span, &box)) == FILM_BOXES_BOX) {
        assert_true(span.at <= span.end && box.body.at <= box.body.end && box.body.end == span.at);
        used += snprintf(text + used, sizeof text - (size_t)used, "%.4s %d-%d (%lld) ", box.type,
                         (int)box.body.at, (int)box.body.end, (long long)box.stated_end);
    }
    snprintf(text + used, sizeof text - (size_t)used, "%s", ends[result]);
    assert_true(file.reads <= 2 * most);
    return text;
}

#define WALK(text, from, to, most) walk(text, sizeof(text) - 1, from, to, most)
#define SMALL                                                                                      \
    "\0\0\0\x0a"                                                                                   \
    "ftypab"
#define LARGE                                                                                      \
    "\0\0\0\1mdat\0\0\0\0\0\0\0\x12"                                                               \
    "cd"

static void boxes_of_each_kind(void **state)
{
    (void)state;
    assert_string_equal(WALK(SMALL LARGE, 0, 28, 9), "ftyp 8-10 (10) mdat 26-28 (28) end");
    assert_string_equal(WALK(SMALL "\0\0\0\0moovxyz", 0, 21, 9),
                        "ftyp 8-10 (10) moov 18-21 (21) end");
    assert_string_equal(WALK(SMALL LARGE, 10, 28, 9), "mdat 26-28 (28) end");
    assert_string_equal(WALK("", 0, 0, 9), "end");
    assert_string_equal(WALK(SMALL "rest", 0, 14, 9), "ftyp 8-10 (10) end");
}

static void boxes_that_lie(void **state)
{
    (void)state;
    assert_string_equal(WALK("\0\0\0\xff"
                             "moovab",
                             0, 10, 9),
                        "moov 8-10 (255) end");
    assert_string_equal(WALK("\0\0\0\7moovab", 0, 10, 9), "invalid");
    assert_string_equal(WALK("\0\0\0\1moov\0\0\0\0\0\0\0\x0f"
                             "x",
                             0, 17, 9),
                        "invalid");
    assert_string_equal(WALK("\0\0\0\1moov\0\0\0", 0, 11, 9), "end");
    assert_string_equal(WALK(SMALL "\0\0\0\1mdat\xff\xff\xff\xff\xff\xff\xff\xff", 0, 26, 9),
                        "ftyp 8-10 (10) mdat 26-26 (-1) end");
    assert_string_equal(WALK(SMALL, 0, 99, 9), "ftyp 8-10 (10) unread");
    assert_string_equal(WALK(SMALL, 50, 10, 9), "end");
}

static void a_walk_has_an_end(void **state)
{
    (void)state;
    assert_string_equal(WALK(SMALL SMALL SMALL, 0, 30, 2),
                        "ftyp 8-10 (10) ftyp 18-20 (20) too many");
    assert_string_equal(WALK(SMALL SMALL, 0, 20, 2), "ftyp 8-10 (10) ftyp 18-20 (20) end");
}

static void numbers(void **state)
{
    (void)state;
    assert_true(film_boxes_number((const uint8_t *)"\x01\x02\x03", 3) == 0x010203);
    assert_true(film_boxes_number((const uint8_t *)"\xff\xff\xff\xff\xff\xff\xff\xff", 8) ==
                UINT64_MAX);
    assert_true(film_boxes_number((const uint8_t *)"", 0) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boxes_of_each_kind),
        cmocka_unit_test(boxes_that_lie),
        cmocka_unit_test(a_walk_has_an_end),
        cmocka_unit_test(numbers),
    };
    return cmocka_run_group_tests_name("film_boxes", tests, NULL, NULL);
}
