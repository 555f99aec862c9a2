/* Parses a playlist: its size and depth, its top level, and the order of its parts. */
#include "playlist/playlist_internal.h"

#include "core/zone_alias.h"
#include "playlist/playlist_json.h"
#include "playlist/playlist_scan.h"
#include "playlist/playlist_texts.h"
#include "playlist/playlist_values.h"
#include "playlist/pointer.h"

#include <stdlib.h>
#include <string.h>

#define FORMAT "duckling/1"
#define ZONE_BYTES_MAX 64

static const char *const TOP_KEYS[] = {"$schema", "format",  "name",     "defaults", "styles",
                                       "spots",   "loops",   "schedule", "fallback", "timezone",
                                       "version", "channel", "files",    "house"};

/* Above 2^53 - 1 the numbers of JSON are no longer exact (RFC 8259, section 6). */
static const struct playlist_range VERSION = {1, 9007199254740991, true,
                                              "a whole number from 1 to 9007199254740991"};

static void check_format(struct playlist_parser *parser, const struct playlist_node *root)
{
    struct playlist_node node;
    if (!playlist_member(root, "format", &node)) {
        playlist_fault_add(parser->faults, &node, "is missing: write \"format\": \"" FORMAT "\"");
        return;
    }
    if (!playlist_is_string(parser, &node))
        return;
    const char *format = playlist_json_string(node.value);
    if (strcmp(format, FORMAT) != 0)
        playlist_string_fault(parser, &node, "\"" FORMAT "\", which this player reads");
}

/* A string of 1 to bytes_max characters out of a few. */
static bool is_made_of(const char *text, const char *others, size_t bytes_max)
{
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i++) {
        bool lower = text[i] >= 'a' && text[i] <= 'z', digit = text[i] >= '0' && text[i] <= '9';
        if (!lower && !digit && !strchr(others, text[i]))
            return false;
    }
    return length && length <= bytes_max;
}

/* Whether a name cannot lead out of the folder of zone files. Whether the zone exists is checked
 * by the caller of the parser. */
