#include "playout/media_opener.h"

#include "playout/quarantine.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "temp_folder.h"

#define LONG_MS 600000
#define FILES 12
#define MANY (MEDIA_OPENER_FILES_MAX + 1)

static sem_t woken;
static pthread_mutex_t disk = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t disk_answers = PTHREAD_COND_INITIALIZER;
static bool hangs;

/* In place of libc's: while the disk hangs, files called .png don't open. */
static int open_on_disk(const char *path, int flags, mode_t mode)
{
    const char *end = strstr(path, ".png");
    pthread_mutex_lock(&disk);
    while (hangs && end && !end[4])
        pthread_cond_wait(&disk_answers, &disk);
    pthread_mutex_unlock(&disk);
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

static mode_t mode_of(int flags, va_list arguments)
{
    return flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return open_on_disk(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return open_on_disk(path, flags, mode);
}

static void set_hanging(bool hang)
{
    pthread_mutex_lock(&disk);
    hangs = hang;
    pthread_cond_broadcast(&disk_answers);
    pthread_mutex_unlock(&disk);
}

static void post_woken(void *context)
{
    sem_post(context);
}

/* Pictures that are none, but open: 0.png, 1.png and so on; the last one is called 0.jpg. */
static struct edition *make_edition_of(int count)
{
    static char text[8192];
    snprintf(text, sizeof text, "%s", "{\"format\":\"duckling/1\",\"spots\":{");
    for (int i = 0; i < count; i++) {
        char name[32];
        size_t used = strlen(text);
        snprintf(name, sizeof name, i == count - 1 ? "0.jpg" : "%d.png", i);
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

static struct edition *make_edition(void)
{
    return make_edition_of(FILES + 1);
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

static int count_open_files(void)
{
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    assert_non_null(folder);
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

static void files_that_nobody_takes_are_closed_at_the_end(void **state)
{
    (void)state;
    struct edition *edition = make_edition();
    struct media_opener *opener = make_opener();
    int before = count_open_files();
    for (int asset = 0; asset < FILES; asset++)
        wait_until_ready(opener, edition, asset);
    assert_int_equal(count_open_files(), before + FILES);
    media_opener_destroy(opener);
    assert_int_equal(count_open_files(), before);
    edition_destroy(edition);
}

/* Until it is ready; false when it isn't for long. */
static bool becomes_ready(struct media_opener *opener, const struct edition *edition, int asset)
{
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += 60;
    while (media_opener_request(opener, edition, asset, LONG_MS) != MEDIA_OPENER_READY)
        if (sem_timedwait(&woken, &end) < 0)
            return false;
    return true;
}

static void files_that_hang_hold_up_no_others(void **state)
{
    (void)state;
    struct edition *edition = make_edition();
    struct media_opener *opener = make_opener();
    struct err err = {0};
    set_hanging(true);
    for (int asset = 0; asset < FILES; asset++)
        assert_int_equal(media_opener_request(opener, edition, asset, LONG_MS),
                         MEDIA_OPENER_WAITING);
    bool ready = becomes_ready(opener, edition, FILES);
    assert_int_equal(media_opener_request(opener, edition, 0, 0), MEDIA_OPENER_LATE);
    set_hanging(false);
    assert_true(ready);
    int file = media_opener_take(opener, edition, FILES, &err);
    check_content(file, "0.jpg");
    media_opener_close(opener, file);
    for (int asset = 0; asset < FILES; asset++)
        assert_true(becomes_ready(opener, edition, asset));
    media_opener_destroy(opener);
    edition_destroy(edition);
}

static void without_room_for_another_it_is_late(void **state)
{
    (void)state;
    struct edition *edition = make_edition_of(MANY);
    struct media_opener *opener = make_opener();
    set_hanging(true);
    for (int asset = 0; asset < MANY - 1; asset++)
        assert_int_equal(media_opener_request(opener, edition, asset, LONG_MS),
                         MEDIA_OPENER_WAITING);
    enum media_opener_state state_of_last =
        media_opener_request(opener, edition, MANY - 1, LONG_MS);
    set_hanging(false);
    assert_int_equal(state_of_last, MEDIA_OPENER_LATE);
    /* Those that nobody has taken give way. */
    for (int asset = 0; asset < MANY - 1; asset++)
        assert_true(becomes_ready(opener, edition, asset));
    assert_true(becomes_ready(opener, edition, MANY - 1));
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
        cmocka_unit_test(files_that_hang_hold_up_no_others),
        cmocka_unit_test(without_room_for_another_it_is_late),
    };
    return cmocka_run_group_tests_name("media_opener", tests, temp_folder_setup,
                                       temp_folder_teardown);
}
