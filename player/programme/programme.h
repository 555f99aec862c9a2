/* The programme: what is on screen at an instant, as a pure function of playlist, zone and time
 * (duckling-playlist(5), PROGRAMME).
 *
 * Integers, milliseconds of Unix time, half-open intervals. Pure apart from the memory of the last
 * three days that were asked for, which makes the next question cheap and never changes an answer.
 * All memory is taken by programme_create; nothing after it can fail. One thread at a time.
 *
 * In short, what its seven rules leave open:
 * - A day is [instant(D, 00:00), instant(D + 1, 00:00)): 23, 24, 25 hours, or none where a zone
 * skipped a date. What a clock on the wall reads doesn't matter: where midnight comes twice, the
 * new day begins at the first.
 * - Dayparts count as running when active at the highest priority, also one whose share is 0
 * (unshared, where the shares of the running ones leave no rest): it ends blocks, but gets no
 * slots.
 * - A daypart without spots in its loop (no checked playlist has one) is never active; such a
 * fallback is none.
 * - The house card is one slot for each block. It crossfades in by the playlist's default
 * transition, out by the next spot's, and at midnight into itself.
 * - A film's own length is the landscape file's, or, where that is not given or unknown, that of the
 * next shape in the order of shape.h: screens of all shapes stay in step. It counts as at most 24 hours.
 * - A transition is halved against the slot's length as cut by its block's end. A cut takes no
 * time. */
#ifndef PROGRAMME_PROGRAMME_H
#define PROGRAMME_PROGRAMME_H

#include "core/civil.h"
#include "playlist/playlist.h"

/* The edges: 1971-01-01T00:00:00Z, and the last millisecond of 2199. */
#define PROGRAMME_FIRST_MS INT64_C(31536000000)
#define PROGRAMME_LAST_MS INT64_C(7258118399999)

/* The size of a set of dayparts: schedule[i] is bit i % 64 of word i / 64. */
#define PROGRAMME_SET_WORDS (PLAYLIST_SCHEDULE_MAX / 64)

struct programme;

enum programme_source {
    PROGRAMME_DAYPART,  /* a loop of the schedule */
    PROGRAMME_FALLBACK, /* the fallback loop */
    PROGRAMME_NOTHING   /* neither: the house card */
};

/* A spot's place in the running programme. `end_ms` is the cut end where the block ends first. */
struct programme_slot {
    enum programme_source source;
    int spot;    /* index of playlist spots; -1 for PROGRAMME_NOTHING */
    int daypart; /* index of schedule; -1 unless PROGRAMME_DAYPART */
    int loop;    /* index of loops; -1 for PROGRAMME_NOTHING */
    int64_t start_ms, end_ms;
    /* Into this slot, already at most half the slot's length. */
    struct transition transition;
};

/* A block: a stretch in which the same dayparts run, no longer than a day. */
struct programme_stretch {
    enum programme_source source;
    int64_t start_ms, end_ms;
};

/* What is on screen at one instant: `to` is the slot that contains it. While its transition runs
 * (has_from), `from` is the slot before it, which continues to move. `mix` rises linearly from 0
 * at the slot's start; it is 1 without has_from. */
struct programme_scene {
    bool has_from;
    struct programme_slot from, to;
    double mix;
};

/* The playlist and the zone must outlive the programme; the zone's offsets lie within 26 hours of
 * UTC. `film_ms` gives the length of each asset's film, 0 where unknown (asset_count items; copied;
 * NULL: all unknown). NULL when out of memory. */
struct programme *programme_create(const struct playlist *playlist, const struct civil_zone *zone,
                                   const int32_t *film_ms);

/* NULL is allowed. */
void programme_destroy(struct programme *programme);

/* How long a spot's slots are where no block cuts them; at most 24 hours. */
int32_t programme_spot_ms(const struct programme *programme, int spot);

/* The scene at t_ms. Any t_ms in the years 1971 to 2199; outside, the nearest edge's answer. */
struct programme_scene programme_scene_at(struct programme *programme, int64_t t_ms);

/* The first instant after t_ms at which the slots or the presence of a transition change: until
 * then nothing changes but mix, motion and film frames. Always > t_ms. INT64_MAX where nothing
 * changes any more before the last edge. */
int64_t programme_next_change(struct programme *programme, int64_t t_ms);

/* The slot that follows `slot`. Goes on past the edges, up to the year 9999. */
struct programme_slot programme_next_slot(struct programme *programme,
                                          const struct programme_slot *slot);

/* The block that contains t_ms, with the edges as in programme_scene_at. `running` (NULL is
 * allowed) becomes the set of the dayparts that run in it. The schedule has at most
 * PLAYLIST_SCHEDULE_MAX entries, as every checked one. Lays no slots. */
struct programme_stretch programme_block_at(struct programme *programme, int64_t t_ms,
                                            uint64_t running[PROGRAMME_SET_WORDS]);

#endif
