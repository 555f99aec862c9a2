#include "decode/movie.h"

#include "decode/movie_clock.h"
#include "decode/movie_codec.h"
#include "decode/movie_input.h"
#include "decode/movie_paint.h"
#include "decode/movie_pool.h"
#include "decode/movie_shape.h"
#include "decode/movie_sound.h"

#include <stdlib.h>

#define PACKETS_WITHOUT_FRAME_MAX 300
#define SEEK_TRIES_MAX 6
/* A start nearer than this to the beginning is reached by decoding. */
#define SEEK_WORTH_US 500000
#define SEEK_BACK_US 2000000
/* FFmpeg's H.264 decoder keeps back the last frames of a film that it joined in the last open group
 * of pictures: an end sooner after a jump than pictures can be out of order (H.264, A.3.1) is not
 * believed. */
#define FRAMES_BEFORE_END_MIN 16
/* So many frames that can't be right are left out after a jump; then the film is taken as it is. */
#define UNTRUSTED_MAX 300

/* A decoded frame with its time. */
struct stamped {
    AVFrame *frame;
    bool there;
    int64_t time_us;
};

struct movie {
    struct movie_request request;
    struct movie_facts facts;
    struct movie_counts counts;
    struct movie_input *input;
    AVCodecContext *decoder;
    struct movie_pool *pool;
    struct movie_paint *paint;
    struct movie_sound *sound; /* NULL: not wanted, none, or over */
    struct movie_clock clock;
    AVPacket *packet;
    struct stamped now, next; /* to be given out next, and the one after it */
    bool placed;              /* the start was found */
    bool draining, ended;     /* the decoder got all packets; gave all frames */
    bool failed;
    bool first_packet; /* none was sent since the last jump */
    int64_t key_stamp; /* of the key frame after it; AV_NOPTS_VALUE: there was none */
    int64_t key_decode_stamp;
    bool jumped;       /* elsewhere than to the beginning */
    bool trusts;       /* a frame since then was right */
    int untrusted;     /* frames until then */
    int since_jump;    /* frames */
    int without_frame; /* packets */
    int64_t frames_until_us, sound_until_us;
};

static enum movie_result fail(struct err *err, const char *text)
{
    err_set(err, ERR_INPUT, "%s", text);
    return MOVIE_FAILED;
}

static bool read_facts(struct movie *movie, struct err *err)
{
    AVStream *pictures = movie_input_stream(movie->input, MOVIE_STREAM_PICTURES);
    const AVStream *sound = movie_input_stream(movie->input, MOVIE_STREAM_SOUND);
    struct movie_facts *facts = &movie->facts;
    if (!movie_shape_read(pictures, movie->request.rotation, facts, err))
        return false;
    facts->has_sound = sound != NULL;
    facts->duration_us = movie_input_told_us(movie->input);
    movie_clock_init(&movie->clock, pictures->time_base, facts->fps);
    if (facts->duration_us > 0)
        return true;
    facts->duration_us = movie_input_measure_us(movie->input);
    return movie_input_rewind(movie->input, err);
}

struct movie *movie_open(int fd, const struct movie_request *request, struct err *err)
{
    struct movie *movie = calloc(1, sizeof *movie);
    if (!movie) {
        err_set(err, ERR_SYSTEM, "out of memory");
        return NULL;
    }
    movie->request = *request;
    movie->packet = av_packet_alloc();
    movie->now.frame = av_frame_alloc();
    movie->next.frame = av_frame_alloc();
    movie->first_packet = true;
    if (!movie->packet || !movie->now.frame || !movie->next.frame)
        err_set(err, ERR_SYSTEM, "out of memory");
    else if ((movie->input = movie_input_open(fd, request->want_sound, err)) &&
             read_facts(movie, err))
        return movie;
    movie_close(movie);
    return NULL;
}

const struct movie_facts *movie_facts(const struct movie *movie)
{
    return &movie->facts;
}

bool movie_start(struct movie *movie, void *ring, int slots, struct err *err)
{
    const AVStream *pictures = movie_input_stream(movie->input, MOVIE_STREAM_PICTURES);
    const AVStream *sound = movie_input_stream(movie->input, MOVIE_STREAM_SOUND);
    movie->pool = movie_pool_create(&movie->facts.layout, ring, slots);
    movie->paint = movie_paint_create(&movie->facts, movie->request.rotation);
    if (!movie->pool || !movie->paint)
        return err_set(err, ERR_SYSTEM, "out of memory");
    movie->decoder = movie_codec_create(pictures->codecpar, pictures->time_base, err);
    if (!movie->decoder)
        return false;
    int threads = movie->request.threads;
    movie->decoder->thread_count = threads < 1                   ? 1
                                   : threads > MOVIE_THREADS_MAX ? MOVIE_THREADS_MAX
                                                                 : threads;
    movie->decoder->thread_type = FF_THREAD_FRAME | FF_THREAD_SLICE;
    if (movie->facts.direct)
        movie_pool_attach(movie->pool, movie->decoder);
    if (movie->request.want_sound && sound)
        movie->sound = movie_sound_create(sound);
    return movie_codec_start(movie->decoder, err);
}

