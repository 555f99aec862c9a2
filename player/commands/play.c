#include "commands/play.h"

#include "base/clock.h"
#include "base/language.h"
#include "base/log.h"
#include "base/wakeup.h"
#include "commands/settings.h"
#include "commands/usage.h"
#include "core/show_clock.h"
#include "decode/picture_client.h"
#include "decode/worker_process.h"
#include "http/http.h"
#include "playout/film_lengths.h"
#include "playout/playout.h"
#include "playout/quarantine.h"
#include "playout/soundtrack.h"
#include "screen/display.h"
#include "screen/frame_timing.h"
#include "screen/frames_log.h"
#include "screen/snapshot.h"
#include "sync/feed/source.h"

#include <SDL.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOG_MODULE "play"

#define LOST_MAX 3 /* screens in a row that were lost soon after they were opened */
#define LOST_SOON_NS 10000000000
/* Windows have keys and are moved about; on a wall nobody presses one. SDL can't be waited for
 * together with workers, so it is asked this often. */
#define EVENTS_NS 100000000
#define CLOCK_FEED_NS 1000000000

/* One play, and where pace's counts stood when it began. */
struct watched {
    uint64_t key; /* of its slot; 0: none */
    char name[80];
    int64_t due, missed;
};

struct play {
    struct settings settings;
    struct source *source;
    struct film_lengths lengths; /* of what comes into force next */
    struct playout playing;
    struct quarantine quarantine; /* outlives loaders, which are made for one size */
    struct loader *loader;
    struct display *display;
    struct show show;
    struct soundtrack hearing;
    struct show_clock clock;
    int64_t clock_fed_ns;
    bool clock_untrusted; /* the log says so */
    struct frame_timing pace;
    struct wake *wake;
    FILE *frames_log;
    int64_t end_ns; /* INT64_MAX: none */
    bool stop, redraw;
    struct show_frame frame; /* the last one; the show holds its pictures until the next */
    double frame_ms;         /* the show clock's instant that it is for */
    bool drawn;              /* it waits to be presented */
    uint64_t visuals;        /* that were drawn last */
    struct watched watched;
    int lost;          /* screens in a row that did not last */
    int64_t opened_ns; /* when this screen was opened */
    int status;
};

static const struct option_value *value(const struct play *play, enum setting setting)
{
    return &play->settings.values[setting];
}

static void start_pace(struct play *play)
{
    int width, height;
    display_size(play->display, &width, &height);
    const struct option_value *refresh = value(play, SETTING_REFRESH);
    bool waits = display_waits(play->display) && !refresh->text;
    double hz = display_refresh_hz(play->display);
    frame_timing_init(&play->pace, refresh->text ? refresh->number : hz, waits);
    play->watched = (struct watched){0};
    log_info("screen open display=\"%s\" size=%dx%d refresh=%.1f", display_name(play->display),
             width, height, frame_timing_hz(&play->pace));
}

static bool open_display(struct play *play, struct err *err)
{
    const char *renderer = value(play, SETTING_RENDERER)->text;
    const struct option_value *window = value(play, SETTING_WINDOW);
    struct display_config config = {
        .renderer = strcmp(renderer, "gpu") == 0   ? DISPLAY_GPU
                    : strcmp(renderer, "cpu") == 0 ? DISPLAY_CPU
                                                   : DISPLAY_AUTO,
        .width_px = window->width,
        .height_px = window->height,
        .title = "Duckling",
    };
    play->display = display_create(&config, err);
    if (!play->display)
        return false;
    play->opened_ns = clock_mono_ns();
    start_pace(play);
    return true;
}

