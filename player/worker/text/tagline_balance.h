/* Breaks a text into lines: as few as fit, then as even as possible. Pure; any thread. */
#ifndef WORKER_TEXT_TAGLINE_BALANCE_H
#define WORKER_TEXT_TAGLINE_BALANCE_H

#include "worker/text/linebreak.h"

#include <stdbool.h>
#include <stddef.h>

#define TAGLINE_PIECES_MAX LINEBREAK_TEXT_BYTES_MAX

/* Text between two places where a line may end. Widths are in pixels, at any one size. */
struct tagline_piece {
    size_t start, end; /* characters of the text */
    float advance;     /* how far the pen moves, spaces at the end included */
    /* Its parts before the first ink and after the last, which don't count as width of a line. */
    float lead, trail;
    enum linebreak_rank rank; /* how good a place its end is to end a line */
};

struct tagline_pieces {
    struct tagline_piece items[TAGLINE_PIECES_MAX];
    size_t count;
};

/* Line i holds the pieces from ends[i - 1] (0 for the first line) up to ends[i]. */
struct tagline_lines {
    size_t ends[TAGLINE_PIECES_MAX];
    size_t count;
};

/* Breaks one or more pieces into lines of `width_px`, with the pieces scaled by `scale`. A piece
 * that is too wide gets a line of its own with `force`; without, the result is false. */
bool tagline_balance_break(const struct tagline_pieces *pieces, double scale, double width_px,
                           bool force, struct tagline_lines *lines);

#endif
