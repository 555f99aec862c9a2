/* Decodes a film's sound to 48 kHz, stereo. Part of film. Sound that can't be decoded becomes
 * silence and is counted; it is never an error. */
#ifndef WORKER_FILM_FILM_SOUND_H
#define WORKER_FILM_FILM_SOUND_H

#include "worker/film/film.h"
#include "worker/film/film_demux.h"
#include "worker/film/film_timestamps.h"

struct film_sound;

/* NULL if it can't be decoded, or out of memory. */
struct film_sound *film_sound_create(const AVStream *stream);

/* The next piece, from start_us on, in times of `clock`, which must be stamped. FILM_SOUND,
 * FILM_WAIT (pictures have to be taken first) or FILM_END. */
enum film_result film_sound_next(struct film_sound *sound, struct film_demux *input,
                                 const struct film_timestamps *clock, int64_t start_us,
                                 struct film_output *output);

/* Call after a jump. */
void film_sound_flush(struct film_sound *sound);

/* The number of packets that could not be decoded. */
int64_t film_sound_broken(const struct film_sound *sound);

/* NULL is allowed. */
void film_sound_destroy(struct film_sound *sound);

#endif
