/* The player's side of a worker that plays a film.
 *
 * The worker decodes a few frames ahead; the player shows each at its time and releases it. When a
 * film falls behind the clock, the worker is ordered to skip what is over. The worker is treated as
 * hostile, as in picture_client.h: what it writes into its ring while the player reads can spoil
 * pixels, and nothing else. Main thread. */
#ifndef DECODE_FILM_CLIENT_H
#define DECODE_FILM_CLIENT_H

#include "core/err.h"
#include "core/frame.h"
#include "decode/worker_usage.h"
#include "playlist/playlist.h"

#include <stdint.h>

struct film_client;

struct film_client_request {
    int canvas_width_px, canvas_height_px; /* upright */
    int rotation;                          /* of the screen */
    enum layout_fit fit;
    double focus_x, focus_y;
    int64_t start_us; /* the frame shown at this time comes first */
    bool want_sound;
    bool probe_only; /* facts and nothing else; canvas, fit and focus are ignored */
    /* The longest wait for a message, progress included, while one is expected. A frame may take
     * FILM_CLIENT_PATIENCE times as long, if progress is reported: a film that is joined late is
     * decoded from a key frame on. */
    int64_t limit_ms;
    const char *name; /* for the log, copied; may be NULL */
};

#define FILM_CLIENT_PATIENCE 15

/* As the worker reported, checked for the ranges given here. */
struct film_client_facts {
    int width_px, height_px; /* upright, square pixels */
    int coded_width_px, coded_height_px;
    int bit_depth;
    bool variable_rate, has_sound, high_dynamic_range;
    bool has_alpha;      /* the film has transparency, which is not shown */
    double fps;          /* 0: unknown */
    int64_t duration_us; /* 0: unknown */
    int64_t longest_us;  /* the longest duration of a frame; 0: unknown */
    char codec[16];
};

enum film_client_state {
    FILM_CLIENT_PENDING, /* no frame yet, or none for the present time */
    FILM_CLIENT_READY,   /* there is a frame to show, or with probe_only: the facts */
    FILM_CLIENT_FAILED   /* final; the last frame returned may go on being shown */
};

/* Starts the worker. `file` is duplicated for it and stays the caller's. NULL on failure
 * (ERR_SYSTEM). */
struct film_client *film_client_start(const struct film_client_request *request, int file,
                                      struct err *err);

/* Readable when film_client_poll has something to do; ask before each wait. -1, which poll(2)
 * ignores, after the last message or a failure. */
int film_client_fd(const struct film_client *film);
/* When the worker's time is up (CLOCK_MONOTONIC): call film_client_poll by then. INT64_MAX: no
 * message is expected. */
int64_t film_client_deadline_ns(const struct film_client *film);

/* Handles the messages that have arrived; never blocks. A film whose frames are requested before
 * any has arrived is ready once it has the frame for the present time, or a second after its first
 * frame.
 *
 * * Errors, set the first time it returns FILM_CLIENT_FAILED: ERR_INPUT, ERR_LIMIT, ERR_WORKER,
 * ERR_SANDBOX and ERR_TIMEOUT are the medium's fault (whatever the worker reported, and however it
 * exited). ERR_SYSTEM is not: the player could not do its part, or the worker failed before it had
 * read the file (worker_process.h). Nor is ERR_KILLED: see worker_process_receive. */
enum film_client_state film_client_poll(struct film_client *film, int64_t now_ns, struct err *err);

/* NULL before FILM_CLIENT_READY. */
const struct film_client_facts *film_client_facts(const struct film_client *film);

/* The frame that is shown `offset_us` after the film's start: the last one that begins by then, but
 * at least the first and at most the last. Earlier frames are released and not shown again. The
 * frame is the film's until the next call; take a reference to keep it. NULL before
 * FILM_CLIENT_READY: call it all the same once the film's time runs, since the worker is kept up to
 * date by it. INT64_MAX: whichever frame there is; nothing is late then. */
struct frame *film_client_frame_at(struct film_client *film, int64_t offset_us);

/* When, after the film's start, the frame after the one returned last begins; INT64_MAX:
 * unknown. */
int64_t film_client_next_us(const struct film_client *film);

/* Whether a film whose frames end at end_us ends well before the length in its file. False for
 * films of variable rate, or of few frames: their last one may well be meant to stay. */
bool film_client_is_truncated_at(const struct film_client_facts *facts, int64_t end_us);

/* Whether this film does; *end_us is where its frames end. */
bool film_client_is_truncated(const struct film_client *film, int64_t *end_us);

struct film_client_counts {
    int64_t received; /* frames */
    /* A frame counts as dropped when a time within it was requested (film_client_frame_at) and
     * another frame was returned, because this one had not arrived by then or was left out. A frame
     * whose time passed between two requests was never due: 60 frames a second on a screen of 30 Hz
     * drop none. Nothing counts before FILM_CLIENT_READY. */
    int64_t dropped;
    /* Of those received: parts are missing or made up, or a picture before it could not be decoded.
     * Not every codec can tell. */
    int64_t damaged;
    int64_t damaged_us;   /* when the first of these begins, after the film's start */
    int64_t deinterlaced; /* of those received: fields of interlaced frames */
};
/* So far. */
struct film_client_counts film_client_counts(const struct film_client *film);

/* What the worker has used of the processors so far. False where it has ended. */
bool film_client_usage(const struct film_client *film, struct worker_usage *usage);

/* Adds `pairs` pairs of samples (0: none) of the film's sound from `offset` on to `mix`, times a
 * gain that goes linearly from the first of the gains to the second. `offset` counts pairs (48 kHz,
 * stereo) since the film's start and may be negative. Sound that has not arrived adds nothing;
 * false if nothing was added. Sound before `offset` is released: without that, the worker's sound
 * stops after PROTOCOL_SOUNDS_AHEAD_MAX packets, but its frames go on. */
bool film_client_add_sound(struct film_client *film, int64_t offset, float *mix, int pairs,
                           const float gains[2]);

/* Kills the worker without waiting for its exit, and logs it when many frames were dropped because
 * decoding did not keep up. Frames that are referenced stay valid. NULL is allowed. */
void film_client_stop(struct film_client *film);

#endif
