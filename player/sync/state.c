#include "sync/state.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define LOG_MODULE "state"

#define FILE_BYTES_MAX 4096
#define NAME_BYTES 128
#define ENTRIES_MAX (1 + TRUST_KEYS_MAX)
#define KEYS_BYTES (TRUST_KEYS_MAX * STATE_KEY_BYTES)
#define SEAL_NAME "sha256 "
#define SEAL_BYTES (sizeof SEAL_NAME - 1 + HASH_TEXT_BYTES) /* with its line end */
#define DIGITS 16                                           /* of the hash in a file's name */
#define FLOOR_MS_MAX INT64_C(7258118400000)                 /* 2200-01-01, as far as zones go */
#define EXPIRES_MS_MAX INT64_C(253402300799999)             /* the end of 9999 */
#define LOCK_TRIES 20
#define LOCK_WAIT_MS 10

static const char suffix[] = ".state";
static const char no_key[] = "-";

/* The numbers of a state, in the order of a line of the file. */
enum { PLAYLIST, TAKEOVER, PLAYLIST_IN_FORCE, TAKEOVER_IN_FORCE, FLOOR, EXPIRES, NUMBERS };
static const int64_t number_max[NUMBERS] = {
    POINTER_VERSION_MAX, POINTER_VERSION_MAX, POINTER_VERSION_MAX,
    POINTER_VERSION_MAX, FLOOR_MS_MAX,        EXPIRES_MS_MAX,
};

/* What was signed by one key, or (the first of a file) by none in particular. */
struct entry {
    char key_id[STATE_KEY_BYTES];
    int64_t numbers[NUMBERS];
};

struct state_file {
    char folder[PATH_MAX - NAME_BYTES];
    char name[NAME_BYTES];
    char channel[POINTER_CHANNEL_BYTES];
    struct entry entries[ENTRIES_MAX]; /* the keys in the order of their ids */
    size_t entry_count;
    struct state state; /* of all entries */
    int64_t lowered_ms; /* unsaved: a later floor on disk does not count; INT64_MAX: it does */
    bool unsaved;       /* the disk may hold less than `entries` */
};

static int64_t bounded(int64_t number, int64_t max)
{
    return number < 0 ? 0 : number > max ? max : number;
}

static void list_numbers(const struct state *state, int64_t numbers[NUMBERS])
{
    numbers[PLAYLIST] = state->version[POINTER_PLAYLIST];
    numbers[TAKEOVER] = state->version[POINTER_TAKEOVER];
    numbers[PLAYLIST_IN_FORCE] = state->in_force[POINTER_PLAYLIST];
    numbers[TAKEOVER_IN_FORCE] = state->in_force[POINTER_TAKEOVER];
    numbers[FLOOR] = state->floor_ms;
    numbers[EXPIRES] = state->takeover_expires_ms;
}

/* Raises by what may come from a clock or a file, so within bounds. `later`: it was accepted after
 * what is there, so that its expiry counts for the same takeover. True where anything changed. */
static bool raise_numbers(int64_t numbers[NUMBERS], const int64_t by[NUMBERS], bool later)
{
    bool changed = false;
    int64_t takeover = bounded(by[TAKEOVER], number_max[TAKEOVER]);
    int64_t expires_ms = bounded(by[EXPIRES], number_max[EXPIRES]);
    bool newer = takeover > numbers[TAKEOVER];
    bool same = takeover > 0 && takeover == numbers[TAKEOVER] && expires_ms > 0;
    if ((newer || (same && (later || !numbers[EXPIRES]))) && numbers[EXPIRES] != expires_ms) {
        numbers[EXPIRES] = expires_ms;
        changed = true;
    }
    for (int i = 0; i < EXPIRES; i++) {
        int64_t to = bounded(by[i], number_max[i]);
        changed |= to > numbers[i];
        numbers[i] = to > numbers[i] ? to : numbers[i];
    }
    return changed;
}

static void sum_up(struct state_file *file)
{
    int64_t all[NUMBERS] = {0};
    for (size_t i = 0; i < file->entry_count; i++)
        raise_numbers(all, file->entries[i].numbers, false);
    file->state = (struct state){
        .version = {all[PLAYLIST], all[TAKEOVER]},
        .in_force = {all[PLAYLIST_IN_FORCE], all[TAKEOVER_IN_FORCE]},
        .floor_ms = all[FLOOR],
        .takeover_expires_ms = all[EXPIRES],
    };
}

