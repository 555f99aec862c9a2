/* Decodes a film in its sandboxed worker, and compares each of its frames with a reference, pixel by
 * pixel. Prints what the film is, and how far it is off:
 *
 *     probe_film_pixels FILM [REFERENCE [START_US]]
 *
 * The reference ("-": none) is a file of raw frames, red, green and blue in 8 bits each, of the size
 * of the worker's frames. In steps of 255: mean is over all samples of all frames, worst the mean
 * of the frame that is furthest off. A comb's tooth is a sample that differs from both the one above
 * and the one below it, and in the same direction. The first frame's time is that of the start, the
 * others' are their own. */
#include "base/clock.h"
#include "decode/film_client.h"
#include "decode/worker_process.h"
#include "worker/worker_film.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIMIT_MS 60000
#define TOOTH 24
#define TIMES_MAX 64

struct result {
    int64_t start_us;
    FILE *reference;
    uint8_t *expected;
    int frames;
    double sum, worst; /* of differences */
    double samples;
    long teeth;
    int64_t times_us[TIMES_MAX];
    int width, height;
};

_Noreturn static void fail(const char *what)
{
    fprintf(stderr, "probe_film_pixels: %s\n", what);
    exit(EXIT_FAILURE);
}

/* A sample of Cb or Cr at a pixel, from those beside it: they lie at the even ones, between two
 * rows. */
static double chroma_at(const struct frame *frame, int plane, int x, int y)
{
    int across = (frame->width_px + 1) / 2, down = (frame->height_px + 1) / 2;
    int left = x / 2, right = x & 1 && left + 1 < across ? left + 1 : left;
    int near = y / 2, far = y & 1 ? near + 1 : near - 1;
    far = far < 0 ? 0 : far >= down ? down - 1 : far;
    const uint8_t *near_row = frame->planes[plane] + frame->strides_bytes[plane] * (size_t)near;
    const uint8_t *far_row = frame->planes[plane] + frame->strides_bytes[plane] * (size_t)far;
    return (3 * (near_row[left] + near_row[right]) + far_row[left] + far_row[right]) / 8.0;
}

/* By the formulas of BT.601 and BT.709. */
static void pixel_at(const struct frame *frame, int x, int y, double rgb[3])
{
    bool full = frame->matrix == FRAME_JPEG;
    double kr = frame->matrix == FRAME_BT709 ? 0.2126 : 0.299;
    double kb = frame->matrix == FRAME_BT709 ? 0.0722 : 0.114;
    double luma = frame->planes[0][frame->strides_bytes[0] * (size_t)y + (size_t)x];
    double blue = chroma_at(frame, 1, x, y) - 128, red = chroma_at(frame, 2, x, y) - 128;
    if (!full) {
        luma = (luma - 16) * 255 / 219;
        blue *= 255.0 / 224;
        red *= 255.0 / 224;
    }
    rgb[0] = luma + 2 * (1 - kr) * red;
    rgb[2] = luma + 2 * (1 - kb) * blue;
    rgb[1] = (luma - kr * rgb[0] - kb * rgb[2]) / (1 - kr - kb);
}

static void compare(struct result *result, const struct frame *frame)
{
    size_t size = (size_t)frame->width_px * (size_t)frame->height_px * 3;
    double sum = 0;
    if (!result->reference)
        return;
    result->expected = realloc(result->expected, size);
    if (!result->expected || fread(result->expected, 1, size, result->reference) != size)
        fail("the reference has fewer frames");
    const uint8_t *expected = result->expected;
    for (int y = 0; y < frame->height_px; y++)
        for (int x = 0; x < frame->width_px; x++, expected += 3) {
            double rgb[3];
            pixel_at(frame, x, y, rgb);
            for (int i = 0; i < 3; i++)
                sum += fabs(fmin(fmax(rgb[i], 0), 255) - expected[i]);
        }
    result->sum += sum;
    result->samples += (double)size;
    result->worst = fmax(result->worst, sum / (double)size);
}

