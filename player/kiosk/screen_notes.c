#include "kiosk/screen_notes.h"

#include "base/file.h"
#include "base/hash.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define FIRST_LINE "duckling on-screen 1"
#define RUNNING "running"
#define ENDED "ended"
#define LAST_LINE "end"
#define NOTES_BYTES_MAX 8192

static_assert(CRASH_LOOP_PLAYLIST_BYTES == HASH_BYTES, "playlists are named by their hash");

/* The first folder of the variable's list. */
static MUST_CHECK bool find_folder(char folder[PATH_MAX], struct err *err)
{
    const char *list = getenv("RUNTIME_DIRECTORY");
    size_t length = list ? strcspn(list, ":") : 0;
    folder[0] = '\0';
    if (length == 0)
        return true;
    if (list[0] != '/' || length > PATH_MAX / 2)
        return err_set(err, ERR_INPUT, "RUNTIME_DIRECTORY is no path: \"%.100s\"", list);
    memcpy(folder, list, length);
    folder[length] = '\0';
    return true;
}

static MUST_CHECK bool lock_folder(struct screen_notes *notes, const char *folder, struct err *err)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%.3000s/on-screen.lock", folder);
    notes->lock = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (notes->lock < 0)
        return err_set_errno(err, ERR_SYSTEM, errno, "%s", path);
    if (flock(notes->lock, LOCK_EX | LOCK_NB) == 0)
        return true;
    close(notes->lock);
    return err_set(err, ERR_SYSTEM, "another player notes what is on its screen in %.300s", folder);
}

/* Takes a whole number and the space behind it. */
static bool take_number(const char **text, int64_t *number)
{
    char *end;
    errno = 0;
    long long value = strtoll(*text, &end, 10);
    if (**text < '0' || **text > '9' || errno || *end != ' ')
        return false;
    *number = value;
    *text = end + 1;
    return true;
}

static int digit_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* A hash, a space, and a spot's name up to the end of the line. */
static bool take_place(const char *text, struct crash_loop_place *place)
{
    *place = (struct crash_loop_place){0};
    for (size_t i = 0; i < 2 * sizeof place->playlist; i++) {
        int value = digit_value(text[i]);
        if (value < 0)
            return false;
        place->playlist[i / 2] = (uint8_t)(place->playlist[i / 2] << 4 | value);
    }
    text += 2 * sizeof place->playlist;
    size_t length = *text == ' ' ? strlen(text + 1) : sizeof place->spot;
    if (length >= sizeof place->spot)
        return false;
    memcpy(place->spot, text + 1, length);
    return true;
}

static bool take_line(struct screen_notes *notes, const char *key, const char *value)
{
    struct crash_loop *loop = &notes->loop;
    if (strcmp(key, "shown") == 0)
        return take_place(value, &notes->crashed);
    if (strcmp(key, "crash") == 0 && loop->crash_count < CRASH_LOOP_CRASHES) {
        struct crash_loop_crash *crash = &loop->crashes[loop->crash_count++];
        return take_number(&value, &crash->at_ms) && take_place(value, &crash->place);
    }
    if (strcmp(key, "left-out") == 0 && loop->left_out_count < CRASH_LOOP_LEFT_OUT_MAX) {
        struct crash_loop_left_out *out = &loop->left_out[loop->left_out_count++];
        return take_number(&value, &out->since_ms) && take_number(&value, &out->until_ms) &&
               take_place(value, &out->place);
    }
    return false;
}

/* Takes the lines of the file apart, in place. */
static bool take_notes(struct screen_notes *notes, char *text)
{
    char *rest = text, *line = strsep(&rest, "\n");
    if (strcmp(line, FIRST_LINE) != 0)
        return false;
    line = strsep(&rest, "\n");
    notes->has_crashed = line && strcmp(line, RUNNING) == 0;
    if (!notes->has_crashed && (!line || strcmp(line, ENDED) != 0))
        return false;
    while ((line = strsep(&rest, "\n")) && strcmp(line, LAST_LINE) != 0) {
        char *space = strchr(line, ' ');
        if (!space)
            return false;
        *space = '\0';
        if (!take_line(notes, line, space + 1))
            return false;
    }
    return line != NULL;
}

static MUST_CHECK bool read_notes(struct screen_notes *notes, struct err *err)
{
    char *data;
    size_t size;
    if (!file_read_own(notes->path, NOTES_BYTES_MAX, &data, &size, err))
        return err->code == ERR_MISSING;
    bool ok = strlen(data) == size && take_notes(notes, data);
    free(data);
    if (ok)
        return true;
    notes->loop = (struct crash_loop){0};
    notes->has_crashed = false;
    return err_set(err, ERR_INPUT, "%s is damaged", notes->path);
}

bool screen_notes_start(struct screen_notes *notes, struct err *err)
{
    char folder[PATH_MAX];
    *notes = (struct screen_notes){0};
    if (!find_folder(folder, err))
        return false;
    if (!folder[0])
        return true;
    if (!lock_folder(notes, folder, err))
        return false;
    snprintf(notes->path, sizeof notes->path, "%.3000s/on-screen", folder);
    notes->is_there = true;
    return read_notes(notes, err);
}

static void append_line(char text[NOTES_BYTES_MAX], const char *begin,
                        const struct crash_loop_place *place)
{
    char hash[HASH_TEXT_BYTES];
    size_t used = strlen(text);
    hash_to_text(place->playlist, hash);
    snprintf(text + used, NOTES_BYTES_MAX - used, "%s %s %s\n", begin, hash, place->spot);
}

static MUST_CHECK bool write_file(const struct screen_notes *notes, const char *state,
                                  struct err *err)
{
    char text[NOTES_BYTES_MAX], begin[64];
    const struct crash_loop *loop = &notes->loop;
    snprintf(text, sizeof text, "%s\n%s\n", FIRST_LINE, state);
    append_line(text, "shown", &notes->place);
    for (int i = 0; i < loop->crash_count; i++) {
        snprintf(begin, sizeof begin, "crash %" PRId64, loop->crashes[i].at_ms);
        append_line(text, begin, &loop->crashes[i].place);
    }
    for (int i = 0; i < loop->left_out_count; i++) {
        const struct crash_loop_left_out *out = &loop->left_out[i];
        snprintf(begin, sizeof begin, "left-out %" PRId64 " %" PRId64, out->since_ms,
                 out->until_ms);
        append_line(text, begin, &out->place);
    }
    size_t used = strlen(text);
    snprintf(text + used, sizeof text - used, "%s\n", LAST_LINE);
    return file_replace(notes->path, text, strlen(text), err);
}

bool screen_notes_write(struct screen_notes *notes, const struct crash_loop_place *place,
                        struct err *err)
{
    if (!notes->is_there)
        return true;
    notes->place = *place;
    return write_file(notes, RUNNING, err);
}

void screen_notes_finish(struct screen_notes *notes)
{
    if (!notes->is_there)
        return;
    (void)!write_file(notes, ENDED, NULL); /* one crash more is counted then, which is none alone */
    close(notes->lock);
    notes->is_there = false;
}
