/* The contact sheet: every spot of a playlist in every language it has, a row for each spot. Main
 * thread. */
#ifndef OPERATE_SHEET_H
#define OPERATE_SHEET_H

#include "loader.h"
#include "stage/compose.h"

/* Draws each picture at the canvas's size (the canvas is used for it), scales it down, and writes
 * them all as one PNG. */
bool sheet_write(const char *path, const struct edition *edition, struct loader *loader,
                 const struct canvas *canvas, struct err *err);

#endif
