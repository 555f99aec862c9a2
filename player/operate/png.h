/* Writing pictures as PNG. Any thread. */
#ifndef OPERATE_PNG_H
#define OPERATE_PNG_H

#include "core/err.h"
#include "stage/compose.h"

/* Writes an opaque canvas; replaces the file. Errors: ERR_DISK. */
MUST_CHECK bool png_write(const char *path, const struct canvas *canvas, struct err *err);

#endif
