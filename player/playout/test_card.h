/* The test card as a picture that the player's displays draw: its texts are set by workers, as
 * those of spots are, and its clock is drawn anew for each frame.
 *
 * It is there at once, at first without texts. Main thread; never blocks. */
#ifndef PLAYOUT_TEST_CARD_H
#define PLAYOUT_TEST_CARD_H

#include "core/err.h"
#include "screen/picture.h"
#include "screen/test_card_plan.h"

#include <poll.h>

#define TEST_CARD_FDS_MAX 4

struct test_card;

struct test_card_config {
    int screen_width_px, screen_height_px; /* before any rotation */
    int rotation;
    int64_t limit_ms;             /* the longest that a worker may take */
    struct test_card_facts facts; /* copied; its language outlives the card */
};

/* NULL when out of memory. */
struct test_card *test_card_create(const struct test_card_config *config, struct err *err);
void test_card_destroy(struct test_card *card); /* NULL is allowed */

/* Starts workers, and takes what they have finished. False where the card has become complete,
 * or is so: all its texts are set, or cannot be, which the log says. */
bool test_card_poll(struct test_card *card);

/* As loader_poll_fds: at most TEST_CARD_FDS_MAX. */
int test_card_poll_fds(const struct test_card *card, struct pollfd *fds, int64_t *deadline_ns);

/* The card at an instant, given as local time. It belongs to the card, until the next call. NULL
 * when out of memory. */
struct picture *test_card_picture(struct test_card *card, int64_t local_ms);

#endif
