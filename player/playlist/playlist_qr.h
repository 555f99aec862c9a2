/* Private to the playlist's parser: a spot's QR code. */
#ifndef PLAYLIST_PLAYLIST_QR_H
#define PLAYLIST_PLAYLIST_QR_H

#include "playlist/playlist_internal.h"

/* Fills *qr from a spot's member "qr", if it has one, and adds faults. */
void playlist_parse_qr(struct playlist_parser *parser, const struct playlist_node *spot_node,
                       struct playlist_qr *qr);

#endif
