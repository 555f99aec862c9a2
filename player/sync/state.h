/* What must be remembered of a channel even when the cache is lost, in a small file outside of
 * it.
 *
 *     <folder>/<channel>-<16 digits>.state
 *
 * The digits are a hash of the channel's name and the ids of the pinned keys, in any order. The
 * file says by which key each thing was signed. From a file of the same channel that shares a
 * pinned key, what the keys that are pinned now have signed is merged, so that pinning a key more
 * or a key less forgets nothing of those that stay; and what a thief has signed with a key, be it
 * the highest version there is, is forgotten with that key.
 *
 * One thread at a time; several players of one user on one machine may share a folder. */
#ifndef SYNC_STATE_H
#define SYNC_STATE_H

#include "core/err.h"
#include "playlist/pointer.h"
#include "sync/trust.h"

#include <stdint.h>

#define STATE_KEY_BYTES 17 /* a key's id as trust_key_id gives it, with its NUL */

struct state {
    int64_t version[2];  /* highest accepted, by enum pointer_kind; 0: none */
    int64_t in_force[2]; /* highest that was in force, by enum pointer_kind; 0: none */
    int64_t floor_ms;    /* this time has passed, whatever a clock says; 0: none */
    /* When the takeover of the highest accepted version expires (pointer_end_ms); 0: none, or not
     * known. */
    int64_t takeover_expires_ms;
    /* For state_raise: the pinned key that signed what these values come from, or "" (a clock, or
     * any key): then they hold whichever keys are pinned later. "" from state_get. */
    char key_id[STATE_KEY_BYTES];
};

struct state_file;

/* Reads the state, zero where there is none. A file that is damaged (it carries a checksum) or
 * can't be read is logged and ignored. The folder is created by state_raise, which also reports one
 * that can't be created or written. NULL only when out of memory, or with an invalid path or
 * channel. */
struct state_file *state_open(const char *folder, const char *channel, const struct trust *trust,
                              struct err *err);
/* Keeps a copy in this folder, too, for when the state is lost and the store is not; takes the
 * versions that a copy there holds. The caller has the folder for itself. */
void state_keep_copy(struct state_file *file, const char *folder);

void state_close(struct state_file *file); /* NULL is allowed */

/* As things stand: the highest of all pinned keys. */
const struct state *state_get(const struct state_file *file);

/* Raises each field to at least the one given, in memory at once and, where something changed, on
 * disk, durably (another player's higher values on disk are merged, under a lock).
 * takeover_expires_ms is not a maximum: it belongs to the version given with it, counts where that
 * is the highest, and for the same version the one given last counts; 0 leaves that as it is. On
 * failure memory holds the new values all the same; a later call tries the disk again. Waits at
 * most about 0.2 s for others who write. Errors: ERR_DISK, ERR_SYSTEM. */
MUST_CHECK bool state_raise(struct state_file *file, const struct state *at_least, struct err *err);

/* Lowers the floor to at most this, in memory at once and on disk, as state_raise does: for when a
 * clock is known to be right, and the floor came from one that was wrong. */
MUST_CHECK bool state_lower_floor(struct state_file *file, int64_t floor_ms, struct err *err);

/* As state_raise and state_lower_floor, for callers that go on without the disk: a failure is
 * logged once, and so is its end. */
void state_remember(struct state_file *file, const struct state *at_least);
void state_remember_floor(struct state_file *file, int64_t floor_ms);

/* The disk may hold less than memory, or a floor that was lowered since: the last call failed, and
 * any call tries again, such as state_raise with nothing to raise. */
bool state_unsaved(const struct state_file *file);

#endif
