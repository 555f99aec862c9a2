#include "commands/publish/takeover.h"

#include "base/clock.h"
#include "base/log.h"
#include "commands/publish/publish_terminal.h"
#include "commands/publish/publish_playlist.h"
#include "commands/publish/publish_rollback.h"
#include "commands/publish/publish_session.h"
#include "commands/publish/publish_time.h"
#include "commands/usage.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "takeover"

#define UNTIL_DAYS_MAX 31
#define UNTIL_MS_MAX (UNTIL_DAYS_MAX * INT64_C(86400000))

struct takeover_command {
    struct settings settings;
    bool on;
    int64_t until_ms;
};

static MUST_CHECK bool read_until(struct takeover_command *command, struct err *err)
{
    const char *text = command->settings.values[SETTING_UNTIL].text;
    int64_t now_ms = clock_wall_ms();
    if (!text)
        return err_set(err, ERR_INPUT,
                       "option --until is missing; it says when the takeover ends, such as --until "
                       "2026-02-06T20:00");
    if (!settings_instant(&command->settings, SETTING_UNTIL,
                          command->settings.values[SETTING_TIMEZONE].text, &command->until_ms, err))
        return false;
    char when[PUBLISH_TIME_BYTES], span[PUBLISH_TIME_BYTES];
    publish_time_print(&command->settings, command->until_ms, when);
    if (command->until_ms <= now_ms)
        return err_set(err, ERR_INPUT, "option --until needs a time in the future, not %s (%s)",
                       text, when);
    if (command->until_ms - now_ms > UNTIL_MS_MAX)
        return err_set(err, ERR_INPUT,
                       "option --until needs a time at most %d days from now, not %s (%s)",
                       UNTIL_DAYS_MAX, text, when);
    publish_time_span(command->until_ms - now_ms, span);
    log_info("takeover will end by itself until=%s in=\"%s\"", when, span);
    return true;
}

static MUST_CHECK bool read_takeover_usage(struct takeover_command *command, int argc, char **argv,
                                           struct err *err)
{
    struct settings *settings = &command->settings;
    if (!settings_read(settings, SETTINGS_TAKEOVER, argc, argv, err) || settings->help)
        return settings->help;
    const char *word = settings->operands[0];
    command->on = word && strcmp(word, "on") == 0;
    if (!word)
        return err_set(err, ERR_INPUT,
                       "nothing to do; use duckling takeover on FILE, or duckling takeover off");
    if (!command->on && strcmp(word, "off") != 0)
        return err_set(err, ERR_INPUT,
                       "the first argument must be \"on\" or \"off\", not \"%.200s\"", word);
    if (command->on && !settings->operands[1])
        return err_set(err, ERR_INPUT, "no playlist given; use duckling takeover on FILE");
    if (!command->on && settings->operands[1])
        return err_set(err, ERR_INPUT, "extra argument \"%.200s\"; \"off\" takes no playlist",
                       settings->operands[1]);
    if (!command->on && settings->values[SETTING_UNTIL].given)
        return err_set(err, ERR_INPUT, "\"off\" ends the takeover at once; remove --until");
    return publish_session_check(settings, err) && (!command->on || read_until(command, err));
}

/* A mistyped channel looks like a new one, and a channel without a playlist is on no screen. */
static bool has_no_playlist(const struct publish_session *session)
{
    struct publish_channel channel = session->channel;
    struct pointer pointer;
    struct err err = {0};
    channel.kind = POINTER_PLAYLIST;
    return publish_channel_current(&channel, &pointer, &err) && pointer.version == 0;
}

