/* What programs that drive a feed share: editions told line by line, commands taken line by line.
 *
 * Each edition is a line "edition NAME", what `tell` says more, and a line "medium PATH FILE" for
 * each asset, ended by "end". On standard input: "describe" prints what the feed waits for; "screen
 * WIDTH HEIGHT" tells it its screen, which with coming=1 it waits for; "stop",
 * or the end, stops it and prints how long that took; `obey` may know more. */
#ifndef TESTS_FAULTS_PROBE_FEEDS_H
#define TESTS_FAULTS_PROBE_FEEDS_H

#include "base/clock.h"
#include "base/log.h"
#include "sync/feed/feed_source.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct probe_habits {
    /* NULL: nothing more. */
    void (*tell)(const struct edition *edition);
    /* A line, with the last edition, or NULL; false: it is no such command. NULL: there are
     * none. */
    bool (*obey)(const char *line, const struct edition *edition);
};

static int probe_wake_pipe[2];

static inline void probe_wake(void *context)
{
    (void)context;
    if (write(probe_wake_pipe[1], "", 1) < 0)
        abort();
}

static inline void probe_tell_edition(const struct edition *edition,
                                      const struct probe_habits *habits)
{
    const struct playlist *playlist = edition->playlist;
    printf("edition %s\n", playlist->name);
    if (habits->tell)
        habits->tell(edition);
    for (size_t i = 0; i < playlist->asset_count; i++) {
        struct err err = {0};
        int fd = edition_open(edition, (int)i, &err);
        printf("medium %s %s\n", playlist->assets[i].path, fd < 0 ? "missing" : edition->paths[i]);
        if (fd >= 0)
            close(fd);
    }
    printf("end\n");
    fflush(stdout);
}

static inline void probe_take(struct feed *feed, struct edition **shown,
                              const struct probe_habits *habits)
{
    struct edition *edition = feed_take(feed);
    if (!edition)
        return;
    probe_tell_edition(edition, habits);
    edition_destroy(*shown);
    *shown = edition;
}

/* False when it is time to stop. */
static inline bool probe_obey(struct feed *feed, const struct edition *shown,
                              const struct probe_habits *habits)
{
    char line[64], text[512];
    int width, height;
    if (!fgets(line, sizeof line, stdin) || strcmp(line, "stop\n") == 0)
        return false;
    if (sscanf(line, "screen %d %d", &width, &height) == 2)
        feed_set_screen(feed, width, height);
    else if (!habits->obey || !habits->obey(line, shown)) {
        feed_describe(feed, text, sizeof text);
        printf("describe %s\n", text);
    }
    fflush(stdout);
    return true;
}

static inline void probe_follow(struct feed *feed, const struct probe_habits *habits)
{
    struct edition *shown = NULL;
    probe_take(feed, &shown, habits);
    for (;;) {
        struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                               {.fd = probe_wake_pipe[0], .events = POLLIN}};
        poll(fds, 2, -1);
        char byte;
        if ((fds[1].revents & POLLIN) && read(probe_wake_pipe[0], &byte, 1) == 1)
            probe_take(feed, &shown, habits);
        if ((fds[0].revents & (POLLIN | POLLHUP)) && !probe_obey(feed, shown, habits))
            break;
    }
    int64_t start_ns = clock_mono_ns();
    feed_stop(feed);
    printf("stopped %" PRId64 "\n", (clock_mono_ns() - start_ns) / 1000000);
    edition_destroy(shown);
}

/* The process's exit status. Sets the configuration's wake. */
static inline int probe_run(struct feed_config *config, const struct feed_limits *limits,
                            const struct probe_habits *habits)
{
    if (pipe(probe_wake_pipe) < 0)
        return 2;
    setvbuf(stdin, NULL, _IONBF, 0); /* so that poll and fgets see the same bytes */
    config->wake = probe_wake;
    struct err err = {0};
    struct feed *feed = feed_start_limited(config, limits, &err);
    if (!feed) {
        printf("refused %s\n", err.text);
        return 1;
    }
    printf("started\n");
    fflush(stdout);
    probe_follow(feed, habits);
    log_flush();
    return 0;
}

#endif
