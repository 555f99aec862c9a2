/* Films: decodes pictures and sound of one open file, in order, into memory that the caller gives.
 *
 * Runs in a worker process. Opens no file, knows no process and no socket; reads the caller's
 * descriptor by pread alone. The file is treated as hostile: only the containers and codecs of
 * film_codec.h are ever tried, nothing that a file refers to is opened, sizes are bounded. One
 * thread calls; the decoder has threads of its own.
 *
 *     film_open    reads the headers: fast, no picture is decoded for output. Enough for `check`
 *     film_start   passes the slots and starts the decoders
 *     film_next    returns the next frame or sound ...
 *     film_release ... a frame's slot, once the reader is done with it
 *     film_close
 *
 * Interlaced frames are shown as two, one of each field: the second begins halfway to the next
 * frame. So 25 interlaced frames a second give 50 that move as smoothly as they were taken.
 *
 * Time 0 is the first frame that can be shown, whatever time stamps the file begins with. A frame
 * is shown until the next one's time, the last one until the film's end. A frame's time depends on
 * its stamp alone, never on the frames before it: so all who join a film late agree. */
#ifndef WORKER_FILM_FILM_H
#define WORKER_FILM_FILM_H

#include "core/err.h"
#include "core/frame.h"
#include "sandbox/protocol.h"
#include "worker/film/film_color.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FILM_THREADS_MAX 16
/* Frames that a reader may have at a time without slowing the decoder down. */
#define FILM_READER_SLOTS 8
#define FILM_SOUND_HZ 48000
#define FILM_SOUND_CHANNELS 2

struct film;

struct film_request {
    int64_t start_us; /* at least 0: the frame shown at this time is returned first */
    bool want_sound;  /* if false, no sound is even read */
    int threads;      /* the decoder's: the number of processors, lowered to what is allowed */
    int rotation;     /* the screen's, clockwise: 0, 90, 180 or 270; frames come rotated for it */
};

/* The places of the planes in a slot: 8 bits a sample, I420 (Y, then U, then V at half the size
 * both ways, rounded up). Other bytes of a slot are undefined. */
struct film_layout {
    int width_px,
        height_px;          /* of plane Y, rotated for the screen; 1 to PROTOCOL_FILM_SIDE_MAX_PX */
    size_t offset_bytes[3]; /* multiples of 64 */
    size_t stride_bytes[3]; /* multiples of 64 */
    size_t slot_bytes;      /* from one slot to the next, a multiple of 4096 */
    /* Slots in the ring: more would make nothing faster. Together they have at most 256 MiB, but
     * the few that the largest films need are always there. Slots with low numbers are used first:
     * the last ones may never be written to, and then cost no memory. */
    int slots;
    int reader_slots; /* so many of them the reader may have at a time: 3 to FILM_READER_SLOTS */
    enum frame_matrix matrix; /* of the frames returned, whatever the file has */
};

struct film_facts {
    struct film_layout layout;
    int width_px, height_px;             /* as shown upright: rotated, with square pixels */
    int coded_width_px, coded_height_px; /* as stored */
    char codec[16];
    char pixel_format[24]; /* FFmpeg's name; empty where unknown before decoding */
    int bit_depth;
    /* What the file does not say is guessed: the matrix from the size, the rest from the matrix. */
    struct film_color color;
    bool high_dynamic_range; /* PQ or HLG: mapped to what screens show */
    bool interlaced;         /* as the headers say; the frames may say otherwise, and count */
    int rotation;            /* the container's, clockwise, without the screen's */
    bool mirrored;           /* flipped top to bottom before that */
    double fps;              /* on average; 0: unknown */
    /* The longest frame lasts at least 1.5 times as long as the shortest; Matroska rarely says. */
    bool variable_rate;
    int64_t duration_us; /* from the headers or the packets; 0: unknown */
    bool direct;    /* frames need no conversion: they are decoded into their slots if possible */
    bool has_sound; /* sound that can be decoded */
    bool has_alpha; /* the file marks transparency; the film is shown opaque */
    /* The longest duration of a frame, if the file's index has an entry for each frame (MP4 without
     * fragments); 0: unknown. If it is much longer than the others, the stamps jump ahead. */
    int64_t longest_us;
};

