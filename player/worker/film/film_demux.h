/* Reads a film's file as packets of pictures and of sound. Part of film; reads by pread alone, and
 * opens nothing that a file refers to. */
#ifndef WORKER_FILM_FILM_DEMUX_H
#define WORKER_FILM_FILM_DEMUX_H

#include "core/err.h"

#include <libavformat/avformat.h>

/* Packets that are queued for one stream while the other one is read. */
#define FILM_DEMUX_QUEUE_PACKETS_MAX 1024
#define FILM_DEMUX_QUEUE_BYTES_MAX ((size_t)8 << 20)
#define FILM_DEMUX_STREAMS_MAX 64

enum film_stream { FILM_STREAM_PICTURES, FILM_STREAM_SOUND, FILM_STREAM_COUNT };

struct film_demux;

/* Finds the pictures, and sound that can be decoded; with `want_sound` its packets are read, too.
 * `fd` stays the caller's. NULL on failure: ERR_INPUT, ERR_LIMIT, ERR_SYSTEM. */
struct film_demux *film_demux_open(int fd, bool want_sound, struct err *err);

/* NULL if there is none. Valid until film_demux_rewind or film_demux_close. */
AVStream *film_demux_stream(const struct film_demux *input, enum film_stream which);

/* The length of the film's pictures by its container, in microseconds; 0: none that can be relied
 * on. */
int64_t film_demux_declared_us(const struct film_demux *input);

/* All that film_demux_measure_us reads of a file. */
#define FILM_DEMUX_MEASURE_BYTES_MAX ((int64_t)96 << 20)

/* Finds where the last picture ends, relative to the first, by reading mostly at the end of the
 * file: 2 MiB of nearly any. Where reading so much does not tell it, the length of all that the
 * file holds, as its head has it. Microseconds; 0: unknown. */
int64_t film_demux_measure_us(const struct film_demux *input);

enum film_read {
    FILM_READ_PACKET,
    FILM_READ_FULL, /* too many packets of the other stream are queued */
    FILM_READ_END,
};

/* The next packet of a stream; the caller unreferences it. Sound that nobody reads is dropped, the
 * oldest first; pictures are not. */
enum film_read film_demux_read(struct film_demux *input, enum film_stream which, AVPacket *packet);

/* Goes to a key frame at or before a picture's stamp, as far as the file's index is right. False if
 * that is impossible: rewind. */
bool film_demux_seek(struct film_demux *input, int64_t stamp);

/* The decoding stamp of the last key frame in the index at or before a stamp; AV_NOPTS_VALUE:
 * none. */
int64_t film_demux_key_before(const struct film_demux *input, int64_t stamp);

/* Whether the index is read only at the first film_demux_seek, and until then covers only what was
 * read. */
bool film_demux_index_is_late(const struct film_demux *input);

/* Back to the beginning, by opening the file again: that works for every file that was opened
 * before. */
MUST_CHECK bool film_demux_rewind(struct film_demux *input, struct err *err);

/* NULL is allowed. */
void film_demux_close(struct film_demux *input);

#endif
