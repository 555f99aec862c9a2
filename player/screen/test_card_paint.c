#include "screen/test_card_paint.h"

#include <libyuv/planar_functions.h>
#include <libyuv/rotate_argb.h>
#include <math.h>

#define OPAQUE 0xff000000u
#define ARROW_STEPS 5 /* lines beside each arrow, each a hundredth of the shorter side further in */

static uint32_t *row_of(const struct canvas *canvas, int y)
{
    return (uint32_t *)(void *)((uint8_t *)canvas->pixels + canvas->stride_bytes * (size_t)y);
}

static void fill_box(const struct canvas *canvas, int x, int y, int width, int height,
                     uint32_t color)
{
    int right = x + width < canvas->width_px ? x + width : canvas->width_px;
    int bottom = y + height < canvas->height_px ? y + height : canvas->height_px;
    for (int v = y > 0 ? y : 0; v < bottom; v++)
        for (int u = x > 0 ? x : 0; u < right; u++)
            row_of(canvas, v)[u] = OPAQUE | color;
}

static void stroke_box(const struct canvas *canvas, struct layout_box box, int line, uint32_t color)
{
    fill_box(canvas, box.x, box.y, box.width, line, color);
    fill_box(canvas, box.x, box.y + box.height - line, box.width, line, color);
    fill_box(canvas, box.x, box.y, line, box.height, color);
    fill_box(canvas, box.x + box.width - line, box.y, line, box.height, color);
}

/* The squares are square on the screen if its pixels are; one crossing is the middle. */
static void paint_grid(const struct test_card_plan *plan, const struct canvas *canvas)
{
    int x = plan->width_px / 2 % plan->grid_px, y = plan->height_px / 2 % plan->grid_px;
    for (; x < plan->width_px; x += plan->grid_px)
        fill_box(canvas, x, 0, plan->line_px, plan->height_px, TEST_CARD_GRID);
    for (; y < plan->height_px; y += plan->grid_px)
        fill_box(canvas, 0, y, plan->width_px, plan->line_px, TEST_CARD_GRID);
}

static uint32_t blend_color(uint32_t ground, uint32_t color, double cover)
{
    uint32_t mixed = 0;
    for (int shift = 0; shift < 24; shift += 8) {
        double a = ground >> shift & 255, b = color >> shift & 255;
        mixed |= (uint32_t)(a + (b - a) * cover + 0.5) << shift;
    }
    return mixed;
}

/* A filled disc in a box, and on it a smaller one: together a ring. */
static void paint_disc(const struct canvas *canvas, const struct layout_box *box, uint32_t color)
{
    double radius = box->width / 2.0, x = box->x + radius, y = box->y + radius;
    for (int v = box->y; v < box->y + box->height; v++)
        for (int u = box->x; u < box->x + box->width; u++) {
            double cover = radius - hypot(u + 0.5 - x, v + 0.5 - y) + 0.5;
            uint32_t *pixel = &row_of(canvas, v)[u];
            if (cover > 0)
                *pixel = OPAQUE | blend_color(*pixel, color, cover < 1 ? cover : 1);
        }
}

static void paint_ring(const struct test_card_plan *plan, const struct canvas *canvas)
{
    struct layout_box box = plan->ring;
    int line = plan->shorter_px / 400 + 1, x = box.x + box.width / 2, y = box.y + box.height / 2;
    paint_disc(canvas, &box, TEST_CARD_LINE);
    box = (struct layout_box){box.x + line, box.y + line, box.width - 2 * line,
                              box.height - 2 * line};
    paint_disc(canvas, &box, 0x081b24);
    /* Marks at the quarters point to the middle. */
    int mark = plan->ring.width / 16;
    fill_box(canvas, x, plan->ring.y, plan->line_px, mark, TEST_CARD_LINE);
    fill_box(canvas, x, plan->ring.y + plan->ring.height - mark, plan->line_px, mark,
             TEST_CARD_LINE);
    fill_box(canvas, plan->ring.x, y, mark, plan->line_px, TEST_CARD_LINE);
    fill_box(canvas, plan->ring.x + plan->ring.width - mark, y, mark, plan->line_px,
             TEST_CARD_LINE);
}

