#include "decode/film_client_check.h"

#include "core/frame.h"
#include "decode/worker_process.h"
#include "sandbox/protocol.h"

#include <math.h>
#include <string.h>

/* In square pixels: anamorphic films are wider than their coded size. */
#define SHOWN_SIDE_MAX_PX 65536
#define STRIDE_MAX_BYTES (UINT64_C(4) * PROTOCOL_FILM_SIDE_MAX_PX)

static bool facts_are_in_range(const struct protocol_film *film)
{
    return worker_process_is_within(film->shown_width_px, 1, SHOWN_SIDE_MAX_PX) &&
           worker_process_is_within(film->shown_height_px, 1, SHOWN_SIDE_MAX_PX) &&
           worker_process_is_within(film->coded_width_px, 1, PROTOCOL_FILM_SIDE_MAX_PX) &&
           worker_process_is_within(film->coded_height_px, 1, PROTOCOL_FILM_SIDE_MAX_PX) &&
           (int64_t)film->coded_width_px * film->coded_height_px <= PROTOCOL_FILM_AREA_MAX_PX &&
           worker_process_is_within(film->bit_depth, 0, 16) && isfinite(film->fps) &&
           film->fps >= 0 && film->fps <= 1000 &&
           worker_process_is_within(film->duration_us, 0, FILM_CLIENT_DURATION_US_MAX) &&
           worker_process_is_within(film->longest_us, 0, FILM_CLIENT_DURATION_US_MAX) &&
           memchr(film->codec, '\0', sizeof film->codec);
}

bool film_client_check_facts(const struct protocol_film *film, struct film_client_facts *facts)
{
    if (!facts_are_in_range(film))
        return false;
    *facts = (struct film_client_facts){
        .width_px = film->shown_width_px,
        .height_px = film->shown_height_px,
        .coded_width_px = film->coded_width_px,
        .coded_height_px = film->coded_height_px,
        .bit_depth = film->bit_depth,
        .variable_rate = film->variable_rate,
        .has_sound = film->has_sound,
        .has_alpha = film->has_alpha,
        .high_dynamic_range = film->high_dynamic_range,
        .fps = film->fps,
        .duration_us = film->duration_us,
        .longest_us = film->longest_us,
    };
    memcpy(facts->codec, film->codec, sizeof facts->codec);
    return true;
}

/* Frames have the coded size, apart from cropping and quarter turns. */
static bool is_of_coded_size(const struct protocol_film *film)
{
    int32_t width = film->coded_width_px, height = film->coded_height_px;
    return (film->width_px <= width && film->height_px <= height) ||
           (film->width_px <= height && film->height_px <= width);
}

bool film_client_check_layout(const struct protocol_film *film, uint64_t memory_bytes)
{
    if (!worker_process_is_within(film->slots, 3, PROTOCOL_FILM_SLOTS_MAX) ||
        !worker_process_is_within(film->reader_slots, 1, PROTOCOL_FRAMES_AHEAD_MAX) ||
        film->width_px < 1 || film->height_px < 1 || !is_of_coded_size(film) ||
        film->matrix > FRAME_JPEG || film->slot_bytes < 1 ||
        film->slot_bytes > PROTOCOL_FILM_BYTES_MAX ||
        film->slot_bytes * (uint64_t)film->slots > PROTOCOL_FILM_BYTES_MAX ||
        film->slot_bytes * (uint64_t)film->slots > memory_bytes)
        return false;
    for (int i = 0; i < 3; i++) {
        uint64_t width = (uint64_t)(i ? (film->width_px + 1) / 2 : film->width_px);
        uint64_t height = (uint64_t)(i ? (film->height_px + 1) / 2 : film->height_px);
        uint64_t stride = film->stride_bytes[i], offset = film->offset_bytes[i];
        if (stride < width || stride > STRIDE_MAX_BYTES || offset > film->slot_bytes ||
            stride * (height - 1) + width > film->slot_bytes - offset)
            return false;
    }
    return true;
}
