#include "worker/still.h"

#include "core/still_header.h"
#include "sandbox/sandbox.h"
#include "worker/still_scale.h"

#include <SDL_image.h>
#include <errno.h>
#include <libyuv/rotate_argb.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

struct still {
    struct still_request request;
    struct still_header header;
    SDL_Surface *surface; /* RGB24, RGBA32 or ARGB8888 */
    struct layout_fitted fitted;
    int width_px, height_px; /* of the frame */
};

static SDL_Surface *load_surface(const uint8_t *bytes, size_t size, enum still_format format)
{
    SDL_RWops *stream = SDL_RWFromConstMem(bytes, (int)size);
    if (!stream)
        return NULL;
    /* Calls the one loader that the header asks for, and none of SDL2_image's fifteen others. */
    SDL_Surface *surface = NULL;
    switch (format) {
    case STILL_JPEG:
        surface = IMG_LoadJPG_RW(stream);
        break;
    case STILL_PNG:
        surface = IMG_LoadPNG_RW(stream);
        break;
    case STILL_WEBP:
        surface = IMG_LoadWEBP_RW(stream);
        break;
    case STILL_UNKNOWN:
        break;
    }
    SDL_RWclose(stream);
    return surface;
}

/* On arm64 libjpeg-turbo reads /proc/cpuinfo for its first picture; other builds of SDL2_image open
 * the libraries of each format as they need them. */
void still_prepare(void)
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
    IMG_Init(IMG_INIT_JPG | IMG_INIT_PNG | IMG_INIT_WEBP);
    SDL_FreeSurface(load_surface(grey_pixel, sizeof grey_pixel, STILL_JPEG));
}

static MUST_CHECK bool check_still_header(const uint8_t *bytes, size_t size,
                                          struct still_header *header, struct err *err)
{
    char reason[160];
    bool known = still_header_read(bytes, size, header);
    if (still_header_check(known ? header : NULL, reason, sizeof reason))
        return true;
    bool large = known && header->complete && header->components != 4;
    return err_set(err, large ? ERR_LIMIT : ERR_INPUT, "%s", reason);
}

/* SDL2_image may return palettes and other layouts; the scaler takes three. */
static SDL_Surface *to_plain_format(SDL_Surface *surface)
{
    Uint32 format = surface->format->format;
    if (format == SDL_PIXELFORMAT_RGB24 || format == SDL_PIXELFORMAT_RGBA32 ||
        format == SDL_PIXELFORMAT_ARGB8888)
        return surface;
    SDL_Surface *plain = SDL_ConvertSurfaceFormat(surface, SDL_PIXELFORMAT_ARGB8888, 0);
    SDL_FreeSurface(surface);
    return plain;
}

/* Flips top to bottom first if `flipped`. */
static SDL_Surface *rotate_surface(SDL_Surface *source, enum RotationMode mode, bool flipped)
{
    bool sideways = mode == kRotate90 || mode == kRotate270;
    int width = sideways ? source->h : source->w;
    int height = sideways ? source->w : source->h;
    SDL_Surface *result =
        SDL_CreateRGBSurfaceWithFormat(0, width, height, 32, SDL_PIXELFORMAT_ARGB8888);
    if (result)
        ARGBRotate(source->pixels, source->pitch, result->pixels, result->pitch, source->w,
                   flipped ? -source->h : source->h, mode);
    return result;
}

/* Turns a picture upright by its EXIF orientation: 2, 4, 5 and 7 are mirrored, 3 and 5 to 8
 * rotated. Mirroring is a rotation of the flipped picture. Takes ownership of the surface. */
static SDL_Surface *apply_orientation(SDL_Surface *surface, int orientation)
{
    static const struct {
        enum RotationMode mode;
        bool flipped;
    } orientations[9] = {
        [2] = {kRotate180, true},  [3] = {kRotate180, false}, [4] = {kRotate0, true},
        [5] = {kRotate90, true},   [6] = {kRotate90, false},  [7] = {kRotate270, true},
        [8] = {kRotate270, false},
    };
    if (orientation < 2 || orientation > 8)
        return surface;
    SDL_Surface *source = SDL_ConvertSurfaceFormat(surface, SDL_PIXELFORMAT_ARGB8888, 0);
    SDL_FreeSurface(surface);
    SDL_Surface *result = source ? rotate_surface(source, orientations[orientation].mode,
                                                  orientations[orientation].flipped)
                                 : NULL;
    SDL_FreeSurface(source);
    return result;
}

