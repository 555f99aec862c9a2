/* Private to target: what its files share. */
#ifndef TARGET_TARGET_INTERNAL_H
#define TARGET_TARGET_INTERNAL_H

#include "target/target.h"

#include "http/http.h"

struct target {
    char *base;  /* a folder or a clean URL, with a '/' at its end; the URL may hold a password */
    char *shown; /* the same for people */
    struct http *http; /* NULL: a folder */
    bool has_clock;    /* an answer has told ahead_ms, as target_clock gives it */
    int64_t ahead_ms;
    bool look_only;
    bool is_s3;
    struct http_s3 s3; /* its texts are s3_texts */
    char *s3_texts[4];
};

/* base + name; the caller frees, NULL when out of memory. */
char *target_join(const char *base, const char *name);

/* Names are checked before they become parts of paths and URLs. Prefixes are names, too. */
bool target_name_is_good(const char *name);

/* target_local_file.c: a local file on its way. Its length is checked when it is opened, its bytes
 * are hashed as they pass, and before the last of them may go on, the hash is compared. */
struct target_local_file {
    const struct target_file *file;
    int fd;
    struct hash *hash;
};

MUST_CHECK bool target_local_file_open(struct target_local_file *source,
                                       const struct target_file *file, struct err *err);
void target_local_file_close(struct target_local_file *source); /* a zeroed one is allowed */

/* The bytes that follow the first `offset`, in order; 0 begins anew. Fits http_body.pass, with the
 * source as its context. ERR_INPUT where the file is not what was hashed. */
MUST_CHECK bool target_local_file_pass(void *source, int64_t offset, const void *data, size_t size,
                                       struct err *err);

/* Reports how far all is, at most ten times a second, and at both ends. */
struct target_meter {
    const struct target_progress *progress; /* NULL: nobody listens */
    int64_t total_bytes;
    int64_t last_ns; /* 0: not reported yet */
};

/* What there is to do for these files. */
void target_meter_begin(struct target_meter *meter, const struct target_progress *progress,
                        const struct target_file *files, size_t count);
void target_meter_move(struct target_meter *meter, int64_t done_bytes);

/* target_s3.c: base, shown and s3 of an s3:// address, from the environment. */
MUST_CHECK bool target_s3_open(struct target *target, const char *address, struct err *err);
void target_s3_close(struct target *target);

/* target_folder.c and target_http.c, target_upload.c: target.h's functions for each kind; names are
 * good. */
MUST_CHECK bool target_folder_open(struct target *target,
                                   struct err *err); /* makes the base itself */
MUST_CHECK bool target_folder_get(struct target *target, const char *name, size_t limit_bytes,
                                  char **data, size_t *size, struct err *err);
MUST_CHECK bool target_folder_put(struct target *target, const char *name, const void *data,
                                  size_t size, struct err *err);
MUST_CHECK bool target_folder_look(struct target *target, struct target_file *files, size_t count,
                                   struct err *err);
MUST_CHECK bool target_folder_put_files(struct target *target, struct target_file *files,
                                        size_t count, const struct target_progress *progress,
                                        struct err *err);

MUST_CHECK bool target_http_get(struct target *target, const char *name, size_t limit_bytes,
                                char **data, size_t *size, struct err *err);
MUST_CHECK bool target_http_put(struct target *target, const char *name, const void *data,
                                size_t size, bool immutable, struct err *err);
MUST_CHECK bool target_upload_look(struct target *target, struct target_file *files, size_t count,
                                   struct err *err);
MUST_CHECK bool target_upload_files(struct target *target, struct target_file *files, size_t count,
                                    const struct target_progress *progress, struct err *err);

/* target_http.c, for target_upload.c: a transfer's end in words that say where it was; whether it
 * is worth trying again, and when (milliseconds from now; failures: how often it has failed, from
 * 1). */
MUST_CHECK bool target_http_result(const struct target *target, const char *name,
                                   const struct http_transfer *transfer, struct http_response *head,
                                   struct err *err);
MUST_CHECK bool target_http_is_passing(const struct http_response *head, const struct err *err);
int64_t target_http_pause_ms(int failures);
const char *target_http_type(const char *name);
const char *target_http_caching(bool immutable);

#define TARGET_TRIES 3

#endif
