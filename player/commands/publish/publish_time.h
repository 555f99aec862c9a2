/* Times and time spans in messages to an operator. Main thread. */
#ifndef COMMANDS_PUBLISH_PUBLISH_TIME_H
#define COMMANDS_PUBLISH_PUBLISH_TIME_H

#include "commands/settings.h"

#define PUBLISH_TIME_BYTES 96

/* RFC 3339 in the zone that local times are read in (--timezone, else the system's), which is how
 * whoever left the offset out sees which one was taken; in UTC where there is no such zone. */
void publish_time_print(const struct settings *settings, int64_t ms, char text[PUBLISH_TIME_BYTES]);

/* How long, 0 or more: "40 s", "24 min", "12 h 24 min", "90 days". */
void publish_time_span(int64_t span_ms, char text[PUBLISH_TIME_BYTES]);

#endif
