#include "core/still_header.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "sample_files.h"

static struct sample_file baseline_jpeg(void)
{
    SDL_Surface *surface =
        SDL_CreateRGBSurfaceWithFormat(0, SAMPLE_WIDTH, SAMPLE_HEIGHT, 24, SDL_PIXELFORMAT_RGB24);
    assert_non_null(surface);
    SDL_FillRect(surface, NULL, 0x808080);
    struct sample_file file = sample_jpeg_of(surface);
    SDL_FreeSurface(surface);
    return file;
}

/* A file of which no more is at hand than what was asked for last. */
struct parts {
    const uint8_t *bytes;
    uint8_t *part;
    size_t end; /* nothing can be read from here on */
};

static const uint8_t *look(void *context, size_t at, size_t count)
{
    struct parts *parts = context;
    assert_in_range(count, 1, STILL_READ_BYTES_MAX);
    free(parts->part);
    parts->part = NULL;
    if (at + count > parts->end)
        return NULL;
    parts->part = malloc(count);
    assert_non_null(parts->part);
    memcpy(parts->part, parts->bytes + at, count);
    return parts->part;
}

static bool read_parts(const uint8_t *bytes, size_t size, size_t end, struct still_header *header)
{
    struct parts parts = {.bytes = bytes, .end = end};
    bool known = still_header_read_from(
        &(struct still_bytes){.size = size, .read = look, .context = &parts}, header);
    free(parts.part);
    return known;
}

/* Reads from memory of exactly this size, so that AddressSanitizer sees a byte too many; and in
 * parts, which must come to the same. */
static bool read_exactly(const uint8_t *bytes, size_t size, struct still_header *header)
{
    uint8_t *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    bool ok = size ? still_header_read(copy, size, header) : still_header_read(copy + 1, 0, header);
    free(copy);
    struct still_header again;
    assert_int_equal(read_parts(bytes, size, size, &again), ok);
    assert_memory_equal(&again, header, sizeof again);
    return ok;
}

static void check_sample(const uint8_t *bytes, size_t size, enum still_format format,
                         int components)
{
    struct still_header header;
    assert_true(read_exactly(bytes, size, &header));
    assert_int_equal(header.format, format);
    assert_int_equal(header.width, SAMPLE_WIDTH);
    assert_int_equal(header.height, SAMPLE_HEIGHT);
    assert_int_equal(header.components, components);
    assert_int_equal(header.orientation, 1);
    assert_true(header.complete);
}

/* However it is cut, it is never taken for whole, and its size is the true one or none. */
static void check_cut(const uint8_t *bytes, size_t size)
{
    for (size_t cut = 0; cut < size; cut++) {
        struct still_header header;
        bool known = read_exactly(bytes, cut, &header);
        if (known && header.complete)
            fail_msg("complete with %zu of %zu bytes", cut, size);
        assert_true(header.complete == false);
        assert_int_equal(known, header.format != STILL_UNKNOWN);
        assert_int_equal(header.width, known ? SAMPLE_WIDTH : 0);
        assert_int_equal(header.height, known ? SAMPLE_HEIGHT : 0);
    }
}

static void check_whole_and_cut(const uint8_t *bytes, size_t size, enum still_format format,
                                int components)
{
    check_sample(bytes, size, format, components);
    check_cut(bytes, size);
    /* What follows the end does not matter: some cameras append data. */
    struct sample_file longer = {0};
    sample_put(&longer, bytes, size);
    sample_put(&longer, "appended", 8);
    check_sample(longer.bytes, longer.size, format, components);
    free(longer.bytes);
}

static void jpeg(void **state)
{
    (void)state;
    struct sample_file file = baseline_jpeg();
    check_whole_and_cut(file.bytes, file.size, STILL_JPEG, 3);
    free(file.bytes);
}

static void progressive_jpeg(void **state)
{
    (void)state;
    check_whole_and_cut(sample_progressive_jpeg, sizeof sample_progressive_jpeg, STILL_JPEG, 3);
}

