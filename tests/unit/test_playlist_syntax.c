/* What is said of a playlist that is no JSON, in an operator's words rather than a library's. */
#include "playlist/playlist_internal.h"

#include "core/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "expected_faults.h"

static void broken_syntax(void **state)
{
    (void)state;
    static const struct expected cases[] = {
        {"", "$", "the file is empty"},
        {" \r\n\t", "$", "the file is empty"},
        {"\xef\xbb\xbf", "$", "the file is empty"},
        {"{\"format\": \"duckling/1\",\n  \"spots\" {}}", "$",
         "line 2, column 11: a colon is missing after a name"},
        {"{\n\"spots\": {},\n}", "$",
         "line 3, column 1: remove the comma before the closing } or ]"},
        {"{\"a\": [1, 2, ]}", "$", "remove the comma before the closing } or ]"},
        {"{\"a\": 1 ]", "$", "a comma or the closing } is missing before this"},
        {"{\"a\": 1e400}", "$", "line 1, column 11: the number is too large"},
        {"{\"a\": 99999999999999999999999999e300}", "$", "the number is too large"},
        {"{\"a\": 1} x", "$", "line 1, column 10: there is something after the playlist's"},
        {"{\"a\": NaN}", "$", "a number must be written in digits"},
        {"{\"a\": \"\\ud800\"}", "$", "write the character"},
        {"{\"a\": \"\\udc00\\ud800\"}", "$", "write the character"},
        {"{\"a\": \"\\ug\"}", "$", "backslash"},
        {"{\"a\": \"\\q\"}", "$", "a backslash in a text stands before one of"},
        {"{\"a\": \"C:\\media\"}", "$", "a backslash in a text stands before one of"},
        {"{\"a\": \"\\u0000\"}", "$", "a text has the character \\u0000: remove it"},
        {"{\"a\\u0000\": 1}", "$", "a text has the character \\u0000: remove it"},
        {"{\"a\": \"b\nc\"}", "$", "a text ends with its line: close its quotes, or write \\n"},
        {"{\"a\": \"b\tc\"}", "$", "a text has a control character"},
        {"{\"a\": 'b'}", "$", "double quotes, not in single ones"},
        {"{'a': 1}", "$", "double quotes, not in single ones"},
        {"{“a”: 1}", "$", "straight quotes (\")"},
        {"{\"a\": 1, // one\n\"b\": 2}", "$", "JSON has no comments"},
        {"{\"a\": 1 /* one */}", "$", "JSON has no comments"},
        {"{\"a\": 1; \"b\": 2}", "$", "commas, not semicolons"},
        {"{\"a\" = 1}", "$", "a colon between a name and its value"},
        {"{\"a\": True}", "$", "write true, in small letters"},
        {"{\"a\": False}", "$", "write false, in small letters"},
        {"{\"a\": yes}", "$", "stands in double quotes"},
        {"{a: 1}", "$", "stands in double quotes"},
        {"{\"a\": .5}", "$", "a digit before its point"},
        {"{\"a\": +5}", "$", "a number has no plus sign"},
        {"{\"a\": }", "$", "a value is missing here"},
        {"{\"a\": 1 \"b\": 2}", "$", "a comma or the closing } is missing before this"},
        {"{\"a\": [1 2]}", "$", "a comma or the closing ] is missing before this"},
        {"{, \"a\": 1}", "$", "a name in double quotes is missing here"},
        {"{1: 1}", "$", "a name in double quotes is missing here"},
        {"\"a\"", "$", "a playlist begins with {"},
        {"{\"a\": [1, 2", "$", "the file ends too early"},
        {"{\"a\": 1", "$", "the file ends too early"},
        {"{", "$", "the file ends too early"},
        {"{\"a\": \"\xc0\xaf\"}", "$", "not valid JSON at line 1"},
        {"{\"a\": \"\xed\xa0\x80\"}", "$", "not valid JSON at line 1"},
        {"{\n\"a\": \"\xff\"}", "$", "line 2, column 6: the text is not UTF-8"},
        {"{\"a\": \"\x1b[2J\"}", "$", "not valid JSON at line 1"},
        {"{\"a", "$", "the file ends too early"},
        {"{\"a\": \"b\\", "$", "not valid JSON at line 1"},
        {"}]:,\"", "$", "not valid JSON at line 1"},
        {"\xff\xfe{", "$", "the file is UTF-16: save it as UTF-8"},
    };
    EXPECT_EACH(cases);
}

/* No word of the JSON library reaches an operator. */
static void nul_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        const char *words;
    } cases[] = {
#define BYTES(text) text, sizeof(text) - 1
        {BYTES("{\"a\": 1}\0 "), "has a NUL byte on line 1: it is damaged, or no text"},
        {BYTES("{\"a\":\n5\0}"), "has a NUL byte on line 2"},
        {BYTES("{\"a\":5.5\0}"), "has a NUL byte"},
        {BYTES("{\"a\":true\0}"), "has a NUL byte"},
        {BYTES("{\"a\0\":1}"), "has a NUL byte"},
        {BYTES("{\"a\":\"\0\"}"), "has a NUL byte"},
        {BYTES("{}\n\n\0\0\0\0"), "has a NUL byte on line 3"},
        {BYTES("\0\0\0\0"), "the file is UTF-16"},
        {BYTES("{\0\"\0a\0"), "the file is UTF-16: save it as UTF-8"},
        {BYTES("\0{\0\"\0a"), "the file is UTF-16: save it as UTF-8"},
        {BYTES("\xff\xfe{\0}\0"), "the file is UTF-16: save it as UTF-8"},
#undef BYTES
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct playlist_faults *faults = faults_of(cases[i].bytes, cases[i].size);
        expect_fault(faults, 0, "$", cases[i].words);
        assert_int_equal(faults->total, 1);
        drop(faults);
    }
}

static void texts_are_fit_for_a_terminal(void **state)
{
    (void)state;
    /* jansson quotes the file in its words; whatever it quotes, no escape gets through. */
    static const char *const broken[] = {"{\"a\": \x1b[2J}", "{\"\x1b]0;x\x07\" 1}", "{\xc2\x9b}",
                                         "{\"a\": \"\x7f\x9b"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        struct playlist_faults *faults = faults_of(broken[i], strlen(broken[i]));
        const char *text = faults->items[0].text;
        uint32_t code = 0;
        for (size_t at = 0, step; text[at]; at += step) {
            step = utf8_next(text + at, strlen(text) - at, &code);
            assert_true(step > 0 && !utf8_is_control(code));
        }
        drop(faults);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(broken_syntax),
        cmocka_unit_test(nul_bytes),
        cmocka_unit_test(texts_are_fit_for_a_terminal),
    };
    return cmocka_run_group_tests_name("playlist_syntax", tests, NULL, NULL);
}