static bool make_loader(struct play *play, struct err *err)
{
    char language[LANGUAGE_BYTES];
    language_choose(value(play, SETTING_LANGUAGE)->text, language);
    struct loader_config config = {
        .rotation = (int)value(play, SETTING_ROTATE)->number,
        .language = language,
        .limit_ms = (int64_t)(value(play, SETTING_DECODE_TIMEOUT)->number * 1000),
        .sound = play->clock.speed == 1 && sound_device_is_possible(play->hearing.sound),
        .quarantine = &play->quarantine,
    };
    display_size(play->display, &config.screen_width_px, &config.screen_height_px);
    play->loader = loader_create(&config);
    return play->loader || err_oom(err);
}

/* Puts a new edition in force, if there is one. False when it can't be: then the one before goes
 * on. */
static bool take_edition(struct play *play, struct err *err)
{
    struct edition *edition = source_take(play->source);
    int64_t limit_ms = (int64_t)(value(play, SETTING_DECODE_TIMEOUT)->number * 1000);
    if (edition && !film_lengths_begin(&play->lengths, edition, limit_ms)) {
        source_again(play->source);
        return err_oom(err);
    }
    if (!play->lengths.edition || !film_lengths_poll(&play->lengths, clock_mono_ns()))
        return true;
    if (!playout_switch(&play->playing, film_lengths_take(&play->lengths), play->lengths.film_ms,
                        value(play, SETTING_TIMEZONE)->text, err)) {
        source_again(play->source);
        return false;
    }
    play->clock_fed_ns = 0; /* its signature may tell what time it is */
    const struct playlist *playlist = play->playing.edition->playlist;
    log_info("%s on name=\"%s\" spots=%zu",
             play->playing.edition->takeover ? "takeover" : "playlist", playlist->name,
             playlist->spot_count);
    return true;
}

/* The wall clock, or, where that is plainly wrong, the time that has passed for certain. */
static int64_t wall_ms(struct play *play, int64_t now_ns)
{
    bool trusted;
    int64_t now_ms = source_now_ms(play->source, now_ns, &trusted);
    if (!trusted && !play->clock_untrusted)
        log_warn("clock: untrusted: it is before the time of the last signature or report; "
                 "the show goes by that time");
    if (trusted && play->clock_untrusted)
        log_info("clock: it can be right again");
    play->clock_untrusted = !trusted;
    return now_ms;
}

static void feed_clock(struct play *play, int64_t now_ns)
{
    if (now_ns - play->clock_fed_ns < CLOCK_FEED_NS)
        return;
    play->clock_fed_ns = now_ns;
    double before_ms = show_clock_ms(&play->clock, now_ns);
    if (show_clock_update(&play->clock, now_ns, wall_ms(play, now_ns))) {
        log_warn("the clock was set: on to the right picture");
        playout_jump(&play->playing, show_clock_ms(&play->clock, now_ns) - before_ms);
    }
}

static void pump_events(struct play *play)
{
    SDL_Event event;
    while (SDL_PollEvent(&event)) {
        if (event.type == SDL_QUIT)
            play->stop = true;
        if (event.type == SDL_KEYDOWN &&
            (event.key.keysym.sym == SDLK_ESCAPE || event.key.keysym.sym == SDLK_q))
            play->stop = true;
        if (event.type == SDL_WINDOWEVENT)
            play->redraw = true;
    }
}

/* What the first picture fades in from: its own ground, never black by accident. */
static void show_ground(struct play *play, double show_ms)
{
    uint32_t ground = LOADER_HOUSE_GROUND;
    if (play->playing.programme) {
        struct programme_scene scene =
            programme_scene_at(play->playing.programme, (int64_t)show_ms);
        const struct playlist *playlist = play->playing.edition->playlist;
        ground =
            scene.to.spot >= 0 ? playlist->spots[scene.to.spot].background : playlist->background;
    }
    struct picture *picture = picture_create(ground, NULL, NULL);
    show_start(&play->show, picture, show_ms);
    picture_release(picture);
}

