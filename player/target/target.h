/* Where files are put: a web server that takes PUT, an S3-compatible store, or a folder. Names
 * are '/' separated, of [A-Za-z0-9._/-], relative to the base, e.g. "media/<sha256>.jpg".
 *
 * Blocking; one thread. */
#ifndef TARGET_TARGET_H
#define TARGET_TARGET_H

#include "base/hash.h"
#include "core/err.h"

#include <stddef.h>
#include <stdint.h>

struct target;

/* Texts are borrowed for the target's life; NULL leaves one out. */
struct target_config {
    const char *base; /* http(s)://[user:password@]host/path, s3://bucket/prefix, or a folder */
    const char *ca_file, *client_cert, *client_key, *proxy; /* as of http.h */
    bool dry_run; /* a folder is not created: a missing one is empty, and nothing can be put */
};

/* For s3://: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION or
 * AWS_DEFAULT_REGION, AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL from the environment. A folder is
 * created when missing, which is logged, but only within one that is there: else it may be a stick
 * that is not mounted, or a forgotten https://. NULL: ERR_INPUT (usage), ERR_SYSTEM, ERR_DISK. */
struct target *target_open(const struct target_config *config, struct err *err);
void target_close(struct target *target); /* NULL is allowed */

/* Where a name is, for people: without credentials. */
void target_public(const struct target *target, const char *name, char *text, size_t text_bytes);

/* Reads a small file whole; caller frees, a NUL is added. ERR_MISSING: it is not there. Never from
 * a cache on the way (Cache-Control: no-cache is sent). */
MUST_CHECK bool target_get(struct target *target, const char *name, size_t limit_bytes, char **data,
                           size_t *size, struct err *err);

/* How far the server's clock was ahead of this machine's at the last answer to target_get (Date, RFC
 * 9110), in milliseconds. False: it is a folder, or no answer had a date. */
bool target_clock(const struct target *target, int64_t *ahead_ms);

/* Puts bytes; returns when the target has confirmed them (a folder: fsync, rename, fsync of the
 * folder). `immutable` says how caches may treat it: for ever, or not without asking. */
MUST_CHECK bool target_put(struct target *target, const char *name, const void *data, size_t size,
                           bool immutable, struct err *err);

/* One file for target_put_files. */
struct target_file {
    const char *name;
    const char *path; /* local; target_stat needs none */
    int64_t bytes;    /* for target_stat: -1 stands for any length */
    uint8_t sha256[HASH_BYTES];
    bool there; /* set by target_stat: the target has it, with this length */
    /* Set by target_stat, too: its length there. -1: there is such a file, but the target does not
     * tell its length; TARGET_ABSENT: there is none. */
    int64_t found_bytes;
};
#define TARGET_ABSENT INT64_C(-2)

/* Asks for each file whether the target has it already (HEAD), several at a time. */
MUST_CHECK bool target_stat(struct target *target, struct target_file *files, size_t count,
                            struct err *err);

/* How far an upload is; called from target_put_files. */
struct target_progress {
    void (*report)(void *context, int64_t done_bytes, int64_t total_bytes);
    void *context;
};

/* Asks the target once more for files that it has confirmed. ERR_NETWORK where it has one not, or
 * not whole. */
MUST_CHECK bool target_confirm(struct target *target, const struct target_file *files, size_t count,
                               struct err *err);

/* Uploads the files that are not there, several at a time; a broken transfer is tried again twice,
 * what has arrived whole stays. ERR_INPUT where a file has changed since it was hashed (its length,
 * or its bytes: they are hashed on their way). progress may be NULL. */
MUST_CHECK bool target_put_files(struct target *target, struct target_file *files, size_t count,
                                 const struct target_progress *progress, struct err *err);

#endif
