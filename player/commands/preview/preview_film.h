/* A stretch of time as a film: one frame after the other, each as the screen shows it a
 * millisecond after the frame begins. Main thread. */
#ifndef COMMANDS_PREVIEW_PREVIEW_FILM_H
#define COMMANDS_PREVIEW_PREVIEW_FILM_H

#include "commands/preview/preview_screen.h"

#define PREVIEW_FILM_FPS 30 /* where nothing else is asked for */
#define PREVIEW_FILM_MS_MAX INT64_C(86400000)

struct preview_film {
    const char *path;       /* ending in .mp4 */
    int64_t from_ms, to_ms; /* the first instant, and the one to stop before */
    double fps;             /* counts in thousandths; 0.01 to 240 */
};

/* Writes the film, with a progress bar where standard error is a terminal. A spot that can't be
 * shown leaves what was on screen before it, as on a wall; but for the first frame that is unknown
 * (ERR_INPUT). No file is left behind on failure, nor where SIGINT, SIGTERM or SIGHUP end it
 * (ERR_INPUT). Else as film_writer.h; told before anything is decoded where the file can't be made. */
MUST_CHECK bool preview_film_write(struct preview_screen *wall, const struct preview_film *film,
                                   struct err *err);

#endif