static void log_frame(struct play *play, const struct show_frame *frame, double show_ms, bool late,
                      int64_t present_ns)
{
    if (!play->frames_log)
        return;
    const struct display_mix *mix = &frame->mix;
    struct frames_log_line line = {
        .present_ns = present_ns,
        .show_ms = show_ms,
        .from = !mix->has_from     ? ""
                : mix->from_frozen ? "*"
                                   : mix->from.picture->name,
        .to = mix->to.picture->name,
        .mix = frame->linear_mix,
        .late = late,
    };
    frames_log_write(play->frames_log, &line);
}

/* Tells one pair of visuals from the next: a film's new frame has to be drawn. */
static uint64_t visuals_of(const struct display_mix *mix)
{
    const struct frame *from =
        mix->has_from && !mix->from_frozen ? mix->from.picture->visual : NULL;
    const struct frame *to = mix->to.picture ? mix->to.picture->visual : NULL;
    return (from ? from->id * 0x9e3779b97f4a7c15u : 0) ^ (to ? to->id : 0);
}

/* Whether the next refresh needs a frame too. */
static bool runs(const struct show_frame *frame)
{
    const struct display_mix *mix = &frame->mix;
    return frame->animating || (mix->to.picture && mix->to.picture->playing) ||
           (mix->has_from && !mix->from_frozen && mix->from.picture->playing);
}

/* When the next turn is due; INT64_MAX: when there is news. */
static int64_t turn_ns(const struct play *play, int64_t now_ns)
{
    return play->drawn ? frame_timing_present_ns(&play->pace)
                       : frame_timing_wait_until_ns(&play->pace, now_ns);
}

/* Draws the frame that will be seen at pace's next instant, if it differs from the one on
 * screen. */
static bool draw(struct play *play, struct err *err)
{
    int64_t seen_ns = frame_timing_next_ns(&play->pace, clock_mono_ns());
    double show_ms = play->frame_ms = show_clock_ms(&play->clock, seen_ns);
    char words[256];
    source_describe(play->source, words, sizeof words);
    if (!play->show.settled.key)
        show_ground(play, show_ms);
    uint64_t before = play->show.coming.key ? play->show.coming.key : play->show.settled.key;
    bool was_coming = play->show.coming.key != 0;
    struct picture *next;
    const struct picture *on = was_coming ? play->show.coming.picture : play->show.settled.picture;
    bool bare = !on || !on->name[0];
    struct show_wish wish = playout_wish(&play->playing, play->loader, words, bare, show_ms, &next);
    struct show_frame frame = play->frame = show_step(&play->show, &wish);
    if (frame.needs_freeze && !display_freeze(play->display, err))
        return false;
    uint64_t visuals = visuals_of(&frame.mix);
    play->drawn = !frame.nothing && (play->redraw || frame.animating || was_coming ||
                                     frame.to_key != before || visuals != play->visuals);
    if (play->drawn) {
        if (!display_draw(play->display, &frame.mix, err))
            return false;
        frame_timing_drawn(&play->pace, clock_mono_ns());
        play->visuals = visuals;
    } else {
        frame_timing_set_running(&play->pace, runs(&frame));
    }
    if (next && !play->show.coming.key)
        display_prepare(play->display, next);
    loader_end_round(play->loader);
    return true;
}

/* Tells of a play that was not smooth, when another one begins. */
static void watch(struct play *play, const struct show_frame *frame)
{
    struct watched *watched = &play->watched;
    if (frame->to_key == watched->key)
        return;
    int64_t due = play->pace.due - watched->due, missed = play->pace.missed - watched->missed;
    if (watched->key && missed * 100 > due)
        log_info("refreshes were missed spot=\"%s\" missed=%lld of=%lld", watched->name,
                 (long long)missed, (long long)due);
    *watched = (struct watched){frame->to_key, "", play->pace.due, play->pace.missed};
    memcpy(watched->name, frame->mix.to.picture->name, sizeof watched->name);
}

