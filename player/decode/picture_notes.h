/* What a worker noted about a picture (enum protocol_still_note), in words for an operator. Pure. */
#ifndef DECODE_PICTURE_NOTES_H
#define DECODE_PICTURE_NOTES_H

#include <stdint.h>

/* Takes one note out of `notes` and returns a sentence about it, with what to do; NULL when none is
 * left. Notes without words are dropped. */
const char *picture_notes_next(uint32_t *notes);

#endif
