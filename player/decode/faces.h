/* Which system font draws which language. The parent's side: it opens the files that a worker then reads. */
#ifndef DECODE_FACES_H
#define DECODE_FACES_H

#include "core/playlist.h"

#include <stdbool.h>
#include <stddef.h>

/* Writes the path and face index of the face for a language and weight: Noto Sans CJK with the language's own forms
 * (zh-Hans SC, zh-Hant TC, zh-HK HK, ja JP, ko KR; others: SC, which has good Latin), else the font that ships with Duckling. False if there is no
 * font at all. */
bool faces_find(const char *language, enum playlist_weight weight, char *path, size_t path_bytes,
                int *index);

#endif
