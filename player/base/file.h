/* Files, whole and safely: bounded reads, atomic and durable writes. Any thread. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "core/err.h"

#include <stddef.h>
#include <sys/stat.h>
#include <time.h>

/* Reads a regular file of at most `limit_bytes` into *data (malloc'd, one NUL byte added after the
 * end, caller frees) and its length into *size. Errors: ERR_MISSING, ERR_LIMIT, ERR_SYSTEM,
 * ERR_INPUT (not a regular file). */
MUST_CHECK bool file_read(const char *path, size_t limit_bytes, char **data, size_t *size,
                          struct err *err);

/* The same, but a symbolic link in the place of the file is an error: for files that nobody else
 * has to write. */
MUST_CHECK bool file_read_own(const char *path, size_t limit_bytes, char **data, size_t *size,
                              struct err *err);

/* What distinguishes a file, and each version of it, from all others: a change of its bytes changes
 * `changed`, which nobody can set. All zero: no file. */
struct file_stamp {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec modified, changed;
};
struct file_stamp file_stamp_of(const struct stat *st);
bool file_stamp_equal(const struct file_stamp *a, const struct file_stamp *b);

/* Replaces `path` by these bytes, or leaves it as it was: writes `path`.tmp (a new file: whatever
 * has that name is removed, never followed or written to), fsync, rename, fsync of the folder.
 * Errors: ERR_DISK (full, failing, read-only), ERR_SYSTEM. */
MUST_CHECK bool file_replace(const char *path, const void *data, size_t size, struct err *err);

/* fsync of the folder that holds `path`. */
MUST_CHECK bool file_sync_folder(const char *path, struct err *err);

/* Writes all of it, however many calls that takes. False with errno set. */
bool file_write_all(int fd, const void *data, size_t size);

/* mkdir -p with mode 0755. A folder that exists is no error. */
MUST_CHECK bool file_make_folders(const char *path, struct err *err);

/* The path of a file that ships with Duckling ("fonts/x.ttf"), beside the program: ../NAME for a
 * build tree, ../share/duckling/NAME when installed. Returns false if in neither place. */
bool file_find_shipped(const char *name, char *path, size_t path_bytes);

#endif
