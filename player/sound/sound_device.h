/* The sound device, through SDL: opened while sound is needed, and again after it was lost.
 *
 * Opening and closing may take long, so a thread of its own does both. An open device asks for
 * sound some 47 times a second whether there is any or not, so it should be open only when
 * needed. A box without a device is silent, which is no error. A device that opens but takes
 * nothing, as a screen's output may while the screen is off, counts as none: it is logged once,
 * and tried again after growing delays of a minute at most, until it has taken a second of
 * sound. The functions are for the main thread. */
#ifndef SOUND_SOUND_DEVICE_H
#define SOUND_SOUND_DEVICE_H

#include "sound/sound_queue.h"

struct sound_device;

/* Opens nothing yet. NULL when out of memory. */
struct sound_device *sound_device_create(void);

/* Opens the device in the background and keeps it open, or closes it. Nothing is opened before the
 * first call with true. */
void sound_device_set_needed(struct sound_device *device, bool needed);

/* False when no device could be opened: then no sound needs to be decoded. */
bool sound_device_is_available(const struct sound_device *device);

/* Whether a device is open and takes sound from the queue. */
bool sound_device_is_open(const struct sound_device *device);

/* The queue to the device; lives as long as the device. */
struct sound_queue *sound_device_queue(struct sound_device *device);

/* Takes less than a second, also when a device hangs. In that case it returns false and leaves its
 * thread and memory behind; the process should then end by _exit, as exit may wait for the device.
 * NULL is allowed. */
bool sound_device_destroy(struct sound_device *device);

#endif
