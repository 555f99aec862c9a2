/* Which media of an edition were read again, and have the hash that they should have. What was on
 * disk before the player started is only shown once it was.
 *
 * Shared by the feed's thread, which reads and marks, and the main thread, which asks; freed with
 * the last hold. Any thread. */
#ifndef SYNC_INTEGRITY_H
#define SYNC_INTEGRITY_H

#include <stdbool.h>
#include <stddef.h>

enum integrity_state { INTEGRITY_UNCHECKED, INTEGRITY_GOOD, INTEGRITY_DAMAGED };

struct marks;

/* All unchecked, one hold. NULL when out of memory. */
struct marks *integrity_create(size_t count);
struct marks *integrity_hold(struct marks *marks);
void integrity_release(struct marks *marks); /* NULL is allowed */

size_t integrity_count(const struct marks *marks);
void integrity_set(struct marks *marks, size_t at, enum integrity_state state);
enum integrity_state integrity_get(const struct marks *marks, size_t at);

/* The same, and an unchecked one is to be read next. */
enum integrity_state integrity_want(struct marks *marks, size_t at);

/* What to read next: what is wanted (then *wanted), else the first that is unchecked. False: all
 * are checked. */
bool integrity_next(const struct marks *marks, size_t *at, bool *wanted);

#endif
