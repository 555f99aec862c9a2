/* The line of the log that says what a player is set to: version, language, zone, folders, sources,
 * keys. Main thread. */
#ifndef COMMANDS_START_LOG_H
#define COMMANDS_START_LOG_H

#include "commands/settings.h"

/* Writes it. Passwords in addresses are left out. */
void start_log_write(const struct settings *settings);

#endif
