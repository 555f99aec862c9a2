#include "kiosk/screen_notes.h"

#include "temp_folder.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <cmocka.h>

static struct screen_notes notes;

static int setup(void **state)
{
    int result = temp_folder_setup(state);
    return result ? result : setenv("RUNTIME_DIRECTORY", temp_folder, 1);
}

static int teardown(void **state)
{
    screen_notes_finish(&notes);
    return temp_folder_teardown(state);
}

static struct crash_loop_place place(uint8_t playlist, const char *spot)
{
    struct crash_loop_place made = {.playlist = {playlist, 0xab}};
    snprintf(made.spot, sizeof made.spot, "%s", spot);
    return made;
}

static void start(void)
{
    struct err err = {0};
    if (!screen_notes_start(&notes, &err))
        fail_msg("%s", err.text);
}

static void show(uint8_t playlist, const char *spot)
{
    struct err err = {0};
    const struct crash_loop_place shown = place(playlist, spot);
    assert_true(screen_notes_write(&notes, &shown, &err));
}

/* The player is gone, without a word. */
static void crash(void)
{
    close(notes.lock);
    notes.is_there = false;
}

static void write_file(const char *text)
{
    FILE *file = fopen(temp_folder_path("on-screen"), "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void a_crash_is_known_by_its_place(void **state)
{
    (void)state;
    start();
    assert_false(notes.has_crashed);
    show(7, "a spot with spaces, 오리");
    crash();
    start();
    assert_true(notes.has_crashed);
    assert_string_equal(notes.crashed.spot, "a spot with spaces, 오리");
    assert_int_equal(notes.crashed.playlist[0], 7);
    assert_int_equal(notes.crashed.playlist[1], 0xab);
}

static void a_player_that_is_killed_leaves_its_note(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        struct err err = {0};
        const struct crash_loop_place shown = place(1, "killed");
        if (screen_notes_start(&notes, &err) && screen_notes_write(&notes, &shown, &err))
            raise(SIGKILL);
        _exit(1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    start();
    assert_true(notes.has_crashed);
    assert_string_equal(notes.crashed.spot, "killed");
}

static void an_end_is_no_crash(void **state)
{
    (void)state;
    start();
    show(1, "a");
    screen_notes_finish(&notes);
    start();
    assert_false(notes.has_crashed);
}

static void what_was_decided_is_kept(void **state)
{
    (void)state;
    start();
    const struct crash_loop_place at = place(1, "a"), none = {0};
    for (int i = 0; i < CRASH_LOOP_CRASHES; i++)
        crash_loop_add(&notes.loop, &at, 1000 + i);
    crash_loop_add(&notes.loop, &none, 2000);
    show(2, "");
    crash();
    start();
    assert_string_equal(notes.crashed.spot, "");
    assert_int_equal(notes.loop.left_out_count, 1);
    assert_int_equal(crash_loop_until_ms(&notes.loop, &at, 3000),
                     1002 + CRASH_LOOP_HOURS * 3600000);
    assert_int_equal(notes.loop.crash_count, 1);
    assert_int_equal(notes.loop.crashes[0].at_ms, 2000);
}

static void as_much_as_there_can_be_fits(void **state)
{
    (void)state;
    start();
    char name[CRASH_LOOP_SPOT_BYTES];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    for (int i = 0; i < CRASH_LOOP_LEFT_OUT_MAX; i++)
        notes.loop.left_out[i] = (struct crash_loop_left_out){
            .place = place(1, name), .since_ms = INT64_MAX - 1, .until_ms = INT64_MAX};
    notes.loop.left_out_count = CRASH_LOOP_LEFT_OUT_MAX;
    for (int i = 0; i < CRASH_LOOP_CRASHES; i++)
        notes.loop.crashes[i] = (struct crash_loop_crash){place(1, name), INT64_MAX};
    notes.loop.crash_count = CRASH_LOOP_CRASHES;
    show(1, name);
    crash();
    start();
    assert_true(notes.has_crashed);
    assert_int_equal(notes.loop.left_out_count, CRASH_LOOP_LEFT_OUT_MAX);
    assert_int_equal(notes.loop.crash_count, CRASH_LOOP_CRASHES);
    assert_string_equal(notes.loop.left_out[CRASH_LOOP_LEFT_OUT_MAX - 1].place.spot, name);
}

static void without_a_folder_there_are_none(void **state)
{
    (void)state;
    unsetenv("RUNTIME_DIRECTORY");
    start();
    assert_false(notes.is_there);
    show(1, "a");
    setenv("RUNTIME_DIRECTORY", "", 1);
    start();
    assert_false(notes.is_there);
}

static void the_first_of_several_folders_is_taken(void **state)
{
    (void)state;
    char list[2 * PATH_MAX];
    snprintf(list, sizeof list, "%s:/nowhere", temp_folder);
    setenv("RUNTIME_DIRECTORY", list, 1);
    start();
    show(1, "a");
    assert_int_equal(access(temp_folder_path("on-screen"), R_OK), 0);
}

static void a_folder_that_is_none_is_told(void **state)
{
    (void)state;
    struct err err = {0};
    setenv("RUNTIME_DIRECTORY", "run", 1);
    assert_false(screen_notes_start(&notes, &err));
    setenv("RUNTIME_DIRECTORY", "/no/such/folder", 1);
    assert_false(screen_notes_start(&notes, &err));
    assert_non_null(strstr(err.text, "/no/such/folder/on-screen.lock: No such file"));
    assert_false(notes.is_there);
}

static void two_players_do_not_share_a_folder(void **state)
{
    (void)state;
    struct screen_notes second;
    struct err err = {0};
    start();
    show(1, "a");
    assert_false(screen_notes_start(&second, &err));
    assert_false(second.is_there);
    assert_non_null(strstr(err.text, "another player"));
    screen_notes_finish(&second);
    assert_int_equal(access(temp_folder_path("on-screen"), R_OK), 0);
}

static void what_is_no_note_counts_as_none(void **state)
{
    (void)state;
    static const char begin[] = "duckling on-screen 1\nrunning\n";
    static const char hash[] = "00000000000000000000000000000000"
                               "00000000000000000000000000000000";
    static const char *const lines[] = {"shown %s",
                                        "shown 12 a\nend\n",
                                        "shown %s\nend\n",
                                        "crash x %s a\nend\n",
                                        "crash -1 %s a\nend\n",
                                        "crash 99999999999999999999 %s a\nend\n",
                                        "left-out 1 %s a\nend\n",
                                        "shown\nend\n",
                                        "other %s a\nend\n",
                                        "shown %s a\nen"};
    char text[4096], line[512];
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct err err = {0};
        const char *at = strstr(lines[i], "%s");
        snprintf(line, sizeof line, "%.*s%s%s", at ? (int)(at - lines[i]) : 400, lines[i],
                 at ? hash : "", at ? at + 2 : "");
        snprintf(text, sizeof text, "%s%s", begin, line);
        write_file(text);
        assert_false(screen_notes_start(&notes, &err));
        assert_non_null(strstr(err.text, "is damaged"));
        assert_true(notes.is_there); /* from now on there are good ones */
        assert_false(notes.has_crashed);
        crash();
    }
    static const char *const files[] = {"",
                                        "\n",
                                        "duckling on-screen 2\nrunning\nend\n",
                                        "duckling on-screen 1\nwalking\nend\n",
                                        "duckling on-screen 1",
                                        begin};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct err err = {0};
        write_file(files[i]);
        assert_false(screen_notes_start(&notes, &err));
        crash();
    }
}

static void more_than_there_can_be_is_no_note(void **state)
{
    (void)state;
    struct err err = {0};
    FILE *file = fopen(temp_folder_path("on-screen"), "w");
    fputs("duckling on-screen 1\nrunning\n", file);
    for (int i = 0; i < CRASH_LOOP_CRASHES + 1; i++)
        fprintf(file, "crash 1 %064d a\n", 0);
    fputs("end\n", file);
    fclose(file);
    assert_false(screen_notes_start(&notes, &err));
    assert_int_equal(notes.loop.crash_count, 0);
}

static void a_file_that_is_none_is_not_waited_for(void **state)
{
    (void)state;
    struct err err = {0};
    assert_int_equal(mkfifo(temp_folder_path("on-screen"), 0600), 0);
    assert_false(screen_notes_start(&notes, &err));
    show(1, "a"); /* takes its place */
    crash();
    start();
    assert_true(notes.has_crashed);
    crash();
    assert_int_equal(unlink(temp_folder_path("on-screen")), 0);
    assert_int_equal(symlink("/etc/hostname", temp_folder_path("on-screen")), 0);
    assert_false(screen_notes_start(&notes, &err));
    show(1, "a");
    struct stat st;
    assert_int_equal(lstat(temp_folder_path("on-screen"), &st), 0);
    assert_true(S_ISREG(st.st_mode));
}

static void a_file_in_the_place_of_the_lock_is_not_followed(void **state)
{
    (void)state;
    struct err err = {0};
    assert_int_equal(symlink("elsewhere", temp_folder_path("on-screen.lock")), 0);
    assert_false(screen_notes_start(&notes, &err));
    assert_int_equal(access(temp_folder_path("elsewhere"), F_OK), -1);
}

int main(void)
{
#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(a_crash_is_known_by_its_place),
        WITH_FOLDER(a_player_that_is_killed_leaves_its_note),
        WITH_FOLDER(an_end_is_no_crash),
        WITH_FOLDER(what_was_decided_is_kept),
        WITH_FOLDER(as_much_as_there_can_be_fits),
        WITH_FOLDER(without_a_folder_there_are_none),
        WITH_FOLDER(the_first_of_several_folders_is_taken),
        WITH_FOLDER(a_folder_that_is_none_is_told),
        WITH_FOLDER(two_players_do_not_share_a_folder),
        WITH_FOLDER(what_is_no_note_counts_as_none),
        WITH_FOLDER(more_than_there_can_be_is_no_note),
        WITH_FOLDER(a_file_that_is_none_is_not_waited_for),
        WITH_FOLDER(a_file_in_the_place_of_the_lock_is_not_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
