/* Fuzzes the player against a worker that a medium has taken over: a process of its own, in the
 * real sandbox, that lies in every field of every message, in any order and at any speed, dies,
 * hangs, floods, and tries what is forbidden. Whatever it does, the player returns from each call,
 * gives it up in time, and is left with no process, no descriptor and no memory of it.
 *
 * An input is a byte for how the player uses the worker, then what the worker does: steps of a
 * byte, each with what it takes. The worker reads them as its medium. */
#include "base/clock.h"

/* The player's clock goes on by itself, and jumps while the worker hangs: nothing waits in vain,
 * and a slow machine is no fault. */
#define clock_mono_ns real_mono_ns
#include "base/clock.c"
#undef clock_mono_ns

#include "base/program.h"
#include "decode/film_client.h"
#include "decode/picture_client.h"
#include "decode/worker_process.h"
#include "sandbox/spare_threads.h"
#include "worker/worker.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "../unit/worker_packets.h"

#define SCRIPT_BYTES_MAX 4096
#define STEPS_MAX 64
#define FLOOD_PACKETS_MAX 30000
#define LIMIT_MS 10000
#define PLAY_NS INT64_C(100000000)
#define ROUND_NS INT64_C(10000000)
/* Processor time of one call of the player's, far more than any needs. */
#define CALL_NS INT64_C(1000000000)

/* --- the worker --------------------------------------------------------------------------- */

/* Shared with the worker: it may be in a call that does not return. */
static atomic_bool *hanging;

struct script {
    uint8_t bytes[SCRIPT_BYTES_MAX];
    size_t size, at;
};

static uint64_t take(struct script *script, size_t bytes)
{
    uint64_t value = 0;
    size_t left = script->size - script->at;
    bytes = bytes < left ? bytes : left;
    memcpy(&value, script->bytes + script->at, bytes);
    script->at += bytes;
    return value;
}

/* As much of it as the script gives, at a place of its choice, a few times. */
static void spoil(struct script *script, void *target, size_t size)
{
    for (unsigned times = (unsigned)take(script, 1) % 4; times > 0; times--) {
        size_t at = take(script, 2) % size, length = take(script, 1) % 17;
        for (size_t i = 0; i < length && at + i < size; i++)
            ((uint8_t *)target)[at + i] = (uint8_t)take(script, 1);
    }
}

/* Any size that can be asked for; and any seals. */
static void shape_memory(struct script *script)
{
    static const off_t sizes[] = {FILM_BYTES,    FILM_BYTES - 1, 0,
                                  HOSTILE_BYTES, 4096,           (off_t)1 << 30};
    unsigned choice = (unsigned)take(script, 1);
    (void)!ftruncate(PROTOCOL_MEMORY_FD, sizes[(choice & 63) % 6]);
    if (choice & 128)
        fcntl(PROTOCOL_MEMORY_FD, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW);
    if (choice & 64)
        fcntl(PROTOCOL_MEMORY_FD, F_ADD_SEALS, F_SEAL_WRITE);
}

/* With descriptors that it has, none, or too many; as a worker sends, for as long as nobody
 * reads. */
static void send_lie(struct script *script, const void *packet, size_t size)
{
    static const int fds[] = {PROTOCOL_MEMORY_FD, PROTOCOL_MEMORY_FD + 1, PROTOCOL_FD, 0,
                              PROTOCOL_MEMORY_FD, PROTOCOL_MEMORY_FD,     1,           2};
    unsigned choice = (unsigned)take(script, 1);
    size_t count = choice & 128 ? 1 : 0;
    if (count && choice & 32)
        count = choice % 8 + 1;
    if (!packet_send(PROTOCOL_FD, 0, packet, size,
                     choice & 64 && count == 1 ? fds + choice % 4 : fds, count) &&
        errno == EPIPE)
        _exit(0);
}

static void send_event(struct script *script, struct protocol_event event)
{
    spoil(script, &event, sizeof event);
    send_lie(script, &event, sizeof event);
}

