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
    uint8_t *copy = malloc(size);
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
        cmocka_unit_test(a_transport_stream_has_three_packets),
        cmocka_unit_test(playlists_are_none_of_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
