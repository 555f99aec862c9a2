#include "playlist/playlist_fault.h"

#include "core/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Fits the whole path of a `files` entry; a longer path ends in "...". */
#define PATH_TEXT_BYTES 4096
#define FAULT_TEXT_BYTES 1024
#define CLIP_BYTES 80

struct path_text {
    char bytes[PATH_TEXT_BYTES];
    size_t length;
    bool cut;
};

const char *playlist_fault_clip(const char *text, char buffer[96])
{
    size_t size = strlen(text);
    size_t length = utf8_copy_clean(text, size, buffer, CLIP_BYTES + 1);
    if (size > CLIP_BYTES)
        memcpy(buffer + length, "...", 4);
    return buffer;
}

static void print_part(struct path_text *path, const char *bytes, size_t length)
{
    /* Four bytes stay free for "..." and the NUL. */
    if (path->cut || length > sizeof path->bytes - 4 - path->length) {
        path->cut = true;
        return;
    }
    memcpy(path->bytes + path->length, bytes, length);
    path->length += length;
}

/* RFC 9535's member-name-shorthand: letters, digits, underscore and all beyond ASCII, no digit
 * first. */
static bool is_identifier(const char *key, size_t size)
{
    if (!size || (key[0] >= '0' && key[0] <= '9'))
        return false;
    for (size_t i = 0; i < size;) {
        uint32_t code = 0;
        size_t step = utf8_next(key + i, size - i, &code);
        bool word = (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z') ||
                    (code >= '0' && code <= '9') || code == '_' ||
                    (code > 0x9f && !utf8_is_deceptive(code));
        if (!step || !word)
            return false;
        i += step;
    }
    return true;
}

static void print_quoted_key(struct path_text *path, const char *key, size_t size)
{
    print_part(path, "[\"", 2);
    for (size_t i = 0; i < size;) {
        uint32_t code = 0;
        char escape[12];
        size_t step = utf8_next(key + i, size - i, &code);
        if (!step) {
            print_part(path, "?", 1);
        } else if (utf8_is_deceptive(code)) {
            int length = snprintf(escape, sizeof escape, "\\u%04x", (unsigned)code);
            print_part(path, escape, (size_t)length);
        } else {
            if (code == '"' || code == '\\')
                print_part(path, "\\", 1);
            print_part(path, key + i, step);
        }
        i += step ? step : 1;
    }
    print_part(path, "\"]", 2);
}

static void print_json_path(struct path_text *path, const struct playlist_node *where)
{
    const struct playlist_node *chain[PLAYLIST_DEPTH_MAX + 2] = {NULL};
    size_t count = 0;
    for (; where && where->parent && count < PLAYLIST_DEPTH_MAX + 2; where = where->parent)
        chain[count++] = where;
    print_part(path, "$", 1);
    while (count--) {
        const char *key = chain[count]->key;
        size_t size = key ? strlen(key) : 0;
        if (!key) {
            char item[32];
            int length = snprintf(item, sizeof item, "[%zu]", chain[count]->index);
            print_part(path, item, (size_t)length);
        } else if (is_identifier(key, size)) {
            print_part(path, ".", 1);
            print_part(path, key, size);
        } else {
            print_quoted_key(path, key, size);
        }
    }
    const char *end = path->cut ? "..." : "";
    memcpy(path->bytes + path->length, end, strlen(end) + 1);
    path->length += strlen(end);
}

bool playlist_fault_is_full(const struct playlist_faults *faults)
{
    return faults->count >= PLAYLIST_FAULTS_MAX;
}

void playlist_fault_add(struct playlist_faults *faults, const struct playlist_node *where,
                        const char *format, ...)
{
    faults->total++;
    if (playlist_fault_is_full(faults))
        return;

    char words[FAULT_TEXT_BYTES], clean[FAULT_TEXT_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    size_t words_length = utf8_copy_clean(words, strlen(words), clean, sizeof clean);
    struct path_text path = {.length = 0};
    print_json_path(&path, where);

    struct playlist_fault *fault = &faults->items[faults->count++];
    fault->path = arena_copy(&faults->arena, path.bytes, path.length);
    fault->text = arena_copy(&faults->arena, clean, words_length);
    if (!fault->path || !fault->text)
        *fault = (struct playlist_fault){.path = "$", .text = "out of memory"};
}
