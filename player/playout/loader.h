/* Brings the pictures of spots into memory, by workers, before they are needed.
 *
 * Callers request what is on screen first, then what comes next: workers are started in that order.
 * A round ends with loader_end_round, which frees all that was not requested in it, except films
 * that are still on screen. Main thread; never blocks. */
#ifndef PLAYOUT_LOADER_H
#define PLAYOUT_LOADER_H

#include "screen/picture.h"
#include "sync/edition.h"

#include <poll.h>

#define LOADER_JOBS_MAX 8
/* Two in a crossfade, and two more that fade out or come next. */
#define LOADER_FILMS_MAX 4
#define LOADER_FDS_MAX (LOADER_JOBS_MAX + LOADER_FILMS_MAX)
#define LOADER_HOUSE_GROUND 0x101e2au /* the house card's color before its picture is drawn */

struct film_client;
struct loader;
struct media_opener;
struct quarantine;

struct loader_config {
    int screen_width_px, screen_height_px; /* before any rotation */
    int rotation;
    const char *language; /* copied */
    int64_t limit_ms;     /* the longest that a worker may take */
    bool sound;           /* as loader_set_sound */
    /* Borrowed, and may be shared by one loader after another; NULL: the loader has its own. */
    struct quarantine *quarantine;
    /* Borrowed; NULL: files are opened at once, which may block. */
    struct media_opener *opener;
};

enum loader_state { LOADER_LOADING, LOADER_READY, LOADER_FAILED };

/* One spot's picture. The edition must live until loader_request returns; `serial` tells editions
 * apart. */
struct loader_key {
    const struct edition *edition;
    uint64_t serial;
    int spot;
    const char *language; /* NULL: the configuration's */
    /* When the slot of a film begins, on a clock that is never set (playout.h): it tells one run of
     * the film from the next. */
    double begin_ms;
    /* Of a film (film_fingerprint.h): an equal film that began at the same time goes on, whatever
     * edition requests it; 0: unknown. */
    uint64_t fingerprint;
    double offset_ms; /* since the start of the slot: the part of a film that is shown */
};

/* NULL when out of memory. */
struct loader *loader_create(const struct loader_config *config);

/* Kills the workers without waiting for them: worker_process_reap (decode/worker_process.h) does.
 * NULL is allowed. */
void loader_destroy(struct loader *loader);

/* The picture of a spot. *picture (NULL unless LOADER_READY) belongs to the loader; hold it to keep
 * it. Workers are started when the spot is new and the limits allow it. A film's picture is ready
 * with its first frame, and has another frame from call to call. Where a film's worker fails, its
 * last frame stays until another worker, started after a growing delay, has caught up; a film that
 * failed before it was on screen gets a new picture. A spot that failed is tried again after half a
 * minute, but not while its file is in quarantine (quarantine.h). */
enum loader_state loader_request(struct loader *loader, const struct loader_key *key,
                                 struct picture **picture);

/* Whether the sound of films whose spot has a volume is decoded; for films that are started from
 * now on. */
void loader_set_sound(struct loader *loader, bool sound);

/* Lets films that were not requested in this round, but whose pictures are still held, because they
 * fade out, run on to now_ms, by the clock of begin_ms. They are freed after their last holder has
 * let them go. One that fails now is not started again. */
void loader_continue_films(struct loader *loader, double now_ms);

/* The film of a spot that loader_request has made ready, if its sound is decoded; else NULL.
 * Belongs to the loader, and is valid until the next call. */
struct film_client *loader_audible_film(struct loader *loader, const struct loader_key *key);

/* The film of a picture that loader_request has made, if its sound is decoded, with its begin_ms
 * and its spot's volume; else NULL. Belongs to the loader, and is valid until the next call. */
struct film_client *loader_shown_film(struct loader *loader, const struct picture *picture,
                                      double *begin_ms, double *volume);

/* The player's own house card: with a few words for whoever installs it, or, without words, calm
 * water and nothing else. It is there at once, at first as a plain color; each
 * worker that finishes makes another picture of it. Belongs to the loader. NULL when out of
 * memory. */
struct picture *loader_request_house_card(struct loader *loader, const char *words);

/* Collects what the workers have finished. True when a picture became ready or failed, or the house
 * card changed. */
bool loader_poll(struct loader *loader);

/* Ends a round: frees what was not requested since the last call. */
void loader_end_round(struct loader *loader);

/* Fills at most LOADER_FDS_MAX entries for poll(2) and returns how many. Lowers *deadline_ns to
 * the earliest deadline of a worker. */
int loader_poll_fds(const struct loader *loader, struct pollfd *fds, int64_t *deadline_ns);

#endif
