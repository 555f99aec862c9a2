/* The outgoing picture turns into a color, and that into the incoming picture: each in half of the time,
 * so that the color rests for a moment. */
#include "screen/mix_kinds.h"

#define ROW_PX 2048 /* of the color, at a time: stays in the first cache */

static double color_level(const struct mix *mix)
{
    double level = transition_smoothstep(0, 0.5, mix->amount);
    return mix->amount < 0.5 ? level : 1 - transition_smoothstep(0.5, 1, mix->amount);
}

void mix_dip_draw(const struct mix *mix, const struct canvas *target, int x_px, int y_px,
                  const struct canvas *from, const struct canvas *to)
{
    uint32_t row[ROW_PX];
    const struct canvas *picture = mix->amount < 0.5 ? from : to;
    double level = color_level(mix);
    for (int x = 0; x < ROW_PX; x++)
        row[x] = 0xff000000u | mix->transition.color;
    /* Row by row: memory is read and written in order. */
    for (int y = 0; y < target->height_px; y++)
        for (int x = 0; x < target->width_px; x += ROW_PX) {
            int width = target->width_px - x < ROW_PX ? target->width_px - x : ROW_PX;
            struct canvas part = canvas_part(target, x, y, width, 1);
            struct canvas shown = canvas_part(picture, x_px + x, y_px + y, width, 1);
            const struct canvas color = {row, 0, width, 1};
            compose_crossfade(&part, &shown, &color, level);
        }
}

void mix_dip_mesh(const struct mix *mix, struct mix_mesh *mesh)
{
    mesh->is_to_below = mix->amount >= 0.5;
    mesh->color = mix->transition.color;
    mesh->color_level = color_level(mix);
}
