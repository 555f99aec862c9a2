/* Any bytes: no crash, and what comes out keeps every promise of playlist/playlist.h. */
#include "playlist/playlist.h"
#include "core/utf8.h"

#include <stdlib.h>
#include <string.h>

#define PROMISE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_text(const char *text, bool may_break)
{
    uint32_t code = 0;
    for (size_t at = 0, step; text[at]; at += step) {
        step = utf8_next(text + at, strlen(text) - at, &code);
        if (!step || (utf8_is_control(code) && !(may_break && code == '\n')))
            return false;
    }
    return true;
}

static void check_faults(const struct playlist_faults *faults)
{
    PROMISE(faults->count > 0 && faults->count <= faults->total);
    PROMISE(faults->count == PLAYLIST_FAULTS_MAX || faults->count == faults->total);
    for (size_t i = 0; i < faults->count; i++) {
        const struct playlist_fault *fault = &faults->items[i];
        PROMISE(fault->path[0] == '$' && is_text(fault->path, false));
        PROMISE(fault->text[0] && is_text(fault->text, false));
    }
}

static void check_index(int index, size_t count)
{
    PROMISE(index >= 0 && (size_t)index < count);
}

static void check_part(double number)
{
    PROMISE(number >= 0 && number <= 1);
}

static void check_transition(const struct transition *transition)
{
    PROMISE(transition->type <= TRANSITION_CUT);
    PROMISE(transition->duration_ms >= 0 && transition->duration_ms <= PLAYLIST_TRANSITION_MS_MAX);
    PROMISE(transition->type != TRANSITION_CUT || !transition->duration_ms);
}

static void check_assets(const struct playlist *playlist)
{
    for (size_t i = 0; i < playlist->asset_count; i++) {
        const struct playlist_asset *asset = &playlist->assets[i];
        PROMISE(asset->path[0] && asset->path[0] != '/' && is_text(asset->path, false));
        PROMISE(strlen(asset->path) <= PLAYLIST_PATH_BYTES_MAX && !strchr(asset->path, '\\'));
        PROMISE(asset->size_bytes >= 0 && asset->width >= 0 && asset->height >= 0);
        PROMISE(asset->has_sha256 == (asset->size_bytes > 0));
        PROMISE(asset->fps >= 0 && asset->fps <= 1000 && asset->duration_ms >= 0);
    }
}

static void check_text_style(const struct text_style *style)
{
    const struct layout_rect *box = &style->box;
    PROMISE(style->size >= 0.01 && style->size <= 0.5 && style->color <= 0xffffff);
    PROMISE(style->align <= TEXT_ALIGN_END && style->valign <= TEXT_ALIGN_END);
    PROMISE(!style->has_box ||
            (box->x >= 0 && box->y >= 0 && box->width >= 0.01 && box->height >= 0.01 &&
             box->x + box->width <= 1 + 1e-9 && box->y + box->height <= 1 + 1e-9));
    PROMISE(style->lines_max >= 0 && style->lines_max <= TEXT_STYLE_LINES_MAX);
    PROMISE(style->tracking >= -0.02 && style->tracking <= 0.2);
    PROMISE(style->leading == 0 || (style->leading >= 1 && style->leading <= 1.8));
    PROMISE(style->autospace >= 0 && style->autospace <= 0.25);
    PROMISE(style->opacity >= 0 && style->opacity <= 1);
    PROMISE(style->shadow.kind <= TEXT_SHADOW_OWN && style->shadow.color <= 0xffffff);
    PROMISE(style->shadow.strength >= 0 && style->shadow.strength <= 1);
    PROMISE(style->shadow.blur >= 0 && style->shadow.blur <= 1);
    PROMISE(style->shadow.drop >= 0 && style->shadow.drop <= 0.5);
    PROMISE(style->scrim <= TEXT_SCRIM_EDGE);
}

static void check_spans(const struct playlist_text *text)
{
    uint32_t before = 0;
    PROMISE(text->span_count <= TEXT_SPANS_MAX);
    for (size_t i = 0; i < text->span_count; i++) {
        PROMISE(text->spans[i].end_bytes >= before && text->spans[i].color <= 0xffffff);
        before = text->spans[i].end_bytes;
    }
    PROMISE(text->span_count == 0 || before == strlen(text->text));
}

static void check_styles(const struct playlist *playlist)
{
    PROMISE(playlist->style_count > 0 && playlist->style_count <= PLAYLIST_STYLES_MAX + 1);
    for (size_t i = 0; i < playlist->style_count; i++) {
        const struct playlist_style *style = &playlist->styles[i];
        PROMISE(is_text(style->name, false) && style->weight <= PLAYLIST_WEIGHT_BOLD);
        check_text_style(&style->text);
        PROMISE(style->shapes.sizes <= SHAPE_ALL && style->shapes.positions <= SHAPE_ALL);
        PROMISE(style->shapes.boxes <= SHAPE_ALL);
        for (int width = 1; width <= 4096; width *= 2) {
            struct text_style served = playlist_style_for(style, width, 64);
            check_text_style(&served);
        }
        for (size_t k = 0; k < style->font_count; k++) {
            check_index(style->fonts[k].asset, playlist->asset_count);
            PROMISE(is_text(style->fonts[k].language, false));
        }
        int font = playlist_choose_font(style, "zh-Hans-CN");
        PROMISE(font >= -1 && font < (int)playlist->asset_count);
    }
}