/* A point on an edge: the distance from it inwards, and along it from its middle. */
static void fill_edge(const struct test_card_plan *plan, const struct canvas *canvas, int edge,
                      struct layout_box box, uint32_t color)
{
    int width = plan->width_px, height = plan->height_px, along = box.x, in = box.y;
    switch (edge) {
    case 0:
        fill_box(canvas, width / 2 + along, in, box.width, box.height, color);
        break;
    case 1:
        fill_box(canvas, width - in - box.height, height / 2 + along, box.height, box.width, color);
        break;
    case 2:
        fill_box(canvas, width / 2 + along, height - in - box.height, box.width, box.height, color);
        break;
    default:
        fill_box(canvas, in, height / 2 + along, box.height, box.width, color);
        break;
    }
}

/* An arrow whose tip is the outermost pixel, and steps that say how much is missing where it is. */
static void paint_arrows(const struct test_card_plan *plan, const struct canvas *canvas)
{
    int length = plan->safe_px * 2 / 3;
    for (int edge = 0; edge < 4; edge++) {
        for (int in = 0; in < length; in++) {
            int half = in * 2 / 5;
            fill_edge(plan, canvas, edge, (struct layout_box){-half, in, 2 * half + 1, 1},
                      TEST_CARD_WHITE);
        }
        for (int step = 1; step <= ARROW_STEPS && !plan->is_tiny; step++)
            for (int side = -1; side <= 1; side += 2) {
                int wide = length * (ARROW_STEPS + 2 - step) / 8;
                int from = side < 0 ? -length - wide : length;
                fill_edge(
                    plan, canvas, edge,
                    (struct layout_box){from, plan->shorter_px * step / 100, wide, plan->line_px},
                    TEST_CARD_LINE);
            }
    }
}

static void paint_corners(const struct test_card_plan *plan, const struct canvas *canvas)
{
    int arm = plan->shorter_px / 14, thick = plan->shorter_px / 160 + 1;
    int right = plan->width_px - 1, bottom = plan->height_px - 1;
    fill_box(canvas, 1, 1, arm, thick, TEST_CARD_ACCENT);
    fill_box(canvas, 1, 1, thick, arm, TEST_CARD_ACCENT);
    fill_box(canvas, right - arm, 1, arm, thick, TEST_CARD_ACCENT);
    fill_box(canvas, right - thick, 1, thick, arm, TEST_CARD_ACCENT);
    fill_box(canvas, 1, bottom - thick, arm, thick, TEST_CARD_ACCENT);
    fill_box(canvas, 1, bottom - arm, thick, arm, TEST_CARD_ACCENT);
    fill_box(canvas, right - arm, bottom - thick, arm, thick, TEST_CARD_ACCENT);
    fill_box(canvas, right - thick, bottom - arm, thick, arm, TEST_CARD_ACCENT);
}

static void paint_bars(const struct canvas *canvas, const struct layout_box *box)
{
    static const uint32_t colors[] = {0xffffff, 0xffff00, 0x00ffff, 0x00ff00,
                                      0xff00ff, 0xff0000, 0x0000ff, 0x000000};
    const int count = sizeof colors / sizeof *colors;
    for (int i = 0; i < count; i++) {
        int left = box->x + box->width * i / count, right = box->x + box->width * (i + 1) / count;
        fill_box(canvas, left, box->y, right - left, box->height, colors[i]);
    }
}

/* From black to white, and to each of the three colors: without bands, if the screen has none. */
static void paint_ramps(const struct canvas *canvas, const struct layout_box *box)
{
    static const uint32_t colors[] = {0x010101, 0x010000, 0x000100, 0x000001};
    int gray = box->height * 2 / 5, other = (box->height - gray) / 3;
    for (int i = 0, y = box->y; i < 4; i++) {
        int height = i == 0 ? gray : other;
        for (int x = 0; x < box->width; x++) {
            uint32_t level = (uint32_t)((256.0 * x) / box->width);
            fill_box(canvas, box->x + x, y, 1, height, level * colors[i]);
        }
        y += height;
    }
}

enum pattern { PATTERN_CHECK, PATTERN_UPRIGHT, PATTERN_LEVEL, PATTERN_CHECK_2 };

static bool is_lit(enum pattern pattern, int x, int y)
{
    switch (pattern) {
    case PATTERN_CHECK:
        return (x + y) % 2 == 0;
    case PATTERN_UPRIGHT:
        return x % 2 == 0;
    case PATTERN_LEVEL:
        return y % 2 == 0;
    case PATTERN_CHECK_2:
        break;
    }
    return (x / 2 + y / 2) % 2 == 0;
}