/* NULL for a key that is not pinned. */
static struct entry *find_entry(struct state_file *file, const char *key_id)
{
    for (size_t i = 0; i < file->entry_count; i++)
        if (strcmp(file->entries[i].key_id, key_id) == 0)
            return &file->entries[i];
    return NULL;
}

/* Writes a state file's text; false only when hashing fails. */
static bool print(const struct state_file *file, char text[FILE_BYTES_MAX], size_t *size)
{
    uint8_t digest[HASH_BYTES];
    char seal[HASH_TEXT_BYTES];
    int used = snprintf(text, FILE_BYTES_MAX, "duckling-state/1\nchannel %s\n", file->channel);
    for (size_t i = 0; i < file->entry_count; i++) {
        const struct entry *entry = &file->entries[i];
        const int64_t *numbers = entry->numbers;
        used += snprintf(text + used, FILE_BYTES_MAX - (size_t)used,
                         "key %s %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64
                         " %" PRId64 "\n",
                         entry->key_id[0] ? entry->key_id : no_key, numbers[PLAYLIST],
                         numbers[TAKEOVER], numbers[PLAYLIST_IN_FORCE], numbers[TAKEOVER_IN_FORCE],
                         numbers[FLOOR], numbers[EXPIRES]);
    }
    if (!hash_bytes(text, (size_t)used, digest))
        return false;
    hash_to_text(digest, seal);
    used += snprintf(text + used, FILE_BYTES_MAX - (size_t)used, SEAL_NAME "%s\n", seal);
    *size = (size_t)used;
    return true;
}

static bool is_sealed(const char *text, size_t size)
{
    uint8_t digest[HASH_BYTES];
    char seal[SEAL_BYTES + 1] = SEAL_NAME;
    if (size < SEAL_BYTES || !hash_bytes(text, size - SEAL_BYTES, digest))
        return false;
    hash_to_text(digest, seal + strlen(SEAL_NAME));
    seal[SEAL_BYTES - 1] = '\n';
    return memcmp(text + size - SEAL_BYTES, seal, SEAL_BYTES) == 0;
}

/* "name value\n" at *text, which moves on: its value, or NULL. */
static char *take_value(char **text, const char *name)
{
    size_t length = strlen(name);
    char *line = *text, *end = strchr(line, '\n');
    if (!end || strncmp(line, name, length) != 0 || line[length] != ' ')
        return NULL;
    *end = '\0';
    *text = end + 1;
    return line + length + 1;
}

/* "<id> <number> ... <number>", changed; false when it is anything else. */
static bool parse_entry(char *line, struct entry *entry)
{
    char *at = line + strcspn(line, " ");
    if (!*at)
        return false;
    *at++ = '\0';
    bool none = strcmp(line, no_key) == 0;
    if (!none && (strlen(line) != STATE_KEY_BYTES - 1 ||
                  strspn(line, "0123456789ABCDEF") != STATE_KEY_BYTES - 1))
        return false;
    snprintf(entry->key_id, sizeof entry->key_id, "%s", none ? "" : line);
    for (int i = 0; i < NUMBERS; i++) {
        size_t digits = strspn(at, "0123456789");
        if (!digits || at[digits] != (i + 1 < NUMBERS ? ' ' : '\0'))
            return false;
        entry->numbers[i] = strtoll(at, NULL, 10); /* too large a one saturates; cut back later */
        at += digits + 1;
    }
    return true;
}

/* Reads a state file's text (changed, terminated). */
static bool parse(const struct state_file *file, char *text, size_t size,
                  struct entry entries[ENTRIES_MAX], size_t *count)
{
    static const char head[] = "duckling-state/1\n";
    if (strlen(text) != size || !is_sealed(text, size) || strncmp(text, head, strlen(head)) != 0)
        return false;
    text[size - SEAL_BYTES] = '\0';
    text += strlen(head);
    const char *channel = take_value(&text, "channel");
    if (!channel || strcmp(channel, file->channel) != 0)
        return false;
    for (*count = 0; *text; ++*count) {
        char *line = take_value(&text, "key");
        if (!line || *count == ENTRIES_MAX || !parse_entry(line, &entries[*count]))
            return false;
    }
    return *count > 0;
}

static bool shares_key(struct state_file *file, const struct entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (entries[i].key_id[0] && find_entry(file, entries[i].key_id))
            return true;
    return false;
}

static bool make_path(const struct state_file *file, const char *name, char path[PATH_MAX])
{
    int length = snprintf(path, PATH_MAX, "%s/%s", file->folder, name);
    return length > 0 && length < PATH_MAX;
}

