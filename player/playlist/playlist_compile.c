#include "playlist/playlist_compile.h"

#include "playlist/playlist_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* From channels/<channel>/p-43.json to the base. */
#define UP "../../"
#define MEDIA "media/"

static void write_hex(const uint8_t *bytes, size_t count, char *text)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < count; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    text[2 * count] = '\0';
}

/* The letter in lower case; '\0' for what an extension must not contain. */
static char extension_letter(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)(c - 'A' + 'a');
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
        return c;
    return '\0';
}

/* With its dot; "" for none. */
static void find_extension(const char *path, char extension[PLAYLIST_COMPILE_EXTENSION_MAX + 2])
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    size_t length = dot && dot != name ? strlen(dot + 1) : 0;
    extension[0] = '\0';
    if (length < 1 || length > PLAYLIST_COMPILE_EXTENSION_MAX)
        return;
    for (size_t i = 1; i <= length; i++)
        if (!extension_letter(dot[i]))
            return;
    extension[0] = '.';
    for (size_t i = 1; i <= length; i++)
        extension[i] = extension_letter(dot[i]);
    extension[length + 1] = '\0';
}

void playlist_compile_name(const uint8_t sha256[32], const char *path,
                           char name[PLAYLIST_COMPILE_NAME_BYTES])
{
    char extension[PLAYLIST_COMPILE_EXTENSION_MAX + 2], digits[65];
    find_extension(path, extension);
    write_hex(sha256, 32, digits);
    snprintf(name, PLAYLIST_COMPILE_NAME_BYTES, MEDIA "%s%s", digits, extension);
}

bool playlist_compile_name_of(const struct playlist_asset *asset,
                              char name[PLAYLIST_COMPILE_NAME_BYTES])
{
    static const char start[] = UP MEDIA;
    size_t up = sizeof UP - 1;
    if (!asset->url || strncmp(asset->url, start, sizeof start - 1) != 0 ||
        strlen(asset->url + up) >= PLAYLIST_COMPILE_NAME_BYTES)
        return false;
    snprintf(name, PLAYLIST_COMPILE_NAME_BYTES, "%s", asset->url + up);
    return true;
}

/* Past a string's closing quote; `at` is behind the opening one. */
static size_t skip_json_string(const char *bytes, size_t size, size_t at)
{
    while (at < size && bytes[at] != '"')
        at += bytes[at] == '\\' ? 2 : 1;
    return at < size ? at + 1 : size;
}

static bool is_json_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t skip_blanks(const char *bytes, size_t size, size_t at)
{
    while (at < size && is_json_blank(bytes[at]))
        at++;
    return at;
}

/* Where the value of a member of the outermost object begins; `size` where there is no such member.
 * A key that is written with escapes is not found: playlist_parse then finds it twice. */
static size_t find_member(const char *bytes, size_t size, const char *key)
{
    int depth = 0;
    for (size_t at = 0; at < size; at++) {
        if (bytes[at] == '{' || bytes[at] == '[')
            depth++;
        if (bytes[at] == '}' || bytes[at] == ']')
            depth--;
        if (bytes[at] != '"')
            continue;
        size_t begin = at + 1, end = skip_json_string(bytes, size, begin);
        size_t after = skip_blanks(bytes, size, end);
        bool is_key = depth == 1 && after < size && bytes[after] == ':';
        if (is_key && end - 1 - begin == strlen(key) && !memcmp(bytes + begin, key, strlen(key)))
            return skip_blanks(bytes, size, after + 1);
        at = end - 1;
    }
    return size;
}

/* A growing text. */
struct text {
    char *bytes;
    size_t used, capacity;
    bool failed; /* out of memory */
};

static bool grow_text(struct text *text, size_t size)
{
    if (size < text->capacity - text->used)
        return true;
    size_t capacity = (text->used + size + 1) * 2;
    char *bigger = realloc(text->bytes, capacity);
    if (!bigger)
        return false;
    text->bytes = bigger;
    text->capacity = capacity;
    return true;
}

static void append(struct text *text, const char *bytes, size_t size)
{
    text->failed = text->failed || !grow_text(text, size);
    if (text->failed)
        return;
    memcpy(text->bytes + text->used, bytes, size);
    text->used += size;
    text->bytes[text->used] = '\0';
}

static void append_words(struct text *text, const char *words)
{
    append(text, words, strlen(words));
}

static void append_number(struct text *text, const char *before, int64_t number)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%" PRId64, number);
    append_words(text, before);
    append_words(text, digits);
}

/* In seven digits: 30000/1001 is 29.97003. */
static void append_rate(struct text *text, const char *before, double rate)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%.7g", rate);
    append_words(text, before);
    append_words(text, digits);
}

/* Paths of a playlist are UTF-8 without control characters, so RFC 8259, section 7, requires no
 * more escapes. */
