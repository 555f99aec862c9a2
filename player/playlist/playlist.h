/* The playlist: from JSON bytes to a checked model (duckling-playlist(5)).
 *
 * Pure; any thread. A playlist is immutable once parsed, lives in one arena and is freed whole;
 * every pointer below points into it. Nothing here opens a file: paths are texts. */
#ifndef PLAYLIST_PLAYLIST_H
#define PLAYLIST_PLAYLIST_H

#include "core/arena.h"
#include "core/layout.h"
#include "core/qr_style.h"
#include "core/shape.h"
#include "core/text_style.h"
#include "core/transition.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLAYLIST_BYTES_MAX ((size_t)1 << 20)
#define PLAYLIST_DEPTH_MAX 16
#define PLAYLIST_SPOTS_MAX 4096
#define PLAYLIST_LOOPS_MAX 1024
#define PLAYLIST_LOOP_LENGTH_MAX 4096
#define PLAYLIST_SCHEDULE_MAX 1024
#define PLAYLIST_STYLES_MAX 256
#define PLAYLIST_PATH_BYTES_MAX 1024
#define PLAYLIST_TEXT_BYTES_MAX 2000 /* one tagline in one language */
#define PLAYLIST_TRANSITION_MS_MAX 10000
#define PLAYLIST_DURATION_MS_MIN 1000
#define PLAYLIST_DURATION_MS_MAX 86400000

enum playlist_weight {
    PLAYLIST_WEIGHT_REGULAR,
    PLAYLIST_WEIGHT_BOLD,
};

/* A file that the playlist names; there is one, however often it is named. */
struct playlist_asset {
    /* As written: relative to the playlist, '/' separated, no scheme, not absolute. */
    const char *path;
    /* From the compiled form's "files"; zero without it. */
    bool has_sha256;
    uint8_t sha256[32];
    int64_t size_bytes; /* "bytes" */
    const char *url;    /* NULL: path relative to the playlist */
    int32_t width, height;
    int32_t duration_ms;
    double fps;
    const char *codec;
};

/* One language's text. `language` is a BCP 47 tag, "" where the playlist gave a single string. */
struct playlist_text {
    const char *language;
    const char *text;              /* UTF-8, 1 to PLAYLIST_TEXT_BYTES_MAX bytes; may have '\n' */
    const struct text_span *spans; /* its parts in colors of their own */
    size_t span_count;             /* 0: it has one color, the style's */
};

/* A brand font for one language; "" for all. */
struct playlist_font {
    const char *language;
    int asset;
};

/* What a style says for each shape of screens. A set of 0: nothing, one value serves all. */
struct playlist_style_shapes {
    unsigned sizes, positions, boxes; /* the shapes that have a value: sets of shape.h */
    double size[SHAPE_COUNT];
    enum text_align align[SHAPE_COUNT], valign[SHAPE_COUNT]; /* of positions */
    struct layout_rect box[SHAPE_COUNT];
};

struct playlist_style {
    const char *name;
    const struct playlist_font *fonts; /* none: the system's face for the language */
    size_t font_count;
    enum playlist_weight weight; /* default bold */
    /* Size, place and box are those of screens of 16:9, where they differ (playlist_style_for). */
    struct text_style text;
    struct playlist_style_shapes shapes;
};

/* A point of a visual, as fractions of its width and height. */
struct playlist_point {
    double x, y;
};

/* A text beside the tagline. */
struct playlist_level {
    const struct playlist_text *texts;
    size_t text_count;
    int style; /* index of styles; -1: as the level is by itself (playlist_spot_text_style) */
};

/* A code for the cameras of phones. */
struct playlist_qr {
    const char *text; /* NULL: the spot has none */
    struct qr_style style;
};

