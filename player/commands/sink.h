/* Long listings to a stream, fast: a year of slots is millions of lines. Constant memory. One
 * thread. */
#ifndef COMMANDS_SINK_H
#define COMMANDS_SINK_H

#include "core/civil.h"
#include "core/err.h"

#include <stdio.h>

#define SINK_BYTES 65536

struct sink {
    FILE *stream;
    const struct civil_zone *zone;
    bool failed;
    int error; /* errno of the first failure */
    /* The hour that was written last, which the next time mostly shares. */
    int64_t hour;
    int32_t offset_min;
    char hour_text[40];
    size_t used;
    char bytes[SINK_BYTES];
};

/* The stream stays the caller's, the zone must outlive the sink. */
void sink_init(struct sink *sink, FILE *stream, const struct civil_zone *zone);

void sink_put(struct sink *sink, const char *bytes, size_t size);

/* Returns how many bytes that were, as the following. */
size_t sink_put_number(struct sink *sink, int64_t number);

/* As civil_format. */
size_t sink_put_time(struct sink *sink, int64_t t_ms);

/* A length of time, 0 or more: "0:00:08", "24:00:00.500". */
size_t sink_put_length(struct sink *sink, int64_t ms);

/* Writes what is held back. False when anything since sink_init could not be written; false from
 * then on, so that a listing can end early. Errors: ERR_DISK. */
MUST_CHECK bool sink_flush(struct sink *sink, struct err *err);

#endif
