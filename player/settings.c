#include "settings.h"

#include "base/file.h"
#include "base/log.h"
#include "base/zone.h"
#include "core/show_clock.h"

#include <stdlib.h>
#include <string.h>

#define PLAY SETTINGS_PLAY
#define PREVIEW SETTINGS_PREVIEW
#define BOTH (PLAY | PREVIEW)
#define GUIDE SETTINGS_GUIDE
#define EXPLAIN SETTINGS_EXPLAIN
#define CHECK SETTINGS_CHECK
#define PUBLISH SETTINGS_PUBLISH
#define TAKEOVER SETTINGS_TAKEOVER
#define TIMED (BOTH | GUIDE | EXPLAIN | CHECK) /* those that look at the programme */
#define SIGNED (PUBLISH | TAKEOVER)            /* those that put on a server */
#define EVERY (TIMED | SIGNED)
#define QUOTA_MIN 1000000
#define QUOTA_MAX 1e15
/* Four media at once, each at a quarter, must stay well above what counts as a stalled server. */
#define BANDWIDTH_MIN 16000
#define BANDWIDTH_MAX 1e12

static const struct option_row rows[] = {
    [SETTING_CONFIG] = {"config", 0, OPTION_TEXT, 0, 0, NULL, "FILE", NULL,
                        "read settings from FILE: a line \"name = value\" for each option", EVERY},
    [SETTING_SOURCE] = {"source", 0, OPTION_TEXTS, 0, 0, NULL, "SOURCE", NULL,
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
                          "IANA zone of local times, such as Asia/Seoul; else the system's", EVERY},
    [SETTING_LANGUAGE] = {"language", 0, OPTION_TEXT, 0, 0, NULL, "TAG", NULL,
                          "language of taglines, such as ko or zh-Hans; else the system's", BOTH},
    [SETTING_STORE] = {"store", 0, OPTION_TEXT, 0, 0, NULL, "DIR", NULL,
                       "folder that keeps the last good playlist and its media", PLAY},
    [SETTING_KEY] = {"key", 0, OPTION_TEXTS, 0, 0, NULL, "PUBKEY", NULL,
                     "play only what this minisign key has signed (file or text); may come again",
                     PLAY},
    [SETTING_SECRET] = {"key", 0, OPTION_TEXT, 0, 0, NULL, "SECRET", NULL,
                        "the minisign secret key file to sign with", SIGNED},
    [SETTING_STATE] = {"state", 0, OPTION_TEXT, 0, 0, NULL, "DIR", NULL,
                       "folder that remembers the newest version of each channel", PLAY},
    [SETTING_QUOTA] = {"quota", 0, OPTION_BYTES, QUOTA_MIN, QUOTA_MAX, NULL, "BYTES", "20G",
                       "how large the stored media may grow", PLAY},
    [SETTING_BANDWIDTH] = {"bandwidth", 0, OPTION_BYTES, BANDWIDTH_MIN, BANDWIDTH_MAX, NULL,
                           "BYTES", NULL, "bytes a second that media may take of the line", PLAY},
    [SETTING_POLL] = {"poll", 0, OPTION_NUMBER, 0.1, 86400, NULL, "SECONDS", "10",
                      "how often to ask for a new playlist", PLAY},
    [SETTING_BASE] = {"to", 0, OPTION_TEXT, 0, 0, NULL, "BASE", NULL,
                      "where the channel is kept: http(s)://, s3:// or a folder", SIGNED},
    [SETTING_CHANNEL] = {"channel", 0, OPTION_TEXT, 0, 0, NULL, "NAME", NULL,
                         "the channel, as players name it", SIGNED},
    [SETTING_AFTER] = {"after", 0, OPTION_TEXT, 0, 0, NULL, "VERSION", NULL,
                       "a version that players have seen (highest= in their log): the next is "
                       "above it",
                       SIGNED},
    [SETTING_EXPIRES] = {"expires", 0, OPTION_TEXT, 0, 0, NULL, "TIME", NULL,
                         "when players begin to report it as stale (RFC 3339; local without an "
                         "offset); else in 90 days",
                         PUBLISH},
    [SETTING_UNTIL] = {"until", 0, OPTION_TEXT, 0, 0, NULL, "TIME", NULL,
                       "when the takeover ends by itself, at most 31 days from now (RFC 3339; "
                       "local without an offset)",
                       TAKEOVER},
    [SETTING_DRY_RUN] = {"dry-run", 0, OPTION_FLAG, 0, 0, NULL, NULL, NULL,
                         "say what would be done, and do nothing", SIGNED},
    [SETTING_ROLLBACK] = {"rollback", 0, OPTION_FLAG, 0, 0, NULL, NULL, NULL,
                          "publish an older version's content again, under a new version", PUBLISH},
    [SETTING_CA_FILE] = {"ca-file", 0, OPTION_TEXT, 0, 0, NULL, "FILE", NULL,
                         "certificates (PEM) to trust for https; else the system's", PLAY | SIGNED},
    [SETTING_CLIENT_CERT] = {"client-cert", 0, OPTION_TEXT, 0, 0, NULL, "FILE", NULL,
                             "certificate (PEM) to show to servers that want one", PLAY | SIGNED},
    [SETTING_CLIENT_KEY] = {"client-key", 0, OPTION_TEXT, 0, 0, NULL, "FILE", NULL,
                            "its private key (PEM); else in the same file", PLAY | SIGNED},
    [SETTING_DECODE_TIMEOUT] =
        {"decode-timeout", 0, OPTION_NUMBER, 0.1, 60, NULL, "SECONDS", "2",
         "how long a picture may take to be made ready, or a film give no sign of going on",
         BOTH | CHECK | PUBLISH | TAKEOVER},
    [SETTING_NO_SANDBOX] = {"no-sandbox", 0, OPTION_FLAG, 0, 0, NULL, NULL, NULL,
                            "decode without a sandbox, where the kernel has none: unsafe",
                            BOTH | CHECK | PUBLISH | TAKEOVER},
    [SETTING_AT] = {"at", 0, OPTION_TEXT, 0, 0, NULL, "TIME", NULL,
                    "the instant to start at, or to look at (RFC 3339; local without an offset)",
                    BOTH | EXPLAIN | CHECK},
    [SETTING_SPEED] = {"speed", 0, OPTION_NUMBER, 1, SHOW_CLOCK_SPEED_MAX, NULL, "FACTOR", NULL,
                       "run the show clock so many times as fast, without sound", PLAY},
    [SETTING_FOR] = {"for", 0, OPTION_NUMBER, 0, 31536000, NULL, "SECONDS", NULL,
                     "stop after so long", PLAY},
    [SETTING_FRAMES_LOG] = {"frames-log", 0, OPTION_TEXT, 0, 0, NULL, "FILE", NULL,
                            "write a CSV line for each presented frame", PLAY},
    [SETTING_LOG_LEVEL] = {"log-level", 0, OPTION_CHOICE, 0, 0, "error|warn|info|debug", NULL,
                           "info", "least importance of what is logged", EVERY},
    [SETTING_OUTPUT] = {"output", 'o', OPTION_TEXT, 0, 0, NULL, "FILE", NULL,
                        "the PNG to write (with --frames, %d is replaced by the frame's number), "
                        "or the film (.mp4)",
                        PREVIEW},
    [SETTING_SIZE] = {"size", 0, OPTION_SIZE, 64, 16384, NULL, "WxH", "1920x1080",
                      "size of the screen to preview", PREVIEW},
    [SETTING_SHEET] = {"sheet", 0, OPTION_FLAG, 0, 0, NULL, NULL, NULL,
                       "a contact sheet: every spot in every language of the playlist", PREVIEW},
    [SETTING_FRAMES] = {"frames", 0, OPTION_NUMBER, 1, 10000, NULL, "N", "1",
                        "write so many frames from --at on", PREVIEW},
    [SETTING_STRIP] = {"strip", 0, OPTION_FLAG, 0, 0, NULL, NULL, NULL,
                       "put the --frames side by side into one picture", PREVIEW},
    [SETTING_FPS] = {"fps", 0, OPTION_NUMBER, 0.01, 240, NULL, "RATE", NULL,
                     "frames a second; else 30 in a film, and 10 of --frames", PREVIEW},
    [SETTING_FROM] = {"from", 0, OPTION_TEXT, 0, 0, NULL, "TIME", NULL,
                      "the first instant (RFC 3339; local without an offset); else now",
                      PREVIEW | GUIDE},
    [SETTING_TO] = {"to", 0, OPTION_TEXT, 0, 0, NULL, "TIME", NULL,
                    "the instant to stop before; in a guide else 24 hours after the first",
                    PREVIEW | GUIDE},
    [SETTING_FORMAT] = {"format", 0, OPTION_CHOICE, 0, 0, "table|json|csv", NULL, "table",
                        "for people, or for programs: an object or a record on each line", GUIDE},
    [SETTING_TOTALS] = {"totals", 0, OPTION_FLAG, 0, 0, NULL, NULL, NULL,
                        "for each spot its plays, time and share, instead of each slot", GUIDE},
    [SETTING_JSON] = {"json", 0, OPTION_FLAG, 0, 0, NULL, NULL, NULL,
                      "for programs: a JSON object on each line", CHECK},
    [SETTING_STRICT] = {"strict", 0, OPTION_FLAG, 0, 0, NULL, NULL, NULL, "fail on warnings, too",
                        CHECK | PUBLISH},
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

/* How many operands a command takes, and what to say when there are more. */
static bool take_operands(struct settings *settings, enum settings_command command, int count,
                          char **operands, struct err *err)
{
    int limit = command == SETTINGS_PLAY ? SETTINGS_OPERANDS_MAX
                : command == SETTINGS_EXPLAIN || command == SETTINGS_TAKEOVER ? 2
                                                                              : 1;
    if (count > limit)
        return err_set(err, ERR_INPUT, "%s: %s",
                       command == SETTINGS_EXPLAIN ? "one spot at a time, please"
                                                   : "one playlist at a time, please",
                       operands[limit]);
    for (int i = 0; i < count; i++)
        settings->operands[settings->operand_count++] = operands[i];
    return true;
}

bool settings_read(struct settings *settings, enum settings_command command, int argc, char **argv,
                   struct err *err)
{
    int operand;
    *settings = (struct settings){0};
    options_defaults(&settings_table, settings->values);
    if (!options_parse(&settings_table, command, argc, argv, settings->values, &operand,
                       &settings->help, err) ||
        !take_operands(settings, command, argc - operand, argv + operand, err))
        return false;
    if (settings->values[SETTING_CONFIG].given && !read_config(settings, err))
        return false;
    set_log_level(settings->values[SETTING_LOG_LEVEL].text);
    const struct option_value *sources = &settings->values[SETTING_SOURCE];
    if (sources->text_count > SETTINGS_OPERANDS_MAX)
        return err_set(err, ERR_INPUT, "source: more than %d of them", SETTINGS_OPERANDS_MAX);
    if (!(command & SIGNED) && settings->operand_count == 0)
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
