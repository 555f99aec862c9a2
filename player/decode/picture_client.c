#include "decode/picture_client.h"

#include "base/clock.h"
#include "core/still_header.h"
#include "decode/work_limit.h"
#include "decode/worker_process.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct picture_client {
    struct worker_process worker;
    int64_t limit_ms;
    struct work_limit limit; /* of the start; of the work once the worker is ready, `working` */
    bool working, is_late;
    uint32_t kind;                             /* enum protocol_job_kind */
    int32_t stored_width_px, stored_height_px; /* as the worker said; 0: not yet */
    enum picture_client_state state;
    int screen_width_px, screen_height_px, rotation;
    double scale;
    int64_t processor_ns, worked_ns; /* the second since it was ready */
    struct frame *frame;             /* mapped but not announced yet, or not taken yet */
    struct protocol_facts facts;
};

/* A frame and the mapping that goes with it. */
struct mapped_frame {
    struct frame frame;
    void *address;
    size_t size_bytes;
};

static void free_mapped_frame(struct frame *frame)
{
    struct mapped_frame *mapped = (struct mapped_frame *)frame;
    munmap(mapped->address, mapped->size_bytes);
    free(mapped);
}

struct picture_client *picture_client_start(const struct protocol_job *job, const int *files,
                                            int file_count, int64_t limit_ms, struct err *err)
{
    if (!(job->scale <= 2)) {
        err_set(err, ERR_SYSTEM, "invalid job for a worker: scale %g", job->scale);
        return NULL;
    }
    struct picture_client *client = calloc(1, sizeof *client);
    if (!client) {
        err_oom(err);
        return NULL;
    }
    client->scale = job->scale > 1 ? job->scale : 1;
    client->screen_width_px = job->canvas_width_px;
    client->screen_height_px = job->canvas_height_px;
    layout_rotate_size(job->rotation, &client->screen_width_px, &client->screen_height_px);
    client->kind = job->kind;
    client->rotation = job->rotation;
    client->limit_ms = limit_ms;
    work_limit_begin(&client->limit, limit_ms, clock_mono_ns(), 0);
    if (worker_process_start(&client->worker, job, files, file_count, err))
        return client;
    free(client);
    return NULL;
}

int picture_client_fd(const struct picture_client *client)
{
    return worker_process_fd(&client->worker);
}

int64_t picture_client_deadline_ns(const struct picture_client *client)
{
    int64_t hung_up_deadline_ns = worker_process_deadline_ns(&client->worker);
    return clock_earlier_ns(hung_up_deadline_ns, client->limit.due_ns);
}

static enum picture_client_state fail_picture(struct picture_client *client)
{
    worker_process_stop(&client->worker);
    frame_release(client->frame);
    client->frame = NULL;
    client->state = PICTURE_CLIENT_FAILED;
    return PICTURE_CLIENT_FAILED;
}

/* A frame at its own size must have exactly the size of its place; a scaled one at most `scale`
 * times that, which is what the sampler's buffers are made for. */
static bool is_requested_size(const struct picture_client *client, int size_px, int place_px)
{
    if (client->scale <= 1)
        return size_px == place_px;
    return size_px >= place_px && size_px <= place_px * client->scale + 1;
}

/* Code points that can be in a text, and no more than were counted. */
static bool code_points_are_valid(const uint32_t code_points[PROTOCOL_CODE_POINTS_MAX],
                                  int32_t count)
{
    if (!worker_process_is_within(count, 0, PLAYLIST_TEXT_BYTES_MAX))
        return false;
    for (int i = 0; i < PROTOCOL_CODE_POINTS_MAX; i++)
        if (code_points[i] > 0x10ffff || (code_points[i] >= 0xd800 && code_points[i] <= 0xdfff) ||
            (code_points[i] && i >= count))
            return false;
    return true;
}

static bool text_facts_are_valid(const struct protocol_text_facts *facts)
{
    const uint32_t faces = (1U << PROTOCOL_FILES_MAX) - 1;
    return worker_process_is_within(facts->asked_px, 0, PROTOCOL_SIDE_MAX_PX) &&
           worker_process_is_within(facts->used_px, 0, facts->asked_px) &&
           worker_process_is_within(facts->lines, 0, PLAYLIST_TEXT_BYTES_MAX) &&
           worker_process_is_within(facts->copy_lines, 0, PLAYLIST_TEXT_BYTES_MAX) &&
           facts->is_cut <= 1 &&
           code_points_are_valid(facts->missing_code_points, facts->missing_glyphs) &&
           code_points_are_valid(facts->fallback_code_points, facts->fallback_glyphs) &&
           facts->faces_open <= faces && facts->faces_used <= faces;
}

