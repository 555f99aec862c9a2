#include "worker/still.h"

#include "core/still_header.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdbool.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <cmocka.h>

#include "sample_files.h"
#include "sample_frames.h"

#define JPEG_TOLERANCE 12 /* what quality 95 does to a flat field */
#define WEBP_TOLERANCE 24 /* quality 60 */
#define GROUND 0x102030u

static struct still *open_bytes(const void *bytes, size_t size, const struct still_request *request,
                                struct err *err)
{
    int fd = sample_open(bytes, size);
    struct still *still = still_open(fd, request, err);
    close(fd);
    if (!still || still_decode(still, err))
        return still;
    still_close(still);
    return NULL;
}

/* Decodes into a canvas of the picture's own size. */
static struct sample_canvas decode(const void *bytes, size_t size, int width, int height)
{
    struct err err = {0};
    const struct still_request request = {.canvas_width_px = width,
                                          .canvas_height_px = height,
                                          .fit = LAYOUT_FIT_FILL,
                                          .scale = 1,
                                          .background = GROUND};
    struct still *still = open_bytes(bytes, size, &request, &err);
    if (!still)
        fail_msg("%s", err.text);
    struct still_shape shape = still_shape(still);
    assert_int_equal(shape.width_px, width);
    assert_int_equal(shape.height_px, height);
    struct sample_canvas out = sample_canvas(width, height);
    assert_true(still_paint(still, out.canvas.pixels, out.canvas.stride_bytes, &err));
    still_close(still);
    return out;
}

/* The middle of each of the four fields is as it should be. */
static void check_fields(const struct canvas *canvas, const uint32_t fields[4], int tolerance)
{
    for (int i = 0; i < 4; i++) {
        int x = canvas->width_px * (1 + 2 * (i % 2)) / 4,
            y = canvas->height_px * (1 + 2 * (i / 2)) / 4;
        uint32_t pixel = *sample_pixel(canvas, x, y);
        assert_int_equal(pixel >> 24, 255);
        if (sample_apart(pixel, fields[i]) > tolerance)
            fail_msg("field %d: %06x instead of %06x", i, pixel & 0xffffff, fields[i]);
    }
}

static void check_file(const void *bytes, size_t size, const uint32_t fields[4], int tolerance)
{
    struct sample_canvas out = decode(bytes, size, SAMPLE_WIDTH, SAMPLE_HEIGHT);
    check_fields(&out.canvas, fields, tolerance);
    sample_canvas_finish(&out);
}

static void check_refused(const void *bytes, size_t size, enum err_code code, const char *words)
{
    const struct still_request request = {
        .canvas_width_px = 64, .canvas_height_px = 64, .scale = 1};
    struct err err = {0};
    assert_null(open_bytes(bytes, size, &request, &err));
    if (err.code != code || !strstr(err.text, words))
        fail_msg("%d \"%s\" instead of %d \"%s\"", err.code, err.text, code, words);
}

static SDL_Surface *fields_surface(int width, int height)
{
    SDL_Surface *surface =
        SDL_CreateRGBSurfaceWithFormat(0, width, height, 32, SDL_PIXELFORMAT_ARGB8888);
    assert_non_null(surface);
    for (int i = 0; i < 4; i++) {
        SDL_Rect part = {i % 2 * width / 2, i / 2 * height / 2, width / 2, height / 2};
        SDL_FillRect(surface, &part, 0xff000000u | sample_fields[i]);
    }
    return surface;
}

static struct sample_file fields_jpeg(int width, int height)
{
    SDL_Surface *surface = fields_surface(width, height);
    struct sample_file file = sample_jpeg_of(surface);
    SDL_FreeSurface(surface);
    return file;
}

static void jpeg(void **state)
{
    (void)state;
    struct sample_file file = fields_jpeg(64, 32);
    struct sample_canvas out = decode(file.bytes, file.size, 64, 32);
    check_fields(&out.canvas, sample_fields, JPEG_TOLERANCE);
    sample_canvas_finish(&out);
    free(file.bytes);
}

static void progressive_jpeg(void **state)
{
    (void)state;
    check_file(sample_progressive_jpeg, sizeof sample_progressive_jpeg, sample_fields,
               WEBP_TOLERANCE);
}

static void png_rgba(void **state)
{
    (void)state;
    struct sample_file file = sample_png_rgba(255);
    check_file(file.bytes, file.size, sample_fields, 0);
    free(file.bytes);
    const uint32_t hidden[4] = {sample_fields[0], GROUND, sample_fields[2], GROUND};
    file = sample_png_rgba(0);
    check_file(file.bytes, file.size, hidden, 0);
    free(file.bytes);
}

