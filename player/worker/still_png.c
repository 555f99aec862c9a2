#include "worker/still_png.h"

#include "sandbox/protocol.h"
#include "worker/still_color.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#define PROFILE_CHUNK "iCCP"
#define CODE_POINTS_CHUNK "cICP"
#define ANIMATION_CHUNK "acTL"

struct decoder {
    png_structp png;
    png_infop info;
    const uint8_t *bytes;
    size_t size, at;
    struct still_pixels *pixels;
    uint16_t *deep_row;
    bool profile_refused; /* by libpng */
    bool out_of_memory;
    struct err *err;
    jmp_buf leave;
};

_Noreturn static void leave_decoder(png_structp png, png_const_charp text)
{
    struct decoder *decoder = png_get_error_ptr(png);
    if (decoder->out_of_memory || strcmp(text, "Out of memory") == 0)
        err_oom(decoder->err);
    else
        err_set(decoder->err, ERR_INPUT, "the picture is damaged: %s", text);
    longjmp(decoder->leave, 1);
}

static void note_warning(png_structp png, png_const_charp text)
{
    struct decoder *decoder = png_get_error_ptr(png);
    if (strncmp(text, PROFILE_CHUNK, 4) == 0)
        decoder->profile_refused = true;
}

static void read_bytes(png_structp png, png_bytep to, size_t count)
{
    struct decoder *decoder = png_get_io_ptr(png);
    if (count > decoder->size - decoder->at)
        png_error(png, "the end of the file is missing");
    memcpy(to, decoder->bytes + decoder->at, count);
    decoder->at += count;
}

/* Texts and the like are not even expanded; a profile is, up to a limit. */
static void ignore_needless_chunks(png_structp png)
{
    static const png_byte names[] = "bKGD\0eXIf\0hIST\0iTXt\0oFFs\0pCAL\0pHYs\0sCAL\0sPLT\0tEXt\0"
                                    "tIME\0zTXt";
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, 0);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, names, sizeof names / 5);
    /* Newer versions of libpng would take these apart; this way all hand them over. */
    static const png_byte handed_over[] = CODE_POINTS_CHUNK "\0" ANIMATION_CHUNK;
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_ALWAYS, handed_over, 2);
    png_set_chunk_malloc_max(png, STILL_COLOR_PROFILE_BYTES_MAX);
}

static void read_values(const struct decoder *decoder, struct still_color_values *values)
{
    double *const points[] = {values->white, values->red, values->green, values->blue};
    if (!png_get_gAMA(decoder->png, decoder->info, &values->gamma))
        values->gamma = 0;
    values->has_chromaticities =
        png_get_cHRM(decoder->png, decoder->info, &points[0][0], &points[0][1], &points[1][0],
                     &points[1][1], &points[2][0], &points[2][1], &points[3][0],
                     &points[3][1]) != 0;
}

/* By ITU-T H.273's numbers: false for those that are not known here. A PNG has red, green and blue, so
 * its matrix is 0 (W3C PNG 11.3.2.6); what is not of full range is stretched by nobody here. */
static bool read_code_points(const png_byte *codes, struct still_color_values *values)
{
    static const struct {
        png_byte code;
        double white[2], red[2], green[2], blue[2];
    } primaries[] = {
        {1, {0.3127, 0.3290}, {0.640, 0.330}, {0.300, 0.600}, {0.150, 0.060}},  /* BT.709, sRGB */
        {9, {0.3127, 0.3290}, {0.708, 0.292}, {0.170, 0.797}, {0.131, 0.046}},  /* BT.2020 */
        {12, {0.3127, 0.3290}, {0.680, 0.320}, {0.265, 0.690}, {0.150, 0.060}}, /* Display P3 */
    };
    static const struct {
        png_byte code;
        double gamma;
    } curves[] = {{4, 1 / 2.2}, {5, 1 / 2.8}, {8, 1}, {13, 0}}; /* 13: sRGB's own curve */
    bool known = false, full = codes[2] == 0 && codes[3] == 1;
    *values = (struct still_color_values){0};
    for (size_t i = 0; i < sizeof curves / sizeof *curves; i++)
        if (curves[i].code == codes[1]) {
            values->gamma = curves[i].gamma;
            known = true;
        }
    for (size_t i = 0; i < sizeof primaries / sizeof *primaries; i++)
        if (primaries[i].code == codes[0]) {
            values->has_chromaticities = true;
            memcpy(values->white, primaries[i].white, sizeof values->white);
            memcpy(values->red, primaries[i].red, sizeof values->red);
            memcpy(values->green, primaries[i].green, sizeof values->green);
            memcpy(values->blue, primaries[i].blue, sizeof values->blue);
        }
    return known && full && values->has_chromaticities;
}

/* A chunk that libpng hands over as it is; NULL. */
static const png_byte *find_chunk(const struct decoder *decoder, const char *name, size_t size)
{
    png_unknown_chunkp chunks;
    int count = png_get_unknown_chunks(decoder->png, decoder->info, &chunks);
    for (int i = 0; i < count; i++)
        if (memcmp(chunks[i].name, name, 4) == 0 && chunks[i].size == size)
            return chunks[i].data;
    return NULL;
}

/* An animated PNG says how many pictures it has before the first one (W3C PNG 11.3.6.1). */
static void note_animation(struct decoder *decoder)
{
    const png_byte *control = find_chunk(decoder, ANIMATION_CHUNK, 8);
    if (control && png_get_uint_32(control) > 1)
        decoder->pixels->notes |= PROTOCOL_STILL_MOVES;
}

