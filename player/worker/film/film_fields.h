/* Shows both fields of interlaced frames, one after the other. Part of film.
 *
 * Takes decoded frames and passes on pictures: a frame as it is, or twice if it is interlaced, by
 * its own flags: those of a file's headers often lie. To complete a field needs the frames before
 * and after it, so they go along with it; film_convert does that work, if the picture is shown. */
#ifndef WORKER_FILM_FILM_FIELDS_H
#define WORKER_FILM_FILM_FIELDS_H

#include "worker/film/film_decoder.h"

enum film_field {
    FILM_FIELD_NONE, /* the whole frame */
    FILM_FIELD_FIRST,
    FILM_FIELD_SECOND,
};

/* What is shown at a time: FILM_TIMESTAMPS_NONE if that is unknown. */
struct film_picture {
    bool present;
    bool damaged; /* as in struct film_output */
    int64_t time_us;
    AVFrame *frame;
    enum film_field field;
    AVFrame *before, *after; /* of a field: its neighbours; without data where there are none */
};

/* False if out of memory; finish it all the same. */
MUST_CHECK bool film_picture_init(struct film_picture *picture);
void film_picture_drop(struct film_picture *picture);
/* Drops what `into` had; `from` is empty afterwards. */
void film_picture_move(struct film_picture *into, struct film_picture *from);
/* Zeroed memory is allowed. */
void film_picture_finish(struct film_picture *picture);

struct film_fields {
    struct film_decoder *decoder;        /* the owner's */
    struct film_decoded held, following; /* `held` is interlaced, and not shown whole yet */
    AVFrame *previous;                   /* the frame before it */
    bool second_is_due;
};

/* NULL-safe finish, as above. Set `decoder` before the first call of film_fields_next. */
MUST_CHECK bool film_fields_init(struct film_fields *fields);

/* Puts the next picture into an empty one. As film_decoder_next; ERR_LIMIT, too, if out of
 * memory. */
enum film_result film_fields_next(struct film_fields *fields, struct film_picture *picture,
                                  struct err *err);

/* Call at each jump of the decoder: what follows does not belong to what came before. */
void film_fields_flush(struct film_fields *fields);

/* Call before the decoder is closed. Zeroed memory is allowed. */
void film_fields_finish(struct film_fields *fields);

#endif
