/* `duckling --version`: its version, and those of the libraries that it runs with.
 *
 * One place names the libraries, so that a fault report says all of them; elsewhere each is known
 * to its own module alone. One thread. */
#ifndef COMMANDS_VERSION_H
#define COMMANDS_VERSION_H

#include <stdio.h>

/* The versions are those of the libraries that are loaded now. FFmpeg's come from `film_program`
 * (beside this program), as nothing else loads FFmpeg. */
void version_write(FILE *stream, const char *film_program);

#endif
