/* How a text stands on a screen and what it looks like: what a style says, beside its fonts. Pure; any
 * thread. */
#ifndef CORE_TEXT_STYLE_H
#define CORE_TEXT_STYLE_H

#include "core/layout.h"

#include <stdbool.h>
#include <stdint.h>

/* Across: left, center, right. Down: top, center, bottom. */
enum text_align { TEXT_ALIGN_START, TEXT_ALIGN_CENTER, TEXT_ALIGN_END };

enum text_shadow_kind {
    TEXT_SHADOW_NONE,
    TEXT_SHADOW_BUILT_IN, /* a close one and a wide one, dark behind light text and the reverse */
    TEXT_SHADOW_OWN
};

/* Of TEXT_SHADOW_OWN. Lengths are in ems. */
struct text_shadow {
    enum text_shadow_kind kind;
    bool has_color; /* else it has the color of what the spot's visual stands on */
    uint32_t color; /* 0xRRGGBB */
    double strength, blur, drop;
};

enum text_scrim {
    TEXT_SCRIM_NONE,
    TEXT_SCRIM_SOFT, /* around the lines */
    TEXT_SCRIM_EDGE  /* from the screen's edge that the text stands at */
};

/* The texts of a spot. */
enum text_level { TEXT_LEVEL_TAGLINE, TEXT_LEVEL_SUBLINE, TEXT_LEVEL_LEGAL, TEXT_LEVELS };

/* Part of a text, from the end of the part before. */
struct text_span {
    uint32_t end_bytes; /* of the text, in UTF-8; the last one's is the whole length */
    bool has_color;     /* else the style's */
    uint32_t color;     /* 0xRRGGBB */
};
#define TEXT_SPANS_MAX 32

#define TEXT_STYLE_AUTOSPACE 0.125
#define TEXT_STYLE_LINES_MAX 16

struct text_style {
    double size;    /* of the screen's shorter side */
    uint32_t color; /* 0xRRGGBB */
    enum text_align align, valign;
    bool has_box;           /* else the text stands within the safe area */
    struct layout_rect box; /* in fractions of the screen; inside it */
    int lines_max;          /* 0: any number */
    /* In ems, but for leading, the distance of baselines as a part of the size; 0: the script's. */
    double tracking, leading, autospace;
    bool hangs;      /* punctuation at the ends of lines stands outside their edge */
    bool is_tabular; /* digits are as wide as the widest */
    double opacity;  /* 0 to 1 */
    struct text_shadow shadow;
    enum text_scrim scrim;
};

/* All that it says, as numbers in an order that stays, for hashes. */
#define TEXT_STYLE_NUMBERS 22
void text_style_numbers(const struct text_style *style, double numbers[TEXT_STYLE_NUMBERS]);

#endif
