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
#define AFTER_MS 1

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
enum { SIGNALS = sizeof signals / sizeof *signals };

static volatile sig_atomic_t interrupted;

static void interrupt(int number)
{
    interrupted = number;
}

/* One film that is being written. */
struct writing {
    struct preview_screen *wall;
    struct encode *encode;
    struct show show;
    struct display_mix last; /* what was drawn last; its pictures are held by the show */
    int64_t from_ms, count;
    int64_t rate; /* frames in THOUSANDTHS seconds */
    bool is_terminal;
    int64_t begin_ns, told_ns;
};

/* When a frame's wall is looked at: a moment after the frame begins, for films' own times are
 * rounded, in Matroska to whole milliseconds, and a picture of theirs that begins with the frame
 * belongs into it. Rate and stretch are whole numbers: nothing adds up over a day. */
static double instant_of(const struct writing *writing, int64_t frame)
{
    return (double)writing->from_ms + AFTER_MS +
           (double)(frame * 1000 * THOUSANDTHS) / (double)writing->rate;
}

static void tell(struct writing *writing, int64_t done)
{
    static const char full[CELLS + 1] = "########################";
    int64_t now_ns = clock_mono_ns();
    if (!writing->is_terminal || (done < writing->count && now_ns - writing->told_ns < DRAW_NS))
        return;
    writing->told_ns = now_ns;
    double part = (double)done / (double)writing->count;
    double seconds = (double)(now_ns - writing->begin_ns) / 1e9;
    /* \033[K: erase to the end of the line (ECMA-48). */
    fprintf(stderr, "\rwriting [%-*.*s] %3.0f %%  %" PRId64 " of %" PRId64 " frames  %.1f/s\033[K",
            CELLS, (int)(part * CELLS), full, part * 100, done, writing->count,
            seconds > 0 ? (double)done / seconds : 0);
}

/* The show goes on from frame to frame as a player's does: what can't be shown leaves what is
 * there. */
static bool draw(struct writing *writing, int64_t frame, struct err *err)
{
    struct preview_screen *wall = writing->wall;
    struct show_wish wish = preview_screen_settle(wall, instant_of(writing, frame));
    if (frame == 0 && !preview_screen_join(&writing->show, &wish, err))
        return false;
    struct show_frame next = show_step(&writing->show, &wish);
    if (next.needs_freeze &&
        (!display_show(wall->display, &writing->last, err) || !display_freeze(wall->display, err)))
        return false;
    writing->last = next.mix;
    return display_capture(wall->display, &next.mix, &wall->canvas, err);
}

static bool write_all(struct writing *writing, struct err *err)
{
    for (int64_t frame = 0; frame < writing->count; frame++) {
        if (!draw(writing, frame, err))
            return false;
        if (interrupted)
            return err_set(err, ERR_INPUT, "interrupted: no film is written");
        if (!film_writer_add(writing->encode, &writing->wall->canvas, err))
            return false;
        tell(writing, frame + 1);
    }
    return film_writer_finish(writing->encode, err);
}

bool preview_film_write(struct preview_screen *wall, const struct preview_film *film,
                        struct err *err)
{
    struct writing writing = {
        .wall = wall,
        .from_ms = film->from_ms,
        .rate = llround(film->fps * THOUSANDTHS),
        .is_terminal = isatty(STDERR_FILENO) == 1,
        .begin_ns = clock_mono_ns(),
    };
    const struct film_writer_config config = {wall->canvas.width_px, wall->canvas.height_px,
                                              writing.rate, THOUSANDTHS};
    struct sigaction old[SIGNALS];
    const struct sigaction action = {.sa_handler = interrupt};
    /* Each frame that begins before the end. */
    int64_t length = (film->to_ms - film->from_ms) * writing.rate;
    writing.count = (length + INT64_C(1000) * THOUSANDTHS - 1) / (INT64_C(1000) * THOUSANDTHS);
    interrupted = 0;
    for (int i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &action, &old[i]);
    writing.encode = film_writer_create(film->path, &config, err);
    bool ok = writing.encode && write_all(&writing, err);
    if (writing.is_terminal)
        fputs("\r\033[K", stderr);
    show_finish(&writing.show);
    film_writer_destroy(writing.encode);
    for (int i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &old[i], NULL);
    return ok;
}
