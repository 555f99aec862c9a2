/* What the program says at a terminal about itself and its commands: help, and what is wrong with a
 * command line. One thread. */
#ifndef COMMANDS_USAGE_H
#define COMMANDS_USAGE_H

#include "commands/settings.h"

#define EXIT_USAGE 2
#define EXIT_CONFIG 78 /* EX_CONFIG of sysexits.h */

/* The command of this name; 0: there is none. */
enum settings_command usage_command(const char *name);

/* Of `duckling --help`: all commands, with a sentence each. */
void usage_print_commands(FILE *stream);

/* Of `duckling COMMAND --help` or --help-all, on standard output. */
void usage_print(enum settings_command command, enum options_help help);

/* Writes what settings_read found wrong, on lines of standard error that begin with the command's name:
 * a mistake in the command line, or every fault of the configuration. Returns EXIT_USAGE or
 * EXIT_CONFIG. */
int usage_refuse(enum settings_command command, const struct settings *settings,
                 const struct err *err);

/* The same for a command that there is none of. */
int usage_refuse_command(const char *name);

#endif
