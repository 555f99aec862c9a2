#include "commands/check/check_lengths.h"

#include "commands/check/check_film_probe.h"
#include "commands/check/check_shape.h"

#include <stdlib.h>

/* -1: not looked at yet. */
#define UNKNOWN (-1)

static int32_t look(const struct edition *edition, int asset, int64_t limit_ms)
{
    const struct check_film_probe watch = {
        .edition = edition, .asset = asset, .limit_ms = limit_ms};
    struct film_client_facts facts;
    struct err err = {0};
    if (!check_film_probe_look(&watch, &facts, &err))
        return 0;
    int64_t ms = facts.duration_us / 1000;
    return ms > INT32_MAX ? INT32_MAX : (int32_t)ms;
}

int32_t *check_lengths_find(const struct edition *edition, int64_t limit_ms)
{
    const struct playlist *playlist = edition->playlist;
    int32_t *film_ms = calloc(playlist->asset_count + 1, sizeof *film_ms);
    if (!film_ms)
        return NULL;
    for (size_t i = 0; i < playlist->asset_count; i++)
        film_ms[i] =
            playlist->assets[i].duration_ms > 0 ? playlist->assets[i].duration_ms : UNKNOWN;
    for (size_t i = 0; i < playlist->spot_count; i++) {
        const struct playlist_spot *spot = &playlist->spots[i];
        for (int screen = 0; spot->is_video && screen < CHECK_SCREENS; screen++) {
            int asset = check_shape_asset(spot, screen);
            if (asset >= 0 && film_ms[asset] == UNKNOWN)
                film_ms[asset] = look(edition, asset, limit_ms);
        }
    }
    for (size_t i = 0; i < playlist->asset_count; i++)
        film_ms[i] = film_ms[i] == UNKNOWN ? 0 : film_ms[i];
    return film_ms;
}