static bool qr_box_is_valid(const struct layout_box *box)
{
    return worker_process_is_within(box->x, 0, PROTOCOL_SIDE_MAX_PX) &&
           worker_process_is_within(box->y, 0, PROTOCOL_SIDE_MAX_PX) &&
           worker_process_is_within(box->width, 0, PROTOCOL_SIDE_MAX_PX) &&
           worker_process_is_within(box->height, 0, PROTOCOL_SIDE_MAX_PX);
}

static bool facts_are_valid(const struct protocol_facts *facts)
{
    for (enum text_level level = 0; level < TEXT_LEVELS; level++)
        if (!text_facts_are_valid(&facts->texts[level]))
            return false;
    return worker_process_is_within(facts->stored_width_px, 0, STILL_SIDE_MAX_PX) &&
           worker_process_is_within(facts->stored_height_px, 0, STILL_SIDE_MAX_PX) &&
           worker_process_is_within(facts->orientation, 0, 8) &&
           facts->still_notes < PROTOCOL_STILL_NOTES_END && facts->lacks_words <= 1 &&
           worker_process_is_within(facts->line_count, 0, PROTOCOL_LINES_MAX) &&
           worker_process_is_within(facts->qr_modules, 0, QR_MODULES_MAX) &&
           worker_process_is_within(facts->qr_module_px, 0, PROTOCOL_SIDE_MAX_PX) &&
           qr_box_is_valid(&facts->qr_box);
}

static bool ring_is_valid(const struct picture_client *client, const struct protocol_ring *ring)
{
    const struct layout_box *at = &ring->at;
    int sw = client->screen_width_px, sh = client->screen_height_px;
    return ring->slots == 1 && ring->width_px >= 1 && ring->height_px >= 1 &&
           is_requested_size(client, ring->width_px, at->width) &&
           is_requested_size(client, ring->height_px, at->height) && ring->stride_bytes % 4 == 0 &&
           ring->stride_bytes / 4 >= (uint32_t)ring->width_px &&
           ring->stride_bytes <= 4 * PROTOCOL_SIDE_MAX_PX * 2 &&
           ring->slot_bytes >= (uint64_t)ring->stride_bytes * (uint64_t)ring->height_px &&
           ring->slot_bytes <= PROTOCOL_FRAME_BYTES_MAX && ring->opaque <= 1 && at->x >= 0 &&
           at->y >= 0 && at->width >= 1 && at->height >= 1 && at->width <= sw - at->x &&
           at->height <= sh - at->y && isfinite(ring->focus_x) && isfinite(ring->focus_y) &&
           facts_are_valid(&ring->facts);
}

/* Lines that are not in the frame, or in another order, are of no use: the text stands still. */
static struct frame_lines lines_of(const struct protocol_ring *ring, int rotation)
{
    const struct protocol_facts *facts = &ring->facts;
    struct frame_lines lines = {.em_px = facts->texts[TEXT_LEVEL_TAGLINE].used_px};
    int width_px = ring->width_px, height_px = ring->height_px, before = 0;
    int count = facts->line_count < FRAME_LINES_MAX ? facts->line_count : FRAME_LINES_MAX;
    layout_rotate_size(rotation, &width_px, &height_px);
    for (int i = 0; i < count; i++) {
        int top = facts->line_top_px[i], end = facts->line_end_px[i];
        if (top < 0 || end <= top || end > height_px || end <= before)
            return (struct frame_lines){0};
        before = end;
        lines.ink[i].top = top;
        lines.ink[i].end = end;
    }
    lines.count = count;
    return lines;
}

static double clamp_fraction(double value)
{
    if (value < 0)
        return 0;
    return value > 1 ? 1 : value;
}

