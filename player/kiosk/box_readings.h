/* What the kernel says of the box: its temperatures, and how long programs wait for memory.
 *
 * What is not there is normal: a container has no thermal zones, an old kernel no pressure. Reading
 * may take long, since a sensor may: not for the main thread. */
#ifndef KIOSK_BOX_READINGS_H
#define KIOSK_BOX_READINGS_H

#include "core/heat.h"
#include "core/memory_pressure.h"

/* The zones in `folder` (/sys/class/thermal) that have a temperature; how many. */
int box_readings_zones(const char *folder, struct heat_zone zones[HEAT_ZONES_MAX]);

/* Below `root` ("" is the machine's own): the worst of the player's control group, of the machine's,
 * and of /proc, which a unit may hide. False where none can be read. */
bool box_readings_pressure(const char *root, struct memory_pressure_reading *reading);

#endif
