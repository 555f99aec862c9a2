/* Questions and answers of setup, line by line, on a terminal or a pipe. Main thread. */
#ifndef COMMANDS_SETUP_SETUP_TERMINAL_H
#define COMMANDS_SETUP_SETUP_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#define SETUP_LINE_BYTES 2048

enum setup_input {
    SETUP_INPUT_LINE,
    SETUP_INPUT_ENDED,
    SETUP_INPUT_INTERRUPTED, /* SIGINT or SIGTERM */
};

/* From here on, until setup_terminal_finish, SIGINT and SIGTERM end a wait for input, and not the
 * process. */
void setup_terminal_start(void);
void setup_terminal_finish(void);

/* Whether SIGINT or SIGTERM has come. */
bool setup_terminal_is_interrupted(void);

/* Whether the terminal can be expected to show Korean and Chinese: by the locale's encoding, and
 * not the kernel's own console, whose fonts have neither. */
bool setup_terminal_shows_cjk(void);

/* Waits for a line, without its end and the blanks around it. What is longer is cut. Characters
 * that control a terminal are left out. */
enum setup_input setup_terminal_read(char line[SETUP_LINE_BYTES]);

#endif
