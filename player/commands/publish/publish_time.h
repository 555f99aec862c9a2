/* Times and time spans in messages to an operator. Main thread. */
#ifndef COMMANDS_PUBLISH_PUBLISH_TIME_H
#define COMMANDS_PUBLISH_PUBLISH_TIME_H

#include "commands/settings.h"

#define PUBLISH_TIME_BYTES 96

/* RFC 3339 in the zone of --timezone, else the system's, so that a user who left out the offset
 * sees which one was used; in UTC where the zone is unknown. */
void publish_time_print(const struct settings *settings, int64_t ms, char text[PUBLISH_TIME_BYTES]);

/* The version that a place without any begins with at this time: YYYYMMDDhhmm in UTC, so that what
 * is begun later comes after what players have seen of another place. At least 1; below
 * POINTER_VERSION_MAX. */
int64_t publish_time_version(int64_t ms);

/* A span of 0 or more: "40 s", "24 min", "12 h 24 min", "90 days". */
void publish_time_span(int64_t span_ms, char text[PUBLISH_TIME_BYTES]);

#endif
