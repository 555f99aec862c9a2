/* The font table. `access` and `file_find_shipped` are this test's own, so that any machine can be
 * played. */
#include "decode/system_fonts.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include <SDL_ttf.h>

#define DEBIAN "/usr/share/fonts/opentype/noto/"

static const char *present; /* the one file that "is there" */
static bool has_shipped;

int access(const char *path, int mode)
{
    (void)mode;
    if (present && strcmp(path, present) == 0)
        return 0;
    errno = ENOENT;
    return -1;
}

bool file_find_shipped(const char *name, char *path, size_t path_bytes)
{
    snprintf(path, path_bytes, "/shipped/%s", name);
    return has_shipped;
}

static void test_languages(void **state)
{
    (void)state;
    static const struct {
        const char *language;
        int index;
    } cases[] = {
        {"ja", 0},      {"ja-JP", 0}, {"ko", 1},          {"ko-KR", 1},   {"en", 1},
        {"", 1},        {"de", 1},    {"zho", 1},         {"zh", 2},      {"zh-Hans", 2},
        {"zh-CN", 2},   {"zh-SG", 2}, {"zh-Hans-HK", 2},  {"ZH-hans", 2}, {"zh_CN", 2},
        {"zh-Hant", 3}, {"zh-TW", 3}, {"zh-Hant-TW", 3},  {"zh-HK", 4},   {"zh-Hant-HK", 4},
        {"zh-MO", 4},   {"yue", 4},   {"yue-Hant-HK", 4},
    };
    char path[256];
    present = DEBIAN "NotoSansCJK-Bold.ttc";
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int index = -1;
        assert_true(
            system_fonts_find(cases[i].language, PLAYLIST_WEIGHT_BOLD, path, sizeof path, &index));
        assert_string_equal(path, present);
        assert_int_equal(index, cases[i].index);
    }
}

static void test_folders(void **state)
{
    (void)state;
    static const char *const places[] = {DEBIAN "NotoSansCJK-Regular.ttc",
                                         "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
                                         "/usr/local/share/fonts/NotoSansCJK-Regular.ttc"};
    char path[256];
    int index;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        present = places[i];
        assert_true(system_fonts_find("ko", PLAYLIST_WEIGHT_REGULAR, path, sizeof path, &index));
        assert_string_equal(path, places[i]);
    }
}

static void test_shipped(void **state)
{
    (void)state;
    char path[256];
    int index = -1;
    present = NULL;
    has_shipped = true;
    assert_true(system_fonts_find("zh", PLAYLIST_WEIGHT_BOLD, path, sizeof path, &index));
    assert_string_equal(path, "/shipped/fonts/duckling-bold.otf");
    assert_int_equal(index, 0);
    assert_true(system_fonts_find("zh", PLAYLIST_WEIGHT_REGULAR, path, sizeof path, &index));
    assert_string_equal(path, "/shipped/fonts/duckling-regular.otf");
    has_shipped = false;
    assert_false(system_fonts_find("zh", PLAYLIST_WEIGHT_BOLD, path, sizeof path, &index));
    /* A path that is cut short names another file. */
    present = DEBIAN "NotoSansCJK-Bold.ttc";
    assert_false(system_fonts_find("zh", PLAYLIST_WEIGHT_BOLD, path, strlen(present), &index));
}

/* The order of the faces in the collection that Debian has. */
static void test_collection(void **state)
{
    (void)state;
    static const struct {
        const char *language, *family;
    } cases[] = {{"ja", "Noto Sans CJK JP"},
                 {"ko", "Noto Sans CJK KR"},
                 {"zh-Hans", "Noto Sans CJK SC"},
                 {"zh-Hant", "Noto Sans CJK TC"},
                 {"zh-HK", "Noto Sans CJK HK"}};
    assert_int_equal(TTF_Init(), 0);
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
        enum playlist_weight weight = i % 2 ? PLAYLIST_WEIGHT_BOLD : PLAYLIST_WEIGHT_REGULAR;
        present = i % 2 ? DEBIAN "NotoSansCJK-Bold.ttc" : DEBIAN "NotoSansCJK-Regular.ttc";
        char path[256];
        int index;
        assert_true(system_fonts_find(cases[i / 2].language, weight, path, sizeof path, &index));
        TTF_Font *font = TTF_OpenFontIndex(path, 20, index);
        if (!font)
            fail_msg("%s: %s; is fonts-noto-cjk installed?", path, SDL_GetError());
        assert_string_equal(TTF_FontFaceFamilyName(font), cases[i / 2].family);
        TTF_CloseFont(font);
    }
    TTF_Quit();
}

/* The shipped fonts say what the house card says, and stay small. */
static void test_shipped_characters(void **state)
{
    (void)state;
    static const char *const files[] = {"fonts/duckling-regular.otf", "fonts/duckling-bold.otf"};
    static const Uint16 characters[] = {u'A',  u'z',  u'0',  u'9',  u'.',  u':',  u'/',  u'’',
                                        u'“',  u'—',  u'기', u'다', u'리', u'는', u'중', u'서',
                                        u'버', u'재', u'생', u'목', u'록', u'等', u'待', u'中',
                                        u'服', u'务', u'器', u'播', u'放', u'列', u'表'};
    assert_int_equal(TTF_Init(), 0);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        TTF_Font *font = TTF_OpenFont(files[i], 20);
        if (!font)
            fail_msg("%s: %s", files[i], SDL_GetError());
        for (size_t j = 0; j < sizeof characters / sizeof *characters; j++)
            assert_true(TTF_GlyphIsProvided(font, characters[j]));
        TTF_CloseFont(font);
        SDL_RWops *file = SDL_RWFromFile(files[i], "rb");
        assert_in_range(SDL_RWsize(file), 1000, 60000);
        SDL_RWclose(file);
    }
    TTF_Quit();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_languages),
        cmocka_unit_test(test_folders),
        cmocka_unit_test(test_shipped),
        cmocka_unit_test(test_collection),
        cmocka_unit_test(test_shipped_characters),
    };
    return cmocka_run_group_tests_name("system_fonts", tests, NULL, NULL);
}
