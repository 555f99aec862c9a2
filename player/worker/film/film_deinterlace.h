/* Deinterlaces: makes a whole picture of one field of an interlaced frame. Part of film; pure.
 *
 * An interlaced frame has two fields, each of every other row, that were taken one after the other.
 * The rows that a field lacks are taken from the fields before and after it where nothing moves,
 * and are interpolated where something does: by Weston's three-field filter (BBC, UK patent
 * GB2172769, as in FFmpeg's w3fdif), held to what the fields around allow (as in yadif). FFmpeg
 * knows the two together as bwdif, and gives the same pictures. */
#ifndef WORKER_FILM_FILM_DEINTERLACE_H
#define WORKER_FILM_FILM_DEINTERLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The same plane of three frames in a row; NULL at the film's ends, where a field is completed from
 * itself alone if the one on its other side is missing. All have the same size, and bits a sample; those of more than 8 bits are words. */
struct film_deinterlace_plane {
    const uint8_t *before, *frame, *after;
    ptrdiff_t before_stride_bytes, frame_stride_bytes, after_stride_bytes;
    int width, height; /* at least 1 */
    int bits;          /* 8 to 16 */
};

/* Makes the plane of one field: of the rows 0, 2, 4 ... (`bottom` false) or 1, 3, 5 ..., which of
 * the frame's two was the first in time or the second. `into` overlaps none of them. */
void film_deinterlace_plane(const struct film_deinterlace_plane *plane, bool bottom, bool second,
                            uint8_t *into, ptrdiff_t into_stride_bytes);

#endif
