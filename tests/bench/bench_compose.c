/* The processor's drawing, a frame at a time. */
#include "bench.h"

#include "stage/compose.h"

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
        .id = 1, .visual = &frame, .motion = PLAYLIST_MOTION_DRIFT_IN, .holders = 1};
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
    return 0;
}
