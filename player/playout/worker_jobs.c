#include "playout/worker_jobs.h"

#include "base/file.h"
#include "base/log.h"
#include "core/layout.h"
#include "decode/system_fonts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LOG_MODULE "worker_jobs"

#define HOUSE_TEXT_SIZE 0.026

static struct protocol_job job_for(const struct worker_jobs_canvas *canvas,
                                   enum protocol_job_kind kind)
{
    return (struct protocol_job){
        .kind = kind,
        .canvas_width_px = canvas->width_px,
        .canvas_height_px = canvas->height_px,
        .rotation = canvas->rotation,
        .scale = 1,
        .focus_x = 0.5,
        .focus_y = 0.5,
    };
}

/* The text of a level in a language; .text NULL: there is none. One that is a plain string has no
 * language of its own, and is set by the rules of the player's. */
static struct playlist_text text_of(const struct playlist_spot *spot, enum text_level level,
                                    const char *language)
{
    const struct playlist_level found = playlist_spot_level(spot, level);
    const struct playlist_text *chosen =
        playlist_choose_text(found.texts, found.text_count, language);
    struct playlist_text text = {.text = NULL};
    if (chosen)
        text = *chosen;
    if (chosen && !*text.language)
        text.language = language;
    return text;
}

/* The brand font of a text; -1: none. */
static int font_of(const struct playlist *playlist, const struct playlist_spot *spot,
                   enum text_level level, const char *language)
{
    const struct playlist_text text = text_of(spot, level, language);
    const struct playlist_style *style = &playlist->styles[playlist_spot_level(spot, level).style];
    return text.text ? playlist_choose_font(style, text.language) : -1;
}

/* The asset of the visual, and of the brand fonts of the texts; -1: none. */
enum { ASSET_VISUAL, ASSET_FONTS, ASSETS = ASSET_FONTS + TEXT_LEVELS };
static void find_assets(const struct worker_jobs_canvas *canvas, const struct edition *edition,
                        int spot_index, const char *language, int assets[ASSETS])
{
    const struct playlist_spot *spot = &edition->playlist->spots[spot_index];
    assets[ASSET_VISUAL] = edition_spot_asset(edition, spot, canvas->width_px, canvas->height_px);
    for (enum text_level level = 0; level < TEXT_LEVELS; level++)
        assets[ASSET_FONTS + level] = font_of(edition->playlist, spot, level, language);
}

enum integrity_state worker_jobs_check_files(const struct worker_jobs_canvas *canvas,
                                             const struct edition *edition, int spot_index,
                                             const char *language)
{
    int assets[ASSETS];
    find_assets(canvas, edition, spot_index, language, assets);
    enum integrity_state worst = INTEGRITY_GOOD;
    for (int i = 0; i < ASSETS; i++) {
        enum integrity_state state =
            assets[i] < 0 ? INTEGRITY_GOOD : edition_request_asset(edition, assets[i]);
        if (state == INTEGRITY_REFUSED && i == ASSET_VISUAL)
            return state;
        if (state == INTEGRITY_DAMAGED || (worst == INTEGRITY_GOOD && state != INTEGRITY_REFUSED))
            worst = state;
    }
    return worst;
}

enum media_opener_state worker_jobs_request_files(const struct worker_jobs_canvas *canvas,
                                                  const struct edition *edition, int spot,
                                                  const char *language, bool visual, bool tagline)
{
    int assets[ASSETS];
    enum media_opener_state worst = MEDIA_OPENER_READY;
    find_assets(canvas, edition, spot, language, assets);
    for (int i = 0; i < ASSETS; i++) {
        bool needed = assets[i] >= 0 && (i == ASSET_VISUAL ? visual : tagline);
        enum media_opener_state state =
            needed ? media_opener_request(canvas->opener, edition, assets[i], canvas->limit_ms)
                   : MEDIA_OPENER_READY;
        if (state == MEDIA_OPENER_LATE || worst == MEDIA_OPENER_READY)
            worst = state;
    }
    return worst;
}

struct picture_client *worker_jobs_start_visual(const struct worker_jobs_canvas *canvas,
                                                const struct edition *edition, int spot_index,
                                                struct err *err)
{
    const struct playlist_spot *spot = &edition->playlist->spots[spot_index];
    int asset = edition_spot_asset(edition, spot, canvas->width_px, canvas->height_px);
    int file = media_opener_take(canvas->opener, edition, asset, err);
    if (file < 0)
        return NULL;
    struct protocol_job job = job_for(canvas, PROTOCOL_JOB_STILL);
    job.fit = spot->fit;
    job.background = spot->background;
    const struct playlist_point focus =
        playlist_spot_focus(spot, canvas->width_px, canvas->height_px);
    job.focus_x = focus.x;
    job.focus_y = focus.y;
    job.scale = layout_motion_scale(spot->motion);
    struct picture_client *frames = picture_client_start(&job, &file, 1, canvas->limit_ms, err);
    media_opener_close(canvas->opener, file);
    return frames;
}

