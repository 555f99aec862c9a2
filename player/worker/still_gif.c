/* GIF89a, Version 89a of the Graphics Interchange Format (CompuServe, 1990); the numbers in brackets
 * are its sections and appendices. */
#include "worker/still_gif.h"

#include "sandbox/protocol.h"

#include <stdlib.h>
#include <string.h>

#define CODE_BITS_MAX 12
#define CODES_MAX (1 << CODE_BITS_MAX)
#define NO_CODE CODES_MAX
#define COLORS_MAX 256

struct reader {
    const uint8_t *bytes;
    size_t size, at;
};

struct picture {
    int x, y, width_px, height_px;
    bool interlaced;
    int transparent; /* an index; -1: none */
    uint8_t colors[COLORS_MAX][3];
};

/* Strings of indexes, each the string of `prefix` and one index more [F]. */
struct codes {
    uint16_t prefix[CODES_MAX];
    uint8_t last[CODES_MAX], first[CODES_MAX];
    uint8_t stack[CODES_MAX];
    int clear, next, bits, previous;
    uint32_t bit_buffer;
    int bit_count;
    size_t block_left; /* of the data sub-block that is being read */
};

/* Where the next index goes. */
struct painter {
    struct still_pixels *pixels;
    const struct picture *picture;
    int column, row, pass;
    int64_t left; /* pixels that are still to come */
};

static const uint8_t *take(struct reader *reader, size_t count)
{
    if (count > reader->size - reader->at)
        return NULL;
    const uint8_t *bytes = reader->bytes + reader->at;
    reader->at += count;
    return bytes;
}

static int little_endian(const uint8_t *bytes)
{
    return bytes[0] | bytes[1] << 8;
}

static bool skip_blocks(struct reader *reader)
{
    const uint8_t *length;
    while ((length = take(reader, 1)) && *length)
        if (!take(reader, *length))
            return false;
    return length;
}

/* A color table [19, 21], if `flags` announce one. */
static bool read_colors(struct reader *reader, uint8_t flags, struct picture *picture)
{
    if (!(flags & 0x80))
        return true;
    size_t bytes = (size_t)3 << ((flags & 7) + 1);
    const uint8_t *colors = take(reader, bytes);
    if (colors)
        memcpy(picture->colors, colors, bytes);
    return colors;
}

/* An extension [23 to 26]; of these, a graphic control may say which color is transparent. */
static bool read_extension(struct reader *reader, struct picture *picture)
{
    const uint8_t *head = take(reader, 2);
    if (!head)
        return false;
    if (head[0] != 0xf9 || head[1] != 4) {
        reader->at--;
        return skip_blocks(reader);
    }
    const uint8_t *body = take(reader, 4);
    if (!body)
        return false;
    picture->transparent = body[0] & 1 ? body[3] : -1;
    return skip_blocks(reader);
}

/* Up to the next picture's descriptor; false where there is none. */
static bool find_picture(struct reader *reader, struct picture *picture)
{
    const uint8_t *kind;
    picture->transparent = -1;
    while ((kind = take(reader, 1)) && (*kind == 0x21 || *kind == 0))
        if (*kind == 0x21 && !read_extension(reader, picture))
            return false;
    return kind && *kind == 0x2c;
}

static bool read_descriptor(struct reader *reader, struct picture *picture)
{
    const uint8_t *body = take(reader, 9);
    if (!body)
        return false;
    picture->x = little_endian(body);
    picture->y = little_endian(body + 2);
    picture->width_px = little_endian(body + 4);
    picture->height_px = little_endian(body + 6);
    picture->interlaced = body[8] & 0x40;
    return read_colors(reader, body[8], picture);
}

/* -1: the data end. */
static int next_code(struct reader *reader, struct codes *codes)
{
    while (codes->bit_count < codes->bits) {
        if (codes->block_left == 0) {
            const uint8_t *length = take(reader, 1);
            if (!length || *length == 0)
                return -1;
            codes->block_left = *length;
        }
        const uint8_t *byte = take(reader, 1);
        if (!byte)
            return -1;
        codes->block_left--;
        codes->bit_buffer |= (uint32_t)*byte << codes->bit_count;
        codes->bit_count += 8;
    }
    int code = (int)(codes->bit_buffer & ((1u << codes->bits) - 1));
    codes->bit_buffer >>= codes->bits;
    codes->bit_count -= codes->bits;
    return code;
}

