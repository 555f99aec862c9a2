/* Text in columns: Chinese, Japanese and Korean characters take two cells of a terminal, accents
 * none. */
#ifndef COMMANDS_COLUMNS_H
#define COMMANDS_COLUMNS_H

#include <stdio.h>

/* How many cells a UTF-8 text takes. */
int columns_width(const char *text);

/* Writes the text, and blanks up to `width` cells; more than that is not cut. */
void columns_put(FILE *stream, const char *text, int width);

#endif
