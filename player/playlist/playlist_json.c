#include "playlist/playlist_json.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* A comma before a closing bracket is the most common mistake, and jansson's message does not name
 * it. */
static bool is_trailing_comma(const char *bytes, size_t size, const json_error_t *error)
{
    if (error->position < 2 || (size_t)error->position > size)
        return false;
    size_t at = (size_t)error->position - 1;
    if (bytes[at] != '}' && bytes[at] != ']')
        return false;
    while (at > 0 && strchr(" \t\r\n", bytes[at - 1]))
        at--;
    return at > 0 && bytes[at - 1] == ',';
}

size_t playlist_json_begin(const char *bytes, size_t size)
{
    static const char mark[] = "\xef\xbb\xbf";
    return size >= 3 && !memcmp(bytes, mark, 3) ? 3 : 0;
}

/* The part of the file that jansson's message is about: after " near '". Its length; 0: none. */
static size_t find_near(const char *words)
{
    static const char mark[] = " near '";
    const char *near = strstr(words, mark);
    size_t length = near ? strlen(near + sizeof mark - 1) : 0;
    return length > 0 ? length - 1 : 0;
}

/* What stands where JSON has no place for it, as people write it by habit or word processors for
 * them. `at` begins it, `length` bytes long. NULL: nothing of that kind. */
static const char *explain_habit(const char *at, size_t length, size_t left)
{
    static const struct {
        const char *text, *words;
    } habits[] = {
        {"'", "texts stand in double quotes, not in single ones"},
        {"\xe2\x80\x9c", "texts stand in straight quotes (\"), not in curly ones"},
        {"\xe2\x80\x9d", "texts stand in straight quotes (\"), not in curly ones"},
        {"//", "JSON has no comments: remove it"},
        {"/*", "JSON has no comments: remove it"},
        {"#", "JSON has no comments: remove it"},
        {";", "JSON has commas, not semicolons"},
        {"=", "JSON has a colon between a name and its value"},
        {"True", "write true, in small letters"},
        {"False", "write false, in small letters"},
        {"NaN", "a number must be written in digits"},
        {"+", "a number has no plus sign"},
        {".", "a number has a digit before its point, such as 0.5"},
    };
    for (size_t i = 0; i < sizeof habits / sizeof *habits; i++) {
        size_t size = strlen(habits[i].text);
        if (size <= left && memcmp(at, habits[i].text, size) == 0)
            return habits[i].words;
    }
    bool is_word = length > 0;
    for (size_t i = 0; i < length && i < left; i++)
        is_word &= (at[i] >= 'a' && at[i] <= 'z') || (at[i] >= 'A' && at[i] <= 'Z') || at[i] == '_';
    return is_word ? "a text or name stands in double quotes" : NULL;
}

/* What jansson says, in an operator's words. Its messages are no interface; one that it changes is
 * told in general words. */
static const char *explain_syntax(const char *bytes, size_t size, const json_error_t *error)
{
    static const struct {
        const char *begin, *words;
    } messages[] = {
        {"unexpected newline",
         "a text ends with its line: close its quotes, or write \\n for a line break"},
        {"control character", "a text has a control character: remove it, or write \\n or \\t"},
        {"invalid escape", "a backslash in a text stands before one of \" \\ / n t u only"},
        {"invalid Unicode",
         "\\u is not followed by a character's four digits: write the character"},
        {"':' expected", "a colon is missing after a name"},
        {"'}' expected", "a comma or the closing } is missing before this"},
        {"']' expected", "a comma or the closing ] is missing before this"},
        {"'[' or '{' expected", "a playlist begins with {"},
        {"string or '}' expected", "a name in double quotes is missing here"},
        {"unexpected token", "a value is missing here"},
    };
    size_t near = find_near(error->text), end = (size_t)error->position;
    if (error->position >= 0 && near > 0 && near <= end && end <= size) {
        const char *habit = explain_habit(bytes + end - near, near, size - (end - near));
        if (habit)
            return habit;
    }
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++)
        if (strncmp(error->text, messages[i].begin, strlen(messages[i].begin)) == 0)
            return messages[i].words;
    return "this is not a value of JSON";
}

