/* Writes what check finds, as it is found: a line for people, or a JSON object. Main thread. */
#ifndef COMMANDS_CHECK_CHECK_REPORT_H
#define COMMANDS_CHECK_CHECK_REPORT_H

#include "core/err.h"
#include "playlist/playlist.h"

#include <stdint.h>
#include <stdio.h>

enum check_level { CHECK_FAULT, CHECK_WARNING };

#define CHECK_KEYS_MAX 4

/* A place in the playlist: the keys that lead to it from the top, then NULLs. */
struct check_place {
    const char *keys[CHECK_KEYS_MAX];
};

/* Before the first, zero all but `json` and `stream`. */
struct check_report {
    FILE *stream; /* the caller's */
    bool json;
    size_t faults, warnings;
};

/* Writes one fault or warning. The output is valid UTF-8 without control characters, whatever the
 * texts contain. Texts over a kilobyte are cut. */
__attribute__((format(printf, 4, 5))) void check_report_add(struct check_report *report,
                                                            enum check_level level,
                                                            const struct check_place *place,
                                                            const char *format, ...);

/* The facts of a film. */
struct check_fact {
    const char *codec;   /* letters, digits, '_', '.' and '-' */
    int width, height;   /* as shown */
    double fps;          /* 0: unknown */
    int64_t duration_ms; /* 0: unknown */
};

/* Writes a film's facts, in JSON only: an object of the level "fact" with one more member, "film".
 * It is not counted. */
void check_report_fact(struct check_report *report, const struct check_place *place,
                       const struct check_fact *fact);

/* Writes all faults of a list, and how many more there were than the list could take. */
void check_report_add_all(struct check_report *report, enum check_level level,
                          const struct playlist_faults *found);

/* Writes the counts, but not in JSON. ERR_SYSTEM where standard output cannot be written. */
MUST_CHECK bool check_report_end(const struct check_report *report, struct err *err);

#endif
