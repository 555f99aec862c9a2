/* Lines as readers of five languages expect them: the texts of tests/lines, each set at one size in
 * its width, in a font of boxes. The tables themselves say how they are written. */
#include "base/file.h"

#include "sample_words.h"
#include "set_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define SIZE_PX 40
#define TABLE_BYTES_MAX 100000
#define LINES_LEAST 300
#define LINE_BYTES_MAX 1000

static const char *const languages[] = {"zh-Hans", "zh-Hant", "ko", "ja", "en"};

/* The text, set in `ems` of width: with '|' between its lines. */
static void set_lines(const char *text, const char *language, double ems,
                      const struct linebreak_words *words, int font, char *lines)
{
    static struct set_text set;
    double width = ems * SIZE_PX;
    struct tagline_bounds bounds = {.width = width,
                                    .height = 1e6,
                                    .area = {.width = width, .height = 1e6},
                                    .asked_px = SIZE_PX,
                                    .floor_px = SIZE_PX,
                                    .least_px = SIZE_PX};
    set_text(text, language, words, font, &bounds, &set);
    assert_in_range(strlen(set.broken), 1, LINE_BYTES_MAX - 1);
    memcpy(lines, set.broken, strlen(set.broken) + 1);
}

/* Takes one row; false for a comment or an empty one. "\u" stands for U+200B, "\w" for U+2060 and
 * "\s" for U+00A0, which nobody could see; "\n" for a line end of the text. */
static bool read_row(const char *row, double *ems, char *text, char *expected)
{
    char *end;
    *ems = strtod(row, &end);
    if (end == row || *end != ' ')
        return false;
    for (row = end + 1; *row; row++) {
        char sign[4] = {*row};
        if (*row == '\\') {
            row++;
            strcpy(sign, *row == 'u'   ? "\u200b"
                         : *row == 'w' ? "\u2060"
                         : *row == 's' ? "\u00a0"
                                       : "\n");
        }
        if (sign[0] != '|')
            text = stpcpy(text, sign);
        expected = stpcpy(expected, sign);
    }
    *text = *expected = '\0';
    return true;
}

static size_t check_table(const char *language, int font, const struct linebreak_words *words,
                          size_t *wrong)
{
    char path[64], text[LINE_BYTES_MAX], expected[LINE_BYTES_MAX], lines[LINE_BYTES_MAX], *table,
        *place;
    size_t bytes, rows = 0;
    double ems;
    snprintf(path, sizeof path, "tests/lines/%s.txt", language);
    assert_true(file_read(path, TABLE_BYTES_MAX, &table, &bytes, NULL));
    for (char *row = strtok_r(table, "\n", &place); row; row = strtok_r(NULL, "\n", &place)) {
        if (!read_row(row, &ems, text, expected))
            continue;
        rows++;
        set_lines(text, language, ems, words, font, lines);
        if (strcmp(lines, expected) != 0) {
            print_error("%s, %g em: %s\n    expected %s\n", language, ems, lines, expected);
            (*wrong)++;
        }
    }
    free(table);
    return rows;
}

static void test_lines(void **state)
{
    (void)state;
    struct linebreak_words *words = sample_words_open();
    size_t rows = 0, wrong = 0;
    assert_non_null(words);
    for (size_t i = 0; i < sizeof languages / sizeof *languages; i++) {
        bool is_wide = strncmp(languages[i], "zh", 2) == 0 || strcmp(languages[i], "ja") == 0;
        int font = sample_font_open(is_wide);
        assert_true(font >= 0);
        rows += check_table(languages[i], font, words, &wrong);
        close(font);
    }
    linebreak_words_close(words);
    assert_int_equal(wrong, 0);
    assert_in_range(rows, LINES_LEAST, 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines)};
    return cmocka_run_group_tests_name("linebreak_lines", tests, NULL, NULL);
}
