#include "decode/film_client_sound.h"

#include "decode/film_client_check.h"

#include <math.h>
#include <stdlib.h>

#define SOUND_HZ 48000

struct piece {
    int64_t time_us;
    int pairs;
    float samples[2 * PROTOCOL_SOUND_PAIRS];
};

struct film_client_sound {
    struct piece pieces[PROTOCOL_SOUNDS_AHEAD_MAX];
    int first, count;
};

struct film_client_sound *film_client_sound_create(void)
{
    return calloc(1, sizeof(struct film_client_sound));
}

void film_client_sound_destroy(struct film_client_sound *sound)
{
    free(sound);
}

/* NaN becomes silence. */
static float clamp_sample(float sample)
{
    if (sample >= 1)
        return 1;
    if (sample <= -1)
        return -1;
    return isnan(sample) ? 0 : sample;
}

bool film_client_sound_store(struct film_client_sound *sound, const struct protocol_sound *packet)
{
    if (sound->count == PROTOCOL_SOUNDS_AHEAD_MAX || packet->kind != PROTOCOL_EVENT_SOUND ||
        packet->pairs < 1 || packet->pairs > PROTOCOL_SOUND_PAIRS || packet->time_us < 0 ||
        packet->time_us > FILM_CLIENT_DURATION_US_MAX)
        return false;
    struct piece *piece =
        &sound->pieces[(sound->first + sound->count++) % PROTOCOL_SOUNDS_AHEAD_MAX];
    piece->time_us = packet->time_us;
    piece->pairs = packet->pairs;
    for (int i = 0; i < 2 * packet->pairs; i++)
        piece->samples[i] = clamp_sample(packet->samples[i]);
    return true;
}

/* The worker rounds its sample counts to microseconds: rounded back, consecutive packets touch. */
static int64_t pairs_of_us(int64_t us)
{
    return (us * (SOUND_HZ / 1000) + 500) / 1000;
}

int film_client_sound_drop_before(struct film_client_sound *sound, int64_t offset)
{
    int dropped = 0;
    while (sound->count > 0) {
        const struct piece *piece = &sound->pieces[sound->first];
        if (pairs_of_us(piece->time_us) + piece->pairs > offset)
            break;
        sound->first = (sound->first + 1) % PROTOCOL_SOUNDS_AHEAD_MAX;
        sound->count--;
        dropped++;
    }
    return dropped;
}

/* Adds the part of a piece between `from` and `pairs` to the mix. Returns where that part ends:
 * where pieces overlap only the earlier one is heard. */
static int64_t add_piece(const struct piece *piece, int64_t at, int64_t from, float *mix, int pairs,
                         const float gains[2])
{
    int64_t first = at > from ? at : from;
    int64_t end = at + piece->pairs < pairs ? at + piece->pairs : pairs;
    if (first >= end)
        return from;
    for (int64_t i = first; i < end; i++) {
        float gain = gains[0] + (gains[1] - gains[0]) * (float)i / (float)pairs;
        mix[2 * i] += piece->samples[2 * (i - at)] * gain;
        mix[2 * i + 1] += piece->samples[2 * (i - at) + 1] * gain;
    }
    return end;
}

bool film_client_sound_add(const struct film_client_sound *sound, int64_t offset, float *mix,
                           int pairs, const float gains[2])
{
    bool added = false;
    int64_t mixed_until = 0;
    for (int i = 0; i < sound->count; i++) {
        const struct piece *piece = &sound->pieces[(sound->first + i) % PROTOCOL_SOUNDS_AHEAD_MAX];
        int64_t before = mixed_until;
        mixed_until =
            add_piece(piece, pairs_of_us(piece->time_us) - offset, mixed_until, mix, pairs, gains);
        added |= mixed_until > before;
    }
    return added;
}
