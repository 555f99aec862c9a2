#include "worker/film/film.h"

#include "worker/film/film_convert.h"
#include "worker/film/film_decoder.h"
#include "worker/film/film_demux.h"
#include "worker/film/film_fields.h"
#include "worker/film/film_format.h"
#include "worker/film/film_frame_pool.h"
#include "worker/film/film_sound.h"

#include <stdlib.h>

#define SEEK_TRIES_MAX 6
/* A place ahead that is nearer than this is reached by decoding. */
#define SEEK_WORTH_US 500000
#define SEEK_BACK_US 2000000
/* If this far behind, an index that was not read yet is worth reading. */
#define INDEX_WORTH_US 2000000
/* FFmpeg's H.264 decoder withholds the last frames of a film that it joined in the last open group
 * of pictures. So an end is not believed if fewer frames came after a jump than pictures can be out
 * of order (H.264, A.3.1). */
#define FRAMES_BEFORE_END_MIN 16
/* When catching up, no jump leads nearer than this to the target or to the end, for the same
 * reason: the first correct frame may come so much later than its key frame. */
#define LANDING_MARGIN_US 1000000

enum stage {
    STAGE_FIRST,   /* nothing is known: the first frame shows when the film begins */
    STAGE_LANDED,  /* jumped to a place that may be before the start */
    STAGE_REWOUND, /* back at the beginning, since no jump helped */
    STAGE_WALKING, /* `now` is not later than the start */
    STAGE_PLACED,
};

struct film {
    struct film_request request;
    struct film_facts facts;
    struct film_counts counts;
    struct film_demux *input;
    struct film_decoder decoder;
    struct film_fields fields; /* between the decoder and what follows */
    struct film_frame_pool *pool;
    struct film_converter *converter;
    struct film_sound *sound;      /* NULL: not requested, none, or over */
    struct film_picture now, next; /* the next frame to return, and the one after it */
    enum stage stage;
    int tries;          /* jumps towards the start */
    int64_t try_stamp;  /* of the last jump, or of the next */
    bool must_catch_up; /* film_skip was called */
    bool failed;
    bool first_is_out;      /* the first field of an interlaced frame was the last one returned */
    int64_t last_output_us; /* time of the last frame returned */
    int64_t frames_until_us, sound_until_us;
    int64_t sound_from_us; /* sound that is over by then is left out */
};

static enum film_result fail_film(struct err *err, const char *text)
{
    err_set(err, ERR_INPUT, "%s", text);
    return FILM_FAILED;
}

static MUST_CHECK bool read_facts(struct film *film, struct err *err)
{
    AVStream *pictures = film_demux_stream(film->input, FILM_STREAM_PICTURES);
    const AVStream *sound = film_demux_stream(film->input, FILM_STREAM_SOUND);
    struct film_facts *facts = &film->facts;
    if (!film_format_read(pictures, &film->request, facts, err))
        return false;
    facts->has_sound = sound != NULL;
    facts->duration_us = film_demux_declared_us(film->input);
    film_timestamps_init(&film->decoder.clock, pictures->time_base, facts->fps);
    if (facts->duration_us == 0)
        facts->duration_us = film_demux_measure_us(film->input);
    return true;
}

struct film *film_open(int fd, const struct film_request *request, struct err *err)
{
    struct film *film = calloc(1, sizeof *film);
    if (!film) {
        err_oom(err);
        return NULL;
    }
    film->request = *request;
    film->fields.decoder = &film->decoder;
    film->last_output_us = INT64_MIN;
    film->decoder.target_us = film->sound_from_us = request->start_us;
    if (!film_picture_init(&film->now) || !film_picture_init(&film->next) ||
        !film_fields_init(&film->fields))
        err_oom(err);
    else if ((film->input = film_demux_open(fd, request->want_sound, err)) && read_facts(film, err))
        return film;
    film_close(film);
    return NULL;
}

const struct film_facts *film_facts(const struct film *film)
{
    return &film->facts;
}

