/* A film's file as packets of pictures and of sound. Part of movie; reads with pread alone, and
 * refuses whatever else a file asks to be opened. */
#ifndef WORKER_FILM_MOVIE_INPUT_H
#define WORKER_FILM_MOVIE_INPUT_H

#include "core/err.h"

#include <libavformat/avformat.h>

/* Packets that are kept for one stream while the other one is read. */
#define MOVIE_INPUT_KEPT_MAX 1024
#define MOVIE_INPUT_KEPT_BYTES_MAX ((size_t)8 << 20)
#define MOVIE_INPUT_STREAMS_MAX 64

enum movie_stream { MOVIE_STREAM_PICTURES, MOVIE_STREAM_SOUND, MOVIE_STREAM_COUNT };

struct movie_input;

/* Finds the pictures, and the sound where there is one that can be decoded; with `want_sound` its
 * packets are read too. `fd` stays the caller's. NULL: ERR_INPUT, ERR_LIMIT, ERR_SYSTEM. */
struct movie_input *movie_input_open(int fd, bool want_sound, struct err *err);

/* NULL where there is none. Good until movie_input_rewind or _close. */
AVStream *movie_input_stream(const struct movie_input *input, enum movie_stream which);

/* The container's own words on its length, in microseconds; 0: none that can be relied on. */
int64_t movie_input_told_us(const struct movie_input *input);

/* Looks at the end of the file, reading 42 MiB at most, for where the last picture ends: less the
 * first one's time. 0: unknown. */
int64_t movie_input_measure_us(const struct movie_input *input);

enum movie_read {
    MOVIE_READ_PACKET,
    MOVIE_READ_FULL, /* too much of the other stream would have to be kept */
    MOVIE_READ_END,
};

/* The next packet of a stream; the caller unreferences it. Sound that nobody takes is forgotten,
 * the oldest first; pictures are not. */
enum movie_read movie_input_read(struct movie_input *input, enum movie_stream which,
                                 AVPacket *packet);

/* Goes to a key frame at or before a picture's stamp, as far as the file's index is right. False
 * where that can't be done: rewind. */
bool movie_input_seek(struct movie_input *input, int64_t stamp);

/* The stamp (for decoding) of the last key frame at or before a stamp that the index has; without
 * one AV_NOPTS_VALUE. */
int64_t movie_input_key_before(const struct movie_input *input, int64_t stamp);

/* Whether the index is read at the first movie_input_seek, and lacks until then what was not passed
 * by. */
bool movie_input_index_is_late(const struct movie_input *input);

/* Back to the beginning, by opening the file anew: that works for every file that was opened
 * once. */
MUST_CHECK bool movie_input_rewind(struct movie_input *input, struct err *err);

/* NULL is allowed. */
void movie_input_close(struct movie_input *input);

#endif