static void check_spot(const struct playlist *playlist, const struct playlist_spot *spot)
{
    PROMISE(spot->name[0] && is_text(spot->name, false));
    PROMISE(spot->has_visual || spot->text_count);
    if (spot->has_visual) {
        check_index(playlist_spot_asset(spot, 16, 9), playlist->asset_count);
        check_index(playlist_spot_asset(spot, 9, 16), playlist->asset_count);
    } else {
        PROMISE(!spot->shapes && !spot->is_video);
    }
    PROMISE(!spot->shapes == !spot->has_visual && spot->shapes <= SHAPE_ALL);
    PROMISE(spot->focus_shapes && spot->focus_shapes <= SHAPE_ALL);
    for (enum shape shape = 0; shape < SHAPE_COUNT; shape++) {
        if (spot->shapes & 1U << shape)
            check_index(spot->assets[shape], playlist->asset_count);
        else
            PROMISE(spot->assets[shape] == -1);
        check_part(spot->focus[shape].x);
        check_part(spot->focus[shape].y);
    }
    for (size_t i = 0; i < spot->text_count; i++) {
        const struct playlist_text *text = &spot->texts[i];
        PROMISE(text->text[0] && strlen(text->text) <= PLAYLIST_TEXT_BYTES_MAX);
        PROMISE(is_text(text->text, true) && is_text(text->language, false));
        check_spans(text);
    }
    for (enum text_level level = TEXT_LEVEL_SUBLINE; level < TEXT_LEVELS; level++) {
        const struct playlist_level found = playlist_spot_level(spot, level);
        struct text_style served = playlist_spot_text_style(playlist, spot, level, 1920, 1080);
        PROMISE(found.text_count == 0 || spot->text_count > 0);
        check_index(found.style, playlist->style_count);
        PROMISE(served.size > 0 && served.size <= 0.5);
        for (size_t i = 0; i < found.text_count; i++) {
            PROMISE(found.texts[i].text[0] && is_text(found.texts[i].text, true));
            check_spans(&found.texts[i]);
        }
    }
    PROMISE(!playlist_choose_text(spot->texts, spot->text_count, "ko-KR") == !spot->text_count);
    check_index(spot->style, playlist->style_count);
    PROMISE(spot->duration_ms >= PLAYLIST_DURATION_MS_MIN);
    PROMISE(spot->duration_ms <= PLAYLIST_DURATION_MS_MAX);
    check_transition(&spot->transition);
    PROMISE(spot->fit <= LAYOUT_FIT_FILL && spot->motion <= LAYOUT_MOTION_PAN);
    PROMISE(spot->background <= 0xffffff);
    check_part(spot->volume);
}

static void check_daypart(const struct playlist *playlist, const struct playlist_daypart *daypart)
{
    check_index(daypart->loop, playlist->loop_count);
    PROMISE(daypart->weekdays > 0 && daypart->weekdays <= 0x7f);
    for (size_t i = 1; i < daypart->except_count; i++)
        PROMISE(daypart->except_days[i - 1] < daypart->except_days[i]);
    PROMISE(daypart->start_time_ms >= 0 && daypart->start_time_ms < 86400000);
    PROMISE(daypart->end_time_ms >= 0 && daypart->end_time_ms <= 86400000);
    PROMISE(daypart->priority >= -1000000 && daypart->priority <= 1000000);
    PROMISE(!daypart->has_share || (daypart->share_ppm >= 1 && daypart->share_ppm <= 1000000));
    PROMISE(!daypart->has_start_date || !daypart->has_end_date ||
            daypart->start_day <= daypart->end_day);
}

static void check_playlist(const struct playlist *playlist)
{
    PROMISE(is_text(playlist->name, false) && playlist->version >= 0);
    PROMISE(playlist->spot_count > 0 && playlist->spot_count <= PLAYLIST_SPOTS_MAX);
    PROMISE(playlist->loop_count > 0 && playlist->loop_count <= PLAYLIST_LOOPS_MAX);
    PROMISE(playlist->schedule_count > 0 && playlist->schedule_count <= PLAYLIST_SCHEDULE_MAX);
    PROMISE(playlist->fallback >= -1 && playlist->fallback < (int)playlist->loop_count);
    check_transition(&playlist->default_transition);
    check_assets(playlist);
    check_styles(playlist);
    for (size_t i = 0; i < playlist->spot_count; i++)
        check_spot(playlist, &playlist->spots[i]);
    for (size_t i = 0; i < playlist->loop_count; i++) {
        PROMISE(playlist->loops[i].spot_count > 0);
        PROMISE(playlist->loops[i].spot_count <= PLAYLIST_LOOP_LENGTH_MAX);
        for (size_t k = 0; k < playlist->loops[i].spot_count; k++)
            check_index(playlist->loops[i].spots[k], playlist->spot_count);
    }
    for (size_t i = 0; i < playlist->schedule_count; i++)
        check_daypart(playlist, &playlist->schedule[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct playlist_faults faults;
    struct playlist *playlist = playlist_parse((const char *)data, size, &faults);
    if (playlist) {
        PROMISE(faults.total == 0);
        check_playlist(playlist);
    } else {
        check_faults(&faults);
    }
    playlist_destroy(playlist);
    playlist_faults_finish(&faults);
    return 0;
}