struct film_client *worker_jobs_start_film(const struct worker_jobs_canvas *canvas,
                                           const struct edition *edition, int spot_index,
                                           int64_t offset_us, struct err *err)
{
    const struct playlist_spot *spot = &edition->playlist->spots[spot_index];
    int asset = edition_spot_asset(edition, spot, canvas->width_px, canvas->height_px);
    int file = media_opener_take(canvas->opener, edition, asset, err);
    if (file < 0)
        return NULL;
    const struct playlist_point focus =
        playlist_spot_focus(spot, canvas->width_px, canvas->height_px);
    const struct film_client_request request = {
        .canvas_width_px = canvas->width_px,
        .canvas_height_px = canvas->height_px,
        .rotation = canvas->rotation,
        .fit = spot->fit,
        .focus_x = focus.x,
        .focus_y = focus.y,
        .start_us = offset_us,
        .want_sound = canvas->sound && spot->volume > 0,
        .limit_ms = canvas->limit_ms,
        .name = spot->name,
    };
    struct film_client *film = film_client_start(&request, file, err);
    media_opener_close(canvas->opener, file);
    return film;
}

/* The font files of a job's texts, one text after the other; of each the best first: brand font, system
 * font, the font that ships with Duckling. */
struct font_files {
    int files[PROTOCOL_FILES_MAX];
    int indexes[PROTOCOL_FILES_MAX];
    int assets[PROTOCOL_FILES_MAX]; /* -1: it is none */
    int count;
};

static void add_open_file(struct font_files *fonts, int file, int index, int asset)
{
    fonts->files[fonts->count] = file;
    fonts->indexes[fonts->count] = index;
    fonts->assets[fonts->count++] = asset;
}

static void add_font_file(struct font_files *fonts, const char *path, int index)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0 || fonts->count == PROTOCOL_FILES_MAX) {
        if (file >= 0)
            close(file);
        return;
    }
    add_open_file(fonts, file, index, -1);
}

static void add_system_font(struct font_files *fonts, const char *language,
                            enum playlist_weight weight)
{
    char path[PATH_MAX];
    int index;
    if (system_fonts_find(language, weight, path, sizeof path, &index))
        add_font_file(fonts, path, index);
}

static void fill_text(struct protocol_text *out, const struct playlist_text *text,
                      const struct text_style *style, int face_count)
{
    out->style = *style;
    out->face_count = (uint32_t)face_count;
    out->span_count = (uint32_t)text->span_count;
    for (size_t i = 0; i < text->span_count; i++)
        out->spans[i] = text->spans[i];
    snprintf(out->language, sizeof out->language, "%s", text->language);
    snprintf(out->text, sizeof out->text, "%s", text->text);
}

/* Closes the files. `complete`: there is a font for each text. */
static struct picture_client *start_texts(const struct worker_jobs_canvas *canvas,
                                          struct protocol_job *job, struct font_files *fonts,
                                          bool complete, struct err *err)
{
    struct picture_client *frames = NULL;
    memcpy(job->face_index, fonts->indexes, sizeof job->face_index);
    if (!complete)
        err_set(err, ERR_MISSING, "no font found; install the package fonts-noto-cjk");
    else
        frames = picture_client_start(job, fonts->files, fonts->count, canvas->limit_ms, err);
    for (int i = 0; i < fonts->count; i++)
        media_opener_close(canvas->opener, fonts->files[i]);
    return frames;
}

/* Another text of the job may have the same font: what was opened for it is taken once. */
static int take_font(const struct worker_jobs_canvas *canvas, const struct edition *edition,
                     int font, const struct font_files *fonts, struct err *err)
{
    for (int i = 0; i < fonts->count; i++)
        if (fonts->assets[i] == font) {
            int file = fcntl(fonts->files[i], F_DUPFD_CLOEXEC, 0);
            if (file < 0)
                err_set_errno(err, ERR_SYSTEM, errno, "cannot use a font twice");
            return file;
        }
    return media_opener_take(canvas->opener, edition, font, err);
}

static void add_brand_font(const struct worker_jobs_canvas *canvas, const struct edition *edition,
                           const struct playlist_spot *spot, int font, struct font_files *fonts)
{
    struct err err = {0};
    if (font < 0 || edition_has_refused(edition, font) || fonts->count == PROTOCOL_FILES_MAX)
        return;
    int file = take_font(canvas, edition, font, fonts, &err);
    if (file < 0) {
        log_warn("cannot open the brand font, using a system font spot=\"%s\" reason=\"%s\"",
                 spot->name, err.text);
        return;
    }
    add_open_file(fonts, file, 0, font);
}

