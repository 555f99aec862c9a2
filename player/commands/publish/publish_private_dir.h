/* A private folder for signing, with at most two files in it, and the program that is run over
 * them. While the room is open SIGINT, SIGTERM, SIGHUP and SIGQUIT wait; what has come is taken
 * up when it is closed. Main thread, one room at a time. */
#ifndef COMMANDS_PUBLISH_PUBLISH_PRIVATE_DIR_H
#define COMMANDS_PUBLISH_PUBLISH_PRIVATE_DIR_H

#include "core/err.h"

#include <limits.h>
#include <signal.h>
#include <stddef.h>

struct publish_private_dir {
    char folder[PATH_MAX]; /* "": none */
    char input[PATH_MAX], output[PATH_MAX];
    sigset_t before, awaited;
    struct sigaction child_before;
    int signal; /* that came while a program ran; 0: none */
};

/* The folder below TMPDIR, for its owner alone; nothing is in it yet. `input` and `output` become
 * the paths of the files with these names. ERR_SYSTEM. publish_private_dir_close in any case. */
MUST_CHECK bool publish_private_dir_open(struct publish_private_dir *room, const char *input,
                                         const char *output, struct err *err);

MUST_CHECK bool publish_private_dir_write(const struct publish_private_dir *room, const void *data,
                                          size_t size, struct err *err);

/* Runs a program (by PATH; argv ends with NULL) with this process's standard input and standard
 * error, its standard output on standard error, until it ends. A signal that comes is handed on to
 * it. ERR_MISSING: there is no such program; ERR_SYSTEM: it could not be run, or ended with another
 * status than 0. */
MUST_CHECK bool publish_private_dir_run(struct publish_private_dir *room, char *const argv[],
                                        struct err *err);

/* Removes the folder. A signal that has come then does what it does. */
void publish_private_dir_close(struct publish_private_dir *room);

#endif
