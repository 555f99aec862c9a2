#include "base/log_render.h"

#include "core/utf8.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define BARE "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:/+@%,~-"
#define NUMBER "0123456789+-.e"
#define ELLIPSIS "\xe2\x80\xa6"
#define REPLACEMENT "\\ufffd"
#define TEXT_CUT " cut=true"
#define JSON_CUT ",\"cut\":true"
/* For an ellipsis, quotes, the note that the line was cut, a brace and a NUL. */
#define RESERVED_BYTES 24
#define ESCAPE_BYTES 16

/* A line of the log. It takes whole pieces, until one does not fit; then it is closed. */
struct line {
    char *bytes;
    size_t size, most;
    bool cut, json;
};

static bool put_bytes(struct line *line, const char *bytes, size_t size)
{
    if (line->cut || line->size + size > line->most) {
        line->cut = true;
        return false;
    }
    memcpy(line->bytes + line->size, bytes, size);
    line->size += size;
    return true;
}

static bool put_string(struct line *line, const char *words)
{
    return put_bytes(line, words, strlen(words));
}

/* Writes into the bytes that are reserved past the limit. */
static void close_with(struct line *line, const char *words)
{
    size_t size = strlen(words);
    memcpy(line->bytes + line->size, words, size);
    line->size += size;
}

/* The escape for a code point in `text`, or an empty one. `delimiter` is escaped, too. */
static void escape(const struct line *line, uint32_t code, char delimiter, char text[ESCAPE_BYTES])
{
    const char *from = "\n\r\t", *to = "nrt";
    const char *found = code && code < 0x20 ? strchr(from, (int)code) : NULL;
    text[0] = '\0';
    if (found)
        snprintf(text, ESCAPE_BYTES, "\\%c", to[found - from]);
    else if (code == '\\' || code == (unsigned char)delimiter)
        snprintf(text, ESCAPE_BYTES, "\\%c", (char)code);
    else if (utf8_is_deceptive(code) && line->json)
        snprintf(text, ESCAPE_BYTES, "\\u%04x", code);
    else if (utf8_is_deceptive(code))
        snprintf(text, ESCAPE_BYTES, code < 0x80 ? "\\x%02x" : "\\u{%x}", code);
}

static void put_escaped(struct line *line, const char *bytes, size_t size, char delimiter)
{
    const unsigned char *at = (const unsigned char *)bytes, *end = at + size;
    while (at < end && !line->cut) {
        uint32_t code = 0;
        char text[ESCAPE_BYTES];
        size_t length = utf8_next((const char *)at, (size_t)(end - at), &code);
        if (length == 0)
            snprintf(text, sizeof text, line->json ? REPLACEMENT : "\\x%02x", *at);
        else
            escape(line, code, delimiter, text);
        if (text[0])
            put_string(line, text);
        else
            put_bytes(line, (const char *)at, length);
        at += length ? length : 1;
    }
    if (line->cut)
        close_with(line, ELLIPSIS);
}

static bool has_only(const char *bytes, size_t size, const char *set)
{
    for (size_t i = 0; i < size; i++)
        if (!bytes[i] || !strchr(set, bytes[i]))
            return false;
    return size > 0;
}

static void put_quoted_text(struct line *line, const char *bytes, size_t size)
{
    if (!put_bytes(line, "\"", 1))
        return;
    put_escaped(line, bytes, size, '"');
    close_with(line, "\"");
}

static void put_text_value(struct line *line, const struct log_record *record,
                           const struct log_value *value)
{
    char key[64];
    const char *bytes = record->bytes + value->from;
    size_t size = value->to - value->from;
    bool bare = !value->quoted && has_only(bytes, size, BARE);
    int length = snprintf(key, sizeof key, " %.*s=", (int)value->key_bytes, value->key);
    if ((size_t)length >= sizeof key ||
        line->size + (size_t)length + (bare ? size : 2) > line->most)
        line->cut = true;
    put_string(line, key);
    if (bare)
        put_bytes(line, bytes, size);
    else
        put_quoted_text(line, bytes, size);
}

static size_t finish_line(struct line *line, const char *mark, const char *end)
{
    if (line->cut)
        close_with(line, mark);
    close_with(line, end);
    line->bytes[line->size] = '\0';
    return line->size;
}

size_t log_render_text(const struct log_record *record, const char *level, const char *module,
                       char *line, size_t bytes)
{
    struct line to = {.bytes = line, .most = bytes - RESERVED_BYTES};
    put_string(&to, level);
    put_string(&to, " ");
    put_string(&to, module);
    put_string(&to, ": ");
    put_escaped(&to, record->bytes, record->message.to, '=');
    for (size_t i = 0; i < record->value_count && !to.cut; i++)
        put_text_value(&to, record, &record->values[i]);
    to.cut = to.cut || record->cut;
    return finish_line(&to, TEXT_CUT, "");
}

/* How often the key is used before this place. */
static int key_number(const struct log_record *record, size_t index)
{
    static const char *const reserved[] = {"time", "level", "module", "message", "cut"};
    const struct log_value *value = &record->values[index];
    int number = 0;
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        number += strlen(reserved[i]) == value->key_bytes &&
                  memcmp(reserved[i], value->key, value->key_bytes) == 0;
    for (size_t i = 0; i < index; i++)
        number += record->values[i].key_bytes == value->key_bytes &&
                  memcmp(record->values[i].key, value->key, value->key_bytes) == 0;
    return number;
}

/* What JSON allows for a number; "inf", "nan" and "+1" are none. */
static bool is_json_number(const struct log_value *value, const char *bytes, size_t size)
{
    if (!value->number || value->quoted || !has_only(bytes, size, NUMBER))
        return false;
    size_t digits = bytes[0] == '-' ? 1 : 0;
    bool leads = digits < size && bytes[digits] >= '0' && bytes[digits] <= '9';
    bool octal = digits + 1 < size && bytes[digits] == '0' && bytes[digits + 1] >= '0' &&
                 bytes[digits + 1] <= '9';
    return leads && !octal && bytes[size - 1] != '.';
}

static void put_json_value(struct line *line, const struct log_record *record, size_t index)
{
    static const char marks[] = "________________";
    char key[96];
    const struct log_value *value = &record->values[index];
    const char *bytes = record->bytes + value->from;
    size_t size = value->to - value->from;
    bool number = is_json_number(value, bytes, size);
    int length = snprintf(key, sizeof key, ",\"%.*s%.*s\":", (int)value->key_bytes, value->key,
                          key_number(record, index), marks);
    if ((size_t)length >= sizeof key ||
        line->size + (size_t)length + (number ? size : 2) > line->most)
        line->cut = true;
    put_string(line, key);
    if (number)
        put_bytes(line, bytes, size);
    else
        put_quoted_text(line, bytes, size);
}

size_t log_render_json(const struct log_record *record, const char *level, const char *module,
                       char *line, size_t bytes)
{
    struct line to = {.bytes = line, .most = bytes - RESERVED_BYTES, .json = true};
    put_string(&to, "\"level\":\"");
    put_string(&to, level);
    put_string(&to, "\",\"module\":\"");
    put_string(&to, module);
    put_string(&to, "\",\"message\":");
    put_quoted_text(&to, record->bytes, record->message.to);
    for (size_t i = 0; i < record->value_count && !to.cut; i++)
        put_json_value(&to, record, i);
    to.cut = to.cut || record->cut;
    return finish_line(&to, JSON_CUT, "}");
}
