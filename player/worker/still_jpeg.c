#include "worker/still_jpeg.h"

#include "sandbox/protocol.h"
#include "worker/still_color.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

#define PROFILE_MARKER (JPEG_APP0 + 2)
#define PROFILE_SPACE_AT 16 /* ICC.1, 7.2: where the header names the color space */
#define ROWS 16

struct decoder {
    struct jpeg_error_mgr errors; /* first: libjpeg hands back a pointer to it */
    struct jpeg_decompress_struct context;
    struct still_pixels *pixels;
    JOCTET *profile;
    unsigned profile_bytes;
    bool profile_damaged;
    struct err *err;
    jmp_buf leave;
};

_Noreturn static void leave_decoder(j_common_ptr context)
{
    struct decoder *decoder = (struct decoder *)(void *)context->err;
    char text[JMSG_LENGTH_MAX];
    context->err->format_message(context, text);
    if (context->err->msg_code == JERR_OUT_OF_MEMORY)
        err_oom(decoder->err);
    else
        err_set(decoder->err, ERR_INPUT, "the picture is damaged: %s", text);
    longjmp(decoder->leave, 1);
}

/* Warnings about stray bytes between segments, unusual versions and the like are none of ours. */
static void note_warning(j_common_ptr context, int level)
{
    struct decoder *decoder = (struct decoder *)(void *)context->err;
    if (level >= 0)
        return;
    switch (context->err->msg_code) {
    case JWRN_ARITH_BAD_CODE:
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_JPEG_EOF:
    case JWRN_MUST_RESYNC:
        leave_decoder(context);
    case JWRN_BOGUS_ICC:
        decoder->profile_damaged = true;
    }
}

static enum still_layout choose_layout(struct decoder *decoder)
{
    struct jpeg_decompress_struct *context = &decoder->context;
    bool rgb_profile = decoder->profile && decoder->profile_bytes >= PROFILE_SPACE_AT + 4 &&
                       memcmp(decoder->profile + PROFILE_SPACE_AT, "RGB ", 4) == 0;
    if (context->num_components == 4) {
        context->out_color_space = JCS_CMYK;
        return STILL_CMYK32;
    }
    if (context->num_components == 1 && !rgb_profile) {
        context->out_color_space = JCS_GRAYSCALE;
        return STILL_GREY8;
    }
    context->out_color_space = JCS_RGB;
    return STILL_RGB24;
}

static void choose_color(struct decoder *decoder)
{
    static const enum still_color_space spaces[] = {
        [STILL_GREY8] = STILL_COLOR_GREY,
        [STILL_RGB24] = STILL_COLOR_RGB,
        [STILL_CMYK32] = STILL_COLOR_CMYK,
    };
    struct still_pixels *pixels = decoder->pixels;
    if (decoder->profile_damaged)
        pixels->notes |= PROTOCOL_STILL_PROFILE_DAMAGED;
    else if (decoder->profile)
        pixels->color = still_color_of_profile(decoder->profile, decoder->profile_bytes,
                                               spaces[pixels->layout], &pixels->notes);
    if (pixels->layout == STILL_CMYK32 && !pixels->color)
        pixels->notes |= PROTOCOL_STILL_INKS_UNKNOWN;
}

static void invert_row(uint8_t *row, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        row[i] = (uint8_t)~row[i];
}

static void read_rows(struct decoder *decoder)
{
    struct jpeg_decompress_struct *context = &decoder->context;
    struct still_pixels *pixels = decoder->pixels;
    /* What is stored is the paper that is left, not the ink: Adobe's programs began it, and what has
     * no Adobe marker has mostly lost it. Web browsers take it so, too. */
    bool inverted = pixels->layout == STILL_CMYK32;
    while (context->output_scanline < context->output_height) {
        JSAMPROW rows[ROWS];
        unsigned first = context->output_scanline, count = context->output_height - first;
        if (count > ROWS)
            count = ROWS;
        for (unsigned i = 0; i < count; i++)
            rows[i] = still_pixels_row(pixels, (int)(first + i));
        unsigned read = jpeg_read_scanlines(context, rows, count);
        for (unsigned i = 0; i < read && inverted; i++)
            invert_row(rows[i], pixels->stride_bytes);
    }
}

static MUST_CHECK bool decode_picture(struct decoder *decoder, const uint8_t *bytes, size_t size)
{
    struct jpeg_decompress_struct *context = &decoder->context;
    if (setjmp(decoder->leave))
        return false;
    jpeg_create_decompress(context);
    jpeg_save_markers(context, PROFILE_MARKER, 0xffff);
    jpeg_mem_src(context, bytes, size);
    jpeg_read_header(context, TRUE);
    if (!jpeg_read_icc_profile(context, &decoder->profile, &decoder->profile_bytes))
        decoder->profile = NULL;
    enum still_layout layout = choose_layout(decoder);
    if (!still_pixels_allocate(decoder->pixels, layout, (int)context->image_width,
                               (int)context->image_height, decoder->err))
        return false;
    choose_color(decoder);
    jpeg_start_decompress(context);
    read_rows(decoder);
    jpeg_finish_decompress(context);
    return true;
}

bool still_jpeg_decode(const uint8_t *bytes, size_t size, struct still_pixels *pixels,
                       struct err *err)
{
    struct decoder *decoder = calloc(1, sizeof *decoder);
    if (!decoder)
        return err_oom(err);
    decoder->pixels = pixels;
    decoder->err = err;
    decoder->context.err = jpeg_std_error(&decoder->errors);
    decoder->errors.error_exit = leave_decoder;
    decoder->errors.emit_message = note_warning;
    bool ok = decode_picture(decoder, bytes, size);
    jpeg_destroy_decompress(&decoder->context);
    free(decoder->profile);
    free(decoder);
    return ok;
}

/* On arm64 libjpeg-turbo reads /proc/cpuinfo for its first picture: this is one gray pixel. */
void still_jpeg_prepare(void)
{
    static const uint8_t grey_pixel[] = {
        0xff, 0xd8, 0xff, 0xdb, 0x00, 0x43, 0x00, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01,
        0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01,
        0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01,
        0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01,
        0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0xff, 0xc0, 0x00, 0x0b,
        0x08, 0x00, 0x01, 0x00, 0x01, 0x01, 0x01, 0x11, 0x00, 0xff, 0xc4, 0x00, 0x14, 0x00, 0x01,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0xff, 0xc4, 0x00, 0x14, 0x10, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xff, 0xda, 0x00, 0x08, 0x01, 0x01, 0x00,
        0x00, 0x3f, 0x00, 0x3f, 0xff, 0xd9};
    struct still_pixels pixels = {0};
    struct err err = {0};
    if (!still_jpeg_decode(grey_pixel, sizeof grey_pixel, &pixels, &err))
        err.code = ERR_NONE; /* the first real picture will say it again */
    still_pixels_finish(&pixels);
}
