#include "operate/preview.h"

#include "base/clock.h"
#include "base/log.h"
#include "decode/frames.h"
#include "decode/link.h"
#include "language.h"
#include "operate/png.h"
#include "operate/sheet.h"
#include "playing.h"
#include "settings.h"
#include "stage/display.h"

#include <stdlib.h>
#include <string.h>

#define EXIT_USAGE 2

struct preview {
    struct settings settings;
    struct playing playing;
    struct loader *loader;
    struct display *display;
    struct canvas canvas;
};

static const struct option_value *value(const struct preview *preview, enum setting setting)
{
    return &preview->settings.values[setting];
}

static bool load(struct preview *preview, struct err *err)
{
    int64_t limit_ms = (int64_t)(value(preview, SETTING_DECODE_TIMEOUT)->number * 1000);
    return playing_open(&preview->playing, preview->settings.source,
                        value(preview, SETTING_TIMEZONE)->text, limit_ms, err);
}

static bool prepare(struct preview *preview, struct err *err)
{
    const struct option_value *size = value(preview, SETTING_SIZE);
    char language[LANGUAGE_BYTES];
    language_choose(value(preview, SETTING_LANGUAGE)->text, language);
    struct display_config display = {
        .renderer = DISPLAY_MEMORY, .width_px = size->width, .height_px = size->height};
    struct loader_config loader = {
        .screen_width_px = size->width,
        .screen_height_px = size->height,
        .rotation = (int)value(preview, SETTING_ROTATE)->number,
        .language = language,
        .limit_ms = (int64_t)(value(preview, SETTING_DECODE_TIMEOUT)->number * 1000),
    };
    preview->canvas = (struct canvas){.stride_bytes = (size_t)size->width * 4,
                                      .width_px = size->width,
                                      .height_px = size->height};
    preview->canvas.pixels = malloc(preview->canvas.stride_bytes * (size_t)size->height);
    preview->display = display_create(&display, err);
    preview->loader = loader_create(&loader);
    if (!preview->canvas.pixels || !preview->loader)
        return err_set(err, ERR_SYSTEM, "out of memory");
    return preview->display != NULL;
}

/* Sleeps until a worker has news. False when none is at work. */
static bool wait_for_workers(struct preview *preview)
{
    struct pollfd fds[LOADER_JOBS_MAX];
    int64_t deadline_ns = INT64_MAX;
    int count = loader_poll_fds(preview->loader, fds, &deadline_ns);
    if (count == 0)
        return false;
    int64_t left_ms = (deadline_ns - clock_mono_ns()) / 1000000 + 1;
    poll(fds, (nfds_t)count, left_ms > 0 ? (int)left_ms : 0);
    return true;
}

/* Until the workers have made what the instant needs. */
static bool settle(struct preview *preview, double show_ms, struct show_wish *wish, struct err *err)
{
    for (;;) {
        struct picture *next;
        loader_poll(preview->loader);
        *wish = playing_wish(&preview->playing, preview->loader, "", false, show_ms, &next);
        loader_end_round(preview->loader);
        bool ready = wish->to.picture && (!wish->has_from || wish->from.picture);
        /* The house card (a picture without a name) is there from the start, and grows. */
        if (ready && wish->to.picture->name[0])
            return true;
        if (!wait_for_workers(preview))
            return ready || err_set(err, ERR_INPUT, "the picture can't be shown");
    }
}

/* A show that has run since long before: no first picture to fade in, nothing late. */
static bool draw(struct preview *preview, double show_ms, struct err *err)
{
    struct show show = {0};
    struct show_wish wish;
    if (!settle(preview, show_ms, &wish, err))
        return false;
    if (wish.has_from) {
        show.settled = wish.from;
        show.coming = wish.to;
        show.type = wish.type;
        picture_hold(wish.from.picture);
    } else {
        show.settled = wish.to;
    }
    picture_hold(wish.to.picture);
    struct show_frame frame = show_step(&show, &wish);
    bool ok = display_capture(preview->display, &frame.mix, &preview->canvas, err);
    show_finish(&show);
    return ok;
}

static double frame_ms(const struct preview *preview, int64_t start_ms, int frame)
{
    return (double)start_ms + frame * 1000 / value(preview, SETTING_FPS)->number;
}

static bool write_frames(struct preview *preview, int64_t start_ms, struct err *err)
{
    const char *pattern = value(preview, SETTING_OUTPUT)->text;
    int frames = (int)value(preview, SETTING_FRAMES)->number;
    const char *number = strstr(pattern, "%d");
    if (frames > 1 && !number)
        return err_set(err, ERR_INPUT, "--output needs %%d where the frame's number goes");
    for (int i = 0; i < frames; i++) {
        char path[4096];
        if (number)
            snprintf(path, sizeof path, "%.*s%04d%s", (int)(number - pattern), pattern, i,
                     number + 2);
        else
            snprintf(path, sizeof path, "%s", pattern);
        if (!draw(preview, frame_ms(preview, start_ms, i), err) ||
            !png_write(path, &preview->canvas, err))
            return false;
    }
    return true;
}

