#include "playlist/playlist.h"

#include "core/language_tag.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Of a subline and a legal line that have no style of their own: parts of the tagline's size and of its
 * opacity, and a part of the screen's shorter side that can still be read from nearby. */
#define SUBLINE_PART 0.42
#define LEVEL_OPACITY 0.7
#define LEGAL_SIZE 0.025

void playlist_destroy(struct playlist *playlist)
{
    if (!playlist)
        return;
    playlist_faults_finish(&playlist->tolerated);
    arena_finish(&playlist->arena);
    free(playlist);
}

void playlist_faults_finish(struct playlist_faults *faults)
{
    if (!faults)
        return;
    arena_finish(&faults->arena);
    memset(faults, 0, sizeof *faults);
}

/* RFC 4647, section 3.4: removes the last subtag, and a single-letter one before it, too. */
static size_t shorten(const char *language, size_t length)
{
    while (length && language[length - 1] != '-')
        length--;
    length -= length ? 1 : 0;
    if (length >= 2 && language[length - 2] == '-')
        length -= 2;
    return length;
}

/* The length of the language and script at the start of a tag; `language_bytes` gets that of the
 * language alone. Without a script both are the same. */
static size_t script_end(const char *tag, size_t *language_bytes)
{
    size_t language = strcspn(tag, "-");
    *language_bytes = language;
    if (!tag[language])
        return language;
    size_t script = strcspn(tag + language + 1, "-");
    return script == 4 ? language + 1 + script : language;
}

/* Whether two tags name scripts, and different ones. */
static bool scripts_differ(const char *a, const char *b)
{
    size_t a_language, b_language;
    size_t a_end = script_end(a, &a_language), b_end = script_end(b, &b_language);
    if (a_end == a_language || b_end == b_language)
        return false;
    return strncasecmp(a + a_language, b + b_language, 5) != 0;
}

/* How a tag fits the first `length` bytes of the language that is asked for. */
enum fit { FIT_NONE, FIT_MORE, FIT_EXACT };

static enum fit find_fit(const char *tag, const char *asked, size_t length)
{
    char full[LANGUAGE_TAG_BYTES];
    language_tag_add_script(tag, full);
    if (language_tag_equals(asked, length, tag) || language_tag_equals(asked, length, full))
        return FIT_EXACT;
    bool begins = strncasecmp(full, asked, length) == 0 && full[length] == '-';
    return begins && !scripts_differ(full, asked) ? FIT_MORE : FIT_NONE;
}

/* The index of the tag that fits a language best, of tags `step` bytes apart; -1: none does. */
static int choose_tag(const char *const *first, size_t step, size_t count, const char *language)
{
    char asked[LANGUAGE_TAG_BYTES];
    language_tag_add_script(language, asked);
    for (size_t length = strlen(asked); length; length = shorten(asked, length)) {
        int more = -1;
        for (size_t i = 0; i < count; i++) {
            const char *const *tag = (const char *const *)((const char *)first + i * step);
            enum fit fit = find_fit(*tag, asked, length);
            if (fit == FIT_EXACT)
                return (int)i;
            if (fit == FIT_MORE && more < 0)
                more = (int)i;
        }
        if (more >= 0)
            return more;
    }
    return -1;
}

const struct playlist_text *playlist_choose_text(const struct playlist_text *texts, size_t count,
                                                 const char *language)
{
    if (!count)
        return NULL;
    int index = choose_tag(&texts->language, sizeof *texts, count, language ? language : "");
    if (index < 0)
        index = choose_tag(&texts->language, sizeof *texts, count, "en");
    return &texts[index < 0 ? 0 : index];
}

int playlist_choose_font(const struct playlist_style *style, const char *language)
{
    const struct playlist_font *fonts = style->fonts;
    if (!style->font_count)
        return -1;
    int index =
        choose_tag(&fonts->language, sizeof *fonts, style->font_count, language ? language : "");
    if (index >= 0)
        return fonts[index].asset;
    for (size_t i = 0; i < style->font_count; i++)
        if (!fonts[i].language[0])
            return fonts[i].asset;
    return -1;
}

