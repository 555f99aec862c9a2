#include "commands/preview/preview.h"

#include "base/clock.h"
#include "base/language.h"
#include "base/log.h"
#include "commands/preview/contact_sheet.h"
#include "commands/preview/film_writer.h"
#include "commands/preview/png.h"
#include "commands/preview/preview_film.h"
#include "commands/preview/preview_guides.h"
#include "commands/preview/preview_screen.h"
#include "commands/settings.h"
#include "commands/usage.h"
#include "decode/worker_process.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LOG_MODULE "preview"

#define FRAMES_FPS 10 /* the default of --fps for --frames */

struct preview {
    struct settings settings;
    struct preview_screen screen;
    struct option_size sizes[OPTION_TEXTS_MAX];
    int size_count;
};

static const struct option_value *preview_option(const struct preview *preview,
                                                 enum setting setting)
{
    return &preview->settings.values[setting];
}

static bool ends_in(const char *path, const char *ending)
{
    size_t length = strlen(path), end = strlen(ending);
    return length > end && strcasecmp(path + length - end, ending) == 0;
}

static bool wants_film(const struct preview *preview)
{
    return ends_in(preview_option(preview, SETTING_OUTPUT)->text, ".mp4");
}

static MUST_CHECK bool load_playlist(struct preview *preview, struct err *err)
{
    int64_t limit_ms = (int64_t)(preview_option(preview, SETTING_DECODE_TIMEOUT)->number * 1000);
    return playout_open(&preview->screen.playout, preview->settings.source,
                        preview_option(preview, SETTING_TIMEZONE)->text, limit_ms, err);
}

/* Each size once. */
static void read_sizes(struct preview *preview)
{
    const struct option_value *sizes = preview_option(preview, SETTING_SIZES);
    preview->size_count = 0;
    for (int i = 0; i < sizes->text_count; i++) {
        int known = 0;
        while (known < preview->size_count &&
               (preview->sizes[known].width != sizes->sizes[i].width ||
                preview->sizes[known].height != sizes->sizes[i].height))
            known++;
        if (known == preview->size_count)
            preview->sizes[preview->size_count++] = sizes->sizes[i];
    }
    if (preview->size_count == 0)
        preview->sizes[preview->size_count++] = (struct option_size){1920, 1080};
}

/* The first time, and again for each other size. */
static MUST_CHECK bool open_preview_screen(struct preview *preview, int index, struct err *err)
{
    const struct option_size *size = &preview->sizes[index];
    char language[LANGUAGE_BYTES];
    language_choose(preview_option(preview, SETTING_LANGUAGE)->text, language);
    const struct loader_config config = {
        .screen_width_px = size->width,
        .screen_height_px = size->height,
        .rotation = (int)preview_option(preview, SETTING_ROTATE)->number,
        .language = language,
        .limit_ms = (int64_t)(preview_option(preview, SETTING_DECODE_TIMEOUT)->number * 1000),
    };
    return preview_screen_change(&preview->screen, &config, err);
}

static bool wants_guides(const struct preview *preview)
{
    return preview_option(preview, SETTING_GUIDES)->given;
}

static double frame_ms(const struct preview *preview, int64_t start_ms, int frame)
{
    const struct option_value *fps = preview_option(preview, SETTING_FPS);
    return (double)start_ms + frame * 1000 / (fps->given ? fps->number : FRAMES_FPS);
}

static MUST_CHECK bool write_pictures(struct preview *preview, int64_t start_ms, struct err *err)
{
    const char *pattern = preview_option(preview, SETTING_OUTPUT)->text;
    int frames = (int)preview_option(preview, SETTING_FRAMES)->number;
    const char *number = strstr(pattern, "%d");
    if (frames > 1 && !number)
        return err_set(
            err, ERR_INPUT,
            "option --output needs %%d in its name for the frame's number, such as out-%%d.png");
    for (int i = 0; i < frames; i++) {
        char path[4096];
        if (number)
            snprintf(path, sizeof path, "%.*s%04d%s", (int)(number - pattern), pattern, i,
                     number + 2);
        else
            snprintf(path, sizeof path, "%s", pattern);
        if (!preview_screen_draw(&preview->screen, frame_ms(preview, start_ms, i), err))
            return false;
        if (wants_guides(preview))
            preview_guides_draw(&preview->screen.canvas);
        if (!png_write(path, &preview->screen.canvas, err))
            return false;
    }
    return true;
}

/* Puts what was drawn last into the sheet. */
static void put_cell(const struct preview *preview, struct contact_sheet *sheet, int size, int turn,
                     int row)
{
    struct canvas cell = contact_sheet_put(sheet, size, turn, row, &preview->screen.canvas);
    if (wants_guides(preview))
        preview_guides_draw(&cell);
}

