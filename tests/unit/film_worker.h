/* What a worker that plays a film sends, for tests that play one: the honest description, and all
 * the ways to get one number of it wrong. */
#ifndef TESTS_UNIT_FILM_WORKER_H
#define TESTS_UNIT_FILM_WORKER_H

#include "worker/film/film.h"
#include "sandbox/protocol.h"
#include "sandbox/sandbox.h"
#include "worker/worker_film.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <math.h>
#include <stdatomic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "unready_worker.h"

#define TICK_AT 1024 /* in a part's file, which is as long as a page: a number that counts up */
#define PART_BYTES 4096
#define HOSTILE_NAME_BYTES 64

static void send_text(enum protocol_event_kind kind, uint32_t code, const char *words)
{
    struct protocol_event event = {.kind = kind, .code = code};
    snprintf(event.text, sizeof event.text, "%s", words);
    send_event(event, -1);
}

static void send_end(void)
{
    send_event((struct protocol_event){.kind = PROTOCOL_EVENT_END}, -1);
}

static void send_frame_at(int32_t slot, int64_t time_us, int64_t duration_us)
{
    send_event((struct protocol_event){.kind = PROTOCOL_EVENT_FRAME,
                                       .slot = slot,
                                       .time_us = time_us,
                                       .duration_us = duration_us},
               -1);
}

static void send_frames(int first, int count)
{
    for (int i = first; i < first + count; i++)
        send_frame_at(i % FILM_SLOTS, (int64_t)i * FILM_FRAME_US, FILM_FRAME_US);
}

static void send_film(void)
{
    send_event(honest_film(), make_memory(FILM_BYTES, FILM_SEALS));
}

static void send_sound(int64_t time_us, int32_t pairs, float value)
{
    static struct protocol_sound sound;
    sound = (struct protocol_sound){PROTOCOL_MAGIC, PROTOCOL_EVENT_SOUND, time_us, pairs, {0}};
    for (int i = 0; i < 2 * PROTOCOL_SOUND_PAIRS; i++)
        sound.samples[i] = value;
    send_packet(&sound, sizeof sound, NULL, 0);
}

/* A film that is described wrongly in one place. */
#define LIE_ABOUT struct protocol_film
static const struct lie film_lies[] = {
    LIE(reader_slots, 0),
    LIE(reader_slots, -1),
    LIE(reader_slots, PROTOCOL_FRAMES_AHEAD_MAX + 1),
    LIE(reader_slots, INT32_MIN),
    LIE(slots, 0),
    LIE(slots, 2),
    LIE(slots, -1),
    LIE(slots, PROTOCOL_FILM_SLOTS_MAX + 1),
    LIE(slots, INT32_MAX),
    LIE(slots, INT32_MIN),
    LIE(width_px, 0),
    LIE(width_px, -FILM_WIDTH),
    LIE(width_px, 65),             /* more than a row's bytes */
    LIE(width_px, FILM_WIDTH + 1), /* more than the film has */
    LIE(height_px, FILM_HEIGHT + 1),
    LIE(width_px, PROTOCOL_FILM_SIDE_MAX_PX + 1),
    LIE(width_px, INT32_MAX),
    LIE(height_px, 0),
    LIE(height_px, 66), /* more rows than a slot has */
    LIE(height_px, INT32_MIN),
    LIE(height_px, INT32_MAX),
    LIE(stride_bytes[0], 0),
    LIE(stride_bytes[0], FILM_WIDTH - 1),
    LIE(stride_bytes[0], 4 * PROTOCOL_FILM_SIDE_MAX_PX + 1),
    LIE(stride_bytes[0], UINT64_MAX),
    LIE(stride_bytes[0], UINT64_MAX / 19 + 1), /* times the rows: little */
    LIE(stride_bytes[1], FILM_WIDTH / 2 - 1),
    LIE(stride_bytes[1], 1 << 16),
    LIE(stride_bytes[2], 0),
    LIE(offset_bytes[0], FILM_SLOT_BYTES),
    LIE(offset_bytes[0], UINT64_MAX),
    LIE(offset_bytes[1], FILM_SLOT_BYTES + 1),
    LIE(offset_bytes[1], FILM_SLOT_BYTES - 32 * 9 - FILM_WIDTH / 2 + 1), /* its last byte is out */
    LIE(offset_bytes[2], UINT64_MAX - 8),
    LIE(offset_bytes[2], INT64_MAX),
    LIE(slot_bytes, 0),
    LIE(slot_bytes, 1),
    LIE(slot_bytes, 1664),
    LIE(slot_bytes, PROTOCOL_FILM_BYTES_MAX), /* all slots together are more */
    LIE(slot_bytes, PROTOCOL_FILM_BYTES_MAX + 1),
    LIE(slot_bytes, UINT64_MAX),
    LIE(slot_bytes, UINT64_MAX / FILM_SLOTS + 2), /* times the slots: little */
    LIE(matrix, FRAME_JPEG + 1),
    LIE(matrix, UINT32_MAX),
    LIE(shown_width_px, 0),
    LIE(shown_width_px, -1),
    LIE(shown_width_px, 65537),
    LIE(shown_height_px, 0),
    LIE(shown_height_px, INT32_MAX),
    LIE(coded_width_px, 0),
    LIE(coded_width_px, PROTOCOL_FILM_SIDE_MAX_PX + 1),
    LIE(coded_width_px, FILM_WIDTH - 1), /* less than the frames */
    LIE(coded_width_px, FILM_HEIGHT),
    LIE(coded_height_px, -1),
    LIE(coded_height_px, INT32_MIN),
    LIE(bit_depth, -1),
    LIE(bit_depth, 17),
    LIE(duration_us, -1),
    LIE(duration_us, INT64_MAX),
    LIE(duration_us, INT64_MIN),
    LIE(longest_us, -1),
    LIE(longest_us, INT64_MAX),
    LIE(codec[8], 0x6161616161616161), /* the text has no end */
    FRACTION_LIE(fps, NAN),
    FRACTION_LIE(fps, INFINITY),
    FRACTION_LIE(fps, -1),
    FRACTION_LIE(fps, 1001),
};
#define FILM_LIES (sizeof film_lies / sizeof *film_lies)

static bool play_lie(const char *name)
{
    const struct lie *lie = find_lie(film_lies, FILM_LIES, name);
    if (!lie)
        return false;
    struct protocol_event event = honest_film();
    memset(event.film.codec, 'a', 8);
    tell_lie(&event.film, lie);
    /* The memory is as large as is allowed, so that nothing but the lie is wrong. */
    send_event(event, make_memory((off_t)PROTOCOL_FILM_BYTES_MAX, FILM_SEALS));
    send_frames(0, 1);
    return true;
}

#endif
