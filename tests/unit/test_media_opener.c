#include "playout/media_opener.h"

#include "playout/quarantine.h"

#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "temp_folder.h"

#define LONG_MS 600000
#define FILES 12

static sem_t woken;

static void post_woken(void *context)
{
    sem_post(context);
}

/* Pictures that are none, but open: 0.png, 1.png and so on. */
static struct edition *make_edition(void)
{
    char text[2048] = "{\"format\":\"duckling/1\",\"spots\":{";
    for (int i = 0; i < FILES; i++) {
        char name[32];
        size_t used = strlen(text);
        snprintf(name, sizeof name, "%d.png", i);
        temp_folder_write(name, name);
        snprintf(text + used, sizeof text - used, "%s\"%d\":{\"image\":\"%s\"}", i ? "," : "", i,
                 name);
    }
    size_t used = strlen(text);
    snprintf(text + used, sizeof text - used, "}}");
    struct playlist_faults faults = {0};
    struct playlist *playlist = playlist_parse(text, strlen(text), &faults);
    assert_non_null(playlist);
    playlist_faults_finish(&faults);
    struct edition *edition = edition_create_unchecked(playlist, temp_folder_path("list.json"));
    assert_non_null(edition);
    return edition;
}

static struct media_opener *make_opener(void)
{
    sem_init(&woken, 0, 0);
    struct media_opener *opener = media_opener_create(post_woken, &woken);
    assert_non_null(opener);
    return opener;
}

static void wait_until_ready(struct media_opener *opener, const struct edition *edition, int asset)
{
    while (media_opener_request(opener, edition, asset, LONG_MS) != MEDIA_OPENER_READY)
        sem_wait(&woken);
}

static void check_content(int file, const char *expected)
{
    char bytes[64] = "";
    assert_true(file >= 0);
    assert_int_equal(pread(file, bytes, sizeof bytes - 1, 0), strlen(expected));
    assert_string_equal(bytes, expected);
}

static void a_file_is_opened_and_identified(void **state)
{
    (void)state;
    struct edition *edition = make_edition();
    struct media_opener *opener = make_opener();
    struct err err = {0};
    uint8_t identity[HASH_BYTES], expected[HASH_BYTES];
    assert_int_equal(media_opener_request(opener, edition, 1, LONG_MS), MEDIA_OPENER_WAITING);
    wait_until_ready(opener, edition, 1);
    assert_true(media_opener_identify(opener, edition, 1, identity));
    assert_true(quarantine_identify(edition, 1, expected));
    assert_memory_equal(identity, expected, HASH_BYTES);
    int file = media_opener_take(opener, edition, 1, &err);
    check_content(file, "1.png");
    media_opener_close(opener, file);
    /* Taken once. */
    assert_int_equal(media_opener_take(opener, edition, 1, &err), -1);
    media_opener_destroy(opener);
    edition_destroy(edition);
}

static void a_file_that_is_missing_is_told(void **state)
{
    (void)state;
    struct edition *edition = make_edition();
    struct media_opener *opener = make_opener();
    struct err err = {0};
    uint8_t identity[HASH_BYTES];
    unlink(temp_folder_path("2.png"));
    wait_until_ready(opener, edition, 2);
    assert_false(media_opener_identify(opener, edition, 2, identity));
    assert_int_equal(media_opener_take(opener, edition, 2, &err), -1);
    assert_int_equal(err.code, ERR_MISSING);
    assert_non_null(strstr(err.text, "2.png: No such file"));
    media_opener_destroy(opener);
    edition_destroy(edition);
}

static void without_an_opener_it_is_opened_at_once(void **state)
{
    (void)state;
    struct edition *edition = make_edition();
    struct err err = {0};
    assert_int_equal(media_opener_request(NULL, edition, 3, 0), MEDIA_OPENER_READY);
    int file = media_opener_take(NULL, edition, 3, &err);
    check_content(file, "3.png");
    media_opener_close(NULL, file);
    media_opener_destroy(NULL);
    edition_destroy(edition);
}

static void an_edition_outlives_its_owner_while_a_file_is_opened(void **state)
{
    (void)state;
    struct media_opener *opener = make_opener();
    for (int i = 0; i < 50; i++) {
        struct edition *edition = make_edition();
        for (int asset = 0; asset < FILES; asset++)
            media_opener_request(opener, edition, asset, LONG_MS);
        edition_destroy(edition);
    }
    media_opener_destroy(opener);
}

static void files_that_nobody_takes_are_closed_at_the_end(void **state)
{
    (void)state;
    struct edition *edition = make_edition();
    struct media_opener *opener = make_opener();
    for (int asset = 0; asset < FILES; asset++)
        wait_until_ready(opener, edition, asset);
    media_opener_destroy(opener);
    edition_destroy(edition);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_opened_and_identified),
        cmocka_unit_test(a_file_that_is_missing_is_told),
        cmocka_unit_test(without_an_opener_it_is_opened_at_once),
        cmocka_unit_test(an_edition_outlives_its_owner_while_a_file_is_opened),
        cmocka_unit_test(files_that_nobody_takes_are_closed_at_the_end),
    };
    return cmocka_run_group_tests_name("media_opener", tests, temp_folder_setup,
                                       temp_folder_teardown);
}
