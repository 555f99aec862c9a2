#include "decode/frames.h"

#include "base/clock.h"
#include "core/picture_header.h"
#include "decode/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ENDING_MAX 64

struct frames {
    pid_t pid; /* 0: told to end */
    int socket;
    int64_t deadline_ns;
    enum frames_state state;
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

/* The worker's environment: nothing of ours, but for what a sanitizer's run-time needs to be told.
 */
static char **worker_environment(void)
{
    static char locale[] = "LC_ALL=C.UTF-8", zone[] = "TZ=UTC";
    static char *list[6];
    size_t count = 0;
    list[count++] = locale;
    list[count++] = zone;
    for (char **entry = environ; *entry && count < 5; entry++)
        if (strncmp(*entry, "ASAN_OPTIONS=", 13) == 0 ||
            strncmp(*entry, "UBSAN_OPTIONS=", 14) == 0 || strncmp(*entry, "LSAN_OPTIONS=", 13) == 0)
            list[count++] = *entry;
    list[count] = NULL;
    return list;
}

/* The socket moves first: in a process that was started with its standard descriptors closed it may
 * have one of their numbers. */
static bool prepare_actions(posix_spawn_file_actions_t *actions, int socket)
{
    bool ok = posix_spawn_file_actions_adddup2(actions, socket, PROTOCOL_FD) == 0 &&
              posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDWR, 0) == 0 &&
              posix_spawn_file_actions_adddup2(actions, 0, 1) == 0;
#ifndef DUCKLING_SANITIZED /* a sanitizer's report must be seen */
    ok = ok && posix_spawn_file_actions_adddup2(actions, 0, 2) == 0;
#endif
    return ok && posix_spawn_file_actions_addclosefrom_np(actions, PROTOCOL_FD + 1) == 0;
}

static bool spawn(pid_t *pid, int socket, struct err *err)
{
    static char name[] = WORKER_NAME;
    char *arguments[] = {name, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    int number = ENOMEM;
    if (prepare_actions(&actions, socket))
        number = posix_spawn(pid, "/proc/self/exe", &actions, &attributes, arguments,
                             worker_environment());
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return number == 0 || err_set_errno(err, ERR_SYSTEM, number, "can't start a worker");
}

static bool send_job(int socket, const struct protocol_job *job, const int *files, int file_count,
                     struct err *err)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int) * PROTOCOL_FILES_MAX)];
    } control = {0};
    struct protocol_job copy = *job;
    copy.magic = PROTOCOL_MAGIC;
    copy.file_count = (uint32_t)file_count;
    struct iovec part = {&copy, sizeof copy};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (file_count > 0) {
        size_t bytes = sizeof(int) * (size_t)file_count;
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(bytes);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(bytes);
        memcpy(CMSG_DATA(header), files, bytes);
    }
    if (sendmsg(socket, &message, MSG_NOSIGNAL) != (ssize_t)sizeof copy)
        return err_set_errno(err, ERR_SYSTEM, errno, "can't reach a worker");
    return true;
}

struct frames *frames_start(const struct protocol_job *job, const int *files, int file_count,
                            int64_t limit_ms, struct err *err)
{
    int pair[2];
    struct frames *frames = calloc(1, sizeof *frames);
    if (!frames || file_count < 0 || file_count > PROTOCOL_FILES_MAX || !(job->scale <= 2)) {
        free(frames);
        err_set(err, ERR_SYSTEM, "a worker can't be given this job");
        return NULL;
    }
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
        free(frames);
        err_set_errno(err, ERR_SYSTEM, errno, "can't make a socket pair");
        return NULL;
    }
    frames->socket = pair[0];
    frames->scale = job->scale > 1 ? job->scale : 1;
    frames->screen_width_px = job->canvas_width_px;
    frames->screen_height_px = job->canvas_height_px;
    layout_rotate_size(job->rotation, &frames->screen_width_px, &frames->screen_height_px);
    frames->deadline_ns = clock_mono_ns() + limit_ms * 1000000;
    /* The job waits in the socket's buffer until the worker is up. */
    bool ok = send_job(pair[0], job, files, file_count, err) && spawn(&frames->pid, pair[1], err);
    close(pair[1]);
    if (!ok) {
        frames_stop(frames);
        return NULL;
    }
    return frames;
}

int frames_fd(const struct frames *frames)
{
    return frames->socket;
}

int64_t frames_deadline_ns(const struct frames *frames)
{
    return frames->deadline_ns;
}

/* Workers that were told to end and may still be at it: a large one takes the kernel a tenth of a
 * second. Main thread. */
static pid_t ending[ENDING_MAX];
static size_t ending_count;

void frames_reap(bool wait)
{
    size_t kept = 0;
    for (size_t i = 0; i < ending_count; i++) {
        pid_t done;
        do
            done = waitpid(ending[i], NULL, wait ? 0 : WNOHANG);
        while (done < 0 && errno == EINTR);
        if (done == 0)
            ending[kept++] = ending[i];
    }
    ending_count = kept;
}

