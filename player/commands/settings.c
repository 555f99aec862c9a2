#include "commands/settings.h"

#include "base/file.h"
#include "base/log.h"
#include "base/zone.h"

#include <stdlib.h>
#include <string.h>

static MUST_CHECK bool read_config_file(struct settings *settings, struct err *err)
{
    const char *path = settings->values[SETTING_CONFIG].text;
    size_t size;
    if (!file_read(path, 65536, &settings->config_bytes, &size, err))
        return err_prefix(err, "option --config: ");
    if (strlen(settings->config_bytes) < size)
        return err_set(err, ERR_INPUT, "%s: not a text file; save it as UTF-8", path);
    return options_read_file(&settings_table, settings->config_bytes, path, settings->values, err);
}

static void set_log_level(const char *name)
{
    static const char *const names[] = {
        [LOG_LEVEL_ERROR] = "error",
        [LOG_LEVEL_WARN] = "warn",
        [LOG_LEVEL_INFO] = "info",
        [LOG_LEVEL_DEBUG] = "debug",
    };
    for (enum log_level level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++)
        if (strcmp(names[level], name) == 0)
            log_set_level(level);
}

static MUST_CHECK bool read_operands(struct settings *settings, enum settings_command command,
                                     int count, char **operands, struct err *err)
{
    int limit = 1;
    const char *accepts = "one playlist";
    if (command == SETTINGS_PLAY) {
        limit = SETTINGS_OPERANDS_MAX;
        accepts = "at most 8 sources";
    } else if (command == SETTINGS_EXPLAIN) {
        limit = 2;
        accepts = "one playlist and one spot";
    } else if (command == SETTINGS_TAKEOVER) {
        limit = 2;
        accepts = "\"on\" and one playlist, or \"off\"";
    }
    if (count > limit)
        return err_set(err, ERR_INPUT, "extra argument \"%.200s\"; this command takes %s",
                       operands[limit], accepts);
    for (int i = 0; i < count; i++)
        settings->operands[settings->operand_count++] = operands[i];
    return true;
}

/* Whether the times that a command takes are times: whatever they mean, before anything is done. */
static MUST_CHECK bool check_instants(const struct settings *settings,
                                      enum settings_command command, struct err *err)
{
    static const enum setting instants[] = {SETTING_AT, SETTING_FROM, SETTING_TO, SETTING_EXPIRES,
                                            SETTING_UNTIL};
    for (size_t i = 0; i < sizeof instants / sizeof *instants; i++) {
        const char *text = settings->values[instants[i]].text;
        int64_t ms;
        bool local;
        if (text && (settings_table.rows[instants[i]].commands & command) &&
            !civil_parse_instant(text, &local, &ms))
            return settings_refuse_instant(settings, instants[i], err);
    }
    return true;
}

bool settings_read(struct settings *settings, enum settings_command command, int argc, char **argv,
                   struct err *err)
{
    int operand;
    *settings = (struct settings){0};
    options_defaults(&settings_table, settings->values);
    if (!options_parse(&settings_table, command, argc, argv, settings->values, &operand,
                       &settings->help, err))
        return false;
    if (settings->help != OPTIONS_HELP_NONE)
        return true;
    if (!read_operands(settings, command, argc - operand, argv + operand, err))
        return false;
    if (settings->values[SETTING_CONFIG].given && !read_config_file(settings, err))
        return false;
    set_log_level(settings->values[SETTING_LOG_LEVEL].text);
    if (strcmp(settings->values[SETTING_LOG_FORMAT].text, "json") == 0)
        log_set_format(LOG_FORMAT_JSON);
    if (!check_instants(settings, command, err))
        return false;
    const struct option_value *sources = &settings->values[SETTING_SOURCE];
    if (sources->text_count > SETTINGS_OPERANDS_MAX)
        return err_set(err, ERR_INPUT, "option --source may be given at most %d times",
                       SETTINGS_OPERANDS_MAX);
    if (command != SETTINGS_PUBLISH && command != SETTINGS_TAKEOVER && settings->operand_count == 0)
        for (int i = 0; i < sources->text_count; i++)
            settings->operands[settings->operand_count++] = sources->texts[i];
    settings->source = settings->operands[0];
    return true;
}

void settings_finish(struct settings *settings)
{
    free(settings->config_bytes);
    settings->config_bytes = NULL;
}

bool settings_instant(const struct settings *settings, enum setting setting, const char *zone_name,
                      int64_t *ms, struct err *err)
{
    const char *text = settings->values[setting].text;
    bool local;
    if (!civil_parse_instant(text, &local, ms))
        return settings_refuse_instant(settings, setting, err);
    if (!local)
        return true;
    struct zone zone = {0};
    bool ok = zone_name ? zone_load(&zone, zone_name, err) : zone_load_system(&zone, err);
    if (ok)
        *ms = civil_instant(&zone.civil, *ms);
    zone_finish(&zone);
    return ok;
}

bool settings_refuse_instant(const struct settings *settings, enum setting setting, struct err *err)
{
    return err_set(err, ERR_USAGE,
                   "option --%s needs a date and time such as 2026-02-06T20:00 or "
                   "2026-02-06T20:00:00+09:00, not \"%.200s\"",
                   settings_table.rows[setting].name, settings->values[setting].text);
}
