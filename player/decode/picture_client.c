#include "decode/picture_client.h"

#include "base/clock.h"
#include "core/still_header.h"
#include "decode/worker_process.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct frames {
    struct worker_process link;
    int64_t deadline_ns;
    enum picture_client_state state;
    int screen_width_px, screen_height_px;
    double scale;
    struct frame *frame; /* mapped, not announced yet, or not taken yet */
    struct protocol_facts facts;
};

/* A frame and what must be unmapped with it. */
struct mapped_frame {
    struct frame frame;
    void *address;
    size_t size_bytes;
};

static void free_mapped(struct frame *frame)
{
    struct mapped_frame *mapped = (struct mapped_frame *)frame;
    munmap(mapped->address, mapped->size_bytes);
    free(mapped);
}

struct frames *picture_client_start(const struct protocol_job *job, const int *files,
                                    int file_count, int64_t limit_ms, struct err *err)
{
    struct frames *frames = calloc(1, sizeof *frames);
    if (!frames || !(job->scale <= 2)) {
        free(frames);
        err_set(err, ERR_SYSTEM, "a worker can't be given this job");
        return NULL;
    }
    frames->scale = job->scale > 1 ? job->scale : 1;
    frames->screen_width_px = job->canvas_width_px;
    frames->screen_height_px = job->canvas_height_px;
    layout_rotate_size(job->rotation, &frames->screen_width_px, &frames->screen_height_px);
    frames->deadline_ns = clock_mono_ns() + limit_ms * 1000000;
    if (worker_process_start(&frames->link, job, files, file_count, err))
        return frames;
    free(frames);
    return NULL;
}

int picture_client_fd(const struct frames *frames)
{
    return worker_process_fd(&frames->link);
}

int64_t picture_client_deadline_ns(const struct frames *frames)
{
    int64_t hung_ns = worker_process_deadline_ns(&frames->link);
    return hung_ns < frames->deadline_ns ? hung_ns : frames->deadline_ns;
}

static enum picture_client_state fail(struct frames *frames)
{
    worker_process_stop(&frames->link);
    frame_release(frames->frame);
    frames->frame = NULL;
    frames->state = PICTURE_CLIENT_FAILED;
    return PICTURE_CLIENT_FAILED;
}

/* A frame that is drawn at its own size must have exactly that; a scaled one is at most `scale`
 * times as large as its place, which is what the sampler's buffers are made for. */
static bool size_is_asked(const struct frames *frames, int size_px, int place_px)
{
    if (frames->scale <= 1)
        return size_px == place_px;
    return size_px >= place_px && size_px <= place_px * frames->scale + 1;
}

/* Code points that could be in a text, and as many as are counted. */
static bool codes_are_sane(const uint32_t codes[PROTOCOL_CODES_MAX], int32_t count)
{
    if (!worker_process_is_within(count, 0, PLAYLIST_TEXT_BYTES_MAX))
        return false;
    for (int i = 0; i < PROTOCOL_CODES_MAX; i++)
        if (codes[i] > 0x10ffff || (codes[i] >= 0xd800 && codes[i] <= 0xdfff) ||
            (codes[i] && i >= count))
            return false;
    return true;
}

static bool facts_are_sane(const struct protocol_facts *facts)
{
    const uint32_t faces = (1U << PROTOCOL_FILES_MAX) - 1;
    return worker_process_is_within(facts->stored_width_px, 0, STILL_SIDE_MAX_PX) &&
           worker_process_is_within(facts->stored_height_px, 0, STILL_SIDE_MAX_PX) &&
           worker_process_is_within(facts->orientation, 0, 8) &&
           worker_process_is_within(facts->asked_px, 0, PROTOCOL_SIDE_MAX_PX) &&
           worker_process_is_within(facts->used_px, 0, facts->asked_px) &&
           worker_process_is_within(facts->lines, 0, PLAYLIST_TEXT_BYTES_MAX) &&
           codes_are_sane(facts->missing_codes, facts->missing) &&
           codes_are_sane(facts->fallen_codes, facts->fallen) && facts->faces_open <= faces &&
           facts->faces_used <= faces;
}

static bool ring_is_sane(const struct frames *frames, const struct protocol_ring *ring)
{
    const struct layout_box *at = &ring->at;
    int sw = frames->screen_width_px, sh = frames->screen_height_px;
    return ring->slots == 1 && ring->width_px >= 1 && ring->height_px >= 1 &&
           size_is_asked(frames, ring->width_px, at->width) &&
           size_is_asked(frames, ring->height_px, at->height) && ring->stride_bytes % 4 == 0 &&
           ring->stride_bytes / 4 >= (uint32_t)ring->width_px &&
           ring->stride_bytes <= 4 * PROTOCOL_SIDE_MAX_PX * 2 &&
           ring->slot_bytes >= (uint64_t)ring->stride_bytes * (uint64_t)ring->height_px &&
           ring->slot_bytes <= PROTOCOL_FRAME_BYTES_MAX && ring->opaque <= 1 && at->x >= 0 &&
           at->y >= 0 && at->width >= 1 && at->height >= 1 && at->width <= sw - at->x &&
           at->height <= sh - at->y && isfinite(ring->focus_x) && isfinite(ring->focus_y) &&
           facts_are_sane(&ring->facts);
}

