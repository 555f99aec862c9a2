#include "worker/film/movie.h"

#include "worker/film/movie_decoder.h"
#include "worker/film/movie_input.h"
#include "worker/film/movie_paint.h"
#include "worker/film/movie_pool.h"
#include "worker/film/movie_shape.h"
#include "worker/film/movie_sound.h"

#include <stdlib.h>

#define SEEK_TRIES_MAX 6
/* A place nearer than this ahead is reached by decoding. */
#define SEEK_WORTH_US 500000
#define SEEK_BACK_US 2000000
/* To be behind by so much is worth a look for an index that was not read yet. */
#define LOOK_WORTH_US 2000000
/* FFmpeg's H.264 decoder keeps back the last frames of a film that it joined in the last open group
 * of pictures: an end sooner after a jump than pictures can be out of order (H.264, A.3.1) is not
 * believed. */
#define FRAMES_BEFORE_END_MIN 16
/* To catch up, no jump leads nearer than this to what is wanted, nor to the end, for the same
 * reason: the first frame that is right may be so much later than its key frame is decoded. */
#define LANDING_US 1000000

enum stage {
    STAGE_FIRST,   /* nothing is known: the first frame tells when the film begins */
    STAGE_LANDED,  /* jumped to where the start may be */
    STAGE_REWOUND, /* back to the beginning, as no jump was any good */
    STAGE_WALKING, /* `now` is not later than the start */
    STAGE_PLACED,
};

struct movie {
    struct movie_request request;
    struct movie_facts facts;
    struct movie_counts counts;
    struct movie_input *input;
    struct movie_decoder decoder;
    struct movie_pool *pool;
    struct movie_paint *paint;
    struct movie_sound *sound;      /* NULL: not wanted, none, or over */
    struct movie_picture now, next; /* to be given out next, and the one after it */
    enum stage stage;
    int tries;         /* to jump to the start */
    int64_t try_stamp; /* the last one's, or the next one's */
    bool behind;       /* movie_skip was called */
    bool failed;
    int64_t given_us; /* the last frame's time */
    int64_t frames_until_us, sound_until_us;
    int64_t sound_from_us; /* what is over by then is not heard */
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
    if (!movie_shape_read(pictures, &movie->request, facts, err))
        return false;
    facts->has_sound = sound != NULL;
    facts->duration_us = movie_input_told_us(movie->input);
    movie_clock_init(&movie->decoder.clock, pictures->time_base, facts->fps);
    if (facts->duration_us == 0)
        facts->duration_us = movie_input_measure_us(movie->input);
    return true;
}

struct movie *movie_open(int fd, const struct movie_request *request, struct err *err)
{
    struct movie *movie = calloc(1, sizeof *movie);
    if (!movie) {
        err_oom(err);
        return NULL;
    }
    movie->request = *request;
    movie->now.frame = av_frame_alloc();
    movie->next.frame = av_frame_alloc();
    movie->given_us = INT64_MIN;
    movie->decoder.wanted_us = movie->sound_from_us = request->start_us;
    if (!movie->now.frame || !movie->next.frame)
        err_oom(err);
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
    const AVStream *sound = movie_input_stream(movie->input, MOVIE_STREAM_SOUND);
    struct movie_decoder *decoder = &movie->decoder;
    movie->pool = movie_pool_create(&movie->facts.layout, ring, slots);
    movie->paint = movie_paint_create(&movie->facts, movie->request.rotation);
    if (!movie->pool || !movie->paint)
        return err_oom(err);
    if (movie->request.want_sound && sound)
        movie->sound = movie_sound_create(sound);
    decoder->input = movie->input;
    decoder->counts = &movie->counts;
    return movie_decoder_start(decoder, movie->pool, &movie->facts, movie->request.threads, err);
}

static void drop(struct movie_picture *picture)
{
    av_frame_unref(picture->frame);
    picture->there = false;
}

static void move(struct movie_picture *into, struct movie_picture *from)
{
    drop(into);
    av_frame_move_ref(into->frame, from->frame);
    into->time_us = from->time_us;
    into->damaged = from->damaged;
    into->there = from->there;
    from->there = false;
}

/* Nothing that was read before counts any more. */
static void forget(struct movie *movie)
{
    drop(&movie->now);
    drop(&movie->next);
    if (movie->sound)
        movie_sound_flush(movie->sound);
}

/* Jumps near the start by the file's index, which may be missing, coarse or wrong; at last to the
 * beginning. MOVIE_WORKING, or MOVIE_FAILED. */
