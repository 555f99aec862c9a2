/* The messages between the player and its workers, over a SOCK_SEQPACKET pair.
 *
 *     player  ◀── started ─────────────────────  worker     forked ones only: its process
 *     player  ── job, with open descriptors ──▶  worker
 *     player  ◀── ready ───────────────────────  worker     before it reads a byte of the medium
 *     player  ◀── size ────────────────────────  worker     stills only: what its file's header says
 *     player  ◀── ring, with a sealed memfd ───  worker     the memory that its frames will be in
 *     player  ◀── frame (slot, time) ──────────  worker     one for a still, many for a film
 *     player  ◀── sound ───────────────────────  worker     films only, if the job asks for it
 *     player  ◀── progress ────────────────────  worker     films only: the next frame takes long
 *     player  ── order (release) ──────────────▶ worker     films only: a slot is free again
 *     player  ── order (skip) ─────────────────▶ worker     films only: skip what is over by then
 *     player  ◀── end, or error ───────────────  worker     end of the frames: sound may follow
 *
 * Each message is one packet of exactly its struct's size. Both ends are built from the same
 * sources, so the compiler's layout will do. But films have a program of their own, a file that an
 * upgrade may leave behind: so `magic` holds the version and the sizes of all messages, and a
 * worker accepts no job from a player of another version. The player trusts no worker: it copies
 * each message, then checks every number (worker_process.c, picture_client.c,
 * film_client_check.c). */
#ifndef SANDBOX_PROTOCOL_H
#define SANDBOX_PROTOCOL_H

#include "core/layout.h"
#include "playlist/playlist.h"

#include <stddef.h>
#include <stdint.h>

/* To be counted up when messages change their meaning but not their sizes. */
#define PROTOCOL_VERSION 8u
#define PROTOCOL_FD 3 /* the worker's end of the pair */
/* In a worker: the memfd that its frames will be in, empty at first. It is made before the sandbox
 * closes, and a worker can have no other: what it holds without mapping it is bounded, too. */
#define PROTOCOL_MEMORY_FD 4
#define PROTOCOL_FILES_MAX 8
#define PROTOCOL_SIDE_MAX_PX 16384
#define PROTOCOL_FRAME_BYTES_MAX ((size_t)512 << 20)
#define PROTOCOL_TEXT_BYTES 256
#define PROTOCOL_CODE_POINTS_MAX 8
#define PROTOCOL_LINES_MAX 16

/* argv[0] of a worker: main() tells workers by it, and `ps` shows it. */
#define PROTOCOL_WORKER_NAME "duckling-worker"
#define PROTOCOL_WORKER_FILM_NAME "duckling-film"
/* argv[1] of the process that workers are forked from (decode/fork_server.h). */
#define PROTOCOL_SERVE "serve"
/* The program that is executed for films (program_open). */
#define PROTOCOL_WORKER_FILM_PROGRAM "duckling-films"
/* The table of Chinese words, which a worker that sets a text maps (file_find_shipped). */
#define PROTOCOL_WORDS_FILE "words/zh-hans.words"

/* Exit status of a worker that received no job, or one from a player of another version. */
#define PROTOCOL_EXIT_NO_JOB 1

/* A picture's file is mapped whole. */
#define PROTOCOL_STILL_FILE_BYTES_MAX ((size_t)256 << 20)
#define PROTOCOL_FILM_SIDE_MAX_PX 16384
#define PROTOCOL_FILM_AREA_MAX_PX 36000000 /* 8K is 33 million */

enum protocol_job_kind {
    PROTOCOL_JOB_STILL,
    PROTOCOL_JOB_TAGLINE,
    PROTOCOL_JOB_HOUSE_CARD, /* the house card's background, which takes no file */
    PROTOCOL_JOB_FILM,
};

/* As in struct tagline_request; no faces: there is no such text. */
struct protocol_text {
    struct text_style style;
    uint32_t face_count;
    uint32_t span_count;
    struct text_span spans[TEXT_SPANS_MAX];
    char language[64];
    char text[PLAYLIST_TEXT_BYTES_MAX + 1];
};

/* As in struct qr_request; no text: there is no code. */
struct protocol_qr {
    struct qr_style style;
    char text[PLAYLIST_TEXT_BYTES_MAX + 1];
};

