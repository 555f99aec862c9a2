#include "sound/sound_queue.h"

#include <string.h>

#define MASK_PAIRS (SOUND_QUEUE_PAIRS - 1)
#define BEATS_TO_KNOW 4 /* before the time is known: the first ones only fill the device's buffer */
/* A sound that breaks off decays by this from sample to sample: to a hundredth in 5 ms. */
#define DECAY 0.98F
#define DECAYED 1e-4F

_Static_assert((SOUND_QUEUE_PAIRS & MASK_PAIRS) == 0, "positions are masked");
_Static_assert((SOUND_QUEUE_BEATS & (SOUND_QUEUE_BEATS - 1)) == 0, "so are beats, which wrap");

static int64_t pairs_to_ns(int64_t pairs)
{
    return pairs * 62500 / 3; /* 10^9 / 48,000 */
}

static void add_beat(struct sound_queue *queue, const struct sound_queue_beat *now)
{
    unsigned end = atomic_load_explicit(&queue->beats_end, memory_order_relaxed);
    /* The ring is full, as the main thread is busy; a few beats less don't matter. */
    if (end - atomic_load_explicit(&queue->beats_first, memory_order_acquire) == SOUND_QUEUE_BEATS)
        return;
    queue->beats[end % SOUND_QUEUE_BEATS] = *now;
    atomic_store_explicit(&queue->beats_end, end + 1, memory_order_release);
}

static void decay_sample(float *last)
{
    *last *= DECAY;
    if (*last<DECAYED && * last> - DECAYED)
        *last = 0;
}

void sound_queue_take(struct sound_queue *queue, unsigned device, float *samples, int pairs,
                      int64_t now_ns)
{
    int64_t from = atomic_load_explicit(&queue->taken, memory_order_relaxed);
    int64_t there = atomic_load_explicit(&queue->put, memory_order_acquire) - from;
    add_beat(queue, &(struct sound_queue_beat){from, now_ns, pairs, device});
    for (int64_t i = 0; i < pairs; i++) {
        if (i < there) {
            memcpy(queue->last, &queue->samples[2 * ((from + i) & MASK_PAIRS)], sizeof queue->last);
        } else {
            decay_sample(&queue->last[0]);
            decay_sample(&queue->last[1]);
        }
        memcpy(&samples[2 * i], queue->last, sizeof queue->last);
    }
    atomic_store_explicit(&queue->taken, from + pairs, memory_order_release);
}

int64_t sound_queue_taken(const struct sound_queue *queue)
{
    return atomic_load_explicit(&queue->taken, memory_order_acquire);
}

static void read_beats(struct sound_queue *queue)
{
    unsigned end = atomic_load_explicit(&queue->beats_end, memory_order_acquire);
    unsigned first = atomic_load_explicit(&queue->beats_first, memory_order_relaxed);
    for (; first != end; first++) {
        const struct sound_queue_beat *beat = &queue->beats[first % SOUND_QUEUE_BEATS];
        if (beat->device != queue->device)
            queue->seen = 0;
        queue->device = beat->device;
        queue->period = beat->period;
        queue->starts_ns[queue->seen++ % SOUND_QUEUE_WINDOW] =
            beat->at_ns - pairs_to_ns(beat->position);
    }
    atomic_store_explicit(&queue->beats_first, first, memory_order_release);
}

/* Fills the queue with silence up to `to`. */
static void put_silence(struct sound_queue *queue, int64_t from, int64_t to)
{
    for (; from < to; from++)
        memset(&queue->samples[2 * (from & MASK_PAIRS)], 0, 2 * sizeof *queue->samples);
    atomic_store_explicit(&queue->put, to, memory_order_release);
}

bool sound_queue_has_room(struct sound_queue *queue, int pairs, int most, int64_t *position,
                          bool *gap)
{
    read_beats(queue);
    *gap = false;
    if (queue->seen < BEATS_TO_KNOW)
        return false;
    *position = atomic_load_explicit(&queue->put, memory_order_relaxed);
    int64_t taken = sound_queue_taken(queue);
    if (*position < taken) {
        /* One period ahead, as the device may take that at any moment. */
        *position = taken + queue->period;
        if (*position + pairs - taken > SOUND_QUEUE_PAIRS)
            return false;
        put_silence(queue, taken, *position);
        *gap = true;
    }
    int64_t waiting = *position + pairs - taken;
    return waiting <= SOUND_QUEUE_PAIRS && (waiting <= most || *gap);
}

/* The device's thread may be late but never early, so the earliest beats are exact. */
int64_t sound_queue_heard_ns(const struct sound_queue *queue, int64_t position)
{
    int64_t start_ns = queue->starts_ns[0];
    for (unsigned i = 1; i < queue->seen && i < SOUND_QUEUE_WINDOW; i++)
        if (queue->starts_ns[i] < start_ns)
            start_ns = queue->starts_ns[i];
    int64_t latency = (int64_t)SOUND_QUEUE_LATENCY_PERIODS * queue->period;
    return start_ns + pairs_to_ns(position + latency);
}

void sound_queue_put(struct sound_queue *queue, const float *samples, int pairs)
{
    int64_t put = atomic_load_explicit(&queue->put, memory_order_relaxed);
    for (int64_t i = 0; i < pairs; i++)
        memcpy(&queue->samples[2 * ((put + i) & MASK_PAIRS)], &samples[2 * i], 2 * sizeof *samples);
    atomic_store_explicit(&queue->put, put + pairs, memory_order_release);
}
