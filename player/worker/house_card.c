#include "worker/house_card.h"

#include <math.h>
#include <stdint.h>

#define SHORE 0.54f /* where sky meets water, as a fraction of the height */

struct color {
    float r, g, b;
};

static const struct color sky = {16, 30, 42}, horizon = {38, 66, 80}, water = {10, 22, 32},
                          glint = {94, 132, 144}, down = {255, 196, 46}, bill = {240, 120, 40},
                          eye = {20, 24, 28};

static struct color blend(struct color a, struct color b, float t)
{
    return (struct color){a.r + (b.r - a.r) * t, a.g + (b.g - a.g) * t, a.b + (b.b - a.b) * t};
}

static float smooth(float low, float high, float x)
{
    float t = (x - low) / (high - low);
    if (t < 0)
        t = 0;
    if (t > 1)
        t = 1;
    return t * t * (3 - 2 * t);
}

/* Approximate distance to an ellipse, in units of its smaller radius scaled: good enough near the
 * edge, where it counts. */
static float ellipse(float x, float y, float cx, float cy, float rx, float ry)
{
    float dx = (x - cx) / rx, dy = (y - cy) / ry;
    return (sqrtf(dx * dx + dy * dy) - 1) * fminf(rx, ry);
}

static void cover(struct color *ground, struct color paint, float distance, float pixel)
{
    *ground = blend(*ground, paint, 1 - smooth(-pixel, pixel, distance));
}

/* The union of two shapes, blended where they meet (polynomial smooth minimum of width k). */
static float melt(float a, float b, float k)
{
    float h = fmaxf(k - fabsf(a - b), 0) / k;
    return fminf(a, b) - h * h * k * 0.25f;
}

static float tilted(float x, float y, float cx, float cy, float rx, float ry, float slope)
{
    float dx = x - cx, dy = y - cy;
    return ellipse(dx + slope * dy, dy - slope * dx, 0, 0, rx, ry);
}

/* Distance to the duckling's outline, in units of its own length, the water line at y = 0, looking
 * left. */
static float outline(float x, float y)
{
    float body = ellipse(x, y, 0.03f, -0.09f, 0.40f, 0.20f);
    float tail = tilted(x, y, 0.40f, -0.23f, 0.13f, 0.055f, -0.75f);
    float head = ellipse(x, y, -0.24f, -0.40f, 0.155f, 0.15f);
    float chest = tilted(x, y, -0.22f, -0.18f, 0.13f, 0.20f, 0.15f);
    return melt(melt(melt(body, tail, 0.16f), chest, 0.12f), head, 0.10f);
}

static void duckling(struct color *c, float x, float y, float pixel)
{
    if (x < -1 || x > 1 || y < -1 || y > 0.6f)
        return;
    if (y > 0) { /* reflection: squeezed, broken by the water, fading */
        struct color mirrored = *c;
        float wave = 0.012f * sinf(y * 70) * (1 + y * 6);
        cover(&mirrored, down, outline(x + wave, -y * 1.35f), pixel * 3);
        *c = blend(*c, mirrored, 0.34f * (1 - smooth(0, 0.40f, y)));
        return;
    }
    cover(c, bill, tilted(x, y, -0.405f, -0.375f, 0.085f, 0.034f, -0.12f), pixel);
    cover(c, blend(down, bill, 0.30f * smooth(-0.30f, 0.02f, y)), outline(x, y), pixel);
    cover(c, blend(down, bill, 0.34f), tilted(x, y, 0.11f, -0.15f, 0.19f, 0.085f, -0.22f), pixel);
    cover(c, eye, ellipse(x, y, -0.295f, -0.435f, 0.019f, 0.022f), pixel);
}

/* Rings on the water around the duckling, flattened by the view, fading outwards. */
static float ripples(float x, float y)
{
    float distance = sqrtf(x * x + y * y * 26);
    float ring = 0.5f + 0.5f * cosf(distance * 7.0f - 1.2f);
    return ring * ring * ring * expf(-distance * 0.5f) * smooth(0.30f, 0.62f, distance);
}

/* Fixed noise of half a step, so that the long gradients show no bands on an LED screen. */
static float grain(unsigned x, unsigned y)
{
    uint32_t h = x * 0x9e3779b1u ^ y * 0x85ebca6bu;
    h ^= h >> 15;
    h *= 0x2c1b3c6du;
    h ^= h >> 13;
    return (float)(h & 0xffff) / 65536.0f - 0.5f;
}

static uint8_t level(float value, float noise)
{
    float v = value + noise + 0.5f;
    if (v < 0)
        return 0;
    return (uint8_t)(v > 255 ? 255 : v);
}

static struct color ground_at(float v)
{
    if (v < SHORE)
        return blend(sky, horizon, powf(v / SHORE, 3));
    return blend(blend(horizon, water, 0.18f), water, smooth(SHORE, 0.95f, v));
}

void house_card_paint(void *pixels, size_t stride_bytes, int width_px, int height_px, bool plain)
{
    float shorter = (float)(width_px < height_px ? width_px : height_px);
    float size = shorter * 0.13f, cx = (float)width_px * 0.5f, cy = (float)height_px * 0.66f;
    int shore = (int)(SHORE * (float)height_px);
    for (int y = 0; y < height_px; y++) {
        uint32_t *row = (uint32_t *)(void *)((uint8_t *)pixels + stride_bytes * (size_t)y);
        struct color base = ground_at(((float)y + 0.5f) / (float)height_px);
        float v = ((float)y + 0.5f - cy) / size;
        for (int x = 0; x < width_px; x++) {
            float u = ((float)x + 0.5f - cx) / size;
            struct color c = base;
            if (!plain && y > shore && u * u + v * v * 26 < 160)
                c = blend(c, glint, 0.5f * ripples(u, v));
            if (!plain)
                duckling(&c, u, v, 1 / size);
            float noise = grain((unsigned)x, (unsigned)y);
            row[x] = 0xff000000u | (uint32_t)level(c.r, noise) << 16 |
                     (uint32_t)level(c.g, noise) << 8 | level(c.b, noise);
        }
    }
}
