/* Films: a sandboxed worker beside the same FFmpeg in this process, and how soon a frame that the
 * worker has sent is known to the player.
 *
 *     bench_film decode NAME FILE ROUNDS
 *     bench_film start NAME FILE ROUNDS
 *     bench_film hand-off FILE FILE
 *
 * Rows as in bench.h, but of what their names say. */
#include "bench.h"

#include "decode/film_client.h"
#include "decode/worker_process.h"
#include "worker/worker_film.h"
#include "screen/compose.h"

#include <errno.h>
#include <fcntl.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS_MAX 99
#define WIDTH 1920
#define HEIGHT 1080
#define LIMIT_MS 10000
#define REFRESH_NS (1000000000 / 60)
#define SAMPLES_MAX 4096

_Noreturn static void fail(const char *what)
{
    fprintf(stderr, "bench_film: %s\n", what);
    exit(1);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, bench_compare);
    return values[count / 2];
}

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

/* Of this process and of the workers that have ended. */
static double processor_s(void)
{
    struct rusage own, workers;
    getrusage(RUSAGE_SELF, &own);
    getrusage(RUSAGE_CHILDREN, &workers);
    return seconds_of(own.ru_utime) + seconds_of(own.ru_stime) + seconds_of(workers.ru_utime) +
           seconds_of(workers.ru_stime);
}

/* One film, decoded from its start to its end as fast as it goes. */
struct run {
    int64_t first_ns, end_ns; /* when its first frames were there, and when there were no more */
    int64_t first, frames;    /* frames: there at first, and in all */
    double processor_s;
};

static double rate_of(const struct run *run)
{
    return (double)(run->frames - run->first) / ((double)(run->end_ns - run->first_ns) / 1e9);
}

static void note_frames(struct run *run, int64_t frames)
{
    run->end_ns = clock_mono_ns();
    run->frames = frames;
    if (!run->first) {
        run->first_ns = run->end_ns;
        run->first = frames;
    }
}

static struct film_client *start_film(const char *path)
{
    const struct film_client_request request = {
        .canvas_width_px = WIDTH,
        .canvas_height_px = HEIGHT,
        .focus_x = 0.5,
        .focus_y = 0.5,
        .limit_ms = LIMIT_MS,
    };
    struct err err = {0};
    int file = open(path, O_RDONLY | O_CLOEXEC);
    struct film_client *film = file >= 0 ? film_client_start(&request, file, &err) : NULL;
    if (!film)
        fail(file >= 0 ? err.text : path);
    close(file);
    return film;
}

static enum film_client_state poll_film(struct film_client *film)
{
    struct err err = {0};
    enum film_client_state state = film_client_poll(film, clock_mono_ns(), &err);
    if (state == FILM_CLIENT_FAILED)
        fail(err.text);
    return state;
}

/* Each frame is given back at once, but the last one that came: as the player does when it is
 * late. */
static struct run decode_in_worker(const char *path)
{
    struct run run = {.processor_s = -processor_s()};
    struct film_client *film = start_film(path);
    int64_t came = 0;
    do {
        struct pollfd fd = {.fd = film_client_fd(film), .events = POLLIN};
        poll(&fd, 1, LIMIT_MS);
        if (poll_film(film) != FILM_CLIENT_READY)
            continue;
        film_client_frame_at(film, INT64_MAX);
        came = film_client_counts(film).received;
        if (came > run.frames)
            note_frames(&run, came);
    } while (!came || film_client_next_us(film) != INT64_MAX);
    film_client_stop(film);
    worker_process_reap(true);
    run.processor_s += processor_s();
    return run;
}

static AVCodecContext *open_decoder(AVFormatContext *format, int stream)
{
    const AVCodecParameters *parameters = format->streams[stream]->codecpar;
    const AVCodec *codec = avcodec_find_decoder(parameters->codec_id);
    AVCodecContext *context = codec ? avcodec_alloc_context3(codec) : NULL;
    if (!context || avcodec_parameters_to_context(context, parameters) < 0)
        fail("no decoder");
    context->thread_count = (int)sysconf(_SC_NPROCESSORS_ONLN); /* as film_client.c asks for */
    context->thread_type = FF_THREAD_FRAME | FF_THREAD_SLICE;
    if (avcodec_open2(context, codec, NULL) < 0)
        fail("the decoder does not start");
    return context;
}

