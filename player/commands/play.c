#include "commands/play.h"

#include "base/clock.h"
#include "core/pixel_shift.h"
#include "base/log.h"
#include "base/program.h"
#include "commands/play_internal.h"
#include "commands/usage.h"
#include "decode/picture_client.h"
#include "decode/worker_process.h"

#include <SDL.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOG_MODULE "play"

/* SDL's events can't be waited for together with the workers' sockets, so they are read this
 * often. A screen on a wall has none; a window has keys, and is moved and resized. */
#define EVENTS_NS 100000000
#define CLOCK_UPDATE_NS 1000000000

const struct option_value *play_option(const struct play *play, enum setting setting)
{
    return &play->settings.values[setting];
}

/* A player shows what it gets; who published it without --min-slot may want to know. */
static void report_short_slots(const struct play *play)
{
    const struct option_value *min_slot = play_option(play, SETTING_MIN_SLOT);
    const struct playlist *playlist = play->playout.edition->playlist;
    int count = 0, first = 0;
    for (int i = (int)playlist->spot_count - 1; min_slot->text && i >= 0; i--)
        if (programme_spot_ms(play->playout.programme, i) < min_slot->number * 1000) {
            count++;
            first = i;
        }
    if (count > 0)
        log_warn("spots are on for too short a time min_slot_seconds=%g spots=%d spot=\"%s\" "
                 "seconds=%g",
                 min_slot->number, count, playlist->spots[first].name,
                 programme_spot_ms(play->playout.programme, first) / 1000.0);
}

bool play_switch_edition(struct play *play, struct err *err)
{
    struct edition *edition = play->feed ? feed_take(play->feed) : NULL;
    int64_t limit_ms = (int64_t)(play_option(play, SETTING_DECODE_TIMEOUT)->number * 1000);
    if (edition && !film_lengths_begin(&play->film_lengths, edition, limit_ms)) {
        feed_again(play->feed);
        return err_oom(err);
    }
    if (!play->film_lengths.edition || !film_lengths_poll(&play->film_lengths, clock_mono_ns()))
        return true;
    play_crash_note_edition(play, play->film_lengths.edition);
    if (!playout_switch(&play->playout, film_lengths_take(&play->film_lengths),
                        play->film_lengths.film_ms, play_option(play, SETTING_TIMEZONE)->text,
                        err)) {
        feed_again(play->feed);
        return false;
    }
    play_hours_note_edition(play);
    play_crash_leave_out(play);
    play->clock_updated_ns = 0; /* the edition's signature may correct the time */
    const struct playlist *playlist = play->playout.edition->playlist;
    log_info("now playing kind=%s name=\"%s\" spots=%zu",
             play->playout.edition->takeover ? "takeover" : "playlist", playlist->name,
             playlist->spot_count);
    edition_log_tolerated(play->playout.edition);
    report_short_slots(play);
    return true;
}

int64_t play_trusted_wall_ms(struct play *play, int64_t now_ns)
{
    bool trusted;
    if (!play->feed)
        return clock_wall_ms();
    int64_t now_ms = feed_now_ms(play->feed, now_ns, &trusted);
    if (!trusted && !play->clock_untrusted)
        log_warn("clock not trusted, running from the last known time "
                 "reason=\"it is earlier than the last signature or report\"");
    if (trusted && play->clock_untrusted)
        log_info("clock trusted again");
    play->clock_untrusted = !trusted;
    return now_ms;
}

static void update_show_clock(struct play *play, int64_t now_ns)
{
    if (now_ns - play->clock_updated_ns < CLOCK_UPDATE_NS)
        return;
    play->clock_updated_ns = now_ns;
    double before_ms = show_clock_ms(&play->clock, now_ns);
    if (show_clock_update(&play->clock, now_ns, play_trusted_wall_ms(play, now_ns))) {
        double step_ms = show_clock_ms(&play->clock, now_ns) - before_ms;
        log_warn("clock stepped, moving to the current slot step_ms=%.0f", step_ms);
        playout_jump(&play->playout, step_ms);
    }
}

/* Shows the background of the first spot, so that its picture fades in from that and not from
 * black. */
static void show_first_background(struct play *play, double show_ms)
{
    uint32_t background = LOADER_HOUSE_GROUND;
    if (play->house.edition)
        background = play->house.edition->playlist->spots[0].background;
    if (play->playout.programme) {
        struct programme_scene scene =
            programme_scene_at(play->playout.programme, (int64_t)show_ms);
        const struct playlist *playlist = play->playout.edition->playlist;
        background =
            scene.to.spot >= 0 ? playlist->spots[scene.to.spot].background : playlist->background;
    }
    struct picture *picture = picture_create(background, NULL, NULL);
    show_start(&play->show, picture, show_ms);
    picture_release(picture);
}

