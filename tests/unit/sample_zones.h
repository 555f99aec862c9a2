/* The zones of the tests' own (tests/zones), in place of the machine's. */
#ifndef TESTS_SAMPLE_ZONES_H
#define TESTS_SAMPLE_ZONES_H

#include <stdlib.h>

/* From the repository's root, where tests run. */
#define SAMPLE_ZONES "build/zoneinfo"

/* For the C library, too. Before the first zone is loaded. */
static inline void sample_zones_use(void)
{
    setenv("TZDIR", SAMPLE_ZONES, 1);
}

#endif
