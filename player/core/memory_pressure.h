/* Memory pressure: given how long programs had to wait for memory (the kernel's PSI,
 * Documentation/accounting/psi.rst), whether memory is short. Pure. */
#ifndef CORE_MEMORY_PRESSURE_H
#define CORE_MEMORY_PRESSURE_H

#include <stdbool.h>
#include <stdint.h>

/* Of the last ten seconds, in percent: when at least one program waited, and when all did. */
struct memory_pressure_reading {
    double some, full;
};

/* Reads "some avg10=1.50 avg60=..." and "full avg10=...". False where the text says neither. */
bool memory_pressure_parse(const char *text, struct memory_pressure_reading *reading);

/* Zeroed: there is none. */
struct memory_pressure {
    bool is_short;
    int64_t calm_since_ns; /* 0: it is not calm */
};

/* Takes a reading. It is short from a fifth of the time on, or a twentieth for all; and enough again after
 * half a minute with much less. Returns whether it is short. */
bool memory_pressure_step(struct memory_pressure *pressure,
                          const struct memory_pressure_reading *reading, int64_t now_ns);

#endif
