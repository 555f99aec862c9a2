/* Private to feed_file: the media files beside a playlist file, and whether they have changed since
 * the playlist was loaded.
 *
 * A file that is being written is left until it stands still. Belongs to one thread at a time. */
#ifndef SYNC_FEED_FEED_FILE_MEDIA_H
#define SYNC_FEED_FEED_FILE_MEDIA_H

#include "sync/edition.h"

#include <sys/stat.h>

/* What distinguishes one version of a file from the next; all zero: there is no file. */
struct feed_file_version {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec modified;
};

/* Follows symbolic links. */
struct feed_file_version feed_file_version_read(const char *path);
bool feed_file_version_equal(const struct feed_file_version *a, const struct feed_file_version *b);

struct feed_file_media;

/* Takes down what the files are now; the edition is borrowed for the call. Call it before they are
 * checked, so that no change falls between. NULL when out of memory. */
struct feed_file_media *feed_file_media_create(const struct edition *edition);
void feed_file_media_destroy(struct feed_file_media *media); /* NULL is allowed */

/* Takes over which assets were refused (edition_check_media). */
void feed_file_media_set_refused(struct feed_file_media *media, const struct edition *edition);

/* Watches the folders of the files by inotify, beside what the descriptor watches already; only the
 * first FEED_FILE_MEDIA_FOLDERS_MAX of them. Those of `before` (NULL: none) that are not needed any
 * more are let go, but for `keep`. */
#define FEED_FILE_MEDIA_FOLDERS_MAX 64
void feed_file_media_watch(struct feed_file_media *media, const struct feed_file_media *before,
                           int watch_fd, int keep);

/* SETTLING: a file has changed, perhaps not for the last time: look again after
 * FEED_FILE_MEDIA_SETTLE_MS. CHANGED: the playlist should be loaded again, as a file is another
 * now, or one that was refused can be used. */
#define FEED_FILE_MEDIA_SETTLE_MS 500
enum feed_file_media_state {
    FEED_FILE_MEDIA_UNCHANGED,
    FEED_FILE_MEDIA_SETTLING,
    FEED_FILE_MEDIA_CHANGED
};
enum feed_file_media_state feed_file_media_look(struct feed_file_media *media);

#endif
