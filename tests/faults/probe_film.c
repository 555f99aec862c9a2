/* Plays a film as often as is said: of four plays two are stopped at once, one with its first
 * frame, one when all has come; a few at a time. Prints what the process held before
 * and after:
 *
 *     probe_film FILM PLAYS */
#include "base/clock.h"
#include "decode/film_client.h"
#include "decode/worker_process.h"
#include "worker/worker_film.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define AT_ONCE 4
#define LIMIT_MS 60000

struct play {
    struct film_client *film;
    int turn;
};

static int count_entries(const char *path)
{
    DIR *folder = opendir(path);
    int count = 0;
    while (folder && readdir(folder))
        count++;
    if (folder)
        closedir(folder);
    return count;
}

static long resident_kb(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file || fscanf(file, "%*d %ld", &pages) != 1)
        pages = 0;
    if (file)
        fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static int count_maps(void)
{
    FILE *file = fopen("/proc/self/maps", "re");
    int lines = 0, c;
    while (file && (c = getc(file)) != EOF)
        lines += c == '\n';
    if (file)
        fclose(file);
    return lines;
}

static void tell(const char *when)
{
    worker_process_reap(true);
    worker_process_end_servers();
    bool children = waitpid(-1, NULL, WNOHANG) >= 0 || errno != ECHILD;
    printf("%s descriptors=%d children=%d heap=%zu maps=%d resident_kb=%ld\n", when,
           count_entries("/proc/self/fd"), children, mallinfo2().uordblks, count_maps(),
           resident_kb());
}

static bool is_done(const struct play *play)
{
    struct err err = {0};
    enum film_client_state state = film_client_poll(play->film, clock_mono_ns(), &err);
    if (state == FILM_CLIENT_FAILED) {
        fprintf(stderr, "play %d: %s\n", play->turn, err.text);
        exit(EXIT_FAILURE);
    }
    film_client_frame_at(play->film, INT64_MAX);
    int until = play->turn % 4 - 1;
    return until <= 0 ||
           (state == FILM_CLIENT_READY && (until == 1 || film_client_fd(play->film) < 0));
}

static void start(struct play *play, int turn, int file)
{
    static const struct film_client_request request = {.canvas_width_px = 64,
                                                       .canvas_height_px = 36,
                                                       .fit = LAYOUT_FIT_COVER,
                                                       .limit_ms = LIMIT_MS};
    struct err err = {0};
    *play = (struct play){film_client_start(&request, file, &err), turn};
    if (!play->film) {
        fprintf(stderr, "play %d: %s\n", turn, err.text);
        exit(EXIT_FAILURE);
    }
}

static void run(int file, int count)
{
    struct play plays[AT_ONCE] = {0};
    for (int started = 0, ended = 0; ended < count;) {
        struct pollfd fds[AT_ONCE];
        bool news = false;
        for (int i = 0; i < AT_ONCE; i++) {
            if (!plays[i].film && started < count)
                start(&plays[i], started++, file);
            if (plays[i].film && is_done(&plays[i])) {
                film_client_stop(plays[i].film);
                plays[i].film = NULL;
                ended++;
                news = true;
            }
            fds[i] = (struct pollfd){plays[i].film ? film_client_fd(plays[i].film) : -1, POLLIN, 0};
        }
        if (!news)
            poll(fds, AT_ONCE, LIMIT_MS);
    }
}

int main(int argc, char **argv)
{
    if (argc > 0 && strcmp(argv[0], PROTOCOL_WORKER_FILM_NAME) == 0)
        _exit(argc == 2 ? worker_serve(&worker_film, argv[1]) : worker_main(&worker_film));
    worker_process_use_fork_servers();
    int file = argc == 3 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) {
        fprintf(stderr, "probe_film FILM PLAYS\n");
        return 2;
    }
    run(file, 8 * AT_ONCE); /* what is taken once and kept */
    tell("before");
    run(file, (int)strtol(argv[2], NULL, 10));
    tell("after");
    return EXIT_SUCCESS;
}