static enum movie_result try_to_jump(struct movie *movie, struct err *err)
{
    forget(movie);
    if (movie->tries < SEEK_TRIES_MAX && movie->try_stamp > movie->decoder.clock.zero &&
        movie_decoder_seek(&movie->decoder, movie->try_stamp)) {
        movie->tries++;
        movie->stage = STAGE_LANDED;
        return MOVIE_WORKING;
    }
    movie->stage = STAGE_REWOUND;
    return movie_decoder_rewind(&movie->decoder, err) ? MOVIE_WORKING : MOVIE_FAILED;
}

/* As that, from further back: to the key frame before the one that would not do, and then
 * faster. */
static enum movie_result jump_further_back(struct movie *movie, struct err *err)
{
    const struct movie_decoder *decoder = &movie->decoder;
    const struct movie_clock *clock = &decoder->clock;
    if (!decoder->first_packet && decoder->key_decode_stamp != AV_NOPTS_VALUE &&
        decoder->key_decode_stamp < movie->try_stamp)
        movie->try_stamp = decoder->key_decode_stamp;
    int64_t back = movie_clock_stamp(clock, SEEK_BACK_US) - clock->zero;
    movie->try_stamp -= movie->tries == 1 ? 1 : back << (movie->tries - 1);
    return try_to_jump(movie, err);
}

/* Once more to the same place, and then all is decoded on the way. */
static enum movie_result go_thoroughly(struct movie *movie, struct err *err)
{
    movie->decoder.thorough = true;
    movie->tries = movie->decoder.jumped ? movie->tries - 1 : SEEK_TRIES_MAX;
    return try_to_jump(movie, err);
}

/* From a frame in `now` that is not later than the start to the one that is on then, and the one
 * after it in `next`, if there is one. */
static enum movie_result walk(struct movie *movie, struct err *err)
{
    struct movie_decoder *decoder = &movie->decoder;
    enum movie_result result = movie_decoder_next(decoder, &movie->next, err);
    if (result == MOVIE_WORKING || result == MOVIE_FAILED)
        return result;
    if (result == MOVIE_FRAME && movie->next.time_us <= decoder->wanted_us) {
        move(&movie->now, &movie->next);
        return MOVIE_WORKING;
    }
    if (result == MOVIE_END && decoder->jumped && decoder->since_jump < FRAMES_BEFORE_END_MIN)
        return jump_further_back(movie, err);
    if (!decoder->thorough && movie_decoder_passed(decoder, &movie->now))
        return go_thoroughly(movie, err);
    movie->stage = STAGE_PLACED;
    movie->behind = false;
    movie->sound_until_us = movie->sound_from_us;
    /* Pictures come first: only they tell when the film begins. */
    movie->frames_until_us = movie->now.time_us;
    return MOVIE_WORKING;
}

/* Brings the frame that is on at the start to `now`. MOVIE_WORKING until the stage says that it is
 * done, or MOVIE_FAILED. */
static enum movie_result find_start(struct movie *movie, struct err *err)
{
    struct movie_decoder *decoder = &movie->decoder;
    if (movie->stage == STAGE_WALKING)
        return walk(movie, err);
    enum movie_result result = movie_decoder_next(decoder, &movie->now, err);
    if (result == MOVIE_WORKING)
        return result;
    bool found = result == MOVIE_FRAME;
    if (movie->stage == STAGE_LANDED) {
        found = found && movie->now.time_us != MOVIE_CLOCK_NONE &&
                movie->now.time_us <= decoder->wanted_us;
        if (!found)
            return jump_further_back(movie, err);
    }
    if (!found)
        return result == MOVIE_FAILED ? result : fail(err, "no picture came out of the film");
    bool far = decoder->wanted_us > SEEK_WORTH_US && decoder->clock.stamped;
    if (movie->stage == STAGE_FIRST && far) {
        movie->try_stamp = movie_clock_stamp(&decoder->clock, decoder->wanted_us);
        return try_to_jump(movie, err);
    }
    movie->stage = STAGE_WALKING;
    return MOVIE_WORKING;
}

