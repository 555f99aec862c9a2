#include "commands/preview/preview_film.h"

#include "base/clock.h"
#include "commands/preview/film_writer.h"

#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define DRAW_NS INT64_C(100000000)
#define CELLS 24
#define THOUSANDTHS 1000
#define FRAME_OFFSET_MS 1

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
enum { SIGNALS = sizeof signals / sizeof *signals };

static volatile sig_atomic_t interrupted;

static void note_signal(int number)
{
    interrupted = number;
}

/* A film that is being written. */
struct film_progress {
    struct preview_screen *screen;
    struct film_writer *writer;
    struct show show;
    struct display_mix last; /* drawn last; `show` holds its pictures */
    int64_t from_ms, count;
    int64_t rate; /* frames in THOUSANDTHS seconds */
    bool is_terminal;
    int64_t begin_ns, drawn_ns;
};

/* The instant at which a frame shows the screen: a millisecond after the frame begins, as the
 * times of a film's own frames are rounded, in Matroska to whole milliseconds, and one that
 * begins with this frame should be in it. Rate and stretch are whole numbers, so nothing drifts
 * over a day. */
static double frame_instant_ms(const struct film_progress *progress, int64_t frame)
{
    return (double)progress->from_ms + FRAME_OFFSET_MS +
           (double)(frame * 1000 * THOUSANDTHS) / (double)progress->rate;
}

static void draw_progress_bar(struct film_progress *progress, int64_t done)
{
    static const char full[CELLS + 1] = "########################";
    int64_t now_ns = clock_mono_ns();
    if (!progress->is_terminal || (done < progress->count && now_ns - progress->drawn_ns < DRAW_NS))
        return;
    progress->drawn_ns = now_ns;
    double part = (double)done / (double)progress->count;
    double seconds = (double)(now_ns - progress->begin_ns) / 1e9;
    /* \033[K: erase to the end of the line (ECMA-48). */
    fprintf(stderr, "\rwriting [%-*.*s] %3.0f %%  %" PRId64 " of %" PRId64 " frames  %.1f/s\033[K",
            CELLS, (int)(part * CELLS), full, part * 100, done, progress->count,
            seconds > 0 ? (double)done / seconds : 0);
}

/* Draws one frame. The show goes on from frame to frame as in the player: a picture that can't
 * be shown leaves the one before it. */
static MUST_CHECK bool draw_film_frame(struct film_progress *progress, int64_t frame,
                                       struct err *err)
{
    struct preview_screen *screen = progress->screen;
    double show_ms = frame_instant_ms(progress, frame);
    struct show_request request = preview_screen_settle(screen, show_ms);
    if (frame == 0 && !preview_screen_join(&progress->show, &request, err))
        return false;
    struct show_frame next = show_step(&progress->show, &request);
    if (next.needs_freeze && (!display_show(screen->display, &progress->last, err) ||
                              !display_freeze(screen->display, err)))
        return false;
    next.mix.dim = playout_dim(&screen->playout, show_ms);
    progress->last = next.mix;
    return display_capture(screen->display, &next.mix, &screen->canvas, err);
}

static MUST_CHECK bool write_film_frames(struct film_progress *progress, struct err *err)
{
    for (int64_t frame = 0; frame < progress->count; frame++) {
        if (!draw_film_frame(progress, frame, err))
            return false;
        if (interrupted)
            return err_set(err, ERR_INPUT, "interrupted, no film was written");
        if (!film_writer_add(progress->writer, &progress->screen->canvas, err))
            return false;
        draw_progress_bar(progress, frame + 1);
    }
    return film_writer_finish(progress->writer, err);
}

bool preview_film_write(struct preview_screen *screen, const struct preview_film *film,
                        struct err *err)
{
    struct film_progress progress = {
        .screen = screen,
        .from_ms = film->from_ms,
        .rate = llround(film->fps * THOUSANDTHS),
        .is_terminal = isatty(STDERR_FILENO) == 1,
        .begin_ns = clock_mono_ns(),
    };
    const struct film_writer_config config = {screen->canvas.width_px, screen->canvas.height_px,
                                              progress.rate, THOUSANDTHS};
    struct sigaction old[SIGNALS];
    const struct sigaction action = {.sa_handler = note_signal};
    /* All frames that begin before the end. */
    int64_t length = (film->to_ms - film->from_ms) * progress.rate;
    progress.count = (length + INT64_C(1000) * THOUSANDTHS - 1) / (INT64_C(1000) * THOUSANDTHS);
    interrupted = 0;
    for (int i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &action, &old[i]);
    progress.writer = film_writer_create(film->path, &config, err);
    bool ok = progress.writer && write_film_frames(&progress, err);
    if (progress.is_terminal)
        fputs("\r\033[K", stderr);
    show_finish(&progress.show);
    film_writer_destroy(progress.writer);
    for (int i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &old[i], NULL);
    return ok;
}
