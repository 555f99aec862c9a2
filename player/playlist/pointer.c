#include "playlist/pointer.h"

#include "core/civil.h"
#include "playlist/playlist.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The fields of a trusted comment, in the order in which pointer_print writes them. */
enum field {
    FIELD_CHANNEL,
    FIELD_VERSION,
    FIELD_FILE,
    FIELD_BYTES,
    FIELD_SIGNED,
    FIELD_EXPIRES,
    FIELD_COUNT
};

static const char *const field_names[] = {
    [FIELD_CHANNEL] = "channel", [FIELD_VERSION] = "version", [FIELD_FILE] = "file",
    [FIELD_BYTES] = "bytes",     [FIELD_SIGNED] = "signed",   [FIELD_EXPIRES] = "expires",
};
_Static_assert(sizeof field_names / sizeof *field_names == FIELD_COUNT, "a name for each field");

/* How the name of a field begins that says nothing to this player. */
static const char ignored_prefix[] = "x-";

static const struct {
    const char *name, *words;
} verdicts[] = {
    [POINTER_NEW] = {"new", "new"},
    [POINTER_SAME] = {"same", "the same"},
    [POINTER_ROLLBACK] = {"rollback", "rollback"},
    [POINTER_WRONG_CHANNEL] = {"wrong_channel", "wrong channel"},
    [POINTER_WRONG_KIND] = {"wrong_kind", "wrong kind"},
    [POINTER_EXPIRED] = {"expired", "expired before it was first seen"},
    [POINTER_FUTURE] = {"signed_in_future", "signed in the future"},
    [POINTER_DUPLICATE] = {"duplicate_version", "another playlist has this version"},
    [POINTER_MALFORMED] = {"malformed_pointer", "malformed pointer"},
};
_Static_assert(sizeof verdicts / sizeof *verdicts == POINTER_MALFORMED + 1, "each has a name");

/* 9999-12-31T23:59:59.999Z: later times cannot be written. */
#define TIME_MS_MAX INT64_C(253402300799999)

static bool is_decimal_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool pointer_channel_is_valid(const char *name)
{
    size_t length = 0;
    for (; name[length]; length++) {
        char c = name[length];
        bool plain = is_decimal_digit(c) || (c >= 'a' && c <= 'z');
        bool joint = length > 0 && (c == '.' || c == '_' || c == '-');
        if ((!plain && !joint) || length + 1 >= POINTER_CHANNEL_BYTES)
            return false;
    }
    return length > 0;
}

/* 1 to max, digits only, no leading zero. */
static MUST_CHECK bool read_field_number(const char *text, const char *name, int64_t max,
                                         int64_t *value, struct err *err)
{
    if (!is_decimal_digit(text[0]) || text[0] == '0' || text[strspn(text, "0123456789")])
        return err_set(err, ERR_INPUT, "%s is not a positive whole number", name);
    int64_t sum = 0;
    for (; *text; text++) {
        sum = sum * 10 + (*text - '0');
        if (sum > max) /* far below where the next digit could overflow */
            return err_set(err, ERR_LIMIT, "%s is more than %" PRId64, name, max);
    }
    *value = sum;
    return true;
}

static MUST_CHECK bool read_field_time(const char *text, const char *name, int64_t *ms,
                                       struct err *err)
{
    bool local;
    /* RFC 3339 has seconds always; what civil reads may leave them out. */
    bool whole = strlen(text) > 16 && text[16] == ':';
    if (!whole || !civil_parse_instant(text, &local, ms) || local)
        return err_set(err, ERR_INPUT, "%s is not a time with an offset (RFC 3339)", name);
    if (*ms < 0 || *ms > TIME_MS_MAX)
        return err_set(err, ERR_LIMIT, "%s is outside the years 1970 to 9999", name);
    return true;
}

/* Cuts the text into its fields: values[] points into it. */
static MUST_CHECK bool split_fields(char *text, const char *values[FIELD_COUNT], struct err *err)
{
    static const char absent[] = "";
    for (size_t i = 0; i < FIELD_COUNT; i++)
        values[i] = absent;
    for (char *next = text; next;) {
        char *field = next;
        next = strchr(field, ' ');
        if (next)
            *next++ = '\0';
        char *equals = strchr(field, '=');
        if (!equals)
            return err_set(err, ERR_INPUT, "it is not a list of name=value fields");
        *equals = '\0';
        if (strncmp(field, ignored_prefix, sizeof ignored_prefix - 1) == 0)
            continue;
        size_t i = 0;
        while (i < FIELD_COUNT && strcmp(field, field_names[i]) != 0)
            i++;
        if (i == FIELD_COUNT)
            return err_set(err, ERR_INPUT, "it has an unknown field");
        if (values[i] != absent)
            return err_set(err, ERR_INPUT, "%s is given twice", field_names[i]);
        values[i] = equals + 1;
    }
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (values[i] == absent)
            return err_set(err, ERR_INPUT, "%s is missing", field_names[i]);
    }
    return true;
}

/* The file's name follows from kind and version. So it only tells the kind, and cannot contain
 * another path. */
