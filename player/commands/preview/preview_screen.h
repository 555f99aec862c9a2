/* A screen in memory that shows what a playlist has at any instant, for preview.
 *
 * Nothing is late on it: it waits until the workers have finished. Main thread. */
#ifndef COMMANDS_PREVIEW_PREVIEW_SCREEN_H
#define COMMANDS_PREVIEW_PREVIEW_SCREEN_H

#include "core/err.h"
#include "playout/playout.h"
#include "screen/display.h"

/* Zeroed: none. Callers only read the fields. */
struct preview_screen {
    struct playout playout;
    struct loader *loader;
    struct display *display;
    struct canvas canvas; /* drawn last */
};

/* Creates the screen, with the size in `config`, after `playout` was opened. ERR_SYSTEM. */
MUST_CHECK bool preview_screen_init(struct preview_screen *screen,
                                    const struct loader_config *config, struct err *err);
void preview_screen_finish(struct preview_screen *screen);

/* Makes it a screen of another size, as in `config`. ERR_SYSTEM. */
MUST_CHECK bool preview_screen_change(struct preview_screen *screen,
                                      const struct loader_config *config, struct err *err);

/* Waits until a worker has sent something. Returns false at once when all workers have finished. */
bool preview_screen_wait(const struct preview_screen *screen);

/* The scene at an instant, after waiting for its pictures. Pictures that can't be shown are
 * NULL. */
struct show_request preview_screen_settle(struct preview_screen *screen, double show_ms);

/* Starts a zeroed show with this scene, as if it had run for long: nothing fades in, nothing is
 * late. ERR_INPUT: one of its pictures can't be shown. */
MUST_CHECK bool preview_screen_join(struct show *show, const struct show_request *request,
                                    struct err *err);

/* Draws one instant. ERR_INPUT as above, ERR_SYSTEM. */
MUST_CHECK bool preview_screen_draw(struct preview_screen *screen, double show_ms, struct err *err);

#endif
