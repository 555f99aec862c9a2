#include "sync/verify.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "temp_folder.h"

/* A whole PNG as far as a header tells: signature, IHDR (1 × 1), IEND. */
static const unsigned char whole[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\10\2\0\0\0\x90w"
                                     "S\xde\0\0\0\0IEND\xae\x42\x60\x82";

static const char *file_of(const void *bytes, size_t size)
{
    const char *path = temp_folder_path("medium");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    return path;
}

static void only_whole_pictures_pass(void **state)
{
    (void)state;
    struct err err;
    assert_true(verify_still(file_of(whole, sizeof whole - 1), &err));
    for (size_t size = 0; size < sizeof whole - 1; size++)
        assert_false(verify_still(file_of(whole, size), &err));
    assert_false(verify_still(file_of("<html>sign in</html>", 20), &err));
    assert_string_equal(err.text, "not a JPEG, PNG or WebP picture");
    assert_int_equal(err.code, ERR_INPUT);
    unsigned char large[sizeof whole];
    memcpy(large, whole, sizeof whole);
    large[18] = 0x4e; /* 20,000 and one wide */
    large[19] = 0x21;
    assert_false(verify_still(file_of(large, sizeof large - 1), &err));
    assert_non_null(strstr(err.text, "20001 × 1 pixels"));
}

static void what_is_no_file_is_refused_at_once(void **state)
{
    (void)state;
    struct err err;
    assert_false(verify_still(temp_folder, &err));
    assert_false(verify_still(temp_folder_path("nowhere"), &err));
    assert_int_equal(err.code, ERR_MISSING);
    assert_int_equal(mkfifo(temp_folder_path("fifo"), 0600), 0);
    assert_false(verify_still(temp_folder_path("fifo"), &err));
}

static void knows_stills_from_films_and_fonts(void **state)
{
    (void)state;
    static const char text[] =
        "{\"format\":\"duckling/1\",\"styles\":{\"s\":{\"font\":\"f.otf\"}},\"spots\":{"
        "\"a\":{\"image\":{\"landscape\":\"l.png\",\"portrait\":\"p.png\"}},"
        "\"b\":{\"video\":\"v.mp4\"},\"c\":{\"tagline\":\"x\",\"tagline_style\":\"s\"}}}";
    struct playlist_faults faults = {0};
    struct playlist *playlist = playlist_parse(text, sizeof text - 1, &faults);
    assert_non_null(playlist);
    for (size_t i = 0; i < playlist->asset_count; i++) {
        const char *path = playlist->assets[i].path;
        assert_int_equal(verify_is_still(playlist, (int)i), strstr(path, ".png") != NULL);
    }
    playlist_destroy(playlist);
    playlist_faults_finish(&faults);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_whole_pictures_pass, temp_folder_setup,
                                        temp_folder_teardown),
        cmocka_unit_test_setup_teardown(what_is_no_file_is_refused_at_once, temp_folder_setup,
                                        temp_folder_teardown),
        cmocka_unit_test(knows_stills_from_films_and_fonts),
    };
    return cmocka_run_group_tests_name("verify", tests, NULL, NULL);
}