/* As a JPEG's header has it: SOF of a kind, a scan of so many components, and the end. */
static struct still_header multi_scan(uint8_t kind, int side, int components, uint8_t sampling,
                                      int in_scan)
{
    uint8_t bytes[64] = {0xff, 0xd8, 0xff, kind, 0, (uint8_t)(8 + 3 * components), 8};
    size_t at = 7;
    for (int i = 0; i < 2; i++) {
        bytes[at++] = (uint8_t)(side >> 8);
        bytes[at++] = (uint8_t)side;
    }
    bytes[at++] = (uint8_t)components;
    for (int i = 0; i < components; i++, at += 3)
        memcpy(bytes + at, (uint8_t[]){(uint8_t)i, i ? 0x11 : sampling, 0}, 3);
    memcpy(bytes + at, (uint8_t[]){0xff, 0xda, 0, 4, (uint8_t)in_scan, 0, 0xff, 0xd9}, 8);
    struct still_header header;
    assert_true(read_exactly(bytes, at + 8, &header));
    assert_true(header.complete);
    return header;
}

/* Two bytes for each coefficient, and a block more than needed each way. */
static void what_several_scans_keep(void **state)
{
    (void)state;
    const int side = 8000, blocks = 1001 * 1001, half = 501 * 501;
    assert_int_equal(multi_scan(0xc2, side, 3, 0x11, 3).coefficient_bytes, 3 * blocks * 128);
    assert_int_equal(multi_scan(0xc2, side, 3, 0x22, 1).coefficient_bytes,
                     (blocks + 2 * half) * 128);
    assert_int_equal(multi_scan(0xca, side, 4, 0x11, 4).coefficient_bytes, 4 * blocks * 128);
    assert_int_equal(multi_scan(0xc0, side, 3, 0x11, 3).coefficient_bytes, 0);
    assert_int_equal(multi_scan(0xc1, side, 3, 0x11, 1).coefficient_bytes, 3 * blocks * 128);
}

static void what_needs_too_much_memory(void **state)
{
    (void)state;
    char text[256];
    struct still_header header = multi_scan(0xc2, 10000, 4, 0x11, 4);
    assert_false(still_header_check(&header, text, sizeof text));
    assert_string_equal(
        text, "a progressive JPEG of 10000 × 10000 pixels in 4 colors takes 1201 MB to decode; "
              "1000 MB are allowed: save it as a baseline JPEG, or smaller");
    header = multi_scan(0xc0, 10000, 4, 0x11, 4);
    assert_true(still_header_check(&header, text, sizeof text));
    header = multi_scan(0xc2, 10000, 3, 0x11, 3);
    assert_true(still_header_check(&header, text, sizeof text));
    header = multi_scan(0xc2, 9100, 4, 0x11, 4);
    assert_true(still_header_check(&header, text, sizeof text));
}

static void cmyk_jpeg(void **state)
{
    (void)state;
    check_whole_and_cut(sample_cmyk_jpeg, sizeof sample_cmyk_jpeg, STILL_JPEG, 4);
}

static void png(void **state)
{
    (void)state;
    struct sample_file file = sample_png_rgba(255);
    check_whole_and_cut(file.bytes, file.size, STILL_PNG, 0);
    free(file.bytes);
}

static void webp_of_three_kinds(void **state)
{
    (void)state;
    check_whole_and_cut(sample_lossy_webp, sizeof sample_lossy_webp, STILL_WEBP, 0);
    check_whole_and_cut(sample_lossless_webp, sizeof sample_lossless_webp, STILL_WEBP, 0);
    check_whole_and_cut(sample_alpha_webp, sizeof sample_alpha_webp, STILL_WEBP, 0);
}

static void orientations_of_both_byte_orders(void **state)
{
    (void)state;
    struct sample_file plain = baseline_jpeg();
    for (uint16_t orientation = 0; orientation <= 10; orientation++)
        for (int big = 0; big < 2; big++) {
            struct sample_file file = sample_with_orientation(&plain, orientation, big);
            struct still_header header;
            assert_true(read_exactly(file.bytes, file.size, &header));
            bool known = orientation >= 1 && orientation <= 8;
            assert_int_equal(header.orientation, known ? orientation : 1);
            assert_int_equal(header.width, SAMPLE_WIDTH); /* as stored */
            assert_true(header.complete);
            check_cut(file.bytes, file.size);
            free(file.bytes);
        }
    free(plain.bytes);
}

/* Any single byte of the EXIF segment may lie: its offsets and counts reach nowhere. */
static void exif_that_lies(void **state)
{
    (void)state;
    struct sample_file plain = baseline_jpeg();
    for (int big = 0; big < 2; big++) {
        struct sample_file file = sample_with_orientation(&plain, 6, big);
        for (size_t at = 4; at < 4 + 2 + 6 + 26; at++) {
            uint8_t kept = file.bytes[at];
            for (int value = 0; value < 256; value++) {
                struct still_header header;
                file.bytes[at] = (uint8_t)value;
                if (read_exactly(file.bytes, file.size, &header))
                    assert_in_range(header.orientation, 1, 8);
            }
            file.bytes[at] = kept;
        }
        free(file.bytes);
    }
    free(plain.bytes);
}

