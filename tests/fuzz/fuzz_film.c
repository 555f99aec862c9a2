/* Fuzzes a worker's film: any job, any orders of the player, any file; as in a worker, but for the
 * sandbox around it. FFmpeg itself is watched only where it takes and gives back memory.
 *
 * An input: the number of orders, each in three bytes (kind, slot); sixteen bytes over the job; the
 * film. */
#include <sys/mman.h>

/* A worker leaves its ring mapped until the process ends. */
static void *map_ring(void *address, size_t size, int protection, int flags, int fd, off_t offset);
#define mmap map_ring
#include "worker/worker_film.c"
#undef mmap

#include "sandbox/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <libavutil/log.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define JOB_BYTES 16
#define ORDERS_MAX 64
#define FRAMES_MAX 200 /* that the player takes before it goes */

static int media = -1;
static void *ring = MAP_FAILED;
static size_t ring_bytes;

static void *map_ring(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
    ring_bytes = size;
    return ring = mmap(address, size, protection, flags, fd, offset);
}

int sandbox_fstat(int fd, struct stat *status)
{
    return fstat(fd, status);
}

bool worker_send(const void *packet, size_t size, int fd)
{
    (void)fd; /* its memory: nobody here maps it but the worker */
    return send(PROTOCOL_FD, packet, size, MSG_NOSIGNAL) == (ssize_t)size;
}

struct player {
    int socket;
    const uint8_t *orders;
    size_t order_count;
};

/* Answers each packet with the next order, and then with what an honest player would say; until it
 * has seen enough. */
static void *answer(void *argument)
{
    struct player *player = argument;
    static struct protocol_sound packet;
    for (size_t i = 0; i < FRAMES_MAX; i++) {
        ssize_t got = recv(player->socket, &packet, sizeof packet, 0);
        if (got <= 0)
            break;
        const struct protocol_event *event = (const struct protocol_event *)(const void *)&packet;
        struct protocol_order order = {PROTOCOL_MAGIC, PROTOCOL_ORDER_RELEASE_FRAME, event->slot};
        if (got == (ssize_t)sizeof packet)
            order.kind = PROTOCOL_ORDER_RELEASE_SOUND;
        if (i < player->order_count) {
            order.kind = player->orders[3 * i] % 4;
            memcpy(&order.slot, player->orders + 3 * i + 1, 2);
            order.magic -= player->orders[3 * i] == 255;
        }
        send(player->socket, &order, order.kind == 3 ? 5 : sizeof order,
             MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    shutdown(player->socket, SHUT_RDWR);
    return NULL;
}

static struct protocol_job job_of(const uint8_t bytes[JOB_BYTES])
{
    struct protocol_job job = {.magic = PROTOCOL_MAGIC, .kind = PROTOCOL_JOB_FILM, .file_count = 1};
    memcpy(&job.start_us, bytes, 5);
    job.want_sound = bytes[5] & 1;
    job.probe_only = bytes[6] == 1;
    job.rotation = bytes[7] & 128 ? (int)bytes[7] * 65537 : bytes[7] % 4 * 90;
    job.threads = bytes[8] & 128 ? UINT32_MAX : bytes[8] % 3;
    if (bytes[9] == 255)
        memset(&job.start_us, bytes[10], sizeof job.start_us);
    return job;
}

/* The worker's socket and its memory have their numbers, which nothing else here may have. */
static void prepare(void)
{
    av_log_set_level(AV_LOG_QUIET);
    if (media >= 0)
        return;
    for (int fd = PROTOCOL_FD; fd <= PROTOCOL_MEMORY_FD; fd++)
        if (fcntl(fd, F_GETFD) >= 0 || dup2(0, fd) < 0)
            abort();
    media = memfd_create("fuzz", MFD_CLOEXEC);
    if (media < 0)
        abort();
}

/* It is sealed by each film. */
static void make_memory(void)
{
    int fd = memfd_create("frames", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0 || dup2(fd, PROTOCOL_MEMORY_FD) < 0)
        abort();
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    size_t order_count = size ? bytes[0] % ORDERS_MAX : 0, head = 1 + 3 * order_count + JOB_BYTES;
    int pair[2];
    if (size < head)
        return 0;
    prepare();
    make_memory();
    if (ftruncate(media, 0) < 0 ||
        pwrite(media, bytes + head, size - head, 0) != (ssize_t)(size - head) ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0 ||
        dup2(pair[1], PROTOCOL_FD) < 0)
        abort();
    close(pair[1]);
    struct player player = {pair[0], bytes + 1, order_count};
    pthread_t thread;
    if (pthread_create(&thread, NULL, answer, &player) != 0)
        abort();
    struct protocol_job job = job_of(bytes + head - JOB_BYTES);
    struct err err = {0};
    bool played = do_film(&job, media, &err); /* any result will do */
    (void)played;
    shutdown(PROTOCOL_FD, SHUT_RDWR);
    pthread_join(thread, NULL);
    close(pair[0]);
    if (ring != MAP_FAILED)
        munmap(ring, ring_bytes);
    ring = MAP_FAILED;
    return 0;
}
