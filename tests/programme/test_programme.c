/* Plays the text files beside it: playlists, instants, and what has to be on screen then.
 *
 *     # A comment.
 *     zone Asia/Seoul
 *     film clip.mp4 15000
 *     playlist
 *     { ... }
 *     end
 *     case Opens at nine
 *     2026-02-06T09:00:00.250  card > a 0.25  until 09:00:01  daypart 0  slot 09:00:00 09:00:10
 *     2026-02-06T23:00:00      card
 *     2026-02-06T09:00:00      then a b a
 *     2026-02-06T09:00:00      shares 23:00:00 0.5 0.25 0.25
 *
 * A line holds an instant (local time of the zone unless it has an offset) and the scene: a spot or
 * `card`, or two with the mix between them. `until` is the next change, `slot` start and end of the
 * incoming one, `then` the spots of the slots from there on; `shares` counts the slots from there
 * to an instant: the parts of that time which the dayparts have, from schedule[0] on. Where only
 * the time of day is given the date (and offset) is the line's. zone (one of tests/zones), film and
 * playlist hold for all cases below them; `playlist FILE` names a file, from the repository's root;
 * `film - 0` forgets all films. */
#include "base/file.h"
#include "base/zone.h"
#include "programme/programme.h"
#include "../unit/sample_zones.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define CASES_MAX 200
#define FILES_MAX 40
#define LINES_MAX 60
#define FILMS_MAX 8
#define DAYPARTS_MAX 8
#define FILE_BYTES_MAX ((size_t)1 << 20)

/* All texts point into the file's bytes, which live until the end. */
struct script {
    char title[160];
    const char *file, *zone, *playlist;
    const char *films[FILMS_MAX];
    size_t film_count;
    char *lines[LINES_MAX];
    int numbers[LINES_MAX];
    size_t line_count;
};

/* A case while it is played; `line` is the one to blame. */
struct stage {
    const struct script *script;
    int line;
    struct playlist_faults faults;
    struct playlist *playlist;
    struct zone zone;
    struct programme *programme;
};

static struct script scripts[CASES_MAX];
static size_t script_count;
static char *files_bytes[FILES_MAX];
static size_t file_count;

static void check(const struct stage *stage, bool ok, const char *what)
{
    if (!ok)
        fail_msg("%s:%d: %s", stage->script->file, stage->line, what);
}

/* An instant in full, or a time of day on the date, and with the offset, of `on`. */
static int64_t read_instant(const struct stage *stage, const char *text, const char *on)
{
    char full[80];
    bool local;
    int64_t ms = 0;
    const char *offset = strlen(on) > 16 ? on + 16 + strcspn(on + 16, "+-Z") : "";
    if (!strchr(text, 'T')) {
        snprintf(full, sizeof full, "%.11s%s%s", on, text, offset);
        text = full;
    }
    if (!civil_parse_instant(text, &local, &ms))
        fail_msg("%s:%d: no instant: %s", stage->script->file, stage->line, text);
    return local ? civil_instant(&stage->zone.civil, ms) : ms;
}

static const char *spot_name(const struct stage *stage, const struct programme_slot *slot)
{
    return slot->spot < 0 ? "card" : stage->playlist->spots[slot->spot].name;
}

static void check_name(const struct stage *stage, const struct programme_slot *slot,
                       const char *expected)
{
    if (strcmp(spot_name(stage, slot), expected) != 0)
        fail_msg("%s:%d: %s is on, not %s", stage->script->file, stage->line,
                 spot_name(stage, slot), expected);
}

static void check_instant(const struct stage *stage, const char *what, int64_t actual_ms,
                          int64_t expected_ms)
{
    char actual[40], expected[40];
    civil_format(&stage->zone.civil, actual_ms, actual);
    civil_format(&stage->zone.civil, expected_ms, expected);
    if (actual_ms != expected_ms)
        fail_msg("%s:%d: %s is %s, not %s", stage->script->file, stage->line, what, actual,
                 expected);
}

static char *next_word(char **rest)
{
    char *word;
    do
        word = strsep(rest, " \t");
    while (word && !*word);
    return word;
}

static char *need_word(const struct stage *stage, char **rest)
{
    char *word = next_word(rest);
    check(stage, word != NULL, "a word is missing");
    return word;
}

/* NAME, or NAME > NAME MIX. Returns the word after it. */
static char *check_scene(const struct stage *stage, const struct programme_scene *scene, char *word,
                         char **rest)
{
    char *first = word;
    word = next_word(rest);
    if (!word || strcmp(word, ">") != 0) {
        check_name(stage, &scene->to, first);
        check(stage, !scene->has_from, "a transition is running");
        check(stage, scene->mix == 1, "mix is not 1");
        return word;
    }
    check_name(stage, &scene->to, need_word(stage, rest));
    check(stage, scene->has_from, "no transition is running");
    check_name(stage, &scene->from, first);
    check_instant(stage, "the outgoing slot's end", scene->from.end_ms, scene->to.start_ms);
    double mix = strtod(need_word(stage, rest), NULL);
    if (scene->mix < mix - 0.0005 || scene->mix > mix + 0.0005)
        fail_msg("%s:%d: mix is %f, not %f", stage->script->file, stage->line, scene->mix, mix);
    return next_word(rest);
}

