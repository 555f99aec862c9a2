/* Finds the system font for a language. The player's side: it opens the files that a worker then
 * reads. */
#ifndef DECODE_SYSTEM_FONTS_H
#define DECODE_SYSTEM_FONTS_H

#include "playlist/playlist.h"

#include <stdbool.h>
#include <stddef.h>

/* Writes the path and face index of the font for a language and weight: Noto Sans CJK with the
 * language's own forms (zh and zh-Hans SC, zh-Hant and zh-TW TC, zh-HK and yue HK, ja JP, ko KR;
 * others KR, whose quotes and apostrophes are as narrow as Latin text needs, while those of SC and
 * TC are full-width); without it, the font that ships with Duckling. False if there is no font at
 * all. */
bool system_fonts_find(const char *language, enum playlist_weight weight, char *path,
                       size_t path_bytes, int *index);

#endif
