/* Private to the playlist's parser: what a style says of a text's place and looks. */
#ifndef PLAYLIST_PLAYLIST_TEXT_STYLE_H
#define PLAYLIST_PLAYLIST_TEXT_STYLE_H

#include "playlist/playlist_internal.h"
#include "playlist/playlist_values.h"

/* The members of a style, those of its fonts included. */
extern const struct playlist_words playlist_style_keys;

/* Fills style->text and style->shapes, and adds faults. */
void playlist_parse_text_style(struct playlist_parser *parser, const struct playlist_node *node,
                               struct playlist_style *style);

/* Reads one of the nine places, such as "bottom-left"; adds a fault, and leaves both as they are, where
 * it is none. */
void playlist_check_position(struct playlist_parser *parser, const struct playlist_node *node,
                             enum text_align *align, enum text_align *valign);

#endif
