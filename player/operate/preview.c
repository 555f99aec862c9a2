#include "operate/preview.h"

#include "base/clock.h"
#include "base/log.h"
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
    struct playlist_faults faults = {0};
    struct edition *edition = edition_load(preview->settings.source, &faults, err);
    for (size_t i = 0; i < faults.count; i++)
        log_error("playlist", "%s: %s", faults.items[i].path, faults.items[i].text);
    playlist_faults_finish(&faults);
    return edition &&
           playing_switch(&preview->playing, edition, value(preview, SETTING_TIMEZONE)->text, err);
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
        .rotation = atoi(
            value(preview, SETTING_ROTATE)->text), /* NOLINT(cert-err34-c): one of four choices */
        .language = language,
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

/* Until the workers have made what the instant needs. */
static bool settle(struct preview *preview, double show_ms, struct show_wish *wish, struct err *err)
{
    for (;;) {
        struct picture *next;
        loader_poll(preview->loader);
        *wish = playing_wish(&preview->playing, preview->loader, "Duckling", show_ms, &next);
        loader_end_round(preview->loader);
        if (wish->to.picture && (!wish->has_from || wish->from.picture))
            return true;
        struct pollfd fds[LOADER_JOBS_MAX];
        int64_t now_ns = clock_mono_ns(), deadline_ns = INT64_MAX;
        int count = loader_poll_fds(preview->loader, fds, &deadline_ns);
        if (count == 0)
            return err_set(err, ERR_INPUT, "the picture can't be shown");
        int64_t left_ms = (deadline_ns - now_ns) / 1000000 + 1;
        poll(fds, (nfds_t)count, left_ms > 0 ? (int)left_ms : 0);
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

static bool write_frames(struct preview *preview, int64_t start_ms, struct err *err)
{
    const char *pattern = value(preview, SETTING_OUTPUT)->text;
    int frames = (int)value(preview, SETTING_FRAMES)->number;
    double fps = value(preview, SETTING_FPS)->number;
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
        if (!draw(preview, (double)start_ms + i * 1000 / fps, err) ||
            !png_write(path, &preview->canvas, err))
            return false;
    }
    return true;
}

static bool run(struct preview *preview, struct err *err)
{
    if (!preview->settings.source)
        return err_set(err, ERR_INPUT, "which playlist? duckling preview FILE -o out.png");
    if (!value(preview, SETTING_OUTPUT)->text)
        return err_set(err, ERR_INPUT, "where to? -o out.png");
    if (!load(preview, err) || !prepare(preview, err))
        return false;
    if (value(preview, SETTING_SHEET)->given)
        return sheet_write(value(preview, SETTING_OUTPUT)->text, preview->playing.edition,
                           preview->loader, &preview->canvas, err);
    int64_t start_ms = clock_wall_ms();
    const char *at = value(preview, SETTING_AT)->text;
    if (at && !settings_instant(at, value(preview, SETTING_TIMEZONE)->text, &start_ms, err))
        return false;
    return write_frames(preview, start_ms, err);
}

int preview_main(int argc, char **argv)
{
    struct preview preview = {0};
    struct err err = {0};
    int status = EXIT_SUCCESS;
    if (!settings_read(&preview.settings, SETTINGS_PREVIEW, argc, argv, &err)) {
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
