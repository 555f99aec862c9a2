/* Sound on its way to the device: a ring without locks, and a clock that tells when each sample of
 * it will be heard.
 *
 * Positions count pairs of samples (48 kHz, left and right) since the queue was made; they go on
 * through silence, and from one device to the next. The main thread puts; the device's thread
 * takes, a period at a time, and never waits, locks or allocates. Where nothing was put it hears
 * silence, which takes up positions like sound. */
#ifndef SOUND_SOUND_QUEUE_H
#define SOUND_SOUND_QUEUE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define SOUND_QUEUE_HZ 48000
#define SOUND_QUEUE_PAIRS 16384 /* 0.34 s; a power of two */
#define SOUND_QUEUE_BEATS 64    /* a power of two */
#define SOUND_QUEUE_WINDOW 8
/* Periods from when the device asks for one to when it is heard: those in its buffer before that.
 * SDL's backends have two; what a screen adds to a sound it mostly adds to the picture too. */
#define SOUND_QUEUE_LATENCY_PERIODS 2

/* The device took a period from this position on at this time. */
struct sound_queue_beat {
    int64_t position, at_ns;
    int period; /* pairs */
    unsigned device;
};

/* Zeroed, it is ready. For sound_queue.c only. */
struct sound_queue {
    float samples[2 * SOUND_QUEUE_PAIRS];
    _Atomic int64_t put;   /* up to here; only the main thread writes it */
    _Atomic int64_t taken; /* only the device's thread writes it */
    struct sound_queue_beat beats[SOUND_QUEUE_BEATS];
    _Atomic unsigned beats_end,
        beats_first; /* written by the device's thread, and by the main one */
    float last[2];   /* the device's thread: what was heard last */
    /* The main thread: */
    /* When position 0 was taken, by each of the last beats. */
    int64_t starts_ns[SOUND_QUEUE_WINDOW];
    unsigned seen, device; /* beats of this device */
    int period;
};

/* The device's thread: fills `samples` with `pairs` pairs. `device` tells one that was opened from
 * the next. Sound that breaks off fades out. */
void sound_queue_take(struct sound_queue *queue, unsigned device, float *samples, int pairs,
                      int64_t now_ns);

/* Any thread: up to where the device has taken; stands still when it does. */
int64_t sound_queue_taken(const struct sound_queue *queue);

/* The main thread, the rest too. Whether to put a block of `pairs` now, so that no more than `most`
 * wait; *position becomes its place. False also while nobody knows when it would be heard. Where
 * the queue has run dry it goes on a little ahead of the device, and *gap says so. */
bool sound_queue_has_room(struct sound_queue *queue, int pairs, int most, int64_t *position,
                          bool *gap);

/* When a position will be heard (CLOCK_MONOTONIC); once there was room. */
int64_t sound_queue_heard_ns(const struct sound_queue *queue, int64_t position);

/* Puts the block that there was room for. */
void sound_queue_put(struct sound_queue *queue, const float *samples, int pairs);

#endif