static void end_worker(struct frames *frames)
{
    if (frames->pid <= 0)
        return;
    kill(frames->pid, SIGKILL);
    frames_reap(ending_count == ENDING_MAX);
    ending[ending_count++] = frames->pid;
    frames->pid = 0;
    frames_reap(false);
}

static enum frames_state fail(struct frames *frames)
{
    end_worker(frames);
    frame_release(frames->frame);
    frames->frame = NULL;
    frames->state = FRAMES_FAILED;
    return FRAMES_FAILED;
}

/* A frame that is drawn at its own size must have exactly that; a scaled one is at most `scale`
 * times as large as its place, which is what the sampler's buffers are made for. */
static bool size_is_asked(const struct frames *frames, int size_px, int place_px)
{
    if (frames->scale <= 1)
        return size_px == place_px;
    return size_px >= place_px && size_px <= place_px * frames->scale + 1;
}

static bool is_within(int32_t value, int32_t least, int32_t most)
{
    return value >= least && value <= most;
}

/* Code points that could be in a text, and as many as are counted. */
static bool codes_are_sane(const uint32_t codes[PROTOCOL_CODES_MAX], int32_t count)
{
    if (!is_within(count, 0, PLAYLIST_TEXT_BYTES_MAX))
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
    return is_within(facts->stored_width_px, 0, PICTURE_SIDE_MAX_PX) &&
           is_within(facts->stored_height_px, 0, PICTURE_SIDE_MAX_PX) &&
           is_within(facts->orientation, 0, 8) &&
           is_within(facts->asked_px, 0, PROTOCOL_SIDE_MAX_PX) &&
           is_within(facts->used_px, 0, facts->asked_px) &&
           is_within(facts->lines, 0, PLAYLIST_TEXT_BYTES_MAX) &&
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
        return err_set(err, ERR_SYSTEM, "out of memory");
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
        switch ((enum protocol_event_kind)event->kind) {
        case PROTOCOL_RING:
            return map_ring(frames, &event->ring, fd, err);
        case PROTOCOL_FRAME:
            if (!frames->frame || event->slot != 0)
                return err_set(err, ERR_WORKER, "the worker announced a frame that is not there");
            frames->state = FRAMES_READY;
            return true;
        case PROTOCOL_END:
            return frames->state == FRAMES_READY ||
                   err_set(err, ERR_WORKER, "the worker ended without a frame");
        case PROTOCOL_ERROR:
            if (event->code == ERR_NONE || event->code > ERR_WORKER)
                event->code = ERR_WORKER;
            return err_set(err, (enum err_code)event->code, "%s", event->words);
        }
    }
    return err_set(err, ERR_WORKER, "the worker sent nonsense");
}

/* One message: 1 taken, 0 none there yet, -1 the worker is gone or broke the protocol. */
static int receive(struct frames *frames, struct err *err)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int) * 4)];
    } control;
    struct protocol_event event = {0};
    struct iovec part = {&event, sizeof event};
    struct msghdr message = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = sizeof control,
    };
    ssize_t got = recvmsg(frames->socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    int fds[4], count = 0, fd = -1;
    struct cmsghdr *header =
        got >= 0 ? CMSG_FIRSTHDR(&message) : NULL; /* an empty packet may bring some, too */
    if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
        count = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        memcpy(fds, CMSG_DATA(header), (size_t)count * sizeof(int));
    }
    if (count > 0)
        fd = fds[0];
    bool ok;
    if (got <= 0)
        ok = err_set(err, ERR_WORKER, "the worker crashed");
    else if (got != (ssize_t)sizeof event || message.msg_flags & MSG_TRUNC || count > 1)
        ok = err_set(err, ERR_WORKER, "the worker sent nonsense");
    else
        ok = take_event(frames, &event, fd, err);
    for (int i = 0; i < count; i++)
        close(fds[i]);
    return ok ? 1 : -1;
}

enum frames_state frames_poll(struct frames *frames, int64_t now_ns, struct err *err)
{
    while (frames->state == FRAMES_PENDING) {
        int taken = receive(frames, err);
        if (taken < 0)
            return fail(frames);
        if (taken == 0)
            break;
    }
    if (frames->state == FRAMES_PENDING && now_ns >= frames->deadline_ns) {
        err_set(err, ERR_TIMEOUT, "the worker did not finish in time");
        return fail(frames);
    }
    return frames->state;
}

struct frame *frames_take(struct frames *frames)
{
    if (frames->state != FRAMES_READY)
        return NULL;
    struct frame *frame = frames->frame;
    frames->frame = NULL;
    return frame;
}

const struct protocol_facts *frames_facts(const struct frames *frames)
{
    return frames->state == FRAMES_READY ? &frames->facts : NULL;
}

void frames_stop(struct frames *frames)
{
    if (!frames)
        return;
    end_worker(frames);
    close(frames->socket);
    frame_release(frames->frame);
    free(frames);
}
