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

#define NAME_BYTES 64
/* A film that was joined late and does not catch up is shown all the same after this time. */
#define CATCH_UP_NS INT64_C(1000000000)
#define FPS_MIN 0.01
/* Fewer dropped frames than so many, or than one in so many, are a hitch and not logged. */
#define DROPS_LOGGED_MIN 10
#define DROPS_LOGGED_ONE_IN 50
#define SHORT_US 500000 /* less may be rounding of the container or padding of the encoder */
/* More would keep the player busy; no worker that plays a film sends as many. */
#define PACKETS_A_SECOND_MAX 20000
#define PROGRESS_BURST_MAX 8 /* this many may arrive at once after the player was busy */

/* The worker's memory; lives until the film is stopped and its last frame is released. */
struct ring {
    void *address;
    size_t size_bytes;
    int holders;              /* the film, and each frame in use */
    struct film_client *film; /* NULL once stopped */
    struct film_client_frame *frames;
};

/* A frame that the worker has announced. */
struct film_client_frame {
    struct frame frame; /* holders 0: free */
    struct ring *ring;
    int slot;
    int64_t time_us, duration_us;
};

struct film_client {
    struct worker_process worker;
    struct film_client_request request;
    char name[NAME_BYTES];
    enum film_client_state state;
    bool ready_returned; /* film_client_poll has returned FILM_CLIENT_READY */
    struct film_client_facts facts;
    struct frame template;   /* the template of all frames */
    int slots, reader_slots; /* as in struct protocol_film */
    size_t slot_bytes, offset_bytes[3];
    struct ring *ring;
    struct film_client_frame
        *queue[PROTOCOL_FRAMES_AHEAD_MAX]; /* in order of time; [0] was returned last */
    int queued;
    bool ended;
    int64_t start_ns, first_ns; /* when the worker was started; when its first frame arrived */
    int64_t expected_since_ns;  /* since when a message is expected */
    int64_t progress_ns;        /* the last message since then, progress included */
    int64_t progress, progress_count;
    int64_t packets_since_ns, packets; /* counted in the second that began then */
    struct film_client_catchup catchup;
    struct film_client_sound *sound;  /* NULL: not requested */
    bool finished;                    /* no more messages are expected */
    struct film_client_counts counts; /* without `dropped` */
    int64_t last_us, last_end_us;     /* of the last frame received */
    int64_t longest_step_us;          /* the longest time from one frame to the next */
};

static void ring_release(struct ring *ring)
{
    if (--ring->holders > 0)
        return;
    munmap(ring->address, ring->size_bytes);
    free(ring->frames);
    free(ring);
}

/* Frames in use: those in the queue, and those that somebody references for longer. */
static int frames_held_by_player(const struct film_client *film)
{
    return film->ring ? film->ring->holders - 1 : 0;
}

/* Fails if the worker has exited, or does not read its orders: film_client_poll finds that out. */
static bool send_order(struct film_client *film, enum protocol_order_kind kind, int slot,
                       int64_t time_us)
{
    const struct protocol_order order = {PROTOCOL_MAGIC, kind, slot, time_us};
    return worker_process_send(&film->worker, &order, sizeof order);
}

static void return_frame(struct film_client *film, int slot)
{
    send_order(film, PROTOCOL_ORDER_RELEASE_FRAME, slot, 0);
    if (frames_held_by_player(film) == film->reader_slots) /* it had no free slot until now */
        film->expected_since_ns = film->progress_ns = clock_mono_ns();
}

static void free_film_frame(struct frame *frame)
{
    struct film_client_frame *own = (struct film_client_frame *)frame;
    struct ring *ring = own->ring;
    if (ring->film)
        return_frame(ring->film, own->slot);
    ring_release(ring);
}

static struct protocol_job make_film_job(const struct film_client_request *request)
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
        .probe_only = request->probe_only,
        .threads = processors > 0 ? (uint32_t)processors : 1,
    };
}

struct film_client *film_client_start(const struct film_client_request *request, int file,
                                      struct err *err)
{
    const struct protocol_job job = make_film_job(request);
    struct film_client *film = calloc(1, sizeof *film);
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
    film->start_ns = film->expected_since_ns = film->progress_ns = clock_mono_ns();
    film_client_catchup_init(&film->catchup, job.start_us);
    if (worker_process_start(&film->worker, &job, &file, 1, err))
        return film;
    film_client_sound_destroy(film->sound);
    free(film);
    return NULL;
}

int film_client_fd(const struct film_client *film)
{
    return worker_process_fd(&film->worker);
}

