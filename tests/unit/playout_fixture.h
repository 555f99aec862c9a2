/* Films as the player shows them: playout, loader, show and film together, at times that the test
 * says. Include after cmocka.h; main() calls be_a_worker() first. */
#ifndef TESTS_UNIT_PLAYING_FIXTURE_H
#define TESTS_UNIT_PLAYING_FIXTURE_H

#include "base/clock.h"
#include "decode/worker_process.h"
#include "worker/worker_film.h"
#include "worker/worker_picture.h"
#include "playout/playout.h"

#include "temp_folder.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define SIDE 64
#define LIMIT_MS 60000
#define MIDNIGHT_MS INT64_C(1770336000000) /* 2026-02-06 in UTC */
#define FRAME_MS 40
#define FRAMES 100
/* In the folder in which the test runs: a letter for each film that was asked for. */
#define JOBS "jobs"

static struct playout playout;
static struct loader *loader;
static struct show show;
static struct quarantine *quarantine; /* of the loaders to open; NULL: their own */

static inline bool run_ffmpeg(const char *const *arguments)
{
    pid_t pid;
    int status = -1;
    extern char **environ;
    return !posix_spawnp(&pid, "ffmpeg", NULL, NULL, (char *const *)(uintptr_t)arguments,
                         environ) &&
           waitpid(pid, &status, 0) == pid && status == 0;
}

/* Each picture carries its number in black and white blocks, four by four. */
static inline int prepare(void **state)
{
    if (temp_folder_setup(state) != 0)
        return -1;
    static const char source[] =
        "nullsrc=s=64x64:r=25,"
        "geq=lum='if(mod(floor(N/pow(2,floor(X*4/W)+4*floor(Y*4/H))),2),235,16)':cb=128:cr=128";
    const char *const arguments[] = {"ffmpeg",  "-nostdin", "-v",        "error",     "-y",  "-f",
                                     "lavfi",   "-i",       source,      "-frames:v", "100", "-c:v",
                                     "libx264", "-preset",  "ultrafast", "-threads",  "1",   "-g",
                                     "10",      "-pix_fmt", "yuv420p",   "film.mp4",  NULL};
    const char *const still[] = {
        "ffmpeg", "-nostdin",          "-v",        "error", "-y",        "-f", "lavfi",
        "-i",     "color=red:s=64x64", "-frames:v", "1",     "still.png", NULL};
    return chdir(temp_folder) == 0 && run_ffmpeg(arguments) && run_ffmpeg(still) ? 0 : -1;
}

/* Puts a playlist of these spots in force, and a still after them; it cuts from one to the next. */
static inline void put_on(const char *spots)
{
    struct err err = {0};
    char text[2048];
    snprintf(text, sizeof text,
             "{\"format\":\"duckling/1\",\"timezone\":\"UTC\",\"spots\":{%s,"
             "\"still\":{\"image\":\"still.png\",\"duration\":5}},"
             "\"defaults\":{\"transition\":{\"type\":\"cut\",\"duration\":0}}}",
             spots);
    temp_folder_write("list.json", text);
    if (!playout_open(&playout, temp_folder_path("list.json"), NULL, LIMIT_MS, &err))
        fail_msg("%s", err.text);
}

static inline void open_loader(bool sound, int64_t limit_ms)
{
    const struct loader_config config = {.screen_width_px = SIDE,
                                         .screen_height_px = SIDE,
                                         .language = "en",
                                         .limit_ms = limit_ms,
                                         .sound = sound,
                                         .quarantine = quarantine};
    loader = loader_create(&config);
    assert_non_null(loader);
    unlink(temp_folder_path(JOBS));
}

static inline int close_playout(void **state)
{
    (void)state;
    show_finish(&show);
    loader_destroy(loader);
    playout_finish(&playout);
    worker_process_reap(true);
    show = (struct show){0};
    loader = NULL;
    quarantine = NULL;
    playout = (struct playout){0};
    return 0;
}

static inline int number_of(const struct picture *picture)
{
    const struct frame *frame = picture ? picture->visual : NULL;
    int number = 0;
    for (int block = 0; frame && block < 16; block++) {
        size_t x = (size_t)((block % 4 * 2 + 1) * frame->width_px / 8);
        size_t y = (size_t)((block / 4 * 2 + 1) * frame->height_px / 8);
        number |= (frame->planes[0][frame->strides_bytes[0] * y + x] > 126) << block;
    }
    return frame ? number : -1;
}