/* Shows what was drawn. */
static bool present(struct play *play, struct err *err)
{
    play->drawn = false;
    if (!display_present(play->display, err))
        return false;
    play->redraw = false;
    int64_t present_ns = clock_mono_ns();
    log_frame(play, &play->frame, play->frame_ms, frame_timing_presented(&play->pace, present_ns),
              present_ns);
    watch(play, &play->frame);
    frame_timing_set_running(&play->pace, runs(&play->frame));
    return true;
}

/* One turn: a frame is drawn, or one that was drawn is presented when its time has come. False when
 * the screen does not take it. */
static bool turn(struct play *play, struct err *err)
{
    if (!play->drawn && !draw(play, err))
        return false;
    return !play->drawn || clock_mono_ns() < frame_timing_present_ns(&play->pace) ||
           present(play, err);
}

/* The screen was lost (KMSDRM, a driver): it is opened again. Where it is lost again and again
 * without lasting, somebody else must mend it: the player ends, to be restarted. */
static bool reopen_display(struct play *play, const struct err *why)
{
    struct err err = {0};
    log_warn("screen lost, opening it again reason=\"%s\"", why->text);
    display_destroy(play->display);
    play->display = NULL;
    if (clock_mono_ns() - play->opened_ns > LOST_SOON_NS)
        play->lost = 0;
    if (++play->lost <= LOST_MAX && open_display(play, &err))
        return true;
    log_error("no screen reason=\"%s\"", play->lost > LOST_MAX ? why->text : err.text);
    return false;
}

/* Pictures are made for one size: others are wanted. What was on screen stays there meanwhile. */
static bool change_size(struct play *play, int old_width_px, int old_height_px)
{
    struct err err = {0};
    int width_px, height_px;
    display_size(play->display, &width_px, &height_px);
    struct picture *kept = play->frame.nothing ? NULL
                                               : snapshot_take(&play->frame.mix, old_width_px,
                                                               old_height_px, width_px, height_px);
    play->frame = (struct show_frame){.nothing = true};
    if (kept) {
        show_start(&play->show, kept, play->frame_ms);
        play->frame = (struct show_frame){.mix = {.to = {kept, 0}, .mix = 1, .dim = 1},
                                          .to_key = play->show.settled.key,
                                          .linear_mix = 1};
    } else {
        show_finish(&play->show);
    }
    picture_release(kept);
    loader_destroy(play->loader);
    play->loader = NULL;
    if (make_loader(play, &err))
        return true;
    log_error("no loader reason=\"%s\"", err.text);
    return false;
}

/* After a turn that the screen did not take. All pictures are in memory: what was on screen is
 * drawn anew at once, and the show goes on from there. */
static bool mend_display(struct play *play, const struct err *why)
{
    struct err err = {0};
    int old_width, old_height, width, height;
    display_size(play->display, &old_width, &old_height);
    play->drawn = false;
    play->redraw = true;
    if (display_resize(play->display))
        start_pace(play);
    else if (!reopen_display(play, why))
        return false;
    /* What was frozen is gone: its transition fades from the picture that was settled before. */
    play->show.from_frozen = play->frame.mix.from_frozen = false;
    display_size(play->display, &width, &height);
    if ((width != old_width || height != old_height) && !change_size(play, old_width, old_height))
        return false;
    /* A screen that does not take it now is mended again in the next turn. */
    if (!play->frame.nothing && display_draw(play->display, &play->frame.mix, &err))
        present(play, &err);
    return true;
}

/* Whether it is time for a turn. While something moves each turn is a refresh: one that came early,
 * for news of a worker or for sound, would bring the next frame before its time. */
static bool is_due(const struct play *play)
{
    int64_t now_ns = clock_mono_ns(), until_ns = turn_ns(play, now_ns);
    return until_ns == INT64_MAX || now_ns >= until_ns;
}

