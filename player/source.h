/* The source of playlists: a file or an http(s) URL, followed by a feed, with the first edition of
 * a file loaded at once. Main thread. */
#ifndef SOURCE_H
#define SOURCE_H

#include "sync/edition.h"
#include "sync/feed.h"

struct source;

struct source_config {
    const char *source;
    const char *store; /* NULL: the user's cache folder */
    const char *ca_file;
    int64_t poll_ms;
    void (*wake)(void *);
    void *wake_context;
};

/* A file with faults is an error, and each fault is written to the log. NULL on failure. */
struct source *source_open(const struct source_config *config, struct err *err);
void source_close(struct source *source); /* NULL is allowed */

/* A new edition, or NULL; the caller owns it. */
struct edition *source_take(struct source *source);

/* What is waited for, for the house card. */
void source_describe(struct source *source, char *words, size_t words_bytes);

#endif
