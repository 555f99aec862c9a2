/* Watches heat and memory of the box in a thread of its own, and says what the player should do without.
 *
 * The thread reads every five seconds (box_readings.h); no sensor that hangs can stop the player. */
#ifndef KIOSK_BOX_WATCH_H
#define KIOSK_BOX_WATCH_H

#include "core/err.h"
#include "core/heat.h"
#include "core/memory_pressure.h"

struct box_watch;

struct box_watch_state {
    struct heat heat;
    bool memory_is_short;
    struct memory_pressure_reading pressure; /* when that has changed last */
};

/* root: "", or a folder in the place of / for tests. period_ms: 0: 5,000. wake is called from the thread
 * when the state has changed; must only wake. NULL on failure. */
struct box_watch *box_watch_start(const char *root, int period_ms, void (*wake)(void *),
                                  void *wake_context, struct err *err);

/* The state, if it has changed since the last call. Never waits for a sensor. */
bool box_watch_take(struct box_watch *watch, struct box_watch_state *state);

/* Waits for a moment at most; a thread that hangs is left behind. NULL is allowed. */
void box_watch_stop(struct box_watch *watch);

#endif
