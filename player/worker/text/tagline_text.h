/* A text cut into what readers see as characters, each with the face that draws it. Measures and
 * draws stretches of it at the size of its faces. One thread at a time. */
#ifndef WORKER_TEXT_TAGLINE_TEXT_H
#define WORKER_TEXT_TAGLINE_TEXT_H

#include "core/err.h"
#include "worker/text/linebreak.h"
#include "worker/text/tagline_balance.h"
#include "worker/text/tagline_fonts.h"

#include <stdbool.h>
#include <stddef.h>

/* Faces of characters that are not drawn. */
#define TAGLINE_TEXT_UNSEEN (-1)  /* line ends, and spaces at a line's start */
#define TAGLINE_TEXT_MISSING (-2) /* no face has it */

struct tagline_character {
    unsigned short start, bytes;
    unsigned code; /* its first code point */
    int face;      /* or one of the above */
    bool is_space;
    enum linebreak_rank before; /* how good it is to begin a line with it */
};

struct tagline_text {
    char *text; /* normalised */
    struct tagline_character *characters;
    size_t count;
    int missing;  /* code points that no face has */
    bool is_seen; /* something is drawn */
    enum linebreak_script script;
    struct tagline_fonts *fonts; /* the caller's */
};

/* Zeroed is an empty text. Normalises and cuts `source`; ERR_INPUT, ERR_LIMIT and ERR_SYSTEM as
 * linebreak_normalise. Finish it in any case. */
MUST_CHECK bool tagline_text_init(struct tagline_text *text, const char *source,
                                  const char *language, struct err *err);
void tagline_text_finish(struct tagline_text *text);

/* Gives each character its face: the first that has it. `type` must outlive the text's use. */
void tagline_text_choose_faces(struct tagline_text *text, struct tagline_fonts *fonts);

/* After tagline_text_choose_faces: what draws the text, for `check`. Fills the facts' counts, codes
 * and faces. */
void tagline_text_fill_facts(const struct tagline_text *text, struct tagline_facts *facts);

/* Characters [start, end) as a piece, at the size of the faces. */
struct tagline_piece tagline_text_measure(const struct tagline_text *text, size_t start,
                                          size_t end);

/* How far the ink of characters [start, end) reaches above and below the baseline; at least what is
 * there already. */
void tagline_text_reach(const struct tagline_text *text, size_t start, size_t end, int *above_px,
                        int *below_px);

/* Draws characters [start, end) with the pen at (x, y) of the canvas. */
MUST_CHECK bool tagline_text_draw(const struct tagline_text *text, size_t start, size_t end, int x,
                                  int y, const struct tagline_plane *plane, struct err *err);

#endif