static void log_frame(struct play *play, const struct show_frame *frame, double show_ms, bool late,
                      int64_t present_ns)
{
    if (!play->frames_log)
        return;
    const struct display_mix *mix = &frame->mix;
    const char *from = "";
    if (mix->has_from)
        from = mix->from_frozen ? "*" : mix->from.picture->name;
    struct frames_log_line line = {
        .present_ns = present_ns,
        .show_ms = show_ms,
        .from = from,
        .to = mix->to.picture->name,
        .mix = frame->linear_mix,
        .dim = mix->dim,
        .late = late,
    };
    frames_log_write(play->frames_log, &line);
}

/* When the next frame is to be drawn or presented; INT64_MAX: not before something changes. */
static int64_t next_frame_ns(const struct play *play, int64_t now_ns)
{
    return play->drawn ? frame_timing_present_ns(&play->timing)
                       : frame_timing_wait_until_ns(&play->timing, now_ns);
}

static int pixel_shift(const struct play *play)
{
    return (int)play_option(play, SETTING_PIXEL_SHIFT)->number;
}

/* When the picture moves a pixel next. */
static int64_t pixel_shift_ns(const struct play *play, double show_ms)
{
    if (!pixel_shift(play))
        return INT64_MAX;
    return show_clock_mono_ns(&play->clock, pixel_shift_next_ms((int64_t)show_ms));
}

/* From what was drawn last, in another way than by its spots. */
static bool differs(const struct play *play, const struct display_mix *mix, uint64_t visuals)
{
    return visuals != play->visuals || mix->dim != play->dim ||
           mix->shift_x_px != play->shift_px[0] || mix->shift_y_px != play->shift_px[1];
}

/* Draws the frame for the next refresh, if it differs from the one on screen. */
static MUST_CHECK bool draw_next_frame(struct play *play, struct err *err)
{
    int64_t seen_ns = frame_timing_next_ns(&play->timing, clock_mono_ns());
    double show_ms = play->frame_ms = show_clock_ms(&play->clock, seen_ns);
    char words[512];
    play_house_words(play, words, sizeof words);
    if (!play->show.settled.key && !play_restart_show_inherited(play, show_ms))
        show_first_background(play, show_ms);
    uint64_t before = play->show.incoming.key ? play->show.incoming.key : play->show.settled.key;
    bool was_coming = play->show.incoming.key != 0;
    struct picture *next;
    const struct picture *on =
        was_coming ? play->show.incoming.picture : play->show.settled.picture;
    bool is_waiting = play_restart_is_waiting(play, show_ms);
    bool is_blank = !is_waiting && (!on || !on->name[0]);
    struct show_request request =
        playout_request(&play->playout, play->loader, words, is_blank, show_ms, &next);
    if (is_waiting && request.to.picture && !play_restart_may_replace(play, request.to.picture))
        request.to.picture = NULL;
    struct show_frame frame = show_step(&play->show, &request);
    frame.mix.dim = play_hours_turn(play, show_ms);
    pixel_shift_at((int64_t)show_ms, pixel_shift(play), &frame.mix.shift_x_px,
                   &frame.mix.shift_y_px);
    bool is_inherited = play_restart_is_inherited_on(play);
    frame.animating |= screen_hours_is_moving(&play->hours.state);
    frame.animating &= !is_inherited;
    play_test_card_cover(play, &frame, show_ms);
    play->frame = frame;
    play_crash_note_frame(play, &frame);
    if (frame.needs_freeze && !display_freeze(play->display, err))
        return false;
    uint64_t visuals = show_visuals_key(&frame.mix);
    play->drawn = !frame.nothing && !is_inherited &&
                  (play->redraw || frame.animating || was_coming || frame.to_key != before ||
                   differs(play, &frame.mix, visuals));
    if (play->drawn) {
        if (!display_draw(play->display, &frame.mix, err))
            return false;
        frame_timing_drawn(&play->timing, clock_mono_ns());
        play->visuals = visuals;
        play->dim = frame.mix.dim;
        play->shift_px[0] = frame.mix.shift_x_px;
        play->shift_px[1] = frame.mix.shift_y_px;
    } else {
        frame_timing_set_running(&play->timing, show_needs_refresh(&frame));
    }
    if (next && !play->show.incoming.key)
        display_prepare(play->display, next);
    loader_end_round(play->loader);
    return true;
}

