/* The hashes of files, without reading those again that have not changed since the last run. Main
 * thread. */
#ifndef COMMANDS_CHECK_CHECK_FILE_HASH_H
#define COMMANDS_CHECK_CHECK_FILE_HASH_H

#include "commands/check/check_cache.h"

#include <sys/stat.h>

struct check_file_hash {
    uint8_t sha256[HASH_BYTES];
    struct stat st; /* when it was hashed */
    bool settled;   /* a change after that shows in its times */
};

/* Hashes an open file, or finds the hash of the file with the same device, inode, size, mtime and
 * ctime in the cache; now_ms is the wall clock's time. A file that has changed in the last two seconds is hashed in any case, for
 * another change may bear the same times. False where it can't be read, or changes meanwhile. */
bool check_file_hash_read(struct check_cache *cache, int fd, int64_t now_ms,
                          struct check_file_hash *hash);

/* Whether an open file, some time later, still is what was hashed. */
bool check_file_hash_still_fits(const struct check_file_hash *hash, int fd);

#endif