static long count_teeth(const struct frame *frame)
{
    long teeth = 0;
    for (int y = 1; y + 1 < frame->height_px; y++) {
        const uint8_t *row = frame->planes[0] + frame->strides_bytes[0] * (size_t)y;
        const uint8_t *above = row - frame->strides_bytes[0];
        const uint8_t *below = row + frame->strides_bytes[0];
        for (int x = 0; x < frame->width_px; x++) {
            int up = row[x] - above[x], down = row[x] - below[x];
            teeth += (up > TOOTH && down > TOOTH) || (up < -TOOTH && down < -TOOTH);
        }
    }
    return teeth;
}

/* Takes the frames that are there. False at the film's end. */
static bool take_frames(struct result *result, struct film_client *film, uint64_t *last_id)
{
    for (;;) {
        int64_t at_us = *last_id ? film_client_next_us(film) : result->start_us;
        struct frame *frame = at_us == INT64_MAX ? NULL : film_client_frame_at(film, at_us);
        if (!frame || frame->id == *last_id)
            return at_us != INT64_MAX;
        *last_id = frame->id;
        result->width = frame->width_px;
        result->height = frame->height_px;
        if (result->frames < TIMES_MAX)
            result->times_us[result->frames] = at_us;
        result->frames++;
        result->teeth += count_teeth(frame);
        compare(result, frame);
    }
}

static void decode(struct result *result, struct film_client *film)
{
    struct err err = {0};
    uint64_t last_id = 0;
    enum film_client_state state;
    while ((state = film_client_poll(film, clock_mono_ns(), &err)) != FILM_CLIENT_FAILED) {
        if (state == FILM_CLIENT_READY && !take_frames(result, film, &last_id))
            return;
        struct pollfd fd = {.fd = film_client_fd(film), .events = POLLIN};
        int64_t left_ns = film_client_deadline_ns(film) - clock_mono_ns();
        poll(&fd, 1,
             left_ns < INT64_C(1000000) * LIMIT_MS ? (int)(left_ns / 1000000) + 1 : LIMIT_MS);
    }
    fail(err.text);
}

static void print_result(const struct result *result, const struct film_client *film)
{
    const struct film_client_facts *facts = film_client_facts(film);
    const struct film_client_counts counts = film_client_counts(film);
    printf("frames=%d size=%dx%d shown=%dx%d duration_us=%lld hdr=%d deinterlaced=%lld teeth=%ld "
           "mean=%.3f worst=%.3f times_us=",
           result->frames, result->width, result->height, facts->width_px, facts->height_px,
           (long long)facts->duration_us, facts->high_dynamic_range, (long long)counts.deinterlaced,
           result->teeth, result->samples > 0 ? result->sum / result->samples : 0, result->worst);
    for (int i = 0; i < result->frames && i < TIMES_MAX; i++)
        printf("%s%lld", i ? "," : "", (long long)result->times_us[i]);
    putchar('\n');
}

int main(int argc, char **argv)
{
    struct film_client_request request = {
        .canvas_width_px = 64, .canvas_height_px = 36, .limit_ms = LIMIT_MS};
    struct result result = {0};
    struct err err = {0};
    if (argc > 0 && strcmp(argv[0], PROTOCOL_WORKER_FILM_NAME) == 0)
        _exit(worker_main(&worker_film));
    int file = argc >= 2 && argc <= 4 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) {
        fprintf(stderr, "probe_film_pixels FILM [REFERENCE [START_US]]\n");
        return 2;
    }
    request.start_us = argc == 4 ? strtoll(argv[3], NULL, 10) : 0;
    if (argc >= 3 && strcmp(argv[2], "-") != 0 && !(result.reference = fopen(argv[2], "re")))
        fail(strerror(errno));
    result.start_us = request.start_us;
    struct film_client *film = film_client_start(&request, file, &err);
    if (!film)
        fail(err.text);
    decode(&result, film);
    if (result.reference && getc(result.reference) != EOF)
        fail("the reference has more frames");
    print_result(&result, film);
    film_client_stop(film);
    worker_process_reap(true);
    free(result.expected);
    if (result.reference)
        fclose(result.reference);
    return EXIT_SUCCESS;
}
