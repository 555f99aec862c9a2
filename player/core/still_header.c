#include "core/still_header.h"

#include <stdio.h>
#include <string.h>

static uint32_t big_endian_number(const uint8_t *p, int count)
{
    uint32_t value = 0;
    for (int i = 0; i < count; i++)
        value = value << 8 | p[i];
    return value;
}

static uint32_t little_endian_number(const uint8_t *p, int count)
{
    uint32_t value = 0;
    for (int i = count; i-- > 0;)
        value = value << 8 | p[i];
    return value;
}

/* The orientation tag (0x0112) of the first directory of a TIFF structure, as EXIF embeds it. */
static int tiff_orientation(const uint8_t *tiff, size_t size)
{
    if (size < 8 || (memcmp(tiff, "II*\0", 4) != 0 && memcmp(tiff, "MM\0*", 4) != 0))
        return 1;
    uint32_t (*number)(const uint8_t *, int) =
        tiff[0] == 'I' ? little_endian_number : big_endian_number;
    size_t at = number(tiff + 4, 4);
    if (at > size - 2)
        return 1;
    size_t entries = number(tiff + at, 2);
    for (size_t i = 0; i < entries && at + 2 + (i + 1) * 12 <= size; i++) {
        const uint8_t *entry = tiff + at + 2 + i * 12;
        if (number(entry, 2) == 0x0112) {
            uint32_t value = number(entry + 8, 2);
            return value >= 1 && value <= 8 ? (int)value : 1;
        }
    }
    return 1;
}

/* NULL where the file does not reach so far, or can't be read there. */
static const uint8_t *read_part(const struct still_bytes *bytes, size_t at, size_t count)
{
    if (at > bytes->size || count > bytes->size - at)
        return NULL;
    return count ? bytes->read(bytes->context, at, count) : (const uint8_t *)"";
}

/* Entropy-coded data: the position of the next marker that is neither a stuffed zero nor a
 * restart; the file's size where there is none. */
static size_t skip_scan(const struct still_bytes *bytes, size_t at)
{
    while (at + 1 < bytes->size) {
        size_t count = bytes->size - at, i = 0;
        if (count > STILL_READ_BYTES_MAX)
            count = STILL_READ_BYTES_MAX;
        const uint8_t *part = read_part(bytes, at, count);
        if (!part)
            break;
        while (i + 1 < count) {
            const uint8_t *marker = memchr(part + i, 0xff, count - i - 1);
            if (!marker) {
                i = count - 1;
                break;
            }
            i = (size_t)(marker - part);
            uint8_t code = part[i + 1];
            if (code != 0x00 && code != 0xff && !(code >= 0xd0 && code <= 0xd7))
                return at + i;
            i += code == 0xff ? 1 : 2;
        }
        at += i;
    }
    return bytes->size;
}

static bool is_frame_start(uint8_t code)
{
    return code >= 0xc0 && code <= 0xcf && code != 0xc4 && code != 0xc8 && code != 0xcc;
}

static void read_jpeg_segment(uint8_t code, const uint8_t *body, size_t length,
                              struct still_header *header)
{
    if (is_frame_start(code) && length >= 6 && header->width == 0) {
        header->height = (int32_t)big_endian_number(body + 1, 2);
        header->width = (int32_t)big_endian_number(body + 3, 2);
        header->components = body[5];
    } else if (code == 0xe1 && length >= 6 && memcmp(body, "Exif\0\0", 6) == 0) {
        header->orientation = tiff_orientation(body + 6, length - 6);
    }
}

static void read_jpeg(const struct still_bytes *bytes, struct still_header *header)
{
    const uint8_t *marker;
    size_t at = 2;
    while ((marker = read_part(bytes, at, 4)) && marker[0] == 0xff) {
        uint8_t code = marker[1];
        if (code == 0xff) { /* fill byte */
            at++;
            continue;
        }
        size_t length = big_endian_number(marker + 2, 2);
        if (code == 0xd9 || length < 2 || length > bytes->size - at - 2)
            break;
        const uint8_t *body = read_part(bytes, at + 4, length - 2);
        if (!body)
            return;
        read_jpeg_segment(code, body, length - 2, header);
        at += 2 + length;
        if (code == 0xda)
            at = skip_scan(bytes, at);
    }
    marker = read_part(bytes, at, 2);
    header->complete = marker && marker[0] == 0xff && marker[1] == 0xd9;
}