static SDL_Surface *decode_still(const uint8_t *bytes, size_t size, struct still_header *header,
                                 struct err *err)
{
    if (!check_still_header(bytes, size, header, err))
        return NULL;
    SDL_Surface *surface = load_surface(bytes, size, header->format);
    if (!surface) {
        err_set(err, ERR_INPUT, "the picture is damaged: %s", SDL_GetError());
        return NULL;
    }
    surface = to_plain_format(surface);
    if (surface)
        surface = apply_orientation(surface, header->orientation);
    if (!surface)
        err_oom(err);
    return surface;
}

/* The file is mapped, not read: its bytes need no second copy. If somebody truncates the file
 * meanwhile this process dies of SIGBUS, which costs one picture. */
static SDL_Surface *decode_still_file(int fd, struct still_header *header, struct err *err)
{
    struct stat st;
    if (sandbox_fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        err_set(err, ERR_INPUT, "not a regular file");
        return NULL;
    }
    if (st.st_size <= 0 || (uintmax_t)st.st_size > PROTOCOL_STILL_FILE_BYTES_MAX) {
        err_set(err, st.st_size ? ERR_LIMIT : ERR_INPUT,
                "the file has %jd bytes; 1 to %zu are allowed", (intmax_t)st.st_size,
                PROTOCOL_STILL_FILE_BYTES_MAX);
        return NULL;
    }
    size_t size = (size_t)st.st_size;
    void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED) {
        err_set_errno(err, ERR_SYSTEM, errno, "cannot map the file");
        return NULL;
    }
    SDL_Surface *surface = decode_still(bytes, size, header, err);
    munmap(bytes, size);
    return surface;
}

static int scaled_size_px(int place_px, double scale)
{
    int size = (int)(place_px * scale + 0.5);
    if (size < 1)
        return 1;
    return size > STILL_SIDE_MAX_PX ? STILL_SIDE_MAX_PX : size;
}

struct still *still_open(int fd, const struct still_request *request, struct err *err)
{
    struct still *still = calloc(1, sizeof *still);
    if (!still) {
        err_oom(err);
        return NULL;
    }
    still->surface = decode_still_file(fd, &still->header, err);
    if (!still->surface) {
        free(still);
        return NULL;
    }
    still->request = *request;
    still->fitted =
        layout_fit(still->surface->w, still->surface->h, request->canvas_width_px,
                   request->canvas_height_px, request->fit, request->focus_x, request->focus_y);
    still->width_px = scaled_size_px(still->fitted.target.width, request->scale);
    still->height_px = scaled_size_px(still->fitted.target.height, request->scale);
    return still;
}

struct still_shape still_shape(const struct still *still)
{
    const struct layout_rect *source = &still->fitted.source;
    return (struct still_shape){
        .width_px = still->width_px,
        .height_px = still->height_px,
        .at = still->fitted.target,
        .focus_x =
            layout_within(still->request.focus_x * still->surface->w, source->x, source->width),
        .focus_y =
            layout_within(still->request.focus_y * still->surface->h, source->y, source->height),
        .stored_width_px = still->header.width,
        .stored_height_px = still->header.height,
        .orientation = still->header.orientation,
    };
}

bool still_paint(struct still *still, void *pixels, size_t stride_bytes, struct err *err)
{
    const SDL_Surface *surface = still->surface;
    enum still_scale_format format = STILL_SCALE_ARGB8888;
    if (surface->format->format == SDL_PIXELFORMAT_RGB24)
        format = STILL_SCALE_RGB24;
    else if (surface->format->format == SDL_PIXELFORMAT_RGBA32)
        format = STILL_SCALE_RGBA32;
    struct still_scale_source source = {
        .pixels = surface->pixels,
        .stride_bytes = (size_t)surface->pitch,
        .width_px = surface->w,
        .height_px = surface->h,
        .format = format,
        .part = still->fitted.source,
        .background = still->request.background,
    };
    struct still_scale_target target = {pixels, stride_bytes, still->width_px, still->height_px};
    return still_scale_picture(&source, &target, err);
}

void still_close(struct still *still)
{
    if (!still)
        return;
    SDL_FreeSurface(still->surface);
    free(still);
}