static void log_missed_refreshes(const struct refresh_report *sum)
{
    log_info("screen refreshes missed spot=\"%s\" plays=%lld missed=%lld due=%lld", sum->spot,
             (long long)sum->plays, (long long)sum->missed, (long long)sum->due);
}

/* The spot that was on is on no longer: notes whether it ran smoothly. */
static void note_refreshes(struct play *play)
{
    const struct play_spot_watch *watch = &play->watch;
    if (watch->key)
        refresh_report_add(&play->refreshes, watch->name, play->timing.missed - watch->missed,
                           play->timing.due - watch->due);
}

/* For `systemctl status`: what is on screen. */
static void tell_what_is_shown(struct play *play, const char *spot)
{
    char words[SERVICE_MANAGER_STATUS_BYTES], reason[ERR_TEXT_BYTES];
    const struct edition *edition = play->playout.edition;
    play_house_reason(play, reason, sizeof reason);
    if (play_test_card_is_on(play))
        snprintf(words, sizeof words, "showing the test card");
    else if (spot[0] && edition)
        snprintf(words, sizeof words, "showing spot \"%.100s\" of %s \"%.100s\"", spot,
                 edition->takeover ? "takeover" : "playlist", edition->playlist->name);
    else if (edition)
        snprintf(words, sizeof words, "showing the house card");
    else
        snprintf(words, sizeof words, "showing the house card: %.200s", reason);
    service_manager_set_status(&play->manager, words);
}

static void watch_refreshes(struct play *play, const struct show_frame *frame, int64_t now_ns)
{
    struct play_spot_watch *watch = &play->watch;
    struct refresh_report sum;
    if (frame->to_key == watch->key)
        return;
    note_refreshes(play);
    if (refresh_report_take(&play->refreshes, now_ns, &sum))
        log_missed_refreshes(&sum);
    *watch = (struct play_spot_watch){frame->to_key, "", play->timing.due, play->timing.missed};
    memcpy(watch->name, frame->mix.to.picture->name, sizeof watch->name);
    tell_what_is_shown(play, watch->name);
}

bool play_present_frame(struct play *play, struct err *err)
{
    play->drawn = false;
    if (!display_present(play->display, err))
        return false;
    play->redraw = false;
    int64_t present_ns = display_presented_ns(play->display);
    if (!present_ns)
        present_ns = clock_mono_ns();
    bool waited = play->timing.waits;
    bool late = frame_timing_presented(&play->timing, present_ns);
    if (waited && !play->timing.waits)
        play_screen_note_pacing(play);
    log_frame(play, &play->frame, play->frame_ms, late, present_ns);
    play_hours_note_presented(play);
    watch_refreshes(play, &play->frame, present_ns);
    if (play->frame.mix.to.picture->name[0] && play->frame.mix.mix >= 1)
        play_house_note_shown(play);
    frame_timing_set_running(&play->timing, show_needs_refresh(&play->frame));
    return true;
}

/* Draws a frame, or presents the one that was drawn when its time has come. False when the screen
 * fails. */
static MUST_CHECK bool draw_or_present(struct play *play, struct err *err)
{
    if (!play->drawn && !draw_next_frame(play, err))
        return false;
    return !play->drawn || clock_mono_ns() < frame_timing_present_ns(&play->timing) ||
           play_present_frame(play, err);
}

/* Whether a frame is due. The loop also wakes for workers and for sound; while something moves, a
 * frame for each of these would come before its time. */
static bool is_frame_due(const struct play *play)
{
    int64_t now_ns = clock_mono_ns(), until_ns = next_frame_ns(play, now_ns);
    return until_ns == INT64_MAX || now_ns >= until_ns;
}

int64_t play_look_ns(const struct play *play, int64_t now_ns)
{
    return now_ns + (display_has_events(play->display) ? EVENTS_NS : CLOCK_UPDATE_NS);
}

void play_wait(struct play *play, int64_t until_ns)
{
    struct pollfd fds[LOADER_FDS_MAX + TEST_CARD_FDS_MAX + 1 + DISPLAY_FDS_MAX + WAKEUP_FDS_MAX];
    until_ns = clock_earlier_ns(until_ns, play->end_ns);
    if (!play->drawn)
        until_ns = clock_earlier_ns(until_ns, service_manager_until_ns(&play->manager));
    int count = loader_poll_fds(play->loader, fds, &until_ns);
    if (play->test_card.card && !play->hours.is_closed)
        count += test_card_poll_fds(play->test_card.card, fds + count, &until_ns);
    count += film_lengths_poll_fds(&play->film_lengths, fds + count, &until_ns);
    count += display_poll_fds(fds + count);
    if (wakeup_wait(play->wake, fds, count, until_ns))
        play->stop = true;
}

