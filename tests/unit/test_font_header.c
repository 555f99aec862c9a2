#include "core/font_header.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static char text[160];

struct memory {
    const uint8_t *bytes;
    size_t size;
};

static const uint8_t *read_memory(void *context, size_t at, size_t count)
{
    const struct memory *memory = context;
    assert_true(count > 0 && at <= memory->size && count <= memory->size - at);
    return memory->bytes + at;
}

static bool is_whole(const void *bytes, size_t size)
{
    struct memory memory = {bytes, size};
    text[0] = '\0';
    bool whole = font_header_check(
        &(struct still_bytes){.size = size, .read = read_memory, .context = &memory}, text,
        sizeof text);
    assert_int_equal(whole, text[0] == '\0');
    return whole;
}

/* One table of 4 bytes at 28. */
#define DIRECTORY "\0\1\0\0\0\0\0\0headSUMS\0\0\0\34\0\0\0\4TABL"
static const char otf[] = "OTTO" DIRECTORY;
static const char ttf[] = "\0\1\0\0" DIRECTORY;
/* A collection of one font at 16, whose table is at 44. */
static const char ttc[] =
    "ttcf\0\1\0\0\0\0\0\1\0\0\0\20\0\1\0\0\0\1\0\0\0\0\0\0headSUMS\0\0\0\54\0\0\0\4TABL";
static const char woff[] = "wOFF\0\1\0\0\0\0\0\20data";

static void only_whole_fonts_pass(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
    } fonts[] = {{otf, sizeof otf - 1},
                 {ttf, sizeof ttf - 1},
                 {ttc, sizeof ttc - 1},
                 {woff, sizeof woff - 1}};
    for (size_t i = 0; i < sizeof fonts / sizeof *fonts; i++) {
        assert_true(is_whole(fonts[i].bytes, fonts[i].size));
        for (size_t size = 0; size < fonts[i].size; size++)
            assert_false(is_whole(fonts[i].bytes, size));
    }
}

static void what_is_no_font_is_named(void **state)
{
    (void)state;
    static const char page[] = "<html>sign in</html>";
    assert_false(is_whole(page, sizeof page - 1));
    assert_string_equal(text, "a web page (HTML), not an OpenType or TrueType font");
    assert_false(is_whole(otf, sizeof otf - 2));
    assert_string_equal(text, "the font is cut off or damaged");
}

static void numbers_that_lie_are_no_harm(void **state)
{
    (void)state;
    char bytes[sizeof otf - 1];
    for (size_t at = 4; at < sizeof bytes; at++) {
        memcpy(bytes, otf, sizeof bytes);
        bytes[at] = (char)0xff;
        (void)is_whole(bytes, sizeof bytes);
    }
    memcpy(bytes, otf, sizeof bytes);
    memset(bytes + 20, 0xff, 8); /* the place and the length of the table */
    assert_false(is_whole(bytes, sizeof bytes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_whole_fonts_pass),
        cmocka_unit_test(what_is_no_font_is_named),
        cmocka_unit_test(numbers_that_lie_are_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