static void check_then(const struct stage *stage, struct programme_slot slot, char **rest)
{
    for (char *name = need_word(stage, rest); name; name = next_word(rest)) {
        check_name(stage, &slot, name);
        struct programme_slot next = programme_next_slot(stage->programme, &slot);
        check_instant(stage, "the next slot's start", next.start_ms, slot.end_ms);
        slot = next;
    }
}

/* The slots from `slot` to the instant that comes first in `rest`, against the shares after it. */
static void check_shares(const struct stage *stage, struct programme_slot slot, const char *on,
                         char **rest)
{
    int64_t given_ms[DAYPARTS_MAX] = {0}, start_ms = slot.start_ms;
    int64_t until_ms = read_instant(stage, need_word(stage, rest), on);
    check(stage, until_ms > start_ms, "the end is not after the start");
    while (slot.start_ms < until_ms) {
        check(stage, slot.daypart >= 0 && slot.daypart < DAYPARTS_MAX, "no daypart is running");
        given_ms[slot.daypart] += slot.end_ms - slot.start_ms;
        slot = programme_next_slot(stage->programme, &slot);
    }
    check_instant(stage, "the last slot's end", slot.start_ms, until_ms);
    int daypart = 0;
    for (char *word = need_word(stage, rest); word; word = next_word(rest), daypart++) {
        check(stage, daypart < DAYPARTS_MAX, "too many shares");
        double share = (double)given_ms[daypart] / (double)(until_ms - start_ms);
        double wanted = strtod(word, NULL);
        if (share < wanted - 0.0005 || share > wanted + 0.0005)
            fail_msg("%s:%d: daypart %d has %f, not %f", stage->script->file, stage->line, daypart,
                     share, wanted);
    }
    for (; daypart < DAYPARTS_MAX; daypart++)
        check(stage, !given_ms[daypart], "a daypart that is not listed has a share");
}

static void play_line(struct stage *stage, const char *line)
{
    char copy[512], *rest = copy;
    snprintf(copy, sizeof copy, "%s", line);
    const char *at = need_word(stage, &rest);
    int64_t t_ms = read_instant(stage, at, at);
    struct programme_scene scene = programme_scene_at(stage->programme, t_ms);
    char *word = need_word(stage, &rest);
    if (strcmp(word, "then") == 0) {
        check_then(stage, scene.to, &rest);
        return;
    }
    if (strcmp(word, "shares") == 0) {
        check_instant(stage, "the slot's start", scene.to.start_ms, t_ms);
        check_shares(stage, scene.to, at, &rest);
        return;
    }
    for (word = check_scene(stage, &scene, word, &rest); word; word = next_word(&rest)) {
        if (strcmp(word, "until") == 0) {
            check_instant(stage, "the next change", programme_next_change(stage->programme, t_ms),
                          read_instant(stage, need_word(stage, &rest), at));
        } else if (strcmp(word, "slot") == 0) {
            check_instant(stage, "the slot's start", scene.to.start_ms,
                          read_instant(stage, need_word(stage, &rest), at));
            check_instant(stage, "the slot's end", scene.to.end_ms,
                          read_instant(stage, need_word(stage, &rest), at));
        } else if (strcmp(word, "daypart") == 0) {
            int daypart = (int)strtol(need_word(stage, &rest), NULL, 10);
            check(stage, scene.to.source == PROGRAMME_DAYPART, "no daypart is running");
            check(stage, scene.to.daypart == daypart, "another daypart is running");
        } else if (strcmp(word, "fallback") == 0) {
            check(stage, scene.to.source == PROGRAMME_FALLBACK, "this is not the fallback");
        } else {
            fail_msg("%s:%d: unknown word %s", stage->script->file, stage->line, word);
        }
    }
}

static int32_t *read_films(const struct stage *stage)
{
    const struct script *script = stage->script;
    int32_t *film_ms = calloc(stage->playlist->asset_count + 1, sizeof *film_ms);
    assert_non_null(film_ms);
    for (size_t i = 0; i < script->film_count; i++) {
        char copy[256], *rest = copy;
        snprintf(copy, sizeof copy, "%s", script->films[i]);
        const char *path = need_word(stage, &rest);
        long length_ms = strtol(need_word(stage, &rest), NULL, 10);
        bool found = false;
        for (size_t j = 0; j < stage->playlist->asset_count; j++) {
            if (strcmp(stage->playlist->assets[j].path, path) == 0) {
                film_ms[j] = (int32_t)length_ms;
                found = true;
            }
        }
        check(stage, found, "the playlist has no such film");
    }
    return film_ms;
}

static int open_stage(void **state)
{
    struct stage *stage = calloc(1, sizeof *stage);
    assert_non_null(stage);
    stage->script = *state;
    *state = stage;
    return 0;
}

