/* Counts the general flashes of a film (WCAG 2.2, 2.3.1, "three flashes or below threshold"):
 * pairs of opposing changes of relative luminance by 0.1 or more, the darker side of which is
 * below 0.8.
 *
 * WCAG lets flashes pass where they are on less than a quarter of what is seen at a time. So the
 * picture is taken in 4 × 4 cells, and what counts is what four of them have. Any thread. */
#ifndef COMMANDS_CHECK_CHECK_FLASH_H
#define COMMANDS_CHECK_CHECK_FLASH_H

#include "core/frame.h"

#define CHECK_FLASH_SIDE 4
#define CHECK_FLASH_CELLS (CHECK_FLASH_SIDE * CHECK_FLASH_SIDE)
#define CHECK_FLASH_MOST 3    /* within a second; more can cause seizures */
#define CHECK_FLASH_TIMES 256 /* changes within a second that are counted singly */

/* The mean relative luminance of each cell, 0 to 1. */
struct check_flash_light {
    double cells[CHECK_FLASH_CELLS];
};

/* Zeroed: nothing was seen. */
struct check_flash {
    bool seen;
    struct {
        double low, high; /* since the last change */
        int direction;    /* of that: 1 brighter, -1 darker; 0: none yet */
        int64_t times_us[CHECK_FLASH_TIMES];
        unsigned count; /* of changes, ever */
        int most;       /* flashes within a second */
        int64_t most_us;
    } cells[CHECK_FLASH_CELLS];
};

/* Of a film's frame (FRAME_I420). */
struct check_flash_light check_flash_measure(const struct frame *frame);

/* Adds the next frame; times must rise. */
void check_flash_add(struct check_flash *flash, int64_t time_us,
                     const struct check_flash_light *light);

/* The most flashes within any second that a quarter of the picture had, and when they were complete
 * (if there were any). */
int check_flash_most(const struct check_flash *flash, int64_t *time_us);

#endif
