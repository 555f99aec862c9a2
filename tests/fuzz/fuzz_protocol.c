/* Fuzzes the player's side of films and pictures: any packets, from a worker that is none, with
 * what the player does in between. Whatever is said, nothing is read outside of what was sealed, no
 * descriptor leaks, and what is returned can be read to its end.
 *
 * An input is a byte that chooses the player's side, then steps: a byte, then what the step
 * takes. */
#include <signal.h>
#include <sys/pidfd.h>

/* The socket is real, but at its other end there is no process to start or to kill. */
#define kill(pid, signal) ((void)(pid), (void)(signal), 0)
#define worker_process_start real_worker_process_start
#include "decode/worker_process.c"
#undef worker_process_start
#undef kill

#include "base/clock.h"
#include "decode/film_client.h"
#include "decode/picture_client.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>

#include "../unit/worker_packets.h"

#define STEPS_MAX 200

static int worker_socket = -1; /* the worker's end */
static bool unready;           /* the worker must say itself that it is ready */

bool worker_process_start(struct worker_process *worker, const struct protocol_job *job,
                          const int *files, int file_count, struct err *err)
{
    (void)job, (void)files, (void)file_count, (void)err;
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        abort();
    *worker = (struct worker_process){
        .pid = 0, .socket = pair[0], .exit_fd = -1, .program = "none", .ready = !unready};
    worker_socket = pair[1];
    return true;
}

bool sandbox_available(struct err *err)
{
    (void)err;
    return true;
}

void sandbox_name_call(uint32_t call, char name[SANDBOX_NAME_BYTES])
{
    snprintf(name, SANDBOX_NAME_BYTES, "number %u", call);
}

struct input {
    const uint8_t *bytes;
    size_t size;
};

static uint64_t take(struct input *input, size_t bytes)
{
    uint64_t value = 0;
    bytes = bytes < input->size ? bytes : input->size;
    memcpy(&value, input->bytes, bytes);
    input->bytes += bytes;
    input->size -= bytes;
    return value;
}

/* As much of it as the input gives, at a place of its choice. */
static void spoil(struct input *input, void *target, size_t size)
{
    size_t at = take(input, 2) % size, length = take(input, 1) % 33;
    for (size_t i = 0; i < length && at + i < size && input->size; i++)
        ((uint8_t *)target)[at + i] = (uint8_t)take(input, 1);
}

static void send_packet(const void *bytes, size_t size, const int *fds, size_t fd_count)
{
    if (worker_socket >= 0)
        (void)packet_send(worker_socket, MSG_DONTWAIT, bytes, size, fds, fd_count);
}

static void send_with_memory(const struct protocol_event *event, uint64_t choice)
{
    const int seals =
        F_SEAL_SHRINK | F_SEAL_GROW | (event->kind == PROTOCOL_EVENT_RING ? F_SEAL_WRITE : 0);
    int fd = choice % 8 == 7 ? -1 : packet_memory(FILM_BYTES - (choice % 8 == 6), seals);
    send_packet(event, sizeof *event, &fd, fd >= 0);
    if (fd >= 0)
        close(fd);
}

static void send_film(struct input *input)
{
    struct protocol_event event = honest_film();
    uint64_t choice = take(input, 1);
    spoil(input, &event.film, sizeof event.film);
    send_with_memory(&event, choice);
}

static void send_ring(struct input *input)
{
    struct protocol_event event = honest_ring();
    uint64_t choice = take(input, 1);
    spoil(input, &event.ring, sizeof event.ring);
    send_with_memory(&event, choice);
}

static void send_event(struct input *input)
{
    struct protocol_event event = {.magic = PROTOCOL_MAGIC};
    event.kind = (uint32_t)take(input, 1) % (PROTOCOL_EVENT_SIZE + 1);
    event.slot = (int8_t)take(input, 1);
    event.time_us = (int64_t)take(input, 4);
    event.duration_us = (int64_t)take(input, 3);
    event.steps = event.time_us; /* as good a number as any */
    spoil(input, &event, sizeof event);
    send_packet(&event, sizeof event, NULL, 0);
}

static void send_sound(struct input *input)
{
    static struct protocol_sound sound;
    memset(&sound, 0x3f, sizeof sound);
    sound.magic = PROTOCOL_MAGIC;
    sound.kind = PROTOCOL_EVENT_SOUND;
    sound.time_us = (int64_t)take(input, 4);
    sound.pairs = (int16_t)take(input, 2);
    spoil(input, &sound, sizeof sound);
    send_packet(&sound, sizeof sound, NULL, 0);
}

