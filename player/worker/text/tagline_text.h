/* Cuts a text into what readers see as characters, each with the face that draws it; measures and
 * draws parts of it at the size of its faces. One thread at a time. */
#ifndef WORKER_TEXT_TAGLINE_TEXT_H
#define WORKER_TEXT_TAGLINE_TEXT_H

#include "core/err.h"
#include "core/text_style.h"
#include "worker/text/linebreak.h"
#include "worker/text/tagline_balance.h"
#include "worker/text/tagline_fonts.h"

#include <stdbool.h>
#include <stddef.h>

/* Values of `face` for characters that are not drawn. */
#define TAGLINE_TEXT_UNSEEN (-1)  /* line ends, and spaces at the start of a line */
#define TAGLINE_TEXT_MISSING (-2) /* no face has it */

struct tagline_character {
    unsigned short start, bytes;
    unsigned code; /* its first code point */
    int face;      /* or one of the above */
    uint8_t ink;   /* 0: the style's color; N: that of span N - 1 */
    bool is_space;
    enum linebreak_rank before; /* how good a place it is to begin a line */
};

struct tagline_text {
    char *text; /* normalized */
    struct tagline_character *characters;
    size_t count;
    int missing;       /* code points that no face has */
    bool is_seen;      /* something is drawn */
    size_t copy_lines; /* as it was written: one, and one for each line end in it */
    enum linebreak_script script;
    struct tagline_fonts *fonts; /* the caller's */
    /* As in struct text_style. */
    double autospace, tracking;
    bool is_tabular;
};

/* A zeroed struct is an empty text. Normalizes and cuts `source`; `words` as in linebreak_find.
 * Errors: ERR_INPUT, ERR_LIMIT and ERR_SYSTEM as in linebreak_normalize. Call tagline_text_finish
 * in any case. */
MUST_CHECK bool tagline_text_init(struct tagline_text *text, const char *source,
                                  const char *language, const struct linebreak_words *words,
                                  struct err *err);
void tagline_text_finish(struct tagline_text *text);

/* Gives each character the ink of its span. `source` as in tagline_text_init; the spans' ends are
 * places in it. */
MUST_CHECK bool tagline_text_color(struct tagline_text *text, const char *source,
                                   const struct text_span *spans, size_t count, struct err *err);

/* Gives each character its face: the first one that has it. `fonts` must outlive the text's use. */
void tagline_text_choose_faces(struct tagline_text *text, struct tagline_fonts *fonts);

/* Fills the counts, code points and faces of `facts`, for `check`. Call after
 * tagline_text_choose_faces. */
void tagline_text_fill_facts(const struct tagline_text *text, struct tagline_facts *facts);

/* Measures characters [start, end) as a piece, at the size of the faces. */
struct tagline_piece tagline_text_measure(const struct tagline_text *text, size_t start,
                                          size_t end);

/* Raises *above_px and *below_px to how far the ink of characters [start, end) reaches above and
 * below the baseline. */
void tagline_text_reach(const struct tagline_text *text, size_t start, size_t end, int *above_px,
                        int *below_px);

/* How far the punctuation at the ends of characters [start, end) reaches beyond their letters: quotes,
 * and at the end commas, full stops and hyphens, too. */
void tagline_text_hang(const struct tagline_text *text, size_t start, size_t end, int *left_px,
                       int *right_px);

/* At most so much of a line hangs on both sides together, in ems. */
double tagline_text_hanging(const struct tagline_text *text);

/* Draws characters [start, end) with the pen at (x, y) of the canvas. */
MUST_CHECK bool tagline_text_draw(const struct tagline_text *text, size_t start, size_t end, int x,
                                  int y, const struct tagline_plane *plane, struct err *err);

#endif