bool film_start(struct film *film, void *ring, int slots, struct err *err)
{
    const AVStream *sound = film_demux_stream(film->input, FILM_STREAM_SOUND);
    struct film_decoder *decoder = &film->decoder;
    film->pool = film_frame_pool_create(&film->facts.layout, ring, slots);
    film->converter = film_convert_create(&film->facts, film->request.rotation);
    if (!film->pool || !film->converter)
        return err_oom(err);
    if (film->request.want_sound && sound)
        film->sound = film_sound_create(sound);
    decoder->input = film->input;
    decoder->counts = &film->counts;
    return film_decoder_start(decoder, film->pool, &film->facts, film->request.threads, err);
}

/* Drops what was decoded before a jump. */
static void drop_buffered(struct film *film)
{
    film_picture_drop(&film->now);
    film_picture_drop(&film->next);
    film_fields_flush(&film->fields);
    if (film->sound)
        film_sound_flush(film->sound);
}

/* Jumps near the start by the file's index, which may be missing, coarse or wrong; if nothing else
 * helps, to the beginning. FILM_WORKING, or FILM_FAILED. */
static enum film_result try_to_jump(struct film *film, struct err *err)
{
    drop_buffered(film);
    if (film->tries < SEEK_TRIES_MAX && film->try_stamp > film->decoder.clock.zero &&
        film_decoder_seek(&film->decoder, film->try_stamp)) {
        film->tries++;
        film->stage = STAGE_LANDED;
        return FILM_WORKING;
    }
    film->stage = STAGE_REWOUND;
    return film_decoder_rewind(&film->decoder, err) ? FILM_WORKING : FILM_FAILED;
}

/* Jumps again, further back: to the key frame before the one that did not help, and then in growing
 * steps. */
static enum film_result jump_further_back(struct film *film, struct err *err)
{
    const struct film_decoder *decoder = &film->decoder;
    const struct film_timestamps *clock = &decoder->clock;
    if (!decoder->first_packet && decoder->key_decode_stamp != AV_NOPTS_VALUE &&
        decoder->key_decode_stamp < film->try_stamp)
        film->try_stamp = decoder->key_decode_stamp;
    int64_t back = film_timestamps_stamp(clock, SEEK_BACK_US) - clock->zero;
    film->try_stamp -= film->tries == 1 ? 1 : back << (film->tries - 1);
    return try_to_jump(film, err);
}

/* Jumps to the same place once more, and decodes everything on the way. */
static enum film_result retry_thoroughly(struct film *film, struct err *err)
{
    film->decoder.thorough = true;
    film->tries = film->decoder.jumped ? film->tries - 1 : SEEK_TRIES_MAX;
    return try_to_jump(film, err);
}

/* From a frame in `now` that is not later than the start to the one that is on then, and the one
 * after it in `next`, if there is one. */
static enum film_result walk_to_start(struct film *film, struct err *err)
{
    struct film_decoder *decoder = &film->decoder;
    enum film_result result = film_fields_next(&film->fields, &film->next, err);
    if (result == FILM_WORKING || result == FILM_FAILED)
        return result;
    if (result == FILM_FRAME && film->next.time_us <= decoder->target_us) {
        film_picture_move(&film->now, &film->next);
        return FILM_WORKING;
    }
    if (result == FILM_END && decoder->jumped && decoder->frames_since_jump < FRAMES_BEFORE_END_MIN)
        return jump_further_back(film, err);
    if (!decoder->thorough && film_decoder_passed(decoder, film->now.frame))
        return retry_thoroughly(film, err);
    film->stage = STAGE_PLACED;
    film->must_catch_up = false;
    film->sound_until_us = film->sound_from_us;
    /* Pictures come first: only they show when the film begins. */
    film->frames_until_us = film->now.time_us;
    return FILM_WORKING;
}

/* Finds the frame that is shown at the start. FILM_WORKING until stage is STAGE_PLACED, or
 * FILM_FAILED. */
