#include "decode/film_client.h"

#include "base/clock.h"
#include "base/log.h"
#include "decode/film_client_catchup.h"
#include "decode/film_client_check.h"
#include "decode/film_client_sound.h"
#include "decode/worker_process.h"
#include "sandbox/protocol.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_MODULE "film_client"

#define THREADS_MAX 16
#define NAME_BYTES 64
/* A film that was joined late and does not catch up is shown all the same after this. */
#define CATCH_UP_NS INT64_C(1000000000)
#define FPS_MIN 0.01
/* Dropped frames are told of when they are so many, and one in so many: less is a hitch. */
#define TOLD_FROM 10
#define TOLD_ONE_IN 50
#define SHORT_US 500000 /* less is within what containers round and encoders pad */
/* A worker that goes on like this keeps the player from its work; none that plays a film does. */
#define PACKETS_A_SECOND_MAX 20000
#define PROGRESS_BESIDE 8 /* what may come together after the player was busy elsewhere */

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

struct film {
    struct worker_process link;
    struct film_client_request request;
    char name[NAME_BYTES];
    enum film_client_state state;
    bool told_ready; /* film_client_poll has said so */
    struct film_client_facts facts;
    struct frame shape; /* what all frames have in common */
    int slots, ahead;   /* as in struct protocol_film */
    size_t slot_bytes, offset_bytes[3];
    struct ring *ring;
    struct film_frame *queue[PROTOCOL_AHEAD_FRAMES]; /* in order of time; [0] was given out last */
    int queued;
    bool ended;
    int64_t start_ns, first_ns; /* of the worker; when its first frame came */
    int64_t debt_ns;            /* since when the worker owes what it owes */
    int64_t sign_ns;            /* its last sign since then that it goes on with it */
    int64_t progress, progresses;
    int64_t second_ns, packets; /* in the second that began then */
    struct film_client_catchup pace;
    struct film_sound *sound;         /* NULL: none wanted */
    bool over;                        /* nothing comes any more */
    struct film_client_counts counts; /* but for what is dropped */
    int64_t last_us, last_end_us;     /* of the last frame that came */
    int64_t step_us;                  /* the longest time from one to the next */
};

static void ring_release(struct ring *ring)
{
    if (--ring->holders > 0)
        return;
    munmap(ring->address, ring->size_bytes);
    free(ring->frames);
    free(ring);
}

/* Frames that were not given back: those in the queue, and those that somebody holds longer. */
static int frames_out(const struct film *film)
{
    return film->ring ? film->ring->holders - 1 : 0;
}

/* A worker that can't take it is gone, or has been given more than there is: found out in
 * film_client_poll. */
static bool send_order(struct film *film, enum protocol_order_kind kind, int slot, int64_t time_us)
{
    const struct protocol_order order = {PROTOCOL_MAGIC, kind, slot, time_us};
    return worker_process_send(&film->link, &order, sizeof order);
}

static void give_back(struct film *film, int slot)
{
    send_order(film, PROTOCOL_RELEASE, slot, 0);
    if (frames_out(film) == film->ahead) /* it had no room until now */
        film->debt_ns = film->sign_ns = clock_mono_ns();
}

static void free_frame(struct frame *frame)
{
    struct film_frame *own = (struct film_frame *)frame;
    struct ring *ring = own->ring;
    if (ring->film)
        give_back(ring->film, own->slot);
    ring_release(ring);
}

