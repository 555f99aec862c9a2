#include "core/font_header.h"

#include "core/media_kind.h"

#include <stdio.h>
#include <string.h>

#define HEAD_BYTES 12  /* of a font, of a collection, of a packed font */
#define TABLE_BYTES 16 /* an entry of the directory */
#define TABLES_MAX 4096

static uint32_t read_u32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static const uint8_t *read_at(const struct still_bytes *bytes, uint64_t at, size_t count)
{
    if (at > bytes->size || count > bytes->size - at)
        return NULL;
    return bytes->read(bytes->context, (size_t)at, count);
}

static bool is_version(const uint8_t *head)
{
    static const char *const versions[] = {"\0\1\0\0", "OTTO", "true", "typ1"};
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
        if (memcmp(head, versions[i], 4) == 0)
            return true;
    return false;
}

/* Whether all tables of the font at this place are inside the file. */
static bool has_all_tables(const struct still_bytes *bytes, uint64_t at)
{
    const uint8_t *head = read_at(bytes, at, HEAD_BYTES);
    if (!head || !is_version(head))
        return false;
    unsigned count = (unsigned)head[4] << 8 | head[5];
    for (unsigned i = 0; i < count && i < TABLES_MAX; i++) {
        const uint8_t *table =
            read_at(bytes, at + HEAD_BYTES + (uint64_t)i * TABLE_BYTES, TABLE_BYTES);
        if (!table || (uint64_t)read_u32(table + 8) + read_u32(table + 12) > bytes->size)
            return false;
    }
    return count > 0;
}

bool font_header_check(const struct still_bytes *bytes, char *text, size_t text_bytes)
{
    size_t count = bytes->size < MEDIA_KIND_BYTES ? bytes->size : MEDIA_KIND_BYTES;
    const uint8_t *head = count >= HEAD_BYTES ? bytes->read(bytes->context, 0, count) : NULL;
    bool whole;
    if (head && memcmp(head, "ttcf", 4) == 0) { /* its first font is the one that is used */
        const uint8_t *first = read_at(bytes, HEAD_BYTES, 4);
        whole = first && has_all_tables(bytes, read_u32(first));
    } else if (head && (memcmp(head, "wOFF", 4) == 0 || memcmp(head, "wOF2", 4) == 0)) {
        whole = read_u32(head + 8) <= bytes->size;
    } else if (head && is_version(head)) {
        whole = has_all_tables(bytes, 0);
    } else {
        enum media_kind kind = head ? media_kind_of(head, count) : MEDIA_KIND_UNKNOWN;
        snprintf(text, text_bytes, "%s, not an OpenType or TrueType font", media_kind_name(kind));
        return false;
    }
    if (!whole)
        snprintf(text, text_bytes, "the font is cut off or damaged");
    return whole;
}