struct playlist_spot {
    const char *name; /* "" for the house card */
    bool has_visual, is_video;
    /* The shapes that have a file, as a set of shape.h: all, where one path serves all screens; none
     * without visual. Indexes of assets by shape; -1: none. */
    unsigned shapes;
    int assets[SHAPE_COUNT];
    const struct playlist_text *texts; /* the tagline; text_count 0: none */
    size_t text_count;
    int style;                            /* index of styles */
    struct playlist_level subline, legal; /* only with a tagline */
    struct playlist_qr qr;
    /* False: the slot's length is the film's, or the default (duckling-playlist(5), PROGRAMME, rule
     * 5). */
    bool has_duration;
    int32_t duration_ms; /* the spot's, else the default */
    struct transition transition;
    enum layout_fit fit;
    enum layout_motion motion;
    bool text_rises;       /* "text_motion": "rise" */
    unsigned focus_shapes; /* as `shapes`; never none */
    struct playlist_point focus[SHAPE_COUNT];
    uint32_t background; /* 0xRRGGBB */
    double volume;       /* 0 to 1 */
};

struct playlist_loop {
    const char *name; /* "" for the implicit loop of all spots */
    const int *spots; /* indexes */
    size_t spot_count;
};

/* An instant: absolute when the playlist gave an offset, else local (milliseconds since
 * 1970-01-01T00:00 on the local calendar, as if local time were UTC). */
struct playlist_instant {
    bool given;
    bool local;
    int64_t ms;
};

struct playlist_daypart {
    int loop;
    struct playlist_instant start, end;
    bool has_start_date, has_end_date;
    int32_t start_day, end_day; /* days since 1970-01-01, both included */
    uint8_t weekdays;           /* bit 0 MO to bit 6 SU; 0x7f when not given */
    const int32_t *except_days; /* sorted */
    size_t except_count;
    /* Since local midnight, 0 to 86,400,000; default 0 and 86,400,000. */
    int32_t start_time_ms, end_time_ms;
    int32_t priority; /* -1,000,000 to 1,000,000; default 0 */
    bool has_share;
    int32_t share_ppm; /* share_of_voice in millionths, 1 to 1,000,000 */
    double dim;        /* how bright its spots are: 0 black, 1, the default, as they are */
};

/* One fault: where (a JSON path such as $.spots.ducklings.duration, or $["a b"].x where a key is
 * no identifier) and what, for an operator. */
struct playlist_fault {
    const char *path;
    const char *text;
};

#define PLAYLIST_FAULTS_MAX 200

/* Faults in the order in which they were found; more than PLAYLIST_FAULTS_MAX are counted only. */
struct playlist_faults {
    struct playlist_fault items[PLAYLIST_FAULTS_MAX];
    size_t count; /* items in use */
    size_t total; /* found */
    struct arena arena;
};

struct playlist {
    const char *name;     /* "" when not given */
    const char *timezone; /* IANA name; NULL: the player's own */
    int64_t version;      /* compiled form only, else 0 */
    const char *channel;  /* compiled form only, else NULL */
    struct transition default_transition;
    int32_t default_duration_ms;
    uint32_t background; /* the default's */
    const struct playlist_asset *assets;
    size_t asset_count;
    /* At least one: [0] is made of `defaults` and the built-in style. */
    const struct playlist_style *styles;
    size_t style_count;
    /* With has_house one more behind the last: the house card, an image or a background without a
     * name, which no loop has. */
    const struct playlist_spot *spots;
    size_t spot_count;
    bool has_house;
    const struct playlist_loop *loops; /* at least one */
    size_t loop_count;
    /* At least one: without "schedule", one that always runs loop 0. */
    const struct playlist_daypart *schedule;
    size_t schedule_count;
    bool schedule_given;
    int fallback; /* index of loops, -1: none */
    /* Faults that `duckling check` and `duckling publish` refuse, but that keep no player from
     * showing the playlist, which may have been signed long ago: languages that are not known. */
    struct playlist_faults tolerated;
    struct arena arena;
};

/* Parses `size` bytes. Returns NULL with at least one fault, or a playlist with none. `faults` must
 * be zeroed; finish it in any case. Every fault is found in one run, except that broken JSON syntax
 * (with line and column in the text), a file over PLAYLIST_BYTES_MAX, invalid UTF-8 and depth over
 * PLAYLIST_DEPTH_MAX end the run at once. Never aborts; memory is bounded by about 64 times
 * PLAYLIST_BYTES_MAX. */
struct playlist *playlist_parse(const char *bytes, size_t size, struct playlist_faults *faults);

