/* Which containers and codecs films may use, and decoders opened within limits. Part of film. */
#ifndef WORKER_FILM_FILM_CODEC_H
#define WORKER_FILM_FILM_CODEC_H

#include "core/err.h"

#include <libavcodec/avcodec.h>

/* FFmpeg's whitelists. */
#define FILM_CODEC_CONTAINERS "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm"
#define FILM_CODEC_DECODERS "h264,hevc,vp8,vp9,libdav1d,aac,opus,vorbis,mp3float,flac,ac3,pcm_s16le"

/* No single piece of memory that a film makes FFmpeg ask for is larger. A plane of the largest
 * frame at 16 bits has 72 MB. */
#define FILM_CODEC_ALLOCATION_BYTES_MAX ((size_t)128 << 20)

/* The decoder for a picture or sound codec, or NULL where it is not allowed or not there. */
const AVCodec *film_codec_find(enum AVCodecID id);

/* What makes FFmpeg refuse frames over PROTOCOL_FILM_AREA_MAX_PX, and all decoders but ours. The caller
 * frees it. */
bool film_codec_limits(AVDictionary **options);

/* A decoder's context with its limits, not opened. NULL on failure: ERR_INPUT, ERR_LIMIT. Free it
 * with avcodec_free_context. */
AVCodecContext *film_codec_create(const AVCodecParameters *parameters, AVRational time_base,
                                  struct err *err);

/* How many threads a picture decoder is to have: as many as are wanted, FILM_THREADS_MAX and the
 * memory for their frames allow; 1 at least. */
int film_codec_threads(const AVCodecParameters *parameters, int wanted);

/* Opens it. */
MUST_CHECK bool film_codec_start(AVCodecContext *context, struct err *err);

/* An FFmpeg error as one of ours: ERR_INPUT, or ERR_LIMIT where memory did not do. Returns
 * false. */
bool film_codec_error(struct err *err, int code, const char *what);

#endif