static MUST_CHECK bool map_picture(struct picture_client *client, const struct protocol_ring *ring,
                                   int fd, struct err *err)
{
    const int seals_needed = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    struct stat st;
    if (fd < 0 || client->frame || !ring_is_valid(client, ring))
        return err_set(err, ERR_WORKER, "the worker described an invalid frame");
    int seals = fcntl(fd, F_GET_SEALS);
    if (seals < 0 || (seals & seals_needed) != seals_needed || fstat(fd, &st) < 0 ||
        (uint64_t)st.st_size < ring->slot_bytes)
        return err_set(err, ERR_WORKER, "the worker sent memory that is not sealed or too short");
    struct mapped_frame *mapped = calloc(1, sizeof *mapped);
    if (!mapped)
        return err_oom(err);
    mapped->size_bytes = ring->slot_bytes;
    /* Private, though nobody can write: before Linux 6.7 a shared mapping of a write-sealed memfd
     * is refused, even for reading. */
    mapped->address = mmap(NULL, mapped->size_bytes, PROT_READ, MAP_PRIVATE, fd, 0);
    if (mapped->address == MAP_FAILED) {
        free(mapped);
        return err_set_errno(err, ERR_SYSTEM, errno, "cannot map a frame");
    }
    static uint64_t last_id; /* main thread */
    mapped->frame = (struct frame){
        .id = ++last_id,
        .width_px = ring->width_px,
        .height_px = ring->height_px,
        .stride_bytes = ring->stride_bytes,
        .pixels = mapped->address,
        .opaque = ring->opaque,
        .at = ring->at,
        .focus_x = clamp_fraction(ring->focus_x),
        .focus_y = clamp_fraction(ring->focus_y),
        .lines = lines_of(ring, client->rotation),
        .holders = 1,
        .free = free_mapped_frame,
    };
    client->frame = &mapped->frame;
    client->facts = ring->facts;
    return true;
}

/* As the worker said; 0: not yet. */
static int64_t stored_pixels(const struct picture_client *client)
{
    return (int64_t)client->stored_width_px * client->stored_height_px;
}

/* How far the limit reaches is known now. */
static MUST_CHECK bool take_size(struct picture_client *client, const struct protocol_facts *facts,
                                 int fd, struct err *err)
{
    int32_t width = facts->stored_width_px, height = facts->stored_height_px;
    if (fd >= 0 || client->frame || client->stored_width_px ||
        !worker_process_is_within(width, 1, STILL_SIDE_MAX_PX) ||
        !worker_process_is_within(height, 1, STILL_SIDE_MAX_PX) ||
        (int64_t)width * height > STILL_AREA_MAX_PX)
        return err_set(err, ERR_WORKER, "the worker described an invalid size");
    client->stored_width_px = width;
    client->stored_height_px = height;
    work_limit_set_pixels(&client->limit, stored_pixels(client));
    return true;
}

static MUST_CHECK bool handle_picture_event(struct picture_client *client,
                                            struct protocol_event *event, int fd, struct err *err)
{
    event->text[sizeof event->text - 1] = '\0';
    if (event->magic == PROTOCOL_MAGIC) {
        switch (event->kind) {
        case PROTOCOL_EVENT_SIZE:
            return take_size(client, &event->ring.facts, fd, err);
        case PROTOCOL_EVENT_RING:
            return map_picture(client, &event->ring, fd, err);
        case PROTOCOL_EVENT_FRAME:
            if (!client->frame || event->slot != 0)
                return err_set(err, ERR_WORKER, "the worker announced an invalid frame");
            client->state = PICTURE_CLIENT_READY;
            return true;
        case PROTOCOL_EVENT_END:
            if (client->state != PICTURE_CLIENT_READY)
                return err_set(err, ERR_WORKER, "the worker ended without a frame");
            return true;
        case PROTOCOL_EVENT_ERROR:
            return err_set(err, worker_process_error_code(&client->worker, event->code), "%s",
                           event->text);
        }
    }
    return err_set(err, ERR_WORKER, "the worker sent an invalid message");
}

/* One message: 1 handled, 0 none there yet, -1 the worker exited or broke the protocol. */
static int receive_picture_event(struct picture_client *client, struct err *err)
{
    struct protocol_event event = {0};
    size_t size;
    int fd;
    enum worker_process_event event_read =
        worker_process_receive(&client->worker, &event, sizeof event, &size, &fd, err);
    if (event_read != WORKER_PROCESS_PACKET)
        return event_read == WORKER_PROCESS_BROKEN ? -1 : 0;
    bool ok = size == sizeof event ? handle_picture_event(client, &event, fd, err)
                                   : err_set(err, ERR_WORKER, "the worker sent an invalid message");
    if (fd >= 0)
        close(fd);
    return ok ? 1 : -1;
}

/* What is worked on, for an error: "the picture of 640 × 360 pixels". */
static void name_work(const struct picture_client *client, char *text, size_t text_bytes)
{
    const char *what = client->kind == PROTOCOL_JOB_STILL     ? "picture"
                       : client->kind == PROTOCOL_JOB_TAGLINE ? "text"
                                                              : "house card";
    if (client->stored_width_px)
        snprintf(text, text_bytes, "the %s of %d × %d pixels", what, client->stored_width_px,
                 client->stored_height_px);
    else
        snprintf(text, text_bytes, "the %s", what);
}

