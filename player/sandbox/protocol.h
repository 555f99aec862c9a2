/* What the player and its workers say to each other, over a SOCK_SEQPACKET pair.
 *
 *     player  ── job, with open descriptors ──▶  worker
 *     player  ◀── ready ───────────────────────  worker     before it looks at a byte of the medium
 *     player  ◀── ring, with a sealed memfd ───  worker     where its frames will be
 *     player  ◀── frame (slot, time) ──────────  worker     one for a still, many for a film
 *     player  ◀── sound ───────────────────────  worker     films only, where it is asked for
 *     player  ◀── progress ────────────────────  worker     films only: the next frame takes long
 *     player  ── order (release, heard) ───────▶ worker     films only: there is room for more
 *     player  ── order (skip) ─────────────────▶ worker     films only: what is over is not wanted
 *     player  ◀── end, or error ───────────────  worker     of frames: sound may follow
 *
 * Each message is one packet of exactly its struct's size. Both ends are built from the same
 * sources, so the layout is the compiler's; but films have a program of their own, a file that an
 * upgrade may leave behind: so `magic` holds the version and the sizes of all messages, and a
 * worker takes no job of another version's player. The player takes nothing on trust: it copies a
 * message, then checks every number (worker_process.c, picture_client.c, film_client_check.c). */
#ifndef SANDBOX_PROTOCOL_H
#define SANDBOX_PROTOCOL_H

#include "core/layout.h"
#include "playlist/playlist.h"

#include <stddef.h>
#include <stdint.h>

/* To be counted up with each change of what messages mean that leaves their sizes as they are. */
#define PROTOCOL_VERSION 4u
#define PROTOCOL_FD 3 /* the worker's end of the pair */
#define PROTOCOL_FILES_MAX 4
#define PROTOCOL_SIDE_MAX_PX 16384
#define PROTOCOL_FRAME_BYTES_MAX ((size_t)512 << 20)
#define PROTOCOL_SLOTS_MAX 16
#define PROTOCOL_WORDS_BYTES 256
#define PROTOCOL_CODES_MAX 8

/* argv[0] of a worker: what main() looks at, and what `ps` shows. */
#define PROTOCOL_WORKER_NAME "duckling-worker"
#define PROTOCOL_WORKER_FILM_NAME "duckling-film"
/* The program whose workers play films (program_open). */
#define PROTOCOL_WORKER_FILM_PROGRAM "duckling-films"

/* Exit status of a worker that was given no job, or one of another version. */
#define PROTOCOL_NO_JOB 1

/* A picture's file is read whole. */
#define PROTOCOL_STILL_FILE_BYTES_MAX ((size_t)256 << 20)
#define PROTOCOL_FILM_SIDE_MAX_PX 16384
#define PROTOCOL_FILM_AREA_MAX_PX 36000000 /* 8K is 33 million */

enum protocol_job_kind {
    PROTOCOL_JOB_STILL,
    PROTOCOL_JOB_TAGLINE,
    PROTOCOL_JOB_HOUSE, /* the house card's ground, from code alone */
    PROTOCOL_JOB_FILM,
};

struct protocol_job {
    uint32_t magic;
    uint32_t kind;                             /* enum protocol_job_kind */
    int32_t canvas_width_px, canvas_height_px; /* upright */
    int32_t rotation;     /* 0, 90, 180, 270: frames are made turned, ready for the screen */
    uint32_t file_count;  /* descriptors that came along: the picture, or the faces in order */
    uint32_t unsandboxed; /* 1: --no-sandbox */
    /* still */
    uint32_t fit;        /* enum layout_fit */
    uint32_t background; /* 0xRRGGBB, shows through transparent pixels */
    double scale;        /* frame size over place on the canvas, 1 to 2 */
    double focus_x, focus_y;
    /* tagline */
    uint32_t weight, position, color; /* as in struct playlist_style */
    uint32_t shadow, scrim;
    double size;
    int32_t face_index[PROTOCOL_FILES_MAX];
    char language[64];
    char text[PLAYLIST_TEXT_BYTES_MAX + 1];
    /* film */
    int64_t start_us;    /* the first frame is the one that is on then */
    uint32_t want_sound; /* 0 or 1 */
    uint32_t only_look;  /* 1: nothing but the film's shape is wanted */
    uint32_t threads;
};

enum protocol_event_kind {
    PROTOCOL_RING, /* comes with the memfd */
    PROTOCOL_FRAME,
    PROTOCOL_END,
    PROTOCOL_ERROR,
    PROTOCOL_FILM, /* comes with the memfd, unless the job was only to look */
    PROTOCOL_SOUND,
    PROTOCOL_PROGRESS,  /* films: still at it */
    PROTOCOL_READY,     /* once, before all others but an error (worker_process.h) */
    PROTOCOL_FORBIDDEN, /* once: the sandbox is about to end the worker */
};

