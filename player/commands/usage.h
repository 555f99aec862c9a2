/* What the program says at a terminal about itself and its commands: help, and what is wrong with a
 * command line. One thread. */
#ifndef COMMANDS_USAGE_H
#define COMMANDS_USAGE_H

#include "commands/settings.h"

#define EXIT_USAGE 2

/* The command of this name; 0: there is none. */
enum settings_command usage_command(const char *name);

/* Of `duckling --help`: all commands, with a sentence each. */
void usage_print_commands(FILE *stream);

/* Of `duckling COMMAND --help` or --help-all, on standard output. */
void usage_print(enum settings_command command, enum options_help help);

/* Writes what is wrong with a command line, as a line on standard error that begins with the
 * command's name. Returns EXIT_USAGE. */
int usage_refuse(enum settings_command command, const struct err *err);

/* The same for a command that there is none of. */
int usage_refuse_command(const char *name);

#endif