static MUST_CHECK bool read_kind(const char *file, struct pointer *pointer, struct err *err)
{
    static const enum pointer_kind kinds[] = {POINTER_PLAYLIST, POINTER_TAKEOVER};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        char name[POINTER_FILE_BYTES];
        pointer->kind = kinds[i];
        pointer_file(pointer, name);
        if (strcmp(file, name) == 0)
            return true;
    }
    return err_set(err, ERR_INPUT, "file is not p-%" PRId64 ".json or t-%" PRId64 ".json",
                   pointer->version, pointer->version);
}

static MUST_CHECK bool read_fields(const char *const values[FIELD_COUNT], struct pointer *pointer,
                                   struct err *err)
{
    if (!pointer_channel_is_valid(values[FIELD_CHANNEL]))
        return err_set(err, ERR_INPUT, "channel is not a valid channel name");
    snprintf(pointer->channel, sizeof pointer->channel, "%s", values[FIELD_CHANNEL]);
    if (!read_field_number(values[FIELD_VERSION], "version", POINTER_VERSION_MAX, &pointer->version,
                           err) ||
        !read_kind(values[FIELD_FILE], pointer, err) ||
        !read_field_number(values[FIELD_BYTES], "bytes", (int64_t)PLAYLIST_BYTES_MAX,
                           &pointer->bytes, err) ||
        !read_field_time(values[FIELD_SIGNED], "signed", &pointer->signed_ms, err) ||
        !read_field_time(values[FIELD_EXPIRES], "expires", &pointer->expires_ms, err))
        return false;
    if (pointer->expires_ms < pointer->signed_ms)
        return err_set(err, ERR_INPUT, "expires is before signed");
    return true;
}

bool pointer_parse(const char *comment, struct pointer *pointer, struct err *err)
{
    char text[POINTER_TEXT_BYTES];
    const char *values[FIELD_COUNT];
    struct pointer found = {0};
    size_t length = strnlen(comment, sizeof text);
    if (length >= sizeof text)
        return err_set(err, ERR_LIMIT, "pointer: longer than %d bytes", POINTER_TEXT_BYTES - 1);
    memcpy(text, comment, length + 1);
    if (!split_fields(text, values, err) || !read_fields(values, &found, err))
        return err_prefix(err, "pointer: ");
    *pointer = found;
    return true;
}

void pointer_print_time(int64_t ms, char text[POINTER_TIME_BYTES])
{
    int year, month, day;
    int64_t second = (ms < 0 ? 0 : ms > TIME_MS_MAX ? TIME_MS_MAX : ms) / 1000;
    civil_date_of((int32_t)(second / 86400), &year, &month, &day);
    int left = (int)(second % 86400);
    /* The remainders tell the compiler that the text fits. */
    snprintf(text, POINTER_TIME_BYTES, "%04u-%02u-%02uT%02u:%02u:%02uZ", (unsigned)year % 10000,
             (unsigned)month % 100, (unsigned)day % 100, (unsigned)left / 3600 % 24,
             (unsigned)left / 60 % 60, (unsigned)left % 60);
}

void pointer_print(const struct pointer *pointer, char text[POINTER_TEXT_BYTES])
{
    char file[POINTER_FILE_BYTES];
    char signed_at[POINTER_TIME_BYTES], expires[POINTER_TIME_BYTES];
    pointer_file(pointer, file);
    pointer_print_time(pointer->signed_ms, signed_at);
    pointer_print_time(pointer->expires_ms, expires);
    snprintf(text, POINTER_TEXT_BYTES,
             "channel=%s version=%" PRId64 " file=%s bytes=%" PRId64 " signed=%s expires=%s",
             pointer->channel, pointer->version, file, pointer->bytes, signed_at, expires);
}

void pointer_file(const struct pointer *pointer, char name[POINTER_FILE_BYTES])
{
    char letter = pointer->kind == POINTER_TAKEOVER ? 't' : 'p';
    snprintf(name, POINTER_FILE_BYTES, "%c-%" PRId64 ".json", letter, pointer->version);
}

int64_t pointer_end_ms(const struct pointer *pointer)
{
    return pointer->expires_ms > pointer->signed_ms ? pointer->expires_ms : POINTER_ENDED_MS;
}

enum pointer_verdict pointer_judge(const struct pointer *pointer, const struct pointer_rules *rules)
{
    if (strcmp(pointer->channel, rules->channel) != 0)
        return POINTER_WRONG_CHANNEL;
    if (pointer->kind != rules->kind)
        return POINTER_WRONG_KIND;
    if (pointer->version < rules->highest_version)
        return POINTER_ROLLBACK;
    /* Before the question of time: what was accepted once stays so when the clock steps back. */
    if (pointer->version == rules->highest_version)
        return POINTER_SAME;
    int64_t ahead_ms = rules->clock_trusted ? POINTER_FUTURE_MS : POINTER_FUTURE_BLIND_MS;
    if (pointer->signed_ms - ahead_ms > rules->now_ms)
        return POINTER_FUTURE;
    if (pointer->kind == POINTER_PLAYLIST && rules->highest_version == 0 &&
        pointer_end_ms(pointer) <= rules->now_ms)
        return POINTER_EXPIRED;
    return POINTER_NEW;
}

const char *pointer_verdict_name(enum pointer_verdict verdict)
{
    return verdicts[verdict].name;
}

const char *pointer_verdict_words(enum pointer_verdict verdict)
{
    return verdicts[verdict].words;
}
