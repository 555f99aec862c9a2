/* The sound device is open while it is wanted, and leaves nothing running when it is not. By SDL's
 * dummy driver, which takes sound like a device. */
#include "sound/sound_device.h"

#include "base/clock.h"
#include "base/log.h"

#include <SDL.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <dirent.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#define OPENS_MAX 16
/* So much faster than else the device's thread looks and tries again, if asked to. */
#define HURRY 5

/* Devices that open, and never ask for anything. */
static _Atomic bool is_stuck, in_hurry;
static _Atomic int opens;
static _Atomic SDL_AudioDeviceID last_device;
static _Atomic int64_t longest_wait_ms; /* that the device's thread asked for, in a hurry or not */
static int64_t opened_ms[OPENS_MAX]; /* when; the device's thread writes one before it counts it */

/* These three stand before SDL's and the C library's. */
static void *real(const char *name)
{
    void *symbol = dlsym(RTLD_NEXT, name);
    assert_non_null(symbol);
    return symbol;
}

SDL_AudioDeviceID SDL_OpenAudioDevice(const char *name, int is_capture, const SDL_AudioSpec *want,
                                      SDL_AudioSpec *have, int changes)
{
    SDL_AudioDeviceID (*open_device)(const char *, int, const SDL_AudioSpec *, SDL_AudioSpec *,
                                     int);
    *(void **)&open_device = real("SDL_OpenAudioDevice");
    if (opens < OPENS_MAX)
        opened_ms[opens] = clock_mono_ns() / 1000000;
    last_device = open_device(name, is_capture, want, have, changes);
    opens++;
    return last_device;
}

static void pause_device(int pause)
{
    void (*change)(SDL_AudioDeviceID, int);
    *(void **)&change = real("SDL_PauseAudioDevice");
    change(last_device, pause);
}

void SDL_PauseAudioDevice(SDL_AudioDeviceID device, int pause)
{
    assert_int_equal(device, last_device);
    if (!is_stuck)
        pause_device(pause);
}

int pthread_cond_timedwait(pthread_cond_t *restrict wake, pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict until)
{
    int64_t now_ns = clock_mono_ns();
    int64_t wait_ns = (int64_t)until->tv_sec * 1000000000 + until->tv_nsec - now_ns;
    if (wait_ns / 1000000 > longest_wait_ms)
        longest_wait_ms = wait_ns / 1000000;
    int64_t end_ns = now_ns + (in_hurry ? wait_ns / HURRY : wait_ns);
    const struct timespec end = {.tv_sec = end_ns / 1000000000, .tv_nsec = end_ns % 1000000000};
    return pthread_cond_clockwait(wake, mutex, CLOCK_MONOTONIC, &end);
}

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
static bool comes_true(bool (*is_true)(struct sound_device *), struct sound_device *sound)
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

static bool is_open(struct sound_device *sound)
{
    return sound_device_is_open(sound);
}

static int64_t taken_before;

static bool is_fed(struct sound_device *sound)
{
    return sound_queue_taken(sound_device_queue(sound)) > taken_before;
}

static bool is_at_rest(struct sound_device *sound)
{
    return !sound_device_is_open(sound) && count_threads() == threads_at_start + 1;
}

/* A thread that has ended is counted for a moment longer. */
static bool is_alone(struct sound_device *sound)
{
    (void)sound;
    return count_threads() == threads_at_start;
}

static bool is_possible(struct sound_device *sound)
{
    return sound_device_is_available(sound);
}

static bool is_impossible(struct sound_device *sound)
{
    return !sound_device_is_available(sound);
}

static void a_device_is_open_while_it_is_wanted(void **state)
{
    (void)state;
    setenv("SDL_AUDIODRIVER", "dummy", 1);
    struct sound_device *sound = sound_device_create();
    assert_non_null(sound);
    sound_device_set_needed(sound, false);
    assert_int_equal(count_threads(), threads_at_start);
    for (int n = 0; n < 3; n++) {
        taken_before = sound_queue_taken(sound_device_queue(sound));
        sound_device_set_needed(sound, true);
        assert_true(comes_true(is_open, sound));
        assert_true(comes_true(is_fed, sound));
        assert_true(count_threads() > threads_at_start + 1); /* its own, and SDL's */
        sound_device_set_needed(sound, false);
        assert_true(comes_true(is_at_rest, sound));
        /* Sound is decoded for the film that will open it again. */
        assert_true(sound_device_is_available(sound));
    }
    assert_true(sound_device_destroy(sound));
    assert_true(comes_true(is_alone, NULL));
}

