/* The store: media and playlists on disk, each under the SHA-256 of its bytes, written so that no
 * power cut leaves half a file under a final name.
 *
 *     lock                         held while a player uses the store
 *     media/<sha256>               complete files, never changed, nor are their times
 *     tmp/<name>.part, <name>.tag  a file under way, and what it is a part of
 *     feeds/<16 digits>/manifest.json   what is in force for one source; the digits are its URL's
 *                                       hash
 *     feeds/<16 digits>/previous.json   what was before it
 *     used/<sha256>                empty; its time is that when the file was last needed
 *     state/                       a copy of what sync/state remembers of channels
 *
 * One thread at a time, apart from store_media_path. */
#ifndef SYNC_STORE_STORE_H
#define SYNC_STORE_STORE_H

#include "base/file.h"
#include "base/hash.h"
#include "core/err.h"

#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct store;
struct manifest;

/* Opens and locks the store; creates its folders. They must belong to the user of this process,
 * must not be writable for everybody, and those inside it must not be links: what has been verified
 * could be replaced else. A store on a disk that can't be written is opened for reading as long as
 * it has been a store before: store_read_only then says why. NULL on failure: ERR_SYSTEM (another
 * player has it, permissions, somebody else's), ERR_DISK. */
struct store *store_open(const char *folder, struct err *err);

/* Whether store_open would take this folder from a player that runs as user `owner`, as far as
 * can be seen without opening it: whose the folders are, and who may write to them. One that is
 * not there is right. ERR_SYSTEM. */
MUST_CHECK bool store_check_owners(const char *folder, uid_t owner, struct err *err);

/* The bytes that are free for a user's files where this folder is, or would be; -1: unknown. */
int64_t store_free_bytes(const char *folder, bool *is_read_only);

/* Unlocks. NULL is allowed. */
void store_close(struct store *store);

/* NULL when the store can be written; else why not, in one line. */
const char *store_read_only(const struct store *store);

/* Where the file with this hash is, or would be. */
void store_media_path(const struct store *store, const uint8_t digest[HASH_BYTES],
                      char path[PATH_MAX]);

/* Whether it is there, as a regular file of this size. */
bool store_has(const struct store *store, const uint8_t digest[HASH_BYTES], int64_t size_bytes);

/* Removes a file that turned out to be damaged. */
void store_remove(struct store *store, const uint8_t digest[HASH_BYTES]);

/* Puts a small file in, durably; what is there under its hash already stays only if it holds these
 * very bytes. */
MUST_CHECK bool store_add(struct store *store, const void *data, size_t size,
                          uint8_t digest[HASH_BYTES], struct err *err);

/* feeds/<16 digits>/manifest.json of a source; makes the folder if it can. */
void store_manifest_path(const struct store *store, const char *url, char path[PATH_MAX]);

/* previous.json beside it. */
void store_previous_path(const struct store *store, const char *url, char path[PATH_MAX]);

/* How much media/ may hold; 0, as at first: no cache is kept. */
void store_set_quota(struct store *store, int64_t bytes);

/* The file was needed until now, so that it is evicted last of those that are not needed any more.
 * Call it for each file of a manifest that is retired. Without a quota it does nothing. The file
 * itself is left as it is: its times tell whether somebody has written to it. */
void store_touch(const struct store *store, const uint8_t digest[HASH_BYTES]);

/* Removes files that are not needed; returns how many. Left-overs in tmp/ that are older than an
 * hour are always removed. Files that a manifest in the store or in `keep` names are needed and
 * always stay; without a quota those that a previous one names, too. With a quota the others are a cache, so that going back to an older playlist needs
 * no download: while media/ is over the quota, those that were needed least recently are removed
 * (evict.h). Without one they are removed when they are older than an hour.
 *
 * Entries of keep may be NULL. A store whose manifests can't all be read is left alone. */
size_t store_collect(struct store *store, const struct manifest *const keep[], size_t keep_count);

/* For when the disk is full: removes files that are not needed, by the same order and whatever the
 * quota, until so many bytes are free on its file system (as statvfs counts them: a user's quota
 * there is not seen) or none is left. Returns how many were removed. */
size_t store_free_space(struct store *store, const struct manifest *const keep[], size_t keep_count,
                        int64_t bytes);

/* A file under way. */
struct store_part;

/* Whether a part of this name is under way: begun or resumed, and not ended. There can be only
 * one. */
bool store_part_is_busy(const struct store *store, const char *name);

/* Begins a file: an older part of this name is dropped. `name`: letters and digits. `tag` (an ETag,
 * or "") is kept beside it, so that store_part_resume can tell what the part belongs to. NULL:
 * ERR_DISK, ERR_SYSTEM (also when the name is busy). */
struct store_part *store_part_begin(struct store *store, const char *name, const char *tag,
                                    struct err *err);

/* Goes on with a part that has a tag, was kept, and can be trusted to hold what was written: either
 * it was written since this machine started, or the caller knows the whole's hash (any_boot). Tag
 * and length are those of the part. It must be read again for its hash before anything else is done
 * with it than keep or discard: by store_part_reread, until that is done. NULL: there is none, or
 * it is busy; not an error. */
struct store_part *store_part_resume(struct store *store, const char *name, bool any_boot);

/* Reads the next stretch, of a few megabytes. GONE: it can't be read, or is shorter than it was;
 * what was asked for is to be fetched from its beginning. */
enum store_reread { STORE_REREAD_GOES_ON, STORE_REREAD_DONE, STORE_REREAD_GONE };
enum store_reread store_part_reread(struct store_part *part);

/* After a failure what had arrived before still counts, and the rest may be appended again. */
MUST_CHECK bool store_part_append(struct store_part *part, const void *data, size_t size,
                                  struct err *err);
int64_t store_part_bytes(const struct store_part *part);
const char *store_part_tag(const struct store_part *part);

/* Makes it a stored file, durably, and ends the part whether it works or not. With `expected` the
 * hash must be that one: ERR_TRUST ("hash mismatch: ..."). *stamp (NULL is allowed) is that of the
 * file that was hashed. */
MUST_CHECK bool store_part_commit(struct store_part *part, const uint8_t *expected,
                                  uint8_t digest[HASH_BYTES], struct file_stamp *stamp,
                                  struct err *err);

/* Ends the part: what has arrived stays for store_part_resume (if it has a tag), or goes. NULL is
 * allowed. */
void store_part_keep(struct store_part *part);
void store_part_discard(struct store_part *part);

/* Reads a stored file again, a stretch at a time, to see whether it is still what its name says. */
struct store_check;
enum store_check_state {
    STORE_CHECK_GOES_ON,
    STORE_CHECK_GOOD,
    STORE_CHECK_BAD,       /* other bytes, or there is no such file */
    STORE_CHECK_UNREADABLE /* nothing can be said: leave the file alone and look again later */
};

/* A file that is not there, or is no regular file, is bad, at the first step; one that the disk or
 * the system won't let be opened or read is unreadable. NULL when out of memory or descriptors,
 * which says nothing about the file either. from_disk: what the disk holds is read, as far as the
 * system can be told to, not what memory still knows of it, and nothing is left in memory: for
 * going through a whole store now and then. Without it the file is about to be used. */
struct store_check *store_check_begin(const struct store *store, const uint8_t digest[HASH_BYTES],
                                      bool from_disk);
enum store_check_state store_check_step(struct store_check *check);
/* Of the file that was read, once it is GOOD. */
struct file_stamp store_check_stamp(const struct store_check *check);
/* NULL is allowed. */
void store_check_end(struct store_check *check);

#endif
