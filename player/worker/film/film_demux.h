/* A film's file as packets of pictures and of sound. Part of film; reads with pread alone, and
 * refuses whatever else a file asks to be opened. */
#ifndef WORKER_FILM_FILM_DEMUX_H
#define WORKER_FILM_FILM_DEMUX_H

#include "core/err.h"

#include <libavformat/avformat.h>

/* Packets that are kept for one stream while the other one is read. */
#define FILM_DEMUX_QUEUE_PACKETS_MAX 1024
#define FILM_DEMUX_QUEUE_BYTES_MAX ((size_t)8 << 20)
#define FILM_DEMUX_STREAMS_MAX 64

enum film_stream { FILM_STREAM_PICTURES, FILM_STREAM_SOUND, FILM_STREAM_COUNT };

struct film_demux;

/* Finds the pictures, and the sound where there is one that can be decoded; with `want_sound` its
 * packets are read too. `fd` stays the caller's. NULL: ERR_INPUT, ERR_LIMIT, ERR_SYSTEM. */
struct film_demux *film_demux_open(int fd, bool want_sound, struct err *err);

/* NULL where there is none. Good until film_demux_rewind or _close. */
AVStream *film_demux_stream(const struct film_demux *input, enum film_stream which);

/* The container's own words on its length, in microseconds; 0: none that can be relied on. */
int64_t film_demux_declared_us(const struct film_demux *input);

/* Looks at the end of the file, reading 42 MiB at most, for where the last picture ends: less the
 * first one's time. 0: unknown. */
int64_t film_demux_measure_us(const struct film_demux *input);

enum film_read {
    FILM_READ_PACKET,
    FILM_READ_FULL, /* too much of the other stream would have to be kept */
    FILM_READ_END,
};

/* The next packet of a stream; the caller unreferences it. Sound that nobody takes is forgotten,
 * the oldest first; pictures are not. */
enum film_read film_demux_read(struct film_demux *input, enum film_stream which, AVPacket *packet);

/* Goes to a key frame at or before a picture's stamp, as far as the file's index is right. False
 * where that can't be done: rewind. */
bool film_demux_seek(struct film_demux *input, int64_t stamp);

/* The stamp (for decoding) of the last key frame at or before a stamp that the index has; without
 * one AV_NOPTS_VALUE. */
int64_t film_demux_key_before(const struct film_demux *input, int64_t stamp);

/* Whether the index is read at the first film_demux_seek, and lacks until then what was not passed
 * by. */
bool film_demux_index_is_late(const struct film_demux *input);

/* Back to the beginning, by opening the file anew: that works for every file that was opened
 * once. */
MUST_CHECK bool film_demux_rewind(struct film_demux *input, struct err *err);

/* NULL is allowed. */
void film_demux_close(struct film_demux *input);

#endif
