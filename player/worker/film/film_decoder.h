/* Decodes a film's pictures packet by packet: frames with their times, in order. Part of film. */
#ifndef WORKER_FILM_FILM_DECODER_H
#define WORKER_FILM_FILM_DECODER_H

#include "worker/film/film.h"
#include "worker/film/film_demux.h"
#include "worker/film/film_frame_pool.h"
#include "worker/film/film_timestamps.h"

/* A decoded frame with its time, FILM_TIMESTAMPS_NONE if unknown. */
struct film_decoded {
    AVFrame *frame;
    bool present;
    bool damaged; /* as in struct film_output */
    int64_t time_us;
};

struct film_decoder {
    struct film_timestamps clock; /* initialized by the owner */
    struct film_counts *counts;   /* the owner's */
    struct film_demux *input;     /* the owner's */
    int64_t target_us;            /* frames that are over by then need not be decoded */
    bool thorough;                /* decode them all the same */
    int frames_since_jump;        /* frames */
    struct film_frame_pool *pool; /* the owner's */
    AVCodecContext *context;
    AVPacket *packet;
    bool draining, ended; /* the decoder got all packets; returned all frames */
    bool packet_broken;   /* a packet was broken since the last frame or jump */
    bool first_packet;    /* no packet was sent since the last jump */
    int64_t key_stamp;    /* of the first key frame since then; AV_NOPTS_VALUE: none */
    int64_t key_decode_stamp;
    int64_t sent_stamp;   /* decoding stamp of the last packet */
    int64_t passed_stamp; /* the latest of packets that may not have been decoded */
    bool jumped;          /* to another place than the beginning */
    bool trusted;         /* a frame since then was correct */
    int untrusted;        /* frames before that */
    int without_frame;    /* packets and errors in a row without a frame */
    int not_shown;        /* packets that an edit list hides */
    bool index_loaded;    /* once, when catching up */
};

/* Opens the decoder and starts all its threads. `clock`, `counts` and `input` must be set, all else
 * zero. Errors: ERR_INPUT, ERR_LIMIT, ERR_SYSTEM. */
MUST_CHECK bool film_decoder_start(struct film_decoder *decoder, struct film_frame_pool *pool,
                                   const struct film_facts *facts, int threads, struct err *err);

/* Puts the next correct frame into the empty `into`. Broken packets, and frames whose stamps go
 * back, are left out and counted. FILM_FRAME, FILM_WORKING (a packet was sent to the decoder, call
 * again), FILM_END or FILM_FAILED (ERR_INPUT, ERR_LIMIT). */
enum film_result film_decoder_next(struct film_decoder *decoder, struct film_decoded *decoded,
                                   struct err *err);

/* Whether a frame that was not decoded may be the one shown after this one. */
bool film_decoder_passed(const struct film_decoder *decoder, const AVFrame *frame);

/* Goes to a key frame at or before a stamp. False if that is impossible. */
bool film_decoder_seek(struct film_decoder *decoder, int64_t stamp);

/* The same, but only if the key frame is ahead. If the index was not read yet, `load_index` allows
 * one jump that reads it, and may lead back. */
bool film_decoder_seek_ahead(struct film_decoder *decoder, int64_t stamp, bool load_index);

/* Back to the first frame. */
MUST_CHECK bool film_decoder_rewind(struct film_decoder *decoder, struct err *err);

/* Call before the pool is destroyed. Zeroed memory is allowed. */
void film_decoder_finish(struct film_decoder *decoder);

#endif
