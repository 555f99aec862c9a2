/* Workers that crash, hang and lie, one part for each way; and the honest one.
 *
 * A test program's main() calls play_worker() when it was executed as a worker. */
#ifndef TESTS_UNIT_HOSTILE_WORKER_H
#define TESTS_UNIT_HOSTILE_WORKER_H

#include "core/err.h"
#include "sandbox/protocol.h"
#include "sandbox/sandbox.h"
#include "worker/worker_picture.h"

#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "unready_worker.h"

#define ALL_SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static int sealed(off_t size)
{
    return make_memory(size, ALL_SEALS);
}

static const struct protocol_event frame_event = {.kind = PROTOCOL_EVENT_FRAME};
static const struct protocol_event end_event = {.kind = PROTOCOL_EVENT_END};

/* A ring that is wrong in one place. */
#define LIE_ABOUT struct protocol_ring
static const struct lie ring_lies[] = {
    LIE(slots, 0),
    LIE(slots, 2),
    LIE(slots, -1),
    LIE(width_px, 0),
    LIE(width_px, -HOSTILE_WIDTH),
    LIE(width_px, HOSTILE_WIDTH + 1),
    LIE(width_px, INT32_MAX),
    LIE(height_px, 0),
    LIE(height_px, INT32_MIN),
    LIE(height_px, HOSTILE_HEIGHT - 1),
    LIE(height_px, INT32_MAX),
    LIE(stride_bytes, 0),
    LIE(stride_bytes, HOSTILE_WIDTH * 4 - 4),
    LIE(stride_bytes, HOSTILE_WIDTH * 4 + 2),
    LIE(stride_bytes, 0xfffffffcu),
    LIE(slot_bytes, 0),
    LIE(slot_bytes, HOSTILE_BYTES - 1),
    LIE(slot_bytes, PROTOCOL_FRAME_BYTES_MAX + 1),
    LIE(slot_bytes, UINT64_MAX),
    LIE(opaque, 2),
    LIE(at.x, -1),
    LIE(at.x, 1),
    LIE(at.x, INT32_MAX),
    LIE(at.y, 1),
    LIE(at.y, INT32_MIN),
    LIE(at.width, 0),
    LIE(at.width, HOSTILE_WIDTH - 1),
    LIE(at.width, HOSTILE_WIDTH + 1),
    LIE(at.height, -1),
    LIE(at.height, HOSTILE_HEIGHT / 2),
    LIE(at.height, INT32_MAX),
    LIE(facts.stored_width_px, -1),
    LIE(facts.stored_height_px, PROTOCOL_SIDE_MAX_PX + 1),
    LIE(facts.orientation, 9),
    LIE(facts.still_notes, PROTOCOL_STILL_NOTES_END),
    LIE(facts.texts[0].asked_px, INT32_MAX),
    LIE(facts.texts[0].used_px, 1), /* more than was asked */
    LIE(facts.texts[0].lines, -1),
    LIE(facts.texts[0].missing_glyphs, INT32_MIN),
    LIE(facts.texts[0].fallback_glyphs, PLAYLIST_TEXT_BYTES_MAX + 1),
    LIE(facts.texts[0].missing_code_points[0], 'x'), /* none is counted */
    LIE(facts.texts[0].fallback_code_points[7], 0x110000),
    LIE(facts.texts[0].faces_open, 1u << PROTOCOL_FILES_MAX),
    LIE(facts.texts[0].faces_used, UINT32_MAX),
    FRACTION_LIE(focus_x, NAN),
    FRACTION_LIE(focus_y, INFINITY),
};
#define RING_LIES (sizeof ring_lies / sizeof *ring_lies)

static bool play_ring_lie(const char *name)
{
    const struct lie *lie = find_lie(ring_lies, RING_LIES, name);
    if (!lie)
        return false;
    struct protocol_event event = honest_ring();
    tell_lie(&event.ring, lie);
    /* The memory is larger than all that is said, so that nothing but the lie is wrong. */
    send_event(event, sealed((off_t)PROTOCOL_FRAME_BYTES_MAX + 4096));
    send_event(frame_event, -1);
    return true;
}

