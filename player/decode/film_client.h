/* The player's side of a worker that plays a film.
 *
 * The worker decodes ahead, a few frames; the player shows each at its time and gives it back. A
 * film that falls behind what it is asked for is told the time, and leaves out what is over.
 * Treated as hostile, as in picture_client.h; what it writes into its ring while the player reads can spoil
 * pixels, and nothing else. Main thread. */
#ifndef DECODE_FILM_CLIENT_H
#define DECODE_FILM_CLIENT_H

#include "core/err.h"
#include "core/frame.h"
#include "playlist/playlist.h"

#include <stdint.h>

struct film_client;

struct film_client_request {
    int canvas_width_px, canvas_height_px; /* upright */
    int rotation;                          /* of the screen */
    enum layout_fit fit;
    double focus_x, focus_y;
    int64_t start_us; /* what is on then comes first */
    bool want_sound;
    bool probe_only; /* facts and nothing else; canvas, fit and focus don't matter */
    /* The longest wait for a sign that it goes on with what it owes; it may be on its way for
     * FILM_CLIENT_PATIENCE times as long: a film that is joined late is decoded from a key frame on. */
    int64_t limit_ms;
    const char *name; /* for the log, copied; NULL: none */
};

#define FILM_CLIENT_PATIENCE 15

/* As the worker says, in ranges that can be relied on. */
struct film_client_facts {
    int width_px, height_px; /* upright, square pixels */
    int coded_width_px, coded_height_px;
    int bit_depth;
    bool variable_rate, has_sound, high_dynamic_range;
    bool has_alpha;      /* transparency, which is not shown */
    double fps;          /* 0: unknown */
    int64_t duration_us; /* 0: unknown */
    int64_t longest_us;  /* that a frame stands; 0: unknown */
    char codec[16];
};

enum film_client_state {
    FILM_CLIENT_PENDING, /* no frame yet, or none that is on by now */
    FILM_CLIENT_READY,   /* there is a frame to show; for a look: the facts */
    FILM_CLIENT_FAILED   /* final; the last frame given out may go on being shown */
};

/* Starts the worker. `file` is copied to it and stays the caller's. NULL on failure
 * (ERR_SYSTEM). */
struct film_client *film_client_start(const struct film_client_request *request, int file,
                                      struct err *err);

/* Readable when film_client_poll has something to do; ask before each wait. -1, which poll(2) passes over,
 * once all has come or it has failed. */
int film_client_fd(const struct film_client *film);
/* When the worker's time is up (CLOCK_MONOTONIC; INT64_MAX: it owes nothing): poll by then. */
int64_t film_client_deadline_ns(const struct film_client *film);

/* Takes what has come; never blocks. A film that was asked for frames before it had any is ready
 * when it has the one that is on, or a second after its first one came.
 *
 * Errors, the first time it says FILM_CLIENT_FAILED: ERR_INPUT, ERR_LIMIT, ERR_WORKER, ERR_SANDBOX and ERR_TIMEOUT are
 * the medium's (whatever the worker says, and how it ends). ERR_SYSTEM is not: the player could not
 * do its part, or the worker failed before it had looked at the file (worker_process.h). Nor is ERR_KILLED:
 * see worker_process_receive. */
enum film_client_state film_client_poll(struct film_client *film, int64_t now_ns, struct err *err);

/* NULL before FILM_CLIENT_READY. */
const struct film_client_facts *film_client_facts(const struct film_client *film);

/* The frame that is on so long after the film's start: the last one that begins by then, the first
 * at least, the film's last at most. Frames before it are given back, and not shown any more. The
 * film's own until the next call; hold it to keep it. NULL before FILM_CLIENT_READY: to be called all the
 * same when the film's time runs already, for it tells the worker where to be.
 * INT64_MAX: whatever there is; nothing is late then. */
struct frame *film_client_frame_at(struct film_client *film, int64_t offset_us);

/* When, after the film's start, another frame than the one given out last begins; INT64_MAX: none
 * is known. */
int64_t film_client_next_us(const struct film_client *film);

/* Whether a film that ends there ends well before its length as the file tells it. Not told of
 * films of variable rate, or of few pictures: their last one may well stand. */
bool film_client_is_cut_off(const struct film_client_facts *facts, int64_t end_us);

/* Whether this one did, after *end_us. */
bool film_client_is_short(const struct film_client *film, int64_t *end_us);

struct film_client_counts {
    int64_t received;
    /* A frame counts as dropped when its time held an instant that was asked for (film_client_frame_at)
     * and another frame was given out for it, because this one had not come by then or was left
     * out. A frame whose time passed between two questions was never due: 60 frames a second on a
     * screen of 30 Hz drop none. Nothing counts before FILM_CLIENT_READY. */
    int64_t dropped;
    /* Of those that came: parts are missing or made up, or pictures before it could not be decoded.
     * Not every codec can tell. */
    int64_t damaged;
    int64_t damaged_us; /* when the first of these begins, after the film's start */
};
/* So far. */
struct film_client_counts film_client_counts(const struct film_client *film);

/* The sound from this moment of the film on, counted in pairs of samples (48 kHz, stereo) since its
 * start, which may be negative: `pairs` of them (0: none) are added to `mix` times the gains, which
 * go evenly from the first to the second. What has not come, or is no sound, adds nothing; false
 * when nothing was added. Sound before this moment is given back: a film whose sound is wanted gets
 * no further ahead otherwise, but its frames do. */
bool film_client_add_sound(struct film_client *film, int64_t offset, float *mix, int pairs,
                           const float gains[2]);

/* Ends the worker without waiting for it, and logs, once, when more than a few frames were dropped
 * because decoding did not keep up. Frames that are held live on. NULL is allowed. */
void film_client_stop(struct film_client *film);

#endif
