#include "core/film_header.h"

#include "core/film_boxes.h"
#include "core/media_kind.h"

#include <stdio.h>
#include <string.h>

#define BOXES_MAX 1024 /* a fragmented film may have more: what follows is not looked at */
#define ELEMENTS_MAX 16
#define ELEMENT_HEAD_BYTES_MAX 12 /* an ID of 4 bytes, a size of 8 */
#define EBML_ID 0x1a45dfa3u
#define SEGMENT_ID 0x18538067u

/* What a film is made of. Other boxes may be wrong in any way without harm. */
static bool is_needed(const struct film_box *box)
{
    return film_boxes_is_type(box, "moov") || film_boxes_is_type(box, "mdat") ||
           film_boxes_is_type(box, "moof");
}

static bool read_part(void *context, uint64_t at, uint8_t *bytes, size_t count)
{
    const struct still_bytes *file = context;
    const uint8_t *part = file->read(file->context, (size_t)at, count);
    if (part)
        memcpy(bytes, part, count);
    return part;
}

static bool check_boxes(const struct still_bytes *bytes, char *text, size_t text_bytes)
{
    struct still_bytes file = *bytes;
    struct film_boxes boxes = {.read = read_part, .context = &file, .left = BOXES_MAX};
    struct film_boxes_span all = {0, bytes->size};
    struct film_box box;
    enum film_boxes_result result;
    bool has_index = false;
    while ((result = film_boxes_next(&boxes, &all, &box)) == FILM_BOXES_BOX) {
        if (box.stated_end > bytes->size && is_needed(&box)) {
            snprintf(text, text_bytes, "the film is cut off: it has %zu of %llu bytes", bytes->size,
                     (unsigned long long)box.stated_end);
            return false;
        }
        has_index = has_index || film_boxes_is_type(&box, "moov");
    }
    if (has_index || result == FILM_BOXES_TOO_MANY)
        return true;
    snprintf(text, text_bytes, "the film is cut off, or not finished: its index (moov) is missing");
    return false;
}

/* A number of variable length (RFC 8794, 4); *length 0: it is none. Without `whole` its marker is
 * cut away, and all ones are UINT64_MAX: unknown. */
static uint64_t read_number(const uint8_t *bytes, size_t count, bool whole, size_t *length)
{
    size_t bytes_needed = 1;
    while (bytes_needed <= 8 && !(bytes[0] >> (8 - bytes_needed)))
        bytes_needed++;
    *length = bytes_needed <= 8 && bytes_needed <= count ? bytes_needed : 0;
    if (!*length)
        return 0;
    uint64_t value = film_boxes_number(bytes, bytes_needed);
    uint64_t ones = (UINT64_C(1) << (7 * bytes_needed)) - 1;
    if (whole)
        return value;
    return (value & ones) == ones ? UINT64_MAX : value & ones;
}

static bool check_elements(const struct still_bytes *bytes, char *text, size_t text_bytes)
{
    size_t at = 0;
    for (int i = 0; i < ELEMENTS_MAX && at < bytes->size; i++) {
        size_t left = bytes->size - at, id_length, size_length = 0;
        size_t count = left < ELEMENT_HEAD_BYTES_MAX ? left : ELEMENT_HEAD_BYTES_MAX;
        const uint8_t *head = bytes->read(bytes->context, at, count);
        if (!head)
            break;
        uint64_t id = read_number(head, count, true, &id_length);
        uint64_t size = 0;
        if (id_length && id_length < count)
            size = read_number(head + id_length, count - id_length, false, &size_length);
        if (!size_length)
            break;
        left -= id_length + size_length;
        if (id == SEGMENT_ID && size != UINT64_MAX && size > left) {
            snprintf(text, text_bytes, "the film is cut off: it has %zu of %llu bytes", bytes->size,
                     (unsigned long long)bytes->size + (unsigned long long)(size - left));
            return false;
        }
        if (id == SEGMENT_ID)
            return true;
        if (size > left)
            break;
        at += id_length + size_length + (size_t)size;
    }
    snprintf(text, text_bytes, "the film is cut off: it has only %zu bytes", bytes->size);
    return false;
}

bool film_header_check(const struct still_bytes *bytes, char *text, size_t text_bytes)
{
    size_t count = bytes->size < MEDIA_KIND_BYTES ? bytes->size : MEDIA_KIND_BYTES;
    const uint8_t *start = count ? bytes->read(bytes->context, 0, count) : NULL;
    enum media_kind kind = start ? media_kind_of(start, count) : MEDIA_KIND_UNKNOWN;
    static const char *const boxes[] = {"ftyp", "free", "skip", "pnot", "moof", "uuid"};
    bool is_boxes = kind == MEDIA_KIND_MP4;
    bool has_type = start && count >= FILM_BOXES_HEAD_BYTES && kind == MEDIA_KIND_UNKNOWN;
    for (size_t i = 0; has_type && i < sizeof boxes / sizeof *boxes; i++)
        is_boxes = is_boxes || memcmp(start + 4, boxes[i], 4) == 0;
    if (is_boxes)
        return check_boxes(bytes, text, text_bytes);
    if (kind == MEDIA_KIND_MATROSKA)
        return check_elements(bytes, text, text_bytes);
    snprintf(text, text_bytes, "%s, not an MP4, MOV, WebM or Matroska film", media_kind_name(kind));
    return false;
}