/* A message is expected unless the worker waits for free slots, or has sent its last one. */
static bool expects_packet(const struct film_client *film)
{
    return film->state != FILM_CLIENT_FAILED && !film->ended &&
           (!film->ring || frames_held_by_player(film) < film->reader_slots);
}

/* When the worker is late. */
static int64_t packet_deadline_ns(const struct film_client *film)
{
    int64_t limit_ns = film->request.limit_ms * 1000000;
    return expects_packet(film)
               ? clock_earlier_ns(film->progress_ns + limit_ns,
                                  film->expected_since_ns + FILM_CLIENT_PATIENCE * limit_ns)
               : INT64_MAX;
}

int64_t film_client_deadline_ns(const struct film_client *film)
{
    int64_t due_ns =
        clock_earlier_ns(packet_deadline_ns(film), worker_process_deadline_ns(&film->worker));
    if (film->state == FILM_CLIENT_READY && !film->ready_returned)
        return 0;
    if (film->state == FILM_CLIENT_PENDING && film->queued)
        due_ns = clock_earlier_ns(due_ns, film->first_ns + CATCH_UP_NS);
    return due_ns;
}

/* The film's place on the screen, and which part of it is seen. */
static void store_frame_format(struct film_client *film, const struct protocol_film *format)
{
    static uint64_t last_stream; /* main thread */
    const struct film_client_request *request = &film->request;
    double width = format->shown_width_px, height = format->shown_height_px;
    struct layout_fitted fitted =
        layout_fit(format->shown_width_px, format->shown_height_px, request->canvas_width_px,
                   request->canvas_height_px, request->fit, request->focus_x, request->focus_y);
    const struct layout_rect upright = {fitted.source.x / width, fitted.source.y / height,
                                        fitted.source.width / width, fitted.source.height / height};
    film->template = (struct frame){
        .width_px = format->width_px,
        .height_px = format->height_px,
        .opaque = true,
        .at = layout_rotate_box(fitted.target, request->rotation, request->canvas_width_px,
                                request->canvas_height_px),
        .focus_x = layout_within(request->focus_x, upright.x, upright.width),
        .focus_y = layout_within(request->focus_y, upright.y, upright.height),
        .format = FRAME_I420,
        .source = layout_rotate_rect(upright, request->rotation),
        .matrix = (enum frame_matrix)format->matrix,
        .stream = ++last_stream,
        .free = free_film_frame,
    };
    film->slots = format->slots;
    film->reader_slots = format->reader_slots;
    film->slot_bytes = format->slot_bytes;
    for (int i = 0; i < 3; i++) {
        film->template.strides_bytes[i] = format->stride_bytes[i];
        film->offset_bytes[i] = format->offset_bytes[i];
    }
}

static MUST_CHECK bool map_film_ring(struct film_client *film, const struct protocol_film *format,
                                     int fd, struct err *err)
{
    const int seals_needed = F_SEAL_SHRINK | F_SEAL_GROW;
    struct stat st;
    int seals = fcntl(fd, F_GET_SEALS);
    if (seals < 0 || (seals & seals_needed) != seals_needed || fstat(fd, &st) < 0 ||
        st.st_size < 1 || !film_client_check_layout(format, (uint64_t)st.st_size))
        return err_set(err, ERR_WORKER, "the worker described an invalid film");
    struct ring *ring = calloc(1, sizeof *ring);
    struct film_client_frame *frames = calloc(PROTOCOL_FRAMES_AHEAD_MAX, sizeof *frames);
    size_t size_bytes = (size_t)format->slot_bytes * (size_t)format->slots;
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
    store_frame_format(film, format);
    return true;
}

static MUST_CHECK bool handle_film_event(struct film_client *film,
                                         const struct protocol_film *format, int fd,
                                         struct err *err)
{
    bool probe_only = film->request.probe_only;
    if (film->ring || film->facts.width_px || (fd < 0) != probe_only ||
        !film_client_check_facts(format, &film->facts))
        return err_set(err, ERR_WORKER, "the worker described an invalid film");
    if (!probe_only)
        return map_film_ring(film, format, fd, err);
    film->state = FILM_CLIENT_READY;
    film->ended = film->finished = true;
    return true;
}

static struct film_client_frame *unused_frame(struct ring *ring)
{
    for (int i = 0; i < PROTOCOL_FRAMES_AHEAD_MAX; i++)
        if (ring->frames[i].frame.holders == 0)
            return &ring->frames[i];
    return NULL;
}

