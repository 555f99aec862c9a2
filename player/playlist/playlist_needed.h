/* Which of its files a player needs: those for the shape of its screen. Pure. */
#ifndef PLAYLIST_PLAYLIST_NEEDED_H
#define PLAYLIST_PLAYLIST_NEEDED_H

#include "playlist/playlist.h"

/* A screen, upright. */
struct playlist_screen {
    int width_px, height_px;
};

/* Sets needed[i] where a screen needs asset i: to show it, as a font, or to know how long a slot is,
 * where the playlist doesn't say how long its films are. NULL: what every screen needs, whatever its
 * shape. `needed` has an item for each asset. */
void playlist_find_needed(const struct playlist *playlist, const struct playlist_screen *screen,
                          bool *needed);

#endif
