/* The sound device, through SDL, and the thread that looks after it.
 *
 * Open while it is wanted, and again when it was lost or comes to be there; opening and closing may
 * take long, so a thread of its own does that. An open device asks for sound some 47 times a second
 * whether there is any or not, so that it should not be wanted for nothing. A box without a device
 * is silent, which is no error. One that opens and takes nothing, as a screen's output may while
 * the screen is off, is as good as none: it is told of once, and tried again after ever longer
 * waits, a minute at most, until one has taken a second of sound. Main thread but for that. */
#ifndef SOUND_SOUND_DEVICE_H
#define SOUND_SOUND_DEVICE_H

#include "sound/sound_queue.h"

struct sound_device;

/* No device is touched yet. NULL when out of memory. */
struct sound_device *sound_device_create(void);

/* Whether there is something to hear: opens the device in the background and keeps it open, or
 * closes it. Nothing is tried before the first true one. */
void sound_device_want(struct sound_device *sound, bool wanted);

/* False when a device was wanted and there is none, as far as was tried: no sound need be
 * decoded. */
bool sound_device_is_possible(const struct sound_device *sound);

/* Whether a device is open, and takes what is put into the queue. */
bool sound_device_is_open(const struct sound_device *sound);

/* What goes to the device; lives as long as the sound. */
struct sound_queue *sound_device_queue(struct sound_device *sound);

/* Within a second, also while a device hangs. Then false: its thread and memory are left behind,
 * and the process should end by _exit, as exit may wait for the same device. NULL is allowed. */
bool sound_device_destroy(struct sound_device *sound);

#endif