/* Sleeps until the next frame, the next change, news from a worker or the source, or a signal. */
static void wait(struct play *play)
{
    struct pollfd fds[LOADER_FDS_MAX + 1 + WAKEUP_FDS_MAX];
    int64_t now_ns = clock_mono_ns();
    int64_t until_ns = turn_ns(play, now_ns);
    int64_t change_ns = INT64_MAX;
    if (until_ns == INT64_MAX) {
        double show_ms = show_clock_ms(&play->clock, now_ns);
        int64_t change_ms = playout_next_change(&play->playing, show_ms);
        if (change_ms != INT64_MAX)
            change_ns =
                show_clock_mono_ns(&play->clock, change_ms) - frame_timing_lead_ns(&play->pace);
        int64_t events_ns = now_ns + EVENTS_NS;
        until_ns = change_ns < events_ns ? change_ns : events_ns;
    }
    int64_t sound_ns = soundtrack_until_ns(&play->hearing, now_ns, change_ns);
    if (sound_ns < until_ns)
        until_ns = sound_ns;
    if (play->end_ns < until_ns)
        until_ns = play->end_ns;
    int count = loader_poll_fds(play->loader, fds, &until_ns);
    count += film_lengths_poll_fds(&play->lengths, fds + count, &until_ns);
    if (wakeup_wait(play->wake, fds, count, until_ns))
        play->stop = true;
}

static void run(struct play *play)
{
    int64_t now_ns;
    while (!play->stop && (now_ns = clock_mono_ns()) < play->end_ns) {
        struct err err = {0};
        if (!take_edition(play, &err))
            log_error("playlist refused reason=\"%s\"", err.text);
        feed_clock(play, now_ns);
        loader_poll(play->loader);
        if (!play->drawn) /* events may take away what it was drawn in */
            pump_events(play);
        if (is_due(play) && !turn(play, &err) && !mend_display(play, &err)) {
            play->status = EXIT_FAILURE;
            return;
        }
        if (play->clock.speed == 1) /* nobody wants to hear films at another */
            soundtrack_turn(&play->hearing, &play->playing, play->loader, &play->show,
                            &play->clock);
        wait(play);
    }
}

/* --at: an instant, or local time of the player's zone. --speed: from there, or from now. */
static bool start_clock(struct play *play, struct err *err)
{
    int64_t now_ns = clock_mono_ns();
    const char *at = value(play, SETTING_AT)->text;
    const struct option_value *speed = value(play, SETTING_SPEED);
    play->clock_fed_ns = now_ns;
    if (!at && !speed->text) {
        show_clock_init(&play->clock, now_ns, wall_ms(play, now_ns));
        return true;
    }
    if (speed->text && speed->number != (int)speed->number)
        return err_set(err, ERR_INPUT, "option --speed needs a whole number, not %g",
                       speed->number);
    int64_t start_ms = wall_ms(play, now_ns);
    if (at && !settings_instant(&play->settings, SETTING_AT, value(play, SETTING_TIMEZONE)->text,
                                &start_ms, err))
        return false;
    show_clock_pin(&play->clock, now_ns, start_ms);
    if (speed->text)
        show_clock_set_speed(&play->clock, (int)speed->number);
    log_debug("show clock started mono_ns=%lld show_ms=%lld", (long long)now_ns,
              (long long)start_ms);
    return true;
}

static bool open_source(struct play *play, struct err *err)
{
    const struct option_value *keys = value(play, SETTING_KEY);
    const struct feed_config config = {
        .sources = play->settings.operands,
        .source_count = (size_t)play->settings.operand_count,
        .keys = keys->texts,
        .key_count = (size_t)keys->text_count,
        .store = value(play, SETTING_STORE)->text,
        .state = value(play, SETTING_STATE)->text,
        .ca_file = value(play, SETTING_CA_FILE)->text,
        .client_cert = value(play, SETTING_CLIENT_CERT)->text,
        .client_key = value(play, SETTING_CLIENT_KEY)->text,
        .poll_ms = (int64_t)(value(play, SETTING_POLL)->number * 1000),
        .quota_bytes = (int64_t)value(play, SETTING_QUOTA)->number,
        .bandwidth_bytes_per_s = (int64_t)value(play, SETTING_BANDWIDTH)->number,
        .wake = wakeup_post,
        .wake_context = play->wake,
    };
    play->source = source_open(&config, err);
    return play->source != NULL;
}