static bool write_strip(struct preview *preview, int64_t start_ms, struct err *err)
{
    struct sheet sheet = {0};
    int frames = (int)value(preview, SETTING_FRAMES)->number;
    bool ok = sheet_init(&sheet, frames, 1, &preview->canvas, err);
    for (int i = 0; ok && i < frames; i++)
        ok = draw(preview, frame_ms(preview, start_ms, i), err) &&
             sheet_put(&sheet, i, 0, &preview->canvas, err);
    ok = ok && sheet_write(&sheet, value(preview, SETTING_OUTPUT)->text, err);
    sheet_finish(&sheet);
    return ok;
}

static bool draw_spot(struct preview *preview, int spot, const char *language, struct err *err)
{
    const struct playing *playing = &preview->playing;
    /* A film stands for itself by its middle: films often begin with nothing. */
    struct loader_key key = {playing->edition,
                             playing->serial,
                             spot,
                             language,
                             0,
                             (double)programme_spot_ms(playing->programme, spot) / 2};
    for (;;) {
        struct picture *picture;
        loader_poll(preview->loader);
        enum loader_state state = loader_want(preview->loader, &key, &picture);
        loader_end_round(preview->loader);
        if (state == LOADER_READY) {
            struct display_mix mix = {.to = {picture, 0}, .mix = 1, .dim = 1};
            return display_capture(preview->display, &mix, &preview->canvas, err);
        }
        if (!wait_for_workers(preview))
            return err_set(err, ERR_INPUT, "a spot can't be shown");
    }
}

static int languages_of(const struct playlist_spot *spot)
{
    return spot->text_count ? (int)spot->text_count : 1;
}

/* A row for each spot, a column for each of its languages. */
static bool write_sheet(struct preview *preview, struct err *err)
{
    const struct playlist *playlist = preview->playing.edition->playlist;
    struct sheet sheet = {0};
    int columns = 1;
    for (size_t i = 0; i < playlist->spot_count; i++)
        if (languages_of(&playlist->spots[i]) > columns)
            columns = languages_of(&playlist->spots[i]);
    bool ok = sheet_init(&sheet, columns, (int)playlist->spot_count, &preview->canvas, err);
    for (int row = 0; ok && row < (int)playlist->spot_count; row++) {
        const struct playlist_spot *spot = &playlist->spots[row];
        for (int column = 0; ok && column < languages_of(spot); column++) {
            const char *language = spot->text_count ? spot->texts[column].language : "";
            ok = draw_spot(preview, row, *language ? language : NULL, err) &&
                 sheet_put(&sheet, column, row, &preview->canvas, err);
        }
    }
    ok = ok && sheet_write(&sheet, value(preview, SETTING_OUTPUT)->text, err);
    sheet_finish(&sheet);
    return ok;
}

static bool run(struct preview *preview, struct err *err)
{
    if (!link_choose_sandbox(value(preview, SETTING_NO_SANDBOX)->number > 0, err) ||
        !load(preview, err) || !prepare(preview, err))
        return false;
    if (value(preview, SETTING_SHEET)->given)
        return write_sheet(preview, err);
    int64_t start_ms = clock_wall_ms();
    const char *at = value(preview, SETTING_AT)->text;
    if (at && !settings_instant(at, value(preview, SETTING_TIMEZONE)->text, &start_ms, err))
        return false;
    return value(preview, SETTING_STRIP)->given ? write_strip(preview, start_ms, err)
                                                : write_frames(preview, start_ms, err);
}

static bool is_complete(const struct preview *preview, struct err *err)
{
    if (preview->settings.help ||
        (preview->settings.source && value(preview, SETTING_OUTPUT)->text))
        return true;
    return err_set(err, ERR_INPUT,
                   "which playlist, and where to? duckling preview FILE -o out.png");
}

int preview_main(int argc, char **argv)
{
    struct preview preview = {0};
    struct err err = {0};
    int status = EXIT_SUCCESS;
    if (!settings_read(&preview.settings, SETTINGS_PREVIEW, argc, argv, &err) ||
        !is_complete(&preview, &err)) {
        log_error("preview", "%s", err.text);
        status = EXIT_USAGE;
    } else if (preview.settings.help) {
        puts("Usage: duckling preview [OPTION]... FILE -o out.png\n\n"
             "Draws what a screen would show at an instant, pixel for pixel.\n");
        options_help(&settings_table, SETTINGS_PREVIEW, stdout);
    } else if (!run(&preview, &err)) {
        log_error("preview", "%s", err.text);
        status = EXIT_FAILURE;
    }
    loader_destroy(preview.loader);
    playing_finish(&preview.playing);
    display_destroy(preview.display);
    free(preview.canvas.pixels);
    settings_finish(&preview.settings);
    log_flush();
    return status;
}
