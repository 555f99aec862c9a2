/* Films: pictures and sound of one open file, in order, into memory that the caller gives.
 *
 * Runs in a worker process. Opens no file, knows no process and no socket; the caller's descriptor
 * is read with pread alone. What is in the file is taken for hostile: only the containers and
 * codecs of film_codec.h are ever tried, nothing that a file refers to is opened, sizes are
 * bounded. One thread calls; the decoder has threads of its own.
 *
 *     film_open    what the headers say: fast, nothing is decoded for show. Enough for `check`
 *     film_start   gives it the slots
 *     film_next    the next frame or sound ...
 *     film_release ... until the reader has done with the frame
 *     film_close
 *
 * Time 0 is the first frame that can be shown, whatever the file's own times begin with. A frame is
 * shown until the next one's time; the last one until the film's end. A time is a matter of the
 * frame's stamp alone, never of the frames before it: so all that join a film late agree. */
#ifndef WORKER_FILM_FILM_H
#define WORKER_FILM_FILM_H

#include "core/err.h"
#include "core/frame.h"
#include "sandbox/protocol.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FILM_THREADS_MAX 16
/* Frames that a reader may hold, or have before it, without making the decoder slower. */
#define FILM_READER_SLOTS 8
#define FILM_SOUND_HZ 48000
#define FILM_SOUND_CHANNELS 2

struct film;

struct film_request {
    int64_t start_us; /* >= 0: the first frame given out is the one that is on then */
    bool want_sound;  /* else no sound is even read */
    int threads;  /* of the decoder: how many processors there are; clamped to what is allowed */
    int rotation; /* the screen's, clockwise: 0, 90, 180 or 270; frames come turned for it */
};

enum film_matrix { FILM_MATRIX_601, FILM_MATRIX_709, FILM_MATRIX_2020 };

/* Where the planes lie in a slot: 8 bits a sample, I420 (Y, then U, then V at half the size both
 * ways, rounded up). Outside the planes a slot holds anything. */
struct film_layout {
    int width_px, height_px; /* of plane Y, turned for the screen; 1 to PROTOCOL_FILM_SIDE_MAX_PX */
    size_t offset_bytes[3];  /* multiples of 64 */
    size_t stride_bytes[3];  /* multiples of 64 */
    size_t slot_bytes;       /* from one slot to the next, a multiple of 4096 */
    /* Of the whole ring: more make nothing faster, and all of them have 256 MiB at most, but for
     * the few that the largest films need. Those with low numbers are used first: the last ones
     * may never be written to, and then cost no memory. */
    int slots;
    int reader_slots;         /* of these a reader may hold so many: 3 to FILM_READER_SLOTS */
    enum frame_matrix matrix; /* of all frames, whatever the file has */
};

struct film_facts {
    struct film_layout layout;
    int width_px, height_px;             /* as shown upright: turned, with square pixels */
    int coded_width_px, coded_height_px; /* as stored */
    char codec[16];
    char pixel_format[24]; /* FFmpeg's name; empty where unknown before decoding */
    int bit_depth;
    enum film_matrix matrix; /* guessed from the size where the file does not tell */
    bool full_range;
    bool high_dynamic_range; /* PQ or HLG: shown without tone mapping, so it will look flat */
    int rotation;            /* the container's, clockwise; the screen's is not in it */
    bool mirrored;           /* turned over top to bottom before that */
    double fps;              /* on average; 0: unknown */
    /* Frames last 1.5 times as long as others, or more; Matroska seldom tells. */
    bool variable_rate;
    int64_t duration_us; /* > 0 where the file tells, or its packets do; 0: unknown */
    bool direct;         /* frames need no conversion: decoded into their slots, where possible */
    bool has_sound;      /* one that can be decoded */
    bool has_alpha;      /* transparency that the file marks; it is shown opaque */
    /* The longest that a frame stands, where the file's index has an entry for each frame (MP4,
     * not in fragments); 0: unknown. Much longer than the others: its stamps jump ahead. */
    int64_t longest_us;
};

