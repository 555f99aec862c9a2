#include "sound/mixer.h"

#include <math.h>
#include <string.h>

#define SAMPLES (2 * MIXER_BLOCK_PAIRS)
#define VOICES (2 * MIXER_SIDES_MAX)
/* A sample between two others is interpolated from those and one more on either side. */
#define BEFORE 1
#define AFTER 2
#define SPAN_PAIRS (MIXER_BLOCK_PAIRS * (1000 + MIXER_GLIDE_PER_MILLE) / 1000 + 1 + BEFORE + AFTER)

static struct mixer_voice *find_voice(struct mixer *mixer, uint64_t key)
{
    for (int i = 0; i < VOICES; i++)
        if (mixer->voices[i].key == key)
            return &mixer->voices[i];
    return NULL;
}

static bool has_side(const struct mixer_side *sides, int count, uint64_t key)
{
    for (int i = 0; i < count; i++)
        if (sides[i].key == key)
            return true;
    return false;
}

static void add_tail(const struct mixer_voice *voice, float *block)
{
    for (int i = 0; i < SAMPLES; i++)
        block[i] += voice->tail[i];
}

/* The value of the Catmull-Rom curve through four samples, `part` of the way from the second to the
 * third. */
static float interpolate(const float *samples, float part)
{
    float a = samples[0], b = samples[2], c = samples[4], d = samples[6];
    float bend = 2 * a - 5 * b + 4 * c - d + (3 * (b - c) + d - a) * part;
    return b + 0.5F * part * (c - a + bend * part);
}

/* A block of a film, played from `from` at this rate, while the gain goes evenly from the first
 * to the second. */
struct stretch {
    double from, rate;
    float gains[2];
};

/* Adds a stretch to the mix. False when the film has no sound there. */
static bool add_stretch(const struct mixer_side *side, const struct stretch *stretch,
                        mixer_add *add, float *mix)
{
    float span[2 * SPAN_PAIRS] = {0};
    double first = floor(stretch->from), start = stretch->from - first;
    int pairs = (int)(start + (MIXER_BLOCK_PAIRS - 1) * stretch->rate) + 1 + BEFORE + AFTER;
    if (!add(side->source, (int64_t)first - BEFORE, span, pairs))
        return false;
    for (size_t i = 0; i < MIXER_BLOCK_PAIRS; i++) {
        double at = start + (double)i * stretch->rate;
        size_t whole = (size_t)at;
        float part = (float)(at - (double)whole);
        float gain = stretch->gains[0] +
                     (stretch->gains[1] - stretch->gains[0]) * (float)i / MIXER_BLOCK_PAIRS;
        mix[2 * i] += interpolate(&span[2 * whole], part) * gain;
        mix[2 * i + 1] += interpolate(&span[2 * whole + 1], part) * gain;
    }
    return true;
}

/* The rate at which to play what is `slip` pairs behind. */
static double glide_rate(double slip)
{
    const double most = MIXER_GLIDE_PER_MILLE / 1000.0;
    double more = slip / MIXER_GLIDE_PAIRS;
    return 1 + fmin(fmax(more, -most), most);
}

/* Mixes a film from where its last block ended, gliding towards the clock's place; where that is
 * too far away, jumps there and fades the old place out. */
static void mix_side(struct mixer_voice *voice, const struct mixer_side *side, mixer_add *add,
                     float *block)
{
    if (fabs(side->offset - voice->next) > MIXER_SLIP_MAX_PAIRS) {
        add_tail(voice, block);
        voice->gain = 0;
        voice->next = side->offset;
    }
    double rate = glide_rate(side->offset - voice->next);
    const struct stretch now = {voice->next, rate, {voice->gain, side->gain}};
    bool any = add_stretch(side, &now, add, block);
    voice->next += MIXER_BLOCK_PAIRS * rate;
    /* Sound that is late fades in when it comes. */
    voice->gain = any ? side->gain : 0;
    memset(voice->tail, 0, sizeof voice->tail);
    const struct stretch tail = {voice->next, rate, {voice->gain, 0}};
    if (voice->gain > 0)
        add_stretch(side, &tail, add, voice->tail);
}

void mixer_mix(struct mixer *mixer, const struct mixer_side *sides, int count, mixer_add *add,
               float *block)
{
    for (int i = 0; i < SAMPLES; i++)
        block[i] = 0;
    for (int i = 0; i < VOICES; i++) {
        struct mixer_voice *voice = &mixer->voices[i];
        if (!voice->key || has_side(sides, count, voice->key))
            continue;
        add_tail(voice, block);
        *voice = (struct mixer_voice){0};
    }
    for (int i = 0; i < count; i++) {
        struct mixer_voice *voice = find_voice(mixer, sides[i].key);
        if (!voice) {
            voice = find_voice(mixer, 0); /* there are more voices than sides */
            *voice = (struct mixer_voice){.key = sides[i].key, .next = sides[i].offset};
        }
        mix_side(voice, &sides[i], add, block);
    }
    /* Two films at full volume may add up to more than there is. */
    for (int i = 0; i < SAMPLES; i++) {
        float sample = block[i] > 1 ? 1 : block[i];
        block[i] = sample < -1 ? -1 : sample;
    }
}