static struct protocol_job job_of(const struct film_client_request *request)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return (struct protocol_job){
        .kind = PROTOCOL_JOB_FILM,
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

struct film *film_client_start(const struct film_client_request *request, int file, struct err *err)
{
    const struct protocol_job job = job_of(request);
    struct film *film = calloc(1, sizeof *film);
    if (!film || (request->want_sound && !(film->sound = film_client_sound_create()))) {
        free(film);
        err_oom(err);
        return NULL;
    }
    film->request = *request;
    film->request.start_us = job.start_us;
    film->request.name = NULL;
    film->last_us = -1;
    if (request->name)
        snprintf(film->name, sizeof film->name, "%.*s", NAME_BYTES - 1, request->name);
    film->start_ns = film->debt_ns = film->sign_ns = clock_mono_ns();
    film_client_catchup_init(&film->pace, job.start_us);
    if (worker_process_start(&film->link, &job, &file, 1, err))
        return film;
    film_client_sound_destroy(film->sound);
    free(film);
    return NULL;
}

int film_client_fd(const struct film *film)
{
    return worker_process_fd(&film->link);
}

/* A worker owes the next thing unless it waits for room, or has said all. */
static bool owes(const struct film *film)
{
    return film->state != FILM_CLIENT_FAILED && !film->ended &&
           (!film->ring || frames_out(film) < film->ahead);
}

/* When it has to be looked at because the worker is late. */
static int64_t debt_deadline_ns(const struct film *film)
{
    int64_t limit_ns = film->request.limit_ms * 1000000;
    return owes(film) ? clock_earlier_ns(film->sign_ns + limit_ns,
                                         film->debt_ns + FILM_CLIENT_PATIENCE * limit_ns)
                      : INT64_MAX;
}

int64_t film_client_deadline_ns(const struct film *film)
{
    int64_t due_ns =
        clock_earlier_ns(debt_deadline_ns(film), worker_process_deadline_ns(&film->link));
    if (film->state == FILM_CLIENT_READY && !film->told_ready)
        return 0;
    if (film->state == FILM_CLIENT_PENDING && film->queued)
        due_ns = clock_earlier_ns(due_ns, film->first_ns + CATCH_UP_NS);
    return due_ns;
}

static void keep_facts(struct film *film, const struct protocol_film *told)
{
    film->facts = (struct film_client_facts){
        .width_px = told->shown_width_px,
        .height_px = told->shown_height_px,
        .coded_width_px = told->coded_width_px,
        .coded_height_px = told->coded_height_px,
        .bit_depth = told->bit_depth,
        .variable_rate = told->variable_rate,
        .has_sound = told->has_sound,
        .has_alpha = told->has_alpha,
        .high_dynamic_range = told->high_dynamic_range,
        .fps = told->fps,
        .duration_us = told->duration_us,
        .longest_us = told->longest_us,
    };
    memcpy(film->facts.codec, told->codec, sizeof film->facts.codec);
}

/* Where the film stands on the screen, and which part of it is seen. */
static void keep_shape(struct film *film, const struct protocol_film *told)
{
    static uint64_t last_stream; /* main thread */
    const struct film_client_request *request = &film->request;
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
        .focus_x = layout_within(request->focus_x, upright.x, upright.width),
        .focus_y = layout_within(request->focus_y, upright.y, upright.height),
        .format = FRAME_I420,
        .source = layout_rotate_rect(upright, request->rotation),
        .matrix = (enum frame_matrix)told->colour,
        .stream = ++last_stream,
        .free = free_frame,
    };
    film->slots = told->slots;
    film->ahead = told->ahead;
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
        !film_client_check_layout(told, (uint64_t)st.st_size))
        return err_set(err, ERR_WORKER, "the worker described an impossible film");
    struct ring *ring = calloc(1, sizeof *ring);
    struct film_frame *frames = calloc(PROTOCOL_AHEAD_FRAMES, sizeof *frames);
    size_t size_bytes = (size_t)told->slot_bytes * (size_t)told->slots;
    void *address =
        ring && frames ? mmap(NULL, size_bytes, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (address == MAP_FAILED) {
        free(ring);
        free(frames);
        return err_oom(err);
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
    if (film->ring || film->facts.width_px || !film_client_check_facts(told) || (fd < 0) != look)
        return err_set(err, ERR_WORKER, "the worker described an impossible film");
    keep_facts(film, told);
    if (!look)
        return map_ring(film, told, fd, err);
    film->state = FILM_CLIENT_READY;
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

/* Where frames were left out between two, the time between them says nothing. */
static void count_frame(struct film *film, const struct protocol_event *event, int64_t now_ns)
{
    if (film->counts.came++ == 0)
        film->first_ns = now_ns;
    else if (event->time_us <= film->last_end_us && event->time_us - film->last_us > film->step_us)
        film->step_us = event->time_us - film->last_us;
    if (event->damaged && film->counts.damaged++ == 0)
        film->counts.damaged_us = event->time_us;
    film->last_us = event->time_us;
    film->last_end_us = event->time_us + event->duration_us;
}

static bool take_frame(struct film *film, const struct protocol_event *event, int64_t now_ns,
                       struct err *err)
{
    struct film_frame *frame = film->ring ? free_place(film->ring) : NULL;
    if (!frame || film->ended || film->queued == film->ahead ||
        !worker_process_is_within(event->slot, 0, film->slots - 1) ||
        !worker_process_is_within(event->time_us, film->last_us + 1, FILM_CLIENT_DURATION_US_MAX) ||
        !worker_process_is_within(event->duration_us, 1, FILM_CLIENT_DURATION_US_MAX))
        return err_set(err, ERR_WORKER, "the worker announced a frame that is not there");
    static uint64_t last_id = UINT64_C(1) << 62; /* apart from those of picture_client.c */
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
    film_client_catchup_came(&film->pace, event->time_us, event->time_us + event->duration_us,
                             now_ns);
    count_frame(film, event, now_ns);
    return true;
}

/* Each must go on from the one before, and there are no more than time has passed for: neither
 * wakes the player for nothing. */
static bool take_progress(struct film *film, const struct protocol_event *event, int64_t now_ns,
                          struct err *err)
{
    int64_t most = (now_ns - film->start_ns) / PROTOCOL_PROGRESS_NS + PROGRESS_BESIDE;
    if (film->ended || film->request.only_look || event->steps <= film->progress ||
        ++film->progresses > most)
        return err_set(err, ERR_WORKER, "the worker sent nonsense");
    film->progress = event->steps;
    film->sign_ns = now_ns;
    return true;
}

/* Of the frames; of a film that is heard there may be sound to come. */
static bool take_end(struct film *film, struct err *err)
{
    if (!film->counts.came || film->ended)
        return err_set(err, ERR_WORKER, "the worker ended without a frame, or twice");
    film->ended = true;
    film->over = !film->sound;
    return true;
}

static bool take_event(struct film *film, struct protocol_event *event, int fd, int64_t now_ns,
                       struct err *err)
{
    if (event->kind == PROTOCOL_PROGRESS)
        return take_progress(film, event, now_ns, err);
    event->words[sizeof event->words - 1] = '\0';
    film->debt_ns = film->sign_ns = now_ns;
    switch (event->kind) {
    case PROTOCOL_FILM:
        return take_film(film, &event->film, fd, err);
    case PROTOCOL_FRAME:
        return take_frame(film, event, now_ns, err);
    case PROTOCOL_END:
        return take_end(film, err);
    case PROTOCOL_ERROR:
        return err_set(err, worker_process_error_code(&film->link, event->code), "%s",
                       event->words);
    default:
        return err_set(err, ERR_WORKER, "the worker sent nonsense");
    }
}

static bool take_packet(struct film *film, void *packet, size_t size, int fd, int64_t now_ns,
                        struct err *err)
{
    uint32_t magic;
    memcpy(&magic, packet, sizeof magic < size ? sizeof magic : size);
    if (now_ns - film->second_ns >= 1000000000) {
        film->second_ns = now_ns;
        film->packets = 0;
    }
    if (++film->packets > PACKETS_A_SECOND_MAX)
        return err_set(err, ERR_WORKER, "the worker does not stop talking");
    if (size == sizeof(struct protocol_event) && magic == PROTOCOL_MAGIC)
        return take_event(film, packet, fd, now_ns, err);
    /* Sound is nothing that it owes. */
    if (size == sizeof(struct protocol_sound) && magic == PROTOCOL_MAGIC)
        return (film->sound && film_client_sound_take(film->sound, packet)) ||
               err_set(err, ERR_WORKER, "the worker sent sound that nobody wants");
    return err_set(err, ERR_WORKER, "the worker sent nonsense");
}

static void drop_first(struct film *film)
{
    struct film_frame *first = film->queue[0];
    film->queued--;
    for (int i = 0; i < film->queued; i++)
        film->queue[i] = film->queue[i + 1];
    frame_release(&first->frame);
}

/* What goes wrong after the last frame costs the rest of the sound, and nothing else. */
static enum film_client_state fail(struct film *film)
{
    while (film->state == FILM_CLIENT_PENDING && film->queued > 0)
        drop_first(film); /* nobody has seen one of its frames, and nobody will */
    worker_process_stop(&film->link);
    film->over = true;
    if (!film->ended)
        film->state = FILM_CLIENT_FAILED;
    return film->state;
}

static int64_t end_of(const struct film_frame *frame)
{
    return frame->time_us + frame->duration_us;
}

/* A time of the film; it stands at its end from then on. */
static int64_t clamp_us(const struct film *film, int64_t offset_us)
{
    int64_t end_us = film->facts.duration_us;
    return offset_us < 0 ? 0 : end_us && offset_us >= end_us ? end_us - 1 : offset_us;
}

/* A film that has frames is ready with the one that is on. Its last one holds. */
static void settle(struct film *film, int64_t on_us, int64_t now_ns)
{
    if (film->state == FILM_CLIENT_PENDING && film->queued &&
        (film->ended || end_of(film->queue[film->queued - 1]) > on_us ||
         now_ns >= film->first_ns + CATCH_UP_NS))
        film->state = FILM_CLIENT_READY;
}

/* False when the worker broke the protocol, is gone, or is late. */
static bool listen(struct film *film, int64_t now_ns, struct err *err)
{
    union {
        struct protocol_event event;
        struct protocol_sound sound;
    } packet;
    /* No more than a worker may send before it is answered: a flood must not keep the player. */
    for (int i = 0; i < PROTOCOL_AHEAD_FRAMES + PROTOCOL_AHEAD_SOUNDS + 2 && !film->over; i++) {
        size_t size;
        int fd;
        memset(&packet, 0, sizeof packet.event);
        enum worker_process_event news =
            worker_process_receive(&film->link, &packet, sizeof packet, &size, &fd, err);
        if (news == WORKER_PROCESS_BROKEN)
            return false;
        if (news == WORKER_PROCESS_NOTHING)
            break;
        bool ok = take_packet(film, &packet, size, fd, now_ns, err);
        if (fd >= 0)
            close(fd);
        if (!ok)
            return false;
    }
    if (film->over) /* its end of the line is closed, which would wake the player for ever */
        worker_process_stop(&film->link);
    if (film->link.ended && now_ns >= worker_process_deadline_ns(&film->link))
        return err_set(err, worker_process_timeout_code(&film->link, ERR_WORKER),
                       "the worker hung up");
    return !owes(film) || now_ns < debt_deadline_ns(film) ||
           err_set(err, worker_process_timeout_code(&film->link, ERR_TIMEOUT),
                   "the worker did not %s in time", film->link.ready ? "go on" : "begin");
}

enum film_client_state film_client_poll(struct film *film, int64_t now_ns, struct err *err)
{
    if (film->state == FILM_CLIENT_FAILED)
        return FILM_CLIENT_FAILED;
    bool ok = listen(film, now_ns, err);
    settle(film, clamp_us(film, film_client_catchup_guess_us(&film->pace, now_ns)), now_ns);
    if (!ok)
        fail(film);
    film->told_ready |= film->state == FILM_CLIENT_READY;
    return film->state;
}

const struct film_client_facts *film_client_facts(const struct film *film)
{
    return film->state == FILM_CLIENT_READY ? &film->facts : NULL;
}

/* Tells the worker the time where it does not keep up with it, and counts what was missed. */
static void keep_up(struct film *film, int64_t offset_us, int64_t now_ns)
{
    bool shown = film->state == FILM_CLIENT_READY;
    int64_t shown_end_us = film->request.start_us, newest_end_us = shown_end_us, step_us = 0;
    if (film->queued) {
        shown_end_us = end_of(film->queue[0]);
        newest_end_us = end_of(film->queue[film->queued - 1]);
    }
    if (shown)
        step_us = film->facts.fps >= FPS_MIN ? (int64_t)(1e6 / film->facts.fps)
                                             : film->queue[0]->duration_us;
    if (!film_client_catchup_ask(&film->pace, offset_us, shown_end_us, newest_end_us, step_us,
                                 now_ns))
        return;
    int64_t aim_us = film_client_catchup_aim(&film->pace, now_ns);
    if (send_order(film, PROTOCOL_SKIP, 0, aim_us))
        film_client_catchup_told(&film->pace, aim_us, shown);
}

struct frame *film_client_frame_at(struct film *film, int64_t offset_us)
{
    int64_t now_ns = clock_mono_ns();
    while (film->queued > 1 && film->queue[1]->time_us <= offset_us)
        drop_first(film);
    if (offset_us <= FILM_CLIENT_DURATION_US_MAX && !film->ended &&
        film->state != FILM_CLIENT_FAILED) {
        int64_t on_us = clamp_us(film, offset_us);
        settle(film, on_us, now_ns);
        keep_up(film, on_us, now_ns);
    }
    return film->queued && film->state != FILM_CLIENT_PENDING ? &film->queue[0]->frame : NULL;
}

int64_t film_client_next_us(const struct film *film)
{
    if (!film->queued || film->state == FILM_CLIENT_PENDING)
        return INT64_MAX;
    if (film->queued > 1)
        return film->queue[1]->time_us;
    if (film->ended || film->state == FILM_CLIENT_FAILED)
        return INT64_MAX;
    return end_of(film->queue[0]);
}

bool film_client_is_cut_off(const struct film_client_facts *facts, int64_t end_us)
{
    bool may_stand = facts->variable_rate || facts->fps * SHORT_US / 1e6 <= 2;
    return !may_stand && facts->duration_us - end_us >= SHORT_US;
}

/* By where frames begin: the last one's own length is filled up to the length that the file
 * tells. */
bool film_client_is_short(const struct film *film, int64_t *end_us)
{
    *end_us = film->last_us + film->step_us;
    return film->ended && film->counts.came > 1 && film_client_is_cut_off(&film->facts, *end_us);
}

struct film_client_counts film_client_counts(const struct film *film)
{
    struct film_client_counts counts = film->counts;
    counts.dropped = film->pace.dropped;
    return counts;
}

bool film_client_add_sound(struct film *film, int64_t offset, float *mix, int pairs,
                           const float gains[2])
{
    if (!film->sound)
        return false;
    for (int heard = film_client_sound_forget(film->sound, offset); heard > 0; heard--)
        send_order(film, PROTOCOL_HEARD, 0, 0);
    return film_client_sound_add(film->sound, offset, mix, pairs, gains);
}

static void tell_dropped(const struct film *film)
{
    const struct film_client_facts *facts = &film->facts;
    int64_t dropped = film->pace.dropped, all = film->counts.came + dropped;
    if (film->pace.behind && dropped >= TOLD_FROM && dropped * TOLD_ONE_IN >= all)
        log_warn("is not decoded in time on this machine, %" PRId64 " of %" PRId64
                 " frames left out spot=\"%s\" codec=%s size=%dx%d fps=%.4g",
                 dropped, all, film->name, facts->codec, facts->coded_width_px,
                 facts->coded_height_px, facts->fps);
}

void film_client_stop(struct film *film)
{
    if (!film)
        return;
    tell_dropped(film);
    if (film->ring)
        film->ring->film = NULL; /* what is held from here on is not given back */
    worker_process_stop(&film->link);
    while (film->queued > 0)
        drop_first(film);
    if (film->ring)
        ring_release(film->ring);
    film_client_sound_destroy(film->sound);
    free(film);
}
