/* The processor's drawing, a frame at a time. */
#include "bench.h"

#include "screen/compose.h"

struct scene {
    struct canvas a, b, out;
    struct picture_view view;
};

static struct canvas canvas(int width, int height, unsigned seed)
{
    struct canvas c = {.stride_bytes = (size_t)width * 4, .width_px = width, .height_px = height};
    uint32_t *pixels = aligned_alloc(64, c.stride_bytes * (size_t)height);
    c.pixels = pixels;
    for (size_t i = 0; i < (size_t)width * (size_t)height; i++) {
        seed = seed * 1664525u + 1013904223u;
        pixels[i] = 0xff000000u | seed >> 8;
    }
    return c;
}

static void crossfade(void *context)
{
    struct scene *s = context;
    compose_crossfade(&s->out, &s->a, &s->b, 0.4);
}

static void dissolve(void *context)
{
    struct scene *s = context;
    compose_dissolve(&s->out, &s->a, &s->b, 0.4);
}

static void moving(void *context)
{
    struct scene *s = context;
    s->view.progress = s->view.progress < 1 ? s->view.progress + 0.001 : 0;
    compose_picture(&s->out, &s->view);
}

static void keep(struct frame *frame)
{
    (void)frame;
}

/* Noise, which no cache or branch predictor likes better than a film. */
static struct frame film_frame(int width, int height, struct layout_box at, unsigned seed)
{
    struct frame frame = {
        .id = seed,
        .width_px = width,
        .height_px = height,
        .opaque = true,
        .at = at,
        .holders = 1,
        .free = keep,
        .format = FRAME_I420,
        .matrix = FRAME_BT709,
        .stream = seed,
    };
    for (int i = 0; i < 3; i++) {
        size_t stride = (size_t)(i ? (width + 1) / 2 : width);
        size_t bytes = (stride * (size_t)(i ? (height + 1) / 2 : height) + 63) / 64 * 64;
        uint8_t *samples = aligned_alloc(64, bytes);
        for (size_t k = 0; k < bytes; k++) {
            seed = seed * 1664525u + 1013904223u;
            samples[k] = (uint8_t)(seed >> 24);
        }
        frame.planes[i] = samples;
        frame.strides_bytes[i] = stride;
    }
    return frame;
}

struct films {
    struct canvas a, b, out;
    struct picture pictures[2];
    struct compose_buffers buffers[2];
};

static void draw_film(struct films *films, int side, const struct canvas *canvas)
{
    struct picture_view view = {&films->pictures[side], 0};
    films->pictures[side].visual->id += 2; /* a new frame each time */
    if (!compose_view(canvas, &view, &films->buffers[side]))
        abort();
}

static void film(void *context)
{
    struct films *films = context;
    draw_film(films, 0, &films->out);
}

/* The worst refresh: both films have a new frame. At 60 refreshes of 30 frames it is every second
 * one. */
static void film_to_film(void *context)
{
    struct films *films = context;
    draw_film(films, 0, &films->a);
    draw_film(films, 1, &films->b);
    compose_crossfade(&films->out, &films->a, &films->b, 0.4);
}

static void bench_films(const char *size, int width, int height)
{
    static const struct {
        const char *name;
        int width_percent;
        enum layout_motion motion;
    } rows[] = {
        {"", 100, LAYOUT_MOTION_NONE},
        {" from two thirds of its size", 67, LAYOUT_MOTION_NONE},
        {" from twice its size", 200, LAYOUT_MOTION_NONE},
        {", moving", 100, LAYOUT_MOTION_DRIFT_IN},
    };
    char name[96];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct frame frames[2];
        struct films films = {canvas(width, height, 1),
                              canvas(width, height, 2),
                              canvas(width, height, 3),
                              {{0}},
                              {{0}}};
        for (int k = 0; k < 2; k++) {
            int scale = rows[i].width_percent;
            frames[k] = scale == 67
                            ? film_frame(width * 2 / 3, height * 2 / 3,
                                         (struct layout_box){0, 0, width, height}, (unsigned)k + 1)
                            : film_frame(width * scale / 100, height * scale / 100,
                                         (struct layout_box){0, 0, width, height}, (unsigned)k + 1);
            films.pictures[k] = (struct picture){.id = (uint64_t)k + 1,
                                                 .visual = &frames[k],
                                                 .motion = rows[i].motion,
                                                 .playing = true,
                                                 .holders = 1};
        }
        snprintf(name, sizeof name, "film frame%s, %s", rows[i].name, size);
        bench_run(name, "", 101, film, &films);
        snprintf(name, sizeof name, "film to film%s, both frames new, %s", rows[i].name, size);
        bench_run(name, "", 51, film_to_film, &films);
        free(films.a.pixels);
        free(films.b.pixels);
        free(films.out.pixels);
        for (int k = 0; k < 2; k++) {
            compose_buffers_finish(&films.buffers[k]);
            for (int plane = 0; plane < 3; plane++)
                free((void *)(uintptr_t)frames[k].planes[plane]);
        }
    }
}

static void bench_size(const char *size, int width, int height)
{
    char name[64];
    struct canvas large = canvas(width * 108 / 100, height * 108 / 100, 3);
    struct frame frame = {
        .id = 1,
        .width_px = large.width_px,
        .height_px = large.height_px,
        .stride_bytes = large.stride_bytes,
        .pixels = large.pixels,
        .opaque = true,
        .at = {0, 0, width, height},
        .focus_x = 0.5,
        .focus_y = 0.5,
        .holders = 1,
        .free = keep,
    };
    struct picture picture = {
        .id = 1, .visual = &frame, .motion = LAYOUT_MOTION_DRIFT_IN, .holders = 1};
    struct scene s = {canvas(width, height, 1),
                      canvas(width, height, 2),
                      canvas(width, height, 4),
                      {&picture, 0}};
    snprintf(name, sizeof name, "crossfade, %s", size);
    bench_run(name, "", 201, crossfade, &s);
    snprintf(name, sizeof name, "dissolve (linear light), %s", size);
    bench_run(name, "", 51, dissolve, &s);
    snprintf(name, sizeof name, "moving still, %s", size);
    bench_run(name, "", 101, moving, &s);
    free(large.pixels);
    free(s.a.pixels);
    free(s.b.pixels);
    free(s.out.pixels);
}

int main(void)
{
    bench_size("1080p", 1920, 1080);
    bench_size("2160p", 3840, 2160);
    bench_films("1080p", 1920, 1080);
    bench_films("2160p", 3840, 2160);
    return 0;
}
