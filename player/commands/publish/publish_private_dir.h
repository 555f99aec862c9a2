/* A private folder for signing, with at most two files, and the program that is run on them.
 * While it is open SIGINT, SIGTERM, SIGHUP and SIGQUIT are blocked; one that came is delivered
 * when it is closed. Main thread, one folder at a time. */
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
    int signal; /* the one that came while a program ran; 0: none */
};

/* Creates the folder in TMPDIR, for its owner alone, and empty. `input` and `output` become
 * the paths of the files with these names. ERR_SYSTEM. publish_private_dir_close in any case. */
MUST_CHECK bool publish_private_dir_open(struct publish_private_dir *dir, const char *input,
                                         const char *output, struct err *err);

MUST_CHECK bool publish_private_dir_write(const struct publish_private_dir *dir, const void *data,
                                          size_t size, struct err *err);

/* Runs a program (by PATH; argv ends with NULL) with this process's standard input and standard
 * error, its standard output on standard error, until it ends. A signal that comes ends it.
 * ERR_MISSING: there is no such program; ERR_SYSTEM: it could not be run, or ended with another
 * status than 0. */
MUST_CHECK bool publish_private_dir_run(struct publish_private_dir *dir, char *const argv[],
                                        struct err *err);

/* Removes the folder, and delivers a signal that has come. */
void publish_private_dir_close(struct publish_private_dir *dir);

#endif
