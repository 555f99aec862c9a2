/* Parses paths of files, and `files` of the compiled form. */
#include "playlist/playlist_json.h"
#include "playlist/playlist_texts.h"
#include "playlist/playlist_values.h"

#include <math.h>
#include <string.h>

static const char *const FILE_KEYS[] = {"sha256", "bytes",       "url", "width",
                                        "height", "duration_ms", "fps", "codec"};

/* Above 2^53 - 1 the numbers of JSON are no longer exact (RFC 8259, section 6). */
static const struct playlist_range BYTES = {1, 9007199254740991, true,
                                            "a whole number of bytes from 1 to 9007199254740991"};
static const struct playlist_range SIDE = {1, 65535, true, "a whole number from 1 to 65535"};
static const struct playlist_range FILM = {1, PLAYLIST_DURATION_MS_MAX, true,
                                           "a whole number from 1 to 86400000"};
static const struct playlist_range FPS = {0.001, 1000, false, "a number from 0.001 to 1000"};

#define CODEC_BYTES_MAX 64

static bool is_scheme_letter(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

/* The length of the "http:" of a URL or the "C:" of a drive, without the colon; 0 where there is
 * none. */
static size_t scheme_length(const char *path)
{
    size_t i = 0;
    while (is_scheme_letter(path[i]) || (i && path[i] && strchr("0123456789+.-", path[i])))
        i++;
    return path[i] == ':' ? i : 0;
}

/* What is wrong with a path, or NULL. */
static const char *find_path_fault(const char *path)
{
    size_t length = strlen(path);
    const char *name = strrchr(path, '/');
    name = name ? name + 1 : path;
    if (!length)
        return "is empty: write the path of a file";
    if (length > PLAYLIST_PATH_BYTES_MAX)
        return "is longer than 1024 bytes";
    if (strchr(path, '\\'))
        return "has a backslash: separate folders with /";
    if (path[0] == '/' || scheme_length(path))
        return "is absolute: write the path relative to the playlist's folder";
    if (strstr(path, "//"))
        return "has an empty folder name: write / in place of //";
    if (!*name || !strcmp(name, ".") || !strcmp(name, ".."))
        return "names a folder, not a file";
    return NULL;
}

_Static_assert(PLAYLIST_PATH_BYTES_MAX == 1024, "the words above say 1024");
_Static_assert(PLAYLIST_DURATION_MS_MAX == 86400000, "the words above say 86400000");

const char *playlist_check_path(struct playlist_parser *parser, const struct playlist_node *node)
{
    if (!playlist_is_string(parser, node))
        return NULL;
    const char *path = playlist_json_string(node->value);
    const char *fault = find_path_fault(path);
    if (fault)
        playlist_fault_add(parser->faults, node, "%s", fault);
    if (fault || !playlist_check_printable(parser, node, path, ""))
        return NULL;
    if (parser->files && playlist_names_find(&parser->file_names, path) < 0)
        playlist_fault_add(parser->faults, node,
                           "is missing from \"files\": publish the playlist again from its source");
    return path;
}

static void fill_slots(const struct playlist_use *use, int number)
{
    for (size_t i = 0; i < use->count; i++)
        use->slots[i] = number;
}

void playlist_use_path(struct playlist_parser *parser, const char *path, int *slots, size_t count)
{
    const struct playlist_use use = {path, slots, count};
    fill_slots(&use, -1);
    if (!path)
        return;
    if (parser->use_count == parser->use_capacity) {
        size_t room = parser->use_capacity ? parser->use_capacity * 2 : 64;
        struct playlist_use *uses = arena_alloc(&parser->scratch, room, sizeof *uses);
        if (!uses) {
            parser->out_of_memory = true;
            return;
        }
        if (parser->use_count)
            memcpy(uses, parser->uses, parser->use_count * sizeof *uses);
        parser->uses = uses;
        parser->use_capacity = room;
    }
    parser->uses[parser->use_count++] = use;
}

void playlist_parse_files(struct playlist_parser *parser, const struct playlist_node *root)
{
    struct playlist_node node;
    if (!playlist_member(root, "files", &node) ||
        !playlist_is_object(parser, &node, (struct playlist_words){NULL, 0}))
        return;
    if (playlist_sort_keys(parser, node.value, &parser->file_names))
        parser->files = node.value;
}

static bool is_url(const char *url)
{
    size_t length = strlen(url), scheme = scheme_length(url);
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)url[i] <= ' ' || (unsigned char)url[i] > '~' || url[i] == '\\')
            return false;
    bool http = !strncmp(url, "http://", 7) || !strncmp(url, "https://", 8);
    return length && length <= PLAYLIST_PATH_BYTES_MAX && (!scheme || http);
}

static bool is_codec(const char *codec)
{
    size_t length = strlen(codec);
    for (size_t i = 0; i < length; i++)
        if (!is_scheme_letter(codec[i]) && !strchr("0123456789._-", codec[i]))
            return false;
    return length && length <= CODEC_BYTES_MAX;
}

static void read_sha256(struct playlist_parser *parser, const struct playlist_node *node,
                        struct playlist_asset *asset)
{
    struct playlist_node sha256;
    if (!playlist_member(node, "sha256", &sha256)) {
        playlist_fault_add(parser->faults, &sha256, "is missing: give the file's SHA-256");
        return;
    }
    if (!playlist_is_string(parser, &sha256))
        return;
    asset->has_sha256 =
        playlist_hex_parse(playlist_json_string(sha256.value), asset->sha256, sizeof asset->sha256);
    if (!asset->has_sha256)
        playlist_fault_add(parser->faults, &sha256, "must be 64 hexadecimal digits");
}

