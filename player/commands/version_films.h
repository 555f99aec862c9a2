/* `duckling-films --version`: its version, and those of the libraries of FFmpeg that it runs with.
 * One thread. */
#ifndef COMMANDS_VERSION_FILMS_H
#define COMMANDS_VERSION_FILMS_H

#include <stdio.h>

/* argv[0] when `duckling --version` asks: the libraries alone, written to PROGRAM_FD. */
#define VERSION_FILMS_NAME "duckling-films-version"

void version_films_print(FILE *stream);

#endif