/* Whether the picture has code points that are known; others are noted. */
static bool find_code_points(struct decoder *decoder, struct still_color_values *values)
{
    const png_byte *codes = find_chunk(decoder, CODE_POINTS_CHUNK, 4);
    if (!codes)
        return false;
    if (read_code_points(codes, values))
        return true;
    decoder->pixels->notes |= PROTOCOL_STILL_PROFILE_UNFIT;
    return false;
}

/* What counts first are code points, then a profile, then sRGB, then
 * gamma and chromaticities (W3C PNG 4.3). */
static void choose_color(struct decoder *decoder, bool grey)
{
    struct still_pixels *pixels = decoder->pixels;
    enum still_color_space space = grey ? STILL_COLOR_GREY : STILL_COLOR_RGB;
    struct still_color_values values = {0};
    png_charp name;
    png_bytep profile;
    png_uint_32 profile_bytes;
    int method, intent;
    if (find_code_points(decoder, &values)) {
        pixels->color = still_color_of_values(&values, space, &pixels->notes);
        return;
    }
    if (png_get_iCCP(decoder->png, decoder->info, &name, &method, &profile, &profile_bytes)) {
        pixels->color = still_color_of_profile(profile, profile_bytes, space, &pixels->notes);
        return;
    }
    if (decoder->profile_refused)
        pixels->notes |= PROTOCOL_STILL_PROFILE_DAMAGED;
    if (png_get_sRGB(decoder->png, decoder->info, &intent))
        return;
    read_values(decoder, &values);
    pixels->color = still_color_of_values(&values, space, &pixels->notes);
}

/* Asks for 8-bit values, but for `deep`; returns their layout. */
static enum still_layout choose_layout(const struct decoder *decoder, bool deep)
{
    png_structp png = decoder->png;
    unsigned type = png_get_color_type(png, decoder->info);
    bool alpha =
        type & PNG_COLOR_MASK_ALPHA || png_get_valid(png, decoder->info, PNG_INFO_tRNS) != 0;
    bool grey = !(type & PNG_COLOR_MASK_COLOR);
    png_set_expand(png);
    if (deep)
        png_set_swap(png);
    else
        png_set_scale_16(png);
    if (alpha && grey && !deep)
        png_set_gray_to_rgb(png);
    if (alpha)
        return STILL_RGBA32;
    return grey && !deep ? STILL_GREY8 : STILL_RGB24;
}

/* Row by row through 16-bit colors: few pictures have them, and in linear light their shadows need
 * them. */
static void read_deep_rows(struct decoder *decoder)
{
    struct still_pixels *pixels = decoder->pixels;
    decoder->deep_row = malloc(png_get_rowbytes(decoder->png, decoder->info));
    decoder->out_of_memory = !decoder->deep_row;
    for (int y = 0; y < pixels->height_px && !decoder->out_of_memory; y++) {
        png_read_row(decoder->png, (png_bytep)decoder->deep_row, NULL);
        decoder->out_of_memory = !still_color_convert_deep_row(
            pixels->color, pixels->layout == STILL_RGBA32, decoder->deep_row,
            still_pixels_row(pixels, y), pixels->width_px);
    }
    if (decoder->out_of_memory)
        png_error(decoder->png, "Out of memory");
    still_color_destroy(pixels->color);
    pixels->color = NULL; /* they are sRGB now */
}

static void read_rows(struct decoder *decoder, int passes)
{
    for (int pass = 0; pass < passes; pass++)
        for (int y = 0; y < decoder->pixels->height_px; y++)
            png_read_row(decoder->png, still_pixels_row(decoder->pixels, y), NULL);
}

static MUST_CHECK bool decode_picture(struct decoder *decoder)
{
    if (setjmp(decoder->leave))
        return false;
    ignore_needless_chunks(decoder->png);
    png_set_read_fn(decoder->png, decoder, read_bytes);
    png_read_info(decoder->png, decoder->info);
    unsigned type = png_get_color_type(decoder->png, decoder->info);
    int passes = png_set_interlace_handling(decoder->png);
    note_animation(decoder);
    choose_color(decoder, !(type & PNG_COLOR_MASK_COLOR));
    bool deep = decoder->pixels->color && passes == 1 &&
                png_get_bit_depth(decoder->png, decoder->info) == 16;
    enum still_layout layout = choose_layout(decoder, deep);
    png_read_update_info(decoder->png, decoder->info);
    if (!still_pixels_allocate(
            decoder->pixels, layout, (int)png_get_image_width(decoder->png, decoder->info),
            (int)png_get_image_height(decoder->png, decoder->info), decoder->err))
        return false;
    if (!deep && png_get_rowbytes(decoder->png, decoder->info) != decoder->pixels->stride_bytes)
        png_error(decoder->png, "unknown layout");
    if (deep)
        read_deep_rows(decoder);
    else
        read_rows(decoder, passes);
    png_read_end(decoder->png, NULL);
    return true;
}

bool still_png_decode(const uint8_t *bytes, size_t size, struct still_pixels *pixels,
                      struct err *err)
{
    struct decoder *decoder = calloc(1, sizeof *decoder);
    if (!decoder)
        return err_oom(err);
    *decoder = (struct decoder){.bytes = bytes, .size = size, .pixels = pixels, .err = err};
    decoder->png =
        png_create_read_struct(PNG_LIBPNG_VER_STRING, decoder, leave_decoder, note_warning);
    decoder->info = decoder->png ? png_create_info_struct(decoder->png) : NULL;
    bool ok = decoder->info ? decode_picture(decoder) : err_oom(err);
    png_destroy_read_struct(&decoder->png, &decoder->info, NULL);
    free(decoder->deep_row);
    free(decoder);
    return ok;
}
