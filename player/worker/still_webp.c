#include "worker/still_webp.h"

#include "sandbox/protocol.h"
#include "worker/still_color.h"

#include <webp/decode.h>
#include <webp/demux.h>

/* The first picture of a file, and where it lies on the canvas. */
struct part {
    const uint8_t *bytes;
    size_t size;
    int x, y, width_px, height_px;
    bool alpha;
};

static MUST_CHECK bool set_webp_error(VP8StatusCode status, struct err *err)
{
    switch (status) {
    case VP8_STATUS_OUT_OF_MEMORY:
        return err_oom(err);
    case VP8_STATUS_SUSPENDED:
    case VP8_STATUS_NOT_ENOUGH_DATA:
        return err_set(err, ERR_INPUT, "the picture is damaged: its data end too early");
    case VP8_STATUS_OK:
    case VP8_STATUS_INVALID_PARAM:
    case VP8_STATUS_BITSTREAM_ERROR:
    case VP8_STATUS_UNSUPPORTED_FEATURE:
    case VP8_STATUS_USER_ABORT:
        break;
    }
    return err_set(err, ERR_INPUT, "the picture is damaged: its data make no sense");
}

static MUST_CHECK bool decode_part(const struct part *part, struct still_pixels *pixels,
                                   struct err *err)
{
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config))
        return err_set(err, ERR_SYSTEM, "libwebp is of another version");
    VP8StatusCode status = WebPGetFeatures(part->bytes, part->size, &config.input);
    if (status != VP8_STATUS_OK)
        return set_webp_error(status, err);
    if (config.input.width != part->width_px || config.input.height != part->height_px ||
        config.input.has_animation)
        return set_webp_error(VP8_STATUS_BITSTREAM_ERROR, err);
    size_t left = still_layout_bytes(pixels->layout) * (size_t)part->x;
    config.output.colorspace = pixels->layout == STILL_RGBA32 ? MODE_RGBA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = still_pixels_row(pixels, part->y) + left;
    config.output.u.RGBA.stride = (int)pixels->stride_bytes;
    config.output.u.RGBA.size = pixels->stride_bytes * (size_t)(pixels->height_px - part->y) - left;
    status = WebPDecode(part->bytes, part->size, &config);
    return status == VP8_STATUS_OK || set_webp_error(status, err);
}

static void choose_color(const WebPDemuxer *demuxer, struct still_pixels *pixels)
{
    WebPChunkIterator chunk = {0};
    if (!WebPDemuxGetChunk(demuxer, "ICCP", 1, &chunk))
        return;
    pixels->color = still_color_of_profile(chunk.chunk.bytes, chunk.chunk.size, STILL_COLOR_RGB,
                                           &pixels->notes);
    WebPDemuxReleaseChunkIterator(&chunk);
}

/* `iterator` is to be released by the caller, whatever comes. */
static MUST_CHECK bool find_part(const WebPDemuxer *demuxer, WebPIterator *iterator, int width_px,
                                 int height_px, struct part *part)
{
    if (!WebPDemuxGetFrame(demuxer, 1, iterator) || iterator->x_offset < 0 ||
        iterator->y_offset < 0 || iterator->width < 1 || iterator->height < 1 ||
        iterator->width > width_px - iterator->x_offset ||
        iterator->height > height_px - iterator->y_offset)
        return false;
    *part = (struct part){
        .bytes = iterator->fragment.bytes,
        .size = iterator->fragment.size,
        .x = iterator->x_offset,
        .y = iterator->y_offset,
        .width_px = iterator->width,
        .height_px = iterator->height,
        .alpha = iterator->has_alpha || iterator->width < width_px || iterator->height < height_px,
    };
    return true;
}

bool still_webp_decode(const uint8_t *bytes, size_t size, int width_px, int height_px,
                       struct still_pixels *pixels, struct err *err)
{
    const WebPData data = {bytes, size};
    WebPIterator iterator = {0};
    struct part part;
    WebPDemuxer *demuxer = WebPDemux(&data);
    bool ok = demuxer && find_part(demuxer, &iterator, width_px, height_px, &part);
    if (ok) {
        if (iterator.num_frames > 1)
            pixels->notes |= PROTOCOL_STILL_MOVES;
        choose_color(demuxer, pixels);
        ok = still_pixels_allocate(pixels, part.alpha ? STILL_RGBA32 : STILL_RGB24, width_px,
                                   height_px, err) &&
             decode_part(&part, pixels, err);
    } else {
        ok = set_webp_error(VP8_STATUS_BITSTREAM_ERROR, err);
    }
    WebPDemuxReleaseIterator(&iterator);
    WebPDemuxDelete(demuxer);
    return ok;
}