static void paint_pattern(const struct canvas *canvas, const struct layout_box *box,
                          enum pattern pattern)
{
    for (int y = 0; y < box->height; y++)
        for (int x = 0; x < box->width; x++)
            fill_box(canvas, box->x + x, box->y + y, 1, 1, is_lit(pattern, x, y) ? 0xffffff : 0);
}

/* Lines of black and white shine half as bright as white. The plain field in their middle does,
 * too, where the screen has this gamma: from afar it disappears. */
static void paint_gamma(const struct canvas *canvas, const struct layout_box *box, double gamma)
{
    int part = box->width / 4;
    uint32_t level = (uint32_t)(255 * pow(0.5, 1 / gamma) + 0.5);
    paint_pattern(canvas, box, PATTERN_LEVEL);
    fill_box(canvas, box->x + part, box->y + part, box->width - 2 * part, box->height - 2 * part,
             level * 0x010101);
}

static void paint_steps(const struct canvas *canvas, const struct layout_box *box,
                        const uint8_t levels[TEST_CARD_STEPS])
{
    for (int i = 0; i < TEST_CARD_STEPS; i++) {
        int left = box->x + box->width * i / TEST_CARD_STEPS;
        int right = box->x + box->width * (i + 1) / TEST_CARD_STEPS;
        fill_box(canvas, left, box->y, right - left, box->height, levels[i] * (uint32_t)0x010101);
    }
}

static void paint_patches(const struct test_card_plan *plan, const struct canvas *canvas)
{
    static const uint8_t blacks[TEST_CARD_STEPS] = {0, 2, 4, 6, 8, 12, 16, 24};
    static const uint8_t whites[TEST_CARD_STEPS] = {231, 239, 243, 247, 249, 251, 253, 255};
    for (int i = 0; i < 4; i++)
        paint_pattern(canvas, &plan->sharp[i], (enum pattern)i);
    for (int i = 0; i < TEST_CARD_GAMMAS; i++)
        paint_gamma(canvas, &plan->gammas[i], test_card_gammas[i]);
    paint_steps(canvas, &plan->blacks, blacks);
    paint_steps(canvas, &plan->whites, whites);
}

static void paint_safe_area(const struct test_card_plan *plan, const struct canvas *canvas)
{
    struct layout_box box = {plan->safe_px, plan->safe_px, plan->width_px - 2 * plan->safe_px,
                             plan->height_px - 2 * plan->safe_px};
    stroke_box(canvas, box, plan->line_px, TEST_CARD_LINE);
}

void test_card_paint(const struct test_card_plan *plan, const struct canvas *canvas)
{
    const struct layout_box whole = {0, 0, plan->width_px, plan->height_px};
    fill_box(canvas, 0, 0, plan->width_px, plan->height_px, TEST_CARD_INK);
    paint_grid(plan, canvas);
    paint_safe_area(plan, canvas);
    paint_arrows(plan, canvas);
    paint_corners(plan, canvas);
    stroke_box(canvas, whole, 1, TEST_CARD_WHITE);
    paint_bars(canvas, &plan->bars);
    paint_ramps(canvas, &plan->ramps);
    if (plan->is_tiny)
        return;
    paint_ring(plan, canvas);
    paint_patches(plan, canvas);
}

void test_card_paint_text(const struct canvas *canvas, const struct frame *text, int x_px, int y_px)
{
    int skip_x = x_px < 0 ? -x_px : 0, skip_y = y_px < 0 ? -y_px : 0;
    int width = text->width_px, height = text->height_px;
    if (x_px + width > canvas->width_px)
        width = canvas->width_px - x_px;
    if (y_px + height > canvas->height_px)
        height = canvas->height_px - y_px;
    if (width <= skip_x || height <= skip_y)
        return;
    const uint8_t *source =
        (const uint8_t *)text->pixels + text->stride_bytes * (size_t)skip_y + (size_t)skip_x * 4;
    uint8_t *target = (uint8_t *)(row_of(canvas, y_px + skip_y) + x_px + skip_x);
    ARGBBlend(source, (int)text->stride_bytes, target, (int)canvas->stride_bytes, target,
              (int)canvas->stride_bytes, width - skip_x, height - skip_y);
}

void test_card_turn(const struct canvas *to, const struct canvas *from, int rotation)
{
    ARGBRotate(from->pixels, (int)from->stride_bytes, to->pixels, (int)to->stride_bytes,
               from->width_px, from->height_px, (enum RotationMode)rotation);
}
