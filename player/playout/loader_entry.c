#include "playout/loader_entry.h"

#include "playout/quarantine.h"

#include <math.h>
#include <string.h>

#define SAME_MS 1 /* times that differ by less are the same: they are sums of fractions */

void loader_entry_copy_text(char *target, size_t bytes, const char *text)
{
    size_t length = strnlen(text, bytes - 1);
    memcpy(target, text, length);
    target[length] = '\0';
}

void loader_entry_finish(struct loader_entry *entry)
{
    loader_part_finish(&entry->visual);
    loader_part_finish(&entry->text);
    loader_film_stop(&entry->film, entry->name);
    picture_release(entry->picture);
    integrity_release(entry->integrity);
    *entry = (struct loader_entry){0};
}

static bool is_of_key(const struct loader_entry *entry, const struct loader_key *key)
{
    bool same_spot = entry->serial == key->serial && entry->spot == key->spot;
    if (!entry->is_film || !same_spot)
        return same_spot ||
               (entry->is_film && entry->fingerprint && entry->fingerprint == key->fingerprint &&
                fabs(entry->begin_ms - key->begin_ms) < SAME_MS);
    return fabs(entry->begin_ms - key->begin_ms) < SAME_MS;
}

bool loader_entry_matches(const struct loader_entry *entry, const struct loader_key *key,
                          const char *language)
{
    return entry->used && is_of_key(entry, key) && strcmp(entry->language, language) == 0;
}

void loader_entry_set_key(struct loader_entry *entry, const struct loader_key *key,
                          const struct worker_jobs_canvas *canvas)
{
    const struct edition *edition = key->edition;
    const struct playlist_spot *spot = &edition->playlist->spots[key->spot];
    integrity_release(entry->integrity);
    entry->integrity = edition->integrity ? integrity_hold(edition->integrity) : NULL;
    entry->asset = edition_spot_asset(edition, spot, canvas->width_px, canvas->height_px);
    entry->serial = key->serial;
    entry->spot = key->spot;
    entry->volume = spot->volume;
    loader_entry_copy_text(entry->name, sizeof entry->name, spot->name);
    if (entry->picture)
        loader_entry_copy_text(entry->picture->name, sizeof entry->picture->name, spot->name);
}

static void set_entry_file(struct loader_entry *entry, const struct edition *edition, int asset)
{
    const char *path = "";
    if (asset >= 0)
        path = edition->is_one_file ? edition->origin : edition->playlist->assets[asset].path;
    size_t length = strlen(path), most = sizeof entry->file - 1;
    loader_entry_copy_text(entry->file, sizeof entry->file,
                           length > most ? path + length - most : path);
}

void loader_entry_begin(struct loader_entry *entry, const struct loader_key *key,
                        const char *language, const struct worker_jobs_canvas *canvas)
{
    const struct playlist_spot *spot = &key->edition->playlist->spots[key->spot];
    entry->used = true;
    loader_entry_set_key(entry, key, canvas);
    loader_entry_copy_text(entry->language, sizeof entry->language, language);
    entry->background = spot->background;
    entry->motion = spot->motion;
    entry->text_rises = spot->text_rises;
    const struct playlist_point focus =
        playlist_spot_focus(spot, canvas->width_px, canvas->height_px);
    entry->focus_x = focus.x;
    entry->focus_y = focus.y;
    entry->visual.needs_worker = spot->has_visual && !spot->is_video;
    entry->is_film = entry->film.needs_worker = spot->is_video;
    entry->begin_ms = key->begin_ms;
    entry->fingerprint = key->fingerprint;
    set_entry_file(entry, key->edition, entry->asset);
    entry->has_identity = quarantine_identify_by_hash(key->edition, entry->asset, entry->identity);
    entry->text.needs_worker = playlist_spot_has_texts(spot);
}
