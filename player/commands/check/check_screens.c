#include "commands/check/check_screens.h"

#include <stdio.h>

static const struct {
    int width_px, height_px;
    const char *words;
} usual[SHAPE_COUNT] = {
    [SHAPE_LANDSCAPE] = {1920, 1080, "landscape screens"},
    [SHAPE_PORTRAIT] = {1080, 1920, "portrait screens"},
    [SHAPE_WIDE] = {3840, 960, "wide screens"},
    [SHAPE_SQUARE] = {1080, 1080, "square screens"},
};

/* The shapes for which every playlist is judged. */
#define USUAL_SET (1U << SHAPE_LANDSCAPE | 1U << SHAPE_PORTRAIT)

bool check_screens_is_upright(const struct check_screen *screen)
{
    return screen->height_px > screen->width_px;
}

static bool has_size(const struct check_screens *screens, int width_px, int height_px)
{
    for (int i = 0; i < screens->count; i++)
        if (screens->list[i].width_px == width_px && screens->list[i].height_px == height_px)
            return true;
    return false;
}

/* A set of all shapes says nothing of any. */
static unsigned own_shapes(unsigned set)
{
    return set == SHAPE_ALL ? 0 : set;
}

/* The shapes for which a playlist has something of their own. */
static unsigned find_used_shapes(const struct playlist *playlist)
{
    unsigned used = 0;
    for (size_t i = 0; i < playlist_visual_count(playlist); i++) {
        const struct playlist_spot *spot = &playlist->spots[i];
        used |= playlist_spot_has_one_file(spot) ? own_shapes(spot->shapes) : spot->shapes;
        used |= own_shapes(spot->focus_shapes);
    }
    for (size_t i = 0; i < playlist->style_count; i++) {
        const struct playlist_style_shapes *shapes = &playlist->styles[i].shapes;
        used |= own_shapes(shapes->sizes) | own_shapes(shapes->positions);
    }
    return used;
}

static void add_usual(struct check_screens *screens, enum shape shape, bool stands_in)
{
    struct check_screen *next = &screens->list[screens->count];
    if (has_size(screens, usual[shape].width_px, usual[shape].height_px))
        return;
    *next = (struct check_screen){.width_px = usual[shape].width_px,
                                  .height_px = usual[shape].height_px,
                                  .stands_in = stands_in};
    snprintf(next->words, sizeof next->words, "%s", usual[shape].words);
    screens->count++;
}

void check_screens_read(const struct option_value *sizes, const struct playlist *playlist,
                        struct check_screens *screens)
{
    unsigned used = find_used_shapes(playlist);
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
    for (enum shape shape = 0; shape < SHAPE_COUNT; shape++)
        if (any || (used | USUAL_SET) & 1U << shape)
            add_usual(screens, shape, any);
}