static void take_frames(AVCodecContext *context, AVFrame *frame, struct run *run)
{
    while (avcodec_receive_frame(context, frame) >= 0)
        note_frames(run, run->frames + 1);
}

static struct run decode_here(const char *path)
{
    struct run run = {.processor_s = -processor_s()};
    AVFormatContext *format = NULL;
    if (avformat_open_input(&format, path, NULL, NULL) < 0 ||
        avformat_find_stream_info(format, NULL) < 0)
        fail(path);
    int stream = av_find_best_stream(format, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
    if (stream < 0)
        fail(path);
    AVCodecContext *context = open_decoder(format, stream);
    AVPacket *packet = av_packet_alloc();
    AVFrame *frame = av_frame_alloc();
    if (!packet || !frame)
        fail("out of memory");
    while (av_read_frame(format, packet) >= 0) {
        if (packet->stream_index == stream && avcodec_send_packet(context, packet) >= 0)
            take_frames(context, frame, &run);
        av_packet_unref(packet);
    }
    avcodec_send_packet(context, NULL);
    take_frames(context, frame, &run);
    av_frame_free(&frame);
    av_packet_free(&packet);
    avcodec_free_context(&context);
    avformat_close_input(&format);
    run.processor_s += processor_s();
    return run;
}

/* Turn by turn, so that what else the machine does meets both. */
static void bench_decode(const char *name, const char *path, int rounds)
{
    double worker[ROUNDS_MAX] = {0}, here[ROUNDS_MAX] = {0}, share[ROUNDS_MAX] = {0};
    double cost[ROUNDS_MAX] = {0}, cost_here[ROUNDS_MAX] = {0}, cost_share[ROUNDS_MAX] = {0};
    decode_here(path); /* warm */
    for (int i = 0; i < rounds; i++) {
        struct run a = decode_in_worker(path), b = decode_here(path);
        if (a.frames != b.frames)
            fail("the worker does not give as many frames as are there");
        worker[i] = rate_of(&a);
        here[i] = rate_of(&b);
        share[i] = 100 * worker[i] / here[i];
        cost[i] = 1000 * a.processor_s / (double)a.frames;
        cost_here[i] = 1000 * b.processor_s / (double)b.frames;
        cost_share[i] = 100 * cost[i] / cost_here[i];
    }
    double middle = median(worker, rounds); /* sorts */
    printf("decoding in the sandbox, %s\t%.0f fps\tworst %.0f fps\t\n", name, middle, worker[0]);
    middle = median(here, rounds);
    printf("the same FFmpeg in process, same threads, %s\t%.0f fps\tworst %.0f fps\t\n", name,
           middle, here[0]);
    middle = median(share, rounds);
    printf("frame rate in the sandbox against in process, %s\t%.0f %%\tworst %.0f %%\t≥ 90 %%\n",
           name, middle, share[0]);
    middle = median(cost, rounds);
    printf("processor time of a frame, worker and player, %s\t%.2f ms\tworst %.2f ms\t\n", name,
           middle, cost[rounds - 1]);
    middle = median(cost_here, rounds);
    printf("processor time of a frame in process, %s\t%.2f ms\tworst %.2f ms\t\n", name, middle,
           cost_here[rounds - 1]);
    middle = median(cost_share, rounds);
    printf("processor time in the sandbox against in process, %s\t%.0f %%\tworst %.0f %%\t\n", name,
           middle, cost_share[rounds - 1]);
}

/* Until the first frame is there. All that a film's start costs in processor time counts, as the
 * decoder is ended then. */
static double start_ms(const char *path, double *start_processor_ms)
{
    double before_s = processor_s();
    int64_t start_ns = clock_mono_ns(), first_ns;
    struct film_client *film = start_film(path);
    for (;;) {
        struct pollfd fd = {.fd = film_client_fd(film), .events = POLLIN};
        poll(&fd, 1, LIMIT_MS);
        if (poll_film(film) == FILM_CLIENT_READY && film_client_counts(film).received > 0)
            break;
    }
    first_ns = clock_mono_ns();
    film_client_stop(film);
    worker_process_reap(true);
    *start_processor_ms = 1000 * (processor_s() - before_s);
    return (double)(first_ns - start_ns) / 1e6;
}

static void bench_start(const char *name, const char *path, int rounds)
{
    double wall[ROUNDS_MAX] = {0}, processor[ROUNDS_MAX] = {0};
    start_ms(path, &processor[0]); /* warm */
    for (int i = 0; i < rounds; i++)
        wall[i] = start_ms(path, &processor[i]);
    double middle = median(wall, rounds); /* sorts */
    printf("a film's start, from fork to its first frame, %s\t%.1f ms\tworst %.1f ms\t\n", name,
           middle, wall[rounds - 1]);
    middle = median(processor, rounds);
    printf("a film's start, processor time, %s\t%.1f ms\tworst %.1f ms\t\n", name, middle,
           processor[rounds - 1]);
}

/* A film at its own pace, and how long its frames took from the worker's send. */
struct side {
    struct film_client *film;
    struct picture picture;
    struct canvas canvas;
    struct compose_buffers buffers;
    int64_t came;
    bool stamped;
};

/* What plays: one film, or two that crossfade. */
struct wall {
    struct side sides[2];
    int count;
    bool draws;
};

static double delays_ms[SAMPLES_MAX];
static int delay_count;

/* The kernel writes on each packet when the worker sent it. Not before the film's ring has come:
 * its packet has room for the descriptor alone. */
static void ask_for_stamps(struct side *side)
{
    const int on = 1;
    if (setsockopt(film_client_fd(side->film), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) < 0)
        fail("no time stamps on sockets");
    side->stamped = true;
}

/* When the packet that waits longest was sent (CLOCK_REALTIME); 0: none waits, or it bears no
 * stamp. */
static int64_t oldest_sent_ns(const struct side *side)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(struct timespec))];
    } control;
    char byte;
    struct timespec sent;
    struct iovec part = {&byte, sizeof byte};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    if (recvmsg(film_client_fd(side->film), &message, MSG_PEEK | MSG_DONTWAIT) <= 0)
        return 0;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_TIMESTAMPNS)
        return 0;
    memcpy(&sent, CMSG_DATA(header), sizeof sent);
    return (int64_t)sent.tv_sec * 1000000000 + sent.tv_nsec;
}