static double fraction(double value)
{
    return value < 0 ? 0 : value > 1 ? 1 : value;
}

static bool map_ring(struct frames *frames, const struct protocol_ring *ring, int fd,
                     struct err *err)
{
    const int wanted = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    struct stat st;
    if (fd < 0 || frames->frame || !ring_is_sane(frames, ring))
        return err_set(err, ERR_WORKER, "the worker described an impossible frame");
    int seals = fcntl(fd, F_GET_SEALS);
    if (seals < 0 || (seals & wanted) != wanted || fstat(fd, &st) < 0 ||
        (uint64_t)st.st_size < ring->slot_bytes)
        return err_set(err, ERR_WORKER, "the worker sent a frame that is not sealed or too short");
    struct mapped_frame *mapped = calloc(1, sizeof *mapped);
    if (!mapped)
        return err_oom(err);
    mapped->size_bytes = ring->slot_bytes;
    /* Private, though nobody can write: before Linux 6.7 a shared mapping of a write-sealed memfd
     * is refused, even for reading. */
    mapped->address = mmap(NULL, mapped->size_bytes, PROT_READ, MAP_PRIVATE, fd, 0);
    if (mapped->address == MAP_FAILED) {
        free(mapped);
        return err_set_errno(err, ERR_SYSTEM, errno, "can't map a frame");
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
        .focus_x = fraction(ring->focus_x),
        .focus_y = fraction(ring->focus_y),
        .holders = 1,
        .free = free_mapped,
    };
    frames->frame = &mapped->frame;
    frames->facts = ring->facts;
    return true;
}

static bool take_event(struct frames *frames, struct protocol_event *event, int fd, struct err *err)
{
    event->words[sizeof event->words - 1] = '\0';
    if (event->magic == PROTOCOL_MAGIC) {
        switch (event->kind) {
        case PROTOCOL_RING:
            return map_ring(frames, &event->ring, fd, err);
        case PROTOCOL_FRAME:
            if (!frames->frame || event->slot != 0)
                return err_set(err, ERR_WORKER, "the worker announced a frame that is not there");
            frames->state = PICTURE_CLIENT_READY;
            return true;
        case PROTOCOL_END:
            return frames->state == PICTURE_CLIENT_READY ||
                   err_set(err, ERR_WORKER, "the worker ended without a frame");
        case PROTOCOL_ERROR:
            return err_set(err, worker_process_error_code(&frames->link, event->code), "%s",
                           event->words);
        }
    }
    return err_set(err, ERR_WORKER, "the worker sent nonsense");
}

/* One message: 1 taken, 0 none there yet, -1 the worker is gone or broke the protocol. */
static int receive(struct frames *frames, struct err *err)
{
    struct protocol_event event = {0};
    size_t size;
    int fd;
    enum worker_process_event news =
        worker_process_receive(&frames->link, &event, sizeof event, &size, &fd, err);
    if (news != WORKER_PROCESS_PACKET)
        return news == WORKER_PROCESS_BROKEN ? -1 : 0;
    bool ok = size == sizeof event ? take_event(frames, &event, fd, err)
                                   : err_set(err, ERR_WORKER, "the worker sent nonsense");
    if (fd >= 0)
        close(fd);
    return ok ? 1 : -1;
}

enum picture_client_state picture_client_poll(struct frames *frames, int64_t now_ns,
                                              struct err *err)
{
    while (frames->state == PICTURE_CLIENT_PENDING) {
        int taken = receive(frames, err);
        if (taken < 0)
            return fail(frames);
        if (taken == 0)
            break;
    }
    if (frames->state == PICTURE_CLIENT_PENDING && frames->link.ended &&
        now_ns >= worker_process_deadline_ns(&frames->link)) {
        err_set(err, worker_process_timeout_code(&frames->link, ERR_WORKER), "the worker hung up");
        return fail(frames);
    }
    if (frames->state == PICTURE_CLIENT_PENDING && now_ns >= frames->deadline_ns) {
        err_set(err, worker_process_timeout_code(&frames->link, ERR_TIMEOUT),
                "the worker did not %s in time", frames->link.ready ? "finish" : "begin");
        return fail(frames);
    }
    return frames->state;
}

struct frame *picture_client_take(struct frames *frames)
{
    if (frames->state != PICTURE_CLIENT_READY)
        return NULL;
    struct frame *frame = frames->frame;
    frames->frame = NULL;
    return frame;
}

const struct protocol_facts *picture_client_facts(const struct frames *frames)
{
    return frames->state == PICTURE_CLIENT_READY ? &frames->facts : NULL;
}

void picture_client_stop(struct frames *frames)
{
    if (!frames)
        return;
    worker_process_stop(&frames->link);
    frame_release(frames->frame);
    free(frames);
}
