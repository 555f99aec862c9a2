/* Colors: how the values of a picture's file become sRGB, by Little CMS.
 *
 * Pictures are scaled first and converted then: a screen has far fewer pixels than most files, and
 * a profile's values are as even to the eye as sRGB's, which are scaled as they are, too.
 *
 * Conversion is relative colorimetric with black point compensation, as image editors show a
 * picture. Runs in a worker process; one thread. */
#ifndef WORKER_STILL_COLOR_H
#define WORKER_STILL_COLOR_H

#include "core/err.h"
#include "worker/still_pixels.h"

#include <stddef.h>
#include <stdint.h>

/* Larger profiles are ignored: those of presses have 3 MB at most. */
#define STILL_COLOR_PROFILE_BYTES_MAX ((size_t)8 << 20)

enum still_color_space { STILL_COLOR_GREY, STILL_COLOR_RGB, STILL_COLOR_CMYK };

/* Lets the library do what it does at its first use. Call once in a worker, before its sandbox
 * closes. */
void still_color_prepare(void);

/* The conversion that a file's ICC profile asks for. NULL where there is nothing to convert: the
 * profile says sRGB, or nearly so (no value would change by more than one); or it can't be used,
 * and `notes` gets one more of enum protocol_still_note: it is too large, damaged, or of a kind that
 * does not fit the picture. A gray picture may have a profile for RGB. */
struct still_color *still_color_of_profile(const void *profile, size_t size,
                                           enum still_color_space space, uint32_t *notes);

/* What a PNG says without a profile (W3C PNG 11.3.2). */
struct still_color_values {
    double gamma; /* of the file: about 0.45 for an ordinary picture; 0: not given, as sRGB */
    bool has_chromaticities; /* else sRGB's */
    double white[2], red[2], green[2], blue[2];
};

/* As still_color_of_profile; values that make no sense count as a damaged profile. */
struct still_color *still_color_of_values(const struct still_color_values *values,
                                          enum still_color_space space, uint32_t *notes);

/* Turns a row of a scaled picture into words 0xFFRRGGBB, in place. What the row has before depends
 * on the layout of the picture's file: words for STILL_GREY8 and STILL_RGB24; the bytes of
 * STILL_SCALE_BYTES for STILL_RGBA32 and STILL_CMYK32. `color` may be NULL for STILL_CMYK32: then
 * inks are taken to be ideal, as web browsers do. `background` is 0xRRGGBB. */
void still_color_convert_row(const struct still_color *color, enum still_layout layout,
                             uint32_t *row, int width_px, uint32_t background);

/* Converts a row of 16-bit values in native byte order, one or three channels by the color's space,
 * to 8-bit R, G, B; with `alpha` both have one more channel, which is only rounded. False where
 * memory is out. */
MUST_CHECK bool still_color_convert_deep_row(struct still_color *color, bool alpha,
                                             const uint16_t *from, uint8_t *to, int width_px);

/* NULL is allowed. */
void still_color_destroy(struct still_color *color);

#endif
