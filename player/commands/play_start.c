/* The start of the play command: what it opens, in which order, and what of it ends the player. */
#include "commands/play_internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "commands/start_log.h"
#include "decode/worker_process.h"
#include "http/http.h"

#define LOG_MODULE "play_start"

/* An end takes less than a tenth of a second; what takes longer hangs. Sanitizers look through all memory,
 * and those who test with them have busy machines. */
#ifdef DUCKLING_SANITIZED
#define STOP_LIMIT_MS 8000
#else
#define STOP_LIMIT_MS 900
#endif

/* Starts the show clock at --at, or now, with --speed. */
static MUST_CHECK bool start_show_clock(struct play *play, struct err *err)
{
    int64_t now_ns = clock_mono_ns();
    const char *at = play_option(play, SETTING_AT)->text;
    const struct option_value *speed = play_option(play, SETTING_SPEED);
    play->clock_updated_ns = now_ns;
    if (!at && !speed->text) {
        show_clock_init(&play->clock, now_ns, play_trusted_wall_ms(play, now_ns));
        return true;
    }
    int64_t start_ms = play_trusted_wall_ms(play, now_ns);
    if (at && !settings_instant(&play->settings, SETTING_AT,
                                play_option(play, SETTING_TIMEZONE)->text, &start_ms, err))
        return false;
    show_clock_pin(&play->clock, now_ns, start_ms);
    if (speed->text)
        show_clock_set_speed(&play->clock, (int)speed->number);
    log_debug("show clock started mono_ns=%lld show_ms=%lld", (long long)now_ns,
              (long long)start_ms);
    return true;
}

bool play_start_feed(struct play *play, struct err *err)
{
    const struct option_value *keys = play_option(play, SETTING_KEY);
    const struct feed_config config = {
        .sources = play->settings.operands,
        .source_count = (size_t)play->settings.operand_count,
        .keys = keys->texts,
        .key_count = (size_t)keys->text_count,
        .store = play_option(play, SETTING_STORE)->text,
        .state = play_option(play, SETTING_STATE)->text,
        .ca_file = play_option(play, SETTING_CA_FILE)->text,
        .client_cert = play_option(play, SETTING_CLIENT_CERT)->text,
        .client_key = play_option(play, SETTING_CLIENT_KEY)->text,
        .proxy = play_option(play, SETTING_PROXY)->text,
        .poll_ms = (int64_t)(play_option(play, SETTING_POLL)->number * 1000),
        .quota_bytes = (int64_t)play_option(play, SETTING_QUOTA)->number,
        .bandwidth_bytes_per_s = (int64_t)play_option(play, SETTING_BANDWIDTH)->number,
        .left_out = &play->crash.playlists,
        .patient = play->manager.is_there,
        .screen_is_coming = true,
        .wake = wakeup_post,
        .wake_context = play->wake,
    };
    if (play->manager.is_there && !play_crash_allows_playlists(play, err))
        return false;
    play->feed = feed_start(&config, err);
    play_screen_tell_feed(play);
    return play->feed != NULL;
}

/* What a service does without, and others end for. */
static MUST_CHECK bool open_frames_log(struct play *play, struct err *err)
{
    const struct option_value *frames_log = play_option(play, SETTING_FRAMES_LOG);
    if (!frames_log->text)
        return true;
    play->frames_log = frames_log_open(frames_log->text, err);
    return play->frames_log || play_trouble_take(play, false, err);
}

/* A wrong playlist file ends a player at the start that is no service; what a server has sent, or what
 * is in the store, never does. */
static MUST_CHECK bool start_first_edition(struct play *play, struct err *err)
{
    bool is_file =
        !http_is_url(play->settings.source) && play_option(play, SETTING_KEY)->text_count == 0;
    if (!play_start_feed(play, err))
        return play_trouble_take_feed(play, err);
    if (play_switch_edition(play, err)) {
        bool is_there = play->film_lengths.edition || play->playout.edition;
        if (is_file && !is_there && !play->house.edition)
            play->house.was_shown = false; /* who has moved the file is told */
        return true;
    }
    if (is_file && !play->manager.is_there)
        return false;
    log_error("cannot activate the playlist reason=\"%s\"", err->text);
    return true;
}

/* A wrong playlist is reported before a window hides the terminal. */
static MUST_CHECK bool start_source(struct play *play, struct err *err)
{
    if (play->command == SETTINGS_IDENTIFY) {
        play->house.was_shown = true; /* the card under the test card needs no words */
        play->test_card.until_ns = INT64_MAX;
        return true;
    }
    if (play->settings.source)
        start_log_write(&play->settings);
    return play_house_start(play, err) &&
           (play->trouble.is_invalid || start_first_edition(play, err));
}

static MUST_CHECK bool start_screen(struct play *play, struct err *err)
{
    if (play_screen_open(play, err))
        return true;
    if (err->code != ERR_USAGE || !play_trouble_take(play, false, err))
        return false;
    play_screen_ignore_options(play);
    return play_screen_open(play, err);
}

bool play_start(struct play *play, struct err *err)
{
    if (!play->arguments)
        return err_oom(err);
    display_block_signals();
    play->wake = wakeup_create(err); /* what is started from here on ignores SIGUSR1 */
    if (!play->wake ||
        !worker_process_prepare(play_option(play, SETTING_NO_SANDBOX)->number > 0, err))
        return false;
    play->opener = play->film_lengths.opener = media_opener_create(wakeup_post, play->wake);
    if (!play->opener)
        return err_oom(err);
    play->guard = stop_guard_start(wakeup_signals(play->wake), STOP_LIMIT_MS, err);
    if (!play->guard || !open_frames_log(play, err))
        return false;
    play_crash_start(play);
    play_comfort_start(play);
    if (!play_hours_set(play, &play->settings, err) && !play_trouble_take(play, false, err))
        return false;
    if (!play_bandwidth_set(play, &play->settings, err) && !play_trouble_take(play, false, err))
        return false;
    play_take_volume(play);
    if (!start_source(play, err))
        return false;
    if (!start_show_clock(play, err)) {
        if (!play_trouble_take(play, false, err))
            return false;
        show_clock_init(&play->clock, clock_mono_ns(), play_trusted_wall_ms(play, clock_mono_ns()));
    }
    if (!soundtrack_init(&play->soundtrack))
        return err_oom(err);
    if (!start_screen(play, err))
        return false;
    const struct option_value *length = play_option(play, SETTING_FOR);
    play->end_ns = length->text ? clock_mono_ns() + (int64_t)(length->number * 1e9) : INT64_MAX;
    return true;
}
