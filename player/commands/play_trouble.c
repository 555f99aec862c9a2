/* Trouble in the play command: a service that cannot play what it was told to shows why on its house
 * card, and goes on looking, since a screen that is dark again and again tells nobody anything. Whoever
 * types the command gets an error at once instead. */
#include "commands/play_internal.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "play_trouble"

#define LOOK_NS INT64_C(2000000000)
#define TRY_NS INT64_C(5000000000)

/* What the settings are now tells later whether they have changed. */
static void remember_settings(struct play *play)
{
    struct err err = {0};
    play->trouble.looked_ns = clock_mono_ns();
    if (!play->trouble.seen)
        play->trouble.seen = play_read_again(play, true, &err);
}

bool play_trouble_take(struct play *play, bool is_invalid, const struct err *why)
{
    struct play_trouble *trouble = &play->trouble;
    if (!play->manager.is_there)
        return false;
    if (is_invalid)
        play_log_faults(&play->settings);
    else
        remember_settings(play);
    log_error("cannot do as configured, saying so on the screen reason=\"%s\"", why->text);
    if (trouble->words[0]) /* what was wrong first may be why the rest is */
        return true;
    trouble->is_invalid = is_invalid;
    memcpy(trouble->words, why->text, sizeof trouble->words);
    return true;
}

bool play_trouble_take_feed(struct play *play, const struct err *why)
{
    struct play_trouble *trouble = &play->trouble;
    if (!play->manager.is_there)
        return false;
    trouble->tried_ns = clock_mono_ns();
    remember_settings(play);
    if (strcmp(trouble->feed, why->text) != 0)
        log_error("cannot follow the source, trying again reason=\"%s\"", why->text);
    memcpy(trouble->feed, why->text, sizeof trouble->feed);
    return true;
}

static void free_settings(struct settings *settings)
{
    if (settings)
        settings_finish(settings);
    free(settings);
}

bool play_trouble_is_over(struct play *play, const struct settings *fresh)
{
    const struct play_trouble *trouble = &play->trouble;
    bool is_there = trouble->words[0] || trouble->feed[0];
    if (!is_there ||
        (!trouble->is_invalid && trouble->seen && play_is_same_settings(fresh, trouble->seen)))
        return false;
    log_info("configuration has changed, starting again");
    play->stop = play->restart = true;
    return true;
}

/* Another fault than before is logged, and takes its place on the screen. */
static void note_fault(struct play *play, const struct err *why)
{
    struct play_trouble *trouble = &play->trouble;
    struct err err = {0};
    if (strcmp(trouble->words, why->text) == 0)
        return;
    memcpy(trouble->words, why->text, sizeof trouble->words);
    free_settings(play_read_again(play, false, &err)); /* logs the faults */
    log_error("cannot do as configured, saying so on the screen reason=\"%s\"", why->text);
}

static void look_at_configuration(struct play *play)
{
    struct err err = {0};
    struct settings *fresh = play_read_again(play, true, &err);
    if (!fresh)
        note_fault(play, &err);
    else
        (void)play_trouble_is_over(play, fresh);
    free_settings(fresh);
}

static void try_feed(struct play *play)
{
    struct err err = {0};
    if (!play_start_feed(play, &err)) {
        (void)play_trouble_take_feed(play, &err);
        return;
    }
    log_info("source can be followed now");
    play->trouble.feed[0] = '\0';
}

void play_trouble_turn(struct play *play)
{
    struct play_trouble *trouble = &play->trouble;
    int64_t now_ns = clock_mono_ns();
    if (!trouble->words[0] && !trouble->feed[0])
        return;
    if (!play->feed && !trouble->is_invalid && now_ns - trouble->tried_ns >= TRY_NS)
        try_feed(play);
    if (now_ns - trouble->looked_ns < LOOK_NS)
        return;
    trouble->looked_ns = now_ns;
    look_at_configuration(play);
}

void play_trouble_finish(struct play *play)
{
    free_settings(play->trouble.seen);
    play->trouble.seen = NULL;
}