static MUST_CHECK bool turn_on(struct takeover_command *command, struct publish_session *session,
                               struct err *err)
{
    static const struct publish_words words = {
        .done = "takeover on", .planned = "would turn takeover on", .until = true};
    struct publish_playlist file = {0};
    struct publish_outcome outcome = {0};
    const char *path = command->settings.operands[1];
    bool ok = publish_playlist_read(&file, path, err) &&
              publish_session_begin(session, &command->settings, POINTER_TAKEOVER, err) &&
              publish_playlist_check(&file, &command->settings, path, err) &&
              publish_session_go_on(session, err);
    if (ok) {
        const struct publish_content content = {.bytes = file.bytes,
                                                .size = file.size,
                                                .files = file.media.files,
                                                .file_count = file.media.file_count};
        ok =
            publish_session_put(session, &content, &file.media, command->until_ms, &outcome, err) &&
            publish_session_print(session, &words, &outcome, err);
        if (ok && has_no_playlist(session))
            log_warn("no playlist was ever published on this channel, check its name channel=%s",
                     session->channel.name);
    }
    publish_playlist_finish(&file);
    return ok;
}

/* Publishes a takeover that has expired already, with the current one's playlist. That playlist
 * is never shown, so it may be replaced where it is missing or damaged: the takeover must end
 * anyhow. */
static MUST_CHECK bool put_expired_takeover(struct publish_session *session,
                                            struct publish_outcome *outcome, struct err *err)
{
    static const char over[] = "{\"format\": \"duckling/1\", \"spots\": {\"over\": {\"tagline\": "
                               "\"-\"}}}";
    static const struct playlist_compile_file no_files[1];
    const struct publish_content plain = {over, sizeof over - 1, no_files, 0};
    struct publish_version version = {0};
    struct publish_media media = {0};
    bool ok;
    if (session->newest.version == 0) {
        ok = publish_session_put(session, &plain, &media, 0, outcome, err);
    } else if (publish_channel_read(&session->channel, session->newest.version, &version, err)) {
        const struct publish_content again = {.bytes = version.bytes,
                                              .size = (size_t)version.pointer.bytes};
        ok = publish_session_put(session, &again, &media, 0, outcome, err);
    } else if (publish_channel_is_unusable(err)) {
        log_warn("cannot read the current takeover's playlist, replacing it reason=\"%s\"",
                 err->text);
        ok = publish_session_put(session, &plain, &media, 0, outcome, err);
    } else {
        ok = false;
    }
    free(version.bytes);
    return ok;
}

static MUST_CHECK bool turn_off(struct takeover_command *command, struct publish_session *session,
                                struct err *err)
{
    static const struct publish_words words = {.done = "takeover off",
                                               .planned = "would turn takeover off"};
    struct publish_outcome outcome = {0};
    if (!publish_session_begin(session, &command->settings, POINTER_TAKEOVER, err) ||
        !publish_session_go_on(session, err))
        return false;
    /* This is done even if no takeover seems to be on: one whose pointer was deleted goes on on
     * the screens, and one that has expired by this clock may be on where the clock is slow.
     * Only a newer version ends it, and a version that is numbered by the time can't be found
     * without its pointer; so only a channel without anything is left alone. */
    if (session->highest > 0 || session->after > 0 || !has_no_playlist(session))
        return put_expired_takeover(session, &outcome, err) &&
               publish_session_print(session, &words, &outcome, err);
    log_info("no takeover was ever on, nothing to do channel=%s", session->channel.name);
    return true;
}

static MUST_CHECK bool run_takeover(struct takeover_command *command,
                                    struct publish_session *session, struct err *err)
{
    publish_terminal_watch_signals();
    return command->on ? turn_on(command, session, err) : turn_off(command, session, err);
}

int takeover_main(int argc, char **argv)
{
    struct takeover_command command = {0};
    struct publish_session session = {0};
    struct err err = {0};
    int status = EXIT_SUCCESS;
    if (!read_takeover_usage(&command, argc, argv, &err)) {
        status = usage_refuse(SETTINGS_TAKEOVER, &command.settings, &err);
    } else if (command.settings.help) {
        usage_print(SETTINGS_TAKEOVER, command.settings.help);
    } else if (!run_takeover(&command, &session, &err)) {
        log_error("cannot change the takeover reason=\"%s\"", err.text);
        status = EXIT_FAILURE;
    }
    publish_session_finish(&session);
    settings_finish(&command.settings);
    log_flush();
    return status;
}
