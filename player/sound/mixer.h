/* The mixer: what is heard of the films that run, block by block.
 *
 * Knows of each film how far it was mixed and how loud, so that no sound begins, ends or jumps with
 * a click: a voice that is new, gone or far out of step fades over one block. One that is a little
 * out of step is played a little faster or slower until it is not. Pure; main thread.
 * Samples are floats at MIXER_HZ, left and right in turn; lengths are counted in pairs. */
#ifndef SOUND_MIXER_H
#define SOUND_MIXER_H

#include <stdbool.h>
#include <stdint.h>

#define MIXER_HZ 48000
#define MIXER_BLOCK_PAIRS 240     /* 5 ms */
#define MIXER_SIDES_MAX 2         /* of a crossfade */
#define MIXER_SLIP_MAX_PAIRS 1920 /* 40 ms; out of step by more: it jumps */
/* How much faster or slower a film is played. The show clock is corrected by a hundredth at most,
 * and no clock of a sound device is half a hundredth wrong: the two together are followed. As a
 * change of pitch it is a quarter of a semitone. */
#define MIXER_GLIDE_PER_MILLE 15
/* A slip becomes 1/e of itself in this time, half a second, where that is not faster than
 * allowed. */
#define MIXER_GLIDE_PAIRS 24000

/* What should be heard in a block. */
struct mixer_side {
    uint64_t key;  /* names the run of the film; not 0, no other side has it */
    void *source;  /* for the mixer's `add` */
    double offset; /* of the block's start in the film, as the show clock has it */
    float gain;    /* >= 0, at the block's end */
};

/* Adds `pairs` (a few more than a block at most) of a source's sound from
 * `offset` on to `mix`. False when there was none. From call to call for one source `offset` falls
 * only where the film jumps back. */
typedef bool mixer_add(void *source, int64_t offset, float *mix, int pairs);

struct mixer_voice {
    uint64_t key;                      /* 0: free */
    double next;                       /* what comes next of the film */
    float gain;                        /* where the last block ended */
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