static void note_key(struct movie *movie)
{
    if (!movie->first_packet)
        return;
    const AVPacket *packet = movie->packet;
    movie->first_packet = false;
    movie->key_stamp = packet->flags & AV_PKT_FLAG_KEY ? packet->pts : AV_NOPTS_VALUE;
    movie->key_decode_stamp = packet->dts != AV_NOPTS_VALUE ? packet->dts : packet->pts;
    movie->untrusted = 0;
    movie->trusts = false;
}

/* One packet to the decoder. False: no picture came out of too many. */
static bool feed(struct movie *movie, struct err *err)
{
    if (movie_input_read(movie->input, MOVIE_STREAM_PICTURES, movie->packet) != MOVIE_READ_PACKET) {
        movie->draining = true;
        avcodec_send_packet(movie->decoder, NULL);
        return true;
    }
    note_key(movie);
    if (avcodec_send_packet(movie->decoder, movie->packet) < 0)
        movie->counts.broken_packets++;
    av_packet_unref(movie->packet);
    if (++movie->without_frame <= PACKETS_WITHOUT_FRAME_MAX)
        return true;
    return err_set(err, ERR_INPUT, "no picture came out of %d packets", PACKETS_WITHOUT_FRAME_MAX);
}

/* MOVIE_FRAME, MOVIE_END or MOVIE_FAILED. */
static enum movie_result decode(struct movie *movie, AVFrame *frame, struct err *err)
{
    while (!movie->ended) {
        int code = avcodec_receive_frame(movie->decoder, frame);
        if (code >= 0) {
            movie->without_frame = 0;
            movie->since_jump++;
            return MOVIE_FRAME;
        }
        if (code == AVERROR(EAGAIN) && !movie->draining) {
            if (!feed(movie, err))
                return MOVIE_FAILED;
        } else if (code == AVERROR_EOF || ++movie->without_frame > PACKETS_WITHOUT_FRAME_MAX) {
            movie->ended = true;
        } else {
            movie->counts.broken_packets++;
        }
    }
    return MOVIE_END;
}

/* After a jump to a key frame inside an open group of pictures, decoders give frames that are shown
 * before the key frame and refer to what was before the jump: grey, or smeared. The same goes for
 * films that refresh their picture bit by bit. */
static bool trusted(struct movie *movie, const AVFrame *frame)
{
    if (movie->trusts)
        return true;
    int64_t stamp = frame->best_effort_timestamp;
    bool early =
        movie->key_stamp != AV_NOPTS_VALUE && stamp != AV_NOPTS_VALUE && stamp < movie->key_stamp;
    /* What a decoder is made to give up at the end it does not mark. */
    bool torn = frame->flags & AV_FRAME_FLAG_CORRUPT || (movie->jumped && movie->draining);
    movie->trusts = (!early && !torn) || ++movie->untrusted > UNTRUSTED_MAX;
    return movie->trusts;
}

static enum movie_result decode_trusted(struct movie *movie, AVFrame *frame, struct err *err)
{
    for (;;) {
        enum movie_result result = decode(movie, frame, err);
        if (result != MOVIE_FRAME || trusted(movie, frame))
            return result;
        av_frame_unref(frame);
    }
}

static enum movie_result decode_stamped(struct movie *movie, struct stamped *into, struct err *err)
{
    enum movie_result result = decode_trusted(movie, into->frame, err);
    if (result != MOVIE_FRAME)
        return result;
    into->time_us = movie_clock_next(&movie->clock, into->frame->best_effort_timestamp);
    into->there = true;
    return MOVIE_FRAME;
}

static void drop(struct stamped *stamped)
{
    av_frame_unref(stamped->frame);
    stamped->there = false;
}

static void move(struct stamped *into, struct stamped *from)
{
    drop(into);
    av_frame_move_ref(into->frame, from->frame);
    into->time_us = from->time_us;
    into->there = from->there;
    from->there = false;
}

