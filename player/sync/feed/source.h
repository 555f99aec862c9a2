/* The source of playlists: a file, an http(s) URL or a signed channel, followed by a feed, with the
 * first edition of a file loaded at once. Main thread. */
#ifndef SYNC_FEED_SOURCE_H
#define SYNC_FEED_SOURCE_H

#include "sync/edition.h"
#include "sync/feed/feed.h"

struct source;

/* feed.h says what each means; here store and state may be NULL: the user's own folders. */
/* A file with faults is an error, and each fault is written to the log. NULL on failure. */
struct source *source_open(const struct feed_config *config, struct err *err);
void source_close(struct source *source); /* NULL is allowed */

/* A new edition, or NULL; the caller owns it. */
struct edition *source_take(struct source *source);

/* The edition that was taken last can't be used now; it comes again in a while (feed.h). */
void source_again(struct source *source);

/* What time it is, and whether that is the wall clock's (feed.h). */
int64_t source_now_ms(struct source *source, int64_t mono_ns, bool *trusted);

/* What is waited for, for the house card. */
void source_describe(struct source *source, char *words, size_t words_bytes);

#endif
