/* Slots that a film's frames are decoded into, and that a reader reads. Part of film.
 *
 * A slot is free, or used by the decoder (it works on it, or refers to it), or by the reader, or by
 * both. It is written to only after it was free. The decoder's threads take and free slots;
 * everything else is for the one thread that owns the pool. */
#ifndef WORKER_FILM_FILM_FRAME_POOL_H
#define WORKER_FILM_FILM_FRAME_POOL_H

#include "worker/film/film.h"

#include <libavcodec/avcodec.h>

/* Slots that the decoder never takes: when it uses all others, its next frame is copied into one of
 * these, and the film goes on. */
#define FILM_FRAME_POOL_RESERVED 2

struct film_frame_pool;

/* The ring stays the caller's. NULL if out of memory. */
struct film_frame_pool *film_frame_pool_create(const struct film_layout *layout, void *ring,
                                               int slots);

/* Makes the decoder allocate its frames from the pool: with `direct` in slots where possible, for
 * frames of the layout's format that fit. Call before the decoder is opened; the pool must outlive
 * it. */
void film_frame_pool_attach(struct film_frame_pool *pool, AVCodecContext *context, bool direct);

/* Whether an allocation of a frame failed, which decoders report as a broken packet. */
bool film_frame_pool_out_of_memory(const struct film_frame_pool *pool);

/* The slot that a frame was decoded into; -1 if it is elsewhere, or not laid out as in the
 * layout. */
int film_frame_pool_slot_of(const struct film_frame_pool *pool, const AVFrame *frame);

/* Gives the reader a decoded frame's slot, which the decoder may go on using. False if out of
 * memory. */
bool film_frame_pool_give(struct film_frame_pool *pool, int slot, const AVFrame *frame);

/* Takes a free slot for the reader; -1 if there is none. */
int film_frame_pool_take(struct film_frame_pool *pool);

/* Returns the addresses of a slot's planes. */
void film_frame_pool_planes(const struct film_frame_pool *pool, int slot, uint8_t *planes[3]);

/* Releases the slot once for the reader. False if the reader did not have it. */
bool film_frame_pool_release(struct film_frame_pool *pool, int slot);

/* Releases all slots. The decoder must be closed, and its frames unreferenced. NULL is allowed. */
void film_frame_pool_destroy(struct film_frame_pool *pool);

#endif
