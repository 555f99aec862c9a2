/* The sound of the films on screen, mixed ahead of time and sent to the device.
 *
 * Each sample is mixed for the moment at which it will be heard, as a frame is drawn for the moment
 * at which it will be seen. Main thread; never blocks. */
#ifndef PLAYOUT_SOUNDTRACK_H
#define PLAYOUT_SOUNDTRACK_H

#include "core/show_clock.h"
#include "playout/playout.h"
#include "sound/mixer.h"
#include "sound/sound_device.h"

struct soundtrack {
    struct sound_device *device;
    struct mixer mixer;
    bool running; /* sound is in the queue */
    /* The edition and steps for which the programme was searched last, when that was, and when a
     * film with sound was last found to be on or near; 0: never. */
    uint64_t serial, jumps;
    int64_t searched_ns, found_ns;
};

/* False when out of memory. The device is opened some seconds before the first film with sound, and
 * closed after a minute without one. */
bool soundtrack_init(struct soundtrack *soundtrack);

/* False as sound_device_destroy. Zeroed is allowed. */
bool soundtrack_finish(struct soundtrack *soundtrack);

/* Mixes as much sound as the queue takes; to be called each time the main loop wakes. Also tells
 * the loader whether to decode sound. */
void soundtrack_turn(struct soundtrack *soundtrack, struct playout *playout, struct loader *loader,
                     const struct show *show, const struct show_clock *clock);

/* When soundtrack_turn is due next. change_ns: when the scene changes next; INT64_MAX: never, or
 * frames are drawn all the time anyhow. INT64_MAX: not until then. */
int64_t soundtrack_until_ns(const struct soundtrack *soundtrack, int64_t now_ns, int64_t change_ns);

#endif
