#include "decode/film.h"

#include "base/clock.h"
#include "decode/link.h"
#include "decode/movie.h"
#include "decode/protocol.h"

#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define DURATION_US_MAX INT64_C(604800000000) /* a week */
#define LOOK_SIDE_MAX_PX                                                                           \
    65536 /* of square pixels: anamorphic films are wider than they are stored */
#define STRIDE_MAX_BYTES (UINT64_C(4) * MOVIE_SIDE_MAX_PX)
#define THREADS_MAX 16
#define SOUND_HZ 48000

_Static_assert(PROTOCOL_FILM_SLOTS_MAX >= MOVIE_SLOTS_MAX, "a film's slots are announced whole");

/* The worker's memory; lives until the film is stopped and the last of its frames is released. */
struct ring {
    void *address;
    size_t size_bytes;
    int holders;       /* the film, and each frame that is held */
    struct film *film; /* NULL once stopped */
    struct film_frame *frames;
};

/* One announced frame. */
struct film_frame {
    struct frame frame; /* holders 0: free */
    struct ring *ring;
    int slot;
    int64_t time_us, duration_us;
};

struct sound {
    int64_t time_us;
    int pairs;
    float samples[2 * PROTOCOL_SOUND_PAIRS];
};

struct film {
    struct link link;
    struct film_request request;
    enum film_state state;
    struct film_facts facts;
    struct frame shape; /* what all frames have in common */
    int slots;
    size_t slot_bytes, offset_bytes[3];
    struct ring *ring;
    struct film_frame
        *queue[PROTOCOL_AHEAD_FRAMES]; /* in order of time; [0] was given out last, if `shown` */
    int queued;
    bool shown, ended;
    int64_t owed_since_ns; /* when the worker last did something, or was given room */
    struct sound *sounds;  /* PROTOCOL_AHEAD_SOUNDS of them; NULL: none wanted */
    int sound_first, sound_count;
    bool over; /* nothing comes any more */
    int64_t came, late;
};

static void ring_release(struct ring *ring)
{
    if (--ring->holders > 0)
        return;
    munmap(ring->address, ring->size_bytes);
    free(ring->frames);
    free(ring);
}

static void give_back(struct film *film, int slot)
{
    const struct protocol_order order = {PROTOCOL_MAGIC, PROTOCOL_RELEASE, slot};
    /* A worker that can't take it is gone, or has been given more than there is: found out in
     * film_poll. */
    link_send(&film->link, &order, sizeof order);
    film->owed_since_ns = clock_mono_ns();
}

static void free_frame(struct frame *frame)
{
    struct film_frame *own = (struct film_frame *)frame;
    struct ring *ring = own->ring;
    if (ring->film)
        give_back(ring->film, own->slot);
    ring_release(ring);
}

static struct protocol_job job_of(const struct film_request *request)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return (struct protocol_job){
        .kind = PROTOCOL_MOVIE,
        .canvas_width_px = request->canvas_width_px,
        .canvas_height_px = request->canvas_height_px,
        .rotation = request->rotation,
        .scale = 1,
        .start_us = request->start_us > 0 ? request->start_us : 0,
        .want_sound = request->want_sound,
        .only_look = request->only_look,
        .threads = processors < 1             ? 1
                   : processors > THREADS_MAX ? THREADS_MAX
                                              : (uint32_t)processors,
    };
}

struct film *film_start(const struct film_request *request, int file, struct err *err)
{
    const struct protocol_job job = job_of(request);
    struct film *film = calloc(1, sizeof *film);
    if (!film || (request->want_sound &&
                  !(film->sounds = calloc(PROTOCOL_AHEAD_SOUNDS, sizeof *film->sounds)))) {
        free(film);
        err_set(err, ERR_SYSTEM, "out of memory");
        return NULL;
    }
    film->request = *request;
    film->owed_since_ns = clock_mono_ns();
    if (link_start(&film->link, &job, &file, 1, err))
        return film;
    free(film->sounds);
    free(film);
    return NULL;
}