/* Sleeps until the next frame, change of scene or block of sound is due, a worker or the source has
 * something, or a signal comes. */
static void wait_for_work(struct play *play)
{
    int64_t now_ns = clock_mono_ns();
    int64_t until_ns = next_frame_ns(play, now_ns);
    int64_t change_ns = INT64_MAX;
    if (until_ns == INT64_MAX) {
        double show_ms = show_clock_ms(&play->clock, now_ns);
        int64_t change_ms = playout_next_change(&play->playout, show_ms);
        if (change_ms != INT64_MAX)
            change_ns =
                show_clock_mono_ns(&play->clock, change_ms) - frame_timing_lead_ns(&play->timing);
        /* The wall clock may be set meanwhile. */
        until_ns = clock_earlier_ns(change_ns, play_look_ns(play, now_ns));
        until_ns = clock_earlier_ns(until_ns, play_hours_change_ns(play));
        until_ns = clock_earlier_ns(until_ns, pixel_shift_ns(play, show_ms));
    }
    int64_t sound_ns = soundtrack_until_ns(&play->soundtrack, now_ns, change_ns);
    play_wait(play, clock_earlier_ns(until_ns, sound_ns));
}

/* Without a screen: sleeps until it is time to look for one, or something else happens. That is no
 * reason to start the player again. */
static void wait_for_screen(struct play *play)
{
    struct pollfd fds[1 + DISPLAY_FDS_MAX + WAKEUP_FDS_MAX];
    int64_t until_ns = clock_earlier_ns(play->end_ns, play->retry_ns);
    char words[SERVICE_MANAGER_STATUS_BYTES];
    snprintf(words, sizeof words, "waiting for a screen: %.200s", play->no_screen);
    service_manager_set_status(&play->manager, words);
    service_manager_alive(&play->manager, clock_mono_ns());
    until_ns = clock_earlier_ns(until_ns, service_manager_until_ns(&play->manager));
    int count = film_lengths_poll_fds(&play->film_lengths, fds, &until_ns);
    count += display_poll_fds(fds + count);
    if (wakeup_wait(play->wake, fds, count, until_ns))
        play->stop = true;
}

/* One turn of the loop with a screen. False: the player has to end. */
static bool show_and_hear(struct play *play)
{
    struct err err = {0};
    loader_poll(play->loader);
    /* An event may invalidate the memory that a frame was drawn in. */
    if (!play->drawn && !play_screen_read_events(play))
        return false;
    if (!play->display)
        return true;
    if (is_frame_due(play) && !draw_or_present(play, &err)) {
        if (!play_screen_recover(play, &err))
            return false;
    } else if (!play->drawn) { /* else it is alive when that is on screen */
        service_manager_alive(&play->manager, clock_mono_ns());
    }
    if (play->clock.speed == 1) /* at another speed films are silent */
        soundtrack_turn(&play->soundtrack, &play->playout, play->loader, &play->show, &play->clock);
    return true;
}

static void run_play(struct play *play)
{
    int64_t now_ns;
    while (!play->stop && (now_ns = clock_mono_ns()) < play->end_ns) {
        struct err err = {0};
        if (!play_switch_edition(play, &err))
            log_error("cannot activate the playlist, keeping the previous one reason=\"%s\"",
                      err.text);
        if (wakeup_take_reload(play->wake))
            play_reload(play);
        if (wakeup_take_calls(play->wake) % 2)
            play_test_card_toggle(play);
        play_trouble_turn(play);
        if (play->restart) /* a signal that asks it to end is for the one that takes its place */
            break;
        play_crash_turn(play);
        play_comfort_turn(play);
        update_show_clock(play, now_ns);
        if (!play->display && !play_screen_await(play)) {
            if (!play->stop)
                wait_for_screen(play);
            continue;
        }
        if (play_hours_is_closed(play)) {
            if (!play_hours_rest(play))
                break;
            continue;
        }
        if (!play_hours_open(play) || (play->display && !show_and_hear(play)))
            break;
        if (play->display)
            wait_for_work(play);
    }
    struct refresh_report rest;
    note_refreshes(play);
    if (refresh_report_take_rest(&play->refreshes, &rest))
        log_missed_refreshes(&rest);
    if (!play->display && !play->stop) /* --for has passed, and nothing can be seen */
        play->status = EXIT_FAILURE;
}

