/* Timing for the benches: medians of many rounds, printed as tab-separated lines that
 * tests/bench/run collects. */
#ifndef BENCH_H
#define BENCH_H

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>

#define BENCH_ROUNDS_MAX 1001

static inline int bench_compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Runs `action` for `rounds` rounds (odd, at most BENCH_ROUNDS_MAX) and prints name, median, 95th
 * percentile (milliseconds) and the limit ("" for none). */
static inline void bench_run(const char *name, const char *limit, int rounds,
                             void (*action)(void *), void *context)
{
    static double ms[BENCH_ROUNDS_MAX];
    action(context); /* warm */
    for (int i = 0; i < rounds; i++) {
        int64_t start = clock_mono_ns();
        action(context);
        ms[i] = (double)(clock_mono_ns() - start) / 1e6;
    }
    qsort(ms, (size_t)rounds, sizeof *ms, bench_compare);
    printf("%s\t%.4f ms\t%.4f ms\t%s\n", name, ms[rounds / 2], ms[(int)(rounds * 0.95)], limit);
}

#endif
