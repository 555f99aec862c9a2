#include "sync/edition.h"

#include <fcntl.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "temp_folder.h"

static struct playlist_faults faults;
static struct err err;

static struct edition *load(const char *text)
{
    temp_folder_write("list.json", text);
    memset(&faults, 0, sizeof faults);
    memset(&err, 0, sizeof err);
    return edition_load(temp_folder_path("list.json"), &faults, &err);
}

/* The edition, with what is wrong with its media in `faults`. */
static struct edition *load_with_media(const char *text)
{
    struct edition *edition = load(text);
    assert_non_null(edition);
    assert_int_equal(faults.total, 0);
    playlist_faults_finish(&faults);
    memset(&faults, 0, sizeof faults);
    assert_true(edition_check_media(edition, &faults, &err));
    return edition;
}

static bool has_fault(const char *path, const char *words)
{
    for (size_t i = 0; i < faults.count; i++)
        if (strcmp(faults.items[i].path, path) == 0 && strstr(faults.items[i].text, words))
            return true;
    return false;
}

static void loads_with_media_beside(void **state)
{
    (void)state;
    temp_folder_write("a.jpg", "picture");
    mkdir(temp_folder_path("sub"), 0755);
    temp_folder_write("sub/작은 b.jpg", "picture b");
    struct edition *edition =
        load("{\"format\":\"duckling/1\",\"name\":\"n\",\"spots\":{"
             "\"a\":{\"video\":\"a.jpg\"},\"b\":{\"video\":\"sub/작은 b.jpg\"}}}");
    assert_non_null(edition);
    assert_int_equal(edition->playlist->asset_count, 2);
    assert_string_equal(edition->origin, temp_folder_path("list.json"));
    int fd = edition_open(edition, 1, &err);
    char bytes[16] = "";
    assert_true(fd >= 0);
    assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    assert_int_equal(read(fd, bytes, sizeof bytes), 9);
    assert_string_equal(bytes, "picture b");
    close(fd);
    assert_int_equal(edition_open(edition, 2, &err), -1);
    assert_int_equal(edition_open(edition, -1, &err), -1);
    unlink(temp_folder_path("a.jpg"));
    assert_int_equal(edition_open(edition, 0, &err), -1);
    assert_int_equal(err.code, ERR_MISSING);
    edition_destroy(edition);
    playlist_faults_finish(&faults);
}

static void every_place_of_a_missing_medium_is_named(void **state)
{
    (void)state;
    temp_folder_write("there.jpg", "\x89PNG");
    temp_folder_write("empty.jpg", "");
    temp_folder_write("film.mp4", "film");
    mkdir(temp_folder_path("folder.jpg"), 0755);
    mkfifo(temp_folder_path("pipe.mp4"), 0644);
    struct edition *edition = load_with_media(
        "{\"format\":\"duckling/1\",\"styles\":{"
        "\"h\":{\"font\":{\"ko\":\"none.ttf\"}},\"all\":{\"font\":\"none.ttf\"}},\"spots\":{"
        "\"a\":{\"image\":\"none.jpg\"},\"b c\":{\"image\":\"none.jpg\"},"
        "\"d\":{\"image\":{\"landscape\":\"there.jpg\",\"portrait\":\"none.jpg\"}},"
        "\"e\":{\"image\":\"empty.jpg\"},\"f\":{\"image\":\"folder.jpg\"},\"g\":{\"video\":"
        "\"pipe.mp4\"},\"h\":{\"video\":\"film.mp4\"}}}");
    assert_true(has_fault("$.spots.a.image", "none.jpg"));
    assert_true(has_fault("$.spots[\"b c\"].image", "No such file"));
    assert_true(has_fault("$.spots.d.image.portrait", "No such file"));
    assert_true(has_fault("$.spots.d.image.landscape", "not a JPEG, PNG, WebP or GIF picture"));
    assert_true(has_fault("$.spots.e.image", "empty"));
    assert_true(has_fault("$.spots.f.image", "not a regular file"));
    assert_true(has_fault("$.spots.g.video", "not a regular file"));
    assert_true(has_fault("$.styles.h.font.ko", "none.ttf"));
    assert_true(has_fault("$.styles.all.font", "none.ttf"));
    assert_int_equal(faults.total, 9);
    for (size_t i = 0; i < edition->playlist->asset_count; i++) {
        bool is_film = strcmp(edition->playlist->assets[i].path, "film.mp4") == 0;
        assert_int_equal(edition_has_refused(edition, (int)i), !is_film);
        assert_int_equal(edition_request_asset(edition, (int)i),
                         is_film ? INTEGRITY_GOOD : INTEGRITY_REFUSED);
    }
    assert_false(edition_has_refused(edition, -1));
    edition_destroy(edition);
    playlist_faults_finish(&faults);
}

/* What was wrong may be right the next time. */
static void media_are_checked_anew(void **state)
{
    (void)state;
    temp_folder_write("a.mp4", "");
    struct edition *edition =
        load_with_media("{\"format\":\"duckling/1\",\"spots\":{\"a\":{\"video\":\"a.mp4\"}}}");
    assert_true(has_fault("$.spots.a.video", "empty"));
    assert_true(edition_has_refused(edition, 0));
    playlist_faults_finish(&faults);
    memset(&faults, 0, sizeof faults);
    temp_folder_write("a.mp4", "film");
    assert_true(edition_check_media(edition, &faults, &err));
    assert_int_equal(faults.total, 0);
    assert_false(edition_has_refused(edition, 0));
    edition_destroy(edition);
    playlist_faults_finish(&faults);
}

