/* Writes a stretch of time as a film: each frame is what the screen shows a millisecond after
 * the frame begins. Main thread. */
#ifndef COMMANDS_PREVIEW_PREVIEW_FILM_H
#define COMMANDS_PREVIEW_PREVIEW_FILM_H

#include "commands/preview/preview_screen.h"

#define PREVIEW_FILM_FPS 30 /* the default */
#define PREVIEW_FILM_MS_MAX INT64_C(86400000)

struct preview_film {
    const char *path;       /* ending in .mp4 */
    int64_t from_ms, to_ms; /* begin, and end, which is not included */
    double fps;             /* counts in thousandths; 0.01 to 240 */
};

/* Writes the film, with a progress bar where standard error is a terminal. A spot that can't be
 * shown leaves what was on screen before it, as in the player; in the first frame it is an error
 * (ERR_INPUT). On failure, and when SIGINT, SIGTERM or SIGHUP end it (ERR_INPUT), no file is
 * left behind. Other errors as in film_writer.h; whether the file can be created is known before
 * anything is decoded. */
MUST_CHECK bool preview_film_write(struct preview_screen *screen, const struct preview_film *film,
                                   struct err *err);

#endif