/* What the pinned keys have signed; the rest went with its keys. */
static void raise_by_entries(struct state_file *file, struct entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct entry *own = find_entry(file, entries[i].key_id);
        int64_t *floor_ms = &entries[i].numbers[FLOOR];
        if (*floor_ms > file->lowered_ms)
            *floor_ms = file->lowered_ms;
        if (own)
            raise_numbers(own->numbers, entries[i].numbers, false);
    }
    sum_up(file);
}

/* Raises the state to what a file of this channel holds. Missing or damaged: to nothing. False
 * where it is there but can't be read. */
static bool take_over(struct state_file *file, const char *name, struct err *err)
{
    char path[PATH_MAX], *text;
    size_t size, count;
    struct entry found[ENTRIES_MAX];
    struct err trouble = {0};
    if (!make_path(file, name, path))
        return err_set(err, ERR_LIMIT, "path too long");
    if (!file_read(path, FILE_BYTES_MAX, &text, &size, &trouble) && trouble.code != ERR_LIMIT)
        return trouble.code == ERR_MISSING || err_set(err, trouble.code, "%s", trouble.text);
    if (trouble.code == ERR_LIMIT || !parse(file, text, size, found, &count))
        log_warn("damaged, counts as none path=%s", path);
    else if (strcmp(name, file->name) == 0 || shares_key(file, found, count))
        raise_by_entries(file, found, count);
    if (trouble.code != ERR_LIMIT)
        free(text);
    return true;
}

/* "<channel>-<16 digits>.state": the channel's, under these keys or others. */
static bool is_of_channel(const struct state_file *file, const char *name)
{
    size_t length = strlen(file->channel);
    return strncmp(name, file->channel, length) == 0 && name[length] == '-' &&
           strspn(name + length + 1, "0123456789abcdef") == DIGITS &&
           strcmp(name + length + 1 + DIGITS, suffix) == 0;
}

static void take_over_at_start(struct state_file *file, const char *name)
{
    struct err err;
    if (!take_over(file, name, &err))
        log_warn("can't be read, counts as none reason=\"%s\"", err.text);
}

/* Pinning one key more, or one less, must not forget what was seen under those that stay. The file
 * of these very keys comes first: of two expiries for one takeover its is the later one. */
static void take_over_all(struct state_file *file)
{
    take_over_at_start(file, file->name);
    DIR *folder = opendir(file->folder);
    for (const struct dirent *entry; folder && (entry = readdir(folder));)
        if (is_of_channel(file, entry->d_name) && strcmp(entry->d_name, file->name) != 0)
            take_over_at_start(file, entry->d_name);
    if (folder)
        closedir(folder);
}

static int compare_entries(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    return strcmp(a->key_id, b->key_id);
}

/* The first entry is no key's: it has no id, and so comes first in order too. */
static bool name_file(struct state_file *file, const struct trust *trust, struct err *err)
{
    char text[POINTER_CHANNEL_BYTES + KEYS_BYTES + 1], hexadecimal[HASH_TEXT_BYTES];
    uint8_t digest[HASH_BYTES];
    int keys = trust_count(trust);
    file->entry_count = 1 + (size_t)keys;
    for (int i = 0; i < keys; i++)
        trust_key_id(trust, i, file->entries[1 + i].key_id);
    qsort(file->entries, file->entry_count, sizeof *file->entries, compare_entries);
    int length = snprintf(text, sizeof text, "%s\n", file->channel);
    for (size_t i = 1; i < file->entry_count; i++)
        length +=
            snprintf(text + length, sizeof text - (size_t)length, "%s\n", file->entries[i].key_id);
    if (!hash_bytes(text, (size_t)length, digest))
        return err_oom(err);
    hash_to_text(digest, hexadecimal);
    snprintf(file->name, sizeof file->name, "%s-%.*s%s", file->channel, DIGITS, hexadecimal,
             suffix);
    return true;
}

struct state_file *state_open(const char *folder, const char *channel, const struct trust *trust,
                              struct err *err)
{
    struct state_file *file = calloc(1, sizeof *file);
    if (!file) {
        err_oom(err);
        return NULL;
    }
    file->lowered_ms = INT64_MAX;
    int length = snprintf(file->folder, sizeof file->folder, "%s", folder);
    if (length <= 0 || (size_t)length >= sizeof file->folder) {
        err_set(err, ERR_INPUT, "the path of the state's folder is empty or too long");
        goto fail;
    }
    if (!pointer_channel_is_valid(channel)) {
        err_set(err, ERR_INPUT, "not a channel's name");
        goto fail;
    }
    snprintf(file->channel, sizeof file->channel, "%s", channel);
    if (!name_file(file, trust, err))
        goto fail;
    take_over_all(file);
    return file;

fail:
    state_close(file);
    return NULL;
}

