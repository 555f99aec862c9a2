#include "stage/picture.h"

#include <stdlib.h>

struct picture *picture_create(uint32_t background, struct frame *visual, struct frame *text)
{
    static uint64_t last_id; /* main thread */
    struct picture *picture = calloc(1, sizeof *picture);
    if (!picture) {
        frame_release(visual);
        frame_release(text);
        return NULL;
    }
    picture->id = ++last_id;
    picture->background = background;
    picture->visual = visual;
    picture->text = text;
    picture->holders = 1;
    return picture;
}

struct picture *picture_hold(struct picture *picture)
{
    if (picture)
        picture->holders++;
    return picture;
}

void picture_release(struct picture *picture)
{
    if (!picture || --picture->holders > 0)
        return;
    frame_release(picture->visual);
    frame_release(picture->text);
    free(picture);
}

bool picture_moves(const struct picture *picture)
{
    return picture->visual && picture->motion != PLAYLIST_MOTION_NONE;
}

struct layout_rect picture_crop(const struct picture_view *view)
{
    const struct picture *picture = view->picture;
    struct layout_rect crop = motion_crop(picture->motion, view->progress, picture->visual->focus_x,
                                          picture->visual->focus_y, picture->portrait);
    return layout_rotate_rect(crop, picture->rotation);
}
