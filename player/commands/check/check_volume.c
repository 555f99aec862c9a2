#include "commands/check/check_volume.h"

#include "playlist/playlist_json.h"

/* The volume given in an object; 0 where there is none. */
static double own_volume(const struct json_t *object)
{
    const struct json_t *volume = object ? playlist_json_get(object, "volume") : NULL;
    return volume ? playlist_json_number(volume) : 0;
}

bool check_volume_run(const struct playlist *playlist, const char *bytes, size_t size,
                      struct check_report *report, struct err *err)
{
    struct playlist_json_error error;
    size_t begin = playlist_json_begin(bytes, size);
    struct json_t *root = playlist_json_load(bytes + begin, size - begin, &error);
    bool any_film = false;
    if (!root)
        return err_oom(err);
    const struct json_t *spots = playlist_json_get(root, "spots");
    for (size_t i = 0; spots && i < playlist->spot_count; i++) {
        const struct playlist_spot *spot = &playlist->spots[i];
        struct check_place place = {{"spots", spot->name, "volume"}};
        any_film |= spot->is_video;
        if (!spot->is_video && own_volume(playlist_json_get(spots, spot->name)) > 0)
            check_report_add(report, CHECK_WARNING, &place,
                             "has no effect: only films have sound, and this spot has no film");
    }
    struct check_place defaults = {{"defaults", "volume"}};
    if (!any_film && own_volume(playlist_json_get(root, "defaults")) > 0)
        check_report_add(report, CHECK_WARNING, &defaults,
                         "has no effect: only films have sound, and the playlist has no film");
    playlist_json_free(root);
    return true;
}
