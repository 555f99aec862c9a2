#include "worker/still.h"

#include "core/still_header.h"
#include "sandbox/sandbox.h"
#include "worker/still_color.h"
#include "worker/still_gif.h"
#include "worker/still_jpeg.h"
#include "worker/still_png.h"
#include "worker/still_scale.h"
#include "worker/still_webp.h"

#include <errno.h>
#include <libyuv/rotate_argb.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

struct still {
    struct still_request request;
    struct still_header header;
    uint8_t *file; /* mapped; NULL: not any more */
    size_t file_bytes;
    struct still_pixels pixels;
    struct layout_fitted fitted; /* of the upright picture */
    int width_px, height_px;     /* of the frame, upright */
};

void still_prepare(void)
{
    still_jpeg_prepare();
    still_color_prepare();
}

static MUST_CHECK bool check_still_header(const uint8_t *bytes, size_t size,
                                          struct still_header *header, struct err *err)
{
    char reason[160];
    bool known = still_header_read(bytes, size, header);
    if (still_header_check(known ? header : NULL, reason, sizeof reason))
        return true;
    bool large = known && header->complete;
    return err_set(err, large ? ERR_LIMIT : ERR_INPUT, "%s", reason);
}

static MUST_CHECK bool decode_format(const uint8_t *bytes, size_t size,
                                     const struct still_header *header, struct still_pixels *pixels,
                                     struct err *err)
{
    switch (header->format) {
    case STILL_JPEG:
        return still_jpeg_decode(bytes, size, pixels, err);
    case STILL_PNG:
        return still_png_decode(bytes, size, pixels, err);
    case STILL_WEBP:
        return still_webp_decode(bytes, size, header->width, header->height, pixels, err);
    case STILL_GIF:
        return still_gif_decode(bytes, size, header->width, header->height, pixels, err);
    case STILL_UNKNOWN:
        break;
    }
    return err_set(err, ERR_INPUT, "the file is of an unknown format");
}

/* The file is mapped, not read: its bytes need no second copy. If somebody truncates the file
 * meanwhile this process dies of SIGBUS, which costs one picture. */
