/* The display on a console without a GPU: the kernel's mode setting, drawn on the processor
 * straight into the memory that is scanned out.
 *
 * The console, the card and udev's events stay with the process from one display to the next: a
 * monitor that is unplugged and plugged again must not bring the text console back. Private to
 * display; main thread. */
#ifndef SCREEN_DISPLAY_KMS_H
#define SCREEN_DISPLAY_KMS_H

#include "screen/display.h"

/* NULL: no card, no monitor, no right to them, or another program has them: try again later, or
 * when display_kms_read_news says so. */
struct display *display_kms_create(const struct display_config *config, struct err *err);

/* As display_keep_card. */
void display_kms_keep_card(const struct card_keeper *keeper, int inherited);

/* Whether the picture of the process before is on screen. */
bool display_kms_has_picture(void);

/* As display_poll_fds and display_read_news. */
int display_kms_poll_fds(struct pollfd *fds);
enum display_news display_kms_read_news(struct display *display, struct err *why);

/* Without a display: shows what the card showed before, and closes it. */
void display_kms_close_card(void);

/* That, and gives the console back; where the card is kept beyond this process, both stay as they
 * are. Nothing if there never was a display. */
void display_kms_quit(void);

#endif
