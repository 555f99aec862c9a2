/* The settings of all commands, as C types; their table is settings_table.c. */
#ifndef COMMANDS_SETTINGS_H
#define COMMANDS_SETTINGS_H

#include "base/config.h"
#include "base/options.h"
#include "core/err.h"

#include <stdint.h>

enum settings_command {
    SETTINGS_PLAY = 1,
    SETTINGS_PREVIEW = 2,
    SETTINGS_GUIDE = 4,
    SETTINGS_EXPLAIN = 8,
    SETTINGS_CHECK = 16,
    SETTINGS_PUBLISH = 32,
    SETTINGS_TAKEOVER = 64,
    SETTINGS_SHOW_CONFIG = 128, /* `duckling config`: takes the options of play, too */
    SETTINGS_IDENTIFY = 256,
    SETTINGS_DOCTOR = 512, /* takes the options of play, too */
    SETTINGS_SETUP = 1024,
};

/* The player's configuration, which is read where no other is named. */
#define SETTINGS_CONFIG_FILE "/etc/duckling/player.conf"

enum setting {
    SETTING_CONFIG,
    SETTING_SOURCE,
    SETTING_WINDOW,
    SETTING_ROTATE,
    SETTING_RENDERER,
    SETTING_REFRESH,
    SETTING_CONNECTOR,
    SETTING_MODE,
    SETTING_CANVAS,
    SETTING_KEYBOARD,
    SETTING_HOUSE,
    SETTING_OPERATING_HOURS,
    SETTING_DIMMING,
    SETTING_PIXEL_SHIFT,
    SETTING_TAKEOVER_WAKES,
    SETTING_TIMEZONE,
    SETTING_LANGUAGE,
    SETTING_STORE,
    SETTING_KEY,    /* play: public keys */
    SETTING_SECRET, /* publish, takeover: also called --key */
    SETTING_STATE,
    SETTING_QUOTA,
    SETTING_BANDWIDTH,
    SETTING_BANDWIDTH_HOURS,
    SETTING_PROXY,
    SETTING_MAX_VOLUME,
    SETTING_MIN_SLOT,
    SETTING_POLL,
    SETTING_BASE, /* publish, takeover: --to */
    SETTING_CHANNEL,
    SETTING_AFTER,
    SETTING_EXPIRES,
    SETTING_UNTIL,
    SETTING_DRY_RUN,
    SETTING_ROLLBACK,
    SETTING_CA_FILE,
    SETTING_CLIENT_CERT,
    SETTING_CLIENT_KEY,
    SETTING_DECODE_TIMEOUT,
    SETTING_NO_SANDBOX,
    SETTING_NO_CACHE,
    SETTING_AT,
    SETTING_SPEED,
    SETTING_FOR,
    SETTING_FRAMES_LOG,
    SETTING_LOG_LEVEL,
    SETTING_LOG_FORMAT,
    SETTING_OUTPUT,  /* preview */
    SETTING_CARD,    /* identify: --output */
    SETTING_SIZE,    /* identify */
    SETTING_SIZES,   /* preview: --size */
    SETTING_SCREENS, /* check, publish, takeover: --size */
    SETTING_SHEET,
    SETTING_GUIDES,
    SETTING_FRAMES,
    SETTING_STRIP,
    SETTING_FPS,
    SETTING_FROM,
    SETTING_TO,
    SETTING_FORMAT,
    SETTING_TOTALS,
    SETTING_JSON,
    SETTING_STRICT,
    SETTING_ANSWERS,
    SETTING_NAME,
    SETTING_SITE,
    SETTING_STICK,
    SETTING_WATCHDOG,
    SETTING_TIME_SERVERS,
    SETTING_YES,
    SETTING_ROOT,
    SETTING_COUNT
};

/* In settings_table.c. */
extern const struct option_table settings_table;

#define SETTINGS_OPERANDS_MAX 8

struct settings {
    struct option_value values[SETTING_COUNT];
    /* The arguments of the command line that are not options; without any, the configuration's
     * sources. */
    const char *operands[SETTINGS_OPERANDS_MAX + 1]; /* a NULL after the last */
    int operand_count;
    const char *source; /* the first operand; NULL: none */
    enum options_help help;
    struct config config; /* holds the texts of `values` that are not of the command line */
};

/* Defaults, then the configuration file, the files FILE.d/NAME.conf beside it, the environment, and the
 * command line. The file is that of --config, or of the variable DUCKLING_CONFIG ("none": no file), or
 * SETTINGS_CONFIG_FILE if it exists. The last two are a player's, as is the environment: from
 * these other commands than play take only what play takes, too.
 *
 * When help is asked for, only the options are read. `settings` must stay where it is. Errors, all of
 * them for usage_refuse: ERR_INPUT and ERR_USAGE (usage), ERR_CONFIG (all that is wrong with the
 * configuration is in `config`; `values` has all that is right, and no operands are taken from it).
 * Call settings_finish in any case. */
MUST_CHECK bool settings_read(struct settings *settings, enum settings_command command, int argc,
                              char **argv, struct err *err);

/* The same without a trace: nothing is logged, and the log's options are not put in force. */
MUST_CHECK bool settings_look(struct settings *settings, enum settings_command command, int argc,
                              char **argv, struct err *err);
void settings_finish(struct settings *settings);

/* Whether a command is about how a player would be started, so that it takes play's options and
 * sources. */
bool settings_is_about_play(enum settings_command command);

/* Reads a setting that is an instant: RFC 3339 or, without an offset, a local time of `zone_name`
 * (NULL: the system's). *ms is Unix milliseconds. ERR_USAGE, or an error of zone_load. */
MUST_CHECK bool settings_instant(const struct settings *settings, enum setting setting,
                                 const char *zone_name, int64_t *ms, struct err *err);

/* ERR_USAGE: the setting is no instant. Returns false. */
MUST_CHECK bool settings_refuse_instant(const struct settings *settings, enum setting setting,
                                        struct err *err);

#endif
