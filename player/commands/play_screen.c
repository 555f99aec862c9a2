/* The screen of the play command: opened, waited for, lost, opened again, changed in its size. */
#include "commands/play_internal.h"

#include "base/clock.h"
#include "base/language.h"
#include "base/log.h"
#include "base/program.h"
#include "core/layout.h"
#include "decode/worker_process.h"
#include "screen/snapshot.h"

#include <SDL.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOG_MODULE "play_screen"

#define PAUSE_MS 500
#define QUICK_LOSSES_MAX 3 /* screens in a row that were lost soon after they were opened */
#define QUICK_LOSS_NS INT64_C(10000000000)
/* While there is no screen: from one look for it to the next. */
#define RETRY_MIN_NS INT64_C(1000000000)
#define RETRY_MAX_NS INT64_C(8000000000)
#define SCREEN_CHECK_NS INT64_C(1000000000)
#define OUTPUTS_BYTES 512

static bool is_windowed(const struct play *play)
{
    return play_option(play, SETTING_WINDOW)->width > 0;
}

/* Whether somebody at a keyboard may end the player: on a wall a key is pressed by accident. */
static bool may_end_by_key(const struct play *play)
{
    return is_windowed(play) || play->command == SETTINGS_IDENTIFY ||
           play_option(play, SETTING_KEYBOARD)->number > 0;
}

/* "HDMI-A-1 1920x1080@60.00 DEL DELL U2720Q 597x336 mm", with ", " between several. */
static void describe_outputs(const struct display *display, char text[OUTPUTS_BYTES])
{
    int count;
    size_t used = 0;
    const struct display_output *outputs = display_outputs(display, &count);
    text[0] = '\0';
    for (int i = 0; i < count && used < OUTPUTS_BYTES; i++) {
        const struct display_output *output = &outputs[i];
        int added = snprintf(
            text + used, OUTPUTS_BYTES - used, "%s%s %dx%d@%.2f %s %dx%d mm", i > 0 ? ", " : "",
            output->connector, output->width_px, output->height_px, output->refresh_hz,
            output->monitor[0] ? output->monitor : "unknown", output->width_mm, output->height_mm);
        used += added > 0 ? (size_t)added : 0;
    }
}

void play_screen_note_pacing(struct play *play)
{
    if (!play->pacing_logged)
        log_info("screen does not wait for its refreshes, pacing frames by the clock "
                 "refresh_hz=%.1f",
                 frame_timing_hz(&play->timing));
    play->pacing_logged = true;
}

static void start_frame_timing(struct play *play)
{
    int width, height;
    display_size(play->display, &width, &height);
    const struct option_value *refresh = play_option(play, SETTING_REFRESH);
    bool waits = display_waits(play->display) && !refresh->text;
    double hz = display_refresh_hz(play->display);
    frame_timing_init(&play->timing, refresh->text ? refresh->number : hz, waits);
    play->watch = (struct play_spot_watch){0};
    char outputs[OUTPUTS_BYTES];
    describe_outputs(play->display, outputs);
    log_info("screen opened display=\"%s\" size=%dx%d refresh_hz=%.1f outputs=\"%s\"",
             display_name(play->display), width, height, frame_timing_hz(&play->timing), outputs);
    if (outputs[0] && !display_waits(play->display))
        play_screen_note_pacing(play);
}

static enum display_renderer renderer_of(const struct play *play)
{
    static const struct {
        const char *name;
        enum display_renderer renderer;
    } names[] = {{"gpu", DISPLAY_GPU}, {"cpu", DISPLAY_CPU}, {"kms", DISPLAY_KMS}};
    const char *renderer = play_option(play, SETTING_RENDERER)->text;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(renderer, names[i].name) == 0)
            return names[i].renderer;
    return DISPLAY_AUTO;
}

/* Options that contradict each other. */
static MUST_CHECK bool check_options(const struct play *play, struct err *err)
{
    enum display_renderer renderer = renderer_of(play);
    if (renderer == DISPLAY_GPU && play_option(play, SETTING_CANVAS)->text)
        return err_set(err, ERR_USAGE, "option --canvas does not go with --renderer gpu");
    if (renderer == DISPLAY_KMS && is_windowed(play))
        return err_set(err, ERR_USAGE, "option --window does not go with --renderer kms");
    if (play_option(play, SETTING_CONNECTOR)->text_count > DISPLAY_CONNECTORS_MAX)
        return err_set(err, ERR_USAGE, "option --connector may be given at most %d times",
                       DISPLAY_CONNECTORS_MAX);
    return true;
}

