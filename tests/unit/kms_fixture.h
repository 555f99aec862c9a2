/* A display on the graphics card in memory of fake_kms.h, for tests: opened, shown something, held
 * against plain memory. */
#ifndef TESTS_UNIT_KMS_FIXTURE_H
#define TESTS_UNIT_KMS_FIXTURE_H

#include "screen/display.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "fake_kms.h"
#include "sample_frames.h"

#define WIDTH 160
#define HEIGHT 90

struct stage {
    struct display *display;
    struct picture *pictures[2];
    int width, height;
};

static inline struct picture *noise(int width, int height, uint64_t seed)
{
    struct frame *frame = sample_frame(width, height, (struct layout_box){0, 0, width, height});
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            sample_frame_row(frame, y)[x] = 0xff000000u | sample_random(&seed);
    return picture_create(0, frame, NULL);
}

static inline int set_up(void **state)
{
    fake_begin();
    fake_plug(0, "First", fake_mode(WIDTH, HEIGHT, 100), fake_mode(128, 72, 60));
    *state = calloc(1, sizeof(struct stage));
    return *state ? 0 : -1;
}

static inline void drop_pictures(struct stage *stage)
{
    for (int i = 0; i < 2; i++)
        picture_release(stage->pictures[i]);
    stage->pictures[0] = stage->pictures[1] = NULL;
}

static inline int tear_down(void **state)
{
    struct stage *stage = *state;
    display_destroy(stage->display);
    display_quit();
    drop_pictures(stage);
    free(stage);
    /* Nothing is left in the card. */
    return fake_buffers_left() || fake.blobs || fake.opened;
}

static inline bool open_with(struct stage *stage, const struct display_wish *wish, struct err *err)
{
    const struct display_config config = {.renderer = DISPLAY_KMS, .wish = *wish};
    stage->display = display_create(&config, err);
    if (!stage->display)
        return false;
    display_size(stage->display, &stage->width, &stage->height);
    drop_pictures(stage);
    for (uint64_t i = 0; i < 2; i++)
        stage->pictures[i] = noise(stage->width, stage->height, i + 1);
    return true;
}

static inline void open_screen(struct stage *stage)
{
    struct err err = {0};
    if (!open_with(stage, &(struct display_wish){0}, &err))
        fail_msg("%s", err.text);
}

static inline void refuse_screen(struct stage *stage, const struct display_wish *wish,
                                 const char *words)
{
    struct err err = {0};
    assert_false(open_with(stage, wish, &err));
    if (!strstr(err.text, words))
        fail_msg("\"%s\" is not in \"%s\"", words, err.text);
}

static inline void reopen_screen(struct stage *stage)
{
    display_destroy(stage->display);
    open_screen(stage);
}

static inline struct display_mix mix_of(const struct stage *stage, double mix, double dim)
{
    return (struct display_mix){
        .has_from = mix < 1,
        .from = {stage->pictures[0], 0},
        .to = {stage->pictures[1], 0},
        .mix = mix,
        .dim = dim,
    };
}

static inline void show(struct stage *stage, double mix)
{
    struct err err = {0};
    const struct display_mix frame = mix_of(stage, mix, 1);
    if (!display_show(stage->display, &frame, &err))
        fail_msg("%s", err.text);
}

/* Holds what a CRTC shows against the same part of the frame in plain memory. */
static inline void check_shown(const struct stage *stage, int crtc, double mix, double dim, int x,
                               int y)
{
    const struct display_config config = {
        .renderer = DISPLAY_MEMORY, .width_px = stage->width, .height_px = stage->height};
    struct display *memory = display_create(&config, NULL);
    struct sample_canvas whole = sample_canvas(stage->width, stage->height);
    const struct display_mix frame = mix_of(stage, mix, dim);
    assert_true(display_capture(memory, &frame, &whole.canvas, NULL));
    struct canvas shown = fake_shown(crtc);
    assert_non_null(shown.pixels);
    for (int row = 0; row < shown.height_px && y + row < stage->height; row++) {
        int width = shown.width_px < stage->width - x ? shown.width_px : stage->width - x;
        assert_memory_equal(sample_pixel(&shown, 0, row), sample_pixel(&whole.canvas, x, y + row),
                            (size_t)width * 4);
    }
    sample_canvas_finish(&whole);
    display_destroy(memory);
}

#define KMS_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
