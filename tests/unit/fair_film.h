/* Workers that play fair without a film, some of them in steps that the player's test lets them
 * do. */
#ifndef TESTS_UNIT_FAIR_FILM_H
#define TESTS_UNIT_FAIR_FILM_H

#include "film_worker.h"

/* In memory that is shared with the player's test. */
static _Atomic uint32_t *part_ticks;

static void send_progress(int64_t steps)
{
    send_event((struct protocol_event){.kind = PROTOCOL_EVENT_PROGRESS, .steps = steps}, -1);
}

/* The player's test lets it go on, step by step. */
static void await_tick(uint32_t number)
{
    while (atomic_load(part_ticks) < number)
        syscall(SYS_futex, part_ticks, FUTEX_WAIT, number - 1, NULL, NULL, 0);
}

/* Goes on, as it says, and never comes to anything. */
static void play_on_its_way(void)
{
    for (uint32_t i = 1;; i++) {
        await_tick(i);
        send_progress(i);
    }
}

/* The one frame that it decodes in each step, of 25 a second; the player's orders are taken. */
static void play_throttled(void)
{
    int fd = make_memory(FILM_BYTES, FILM_SEALS);
    uint8_t *bytes = mmap(NULL, (size_t)FILM_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (bytes == MAP_FAILED)
        _exit(3);
    struct protocol_event event = honest_film();
    event.film.duration_us = (int64_t)256 * FILM_FRAME_US;
    send_event(event, fd);
    struct protocol_order order;
    int64_t next = 0;
    for (uint32_t tick = 1;; tick++, next++) {
        await_tick(tick);
        while (recv(PROTOCOL_FD, &order, sizeof order, MSG_DONTWAIT) == (ssize_t)sizeof order)
            if (order.kind == PROTOCOL_ORDER_SKIP && next < order.time_us / FILM_FRAME_US)
                next = order.time_us / FILM_FRAME_US;
        memset(bytes + (size_t)(tick % FILM_SLOTS) * FILM_SLOT_BYTES, (int)next, FILM_SLOT_BYTES);
        send_frame_at((int32_t)(tick % FILM_SLOTS), next * FILM_FRAME_US, FILM_FRAME_US);
    }
}

/* A film of 20 frames with a sound beside it, as an honest worker would play it: each frame's
 * samples hold its number. */
static void play_fair(void)
{
    int fd = make_memory(FILM_BYTES, FILM_SEALS);
    uint8_t *bytes = mmap(NULL, (size_t)FILM_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (bytes == MAP_FAILED)
        _exit(3);
    send_event(honest_film(), fd);
    struct protocol_order order;
    for (int i = 0, out = 0; i < 20; i++, out++) {
        while (out == PROTOCOL_FRAMES_AHEAD_MAX) {
            if (recv(PROTOCOL_FD, &order, sizeof order, 0) != (ssize_t)sizeof order)
                _exit(0);
            out -= order.kind == PROTOCOL_ORDER_RELEASE_FRAME;
        }
        memset(bytes + (size_t)(i % FILM_SLOTS) * FILM_SLOT_BYTES, i, FILM_SLOT_BYTES);
        send_frames(i, 1);
    }
    send_end();
}

/* Of four frames' length, or of so much more, it gives three; the third may stand. */
static void play_early_end_of(int64_t more_us, double fps, bool variable_rate)
{
    struct protocol_event event = honest_film();
    event.film.duration_us += more_us;
    event.film.fps = fps;
    event.film.variable_rate = variable_rate;
    send_event(event, make_memory(FILM_BYTES, FILM_SEALS));
    send_frames(0, 3);
    send_end();
}

static void play_early_end(void)
{
    play_early_end_of(500000, 25, false);
}

static void play_slightly_early_end(void)
{
    play_early_end_of(400000, 25, false);
}

static void play_early_end_of_few_pictures(void)
{
    play_early_end_of(500000, 4, false);
}

static void play_early_end_of_variable_rate(void)
{
    play_early_end_of(500000, 25, true);
}

static void play_fair_sound(void)
{
    send_film();
    send_frames(0, 1);
    send_sound(0, 480, 0.5F);
    send_sound(20000, 480, 9);   /* too loud: limited; 10 ms of silence before it */
    send_sound(30000, 480, NAN); /* nothing */
    send_sound(40000, 480, -INFINITY);
    send_end();
    _exit(0); /* nothing more is to be heard */
}

static void play_probe(void)
{
    send_event(honest_film(), -1);
}

#endif
