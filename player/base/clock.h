/* The only place that reads time. Any thread. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* CLOCK_MONOTONIC in nanoseconds: for intervals and deadlines; never steps. */
int64_t clock_mono_ns(void);

/* The wall clock as Unix time in milliseconds: may step at any time. */
int64_t clock_wall_ms(void);

#endif