/* Where several frames have come, all count as late as the first: never less than they were. */
static void poll_side(struct side *side)
{
    int64_t sent_ns = side->stamped ? oldest_sent_ns(side) : 0;
    if (poll_film(side->film) != FILM_CLIENT_READY)
        return;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t delay_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec - sent_ns;
    for (int64_t came = film_client_counts(side->film).received; side->came < came; side->came++)
        if (sent_ns && delay_count < SAMPLES_MAX)
            delays_ms[delay_count++] = (double)delay_ns / 1e6;
    if (!side->stamped)
        ask_for_stamps(side);
}

static bool is_over(const struct side *side)
{
    return side->came > 0 && film_client_next_us(side->film) == INT64_MAX;
}

static void show_side(struct side *side, int64_t offset_us, bool draws)
{
    struct frame *frame = film_client_frame_at(side->film, offset_us);
    if (!frame || !draws || side->picture.visual == frame)
        return;
    side->picture.visual = frame;
    const struct picture_view view = {&side->picture, 0};
    if (!compose_view(&side->canvas, &view, &side->buffers))
        fail("out of memory");
}

static void wait_for_sides(struct wall *wall, int64_t until_ns)
{
    int64_t left_ns;
    while ((left_ns = until_ns - clock_mono_ns()) > 0) {
        struct pollfd fds[2];
        for (int i = 0; i < wall->count; i++)
            fds[i] = (struct pollfd){.fd = film_client_fd(wall->sides[i].film), .events = POLLIN};
        const struct timespec left = {0, left_ns};
        if (ppoll(fds, (nfds_t)wall->count, &left, NULL) < 0 && errno != EINTR)
            fail("poll");
        for (int i = 0; i < wall->count; i++)
            if (fds[i].revents)
                poll_side(&wall->sides[i]);
    }
}

