#include "core/film_header.h"

#include "core/media_kind.h"

#include <stdio.h>
#include <string.h>

#define BOXES_MAX 1024 /* a fragmented film may have more: what follows is not looked at */
#define BOX_HEAD_BYTES 8
#define LARGE_BOX_HEAD_BYTES 16 /* with a size of 64 bits */
#define ELEMENTS_MAX 16
#define ELEMENT_HEAD_BYTES_MAX 12 /* an ID of 4 bytes, a size of 8 */
#define EBML_ID 0x1a45dfa3u
#define SEGMENT_ID 0x18538067u

static uint64_t read_big_endian(const uint8_t *bytes, size_t count)
{
    uint64_t value = 0;
    for (size_t i = 0; i < count; i++)
        value = value << 8 | bytes[i];
    return value;
}

struct box {
    char type[4];
    uint64_t size; /* 0: to the end of the file */
};

/* False where there is no box any more. */
static bool read_box(const struct still_bytes *bytes, size_t at, struct box *box)
{
    size_t left = bytes->size - at;
    const uint8_t *head =
        left < BOX_HEAD_BYTES ? NULL : bytes->read(bytes->context, at, BOX_HEAD_BYTES);
    if (!head)
        return false;
    box->size = read_big_endian(head, 4);
    memcpy(box->type, head + 4, sizeof box->type);
    if (box->size != 1)
        return box->size == 0 || box->size >= BOX_HEAD_BYTES;
    head =
        left < LARGE_BOX_HEAD_BYTES ? NULL : bytes->read(bytes->context, at, LARGE_BOX_HEAD_BYTES);
    if (!head)
        return false;
    box->size = read_big_endian(head + BOX_HEAD_BYTES, 8);
    return box->size >= LARGE_BOX_HEAD_BYTES;
}

static bool is_type(const struct box *box, const char *type)
{
    return memcmp(box->type, type, sizeof box->type) == 0;
}

/* What a film is made of. Other boxes may be wrong in any way without harm. */
static bool is_needed(const struct box *box)
{
    return is_type(box, "moov") || is_type(box, "mdat") || is_type(box, "moof");
}

static bool check_boxes(const struct still_bytes *bytes, char *text, size_t text_bytes)
{
    bool has_index = false;
    struct box box;
    size_t at = 0;
    int count = 0;
    while (count < BOXES_MAX && at < bytes->size && read_box(bytes, at, &box)) {
        uint64_t left = bytes->size - at;
        count++;
        if (box.size > left && is_needed(&box)) {
            snprintf(text, text_bytes, "the film is cut off: it has %zu of %llu bytes", bytes->size,
                     (unsigned long long)at + (unsigned long long)box.size);
            return false;
        }
        has_index = has_index || is_type(&box, "moov");
        if (box.size == 0 || box.size >= left)
            break;
        at += (size_t)box.size;
    }
    if (has_index || count == BOXES_MAX)
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
    uint64_t value = read_big_endian(bytes, bytes_needed);
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
    bool has_type = start && count >= BOX_HEAD_BYTES && kind == MEDIA_KIND_UNKNOWN;
    for (size_t i = 0; has_type && i < sizeof boxes / sizeof *boxes; i++)
        is_boxes = is_boxes || memcmp(start + 4, boxes[i], 4) == 0;
    if (is_boxes)
        return check_boxes(bytes, text, text_bytes);
    if (kind == MEDIA_KIND_MATROSKA)
        return check_elements(bytes, text, text_bytes);
    snprintf(text, text_bytes, "%s, not an MP4, MOV, WebM or Matroska film", media_kind_name(kind));
    return false;
}
