#include "core/film_header.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static char text[160];

struct memory {
    const uint8_t *bytes;
    size_t size;
    size_t broken_at; /* what can't be read; SIZE_MAX: nothing */
};

static const uint8_t *read_memory(void *context, size_t at, size_t count)
{
    const struct memory *memory = context;
    assert_true(count > 0 && at <= memory->size && count <= memory->size - at);
    return at + count > memory->broken_at ? NULL : memory->bytes + at;
}

static bool is_whole_until(const void *bytes, size_t size, size_t broken_at)
{
    struct memory memory = {bytes, size, broken_at};
    text[0] = '\0';
    bool whole = film_header_check(
        &(struct still_bytes){.size = size, .read = read_memory, .context = &memory}, text,
        sizeof text);
    assert_int_equal(whole, text[0] == '\0');
    return whole;
}

static bool is_whole(const void *bytes, size_t size)
{
    return is_whole_until(bytes, size, SIZE_MAX);
}

#define FILM(name, literal) static const char name[] = literal
/* Boxes: ftyp of 12, moov of 16, mdat of 20 bytes. */
FILM(fast, "\0\0\0\14ftypisom\0\0\0\20moovindexes.\0\0\0\24mdatthe pictures");
FILM(plain, "\0\0\0\14ftypisom\0\0\0\24mdatthe pictures\0\0\0\20moovindexes.");
FILM(large, "\0\0\0\14ftypisom\0\0\0\1mdat\0\0\0\0\0\0\0\24four\0\0\0\20moovindexes.");
FILM(endless, "\0\0\0\14ftypisom\0\0\0\20moovindexes.\0\0\0\0mdatto the end");
FILM(trailing,
     "\0\0\0\14ftypisom\0\0\0\20moovindexes.\0\0\0\24mdatthe pictures\377\377junk at the end");
/* An EBML head of 3 bytes, a Segment of 8; one of unknown length. */
FILM(matroska, "\x1a\x45\xdf\xa3\x83"
               "abc\x18\x53\x80\x67\x88"
               "segment!");
FILM(live, "\x1a\x45\xdf\xa3\x83"
           "abc\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff"
           "seg");

static void whole_films_are_whole(void **state)
{
    (void)state;
    assert_true(is_whole(fast, sizeof fast - 1));
    assert_true(is_whole(plain, sizeof plain - 1));
    assert_true(is_whole(large, sizeof large - 1));
    assert_true(is_whole(endless, sizeof endless - 1));
    assert_true(is_whole(trailing, sizeof trailing - 1));
    assert_true(is_whole(matroska, sizeof matroska - 1));
    assert_true(is_whole(live, sizeof live - 1));
}

static void each_cut_is_found(void **state)
{
    (void)state;
    for (size_t size = 0; size < sizeof fast - 1; size++)
        if (size < 28 || size >= 36) /* before a box's head nothing says that there is more */
            assert_false(is_whole(fast, size));
    for (size_t size = 0; size < sizeof plain - 1; size++)
        assert_false(is_whole(plain, size));
    for (size_t size = 0; size < sizeof large - 1; size++)
        assert_false(is_whole(large, size));
    for (size_t size = 0; size < sizeof matroska - 1; size++)
        assert_false(is_whole(matroska, size));
    assert_false(is_whole(fast, sizeof fast - 2));
    assert_string_equal(text, "the film is cut off: it has 47 of 48 bytes");
    assert_false(is_whole(matroska, sizeof matroska - 2));
    assert_string_equal(text, "the film is cut off: it has 20 of 21 bytes");
    assert_false(is_whole(plain, 32));
    assert_string_equal(text, "the film is cut off, or not finished: its index (moov) is missing");
}

static void what_is_no_film_is_named(void **state)
{
    (void)state;
    static const char page[] = "<!doctype html><html>sign in</html>";
    assert_false(is_whole(page, sizeof page - 1));
    assert_string_equal(text, "a web page (HTML), not an MP4, MOV, WebM or Matroska film");
    assert_false(is_whole("\x89PNG\r\n\x1a\n", 8));
    assert_string_equal(text, "a PNG picture, not an MP4, MOV, WebM or Matroska film");
    assert_false(is_whole("", 0));
    assert_false(is_whole("any bytes at all", 16));
}

static void what_cannot_be_read_is_not_whole(void **state)
{
    (void)state;
    assert_false(is_whole_until(plain, sizeof plain - 1, 0));
    assert_false(is_whole_until(plain, sizeof plain - 1, 33));
    assert_false(is_whole_until(matroska, sizeof matroska - 1, 20));
}

static void sizes_that_lie_end_the_walk(void **state)
{
    (void)state;
    static const char zero[] = "\0\0\0\14ftypisom\0\0\0\7moovindexes.";
    static const char huge[] = "\0\0\0\14ftypisom\0\0\0\1mdat\377\377\377\377\377\377\377\377";
    assert_false(is_whole(zero, sizeof zero - 1));
    assert_false(is_whole(huge, sizeof huge - 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_films_are_whole),
        cmocka_unit_test(each_cut_is_found),
        cmocka_unit_test(what_is_no_film_is_named),
        cmocka_unit_test(what_cannot_be_read_is_not_whole),
        cmocka_unit_test(sizes_that_lie_end_the_walk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
