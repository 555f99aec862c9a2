/* Guides over a picture, for whoever composes it: the safe area, within which the player keeps texts, and
 * thirds. Any thread. */
#ifndef COMMANDS_PREVIEW_PREVIEW_GUIDES_H
#define COMMANDS_PREVIEW_PREVIEW_GUIDES_H

#include "screen/compose.h"

/* Draws them into a picture of any size; a fine line, light within dark, is seen on any ground. */
void preview_guides_draw(const struct canvas *canvas);

#endif