int film_fd(const struct film *film)
{
    return link_fd(&film->link);
}

/* Frames that were not given back: those in the queue, and those that somebody holds longer. */
static int frames_out(const struct film *film)
{
    return film->ring ? film->ring->holders - 1 : 0;
}

/* A worker owes the next thing unless it waits for room, or has said all. */
static bool owes(const struct film *film)
{
    return film->state != FILM_FAILED && !film->ended && frames_out(film) < PROTOCOL_AHEAD_FRAMES;
}

int64_t film_deadline_ns(const struct film *film)
{
    return owes(film) ? film->owed_since_ns + film->request.limit_ms * 1000000 : INT64_MAX;
}

static bool is_within(int64_t value, int64_t least, int64_t most)
{
    return value >= least && value <= most;
}

static bool facts_are_sane(const struct protocol_film *told)
{
    return is_within(told->shown_width_px, 1, LOOK_SIDE_MAX_PX) &&
           is_within(told->shown_height_px, 1, LOOK_SIDE_MAX_PX) &&
           is_within(told->coded_width_px, 1, MOVIE_SIDE_MAX_PX) &&
           is_within(told->coded_height_px, 1, MOVIE_SIDE_MAX_PX) &&
           is_within(told->bit_depth, 0, 16) && isfinite(told->fps) && told->fps >= 0 &&
           told->fps <= 1000 && is_within(told->duration_us, 0, DURATION_US_MAX) &&
           memchr(told->codec, '\0', sizeof told->codec);
}

/* Whether every plane of every slot lies within the ring. */
static bool layout_is_sane(const struct protocol_film *told, uint64_t size_bytes)
{
    if (!is_within(told->slots, 3, PROTOCOL_FILM_SLOTS_MAX) ||
        !is_within(told->width_px, 1, MOVIE_SIDE_MAX_PX) ||
        !is_within(told->height_px, 1, MOVIE_SIDE_MAX_PX) || told->colour > FRAME_JPEG ||
        told->slot_bytes < 1 || told->slot_bytes > PROTOCOL_FILM_BYTES_MAX ||
        told->slot_bytes * (uint64_t)told->slots > PROTOCOL_FILM_BYTES_MAX ||
        told->slot_bytes * (uint64_t)told->slots > size_bytes)
        return false;
    for (int i = 0; i < 3; i++) {
        uint64_t width = (uint64_t)(i ? (told->width_px + 1) / 2 : told->width_px);
        uint64_t height = (uint64_t)(i ? (told->height_px + 1) / 2 : told->height_px);
        uint64_t stride = told->stride_bytes[i], offset = told->offset_bytes[i];
        if (stride < width || stride > STRIDE_MAX_BYTES || offset > told->slot_bytes ||
            stride * (height - 1) + width > told->slot_bytes - offset)
            return false;
    }
    return true;
}

static void keep_facts(struct film *film, const struct protocol_film *told)
{
    film->facts = (struct film_facts){
        .width_px = told->shown_width_px,
        .height_px = told->shown_height_px,
        .coded_width_px = told->coded_width_px,
        .coded_height_px = told->coded_height_px,
        .bit_depth = told->bit_depth,
        .variable_rate = told->variable_rate,
        .has_sound = told->has_sound,
        .high_dynamic_range = told->high_dynamic_range,
        .fps = told->fps,
        .duration_us = told->duration_us,
    };
    memcpy(film->facts.codec, told->codec, sizeof film->facts.codec);
}

/* A place in the whole as one in a part of it. */
static double within(double place, double start, double length)
{
    double inside = (place - start) / length;
    return inside < 0 ? 0 : inside > 1 ? 1 : inside;
}