static void png_palette(void **state)
{
    (void)state;
    uint8_t palette[12], rows[SAMPLE_HEIGHT][SAMPLE_WIDTH];
    for (int i = 0; i < 12; i++)
        palette[i] = (uint8_t)(sample_fields[i / 3] >> (16 - 8 * (i % 3)));
    for (int y = 0; y < SAMPLE_HEIGHT; y++)
        for (int x = 0; x < SAMPLE_WIDTH; x++)
            rows[y][x] = (uint8_t)sample_field_at(x, y, SAMPLE_WIDTH, SAMPLE_HEIGHT);
    struct sample_png png = {.width = SAMPLE_WIDTH,
                             .height = SAMPLE_HEIGHT,
                             .depth = 8,
                             .type = 3,
                             .palette = palette,
                             .palette_count = 4,
                             .rows = rows[0],
                             .row_bytes = SAMPLE_WIDTH,
                             .row_count = SAMPLE_HEIGHT};
    struct sample_file file = sample_png(&png);
    check_file(file.bytes, file.size, sample_fields, 0);
    free(file.bytes);
    /* One entry quite transparent, then one half so. */
    static const uint8_t alphas[2][4] = {{255, 0, 255, 255}, {255, 128, 255, 255}};
    for (int i = 0; i < 2; i++) {
        png.alphas = alphas[i];
        png.alpha_bytes = 4;
        uint32_t fields[4];
        memcpy(fields, sample_fields, sizeof fields);
        fields[1] = i ? 0x1c6036 : GROUND; /* half of 28a03c over the ground */
        file = sample_png(&png);
        check_file(file.bytes, file.size, fields, 1);
        free(file.bytes);
    }
}

static void png_grey(void **state)
{
    (void)state;
    static const uint8_t levels[4] = {10, 90, 170, 250};
    uint8_t rows[SAMPLE_HEIGHT][SAMPLE_WIDTH * 2];
    for (int depth = 8; depth <= 16; depth += 8) {
        for (int y = 0; y < SAMPLE_HEIGHT; y++)
            for (int i = 0; i < SAMPLE_WIDTH * depth / 8; i++)
                rows[y][i] =
                    levels[sample_field_at(i / (depth / 8), y, SAMPLE_WIDTH, SAMPLE_HEIGHT)];
        const struct sample_png png = {.width = SAMPLE_WIDTH,
                                       .height = SAMPLE_HEIGHT,
                                       .depth = (uint8_t)depth,
                                       .type = 0,
                                       .rows = rows[0],
                                       .row_bytes = sizeof rows[0],
                                       .row_count = SAMPLE_HEIGHT};
        struct sample_png packed = png;
        uint8_t bytes[SAMPLE_HEIGHT * SAMPLE_WIDTH * 2];
        packed.row_bytes = (size_t)(SAMPLE_WIDTH * depth / 8);
        for (int y = 0; y < SAMPLE_HEIGHT; y++)
            memcpy(bytes + packed.row_bytes * (size_t)y, rows[y], packed.row_bytes);
        packed.rows = bytes;
        struct sample_file file = sample_png(&packed);
        const uint32_t fields[4] = {0x0a0a0a, 0x5a5a5a, 0xaaaaaa, 0xfafafa};
        check_file(file.bytes, file.size, fields, 0);
        free(file.bytes);
    }
}

static void webp(void **state)
{
    (void)state;
    const uint32_t hidden[4] = {sample_fields[0], GROUND, sample_fields[2], GROUND};
    check_file(sample_lossy_webp, sizeof sample_lossy_webp, sample_fields, WEBP_TOLERANCE);
    check_file(sample_lossless_webp, sizeof sample_lossless_webp, sample_fields, 0);
    check_file(sample_alpha_webp, sizeof sample_alpha_webp, hidden, WEBP_TOLERANCE);
}

/* TIFF 6.0, tag 274: where the first stored row and column are seen. */
static void stored_at(int orientation, const int size[2], int *x, int *y)
{
    int right = size[0] - 1 - *x, bottom = size[1] - 1 - *y, left = *x, top = *y;
    const int places[9][2] = {{0, 0},          {left, top},     {right, top},
                              {right, bottom}, {left, bottom},  {top, left},
                              {top, right},    {bottom, right}, {bottom, left}};
    *x = places[orientation][0];
    *y = places[orientation][1];
}

/* The four fields as a camera would have stored them. `stored` is row 0's and column 0's side, so
 * an upright pixel lies in the file where the table says. */
