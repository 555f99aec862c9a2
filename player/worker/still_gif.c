/* The numbers in brackets are sections of Version 89a of the Graphics Interchange Format
 * (CompuServe, 1990). SDL2_image reads the picture; where it lies, and whether another one follows,
 * it does not tell. */
#include "worker/still_gif.h"

#include "sandbox/protocol.h"

#include <SDL_image.h>

#define SCREEN_AT 6 /* behind the signature */
#define SCREEN_BYTES 7
#define DESCRIPTOR_BYTES 9
#define INDEX_BITS_MAX 8

struct reader {
    const uint8_t *bytes;
    size_t size, at;
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
static bool skip_colors(struct reader *reader, uint8_t flags)
{
    return !(flags & 0x80) || take(reader, (size_t)3 << ((flags & 7) + 1));
}

/* Goes to the next picture's descriptor [20], over extensions [23 to 26] and blocks of no kind. */
static bool find_picture(struct reader *reader)
{
    const uint8_t *kind;
    while ((kind = take(reader, 1)) && (*kind == 0x21 || *kind == 0))
        if (*kind == 0x21 && (!take(reader, 1) || !skip_blocks(reader)))
            return false;
    return kind && *kind == 0x2c;
}

/* Where the first picture lies on the canvas. */
static bool read_place(struct reader *reader, SDL_Rect *place)
{
    const uint8_t *screen = take(reader, SCREEN_BYTES), *descriptor = NULL;
    if (!screen || !skip_colors(reader, screen[4]) || !find_picture(reader) ||
        !(descriptor = take(reader, DESCRIPTOR_BYTES)))
        return false;
    *place = (SDL_Rect){little_endian(descriptor), little_endian(descriptor + 2),
                        little_endian(descriptor + 4), little_endian(descriptor + 6)};
    const uint8_t *index_bits = skip_colors(reader, descriptor[8]) ? take(reader, 1) : NULL;
    return index_bits && *index_bits >= 1 && *index_bits <= INDEX_BITS_MAX && skip_blocks(reader);
}

/* The first picture, or NULL. SDL2_image has a palette and a color key; SDL makes alpha of it. */
static SDL_Surface *load_picture(const uint8_t *bytes, size_t size)
{
    SDL_RWops *stream = SDL_RWFromConstMem(bytes, (int)size);
    SDL_Surface *coded = stream ? IMG_LoadGIF_RW(stream) : NULL;
    SDL_Surface *plain = coded ? SDL_ConvertSurfaceFormat(coded, SDL_PIXELFORMAT_RGBA32, 0) : NULL;
    SDL_FreeSurface(coded);
    if (stream)
        SDL_RWclose(stream);
    return plain;
}

static void copy_picture(const SDL_Surface *picture, const SDL_Rect *place,
                         struct still_pixels *pixels)
{
    size_t left = still_layout_bytes(pixels->layout) * (size_t)place->x;
    for (int y = 0; y < place->h; y++)
        memcpy(still_pixels_row(pixels, place->y + y) + left,
               (const uint8_t *)picture->pixels + (ptrdiff_t)picture->pitch * y,
               still_layout_bytes(pixels->layout) * (size_t)place->w);
}

bool still_gif_decode(const uint8_t *bytes, size_t size, int width_px, int height_px,
                      struct still_pixels *pixels, struct err *err)
{
    struct reader reader = {bytes, size, SCREEN_AT};
    SDL_Rect place = {0};
    if (size < SCREEN_AT || !read_place(&reader, &place) || place.w > width_px - place.x ||
        place.h > height_px - place.y)
        return err_set(err, ERR_INPUT, "the picture is damaged: it has no first picture");
    SDL_Surface *picture = load_picture(bytes, size);
    bool ok = picture && picture->w == place.w && picture->h == place.h;
    if (!ok)
        err_set(err, ERR_INPUT, "the picture is damaged: its data make no sense");
    ok = ok && still_pixels_allocate(pixels, STILL_RGBA32, width_px, height_px, err);
    if (ok)
        copy_picture(picture, &place, pixels);
    SDL_FreeSurface(picture);
    if (ok && find_picture(&reader))
        pixels->notes |= PROTOCOL_STILL_MOVES;
    return ok;
}
