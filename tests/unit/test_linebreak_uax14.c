/* Unicode's own test of UAX #14 (package unicode-data), whichever version is installed: where it
 * forbids a break, we do, too. Where it allows one we may forbid it. */
#include "worker/text/linebreak.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define FILE_PATH "/usr/share/unicode/auxiliary/LineBreakTest.txt"
#define CHARACTERS_MAX 4096 /* more than the longest line of the file, which grew */

/* One line of the file. */
struct line {
    uint32_t characters[CHARACTERS_MAX];
    bool forbidden[CHARACTERS_MAX]; /* before each */
    size_t count;
    char text[CHARACTERS_MAX * 4 + 1];
};

static void append_utf8(char *text, size_t *bytes, uint32_t c)
{
    if (c < 0x80) {
        text[(*bytes)++] = (char)c;
        return;
    }
    int more = c < 0x800 ? 1 : 2;
    if (c > 0xffff)
        more = 3;
    static const unsigned char leads[] = {0, 0xc0, 0xe0, 0xf0};
    text[(*bytes)++] = (char)(leads[more] | c >> 6 * more);
    while (more-- > 0)
        text[(*bytes)++] = (char)(0x80 | (c >> 6 * more & 0x3f));
}

/* False for a comment. */
static bool read_line(const char *from, struct line *line)
{
    size_t bytes = 0;
    bool forbidden = false;
    line->count = 0;
    while (*from && *from != '#') {
        char *end;
        if (strncmp(from, "×", 2) == 0 || strncmp(from, "÷", 2) == 0) {
            forbidden = strncmp(from, "×", 2) == 0;
            from += 2;
            continue;
        }
        uint32_t c = (uint32_t)strtoul(from, &end, 16);
        if (end > from) {
            assert_in_range(line->count, 0, CHARACTERS_MAX - 1);
            line->forbidden[line->count] = forbidden;
            line->characters[line->count++] = c;
            append_utf8(line->text, &bytes, c);
        }
        from = end > from ? end : from + 1;
    }
    line->text[bytes] = '\0';
    return line->count > 0;
}

/* Letters and marks of the scripts that taglines are set in. The rest of the file pairs marks of
 * rare scripts, combining characters after commas and characters that no version had yet: the rules
 * for these differ from one version to the next, and no copy has them. */
static bool is_in_use(uint32_t c)
{
    bool is_latin = c >= 0x20 && c <= 0x24f && !(c >= 0x7f && c < 0xa0);
    bool is_punctuation = c >= 0x2000 && c <= 0x206f;
    bool is_cjk = (c >= 0x3000 && c <= 0x30ff && c != 0x301c) || (c >= 0x4e00 && c <= 0x9fff) ||
                  (c >= 0xac00 && c <= 0xd7a3) || (c >= 0xff00 && c <= 0xff60);
    return is_latin || is_punctuation || is_cjk || (c >= 0x20a0 && c <= 0x21ff);
}

/* Whether the file has a line for us: not one of characters that nobody uses, or of small kana
 * after a space; nor of a number without its 0 (" .35") after a space, before which Unicode 16 breaks
 * (LB15c) and older files don't: library and file may be of different versions. */
static bool is_relevant(const struct line *line)
{
    for (size_t i = 0; i < line->count; i++) {
        bool small_kana = line->characters[i] == 0x3041 && i > 0 && line->characters[i - 1] == ' ';
        bool fraction = line->characters[i] == '.' && i > 0 && line->characters[i - 1] == ' ' &&
                        i + 1 < line->count && line->characters[i + 1] >= '0' &&
                        line->characters[i + 1] <= '9';
        if (!is_in_use(line->characters[i]) || small_kana || fraction)
            return false;
    }
    return true;
}

static size_t check_line(const struct line *line)
{
    unsigned char ranks[LINEBREAK_TEXT_BYTES_MAX];
    size_t wrong = 0, at = 0, length;
    assert_true(linebreak_find(line->text, strlen(line->text), "en", NULL, ranks, NULL));
    for (size_t i = 0; i < line->count; i++, at += length) {
        linebreak_character(line->text, at, &length);
        bool broken = ranks[at] > LINEBREAK_SYLLABLE;
        if (i == 0 || !line->forbidden[i] || !broken)
            continue;
        print_error("%s at %zu:", line->text, at);
        for (size_t j = 0; j < line->count; j++)
            print_error("%s%04X", j == i ? " | " : " ", (unsigned)line->characters[j]);
        print_error("\n");
        wrong++;
    }
    return wrong;
}

static void test_forbidden_breaks(void **state)
{
    (void)state;
    char text[4096];
    struct line line;
    size_t lines = 0, wrong = 0;
    FILE *file = fopen(FILE_PATH, "r");
    if (!file)
        skip();
    while (fgets(text, sizeof text, file)) {
        if (!read_line(text, &line) || !is_relevant(&line))
            continue;
        char *normal = linebreak_normalize(line.text, NULL);
        /* Line ends are of one kind when lines are broken, and characters composed. */
        bool same = normal && strcmp(normal, line.text) == 0;
        free(normal);
        if (!same)
            continue;
        lines++;
        wrong += check_line(&line);
    }
    fclose(file);
    assert_int_equal(wrong, 0);
    assert_in_range(lines, 300, 1000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_forbidden_breaks)};
    return cmocka_run_group_tests_name("linebreak_uax14", tests, NULL, NULL);
}
