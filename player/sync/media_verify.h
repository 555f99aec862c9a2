/* Checks that a medium is complete and of the right kind before it is used: a picture by its header
 * and its end marker, a film and a font by their outer structure.
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

/* The same for an asset of a playlist, whichever it is used as: a still, a film or a font. */
MUST_CHECK bool media_verify_asset(const struct playlist *playlist, int asset, const char *path,
                                   struct err *err);

/* Whether a file is a whole font. Errors as of media_verify_still. */
MUST_CHECK bool media_verify_font(const char *path, struct err *err);

/* Whether an asset is used by any style, and by no spot. */
bool media_verify_is_font(const struct playlist *playlist, int asset);

#endif
