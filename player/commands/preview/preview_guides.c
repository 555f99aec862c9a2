#include "commands/preview/preview_guides.h"

#include "core/layout.h"

#include <math.h>
#include <stdint.h>

#define LINE_PART 0.0025 /* of the shorter side; at least a pixel */
#define ALPHA 200        /* of 256 */

/* A rectangle of one gray. What lies outside of the picture is left out. */
static void draw_bar(const struct canvas *canvas, int x, int y, int width, int height, uint8_t gray)
{
    for (int row = y < 0 ? 0 : y; row < y + height && row < canvas->height_px; row++) {
        uint8_t *line = (uint8_t *)canvas->pixels + canvas->stride_bytes * (size_t)row;
        for (int column = x < 0 ? 0 : x; column < x + width && column < canvas->width_px; column++)
            for (int i = 0; i < 3; i++) {
                uint8_t *value = &line[4 * column + i];
                *value = (uint8_t)((*value * (256 - ALPHA) + gray * ALPHA) / 256);
            }
    }
}

/* A light line between two dark ones. */
static void draw_line(const struct canvas *canvas, bool upright, int at, int from, int to,
                      int thick)
{
    for (int i = -1; i <= 1; i++) {
        uint8_t gray = i == 0 ? 255 : 0;
        int across = at + i * thick - thick / 2;
        if (upright)
            draw_bar(canvas, across, from, thick, to - from, gray);
        else
            draw_bar(canvas, from, across, to - from, thick, gray);
    }
}

void preview_guides_draw(const struct canvas *canvas)
{
    int width = canvas->width_px, height = canvas->height_px;
    int shorter = width < height ? width : height;
    int margin = (int)ceil(LAYOUT_SAFE_PART * shorter);
    int thick = (int)lround(LINE_PART * shorter);
    thick = thick < 1 ? 1 : thick;
    for (int i = 1; i <= 2; i++) {
        draw_line(canvas, true, width * i / 3, 0, height, thick);
        draw_line(canvas, false, height * i / 3, 0, width, thick);
    }
    for (int i = 0; i < 2; i++) {
        draw_line(canvas, true, i ? width - margin : margin, margin, height - margin, thick);
        draw_line(canvas, false, i ? height - margin : margin, margin, width - margin, thick);
    }
}
