#include "commands/settings.h"

#include "base/log.h"
#include "base/zone.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "settings"

bool settings_is_about_play(enum settings_command command)
{
    return command == SETTINGS_PLAY || command == SETTINGS_SHOW_CONFIG ||
           command == SETTINGS_DOCTOR;
}

/* The configuration file that was asked for by name, and by what; NULL: none was. */
static const char *find_config_file(const struct option_value *typed, const char **by)
{
    *by = "option --config";
    if (typed->given)
        return typed->text;
    const char *variable = getenv(CONFIG_VARIABLE "CONFIG");
    *by = CONFIG_VARIABLE "CONFIG";
    return variable && *variable ? variable : NULL;
}

/* The file, and those in the folder beside it. Without a name it is the one below `root`. */
static void read_config_files(struct settings *settings, enum settings_command command,
                              const char *named, const char *by, const char *root)
{
    char path[PATH_MAX], folder[PATH_MAX];
    struct err err = {0};
    snprintf(path, sizeof path, "%s%s", named ? "" : root, named ? named : SETTINGS_CONFIG_FILE);
    if (strcmp(path, "none") == 0)
        return;
    bool is_read = config_read_file(&settings->config, path, &err);
    if (!is_read && named)
        config_add_fault(&settings->config, "%s: %s", by, err.text);
    else if (!is_read && err.code != ERR_MISSING &&
             (command == SETTINGS_PLAY || command == SETTINGS_DOCTOR))
        config_add_fault(&settings->config, "%s", err.text);
    else if (!is_read && err.code != ERR_MISSING)
        log_warn("cannot read the player's configuration, going on without it reason=\"%s\"",
                 err.text);
    int length = snprintf(folder, sizeof folder, "%s.d", path);
    if (length > 0 && (size_t)length < sizeof folder)
        config_read_folder(&settings->config, folder);
}

/* Other programs' variables may begin alike, so that a slip is no fault. */
static void warn_of_strays(const struct config *config)
{
    char variable[CONFIG_VARIABLE_BYTES], meant[CONFIG_VARIABLE_BYTES];
    int next = 0;
    while (config_next_stray(config, &next, variable, meant))
        log_warn("variable of the environment is no option, ignoring it name=%s meant=%s", variable,
                 meant);
}

/* Lays the configuration over the defaults, and what was typed over that. */
static MUST_CHECK bool read_configuration(struct settings *settings, enum settings_command command,
                                          const struct option_value *typed, struct err *err)
{
    const char *by;
    const char *root = typed[SETTING_ROOT].text;
    const char *named = find_config_file(&typed[SETTING_CONFIG], &by);
    if (root && !typed[SETTING_CONFIG].given)
        named = NULL;
    unsigned players = SETTINGS_PLAY | (settings_is_about_play(command) ? 0 : command);
    struct config *config = &settings->config;
    config_init(config, &settings_table, settings->values,
                typed[SETTING_CONFIG].given ? 0 : players);
    read_config_files(settings, command, named, by, root ? root : "");
    config->commands = players;
    config_read_environment(config);
    for (size_t i = 0; i < settings_table.count; i++)
        if (typed[i].given)
            settings->values[i] = typed[i];
    if (config->out_of_memory)
        return err_oom(err);
    if (config->fault_count > 0)
        return err_set(err, ERR_CONFIG, "the configuration has faults, the first is %s",
                       config->faults[0]);
    return true;
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
    if (settings_is_about_play(command)) {
        limit = SETTINGS_OPERANDS_MAX;
        accepts = "at most 8 sources";
    } else if (command == SETTINGS_EXPLAIN) {
        limit = 2;
        accepts = "one playlist and one spot";
    } else if (command == SETTINGS_IDENTIFY || command == SETTINGS_SETUP) {
        limit = 0;
        accepts = "options alone";
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

/* What the operands are where there are none: the sources of the configuration. */
static MUST_CHECK bool take_sources(struct settings *settings, enum settings_command command,
                                    struct err *err)
{
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

bool settings_look(struct settings *settings, enum settings_command command, int argc, char **argv,
                   struct err *err)
{
    int operand;
    struct option_value typed[SETTING_COUNT];
    unsigned takes = command | (settings_is_about_play(command) ? SETTINGS_PLAY : 0);
    *settings = (struct settings){0};
    options_defaults(&settings_table, settings->values);
    options_defaults(&settings_table, typed);
    if (!options_parse(&settings_table, takes, argc, argv, typed, &operand, &settings->help, err))
        return false;
    if (settings->help != OPTIONS_HELP_NONE)
        return true;
    return read_operands(settings, command, argc - operand, argv + operand, err) &&
           read_configuration(settings, command, typed, err) &&
           take_sources(settings, command, err);
}

bool settings_read(struct settings *settings, enum settings_command command, int argc, char **argv,
                   struct err *err)
{
    bool ok = settings_look(settings, command, argc, argv, err);
    if (settings->config.table)
        warn_of_strays(&settings->config);
    set_log_level(settings->values[SETTING_LOG_LEVEL].text);
    if (strcmp(settings->values[SETTING_LOG_FORMAT].text, "json") == 0)
        log_set_format(LOG_FORMAT_JSON);
    return ok;
}

void settings_finish(struct settings *settings)
{
    config_finish(&settings->config);
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
