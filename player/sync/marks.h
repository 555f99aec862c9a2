/* Marks: for each medium of an edition, whether it was read again and is what its hash says. What
 * was on disk before the player started is only shown once it was.
 *
 * Shared by the feed's thread, which reads and marks, and the main thread, which asks; freed with
 * the last hold. Any thread. */
#ifndef SYNC_MARKS_H
#define SYNC_MARKS_H

#include <stdbool.h>
#include <stddef.h>

enum marks_state { MARKS_UNCHECKED, MARKS_GOOD, MARKS_DAMAGED };

struct marks;

/* All unchecked, one hold. NULL when out of memory. */
struct marks *marks_create(size_t count);
struct marks *marks_hold(struct marks *marks);
void marks_release(struct marks *marks); /* NULL is allowed */

size_t marks_count(const struct marks *marks);
void marks_set(struct marks *marks, size_t at, enum marks_state state);
enum marks_state marks_get(const struct marks *marks, size_t at);

/* The same, and an unchecked one is to be read next. */
enum marks_state marks_want(struct marks *marks, size_t at);

/* What to read next: what is wanted (then *wanted), else the first that is unchecked. False: all
 * are checked. */
bool marks_next(const struct marks *marks, size_t *at, bool *wanted);

#endif