static MUST_CHECK bool write_strip(struct preview *preview, int64_t start_ms, struct err *err)
{
    struct contact_sheet sheet = {0};
    int frames = (int)preview_option(preview, SETTING_FRAMES)->number;
    bool ok = contact_sheet_init(&sheet, preview->sizes, 1, frames, 1, err);
    for (int i = 0; ok && i < frames; i++) {
        ok = preview_screen_draw(&preview->screen, frame_ms(preview, start_ms, i), err);
        if (ok)
            put_cell(preview, &sheet, 0, i, 0);
    }
    ok = ok && contact_sheet_write(&sheet, preview_option(preview, SETTING_OUTPUT)->text, err);
    contact_sheet_finish(&sheet);
    return ok;
}

static MUST_CHECK bool draw_spot(struct preview *preview, int spot, const char *language,
                                 struct err *err)
{
    struct preview_screen *screen = &preview->screen;
    const struct playout *playout = &screen->playout;
    /* A film is shown by its middle, as films often begin with an empty picture. */
    struct loader_key key = {.edition = playout->edition,
                             .serial = playout->serial,
                             .spot = spot,
                             .language = language,
                             .offset_ms = (double)programme_spot_ms(playout->programme, spot) / 2};
    for (;;) {
        struct picture *picture;
        loader_poll(screen->loader);
        enum loader_state state = loader_request(screen->loader, &key, &picture);
        loader_end_round(screen->loader);
        bool more = preview_screen_wait(screen);
        if (state == LOADER_READY && !more) {
            struct display_mix mix = {.to = {picture, 0}, .mix = 1, .dim = 1};
            return display_capture(screen->display, &mix, &screen->canvas, err);
        }
        if (!more)
            return err_set(err, ERR_INPUT, "cannot show spot %s",
                           playout->edition->playlist->spots[spot].name);
    }
}

static int languages_of(const struct playlist_spot *spot)
{
    size_t count = playlist_spot_language_count(spot);
    return count ? (int)count : 1;
}

/* Draws a spot in all its languages: into a row, or, where there are several sizes, into a row for each
 * language, beside each other in all sizes. */
static MUST_CHECK bool put_spot(struct preview *preview, struct contact_sheet *sheet, int size,
                                int spot, int row, struct err *err)
{
    const struct playlist_spot *of = &preview->screen.playout.edition->playlist->spots[spot];
    bool is_by_row = preview->size_count > 1;
    for (int i = 0; i < languages_of(of); i++) {
        const char *language = playlist_spot_language(of, (size_t)i);
        if (!draw_spot(preview, spot, language && *language ? language : NULL, err))
            return false;
        put_cell(preview, sheet, size, is_by_row ? 0 : i, is_by_row ? row + i : row);
    }
    return true;
}

/* Writes a contact sheet: a row for each spot with a column for each of its languages; with several
 * sizes a row for each language of each spot with a column for each size. */
static MUST_CHECK bool write_sheet(struct preview *preview, struct err *err)
{
    const struct playlist *playlist = preview->screen.playout.edition->playlist;
    struct contact_sheet sheet = {0};
    int most = 1, all = 0, count = (int)playlist->spot_count;
    bool is_by_row = preview->size_count > 1;
    for (int i = 0; i < count; i++) {
        int languages = languages_of(&playlist->spots[i]);
        most = languages > most ? languages : most;
        all += languages;
    }
    bool ok = contact_sheet_init(&sheet, preview->sizes, preview->size_count, is_by_row ? 1 : most,
                                 is_by_row ? all : count, err);
    for (int size = 0; ok && size < preview->size_count; size++) {
        ok = size == 0 || open_preview_screen(preview, size, err);
        for (int i = 0, row = 0; ok && i < count; i++) {
            ok = put_spot(preview, &sheet, size, i, row, err);
            row += is_by_row ? languages_of(&playlist->spots[i]) : 1;
        }
    }
    ok = ok && contact_sheet_write(&sheet, preview_option(preview, SETTING_OUTPUT)->text, err);
    contact_sheet_finish(&sheet);
    return ok;
}

/* Reads an instant: now, where the option is not given. Local times are in the zone of
 * --timezone, else the playlist's, else the system's. */
static MUST_CHECK bool read_time_option(const struct preview *preview, enum setting setting,
                                        int64_t *ms, struct err *err)
{
    const char *text = preview_option(preview, setting)->text;
    const char *own = preview_option(preview, SETTING_TIMEZONE)->text;
    const char *zone = own ? own : preview->screen.playout.edition->playlist->timezone;
    *ms = clock_wall_ms();
    return !text || settings_instant(&preview->settings, setting, zone, ms, err);
}

