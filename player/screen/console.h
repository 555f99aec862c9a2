/* The virtual terminal that the player runs on: kept from writing over the picture, given up when
 * somebody switches to another one, and left as it was.
 *
 * Only where one of the three standard streams is such a terminal (a console login, or a unit with
 * TTYPath): elsewhere there is nothing to take. Main thread. */
#ifndef SCREEN_CONSOLE_H
#define SCREEN_CONSOLE_H

#include "core/err.h"

#include <poll.h>
#include <stdbool.h>
#include <termios.h>

#include <linux/vt.h>

struct console {
    bool taken;
    int tty;     /* a duplicate of the stream */
    int signals; /* signalfd(2) of the two below */
    int number;  /* of the terminal, from 1 */
    bool away;   /* another terminal is shown */
    bool keys;   /* they are read */
    int saved_drawing;
    struct vt_mode saved_mode;
    struct termios saved_keys;
};

enum console_news {
    CONSOLE_NOTHING,
    CONSOLE_LEAVES, /* another terminal was asked for: stop drawing, then console_leave */
    CONSOLE_IS_BACK,
    CONSOLE_END, /* Esc or q */
};

/* Blocks the two signals by which the kernel tells of switches, SIGRTMIN and the next, in the whole
 * process from here on: before any thread starts. */
void console_block_signals(void);

/* Takes the terminal, if there is one. `keys`: Esc and q are looked for. False: there is one, but
 * this process may not have it; text may then show through. Nothing if it is taken. */
MUST_CHECK bool console_take(struct console *console, bool keys, struct err *err);

/* Descriptors to wait for, at most CONSOLE_FDS_MAX; how many. */
#define CONSOLE_FDS_MAX 2
int console_poll_fds(const struct console *console, struct pollfd *fds);

/* What has happened; the next thing with the next call. */
enum console_news console_read(struct console *console);

/* The screen is no longer in use: lets the kernel switch. */
void console_leave(struct console *console);

/* Gives it back as it was. Nothing if it is not taken. */
void console_give_back(struct console *console);

/* Closes it as it is: the picture stays, until somebody switches to another terminal or resets this
 * one. */
void console_abandon(struct console *console);

#endif
