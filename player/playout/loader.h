/* Brings the pictures of spots into memory, by workers, before they are needed.
 *
 * Ask for what is on screen first, then for what comes next: workers are started in that order.
 * What was not asked for in the last round is let go, but for films that are still on screen.
 * Main thread; never blocks. */
#ifndef PLAYOUT_LOADER_H
#define PLAYOUT_LOADER_H

#include "screen/picture.h"
#include "sync/edition.h"

#include <poll.h>

#define LOADER_JOBS_MAX 8
/* Two in a crossfade, and two that are on their way out, or the next. */
#define LOADER_FILMS_MAX 4
#define LOADER_FDS_MAX (LOADER_JOBS_MAX + LOADER_FILMS_MAX)
#define LOADER_HOUSE_GROUND 0x101e2au /* the house card's colour before anything of it is drawn */

struct film_client;
struct loader;
struct quarantine;

struct loader_config {
    int screen_width_px, screen_height_px; /* as the screen is driven */
    int rotation;
    const char *language; /* copied */
    int64_t limit_ms;     /* how long a worker may take */
    bool sound;           /* as loader_set_sound */
    /* The caller's, who keeps it from loader to loader, and longer than any; NULL: one of the
     * loader's own. */
    struct quarantine *quarantine;
};

enum loader_state { LOADER_LOADING, LOADER_READY, LOADER_FAILED };

/* One spot's picture. The edition must live until loader_want returns; `serial` tells editions
 * apart. */
struct loader_key {
    const struct edition *edition;
    uint64_t serial;
    int spot;
    const char *language; /* NULL: the configuration's */
    double begin_ms; /* when a film's slot began or will, on a clock that nobody sets (playout.h):
                        tells one run of it from the next */
    uint64_t
        look; /* of a film (film_fingerprint.h): one that looks the same and began at the same time goes
                        on, whatever edition asks for it; 0: unknown */
    double offset_ms; /* since its start, when it will be seen; a film shows what is on then */
};

/* NULL when out of memory. */
struct loader *loader_create(const struct loader_config *config);

/* Tells the workers to end, and does not wait for that: worker_process_reap (decode/worker_process.h) does. What failed
 * is forgotten, but for what the caller's quarantine holds. NULL is allowed. */
void loader_destroy(struct loader *loader);

/* The picture of a spot: *picture (NULL unless LOADER_READY) is the loader's own; hold it to keep
 * it. Starts the work when it is new and a worker is free. A film's picture is ready with its first
 * frame, and shows another one from call to call. Where its worker dies or stands still the last
 * frame holds until another worker, after a while that grows, goes on where the film would be by
 * then; the picture of one that nobody has seen yet is made anew. What failed is tried again after
 * half a minute, but not a medium in quarantine (quarantine.h). */
enum loader_state loader_want(struct loader *loader, const struct loader_key *key,
                              struct picture **picture);

/* Whether the sound of films is decoded, where their spot has a volume. For those that are started
 * from here on. */
void loader_set_sound(struct loader *loader, bool sound);

/* Films that nobody asked for in this round, but whose pictures somebody still holds (they fade
 * out), go on: to now_ms, by the clock of begin_ms. They are let go with their last holder.
 * One that breaks off then stands still. */
void loader_go_on(struct loader *loader, double now_ms);

/* The film of a spot that loader_want has made ready, if its sound is decoded; else NULL. The
 * loader's own, until any other call. */
struct film_client *loader_heard_film(struct loader *loader, const struct loader_key *key);

/* The film of a picture that loader_want has made, if its sound is decoded, with its begin_ms and
 * its spot's volume; else NULL. The loader's own, until any other call. */
struct film_client *loader_shown_film(struct loader *loader, const struct picture *picture,
                                      double *begin_ms, double *volume);

/* The house card with a few words on it: there at once, at first plain, and another picture each
 * time one of its workers has finished. The loader's own. NULL when out of memory. */
struct picture *loader_want_house(struct loader *loader, const char *words);

/* Takes what the workers have finished. True when a picture became ready, failed, or the house card
 * grew. */
bool loader_poll(struct loader *loader);

/* Ends a round: what was not asked for since the last call is let go. */
void loader_end_round(struct loader *loader);

/* Fills at most LOADER_FDS_MAX entries for poll(2) and returns how many; *deadline_ns becomes the
 * earliest worker's, if sooner. */
int loader_poll_fds(const struct loader *loader, struct pollfd *fds, int64_t *deadline_ns);

#endif
