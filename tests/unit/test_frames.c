/* The player's side of workers, against workers that crash, hang and lie.
 *
 * frames.c executes this program again as the worker: main() then plays the part that the job's
 * text names, or, without one, the honest worker. */
#include "decode/frames.h"

#include "base/clock.h"
#include "decode/worker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define WIDTH 40
#define HEIGHT 20
#define BYTES (WIDTH * HEIGHT * 4)
#define HANG_LIMIT_MS 150
#define LIMIT_MS 30000 /* far more than any worker here needs, even under a sanitizer */
#define MARK "hostile "

/* ---- the worker's part ---- */

static void send_bytes(const void *bytes, size_t size, const int *fds, size_t fd_count)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int) * 8)];
    } control;
    memset(&control, 0, sizeof control);
    struct protocol_event copy[2] = {0};
    memcpy(copy, bytes, size);
    struct iovec part = {copy, size};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (fd_count) {
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
        memcpy(CMSG_DATA(header), fds, sizeof(int) * fd_count);
    }
    if (sendmsg(PROTOCOL_FD, &message, MSG_NOSIGNAL) != (ssize_t)size)
        _exit(3);
}

static void send_event(struct protocol_event event, int fd)
{
    event.magic = PROTOCOL_MAGIC;
    send_bytes(&event, sizeof event, &fd, fd >= 0);
}

static int make_memfd(off_t size, int seals)
{
    int fd = memfd_create("frame", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0 || ftruncate(fd, size) < 0 || fcntl(fd, F_ADD_SEALS, seals) < 0)
        _exit(3);
    return fd;
}

#define ALL_SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static int sealed(off_t size)
{
    return make_memfd(size, ALL_SEALS);
}

/* What an honest worker would say of a picture that fills the screen. */
static struct protocol_event honest_ring(void)
{
    return (struct protocol_event){
        .kind = PROTOCOL_RING,
        .ring = {.slots = 1,
                 .width_px = WIDTH,
                 .height_px = HEIGHT,
                 .stride_bytes = WIDTH * 4,
                 .slot_bytes = BYTES,
                 .opaque = 1,
                 .at = {0, 0, WIDTH, HEIGHT},
                 .focus_x = 0.25,
                 .focus_y = 0.75},
    };
}

static const struct protocol_event frame_event = {.kind = PROTOCOL_FRAME};
static const struct protocol_event end_event = {.kind = PROTOCOL_END};

/* Rings that are wrong in one place. */
struct ring_lie {
    const char *name;
    void (*tell)(struct protocol_ring *ring);
};

#define LIE(name, statement)                                                                       \
    static void lie_##name(struct protocol_ring *ring)                                             \
    {                                                                                              \
        statement;                                                                                 \
    }
LIE(no_slots, ring->slots = 0)
LIE(two_slots, ring->slots = 2)
LIE(negative_slots, ring->slots = -1)
LIE(no_width, ring->width_px = 0)
LIE(negative_width, ring->width_px = -WIDTH)
LIE(huge_width, ring->width_px = INT32_MAX)
LIE(no_height, ring->height_px = 0)
LIE(negative_height, ring->height_px = INT32_MIN)
LIE(huge_height, ring->height_px = INT32_MAX)
LIE(huge_both, ring->width_px = ring->height_px = ring->at.width = ring->at.height = 1 << 30)
LIE(short_stride, ring->stride_bytes = WIDTH * 4 - 4)
LIE(no_stride, ring->stride_bytes = 0)
LIE(crooked_stride, ring->stride_bytes = WIDTH * 4 + 2; ring->slot_bytes += 4096)
LIE(huge_stride, ring->stride_bytes = 0xfffffffcu)
LIE(short_slot, ring->slot_bytes = BYTES - 1)
LIE(no_slot, ring->slot_bytes = 0)
LIE(huge_slot, ring->slot_bytes = UINT64_MAX)
LIE(too_large_slot, ring->slot_bytes = PROTOCOL_FRAME_BYTES_MAX + 1)
LIE(wild_opaque, ring->opaque = 2)
LIE(left_of_screen, ring->at.x = -1)
LIE(above_screen, ring->at.y = INT32_MIN)
LIE(right_of_screen, ring->at.x = 1)
LIE(below_screen, ring->at.y = 1)
LIE(far_outside, ring->at.x = INT32_MAX)
LIE(wider_place, ring->at.width = WIDTH + 1)
LIE(smaller_place, ring->at.width = WIDTH - 1)
LIE(lower_place, ring->at.height = HEIGHT / 2)
LIE(no_place, ring->at.width = 0)
LIE(negative_place, ring->at.height = -1)
LIE(focus_x_nan, ring->focus_x = NAN)
LIE(focus_y_infinite, ring->focus_y = INFINITY)