static MUST_CHECK bool write_film(struct preview *preview, struct err *err)
{
    const struct option_value *fps = preview_option(preview, SETTING_FPS);
    struct preview_film film = {.path = preview_option(preview, SETTING_OUTPUT)->text,
                                .fps = fps->given ? fps->number : PREVIEW_FILM_FPS};
    if (!read_time_option(preview, SETTING_FROM, &film.from_ms, err) ||
        !read_time_option(preview, SETTING_TO, &film.to_ms, err))
        return false;
    if (film.to_ms <= film.from_ms)
        return err_set(err, ERR_USAGE, "option --to needs a time after --from");
    if (film.to_ms - film.from_ms > PREVIEW_FILM_MS_MAX)
        return err_set(err, ERR_USAGE,
                       "a film has at most 24 hours; choose a --to closer to --from");
    return preview_film_write(&preview->screen, &film, err);
}

static MUST_CHECK bool run_preview(struct preview *preview, struct err *err)
{
    int64_t start_ms;
    if (!worker_process_prepare(preview_option(preview, SETTING_NO_SANDBOX)->number > 0, err) ||
        !load_playlist(preview, err) || !open_preview_screen(preview, 0, err))
        return false;
    if (preview_option(preview, SETTING_SHEET)->given)
        return write_sheet(preview, err);
    if (wants_film(preview))
        return write_film(preview, err);
    if (!read_time_option(preview, SETTING_AT, &start_ms, err))
        return false;
    return preview_option(preview, SETTING_STRIP)->given ? write_strip(preview, start_ms, err)
                                                         : write_pictures(preview, start_ms, err);
}

/* Whether the options fit together. */
static MUST_CHECK bool check_options(const struct preview *preview, struct err *err)
{
    static const enum setting film_options[] = {SETTING_FROM, SETTING_TO};
    static const enum setting picture_options[] = {SETTING_AT, SETTING_FRAMES, SETTING_STRIP,
                                                   SETTING_SHEET, SETTING_GUIDES};
    if (preview->size_count > 1 && !preview_option(preview, SETTING_SHEET)->given)
        return err_set(err, ERR_INPUT,
                       "option --size may be given several times only together with --sheet");
    if (!wants_film(preview)) {
        if (!ends_in(preview_option(preview, SETTING_OUTPUT)->text, ".png"))
            return err_set(err, ERR_INPUT,
                           "option --output needs a name that ends in .png or .mp4, not \"%.200s\"",
                           preview_option(preview, SETTING_OUTPUT)->text);
        for (size_t i = 0; i < sizeof film_options / sizeof *film_options; i++)
            if (preview_option(preview, film_options[i])->given)
                return err_set(err, ERR_INPUT, "option --%s is for films; use it with -o out.mp4",
                               settings_table.rows[film_options[i]].name);
        return true;
    }
    for (size_t i = 0; i < sizeof picture_options / sizeof *picture_options; i++)
        if (preview_option(preview, picture_options[i])->given)
            return err_set(err, ERR_INPUT,
                           "option --%s is for pictures; a film needs --from and --to instead",
                           settings_table.rows[picture_options[i]].name);
    if (!preview_option(preview, SETTING_TO)->given)
        return err_set(err, ERR_INPUT, "option --to is missing; it says when the film ends");
    if (film_writer_check_size(preview->sizes[0].width, preview->sizes[0].height, err))
        return true;
    return err_prefix(err, "option --size ");
}

static MUST_CHECK bool check_usage(const struct preview *preview, struct err *err)
{
    if (preview->settings.help)
        return true;
    if (preview->settings.source && preview_option(preview, SETTING_OUTPUT)->text)
        return check_options(preview, err);
    if (!preview->settings.source)
        return err_set(err, ERR_INPUT, "no playlist given; use duckling preview FILE -o out.png");
    return err_set(err, ERR_INPUT, "no output file given; add -o out.png or -o out.mp4");
}

int preview_main(int argc, char **argv)
{
    struct preview preview = {0};
    struct err err = {0};
    int status = EXIT_SUCCESS;
    bool is_read = settings_read(&preview.settings, SETTINGS_PREVIEW, argc, argv, &err);
    read_sizes(&preview);
    if (!is_read || !check_usage(&preview, &err)) {
        status = usage_refuse(SETTINGS_PREVIEW, &preview.settings, &err);
    } else if (preview.settings.help) {
        usage_print(SETTINGS_PREVIEW, preview.settings.help);
    } else if (!run_preview(&preview, &err)) {
        status = err.code == ERR_USAGE ? usage_refuse(SETTINGS_PREVIEW, &preview.settings, &err)
                                       : EXIT_FAILURE;
        if (status == EXIT_FAILURE)
            log_error("cannot draw preview reason=\"%s\"", err.text);
    }
    preview_screen_finish(&preview.screen);
    settings_finish(&preview.settings);
    log_flush();
    return status;
}
