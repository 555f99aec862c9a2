/* Taglines: sets a text for a canvas and draws it as a picture with alpha.
 *
 * Runs in a worker process (one thread) and opens no files: fonts come as open descriptors. Breaks
 * lines by language, balances them, and reduces the size until the text fits its box. */
#ifndef WORKER_TEXT_TAGLINE_H
#define WORKER_TEXT_TAGLINE_H

#include "core/err.h"
#include "core/text_style.h"

#include <stddef.h>
#include <stdint.h>

#define TAGLINE_FACES_MAX 4

struct linebreak_words;
struct tagline;

/* A font face. The first one that has a glyph draws it. */
struct tagline_face {
    int fd;    /* readable and seekable; stays the caller's */
    int index; /* index of the face in a collection */
};

struct tagline_request {
    const char *text;     /* UTF-8, any normalization form; '\n' forces a new line */
    const char *language; /* BCP 47; "" is taken as "en" */
    int canvas_width_px, canvas_height_px; /* upright, as people see it */
    const struct text_style *style;        /* for this canvas */
    const struct text_span *spans;         /* at most TEXT_SPANS_MAX */
    size_t span_count;                     /* 0: it has one color, the style's */
    struct tagline_face faces[TAGLINE_FACES_MAX];
    int face_count;
    const struct linebreak_words *words; /* of Chinese, as in linebreak_find; NULL: none */
    const struct layout_rect
        *area; /* in pixels: stands within it instead of tagline_area's; or NULL */
};

/* Sets the text. NULL on failure: ERR_INPUT (no face has any of its glyphs, invalid UTF-8),
 * ERR_LIMIT, ERR_SYSTEM. */
struct tagline *tagline_create(const struct tagline_request *request, struct err *err);

/* The box on the canvas that holds every pixel of text, shadow and scrim; inside the canvas, never
 * empty. */
void tagline_box(const struct tagline *tagline, int *x_px, int *y_px, int *width_px,
                 int *height_px);

/* In pixels: the style's box, or the safe area. */
struct layout_rect tagline_area(const struct tagline_request *request);

/* From top to bottom, without shadow and scrim; the same for all texts of a script, but for ink that
 * reaches beyond it. */
void tagline_extent(const struct tagline *tagline, double *top_px, double *bottom_px);

#define TAGLINE_CODE_POINTS_MAX 8
#define TAGLINE_LINES_MAX 16

/* How the text was set: type size in pixels and size asked for, number of lines, and how many the
 * text has by itself. For `check`, and for lines that move. */
struct tagline_facts {
    int asked_px, used_px, lines, copy_lines;
    bool is_cut;         /* its end is outside its box, even at the least size */
    int missing_glyphs;  /* characters that no face has */
    int fallback_glyphs; /* characters drawn by another face than request->faces[0] */
    /* The first different code points of these, normalized, then zeros. */
    unsigned missing_code_points[TAGLINE_CODE_POINTS_MAX],
        fallback_code_points[TAGLINE_CODE_POINTS_MAX];
    unsigned faces_open, faces_used; /* bit N: request->faces[N] could be opened; draws something */
    /* Of the first lines: the top and the end of their ink, from the top of the box. Zeros: a line
     * that is not in it. */
    int line_top_px[TAGLINE_LINES_MAX], line_end_px[TAGLINE_LINES_MAX];
};
struct tagline_facts tagline_facts(const struct tagline *tagline);

/* Draws the box: height rows of width premultiplied ARGB8888 pixels (native byte order,
 * 0xAARRGGBB), every pixel written. `stride_bytes` >= width × 4, a multiple of 4. */
MUST_CHECK bool tagline_paint(const struct tagline *tagline, void *pixels, size_t stride_bytes,
                              struct err *err);

/* NULL is allowed. */
void tagline_destroy(struct tagline *tagline);

#endif
