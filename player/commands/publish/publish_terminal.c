#include "commands/publish/publish_terminal.h"

#include "base/clock.h"

#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DRAW_NS INT64_C(100000000)
#define CELLS 24
#define MEGA 1e6

static volatile sig_atomic_t current_phase;
static volatile sig_atomic_t has_terminal;
static volatile sig_atomic_t owner; /* a child between fork and exec stays silent */

/* Only what signal-safety(7) allows. */
static void print_outcome_of_signal(int number)
{
    static const char *const texts[] = {
        [PUBLISH_TERMINAL_BEFORE] =
            "interrupted, nothing has changed for players; run the command again to continue\n",
        [PUBLISH_TERMINAL_SWITCHING] =
            "interrupted while switching over, players may have it; run the command again\n",
        [PUBLISH_TERMINAL_DONE] = "interrupted, but the new version is in force\n",
    };
    const char *text = texts[current_phase];
    ssize_t written = 0;
    if (getpid() == owner && has_terminal) /* a bar may be drawn on the line */
        written = write(STDERR_FILENO, "\r\033[K", 4);
    if (getpid() == owner)
        written += write(STDERR_FILENO, text, strlen(text));
    (void)written; /* a failure could be reported to nobody */
    raise(number); /* ends the process when the handler returns, by SA_RESETHAND */
}

void publish_terminal_watch_signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    const struct sigaction action = {.sa_handler = print_outcome_of_signal,
                                     .sa_flags = (int)SA_RESETHAND};
    current_phase = PUBLISH_TERMINAL_BEFORE;
    has_terminal = isatty(STDERR_FILENO);
    owner = getpid();
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct sigaction before;
        /* A signal that the parent has ignored (nohup) stays ignored. */
        if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(numbers[i], &action, NULL);
    }
}

void publish_terminal_set_phase(enum publish_terminal_phase phase)
{
    current_phase = (sig_atomic_t)phase;
}

void publish_terminal_bar_begin(struct publish_terminal_bar *bar, const char *label)
{
    int64_t now_ns = clock_mono_ns();
    *bar = (struct publish_terminal_bar){
        .label = label, .shown = isatty(STDERR_FILENO) == 1, .begin_ns = now_ns, .last_ns = now_ns};
}

void publish_terminal_bar_move(void *context, int64_t done_bytes, int64_t total_bytes)
{
    static const char full[CELLS + 1] = "########################";
    struct publish_terminal_bar *bar = context;
    int64_t now_ns = clock_mono_ns();
    if (!bar->shown || total_bytes <= 0 ||
        (done_bytes < total_bytes && now_ns - bar->last_ns < DRAW_NS))
        return;
    bar->last_ns = now_ns;
    double part = (double)done_bytes / (double)total_bytes;
    double seconds = (double)(now_ns - bar->begin_ns) / 1e9;
    /* \033[K: erase to the end of the line (ECMA-48). */
    fprintf(stderr, "\r%s [%-*.*s] %3.0f %%  %.1f of %.1f MB  %.1f MB/s\033[K", bar->label, CELLS,
            (int)(part * CELLS), full, part * 100, (double)done_bytes / MEGA,
            (double)total_bytes / MEGA, seconds > 0 ? (double)done_bytes / MEGA / seconds : 0);
}

void publish_terminal_bar_end(struct publish_terminal_bar *bar)
{
    if (bar->shown)
        fputs("\r\033[K", stderr);
    bar->shown = false;
}