static void sizes_that_lie(void **state)
{
    (void)state;
    static const struct {
        uint32_t width, height;
        bool known;
    } rows[] = {
        {20000, 20000, true}, {INT32_MAX, 1, true},    {0, 5, false},
        {5, 0, false},        {0x80000000u, 5, false}, {5, 0xffffffffu, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct sample_png png = {
            .width = rows[i].width, .height = rows[i].height, .depth = 8};
        struct sample_file file = sample_png(&png);
        struct still_header header;
        assert_int_equal(read_exactly(file.bytes, file.size, &header), rows[i].known);
        assert_int_equal(header.width, rows[i].known ? (int32_t)rows[i].width : 0);
        assert_int_equal(header.height, rows[i].known ? (int32_t)rows[i].height : 0);
        free(file.bytes);
    }
}

/* A second frame header must not replace the first: the decoder believes the first. */
static void a_second_jpeg_size_is_ignored(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0xff, 0xd8, 0xff, 0xc0, 0, 11,   8,    0, 8,    0,
                                    12,   3,    0,    0,    0, 0xff, 0xc0, 0, 11,   8,
                                    1,    0xf4, 1,    44,   1, 0,    0,    0, 0xff, 0xd9};
    check_sample(bytes, sizeof bytes, STILL_JPEG, 3);
}

/* An EXIF thumbnail has an end mark of its own, inside its segment. */
static void an_end_mark_inside_a_segment_is_not_the_end(void **state)
{
    (void)state;
    struct sample_file plain = baseline_jpeg(), file = {0};
    sample_put(&file, plain.bytes, 2);
    static const uint8_t segment[] = {0xff, 0xe2, 0, 6, 0xff, 0xd9, 0xff, 0xd9};
    sample_put(&file, segment, sizeof segment);
    sample_put(&file, plain.bytes + 2, plain.size - 2);
    check_whole_and_cut(file.bytes, file.size, STILL_JPEG, 3);
    free(plain.bytes);
    free(file.bytes);
}

static void chunks_and_segments_that_lie(void **state)
{
    (void)state;
    struct sample_file samples[] = {sample_png_rgba(128), baseline_jpeg(), {0}, {0}};
    sample_put(&samples[2], sample_alpha_webp, sizeof sample_alpha_webp);
    sample_put(&samples[3], sample_progressive_jpeg, sizeof sample_progressive_jpeg);
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        for (size_t at = 0; at < samples[i].size; at++)
            for (int bit = 0; bit < 8; bit++) {
                struct still_header header;
                samples[i].bytes[at] ^= (uint8_t)(1 << bit);
                bool known = read_exactly(samples[i].bytes, samples[i].size, &header);
                assert_int_equal(known, header.format != STILL_UNKNOWN);
                assert_true(!known || (header.width > 0 && header.height > 0));
                samples[i].bytes[at] ^= (uint8_t)(1 << bit);
            }
        free(samples[i].bytes);
    }
}

static void what_is_no_picture(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "\xff\xd8\xff",
                                        "GIF89a",
                                        "hello, this is text",
                                        "<svg xmlns='http://www.w3.org/2000/svg'/>",
                                        "RIFF\x10\0\0\0WAVEfmt ",
                                        "\x89PNG\r\n\x1a\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct still_header header;
        assert_false(read_exactly((const uint8_t *)texts[i], strlen(texts[i]), &header));
        assert_int_equal(header.format, STILL_UNKNOWN);
        assert_int_equal(header.orientation, 1);
        assert_false(header.complete);
    }
}

