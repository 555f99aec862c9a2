#include "commands/check/check_records.h"

#include "base/clock.h"
#include "base/file.h"
#include "commands/check/check_decoders.h"
#include "commands/check/check_shape.h"
#include "decode/system_fonts.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define UNHURRIED_JOIN_US 500000

/* A key in the making. */
struct writer {
    struct hash *hash;
    bool ok;
};

static void add_bytes(struct writer *writer, const void *bytes, size_t size)
{
    uint64_t length = size; /* two members never run into each other */
    writer->ok = writer->ok && hash_add(writer->hash, &length, sizeof length) &&
                 hash_add(writer->hash, bytes, size);
}

static void add_text(struct writer *writer, const char *text)
{
    add_bytes(writer, text, strlen(text));
}

static void add_number(struct writer *writer, int64_t number)
{
    add_bytes(writer, &number, sizeof number);
}

static void add_fraction(struct writer *writer, double number)
{
    add_bytes(writer, &number, sizeof number);
}

static struct writer begin_key(const struct check_records *records, const char *kind)
{
    struct writer writer = {.hash = records->cache ? hash_create() : NULL};
    writer.ok = writer.hash != NULL;
    add_text(&writer, kind);
    add_bytes(&writer, records->decoders.bytes, sizeof records->decoders.bytes);
    add_number(&writer, records->limit_ms);
    return writer;
}

static bool end_key(struct writer *writer, struct check_cache_key *key)
{
    bool ok = writer->ok && hash_result(writer->hash, key->bytes);
    hash_destroy(writer->hash);
    return ok;
}

/* An asset that can't be read makes a key that can't be used. */
static void add_asset(struct writer *writer, struct check_records *records, int asset)
{
    if (!writer->ok || asset < 0 || (size_t)asset >= records->edition->playlist->asset_count) {
        writer->ok = false;
        return;
    }
    struct check_records_asset *of = &records->assets[asset];
    if (!of->asked) {
        int fd = edition_open(records->edition, asset, NULL);
        of->asked = true;
        of->known = fd >= 0 && check_file_hash_read(records->cache, fd, clock_wall_ms(), &of->hash);
        if (fd >= 0)
            close(fd);
    }
    writer->ok = of->known;
    add_bytes(writer, of->hash.sha256, sizeof of->hash.sha256);
}

/* Whether an asset's file is still what the key was made of, after it was decoded. */
static bool still_fits(const struct check_records *records, int asset)
{
    if (!records->cache || asset < 0 || !records->assets[asset].known)
        return false;
    int fd = edition_open(records->edition, asset, NULL);
    bool ok = fd >= 0 && check_file_hash_still_fits(&records->assets[asset].hash, fd);
    if (fd >= 0)
        close(fd);
    return ok;
}

void check_records_open(struct check_records *records, const struct edition *edition,
                        int64_t limit_ms)
{
    *records = (struct check_records){.edition = edition, .limit_ms = limit_ms};
    records->assets = calloc(edition->playlist->asset_count + 1, sizeof *records->assets);
    records->cache = records->assets ? check_cache_open() : NULL;
    if (records->cache && !check_decoders_read(records->cache, &records->decoders)) {
        check_cache_close(records->cache);
        records->cache = NULL;
    }
}

void check_records_close(struct check_records *records)
{
    check_cache_close(records->cache);
    free(records->assets);
    records->cache = NULL;
    records->assets = NULL;
}

static bool key_of_facts(struct check_records *records, int asset, struct check_cache_key *key)
{
    struct writer writer = begin_key(records, "facts");
    add_asset(&writer, records, asset);
    return end_key(&writer, key);
}

bool check_records_get_facts(struct check_records *records, int asset,
                             struct film_client_facts *facts)
{
    struct check_cache_key key;
    return key_of_facts(records, asset, &key) &&
           check_cache_get(records->cache, &key, facts, sizeof *facts);
}

void check_records_put_facts(struct check_records *records, int asset,
                             const struct film_client_facts *facts)
{
    struct check_cache_key key;
    if (key_of_facts(records, asset, &key) && still_fits(records, asset))
        check_cache_put(records->cache, &key, facts, sizeof *facts);
}

struct film_record {
    struct check_film_probe_result result;
    bool unhurried;
};