static void set_limit_error(const struct picture_client *client, enum work_limit_state state,
                            struct err *err)
{
    char work[64];
    double seconds = (double)client->limit.limit_ns / 1e9;
    enum err_code code = worker_process_timeout_code(&client->worker, ERR_TIMEOUT);
    name_work(client, work, sizeof work);
    if (!client->working)
        err_set(err, code,
                "the worker did not start within %.3g s: is the machine overloaded? Free it, or "
                "raise --decode-timeout",
                seconds);
    else if (state == WORK_LIMIT_STALLED)
        err_set(err, code,
                "%s made no progress for %.3g s: is its disk slow or failing? Check it, or raise "
                "--decode-timeout",
                work, seconds);
    else
        err_set(err, code,
                "%s took more processor time than its limit of %.3g s: make it %s, or raise "
                "--decode-timeout",
                work, (double)client->limit.allowed_ns / 1e9,
                client->kind == PROTOCOL_JOB_TAGLINE ? "shorter" : "smaller");
}

/* False, with an error, where the worker has used up its time. */
static MUST_CHECK bool check_limit(struct picture_client *client, int64_t now_ns, struct err *err)
{
    int64_t cpu_ns = client->limit.stretch_cpu_ns;
    bool begins = client->worker.ready && !client->working;
    if (!begins && now_ns < client->limit.due_ns)
        return true;
    /* One that has hung up has a deadline of its own. */
    if (!worker_process_cpu_ns(&client->worker, &cpu_ns) && client->worker.hung_up)
        return true;
    if (begins) {
        client->working = true;
        work_limit_begin(&client->limit, client->limit_ms, now_ns, client->worker.start_cpu_ns);
        work_limit_set_pixels(&client->limit, stored_pixels(client));
    }
    enum work_limit_state state = work_limit_check(&client->limit, now_ns, cpu_ns);
    if (state == WORK_LIMIT_KEPT)
        return true;
    client->is_late = true;
    set_limit_error(client, state, err);
    return false;
}

/* How it has ended must not be known yet: then its time is known no more. */
static void count_work(struct picture_client *client)
{
    (void)!worker_process_cpu_ns(&client->worker, &client->processor_ns);
    int64_t worked_ns = client->processor_ns - client->worker.start_cpu_ns;
    if (client->worker.ready && worked_ns > client->worked_ns)
        client->worked_ns = worked_ns;
}

enum picture_client_state picture_client_poll(struct picture_client *client, int64_t now_ns,
                                              struct err *err)
{
    count_work(client);
    while (client->state == PICTURE_CLIENT_PENDING) {
        int handled = receive_picture_event(client, err);
        if (handled < 0)
            return fail_picture(client);
        if (handled == 0)
            break;
    }
    count_work(client);
    if (client->state == PICTURE_CLIENT_PENDING && client->worker.hung_up &&
        now_ns >= worker_process_deadline_ns(&client->worker)) {
        err_set(err, worker_process_timeout_code(&client->worker, ERR_WORKER),
                "the worker closed its socket without exiting");
        return fail_picture(client);
    }
    if (client->state == PICTURE_CLIENT_PENDING && !check_limit(client, now_ns, err))
        return fail_picture(client);
    return client->state;
}

bool picture_client_is_late(const struct picture_client *client)
{
    return client->is_late;
}

struct frame *picture_client_take(struct picture_client *client)
{
    if (client->state != PICTURE_CLIENT_READY)
        return NULL;
    struct frame *frame = client->frame;
    client->frame = NULL;
    return frame;
}

const struct protocol_facts *picture_client_facts(const struct picture_client *client)
{
    return client->state == PICTURE_CLIENT_READY ? &client->facts : NULL;
}

int64_t picture_client_processor_ns(const struct picture_client *client)
{
    return client->processor_ns;
}

int64_t picture_client_work_ns(const struct picture_client *client)
{
    return client->worked_ns;
}

int64_t picture_client_allowed_ns(const struct picture_client *client, int64_t limit_ms)
{
    return work_limit_allowed_ns(limit_ms, stored_pixels(client));
}

void picture_client_stop(struct picture_client *client)
{
    if (!client)
        return;
    worker_process_stop(&client->worker);
    frame_release(client->frame);
    free(client);
}
