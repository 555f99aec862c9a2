/* Which media files of an edition have the hash that they should have. A file that was on disk
 * before the player started is shown only once it was read again.
 *
 * Shared by the feed's thread, which reads and records, and the main thread, which asks; freed
 * with the last reference. Any thread. */
#ifndef SYNC_INTEGRITY_H
#define SYNC_INTEGRITY_H

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

/* The same; and an unchecked file is read next. */
enum integrity_state integrity_request(struct integrity *integrity, size_t at);

/* What to read next: a file that was requested (then *requested), else the first that is unchecked.
 * False: all are checked. */
bool integrity_next(const struct integrity *integrity, size_t *at, bool *requested);

#endif
