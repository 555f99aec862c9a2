/* What workers send, for those who play one without being one: honest descriptions, memory, and
 * packets with descriptors. */
#ifndef TESTS_UNIT_WORKER_PACKETS_H
#define TESTS_UNIT_WORKER_PACKETS_H

#include "sandbox/protocol.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* The screen that pictures are made for. */
#define HOSTILE_WIDTH 40
#define HOSTILE_HEIGHT 20
#define HOSTILE_BYTES (HOSTILE_WIDTH * HOSTILE_HEIGHT * 4)

#define FILM_WIDTH 40
#define FILM_HEIGHT 20
#define FILM_SLOTS 12
#define FILM_SLOT_BYTES 4096
#define FILM_BYTES ((off_t)FILM_SLOTS * FILM_SLOT_BYTES)
#define FILM_FRAME_US 40000
#define FILM_SEALS (F_SEAL_SHRINK | F_SEAL_GROW)

#define PACKET_FDS_MAX 8

/* Of a picture that fills the screen. */
static inline struct protocol_event honest_ring(void)
{
    return (struct protocol_event){
        .magic = PROTOCOL_MAGIC,
        .kind = PROTOCOL_EVENT_RING,
        .ring = {.slots = 1,
                 .width_px = HOSTILE_WIDTH,
                 .height_px = HOSTILE_HEIGHT,
                 .stride_bytes = HOSTILE_WIDTH * 4,
                 .slot_bytes = HOSTILE_BYTES,
                 .opaque = 1,
                 .at = {0, 0, HOSTILE_WIDTH, HOSTILE_HEIGHT},
                 .focus_x = 0.25,
                 .focus_y = 0.75},
    };
}

static inline struct protocol_event honest_film(void)
{
    return (struct protocol_event){
        .magic = PROTOCOL_MAGIC,
        .kind = PROTOCOL_EVENT_FILM,
        .film = {.slots = FILM_SLOTS,
                 .reader_slots = PROTOCOL_FRAMES_AHEAD_MAX,
                 .width_px = FILM_WIDTH,
                 .height_px = FILM_HEIGHT,
                 .offset_bytes = {0, 1280, 1664},
                 .stride_bytes = {64, 32, 32},
                 .slot_bytes = FILM_SLOT_BYTES,
                 .matrix = FRAME_BT709,
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

/* -1 when there is none. */
static inline int packet_memory(off_t size, int seals)
{
    int fd = memfd_create("packets", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd >= 0 && (ftruncate(fd, size) < 0 || fcntl(fd, F_ADD_SEALS, seals) < 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* With at most PACKET_FDS_MAX descriptors, which stay the caller's; flags as of sendmsg(2). False
 * when it was not sent. */
static inline bool packet_send(int socket, int flags, const void *bytes, size_t size,
                               const int *fds, size_t fd_count)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int) * PACKET_FDS_MAX)];
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
    return sendmsg(socket, &message, flags | MSG_NOSIGNAL) == (ssize_t)size;
}

#endif
