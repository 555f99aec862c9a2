#include "playlist/pointer.h"

#include "core/civil.h"
#include "playlist/playlist.h"
#include "playlist/pointer_fields.h"

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
    if (!pointer_fields_number(values[FIELD_VERSION], "version", POINTER_VERSION_MAX,
                               &pointer->version, err) ||
        !read_kind(values[FIELD_FILE], pointer, err) ||
        !pointer_fields_number(values[FIELD_BYTES], "bytes", (int64_t)PLAYLIST_BYTES_MAX,
                               &pointer->bytes, err) ||
        !pointer_fields_time(values[FIELD_SIGNED], "signed", &pointer->signed_ms, err) ||
        !pointer_fields_time(values[FIELD_EXPIRES], "expires", &pointer->expires_ms, err))
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
    if (!pointer_fields_split(text, field_names, values, FIELD_COUNT, err) ||
        !read_fields(values, &found, err))
        return err_prefix(err, "pointer: ");
    *pointer = found;
    return true;
}

void pointer_print_time(int64_t ms, char text[POINTER_TIME_BYTES])
{
    int year, month, day;
    int64_t second = (ms < 0                            ? 0
                      : ms > POINTER_FIELDS_TIME_MS_MAX ? POINTER_FIELDS_TIME_MS_MAX
                                                        : ms) /
                     1000;
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