/* Reads the headers, and no more of the film than it takes to know its format. `fd` must be a
 * regular file; it stays the caller's, and open until film_close. NULL on failure: ERR_INPUT (not a
 * film that is allowed, damaged), ERR_LIMIT (too large), ERR_SYSTEM. */
struct film *film_open(int fd, const struct film_request *request, struct err *err);

/* Lives as long as the film. */
const struct film_facts *film_facts(const struct film *film);

/* Passes the memory for `slots` (3 to PROTOCOL_FILM_SLOTS_MAX) slots of facts.layout.slot_bytes at
 * `ring`, aligned to a page and writable until film_close; starts the decoders. Call once. Errors:
 * ERR_SYSTEM, ERR_INPUT. */
MUST_CHECK bool film_start(struct film *film, void *ring, int slots, struct err *err);

enum film_result {
    FILM_FRAME,
    FILM_SOUND,
    FILM_WAIT,    /* no slot is free, or the other kind, not accepted now, has to be taken first */
    FILM_WORKING, /* film_step only: progress, but nothing to return yet */
    FILM_END,     /* no more of what is accepted */
    FILM_FAILED,
};

/* What the caller accepts now; may change from call to call. Neither kind waits for the other,
 * except when the packets between them exceed 8 MiB. */
#define FILM_TAKE_FRAMES 1u
#define FILM_TAKE_SOUND 2u

struct film_output {
    int64_t time_us;
    int64_t duration_us; /* > 0 */
    /* FILM_FRAME: the caller's until film_release. A picture that the film shows twice may be
     * returned twice with the same slot: release it twice. */
    int slot;
    /* Parts of the frame are missing or made up, or a packet before it could not be decoded. Said
     * once of both fields of an interlaced frame. */
    bool damaged;
    bool deinterlaced; /* it is one field of an interlaced frame */
    /* FILM_SOUND: 48 kHz, stereo, interleaved, -1 to 1; valid until the next call that accepts
     * sound. Gaps between one piece's end and the next one's time are silence. */
    const float *samples;
    int sample_count; /* pairs */
};

/* The next frame, or sound, whichever comes first. Frames come in display order, with rising times.
 * Broken packets are left out and counted, and so are frames whose stamps go back. A film fails
 * with ERR_INPUT if 300 packets in a row that should give a frame give none, or if it ends without
 * one, and with ERR_LIMIT if the memory that it is allowed is not enough. Sound never fails a film.
 *
 * * Takes as long as decoding takes: after a late start that may be hundreds of frames. */
enum film_result film_next(struct film *film, unsigned take, struct film_output *output,
                           struct err *err);

/* The same in steps, none of which takes longer than decoding a packet or opening the file. The
 * film ends, fails or returns something after a finite number of FILM_WORKING. */
enum film_result film_step(struct film *film, unsigned take, struct film_output *output,
                           struct err *err);

/* Catches up: frames and sound that are over by time_us are not returned any more, and what is not
 * needed to get there is not decoded (frames that no other one refers to; everything up to a key
 * frame ahead, if the file's index has one). The film's last frame is returned even if it is over.
 * Takes effect at the next film_next or film_step; a time before an earlier one changes nothing. */
void film_skip(struct film *film, int64_t time_us);

/* The reader is done with a slot. Ignored for a slot that the reader does not have. */
void film_release(struct film *film, int slot);

/* Counts so far. */
struct film_counts {
    int64_t direct;         /* frames decoded into their slots */
    int64_t converted;      /* frames converted, rotated or copied into their slots */
    int64_t broken_packets; /* packets of pictures that could not be decoded */
    int64_t damaged_frames; /* frames with parts that are missing or made up */
    int64_t broken_sounds;  /* packets of sound that could not be decoded: silence instead */
    int64_t seeks;          /* jumps to find the start, or to catch up */
    int64_t packets;        /* packets of pictures read for decoding: rises with all progress */
    int64_t skipped;        /* frames decoded and left out because of film_skip */
    int64_t late;           /* frames left out because their stamps go back */
};
struct film_counts film_counts(const struct film *film);

/* Slots may still be read afterwards. NULL is allowed. */
void film_close(struct film *film);

#endif
