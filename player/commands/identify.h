/* The identify command: shows the test card on the screen, or writes it as a picture. */
#ifndef COMMANDS_IDENTIFY_H
#define COMMANDS_IDENTIFY_H

#include "base/host.h"
#include "base/zone.h"
#include "commands/settings.h"
#include "screen/display.h"
#include "screen/test_card_plan.h"

#define IDENTIFY_LINES_BYTES TEST_CARD_TEXT_BYTES

/* argv[0] is "identify". Returns the process's exit status (duckling(1)). Main thread. */
int identify_main(int argc, char **argv);

/* What the card says about this player. */
struct identify_words {
    char name[HOST_NAME_BYTES];
    char lines[IDENTIFY_LINES_BYTES];
};

/* Fills them in: address, the screen's size, refresh and outputs, rotation, zone, language,
 * version. `display` NULL: a picture of width_px × height_px for no screen. Its offset from UTC
 * is that at now_ms. */
void identify_describe(struct identify_words *words, const struct settings *settings,
                       const struct display *display, int width_px, int height_px,
                       const struct zone *zone, int64_t now_ms);

#endif
