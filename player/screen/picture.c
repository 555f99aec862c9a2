#include "screen/picture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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
    picture->focus_x = picture->focus_y = 0.5;
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
    return picture->visual && picture->motion != LAYOUT_MOTION_NONE;
}

void picture_focus(const struct picture *picture, int width_px, int height_px, double *x, double *y)
{
    const struct frame *visual = picture->visual;
    struct layout_rect focus = {picture->focus_x, picture->focus_y, 0, 0};
    if (visual)
        focus = (struct layout_rect){visual->focus_x, visual->focus_y, 0, 0};
    focus = layout_rotate_rect(focus, picture->rotation);
    *x = focus.x;
    *y = focus.y;
    if (visual) {
        *x = (visual->at.x + focus.x * visual->at.width) / width_px;
        *y = (visual->at.y + focus.y * visual->at.height) / height_px;
    }
}

bool picture_has_same_text(const struct picture *a, const struct picture *b)
{
    const struct frame *one = a->text, *other = b->text;
    if (one == other || !one || !other)
        return one != NULL && one == other;
    if (one->at.x != other->at.x || one->at.y != other->at.y || one->width_px != other->width_px ||
        one->height_px != other->height_px)
        return false;
    for (int y = 0; y < one->height_px; y++)
        if (memcmp((const uint8_t *)one->pixels + one->stride_bytes * (size_t)y,
                   (const uint8_t *)other->pixels + other->stride_bytes * (size_t)y,
                   (size_t)one->width_px * 4) != 0)
            return false;
    return true;
}

void picture_set_visual(struct picture *picture, struct frame *visual)
{
    frame_release(picture->visual);
    picture->visual = visual;
}

/* Rounds one axis of a crop, in fractions, to the pixels of a film: see picture_crop. */
static void snap_to_pixels(double *start, double *length, int size)
{
    double pixels = fmin(fmax(round(*length * size), 1), size);
    double first = 2 * round(fmax(*start, 0) * size / 2);
    if (first + pixels > size)
        first = 2 * floor((size - pixels) / 2);
    *start = first / size;
    *length = pixels / size;
}

struct layout_rect picture_crop(const struct picture_view *view)
{
    const struct picture *picture = view->picture;
    const struct frame *frame = picture->visual;
    struct layout_rect source = frame_source(frame);
    struct layout_rect crop = layout_motion_crop(picture->motion, view->progress, frame->focus_x,
                                                 frame->focus_y, picture->portrait);
    crop = layout_rotate_rect(crop, picture->rotation);
    crop.x = source.x + crop.x * source.width;
    crop.y = source.y + crop.y * source.height;
    crop.width *= source.width;
    crop.height *= source.height;
    if (frame->format == FRAME_I420 && !picture_moves(picture)) {
        snap_to_pixels(&crop.x, &crop.width, frame->width_px);
        snap_to_pixels(&crop.y, &crop.height, frame->height_px);
    }
    return crop;
}
