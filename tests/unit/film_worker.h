/* What a worker that plays a film sends, for tests that play one: the honest description, and all
 * the ways to get one number of it wrong. */
#ifndef TESTS_UNIT_FILM_WORKER_H
#define TESTS_UNIT_FILM_WORKER_H

#include "decode/movie.h"
#include "decode/protocol.h"
#include "decode/sandbox.h"
#include "decode/worker_movie.h"

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

#define HOSTILE_MARK "hostile "
#define HOSTILE_NAME_BYTES 64

#define FILM_WIDTH 40
#define FILM_HEIGHT 20
#define FILM_SLOTS 12
#define FILM_SLOT_BYTES 4096
#define FILM_BYTES ((off_t)FILM_SLOTS * FILM_SLOT_BYTES)
#define FILM_FRAME_US 40000
#define FILM_SEALS (F_SEAL_SHRINK | F_SEAL_GROW)

static void send_packet(const void *bytes, size_t size, const int *fds, size_t fd_count)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int) * 8)];
    } control;
    memset(&control, 0, sizeof control);
    struct iovec part = {(void *)(uintptr_t)bytes, size};
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
    send_packet(&event, sizeof event, &fd, fd >= 0);
}

static void send_words(enum protocol_event_kind kind, uint32_t code, const char *words)
{
    struct protocol_event event = {.kind = kind, .code = code};
    snprintf(event.words, sizeof event.words, "%s", words);
    send_event(event, -1);
}

static void send_end(void)
{
    send_event((struct protocol_event){.kind = PROTOCOL_END}, -1);
}

static void send_frame_at(int32_t slot, int64_t time_us, int64_t duration_us)
{
    send_event(
        (struct protocol_event){
            .kind = PROTOCOL_FRAME, .slot = slot, .time_us = time_us, .duration_us = duration_us},
        -1);
}

static void send_frames(int first, int count)
{
    for (int i = first; i < first + count; i++)
        send_frame_at(i % FILM_SLOTS, (int64_t)i * FILM_FRAME_US, FILM_FRAME_US);
}

static int make_memory(off_t size, int seals)
{
    int fd = memfd_create("film", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0 || ftruncate(fd, size) < 0 || fcntl(fd, F_ADD_SEALS, seals) < 0)
        _exit(3);
    return fd;
}

/* What an honest worker would say. */
static struct protocol_event honest_film(void)
{
    return (struct protocol_event){
        .kind = PROTOCOL_FILM,
        .film = {.slots = FILM_SLOTS,
                 .width_px = FILM_WIDTH,
                 .height_px = FILM_HEIGHT,
                 .offset_bytes = {0, 1280, 1664},
                 .stride_bytes = {64, 32, 32},
                 .slot_bytes = FILM_SLOT_BYTES,
                 .colour = FRAME_BT709,
                 .shown_width_px = FILM_WIDTH,
                 .shown_height_px = FILM_HEIGHT,
                 .coded_width_px = FILM_WIDTH,
                 .coded_height_px = FILM_HEIGHT,
                 .bit_depth = 8,
                 .fps = 25,
                 .duration_us = 4 * FILM_FRAME_US,
                 .codec = "none"},
    };
}

static void send_film(void)
{
    send_event(honest_film(), make_memory(FILM_BYTES, FILM_SEALS));
}

static void send_sound(int64_t time_us, int32_t pairs, float value)
{
    static struct protocol_sound sound;
    sound = (struct protocol_sound){PROTOCOL_MAGIC, PROTOCOL_SOUND, time_us, pairs, {0}};
    for (int i = 0; i < 2 * PROTOCOL_SOUND_PAIRS; i++)
        sound.samples[i] = value;
    send_packet(&sound, sizeof sound, NULL, 0);
}

/* A film that is described wrongly in one place: a number of 4 or 8 bytes, or a double. */
struct film_lie {
    const char *name;
    size_t offset, bytes;
    uint64_t number;
    double fraction;
};

#define LIE(field, value)                                                                          \
    {                                                                                              \
#field " = " #value, offsetof(struct protocol_film, field),                                \
            sizeof((struct protocol_film *)0)->field, (uint64_t)(value), 0                         \
    }
#define FRACTION_LIE(field, value)                                                                 \
    {                                                                                              \
#field " = " #value, offsetof(struct protocol_film, field), 0, 0, value                    \
    }