_Static_assert(sizeof(struct film_record) <= CHECK_CACHE_VALUE_BYTES_MAX, "a value");

static bool key_of_film(struct check_records *records, int asset, bool want_sound,
                        struct check_cache_key *key)
{
    struct writer writer = begin_key(records, "film");
    add_asset(&writer, records, asset);
    add_number(&writer, want_sound);
    return end_key(&writer, key);
}

bool check_records_get_film(struct check_records *records, int asset, bool want_sound,
                            struct check_film_probe_result *result, bool *unhurried)
{
    struct film_record record;
    struct check_cache_key key;
    if (!key_of_film(records, asset, want_sound, &key) ||
        !check_cache_get(records->cache, &key, &record, sizeof record))
        return false;
    *result = record.result;
    *unhurried = record.unhurried;
    records->found++;
    return true;
}

/* Whether each passage was decoded to its end, or to a fault of the file. */
static bool is_complete(const struct check_film_probe_result *result)
{
    for (int i = 0; i < result->passage_count; i++)
        if (result->passages[i].failed && result->passages[i].err.code != ERR_INPUT)
            return false;
    return result->usable;
}

void check_records_put_film(struct check_records *records, int asset, bool want_sound,
                            const struct check_film_probe_result *result)
{
    struct check_cache_key key;
    struct film_record record;
    if (!is_complete(result) || !key_of_film(records, asset, want_sound, &key) ||
        !still_fits(records, asset))
        return;
    memset(&record, 0, sizeof record);
    record.result = *result;
    record.unhurried = result->facts.fps <= CHECK_RECORDS_UNHURRIED_LOAD * result->pace &&
                       result->join_us < UNHURRIED_JOIN_US;
    record.result.pace = 0;
    record.result.join_us = 0;
    check_cache_put(records->cache, &key, &record, sizeof record);
}

static void add_picture(struct writer *writer, struct check_records *records,
                        const struct playlist_spot *spot, const struct check_screen *screen)
{
    add_asset(writer, records, check_shape_asset(spot, screen));
    add_number(writer, screen->width_px);
    add_number(writer, screen->height_px);
    add_number(writer, spot->fit);
    add_number(writer, spot->background);
    add_number(writer, spot->motion);
    const struct playlist_point focus =
        playlist_spot_focus(spot, screen->width_px, screen->height_px);
    add_fraction(writer, focus.x);
    add_fraction(writer, focus.y);
}

static bool key_of_picture(struct check_records *records, int spot,
                           const struct check_screen *screen, struct check_cache_key *key)
{
    struct writer writer = begin_key(records, "picture");
    add_picture(&writer, records, &records->edition->playlist->spots[spot], screen);
    return end_key(&writer, key);
}

bool check_records_get_picture(struct check_records *records, int spot,
                               const struct check_screen *screen, struct protocol_facts *facts)
{
    struct check_cache_key key;
    if (!key_of_picture(records, spot, screen, &key) ||
        !check_cache_get(records->cache, &key, facts, sizeof *facts))
        return false;
    records->found++;
    return true;
}

void check_records_put_picture(struct check_records *records, int spot,
                               const struct check_screen *screen,
                               const struct protocol_facts *facts)
{
    const struct playlist_spot *of = &records->edition->playlist->spots[spot];
    struct check_cache_key key;
    if (key_of_picture(records, spot, screen, &key) &&
        still_fits(records, check_shape_asset(of, screen)))
        check_cache_put(records->cache, &key, facts, sizeof *facts);
}

/* A file of the machine, by what changes with it. */
static void add_file(struct writer *writer, const char *path)
{
    struct stat st = {0};
    writer->ok = writer->ok && stat(path, &st) == 0;
    add_text(writer, path);
    add_number(writer, (int64_t)st.st_size);
    add_number(writer, st.st_mtim.tv_sec);
    add_number(writer, st.st_mtim.tv_nsec);
    add_number(writer, st.st_ctim.tv_sec);
}

/* The fonts that worker_jobs gives a tagline's worker: the style's own, then the system's. */
static void add_fonts(struct writer *writer, struct check_records *records,
                      const struct playlist_style *style, enum playlist_weight weight,
                      const char *language)
{
    char path[PATH_MAX];
    int index, font = playlist_choose_font(style, language);
    add_number(writer, font >= 0);
    if (font >= 0)
        add_asset(writer, records, font);
    if (!system_fonts_find(language, weight, path, sizeof path, &index))
        return;
    add_file(writer, path);
    add_number(writer, index);
}

