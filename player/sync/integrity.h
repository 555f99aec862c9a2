/* Which media files of an edition have the hash that they should have. A file that was on disk
 * before the player started is shown only once it was read again.
 *
 * Shared by the feed's thread, which reads and records, and the main thread, which asks; freed
 * with the last reference. Any thread. */
#ifndef SYNC_INTEGRITY_H
#define SYNC_INTEGRITY_H

#include "base/file.h"

#include <stdbool.h>
#include <stddef.h>

enum integrity_state {
    INTEGRITY_UNCHECKED,
    INTEGRITY_GOOD,
    INTEGRITY_DAMAGED,
    INTEGRITY_REFUSED, /* only edition_request_asset says it: whatever its hash, it is of no use */
};

struct integrity;

/* All unchecked, one reference. NULL when out of memory. */
struct integrity *integrity_create(size_t count);
struct integrity *integrity_hold(struct integrity *integrity);
void integrity_release(struct integrity *integrity); /* NULL is allowed */

size_t integrity_count(const struct integrity *integrity);
void integrity_set(struct integrity *integrity, size_t at, enum integrity_state state);
enum integrity_state integrity_get(const struct integrity *integrity, size_t at);

/* As integrity_set; it is good, and was this very file: one that has taken its place, or the same
 * one after it was written to, is not. */
void integrity_set_good(struct integrity *integrity, size_t at, const struct file_stamp *stamp);

/* The stamp of a file that is good. False: it is not, or was set good without one. */
bool integrity_stamp(struct integrity *integrity, size_t at, struct file_stamp *stamp);

/* Compares the file that is there now with the one that was good. False when it is another: it is
 * unchecked again then, and read next. */
bool integrity_confirm(struct integrity *integrity, size_t at, const struct file_stamp *now);

/* Called by integrity_confirm when a file has to be read; any thread. NULL: nothing is called any
 * more. */
void integrity_set_wake(struct integrity *integrity, void (*wake)(void *context), void *context);

/* As integrity_get; and an unchecked file is read next. */
enum integrity_state integrity_request(struct integrity *integrity, size_t at);

/* Whoever decodes it says that a file cannot be shown, whatever its hash: where nobody has vouched
 * for its bytes the server may have a better one. Any thread; the feed's takes it, once. */
void integrity_doubt(struct integrity *integrity, size_t at);
bool integrity_take_doubt(struct integrity *integrity, size_t *at);

/* What to read next: a file that was requested (then *requested), else the first that is unchecked.
 * False: all are checked. */
bool integrity_next(const struct integrity *integrity, size_t *at, bool *requested);

#endif
