/* Films in tests: started on a part of hostile_film.h or on a file, waited for, stopped, and
 * whether anything is left. Include after cmocka.h. */
#ifndef TESTS_UNIT_FILM_FIXTURE_H
#define TESTS_UNIT_FILM_FIXTURE_H

#include "base/clock.h"
#include "decode/film_client.h"
#include "decode/worker_process.h"

#include "hostile_film.h"
#include "temp_folder.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <sys/wait.h>

#define LIMIT_MS 60000 /* far more than any worker here needs, even under a sanitizer */

static const struct film_client_request plain = {.canvas_width_px = FILM_WIDTH,
                                                 .canvas_height_px = FILM_HEIGHT,
                                                 .fit = LAYOUT_FIT_COVER,
                                                 .focus_x = 0.5,
                                                 .focus_y = 0.5,
                                                 .limit_ms = LIMIT_MS};

/* The one in work, so that a test that fails leaves no worker to the next. */
static struct film_client *current;

static inline struct film_client *start(int file, const struct film_client_request *request)
{
    struct err err = {0};
    current = film_client_start(request, file, &err);
    if (!current)
        fail_msg("%s", err.text);
    return current;
}

static inline struct film_client *start_part(const char *part,
                                             const struct film_client_request *request)
{
    static void *page = MAP_FAILED;
    char text[HOSTILE_NAME_BYTES + sizeof HOSTILE_MARK] = "";
    snprintf(text, sizeof text, HOSTILE_MARK "%s", part);
    int file = memfd_create("part", MFD_CLOEXEC);
    assert_int_equal(write(file, text, sizeof text), sizeof text);
    assert_int_equal(ftruncate(file, PART_BYTES), 0);
    if (page != MAP_FAILED)
        munmap(page, PART_BYTES);
    page = mmap(NULL, PART_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    assert_ptr_not_equal(page, MAP_FAILED);
    part_ticks = (_Atomic uint32_t *)((uint8_t *)page + TICK_AT);
    struct film_client *film = start(file, request);
    close(file);
    return film;
}

/* Lets the part go on by one step. */
static inline void tick(void)
{
    atomic_fetch_add(part_ticks, 1);
    syscall(SYS_futex, part_ticks, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static inline struct film_client *start_real(const char *name,
                                             const struct film_client_request *request)
{
    int file = open(temp_folder_path(name), O_RDONLY | O_CLOEXEC);
    assert_true(file >= 0);
    struct film_client *film = start(file, request);
    close(file);
    return film;
}

static inline void stop(void)
{
    film_client_stop(current);
    current = NULL;
}

static inline int stop_after_test(void **state)
{
    (void)state;
    stop();
    worker_process_reap(true);
    return 0;
}

static inline int count_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    assert_non_null(folder);
    int count = 0;
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

static inline void check_nothing_left(int descriptors)
{
    worker_process_reap(true);
    assert_int_equal(count_descriptors(), descriptors);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

/* Until the worker has something to say, or its time is up. */
static inline void sleep_on(const struct film_client *film)
{
    struct pollfd fd = {.fd = film_client_fd(film), .events = POLLIN};
    int64_t deadline_ns = film_client_deadline_ns(film);
    int64_t left_ms = (deadline_ns - clock_mono_ns()) / 1000000 + 1;
    if (deadline_ns == INT64_MAX)
        left_ms = LIMIT_MS;
    if (poll(&fd, 1, left_ms > 0 ? (int)left_ms : 0) == 0 && deadline_ns == INT64_MAX)
        fail_msg("nothing comes, and nothing is owed");
}

/* Polls until so many frames have come, all that there are (came < 0: until it has ended), or it
 * has failed. */
static inline enum film_client_state wait_for_frames(struct film_client *film, int64_t wanted,
                                                     struct err *err)
{
    for (;;) {
        enum film_client_state state = film_client_poll(film, clock_mono_ns(), err);
        if (state == FILM_CLIENT_FAILED ||
            (wanted > 0 && film_client_counts(film).received >= wanted) ||
            (wanted < 0 && state == FILM_CLIENT_READY && film_client_fd(film) < 0))
            return state;
        sleep_on(film);
    }
}

/* Reads every sample of it: it must be there to its end. */
static inline unsigned sum_of(const struct frame *frame)
{
    unsigned sum = 0;
    for (int i = 0; i < 3; i++) {
        int width = i ? (frame->width_px + 1) / 2 : frame->width_px;
        int height = i ? (frame->height_px + 1) / 2 : frame->height_px;
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++)
                sum += frame->planes[i][frame->strides_bytes[i] * (size_t)y + (size_t)x];
    }
    return sum;
}

#endif
