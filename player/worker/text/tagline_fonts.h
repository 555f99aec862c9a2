/* The faces of one tagline at one size: which face has a character, how wide a run is, its coverage
 * in pixels.
 *
 * One thread at a time. Faces are read by pread, which leaves a descriptor's offset alone: several
 * processes may share one. Positions are in pixels; a pen stands on the baseline. */
#ifndef WORKER_TEXT_TAGLINE_FONTS_H
#define WORKER_TEXT_TAGLINE_FONTS_H

#include "core/err.h"
#include "worker/text/linebreak.h"
#include "worker/text/tagline.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tagline_fonts;

/* Coverage, 0 to 255, of a part of the canvas: `height` rows of `width` bytes, zeroed by whoever
 * allocates them. */
struct tagline_plane {
    uint8_t *pixels;
    uint8_t *inks; /* the same for the ink that each pixel has most of; NULL: there is one only */
    int x, y, width, height; /* on the canvas */
};

/* Measures of one character, from the pen. */
struct tagline_glyph {
    int advance;
    int left, right; /* of the ink */
    int top, bottom; /* of the ink, measured upwards from the baseline: bottom is mostly negative */
};

/* Opens those of the `count` faces that are fonts, at `size_px` (the em). NULL if none is
 * (ERR_INPUT) or the font library fails (ERR_SYSTEM). The descriptors must stay open until
 * tagline_fonts_close. */
struct tagline_fonts *tagline_fonts_open(const struct tagline_face *faces, int count,
                                         enum linebreak_script script, int size_px,
                                         struct err *err);

MUST_CHECK bool tagline_fonts_resize(struct tagline_fonts *fonts, int size_px, struct err *err);
int tagline_fonts_size(const struct tagline_fonts *fonts);

/* Number of open faces; they are numbered from 0 in the order given. */
int tagline_fonts_count(const struct tagline_fonts *fonts);

/* The index of an open face in the array that was given. */
int tagline_fonts_place(const struct tagline_fonts *fonts, int face);
bool tagline_fonts_has(const struct tagline_fonts *fonts, int face, unsigned character);

/* All zero for a character that the face does not have. */
struct tagline_glyph tagline_fonts_glyph(struct tagline_fonts *fonts, int face, unsigned character);

/* A piece of text in one face. `bytes` is at most LINEBREAK_TEXT_BYTES_MAX. */
struct tagline_run {
    const char *text;
    size_t bytes;
    int face;
    uint8_t ink;
};

/* How far the pen moves over a run, kerning included. */
int tagline_fonts_width(struct tagline_fonts *fonts, const struct tagline_run *run);

/* Draws a run with the pen at (x, y) of the canvas; what is outside the plane is clipped. */
MUST_CHECK bool tagline_fonts_draw(struct tagline_fonts *fonts, const struct tagline_run *run,
                                   int x, int y, const struct tagline_plane *plane,
                                   struct err *err);

/* NULL is allowed. */
void tagline_fonts_close(struct tagline_fonts *fonts);

#endif