/* Where the film stands on the screen, and which part of it is seen. */
static void keep_shape(struct film *film, const struct protocol_film *told)
{
    static uint64_t last_stream; /* main thread */
    const struct film_request *request = &film->request;
    double width = told->shown_width_px, height = told->shown_height_px;
    struct layout_fitted fitted =
        layout_fit(told->shown_width_px, told->shown_height_px, request->canvas_width_px,
                   request->canvas_height_px, request->fit, request->focus_x, request->focus_y);
    const struct layout_rect upright = {fitted.source.x / width, fitted.source.y / height,
                                        fitted.source.width / width, fitted.source.height / height};
    film->shape = (struct frame){
        .width_px = told->width_px,
        .height_px = told->height_px,
        .opaque = true,
        .at = layout_rotate_box(fitted.target, request->rotation, request->canvas_width_px,
                                request->canvas_height_px),
        .focus_x = within(request->focus_x, upright.x, upright.width),
        .focus_y = within(request->focus_y, upright.y, upright.height),
        .format = FRAME_I420,
        .source = layout_rotate_rect(upright, request->rotation),
        .matrix = (enum frame_matrix)told->colour,
        .stream = ++last_stream,
        .free = free_frame,
    };
    film->slots = told->slots;
    film->slot_bytes = told->slot_bytes;
    for (int i = 0; i < 3; i++) {
        film->shape.strides_bytes[i] = told->stride_bytes[i];
        film->offset_bytes[i] = told->offset_bytes[i];
    }
}