/* Marks on both sides of the border between two looks, and on it. */
static void a_scan_longer_than_one_look(void **state)
{
    (void)state;
    struct sample_file sample = baseline_jpeg();
    static uint8_t scan[STILL_READ_BYTES_MAX * 2];
    for (size_t i = 0; i < sizeof scan; i++)
        scan[i] = (uint8_t) "\x12\xff\x00\xff\xd3"[i % 5];
    for (size_t spare = 0; spare < 12; spare++) {
        struct sample_file file = {0};
        sample_put(&file, sample.bytes, sample.size - 2);
        sample_put(&file, scan, sizeof scan - sizeof scan % 5);
        sample_put(&file, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", spare);
        sample_put(&file, "\xff\xd9", 2);
        check_sample(file.bytes, file.size, STILL_JPEG, 3);
        struct still_header header;
        read_exactly(file.bytes, file.size - 1, &header);
        assert_false(header.complete);
        free(file.bytes);
    }
    free(sample.bytes);
}

/* Wherever reading fails, the picture is not taken for whole. */
static void a_file_that_can_be_read_in_part(void **state)
{
    (void)state;
    struct sample_file files[] = {baseline_jpeg(), sample_png_rgba(128)};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        for (size_t end = 0; end < files[i].size; end++) {
            struct still_header header;
            read_parts(files[i].bytes, files[i].size, end, &header);
            assert_false(header.complete);
        }
        free(files[i].bytes);
    }
}

/* Fill bytes, which a marker may have before it (ITU T.81, B.1.1.2), and what was left there by
 * mistake. */
static void stray_bytes_between_segments(void **state)
{
    (void)state;
    struct sample_file sample = baseline_jpeg();
    static const uint8_t zeros[STILL_READ_BYTES_MAX + 10] = {0};
    const struct {
        const void *bytes;
        size_t size;
    } strays[] = {{"\xff\xff\xff", 3}, {"hello", 5}, {"\xff\0\xff", 3}, {zeros, sizeof zeros}};
    for (size_t i = 0; i < sizeof strays / sizeof *strays; i++) {
        struct sample_file file = {0};
        size_t at = 2;
        sample_put(&file, sample.bytes, 2);
        while (sample.bytes[at + 1] != 0xda) {
            size_t length = (size_t)sample.bytes[at + 2] << 8 | sample.bytes[at + 3];
            sample_put(&file, strays[i].bytes, strays[i].size);
            sample_put(&file, sample.bytes + at, length + 2);
            at += length + 2;
        }
        sample_put(&file, strays[i].bytes, strays[i].size);
        sample_put(&file, sample.bytes + at, sample.size - at);
        check_sample(file.bytes, file.size, STILL_JPEG, 3);
        struct still_header header;
        read_exactly(file.bytes, file.size - 1, &header);
        assert_false(header.complete);
        free(file.bytes);
    }
    free(sample.bytes);
}

/* Tiny segments with a stray byte between them: what is read again must not grow with the square
 * of the file. */
static size_t bytes_asked_for;

static const uint8_t *count_look(void *context, size_t at, size_t count)
{
    bytes_asked_for += count;
    return (const uint8_t *)context + at;
}

static void many_segments_cost_little(void **state)
{
    (void)state;
    struct sample_file sample = baseline_jpeg(), file = {0};
    sample_put(&file, sample.bytes, 2);
    for (int i = 0; i < 20000; i++)
        sample_put(&file, "\0\xff\xe5\0\2", 5);
    sample_put(&file, sample.bytes + 2, sample.size - 2);
    struct still_header header;
    bytes_asked_for = 0;
    assert_true(still_header_read_from(
        &(struct still_bytes){.size = file.size, .read = count_look, .context = file.bytes},
        &header));
    assert_true(header.complete);
    assert_true(bytes_asked_for < 40 * file.size);
    free(sample.bytes);
    free(file.bytes);
}

/* A chunk put before a PNG's picture. */
static struct sample_file png_with_chunk(const char *type, const void *body, size_t size)
{
    struct sample_file plain = sample_png_rgba(255), file = {0};
    const size_t head = 8 + 12 + 13;
    sample_put(&file, plain.bytes, head);
    sample_put_chunk(&file, type, body, size);
    sample_put(&file, plain.bytes + head, plain.size - head);
    free(plain.bytes);
    return file;
}

static struct sample_file webp_with_exif(const void *exif, uint32_t size)
{
    struct sample_file file = {0};
    sample_put(&file, sample_alpha_webp, sizeof sample_alpha_webp);
    const uint8_t head[8] = {'E', 'X', 'I', 'F', (uint8_t)size, (uint8_t)(size >> 8), 0, 0};
    sample_put(&file, head, sizeof head);
    sample_put(&file, exif, size);
    sample_put(&file, "", size & 1);
    uint32_t riff = (uint32_t)file.size - 8;
    for (int i = 0; i < 4; i++)
        file.bytes[4 + i] = (uint8_t)(riff >> 8 * i);
    return file;
}

