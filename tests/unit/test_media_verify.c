#include "sync/media_verify.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/still_header.h"
#include "temp_folder.h"

/* In place of the C library's: what happens to a file once its size is known, and to its bytes. */
static bool cut_after_fstat;
static int read_error;

int fstat(int fd, struct stat *st)
{
    long status = syscall(SYS_newfstatat, fd, "", st, AT_EMPTY_PATH);
    if (status == 0 && cut_after_fstat)
        status = truncate(temp_folder_path("medium"), 0);
    return (int)status;
}

ssize_t pread(int fd, void *bytes, size_t count, off_t offset)
{
    if (read_error) {
        errno = read_error;
        return -1;
    }
    return syscall(SYS_pread64, fd, bytes, count, offset);
}

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
    assert_true(media_verify_still(file_of(whole, sizeof whole - 1), &err));
    for (size_t size = 0; size < sizeof whole - 1; size++)
        assert_false(media_verify_still(file_of(whole, size), &err));
    assert_false(media_verify_still(file_of("<html>sign in</html>", 20), &err));
    assert_string_equal(err.text, "the file is not a JPEG, PNG, WebP or GIF picture");
    assert_int_equal(err.code, ERR_INPUT);
    unsigned char large[sizeof whole];
    memcpy(large, whole, sizeof whole);
    large[18] = 0x4e; /* 20,000 and one wide */
    large[19] = 0x21;
    assert_false(media_verify_still(file_of(large, sizeof large - 1), &err));
    assert_non_null(strstr(err.text, "20001 × 1 pixels"));
}

static void what_is_no_file_is_refused_at_once(void **state)
{
    (void)state;
    struct err err;
    assert_false(media_verify_still(temp_folder, &err));
    assert_false(media_verify_still(temp_folder_path("nowhere"), &err));
    assert_int_equal(err.code, ERR_MISSING);
    assert_int_equal(mkfifo(temp_folder_path("fifo"), 0600), 0);
    assert_false(media_verify_still(temp_folder_path("fifo"), &err));
}

/* As when somebody copies another file over it, or the server behind a mount loses it. */
static void a_file_that_is_cut_while_it_is_read_is_refused(void **state)
{
    (void)state;
    struct err err;
    const char *path = file_of(whole, sizeof whole - 1);
    cut_after_fstat = true;
    bool ok = media_verify_still(path, &err);
    cut_after_fstat = false;
    assert_false(ok);
    assert_int_equal(err.code, ERR_INPUT);
    assert_string_equal(err.text, "the file was cut short while it was read");
}

static void a_disk_that_fails_is_an_error(void **state)
{
    (void)state;
    struct err err;
    const char *path = file_of(whole, sizeof whole - 1);
    read_error = EIO;
    bool ok = media_verify_still(path, &err);
    read_error = 0;
    assert_false(ok);
    assert_int_equal(err.code, ERR_SYSTEM);
    assert_string_equal(err.text, "cannot read: Input/output error");
}

static void a_file_over_the_limit_is_not_read(void **state)
{
    (void)state;
    struct err err;
    const char *path = file_of(whole, sizeof whole - 1);
    assert_int_equal(truncate(path, (off_t)STILL_FILE_BYTES_MAX), 0);
    assert_true(media_verify_still(path, &err));
    assert_int_equal(truncate(path, (off_t)STILL_FILE_BYTES_MAX + 1), 0);
    assert_false(media_verify_still(path, &err));
    assert_int_equal(err.code, ERR_LIMIT);
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
        assert_int_equal(media_verify_is_still(playlist, (int)i), strstr(path, ".png") != NULL);
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
        cmocka_unit_test_setup_teardown(a_file_that_is_cut_while_it_is_read_is_refused,
                                        temp_folder_setup, temp_folder_teardown),
        cmocka_unit_test_setup_teardown(a_disk_that_fails_is_an_error, temp_folder_setup,
                                        temp_folder_teardown),
        cmocka_unit_test_setup_teardown(a_file_over_the_limit_is_not_read, temp_folder_setup,
                                        temp_folder_teardown),
        cmocka_unit_test(knows_stills_from_films_and_fonts),
    };
    return cmocka_run_group_tests_name("media_verify", tests, NULL, NULL);
}
