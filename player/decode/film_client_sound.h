/* A film's sound on the player's side: packets that have arrived and are not over yet.
 *
 * What the worker sends is checked here. Offsets are counted in pairs of samples, 48 kHz, stereo,
 * since the film's start. Main thread. */
#ifndef DECODE_FILM_CLIENT_SOUND_H
#define DECODE_FILM_CLIENT_SOUND_H

#include "sandbox/protocol.h"

#include <stdbool.h>

struct film_client_sound;

struct film_client_sound *film_client_sound_create(void); /* NULL: no memory */
void film_client_sound_destroy(struct film_client_sound *sound);

/* Copies a packet. False if it is invalid, or one more than the worker may send ahead. */
bool film_client_sound_store(struct film_client_sound *sound, const struct protocol_sound *packet);

/* Drops the packets that are over by `offset`; returns how many. */
int film_client_sound_drop_before(struct film_client_sound *sound, int64_t offset);

/* As film_client_add_sound, but drops nothing. */
bool film_client_sound_add(const struct film_client_sound *sound, int64_t offset, float *mix,
                           int pairs, const float gains[2]);

#endif