static void one_that_is_not_there_is_looked_for_anew_when_it_is_wanted(void **state)
{
    (void)state;
    setenv("SDL_AUDIODRIVER", "there is none", 1);
    struct sound_device *sound = sound_device_create();
    assert_non_null(sound);
    sound_device_set_needed(sound, true);
    assert_true(comes_true(is_impossible, sound));
    sound_device_set_needed(sound, false);
    assert_true(comes_true(is_possible, sound));
    setenv("SDL_AUDIODRIVER", "dummy", 1);
    sound_device_set_needed(sound, true);
    assert_true(comes_true(is_open, sound));
    assert_true(sound_device_destroy(sound));
    assert_true(comes_true(is_alone, NULL));
}

/* From each state at once: it may be opening or closing. */
static void it_ends_at_any_time(void **state)
{
    (void)state;
    setenv("SDL_AUDIODRIVER", "dummy", 1);
    for (int n = 0; n < 20; n++) {
        struct sound_device *sound = sound_device_create();
        assert_non_null(sound);
        for (int change = 0; change < n; change++)
            sound_device_set_needed(sound, change % 2 == 0);
        assert_true(sound_device_destroy(sound));
        assert_true(comes_true(is_alone, NULL));
    }
}

static int opens_wanted;

static bool is_opened_so_often(struct sound_device *sound)
{
    (void)sound;
    return opens >= opens_wanted;
}

static int kept_stderr, captured;

static void catch_log(void)
{
    fflush(stderr);
    kept_stderr = dup(STDERR_FILENO);
    captured = memfd_create("stderr", MFD_CLOEXEC);
    if (kept_stderr < 0 || captured < 0 || dup2(captured, STDERR_FILENO) < 0)
        abort();
}

static char *caught_log(void)
{
    off_t size = lseek(captured, 0, SEEK_END);
    char *text = calloc(1, (size_t)size + 1);
    if (!text || pread(captured, text, (size_t)size, 0) != size)
        abort();
    return text;
}

static void release_log(void)
{
    log_flush();
    fflush(stderr);
    dup2(kept_stderr, STDERR_FILENO);
    close(kept_stderr);
}

static int count_in_log(const char *words)
{
    char *text = caught_log();
    int count = 0;
    for (const char *at = text; (at = strstr(at, words)); at++)
        count++;
    free(text);
    return count;
}

static bool is_told_to_work_again(struct sound_device *sound)
{
    (void)sound;
    return count_in_log("sound device open") == 2;
}

static bool is_told_as_lost_again(struct sound_device *sound)
{
    (void)sound;
    return count_in_log("sound device lost") == 2;
}

/* In the log is each change, and nothing more; the waits double. */
static void one_that_takes_nothing_is_tried_ever_less_often(void **state)
{
    (void)state;
    setenv("SDL_AUDIODRIVER", "dummy", 1);
    is_stuck = in_hurry = true;
    opens = 0;
    struct sound_device *sound = sound_device_create();
    assert_non_null(sound);
    catch_log();
    log_write(LOG_LEVEL_INFO, "test",
              "caught from here on"); /* else a line like the last one would be counted */
    sound_device_set_needed(sound, true);
    opens_wanted = 4;
    bool came = comes_true(is_opened_so_often, sound);
    int losses = count_in_log("sound device lost"), openings = count_in_log("sound device open");
    /* It begins to work; then it is lost as it was the first time. */
    in_hurry = is_stuck = false;
    pause_device(0);
    bool worked = comes_true(is_told_to_work_again, sound);
    in_hurry = true;
    opens_wanted = opens + 1;
    longest_wait_ms = 0;
    pause_device(1);
    bool lost = comes_true(is_told_as_lost_again, sound);
    bool again = comes_true(is_opened_so_often, sound);
    int64_t waited_ms = longest_wait_ms;
    bool ended = sound_device_destroy(sound);
    release_log();
    int losses_later = count_in_log("sound device lost");
    close(captured);
    in_hurry = false;
    assert_true(came);
    assert_true(worked);
    assert_true(lost);
    assert_true(again);
    assert_true(ended);
    /* Each time half a second is looked four times; then one second is waited, two, four. */
    for (int i = 1; i < 4; i++)
        assert_true(opened_ms[i] - opened_ms[i - 1] >= (2000 + (500 << i)) / HURRY);
    assert_int_equal(losses, 1);
    assert_int_equal(openings, 1);
    assert_int_equal(losses_later, 2);
    /* As after a first failure, not a fourth. */
    assert_true(waited_ms <= 1500);
    assert_true(comes_true(is_alone, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_device_is_open_while_it_is_wanted),
        cmocka_unit_test(one_that_is_not_there_is_looked_for_anew_when_it_is_wanted),
        cmocka_unit_test(it_ends_at_any_time),
        cmocka_unit_test(one_that_takes_nothing_is_tried_ever_less_often),
    };
    threads_at_start = count_threads();
    return cmocka_run_group_tests_name("sound_device", tests, NULL, NULL);
}
