/* What a test's worker sends: packets and events, the parts that it can play, and tables of wrong
 * values. A worker that can't send exits with status 3. */
#ifndef TESTS_UNIT_WORKER_SCRIPT_H
#define TESTS_UNIT_WORKER_SCRIPT_H

#include "worker_packets.h"

#include <stddef.h>

/* A job's text: this and the name of the part to play. */
#define HOSTILE_MARK "hostile "

static inline void send_packet(const void *bytes, size_t size, const int *fds, size_t fd_count)
{
    if (!packet_send(PROTOCOL_FD, 0, bytes, size, fds, fd_count))
        _exit(3);
}

static inline void send_event(struct protocol_event event, int fd)
{
    event.magic = PROTOCOL_MAGIC;
    send_packet(&event, sizeof event, &fd, fd >= 0);
}

/* What an honest worker says first. */
static inline void send_ready(uint32_t code)
{
    send_event((struct protocol_event){.kind = PROTOCOL_EVENT_READY, .code = code}, -1);
}

static inline int make_memory(off_t size, int seals)
{
    int fd = packet_memory(size, seals);
    if (fd < 0)
        _exit(3);
    return fd;
}

struct hostile_part {
    const char *name;
    void (*play)(void);
};

/* False when there is no such part. */
static inline bool play_part(const struct hostile_part *parts, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(name, parts[i].name) != 0)
            continue;
        parts[i].play();
        return true;
    }
    return false;
}

/* A description that is wrong in one place: a number of 4 or 8 bytes, or (0 bytes) a double. */
struct lie {
    const char *name;
    size_t offset, bytes;
    uint64_t number;
    double fraction;
};

/* A lie about a field of the struct that LIE_ABOUT names. */
#define LIE(field, value)                                                                          \
    {                                                                                              \
#field " = " #value, offsetof(LIE_ABOUT, field), sizeof((LIE_ABOUT *)0)->field,            \
            (uint64_t)(value), 0                                                                   \
    }
#define FRACTION_LIE(field, value)                                                                 \
    {                                                                                              \
#field " = " #value, offsetof(LIE_ABOUT, field), 0, 0, value                               \
    }

/* NULL: there is none of that name. */
static inline const struct lie *find_lie(const struct lie *lies, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, lies[i].name) == 0)
            return &lies[i];
    return NULL;
}

static inline void tell_lie(void *description, const struct lie *lie)
{
    uint8_t *place = (uint8_t *)description + lie->offset;
    uint32_t half = (uint32_t)lie->number;
    if (lie->bytes == 0)
        memcpy(place, &lie->fraction, sizeof lie->fraction);
    else if (lie->bytes == sizeof half)
        memcpy(place, &half, sizeof half);
    else
        memcpy(place, &lie->number, sizeof lie->number);
}

#endif
