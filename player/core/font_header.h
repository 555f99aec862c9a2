/* Looks at the outer structure of a font's file, to find what was fetched wrong before it is used:
 * a web page in its place, a font of which only the beginning has been uploaded. Pure; any
 * thread. */
#ifndef CORE_FONT_HEADER_H
#define CORE_FONT_HEADER_H

#include "core/still_header.h"

/* Whether a file is a whole OpenType or TrueType font, or a collection of them, as far as its table
 * directory tells (OpenType 1.9, Font File). If not, `text` becomes the reason, for an operator. A
 * file that can't be read is not whole. */
bool font_header_check(const struct still_bytes *bytes, char *text, size_t text_bytes);

#endif