static void finish_play(struct play *play)
{
    stop_guard_begin(play->guard);
    play_crash_finish(play);
    if (!play->restart)
        service_manager_stopping(&play->manager);
    int kept = play->restart ? service_manager_copy_kept(&play->manager) : -1;
    play->ending = true; /* a screen that is lost from here on ends the process */
    play_comfort_finish(play);
    feed_stop(play->feed);
    bool clean = soundtrack_finish(&play->soundtrack);
    show_finish(&play->show);
    play_test_card_finish(play);
    loader_destroy(play->loader);
    film_lengths_finish(&play->film_lengths);
    media_opener_destroy(play->opener);
    playout_finish(&play->playout);
    play_house_finish(play);
    display_destroy(play->display);
    display_quit();
    frames_log_close(play->frames_log);
    play_hours_finish(play);
    settings_finish(&play->settings);
    play_reload_finish(play);
    play_trouble_finish(play);
    SDL_Quit();
    worker_process_reap(true);
    service_manager_finish(&play->manager);
    stop_guard_finish(play->guard);
    wakeup_destroy(play->wake);
    if (play->restart) {
        struct err err = {0};
        service_manager_pass_on(kept);
        worker_process_end_servers();
        program_restart(play->arguments, &err);
        log_error("cannot start again, exiting reason=\"%s\"", err.text);
        play->status = EXIT_FAILURE;
    }
    free(play->arguments);
    log_flush();
    if (!clean) {
        fflush(stdout);
        _exit(play->status);
    }
}

/* Takes SDL's messages into the log: SDL itself would block where nobody reads standard error. Any
 * thread. */
static void log_sdl_message(void *context, int category, SDL_LogPriority priority, const char *text)
{
    (void)context;
    (void)category;
    if (priority >= SDL_LOG_PRIORITY_WARN)
        log_warn("SDL message reason=\"%s\"", text);
    else
        log_debug("SDL message reason=\"%s\"", text);
}

/* The program's own arguments: "duckling" and then ours. NULL when out of memory. */
static char **copy_arguments(int argc, char **argv)
{
    static char name[] = "duckling";
    char **arguments = calloc((size_t)argc + 2, sizeof *arguments);
    if (!arguments)
        return NULL;
    arguments[0] = name;
    memcpy(arguments + 1, argv, (size_t)argc * sizeof *arguments);
    return arguments;
}

bool play_has_source(const struct settings *settings, struct err *err)
{
    return settings->source ||
           err_set(err, ERR_INPUT, "no playlist given; use duckling play FILE, URL or CHANNEL/");
}

static void find_manager(struct play *play)
{
    struct err err = {0};
    if (!service_manager_init(&play->manager, &err))
        log_warn("cannot tell the service manager that the player runs reason=\"%s\"", err.text);
    play_restart_begin(play);
}

static int run_command(enum settings_command command, int argc, char **argv)
{
    log_guard_stderr();
    log_set_times(true);
    SDL_LogSetOutputFunction(log_sdl_message, NULL);
    struct play play = {
        .command = command, .redraw = true, .arguments = copy_arguments(argc, argv)};
    struct err err = {0};
    bool is_valid =
        settings_read(&play.settings, command, argc, argv, &err) &&
        (play.settings.help || command != SETTINGS_PLAY || play_has_source(&play.settings, &err));
    if (!play.settings.help && command == SETTINGS_PLAY)
        find_manager(&play);
    if (!is_valid && !play_trouble_take(&play, true, &err)) {
        play.status = usage_refuse(command, &play.settings, &err);
    } else if (play.settings.help) {
        usage_print(command, play.settings.help);
    } else if (!play_start(&play, &err)) {
        play.status =
            err.code == ERR_USAGE ? usage_refuse(command, &play.settings, &err) : EXIT_FAILURE;
        if (play.status == EXIT_FAILURE)
            log_error("cannot start reason=\"%s\"", err.text);
    } else {
        run_play(&play);
    }
    finish_play(&play);
    return play.status;
}

int play_main(int argc, char **argv)
{
    return run_command(SETTINGS_PLAY, argc, argv);
}

int play_identify_main(int argc, char **argv)
{
    return run_command(SETTINGS_IDENTIFY, argc, argv);
}
