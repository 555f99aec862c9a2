#include "settings.h"

#include "base/file.h"
#include "base/log.h"
#include "base/zone.h"

#include <stdlib.h>
#include <string.h>

#define PLAY SETTINGS_PLAY
#define PREVIEW SETTINGS_PREVIEW
#define BOTH (PLAY | PREVIEW)
#define GUIDE SETTINGS_GUIDE
#define EXPLAIN SETTINGS_EXPLAIN
#define CHECK SETTINGS_CHECK
#define TIMED (BOTH | GUIDE | EXPLAIN | CHECK) /* those that look at the programme */

static const struct option_row rows[] = {
    [SETTING_CONFIG] = {"config", 0, OPTION_TEXT, 0, 0, NULL, "FILE", NULL,
                        "read settings from FILE: a line \"name = value\" for each option", TIMED},
    [SETTING_SOURCE] = {"source", 0, OPTION_TEXT, 0, 0, NULL, "SOURCE", NULL,
                        "the playlist, for configuration files; an argument wins", PLAY},
    [SETTING_WINDOW] = {"window", 0, OPTION_SIZE, 64, 16384, NULL, "WxH", NULL,
                        "open a window of this size instead of the whole screen", PLAY},
    [SETTING_ROTATE] = {"rotate", 0, OPTION_CHOICE, 0, 0, "0|90|180|270", NULL, "0",
                        "turn the picture clockwise, for a screen that is mounted turned", BOTH},
    [SETTING_RENDERER] = {"renderer", 0, OPTION_CHOICE, 0, 0, "auto|gpu|cpu", NULL, "auto",
                          "what draws", PLAY},
    [SETTING_REFRESH] = {"refresh", 0, OPTION_NUMBER, 1, 240, NULL, "HZ", NULL,
                         "frames a second while something moves; else the screen's own", PLAY},
    [SETTING_TIMEZONE] = {"timezone", 0, OPTION_TEXT, 0, 0, NULL, "ZONE", NULL,
                          "IANA zone of local times, such as Asia/Seoul; else the system's", TIMED},
    [SETTING_LANGUAGE] = {"language", 0, OPTION_TEXT, 0, 0, NULL, "TAG", NULL,
                          "language of taglines, such as ko or zh-Hans; else the system's", BOTH},
    [SETTING_STORE] = {"store", 0, OPTION_TEXT, 0, 0, NULL, "DIR", NULL,
                       "folder that keeps the last good playlist and its media", PLAY},
    [SETTING_POLL] = {"poll", 0, OPTION_NUMBER, 0.1, 86400, NULL, "SECONDS", "10",
                      "how often to ask for a new playlist", PLAY},
    [SETTING_CA_FILE] = {"ca-file", 0, OPTION_TEXT, 0, 0, NULL, "FILE", NULL,
                         "certificates (PEM) to trust for https; else the system's", PLAY},
    [SETTING_DECODE_TIMEOUT] =
        {"decode-timeout", 0, OPTION_NUMBER, 0.1, 60, NULL, "SECONDS", "2",
         "how long a picture may take to be made ready, before it is given up", BOTH | CHECK},
    [SETTING_AT] = {"at", 0, OPTION_TEXT, 0, 0, NULL, "TIME", NULL,
                    "the instant to start at, or to look at (RFC 3339; local without an offset)",
                    BOTH | EXPLAIN | CHECK},
    [SETTING_FOR] = {"for", 0, OPTION_NUMBER, 0, 31536000, NULL, "SECONDS", NULL,
                     "stop after so long", PLAY},
    [SETTING_FRAMES_LOG] = {"frames-log", 0, OPTION_TEXT, 0, 0, NULL, "FILE", NULL,
                            "write a CSV line for each presented frame", PLAY},
    [SETTING_LOG_LEVEL] = {"log-level", 0, OPTION_CHOICE, 0, 0, "error|warn|info|debug", NULL,
                           "info", "least importance of what is logged", TIMED},
    [SETTING_OUTPUT] = {"output", 'o', OPTION_TEXT, 0, 0, NULL, "FILE", NULL,
                        "the PNG to write; with --frames, %d is replaced by the frame's number",
                        PREVIEW},
    [SETTING_SIZE] = {"size", 0, OPTION_SIZE, 64, 16384, NULL, "WxH", "1920x1080",
                      "size of the screen to preview", PREVIEW},
    [SETTING_SHEET] = {"sheet", 0, OPTION_FLAG, 0, 0, NULL, NULL, NULL,
                       "a contact sheet: every spot in every language of the playlist", PREVIEW},
    [SETTING_FRAMES] = {"frames", 0, OPTION_NUMBER, 1, 10000, NULL, "N", "1",
                        "write so many frames from --at on", PREVIEW},
    [SETTING_STRIP] = {"strip", 0, OPTION_FLAG, 0, 0, NULL, NULL, NULL,
                       "put the --frames side by side into one picture", PREVIEW},
    [SETTING_FPS] = {"fps", 0, OPTION_NUMBER, 0.01, 240, NULL, "RATE", "10",
                     "frames a second of --frames", PREVIEW},
    [SETTING_FROM] = {"from", 0, OPTION_TEXT, 0, 0, NULL, "TIME", NULL,
                      "the first instant (RFC 3339; local without an offset); else now", GUIDE},
    [SETTING_TO] = {"to", 0, OPTION_TEXT, 0, 0, NULL, "TIME", NULL,
                    "the instant to stop before; else 24 hours after the first", GUIDE},
    [SETTING_FORMAT] = {"format", 0, OPTION_CHOICE, 0, 0, "table|json|csv", NULL, "table",
                        "for people, or for programs: an object or a record on each line", GUIDE},
    [SETTING_TOTALS] = {"totals", 0, OPTION_FLAG, 0, 0, NULL, NULL, NULL,
                        "for each spot its plays, time and share, instead of each slot", GUIDE},
    [SETTING_JSON] = {"json", 0, OPTION_FLAG, 0, 0, NULL, NULL, NULL,
                      "for programs: a JSON object on each line", CHECK},
    [SETTING_STRICT] = {"strict", 0, OPTION_FLAG, 0, 0, NULL, NULL, NULL, "fail on warnings, too",
                        CHECK},
};

