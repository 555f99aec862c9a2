/* Puts the reasons of programme_explain into words. */
#ifndef COMMANDS_EXPLAIN_WORDS_H
#define COMMANDS_EXPLAIN_WORDS_H

#include "programme/programme_explain.h"

#include <stdio.h>

#define EXPLAIN_WORDS_SPAN_BYTES 64

/* "3 days", "1 hour 30 minutes", "27 seconds": the two largest units, from a week on days alone. */
void explain_words_span(int64_t ms, char text[EXPLAIN_WORDS_SPAN_BYTES]);

/* Where the words go, for which instant, and the zone of its times. */
struct explain_words {
    FILE *stream;
    const struct civil_zone *zone;
    int64_t t_ms;
};

/* "2026-02-06T23:00:00+09:00 (in 3 days)", or "(5 minutes ago)". */
void explain_words_put_instant(const struct explain_words *words, int64_t ms);

/* "since ..., until ...". */
void explain_words_put_run(const struct explain_words *words, int64_t since_ms, int64_t until_ms);

/* A sentence on schedule[index], without a line end. */
void explain_words_put_daypart(const struct explain_words *words, const struct playlist *playlist,
                               const struct programme_explain_daypart *answers, size_t index);

/* "MO" to "SU". */
const char *explain_words_weekday(int32_t day);

#endif
