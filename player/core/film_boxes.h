/* Walks over the boxes of an MP4 or MOV film (ISO/IEC 14496-12, 4.2). Pure; any thread. */
#ifndef CORE_FILM_BOXES_H
#define CORE_FILM_BOXES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FILM_BOXES_HEAD_BYTES 8
#define FILM_BOXES_PART_BYTES_MAX 16 /* most that is read at once */

/* A file that is read in parts, and how many boxes are looked at in it, at most: hostile ones have
 * any number. */
struct film_boxes {
    /* Reads `count` bytes from `at` on into `bytes`. False where they can't be read. */
    bool (*read)(void *context, uint64_t at, uint8_t *bytes, size_t count);
    void *context;
    int left; /* of boxes; at 0 the walk ends */
};

/* A stretch of the file. */
struct film_boxes_span {
    uint64_t at, end;
};

struct film_box {
    char type[4];
    struct film_boxes_span body; /* what is in it, cut where the span ends */
    /* Where it says that it ends, which may be beyond the span's end; that end, if it says that it
     * goes to the end. UINT64_MAX: no file is so long. */
    uint64_t stated_end;
};

enum film_boxes_result {
    FILM_BOXES_BOX,
    FILM_BOXES_END,     /* the span's end; perhaps some bytes before it */
    FILM_BOXES_INVALID, /* no box can be so short */
    FILM_BOXES_UNREAD,  /* it can't be read */
    FILM_BOXES_TOO_MANY,
};

/* Reads the box at span->at, and moves that on to the next one, at most to span->end. */
enum film_boxes_result film_boxes_next(struct film_boxes *boxes, struct film_boxes_span *span,
                                       struct film_box *box);

bool film_boxes_is_type(const struct film_box *box, const char *type);

/* An unsigned number of at most 8 bytes, the highest first. */
uint64_t film_boxes_number(const uint8_t *bytes, size_t count);

#endif
