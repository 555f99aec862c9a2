/* Private to the playlist's parser: checks on the text itself that a JSON library cannot make:
 * nesting and number of values before any are built, and repeated keys.
 *
 * Pure; any thread. */
#ifndef PLAYLIST_PLAYLIST_SCAN_H
#define PLAYLIST_PLAYLIST_SCAN_H

#include "playlist/playlist_fault.h"

/* The limit of objects and lists in one file. A playlist at all its other limits has about 50,000.
 * An empty object takes three bytes of text and 240 of memory, so without this limit a small file
 * could take much memory. */
#define PLAYLIST_CONTAINERS_MAX 65536

/* Takes any text. False with a fault where it is nested too deep or has too many objects and
 * lists; else *key_count is the number of keys for playlist_scan_duplicates. */
bool playlist_scan_shape(const char *bytes, size_t size, struct playlist_faults *faults,
                         size_t *key_count);

/* Text that is valid JSON and has passed playlist_scan_shape: a fault for each key that its object
 * has already. False when out of memory. */
bool playlist_scan_duplicates(const char *bytes, size_t size, size_t key_count,
                              struct playlist_faults *faults);

#endif