int playlist_house(const struct playlist *playlist)
{
    return playlist->has_house ? (int)playlist->spot_count : -1;
}

size_t playlist_visual_count(const struct playlist *playlist)
{
    return playlist->spot_count + playlist->has_house;
}

int playlist_spot_asset(const struct playlist_spot *spot, int width_px, int height_px)
{
    if (!spot->has_visual || !spot->shapes)
        return -1;
    return spot->assets[shape_nearest(spot->shapes, width_px, height_px)];
}

struct playlist_point playlist_spot_focus(const struct playlist_spot *spot, int width_px,
                                          int height_px)
{
    return spot->focus[shape_nearest(spot->focus_shapes, width_px, height_px)];
}

struct text_style playlist_style_for(const struct playlist_style *style, int width_px,
                                     int height_px)
{
    const struct playlist_style_shapes *shapes = &style->shapes;
    struct text_style served = style->text;
    if (shapes->sizes)
        served.size = shapes->size[shape_nearest(shapes->sizes, width_px, height_px)];
    if (shapes->positions) {
        enum shape nearest = shape_nearest(shapes->positions, width_px, height_px);
        served.align = shapes->align[nearest];
        served.valign = shapes->valign[nearest];
    }
    served.has_box = shapes->boxes != 0;
    if (served.has_box)
        served.box = shapes->box[shape_nearest(shapes->boxes, width_px, height_px)];
    return served;
}

static const struct playlist_level *extra_level(const struct playlist_spot *spot,
                                                enum text_level level)
{
    return level == TEXT_LEVEL_SUBLINE ? &spot->subline : &spot->legal;
}

struct playlist_level playlist_spot_level(const struct playlist_spot *spot, enum text_level level)
{
    struct playlist_level found = {spot->texts, spot->text_count, spot->style};
    if (level == TEXT_LEVEL_TAGLINE)
        return found;
    found = *extra_level(spot, level);
    if (found.style < 0)
        found.style = spot->style;
    return found;
}

static bool has_language(const struct playlist_level *level, const char *language)
{
    for (size_t i = 0; i < level->text_count; i++)
        if (strcmp(level->texts[i].language, language) == 0)
            return true;
    return false;
}

bool playlist_spot_has_texts(const struct playlist_spot *spot)
{
    return spot->text_count > 0 || spot->qr.text;
}

const char *playlist_spot_language(const struct playlist_spot *spot, size_t index)
{
    struct playlist_level levels[TEXT_LEVELS];
    size_t found = 0;
    for (enum text_level level = 0; level < TEXT_LEVELS; level++) {
        levels[level] = playlist_spot_level(spot, level);
        for (size_t i = 0; i < levels[level].text_count; i++) {
            const char *language = levels[level].texts[i].language;
            bool known = !*language;
            for (enum text_level before = 0; before < level; before++)
                known = known || has_language(&levels[before], language);
            if (!known && found++ == index)
                return language;
        }
    }
    return playlist_spot_has_texts(spot) && found == 0 && index == 0 ? "" : NULL;
}

size_t playlist_spot_language_count(const struct playlist_spot *spot)
{
    size_t count = 0;
    while (playlist_spot_language(spot, count))
        count++;
    return count;
}

enum playlist_weight playlist_spot_weight(const struct playlist *playlist,
                                          const struct playlist_spot *spot, enum text_level level)
{
    if (level != TEXT_LEVEL_TAGLINE && extra_level(spot, level)->style < 0)
        return PLAYLIST_WEIGHT_REGULAR;
    return playlist->styles[playlist_spot_level(spot, level).style].weight;
}

/* Of a level that has no style of its own, from the tagline's. */
static void derive_style(struct text_style *style, enum text_level level)
{
    style->lines_max = 0;
    style->opacity *= LEVEL_OPACITY;
    if (style->scrim == TEXT_SCRIM_EDGE || level == TEXT_LEVEL_LEGAL)
        style->scrim = TEXT_SCRIM_NONE;
    if (level == TEXT_LEVEL_SUBLINE) {
        style->size *= SUBLINE_PART;
        return;
    }
    style->size = LEGAL_SIZE;
    style->has_box = false;
    style->valign = TEXT_ALIGN_END;
}

