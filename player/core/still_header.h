/* Reads the header of a still picture's file before anything is decoded: its format, its size,
 * which way up it is, and whether the file is complete. Pure; any thread. */
#ifndef CORE_STILL_HEADER_H
#define CORE_STILL_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STILL_SIDE_MAX_PX 16384
/* 8K is 33 million; one byte more than this is refused. */
#define STILL_AREA_MAX_PX ((int64_t)100000000)
/* What a decoder holds at most while it decodes: a little less than a worker may have. */
#define STILL_MEMORY_BYTES_MAX INT64_C(1000000000)
#define STILL_FILE_BYTES_MAX ((size_t)256 << 20)

enum still_format { STILL_UNKNOWN, STILL_JPEG, STILL_PNG, STILL_WEBP, STILL_GIF };

struct still_header {
    enum still_format format;
    int32_t width, height; /* as stored, before orientation; 0 where the header does not say */
    int orientation;       /* EXIF 1 to 8; 1 where not given, and for GIF */
    int components;        /* JPEG: 1 gray, 3 color, 4 CMYK; else 0 */
    /* JPEG: the coefficients, where all of them must be kept to the end because each scan brings
     * only a part (progressive, or a scan for each color); else 0 */
    int64_t coefficient_bytes;
    bool complete; /* the file reaches its end marker; a GIF, that of its first picture */
};

/* Reads ITU T.81 markers, PNG chunks (W3C PNG 5.3), RIFF chunks (WebP container) or GIF blocks. Never
 * reads outside [bytes, bytes + size). False, with format STILL_UNKNOWN, where it is none of them,
 * or too broken to have a size. Of an animation the size is its canvas's. */
bool still_header_read(const uint8_t *bytes, size_t size, struct still_header *header);

#define STILL_READ_BYTES_MAX 65536 /* a JPEG's longest segment fits */

/* A picture that is not in memory as a whole; its owner provides one part of it at a time. */
struct still_bytes {
    size_t size;
    /* The bytes from `at` on; `count` is 1 to STILL_READ_BYTES_MAX, and all of them are inside
     * the picture. They stay valid until the next call. NULL where they can't be read. */
    const uint8_t *(*read)(void *context, size_t at, size_t count);
    void *context;
};

/* As still_header_read. Where a part cannot be read, the header has what was read before it, and
 * is incomplete. */
bool still_header_read_from(const struct still_bytes *bytes, struct still_header *header);

/* Whether a picture with this header (NULL: none could be read) can be shown. If not, `text`
 * becomes the reason, for an operator. */
bool still_header_check(const struct still_header *header, char *text, size_t text_bytes);

#endif