static void orientations_of_png_and_webp(void **state)
{
    (void)state;
    for (uint8_t orientation = 0; orientation <= 9; orientation++)
        for (int marked = 0; marked < 2; marked++) {
            uint8_t exif[32] = "Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0";
            exif[25] = orientation;
            const uint8_t *start = exif + (marked ? 0 : 6);
            uint32_t size = marked ? 32 : 26;
            int wanted = orientation >= 1 && orientation <= 8 ? orientation : 1;
            struct sample_file files[] = {png_with_chunk("eXIf", start, size),
                                          webp_with_exif(start, size)};
            for (int i = 0; i < 2; i++) {
                struct still_header header;
                assert_true(read_exactly(files[i].bytes, files[i].size, &header));
                assert_int_equal(header.orientation, wanted);
                assert_int_equal(header.width, SAMPLE_WIDTH);
                assert_true(header.complete);
                check_cut(files[i].bytes, files[i].size);
                free(files[i].bytes);
            }
        }
}

/* One pixel: the smallest file that cwebp makes. */
static void a_tiny_webp(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {'R',  'I', 'F', 'F', 20,  0,    0,    0, 'W', 'E',
                                    'B',  'P', 'V', 'P', '8', 'L',  8,    0, 0,   0,
                                    0x2f, 0,   0,   0,   0,   0x28, 0x2f, 0};
    struct still_header header;
    assert_true(read_exactly(bytes, sizeof bytes, &header));
    assert_int_equal(header.format, STILL_WEBP);
    assert_int_equal(header.width, 1);
    assert_int_equal(header.height, 1);
    assert_true(header.complete);
}

static void check_whole_and_cut_gif(const char *text, size_t size)
{
    const uint8_t *bytes = (const uint8_t *)text;
    check_sample(bytes, size, STILL_GIF, 0);
    for (size_t cut = 13; cut < size; cut++) { /* its size is at the beginning */
        struct still_header header;
        assert_true(read_exactly(bytes, cut, &header));
        assert_int_equal(header.width, SAMPLE_WIDTH);
        assert_false(header.complete);
    }
}

#define GIF_SCREEN                                                                                 \
    "GIF89a\x0c\0\x08\0\x80\0\0"                                                                   \
    "\0\0\0\xc8\x28\x28"
#define GIF_COMMENT "\x21\xfe\3abc\0"
#define GIF_PICTURE "\x2c\0\0\0\0\x0c\0\x08\0\0\2\3\x0c\x0a\1\0"

static void gif(void **state)
{
    (void)state;
    static const char bytes[] = GIF_SCREEN GIF_COMMENT GIF_PICTURE;
    check_whole_and_cut_gif(bytes, sizeof bytes - 1);
    /* The canvas grows with the first picture. */
    static const char larger[] = "GIF87a\0\0\0\0\0\0\0"
                                 "\x2c\5\0\6\0\x07\0\x02\0\0\2\1\x0c\0;";
    struct still_header header;
    assert_true(read_exactly((const uint8_t *)larger, sizeof larger - 1, &header));
    assert_int_equal(header.width, 12);
    assert_int_equal(header.height, 8);
    assert_true(header.complete);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jpeg),
        cmocka_unit_test(progressive_jpeg),
        cmocka_unit_test(cmyk_jpeg),
        cmocka_unit_test(what_several_scans_keep),
        cmocka_unit_test(what_needs_too_much_memory),
        cmocka_unit_test(png),
        cmocka_unit_test(webp_of_three_kinds),
        cmocka_unit_test(orientations_of_both_byte_orders),
        cmocka_unit_test(exif_that_lies),
        cmocka_unit_test(sizes_that_lie),
        cmocka_unit_test(a_second_jpeg_size_is_ignored),
        cmocka_unit_test(an_end_mark_inside_a_segment_is_not_the_end),
        cmocka_unit_test(chunks_and_segments_that_lie),
        cmocka_unit_test(what_is_no_picture),
        cmocka_unit_test(stray_bytes_between_segments),
        cmocka_unit_test(many_segments_cost_little),
        cmocka_unit_test(orientations_of_png_and_webp),
        cmocka_unit_test(a_tiny_webp),
        cmocka_unit_test(gif),
        cmocka_unit_test(a_scan_longer_than_one_look),
        cmocka_unit_test(a_file_that_can_be_read_in_part),
    };
    return cmocka_run_group_tests_name("still_header", tests, NULL, NULL);
}
