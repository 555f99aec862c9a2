/* What texts cost in a crossfade, and what other transitions cost, beside a crossfade of the same pictures
 * without text: both are drawn in turn, a whole transition at a time. */
#include "bench.h"

#include "screen/cpu_drawing.h"

#include <math.h>

#define ROUNDS 31
#define STEPS 24 /* of a transition */

struct stage {
    struct cpu_drawing drawing;
    struct cpu_target target;
    struct picture plain[2], with_text[2];
};

static void keep(struct frame *frame)
{
    (void)frame;
}

static struct frame *noise(int width, int height, struct layout_box at, bool is_text, uint64_t id)
{
    struct frame *frame = calloc(1, sizeof *frame);
    uint32_t *pixels = aligned_alloc(64, ((size_t)width * (size_t)height * 4 + 63) / 64 * 64);
    unsigned seed = (unsigned)id;
    if (!frame || !pixels)
        abort();
    for (size_t i = 0; i < (size_t)width * (size_t)height; i++) {
        seed = seed * 1664525u + 1013904223u;
        /* A fifth is ink, two fifths are shadow. */
        uint32_t alpha = seed >> 24 < 51 ? 255 : seed >> 24 < 153 ? seed >> 9 & 127 : 0;
        uint32_t ink = alpha == 255 ? 0xffffff : 0;
        pixels[i] = is_text ? alpha << 24 | ink : 0xff000000u | seed >> 8;
    }
    *frame = (struct frame){.id = id,
                            .width_px = width,
                            .height_px = height,
                            .stride_bytes = (size_t)width * 4,
                            .pixels = pixels,
                            .opaque = !is_text,
                            .at = at,
                            .focus_x = 0.5,
                            .focus_y = 0.5,
                            .holders = 1,
                            .free = keep};
    return frame;
}

static double draw(struct stage *stage, const struct picture *pictures,
                   const struct transition *transition)
{
    int64_t start_ns = clock_mono_ns();
    for (int i = 0; i < STEPS; i++) {
        double passed = (i + 0.5) / STEPS;
        const struct display_mix mix = {
            .has_from = true,
            .from = {&pictures[0], 0},
            .to = {&pictures[1], 0},
            .mix = transition_kinds[transition->type].ease(passed),
            .transition = *transition,
            .from_text.hidden = 1 - transition_text_leaving(transition, passed),
            .to_text.hidden = 1 - transition_text_coming(transition, passed),
            .dim = 1,
        };
        if (!cpu_drawing_draw(&stage->drawing, &mix, &stage->target, NULL))
            abort();
    }
    return (double)(clock_mono_ns() - start_ns) / 1e6 / STEPS;
}

/* A frame, on the average of a whole transition; and how many times that of the plain crossfade. */
static void measure(struct stage *stage, const char *name, const char *size,
                    const struct picture *pictures, const struct transition *transition,
                    const char *limit)
{
    static const struct transition crossfade = {.type = TRANSITION_CROSSFADE};
    double ms[ROUNDS], ratios[ROUNDS];
    for (int i = -1; i < ROUNDS; i++) { /* the first warms up */
        double plain = draw(stage, stage->plain, &crossfade);
        double own = draw(stage, pictures, transition);
        if (i < 0)
            continue;
        ms[i] = own;
        ratios[i] = own / plain;
    }
    qsort(ms, ROUNDS, sizeof *ms, bench_compare);
    qsort(ratios, ROUNDS, sizeof *ratios, bench_compare);
    printf("%s, %s\t%.4f ms\t%.4f ms\t\n", name, size, ms[ROUNDS / 2], ms[(int)(ROUNDS * 0.95)]);
    printf("%s against a crossfade without text, %s\t%.2f ×\t%.2f ×\t%s\n", name, size,
           ratios[ROUNDS / 2], ratios[(int)(ROUNDS * 0.95)], limit);
}

static void bench_size(const char *size, int width, int height)
{
    struct stage stage = {0};
    const struct layout_box whole = {0, 0, width, height};
    struct layout_box place = {width / 20, height * 6 / 10, width * 55 / 100, height * 3 / 10};
    cpu_drawing_resize(&stage.drawing, width, height);
    if (!cpu_canvas_init(&stage.target.canvas, width, height, NULL))
        abort();
    for (int i = 0; i < 2; i++) {
        uint64_t id = 1 + (uint64_t)i;
        struct frame *visual = noise(width, height, whole, false, id);
        struct frame *text = noise(place.width, place.height, place, true, 10 + id);
        stage.plain[i] = (struct picture){.id = id, .visual = visual, .holders = 1};
        stage.with_text[i] =
            (struct picture){.id = id, .visual = visual, .text = text, .holders = 1};
    }
    const struct transition crossfade = {.type = TRANSITION_CROSSFADE,
                                         .text_out = TRANSITION_TEXT_OUT,
                                         .text_in = TRANSITION_TEXT_IN};
    measure(&stage, "crossfade with two texts", size, stage.with_text, &crossfade, "≤ 1.3 ×");
    for (int i = TRANSITION_CUT + 1; i < TRANSITION_TYPES; i++) {
        const struct transition transition = {.type = (enum transition_type)i,
                                              .softness = TRANSITION_SOFTNESS};
        measure(&stage, transition_kinds[i].name, size, stage.plain, &transition, "≤ 1.5 ×");
    }
}

int main(void)
{
    bench_size("1080p", 1920, 1080);
    bench_size("2160p", 3840, 2160);
    return 0;
}
