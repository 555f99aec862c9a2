#include "worker/film/film_sound.h"

#include "worker/film/film_codec.h"

#include <libswresample/swresample.h>
#include <stdlib.h>

#define RATE_MIN_HZ 4000
#define RATE_MAX_HZ 384000
#define CHANNELS_MAX 16
#define PIECE_MAX ((int64_t)1 << 20) /* samples: 20 s */
/* Packets this long before the start are not decoded; later ones are, since codecs need a
 * run-up. */
#define RUN_UP_US 500000
/* Matroska rounds stamps to 1 ms: pieces this near to each other are joined. */
#define SNAP_PAIRS (FILM_SOUND_HZ / 200)

struct film_sound {
    AVCodecContext *decoder;
    AVRational base;
    AVPacket *packet;
    AVFrame *frame;
    struct SwrContext *resampler;
    /* the input that it was made for */
    enum AVSampleFormat format;
    int rate_hz;
    AVChannelLayout channels;
    float *samples;
    int capacity; /* pairs */
    /* End of the last piece in pairs, since microseconds would add up to gaps and overlaps;
     * FILM_TIMESTAMPS_NONE after a flush. */
    int64_t next;
    int64_t broken;
    bool draining;
};

struct film_sound *film_sound_create(const AVStream *stream)
{
    struct film_sound *sound = calloc(1, sizeof *sound);
    if (!sound)
        return NULL;
    sound->base = stream->time_base;
    sound->next = FILM_TIMESTAMPS_NONE;
    sound->packet = av_packet_alloc();
    sound->frame = av_frame_alloc();
    sound->decoder = film_codec_create(stream->codecpar, stream->time_base, NULL);
    if (sound->packet && sound->frame && sound->decoder && film_codec_start(sound->decoder, NULL))
        return sound;
    film_sound_destroy(sound);
    return NULL;
}

static bool make_resampler(struct film_sound *sound)
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
    bool made = swr_alloc_set_opts2(&sound->resampler, &to, AV_SAMPLE_FMT_FLT, FILM_SOUND_HZ, &from,
                                    sound->format, sound->rate_hz, 0, NULL) >= 0 &&
                swr_init(sound->resampler) >= 0 &&
                av_channel_layout_copy(&sound->channels, &frame->ch_layout) >= 0;
    if (!made)
        swr_free(&sound->resampler);
    av_channel_layout_uninit(&from);
    return made;
}

static bool reserve_samples(struct film_sound *sound, int64_t pairs)
{
    if (pairs > PIECE_MAX)
        return false;
    if (pairs <= sound->capacity)
        return true;
    float *samples = realloc(sound->samples, (size_t)pairs * FILM_SOUND_CHANNELS * sizeof *samples);
    if (!samples)
        return false;
    sound->samples = samples;
    sound->capacity = (int)pairs;
    return true;
}

static int64_t pairs_us(int64_t pairs)
{
    return av_rescale(pairs, 1000000, FILM_SOUND_HZ);
}

/* Resamples the decoded frame into a piece from start_us on. False: the piece is empty. */
static bool resample(struct film_sound *sound, const struct film_timestamps *clock,
                     int64_t start_us, struct film_output *output)
{
    AVFrame *frame = sound->frame;
    int64_t pairs_max =
        make_resampler(sound) ? swr_get_out_samples(sound->resampler, frame->nb_samples) : -1;
    if (pairs_max <= 0 || !reserve_samples(sound, pairs_max)) {
        sound->broken++;
        return false;
    }
    /* The resampler returns samples with a delay. */
    int64_t delay = swr_get_delay(sound->resampler, FILM_SOUND_HZ);
    const uint8_t *planes[CHANNELS_MAX] = {NULL};
    int plane_count = av_sample_fmt_is_planar(sound->format) ? frame->ch_layout.nb_channels : 1;
    for (int i = 0; i < plane_count; i++)
        planes[i] = frame->extended_data[i];
    int count = swr_convert(sound->resampler, (uint8_t *[]){(uint8_t *)sound->samples},
                            sound->capacity, planes, frame->nb_samples);
    int64_t at_us = film_timestamps_time(clock, frame->best_effort_timestamp, sound->base);
    int64_t at = at_us == FILM_TIMESTAMPS_NONE ? sound->next
                                               : av_rescale(at_us, FILM_SOUND_HZ, 1000000) - delay;
    if (sound->next != FILM_TIMESTAMPS_NONE && llabs(at - sound->next) < SNAP_PAIRS)
        at = sound->next;
    if (count <= 0 || at == FILM_TIMESTAMPS_NONE)
        return false;
    int64_t start = av_rescale_rnd(start_us, FILM_SOUND_HZ, 1000000, AV_ROUND_UP);
    int64_t skip = at < start ? start - at : 0;
    sound->next = at + count;
    if (skip >= count)
        return false;
    *output = (struct film_output){
        .time_us = pairs_us(at + skip),
        .duration_us = pairs_us(count - skip),
        .slot = -1,
        .samples = sound->samples + skip * FILM_SOUND_CHANNELS,
        .sample_count = (int)(count - skip),
    };
    return output->duration_us > 0;
}

static bool is_long_before(const struct film_sound *sound, const struct film_timestamps *clock,
                           int64_t start_us)
{
    int64_t us = film_timestamps_time(clock, sound->packet->pts, sound->base);
    return us != FILM_TIMESTAMPS_NONE && us < start_us - RUN_UP_US;
}

/* Sends one packet to the decoder; FILM_SOUND if that was possible. */
static enum film_result feed_sound_decoder(struct film_sound *sound, struct film_demux *input,
                                           const struct film_timestamps *clock, int64_t start_us)
{
    switch (film_demux_read(input, FILM_STREAM_SOUND, sound->packet)) {
    case FILM_READ_FULL:
        return FILM_WAIT;
    case FILM_READ_END:
        sound->draining = true;
        avcodec_send_packet(sound->decoder, NULL);
        return FILM_SOUND;
    case FILM_READ_PACKET:
        break;
    }
    if (!is_long_before(sound, clock, start_us) &&
        avcodec_send_packet(sound->decoder, sound->packet) < 0)
        sound->broken++;
    av_packet_unref(sound->packet);
    return FILM_SOUND;
}

enum film_result film_sound_next(struct film_sound *sound, struct film_demux *input,
                                 const struct film_timestamps *clock, int64_t start_us,
                                 struct film_output *output)
{
    for (;;) {
        int code = avcodec_receive_frame(sound->decoder, sound->frame);
        if (code >= 0) {
            bool heard = resample(sound, clock, start_us, output);
            av_frame_unref(sound->frame);
            if (heard)
                return FILM_SOUND;
            continue;
        }
        if (code == AVERROR_EOF || sound->draining)
            return FILM_END;
        if (code != AVERROR(EAGAIN))
            sound->broken++;
        enum film_result result = feed_sound_decoder(sound, input, clock, start_us);
        if (result != FILM_SOUND)
            return result;
    }
}

void film_sound_flush(struct film_sound *sound)
{
    avcodec_flush_buffers(sound->decoder);
    swr_free(&sound->resampler);
    sound->next = FILM_TIMESTAMPS_NONE;
    sound->draining = false;
}

int64_t film_sound_broken(const struct film_sound *sound)
{
    return sound->broken;
}

void film_sound_destroy(struct film_sound *sound)
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
