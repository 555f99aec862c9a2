/* Private to film_demux: an open file, and what its files call of each other. */
#ifndef WORKER_FILM_FILM_DEMUX_INTERNAL_H
#define WORKER_FILM_FILM_DEMUX_INTERNAL_H

#include "worker/film/film_demux.h"

/* Packets in order, in a ring buffer. */
struct packet_queue {
    AVPacket *packets[FILM_DEMUX_QUEUE_PACKETS_MAX];
    size_t first, count, bytes;
};

struct film_demux {
    int fd;
    int64_t size_bytes, at_bytes;
    int64_t head_bytes;          /* read while opening it */
    int64_t hole_at, hole_bytes; /* these bytes are hidden, to read a part of a file */
    int64_t *bytes_left;         /* after so many the file seems to end; NULL: no bound */
    bool stopped;                /* it has seemed so */
    bool want_sound;
    AVFormatContext *format;
    int index[FILM_STREAM_COUNT]; /* -1: none */
    struct packet_queue queues[FILM_STREAM_COUNT];
    AVPacket *packet; /* just read */
    int bad_reads;    /* in a row */
    bool ended;
};

/* Not open yet. NULL if out of memory. */
struct film_demux *film_demux_create(int fd, int64_t size_bytes, struct err *err);

/* Reads the container's head. Errors: ERR_INPUT, ERR_LIMIT. */
MUST_CHECK bool film_demux_open_format(struct film_demux *input, struct err *err);

/* From then on only the streams that will be decoded are read. */
void film_demux_choose_streams(struct film_demux *input);

/* Reads the next packet of any stream into input->packet. False at the end. */
bool film_demux_read_any(struct film_demux *input);

bool film_demux_is_matroska(const struct film_demux *input);

#endif
