/* The edition that is playing, with its programme and zone, and what should be on screen at an
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
    uint64_t jumps;  /* counts steps of the clock: what is wanted after one is faded in, even in the
                        same slot */
    double jumped_ms; /* their sum: less that, the show clock is one that nobody sets */
    uint64_t *looks;  /* of the edition's spots (film_fingerprint.h) */
    struct zone zone;
    struct programme *programme;
    double bare_ms; /* since when there is nothing to show but the ground; 0: there is */
};

/* Puts an edition in force (takes it over, also on failure). film_ms: the films' lengths
 * (film_lengths.h), copied. `own` is the player's zone name, NULL for the system's; the playlist's wins.
 * On failure the old one stays. */
MUST_CHECK bool playout_switch(struct playout *playing, struct edition *edition,
                               const int32_t *film_ms, const char *own, struct err *err);

/* The same with a playlist file, for commands: its faults are written to the log, its films are
 * looked at (limit_ms for each). */
MUST_CHECK bool playout_open(struct playout *playing, const char *path, const char *own,
                             int64_t limit_ms, struct err *err);

/* The show clock was set on by so much, or back. What is on screen goes on, and fades into what is
 * right now. */
void playout_jump(struct playout *playing, double by_ms);

void playout_finish(struct playout *playing);

/* What is wanted at show_ms, asking the loader for its pictures and for the next slot's. `words`
 * are for the house card while nothing plays. `bare`: nothing was shown yet; then the house card
 * stands in for a spot that can't be shown, or takes longer than a moment: a film that is joined
 * late. *next is the next slot's picture when it is ready, else
 * NULL. Films that are on screen still, but not wanted any more, go on by the time of their old
 * slot; one that a new edition has in a slot with the same start, looking the same, is wanted as
 * before. */
struct show_wish playout_wish(struct playout *playing, struct loader *loader, const char *words,
                              bool bare, double show_ms, struct picture **next);

/* A film that is heard. */
struct playout_sound {
    uint64_t key; /* of its slot */
    struct film_client *film;
    double offset_ms; /* since its start */
    double gain;      /* 0 to 1: the spot's volume, and how far it has faded in or out */
};

/* What is to be heard at show_ms, now_ms being now and not later, both by the show clock: the films
 * of the scene, as far as they are on screen or will be, and those that the edition or the clock
 * before left there, as loud as they are seen. Fills at most two and returns how many: of more,
 * those on screen. Fades are of equal power, so that one film into another stays as loud as both
 * are. After playout_wish and show_step; the films are the loader's, until it is called again. */
int playout_sounds(struct playout *playing, struct loader *loader, const struct show *show,
                   double now_ms, double show_ms, struct playout_sound sounds[2]);

/* Until when (show clock) the wish stays the same but for motion and mix; INT64_MAX without a
 * programme. */
int64_t playout_next_change(struct playout *playing, double show_ms);

#endif
