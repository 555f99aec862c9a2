/* What a file is that was put where a picture or film should be, and what to do about it. Main
 * thread; reads the file's first bytes, and of an MP4 where its boxes begin, nothing more. */
#ifndef COMMANDS_CHECK_CHECK_FILE_KIND_H
#define COMMANDS_CHECK_CHECK_FILE_KIND_H

#include "sync/edition.h"

#define CHECK_FILE_KIND_BYTES 256

/* Of a medium that can't be shown where the playlist has it, as a film or a picture: fills in a
 * hint. False where nothing better is known than the decoder's own words. */
bool check_file_kind_hint(const struct edition *edition, int asset, bool is_video,
                          char hint[CHECK_FILE_KIND_BYTES]);

#endif
