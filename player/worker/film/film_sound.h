/* A film's sound at 48 kHz, stereo. Part of film. Whatever is wrong with it is silence, counted,
 * and never an error. */
#ifndef WORKER_FILM_FILM_SOUND_H
#define WORKER_FILM_FILM_SOUND_H

#include "worker/film/film.h"
#include "worker/film/film_demux.h"
#include "worker/film/film_timestamps.h"

struct film_sound;

/* NULL where it can't be decoded, or without memory. */
struct film_sound *film_sound_create(const AVStream *stream);

/* The next piece, from start_us on; its times are those of the clock, which must be stamped.
 * FILM_SOUND, FILM_WAIT (pictures have to be taken first) or FILM_END. */
enum film_result film_sound_next(struct film_sound *sound, struct film_demux *input,
                                 const struct film_timestamps *clock, int64_t start_us,
                                 struct film_output *output);

/* The input goes on elsewhere. */
void film_sound_flush(struct film_sound *sound);

/* Packets that could not be decoded. */
int64_t film_sound_broken(const struct film_sound *sound);

/* NULL is allowed. */
void film_sound_destroy(struct film_sound *sound);

#endif