static SDL_Surface *stored_surface(int orientation, int width, int height)
{
    const int size[2] = {width, height};
    bool sideways = orientation >= 5;
    SDL_Surface *upright = fields_surface(width, height);
    SDL_Surface *stored = SDL_CreateRGBSurfaceWithFormat(
        0, sideways ? height : width, sideways ? width : height, 32, SDL_PIXELFORMAT_ARGB8888);
    assert_non_null(stored);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            int sx = x, sy = y;
            stored_at(orientation, size, &sx, &sy);
            ((uint32_t *)stored->pixels)[sy * stored->pitch / 4 + sx] =
                ((uint32_t *)upright->pixels)[y * upright->pitch / 4 + x];
        }
    SDL_FreeSurface(upright);
    return stored;
}

static void all_orientations_come_out_upright(void **state)
{
    (void)state;
    for (int orientation = 1; orientation <= 8; orientation++)
        for (int big = 0; big < 2; big++) {
            SDL_Surface *stored = stored_surface(orientation, 64, 32);
            struct sample_file plain = sample_jpeg_of(stored);
            struct sample_file file = sample_with_orientation(&plain, (uint16_t)orientation, big);
            struct sample_canvas out = decode(file.bytes, file.size, 64, 32);
            check_fields(&out.canvas, sample_fields, JPEG_TOLERANCE);
            sample_canvas_finish(&out);
            SDL_FreeSurface(stored);
            free(plain.bytes);
            free(file.bytes);
        }
}

/* A camera's portrait picture is laid out by its upright sides. */
static void orientation_comes_before_fitting(void **state)
{
    (void)state;
    struct sample_file plain = fields_jpeg(64, 32);
    struct sample_file file = sample_with_orientation(&plain, 6, true);
    const struct still_request request = {
        .canvas_width_px = 100, .canvas_height_px = 100, .fit = LAYOUT_FIT_CONTAIN, .scale = 1};
    struct err err = {0};
    struct still *still = open_bytes(file.bytes, file.size, &request, &err);
    assert_non_null(still);
    struct still_shape shape = still_shape(still);
    assert_int_equal(shape.at.width, 50);
    assert_int_equal(shape.at.height, 100);
    assert_int_equal(shape.at.x, 25);
    still_close(still);
    free(plain.bytes);
    free(file.bytes);
}

static void shape_of_a_moving_cover(void **state)
{
    (void)state;
    struct sample_file file = sample_png_rgba(255);
    const struct still_request request = {.canvas_width_px = 200,
                                          .canvas_height_px = 200,
                                          .fit = LAYOUT_FIT_COVER,
                                          .focus_x = 0.25,
                                          .focus_y = 0.5,
                                          .scale = 1.08};
    struct err err = {0};
    struct still *still = open_bytes(file.bytes, file.size, &request, &err);
    assert_non_null(still);
    struct still_shape shape = still_shape(still);
    assert_int_equal(shape.width_px, 216);
    assert_int_equal(shape.height_px, 216);
    assert_int_equal(shape.at.width, 200);
    assert_int_equal(shape.at.height, 200);
    /* 8 of 12 columns are seen, from 0 on, as the focus is near the edge: it lies at 3 of 8. */
    assert_true(shape.focus_x > 0.3749 && shape.focus_x < 0.3751);
    assert_true(shape.focus_y > 0.4999 && shape.focus_y < 0.5001);
    still_close(still);
    free(file.bytes);
}

static void what_is_no_picture(void **state)
{
    (void)state;
    const char text[] = "This is a text file that somebody named ducklings.png\n";
    check_refused(text, sizeof text, ERR_INPUT, "not a JPEG, PNG, WebP or GIF picture");
    check_refused("GIF89a\1\0\1\0\0\0\0;", 14, ERR_INPUT, "cut off");
    check_refused("", 0, ERR_INPUT, "the file has 0 bytes");
}

static void cut_files_are_refused(void **state)
{
    (void)state;
    struct sample_file file = fields_jpeg(64, 32);
    check_refused(file.bytes, file.size - 1, ERR_INPUT, "cut off");
    check_refused(file.bytes, file.size - file.size / 8, ERR_INPUT, "cut off");
    free(file.bytes);
    file = sample_png_rgba(255);
    check_refused(file.bytes, file.size - 1, ERR_INPUT, "cut off");
    check_refused(sample_lossy_webp, sizeof sample_lossy_webp - 2, ERR_INPUT, "cut off");
    free(file.bytes);
}

