/* Hashes and measures the media of a playlist that is to be published: in as many threads as
 * there are processors, films in a sandboxed worker. Called on the main thread. */
#ifndef COMMANDS_PUBLISH_PUBLISH_MEDIA_H
#define COMMANDS_PUBLISH_PUBLISH_MEDIA_H

#include "commands/check/check_records.h"
#include "playlist/playlist_compile.h"
#include "sync/edition.h"
#include "target/target.h"

/* Zeroed, there are none. */
struct publish_media {
    /* For each asset of the playlist, in its order; paths are the playlist's. */
    struct playlist_compile_file *files;
    size_t file_count;
    /* Each file of the target once, however many assets are the same bytes; paths are the
     * edition's, or NULL where the media are the target's already. */
    struct target_file *targets;
    size_t target_count;
    char (*names)[PLAYLIST_COMPILE_NAME_BYTES]; /* what the targets' names point into */
};

/* Hashes and measures what the paths of the records' edition lead to, which must outlive the media.
 * Films that the records know are not read by a worker. ERR_INPUT (an asset can't be published: it is
 * no picture or film that can be shown, is empty, too large, or has changed meanwhile),
 * ERR_MISSING, ERR_SYSTEM, and as check_film_probe_facts. publish_media_finish in any case. */
MUST_CHECK bool publish_media_gather(struct check_records *records, struct publish_media *media,
                                     struct err *err);

/* The media of a compiled playlist, which must outlive them: only targets, without local paths.
 * ERR_INPUT: an asset is not among the channel's media; ERR_SYSTEM. */
MUST_CHECK bool publish_media_assume(const struct playlist *playlist, struct publish_media *media,
                                     struct err *err);

void publish_media_finish(struct publish_media *media); /* NULL or zeroed is allowed */

#endif
