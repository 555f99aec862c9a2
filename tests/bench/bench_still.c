/* Pictures as a worker decodes, scales and converts them, in this process: what a color profile
 * costs. Processor time, of which a busy machine does not make more. */
#include "bench.h"

#include "sandbox/protocol.h"
#include "worker/still.h"

#include <SDL_image.h>
#include <lcms2.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CANVAS_WIDTH 1920
#define CANVAS_HEIGHT 1080
#define ROUNDS 15
#define FILE_BYTES_MAX ((size_t)64 << 20)

struct file {
    uint8_t *bytes;
    size_t size;
};

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "bench_still: %s\n", what);
    exit(1);
}

/* Something like a photograph: slow changes, and some grain; or one whose left edge fades. */
static SDL_Surface *draw_photograph(int width, int height, bool fading)
{
    SDL_Surface *surface = SDL_CreateRGBSurfaceWithFormat(
        0, width, height, 32, fading ? SDL_PIXELFORMAT_ARGB8888 : SDL_PIXELFORMAT_XRGB8888);
    uint32_t seed = 1;
    if (!surface)
        give_up("no memory");
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            seed = seed * 1664525u + 1013904223u;
            uint32_t grain = seed >> 28, r = (uint32_t)(x * 200 / width) + grain;
            uint32_t g = (uint32_t)(y * 200 / height) + grain, b = (r + g) / 2 + grain;
            ((uint32_t *)surface->pixels)[y * surface->pitch / 4 + x] =
                (fading && x < 256 ? (uint32_t)x << 24 : 0xff000000u) | r << 16 | g << 8 | b;
        }
    return surface;
}

static struct file encode(SDL_Surface *surface, bool png)
{
    struct file file = {malloc(FILE_BYTES_MAX), 0};
    SDL_RWops *stream = file.bytes ? SDL_RWFromMem(file.bytes, (int)FILE_BYTES_MAX) : NULL;
    if (!stream ||
        (png ? IMG_SavePNG_RW(surface, stream, 0) : IMG_SaveJPG_RW(surface, stream, 0, 90)) < 0)
        give_up("cannot write a picture");
    file.size = (size_t)SDL_RWtell(stream);
    SDL_RWclose(stream);
    return file;
}

/* Display P3, as phones and designers' machines write it. */
static struct file p3_profile(void)
{
    static const cmsFloat64Number srgb[] = {2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045};
    const cmsCIExyY white = {0.3127, 0.3290, 1};
    const cmsCIExyYTRIPLE primaries = {{0.68, 0.32, 1}, {0.265, 0.69, 1}, {0.15, 0.06, 1}};
    cmsToneCurve *curve = cmsBuildParametricToneCurve(NULL, 4, srgb);
    cmsToneCurve *curves[] = {curve, curve, curve};
    cmsHPROFILE profile = cmsCreateRGBProfile(&white, &primaries, curves);
    cmsUInt32Number size = 65000;
    struct file file = {malloc(size), 0};
    if (!file.bytes || !cmsSaveProfileToMem(profile, file.bytes, &size))
        give_up("cannot write a profile");
    file.size = size;
    cmsCloseProfile(profile);
    cmsFreeToneCurve(curve);
    return file;
}

/* A copy of a file with bytes put into it. */
static struct file insert(const struct file *file, size_t at, const uint8_t *bytes, size_t count)
{
    struct file longer = {malloc(file->size + count), file->size + count};
    if (!longer.bytes)
        give_up("no memory");
    memcpy(longer.bytes, file->bytes, at);
    memcpy(longer.bytes + at, bytes, count);
    memcpy(longer.bytes + at + count, file->bytes + at, file->size - at);
    return longer;
}

/* Behind a JPEG's first marker, as APP2 (ICC.1, B.4). */
static struct file jpeg_with_profile(const struct file *jpeg, const struct file *profile)
{
    size_t length = profile->size + 16;
    const uint8_t head[18] = {0xff,
                              0xe2,
                              (uint8_t)(length >> 8),
                              (uint8_t)length,
                              'I',
                              'C',
                              'C',
                              '_',
                              'P',
                              'R',
                              'O',
                              'F',
                              'I',
                              'L',
                              'E',
                              0,
                              1,
                              1};
    struct file half = insert(jpeg, 2, head, sizeof head);
    struct file whole = insert(&half, 2 + sizeof head, profile->bytes, profile->size);
    free(half.bytes);
    return whole;
}