/* Red and transparent, 2 x 1 pixels, with codes of three bits: clear, 1, 0, end. */
#define GIF_START "GIF89a\2\0\1\0\x80\0\0\0\0\0\xc8\x28\x28"
#define GIF_CONTROL "\x21\xf9\4\1\0\0\0\0"
#define GIF_PICTURE "\x2c\0\0\0\0\2\0\1\0\0\2\2\x0c\x0a\0"

static void damaged_files_never_crash(void **state)
{
    static const char gif[] = GIF_START GIF_CONTROL GIF_PICTURE GIF_CONTROL GIF_PICTURE ";";
    (void)state;
    const struct still_request request = {
        .canvas_width_px = 24, .canvas_height_px = 16, .scale = 1};
    struct sample_file files[] = {fields_jpeg(64, 32), sample_png_rgba(99), {0}, {0}, {0}};
    sample_put(&files[2], sample_alpha_webp, sizeof sample_alpha_webp);
    sample_put(&files[3], sample_progressive_jpeg, sizeof sample_progressive_jpeg);
    sample_put(&files[4], gif, sizeof gif - 1);
    enum { KINDS = sizeof files / sizeof *files };
    uint64_t seed = 42;
    int refused[KINDS] = {0};
    for (int i = 0; i < 300 * KINDS; i++) {
        struct sample_file *file = &files[i % KINDS];
        size_t at = sample_random(&seed) % file->size;
        uint8_t kept = file->bytes[at];
        file->bytes[at] = (uint8_t)sample_random(&seed);
        struct err err = {0};
        struct still *still = open_bytes(file->bytes, file->size, &request, &err);
        refused[i % KINDS] += !still;
        assert_true(still || (err.code != ERR_NONE && err.text[0]));
        still_close(still);
        file->bytes[at] = kept;
    }
    for (int i = 0; i < KINDS; i++) {
        assert_in_range(refused[i], 5, 299);
        free(files[i].bytes);
    }
}

/* Refused by its header: the process's largest size does not grow by what 20,000² would cost. */
static void a_huge_picture_costs_nothing(void **state)
{
    (void)state;
    const struct sample_png png = {.width = 20000, .height = 20000, .depth = 8, .type = 6};
    struct sample_file file = sample_png(&png);
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    check_refused(file.bytes, file.size, ERR_LIMIT,
                  "the picture has 20000 × 20000 pixels; at most 16384 a side");
    getrusage(RUSAGE_SELF, &after);
    assert_true(after.ru_maxrss - before.ru_maxrss < 65536);
    free(file.bytes);
    const struct sample_png area = {.width = 16384, .height = 6104, .depth = 8, .type = 2};
    file = sample_png(&area);
    check_refused(file.bytes, file.size, ERR_LIMIT, "100 million in total");
    free(file.bytes);
}

/* Written with the Adobe marker: inks are stored inverted, and without a profile they are ideal. */
static void cmyk_is_shown(void **state)
{
    (void)state;
    check_file(sample_cmyk_jpeg, sizeof sample_cmyk_jpeg, sample_fields, WEBP_TOLERANCE);
}

static uint32_t notes_of(const struct sample_file *file)
{
    const struct still_request request = {
        .canvas_width_px = 64, .canvas_height_px = 64, .scale = 1};
    struct err err = {0};
    struct still *still = open_bytes(file->bytes, file->size, &request, &err);
    if (!still)
        fail_msg("%s", err.text);
    uint32_t notes = still_shape(still).notes;
    still_close(still);
    return notes;
}

/* An APP2 segment with an ICC profile, behind a JPEG's first marker. */
static struct sample_file with_profile(const void *jpeg, size_t jpeg_bytes, const void *profile,
                                       size_t profile_bytes, uint8_t parts)
{
    struct sample_file file = {0};
    sample_put(&file, jpeg, 2);
    sample_put(&file, "\xff\xe2", 2);
    sample_put_number(&file, (uint32_t)profile_bytes + 16, 2);
    sample_put(&file, "ICC_PROFILE\0\1", 13);
    sample_put(&file, &parts, 1);
    sample_put(&file, profile, profile_bytes);
    sample_put(&file, (const uint8_t *)jpeg + 2, jpeg_bytes - 2);
    return file;
}

