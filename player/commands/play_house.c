/* The house card of the play command: what is shown where nothing is scheduled, or there is no
 * playlist yet. */
#include "commands/play_internal.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/host.h"
#include "base/log.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_MODULE "play_house"

#define LOOK_NS INT64_C(5000000000)

/* A playlist of the option's card alone. A path is put in the place of "card": what a playlist may
 * name is less than what an option may. */
static struct edition *create_house_edition(const char *value)
{
    char text[256];
    bool is_color = value[0] == '#';
    snprintf(text, sizeof text,
             "{\"format\":\"duckling/1\",\"house\":\"%.16s\","
             "\"spots\":{\"card\":{\"background\":\"%.16s\"}}}",
             is_color ? value : "card", is_color ? value : "#000");
    struct playlist_faults faults = {0};
    struct playlist *playlist = playlist_parse(text, strlen(text), &faults);
    playlist_faults_finish(&faults);
    char **paths = playlist ? calloc(playlist->asset_count + 1, sizeof *paths) : NULL;
    if (paths && playlist->asset_count > 0)
        paths[0] = strdup(value);
    if (!paths || (playlist->asset_count > 0 && !paths[0])) {
        free(paths);
        playlist_destroy(playlist);
        return NULL;
    }
    struct edition *edition = edition_create(playlist, paths, value);
    if (edition)
        edition->is_one_file = !is_color;
    return edition;
}

bool play_house_start(struct play *play, struct err *err)
{
    char state[PATH_MAX - 16];
    const char *value = play_option(play, SETTING_HOUSE)->text;
    feed_find_state(play_option(play, SETTING_STATE)->text, state, sizeof state);
    snprintf(play->house.marker, sizeof play->house.marker, "%s/shown", state);
    play->house.was_shown = access(play->house.marker, F_OK) == 0;
    if (!value)
        return true;
    play->house.edition = create_house_edition(value);
    play->playout.house = play->house.edition;
    return play->house.edition || err_oom(err);
}

static void look_up_host(struct play_house *house)
{
    char name[HOST_NAME_BYTES], address[HOST_ADDRESS_BYTES];
    int64_t now_ns = clock_mono_ns();
    if (house->looked_ns && now_ns - house->looked_ns < LOOK_NS)
        return;
    house->looked_ns = now_ns;
    host_find_name(name);
    host_find_address(address);
    snprintf(house->host, sizeof house->host, "%s%s%s", name, *name && *address ? ", " : "",
             *address ? address : "");
}

void play_house_words(struct play *play, char *words, size_t words_bytes)
{
    words[0] = '\0';
    if (play->house.was_shown && !play->trouble.words[0] && !play->trouble.feed[0])
        return;
    look_up_host(&play->house);
    int used = snprintf(words, words_bytes, "%s\n", play->house.host);
    if (used > 0 && (size_t)used < words_bytes)
        play_house_reason(play, words + used, words_bytes - (size_t)used);
}

void play_house_reason(struct play *play, char *words, size_t words_bytes)
{
    const struct play_trouble *trouble = &play->trouble;
    words[0] = '\0';
    if (trouble->words[0] || trouble->feed[0])
        snprintf(words, words_bytes, "%s", trouble->words[0] ? trouble->words : trouble->feed);
    else if (play->feed)
        feed_describe(play->feed, words, words_bytes);
}

/* Writes the marker; its path is the thread's. Without one the player introduces itself once
 * more. */
static void *write_marker(void *context)
{
    static const char text[] =
        "A picture was shown by this player: its house card is without words "
        "since.\n";
    char *path = context, *slash = strrchr(path, '/');
    struct err err = {0};
    *slash = '\0';
    bool ok = file_make_folders(path, &err);
    *slash = '/';
    if (!ok || !file_replace(path, text, sizeof text - 1, &err))
        log_warn("cannot remember that a picture was shown path=\"%s\" reason=\"%s\"", path,
                 err.text);
    free(path);
    return NULL;
}

void play_house_note_shown(struct play *play)
{
    pthread_t thread;
    sigset_t all, before;
    if (play->house.was_shown)
        return;
    play->house.was_shown = true;
    char *path = strdup(play->house.marker);
    if (!path)
        return;
    sigfillset(&all); /* signals are the main thread's */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (pthread_create(&thread, NULL, write_marker, path) == 0)
        pthread_detach(thread);
    else
        free(path);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void play_house_finish(struct play *play)
{
    edition_destroy(play->house.edition);
    play->house.edition = NULL;
}
