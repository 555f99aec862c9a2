/* Heat and memory in the play command: what the player does without, so that it goes on. */
#include "commands/play_internal.h"

#include "base/log.h"

#include <malloc.h>

#define LOG_MODULE "play_comfort"

void play_comfort_start(struct play *play)
{
    struct err err = {0};
    play->box_watch = box_watch_start("", 0, wakeup_post, play->wake, &err);
    if (!play->box_watch)
        log_warn("cannot watch heat and memory reason=\"%s\"", err.text);
}

static void log_heat(const struct heat *heat, enum heat_level before)
{
    double celsius = heat->worst.now / 1000.0, limit = heat->limit / 1000.0;
    if (heat->level < before && heat->level == HEAT_NONE)
        log_info("box has cooled down, showing motion again");
    else if (heat->level < before)
        log_info("box has cooled down, showing every frame again");
    else if (heat->level == HEAT_HOT)
        log_error("box is very hot, showing half the frames and no motion zone=\"%s\" celsius=%.0f "
                  "limit_celsius=%.0f",
                  heat->worst.name, celsius, limit);
    else
        log_warn("box is hot, showing no motion zone=\"%s\" celsius=%.0f limit_celsius=%.0f",
                 heat->worst.name, celsius, limit);
}

static void take_memory(struct play *play, const struct box_watch_state *state)
{
    play->playout.is_lean = state->memory_is_short;
    if (!state->memory_is_short) {
        log_info("memory is enough again");
        return;
    }
    malloc_trim(0);
    log_warn("memory is short, making pictures only shortly before they are shown "
             "some_percent=%.0f full_percent=%.0f",
             state->pressure.some, state->pressure.full);
}

void play_comfort_turn(struct play *play)
{
    struct box_watch_state state;
    if (play->box_watch && box_watch_take(play->box_watch, &state)) {
        if (state.heat.level != play->heat_level)
            log_heat(&state.heat, play->heat_level);
        play->heat_level = state.heat.level;
        if (state.memory_is_short != play->playout.is_lean)
            take_memory(play, &state);
    }
    play->show.is_still = play->heat_level >= HEAT_WARM;
    frame_timing_set_halved(&play->timing, play->heat_level >= HEAT_HOT);
}

void play_comfort_finish(struct play *play)
{
    box_watch_stop(play->box_watch);
    play->box_watch = NULL;
}
