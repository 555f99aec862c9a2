#include "worker/film/film_fields.h"

#include "worker/film/film_codec.h"

/* Where a frame lasts longer than those of any interlaced film do, its second field does not wait
 * for the middle of it. */
#define FIELD_US_MAX 50000

bool film_picture_init(struct film_picture *picture)
{
    picture->frame = av_frame_alloc();
    picture->before = av_frame_alloc();
    picture->after = av_frame_alloc();
    return picture->frame && picture->before && picture->after;
}

void film_picture_drop(struct film_picture *picture)
{
    av_frame_unref(picture->frame);
    av_frame_unref(picture->before);
    av_frame_unref(picture->after);
    picture->present = false;
}

void film_picture_move(struct film_picture *into, struct film_picture *from)
{
    film_picture_drop(into);
    av_frame_move_ref(into->frame, from->frame);
    av_frame_move_ref(into->before, from->before);
    av_frame_move_ref(into->after, from->after);
    into->time_us = from->time_us;
    into->field = from->field;
    into->damaged = from->damaged;
    into->present = from->present;
    from->present = false;
}

void film_picture_finish(struct film_picture *picture)
{
    av_frame_free(&picture->frame);
    av_frame_free(&picture->before);
    av_frame_free(&picture->after);
}

bool film_fields_init(struct film_fields *fields)
{
    fields->held.frame = av_frame_alloc();
    fields->following.frame = av_frame_alloc();
    fields->previous = av_frame_alloc();
    return fields->held.frame && fields->following.frame && fields->previous;
}

static bool is_interlaced(const AVFrame *frame)
{
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(58, 7, 100)
    return frame->flags & AV_FRAME_FLAG_INTERLACED;
#else
    return frame->interlaced_frame;
#endif
}

static enum film_result fail_without_memory(struct err *err)
{
    film_codec_error(err, AVERROR(ENOMEM), "cannot deinterlace the pictures");
    return FILM_FAILED;
}

static void drop_decoded(struct film_decoded *decoded)
{
    av_frame_unref(decoded->frame);
    decoded->present = false;
}

/* HEVC has no interlaced frames: FFmpeg returns each field by itself, at half the height. */
static enum film_result decode_frame(struct film_fields *fields, struct film_decoded *into,
                                     struct err *err)
{
    enum film_result result = film_decoder_next(fields->decoder, into, err);
    if (result != FILM_FRAME || fields->decoder->context->codec_id != AV_CODEC_ID_HEVC ||
        !is_interlaced(into->frame))
        return result;
    err_set(err, ERR_INPUT,
            "the film is HEVC in single fields (interlaced), which cannot be shown: encode it "
            "progressive, or as H.264");
    return FILM_FAILED;
}

/* The next decoded frame into `held`. */
static enum film_result take_frame(struct film_fields *fields, struct err *err)
{
    struct film_decoded *held = &fields->held, *following = &fields->following;
    fields->second_is_due = false;
    if (!following->present)
        return decode_frame(fields, held, err);
    AVFrame *empty = held->frame;
    *held = *following;
    *following = (struct film_decoded){.frame = empty};
    return FILM_FRAME;
}

static int reference_frame(AVFrame *into, const AVFrame *from)
{
    return from->buf[0] ? av_frame_ref(into, from) : 0;
}

/* An interlaced frame may follow, in any film. */
static enum film_result pass_whole(struct film_fields *fields, struct film_picture *picture,
                                   struct err *err)
{
    struct film_decoded *held = &fields->held;
    av_frame_unref(fields->previous);
    if (reference_frame(fields->previous, held->frame) < 0)
        return fail_without_memory(err);
    av_frame_move_ref(picture->frame, held->frame);
    picture->field = FILM_FIELD_NONE;
    picture->time_us = held->time_us;
    picture->damaged = held->damaged;
    picture->present = true;
    held->present = false;
    return FILM_FRAME;
}

static int64_t second_time_us(const struct film_fields *fields)
{
    int64_t length_us = fields->decoder->clock.nominal_us;
    if (fields->following.present && fields->following.time_us > fields->held.time_us)
        length_us = fields->following.time_us - fields->held.time_us;
    int64_t half_us = length_us / 2;
    return fields->held.time_us + (half_us > FIELD_US_MAX ? FIELD_US_MAX : half_us);
}

/* One field of the held frame, and after the second one the frame is done with. */
static enum film_result pass_field(struct film_fields *fields, struct film_picture *picture,
                                   struct err *err)
{
    struct film_decoded *held = &fields->held;
    if (reference_frame(picture->frame, held->frame) < 0 ||
        reference_frame(picture->before, fields->previous) < 0 ||
        (fields->following.present &&
         reference_frame(picture->after, fields->following.frame) < 0)) {
        film_picture_drop(picture);
        return fail_without_memory(err);
    }
    bool second = fields->second_is_due;
    picture->field = second ? FILM_FIELD_SECOND : FILM_FIELD_FIRST;
    picture->time_us = second ? second_time_us(fields) : held->time_us;
    picture->damaged = held->damaged;
    picture->present = true;
    /* A frame without a time has no middle. */
    fields->second_is_due = !second && held->time_us != FILM_TIMESTAMPS_NONE;
    if (!fields->second_is_due) {
        av_frame_unref(fields->previous);
        av_frame_move_ref(fields->previous, held->frame);
        held->present = false;
    }
    return FILM_FRAME;
}

enum film_result film_fields_next(struct film_fields *fields, struct film_picture *picture,
                                  struct err *err)
{
    struct film_decoded *held = &fields->held, *following = &fields->following;
    if (!held->present) {
        enum film_result result = take_frame(fields, err);
        if (result != FILM_FRAME)
            return result;
    }
    if (!is_interlaced(held->frame))
        return pass_whole(fields, picture, err);
    if (!fields->second_is_due && !following->present) {
        enum film_result result = decode_frame(fields, following, err);
        if (result == FILM_WORKING || result == FILM_FAILED)
            return result;
    }
    return pass_field(fields, picture, err);
}

void film_fields_flush(struct film_fields *fields)
{
    drop_decoded(&fields->held);
    drop_decoded(&fields->following);
    av_frame_unref(fields->previous);
    fields->second_is_due = false;
}

void film_fields_finish(struct film_fields *fields)
{
    av_frame_free(&fields->held.frame);
    av_frame_free(&fields->following.frame);
    av_frame_free(&fields->previous);
}
