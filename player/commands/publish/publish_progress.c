#include "commands/publish/publish_progress.h"

#include "base/clock.h"

#include <stdio.h>
#include <unistd.h>

#define DRAW_NS INT64_C(100000000)
#define CELLS 24
#define MEGA 1e6

void publish_progress_begin(struct publish_progress *progress, const char *what)
{
    int64_t now_ns = clock_mono_ns();
    *progress = (struct publish_progress){
        .what = what, .shown = isatty(STDERR_FILENO) == 1, .begin_ns = now_ns, .last_ns = now_ns};
}

void publish_progress_move(void *context, int64_t done_bytes, int64_t total_bytes)
{
    static const char full[CELLS + 1] = "########################";
    struct publish_progress *progress = context;
    int64_t now_ns = clock_mono_ns();
    if (!progress->shown || total_bytes <= 0 ||
        (done_bytes < total_bytes && now_ns - progress->last_ns < DRAW_NS))
        return;
    progress->last_ns = now_ns;
    double part = (double)done_bytes / (double)total_bytes;
    double seconds = (double)(now_ns - progress->begin_ns) / 1e9;
    /* \033[K: erase to the end of the line (ECMA-48). */
    fprintf(stderr, "\r%s [%-*.*s] %3.0f %%  %.1f of %.1f MB  %.1f MB/s\033[K", progress->what,
            CELLS, (int)(part * CELLS), full, part * 100, (double)done_bytes / MEGA,
            (double)total_bytes / MEGA, seconds > 0 ? (double)done_bytes / MEGA / seconds : 0);
}

void publish_progress_end(struct publish_progress *progress)
{
    if (progress->shown)
        fputs("\r\033[K", stderr);
    progress->shown = false;
}
