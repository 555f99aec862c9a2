/* Private to the playlist's parser: what is checked on the text itself, because a JSON library that
 * builds values can't say it: how deep and how many before anything is built, and keys that are
 * given twice.
 *
 * Pure; any thread. */
#ifndef PLAYLIST_PLAYLIST_SCAN_H
#define PLAYLIST_PLAYLIST_SCAN_H

#include "playlist/playlist_fault.h"

/* Objects and lists in one file. What a playlist at all its other bounds could hold is about
 * 50,000; an empty object is three bytes of text and 240 of memory, so without this bound a small
 * file could take much. */
#define PLAYLIST_CONTAINERS_MAX 65536

/* Text that may be anything. False with a fault where it is too deep or holds too many objects and
 * lists; else *key_count is how many keys playlist_scan_duplicates will see. */
bool playlist_scan_shape(const char *bytes, size_t size, struct playlist_faults *faults,
                         size_t *key_count);

/* Text that is valid JSON and has passed playlist_scan_shape: a fault for each key that its object
 * has already. False when out of memory. */
bool playlist_scan_duplicates(const char *bytes, size_t size, size_t key_count,
                              struct playlist_faults *faults);

#endif