static const struct ring_lie ring_lies[] = {
    {"no slots", lie_no_slots},
    {"two slots", lie_two_slots},
    {"negative slots", lie_negative_slots},
    {"no width", lie_no_width},
    {"negative width", lie_negative_width},
    {"huge width", lie_huge_width},
    {"no height", lie_no_height},
    {"negative height", lie_negative_height},
    {"huge height", lie_huge_height},
    {"huge both", lie_huge_both},
    {"short stride", lie_short_stride},
    {"no stride", lie_no_stride},
    {"crooked stride", lie_crooked_stride},
    {"huge stride", lie_huge_stride},
    {"short slot", lie_short_slot},
    {"no slot", lie_no_slot},
    {"huge slot", lie_huge_slot},
    {"too large slot", lie_too_large_slot},
    {"wild opaque", lie_wild_opaque},
    {"left of screen", lie_left_of_screen},
    {"above screen", lie_above_screen},
    {"right of screen", lie_right_of_screen},
    {"below screen", lie_below_screen},
    {"far outside", lie_far_outside},
    {"wider place", lie_wider_place},
    {"smaller place", lie_smaller_place},
    {"lower place", lie_lower_place},
    {"no place", lie_no_place},
    {"negative place", lie_negative_place},
    {"focus nan", lie_focus_x_nan},
    {"focus infinite", lie_focus_y_infinite},
};
#define RING_LIES (sizeof ring_lies / sizeof *ring_lies)

static bool play_ring_lie(const char *part)
{
    for (size_t i = 0; i < RING_LIES; i++) {
        if (strcmp(part, ring_lies[i].name) != 0)
            continue;
        struct protocol_event event = honest_ring();
        ring_lies[i].tell(&event.ring);
        /* Large enough for whatever it says, as far as that can be. */
        bool vast = event.ring.slot_bytes > 2 * PROTOCOL_FRAME_BYTES_MAX;
        send_event(event, sealed(vast ? BYTES : (off_t)event.ring.slot_bytes + 65536));
        send_event(frame_event, -1);
        return true;
    }
    return false;
}

static void play_crash_before_reading(void)
{
    raise(SIGKILL);
}

static void play_quiet_exit(void)
{
    _exit(0);
}

static void play_crash_after_ring(void)
{
    send_event(honest_ring(), sealed(BYTES));
    raise(SIGKILL);
}

static void play_hang(void)
{
    for (;;)
        pause();
}

static void play_hang_after_ring(void)
{
    send_event(honest_ring(), sealed(BYTES));
    play_hang();
}

static void play_short_packet(void)
{
    struct protocol_event event = {.magic = PROTOCOL_MAGIC, .kind = PROTOCOL_END};
    send_bytes(&event, sizeof event - 1, NULL, 0);
    play_hang();
}

static void play_long_packet(void)
{
    struct protocol_event events[2] = {honest_ring()};
    int fd = sealed(BYTES);
    events[0].magic = PROTOCOL_MAGIC;
    send_bytes(events, sizeof events[0] + 1, &fd, 1);
    send_event(frame_event, -1);
    play_hang();
}

static void play_empty_packet(void)
{
    send(PROTOCOL_FD, "", 0, MSG_NOSIGNAL);
    play_hang();
}

