/* A film's sound at 48 kHz, stereo. Part of movie. Whatever is wrong with it is silence, counted,
 * and never an error. */
#ifndef WORKER_FILM_MOVIE_SOUND_H
#define WORKER_FILM_MOVIE_SOUND_H

#include "worker/film/movie.h"
#include "worker/film/movie_clock.h"
#include "worker/film/movie_input.h"

struct movie_sound;

/* NULL where it can't be decoded, or without memory. */
struct movie_sound *movie_sound_create(const AVStream *stream);

/* The next piece, from start_us on; its times are those of the clock, which must be stamped.
 * MOVIE_SOUND, MOVIE_WAIT (pictures have to be taken first) or MOVIE_END. */
enum movie_result movie_sound_next(struct movie_sound *sound, struct movie_input *input,
                                   const struct movie_clock *clock, int64_t start_us,
                                   struct movie_output *output);

/* The input goes on elsewhere. */
void movie_sound_flush(struct movie_sound *sound);

/* Packets that could not be decoded. */
int64_t movie_sound_broken(const struct movie_sound *sound);

/* NULL is allowed. */
void movie_sound_destroy(struct movie_sound *sound);

#endif