static void read_url_and_codec(struct playlist_parser *parser, const struct playlist_node *node,
                               struct playlist_asset *asset)
{
    const char *text;
    struct playlist_node member;
    if (playlist_read_string(parser, node, "url", &text)) {
        asset->url = playlist_copy_text(parser, text);
        playlist_member(node, "url", &member);
        if (!is_url(text))
            playlist_fault_add(parser->faults, &member,
                               "must be an http or https URL or a path relative to the playlist, "
                               "of at most %d bytes",
                               PLAYLIST_PATH_BYTES_MAX);
    }
    if (playlist_read_string(parser, node, "codec", &text)) {
        asset->codec = playlist_copy_text(parser, text);
        playlist_member(node, "codec", &member);
        if (!is_codec(text))
            playlist_fault_add(parser->faults, &member,
                               "must be the name of a codec, such as \"h264\"");
    }
}

static void parse_file(struct playlist_parser *parser, const struct playlist_node *node,
                       struct playlist_asset *asset)
{
    if (!playlist_is_object(parser, node, PLAYLIST_WORDS(FILE_KEYS)))
        return;
    double bytes = 0, width = 0, height = 0, film_ms = 0;
    struct playlist_node missing;
    read_sha256(parser, node, asset);
    if (!playlist_member(node, "bytes", &missing))
        playlist_fault_add(parser->faults, &missing, "is missing: give the file's size in bytes");
    playlist_read_number(parser, node, "bytes", &BYTES, &bytes);
    playlist_read_number(parser, node, "width", &SIDE, &width);
    playlist_read_number(parser, node, "height", &SIDE, &height);
    playlist_read_number(parser, node, "duration_ms", &FILM, &film_ms);
    playlist_read_number(parser, node, "fps", &FPS, &asset->fps);
    asset->size_bytes = (int64_t)bytes;
    asset->width = (int32_t)width;
    asset->height = (int32_t)height;
    asset->duration_ms = (int32_t)film_ms;
    read_url_and_codec(parser, node, asset);
}

/* Sorts the uses by path and fills their slots: the different paths are numbered in the order in
 * which the file first names them, and first[number] is that use. Returns how many there are, -1
 * when out of memory. */
static int number_paths(struct playlist_parser *parser, struct playlist_names *sorted, int **first)
{
    size_t count = parser->use_count;
    sorted->items = arena_alloc(&parser->scratch, count, sizeof *sorted->items);
    int *same = arena_alloc(&parser->scratch, count, sizeof *same);
    int *numbers = arena_alloc(&parser->scratch, count, sizeof *numbers);
    *first = arena_alloc(&parser->scratch, count, sizeof **first);
    if (!sorted->items || !same || !numbers || !*first)
        return -1;
    for (size_t i = 0; i < count; i++)
        sorted->items[i] = (struct playlist_name){.text = parser->uses[i].path, .index = (int)i};
    sorted->count = count;
    playlist_names_sort(sorted);
    for (size_t i = 0; i < count; i++) {
        const struct playlist_name *item = &sorted->items[i];
        bool repeated = i && !strcmp(item->text, item[-1].text);
        same[item->index] = repeated ? same[item[-1].index] : item->index;
    }
    int different = 0;
    for (size_t i = 0; i < count; i++) {
        if (same[i] == (int)i)
            (*first)[different] = (int)i;
        /* Not read back from a slot: a spot with two visuals, a fault, uses its slots twice. */
        numbers[i] = same[i] == (int)i ? different++ : numbers[same[i]];
        fill_slots(&parser->uses[i], numbers[i]);
    }
    return different;
}

/* The compiled form's facts about each asset. */
static void read_files(struct playlist_parser *parser, const struct playlist_node *root,
                       const struct playlist_names *sorted, struct playlist_asset *assets)
{
    struct playlist_node node;
    struct playlist_json_member member = {.place = NULL};
    playlist_member(root, "files", &node);
    while (playlist_json_next(parser->files, &member)) {
        struct playlist_node child = {.parent = &node, .value = member.value, .key = member.key};
        struct playlist_asset unused = {.path = NULL};
        int use = playlist_names_find(sorted, member.key);
        parse_file(parser, &child, use < 0 ? &unused : &assets[parser->uses[use].slots[0]]);
        if (use < 0 && parser->spots_known)
            playlist_fault_add(parser->faults, &child,
                               "is not used by any spot or style: remove it");
    }
}

void playlist_assets_resolve(struct playlist_parser *parser, const struct playlist_node *root)
{
    struct playlist_names sorted = {.count = 0};
    int *first = NULL;
    int count = number_paths(parser, &sorted, &first);
    struct playlist_asset *assets =
        count < 0 ? NULL : playlist_new_items(parser, (size_t)count, sizeof *assets);
    if (!assets) {
        parser->out_of_memory = true;
        return;
    }
    for (int i = 0; i < count; i++)
        assets[i].path = playlist_copy_text(parser, parser->uses[first[i]].path);
    if (parser->files)
        read_files(parser, root, &sorted, assets);
    parser->playlist->assets = assets;
    parser->playlist->asset_count = (size_t)count;
}
