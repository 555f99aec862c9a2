/* The edition that plays, with its programme and zone: what should be on screen and heard at an
 * instant. Main thread. */
#ifndef PLAYOUT_PLAYOUT_H
#define PLAYOUT_PLAYOUT_H

#include "base/zone.h"
#include "playout/loader.h"
#include "programme/programme.h"
#include "screen/show.h"
#include "sync/edition.h"

/* Zeroed: nothing plays, and the house card is shown. */
struct playout {
    struct edition *edition;
    uint64_t serial; /* counts editions; 0 before the first */
    /* Steps of the clock: how many, as the picture fades in after each, even in the same slot;
     * and their sum: the show clock less this sum is a clock that is never set. */
    uint64_t jumps;
    double jumped_ms;
    uint64_t *fingerprints; /* of the edition's spots (film_fingerprint.h) */
    struct zone zone;
    struct programme *programme;
    double blank_since_ms; /* since when nothing but a background is shown; 0: something is */
    /* Whose house card (playlist_house) is shown where the playlist that plays has none; borrowed.
     * NULL: the player's own (loader_request_house_card). */
    const struct edition *house;
    /* For each spot of the edition: it is not shown, and the one before it stays. Borrowed; NULL: none,
     * as after each switch. */
    const bool *left_out;
    /* Memory is short: the next picture is made only shortly before its slot. */
    bool is_lean;
    /* Nothing is louder, where has_max_volume: a spot's volume counts as this at most. */
    bool has_max_volume;
    double max_volume;
};

/* Starts to play an edition, which it takes over, also on failure: then the previous one goes on.
 * film_ms: the films' lengths (film_lengths.h), copied. player_zone: the name of the zone where the
 * playlist names none; NULL: the system's. */
MUST_CHECK bool playout_switch(struct playout *playout, struct edition *edition,
                               const int32_t *film_ms, const char *player_zone, struct err *err);

/* The same for a playlist file, for commands: logs its faults, and finds out the lengths of its
 * films, taking at most limit_ms for each. */
MUST_CHECK bool playout_open(struct playout *playout, const char *path, const char *player_zone,
                             int64_t limit_ms, struct err *err);

/* The show clock stepped by so much. What is on screen goes on until it has faded into what belongs
 * there now. */
void playout_jump(struct playout *playout, double by_ms);

void playout_finish(struct playout *playout);

/* How bright the programme wants the screen (a daypart's dim): 0 black, 1 as the pictures are. */
double playout_dim(struct playout *playout, double show_ms);

/* What should be on screen at show_ms; requests its pictures, and the next slot's, from the
 * loader. Where that is nothing, it is the playlist's house card, or, with `words` for whoever
 * installs the player, the player's own, or playout->house, or the player's own without words.
 * `is_blank`: nothing has been shown yet; then the house card stands in for a spot that can't be shown or takes longer than a
 * second, such as a film that is joined late. *next is the next slot's picture when it is ready,
 * else NULL. Films that fade out run on by the time of their old slot. A film that a new edition
 * has, too, in a slot that began at the same time, runs on as before. */
struct show_request playout_request(struct playout *playout, struct loader *loader,
                                    const char *words, bool is_blank, double show_ms,
                                    struct picture **next);

/* A film whose sound is played. */
struct playout_sound {
    uint64_t key; /* of its slot */
    struct film_client *film;
    double offset_ms; /* since its start */
    double gain;      /* 0 to 1: the spot's volume, and how far it has faded in or out */
};

/* What should be heard at show_ms, a moment after now_ms; both by the show clock. These are the
 * films of the scene, if they are on screen or will be, and those that are still on screen
 * although a new edition or a step of the clock has ended their slot, as loud as they are
 * visible. Fills at most two, preferring those on screen, and returns how many. Fades are of
 * equal power, so that the loudness stays the same from one film to the next. To be called after
 * playout_request and show_step; the films belong to the loader, and are valid until its next
 * call. */
int playout_sounds(struct playout *playout, struct loader *loader, const struct show *show,
                   double now_ms, double show_ms, struct playout_sound sounds[2]);

/* Whether what is scheduled at show_ms is left out: nothing comes of it. */
bool playout_is_left_out(const struct playout *playout, double show_ms);

/* The instant (show clock) until which the scene stays the same, except for motion and mix;
 * INT64_MAX without a programme. */
int64_t playout_next_change(struct playout *playout, double show_ms);

#endif
