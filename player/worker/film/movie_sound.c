#include "worker/film/movie_sound.h"

#include "worker/film/movie_codec.h"

#include <libswresample/swresample.h>
#include <stdlib.h>

#define RATE_MIN_HZ 4000
#define RATE_MAX_HZ 384000
#define CHANNELS_MAX 16
#define PIECE_MAX ((int64_t)1 << 20) /* samples: 20 s */
/* Packets this long before the start are not decoded; those after are, as codecs need a run-up. */
#define RUN_UP_US 500000
/* Matroska's stamps are rounded to 1 ms: pieces that nearly touch do. */
#define SNAP_PAIRS (MOVIE_SOUND_HZ / 200)

struct movie_sound {
    AVCodecContext *decoder;
    AVRational base;
    AVPacket *packet;
    AVFrame *frame;
    struct SwrContext *resampler;
    /* what it was made for */
    enum AVSampleFormat format;
    int rate_hz;
    AVChannelLayout channels;
    float *samples;
    int capacity; /* pairs */
    int64_t next; /* where the last piece ended, counted in pairs, as microseconds would add up to
                     gaps and overlaps; MOVIE_CLOCK_NONE: nothing since a flush */
    int64_t broken;
    bool draining;
};

struct movie_sound *movie_sound_create(const AVStream *stream)
{
    struct movie_sound *sound = calloc(1, sizeof *sound);
    if (!sound)
        return NULL;
    sound->base = stream->time_base;
    sound->next = MOVIE_CLOCK_NONE;
    sound->packet = av_packet_alloc();
    sound->frame = av_frame_alloc();
    sound->decoder = movie_codec_create(stream->codecpar, stream->time_base, NULL);
    if (sound->packet && sound->frame && sound->decoder && movie_codec_start(sound->decoder, NULL))
        return sound;
    movie_sound_destroy(sound);
    return NULL;
}

static bool make_resampler(struct movie_sound *sound)
{
    const AVFrame *frame = sound->frame;
    if (frame->sample_rate < RATE_MIN_HZ || frame->sample_rate > RATE_MAX_HZ ||
        frame->ch_layout.nb_channels < 1 || frame->ch_layout.nb_channels > CHANNELS_MAX)
        return false;
    if (sound->resampler && frame->format == sound->format &&
        frame->sample_rate == sound->rate_hz &&
        av_channel_layout_compare(&frame->ch_layout, &sound->channels) == 0)
        return true;
    AVChannelLayout from = {0}, to = AV_CHANNEL_LAYOUT_STEREO;
    if (frame->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC)
        av_channel_layout_default(&from, frame->ch_layout.nb_channels);
    else if (av_channel_layout_copy(&from, &frame->ch_layout) < 0)
        return false;
    swr_free(&sound->resampler);
    sound->format = (enum AVSampleFormat)frame->format;
    sound->rate_hz = frame->sample_rate;
    bool made = swr_alloc_set_opts2(&sound->resampler, &to, AV_SAMPLE_FMT_FLT, MOVIE_SOUND_HZ,
                                    &from, sound->format, sound->rate_hz, 0, NULL) >= 0 &&
                swr_init(sound->resampler) >= 0 &&
                av_channel_layout_copy(&sound->channels, &frame->ch_layout) >= 0;
    if (!made)
        swr_free(&sound->resampler);
    av_channel_layout_uninit(&from);
    return made;
}

static bool make_room(struct movie_sound *sound, int64_t pairs)
{
    if (pairs > PIECE_MAX)
        return false;
    if (pairs <= sound->capacity)
        return true;
    float *samples =
        realloc(sound->samples, (size_t)pairs * MOVIE_SOUND_CHANNELS * sizeof *samples);
    if (!samples)
        return false;
    sound->samples = samples;
    sound->capacity = (int)pairs;
    return true;
}

static int64_t pairs_us(int64_t pairs)
{
    return av_rescale(pairs, 1000000, MOVIE_SOUND_HZ);
}

