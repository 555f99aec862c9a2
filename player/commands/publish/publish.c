#include "commands/publish/publish.h"

#include "base/clock.h"
#include "base/log.h"
#include "commands/publish/publish_terminal.h"
#include "commands/publish/publish_playlist.h"
#include "commands/publish/publish_rollback.h"
#include "commands/publish/publish_session.h"
#include "commands/publish/publish_time.h"
#include "commands/usage.h"

#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "publish"

#define EXPIRES_DEFAULT_MS (90 * INT64_C(86400000))

struct publish_command {
    struct settings settings;
    bool rollback;
    int64_t version; /* for --rollback; 0: the one before */
    int64_t expires_ms;
};

static MUST_CHECK bool read_expires(struct publish_command *command, struct err *err)
{
    const char *text = command->settings.values[SETTING_EXPIRES].text;
    int64_t now_ms = clock_wall_ms();
    command->expires_ms = now_ms + EXPIRES_DEFAULT_MS;
    if (!text)
        return true;
    char when[PUBLISH_TIME_BYTES], span[PUBLISH_TIME_BYTES];
    if (!settings_instant(&command->settings, SETTING_EXPIRES,
                          command->settings.values[SETTING_TIMEZONE].text, &command->expires_ms,
                          err))
        return false;
    publish_time_print(&command->settings, command->expires_ms, when);
    if (command->expires_ms <= now_ms)
        return err_set(err, ERR_INPUT, "option --expires needs a time in the future, not %s (%s)",
                       text, when);
    publish_time_span(command->expires_ms - now_ms, span);
    log_info("players will report the playlist as stale after this time expires=%s in=\"%s\"", when,
             span);
    return true;
}

static MUST_CHECK bool read_publish_usage(struct publish_command *command, int argc, char **argv,
                                          struct err *err)
{
    struct settings *settings = &command->settings;
    if (!settings_read(settings, SETTINGS_PUBLISH, argc, argv, err) || settings->help)
        return settings->help;
    command->rollback = settings->values[SETTING_ROLLBACK].number > 0;
    if (!command->rollback && !settings->source)
        return err_set(err, ERR_INPUT,
                       "no playlist given; use duckling publish FILE, or --rollback");
    if (command->rollback && settings->source &&
        !publish_session_version(settings->source, &command->version, err))
        return err_prefix(err, "option --rollback ");
    return publish_session_check(settings, err) && read_expires(command, err);
}

static MUST_CHECK bool publish_file(struct publish_command *command,
                                    struct publish_session *session,
                                    struct publish_outcome *outcome, struct err *err)
{
    struct publish_playlist file = {0};
    const char *path = command->settings.source;
    /* A missing key or a wrong address shows before minutes are spent on films. */
    bool ok = publish_playlist_read(&file, path, err) &&
              publish_session_begin(session, &command->settings, POINTER_PLAYLIST, err) &&
              publish_playlist_check(&file, &command->settings, path, err) &&
              publish_session_go_on(session, err);
    if (ok) {
        const struct publish_content content = {.bytes = file.bytes,
                                                .size = file.size,
                                                .files = file.media.files,
                                                .file_count = file.media.file_count};
        ok = publish_session_put(session, &content, &file.media, command->expires_ms, outcome, err);
    }
    publish_playlist_finish(&file);
    return ok;
}

static MUST_CHECK bool roll_back(struct publish_command *command, struct publish_session *session,
                                 struct publish_outcome *outcome, struct err *err)
{
    struct publish_version version = {0};
    bool ok = publish_session_begin(session, &command->settings, POINTER_PLAYLIST, err) &&
              publish_rollback_read(session, command->version, &version, err) &&
              publish_session_go_on(session, err) &&
              publish_rollback_put(session, &version, command->expires_ms, outcome, err);
    free(version.bytes);
    return ok;
}

static MUST_CHECK bool run_publish(struct publish_command *command, struct err *err)
{
    struct publish_session session = {0};
    struct publish_outcome outcome = {0};
    static const struct publish_words words = {.done = "published", .planned = "would publish"};
    publish_terminal_watch_signals();
    bool ok = (command->rollback ? roll_back(command, &session, &outcome, err)
                                 : publish_file(command, &session, &outcome, err)) &&
              publish_session_print(&session, &words, &outcome, err);
    publish_session_finish(&session);
    return ok;
}

int publish_main(int argc, char **argv)
{
    struct publish_command command = {0};
    struct err err = {0};
    int status = EXIT_SUCCESS;
    if (!read_publish_usage(&command, argc, argv, &err)) {
        status = usage_refuse(SETTINGS_PUBLISH, &command.settings, &err);
    } else if (command.settings.help) {
        usage_print(SETTINGS_PUBLISH, command.settings.help);
    } else if (!run_publish(&command, &err)) {
        log_error("cannot publish reason=\"%s\"", err.text);
        status = EXIT_FAILURE;
    }
    settings_finish(&command.settings);
    log_flush();
    return status;
}