static void play_quiet_exit(void)
{
    _exit(0);
}

static void play_crash_after_ring(void)
{
    send_event(honest_ring(), sealed(HOSTILE_BYTES));
    raise(SIGKILL);
}

static void play_hang(void)
{
    for (;;)
        pause();
}

static void play_hang_after_ring(void)
{
    send_event(honest_ring(), sealed(HOSTILE_BYTES));
    play_hang();
}

static void send_size(int width, int height, int fd)
{
    struct protocol_event event = {.kind = PROTOCOL_EVENT_SIZE};
    event.ring.facts.stored_width_px = width;
    event.ring.facts.stored_height_px = height;
    send_event(event, fd);
}

static void play_hang_after_size(void)
{
    send_size(640, 360, -1);
    play_hang();
}

static void play_size_of_nothing(void)
{
    send_size(640, 0, -1);
    play_hang();
}

static void play_size_of_too_much(void)
{
    send_size(16384, 16384, -1);
    play_hang();
}

static void play_size_below_zero(void)
{
    send_size(INT32_MIN, 360, -1);
    play_hang();
}

static void play_two_sizes(void)
{
    send_size(640, 360, -1);
    send_size(641, 360, -1);
    play_hang();
}

static void play_size_after_ring(void)
{
    send_event(honest_ring(), sealed(HOSTILE_BYTES));
    send_size(640, 360, -1);
    play_hang();
}

static void play_size_with_a_file(void)
{
    send_size(640, 360, PROTOCOL_FD);
    play_hang();
}

static void play_short_packet(void)
{
    struct protocol_event event = {.magic = PROTOCOL_MAGIC, .kind = PROTOCOL_EVENT_END};
    send_packet(&event, sizeof event - 1, NULL, 0);
    play_hang();
}

static void play_long_packet(void)
{
    struct protocol_event events[2] = {honest_ring()};
    int fd = sealed(HOSTILE_BYTES);
    send_packet(events, sizeof events[0] + 1, &fd, 1);
    send_event(frame_event, -1);
    play_hang();
}

static void play_empty_packet(void)
{
    send(PROTOCOL_FD, "", 0, MSG_NOSIGNAL);
    play_hang();
}

static void play_empty_packet_with_files(void)
{
    const int fds[4] = {0, 0, 0, 0};
    send_packet("", 0, fds, 4);
    play_hang();
}

static void play_wrong_magic(void)
{
    struct protocol_event event = {.magic = 0x12345678, .kind = PROTOCOL_EVENT_FRAME};
    send_packet(&event, sizeof event, NULL, 0);
    play_hang();
}

static void play_unknown_kind(void)
{
    send_event((struct protocol_event){.kind = 77}, -1);
    play_hang();
}

static void play_not_sealed(void)
{
    send_event(honest_ring(), make_memory(HOSTILE_BYTES, 0));
    send_event(frame_event, -1);
}

/* Could still be written to after the player has looked at it. */
static void play_half_sealed(void)
{
    send_event(honest_ring(), make_memory(HOSTILE_BYTES, F_SEAL_SHRINK | F_SEAL_GROW));
    send_event(frame_event, -1);
}

static void play_short_memfd(void)
{
    send_event(honest_ring(), sealed(HOSTILE_BYTES - 1));
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
    for (size_t i = 0; i < count; i++)
        fds[i] = sealed(HOSTILE_BYTES);
    send_packet(&event, sizeof event, fds, count);
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
    int fds[2] = {sealed(HOSTILE_BYTES), sealed(HOSTILE_BYTES)};
    send_packet("?", 1, fds, 2);
    play_hang();
}

