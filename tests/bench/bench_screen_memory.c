/* Frames into memory that is scanned out, as a screen on KMS has it: the processor's caches keep none
 * of it. Ordinary memory stands in for it, which is flushed from the caches before each frame and
 * after it, so that each write goes all the way, and a read would, too. */
#include "bench.h"

#include "screen/cpu_drawing.h"

#include <string.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

#define ROUNDS 101
#define CACHE_LINE 64

struct screen {
    struct cpu_drawing drawing;
    struct cpu_target target;
    struct display_mix mix;
    struct canvas copied;
};

static void flush(const struct canvas *canvas)
{
    const char *bytes = canvas->pixels;
    size_t size = canvas->stride_bytes * (size_t)canvas->height_px;
    for (size_t at = 0; at < size; at += CACHE_LINE)
#ifdef __x86_64__
        _mm_clflush(bytes + at);
#elif defined(__aarch64__)
        __asm__ volatile("dc civac, %0" ::"r"(bytes + at) : "memory");
#else
#error "how does this processor write its caches back?"
#endif
}

static void draw(void *context)
{
    struct screen *screen = context;
    if (!cpu_drawing_draw(&screen->drawing, &screen->mix, &screen->target, NULL))
        abort();
}

static void copy(void *context)
{
    struct screen *screen = context;
    const struct canvas *from = &screen->copied, *to = &screen->target.canvas;
    memcpy(to->pixels, from->pixels, to->stride_bytes * (size_t)to->height_px);
}

/* Milliseconds, with all that was written on its way out of the caches. */
static double time_of(void (*action)(void *), struct screen *screen)
{
    flush(&screen->target.canvas);
    int64_t start = clock_mono_ns();
    action(screen);
    flush(&screen->target.canvas);
    return (double)(clock_mono_ns() - start) / 1e6;
}

static double middle(double *values)
{
    qsort(values, ROUNDS, sizeof *values, bench_compare);
    return values[ROUNDS / 2];
}

static void keep(struct frame *frame)
{
    (void)frame;
}

static struct frame noise(int width, int height, uint32_t seed)
{
    struct canvas canvas;
    if (!cpu_canvas_init(&canvas, width, height, NULL))
        abort();
    uint32_t *pixels = canvas.pixels;
    for (size_t i = 0; i < canvas.stride_bytes / 4 * (size_t)height; i++) {
        seed = seed * 1664525u + 1013904223u;
        pixels[i] = 0xff000000u | seed >> 8;
    }
    return (struct frame){.id = seed,
                          .width_px = width,
                          .height_px = height,
                          .stride_bytes = canvas.stride_bytes,
                          .pixels = pixels,
                          .opaque = true,
                          .at = {0, 0, width, height},
                          .holders = 1,
                          .free = keep};
}

/* In turns with a copy, which says how fast this machine's memory is at this moment. */
static void bench(const char *what, const char *size, struct screen *screen, const char *promise)
{
    double drawn[ROUNDS], copied[ROUNDS], shares[ROUNDS];
    draw(screen);
    for (int i = 0; i < ROUNDS; i++) {
        drawn[i] = time_of(draw, screen);
        copied[i] = time_of(copy, screen);
        shares[i] = drawn[i] / copied[i];
    }
    double share = middle(shares), median_ms = middle(drawn);
    printf("%s into the screen's memory, %s\t%.4f ms\t%.4f ms\t\n", what, size, median_ms,
           drawn[(int)(ROUNDS * 0.95)]);
    printf("%s into the screen's memory, %s: against a copy of as much\t%.2f ×\t%.2f ×\t%s\n", what,
           size, share, shares[(int)(ROUNDS * 0.95)], promise);
}

static void bench_size(const char *size, int width, int height)
{
    struct frame frames[3] = {noise(width, height, 1), noise(width, height, 2),
                              noise(width, height, 3)};
    struct frame text = noise(width / 2, height / 8, 4);
    text.at = (struct layout_box){0, 0, width / 2, height / 8};
    struct picture pictures[2] = {
        {.id = 1, .visual = &frames[0], .text = &text, .holders = 1},
        {.id = 2, .visual = &frames[1], .text = &text, .holders = 1},
    };
    struct screen screen = {.drawing = {.width_px = width, .height_px = height}};
    struct canvas memory;
    if (!cpu_canvas_init(&memory, width, height, NULL))
        abort();
    screen.target = (struct cpu_target){.canvas = memory, .write_only = true};
    screen.copied = memory;
    screen.copied.pixels = (void *)(uintptr_t)frames[2].pixels;
    screen.mix = (struct display_mix){.to = {&pictures[0], 0}, .mix = 1, .dim = 1};
    bench("still with words", size, &screen, "1.2 ×");
    screen.mix = (struct display_mix){.to = {&pictures[0], 0}, .mix = 1, .dim = 0.6};
    bench("still with words, dimmed,", size, &screen, "");
    screen.mix = (struct display_mix){
        .has_from = true, .from = {&pictures[0], 0}, .to = {&pictures[1], 0}, .mix = 0.4, .dim = 1};
    bench("crossfade of two", size, &screen, "");
    cpu_drawing_finish(&screen.drawing);
    free(memory.pixels);
    for (int i = 0; i < 3; i++)
        free((void *)(uintptr_t)frames[i].pixels);
    free((void *)(uintptr_t)text.pixels);
}

int main(void)
{
    bench_size("1080p", 1920, 1080);
    bench_size("2160p", 3840, 2160);
    return 0;
}
