/* Mixes the sound of the films that play, block by block.
 *
 * Remembers for each film how far it was mixed and how loud, so that no sound begins, ends or jumps
 * with a click: a voice that is new, gone or far out of step fades over one block, and one that is
 * a little out of step is played a little faster or slower until it is not. Pure; main thread.
 * Samples are floats at MIXER_HZ, left and right in turn; lengths are counted in pairs. */
#ifndef SOUND_MIXER_H
#define SOUND_MIXER_H

#include <stdbool.h>
#include <stdint.h>

#define MIXER_HZ 48000
#define MIXER_BLOCK_PAIRS 240     /* 5 ms */
#define MIXER_SIDES_MAX 2         /* of a crossfade */
#define MIXER_SLIP_MAX_PAIRS 1920 /* 40 ms; a film that is further out of step jumps */
/* How much faster or slower a film may be played. That is enough to follow both the show clock,
 * which is corrected by a hundredth at most, and the clock of a sound device, which is never
 * wrong by half a hundredth. As a change of pitch it is a quarter of a semitone. */
#define MIXER_GLIDE_PER_MILLE 15
/* The time, half a second, in which a slip falls to 1/e, as far as the rate above allows. */
#define MIXER_GLIDE_PAIRS 24000

/* What should be heard in a block. */
struct mixer_side {
    uint64_t key;  /* names the run of the film; unique, not 0 */
    void *source;  /* the first argument of mixer_add */
    double offset; /* of the block's start in the film, by the show clock */
    float gain;    /* >= 0, at the block's end */
};

/* Adds `pairs` (a few more than a block at most) of a source's sound from
 * `offset` on to `mix`. False when there was none. From call to call `offset` falls
 * only where the film jumps back. */
typedef bool mixer_add(void *source, int64_t offset, float *mix, int pairs);

struct mixer_voice {
    uint64_t key;                      /* 0: free */
    double next;                       /* the place in the film of the next block */
    float gain;                        /* at the end of the last block */
    float tail[2 * MIXER_BLOCK_PAIRS]; /* the block after that, fading out */
};

/* Zeroed: silence. */
struct mixer {
    struct mixer_voice voices[2 * MIXER_SIDES_MAX];
};

/* Fills `block` with MIXER_BLOCK_PAIRS pairs between -1 and 1 of at most MIXER_SIDES_MAX sides. */
void mixer_mix(struct mixer *mixer, const struct mixer_side *sides, int count, mixer_add *add,
               float *block);

#endif