/* The table of words that a worker of the player maps, if there is one. */
static void add_words(struct writer *writer)
{
    char path[PATH_MAX];
    if (file_find_shipped(PROTOCOL_WORDS_FILE, path, sizeof path))
        add_file(writer, path);
}

static void add_text_of_level(struct writer *writer, struct check_records *records,
                              const struct check_records_tagline *tagline, enum text_level level)
{
    const struct playlist *playlist = records->edition->playlist;
    const struct playlist_spot *spot = &playlist->spots[tagline->spot];
    const struct check_screen *screen = tagline->screen;
    const struct playlist_level found = playlist_spot_level(spot, level);
    const struct playlist_text *text =
        playlist_choose_text(found.texts, found.text_count, tagline->language);
    add_number(writer, text != NULL);
    if (!text)
        return;
    const struct text_style style =
        playlist_spot_text_style(playlist, spot, level, screen->width_px, screen->height_px);
    double numbers[TEXT_STYLE_NUMBERS];
    add_text(writer, text->text);
    add_text(writer, *text->language ? text->language : tagline->language);
    for (size_t i = 0; i < text->span_count; i++) {
        add_number(writer, text->spans[i].end_bytes);
        add_number(writer, text->spans[i].has_color ? (int64_t)text->spans[i].color : -1);
    }
    text_style_numbers(&style, numbers);
    for (int i = 0; i < TEXT_STYLE_NUMBERS; i++)
        add_fraction(writer, numbers[i]);
    add_number(writer, playlist_spot_weight(playlist, spot, level));
    add_fonts(writer, records, &playlist->styles[found.style],
              playlist_spot_weight(playlist, spot, level),
              *text->language ? text->language : tagline->language);
}

static void add_qr(struct writer *writer, const struct playlist_qr *qr)
{
    add_number(writer, qr->text != NULL);
    if (!qr->text)
        return;
    add_text(writer, qr->text);
    add_fraction(writer, qr->style.size);
    add_number(writer, qr->style.align);
    add_number(writer, qr->style.valign);
}

static bool key_of_text(struct check_records *records, const struct check_records_tagline *tagline,
                        struct check_cache_key *key)
{
    const struct playlist_spot *spot = &records->edition->playlist->spots[tagline->spot];
    struct writer writer = begin_key(records, "tagline");
    add_text(&writer, tagline->language);
    add_number(&writer, tagline->screen->width_px);
    add_number(&writer, tagline->screen->height_px);
    for (enum text_level level = 0; level < TEXT_LEVELS; level++)
        add_text_of_level(&writer, records, tagline, level);
    add_number(&writer, spot->subline.style < 0);
    add_qr(&writer, &spot->qr);
    add_words(&writer);
    bool has_picture = spot->has_visual && !spot->is_video;
    add_number(&writer, has_picture);
    if (has_picture)
        add_picture(&writer, records, spot, tagline->screen);
    return end_key(&writer, key);
}

bool check_records_get_text(struct check_records *records,
                            const struct check_records_tagline *tagline,
                            struct check_records_text *text)
{
    struct check_cache_key key;
    if (!key_of_text(records, tagline, &key) ||
        !check_cache_get(records->cache, &key, text, sizeof *text))
        return false;
    records->found++;
    return true;
}

void check_records_put_text(struct check_records *records,
                            const struct check_records_tagline *tagline,
                            const struct check_records_text *text)
{
    const struct playlist *playlist = records->edition->playlist;
    const struct playlist_spot *spot = &playlist->spots[tagline->spot];
    int font = playlist_choose_font(&playlist->styles[spot->style], tagline->language);
    int picture =
        spot->has_visual && !spot->is_video ? check_shape_asset(spot, tagline->screen) : -1;
    struct check_cache_key key;
    if (key_of_text(records, tagline, &key) && (font < 0 || still_fits(records, font)) &&
        (picture < 0 || still_fits(records, picture)))
        check_cache_put(records->cache, &key, text, sizeof *text);
}
