/* A film's sound on the player's side: pieces that have arrived and are not over yet.
 *
 * The worker's word is checked here. Sound is counted in pairs of samples, 48 kHz, stereo, since
 * the film's start. Main thread. */
#ifndef DECODE_FILM_CLIENT_SOUND_H
#define DECODE_FILM_CLIENT_SOUND_H

#include "sandbox/protocol.h"

#include <stdbool.h>

struct film_client_sound;

struct film_client_sound *film_client_sound_create(void); /* NULL: no memory */
void film_client_sound_destroy(struct film_client_sound *sound);

/* Keeps a piece. False when it is none, or one more than may be on its way. */
bool film_client_sound_store(struct film_client_sound *sound, const struct protocol_sound *packet);

/* Gives up the pieces that are over by `offset`; how many they were. */
int film_client_sound_drop_before(struct film_client_sound *sound, int64_t offset);

/* As film_client_add_sound, but for the forgetting. */
bool film_client_sound_add(const struct film_client_sound *sound, int64_t offset, float *mix,
                           int pairs, const float gains[2]);

#endif