static void play_wrong_magic(void)
{
    struct protocol_event event = {.magic = 0x12345678, .kind = PROTOCOL_FRAME};
    send_bytes(&event, sizeof event, NULL, 0);
    play_hang();
}

static void play_unknown_kind(void)
{
    send_event((struct protocol_event){.kind = 77}, -1);
    play_hang();
}

static void play_not_sealed(void)
{
    send_event(honest_ring(), make_memfd(BYTES, 0));
    send_event(frame_event, -1);
}

/* Could still be written to after the player has looked at it. */
static void play_half_sealed(void)
{
    send_event(honest_ring(), make_memfd(BYTES, F_SEAL_SHRINK | F_SEAL_GROW));
    send_event(frame_event, -1);
}

static void play_short_memfd(void)
{
    send_event(honest_ring(), sealed(BYTES - 1));
    send_event(frame_event, -1);
}

static void play_ordinary_file(void)
{
    int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    send_event(honest_ring(), fd);
    send_event(frame_event, -1);
}

static void play_pipe(void)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        _exit(3);
    send_event(honest_ring(), ends[0]);
    play_hang();
}

static void play_no_fd(void)
{
    send_event(honest_ring(), -1);
    play_hang();
}

static void send_ring_with(size_t count)
{
    struct protocol_event event = honest_ring();
    int fds[8];
    event.magic = PROTOCOL_MAGIC;
    for (size_t i = 0; i < count; i++)
        fds[i] = sealed(BYTES);
    send_bytes(&event, sizeof event, fds, count);
    send_event(frame_event, -1);
    play_hang();
}

static void play_two_fds(void)
{
    send_ring_with(2);
}

static void play_eight_fds(void)
{
    send_ring_with(8);
}

static void play_fds_with_nonsense(void)
{
    int fds[2] = {sealed(BYTES), sealed(BYTES)};
    send_bytes("?", 1, fds, 2);
    play_hang();
}

static void play_two_rings(void)
{
    send_event(honest_ring(), sealed(BYTES));
    send_event(honest_ring(), sealed(BYTES));
    play_hang();
}

static void play_frame_before_ring(void)
{
    send_event(frame_event, -1);
    play_hang();
}

static void play_slot_one(void)
{
    send_event(honest_ring(), sealed(BYTES));
    send_event((struct protocol_event){.kind = PROTOCOL_FRAME, .slot = 1}, -1);
    play_hang();
}

static void play_slot_minus_one(void)
{
    send_event(honest_ring(), sealed(BYTES));
    send_event((struct protocol_event){.kind = PROTOCOL_FRAME, .slot = -1}, -1);
    play_hang();
}

static void play_end_at_once(void)
{
    send_event(end_event, -1);
    play_hang();
}

static void play_end_without_frame(void)
{
    send_event(honest_ring(), sealed(BYTES));
    send_event(end_event, -1);
    play_hang();
}

static void play_unterminated_words(void)
{
    struct protocol_event event = {.kind = PROTOCOL_ERROR, .code = 4000000000u};
    memset(event.words, 'x', sizeof event.words);
    send_event(event, -1);
    play_hang();
}

static void play_error_without_code(void)
{
    send_event((struct protocol_event){.kind = PROTOCOL_ERROR, .words = "all is well"}, -1);
    play_hang();
}

static void play_error_with_format(void)
{
    send_event((struct protocol_event){.kind = PROTOCOL_ERROR, .code = ERR_INPUT, .words = "%s%n"},
               -1);
}

static void play_frame_then_garbage(void)
{
    struct protocol_event event = honest_ring();
    send_event(event, sealed(BYTES));
    send_event(frame_event, -1);
    send_bytes("garbage", 7, NULL, 0);
    raise(SIGKILL);
}

/* As honest as can be, but for a focus outside and a longer stride. */
static void play_odd_but_fair(void)
{
    struct protocol_event event = honest_ring();
    event.ring.focus_x = -7;
    event.ring.focus_y = 1e300;
    event.ring.stride_bytes += 64;
    event.ring.slot_bytes = (uint64_t)event.ring.stride_bytes * HEIGHT;
    send_event(event, sealed((off_t)event.ring.slot_bytes));
    send_event(frame_event, -1);
}

