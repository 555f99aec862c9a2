/* The table of options, for all commands. Over 600 lines: one table, in one place. */
#include "commands/settings.h"

#include "base/language.h"
#include "base/zone.h"
#include "core/civil.h"
#include "core/hours.h"
#include "core/pixel_shift.h"
#include "core/show_clock.h"
#include "playlist/playlist.h"
#include "playlist/pointer.h"
#include "screen/display_wish.h"

#include <string.h>

#define PLAY SETTINGS_PLAY
#define PREVIEW SETTINGS_PREVIEW
#define BOTH (PLAY | PREVIEW)
#define GUIDE SETTINGS_GUIDE
#define EXPLAIN SETTINGS_EXPLAIN
#define CHECK SETTINGS_CHECK
#define PUBLISH SETTINGS_PUBLISH
#define TAKEOVER SETTINGS_TAKEOVER
#define SHOW_CONFIG SETTINGS_SHOW_CONFIG
#define IDENTIFY SETTINGS_IDENTIFY
#define DOCTOR SETTINGS_DOCTOR
#define SETUP SETTINGS_SETUP
#define TIMED (BOTH | GUIDE | EXPLAIN | CHECK) /* commands that use the programme */
#define SIGNED (PUBLISH | TAKEOVER)            /* commands that publish to a server */
#define EVERY (TIMED | SIGNED | SHOW_CONFIG | IDENTIFY | DOCTOR | SETUP)
#define QUOTA_MIN 1000000
#define QUOTA_MAX 1e15
/* Four media are fetched at once, each at a quarter of this. A quarter must stay well above the
 * rate of a stalled server. */

enum group {
    GROUP_OUTPUT,
    GROUP_SCREEN,
    GROUP_TIME,
    GROUP_CHANNEL,
    GROUP_NETWORK,
    GROUP_MEDIA,
    GROUP_GENERAL,
    GROUP_COUNT
};

static const char *const groups[GROUP_COUNT] = {
    [GROUP_OUTPUT] = "Output",
    [GROUP_SCREEN] = "Screen",
    [GROUP_TIME] = "Time and language",
    [GROUP_CHANNEL] = "Channels and storage",
    [GROUP_NETWORK] = "Network",
    [GROUP_MEDIA] = "Media",
    [GROUP_GENERAL] = "Settings and logs",
};

/* The same as sections of a configuration file. */
static const char *const sections[GROUP_COUNT] = {
    [GROUP_OUTPUT] = "output",   [GROUP_SCREEN] = "screen",   [GROUP_TIME] = "time",
    [GROUP_CHANNEL] = "channel", [GROUP_NETWORK] = "network", [GROUP_MEDIA] = "media",
    [GROUP_GENERAL] = "player",
};

static bool is_any_path(const char *text)
{
    (void)text;
    return true;
}

static bool is_house_path(const char *text)
{
    return *text != '#';
}

static bool is_source_path(const char *text)
{
    return !strstr(text, "://");
}

/* A key itself is 56 letters of base64, which begin with the name of its algorithm. */
static bool is_key_path(const char *text)
{
    return strlen(text) != 56 || strncmp(text, "RW", 2) != 0;
}

static bool check_open_hours(const char *text, struct err *err)
{
    return hours_parse(NULL, text, HOURS_OPEN, err);
}

static bool check_level_hours(const char *text, struct err *err)
{
    return hours_parse(NULL, text, HOURS_LEVEL, err);
}

static bool check_rate_hours(const char *text, struct err *err)
{
    return hours_parse(NULL, text, HOURS_RATE, err);
}

/* What libcurl takes, with or without the protocol; messages don't show it, as it may hold a password. */
static bool check_proxy(const char *text, struct err *err)
{
    static const char *const protocols[] = {"http://",    "https://",  "socks4://",
                                            "socks4a://", "socks5://", "socks5h://"};
    bool known = !strstr(text, "://");
    for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++)
        known |= strncmp(text, protocols[i], strlen(protocols[i])) == 0;
    return (known && !strpbrk(text, " \t")) ||
           err_set(err, ERR_INPUT,
                   "needs an address such as http://proxy.example.com:3128 or "
                   "socks5h://proxy.example.com:1080");
}

