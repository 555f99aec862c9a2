/* Notes of what is on screen, and of crashes: they outlive a player that is killed, and are gone when the
 * box has been switched off.
 *
 * They are a small file in the folder that the service manager gives to the service
 * (RUNTIME_DIRECTORY, systemd.exec(5)), which is in memory: a player without one has no notes. The
 * file is replaced as a whole, so that no kill leaves half of it; one that is no such file counts as
 * none. Main thread. */
#ifndef KIOSK_SCREEN_NOTES_H
#define KIOSK_SCREEN_NOTES_H

#include "core/crash_loop.h"
#include "core/err.h"

#include <limits.h>
#include <stdbool.h>

struct screen_notes {
    bool is_there;
    char path[PATH_MAX];
    int lock;                        /* a file that is locked as long as this player runs */
    struct crash_loop loop;          /* written with the next note */
    struct crash_loop_place place;   /* as it was noted last */
    bool has_crashed;                /* the player before this one: without having ended */
    struct crash_loop_place crashed; /* and where */
};

/* Reads the notes of the player before this one. False: there will be none, because the folder cannot
 * be used or another player has it, or the old ones were of no use (is_there). */
MUST_CHECK bool screen_notes_start(struct screen_notes *notes, struct err *err);

/* Notes what is about to be on screen. */
MUST_CHECK bool screen_notes_write(struct screen_notes *notes, const struct crash_loop_place *place,
                                   struct err *err);

/* Notes that the player has begun to end, and lets others have the folder. Zeroed memory is allowed. */
void screen_notes_finish(struct screen_notes *notes);

#endif