/* A moving picture's frame, 1.08 times its place; `grown` says by how much more it lies. */
static void send_scaled(int width_px)
{
    struct protocol_event event = honest_ring();
    event.ring.width_px = width_px;
    event.ring.height_px = 22;
    event.ring.stride_bytes = (uint32_t)width_px * 4;
    event.ring.slot_bytes = (uint64_t)event.ring.stride_bytes * 22;
    send_event(event, sealed((off_t)event.ring.slot_bytes));
    send_event(frame_event, -1);
}

static void play_scaled(void)
{
    send_scaled(43);
}

static void play_scaled_too_far(void)
{
    send_scaled(45);
}

static void play_scaled_down(void)
{
    send_scaled(WIDTH - 1);
}

/* Tells which descriptors it was given, but for the one that it needs for looking. */
static void play_list_descriptors(void)
{
    struct protocol_event event = {.kind = PROTOCOL_ERROR, .code = ERR_INPUT};
    DIR *folder = opendir("/proc/self/fd");
    if (!folder)
        _exit(3);
    bool open_fds[64] = {false};
    for (struct dirent *entry; (entry = readdir(folder));) {
        long fd = strtol(entry->d_name, NULL, 10);
        if (entry->d_name[0] != '.' && fd < 64 && fd != dirfd(folder))
            open_fds[fd] = true;
    }
    closedir(folder);
    size_t used = 0;
    for (int fd = 0; fd < 64; fd++)
        if (open_fds[fd])
            used += (size_t)snprintf(event.words + used, sizeof event.words - used, "%d ", fd);
    send_event(event, -1);
}

/* Tells the names of its environment's variables, but for the sanitizers'. */
static void play_list_environment(void)
{
    struct protocol_event event = {.kind = PROTOCOL_ERROR, .code = ERR_INPUT};
    size_t used = 0;
    for (char **entry = environ; *entry; entry++)
        if (!strstr(*entry, "SAN_OPTIONS="))
            used += (size_t)snprintf(event.words + used, sizeof event.words - used, "%s ", *entry);
    send_event(event, -1);
}

static const struct part {
    const char *name;
    void (*play)(void);
} parts[] = {
    {"crash before reading", play_crash_before_reading},
    {"quiet exit", play_quiet_exit},
    {"crash after ring", play_crash_after_ring},
    {"hang", play_hang},
    {"hang after ring", play_hang_after_ring},
    {"short packet", play_short_packet},
    {"long packet", play_long_packet},
    {"empty packet", play_empty_packet},
    {"wrong magic", play_wrong_magic},
    {"unknown kind", play_unknown_kind},
    {"not sealed", play_not_sealed},
    {"half sealed", play_half_sealed},
    {"short memfd", play_short_memfd},
    {"ordinary file", play_ordinary_file},
    {"pipe", play_pipe},
    {"no fd", play_no_fd},
    {"two fds", play_two_fds},
    {"eight fds", play_eight_fds},
    {"fds with nonsense", play_fds_with_nonsense},
    {"two rings", play_two_rings},
    {"frame before ring", play_frame_before_ring},
    {"slot one", play_slot_one},
    {"slot minus one", play_slot_minus_one},
    {"end at once", play_end_at_once},
    {"end without frame", play_end_without_frame},
    {"unterminated words", play_unterminated_words},
    {"error without code", play_error_without_code},
    {"error with format", play_error_with_format},
    {"frame then garbage", play_frame_then_garbage},
    {"odd but fair", play_odd_but_fair},
    {"scaled", play_scaled},
    {"scaled too far", play_scaled_too_far},
    {"scaled down", play_scaled_down},
    {"list descriptors", play_list_descriptors},
    {"list environment", play_list_environment},
};
#define PARTS (sizeof parts / sizeof *parts)