static void send_frame(struct script *script)
{
    struct protocol_event event = {.magic = PROTOCOL_MAGIC, .kind = PROTOCOL_EVENT_FRAME};
    event.slot = (int8_t)take(script, 1);
    event.time_us = (int64_t)take(script, 3);
    event.duration_us = (int64_t)take(script, 2);
    send_event(script, event);
}

static void send_short_event(struct script *script)
{
    struct protocol_event event = {.magic = PROTOCOL_MAGIC};
    event.kind = (uint32_t)take(script, 1) % 10;
    event.code = (uint32_t)take(script, 1);
    event.steps = (int64_t)take(script, 2);
    memset(event.text, 'x', sizeof event.text);
    send_event(script, event);
}

static void send_sound(struct script *script)
{
    static struct protocol_sound sound;
    memset(&sound, 0x3f, sizeof sound);
    sound.magic = PROTOCOL_MAGIC;
    sound.kind = PROTOCOL_EVENT_SOUND;
    sound.time_us = (int64_t)take(script, 3);
    sound.pairs = (int16_t)take(script, 2);
    spoil(script, &sound, sizeof sound);
    send_lie(script, &sound, sizeof sound);
}

static void send_anything(struct script *script)
{
    static uint8_t bytes[sizeof(struct protocol_sound) + 16];
    size_t size = take(script, 2) % sizeof bytes;
    memset(bytes, 0, sizeof bytes);
    spoil(script, bytes, sizeof bytes);
    send_lie(script, bytes, size);
}

/* Until the player has had enough of it. */
static void flood(struct script *script)
{
    struct protocol_event event = {.magic = PROTOCOL_MAGIC};
    event.kind = (uint32_t)take(script, 1) % 10;
    for (int i = 0; i < FLOOD_PACKETS_MAX; i++) {
        event.steps = event.time_us = i;
        event.duration_us = 1;
        if (!packet_send(PROTOCOL_FD, 0, &event, sizeof event, NULL, 0))
            _exit(0);
    }
}

static void scribble(struct script *script)
{
    int value = (int)take(script, 1);
    void *bytes =
        mmap(NULL, (size_t)FILM_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, PROTOCOL_MEMORY_FD, 0);
    if (bytes != MAP_FAILED)
        memset(bytes, value, (size_t)FILM_BYTES); /* SIGBUS where it is shorter */
}

/* Any system call. One that is not allowed ends the worker; those that are do no harm but to it. */
static void call_anything(struct script *script)
{
    long number = (long)take(script, 2) % 600;
    long first = (long)take(script, 1), second = (long)take(script, 4),
         third = (long)take(script, 1);
    atomic_store(hanging, true);
    syscall(number, first, second, third, 0, 0, 0);
    atomic_store(hanging, false);
}

static void wait_for_order(struct script *script)
{
    static struct protocol_order order;
    struct iovec part = {&order, sizeof order};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    struct pollfd fd = {.fd = PROTOCOL_FD, .events = POLLIN};
    if (poll(&fd, 1, (int)take(script, 1) % 32) == 1)
        recvmsg(PROTOCOL_FD, &message, MSG_DONTWAIT);
}

static void end(struct script *script)
{
    switch (take(script, 1) % 8) {
    case 0:
        raise(SIGSEGV); /* forbidden, like abort() */
        break;
    case 1:
        *(volatile int *)(uintptr_t)take(script, 1) = 0;
        break;
    case 2:
        atomic_store(hanging, true);
        poll(NULL, 0, -1); /* neither speaks nor ends */
        break;
    case 3:
        close(PROTOCOL_FD);
        break;
    default:
        _exit((int)take(script, 1));
    }
}

static void (*const steps[])(struct script *) = {
    send_frame, send_short_event, send_sound,     send_anything, flood,
    scribble,   call_anything,    wait_for_order, shape_memory,  end,
};

static void lie(struct script *script)
{
    for (int i = 0; i < STEPS_MAX && script->at < script->size; i++) {
        unsigned step = (unsigned)take(script, 1) % 12;
        if (step == 10)
            send_event(script, honest_film());
        else if (step == 11)
            send_event(script, honest_ring());
        else
            steps[step](script);
    }
}

