#include "decode/house.h"

#include <math.h>
#include <stdint.h>

struct colour {
    float r, g, b;
};

static const struct colour sky = {16, 30, 42}, horizon = {38, 66, 80}, water = {10, 22, 32},
                           glint = {94, 132, 144}, down = {255, 196, 46}, bill = {240, 120, 40},
                           eye = {20, 24, 28};

static struct colour blend(struct colour a, struct colour b, float t)
{
    return (struct colour){a.r + (b.r - a.r) * t, a.g + (b.g - a.g) * t, a.b + (b.b - a.b) * t};
}

static float smooth(float low, float high, float x)
{
    float t = (x - low) / (high - low);
    t = t < 0 ? 0 : t > 1 ? 1 : t;
    return t * t * (3 - 2 * t);
}

/* Distance to an ellipse in units of its own radius times its smaller radius: good enough near the
 * edge, which is where it counts. */
static float ellipse(float x, float y, float cx, float cy, float rx, float ry)
{
    float dx = (x - cx) / rx, dy = (y - cy) / ry;
    return (sqrtf(dx * dx + dy * dy) - 1) * fminf(rx, ry);
}

static void cover(struct colour *ground, struct colour paint, float distance, float pixel)
{
    *ground = blend(*ground, paint, 1 - smooth(-pixel, pixel, distance));
}

/* The duckling, in units of its own length, the water line at y = 0, looking left. */
static void duckling(struct colour *c, float x, float y, float pixel)
{
    if (x < -1 || x > 1 || y < -1 || y > 0.6f)
        return;
    if (y > 0) { /* reflection: squeezed, broken by the water, fading */
        struct colour mirrored = *c;
        float wave = 0.03f * sinf(y * 46);
        cover(&mirrored, down, ellipse(x + wave, -y * 1.5f, 0, -0.10f, 0.42f, 0.21f), pixel * 3);
        cover(&mirrored, down, ellipse(x + wave, -y * 1.5f, -0.25f, -0.40f, 0.17f, 0.16f),
              pixel * 3);
        *c = blend(*c, mirrored, 0.28f * (1 - smooth(0, 0.42f, y)));
        return;
    }
    float tail = ellipse(x, y, 0.36f, -0.24f, 0.14f, 0.07f);
    float body = fminf(ellipse(x, y, 0, -0.10f, 0.42f, 0.21f), tail);
    float head = ellipse(x, y, -0.25f, -0.40f, 0.17f, 0.16f);
    float neck = ellipse(x, y, -0.22f, -0.25f, 0.13f, 0.16f);
    cover(c, bill, ellipse(x, y, -0.44f, -0.375f, 0.085f, 0.032f), pixel);
    cover(c, down, fminf(fminf(body, head), neck), pixel);
    cover(c, blend(down, bill, 0.35f), ellipse(x, y, 0.07f, -0.13f, 0.21f, 0.09f), pixel);
    cover(c, eye, ellipse(x, y, -0.305f, -0.435f, 0.021f, 0.024f), pixel);
}

/* Rings on the water around the duckling, flattened by the view, fading outwards. */
static float ripples(float x, float y)
{
    if (y < 0)
        return 0;
    float distance = sqrtf(x * x + y * y * 30);
    float ring = 0.5f + 0.5f * cosf(distance * 7.5f);
    return ring * ring * ring * expf(-distance * 0.55f) * smooth(0.25f, 0.9f, distance);
}

/* A fixed scatter of half a step, so that the long gradients don't show bands on an LED wall. */
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
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

static struct colour ground_at(float v)
{
    const float line = 0.56f;
    if (v < line)
        return blend(sky, horizon, powf(v / line, 3));
    return blend(blend(horizon, water, 0.35f), water, smooth(line, 0.95f, v));
}

void house_paint(void *pixels, size_t stride_bytes, int width_px, int height_px)
{
    float shorter = (float)(width_px < height_px ? width_px : height_px);
    float size = shorter * 0.11f, cx = (float)width_px * 0.5f, cy = (float)height_px * 0.62f;
    for (int y = 0; y < height_px; y++) {
        uint32_t *row = (uint32_t *)(void *)((uint8_t *)pixels + stride_bytes * (size_t)y);
        struct colour base = ground_at(((float)y + 0.5f) / (float)height_px);
        float v = ((float)y + 0.5f - cy) / size;
        for (int x = 0; x < width_px; x++) {
            float u = ((float)x + 0.5f - cx) / size;
            struct colour c = base;
            if (v > 0 && u * u + v * v * 30 < 200)
                c = blend(c, glint, 0.35f * ripples(u, v));
            duckling(&c, u, v, 1 / size);
            float noise = grain((unsigned)x, (unsigned)y);
            row[x] = 0xff000000u | (uint32_t)level(c.r, noise) << 16 |
                     (uint32_t)level(c.g, noise) << 8 | level(c.b, noise);
        }
    }
}