static void send_anything(struct input *input)
{
    static uint8_t bytes[sizeof(struct protocol_sound) + 16];
    static const int fds[8] = {0};
    size_t size = take(input, 2) % sizeof bytes, fd_count = take(input, 1) % 9;
    memset(bytes, 0, sizeof bytes);
    memcpy(bytes, &(uint32_t){PROTOCOL_MAGIC}, 4);
    spoil(input, bytes, sizeof bytes);
    send_packet(bytes, size, fds, fd_count);
}

/* A step of the worker's; false: it is none of its. */
static bool speak(struct input *input, unsigned step)
{
    switch (step) {
    case 0:
        send_film(input);
        return true;
    case 1:
    case 2:
        send_event(input);
        return true;
    case 3:
        send_sound(input);
        return true;
    case 4:
        send_anything(input);
        return true;
    case 5:
        send_ring(input);
        return true;
    case 6:
        if (take(input, 1) % 8 == 0 && worker_socket >= 0) {
            close(worker_socket);
            worker_socket = -1;
        }
        return true;
    default:
        return false;
    }
}

static void read_frame(const struct frame *frame)
{
    volatile unsigned sum = 0;
    if (!frame)
        return;
    if (frame->format == FRAME_ARGB) {
        const uint8_t *bytes = frame->pixels;
        for (int y = 0; y < frame->height_px; y++)
            sum += bytes[frame->stride_bytes * (size_t)y] +
                   bytes[frame->stride_bytes * (size_t)y + (size_t)frame->width_px * 4 - 1];
        return;
    }
    for (int i = 0; i < 3; i++) {
        int width = i ? (frame->width_px + 1) / 2 : frame->width_px;
        int height = i ? (frame->height_px + 1) / 2 : frame->height_px;
        for (int y = 0; y < height; y++)
            sum += frame->planes[i][frame->strides_bytes[i] * (size_t)y] +
                   frame->planes[i][frame->strides_bytes[i] * (size_t)y + (size_t)width - 1];
    }
}

static void play_film(struct input *input, unsigned how)
{
    const struct film_client_request request = {.canvas_width_px = 64,
                                                .canvas_height_px = 64,
                                                .rotation = (int)(how >> 4 & 3) * 90,
                                                .fit = (enum layout_fit)(how >> 2 & 3) % 3,
                                                .focus_x = 0.5,
                                                .focus_y = 0.5,
                                                .probe_only = how >> 6 & 1,
                                                .want_sound = how >> 7 & 1,
                                                .limit_ms = 1000};
    static float mix[2 * 512];
    const float gains[2] = {0, 1};
    struct frame *referenced = NULL;
    int64_t now_ns = clock_mono_ns();
    struct err err = {0};
    struct film_client *film = film_client_start(&request, 0, &err);
    if (!film)
        abort();
    for (int i = 0; i < STEPS_MAX && input->size; i++) {
        unsigned step = (unsigned)take(input, 1) % 12;
        if (speak(input, step))
            continue;
        if (step == 7) {
            frame_release(referenced);
            referenced = frame_hold(film_client_frame_at(film, (int64_t)take(input, 4)));
        } else if (step == 8) {
            (void)film_client_add_sound(film, (int64_t)take(input, 4), mix, 512, gains);
        } else {
            now_ns += step == 9 ? (int64_t)take(input, 4) : 0;
            if (film_client_poll(film, now_ns, &err) == FILM_CLIENT_READY &&
                !film_client_facts(film))
                abort();
            read_frame(film_client_frame_at(film, (int64_t)take(input, 3)));
        }
    }
    read_frame(referenced);
    film_client_stop(film);
    read_frame(referenced);
    frame_release(referenced);
}

static void make_frame(struct input *input, unsigned how)
{
    const struct protocol_job job = {.canvas_width_px = HOSTILE_WIDTH,
                                     .canvas_height_px = HOSTILE_HEIGHT,
                                     .rotation = (int)(how >> 4 & 3) * 90,
                                     .scale = how & 4 ? 1.08 : 1};
    struct err err = {0};
    struct picture_client *frames = picture_client_start(&job, NULL, 0, 1000, &err);
    if (!frames)
        abort();
    for (int i = 0; i < STEPS_MAX && input->size; i++)
        if (!speak(input, (unsigned)take(input, 1) % 9))
            picture_client_poll(frames, 0, &err);
    picture_client_poll(frames, INT64_MAX, &err);
    struct frame *frame = picture_client_take(frames);
    picture_client_stop(frames);
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

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct input input = {bytes, size};
    int before = lowest_free();
    unsigned how = (unsigned)take(&input, 1);
    unready = how & 2;
    if (how & 1)
        make_frame(&input, how);
    else
        play_film(&input, how);
    if (worker_socket >= 0)
        close(worker_socket);
    worker_socket = -1;
    if (lowest_free() != before)
        abort();
    return 0;
}