static struct canvas make_canvas(void)
{
    struct canvas canvas = {NULL, (size_t)WIDTH * 4, WIDTH, HEIGHT};
    canvas.pixels = aligned_alloc(64, canvas.stride_bytes * HEIGHT);
    if (!canvas.pixels)
        fail("out of memory");
    return canvas;
}

static bool all_have_begun(const struct wall *wall)
{
    for (int i = 0; i < wall->count; i++)
        if (!wall->sides[i].came)
            return false;
    return true;
}

static bool one_is_over(const struct wall *wall)
{
    for (int i = 0; i < wall->count; i++)
        if (is_over(&wall->sides[i]))
            return true;
    return false;
}

/* Until one film ends, a turn each refresh as the player takes it. */
static void play(struct wall *wall)
{
    struct canvas target = make_canvas();
    while (!all_have_begun(wall))
        wait_for_sides(wall, clock_mono_ns() + REFRESH_NS);
    int64_t start_ns = clock_mono_ns(), turn_ns = start_ns;
    while (!one_is_over(wall)) {
        int64_t offset_us = (clock_mono_ns() - start_ns) / 1000;
        for (int i = 0; i < wall->count; i++)
            show_side(&wall->sides[i], offset_us, wall->draws);
        if (wall->draws)
            compose_crossfade(&target, &wall->sides[0].canvas, &wall->sides[1].canvas, 0.4);
        do
            turn_ns += REFRESH_NS;
        while (turn_ns < clock_mono_ns());
        wait_for_sides(wall, turn_ns);
    }
    free(target.pixels);
}

static void bench_hand_off(char *const paths[], int count, const char *words, const char *limit)
{
    struct wall wall = {.count = count, .draws = count == 2};
    delay_count = 0;
    for (int i = 0; i < count; i++)
        wall.sides[i] = (struct side){.film = start_film(paths[i]),
                                      .picture = {.id = (uint64_t)i + 1, .playing = true},
                                      .canvas = make_canvas()};
    play(&wall);
    for (int i = 0; i < count; i++) {
        film_client_stop(wall.sides[i].film);
        compose_buffers_finish(&wall.sides[i].buffers);
        free(wall.sides[i].canvas.pixels);
    }
    worker_process_reap(true);
    if (delay_count < 100)
        fail("too few frames bore a time stamp");
    double middle = median(delays_ms, delay_count);
    printf("from the worker's send of a frame to the player, %s\t%.2f ms\t99th percentile %.2f "
           "ms, worst %.2f ms\t%s\n",
           words, middle, delays_ms[(int)(delay_count * 0.99)], delays_ms[delay_count - 1], limit);
}

int main(int argc, char **argv)
{
    if (argc > 0 && strcmp(argv[0], PROTOCOL_WORKER_FILM_NAME) == 0)
        return worker_main(&worker_film);
    if (argc == 5 && (strcmp(argv[1], "decode") == 0 || strcmp(argv[1], "start") == 0)) {
        long rounds = strtol(argv[4], NULL, 10);
        if (rounds < 1 || rounds > ROUNDS_MAX)
            fail("1 to 99 rounds");
        if (strcmp(argv[1], "start") == 0)
            bench_start(argv[2], argv[3], (int)rounds);
        else
            bench_decode(argv[2], argv[3], (int)rounds);
        return 0;
    }
    if (argc == 4 && strcmp(argv[1], "hand-off") == 0) {
        bench_hand_off(argv + 2, 1, "one film", "5 ms, 99th percentile");
        bench_hand_off(argv + 2, 2, "two films, the player drawing their crossfade at 60 Hz", "");
        return 0;
    }
    fail("usage: bench_film (decode | start) NAME FILE ROUNDS | hand-off FILE FILE");
}