static MUST_CHECK bool map_file(int fd, struct still *still, struct err *err)
{
    struct stat st;
    if (sandbox_fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return err_set(err, ERR_INPUT, "not a regular file");
    if (st.st_size <= 0 || (uintmax_t)st.st_size > PROTOCOL_STILL_FILE_BYTES_MAX)
        return err_set(err, st.st_size ? ERR_LIMIT : ERR_INPUT,
                       "the file has %jd bytes; 1 to %zu are allowed", (intmax_t)st.st_size,
                       PROTOCOL_STILL_FILE_BYTES_MAX);
    void *bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        return err_set_errno(err, ERR_SYSTEM, errno, "cannot map the file");
    still->file = bytes;
    still->file_bytes = (size_t)st.st_size;
    return true;
}

static void unmap_file(struct still *still)
{
    if (still->file)
        munmap(still->file, still->file_bytes);
    still->file = NULL;
}

static int scaled_size_px(int place_px, double scale)
{
    int size = (int)(place_px * scale + 0.5);
    if (size < 1)
        return 1;
    return size > STILL_SIDE_MAX_PX ? STILL_SIDE_MAX_PX : size;
}

/* Orientations from 5 on are stored with rows for columns. */
static bool is_sideways(const struct still *still)
{
    return still->header.orientation >= 5;
}

static void upright_size(const struct still *still, int *width_px, int *height_px)
{
    bool sideways = is_sideways(still);
    *width_px = sideways ? still->pixels.height_px : still->pixels.width_px;
    *height_px = sideways ? still->pixels.width_px : still->pixels.height_px;
}

struct still *still_open(int fd, const struct still_request *request, struct err *err)
{
    struct still *still = calloc(1, sizeof *still);
    if (!still) {
        err_oom(err);
        return NULL;
    }
    still->request = *request;
    if (map_file(fd, still, err) &&
        check_still_header(still->file, still->file_bytes, &still->header, err))
        return still;
    still_close(still);
    return NULL;
}

void still_stored_size(const struct still *still, int *width_px, int *height_px)
{
    *width_px = still->header.width;
    *height_px = still->header.height;
}

bool still_decode(struct still *still, struct err *err)
{
    const struct still_request *request = &still->request;
    struct still_pixels *pixels = &still->pixels;
    int width_px, height_px;
    bool ok = decode_format(still->file, still->file_bytes, &still->header, pixels, err);
    unmap_file(still);
    if (!ok && err->code == ERR_SYSTEM)
        return err_set(
            err, ERR_SYSTEM,
            "the picture of %d × %d pixels needs more memory than a decoder may use: make "
            "it smaller",
            still->header.width, still->header.height);
    if (!ok)
        return false;
    if (pixels->width_px != still->header.width || pixels->height_px != still->header.height)
        return err_set(err, ERR_INPUT, "the picture is damaged: it has two different sizes");
    upright_size(still, &width_px, &height_px);
    still->fitted =
        layout_fit(width_px, height_px, request->canvas_width_px, request->canvas_height_px,
                   request->fit, request->focus_x, request->focus_y);
    still->width_px = scaled_size_px(still->fitted.target.width, request->scale);
    still->height_px = scaled_size_px(still->fitted.target.height, request->scale);
    return true;
}

struct still_shape still_shape(const struct still *still)
{
    const struct layout_rect *source = &still->fitted.source;
    int width_px, height_px;
    upright_size(still, &width_px, &height_px);
    return (struct still_shape){
        .width_px = still->width_px,
        .height_px = still->height_px,
        .at = still->fitted.target,
        .focus_x = layout_within(still->request.focus_x * width_px, source->x, source->width),
        .focus_y = layout_within(still->request.focus_y * height_px, source->y, source->height),
        .stored_width_px = still->header.width,
        .stored_height_px = still->header.height,
        .orientation = still->header.orientation,
        .notes = still->pixels.notes,
    };
}

/* The part of the picture that is shown, as it lies in the file: 2, 3, 5 and 8 store the upright
 * picture's left side as their right (5 and 8: as their lower) one, and so on. */
static struct layout_rect stored_part(const struct still *still)
{
    const struct layout_rect *part = &still->fitted.source;
    int width_px, height_px, orientation = still->header.orientation;
    upright_size(still, &width_px, &height_px);
    bool from_right = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
    bool from_below = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
    double x = from_right ? width_px - part->x - part->width : part->x;
    double y = from_below ? height_px - part->y - part->height : part->y;
    if (is_sideways(still))
        return (struct layout_rect){y, x, part->height, part->width};
    return (struct layout_rect){x, y, part->width, part->height};
}

/* Scales and converts, but does not turn: the frame is as the file stores the picture. */
static MUST_CHECK bool paint_stored(const struct still *still, void *words, size_t stride_bytes,
                                    struct err *err)
{
    const struct still_pixels *pixels = &still->pixels;
    bool sideways = is_sideways(still);
    bool convert = pixels->color || pixels->layout == STILL_CMYK32;
    const struct still_scale_source source = {
        .bytes = pixels->bytes,
        .stride_bytes = pixels->stride_bytes,
        .width_px = pixels->width_px,
        .height_px = pixels->height_px,
        .layout = pixels->layout,
        .part = stored_part(still),
        .background = still->request.background,
    };
    const struct still_scale_target target = {
        .result = convert && still_layout_bytes(pixels->layout) == 4 ? STILL_SCALE_BYTES
                                                                     : STILL_SCALE_WORDS,
        .pixels = words,
        .stride_bytes = stride_bytes,
        .width_px = sideways ? still->height_px : still->width_px,
        .height_px = sideways ? still->width_px : still->height_px,
    };
    if (!still_scale_picture(&source, &target, err))
        return false;
    for (int y = 0; y < target.height_px && convert; y++)
        still_color_convert_row(pixels->color, pixels->layout,
                                (uint32_t *)(void *)((uint8_t *)words + stride_bytes * (size_t)y),
                                target.width_px, source.background);
    return true;
}

/* Turns a picture upright by its EXIF orientation: 2, 4, 5 and 7 are mirrored, 3 and 5 to 8
 * rotated. Mirroring is a rotation of the flipped picture. */
static void turn_upright(const struct still *still, const uint8_t *from, size_t from_stride,
                         uint8_t *to, size_t to_stride)
{
    static const struct {
        enum RotationMode mode;
        bool flipped;
    } orientations[9] = {
        [2] = {kRotate180, true},  [3] = {kRotate180, false}, [4] = {kRotate0, true},
        [5] = {kRotate90, true},   [6] = {kRotate90, false},  [7] = {kRotate270, true},
        [8] = {kRotate270, false},
    };
    bool sideways = is_sideways(still);
    int width = sideways ? still->height_px : still->width_px;
    int height = sideways ? still->width_px : still->height_px;
    ARGBRotate(from, (int)from_stride, to, (int)to_stride, width,
               orientations[still->header.orientation].flipped ? -height : height,
               orientations[still->header.orientation].mode);
}

bool still_paint(struct still *still, void *pixels, size_t stride_bytes, struct err *err)
{
    if (still->header.orientation < 2)
        return paint_stored(still, pixels, stride_bytes, err);
    size_t stored_stride = (size_t)(is_sideways(still) ? still->height_px : still->width_px) * 4;
    size_t rows = (size_t)(is_sideways(still) ? still->width_px : still->height_px);
    uint8_t *stored = malloc(stored_stride * rows);
    bool ok = stored ? paint_stored(still, stored, stored_stride, err) : err_oom(err);
    if (ok)
        turn_upright(still, stored, stored_stride, pixels, stride_bytes);
    free(stored);
    return ok;
}

void still_close(struct still *still)
{
    if (!still)
        return;
    unmap_file(still);
    still_color_destroy(still->pixels.color);
    still_pixels_finish(&still->pixels);
    free(still);
}
