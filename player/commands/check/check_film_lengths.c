#include "commands/check/check_film_lengths.h"

#include <stdlib.h>

#define LENGTH_UNREAD (-1) /* a length that has not been read yet */

static int32_t read_film_length(struct check_records *records, int asset)
{
    const struct check_film_probe probe = {
        .edition = records->edition, .asset = asset, .limit_ms = records->limit_ms};
    struct film_client_facts facts;
    struct err err = {0};
    if (!check_records_get_facts(records, asset, &facts)) {
        if (!check_film_probe_facts(&probe, &facts, &err))
            return 0;
        check_records_put_facts(records, asset, &facts);
    }
    int64_t ms = facts.duration_us / 1000;
    return ms > INT32_MAX ? INT32_MAX : (int32_t)ms;
}

int32_t *check_film_lengths_read(struct check_records *records)
{
    const struct playlist *playlist = records->edition->playlist;
    int32_t *film_ms = calloc(playlist->asset_count + 1, sizeof *film_ms);
    if (!film_ms)
        return NULL;
    for (size_t i = 0; i < playlist->asset_count; i++)
        film_ms[i] =
            playlist->assets[i].duration_ms > 0 ? playlist->assets[i].duration_ms : LENGTH_UNREAD;
    for (size_t i = 0; i < playlist->spot_count; i++) {
        const struct playlist_spot *spot = &playlist->spots[i];
        for (enum shape shape = 0; spot->is_video && shape < SHAPE_COUNT; shape++) {
            int asset = spot->assets[shape];
            if (asset >= 0 && film_ms[asset] == LENGTH_UNREAD)
                film_ms[asset] = read_film_length(records, asset);
        }
    }
    for (size_t i = 0; i < playlist->asset_count; i++)
        film_ms[i] = film_ms[i] == LENGTH_UNREAD ? 0 : film_ms[i];
    return film_ms;
}