void play_screen_ignore_options(struct play *play)
{
    static const enum setting settings[] = {SETTING_RENDERER, SETTING_WINDOW, SETTING_CANVAS,
                                            SETTING_CONNECTOR, SETTING_MODE};
    struct option_value defaults[SETTING_COUNT];
    options_defaults(&settings_table, defaults);
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        play->settings.values[settings[i]] = defaults[settings[i]];
}

static MUST_CHECK bool open_display(struct play *play, struct err *err)
{
    const struct option_value *window = play_option(play, SETTING_WINDOW);
    const struct option_value *connectors = play_option(play, SETTING_CONNECTOR);
    struct display_config config = {
        .renderer = renderer_of(play),
        .width_px = window->width,
        .height_px = window->height,
        .title = "Duckling",
        .wish = {.connectors = connectors->texts, .connector_count = connectors->text_count},
        .keyboard = may_end_by_key(play),
    };
    const char *mode = play_option(play, SETTING_MODE)->text;
    const char *canvas = play_option(play, SETTING_CANVAS)->text;
    if ((mode && !display_wish_read_mode(mode, &config.wish.mode, err)) ||
        (canvas && !display_wish_read_canvas(canvas, &config.wish.canvas, err)))
        return false;
    play->display = display_create(&config, err);
    if (!play->display)
        return false;
    play->opened_ns = play->checked_ns = clock_mono_ns();
    play->waiting_logged = false;
    play->retry_delay_ns = 0;
    play_hours_note_opened(play);
    start_frame_timing(play);
    return true;
}

static MUST_CHECK bool create_loader(struct play *play, struct err *err)
{
    char language[LANGUAGE_BYTES];
    language_choose(play_option(play, SETTING_LANGUAGE)->text, language);
    struct loader_config config = {
        .rotation = (int)play_option(play, SETTING_ROTATE)->number,
        .language = language,
        .limit_ms = (int64_t)(play_option(play, SETTING_DECODE_TIMEOUT)->number * 1000),
        .sound = play->clock.speed == 1 && sound_device_is_available(play->soundtrack.device),
        .quarantine = &play->quarantine,
        .opener = play->opener,
    };
    display_size(play->display, &config.screen_width_px, &config.screen_height_px);
    play->screen_width_px = config.screen_width_px;
    play->screen_height_px = config.screen_height_px;
    play_screen_tell_feed(play);
    play->loader = loader_create(&config);
    return play->loader || err_oom(err);
}

void play_screen_tell_feed(const struct play *play)
{
    int width_px = play->screen_width_px, height_px = play->screen_height_px;
    if (!play->feed || !play->screen_was_tried)
        return;
    layout_rotate_size((int)play_option(play, SETTING_ROTATE)->number, &width_px, &height_px);
    feed_set_screen(play->feed, width_px, height_px);
}

/* Replaces the loader, whose pictures fit one screen size only. What was on screen stays, scaled,
 * until the new pictures are ready. */
static MUST_CHECK bool change_screen_size(struct play *play, struct err *err)
{
    int width_px, height_px;
    display_size(play->display, &width_px, &height_px);
    struct picture *scaled = play->frame.nothing
                                 ? NULL
                                 : snapshot_take(&play->frame.mix, play->screen_width_px,
                                                 play->screen_height_px, width_px, height_px);
    double dim = play->frame.mix.dim;
    play->frame = (struct show_frame){.nothing = true};
    if (scaled) {
        show_start(&play->show, scaled, play->frame_ms);
        play->frame = (struct show_frame){.mix = {.to = {scaled, 0}, .mix = 1, .dim = dim},
                                          .to_key = play->show.settled.key,
                                          .linear_mix = 1};
    } else {
        show_finish(&play->show);
    }
    picture_release(scaled);
    loader_destroy(play->loader);
    play->loader = NULL;
    return create_loader(play, err);
}