static enum film_result find_start(struct film *film, struct err *err)
{
    struct film_decoder *decoder = &film->decoder;
    if (film->stage == STAGE_WALKING)
        return walk_to_start(film, err);
    enum film_result result = film_fields_next(&film->fields, &film->now, err);
    if (result == FILM_WORKING)
        return result;
    bool found = result == FILM_FRAME;
    if (film->stage == STAGE_LANDED) {
        found = found && film->now.time_us != FILM_TIMESTAMPS_NONE &&
                film->now.time_us <= decoder->target_us;
        if (!found)
            return jump_further_back(film, err);
    }
    if (!found)
        return result == FILM_FAILED ? result
                                     : fail_film(err, "no picture of the film can be decoded");
    bool far = decoder->target_us > SEEK_WORTH_US && decoder->clock.stamped;
    if (film->stage == STAGE_FIRST && far) {
        film->try_stamp = film_timestamps_stamp(&decoder->clock, decoder->target_us);
        return try_to_jump(film, err);
    }
    film->stage = STAGE_WALKING;
    return FILM_WORKING;
}

static int64_t output_duration_us(const struct film *film, bool last)
{
    int64_t length = film->decoder.clock.nominal_us;
    if (!last)
        length = film->next.time_us - film->now.time_us;
    else if (film->facts.duration_us > film->now.time_us)
        length = film->facts.duration_us - film->now.time_us;
    return length > 0 ? length : 1;
}

/* The slot that `now` was decoded into, or is converted into; -1 with the reason in `result`. */
static int place_in_slot(struct film *film, enum film_result *result)
{
    const AVFrame *frame = film->now.frame;
    int slot = film_frame_pool_slot_of(film->pool, frame);
    if (slot >= 0 && film_convert_is_plain(film->converter, &film->now) &&
        film_frame_pool_give(film->pool, slot, frame)) {
        film->counts.direct++;
        return slot;
    }
    slot = film_frame_pool_take(film->pool);
    *result = FILM_WAIT;
    if (slot < 0)
        return -1;
    uint8_t *planes[3];
    film_frame_pool_planes(film->pool, slot, planes);
    if (film_convert_picture(film->converter, &film->now, planes, NULL)) {
        film->counts.converted++;
        return slot;
    }
    film_frame_pool_release(film->pool, slot);
    *result = FILM_FAILED;
    return -1;
}

void film_skip(struct film *film, int64_t time_us)
{
    if (time_us <= film->decoder.target_us)
        return;
    film->decoder.target_us = time_us;
    if (time_us > film->sound_from_us)
        film->sound_from_us = time_us;
    film->must_catch_up = true;
}

/* Jumps to a key frame before the target frame, if there is one ahead. */
static void jump_to_catch_up(struct film *film)
{
    struct film_decoder *decoder = &film->decoder;
    int64_t here_us = film->now.present ? film->now.time_us : film->frames_until_us;
    int64_t to_us = decoder->target_us, end_us = film->facts.duration_us;
    film->must_catch_up = false;
    to_us = (end_us > 0 && to_us > end_us ? end_us : to_us) - LANDING_MARGIN_US;
    if (!decoder->clock.stamped || to_us - here_us < SEEK_WORTH_US)
        return;
    int64_t stamp = film_timestamps_stamp(&decoder->clock, to_us);
    if (!film_decoder_seek_ahead(decoder, stamp, to_us - here_us >= INDEX_WORTH_US))
        return;
    drop_buffered(film);
    if (film->sound_until_us > film->sound_from_us)
        film->sound_from_us = film->sound_until_us;
}

/* Makes sure that `now` is the target frame or a later one, and that `next` is known, if there is
 * one. */
static enum film_result advance_picture(struct film *film, struct err *err)
{
    struct film_picture *now = &film->now, *next = &film->next;
    if (film->stage != STAGE_PLACED)
        return find_start(film, err);
    if (film->must_catch_up)
        jump_to_catch_up(film);
    if (!next->present) {
        struct film_picture *into = now->present ? next : now;
        enum film_result result = film_fields_next(&film->fields, into, err);
        if (result == FILM_END)
            return now->present ? FILM_FRAME : FILM_END;
        if (result != FILM_FRAME)
            return result;
        /* This happens after a jump that led back. */
        if (into->time_us == FILM_TIMESTAMPS_NONE || into->time_us <= film->last_output_us)
            film_picture_drop(into);
        if (!next->present)
            return FILM_WORKING;
    }
    if (next->time_us > film->decoder.target_us)
        return FILM_FRAME;
    film->counts.skipped++;
    film_picture_move(now, next);
    return FILM_WORKING;
}

