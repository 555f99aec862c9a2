/* A contact sheet: many screens, scaled down, in one PNG. Any thread. */
#ifndef COMMANDS_PREVIEW_CONTACT_SHEET_H
#define COMMANDS_PREVIEW_CONTACT_SHEET_H

#include "screen/compose.h"

#include "core/err.h"

/* Zeroed is empty. */
struct contact_sheet {
    struct canvas canvas;
    int cell_width_px, cell_height_px;
};

/* Creates an empty sheet of columns × rows (>= 1) cells, each in the shape of a screen.
 * ERR_LIMIT: it would be larger than a gigabyte. */
MUST_CHECK bool contact_sheet_init(struct contact_sheet *sheet, int columns, int rows,
                                   const struct canvas *screen, struct err *err);

/* Draws a screen into a cell, scaled down. */
void contact_sheet_put(struct contact_sheet *sheet, int column, int row,
                       const struct canvas *screen);

/* Writes the PNG. */
MUST_CHECK bool contact_sheet_write(const struct contact_sheet *sheet, const char *path,
                                    struct err *err);

void contact_sheet_finish(struct contact_sheet *sheet);

#endif