bool play_screen_load_again(struct play *play, struct err *err)
{
    if (!play->display) { /* the next one gets a loader of its own */
        play_screen_tell_feed(play);
        loader_destroy(play->loader);
        play->loader = NULL;
        return true;
    }
    play->drawn = false;
    play->redraw = true;
    return change_screen_size(play, err);
}

/* Goes on with the show on a screen that was opened anew or has changed its size. All pictures are
 * in memory, so what was on screen is drawn again at once. */
static bool resume_on_screen(struct play *play)
{
    struct err err = {0};
    int width_px, height_px;
    play->drawn = false;
    play->redraw = true;
    /* The frozen frame is gone: its transition continues from the picture before it. */
    play->show.from_frozen = play->frame.mix.from_frozen = false;
    display_size(play->display, &width_px, &height_px);
    bool ok = true;
    if (!play->loader)
        ok = create_loader(play, &err);
    else if (width_px != play->screen_width_px || height_px != play->screen_height_px)
        ok = change_screen_size(play, &err);
    if (!ok) {
        log_error("cannot load pictures for the new screen size, exiting reason=\"%s\"", err.text);
        play->status = EXIT_FAILURE;
        return false;
    }
    /* If this fails, too, the next frame fails and leads back here. */
    if (play->frame.mix.to.picture && !play->frame.nothing &&
        display_draw(play->display, &play->frame.mix, &err) && !play_present_frame(play, &err))
        play->redraw = true;
    return true;
}

/* Whether something has happened that makes a screen likely, or ends the player. */
static void look_for_news(struct play *play)
{
    enum display_news news;
    while ((news = display_read_news(NULL, NULL)) != DISPLAY_NO_NEWS) {
        if (news == DISPLAY_END)
            play->stop = true;
        if (news == DISPLAY_LOOK_AGAIN)
            play->retry_ns = play->retry_delay_ns = 0;
    }
}

bool play_screen_await(struct play *play)
{
    struct err err = {0};
    look_for_news(play);
    if (play->stop || clock_mono_ns() < play->retry_ns)
        return false;
    if (open_display(play, &err)) {
        play->stop = !resume_on_screen(play);
        return !play->stop;
    }
    if (!play->waiting_logged)
        log_warn("no screen, waiting for one reason=\"%s\"", err.text);
    play->waiting_logged = true;
    memcpy(play->no_screen, err.text, sizeof play->no_screen);
    play->retry_delay_ns *= 2;
    if (play->retry_delay_ns < RETRY_MIN_NS)
        play->retry_delay_ns = RETRY_MIN_NS;
    if (play->retry_delay_ns > RETRY_MAX_NS)
        play->retry_delay_ns = RETRY_MAX_NS;
    play->retry_ns = clock_mono_ns() + play->retry_delay_ns;
    return false;
}

/* What must not run on in the program that takes this one's place, or after it. */
static void stop_workers(struct play *play)
{
    play_crash_finish(play);
    loader_destroy(play->loader);
    film_lengths_finish(&play->film_lengths);
    worker_process_reap(true);
    worker_process_end_servers();
    frames_log_close(play->frames_log);
    log_flush();
}

/* Whether the run is a measurement, or on a clock of its own: it would begin anew. */
static bool is_measuring(const struct play *play)
{
    return play_option(play, SETTING_FOR)->text || play_option(play, SETTING_AT)->text ||
           play_option(play, SETTING_SPEED)->text || play_option(play, SETTING_FRAMES_LOG)->text;
}

/* The connection to the X server or compositor has broken. The libraries that held it cannot be
 * relied on any more: SDL 2.26 waits for ever when it closes a window of such a connection. So the
 * player starts again, in the same process for whoever supervises it, and waits for a screen; what
 * it needs for that is on disk. It does not return. */
static void start_again(void *context)
{
    struct play *play = context;
    struct err err = {0};
    if (play->ending) { /* most is freed; the end was asked for */
        log_flush();
        _exit(play->status);
    }
    bool again = !is_windowed(play) && !is_measuring(play);
    if (again)
        log_warn("screen lost, starting again reason=\"the connection to it broke\"");
    else
        log_error("screen lost, exiting reason=\"the connection to it broke\"");
    stop_workers(play);
    /* One that hangs up on whoever connects to it is not asked again at once. Signals wait meanwhile. */
    if (again && !play->display)
        (void)poll(NULL, 0, PAUSE_MS);
    if (again) {
        program_restart(play->arguments, &err);
        log_error("cannot start again, exiting reason=\"%s\"", err.text);
        log_flush();
    }
    _exit(EXIT_FAILURE);
}

