#include "playlist/pointer_fields.h"

#include "core/civil.h"

#include <inttypes.h>
#include <string.h>

/* How the name of a field begins that says nothing to this player. */
static const char ignored_prefix[] = "x-";

bool pointer_fields_number(const char *text, const char *name, int64_t max, int64_t *value,
                           struct err *err)
{
    if (text[0] < '1' || text[0] > '9' || text[strspn(text, "0123456789")])
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

bool pointer_fields_time(const char *text, const char *name, int64_t *ms, struct err *err)
{
    bool local;
    /* RFC 3339 has seconds always; what civil reads may leave them out. */
    bool whole = strlen(text) > 16 && text[16] == ':';
    if (!whole || !civil_parse_instant(text, &local, ms) || local)
        return err_set(err, ERR_INPUT, "%s is not a time with an offset (RFC 3339)", name);
    if (*ms < 0 || *ms > POINTER_FIELDS_TIME_MS_MAX)
        return err_set(err, ERR_LIMIT, "%s is outside the years 1970 to 9999", name);
    return true;
}

bool pointer_fields_split(char *text, const char *const *names, const char **values, size_t count,
                          struct err *err)
{
    static const char absent[] = "";
    for (size_t i = 0; i < count; i++)
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
        while (i < count && strcmp(field, names[i]) != 0)
            i++;
        if (i == count)
            return err_set(err, ERR_INPUT, "it has an unknown field");
        if (values[i] != absent)
            return err_set(err, ERR_INPUT, "%s is given twice", names[i]);
        values[i] = equals + 1;
    }
    for (size_t i = 0; i < count; i++) {
        if (values[i] == absent)
            return err_set(err, ERR_INPUT, "%s is missing", names[i]);
    }
    return true;
}
