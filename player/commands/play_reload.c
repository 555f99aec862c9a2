/* SIGHUP in the play command: the configuration is read again, and taken while the picture goes on. */
#include "commands/play_internal.h"

#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "play_reload"

#define LIST_BYTES 512

/* What can change while the player plays. Pictures are made for a language and a direction. */
static const struct live {
    enum setting setting;
    bool pictures;
} lives[] = {
    {SETTING_OPERATING_HOURS, false}, {SETTING_DIMMING, false},   {SETTING_TAKEOVER_WAKES, false},
    {SETTING_PIXEL_SHIFT, false},     {SETTING_BANDWIDTH, false}, {SETTING_BANDWIDTH_HOURS, false},
    {SETTING_MAX_VOLUME, false},      {SETTING_MIN_SLOT, false}, /* for the next playlist */
    {SETTING_LOG_LEVEL, false}, /* settings_read has taken these two */
    {SETTING_LOG_FORMAT, false},      {SETTING_LANGUAGE, true},   {SETTING_ROTATE, true},
    {SETTING_DECODE_TIMEOUT, true},
};

static const struct live *find_live(size_t setting)
{
    for (size_t i = 0; i < sizeof lives / sizeof *lives; i++)
        if (lives[i].setting == setting)
            return &lives[i];
    return NULL;
}

static bool is_same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool is_same_value(const struct option_value *a, const struct option_value *b)
{
    if (a->text_count != b->text_count || a->number != b->number || !is_same_text(a->text, b->text))
        return false;
    for (int i = 0; i < a->text_count; i++)
        if (!is_same_text(a->texts[i], b->texts[i]))
            return false;
    return true;
}

bool play_is_same_settings(const struct settings *a, const struct settings *b)
{
    for (size_t i = 0; i < settings_table.count; i++)
        if (settings_table.rows[i].commands & SETTINGS_PLAY &&
            !is_same_value(&a->values[i], &b->values[i]))
            return false;
    return true;
}

/* getopt moves arguments about, so it gets a list of its own. */
struct settings *play_read_again(const struct play *play, bool quiet, struct err *err)
{
    int count = 0;
    while (play->arguments[count])
        count++;
    struct settings *settings = calloc(1, sizeof *settings);
    char **copy = calloc((size_t)count + 1, sizeof *copy);
    if (!settings || !copy) {
        free(settings);
        free(copy);
        err_oom(err);
        return NULL;
    }
    memcpy(copy, play->arguments, (size_t)count * sizeof *copy);
    bool ok = quiet ? settings_look(settings, play->command, count - 1, copy + 1, err)
                    : settings_read(settings, play->command, count - 1, copy + 1, err);
    free(copy);
    if (ok && play_has_source(settings, err))
        return settings;
    if (!quiet)
        play_log_faults(settings);
    settings_finish(settings);
    free(settings);
    return NULL;
}

void play_log_faults(const struct settings *settings)
{
    const struct config *config = &settings->config;
    for (int i = 0; i < config->fault_count && i < CONFIG_FAULTS_SHOWN_MAX; i++)
        log_error("configuration fault reason=\"%s\"", config->faults[i]);
}

static void append_name(char list[LIST_BYTES], const char *name)
{
    size_t used = strlen(list);
    snprintf(list + used, LIST_BYTES - used, "%s%s", used ? "," : "", name);
}

/* Takes what is live; names what has changed, and what has to wait. True where pictures have to be made
 * anew. */
static bool take_values(struct play *play, const struct settings *fresh, char taken[LIST_BYTES],
                        char waiting[LIST_BYTES])
{
    bool pictures = false;
    for (size_t i = 0; i < settings_table.count; i++) {
        const struct option_row *row = &settings_table.rows[i];
        struct option_value *own = &play->settings.values[i];
        const struct live *live = find_live(i);
        if (!(row->commands & play->command))
            continue;
        if (!is_same_value(own, &fresh->values[i])) {
            append_name(live ? taken : waiting, row->name);
            pictures |= live && live->pictures;
        }
        if (live)
            *own = fresh->values[i]; /* its text, too: the old one's is freed */
    }
    return pictures;
}

void play_take_volume(struct play *play)
{
    const struct option_value *volume = play_option(play, SETTING_MAX_VOLUME);
    play->playout.has_max_volume = volume->text != NULL;
    play->playout.max_volume = volume->number;
}

void play_reload(struct play *play)
{
    struct err err = {0};
    char taken[LIST_BYTES] = "", waiting[LIST_BYTES] = "";
    log_flush();
    struct settings *fresh = play_read_again(play, false, &err);
    if (!fresh) {
        log_error("configuration is wrong, keeping the one in force reason=\"%s\"", err.text);
        return;
    }
    if (play_trouble_is_over(play, fresh)) {
        settings_finish(fresh);
        free(fresh);
        return;
    }
    bool pictures = take_values(play, fresh, taken, waiting);
    play_reload_finish(play);
    play->reloaded = fresh;
    play_take_volume(play);
    if (!play_hours_set(play, &play->settings, &err) ||
        !play_bandwidth_set(play, &play->settings, &err) ||
        (pictures && !play_screen_load_again(play, &err)))
        log_error("cannot take the new configuration whole reason=\"%s\"", err.text);
    log_info("configuration read again taken=\"%s\"", taken);
    if (waiting[0])
        log_warn("options are not taken before the player starts again options=\"%s\"", waiting);
}

void play_reload_finish(struct play *play)
{
    if (!play->reloaded)
        return;
    settings_finish(play->reloaded);
    free(play->reloaded);
    play->reloaded = NULL;
}
