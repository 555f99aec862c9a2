/* Writes pictures as PNG files. Any thread. */
#ifndef COMMANDS_PREVIEW_PNG_H
#define COMMANDS_PREVIEW_PNG_H

#include "core/err.h"
#include "screen/compose.h"

/* Writes an opaque canvas; replaces the file. Errors: ERR_DISK. */
MUST_CHECK bool png_write(const char *path, const struct canvas *canvas, struct err *err);

#endif