static bool do_lies(struct protocol_job *job, const struct worker_files *files, struct err *err)
{
    static struct script script;
    (void)job, (void)err;
    ssize_t got = files->count ? pread(files->fds[0], script.bytes, sizeof script.bytes, 0) : 0;
    script.size = got > 0 ? (size_t)got : 0;
    lie(&script);
    return true;
}

static const struct worker_role liar = {
    .name = "liar",
    .limits = {.address_space_bytes = (size_t)1 << 30,
               .file_bytes = PROTOCOL_FILM_BYTES_MAX,
               .processor_s = 5},
    .sandbox = SANDBOX_ALONE,
    .do_job = do_lies,
};

static pid_t worker_pid; /* of the one that was started last */

/* Instead of base/program.c: the worker is this process once more, not a program. */
bool program_start(pid_t *pid, int program, char *const *arguments, char *const *environment,
                   int socket, bool keep_errors, struct err *err)
{
    (void)program, (void)arguments, (void)environment, (void)keep_errors;
    *pid = fork();
    if (*pid < 0)
        return err_set_errno(err, ERR_SYSTEM, errno, "cannot fork");
    worker_pid = *pid;
    if (*pid > 0)
        return true;
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL); /* a sanitizer would report a worker's crash */
    if (dup2(socket, PROTOCOL_FD) < 0)
        _exit(PROTOCOL_EXIT_NO_JOB);
    _exit(worker_main(&liar));
}

/* The liar has one thread; with the module's own pthread_create the sanitizer would not see those
 * of libFuzzer. */
bool spare_threads_make(struct err *err)
{
    (void)err;
    return false;
}

int program_open(const char *name, struct err *err)
{
    (void)name, (void)err;
    return -1;
}

/* --- the player --------------------------------------------------------------------------- */

static void check(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "the player: %s\n", what);
    abort();
}

static int64_t ahead_ns; /* of the machine's clock */

int64_t clock_mono_ns(void)
{
    return real_mono_ns() + ahead_ns;
}

static int64_t processor_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void read_frame(const struct frame *frame)
{
    volatile unsigned sum = 0;
    for (int y = 0; frame && frame->format == FRAME_ARGB && y < frame->height_px; y++)
        sum +=
            ((const uint8_t *)frame->pixels)[frame->stride_bytes * (size_t)y] +
            ((const uint8_t *)
                 frame->pixels)[frame->stride_bytes * (size_t)y + (size_t)frame->width_px * 4 - 1];
    for (int i = 0; frame && frame->format == FRAME_I420 && i < 3; i++) {
        int width = i ? (frame->width_px + 1) / 2 : frame->width_px;
        int height = i ? (frame->height_px + 1) / 2 : frame->height_px;
        for (int y = 0; y < height; y++)
            sum += frame->planes[i][frame->strides_bytes[i] * (size_t)y] +
                   frame->planes[i][frame->strides_bytes[i] * (size_t)y + (size_t)width - 1];
    }
}

/* As the player's main loop waits: for the worker, or until its time is up; at most for a while, in
 * which a film goes on. */
static void wait_for(int fd, int64_t deadline_ns)
{
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    bool hangs = atomic_load(hanging);
    int64_t left_ns = deadline_ns - clock_mono_ns();
    if (left_ns > 0 && poll(&entry, 1, ROUND_NS / 1000000) == 0 && hangs && deadline_ns < INT64_MAX)
        ahead_ns += left_ns;
}

