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

/* A film's ring, as much again for the decoder's own frames, its threads' stacks. */
#define FILM_SPACE_BYTES ((size_t)3 << 30)
/* Processor time of all threads: a day at four of them. The player watches what it is used for. */
#define FILM_SECONDS (4 * 86400)

struct film_sender {
    struct film *film;
    int64_t sent_ns;            /* when the last message was sent */
    int64_t sent_steps;         /* in it */
    int frames_out, sounds_out; /* sent and not released by the player */
    int reader_slots;           /* how many frames the player may have */
    bool frames_ended, sound_ended;
    struct film_output sound; /* the piece being sent, in packets */
    int sent;                 /* pairs of it that were sent */
};

static MUST_CHECK bool send_to_player(const void *packet, size_t size, int fd, struct err *err)
{
    if (!worker_send(packet, size, fd))
        return err_set(err, ERR_WORKER, "the player has exited");
    return true;
}

/* Copies a text, shortened to fit. */
static void copy_codec_name(char *to, size_t accepted_output, const char *from)
{
    size_t length = strnlen(from, accepted_output - 1);
    memcpy(to, from, length);
    to[length] = '\0';
}

static struct protocol_film describe_film(const struct film_facts *facts, int slots)
{
    const struct film_layout *layout = &facts->layout;
    struct protocol_film film = {
        .slots = slots,
        .reader_slots = layout->reader_slots,
        .width_px = layout->width_px,
        .height_px = layout->height_px,
        .slot_bytes = layout->slot_bytes,
        .matrix = layout->matrix,
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
    copy_codec_name(film.codec, sizeof film.codec, facts->codec);
    return film;
}

/* Sends the memfd as the ring. It is sealed, so that the player can rely on its length; the player reads
 * it while we write. */
static MUST_CHECK bool share_ring(struct film *film, struct err *err)
{
    const struct film_layout *layout = &film_facts(film)->layout;
    int slots = layout->slots;
    size_t size_bytes = layout->slot_bytes * (size_t)slots;
    struct protocol_event event = {.magic = PROTOCOL_MAGIC, .kind = PROTOCOL_EVENT_FILM};
    event.film = describe_film(film_facts(film), slots);
    void *ring = MAP_FAILED;
    if (ftruncate(PROTOCOL_MEMORY_FD, (off_t)size_bytes) == 0 &&
        fcntl(PROTOCOL_MEMORY_FD, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
        ring = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, PROTOCOL_MEMORY_FD, 0);
    bool ok = ring != MAP_FAILED;
    if (!ok)
        err_set_errno(err, ERR_SYSTEM, errno, "cannot allocate memory for the film's frames");
    ok = ok && film_start(film, ring, slots, err);
    ok = ok && send_to_player(&event, sizeof event, PROTOCOL_MEMORY_FD, err);
    return ok; /* the mapping lasts as long as the process */
}

static MUST_CHECK bool receive_order(struct film_sender *sender, int flags, bool *any,
                                     struct err *err)
{
    struct protocol_order order = {0};
    struct iovec part = {&order, sizeof order};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1}; /* the sandbox has no recv */
    ssize_t received;
    do
        received = recvmsg(PROTOCOL_FD, &message, flags);
    while (received < 0 && errno == EINTR);
    *any = received > 0;
    if (received < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return true;
    if (received != (ssize_t)sizeof order || order.magic != PROTOCOL_MAGIC)
        return err_set(err, ERR_WORKER, "the player has exited");
    if (order.kind == PROTOCOL_ORDER_RELEASE_FRAME && sender->frames_out > 0) {
        film_release(sender->film, order.slot);
        sender->frames_out--;
    } else if (order.kind == PROTOCOL_ORDER_RELEASE_SOUND && sender->sounds_out > 0) {
        sender->sounds_out--;
    } else if (order.kind == PROTOCOL_ORDER_SKIP) {
        film_skip(sender->film, order.time_us);
    }
    return true;
}

/* Handles the orders that have arrived; with `wait` waits for one. */
static MUST_CHECK bool receive_orders(struct film_sender *sender, bool wait, struct err *err)
{
    bool any = true;
    if (wait && !receive_order(sender, 0, &any, err))
        return false;
    while (any)
        if (!receive_order(sender, MSG_DONTWAIT, &any, err))
            return false;
    return true;
}

static MUST_CHECK bool send_frame(struct film_sender *sender, const struct film_output *output,
                                  struct err *err)
{
    const struct protocol_event event = {
        .magic = PROTOCOL_MAGIC,
        .kind = PROTOCOL_EVENT_FRAME,
        .slot = output->slot,
        .time_us = output->time_us,
        .duration_us = output->duration_us,
        .damaged = output->damaged,
        .deinterlaced = output->deinterlaced,
    };
    sender->frames_out++;
    sender->sent_ns = clock_mono_ns();
    return send_to_player(&event, sizeof event, -1, err);
}

/* Reports progress, rarely, and only if there was some. */
static MUST_CHECK bool send_progress(struct film_sender *sender, struct err *err)
{
    int64_t now_ns = clock_mono_ns(), steps = film_counts(sender->film).packets;
    if (now_ns - sender->sent_ns < PROTOCOL_PROGRESS_NS || steps <= sender->sent_steps)
        return true;
    const struct protocol_event event = {
        .magic = PROTOCOL_MAGIC, .kind = PROTOCOL_EVENT_PROGRESS, .steps = steps};
    sender->sent_ns = now_ns;
    sender->sent_steps = steps;
    return send_to_player(&event, sizeof event, -1, err);
}

/* Sends as many packets of the present piece of sound as the player takes: frames never wait for
 * the rest. */
static MUST_CHECK bool send_sound(struct film_sender *sender, struct err *err)
{
    static struct protocol_sound packet = {.magic = PROTOCOL_MAGIC, .kind = PROTOCOL_EVENT_SOUND};
    const struct film_output *sound = &sender->sound;
    while (sender->sent < sound->sample_count && sender->sounds_out < PROTOCOL_SOUNDS_AHEAD_MAX) {
        int left = sound->sample_count - sender->sent;
        packet.pairs = left < PROTOCOL_SOUND_PAIRS ? left : PROTOCOL_SOUND_PAIRS;
        packet.time_us = sound->time_us + (int64_t)sender->sent * 1000000 / FILM_SOUND_HZ;
        memcpy(packet.samples, sound->samples + 2 * (size_t)sender->sent,
               2 * (size_t)packet.pairs * sizeof *packet.samples);
        sender->sounds_out++;
        sender->sent += packet.pairs;
        if (!send_to_player(&packet, sizeof packet, -1, err))
            return false;
    }
    return true;
}

/* The end of the frames: the player need not wait for the rest of the sound. */
static MUST_CHECK bool end_frames(struct film_sender *sender, struct err *err)
{
    const struct protocol_event event = {.magic = PROTOCOL_MAGIC, .kind = PROTOCOL_EVENT_END};
    sender->frames_ended = true;
    return send_to_player(&event, sizeof event, -1, err);
}

/* FILM_TAKE_*: what the player can take now. */
static unsigned accepted_output(const struct film_sender *sender)
{
    bool frames = !sender->frames_ended && sender->frames_out < sender->reader_slots;
    bool sound = !sender->sound_ended && sender->sent == sender->sound.sample_count &&
                 sender->sounds_out < PROTOCOL_SOUNDS_AHEAD_MAX;
    unsigned accepted = 0;
    if (frames)
        accepted |= FILM_TAKE_FRAMES;
    if (sound)
        accepted |= FILM_TAKE_SOUND;
    return accepted;
}

static bool all_sent(const struct film_sender *sender)
{
    return sender->frames_ended && sender->sound_ended &&
           sender->sent == sender->sound.sample_count;
}

static MUST_CHECK bool send_film(struct film_sender *sender, struct err *err)
{
    while (!all_sent(sender)) {
        struct film_output output;
        unsigned take = accepted_output(sender);
        enum film_result result = take ? film_step(sender->film, take, &output, err) : FILM_WAIT;
        bool ok = true;
        switch (result) {
        case FILM_FRAME:
            ok = send_frame(sender, &output, err);
            break;
        case FILM_SOUND:
            sender->sound = output;
            sender->sent = 0;
            break;
        case FILM_WAIT:
            break;
        case FILM_WORKING:
            ok = send_progress(sender, err);
            break;
        case FILM_END: /* of the kinds asked for: the other kind may go on */
            sender->sound_ended |= (take & FILM_TAKE_SOUND) != 0;
            ok = !(take & FILM_TAKE_FRAMES) || end_frames(sender, err);
            break;
        case FILM_FAILED:
            return false;
        }
        if (!ok || !receive_orders(sender, result == FILM_WAIT, err) || !send_sound(sender, err))
            return false;
    }
    return true;
}

static MUST_CHECK bool do_film(const struct protocol_job *job, int file, struct err *err)
{
    const struct film_request request = {
        .start_us = job->start_us,
        .want_sound = job->want_sound,
        .threads = (int)job->threads,
        .rotation = job->rotation,
    };
    struct film_sender sender = {.film = film_open(file, &request, err),
                                 .sent_ns = clock_mono_ns(),
                                 .sound_ended = !job->want_sound};
    if (!sender.film)
        return false;
    sender.reader_slots = film_facts(sender.film)->layout.reader_slots;
    bool ok;
    if (job->probe_only) {
        struct protocol_event event = {.magic = PROTOCOL_MAGIC, .kind = PROTOCOL_EVENT_FILM};
        event.film = describe_film(film_facts(sender.film), 0);
        ok = send_to_player(&event, sizeof event, -1, err);
    } else {
        ok = share_ring(sender.film, err) && send_film(&sender, err);
    }
    /* The player may go on reading the ring: its own mapping keeps the memory. */
    film_close(sender.film);
    return ok;
}

static MUST_CHECK bool do_film_job(struct protocol_job *job, const struct worker_files *files,
                                   struct err *err)
{
    if (job->kind != PROTOCOL_JOB_FILM || files->count != 1)
        return err_set(err, ERR_WORKER, "invalid job for a worker that plays films");
    return do_film(job, files->fds[0], err);
}

const struct worker_role worker_film = {
    .name = PROTOCOL_WORKER_FILM_NAME,
    .limits = {.address_space_bytes = FILM_SPACE_BYTES,
               .file_bytes = PROTOCOL_FILM_BYTES_MAX,
               .processor_s = FILM_SECONDS},
    .sandbox = SANDBOX_THREADS,
    .do_job = do_film_job,
};