/* Frames, and pieces of sound, that the player has not given back: the worker waits at these. */
#define PROTOCOL_AHEAD_FRAMES 8
#define PROTOCOL_AHEAD_SOUNDS 32
#define PROTOCOL_SOUND_PAIRS 1024
#define PROTOCOL_FILM_BYTES_MAX ((size_t)1 << 30)
#define PROTOCOL_FILM_SLOTS_MAX 32
/* A worker that has nothing to show yet, but goes on, says so at most this often. */
#define PROTOCOL_PROGRESS_NS INT64_C(250000000)

/* What the worker learned on the way, for `check`; nothing that is shown depends on it. What does
 * not belong to the job's kind is zero. */
struct protocol_facts {
    /* still: as stored, before the EXIF orientation (1 to 8) is applied */
    int32_t stored_width_px, stored_height_px;
    int32_t orientation;
    /* tagline: as in struct tagline_facts; codes after the last are zero */
    int32_t asked_px, used_px, lines;
    int32_t missing, fallen;
    uint32_t missing_codes[PROTOCOL_CODES_MAX], fallen_codes[PROTOCOL_CODES_MAX];
    uint32_t faces_open, faces_used; /* bit N: the job's file N */
};

struct protocol_ring {
    int32_t slots;
    int32_t width_px, height_px; /* of a frame, as the screen has it */
    uint32_t stride_bytes;
    uint64_t slot_bytes;  /* from one slot's start to the next */
    uint32_t opaque;      /* 0 or 1 */
    struct layout_box at; /* where the frame stands on the screen */
    double focus_x, focus_y;
    struct protocol_facts facts;
};

/* A film's shape: what film.h says of it. */
struct protocol_film {
    int32_t slots;
    int32_t ahead; /* frames that the player may have at a time, 1 to PROTOCOL_AHEAD_FRAMES: the
                    * worker waits at these */
    int32_t width_px, height_px; /* of the Y plane, turned for the screen */
    uint64_t offset_bytes[3], stride_bytes[3], slot_bytes;
    uint32_t colour;                         /* enum frame_matrix */
    int32_t shown_width_px, shown_height_px; /* upright, square pixels */
    int32_t coded_width_px, coded_height_px;
    int32_t bit_depth;
    uint32_t variable_rate, has_sound, has_alpha, high_dynamic_range; /* 0 or 1 */
    double fps;
    int64_t duration_us, longest_us;
    char codec[16];
};

struct protocol_event {
    uint32_t magic;
    uint32_t kind;                /* enum protocol_event_kind */
    struct protocol_ring ring;    /* PROTOCOL_RING */
    struct protocol_film film;    /* PROTOCOL_FILM */
    int32_t slot;                 /* PROTOCOL_FRAME */
    uint32_t damaged;             /* PROTOCOL_FRAME: 0 or 1, as in struct film_output */
    int64_t time_us, duration_us; /* PROTOCOL_FRAME: since the film's start; 0 for a still */
    int64_t steps;                /* PROTOCOL_PROGRESS: more than the time before */
    /* PROTOCOL_ERROR: enum err_code. PROTOCOL_READY: 1 when the worker was started with less memory
     * than one of its trade may take (ulimit -v, -f), else 0. PROTOCOL_FORBIDDEN: the number of the
     * system call */
    uint32_t code;
    char words[PROTOCOL_WORDS_BYTES]; /* PROTOCOL_ERROR, terminated */
};

/* A packet of its own size. */
struct protocol_sound {
    uint32_t magic;
    uint32_t kind; /* PROTOCOL_SOUND */
    int64_t time_us;
    int32_t pairs;                           /* 1 to PROTOCOL_SOUND_PAIRS */
    float samples[2 * PROTOCOL_SOUND_PAIRS]; /* 48 kHz, stereo, interleaved */
};

enum protocol_order_kind {
    PROTOCOL_RELEASE, /* of a frame's slot */
    PROTOCOL_HEARD,   /* one piece of sound */
    PROTOCOL_SKIP,    /* frames that are over by then are not wanted any more */
};

struct protocol_order {
    uint32_t magic;
    uint32_t kind; /* enum protocol_order_kind */
    int32_t slot;
    int64_t time_us; /* PROTOCOL_SKIP: since the film's start */
};

/* "duck", and all that two versions may differ in. Odd factors keep the parts apart. */
#define PROTOCOL_MAGIC                                                                             \
    ((uint32_t)(0x6475636bu + PROTOCOL_VERSION * 0x9e3779b1u +                                     \
                sizeof(struct protocol_job) * 0x85ebca6bu +                                        \
                sizeof(struct protocol_event) * 0xc2b2ae35u +                                      \
                sizeof(struct protocol_sound) * 0x27d4eb2fu +                                      \
                sizeof(struct protocol_order) * 0x165667b1u))

#endif