static void play_two_rings(void)
{
    send_event(honest_ring(), sealed(HOSTILE_BYTES));
    send_event(honest_ring(), sealed(HOSTILE_BYTES));
    play_hang();
}

static void play_frame_before_ring(void)
{
    send_event(frame_event, -1);
    play_hang();
}

static void play_slot_one(void)
{
    send_event(honest_ring(), sealed(HOSTILE_BYTES));
    send_event((struct protocol_event){.kind = PROTOCOL_EVENT_FRAME, .slot = 1}, -1);
    play_hang();
}

static void play_slot_minus_one(void)
{
    send_event(honest_ring(), sealed(HOSTILE_BYTES));
    send_event((struct protocol_event){.kind = PROTOCOL_EVENT_FRAME, .slot = -1}, -1);
    play_hang();
}

static void play_end_at_once(void)
{
    send_event(end_event, -1);
    play_hang();
}

static void play_end_without_frame(void)
{
    send_event(honest_ring(), sealed(HOSTILE_BYTES));
    send_event(end_event, -1);
    play_hang();
}

static void play_unterminated_text(void)
{
    struct protocol_event event = {.kind = PROTOCOL_EVENT_ERROR, .code = 4000000000u};
    memset(event.text, 'x', sizeof event.text);
    send_event(event, -1);
    play_hang();
}

static void play_error_without_code(void)
{
    send_event((struct protocol_event){.kind = PROTOCOL_EVENT_ERROR, .text = "all is well"}, -1);
    play_hang();
}

static void play_error_of_the_system(void)
{
    send_event((struct protocol_event){.kind = PROTOCOL_EVENT_ERROR,
                                       .code = ERR_SYSTEM,
                                       .text = "no memory"},
               -1);
}

static void play_error_with_format(void)
{
    send_event(
        (struct protocol_event){.kind = PROTOCOL_EVENT_ERROR, .code = ERR_INPUT, .text = "%s%n"},
        -1);
}

static void play_frame_then_garbage(void)
{
    struct protocol_event event = honest_ring();
    send_event(event, sealed(HOSTILE_BYTES));
    send_event(frame_event, -1);
    send_packet("garbage", 7, NULL, 0);
    raise(SIGKILL);
}

/* As honest as can be, but for a focus outside and a longer stride. */
static void play_odd_but_fair(void)
{
    struct protocol_event event = honest_ring();
    event.ring.focus_x = -7;
    event.ring.focus_y = 1e300;
    event.ring.stride_bytes += 64;
    event.ring.slot_bytes = (uint64_t)event.ring.stride_bytes * HOSTILE_HEIGHT;
    send_event(event, sealed((off_t)event.ring.slot_bytes));
    send_event(frame_event, -1);
}

/* A moving picture's frame: its place is 40 pixels wide, so 1.08 times that are 43. */
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
    send_scaled(HOSTILE_WIDTH - 1);
}

/* Tells which descriptors it was given, but for the one that it needs for looking. */
static void play_list_descriptors(void)
{
    struct protocol_event event = {.kind = PROTOCOL_EVENT_ERROR, .code = ERR_INPUT};
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
            used += (size_t)snprintf(event.text + used, sizeof event.text - used, "%d ", fd);
    send_event(event, -1);
}

/* Tells the names of its environment's variables, but for the sanitizers'. */
static void play_list_environment(void)
{
    struct protocol_event event = {.kind = PROTOCOL_EVENT_ERROR, .code = ERR_INPUT};
    size_t used = 0;
    for (char **entry = environ; *entry; entry++)
        if (!strstr(*entry, "SAN_OPTIONS="))
            used += (size_t)snprintf(event.text + used, sizeof event.text - used, "%s ", *entry);
    send_event(event, -1);
}