static void append_path(struct text *text, const char *path)
{
    append_words(text, "\"");
    for (const char *at = path; *at; at++) {
        if (*at == '"' || *at == '\\')
            append_words(text, "\\");
        append(text, at, 1);
    }
    append_words(text, "\"");
}

static void append_file(struct text *text, const struct playlist_compile_file *file)
{
    char name[PLAYLIST_COMPILE_NAME_BYTES], digits[65];
    playlist_compile_name(file->sha256, file->path, name);
    write_hex(file->sha256, sizeof file->sha256, digits);
    append_path(text, file->path);
    append_words(text, ": {\"sha256\": \"");
    append_words(text, digits);
    append_number(text, "\", \"bytes\": ", file->bytes);
    append_words(text, ", \"url\": \"" UP);
    append_words(text, name);
    append_words(text, "\"");
    if (file->width > 0 && file->height > 0) {
        append_number(text, ", \"width\": ", file->width);
        append_number(text, ", \"height\": ", file->height);
    }
    if (file->duration_ms > 0)
        append_number(text, ", \"duration_ms\": ", file->duration_ms);
    if (file->fps > 0)
        append_rate(text, ", \"fps\": ", file->fps);
    if (file->codec[0]) {
        append_words(text, ", \"codec\": ");
        append_path(text, file->codec);
    }
    append_words(text, "}");
}

static void append_members(struct text *text, const struct playlist_compile *compile)
{
    append_number(text, ",\n  \"version\": ", compile->version);
    append_words(text, ",\n  \"channel\": ");
    append_path(text, compile->channel);
    append_words(text, ",\n  \"files\": {");
    for (size_t i = 0; i < compile->file_count; i++) {
        append_words(text, i ? ",\n    " : "\n    ");
        append_file(text, &compile->files[i]);
    }
    append_words(text, compile->file_count ? "\n  }\n}\n" : "}\n}\n");
}

/* Whether a player can read the result as this version of the channel. */
static MUST_CHECK bool is_readable(const struct text *text, const char *channel, int64_t version,
                                   struct err *err)
{
    struct playlist_faults faults = {0};
    struct playlist *playlist = playlist_parse(text->bytes, text->used, &faults);
    bool ok = playlist && playlist->version == version && playlist->channel &&
              strcmp(playlist->channel, channel) == 0;
    if (!playlist && faults.count > 0)
        err_set(err, ERR_INPUT, "the compiled playlist has a fault: %s: %s", faults.items[0].path,
                faults.items[0].text);
    else if (!ok)
        err_set(err, ERR_INPUT, "the compiled playlist is not version %" PRId64 " of channel %s",
                version, channel);
    playlist_destroy(playlist);
    playlist_faults_finish(&faults);
    return ok;
}

/* Returns the finished text, or NULL. */
static char *finish_compiled(struct text *text, const char *channel, int64_t version,
                             size_t *compiled_size, struct err *err)
{
    bool ok = false;
    if (text->failed)
        err_oom(err);
    else if (text->used > PLAYLIST_BYTES_MAX)
        err_set(err, ERR_LIMIT, "the compiled playlist has %zu bytes; at most %zu are allowed",
                text->used, PLAYLIST_BYTES_MAX);
    else
        ok = is_readable(text, channel, version, err);
    *compiled_size = text->used;
    if (ok)
        return text->bytes;
    free(text->bytes);
    return NULL;
}

char *playlist_compile(const char *bytes, size_t size, const struct playlist_compile *compile,
                       size_t *compiled_size, struct err *err)
{
    static const char *const made[] = {"version", "channel", "files"};
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        if (find_member(bytes, size, made[i]) == size)
            continue;
        err_set(err, ERR_INPUT,
                "the playlist has \"%s\", so it is compiled already: publish the playlist it was "
                "made from",
                made[i]);
        return NULL;
    }
    size_t begin = playlist_json_begin(bytes, size), end = size;
    while (end > begin && bytes[end - 1] != '}')
        end--;
    end -= end > begin;
    while (end > begin && is_json_blank(bytes[end - 1]))
        end--;
    struct text text = {0};
    append(&text, bytes + begin, end - begin);
    append_members(&text, compile);
    return finish_compiled(&text, compile->channel, compile->version, compiled_size, err);
}

char *playlist_compile_again(const char *bytes, size_t size, const char *channel, int64_t version,
                             size_t *compiled_size, struct err *err)
{
    size_t at = find_member(bytes, size, "version"), end = at;
    while (end < size && bytes[end] >= '0' && bytes[end] <= '9')
        end++;
    if (end == at) {
        err_set(err, ERR_INPUT, "the playlist has no version, so it is not a compiled one");
        return NULL;
    }
    struct text text = {0};
    append(&text, bytes, at);
    append_number(&text, "", version);
    append(&text, bytes + end, size - end);
    return finish_compiled(&text, channel, version, compiled_size, err);
}
