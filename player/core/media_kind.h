/* Recognises a file by its first bytes, to name it where it is in the wrong place. It does not say
 * whether the file can be played. Pure; any thread. */
#ifndef CORE_MEDIA_KIND_H
#define CORE_MEDIA_KIND_H

#include <stddef.h>
#include <stdint.h>

enum media_kind {
    MEDIA_KIND_UNKNOWN,
    MEDIA_KIND_MP4, /* or MOV */
    MEDIA_KIND_MATROSKA,
    MEDIA_KIND_JPEG,
    MEDIA_KIND_PNG,
    MEDIA_KIND_WEBP,
    MEDIA_KIND_GIF,
    MEDIA_KIND_AVI,
    MEDIA_KIND_FLV,
    MEDIA_KIND_MPEG, /* a program or a transport stream */
    MEDIA_KIND_HTML,
    MEDIA_KIND_LFS, /* what git stores in place of a large file */
};

/* How many of the first bytes are enough. */
#define MEDIA_KIND_BYTES 512

enum media_kind media_kind_of(const uint8_t *bytes, size_t size);

/* With its article: "a JPEG picture". Of MEDIA_KIND_UNKNOWN "a file of an unknown kind". */
const char *media_kind_name(enum media_kind kind);

#endif
