#include "commands/check/check_screens.h"

#include <stdio.h>

static const int usual_sizes[CHECK_SHAPES][2] = {
    [CHECK_LANDSCAPE] = {1920, 1080},
    [CHECK_PORTRAIT] = {1080, 1920},
};

enum check_shape check_screens_shape(const struct check_screen *screen)
{
    return screen->height_px > screen->width_px ? CHECK_PORTRAIT : CHECK_LANDSCAPE;
}

const char *check_screens_shape_name(enum check_shape shape)
{
    return shape == CHECK_PORTRAIT ? "portrait" : "landscape";
}

static bool has_size(const struct check_screens *screens, int width_px, int height_px)
{
    for (int i = 0; i < screens->count; i++)
        if (screens->list[i].width_px == width_px && screens->list[i].height_px == height_px)
            return true;
    return false;
}

static bool has_shape(const struct check_screens *screens, enum check_shape shape)
{
    for (int i = 0; i < screens->count; i++)
        if (check_screens_shape(&screens->list[i]) == shape)
            return true;
    return false;
}

void check_screens_read(const struct option_value *sizes, struct check_screens *screens)
{
    screens->count = 0;
    for (int i = 0; i < sizes->text_count; i++) {
        struct check_screen *next = &screens->list[screens->count];
        int width_px = sizes->sizes[i].width, height_px = sizes->sizes[i].height;
        if (has_size(screens, width_px, height_px))
            continue;
        *next = (struct check_screen){.width_px = width_px, .height_px = height_px};
        snprintf(next->words, sizeof next->words, "screens of %d × %d", width_px, height_px);
        screens->count++;
    }
    bool any = screens->count > 0;
    for (enum check_shape shape = CHECK_LANDSCAPE; shape < CHECK_SHAPES; shape++) {
        struct check_screen *next = &screens->list[screens->count];
        if (has_shape(screens, shape))
            continue;
        *next = (struct check_screen){.width_px = usual_sizes[shape][0],
                                      .height_px = usual_sizes[shape][1],
                                      .stands_in = any};
        snprintf(next->words, sizeof next->words, "%s screens", check_screens_shape_name(shape));
        screens->count++;
    }
}
