/* Reads the playlist file that is to be published, checks it, and hashes its media. Main thread. */
#ifndef COMMANDS_PUBLISH_PUBLISH_PLAYLIST_H
#define COMMANDS_PUBLISH_PUBLISH_PLAYLIST_H

#include "commands/publish/publish_media.h"
#include "commands/settings.h"

/* Zeroed is allowed for publish_playlist_finish. */
struct publish_playlist {
    char *bytes;
    size_t size;
    struct edition *edition; /* the media point into it */
    struct publish_media media;
};

/* Reads a playlist's file. ERR_INPUT, ERR_MISSING, ...: as file_read. publish_playlist_finish in
 * any case. */
MUST_CHECK bool publish_playlist_read(struct publish_playlist *file, const char *path,
                                      struct err *err);

/* Checks what was read as the check command does, which may take minutes, and hashes the media:
 * warnings and faults go to standard error. ERR_INPUT: it has faults (or, with --strict, warnings),
 * or is a compiled playlist; else as publish_media_gather. */
MUST_CHECK bool publish_playlist_check(struct publish_playlist *file,
                                       const struct settings *settings, const char *path,
                                       struct err *err);
void publish_playlist_finish(struct publish_playlist *file);

#endif