static bool map_ring(struct film *film, const struct protocol_film *told, int fd, struct err *err)
{
    const int wanted = F_SEAL_SHRINK | F_SEAL_GROW;
    struct stat st;
    int seals = fcntl(fd, F_GET_SEALS);
    if (seals < 0 || (seals & wanted) != wanted || fstat(fd, &st) < 0 || st.st_size < 1 ||
        !layout_is_sane(told, (uint64_t)st.st_size))
        return err_set(err, ERR_WORKER, "the worker described an impossible film");
    struct ring *ring = calloc(1, sizeof *ring);
    /* One more than can be announced at a time: the last one shown is held longer. */
    struct film_frame *frames = calloc(PROTOCOL_AHEAD_FRAMES, sizeof *frames);
    size_t size_bytes = (size_t)told->slot_bytes * (size_t)told->slots;
    void *address =
        ring && frames ? mmap(NULL, size_bytes, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (address == MAP_FAILED) {
        free(ring);
        free(frames);
        return err_set(err, ERR_SYSTEM, "no memory for a film");
    }
    *ring = (struct ring){
        .address = address, .size_bytes = size_bytes, .holders = 1, .film = film, .frames = frames};
    film->ring = ring;
    keep_shape(film, told);
    return true;
}

static bool take_film(struct film *film, const struct protocol_film *told, int fd, struct err *err)
{
    bool look = film->request.only_look;
    if (film->ring || film->facts.width_px || !facts_are_sane(told) || (fd < 0) != look)
        return err_set(err, ERR_WORKER, "the worker described an impossible film");
    keep_facts(film, told);
    if (!look)
        return map_ring(film, told, fd, err);
    film->state = FILM_READY;
    film->ended = film->over = true;
    return true;
}

static struct film_frame *free_place(struct ring *ring)
{
    for (int i = 0; i < PROTOCOL_AHEAD_FRAMES; i++)
        if (ring->frames[i].frame.holders == 0)
            return &ring->frames[i];
    return NULL;
}

static bool take_frame(struct film *film, const struct protocol_event *event, struct err *err)
{
    struct film_frame *last = film->queued ? film->queue[film->queued - 1] : NULL;
    struct film_frame *frame = film->ring ? free_place(film->ring) : NULL;
    if (!frame || film->ended || film->queued == PROTOCOL_AHEAD_FRAMES ||
        !is_within(event->slot, 0, film->slots - 1) ||
        !is_within(event->time_us, last ? last->time_us + 1 : 0, DURATION_US_MAX) ||
        !is_within(event->duration_us, 1, DURATION_US_MAX))
        return err_set(err, ERR_WORKER, "the worker announced a frame that is not there");
    static uint64_t last_id = UINT64_C(1) << 62; /* apart from those of frames.c */
    const uint8_t *slot =
        (const uint8_t *)film->ring->address + film->slot_bytes * (size_t)event->slot;
    *frame = (struct film_frame){
        .frame = film->shape,
        .ring = film->ring,
        .slot = event->slot,
        .time_us = event->time_us,
        .duration_us = event->duration_us,
    };
    frame->frame.id = ++last_id;
    frame->frame.holders = 1;
    for (int i = 0; i < 3; i++)
        frame->frame.planes[i] = slot + film->offset_bytes[i];
    film->ring->holders++;
    film->queue[film->queued++] = frame;
    film->came++;
    film->state = FILM_READY;
    return true;
}

static bool take_event(struct film *film, struct protocol_event *event, int fd, struct err *err)
{
    event->words[sizeof event->words - 1] = '\0';
    switch (event->kind) {
    case PROTOCOL_FILM:
        return take_film(film, &event->film, fd, err);
    case PROTOCOL_FRAME:
        return take_frame(film, event, err);
    case PROTOCOL_END: /* of the frames; of a film that is heard there may be sound to come */
        if (film->state != FILM_READY)
            return err_set(err, ERR_WORKER, "the worker ended without a frame");
        film->ended = true;
        film->over = !film->sounds;
        return true;
    case PROTOCOL_ERROR:
        if (event->code == ERR_NONE || event->code > ERR_WORKER)
            event->code = ERR_WORKER;
        return err_set(err, (enum err_code)event->code, "%s", event->words);
    default:
        return err_set(err, ERR_WORKER, "the worker sent nonsense");
    }
}

static bool take_sound(struct film *film, const struct protocol_sound *packet, struct err *err)
{
    if (!film->sounds || film->sound_count == PROTOCOL_AHEAD_SOUNDS ||
        packet->kind != PROTOCOL_SOUND || !is_within(packet->pairs, 1, PROTOCOL_SOUND_PAIRS) ||
        !is_within(packet->time_us, 0, DURATION_US_MAX))
        return err_set(err, ERR_WORKER, "the worker sent sound that nobody wants");
    struct sound *sound =
        &film->sounds[(film->sound_first + film->sound_count++) % PROTOCOL_AHEAD_SOUNDS];
    sound->time_us = packet->time_us;
    sound->pairs = packet->pairs;
    for (int i = 0; i < 2 * packet->pairs; i++) {
        float sample = packet->samples[i];
        /* What is no number is silence. */
        sound->samples[i] = sample >= 1 ? 1 : sample <= -1 ? -1.0F : isnan(sample) ? 0 : sample;
    }
    return true;
}

static bool take_packet(struct film *film, void *packet, size_t size, int fd, int64_t now_ns,
                        struct err *err)
{
    uint32_t magic;
    memcpy(&magic, packet, sizeof magic < size ? sizeof magic : size);
    if (size == sizeof(struct protocol_event) && magic == PROTOCOL_MAGIC) {
        film->owed_since_ns = now_ns; /* sound is nothing that it owes */
        return take_event(film, packet, fd, err);
    }
    if (size == sizeof(struct protocol_sound) && magic == PROTOCOL_MAGIC)
        return take_sound(film, packet, err);
    return err_set(err, ERR_WORKER, "the worker sent nonsense");
}

/* What goes wrong after the last frame costs the rest of the sound, and nothing else. */
static enum film_state fail(struct film *film)
{
    link_stop(&film->link);
    film->over = true;
    if (!film->ended)
        film->state = FILM_FAILED;
    return film->state;
}

enum film_state film_poll(struct film *film, int64_t now_ns, struct err *err)
{
    union {
        struct protocol_event event;
        struct protocol_sound sound;
    } packet;
    /* No more than a worker may send before it is answered: a flood must not keep the player. */
    for (int i = 0; i < PROTOCOL_AHEAD_FRAMES + PROTOCOL_AHEAD_SOUNDS + 2; i++) {
        size_t size;
        int fd;
        if (film->over)
            break;
        memset(&packet, 0, sizeof packet.event);
        enum link_news news = link_receive(&film->link, &packet, sizeof packet, &size, &fd, err);
        if (news == LINK_BROKEN)
            return fail(film);
        if (news == LINK_NOTHING)
            break;
        bool ok = take_packet(film, &packet, size, fd, now_ns, err);
        if (fd >= 0)
            close(fd);
        if (!ok)
            return fail(film);
    }
    if (film->over) /* its end of the line is closed, which would wake the player for ever */
        link_stop(&film->link);
    if (owes(film) && now_ns >= film_deadline_ns(film)) {
        err_set(err, ERR_TIMEOUT, "the worker did not go on in time");
        return fail(film);
    }
    return film->state;
}

const struct film_facts *film_facts(const struct film *film)
{
    return film->state == FILM_READY ? &film->facts : NULL;
}

static void drop_first(struct film *film)
{
    struct film_frame *first = film->queue[0];
    film->late += !film->shown;
    film->shown = false;
    film->queued--;
    for (int i = 0; i < film->queued; i++)
        film->queue[i] = film->queue[i + 1];
    frame_release(&first->frame);
}

struct frame *film_frame_at(struct film *film, int64_t offset_us)
{
    while (film->queued > 1 && film->queue[1]->time_us <= offset_us)
        drop_first(film);
    if (!film->queued)
        return NULL;
    film->shown = true;
    return &film->queue[0]->frame;
}

int64_t film_next_us(const struct film *film)
{
    if (film->queued > 1)
        return film->queue[1]->time_us;
    if (!film->queued || film->ended || film->state == FILM_FAILED)
        return INT64_MAX;
    return film->queue[0]->time_us + film->queue[0]->duration_us;
}

void film_counts(const struct film *film, int64_t *came, int64_t *late)
{
    *came = film->came;
    *late = film->late;
}

static void drop_sound(struct film *film)
{
    const struct protocol_order order = {PROTOCOL_MAGIC, PROTOCOL_HEARD, 0};
    film->sound_first = (film->sound_first + 1) % PROTOCOL_AHEAD_SOUNDS;
    film->sound_count--;
    link_send(&film->link, &order, sizeof order);
}

/* The worker counts in samples too, and rounds to microseconds: rounded back, pieces touch. */
static int64_t pairs_of_us(int64_t us)
{
    return (us * (SOUND_HZ / 1000) + 500) / 1000;
}

/* What of a piece lies at `from` or later, and before `pairs`, is added to the mix. Returns where
 * it ends: where pieces overlap, the earlier one is heard, not both. */
static int64_t add_piece(const struct sound *sound, int64_t at, int64_t from, float *mix, int pairs,
                         const float gains[2])
{
    int64_t first = at > from ? at : from;
    int64_t end = at + sound->pairs < pairs ? at + sound->pairs : pairs;
    if (first >= end)
        return from;
    for (int64_t i = first; i < end; i++) {
        float gain = gains[0] + (gains[1] - gains[0]) * (float)i / (float)pairs;
        mix[2 * i] += sound->samples[2 * (i - at)] * gain;
        mix[2 * i + 1] += sound->samples[2 * (i - at) + 1] * gain;
    }
    return end;
}

bool film_add_sound(struct film *film, int64_t offset, float *mix, int pairs, const float gains[2])
{
    while (film->sound_count > 0) {
        const struct sound *sound = &film->sounds[film->sound_first];
        if (pairs_of_us(sound->time_us) + sound->pairs > offset)
            break;
        drop_sound(film);
    }
    bool any = false;
    int64_t done = 0;
    for (int i = 0; i < film->sound_count; i++) {
        const struct sound *sound = &film->sounds[(film->sound_first + i) % PROTOCOL_AHEAD_SOUNDS];
        int64_t before = done;
        done = add_piece(sound, pairs_of_us(sound->time_us) - offset, done, mix, pairs, gains);
        any |= done > before;
    }
    return any;
}

void film_stop(struct film *film)
{
    if (!film)
        return;
    if (film->ring)
        film->ring->film = NULL; /* what is held from here on is not given back */
    link_stop(&film->link);
    while (film->queued > 0)
        drop_first(film);
    if (film->ring)
        ring_release(film->ring);
    free(film->sounds);
    free(film);
}
