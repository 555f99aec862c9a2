/* Which containers and codecs films may use, and decoders opened within limits. Part of film. */
#ifndef WORKER_FILM_FILM_CODEC_H
#define WORKER_FILM_FILM_CODEC_H

#include "core/err.h"

#include <libavcodec/avcodec.h>

/* FFmpeg's whitelists. */
#define FILM_CODEC_CONTAINERS "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm"
#define FILM_CODEC_DECODERS "h264,hevc,vp8,vp9,libdav1d,aac,opus,vorbis,mp3float,flac,ac3,pcm_s16le"

/* FFmpeg allocates no larger block of memory for a film. A plane of the largest frame at 16 bits
 * has 72 MB. */
#define FILM_CODEC_ALLOCATION_BYTES_MAX ((size_t)128 << 20)

/* The decoder for a picture or sound codec; NULL if it is not allowed or not available. */
const AVCodec *film_codec_find(enum AVCodecID id);

/* Options that make FFmpeg refuse frames over PROTOCOL_FILM_AREA_MAX_PX, and all decoders except
 * the allowed ones. The caller frees them, even on failure (out of memory). */
bool film_codec_limits(AVDictionary **options);

/* A decoder's context with its limits, not opened yet. NULL on failure: ERR_INPUT, ERR_LIMIT. Free
 * it with avcodec_free_context. */
AVCodecContext *film_codec_create(const AVCodecParameters *parameters, AVRational time_base,
                                  struct err *err);

/* How many threads to give a picture decoder: as many as requested, as FILM_THREADS_MAX and the
 * memory for their frames allow; at least 1. */
int film_codec_threads(const AVCodecParameters *parameters, int requested);

/* Opens a context of film_codec_create. Errors: ERR_INPUT, ERR_LIMIT. */
MUST_CHECK bool film_codec_start(AVCodecContext *context, struct err *err);

/* Sets `err` for an FFmpeg error: ERR_LIMIT if memory was not enough, else ERR_INPUT. Returns
 * false. */
bool film_codec_error(struct err *err, int code, const char *what);

#endif
