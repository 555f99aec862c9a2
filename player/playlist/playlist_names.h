/* Private to the playlist's parser: looks names up, and finds the one that was probably intended
 * by a wrong one.
 *
 * Pure; any thread. */
#ifndef PLAYLIST_PLAYLIST_NAMES_H
#define PLAYLIST_PLAYLIST_NAMES_H

#include "core/arena.h"

#include <stdbool.h>
#include <stddef.h>

struct playlist_name {
    const char *text;
    int index;
};

/* Sorted by text: no hash that a file could be made to collide in. Zeroed: nothing known. */
struct playlist_names {
    struct playlist_name *items;
    size_t count;
};

/* Sorts items[0..count), which stay the arena's. Of equal texts the one with the lowest index comes
 * first. */
void playlist_names_sort(struct playlist_names *names);

/* The index, or -1. */
int playlist_names_find(const struct playlist_names *names, const char *text);

/* The name nearest to `text`; NULL where none is near enough. */
const char *playlist_names_nearest(const struct playlist_names *names, const char *text);

/* The same among a few words. */
const char *playlist_words_nearest(const char *const *words, size_t count, const char *text);

#endif