static void what_is_not_as_the_file_says_is_noted(void **state)
{
    (void)state;
    struct sample_file plain = fields_jpeg(64, 32), inks = {0};
    sample_put(&inks, sample_cmyk_jpeg, sizeof sample_cmyk_jpeg);
    assert_int_equal(notes_of(&plain), 0);
    assert_int_equal(notes_of(&inks), PROTOCOL_STILL_INKS_UNKNOWN);
    struct sample_file bad = with_profile(plain.bytes, plain.size, "not a profile", 13, 1);
    assert_int_equal(notes_of(&bad), PROTOCOL_STILL_PROFILE_DAMAGED);
    free(bad.bytes);
    bad = with_profile(plain.bytes, plain.size, "a part", 6, 2); /* the second is missing */
    assert_int_equal(notes_of(&bad), PROTOCOL_STILL_PROFILE_DAMAGED);
    free(bad.bytes);
    free(plain.bytes);
    free(inks.bytes);
}

static void the_first_picture_of_an_animation(void **state)
{
    (void)state;
    static const char still[] = GIF_START GIF_CONTROL GIF_PICTURE ";";
    static const char moving[] = GIF_START GIF_CONTROL GIF_PICTURE GIF_CONTROL GIF_PICTURE ";";
    static const char bare[] = GIF_START GIF_CONTROL GIF_PICTURE; /* as some programs end it */
    const struct {
        const char *bytes;
        size_t size;
        uint32_t notes;
    } rows[] = {{still, sizeof still - 1, 0},
                {moving, sizeof moving - 1, PROTOCOL_STILL_MOVES},
                {bare, sizeof bare - 1, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sample_file file = {0};
        sample_put(&file, rows[i].bytes, rows[i].size);
        assert_int_equal(notes_of(&file), rows[i].notes);
        struct sample_canvas out = decode(file.bytes, file.size, 2, 1);
        assert_int_equal(*sample_pixel(&out.canvas, 0, 0) & 0xffffff, 0xc82828);
        assert_int_equal(*sample_pixel(&out.canvas, 1, 0) & 0xffffff, GROUND);
        sample_canvas_finish(&out);
        free(file.bytes);
    }
    check_refused(bare, sizeof bare - 2, ERR_INPUT, "cut off");
    /* A code that is in no table yet. */
    check_refused(GIF_START "\x2c\0\0\0\0\2\0\1\0\0\2\1\xfc\0;", 34, ERR_INPUT, "damaged");
}

/* What a decoder would paint gray, or shifted: whoever looks at a wall takes it for a fault. */
static void a_jpeg_that_lost_bytes_is_refused(void **state)
{
    (void)state;
    struct sample_file file = fields_jpeg(64, 32), lost = {0};
    size_t scan = 0;
    while (memcmp(file.bytes + scan, "\xff\xda", 2) != 0)
        scan++;
    size_t from = scan + (file.size - scan) / 2;
    sample_put(&lost, file.bytes, from);
    sample_put(&lost, "\xff\xd9", 2);
    check_refused(lost.bytes, lost.size, ERR_INPUT, "the picture is damaged: ");
    free(file.bytes);
    free(lost.bytes);
}

static void what_is_no_file(void **state)
{
    (void)state;
    const struct still_request request = {
        .canvas_width_px = 64, .canvas_height_px = 64, .scale = 1};
    struct err err = {0};
    int folder = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_null(still_open(folder, &request, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_string_equal(err.text, "not a regular file");
    close(folder);
    int fifo[2];
    assert_int_equal(pipe2(fifo, O_CLOEXEC), 0);
    err = (struct err){0};
    assert_null(still_open(fifo[0], &request, &err)); /* and does not wait for bytes */
    assert_string_equal(err.text, "not a regular file");
    close(fifo[0]);
    close(fifo[1]);
    assert_null(still_open(-1, &request, &err));
    still_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jpeg),
        cmocka_unit_test(progressive_jpeg),
        cmocka_unit_test(png_rgba),
        cmocka_unit_test(png_palette),
        cmocka_unit_test(png_grey),
        cmocka_unit_test(webp),
        cmocka_unit_test(all_orientations_come_out_upright),
        cmocka_unit_test(orientation_comes_before_fitting),
        cmocka_unit_test(shape_of_a_moving_cover),
        cmocka_unit_test(what_is_no_picture),
        cmocka_unit_test(cut_files_are_refused),
        cmocka_unit_test(damaged_files_never_crash),
        cmocka_unit_test(a_huge_picture_costs_nothing),
        cmocka_unit_test(cmyk_is_shown),
        cmocka_unit_test(what_is_not_as_the_file_says_is_noted),
        cmocka_unit_test(the_first_picture_of_an_animation),
        cmocka_unit_test(a_jpeg_that_lost_bytes_is_refused),
        cmocka_unit_test(what_is_no_file),
    };
    return cmocka_run_group_tests_name("still", tests, NULL, NULL);
}
