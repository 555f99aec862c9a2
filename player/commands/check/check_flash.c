#include "commands/check/check_flash.h"

#include <math.h>

#define CHANGE 0.1
#define DARKER_BELOW 0.8
#define SECOND_US 1000000
#define QUARTER (CHECK_FLASH_CELLS / 4)
/* Samples along each side of a cell: enough for a mean, and next to nothing beside decoding. */
#define SAMPLES INT64_C(24)

/* Relative luminance of a level (WCAG 2.2; sRGB's curve). */
static double linear_light(double level)
{
    double value = fmin(fmax(level / 255, 0), 1);
    return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4);
}

/* The same for levels of half steps, as a table. */
struct curve {
    double light[511];
};

static void curve_init(struct curve *curve)
{
    for (int i = 0; i < 511; i++)
        curve->light[i] = linear_light(i / 2.0);
}

static double light_of(const struct curve *curve, double level)
{
    return curve->light[(int)(fmin(fmax(level, 0), 255) * 2)];
}

static double sample_luminance(const struct frame *frame, const struct curve *curve, int x, int y)
{
    const bool full = frame->matrix == FRAME_JPEG;
    const double kr = frame->matrix == FRAME_BT709 ? 0.2126 : 0.299;
    const double kb = frame->matrix == FRAME_BT709 ? 0.0722 : 0.114, kg = 1 - kr - kb;
    size_t u_at = frame->strides_bytes[1] * (size_t)(y / 2) + (size_t)(x / 2);
    size_t v_at = frame->strides_bytes[2] * (size_t)(y / 2) + (size_t)(x / 2);
    double light = frame->planes[0][frame->strides_bytes[0] * (size_t)y + (size_t)x];
    double blue = frame->planes[1][u_at] - 128.0, red = frame->planes[2][v_at] - 128.0;
    if (!full) {
        light = (light - 16) * 255 / 219;
        blue *= 255 / 224.0;
        red *= 255 / 224.0;
    }
    red *= 2 * (1 - kr);
    blue *= 2 * (1 - kb);
    double green = light - kb / kg * blue - kr / kg * red;
    return 0.2126 * light_of(curve, light + red) + 0.7152 * light_of(curve, green) +
           0.0722 * light_of(curve, light + blue);
}

static double mean_of_cell(const struct frame *frame, const struct curve *curve, int cell)
{
    const int64_t steps = CHECK_FLASH_SIDE * SAMPLES; /* across the picture */
    int64_t column = cell % CHECK_FLASH_SIDE * SAMPLES, row = cell / CHECK_FLASH_SIDE * SAMPLES;
    double sum = 0;
    for (int64_t i = 0; i < SAMPLES; i++)
        for (int64_t j = 0; j < SAMPLES; j++) {
            int x = (int)((2 * (column + j) + 1) * frame->width_px / (2 * steps));
            int y = (int)((2 * (row + i) + 1) * frame->height_px / (2 * steps));
            sum += sample_luminance(frame, curve, x, y);
        }
    return sum / (double)(SAMPLES * SAMPLES);
}

struct check_flash_light check_flash_measure(const struct frame *frame)
{
    struct check_flash_light light;
    struct curve curve;
    curve_init(&curve);
    for (int i = 0; i < CHECK_FLASH_CELLS; i++)
        light.cells[i] = mean_of_cell(frame, &curve, i);
    return light;
}

static void count_change(struct check_flash *flash, int cell, int64_t time_us)
{
    unsigned count = ++flash->cells[cell].count, within = 0;
    flash->cells[cell].times_us[count % CHECK_FLASH_TIMES] = time_us;
    while (within < count && within < CHECK_FLASH_TIMES &&
           time_us - flash->cells[cell].times_us[(count - within) % CHECK_FLASH_TIMES] < SECOND_US)
        within++;
    if ((int)(within / 2) > flash->cells[cell].most) {
        flash->cells[cell].most = (int)(within / 2);
        flash->cells[cell].most_us = time_us;
    }
}

/* A change counts when it is opposite to the one before. A change in the same direction extends
 * that one. */
static void add_to_cell(struct check_flash *flash, int cell, int64_t time_us, double light)
{
    double low = fmin(flash->cells[cell].low, light), high = fmax(flash->cells[cell].high, light);
    int direction = flash->cells[cell].direction;
    bool brighter = direction <= 0 && light - low >= CHANGE && low < DARKER_BELOW;
    bool darker = direction >= 0 && high - light >= CHANGE && light < DARKER_BELOW;
    if (brighter || darker) {
        flash->cells[cell].direction = brighter ? 1 : -1;
        low = high = light;
        count_change(flash, cell, time_us);
    }
    flash->cells[cell].low = low;
    flash->cells[cell].high = high;
}

void check_flash_add(struct check_flash *flash, int64_t time_us,
                     const struct check_flash_light *light)
{
    for (int i = 0; i < CHECK_FLASH_CELLS; i++) {
        if (!flash->seen)
            flash->cells[i].low = flash->cells[i].high = light->cells[i];
        add_to_cell(flash, i, time_us, light->cells[i]);
    }
    flash->seen = true;
}

int check_flash_most(const struct check_flash *flash, int64_t *time_us)
{
    int best = 0;
    for (int i = 0; i < CHECK_FLASH_CELLS; i++) {
        int most = flash->cells[i].most, cells = 0;
        for (int j = 0; j < CHECK_FLASH_CELLS; j++)
            cells += flash->cells[j].most >= most;
        if (cells >= QUARTER && most > best) {
            best = most;
            *time_us = flash->cells[i].most_us;
        }
    }
    return best;
}