static int play_worker(void)
{
    static struct protocol_job job;
    /* Looked at, not taken: the honest worker reads it again, with the files. */
    if (recv(PROTOCOL_FD, &job, sizeof job, MSG_PEEK) != (ssize_t)sizeof job)
        return 4;
    if (strncmp(job.text, MARK, strlen(MARK)) != 0)
        return worker_main();
    const char *name = job.text + strlen(MARK);
    if (play_ring_lie(name))
        return 0;
    for (size_t i = 0; i < PARTS; i++)
        if (strcmp(name, parts[i].name) == 0)
            parts[i].play();
    return 0;
}

/* ---- the player's part ---- */

static int count_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    assert_non_null(folder);
    int count = 0;
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

static void check_nothing_left(int descriptors)
{
    assert_int_equal(count_descriptors(), descriptors);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static struct protocol_job job_of(const char *part, double scale)
{
    struct protocol_job job = {.kind = PROTOCOL_HOUSE,
                               .canvas_width_px = WIDTH,
                               .canvas_height_px = HEIGHT,
                               .scale = scale};
    if (part)
        snprintf(job.text, sizeof job.text, MARK "%s", part);
    return job;
}

static enum frames_state wait_for(struct frames *frames, struct err *err)
{
    for (;;) {
        enum frames_state state = frames_poll(frames, clock_mono_ns(), err);
        if (state != FRAMES_PENDING)
            return state;
        int64_t left_ms = (frames_deadline_ns(frames) - clock_mono_ns()) / 1000000 + 1;
        struct pollfd fd = {.fd = frames_fd(frames), .events = POLLIN};
        poll(&fd, 1, left_ms > 0 ? (int)left_ms : 0);
    }
}

/* Plays a part to its end and checks that it fails so, and leaves nothing. */
static void check_fails(const char *part, double scale, enum err_code code, const char *words)
{
    int descriptors = count_descriptors();
    struct err err = {0};
    struct protocol_job job = job_of(part, scale);
    struct frames *frames =
        frames_start(&job, NULL, 0, code == ERR_TIMEOUT ? HANG_LIMIT_MS : LIMIT_MS, &err);
    assert_non_null(frames);
    if (wait_for(frames, &err) != FRAMES_FAILED)
        fail_msg("%s: was taken", part);
    if (err.code != code || !strstr(err.text, words))
        fail_msg("%s: %d \"%s\" instead of %d \"%s\"", part, err.code, err.text, code, words);
    assert_null(frames_take(frames));
    /* Final, and told once. */
    err = (struct err){0};
    assert_int_equal(frames_poll(frames, INT64_MAX, &err), FRAMES_FAILED);
    assert_int_equal(err.code, ERR_NONE);
    frames_stop(frames);
    check_nothing_left(descriptors);
}

static struct frame *check_taken(const char *part, double scale)
{
    struct err err = {0};
    struct protocol_job job = job_of(part, scale);
    struct frames *frames = frames_start(&job, NULL, 0, LIMIT_MS, &err);
    assert_non_null(frames);
    assert_null(frames_take(frames)); /* not before it is ready */
    if (wait_for(frames, &err) != FRAMES_READY)
        fail_msg("%s: %s", part ? part : "honest", err.text);
    struct frame *frame = frames_take(frames);
    assert_non_null(frame);
    assert_null(frames_take(frames)); /* once */
    assert_int_equal(frames_poll(frames, INT64_MAX, &err), FRAMES_READY);
    frames_stop(frames);
    return frame;
}

/* Reads every byte of it: it must be there to its end. */
static uint32_t sum_of(const struct frame *frame)
{
    uint32_t sum = 0;
    for (int y = 0; y < frame->height_px; y++) {
        const uint32_t *row = (const uint32_t *)(const void *)((const uint8_t *)frame->pixels +
                                                               frame->stride_bytes * (size_t)y);
        for (int x = 0; x < frame->width_px; x++)
            sum += row[x];
    }
    return sum;
}

static void an_honest_worker(void **state)
{
    (void)state;
    int descriptors = count_descriptors();
    struct frame *frame = check_taken(NULL, 1);
    assert_int_equal(frame->width_px, WIDTH);
    assert_int_equal(frame->height_px, HEIGHT);
    assert_true(frame->opaque);
    assert_int_equal(frame->at.width, WIDTH);
    assert_int_not_equal(sum_of(frame), 0);
    check_nothing_left(descriptors); /* the frame outlives its worker and its descriptor */
    struct frame *other = check_taken(NULL, 1);
    assert_true(other->id != frame->id);
    assert_int_equal(sum_of(other), sum_of(frame));
    frame_release(frame_hold(frame));
    frame_release(frame);
    frame_release(other);
}

static void an_honest_worker_on_a_turned_screen(void **state)
{
    (void)state;
    for (int rotation = 0; rotation < 360; rotation += 90) {
        struct err err = {0};
        struct protocol_job job = job_of(NULL, 1);
        job.rotation = rotation;
        struct frames *frames = frames_start(&job, NULL, 0, LIMIT_MS, &err);
        assert_int_equal(wait_for(frames, &err), FRAMES_READY);
        struct frame *frame = frames_take(frames);
        assert_int_equal(frame->width_px, rotation % 180 ? HEIGHT : WIDTH);
        assert_int_equal(frame->at.height, rotation % 180 ? WIDTH : HEIGHT);
        frames_stop(frames);
        frame_release(frame);
    }
}

static void an_honest_error(void **state)
{
    (void)state;
    int descriptors = count_descriptors(), text[2];
    assert_int_equal(pipe2(text, O_CLOEXEC), 0);
    struct err err = {0};
    struct protocol_job job = job_of(NULL, 1);
    job.kind = PROTOCOL_STILL;
    struct frames *frames = frames_start(&job, text, 1, LIMIT_MS, &err);
    assert_non_null(frames);
    assert_int_equal(wait_for(frames, &err), FRAMES_FAILED);
    assert_int_equal(err.code, ERR_INPUT);
    assert_string_equal(err.text, "not a regular file");
    frames_stop(frames);
    close(text[0]);
    close(text[1]);
    check_nothing_left(descriptors);
}

static void workers_that_die(void **state)
{
    (void)state;
    check_fails("crash before reading", 1, ERR_WORKER, "the worker crashed");
    check_fails("quiet exit", 1, ERR_WORKER, "the worker crashed");
    check_fails("crash after ring", 1, ERR_WORKER, "the worker crashed");
}

static void workers_that_hang(void **state)
{
    (void)state;
    check_fails("hang", 1, ERR_TIMEOUT, "did not finish in time");
    check_fails("hang after ring", 1, ERR_TIMEOUT, "did not finish in time");
}

static void workers_that_talk_nonsense(void **state)
{
    (void)state;
    check_fails("short packet", 1, ERR_WORKER, "nonsense");
    check_fails("long packet", 1, ERR_WORKER, "nonsense");
    check_fails("empty packet", 1, ERR_WORKER, "");
    check_fails("wrong magic", 1, ERR_WORKER, "nonsense");
    check_fails("unknown kind", 1, ERR_WORKER, "nonsense");
}

static void rings_that_lie(void **state)
{
    (void)state;
    for (size_t i = 0; i < RING_LIES; i++)
        check_fails(ring_lies[i].name, 1, ERR_WORKER, "impossible frame");
}

static void memory_that_is_none(void **state)
{
    (void)state;
    check_fails("not sealed", 1, ERR_WORKER, "not sealed");
    check_fails("half sealed", 1, ERR_WORKER, "not sealed");
    check_fails("short memfd", 1, ERR_WORKER, "too short");
    check_fails("ordinary file", 1, ERR_WORKER, "not sealed");
    check_fails("pipe", 1, ERR_WORKER, "not sealed");
    check_fails("no fd", 1, ERR_WORKER, "impossible");
}

static void too_many_descriptors(void **state)
{
    (void)state;
    check_fails("two fds", 1, ERR_WORKER, "nonsense");
    check_fails("eight fds", 1, ERR_WORKER, "nonsense");
    check_fails("fds with nonsense", 1, ERR_WORKER, "nonsense");
}

static void events_out_of_order(void **state)
{
    (void)state;
    check_fails("two rings", 1, ERR_WORKER, "impossible frame");
    check_fails("frame before ring", 1, ERR_WORKER, "not there");
    check_fails("slot one", 1, ERR_WORKER, "not there");
    check_fails("slot minus one", 1, ERR_WORKER, "not there");
    check_fails("end at once", 1, ERR_WORKER, "without a frame");
    check_fails("end without frame", 1, ERR_WORKER, "without a frame");
}

static void errors_that_lie(void **state)
{
    (void)state;
    check_fails("unterminated words", 1, ERR_WORKER, "xxxxxxxx");
    check_fails("error without code", 1, ERR_WORKER, "all is well");
    check_fails("error with format", 1, ERR_INPUT, "%s%n");
}

static void a_frame_counts_whatever_follows(void **state)
{
    (void)state;
    int descriptors = count_descriptors();
    struct frame *frame = check_taken("frame then garbage", 1);
    assert_int_equal(sum_of(frame), 0);
    check_nothing_left(descriptors);
    frame_release(frame);
}

static void what_is_odd_but_fair_is_taken(void **state)
{
    (void)state;
    struct frame *frame = check_taken("odd but fair", 1);
    assert_int_equal(frame->stride_bytes, WIDTH * 4 + 64);
    assert_true(frame->focus_x == 0 && frame->focus_y == 1);
    assert_int_equal(sum_of(frame), 0);
    frame_release(frame);
}

/* Frames of moving pictures are larger than their place, by what was asked and no more. */
static void sizes_of_moving_frames(void **state)
{
    (void)state;
    struct frame *frame = check_taken("scaled", 1.08);
    assert_int_equal(frame->width_px, 43);
    assert_int_equal(frame->at.width, WIDTH);
    frame_release(frame);
    check_fails("scaled", 1, ERR_WORKER, "impossible frame");
    check_fails("scaled too far", 1.08, ERR_WORKER, "impossible frame");
    check_fails("scaled down", 1.08, ERR_WORKER, "impossible frame");
}

static void a_worker_sees_its_own_descriptors_only(void **state)
{
    (void)state;
    /* Some that a careless exec would hand on. */
    int leaky[] = {open("/dev/null", O_RDONLY), open("/dev/null", O_RDONLY), dup(2)};
    check_fails("list descriptors", 1, ERR_INPUT, "0 1 2 3 ");
    struct err err = {0};
    struct protocol_job job = job_of("list descriptors", 1);
    struct frames *frames = frames_start(&job, NULL, 0, LIMIT_MS, &err);
    assert_int_equal(wait_for(frames, &err), FRAMES_FAILED);
    assert_string_equal(err.text, "0 1 2 3 ");
    frames_stop(frames);
    for (size_t i = 0; i < sizeof leaky / sizeof *leaky; i++)
        close(leaky[i]);
}

static void a_worker_sees_no_environment_of_ours(void **state)
{
    (void)state;
    setenv("DUCKLING_TOKEN", "secret", 1);
    check_fails("list environment", 1, ERR_INPUT, "LC_ALL=C.UTF-8 TZ=UTC ");
    struct err err = {0};
    struct protocol_job job = job_of("list environment", 1);
    struct frames *frames = frames_start(&job, NULL, 0, LIMIT_MS, &err);
    assert_int_equal(wait_for(frames, &err), FRAMES_FAILED);
    assert_string_equal(err.text, "LC_ALL=C.UTF-8 TZ=UTC ");
    frames_stop(frames);
    unsetenv("DUCKLING_TOKEN");
}

/* A service may be started with its standard descriptors closed; the socket then gets their
 * numbers. */
static void works_without_standard_descriptors(void **state)
{
    (void)state;
    int kept[2] = {fcntl(0, F_DUPFD_CLOEXEC, 20), fcntl(1, F_DUPFD_CLOEXEC, 20)};
    fflush(stdout);
    close(0);
    close(1);
    struct err err = {0};
    struct protocol_job job = job_of(NULL, 1);
    struct frames *frames = frames_start(&job, NULL, 0, LIMIT_MS, &err);
    enum frames_state end = frames ? wait_for(frames, &err) : FRAMES_FAILED;
    frames_stop(frames);
    for (int i = 0; i < 2; i++)
        if (kept[i] >= 0) {
            dup2(kept[i], i);
            close(kept[i]);
        }
    if (end != FRAMES_READY)
        fail_msg("%s", err.text);
}

static void a_worker_can_be_stopped_at_any_time(void **state)
{
    (void)state;
    int descriptors = count_descriptors();
    static const char *const names[] = {NULL, "hang", "hang after ring"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct protocol_job job = job_of(names[i], 1);
        struct frames *frames = frames_start(&job, NULL, 0, LIMIT_MS, NULL);
        assert_non_null(frames);
        frames_stop(frames);
        check_nothing_left(descriptors);
    }
    frames_stop(NULL);
}

/* Ready but never taken: the frame goes with its worker. */
static void a_frame_that_nobody_takes(void **state)
{
    (void)state;
    int descriptors = count_descriptors();
    struct err err = {0};
    struct protocol_job job = job_of(NULL, 1);
    struct frames *frames = frames_start(&job, NULL, 0, LIMIT_MS, &err);
    assert_int_equal(wait_for(frames, &err), FRAMES_READY);
    frames_stop(frames);
    check_nothing_left(descriptors);
}

static void jobs_that_can_not_be_given(void **state)
{
    (void)state;
    int descriptors = count_descriptors();
    int files[PROTOCOL_FILES_MAX + 1] = {0};
    const double scales[] = {2.01, NAN, INFINITY};
    struct err err = {0};
    struct protocol_job job = job_of(NULL, 1);
    assert_null(frames_start(&job, files, PROTOCOL_FILES_MAX + 1, LIMIT_MS, &err));
    assert_int_equal(err.code, ERR_SYSTEM);
    assert_null(frames_start(&job, files, -1, LIMIT_MS, &err));
    for (size_t i = 0; i < sizeof scales / sizeof *scales; i++) {
        job.scale = scales[i];
        assert_null(frames_start(&job, NULL, 0, LIMIT_MS, &err));
    }
    job.scale = 1;
    files[0] = 1000; /* not open */
    assert_null(frames_start(&job, files, 1, LIMIT_MS, &err));
    assert_int_equal(err.code, ERR_SYSTEM);
    check_nothing_left(descriptors);
}

int main(int argc, char **argv)
{
    if (argc > 0 && strcmp(argv[0], WORKER_NAME) == 0)
        return play_worker();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_honest_worker),
        cmocka_unit_test(an_honest_worker_on_a_turned_screen),
        cmocka_unit_test(an_honest_error),
        cmocka_unit_test(workers_that_die),
        cmocka_unit_test(workers_that_hang),
        cmocka_unit_test(workers_that_talk_nonsense),
        cmocka_unit_test(rings_that_lie),
        cmocka_unit_test(memory_that_is_none),
        cmocka_unit_test(too_many_descriptors),
        cmocka_unit_test(events_out_of_order),
        cmocka_unit_test(errors_that_lie),
        cmocka_unit_test(a_frame_counts_whatever_follows),
        cmocka_unit_test(what_is_odd_but_fair_is_taken),
        cmocka_unit_test(sizes_of_moving_frames),
        cmocka_unit_test(a_worker_sees_its_own_descriptors_only),
        cmocka_unit_test(a_worker_sees_no_environment_of_ours),
        cmocka_unit_test(works_without_standard_descriptors),
        cmocka_unit_test(a_worker_can_be_stopped_at_any_time),
        cmocka_unit_test(a_frame_that_nobody_takes),
        cmocka_unit_test(jobs_that_can_not_be_given),
    };
    return cmocka_run_group_tests_name("frames", tests, NULL, NULL);
}