/* The number of the film's picture that is on so long after its start. */
static inline int number_at(double offset_ms)
{
    int number = (int)(offset_ms / FRAME_MS);
    return number < FRAMES ? number : FRAMES - 1;
}

/* A turn of the player, at an instant since midnight. */
static inline struct show_request turn(double at_ms, struct picture **next)
{
    loader_poll(loader);
    struct show_request request =
        playout_request(&playout, loader, "", false, (double)MIDNIGHT_MS + at_ms, next);
    show_step(&show, &request);
    loader_end_round(loader);
    return request;
}

/* Until a worker has something to say; false where none owes anything. */
static inline bool sleep_on_workers(void)
{
    struct pollfd fds[LOADER_FDS_MAX];
    int64_t deadline_ns = INT64_MAX, now_ns = clock_mono_ns();
    int count = loader_poll_fds(loader, fds, &deadline_ns);
    int64_t left_ms = deadline_ns == INT64_MAX ? 0 : (deadline_ns - now_ns) / 1000000 + 1;
    return poll(fds, (nfds_t)count,
                left_ms > INT_MAX ? INT_MAX
                : left_ms < 0     ? 0
                                  : (int)left_ms) ||
           deadline_ns != INT64_MAX;
}

/* Turn after turn at one instant, until the frame is on that a film has so long after its start;
 * fails when nothing is at work any more, and it is not. */
static inline struct show_request settle_at(double at_ms, double offset_ms)
{
    struct picture *next;
    int seen = -1;
    for (int turns = 0; turns < 1000; turns++) {
        struct show_request request = turn(at_ms, &next);
        seen = number_of(request.to.picture);
        if (seen == number_at(offset_ms))
            return request;
        if (!sleep_on_workers())
            break;
    }
    fail_msg("at %.0f ms: frame %d instead of %d", at_ms, seen, number_at(offset_ms));
    return (struct show_request){0};
}

/* The same with a film that began at midnight. */
static inline struct show_request settle(double at_ms)
{
    return settle_at(at_ms, at_ms);
}

/* The same, on a wall that has had it on since long before. */
static inline struct show_request enter(double at_ms)
{
    struct picture *next;
    struct show_request request = settle(at_ms);
    picture_hold(request.to.picture);
    show_finish(&show);
    show = (struct show){.settled = request.to};
    turn(at_ms, &next); /* what was on before is let go */
    return request;
}

/* The processes that decode films for this one, oldest first. */
static inline int film_workers(pid_t *pids, int room)
{
    int count = 0;
    FILE *children = fopen("/proc/thread-self/children", "re");
    assert_non_null(children);
    for (int pid; count < room && fscanf(children, "%d", &pid) == 1;) {
        char path[64], name[64] = "";
        snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
        FILE *line = fopen(path, "re");
        if (line && fgets(name, sizeof name, line) && strcmp(name, PROTOCOL_WORKER_FILM_NAME) == 0)
            pids[count++] = pid;
        if (line)
            fclose(line);
    }
    fclose(children);
    return count;
}

/* The only one that there is. */
static inline pid_t film_worker(void)
{
    pid_t pids[8];
    worker_process_reap(true); /* those that were told to end may be at it still */
    assert_int_equal(film_workers(pids, 8), 1);
    return pids[0];
}

/* How many films were asked for, and how many of them with sound. */
static inline int count_jobs(int *with_sound)
{
    int count = 0, letter;
    *with_sound = 0;
    FILE *file = fopen(temp_folder_path(JOBS), "re");
    while (file && (letter = fgetc(file)) != EOF) {
        count++;
        *with_sound += letter == 's';
    }
    if (file)
        fclose(file);
    return count;
}

/* As main() does; the search for leaks is not for sandboxes. A film's job is noted first. */
static inline void be_a_worker(int argc, char **argv)
{
    static struct protocol_job job;
    if (argc > 0 && strcmp(argv[0], PROTOCOL_WORKER_NAME) == 0)
        _exit(worker_main(&worker_picture));
    if (argc == 0 || strcmp(argv[0], PROTOCOL_WORKER_FILM_NAME) != 0)
        return;
    int file = open(JOBS, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file >= 0 && recv(PROTOCOL_FD, &job, sizeof job, MSG_PEEK) == (ssize_t)sizeof job &&
        !job.probe_only && write(file, job.want_sound ? "s" : "-", 1) != 1)
        _exit(3);
    if (file >= 0)
        close(file);
    _exit(worker_main(&worker_film));
}

#endif
