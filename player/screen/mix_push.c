/* The incoming picture pushes the outgoing one off the screen. Both move by whole pixels. */
#include "screen/mix_kinds.h"

#include <math.h>

struct places {
    int from_x, from_y, to_x, to_y;
};

static struct places places_of(const struct mix *mix)
{
    int across = (int)lround(mix->amount * mix->width_px);
    int down = (int)lround(mix->amount * mix->height_px);
    switch (mix->transition.direction) {
    case TRANSITION_RIGHT:
        return (struct places){across, 0, across - mix->width_px, 0};
    case TRANSITION_UP:
        return (struct places){0, -down, 0, mix->height_px - down};
    case TRANSITION_DOWN:
        return (struct places){0, down, 0, down - mix->height_px};
    case TRANSITION_LEFT:
        break;
    }
    return (struct places){-across, 0, mix->width_px - across, 0};
}

void mix_push_draw(const struct mix *mix, const struct canvas *target, int x_px, int y_px,
                   const struct canvas *from, const struct canvas *to)
{
    struct places places = places_of(mix);
    mix_place(target, x_px, y_px, from, places.from_x, places.from_y);
    mix_place(target, x_px, y_px, to, places.to_x, places.to_y);
}

void mix_push_mesh(const struct mix *mix, struct mix_mesh *mesh)
{
    struct places places = places_of(mix);
    mesh->is_beside = true;
    mesh->from_x = places.from_x;
    mesh->from_y = places.from_y;
    mesh->to_x = places.to_x;
    mesh->to_y = places.to_y;
}