bool play_screen_open(struct play *play, struct err *err)
{
    struct err why = {0};
    if (!check_options(play, err))
        return false;
    display_on_disconnect(start_again, play);
    play->screen_was_tried = true;
    if (open_display(play, &why))
        return create_loader(play, err);
    play_screen_tell_feed(play);
    if (is_windowed(play)) {
        *err = why;
        return false;
    }
    log_warn("no screen, waiting for one reason=\"%s\"", why.text);
    play->waiting_logged = true;
    memcpy(play->no_screen, why.text, sizeof play->no_screen);
    play->retry_ns = clock_mono_ns() + RETRY_MIN_NS;
    return true;
}

static void close_screen(struct play *play)
{
    play->drawn = false;
    display_destroy(play->display);
    play->display = NULL;
    play->retry_ns = 0;
}

/* Opens the screen again after KMSDRM or a driver has lost it. Where there is none, it is waited
 * for. False in a window, and when the screen is lost again and again within seconds: the player
 * then ends, so that the service manager restarts it. */
static bool reopen_screen(struct play *play, const struct err *why)
{
    struct err err = {0};
    log_warn("screen lost, reopening it reason=\"%s\"", why->text);
    close_screen(play);
    display_disconnect();
    if (clock_mono_ns() - play->opened_ns > QUICK_LOSS_NS)
        play->quick_losses = 0;
    if (++play->quick_losses > QUICK_LOSSES_MAX)
        err = *why;
    else if (open_display(play, &err))
        return resume_on_screen(play);
    else if (!is_windowed(play))
        return true; /* play_screen_await says so */
    log_error("cannot reopen the screen, exiting reason=\"%s\"", err.text);
    play->status = EXIT_FAILURE;
    return false;
}

/* The window does not follow the screen, so another one takes its place. */
static bool follow_screen_size(struct play *play)
{
    log_info("screen changed its size, reopening it");
    close_screen(play);
    display_disconnect();
    play_screen_await(play);
    return !play->stop;
}

/* Monitors come and go, and the console is somebody else's for a while: that is no failure, however
 * often it happens. */
static bool follow_news(struct play *play)
{
    struct err why = {0};
    switch (display_read_news(play->display, &why)) {
    case DISPLAY_CHANGED:
        log_info("screen changed, reopening it reason=\"%s\"", why.text);
        close_screen(play);
        play_screen_await(play);
        return !play->stop;
    case DISPLAY_END:
        play->stop = true;
        return true;
    case DISPLAY_LOOK_AGAIN:
    case DISPLAY_NO_NEWS:
        break;
    }
    return true;
}

bool play_screen_recover(struct play *play, const struct err *why)
{
    if (!display_resize(play->display))
        return reopen_screen(play, why);
    start_frame_timing(play);
    return resume_on_screen(play);
}

static bool is_end_event(const SDL_Event *event)
{
    if (event->type == SDL_WINDOWEVENT)
        return event->window.event == SDL_WINDOWEVENT_CLOSE;
    return event->type == SDL_KEYDOWN &&
           (event->key.keysym.sym == SDLK_ESCAPE || event->key.keysym.sym == SDLK_q);
}

bool play_screen_read_events(struct play *play)
{
    SDL_Event event;
    if (!display_has_events(play->display))
        return follow_news(play);
    while (SDL_PollEvent(&event)) {
        if (event.type == SDL_QUIT) /* by SDL itself: a Wayland compositor is gone (display.h) */
            start_again(play);
        if (is_end_event(&event) && may_end_by_key(play))
            play->stop = true;
        if (event.type == SDL_WINDOWEVENT)
            play->redraw = true;
    }
    if (is_windowed(play) || clock_mono_ns() - play->checked_ns < SCREEN_CHECK_NS)
        return true;
    play->checked_ns = clock_mono_ns();
    return !display_is_misplaced(play->display) || follow_screen_size(play);
}
