/* Tables and long listings on a stream.
 *
 * Columns are counted in the cells of a terminal: Chinese, Japanese and Korean characters take two,
 * accents none. A struct listing is a buffer that makes long listings fast (a year of slots is
 * millions of lines) in constant memory. One thread. */
#ifndef COMMANDS_LISTING_H
#define COMMANDS_LISTING_H

#include "core/civil.h"
#include "core/err.h"

#include <stdio.h>

#define LISTING_BYTES 65536

struct listing {
    FILE *stream;
    const struct civil_zone *zone;
    bool failed;
    int error; /* errno of the first failure */
    /* The hour that was written last. The next time is mostly in the same hour. */
    int64_t hour;
    int32_t offset_min;
    char hour_text[40];
    size_t used;
    char bytes[LISTING_BYTES];
};

/* How many cells a UTF-8 text takes. */
int listing_text_width(const char *text);

/* Writes the text, padded with blanks to `width` cells. A text that is wider is not cut. */
void listing_print_cell(FILE *stream, const char *text, int width);

/* The stream stays the caller's. The zone must outlive the listing. */
void listing_init(struct listing *listing, FILE *stream, const struct civil_zone *zone);

void listing_put(struct listing *listing, const char *bytes, size_t size);

/* This function and those below return how many bytes they wrote. */
size_t listing_put_number(struct listing *listing, int64_t number);

/* An instant (Unix time) in the listing's zone, in the form of civil_format. */
size_t listing_put_time(struct listing *listing, int64_t t_ms);

/* A length of time, 0 or more: "0:00:08", "24:00:00.500". */
size_t listing_put_length(struct listing *listing, int64_t ms);

/* Writes what is held back. False when anything since listing_init could not be written; false from
 * then on, so that a listing can end early. Errors: ERR_DISK. */
MUST_CHECK bool listing_flush(struct listing *listing, struct err *err);

#endif
