/* Checks that a fetched picture is complete, by its header and its end marker, before its playlist
 * is put in force.
 *
 * Nothing else is read; nothing is decoded outside a worker. Any thread. */
#ifndef SYNC_MEDIA_VERIFY_H
#define SYNC_MEDIA_VERIFY_H

#include "core/err.h"
#include "playlist/playlist.h"

/* Whether an asset of the playlist is shown as a still by any spot. */
bool media_verify_is_still(const struct playlist *playlist, int asset);

/* Whether a file is a whole picture that a worker would take. Errors: ERR_INPUT (no picture, cut
 * off, cut while it is read, too many pixels, CMYK), ERR_LIMIT (too many bytes), ERR_MISSING,
 * ERR_SYSTEM (the disk fails). */
MUST_CHECK bool media_verify_still(const char *path, struct err *err);

#endif