static enum film_result next_frame(struct film *film, struct film_output *output, struct err *err)
{
    for (;;) {
        enum film_result result = advance_picture(film, err);
        if (result == FILM_END && film->counts.direct + film->counts.converted == 0)
            return fail_film(err, "no picture of the film can be converted for the screen");
        if (result != FILM_FRAME)
            return result;
        int slot = place_in_slot(film, &result);
        if (slot < 0 && result == FILM_WAIT)
            return FILM_WAIT;
        bool shown = slot >= 0;
        enum film_field field = film->now.field;
        if (shown)
            *output = (struct film_output){
                .time_us = film->now.time_us,
                .duration_us = output_duration_us(film, !film->next.present),
                .slot = slot,
                .damaged = film->now.damaged && !(field == FILM_FIELD_SECOND && film->first_is_out),
                .deinterlaced = field != FILM_FIELD_NONE,
            };
        film->first_is_out = shown && field == FILM_FIELD_FIRST;
        film_picture_move(&film->now, &film->next);
        if (shown) {
            film->last_output_us = output->time_us;
            film->frames_until_us = output->time_us + output->duration_us;
            return FILM_FRAME;
        }
        film->counts.broken_packets++;
    }
}

static void end_sound(struct film *film)
{
    film->counts.broken_sounds += film_sound_broken(film->sound);
    film_sound_destroy(film->sound);
    film->sound = NULL;
}

/* FILM_END if there is no more, or it would start after the film's end. */
static enum film_result next_sound(struct film *film, struct film_output *output)
{
    if (!film->sound || !film->decoder.clock.stamped)
        return FILM_END;
    enum film_result result = film_sound_next(film->sound, film->input, &film->decoder.clock,
                                              film->sound_from_us, output);
    int64_t end_us = film->facts.duration_us;
    if (result == FILM_SOUND && (end_us == 0 || output->time_us < end_us)) {
        film->sound_until_us = output->time_us + output->duration_us;
        return FILM_SOUND;
    }
    if (result != FILM_WAIT)
        end_sound(film);
    return result == FILM_WAIT ? FILM_WAIT : FILM_END;
}

enum film_result film_step(struct film *film, unsigned take, struct film_output *output,
                           struct err *err)
{
    if (film->failed)
        return fail_film(err, "the film has already failed");
    bool frames = take & FILM_TAKE_FRAMES, placed = film->stage == STAGE_PLACED;
    bool sound_wanted = (take & FILM_TAKE_SOUND) && film->sound;
    if (!placed && !frames && sound_wanted)
        return FILM_WAIT;
    enum film_result result = FILM_END, sound = FILM_END;
    bool sound_first =
        sound_wanted && placed && (!frames || film->sound_until_us <= film->frames_until_us);
    if (sound_first && (sound = next_sound(film, output)) == FILM_SOUND)
        return FILM_SOUND;
    if (frames)
        result = next_frame(film, output, err);
    if (result == FILM_FAILED)
        film->failed = true;
    if (result == FILM_FRAME || result == FILM_WORKING || result == FILM_FAILED)
        return result;
    /* No frame now, but there may be sound. */
    if (sound_wanted && !sound_first)
        sound = next_sound(film, output);
    if (sound == FILM_SOUND)
        return FILM_SOUND;
    return result == FILM_WAIT || sound == FILM_WAIT ? FILM_WAIT : FILM_END;
}

enum film_result film_next(struct film *film, unsigned take, struct film_output *output,
                           struct err *err)
{
    enum film_result result;
    do
        result = film_step(film, take, output, err);
    while (result == FILM_WORKING);
    return result;
}

void film_release(struct film *film, int slot)
{
    if (film->pool)
        film_frame_pool_release(film->pool, slot);
}

struct film_counts film_counts(const struct film *film)
{
    struct film_counts counts = film->counts;
    if (film->sound)
        counts.broken_sounds += film_sound_broken(film->sound);
    return counts;
}

void film_close(struct film *film)
{
    if (!film)
        return;
    film_fields_finish(&film->fields);
    film_decoder_finish(&film->decoder);
    film_picture_finish(&film->now);
    film_picture_finish(&film->next);
    film_sound_destroy(film->sound);
    film_convert_destroy(film->converter);
    film_frame_pool_destroy(film->pool);
    film_demux_close(film->input);
    free(film);
}