static int64_t duration_of(const struct movie *movie, bool last)
{
    int64_t length = movie->decoder.clock.nominal_us;
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

void movie_skip(struct movie *movie, int64_t time_us)
{
    if (time_us <= movie->decoder.wanted_us)
        return;
    movie->decoder.wanted_us = time_us;
    if (time_us > movie->sound_from_us)
        movie->sound_from_us = time_us;
    movie->behind = true;
}

/* Jumps to a key frame on the way to the frame that is wanted, if there is one. */
static void catch_up(struct movie *movie)
{
    struct movie_decoder *decoder = &movie->decoder;
    int64_t here_us = movie->now.there ? movie->now.time_us : movie->frames_until_us;
    int64_t to_us = decoder->wanted_us, end_us = movie->facts.duration_us;
    movie->behind = false;
    to_us = (end_us > 0 && to_us > end_us ? end_us : to_us) - LANDING_US;
    if (!decoder->clock.stamped || to_us - here_us < SEEK_WORTH_US)
        return;
    int64_t stamp = movie_clock_stamp(&decoder->clock, to_us);
    if (!movie_decoder_seek_ahead(decoder, stamp, to_us - here_us >= LOOK_WORTH_US))
        return;
    forget(movie);
    if (movie->sound_until_us > movie->sound_from_us)
        movie->sound_from_us = movie->sound_until_us;
}

/* Makes sure that `now` is the frame that is wanted, or a later one, and that `next` is known, if
 * there is one. */
static enum movie_result look_ahead(struct movie *movie, struct err *err)
{
    struct movie_picture *now = &movie->now, *next = &movie->next;
    if (movie->stage != STAGE_PLACED)
        return find_start(movie, err);
    if (movie->behind)
        catch_up(movie);
    if (!next->there) {
        struct movie_picture *into = now->there ? next : now;
        enum movie_result result = movie_decoder_next(&movie->decoder, into, err);
        if (result == MOVIE_END)
            return now->there ? MOVIE_FRAME : MOVIE_END;
        if (result != MOVIE_FRAME)
            return result;
        /* After a jump that led back. */
        if (into->time_us == MOVIE_CLOCK_NONE || into->time_us <= movie->given_us)
            drop(into);
        if (!next->there)
            return MOVIE_WORKING;
    }
    if (next->time_us > movie->decoder.wanted_us)
        return MOVIE_FRAME;
    movie->counts.skipped++;
    move(now, next);
    return MOVIE_WORKING;
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
                .damaged = movie->now.damaged,
            };
        move(&movie->now, &movie->next);
        if (shown) {
            movie->given_us = output->time_us;
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
    if (!movie->sound || !movie->decoder.clock.stamped)
        return MOVIE_END;
    enum movie_result result = movie_sound_next(movie->sound, movie->input, &movie->decoder.clock,
                                                movie->sound_from_us, output);
    int64_t end_us = movie->facts.duration_us;
    if (result == MOVIE_SOUND && (end_us == 0 || output->time_us < end_us)) {
        movie->sound_until_us = output->time_us + output->duration_us;
        return MOVIE_SOUND;
    }
    if (result != MOVIE_WAIT)
        end_sound(movie);
    return result == MOVIE_WAIT ? MOVIE_WAIT : MOVIE_END;
}

enum movie_result movie_step(struct movie *movie, unsigned take, struct movie_output *output,
                             struct err *err)
{
    if (movie->failed)
        return fail(err, "the film has failed before");
    bool frames = take & MOVIE_TAKE_FRAMES, placed = movie->stage == STAGE_PLACED;
    bool sound_wanted = (take & MOVIE_TAKE_SOUND) && movie->sound;
    if (!placed && !frames && sound_wanted)
        return MOVIE_WAIT;
    enum movie_result result = MOVIE_END, sound = MOVIE_END;
    bool sound_first =
        sound_wanted && placed && (!frames || movie->sound_until_us <= movie->frames_until_us);
    if (sound_first && (sound = next_sound(movie, output)) == MOVIE_SOUND)
        return MOVIE_SOUND;
    if (frames)
        result = next_frame(movie, output, err);
    if (result == MOVIE_FAILED)
        movie->failed = true;
    if (result == MOVIE_FRAME || result == MOVIE_WORKING || result == MOVIE_FAILED)
        return result;
    /* No frame now; there may be sound all the same. */
    if (sound_wanted && !sound_first)
        sound = next_sound(movie, output);
    if (sound == MOVIE_SOUND)
        return MOVIE_SOUND;
    return result == MOVIE_WAIT || sound == MOVIE_WAIT ? MOVIE_WAIT : MOVIE_END;
}

enum movie_result movie_next(struct movie *movie, unsigned take, struct movie_output *output,
                             struct err *err)
{
    enum movie_result result;
    do
        result = movie_step(movie, take, output, err);
    while (result == MOVIE_WORKING);
    return result;
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
    movie_decoder_finish(&movie->decoder);
    av_frame_free(&movie->now.frame);
    av_frame_free(&movie->next.frame);
    movie_sound_destroy(movie->sound);
    movie_paint_destroy(movie->paint);
    movie_pool_destroy(movie->pool);
    movie_input_close(movie->input);
    free(movie);
}
