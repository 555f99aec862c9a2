/* What the film spots of an edition look and sound like, each as a number, so that an unchanged
 * film runs on through a new playlist.
 *
 * Where two editions have the same look in a slot that begins at the same instant, the film goes on
 * from one to the other as if nothing had happened. Main thread. */
#ifndef PLAYOUT_FILM_FINGERPRINT_H
#define PLAYOUT_FILM_FINGERPRINT_H

#include "sync/edition.h"

/* A number for each spot (malloc'd, spot_count of them): two are equal where nothing that is seen
 * or heard of the spots differs but how loud they are and how long their slots. 0: no film, or its
 * files can't be told from others. NULL when out of memory. */
uint64_t *film_fingerprint_create(const struct edition *edition);

#endif
