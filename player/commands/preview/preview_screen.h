/* A screen in memory, with what a playlist shows on it at any instant, for preview.
 *
 * Nothing is ever late on it: whatever a worker still owes is waited for, so that each frame is the
 * one that its instant has. Main thread. */
#ifndef COMMANDS_PREVIEW_PREVIEW_SCREEN_H
#define COMMANDS_PREVIEW_PREVIEW_SCREEN_H

#include "core/err.h"
#include "playout/playout.h"
#include "screen/display.h"

/* Zeroed: none. The parts are the wall's; the fields are for reading. */
struct preview_screen {
    struct playout playing;
    struct loader *loader;
    struct display *display;
    struct canvas canvas; /* what was drawn last */
};

/* Makes the screen, of the size of the configuration; `playing` is set by then. ERR_SYSTEM. */
MUST_CHECK bool preview_screen_init(struct preview_screen *wall, const struct loader_config *config,
                                    struct err *err);
void preview_screen_finish(struct preview_screen *wall);

/* Sleeps until a worker has something to say. False, at once, where none owes anything: what is
 * there now is all there will be. */
bool preview_screen_wait(const struct preview_screen *wall);

/* What is wanted at an instant, once the workers have made it. Pictures that can't be shown are
 * NULL. */
struct show_wish preview_screen_settle(struct preview_screen *wall, double show_ms);

/* Puts a wish on a show that is zeroed, as if it had run since long before: no first picture to
 * fade in, nothing late. ERR_INPUT: a picture of it can't be shown. */
MUST_CHECK bool preview_screen_join(struct show *show, const struct show_wish *wish,
                                    struct err *err);

/* Draws an instant alone. ERR_INPUT as above, ERR_SYSTEM. */
MUST_CHECK bool preview_screen_draw(struct preview_screen *wall, double show_ms, struct err *err);

#endif
