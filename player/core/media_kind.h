/* Recognises a file by its first bytes, to name it where it is in the wrong place. It does not say
 * whether the file can be played. Pure; any thread. */
#ifndef CORE_MEDIA_KIND_H
#define CORE_MEDIA_KIND_H

#include <stddef.h>
#include <stdint.h>

enum media_kind {
    MEDIA_KIND_UNKNOWN,
    /* Films in containers that are played, if what is in them is. */
    MEDIA_KIND_MP4, /* or MOV */
    MEDIA_KIND_MATROSKA,
    /* Pictures that are shown. */
    MEDIA_KIND_JPEG,
    MEDIA_KIND_PNG,
    MEDIA_KIND_WEBP,
    MEDIA_KIND_GIF,
    /* Other films. */
    MEDIA_KIND_AVI,
    MEDIA_KIND_FLV,
    MEDIA_KIND_MPEG, /* a program or a transport stream */
    MEDIA_KIND_ASF,  /* WMV */
    MEDIA_KIND_MXF,
    MEDIA_KIND_RED,
    MEDIA_KIND_OGG,
    MEDIA_KIND_REALMEDIA,
    MEDIA_KIND_HLS,
    MEDIA_KIND_DASH,
    MEDIA_KIND_SOUND, /* without pictures: MP3, WAV, FLAC, AIFF */
    /* Other pictures. */
    MEDIA_KIND_HEIF,
    MEDIA_KIND_AVIF,
    MEDIA_KIND_TIFF,
    MEDIA_KIND_BMP,
    MEDIA_KIND_JPEG_XL,
    MEDIA_KIND_JPEG_2000,
    MEDIA_KIND_RAW, /* of a camera */
    MEDIA_KIND_SVG,
    MEDIA_KIND_ICO,
    MEDIA_KIND_DDS,
    MEDIA_KIND_PHOTOSHOP,
    MEDIA_KIND_GIMP,
    MEDIA_KIND_POSTSCRIPT, /* EPS */
    MEDIA_KIND_PDF,        /* or Illustrator's */
    MEDIA_KIND_INDESIGN,
    /* Documents, archives, and what systems put beside files. */
    MEDIA_KIND_OFFICE,
    MEDIA_KIND_OPENDOCUMENT,
    MEDIA_KIND_IWORK,
    MEDIA_KIND_ARCHIVE,
    MEDIA_KIND_APPLE_DOUBLE,
    MEDIA_KIND_DS_STORE,
    MEDIA_KIND_HTML,
    MEDIA_KIND_LFS, /* what git stores in place of a large file */
};

/* How many of the first bytes are enough. */
#define MEDIA_KIND_BYTES 512

enum media_kind media_kind_of(const uint8_t *bytes, size_t size);

/* With its article: "a JPEG picture". Of MEDIA_KIND_UNKNOWN "a file of an unknown kind". */
const char *media_kind_name(enum media_kind kind);

#endif
