/* The doctor command: looks at everything that a player needs on this machine, and says in words
 * what is wrong and what to do about it. It changes nothing. */
#ifndef COMMANDS_DOCTOR_DOCTOR_H
#define COMMANDS_DOCTOR_DOCTOR_H

#include "commands/settings.h"

/* argv[0] is "doctor". Returns the process's exit status (duckling(1)). Main thread. */
int doctor_main(int argc, char **argv);

/* Runs all checks of these settings, and prints them. `config_err`: what settings_read found
 * wrong with the configuration; NULL: nothing. How many checks found something wrong. */
int doctor_run(const struct settings *settings, const struct err *config_err, bool json);

#endif
