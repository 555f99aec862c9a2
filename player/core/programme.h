/* The programme: what is on screen at an instant, as a pure function of playlist, zone and time (design.md 4.1).
 *
 * Integers, milliseconds of Unix time, half-open intervals. Pure apart from the memory of the day that was asked for
 * last, which makes the next question cheap and never changes an answer; one thread at a time. */
#ifndef CORE_PROGRAMME_H
#define CORE_PROGRAMME_H

#include "core/civil.h"
#include "core/playlist.h"

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
    struct playlist_transition transition; /* into this slot, already at most half the slot's length */
};

/* What is on screen at one instant: `to` is the slot that holds it; while its transition runs (has_from), `from` is the
 * slot before it, which goes on moving. `mix` is linear, 0 at the slot's start, 1 without has_from. */
struct programme_scene {
    bool has_from;
    struct programme_slot from, to;
    double mix;
};

/* The playlist and the zone must outlive the programme. `film_ms` gives the length of each asset's film, 0 where unknown
 * (asset_count items; copied; NULL: all unknown). NULL when out of memory. */
struct programme *programme_create(const struct playlist *playlist, const struct civil_zone *zone,
                                   const int32_t *film_ms);
void programme_destroy(struct programme *programme);

/* The scene at t_ms. Any t_ms in the years 1971 to 2199; outside, the nearest edge's answer. */
struct programme_scene programme_scene_at(struct programme *programme, int64_t t_ms);

/* The first instant after t_ms at which the slots or the presence of a transition change: until then nothing changes but
 * mix, motion and film frames. Always > t_ms. */
int64_t programme_next_change(struct programme *programme, int64_t t_ms);

/* The slot that follows `slot`. */
struct programme_slot programme_next_slot(struct programme *programme,
                                          const struct programme_slot *slot);

#endif