static bool is_zone(const char *zone)
{
    return is_made_of(zone, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_+/-", ZONE_BYTES_MAX) && zone[0] != '/' &&
           zone[strlen(zone) - 1] != '/' && !strstr(zone, "//");
}

static void add_zone_fault(struct playlist_parser *parser, const struct playlist_node *node,
                           const char *text)
{
    char clipped[96], hint[ZONE_ALIAS_BYTES];
    bool known = zone_alias_suggest(text, hint);
    playlist_fault_add(parser->faults, node,
                       "must be the name of a time zone, such as \"Asia/Seoul\", not \"%s\"%s%s",
                       playlist_fault_clip(text, clipped), known ? "; " : "", hint);
}

static void parse_labels(struct playlist_parser *parser, const struct playlist_node *root)
{
    const char *text;
    struct playlist_node node;
    struct playlist *playlist = parser->playlist;
    double version = 0;
    playlist->name = "";
    playlist_read_string(parser, root, "$schema", &text);
    if (playlist_read_string(parser, root, "name", &text)) {
        playlist_member(root, "name", &node);
        if (strlen(text) > PLAYLIST_NAME_BYTES_MAX)
            playlist_fault_add(parser->faults, &node, "is longer than %d bytes",
                               PLAYLIST_NAME_BYTES_MAX);
        else if (playlist_check_printable(parser, &node, text, ""))
            playlist->name = playlist_copy_text(parser, text);
    }
    if (playlist_read_string(parser, root, "timezone", &text)) {
        playlist_member(root, "timezone", &node);
        if (is_zone(text))
            playlist->timezone = playlist_copy_text(parser, text);
        else
            add_zone_fault(parser, &node, text);
    }
    if (playlist_read_number(parser, root, "version", &VERSION, &version))
        playlist->version = (int64_t)version;
    if (playlist_read_string(parser, root, "channel", &text)) {
        playlist_member(root, "channel", &node);
        playlist->channel = playlist_copy_text(parser, text);
        if (!pointer_channel_is_valid(text))
            playlist_fault_add(parser->faults, &node,
                               "must have 1 to %d characters out of a to z, 0 to 9, dot, _ and "
                               "hyphen, and begin with a letter or digit",
                               POINTER_CHANNEL_BYTES - 1);
    }
}

static void parse_root(struct playlist_parser *parser, const struct playlist_node *root)
{
    if (!playlist_is_object(parser, root, PLAYLIST_WORDS(TOP_KEYS)))
        return;
    check_format(parser, root);
    parse_labels(parser, root);
    playlist_parse_files(parser, root);
    playlist_parse_styles(parser, root);
    playlist_parse_defaults(parser, root);
    playlist_parse_spots(parser, root);
    playlist_parse_loops(parser, root);
    playlist_parse_schedule(parser, root);
    playlist_parse_fallback(parser, root);
    playlist_assets_resolve(parser, root);
}

/* What is no text in UTF-8, whatever the parser would make of it: jansson takes a number for ended
 * by a NUL. */
static bool check_encoding(const char *bytes, size_t size, struct playlist_faults *faults)
{
    const char *nul = memchr(bytes, '\0', size);
    bool is_marked = size >= 2 && (!memcmp(bytes, "\xff\xfe", 2) || !memcmp(bytes, "\xfe\xff", 2));
    size_t line = 1;
    for (const char *at = bytes; nul && at < nul; at++)
        line += *at == '\n';
    if (is_marked || (nul && nul - bytes < 2 && size > 2))
        playlist_fault_add(faults, NULL, "the file is UTF-16: save it as UTF-8");
    else if (nul)
        playlist_fault_add(faults, NULL,
                           "the file has a NUL byte on line %zu: it is damaged, or no text", line);
    return !is_marked && !nul;
}

static void report_syntax(struct playlist_faults *faults, const struct playlist_json_error *error)
{
    if (error->out_of_memory)
        playlist_fault_add(faults, NULL, "out of memory");
    else
        playlist_fault_add(faults, NULL, "not valid JSON at line %d, column %d: %s", error->line,
                           error->column, error->text);
}

/* The JSON of a text that has a playlist's size and shape, repeated keys already reported; NULL
 * with a fault. */
static struct json_t *load_json(const char *bytes, size_t size, struct playlist_faults *faults)
{
    struct playlist_json_error error;
    size_t keys, blank = 0;
    while (blank < size && strchr(" \t\r\n", bytes[blank]) && bytes[blank])
        blank++;
    if (size > PLAYLIST_BYTES_MAX) {
        playlist_fault_add(faults, NULL, "the file has %zu bytes; at most %zu are allowed", size,
                           PLAYLIST_BYTES_MAX);
        return NULL;
    }
    if (blank == size) {
        playlist_fault_add(faults, NULL, "the file is empty");
        return NULL;
    }
    if (!check_encoding(bytes, size, faults) || !playlist_scan_shape(bytes, size, faults, &keys))
        return NULL;
    struct json_t *root = playlist_json_load(bytes, size, &error);
    if (!root) {
        report_syntax(faults, &error);
        return NULL;
    }
    /* The parsed values have each key once, so equal counts mean that none is repeated. */
    if (playlist_json_count_keys(root) != keys &&
        !playlist_scan_duplicates(bytes, size, keys, faults)) {
        playlist_fault_add(faults, NULL, "out of memory");
        playlist_json_free(root);
        return NULL;
    }
    return root;
}

/* What could be read, faults or not; NULL where that is nothing. */
static struct playlist *parse_text(const char *bytes, size_t size, size_t arena_bytes_max,
                                   struct playlist_faults *faults)
{
    size_t begin = playlist_json_begin(bytes, size);
    struct json_t *json = load_json(bytes + begin, size - begin, faults);
    if (!json)
        return NULL;
    struct playlist *playlist = calloc(1, sizeof *playlist);
    struct playlist_parser parser = {.playlist = playlist, .faults = faults};
    if (playlist) {
        struct playlist_node root = {.value = json};
        playlist->arena.limit_bytes = parser.scratch.limit_bytes = arena_bytes_max;
        parse_root(&parser, &root);
    }
    if (!playlist || parser.out_of_memory)
        playlist_fault_add(faults, NULL, "out of memory");
    arena_finish(&parser.scratch);
    playlist_json_free(json);
    if (!parser.out_of_memory)
        return playlist;
    playlist_destroy(playlist);
    return NULL;
}

struct playlist *playlist_parse_within(const char *bytes, size_t size, size_t arena_bytes_max,
                                       struct playlist_faults *faults)
{
    struct playlist *playlist = parse_text(bytes, size, arena_bytes_max, faults);
    if (!faults->total)
        return playlist;
    playlist_destroy(playlist);
    return NULL;
}

struct playlist *playlist_parse_media(const char *bytes, size_t size,
                                      struct playlist_faults *faults)
{
    return parse_text(bytes, size, PLAYLIST_ARENA_BYTES_MAX, faults);
}

struct playlist *playlist_parse(const char *bytes, size_t size, struct playlist_faults *faults)
{
    return playlist_parse_within(bytes, size, PLAYLIST_ARENA_BYTES_MAX, faults);
}
