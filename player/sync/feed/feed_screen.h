/* Private to the feed: the player's screen, as far as it is known, and which files it needs. */
#ifndef SYNC_FEED_FEED_SCREEN_H
#define SYNC_FEED_FEED_SCREEN_H

#include "playlist/playlist_needed.h"

#include <stdint.h>

struct feed_screen {
    enum feed_screen_state {
        FEED_SCREEN_ANY,    /* it may have any shape: all files are needed */
        FEED_SCREEN_COMING, /* it will be known in a moment, and what has several shapes waits */
        FEED_SCREEN_KNOWN
    } state;
    struct playlist_screen size; /* when known */
};

/* Fills an item for each asset of the playlist. */
void feed_screen_find_needed(struct feed_screen screen, const struct playlist *playlist,
                             bool *needed);

/* In one number, to hand it from thread to thread. */
int64_t feed_screen_pack(struct feed_screen screen);
struct feed_screen feed_screen_unpack(int64_t packed);

bool feed_screen_is_same(struct feed_screen a, struct feed_screen b);

#endif
