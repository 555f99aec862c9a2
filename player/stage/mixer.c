#include "stage/mixer.h"

#include <stdlib.h>
#include <string.h>

#define SAMPLES (2 * MIXER_BLOCK_PAIRS)
#define VOICES (2 * MIXER_SIDES_MAX)

static struct mixer_voice *voice_of(struct mixer *mixer, uint64_t key)
{
    for (int i = 0; i < VOICES; i++)
        if (mixer->voices[i].key == key)
            return &mixer->voices[i];
    return NULL;
}

static bool is_wanted(const struct mixer_side *sides, int count, uint64_t key)
{
    for (int i = 0; i < count; i++)
        if (sides[i].key == key)
            return true;
    return false;
}

static void fade_out(const struct mixer_voice *voice, float *block)
{
    for (int i = 0; i < SAMPLES; i++)
        block[i] += voice->tail[i];
}

/* The film goes on where it was left, unless the clock says that this is too far off: then it jumps
 * to the clock's place, from the tail of the old one. */
static void mix_side(struct mixer_voice *voice, const struct mixer_side *side, mixer_add *add,
                     float *block)
{
    if (llabs(side->offset - voice->next) > MIXER_SLIP_MAX_PAIRS) {
        fade_out(voice, block);
        voice->gain = 0;
        voice->next = side->offset;
    }
    float gains[2] = {voice->gain, side->gain};
    bool any = add(side->source, voice->next, block, MIXER_BLOCK_PAIRS, gains);
    voice->next += MIXER_BLOCK_PAIRS;
    /* Sound that comes late fades in when it comes. */
    voice->gain = any ? side->gain : 0;
    memset(voice->tail, 0, sizeof voice->tail);
    if (voice->gain > 0)
        add(side->source, voice->next, voice->tail, MIXER_BLOCK_PAIRS, (float[]){voice->gain, 0});
}

void mixer_mix(struct mixer *mixer, const struct mixer_side *sides, int count, mixer_add *add,
               float *block)
{
    for (int i = 0; i < SAMPLES; i++)
        block[i] = 0;
    for (int i = 0; i < VOICES; i++) {
        struct mixer_voice *voice = &mixer->voices[i];
        if (!voice->key || is_wanted(sides, count, voice->key))
            continue;
        fade_out(voice, block);
        *voice = (struct mixer_voice){0};
    }
    for (int i = 0; i < count; i++) {
        struct mixer_voice *voice = voice_of(mixer, sides[i].key);
        if (!voice) {
            voice = voice_of(mixer, 0); /* there are more voices than sides */
            *voice = (struct mixer_voice){.key = sides[i].key, .next = sides[i].offset};
        }
        mix_side(voice, &sides[i], add, block);
    }
    /* Two films at full volume may add up to more than there is. */
    for (int i = 0; i < SAMPLES; i++)
        block[i] = block[i] > 1 ? 1 : block[i] < -1 ? -1 : block[i];
}
