/* A contact sheet: many screens, scaled down, in one PNG. Any thread. */
#ifndef COMMANDS_PREVIEW_CONTACT_SHEET_H
#define COMMANDS_PREVIEW_CONTACT_SHEET_H

#include "screen/compose.h"

#include "base/options.h"
#include "core/err.h"

/* Zeroed is empty. Its columns take turns among the sizes. */
struct contact_sheet {
    struct canvas canvas;
    struct contact_sheet_cell {
        int x, width_px, height_px;
    } cells[OPTION_TEXTS_MAX];
    int size_count;
    int turn_px; /* the width of a column of each size */
    int row_px;
};

/* Creates an empty sheet of `turns` × `rows` (>= 1) cells for each of the sizes, of which there are 1 to
 * OPTION_TEXTS_MAX: of one size all are 480 pixels on their longer side, else all are equally high.
 * ERR_LIMIT: it would be larger than a gigabyte. */
MUST_CHECK bool contact_sheet_init(struct contact_sheet *sheet, const struct option_size *sizes,
                                   int size_count, int turns, int rows, struct err *err);

/* Draws a screen of a size into its cell, scaled down. Returns the cell, which lives as long as the
 * sheet. */
struct canvas contact_sheet_put(struct contact_sheet *sheet, int size, int turn, int row,
                                const struct canvas *screen);

/* Writes the PNG. */
MUST_CHECK bool contact_sheet_write(const struct contact_sheet *sheet, const char *path,
                                    struct err *err);

void contact_sheet_finish(struct contact_sheet *sheet);

#endif
