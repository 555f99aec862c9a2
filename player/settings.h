/* The settings of all commands: the one table of options, and their values as C types. */
#ifndef SETTINGS_H
#define SETTINGS_H

#include "base/err.h"
#include "base/options.h"

#include <stdint.h>

enum settings_command {
    SETTINGS_PLAY = 1,
    SETTINGS_PREVIEW = 2,
    SETTINGS_GUIDE = 4,
    SETTINGS_EXPLAIN = 8,
    SETTINGS_CHECK = 16,
    SETTINGS_PUBLISH = 32,
    SETTINGS_TAKEOVER = 64,
};

enum setting {
    SETTING_CONFIG,
    SETTING_SOURCE,
    SETTING_WINDOW,
    SETTING_ROTATE,
    SETTING_RENDERER,
    SETTING_REFRESH,
    SETTING_TIMEZONE,
    SETTING_LANGUAGE,
    SETTING_STORE,
    SETTING_KEY,    /* play: public keys */
    SETTING_SECRET, /* publish, takeover: also called --key */
    SETTING_STATE,
    SETTING_QUOTA,
    SETTING_BANDWIDTH,
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
    SETTING_AT,
    SETTING_SPEED,
    SETTING_FOR,
    SETTING_FRAMES_LOG,
    SETTING_LOG_LEVEL,
    SETTING_OUTPUT,
    SETTING_SIZE,
    SETTING_SHEET,
    SETTING_FRAMES,
    SETTING_STRIP,
    SETTING_FPS,
    SETTING_FROM,
    SETTING_TO,
    SETTING_FORMAT,
    SETTING_TOTALS,
    SETTING_JSON,
    SETTING_STRICT,
    SETTING_COUNT
};

extern const struct option_table settings_table;

#define SETTINGS_OPERANDS_MAX 8

struct settings {
    struct option_value values[SETTING_COUNT];
    /* What stands on the command line beside options; without any, the configuration's
     * sources. */
    const char *operands[SETTINGS_OPERANDS_MAX + 1]; /* a NULL after the last */
    int operand_count;
    const char *source; /* the first operand; NULL: none */
    bool help;
    char *config_bytes;
};

/* Defaults, then the configuration file, then the command line. Errors: ERR_INPUT (usage),
 * ERR_MISSING and ERR_SYSTEM (the configuration file). settings_finish in any case. */
bool settings_read(struct settings *settings, enum settings_command command, int argc, char **argv,
                   struct err *err);
void settings_finish(struct settings *settings);

/* An instant as operators write it: RFC 3339, or without an offset local time of `zone` (NULL: the
 * system's). Unix milliseconds. */
bool settings_instant(const char *text, const char *zone, int64_t *ms, struct err *err);

#endif