static void play_film(int medium, unsigned how)
{
    const struct film_client_request request = {.canvas_width_px = 64,
                                                .canvas_height_px = 64,
                                                .rotation = (int)(how >> 1 & 3) * 90,
                                                .fit = (enum layout_fit)(how >> 3 & 3) % 3,
                                                .focus_x = 0.5,
                                                .focus_y = 0.5,
                                                .probe_only = how >> 5 & 1,
                                                .want_sound = how >> 6 & 1,
                                                .limit_ms = LIMIT_MS};
    static float mix[2 * 480];
    const float gains[2] = {1, 1};
    struct frame *held = NULL;
    struct err err = {0};
    struct film_client *film = film_client_start(&request, medium, &err);
    check(film, err.text);
    int64_t shown_ns = 0;
    enum film_client_state state = FILM_CLIENT_PENDING;
    while (state != FILM_CLIENT_FAILED && shown_ns < PLAY_NS && film_client_fd(film) >= 0) {
        wait_for(film_client_fd(film), film_client_deadline_ns(film));
        int64_t before_ns = processor_ns(), now_ns = clock_mono_ns();
        state = film_client_poll(film, now_ns, &err);
        check(processor_ns() - before_ns < CALL_NS, "a call took long");
        check(state != FILM_CLIENT_READY || film_client_facts(film), "no facts");
        check(state != FILM_CLIENT_FAILED || err.code, "no reason");
        struct frame *frame = film_client_frame_at(film, shown_ns / 1000);
        read_frame(frame);
        if (how & 128 && !held)
            held = frame_hold(frame);
        (void)film_client_add_sound(film, shown_ns * 48 / 1000000, mix, 480, gains);
        /* Before its first frame only its deadline ends it. */
        check(film_client_deadline_ns(film) < INT64_MAX || state != FILM_CLIENT_PENDING ||
                  film_client_fd(film) < 0 || film_client_counts(film).received,
              "it waits for ever");
        if (state == FILM_CLIENT_READY)
            shown_ns += ROUND_NS;
    }
    film_client_stop(film);
    read_frame(held);
    frame_release(held);
}

static void make_picture(int medium, unsigned how)
{
    const struct protocol_job job = {.canvas_width_px = HOSTILE_WIDTH,
                                     .canvas_height_px = HOSTILE_HEIGHT,
                                     .rotation = (int)(how >> 1 & 3) * 90,
                                     .scale = how & 8 ? 1.08 : 1};
    struct err err = {0};
    struct picture_client *picture = picture_client_start(&job, &medium, 1, LIMIT_MS, &err);
    check(picture, err.text);
    enum picture_client_state state = PICTURE_CLIENT_PENDING;
    while (state == PICTURE_CLIENT_PENDING) {
        wait_for(picture_client_fd(picture), picture_client_deadline_ns(picture));
        int64_t before_ns = processor_ns();
        state = picture_client_poll(picture, clock_mono_ns(), &err);
        check(processor_ns() - before_ns < CALL_NS, "a call took long");
    }
    check(state != PICTURE_CLIENT_FAILED || err.code, "no reason");
    struct frame *frame = picture_client_take(picture);
    picture_client_stop(picture);
    read_frame(frame);
    frame_release(frame);
}

/* Each descriptor that is opened gets the lowest number that is free. */
static int lowest_free(void)
{
    int fd = dup(0);
    close(fd);
    return fd;
}

/* How many mappings there are of workers' memory. */
static int count_rings(void)
{
    char line[512];
    int count = 0;
    FILE *maps = fopen("/proc/self/maps", "re");
    check(maps, "no /proc");
    while (fgets(line, sizeof line, maps))
        count += strstr(line, "memfd:frames") != NULL;
    fclose(maps);
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (!hanging)
        hanging =
            mmap(NULL, sizeof *hanging, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    check(hanging != MAP_FAILED, "no memory");
    atomic_store(hanging, false);
    int before = lowest_free();
    unsigned how = size ? bytes[0] : 0;
    int medium = memfd_create("medium", MFD_CLOEXEC);
    check(medium >= 0 && (size < 2 || write(medium, bytes + 1, size - 1) == (ssize_t)size - 1),
          "no medium");
    if (how & 1)
        make_picture(medium, how);
    else
        play_film(medium, how);
    close(medium);
    worker_process_reap(true);
    check(lowest_free() == before, "a descriptor is left");
    /* By its number: a sanitizer has children of its own. */
    check(waitpid(worker_pid, NULL, WNOHANG) < 0 && errno == ECHILD, "a process is left");
    check(count_rings() == 0, "memory is left");
    return 0;
}
