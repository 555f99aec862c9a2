/* Which film spots of two playlists are the same, so that a film runs on. */
#include "playout/film_fingerprint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "temp_folder.h"

/* The fingerprint of one film in an edition of its own. number: of the hash that the store knows of
 * it; 0: none. */
static uint64_t fingerprint_of(const char *bytes, int number)
{
    static const char text[] =
        "{\"format\":\"duckling/1\",\"spots\":{\"a\":{\"video\":\"a.mp4\"}}}";
    struct playlist_faults faults = {0};
    unlink(temp_folder_path("a.mp4")); /* another file in its place, as a download makes it */
    temp_folder_write("a.mp4", bytes);
    struct playlist *playlist = playlist_parse(text, strlen(text), &faults);
    assert_non_null(playlist);
    playlist_faults_finish(&faults);
    struct edition *edition = edition_create_unchecked(playlist, temp_folder_path("list.json"));
    assert_non_null(edition);
    edition->hashes = calloc(1, sizeof *edition->hashes);
    assert_non_null(edition->hashes);
    edition->hashes[0][0] = (uint8_t)number;
    uint64_t *fingerprints = film_fingerprint_create(edition);
    assert_non_null(fingerprints);
    uint64_t fingerprint = fingerprints[0];
    free(fingerprints);
    edition_destroy(edition);
    return fingerprint;
}

static void one_that_came_again_is_the_same(void **state)
{
    (void)state;
    uint64_t first = fingerprint_of("film", 7);
    assert_int_not_equal(first, 0);
    assert_int_equal(fingerprint_of("film", 7), first);
    assert_int_not_equal(fingerprint_of("else", 8), first);
}

static void without_a_hash_it_is_the_file_that_counts(void **state)
{
    (void)state;
    uint64_t first = fingerprint_of("film", 0);
    assert_int_not_equal(first, 0);
    assert_int_not_equal(fingerprint_of("another film", 0), first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_came_again_is_the_same),
        cmocka_unit_test(without_a_hash_it_is_the_file_that_counts),
    };
    return cmocka_run_group_tests_name("film_fingerprint", tests, temp_folder_setup,
                                       temp_folder_teardown);
}
