#include "playlist/site_pointer.h"

#include "playlist/pointer_fields.h"

#include <stdio.h>
#include <string.h>

enum field {
    FIELD_NAME,
    FIELD_VERSION,
    FIELD_FILE,
    FIELD_BYTES,
    FIELD_SIGNED,
    FIELD_EXPIRES,
    FIELDS
};

static MUST_CHECK bool read_fields(const char *const values[FIELDS], struct site_pointer *pointer,
                                   struct err *err)
{
    if (!pointer_channel_is_valid(values[FIELD_NAME]))
        return err_set(err, ERR_INPUT, "%s is not a valid name",
                       pointer->is_site ? "site" : "player");
    snprintf(pointer->name, sizeof pointer->name, "%s", values[FIELD_NAME]);
    if (strcmp(values[FIELD_FILE], SITE_POINTER_FILE) != 0)
        return err_set(err, ERR_INPUT, "file is not " SITE_POINTER_FILE);
    if (!pointer_fields_number(values[FIELD_VERSION], "version", POINTER_VERSION_MAX,
                               &pointer->version, err) ||
        !pointer_fields_number(values[FIELD_BYTES], "bytes", SITE_POINTER_BYTES_MAX,
                               &pointer->bytes, err) ||
        !pointer_fields_time(values[FIELD_SIGNED], "signed", &pointer->signed_ms, err) ||
        !pointer_fields_time(values[FIELD_EXPIRES], "expires", &pointer->expires_ms, err))
        return false;
    return pointer->expires_ms >= pointer->signed_ms ||
           err_set(err, ERR_INPUT, "expires is before signed");
}

/* Whether a field of this name is there, other than as the end of another's name. */
static bool has_field(const char *comment, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = comment; (at = strstr(at, name)); at += length)
        if ((at == comment || at[-1] == ' ') && at[length] == '=')
            return true;
    return false;
}

bool site_pointer_parse(const char *comment, struct site_pointer *pointer, struct err *err)
{
    char text[POINTER_TEXT_BYTES];
    const char *values[FIELDS];
    size_t length = strnlen(comment, sizeof text);
    struct site_pointer found = {.is_site = has_field(comment, "site")};
    const char *const names[FIELDS] = {
        found.is_site ? "site" : "player", "version", "file", "bytes", "signed", "expires"};
    if (length >= sizeof text)
        return err_set(err, ERR_LIMIT, "pointer: longer than %d bytes", POINTER_TEXT_BYTES - 1);
    memcpy(text, comment, length + 1);
    if (!pointer_fields_split(text, names, values, FIELDS, err) ||
        !read_fields(values, &found, err))
        return err_prefix(err, "pointer: ");
    *pointer = found;
    return true;
}

enum pointer_verdict site_pointer_judge(const struct site_pointer *pointer,
                                        const struct site_pointer_rules *rules)
{
    const char *own = pointer->is_site ? rules->site : rules->player;
    const struct pointer as_channels = {
        .kind = POINTER_PLAYLIST,
        .version = pointer->version,
        .signed_ms = pointer->signed_ms,
        .expires_ms = pointer->expires_ms,
    };
    const struct pointer_rules channels_rules = {
        .channel = "",
        .kind = POINTER_PLAYLIST,
        .highest_version = rules->highest_version,
        .now_ms = rules->now_ms,
        .clock_trusted = rules->clock_trusted,
    };
    if (!own[0] || strcmp(own, pointer->name) != 0)
        return POINTER_WRONG_CHANNEL;
    enum pointer_verdict verdict = pointer_judge(&as_channels, &channels_rules);
    /* A channel's playlist that has expired goes on; settings are taken once, and so in time. */
    if (verdict == POINTER_NEW && pointer_end_ms(&as_channels) <= rules->now_ms)
        return POINTER_EXPIRED;
    return verdict;
}
