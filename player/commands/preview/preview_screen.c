#include "commands/preview/preview_screen.h"

#include "base/clock.h"
#include "decode/worker_process.h"

#include <limits.h>
#include <stdlib.h>

#define HUNG_UP_MS 5

bool preview_screen_init(struct preview_screen *screen, const struct loader_config *config,
                         struct err *err)
{
    const struct display_config display = {.renderer = DISPLAY_MEMORY,
                                           .width_px = config->screen_width_px,
                                           .height_px = config->screen_height_px};
    screen->canvas = (struct canvas){.stride_bytes = (size_t)config->screen_width_px * 4,
                                     .width_px = config->screen_width_px,
                                     .height_px = config->screen_height_px};
    screen->canvas.pixels = malloc(screen->canvas.stride_bytes * (size_t)config->screen_height_px);
    screen->display = display_create(&display, err);
    screen->loader = loader_create(config);
    if (!screen->canvas.pixels || !screen->loader)
        return err_oom(err);
    return screen->display != NULL;
}

/* All but the playout. */
static void close_screen(struct preview_screen *screen)
{
    loader_destroy(screen->loader);
    display_destroy(screen->display);
    worker_process_reap(true);
    free(screen->canvas.pixels);
    screen->loader = NULL;
    screen->display = NULL;
    screen->canvas.pixels = NULL;
}

bool preview_screen_change(struct preview_screen *screen, const struct loader_config *config,
                           struct err *err)
{
    close_screen(screen);
    return preview_screen_init(screen, config, err);
}

void preview_screen_finish(struct preview_screen *screen)
{
    close_screen(screen);
    playout_finish(&screen->playout);
    *screen = (struct preview_screen){0};
}

/* Waits until a worker has sent something. The socket of a worker that has ended stays readable
 * for ever, so it is waited for briefly, and then read once more. */
static void poll_workers(struct pollfd *fds, int count, int64_t left_ms)
{
    int open_count = 0;
    if (left_ms < 0)
        left_ms = 0;
    if (left_ms > INT_MAX)
        left_ms = INT_MAX;
    if (poll(fds, (nfds_t)count, 0) <= 0) {
        poll(fds, (nfds_t)count, (int)left_ms);
        return;
    }
    for (int i = 0; i < count; i++) {
        if (fds[i].revents && !(fds[i].revents & POLLHUP))
            return;
        if (!fds[i].revents)
            fds[open_count++] = fds[i];
    }
    poll(fds, (nfds_t)open_count, left_ms < HUNG_UP_MS ? (int)left_ms : HUNG_UP_MS);
}

bool preview_screen_wait(const struct preview_screen *screen)
{
    struct pollfd fds[LOADER_FDS_MAX];
    int64_t deadline_ns = INT64_MAX;
    int count = loader_poll_fds(screen->loader, fds, &deadline_ns);
    if (deadline_ns == INT64_MAX)
        return false;
    poll_workers(fds, count, (deadline_ns - clock_mono_ns()) / 1000000 + 1);
    return true;
}

struct show_request preview_screen_settle(struct preview_screen *screen, double show_ms)
{
    struct show_request request;
    do {
        struct picture *next;
        loader_poll(screen->loader);
        request = playout_request(&screen->playout, screen->loader, "", false, show_ms, &next);
        loader_end_round(screen->loader);
    } while (preview_screen_wait(screen));
    return request;
}

bool preview_screen_join(struct show *show, const struct show_request *request, struct err *err)
{
    if (!request->to.picture || (request->has_from && !request->from.picture))
        return err_set(err, ERR_INPUT, "cannot show the picture of this instant");
    show->settled = request->to;
    if (request->has_from) {
        show->settled = request->from;
        show->incoming = request->to;
        show->transition = request->transition;
        picture_hold(request->from.picture);
    }
    picture_hold(request->to.picture);
    return true;
}

bool preview_screen_draw(struct preview_screen *screen, double show_ms, struct err *err)
{
    struct show show = {0};
    struct show_request request = preview_screen_settle(screen, show_ms);
    if (!preview_screen_join(&show, &request, err))
        return false;
    struct show_frame frame = show_step(&show, &request);
    frame.mix.dim = playout_dim(&screen->playout, show_ms);
    bool ok = display_capture(screen->display, &frame.mix, &screen->canvas, err);
    show_finish(&show);
    return ok;
}