static const char *explain_error(const char *bytes, size_t size, const json_error_t *error)
{
    enum json_error_code code = json_error_code(error);
    if (code == json_error_invalid_utf8)
        return "the text is not UTF-8: save the playlist as UTF-8";
    if (code == json_error_premature_end_of_input)
        return "the file ends too early: a closing }, ] or quote is missing";
    if (code == json_error_end_of_input_expected)
        return "there is something after the playlist's closing }: remove it";
    if (code == json_error_numeric_overflow)
        return "the number is too large";
    if (code == json_error_null_character || code == json_error_null_byte_in_key)
        return "a text has the character \\u0000: remove it";
    return is_trailing_comma(bytes, size, error) ? "remove the comma before the closing } or ]"
                                                 : explain_syntax(bytes, size, error);
}

struct json_t *playlist_json_load(const char *bytes, size_t size, struct playlist_json_error *error)
{
    json_error_t trouble = {.line = 0};
    json_t *root = json_loadb(bytes, size, JSON_DECODE_INT_AS_REAL, &trouble);
    if (root)
        return root;
    *error = (struct playlist_json_error){.line = trouble.line, .column = trouble.column};
    /* jansson leaves no message where its own malloc failed. */
    error->out_of_memory =
        !trouble.text[0] || json_error_code(&trouble) == json_error_out_of_memory;
    snprintf(error->text, sizeof error->text, "%s", explain_error(bytes, size, &trouble));
    return NULL;
}

void playlist_json_free(struct json_t *root)
{
    json_decref(root);
}

enum playlist_json_kind playlist_json_kind(const struct json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return PLAYLIST_JSON_OBJECT;
    case JSON_ARRAY:
        return PLAYLIST_JSON_LIST;
    case JSON_STRING:
        return PLAYLIST_JSON_STRING;
    case JSON_INTEGER:
    case JSON_REAL:
        return PLAYLIST_JSON_NUMBER;
    case JSON_TRUE:
    case JSON_FALSE:
        return PLAYLIST_JSON_BOOLEAN;
    case JSON_NULL:
        break;
    }
    return PLAYLIST_JSON_NULL;
}

const char *playlist_json_kind_words(const struct json_t *value)
{
    static const char *const words[] = {
        [PLAYLIST_JSON_OBJECT] = "an object",      [PLAYLIST_JSON_LIST] = "a list",
        [PLAYLIST_JSON_STRING] = "a string",       [PLAYLIST_JSON_NUMBER] = "a number",
        [PLAYLIST_JSON_BOOLEAN] = "true or false", [PLAYLIST_JSON_NULL] = "null",
    };
    return words[playlist_json_kind(value)];
}

size_t playlist_json_count(const struct json_t *value)
{
    return json_is_object(value) ? json_object_size(value) : json_array_size(value);
}

const struct json_t *playlist_json_item(const struct json_t *list, size_t index)
{
    return json_array_get(list, index);
}

const struct json_t *playlist_json_get(const struct json_t *object, const char *key)
{
    return json_object_get(object, key);
}

bool playlist_json_next(const struct json_t *object, struct playlist_json_member *member)
{
    /* jansson's iterators take a non-const object because they could also set values; here they
     * only read. */
    union {
        const json_t *given;
        json_t *mutable;
    } view = {.given = object};
    member->place = member->place ? json_object_iter_next(view.mutable, member->place)
                                  : json_object_iter(view.mutable);
    if (!member->place)
        return false;
    member->key = json_object_iter_key(member->place);
    member->value = json_object_iter_value(member->place);
    return true;
}

size_t playlist_json_count_keys(const struct json_t *value)
{
    struct playlist_json_member member = {.place = NULL};
    size_t count = json_object_size(value);
    while (playlist_json_next(value, &member))
        count += playlist_json_count_keys(member.value);
    for (size_t i = 0; i < json_array_size(value); i++)
        count += playlist_json_count_keys(json_array_get(value, i));
    return count;
}

const char *playlist_json_string(const struct json_t *value)
{
    return json_string_value(value);
}

double playlist_json_number(const struct json_t *value)
{
    return json_number_value(value);
}

bool playlist_json_boolean(const struct json_t *value)
{
    return json_is_true(value);
}

const char *playlist_json_unescape(const char *bytes, size_t size, struct arena *arena)
{
    if (!memchr(bytes, '\\', size))
        return arena_copy(arena, bytes, size);
    /* The quotes around the token belong to the same text. */
    json_t *value = json_loadb(bytes - 1, size + 2, JSON_DECODE_ANY, NULL);
    const char *text = json_string_value(value);
    const char *copy = text ? arena_copy(arena, text, strlen(text)) : NULL;
    json_decref(value);
    return copy;
}