const struct option_table settings_table = {rows, SETTING_COUNT};

static bool read_config(struct settings *settings, struct err *err)
{
    const char *path = settings->values[SETTING_CONFIG].text;
    size_t size;
    return file_read(path, 65536, &settings->config_bytes, &size, err) &&
           options_read_file(&settings_table, settings->config_bytes, path, settings->values, err);
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

bool settings_read(struct settings *settings, enum settings_command command, int argc, char **argv,
                   struct err *err)
{
    int operand;
    *settings = (struct settings){0};
    options_defaults(&settings_table, settings->values);
    if (!options_parse(&settings_table, command, argc, argv, settings->values, &operand,
                       &settings->help, err))
        return false;
    bool takes_spot = command == SETTINGS_EXPLAIN;
    if (argc - operand > 2 && takes_spot)
        return err_set(err, ERR_INPUT, "one spot at a time, please: %s", argv[operand + 2]);
    if (argc - operand > 1 && !takes_spot)
        return err_set(err, ERR_INPUT, "one playlist at a time, please: %s", argv[operand + 1]);
    if (settings->values[SETTING_CONFIG].given && !read_config(settings, err))
        return false;
    set_log_level(settings->values[SETTING_LOG_LEVEL].text);
    settings->source = operand < argc ? argv[operand] : settings->values[SETTING_SOURCE].text;
    settings->spot = argc - operand > 1 ? argv[operand + 1] : NULL;
    return true;
}

void settings_finish(struct settings *settings)
{
    free(settings->config_bytes);
    settings->config_bytes = NULL;
}

bool settings_instant(const char *text, const char *name, int64_t *ms, struct err *err)
{
    bool local;
    if (!civil_parse_instant(text, &local, ms))
        return err_set(err, ERR_INPUT, "\"%s\" is no time such as 2026-02-06T20:00:00+09:00", text);
    if (!local)
        return true;
    struct zone zone = {0};
    bool ok = name ? zone_load(&zone, name, err) : zone_load_system(&zone, err);
    if (ok)
        *ms = civil_instant(&zone.civil, *ms);
    zone_finish(&zone);
    return ok || err_prefix(err, "time zone: ");
}
