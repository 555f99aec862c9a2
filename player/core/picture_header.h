/* Picture headers: what kind of picture a file holds, how large, which way up, and whether it is
 * all there, before anything is decoded. Pure; any thread. */
#ifndef CORE_PICTURE_HEADER_H
#define CORE_PICTURE_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PICTURE_SIDE_MAX_PX 16384
/* 8K is 33 million; one byte more than this is refused. */
#define PICTURE_AREA_MAX_PX ((int64_t)100000000)

enum picture_format { PICTURE_UNKNOWN, PICTURE_JPEG, PICTURE_PNG, PICTURE_WEBP };

struct picture_header {
    enum picture_format format;
    int32_t width, height; /* as stored, before orientation; 0 where the header does not say */
    int orientation;       /* EXIF 1 to 8; 1 where not given, and for PNG and WebP */
    int components;        /* JPEG: 1 grey, 3 colour, 4 CMYK; else 0 */
    bool complete;         /* the file reaches its own end mark */
};

/* Reads ITU T.81 markers, PNG chunks (W3C PNG 5.3) or RIFF chunks (WebP container). Never reads
 * outside [bytes, bytes + size). False, with format PICTURE_UNKNOWN, where it is none of them, or
 * too broken to have a size. */
bool picture_header_read(const uint8_t *bytes, size_t size, struct picture_header *header);

/* Whether a picture with this header (NULL: none could be read) can be shown; else false, with the
 * reason in words for an operator in text. */
bool picture_header_check(const struct picture_header *header, char *text, size_t text_bytes);

#endif
