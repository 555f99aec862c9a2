/* What files are by their first bytes, and that not one byte more is read. */
#include "core/media_kind.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* In memory of just that size, for the sanitizer. */
static enum media_kind kind_of(const char *bytes, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    assert_true(copy || size == 0);
    if (size)
        memcpy(copy, bytes, size);
    enum media_kind kind = media_kind_of(copy, size);
    free(copy);
    return kind;
}

#define SAMPLE(bytes, kind)                                                                        \
    {                                                                                              \
        bytes, sizeof(bytes) - 1, kind                                                             \
    }

static const struct sample {
    const char *bytes;
    size_t size;
    enum media_kind kind;
} samples[] = {
    SAMPLE("\0\0\0\x20"
           "ftyp",
           MEDIA_KIND_MP4),
    SAMPLE("\0\0\0\x08wide", MEDIA_KIND_MP4),
    SAMPLE("\x1a\x45\xdf\xa3", MEDIA_KIND_MATROSKA),
    SAMPLE("\xff\xd8\xff", MEDIA_KIND_JPEG),
    SAMPLE("\x89PNG\r\n\x1a\n", MEDIA_KIND_PNG),
    SAMPLE("RIFF....WEBP", MEDIA_KIND_WEBP),
    SAMPLE("RIFF....AVI ", MEDIA_KIND_AVI),
    SAMPLE("GIF8", MEDIA_KIND_GIF),
    SAMPLE("FLV\1", MEDIA_KIND_FLV),
    SAMPLE("\0\0\1\xba", MEDIA_KIND_MPEG),
    SAMPLE("<HTML", MEDIA_KIND_HTML),
    SAMPLE("\xef\xbb\xbf \r\n\t<!DocType html", MEDIA_KIND_HTML),
    SAMPLE("version https://git-lfs.", MEDIA_KIND_LFS),
    SAMPLE("#EXTM3U", MEDIA_KIND_HLS),
    SAMPLE("<MPD", MEDIA_KIND_DASH),
    SAMPLE("OggS", MEDIA_KIND_OGG),
    SAMPLE("RIFF....WAVE", MEDIA_KIND_SOUND),
    SAMPLE("FORM....AIFF", MEDIA_KIND_SOUND),
    SAMPLE("8BPS", MEDIA_KIND_PHOTOSHOP),
    SAMPLE("%PDF-", MEDIA_KIND_PDF),
    SAMPLE("%!PS", MEDIA_KIND_POSTSCRIPT),
    SAMPLE("\0\0\1\0\1\0\x40\x40\0\0", MEDIA_KIND_ICO),
    SAMPLE("BM....\0\0\0\0\x8a\0\0\0", MEDIA_KIND_BMP),
    SAMPLE("\0\5\x16\7", MEDIA_KIND_APPLE_DOUBLE),
    SAMPLE("<svg", MEDIA_KIND_SVG),
};

static void each_and_none_that_is_shorter(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        for (size_t size = 0; size < samples[i].size; size++)
            assert_int_equal(kind_of(samples[i].bytes, size), MEDIA_KIND_UNKNOWN);
        assert_int_equal(kind_of(samples[i].bytes, samples[i].size), samples[i].kind);
        assert_non_null(media_kind_name(samples[i].kind));
    }
}

/* The first brand says what it is; that of any photo leaves it to the next ones. */
static void the_brand_tells_photos_from_films(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        enum media_kind kind;
    } boxes[] = {
        {"\0\0\0\x18"
         "ftypheic\0\0\0\0mif1heic",
         MEDIA_KIND_HEIF},
        {"\0\0\0\x18"
         "ftypmif1\0\0\0\0mif1heic",
         MEDIA_KIND_HEIF},
        {"\0\0\0\x18"
         "ftypmif1\0\0\0\0mif1avif",
         MEDIA_KIND_AVIF},
        {"\0\0\0\x18"
         "ftypavif\0\0\0\0mif1miaf",
         MEDIA_KIND_AVIF},
        {"\0\0\0\x18"
         "ftypmsf1\0\0\0\0msf1hevc",
         MEDIA_KIND_HEIF},
        {"\0\0\0\x18"
         "ftypcrx \0\0\0\1crx isom",
         MEDIA_KIND_RAW},
        {"\0\0\0\x18"
         "ftypisom\0\0\2\0isomavif",
         MEDIA_KIND_MP4},
        {"\0\0\0\x18"
         "ftypqt  \0\0\0\0qt  heic",
         MEDIA_KIND_MP4},
        /* A brand behind the box is none of it. */
        {"\0\0\0\x14"
         "ftypmif1\0\0\0\0mif1avif",
         MEDIA_KIND_HEIF},
    };
    for (size_t i = 0; i < sizeof boxes / sizeof *boxes; i++) {
        assert_int_equal(kind_of(boxes[i].bytes, 24), boxes[i].kind);
        for (size_t size = 12; size < 24; size++)
            assert_int_not_equal(kind_of(boxes[i].bytes, size), MEDIA_KIND_UNKNOWN);
    }
}