/* Adds a spot's text of a level to a job, if there is one. False: there is no font for it. */
static bool add_text(const struct worker_jobs_canvas *canvas, const struct edition *edition,
                     const struct playlist_spot *spot, enum text_level level, const char *language,
                     struct protocol_job *job, struct font_files *fonts)
{
    const struct playlist *playlist = edition->playlist;
    const struct playlist_text text = text_of(spot, level, language);
    int before = fonts->count;
    if (!text.text)
        return true;
    add_brand_font(canvas, edition, spot, font_of(playlist, spot, level, language), fonts);
    add_system_font(fonts, text.language, playlist_spot_weight(playlist, spot, level));
    const struct text_style style =
        playlist_spot_text_style(playlist, spot, level, canvas->width_px, canvas->height_px);
    fill_text(&job->texts[level], &text, &style, fonts->count - before);
    return fonts->count > before;
}

static bool add_texts(const struct worker_jobs_canvas *canvas, const struct edition *edition,
                      const struct playlist_spot *spot, const char *language,
                      struct protocol_job *job, struct font_files *fonts)
{
    bool ok = true;
    for (enum text_level level = 0; level < TEXT_LEVELS; level++)
        ok &= add_text(canvas, edition, spot, level, language, job, fonts);
    job->subline_follows = spot->subline.style < 0;
    job->only = TEXT_LEVELS;
    job->qr.style = spot->qr.style;
    snprintf(job->qr.text, sizeof job->qr.text, "%s", spot->qr.text ? spot->qr.text : "");
    return ok;
}

struct picture_client *worker_jobs_start_tagline(const struct worker_jobs_canvas *canvas,
                                                 const struct edition *edition, int spot_index,
                                                 const char *language, struct err *err)
{
    struct protocol_job job = job_for(canvas, PROTOCOL_JOB_TAGLINE);
    struct font_files fonts = {.count = 0};
    bool ok =
        add_texts(canvas, edition, &edition->playlist->spots[spot_index], language, &job, &fonts);
    return start_texts(canvas, &job, &fonts, ok, err);
}

struct picture_client *worker_jobs_start_ink(const struct worker_jobs_canvas *canvas,
                                             const struct edition *edition, int spot_index,
                                             enum text_level level, const char *language,
                                             struct err *err)
{
    struct protocol_job job = job_for(canvas, PROTOCOL_JOB_TAGLINE);
    struct font_files fonts = {.count = 0};
    bool ok =
        add_texts(canvas, edition, &edition->playlist->spots[spot_index], language, &job, &fonts);
    job.only = level;
    struct text_style *style = &job.texts[level].style;
    style->shadow.kind = TEXT_SHADOW_NONE;
    style->scrim = TEXT_SCRIM_NONE;
    style->opacity = 1;
    return start_texts(canvas, &job, &fonts, ok, err);
}

struct picture_client *worker_jobs_start_house_card(const struct worker_jobs_canvas *canvas,
                                                    bool plain, struct err *err)
{
    struct protocol_job job = job_for(canvas, PROTOCOL_JOB_HOUSE_CARD);
    job.plain = plain;
    return picture_client_start(&job, NULL, 0, canvas->limit_ms, err);
}

struct picture_client *worker_jobs_start_words(const struct worker_jobs_canvas *canvas,
                                               const struct playlist_style *style,
                                               const struct playlist_text *text, bool own_fonts,
                                               struct err *err)
{
    struct font_files fonts = {.count = 0};
    char path[PATH_MAX];
    if (own_fonts &&
        file_find_shipped(style->weight == PLAYLIST_WEIGHT_BOLD ? "fonts/duckling-bold.otf"
                                                                : "fonts/duckling-regular.otf",
                          path, sizeof path))
        add_font_file(&fonts, path, 0);
    add_system_font(&fonts, text->language, style->weight);
    struct protocol_job job = job_for(canvas, PROTOCOL_JOB_TAGLINE);
    job.only = TEXT_LEVELS;
    fill_text(&job.texts[TEXT_LEVEL_TAGLINE], text, &style->text, fonts.count);
    return start_texts(canvas, &job, &fonts, fonts.count > 0, err);
}

struct picture_client *worker_jobs_start_house_text(const struct worker_jobs_canvas *canvas,
                                                    const char *words, const char *language,
                                                    struct err *err)
{
    const struct playlist_style style = {
        .weight = PLAYLIST_WEIGHT_REGULAR,
        .text = {.size = HOUSE_TEXT_SIZE,
                 .color = 0xc8d8dc,
                 .valign = TEXT_ALIGN_END,
                 .opacity = 1},
    };
    const struct playlist_text text = {.language = language, .text = words};
    return worker_jobs_start_words(canvas, &style, &text, true, err);
}