struct text_style playlist_spot_text_style(const struct playlist *playlist,
                                           const struct playlist_spot *spot, enum text_level level,
                                           int width_px, int height_px)
{
    int index = playlist_spot_level(spot, level).style;
    struct text_style served = playlist_style_for(&playlist->styles[index], width_px, height_px);
    if (level != TEXT_LEVEL_TAGLINE && extra_level(spot, level)->style < 0)
        derive_style(&served, level);
    if (served.shadow.kind == TEXT_SHADOW_OWN && !served.shadow.has_color) {
        served.shadow.has_color = true;
        served.shadow.color = spot->background;
    }
    return served;
}

bool playlist_spot_uses(const struct playlist_spot *spot, int asset)
{
    for (enum shape shape = 0; shape < SHAPE_COUNT; shape++)
        if (spot->shapes & 1U << shape && spot->assets[shape] == asset)
            return true;
    return false;
}

bool playlist_spot_has_one_file(const struct playlist_spot *spot)
{
    enum shape first = shape_first(spot->shapes);
    for (enum shape shape = first; shape < SHAPE_COUNT; shape++)
        if (spot->shapes & 1U << shape && spot->assets[shape] != spot->assets[first])
            return false;
    return true;
}

enum shape playlist_spot_length_shape(const struct playlist_spot *spot, const int32_t *lengths_ms)
{
    if (!spot->is_video)
        return SHAPE_COUNT;
    for (enum shape shape = 0; shape < SHAPE_COUNT; shape++)
        if (spot->shapes & 1U << shape && spot->assets[shape] >= 0 &&
            lengths_ms[spot->assets[shape]] > 0)
            return shape;
    return shape_first(spot->shapes);
}

static bool is_same_text(const struct playlist_text *a, const struct playlist_text *b)
{
    bool same = strcmp(a->language, b->language) == 0 && strcmp(a->text, b->text) == 0 &&
                a->span_count == b->span_count;
    for (size_t i = 0; same && i < a->span_count; i++)
        same = a->spans[i].end_bytes == b->spans[i].end_bytes &&
               a->spans[i].has_color == b->spans[i].has_color &&
               a->spans[i].color == b->spans[i].color;
    return same;
}

static bool is_same_level(const struct playlist *playlist, const struct playlist_spot *a,
                          const struct playlist_spot *b, enum text_level level)
{
    struct playlist_level of_a = playlist_spot_level(a, level),
                          of_b = playlist_spot_level(b, level);
    const struct text_shadow *shadow = &playlist->styles[of_a.style].text.shadow;
    bool is_of_ground = shadow->kind == TEXT_SHADOW_OWN && !shadow->has_color;
    if (of_a.text_count != of_b.text_count || of_a.text_count == 0)
        return of_a.text_count == of_b.text_count;
    bool same = of_a.style == of_b.style && (!is_of_ground || a->background == b->background);
    if (level != TEXT_LEVEL_TAGLINE)
        same = same && (extra_level(a, level)->style < 0) == (extra_level(b, level)->style < 0);
    for (size_t i = 0; same && i < of_a.text_count; i++)
        same = is_same_text(&of_a.texts[i], &of_b.texts[i]);
    return same;
}

static bool is_same_qr(const struct playlist_qr *a, const struct playlist_qr *b)
{
    if (!a->text || !b->text)
        return a->text == b->text;
    return strcmp(a->text, b->text) == 0 && a->style.size == b->style.size &&
           a->style.align == b->style.align && a->style.valign == b->style.valign &&
           a->style.dark == b->style.dark && a->style.light == b->style.light;
}

bool playlist_has_same_tagline(const struct playlist *playlist, const struct playlist_spot *a,
                               const struct playlist_spot *b)
{
    bool same = true;
    for (enum text_level level = 0; same && level < TEXT_LEVELS; level++)
        same = is_same_level(playlist, a, b, level);
    return same && is_same_qr(&a->qr, &b->qr);
}
