#include "decode/film_client_check.h"

#include "core/frame.h"
#include "decode/worker_process.h"
#include "sandbox/protocol.h"

#include <math.h>
#include <string.h>

/* Of square pixels: anamorphic films are wider than they are stored. */
#define SHOWN_SIDE_MAX_PX 65536
#define STRIDE_MAX_BYTES (UINT64_C(4) * PROTOCOL_FILM_SIDE_MAX_PX)

bool film_client_check_facts(const struct protocol_film *told)
{
    return worker_process_is_within(told->shown_width_px, 1, SHOWN_SIDE_MAX_PX) &&
           worker_process_is_within(told->shown_height_px, 1, SHOWN_SIDE_MAX_PX) &&
           worker_process_is_within(told->coded_width_px, 1, PROTOCOL_FILM_SIDE_MAX_PX) &&
           worker_process_is_within(told->coded_height_px, 1, PROTOCOL_FILM_SIDE_MAX_PX) &&
           (int64_t)told->coded_width_px * told->coded_height_px <= PROTOCOL_FILM_AREA_MAX_PX &&
           worker_process_is_within(told->bit_depth, 0, 16) && isfinite(told->fps) &&
           told->fps >= 0 && told->fps <= 1000 &&
           worker_process_is_within(told->duration_us, 0, FILM_CLIENT_DURATION_US_MAX) &&
           worker_process_is_within(told->longest_us, 0, FILM_CLIENT_DURATION_US_MAX) &&
           memchr(told->codec, '\0', sizeof told->codec);
}

/* Frames are as they are stored, but for a crop and a quarter turn. */
static bool is_of_coded_size(const struct protocol_film *told)
{
    int32_t width = told->coded_width_px, height = told->coded_height_px;
    return (told->width_px <= width && told->height_px <= height) ||
           (told->width_px <= height && told->height_px <= width);
}

bool film_client_check_layout(const struct protocol_film *told, uint64_t memory_bytes)
{
    if (!worker_process_is_within(told->slots, 3, PROTOCOL_FILM_SLOTS_MAX) ||
        !worker_process_is_within(told->ahead, 1, PROTOCOL_AHEAD_FRAMES) || told->width_px < 1 ||
        told->height_px < 1 || !is_of_coded_size(told) || told->colour > FRAME_JPEG ||
        told->slot_bytes < 1 || told->slot_bytes > PROTOCOL_FILM_BYTES_MAX ||
        told->slot_bytes * (uint64_t)told->slots > PROTOCOL_FILM_BYTES_MAX ||
        told->slot_bytes * (uint64_t)told->slots > memory_bytes)
        return false;
    for (int i = 0; i < 3; i++) {
        uint64_t width = (uint64_t)(i ? (told->width_px + 1) / 2 : told->width_px);
        uint64_t height = (uint64_t)(i ? (told->height_px + 1) / 2 : told->height_px);
        uint64_t stride = told->stride_bytes[i], offset = told->offset_bytes[i];
        if (stride < width || stride > STRIDE_MAX_BYTES || offset > told->slot_bytes ||
            stride * (height - 1) + width > told->slot_bytes - offset)
            return false;
    }
    return true;
}