/* Where frames were left out in between, the time from one to the next means nothing. */
static void count_frame(struct film_client *film, const struct protocol_event *event,
                        int64_t now_ns)
{
    if (film->counts.received++ == 0)
        film->first_ns = now_ns;
    else if (event->time_us <= film->last_end_us &&
             event->time_us - film->last_us > film->longest_step_us)
        film->longest_step_us = event->time_us - film->last_us;
    if (event->damaged && film->counts.damaged++ == 0)
        film->counts.damaged_us = event->time_us;
    film->counts.deinterlaced += event->deinterlaced != 0;
    film->last_us = event->time_us;
    film->last_end_us = event->time_us + event->duration_us;
}

static MUST_CHECK bool handle_frame_event(struct film_client *film,
                                          const struct protocol_event *event, int64_t now_ns,
                                          struct err *err)
{
    struct film_client_frame *frame = film->ring ? unused_frame(film->ring) : NULL;
    if (!frame || film->ended || film->queued == film->reader_slots ||
        !worker_process_is_within(event->slot, 0, film->slots - 1) ||
        !worker_process_is_within(event->time_us, film->last_us + 1, FILM_CLIENT_DURATION_US_MAX) ||
        !worker_process_is_within(event->duration_us, 1, FILM_CLIENT_DURATION_US_MAX))
        return err_set(err, ERR_WORKER, "the worker announced an invalid frame");
    static uint64_t last_id = UINT64_C(1)
                              << 62; /* a range apart from the IDs of picture_client.c */
    const uint8_t *slot =
        (const uint8_t *)film->ring->address + film->slot_bytes * (size_t)event->slot;
    *frame = (struct film_client_frame){
        .frame = film->template,
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
    film_client_catchup_frame_arrived(&film->catchup, event->time_us,
                                      event->time_us + event->duration_us, now_ns);
    count_frame(film, event, now_ns);
    return true;
}

/* Steps must rise, and there must be no more reports than the time allows: neither may wake the
 * player in vain. */
static MUST_CHECK bool handle_progress_event(struct film_client *film,
                                             const struct protocol_event *event, int64_t now_ns,
                                             struct err *err)
{
    int64_t most = (now_ns - film->start_ns) / PROTOCOL_PROGRESS_NS + PROGRESS_BURST_MAX;
    if (film->ended || film->request.probe_only || event->steps <= film->progress ||
        ++film->progress_count > most)
        return err_set(err, ERR_WORKER, "the worker sent an invalid message");
    film->progress = event->steps;
    film->progress_ns = now_ns;
    return true;
}

/* The end of the frames; sound may still come. */
static MUST_CHECK bool handle_end_event(struct film_client *film, struct err *err)
{
    if (!film->counts.received || film->ended)
        return err_set(err, ERR_WORKER, "the worker ended without a frame, or ended twice");
    film->ended = true;
    film->finished = !film->sound;
    return true;
}

static MUST_CHECK bool handle_event(struct film_client *film, struct protocol_event *event, int fd,
                                    int64_t now_ns, struct err *err)
{
    if (event->kind == PROTOCOL_EVENT_PROGRESS)
        return handle_progress_event(film, event, now_ns, err);
    event->text[sizeof event->text - 1] = '\0';
    film->expected_since_ns = film->progress_ns = now_ns;
    switch (event->kind) {
    case PROTOCOL_EVENT_FILM:
        return handle_film_event(film, &event->film, fd, err);
    case PROTOCOL_EVENT_FRAME:
        return handle_frame_event(film, event, now_ns, err);
    case PROTOCOL_EVENT_END:
        return handle_end_event(film, err);
    case PROTOCOL_EVENT_ERROR:
        return err_set(err, worker_process_error_code(&film->worker, event->code), "%s",
                       event->text);
    default:
        return err_set(err, ERR_WORKER, "the worker sent an invalid message");
    }
}

static MUST_CHECK bool handle_packet(struct film_client *film, void *packet, size_t size, int fd,
                                     int64_t now_ns, struct err *err)
{
    uint32_t magic;
    memcpy(&magic, packet, sizeof magic < size ? sizeof magic : size);
    if (now_ns - film->packets_since_ns >= 1000000000) {
        film->packets_since_ns = now_ns;
        film->packets = 0;
    }
    if (++film->packets > PACKETS_A_SECOND_MAX)
        return err_set(err, ERR_WORKER, "the worker sent too many messages");
    if (size == sizeof(struct protocol_event) && magic == PROTOCOL_MAGIC)
        return handle_event(film, packet, fd, now_ns, err);
    /* Sound does not count as the expected message. */
    if (size == sizeof(struct protocol_sound) && magic == PROTOCOL_MAGIC)
        return (film->sound && film_client_sound_store(film->sound, packet)) ||
               err_set(err, ERR_WORKER, "the worker sent unexpected sound");
    return err_set(err, ERR_WORKER, "the worker sent an invalid message");
}

static void drop_first_frame(struct film_client *film)
{
    struct film_client_frame *first = film->queue[0];
    film->queued--;
    for (int i = 0; i < film->queued; i++)
        film->queue[i] = film->queue[i + 1];
    frame_release(&first->frame);
}

/* A failure after the last frame costs the rest of the sound and nothing else. */
static enum film_client_state fail_film_client(struct film_client *film)
{
    while (film->state == FILM_CLIENT_PENDING && film->queued > 0)
        drop_first_frame(film); /* none of its frames was returned, and none will be */
    worker_process_stop(&film->worker);
    film->finished = true;
    if (!film->ended)
        film->state = FILM_CLIENT_FAILED;
    return film->state;
}

static int64_t frame_end_us(const struct film_client_frame *frame)
{
    return frame->time_us + frame->duration_us;
}

/* Limits a time to the film's length: the last frame stays. */
static int64_t clamp_to_film_us(const struct film_client *film, int64_t offset_us)
{
    int64_t end_us = film->facts.duration_us;
    if (offset_us < 0)
        return 0;
    return end_us && offset_us >= end_us ? end_us - 1 : offset_us;
}

/* A film becomes ready with the frame for the present time, or with its last one. */
static void update_readiness(struct film_client *film, int64_t position_us, int64_t now_ns)
{
    if (film->state == FILM_CLIENT_PENDING && film->queued &&
        (film->ended || frame_end_us(film->queue[film->queued - 1]) > position_us ||
         now_ns >= film->first_ns + CATCH_UP_NS))
        film->state = FILM_CLIENT_READY;
}

/* False if the worker broke the protocol, exited, or is late. */
static MUST_CHECK bool receive_packets(struct film_client *film, int64_t now_ns, struct err *err)
{
    union {
        struct protocol_event event;
        struct protocol_sound sound;
    } packet;
    /* As many as a worker may send before it gets an order: no flood keeps the player busy. */
    for (int i = 0;
         i < PROTOCOL_FRAMES_AHEAD_MAX + PROTOCOL_SOUNDS_AHEAD_MAX + 2 && !film->finished; i++) {
        size_t size;
        int fd;
        memset(&packet, 0, sizeof packet.event);
        enum worker_process_event event_read =
            worker_process_receive(&film->worker, &packet, sizeof packet, &size, &fd, err);
        if (event_read == WORKER_PROCESS_BROKEN)
            return false;
        if (event_read == WORKER_PROCESS_NOTHING)
            break;
        bool ok = handle_packet(film, &packet, size, fd, now_ns, err);
        if (fd >= 0)
            close(fd);
        if (!ok)
            return false;
    }
    /* The worker's end of the socket is closed, which would wake the player for ever. */
    if (film->finished)
        worker_process_stop(&film->worker);
    if (film->worker.hung_up && now_ns >= worker_process_deadline_ns(&film->worker))
        return err_set(err, worker_process_timeout_code(&film->worker, ERR_WORKER),
                       "the worker closed its socket without exiting");
    return !expects_packet(film) || now_ns < packet_deadline_ns(film) ||
           err_set(err, worker_process_timeout_code(&film->worker, ERR_TIMEOUT),
                   "the worker did not %s in time", film->worker.ready ? "answer" : "start");
}

enum film_client_state film_client_poll(struct film_client *film, int64_t now_ns, struct err *err)
{
    if (film->state == FILM_CLIENT_FAILED)
        return FILM_CLIENT_FAILED;
    bool ok = receive_packets(film, now_ns, err);
    update_readiness(
        film, clamp_to_film_us(film, film_client_catchup_position_us(&film->catchup, now_ns)),
        now_ns);
    if (!ok)
        fail_film_client(film);
    film->ready_returned |= film->state == FILM_CLIENT_READY;
    return film->state;
}

const struct film_client_facts *film_client_facts(const struct film_client *film)
{
    return film->state == FILM_CLIENT_READY ? &film->facts : NULL;
}

/* Orders the worker to skip if it does not keep up with the clock, and counts missed frames. */
static void skip_if_behind(struct film_client *film, int64_t offset_us, int64_t now_ns)
{
    bool shown = film->state == FILM_CLIENT_READY;
    int64_t shown_end_us = film->request.start_us, newest_end_us = shown_end_us,
            longest_step_us = 0;
    if (film->queued) {
        shown_end_us = frame_end_us(film->queue[0]);
        newest_end_us = frame_end_us(film->queue[film->queued - 1]);
    }
    if (shown)
        longest_step_us = film->facts.fps >= FPS_MIN ? (int64_t)(1e6 / film->facts.fps)
                                                     : film->queue[0]->duration_us;
    if (!film_client_catchup_needs_skip(&film->catchup, offset_us, shown_end_us, newest_end_us,
                                        longest_step_us, now_ns))
        return;
    int64_t target_us = film_client_catchup_skip_target_us(&film->catchup, now_ns);
    if (send_order(film, PROTOCOL_ORDER_SKIP, 0, target_us))
        film_client_catchup_skip_sent(&film->catchup, target_us, shown);
}

struct frame *film_client_frame_at(struct film_client *film, int64_t offset_us)
{
    int64_t now_ns = clock_mono_ns();
    while (film->queued > 1 && film->queue[1]->time_us <= offset_us)
        drop_first_frame(film);
    if (offset_us <= FILM_CLIENT_DURATION_US_MAX && !film->ended &&
        film->state != FILM_CLIENT_FAILED) {
        int64_t position_us = clamp_to_film_us(film, offset_us);
        update_readiness(film, position_us, now_ns);
        skip_if_behind(film, position_us, now_ns);
    }
    return film->queued && film->state != FILM_CLIENT_PENDING ? &film->queue[0]->frame : NULL;
}

int64_t film_client_next_us(const struct film_client *film)
{
    if (!film->queued || film->state == FILM_CLIENT_PENDING)
        return INT64_MAX;
    if (film->queued > 1)
        return film->queue[1]->time_us;
    if (film->ended || film->state == FILM_CLIENT_FAILED)
        return INT64_MAX;
    return frame_end_us(film->queue[0]);
}

bool film_client_is_truncated_at(const struct film_client_facts *facts, int64_t end_us)
{
    bool may_hold = facts->variable_rate || facts->fps * SHORT_US / 1e6 <= 2;
    return !may_hold && facts->duration_us - end_us >= SHORT_US;
}

/* By start times: the last frame's own duration is stretched to the length in the file. */
bool film_client_is_truncated(const struct film_client *film, int64_t *end_us)
{
    *end_us = film->last_us + film->longest_step_us;
    return film->ended && film->counts.received > 1 &&
           film_client_is_truncated_at(&film->facts, *end_us);
}

struct film_client_counts film_client_counts(const struct film_client *film)
{
    struct film_client_counts counts = film->counts;
    counts.dropped = film->catchup.dropped;
    return counts;
}

bool film_client_usage(const struct film_client *film, struct worker_usage *usage)
{
    return worker_usage_read(film->worker.pid, usage);
}

bool film_client_add_sound(struct film_client *film, int64_t offset, float *mix, int pairs,
                           const float gains[2])
{
    if (!film->sound)
        return false;
    for (int released = film_client_sound_drop_before(film->sound, offset); released > 0;
         released--)
        send_order(film, PROTOCOL_ORDER_RELEASE_SOUND, 0, 0);
    return film_client_sound_add(film->sound, offset, mix, pairs, gains);
}

static void log_dropped_frames(const struct film_client *film)
{
    const struct film_client_facts *facts = &film->facts;
    int64_t dropped = film->catchup.dropped, total = film->counts.received + dropped;
    if (film->catchup.behind && dropped >= DROPS_LOGGED_MIN &&
        dropped * DROPS_LOGGED_ONE_IN >= total)
        log_warn("film decoded too slowly, frames dropped spot=\"%s\" dropped=%" PRId64
                 " frames=%" PRId64 " codec=%s size=%dx%d fps=%.4g",
                 film->name, dropped, total, facts->codec, facts->coded_width_px,
                 facts->coded_height_px, facts->fps);
}

void film_client_stop(struct film_client *film)
{
    if (!film)
        return;
    log_dropped_frames(film);
    if (film->ring)
        film->ring->film = NULL; /* frames released from here on are not reported to the worker */
    worker_process_stop(&film->worker);
    while (film->queued > 0)
        drop_first_frame(film);
    if (film->ring)
        ring_release(film->ring);
    film_client_sound_destroy(film->sound);
    free(film);
}