static void read_png(const struct still_bytes *bytes, struct still_header *header)
{
    const uint8_t *chunk = read_part(bytes, 8, 16);
    if (chunk && memcmp(chunk + 4, "IHDR", 4) == 0) {
        uint32_t width = big_endian_number(chunk + 8, 4), height = big_endian_number(chunk + 12, 4);
        if (width <= INT32_MAX && height <= INT32_MAX) {
            header->width = (int32_t)width;
            header->height = (int32_t)height;
        }
    }
    for (size_t at = 8; (chunk = read_part(bytes, at, 12));) {
        size_t length = big_endian_number(chunk, 4);
        if (length > bytes->size - at - 12)
            return;
        if (memcmp(chunk + 4, "IEND", 4) == 0) {
            header->complete = true;
            return;
        }
        at += 12 + length;
    }
}

static void read_webp(const struct still_bytes *bytes, struct still_header *header)
{
    const uint8_t *start = read_part(bytes, 0, 16);
    if (!start)
        return;
    size_t riff_bytes = little_endian_number(start + 4, 4);
    header->complete = riff_bytes >= 12 && riff_bytes <= bytes->size - 8;
    start = read_part(bytes, 0, 30);
    if (!start)
        return;
    const uint8_t *body = start + 20;
    if (memcmp(start + 12, "VP8X", 4) == 0) {
        header->width = (int32_t)little_endian_number(body + 4, 3) + 1;
        header->height = (int32_t)little_endian_number(body + 7, 3) + 1;
    } else if (memcmp(start + 12, "VP8L", 4) == 0 && body[0] == 0x2f) {
        uint32_t bits = little_endian_number(body + 1, 4);
        header->width = (int32_t)(bits & 0x3fff) + 1;
        header->height = (int32_t)(bits >> 14 & 0x3fff) + 1;
    } else if (memcmp(start + 12, "VP8 ", 4) == 0) {
        header->width = (int32_t)(little_endian_number(body + 6, 2) & 0x3fff);
        header->height = (int32_t)(little_endian_number(body + 8, 2) & 0x3fff);
    }
}

static enum still_format find_format(const struct still_bytes *bytes)
{
    const uint8_t *start = read_part(bytes, 0, 4);
    if (start && start[0] == 0xff && start[1] == 0xd8 && start[2] == 0xff)
        return STILL_JPEG;
    start = read_part(bytes, 0, 8);
    if (start && memcmp(start, "\x89PNG\r\n\x1a\n", 8) == 0)
        return STILL_PNG;
    start = read_part(bytes, 0, 16);
    if (start && memcmp(start, "RIFF", 4) == 0 && memcmp(start + 8, "WEBP", 4) == 0)
        return STILL_WEBP;
    return STILL_UNKNOWN;
}

bool still_header_read_from(const struct still_bytes *bytes, struct still_header *header)
{
    *header = (struct still_header){.orientation = 1};
    header->format = find_format(bytes);
    if (header->format == STILL_JPEG)
        read_jpeg(bytes, header);
    else if (header->format == STILL_PNG)
        read_png(bytes, header);
    else if (header->format == STILL_WEBP)
        read_webp(bytes, header);
    if (header->width <= 0 || header->height <= 0)
        *header = (struct still_header){.orientation = 1};
    return header->format != STILL_UNKNOWN;
}

struct memory {
    const uint8_t *bytes;
};

static const uint8_t *read_memory(void *context, size_t at, size_t count)
{
    (void)count;
    const struct memory *memory = context;
    return memory->bytes + at;
}

bool still_header_read(const uint8_t *bytes, size_t size, struct still_header *header)
{
    struct memory memory = {bytes};
    return still_header_read_from(
        &(struct still_bytes){.size = size, .read = read_memory, .context = &memory}, header);
}

bool still_header_check(const struct still_header *header, char *text, size_t text_bytes)
{
    text[0] = '\0';
    if (!header)
        snprintf(text, text_bytes, "the file is not a JPEG, PNG or WebP picture");
    else if (header->width > STILL_SIDE_MAX_PX || header->height > STILL_SIDE_MAX_PX ||
             (int64_t)header->width * header->height > STILL_AREA_MAX_PX)
        snprintf(
            text, text_bytes,
            "the picture has %d × %d pixels; at most %d a side and %d million in total are allowed",
            header->width, header->height, STILL_SIDE_MAX_PX, (int)(STILL_AREA_MAX_PX / 1000000));
    else if (header->components == 4)
        snprintf(text, text_bytes, "the picture is CMYK: save it as sRGB");
    else if (!header->complete)
        snprintf(text, text_bytes, "the picture is cut off: the end of the file is missing");
    return text[0] == '\0';
}
