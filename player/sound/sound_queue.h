/* Carries sound from the main thread to the device: a ring without locks, and a clock that says
 * when each sample will be heard.
 *
 * Positions count pairs of samples (48 kHz, left and right) since the queue was made, through
 * silence and from one device to the next. The main thread puts; the device's thread takes, a
 * period at a time, and never waits, locks or allocates. Where nothing was put, it gets silence,
 * which has positions, too. */
#ifndef SOUND_SOUND_QUEUE_H
#define SOUND_SOUND_QUEUE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define SOUND_QUEUE_HZ 48000
#define SOUND_QUEUE_PAIRS 16384 /* 0.34 s; a power of two */
#define SOUND_QUEUE_BEATS 64    /* a power of two */
#define SOUND_QUEUE_WINDOW 8
/* Periods between the device's request for a period and its being heard, as these are in its buffer
 * already. SDL's backends have two; what a screen adds to the sound's delay it mostly adds to the
 * picture's, too. */
#define SOUND_QUEUE_LATENCY_PERIODS 2

/* The device took a period, beginning at this position, at this time. */
struct sound_queue_beat {
    int64_t position, at_ns;
    int period; /* pairs */
    unsigned device;
};

/* Zeroed: ready. Private to sound_queue.c. */
struct sound_queue {
    float samples[2 * SOUND_QUEUE_PAIRS];
    _Atomic int64_t put;   /* end of what was put; only the main thread writes it */
    _Atomic int64_t taken; /* end of what was taken; only the device's thread writes it */
    struct sound_queue_beat beats[SOUND_QUEUE_BEATS];
    _Atomic unsigned beats_end;   /* only the device's thread writes it */
    _Atomic unsigned beats_first; /* only the main thread writes it */
    float last[2];                /* the device's thread only: the last pair */
    /* The main thread only: when position 0 was taken, by each of the last beats. */
    int64_t starts_ns[SOUND_QUEUE_WINDOW];
    unsigned seen, device; /* beats of this device */
    int period;
};

/* The device's thread: fills `samples` with `pairs` pairs. `device` is another number each time
 * that a device is opened. Sound that breaks off fades out. */
void sound_queue_take(struct sound_queue *queue, unsigned device, float *samples, int pairs,
                      int64_t now_ns);

/* Any thread: the position up to which the device has taken sound; it stands still when the device
 * does. */
int64_t sound_queue_taken(const struct sound_queue *queue);

/* The main thread, as the functions below. Whether to put a block of `pairs` now, so that at
 * most `most` wait; *position is its place. False also while it is unknown when it would be
 * heard. *gap: the queue has run dry, and goes on a little ahead of the device. */
bool sound_queue_has_room(struct sound_queue *queue, int pairs, int most, int64_t *position,
                          bool *gap);

/* When a position will be heard (CLOCK_MONOTONIC). Only after sound_queue_has_room was true. */
int64_t sound_queue_heard_ns(const struct sound_queue *queue, int64_t position);

/* Puts a block, after sound_queue_has_room was true. */
void sound_queue_put(struct sound_queue *queue, const float *samples, int pairs);

#endif