static void jump(struct movie *movie)
{
    avcodec_flush_buffers(movie->decoder);
    if (movie->sound)
        movie_sound_flush(movie->sound);
    movie_clock_jump(&movie->clock);
    movie->first_packet = movie->jumped = true;
    movie->draining = movie->ended = false;
    movie->without_frame = movie->since_jump = 0;
    movie->counts.seeks++;
}

static enum movie_result rewind_to_first(struct movie *movie, struct err *err)
{
    if (!movie_input_rewind(movie->input, err))
        return MOVIE_FAILED;
    jump(movie);
    movie->jumped = false;
    movie_clock_rewind(&movie->clock);
    return decode_stamped(movie, &movie->now, err);
}

/* From a frame in `now` that is not later than the start to the one that is on then, and the one
 * after it in `next`. MOVIE_END where there is none. */
static enum movie_result walk(struct movie *movie, struct err *err)
{
    for (;;) {
        enum movie_result result = decode_stamped(movie, &movie->next, err);
        if (result != MOVIE_FRAME || movie->next.time_us > movie->request.start_us)
            return result;
        move(&movie->now, &movie->next);
    }
}

/* Goes near the start by the file's index, which may be missing, coarse or wrong, further back each
 * time; at last to the beginning. As walk. */
static enum movie_result jump_to_start(struct movie *movie, struct err *err)
{
    int64_t start_us = movie->request.start_us;
    int64_t stamp = movie_clock_stamp(&movie->clock, start_us);
    int64_t back = movie_clock_stamp(&movie->clock, SEEK_BACK_US) - movie->clock.zero;
    for (int i = 0; i < SEEK_TRIES_MAX && stamp > movie->clock.zero; i++) {
        if (!movie_input_seek(movie->input, stamp))
            break;
        jump(movie);
        drop(&movie->now);
        enum movie_result result = decode_stamped(movie, &movie->now, err);
        if (result == MOVIE_FRAME && movie->now.time_us != MOVIE_CLOCK_NONE &&
            movie->now.time_us <= start_us) {
            result = walk(movie, err);
            if (result != MOVIE_END || movie->since_jump >= FRAMES_BEFORE_END_MIN)
                return result;
        }
        /* To the key frame before the one that would not do, and then faster. */
        if (!movie->first_packet && movie->key_decode_stamp != AV_NOPTS_VALUE &&
            movie->key_decode_stamp < stamp)
            stamp = movie->key_decode_stamp;
        stamp -= i == 0 ? 1 : back << i;
    }
    drop(&movie->now);
    enum movie_result result = rewind_to_first(movie, err);
    return result == MOVIE_FRAME ? walk(movie, err) : result;
}

/* Brings the frame that is on at the start to `now`, and the one after it, if any, to `next`. */
static enum movie_result find_start(struct movie *movie, struct err *err)
{
    int64_t start_us = movie->request.start_us;
    enum movie_result result = decode_stamped(movie, &movie->now, err);
    if (result == MOVIE_FRAME)
        result = start_us > SEEK_WORTH_US && movie->clock.stamped ? jump_to_start(movie, err)
                                                                  : walk(movie, err);
    if (result == MOVIE_FAILED)
        return MOVIE_FAILED;
    if (!movie->now.there)
        return fail(err, "no picture came out of the film");
    movie->placed = true;
    movie->sound_until_us = start_us;
    /* Pictures come first: only they tell when the film begins. */
    movie->frames_until_us = movie->now.time_us;
    return MOVIE_FRAME;
}

static int64_t duration_of(const struct movie *movie, bool last)
{
    int64_t length = movie->clock.nominal_us;
    if (!last)
        length = movie->next.time_us - movie->now.time_us;
    else if (movie->facts.duration_us > movie->now.time_us)
        length = movie->facts.duration_us - movie->now.time_us;
    return length > 0 ? length : 1;
}

/* The slot that `now` is in, or is brought into; -1 with the result in `result`. */
static int place(struct movie *movie, enum movie_result *result)
{
    const AVFrame *frame = movie->now.frame;
    int slot = movie_pool_slot_of(movie->pool, frame);
    if (slot >= 0 && movie_paint_plain(movie->paint, frame) &&
        movie_pool_give(movie->pool, slot, frame)) {
        movie->counts.direct++;
        return slot;
    }
    slot = movie_pool_take(movie->pool);
    *result = MOVIE_WAIT;
    if (slot < 0)
        return -1;
    uint8_t *planes[3];
    movie_pool_planes(movie->pool, slot, planes);
    if (movie_paint_frame(movie->paint, frame, planes, NULL)) {
        movie->counts.painted++;
        return slot;
    }
    movie_pool_release(movie->pool, slot);
    *result = MOVIE_FAILED;
    return -1;
}

