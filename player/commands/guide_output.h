/* Prints a guide as a table, JSON or CSV: slots, or totals of spots. One thread.
 *
 * Names are rendered once; each line is then put together from those pieces. */
#ifndef COMMANDS_GUIDE_OUTPUT_H
#define COMMANDS_GUIDE_OUTPUT_H

#include "commands/listing.h"
#include "commands/timetable.h"
#include "programme/programme.h"

enum guide_format {
    GUIDE_TABLE, /* columns, aligned, under a heading; for people */
    GUIDE_JSON,  /* an object on each line */
    GUIDE_CSV    /* RFC 4180 with plain line ends, under a heading */
};

struct guide_piece {
    char *bytes;
    size_t size;
};

struct guide_output {
    enum guide_format format;
    const struct playlist *playlist;
    bool has_screen;             /* a column that says whether the screen is on */
    struct guide_piece *spots;   /* by spot; the last is for the house card */
    struct guide_piece *sources; /* daypart and loop: by daypart, then for the fallback, then for
                                    neither */
    int spot_width, daypart_width, loop_width;
};

struct guide_total {
    int64_t plays, time_ms;
};

/* Errors: ERR_SYSTEM (out of memory). guide_output_finish in any case. The playlist must outlive
 * the lines. */
MUST_CHECK bool guide_output_init(struct guide_output *output, enum guide_format format,
                                  const struct playlist *playlist, struct err *err);
void guide_output_finish(struct guide_output *output);

/* The heading; none in JSON. */
void guide_output_head(const struct guide_output *output, struct listing *listing);
void guide_output_put(const struct guide_output *output, struct listing *listing,
                      const struct programme_slot *slot, enum timetable_screen screen);

/* A line for each spot in the playlist's order, then one for the house card if it was on. `totals`
 * has spot_count items and one for the house card; their times add up to stretch_ms. */
void guide_output_put_totals(const struct guide_output *output, struct listing *listing,
                             const struct guide_total *totals, int64_t stretch_ms);

#endif
