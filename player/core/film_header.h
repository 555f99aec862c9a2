/* Looks at the outer structure of a film's file, to find what was fetched wrong before anything is
 * decoded: a web page in its place, a film of which only the beginning has been uploaded. It does
 * not say whether the film can be played. Pure; any thread. */
#ifndef CORE_FILM_HEADER_H
#define CORE_FILM_HEADER_H

#include "core/still_header.h"

/* Whether a file is a whole MP4, MOV, WebM or Matroska film, as far as its top-level boxes (ISO/IEC
 * 14496-12, 4.2) or elements (RFC 8794, RFC 9559) tell. If not, `text` becomes the reason, for an
 * operator. A file that can't be read is not whole. */
bool film_header_check(const struct still_bytes *bytes, char *text, size_t text_bytes);

#endif
