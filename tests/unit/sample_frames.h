/* Frames and canvases in memory that ends at a page nobody may touch: a read or write one pixel too
 * far dies at once, also inside libraries that no sanitizer looks into. */
#ifndef TESTS_UNIT_SAMPLE_FRAMES_H
#define TESTS_UNIT_SAMPLE_FRAMES_H

#include "screen/compose.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct sample_guarded {
    uint8_t *map;
    size_t map_bytes;
    uint8_t *bytes; /* the last byte asked for is the last before the closed page */
};

static inline struct sample_guarded sample_guard(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t open_bytes = (size + page - 1) / page * page;
    struct sample_guarded memory = {.map_bytes = open_bytes + 2 * page};
    memory.map = mmap(NULL, memory.map_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory.map == MAP_FAILED ||
        mprotect(memory.map + page, open_bytes, PROT_READ | PROT_WRITE) < 0)
        abort();
    memory.bytes = memory.map + page + open_bytes - size;
    return memory;
}

static inline void sample_unguard(struct sample_guarded *memory)
{
    munmap(memory->map, memory->map_bytes);
}

struct sample_frame {
    struct frame frame;
    struct sample_guarded memory;
};

static inline void sample_frame_free(struct frame *frame)
{
    struct sample_frame *sample = (struct sample_frame *)frame;
    sample_unguard(&sample->memory);
    free(sample);
}

/* An opaque frame of the given size that stands at `at`; its pixels are the caller's to write. */
static inline struct frame *sample_frame(int width_px, int height_px, struct layout_box at)
{
    static uint64_t last_id = 1000;
    struct sample_frame *sample = calloc(1, sizeof *sample);
    if (!sample)
        abort();
    size_t stride = (size_t)width_px * 4;
    sample->memory = sample_guard(stride * (size_t)height_px);
    sample->frame = (struct frame){
        .id = ++last_id,
        .width_px = width_px,
        .height_px = height_px,
        .stride_bytes = stride,
        .pixels = sample->memory.bytes,
        .opaque = true,
        .at = at,
        .focus_x = 0.5,
        .focus_y = 0.5,
        .holders = 1,
        .free = sample_frame_free,
    };
    return &sample->frame;
}

static inline uint32_t *sample_frame_row(struct frame *frame, int y)
{
    struct sample_frame *sample = (struct sample_frame *)frame;
    return (uint32_t *)(void *)(sample->memory.bytes + frame->stride_bytes * (size_t)y);
}

struct sample_canvas {
    struct canvas canvas;
    struct sample_guarded memory;
};

static inline struct sample_canvas sample_canvas(int width_px, int height_px)
{
    struct sample_canvas sample;
    size_t stride = (size_t)width_px * 4;
    sample.memory = sample_guard(stride * (size_t)height_px);
    sample.canvas = (struct canvas){sample.memory.bytes, stride, width_px, height_px};
    return sample;
}

static inline void sample_canvas_finish(struct sample_canvas *sample)
{
    sample_unguard(&sample->memory);
}

static inline uint32_t *sample_pixel(const struct canvas *canvas, int x, int y)
{
    return (uint32_t *)(void *)((uint8_t *)canvas->pixels + canvas->stride_bytes * (size_t)y) + x;
}

static inline int sample_channel(uint32_t pixel, int shift)
{
    return (int)(pixel >> shift & 255);
}

/* The largest difference of two pixels in red, green or blue. */
static inline int sample_apart(uint32_t a, uint32_t b)
{
    int most = 0;
    for (int shift = 0; shift < 24; shift += 8) {
        int apart = abs(sample_channel(a, shift) - sample_channel(b, shift));
        most = apart > most ? apart : most;
    }
    return most;
}

/* Reproducible noise: a linear congruential generator's upper half. */
static inline uint32_t sample_random(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)(*seed >> 32);
}

#endif