static void an_archive_is_told_by_its_first_file(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum media_kind kind;
    } names[] = {
        {"[Content_Types].xml", MEDIA_KIND_OFFICE},
        {"mimetypeapplication/vnd.oasis.opendocument.presentation", MEDIA_KIND_OPENDOCUMENT},
        {"Index/Document.iwa", MEDIA_KIND_IWORK},
        {"film.mp4", MEDIA_KIND_ARCHIVE},
        {"mimetypeapplication/epub+zip", MEDIA_KIND_ARCHIVE},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char bytes[100] = "PK\3\4";
        size_t size = 30 + strlen(names[i].name);
        memcpy(bytes + 30, names[i].name, strlen(names[i].name));
        assert_int_equal(kind_of(bytes, size), names[i].kind);
        for (size_t cut = 4; cut < 36; cut++)
            assert_int_equal(kind_of(bytes, cut), MEDIA_KIND_ARCHIVE);
    }
}

static void markup_is_told_by_what_is_in_it(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum media_kind kind;
    } texts[] = {
        {"<?xml version=\"1.0\"?>\n<!-- x -->\n<svg width=\"1\"/>", MEDIA_KIND_SVG},
        {"<!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\">\n<svg>", MEDIA_KIND_SVG},
        {"<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash\">", MEDIA_KIND_DASH},
        {"<?xml version=\"1.0\"?><html xmlns=\"x\">", MEDIA_KIND_HTML},
        {"<?xml version=\"1.0\"?><playlist/>", MEDIA_KIND_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(kind_of(texts[i].text, strlen(texts[i].text)), texts[i].kind);
}

static void a_transport_stream_has_three_packets(void **state)
{
    (void)state;
    char bytes[377] = {0};
    bytes[0] = bytes[188] = bytes[376] = 0x47;
    assert_int_equal(kind_of(bytes, 377), MEDIA_KIND_MPEG);
    assert_int_equal(kind_of(bytes, 376), MEDIA_KIND_UNKNOWN);
    bytes[188] = 0;
    assert_int_equal(kind_of(bytes, 377), MEDIA_KIND_UNKNOWN);
}

static void playlists_are_none_of_them(void **state)
{
    (void)state;
    static const char *const texts[] = {"{",
                                        "{}",
                                        "{\"format\": \"duckling/1\"}",
                                        "\n\n\n{\"wide\": 1}",
                                        "{  \"moov\": 1}",
                                        "{  \nmdat",
                                        "{ \"a\": \"<html>\"}",
                                        "    WEBP",
                                        "{\"a\": \"<svg>\"}",
                                        "BM {\"a\": 1}      ",
                                        "\xff\xfe{",
                                        " "};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(kind_of(texts[i], strlen(texts[i])), MEDIA_KIND_UNKNOWN);
    assert_int_equal(kind_of("", 0), MEDIA_KIND_UNKNOWN);
    assert_int_equal(kind_of(" \0<html", 7), MEDIA_KIND_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_and_none_that_is_shorter),
        cmocka_unit_test(the_brand_tells_photos_from_films),
        cmocka_unit_test(an_archive_is_told_by_its_first_file),
        cmocka_unit_test(markup_is_told_by_what_is_in_it),
        cmocka_unit_test(a_transport_stream_has_three_packets),
        cmocka_unit_test(playlists_are_none_of_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
