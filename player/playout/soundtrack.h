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
    struct sound_device *sound;
    struct mixer mixer;
    bool running; /* something is heard, or soon will be */
    /* What the programme was looked through for last, and when there last was a film to be heard in
     * what is on or comes soon; 0: never. */
    uint64_t serial, jumps;
    int64_t looked_ns, wanted_ns;
};

/* False when out of memory. The device is opened some seconds before the first film that is to be
 * heard, and closed after a minute without one. */
bool soundtrack_init(struct soundtrack *hearing);

/* False as sound_device_destroy. Zeroed is allowed. */
bool soundtrack_finish(struct soundtrack *hearing);

/* To be called after each turn of the show; tells the loader whether to decode sound. */
void soundtrack_turn(struct soundtrack *hearing, struct playout *playing, struct loader *loader,
                     const struct show *show, const struct show_clock *clock);

/* When the next turn is due at the latest, where the scene next changes at change_ns (INT64_MAX:
 * never, or the show has its turns anyhow). INT64_MAX: sound needs none. */
int64_t soundtrack_until_ns(const struct soundtrack *hearing, int64_t now_ns, int64_t change_ns);

#endif