/* Display P3 in four numbers (cICP), behind a PNG's header: it needs no compression. */
static struct file png_with_code_points(const struct file *png)
{
    static const uint8_t chunk[16] = {0,  0,  0, 4, 'c',  'I',  'C',  'P',
                                      12, 13, 0, 1, 0x6e, 0x03, 0xe3, 0xef};
    return insert(png, 8 + 25, chunk, sizeof chunk);
}

static double decode_ms(const struct file *file, void *pixels)
{
    const struct still_request request = {.canvas_width_px = CANVAS_WIDTH,
                                          .canvas_height_px = CANVAS_HEIGHT,
                                          .fit = LAYOUT_FIT_COVER,
                                          .scale = 1};
    struct err err = {0};
    int64_t start_ns, end_ns;
    int fd = memfd_create("still", MFD_CLOEXEC);
    if (fd < 0 || write(fd, file->bytes, file->size) != (ssize_t)file->size)
        give_up("no memory");
    if (!clock_process_cpu_ns(getpid(), &start_ns))
        give_up("no processor time");
    struct still *still = still_open(fd, &request, &err);
    if (!still || !still_decode(still, &err) ||
        !still_paint(still, pixels, (size_t)CANVAS_WIDTH * 4, &err))
        give_up(err.text);
    if (!clock_process_cpu_ns(getpid(), &end_ns))
        give_up("no processor time");
    still_close(still);
    close(fd);
    return (double)(end_ns - start_ns) / 1e6;
}

/* In turn, so that what slows the machine slows both. */
static void compare(const char *name, const struct file *plain, const struct file *profiled)
{
    static double ms[2][ROUNDS], ratios[ROUNDS];
    void *pixels = malloc((size_t)CANVAS_WIDTH * CANVAS_HEIGHT * 4);
    if (!pixels)
        give_up("no memory");
    for (int i = 0; i < ROUNDS; i++) {
        ms[0][i] = decode_ms(plain, pixels);
        ms[1][i] = decode_ms(profiled, pixels);
        ratios[i] = ms[1][i] / ms[0][i];
    }
    free(pixels);
    qsort(ms[0], ROUNDS, sizeof *ms[0], bench_compare);
    qsort(ms[1], ROUNDS, sizeof *ms[1], bench_compare);
    qsort(ratios, ROUNDS, sizeof *ratios, bench_compare);
    printf("%s on a 1080p screen\t%.1f ms\tworst %.1f ms\t\n", name, ms[0][ROUNDS / 2],
           ms[0][ROUNDS - 1]);
    printf("%s on a 1080p screen, with a P3 profile\t%.1f ms\tworst %.1f ms\t\n", name,
           ms[1][ROUNDS / 2], ms[1][ROUNDS - 1]);
    printf("%s: with a profile against without\t%.2f ×\tworst %.2f ×\t1.5 ×\n", name,
           ratios[ROUNDS / 2], ratios[ROUNDS - 1]);
}

static void compare_formats(int width, int height, const struct file *profile)
{
    char name[64];
    for (int png = 0; png < 2; png++) {
        SDL_Surface *surface = draw_photograph(width, height, png);
        struct file plain = encode(surface, png);
        struct file profiled =
            png ? png_with_code_points(&plain) : jpeg_with_profile(&plain, profile);
        snprintf(name, sizeof name, "%s of %d × %d", png ? "PNG with alpha" : "JPEG", width,
                 height);
        compare(name, &plain, &profiled);
        SDL_FreeSurface(surface);
        free(plain.bytes);
        free(profiled.bytes);
    }
}

int main(void)
{
    struct file profile = p3_profile();
    still_prepare();
    compare_formats(1920, 1080, &profile);
    compare_formats(3840, 2160, &profile);
    free(profile.bytes);
    return 0;
}
