#include "commands/preview/contact_sheet.h"

#include "commands/preview/png.h"
#include "screen/snapshot.h"

#include <stdlib.h>

#define CELL_LONGER_PX 480
#define GAP_PX 16
#define BACKGROUND 0xff0c1216u
#define SHEET_BYTES_MAX ((size_t)1 << 30)

bool contact_sheet_init(struct contact_sheet *sheet, int columns, int rows,
                        const struct canvas *screen, struct err *err)
{
    bool landscape = screen->width_px >= screen->height_px;
    int longer = landscape ? screen->width_px : screen->height_px;
    int shorter = landscape ? screen->height_px : screen->width_px;
    int cell_shorter = CELL_LONGER_PX * shorter / longer;
    cell_shorter = cell_shorter < 1 ? 1 : cell_shorter;
    sheet->cell_width_px = landscape ? CELL_LONGER_PX : cell_shorter;
    sheet->cell_height_px = landscape ? cell_shorter : CELL_LONGER_PX;
    size_t width = GAP_PX + (size_t)columns * (size_t)(sheet->cell_width_px + GAP_PX);
    size_t height = GAP_PX + (size_t)rows * (size_t)(sheet->cell_height_px + GAP_PX);
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

void contact_sheet_put(struct contact_sheet *sheet, int column, int row,
                       const struct canvas *screen)
{
    int x = GAP_PX + column * (sheet->cell_width_px + GAP_PX);
    int y = GAP_PX + row * (sheet->cell_height_px + GAP_PX);
    uint8_t *corner =
        (uint8_t *)sheet->canvas.pixels + sheet->canvas.stride_bytes * (size_t)y + (size_t)x * 4;
    const struct canvas cell = {corner, sheet->canvas.stride_bytes, sheet->cell_width_px,
                                sheet->cell_height_px};
    snapshot_scale(screen, &cell);
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
