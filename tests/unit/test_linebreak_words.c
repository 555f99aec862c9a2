/* The table of Chinese words: how it is cut by, and what a damaged one does. */
#include "worker/text/linebreak_words.h"

#include "worker/text/linebreak.h"

#include "sample_words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <cmocka.h>

#define CHARACTERS_MAX LINEBREAK_TEXT_BYTES_MAX

/* The text with '|' between its words. */
static void cut(const struct linebreak_words *words, const char *text, char *out)
{
    static uint32_t characters[CHARACTERS_MAX];
    static unsigned char begins[CHARACTERS_MAX];
    size_t count = 0, length, bytes = strlen(text);
    for (size_t at = 0; at < bytes; at += length)
        characters[count++] = linebreak_character(text, at, &length);
    linebreak_words_cut(words, characters, count, begins);
    count = 0;
    for (size_t at = 0; at < bytes; at += length, count++) {
        linebreak_character(text, at, &length);
        assert_true(begins[count] || at > 0);
        if (begins[count] && at > 0)
            *out++ = '|';
        memcpy(out, text + at, length);
        out += length;
    }
    *out = '\0';
}

static void test_cuts(void **state)
{
    (void)state;
    static const char *const cuts[] = {
        "相信|小|的|伟大",
        "互联网|改变|了|我们|的|生活",
        "中华人民共和国|成立|纪念日", /* the longest word, though 中华 and 人民 are more frequent */
        "一只|小鸭|过河",
        "相信|囧|囧|伟大", /* no word of the list */
        "𠮷|相信|𠮷|𠮷",   /* beyond the first plane, where no word is */
        "国家|体育|总局",
    };
    struct linebreak_words *words = sample_words_open();
    assert_non_null(words);
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        char text[200], out[400], *to = text;
        for (const char *from = cuts[i]; *from; from++)
            if (*from != '|')
                *to++ = *from;
        *to = '\0';
        cut(words, text, out);
        assert_string_equal(out, cuts[i]);
    }
    linebreak_words_close(words);
}

static void test_longest_text(void **state)
{
    (void)state;
    struct linebreak_words *words = sample_words_open();
    static uint32_t characters[CHARACTERS_MAX];
    static unsigned char begins[CHARACTERS_MAX + 1];
    assert_non_null(words);
    for (size_t i = 0; i < CHARACTERS_MAX; i++)
        characters[i] = i % 2 ? 0x4fe1 : 0x76f8; /* 相信 */
    begins[CHARACTERS_MAX] = 0x5a;
    linebreak_words_cut(words, characters, CHARACTERS_MAX, begins);
    for (size_t i = 0; i < CHARACTERS_MAX; i++)
        assert_int_equal(begins[i], i % 2 == 0);
    assert_int_equal(begins[CHARACTERS_MAX], 0x5a);
    linebreak_words_cut(words, characters, 0, begins);
    linebreak_words_close(words);
}

static void test_languages(void **state)
{
    (void)state;
    static const struct {
        const char *language;
        bool served;
    } cases[] = {{"zh", true},        {"zh-Hans", true}, {"zh-CN", true},    {"zh_SG", true},
                 {"", true},          {"en", true},      {"zh-Hant", false}, {"zh-TW", false},
                 {"zh-HK", false},    {"zh_MO", false},  {"yue", false},     {"zh-hant-hk", false},
                 {"zh-Hans-HK", true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(linebreak_words_serve(cases[i].language), cases[i].served);
}

static int open_bytes(const unsigned char *bytes, size_t count)
{
    int fd = memfd_create("words", MFD_CLOEXEC);
    assert_true(fd >= 0 && write(fd, bytes, count) == (ssize_t)count);
    return fd;
}

/* The bytes of the tests' table; the caller frees them. */
static unsigned char *read_table(size_t *size)
{
    char path[PATH_MAX];
    struct stat status;
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 64);
    assert_true(length > 0);
    path[length] = '\0';
    snprintf(strrchr(path, '/'), 64, "/../words/test.words");
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0 && fstat(fd, &status) == 0);
    unsigned char *bytes = malloc((size_t)status.st_size);
    assert_non_null(bytes);
    assert_true(read(fd, bytes, (size_t)status.st_size) == status.st_size);
    close(fd);
    *size = (size_t)status.st_size;
    return bytes;
}

/* Opens what may be a table, and cuts by it if it is one. */
static bool try_table(const unsigned char *bytes, size_t size, enum err_code *code)
{
    char out[400];
    struct err err = {0};
    int fd = open_bytes(bytes, size);
    struct linebreak_words *words = linebreak_words_open(fd, &err);
    close(fd);
    *code = err.code;
    if (!words)
        return false;
    cut(words, "相信小的伟大互联网改变了我们的生活中华人民共和国", out);
    linebreak_words_close(words);
    return true;
}

/* A table may be cut off by a full disk, or have any byte wrong: it is refused, or cuts wrongly, and
 * nothing outside of it is read. */
static void test_damage(void **state)
{
    (void)state;
    size_t size, refused = 0;
    unsigned char *bytes = read_table(&size);
    enum err_code code;
    assert_true(try_table(bytes, size, &code));
    for (size_t cut_off = 0; cut_off < size; cut_off += cut_off < 400 ? 1 : 97) {
        assert_false(try_table(bytes, cut_off, &code));
        assert_int_equal(code, ERR_INPUT);
    }
    for (size_t at = 0; at < size; at += at < 2000 ? 1 : 31)
        for (int bit = 0; bit < 8; bit += 7) {
            bytes[at] ^= (unsigned char)(1 << bit);
            refused += !try_table(bytes, size, &code);
            bytes[at] ^= (unsigned char)(1 << bit);
        }
    assert_in_range(refused, 40, 100000);
    /* Longer than it says, and longer than a table may be. */
    unsigned char *longer = calloc(1, LINEBREAK_WORDS_BYTES_MAX + 1);
    assert_non_null(longer);
    memcpy(longer, bytes, size);
    assert_false(try_table(longer, size + 1, &code));
    assert_false(try_table(longer, LINEBREAK_WORDS_BYTES_MAX + 1, &code));
    free(longer);
    free(bytes);
}

static void test_no_file(void **state)
{
    (void)state;
    struct err err = {0};
    int folder = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), pipes[2];
    assert_null(linebreak_words_open(folder, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_int_equal(pipe(pipes), 0);
    assert_null(linebreak_words_open(pipes[0], &err));
    assert_null(linebreak_words_open(-1, &err));
    assert_int_equal(err.code, ERR_SYSTEM);
    linebreak_words_close(NULL);
    close(folder);
    close(pipes[0]);
    close(pipes[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cuts),      cmocka_unit_test(test_longest_text),
        cmocka_unit_test(test_languages), cmocka_unit_test(test_damage),
        cmocka_unit_test(test_no_file),
    };
    return cmocka_run_group_tests_name("linebreak_words", tests, NULL, NULL);
}
