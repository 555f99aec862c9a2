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

/* Of an EXIF block: its TIFF structure may have a JPEG's mark before it. */
static int exif_orientation(const uint8_t *exif, size_t size)
{
    bool marked = size >= 6 && memcmp(exif, "Exif\0\0", 6) == 0;
    return tiff_orientation(marked ? exif + 6 : exif, marked ? size - 6 : size);
}

/* NULL where the file does not reach so far, or can't be read there. */
static const uint8_t *read_part(const struct still_bytes *bytes, size_t at, size_t count)
{
    if (at > bytes->size || count > bytes->size - at)
        return NULL;
    return count ? bytes->read(bytes->context, at, count) : (const uint8_t *)"";
}

/* From `at` on, the position of the next marker that is neither a stuffed zero nor, in entropy-coded
 * data, a restart; the file's size where there is none. Between segments there may be stray bytes,
 * and fill bytes before a marker (ITU T.81, B.1.1.2). */
static size_t find_marker(const struct still_bytes *bytes, size_t at)
{
    /* Segments are often side by side: then little is looked at, and later more at a time. */
    for (size_t most = 64; at + 1 < bytes->size;
         most = most < STILL_READ_BYTES_MAX ? most * 2 : most) {
        size_t count = bytes->size - at, i = 0;
        if (count > most)
            count = most;
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
            if (code != 0x00 && code != 0xff && code != 0x01 && !(code >= 0xd0 && code <= 0xd7))
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

/* A JPEG's blocks of 64 coefficients of two bytes, by each component's sampling (ITU T.81, A.1.1);
 * 0 where a segment is too short to say. */
static int64_t coefficients_of(const uint8_t *frame, size_t length,
                               const struct still_header *header)
{
    int across_max = 1, down_max = 1;
    int64_t blocks = 0;
    if (length < 6 + 3 * (size_t)header->components)
        return 0;
    for (int i = 0; i < header->components; i++) {
        uint8_t sampling = frame[6 + 3 * i + 1];
        across_max = sampling >> 4 > across_max ? sampling >> 4 : across_max;
        down_max = (sampling & 15) > down_max ? sampling & 15 : down_max;
    }
    for (int i = 0; i < header->components; i++) {
        uint8_t sampling = frame[6 + 3 * i + 1];
        int64_t across = (int64_t)header->width * (sampling >> 4) / across_max / 8 + 1;
        blocks += across * ((int64_t)header->height * (sampling & 15) / down_max / 8 + 1);
    }
    return blocks * 64 * 2;
}

/* Whether the frame that starts with this is decoded in several scans, in any case. */
static bool is_progressive(uint8_t code)
{
    return (code & 3) == 2;
}

static void read_jpeg_segment(uint8_t code, const uint8_t *body, size_t length,
                              struct still_header *header, int64_t *coefficient_bytes)
{
    if (is_frame_start(code) && length >= 6 && header->width == 0) {
        header->height = (int32_t)big_endian_number(body + 1, 2);
        header->width = (int32_t)big_endian_number(body + 3, 2);
        header->components = body[5];
        *coefficient_bytes = coefficients_of(body, length, header);
        if (is_progressive(code))
            header->coefficient_bytes = *coefficient_bytes;
    } else if (code == 0xda && length >= 1 && body[0] < header->components) {
        header->coefficient_bytes = *coefficient_bytes;
    } else if (code == 0xe1 && length >= 6 && memcmp(body, "Exif\0\0", 6) == 0) {
        header->orientation = exif_orientation(body, length);
    }
}

static void read_jpeg(const struct still_bytes *bytes, struct still_header *header)
{
    const uint8_t *marker;
    int64_t coefficient_bytes = 0;
    size_t at = find_marker(bytes, 2);
    while ((marker = read_part(bytes, at, 4))) {
        size_t length = big_endian_number(marker + 2, 2);
        uint8_t code = marker[1];
        if (code == 0xd9 || length < 2 || length > bytes->size - at - 2)
            break;
        const uint8_t *body = read_part(bytes, at + 4, length - 2);
        if (!body)
            return;
        read_jpeg_segment(code, body, length - 2, header, &coefficient_bytes);
        at = find_marker(bytes, at + 2 + length);
    }
    marker = read_part(bytes, at, 2);
    header->complete = marker && marker[0] == 0xff && marker[1] == 0xd9;
}

/* Only what can be looked at in one piece: the tag stands at the beginning. */
static int read_exif(const struct still_bytes *bytes, size_t at, size_t length)
{
    if (length > STILL_READ_BYTES_MAX)
        length = STILL_READ_BYTES_MAX;
    const uint8_t *exif = read_part(bytes, at, length);
    return exif ? exif_orientation(exif, length) : 1;
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
        if (memcmp(chunk + 4, "eXIf", 4) == 0)
            header->orientation = read_exif(bytes, at + 8, length);
        at += 12 + length;
    }
}

static void read_webp_size(const char *name, const uint8_t *body, size_t length,
                           struct still_header *header)
{
    if (memcmp(name, "VP8X", 4) == 0 && length >= 10) {
        header->width = (int32_t)little_endian_number(body + 4, 3) + 1;
        header->height = (int32_t)little_endian_number(body + 7, 3) + 1;
    } else if (memcmp(name, "VP8L", 4) == 0 && length >= 5 && body[0] == 0x2f) {
        uint32_t bits = little_endian_number(body + 1, 4);
        header->width = (int32_t)(bits & 0x3fff) + 1;
        header->height = (int32_t)(bits >> 14 & 0x3fff) + 1;
    } else if (memcmp(name, "VP8 ", 4) == 0 && length >= 10) {
        header->width = (int32_t)(little_endian_number(body + 6, 2) & 0x3fff);
        header->height = (int32_t)(little_endian_number(body + 8, 2) & 0x3fff);
    }
}

/* The first chunk has the size; EXIF comes after the picture (WebP Container Specification). */
static void read_webp(const struct still_bytes *bytes, struct still_header *header)
{
    const uint8_t *start = read_part(bytes, 4, 4);
    if (!start)
        return;
    size_t riff_bytes = little_endian_number(start, 4);
    header->complete = riff_bytes >= 12 && riff_bytes <= bytes->size - 8;
    size_t end = header->complete ? riff_bytes + 8 : bytes->size;
    for (size_t at = 12; at < end && (start = read_part(bytes, at, 8));) {
        char name[4];
        memcpy(name, start, sizeof name);
        size_t length = little_endian_number(start + 4, 4), head = length < 10 ? length : 10;
        const uint8_t *body = at == 12 ? read_part(bytes, at + 8, head) : NULL;
        if (body)
            read_webp_size(name, body, head, header);
        if (length > end - at - 8)
            return;
        if (memcmp(name, "EXIF", 4) == 0)
            header->orientation = read_exif(bytes, at + 8, length);
        at += 8 + length + (length & 1);
    }
}

/* The position behind data sub-blocks; 0 where their end is missing. */
static size_t skip_gif_blocks(const struct still_bytes *bytes, size_t at)
{
    const uint8_t *length;
    while ((length = read_part(bytes, at, 1))) {
        if (*length == 0)
            return at + 1;
        at += (size_t)*length + 1;
    }
    return 0;
}

static size_t gif_colors_bytes(uint8_t flags)
{
    return flags & 0x80 ? (size_t)3 << ((flags & 7) + 1) : 0;
}

/* The canvas is the logical screen, or larger where the first picture is: there are files whose
 * screen has no size. */
static void read_gif(const struct still_bytes *bytes, struct still_header *header)
{
    const uint8_t *start = read_part(bytes, 6, 7);
    if (!start)
        return;
    int32_t width = (int32_t)little_endian_number(start, 2);
    int32_t height = (int32_t)little_endian_number(start + 2, 2);
    size_t at = 13 + gif_colors_bytes(start[4]);
    while (at && (start = read_part(bytes, at, 1)) && (*start == 0x21 || *start == 0))
        at = *start == 0x21 ? skip_gif_blocks(bytes, at + 2) : at + 1;
    start = at ? read_part(bytes, at, 10) : NULL;
    if (start && *start == 0x2c) {
        int32_t right =
            (int32_t)(little_endian_number(start + 1, 2) + little_endian_number(start + 5, 2));
        int32_t bottom =
            (int32_t)(little_endian_number(start + 3, 2) + little_endian_number(start + 7, 2));
        width = right > width ? right : width;
        height = bottom > height ? bottom : height;
        header->complete = skip_gif_blocks(bytes, at + 10 + gif_colors_bytes(start[9]) + 1) != 0;
    }
    header->width = width;
    header->height = height;
}

static enum still_format find_format(const struct still_bytes *bytes)
{
    const uint8_t *start = read_part(bytes, 0, 2);
    if (start && start[0] == 0xff && start[1] == 0xd8)
        return STILL_JPEG;
    start = read_part(bytes, 0, 8);
    if (start && memcmp(start, "\x89PNG\r\n\x1a\n", 8) == 0)
        return STILL_PNG;
    start = read_part(bytes, 0, 16);
    if (start && memcmp(start, "RIFF", 4) == 0 && memcmp(start + 8, "WEBP", 4) == 0)
        return STILL_WEBP;
    start = read_part(bytes, 0, 6);
    if (start && (memcmp(start, "GIF87a", 6) == 0 || memcmp(start, "GIF89a", 6) == 0))
        return STILL_GIF;
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
    else if (header->format == STILL_GIF)
        read_gif(bytes, header);
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

/* What a decoder holds: a picture's pixels, of three bytes or four, and coefficients. */
static int64_t needed_bytes(const struct still_header *header)
{
    if (!header || header->coefficient_bytes == 0)
        return 0;
    int bytes = header->components == 2 ? 3 : header->components;
    return (int64_t)header->width * header->height * bytes + header->coefficient_bytes;
}

bool still_header_check(const struct still_header *header, char *text, size_t text_bytes)
{
    text[0] = '\0';
    int64_t memory_bytes = needed_bytes(header);
    if (!header)
        snprintf(text, text_bytes, "the file is not a JPEG, PNG, WebP or GIF picture");
    else if (header->width > STILL_SIDE_MAX_PX || header->height > STILL_SIDE_MAX_PX ||
             (int64_t)header->width * header->height > STILL_AREA_MAX_PX)
        snprintf(
            text, text_bytes,
            "the picture has %d × %d pixels; at most %d a side and %d million in total are allowed",
            header->width, header->height, STILL_SIDE_MAX_PX, (int)(STILL_AREA_MAX_PX / 1000000));
    else if (memory_bytes > STILL_MEMORY_BYTES_MAX)
        snprintf(
            text, text_bytes,
            "a progressive JPEG of %d × %d pixels in %d colors takes %d MB to decode; %d MB are "
            "allowed: save it as a baseline JPEG, or smaller",
            header->width, header->height, header->components, (int)(memory_bytes / 1000000),
            (int)(STILL_MEMORY_BYTES_MAX / 1000000));
    else if (!header->complete)
        snprintf(text, text_bytes, "the picture is cut off: the end of the file is missing");
    return text[0] == '\0';
}
