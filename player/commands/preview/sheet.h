/* A sheet of pictures: screens scaled down into cells of one PNG. Any thread. */
#ifndef COMMANDS_PREVIEW_SHEET_H
#define COMMANDS_PREVIEW_SHEET_H

#include "screen/compose.h"

#include "core/err.h"

/* Zeroed is empty. */
struct sheet {
    struct canvas canvas;
    int cell_width_px, cell_height_px;
};

/* Makes room for columns × rows (>= 1) cells in the shape of a screen. ERR_LIMIT where that is more
 * than a gigabyte. */
MUST_CHECK bool sheet_init(struct sheet *sheet, int columns, int rows, const struct canvas *screen,
                           struct err *err);

/* Scales a screen into a cell. */
MUST_CHECK bool sheet_put(struct sheet *sheet, int column, int row, const struct canvas *screen,
                          struct err *err);

/* Writes the PNG. */
MUST_CHECK bool sheet_write(const struct sheet *sheet, const char *path, struct err *err);

void sheet_finish(struct sheet *sheet);

#endif
