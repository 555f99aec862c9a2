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
#define CHECKSUM_NAME "sha256 "
#define CHECKSUM_BYTES (sizeof CHECKSUM_NAME - 1 + HASH_TEXT_BYTES) /* with its line end */
#define DIGITS 16                               /* of the hash in a file's name */
#define FLOOR_MS_MAX INT64_C(7258118400000)     /* 2200-01-01, as far as zones go */
#define EXPIRES_MS_MAX INT64_C(253402300799999) /* the end of 9999 */
#define LOCK_TRIES 20
#define LOCK_WAIT_MS 10

static const char suffix[] = ".state";
static const char no_key[] = "-";

/* The numbers of a state, in the order of a line of the file. */
enum { PLAYLIST, TAKEOVER, PLAYLIST_IN_FORCE, TAKEOVER_IN_FORCE, FLOOR, EXPIRES, NUMBERS };
static const int64_t number_max[NUMBERS] = {
    [PLAYLIST] = POINTER_VERSION_MAX,
    [TAKEOVER] = POINTER_VERSION_MAX,
    [PLAYLIST_IN_FORCE] = POINTER_VERSION_MAX,
    [TAKEOVER_IN_FORCE] = POINTER_VERSION_MAX,
    [FLOOR] = FLOOR_MS_MAX,
    [EXPIRES] = EXPIRES_MS_MAX,
};

/* What was signed by one key, or (the first of a file) by none in particular. */
struct entry {
    char key_id[STATE_KEY_BYTES];
    int64_t numbers[NUMBERS];
};

struct state_file {
    char folder[PATH_MAX - NAME_BYTES];
    char copy_folder[PATH_MAX - NAME_BYTES]; /* "": there is no copy */
    char name[NAME_BYTES];
    char channel[POINTER_CHANNEL_BYTES];
    struct entry entries[ENTRIES_MAX]; /* the keys in the order of their ids */
    size_t entry_count;
    struct state state; /* of all entries */
    int64_t lowered_ms; /* not saved yet: a later floor on disk is ignored; INT64_MAX: none */
    bool unsaved;       /* the disk may hold less than `entries` */
};

static int64_t bound_number(int64_t number, int64_t max)
{
    if (number < 0)
        return 0;
    return number > max ? max : number;
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
    int64_t takeover = bound_number(by[TAKEOVER], number_max[TAKEOVER]);
    int64_t expires_ms = bound_number(by[EXPIRES], number_max[EXPIRES]);
    bool newer = takeover > numbers[TAKEOVER];
    bool same = takeover > 0 && takeover == numbers[TAKEOVER] && expires_ms > 0;
    if ((newer || (same && (later || !numbers[EXPIRES]))) && numbers[EXPIRES] != expires_ms) {
        numbers[EXPIRES] = expires_ms;
        changed = true;
    }
    for (int i = 0; i < EXPIRES; i++) {
        int64_t to = bound_number(by[i], number_max[i]);
        changed |= to > numbers[i];
        numbers[i] = to > numbers[i] ? to : numbers[i];
    }
    return changed;
}

static void combine_entries(struct state_file *file)
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
static bool print_state(const struct state_file *file, char text[FILE_BYTES_MAX], size_t *size)
{
    uint8_t digest[HASH_BYTES];
    char checksum[HASH_TEXT_BYTES];
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
    hash_to_text(digest, checksum);
    used += snprintf(text + used, FILE_BYTES_MAX - (size_t)used, CHECKSUM_NAME "%s\n", checksum);
    *size = (size_t)used;
    return true;
}

