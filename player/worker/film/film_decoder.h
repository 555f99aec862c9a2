/* A film's pictures, packet by packet: frames with their times, in order. Part of film. */
#ifndef WORKER_FILM_FILM_DECODER_H
#define WORKER_FILM_FILM_DECODER_H

#include "worker/film/film.h"
#include "worker/film/film_demux.h"
#include "worker/film/film_frame_pool.h"
#include "worker/film/film_timestamps.h"

/* A decoded frame with its time; FILM_TIMESTAMPS_NONE where nobody knows it. */
struct film_picture {
    AVFrame *frame;
    bool present;
    bool damaged; /* as in struct film_output */
    int64_t time_us;
};

struct film_decoder {
    struct film_timestamps clock; /* set up by the owner */
    struct film_counts *counts;   /* the owner's */
    struct film_demux *input;     /* the owner's */
    int64_t target_us;            /* frames that are over then need not be decoded */
    bool thorough;                /* but are */
    int frames_since_jump;        /* frames */
    struct film_frame_pool *pool; /* the owner's */
    AVCodecContext *context;
    AVPacket *packet;
    bool draining, ended; /* the decoder got all packets; gave all frames */
    bool packet_broken;   /* a packet since the last frame, or since a jump */
    bool first_packet;    /* none was sent since the last jump */
    int64_t key_stamp;    /* of the key frame after it; AV_NOPTS_VALUE: there was none */
    int64_t key_decode_stamp;
    int64_t sent_stamp;   /* the last packet's, for decoding */
    int64_t passed_stamp; /* the latest of those that may not have been decoded */
    bool jumped;          /* elsewhere than to the beginning */
    bool trusted;         /* a frame since then was right */
    int untrusted;        /* frames until then */
    int without_frame;    /* packets, and answers that were none */
    int not_shown;        /* packets before the beginning of an edit list's part */
    bool index_loaded;    /* by jumping to catch up */
};

/* Opens the decoder; all its threads run then. The clock, counts and input must be there, all else
 * zero. Errors: ERR_INPUT, ERR_LIMIT, ERR_SYSTEM. */
MUST_CHECK bool film_decoder_start(struct film_decoder *decoder, struct film_frame_pool *pool,
                                   const struct film_facts *facts, int threads, struct err *err);

/* The next frame that is right, into an empty `into`. Broken packets and frames that come too late
 * are left out and counted. FILM_FRAME, FILM_WORKING (a packet went in, call again), FILM_END or
 * FILM_FAILED (ERR_INPUT, ERR_LIMIT). */
enum film_result film_decoder_next(struct film_decoder *decoder, struct film_picture *picture,
                                   struct err *err);

/* Whether a frame that was not decoded may be the one that is shown after this one. */
bool film_decoder_passed(const struct film_decoder *decoder, const struct film_picture *picture);

/* Goes to a key frame at or before a stamp; false where that can't be done. */
bool film_decoder_seek(struct film_decoder *decoder, int64_t stamp);

/* As that, but only to a key frame that lies ahead. Where the index was not read yet, `look` allows
 * to go once where reading it leads to, which may be the key frame behind. */
bool film_decoder_seek_ahead(struct film_decoder *decoder, int64_t stamp, bool load_index);

/* Back to the first frame. */
MUST_CHECK bool film_decoder_rewind(struct film_decoder *decoder, struct err *err);

/* Before the pool goes. Zeroed memory is allowed. */
void film_decoder_finish(struct film_decoder *decoder);

#endif
