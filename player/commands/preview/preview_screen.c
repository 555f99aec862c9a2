#include "commands/preview/preview_screen.h"

#include "base/clock.h"
#include "decode/worker_process.h"

#include <limits.h>
#include <stdlib.h>

#define HUNG_UP_MS 5

bool preview_screen_init(struct preview_screen *wall, const struct loader_config *config,
                         struct err *err)
{
    const struct display_config display = {.renderer = DISPLAY_MEMORY,
                                           .width_px = config->screen_width_px,
                                           .height_px = config->screen_height_px};
    wall->canvas = (struct canvas){.stride_bytes = (size_t)config->screen_width_px * 4,
                                   .width_px = config->screen_width_px,
                                   .height_px = config->screen_height_px};
    wall->canvas.pixels = malloc(wall->canvas.stride_bytes * (size_t)config->screen_height_px);
    wall->display = display_create(&display, err);
    wall->loader = loader_create(config);
    if (!wall->canvas.pixels || !wall->loader)
        return err_oom(err);
    return wall->display != NULL;
}

void preview_screen_finish(struct preview_screen *wall)
{
    loader_destroy(wall->loader);
    playout_finish(&wall->playing);
    display_destroy(wall->display);
    worker_process_reap(true);
    free(wall->canvas.pixels);
    *wall = (struct preview_screen){0};
}

/* Lines that were hung up stay readable for ever: those of films that have come to their end. What
 * they may still hold is looked at soon. */
static void wait_for(struct pollfd *fds, int count, int64_t left_ms)
{
    int open_count = 0;
    left_ms = left_ms < 0 ? 0 : left_ms > INT_MAX ? INT_MAX : left_ms;
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

bool preview_screen_wait(const struct preview_screen *wall)
{
    struct pollfd fds[LOADER_FDS_MAX];
    int64_t deadline_ns = INT64_MAX;
    int count = loader_poll_fds(wall->loader, fds, &deadline_ns);
    if (deadline_ns == INT64_MAX)
        return false;
    wait_for(fds, count, (deadline_ns - clock_mono_ns()) / 1000000 + 1);
    return true;
}

struct show_wish preview_screen_settle(struct preview_screen *wall, double show_ms)
{
    struct show_wish wish;
    do {
        struct picture *next;
        loader_poll(wall->loader);
        wish = playout_wish(&wall->playing, wall->loader, "", false, show_ms, &next);
        loader_end_round(wall->loader);
    } while (preview_screen_wait(wall));
    return wish;
}

bool preview_screen_join(struct show *show, const struct show_wish *wish, struct err *err)
{
    if (!wish->to.picture || (wish->has_from && !wish->from.picture))
        return err_set(err, ERR_INPUT, "the picture can't be shown");
    show->settled = wish->to;
    if (wish->has_from) {
        show->settled = wish->from;
        show->coming = wish->to;
        show->type = wish->type;
        picture_hold(wish->from.picture);
    }
    picture_hold(wish->to.picture);
    return true;
}

bool preview_screen_draw(struct preview_screen *wall, double show_ms, struct err *err)
{
    struct show show = {0};
    struct show_wish wish = preview_screen_settle(wall, show_ms);
    if (!preview_screen_join(&show, &wish, err))
        return false;
    struct show_frame frame = show_step(&show, &wish);
    bool ok = display_capture(wall->display, &frame.mix, &wall->canvas, err);
    show_finish(&show);
    return ok;
}