/* Reads the headers, and no more of the film than it takes to know its shape. `fd` must be a
 * regular file; it stays the caller's, and open until film_close. NULL on failure: ERR_INPUT (not
 * a film that is allowed, damaged), ERR_LIMIT (too large), ERR_SYSTEM. */
struct film *film_open(int fd, const struct film_request *request, struct err *err);

/* Lives as long as the film. */
const struct film_facts *film_facts(const struct film *film);

/* Gives the slots: `slots` (3 to PROTOCOL_FILM_SLOTS_MAX) times facts.layout.slot_bytes at `ring`, aligned
 * to a page, mapped for writing until film_close. Starts the decoders. Once. False: ERR_SYSTEM,
 * ERR_INPUT. */
MUST_CHECK bool film_start(struct film *film, void *ring, int slots, struct err *err);

enum film_result {
    FILM_FRAME,
    FILM_SOUND,
    FILM_WAIT,    /* no slot is free, or the other kind, not taken now, has to be taken first */
    FILM_WORKING, /* of film_step: there is nothing to give out yet, but it went on */
    FILM_END,     /* of what is taken */
    FILM_FAILED,
};

/* What the caller has room for now. It may change from call to call: neither kind waits for the
 * other, but for what is kept between them (8 MiB of packets). */
#define FILM_TAKE_FRAMES 1u
#define FILM_TAKE_SOUND 2u

struct film_output {
    int64_t time_us;
    int64_t duration_us; /* > 0 */
    /* FILM_FRAME: the caller's until film_release. A picture that the film shows twice may come
     * twice in the same slot: each time is to be released. */
    int slot;
    /* Parts of it are missing or made up, or a packet before it could not be decoded. */
    bool damaged;
    /* FILM_SOUND: 48 kHz, stereo, interleaved, -1 to 1; until the next call that takes sound. Gaps
     * between one sound's end and the next one's time are silence. */
    const float *samples;
    int sample_count; /* pairs */
};

/* The next frame, or sound, whichever comes first. Frames come in the order they are shown in, with
 * rising times. What is broken is left out and counted, and so are frames whose stamps go back: a
 * film fails (ERR_INPUT) when 300 packets in a row that ought to give a frame give none, or when it
 * ends without one, and (ERR_LIMIT) when the memory that it is allowed does not do for it. Sound
 * never fails a film.
 *
 * It takes as long as decoding takes: at a late start that may be hundreds of frames. */
enum film_result film_next(struct film *film, unsigned take, struct film_output *output,
                           struct err *err);

/* The same in steps, none of which takes longer than decoding a packet or opening the file. Each
 * FILM_WORKING is progress: the film ends, fails or gives something after a finite number. */
enum film_result film_step(struct film *film, unsigned take, struct film_output *output,
                           struct err *err);

/* Catches up: frames and sound that are over by time_us are not given out any more, and what is not
 * needed to get there is not decoded (frames that no other one refers to; everything up to a key
 * frame ahead, where the file's index tells of one). The last frame of the film is given out even
 * if it is over. At any time, for the next call of film_next; a time before one
 * that was given already changes nothing. */
void film_skip(struct film *film, int64_t time_us);

/* The reader has done with a slot. A slot that the reader does not hold is left alone. */
void film_release(struct film *film, int slot);

/* So far. */
struct film_counts {
    int64_t direct;         /* frames that were decoded into their slots */
    int64_t painted;        /* frames that were converted, turned or copied into theirs */
    int64_t broken_packets; /* of pictures */
    int64_t damaged_frames; /* with parts that are missing or made up */
    int64_t broken_sounds;  /* packets; silence instead */
    int64_t seeks;   /* how often another place was tried to find the start, or to catch up */
    int64_t packets; /* of pictures that were read to be decoded: rises with all progress */
    int64_t skipped; /* frames that were decoded and left out because of film_skip */
    int64_t late;    /* frames left out because their stamps go back */
};
struct film_counts film_counts(const struct film *film);

/* Slots may still be read afterwards. NULL is allowed. */
void film_close(struct film *film);

#endif
