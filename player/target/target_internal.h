/* Private to target: what its files share. */
#ifndef TARGET_TARGET_INTERNAL_H
#define TARGET_TARGET_INTERNAL_H

#include "target/target.h"

#include "http/http.h"

struct target {
    const struct target_ops *ops;
    char *base;  /* a folder or a clean URL, with a '/' at its end; the URL may hold a password */
    char *shown; /* the same for people */
    bool dry_run;

    /* Of a web server and of a store. */
    struct http *http;
    bool has_clock; /* ahead_ms is known, as target_clock returns it */
    int64_t ahead_ms;

    /* Of an S3-compatible store. */
    const struct http_s3 *s3; /* signs requests; NULL: a web server */
    struct http_s3 credentials;
    char *s3_texts[4]; /* what its texts point to */
};

/* What each kind of target implements: target.h's functions, called with good names. */
struct target_ops {
    /* Sets base and shown, and what else the kind needs. On failure target_close frees what was
     * set. */
    bool (*open)(struct target *target, const struct target_config *config, struct err *err);
    bool (*get)(struct target *target, const char *name, size_t limit_bytes, char **data,
                size_t *size, struct err *err);
    bool (*put)(struct target *target, const char *name, const void *data, size_t size,
                bool immutable, struct err *err);
    bool (*look)(struct target *target, struct target_file *files, size_t count, struct err *err);
    bool (*put_files)(struct target *target, struct target_file *files, size_t count,
                      const struct target_progress *progress, struct err *err);
    /* Advice for an answer that is an error, for the end of its text; "" without. NULL for a
     * folder. */
    const char *(*advise)(const struct target *target, const struct http_response *head);
};

extern const struct target_ops target_folder_ops; /* a folder */
extern const struct target_ops target_http_ops;   /* a web server that takes PUT */
extern const struct target_ops target_s3_ops;     /* an S3-compatible store */

/* base + name; the caller frees, NULL when out of memory. */
char *target_join(const char *base, const char *name);

/* Names are checked before they become parts of paths and URLs. Prefixes are names, too. */
bool target_name_is_good(const char *name);

/* Appends a '/' where there is none. Takes `text`; NULL when out of memory. */
char *target_end_with_slash(char *text);

/* target_local_file.c: a local file that is being sent. Its length is checked when it is opened, its
 * bytes are hashed as they are sent, and the hash is compared before the last of them. */
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

/* Reports how far an upload is, at most ten times a second, and at its begin and end. */
struct target_meter {
    const struct target_progress *progress; /* NULL: nothing is reported */
    int64_t total_bytes;
    int64_t last_ns; /* 0: not reported yet */
};

/* Counts the files that are not there. */
void target_meter_begin(struct target_meter *meter, const struct target_progress *progress,
                        const struct target_file *files, size_t count);
void target_meter_move(struct target_meter *meter, int64_t done_bytes);

/* target_http.c: the functions of both kinds that speak HTTP. */
MUST_CHECK bool target_http_connect(struct target *target, const struct target_config *config,
                                    struct err *err);
MUST_CHECK bool target_http_get(struct target *target, const char *name, size_t limit_bytes,
                                char **data, size_t *size, struct err *err);
MUST_CHECK bool target_http_put(struct target *target, const char *name, const void *data,
                                size_t size, bool immutable, struct err *err);

/* target_upload.c: the same for many files at once. */
MUST_CHECK bool target_upload_look(struct target *target, struct target_file *files, size_t count,
                                   struct err *err);
MUST_CHECK bool target_upload_files(struct target *target, struct target_file *files, size_t count,
                                    const struct target_progress *progress, struct err *err);

/* target_http.c, for target_upload.c: the result of a transfer, its error with the address and advice;
 * whether it is worth trying again, and after how long (failures: in a row, from 1). */
MUST_CHECK bool target_http_result(const struct target *target, const char *name,
                                   const struct http_transfer *transfer, struct http_response *head,
                                   struct err *err);
MUST_CHECK bool target_http_is_passing(const struct http_response *head, const struct err *err);
int64_t target_http_pause_ms(int failures);
const char *target_http_type(const char *name);
const char *target_http_caching(bool immutable);

#define TARGET_TRIES 3

#endif
