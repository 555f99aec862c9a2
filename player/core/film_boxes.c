#include "core/film_boxes.h"

#include <string.h>

#define LARGE_HEAD_BYTES 16 /* with a size of 64 bits */

uint64_t film_boxes_number(const uint8_t *bytes, size_t count)
{
    uint64_t value = 0;
    for (size_t i = 0; i < count; i++)
        value = value << 8 | bytes[i];
    return value;
}

bool film_boxes_is_type(const struct film_box *box, const char *type)
{
    return memcmp(box->type, type, sizeof box->type) == 0;
}

enum film_boxes_result film_boxes_next(struct film_boxes *boxes, struct film_boxes_span *span,
                                       struct film_box *box)
{
    uint8_t head[LARGE_HEAD_BYTES];
    if (span->at >= span->end || span->end - span->at < FILM_BOXES_HEAD_BYTES)
        return FILM_BOXES_END;
    if (boxes->left <= 0)
        return FILM_BOXES_TOO_MANY;
    boxes->left--;
    uint64_t left = span->end - span->at, head_bytes = FILM_BOXES_HEAD_BYTES;
    if (!boxes->read(boxes->context, span->at, head, FILM_BOXES_HEAD_BYTES))
        return FILM_BOXES_UNREAD;
    uint64_t size = film_boxes_number(head, 4);
    memcpy(box->type, head + 4, sizeof box->type);
    if (size == 1) {
        head_bytes = LARGE_HEAD_BYTES;
        if (left < LARGE_HEAD_BYTES)
            return FILM_BOXES_END;
        if (!boxes->read(boxes->context, span->at, head, LARGE_HEAD_BYTES))
            return FILM_BOXES_UNREAD;
        size = film_boxes_number(head + 8, 8);
    } else if (size == 0) {
        size = left;
    }
    if (size < head_bytes)
        return FILM_BOXES_INVALID;
    box->stated_end = size > UINT64_MAX - span->at ? UINT64_MAX : span->at + size;
    size = size < left ? size : left;
    box->body = (struct film_boxes_span){span->at + head_bytes, span->at + size};
    span->at += size;
    return FILM_BOXES_BOX;
}
