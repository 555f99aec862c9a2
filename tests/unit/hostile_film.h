/* Workers that lie about films, one part for each way, and one that plays fair without a film.
 *
 * A film's job has no room for a part's name: it stands in the file. A test program's main() calls
 * play_film_worker() when it was executed as a worker. Parts send what they have to and then wait,
 * so that nothing but what they sent decides. Over 600 lines: one list of all lies. */
#ifndef TESTS_UNIT_HOSTILE_FILM_H
#define TESTS_UNIT_HOSTILE_FILM_H

#include "fair_film.h"

/* Memory. */

static void play_not_sealed(void)
{
    send_event(honest_film(), make_memory(FILM_BYTES, 0));
}

static void play_half_sealed(void)
{
    send_event(honest_film(), make_memory(FILM_BYTES, F_SEAL_SHRINK));
}

static void play_short_memory(void)
{
    send_event(honest_film(), make_memory(FILM_BYTES - 1, FILM_SEALS));
}

static void play_no_memory(void)
{
    send_event(honest_film(), make_memory(0, FILM_SEALS));
}

static void play_ordinary_file(void)
{
    send_event(honest_film(), open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
}

static void play_folder(void)
{
    send_event(honest_film(), open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
}

static void play_pipe(void)
{
    int fds[2];
    if (pipe(fds) < 0)
        _exit(3);
    send_event(honest_film(), fds[0]);
}

static void play_no_fd(void)
{
    send_event(honest_film(), -1);
}

/* Messages. */

static void play_short_packet(void)
{
    const struct protocol_event event = {.magic = PROTOCOL_MAGIC, .kind = PROTOCOL_EVENT_FRAME};
    send_film();
    send_packet(&event, sizeof event - 1, NULL, 0);
}

static void play_one_byte(void)
{
    send_packet("d", 1, NULL, 0);
}

static void play_long_packet(void)
{
    static char bytes[sizeof(struct protocol_sound) + 1];
    send_packet(bytes, sizeof bytes, NULL, 0);
}

static void play_empty_packet_with_files(void)
{
    const int fds[] = {0, 0};
    send_packet("", 0, fds, 2);
}

static void play_wrong_magic(void)
{
    send_film();
    struct protocol_event event = {.magic = PROTOCOL_MAGIC + 1, .kind = PROTOCOL_EVENT_FRAME};
    send_packet(&event, sizeof event, NULL, 0);
}

static void play_sound_with_wrong_magic(void)
{
    static const struct protocol_sound sound = {.kind = PROTOCOL_EVENT_SOUND, .pairs = 1};
    send_packet(&sound, sizeof sound, NULL, 0);
}

static void play_event_of_sound(void)
{
    send_event((struct protocol_event){.kind = PROTOCOL_EVENT_SOUND}, -1);
}

static void play_unknown_kind(void)
{
    send_event((struct protocol_event){.kind = UINT32_MAX}, -1);
}

static void play_ring_of_a_still(void)
{
    send_event((struct protocol_event){.kind = PROTOCOL_EVENT_RING},
               make_memory(FILM_BYTES, FILM_SEALS | F_SEAL_WRITE));
}

static void play_two_fds(void)
{
    const int fds[] = {make_memory(FILM_BYTES, FILM_SEALS), make_memory(FILM_BYTES, FILM_SEALS)};
    const struct protocol_event event = honest_film();
    send_packet(&event, sizeof event, fds, 2);
}

static void play_eight_fds(void)
{
    const int fds[8] = {0};
    struct protocol_event event = {.magic = PROTOCOL_MAGIC, .kind = PROTOCOL_EVENT_FRAME};
    send_film();
    send_packet(&event, sizeof event, fds, 8);
}

/* Fair but for a descriptor in each message, all the time that the player listens. */
static void play_fds_in_every_message(void)
{
    send_film();
    for (int i = 0; i < PROTOCOL_FRAMES_AHEAD_MAX; i++)
        send_event((struct protocol_event){.kind = PROTOCOL_EVENT_FRAME,
                                           .slot = i,
                                           .time_us = (int64_t)i * FILM_FRAME_US,
                                           .duration_us = FILM_FRAME_US},
                   PROTOCOL_FD);
    send_event((struct protocol_event){.kind = PROTOCOL_EVENT_END}, PROTOCOL_FD);
}

/* Sizes. */

/* Both sides are allowed, but not so many pixels; the memory is there for all of them. */
static void play_large(void)
{
    struct protocol_event event = honest_film();
    struct protocol_film *film = &event.film;
    film->width_px = film->coded_width_px = film->shown_width_px = 16384;
    film->height_px = film->coded_height_px = film->shown_height_px = 14000;
    film->slots = 3;
    for (int i = 0; i < 3; i++)
        film->stride_bytes[i] = i ? 8192 : 16384;
    film->offset_bytes[1] = (uint64_t)16384 * 14000;
    film->offset_bytes[2] = film->offset_bytes[1] + (uint64_t)8192 * 7000;
    film->slot_bytes = film->offset_bytes[2] + (uint64_t)8192 * 7000;
    send_event(event, make_memory((off_t)PROTOCOL_FILM_BYTES_MAX, FILM_SEALS));
    send_frames(0, 1);
}

/* Order. */

static void play_two_films(void)
{
    send_film();
    send_frames(0, 1);
    send_film();
}

static void play_two_films_at_once(void)
{
    send_film();
    send_film();
}

static void play_two_films_without_memory(void)
{
    send_film();
    send_event(honest_film(), -1);
}

static void play_frame_before_film(void)
{
    send_frames(0, 1);
}

static void play_end_at_once(void)
{
    send_end();
}

static void play_end_after_film(void)
{
    send_film();
    send_end();
}

static void play_slot_minus_one(void)
{
    send_film();
    send_frame_at(-1, 0, 1);
}

static void play_slot_too_far(void)
{
    send_film();
    send_frame_at(FILM_SLOTS, 0, 1);
}

static void play_slot_far_too_far(void)
{
    send_film();
    send_frame_at(INT32_MAX, 0, 1);
}

static void play_time_before_the_start(void)
{
    send_film();
    send_frame_at(0, -1, 1);
}

static void play_time_beyond_all(void)
{
    send_film();
    send_frame_at(0, INT64_MAX, 1);
}

static void play_no_duration(void)
{
    send_film();
    send_frame_at(0, 0, 0);
}

static void play_endless_duration(void)
{
    send_film();
    send_frame_at(0, 0, INT64_MAX);
}

static void play_time_goes_back(void)
{
    send_film();
    send_frames(0, 3);
    send_frames(1, 1);
}

static void play_time_stands_still(void)
{
    send_film();
    send_frames(0, 2);
    send_frames(1, 1);
}

static void play_one_frame_too_many(void)
{
    send_film();
    send_frames(0, PROTOCOL_FRAMES_AHEAD_MAX + 1);
}

/* Never reads: sends as long as anybody takes it. */
static void play_flood(void)
{
    send_film();
    for (int i = 0;; i++)
        send_frames(i, 1);
}

static void play_flood_of_sound(void)
{
    send_film();
    for (int i = 0;; i++)
        send_sound((int64_t)i * 20000, PROTOCOL_SOUND_PAIRS, 1);
}

static void play_sound(void)
{
    send_sound(0, 1, 1);
}

static void play_no_sound(void)
{
    send_sound(0, 0, 1);
}

static void play_too_much_sound(void)
{
    send_sound(0, PROTOCOL_SOUND_PAIRS + 1, 1);
}

static void play_less_than_no_sound(void)
{
    send_sound(0, INT32_MIN, 1);
}

static void play_sound_before_the_start(void)
{
    send_sound(-1, 1, 1);
}

static void play_sound_beyond_all(void)
{
    send_sound(INT64_MAX, 1, 1);
}

/* Progress. */

static void play_progress_stands_still(void)
{
    send_progress(7);
    send_progress(7);
}

static void play_progress_goes_back(void)
{
    send_progress(7);
    send_progress(INT64_MIN);
}

static void play_flood_of_progress(void)
{
    for (int64_t i = 1;; i++)
        send_progress(i);
}

static void play_progress_after_the_end(void)
{
    send_film();
    send_frames(0, 1);
    send_end();
    send_progress(1);
}

/* Ends. */

static void play_ends_without_end(void)
{
    send_film();
    send_frames(0, 2);
    for (;;)
        send_end();
}

/* Sound that is over by the time that it comes, as long as anybody takes it. */
static void play_sound_without_end(void)
{
    struct protocol_order order;
    send_film();
    send_frames(0, 1);
    for (int out = 0;; out++) {
        while (out == PROTOCOL_SOUNDS_AHEAD_MAX) {
            if (recv(PROTOCOL_FD, &order, sizeof order, 0) != (ssize_t)sizeof order)
                _exit(0);
            out -= order.kind == PROTOCOL_ORDER_RELEASE_SOUND;
        }
        send_sound(0, 1, 1);
    }
}

static void play_error_of_the_system(void)
{
    send_text(PROTOCOL_EVENT_ERROR, ERR_SYSTEM, "no memory");
}

static void play_hang_up(void)
{
    send_film();
    send_frames(0, 3);
    close(PROTOCOL_FD);
}

static void play_error(void)
{
    send_text(PROTOCOL_EVENT_ERROR, ERR_INPUT, "%s%n\x1b[2J");
}

static void play_error_without_code(void)
{
    send_text(PROTOCOL_EVENT_ERROR, ERR_NONE, "all is well");
}

static void play_error_of_no_kind(void)
{
    send_text(PROTOCOL_EVENT_ERROR, UINT32_MAX, "beyond");
}

static void play_error_without_end(void)
{
    struct protocol_event event = {.kind = PROTOCOL_EVENT_ERROR, .code = ERR_INPUT};
    memset(event.text, 'x', sizeof event.text);
    send_event(event, -1);
}

static void play_die_after_film(void)
{
    send_film();
    raise(SIGKILL);
}

static void play_die_at_frame(void)
{
    send_film();
    send_frames(0, 3);
    raise(SIGALRM);
}

static void play_quiet_exit(void)
{
    send_film();
    send_frames(0, 3);
    _exit(0);
}

static void play_stop_at_frame(void)
{
    send_film();
    send_frames(0, 3);
    raise(SIGSTOP);
}

static void play_hang_after_film(void)
{
    send_film();
}

static void play_hang(void)
{
}

static void play_break_out(void)
{
    struct err err = {0};
    const struct sandbox_limits limits = {(size_t)1 << 30, (size_t)1 << 30, 10};
    send_film(); /* in the sandbox there is no such memory */
    if (!sandbox_drop_privileges(&err) || !sandbox_set_limits(&limits, &err) ||
        !sandbox_deny_files(&err) || !sandbox_deny_calls(SANDBOX_THREADS, &err))
        _exit(3);
    send_frames(0, 3);
    syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
}

/* All frames that are allowed, and not one order read. */
static void play_deaf(void)
{
    send_film();
    send_frames(0, PROTOCOL_FRAMES_AHEAD_MAX);
}

/* Writes to its frames as fast as it can, while they are read. */
static void play_restless(void)
{
    int fd = make_memory(FILM_BYTES, FILM_SEALS);
    uint8_t *bytes = mmap(NULL, (size_t)FILM_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (bytes == MAP_FAILED)
        _exit(3);
    send_event(honest_film(), fd);
    send_frames(0, PROTOCOL_FRAMES_AHEAD_MAX);
    for (uint8_t value = 0;; value++) {
        memset(bytes, value, (size_t)FILM_BYTES);
        /* Neither is allowed by the seals; holes are, and read as zeros. */
        if (ftruncate(fd, 0) == 0 || ftruncate(fd, FILM_BYTES * 2) == 0)
            _exit(3);
        fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, FILM_BYTES);
    }
}

/* What comes after the end is not looked at. */
static void play_garbage_after_the_end(void)
{
    send_film();
    send_frames(0, 2);
    send_end();
    for (int i = 0; i < 100; i++)
        send_event((struct protocol_event){.kind = UINT32_MAX}, PROTOCOL_FD);
}

static const struct hostile_part hostile_parts[] = {
    {"not sealed", play_not_sealed},
    {"half sealed", play_half_sealed},
    {"short memory", play_short_memory},
    {"no memory", play_no_memory},
    {"ordinary file", play_ordinary_file},
    {"folder", play_folder},
    {"pipe", play_pipe},
    {"no fd", play_no_fd},
    {"short packet", play_short_packet},
    {"one byte", play_one_byte},
    {"long packet", play_long_packet},
    {"empty packet with files", play_empty_packet_with_files},
    {"wrong magic", play_wrong_magic},
    {"sound with wrong magic", play_sound_with_wrong_magic},
    {"event of sound", play_event_of_sound},
    {"unknown kind", play_unknown_kind},
    {"ring of a still", play_ring_of_a_still},
    {"two fds", play_two_fds},
    {"eight fds", play_eight_fds},
    {"fds in every message", play_fds_in_every_message},
    {"two films", play_two_films},
    {"two films at once", play_two_films_at_once},
    {"two films without memory", play_two_films_without_memory},
    {"frame before film", play_frame_before_film},
    {"end at once", play_end_at_once},
    {"end after film", play_end_after_film},
    {"slot minus one", play_slot_minus_one},
    {"slot too far", play_slot_too_far},
    {"slot far too far", play_slot_far_too_far},
    {"time before the start", play_time_before_the_start},
    {"time beyond all", play_time_beyond_all},
    {"no duration", play_no_duration},
    {"endless duration", play_endless_duration},
    {"time goes back", play_time_goes_back},
    {"time stands still", play_time_stands_still},
    {"one frame too many", play_one_frame_too_many},
    {"flood", play_flood},
    {"flood of sound", play_flood_of_sound},
    {"sound", play_sound},
    {"no sound", play_no_sound},
    {"too much sound", play_too_much_sound},
    {"less than no sound", play_less_than_no_sound},
    {"sound before the start", play_sound_before_the_start},
    {"sound beyond all", play_sound_beyond_all},
    {"large", play_large},
    {"on its way", play_on_its_way},
    {"progress stands still", play_progress_stands_still},
    {"progress goes back", play_progress_goes_back},
    {"flood of progress", play_flood_of_progress},
    {"progress after the end", play_progress_after_the_end},
    {"throttled", play_throttled},
    {"ends without end", play_ends_without_end},
    {"sound without end", play_sound_without_end},
    {"error of the system", play_error_of_the_system},
    {"hang up", play_hang_up},
    {"error", play_error},
    {"error without code", play_error_without_code},
    {"error of no kind", play_error_of_no_kind},
    {"error without end", play_error_without_end},
    {"die after film", play_die_after_film},
    {"die at frame", play_die_at_frame},
    {"quiet exit", play_quiet_exit},
    {"stop at frame", play_stop_at_frame},
    {"hang after film", play_hang_after_film},
    {"hang", play_hang},
    {"break out", play_break_out},
    {"deaf", play_deaf},
    {"restless", play_restless},
    {"fair", play_fair},
    {"fair sound", play_fair_sound},
    {"early end", play_early_end},
    {"slightly early end", play_slightly_early_end},
    {"early end, few pictures", play_early_end_of_few_pictures},
    {"early end, variable rate", play_early_end_of_variable_rate},
    {"garbage after the end", play_garbage_after_the_end},
    {"probe", play_probe},
};

/* Looks at the job without taking it; the name of the part, or an empty one for the honest worker,
 * which reads the job again. */
static bool peek_part(char name[HOSTILE_NAME_BYTES])
{
    static struct protocol_job job;
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec part = {&job, sizeof job};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    char text[HOSTILE_NAME_BYTES + sizeof HOSTILE_MARK] = "";
    int file;
    name[0] = '\0';
    if (recvmsg(PROTOCOL_FD, &message, MSG_PEEK) != (ssize_t)sizeof job || !CMSG_FIRSTHDR(&message))
        return false;
    memcpy(&file, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof file);
    ssize_t got = pread(file, text, sizeof text - 1, 0);
    void *page = mmap(NULL, PART_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (page != MAP_FAILED) /* else it is no part's, but a film's */
        part_ticks = (_Atomic uint32_t *)((uint8_t *)page + TICK_AT);
    close(file);
    if (got > 0 && strncmp(text, HOSTILE_MARK, strlen(HOSTILE_MARK)) == 0)
        snprintf(name, HOSTILE_NAME_BYTES, "%.*s", HOSTILE_NAME_BYTES - 1,
                 text + strlen(HOSTILE_MARK));
    return true;
}

/* The process's exit status; main() calls it when argv[0] is PROTOCOL_WORKER_FILM_NAME. */
static int play_film_worker(void)
{
    char name[HOSTILE_NAME_BYTES];
    if (!peek_part(name))
        return 4;
    if (!name[0])
        return worker_main(&worker_film);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nobody behind */
    struct protocol_job *job = malloc(sizeof *job);
    if (!job || recv(PROTOCOL_FD, job, sizeof *job, 0) != (ssize_t)sizeof *job)
        return 4;
    free(job);
    bool played = play_beginning(name) || play_lie(name) ||
                  play_part(hostile_parts, sizeof hostile_parts / sizeof *hostile_parts, name);
    for (;;)
        if (!played || pause() < 0)
            return 5;
}

#endif
