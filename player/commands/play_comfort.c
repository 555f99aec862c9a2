/* Heat and memory in the play command: what the player does without, so that it goes on. */
#include "commands/play_internal.h"

#include "base/clock.h"
#include "base/log.h"

#include <malloc.h>

#define LOG_MODULE "play_comfort"

void play_comfort_start(struct play *play)
{
    struct err err = {0};
    play->comfort.watch = box_watch_start("", 0, wakeup_post, play->wake, &err);
    if (!play->comfort.watch)
        log_warn("cannot watch heat and memory reason=\"%s\"", err.text);
}

/* A box that hovers at a limit for years is told of once an hour. */
static void log_heat(struct play_comfort *comfort, const struct heat *heat)
{
    double celsius = heat->worst.now / 1000.0, limit = heat->limit / 1000.0;
    bool is_hot = heat->level == HEAT_HOT;
    unsigned suppressed;
    if (heat->level == HEAT_NONE && log_throttle_recovered(&comfort->heat_logged))
        log_info("box has cooled down, showing motion again");
    if (heat->level <= comfort->heat_level ||
        !log_throttle_failed(&comfort->heat_logged, is_hot ? "hot" : "warm", clock_mono_ns(),
                             &suppressed))
        return;
    if (is_hot)
        log_error("box is very hot, showing half the frames and no motion zone=\"%s\" celsius=%.0f "
                  "limit_celsius=%.0f times=%u",
                  heat->worst.name, celsius, limit, suppressed + 1);
    else
        log_warn("box is hot, showing no motion zone=\"%s\" celsius=%.0f limit_celsius=%.0f "
                 "times=%u",
                 heat->worst.name, celsius, limit, suppressed + 1);
}

static void take_memory(struct play *play, const struct box_watch_state *state)
{
    struct log_throttle *logged = &play->comfort.memory_logged;
    unsigned suppressed;
    play->playout.is_lean = state->memory_is_short;
    if (state->memory_is_short)
        malloc_trim(0);
    if (!state->memory_is_short && log_throttle_recovered(logged))
        log_info("memory is enough again");
    if (state->memory_is_short &&
        log_throttle_failed(logged, "memory", clock_mono_ns(), &suppressed))
        log_warn("memory is short, making pictures only shortly before they are shown "
                 "some_percent=%.0f full_percent=%.0f times=%u",
                 state->pressure.some, state->pressure.full, suppressed + 1);
}

void play_comfort_turn(struct play *play)
{
    struct box_watch_state state;
    struct play_comfort *comfort = &play->comfort;
    if (comfort->watch && box_watch_take(comfort->watch, &state)) {
        log_heat(comfort, &state.heat);
        comfort->heat_level = state.heat.level;
        if (state.memory_is_short != play->playout.is_lean)
            take_memory(play, &state);
    }
    play->show.is_still = comfort->heat_level >= HEAT_WARM;
    frame_timing_set_halved(&play->timing, comfort->heat_level >= HEAT_HOT);
}

void play_comfort_finish(struct play *play)
{
    box_watch_stop(play->comfort.watch);
    play->comfort.watch = NULL;
}
