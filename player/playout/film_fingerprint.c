#include "playout/film_fingerprint.h"

#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

static bool hash_text(struct hash *hash, const char *text)
{
    return hash_add(hash, text, strlen(text) + 1);
}

/* Its hash, or what its file was when the edition was made: nothing is asked of the disk. False
 * where there was no file. Asset -1: the spot has none. */
static bool hash_asset(struct hash *hash, const struct edition *edition, int asset)
{
    static const uint8_t none[HASH_BYTES];
    if (asset < 0)
        return hash_add(hash, none, sizeof none);
    const uint8_t *known = edition_hash(edition, asset);
    if (known)
        return hash_add(hash, known, HASH_BYTES);
    const struct edition_stamp *stamp = &edition->stamps[asset];
    return stamp->inode && hash_add(hash, stamp, sizeof *stamp);
}

static bool hash_text_style(struct hash *hash, const struct text_style *style)
{
    double numbers[TEXT_STYLE_NUMBERS];
    text_style_numbers(style, numbers);
    return hash_add(hash, numbers, sizeof numbers);
}

/* What a style says for each shape of screens. */
static bool hash_style_shapes(struct hash *hash, const struct playlist_style_shapes *shapes)
{
    const int64_t sets[] = {shapes->sizes, shapes->positions, shapes->boxes};
    bool ok = hash_add(hash, sets, sizeof sets);
    for (enum shape shape = 0; ok && shape < SHAPE_COUNT; shape++) {
        const struct text_style of_shape = {.size = shapes->size[shape],
                                            .align = shapes->align[shape],
                                            .valign = shapes->valign[shape],
                                            .box = shapes->box[shape]};
        ok = hash_text_style(hash, &of_shape);
    }
    return ok;
}

static bool hash_spans(struct hash *hash, const struct playlist_text *text)
{
    bool ok = true;
    for (size_t i = 0; ok && i < text->span_count; i++) {
        const struct text_span *span = &text->spans[i];
        const int64_t numbers[] = {span->end_bytes, span->has_color ? (int64_t)span->color : -1};
        ok = hash_add(hash, numbers, sizeof numbers);
    }
    return ok;
}

static bool hash_texts(struct hash *hash, const struct playlist_level *level)
{
    const int64_t count = (int64_t)level->text_count;
    bool ok = hash_add(hash, &count, sizeof count);
    for (size_t i = 0; ok && i < level->text_count; i++)
        ok = hash_text(hash, level->texts[i].language) && hash_text(hash, level->texts[i].text) &&
             hash_spans(hash, &level->texts[i]);
    return ok;
}

/* The style counts only where there is a text. */
static bool hash_level(struct hash *hash, const struct edition *edition,
                       const struct playlist_spot *spot, enum text_level level)
{
    const struct playlist_level found = playlist_spot_level(spot, level);
    const struct playlist_style *style = &edition->playlist->styles[found.style];
    if (!hash_texts(hash, &found) || found.text_count == 0)
        return found.text_count == 0;
    const int64_t weight = playlist_spot_weight(edition->playlist, spot, level);
    const struct text_style text = playlist_spot_text_style(edition->playlist, spot, level, 16, 9);
    bool ok = hash_add(hash, &weight, sizeof weight) && hash_text_style(hash, &text) &&
              hash_style_shapes(hash, &style->shapes);
    for (size_t i = 0; ok && i < style->font_count; i++)
        ok = hash_text(hash, style->fonts[i].language) &&
             hash_asset(hash, edition, style->fonts[i].asset);
    return ok;
}

static bool hash_qr(struct hash *hash, const struct playlist_qr *qr)
{
    const int64_t numbers[] = {qr->style.align, qr->style.valign, qr->style.dark, qr->style.light};
    if (!qr->text)
        return true;
    return hash_text(hash, qr->text) && hash_add(hash, numbers, sizeof numbers) &&
           hash_add(hash, &qr->style.size, sizeof qr->style.size);
}

static bool hash_tagline(struct hash *hash, const struct edition *edition,
                         const struct playlist_spot *spot)
{
    bool ok = true;
    for (enum text_level level = 0; ok && level < TEXT_LEVELS; level++)
        ok = hash_level(hash, edition, spot, level);
    return ok && hash_qr(hash, &spot->qr);
}

/* The files and the points of all shapes: the screen may be turned. */
static bool hash_shapes(struct hash *hash, const struct edition *edition,
                        const struct playlist_spot *spot)
{
    const int64_t sets[] = {spot->shapes, spot->focus_shapes};
    bool ok = hash_add(hash, sets, sizeof sets);
    for (enum shape shape = 0; ok && shape < SHAPE_COUNT; shape++) {
        const double focus[] = {spot->focus[shape].x, spot->focus[shape].y};
        ok = hash_add(hash, focus, sizeof focus) &&
             hash_asset(hash, edition,
                        edition_is_absent(edition, spot->assets[shape]) ? -1 : spot->assets[shape]);
    }
    return ok;
}

static uint64_t fingerprint_of_spot(const struct edition *edition, const struct playlist_spot *spot)
{
    uint8_t digest[HASH_BYTES];
    const int64_t numbers[] = {spot->fit, spot->motion, spot->background, spot->volume > 0};
    uint64_t fingerprint = 0;
    struct hash *hash = spot->is_video ? hash_create() : NULL;
    if (hash && hash_add(hash, numbers, sizeof numbers) && hash_shapes(hash, edition, spot) &&
        hash_tagline(hash, edition, spot) && hash_result(hash, digest))
        memcpy(&fingerprint, digest, sizeof fingerprint);
    hash_destroy(hash);
    return fingerprint;
}

uint64_t *film_fingerprint_create(const struct edition *edition)
{
    const struct playlist *playlist = edition->playlist;
    uint64_t *fingerprints = calloc(playlist->spot_count + 1, sizeof *fingerprints);
    for (size_t i = 0; fingerprints && i < playlist->spot_count; i++)
        fingerprints[i] = fingerprint_of_spot(edition, &playlist->spots[i]);
    return fingerprints;
}
