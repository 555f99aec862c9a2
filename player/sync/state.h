/* The state of a channel: what must be remembered even when the cache is lost, in a small file
 * outside of it.
 *
 *     <folder>/<channel>-<16 digits>.state
 *
 * The digits are a hash of the channel's name and the ids of the pinned keys, in any order. A file
 * of the same channel that shares a pinned key is taken over, so that pinning a key more or a key
 * less forgets nothing; keys that were never pinned together start afresh, which is the way out
 * when a thief of a key has signed the highest version there is.
 *
 * One thread at a time; several players on one machine may share a folder. */
#ifndef SYNC_STATE_H
#define SYNC_STATE_H

#include "base/err.h"
#include "core/pointer.h"
#include "sync/trust.h"

#include <stdint.h>

struct state {
    int64_t version[2]; /* highest accepted, by enum pointer_kind; 0: none */
    int64_t floor_ms;   /* this time has passed, whatever a clock says; 0: none */
};

struct state_file;

/* Reads the state, zero where there is none. A file that is damaged (it carries a checksum) is told
 * in the log and counts as none. The folder is made by state_raise. NULL only when out of memory or
 * with a hopeless path or channel; a folder that can't be made or written is told by state_raise.
 */
struct state_file *state_open(const char *folder, const char *channel, const struct trust *trust,
                              struct err *err);
void state_close(struct state_file *file); /* NULL is allowed */

/* As things stand. */
const struct state *state_get(const struct state_file *file);

/* Raises each field to at least the one given, in memory at once and, where something rose, on
 * disk, durably (another player's higher values on disk are taken over, under a lock). On failure
 * memory holds the new values all the same; a later call tries the disk again. Errors: ERR_DISK,
 * ERR_SYSTEM. */
bool state_raise(struct state_file *file, const struct state *at_least, struct err *err);

#endif