/* As worker.c does, with a second of processor time. */
static void enter_sandbox(void)
{
    const struct sandbox_limits limits = {.address_space_bytes = (size_t)1 << 30,
                                          .file_bytes = PROTOCOL_FRAME_BYTES_MAX,
                                          .processor_s = 1};
    if (!sandbox_drop_privileges(NULL) || !sandbox_set_limits(&limits, NULL) ||
        !sandbox_deny_files(NULL) || !sandbox_deny_calls(SANDBOX_ALONE, NULL))
        _exit(3);
}

static void play_break_out(void)
{
    enter_sandbox();
    syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
    play_hang();
}

static void play_break_out_after_ring(void)
{
    int memory = sealed(HOSTILE_BYTES); /* in the sandbox there is no such memory */
    enter_sandbox();
    send_event(honest_ring(), memory);
    syscall(SYS_kill, 1, 0);
    play_hang();
}

static void play_break_out_after_frame(void)
{
    int memory = sealed(HOSTILE_BYTES);
    enter_sandbox();
    send_event(honest_ring(), memory);
    send_event(frame_event, -1);
    syscall(SYS_execve, "/bin/sh", NULL, NULL);
}

static void play_burn(void)
{
    enter_sandbox();
    for (volatile unsigned rounds = 0;; rounds++)
        if (rounds == UINT32_MAX)
            rounds = 0;
}

/* Closes its socket, but does not exit. */
static void play_hang_up(void)
{
    close(PROTOCOL_FD);
    play_hang();
}

static void play_signal(void)
{
    raise(SIGALRM);
}

static const struct hostile_part hostile_parts[] = {
    {"quiet exit", play_quiet_exit},
    {"crash after ring", play_crash_after_ring},
    {"hang", play_hang},
    {"hang after ring", play_hang_after_ring},
    {"hang after size", play_hang_after_size},
    {"size of nothing", play_size_of_nothing},
    {"size of too much", play_size_of_too_much},
    {"size below zero", play_size_below_zero},
    {"two sizes", play_two_sizes},
    {"size after ring", play_size_after_ring},
    {"size with a file", play_size_with_a_file},
    {"short packet", play_short_packet},
    {"long packet", play_long_packet},
    {"empty packet with files", play_empty_packet_with_files},
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
    {"unterminated text", play_unterminated_text},
    {"error without code", play_error_without_code},
    {"error of the system", play_error_of_the_system},
    {"error with format", play_error_with_format},
    {"frame then garbage", play_frame_then_garbage},
    {"odd but fair", play_odd_but_fair},
    {"scaled", play_scaled},
    {"scaled too far", play_scaled_too_far},
    {"scaled down", play_scaled_down},
    {"list descriptors", play_list_descriptors},
    {"list environment", play_list_environment},
    {"break out", play_break_out},
    {"break out after ring", play_break_out_after_ring},
    {"break out after frame", play_break_out_after_frame},
    {"burn", play_burn},
    {"hang up", play_hang_up},
    {"signal", play_signal},
};

/* The process's exit status; main() calls it when argv[0] is PROTOCOL_WORKER_NAME. */
static int play_worker(void)
{
    static struct protocol_job job;
    /* Looked at first, not taken: the honest worker reads it again, with its files. */
    if (recv(PROTOCOL_FD, &job, sizeof job, MSG_PEEK) != (ssize_t)sizeof job)
        return 4;
    if (strncmp(job.texts[0].text, HOSTILE_MARK, strlen(HOSTILE_MARK)) != 0)
        return worker_main(&worker_picture);
    const char *name = job.texts[0].text + strlen(HOSTILE_MARK);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nobody behind */
    if (strcmp(name, "crash before reading") == 0)
        raise(SIGKILL);
    if (recv(PROTOCOL_FD, &job, sizeof job, 0) != (ssize_t)sizeof job)
        return 4;
    if (play_beginning(name))
        return 5;
    if (play_ring_lie(name))
        return 0;
    play_part(hostile_parts, sizeof hostile_parts / sizeof *hostile_parts, name);
    return 5;
}

#endif