struct protocol_job {
    uint32_t magic;
    uint32_t kind;                             /* enum protocol_job_kind */
    int32_t canvas_width_px, canvas_height_px; /* upright */
    int32_t rotation;     /* 0, 90, 180, 270: frames come rotated, ready for the screen */
    uint32_t file_count;  /* descriptors sent along: the picture or film, or the fonts in order */
    uint32_t unsandboxed; /* 1: --no-sandbox */
    /* still */
    uint32_t fit;        /* enum layout_fit */
    uint32_t background; /* 0xRRGGBB, shows through transparent pixels */
    double scale;        /* frame size over place on the canvas, 1 to 2 */
    double focus_x, focus_y;
    uint32_t plain; /* house card: 1: without the duckling */
    /* tagline: its texts have the job's files as their fonts, one after the other */
    struct protocol_text texts[TEXT_LEVELS];
    uint32_t subline_follows, only; /* as in struct text_block_request */
    struct protocol_qr qr;
    int32_t face_index[PROTOCOL_FILES_MAX];
    /* film */
    int64_t start_us;    /* the first frame to send is the one shown at this time */
    uint32_t want_sound; /* 1: send sound, too */
    uint32_t probe_only; /* 1: send the film's format and nothing else */
    uint32_t threads;    /* processors of the machine; the worker lowers it to what is allowed */
};

enum protocol_event_kind {
    PROTOCOL_EVENT_RING, /* with a memfd */
    PROTOCOL_EVENT_FRAME,
    PROTOCOL_EVENT_END,
    PROTOCOL_EVENT_ERROR,
    PROTOCOL_EVENT_FILM, /* with a memfd, except for probe_only */
    PROTOCOL_EVENT_SOUND,
    PROTOCOL_EVENT_PROGRESS,  /* films: the next frame is still being decoded */
    PROTOCOL_EVENT_READY,     /* once, before all others except an error (worker_process.h) */
    PROTOCOL_EVENT_FORBIDDEN, /* once: the sandbox is about to kill the worker */
    PROTOCOL_EVENT_SIZE,      /* stills, once, before they are decoded: ring.facts' stored size */
    PROTOCOL_EVENT_STARTED,   /* of a forked worker, once, before all others: its process */
};

/* Frames, and packets of sound, that the player has not released: with so many out the worker
 * waits. */
#define PROTOCOL_FRAMES_AHEAD_MAX 8
#define PROTOCOL_SOUNDS_AHEAD_MAX 32
#define PROTOCOL_SOUND_PAIRS 1024
#define PROTOCOL_FILM_BYTES_MAX ((size_t)1 << 30)
#define PROTOCOL_FILM_SLOTS_MAX 32
/* A worker that decodes without having a frame to send reports progress at most this often. */
#define PROTOCOL_PROGRESS_NS INT64_C(250000000)

/* How a still differs from what its file asks for; bits. */
enum protocol_still_note {
    PROTOCOL_STILL_MOVES = 1 << 0,           /* an animation: its first picture is shown */
    PROTOCOL_STILL_PROFILE_DAMAGED = 1 << 1, /* and ignored, as the next two */
    PROTOCOL_STILL_PROFILE_LARGE = 1 << 2,
    PROTOCOL_STILL_PROFILE_UNFIT = 1 << 3, /* for other colors than the picture's */
    PROTOCOL_STILL_INKS_UNKNOWN = 1 << 4,  /* CMYK without a profile */
    PROTOCOL_STILL_NOTES_END = 1 << 5,
};

/* As in struct tagline_facts; unused code points are zero. */
struct protocol_text_facts {
    int32_t asked_px, used_px, lines, copy_lines;
    uint32_t is_cut; /* 0 or 1 */
    int32_t missing_glyphs, fallback_glyphs;
    uint32_t missing_code_points[PROTOCOL_CODE_POINTS_MAX],
        fallback_code_points[PROTOCOL_CODE_POINTS_MAX];
    uint32_t faces_open, faces_used; /* bit N: the text's file N */
};

/* What the worker found out about its file or text, for `check` and the log; on screen only how the
 * lines of a text come up depends on it. Fields of other kinds of jobs are zero. */
