/* Private to pointers: the fields of a trusted comment, "name=value" with single spaces between.
 * Pure; any thread. */
#ifndef PLAYLIST_POINTER_FIELDS_H
#define PLAYLIST_POINTER_FIELDS_H

#include "core/err.h"

#include <stddef.h>
#include <stdint.h>

/* 9999-12-31T23:59:59.999Z: later times cannot be written. */
#define POINTER_FIELDS_TIME_MS_MAX INT64_C(253402300799999)

/* Cuts the text into its fields: each of `names` must be there once, in any order, and values[]
 * point into the text. Others are refused, unless their names begin with "x-". ERR_INPUT. */
MUST_CHECK bool pointer_fields_split(char *text, const char *const *names, const char **values,
                                     size_t count, struct err *err);

/* 1 to max, digits only, no leading zero. ERR_INPUT, ERR_LIMIT. */
MUST_CHECK bool pointer_fields_number(const char *text, const char *name, int64_t max,
                                      int64_t *value, struct err *err);

/* RFC 3339 with an offset, of the years 1970 to 9999. ERR_INPUT, ERR_LIMIT. */
MUST_CHECK bool pointer_fields_time(const char *text, const char *name, int64_t *ms,
                                    struct err *err);

#endif
