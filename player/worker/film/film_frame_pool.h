/* Slots that a film's frames are decoded into, and that a reader holds. Part of film.
 *
 * A slot is free, or the decoder's (it works on it, or refers to it), or the reader's, or both. It
 * is written to only when it was free. The decoder's threads take and give slots back; all else is
 * for the one thread that owns the pool. */
#ifndef WORKER_FILM_FILM_FRAME_POOL_H
#define WORKER_FILM_FILM_FRAME_POOL_H

#include "worker/film/film.h"

#include <libavcodec/avcodec.h>

/* Slots that the decoder leaves alone: when it refers to all others, its next frame is copied into
 * one of these, and the film goes on. */
#define FILM_FRAME_POOL_RESERVED 2

struct film_frame_pool;

/* The ring stays the caller's. NULL without memory. */
struct film_frame_pool *film_frame_pool_create(const struct film_layout *layout, void *ring,
                                               int slots);

/* Has the decoder ask the pool for memory: with `direct` it works in slots where it can, for frames
 * of the layout's format that fit. Before the decoder is opened; the pool must outlive it. */
void film_frame_pool_attach(struct film_frame_pool *pool, AVCodecContext *context, bool direct);

/* Whether there was no memory for a frame. Decoders call that a broken packet. */
bool film_frame_pool_out_of_memory(const struct film_frame_pool *pool);

/* The slot that a frame was decoded into; -1: elsewhere, or not where the layout says. */
int film_frame_pool_slot_of(const struct film_frame_pool *pool, const AVFrame *frame);

/* Gives a decoded frame's slot to the reader as well. False without memory. */
bool film_frame_pool_give(struct film_frame_pool *pool, int slot, const AVFrame *frame);

/* Takes a free slot for the reader; -1: none. */
int film_frame_pool_take(struct film_frame_pool *pool);

/* Where a slot's planes are. */
void film_frame_pool_planes(const struct film_frame_pool *pool, int slot, uint8_t *planes[3]);

/* The reader lets go, once. False where it did not hold the slot. */
bool film_frame_pool_release(struct film_frame_pool *pool, int slot);

/* Takes everything back from the reader. The decoder must be closed, and frames of it unreferenced.
 * NULL is allowed. */
void film_frame_pool_destroy(struct film_frame_pool *pool);

#endif
