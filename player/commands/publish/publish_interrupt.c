#include "commands/publish/publish_interrupt.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t current_phase;
static volatile sig_atomic_t has_terminal;
static volatile sig_atomic_t owner; /* a child between fork and exec has nothing to say */

/* Only what signal-safety(7) allows. */
static void on_signal(int number)
{
    static const char *const words[] = {
        [PUBLISH_INTERRUPT_BEFORE] = "interrupted; nothing has changed for players; the same "
                                     "command goes on\n",
        [PUBLISH_INTERRUPT_SWITCHING] = "interrupted while the channel was switched over; players "
                                        "may have it; the same command makes sure\n",
        [PUBLISH_INTERRUPT_DONE] = "interrupted; it is done, players have it\n",
    };
    const char *text = words[current_phase];
    ssize_t written = 0;
    if (getpid() == owner && has_terminal) /* a bar may be drawn on the line */
        written = write(STDERR_FILENO, "\r\033[K", 4);
    if (getpid() == owner)
        written += write(STDERR_FILENO, text, strlen(text));
    (void)written; /* there is nobody to tell */
    raise(number); /* SA_RESETHAND: this one ends the process, when the handler returns */
}

void publish_interrupt_watch(void)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    const struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    current_phase = PUBLISH_INTERRUPT_BEFORE;
    has_terminal = isatty(STDERR_FILENO);
    owner = getpid();
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct sigaction before;
        /* What a parent has let ignored (nohup) stays so. */
        if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(numbers[i], &action, NULL);
    }
}

void publish_interrupt_set(enum publish_interrupt_phase phase)
{
    current_phase = (sig_atomic_t)phase;
}