void state_close(struct state_file *file)
{
    free(file);
}

const struct state *state_get(const struct state_file *file)
{
    return &file->state;
}

/* A folder that was just made is lost with the power unless the one above it is on disk, up to the
 * one that was there already; which is not known, so all. Those that may not be opened were there
 * before. */
static bool make_folder(const struct state_file *file, struct err *err)
{
    if (access(file->folder, F_OK) == 0)
        return true;
    if (!file_make_folders(file->folder, err))
        return false;
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", file->folder);
    for (char *slash; (slash = strrchr(path, '/')) && slash != path; *slash = '\0') {
        struct err trouble = {0};
        if (!file_sync_folder(path, &trouble) && trouble.code == ERR_DISK)
            return err_set(err, ERR_DISK, "%s", trouble.text);
    }
    return true;
}

static bool save(struct state_file *file, struct err *err)
{
    char path[PATH_MAX], text[FILE_BYTES_MAX];
    size_t size;
    /* Not over a file that can't be read: it may know of higher versions. */
    if (!take_over(file, file->name, err))
        return false;
    if (!make_path(file, file->name, path))
        return err_set(err, ERR_LIMIT, "path too long");
    if (!print(file, text, &size))
        return err_oom(err);
    return file_replace(path, text, size, err);
}

static enum err_code code_of(int number)
{
    bool disk = number == ENOSPC || number == EDQUOT || number == EIO || number == EROFS;
    return disk ? ERR_DISK : ERR_SYSTEM;
}

/* True when locked. A lock that somebody holds on to must stop neither the player's start nor the
 * feed, which could not even be told to end: flock(2) has no time limit, so it is asked a few
 * times. Whoever writes a state holds it for no longer than two fsyncs take. */
static bool lock(int fd, const char *path, struct err *err)
{
    for (int i = 0; i < LOCK_TRIES; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return true;
        if (errno != EWOULDBLOCK && errno != EINTR)
            return err_set_errno(err, ERR_SYSTEM, errno, "locking %s", path);
        poll(NULL, 0, LOCK_WAIT_MS);
    }
    return err_set(err, ERR_SYSTEM, "%s is held by another program", path);
}

/* One at a time over all that share the folder: each must see what the one before it wrote. */
static bool save_locked(struct state_file *file, struct err *err)
{
    char path[PATH_MAX];
    if (!make_folder(file, err))
        return false;
    if (!make_path(file, "state.lock", path))
        return err_set(err, ERR_LIMIT, "path too long");
    /* Nobody else's: whoever may open it may hold it. */
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (fd < 0)
        return err_set_errno(err, code_of(errno), errno, "%s", path);
    bool ok = lock(fd, path, err) && save(file, err);
    close(fd);
    return ok;
}

static bool bring_to_disk(struct state_file *file, struct err *err)
{
    struct err trouble = {0};
    if (!file->unsaved)
        return true;
    if (save_locked(file, &trouble)) {
        file->unsaved = false;
        file->lowered_ms = INT64_MAX;
        return true;
    }
    /* Whatever stands in the way is the disk's or the system's, in the contract's words. */
    enum err_code code = trouble.code == ERR_DISK ? ERR_DISK : ERR_SYSTEM;
    return err_set(err, code, "state: %s", trouble.text);
}

bool state_raise(struct state_file *file, const struct state *at_least, struct err *err)
{
    int64_t numbers[NUMBERS];
    struct entry *entry = find_entry(file, at_least->key_id);
    list_numbers(at_least, numbers);
    file->unsaved |= raise_numbers((entry ? entry : file->entries)->numbers, numbers, true);
    sum_up(file);
    return bring_to_disk(file, err);
}

bool state_lower_floor(struct state_file *file, int64_t floor_ms, struct err *err)
{
    floor_ms = bounded(floor_ms, FLOOR_MS_MAX);
    for (size_t i = 0; i < file->entry_count; i++) {
        int64_t *own_ms = &file->entries[i].numbers[FLOOR];
        if (*own_ms <= floor_ms)
            continue;
        *own_ms = floor_ms;
        file->lowered_ms = floor_ms;
        file->unsaved = true;
    }
    sum_up(file);
    return bring_to_disk(file, err);
}

bool state_unsaved(const struct state_file *file)
{
    return file->unsaved;
}
