/* The files that setup writes: each begins with a line that says whose it is, and has the hash
 * of the rest, so that lines of somebody else are never replaced unnoticed. Main thread. */
#ifndef COMMANDS_SETUP_SETUP_FILES_H
#define COMMANDS_SETUP_SETUP_FILES_H

#include "core/err.h"

#include <limits.h>
#include <stdbool.h>

#define SETUP_TEXT_BYTES 8192

struct setup_file {
    char path[PATH_MAX];
    char text[SETUP_TEXT_BYTES]; /* what follows the first line */
    bool is_plain;               /* has no first line of ours: /etc/hostname */
};

enum setup_file_state {
    SETUP_FILE_NEW,
    SETUP_FILE_SAME,   /* it is there, and right */
    SETUP_FILE_OURS,   /* as setup has written it before */
    SETUP_FILE_EDITED, /* somebody else has written it, or changed it since */
};

enum setup_file_state setup_file_look(const struct setup_file *file);

/* Writes it, whole or not at all, for everybody to read. An edited one that was not plain is
 * kept as PATH.old, whose name is put into `copy` ("": none was). Errors as file_replace. */
MUST_CHECK bool setup_file_write(const struct setup_file *file, char copy[PATH_MAX],
                                 struct err *err);

/* Whether files can be made where this one belongs, as far as can be seen before. ERR_DISK (it
 * is read-only), ERR_MISSING (a relative path begins nowhere), ERR_SYSTEM (not by this user). */
MUST_CHECK bool setup_file_may_write(const struct setup_file *file, struct err *err);

/* Looks in the files NAME.conf of a folder for a line that sets `key`, other than in the file of
 * this path. False: there is none. */
bool setup_file_find_line(const char *folder, const char *key, const char *except,
                          char path[PATH_MAX]);

#endif
