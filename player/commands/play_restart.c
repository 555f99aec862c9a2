/* The screen of the play command over a restart of the player: the service manager keeps the
 * graphics card open meanwhile, so that the picture stays on, and the next player goes on from
 * that. */
#include "commands/play_internal.h"

#include "base/clock.h"
#include "base/log.h"

#define LOG_MODULE "play_restart"

/* For so long the last picture of the player before is better than a house card: a playlist is
 * fetched or checked meanwhile, the lengths of films are looked up. */
#define PATIENCE_NS INT64_C(60000000000)

static void keep_card(void *context, int fd)
{
    service_manager_keep(context, fd);
}

static bool keeps_card(void *context)
{
    return service_manager_keeps(context);
}

static void forget_card(void *context)
{
    service_manager_forget(context);
}

void play_restart_begin(struct play *play)
{
    struct err err = {0};
    int inherited;
    if (!service_manager_take_kept(&play->manager, &inherited, &err))
        log_warn("cannot take what the service manager has kept reason=\"%s\"", err.text);
    play->keeper = (struct card_keeper){&play->manager, keep_card, keeps_card, forget_card};
    display_keep_card(&play->keeper, inherited);
}

bool play_restart_show_inherited(struct play *play, double show_ms)
{
    struct picture *picture = display_take_inherited(play->display);
    if (!picture)
        return false;
    log_info("the picture of the player before stays on screen until the first of this one");
    service_manager_set_status(&play->manager, "starting, with the picture of the player before");
    play->inherited_id = picture->id;
    show_start(&play->show, picture, show_ms);
    picture_release(picture);
    return true;
}

bool play_restart_is_inherited_on(const struct play *play)
{
    const struct show *show = &play->show;
    return play->inherited_id && show->settled.picture && !show->incoming.key &&
           show->settled.picture->id == play->inherited_id;
}

bool play_restart_is_waiting(const struct play *play, double show_ms)
{
    return play_restart_is_inherited_on(play) && clock_mono_ns() - play->opened_ns < PATIENCE_NS &&
           !playout_is_left_out(&play->playout, show_ms);
}

/* Not by the house card where there is no playlist yet, or before it is drawn. */
bool play_restart_may_replace(const struct play *play, const struct picture *picture)
{
    return play->playout.programme &&
           (picture->name[0] != '\0' || picture->visual || picture->text);
}