/* Makes sure that `next` is known, if there is one. */
static enum movie_result look_ahead(struct movie *movie, struct err *err)
{
    if (!movie->placed)
        return find_start(movie, err);
    if (!movie->next.there && decode_stamped(movie, &movie->next, err) == MOVIE_FAILED)
        return MOVIE_FAILED;
    return movie->now.there ? MOVIE_FRAME : MOVIE_END;
}

static enum movie_result next_frame(struct movie *movie, struct movie_output *output,
                                    struct err *err)
{
    for (;;) {
        enum movie_result result = look_ahead(movie, err);
        if (result == MOVIE_END && movie->counts.direct + movie->counts.painted == 0)
            return fail(err, "no picture of the film can be converted");
        if (result != MOVIE_FRAME)
            return result;
        int slot = place(movie, &result);
        if (slot < 0 && result == MOVIE_WAIT)
            return MOVIE_WAIT;
        bool shown = slot >= 0;
        if (shown)
            *output = (struct movie_output){
                .time_us = movie->now.time_us,
                .duration_us = duration_of(movie, !movie->next.there),
                .slot = slot,
            };
        if (movie->now.frame->flags & AV_FRAME_FLAG_CORRUPT || movie->now.frame->decode_error_flags)
            movie->counts.damaged_frames++;
        move(&movie->now, &movie->next);
        if (shown) {
            movie->frames_until_us = output->time_us + output->duration_us;
            return MOVIE_FRAME;
        }
        movie->counts.broken_packets++;
    }
}

static void end_sound(struct movie *movie)
{
    movie->counts.broken_sounds += movie_sound_broken(movie->sound);
    movie_sound_destroy(movie->sound);
    movie->sound = NULL;
}

/* MOVIE_END where there is no more, or it would be heard after the film's end. */
static enum movie_result next_sound(struct movie *movie, struct movie_output *output)
{
    if (!movie->sound || !movie->clock.stamped)
        return MOVIE_END;
    enum movie_result result = movie_sound_next(movie->sound, movie->input, &movie->clock,
                                                movie->request.start_us, output);
    int64_t end_us = movie->facts.duration_us;
    if (result == MOVIE_SOUND && (end_us == 0 || output->time_us < end_us)) {
        movie->sound_until_us = output->time_us + output->duration_us;
        return MOVIE_SOUND;
    }
    if (result != MOVIE_WAIT)
        end_sound(movie);
    return result == MOVIE_WAIT ? MOVIE_WAIT : MOVIE_END;
}

enum movie_result movie_next(struct movie *movie, unsigned take, struct movie_output *output,
                             struct err *err)
{
    if (movie->failed)
        return fail(err, "the film has failed before");
    bool frames = take & MOVIE_TAKE_FRAMES;
    bool sound_wanted = (take & MOVIE_TAKE_SOUND) && movie->sound;
    if (!movie->placed && !frames && sound_wanted)
        return MOVIE_WAIT;
    enum movie_result result = MOVIE_END, sound = MOVIE_END;
    bool sound_first = sound_wanted && movie->placed &&
                       (!frames || movie->sound_until_us <= movie->frames_until_us);
    if (sound_first && (sound = next_sound(movie, output)) == MOVIE_SOUND)
        return MOVIE_SOUND;
    if (frames)
        result = next_frame(movie, output, err);
    if (result == MOVIE_FAILED)
        movie->failed = true;
    if (result == MOVIE_FRAME || result == MOVIE_FAILED)
        return result;
    /* No frame now; there may be sound all the same. */
    if (sound_wanted && !sound_first && movie->placed)
        sound = next_sound(movie, output);
    if (sound == MOVIE_SOUND)
        return MOVIE_SOUND;
    return result == MOVIE_WAIT || sound == MOVIE_WAIT ? MOVIE_WAIT : MOVIE_END;
}

void movie_release(struct movie *movie, int slot)
{
    if (movie->pool)
        movie_pool_release(movie->pool, slot);
}

struct movie_counts movie_counts(const struct movie *movie)
{
    struct movie_counts counts = movie->counts;
    if (movie->sound)
        counts.broken_sounds += movie_sound_broken(movie->sound);
    return counts;
}

void movie_close(struct movie *movie)
{
    if (!movie)
        return;
    avcodec_free_context(&movie->decoder);
    av_frame_free(&movie->now.frame);
    av_frame_free(&movie->next.frame);
    av_packet_free(&movie->packet);
    movie_sound_destroy(movie->sound);
    movie_paint_destroy(movie->paint);
    movie_pool_destroy(movie->pool);
    movie_input_close(movie->input);
    free(movie);
}
