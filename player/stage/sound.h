/* The sound device, through SDL, and the thread that looks after it.
 *
 * Opened when it is wanted for the first time, and again when it was lost or comes to be there;
 * opening and closing may take long, so a thread of its own does that. A box without a device is
 * silent, which is no error. Main thread but for that. */
#ifndef STAGE_SOUND_H
#define STAGE_SOUND_H

#include "stage/sound_queue.h"

struct sound;

/* No device is touched yet. NULL when out of memory. */
struct sound *sound_create(void);

/* There is something to hear: opens the device in the background, and from then on keeps it open.
 */
void sound_want(struct sound *sound);

/* False when there is no device now, as far as was tried: no sound need be decoded. */
bool sound_is_possible(const struct sound *sound);

/* Whether a device is open, and takes what is put into the queue. */
bool sound_is_open(const struct sound *sound);

/* What goes to the device; lives as long as the sound. */
struct sound_queue *sound_queue(struct sound *sound);

/* Within a second, also while a device hangs. Then false: its thread and memory are left behind,
 * and the process should end by _exit, as exit may wait for the same device. NULL is allowed. */
bool sound_destroy(struct sound *sound);

#endif
