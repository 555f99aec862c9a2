#include "worker/worker_film.h"

#include "base/clock.h"
#include "worker/film/film.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* A film: its ring, as much again for what the decoder keeps for itself, its threads' stacks. */
#define FILM_SPACE_BYTES ((size_t)3 << 30)
/* Processor time of all threads: a day at four of them. What it does with it, the player
 * watches. */
#define FILM_SECONDS (4 * 86400)
#define RINGS_OPEN 1 /* memfds at a time */

struct playout {
    struct film *film;
    int64_t told_ns;    /* the last sign of life */
    int64_t steps;      /* in it */
    int frames, sounds; /* out with the player */
    int ahead;          /* frames that may be */
    bool frames_ended, sound_ended;
    struct film_output sound; /* a piece of it on its way, in packets */
    int sent;                 /* pairs of that */
};

static bool gone(struct err *err)
{
    return err_set(err, ERR_WORKER, "the player is gone");
}

/* A copy of a text that always ends. */
static void keep_text(char *to, size_t room, const char *from)
{
    size_t length = strnlen(from, room - 1);
    memcpy(to, from, length);
    to[length] = '\0';
}

static struct protocol_film describe(const struct film_facts *facts, int slots)
{
    const struct film_layout *layout = &facts->layout;
    struct protocol_film film = {
        .slots = slots,
        .ahead = layout->reader_slots,
        .width_px = layout->width_px,
        .height_px = layout->height_px,
        .slot_bytes = layout->slot_bytes,
        .colour = layout->colour,
        .shown_width_px = facts->width_px,
        .shown_height_px = facts->height_px,
        .coded_width_px = facts->coded_width_px,
        .coded_height_px = facts->coded_height_px,
        .bit_depth = facts->bit_depth,
        .variable_rate = facts->variable_rate,
        .has_sound = facts->has_sound,
        .has_alpha = facts->has_alpha,
        .high_dynamic_range = facts->high_dynamic_range,
        .fps = facts->fps,
        .duration_us = facts->duration_us,
        .longest_us = facts->longest_us,
    };
    for (int i = 0; i < 3; i++) {
        film.offset_bytes[i] = layout->offset_bytes[i];
        film.stride_bytes[i] = layout->stride_bytes[i];
    }
    keep_text(film.codec, sizeof film.codec, facts->codec);
    return film;
}