static void paint_index(struct painter *painter, uint8_t index)
{
    /* The rows of an interlaced picture [E]: every eighth, those between, and so on. */
    static const int starts[] = {0, 4, 2, 1}, steps[] = {8, 8, 4, 2};
    const struct picture *picture = painter->picture;
    if (painter->left == 0)
        return;
    uint8_t *pixel =
        still_pixels_row(painter->pixels, picture->y + painter->row) +
        still_layout_bytes(painter->pixels->layout) * (size_t)(picture->x + painter->column);
    memcpy(pixel, picture->colors[index], 3);
    if (painter->pixels->layout == STILL_RGBA32)
        pixel[3] = index == picture->transparent ? 0 : 255;
    painter->left--;
    if (++painter->column < picture->width_px)
        return;
    painter->column = 0;
    painter->row += picture->interlaced ? steps[painter->pass] : 1;
    while (picture->interlaced && painter->row >= picture->height_px && painter->pass < 3)
        painter->row = starts[++painter->pass];
}

static void reset_codes(struct codes *codes, int index_bits)
{
    codes->clear = 1 << index_bits;
    codes->next = codes->clear + 2;
    codes->bits = index_bits + 1;
    codes->previous = NO_CODE;
}

/* Paints a code's string. `shown` differs from the code where the code is not known yet: its string
 * is then that of the one before and its own first index once more. */
static void paint_code(struct codes *codes, struct painter *painter, int code)
{
    bool unknown = code == codes->next;
    int at = unknown ? codes->previous : code, depth = 0;
    uint8_t first = codes->first[at];
    if (unknown)
        codes->stack[depth++] = first;
    for (; depth < CODES_MAX && at > codes->clear; at = codes->prefix[at])
        codes->stack[depth++] = codes->last[at];
    if (depth < CODES_MAX)
        codes->stack[depth++] = codes->last[at];
    while (depth > 0)
        paint_index(painter, codes->stack[--depth]);
    if (codes->previous == NO_CODE || codes->next == CODES_MAX)
        return;
    codes->prefix[codes->next] = (uint16_t)codes->previous;
    codes->first[codes->next] = codes->first[codes->previous];
    codes->last[codes->next] = first;
    if (++codes->next == 1 << codes->bits && codes->bits < CODE_BITS_MAX)
        codes->bits++;
}

/* False where the data end before the picture is complete, or make no sense. */
static bool paint_picture(struct reader *reader, struct codes *codes, struct painter *painter)
{
    const uint8_t *index_bits = take(reader, 1);
    if (!index_bits || *index_bits < 1 || *index_bits > 8)
        return false;
    reset_codes(codes, *index_bits);
    for (int i = 0; i < codes->clear; i++)
        codes->first[i] = codes->last[i] = (uint8_t)i;
    while (painter->left > 0) {
        int code = next_code(reader, codes);
        if (code < 0 || code == codes->clear + 1)
            return false;
        if (code == codes->clear) {
            reset_codes(codes, *index_bits);
            continue;
        }
        if (code > codes->next || (code == codes->next && codes->previous == NO_CODE))
            return false;
        paint_code(codes, painter, code);
        codes->previous = code;
    }
    return !codes->block_left || take(reader, codes->block_left);
}

static MUST_CHECK bool decode_picture(struct reader *reader, const struct picture *picture,
                                      int width_px, int height_px, struct still_pixels *pixels,
                                      struct err *err)
{
    bool whole = picture->width_px == width_px && picture->height_px == height_px;
    enum still_layout layout = picture->transparent >= 0 || !whole ? STILL_RGBA32 : STILL_RGB24;
    struct codes *codes = calloc(1, sizeof *codes);
    if (!codes || !still_pixels_allocate(pixels, layout, width_px, height_px, err)) {
        free(codes);
        return err_oom(err);
    }
    struct painter painter = {.pixels = pixels,
                              .picture = picture,
                              .left = (int64_t)picture->width_px * picture->height_px};
    bool ok = paint_picture(reader, codes, &painter);
    free(codes);
    return ok || err_set(err, ERR_INPUT, "the picture is damaged: its data make no sense");
}

bool still_gif_decode(const uint8_t *bytes, size_t size, int width_px, int height_px,
                      struct still_pixels *pixels, struct err *err)
{
    struct reader reader = {bytes, size, 6};
    struct picture picture = {0}, other;
    const uint8_t *screen = size >= 6 ? take(&reader, 7) : NULL;
    if (!screen || !read_colors(&reader, screen[4], &picture) || !find_picture(&reader, &picture) ||
        !read_descriptor(&reader, &picture) || picture.width_px > width_px - picture.x ||
        picture.height_px > height_px - picture.y)
        return err_set(err, ERR_INPUT, "the picture is damaged: it has no first picture");
    if (!decode_picture(&reader, &picture, width_px, height_px, pixels, err))
        return false;
    if (skip_blocks(&reader) && find_picture(&reader, &other))
        pixels->notes |= PROTOCOL_STILL_MOVES;
    return true;
}