static bool start(struct play *play, struct err *err)
{
    if (!worker_process_prepare(value(play, SETTING_NO_SANDBOX)->number > 0, err))
        return false;
    play->wake = wakeup_create(err);
    if (!play->wake)
        return false;
    const struct option_value *frames_log = value(play, SETTING_FRAMES_LOG);
    if (frames_log->text && !(play->frames_log = frames_log_open(frames_log->text, err)))
        return false;
    /* A zone or a playlist that is wrong from the start is told at once, before there is a screen
     * to hide it. */
    struct zone own = {0};
    const char *zone = value(play, SETTING_TIMEZONE)->text;
    if (zone && !zone_load(&own, zone, err))
        return err_prefix(err, "option --timezone: ");
    zone_finish(&own);
    if (!open_source(play, err))
        return false;
    if (!start_clock(play, err))
        return false;
    /* What a server sent, or the store kept, never ends the player; a file that is wrong is
     * told. */
    if (!take_edition(play, err)) {
        if (http_is_url(play->settings.source) || value(play, SETTING_KEY)->text_count > 0)
            log_error("playlist refused reason=\"%s\"", err->text);
        else
            return false;
    }
    if (!soundtrack_init(&play->hearing))
        return err_oom(err);
    if (!open_display(play, err) || !make_loader(play, err))
        return false;
    const struct option_value *length = value(play, SETTING_FOR);
    play->end_ns = length->text ? clock_mono_ns() + (int64_t)(length->number * 1e9) : INT64_MAX;
    return true;
}

static void finish(struct play *play)
{
    source_close(play->source);
    bool clean = soundtrack_finish(&play->hearing);
    show_finish(&play->show);
    loader_destroy(play->loader);
    film_lengths_finish(&play->lengths);
    playout_finish(&play->playing);
    display_destroy(play->display);
    frames_log_close(play->frames_log);
    wakeup_destroy(play->wake);
    settings_finish(&play->settings);
    SDL_Quit();
    worker_process_reap(true);
    log_flush();
    if (!clean) {
        fflush(stdout);
        _exit(play->status);
    }
}

/* SDL writes its own messages to standard error, and would wait for whoever reads it. Any
 * thread. */
static void log_sdl(void *context, int category, SDL_LogPriority priority, const char *text)
{
    (void)context;
    (void)category;
    if (priority >= SDL_LOG_PRIORITY_WARN)
        log_warn("message of SDL reason=\"%s\"", text);
    else
        log_debug("message of SDL reason=\"%s\"", text);
}

int play_main(int argc, char **argv)
{
    log_guard_stderr();
    log_set_times(true);
    SDL_LogSetOutputFunction(log_sdl, NULL);
    struct play play = {.redraw = true};
    struct err err = {0};
    bool understood = settings_read(&play.settings, SETTINGS_PLAY, argc, argv, &err);
    if (understood && !play.settings.help && !play.settings.source)
        understood =
            err_set(&err, ERR_INPUT, "no playlist given; use duckling play FILE, URL or CHANNEL/");
    if (!understood) {
        play.status = usage_refuse(SETTINGS_PLAY, &err);
        if (err.code != ERR_INPUT) /* an unreadable configuration file */
            play.status = EXIT_FAILURE;
    } else if (play.settings.help) {
        usage_print(SETTINGS_PLAY, play.settings.help);
    } else if (!start(&play, &err)) {
        log_error("%s", err.text);
        play.status = EXIT_FAILURE;
    } else {
        run(&play);
    }
    finish(&play);
    return play.status;
}