static bool has_good_checksum(const char *text, size_t size)
{
    uint8_t digest[HASH_BYTES];
    char checksum[CHECKSUM_BYTES + 1] = CHECKSUM_NAME;
    if (size < CHECKSUM_BYTES || !hash_bytes(text, size - CHECKSUM_BYTES, digest))
        return false;
    hash_to_text(digest, checksum + strlen(CHECKSUM_NAME));
    checksum[CHECKSUM_BYTES - 1] = '\n';
    return memcmp(text + size - CHECKSUM_BYTES, checksum, CHECKSUM_BYTES) == 0;
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
        entry->numbers[i] =
            strtoll(at, NULL, 10); /* saturates where it is too large; bounded later */
        at += digits + 1;
    }
    return true;
}

/* Reads a state file's text (changed, terminated). */
static bool parse_state(const struct state_file *file, char *text, size_t size,
                        struct entry entries[ENTRIES_MAX], size_t *count)
{
    static const char head[] = "duckling-state/1\n";
    if (strlen(text) != size || !has_good_checksum(text, size) ||
        strncmp(text, head, strlen(head)) != 0)
        return false;
    text[size - CHECKSUM_BYTES] = '\0';
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

static bool print_state_path(const char *folder, const char *name, char path[PATH_MAX])
{
    int length = snprintf(path, PATH_MAX, "%s/%s", folder, name);
    return length > 0 && length < PATH_MAX;
}

/* Takes what the pinned keys have signed. What other keys have signed is forgotten with them. */
static void raise_by_entries(struct state_file *file, struct entry *entries, size_t count,
                             int64_t floor_ms_max)
{
    for (size_t i = 0; i < count; i++) {
        struct entry *own = find_entry(file, entries[i].key_id);
        int64_t *floor_ms = &entries[i].numbers[FLOOR];
        if (*floor_ms > floor_ms_max)
            *floor_ms = floor_ms_max;
        if (own)
            raise_numbers(own->numbers, entries[i].numbers, false);
    }
    combine_entries(file);
}

/* Raises the state to what a file of this channel holds; a file that is missing or damaged holds
 * nothing. No floor of the copy's is taken: it may be another machine's, whose clock was wrong.
 * False where the file is there but can't be read. */
static MUST_CHECK bool merge_file(struct state_file *file, const char *folder, const char *name,
                                  struct err *err)
{
    char path[PATH_MAX], *text;
    size_t size, count;
    struct entry found[ENTRIES_MAX];
    struct err trouble = {0};
    if (!print_state_path(folder, name, path))
        return err_set(err, ERR_LIMIT, "the path of the state file is too long");
    if (!file_read_own(path, FILE_BYTES_MAX, &text, &size, &trouble) && trouble.code != ERR_LIMIT) {
        if (trouble.code == ERR_MISSING)
            return true;
        return err_set(err, trouble.code, "%s", trouble.text);
    }
    if (trouble.code == ERR_LIMIT || !parse_state(file, text, size, found, &count))
        log_warn("state file is damaged, ignoring it path=\"%s\"", path);
    else if (strcmp(name, file->name) == 0 || shares_key(file, found, count))
        raise_by_entries(file, found, count, folder == file->folder ? file->lowered_ms : 0);
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

static void merge_file_at_start(struct state_file *file, const char *folder, const char *name)
{
    struct err err = {0};
    if (!merge_file(file, folder, name, &err))
        log_warn("cannot read state file, ignoring it reason=\"%s\"", err.text);
}

/* Pinning one key more, or one less, must not forget what was seen under those that stay. The file
 * of exactly these keys comes first: of two expiries of one takeover it has the later one. */
static void merge_all_files(struct state_file *file, const char *folder)
{
    merge_file_at_start(file, folder, file->name);
    DIR *files = opendir(folder);
    for (const struct dirent *entry; files && (entry = readdir(files));)
        if (is_of_channel(file, entry->d_name) && strcmp(entry->d_name, file->name) != 0)
            merge_file_at_start(file, folder, entry->d_name);
    if (files)
        closedir(files);
}

static int compare_entries(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    return strcmp(a->key_id, b->key_id);
}

/* The first entry is of no key: it has no id, and so also sorts first. */
static MUST_CHECK bool name_state_file(struct state_file *file, const struct trust *trust,
                                       struct err *err)
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
        err_set(err, ERR_INPUT, "the path of the state folder is empty or too long");
        goto fail;
    }
    if (!pointer_channel_is_valid(channel)) {
        err_set(err, ERR_INPUT, "not a channel name");
        goto fail;
    }
    snprintf(file->channel, sizeof file->channel, "%s", channel);
    if (!name_state_file(file, trust, err))
        goto fail;
    merge_all_files(file, file->folder);
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

/* A new folder is lost in a power cut unless the folder above it is on disk, up to the one that was
 * there already. Which one that was is not known, so all are synced. One that can't be opened was
 * there before. */
static MUST_CHECK bool make_state_folder(const char *folder, struct err *err)
{
    if (access(folder, F_OK) == 0)
        return true;
    if (!file_make_folders(folder, err))
        return false;
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", folder);
    for (char *slash; (slash = strrchr(path, '/')) && slash != path; *slash = '\0') {
        struct err trouble = {0};
        if (!file_sync_folder(path, &trouble) && trouble.code == ERR_DISK)
            return err_set(err, ERR_DISK, "%s", trouble.text);
    }
    return true;
}

static MUST_CHECK bool write_state(struct state_file *file, const char *folder, struct err *err)
{
    char path[PATH_MAX], text[FILE_BYTES_MAX];
    size_t size;
    /* A file that can't be read is not replaced: it may hold higher versions. */
    if (!merge_file(file, folder, file->name, err))
        return false;
    if (!print_state_path(folder, file->name, path))
        return err_set(err, ERR_LIMIT, "the path of the state file is too long");
    if (!print_state(file, text, &size))
        return err_oom(err);
    return file_replace(path, text, size, err);
}

static enum err_code state_err_code(int number)
{
    bool disk = number == ENOSPC || number == EDQUOT || number == EIO || number == EROFS;
    return disk ? ERR_DISK : ERR_SYSTEM;
}

/* A lock that another program doesn't release must block neither the player's start nor the feed,
 * which could not even be stopped then. flock(2) has no time limit, so it is tried a few times; to
 * write a state takes no longer than two fsyncs. */
static MUST_CHECK bool lock_state(int fd, const char *path, struct err *err)
{
    for (int i = 0; i < LOCK_TRIES; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return true;
        if (errno != EWOULDBLOCK && errno != EINTR)
            return err_set_errno(err, ERR_SYSTEM, errno, "cannot lock %s", path);
        poll(NULL, 0, LOCK_WAIT_MS);
    }
    return err_set(err, ERR_SYSTEM, "%s is locked by another program", path);
}

/* Players that share the folder write one at a time, and each sees what the one before it wrote. */
static MUST_CHECK bool save_locked(struct state_file *file, struct err *err)
{
    char path[PATH_MAX];
    if (!make_state_folder(file->folder, err))
        return false;
    if (!print_state_path(file->folder, "state.lock", path))
        return err_set(err, ERR_LIMIT, "the path of the state file is too long");
    /* For this user alone: whoever can open the file can lock it. */
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (fd < 0)
        return err_set_errno(err, state_err_code(errno), errno, "cannot open %s", path);
    bool ok = lock_state(fd, path, err) && write_state(file, file->folder, err);
    close(fd);
    return ok;
}

/* Who keeps the copy's folder has locked it. Where it can't be written, others say so; and what it
 * is for is that the state itself is lost. */
static void save_copy(struct state_file *file)
{
    struct err trouble = {0};
    (void)!(make_state_folder(file->copy_folder, &trouble) &&
            write_state(file, file->copy_folder, &trouble));
}

static MUST_CHECK bool save_if_unsaved(struct state_file *file, struct err *err)
{
    struct err trouble = {0};
    if (!file->unsaved)
        return true;
    if (file->copy_folder[0])
        save_copy(file);
    if (save_locked(file, &trouble)) {
        file->unsaved = false;
        file->lowered_ms = INT64_MAX;
        return true;
    }
    /* state.h promises these two codes only. */
    enum err_code code = trouble.code == ERR_DISK ? ERR_DISK : ERR_SYSTEM;
    return err_set(err, code, "%s", trouble.text);
}

bool state_raise(struct state_file *file, const struct state *at_least, struct err *err)
{
    int64_t numbers[NUMBERS];
    struct entry *entry = find_entry(file, at_least->key_id);
    list_numbers(at_least, numbers);
    file->unsaved |= raise_numbers((entry ? entry : file->entries)->numbers, numbers, true);
    combine_entries(file);
    return save_if_unsaved(file, err);
}

bool state_lower_floor(struct state_file *file, int64_t floor_ms, struct err *err)
{
    floor_ms = bound_number(floor_ms, FLOOR_MS_MAX);
    for (size_t i = 0; i < file->entry_count; i++) {
        int64_t *own_ms = &file->entries[i].numbers[FLOOR];
        if (*own_ms <= floor_ms)
            continue;
        *own_ms = floor_ms;
        file->lowered_ms = floor_ms;
        file->unsaved = true;
    }
    combine_entries(file);
    return save_if_unsaved(file, err);
}

bool state_unsaved(const struct state_file *file)
{
    return file->unsaved;
}

static void log_save(const struct state_file *file, bool was_unsaved, bool saved,
                     const struct err *err)
{
    if (!saved && !was_unsaved)
        log_error("cannot save channel state, retrying path=\"%s/%s\" reason=\"%s\"", file->folder,
                  file->name, err->text);
    else if (saved && was_unsaved)
        log_info("channel state saved again path=\"%s/%s\"", file->folder, file->name);
}

void state_remember(struct state_file *file, const struct state *at_least)
{
    struct err err = {0};
    bool was_unsaved = file->unsaved;
    bool saved = state_raise(file, at_least, &err);
    log_save(file, was_unsaved, saved, &err);
}

void state_remember_floor(struct state_file *file, int64_t floor_ms)
{
    struct err err = {0};
    bool was_unsaved = file->unsaved;
    bool saved = state_lower_floor(file, floor_ms, &err);
    log_save(file, was_unsaved, saved, &err);
}

static bool has_risen(const struct state_file *file, const struct entry before[ENTRIES_MAX])
{
    bool risen = false;
    for (size_t i = 0; i < file->entry_count; i++)
        risen |= memcmp(before[i].numbers, file->entries[i].numbers, sizeof before->numbers) != 0;
    return risen;
}

/* Whether the copy is what would be written now: a start must not wear the disk out. */
static bool is_copy_current(const struct state_file *file)
{
    char path[PATH_MAX], text[FILE_BYTES_MAX], *found = NULL;
    size_t size, found_size;
    bool same = print_state_path(file->copy_folder, file->name, path) &&
                print_state(file, text, &size) &&
                file_read(path, FILE_BYTES_MAX, &found, &found_size, NULL) && found_size == size &&
                memcmp(found, text, size) == 0;
    free(found);
    return same;
}

void state_keep_copy(struct state_file *file, const char *folder)
{
    struct err err = {0};
    struct entry before[ENTRIES_MAX];
    int length = snprintf(file->copy_folder, sizeof file->copy_folder, "%s", folder);
    if (length <= 0 || (size_t)length >= sizeof file->copy_folder) {
        file->copy_folder[0] = '\0';
        return;
    }
    memcpy(before, file->entries, sizeof before);
    merge_all_files(file, file->copy_folder);
    bool is_seen = file->state.version[POINTER_PLAYLIST] || file->state.version[POINTER_TAKEOVER];
    if (has_risen(file, before)) {
        file->unsaved = true; /* it lacked what the copy has */
        bool saved = save_if_unsaved(file, &err);
        log_save(file, false, saved, &err);
    } else if (is_seen && !is_copy_current(file)) {
        save_copy(file);
    }
}
