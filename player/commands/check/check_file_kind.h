/* Says what a file is that stands in place of a picture or a film, and what to do about it. Main
 * thread; reads the file's first bytes, and the headers of a film's container. */
#ifndef COMMANDS_CHECK_CHECK_FILE_KIND_H
#define COMMANDS_CHECK_CHECK_FILE_KIND_H

#include "sync/edition.h"

#define CHECK_FILE_KIND_BYTES 256

/* Fills in a hint about a file that cannot be shown as a film, or as a picture. False where
 * nothing better is known than the decoder's own error. */
bool check_file_kind_hint(const struct edition *edition, int asset, bool is_video,
                          char hint[CHECK_FILE_KIND_BYTES]);

/* Whether a film's file may be decoded: one that is encrypted may not, since its pictures would be
 * noise (ERR_INPUT). */
MUST_CHECK bool check_file_kind_allows(const struct edition *edition, int asset, struct err *err);

#endif
