#include "screen/test_card_clock.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)
#define COLON 10
#define POINT 11
#define TENTHS 10

static bool is_column_empty(const struct frame *frame, int x)
{
    for (int y = 0; y < frame->height_px; y++) {
        const uint32_t *row =
            (const void *)((const uint8_t *)frame->pixels + frame->stride_bytes * (size_t)y);
        if (row[x] >> 24)
            return false;
    }
    return true;
}

bool test_card_cut_glyphs(struct test_card_glyphs *glyphs, const struct frame *frame)
{
    *glyphs = (struct test_card_glyphs){.frame = frame};
    int count = 0;
    for (int x = 0; x < frame->width_px; x++) {
        int left = x;
        while (x < frame->width_px && !is_column_empty(frame, x))
            x++;
        if (x == left)
            continue;
        if (count == TEST_CARD_GLYPH_COUNT)
            return false;
        glyphs->left[count] = left;
        glyphs->width[count++] = x - left;
    }
    for (int i = 0; i < COLON; i++)
        if (glyphs->width[i] > glyphs->figure_px)
            glyphs->figure_px = glyphs->width[i];
    return count == TEST_CARD_GLYPH_COUNT;
}

static uint32_t *row_of(const struct canvas *canvas, int y)
{
    return (uint32_t *)(void *)((uint8_t *)canvas->pixels + canvas->stride_bytes * (size_t)y);
}

static void copy_glyph(const struct test_card_glyphs *glyphs, int glyph,
                       const struct canvas *canvas, int x_px)
{
    const struct frame *frame = glyphs->frame;
    for (int y = 0; y < frame->height_px && y < canvas->height_px; y++) {
        const uint32_t *row =
            (const void *)((const uint8_t *)frame->pixels + frame->stride_bytes * (size_t)y);
        for (int x = 0; x < glyphs->width[glyph]; x++)
            if (x_px + x >= 0 && x_px + x < canvas->width_px)
                row_of(canvas, y)[x_px + x] = row[glyphs->left[glyph] + x];
    }
}

/* Each figure has the same place, so that none moves while others change. */
static void paint_figures(const struct test_card_glyphs *glyphs, const struct canvas *canvas,
                          const char *text)
{
    int figure = glyphs->figure_px * 112 / 100, sign = glyphs->figure_px * 60 / 100;
    int width = 0, x = 0;
    for (const char *at = text; *at; at++)
        width += *at >= '0' && *at <= '9' ? figure : sign;
    x = (canvas->width_px - width) / 2;
    for (const char *at = text; *at; at++) {
        bool is_figure = *at >= '0' && *at <= '9';
        int glyph = *at == ':' ? COLON : POINT, place = is_figure ? figure : sign;
        if (is_figure)
            glyph = *at - '0';
        copy_glyph(glyphs, glyph, canvas, x + (place - glyphs->width[glyph]) / 2);
        x += place;
    }
}

static uint32_t premultiplied(uint32_t color, double alpha)
{
    uint32_t pixel = (uint32_t)(255 * alpha + 0.5) << 24;
    for (int shift = 0; shift < 24; shift += 8)
        pixel |= (uint32_t)((color >> shift & 255) * alpha + 0.5) << shift;
    return pixel;
}

static void fill_box(const struct canvas *canvas, int x, int y, int width, int height,
                     uint32_t color)
{
    for (int v = y > 0 ? y : 0; v < y + height && v < canvas->height_px; v++)
        for (int u = x > 0 ? x : 0; u < x + width && u < canvas->width_px; u++)
            row_of(canvas, v)[u] = premultiplied(color, 1);
}

static void paint_dot(const struct canvas *canvas, double x, double y, double radius)
{
    int reach = (int)radius + 2;
    for (int v = (int)y - reach; v <= (int)y + reach; v++)
        for (int u = (int)x - reach; u <= (int)x + reach; u++) {
            double cover = radius - hypot(u + 0.5 - x, v + 0.5 - y) + 0.5;
            if (cover > 0 && u >= 0 && v >= 0 && u < canvas->width_px && v < canvas->height_px)
                row_of(canvas, v)[u] = premultiplied(TEST_CARD_ACCENT, cover < 1 ? cover : 1);
        }
}

/* From left to right in a second; a mark for each tenth. */
static void paint_track(const struct test_card_plan *plan, const struct canvas *canvas,
                        int64_t local_ms)
{
    int radius = plan->clock_px / 7 + 1, length = canvas->width_px - 2 * radius - 2;
    int y = canvas->height_px - 2 * radius - 2, line = plan->clock_px / 40 + 1;
    fill_box(canvas, radius, y - line / 2, length, line, TEST_CARD_LINE);
    for (int i = 0; i <= TENTHS; i++) {
        int tall = i % 5 == 0 ? radius * 2 : radius;
        fill_box(canvas, radius + length * i / TENTHS - line / 2, y - tall / 2, line, tall,
                 TEST_CARD_LINE);
    }
    paint_dot(canvas, radius + length * (double)(local_ms % 1000) / 1000, y, radius);
}

void test_card_paint_clock(const struct test_card_plan *plan, const struct test_card_glyphs *glyphs,
                           const struct canvas *canvas, int64_t local_ms)
{
    char text[16];
    int64_t ms = (local_ms % DAY_MS + DAY_MS) % DAY_MS;
    for (int y = 0; y < canvas->height_px; y++)
        memset(row_of(canvas, y), 0, (size_t)canvas->width_px * 4);
    snprintf(text, sizeof text, "%02d:%02d:%02d.%03d", (int)(ms / 3600000), (int)(ms / 60000 % 60),
             (int)(ms / 1000 % 60), (int)(ms % 1000));
    if (glyphs)
        paint_figures(glyphs, canvas, text);
    paint_track(plan, canvas, ms);
}
