#include "commands/identify.h"

#include "base/clock.h"
#include "base/language.h"
#include "base/log.h"
#include "base/zone.h"
#include "commands/play.h"
#include "commands/preview/png.h"
#include "commands/usage.h"
#include "decode/worker_process.h"
#include "playout/test_card.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LOG_MODULE "identify"

#define WAIT_MS_MAX 1000

static void __attribute__((format(printf, 2, 3)))
append(struct identify_words *words, const char *format, ...)
{
    size_t used = strlen(words->lines);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words->lines + used, sizeof words->lines - used, format, arguments);
    va_end(arguments);
}

/* "HDMI-A-1: DEL DELL U2720Q", with " + " between several. */
static void append_outputs(struct identify_words *words, const struct display *display)
{
    int count;
    const struct display_output *outputs = display_outputs(display, &count);
    for (int i = 0; i < count; i++)
        append(words, "%s%s: %s", i > 0 ? " + " : "", outputs[i].connector,
               outputs[i].monitor[0] ? outputs[i].monitor : "monitor without a name");
    if (count == 0)
        append(words, "%s", display_name(display));
    append(words, "\n");
}

static void append_zone(struct identify_words *words, const struct zone *zone, int64_t now_ms)
{
    char time[40];
    civil_format(&zone->civil, now_ms, time);
    size_t length = strlen(time);
    const char *offset = length > 6 && time[length - 1] != 'Z' ? time + length - 6 : "";
    append(words, "%s UTC%s", zone->name[0] ? zone->name : "local", offset);
}

void identify_describe(struct identify_words *words, const struct settings *settings,
                       const struct display *display, int width_px, int height_px,
                       const struct zone *zone, int64_t now_ms)
{
    char address[HOST_ADDRESS_BYTES], language[LANGUAGE_BYTES];
    int rotation = (int)settings->values[SETTING_ROTATE].number;
    *words = (struct identify_words){.lines = ""};
    host_find_name(words->name);
    host_find_address(address);
    append(words, "%s\n", address[0] ? address : "no network address");
    append(words, "%d × %d", width_px, height_px);
    if (display && display_refresh_hz(display) > 0)
        append(words, ", %.2f Hz", display_refresh_hz(display));
    append(words, "\n");
    if (display)
        append_outputs(words, display);
    if (rotation)
        append(words, "turned by %d°\n", rotation);
    append_zone(words, zone, now_ms);
    language_choose(settings->values[SETTING_LANGUAGE].text, language);
    append(words, ", %s\nDuckling " DUCKLING_VERSION, language);
}

static MUST_CHECK bool load_zone(const struct settings *settings, struct zone *zone,
                                 struct err *err)
{
    const char *name = settings->values[SETTING_TIMEZONE].text;
    return name ? zone_load(zone, name, err) : zone_load_system(zone, err);
}

/* Waits until all texts are set. */
static void finish_texts(struct test_card *card)
{
    while (test_card_poll(card)) {
        struct pollfd fds[TEST_CARD_FDS_MAX];
        int64_t until_ns = INT64_MAX;
        int count = test_card_poll_fds(card, fds, &until_ns);
        int64_t left_ms = (until_ns - clock_mono_ns()) / 1000000 + 1;
        if (left_ms < 0)
            left_ms = 0;
        poll(fds, (nfds_t)count, left_ms < WAIT_MS_MAX ? (int)left_ms : WAIT_MS_MAX);
    }
}

static MUST_CHECK bool write_card(struct test_card *card, const char *path, int64_t local_ms,
                                  struct canvas *canvas, struct err *err)
{
    finish_texts(card);
    struct picture_view view = {.picture = test_card_picture(card, local_ms)};
    if (!view.picture)
        return err_oom(err);
    compose_picture(canvas, &view);
    return png_write(path, canvas, err);
}

static MUST_CHECK bool write_picture(const struct settings *settings, struct err *err)
{
    const struct option_value *values = settings->values, *size = &values[SETTING_SIZE];
    const char *zone_name = values[SETTING_TIMEZONE].text;
    char language[LANGUAGE_BYTES];
    struct zone zone = {0};
    struct identify_words words;
    int64_t now_ms = clock_wall_ms();
    struct canvas canvas = {NULL, (size_t)size->width * 4, size->width, size->height};
    if (!worker_process_prepare(values[SETTING_NO_SANDBOX].number > 0, err) ||
        !load_zone(settings, &zone, err))
        return false;
    bool ok =
        !values[SETTING_AT].text || settings_instant(settings, SETTING_AT, zone_name, &now_ms, err);
    identify_describe(&words, settings, NULL, size->width, size->height, &zone, now_ms);
    language_choose(values[SETTING_LANGUAGE].text, language);
    const struct test_card_config config = {
        .screen_width_px = size->width,
        .screen_height_px = size->height,
        .rotation = (int)values[SETTING_ROTATE].number,
        .limit_ms = (int64_t)(values[SETTING_DECODE_TIMEOUT].number * 1000),
        .facts = {words.name, words.lines, language},
    };
    struct test_card *card = ok ? test_card_create(&config, err) : NULL;
    canvas.pixels = card ? malloc(canvas.stride_bytes * (size_t)size->height) : NULL;
    if (card && !canvas.pixels)
        err_oom(err);
    ok = canvas.pixels && write_card(card, values[SETTING_CARD].text,
                                     civil_local_ms(&zone.civil, now_ms), &canvas, err);
    test_card_destroy(card);
    worker_process_reap(true);
    zone_finish(&zone);
    free(canvas.pixels);
    return ok;
}

static MUST_CHECK bool check_options(const struct settings *settings, struct err *err)
{
    const char *output = settings->values[SETTING_CARD].text;
    size_t length = output ? strlen(output) : 0;
    if (output && (length < 5 || strcasecmp(output + length - 4, ".png") != 0))
        return err_set(err, ERR_INPUT,
                       "option --output needs a name that ends in .png, not \"%.200s\"", output);
    if (!output && settings->values[SETTING_SIZE].given)
        return err_set(err, ERR_INPUT,
                       "option --size is for pictures; use it with -o out.png, or --window");
    return true;
}

int identify_main(int argc, char **argv)
{
    struct settings settings;
    struct err err = {0};
    int status = EXIT_SUCCESS;
    if (!settings_read(&settings, SETTINGS_IDENTIFY, argc, argv, &err) ||
        !check_options(&settings, &err)) {
        status = usage_refuse(SETTINGS_IDENTIFY, &settings, &err);
    } else if (settings.help || !settings.values[SETTING_CARD].text) {
        settings_finish(&settings);
        return play_identify_main(argc, argv);
    } else if (!write_picture(&settings, &err)) {
        status =
            err.code == ERR_USAGE ? usage_refuse(SETTINGS_IDENTIFY, &settings, &err) : EXIT_FAILURE;
        if (status == EXIT_FAILURE)
            log_error("cannot draw the test card reason=\"%s\"", err.text);
    }
    settings_finish(&settings);
    log_flush();
    return status;
}