/* As playlist_parse, but a playlist with faults is returned, too, as far as it could be read, so
 * that its media can be checked in the same run. Only its assets, the fonts of its styles, and its
 * spots without their taglines and styles may be used; an asset whose path is wrong is -1. NULL
 * where nothing could be read. */
struct playlist *playlist_parse_media(const char *bytes, size_t size,
                                      struct playlist_faults *faults);

/* NULL is allowed. */
void playlist_destroy(struct playlist *playlist);
void playlist_faults_finish(struct playlist_faults *faults);

/* The text for a language (RFC 4647 lookup): the longest prefix of `language` by subtag, else one
 * that says more than such a prefix (ko-KR for ko, but no other script), else "en" the same way,
 * else the first. Tags compare without case; zh-CN and zh-SG count as zh-Hans, zh-TW, zh-HK and
 * zh-MO as zh-Hant. NULL where count is 0. */
const struct playlist_text *playlist_choose_text(const struct playlist_text *texts, size_t count,
                                                 const char *language);

/* The same for a brand font; -1: none fits, use the system's ("" fits any language; "en" is not a
 * fall-back). */
int playlist_choose_font(const struct playlist_style *style, const char *language);

/* Whether both spots have texts and QR codes that look the same, in every language. */
bool playlist_has_same_tagline(const struct playlist *playlist, const struct playlist_spot *a,
                               const struct playlist_spot *b);

/* Whether a text is a color such as "#ff6a00" or "#f60"; *out: 0xRRGGBB. */
bool playlist_parse_color(const char *text, uint32_t *out);

/* The index of the house card among the spots; -1: the playlist has none. */
int playlist_house(const struct playlist *playlist);

/* The spots and the house card: all that names a visual. */
size_t playlist_visual_count(const struct playlist *playlist);

/* What serves a screen of this size, upright, as people see it: that of the nearest shape for which
 * the playlist has something (shape.h). */

/* The spot's image or film; -1 without visual. */
int playlist_spot_asset(const struct playlist_spot *spot, int width_px, int height_px);

struct playlist_point playlist_spot_focus(const struct playlist_spot *spot, int width_px,
                                          int height_px);

/* What the style says for such a screen. */
struct text_style playlist_style_for(const struct playlist_style *style, int width_px,
                                     int height_px);

/* What a spot's text of any level looks like there. A subline without a style of its own looks like the
 * tagline, but smaller, regular, and a little transparent; a legal line like the tagline, but small and at
 * the lower edge. A shadow without a color has that of the spot's background. */
struct text_style playlist_spot_text_style(const struct playlist *playlist,
                                           const struct playlist_spot *spot, enum text_level level,
                                           int width_px, int height_px);

/* A spot's texts of a level, with the index of the style whose fonts they have. */
struct playlist_level playlist_spot_level(const struct playlist_spot *spot, enum text_level level);

/* Whether anything stands in the plane above its visual: texts, or a QR code. */
bool playlist_spot_has_texts(const struct playlist_spot *spot);

/* The languages that a spot has texts in, in order: those of its tagline, then those that only its
 * subline has, then those of its legal line; only "" where each serves all languages, as a QR code
 * does. NULL where there are no more, and without texts. */
const char *playlist_spot_language(const struct playlist_spot *spot, size_t index);
size_t playlist_spot_language_count(const struct playlist_spot *spot);

enum playlist_weight playlist_spot_weight(const struct playlist *playlist,
                                          const struct playlist_spot *spot, enum text_level level);

/* Whether the spot shows this asset on any screen. */
bool playlist_spot_uses(const struct playlist_spot *spot, int asset);

/* Whether one file serves all screens. */
bool playlist_spot_has_one_file(const struct playlist_spot *spot);

/* The shape whose film gives a spot its length (duckling-playlist(5), PROGRAMME, rule 5): of those
 * that have a film of known length the first, in the order of shape.h; where none is known, of all.
 * SHAPE_COUNT: it has no film. lengths_ms: by asset. */
enum shape playlist_spot_length_shape(const struct playlist_spot *spot, const int32_t *lengths_ms);

#endif
