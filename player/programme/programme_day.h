/* The inside of the programme: days, their blocks, the slots in them. For
 * player/programme/programme*.c, and for schedule_lint_dayparts.c, which sweeps days of its own
 * programme. */
#ifndef PROGRAMME_PROGRAMME_DAY_H
#define PROGRAMME_PROGRAMME_DAY_H

#include "programme/programme.h"

#define PROGRAMME_DAYS_CACHED 3 /* around midnight three days are needed in turn */

/* A daypart, by rank: highest priority first, then as listed. */
struct programme_part {
    int daypart;
    int level_end; /* the first rank of a lower priority */
    int64_t start_ms,
        end_ms; /* the daypart's `start` and `end` as instants; open ends are INT64_MIN and _MAX */
};

/* At `ms` the part of this rank becomes active, or ceases to be. */
struct programme_event {
    int64_t ms;
    int rank;
};

struct programme_block {
    int64_t start_ms, end_ms;
    enum programme_source source;
    int daypart;    /* the one that runs; -1: several, or none */
    int first_laid; /* where several run: index of the day's `laid` */
    int laid_count; /* 0: not laid yet */
};

/* A slot of a block in which several dayparts run. */
struct programme_laid {
    int32_t start_ms; /* since the block's start */
    int daypart, spot;
};

struct programme_day {
    int64_t start_ms, end_ms; /* equal: nothing in it yet */
    uint64_t asked;           /* when it was last needed, counted in calls */
    struct programme_block *blocks;
    uint64_t *sets; /* for each block the ranks that run, set_words each */
    int block_count;
    struct programme_laid *laid;
    int laid_count;
};

/* A daypart's turn while slots are laid. `share` is an integer that only compares with the
 * others'. */
struct programme_turn {
    int64_t given_ms, share;
    int daypart, position;
};

struct programme {
    const struct playlist *playlist;
    const struct civil_zone *zone;
    int fallback;       /* as in the playlist, -1 also for a loop without spots */
    int32_t *length_ms; /* by spot: of an uncut slot */
    /* For each place of each loop: when its slot ends, from the loop's start. */
    int64_t *loop_ends_ms;
    size_t *loop_first;           /* by loop: index of loop_ends_ms */
    struct programme_part *parts; /* by rank */
    int part_count;
    size_t set_words;
    uint64_t *active;               /* scratch: ranks active while a day is swept */
    struct programme_event *events; /* scratch: four for each part */
    struct programme_turn *turns;   /* scratch: a heap, one for each part */
    uint64_t questions;
    struct programme_day days[PROGRAMME_DAYS_CACHED];
};

/* When the part of this rank is active because of a start day: within its daypart's start and end,
 * not within any day. False where it isn't. */
bool programme_day_span(const struct programme *programme, int rank, int32_t start_day,
                        int64_t *from_ms, int64_t *to_ms);

/* Finds the blocks of a local day, which has a length above 0; start_ms and end_ms are set. */
void programme_day_sweep(struct programme *programme, struct programme_day *day, int32_t local_day);

/* The slot that contains t_ms, which lies in the block; without its transition. Lays the block's
 * slots if necessary. */
struct programme_slot programme_lay_slot(struct programme *programme, struct programme_day *day,
                                         struct programme_block *block, int64_t t_ms);

#endif
