/* Films as the player shows them: playing, loader and film together, at times that the test says.
 *
 * film.c executes this program again as the worker. */
#include "playing.h"

#include "base/clock.h"
#include "decode/worker_movie.h"
#include "decode/worker_picture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <limits.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "temp_folder.h"

#define SIDE 64
#define LIMIT_MS 60000
#define MIDNIGHT_MS INT64_C(1770336000000) /* 2026-02-06 in UTC */
#define FRAME_MS 40
#define FRAMES 100

static struct playing playing;
static struct loader *loader;

/* Each picture carries its number in black and white blocks, four by four. */
static int prepare(void **state)
{
    if (temp_folder_setup(state) != 0)
        return -1;
    static const char source[] =
        "nullsrc=s=64x64:r=25,"
        "geq=lum='if(mod(floor(N/pow(2,floor(X*4/W)+4*floor(Y*4/H))),2),235,16)':cb=128:cr=128";
    const char *const arguments[] = {"ffmpeg",    "-nostdin",
                                     "-v",        "error",
                                     "-y",        "-f",
                                     "lavfi",     "-i",
                                     source,      "-frames:v",
                                     "100",       "-c:v",
                                     "libx264",   "-preset",
                                     "ultrafast", "-threads",
                                     "1",         "-g",
                                     "10",        "-pix_fmt",
                                     "yuv420p",   temp_folder_path("film.mp4"),
                                     NULL};
    pid_t pid;
    int status = -1;
    extern char **environ;
    if (posix_spawnp(&pid, "ffmpeg", NULL, NULL, (char *const *)(uintptr_t)arguments, environ) ||
        waitpid(pid, &status, 0) != pid || status != 0)
        return -1;
    temp_folder_write("list.json",
                      "{\"format\":\"duckling/1\",\"timezone\":\"UTC\",\"spots\":{\"a\":{\"video\":"
                      "\"film.mp4\",\"duration\":10}},\"defaults\":{\"transition\":{\"type\":"
                      "\"cut\",\"duration\":0}}}");
    return 0;
}

static int open_playing(void **state)
{
    (void)state;
    struct err err = {0};
    const struct loader_config config = {
        .screen_width_px = SIDE, .screen_height_px = SIDE, .language = "en", .limit_ms = LIMIT_MS};
    loader = loader_create(&config);
    return loader && playing_open(&playing, temp_folder_path("list.json"), NULL, LIMIT_MS, &err)
               ? 0
               : -1;
}

static int close_playing(void **state)
{
    (void)state;
    loader_destroy(loader);
    playing_finish(&playing);
    playing = (struct playing){0};
    return 0;
}

static int number_of(const struct frame *frame)
{
    int number = 0;
    for (int block = 0; block < 16; block++) {
        size_t x = (size_t)((block % 4 * 2 + 1) * frame->width_px / 8);
        size_t y = (size_t)((block / 4 * 2 + 1) * frame->height_px / 8);
        number |= (frame->planes[0][frame->strides_bytes[0] * y + x] > 126) << block;
    }
    return number;
}

/* Turn after turn at one instant, until the frame that belongs there is on; fails when nothing is
 * at work any more, and it is not. */
static struct show_wish settle(double at_ms)
{
    int wanted = (int)(at_ms / FRAME_MS) < FRAMES ? (int)(at_ms / FRAME_MS) : FRAMES - 1;
    int seen = -1;
    for (int turn = 0; turn < 1000; turn++) {
        struct picture *next;
        struct pollfd fds[LOADER_FDS_MAX];
        int64_t deadline_ns = INT64_MAX, now_ns = clock_mono_ns();
        loader_poll(loader);
        struct show_wish wish =
            playing_wish(&playing, loader, "", false, (double)MIDNIGHT_MS + at_ms, &next);
        loader_end_round(loader);
        if (wish.to.picture && wish.to.picture->visual)
            seen = number_of(wish.to.picture->visual);
        if (seen == wanted)
            return wish;
        int count = loader_poll_fds(loader, fds, &deadline_ns);
        int64_t left_ms = deadline_ns == INT64_MAX ? 0 : (deadline_ns - now_ns) / 1000000 + 1;
        if (poll(fds, (nfds_t)count, left_ms > INT_MAX ? INT_MAX : (int)left_ms) == 0 &&
            deadline_ns == INT64_MAX)
            break;
    }
    fail_msg("at %.0f ms: frame %d instead of %d", at_ms, seen, wanted);
    return (struct show_wish){0};
}

static void each_frame_in_its_time(void **state)
{
    (void)state;
    for (int at_ms = 0; at_ms < FRAMES * FRAME_MS; at_ms += FRAME_MS / 2)
        settle(at_ms);
    settle(9000); /* the last one holds */
}

static void a_player_that_joins_late(void **state)
{
    (void)state;
    settle(2510);
}

/* The slot is the same, but not the film's time. What was on stays until the right frame is there,
 * and is another picture, so that it can fade out. */
static void check_jump(double from_ms, double to_ms)
{
    struct show_wish wish = settle(from_ms);
    struct picture *before = picture_hold(wish.to.picture);
    uint64_t key = wish.to.key;
    playing.jumps++;
    wish = settle(to_ms);
    assert_int_not_equal(wish.to.key, key);
    assert_ptr_not_equal(wish.to.picture, before);
    assert_int_equal(number_of(before->visual), (int)(from_ms / FRAME_MS));
    picture_release(before);
}

static void the_clock_is_set_back(void **state)
{
    (void)state;
    check_jump(3500, 600);
    check_jump(3990, 20); /* the worker has said all */
}

static void the_clock_is_set_on(void **state)
{
    (void)state;
    check_jump(300, 3300);
}

int main(int argc, char **argv)
{
    /* As main() does; the search for leaks is not for sandboxes. */
    if (argc > 0 && strcmp(argv[0], WORKER_NAME) == 0)
        _exit(worker_main(&worker_picture));
    if (argc > 0 && strcmp(argv[0], WORKER_FILM_NAME) == 0)
        _exit(worker_main(&worker_movie));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_frame_in_its_time, open_playing, close_playing),
        cmocka_unit_test_setup_teardown(a_player_that_joins_late, open_playing, close_playing),
        cmocka_unit_test_setup_teardown(the_clock_is_set_back, open_playing, close_playing),
        cmocka_unit_test_setup_teardown(the_clock_is_set_on, open_playing, close_playing),
    };
    return cmocka_run_group_tests_name("playing_film", tests, prepare, temp_folder_teardown);
}
