#include "core/layout.h"

#include <math.h>

#define MOTION_SCALE 1.08

static double clamp_double(double value, double low, double high)
{
    if (value < low)
        return low;
    return value > high ? high : value;
}

static int clamp_px(double value, int low, int high)
{
    return (int)clamp_double(floor(value + 0.5), low, high);
}

double layout_within(double place, double start, double length)
{
    return clamp_double((place - start) / length, 0, 1);
}

static struct layout_fitted fit_cover(double pw, double ph, int cw, int ch, double fx, double fy)
{
    double scale = fmax(cw / pw, ch / ph);
    double width = fmin(cw / scale, pw), height = fmin(ch / scale, ph);
    return (struct layout_fitted){
        .source = {clamp_double(fx * pw - width / 2, 0, pw - width),
                   clamp_double(fy * ph - height / 2, 0, ph - height), width, height},
        .target = {0, 0, cw, ch},
    };
}

static struct layout_fitted fit_contain(double pw, double ph, int cw, int ch)
{
    double scale = fmin(cw / pw, ch / ph);
    int width = clamp_px(pw * scale, 1, cw), height = clamp_px(ph * scale, 1, ch);
    return (struct layout_fitted){
        .source = {0, 0, pw, ph},
        .target = {(cw - width) / 2, (ch - height) / 2, width, height},
    };
}

struct layout_box layout_common_box(struct layout_box a, struct layout_box b)
{
    int left = a.x > b.x ? a.x : b.x, top = a.y > b.y ? a.y : b.y;
    int a_right = a.x + a.width, b_right = b.x + b.width;
    int a_bottom = a.y + a.height, b_bottom = b.y + b.height;
    return (struct layout_box){left, top, (a_right < b_right ? a_right : b_right) - left,
                               (a_bottom < b_bottom ? a_bottom : b_bottom) - top};
}

struct layout_fitted layout_fit(int picture_width, int picture_height, int canvas_width,
                                int canvas_height, enum layout_fit fit, double focus_x,
                                double focus_y)
{
    switch (fit) {
    case LAYOUT_FIT_COVER:
        return fit_cover(picture_width, picture_height, canvas_width, canvas_height, focus_x,
                         focus_y);
    case LAYOUT_FIT_CONTAIN:
        return fit_contain(picture_width, picture_height, canvas_width, canvas_height);
    case LAYOUT_FIT_FILL:
        break;
    }
    return (struct layout_fitted){
        .source = {0, 0, picture_width, picture_height},
        .target = {0, 0, canvas_width, canvas_height},
    };
}

void layout_rotate_size(int rotation, int *width, int *height)
{
    if (rotation != 90 && rotation != 270)
        return;
    int old = *width;
    *width = *height;
    *height = old;
}

struct layout_box layout_rotate_box(struct layout_box box, int rotation, int canvas_width,
                                    int canvas_height)
{
    int right = canvas_width - box.x - box.width;
    int below = canvas_height - box.y - box.height;
    switch (rotation) {
    case 90:
        return (struct layout_box){below, box.x, box.height, box.width};
    case 180:
        return (struct layout_box){right, below, box.width, box.height};
    case 270:
        return (struct layout_box){box.y, right, box.height, box.width};
    default:
        return box;
    }
}

struct layout_rect layout_rotate_rect(struct layout_rect rect, int rotation)
{
    double right = 1 - rect.x - rect.width;
    double below = 1 - rect.y - rect.height;
    switch (rotation) {
    case 90:
        return (struct layout_rect){below, rect.x, rect.height, rect.width};
    case 180:
        return (struct layout_rect){right, below, rect.width, rect.height};
    case 270:
        return (struct layout_rect){rect.y, right, rect.height, rect.width};
    default:
        return rect;
    }
}

double layout_motion_scale(enum layout_motion motion)
{
    return motion == LAYOUT_MOTION_NONE ? 1 : MOTION_SCALE;
}

static struct layout_rect zoomed(double zoom, double focus_x, double focus_y)
{
    double size = 1 / zoom, spare = 1 - size;
    return (struct layout_rect){spare * focus_x, spare * focus_y, size, size};
}

struct layout_rect layout_motion_crop(enum layout_motion motion, double progress, double focus_x,
                                      double focus_y, bool portrait)
{
    double p = clamp_double(progress, 0, 1);
    switch (motion) {
    case LAYOUT_MOTION_DRIFT_IN:
        return zoomed(1 + (MOTION_SCALE - 1) * p, focus_x, focus_y);
    case LAYOUT_MOTION_DRIFT_OUT:
        return zoomed(1 + (MOTION_SCALE - 1) * (1 - p), focus_x, focus_y);
    case LAYOUT_MOTION_PAN:
        return portrait ? zoomed(MOTION_SCALE, focus_x, p) : zoomed(MOTION_SCALE, p, focus_y);
    case LAYOUT_MOTION_NONE:
        break;
    }
    return (struct layout_rect){0, 0, 1, 1};
}