static const struct film_lie film_lies[] = {
    LIE(slots, 0),
    LIE(slots, 2),
    LIE(slots, -1),
    LIE(slots, PROTOCOL_FILM_SLOTS_MAX + 1),
    LIE(slots, INT32_MAX),
    LIE(slots, INT32_MIN),
    LIE(width_px, 0),
    LIE(width_px, -FILM_WIDTH),
    LIE(width_px, 65), /* more than a row's bytes */
    LIE(width_px, MOVIE_SIDE_MAX_PX + 1),
    LIE(width_px, INT32_MAX),
    LIE(height_px, 0),
    LIE(height_px, 66), /* more rows than a slot has */
    LIE(height_px, INT32_MIN),
    LIE(height_px, INT32_MAX),
    LIE(stride_bytes[0], 0),
    LIE(stride_bytes[0], FILM_WIDTH - 1),
    LIE(stride_bytes[0], 4 * MOVIE_SIDE_MAX_PX + 1),
    LIE(stride_bytes[0], UINT64_MAX),
    LIE(stride_bytes[0], UINT64_MAX / 19 + 1), /* times the rows: little */
    LIE(stride_bytes[1], FILM_WIDTH / 2 - 1),
    LIE(stride_bytes[1], 1 << 16),
    LIE(stride_bytes[2], 0),
    LIE(offset_bytes[0], FILM_SLOT_BYTES),
    LIE(offset_bytes[0], UINT64_MAX),
    LIE(offset_bytes[1], FILM_SLOT_BYTES + 1),
    LIE(offset_bytes[1], FILM_SLOT_BYTES - 32 * 9 - FILM_WIDTH / 2 + 1), /* its last byte is out */
    LIE(offset_bytes[2], UINT64_MAX - 8),
    LIE(offset_bytes[2], INT64_MAX),
    LIE(slot_bytes, 0),
    LIE(slot_bytes, 1),
    LIE(slot_bytes, 1664),
    LIE(slot_bytes, PROTOCOL_FILM_BYTES_MAX), /* all slots together are more */
    LIE(slot_bytes, PROTOCOL_FILM_BYTES_MAX + 1),
    LIE(slot_bytes, UINT64_MAX),
    LIE(slot_bytes, UINT64_MAX / FILM_SLOTS + 2), /* times the slots: little */
    LIE(colour, FRAME_JPEG + 1),
    LIE(colour, UINT32_MAX),
    LIE(shown_width_px, 0),
    LIE(shown_width_px, -1),
    LIE(shown_width_px, 65537),
    LIE(shown_height_px, 0),
    LIE(shown_height_px, INT32_MAX),
    LIE(coded_width_px, 0),
    LIE(coded_width_px, MOVIE_SIDE_MAX_PX + 1),
    LIE(coded_height_px, -1),
    LIE(coded_height_px, INT32_MIN),
    LIE(bit_depth, -1),
    LIE(bit_depth, 17),
    LIE(duration_us, -1),
    LIE(duration_us, INT64_MAX),
    LIE(duration_us, INT64_MIN),
    LIE(codec[8], 0x6161616161616161), /* the text has no end */
    FRACTION_LIE(fps, NAN),
    FRACTION_LIE(fps, INFINITY),
    FRACTION_LIE(fps, -1),
    FRACTION_LIE(fps, 1001),
};
#define FILM_LIES (sizeof film_lies / sizeof *film_lies)

static void tell_lie(struct protocol_film *film, const struct film_lie *lie)
{
    uint8_t *place = (uint8_t *)film + lie->offset;
    uint32_t half = (uint32_t)lie->number;
    if (lie->bytes == 0)
        memcpy(place, &lie->fraction, sizeof lie->fraction);
    else if (lie->bytes == sizeof half)
        memcpy(place, &half, sizeof half);
    else
        memcpy(place, &lie->number, sizeof lie->number);
}

static bool play_lie(const char *name)
{
    for (size_t i = 0; i < FILM_LIES; i++) {
        if (strcmp(name, film_lies[i].name) != 0)
            continue;
        struct protocol_event event = honest_film();
        memset(event.film.codec, 'a', 8);
        tell_lie(&event.film, &film_lies[i]);
        /* The memory is as large as is allowed, so that nothing but the lie is wrong. */
        send_event(event, make_memory((off_t)PROTOCOL_FILM_BYTES_MAX, FILM_SEALS));
        send_frames(0, 1);
        return true;
    }
    return false;
}

#endif
