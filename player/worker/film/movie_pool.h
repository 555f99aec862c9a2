/* Slots that a film's frames are decoded into, and that a reader holds. Part of movie.
 *
 * A slot is free, or the decoder's (it works on it, or refers to it), or the reader's, or both. It
 * is written to only when it was free. The decoder's threads take and give slots back; all else is
 * for the one thread that owns the pool. */
#ifndef WORKER_FILM_MOVIE_POOL_H
#define WORKER_FILM_MOVIE_POOL_H

#include "worker/film/movie.h"

#include <libavcodec/avcodec.h>

/* Slots that the decoder leaves alone: when it refers to all others, its next frame is copied into
 * one of these, and the film goes on. */
#define MOVIE_POOL_RESERVED 2

struct movie_pool;

/* The ring stays the caller's. NULL without memory. */
struct movie_pool *movie_pool_create(const struct movie_layout *layout, void *ring, int slots);

/* Has the decoder ask the pool for memory: with `direct` it works in slots where it can, for frames
 * of the layout's format that fit. Before the decoder is opened; the pool must outlive it. */
void movie_pool_attach(struct movie_pool *pool, AVCodecContext *context, bool direct);

/* Whether there was no memory for a frame. Decoders call that a broken packet. */
bool movie_pool_starved(const struct movie_pool *pool);

/* The slot that a frame was decoded into; -1: elsewhere, or not where the layout says. */
int movie_pool_slot_of(const struct movie_pool *pool, const AVFrame *frame);

/* Gives a decoded frame's slot to the reader as well. False without memory. */
bool movie_pool_give(struct movie_pool *pool, int slot, const AVFrame *frame);

/* Takes a free slot for the reader; -1: none. */
int movie_pool_take(struct movie_pool *pool);

/* Where a slot's planes are. */
void movie_pool_planes(const struct movie_pool *pool, int slot, uint8_t *planes[3]);

/* The reader lets go, once. False where it did not hold the slot. */
bool movie_pool_release(struct movie_pool *pool, int slot);

/* Takes everything back from the reader. The decoder must be closed, and frames of it unreferenced.
 * NULL is allowed. */
void movie_pool_destroy(struct movie_pool *pool);

#endif