static bool check_instant(const char *text, struct err *err)
{
    int64_t ms;
    bool local;
    return civil_parse_instant(text, &local, &ms) ||
           err_set(err, ERR_INPUT,
                   "needs a date and time such as 2026-02-06T20:00 or 2026-02-06T20:00:00+09:00, "
                   "not \"%.200s\"",
                   text);
}

static bool check_site(const char *text, struct err *err)
{
    return pointer_channel_is_valid(text) ||
           err_set(err, ERR_INPUT,
                   "needs small letters, digits, \".\", \"_\" and \"-\", not \"%.200s\"", text);
}

/* A path, unless it begins as colors do. */
static bool check_house(const char *text, struct err *err)
{
    uint32_t color;
    return *text != '#' || playlist_parse_color(text, &color) ||
           err_set(err, ERR_INPUT, "needs a picture or a color such as #000000, not \"%.200s\"",
                   text);
}

/* `first` selects the short help: at most five options of each command. */
static const struct option_row rows[] = {
    [SETTING_CONFIG] =
        {
            .name = "config",
            .type = OPTION_TEXT,
            .metavar = "FILE",
            .typed_only = true,
            .help =
                "read options from FILE and FILE.d/*.conf; default: /etc/duckling/player.conf if "
                "it exists; none: no file",
            .group = GROUP_GENERAL,
            .commands = EVERY,
            .first = PLAY | SHOW_CONFIG | DOCTOR,
        },
    [SETTING_SOURCE] =
        {
            .name = "source",
            .type = OPTION_TEXTS,
            .metavar = "SOURCE",
            .also = "url uri playlist",
            .is_path = is_source_path,
            .help = "what to play, in a configuration file; an argument overrides it",
            .group = GROUP_CHANNEL,
            .commands = PLAY | SETUP,
            .first = SETUP,
        },
    [SETTING_WINDOW] =
        {
            .name = "window",
            .type = OPTION_SIZE,
            .min = 64,
            .max = 16384,
            .metavar = "WxH",
            .help = "play in a window of this size instead of full screen",
            .group = GROUP_SCREEN,
            .commands = PLAY | IDENTIFY,
            .first = PLAY | IDENTIFY,
        },
    [SETTING_ROTATE] =
        {
            .name = "rotate",
            .type = OPTION_CHOICE,
            .choices = "0|90|180|270",
            .also = "rotation orientation",
            .fallback = "0",
            .help = "rotate the picture clockwise, for a screen mounted on its side or upside down",
            .group = GROUP_SCREEN,
            .commands = BOTH | IDENTIFY | SETUP,
            .first = PLAY | IDENTIFY,
        },
    [SETTING_RENDERER] =
        {
            .name = "renderer",
            .type = OPTION_CHOICE,
            .choices = "auto|gpu|cpu|kms",
            .fallback = "auto",
            .help = "what draws the picture; auto takes the GPU if there is one; kms: the "
                    "processor, on the console's screen",
            .group = GROUP_SCREEN,
            .commands = PLAY | IDENTIFY,
        },
    [SETTING_REFRESH] =
        {
            .name = "refresh",
            .type = OPTION_NUMBER,
            .min = 1,
            .max = 240,
            .metavar = "HZ",
            .help = "frames per second while something moves; default: the screen's own rate",
            .group = GROUP_SCREEN,
            .commands = PLAY | IDENTIFY,
        },
    [SETTING_CONNECTOR] =
        {
            .name = "connector",
            .type = OPTION_TEXTS,
            .metavar = "NAME",
            .also = "output monitor",
            .help = "on a console: the output to use, such as HDMI-A-1; given again, the picture "
                    "spans all of them, side by side",
            .group = GROUP_SCREEN,
            .commands = PLAY | IDENTIFY,
        },
    [SETTING_MODE] =
        {
            .name = "mode",
            .type = OPTION_TEXT,
            .metavar = "WxH@HZ",
            .check = display_wish_check_mode,
            .also = "resolution",
            .help = "on a console: the monitor's mode, such as 1920x1080@60; default: the one "
                    "that it prefers",
            .group = GROUP_SCREEN,
            .commands = PLAY | IDENTIFY,
        },
    [SETTING_CANVAS] =
        {
            .name = "canvas",
            .type = OPTION_TEXT,
            .metavar = "WxH+X+Y",
            .check = display_wish_check_canvas,
            .also = "wall crop",
            .help = "the picture is for a wall of this size, and this screen shows the part of it "
                    "that begins X to the right and Y down",
            .group = GROUP_SCREEN,
            .commands = PLAY | IDENTIFY,
        },
    [SETTING_KEYBOARD] =
        {
            .name = "keyboard",
            .type = OPTION_FLAG,
            .help = "let Esc and q end the player on a full screen, too",
            .group = GROUP_SCREEN,
            .commands = PLAY,
        },
    [SETTING_HOUSE] =
        {
            .name = "house",
            .type = OPTION_TEXT,
            .metavar = "FILE|COLOR",
            .check = check_house,
            .is_path = is_house_path,
            .help = "picture or color (#000000) for when nothing is scheduled or there is no "
                    "playlist yet",
            .group = GROUP_SCREEN,
            .commands = PLAY,
        },
    [SETTING_OPERATING_HOURS] =
        {
            .name = "operating-hours",
            .type = OPTION_TEXT,
            .metavar = "HOURS",
            .check = check_open_hours,
            .semicolons = true,
            .also = "hours opening-hours business-hours schedule",
            .help = "when the screen is on, such as \"Mo-Fr 07:00-23:00; Sa 08:00-24:00; Dec 25 "
                    "off\"; outside it is black, and turned off where it can be",
            .group = GROUP_SCREEN,
            .commands = PLAY | GUIDE | EXPLAIN,
        },
    [SETTING_DIMMING] =
        {
            .name = "dimming",
            .type = OPTION_TEXT,
            .metavar = "HOURS",
            .check = check_level_hours,
            .semicolons = true,
            .also = "dim brightness",
            .help = "how bright the picture is at times, such as \"22:00-06:00 0.4\"; 1 is full, "
                    "as at all other times",
            .group = GROUP_SCREEN,
            .commands = PLAY,
        },
    [SETTING_PIXEL_SHIFT] =
        {
            .name = "pixel-shift",
            .type = OPTION_WHOLE,
            .max = PIXEL_SHIFT_MAX,
            .metavar = "PIXELS",
            .also = "burn-in orbit",
            .help = "move the picture about by up to so many pixels, one a minute, against burn-in "
                    "(default 0)",
            .group = GROUP_SCREEN,
            .commands = PLAY,
        },
    [SETTING_TAKEOVER_WAKES] =
        {
            .name = "takeover-wakes",
            .type = OPTION_FLAG,
            .help = "a takeover is shown outside the operating hours, too, and as bright as can be",
            .group = GROUP_SCREEN,
            .commands = PLAY,
        },
    [SETTING_TIMEZONE] =
        {
            .name = "timezone",
            .type = OPTION_TEXT,
            .metavar = "ZONE",
            .check = zone_check,
            .also = "tz zone time-zone",
            .help = "IANA zone of local times, such as Asia/Seoul; default: the system's",
            .group = GROUP_TIME,
            .commands = EVERY,
            .first = PLAY | GUIDE | EXPLAIN | CHECK,
        },
    [SETTING_LANGUAGE] =
        {
            .name = "language",
            .type = OPTION_TEXT,
            .metavar = "TAG",
            .check = language_check,
            .also = "lang locale",
            .help = "language of taglines, such as ko or zh-Hans; default: the system's",
            .group = GROUP_TIME,
            .commands = BOTH | IDENTIFY | SETUP,
        },
    [SETTING_STORE] =
        {
            .name = "store",
            .type = OPTION_TEXT,
            .metavar = "DIR",
            .also = "cache",
            .is_path = is_any_path,
            .help = "folder that keeps the last good playlist and its media",
            .group = GROUP_CHANNEL,
            .commands = PLAY,
        },
    [SETTING_KEY] =
        {
            .name = "key",
            .type = OPTION_TEXTS,
            .metavar = "PUBKEY",
            .also = "pubkey public-key",
            .is_path = is_key_path,
            .help = "play only what this minisign public key (a file, or the key itself) has "
                    "signed; may be given several times",
            .group = GROUP_CHANNEL,
            .commands = PLAY | SETUP,
            .first = PLAY | SETUP,
        },
    [SETTING_SECRET] =
        {
            .name = "key",
            .type = OPTION_TEXT,
            .metavar = "SECRET",
            .is_path = is_any_path,
            .help = "minisign secret key file to sign with",
            .group = GROUP_CHANNEL,
            .commands = SIGNED,
            .first = SIGNED,
        },
    [SETTING_STATE] =
        {
            .name = "state",
            .type = OPTION_TEXT,
            .metavar = "DIR",
            .is_path = is_any_path,
            .help = "folder that remembers the newest version seen of each channel",
            .group = GROUP_CHANNEL,
            .commands = PLAY,
        },
    [SETTING_QUOTA] =
        {
            .name = "quota",
            .type = OPTION_BYTES,
            .min = QUOTA_MIN,
            .max = QUOTA_MAX,
            .metavar = "BYTES",
            .fallback = "20G",
            .help = "how much disk space stored media may take",
            .group = GROUP_CHANNEL,
            .commands = PLAY,
        },
    [SETTING_BANDWIDTH] =
        {
            .name = "bandwidth",
            .type = OPTION_BYTES,
            .min = HOURS_RATE_MIN,
            .max = HOURS_RATE_MAX,
            .metavar = "BYTES",
            .help = "download media no faster than this many bytes per second",
            .group = GROUP_NETWORK,
            .commands = PLAY,
        },
    [SETTING_BANDWIDTH_HOURS] =
        {
            .name = "bandwidth-hours",
            .type = OPTION_TEXT,
            .metavar = "HOURS",
            .check = check_rate_hours,
            .semicolons = true,
            .help = "the same at times, such as \"Mo-Fr 09:00-18:00 200k\"; at all others "
                    "--bandwidth says",
            .group = GROUP_NETWORK,
            .commands = PLAY,
        },
    [SETTING_PROXY] =
        {
            .name = "proxy",
            .type = OPTION_TEXT,
            .metavar = "URL",
            .check = check_proxy,
            .secret = true,
            .also = "http-proxy https-proxy",
            .help = "proxy for all requests, such as http://proxy.example.com:3128; none: no "
                    "proxy; default: the environment's (https_proxy)",
            .group = GROUP_NETWORK,
            .commands = PLAY | SIGNED,
        },
    [SETTING_MAX_VOLUME] =
        {
            .name = "max-volume",
            .type = OPTION_NUMBER,
            .min = 0,
            .max = 1,
            .metavar = "VOLUME",
            .also = "volume loudness",
            .help = "no spot is louder than this, whatever the playlist says: 1 is full, 0 silent",
            .group = GROUP_MEDIA,
            .commands = PLAY,
        },
    [SETTING_MIN_SLOT] =
        {
            .name = "min-slot",
            .alias = "min-slot-seconds",
            .type = OPTION_NUMBER,
            .min = 1,
            .max = 3600,
            .metavar = "SECONDS",
            .also = "min-duration min-slot-seconds",
            .help = "a spot that is on for less is a fault; a player shows it all the same, and "
                    "reports it",
            .group = GROUP_MEDIA,
            .commands = PLAY | CHECK | PUBLISH,
        },
    [SETTING_POLL] =
        {
            .name = "poll",
            .type = OPTION_NUMBER,
            .min = 0.1,
            .max = 86400,
            .metavar = "SECONDS",
            .fallback = "10",
            .help = "how often to look for a new playlist",
            .group = GROUP_NETWORK,
            .commands = PLAY,
        },
    [SETTING_BASE] =
        {
            .name = "to",
            .type = OPTION_TEXT,
            .metavar = "BASE",
            .help = "where to publish: a web server (https://), a bucket (s3://) or a folder",
            .group = GROUP_CHANNEL,
            .commands = SIGNED,
            .first = SIGNED,
        },
    [SETTING_CHANNEL] =
        {
            .name = "channel",
            .type = OPTION_TEXT,
            .metavar = "NAME",
            .help = "name of the channel, as players know it",
            .group = GROUP_CHANNEL,
            .commands = SIGNED,
            .first = SIGNED,
        },
    [SETTING_AFTER] =
        {
            .name = "after",
            .type = OPTION_TEXT,
            .metavar = "VERSION",
            .help = "a version that players have seen (\"the highest seen\" in their log); the new "
                    "one is numbered above it; 0: none, begin with 1",
            .group = GROUP_CHANNEL,
            .commands = SIGNED,
        },
    [SETTING_EXPIRES] =
        {
            .name = "expires",
            .type = OPTION_TEXT,
            .metavar = "TIME",
            .check = check_instant,
            .help = "when players start to report the playlist as stale (RFC 3339, or local time); "
                    "default: in 90 days",
            .group = GROUP_TIME,
            .commands = PUBLISH,
        },
    [SETTING_UNTIL] =
        {
            .name = "until",
            .type = OPTION_TEXT,
            .metavar = "TIME",
            .check = check_instant,
            .help = "when the takeover ends by itself, at most 31 days from now (RFC 3339, or "
                    "local time)",
            .group = GROUP_TIME,
            .commands = TAKEOVER,
            .first = TAKEOVER,
        },
    [SETTING_DRY_RUN] =
        {
            .name = "dry-run",
            .type = OPTION_FLAG,
            .help = "say what would be done without doing it",
            .group = GROUP_CHANNEL,
            .commands = SIGNED,
            .first = SIGNED,
        },
    [SETTING_ROLLBACK] =
        {
            .name = "rollback",
            .type = OPTION_FLAG,
            .help = "publish an older version's content again, under a new version",
            .group = GROUP_CHANNEL,
            .commands = PUBLISH,
            .first = PUBLISH,
        },
    [SETTING_CA_FILE] =
        {
            .name = "ca-file",
            .type = OPTION_TEXT,
            .metavar = "FILE",
            .is_path = is_any_path,
            .help = "CA certificates (PEM) to trust for https; default: the system's",
            .group = GROUP_NETWORK,
            .commands = PLAY | SIGNED,
        },
    [SETTING_CLIENT_CERT] =
        {
            .name = "client-cert",
            .type = OPTION_TEXT,
            .metavar = "FILE",
            .is_path = is_any_path,
            .help = "client certificate (PEM) for servers that ask for one",
            .group = GROUP_NETWORK,
            .commands = PLAY | SIGNED,
        },
    [SETTING_CLIENT_KEY] =
        {
            .name = "client-key",
            .type = OPTION_TEXT,
            .metavar = "FILE",
            .is_path = is_any_path,
            .help = "private key (PEM) of --client-cert; default: in the same file",
            .group = GROUP_NETWORK,
            .commands = PLAY | SIGNED,
        },
    [SETTING_DECODE_TIMEOUT] =
        {
            .name = "decode-timeout",
            .type = OPTION_NUMBER,
            .min = 0.1,
            .max = 60,
            .metavar = "SECONDS",
            .fallback = "2",
            .help = "processor time for a picture, more for a large one; and how long a picture "
                    "or film may make no progress",
            .group = GROUP_MEDIA,
            .commands = BOTH | CHECK | PUBLISH | TAKEOVER | IDENTIFY,
        },
    [SETTING_NO_SANDBOX] =
        {
            .name = "no-sandbox",
            .type = OPTION_FLAG,
            .help = "decode without a sandbox, where the kernel has none: unsafe",
            .group = GROUP_MEDIA,
            .commands = BOTH | CHECK | PUBLISH | TAKEOVER | IDENTIFY,
        },
    [SETTING_NO_CACHE] =
        {
            .name = "no-cache",
            .type = OPTION_FLAG,
            .help = "decode all media again, and remember nothing of it",
            .group = GROUP_MEDIA,
            .commands = CHECK | SIGNED,
        },
    [SETTING_AT] =
        {
            .name = "at",
            .type = OPTION_TEXT,
            .metavar = "TIME",
            .check = check_instant,
            .help = "instant to start at, or to show (RFC 3339, or local time); default: now",
            .group = GROUP_TIME,
            .commands = BOTH | EXPLAIN | CHECK | IDENTIFY,
            .first = PREVIEW | EXPLAIN | CHECK,
        },
    [SETTING_SPEED] =
        {
            .name = "speed",
            .type = OPTION_WHOLE,
            .min = 1,
            .max = SHOW_CLOCK_SPEED_MAX,
            .metavar = "FACTOR",
            .help = "run the show clock this many times as fast, without sound",
            .group = GROUP_TIME,
            .commands = PLAY,
        },
    [SETTING_FOR] =
        {
            .name = "for",
            .type = OPTION_NUMBER,
            .min = 0,
            .max = 31536000,
            .metavar = "SECONDS",
            .help = "stop after this long",
            .group = GROUP_TIME,
            .commands = PLAY | IDENTIFY,
            .first = IDENTIFY,
        },
    [SETTING_FRAMES_LOG] =
        {
            .name = "frames-log",
            .type = OPTION_TEXT,
            .metavar = "FILE",
            .is_path = is_any_path,
            .help = "write a line of CSV to FILE for each frame presented",
            .group = GROUP_GENERAL,
            .commands = PLAY,
        },
    [SETTING_LOG_LEVEL] =
        {
            .name = "log-level",
            .type = OPTION_CHOICE,
            .choices = "error|warn|info|debug",
            .fallback = "info",
            .help = "log messages of this level and above",
            .group = GROUP_GENERAL,
            .commands = EVERY,
        },
    [SETTING_LOG_FORMAT] =
        {
            .name = "log-format",
            .type = OPTION_CHOICE,
            .choices = "text|json",
            .fallback = "text",
            .help = "log for people, or for programs: a JSON object on each line",
            .group = GROUP_GENERAL,
            .commands = EVERY,
        },
    [SETTING_OUTPUT] =
        {
            .name = "output",
            .letter = 'o',
            .type = OPTION_TEXT,
            .metavar = "FILE",
            .help = "PNG or MP4 file to write; with --frames, %d in its name stands for the "
                    "frame's number",
            .group = GROUP_OUTPUT,
            .commands = PREVIEW,
            .first = PREVIEW,
        },
    [SETTING_CARD] =
        {
            .name = "output",
            .letter = 'o',
            .type = OPTION_TEXT,
            .metavar = "FILE",
            .help = "write the card as a PNG file instead of showing it",
            .group = GROUP_OUTPUT,
            .commands = IDENTIFY,
            .first = IDENTIFY,
        },
    [SETTING_SIZE] =
        {
            .name = "size",
            .type = OPTION_SIZE,
            .min = 64,
            .max = 16384,
            .metavar = "WxH",
            .fallback = "1920x1080",
            .help = "size of the screen to preview",
            .group = GROUP_SCREEN,
            .commands = IDENTIFY,
            .first = IDENTIFY,
        },
    [SETTING_SIZES] =
        {
            .name = "size",
            .type = OPTION_SIZES,
            .min = 64,
            .max = 16384,
            .metavar = "WxH",
            .help = "size of the screen to preview; with --sheet it may be given several times; "
                    "default: 1920x1080",
            .group = GROUP_SCREEN,
            .commands = PREVIEW,
            .first = PREVIEW,
        },
    [SETTING_SCREENS] =
        {
            .name = "size",
            .type = OPTION_SIZES,
            .min = 64,
            .max = 16384,
            .metavar = "WxH",
            .help = "size of a screen that shows the playlist; may be given several times; "
                    "default: "
                    "1920x1080 and 1080x1920, and one of each other shape that the playlist names",
            .group = GROUP_SCREEN,
            .commands = CHECK | SIGNED,
            .first = CHECK,
        },
    [SETTING_SHEET] =
        {
            .name = "sheet",
            .type = OPTION_FLAG,
            .help = "draw a contact sheet: every spot in every language of the playlist",
            .group = GROUP_OUTPUT,
            .commands = PREVIEW,
        },
    [SETTING_GUIDES] =
        {
            .name = "guides",
            .type = OPTION_FLAG,
            .help = "draw guides over the pictures: the safe area, and thirds",
            .group = GROUP_OUTPUT,
            .commands = PREVIEW,
        },
    [SETTING_FRAMES] =
        {
            .name = "frames",
            .type = OPTION_WHOLE,
            .min = 1,
            .max = 10000,
            .metavar = "N",
            .fallback = "1",
            .help = "draw this many frames, starting at --at",
            .group = GROUP_OUTPUT,
            .commands = PREVIEW,
        },
    [SETTING_STRIP] =
        {
            .name = "strip",
            .type = OPTION_FLAG,
            .help = "put the --frames side by side in one picture",
            .group = GROUP_OUTPUT,
            .commands = PREVIEW,
        },
    [SETTING_FPS] =
        {
            .name = "fps",
            .type = OPTION_NUMBER,
            .min = 0.01,
            .max = 240,
            .metavar = "RATE",
            .help = "frames per second; default: 30 in a film, 10 with --frames",
            .group = GROUP_OUTPUT,
            .commands = PREVIEW,
        },
    [SETTING_FROM] =
        {
            .name = "from",
            .type = OPTION_TEXT,
            .metavar = "TIME",
            .check = check_instant,
            .help = "start of the stretch (RFC 3339, or local time); default: now",
            .group = GROUP_TIME,
            .commands = PREVIEW | GUIDE,
            .first = PREVIEW | GUIDE,
        },
    [SETTING_TO] =
        {
            .name = "to",
            .type = OPTION_TEXT,
            .metavar = "TIME",
            .check = check_instant,
            .help = "end of the stretch, not included; default (guide only): 24 hours after --from",
            .group = GROUP_TIME,
            .commands = PREVIEW | GUIDE,
            .first = PREVIEW | GUIDE,
        },
    [SETTING_FORMAT] =
        {
            .name = "format",
            .type = OPTION_CHOICE,
            .choices = "table|json|csv",
            .fallback = "table",
            .help = "a table for people, or JSON or CSV for programs, one record per line",
            .group = GROUP_OUTPUT,
            .commands = GUIDE,
            .first = GUIDE,
        },
    [SETTING_TOTALS] =
        {
            .name = "totals",
            .type = OPTION_FLAG,
            .help = "list each spot's plays, time and share instead of every slot",
            .group = GROUP_OUTPUT,
            .commands = GUIDE,
            .first = GUIDE,
        },
    [SETTING_JSON] =
        {
            .name = "json",
            .type = OPTION_FLAG,
            .help = "print one JSON object per line, for programs",
            .group = GROUP_OUTPUT,
            .commands = CHECK | SHOW_CONFIG | DOCTOR,
            .first = CHECK | SHOW_CONFIG | DOCTOR,
        },
    [SETTING_STRICT] =
        {
            .name = "strict",
            .type = OPTION_FLAG,
            .help = "fail on warnings, too",
            .group = GROUP_MEDIA,
            .commands = CHECK | PUBLISH,
            .first = CHECK,
        },
    [SETTING_ANSWERS] =
        {
            .name = "answers",
            .type = OPTION_TEXT,
            .metavar = "FILE",
            .typed_only = true,
            .help = "take answers from FILE, which has the form of a configuration file",
            .group = GROUP_GENERAL,
            .commands = SETUP,
            .first = SETUP,
        },
    [SETTING_NAME] =
        {
            .name = "name",
            .type = OPTION_TEXT,
            .metavar = "NAME",
            .help = "the box's name in its network",
            .group = GROUP_GENERAL,
            .commands = SETUP,
            .first = SETUP,
        },
    [SETTING_SITE] =
        {
            .name = "site",
            .type = OPTION_TEXT,
            .metavar = "NAME",
            .check = check_site,
            .help = "the site's name: settings on a stick that are signed for it are taken",
            .group = GROUP_GENERAL,
            .commands = PLAY | SETUP,
        },
    [SETTING_STICK] =
        {
            .name = "stick",
            .type = OPTION_TEXT,
            .metavar = "DIR",
            .typed_only = true,
            .help = "take the signed settings of a stick that is mounted at DIR, and ask nothing",
            .group = GROUP_GENERAL,
            .commands = SETUP,
        },
    [SETTING_WATCHDOG] =
        {
            .name = "watchdog",
            .type = OPTION_CHOICE,
            .choices = "yes|no",
            .help = "whether the box starts itself again when its system hangs",
            .group = GROUP_GENERAL,
            .commands = SETUP,
        },
    [SETTING_TIME_SERVERS] =
        {
            .name = "time-servers",
            .type = OPTION_CHOICE,
            .choices = "kr|cn|none",
            .help = "whom systemd-timesyncd asks for the time: servers in Korea or in China, or "
                    "none but the system's own",
            .group = GROUP_TIME,
            .commands = SETUP,
        },
    [SETTING_YES] =
        {
            .name = "yes",
            .type = OPTION_FLAG,
            .typed_only = true,
            .help = "ask nothing: what is not given stays as it is, or has its default",
            .group = GROUP_GENERAL,
            .commands = SETUP,
            .first = SETUP,
        },
    [SETTING_ROOT] =
        {
            .name = "root",
            .type = OPTION_TEXT,
            .metavar = "DIR",
            .typed_only = true,
            .help = "set up the system whose files are below DIR, such as an image, and not this "
                    "one",
            .group = GROUP_GENERAL,
            .commands = SETUP,
        },
};

const struct option_table settings_table = {
    .rows = rows,
    .count = SETTING_COUNT,
    .groups = groups,
    .group_count = GROUP_COUNT,
    .sections = sections,
    .general = "player",
};