/* The ring: the player may rely on its length, and reads while we write. */
static bool give_ring(struct film *film, struct err *err)
{
    const struct film_layout *layout = &film_facts(film)->layout;
    int slots = layout->slots;
    size_t size_bytes = layout->slot_bytes * (size_t)slots;
    struct protocol_event event = {.magic = PROTOCOL_MAGIC, .kind = PROTOCOL_FILM};
    event.film = describe(film_facts(film), slots);
    int fd = memfd_create("film", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    void *ring = MAP_FAILED;
    if (fd >= 0 && ftruncate(fd, (off_t)size_bytes) == 0 &&
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
        ring = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    bool ok = ring != MAP_FAILED ||
              err_set_errno(err, ERR_SYSTEM, errno, "no memory for a film's frames");
    ok = ok && film_start(film, ring, slots, err);
    ok = ok && (worker_send(&event, sizeof event, fd) || gone(err));
    if (fd >= 0)
        close(fd);
    return ok; /* the mapping ends with the process */
}

static bool take_order(struct playout *playing, int flags, bool *any, struct err *err)
{
    struct protocol_order order = {0};
    struct iovec part = {&order, sizeof order};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1}; /* the sandbox has no recv */
    ssize_t got;
    do
        got = recvmsg(PROTOCOL_FD, &message, flags);
    while (got < 0 && errno == EINTR);
    *any = got > 0;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return true;
    if (got != (ssize_t)sizeof order || order.magic != PROTOCOL_MAGIC)
        return gone(err);
    if (order.kind == PROTOCOL_RELEASE && playing->frames > 0) {
        film_release(playing->film, order.slot);
        playing->frames--;
    } else if (order.kind == PROTOCOL_HEARD && playing->sounds > 0) {
        playing->sounds--;
    } else if (order.kind == PROTOCOL_SKIP) {
        film_skip(playing->film, order.time_us);
    }
    return true;
}

/* Takes what the player has sent; waits for it where there is nothing else to do. */
static bool take_orders(struct playout *playing, bool wait, struct err *err)
{
    bool any = true;
    if (wait && !take_order(playing, 0, &any, err))
        return false;
    while (any)
        if (!take_order(playing, MSG_DONTWAIT, &any, err))
            return false;
    return true;
}

static bool send_frame(struct playout *playing, const struct film_output *output, struct err *err)
{
    const struct protocol_event event = {
        .magic = PROTOCOL_MAGIC,
        .kind = PROTOCOL_FRAME,
        .slot = output->slot,
        .time_us = output->time_us,
        .duration_us = output->duration_us,
        .damaged = output->damaged,
    };
    playing->frames++;
    playing->told_ns = clock_mono_ns();
    return worker_send(&event, sizeof event, -1) || gone(err);
}

/* Still at it: told only where there is something new to tell, and seldom. */
static bool send_progress(struct playout *playing, struct err *err)
{
    int64_t now_ns = clock_mono_ns(), steps = film_counts(playing->film).packets;
    if (now_ns - playing->told_ns < PROTOCOL_PROGRESS_NS || steps <= playing->steps)
        return true;
    const struct protocol_event event = {
        .magic = PROTOCOL_MAGIC, .kind = PROTOCOL_PROGRESS, .steps = steps};
    playing->told_ns = now_ns;
    playing->steps = steps;
    return worker_send(&event, sizeof event, -1) || gone(err);
}

/* As many packets of the sound in work as there is room for: pictures never wait for the rest. */
static bool send_sound(struct playout *playing, struct err *err)
{
    static struct protocol_sound packet = {.magic = PROTOCOL_MAGIC, .kind = PROTOCOL_SOUND};
    const struct film_output *sound = &playing->sound;
    while (playing->sent < sound->sample_count && playing->sounds < PROTOCOL_AHEAD_SOUNDS) {
        int left = sound->sample_count - playing->sent;
        packet.pairs = left < PROTOCOL_SOUND_PAIRS ? left : PROTOCOL_SOUND_PAIRS;
        packet.time_us = sound->time_us + (int64_t)playing->sent * 1000000 / FILM_SOUND_HZ;
        memcpy(packet.samples, sound->samples + 2 * (size_t)playing->sent,
               2 * (size_t)packet.pairs * sizeof *packet.samples);
        playing->sounds++;
        playing->sent += packet.pairs;
        if (!worker_send(&packet, sizeof packet, -1))
            return gone(err);
    }
    return true;
}

/* The player need not wait for what is still to be heard. */
static bool end_frames(struct playout *playing, struct err *err)
{
    const struct protocol_event event = {.magic = PROTOCOL_MAGIC, .kind = PROTOCOL_END};
    playing->frames_ended = true;
    return worker_send(&event, sizeof event, -1) || gone(err);
}

/* What there is room for. */
static unsigned room(const struct playout *playing)
{
    bool frames = !playing->frames_ended && playing->frames < playing->ahead;
    bool sound = !playing->sound_ended && playing->sent == playing->sound.sample_count &&
                 playing->sounds < PROTOCOL_AHEAD_SOUNDS;
    return (frames ? FILM_TAKE_FRAMES : 0) | (sound ? FILM_TAKE_SOUND : 0);
}

static bool is_over(const struct playout *playing)
{
    return playing->frames_ended && playing->sound_ended &&
           playing->sent == playing->sound.sample_count;
}

static bool play(struct playout *playing, struct err *err)
{
    while (!is_over(playing)) {
        struct film_output output;
        unsigned take = room(playing);
        enum film_result result = take ? film_step(playing->film, take, &output, err) : FILM_WAIT;
        bool ok = true;
        switch (result) {
        case FILM_FRAME:
            ok = send_frame(playing, &output, err);
            break;
        case FILM_SOUND:
            playing->sound = output;
            playing->sent = 0;
            break;
        case FILM_WAIT:
            break;
        case FILM_WORKING:
            ok = send_progress(playing, err);
            break;
        case FILM_END: /* of what was asked for: the other kind may go on */
            playing->sound_ended |= (take & FILM_TAKE_SOUND) != 0;
            ok = !(take & FILM_TAKE_FRAMES) || end_frames(playing, err);
            break;
        case FILM_FAILED:
            return false;
        }
        if (!ok || !take_orders(playing, result == FILM_WAIT, err) || !send_sound(playing, err))
            return false;
    }
    return true;
}

static bool play_film(const struct protocol_job *job, int file, struct err *err)
{
    const struct film_request request = {
        .start_us = job->start_us,
        .want_sound = job->want_sound,
        .threads = (int)job->threads,
        .rotation = job->rotation,
    };
    struct playout playing = {.film = film_open(file, &request, err),
                              .told_ns = clock_mono_ns(),
                              .sound_ended = !job->want_sound};
    if (!playing.film)
        return false;
    playing.ahead = film_facts(playing.film)->layout.reader_slots;
    bool ok;
    if (job->only_look) {
        struct protocol_event event = {.magic = PROTOCOL_MAGIC, .kind = PROTOCOL_FILM};
        event.film = describe(film_facts(playing.film), 0);
        ok = worker_send(&event, sizeof event, -1) || gone(err);
    } else {
        ok = give_ring(playing.film, err) && play(&playing, err);
    }
    /* The player reads the ring as long as it likes; its own mapping keeps it. */
    film_close(playing.film);
    return ok;
}

static bool work(struct protocol_job *job, const struct worker_files *files, struct err *err)
{
    if (job->kind != PROTOCOL_JOB_FILM || files->count != 1)
        return err_set(err, ERR_WORKER, "no job for a worker that plays a film");
    return play_film(job, files->fds[0], err);
}

const struct worker_trade worker_film = {
    .name = PROTOCOL_WORKER_FILM_NAME,
    .limits = {.address_space_bytes = FILM_SPACE_BYTES,
               .file_bytes = PROTOCOL_FILM_BYTES_MAX,
               .processor_s = FILM_SECONDS,
               .descriptors = RINGS_OPEN},
    .sandbox = SANDBOX_THREADS,
    .work = work,
};
