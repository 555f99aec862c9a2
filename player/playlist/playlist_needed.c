#include "playlist/playlist_needed.h"

static void add_asset(bool *needed, int asset)
{
    if (asset >= 0)
        needed[asset] = true;
}

/* Of films for several shapes one gives the length, on all screens; which one, their files say. */
static void add_lengths(const struct playlist *playlist, const struct playlist_spot *spot,
                        bool *needed)
{
    if (!spot->is_video || spot->has_duration)
        return;
    for (enum shape shape = 0; shape < SHAPE_COUNT; shape++) {
        int asset = spot->shapes & 1U << shape ? spot->assets[shape] : -1;
        if (asset >= 0 && playlist->assets[asset].duration_ms <= 0)
            needed[asset] = true;
    }
}

void playlist_find_needed(const struct playlist *playlist, const struct playlist_screen *screen,
                          bool *needed)
{
    for (size_t i = 0; i < playlist->asset_count; i++)
        needed[i] = false;
    for (size_t i = 0; i < playlist->style_count; i++)
        for (size_t j = 0; j < playlist->styles[i].font_count; j++)
            add_asset(needed, playlist->styles[i].fonts[j].asset);
    for (size_t i = 0; i < playlist_visual_count(playlist); i++) {
        const struct playlist_spot *spot = &playlist->spots[i];
        add_lengths(playlist, spot, needed);
        if (screen)
            add_asset(needed, playlist_spot_asset(spot, screen->width_px, screen->height_px));
        else if (spot->has_visual && playlist_spot_has_one_file(spot))
            add_asset(needed, playlist_spot_asset(spot, 1, 1));
    }
}