static void a_film_need_be_no_picture(void **state)
{
    (void)state;
    temp_folder_write("film.mp4", "film");
    struct edition *edition =
        load_with_media("{\"format\":\"duckling/1\",\"spots\":{\"a\":{\"image\":\"film.mp4\"},"
                        "\"b\":{\"video\":\"film.mp4\"}}}");
    assert_true(has_fault("$.spots.a.image", "not a JPEG, PNG, WebP or GIF picture"));
    assert_int_equal(faults.total, 1);
    assert_false(edition_has_refused(edition, 0)); /* b may show it */
    edition_destroy(edition);
    playlist_faults_finish(&faults);
}

static void a_playlist_that_is_wrong_or_missing(void **state)
{
    (void)state;
    assert_null(load("{"));
    assert_int_equal(err.code, ERR_INPUT);
    assert_true(faults.count > 0);
    assert_non_null(strstr(err.text, "list.json"));
    playlist_faults_finish(&faults);
    memset(&faults, 0, sizeof faults);
    assert_null(edition_load(temp_folder_path("nothing.json"), &faults, &err));
    assert_int_equal(err.code, ERR_MISSING);
    assert_int_equal(faults.count, 0);
    assert_null(edition_load(temp_folder, &faults, &err));
    assert_int_equal(err.code, ERR_INPUT);
    playlist_faults_finish(&faults);
}

/* Without its zone a playlist's programme can't be laid, so it must not come into force. */
static void a_time_zone_that_is_not_known_here_is_a_fault(void **state)
{
    (void)state;
    static const char spots[] = "\"spots\":{\"a\":{\"tagline\":\"Small.\"}}}";
    char text[200];
    snprintf(text, sizeof text, "{\"format\":\"duckling/1\",\"timezone\":\"%s\",%s", "Mars/Olympus",
             spots);
    assert_null(load(text));
    assert_int_equal(faults.total, 1);
    assert_true(
        has_fault("$.timezone", "time zone \"Mars/Olympus\" is not installed on this machine"));
    assert_int_equal(err.code, ERR_INPUT);
    assert_non_null(strstr(err.text, "$.timezone: time zone"));
    playlist_faults_finish(&faults);
    /* A folder below the zones is none, either. */
    snprintf(text, sizeof text, "{\"format\":\"duckling/1\",\"timezone\":\"%s\",%s", "Asia", spots);
    assert_null(load(text));
    assert_true(has_fault("$.timezone", "Asia"));
    playlist_faults_finish(&faults);
    static const char *const known[] = {"Asia/Seoul", "UTC"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        snprintf(text, sizeof text, "{\"format\":\"duckling/1\",\"timezone\":\"%s\",%s", known[i],
                 spots);
        struct edition *edition = load(text);
        assert_non_null(edition);
        assert_int_equal(faults.total, 0);
        edition_destroy(edition);
        playlist_faults_finish(&faults);
    }
}

/* What the store has not is shown in another shape, until it is there. */
static void the_nearest_shape_that_is_there(void **state)
{
    (void)state;
    struct edition *edition =
        load("{\"format\":\"duckling/1\",\"spots\":{\"a\":{\"image\":{\"landscape\":\"l\","
             "\"portrait\":\"p\",\"wide\":\"w\"}},\"b\":{\"tagline\":\"x\"}}}");
    assert_non_null(edition);
    const struct playlist_spot *spot = &edition->playlist->spots[0];
    assert_int_equal(edition_spot_asset(edition, spot, 1080, 1920), 1);
    assert_false(edition_is_absent(edition, 1));
    edition->absent = calloc(4, sizeof *edition->absent);
    assert_non_null(edition->absent);
    edition->absent[1] = true;
    assert_true(edition_is_absent(edition, 1));
    assert_false(edition_is_absent(edition, -1) || edition_is_absent(edition, 3));
    assert_int_equal(edition_spot_asset(edition, spot, 1080, 1920), 0);
    assert_int_equal(edition_spot_asset(edition, spot, 3840, 960), 2);
    edition->absent[0] = true;
    assert_int_equal(edition_spot_asset(edition, spot, 1080, 1920), 2);
    edition->absent[2] = true; /* none is there: its own is what is missing */
    assert_int_equal(edition_spot_asset(edition, spot, 1080, 1920), 1);
    assert_int_equal(edition_spot_asset(edition, &edition->playlist->spots[1], 1080, 1920), -1);
    edition_destroy(edition);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(loads_with_media_beside, temp_folder_setup,
                                        temp_folder_teardown),
        cmocka_unit_test_setup_teardown(every_place_of_a_missing_medium_is_named, temp_folder_setup,
                                        temp_folder_teardown),
        cmocka_unit_test_setup_teardown(the_nearest_shape_that_is_there, temp_folder_setup,
                                        temp_folder_teardown),
        cmocka_unit_test_setup_teardown(a_film_need_be_no_picture, temp_folder_setup,
                                        temp_folder_teardown),
        cmocka_unit_test_setup_teardown(a_playlist_that_is_wrong_or_missing, temp_folder_setup,
                                        temp_folder_teardown),
        cmocka_unit_test_setup_teardown(a_time_zone_that_is_not_known_here_is_a_fault,
                                        temp_folder_setup, temp_folder_teardown),
        cmocka_unit_test_setup_teardown(media_are_checked_anew, temp_folder_setup,
                                        temp_folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
