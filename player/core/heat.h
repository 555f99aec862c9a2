/* Heat: given the temperatures of a box, and the limits that its firmware names, how much the player
 * holds back.
 *
 * The first step comes where the kernel begins to slow the machine down (the passive trip point), the
 * second halfway from there to the point at which it switches off, or at its hot point. Zones without
 * such points say nothing. It goes back a step after a minute, five degrees below. Pure. */
#ifndef CORE_HEAT_H
#define CORE_HEAT_H

#include <stdint.h>

#define HEAT_ZONES_MAX 32
#define HEAT_ZONE_NAME_BYTES 24

enum heat_level { HEAT_NONE, HEAT_WARM, HEAT_HOT };

/* In thousandths of a degree Celsius, as the kernel has them. A trip point of 0: there is none; nor is
 * one that makes no sense. */
struct heat_zone {
    char name[HEAT_ZONE_NAME_BYTES];
    int32_t now, passive, hot, critical;
};

/* Zeroed: nothing is known. */
struct heat {
    enum heat_level level;
    struct heat_zone worst; /* the zone for which the level rose last */
    int32_t limit;          /* and the temperature at which it did */
    int64_t cool_since_ns;  /* 0: it is not cooler than the level asks for */
};

/* Takes what was just read; count may be 0. Returns the level from now on. */
enum heat_level heat_step(struct heat *heat, const struct heat_zone *zones, int count,
                          int64_t now_ns);

#endif
