/* The sound device is open while it is wanted, and leaves nothing running when it is not. By SDL's
 * dummy driver, which takes sound like a device. */
#include "stage/sound.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <dirent.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

static int count_threads(void)
{
    DIR *tasks = opendir("/proc/self/task");
    assert_non_null(tasks);
    int count = 0;
    for (const struct dirent *task; (task = readdir(tasks));)
        count += task->d_name[0] != '.';
    closedir(tasks);
    return count;
}

/* The device has its own threads, which tell nobody: this looks again each millisecond, which only
 * decides when the test goes on. */
static bool comes_true(bool (*is_true)(struct sound *), struct sound *sound)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    for (int i = 0; i < 60000; i++) {
        if (is_true(sound))
            return true;
        nanosleep(&pause, NULL);
    }
    return false;
}

static int threads_at_start;

static bool is_open(struct sound *sound)
{
    return sound_is_open(sound);
}

static int64_t taken_before;

static bool is_fed(struct sound *sound)
{
    return sound_queue_taken(sound_queue(sound)) > taken_before;
}

static bool is_at_rest(struct sound *sound)
{
    return !sound_is_open(sound) && count_threads() == threads_at_start + 1;
}

/* A thread that has ended is counted for a moment longer. */
static bool is_alone(struct sound *sound)
{
    (void)sound;
    return count_threads() == threads_at_start;
}

static bool is_possible(struct sound *sound)
{
    return sound_is_possible(sound);
}

static bool is_impossible(struct sound *sound)
{
    return !sound_is_possible(sound);
}

static void a_device_is_open_while_it_is_wanted(void **state)
{
    (void)state;
    setenv("SDL_AUDIODRIVER", "dummy", 1);
    struct sound *sound = sound_create();
    assert_non_null(sound);
    sound_want(sound, false);
    assert_int_equal(count_threads(), threads_at_start);
    for (int n = 0; n < 3; n++) {
        taken_before = sound_queue_taken(sound_queue(sound));
        sound_want(sound, true);
        assert_true(comes_true(is_open, sound));
        assert_true(comes_true(is_fed, sound));
        assert_true(count_threads() > threads_at_start + 1); /* its own, and SDL's */
        sound_want(sound, false);
        assert_true(comes_true(is_at_rest, sound));
        /* Sound is decoded for the film that will open it again. */
        assert_true(sound_is_possible(sound));
    }
    assert_true(sound_destroy(sound));
    assert_true(comes_true(is_alone, NULL));
}

static void one_that_is_not_there_is_looked_for_anew_when_it_is_wanted(void **state)
{
    (void)state;
    setenv("SDL_AUDIODRIVER", "there is none", 1);
    struct sound *sound = sound_create();
    assert_non_null(sound);
    sound_want(sound, true);
    assert_true(comes_true(is_impossible, sound));
    sound_want(sound, false);
    assert_true(comes_true(is_possible, sound));
    setenv("SDL_AUDIODRIVER", "dummy", 1);
    sound_want(sound, true);
    assert_true(comes_true(is_open, sound));
    assert_true(sound_destroy(sound));
    assert_true(comes_true(is_alone, NULL));
}

/* From each state at once: it may be opening or closing. */
static void it_ends_at_any_time(void **state)
{
    (void)state;
    setenv("SDL_AUDIODRIVER", "dummy", 1);
    for (int n = 0; n < 20; n++) {
        struct sound *sound = sound_create();
        assert_non_null(sound);
        for (int change = 0; change < n; change++)
            sound_want(sound, change % 2 == 0);
        assert_true(sound_destroy(sound));
        assert_true(comes_true(is_alone, NULL));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_device_is_open_while_it_is_wanted),
        cmocka_unit_test(one_that_is_not_there_is_looked_for_anew_when_it_is_wanted),
        cmocka_unit_test(it_ends_at_any_time),
    };
    threads_at_start = count_threads();
    return cmocka_run_group_tests_name("sound_device", tests, NULL, NULL);
}