static int close_stage(void **state)
{
    struct stage *stage = *state;
    programme_destroy(stage->programme);
    playlist_destroy(stage->playlist);
    playlist_faults_finish(&stage->faults);
    zone_finish(&stage->zone);
    free(stage);
    return 0;
}

static void play(void **state)
{
    struct stage *stage = *state;
    const struct script *script = stage->script;
    struct err err = {0};
    assert_non_null(script->playlist);
    stage->playlist = playlist_parse(script->playlist, strlen(script->playlist), &stage->faults);
    if (!stage->playlist)
        fail_msg("%s: %s: %s", script->file, stage->faults.items[0].path,
                 stage->faults.items[0].text);
    /* The player's rule: the playlist's own zone, else that of the machine. */
    const char *zone = stage->playlist->timezone ? stage->playlist->timezone : script->zone;
    if (!zone_load(&stage->zone, zone ? zone : "UTC", &err))
        fail_msg("%s: %s", script->file, err.text);
    int32_t *film_ms = read_films(stage);
    stage->programme = programme_create(stage->playlist, &stage->zone.civil, film_ms);
    free(film_ms);
    assert_non_null(stage->programme);
    assert_true(script->line_count > 0);
    for (size_t i = 0; i < script->line_count; i++) {
        stage->line = script->numbers[i];
        play_line(stage, script->lines[i]);
    }
}

static void begin_case(const char *file, const char *title)
{
    struct script *last = script_count ? &scripts[script_count - 1] : NULL;
    if (script_count == CASES_MAX)
        abort();
    struct script *script = &scripts[script_count++];
    /* What stands above the first case of a file is a case without a title that the first one takes
     * over. */
    if (last && last->file == file)
        *script = *last;
    script->file = file;
    script->line_count = 0;
    const char *slash = strrchr(file, '/');
    snprintf(script->title, sizeof script->title, "%.60s: %.90s", slash ? slash + 1 : file, title);
}

/* Takes the lines up to `end` as one text, in place. */
static const char *take_playlist(const char *file, char **rest, int *number)
{
    char *start = *rest, *stop = start ? strstr(start, "\nend\n") : NULL;
    if (!stop) {
        fprintf(stderr, "Bail out! %s:%d: playlist without an end\n", file, *number);
        exit(1);
    }
    *stop = '\0';
    for (const char *c = start; *c; c++)
        *number += *c == '\n';
    *number += 2;
    *rest = stop + strlen("\nend\n");
    return start;
}

/* The bytes of a file, until the end. */
static char *keep_file(const char *file)
{
    if (file_count == FILES_MAX)
        abort();
    size_t size;
    struct err err = {0};
    if (!file_read(file, FILE_BYTES_MAX, &files_bytes[file_count], &size, &err)) {
        fprintf(stderr, "Bail out! %s\n", err.text);
        exit(1);
    }
    return files_bytes[file_count++];
}

static const char *after(const char *line, const char *word)
{
    size_t length = strlen(word);
    return strncmp(line, word, length) == 0 ? line + length : NULL;
}

static void read_script_line(char *line, char **rest, int *number)
{
    struct script *script = &scripts[script_count - 1];
    const char *value;
    if (*line == '#' || !line[strspn(line, " \t")])
        return;
    if ((value = after(line, "case ")))
        begin_case(script->file, value);
    else if ((value = after(line, "zone ")))
        script->zone = value;
    else if (after(line, "film - "))
        script->film_count = 0;
    else if ((value = after(line, "film ")) && script->film_count < FILMS_MAX)
        script->films[script->film_count++] = value;
    else if (strcmp(line, "playlist") == 0)
        script->playlist = take_playlist(script->file, rest, number);
    else if ((value = after(line, "playlist ")))
        script->playlist = keep_file(value);
    else if (script->line_count < LINES_MAX) {
        script->numbers[script->line_count] = *number;
        script->lines[script->line_count++] = line;
    } else
        abort();
}

static void read_script(const char *file)
{
    char *bytes = keep_file(file);
    int number = 0;
    begin_case(file, "before any case");
    for (char *rest = bytes, *line; (line = strsep(&rest, "\n"));) {
        number++;
        read_script_line(line, &rest, &number);
    }
}

int main(void)
{
    sample_zones_use();
    static struct CMUnitTest tests[CASES_MAX];
    size_t count = 0;
    glob_t files;
    if (glob("tests/programme/*.txt", 0, NULL, &files) != 0) {
        fprintf(stderr, "Bail out! no tests/programme/*.txt below the working directory\n");
        return 1;
    }
    for (size_t i = 0; i < files.gl_pathc; i++)
        read_script(files.gl_pathv[i]);
    for (size_t i = 0; i < script_count; i++) {
        if (scripts[i].line_count > 0)
            tests[count++] =
                (struct CMUnitTest){scripts[i].title, play, open_stage, close_stage, &scripts[i]};
    }
    int failed = _cmocka_run_group_tests("programme", tests, count, NULL, NULL);
    globfree(&files);
    while (file_count > 0)
        free(files_bytes[--file_count]);
    return failed;
}