/* Resamples the decoded frame into a piece from start_us on. False: there is nothing in it. */
static bool resample(struct movie_sound *sound, const struct movie_clock *clock, int64_t start_us,
                     struct movie_output *output)
{
    AVFrame *frame = sound->frame;
    int64_t room =
        make_resampler(sound) ? swr_get_out_samples(sound->resampler, frame->nb_samples) : -1;
    if (room <= 0 || !make_room(sound, room)) {
        sound->broken++;
        return false;
    }
    /* The resampler gives back some of what it was given before. */
    int64_t delay = swr_get_delay(sound->resampler, MOVIE_SOUND_HZ);
    const uint8_t *planes[CHANNELS_MAX] = {NULL};
    int plane_count = av_sample_fmt_is_planar(sound->format) ? frame->ch_layout.nb_channels : 1;
    for (int i = 0; i < plane_count; i++)
        planes[i] = frame->extended_data[i];
    int count = swr_convert(sound->resampler, (uint8_t *[]){(uint8_t *)sound->samples},
                            sound->capacity, planes, frame->nb_samples);
    int64_t at_us = movie_clock_time(clock, frame->best_effort_timestamp, sound->base);
    int64_t at = at_us == MOVIE_CLOCK_NONE ? sound->next
                                           : av_rescale(at_us, MOVIE_SOUND_HZ, 1000000) - delay;
    if (sound->next != MOVIE_CLOCK_NONE && llabs(at - sound->next) < SNAP_PAIRS)
        at = sound->next;
    if (count <= 0 || at == MOVIE_CLOCK_NONE)
        return false;
    int64_t start = av_rescale_rnd(start_us, MOVIE_SOUND_HZ, 1000000, AV_ROUND_UP);
    int64_t skip = at < start ? start - at : 0;
    sound->next = at + count;
    if (skip >= count)
        return false;
    *output = (struct movie_output){
        .time_us = pairs_us(at + skip),
        .duration_us = pairs_us(count - skip),
        .slot = -1,
        .samples = sound->samples + skip * MOVIE_SOUND_CHANNELS,
        .sample_count = (int)(count - skip),
    };
    return output->duration_us > 0;
}

static bool long_before(const struct movie_sound *sound, const struct movie_clock *clock,
                        int64_t start_us)
{
    int64_t us = movie_clock_time(clock, sound->packet->pts, sound->base);
    return us != MOVIE_CLOCK_NONE && us < start_us - RUN_UP_US;
}

/* One packet to the decoder; MOVIE_SOUND when it is there. */
static enum movie_result feed(struct movie_sound *sound, struct movie_input *input,
                              const struct movie_clock *clock, int64_t start_us)
{
    switch (movie_input_read(input, MOVIE_STREAM_SOUND, sound->packet)) {
    case MOVIE_READ_FULL:
        return MOVIE_WAIT;
    case MOVIE_READ_END:
        sound->draining = true;
        avcodec_send_packet(sound->decoder, NULL);
        return MOVIE_SOUND;
    case MOVIE_READ_PACKET:
        break;
    }
    if (!long_before(sound, clock, start_us) &&
        avcodec_send_packet(sound->decoder, sound->packet) < 0)
        sound->broken++;
    av_packet_unref(sound->packet);
    return MOVIE_SOUND;
}

enum movie_result movie_sound_next(struct movie_sound *sound, struct movie_input *input,
                                   const struct movie_clock *clock, int64_t start_us,
                                   struct movie_output *output)
{
    for (;;) {
        int code = avcodec_receive_frame(sound->decoder, sound->frame);
        if (code >= 0) {
            bool heard = resample(sound, clock, start_us, output);
            av_frame_unref(sound->frame);
            if (heard)
                return MOVIE_SOUND;
            continue;
        }
        if (code == AVERROR_EOF || sound->draining)
            return MOVIE_END;
        if (code != AVERROR(EAGAIN))
            sound->broken++;
        enum movie_result fed = feed(sound, input, clock, start_us);
        if (fed != MOVIE_SOUND)
            return fed;
    }
}

void movie_sound_flush(struct movie_sound *sound)
{
    avcodec_flush_buffers(sound->decoder);
    swr_free(&sound->resampler);
    sound->next = MOVIE_CLOCK_NONE;
    sound->draining = false;
}

int64_t movie_sound_broken(const struct movie_sound *sound)
{
    return sound->broken;
}

void movie_sound_destroy(struct movie_sound *sound)
{
    if (!sound)
        return;
    avcodec_free_context(&sound->decoder);
    av_packet_free(&sound->packet);
    av_frame_free(&sound->frame);
    swr_free(&sound->resampler);
    av_channel_layout_uninit(&sound->channels);
    free(sound->samples);
    free(sound);
}
