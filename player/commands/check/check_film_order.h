/* Warnings about films that follow each other in a loop: one that ends before the transition
 * after it does, and two that this machine can't decode at once. Main thread. */
#ifndef COMMANDS_CHECK_CHECK_FILM_ORDER_H
#define COMMANDS_CHECK_CHECK_FILM_ORDER_H

#include "commands/check/check_report.h"

/* What is known of an asset's film. */
struct check_film_order_film {
    int64_t length_us; /* 0: no film, or unknown */
    double load;       /* what part of this machine decoding it takes, 1 is all; 0: unknown */
};

/* Adds warnings. `films` has an item for each asset; the playlist has no faults. ERR_SYSTEM when
 * out of memory. */
MUST_CHECK bool check_film_order_run(const struct playlist *playlist,
                                     const struct check_film_order_film *films,
                                     struct check_report *report, struct err *err);

#endif
