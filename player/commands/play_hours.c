/* Operating hours and dimming in the play command: how bright the next frame is, and the time in which
 * the screen is off. */
#include "commands/play_internal.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>

#define LOG_MODULE "play_hours"

bool play_hours_set(struct play *play, const struct settings *settings, struct err *err)
{
    const struct option_value *values = settings->values;
    const char *zone = values[SETTING_TIMEZONE].text;
    struct zone loaded = {0};
    struct err why = {0};
    if (zone && !zone_load(&loaded, zone, err))
        return false;
    if (!zone && !zone_load_system(&loaded, &why) && values[SETTING_OPERATING_HOURS].text)
        log_warn("cannot read the system's time zone, operating hours are in UTC reason=\"%s\"",
                 why.text);
    if (!screen_hours_set(&play->hours.state, values[SETTING_OPERATING_HOURS].text,
                          values[SETTING_DIMMING].text, values[SETTING_TAKEOVER_WAKES].number > 0,
                          err)) {
        zone_finish(&loaded);
        return false;
    }
    zone_finish(&play->hours.zone);
    play->hours.zone = loaded;
    play->hours.zone_is_own = zone != NULL;
    return true;
}

void play_hours_finish(struct play *play)
{
    zone_finish(&play->hours.zone);
}

/* As guide and explain have it: the option's, else the playlist's, else the system's. */
const struct zone *play_hours_zone(const struct play *play)
{
    bool is_playlists = !play->hours.zone_is_own && play->playout.programme;
    return is_playlists ? &play->playout.zone : &play->hours.zone;
}

void play_hours_note_edition(struct play *play)
{
    screen_hours_forget(&play->hours.state);
    play_bandwidth_forget(play);
}

double play_hours_turn(struct play *play, double show_ms)
{
    play_bandwidth_turn(play, show_ms);
    const struct edition *edition = play->playout.edition;
    screen_hours_turn(&play->hours.state, &play_hours_zone(play)->civil, (int64_t)show_ms,
                      clock_mono_ns(), edition && edition->takeover);
    return play->hours.state.level * playout_dim(&play->playout, show_ms);
}

void play_hours_note_presented(struct play *play)
{
    play->hours.is_black = play->frame.mix.dim <= 0;
}

int64_t play_hours_change_ns(const struct play *play)
{
    int64_t change_ms = screen_hours_change_ms(&play->hours.state);
    return change_ms == INT64_MAX ? INT64_MAX : show_clock_mono_ns(&play->clock, change_ms);
}

bool play_hours_is_closed(struct play *play)
{
    play_hours_turn(play, show_clock_ms(&play->clock, clock_mono_ns()));
    return screen_hours_is_dark(&play->hours.state) && play->hours.is_black && !play->drawn &&
           !play_test_card_is_on(play);
}

/* For people: "2026-02-06T07:00:00+09:00", or "unknown" where none is in sight. */
static void name_opening(const struct play *play, char text[40])
{
    int64_t change_ms = screen_hours_change_ms(&play->hours.state);
    snprintf(text, 40, "unknown");
    if (change_ms != INT64_MAX)
        civil_format(&play_hours_zone(play)->civil, change_ms, text);
}

static void turn_off(struct play *play)
{
    struct err err = {0};
    char until[40];
    name_opening(play, until);
    play->hours.is_closed = true;
    frame_timing_set_running(&play->timing, false);
    play->hours.is_off = display_set_power(play->display, false, &err);
    if (play->hours.is_off)
        log_info("screen off, outside operating hours until=%s", until);
    else if (err.code == ERR_INPUT)
        log_info("screen black, outside operating hours until=%s", until);
    else
        log_warn("cannot turn the screen off, it is black outside operating hours until=%s "
                 "reason=\"%s\"",
                 until, err.text);
}

bool play_hours_open(struct play *play)
{
    struct err err = {0};
    bool was_off = play->hours.is_off;
    if (!play->hours.is_closed)
        return true;
    play->hours.is_closed = play->hours.is_off = play->hours.is_black = false;
    play->redraw = true;
    log_info("screen on again");
    return !was_off || display_set_power(play->display, true, &err) ||
           play_screen_recover(play, &err);
}

void play_hours_note_opened(struct play *play)
{
    play->hours.is_closed = play->hours.is_off = play->hours.is_black = false;
}

/* What was on screen before it went off is drawn in black where a window was uncovered. */
static bool draw_black(struct play *play)
{
    struct err err = {0};
    play->redraw = false;
    if (play->hours.is_off || play->frame.nothing || !play->frame.mix.to.picture)
        return true;
    play->frame.mix.dim = 0;
    return display_show(play->display, &play->frame.mix, &err) || play_screen_recover(play, &err);
}

bool play_hours_rest(struct play *play)
{
    char words[SERVICE_MANAGER_STATUS_BYTES], until[40];
    loader_poll(play->loader);
    if (!play_screen_read_events(play))
        return false;
    if (!play->display || play->stop)
        return true;
    if (!play->hours.is_closed)
        turn_off(play);
    if (play->redraw && !draw_black(play))
        return false;
    if (!play->display)
        return true;
    name_opening(play, until);
    snprintf(words, sizeof words, "outside operating hours until %s", until);
    service_manager_set_status(&play->manager, words);
    int64_t now_ns = clock_mono_ns();
    service_manager_alive(&play->manager, now_ns);
    play_wait(play, clock_earlier_ns(play_look_ns(play, now_ns), play_hours_change_ns(play)));
    return true;
}
