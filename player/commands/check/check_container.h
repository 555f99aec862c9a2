/* Looks into the containers of films (MP4, MOV, WebM, Matroska): what tracks there are, how their
 * pictures are coded, and whether they are encrypted. It reads headers only, and plays nothing. Main
 * thread. */
#ifndef COMMANDS_CHECK_CHECK_CONTAINER_H
#define COMMANDS_CHECK_CHECK_CONTAINER_H

#include "core/media_kind.h"

#include <stdbool.h>

#define CHECK_CONTAINER_CODEC_BYTES 40

struct check_container {
    bool encrypted;
    bool has_pictures, has_sound;
    /* Of the first track of pictures: an MP4's sample entry ("avc1"), a Matroska's codec ID
     * ("V_MPEG4/ISO/AVC"); it may have any bytes but NUL. */
    char codec[CHECK_CONTAINER_CODEC_BYTES];
};

/* False where the headers can't be found or read: then nothing is known. `kind` is MEDIA_KIND_MP4 or
 * MEDIA_KIND_MATROSKA. */
bool check_container_read(int file, enum media_kind kind, struct check_container *container);

#endif