struct protocol_facts {
    /* still: as stored, before the EXIF orientation (1 to 8) is applied */
    int32_t stored_width_px, stored_height_px;
    int32_t orientation;
    uint32_t still_notes; /* enum protocol_still_note */
    struct protocol_text_facts texts[TEXT_LEVELS];
    /* A QR code's side in modules, a module's in pixels (0: its square is too small, it is not drawn), and
     * its square, upright; zeros: there is none. */
    int32_t qr_modules, qr_module_px;
    struct layout_box qr_box;
    uint32_t lacks_words; /* 1: Chinese, and the table of words cannot be used */
    /* Of the first lines of all texts: the top and the end of their ink, upright, from the frame's top. */
    int32_t line_count;
    int32_t line_top_px[PROTOCOL_LINES_MAX], line_end_px[PROTOCOL_LINES_MAX];
};

struct protocol_ring {
    int32_t slots;
    int32_t width_px, height_px; /* of a frame, rotated for the screen */
    uint32_t stride_bytes;
    uint64_t slot_bytes;  /* from one slot's start to the next */
    uint32_t opaque;      /* 0 or 1 */
    struct layout_box at; /* the frame's place on the screen */
    double focus_x, focus_y;
    struct protocol_facts facts;
};

/* A film's format (film.h). */
struct protocol_film {
    int32_t slots;
    int32_t reader_slots;        /* frames that the player may have at a time, 1 to
                           * PROTOCOL_FRAMES_AHEAD_MAX: with so many out the worker waits */
    int32_t width_px, height_px; /* of the Y plane, rotated for the screen */
    uint64_t offset_bytes[3], stride_bytes[3], slot_bytes;
    uint32_t matrix;                         /* enum frame_matrix */
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
    uint32_t kind;             /* enum protocol_event_kind */
    struct protocol_ring ring; /* PROTOCOL_EVENT_RING */
    struct protocol_film film; /* PROTOCOL_EVENT_FILM */
    int32_t slot;              /* PROTOCOL_EVENT_FRAME */
    /* PROTOCOL_EVENT_FRAME: 0 or 1, as in struct film_output */
    uint32_t damaged, deinterlaced;
    int64_t time_us, duration_us; /* PROTOCOL_EVENT_FRAME: since the film's start; 0 for a still */
    int64_t used_ns;              /* PROTOCOL_EVENT_READY: processor time that the start took */
    int64_t pid;                  /* PROTOCOL_EVENT_STARTED */
    int64_t steps;                /* PROTOCOL_EVENT_PROGRESS: rises from one to the next */
    /* PROTOCOL_EVENT_ERROR: enum err_code. PROTOCOL_EVENT_READY: 1 if the worker was started with
     * less memory than its role may use (ulimit -v, -f), else 0. PROTOCOL_EVENT_FORBIDDEN: the
     * number of the system call */
    uint32_t code;
    char text[PROTOCOL_TEXT_BYTES]; /* PROTOCOL_EVENT_ERROR, terminated */
};

/* A packet of sound; told from an event by its size. */
struct protocol_sound {
    uint32_t magic;
    uint32_t kind; /* PROTOCOL_EVENT_SOUND */
    int64_t time_us;
    int32_t pairs;                           /* 1 to PROTOCOL_SOUND_PAIRS */
    float samples[2 * PROTOCOL_SOUND_PAIRS]; /* 48 kHz, stereo, interleaved */
};

enum protocol_order_kind {
    PROTOCOL_ORDER_RELEASE_FRAME, /* the frame in `slot` is not needed any more */
    PROTOCOL_ORDER_RELEASE_SOUND, /* one packet of sound is not needed any more */
    PROTOCOL_ORDER_SKIP,          /* leave out frames that are over by `time_us` */
};

struct protocol_order {
    uint32_t magic;
    uint32_t kind;   /* enum protocol_order_kind */
    int32_t slot;    /* PROTOCOL_ORDER_RELEASE_FRAME */
    int64_t time_us; /* PROTOCOL_ORDER_SKIP: since the film's start */
};

/* What a fork server is sent, with the socket of a worker to be forked. */
struct protocol_fork {
    uint32_t magic;
};

/* "duck", mixed with everything in which two versions may differ. The odd factors keep the parts
 * from cancelling each other. */
#define PROTOCOL_MAGIC                                                                             \
    ((uint32_t)(0x6475636bu + PROTOCOL_VERSION * 0x9e3779b1u +                                     \
                sizeof(struct protocol_job) * 0x85ebca6bu +                                        \
                sizeof(struct protocol_event) * 0xc2b2ae35u +                                      \
                sizeof(struct protocol_sound) * 0x27d4eb2fu +                                      \
                sizeof(struct protocol_order) * 0x165667b1u))

#endif
