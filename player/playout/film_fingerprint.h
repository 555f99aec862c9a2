/* Fingerprints of film spots: equal numbers for spots that look and sound the same, so that an
 * unchanged film runs on through a new playlist. Main thread. */
#ifndef PLAYOUT_FILM_FINGERPRINT_H
#define PLAYOUT_FILM_FINGERPRINT_H

#include "sync/edition.h"

/* A number for each spot (malloc'd, spot_count of them): two are equal where the spots differ in
 * nothing that is seen or heard but their volume and the lengths of their slots. 0: the spot is no
 * film, or its files can't be identified. NULL when out of memory. */
uint64_t *film_fingerprint_create(const struct edition *edition);

#endif
