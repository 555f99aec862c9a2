/* How large a film's ring is, and how many threads decode it: as the headers say, without a
 * film. */
#include "worker/film/film_format.h"

#include "worker/film/film_codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdbool.h>
#include <cmocka.h>

#define RING_BYTES_MAX ((size_t)256 << 20)

static struct film_facts facts_of(enum AVCodecID codec, int width, int height, int threads)
{
    AVFormatContext *format = avformat_alloc_context();
    assert_non_null(format);
    AVStream *stream = avformat_new_stream(format, NULL);
    assert_non_null(stream);
    stream->codecpar->codec_id = codec;
    stream->codecpar->format = AV_PIX_FMT_YUV420P;
    stream->codecpar->width = width;
    stream->codecpar->height = height;
    const struct film_request request = {.threads = threads};
    struct film_facts facts = {0};
    assert_true(film_format_read(stream, &request, &facts, NULL));
    avformat_free_context(format);
    return facts;
}

static void rings_stay_small(void **state)
{
    (void)state;
    static const struct {
        enum AVCodecID codec;
        int width, height, threads;
        int least, most; /* slots */
    } cases[] = {
        /* What is read at the most, and two frames ahead, beside what the decoder holds. */
        {AV_CODEC_ID_H264, 1920, 1080, 2, 8 + 2 + 4 + 2, 22},
        {AV_CODEC_ID_H264, 1920, 1080, 16, 8 + 2 + 4 + 16, 32},
        {AV_CODEC_ID_H264, 160, 90, 2, 8 + 2 + 16 + 2, 32},
        {AV_CODEC_ID_VP9, 1920, 1080, 2, 8 + 2 + 8 + 2, 24},
        {AV_CODEC_ID_AV1, 1920, 1080, 2, 8 + 2, 14},
        {AV_CODEC_ID_H264, 3840, 2160, 2, 16, 21},
        {AV_CODEC_ID_H264, 5120, 2880, 16, 11, 11},
        /* What is between the decoder and the screen at the least. */
        {AV_CODEC_ID_HEVC, 6000, 6000, 8, 4 + 3, 4 + 3},
        {AV_CODEC_ID_HEVC, 7680, 4320, 16, 4 + 3, 4 + 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct film_facts facts =
            facts_of(cases[i].codec, cases[i].width, cases[i].height, cases[i].threads);
        const struct film_layout *layout = &facts.layout;
        assert_in_range(layout->slots, cases[i].least, cases[i].most);
        assert_true(layout->slots == 4 + 3 ||
                    (size_t)layout->slots * layout->slot_bytes <= RING_BYTES_MAX);
        assert_in_range(layout->reader_slots, 3, FILM_READER_SLOTS);
        assert_true(facts.direct == (layout->slots - layout->reader_slots > 4));
    }
}

static void as_many_threads_as_memory_stands(void **state)
{
    (void)state;
    static const struct {
        enum AVPixelFormat format;
        int width, height, wanted, least, most;
    } cases[] = {
        {AV_PIX_FMT_YUV420P, 1920, 1080, 2, 2, 2},
        {AV_PIX_FMT_YUV420P, 1920, 1080, 0, 1, 1},
        {AV_PIX_FMT_YUV420P, 1920, 1080, 1000, 16, 16},
        {AV_PIX_FMT_YUV420P10LE, 3840, 2160, 16, 16, 16},
        {AV_PIX_FMT_YUV420P, 7680, 4320, 16, 4, 16},
        {AV_PIX_FMT_YUV420P10LE, 7680, 4320, 16, 4, 8},
        {AV_PIX_FMT_YUV444P12LE, 6000, 6000, 16, 1, 1},
        {AV_PIX_FMT_NONE, 7680, 4320, 16, 1, 8},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        AVCodecParameters *parameters = avcodec_parameters_alloc();
        assert_non_null(parameters);
        parameters->format = cases[i].format;
        parameters->width = cases[i].width;
        parameters->height = cases[i].height;
        assert_in_range(film_codec_threads(parameters, cases[i].wanted), cases[i].least,
                        cases[i].most);
        avcodec_parameters_free(&parameters);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rings_stay_small),
        cmocka_unit_test(as_many_threads_as_memory_stands),
    };
    return cmocka_run_group_tests_name("film_format", tests, NULL, NULL);
}
