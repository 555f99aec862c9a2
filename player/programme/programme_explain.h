/* Says why a daypart runs at an instant or not, and when a spot is on (duckling-playlist(5),
 * PROGRAMME).
 *
 * Pure, and without a state. The answers come from the programme, so from the code that plays. All
 * searches, backward and forward, end PROGRAMME_EXPLAIN_HORIZON_MS away: far enough for what
 * happens once a year. One thread at a time, as the programme. */
#ifndef PROGRAMME_PROGRAMME_EXPLAIN_H
#define PROGRAMME_PROGRAMME_EXPLAIN_H

#include "programme/programme.h"

#define PROGRAMME_EXPLAIN_HORIZON_DAYS 400
#define PROGRAMME_EXPLAIN_HORIZON_MS (PROGRAMME_EXPLAIN_HORIZON_DAYS * (int64_t)CIVIL_DAY_MS)
/* In place of an instant that was not found within the horizon. */
#define PROGRAMME_EXPLAIN_LONG_AGO INT64_MIN
#define PROGRAMME_EXPLAIN_NOT_SOON INT64_MAX

/* Why a daypart runs or does not. Where several are true the first of this order is given.
 *
 * Weekday and exception are those of the day to which its hours at the instant belong: for the
 * early morning of an overnight daypart the day before, else the day that it is. So at 01:00 on a
 * Saturday a daypart of FR, 22:00 to 02:00, runs, and one of SA does not, for it is not on FR. */
enum programme_explain_reason {
    PROGRAMME_EXPLAIN_RUNS,
    PROGRAMME_EXPLAIN_NO_SHARE, /* it counts as running, but the shares of the others leave it no
                                   time */
    PROGRAMME_EXPLAIN_NO_SPOTS, /* its loop is empty; no checked playlist has one */
    PROGRAMME_EXPLAIN_BEFORE_START,
    PROGRAMME_EXPLAIN_AFTER_END,
    PROGRAMME_EXPLAIN_BEFORE_START_DATE, /* also on that day, before its hours */
    PROGRAMME_EXPLAIN_AFTER_END_DATE,    /* also on that day, after its hours */
    PROGRAMME_EXPLAIN_NOT_ON_WEEKDAY,
    PROGRAMME_EXPLAIN_EXCEPTED, /* an except_date */
    PROGRAMME_EXPLAIN_OUTSIDE_HOURS,
    PROGRAMME_EXPLAIN_OUTRANKED
};

struct programme_explain_daypart {
    enum programme_explain_reason reason;
    int32_t day; /* the local day by which weekday and exceptions are judged */
    /* BEFORE_START and AFTER_END: start and end. BEFORE_START_DATE: when its hours begin on the
     * first day; AFTER_END_DATE: when they ended on the last. Else 0. */
    int64_t bound_ms;
    int outranked_by; /* OUTRANKED: the first listed of the dayparts that run; else -1 */
    /* RUNS and NO_SHARE: it has run since, and will until, without a break. */
    int64_t since_ms, until_ms;
    /* Else: when it runs next (it gets slots then, or has no share). */
    int64_t next_ms;
};

struct programme_explain {
    struct programme_scene scene;
    struct programme_slot next;     /* after scene.to */
    struct programme_stretch block; /* in which scene.to lies */
    /* Since and until when without a break: the daypart of scene.to runs, or none does. */
    int64_t since_ms, until_ms;
};

/* When a spot is on around an instant. `before` and `after` are never the slot that contains it. */
struct programme_explain_spot {
    bool in_loop; /* it is in a loop of the schedule or in the fallback; else it is never on */
    bool is_on;
    bool has_before, has_after; /* found within the horizon */
    struct programme_slot before, after;
};

/* Explains t_ms, which lies between the programme's edges. `playlist` and `zone` are the
 * programme's. `dayparts` gets schedule_count items. */
struct programme_explain programme_explain_instant(const struct playlist *playlist,
                                                   const struct civil_zone *zone,
                                                   struct programme *programme, int64_t t_ms,
                                                   struct programme_explain_daypart *dayparts);

/* When a spot (an index of playlist spots) was on last, and will be on next. Blocks whose loops do
 * not have the spot are skipped. */
struct programme_explain_spot programme_explain_spot(const struct playlist *playlist,
                                                     struct programme *programme, int spot,
                                                     int64_t t_ms);

#endif
