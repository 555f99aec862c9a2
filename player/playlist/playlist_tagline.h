/* Private to the playlist's parser: a spot's texts. */
#ifndef PLAYLIST_PLAYLIST_TAGLINE_H
#define PLAYLIST_PLAYLIST_TAGLINE_H

#include "playlist/playlist_internal.h"

/* Fills spot->texts, spot->subline and spot->legal from a spot's members, and adds faults. */
void playlist_parse_taglines(struct playlist_parser *parser, const struct playlist_node *spot_node,
                             struct playlist_spot *spot);

#endif
