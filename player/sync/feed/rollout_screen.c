/* What changes in a rollout where the screen is another one: its files are those for that shape. */
#include "sync/feed/rollout_internal.h"

#include "base/log.h"
#include "sync/feed/rollout_stored.h"

#include <stdlib.h>

#define LOG_MODULE "rollout_screen"

/* Marks which files of what is in force the screen needs. True where there are more than before.
 * Where that can't be found out, all are needed. */
static bool mark_needed(struct rollout *rollout)
{
    struct manifest *current = rollout->current;
    bool *needed = calloc(current->file_count + 1, sizeof *needed);
    struct playlist *playlist = needed ? rollout_read_current(rollout, NULL) : NULL;
    bool is_known = playlist && playlist->asset_count == current->file_count;
    bool more = false;
    if (is_known)
        feed_screen_find_needed(rollout->screen, playlist, needed);
    for (size_t i = 0; i < current->file_count; i++) {
        bool is_needed = !is_known || needed[i];
        more = more || (is_needed && current->files[i].spare);
        current->files[i].spare = !is_needed;
    }
    playlist_destroy(playlist);
    free(needed);
    return more;
}

/* Files that are in the store already need an edition that shows them, too. */
static void fetch_more(struct rollout *rollout)
{
    size_t missing = rollout_stored_missing(rollout->config.store, rollout->current);
    log_info("screen has another shape, fetching media files for it files=%zu source=\"%s\"",
             missing, rollout->config.shown);
    rollout->damaged = true;
    rollout_repair(rollout);
    if (!rollout->repair.playlist) /* no memory for it now */
        rollout->repair_due = true;
}

static void set_screen(struct rollout_pending *pending, struct feed_screen screen)
{
    if (!pending->playlist)
        return;
    feed_media_set_screen(pending->media, screen);
    pending->had = feed_media_done(pending->media);
}

void rollout_follow_screen(struct rollout *rollout)
{
    struct feed_screen screen = feed_screen_unpack(atomic_load(rollout->config.screen));
    if (feed_screen_is_same(screen, rollout->screen))
        return;
    rollout->screen = screen;
    set_screen(&rollout->pending, screen);
    set_screen(&rollout->repair, screen);
    if (rollout->in_force && screen.state != FEED_SCREEN_COMING && mark_needed(rollout))
        fetch_more(rollout);
}
