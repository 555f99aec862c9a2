#include "commands/preview/contact_sheet.h"

#include "commands/preview/png.h"
#include "screen/snapshot.h"

#include <stdlib.h>

#define CELL_LONGER_PX 480
#define ROW_PX 360 /* of cells in several shapes */
#define GAP_PX 16
#define BACKGROUND 0xff0c1216u
#define SHEET_BYTES_MAX ((size_t)1 << 30)

/* Scales a side with another one that becomes `to`. */
static int scale_side(int side, int other, int to)
{
    int scaled = (int)((int64_t)to * side / other);
    return scaled < 1 ? 1 : scaled;
}

static void lay_cells(struct contact_sheet *sheet, const struct option_size *sizes, int size_count)
{
    int height = ROW_PX;
    if (size_count == 1 && sizes->width >= sizes->height)
        height = scale_side(sizes->height, sizes->width, CELL_LONGER_PX);
    else if (size_count == 1)
        height = CELL_LONGER_PX;
    sheet->size_count = size_count;
    sheet->row_px = height + GAP_PX;
    sheet->turn_px = 0;
    for (int i = 0; i < size_count; i++) {
        int width = size_count == 1 && sizes->width >= sizes->height
                        ? CELL_LONGER_PX
                        : scale_side(sizes[i].width, sizes[i].height, height);
        sheet->cells[i] = (struct contact_sheet_cell){sheet->turn_px, width, height};
        sheet->turn_px += width + GAP_PX;
    }
}

bool contact_sheet_init(struct contact_sheet *sheet, const struct option_size *sizes,
                        int size_count, int turns, int rows, struct err *err)
{
    lay_cells(sheet, sizes, size_count);
    size_t width = GAP_PX + (size_t)turns * (size_t)sheet->turn_px;
    size_t height = GAP_PX + (size_t)rows * (size_t)sheet->row_px;
    if (height > SHEET_BYTES_MAX / (width * 4))
        return err_set(err, ERR_LIMIT, "too many pictures for one contact sheet");
    uint32_t *pixels = malloc(width * height * 4);
    if (!pixels)
        return err_oom(err);
    for (size_t i = 0; i < width * height; i++)
        pixels[i] = BACKGROUND;
    sheet->canvas = (struct canvas){pixels, width * 4, (int)width, (int)height};
    return true;
}

struct canvas contact_sheet_put(struct contact_sheet *sheet, int size, int turn, int row,
                                const struct canvas *screen)
{
    const struct contact_sheet_cell *at = &sheet->cells[size];
    int x = GAP_PX + turn * sheet->turn_px + at->x;
    int y = GAP_PX + row * sheet->row_px;
    uint8_t *corner =
        (uint8_t *)sheet->canvas.pixels + sheet->canvas.stride_bytes * (size_t)y + (size_t)x * 4;
    const struct canvas cell = {corner, sheet->canvas.stride_bytes, at->width_px, at->height_px};
    snapshot_scale(screen, &cell);
    return cell;
}

bool contact_sheet_write(const struct contact_sheet *sheet, const char *path, struct err *err)
{
    return png_write(path, &sheet->canvas, err);
}

void contact_sheet_finish(struct contact_sheet *sheet)
{
    free(sheet->canvas.pixels);
    *sheet = (struct contact_sheet){0};
}
